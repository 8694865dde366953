/* The adapter between a scripted session and a scripted stream, in virtual time. */
#include <check.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "sim/world.h"

/* Stands in for the stack's: the adapter needs no more of a host. */
struct host {
	struct node node;
};

struct node *host_node(struct host *host)
{
	return &host->node;
}

/* A stream that shows `waiting` at most `run` bytes at a time, and takes at most `room` bytes. */
struct wire {
	struct stream stream; /* first */
	GString *waiting, *written;
	size_t run, room;
	unsigned writes;
	bool is_released, is_aborted;
};

static struct bytes wire_peek(struct stream *stream)
{
	struct wire *wire = (struct wire *)stream;
	size_t length = wire->waiting->len;

	if (wire->run != 0 && length > wire->run)
		length = wire->run;
	return (struct bytes) { (const uint8_t *)wire->waiting->str, length };
}

static void wire_consume(struct stream *stream, size_t length)
{
	g_string_erase(((struct wire *)stream)->waiting, 0, (gssize)length);
	stream->consumed_bytes += length;
}

static size_t wire_write(struct stream *stream, struct bytes bytes, bool more)
{
	struct wire *wire = (struct wire *)stream;
	size_t length = bytes.length < wire->room ? bytes.length : wire->room;

	(void)more;
	g_string_append_len(wire->written, (const char *)bytes.data, (gssize)length);
	wire->room -= length;
	wire->writes++;
	stream->written_bytes += length;
	return length;
}

static void wire_shutdown(struct stream *stream)
{
	(void)stream;
}

static void wire_abort(struct stream *stream)
{
	((struct wire *)stream)->is_aborted = true;
}

static void wire_release(struct stream *stream)
{
	((struct wire *)stream)->is_released = true;
}

static const struct stream_operations wire_operations = {
	.peek = wire_peek,
	.consume = wire_consume,
	.write = wire_write,
	.shutdown = wire_shutdown,
	.abort = wire_abort,
	.release = wire_release,
};

/*
 * A session that answers each line: "echo X" with X, "wait" when it is woken, "quit" by closing,
 * "die" by aborting, "in N" sets its deadline to N ms from now, "much" refills 100000 bytes.
 */
struct echo {
	struct session session; /* first */
	GString *heard;         /* what it was told, a word each */
	size_t to_refill;
	bool *was_freed;
};

static void hear(struct echo *echo, const char *what)
{
	g_string_append_printf(echo->heard, "%s ", what);
}

static void echo_opened(struct session *session)
{
	hear((struct echo *)session, "opened");
	session_printf(session, "hello\r\n");
}

static void obey(struct echo *echo, const char *line)
{
	struct session *session = &echo->session;

	if (g_str_has_prefix(line, "echo "))
		session_printf(session, "%s\r\n", line + 5);
	else if (strcmp(line, "wait") == 0)
		session->is_waiting = true;
	else if (strcmp(line, "quit") == 0)
		session->is_closing = true;
	else if (strcmp(line, "die") == 0)
		session->is_aborted = true;
	else if (strcmp(line, "much") == 0)
		echo->to_refill = 100000;
	else if (g_str_has_prefix(line, "in "))
		session->deadline_ns = session->now_ns + atoi(line + 3) * NS_PER_MS;
}

static size_t echo_receive(struct session *session, struct bytes in)
{
	struct bytes line;
	size_t length = session_line(in, false, &line);
	char *text;

	if (length == 0)
		return 0;
	text = g_strndup((const char *)line.data, line.length);
	session_note_input(session, 7, 0, length);
	obey((struct echo *)session, text);
	g_free(text);
	return length;
}

static void echo_ended(struct session *session)
{
	hear((struct echo *)session, "ended");
	session_printf(session, "bye\r\n");
	session->is_closing = true;
}

static void echo_expired(struct session *session)
{
	hear((struct echo *)session, "expired");
	session_printf(session, "late\r\n");
}

static void echo_failed(struct session *session, enum stream_failure why)
{
	(void)why;
	hear((struct echo *)session, "failed");
}

static void echo_refill(struct session *session)
{
	static const uint8_t block[1000];
	struct echo *echo = (struct echo *)session;

	while (echo->to_refill > 0 &&
	       (session->output == NULL || session->output->len < SESSION_OUTPUT_LOW)) {
		session_write(session, (struct bytes) { block, sizeof block });
		echo->to_refill -= sizeof block;
	}
}

