/*
 * tshark's verdict on the default capture of every scenario, with every checksum and FCS validated:
 * nothing malformed, nothing bad, and no remark but what a record of the trace explains, frame by frame.
 */
#include <check.h>
#include "stack/tcp/names.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "tests/app/causes.h"
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"
#include "tests/app/watched.h"
#include "tests/views/tshark.h"

/* tshark's severities of its remarks ("expert information"). */
enum { SEVERITY_COMMENT = 0x00100000 };

/*
 * What every TCP connection and HTTP message gives tshark to remark on.
 */
static const char *const ordinary[] = {
	"Connection establish request (SYN)",
	"Connection establish acknowledge (SYN+ACK)",
	"Connection finish (FIN)",
	"This frame initiates the connection closing",
	"This frame undergoes the connection closing",
	/* Each start of an HTTP message is remarked on with the line itself. */
	"GET /",
	"POST /",
	"HTTP/1.1 ",
	NULL,
};

enum column {
	FCS,
	IP,
	TCP,
	UDP,
	ICMP,
	MALFORMED,
	SEVERITY,
	MESSAGE,
	RETRANSMISSION,
	OUT_OF_ORDER,
	TIME,
	STREAM,
	PORT,
	NEXT_SEQUENCE,
	INITIAL_RTT,
	FIN,
	SYN,
	ACKNOWLEDGMENT,
	RAW_ACKNOWLEDGMENT,
	COLUMN_COUNT
};

static const char *const fields[COLUMN_COUNT] = {
	[FCS] = "eth.fcs.status",
	[IP] = "ip.checksum.status",
	[TCP] = "tcp.checksum.status",
	[UDP] = "udp.checksum.status",
	[ICMP] = "icmp.checksum.status",
	[MALFORMED] = "_ws.malformed",
	[SEVERITY] = "_ws.expert.severity",
	[MESSAGE] = "_ws.expert.message",
	[RETRANSMISSION] = "tcp.analysis.retransmission",
	[OUT_OF_ORDER] = "tcp.analysis.out_of_order",
	[TIME] = "frame.time_relative",
	[STREAM] = "tcp.stream",
	[PORT] = "tcp.srcport",
	[NEXT_SEQUENCE] = "tcp.nxtseq",
	[INITIAL_RTT] = "tcp.analysis.initial_rtt",
	[FIN] = "tcp.flags.fin",
	[SYN] = "tcp.flags.syn",
	[ACKNOWLEDGMENT] = "tcp.ack",
	[RAW_ACKNOWLEDGMENT] = "tcp.ack_raw",
};

static GPtrArray *paths;

static char *judge(const char *capture)
{
	static const char *const preferences[] = {
		"eth.check_fcs:TRUE",
		"ip.check_checksum:TRUE",
		"tcp.check_checksum:TRUE",
		"udp.check_checksum:TRUE",
		/* Else it remarks on AUTH PLAIN that it is not allowed to decode base64. */
		"smtp.decryption:TRUE",
	};
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(preferences); i++) {
		g_ptr_array_add(arguments, (char *)"-o");
		g_ptr_array_add(arguments, (char *)preferences[i]);
	}
	g_ptr_array_add(arguments, (char *)"-T");
	g_ptr_array_add(arguments, (char *)"fields");
	g_ptr_array_add(arguments, (char *)"-E");
	g_ptr_array_add(arguments, (char *)"aggregator=\x1f");
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		g_ptr_array_add(arguments, (char *)"-e");
		g_ptr_array_add(arguments, (char *)fields[i]);
	}
	g_ptr_array_add(arguments, (char *)"-r");
	g_ptr_array_add(arguments, NULL);
	return tshark_run("tshark", (const char *const *)arguments->pdata, capture);
}

static bool is_listed(const char *const *list, const char *message)
{
	while (*list != NULL && !g_str_has_prefix(message, *list))
		list++;
	return *list != NULL;
}

/* 1 is good; what an ICMP error quotes is cut and cannot be checked (2, 3). */
static bool is_good(const char *statuses)
{
	return *statuses == '\0' || (*statuses == '1' && strchr(statuses, '0') == NULL);
}

/* How far a direction of a connection has come in the capture, and when it did. */
struct progress {
	guint64 next_sequence;
	double time_s;
};

