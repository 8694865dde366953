#include "protocols/tls/session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define HEADER_BYTES         5 /* content type, version, length (RFC 8446 section 5.1) */
#define EXPLICIT_NONCE_BYTES 8 /* TLS 1.2 with AES-GCM (RFC 5288 section 3) */

/* A record on its way through OpenSSL. */
struct pending {
	bool is_there;
	bool is_encrypted;
	unsigned content;
	uint32_t wire_bytes;
	GByteArray *plaintext; /* handshake messages, alerts; NULL: none yet */
};

struct tls_session {
	struct tls_context *context;
	SSL *ssl;
	struct tls_observer observer;
	enum tls_session_state state;
	struct bytes input; /* borrowed during a call */
	uint64_t read_bytes;
	uint64_t inbound_end; /* count of `read_bytes` at which the pending record is whole */
	GByteArray *output;   /* NULL: none */
	struct pending inbound, outbound;
	bool has_inbound_cipher, has_outbound_cipher; /* TLS 1.2: behind ChangeCipherSpec */
	bool has_closed;
	char *failure;
};

/* The wire. */

static int wire_read(BIO *bio, char *out, size_t wanted, size_t *read)
{
	struct tls_session *session = BIO_get_data(bio);
	struct bytes part = bytes_first(session->input, wanted);

	BIO_clear_retry_flags(bio);
	*read = part.length;
	if (part.length == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(out, part.data, part.length);
	session->input = bytes_from(session->input, part.length);
	session->read_bytes += part.length;
	return 1;
}

static int wire_write(BIO *bio, const char *in, size_t length, size_t *written)
{
	struct tls_session *session = BIO_get_data(bio);

	if (session->output == NULL)
		session->output = g_byte_array_new();
	g_byte_array_append(session->output, (const guint8 *)in, (guint)length);
	*written = length;
	return 1;
}

static long wire_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_session_wire_new(void)
{
	BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "mailwire");

	BIO_meth_set_read_ex(wire, wire_read);
	BIO_meth_set_write_ex(wire, wire_write);
	BIO_meth_set_ctrl(wire, wire_control);
	return wire;
}

void tls_session_wire_free(BIO_METHOD *wire)
{
	BIO_meth_free(wire);
}

/* Records: what OpenSSL says of each while it reads or writes it. */

static uint32_t prefix_bytes(const struct tls_session *session, const struct pending *pending)
{
	bool has_nonce = pending->is_encrypted && SSL_version(session->ssl) == TLS1_2_VERSION &&
			 SSL_get_current_cipher(session->ssl) != NULL &&
			 SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(session->ssl)) !=
			     NID_chacha20_poly1305;

	return HEADER_BYTES + (has_nonce ? EXPLICIT_NONCE_BYTES : 0);
}

static void tell_record(struct tls_session *session, struct pending *pending,
			struct bytes plaintext)
{
	const struct tls_record record = {
		.is_inbound = pending == &session->inbound,
		.is_encrypted = pending->is_encrypted,
		.content = pending->content,
		.wire_bytes = pending->wire_bytes,
		.prefix_bytes = prefix_bytes(session, pending),
		.plaintext = plaintext,
	};

	pending->is_there = false;
	session->observer.record(session->observer.owner, &record);
	if (pending->content == TLS_CHANGE_CIPHER_SPEC && record.is_inbound)
		session->has_inbound_cipher = true;
	else if (pending->content == TLS_CHANGE_CIPHER_SPEC)
		session->has_outbound_cipher = true;
	g_clear_pointer(&pending->plaintext, g_byte_array_unref);
}

static void finish(struct tls_session *session, struct pending *pending)
{
	if (pending->is_there)
		tell_record(
		    session, pending,
		    pending->plaintext == NULL
			? (struct bytes) { NULL, 0 }
			: (struct bytes) { pending->plaintext->data, pending->plaintext->len });
}

/* The record that is being read is told of when OpenSSL has all of it. */
static void finish_inbound(struct tls_session *session)
{
	if (session->read_bytes >= session->inbound_end)
		finish(session, &session->inbound);
}

