/*
 * Shared by tests: two hosts with a router between two switched networks, or on one cable, and a
 * recorder that keeps all trace records with their bytes.
 *
 *     alice 192.0.2.10/26 -- left -- 192.0.2.1 gw 192.0.2.65 -- right -- bob 192.0.2.70/26
 */
#pragma once
#include "sim/trace.h"
#include "sim/world.h"
#include "stack/host.h"
#include "stack/link.h"
#include "stack/names.h"
#include "stack/switch.h"

#define WIRETEST_ALICE UINT32_C(0xc000020a) /* 192.0.2.10 */
#define WIRETEST_LEFT  UINT32_C(0xc0000201) /* 192.0.2.1: gw towards alice */
#define WIRETEST_RIGHT UINT32_C(0xc0000241) /* 192.0.2.65: gw towards bob */
#define WIRETEST_BOB   UINT32_C(0xc0000246) /* 192.0.2.70; on one cable 192.0.2.11 */
#define WIRETEST_NEAR  UINT32_C(0xc000020b) /* 192.0.2.11: bob on the same cable as alice */

struct wiretest_config {
	uint64_t seed;
	bool is_direct;           /* alice and bob on one cable, without router and switches */
	struct link_config cable; /* all cables alike */
};

struct wiretest {
	struct world *world;
	struct host *alice, *gw, *bob;         /* gw: NULL when direct */
	struct switch_node *left, *right;      /* NULL when direct */
	struct link *alice_cable, *bob_cable;  /* side A is the host; the same cable when direct */
	struct link *left_cable, *right_cable; /* side A is gw; NULL when direct */
	uint32_t bob_address;
	struct trace_sink recorder;
	GArray *records; /* of struct trace_record; blob: offset + 1 in `bytes` */
	GByteArray *bytes;
};

/* Builds the network; `config` may be NULL. Clear with wiretest_clear(), which checks for leaks. */
void wiretest_init(struct wiretest *test, const struct wiretest_config *config);
void wiretest_clear(struct wiretest *test);

/* Runs until no foreground event is left, or until a time since the start. */
void wiretest_run(struct wiretest *test);
void wiretest_run_until(struct wiretest *test, int64_t until_ns);

/* Recorded so far: how many of this kind, layer and detail; the one of this index, or NULL. */
unsigned wiretest_count(const struct wiretest *test, enum trace_kind kind, unsigned layer,
			unsigned detail);
const struct trace_record *wiretest_record(const struct wiretest *test, enum trace_kind kind,
					   unsigned layer, unsigned detail, unsigned index);
struct bytes wiretest_bytes(const struct wiretest *test, const struct trace_record *record);

/* The same with only those made at `node`, and any detail. */
unsigned wiretest_count_at(const struct wiretest *test, const struct node *node,
			   enum trace_kind kind, unsigned layer);
const struct trace_record *wiretest_record_at(const struct wiretest *test, const struct node *node,
					      enum trace_kind kind, unsigned layer, unsigned index);

/* Forgets what was recorded. */
void wiretest_forget(struct wiretest *test);

/*
 * Writes the frames that hosts and routers put on a wire first to a classic pcap file, and returns
 * how many. For judging by tshark.
 */
unsigned wiretest_write_pcap(const struct wiretest *test, const char *path);
