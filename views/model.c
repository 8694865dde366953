#include "views/model.h"

#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/layer.h"
#include "stack/tcp/names.h"
#include "views/crossing.h"
#include "views/mail_text.h"
#include "views/model_private.h"
#include "views/names.h"

static const char *name_of_mac(const void *owner, struct mac mac)
{
	return model_name_of_mac(owner, mac);
}

static const char *name_of_address(const void *owner, struct ip_address address)
{
	return ip_address_is_ipv4(address) ? model_name_of_address(owner, ip_address_ipv4(address))
					   : NULL;
}

static const char *name_of_port(const void *owner, struct ip_address address, bool is_tcp,
				uint16_t port)
{
	uint8_t actor = ACTOR_NONE;

	if (ip_address_is_ipv4(address))
		actor = model_actor(owner, ip_address_ipv4(address), is_tcp, port);
	return actor == ACTOR_NONE ? NULL : actor_name(actor);
}

struct model *model_new(const struct dissector *const *dissectors)
{
	struct model *model = g_new0(struct model, 1);

	model->names = (struct view_names) { model, name_of_mac, name_of_address, name_of_port };
	model->nodes = g_ptr_array_new();
	model->macs = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL);
	model->addresses = g_hash_table_new(NULL, NULL);
	model->frames = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL);
	model->sockets = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL);
	model->mails = g_ptr_array_new();
	model->mails_by_id = g_hash_table_new(g_str_hash, g_str_equal);
	model->mails_by_root = g_hash_table_new(trace_id_hash, g_int64_equal);
	model->lines = lines_new();
	model->segments = sent_segments_new();
	conversations_init(&model->conversations, dissectors);
	return model;
}

static void interface_free(gpointer data)
{
	struct model_interface *interface = data;

	if (interface == NULL)
		return;
	g_free(interface->name);
	g_free(interface->label);
	g_free(interface->network);
	g_free(interface);
}

static void node_free(struct model_node *node)
{
	g_free(node->name);
	g_ptr_array_foreach(node->interfaces, (GFunc)(void (*)(void))interface_free, NULL);
	g_ptr_array_free(node->interfaces, TRUE);
	g_free(node);
}

static void mail_free(struct model_mail *mail)
{
	g_free(mail->from);
	g_free(mail->to);
	g_free(mail->subject);
	g_free(mail->message_id);
	g_free(mail);
}

void model_free(struct model *model)
{
	if (model == NULL)
		return;
	for (guint i = 0; i < model->nodes->len; i++)
		node_free(model->nodes->pdata[i]);
	for (guint i = 0; i < model->mails->len; i++)
		mail_free(model->mails->pdata[i]);
	g_ptr_array_free(model->nodes, TRUE);
	g_hash_table_destroy(model->mails_by_root);
	g_hash_table_destroy(model->mails_by_id);
	g_ptr_array_free(model->mails, TRUE);
	g_hash_table_destroy(model->macs);
	g_hash_table_destroy(model->addresses);
	g_hash_table_destroy(model->frames);
	g_hash_table_destroy(model->sockets);
	conversations_clear(&model->conversations);
	sent_segments_free(model->segments);
	lines_free(model->lines);
	g_free(model);
}

/* Who is who. */

static void feed_node(struct model *model, const struct trace_record *record, struct bytes bytes)
{
	struct model_node *node = g_new0(struct model_node, 1);

	node->name = bytes_to_text(bytes);
	node->kind = (enum node_kind)record->detail;
	node->interfaces = g_ptr_array_new();
	g_ptr_array_add(model->nodes, node);
}

static struct model_node *node_at(const struct model *model, uint32_t node)
{
	return node == 0 || node > model->nodes->len ? NULL : model->nodes->pdata[node - 1];
}

/* MAC 6, IPv4 4, prefix length 1, name. */
static void feed_interface(struct model *model, const struct trace_record *record,
			   struct bytes bytes)
{
	struct model_node *node = node_at(model, trace_node_of(record->id));
	struct model_interface *interface;

