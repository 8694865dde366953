/* Connections as an observer sees them: lines that are readable, handshakes, and sizes of the rest. */
#include "protocols/tls/dissect.h"
#include "views/eavesdrop_private.h"
#include "views/text.h"

#define RECORD_HEADER_BYTES   5
#define MESSAGE_HEADER_BYTES  4
#define HANDSHAKE_MESSAGE_MAX 65536 /* bytes that are waited for */
#define LINE_BYTES_MAX        4096  /* of a line that has not ended */

void eavesdrop_heard_clear(void *heard)
{
	g_free(((struct heard *)heard)->text);
}

static GArray *heard_new(void)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(struct heard));

	g_array_set_clear_func(array, eavesdrop_heard_clear);
	return array;
}

static void direction_init(struct heard_direction *direction)
{
	direction->line = g_string_new(NULL);
	direction->records = g_byte_array_new();
	direction->handshake = g_byte_array_new();
}

static struct heard_session *session_new(const struct model_connection *connection)
{
	struct heard_session *session = g_new0(struct heard_session, 1);

	session->number = connection->number;
	session->dissector = connection->dissector;
	session->opened_ns = connection->opened_ns;
	session->client = ip_address_from_ipv4(connection->client.address);
	session->server = ip_address_from_ipv4(connection->server.address);
	session->client_port = connection->client.port;
	session->server_port = connection->server.port;
	session->heard = heard_new();
	direction_init(&session->directions[0]);
	direction_init(&session->directions[1]);
	return session;
}

void eavesdrop_session_free(struct heard_session *session)
{
	for (unsigned i = 0; i < 2; i++) {
		g_string_free(session->directions[i].line, TRUE);
		g_byte_array_unref(session->directions[i].records);
		g_byte_array_unref(session->directions[i].handshake);
	}
	g_array_unref(session->heard);
	g_free(session);
}

struct heard_session *eavesdrop_session(struct eavesdrop *eavesdrop,
					const struct model_connection *connection)
{
	GPtrArray *sessions = eavesdrop->sessions;

	while (sessions->len < connection->number)
		g_ptr_array_add(sessions, session_new(connection));
	return sessions->pdata[connection->number - 1];
}

void eavesdrop_add(struct eavesdrop *eavesdrop, struct heard_session *session, enum heard_kind kind,
		   bool is_from_server, char *text)
{
	struct heard heard = {
		.kind = kind,
		.is_from_server = is_from_server,
		.time_ns = eavesdrop->now_ns,
		.frame = eavesdrop->frame,
		.text = text,
	};

	g_array_append_val(session->heard, heard);
}

/* ---- What is readable ---- */

static void end_line(struct eavesdrop *eavesdrop, struct heard_session *session,
		     bool is_from_server)
{
	GString *line = session->directions[is_from_server].line;
	GString *text = g_string_new(NULL);

	while (line->len > 0 && strchr("\r\n", line->str[line->len - 1]) != NULL)
		g_string_truncate(line, line->len - 1);
	text_append_printable(text, (struct bytes) { (const uint8_t *)line->str, line->len });
	eavesdrop_add(eavesdrop, session, HEARD_TEXT, is_from_server, g_string_free(text, FALSE));
	g_string_truncate(line, 0);
}

/* Lines may come in pieces. */
static void hear_text(struct eavesdrop *eavesdrop, struct heard_session *session,
		      const struct stream_said *said)
{
	GString *line = session->directions[said->is_from_server].line;

	for (size_t i = 0; i < said->bytes.length; i++) {
		g_string_append_c(line, (char)said->bytes.data[i]);
		if (said->bytes.data[i] == '\n' || line->len >= LINE_BYTES_MAX)
			end_line(eavesdrop, session, said->is_from_server);
	}
}

/* ---- TLS ---- */

/* Records of one side in a row are told of together. */
static void hide(struct eavesdrop *eavesdrop, struct heard_session *session, bool is_from_server,
		 size_t bytes)
{
	GArray *array = session->heard;
	struct heard *last =
	    array->len == 0 ? NULL : &g_array_index(array, struct heard, array->len - 1);

	if (last == NULL || last->kind != HEARD_HIDDEN || last->is_from_server != is_from_server) {
		eavesdrop_add(eavesdrop, session, HEARD_HIDDEN, is_from_server, NULL);
		last = &g_array_index(array, struct heard, array->len - 1);
	}
	last->bytes += bytes;
	last->amount++;
}

