/* What the user of a TCP stream sees: the order of events, backpressure, closing; and the records. */
#include <check.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "stack/tcp/connection.h"
#include "stack/tcp/tcp.h"
#include "tests/wiretest.h"

/* A user that notes its events as letters, and does what the test wants on some of them. */
struct user {
	struct stream *stream;
	GString *heard;
	bool is_in_call; /* an event during it would break the contract */
	bool reads, shuts_down_at_end, releases_when_readable, aborts_when_accepted;
	uint64_t read_bytes, left; /* bytes that are still to be written */
	size_t block_bytes;        /* by so many at a time; 0: 65536 */
	enum stream_failure failure;
};

static void hear(struct user *user, char letter)
{
	ck_assert(!user->is_in_call);
	g_string_append_c(user->heard, letter);
}

static void read_all(struct user *user)
{
	struct bytes bytes;

	user->is_in_call = true;
	while ((bytes = stream_peek(user->stream)).length > 0) {
		user->read_bytes += bytes.length;
		stream_consume(user->stream, bytes.length);
	}
	user->is_in_call = false;
}

static void on_opened(void *owner)
{
	hear(owner, 'o');
}

static void on_readable(void *owner)
{
	struct user *user = owner;

	hear(user, 'r');
	if (user->releases_when_readable)
		stream_release(user->stream);
	else if (user->reads)
		read_all(user);
}

static void write_left(struct user *user)
{
	static const uint8_t block[1000000];
	size_t block_bytes = user->block_bytes != 0 ? user->block_bytes : 65536, written = 0,
	       length;

	do {
		length = MIN(user->left, block_bytes);
		written = stream_write(user->stream, (struct bytes) { block, length }, false);
		user->left -= written;
	} while (user->left > 0 && written == length);
}

static void on_writable(void *owner)
{
	hear(owner, 'w');
	write_left(owner);
}

static void on_ended(void *owner)
{
	struct user *user = owner;

	hear(user, 'e');
	if (user->shuts_down_at_end)
		stream_shutdown(user->stream);
}

static void on_closed(void *owner)
{
	struct user *user = owner;

	hear(user, 'c');
	user->stream = NULL;
}

static void on_failed(void *owner, enum stream_failure why)
{
	struct user *user = owner;

	hear(user, 'f');
	user->failure = why;
	read_all(user);
	user->stream = NULL;
}

static const struct stream_events events = {
	.opened = on_opened,
	.readable = on_readable,
	.writable = on_writable,
	.ended = on_ended,
	.closed = on_closed,
	.failed = on_failed,
};

static void on_accept(void *owner, struct stream *stream)
{
	struct user *user = owner;

	hear(user, 'a');
	user->stream = stream;
	if (user->aborts_when_accepted)
		stream_abort(g_steal_pointer(&user->stream));
	else
		stream_listen(stream, &events, user);
}

struct pair {
	struct wiretest net;
	struct user client, server;
	struct tcp_listener *listener;
};

static void setup_with(struct pair *pair, const struct link_config *cable)
{
	*pair = (struct pair) { 0 };
	wiretest_init(&pair->net, &(struct wiretest_config) { .is_direct = true, .cable = *cable });
	pair->client = (struct user) { .heard = g_string_new(NULL), .reads = true };
	pair->server =
	    (struct user) { .heard = g_string_new(NULL), .reads = true, .shuts_down_at_end = true };
	pair->listener = tcp_listen(pair->net.bob, 25, on_accept, &pair->server);
}

static void setup_at(struct pair *pair, uint64_t rate_bps)
{
	setup_with(pair, &(struct link_config) { .rate_bps = rate_bps, .delay_ns = NS_PER_MS });
}

static void setup(struct pair *pair)
{
	setup_at(pair, 0);
}

static void teardown(struct pair *pair)
{
	wiretest_clear(&pair->net);
	g_string_free(pair->client.heard, TRUE);
	g_string_free(pair->server.heard, TRUE);
}

