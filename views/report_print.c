/* The report as text. */
#include <inttypes.h>
#include <string.h>
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "sim/plural.h"
#include "views/names.h"
#include "views/report_private.h"

static void print_heading(FILE *out, bool colour, const char *text)
{
	fprintf(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void print_mail_line(const struct report *report, FILE *out, const struct model_mail *mail)
{
	fprintf(out, "  mail %u  %s → %s\n          \"%s\", %" PRIu64 " B", mail->number,
		mail->from, mail->to, mail->subject, mail->size_bytes);
	report_print_outcome(report, out, mail);
	fputc('\n', out);
}

/* There is no subject to tell it by. */
static void print_stranger_line(const struct report *report, FILE *out,
				const struct model_mail *mail)
{
	fprintf(out, "  mail    %s → %s\n          %s, %" PRIu64 " B", mail->from, mail->to,
		mail->subject, mail->size_bytes);
	report_print_outcome(report, out, mail);
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
	uint64_t total = 0, payload = 0;

	for (unsigned layer = 0; layer < REPORT_LAYERS; layer++) {
		total += report->layer_bytes[layer];
		payload += layer >= LAYER_STACK_COUNT ? report->layer_bytes[layer] : 0;
	}
	print_heading(out, colour, "Summary");
	for (unsigned i = 0; i < model_mail_count(report->model); i++)
		print_mail_line(report, out, model_mail(report->model, i));
	for (guint i = 0; i < report->strangers->len; i++)
		print_stranger_line(report, out, report->strangers->pdata[i]);
	fprintf(out,
		"  %" PRIu64 " packet%s made %" PRIu64 " frame%s on all wires together, %" PRIu64
		" B, in %.3f s\n",
		model_frame_count(report->model), plural(model_frame_count(report->model)),
		report->frames, plural(report->frames), report->frame_bytes,
		time_seconds(report->end_ns));
	fprintf(out, "  %u TCP connection%s, %" PRIu64 " retransmission%s, %" PRIu64 " drop%s\n",
		model_connection_count(report->model),
		plural(model_connection_count(report->model)), model_retransmissions(report->model),
		plural(model_retransmissions(report->model)), report->drops, plural(report->drops));
	if (report->loopback > 0)
		fprintf(out,
			"  %" PRIu64
			" datagram%s from a host to itself, on no wire and in no capture\n",
			report->loopback, plural(report->loopback));
	fprintf(out, "  of the bytes first sent %.1f %% were payload, %.1f %% headers\n",
		total == 0 ? 0.0 : 100.0 * (double)payload / (double)total,
		total == 0 ? 0.0 : 100.0 * (double)(total - payload) / (double)total);
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
			actor_name(record->actor), view_detail_name(record),
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

struct protocol_sum {
	unsigned connections, turns, most_at_once;
	int64_t open_ns; /* of all connections together */
	uint64_t bytes[2], segments, retransmissions;
};

static int by_time(gconstpointer a, gconstpointer b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

/* The most connections that were open at one moment, from when each opened and closed. */
static unsigned most_at_once(GArray *opened, GArray *closed)
{
	unsigned most = 0;
	guint gone = 0;

	g_array_sort(opened, by_time);
	g_array_sort(closed, by_time);
	for (guint i = 0; i < opened->len; i++) {
		while (g_array_index(closed, int64_t, gone) < g_array_index(opened, int64_t, i))
			gone++;
		most = MAX(most, i + 1 - gone);
	}
	return most;
}

static struct protocol_sum sum_protocol(const struct report *report,
					const struct dissector *dissector)
{
	struct protocol_sum sum = { 0 };
	GArray *opened = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GArray *closed = g_array_new(FALSE, FALSE, sizeof(int64_t));

	for (unsigned i = 0; i < model_connection_count(report->model); i++) {
		const struct model_connection *connection = model_connection(report->model, i);

		if (connection->dissector != dissector)
			continue;
		/* One without FIN or RST is open still. */
		int64_t closed_ns = connection->fins == 3 || connection->was_reset
					? connection->closed_ns
					: report->end_ns;

		g_array_append_val(opened, connection->opened_ns);
		g_array_append_val(closed, closed_ns);
		sum.open_ns += closed_ns - connection->opened_ns;
		sum.connections++;
		sum.turns += report_turns(connection);
		for (int d = 0; d < 2; d++) {
			sum.bytes[d] += connection->directions[d].bytes_sent;
			sum.segments += connection->directions[d].segments;
			sum.retransmissions += connection->directions[d].retransmissions;
		}
	}
	sum.most_at_once = most_at_once(opened, closed);
	g_array_unref(opened);
	g_array_unref(closed);
	return sum;
}

static void print_protocols(const struct report *report, FILE *out)
{
	fprintf(out, "  protocol  connections  at once      open, s  round trips  bytes up  bytes "
		     "down  segments  "
		     "retransmitted\n");
	for (const struct dissector *const *at = report->dissectors;; at++) {
		struct protocol_sum sum = sum_protocol(report, *at);

		if (sum.connections > 0)
			fprintf(out,
				"  %-9s %11u %8u %12.1f %12u %9" PRIu64 " %11" PRIu64 " %9" PRIu64
				" %14" PRIu64 "\n",
				*at == NULL ? "other" : (*at)->name, sum.connections,
				sum.most_at_once, time_seconds(sum.open_ns),
				sum.turns + sum.connections, sum.bytes[0], sum.bytes[1],
				sum.segments, sum.retransmissions);
		if (*at == NULL)
			break;
	}
	fprintf(out,
		"  (a round trip is a question that waits for its answer; the handshake is one)\n");
}

/* The first of the mailboxes of this owner on this node stands for all of them. */
static bool is_first_of_its_owner(const struct mailboxes *mailboxes, unsigned index)
{
	const struct mailbox_state *mailbox = mailboxes_get(mailboxes, index);

	for (unsigned i = 0; i < index; i++) {
		const struct mailbox_state *other = mailboxes_get(mailboxes, i);

		if (other->node == mailbox->node && strcmp(other->owner, mailbox->owner) == 0)
			return false;
	}
	return true;
}

static void print_kept(const struct report *report, FILE *out, unsigned first)
{
	const struct mailbox_state *its = mailboxes_get(report->mailboxes, first);
	uint64_t messages = 0, bytes = 0;

	for (unsigned i = first; i < mailboxes_count(report->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(report->mailboxes, i);

		if (mailbox->node != its->node || strcmp(mailbox->owner, its->owner) != 0)
			continue;
		messages += mailbox->messages->len;
		for (guint k = 0; k < mailbox->messages->len; k++)
			bytes += g_bytes_get_size(
			    ((const struct mailbox_message *)mailbox->messages->pdata[k])->bytes);
	}
	if (messages > 0)
		fprintf(out, "  %-14s %-32s %9" PRIu64 " %11" PRIu64 "\n",
			model_node_name(report->model, its->node), its->owner, messages, bytes);
}

/* Whose mail is kept where at the end; empty mailboxes are left out. */
static void print_storage(const struct report *report, FILE *out)
{
	fprintf(out, "  kept on        account                           messages       bytes\n");
	for (unsigned i = 0; i < mailboxes_count(report->mailboxes); i++)
		if (is_first_of_its_owner(report->mailboxes, i))
			print_kept(report, out, i);
}

static void print_mails(const struct report *report, FILE *out, bool colour)
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
	for (guint i = 0; i < report->strangers->len; i++) {
		const struct model_mail *mail = report->strangers->pdata[i];
		g_autofree char *heading =
		    g_strdup_printf("Mail  %s → %s  %s", mail->from, mail->to, mail->subject);

		print_heading(out, colour, heading);
		print_way(report, out, mail, report_account(report, mail->root)->stations);
	}
}

void report_print(const struct report *report, FILE *out, bool colour)
{
	print_mails(report, out, colour);
	print_heading(out, colour, "TCP by protocol");
	print_protocols(report, out);
	print_heading(out, colour, "Storage at the end");
	print_storage(report, out);

	if (lines_count(model_lines(report->model)) == 0)
		return;
	print_heading(out, colour, "Dial-up lines");
	print_lines(report, out);
	fprintf(out, "  (each call pays its begun minutes; modems and PPP are not modelled)\n");
}
