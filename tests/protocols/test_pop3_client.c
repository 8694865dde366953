/* The POP3 client session against written conversations, and against our server in memory. */
#include <check.h>
#include "protocols/layer.h"
#include "protocols/pop3/client.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/session.h"
#include "protocols/pop3/unstuff.h"
#include "tests/protocols/transcript.h"

/* What the owner of a client was told. */
struct reader {
	GString *retrieved; /* "unique-id text" of the last message, | for each CRLF */
	GString *deleted;   /* unique ids */
	GString *over;
	GHashTable *known; /* unique id -> anything; NULL: as the id says */
	unsigned count;
};

/* Some unique ids say what they are; else what was retrieved is known. */
static enum pop3_wish judge(void *owner, const char *unique_id)
{
	struct reader *reader = owner;

	if (reader->known != NULL)
		return g_hash_table_contains(reader->known, unique_id) ? POP3_REMOVE : POP3_FETCH;
	if (g_str_has_prefix(unique_id, "old"))
		return POP3_REMOVE;
	return g_str_has_prefix(unique_id, "known") ? POP3_KEEP : POP3_FETCH;
}

static uint64_t retrieved(void *owner, const char *unique_id, GBytes *message)
{
	struct reader *reader = owner;
	gsize length;
	const char *data = g_bytes_get_data(message, &length);
	GString *joined = g_string_new_len(data, (gssize)length);

	g_string_replace(joined, "\r\n", "|", 0);

	g_string_printf(reader->retrieved, "%s %s", unique_id, joined->str);
	if (reader->known != NULL)
		g_hash_table_add(reader->known, g_strdup(unique_id));
	reader->count++;
	g_string_free(joined, TRUE);
	return 42;
}

static void deleted(void *owner, const char *unique_id)
{
	g_string_append(((struct reader *)owner)->deleted, unique_id);
}

static void over(void *owner, const struct pop3_result *result)
{
	struct reader *reader = owner;

	ck_assert_uint_eq(reader->over->len, 0);
	g_string_printf(reader->over, "%s, %u offered, %u retrieved, %u deleted%s%s",
			pop3_outcome_names[result->outcome], result->offered, result->retrieved,
			result->deleted, result->text[0] != '\0' ? ": " : "", result->text);
}

static const struct pop3_client_events events = { judge, retrieved, deleted, over };

static void reader_init(struct reader *reader)
{
	*reader = (struct reader) {
		.retrieved = g_string_new(NULL),
		.deleted = g_string_new(NULL),
		.over = g_string_new(NULL),
	};
}

static void reader_clear(struct reader *reader)
{
	g_string_free(reader->retrieved, TRUE);
	g_string_free(reader->deleted, TRUE);
	g_string_free(reader->over, TRUE);
	g_clear_pointer(&reader->known, g_hash_table_unref);
}

static bool direct(void *owner, const char *directive)
{
	struct reader *reader = owner;
	struct {
		const char *prefix;
		GString *text;
	} texts[] = {
		{"retrieved: ", reader->retrieved},
		{ "deleted: ",  reader->deleted  },
		{ "over: ",     reader->over     },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (!g_str_has_prefix(directive, texts[i].prefix))
			continue;
		ck_assert_str_eq(texts[i].text->str, directive + strlen(texts[i].prefix));
		if (texts[i].text == reader->retrieved)
			g_string_truncate(reader->retrieved, 0);
		return true;
	}
	return false;
}

struct conversation {
	const char *name;
	bool deletes;
	unsigned window;
};

static const struct conversation conversations[] = {
	{"delete",          true,  0},
        { "leave",          false, 1},
        { "remove",         false, 0},
	{ "leftover",       true,  0},
        { "empty",          true,  0},
        { "old_server",     true,  4},
	{ "pipelining",     true,  4},
        { "not_offered",    true,  4},
        { "sasl",           true,  0},
	{ "scram",          true,  0},
        { "cram",           true,  0},
        { "login",          true,  0},
	{ "false_server",   true,  0},
        { "broken_off",     true,  0},
        { "apop",           true,  0},
	{ "no_way_in",      true,  0},
        { "wrong_password", true,  0},
        { "in_use",         true,  0},
	{ "refused",        true,  0},
        { "lost",           true,  0},
        { "timeout",        true,  0},
	{ "nonsense",       true,  0},
        { "unasked",        true,  0},
        { "utf8",           true,  0},
	{ "utf8_refused",   true,  0},
};

static struct session *new_client(const struct conversation *conversation, struct reader *reader)
{
	return pop3_client_new(&(struct pop3_client_config) {
	    .user = "bob",
	    .password = "secret",
	    .deletes = conversation->deletes,
	    .window = conversation->window,
	    .root = 7,
	    .events = &events,
	    .owner = reader,
	});
}

