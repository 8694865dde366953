#include "protocols/http/server.h"

#include "protocols/http/names.h"
#include "protocols/mail/message.h"

struct http_server {
	struct session base;
	struct http_server_config config;
	struct http_message *request; /* its head came; NULL: between requests */
	struct http_body body;
	bool is_persistent; /* after the request under way */
	bool is_receiving;  /* inside receive(): whoever drives the session is about to go on */
};

static struct http_server *server_of(struct session *session)
{
	return (struct http_server *)session;
}

static void expect_within(struct session *session, int64_t span_ns, bool is_background)
{
	session->deadline_ns = session->now_ns + span_ns;
	session->deadline_is_background = is_background;
}

static void write_reply(struct http_server *server, const struct http_reply *reply,
			bool leaves_content_out)
{
	struct session *session = &server->base;
	uint64_t from = session->produced_bytes;
	char *date = message_date(session->unix_time, 0);
	size_t date_bytes = strlen(date) - strlen("+0000");

	session_printf(session, "HTTP/1.1 %u %s\r\n", reply->status, http_reason(reply->status));
	/* IMF-fixdate (RFC 9110 section 5.6.7) has GMT where mail has +0000. */
	session_printf(session, "Date: %.*sGMT\r\n", (int)date_bytes, date);
	session_printf(session, "Server: %s\r\n", server->config.software);
	if (reply->fields != NULL)
		session_write(session, bytes_of(reply->fields));
	if (reply->content_type != NULL)
		session_printf(session, "Content-Type: %s\r\n", reply->content_type);
	session_printf(session, "Content-Length: %zu\r\n", reply->content.length);
	session_printf(session, "Connection: %s\r\n\r\n",
		       server->is_persistent ? "keep-alive" : "close");
	session_note(session,
		     &(struct note) {
			 .kind = TRACE_UNIT,
			 .detail = (uint16_t)(HTTP_INFORMATIONAL + reply->status / 100 - 1),
			 .before = from,
			 .after = session->produced_bytes - from,
			 .root = reply->root,
		     });
	if (reply->content.length > 0 && !leaves_content_out) {
		from = session->produced_bytes;
		session_write(session, reply->content);
		session_note(session, &(struct note) {
					  .kind = TRACE_UNIT,
					  .detail = HTTP_CONTENT,
					  .before = from,
					  .after = session->produced_bytes - from,
					  .root = reply->root,
				      });
	}
	g_free(date);
}

/* What is wrong is told, and the connection given up: where the next request begins is not known. */
static void refuse(struct http_server *server, unsigned status)
{
	char *text = g_strdup_printf("%u %s\n", status, http_reason(status));

	server->is_persistent = false;
	write_reply(server,
		    &(struct http_reply) { .status = status,
					   .content_type = "text/plain; charset=utf-8",
					   .content = bytes_of(text) },
		    false);
	server->base.is_closing = true;
	g_free(text);
}

void http_server_answer(struct http_server *server, const struct http_reply *reply)
{
	struct session *session = &server->base;
	bool is_receiving = server->is_receiving;
	bool is_head = g_str_equal(server->request->method, "HEAD");

	if (!is_receiving)
		session_tick(session);
	write_reply(server, reply, is_head);
	g_clear_pointer(&server->request, http_message_free);
	session->is_waiting = false;
	session->is_closing = !server->is_persistent;
	expect_within(session, HTTP_SERVER_IDLE_NS, true);
	if (!is_receiving)
		session_wake(session);
}

static void hand_over(struct http_server *server)
{
	server->base.is_waiting = true;
	server->base.deadline_ns = TIME_NEVER;
	server->config.requested(server->config.owner, server, server->request);
}

