/*
 * The queue of a mail server: keeps messages until every recipient is delivered or returned, tries
 * again with growing pauses, and writes notifications (RFC 5321 sections 4.5.4 and 6.1).
 *
 * How a recipient is reached is not its business: it hands out jobs and is told their results.
 */
#pragma once
#include <glib.h>
#include "protocols/programs/mail_record.h"
#include "protocols/smtp/client.h"

struct mail_queue;

#define QUEUE_ID_BYTES 24

/* What became of one recipient in an attempt. Strings are the result's. */
struct mail_result {
	enum smtp_outcome outcome; /* SMTP_SENT, SMTP_DEFERRED or SMTP_FAILED */
	char status[12];           /* RFC 3463: "5.1.1" */
	char *reason;              /* for people: "host mail.remote.example said: 550 ..." */
	char *remote_host;         /* who answered; NULL: nobody did */
	char *reply;               /* what it said; NULL: nothing */
	bool is_relayed;           /* to a server that will not tell what becomes of it (no DSN) */
};

void mail_result_clear(struct mail_result *result);

/* An attempt to deliver a message to those of its recipients that share a domain. */
struct mail_job {
	const char *queue_id;
	struct mail_identity identity;
	unsigned attempt;   /* how often it was tried, this time included */
	const char *sender; /* "" is the null reverse-path */
	GBytes *data;
	char *domain;   /* lower case */
	unsigned count; /* of recipients */
	const char **recipients;
	struct smtp_recipient_wish *wishes; /* theirs; the strings are the queue's */
	struct smtp_message_wish wish;      /* likewise */
	bool goes_to_junk;                  /* local delivery: not to the INBOX */
	struct mail_result *results;        /* to be filled in; zero at first */
	unsigned *places;                   /* the queue's own */
	struct queue_entry *entry;          /* likewise */
};

struct mail_queue_config {
	const char *host_name;
	const char *software; /* in Received headers */
	int64_t pickup_ns;    /* from acceptance to the first attempt */
	int64_t retry_ns;     /* pause behind the first attempt; it doubles */
	int64_t retry_max_ns; /* until it is this long */
	int64_t lifetime_ns;  /* then what is undelivered is returned */
	int64_t warning_ns;   /* age at which the sender is told of the delay; 0: never */
	/* Delivers, and answers with mail_job_done(), at once or later. */
	void (*deliver)(void *owner, struct mail_job *job);
	void *owner;
};

/* The habits of Postfix. */
#define QUEUE_RETRY_NS     (300 * NS_PER_S)
#define QUEUE_RETRY_MAX_NS (4000 * NS_PER_S)
#define QUEUE_LIFETIME_NS  (5 * 86400 * NS_PER_S)

/* A queue at `node`. `config` is copied; its strings are borrowed. */
struct mail_queue *mail_queue_new(struct node *node, const struct mail_queue_config *config);

/* Frees the queue and what is in it. Whoever delivers must have forgotten its jobs. */
void mail_queue_free(struct mail_queue *queue);

/* A fresh queue id, in Postfix's style: microseconds and a number in hexadecimal digits. */
void mail_queue_new_id(struct mail_queue *queue, char id[QUEUE_ID_BYTES]);

/* A message for the queue. Strings are copied, the data is referenced. */
struct mail_envelope {
	const char *queue_id;
	struct mail_identity identity;
	const char *sender;
	const char *const *recipients;
	const struct smtp_recipient_wish *wishes; /* of each of them; NULL: none has any */
	unsigned recipient_count;                 /* at least 1 */
	struct smtp_message_wish wish;
	bool goes_to_junk; /* the screening put it into quarantine */
	GBytes *data;
};

/* Takes responsibility for a message; the first attempt is after `pickup_ns`. */
void mail_queue_add(struct mail_queue *queue, const struct mail_envelope *envelope);

/* The job's results are filled in. The job is freed. */
void mail_job_done(struct mail_job *job);

/* Messages in the queue. */
unsigned mail_queue_length(const struct mail_queue *queue);

/* What is in the queue, for people to look at. Borrowed. */
struct mail_queue_item {
	const char *queue_id, *sender, *recipient;
	size_t size_bytes;
	int64_t arrived_ns, next_ns; /* next_ns: TIME_NEVER while an attempt is under way */
	unsigned attempts;
	const char *reason; /* of the last delay; NULL: none */
};

/* Calls `look` for each recipient that waits, in order of arrival. */
void mail_queue_each(const struct mail_queue *queue,
		     void (*look)(void *owner, const struct mail_queue_item *item), void *owner);
