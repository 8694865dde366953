/* HTTP/1.1: heads, content, both sessions whole and byte by byte, dissection, forms and pages. */
#include <check.h>
#include <stdlib.h>
#include "protocols/http/client.h"
#include "protocols/http/dissect.h"
#include "protocols/http/html.h"
#include "protocols/http/names.h"
#include "protocols/http/server.h"

/* ---- Heads ---- */

struct head {
	const char *text;
	bool is_response;
	unsigned problem; /* 0: it is fine */
};

#define HOST "Host: x\r\n"

static const struct head heads[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n",                false, 0  },
	{ "GET / HTTP/1.0\r\n\r\n",                       false, 0  },
	{ "GET / HTTP/1.1\n"
	  "Host: x\n"
	  "\n",				  false, 0  },
	{ "GET / HTTP/1.1\r\nHost:x \t\r\nX:\r\n\r\n",    false, 0  },
	{ "GET / HTTP/1.1\r\n\r\n",                       false, 400}, /* no Host */
	{ "GET / HTTP/1.1\r\n" HOST "Host: y\r\n\r\n",    false, 400}, /* two */
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n",              false, 400},
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n",              false, 400},
	{ "GET /\r\n" HOST "\r\n",                        false, 400},
	{ "G(T / HTTP/1.1\r\n" HOST "\r\n",               false, 400},
	{ "GET /\x80 HTTP/1.1\r\n" HOST "\r\n",           false, 400},
	{ "GET / HTTP/2.0\r\n" HOST "\r\n",               false, 505},
	{ "GET / http/1.1\r\n" HOST "\r\n",               false, 400},
	{ "GET / HTTP/1.1\r\n" HOST "X : 1\r\n\r\n",      false, 400}, /* blank before the colon */
	{ "GET / HTTP/1.1\r\n" HOST " folded: 1\r\n\r\n", false, 400}, /* obs-fold */
	{ "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n",    false, 400}, /* a bare CR */
	{ "GET / HTTP/1.1\r\n" HOST "nothing\r\n\r\n",    false, 400},
	{ "HTTP/1.1 200 OK\r\n\r\n",                      true,  0  },
	{ "HTTP/1.1 404\r\n\r\n",                         true,  0  },
	{ "HTTP/1.1 99 x\r\n\r\n",                        true,  400},
	{ "HTTP/1.1 2000 x\r\n\r\n",                      true,  400},
	{ "HTTP/1.1 600 x\r\n\r\n",                       true,  400},
	{ "ICY 200 OK\r\n\r\n",                           true,  400},
};

START_TEST(a_head_is_taken_or_refused)
{
	const struct head *head = &heads[_i];
	struct http_message *message = NULL;
	struct bytes text = bytes_of(head->text);

	ck_assert_uint_eq(http_head_length(text), text.length);
	for (size_t i = 0; i < text.length; i++)
		ck_assert_uint_eq(http_head_length(bytes_first(text, i)), 0);
	ck_assert_msg(http_head_parse(text, head->is_response, &message) == head->problem, "%s",
		      head->text);
	ck_assert((message != NULL) == (head->problem == 0));
	http_message_free(message);
}
END_TEST

START_TEST(fields_are_found_in_any_case_and_as_lists)
{
	struct http_message *message;

	ck_assert_uint_eq(http_head_parse(bytes_of("GET /a?b HTTP/1.1\r\nHOST:  h \r\n"
						   "Connection: Upgrade, CLOSE\r\n\r\n"),
					  false, &message),
			  0);
	ck_assert_str_eq(message->method, "GET");
	ck_assert_str_eq(message->target, "/a?b");
	ck_assert_str_eq(http_field(message, "host"), "h");
	ck_assert(http_field_lists(message, "connection", "close"));
	ck_assert(!http_field_lists(message, "connection", "clos"));
	ck_assert(!http_is_persistent(message));
	ck_assert_ptr_null(http_field(message, "Cookie"));
	http_message_free(message);
}
END_TEST

