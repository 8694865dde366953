/*
 * What a mail server does with a message between reception and queue: a chain of stages, each of which
 * looks at it and passes it or not (like the restrictions and milters of Postfix). Pure: what a stage
 * needs to know of the server it asks its environment, and time comes in with every case.
 *
 * A chain is run at each recipient (RCPT), and when the message has come whole. A stage answers at
 * once or later: one that asks DNS keeps the run waiting meanwhile.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "protocols/dns/stub.h"
#include "protocols/screening/names.h"

struct screening;
struct stage_type;

/* When a stage looks. */
enum screen_moment {
	SCREEN_AT_RECIPIENT =
	    1, /* RCPT: the envelope is known so far; a refusal is of this recipient */
	SCREEN_AT_MESSAGE = 2, /* behind the final dot: a refusal is of the whole message */
};

/* Where a rule of the content filter looks; a set. */
enum screen_place {
	SCREEN_IN_HEADER = 1,     /* each field of the header as "Name: value", decoded */
	SCREEN_IN_TEXT = 2,       /* parts of type text, their encoding undone, as UTF-8 */
	SCREEN_IN_ATTACHMENT = 4, /* names of attached files */
};

#define SCREEN_EVERYWHERE 7

struct screen_rule {
	const char *name;    /* "CONFIDENTIAL" */
	const char *pattern; /* of GRegex: Perl-compatible, UTF-8 */
	unsigned places;     /* set of enum screen_place */
};

/* A stage of the chain, in the order of the list. Fields of other kinds are ignored. */
struct screen_stage_config {
	enum screen_kind kind;
	/* Of a stage that is made outside this module, see stage.h; NULL: the one of this kind here. */
	const struct stage_type *type;
	void *context;              /* for that one: whom it asks; borrowed */
	enum screen_action action;  /* when a message fails: SCREEN_TAG and up */
	const char *subject_prefix; /* of a message that is tagged or quarantined; NULL: none */
	const struct screen_rule *rules; /* SCREEN_CONTENT */
	unsigned rule_count;
	unsigned
	    required_points; /* SCREEN_SPAM: from so many points on it is spam; 0: the default */
	int64_t delay_ns;    /* SCREEN_GREYLIST: see greylist.h; 0: the defaults */
	int64_t retry_window_ns;
	int64_t lifetime_ns;
	unsigned whitelist_after;
};

struct dmarc_judgement; /* protocols/authentic/dmarc_report.h */

/* What stages ask the server, and tell it. */
struct screen_environment {
	bool (*is_local)(void *owner, const char *domain);
	/* Whether `address` is one of the user who logged in as `login`; NULL: of any user at all. */
	bool (*owns)(void *owner, const char *login, const char *address);
	/* Asks DNS as dns_resolve() does. NULL: there is no resolver, or `name` is no name. */
	struct dns_query *(*ask)(void *owner, const char *name, uint16_t type, dns_done_fn *done,
				 void *asker);
	/* DMARC has judged a message. NULL: nobody counts. */
	void (*judged)(void *owner, const struct dmarc_judgement *judgement);
};

struct screening_config {
	const char *host_name; /* "mail.office.example": in header fields */
	const struct screen_stage_config *stages;
	unsigned stage_count;
	const struct screen_environment *environment;
	void *owner; /* of the environment */
};

/* A chain. All of `config` is copied but the environment. Patterns must be valid: screen_pattern_error(). */
struct screening *screening_new(const struct screening_config *config);
void screening_free(struct screening *screening); /* NULL is fine; no run may be left */

/* Why `pattern` is no regular expression, in words; NULL: it is one. The caller frees it. */
char *screen_pattern_error(const char *pattern);

/* What is looked at. Everything is borrowed until the run is done. */
struct screen_case {
	enum screen_moment moment;
	int64_t now_ns, unix_time;
	uint32_t client_address;
	const char *client_name; /* what DNS calls it; "unknown" */
	const char *helo;
	const char *login;     /* whom it proved to be; NULL: nobody */
	const char *sender;    /* reverse-path; "" is the null one */
	const char *recipient; /* SCREEN_AT_RECIPIENT: the one that was named; else NULL */
	unsigned recipient_count;
	GBytes *data; /* SCREEN_AT_MESSAGE: the message; else NULL */
};

/*
 * What stages found out about one mail transaction, from its first recipient to its message: header
 * fields to be added, and whether the message goes to Junk.
 */
struct screen_marks;

struct screen_marks *screen_marks_new(const struct screening *screening);
void screen_marks_free(struct screen_marks *marks); /* NULL is fine */

/* Forgets everything: for the next transaction. */
void screen_marks_reset(struct screen_marks *marks);

/*
 * The message with the fields that stages add at its front, and its subject marked. Fields of those
 * names that came with it are gone, for they were somebody else's word.
 */
GBytes *screen_marks_apply(const struct screen_marks *marks, GBytes *data);

/* True when the MDA shall file the message in Junk. */
bool screen_marks_quarantine(const struct screen_marks *marks);

/* What one stage found. Borrowed during the call. */
struct screen_finding {
	enum screen_kind kind;
	enum screen_verdict verdict;
	enum screen_action action; /* what is done */
	const char *evidence;      /* "signature=Eicar-Signature; part=2": printable ASCII */
};

/* The owner of a run is told. */
struct screen_events {
	void (*found)(void *owner,
		      const struct screen_finding *finding); /* of each stage, in order */
	/*
	 * The run is done, and is freed when the call returns. `reply`: what refuses, "550 5.7.1
	 * ..."; NULL: nothing does. Maybe before screen_run_start() returns.
	 */
	void (*done)(void *owner, const char *reply);
};

struct screen_run;

/* A run of the chain over `subject` (copied; its pointers are borrowed), which leaves `marks`. */
struct screen_run *screen_run_new(struct screening *screening, const struct screen_case *subject,
				  struct screen_marks *marks, const struct screen_events *events,
				  void *owner);
void screen_run_start(struct screen_run *run);

/* Forgets a run that is not done; nobody is told. NULL is fine. */
void screen_run_cancel(struct screen_run *run);
