#include "tests/wiretest.h"

#include <check.h>

static struct interface *add_interface(struct host *host, uint32_t address, uint16_t mtu_bytes)
{
	struct interface_config config = {
		.address = address,
		.prefix_length = 26,
		.mtu_bytes = mtu_bytes,
	};

	/* 02:00 and the IPv4 address: easy to recognise, and different. */
	config.mac.octets[0] = 0x02;
	put_be32(config.mac.octets + 2, address);
	return host_add_interface(host, &config);
}

static void build_direct(struct wiretest *test, const struct link_config *cable)
{
	test->bob_address = WIRETEST_NEAR;
	test->alice_cable = link_new(add_interface(test->alice, WIRETEST_ALICE, 0),
				     add_interface(test->bob, WIRETEST_NEAR, 0), "cable", cable);
	test->bob_cable = test->alice_cable;
}

static void build_routed(struct wiretest *test, const struct link_config *cable,
			 uint16_t right_mtu_bytes)
{
	struct interface *alice = add_interface(test->alice, WIRETEST_ALICE, 0);
	struct interface *bob = add_interface(test->bob, WIRETEST_BOB, right_mtu_bytes);

	test->bob_address = WIRETEST_BOB;
	test->gw = host_new(test->world, "gw", NODE_ROUTER);
	test->left = switch_new(test->world, "left", 4);
	test->right = switch_new(test->world, "right", 4);
	struct interface *left = add_interface(test->gw, WIRETEST_LEFT, 0);
	struct interface *right = add_interface(test->gw, WIRETEST_RIGHT, right_mtu_bytes);

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
	*test = (struct wiretest) { .world = world_new(config->seed, 1767225600) }; /* 2026-01-01 */
	recorder_init(&test->recorder, test->world);
	test->alice = host_new(test->world, "alice", NODE_HOST);
	test->bob = host_new(test->world, "bob", NODE_HOST);
	if (config->is_direct)
		build_direct(test, &config->cable);
	else
		build_routed(test, &config->cable, config->right_mtu_bytes);
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
	recorder_clear(&test->recorder);
}

void wiretest_run(struct wiretest *test)
{
	ck_assert_int_eq(engine_run(test->world->engine, TIME_NEVER - 1), ENGINE_QUIET);
}

static void stop(void *owner)
{
	engine_stop(owner);
}

void run_world_until(struct world *world, int64_t until_ns)
{
	struct timer alarm;

	/* Something to wait for, so that background timers run as well. */
	timer_init(&alarm, UINT32_MAX, stop, world->engine);
	timer_schedule(world->engine, &alarm, until_ns);
	engine_run(world->engine, until_ns);
	timer_cancel(world->engine, &alarm);
}

void wiretest_run_until(struct wiretest *test, int64_t until_ns)
{
	run_world_until(test->world, until_ns);
}

unsigned wiretest_count(const struct wiretest *test, enum trace_kind kind, int layer, int detail)
{
	return recorder_count(&test->recorder, (struct wanted) { kind, layer, detail, NULL });
}

const struct trace_record *wiretest_record(const struct wiretest *test, enum trace_kind kind,
					   int layer, int detail, unsigned index)
{
	return recorder_find(&test->recorder, (struct wanted) { kind, layer, detail, NULL }, index);
}

const struct trace_record *wiretest_record_at(const struct wiretest *test, const struct node *node,
					      enum trace_kind kind, int layer, unsigned index)
{
	return recorder_find(&test->recorder, (struct wanted) { kind, layer, ANY, node }, index);
}

struct bytes wiretest_bytes(const struct wiretest *test, const struct trace_record *record)
{
	return recorder_bytes(&test->recorder, record);
}
