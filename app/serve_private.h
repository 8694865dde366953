/* What the parts of the server share. Private to app/serve*.c. */
#pragma once
#define SOUP_VERSION_MIN_REQUIRED SOUP_VERSION_3_0
#define SOUP_VERSION_MAX_ALLOWED  SOUP_VERSION_3_0
#include <libsoup/soup.h>
#include "app/serve.h"

#define SERVE_BODY_BYTES_MAX 1000000        /* of a scenario that is sent */
#define SERVE_LINE_BYTES_MAX 1000000        /* of what a child says in its line */
#define SERVE_PAGE_BYTES_MAX (64 * 1000000) /* of a page */
#define SERVE_PAGES_KEPT     4              /* the latest */
#define SERVE_IDLE_SECONDS   60             /* a connection that says nothing is closed */

/* What libsoup 3.0 has no name for (RFC 6585). */
#define SERVE_TOO_MANY_REQUESTS 429

/* ---- Children: app/serve_job.c ---- */

struct serve_jobs;

/* What came of a child's work. */
struct serve_result {
	GBytes *line; /* of JSON; NULL: see `problem` */
	GBytes *page; /* empty: none */
	const char *problem;
};

/* Kinds of work, each with limits of its own on how much of it is done at once and how often. */
enum serve_job_kind { SERVE_JOB_LOOK, SERVE_JOB_RUN, SERVE_JOB_KINDS };

struct serve_jobs *serve_jobs_new(const struct serve_limits *limits);

/* Ends all children; nobody is told. */
void serve_jobs_free(struct serve_jobs *jobs);

/*
 * Has a child do what `arguments` say (up to a NULL, behind "serve --worker"), with `input`. `done` is
 * called once, later; the result is valid during the call. False: too much is asked for just now.
 */
bool serve_jobs_add(struct serve_jobs *jobs, enum serve_job_kind kind, const char *const *arguments,
		    GBytes *input, void (*done)(void *owner, const struct serve_result *result),
		    void *owner);

/* The path of this program, for children. The caller frees it. */
char *serve_program(void);

/* ---- Live mode: app/serve_live.c ---- */

struct serve_live;

struct serve_live *serve_live_new(SoupServer *server, const struct serve_options *options);
void serve_live_free(struct serve_live *live);

/* Begins file `index` anew, at `speed` in virtual seconds per second. False when it cannot be. */
bool serve_live_start(struct serve_live *live, unsigned index, double speed);
void serve_live_stop(struct serve_live *live);

/*
 * Answers by the log as it happens: server-sent events. Each is a block of the log, by its number; who
 * names the last it has in Last-Event-ID gets what came since, as far as it is kept.
 */
void serve_live_watch(struct serve_live *live, SoupServerMessage *message);

/*
 * Answers, later, by the page of the session so far; of one that has ended, by its last. `done` is called
 * once for each, with the page or with a problem, unless the server ends before.
 */
void serve_live_page(struct serve_live *live, SoupServerMessage *message,
		     void (*done)(void *owner, SoupServerMessage *message, GBytes *page,
				  const char *problem),
		     void *owner);

/* ---- Who may ask: app/serve_guard.c ---- */

/* Answers what must not be answered otherwise; true: it did. Called before the body is read. */
bool serve_guard(SoupServerMessage *message, const char *path, const char *const *names);

/* Headers of every answer. `policy` is a Content-Security-Policy. */
void serve_guard_answer(SoupServerMessage *message, const char *policy);

/* Answers with a text that says what is wrong. */
void serve_refuse(SoupServerMessage *message, unsigned status, const char *text);

/* ---- The editor's files, made by tools/editor_bundle.sh ---- */

struct serve_asset {
	const char *path; /* "/editor/main.js" */
	const char *type; /* "text/javascript; charset=utf-8" */
	const unsigned char *bytes;
	size_t length;
};

extern const struct serve_asset serve_assets[]; /* up to a NULL path */
