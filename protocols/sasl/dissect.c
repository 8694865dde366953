#include "protocols/sasl/dissect.h"
#include <stdio.h>
#include "protocols/sasl/sasl.h"
#include "sim/ascii.h"

#define MESSAGE_MAX 384 /* octets of a message that are looked at */
#define TEXT_MAX    768 /* of what is said of it, before it is cut */

/* What is said of one message. */
struct words {
	char text[TEXT_MAX];
	size_t length;
};

static void begin(struct words *words)
{
	words->length = 0;
	words->text[0] = '\0';
}

static void say(struct words *words, const char *text)
{
	size_t length = MIN(strlen(text), sizeof words->text - 1 - words->length);

	memcpy(words->text + words->length, text, length);
	words->length += length;
	words->text[words->length] = '\0';
}

/* Octets as they are, others than printable ASCII as '.'. */
static void quote(struct words *words, struct bytes octets)
{
	octets = bytes_first(octets, sizeof words->text - 1 - words->length);
	ascii_print(octets, words->text + words->length);
	words->length += octets.length;
	words->text[words->length] = '\0';
}

/* Takes the octets in front of the next `end` off `rest`, and that too; all when there is none. */
static struct bytes take_until(struct bytes *rest, uint8_t end)
{
	const uint8_t *at = bytes_find_byte(*rest, end);
	struct bytes taken = at == NULL ? *rest : bytes_first(*rest, (size_t)(at - rest->data));

	*rest = bytes_from(*rest, taken.length + (at != NULL));
	return taken;
}

/* The mechanisms. */

static void say_text(struct bytes message, struct words *words)
{
	if (message.length == 0)
		say(words, "(empty)");
	quote(words, message);
}

/* message = [authzid] UTF8NUL authcid UTF8NUL passwd (RFC 4616 section 2) */
static void say_plain(struct bytes message, struct words *words)
{
	struct bytes identity = take_until(&message, '\0');

	say(words, "user ");
	quote(words, take_until(&message, '\0'));
	say(words, ", password ");
	quote(words, message);
	if (identity.length == 0)
		return;
	say(words, ", acts as ");
	quote(words, identity);
}

/* The user name, a space and the digest in hexadecimal (RFC 2195 section 2). */
static void say_cram(struct bytes message, struct words *words)
{
	size_t digest = message.length;

	while (digest > 0 && message.data[digest - 1] != ' ')
		digest--;
	say(words, "user ");
	quote(words, bytes_first(message, digest > 0 ? digest - 1 : 0));
	say(words, ", digest ");
	quote(words, bytes_from(message, digest));
}

/* The value of an attribute, "n=alice" (RFC 5802 section 5); false: it is not there. */
static bool find_attribute(struct bytes message, uint8_t name, struct bytes *value)
{
	while (message.length > 0) {
		struct bytes field = take_until(&message, ',');

		if (field.length >= 2 && field.data[0] == name && field.data[1] == '=') {
			*value = bytes_from(field, 2);
			return true;
		}
	}
	return false;
}

static void say_attribute(struct bytes message, uint8_t name, const char *before,
			  struct words *words)
{
	struct bytes value;

	if (!find_attribute(message, name, &value))
		return;
	if (words->length > 0)
		say(words, ", ");
	say(words, before);
	quote(words, value);
}

/* saslname: "=2C" is a comma, "=3D" an equals sign. */
static void say_user(struct bytes message, struct words *words)
{
	struct bytes name;

	if (!find_attribute(message, 'n', &name))
		return;
	say(words, "user ");
	while (name.length > 0) {
		bool is_comma = bytes_equal(bytes_first(name, 3), bytes_of("=2C"));
		bool is_equals = bytes_equal(bytes_first(name, 3), bytes_of("=3D"));

		if (is_comma || is_equals)
			say(words, is_comma ? "," : "=");
		else
			quote(words, bytes_first(name, 1));
		name = bytes_from(name, is_comma || is_equals ? 3 : 1);
	}
}

