/* The network, and who is on it. */
#include <string.h>
#include "protocols/actor.h"
#include "stack/names.h"
#include "views/narrate_parts.h"

#define INTERFACE_ADDRESS 6  /* where an INTERFACE record has it */
#define NETWORKS_MAX      12 /* told of */
#define HOSTS_MAX         24 /* in the table */

/* In a record INTERFACE (sim/trace.h): MAC 6, IPv4 4, prefix length 1, name. */
enum { INTERFACE_ADDRESS_BIT = 48, INTERFACE_PREFIX_BIT = 80 };

/* The INTERFACE record of a node's interface; NULL: none. */
static const struct trace_record *interface_record(const struct narrator *narrator, uint32_t node,
						   unsigned interface)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->time_ns > 0)
			break;
		if (record->kind == TRACE_INTERFACE && trace_node_of(record->id) == node &&
		    record->interface == interface)
			return record;
	}
	return NULL;
}

static const struct trace_record *link_record(const struct narrator *narrator, const char *network)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);
		struct bytes name;

		if (record->time_ns > 0)
			break;
		if (record->kind != TRACE_LINK)
			continue;
		name = narrate_bytes(narrator, record);
		if (name.length == strlen(network) && memcmp(name.data, network, name.length) == 0)
			return record;
	}
	return NULL;
}

/* Names of networks in order of first use, each once. */
static GPtrArray *networks_of(const struct narrator *narrator)
{
	GPtrArray *networks = g_ptr_array_new();

	for (uint32_t node = 1; node <= model_node_count(narrator->model); node++) {
		const struct model_node *found = model_node(narrator->model, node);

		for (guint i = 0; found != NULL && i < found->interfaces->len; i++) {
			const struct model_interface *interface = found->interfaces->pdata[i];
			bool is_known = interface == NULL || interface->network == NULL ||
					interface->address == 0;

			for (guint k = 0; k < networks->len && !is_known; k++)
				is_known = strcmp(networks->pdata[k], interface->network) == 0;
			if (!is_known)
				g_ptr_array_add(networks, interface->network);
		}
	}
	return networks;
}

static void tell_network(struct narrator *narrator, const char *network, struct story_block *list)
{
	const struct trace_record *link = link_record(narrator, network);
	struct story_sentence *sentence = NULL;
	unsigned members = 0;

	for (uint32_t node = 1; node <= model_node_count(narrator->model); node++) {
		const struct model_node *found = model_node(narrator->model, node);

		for (guint i = 0; found != NULL && i < found->interfaces->len; i++) {
			const struct model_interface *interface = found->interfaces->pdata[i];
			const struct trace_record *record;

			if (interface == NULL || interface->network == NULL ||
			    interface->address == 0 || strcmp(interface->network, network) != 0)
				continue;
			record = interface_record(narrator, node, i + 1);
			if (record == NULL)
				continue;
			if (sentence == NULL)
				sentence =
				    link == NULL
					? SAY(list, "one network joins", fact_because(record))
					: SAY(list, "{} joins",
					      fact_quote(narrator, link,
							 narrate_bytes(narrator, link),
							 STORY_STRONG));
			GO_ON(sentence, members++ == 0 ? " {} ({})" : ", {} ({})",
			      fact_node(narrator, node),
			      fact_bits(narrator, record, INTERFACE_ADDRESS_BIT, 32, STORY_IPV4));
		}
	}
	if (sentence != NULL)
		story_go_on(sentence, ".", NULL, 0);
}

static void tell_networks(struct narrator *narrator)
{
	GPtrArray *networks = networks_of(narrator);
	struct story_block *intro = story_paragraph(narrator->story);
	struct story_block *list = story_list(narrator->story, false);

	for (guint i = 0; i < networks->len && i < NETWORKS_MAX; i++)
		tell_network(narrator, networks->pdata[i], list);
	if (list->sentences->len > 0)
		story_say(
		    intro,
		    "These are the networks, and who has which address on them. A node with an "
		    "address on several is a router.",
		    NULL, 0);
	if (networks->len > NETWORKS_MAX)
		story_say(intro, "I name the first of them.", NULL, 0);
	g_ptr_array_unref(networks);
}

