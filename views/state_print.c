/* The state as text: a section for each table that has rows, under each node. */
#include <inttypes.h>
#include <string.h>
#include "protocols/actor.h"
#include "protocols/dns/names.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/middlebox.h"
#include "views/names.h"
#include "views/mail_text.h"
#include "views/state_private.h"

#define WORDS_BYTES_MAX 400 /* of a recipient, a reason, a name */

struct printing {
	const struct state *state;
	GString *out;
	int64_t now_ns;
	bool is_lasting; /* nothing is told that changes by time alone, or with each packet */
	uint32_t node;
	const char *title; /* of the section under way; printed before its first row */
	bool colour;
};

static void begin_row(struct printing *p)
{
	if (p->title != NULL)
		g_string_append_printf(p->out, "  %s\n", p->title);
	p->title = NULL;
}

static const char *address_name(const struct printing *p, uint32_t address)
{
	const char *name = model_name_of_address(p->state->model, address);

	return name == NULL ? "" : name;
}

static void print_route(struct printing *p, const struct row *row)
{
	char prefix[IPV4_TEXT_BYTES], gateway[IPV4_TEXT_BYTES];
	const struct model_interface *interface =
	    model_interface(p->state->model, row->node, (unsigned)(row->after & 0xffffffff));

	if (row->after == 0)
		return;
	begin_row(p);
	g_string_append_printf(
	    p->out, "    %15s/%-2u  %s%-15s  %s\n",
	    ipv4_print((uint32_t)(row->object >> 8), prefix), (unsigned)(row->object & 0xff),
	    row->after >> 32 == 0 ? "on link " : "by      ",
	    row->after >> 32 == 0 ? "" : ipv4_print((uint32_t)(row->after >> 32), gateway),
	    interface == NULL ? "" : interface->name);
}

static void print_arp(struct printing *p, const struct row *row)
{
	char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
	unsigned state = (unsigned)(row->after >> 48);

	if (state == ARP_NONE || state >= ARP_STATE_COUNT)
		return;
	begin_row(p);
	g_string_append_printf(p->out, "    %15s  %s  %-10s  %s\n",
			       ipv4_print((uint32_t)row->object, address),
			       state == ARP_INCOMPLETE ? "(unknown yet)    "
			       : state == ARP_FAILED   ? "(unknown)        "
						     : mac_print(mac_from_number(row->after), mac),
			       arp_state_names[state], address_name(p, (uint32_t)row->object));
}

static void print_mac(struct printing *p, const struct row *row)
{
	char mac[MAC_TEXT_BYTES];
	const char *name = model_name_of_mac(p->state->model, mac_from_number(row->object));

	if (row->after == 0)
		return;
	begin_row(p);
	g_string_append_printf(p->out, "    %s  port %-3" PRIu64 " %s\n",
			       mac_print(mac_from_number(row->object), mac), row->after,
			       name == NULL ? "" : name);
}

static void print_listener(struct printing *p, const struct row *row)
{
	if (row->after == 0)
		return;
	begin_row(p);
	g_string_append_printf(
	    p->out, "    %s  %-12s  *:%-5" PRIu64 "  %s\n", view_layer_name(row->layer),
	    row->layer == LAYER_TCP ? "LISTEN" : "OPEN", row->object, actor_name(row->actor));
}

static uint8_t actor_at(const struct printing *p, struct endpoint endpoint)
{
	return model_actor(p->state->model, endpoint.address, true, endpoint.port);
}

/* ", since 1.0 s; congestion window 14480 bytes, threshold 7240". */
static void print_since(struct printing *p, const struct row *row)
{
	struct row key = *row;
	const struct row *window;
	gsize length;
	const uint8_t *threshold;

	g_string_append_printf(p->out, ", since %.6f s", (double)row->time_ns / 1e9);
	key.table = TABLE_CONGESTION;
	window = state_find_row(p->state, &key);
	if (window == NULL || row->after == TCP_TIME_WAIT)
		return;
	threshold = g_bytes_get_data(window->bytes, &length);
	g_string_append_printf(p->out, "; congestion window %" PRIu64 " bytes", window->after);
	if (length == TCP_CONGESTION_RECORD_BYTES)
		g_string_append_printf(p->out, ", threshold %u", get_be32(threshold));
}

