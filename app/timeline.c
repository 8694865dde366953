#include "app/timeline.h"

#include "app/mail_actions.h"
#include "protocols/actor.h"
#include "protocols/dns/dissect.h"
#include "protocols/layer.h"
#include "protocols/programs/telnet.h"
#include "stack/socket.h"

#define PING_TIMEOUT_NS  (10 * NS_PER_S) /* as long as ping(8) lingers */
#define PING_INTERVAL_NS (1 * NS_PER_S)

/* One line of the timeline at work. */
struct occurrence {
	struct timer timer;
	struct timeline *timeline;
	const struct scenario_action *action;
	uint64_t times_left;
	uint64_t record; /* id of the latest ACTION record */
	/* DO_PING */
	struct timer next_ping;
	uint64_t pings_left;
	struct ping_run ping;
	/* DO_DIG, and the look-up of a ping's target */
	struct dns_resolver *resolver; /* of DO_DIG; NULL: none, or the host's */
	struct dns_query *query;
	struct telnet *telnet; /* DO_TELNET; NULL: none under way */
};

struct timeline {
	struct world *world;
	const struct scenario *scenario;
	struct network *network;
	struct programs *programs;
	struct occurrence *occurrences;
	size_t count;
};

static struct host *host_of(const struct occurrence *occurrence)
{
	return network_host(occurrence->timeline->network, occurrence->action->host);
}

/* The node at which an action is recorded: the user's host, or one at the cable in question. */
static struct node *node_of(const struct occurrence *occurrence)
{
	const struct scenario_action *action = occurrence->action;

	if (action->host != NULL)
		return host_node(host_of(occurrence));
	if (action->link.interface != NULL)
		return host_node(
		    network_host(occurrence->timeline->network, action->link.interface->node));
	return occurrence->timeline->world->nodes->pdata[0];
}

static void report_state(const struct occurrence *occurrence, enum user_detail detail,
			 uint64_t before, uint64_t after, struct bytes bytes)
{
	trace_emit(node_of(occurrence), NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_USER,
		       .detail = (uint16_t)detail,
		       .object = occurrence->record,
		       .before = before,
		       .after = after,
		   },
		   bytes);
}

/* Pings. */

static void report_ping(const struct occurrence *occurrence, enum user_ping outcome,
			int64_t round_trip_ns)
{
	GString *text = g_string_new(occurrence->action->target);

	if (round_trip_ns >= 0)
		g_string_append_printf(text, " after %.3f ms", (double)round_trip_ns / 1e6);
	if (outcome == USER_PING_DUPLICATE)
		g_string_append(text, " (DUP!)");
	report_state(occurrence, USER_PING_DONE, occurrence->ping.destination, outcome,
		     bytes_of(text->str));
	g_string_free(text, TRUE);
}

static void ping_done(void *owner, int64_t round_trip_ns)
{
	report_ping(owner,
		    round_trip_ns >= 0                ? USER_PING_ANSWERED
		    : round_trip_ns == PING_TIMED_OUT ? USER_PING_LOST
						      : USER_PING_UNREACHABLE,
		    round_trip_ns);
}

static void ping_duplicate(void *owner, int64_t round_trip_ns)
{
	report_ping(owner, USER_PING_DUPLICATE, round_trip_ns);
}

static void ping_once(void *owner)
{
	struct occurrence *occurrence = owner;

	ping_run_send(host_of(occurrence), &occurrence->ping);
	if (--occurrence->pings_left > 0)
		timer_schedule(occurrence->timeline->world->engine, &occurrence->next_ping,
			       engine_now(occurrence->timeline->world->engine) + PING_INTERVAL_NS);
}

static void ping_start(struct occurrence *occurrence, uint32_t target)
{
	occurrence->ping = (struct ping_run) {
		.destination = target,
		.payload_bytes = occurrence->action->payload_bytes,
		.timeout_ns = PING_TIMEOUT_NS,
		.done = ping_done,
		.duplicate = ping_duplicate,
		.owner = occurrence,
	};
	occurrence->pings_left = occurrence->action->count;
	if (occurrence->pings_left > 0)
		ping_once(occurrence);
}