static void open_to(struct pair *pair, uint32_t address, uint16_t port)
{
	pair->client.is_in_call = true;
	pair->client.stream = tcp_connect(pair->net.alice, (struct endpoint) { address, port },
					  &events, &pair->client);
	pair->client.is_in_call = false;
	ck_assert_ptr_nonnull(pair->client.stream);
}

static void open_pair(struct pair *pair)
{
	open_to(pair, WIRETEST_NEAR, 25);
	wiretest_run(&pair->net);
}

static void write_text(struct user *user, const char *text)
{
	ck_assert_uint_eq(stream_write(user->stream, bytes_of(text), false), strlen(text));
}

START_TEST(events_come_in_order)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	ck_assert_str_eq(pair.client.heard->str, "o");
	ck_assert_str_eq(pair.server.heard->str, "a");
	write_text(&pair.client, "hello");
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "oec");
	ck_assert_str_eq(pair.server.heard->str, "arec");
	ck_assert_uint_eq(pair.server.read_bytes, 5);
	teardown(&pair);
}
END_TEST

START_TEST(end_and_close_wait_for_the_reader)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	pair.client.reads = false;
	write_text(&pair.server, "good bye");
	stream_shutdown(pair.server.stream);
	wiretest_run(&pair.net);
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "or"); /* all is over on the wire, but not read */
	read_all(&pair.client);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "orec");
	ck_assert_uint_eq(pair.client.read_bytes, 8);
	teardown(&pair);
}
END_TEST

START_TEST(bytes_written_before_the_handshake_follow_it)
{
	struct pair pair;

	setup(&pair);
	open_to(&pair, WIRETEST_NEAR, 25);
	write_text(&pair.client, "early");
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_uint_eq(pair.server.read_bytes, 5);
	ck_assert_str_eq(pair.client.heard->str, "oec");
	teardown(&pair);
}
END_TEST

START_TEST(closed_port_fails_as_refused)
{
	struct pair pair;

	setup(&pair);
	open_to(&pair, WIRETEST_NEAR, 26);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "f");
	ck_assert_int_eq(pair.client.failure, STREAM_REFUSED);
	teardown(&pair);
}
END_TEST

START_TEST(no_route_fails_as_unreachable_after_the_call)
{
	struct pair pair;

	setup(&pair);
	open_to(&pair, 0xcb007101, 25); /* 203.0.113.1, and there is no router */
	ck_assert_str_eq(pair.client.heard->str, "");
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "f");
	ck_assert_int_eq(pair.client.failure, STREAM_UNREACHABLE);
	teardown(&pair);
}
END_TEST

START_TEST(abort_is_heard_as_reset)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	write_text(&pair.client, "never mind");
	stream_abort(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "o");
	ck_assert_int_eq(pair.server.heard->str[pair.server.heard->len - 1], 'f');
	ck_assert_int_eq(pair.server.failure, STREAM_RESET);
	teardown(&pair);
}
END_TEST

START_TEST(what_came_before_a_reset_can_be_read_behind_it)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	pair.client.reads = false;
	write_text(&pair.server, "421 Too many errors");
	stream_abort(pair.server.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "orf");
	ck_assert_int_eq(pair.client.failure, STREAM_RESET);
	ck_assert_uint_eq(pair.client.read_bytes, strlen("421 Too many errors"));
	teardown(&pair);
}
END_TEST

START_TEST(accept_may_refuse)
{
	struct pair pair;

	setup(&pair);
	pair.server.aborts_when_accepted = true;
	open_pair(&pair);
	ck_assert_str_eq(pair.client.heard->str, "of");
	ck_assert_int_eq(pair.client.failure, STREAM_RESET);
	teardown(&pair);
}
END_TEST

START_TEST(release_inside_an_event_is_fine)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	pair.server.releases_when_readable = true;
	write_text(&pair.client, "hello");
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.server.heard->str, "ar");
	ck_assert_str_eq(pair.client.heard->str, "of"); /* released with data unread: RST */
	teardown(&pair);
}
END_TEST