START_TEST(too_many_fields_are_refused)
{
	GString *text = g_string_new("GET / HTTP/1.1\r\n" HOST);
	struct http_message *message;

	for (unsigned i = 1; i < HTTP_FIELDS_MAX; i++)
		g_string_append(text, "X: y\r\n");
	g_string_append(text, "\r\n");
	ck_assert_uint_eq(http_head_parse(bytes_of(text->str), false, &message), 0);
	http_message_free(message);
	g_string_insert(text, (gssize)strlen("GET / HTTP/1.1\r\n"), "Y: z\r\n");
	ck_assert_uint_eq(http_head_parse(bytes_of(text->str), false, &message), 431);
	g_string_free(text, TRUE);
}
END_TEST

/* ---- The server ---- */

struct exchange {
	const char *in;
	const char *heard; /* what its owner heard: "METHOD target content|" for each request */
	const char *said;  /* the status codes of its answers */
	bool is_over;
};

#define LENGTH "Content-Length: "

static const struct exchange exchanges[] = {
	{"GET /a HTTP/1.1\r\n" HOST "\r\n",						      "GET /a |",         "200 ",     false},
	{ "\r\n\r\nGET /a HTTP/1.1\r\n" HOST "\r\n",                                             "GET /a |",         "200 ",     false},
	{ "GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n",                      "GET /a |GET /b |",
         "200 200 ",													     false},
	{ "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET /b HTTP/1.1\r\n" HOST "\r\n",
         "GET /a |",												 "200 ",     true },
	{ "GET /a HTTP/1.0\r\n\r\n",							     "GET /a |",         "200 ",     true },
	{ "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",                                   "GET /a |",         "200 ",     false},
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "3\r\n\r\nabcGET /b HTTP/1.1\r\n" HOST "\r\n",
         "POST /a abc|GET /b |",										     "200 200 ", false},
	{ "POST /a HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: Chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n1\r\nd\r\n00\r\n"
	  "Trailer: 1\r\n\r\nGET /b HTTP/1.1\r\n" HOST "\r\n",
         "POST /a abcd|GET /b |",										    "200 200 ", false},
	{ "POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n" LENGTH "1\r\n\r\nx",            "POST /a x|",
         "100 200 ",													     false},
	{ "POST /a HTTP/1.1\r\n" HOST "Expect: miracle\r\n" LENGTH "1\r\n\r\nx",                 "",                 "417 ",     true },
 /* What two readers could take differently. */
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "",
         "400 ",														 true },
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "3\r\n" LENGTH "4\r\n\r\nabc",                      "",                 "400 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "3\r\n" LENGTH "3\r\n\r\nabc",                      "POST /a abc|",     "200 ",
         false															},
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "+3\r\n\r\nabc",                                    "",                 "400 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "3, 3\r\n\r\nabc",                                  "",                 "400 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "99999999999999999999\r\n\r\nabc",                  "",                 "400 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",                "",                 "501 ",
         true															 },
	{ "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",                     "",                 "400 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n",                "",                 "400 ",
         true															 },
	{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",          "",                 "400 ",
         true															 },
	{ "POST /a HTTP/1.1\r\n" HOST LENGTH "101\r\n\r\n",                                      "",                 "413 ",     true },
	{ "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\n"
	  "0123456789012345678901234567890123456789012345678901234567890123456789"
	  "0123456789012345678901234567890123456789",				   "",		 "413 ",     true },
	{ "HELO there\r\n\r\n",								  "",                 "400 ",     true },
};

static void requested(void *owner, struct http_server *server, const struct http_message *request)
{
	g_string_append_printf(owner, "%s %s %.*s|", request->method, request->target,
			       (int)request->content->len, (const char *)request->content->data);
	http_server_answer(server, &(struct http_reply) {
				       .status = 200,
				       .fields = "X: y\r\n",
				       .content_type = "text/plain",
				       .content = bytes_of("HTTP/1.1 999 content\r\n"),
				   });
}

