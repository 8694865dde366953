/* What a POP3 client says, and when: the stages of its session. */
#include "protocols/pop3/client_private.h"

static unsigned window_of(const struct pop3_client *client)
{
	if (!(client->capabilities & CAN_PIPELINE) || client->config.window == 0)
		return 1;
	return client->config.window;
}

static bool has_room(const struct pop3_client *client)
{
	return client->sent->len < window_of(client);
}

/* `root` is the message it is about; 0: it belongs to the user's action. */
static void note_said(struct pop3_client *client, enum pop3_detail detail, uint64_t from,
		      uint64_t root)
{
	session_note(&client->base, &(struct note) {
					.kind = TRACE_UNIT,
					.detail = (uint16_t)detail,
					.before = from,
					.after = client->base.produced_bytes - from,
					.root = root != 0 ? root : client->config.root,
				    });
}

/* Says a line; see note_said(). */
static void say(struct pop3_client *client, struct pop3_sent sent, uint64_t root,
		const char *format, ...) G_GNUC_PRINTF(4, 5);

static void say(struct pop3_client *client, struct pop3_sent sent, uint64_t root,
		const char *format, ...)
{
	uint64_t from = client->base.produced_bytes;
	va_list arguments;

	va_start(arguments, format);
	char *line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	session_printf(&client->base, "%s\r\n", line);
	g_free(line);
	note_said(client, sent.verb, from, root);
	g_array_append_val(client->sent, sent);
}

static void say_verb(struct pop3_client *client, enum pop3_detail verb)
{
	say(client, (struct pop3_sent) { verb, 0 }, 0, "%s", pop3_layer_names.details[verb]);
}

static void say_apop(struct pop3_client *client)
{
	char *secret = g_strconcat(client->timestamp, client->password, NULL);
	char *digest = g_compute_checksum_for_string(G_CHECKSUM_MD5, secret, -1);

	say(client, (struct pop3_sent) { POP3_APOP, 0 }, 0, "APOP %s %s", client->user, digest);
	g_free(digest);
	g_free(secret);
}

/* AUTH with the initial response, where the mechanism has one (RFC 5034 section 4). */
static void say_auth(struct pop3_client *client, enum sasl_mechanism mechanism)
{
	const char *name = sasl_mechanism_names[mechanism];
	char *nonce = sasl_nonce_new(client->config.random);
	GString *initial = g_string_new(NULL);
	struct pop3_sent sent = { POP3_AUTH, 0 };

	client->sasl =
	    sasl_client_new(mechanism, client->user, client->password, nonce, client->config.keys);
	if (sasl_client_start_text(client->sasl, initial))
		say(client, sent, 0, "AUTH %s %s", name, initial->str);
	else
		say(client, sent, 0, "AUTH %s", name);
	g_string_free(initial, TRUE);
	g_free(nonce);
}

void pop3_client_protect(struct pop3_client *client)
{
	enum session_tls tls = client->config.tls;
	bool is_offered = (client->capabilities & CAN_STLS) != 0;

	if (client->base.protection == NULL && is_offered &&
	    (tls == SESSION_TLS_IF_OFFERED || tls == SESSION_TLS_REQUIRED))
		say_verb(client, POP3_STLS);
	else if (client->base.protection == NULL && tls == SESSION_TLS_REQUIRED)
		pop3_client_give_up(client, POP3_INSECURE, "");
	else
		pop3_client_begin(client, STAGE_LOGIN);
}

/* The answer to the challenge is followed by another, or by what AUTH comes to. */
void pop3_client_hear_challenge(struct pop3_client *client, struct bytes challenge)
{
	uint64_t from = client->base.produced_bytes;
	GString *answer = g_string_new(NULL);

	if (client->state != POP3_IN_AUTH)
		pop3_client_enter(client, POP3_IN_AUTH);
	sasl_client_step_text(client->sasl, challenge, answer);
	session_printf(&client->base, "%s\r\n", answer->str);
	note_said(client, POP3_CREDENTIALS, from, 0);
	g_string_free(answer, TRUE);
}

/* The strongest way that both know: APOP is MD5 without a challenge of its own, PLAIN shows all. */
void pop3_client_log_in(struct pop3_client *client)
{
	enum sasl_mechanism strongest = sasl_strongest(client->mechanisms);
	bool is_secret = strongest != SASL_MECHANISM_COUNT && strongest >= SASL_CRAM_MD5;

	if (client->timestamp != NULL && !is_secret)
		say_apop(client);
	else if (strongest != SASL_MECHANISM_COUNT)
		say_auth(client, strongest);
	else if (client->capabilities & CAN_USER)
		say(client, (struct pop3_sent) { POP3_USER, 0 }, 0, "USER %s", client->user);
	else
		pop3_client_give_up(client, POP3_LOGIN_REFUSED, "no way to log in is offered");
}

