#include "views/state.h"

#include <inttypes.h>
#include "protocols/actor.h"
#include "protocols/dns/names.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/middlebox.h"
#include "views/names.h"

/* A row of a table, or an object with a state: the last record about it. */
struct row {
	uint32_t node;
	uint16_t interface;    /* of the key; 0 where the rest is enough */
	uint16_t of_interface; /* of the last record */
	uint8_t layer;
	uint8_t actor;  /* of the last record */
	uint16_t table; /* which of the layer's tables */
	uint64_t object;
	int64_t time_ns;
	uint64_t before, after;
	GBytes *bytes;
	uint64_t packets; /* of a rule of a packet filter: that it has decided about */
};

/* A message in a queue, for one recipient. */
struct queued {
	uint32_t node;
	uint64_t object;
	char *queue_id, *recipient, *reason;
	int64_t since_ns, next_ns;
};

struct state {
	const struct model *model;
	struct mailboxes *mailboxes;
	GPtrArray *rows;   /* of struct row *, in order of first appearance */
	GHashTable *index; /* struct row * by its key, to itself */
	GPtrArray *queued; /* of struct queued * */
};

/* Tables of one layer that must not be mixed. The DNS cache and the MAC table are one each. */
enum { TABLE_ONLY, TABLE_STATE, TABLE_ROUTE, TABLE_PATH_MTU };

static guint row_hash(gconstpointer data)
{
	const struct row *row = data;
	uint64_t hash = row->object * UINT64_C(0x9e3779b97f4a7c15);

	return (guint)(hash >> 32) ^ row->node * 31 ^ (guint)row->layer << 8 ^ row->table ^
	       (guint)row->interface << 16;
}

static gboolean row_equal(gconstpointer a, gconstpointer b)
{
	const struct row *x = a, *y = b;

	return x->object == y->object && x->node == y->node && x->layer == y->layer &&
	       x->table == y->table && x->interface == y->interface;
}

static void row_free(gpointer data)
{
	struct row *row = data;

	g_bytes_unref(row->bytes);
	g_free(row);
}

static void queued_free(gpointer data)
{
	struct queued *queued = data;

	g_free(queued->queue_id);
	g_free(queued->recipient);
	g_free(queued->reason);
	g_free(queued);
}

struct state *state_new(const struct model *model)
{
	struct state *state = g_new0(struct state, 1);

	state->model = model;
	state->mailboxes = mailboxes_new();
	state->rows = g_ptr_array_new_with_free_func(row_free);
	state->index = g_hash_table_new(row_hash, row_equal);
	state->queued = g_ptr_array_new_with_free_func(queued_free);
	return state;
}

void state_free(struct state *state)
{
	if (state == NULL)
		return;
	mailboxes_free(state->mailboxes);
	g_hash_table_destroy(state->index);
	g_ptr_array_free(state->rows, TRUE);
	g_ptr_array_free(state->queued, TRUE);
	g_free(state);
}

static uint16_t table_of(const struct trace_record *record)
{
	if (record->kind == TRACE_STATE)
		return TABLE_STATE;
	if (record->layer == LAYER_IPV4)
		return record->detail == IPV4_ROUTE ? TABLE_ROUTE : TABLE_PATH_MTU;
	return TABLE_ONLY;
}

static void feed_row(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	struct row key = {
		.node = trace_node_of(record->id),
		.interface = record->layer == LAYER_ARP ? record->interface : 0,
		.layer = record->layer,
		.table = table_of(record),
		.object = record->object,
	};
	struct row *row = g_hash_table_lookup(state->index, &key);

	if (row == NULL) {
		row = g_new(struct row, 1);
		*row = key;
		row->bytes = NULL;
		row->packets = 0;
		g_ptr_array_add(state->rows, row);
		g_hash_table_add(state->index, row);
	}
	if (row->bytes != NULL)
		g_bytes_unref(row->bytes);
	row->of_interface = record->interface;
	row->actor = record->actor;
	row->time_ns = record->time_ns;
	row->before = record->before;
	row->after = record->after;
	row->bytes = g_bytes_new(bytes.data, bytes.length);
}

