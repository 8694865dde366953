/*
 * TLS handshakes: both ends of a connection in one process, without a network between them: what a
 * simulated handshake costs a processor, and what memory an idle connection needs. Options:
 * --n=1000 (handshakes), --version=1.3 or 1.2, --idle=200 (connections that stay).
 */
#include <glib.h>
#include <stdio.h>
#include "bench/bench.h"
#include "protocols/tls/session.h"

static const char *const names[] = { "mail.office.example" };

struct ends {
	struct tls_session *client, *server;
};

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

static void carry(struct tls_session *from, struct tls_session *to)
{
	GByteArray *bytes = tls_session_take_output(from), *opened = g_byte_array_new();

	for (size_t at = 0; bytes != NULL && at < bytes->len;)
		at += tls_session_receive(to, (struct bytes) { bytes->data + at, bytes->len - at },
					  opened);
	if (bytes != NULL)
		g_byte_array_unref(bytes);
	g_byte_array_unref(opened);
}

/* A handshake, and a line each way. */
static struct ends shake_hands(struct tls_context *client, struct tls_context *server)
{
	struct ends ends = {
		tls_session_new(client, names[0], &nobody),
		tls_session_new(server, NULL, &nobody),
	};

	tls_session_start(ends.client);
	for (int i = 0; i < 3; i++) {
		carry(ends.client, ends.server);
		carry(ends.server, ends.client);
	}
	g_assert(tls_session_state(ends.client) == TLS_OPEN &&
		 tls_session_state(ends.server) == TLS_OPEN);
	tls_session_write(ends.client, bytes_of("NOOP\r\n"));
	carry(ends.client, ends.server);
	tls_session_write(ends.server, bytes_of("250 Ok\r\n"));
	carry(ends.server, ends.client);
	return ends;
}

static void free_ends(struct ends ends)
{
	tls_session_free(ends.client);
	tls_session_free(ends.server);
}

static void measure_memory(struct tls_context *client, struct tls_context *server, unsigned count)
{
	struct ends *idle = g_new(struct ends, count);
	uint64_t before = bench_heap_bytes();

	for (unsigned i = 0; i < count; i++)
		idle[i] = shake_hands(client, server);
	printf(" what=idle_tls_end bytes_each=%.0f\n",
	       (double)(bench_heap_bytes() - before) / (2 * count));
	for (unsigned i = 0; i < count; i++)
		free_ends(idle[i]);
	g_free(idle);
}

static void measure_speed(struct tls_context *client, struct tls_context *server, unsigned count)
{
	double began = bench_seconds();

	for (unsigned i = 0; i < count; i++)
		free_ends(shake_hands(client, server));
	printf(" what=handshakes n=%u handshakes_per_s=%.1f\n", count,
	       count / (bench_seconds() - began));
}

int main(int argc, char **argv)
{
	bool is_1_2 = g_strcmp0(bench_text_option(argc, argv, "version", "1.3"), "1.2") == 0;
	struct world *world = world_new(1, 1767600000);
	struct tls_library *library = tls_library_new();
	struct tls_authority *authority =
	    tls_authority_new(library, 1, "CA", 0, INT64_C(4000000000));
	struct tls_certificate wish = { .names = names,
					.name_count = 1,
					.not_after_s = INT64_C(4000000000) };
	struct node node;

	node_init(&node, world, "bench", NODE_HOST);
	struct tls_context *server = tls_context_new(
	    library, &node,
	    &(struct tls_context_config) { .credential = tls_authority_issue(authority, &wish) });
	struct tls_context *client =
	    tls_context_new(library, &node,
			    &(struct tls_context_config) { .trusted = authority,
							   .verify = TLS_VERIFY_PEER,
							   .newest = is_1_2 ? TLS_1_2 : TLS_1_3 });

	free_ends(shake_hands(client, server)); /* what the library keeps for all */
	measure_memory(client, server, (unsigned)bench_option(argc, argv, "idle", 200));
	measure_speed(client, server, (unsigned)bench_option(argc, argv, "n", 1000));
	tls_context_free(client);
	tls_context_free(server);
	tls_authority_free(authority);
	tls_library_free(library);
	world_free(world);
	return 0;
}