static void begin_record(struct tls_session *session, bool is_outbound, struct bytes header)
{
	struct pending *pending = is_outbound ? &session->outbound : &session->inbound;

	finish_inbound(session); /* it may be what says that encryption begins */
	finish(session, &session->outbound);
	bool has_cipher = is_outbound ? session->has_outbound_cipher : session->has_inbound_cipher;

	*pending = (struct pending) {
		.is_there = true,
		.is_encrypted = has_cipher && SSL_version(session->ssl) == TLS1_2_VERSION,
		.content = header.data[0],
		.wire_bytes = HEADER_BYTES + get_be16(header.data + 3),
	};
	if (!is_outbound)
		session->inbound_end = session->read_bytes + pending->wire_bytes - HEADER_BYTES;
}

/* OpenSSL's message callback, see SSL_CTX_set_msg_callback(3). */
static void see_message(int is_outbound, int version, int content, const void *data, size_t length,
			SSL *ssl, void *owner)
{
	struct tls_session *session = owner;
	struct pending *pending = is_outbound ? &session->outbound : &session->inbound;

	(void)version;
	(void)ssl;
	switch (content) {
	case SSL3_RT_HEADER:
		if (length >= HEADER_BYTES)
			begin_record(session, is_outbound != 0, (struct bytes) { data, length });
		break;
	case SSL3_RT_INNER_CONTENT_TYPE:
		pending->content = *(const uint8_t *)data;
		pending->is_encrypted = true;
		break;
	case SSL3_RT_HANDSHAKE:
	case SSL3_RT_ALERT:
	case SSL3_RT_CHANGE_CIPHER_SPEC:
		if (!pending->is_there)
			break;
		if (pending->plaintext == NULL)
			pending->plaintext = g_byte_array_new();
		g_byte_array_append(pending->plaintext, data, (guint)length);
		break;
	default:
		break;
	}
}

static void see_secret(const SSL *ssl, const char *line)
{
	struct tls_session *session = SSL_get_app_data(ssl);

	session->observer.secret(session->observer.owner, line);
}

void tls_session_log_secrets(SSL_CTX *settings)
{
	SSL_CTX_set_keylog_callback(settings, see_secret);
}

/* Failure. */

/* The error that OpenSSL tells of, in words. The caller frees them. */
static char *explain_error(const struct tls_session *session, unsigned long error)
{
	long verdict = SSL_get_verify_result(session->ssl);
	int reason = ERR_GET_REASON(error);
	const char *words = ERR_reason_error_string(error);

	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
		return g_strdup_printf("the server's certificate is not trusted: %s",
				       X509_verify_cert_error_string(verdict));
	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
		return g_strdup_printf("the peer's alert says %s",
				       tls_alert_name((unsigned)reason - SSL_AD_REASON_OFFSET));
	return g_strdup(words != NULL ? words : "the peer does not speak TLS");
}

static void fail(struct tls_session *session)
{
	if (session->state == TLS_FAILED)
		return;
	session->state = TLS_FAILED;
	session->failure = explain_error(session, ERR_peek_last_error());
}

/* Runs what OpenSSL returned; true while it can go on. */
static void take_result(struct tls_session *session, int result)
{
	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_NONE:
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		session->state = TLS_ENDED;
		break;
	default:
		fail(session);
		break;
	}
}

/* Around every call: what is random comes from this node, and no error is left from elsewhere. */

static void enter(struct tls_session *session)
{
	tls_library_draw_from(session->context->library, &session->context->random);
	ERR_clear_error();
}

static void leave(struct tls_session *session)
{
	finish_inbound(session);
	finish(session, &session->outbound);
	ERR_clear_error();
	tls_library_draw_from(session->context->library, NULL);
}

/* Doors. */

static void shake_hands(struct tls_session *session)
{
	int result = SSL_do_handshake(session->ssl);

	if (result == 1)
		session->state = TLS_OPEN;
	else
		take_result(session, result);
}

void tls_session_start(struct tls_session *session)
{
	enter(session);
	shake_hands(session);
	leave(session);
}

/* Opens one record; its plaintext is told of with it. */
static void open_record(struct tls_session *session, GByteArray *plaintext)
{
	uint8_t room[TLS_PLAINTEXT_MAX];
	size_t length;

	if (!SSL_read_ex(session->ssl, room, sizeof room, &length)) {
		take_result(session, 0);
		return;
	}
	g_byte_array_append(plaintext, room, (guint)length);
	if (session->inbound.is_there)
		tell_record(session, &session->inbound, (struct bytes) { room, length });
}

