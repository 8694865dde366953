#include "views/credentials_private.h"

#include "protocols/http/dissect.h"
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/imap/parser.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/names.h"
#include "protocols/sasl/sasl.h"
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/names.h"
#include "views/lru_table.h"
#include "views/names.h"

#define LISTENERS_MAX 4096 /* connections in which a login may be under way at once */

struct credentials {
	credential_found *found;
	void *owner;
	struct lru_table *listeners; /* number of a connection to struct listener */
};

void credentials_forget_collected(struct listener *listener)
{
	g_clear_pointer(&listener->collected, g_byte_array_unref);
}

static void forget_listener(void *owner, void *value)
{
	struct listener *listener = value;

	(void)owner;
	g_clear_pointer(&listener->user, g_free);
	credentials_forget_collected(listener);
	credentials_forget_head(listener);
}

struct credentials *credentials_new(credential_found *found, void *owner)
{
	struct credentials *credentials = g_new0(struct credentials, 1);

	credentials->found = found;
	credentials->owner = owner;
	credentials->listeners = lru_table_new(sizeof(uint32_t), sizeof(struct listener),
					       LISTENERS_MAX, forget_listener, NULL);
	return credentials;
}

void credentials_free(struct credentials *credentials)
{
	if (credentials == NULL)
		return;
	lru_table_free(credentials->listeners);
	g_free(credentials);
}

static struct listener *listener_of(struct credentials *credentials,
				    const struct model_connection *connection)
{
	uint32_t key = connection->number;

	return lru_table_put(credentials->listeners, &key);
}

void credentials_tell(const struct hearing *hearing, enum credential_kind kind, const char *how,
		      const char *user, const char *secret)
{
	hearing->credentials->found(hearing->credentials->owner, hearing->said->connection,
				    &(struct credential) {
					.kind = kind,
					.protocol = hearing->said->dissector->name,
					.how = how,
					.user = user == NULL ? "" : user,
					.secret = secret == NULL ? "" : secret,
				    });
}

static void keep_user(struct listener *listener, char *user)
{
	g_free(listener->user);
	listener->user = user;
}

static struct bytes without_end(struct bytes line)
{
	while (line.length > 0 && strchr("\r\n", line.data[line.length - 1]) != NULL)
		line.length--;
	return line;
}

/* Takes the next word off a line. */
static struct bytes take_word(struct bytes *line)
{
	const uint8_t *blank;
	struct bytes word;

	while (line->length > 0 && line->data[0] == ' ')
		*line = bytes_from(*line, 1);
	blank = bytes_find_byte(*line, ' ');
	word = bytes_first(*line, blank == NULL ? line->length : (size_t)(blank - line->data));
	*line = bytes_from(*line, word.length + 1);
	return word;
}

/* ---- SASL, which SMTP, POP3 and IMAP share ---- */

static const char *const mechanism_words[SASL_MECHANISM_COUNT] = {
	[SASL_LOGIN] = "AUTH LOGIN",
	[SASL_PLAIN] = "AUTH PLAIN",
	[SASL_CRAM_MD5] = "AUTH CRAM-MD5",
	[SASL_SCRAM_SHA_256] = "AUTH SCRAM-SHA-256",
};

/* RFC 4616 section 2: [authzid] NUL authcid NUL passwd. */
static void hear_plain(const struct hearing *hearing, const char *text, size_t length)
{
	const char *user = memchr(text, '\0', length);
	const char *password =
	    user == NULL ? NULL : memchr(user + 1, '\0', length - (size_t)(user + 1 - text));

	if (password != NULL)
		credentials_tell(hearing, CREDENTIAL_PASSWORD, hearing->listener->how, user + 1,
				 password + 1);
}

/* Whom a digest is of: "user digest" of CRAM-MD5, "n,,n=user,r=nonce" of SCRAM. */
static char *digest_user(const char *text)
{
	const char *name = strstr(text, ",n=");
	const char *blank = strrchr(text, ' ');

	if (g_str_has_prefix(text, "n,") && name != NULL)
		return g_strndup(name + 3, strcspn(name + 3, ","));
	return blank == NULL ? NULL : g_strndup(text, (gsize)(blank - text));
}

static void hear_digest(const struct hearing *hearing, const char *text)
{
	g_autofree char *user = digest_user(text);

	if (user != NULL)
		credentials_tell(hearing, CREDENTIAL_PROOF, hearing->listener->how, user, NULL);
}

/* A line in base64, as AUTH brings it. */
static void hear_answer(const struct hearing *hearing, struct bytes line)
{
	struct listener *listener = hearing->listener;
	enum awaited awaited = listener->awaited;
	size_t length;
	g_autofree char *text = sasl_base64_decode(line, &length);

	listener->awaited = NOTHING;
	if (text == NULL)
		return;
	if (awaited == PLAIN_MESSAGE) {
		hear_plain(hearing, text, length);
	} else if (awaited == LOGIN_NAME) {
		keep_user(listener, g_steal_pointer(&text));
		listener->awaited = LOGIN_PASSWORD;
	} else if (awaited == LOGIN_PASSWORD) {
		credentials_tell(hearing, CREDENTIAL_PASSWORD, listener->how, listener->user, text);
	} else if (awaited == DIGEST_MESSAGE) {
		hear_digest(hearing, text);
	}
}