	if (node == NULL || bytes.length < 11 || record->interface == 0)
		return;
	if (node->interfaces->len < record->interface)
		g_ptr_array_set_size(node->interfaces, record->interface);
	interface = g_new0(struct model_interface, 1);
	interface_free(node->interfaces->pdata[record->interface - 1]);
	node->interfaces->pdata[record->interface - 1] = interface;
	memcpy(interface->mac.octets, bytes.data, 6);
	interface->address = get_be32(bytes.data + 6);
	interface->prefix_length = bytes.data[10];
	interface->name = bytes_to_text(bytes_from(bytes, 11));
	interface->label = g_strdup_printf("%s:%s", node->name, interface->name);

	uint64_t *key = g_new(uint64_t, 1);

	*key = mac_number(interface->mac);
	g_hash_table_insert(model->macs, key, node);
	if (interface->address != 0)
		g_hash_table_insert(model->addresses, GUINT_TO_POINTER(interface->address), node);
}

static void plug_in(struct model *model, uint64_t link, uint64_t end, uint64_t peer,
		    struct bytes network)
{
	struct model_interface *interface =
	    (struct model_interface *)model_interface(model, (uint32_t)(end >> 16), end & 0xffff);

	if (interface == NULL)
		return;
	interface->link = link;
	interface->peer = peer;
	g_free(interface->network);
	interface->network = bytes_to_text(network);
}

static void feed_link(struct model *model, const struct trace_record *record, struct bytes bytes)
{
	plug_in(model, record->object, record->before, record->after, bytes);
	plug_in(model, record->object, record->after, record->before, bytes);
}

const struct model_node *model_node(const struct model *model, uint32_t node)
{
	return node_at(model, node);
}

unsigned model_node_count(const struct model *model)
{
	return model->nodes->len;
}

const char *model_node_name(const struct model *model, uint32_t node)
{
	const struct model_node *found = node_at(model, node);

	return found == NULL ? "?" : found->name;
}

const struct model_interface *model_interface(const struct model *model, uint32_t node,
					      unsigned interface)
{
	const struct model_node *found = node_at(model, node);

	if (found == NULL || interface == 0 || interface > found->interfaces->len)
		return NULL;
	return found->interfaces->pdata[interface - 1];
}

uint32_t model_find_node(const struct model *model, const char *name)
{
	for (guint i = 0; i < model->nodes->len; i++)
		if (strcmp(((struct model_node *)model->nodes->pdata[i])->name, name) == 0)
			return i + 1;
	return 0;
}

const char *model_name_of_mac(const struct model *model, struct mac mac)
{
	uint64_t key = mac_number(mac); /* 0: ports of switches have none */
	const struct model_node *node = key == 0 ? NULL : g_hash_table_lookup(model->macs, &key);

	return node == NULL ? NULL : node->name;
}

const char *model_name_of_address(const struct model *model, uint32_t address)
{
	const struct model_node *node =
	    g_hash_table_lookup(model->addresses, GUINT_TO_POINTER(address));

	return node == NULL ? NULL : node->name;
}

/* Which frame is which: frames of the default capture are counted, one for each packet. */

static void count_frame(struct model *model, uint64_t packet, const struct sent_segment *segment)
{
	uint64_t *key = g_new(uint64_t, 1);
	gsize sent = MODEL_SENT(++model->frame_count, segment->is_again, segment->why);

	*key = packet;
	g_hash_table_insert(model->frames, key, GSIZE_TO_POINTER(sent));
	model->retransmissions += segment->is_again;
}

static gsize sent_of(const struct model *model, uint64_t packet)
{
	return GPOINTER_TO_SIZE(g_hash_table_lookup(model->frames, &packet));
}

uint64_t model_frame(const struct model *model, uint64_t packet)
{
	return sent_of(model, packet) / MODEL_SENT(1, 0, 0);
}

bool model_is_again(const struct model *model, uint64_t packet)
{
	return (sent_of(model, packet) & MODEL_SENT(0, 1, 0)) != 0;
}

uint8_t model_why(const struct model *model, uint64_t packet)
{
	const struct sent_segment *unsent = sent_segments_find(model->segments, packet);

	return unsent != NULL ? unsent->why : (uint8_t)sent_of(model, packet);
}

uint64_t model_retransmissions(const struct model *model)
{
	return model->retransmissions;
}

uint64_t model_frame_count(const struct model *model)
{
	return model->frame_count;
}

/* Whose socket is whose: programs open them, and the records of that name the program. */

static uint64_t socket_key(uint32_t address, bool is_tcp, uint16_t port)
{
	return (uint64_t)address << 32 | (uint64_t)is_tcp << 16 | port;
}

