#include "protocols/tls/decrypt.h"

#include "protocols/tls/names.h"
#include "protocols/tls/record_key.h"

#define HEADER_BYTES         5
#define RECORD_BYTES_MAX     (16384 + 2048) /* RFC 5246 section 6.2.3; less in TLS 1.3 */
#define MESSAGE_HEADER_BYTES 4              /* RFC 8446 section 4 */
#define MESSAGE_KEPT_MAX     2048           /* of a hello: what is looked for stands before that */

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, FINISHED = 20, KEY_UPDATE = 24 };
enum { SUPPORTED_VERSIONS = 43 };

struct tls_decryption {
	struct tls_algorithms *algorithms; /* NULL: nobody spoke TLS yet */
	struct tls_secrets *secrets;
};

/* One direction. */
struct side {
	GByteArray *record;        /* the record that has begun; NULL: none */
	uint32_t skip;             /* bytes still to come of one that is lost in part */
	bool is_protected;         /* records are encrypted from here on, */
	enum tls_secret_kind uses; /* by this secret; */
	bool has_key;              /* it was found */
	struct tls_record_key key;
	uint64_t sequence; /* of the next record with this key */
	const char *lost;  /* why nothing can be read any more; NULL: it can */
	/* The handshake message under way. */
	uint8_t header[MESSAGE_HEADER_BYTES];
	uint8_t header_bytes;
	uint32_t remaining;
	GByteArray *hello; /* what has come of a ClientHello or ServerHello; NULL: it is neither */
};

struct tls_decrypter {
	struct tls_decryption *decryption;
	struct side sides[2]; /* 0: from the client */
	bool has_client_random, has_server_hello;
	uint8_t client_random[TLS_RANDOM_BYTES], server_random[TLS_RANDOM_BYTES];
	bool is_1_3;
	const struct tls_suite *suite; /* NULL: not known, or none of ours */
};

struct tls_decryption *tls_decryption_new(void)
{
	struct tls_decryption *decryption = g_new0(struct tls_decryption, 1);

	decryption->secrets = tls_secrets_new();
	return decryption;
}

void tls_decryption_free(struct tls_decryption *decryption)
{
	if (decryption == NULL)
		return;
	tls_algorithms_free(decryption->algorithms);
	tls_secrets_free(decryption->secrets);
	g_free(decryption);
}

struct tls_secrets *tls_decryption_secrets(struct tls_decryption *decryption)
{
	return decryption->secrets;
}

struct tls_decrypter *tls_decrypter_new(struct tls_decryption *decryption)
{
	struct tls_decrypter *decrypter = g_new0(struct tls_decrypter, 1);

	decrypter->decryption = decryption;
	if (decryption->algorithms == NULL) /* finding them takes long */
		decryption->algorithms = tls_algorithms_new();
	return decrypter;
}

static void forget(struct side *side)
{
	g_clear_pointer(&side->record, g_byte_array_unref);
	g_clear_pointer(&side->hello, g_byte_array_unref);
}

void tls_decrypter_free(struct tls_decrypter *decrypter)
{
	if (decrypter == NULL)
		return;
	forget(&decrypter->sides[0]);
	forget(&decrypter->sides[1]);
	g_free(decrypter);
}

static size_t length_of(const GByteArray *array)
{
	return array == NULL ? 0 : array->len;
}

size_t tls_decrypter_held(const struct tls_decrypter *decrypter)
{
	size_t held = 0;

	for (unsigned i = 0; i < 2; i++)
		held +=
		    length_of(decrypter->sides[i].record) + length_of(decrypter->sides[i].hello);
	return held;
}

const char *tls_decrypter_lost(const struct tls_decrypter *decrypter, bool is_from_server)
{
	return decrypter->sides[is_from_server].lost;
}

void tls_decrypter_give_up(struct tls_decrypter *decrypter)
{
	for (unsigned i = 0; i < 2; i++) {
		forget(&decrypter->sides[i]);
		decrypter->sides[i].lost = "no room to put its records together";
	}
}

/* Keys. */

/* From here on the side's records are encrypted by this secret, which is looked up when it is needed. */
static void protect(struct side *side, enum tls_secret_kind uses)
{
	side->is_protected = true;
	side->uses = uses;
	side->has_key = false;
	side->sequence = 0;
}

