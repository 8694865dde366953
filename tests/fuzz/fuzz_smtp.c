/*
 * Fuzzes the SMTP sessions and the dissector. The first byte chooses: bit 0 the client instead of
 * the server, bit 1 an environment that answers late, bit 2 pipelining, bit 3 chunks, bit 4 conversion; the second the size of the
 * pieces that the rest is fed in.
 */
#include <stddef.h>
#include <stdint.h>
#include "protocols/smtp/client.h"
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct smtp_server *server;
	struct smtp_client *client;
	bool is_slow;
	void (*answer)(struct fuzz *fuzz);
	unsigned messages;
};

static void give(struct fuzz *fuzz, void (*answer)(struct fuzz *fuzz))
{
	if (fuzz->is_slow)
		fuzz->answer = answer;
	else
		answer(fuzz);
}

static void answer_name(struct fuzz *fuzz)
{
	smtp_server_answer_name(fuzz->server, "client.test");
}

static void answer_password(struct fuzz *fuzz)
{
	smtp_server_answer_password(fuzz->server, "secret");
}

static void answer_recipient(struct fuzz *fuzz)
{
	smtp_server_answer_recipient(fuzz->server, SMTP_RECIPIENT_OK);
}

static void answer_message(struct fuzz *fuzz)
{
	smtp_server_answer_accepted(fuzz->server, "1");
}

static void name_client(void *owner, struct smtp_server *server)
{
	((struct fuzz *)owner)->server = server;
	give(owner, answer_name);
}

static void find_password(void *owner, struct smtp_server *server, const char *login,
			  const char *authorization)
{
	(void)server;
	(void)login;
	(void)authorization;
	give(owner, answer_password);
}

static void check_recipient(void *owner, struct smtp_server *server, const char *recipient)
{
	(void)server;
	(void)recipient;
	give(owner, answer_recipient);
}

static void accept_message(void *owner, struct smtp_server *server,
			   const struct smtp_arrival *arrival)
{
	(void)server;
	(void)arrival;
	give(owner, answer_message);
}

static const struct smtp_environment environment = {
	.name_client = name_client,
	.find_password = find_password,
	.check_recipient = check_recipient,
	.accept_message = accept_message,
};

static const struct smtp_server_config config = {
	.host_name = "mail.test",
	.software = "fuzz",
	.capabilities = SMTP_CAPABILITIES_ALL,
	.size_limit = 1000,
	.recipient_limit = 3,
	.error_limit = 1000,
	.timeout_ns = SMTP_SERVER_TIMEOUT_NS,
	.environment = &environment,
};

static void send_message(struct fuzz *fuzz)
{
	static const char text[] = "Subject: x\r\n\r\n.dot\r\n";
	static const char *const recipients[] = { "a@d.test", "b@d.test" };
	GBytes *bytes = g_bytes_new_static(text, sizeof text - 1);

	smtp_client_send(fuzz->client, &(struct smtp_transfer) {
					   .sender = "x@y.test",
					   .recipients = recipients,
					   .recipient_count = 2,
					   .data = bytes,
				       });
	g_bytes_unref(bytes);
}

static void sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
		 unsigned count)
{
	struct fuzz *fuzz = owner;

	(void)results;
	(void)count;
	if (smtp_client_is_free(client) && fuzz->messages++ < 2)
		send_message(fuzz);
}

static struct session *start(struct fuzz *fuzz, uint8_t choice)
{
	struct session *session;

	fuzz->is_slow = choice & 2;
	if (!(choice & 1)) {
		session = smtp_server_new(&config, 1, fuzz);
		fuzz->server = smtp_server_of(session);
	} else {
		session = smtp_client_new(&(struct smtp_client_config) {
		    .host_name = "vm",
		    .login = choice & 2 ? "alice" : NULL,
		    .password = "secret",
		    .pipelines = choice & 4,
		    .declares_size = choice & 4,
		    .names_originals = choice & 4,
		    .uses_chunks = choice & 8,
		    .converts = choice & 16,
		    .sent = sent,
		    .owner = fuzz,
		});
		fuzz->client = smtp_client_of(session);
	}
	session->wants_notes = true;
	session->operations->opened(session);
	if (fuzz->client != NULL)
		send_message(fuzz);
	return session;
}

static void settle(struct fuzz *fuzz, struct session *session)
{
	void (*answer)(struct fuzz * fuzz) = fuzz->answer;

	fuzz->answer = NULL;
	if (answer != NULL)
		answer(fuzz);
	if (session->operations->refill != NULL && !session_is_over(session))
		session->operations->refill(session);
	if (session->output != NULL)
		g_byte_array_set_size(session->output, 0);
}

static void converse(struct session *session, struct fuzz *fuzz, struct bytes in, size_t piece)
{
	size_t offered = 0;

	/* What is not consumed is offered again with more behind it, as an adapter does. */
	while (!session_is_over(session) && offered < in.length) {
		size_t taken;

		offered = offered + piece < in.length ? offered + piece : in.length;
		do {
			taken = session_offer(session, bytes_first(in, offered));
			in = bytes_from(in, taken);
			offered -= taken;
			settle(fuzz, session);
		} while (taken > 0 && offered > 0 && !session_is_over(session));
	}
}

static void dissect(struct bytes in, size_t piece)
{
	struct dissect_state state = { 0 };
	struct dissect_unit units[4];
	struct dissect_input input = { .is_stream = true };

	input.bytes = in;
	smtp_dissector.dissect(&input, units, 4);
	input.state = &state;
	for (bool is_server = true; in.length > 0; is_server = !is_server) {
		input.bytes = bytes_first(in, piece);
		input.is_from_server = is_server;
		smtp_dissector.dissect(&input, units, 4);
		in = bytes_from(in, piece);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { 0 };
	struct session *session;
	struct bytes in;
	size_t piece;

	if (size < 2)
		return 0;
	in = (struct bytes) { data + 2, size - 2 };
	piece = data[1] + 1u;
	dissect(in, piece);
	session = start(&fuzz, data[0]);
	settle(&fuzz, session);
	converse(session, &fuzz, in, piece);
	if (!session_is_over(session))
		session->operations->ended(session);
	session_free(session);
	return 0;
}