static struct pop3_item *item_at(struct pop3_client *client, unsigned index)
{
	return &g_array_index(client->items, struct pop3_item, index);
}

static void retrieve(struct pop3_client *client)
{
	for (; client->next_item < client->items->len && has_room(client); client->next_item++) {
		if (!item_at(client, client->next_item)->must_retrieve)
			continue;
		say(client, (struct pop3_sent) { POP3_RETR, client->next_item }, 0, "RETR %u",
		    client->next_item + 1);
	}
}

static void delete (struct pop3_client *client)
{
	for (; client->next_item < client->items->len && has_room(client); client->next_item++) {
		const struct pop3_item *item = item_at(client, client->next_item);

		if (!item->must_delete)
			continue;
		say(client, (struct pop3_sent) { POP3_DELE, client->next_item }, item->root,
		    "DELE %u", client->next_item + 1);
	}
}

static bool any_item(struct pop3_client *client, bool (*test)(const struct pop3_item *item))
{
	for (unsigned i = 0; i < client->items->len; i++)
		if (test(item_at(client, i)))
			return true;
	return false;
}

static bool is_to_retrieve(const struct pop3_item *item)
{
	return item->must_retrieve;
}

static bool is_to_delete(const struct pop3_item *item)
{
	return item->must_delete;
}

static void judge(struct pop3_client *client, struct pop3_item *item)
{
	enum pop3_wish wish = POP3_FETCH;

	if (item->unique_id != NULL && client->config.events->judge != NULL)
		wish = client->config.events->judge(client->config.owner, item->unique_id);
	item->must_retrieve = wish == POP3_FETCH;
	item->must_delete = wish == POP3_REMOVE;
}

/* STAT, UIDL, LIST: one by one, or all at once where the window allows. */
static void survey(struct pop3_client *client)
{
	static const enum pop3_detail questions[] = { POP3_STAT, POP3_UIDL, POP3_LIST };

	for (; client->asked < G_N_ELEMENTS(questions) && has_room(client); client->asked++) {
		enum pop3_detail verb = questions[client->asked];

		if (verb == POP3_UIDL && !(client->capabilities & CAN_UIDL))
			continue;
		if (client->is_empty)
			continue;
		say_verb(client, verb);
	}
}

static void judge_items(struct pop3_client *client)
{
	for (unsigned i = 0; i < client->items->len; i++)
		judge(client, item_at(client, i));
	if (any_item(client, is_to_retrieve))
		pop3_client_phase(client, PHASE_RETRIEVE);
}

static void quit(struct pop3_client *client)
{
	pop3_client_phase(client, PHASE_QUIT);
	if (client->state == POP3_TRANSACTION)
		pop3_client_enter(client, POP3_UPDATE);
	say_verb(client, POP3_QUIT);
}

void pop3_client_begin(struct pop3_client *client, enum pop3_stage stage)
{
	client->stage = stage;
	client->next_item = 0;
	switch (stage) {
	case STAGE_CAPABILITIES:
		say_verb(client, POP3_CAPA);
		break;
	case STAGE_LOGIN:
		pop3_client_phase(client, PHASE_GREETED);
		if (client->capabilities & CAN_UTF8)
			say_verb(client, POP3_UTF8);
		else
			pop3_client_log_in(client);
		break;
	case STAGE_SURVEY:
		pop3_client_enter(client, POP3_TRANSACTION);
		pop3_client_phase(client, PHASE_AUTHENTICATED);
		break;
	case STAGE_RETRIEVE:
		judge_items(client);
		break;
	case STAGE_DELETE:
		if (any_item(client, is_to_delete))
			pop3_client_phase(client, PHASE_DELETE);
		break;
	case STAGE_QUIT:
		quit(client);
		break;
	case STAGE_GREETING:
	case STAGE_OVER:
		break;
	}
}

void pop3_client_say_password(struct pop3_client *client)
{
	say(client, (struct pop3_sent) { POP3_PASS, 0 }, 0, "PASS %s", client->password);
}

void pop3_client_advance(struct pop3_client *client)
{
	if (client->stage == STAGE_SURVEY) {
		survey(client);
		if (client->sent->len == 0)
			pop3_client_begin(client, STAGE_RETRIEVE);
	}
	if (client->stage == STAGE_RETRIEVE) {
		retrieve(client);
		if (client->sent->len == 0)
			pop3_client_begin(client, STAGE_DELETE);
	}
	if (client->stage == STAGE_DELETE) {
		delete (client);
		if (client->sent->len == 0)
			pop3_client_begin(client, STAGE_QUIT);
	}
}