/* tshark's rows and the trace of the same run, gone through frame by frame. */
struct comparison {
	const struct causes *causes;                /* NULL: what is remarked is not looked at */
	GPtrArray *rows;                            /* of char **: columns, by frame number - 1 */
	GHashTable *progress;                       /* "stream:port" to struct progress * */
	GHashTable *restarted;                      /* set of streams, see is_restart() */
	unsigned out_of_order;                      /* retransmissions called so */
	unsigned dns_queries, dns_responses, pings; /* remarks on them */
};

static char **row_of(const struct comparison *comparison, unsigned number)
{
	ck_assert_uint_ge(number, 1);
	ck_assert_uint_le(number, comparison->rows->len);
	return comparison->rows->pdata[number - 1];
}

static bool has_outcome(const struct sent_frame *frame, enum tcp_detail detail)
{
	return (frame->outcomes >> detail & 1) != 0;
}

/* An acknowledgment that says nothing new, because of what came: out of order, again, or too old. */
static bool answers_what_came_amiss(const struct comparison *comparison,
				    const struct sent_frame *frame)
{
	/* A FIN behind a gap: it has no data that could be out of order. */
	bool is_of_fin = frame->answers > 0 && row_of(comparison, frame->answers)[FIN][0] == '1';

	if (frame->detail == TCP_ACK_DUPLICATE)
		return is_of_fin || has_outcome(frame, TCP_OUT_OF_ORDER) ||
		       has_outcome(frame, TCP_DROP_DUPLICATE) ||
		       has_outcome(frame, TCP_DROP_OLD_TIMESTAMP);
	if (frame->detail == TCP_ACK_CHALLENGE) /* RFC 5961 */
		return has_outcome(frame, TCP_DROP_BAD_RESET) ||
		       has_outcome(frame, TCP_DROP_BAD_SYN) || has_outcome(frame, TCP_DROP_BAD_ACK);
	return frame->detail == TCP_ACK_AT_ONCE && is_of_fin;
}

/*
 * tshark takes what fills a gap for out of order, not sent again, when the sender's furthest segment
 * left less than a round trip before (packet-tcp.c: the RTT of the handshake, else 3 ms). A sender that
 * goes on with new data while SACK blocks tell of losses is always so.
 */
static bool looks_out_of_order(const struct comparison *comparison, char **column)
{
	g_autofree char *key = g_strconcat(column[STREAM], ":", column[PORT], NULL);
	const struct progress *progress = g_hash_table_lookup(comparison->progress, key);
	double rtt_s =
	    column[INITIAL_RTT][0] == '\0' ? 0.003 : g_ascii_strtod(column[INITIAL_RTT], NULL);

	return progress != NULL &&
	       g_ascii_strtod(column[TIME], NULL) - progress->time_s < rtt_s + 1e-9;
}

static void go_on(struct comparison *comparison, char **column)
{
	char *key = g_strconcat(column[STREAM], ":", column[PORT], NULL);
	struct progress *progress = g_hash_table_lookup(comparison->progress, key);
	guint64 next = g_ascii_strtoull(column[NEXT_SEQUENCE], NULL, 10);

	if (progress == NULL) {
		progress = g_new0(struct progress, 1);
		g_hash_table_insert(comparison->progress, key, progress);
	} else {
		g_free(key);
	}
	if (next > progress->next_sequence)
		*progress = (struct progress) { next, g_ascii_strtod(column[TIME], NULL) };
}

static const struct sent_frame *sent(const struct comparison *comparison, unsigned number)
{
	return &g_array_index(comparison->causes->frames, struct sent_frame, number - 1);
}

/* An ICMP error that holds only the beginning of its packet: the checksum of that cannot be right. */
static bool quotes_in_part(const struct comparison *comparison, const struct sent_frame *frame)
{
	return frame->quotes > 0 && frame->bytes - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES <
					sent(comparison, frame->quotes)->bytes;
}

/*
 * A server that hears that its SYN-ACK reaches nobody forgets the connection, as Linux does, and answers
 * the client's next SYN by another one: with the same ports, and another sequence number. tshark goes on
 * with the old stream, and of what follows in it believes that pieces are missing.
 */
static bool is_restart(const struct comparison *comparison, const struct sent_frame *frame,
		       char **column)
{
	if (column[SYN][0] != '1' || frame->is_retransmission)
		return false;
	g_hash_table_add(comparison->restarted, g_strdup(column[STREAM]));
	return true;
}

