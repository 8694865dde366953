#include "protocols/tls/message.h"

#include <stdio.h>
#include "protocols/tls/dissect.h"
#include "sim/ascii.h"

#define RANDOM_BYTES 32

/* Handshake types, extensions and others that are looked into. */
enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };
enum { SERVER_NAME = 0, SUPPORTED_VERSIONS = 43 };

/* What is still to be read; once something is missing, `is_cut`, and all that follows is empty. */
struct cursor {
	struct bytes rest;
	bool is_cut;
};

/* A summary under way; what does not fit is left out. */
struct words {
	char *out;
	size_t used;
};

static void say(struct words *words, const char *text, size_t length)
{
	struct bytes said = { (const uint8_t *)text, length };

	said = bytes_first(said, DISSECT_TEXT_BYTES - 1 - words->used);
	ascii_print(said, words->out + words->used);
	words->used += said.length;
	words->out[words->used] = '\0';
}

static void say_text(struct words *words, const char *text)
{
	say(words, text, strlen(text));
}

static void say_bytes(struct words *words, struct bytes text)
{
	say(words, (const char *)text.data, text.length);
}

static struct bytes take(struct cursor *cursor, size_t length)
{
	struct bytes taken = { NULL, 0 };

	cursor->is_cut |= length > cursor->rest.length;
	if (cursor->is_cut)
		return taken;
	taken = bytes_first(cursor->rest, length);
	cursor->rest = bytes_from(cursor->rest, length);
	return taken;
}

static unsigned take_number(struct cursor *cursor, size_t bytes)
{
	struct bytes taken = take(cursor, bytes);
	unsigned number = 0;

	for (size_t i = 0; i < taken.length; i++)
		number = number << 8 | taken.data[i];
	return number;
}

/* A vector with its length in front (RFC 8446 section 3.4). */
static struct cursor take_vector(struct cursor *cursor, size_t length_bytes)
{
	size_t length = take_number(cursor, length_bytes);

	return (struct cursor) { take(cursor, length), cursor->is_cut };
}

/* Finds an extension among those of `extensions`; false: it is not there. */
static bool find_extension(struct cursor extensions, unsigned wanted, struct cursor *found)
{
	while (extensions.rest.length > 0 && !extensions.is_cut) {
		unsigned type = take_number(&extensions, 2);
		struct cursor data = take_vector(&extensions, 2);

		if (type == wanted && !data.is_cut) {
			*found = data;
			return true;
		}
	}
	return false;
}

/* RFC 6066 section 3: the first name in the list is the host's. */
static void say_server_name(struct words *words, struct cursor extensions)
{
	struct cursor data;

	if (!find_extension(extensions, SERVER_NAME, &data))
		return;
	struct cursor list = take_vector(&data, 2);

	take_number(&list, 1);
	struct cursor name = take_vector(&list, 2);

	if (name.is_cut)
		return;
	say_text(words, " to ");
	say_bytes(words, name.rest);
}

/* The newest version a client offers. */
static void say_client_version(struct words *words, struct cursor extensions, unsigned newest)
{
	struct cursor data;

	if (find_extension(extensions, SUPPORTED_VERSIONS, &data)) {
		struct cursor list = take_vector(&data, 1);

		while (list.rest.length >= 2) {
			unsigned version = take_number(&list, 2);

			if (version > newest && version <= TLS_1_3)
				newest = version;
		}
	}
	say_text(words, ", ");
	say_text(words, tls_version_name(newest));
}

static void say_client_hello(struct words *words, struct cursor body)
{
	unsigned version = take_number(&body, 2);

	take(&body, RANDOM_BYTES);
	take_vector(&body, 1); /* session */
	take_vector(&body, 2); /* cipher suites */
	take_vector(&body, 1); /* compression methods */
	struct cursor extensions = take_vector(&body, 2);

	say_server_name(words, extensions);
	say_client_version(words, extensions, version);
}