START_TEST(released_connection_closes_in_order)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	write_text(&pair.client, "hello");
	stream_release(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "o");
	ck_assert_str_eq(pair.server.heard->str, "arec");
	ck_assert_uint_eq(pair.server.read_bytes, 5);
	teardown(&pair);
}
END_TEST

START_TEST(full_buffer_is_told_and_so_is_room)
{
	enum { HUGE = 1000000 };
	struct pair pair;
	uint8_t *bytes = g_malloc0(HUGE);

	setup(&pair);
	open_pair(&pair);
	size_t written = stream_write(pair.client.stream, (struct bytes) { bytes, HUGE }, false);

	ck_assert_uint_ge(written, 65536);
	ck_assert_uint_lt(written, HUGE);
	ck_assert_uint_eq(stream_write(pair.client.stream, (struct bytes) { bytes, HUGE }, false),
			  0);
	ck_assert_uint_eq(pair.client.stream->written_bytes, written);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "ow");
	ck_assert_uint_eq(pair.server.read_bytes, written);
	ck_assert_uint_eq(pair.server.stream->consumed_bytes, written);
	stream_abort(pair.client.stream);
	wiretest_run(&pair.net);
	teardown(&pair);
	g_free(bytes);
}
END_TEST

/*
 * How long alice's frames wait for those before them, and how long her cable is idle between the first
 * segment with data and the last of those.
 */
static int64_t longest_wait_ns(const struct pair *pair, uint64_t rate_bps, int64_t *idle_ns)
{
	int64_t longest_ns = 0, first_ns = -1, last_ns = 0, busy_ns = 0;
	const struct trace_record *record;

	for (unsigned i = 0; (record = wiretest_record_at(&pair->net, host_node(pair->net.alice),
							  TRACE_TRANSMIT, LAYER_LINK, i)) != NULL;
	     i++) {
		size_t bytes = wiretest_bytes(&pair->net, record).length;
		int64_t starts_ns = record->time_ns + (int64_t)record->after;

		longest_ns = MAX(longest_ns, (int64_t)record->before);
		if (bytes < 1000)
			continue;
		if (first_ns < 0)
			first_ns = starts_ns;
		last_ns = starts_ns;
		busy_ns += time_to_transmit(bytes + 24, rate_bps);
	}
	*idle_ns = last_ns - first_ns - busy_ns;
	return longest_ns;
}

static const struct {
	uint64_t rate_bps, bytes;
	int64_t wait_ns; /* the most; a frame takes 1538 byte times */
} interfaces[] = {
	{1000000000, 20000000, NS_PER_MS + 12304 },
	{ 100000000, 4000000,  NS_PER_MS + 123040},
	{ 1000000,   400000,   12304000          },
};

START_TEST(the_interface_holds_little_and_is_never_idle)
{
	struct pair pair;
	int64_t idle_ns;

	setup_at(&pair, interfaces[_i].rate_bps);
	open_pair(&pair);
	pair.client.left = interfaces[_i].bytes;
	write_left(&pair.client);
	wiretest_run(&pair.net);
	ck_assert_uint_eq(pair.server.read_bytes, interfaces[_i].bytes);

	int64_t wait_ns = longest_wait_ns(&pair, interfaces[_i].rate_bps, &idle_ns);

	ck_assert_int_le(wait_ns, interfaces[_i].wait_ns);
	ck_assert_int_ge(wait_ns, interfaces[_i].wait_ns / 2);
	ck_assert_int_le(idle_ns, 20 * NS_PER_MS); /* while slow start grows the window */
	stream_abort(pair.client.stream);
	wiretest_run(&pair.net);
	teardown(&pair);
}
END_TEST