/* Feeds `in` in pieces of `chunk` bytes (0: at once), as an adapter would; gathers what it says. */
static void feed(struct session *session, struct bytes in, size_t chunk, GByteArray *said)
{
	GByteArray *pending = g_byte_array_new();

	session->now_ns = NS_PER_S;
	session->operations->opened(session);
	for (size_t at = 0; at < in.length; at += chunk != 0 ? chunk : in.length) {
		struct bytes piece = bytes_from(in, at);

		piece = chunk != 0 ? bytes_first(piece, chunk) : piece;
		g_byte_array_append(pending, piece.data, (guint)piece.length);
		size_t taken =
		    session_is_over(session)
			? 0
			: session_offer(session, (struct bytes) { pending->data, pending->len });

		if (taken > 0)
			g_byte_array_remove_range(pending, 0, (guint)taken);
		if (session->output != NULL)
			g_byte_array_append(said, session->output->data, session->output->len);
		g_clear_pointer(&session->output, g_byte_array_unref);
	}
	g_byte_array_unref(pending);
}

/* Reads answers back: "200 400 ". */
static char *status_codes(const GByteArray *said)
{
	GString *codes = g_string_new(NULL);
	struct bytes rest = { said->data, said->len };

	while (rest.length > 0) {
		size_t length = http_head_length(rest), taken;
		struct http_message *message;
		struct http_body body;

		ck_assert_uint_gt(length, 0);
		ck_assert_uint_eq(http_head_parse(bytes_first(rest, length), true, &message), 0);
		ck_assert_uint_eq(http_body_init(&body, message, false), 0);
		ck_assert_int_eq(body.framing, HTTP_BY_LENGTH);
		rest = bytes_from(rest, length);
		ck_assert_uint_eq(http_body_feed(&body, rest, NULL, 0, &taken), 0);
		ck_assert(body.is_done);
		rest = bytes_from(rest, taken);
		g_string_append_printf(codes, "%u ", message->status);
		http_message_free(message);
	}
	return g_string_free(codes, FALSE);
}

static void play(const struct exchange *exchange, size_t chunk)
{
	GString *heard = g_string_new(NULL);
	GByteArray *said = g_byte_array_new();
	struct session *session = http_server_new(&(struct http_server_config) {
	    .software = "test",
	    .content_bytes_max = 100,
	    .requested = requested,
	    .owner = heard,
	});

	feed(session, bytes_of(exchange->in), chunk, said);
	char *codes = status_codes(said);

	ck_assert_msg(strcmp(codes, exchange->said) == 0, "%zu: %s\nsaid %s", chunk, exchange->in,
		      codes);
	ck_assert_str_eq(heard->str, exchange->heard);
	ck_assert_int_eq(session_is_over(session), exchange->is_over);
	session_free(session);
	g_free(codes);
	g_string_free(heard, TRUE);
	g_byte_array_unref(said);
}

START_TEST(the_server_hears_and_answers)
{
	play(&exchanges[_i], 0);
	play(&exchanges[_i], 1);
	play(&exchanges[_i], 7);
}
END_TEST

START_TEST(a_head_without_end_is_refused_at_the_limit)
{
	GString *heard = g_string_new(NULL);
	GByteArray *said = g_byte_array_new();
	char *text = g_strnfill(HTTP_HEAD_BYTES_MAX + 1, 'a');
	struct session *session = http_server_new(&(struct http_server_config) {
	    .software = "test", .requested = requested, .owner = heard });

	feed(session, bytes_of(text), 1000, said);
	char *codes = status_codes(said);

	ck_assert_str_eq(codes, "431 ");
	ck_assert(session->is_closing);
	session_free(session);
	g_free(codes);
	g_free(text);
	g_string_free(heard, TRUE);
	g_byte_array_unref(said);
}
END_TEST

