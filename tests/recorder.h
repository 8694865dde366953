/* A trace sink that keeps all records with their bytes, for tests to look at. */
#pragma once
#include <glib.h>
#include "sim/trace.h"
#include "sim/world.h"

struct recorder {
	struct trace_sink sink;
	GArray *records; /* of struct trace_record; blob: offset + 1 in `bytes` */
	GByteArray *bytes;
};

/* Adds the recorder to the world's trace; to be cleared after the world is freed. */
void recorder_init(struct recorder *recorder, struct world *world);
void recorder_clear(struct recorder *recorder);

/* Forgets what was recorded. */
void recorder_forget(struct recorder *recorder);

/* Which records are meant; a negative number or NULL is any. */
struct wanted {
	enum trace_kind kind;
	int layer, detail;
	const struct node *node;
};

#define ANY (-1)

/* How many such records there are; the one of this index, or NULL. */
unsigned recorder_count(const struct recorder *recorder, struct wanted wanted);
const struct trace_record *recorder_find(const struct recorder *recorder, struct wanted wanted,
					 unsigned index);
struct bytes recorder_bytes(const struct recorder *recorder, const struct trace_record *record);

/*
 * Writes the frames that hosts and routers put on a wire first to a classic pcap file, for tshark to
 * judge; returns how many.
 */
unsigned recorder_write_pcap(const struct recorder *recorder, const struct world *world,
			     const char *path);