/* What may keep a writer from being asked for more, alone or together. */
static const struct {
	uint64_t rate_bps;
	int64_t delay_ns;
	size_t block_bytes, bytes;
	int64_t nap_ns;       /* of the reader, between readings; 0: it reads at once */
	uint64_t queue_bytes; /* of the cable; 0: the usual */
} writers[] = {
	{10000000,    50 * NS_PER_MS,  65536,   4000000,  0,               0    }, /* the interface is slow */
	{ 10000000,   50 * NS_PER_MS,  1448,    2000000,  0,               0    },
	{ 10000000,   50 * NS_PER_MS,  1000,    2000000,  0,               0    },
	{ 10000000,   50 * NS_PER_MS,  1000000, 4000000,  0,               0    },
	{ 100000000,  20 * NS_PER_MS,  12345,   8000000,  0,               0    },
	{ 1000000000, 5 * NS_PER_MS,   65536,   16000000, 0,               0    }, /* the windows are small */
	{ 1000000000, 5 * NS_PER_MS,   77,      500000,   0,               0    },
	{ 100000000,  5 * NS_PER_MS,   65536,   4000000,  7 * NS_PER_MS,   0    }, /* the reader is slow */
	{ 100000000,  NS_PER_MS,       3333,    1000000,  300 * NS_PER_MS, 0    }, /* and the window zero */
	{ 10000000,   20 * NS_PER_MS,  65536,   2000000,  0,               30000}, /* losses */
	{ 1000000,    100 * NS_PER_MS, 1,       100000,   0,               0    },
};

/* The writer waits to be asked, although all else would let a segment go. */
static bool starves(const struct tcp_connection *c)
{
	uint32_t in_window = c->snd_wnd - connection_outstanding(c);

	return c->write_was_short && c->write_nxt - c->snd_nxt < c->mss &&
	       c->write_nxt - c->snd_una < SEND_QUEUE_MAX_BYTES && recovery_room(c) >= c->mss &&
	       c->snd_wnd > connection_outstanding(c) && in_window >= c->mss &&
	       !output_device_is_full(c);
}

START_TEST(no_writer_waits_while_a_segment_could_go)
{
	struct pair pair;
	int64_t step_ns = NS_PER_MS / 10, until_ns = 0, woken_ns = 0, starved_ns = 0;

	setup_with(&pair, &(struct link_config) {
			      .rate_bps = writers[_i].rate_bps,
			      .delay_ns = writers[_i].delay_ns,
			      .queue_bytes = writers[_i].queue_bytes,
			  });
	open_pair(&pair);
	pair.server.reads = writers[_i].nap_ns == 0;
	pair.client.left = writers[_i].bytes;
	pair.client.block_bytes = writers[_i].block_bytes;
	write_left(&pair.client);
	while (pair.server.read_bytes < writers[_i].bytes && until_ns < 600 * NS_PER_S) {
		until_ns = engine_now(pair.net.world->engine) + step_ns;
		run_world_until(pair.net.world, until_ns);
		starved_ns += pair.client.left > 0 && starves(connection_of(pair.client.stream))
				  ? step_ns
				  : 0;
		if (writers[_i].nap_ns != 0 && until_ns - woken_ns >= writers[_i].nap_ns) {
			woken_ns = until_ns;
			read_all(&pair.server);
		}
	}
	ck_assert_uint_eq(pair.server.read_bytes, writers[_i].bytes);
	ck_assert_int_eq(starved_ns, 0);
	stream_abort(pair.client.stream);
	wiretest_run(&pair.net);
	teardown(&pair);
}
END_TEST

START_TEST(reader_that_sleeps_stops_the_writer_and_wakes_it)
{
	struct pair pair;
	uint8_t bytes[60000] = { 0 };
	uint64_t written = 0;

	setup(&pair);
	open_pair(&pair);
	pair.server.reads = false;
	for (int i = 0; i < 20; i++) {
		written +=
		    stream_write(pair.client.stream, (struct bytes) { bytes, sizeof bytes }, false);
		wiretest_run_until(&pair.net, engine_now(pair.net.world->engine) + NS_PER_S);
	}
	ck_assert_uint_lt(written, 20 * sizeof bytes);
	ck_assert_uint_gt(tcp_statistics(host_tcp(pair.net.alice))->window_probes, 0);
	pair.server.reads = true;
	read_all(&pair.server);
	wiretest_run(&pair.net);
	ck_assert_uint_eq(pair.server.read_bytes, written);
	stream_abort(pair.client.stream);
	wiretest_run(&pair.net);
	teardown(&pair);
}
END_TEST