static void keep_socket(struct model *model, uint32_t address, bool is_tcp, uint16_t port,
			uint8_t actor)
{
	uint64_t *key = g_new(uint64_t, 1);

	*key = socket_key(address, is_tcp, port);
	g_hash_table_insert(model->sockets, key, GUINT_TO_POINTER(actor));
}

/* A listener, or a UDP socket, at all addresses of its host. What it did is told of when it is closed. */
static void feed_socket(struct model *model, const struct trace_record *record)
{
	const struct model_node *node = node_at(model, trace_node_of(record->id));

	if (node == NULL || record->after == 0)
		return;
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *interface = node->interfaces->pdata[i];

		if (interface != NULL && interface->address != 0)
			keep_socket(model, interface->address, record->layer == LAYER_TCP,
				    (uint16_t)record->object, record->actor);
	}
}

/* A connection that a program opens. */
static void feed_tcp_state(struct model *model, const struct trace_record *record,
			   struct bytes bytes)
{
	if (record->after == TCP_SYN_SENT && bytes.length == TCP_STATE_RECORD_BYTES)
		keep_socket(model, get_be32(bytes.data), true, get_be16(bytes.data + 4),
			    record->actor);
}

uint8_t model_actor(const struct model *model, uint32_t address, bool is_tcp, uint16_t port)
{
	uint64_t key = socket_key(address, is_tcp, port);

	return (uint8_t)GPOINTER_TO_UINT(g_hash_table_lookup(model->sockets, &key));
}

static uint8_t actor_at(const struct model *model, struct endpoint endpoint)
{
	return model_actor(model, endpoint.address, true, endpoint.port);
}

static void feed_frame(struct model *model, const struct trace_record *record, struct bytes bytes,
		       const struct sent_segment *segment)
{
	const GPtrArray *connections = model->conversations.connections;
	guint known = connections->len;

	conversations_feed_frame(&model->conversations, record, bytes, segment);
	if (connections->len == known)
		return;
	struct model_connection *connection = connections->pdata[known];

	connection->actors[0] = actor_at(model, connection->client);
	connection->actors[1] = actor_at(model, connection->server);
}

static void feed_transmit(struct model *model, const struct trace_record *record,
			  struct bytes frame)
{
	struct sent_segment segment = { .object = 0 };

	if (!(record->flags & TRACE_FIRST))
		return;
	sent_segments_leave(model->segments, record->packet, true, &segment);
	count_frame(model, record->packet, &segment);
	feed_frame(model, record, frame, &segment);
}

static void feed_loopback(struct model *model, const struct trace_record *record,
			  struct bytes datagram)
{
	struct sent_segment segment = { .object = 0 };
	GByteArray *frame;

	if (record->flags & TRACE_INBOUND)
		return;
	frame = crossing_wrap(datagram);
	sent_segments_leave(model->segments, record->packet, false, &segment);
	feed_frame(model, record, (struct bytes) { frame->data, frame->len }, &segment);
	g_byte_array_unref(frame);
}

/* Messages. */

/* To, and behind it Cc. */
static char *recipients_text(struct bytes message)
{
	g_autofree char *to = mail_text_header(message, "To");
	g_autofree char *cc = mail_text_header(message, "Cc");

	return *cc == '\0' ? g_steal_pointer(&to)
			   : g_strconcat(to, *to == '\0' ? "" : ", ", "cc ", cc, NULL);
}

static void feed_mail(struct model *model, const struct trace_record *record, struct bytes bytes)
{
	if ((record->detail != MAIL_COMPOSED && record->detail != MAIL_NOTIFIED) ||
	    model_mail_by_root(model, record->root) != NULL)
		return;
	struct model_mail *mail = g_new0(struct model_mail, 1);

	g_ptr_array_add(model->mails, mail);
	mail->number = model->mails->len;
	mail->root = record->root;
	g_hash_table_insert(model->mails_by_root, &mail->root, mail);
	mail->object = record->object;
	mail->composed_ns = record->time_ns;
	mail->size_bytes = bytes.length;
	mail->node = trace_node_of(record->id);
	mail->from = mail_text_header(bytes, "From");
	mail->to = recipients_text(bytes);
	mail->subject = mail_text_header(bytes, "Subject");
	mail->message_id = mail_text_header(bytes, "Message-ID");
	if (!g_hash_table_contains(model->mails_by_id, mail->message_id))
		g_hash_table_insert(model->mails_by_id, mail->message_id, mail);
}