/* A rule of a packet filter has decided about a packet, or one of an attacker has changed it. */
static void count_decision(struct state *state, const struct trace_record *record)
{
	struct row key = {
		.node = trace_node_of(record->id),
		.layer = record->layer,
		.object = record->object,
	};
	struct row *row = g_hash_table_lookup(state->index, &key);

	if ((record->layer == LAYER_FILTER || record->layer == LAYER_TAMPER) && row != NULL)
		row->packets++;
}

/* Queues: a recipient is in one from QUEUED until it was transferred, delivered or given up. */

static struct queued *find_queued(const struct state *state, const struct trace_record *record,
				  const char *recipient)
{
	for (guint i = 0; i < state->queued->len; i++) {
		struct queued *queued = state->queued->pdata[i];

		if (queued->node == trace_node_of(record->id) && queued->object == record->object &&
		    (recipient == NULL || g_ascii_strcasecmp(queued->recipient, recipient) == 0))
			return queued;
	}
	return NULL;
}

static void feed_mail(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	char *first = bytes_to_text(bytes);
	struct bytes rest = bytes_from(bytes, strlen(first) + 1);
	struct queued *queued;

	switch (record->detail) {
	case MAIL_QUEUED:
		queued = g_new0(struct queued, 1);
		queued->node = trace_node_of(record->id);
		queued->object = record->object;
		queued->queue_id = g_strdup(first);
		queued->recipient = bytes_to_text(rest);
		queued->since_ns = record->time_ns;
		queued->next_ns = TIME_NEVER;
		g_ptr_array_add(state->queued, queued);
		break;
	case MAIL_DEFERRED:
		queued = find_queued(state, record, NULL);
		if (queued != NULL) {
			queued->next_ns = (int64_t)record->after;
			g_free(queued->reason);
			queued->reason = g_strdup(first);
		}
		break;
	case MAIL_TRANSFERRED:
	case MAIL_DELIVERED:
	case MAIL_DUPLICATE:
	case MAIL_BOUNCED:
		queued = find_queued(state, record, first);
		if (queued != NULL)
			g_ptr_array_remove(state->queued, queued);
		break;
	default:
		break;
	}
	g_free(first);
}

void state_feed(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	switch (record->kind) {
	case TRACE_TABLE:
	case TRACE_STATE:
		feed_row(state, record, bytes);
		break;
	case TRACE_FORWARD:
	case TRACE_DROP:
		count_decision(state, record);
		break;
	case TRACE_MAIL:
		feed_mail(state, record, bytes);
		break;
	case TRACE_MAILBOX:
		mailboxes_feed(state->mailboxes, record, bytes);
		break;
	default:
		break;
	}
}

/* Printing: a section for each table that has rows, under each node. */

struct printing {
	const struct state *state;
	FILE *out;
	int64_t now_ns;
	uint32_t node;
	const char *title; /* of the section under way; printed before its first row */
	bool colour;
};

