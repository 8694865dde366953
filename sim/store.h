/*
 * A store keeps a run's trace for views that look back: records in order, and the bytes that came
 * with them. Beyond a bounded memory it goes on in a temporary file that is mapped, so a long run
 * costs disk, not memory.
 */
#pragma once
#include "sim/trace.h"

struct trace_store;

#define TRACE_STORE_MEMORY_BYTES ((size_t)256 << 20)

/* A store that uses at most about `memory_bytes` of memory before it spools. */
struct trace_store *trace_store_new(size_t memory_bytes);
void trace_store_free(struct trace_store *store);

/* The sink to add to a trace; owned by the store. Takes every kind of record. */
struct trace_sink *trace_store_sink(struct trace_store *store);

/* NULL while all is well; otherwise why the store lost records (no room for the spool file). */
const char *trace_store_error(const struct trace_store *store);

uint64_t trace_store_count(const struct trace_store *store);

/* Record `index` (from 0, below the count); valid as long as the store. */
const struct trace_record *trace_store_record(const struct trace_store *store, uint64_t index);

/* The bytes that came with a record of this store; valid as long as the store. */
struct bytes trace_store_bytes(const struct trace_store *store, const struct trace_record *record);

/* Index of the record with this id, or UINT64_MAX when the store does not hold it. */
uint64_t trace_store_find(const struct trace_store *store, uint64_t id);
