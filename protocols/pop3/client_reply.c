/* What a POP3 client makes of the answers. */
#include "protocols/pop3/client_private.h"

static struct pop3_item *item_at(struct pop3_client *client, unsigned index)
{
	return &g_array_index(client->items, struct pop3_item, index);
}

/* The item with this message number, made if it is new; NULL: out of all proportion. */
static struct pop3_item *item_numbered(struct pop3_client *client, uint64_t number)
{
	if (number == 0 || number > POP3_CLIENT_ITEMS_MAX)
		return NULL;
	if (client->items->len < number)
		g_array_set_size(client->items, (guint)number);
	return item_at(client, (unsigned)number - 1);
}

static void note_mechanism(struct pop3_client *client, struct bytes name)
{
	enum sasl_mechanism mechanism = sasl_mechanism_parse(name);

	if (mechanism != SASL_MECHANISM_COUNT)
		client->mechanisms |= SASL_BIT(mechanism);
}

static void note_capability(struct pop3_client *client, const char *line)
{
	char **words = g_strsplit(line, " ", -1);
	const char *name = words[0] != NULL ? words[0] : "";

	if (g_ascii_strcasecmp(name, "USER") == 0)
		client->capabilities |= CAN_USER;
	else if (g_ascii_strcasecmp(name, "UIDL") == 0)
		client->capabilities |= CAN_UIDL;
	else if (g_ascii_strcasecmp(name, "PIPELINING") == 0)
		client->capabilities |= CAN_PIPELINE;
	else if (g_ascii_strcasecmp(name, "UTF8") == 0)
		client->capabilities |= CAN_UTF8;
	else if (g_ascii_strcasecmp(name, "STLS") == 0)
		client->capabilities |= CAN_STLS;
	else if (g_ascii_strcasecmp(name, "SASL") == 0)
		for (char **word = words + 1; *word != NULL; word++)
			note_mechanism(client, bytes_of(*word));
	g_strfreev(words);
}

/* One line of a listing, its stuffing undone. */
void pop3_client_listed(struct pop3_client *client, enum pop3_detail verb, const char *line)
{
	char *rest;

	if (verb == POP3_CAPA) {
		note_capability(client, line);
		return;
	}
	struct pop3_item *item = item_numbered(client, g_ascii_strtoull(line, &rest, 10));
	if (item == NULL || *rest != ' ')
		return;
	if (verb == POP3_LIST) {
		item->size_bytes = g_ascii_strtoull(rest + 1, NULL, 10);
		return;
	}
	g_free(item->unique_id);
	item->unique_id = g_strdup(rest + 1);
}

void pop3_client_listing_ended(struct pop3_client *client, struct pop3_sent sent)
{
	if (sent.verb == POP3_CAPA)
		pop3_client_protect(client);
	else
		pop3_client_advance(client);
}

void pop3_client_retrieved(struct pop3_client *client, struct pop3_sent sent, GBytes *message)
{
	struct pop3_item *item = item_at(client, sent.index);
	const char *unique_id = item->unique_id != NULL ? item->unique_id : "";

	session_note(&client->base, &(struct note) {
					.kind = TRACE_MAIL,
					.detail = MAIL_RETRIEVED,
					.before = LAYER_POP3,
					.after = sent.index + 1,
					.bytes = g_bytes_ref(message),
				    });
	client->retrieved++;
	item->root = client->config.events->retrieved(client->config.owner, unique_id, message);
	item->must_delete = client->config.deletes;
	pop3_client_advance(client);
}

/* Deletions have become final; or, with -ERR, some have not and nobody knows which. */
static void quit_answered(struct pop3_client *client, bool is_ok)
{
	for (unsigned i = 0; i < client->items->len && is_ok; i++) {
		const struct pop3_item *item = item_at(client, i);

		if (!item->is_deleted)
			continue;
		client->deleted++;
		if (client->config.events->deleted != NULL)
			client->config.events->deleted(
			    client->config.owner, item->unique_id != NULL ? item->unique_id : "");
	}
	pop3_client_finish(client);
}

static void login_answered(struct pop3_client *client, bool is_ok, const char *text)
{
	if (is_ok && client->sasl != NULL && !sasl_client_may_trust(client->sasl)) {
		pop3_client_give_up(client, POP3_LOGIN_REFUSED,
				    "the server did not prove that it knows the password");
	} else if (is_ok) {
		pop3_client_begin(client, STAGE_SURVEY);
		pop3_client_advance(client);
	} else {
		/* RFC 2449 section 8.1.2 */
		pop3_client_give_up(client,
				    g_str_has_prefix(text, "[IN-USE]") ? POP3_MAILDROP_IN_USE
								       : POP3_LOGIN_REFUSED,
				    text);
	}
}

/* A server without CAPA (RFC 1939 alone): what can be tried is tried. */
static void capa_refused(struct pop3_client *client)
{
	client->capabilities = CAN_USER | CAN_UIDL;
	pop3_client_protect(client);
}

static void stls_answered(struct pop3_client *client, bool is_ok, const char *text)
{
	if (is_ok)
		client->base.wants_tls = true;
	else if (client->config.tls == SESSION_TLS_REQUIRED)
		pop3_client_give_up(client, POP3_INSECURE, text);
	else
		pop3_client_begin(client, STAGE_LOGIN);
}

static void user_answered(struct pop3_client *client, bool is_ok, const char *text)
{
	if (!is_ok) {
		pop3_client_give_up(client, POP3_LOGIN_REFUSED, text);
		return;
	}
	pop3_client_enter(client, POP3_HAS_USER);
	pop3_client_say_password(client);
}

static void stat_answered(struct pop3_client *client, bool is_ok, const char *text)
{
	if (is_ok) {
		client->offered =
		    (unsigned)MIN(g_ascii_strtoull(text, NULL, 10), POP3_CLIENT_ITEMS_MAX);
		client->is_empty = client->offered == 0;
	}
	/* Without LIST and UIDL the numbers are still known. */
	if (client->offered > 0)
		item_numbered(client, client->offered);
}

/* The answer to `sent` is this one line alone. */
void pop3_client_answered(struct pop3_client *client, struct pop3_sent sent, bool is_ok,
			  const char *text)
{
	switch (sent.verb) {
	case POP3_CAPA:
		capa_refused(client);
		return;
	case POP3_UTF8: /* refused, it does not matter but for mail that needs it */
		pop3_client_log_in(client);
		return;
	case POP3_STLS:
		stls_answered(client, is_ok, text);
		return;
	case POP3_USER:
		user_answered(client, is_ok, text);
		return;
	case POP3_PASS:
	case POP3_APOP:
	case POP3_AUTH:
		login_answered(client, is_ok, text);
		return;
	case POP3_QUIT:
		quit_answered(client, is_ok);
		return;
	case POP3_STAT:
		stat_answered(client, is_ok, text);
		break;
	case POP3_DELE:
		item_at(client, sent.index)->is_deleted = is_ok;
		break;
	default: /* UIDL, LIST or RETR refused: go on with what is known */
		break;
	}
	pop3_client_advance(client);
}