static bool find_key(struct tls_decrypter *decrypter, unsigned index)
{
	struct tls_decryption *decryption = decrypter->decryption;
	struct side *side = &decrypter->sides[index];
	struct bytes secret =
	    tls_secrets_find(decryption->secrets, decrypter->client_random, side->uses);
	struct tls_record_key keys[2];

	if (secret.length == 0)
		return false;
	if (decrypter->is_1_3)
		return tls_record_key_derive(decryption->algorithms, decrypter->suite, secret,
					     &side->key);
	if (!tls_record_keys_expand(decryption->algorithms, decrypter->suite, secret,
				    decrypter->client_random, decrypter->server_random, keys))
		return false;
	side->key = keys[index];
	return true;
}

/* Why the records of a side cannot be read; NULL: they can be tried. */
static const char *obstacle(struct tls_decrypter *decrypter, unsigned index)
{
	struct side *side = &decrypter->sides[index];

	if (!decrypter->has_client_random || !decrypter->has_server_hello)
		return "its handshake is not in the capture";
	if (decrypter->suite == NULL)
		return "its cipher suite is none that can be read here";
	side->has_key = side->has_key || find_key(decrypter, index);
	return side->has_key ? NULL : "no secret of this connection";
}

/* Handshake messages. */

/* RFC 8446 section 4.1.3: this random says that it is a HelloRetryRequest. */
static const uint8_t retry_random[TLS_RANDOM_BYTES] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* Takes `length` bytes off the front of `rest`; false: there are not so many. */
static bool take(struct bytes *rest, size_t length, struct bytes *taken)
{
	if (rest->length < length)
		return false;
	*taken = bytes_first(*rest, length);
	*rest = bytes_from(*rest, length);
	return true;
}

/* The version that the extension of a ServerHello chooses; 0: there is none. */
static unsigned chosen_version(struct bytes extensions)
{
	struct bytes head, data;

	while (take(&extensions, 4, &head) && take(&extensions, get_be16(head.data + 2), &data))
		if (get_be16(head.data) == SUPPORTED_VERSIONS && data.length == 2)
			return get_be16(data.data);
	return 0;
}

/* struct { version; random; legacy_session_id; cipher_suite; compression; extensions } */
static void hear_server_hello(struct tls_decrypter *decrypter, struct bytes hello)
{
	struct bytes version, random, length, part, suite, extensions = { NULL, 0 };

	if (!take(&hello, 2, &version) || !take(&hello, TLS_RANDOM_BYTES, &random) ||
	    !take(&hello, 1, &length) || !take(&hello, length.data[0], &part) ||
	    !take(&hello, 2, &suite) || !take(&hello, 1, &part))
		return;
	if (take(&hello, 2, &length))
		extensions = bytes_first(hello, get_be16(length.data));
	if (memcmp(random.data, retry_random, TLS_RANDOM_BYTES) == 0)
		return;
	decrypter->has_server_hello = true;
	decrypter->is_1_3 = chosen_version(extensions) == TLS_1_3;
	decrypter->suite = tls_suite_find(get_be16(suite.data));
	if (decrypter->suite != NULL && decrypter->suite->is_1_3 != decrypter->is_1_3)
		decrypter->suite = NULL;
	memcpy(decrypter->server_random, random.data, TLS_RANDOM_BYTES);
	if (decrypter->is_1_3) {
		protect(&decrypter->sides[0], TLS_SECRET_CLIENT_HANDSHAKE);
		protect(&decrypter->sides[1], TLS_SECRET_SERVER_HANDSHAKE);
	}
}

static void hear_client_hello(struct tls_decrypter *decrypter, struct bytes hello)
{
	if (hello.length < 2 + TLS_RANDOM_BYTES)
		return;
	memcpy(decrypter->client_random, hello.data + 2, TLS_RANDOM_BYTES);
	decrypter->has_client_random = true;
}