/*
 * tshark takes the acknowledgment of a SYN-ACK that is above 1 to be of data in the SYN (RFC 7413). In
 * what an ICMP error quotes it does not count from the connection's beginning, so that all are.
 */
static bool is_of_quotation(const struct sent_frame *frame, char **column)
{
	return frame->quotes > 0 && strcmp(column[ACKNOWLEDGMENT], column[RAW_ACKNOWLEDGMENT]) == 0;
}

/* What explains a remark: a record of the trace about that very frame. */
static bool is_explained(struct comparison *comparison, const struct sent_frame *frame,
			 char **column, const char *remark)
{
	if (g_str_has_prefix(remark, "DNS query retransmission"))
		return ++comparison->dns_queries <= comparison->causes->asked_again;
	if (g_str_has_prefix(remark, "DNS response retransmission"))
		return ++comparison->dns_responses <=
		       comparison->causes->asked_again + comparison->causes->duplicated;
	if (g_str_has_prefix(remark, "No response found to ICMP request"))
		return ++comparison->pings <= comparison->causes->unanswered_pings;
	/* Of UDP to or from a port between 33434 and 33533; hosts ask DNS from such ports, too. */
	if (g_str_has_prefix(remark, "Possible traceroute"))
		return frame->is_dns;
	if (g_str_has_prefix(remark, "Bad checksum"))
		return quotes_in_part(comparison, frame);
	if (g_str_has_prefix(remark, "TCP SYN-ACK accepting TFO data"))
		return is_of_quotation(frame, column);
	/* tshark looks into the packet that an ICMP error quotes, too. */
	if (frame->quotes > 0)
		frame = sent(comparison, frame->quotes);
	if (!frame->is_tcp)
		return false;
	/* Of a line that is no command; programs say none. */
	if (g_str_has_prefix(remark, "Trailing stray characters"))
		return frame->is_typed;
	if (g_str_has_prefix(remark, "This frame is a (suspected) out-of-order segment"))
		return frame->was_unsent ||
		       (frame->is_retransmission && looks_out_of_order(comparison, column));
	/* tshark names it fast after two duplicate acknowledgments, whatever made the sender repeat. */
	if (g_str_has_prefix(remark, "This frame is a (suspected) fast retransmission") ||
	    g_str_has_prefix(remark, "This frame is a (suspected) retransmission") ||
	    g_str_has_prefix(remark, "This frame is a (suspected) spurious retransmission"))
		return frame->is_retransmission || frame->was_unsent;
	if (g_str_has_prefix(remark, "Duplicate ACK"))
		return answers_what_came_amiss(comparison, frame);
	if (g_str_has_prefix(remark, "D-SACK Sequence"))
		return frame->detail == TCP_ACK_DUPLICATE &&
		       answers_what_came_amiss(comparison, frame);
	if (g_str_has_prefix(remark, "New fragment overlaps old data"))
		return frame->is_retransmission;
	if (g_str_has_prefix(remark, "TCP window update"))
		return frame->detail == TCP_ACK_WINDOW || frame->detail == TCP_ACK_DUPLICATE;
	if (g_str_has_prefix(remark, "A new tcp session is started with the same ports"))
		return is_restart(comparison, frame, column);
	if (g_str_has_prefix(remark, "ACKed segment that wasn't captured"))
		return g_hash_table_contains(comparison->restarted, column[STREAM]);
	if (g_str_has_prefix(remark, "Previous segment(s) not captured"))
		return frame->has_unsent ||
		       g_hash_table_contains(comparison->restarted, column[STREAM]);
	if (g_str_has_prefix(remark, "Connection reset (RST)"))
		return frame->detail >= TCP_RESET_NO_CONNECTION &&
		       frame->detail <= TCP_RESET_FILTERED;
	return false;
}

/* What tshark calls a piece of a message that it has put together before: the same segment once more. */
#define OVERLAP "[Reassembly error, protocol TCP: New fragment overlaps old data"

/* What an ICMP message quotes tshark does not verify: 2. */
static bool is_quoted(char **column, enum column i)
{
	return (i == TCP || i == UDP) && column[ICMP][0] != '\0' && strcmp(column[i], "2") == 0;
}

