/* Asks tshark, the judge of our captures, and reads its answers. */
#pragma once
#include <glib.h>
#include <stdbool.h>

/* One field of tshark's dissection. */
struct tshark_field {
	char *name;         /* "ip.ttl" */
	char *show;         /* "64" */
	unsigned pos, size; /* bytes in the frame */
};

/* True when `program` can be run; else says on standard output what is skipped for lack of it. */
bool tshark_has_program(const char *program);

/*
 * Runs `program` with the options in `arguments` (ends with NULL) and `path` as last one; returns
 * what it prints, to be freed. Fails the test when it does not end with 0.
 */
char *tshark_run(const char *program, const char *const *arguments, const char *path);

/*
 * Dissects the capture `path` with every checksum validated, nothing reassembled and sequence
 * numbers as they are. Returns one GPtrArray of struct tshark_field * per frame.
 */
GPtrArray *tshark_dissect(const char *path);

/* The field called `name` that begins at byte `pos`, or NULL; -1: anywhere. */
const struct tshark_field *tshark_find(const GPtrArray *frame, const char *name, int pos);

/* The number that `show` says: decimal, 0x..., dotted quad, MAC address, True or False. */
guint64 tshark_number(const char *show);