START_TEST(nobody_waits_for_ever_for_a_peer_that_does_not_read)
{
	struct pair pair;
	uint8_t bytes[60000] = { 0 };

	setup(&pair);
	open_pair(&pair);
	pair.server.reads = false;
	while (stream_write(pair.client.stream, (struct bytes) { bytes, sizeof bytes }, false) > 0)
		wiretest_run_until(&pair.net, engine_now(pair.net.world->engine) + NS_PER_S);
	stream_release(pair.client.stream);
	run_world_until(pair.net.world, 3600 * NS_PER_S);
	ck_assert_ptr_null(wiretest_record(&pair.net, TRACE_STATE, LAYER_TCP, TCP_BY_TIMEOUT, 1));
	ck_assert_uint_eq(
	    wiretest_record(&pair.net, TRACE_STATE, LAYER_TCP, TCP_BY_TIMEOUT, 0)->after,
	    TCP_CLOSED);
	stream_abort(pair.server.stream);
	teardown(&pair);
}
END_TEST

START_TEST(port_is_listened_on_once)
{
	struct pair pair;

	setup(&pair);
	ck_assert_ptr_null(tcp_listen(pair.net.bob, 25, on_accept, &pair.server));
	tcp_listener_close(pair.listener);
	pair.listener = tcp_listen(pair.net.bob, 25, on_accept, &pair.server);
	ck_assert_ptr_nonnull(pair.listener);
	ck_assert_uint_eq(wiretest_count(&pair.net, TRACE_TABLE, LAYER_TCP, TCP_PLAIN), 3);
	teardown(&pair);
}
END_TEST

START_TEST(host_can_talk_to_itself)
{
	struct pair pair;

	setup(&pair);
	tcp_listen(pair.net.alice, 25, on_accept, &pair.server);
	open_to(&pair, WIRETEST_ALICE, 25);
	write_text(&pair.client, "hello");
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	ck_assert_str_eq(pair.client.heard->str, "oec");
	ck_assert_uint_eq(pair.server.read_bytes, 5);
	teardown(&pair);
}
END_TEST

/* Freeing a host in the middle of everything is no problem; wiretest_clear() checks for leaks. */
START_TEST(hosts_may_vanish_at_any_moment)
{
	struct pair pair;
	uint8_t bytes[60000] = { 0 };

	setup(&pair);
	open_to(&pair, WIRETEST_NEAR, 25);
	stream_write(pair.client.stream, (struct bytes) { bytes, sizeof bytes }, false);
	wiretest_run_until(&pair.net, _i * NS_PER_MS / 2);
	teardown(&pair);
}
END_TEST

/* Records. */

static const struct trace_record *tcp_record_at(const struct pair *pair, struct host *host,
						enum trace_kind kind, unsigned index)
{
	struct wanted wanted = { kind, LAYER_TCP, ANY, host_node(host) };

	return recorder_find(&pair->net.recorder, wanted, index);
}

struct state_change {
	enum tcp_state before, after;
};

static void check_states(const struct pair *pair, struct host *host,
			 const struct state_change *expected, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct trace_record *record = tcp_record_at(pair, host, TRACE_STATE, i);

		ck_assert_ptr_nonnull(record);
		ck_assert_uint_eq(record->before, expected[i].before);
		ck_assert_uint_eq(record->after, expected[i].after);
	}
	ck_assert_ptr_null(tcp_record_at(pair, host, TRACE_STATE, count));
}