/* What the bytes of a frame are; of a quotation that was cut TCP's checksum is left out. */
static char *complaint_about_bytes(char **column, bool is_cut)
{
	for (enum column i = FCS; i <= ICMP; i++)
		if (!(is_cut && i == TCP) && !is_quoted(column, i) && !is_good(column[i]))
			return g_strdup_printf("%s is %s", fields[i], column[i]);
	if (column[FCS][0] != '1')
		return g_strdup("the frame has no FCS");
	/* That it is sent again must be so by the trace, too: is_explained(). */
	if ((column[RETRANSMISSION][0] != '\0' || column[OUT_OF_ORDER][0] != '\0') &&
	    strstr(column[MALFORMED], OVERLAP) != NULL)
		return NULL;
	return column[MALFORMED][0] != '\0' ? g_strdup("malformed") : NULL;
}

static char *complaint_about_remarks(struct comparison *comparison, unsigned number, char **column)
{
	const struct sent_frame *frame = sent(comparison, number);
	g_auto(GStrv) severities = g_strsplit(column[SEVERITY], "\x1f", -1);
	g_auto(GStrv) messages = g_strsplit(column[MESSAGE], "\x1f", -1);
	bool is_out_of_order = column[OUT_OF_ORDER][0] != '\0';
	bool is_again = column[RETRANSMISSION][0] != '\0' || is_out_of_order;

	for (guint i = 0; messages[i] != NULL; i++) {
		if (severities[i] != NULL && strtoul(severities[i], NULL, 0) == SEVERITY_COMMENT)
			continue;
		if (!is_listed(ordinary, messages[i]) &&
		    !is_explained(comparison, frame, column, messages[i]))
			return g_strdup(messages[i]);
	}
	/* What was dropped for want of a MAC address comes late: new on the cable, behind what followed. */
	if (frame->is_retransmission != is_again && !(is_again && frame->was_unsent))
		return g_strdup(is_again
				    ? "the trace knows no retransmission here"
				    : "the trace retransmits here, and tshark does not see it");
	comparison->out_of_order += is_out_of_order;
	return NULL;
}

static char *complaint_about(struct comparison *comparison, unsigned number)
{
	char **column = row_of(comparison, number);
	bool is_cut =
	    comparison->causes != NULL && quotes_in_part(comparison, sent(comparison, number));
	char *complaint = complaint_about_bytes(column, is_cut);

	if (complaint == NULL && comparison->causes != NULL)
		complaint = complaint_about_remarks(comparison, number, column);
	if (column[STREAM][0] != '\0')
		go_on(comparison, column);
	return complaint;
}

static void row_free(gpointer row)
{
	g_strfreev(row);
}

static void read_rows(struct comparison *comparison, const char *capture)
{
	g_autofree char *text = judge(capture);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL && **line != '\0'; line++) {
		char **column = g_strsplit(*line, "\t", -1);

		ck_assert_uint_eq(g_strv_length(column), COLUMN_COUNT);
		g_ptr_array_add(comparison->rows, column);
	}
}

/*
 * What tshark has against the capture that `causes` do not explain, or NULL; adds to `out_of_order` how
 * many retransmissions it called so.
 */
