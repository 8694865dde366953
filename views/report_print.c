/* The report as text. */
#include <inttypes.h>
#include "protocols/layer.h"
#include "views/names.h"
#include "views/report_private.h"

static void print_heading(FILE *out, bool colour, const char *text)
{
	fprintf(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

/* The last station of a message that says how far it came. */
static const struct station *last_station(const struct report *report, uint64_t root)
{
	const struct report_account *account = report_account(report, root);

	if (account == NULL || account->stations->len == 0)
		return NULL;
	return &g_array_index(account->stations, struct station, account->stations->len - 1);
}

static void print_mail_line(const struct report *report, FILE *out, const struct model_mail *mail)
{
	const struct station *last = last_station(report, mail->root);

	fprintf(out, "  mail %u  %s → %s\n          \"%s\", %" PRIu64 " B", mail->number,
		mail->from, mail->to, mail->subject, mail->size_bytes);
	if (last != NULL)
		fprintf(out, ": %s at %s, %.3f s after it was written",
			view_detail_name(&last->record),
			model_node_name(report->model, trace_node_of(last->record.id)),
			time_seconds(last->record.time_ns - mail->composed_ns));
	fputc('\n', out);
}

/* "  dial-up line phone: 2 calls, 3 begun minutes, 124.320 s up, cost 0.15" */
static void print_lines(const struct report *report, FILE *out)
{
	const struct lines *lines = model_lines(report->model);

	for (unsigned i = 0; i < lines_count(lines); i++) {
		const struct dial_line *line = lines_get(lines, i);
		GString *text = g_string_new(NULL);

		line_append(text, line, report->end_ns);
		fprintf(out, "  dial-up line %s: %s\n", line->network, text->str);
		g_string_free(text, TRUE);
	}
}

void report_print_summary(const struct report *report, FILE *out, bool colour)
{
	uint64_t total = report->payload_bytes + report->header_bytes;

	print_heading(out, colour, "Summary");
	for (unsigned i = 0; i < model_mail_count(report->model); i++)
		print_mail_line(report, out, model_mail(report->model, i));
	fprintf(out,
		"  %" PRIu64 " packets made %" PRIu64 " frames on all wires together, %" PRIu64
		" B, in %.3f s\n",
		model_frame_count(report->model), report->frames, report->frame_bytes,
		time_seconds(report->end_ns));
	fprintf(out, "  %u TCP connection%s, %" PRIu64 " retransmission%s, %" PRIu64 " drop%s\n",
		model_connection_count(report->model),
		model_connection_count(report->model) == 1 ? "" : "s", report->retransmissions,
		report->retransmissions == 1 ? "" : "s", report->drops,
		report->drops == 1 ? "" : "s");
	fprintf(out, "  of the bytes first sent %.1f %% were payload, %.1f %% headers\n",
		total == 0 ? 0.0 : 100.0 * (double)report->payload_bytes / (double)total,
		total == 0 ? 0.0 : 100.0 * (double)report->header_bytes / (double)total);
	print_lines(report, out);
}

static void print_way(const struct report *report, FILE *out, const struct model_mail *mail,
		      const GArray *stations)
{
	int64_t before_ns = mail->composed_ns;

	fprintf(
	    out,
	    "  its way                                            at    after the one before\n");
	for (guint i = 0; i < stations->len; i++) {
		const struct station *station = &g_array_index(stations, struct station, i);
		const struct trace_record *record = &station->record;

		fprintf(out, "  %-12s %-7s %-23s %11.6f s  %+11.6f s%s%s\n",
			model_node_name(report->model, trace_node_of(record->id)),
			view_mail_actor(record->detail), view_detail_name(record),
			time_seconds(record->time_ns), time_seconds(record->time_ns - before_ns),
			station->text == NULL || *station->text == '\0' ? "" : "  ",
			station->text == NULL ? "" : station->text);
		before_ns = record->time_ns;
	}
}

static const char *role(const struct report *report, const struct ledger_row *row)
{
	const struct model_node *node = model_node(report->model, row->node);

	if (row->is_sending)
		return "sends";
	if (row->is_receiving)
		return "receives";
	return node->kind == NODE_SWITCH ? "switches" : "routes";
}

static void print_ledger(const struct report *report, FILE *out, const GArray *ledger)
{
	uint64_t in = 0, payload = 0;

	fprintf(out, "  encapsulation ledger, bytes  frames      in  removed rewritten   added "
		     "    out\n");
	for (guint i = 0; i < ledger->len; i++) {
		const struct ledger_row *row = &g_array_index(ledger, struct ledger_row, i);

		fprintf(out,
			"  %-17s %-9s %6" PRIu64 " %7" PRIu64 " %8" PRIu64 " %9" PRIu64 " %7" PRIu64
			" %6" PRIu64 "\n",
			model_node_name(report->model, row->node), role(report, row), row->frames,
			row->in, row->removed, row->rewritten, row->added, row->out);
		if (row->is_sending) {
			payload += row->in;
			in += row->out;
		}
	}
	if (in > 0)
		fprintf(out,
			"  %.1f %% of the bytes sent for it were payload, %.1f %% headers and "
			"padding\n",
			100.0 * (double)payload / (double)in,
			100.0 * (double)(in - payload) / (double)in);
}

/* Times that the direction of speech changed from client to server: each costs a round trip. */
static unsigned round_trips(const struct model_connection *connection)
{
	const GPtrArray *client = connection->directions[0].units;
	const GPtrArray *server = connection->directions[1].units;
	unsigned turns = 0;
	guint s = 0;

	for (guint c = 0; c < client->len; c++) {
		const struct model_unit *question = client->pdata[c];
		guint before = s;

		while (s < server->len &&
		       ((struct model_unit *)server->pdata[s])->time_ns <= question->time_ns)
			s++;
		turns += c == 0 || s > before;
	}
	return turns;
}

struct protocol_sum {
	unsigned connections, turns;
	uint64_t bytes[2], segments, retransmissions;
};

static struct protocol_sum sum_protocol(const struct report *report,
					const struct dissector *dissector)
{
	struct protocol_sum sum = { 0 };

	for (unsigned i = 0; i < model_connection_count(report->model); i++) {
		const struct model_connection *connection = model_connection(report->model, i);

		if (connection->dissector != dissector)
			continue;
		sum.connections++;
		sum.turns += round_trips(connection);
		for (int d = 0; d < 2; d++) {
			sum.bytes[d] += connection->directions[d].bytes_sent;
			sum.segments += connection->directions[d].segments;
			sum.retransmissions += connection->directions[d].retransmissions;
		}
	}
	return sum;
}

static void print_protocols(const struct report *report, FILE *out)
{
	fprintf(out, "  protocol  connections  round trips  bytes up  bytes down  segments  "
		     "retransmitted\n");
	for (const struct dissector *const *at = report->dissectors;; at++) {
		struct protocol_sum sum = sum_protocol(report, *at);

		if (sum.connections > 0)
			fprintf(out,
				"  %-9s %11u %12u %9" PRIu64 " %11" PRIu64 " %9" PRIu64
				" %14" PRIu64 "\n",
				*at == NULL ? "other" : (*at)->name, sum.connections,
				sum.turns + sum.connections, sum.bytes[0], sum.bytes[1],
				sum.segments, sum.retransmissions);
		if (*at == NULL)
			break;
	}
	fprintf(out,
		"  (a round trip is a question that waits for its answer; the handshake is one)\n");
}

void report_print(const struct report *report, FILE *out, bool colour)
{
	for (unsigned i = 0; i < model_mail_count(report->model); i++) {
		const struct model_mail *mail = model_mail(report->model, i);
		const struct report_account *account = report_account(report, mail->root);
		char *heading = g_strdup_printf("Mail %u  %s → %s  \"%s\"", mail->number,
						mail->from, mail->to, mail->subject);

		print_heading(out, colour, heading);
		/* Its composition is its first station: there is an account of every message. */
		print_way(report, out, mail, account->stations);
		print_ledger(report, out, account->ledger);
		g_free(heading);
	}
	print_heading(out, colour, "TCP by protocol");
	print_protocols(report, out);
	if (lines_count(model_lines(report->model)) == 0)
		return;
	print_heading(out, colour, "Dial-up lines");
	print_lines(report, out);
	fprintf(out, "  (each call pays its begun minutes; modems and PPP are not modelled)\n");
}