struct suite {
	unsigned number;
	const char *name;
};

static void say_suite(struct words *words, unsigned number)
{
	static const struct suite suites[] = {
		{0x1301,  "AES_128_GCM_SHA256"            },
		{ 0x1302, "AES_256_GCM_SHA384"            },
		{ 0x1303, "CHACHA20_POLY1305_SHA256"      },
		{ 0xc02b, "ECDHE_ECDSA_AES_128_GCM_SHA256"},
		{ 0xc02c, "ECDHE_ECDSA_AES_256_GCM_SHA384"},
		{ 0xc02f, "ECDHE_RSA_AES_128_GCM_SHA256"  },
		{ 0xc030, "ECDHE_RSA_AES_256_GCM_SHA384"  },
		{ 0xcca8, "ECDHE_RSA_CHACHA20_POLY1305"   },
		{ 0xcca9, "ECDHE_ECDSA_CHACHA20_POLY1305" },
	};

	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].number == number) {
			say_text(words, ", ");
			say_text(words, suites[i].name);
		}
}

static void say_server_hello(struct words *words, struct cursor body)
{
	unsigned version = take_number(&body, 2), suite;
	struct cursor data;

	take(&body, RANDOM_BYTES);
	take_vector(&body, 1);
	suite = take_number(&body, 2);
	take_number(&body, 1);
	if (find_extension(take_vector(&body, 2), SUPPORTED_VERSIONS, &data))
		version = take_number(&data, 2);
	say_text(words, ": ");
	say_text(words, tls_version_name(version));
	say_suite(words, suite);
}

/* Certificates are in DER (X.690): each value has its kind and length in front. */

enum { DER_BOOLEAN = 0x01, DER_SEQUENCE = 0x30, DER_DNS_NAME = 0x82 };
enum { DER_VERSION = 0xa0, DER_EXTENSIONS = 0xa3 };

static struct cursor take_der(struct cursor *cursor, unsigned *kind)
{
	size_t length;

	*kind = take_number(cursor, 1);
	length = take_number(cursor, 1);
	if (length > 0x80 && length <= 0x83)
		length = take_number(cursor, length - 0x80);
	else if (length >= 0x80)
		cursor->is_cut = true;
	return (struct cursor) { take(cursor, length), cursor->is_cut };
}

/* The common name in a distinguished name: the last one counts. */
static struct bytes common_name(struct cursor name)
{
	static const uint8_t type[] = { 0x06, 0x03, 0x55, 0x04, 0x03 }; /* 2.5.4.3 */
	struct bytes found = { NULL, 0 };
	unsigned kind;

	while (name.rest.length > 0 && !name.is_cut) {
		struct cursor set = take_der(&name, &kind), pair = take_der(&set, &kind);

		if (pair.rest.length < sizeof type ||
		    memcmp(pair.rest.data, type, sizeof type) != 0)
			continue;
		take(&pair, sizeof type);
		found = take_der(&pair, &kind).rest;
	}
	return found;
}

/* RFC 5280 section 4.1: version, serial number, signature, issuer, validity, subject. */
static void say_subject(struct words *words, struct cursor certificate)
{
	unsigned kind;
	struct cursor outer = take_der(&certificate, &kind), inner = take_der(&outer, &kind);

	if (inner.rest.length > 0 && inner.rest.data[0] == DER_VERSION)
		take_der(&inner, &kind);
	take_der(&inner, &kind); /* serial number */
	take_der(&inner, &kind); /* signature */
	struct bytes issuer = common_name(take_der(&inner, &kind));

	take_der(&inner, &kind); /* validity */
	struct bytes subject = common_name(take_der(&inner, &kind));

	if (subject.length == 0)
		return;
	say_text(words, " of ");
	say_bytes(words, subject);
	say_text(words, ", by ");
	say_bytes(words, issuer);
}