START_TEST(silence_inside_a_request_is_408_and_between_requests_the_end)
{
	GByteArray *said = g_byte_array_new();
	GString *heard = g_string_new(NULL);
	struct http_server_config config = { .software = "test",
					     .requested = requested,
					     .owner = heard };
	struct session *session = http_server_new(&config);

	feed(session, bytes_of("GET / HT"), 0, said);
	ck_assert_int_eq(session->deadline_ns, NS_PER_S + HTTP_REQUEST_TIMEOUT_NS);
	session->operations->expired(session);
	g_byte_array_append(said, session->output->data, session->output->len);
	char *codes = status_codes(said);
	ck_assert_str_eq(codes, "408 ");
	g_free(codes);
	session_free(session);

	g_byte_array_set_size(said, 0);
	session = http_server_new(&config);
	feed(session, bytes_of("GET / HTTP/1.1\r\n" HOST "\r\n"), 0, said);
	ck_assert_int_eq(session->deadline_ns, NS_PER_S + HTTP_SERVER_IDLE_NS);
	ck_assert(session->deadline_is_background);
	session->operations->expired(session);
	ck_assert_ptr_null(session->output);
	ck_assert(session->is_closing);
	session_free(session);
	g_byte_array_unref(said);
	g_string_free(heard, TRUE);
}
END_TEST