static void echo_free(struct session *session)
{
	*((struct echo *)session)->was_freed = true;
	session_clear(session);
	g_free(session);
}

static const struct session_operations echo_operations = {
	.opened = echo_opened,
	.receive = echo_receive,
	.ended = echo_ended,
	.expired = echo_expired,
	.failed = echo_failed,
	.refill = echo_refill,
	.free = echo_free,
};

#define WAKEUP_NS (100 * NS_PER_US)

struct bench {
	struct world *world;
	struct host host;
	struct wire wire;
	struct echo *echo;
	struct adapter *adapter;
	GString *heard;
	bool was_freed;
	uint64_t echo_received_bytes; /* by the session in all, when it was over */
	int why;                      /* of done; -99: not called */
	struct trace_sink sink;
	GArray *records; /* of struct trace_record */
};

static void done(void *owner, struct session *session, int why)
{
	struct bench *bench = owner;

	ck_assert_ptr_eq(session, &bench->echo->session);
	ck_assert(!bench->was_freed);
	bench->why = why;
	bench->echo_received_bytes = session->received_bytes;
	adapter_free(bench->adapter); /* harmless here */
}

static void keep(void *owner, const struct trace_record *record, struct bytes bytes)
{
	(void)bytes;
	g_array_append_vals(((struct bench *)owner)->records, record, 1);
}

static void set_up(struct bench *bench, bool is_open)
{
	*bench = (struct bench) { .why = -99, .heard = g_string_new(NULL) };
	bench->world = world_new(1, 0);
	node_init(&bench->host.node, bench->world, "host", NODE_HOST);
	bench->records = g_array_new(FALSE, FALSE, sizeof(struct trace_record));
	bench->sink = (struct trace_sink) {
		.kinds = TRACE_BIT(TRACE_UNIT) | TRACE_BIT(TRACE_PHASE),
		.owner = bench,
		.record = keep,
	};
	trace_add_sink(&bench->world->trace, &bench->sink);
	bench->wire.stream.operations = &wire_operations;
	bench->wire.stream.sent_object = 1001;
	bench->wire.stream.received_object = 1002;
	bench->wire.waiting = g_string_new(NULL);
	bench->wire.written = g_string_new(NULL);
	bench->wire.room = 1000000;
	bench->echo = g_new0(struct echo, 1);
	bench->echo->heard = bench->heard;
	bench->echo->was_freed = &bench->was_freed;
	session_init(&bench->echo->session, &echo_operations);
	bench->adapter =
	    adapter_new(&bench->host, &bench->wire.stream, &bench->echo->session, is_open,
			&(struct adapter_config) {
			    .layer = LAYER_SMTP,
			    .wakeup_ns = WAKEUP_NS,
			    .connect_timeout_ns = is_open ? 0 : 30 * NS_PER_S,
			    .done = done,
			    .owner = bench,
			});
}

static void tear_down(struct bench *bench)
{
	if (bench->why == -99)
		adapter_free(bench->adapter);
	ck_assert(bench->was_freed);
	g_array_free(bench->records, TRUE);
	g_string_free(bench->wire.waiting, TRUE);
	g_string_free(bench->wire.written, TRUE);
	g_string_free(bench->heard, TRUE);
	world_free(bench->world);
}

static void run(struct bench *bench)
{
	engine_run(bench->world->engine, TIME_NEVER - 1);
}

static void arrive(struct bench *bench, const char *text)
{
	g_string_append(bench->wire.waiting, text);
	bench->wire.stream.events->readable(bench->wire.stream.owner);
}

/* Opened, and its greeting sent. */
static void set_up_greeted(struct bench *bench)
{
	set_up(bench, true);
	run(bench);
	ck_assert_str_eq(bench->wire.written->str, "hello\r\n");
	g_string_truncate(bench->wire.written, 0);
	bench->wire.writes = 0;
}

START_TEST(a_session_hears_of_its_stream_after_the_wakeup)
{
	struct bench bench;

	set_up(&bench, true);
	ck_assert_str_eq(bench.heard->str, "");
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened ");
	ck_assert_int_eq(engine_now(bench.world->engine), WAKEUP_NS);
	tear_down(&bench);
}
END_TEST

