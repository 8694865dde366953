/*
 * Shared by tests: two hosts with a router between two switched networks, or on one cable, and a
 * recorder that keeps all trace records with their bytes.
 *
 *     alice 192.0.2.10/26 -- left -- 192.0.2.1 gw 192.0.2.65 -- right -- bob 192.0.2.70/26
 */
#pragma once
#include "stack/host.h"
#include "stack/link.h"
#include "stack/names.h"
#include "stack/switch.h"
#include "tests/recorder.h"

#define WIRETEST_ALICE UINT32_C(0xc000020a) /* 192.0.2.10 */
#define WIRETEST_LEFT  UINT32_C(0xc0000201) /* 192.0.2.1: gw towards alice */
#define WIRETEST_RIGHT UINT32_C(0xc0000241) /* 192.0.2.65: gw towards bob */
#define WIRETEST_BOB   UINT32_C(0xc0000246) /* 192.0.2.70 */
#define WIRETEST_NEAR  UINT32_C(0xc000020b) /* 192.0.2.11: bob when on the same cable as alice */

struct wiretest_config {
	uint64_t seed;
	bool is_direct;           /* alice and bob on one cable, without router and switches */
	struct link_config cable; /* all cables alike */
	uint16_t right_mtu_bytes; /* of gw and bob on the right; 0: 1500 */
};

struct wiretest {
	struct world *world;
	struct host *alice, *gw, *bob;         /* gw: NULL when direct */
	struct switch_node *left, *right;      /* NULL when direct */
	struct link *alice_cable, *bob_cable;  /* side A is the host; when direct it is alice */
	struct link *left_cable, *right_cable; /* side A is gw; NULL when direct */
	uint32_t bob_address;
	struct recorder recorder;
};

/* Builds the network; `config` may be NULL. Clear with wiretest_clear(), which checks for leaks. */
void wiretest_init(struct wiretest *test, const struct wiretest_config *config);
void wiretest_clear(struct wiretest *test);

/* Runs until no foreground event is left, or until a time since the start, background included. */
void wiretest_run(struct wiretest *test);
void wiretest_run_until(struct wiretest *test, int64_t until_ns);

/* Recorded so far anywhere: how many of this kind, layer and detail; the one of this index. */
unsigned wiretest_count(const struct wiretest *test, enum trace_kind kind, int layer, int detail);
const struct trace_record *wiretest_record(const struct wiretest *test, enum trace_kind kind,
					   int layer, int detail, unsigned index);
const struct trace_record *wiretest_record_at(const struct wiretest *test, const struct node *node,
					      enum trace_kind kind, int layer, unsigned index);
struct bytes wiretest_bytes(const struct wiretest *test, const struct trace_record *record);

/* The engine's clock moves on to `until_ns`; background timers run too. For any world. */
void run_world_until(struct world *world, int64_t until_ns);
