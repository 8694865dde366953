/*
 * A file being written: through one large buffer, under a temporary name in the same directory until
 * it is complete. "-" is standard output; pipes and devices are written to directly.
 *
 * The first error is kept, what is written later is ignored, and output_close() reports it: so
 * writers need not check each call, and no error is lost.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

struct output;

#define OUTPUT_RESERVE_MAX 131072 /* bytes that output_reserve() grants at most */

/* Opens `path` for writing; NULL with `error` (domain G_FILE_ERROR) set when that is impossible. */
struct output *output_open(const char *path, GError **error);

void output_write(struct output *output, struct bytes bytes);

/* At least `length` bytes of the buffer to write at; output_commit() tells how many were. */
uint8_t *output_reserve(struct output *output, size_t length);
void output_commit(struct output *output, size_t length);

/* Hands what is buffered to the system. */
void output_flush(struct output *output);

/* Bytes written so far, buffered ones included. */
uint64_t output_bytes(const struct output *output);

/* True when an error happened; nothing more will be written. */
bool output_has_failed(const struct output *output);

/*
 * The file descriptor below the buffer, for a library that writes by itself. Who uses it must not
 * use the buffer, and reports its errors by output_fail().
 */
int output_descriptor(const struct output *output);

/* Records an error as if a write had failed with `error_number` (errno). */
void output_fail(struct output *output, int error_number);

/*
 * Writes what is left, gives the file its name and frees `output`. False with `error` set when
 * anything went wrong since the opening; the file is then removed.
 */
bool output_close(struct output *output, GError **error);

/* Removes what was written and frees `output`. */
void output_abandon(struct output *output);