START_TEST(state_changes_are_recorded)
{
	static const struct state_change of_client[] = {
		{TCP_CLOSED,       TCP_SYN_SENT   },
                { TCP_SYN_SENT,    TCP_ESTABLISHED},
		{ TCP_ESTABLISHED, TCP_FIN_WAIT_1 },
                { TCP_FIN_WAIT_1,  TCP_FIN_WAIT_2 },
		{ TCP_FIN_WAIT_2,  TCP_TIME_WAIT  },
	};
	static const struct state_change of_server[] = {
		{TCP_LISTEN,        TCP_SYN_RECEIVED},
                { TCP_SYN_RECEIVED, TCP_ESTABLISHED },
		{ TCP_ESTABLISHED,  TCP_CLOSE_WAIT  },
                { TCP_CLOSE_WAIT,   TCP_LAST_ACK    },
		{ TCP_LAST_ACK,     TCP_CLOSED      },
	};
	static const uint8_t addresses[] = { 192, 0, 2, 11, 0, 25, 192, 0, 2, 10 };
	struct pair pair;

	setup(&pair);
	pair.server.shuts_down_at_end = false;
	open_pair(&pair);
	stream_shutdown(pair.client.stream);
	wiretest_run_until(&pair.net, NS_PER_S);
	stream_shutdown(pair.server.stream);
	wiretest_run(&pair.net);
	check_states(&pair, pair.net.alice, of_client, G_N_ELEMENTS(of_client));
	check_states(&pair, pair.net.bob, of_server, G_N_ELEMENTS(of_server));

	const struct trace_record *record = tcp_record_at(&pair, pair.net.bob, TRACE_STATE, 0);
	struct bytes bytes = wiretest_bytes(&pair.net, record);

	ck_assert_uint_eq(bytes.length, TCP_STATE_RECORD_BYTES);
	ck_assert_mem_eq(bytes.data, addresses, sizeof addresses);
	teardown(&pair);
}
END_TEST

START_TEST(data_records_name_the_stream_range)
{
	struct pair pair;
	uint64_t sent = 0, received = 0;
	const struct trace_record *record;
	uint8_t bytes[10000] = { 0 };

	setup(&pair);
	open_pair(&pair);
	uint64_t sent_object = pair.client.stream->sent_object;
	uint64_t received_object = pair.server.stream->received_object;

	ck_assert_uint_eq(pair.client.stream->received_object, sent_object + 1);
	stream_write(pair.client.stream, (struct bytes) { bytes, sizeof bytes }, false);
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	for (unsigned i = 0;
	     (record = tcp_record_at(&pair, pair.net.alice, TRACE_ENCAPSULATE, i)) != NULL; i++) {
		ck_assert_uint_eq(record->object, sent_object);
		ck_assert_uint_eq(record->before, sent);
		sent += record->after;
	}
	for (unsigned i = 0;
	     (record = tcp_record_at(&pair, pair.net.bob, TRACE_DECAPSULATE, i)) != NULL; i++) {
		ck_assert_uint_eq(record->object, received_object);
		ck_assert_uint_eq(record->before, received);
		received += record->after;
	}
	ck_assert_uint_eq(sent, sizeof bytes);
	ck_assert_uint_eq(received, sizeof bytes);
	teardown(&pair);
}
END_TEST

struct visits {
	unsigned count;
	enum tcp_state states[8];
};

static void visit(void *owner, const struct tcp_connection_info *info)
{
	struct visits *visits = owner;

	visits->states[visits->count++] = info->state;
}