static void play(const struct conversation *conversation, size_t chunk)
{
	char *path = g_strdup_printf("tests/sessions/pop3/client_%s.txt", conversation->name);
	struct reader reader;

	reader_init(&reader);
	struct session *session = new_client(conversation, &reader);
	transcript_play(path, &(struct transcript) {
				  .session = session,
				  .side = 'C',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &reader,
			      });
	session_free(session);
	reader_clear(&reader);
	g_free(path);
}

START_TEST(conversation_fed_whole)
{
	play(&conversations[_i], 0);
}
END_TEST

START_TEST(conversation_fed_byte_by_byte)
{
	play(&conversations[_i], 1);
}
END_TEST

/* Client and server in memory: what one says the other hears, until both are silent. */

static size_t pass(struct session *from, struct session *to, GByteArray *pending, size_t limit)
{
	if (from->operations->refill != NULL && !session_is_over(from))
		from->operations->refill(from);
	if (from->output != NULL) {
		g_byte_array_append(pending, from->output->data, from->output->len);
		g_clear_pointer(&from->output, g_byte_array_unref);
	}
	size_t moved =
	    session_offer(to, bytes_first((struct bytes) { pending->data, pending->len }, limit));
	if (moved > 0)
		g_byte_array_remove_range(pending, 0, (guint)moved);
	return moved;
}

/* Stops after `limit` bytes of the server's when that is not 0, as if the wire were cut. */
static void talk(struct session *client, struct session *server, size_t limit)
{
	GByteArray *to_client = g_byte_array_new(), *to_server = g_byte_array_new();
	size_t heard = 0, moved;

	client->operations->opened(client);
	server->operations->opened(server);
	do {
		moved = pass(server, client, to_client, limit != 0 ? limit - heard : SIZE_MAX);
		heard += moved;
		if (limit != 0 && heard == limit)
			break;
		moved += pass(client, server, to_server, SIZE_MAX);
	} while (moved > 0);
	g_byte_array_unref(to_client);
	g_byte_array_unref(to_server);
}

static struct mail_store *new_store(unsigned messages)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *bob = mail_store_add_account(store, "bob@corp.test", "secret");

	for (unsigned i = 0; i < messages; i++) {
		char *text = g_strdup_printf("Subject: %u\r\n\r\n.\r\n.%u\r\nend", i, i);
		struct message *message = message_new(g_bytes_new_take(text, strlen(text)), 0);

		mailbox_append(account_find_mailbox(bob, "INBOX"), message, 0, 0);
		message_free(message);
	}
	return store;
}

static unsigned messages_in(struct mail_store *store)
{
	struct account *bob = mail_store_find(store, "bob@corp.test");

	return account_find_mailbox(bob, "INBOX")->entries->len;
}

static struct session *new_server(struct mail_store *store)
{
	return pop3_session_new(
	    &(struct pop3_session_config) { .store = store, .software = "mailwire" });
}

START_TEST(client_and_server_understand_each_other)
{
	static const struct conversation fetching = { "", true, 5 };
	struct mail_store *store = new_store(20);
	struct reader reader;

	reader_init(&reader);
	struct session *server = new_server(store);
	struct session *client = new_client(&fetching, &reader);
	talk(client, server, 0);
	ck_assert_str_eq(reader.over->str, "done, 20 offered, 20 retrieved, 20 deleted");
	ck_assert_str_eq(reader.retrieved->str, "0000001400000001 Subject: 19||.|.19|end|");
	ck_assert_uint_eq(messages_in(store), 0);
	ck_assert(session_is_over(client) && session_is_over(server));
	session_free(client);
	session_free(server);
	mail_store_free(store);
	reader_clear(&reader);
}
END_TEST

START_TEST(a_connection_cut_anywhere_loses_nothing_and_doubles_nothing)
{
	static const struct conversation fetching = { "", true, 0 };
	struct mail_store *store = new_store(3);
	struct reader reader;

	reader_init(&reader);
	reader.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		struct session *server = new_server(store);
		struct session *client = new_client(&fetching, &reader);
		unsigned before = messages_in(store);

		talk(client, server, attempt == 0 ? (size_t)_i + 1 : 0);
		client->operations->failed(client, STREAM_RESET);
		server->operations->failed(server, STREAM_RESET);
		session_free(client);
		session_free(server);
		/* Unless the server has read QUIT already, all is as before. */
		if (attempt == 0 && reader.count < 3)
			ck_assert_uint_eq(messages_in(store), before);
		if (attempt == 1)
			ck_assert(g_str_has_prefix(reader.over->str, "done, "));
		g_string_truncate(reader.over, 0);
	}
	ck_assert_uint_eq(reader.count, 3);
	ck_assert_uint_eq(messages_in(store), 0);
	mail_store_free(store);
	reader_clear(&reader);
}
END_TEST