static char *verdict(const char *capture, const struct causes *causes, unsigned *out_of_order)
{
	struct comparison comparison = {
		.causes = causes,
		.rows = g_ptr_array_new_with_free_func(row_free),
		.progress = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.restarted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	char *complaint = NULL;

	read_rows(&comparison, capture);
	if (causes != NULL && causes->frames->len != comparison.rows->len)
		complaint = g_strdup_printf("%u frames are captured, %u were sent",
					    comparison.rows->len, causes->frames->len);
	for (guint i = 0; i < comparison.rows->len && complaint == NULL; i++) {
		char *here = complaint_about(&comparison, i + 1);

		if (here != NULL)
			complaint = g_strdup_printf("frame %u: %s", i + 1, here);
		g_free(here);
	}
	*out_of_order += comparison.out_of_order;
	g_ptr_array_free(comparison.rows, TRUE);
	g_hash_table_destroy(comparison.progress);
	g_hash_table_destroy(comparison.restarted);
	return complaint;
}

/* Runs what is at `path` and lets tshark judge it by `causes`. */
static char *verdict_on(const char *path, const struct causes *causes, unsigned *out_of_order)
{
	char *folder = folder_new(), *capture = path_in(folder, "run.pcapng");
	struct outcome *outcome = program_run("run", path, "--quiet", "--pcap", capture, NULL);
	char *complaint;

	ck_assert_msg(outcome->status <= 1, "%s: status %d: %.1000s", path, outcome->status,
		      outcome->err);
	complaint = verdict(capture, causes, out_of_order);
	outcome_free(outcome);
	g_free(capture);
	folder_remove(folder);
	return complaint;
}

START_TEST(tshark_has_nothing_against_it)
{
	unsigned out_of_order = 0;
	struct causes *causes;
	char *complaint;

	if (!tshark_has_program("tshark"))
		return;
	causes = causes_find(load_good_file(paths->pdata[_i]));
	complaint = verdict_on(paths->pdata[_i], causes, &out_of_order);
	ck_assert_msg(complaint == NULL, "%s: %s", (char *)paths->pdata[_i], complaint);
	causes_free(causes);
}
END_TEST

/* The complaint about the scenario `text` with the causes of the same, which `alter` may alter. */
static char *verdict_on_text(const char *text, void (*alter)(struct causes *causes),
			     unsigned *out_of_order)
{
	char *folder = folder_new(), *copy = scenario_write(folder, text);
	struct causes *causes = causes_find(scenario_of_text(text));
	char *complaint;

	if (alter != NULL)
		alter(causes);
	complaint = verdict_on(copy, causes, out_of_order);
	causes_free(causes);
	g_free(copy);
	folder_remove(folder);
	return complaint;
}

/*
 * The same at every interface, where translators have changed addresses: whatever tshark thinks of
 * seeing a segment several times, every checksum is right on every cable.
 */
START_TEST(at_every_interface_all_checksums_are_right)
{
	char *folder = folder_new(), *capture = path_in(folder, "run.pcapng");
	struct outcome *outcome = program_run("run", paths->pdata[_i], "--quiet", "--pcap", capture,
					      "--capture", "all", NULL);

	if (!tshark_has_program("tshark"))
		return;
	ck_assert_status(outcome, 0);
	g_autofree char *text = judge(capture);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	ck_assert_uint_gt(g_strv_length(lines), 1);
	for (guint i = 0; lines[i][0] != '\0'; i++) {
		g_auto(GStrv) column = g_strsplit(lines[i], "\t", -1);

		for (enum column k = FCS; k <= ICMP; k++)
			ck_assert_msg(is_quoted(column, k) || is_good(column[k]),
				      "%s: frame %u: %s is %s", (char *)paths->pdata[_i], i + 1,
				      fields[k], column[k]);
		ck_assert_msg(
		    column[MALFORMED][0] == '\0' || strstr(column[MALFORMED], OVERLAP) != NULL,
		    "%s: frame %u: %s", (char *)paths->pdata[_i], i + 1, column[MALFORMED]);
	}
	outcome_free(outcome);
	g_free(capture);
	folder_remove(folder);
}
END_TEST

static const char *const bad_cables[] = {
	"{link: all, loss: 3%}",
	"{link: all, loss: 2%, duplicate: 2%, reorder: 3%}",
	"{link: all, corrupt: 3%, jitter: 1ms}",
};

/* Every scenario on bad cables, of one kind each: the kinds take turns. */
START_TEST(on_bad_cables_the_trace_explains_each_remark)
{
	const char *path = paths->pdata[_i];
	const char *cables = bad_cables[_i % (int)G_N_ELEMENTS(bad_cables)];
	g_autofree char *text = impaired_text(path, cables), *complaint = NULL;
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	complaint = verdict_on_text(text, NULL, &out_of_order);
	ck_assert_msg(complaint == NULL, "%s with %s: %s", path, cables, complaint);
}
END_TEST

#define BULK_LINES 5000 /* of 45 characters: many windows */

/* The office, where alice writes a long message over an uplink of this kind. */
static char *bulk_text(const char *cables)
{
	g_autofree char *plain = impaired_text("scenarios/office.yaml", cables);
	char *from = strstr(plain, "Dear Bob,");
	GString *text = g_string_new_len(plain, from - plain);

	ck_assert_ptr_nonnull(from);
	for (unsigned i = 0; i < BULK_LINES; i++)
		g_string_append_printf(text, "%06u: another line of a long report.........\\n", i);
	g_string_append(text, from);
	return g_string_free(text, FALSE);
}

static const char *const bad_uplinks[] = {
	"{link: uplink, loss: 2%}",
	"{link: uplink, loss: 1%, reorder: 2%}",
	"{link: uplink, loss: 1%, duplicate: 1%, jitter: 2ms}",
};

/* SACK's retransmissions among new data: those that tshark calls out of order are explained too. */
START_TEST(in_bulk_the_trace_explains_each_remark)
{
	g_autofree char *text = bulk_text(bad_uplinks[_i]), *complaint = NULL;
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	complaint = verdict_on_text(text, NULL, &out_of_order);
	ck_assert_msg(complaint == NULL, "%s: %s", bad_uplinks[_i], complaint);
	ck_assert_msg(out_of_order > 0, "nothing was called out of order: the rule is not tried");
}
END_TEST

/* Traces that lack something, or know too much: each must be noticed. */

static struct sent_frame *frame_with(struct causes *causes, bool is_retransmission, unsigned detail)
{
	for (guint i = 0; i < causes->frames->len; i++) {
		struct sent_frame *frame = &g_array_index(causes->frames, struct sent_frame, i);

		if (frame->is_tcp && frame->is_retransmission == is_retransmission &&
		    frame->detail == detail)
			return frame;
	}
	ck_abort_msg("there is no such frame");
}

static void forget_retransmission(struct causes *causes)
{
	frame_with(causes, true, TCP_RETRANSMIT_FAST)->is_retransmission = false;
}

static void invent_retransmission(struct causes *causes)
{
	frame_with(causes, false, TCP_NEW_DATA)->is_retransmission = true;
}

static void forget_what_came(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++)
		g_array_index(causes->frames, struct sent_frame, i).outcomes = 0;
}

