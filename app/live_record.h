/*
 * The record of a live session: every frame that came in from outside, with its virtual time and
 * where it came in, and what else decides how the run goes: epoch, seed, scenario. It is a pcapng
 * file, so any tool shows it; its interface descriptions hold the rest.
 */
#pragma once
#include <glib.h>
#include "app/run.h"
#include "sim/bytes.h"
#include "views/capture_reader.h"

struct record;

/* Begins a record at `path` of the run that `setup` describes, with app/live_services.h on a host
 * (or NULL). NULL with `error` set. */
struct record *record_new(const char *path, const struct run_setup *setup,
			  const char *services_host, GError **error);

/* A frame came in by the attachment of this index. */
void record_frame(struct record *record, size_t attachment, int64_t time_ns, struct bytes frame);

void record_flush(struct record *record);

/* The session ends at `time_ns`; frees. False with `error` set when it could not be written. */
bool record_finish(struct record *record, int64_t time_ns, GError **error);

/* `run --replay`: the other way round. */
struct replay {
	char *path; /* NULL: no replay */
	/* Filled by replay_prepare(). */
	int descriptor;
	struct capture_reader *reader;
	struct captured_frame first; /* read already, behind all descriptions */
	bool has_first;              /* that there was one */
	struct attachment_config *attachments;
	size_t attachment_count;
	GPtrArray *texts; /* that `attachments` borrow */
	int64_t epoch_s;
	char *services_host; /* where app/live_services.h run; "-": nowhere */
};

/* Of struct run_driver; `owner` is a struct replay. Without a path they change nothing. */
int replay_prepare(void *owner, struct run_setup *setup);

void replay_clear(struct replay *replay);