/* RFC 9110 section 10.1.1: a client that asks hears that its content is welcome. */
static unsigned meet_expectation(struct http_server *server)
{
	const char *expectation = http_field(server->request, "Expect");
	struct session *session = &server->base;

	if (expectation == NULL || server->request->minor_version == 0)
		return 0;
	if (g_ascii_strcasecmp(expectation, "100-continue") != 0)
		return 417;
	if (!server->body.is_done) {
		uint64_t from = session->produced_bytes;

		session_printf(session, "HTTP/1.1 100 Continue\r\n\r\n");
		session_note_output(session, HTTP_INFORMATIONAL, from);
	}
	return 0;
}

static size_t content_limit(const struct http_server *server)
{
	return server->config.content_bytes_max != 0 ? server->config.content_bytes_max
						     : HTTP_SERVER_CONTENT_BYTES;
}

static size_t receive_head(struct http_server *server, struct bytes in)
{
	struct session *session = &server->base;
	size_t skip = 0, length;
	unsigned problem;

	/* RFC 9112 section 2.2: an empty line or two before a request is overlooked. */
	while (skip < in.length && (in.data[skip] == '\r' || in.data[skip] == '\n'))
		skip++;
	in = bytes_from(in, skip);
	length = http_head_length(in);
	if (length == 0 && in.length <= HTTP_HEAD_BYTES_MAX) {
		if (in.length > 0)
			expect_within(session, HTTP_REQUEST_TIMEOUT_NS, false);
		return skip;
	}
	if (length == 0 || length > HTTP_HEAD_BYTES_MAX) {
		session_note_input(session, HTTP_UNKNOWN, skip, in.length);
		refuse(server, 431);
		return skip + in.length;
	}
	session_note_input(session, http_detail_of(bytes_first(in, length), false), skip, length);
	problem = http_head_parse(bytes_first(in, length), false, &server->request);
	if (problem == 0)
		problem = http_body_init(&server->body, server->request, false);
	if (problem == 0 && server->body.framing == HTTP_BY_LENGTH &&
	    server->body.left > content_limit(server))
		problem = 413;
	if (problem == 0)
		problem = meet_expectation(server);
	if (problem != 0) {
		refuse(server, problem);
		return skip + length;
	}
	server->is_persistent = http_is_persistent(server->request);
	expect_within(session, HTTP_REQUEST_TIMEOUT_NS, false);
	if (server->body.is_done)
		hand_over(server);
	return skip + length;
}

static size_t receive_content(struct http_server *server, struct bytes in)
{
	size_t consumed;
	unsigned problem = http_body_feed(&server->body, in, server->request->content,
					  content_limit(server), &consumed);

	if (problem != 0)
		consumed = in.length;
	if (consumed > 0)
		session_note_input(&server->base, HTTP_CONTENT, 0, consumed);
	if (problem != 0)
		refuse(server, problem);
	else if (server->body.is_done)
		hand_over(server);
	else
		expect_within(&server->base, HTTP_REQUEST_TIMEOUT_NS, false);
	return consumed;
}

static size_t receive(struct session *session, struct bytes in)
{
	struct http_server *server = server_of(session);
	size_t consumed;

	server->is_receiving = true;
	consumed = server->request == NULL ? receive_head(server, in) : receive_content(server, in);
	server->is_receiving = false;
	return consumed;
}

static void opened(struct session *session)
{
	expect_within(session, HTTP_SERVER_IDLE_NS, true);
}

/* A half-closed client still hears its answer. */
static void ended(struct session *session)
{
	struct http_server *server = server_of(session);

	if (session->is_waiting)
		server->is_persistent = false;
	else
		session->is_closing = true;
}

static void expired(struct session *session)
{
	session->deadline_ns = TIME_NEVER;
	if (session->deadline_is_background)
		session->is_closing = true;
	else
		refuse(server_of(session), 408);
}

static void server_free(struct session *session)
{
	struct http_server *server = server_of(session);

	http_message_free(server->request);
	session_clear(session);
	g_free(server);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.ended = ended,
	.expired = expired,
	.free = server_free,
};

struct session *http_server_new(const struct http_server_config *config)
{
	struct http_server *server = g_new0(struct http_server, 1);

	session_init(&server->base, &operations);
	server->config = *config;
	return &server->base;
}