size_t tls_session_receive(struct tls_session *session, struct bytes in, GByteArray *plaintext)
{
	if (session->state == TLS_ENDED || session->state == TLS_FAILED)
		return in.length; /* RFC 8446 section 6.1: what comes behind is ignored */
	enter(session);
	session->input = in;
	if (session->state == TLS_SHAKING_HANDS)
		shake_hands(session);
	else
		open_record(session, plaintext);
	in.length -= session->input.length;
	session->input = (struct bytes) { NULL, 0 };
	leave(session);
	return in.length;
}

void tls_session_write(struct tls_session *session, struct bytes plaintext)
{
	g_assert(session->state == TLS_OPEN || session->state == TLS_ENDED);
	while (plaintext.length > 0 && session->state != TLS_FAILED) {
		struct bytes part = bytes_first(plaintext, TLS_PLAINTEXT_MAX);
		size_t written = 0;

		enter(session);
		if (!SSL_write_ex(session->ssl, part.data, part.length, &written))
			take_result(session, 0);
		else if (session->outbound.is_there)
			tell_record(session, &session->outbound, bytes_first(part, written));
		leave(session);
		plaintext = bytes_from(plaintext, written);
	}
}

void tls_session_close(struct tls_session *session)
{
	if (session->has_closed || session->state == TLS_SHAKING_HANDS ||
	    session->state == TLS_FAILED)
		return;
	session->has_closed = true;
	enter(session);
	SSL_shutdown(session->ssl);
	leave(session);
}

/* What is known. */

enum tls_session_state tls_session_state(const struct tls_session *session)
{
	return session->state;
}

GByteArray *tls_session_take_output(struct tls_session *session)
{
	return g_steal_pointer(&session->output);
}

const char *tls_session_failure(const struct tls_session *session)
{
	return session->failure;
}

unsigned tls_session_version(const struct tls_session *session)
{
	return (unsigned)SSL_version(session->ssl);
}

const char *tls_session_cipher(const struct tls_session *session)
{
	return SSL_get_cipher_name(session->ssl);
}

int tls_session_cipher_bits(const struct tls_session *session)
{
	return SSL_get_cipher_bits(session->ssl, NULL);
}

char *tls_session_describe(const struct tls_session *session)
{
	const char *group =
	    SSL_group_to_name(session->ssl, (int)SSL_get_negotiated_group(session->ssl));

	return g_strdup_printf("%s, %s%s%s", tls_version_name(tls_session_version(session)),
			       tls_session_cipher(session), group == NULL ? "" : ", ",
			       group == NULL ? "" : group);
}

const char *tls_session_distrust(const struct tls_session *session)
{
	long verdict = SSL_get_verify_result(session->ssl);

	return verdict == X509_V_OK ? NULL : X509_verify_cert_error_string(verdict);
}

/* Life. */

static bool is_address(const char *name)
{
	return strspn(name, "0123456789.") == strlen(name);
}

static void set_up_client(struct tls_session *session, const char *name)
{
	const struct node *node = session->context->node;
	X509_VERIFY_PARAM *rules = SSL_get0_param(session->ssl);

	X509_VERIFY_PARAM_set_time(rules, world_unix_time(node->world));
	X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set1_host(rules, name != NULL ? name : "", 0);
	if (name != NULL && !is_address(name))
		SSL_set_tlsext_host_name(session->ssl, name);
	SSL_set_connect_state(session->ssl);
}

struct tls_session *tls_session_new(struct tls_context *context, const char *name,
				    const struct tls_observer *observer)
{
	struct tls_session *session = g_new0(struct tls_session, 1);
	BIO *wire = BIO_new(context->library->wire);

	session->context = context;
	session->observer = *observer;
	enter(session);
	session->ssl = SSL_new(context->settings);
	SSL_set_app_data(session->ssl, session);
	BIO_set_data(wire, session);
	BIO_set_init(wire, 1);
	SSL_set_bio(session->ssl, wire, wire);
	SSL_set_msg_callback(session->ssl, see_message);
	SSL_set_msg_callback_arg(session->ssl, session);
	if (context->is_server)
		SSL_set_accept_state(session->ssl);
	else
		set_up_client(session, name);
	leave(session);
	return session;
}

void tls_session_free(struct tls_session *session)
{
	if (session == NULL)
		return;
	SSL_free(session->ssl);
	g_clear_pointer(&session->inbound.plaintext, g_byte_array_unref);
	g_clear_pointer(&session->outbound.plaintext, g_byte_array_unref);
	g_clear_pointer(&session->output, g_byte_array_unref);
	g_free(session->failure);
	g_free(session);
}