/* As `ss` has it: Send-Q is what is not acknowledged, sent or not; Recv-Q what is not read. */
static void print_backlog(struct printing *p, uint64_t object)
{
	struct backlog_socket waits = backlog_socket(p->state->backlog, object);

	if (waits.unacked + waits.unsent > 0)
		g_string_append_printf(p->out, "; send queue %" PRIu64 " bytes",
				       waits.unacked + waits.unsent);
	if (waits.unsent > 0)
		g_string_append_printf(p->out, " (%" PRIu64 " not sent yet)", waits.unsent);
	if (waits.unread > 0)
		g_string_append_printf(p->out, "; receive queue up to %" PRIu64 " bytes",
				       waits.unread);
	if (waits.held > 0)
		g_string_append_printf(p->out, "; %" PRIu64 " bytes held behind a gap", waits.held);
}

static void print_connection(struct printing *p, const struct row *row)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(row->bytes, &length);
	char local[ENDPOINT_TEXT_BYTES], remote[ENDPOINT_TEXT_BYTES];

	if (row->after == TCP_CLOSED || length != TCP_STATE_RECORD_BYTES)
		return;
	begin_row(p);
	const struct endpoint here = { get_be32(data), get_be16(data + 4) };
	const struct endpoint there = { get_be32(data + 6), get_be16(data + 10) };
	GString *peer = g_string_new(NULL);

	view_append_place(peer, address_name(p, there.address), actor_at(p, there));
	g_string_append_printf(p->out, "    TCP  %-12s  %s - %s  %s with %s",
			       tcp_state_name((enum tcp_state)row->after),
			       endpoint_print(here, local), endpoint_print(there, remote),
			       actor_name(actor_at(p, here)), peer->str);
	if (!p->is_lasting) {
		print_since(p, row);
		print_backlog(p, row->object);
	}
	g_string_append_c(p->out, '\n');
	g_string_free(peer, TRUE);
}

static void print_dns_row(struct printing *p, const struct row *row)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(row->bytes, &length);
	GArray *records;
	struct dns_cache_entry entry;

	if (row->after == 0 || (!p->is_lasting && (int64_t)row->after <= p->now_ns))
		return;
	records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	if (dns_row_parse((struct bytes) { data, length }, &entry, records) == PARSE_OK) {
		char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

		begin_row(p);
		g_string_append_printf(p->out, "    %-28s %-5s", dns_name_print(entry.name, name),
				       dns_type_print(entry.type, type));
		g_string_append_printf(p->out, " %-9s", dns_cache_kind_names[entry.kind]);
		if (!p->is_lasting)
			g_string_append_printf(p->out, " for %6.0f s more",
					       (double)((int64_t)row->after - p->now_ns) / 1e9);
		for (guint i = 0; i < records->len; i++) {
			GString *text = g_string_new(NULL);

			dns_data_print(&g_array_index(records, struct dns_record, i), text);
			g_string_append_printf(p->out, "%s %s", i == 0 ? " " : ",", text->str);
			g_string_free(text, TRUE);
		}
		g_string_append_c(p->out, '\n');
	}
	g_array_free(records, TRUE);
}

static void print_packets(struct printing *p, const struct row *row)
{
	if (!p->is_lasting)
		g_string_append_printf(p->out, "; %" PRIu64 " packet%s", row->packets,
				       row->packets == 1 ? "" : "s");
	g_string_append_c(p->out, '\n');
}

static void print_rule(struct printing *p, const struct row *row)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(row->bytes, &length);
	GString *text = g_string_new(NULL);
	bool is_in_force = p->now_ns >= (int64_t)row->before && p->now_ns < (int64_t)row->after;

	begin_row(p);
	middlebox_describe_rule(text, p->state->model, row->node, row->of_interface, row->object,
				(struct bytes) { data, length });
	middlebox_describe_period(text, (int64_t)row->before, (int64_t)row->after);
	g_string_append_printf(p->out, "    %s", text->str);
	if (!p->is_lasting && !is_in_force)
		g_string_append(p->out, " (not in force)");
	print_packets(p, row);
	g_string_free(text, TRUE);
}

static void print_tampering(struct printing *p, const struct row *row)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(row->bytes, &length);
	GString *text = g_string_new(NULL);

	begin_row(p);
	middlebox_describe_tampering(text,
				     &(struct trace_record) { .object = row->object,
							      .before = row->before,
							      .after = row->after },
				     (struct bytes) { data, length });
	g_string_append_printf(p->out, "    %s", text->str);
	print_packets(p, row);
	g_string_free(text, TRUE);
}

