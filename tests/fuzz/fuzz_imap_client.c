/* The IMAP client session on any bytes: answers as a server may send them. */
#include <stdint.h>
#include "protocols/imap/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct session *session)
{
	while (session->output != NULL) {
		g_byte_array_unref(session->output);
		session->output = NULL;
		session->operations->refill(session);
	}
}

/* An owner that asks for more whenever it hears of something. */
static void on_exists(void *owner, uint32_t messages)
{
	struct imap_client **client = owner;

	if (messages % 7 == 3 && imap_client_pending(*client) < 20)
		imap_client_fetch_body(*client, messages, false);
}

static void queue_all(struct imap_client *client)
{
	static const uint32_t uids[] = { 4, 5, 9 };
	GBytes *message = g_bytes_new_static("Subject: x\r\n\r\n", 14);

	imap_client_resume(client, "INBOX", 7, 715);
	imap_client_fetch_changes(client, 715);
	imap_client_select(client, "INBOX", false);
	imap_client_fetch_headers(client, 1);
	imap_client_fetch_body(client, 4, true);
	imap_client_list(client, "", "*");
	imap_client_status(client, "\xc3\xbc");
	imap_client_search(client, "SUBJECT \"\xc3\xbc\"");
	imap_client_move(client, uids, 3, "Trash");
	imap_client_append(client, "Sent", 1, message);
	imap_client_idle(client);
	imap_client_logout(client);
	g_bytes_unref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct imap_client_events events = { .exists = on_exists };
	struct imap_client *client;

	if (size < 1)
		return 0;
	client = imap_client_new(&(struct imap_client_config) {
	    .user = "alice",
	    .password = data[0] & 0x40 ? "\xc3\xbc" : "wonderland",
	    .events = &events,
	    .owner = &client,
	    .chunk_bytes = data[0] & 0x80 ? 10 : 0,
	    .message_bytes_max = 5000,
	    .idle_renew_ns = NS_PER_S,
	});
	struct session *session = imap_client_session(client);
	size_t chunk = (data[0] & 0x3f) + 1, taken = 1, offered = 1;

	queue_all(client);
	session->operations->opened(session);
	while (offered < size && !session_is_over(session)) {
		offered += MIN(chunk, size - offered);
		taken += session_offer(session, (struct bytes) { data + taken, offered - taken });
		drain(session);
	}
	if (session->deadline_ns != TIME_NEVER && !session_is_over(session))
		session->operations->expired(session);
	drain(session);
	if (!session_is_over(session))
		session->operations->ended(session);
	session_free(session);
	return 0;
}