static void forget_frame(struct causes *causes)
{
	g_array_set_size(causes->frames, causes->frames->len - 1);
}

static void (*const alterations[])(struct causes *causes) = {
	forget_retransmission,
	invent_retransmission,
	forget_what_came,
	forget_frame,
};

START_TEST(a_trace_that_tells_something_else_is_noticed)
{
	g_autofree char *text = bulk_text(bad_uplinks[0]), *complaint = NULL;
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	complaint = verdict_on_text(text, alterations[_i], &out_of_order);
	ck_assert_ptr_nonnull(complaint);
}
END_TEST

static void forget_questions(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++)
		g_array_index(causes->frames, struct sent_frame, i).is_dns = false;
}

static void forget_talks(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++)
		g_array_index(causes->frames, struct sent_frame, i).is_typed = false;
}

static void forget_quotes(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++)
		g_array_index(causes->frames, struct sent_frame, i).quotes = 0;
}

/* Remarks that few scenarios bring about: the scenario, what its trace forgets, the remark. */
static const struct {
	const char *path, *cables;
	void (*alter)(struct causes *causes);
	const char *complaint;
} rare[] = {
	{"scenarios/two-devices-pop3.yaml", "{link: all, jitter: 1ms}",                forget_questions,
         "Possible traceroute"      },
	{ "scenarios/wrong-language.yaml",  "{link: all, jitter: 1ms}",                forget_talks,
         "Trailing stray characters"},
 /* The server vanishes while a message comes: gw quotes the beginning of a full segment. */
	{ "scenarios/office.yaml",          "{link: mail, down: yes, from: 40.0021s}", forget_quotes,
         "checksum"                 },
};

START_TEST(a_rare_remark_needs_its_record)
{
	g_autofree char *text = impaired_text(rare[_i].path, rare[_i].cables), *complaint = NULL;
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	complaint = verdict_on_text(text, rare[_i].alter, &out_of_order);
	ck_assert_ptr_nonnull(complaint);
	ck_assert_msg(strstr(complaint, rare[_i].complaint) != NULL, "%s", complaint);
}
END_TEST

static void forget_unsent(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++) {
		struct sent_frame *frame = &g_array_index(causes->frames, struct sent_frame, i);

		frame->was_unsent = frame->has_unsent = false;
	}
}

/* As if all that TCP makes again were a retransmission: what died before any cable is none there. */
static void count_what_was_made(struct causes *causes)
{
	for (guint i = 0; i < causes->frames->len; i++) {
		struct sent_frame *frame = &g_array_index(causes->frames, struct sent_frame, i);

		frame->is_retransmission |= frame->is_made_again;
	}
}

/*
 * Cables so bad that hosts do not even find each other: what tshark makes of that, and what the trace
 * would have to forget for it to be without a cause.
 */