START_TEST(a_connecting_session_opens_when_the_stream_does)
{
	struct bench bench;

	set_up(&bench, false);
	engine_run(bench.world->engine, NS_PER_S);
	ck_assert_str_eq(bench.heard->str, "");
	session_wake(&bench.echo->session); /* an answer before the time is no reason to speak */
	ck_assert_uint_eq(bench.wire.writes, 0);
	bench.wire.stream.events->opened(bench.wire.stream.owner);
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened ");
	ck_assert_int_eq(engine_now(bench.world->engine), NS_PER_S + WAKEUP_NS);
	tear_down(&bench);
}
END_TEST

START_TEST(a_connection_that_takes_too_long_is_given_up)
{
	struct bench bench;

	set_up(&bench, false);
	run(&bench);
	ck_assert_int_eq(engine_now(bench.world->engine), 30 * NS_PER_S);
	ck_assert_str_eq(bench.heard->str, "failed ");
	ck_assert_int_eq(bench.why, STREAM_TIMED_OUT);
	ck_assert(bench.wire.is_aborted);
	tear_down(&bench);
}
END_TEST

START_TEST(what_arrives_before_the_wakeup_is_answered_in_one_write)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "echo a\r\n");
	arrive(&bench, "echo b\r\nech");
	run(&bench);
	arrive(&bench, "o c\r\n");
	run(&bench);
	ck_assert_str_eq(bench.wire.written->str, "a\r\nb\r\nc\r\n");
	ck_assert_uint_eq(bench.wire.writes, 2);
	tear_down(&bench);
}
END_TEST

/* Loop test: the stream shows its bytes in runs of _i, as a ring buffer may. */
START_TEST(lines_cut_by_the_stream_are_put_together)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.wire.run = (size_t)_i;
	arrive(&bench, "echo alpha\r\necho beta\r\n");
	run(&bench);
	ck_assert_str_eq(bench.wire.written->str, "alpha\r\nbeta\r\n");
	ck_assert_uint_eq(bench.wire.writes, 1);
	tear_down(&bench);
}
END_TEST

START_TEST(a_waiting_session_is_offered_nothing_and_says_nothing)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "echo a\r\nwait\r\necho b\r\n");
	run(&bench);
	ck_assert_str_eq(bench.wire.written->str, "");
	ck_assert_str_eq(bench.wire.waiting->str, "echo b\r\n");
	bench.echo->session.is_waiting = false;
	session_wake(&bench.echo->session);
	ck_assert_str_eq(bench.wire.written->str, "a\r\nb\r\n");
	tear_down(&bench);
}
END_TEST

START_TEST(the_end_is_told_behind_all_input)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "wait\r\necho a\r\n");
	run(&bench);
	bench.wire.stream.events->ended(bench.wire.stream.owner);
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened ");
	bench.echo->session.is_waiting = false;
	session_wake(&bench.echo->session);
	ck_assert_str_eq(bench.heard->str, "opened ended ");
	ck_assert_str_eq(bench.wire.written->str, "a\r\nbye\r\n");
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	ck_assert(bench.wire.is_released);
	tear_down(&bench);
}
END_TEST

START_TEST(output_waits_for_room_and_the_end_for_output)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.wire.room = 4;
	arrive(&bench, "echo abcdef\r\nquit\r\n");
	run(&bench);
	ck_assert_str_eq(bench.wire.written->str, "abcd");
	ck_assert_int_eq(bench.why, -99);
	bench.wire.room = 100;
	bench.wire.stream.events->writable(bench.wire.stream.owner);
	ck_assert_str_eq(bench.wire.written->str, "abcdef\r\n");
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	ck_assert(bench.wire.is_released);
	tear_down(&bench);
}
END_TEST

START_TEST(refilled_output_flows_as_the_stream_takes_it)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.wire.room = 70000;
	arrive(&bench, "much\r\n");
	run(&bench);
	ck_assert_uint_eq(bench.wire.written->len, 70000);
	bench.wire.room = 70000;
	bench.wire.stream.events->writable(bench.wire.stream.owner);
	ck_assert_uint_eq(bench.wire.written->len, 100000);
	tear_down(&bench);
}
END_TEST

