#include "protocols/imap/client_session.h"

#define MESSAGE_BYTES_DEFAULT (64 * 1024 * 1024)

struct session *imap_client_session(struct imap_client *client)
{
	return &client->base;
}

const struct imap_mailbox_status *imap_client_selected(const struct imap_client *client)
{
	return &client->selected;
}

unsigned imap_client_pending(const struct imap_client *client)
{
	return g_queue_get_length((GQueue *)&client->operations) + (client->current != NULL);
}

bool imap_client_offers(const struct imap_client *client, const char *capability)
{
	for (unsigned i = 0; client->capabilities != NULL && i < client->capabilities->len; i++)
		if (g_ascii_strcasecmp(g_ptr_array_index(client->capabilities, i), capability) == 0)
			return true;
	return false;
}

/* State. */

void imap_client_enter(struct imap_client *client, enum imap_state state)
{
	if (client->state == state)
		return;
	session_note(&client->base, &(struct note) {
					.kind = TRACE_STATE,
					.detail = IMAP_STATE,
					.before = client->state,
					.after = state,
				    });
	client->state = state;
}

void imap_client_enter_phase(struct imap_client *client, enum session_phase phase)
{
	if (client->phase == (int)phase)
		return;
	client->phase = (int)phase;
	session_note(&client->base,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

void imap_client_unselect(struct imap_client *client)
{
	g_free((char *)client->selected.name);
	client->selected = (struct imap_mailbox_status) { 0 };
	g_array_set_size(client->uids, 0);
	if (client->state == IMAP_SELECTED)
		imap_client_enter(client, IMAP_AUTHENTICATED);
}

/*
 * What is due next: IDLE to be renewed, or an answer. News from the server puts off no renewal: it
 * counts from what the client says (RFC 2177 section 3).
 */
static void arm(struct imap_client *client)
{
	const struct imap_client_config *config = &client->config;
	int64_t from_ns = client->is_idling ? client->idle_from_ns : client->base.now_ns;
	int64_t wait_ns = client->is_idling ? config->idle_renew_ns : config->reply_timeout_ns;
	bool is_due =
	    client->is_idling || client->current != NULL || client->state == IMAP_CONNECTED;

	client->base.deadline_is_background = client->is_idling;
	client->base.deadline_ns =
	    is_due && wait_ns > 0 && !client->is_over ? from_ns + wait_ns : TIME_NEVER;
}

/* Operations. */

static void tell_done(struct imap_client *client, struct imap_operation *operation,
		      enum imap_result result, const char *text)
{
	if (operation->number != 0 && client->config.events->done != NULL)
		client->config.events->done(client->config.owner, operation->number, result, text);
	imap_operation_free(operation);
}

/* No more operations: those left are lost. The last thing the owner hears. */
static void finish(struct imap_client *client, bool is_orderly)
{
	struct imap_operation *operation;

	if (client->is_over)
		return;
	client->is_over = true;
	client->base.is_closing = true;
	client->tag[0] = '\0';
	if (!is_orderly)
		imap_client_enter_phase(client, PHASE_FAILED);
	imap_client_enter(client, IMAP_LOGGED_OUT);
	if (client->current != NULL)
		tell_done(client, g_steal_pointer(&client->current), IMAP_RESULT_LOST, NULL);
	while ((operation = g_queue_pop_head(&client->operations)) != NULL)
		tell_done(client, operation, IMAP_RESULT_LOST, NULL);
	if (client->config.events->over != NULL)
		client->config.events->over(client->config.owner, is_orderly);
}

static void end_idle(struct imap_client *client)
{
	if (!client->is_idling || client->current->is_done_sent)
		return;
	client->current->is_done_sent = true;
	imap_client_send_done(client);
}

static void tell_login(struct imap_client *client, enum imap_result result, const char *text)
{
	const struct imap_client_events *events = client->config.events;

	if (result == IMAP_RESULT_OK && events->ready != NULL)
		events->ready(client->config.owner);
	else if (result != IMAP_RESULT_OK && events->login_failed != NULL)
		events->login_failed(client->config.owner, text);
}

/* Ends the running operation and tells its owner. */
static void end_current(struct imap_client *client, enum imap_result result, const char *text)
{
	struct imap_operation *operation = g_steal_pointer(&client->current);
	bool was_login = operation->send == imap_send_login;
	bool was_logout = operation->send == imap_send_logout;

	if (was_login)
		tell_login(client, result, text);
	tell_done(client, operation, result, text);
	if ((was_login && result != IMAP_RESULT_OK) || was_logout)
		finish(client, was_logout);
}

/* Starts what waits, as long as it needs nothing from the server. */
static void start_next(struct imap_client *client)
{
	while (client->current == NULL && !client->is_over && client->state >= IMAP_AUTHENTICATED) {
		client->current = g_queue_pop_head(&client->operations);
		if (client->current == NULL || client->current->send(client, client->current))
			return;
		end_current(client, IMAP_RESULT_OK, "");
	}
}

unsigned imap_client_queue(struct imap_client *client, struct imap_operation *operation)
{
	if (client->is_over) {
		imap_operation_free(operation);
		return 0;
	}
	unsigned number = operation->number = ++client->last_operation;

	g_queue_push_tail(&client->operations, operation);
	if (client->is_inside)
		return number;
	session_tick(&client->base);
	client->is_inside = true;
	end_idle(client);
	start_next(client);
	arm(client);
	client->is_inside = false;
	session_wake(&client->base);
	return number;
}

/* Answers. */

/* What a tagged OK means beyond the operation's next step. */
static void note_success(struct imap_client *client, const struct imap_operation *operation)
{
	if (operation->send == imap_send_login && operation->step == 1) {
		imap_client_enter(client, IMAP_AUTHENTICATED);
		imap_client_enter_phase(client, PHASE_AUTHENTICATED);
	} else if (operation->send == imap_send_select || operation->is_selecting) {
		client->selected.is_resynchronized =
		    operation->is_resuming &&
		    client->selected.uid_validity == operation->uid_validity;
		client->selected.name = g_strdup(operation->name);
		imap_client_enter(client, IMAP_SELECTED);
	}
}

static enum imap_result result_of(struct imap_parser *parser)
{
	if (imap_skip_word(parser, "OK"))
		return IMAP_RESULT_OK;
	if (imap_skip_word(parser, "NO"))
		return IMAP_RESULT_NO;
	imap_skip_word(parser, "BAD");
	return IMAP_RESULT_BAD;
}

/* The server says that we are in, and has not shown that it knows the password (RFC 5802 section 3). */
static bool is_unproved(const struct imap_client *client, const struct imap_operation *operation)
{
	return operation->send == imap_send_login && operation->step == 1 && client->sasl != NULL &&
	       !sasl_client_may_trust(client->sasl);
}

/*
 * The answer to STARTTLS, once: the login waits for TLS, goes on without, or is over. False: it was
 * no answer to that.
 */
static bool take_starttls(struct imap_client *client, struct imap_operation *operation,
			  enum imap_result result)
{
	if (operation->send != imap_send_login || operation->step != 1 || client->was_tls_answered)
		return false;
	client->was_tls_answered = true;
	if (result == IMAP_RESULT_OK) {
		client->base.wants_tls = true;
	} else if (client->config.tls == SESSION_TLS_REQUIRED) {
		client->base.lacks_tls = true;
		finish(client, false);
	} else {
		operation->send(client, operation);
	}
	return true;
}

/* response-tagged = tag SP ("OK" / "NO" / "BAD") SP resp-text */
static void take_tagged(struct imap_client *client, struct imap_parser *parser)
{
	struct imap_operation *operation = client->current;
	enum imap_result result = result_of(parser);

	imap_skip(parser, ' ');
	struct bytes rest = imap_parser_rest(parser);
	char *text = g_strndup((const char *)rest.data, rest.length);
	imap_client_take_code(client, parser);
	client->tag[0] = '\0';
	client->is_idling = false;
	if (client->is_starting_tls && client->base.protection == NULL &&
	    take_starttls(client, operation, result)) {
		g_free(text);
		return;
	}
	if (result == IMAP_RESULT_OK && is_unproved(client, operation)) {
		result = IMAP_RESULT_NO;
		g_free(text);
		text = g_strdup("the server did not prove that it knows the password");
	}
	if (result == IMAP_RESULT_OK) {
		note_success(client, operation);
		operation->step++;
	}
	if (result != IMAP_RESULT_OK || !operation->send(client, operation))
		end_current(client, result, text);
	g_free(text);
}

/* continue-req = "+" SP (resp-text / base64): for a literal, or IDLE has begun */
static void take_continuation(struct imap_client *client, struct imap_parser *parser)
{
	if (client->current == NULL)
		return;
	if (client->current->send == imap_send_idle) {
		client->is_idling = true;
		client->idle_from_ns = client->base.now_ns;
		imap_client_enter_phase(client, PHASE_ONLINE);
		if (!g_queue_is_empty(&client->operations))
			end_idle(client);
	} else if (!g_queue_is_empty(&client->pieces)) {
		imap_client_send_pieces(client, true);
	} else if (client->current->send == imap_send_login) {
		imap_skip(parser, ' ');
		imap_client_hear_challenge(client, imap_parser_rest(parser));
	}
}

/* The server wants no more of us (RFC 3501 section 7.1.5). */
static void take_goodbye(struct imap_client *client, struct imap_parser *parser)
{
	bool is_refusal = client->state == IMAP_CONNECTED;

	if (client->is_over) /* what the owner heard is all there is to hear */
		return;
	imap_skip(parser, ' ');
	if (client->config.events->goodbye != NULL) {
		struct bytes rest = imap_parser_rest(parser);
		g_autofree char *text = g_strndup((const char *)rest.data, rest.length);

		client->config.events->goodbye(client->config.owner, is_refusal, text);
	}
	finish(client, false);
}

/* greeting = "*" SP ("OK" / "PREAUTH" / "BYE") SP resp-text */
static void take_greeting(struct imap_client *client, struct imap_parser *parser)
{
	bool is_preauth = imap_skip_word(parser, "PREAUTH");

	/* Who is logged in cannot say STARTTLS: somebody on the way may want just that. */
	if (is_preauth && client->config.tls == SESSION_TLS_REQUIRED) {
		client->base.lacks_tls = true;
		finish(client, false);
		return;
	}
	if (imap_skip_word(parser, "BYE")) {
		take_goodbye(client, parser);
		return;
	}
	if (!is_preauth && !imap_skip_word(parser, "OK")) {
		finish(client, false);
		return;
	}
	imap_skip(parser, ' ');
	imap_client_take_code(client, parser);
	imap_client_enter(client, IMAP_NOT_AUTHENTICATED);
	client->current = g_new0(struct imap_operation, 1);
	client->current->send = imap_send_login;
	if (is_preauth) {
		imap_client_enter(client, IMAP_AUTHENTICATED);
		client->current->step = 2;
	}
	if (!client->current->send(client, client->current))
		end_current(client, IMAP_RESULT_OK, "");
}

static bool is_logging_out(const struct imap_client *client)
{
	return client->current != NULL && client->current->send == imap_send_logout;
}

/* response = continue-req / response-data / response-tagged */
static void take_response(struct imap_client *client)
{
	struct bytes response = imap_reader_command(&client->reader), tag;
	struct imap_parser parser;

	imap_parser_init(&parser, (uint8_t *)response.data, response.length);
	if (imap_skip(&parser, '+')) {
		take_continuation(client, &parser);
	} else if (imap_skip(&parser, '*') && imap_skip(&parser, ' ')) {
		if (client->state == IMAP_CONNECTED)
			take_greeting(client, &parser);
		else if (imap_skip_word(&parser, "BYE")) {
			if (!is_logging_out(client))
				take_goodbye(client, &parser);
		} else {
			imap_client_take_untagged(client, &parser);
		}
	} else if (client->tag[0] != '\0' && imap_parse_tag(&parser, &tag) &&
		   imap_is(tag, client->tag) && imap_skip(&parser, ' ')) {
		take_tagged(client, &parser);
	}
}

/* Input. */

static bool is_status(enum imap_detail detail)
{
	return detail >= IMAP_CONTINUE && detail <= IMAP_BYE;
}

static void note_literal(struct imap_client *client)
{
	session_note(&client->base, &(struct note) {
					.kind = TRACE_UNIT,
					.detail = IMAP_LITERAL,
					.flags = TRACE_INBOUND,
					.before = client->literal_from,
					.after = client->reader.literal_bytes,
				    });
}

/* A literal in an answer is read, unless it is larger than anything we asked for. */
static void take_announcement(struct imap_client *client)
{
	struct imap_reader *reader = &client->reader;

	if (reader->literal_bytes <= client->config.message_bytes_max &&
	    reader->literals_bytes <= client->config.message_bytes_max) {
		imap_reader_accept(reader);
		return;
	}
	client->base.is_aborted = true;
	finish(client, false);
}

static size_t take_event(struct imap_client *client, struct bytes in)
{
	struct imap_reader *reader = &client->reader;
	bool was_literal = reader->is_literal, is_first = reader->line_bytes == 0;
	enum imap_reader_event event;
	size_t consumed = imap_reader_feed(reader, in, &event);
	enum imap_detail detail = is_first ? imap_name_line(in, true) : IMAP_REST;

	if (consumed > 0 && !was_literal)
		session_note_input(&client->base, (uint16_t)detail, 0, consumed);
	if (event == IMAP_READ_ANNOUNCED && is_first && is_status(detail))
		event = IMAP_READ_COMPLETE; /* text for people, not a literal */
	switch (event) {
	case IMAP_READ_MORE:
		break;
	case IMAP_READ_ANNOUNCED:
		take_announcement(client);
		break;
	case IMAP_READ_LITERAL:
		note_literal(client);
		break;
	case IMAP_READ_TOO_LONG:
		client->base.is_aborted = true;
		finish(client, false);
		break;
	case IMAP_READ_COMPLETE:
		take_response(client);
		imap_reader_reset(reader);
		break;
	}
	if (!was_literal && reader->is_literal)
		client->literal_from = client->base.received_bytes + consumed;
	return consumed;
}

static size_t client_receive(struct session *base, struct bytes in)
{
	struct imap_client *client = (struct imap_client *)base;

	client->is_inside = true;
	size_t consumed = take_event(client, in);
	if (consumed == 0 && client->reader.line_bytes > 0 && !client->reader.is_literal &&
	    !client->is_over)
		consumed = take_event(client, in); /* behind an empty literal */
	if (!g_queue_is_empty(&client->operations))
		end_idle(client); /* the owner queued one on hearing the news */
	start_next(client);
	arm(client);
	client->is_inside = false;
	return consumed;
}

/* Time and ends. */

static void client_opened(struct session *base)
{
	arm((struct imap_client *)base);
}

static void client_expired(struct session *base)
{
	struct imap_client *client = (struct imap_client *)base;

	client->is_inside = true;
	if (client->is_idling) {
		end_idle(client);
		client->is_idling = false;
	} else {
		base->is_aborted = true;
		finish(client, false);
	}
	arm(client);
	client->is_inside = false;
}

static void client_ended(struct session *base)
{
	struct imap_client *client = (struct imap_client *)base;

	client->is_inside = true;
	finish(client, is_logging_out(client));
	base->is_closing = true;
}

static void client_failed(struct session *base, enum stream_failure why)
{
	struct imap_client *client = (struct imap_client *)base;

	(void)why;
	client->is_inside = true;
	finish(client, false);
}

/* What the server said before is forgotten (RFC 3501 section 6.2.1). */
static void client_secured(struct session *base)
{
	struct imap_client *client = (struct imap_client *)base;

	g_clear_pointer(&client->capabilities, g_ptr_array_unref);
	imap_reader_reset(&client->reader);
	client->is_inside = true;
	client->current->step = 0;
	client->current->send(client, client->current);
	arm(client);
	client->is_inside = false;
}

static void client_refill(struct session *base)
{
	imap_client_send_pieces((struct imap_client *)base, false);
}

static void client_free(struct session *base)
{
	struct imap_client *client = (struct imap_client *)base;

	imap_operation_free(client->current);
	g_queue_clear_full(&client->operations, (GDestroyNotify)imap_operation_free);
	imap_client_drop_pieces(client);
	g_clear_pointer(&client->capabilities, g_ptr_array_unref);
	imap_reader_clear(&client->reader);
	g_string_free(client->line, TRUE);
	g_free((char *)client->selected.name);
	g_array_unref(client->uids);
	sasl_client_free(client->sasl);
	g_free(client->user);
	g_free(client->password);
	session_clear(base);
	g_free(client);
}

static const struct session_operations operations = {
	.opened = client_opened,
	.receive = client_receive,
	.secured = client_secured,
	.ended = client_ended,
	.expired = client_expired,
	.failed = client_failed,
	.refill = client_refill,
	.free = client_free,
};

struct imap_client *imap_client_new(const struct imap_client_config *config)
{
	struct imap_client *client = g_new0(struct imap_client, 1);

	session_init(&client->base, &operations);
	client->config = *config;
	if (client->config.message_bytes_max == 0)
		client->config.message_bytes_max = MESSAGE_BYTES_DEFAULT;
	client->user = g_strdup(config->user);
	client->password = g_strdup(config->password);
	client->state = IMAP_CONNECTED;
	client->phase = -1;
	client->line = g_string_new(NULL);
	client->uids = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g_queue_init(&client->operations);
	g_queue_init(&client->pieces);
	imap_reader_init(&client->reader, IMAP_RESPONSE_BYTES_MAX);
	return client;
}
