/* What decided an expectation: records in words, and the packets that led to them. */
#include "app/expect_private.h"
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/names.h"
#include "views/sentence.h"

#define TEXT_CHARACTERS_MAX 120

/* ---- Packets ---- */

/* A record's number at its node: what its id is without the node. */
static guint number_of(uint64_t id)
{
	return (guint)(id & ((UINT64_C(1) << TRACE_NODE_SHIFT) - 1));
}

uint64_t expect_packet_of(const struct expect *expect, uint64_t id)
{
	uint32_t node = trace_node_of(id);
	const GArray *packets;

	if (expect->packets == NULL || node == 0 || node > expect->packets->len)
		return 0;
	packets = expect->packets->pdata[node - 1];
	return number_of(id) < packets->len ? g_array_index(packets, uint64_t, number_of(id)) : 0;
}

void expect_trace_packet(struct expect *expect, const struct trace_record *record)
{
	uint32_t node = trace_node_of(record->id);
	uint64_t packet = record->packet;
	GArray *packets;

	if (expect->packets == NULL || node == 0)
		return;
	if (packet == 0)
		packet = expect_packet_of(expect, record->cause);
	while (expect->packets->len < node)
		g_ptr_array_add(expect->packets, g_array_new(FALSE, TRUE, sizeof packet));
	packets = expect->packets->pdata[node - 1];
	if (packets->len <= number_of(record->id))
		g_array_set_size(packets, number_of(record->id) + 1);
	g_array_index(packets, uint64_t, number_of(record->id)) = packet;
}

/* ---- Words ---- */

/* Bytes as one line of text; NULs part what they hold. */
static void append_bytes(GString *out, struct bytes bytes)
{
	glong left = TEXT_CHARACTERS_MAX;

	while (bytes.length > 0 && left-- > 0) {
		const char *at = (const char *)bytes.data;
		gunichar character = g_utf8_get_char_validated(at, (gssize)bytes.length);
		bool is_text = character < (gunichar)-2 && g_unichar_isprint(character);

		if (is_text)
			g_string_append_unichar(out, character);
		else
			g_string_append_c(out, *at == '\0' ? ' ' : '.');
		bytes = bytes_from(bytes, is_text ? (size_t)(g_utf8_next_char(at) - at) : 1);
	}
}

/* What the details of these say of themselves; the whole message is not told. */
static bool has_short_bytes(const struct trace_record *record)
{
	switch (record->detail) {
	case MAIL_COMPOSED:
	case MAIL_OUTBOX:
	case MAIL_NOTIFIED:
	case MAIL_RETRIEVED:
	case MAIL_LISTED:
	case MAIL_SHOWN_READ:
	case MAIL_UNLISTED:
		return false;
	default:
		return true;
	}
}

static void append_mail(GString *out, const struct expect *expect,
			const struct trace_record *record, struct bytes bytes)
{
	const struct model_mail *mail = model_mail_of(expect->model, record, bytes);

	g_string_append_printf(out, "%s: %s", actor_name(record->actor), view_detail_name(record));
	if (mail != NULL)
		g_string_append_printf(out, " \"%s\"", mail->subject);
	if (record->detail == MAIL_CHECKED) {
		g_string_append(out, ": ");
		view_append_check(out, record, bytes);
	} else if (has_short_bytes(record) && bytes.length > 0) {
		g_string_append(out, ": ");
		append_bytes(out, bytes);
	}
}

static void append_mailbox(GString *out, const struct expect *expect,
			   const struct trace_record *record)
{
	const struct mailbox_state *mailbox = mailboxes_find(expect->mailboxes, record->object);

	if (mailbox != NULL)
		g_string_append_printf(out, "%s of %s: ", mailbox->name, mailbox->owner);
	g_string_append_printf(out, "%s, UID %u", view_detail_name(record),
			       (unsigned)record->before);
	if (mailbox != NULL)
		g_string_append_printf(out, ", holds %u", mailbox->messages->len);
}

static void append_connection(GString *out, const struct expect *expect,
			      const struct trace_record *record, struct bytes bytes)
{
	char host[SENTENCE_HOST_BYTES];

	g_string_append(out, "TCP connection");
	if (bytes.length == TCP_STATE_RECORD_BYTES)
		g_string_append_printf(out, " with %s port %u",
				       sentence_host(model_names(expect->model),
						     ip_address_from_ipv4(get_be32(bytes.data + 6)),
						     host),
				       get_be16(bytes.data + 10));
	g_string_append_printf(
	    out, ": %s → %s (%s)", tcp_state_name((enum tcp_state)record->before),
	    tcp_state_name((enum tcp_state)record->after), view_detail_name(record));
}

static void append_user(GString *out, const struct expect *expect,
			const struct trace_record *record, struct bytes bytes)
{
	const struct expect_action *action = g_hash_table_lookup(expect->actions, &record->object);

	if (record->detail == USER_HEARD)
		g_string_append(out, "hears: ");
	else if (action != NULL && record->kind == TRACE_STATE)
		g_string_append_printf(out, "%s: ", action->text);
	append_bytes(out, bytes);
}