START_TEST(head_is_answered_without_content)
{
	GByteArray *said = g_byte_array_new();
	GString *heard = g_string_new(NULL);
	struct session *session = http_server_new(&(struct http_server_config) {
	    .software = "test", .requested = requested, .owner = heard });

	feed(session, bytes_of("HEAD / HTTP/1.1\r\n" HOST "\r\n"), 0, said);
	ck_assert_uint_eq(http_head_length((struct bytes) { said->data, said->len }), said->len);
	g_byte_array_append(said, (const uint8_t *)"", 1);
	ck_assert_ptr_nonnull(strstr((const char *)said->data, "Content-Length: 22\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)said->data, " GMT\r\n"));
	session_free(session);
	g_byte_array_unref(said);
	g_string_free(heard, TRUE);
}
END_TEST

/* ---- The client ---- */

struct reply {
	const char *in;
	bool is_ended;     /* the server closes behind it */
	const char *heard; /* "status content|", "none|" */
	bool is_free;
};

static const struct reply replies[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",                             false, "200 abc|", true },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",               false, "204 |",    true },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false,
         "200 abc|",										       true },
	{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",         false, "200 x|",
         false												  },
	{ "HTTP/1.1 200 OK\r\n\r\nabc",						 true,  "200 abc|", false},
	{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",                            true,  "none|",    false},
	{ "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"
	  "0123456789012345678901234567890123456789012345678901234567890123456789"
	  "0123456789012345678901234567890123456789",			  false, "none|",    false},
	{ "220 mail.example ESMTP\r\n\r\n",					     false, "none|",    false},
	{ "",									   true,  "none|",    false},
};

static void answered(void *owner, struct http_client *client, const struct http_message *response)
{
	(void)client;
	if (response == NULL)
		g_string_append(owner, "none|");
	else
		g_string_append_printf(owner, "%u %.*s|", response->status,
				       (int)response->content->len,
				       (const char *)response->content->data);
}

START_TEST(the_client_asks_and_hears)
{
	const struct reply *reply = &replies[_i];

	for (size_t chunk = 0; chunk < 3; chunk++) {
		GString *heard = g_string_new(NULL);
		GByteArray *said = g_byte_array_new();
		struct session *session = http_client_new(&(struct http_client_config) {
		    .content_bytes_max = 100, .answered = answered, .owner = heard });

		http_client_request(http_client_of(session), &(struct http_request) {
								 .method = "POST",
								 .target = "/a",
								 .host = "h",
								 .fields = "A: b\r\n",
								 .content_type = "t/x",
								 .content = bytes_of("xy"),
							     });
		feed(session, bytes_of(reply->in), chunk, said);
		if (reply->is_ended && !session_is_over(session))
			session->operations->ended(session);
		ck_assert_msg(strcmp(heard->str, reply->heard) == 0, "%s: %s", reply->in,
			      heard->str);
		ck_assert_int_eq(http_client_is_free(http_client_of(session)), reply->is_free);
		if (said->len == 0 && session->output != NULL)
			g_byte_array_append(said, session->output->data, session->output->len);
		g_byte_array_append(said, (const uint8_t *)"", 1);
		ck_assert_str_eq((const char *)said->data,
				 "POST /a HTTP/1.1\r\nHost: h\r\nA: b\r\nContent-Type: t/x\r\n"
				 "Content-Length: 2\r\n\r\nxy");
		session_free(session);
		g_string_free(heard, TRUE);
		g_byte_array_unref(said);
	}
}
END_TEST

/* ---- Dissection ---- */

static const char two_requests[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
				   "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n";
static const char two_answers[] =
    "HTTP/1.1 303 See Other\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

struct tile {
	unsigned kind;
	size_t length;
};

static const struct tile request_tiles[] = {
	{HTTP_POST,     sizeof "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" - 1},
	{ HTTP_CONTENT, 3								    },
	{ HTTP_HEAD,    sizeof "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n" - 1                     },
};
static const struct tile answer_tiles[] = {
	{HTTP_REDIRECTION,
         sizeof "HTTP/1.1 303 See Other\r\nTransfer-Encoding: chunked\r\n\r\n" - 1  },
	{ HTTP_CONTENT,    11						       },
	{ HTTP_SUCCESSFUL, sizeof "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" - 1},
};

/* In pieces of `chunk` bytes the same tiles come, each in so many parts. */
static void dissect_all(struct dissect_state *state, const char *text, bool is_from_server,
			const struct tile *tiles, size_t count, size_t chunk)
{
	struct bytes in = bytes_of(text);
	size_t index = 0, done = 0;

	for (size_t at = 0; at < in.length; at += chunk) {
		struct dissect_unit units[8];
		size_t found = http_dissector.dissect(
		    &(struct dissect_input) { .bytes = bytes_first(bytes_from(in, at), chunk),
					      .is_from_server = is_from_server,
					      .is_stream = true,
					      .state = state },
		    units, G_N_ELEMENTS(units));

		ck_assert_uint_le(found, G_N_ELEMENTS(units));
		for (size_t i = 0; i < found; i++) {
			ck_assert_uint_lt(index, count);
			if (done == 0 && units[i].length >= strlen("HTTP/1.1 2"))
				ck_assert_uint_eq(units[i].kind, tiles[index].kind);
			done += units[i].length;
			ck_assert_uint_le(done, tiles[index].length);
			if (done < tiles[index].length)
				continue;
			ck_assert_msg(units[i].is_complete == (units[i].length == done),
				      "%zu %zu of %zu %d", index, done, (size_t)units[i].length,
				      units[i].is_complete);
			index++;
			done = 0;
		}
	}
	ck_assert_uint_eq(index, count);
}

/* Loop test: the first segment has _i bytes of a start-line, whose rest comes with the next. */
START_TEST(a_start_line_in_pieces_is_named_when_it_is_whole)
{
	static const char request[] = "GET /login HTTP/1.1\r\nHost: a.example\r\n\r\n";
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[4];
	size_t unfinished = 0;
	struct dissect_input input = {
		.bytes = bytes_first(bytes_of(request), (size_t)_i),
		.is_stream = true,
		.state = &state,
		.unfinished = &unfinished,
	};

	ck_assert_uint_eq(http_dissector.dissect(&input, units, 4), 1);
	ck_assert_uint_eq(units[0].kind, DISSECT_PART);
	ck_assert_uint_eq(unfinished, (size_t)_i);
	unfinished = 0;
	input.bytes = bytes_of(request);
	ck_assert_uint_eq(http_dissector.dissect(&input, units, 4), 1);
	ck_assert_str_eq(units[0].summary, "GET /login HTTP/1.1");
	ck_assert(units[0].is_complete);
	ck_assert_uint_eq(unfinished, 0);
}
END_TEST

START_TEST(the_dissector_tiles_both_directions)
{
	static const size_t chunks[] = { 1000, 60, 25, 12, 7, 1 };
	struct dissect_state state = { { 0 } };

	dissect_all(&state, two_requests, false, request_tiles, G_N_ELEMENTS(request_tiles),
		    chunks[_i]);
	dissect_all(&state, two_answers, true, answer_tiles, G_N_ELEMENTS(answer_tiles),
		    chunks[_i]);
}
END_TEST

/* ---- Forms and pages ---- */

START_TEST(forms_are_read_and_written)
{
	GPtrArray *form = form_parse(bytes_of("a=1&b=x+y%26%C3%BC&c&=d&bad=%FF&nul=%00z&e=%4&a=2"));

	ck_assert_str_eq(form_value(form, "a"), "1");
	ck_assert_str_eq(form_value(form, "b"), "x y&\xc3\xbc");
	ck_assert_str_eq(form_value(form, "c"), "");
	ck_assert_str_eq(form_value(form, "e"), "%4");
	ck_assert_ptr_null(form_value(form, "bad"));
	ck_assert_ptr_null(form_value(form, "nul"));
	g_ptr_array_set_size(form, 2);
	form_set(form, "n", "\r\n=");
	char *text = form_encode(form);
	ck_assert_str_eq(text, "a=1&b=x+y%26%C3%BC&n=%0D%0A%3D");
	g_free(text);
	g_ptr_array_unref(form);

	text = cookie_value("xsession=1; session=2;session=3", "session");
	ck_assert_str_eq(text, "2");
	g_free(text);
	ck_assert_ptr_null(cookie_value("xsession=1", "session"));
	ck_assert_ptr_null(cookie_value(NULL, "session"));
}
END_TEST

START_TEST(escaped_text_comes_back_from_a_page)
{
	const char *text = "a<b>&amp;\"'\xc3\xbc\n</textarea>";
	GString *page =
	    g_string_new("<title> T\n t</title><p role=\"alert\">No: <b>x</b></p>"
			 "<a rel='next' href=\"/x?a=1&amp;b=2\">Older <i>ones</i></a>"
			 "<!-- <form id=no> --><form id=f method=post action=/send>"
			 "<input type=checkbox name=box value=1><input name=\"v\" value=\"");

	html_escape(page, text);
	g_string_append(page, "\"><textarea name=t>\n");
	html_escape(page, text);
	g_string_append(page, "</textarea><button name=go>x</button></form>");
	struct html_page *read = html_parse(bytes_of(page->str));
	const struct html_form *form = html_find_form(read, "f");
	const struct html_link *link = g_ptr_array_index(read->links, 0);

	ck_assert_str_eq(read->title, "T t");
	ck_assert_str_eq(read->alert, "No: x");
	ck_assert_str_eq(link->href, "/x?a=1&b=2");
	ck_assert_str_eq(link->rel, "next");
	ck_assert_str_eq(link->text, "Older ones");
	ck_assert_ptr_nonnull(form);
	ck_assert_str_eq(form->method, "POST");
	ck_assert_str_eq(form->action, "/send");
	ck_assert_str_eq(form_value(form->fields, "v"), text);
	ck_assert_str_eq(form_value(form->fields, "t"), text);
	ck_assert_ptr_null(form_value(form->fields, "box"));
	ck_assert_ptr_null(html_find_form(read, "no"));
	html_page_free(read);
	g_string_free(page, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *tests = tcase_create("http");

	tcase_add_loop_test(tests, a_head_is_taken_or_refused, 0, G_N_ELEMENTS(heads));
	tcase_add_test(tests, fields_are_found_in_any_case_and_as_lists);
	tcase_add_test(tests, too_many_fields_are_refused);
	tcase_add_loop_test(tests, the_server_hears_and_answers, 0, G_N_ELEMENTS(exchanges));
	tcase_add_test(tests, a_head_without_end_is_refused_at_the_limit);
	tcase_add_test(tests, silence_inside_a_request_is_408_and_between_requests_the_end);
	tcase_add_test(tests, head_is_answered_without_content);
	tcase_add_loop_test(tests, the_client_asks_and_hears, 0, G_N_ELEMENTS(replies));
	tcase_add_loop_test(tests, the_dissector_tiles_both_directions, 0, 6);
	tcase_add_loop_test(tests, a_start_line_in_pieces_is_named_when_it_is_whole, 1, 20);
	tcase_add_test(tests, forms_are_read_and_written);
	tcase_add_test(tests, escaped_text_comes_back_from_a_page);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
