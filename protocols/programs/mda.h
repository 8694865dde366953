/* The mail delivery agent: the last station of a message, which puts it into a mailbox. */
#pragma once
#include "protocols/mail/mailbox.h"
#include "protocols/programs/queue.h"

/*
 * Delivers a job whose domain is one of the server's own, at once, and fills in its results. Each
 * copy gets Return-Path and Delivered-To (RFC 5321 section 4.4). A copy that was delivered before,
 * as told by envelope and Message-ID, is recognised and dropped.
 */
void mda_deliver(struct node *node, struct mail_store *store, struct mail_job *job);
