/* The mail delivery agent: the last station of a message, which puts it into a mailbox. */
#pragma once
#include "protocols/mail/mailbox.h"
#include "protocols/programs/queue.h"

/*
 * Delivers a job whose domain is one of the server's own, at once, and fills in its results. Each
 * copy gets Return-Path and Delivered-To (RFC 5321 section 4.4). A copy that was delivered before,
 * as told by envelope and Message-ID, is recognised and dropped.
 */
void mda_deliver(struct node *node, struct mail_store *store, char *const *tagged_domains,
		 struct mail_job *job);

/*
 * The account that mail for `address` goes to; NULL: none. In one of the `tagged_domains` (which end
 * with NULL) what follows a '+' in the local part is only for people (RFC 5233), unless an account
 * is called so.
 */
struct account *mda_find_account(struct mail_store *store, const char *address,
				 char *const *tagged_domains);