static const struct {
	const char *path, *seed;
	void (*alter)(struct causes *causes);
	const char *complaint;
} very_bad[] = {
	{"scenarios/recipients.yaml",  "seed: 103", forget_quotes,
         "TCP SYN-ACK accepting TFO data"							},
	{ "scenarios/recipients.yaml", "seed: 122", count_what_was_made, "tshark does not see it"},
	{ "scenarios/recipients.yaml", "seed: 117", forget_unsent,
         "Previous segment(s) not captured"						      },
	{ "scenarios/helo-ehlo.yaml",  "seed: 107", NULL,                NULL                    },
};

START_TEST(on_very_bad_cables_the_trace_explains_each_remark)
{
	g_autofree char *cables = impaired_text(very_bad[_i].path, "{link: all, loss: 15%}");
	g_autofree char *complaint = NULL, *altered = NULL;
	g_autoptr(GString) text = g_string_new(cables);
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	if (strstr(cables, "\nseed: 1\n") != NULL)
		g_string_replace(text, "seed: 1\n", "", 1);
	g_string_append_printf(text, "\n%s\n", very_bad[_i].seed);
	complaint = verdict_on_text(text->str, NULL, &out_of_order);
	ck_assert_msg(complaint == NULL, "%s, %s: %s", very_bad[_i].path, very_bad[_i].seed,
		      complaint);
	if (very_bad[_i].alter == NULL)
		return;
	altered = verdict_on_text(text->str, very_bad[_i].alter, &out_of_order);
	ck_assert_ptr_nonnull(altered);
	ck_assert_msg(strstr(altered, very_bad[_i].complaint) != NULL, "%s", altered);
}
END_TEST

/* Runs that must not pass: impairment, which frames are captured, what the complaint speaks of. */
static const struct {
	const char *cables, *capture, *complaint;
} corrupted[] = {
	{"{link: all, corrupt: 10%}",          "all",  "eth.fcs.status" },
	{ "{link: uplink, corrupt-deep: 20%}", "all",  "checksum.status"},
	{ "{link: all, corrupt: 10%}",         "sent", "were sent"      },
};

START_TEST(a_corrupted_run_does_not_pass)
{
	char *text = impaired_text("scenarios/office.yaml", corrupted[_i].cables);
	char *folder = folder_new(), *copy = scenario_write(folder, text);
	char *capture = path_in(folder, "run.pcapng"), *complaint;
	struct outcome *outcome = program_run("run", copy, "--quiet", "--pcap", capture,
					      "--capture", corrupted[_i].capture, NULL);
	bool is_each_packet_once = strcmp(corrupted[_i].capture, "sent") == 0;
	struct causes *causes = NULL;
	unsigned out_of_order = 0;

	if (!tshark_has_program("tshark"))
		return;
	ck_assert_msg(outcome->status <= 1, "%s", outcome->err);
	/* By the causes of a run without faults. */
	if (is_each_packet_once)
		causes = causes_find(load_good_file("scenarios/office.yaml"));
	complaint = verdict(capture, causes, &out_of_order);
	ck_assert_ptr_nonnull(complaint);
	ck_assert_msg(strstr(complaint, corrupted[_i].complaint) != NULL, "%s", complaint);
	if (causes != NULL)
		causes_free(causes);
	outcome_free(outcome);
	g_free(complaint);
	g_free(capture);
	g_free(copy);
	g_free(text);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");

	paths = all_scenarios();
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, tshark_has_nothing_against_it, 0, (int)paths->len);
	tcase_add_loop_test(tests, at_every_interface_all_checksums_are_right, 0, (int)paths->len);
	tcase_add_loop_test(tests, on_bad_cables_the_trace_explains_each_remark, 0,
			    (int)paths->len);
	tcase_add_loop_test(tests, in_bulk_the_trace_explains_each_remark, 0,
			    (int)G_N_ELEMENTS(bad_uplinks));
	tcase_add_loop_test(tests, a_trace_that_tells_something_else_is_noticed, 0,
			    (int)G_N_ELEMENTS(alterations));
	tcase_add_loop_test(tests, a_rare_remark_needs_its_record, 0, (int)G_N_ELEMENTS(rare));
	tcase_add_loop_test(tests, on_very_bad_cables_the_trace_explains_each_remark, 0,
			    (int)G_N_ELEMENTS(very_bad));
	tcase_add_loop_test(tests, a_corrupted_run_does_not_pass, 0, (int)G_N_ELEMENTS(corrupted));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
