/* Faults of a mail server, scripted and seeded: when which command goes wrong, and how. */
#pragma once
#include "protocols/smtp/server.h"
#include "sim/world.h"

struct mail_server_fault {
	enum smtp_detail command;      /* SMTP_GREETING: a connection; SMTP_MESSAGE: the message */
	const char *const *recipients; /* RCPT: only at these addresses; empty: at any */
	unsigned recipient_count;
	int64_t from_ns, to_ns;  /* it holds in [from, to) */
	uint32_t chance_ppm;     /* of those that it could hit */
	struct smtp_fault fault; /* what happens */
};

struct faults;

/* The faults and their strings are borrowed. */
struct faults *faults_new(struct node *node, const struct mail_server_fault *list, unsigned count);
void faults_free(struct faults *faults); /* NULL is fine */

/* Fills in the first that holds now; see smtp_environment. */
bool faults_find(struct faults *faults, enum smtp_detail command, const char *address,
		 struct smtp_fault *fault);
