/* What the benchmark programs share: processor time, memory, options. */
#pragma once
#include <stdint.h>
#include "stack/host.h"

/*
 * Seconds of processor time this process has used, its own and the kernel's for it: what one core
 * spends, whatever else the machine does.
 */
double bench_seconds(void);

/* Resident memory of this process in bytes, now. */
uint64_t bench_resident_bytes(void);

/* Bytes the program holds from the heap, now: exact where resident memory is not. */
uint64_t bench_heap_bytes(void);

/* The value of "--name=value" among the arguments, or `otherwise`. */
double bench_option(int argc, char **argv, const char *name, double otherwise);
const char *bench_text_option(int argc, char **argv, const char *name, const char *otherwise);

/* A host with one interface, for a /30 network of which it has host number 1 or 2. */
struct host *bench_host(struct world *world, const char *name, enum node_kind kind);
struct interface *bench_interface(struct host *host, uint32_t address, unsigned prefix_length,
				  uint32_t number);

/* Frames sent by every interface of the host. */
uint64_t bench_frames_sent(struct host *host);
