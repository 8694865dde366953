/* The frame of a POP3 client session: what the bytes are, time, and how it ends. */
#include "protocols/pop3/client_private.h"

#define MESSAGE_BYTES_DEFAULT ((size_t)64 << 20)

const char *const pop3_outcome_names[POP3_OUTCOME_COUNT] = {
	[POP3_DONE] = "done",
	[POP3_REFUSED] = "refused by the server",
	[POP3_LOGIN_REFUSED] = "login refused",
	[POP3_INSECURE] = "TLS is required, but was not offered",
	[POP3_MAILDROP_IN_USE] = "maildrop in use",
	[POP3_BROKEN] = "the server's answer made no sense",
	[POP3_LOST] = "connection lost",
};

void pop3_client_enter(struct pop3_client *client, enum pop3_state state)
{
	session_note(&client->base, &(struct note) {
					.kind = TRACE_STATE,
					.detail = POP3_STATE,
					.before = client->state,
					.after = state,
				    });
	client->state = state;
}

void pop3_client_phase(struct pop3_client *client, enum session_phase phase)
{
	session_note(&client->base,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

void pop3_client_finish(struct pop3_client *client)
{
	if (client->stage == STAGE_OVER)
		return;
	client->stage = STAGE_OVER;
	if (client->outcome != POP3_DONE)
		pop3_client_phase(client, PHASE_FAILED);
	pop3_client_enter(client, POP3_OVER);
	client->base.is_closing = true;
	client->base.deadline_ns = TIME_NEVER;

	struct pop3_result result = {
		.outcome = client->outcome,
		.text = client->text != NULL ? client->text : "",
		.offered = client->offered,
		.retrieved = client->retrieved,
		.deleted = client->outcome == POP3_DONE ? client->deleted : 0,
	};
	if (client->config.events->over != NULL)
		client->config.events->over(client->config.owner, &result);
}

void pop3_client_give_up(struct pop3_client *client, enum pop3_outcome outcome, const char *text)
{
	bool is_heard = outcome == POP3_LOGIN_REFUSED || outcome == POP3_MAILDROP_IN_USE ||
			outcome == POP3_INSECURE;

	client->outcome = outcome;
	g_free(client->text);
	client->text = g_strdup(text);
	if (!is_heard) {
		pop3_client_finish(client);
		return;
	}
	pop3_client_begin(client, STAGE_QUIT);
}

static size_t broken(struct pop3_client *client, struct bytes in)
{
	session_note_input(&client->base, POP3_UNKNOWN, 0, in.length);
	pop3_client_give_up(client, POP3_BROKEN, "");
	return in.length;
}

static struct pop3_sent pop_sent(struct pop3_client *client)
{
	struct pop3_sent sent = { POP3_UNKNOWN, 0 };

	if (client->sent->len > 0) {
		sent = g_array_index(client->sent, struct pop3_sent, 0);
		g_array_remove_index(client->sent, 0);
	}
	return sent;
}

/* The command whose answer is being read; POP3_UNKNOWN for the greeting. */
static enum pop3_detail awaited(const struct pop3_client *client)
{
	return client->sent->len > 0 ? g_array_index(client->sent, struct pop3_sent, 0).verb
				     : POP3_UNKNOWN;
}

static bool has_listing(enum pop3_detail verb)
{
	return verb == POP3_CAPA || verb == POP3_UIDL || verb == POP3_LIST;
}

static void greeted(struct pop3_client *client, bool is_ok, const char *text)
{
	const char *open = strchr(text, '<');
	const char *close = open != NULL ? strchr(open, '>') : NULL;

	if (!is_ok) {
		pop3_client_give_up(client, POP3_REFUSED, text);
		return;
	}
	if (close != NULL && memchr(open, '@', (size_t)(close - open)) != NULL)
		client->timestamp = g_strndup(open, (gsize)(close - open) + 1);
	pop3_client_enter(client, POP3_AUTHORIZATION);
	pop3_client_begin(client, STAGE_CAPABILITIES);
}

/* The first line of an answer: "+OK text" or "-ERR text"; it ends at stream offset `end`. */
static void read_status(struct pop3_client *client, bool is_ok, const char *text, uint64_t end)
{
	enum pop3_detail verb = awaited(client);

	if (client->stage == STAGE_GREETING) {
		greeted(client, is_ok, text);
		return;
	}
	client->unit_start = end;
	client->unstuffer = (struct pop3_unstuffer) { 0 };
	if (is_ok && verb == POP3_RETR) {
		client->reading = READING_MESSAGE;
		client->message = g_byte_array_new();
	} else if (is_ok && has_listing(verb)) {
		client->reading = READING_LISTING;
	} else {
		pop3_client_answered(client, pop_sent(client), is_ok, text);
	}
}

static bool starts_with(const char *line, const char *word)
{
	size_t length = strlen(word);

	return strncmp(line, word, length) == 0 && (line[length] == '\0' || line[length] == ' ');
}

/* continue-req = "+" SP [base64] CRLF (RFC 5034 section 6) */
static bool is_challenge(const struct pop3_client *client, struct bytes line)
{
	return client->sasl != NULL && awaited(client) == POP3_AUTH && line.length > 0 &&
	       line.data[0] == '+' && (line.length == 1 || line.data[1] == ' ');
}

static size_t receive_challenge(struct pop3_client *client, struct bytes line, size_t length)
{
	session_note_input(&client->base, POP3_CONTINUE, 0, length);
	pop3_client_hear_challenge(client, bytes_from(line, MIN(line.length, 2)));
	return length;
}

static size_t receive_status(struct pop3_client *client, struct bytes line, size_t length)
{
	bool is_greeting = client->stage == STAGE_GREETING;
	char *text = g_strndup((const char *)line.data, line.length);
	bool is_ok = starts_with(text, "+OK");
	bool is_known = is_ok || starts_with(text, "-ERR");

	if (!is_known || (!is_greeting && client->sent->len == 0)) {
		g_free(text);
		return broken(client, (struct bytes) { line.data, length });
	}
	session_note_input(&client->base,
			   is_greeting && is_ok ? POP3_GREETING
			   : is_ok              ? POP3_OK
						: POP3_ERR,
			   0, length);
	const char *space = strchr(text, ' ');
	read_status(client, is_ok, space != NULL ? space + 1 : "",
		    client->base.received_bytes + length);
	g_free(text);
	return length;
}

static void note_answer(struct pop3_client *client, enum pop3_detail detail, size_t length)
{
	uint64_t end = client->base.received_bytes + length;

	session_note(&client->base, &(struct note) {
					.kind = TRACE_UNIT,
					.detail = (uint16_t)detail,
					.flags = TRACE_INBOUND,
					.before = client->unit_start,
					.after = end - client->unit_start,
				    });
}

static size_t receive_listing(struct pop3_client *client, struct bytes line, size_t length)
{
	bool is_dotted = line.length > 0 && line.data[0] == '.';

	if (is_dotted && line.length == 1) {
		note_answer(client, POP3_LISTING, length);
		client->reading = READING_LINE;
		pop3_client_listing_ended(client, pop_sent(client));
		return length;
	}
	struct bytes rest = bytes_from(line, is_dotted);
	char *text = g_strndup((const char *)rest.data, rest.length);
	pop3_client_listed(client, awaited(client), text);
	g_free(text);
	return length;
}

static size_t receive_message(struct pop3_client *client, struct bytes in)
{
	size_t length = pop3_unstuff(&client->unstuffer, in, client->message);

	if (client->message->len > client->config.message_bytes_max)
		return broken(client, in);
	if (client->unstuffer.state != UNSTUFF_DONE)
		return length;

	note_answer(client, POP3_MESSAGE, length);
	client->reading = READING_LINE;
	GBytes *message = g_byte_array_free_to_bytes(g_steal_pointer(&client->message));
	pop3_client_retrieved(client, pop_sent(client), message);
	g_bytes_unref(message);
	return length;
}

static void set_deadline(struct pop3_client *client)
{
	if (client->stage != STAGE_OVER)
		client->base.deadline_ns = client->base.now_ns + client->config.timeout_ns;
}

static size_t receive(struct session *base, struct bytes in)
{
	struct pop3_client *client = (struct pop3_client *)base;
	struct bytes line;

	set_deadline(client);
	if (client->reading == READING_MESSAGE)
		return receive_message(client, in);

	size_t length = session_line(bytes_first(in, POP3_CLIENT_LINE_MAX), true, &line);
	if (length == 0)
		return in.length < POP3_CLIENT_LINE_MAX ? 0 : broken(client, in);
	if (client->reading == READING_LISTING)
		return receive_listing(client, line, length);
	return is_challenge(client, line) ? receive_challenge(client, line, length)
					  : receive_status(client, line, length);
}

static void opened(struct session *base)
{
	set_deadline((struct pop3_client *)base);
}

/* What the server said before is forgotten (RFC 2595 section 4). */
static void secured(struct session *base)
{
	struct pop3_client *client = (struct pop3_client *)base;

	client->capabilities = 0;
	set_deadline(client);
	pop3_client_begin(client, STAGE_CAPABILITIES);
}

/* The server hung up. After QUIT was answered the session is over already. */
static void lose(struct pop3_client *client)
{
	if (client->stage == STAGE_OVER)
		return;
	if (client->outcome == POP3_DONE)
		client->outcome = POP3_LOST;
	pop3_client_finish(client);
}

static void ended(struct session *base)
{
	lose((struct pop3_client *)base);
}

static void failed(struct session *base, enum stream_failure why)
{
	struct pop3_client *client = (struct pop3_client *)base;

	(void)why;
	if (client->outcome == POP3_DONE && client->stage != STAGE_OVER)
		client->outcome = POP3_LOST;
	pop3_client_finish(client);
}

static void expired(struct session *base)
{
	lose((struct pop3_client *)base);
}

static void item_clear(gpointer item)
{
	g_free(((struct pop3_item *)item)->unique_id);
}

static void client_destroy(struct session *base)
{
	struct pop3_client *client = (struct pop3_client *)base;

	g_array_unref(client->sent);
	g_array_unref(client->items);
	g_clear_pointer(&client->message, g_byte_array_unref);
	sasl_client_free(client->sasl);
	g_free(client->timestamp);
	g_free(client->text);
	g_free(client->user);
	g_free(client->password);
	session_clear(base);
	g_free(client);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.secured = secured,
	.ended = ended,
	.expired = expired,
	.failed = failed,
	.free = client_destroy,
};

struct session *pop3_client_new(const struct pop3_client_config *config)
{
	struct pop3_client *client = g_new0(struct pop3_client, 1);

	session_init(&client->base, &operations);
	client->config = *config;
	if (client->config.timeout_ns == 0)
		client->config.timeout_ns = POP3_CLIENT_TIMEOUT_NS;
	if (client->config.message_bytes_max == 0)
		client->config.message_bytes_max = MESSAGE_BYTES_DEFAULT;
	client->user = g_strdup(config->user);
	client->password = g_strdup(config->password);
	client->sent = g_array_new(FALSE, FALSE, sizeof(struct pop3_sent));
	client->items = g_array_new(FALSE, TRUE, sizeof(struct pop3_item));
	g_array_set_clear_func(client->items, item_clear);
	return &client->base;
}
