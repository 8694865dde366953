/*
 * What comes from the network into TLS: a server and a client are fed bytes before, in and behind a
 * handshake, and the dissector reads them too. The first byte says how far the handshake goes before, the
 * second how the bytes are cut.
 */
#include <glib.h>
#include <stdint.h>
#include "protocols/tls/dissect.h"
#include "protocols/tls/session.h"

static const char *const names[] = { "mail.office.example" };

static void no_record(void *owner, const struct tls_record *record)
{
	(void)owner;
	(void)record;
}

static void no_secret(void *owner, const char *line)
{
	(void)owner;
	(void)line;
}

static const struct tls_observer nobody = { no_record, no_secret, NULL };

struct stage {
	struct world *world;
	struct node node;
	struct tls_library *library;
	struct tls_authority *authority;
	struct tls_context *server, *client;
};

/* Made once: keys take long, and no input changes them. */
static struct stage *stage_new(void)
{
	struct stage *stage = g_new0(struct stage, 1);
	struct tls_certificate wish = { .names = names,
					.name_count = 1,
					.not_after_s = INT64_C(4000000000) };

	stage->world = world_new(1, 1767600000);
	node_init(&stage->node, stage->world, "fuzz", NODE_HOST);
	stage->library = tls_library_new();
	stage->authority = tls_authority_new(stage->library, 1, "CA", 0, INT64_C(4000000000));
	stage->server =
	    tls_context_new(stage->library, &stage->node,
			    &(struct tls_context_config) {
				.credential = tls_authority_issue(stage->authority, &wish) });
	stage->client = tls_context_new(stage->library, &stage->node,
					&(struct tls_context_config) { .trusted = stage->authority,
								       .verify = TLS_VERIFY_PEER });
	return stage;
}

static void feed(struct tls_session *session, struct bytes in, size_t piece)
{
	GByteArray *opened = g_byte_array_new();
	size_t offset = 0;

	while (offset < in.length) {
		struct bytes part = bytes_first(bytes_from(in, offset), piece);
		size_t taken = tls_session_receive(session, part, opened);

		g_assert(taken <= part.length);
		if (taken == 0 && part.length == in.length - offset)
			break;
		offset += taken;
		if (taken == 0)
			piece++;
	}
	g_byte_array_unref(opened);
}

static void carry(struct tls_session *from, struct tls_session *to)
{
	GByteArray *bytes = tls_session_take_output(from);

	if (bytes == NULL)
		return;
	feed(to, (struct bytes) { bytes->data, bytes->len }, bytes->len);
	g_byte_array_unref(bytes);
}

static void dissect(struct bytes in)
{
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[8];

	for (int is_from_server = 0; is_from_server < 2; is_from_server++)
		tls_dissector.dissect(
		    &(struct dissect_input) { .bytes = in,
					      .is_from_server = is_from_server != 0,
					      .is_stream = true,
					      .state = &state },
		    units, G_N_ELEMENTS(units));
	tls_dissect_content(TLS_HANDSHAKE, in, false, &units[0]);
	tls_dissect_content(TLS_ALERT, in, false, &units[0]);
	tls_certificate_names(in, units[0].summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stage *stage;
	struct tls_session *client, *server;
	struct bytes in;

	if (size < 2)
		return 0;
	if (stage == NULL)
		stage = stage_new();
	in = (struct bytes) { data + 2, size - 2 };
	dissect(in);
	client = tls_session_new(stage->client, names[0], &nobody);
	server = tls_session_new(stage->server, NULL, &nobody);
	tls_session_start(client);
	for (int i = 0; i < data[0] % 4; i++) {
		carry(client, server);
		carry(server, client);
	}
	feed(data[0] & 0x80 ? client : server, in, (size_t)data[1] + 1);
	carry(client, server);
	carry(server, client);
	tls_session_free(client);
	tls_session_free(server);
	return 0;
}
