/* POP3 from outside: bytes for the server session, the client session and the dissector. */
#include <glib.h>
#include <stdlib.h>
#include "protocols/pop3/client.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds all of `in`, `chunk` bytes at a time, and throws away what the session says. */
static void feed(struct session *session, struct bytes in, size_t chunk)
{
	GByteArray *pending = g_byte_array_new();

	session->operations->opened(session);
	for (size_t at = 0; at < in.length && !session_is_over(session); at += chunk) {
		struct bytes piece = bytes_first(bytes_from(in, at), chunk);

		g_byte_array_append(pending, piece.data, (guint)piece.length);
		size_t taken =
		    session_offer(session, (struct bytes) { pending->data, pending->len });
		if (taken > 0)
			g_byte_array_remove_range(pending, 0, (guint)taken);
		g_clear_pointer(&session->output, g_byte_array_unref);
		if (session->operations->refill != NULL)
			session->operations->refill(session);
		g_clear_pointer(&session->output, g_byte_array_unref);
		if (session->is_waiting)
			session->operations->expired(session);
	}
	if (!session_is_over(session))
		session->operations->ended(session);
	session_free(session);
	g_byte_array_unref(pending);
}

static void fuzz_server(struct bytes in, size_t chunk)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *bob = mail_store_add_account(store, "bob@corp.test", "secret");
	static const char *const messages[] = {
		"Subject: x\r\n\r\n.\r\nlast",
		"Subject: K\xc3\xb6ln\r\n\r\nonly in UTF-8 mode\r\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		struct message *message =
		    message_new(g_bytes_new_static(messages[i], strlen(messages[i])), 0);

		mailbox_append(account_find_mailbox(bob, "INBOX"), message, 0, 0);
		message_free(message);
	}
	feed(pop3_session_new(&(struct pop3_session_config) { .store = store,
							      .software = "mailwire",
							      .timestamp = "<1@x>",
							      .refusal_delay_ns = NS_PER_S }),
	     in, chunk);
	mail_store_free(store);
}

static uint64_t retrieved(void *owner, const char *unique_id, GBytes *message)
{
	(void)owner;
	return strlen(unique_id) + g_bytes_get_size(message);
}

static void fuzz_client(struct bytes in, size_t chunk)
{
	static const struct pop3_client_events events = { .retrieved = retrieved };

	feed(pop3_client_new(&(struct pop3_client_config) { .user = "bob",
							    .password = "secret",
							    .window = 3,
							    .message_bytes_max = 4096,
							    .events = &events }),
	     in, chunk);
}

static void fuzz_dissector(struct bytes in, size_t chunk)
{
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[8];
	bool is_from_server = false;

	for (size_t at = 0; at < in.length; at += chunk) {
		struct dissect_input input = {
			.bytes = bytes_first(bytes_from(in, at), chunk),
			.is_from_server = is_from_server,
			.is_stream = true,
			.state = chunk & 1 ? &state : NULL,
		};
		size_t count = pop3_dissector.dissect(&input, units, G_N_ELEMENTS(units));
		uint32_t next = 0;

		for (size_t i = 0; i < MIN(count, G_N_ELEMENTS(units)); i++) {
			bool is_inside = units[i].depth > 0; /* of the one before: a step of SASL */

			if (is_inside ? units[i].offset + units[i].length > next
				      : units[i].offset != next || units[i].length == 0)
				abort();
			if (!is_inside)
				next += units[i].length;
		}
		is_from_server = !is_from_server;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;

	struct bytes in = { data + 2, size - 2 };
	size_t chunk = data[1] == 0 ? size : data[1];

	switch (data[0] % 3) {
	case 0:
		fuzz_server(in, chunk);
		break;
	case 1:
		fuzz_client(in, chunk);
		break;
	default:
		fuzz_dissector(in, chunk);
		break;
	}
	return 0;
}