unsigned model_mail_count(const struct model *model)
{
	return model->mails->len;
}

const struct model_mail *model_mail(const struct model *model, unsigned index)
{
	return index < model->mails->len ? model->mails->pdata[index] : NULL;
}

const struct model_mail *model_mail_by_root(const struct model *model, uint64_t root)
{
	return g_hash_table_lookup(model->mails_by_root, &root);
}

const struct model_mail *model_mail_of(const struct model *model, const struct trace_record *record,
				       struct bytes bytes)
{
	struct bytes id = mail_record_message_id(record->detail, bytes);
	char *text;

	if (id.data == NULL)
		return model_mail_by_root(model, record->root);
	text = bytes_to_text(id);
	const struct model_mail *mail = g_hash_table_lookup(model->mails_by_id, text);
	g_free(text);
	return mail;
}

static void feed_translation(struct model *model, const struct trace_record *record)
{
	const struct model_interface *interface =
	    model_interface(model, trace_node_of(record->id), record->interface);

	/* What was translated is looked at when the mapping has expired, too. */
	if (interface == NULL || record->after == 0 ||
	    record->object >> 16 != IP_PROTOCOL_NUMBER_TCP)
		return;
	conversations_translate(&model->conversations,
				(struct endpoint) { interface->address, (uint16_t)record->object },
				record->after);
}

void model_feed(struct model *model, const struct trace_record *record, struct bytes bytes)
{
	lines_feed(model->lines, record, bytes);
	switch (record->kind) {
	case TRACE_NODE:
		feed_node(model, record, bytes);
		break;
	case TRACE_INTERFACE:
		feed_interface(model, record, bytes);
		break;
	case TRACE_LINK:
		feed_link(model, record, bytes);
		break;
	case TRACE_TRANSMIT:
		feed_transmit(model, record, bytes);
		break;
	case TRACE_LOOPBACK:
		feed_loopback(model, record, bytes);
		break;
	case TRACE_TABLE:
		if (record->layer == LAYER_NAT)
			feed_translation(model, record);
		else if (record->layer == LAYER_TCP || record->layer == LAYER_UDP)
			feed_socket(model, record);
		break;
	case TRACE_UNIT:
		if (record->layer == LAYER_TLS)
			conversations_feed_tls(&model->conversations, record, bytes);
		else
			conversations_feed_unit(&model->conversations, record);
		break;
	case TRACE_STATE:
		if (record->layer == LAYER_TCP)
			feed_tcp_state(model, record, bytes);
		else if (record->layer == LAYER_TLS)
			conversations_feed_tls(&model->conversations, record, bytes);
		break;
	case TRACE_ENCAPSULATE:
		sent_segments_make(model->segments, record, bytes);
		break;
	case TRACE_MAIL:
		feed_mail(model, record, bytes);
		break;
	default:
		break;
	}
}

const struct lines *model_lines(const struct model *model)
{
	return model->lines;
}

/* Connections. */

unsigned model_connection_count(const struct model *model)
{
	return model->conversations.connections->len;
}

const struct model_connection *model_connection(const struct model *model, unsigned index)
{
	return model->conversations.connections->pdata[index];
}

bool model_find_segment(const struct model *model, struct bytes frame,
			struct model_segment *segment)
{
	return conversations_find(&model->conversations, frame, segment);
}

const struct view_names *model_names(const struct model *model)
{
	return &model->names;
}

void model_account_packet(const struct model *model, uint64_t packet, struct bytes frame,
			  struct decode *decode, struct model_segment *segment,
			  struct account *account)
{
	model_account(model, frame, decode, segment, account);
	if (account->segment != NULL)
		segment->why = model_why(model, packet);
}

void model_account(const struct model *model, struct bytes frame, struct decode *decode,
		   struct model_segment *segment, struct account *account)
{
	decode_packet(frame, &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET },
		      decode);
	*account = (struct account) {
		.decode = decode,
		.names = &model->names,
		.segment = model_find_segment(model, frame, segment) ? segment : NULL,
		.dissectors = model->conversations.dissectors,
	};
}