static void tell_content(struct eavesdrop *eavesdrop, struct heard_session *session,
			 bool is_from_server, unsigned content, struct bytes plaintext)
{
	struct dissect_unit unit;
	char names[DISSECT_TEXT_BYTES] = "";

	tls_dissect_content(content, plaintext, false, &unit);
	if (content == TLS_HANDSHAKE)
		tls_certificate_names(plaintext, names);
	eavesdrop_add(eavesdrop, session, HEARD_HANDSHAKE, is_from_server,
		      g_strconcat(unit.summary, *names == '\0' ? "" : "; for ", names, NULL));
}

/* Messages may be cut by records, and records hold several (RFC 8446 section 5.1). */
static void hear_handshake(struct eavesdrop *eavesdrop, struct heard_session *session,
			   bool is_from_server, struct bytes body)
{
	GByteArray *all = session->directions[is_from_server].handshake;

	if (all->len + body.length > HANDSHAKE_MESSAGE_MAX)
		g_byte_array_set_size(all, 0);
	g_byte_array_append(all, body.data, (guint)body.length);
	while (all->len >= MESSAGE_HEADER_BYTES) {
		guint length = MESSAGE_HEADER_BYTES + (get_be32(all->data) & 0xffffff);

		if (all->len < length)
			return;
		tell_content(eavesdrop, session, is_from_server, TLS_HANDSHAKE,
			     (struct bytes) { all->data, length });
		g_byte_array_remove_range(all, 0, length);
	}
}

/* Of TLS 1.3 a hello may come behind "change cipher spec", which says nothing there. */
static bool is_hello(struct bytes body)
{
	return body.length >= MESSAGE_HEADER_BYTES && (body.data[0] == 1 || body.data[0] == 2) &&
	       (get_be32(body.data) & 0xffffff) == body.length - MESSAGE_HEADER_BYTES;
}

static void hear_record(struct eavesdrop *eavesdrop, struct heard_session *session,
			bool is_from_server, struct bytes record)
{
	struct heard_direction *direction = &session->directions[is_from_server];
	unsigned content = record.data[0];
	struct bytes body = bytes_from(record, RECORD_HEADER_BYTES);

	if (content == TLS_APPLICATION_DATA ||
	    (direction->is_encrypted && !(content == TLS_HANDSHAKE && is_hello(body)))) {
		hide(eavesdrop, session, is_from_server, record.length);
	} else if (content == TLS_HANDSHAKE) {
		hear_handshake(eavesdrop, session, is_from_server, body);
	} else {
		tell_content(eavesdrop, session, is_from_server, content, body);
		direction->is_encrypted = content == TLS_CHANGE_CIPHER_SPEC;
	}
}

static void hear_tls(struct eavesdrop *eavesdrop, struct heard_session *session,
		     const struct stream_said *said)
{
	GByteArray *records = session->directions[said->is_from_server].records;

	if (!session->is_tls)
		session->is_tls_first = session->heard->len == 0;
	session->is_tls = true;
	g_byte_array_append(records, said->bytes.data, (guint)said->bytes.length);
	while (records->len >= RECORD_HEADER_BYTES) {
		guint length = RECORD_HEADER_BYTES + get_be16(records->data + 3);

		if (records->len < length)
			return;
		hear_record(eavesdrop, session, said->is_from_server,
			    (struct bytes) { records->data, length });
		g_byte_array_remove_range(records, 0, length);
	}
}

/* ---- What is known of it ---- */

const char *eavesdrop_name(const struct eavesdrop *eavesdrop, struct ip_address address)
{
	const struct view_names *names = address_names_view(eavesdrop->names);

	return names->of_address(names->owner, address);
}

const char *eavesdrop_ending(const struct heard_session *session)
{
	if (!session->is_answered)
		return session->was_reset ? "refused" : "never answered";
	if (session->was_reset)
		return "reset";
	return session->fins == 3 ? "closed by both sides" : "still open";
}

/* ---- Both ---- */

void eavesdrop_hear(struct eavesdrop *eavesdrop, const struct stream_said *said)
{
	struct heard_session *session = eavesdrop_session(eavesdrop, said->connection);

	if (said->dissector == &tls_dissector)
		hear_tls(eavesdrop, session, said);
	else if (said->dissector != NULL)
		hear_text(eavesdrop, session, said);
}

void eavesdrop_flush(struct eavesdrop *eavesdrop)
{
	for (guint i = 0; i < eavesdrop->sessions->len; i++) {
		struct heard_session *session = eavesdrop->sessions->pdata[i];

		for (unsigned d = 0; d < 2; d++)
			if (session->directions[d].line->len > 0)
				end_line(eavesdrop, session, d == 1);
	}
}
