/* The parts of a comparison; for views/compare*.c only. */
#pragma once
#include "views/compare.h"
#include "views/mailboxes.h"
#include "views/model.h"
#include "views/report.h"

/* A user's action that is not over. */
struct compare_action {
	uint64_t id;
	uint32_t node;
	int64_t began_ns;
};

/* A message was read. */
struct compare_reading {
	uint32_t node;
	uint64_t root;
	int64_t read_ns;
	int64_t
	    waited_ns; /* since the user wished it; TIME_NEVER: which action it was is not known */
};

/* A message came into an account. */
struct compare_delivery {
	char *owner; /* the account's address */
	uint64_t root;
};

struct compare {
	char *title;
	struct model *model;
	struct report *report;
	struct mailboxes *mailboxes;
	GArray *listens; /* of bool, by node: it takes connections */
	GArray *stored;  /* of struct compare_stored, by node */
	GHashTable
	    *appended; /* root to the mailbox it was appended to last, as uint64_t; look-ups only */
	GArray *actions;     /* of struct compare_action, in order */
	GArray *readings;    /* of struct compare_reading, in order */
	GArray *deliveries;  /* of struct compare_delivery, in order */
	GHashTable *marked;  /* root to when a server's mailbox first marked it as seen, int64_t */
	GHashTable *notices; /* set of roots: messages that servers wrote about others */
	GHashTable
	    *undelivered; /* root to why it was not delivered at first, char *; look-ups only */
	GArray *troubled; /* of uint64_t: the same roots in order of trouble */
	unsigned in_vain; /* actions that failed */
	int64_t end_ns;
};

/* What the mailboxes on a node hold. */
struct compare_stored {
	uint64_t bytes, most_bytes; /* now; at most */
	bool has_mailboxes;
};

/* What a device or a server holds of one account. */
struct compare_place {
	uint32_t node;
	const char *owner; /* borrowed from a mailbox */
	bool is_server;
	GHashTable *roots; /* set of uint64_t: messages it holds */
};

/* Sums that answers are made from. */
struct compare_sums {
	unsigned delivered;
	unsigned on_server, on_devices;                    /* of them, in the end */
	unsigned nowhere;                                  /* in no mailbox any more */
	unsigned with_devices, reachable, read_everywhere; /* of accounts that have a device */
	unsigned shared, shared_reachable;                 /* of accounts with several devices */
	unsigned copies; /* of a mail on a device of its account */
	unsigned
	    copies_in_reach; /* the same, and those that a device can still get from the server */
	unsigned at_risk;    /* only copies on devices */
	unsigned read, read_known; /* read on a device; the server was told of it by that */
	unsigned undelivered;
	const char *why_undelivered; /* the first reason; NULL: none */
	uint64_t server_bytes, server_most_bytes, device_bytes;
	uint64_t online_ns;
};

/* True when the mailboxes on the node are a server's. */
bool compare_listens(const struct compare *compare, uint32_t node);

/* Appends a figure; `subject` is copied. */
struct figure *compare_add(GArray *figures, const struct figure_kind *kind, const char *subject,
			   uint64_t value, uint64_t of);

/* Appends all figures of a run and fills in the sums. */
void compare_figures(struct compare *compare, GArray *figures, struct compare_sums *sums);
void compare_figures_mail(struct compare *compare, GArray *figures, struct compare_sums *sums);

/* Answers all questions but the last. */
void compare_answer_all(const struct compare_sums *sums, struct compare_answer *answers);

/* "4821 B", "3 of 4", "0.35 min"; "not in this scenario". The caller frees it. */
char *compare_figure_text(const struct figure *figure);

/* What the figure is called, its subject in it. The caller frees it. */
char *compare_figure_label(const struct figure *figure);

/*
 * The figures of all runs by row: those of the first run, and those that only later ones have behind
 * the one they follow there. Of const struct figure **, one for each run, NULL where it has none; the
 * caller unreferences it.
 */
GPtrArray *compare_rows(const struct comparison *comparison);

/* One of the row's figures: what they all say. */
const struct figure *compare_row_figure(const struct figure *const *row, unsigned count);

/* True when the runs differ in a row by more than a tenth, or in what became of mails at all. */
bool compare_row_differs(const struct figure *const *row, unsigned count);