START_TEST(state_of_a_host_can_be_seen)
{
	struct pair pair;
	struct visits visits = { 0 };

	setup(&pair);
	open_pair(&pair);
	tcp_for_each(host_tcp(pair.net.bob), visit, &visits);
	ck_assert_uint_eq(visits.count, 2);
	ck_assert_int_eq(visits.states[0], TCP_LISTEN);
	ck_assert_int_eq(visits.states[1], TCP_ESTABLISHED);

	struct tcp_connection_info info;

	tcp_stream_info(pair.client.stream, &info);
	ck_assert_uint_eq(info.mss, 1448);
	ck_assert_uint_eq(info.congestion_window, 10 * 1448);
	ck_assert_uint_ge(info.round_trip_us, 2000);
	stream_shutdown(pair.client.stream);
	wiretest_run(&pair.net);
	visits.count = 0;
	tcp_for_each(host_tcp(pair.net.alice), visit, &visits);
	ck_assert_uint_eq(visits.count, 1);
	ck_assert_int_eq(visits.states[0], TCP_TIME_WAIT);
	teardown(&pair);
}
END_TEST

START_TEST(keepalives_are_answered_and_no_drops)
{
	const struct tcp_keepalive keepalive = { .idle_ns = 10 * NS_PER_S,
						 .interval_ns = NS_PER_S,
						 .probes = 3 };
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	tcp_set_keepalive(pair.client.stream, &keepalive);
	wiretest_run_until(&pair.net, 25 * NS_PER_S);
	ck_assert_uint_eq(wiretest_count(&pair.net, TRACE_IGNORE, LAYER_TCP, TCP_IGNORE_KEEPALIVE),
			  2);
	ck_assert_uint_eq(wiretest_count(&pair.net, TRACE_DROP, LAYER_TCP, TCP_DROP_DUPLICATE), 0);
	ck_assert_str_eq(pair.client.heard->str, "o");
	teardown(&pair);
}
END_TEST

START_TEST(idle_connections_are_small)
{
	struct pair pair;

	setup(&pair);
	open_pair(&pair);
	write_text(&pair.client, "hello");
	wiretest_run_until(&pair.net, NS_PER_S); /* alarms in use a moment ago have gone */
	const struct tcp_connection *c = connection_of(pair.client.stream);

	ck_assert_uint_le(sizeof *c, 440);
	ck_assert_ptr_null(c->flight);
	ck_assert_ptr_null(c->alarm);
	ck_assert_ptr_null(c->unacknowledged.ring);
	ck_assert_uint_le(sizeof(struct time_wait), 64);
	teardown(&pair);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp streams");
	TCase *all = tcase_create("streams");

	tcase_set_timeout(all, 60);

	tcase_add_test(all, events_come_in_order);
	tcase_add_test(all, end_and_close_wait_for_the_reader);
	tcase_add_test(all, bytes_written_before_the_handshake_follow_it);
	tcase_add_test(all, closed_port_fails_as_refused);
	tcase_add_test(all, no_route_fails_as_unreachable_after_the_call);
	tcase_add_test(all, abort_is_heard_as_reset);
	tcase_add_test(all, what_came_before_a_reset_can_be_read_behind_it);
	tcase_add_test(all, accept_may_refuse);
	tcase_add_test(all, release_inside_an_event_is_fine);
	tcase_add_test(all, released_connection_closes_in_order);
	tcase_add_test(all, full_buffer_is_told_and_so_is_room);
	tcase_add_loop_test(all, the_interface_holds_little_and_is_never_idle, 0,
			    G_N_ELEMENTS(interfaces));
	tcase_add_loop_test(all, no_writer_waits_while_a_segment_could_go, 0,
			    G_N_ELEMENTS(writers));
	tcase_add_test(all, reader_that_sleeps_stops_the_writer_and_wakes_it);
	tcase_add_test(all, nobody_waits_for_ever_for_a_peer_that_does_not_read);
	tcase_add_test(all, port_is_listened_on_once);
	tcase_add_test(all, host_can_talk_to_itself);
	tcase_add_loop_test(all, hosts_may_vanish_at_any_moment, 0, 20);
	tcase_add_test(all, state_changes_are_recorded);
	tcase_add_test(all, data_records_name_the_stream_range);
	tcase_add_test(all, state_of_a_host_can_be_seen);
	tcase_add_test(all, keepalives_are_answered_and_no_drops);
	tcase_add_test(all, idle_connections_are_small);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