/* "PLAIN AGFsaWNl...": a mechanism, and perhaps the client's first message. */
static void hear_mechanism(const struct hearing *hearing, struct bytes argument)
{
	static const enum awaited awaited[SASL_MECHANISM_COUNT] = {
		[SASL_LOGIN] = LOGIN_NAME,
		[SASL_PLAIN] = PLAIN_MESSAGE,
		[SASL_CRAM_MD5] = DIGEST_MESSAGE,
		[SASL_SCRAM_SHA_256] = DIGEST_MESSAGE,
	};
	enum sasl_mechanism mechanism = sasl_mechanism_parse(take_word(&argument));

	if (mechanism == SASL_MECHANISM_COUNT)
		return;
	hearing->listener->how = mechanism_words[mechanism];
	hearing->listener->awaited = awaited[mechanism];
	if (argument.length > 0)
		hear_answer(hearing, argument);
}

/* ---- SMTP and POP3 ---- */

/* Behind AUTH comes an answer, if it is no command that is known: who reads may have missed the 334. */
static void hear_other(const struct hearing *hearing, bool may_be_answer)
{
	if (may_be_answer && hearing->listener->awaited != NOTHING)
		hear_answer(hearing, hearing->line);
	else
		hearing->listener->awaited = NOTHING;
}

static struct bytes argument_of(struct bytes line)
{
	take_word(&line);
	return line;
}

static void hear_smtp(const struct hearing *hearing)
{
	unsigned kind = hearing->said->unit->kind;

	if (kind == SMTP_AUTH)
		hear_mechanism(hearing, argument_of(hearing->line));
	else
		hear_other(hearing, kind == SMTP_CREDENTIALS || kind == SMTP_UNKNOWN);
}

static void hear_pop3(const struct hearing *hearing)
{
	unsigned kind = hearing->said->unit->kind;
	struct bytes argument = argument_of(hearing->line);
	g_autofree char *text = bytes_to_text(argument);

	if (kind == POP3_AUTH)
		hear_mechanism(hearing, argument);
	else if (kind == POP3_USER)
		keep_user(hearing->listener, g_steal_pointer(&text));
	else if (kind == POP3_PASS)
		credentials_tell(hearing, CREDENTIAL_PASSWORD, "USER, PASS",
				 hearing->listener->user, text);
	else if (kind == POP3_APOP) {
		text[strcspn(text, " ")] = '\0';
		credentials_tell(hearing, CREDENTIAL_PROOF, "APOP", text, NULL);
	} else
		hear_other(hearing, kind == POP3_CREDENTIALS || kind == POP3_UNKNOWN);
}

/* ---- IMAP ---- */

static void tell_login(const struct hearing *hearing, struct bytes command)
{
	g_autofree uint8_t *copy = g_memdup2(command.data, command.length);
	g_autofree char *user = NULL, *password = NULL;
	struct imap_parser parser;
	struct bytes tag, verb;

	imap_parser_init(&parser, copy, command.length);
	if (imap_parse_tag(&parser, &tag) && imap_parse_space(&parser) &&
	    imap_parse_atom(&parser, &verb) && imap_parse_space(&parser) &&
	    imap_parse_text(&parser, &user) && imap_parse_space(&parser) &&
	    imap_parse_text(&parser, &password))
		credentials_tell(hearing, CREDENTIAL_PASSWORD, "LOGIN", user, password);
}

/* LOGIN may go on behind literals: it is read when all of it has come. */
static void collect_login(const struct hearing *hearing)
{
	struct listener *listener = hearing->listener;
	struct bytes unit = hearing->said->bytes;
	bool is_synchronizing;
	uint64_t size;

	if (listener->collected == NULL)
		listener->collected = g_byte_array_new();
	if (listener->collected->len + unit.length > CREDENTIAL_CONTENT_MAX) {
		credentials_forget_collected(listener);
		return;
	}
	g_byte_array_append(listener->collected, unit.data, (guint)unit.length);
	if (hearing->said->unit->kind == IMAP_LITERAL ||
	    imap_literal_at_end(hearing->line, &size, &is_synchronizing))
		return;
	tell_login(hearing, without_end((struct bytes) { listener->collected->data,
							 listener->collected->len }));
	credentials_forget_collected(listener);
}

static void hear_imap(const struct hearing *hearing)
{
	unsigned kind = hearing->said->unit->kind;
	struct listener *listener = hearing->listener;
	bool goes_on = kind == IMAP_LITERAL || kind == IMAP_REST;

	if (kind == IMAP_LOGIN || (goes_on && listener->collected != NULL)) {
		if (kind == IMAP_LOGIN)
			credentials_forget_collected(listener);
		collect_login(hearing);
		return;
	}
	if (!goes_on)
		credentials_forget_collected(listener);
	if (kind == IMAP_AUTHENTICATE)
		hear_mechanism(hearing, argument_of(argument_of(hearing->line)));
	else
		hear_other(hearing, kind == IMAP_SASL_RESPONSE || kind == IMAP_COMMAND_UNKNOWN);
}

/* ---- All together ---- */

void credentials_hear(struct credentials *credentials, const struct stream_said *said)
{
	static const struct {
		const struct dissector *dissector;
		void (*hear)(const struct hearing *hearing);
		bool takes_pieces;
	} protocols[] = {
		{&smtp_dissector,  hear_smtp,             false},
		{ &pop3_dissector, hear_pop3,             false},
		{ &imap_dissector, hear_imap,             true },
		{ &http_dissector, credentials_hear_http, true },
	};

	if (said->is_from_server || said->dissector == NULL)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
		if (protocols[i].dissector == said->dissector &&
		    (protocols[i].takes_pieces || said->unit->is_complete))
			protocols[i].hear(&(struct hearing) {
			    credentials, listener_of(credentials, said->connection), said,
			    without_end(said->bytes) });
}