/* "TCP: encapsulate, 32 B", "Filter: denied by rule 3" */
static void append_passage(GString *out, const struct trace_record *record)
{
	const char *detail = view_detail_name(record);

	g_string_append_printf(out, "%s: %s", view_layer_name(record->layer),
			       view_kind_name((enum trace_kind)record->kind));
	if (*detail != '\0')
		g_string_append_printf(out, ", %s", detail);
	if (record->layer == LAYER_FILTER)
		g_string_append_printf(out, ", rule %u", (unsigned)record->object);
	if (record->header_bytes > 0)
		g_string_append_printf(out, ", header %u B of %u B", record->header_bytes,
				       record->total_bytes);
}

static char *describe(const struct expect *expect, const struct trace_record *record,
		      struct bytes bytes)
{
	GString *out = g_string_new(expect_node_name(expect, trace_node_of(record->id)));

	g_string_append(out, "  ");
	if (record->kind == TRACE_MAIL)
		append_mail(out, expect, record, bytes);
	else if (record->kind == TRACE_MAILBOX)
		append_mailbox(out, expect, record);
	else if (record->kind == TRACE_STATE && record->layer == LAYER_TCP)
		append_connection(out, expect, record, bytes);
	else if (record->layer == LAYER_USER)
		append_user(out, expect, record, bytes);
	else if (record->kind == TRACE_TRANSMIT)
		sentence_append(out, expect->model, record->packet, bytes);
	else
		append_passage(out, record);
	return g_string_free(out, FALSE);
}

/* ---- Keeping ---- */

/* The list in which there is room for another of its sort; NULL: there is none, or nothing is kept. */
static GArray *list_for(struct judge *judge, bool is_contrary)
{
	GArray *list = is_contrary ? judge->contrary : judge->counted;

	if (list == NULL || judge->is_judged || (list->len == EVIDENCE_MAX && !is_contrary))
		return NULL;
	if (list->len == EVIDENCE_MAX) {
		g_free(g_array_index(list, struct evidence, 0).text);
		g_array_remove_index(list, 0);
	}
	return list;
}

void expect_witness_text(struct judge *judge, int64_t time_ns, uint64_t packet, bool is_contrary,
			 const char *text)
{
	GArray *list = list_for(judge, is_contrary);
	struct evidence evidence = { .time_ns = time_ns, .packet = packet };

	if (list == NULL)
		return;
	/* What was said may hold anything; nothing of it shall move the cursor of a terminal. */
	evidence.text = g_strdup(text);
	for (char *at = evidence.text; *at != '\0'; at++)
		if (g_ascii_iscntrl(*at))
			*at = '.';
	g_array_append_val(list, evidence);
}

/* Into a stream, by a program: it is in no packet yet. */
static bool is_written(const struct trace_record *record)
{
	return record->kind == TRACE_UNIT && !(record->flags & TRACE_INBOUND) &&
	       record->packet == 0;
}

void expect_witness(struct expect *expect, struct judge *judge, const struct trace_record *record,
		    struct bytes bytes, bool is_contrary)
{
	GArray *list = list_for(judge, is_contrary);
	struct evidence evidence = { .time_ns = record->time_ns };

	if (list == NULL)
		return;
	if (is_written(record)) {
		evidence.object = record->object;
		evidence.offset = record->before;
	} else {
		evidence.packet = expect_packet_of(expect, record->id);
	}
	evidence.text = describe(expect, record, bytes);
	g_array_append_val(list, evidence);
}

/* The packet that carried byte `offset` of a stream: of the last unit that begins at most there; 0: none. */
static uint64_t packet_at(const struct model_direction *direction, uint64_t object, uint64_t offset)
{
	uint64_t packet = 0;

	for (guint i = 0; i < direction->units->len; i++) {
		const struct model_unit *unit = direction->units->pdata[i];

		if (unit->object == object && unit->said_offset <= offset)
			packet = unit->packet;
	}
	return packet;
}

static uint64_t packet_of_stream(const struct model *model, uint64_t object, uint64_t offset)
{
	uint64_t packet = 0;

	for (unsigned i = 0; i < model_connection_count(model) && packet == 0; i++) {
		const struct model_connection *connection = model_connection(model, i);

		for (unsigned d = 0; d < G_N_ELEMENTS(connection->directions) && packet == 0; d++)
			packet = packet_at(&connection->directions[d], object, offset);
	}
	return packet;
}

void expect_find_frames(const struct expect *expect, GArray *list)
{
	for (guint i = 0; list != NULL && i < list->len; i++) {
		struct evidence *evidence = &g_array_index(list, struct evidence, i);

		if (evidence->object != 0)
			evidence->packet =
			    packet_of_stream(expect->model, evidence->object, evidence->offset);
		if (evidence->packet != 0)
			evidence->frame = model_frame(expect->model, evidence->packet);
	}
}