static void print_mapping(struct printing *p, const struct row *row)
{
	GString *text;

	if (row->after == 0)
		return;
	text = g_string_new(NULL);
	begin_row(p);
	middlebox_describe_mapping(text, p->state->model, row->node, row->of_interface, row->object,
				   row->after);
	g_string_append_printf(p->out, "    %s", text->str);
	if (!p->is_lasting)
		g_string_append_printf(p->out, ", since %.6f s", (double)row->time_ns / 1e9);
	g_string_append_c(p->out, '\n');
	g_string_free(text, TRUE);
}

static const struct section {
	const char *title;
	uint8_t layer;
	uint16_t table;
	void (*print)(struct printing *p, const struct row *row);
} sections[] = {
	{"routes",             LAYER_IPV4,     TABLE_ROUTE, print_route     },
	{ "ARP table",         LAYER_ARP,      TABLE_ONLY,  print_arp       },
	{ "MAC address table", LAYER_ETHERNET, TABLE_ONLY,  print_mac       },
	{ "TCP ports",         LAYER_TCP,      TABLE_ONLY,  print_listener  },
	{ "UDP ports",         LAYER_UDP,      TABLE_ONLY,  print_listener  },
	{ "TCP connections",   LAYER_TCP,      TABLE_STATE, print_connection},
	{ "packet filter",     LAYER_FILTER,   TABLE_ONLY,  print_rule      },
	{ "attacker",          LAYER_TAMPER,   TABLE_ONLY,  print_tampering },
	{ "NAT mappings",      LAYER_NAT,      TABLE_ONLY,  print_mapping   },
	{ "DNS cache",         LAYER_DNS,      TABLE_ONLY,  print_dns_row   },
};

/* Words of people and of other hosts: nothing in them acts. */
static void append_words(GString *out, const char *text)
{
	mail_text_append_line(out, bytes_of(text), WORDS_BYTES_MAX);
}

static void print_queued(struct printing *p, const struct queued *queued)
{
	begin_row(p);
	g_string_append(p->out, "    ");
	append_words(p->out, queued->queue_id);
	g_string_append(p->out, "  for ");
	append_words(p->out, queued->recipient);
	if (!p->is_lasting)
		g_string_append_printf(p->out, ", since %.6f s", (double)queued->since_ns / 1e9);
	if (queued->reason != NULL) {
		g_string_append_printf(p->out,
				       "; next try at %.0f s: ", (double)queued->next_ns / 1e9);
		append_words(p->out, queued->reason);
	}
	g_string_append_c(p->out, '\n');
}

static const char queue_title[] = "mail queue (MTA)";

static void print_queue(struct printing *p)
{
	p->title = queue_title;
	for (guint i = 0; i < p->state->queued->len; i++) {
		const struct queued *queued = p->state->queued->pdata[i];

		if (queued->node == p->node)
			print_queued(p, queued);
	}
}

/* ", shared with bob@office.example (lrs)" for each user who may use it. */
static void print_shares(GString *out, const struct mailbox_state *mailbox)
{
	for (guint i = 0; i < mailbox->shares->len; i++) {
		const struct mailbox_share *share = mailbox->shares->pdata[i];

		g_string_append_printf(out, "%s %s (", i == 0 ? ", shared with" : ",", share->with);
		for (unsigned bit = 0; MAILBOX_RIGHT_LETTERS[bit] != '\0'; bit++)
			if (share->rights & 1u << bit)
				g_string_append_c(out, MAILBOX_RIGHT_LETTERS[bit]);
		g_string_append_c(out, ')');
	}
}

/* Owner and name, in columns. */
static void print_mailbox_name(struct printing *p, const struct mailbox_state *mailbox)
{
	g_autoptr(GString) owner = g_string_new(NULL), name = g_string_new(NULL);

	append_words(owner, mailbox->owner);
	append_words(name, mailbox->name);
	g_string_append_printf(p->out, "    %-28s %-10s", owner->str, name->str);
}