/* A GS2 header, "n,,", comes first: whether the client can bind to the TLS channel, and for whom. */
static void say_client_first(struct bytes message, struct words *words)
{
	struct bytes rest = message;
	struct bytes binding = take_until(&rest, ',');

	say_user(rest, words);
	say_attribute(rest, 'r', "nonce ", words);
	say_attribute(bytes_first(rest, 2), 'a', "acts as ", words);
	if (binding.length > 2 && binding.data[0] == 'p')
		say_attribute(binding, 'p', "bound to TLS by ", words);
}

static void say_server_first(struct bytes message, struct words *words)
{
	say_attribute(message, 'i', "iterations ", words);
	say_attribute(message, 's', "salt ", words);
	say_attribute(message, 'r', "nonce ", words);
}

static void say_client_final(struct bytes message, struct words *words)
{
	say_attribute(message, 'p', "proof ", words);
	say_attribute(message, 'r', "nonce ", words);
}

static void say_server_final(struct bytes message, struct words *words)
{
	say_attribute(message, 'v', "signature ", words);
	say_attribute(message, 'e', "error ", words);
}

struct step {
	bool is_from_server;
	struct dissect_text text;
	void (*say)(struct bytes message, struct words *words);
};

#define STEPS_MAX 6

/* In their order; the server's first one is left out where the client speaks first. */
/* clang-format off */
static const struct step mechanisms[SASL_MECHANISM_COUNT][STEPS_MAX] = {
	[SASL_LOGIN] = {
		{ true,  { "LOGIN challenge", "The server asks for the user name.",
		           "draft-murchison-sasl-login" }, say_text },
		{ false, { "LOGIN user name", "The client names the user; base64 hides it from nobody.",
		           "draft-murchison-sasl-login" }, say_text },
		{ true,  { "LOGIN challenge", "The server asks for the password.",
		           "draft-murchison-sasl-login" }, say_text },
		{ false, { "LOGIN password",
		           "The client says the password; base64 hides it from nobody.",
		           "draft-murchison-sasl-login" }, say_text },
	},
	[SASL_PLAIN] = {
		{ true,  { "PLAIN challenge", "Empty: the client may speak.", "RFC 4616 section 2" },
		  say_text },
		{ false, { "PLAIN message",
		           "The client says user and password; base64 hides them from nobody.",
		           "RFC 4616 section 2" }, say_plain },
	},
	[SASL_CRAM_MD5] = {
		{ true,  { "CRAM-MD5 challenge",
		           "The server sends a text that it has never sent before.",
		           "RFC 2195 section 2" }, say_text },
		{ false, { "CRAM-MD5 response",
		           "The client proves by a keyed digest of that text that it knows the password.",
		           "RFC 2195 section 2" }, say_cram },
	},
	[SASL_SCRAM_SHA_256] = {
		{ true,  { "SCRAM challenge", "Empty: the client may speak.", "RFC 5802 section 5" },
		  say_text },
		{ false, { "SCRAM client-first-message", "The client names the user, and sends a nonce.",
		           "RFC 5802 section 7" }, say_client_first },
		{ true,  { "SCRAM server-first-message",
		           "The server adds its nonce, and says how the password is salted and hashed.",
		           "RFC 5802 section 7" }, say_server_first },
		{ false, { "SCRAM client-final-message",
		           "The client proves that it knows the password without sending it.",
		           "RFC 5802 section 7" }, say_client_final },
		{ true,  { "SCRAM server-final-message",
		           "The server proves that it has the key of that user, or says what is wrong.",
		           "RFC 5802 section 7" }, say_server_final },
		{ false, { "SCRAM acknowledgement", "Empty: the client has checked the server's proof.",
		           "RFC 4422 section 3.6" }, say_text },
	},
};
/* clang-format on */

/* The mechanism is not known, or the exchange goes on where it should be over. */
static const struct step challenge = {
	true,
	{"SASL challenge", "The server asks something, in base64.", "RFC 4422 section 3.4"},
	say_text
};
static const struct step response = {
	false,
	{"SASL response", "The client answers the challenge, in base64.", "RFC 4422 section 3.4"},
	say_text
};
static const struct step cancel = {
	false,
	{"SASL cancel", "The client breaks the exchange off.", "RFC 4422 section 3.5"},
	NULL
};

