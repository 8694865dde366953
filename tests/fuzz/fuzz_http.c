/* HTTP from outside: bytes for both sessions, the dissector, and the readers of forms and pages. */
#include <glib.h>
#include <stdlib.h>
#include "protocols/http/client.h"
#include "protocols/http/dissect.h"
#include "protocols/http/html.h"
#include "protocols/http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	}
	if (!session_is_over(session))
		session->operations->ended(session);
	session_free(session);
	g_byte_array_unref(pending);
}

static void requested(void *owner, struct http_server *server, const struct http_message *request)
{
	GPtrArray *form =
	    form_parse((struct bytes) { request->content->data, request->content->len });
	char *again = form_encode(form);

	(void)owner;
	g_free(cookie_value(http_field(request, "Cookie"), "session"));
	http_server_answer(server, &(struct http_reply) {
				       .status = 200,
				       .content_type = "text/plain",
				       .content = bytes_of(again),
				   });
	g_free(again);
	g_ptr_array_unref(form);
}

/* Asks on, as long as the server keeps the connection. */
static void answered(void *owner, struct http_client *client, const struct http_message *response)
{
	(void)owner;
	if (response != NULL)
		html_page_free(
		    html_parse((struct bytes) { response->content->data, response->content->len }));
	if (http_client_is_free(client))
		http_client_request(
		    client, &(struct http_request) { .method = "GET", .target = "/", .host = "x" });
}

static void fuzz_client(struct bytes in, size_t chunk)
{
	struct session *session = http_client_new(&(struct http_client_config) {
	    .content_bytes_max = 100000,
	    .answered = answered,
	});

	http_client_request(http_client_of(session),
			    &(struct http_request) {
				.method = in.length % 7 == 0 ? "HEAD" : "GET",
				.target = "/",
				.host = "x",
			    });
	feed(session, in, chunk);
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
			.state = chunk % 2 == 0 ? &state : NULL,
		};
		size_t count = http_dissector.dissect(&input, units, G_N_ELEMENTS(units));

		for (size_t i = 0; i < MIN(count, G_N_ELEMENTS(units)); i++)
			if (units[i].offset + units[i].length > input.bytes.length)
				abort();
		is_from_server = !is_from_server && chunk > 3;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t chunk = size > 0 ? data[0] % 64 + 1u : 1;
	struct bytes in = bytes_from((struct bytes) { data, size }, 1);

	feed(http_server_new(&(struct http_server_config) {
		 .software = "mailwire", .content_bytes_max = 100000, .requested = requested }),
	     in, chunk);
	fuzz_client(in, chunk);
	fuzz_dissector(in, chunk);
	html_page_free(html_parse(in));
	g_free(html_to_text(in));
	return 0;
}