/* Each piece that the peer reads counts; that it owes a long answer does not. */
START_TEST(a_peer_that_does_not_read_is_left)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.echo->session.send_timeout_ns = 60 * NS_PER_S;
	bench.wire.room = 10000;
	arrive(&bench, "much\r\n");
	engine_run(bench.world->engine, 50 * NS_PER_S);
	bench.wire.room = 10000;
	bench.wire.stream.events->writable(bench.wire.stream.owner);
	engine_run(bench.world->engine, 100 * NS_PER_S);
	bench.wire.stream.events->writable(bench.wire.stream.owner);
	ck_assert_int_eq(bench.why, -99);
	run(&bench);
	ck_assert_int_eq(engine_now(bench.world->engine), (50 + 60) * NS_PER_S);
	ck_assert(bench.wire.is_aborted);
	ck_assert_str_eq(bench.heard->str, "opened failed ");
	ck_assert_int_eq(bench.why, STREAM_TIMED_OUT);
	tear_down(&bench);
}
END_TEST

START_TEST(a_session_that_hung_up_does_not_wait_for_its_reader)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.echo->session.send_timeout_ns = 60 * NS_PER_S;
	bench.wire.room = 4;
	arrive(&bench, "echo abcdef\r\nquit\r\n");
	run(&bench);
	ck_assert(bench.wire.is_aborted);
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	tear_down(&bench);
}
END_TEST

START_TEST(an_aborted_session_resets_its_stream)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "echo a\r\ndie\r\n");
	run(&bench);
	ck_assert(bench.wire.is_aborted);
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	tear_down(&bench);
}
END_TEST

START_TEST(a_lost_stream_ends_the_session)
{
	struct bench bench;

	set_up_greeted(&bench);
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	ck_assert_str_eq(bench.heard->str, "opened ");
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened failed ");
	ck_assert_int_eq(bench.why, STREAM_RESET);
	tear_down(&bench);
}
END_TEST

START_TEST(a_deadline_comes_once_and_can_be_moved)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "in 10\r\n");
	engine_run(bench.world->engine, 5 * NS_PER_MS);
	arrive(&bench, "in 10\r\n");
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened expired ");
	ck_assert_int_eq(engine_now(bench.world->engine), 15 * NS_PER_MS + WAKEUP_NS);
	ck_assert_str_eq(bench.wire.written->str, "late\r\n");
	tear_down(&bench);
}
END_TEST

/* Room for output is no reason to read early: input has its own wakeup, for whatever else happens. */
START_TEST(input_is_read_at_its_wakeup_alone)
{
	struct bench bench;

	set_up_greeted(&bench);
	int64_t greeted_ns = engine_now(bench.world->engine);

	arrive(&bench, "echo a\r\n");
	bench.wire.stream.events->writable(bench.wire.stream.owner);
	session_wake(&bench.echo->session);
	ck_assert_str_eq(bench.wire.written->str, "");
	run(&bench);
	ck_assert_str_eq(bench.wire.written->str, "a\r\n");
	ck_assert_int_eq(engine_now(bench.world->engine), greeted_ns + WAKEUP_NS);
	tear_down(&bench);
}
END_TEST

START_TEST(what_came_before_the_loss_is_heard_before_it)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "in 10\r\nin");
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	bench.wire.stream.operations = NULL; /* the stream is gone */
	run(&bench);
	ck_assert_uint_eq(bench.echo_received_bytes, 7);
	ck_assert_int_eq(bench.why, STREAM_RESET);
	tear_down(&bench);
}
END_TEST

/* A session that is content with what it heard, as after 421, need not hear of the loss. */
START_TEST(a_session_that_hung_up_on_its_last_input_is_not_lost)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "quit\r\n");
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	bench.wire.stream.operations = NULL;
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened ");
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	tear_down(&bench);
}
END_TEST

/* Whoever only knocks costs no greeting, nor what a server does before it, like asking DNS. */
START_TEST(a_stream_lost_before_the_wakeup_was_never_open)
{
	struct bench bench;

	set_up(&bench, true);
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "failed ");
	ck_assert_int_eq(bench.why, STREAM_RESET);
	tear_down(&bench);
}
END_TEST