static uint32_t first_address(const struct dns_message *message)
{
	const struct dns_section *section = &message->sections[DNS_ANSWER];
	uint32_t address = 0;

	for (unsigned i = 0; i < section->count && address == 0; i++)
		dns_record_address(&section->records[i], &address);
	return address;
}

static void ping_resolved(void *owner, const struct dns_answer *answer)
{
	struct occurrence *occurrence = owner;
	uint32_t address = answer->outcome == DNS_FOUND ? first_address(answer->message) : 0;

	occurrence->query = NULL;
	if (address != 0)
		ping_start(occurrence, address);
	else
		report_state(occurrence, USER_PING_DONE, 0, USER_PING_UNREACHABLE,
			     bytes_of(occurrence->action->target));
}

/* Questions to DNS. */

static struct dns_resolver *resolver_for(struct occurrence *occurrence)
{
	const struct scenario_action *action = occurrence->action;

	const struct scenario_node *server =
	    action->server != NULL ? action->server : action->host->resolver;

	if (action->verb != DO_DIG)
		return programs_resolver(occurrence->timeline->programs, action->host);
	if (occurrence->resolver == NULL && server != NULL) {
		const struct scenario_interface *interface = server->interfaces->pdata[0];

		occurrence->resolver =
		    dns_resolver_new(host_of(occurrence), interface->address, DNS_ASKER_DIG);
	}
	return occurrence->resolver;
}

/* Each record of the type in the section, behind a NUL. */
static void append_data(GString *bytes, const struct dns_section *section, unsigned type)
{
	for (unsigned i = 0; i < section->count; i++) {
		if (section->records[i].type != type)
			continue;
		g_string_append_c(bytes, '\0');
		dns_data_print(&section->records[i], bytes);
	}
}

static void dig_done(void *owner, const struct dns_answer *answer)
{
	struct occurrence *occurrence = owner;
	const struct scenario_action *action = occurrence->action;
	GString *bytes = g_string_new(action->target);

	occurrence->query = NULL;
	if (answer->outcome == DNS_REFERRAL)
		append_data(bytes, &answer->message->sections[DNS_AUTHORITY], DNS_NS);
	else if (answer->outcome == DNS_FAILED && answer->message != NULL)
		g_string_append_printf(g_string_append_c(bytes, '\0'), "status %s",
				       dns_rcode_name(answer->message->rcode));
	else if (answer->message != NULL)
		append_data(bytes, &answer->message->sections[DNS_ANSWER], action->record_type);
	report_state(occurrence, USER_DIG_DONE, action->record_type, (uint64_t)answer->outcome,
		     (struct bytes) { (const uint8_t *)bytes->str, bytes->len });
	g_string_free(bytes, TRUE);
}

static void ask(struct occurrence *occurrence, unsigned type, dns_done_fn *done)
{
	struct dns_resolver *resolver = resolver_for(occurrence);
	const struct dns_answer failed = { .outcome = DNS_FAILED };

	if (occurrence->query != NULL)
		dns_cancel(occurrence->query);
	occurrence->query = NULL;
	if (resolver != NULL)
		occurrence->query = dns_resolve(resolver, occurrence->action->target,
						(uint16_t)type, done, occurrence);
	if (occurrence->query == NULL)
		done(occurrence, &failed);
}

/* Talking to a port by hand. */

static void telnet_done(void *owner)
{
	((struct occurrence *)owner)->telnet = NULL;
}

static unsigned layer_of_port(uint64_t port)
{
	return port == 143 ? LAYER_IMAP : port == 110 ? LAYER_POP3 : LAYER_SMTP;
}

static void telnet_start(struct occurrence *occurrence, uint32_t address)
{
	const struct scenario_action *action = occurrence->action;

	telnet_free(occurrence->telnet);
	occurrence->telnet =
	    telnet_new(host_of(occurrence), &(struct telnet_config) {
						.to = {address, (uint16_t)action->port},
						.text = action->text,
						.is_wide = action->characters == CHARACTERS_16,
						.layer = layer_of_port(action->port),
						.action = occurrence->record,
						.done = telnet_done,
						.owner = occurrence,
        });
}

static void telnet_resolved(void *owner, const struct dns_answer *answer)
{
	struct occurrence *occurrence = owner;
	uint32_t address = answer->outcome == DNS_FOUND ? first_address(answer->message) : 0;

	occurrence->query = NULL;
	if (address != 0)
		telnet_start(occurrence, address);
	else
		report_state(occurrence, USER_DONE, 0, 1, bytes_of("no such name"));
}