/* A message is over: it may change by what the side's next record is protected. */
static void hear_message(struct tls_decrypter *decrypter, unsigned index)
{
	struct side *side = &decrypter->sides[index];
	GByteArray *hello = g_steal_pointer(&side->hello);
	struct bytes body = { hello == NULL ? NULL : hello->data, length_of(hello) };

	switch (side->header[0]) {
	case CLIENT_HELLO:
		hear_client_hello(decrypter, body);
		break;
	case SERVER_HELLO:
		hear_server_hello(decrypter, body);
		break;
	case FINISHED:
		if (decrypter->is_1_3)
			protect(side,
				index == 0 ? TLS_SECRET_CLIENT_TRAFFIC : TLS_SECRET_SERVER_TRAFFIC);
		break;
	case KEY_UPDATE:
		if (!side->has_key || !decrypter->is_1_3)
			break;
		side->sequence = 0;
		tls_record_key_update(decrypter->decryption->algorithms, &side->key);
		break;
	default:
		break;
	}
	if (hello != NULL)
		g_byte_array_unref(hello);
}

static void begin_message(struct side *side)
{
	uint8_t type = side->header[0];

	side->remaining = get_be32(side->header) & 0xffffff;
	if (type == CLIENT_HELLO || type == SERVER_HELLO)
		side->hello = g_byte_array_new();
}

static void keep_hello(struct side *side, struct bytes part)
{
	if (side->hello != NULL && side->hello->len < MESSAGE_KEPT_MAX)
		g_byte_array_append(side->hello, part.data,
				    MIN((guint)part.length, MESSAGE_KEPT_MAX - side->hello->len));
}

/* Messages may share records, and go on in the next. */
static void follow_messages(struct tls_decrypter *decrypter, unsigned index, struct bytes in)
{
	struct side *side = &decrypter->sides[index];

	while (in.length > 0) {
		struct bytes part;

		if (side->header_bytes < MESSAGE_HEADER_BYTES) {
			side->header[side->header_bytes++] = in.data[0];
			in = bytes_from(in, 1);
			if (side->header_bytes < MESSAGE_HEADER_BYTES)
				continue;
			begin_message(side);
		}
		part = bytes_first(in, side->remaining);
		keep_hello(side, part);
		side->remaining -= (uint32_t)part.length;
		in = bytes_from(in, part.length);
		if (side->remaining > 0)
			break;
		side->header_bytes = 0;
		hear_message(decrypter, index);
	}
}

/* Records. */

/* TLSInnerPlaintext (RFC 8446 section 5.2): the content type is the last byte that is not 0. */
static void unwrap(struct bytes inner, struct tls_opened *opened)
{
	while (inner.length > 0 && inner.data[inner.length - 1] == 0)
		inner.length--;
	if (inner.length == 0) {
		opened->problem = "there is nothing but padding in it";
		return;
	}
	opened->content = inner.data[inner.length - 1];
	opened->plaintext = bytes_first(inner, inner.length - 1);
}

static void open_record(struct tls_decrypter *decrypter, unsigned index, struct bytes record,
			GByteArray *plaintext, struct tls_opened *opened)
{
	struct side *side = &decrypter->sides[index];
	bool may_be_early =
	    index == 0 && side->uses == TLS_SECRET_CLIENT_HANDSHAKE && side->sequence == 0;

	opened->problem = obstacle(decrypter, index);
	if (opened->problem != NULL) {
		side->sequence++;
		return;
	}
	opened->prefix_bytes += tls_record_key_prefix(decrypter->suite);
	if (!tls_record_key_open(decrypter->decryption->algorithms, &side->key, side->sequence,
				 record, plaintext)) {
		/* RFC 8446 section 4.2.10: what was sent before the handshake has another key. */
		side->sequence += !may_be_early;
		opened->problem = may_be_early ? "it is early data, or the secret is wrong"
					       : "the secret is wrong, or the record was changed";
		return;
	}
	side->sequence++;
	opened->plaintext = (struct bytes) { plaintext->data, plaintext->len };
	if (decrypter->is_1_3)
		unwrap(opened->plaintext, opened);
}

/* In TLS 1.3 encrypted records look like application data, and ChangeCipherSpec means nothing. */
static bool is_encrypted(const struct tls_decrypter *decrypter, const struct side *side,
			 unsigned content)
{
	if (content == TLS_APPLICATION_DATA)
		return true;
	return side->is_protected && !decrypter->is_1_3 && content != TLS_CHANGE_CIPHER_SPEC;
}

