/* Mail data at the server: DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030). */
#include "protocols/mail/lines.h"
#include "protocols/smtp/server_session.h"

static size_t size_limit(const struct smtp_server *server)
{
	return server->config->size_limit == 0 ? G_MAXUINT - 1 : server->config->size_limit;
}

/* RFC 3848, RFC 6531 section 4.3: by UTF-8, TLS and AUTH. */
static const char *protocol_of(const struct smtp_server *server)
{
	static const char *const names[2][2][2] = {
		{{ "ESMTP", "ESMTPA" },        { "ESMTPS", "ESMTPSA" }      },
		{ { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" }},
	};

	if (!server->is_extended)
		return "SMTP";
	return names[server->wish.is_utf8][server->session.protection != NULL]
		    [server->login != NULL];
}

struct smtp_arrival smtp_server_arrival(const struct smtp_server *server)
{
	struct smtp_arrival arrival = {
		.transaction = server->transactions,
		.sender = server->sender,
		.wish = server->wish,
		.is_8bit = server->is_8bit,
		.protocol = protocol_of(server),
		.helo = server->helo,
		.client_name = server->client_name != NULL ? server->client_name : "unknown",
		.client_address = server->client_address,
		.login = server->login,
		.protection = server->session.protection,
	};

	if (server->recipients != NULL) {
		arrival.recipients = (const char *const *)server->recipients->pdata;
		arrival.wishes =
		    (const struct smtp_recipient_wish *)(const void *)server->wishes->data;
		arrival.recipient_count = server->recipients->len;
	}
	return arrival;
}

/* The message has come whole: offers it to the environment. */
static void offer_message(struct smtp_server *server)
{
	const struct smtp_server_config *config = server->config;
	GBytes *data = g_byte_array_free_to_bytes(g_steal_pointer(&server->data));
	struct smtp_arrival arrival = smtp_server_arrival(server);

	arrival.data = data;
	smtp_server_ask(server, SMTP_ASKED_MESSAGE);
	config->environment->accept_message(server->owner, server, &arrival);
	g_bytes_unref(data);
}

static void begin_message(struct smtp_server *server)
{
	server->data = g_byte_array_new();
	server->data_state = SMTP_LINE_START;
	smtp_server_note_phase(server, PHASE_TRANSFER);
}

void smtp_server_finish_message(struct smtp_server *server)
{
	if (!server->is_oversized) {
		offer_message(server);
		return;
	}
	smtp_server_reply(server, "552 5.3.4 Error: message file too big");
	smtp_server_reset(server);
}

static void finish_message(struct smtp_server *server)
{
	if (!smtp_server_meet_fault(server, SMTP_MESSAGE, NULL, (struct bytes) { NULL, 0 }))
		smtp_server_finish_message(server);
}

/* A fault: the connection breaks in the middle of the message. */
static bool breaks_off(struct smtp_server *server)
{
	if (!server->resets_message || server->data->len <= server->reset_after)
		return false;
	smtp_server_note_phase(server, PHASE_FAILED);
	smtp_server_enter(server, SMTP_OVER);
	server->session.is_aborted = true;
	return true;
}

void smtp_server_begin_data(struct smtp_server *server)
{
	smtp_server_reply(server, "354 End data with <CR><LF>.<CR><LF>");
	smtp_server_enter(server, SMTP_IN_DATA);
}

size_t smtp_server_receive_data(struct smtp_server *server, struct bytes in)
{
	size_t taken;

	if (server->data == NULL) {
		begin_message(server);
		server->data_from = server->session.received_bytes;
	}
	taken = smtp_data_decode(&server->data_state, in, server->data, size_limit(server),
				 &server->is_oversized);
	if (breaks_off(server))
		return taken;
	if (server->data_state == SMTP_DATA_END) {
		smtp_server_note_since(server, SMTP_MESSAGE, server->data_from, taken);
		finish_message(server);
	}
	return taken;
}

/* Why a chunk cannot be kept; it is read all the same (RFC 3030 section 2). NULL: it can. */
static const char *chunk_refusal(const struct smtp_server *server)
{
	if (server->sender == NULL)
		return "503 5.5.1 Error: need MAIL command";
	if (server->recipients == NULL)
		return "554 5.5.1 Error: no valid recipients";
	if (server->is_oversized ||
	    (server->data != NULL && server->data->len > size_limit(server)))
		return "552 5.3.4 Error: message file too big";
	return NULL;
}

static void keep_chunk(struct smtp_server *server, struct bytes octets)
{
	if (server->data->len + octets.length <= size_limit(server))
		lines_append(server->data, octets);
	else
		server->is_oversized = true;
}

static void finish_chunk(struct smtp_server *server, size_t chunk_bytes)
{
	if (server->chunk_refusal == NULL && server->is_oversized)
		server->chunk_refusal = chunk_refusal(server);
	if (server->chunk_refusal != NULL) {
		smtp_server_reply(server, "%s", server->chunk_refusal);
		smtp_server_enter(server, server->state_before_chunk);
		smtp_server_reset(server);
	} else if (server->is_last_chunk) {
		finish_message(server);
	} else {
		smtp_server_reply(server, "250 2.0.0 Ok: %zu bytes", chunk_bytes);
		smtp_server_enter(server, SMTP_HAS_CHUNK);
	}
}

/* bdat-cmd = "BDAT" SP chunk-size [ SP "LAST" ] CR LF */
void smtp_server_begin_chunk(struct smtp_server *server, struct bytes argument)
{
	const uint8_t *blank = bytes_find_byte(argument, ' ');
	size_t digits = blank == NULL ? argument.length : (size_t)(blank - argument.data);
	struct bytes rest = bytes_from(argument, digits == argument.length ? digits : digits + 1);

	if (!smtp_number_parse(bytes_first(argument, digits), &server->chunk_bytes) ||
	    (rest.length > 0 && !smtp_keyword_is(rest, "LAST"))) {
		/* Without a size nobody knows where commands go on. */
		smtp_server_reply(server, "501 5.5.4 Syntax: BDAT count [LAST]");
		smtp_server_give_up(server, "4.7.0 Error: cannot tell where the chunk ends");
		return;
	}
	server->is_last_chunk = rest.length > 0;
	server->chunk_refusal = chunk_refusal(server);
	server->data_from = 0;
	if (server->chunk_refusal == NULL && server->data == NULL)
		begin_message(server);
	server->state_before_chunk = server->state;
	smtp_server_enter(server, SMTP_IN_CHUNK);
	if (server->chunk_bytes == 0)
		finish_chunk(server, 0);
}

size_t smtp_server_receive_chunk(struct smtp_server *server, struct bytes in)
{
	struct bytes octets = bytes_first(in, server->chunk_bytes);

	if (server->data_from == 0)
		server->data_from = server->session.received_bytes;
	if (server->chunk_refusal == NULL)
		keep_chunk(server, octets);
	if (server->data != NULL && breaks_off(server))
		return octets.length;
	server->chunk_bytes -= octets.length;
	if (server->chunk_bytes == 0) {
		uint64_t end = server->session.received_bytes + octets.length;

		smtp_server_note_since(server, SMTP_CHUNK, server->data_from, octets.length);
		finish_chunk(server, (size_t)(end - server->data_from));
	}
	return octets.length;
}