START_TEST(commands_belong_to_the_action_and_deletions_to_the_message)
{
	static const struct conversation fetching = { "", true, 0 };
	struct mail_store *store = new_store(1);
	struct reader reader;
	unsigned phases[PHASE_COUNT] = { 0 }, messages = 0;
	uint64_t next[2] = { 0, 0 };

	reader_init(&reader);
	struct session *server = new_server(store);
	struct session *client = new_client(&fetching, &reader);
	client->wants_notes = true;
	talk(client, server, 0);
	for (unsigned i = 0; i < client->notes->len; i++) {
		const struct note *note = &g_array_index(client->notes, struct note, i);
		bool is_inbound = note->flags & TRACE_INBOUND;

		if (note->kind == TRACE_PHASE)
			phases[note->detail]++;
		messages += note->kind == TRACE_MAIL && note->detail == MAIL_RETRIEVED &&
			    g_bytes_get_size(note->bytes) == 26; /* the CRLF that was missing */
		if (note->kind != TRACE_UNIT)
			continue;
		ck_assert_uint_eq(note->before, next[is_inbound]);
		next[is_inbound] += note->after;
		if (!is_inbound)
			ck_assert_uint_eq(note->root, note->detail == POP3_DELE ? 42 : 7);
	}
	ck_assert_uint_eq(next[0], client->produced_bytes);
	ck_assert_uint_eq(next[1], client->received_bytes);
	ck_assert_uint_eq(messages, 1);
	ck_assert_uint_eq(phases[PHASE_GREETED], 1);
	ck_assert_uint_eq(phases[PHASE_AUTHENTICATED], 1);
	ck_assert_uint_eq(phases[PHASE_RETRIEVE], 1);
	ck_assert_uint_eq(phases[PHASE_DELETE], 1);
	ck_assert_uint_eq(phases[PHASE_QUIT], 1);
	ck_assert_uint_eq(phases[PHASE_FAILED], 0);
	session_free(client);
	session_free(server);
	mail_store_free(store);
	reader_clear(&reader);
}
END_TEST

static const struct {
	const char *wire, *text;
} stuffed[] = {
	{".\r\n",		   ""                },
	{ "a\r\n.\r\n",             "a\r\n"           },
	{ "..\r\n.\r\n",            ".\r\n"           },
	{ "...\r\n.\r\n",           "..\r\n"          },
	{ ".a\r\n.\r\n",            "a\r\n"           }, /* no server sends this; the dot goes */
	{ "a.\r\n.b.\r\n\r\n.\r\n", "a.\r\nb.\r\n\r\n"},
	{ ".\rx\r\n.\r\n",          "\rx\r\n"         },
	{ ".\r\r\n.\r\n",           "\r\r\n"          },
	{ "a\r\r\n.\r\n",           "a\r\r\n"         },
	{ "a\n.\r\n.\r\n",          "a\n.\r\n"        }, /* a bare LF ends no line */
	{ "a\r.\r\n.\r\n",          "a\r.\r\n"        },
};

START_TEST(stuffing_is_undone_however_it_arrives)
{
	const char *wire = stuffed[_i].wire;
	size_t length = strlen(wire);

	for (size_t chunk = 1; chunk <= length; chunk++) {
		struct pop3_unstuffer unstuffer = { 0 };
		GByteArray *out = g_byte_array_new();
		size_t taken = 0;

		for (size_t i = 0; i < length; i += chunk)
			taken += pop3_unstuff(
			    &unstuffer, bytes_first(bytes_from(bytes_of(wire), i), chunk), out);
		ck_assert_int_eq(unstuffer.state, UNSTUFF_DONE);
		ck_assert_uint_eq(taken, length);
		ck_assert_uint_eq(out->len, strlen(stuffed[_i].text));
		if (out->len > 0)
			ck_assert_mem_eq(out->data, stuffed[_i].text, out->len);
		g_byte_array_unref(out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3 client");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, conversation_fed_whole, 0, G_N_ELEMENTS(conversations));
	tcase_add_loop_test(tests, conversation_fed_byte_by_byte, 0, G_N_ELEMENTS(conversations));
	tcase_add_test(tests, client_and_server_understand_each_other);
	tcase_add_loop_test(tests, a_connection_cut_anywhere_loses_nothing_and_doubles_nothing, 0,
			    500);
	tcase_add_test(tests, commands_belong_to_the_action_and_deletions_to_the_message);
	tcase_add_loop_test(tests, stuffing_is_undone_however_it_arrives, 0, G_N_ELEMENTS(stuffed));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