static void act_on(struct tls_decrypter *decrypter, unsigned index, const struct tls_opened *opened)
{
	struct side *side = &decrypter->sides[index];

	if (opened->problem != NULL)
		return;
	if (opened->content == TLS_HANDSHAKE)
		follow_messages(decrypter, index, opened->plaintext);
	else if (opened->content == TLS_CHANGE_CIPHER_SPEC && !decrypter->is_1_3)
		protect(side, TLS_SECRET_MASTER);
}

/* Where a record is told of. */
struct listener {
	void (*opened)(void *owner, const struct tls_opened *record);
	void *owner;
	size_t fed; /* bytes up to here */
};

static void take_record(struct tls_decrypter *decrypter, unsigned index, struct bytes record,
			const struct listener *listener)
{
	struct side *side = &decrypter->sides[index];
	GByteArray *plaintext = g_byte_array_new();
	struct tls_opened opened = {
		.content = record.data[0],
		.is_encrypted = is_encrypted(decrypter, side, record.data[0]),
		.wire_bytes = (uint32_t)record.length,
		.prefix_bytes = HEADER_BYTES,
		.end = listener->fed,
		.problem = side->lost,
	};

	if (side->lost == NULL && opened.is_encrypted)
		open_record(decrypter, index, record, plaintext, &opened);
	else if (side->lost == NULL)
		opened.plaintext = bytes_from(record, HEADER_BYTES);
	listener->opened(listener->owner, &opened);
	act_on(decrypter, index, &opened);
	g_byte_array_unref(plaintext);
}

/* Gathering. */

static bool is_header(const uint8_t *header)
{
	return header[0] >= TLS_CHANGE_CIPHER_SPEC && header[0] <= TLS_APPLICATION_DATA &&
	       header[1] == 3 && get_be16(header + 3) <= RECORD_BYTES_MAX;
}

/* How many bytes of the record under way are to come; of its header, while that is not there. */
static size_t wanted(const struct side *side)
{
	size_t length = length_of(side->record);

	if (length < HEADER_BYTES)
		return HEADER_BYTES - length;
	return HEADER_BYTES + (size_t)get_be16(side->record->data + 3) - length;
}

/*
 * Bytes that nobody has. Inside a record they cost that one alone; else it is not known where the next
 * one begins, nor its number.
 */
static void pass_over(struct side *side, uint64_t missing)
{
	uint64_t rest = side->skip;

	if (missing == 0 || side->lost != NULL)
		return;
	if (length_of(side->record) >= HEADER_BYTES) {
		rest = wanted(side);
		side->sequence++;
	}
	g_clear_pointer(&side->record, g_byte_array_unref);
	if (missing > rest)
		side->lost = "bytes in front of it are missing in the capture";
	side->skip = (uint32_t)(missing > rest ? 0 : rest - missing);
}

/* Takes what the record under way can have of `in`; returns how much. */
static size_t gather(struct side *side, struct bytes in)
{
	struct bytes part = bytes_first(in, side->skip > 0 ? side->skip : wanted(side));

	if (side->skip > 0) {
		side->skip -= (uint32_t)part.length;
		return part.length;
	}
	if (side->record == NULL)
		side->record = g_byte_array_new();
	g_byte_array_append(side->record, part.data, (guint)part.length);
	if (side->record->len == HEADER_BYTES && !is_header(side->record->data)) {
		side->lost = "what comes here is no TLS";
		g_clear_pointer(&side->record, g_byte_array_unref);
	}
	return part.length;
}

void tls_decrypter_feed(struct tls_decrypter *decrypter, bool is_from_server, struct bytes bytes,
			uint64_t missing,
			void (*opened)(void *owner, const struct tls_opened *record), void *owner)
{
	struct side *side = &decrypter->sides[is_from_server];
	struct listener listener = { opened, owner, 0 };

	pass_over(side, missing);
	while (side->lost == NULL && bytes.length > 0) {
		size_t taken = gather(side, bytes);

		bytes = bytes_from(bytes, taken);
		listener.fed += taken;
		if (length_of(side->record) < HEADER_BYTES || wanted(side) > 0)
			continue;
		GByteArray *record = g_steal_pointer(&side->record);

		take_record(decrypter, is_from_server, (struct bytes) { record->data, record->len },
			    &listener);
		g_byte_array_unref(record);
	}
}