/* In TLS 1.3 a context comes first, which is empty for servers (RFC 8446 section 4.4.2). */
static struct cursor first_certificate(struct cursor body)
{
	struct cursor probe = body;

	if (take_number(&probe, 3) != body.rest.length - 3)
		take_vector(&body, 1);
	struct cursor list = take_vector(&body, 3);

	return take_vector(&list, 3);
}

static void say_certificate(struct words *words, struct cursor body)
{
	say_subject(words, first_certificate(body));
}

/* RFC 5280 section 4.1: what stands behind version, six fields and the key; empty: nothing does. */
static struct cursor extensions_of(struct cursor certificate)
{
	unsigned kind = 0;
	struct cursor outer = take_der(&certificate, &kind), inner = take_der(&outer, &kind);

	while (inner.rest.length > 0 && !inner.is_cut) {
		struct cursor field = take_der(&inner, &kind);

		if (kind == DER_EXTENSIONS)
			return take_der(&field, &kind);
	}
	return (struct cursor) { .is_cut = true };
}

/* RFC 5280 section 4.2.1.6: the names in an extension; those of hosts alone. */
static void say_names(struct words *words, struct cursor value)
{
	unsigned kind;
	struct cursor list = take_der(&value, &kind);

	while (list.rest.length > 0 && !list.is_cut) {
		struct cursor name = take_der(&list, &kind);

		if (kind != DER_DNS_NAME || name.is_cut)
			continue;
		if (words->used > 0)
			say_text(words, ", ");
		say_bytes(words, name.rest);
	}
}

void tls_certificate_names(struct bytes message, char out[DISSECT_TEXT_BYTES])
{
	static const uint8_t type[] = { 0x06, 0x03, 0x55, 0x1d, 0x11 }; /* 2.5.29.17 */
	struct words words = { out, 0 };
	struct cursor extensions;
	unsigned kind;

	out[0] = '\0';
	if (message.length < 4 || message.data[0] != CERTIFICATE)
		return;
	extensions =
	    extensions_of(first_certificate((struct cursor) { bytes_from(message, 4), false }));
	while (extensions.rest.length > 0 && !extensions.is_cut) {
		struct cursor extension = take_der(&extensions, &kind), value;

		if (extension.rest.length < sizeof type ||
		    memcmp(extension.rest.data, type, sizeof type) != 0)
			continue;
		take(&extension, sizeof type);
		value = take_der(&extension, &kind);
		if (kind == DER_BOOLEAN) /* it is critical */
			value = take_der(&extension, &kind);
		say_names(&words, value);
	}
}

void tls_messages_print(struct bytes handshake, char out[DISSECT_TEXT_BYTES])
{
	struct cursor cursor = { handshake, false };
	struct words words = { out, 0 };

	out[0] = '\0';
	while (cursor.rest.length >= 4 && !cursor.is_cut) {
		unsigned type = take_number(&cursor, 1);
		size_t length = take_number(&cursor, 3);
		struct cursor body = { bytes_first(cursor.rest, length),
				       length > cursor.rest.length };

		cursor.rest = bytes_from(cursor.rest, body.rest.length);
		if (words.used > 0)
			say_text(&words, "; ");
		say_text(&words, tls_handshake_name(type));
		if (type == CLIENT_HELLO)
			say_client_hello(&words, body);
		else if (type == SERVER_HELLO)
			say_server_hello(&words, body);
		else if (type == CERTIFICATE)
			say_certificate(&words, body);
	}
	if (words.used == 0)
		say_text(&words, "part of a handshake message");
}

void tls_alert_print(struct bytes alert, char out[DISSECT_TEXT_BYTES])
{
	if (alert.length < 2)
		snprintf(out, DISSECT_TEXT_BYTES, "alert");
	else
		snprintf(out, DISSECT_TEXT_BYTES, "%s alert: %s",
			 alert.data[0] == 2 ? "fatal" : "warning", tls_alert_name(alert.data[1]));
}