/* The first record of each program on a node. */
struct programs {
	const struct trace_record *first[ACTOR_COUNT];
};

static void find_programs(const struct narrator *narrator, struct programs *programs,
			  uint32_t nodes)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);
		uint32_t node = trace_node_of(record->id);

		if (record->actor != ACTOR_NONE && record->actor < ACTOR_COUNT && node <= nodes &&
		    programs[node].first[record->actor] == NULL)
			programs[node].first[record->actor] = record;
	}
}

static const char *const duties[ACTOR_COUNT] = {
	[ACTOR_MUA] = "mail program of a user: MUA, mail user agent",
	[ACTOR_MSA] = "takes mail from users: MSA, mail submission agent",
	[ACTOR_MTA] = "brings mail from server to server: MTA, mail transfer agent",
	[ACTOR_MDA] = "puts mail into mailboxes: MDA, mail delivery agent",
	[ACTOR_MAILBOX] = "lets users fetch it, by POP3 or IMAP",
	[ACTOR_BROWSER] = "web browser",
	[ACTOR_WEBMAIL] = "webmail site",
	[ACTOR_DNS] = "name server",
	[ACTOR_TELNET] = "a person at a terminal",
	[ACTOR_DIG] = "asks DNS for a person",
	[ACTOR_PING] = "ping",
};

static void tell_programs(struct narrator *narrator)
{
	uint32_t nodes = model_node_count(narrator->model);
	struct programs *programs = g_new0(struct programs, nodes + 1);
	struct story_block *table = story_table(narrator->story, 2, 0);
	unsigned rows = 0;

	story_say(table, "Host", NULL, 0);
	story_say(table, "Programs that act on it in this run", NULL, 0);
	find_programs(narrator, programs, nodes);
	for (uint32_t node = 1; node <= nodes && rows < HOSTS_MAX; node++) {
		struct story_sentence *cell = NULL;

		for (unsigned actor = 1; actor < ACTOR_COUNT; actor++) {
			if (programs[node].first[actor] == NULL || duties[actor] == NULL)
				continue;
			if (cell == NULL) {
				SAY(table, "{}", fact_node(narrator, node));
				cell = SAY(table, "", fact_word(NULL));
				rows++;
			} else {
				story_go_on(cell, "; ", NULL, 0);
			}
			GO_ON(cell, "{}", fact_word(duties[actor]),
			      fact_because(programs[node].first[actor]));
		}
	}
	g_free(programs);
}

/* Names and addresses, as the picture has them. */
static void label_picture(struct narrator *narrator, struct story_block *figure)
{
	for (uint32_t node = 1; node <= model_node_count(narrator->model); node++)
		LABEL(figure, "{}", fact_node(narrator, node));
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);
		struct bytes bytes = trace_store_bytes(narrator->store, record);

		if (record->kind == TRACE_INTERFACE && bytes.length >= INTERFACE_ADDRESS + 4 &&
		    get_be32(bytes.data + INTERFACE_ADDRESS) != 0)
			LABEL(figure, "{}",
			      fact_bits(narrator, record, 8 * INTERFACE_ADDRESS, 32, STORY_IPV4));
	}
}

void narrate_network(struct narrator *narrator, const struct narrate_options *options)
{
	struct story_block *heading, *figure;

	if (model_node_count(narrator->model) == 0)
		return;
	heading = story_heading(narrator->story, 1, "network");
	story_say(heading, "The network, and who is on it", NULL, 0);
	if (options->topology_svg != NULL) {
		figure = story_figure(narrator->story, "network-picture",
				      g_strdup(options->topology_svg),
				      "Hosts, switches and routers, and the cables between them");
		story_say(figure, "The network of this run.", NULL, 0);
		label_picture(narrator, figure);
	}
	if (narrator->level != NARRATE_SHORT)
		tell_networks(narrator);
	tell_programs(narrator);
}