/* Carrying out. */

/* Which program of the host a person starts for it. */
static enum actor program_of(const struct scenario_action *action)
{
	switch (action->verb) {
	case DO_PING:
		return ACTOR_PING;
	case DO_DIG:
		return ACTOR_DIG;
	case DO_TELNET:
		return ACTOR_TELNET;
	default:
		return ACTOR_NONE;
	}
}

static void act(struct occurrence *occurrence)
{
	const struct scenario_action *action = occurrence->action;
	struct timeline *timeline = occurrence->timeline;

	switch (action->verb) {
	case DO_PING:
		if (action->target_address != 0)
			ping_start(occurrence, action->target_address);
		else
			ask(occurrence, DNS_A, ping_resolved);
		break;
	case DO_DIG:
		ask(occurrence, action->record_type, dig_done);
		break;
	case DO_TELNET:
		if (action->target_address != 0)
			telnet_start(occurrence, action->target_address);
		else
			ask(occurrence, DNS_A, telnet_resolved);
		break;
	case DO_CUT:
		network_cut(timeline->network, &action->link);
		break;
	case DO_MEND:
		network_mend(timeline->network, &action->link);
		break;
	default:
		break;
	}
}

/* Records the action and makes it the cause of what follows. */
static void record(struct occurrence *occurrence)
{
	struct context *context = engine_context(occurrence->timeline->world->engine);
	char *text = action_describe(occurrence->action);

	occurrence->record = trace_emit(node_of(occurrence), NULL,
					&(struct trace_record) {
					    .kind = TRACE_ACTION,
					    .layer = LAYER_USER,
					    .detail = USER_ACTS,
					    .after = action_user_verb(occurrence->action->verb),
					},
					bytes_of(text));
	context->cause = context->root = occurrence->record;
	g_free(text);
}

static void occur(void *owner)
{
	struct occurrence *occurrence = owner;
	const struct scenario_action *action = occurrence->action;
	struct timeline *timeline = occurrence->timeline;
	struct engine *engine = timeline->world->engine;

	if (--occurrence->times_left > 0)
		timer_schedule(engine, &occurrence->timer, engine_now(engine) + action->every_ns);
	if (action_is_mail(action)) {
		mail_action_start(programs_mua(timeline->programs, action->client), action);
		return;
	}
	record(occurrence);
	node_act_as(node_of(occurrence), (uint8_t)program_of(action));
	act(occurrence);
}

struct timeline *timeline_new(struct world *world, const struct scenario *scenario,
			      struct network *network, struct programs *programs)
{
	struct timeline *timeline = g_new0(struct timeline, 1);

	timeline->world = world;
	timeline->scenario = scenario;
	timeline->network = network;
	timeline->programs = programs;
	timeline->count = scenario->timeline->len;
	timeline->occurrences = g_new0(struct occurrence, timeline->count + 1);
	for (size_t i = 0; i < timeline->count; i++) {
		struct occurrence *occurrence = &timeline->occurrences[i];

		occurrence->timeline = timeline;
		occurrence->action = scenario->timeline->pdata[i];
		occurrence->times_left = MAX(occurrence->action->times, 1);
		timer_init(&occurrence->timer, node_of(occurrence)->index, occur, occurrence);
		occurrence->timer.class = EVENT_ACTION;
		timer_init(&occurrence->next_ping, node_of(occurrence)->index, ping_once,
			   occurrence);
		timer_schedule(world->engine, &occurrence->timer, occurrence->action->at_ns);
	}
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	for (size_t i = 0; i < timeline->count; i++) {
		struct occurrence *occurrence = &timeline->occurrences[i];

		timer_cancel(timeline->world->engine, &occurrence->timer);
		timer_cancel(timeline->world->engine, &occurrence->next_ping);
		telnet_free(occurrence->telnet);
		if (occurrence->query != NULL)
			dns_cancel(occurrence->query);
		if (occurrence->resolver != NULL)
			dns_resolver_free(occurrence->resolver);
	}
	g_free(timeline->occurrences);
	g_free(timeline);
}
