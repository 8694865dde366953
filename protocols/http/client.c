#include "protocols/http/client.h"

#include "protocols/http/names.h"

struct http_client {
	struct session base;
	struct http_client_config config;
	bool is_open;        /* the stream is */
	bool is_asking;      /* a request is under way */
	bool is_head;        /* that of the method HEAD */
	bool is_leaving;     /* the connection ends behind the answer */
	bool is_called;      /* by its driver, who is about to go on */
	GByteArray *waiting; /* a request made before the stream was open; NULL: none */
	enum http_detail waiting_detail;
	size_t waiting_head_bytes;
	struct http_message *response; /* its head came; NULL: it did not */
	struct http_body body;
};

static struct http_client *client_of(struct session *session)
{
	return (struct http_client *)session;
}

bool http_client_is_free(const struct http_client *client)
{
	return !client->is_asking && !client->is_leaving && !session_is_over(&client->base);
}

static void send_waiting(struct http_client *client)
{
	struct session *session = &client->base;
	uint64_t from = session->produced_bytes;
	struct bytes all = { client->waiting->data, client->waiting->len };

	session_write(session, bytes_first(all, client->waiting_head_bytes));
	session_note_output(session, client->waiting_detail, from);
	all = bytes_from(all, client->waiting_head_bytes);
	if (all.length > 0) {
		from = session->produced_bytes;
		session_write(session, all);
		session_note_output(session, HTTP_CONTENT, from);
	}
	g_clear_pointer(&client->waiting, g_byte_array_unref);
	session->deadline_ns = session->now_ns + HTTP_RESPONSE_TIMEOUT_NS;
	session->deadline_is_background = false;
}

void http_client_request(struct http_client *client, const struct http_request *request)
{
	struct session *session = &client->base;
	GString *text = g_string_new(NULL);
	bool is_called = client->is_called;

	g_assert(http_client_is_free(client));
	g_string_append_printf(text, "%s %s HTTP/1.1\r\nHost: %s\r\n", request->method,
			       request->target, request->host);
	if (request->fields != NULL)
		g_string_append(text, request->fields);
	if (request->content_type != NULL)
		g_string_append_printf(text, "Content-Type: %s\r\nContent-Length: %zu\r\n",
				       request->content_type, request->content.length);
	g_string_append(text, "\r\n");
	client->waiting_head_bytes = text->len;
	if (request->content_type != NULL)
		g_string_append_len(text, (const char *)request->content.data,
				    (gssize)request->content.length);
	client->waiting_detail =
	    http_detail_of((struct bytes) { (const uint8_t *)text->str, text->len }, false);
	client->waiting = g_bytes_unref_to_array(g_string_free_to_bytes(text));
	client->is_asking = true;
	client->is_head = g_str_equal(request->method, "HEAD");
	if (!client->is_open)
		return;
	if (!is_called)
		session_tick(session);
	send_waiting(client);
	if (!is_called)
		session_wake(session);
}

void http_client_close(struct http_client *client)
{
	client->is_leaving = true;
	if (client->is_asking)
		return;
	client->base.is_closing = true;
	if (!client->is_called)
		session_wake(&client->base);
}

/* The request under way is done with. */
static void answer(struct http_client *client, struct http_message *response)
{
	struct session *session = &client->base;

	client->is_asking = false;
	client->response = NULL;
	session->deadline_ns = session->now_ns + HTTP_CLIENT_IDLE_NS;
	session->deadline_is_background = true;
	if (response == NULL || !http_is_persistent(response) ||
	    client->body.framing == HTTP_UNTIL_CLOSE)
		client->is_leaving = true;
	client->config.answered(client->config.owner, client, response);
	http_message_free(response);
	if (client->is_leaving && !client->is_asking)
		session->is_closing = true;
}

static size_t give_up(struct http_client *client, struct bytes in)
{
	g_clear_pointer(&client->response, http_message_free);
	if (client->is_asking)
		answer(client, NULL);
	client->base.is_aborted = true;
	return in.length;
}

static size_t receive_head(struct http_client *client, struct bytes in)
{
	size_t length = http_head_length(in);

	if (length == 0 && in.length <= HTTP_HEAD_BYTES_MAX)
		return 0;
	if (length == 0 || length > HTTP_HEAD_BYTES_MAX || !client->is_asking ||
	    http_head_parse(bytes_first(in, length), true, &client->response) != 0) {
		session_note_input(&client->base, HTTP_UNKNOWN, 0, in.length);
		return give_up(client, in);
	}
	session_note_input(&client->base, http_detail_of(bytes_first(in, length), true), 0, length);
	if (client->response->status < 200) {
		g_clear_pointer(&client->response, http_message_free);
		return length;
	}
	if (http_body_init(&client->body, client->response, client->is_head) != 0)
		return give_up(client, in);
	if (client->body.is_done)
		answer(client, client->response);
	return length;
}

static size_t receive_content(struct http_client *client, struct bytes in)
{
	size_t limit = client->config.content_bytes_max != 0 ? client->config.content_bytes_max
							     : HTTP_RESPONSE_BYTES;
	size_t consumed;
	unsigned problem =
	    http_body_feed(&client->body, in, client->response->content, limit, &consumed);

	session_note_input(&client->base, HTTP_CONTENT, 0, problem != 0 ? in.length : consumed);
	if (problem != 0)
		return give_up(client, in);
	client->base.deadline_ns = client->base.now_ns + HTTP_RESPONSE_TIMEOUT_NS;
	if (client->body.is_done)
		answer(client, client->response);
	return consumed;
}

static size_t receive(struct session *session, struct bytes in)
{
	struct http_client *client = client_of(session);
	size_t consumed;

	client->is_called = true;
	consumed =
	    client->response == NULL ? receive_head(client, in) : receive_content(client, in);
	client->is_called = false;
	return consumed;
}

static void opened(struct session *session)
{
	struct http_client *client = client_of(session);

	client->is_open = true;
	if (client->waiting != NULL)
		send_waiting(client);
}

/* The server has closed: the end of some content, or of hope. */
static void ended(struct session *session)
{
	struct http_client *client = client_of(session);

	client->is_leaving = true;
	client->is_called = true;
	if (client->response != NULL && client->body.framing == HTTP_UNTIL_CLOSE) {
		answer(client, client->response);
	} else if (client->is_asking) {
		g_clear_pointer(&client->response, http_message_free);
		answer(client, NULL);
	}
	client->is_called = false;
	session->is_closing = true;
}

static void expired(struct session *session)
{
	struct http_client *client = client_of(session);

	session->deadline_ns = TIME_NEVER;
	client->is_called = true;
	if (session->deadline_is_background)
		session->is_closing = true;
	else
		give_up(client, (struct bytes) { NULL, 0 });
	client->is_called = false;
}

static void failed(struct session *session, enum stream_failure why)
{
	struct http_client *client = client_of(session);

	(void)why;
	client->is_leaving = true;
	client->is_called = true;
	g_clear_pointer(&client->response, http_message_free);
	if (client->is_asking)
		answer(client, NULL);
	client->is_called = false;
}

static void client_free(struct session *session)
{
	struct http_client *client = client_of(session);

	http_message_free(client->response);
	if (client->waiting != NULL)
		g_byte_array_unref(client->waiting);
	session_clear(session);
	g_free(client);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.ended = ended,
	.expired = expired,
	.failed = failed,
	.free = client_free,
};

struct session *http_client_new(const struct http_client_config *config)
{
	struct http_client *client = g_new0(struct http_client, 1);

	session_init(&client->base, &operations);
	client->config = *config;
	return &client->base;
}