START_TEST(what_was_said_on_a_stream_lost_so_soon_is_heard)
{
	struct bench bench;

	set_up(&bench, false);
	bench.wire.stream.events->opened(bench.wire.stream.owner);
	arrive(&bench, "quit\r\n");
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened ");
	ck_assert_int_eq(bench.why, ADAPTER_ORDERLY);
	tear_down(&bench);
}
END_TEST

START_TEST(an_answer_after_the_loss_finds_nobody)
{
	struct bench bench;

	set_up_greeted(&bench);
	arrive(&bench, "wait\r\n");
	run(&bench);
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	bench.echo->session.is_waiting = false;
	session_printf(&bench.echo->session, "answer\r\n");
	session_wake(&bench.echo->session);
	ck_assert_str_eq(bench.heard->str, "opened ");
	run(&bench);
	ck_assert_str_eq(bench.heard->str, "opened failed ");
	ck_assert_str_eq(bench.wire.written->str, "");
	ck_assert_int_eq(bench.why, STREAM_RESET);
	tear_down(&bench);
}
END_TEST

START_TEST(notes_become_records_with_the_offsets_of_the_stream)
{
	struct bench bench;
	const struct trace_record *record;

	set_up(&bench, true);
	bench.wire.stream.consumed_bytes = 0;
	run(&bench);
	arrive(&bench, "echo a\r\necho b\r\n");
	run(&bench);
	ck_assert_uint_eq(bench.records->len, 3);
	record = &g_array_index(bench.records, struct trace_record, 0);
	ck_assert_uint_eq(record->kind, TRACE_PHASE);
	ck_assert_uint_eq(record->detail, PHASE_CONNECT);
	ck_assert_uint_eq(record->object, adapter_object(bench.adapter));
	record = &g_array_index(bench.records, struct trace_record, 2);
	ck_assert_uint_eq(record->kind, TRACE_UNIT);
	ck_assert_uint_eq(record->layer, LAYER_SMTP);
	ck_assert_uint_eq(record->detail, 7);
	ck_assert_uint_eq(record->flags, TRACE_INBOUND);
	ck_assert_uint_eq(record->object, 1002);
	ck_assert_uint_eq(record->before, 8);
	ck_assert_uint_eq(record->after, 8);
	tear_down(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("adapter");
	TCase *tcase = tcase_create("adapter");

	tcase_add_test(tcase, a_session_hears_of_its_stream_after_the_wakeup);
	tcase_add_test(tcase, a_connecting_session_opens_when_the_stream_does);
	tcase_add_test(tcase, a_connection_that_takes_too_long_is_given_up);
	tcase_add_test(tcase, what_arrives_before_the_wakeup_is_answered_in_one_write);
	tcase_add_loop_test(tcase, lines_cut_by_the_stream_are_put_together, 1, 24);
	tcase_add_test(tcase, a_waiting_session_is_offered_nothing_and_says_nothing);
	tcase_add_test(tcase, the_end_is_told_behind_all_input);
	tcase_add_test(tcase, output_waits_for_room_and_the_end_for_output);
	tcase_add_test(tcase, refilled_output_flows_as_the_stream_takes_it);
	tcase_add_test(tcase, a_peer_that_does_not_read_is_left);
	tcase_add_test(tcase, a_session_that_hung_up_does_not_wait_for_its_reader);
	tcase_add_test(tcase, an_aborted_session_resets_its_stream);
	tcase_add_test(tcase, a_lost_stream_ends_the_session);
	tcase_add_test(tcase, a_deadline_comes_once_and_can_be_moved);
	tcase_add_test(tcase, input_is_read_at_its_wakeup_alone);
	tcase_add_test(tcase, what_came_before_the_loss_is_heard_before_it);
	tcase_add_test(tcase, a_session_that_hung_up_on_its_last_input_is_not_lost);
	tcase_add_test(tcase, a_stream_lost_before_the_wakeup_was_never_open);
	tcase_add_test(tcase, what_was_said_on_a_stream_lost_so_soon_is_heard);
	tcase_add_test(tcase, an_answer_after_the_loss_finds_nobody);
	tcase_add_test(tcase, notes_become_records_with_the_offsets_of_the_stream);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
