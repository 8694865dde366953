#include "tests/wiretest.h"

#include <check.h>
#include <stdio.h>

static void record(void *owner, const struct trace_record *given, struct bytes borrowed)
{
	struct wiretest *test = owner;
	struct trace_record kept = *given;

	kept.blob = borrowed.length > 0 ? test->bytes->len + 1 : 0;
	g_byte_array_append(test->bytes, borrowed.data, (guint)borrowed.length);
	g_array_append_val(test->records, kept);
}

static struct interface *add_interface(struct host *host, uint32_t address, uint8_t prefix_length)
{
	struct interface_config config = { .address = address, .prefix_length = prefix_length };

	/* 02:00 and the IPv4 address: easy to recognise, and different. */
	config.mac.octets[0] = 0x02;
	put_be32(config.mac.octets + 2, address);
	return host_add_interface(host, &config);
}

static void build_direct(struct wiretest *test, const struct link_config *cable)
{
	test->bob_address = WIRETEST_NEAR;
	test->alice_cable = link_new(add_interface(test->alice, WIRETEST_ALICE, 26),
				     add_interface(test->bob, WIRETEST_NEAR, 26), "cable", cable);
	test->bob_cable = test->alice_cable;
}

static void build_routed(struct wiretest *test, const struct link_config *cable)
{
	struct interface *alice = add_interface(test->alice, WIRETEST_ALICE, 26);
	struct interface *bob = add_interface(test->bob, WIRETEST_BOB, 26);

	test->bob_address = WIRETEST_BOB;
	test->gw = host_new(test->world, "gw", NODE_ROUTER);
	test->left = switch_new(test->world, "left", 4);
	test->right = switch_new(test->world, "right", 4);
	struct interface *left = add_interface(test->gw, WIRETEST_LEFT, 26);
	struct interface *right = add_interface(test->gw, WIRETEST_RIGHT, 26);

	test->alice_cable = link_new(alice, switch_port(test->left, 1), "left", cable);
	test->left_cable = link_new(left, switch_port(test->left, 2), "left", cable);
	test->right_cable = link_new(right, switch_port(test->right, 1), "right", cable);
	test->bob_cable = link_new(bob, switch_port(test->right, 2), "right", cable);
	host_add_route(test->alice, 0, 0, WIRETEST_LEFT, NULL);
	host_add_route(test->bob, 0, 0, WIRETEST_RIGHT, NULL);
}

void wiretest_init(struct wiretest *test, const struct wiretest_config *config)
{
	static const struct wiretest_config plain;

	if (config == NULL)
		config = &plain;
	*test = (struct wiretest) {
		.world = world_new(config->seed, 1767225600), /* 2026-01-01 */
		.records = g_array_new(FALSE, FALSE, sizeof(struct trace_record)),
		.bytes = g_byte_array_new(),
		.recorder = {.kinds = TRACE_ALL, .owner = test, .record = record},
	};
	trace_add_sink(&test->world->trace, &test->recorder);
	test->alice = host_new(test->world, "alice", NODE_HOST);
	test->bob = host_new(test->world, "bob", NODE_HOST);
	if (config->is_direct)
		build_direct(test, &config->cable);
	else
		build_routed(test, &config->cable);
}

void wiretest_clear(struct wiretest *test)
{
	link_free(test->alice_cable);
	if (test->bob_cable != test->alice_cable)
		link_free(test->bob_cable);
	link_free(test->left_cable);
	link_free(test->right_cable);
	host_free(test->alice);
	host_free(test->bob);
	host_free(test->gw);
	switch_free(test->left);
	switch_free(test->right);
	ck_assert_uint_eq(packet_pool_in_use(test->world->packets), 0);
	world_free(test->world);
	g_array_free(test->records, TRUE);
	g_byte_array_free(test->bytes, TRUE);
}

void wiretest_run(struct wiretest *test)
{
	ck_assert_int_eq(engine_run(test->world->engine, TIME_NEVER - 1), ENGINE_QUIET);
}

void wiretest_run_until(struct wiretest *test, int64_t until_ns)
{
	struct timer alarm;

	/* Something to wait for, so that background timers run as well. */
	timer_init(&alarm, 1, (void (*)(void *))engine_stop, test->world->engine);
	timer_schedule(test->world->engine, &alarm, until_ns);
	engine_run(test->world->engine, until_ns);
	timer_cancel(test->world->engine, &alarm);
}

static const struct trace_record *at(const struct wiretest *test, unsigned index)
{
	return &g_array_index(test->records, struct trace_record, index);
}

unsigned wiretest_count(const struct wiretest *test, enum trace_kind kind, unsigned layer,
			unsigned detail)
{
	unsigned count = 0;

	while (wiretest_record(test, kind, layer, detail, count) != NULL)
		count++;
	return count;
}

const struct trace_record *wiretest_record(const struct wiretest *test, enum trace_kind kind,
					   unsigned layer, unsigned detail, unsigned index)
{
	for (unsigned i = 0; i < test->records->len; i++)
		if (at(test, i)->kind == kind && at(test, i)->layer == layer &&
		    at(test, i)->detail == detail && index-- == 0)
			return at(test, i);
	return NULL;
}

unsigned wiretest_count_at(const struct wiretest *test, const struct node *node,
			   enum trace_kind kind, unsigned layer)
{
	unsigned count = 0;

	while (wiretest_record_at(test, node, kind, layer, count) != NULL)
		count++;
	return count;
}

const struct trace_record *wiretest_record_at(const struct wiretest *test, const struct node *node,
					      enum trace_kind kind, unsigned layer, unsigned index)
{
	for (unsigned i = 0; i < test->records->len; i++)
		if (at(test, i)->kind == kind && at(test, i)->layer == layer &&
		    trace_node_of(at(test, i)->id) == node->index && index-- == 0)
			return at(test, i);
	return NULL;
}

struct bytes wiretest_bytes(const struct wiretest *test, const struct trace_record *record)
{
	if (record->blob == 0)
		return (struct bytes) { 0 };
	return (struct bytes) { test->bytes->data + record->blob - 1, record->blob_bytes };
}

void wiretest_forget(struct wiretest *test)
{
	g_array_set_size(test->records, 0);
	g_byte_array_set_size(test->bytes, 0);
}

/* The classic format (draft-ietf-opsawg-pcap), with nanoseconds, in the order of this machine. */
unsigned wiretest_write_pcap(const struct wiretest *test, const char *path)
{
	static const uint32_t header[] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 1 };
	FILE *file = fopen(path, "wb");
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	fwrite(header, sizeof header, 1, file);
	for (unsigned i = 0; i < test->records->len; i++) {
		const struct trace_record *sent = at(test, i);
		struct bytes frame = wiretest_bytes(test, sent);
		int64_t first_bit_ns = sent->time_ns + (int64_t)sent->after;
		uint32_t packet[] = {
			(uint32_t)(test->world->epoch_s + first_bit_ns / NS_PER_S),
			(uint32_t)(first_bit_ns % NS_PER_S),
			(uint32_t)frame.length,
			(uint32_t)frame.length,
		};

		if (sent->kind != TRACE_TRANSMIT || !(sent->flags & TRACE_FIRST))
			continue;
		fwrite(packet, sizeof packet, 1, file);
		fwrite(frame.data, frame.length, 1, file);
		count++;
	}
	fclose(file);
	return count;
}
