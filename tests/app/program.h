/*
 * Runs the program under test as a user does: $MAILWIRE, or what the build of these tests made.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>

/* What a run of the program left behind. */
struct outcome {
	int status;      /* exit status; 128 + signal when one killed it */
	char *out, *err; /* ended by NUL, which the lengths do not count */
	gsize out_bytes, err_bytes;
};

/* Where it runs. All may be NULL or empty. */
struct surroundings {
	const char *folder;             /* working directory; NULL: that of the test */
	const char *const *environment; /* "NAME=VALUE" on top of the test's own, NULL-terminated */
	const char *const *wrapper;     /* program and options in front: setarch -R */
	const char *input;              /* on standard input; NULL: nothing */
};

/* Absolute path of the program; constant. */
const char *program_path(void);

/* Runs it with these arguments; fails the test only when it cannot be started. */
struct outcome *program_run(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The same with an array that ends with NULL, in other surroundings (NULL: these). */
struct outcome *program_run_in(const struct surroundings *surroundings,
			       const char *const *arguments);
void outcome_free(struct outcome *outcome);

/* Fails the test with what the program said unless it ended with `status`. */
#define ck_assert_status(outcome, wanted)                                                          \
	ck_assert_msg((outcome)->status == (wanted), "status %d instead of %d; it said: %.2000s",  \
		      (outcome)->status, (wanted), (outcome)->err)

/* A folder of this test's own, and a path in it; both are freed by the caller. */
char *folder_new(void);
void folder_remove(char *folder); /* with all in it; frees `folder` */
char *path_in(const char *folder, const char *name);

/* Names in a folder, sorted, each followed by a space. */
char *folder_list(const char *folder);

/* The bytes of a file, which must be there. */
GBytes *file_read(const char *path);
void file_write(const char *path, const char *text);

/*
 * Writes `text` as a scenario into `folder`, with copies of the files that scenarios attach: they may
 * not attach what is elsewhere. Returns its path.
 */
char *scenario_write(const char *folder, const char *text);

/* How often `what` is in `text`. */
unsigned count_in(const char *text, const char *what);
