/* The IMAP server session and the dissector on any bytes: commands as a client may send them. */
#include <stdint.h>
#include "protocols/imap/dissect.h"
#include "protocols/imap/session.h"
#include "protocols/mail/message.h"
#include "protocols/mail/rights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message_text[] =
    "From: a@b.example\r\nTo: g: c@d.example;\r\nSubject: =?utf-8?q?x=C3=BC?=\r\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\ninner\r\n--o--\r\n";

static struct mail_store *new_store(void)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *account = mail_store_add_account(store, "a", "p");

	struct account *other = mail_store_add_account(store, "b@c", "p");

	account_create_mailbox(account, "Sent");
	mailbox_grant(account_find_mailbox(other, "INBOX"), "a", RIGHT_LOOKUP | RIGHT_READ);
	for (unsigned i = 0; i < 3; i++) {
		struct message *message =
		    message_new(g_bytes_new_static(message_text, strlen(message_text)), 0);

		mailbox_append(account_find_mailbox(account, "INBOX"), message, i, 0);
		message_free(message);
	}
	return store;
}

static void drain(struct session *session)
{
	while (session->output != NULL) {
		g_byte_array_unref(session->output);
		session->output = NULL;
		session->operations->refill(session);
	}
}

/* Feeds `text` up to `chunk` bytes at a time; what is not consumed is offered again with more. */
static void feed(struct session *session, struct bytes text, size_t chunk)
{
	size_t taken = 0, offered = 0;

	while (offered < text.length && !session_is_over(session)) {
		offered += MIN(chunk, text.length - offered);
		taken +=
		    session_offer(session, (struct bytes) { text.data + taken, offered - taken });
		drain(session);
	}
}

static void dissect(struct bytes text, size_t chunk)
{
	struct dissect_state states[1] = { { { 0 } } };
	struct dissect_unit units[4];

	for (size_t at = 0; at < text.length; at += chunk) {
		struct dissect_input input = {
			.bytes = bytes_first(bytes_from(text, at), chunk),
			.is_from_server = (at / chunk) % 3 == 2,
			.is_stream = true,
			.state = states,
		};
		size_t count = imap_dissector.dissect(&input, units, G_N_ELEMENTS(units));
		size_t covered = 0;

		for (size_t i = 0; i < count && i < G_N_ELEMENTS(units); i++) {
			bool is_inside = units[i].depth > 0; /* of the one before: a step of SASL */

			g_assert(is_inside ? units[i].offset + units[i].length <= covered
					   : units[i].offset == covered);
			if (!is_inside)
				covered += units[i].length;
		}
		g_assert(count > G_N_ELEMENTS(units) || covered == input.bytes.length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct mail_store *store = new_store();
	struct session *session = imap_session_new(&(struct imap_session_config) {
	    .store = store,
	    .software = "fuzz",
	    .message_bytes_max = 5000,
	});
	struct bytes input = { data + 1, size - 1 };
	size_t chunk = (data[0] & 0x3f) + 1;

	session->operations->opened(session);
	if (data[0] & 0x80)
		feed(session, bytes_of("a LOGIN a p\r\nb SELECT INBOX\r\n"), 100);
	feed(session, input, chunk);
	if (!session_is_over(session))
		session->operations->expired(session);
	drain(session);
	session->operations->ended(session);
	session_free(session);
	mail_store_free(store);
	dissect(input, chunk);
	return 0;
}