static void begin_row(struct printing *p)
{
	if (p->title != NULL)
		fprintf(p->out, "  %s\n", p->title);
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
	fprintf(p->out, "    %15s/%-2u  %s%-15s  %s\n",
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
	fprintf(p->out, "    %15s  %s  %-10s  %s\n", ipv4_print((uint32_t)row->object, address),
		state == ARP_INCOMPLETE ? "(unknown yet)    "
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
	fprintf(p->out, "    %s  port %-3" PRIu64 " %s\n",
		mac_print(mac_from_number(row->object), mac), row->after, name == NULL ? "" : name);
}

static void print_listener(struct printing *p, const struct row *row)
{
	if (row->after == 0)
		return;
	begin_row(p);
	fprintf(p->out, "    %s  %-12s  *:%-5" PRIu64 "  %s\n", view_layer_name(row->layer),
		row->layer == LAYER_TCP ? "LISTEN" : "OPEN", row->object, actor_name(row->actor));
}

static uint8_t actor_at(const struct printing *p, struct endpoint endpoint)
{
	return model_actor(p->state->model, endpoint.address, true, endpoint.port);
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
	fprintf(p->out, "    TCP  %-12s  %s - %s  %s with %s, since %.6f s\n",
		tcp_state_name((enum tcp_state)row->after), endpoint_print(here, local),
		endpoint_print(there, remote), actor_name(actor_at(p, here)), peer->str,
		(double)row->time_ns / 1e9);
	g_string_free(peer, TRUE);
}

static void print_dns_row(struct printing *p, const struct row *row)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(row->bytes, &length);
	GArray *records;
	struct dns_cache_entry entry;

	if ((int64_t)row->after <= p->now_ns)
		return;
	records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	if (dns_row_parse((struct bytes) { data, length }, &entry, records) == PARSE_OK) {
		char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

		begin_row(p);
		fprintf(p->out, "    %-28s %-5s", dns_name_print(entry.name, name),
			dns_type_print(entry.type, type));
		fprintf(p->out, " %-9s for %6.0f s more", dns_cache_kind_names[entry.kind],
			(double)((int64_t)row->after - p->now_ns) / 1e9);
		for (guint i = 0; i < records->len; i++) {
			GString *text = g_string_new(NULL);

			dns_data_print(&g_array_index(records, struct dns_record, i), text);
			fprintf(p->out, "%s %s", i == 0 ? " " : ",", text->str);
			g_string_free(text, TRUE);
		}
		fputc('\n', p->out);
	}
	g_array_free(records, TRUE);
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
	fprintf(p->out, "    %s%s; %" PRIu64 " packet%s\n", text->str,
		is_in_force ? "" : " (not in force)", row->packets, row->packets == 1 ? "" : "s");
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
	fprintf(p->out, "    %s; %" PRIu64 " packet%s\n", text->str, row->packets,
		row->packets == 1 ? "" : "s");
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
	fprintf(p->out, "    %s, since %.6f s\n", text->str, (double)row->time_ns / 1e9);
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

static void print_queue(struct printing *p)
{
	p->title = "mail queue (MTA)";
	for (guint i = 0; i < p->state->queued->len; i++) {
		const struct queued *queued = p->state->queued->pdata[i];

		if (queued->node != p->node)
			continue;
		begin_row(p);
		fprintf(p->out, "    %s  for %s, since %.6f s", queued->queue_id, queued->recipient,
			(double)queued->since_ns / 1e9);
		if (queued->reason != NULL)
			fprintf(p->out, "; next try at %.0f s: %s", (double)queued->next_ns / 1e9,
				queued->reason);
		fputc('\n', p->out);
	}
}

/* ", shared with bob@office.example (lrs)" for each user who may use it. */
static void print_shares(FILE *out, const struct mailbox_state *mailbox)
{
	for (guint i = 0; i < mailbox->shares->len; i++) {
		const struct mailbox_share *share = mailbox->shares->pdata[i];

		fprintf(out, "%s %s (", i == 0 ? ", shared with" : ",", share->with);
		for (unsigned bit = 0; MAILBOX_RIGHT_LETTERS[bit] != '\0'; bit++)
			if (share->rights & 1u << bit)
				fputc(MAILBOX_RIGHT_LETTERS[bit], out);
		fputc(')', out);
	}
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
		fprintf(p->out, "    %-28s %-10s %u message%s, %u unread", mailbox->owner,
			mailbox->name, mailbox->messages->len,
			mailbox->messages->len == 1 ? "" : "s", unseen);
		print_shares(p->out, mailbox);
		fputc('\n', p->out);
	}
}

static void print_node(struct printing *p)
{
	static const char *const kinds[] = {
		[NODE_HOST] = "host", [NODE_ROUTER] = "router", [NODE_SWITCH] = "switch"
	};
	const struct model_node *node = model_node(p->state->model, p->node);

	fprintf(p->out, "%s%s%s (%s) at %.6f s\n", p->colour ? "\033[1m" : "", node->name,
		p->colour ? "\033[0m" : "", kinds[node->kind], (double)p->now_ns / 1e9);
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		p->title = sections[i].title;
		for (guint k = 0; k < p->state->rows->len; k++) {
			const struct row *row = p->state->rows->pdata[k];

			if (row->node == p->node && row->layer == sections[i].layer &&
			    row->table == sections[i].table)
				sections[i].print(p, row);
		}
	}
	print_queue(p);
	print_mailboxes(p);
	fputc('\n', p->out);
}

void state_print(const struct state *state, FILE *out, int64_t now_ns, const bool *nodes,
		 bool colour)
{
	struct printing p = { .state = state, .out = out, .now_ns = now_ns, .colour = colour };

	for (p.node = 1; p.node <= model_node_count(state->model); p.node++)
		if (nodes == NULL || nodes[p.node])
			print_node(&p);
}
