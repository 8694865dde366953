/* Expectations about what can be read on a wire, by who listens there. */
#include <string.h>
#include "app/dissectors.h"
#include "app/expect_private.h"
#include "views/wiretap.h"

struct expect_tap {
	struct expect *expect;
	struct judge *judge;
	struct wiretap *wiretap;
	const struct trace_record *record; /* of the present frame */
};

static void witness(const struct expect_tap *tap, const struct model_connection *connection,
		    const struct credential *credential, bool is_contrary)
{
	g_autofree char *text = g_strdup_printf(
	    "port %u, %s (%s): %s%s", connection->server.port, credential->protocol,
	    credential->how, credential->user,
	    credential->kind == CREDENTIAL_PROOF ? ", proved without saying the password"
	    : is_contrary && strcmp(credential->user, tap->judge->expectation->whose->login) == 0
		? ", another password"
		: ", password readable");

	expect_witness_text(tap->judge, tap->record->time_ns, tap->record->packet, is_contrary,
			    text);
}

static void found(void *owner, const struct model_connection *connection,
		  const struct credential *credential)
{
	const struct expect_tap *tap = owner;
	const struct scenario_expectation *expectation = tap->judge->expectation;
	const struct scenario_client *client = expectation->whose;
	bool is_it = credential->kind == CREDENTIAL_PASSWORD &&
		     strcmp(credential->user, client->login) == 0 &&
		     strcmp(credential->secret, client->password) == 0;

	if (credential->kind == CREDENTIAL_COOKIE ||
	    (expectation->port != 0 && connection->server.port != expectation->port))
		return;
	if (is_it)
		expect_count_to(tap->expect, tap->judge, tap->judge->count + 1);
	witness(tap, connection, credential, !is_it);
}

static struct expect_tap *tap_new(struct expect *expect, struct judge *judge)
{
	struct expect_tap *tap = g_new0(struct expect_tap, 1);

	tap->expect = expect;
	tap->judge = judge;
	tap->wiretap = wiretap_new(all_dissectors, found, tap);
	return tap;
}

void expect_tap_free(struct expect_tap *tap)
{
	if (tap == NULL)
		return;
	wiretap_free(tap->wiretap);
	g_free(tap);
}

/* The interface of a host or router that sent or got it; NULL: that of a switch. */
static const struct scenario_interface *interface_of(const struct expect *expect,
						     const struct trace_record *record)
{
	const struct scenario_node *node =
	    (const void *)scenario_lookup(expect->scenario, SCENARIO_HOST | SCENARIO_ROUTER,
					  expect_node_name(expect, trace_node_of(record->id)));

	if (node == NULL || record->interface == 0 || record->interface > node->interfaces->len)
		return NULL;
	return node->interfaces->pdata[record->interface - 1];
}

/* Each packet once: on a network when it is put there, at an interface when it comes or goes. */
static bool is_tapped(const struct expect *expect, const struct scenario_link *link,
		      const struct trace_record *record)
{
	const struct scenario_interface *interface;

	if (link->scope == LINK_NOT_SET || link->scope == LINK_EVERY)
		return (record->flags & TRACE_FIRST) != 0;
	interface = interface_of(expect, record);
	if (interface == NULL)
		return false;
	if (link->scope == LINK_NETWORK)
		return record->kind == TRACE_TRANSMIT && interface->network == link->network;
	return interface == link->interface;
}

static void observe_frame(struct expect *expect, struct judge *judge,
			  const struct trace_record *record, struct bytes bytes)
{
	if (!is_tapped(expect, &judge->expectation->tapped, record))
		return;
	if (judge->tap == NULL)
		judge->tap = tap_new(expect, judge);
	judge->tap->record = record;
	wiretap_feed(judge->tap->wiretap, bytes, record->time_ns);
}

static void describe_password(GString *text, const struct scenario_expectation *expectation)
{
	const struct scenario_link *link = &expectation->tapped;

	g_string_append_printf(text, "password of %s readable", expectation->whose->item.name);
	if (link->scope == LINK_NETWORK)
		g_string_append_printf(text, " on %s", link->network->item.name);
	if (link->scope == LINK_INTERFACE)
		g_string_append_printf(text, " at %s", link->interface->node->item.name);
	if (expectation->port != 0)
		g_string_append_printf(text, " at port %u", (unsigned)expectation->port);
}

const struct predicate predicate_password = {
	.kinds = TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_RECEIVE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_frame,
	.describe = describe_password,
};
