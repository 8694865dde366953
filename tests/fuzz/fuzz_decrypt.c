/*
 * What decrypts captures: a key log and records of both directions, of any bytes. The first byte says
 * whether records come as they are, or are sealed by the key that the key log gives, so that what is behind
 * the decryption is reached; the second how they are cut.
 */
#include <glib.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include "protocols/tls/decrypt.h"
#include "protocols/tls/record_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hellos with randoms of zeros that agree on TLS 1.3 and TLS_AES_128_GCM_SHA256. */
#define ZEROS_32                                                                                   \
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
	    0, 0
static const uint8_t client_hello[] = { 22, 3, 1, 0, 38, 1, 0, 0, 34, 3, 3, ZEROS_32 };
static const uint8_t server_hello[] = { 22, 3,    3, 0, 50, 2, 0, 0,  46, 3, 3, ZEROS_32,
					0,  0x13, 1, 0, 0,  6, 0, 43, 0,  2, 3, 4 };

static void count(void *owner, const struct tls_opened *opened)
{
	size_t *sum = owner;

	for (size_t i = 0; i < opened->plaintext.length; i++)
		*sum += opened->plaintext.data[i];
	if (opened->wire_bytes > 16384 + 2048 + 5)
		abort();
}

/* The key that a secret of zeros gives. */
static struct tls_record_key zero_key(void)
{
	static const uint8_t zeros[32];
	struct tls_algorithms *algorithms = tls_algorithms_new();
	struct tls_record_key key = { 0 };

	if (!tls_record_key_derive(algorithms, tls_suite_find(0x1301),
				   (struct bytes) { zeros, sizeof zeros }, &key))
		abort();
	tls_algorithms_free(algorithms);
	return key;
}

static GByteArray *seal(const struct tls_record_key *key, uint64_t sequence, struct bytes in)
{
	GByteArray *record = g_byte_array_new();
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t nonce[TLS_NONCE_BYTES];
	int length;

	for (unsigned i = 0; i < TLS_NONCE_BYTES; i++)
		nonce[i] = key->iv[i] ^ (i < 4 ? 0 : (uint8_t)(sequence >> 8 * (11 - i)));
	g_byte_array_set_size(record, (guint)(5 + in.length + TLS_TAG_BYTES));
	record->data[0] = 23;
	record->data[1] = record->data[2] = 3;
	put_be16(record->data + 3, (uint16_t)(in.length + TLS_TAG_BYTES));
	EVP_EncryptInit_ex2(context, EVP_aes_128_gcm(), key->key, nonce, NULL);
	EVP_EncryptUpdate(context, NULL, &length, record->data, 5);
	EVP_EncryptUpdate(context, record->data + 5, &length, in.data, (int)in.length);
	EVP_EncryptFinal_ex(context, record->data + 5 + length, &length);
	EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TLS_TAG_BYTES,
			    record->data + 5 + in.length);
	EVP_CIPHER_CTX_free(context);
	return record;
}

/* Pieces of the input, of `piece` bytes each, sealed for one side after the other. */
static void feed_sealed(struct tls_decrypter *decrypter, struct bytes in, size_t piece, size_t *sum)
{
	struct tls_record_key key = zero_key();
	uint64_t sequence[2] = { 0, 0 };

	tls_decrypter_feed(decrypter, false, (struct bytes) { client_hello, sizeof client_hello },
			   0, count, sum);
	tls_decrypter_feed(decrypter, true, (struct bytes) { server_hello, sizeof server_hello }, 0,
			   count, sum);
	for (unsigned i = 0; in.length > 0; i = !i) {
		struct bytes part = bytes_first(in, piece);
		GByteArray *record = seal(&key, sequence[i]++, part);

		tls_decrypter_feed(decrypter, i == 1, (struct bytes) { record->data, record->len },
				   0, count, sum);
		g_byte_array_unref(record);
		in = bytes_from(in, part.length);
	}
}

static void feed_raw(struct tls_decrypter *decrypter, struct bytes in, size_t piece, size_t *sum)
{
	for (unsigned i = 0; in.length > 0; i++) {
		struct bytes part = bytes_first(in, piece);

		tls_decrypter_feed(decrypter, part.data[0] & 1, part, i % 7 == 6 ? part.length : 0,
				   count, sum);
		in = bytes_from(in, part.length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char zero_log[] =
	    "CLIENT_HANDSHAKE_TRAFFIC_SECRET "
	    "0000000000000000000000000000000000000000000000000000000000000000 "
	    "0000000000000000000000000000000000000000000000000000000000000000\n"
	    "SERVER_HANDSHAKE_TRAFFIC_SECRET "
	    "0000000000000000000000000000000000000000000000000000000000000000 "
	    "0000000000000000000000000000000000000000000000000000000000000000\n";
	struct tls_decryption *decryption;
	struct tls_decrypter *decrypter;
	struct bytes in;
	size_t sum = 0;

	if (size < 2)
		return 0;
	decryption = tls_decryption_new();
	decrypter = tls_decrypter_new(decryption);
	in = (struct bytes) { data + 2, size - 2 };
	tls_secrets_add(tls_decryption_secrets(decryption), in);
	tls_secrets_add(tls_decryption_secrets(decryption), bytes_of(zero_log));
	if (data[0] & 1)
		feed_sealed(decrypter, in, (size_t)data[1] + 1, &sum);
	else
		feed_raw(decrypter, in, (size_t)data[1] + 1, &sum);
	if (tls_decrypter_held(decrypter) > 2 * (16384 + 2048 + 5 + 2048))
		abort();
	tls_decrypter_free(decrypter);
	tls_decryption_free(decryption);
	return 0;
}