static void print_mailboxes(struct printing *p)
{
	p->title = "mailboxes";
	for (unsigned i = 0; i < mailboxes_count(p->state->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(p->state->mailboxes, i);
		unsigned unseen = 0;

		if (mailbox->node != p->node)
			continue;
		for (guint k = 0; k < mailbox->messages->len; k++)
			unseen +=
			    !(((struct mailbox_message *)mailbox->messages->pdata[k])->flags & 1);
		begin_row(p);
		print_mailbox_name(p, mailbox);
		g_string_append_printf(p->out, " %u message%s, %u unread", mailbox->messages->len,
				       mailbox->messages->len == 1 ? "" : "s", unseen);
		print_shares(p->out, mailbox);
		g_string_append_c(p->out, '\n');
	}
}

/* Frames that were handed to an interface, and wait for those in front of them. */
static void print_transmit_queues(struct printing *p, const struct model_node *node)
{
	p->title = "transmit queues";
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *interface = node->interfaces->pdata[i];
		struct backlog_queue queue =
		    backlog_queue(p->state->backlog, p->node, i + 1, p->now_ns);

		if (interface == NULL || queue.frames == 0)
			continue;
		begin_row(p);
		g_string_append_printf(
		    p->out, "    %s  %u frame%s, %" PRIu64 " bytes; the last leaves in %.3f ms\n",
		    interface->name, queue.frames, queue.frames == 1 ? "" : "s", queue.bytes,
		    (double)(queue.leaves_ns - p->now_ns) / 1e6);
	}
}

static void print_node(struct printing *p)
{
	static const char *const kinds[] = {
		[NODE_HOST] = "host", [NODE_ROUTER] = "router", [NODE_SWITCH] = "switch"
	};
	const struct model_node *node = model_node(p->state->model, p->node);

	g_string_append_printf(p->out, "%s%s%s (%s) at %.6f s\n", p->colour ? "\033[1m" : "",
			       node->name, p->colour ? "\033[0m" : "", kinds[node->kind],
			       (double)p->now_ns / 1e9);
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		p->title = sections[i].title;
		for (guint k = 0; k < p->state->rows->len; k++) {
			const struct row *row = p->state->rows->pdata[k];

			if (row->node == p->node && row->layer == sections[i].layer &&
			    row->table == sections[i].table)
				sections[i].print(p, row);
		}
	}
	print_transmit_queues(p, node);
	print_queue(p);
	print_mailboxes(p);
	g_string_append_c(p->out, '\n');
}

void state_print(const struct state *state, FILE *out, int64_t now_ns, const bool *nodes,
		 bool colour)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct printing p = { .state = state, .out = text, .now_ns = now_ns, .colour = colour };

	for (p.node = 1; p.node <= model_node_count(state->model); p.node++) {
		if (nodes == NULL || nodes[p.node])
			print_node(&p);
		fwrite(text->str, 1, text->len, out);
		g_string_truncate(text, 0);
	}
}

/* Rows one by one. */

#define ROW_INDENT    4 /* of each row */
#define SECTION_QUEUE G_N_ELEMENTS(sections)

unsigned state_section_count(void)
{
	return SECTION_QUEUE + 1;
}

const char *state_section_title(unsigned section)
{
	return section < SECTION_QUEUE ? sections[section].title : queue_title;
}

/* The text of one line without what surrounds it; columns stay in line. */
static void trim(GString *text)
{
	g_strchomp(text->str);
	g_string_set_size(text, strlen(text->str));
	g_string_erase(text, 0, (gssize)MIN(text->len, ROW_INDENT));
}

static bool take_queue_change(const struct state *state, struct state_change *change,
			      struct printing *p)
{
	if (state->last_queued == NULL && state->left_queue == 0)
		return false;
	*change = (struct state_change) {
		.section = SECTION_QUEUE,
		.node = state->left_node,
		.row = state->left_queue - 1,
		.until_ns = TIME_NEVER,
	};
	if (state->last_queued != NULL) {
		change->node = state->last_queued->node;
		change->row = state->last_queued->number;
		print_queued(p, state->last_queued);
	}
	return true;
}

bool state_last_change(const struct state *state, struct state_change *change, GString *text)
{
	struct printing p = { .state = state, .out = text, .is_lasting = true };
	const struct row *row = state->last_row;

	g_string_truncate(text, 0);
	for (unsigned i = 0; row != NULL && i < SECTION_QUEUE; i++) {
		if (row->layer != sections[i].layer || row->table != sections[i].table)
			continue;
		*change = (struct state_change) {
			.section = i,
			.node = row->node,
			.row = row->number,
			.until_ns = row->layer == LAYER_DNS ? (int64_t)row->after : TIME_NEVER,
		};
		sections[i].print(&p, row);
		trim(text);
		return true;
	}
	if (row != NULL || !take_queue_change(state, change, &p))
		return false;
	trim(text);
	return true;
}