/* The step that this side takes now; those in front of it were not needed. */
static const struct step *next_step(struct sasl_watch *watch, bool is_from_server)
{
	const struct step *steps;

	if (watch->mechanism == 0 || watch->mechanism > SASL_MECHANISM_COUNT)
		return is_from_server ? &challenge : &response;
	steps = mechanisms[watch->mechanism - 1];
	while (watch->next < STEPS_MAX && steps[watch->next].text.name != NULL) {
		const struct step *step = &steps[watch->next++];

		if (step->is_from_server == is_from_server)
			return step;
	}
	return is_from_server ? &challenge : &response;
}

/* What the text of a step says; base64 of more than fits is read as far as that. */
static void say_message(const struct step *step, struct bytes text, struct words *words)
{
	uint8_t message[MESSAGE_MAX];
	gint state = 0;
	guint save = 0;

	begin(words);
	if (step == &cancel) {
		say(words, "the client gives up");
		return;
	}
	if (!sasl_is_base64(text)) {
		say(words, "no base64");
		return;
	}
	text = bytes_first(text, MESSAGE_MAX / 3 * 4);
	step->say(
	    (struct bytes) { message, g_base64_decode_step((const gchar *)text.data, text.length,
							   message, &state, &save) },
	    words);
}

/* "334 [LOGIN challenge: Password:]": the line in front of the text, and what that says. */
static void summarize(struct dissect_unit *unit, struct bytes line, const struct step *step,
		      const struct words *words)
{
	struct words all;

	begin(&all);
	quote(&all, line);
	say(&all, "[");
	say(&all, step->text.name);
	say(&all, ": ");
	say(&all, words->text);
	say(&all, "]");
	dissect_print_line((struct bytes) { (const uint8_t *)all.text, all.length }, unit->summary);
}

/* The unit's bytes in front of `text`. */
static struct bytes front_of(const struct dissect_writer *writer, const struct dissect_unit *unit,
			     struct bytes text)
{
	struct bytes line = bytes_from(writer->input->bytes, unit->offset);

	return bytes_first(line, (size_t)(text.data - line.data));
}

static const struct step *take_step(struct sasl_watch *watch, bool is_from_server,
				    struct bytes text, struct words *words)
{
	const struct step *step = !is_from_server && bytes_equal(text, bytes_of("*"))
				      ? &cancel
				      : next_step(watch, is_from_server);

	say_message(step, text, words);
	return step;
}

void sasl_dissect_line(struct sasl_watch *watch, struct dissect_writer *writer, bool is_from_server,
		       struct bytes text)
{
	struct dissect_unit *unit = dissect_last(writer);
	struct words words;
	const struct step *step = take_step(watch, is_from_server, text, &words);

	if (unit == NULL)
		return;
	unit->name = step->text.name;
	unit->purpose = step->text.purpose;
	unit->reference = step->text.reference;
	summarize(unit, front_of(writer, unit, text), step, &words);
}

static void add_initial_response(struct sasl_watch *watch, struct dissect_writer *writer,
				 struct dissect_unit *command, unsigned kind, struct bytes text)
{
	struct words words;
	const struct step *step = take_step(watch, false, text, &words);
	struct dissect_unit *part = dissect_add(writer, &step->text, kind, 1, text);

	if (part != NULL)
		summarize(part, bytes_first(text, 0), step, &words);
	if (command != NULL)
		summarize(command, front_of(writer, command, text), step, &words);
}

void sasl_dissect_command(struct sasl_watch *watch, struct dissect_writer *writer,
			  struct bytes argument)
{
	static const struct dissect_text mechanism = { "Mechanism",
						       "How the client proves who it is.",
						       "RFC 4422 section 3.1" };
	struct dissect_unit *command = dissect_last(writer);
	unsigned kind = command != NULL ? command->kind : 0;
	struct bytes name = take_until(&argument, ' ');

	*watch = (struct sasl_watch) { .mechanism = (uint8_t)(1 + sasl_mechanism_parse(name)) };
	if (name.length > 0)
		dissect_add(writer, &mechanism, kind, 1, name);
	if (argument.length > 0)
		add_initial_response(watch, writer, command, kind, argument);
}

void sasl_watch_end(struct sasl_watch *watch)
{
	*watch = (struct sasl_watch) { .mechanism = 0 };
}

bool sasl_watch_is_open(const struct sasl_watch *watch)
{
	return watch->mechanism != 0;
}
