/* What became of a message, recipient by recipient, as the summary tells it. */
#include "protocols/layer.h"
#include "sim/time.h"
#include "views/names.h"
#include "views/report_private.h"

#define OUTCOMES_SHOWN_MAX 8 /* of more recipients only the numbers are told */

/* How far it came for one recipient, or at one host where it was fetched. */
struct outcome {
	const char *recipient; /* NULL: told by its host alone */
	const struct station *station;
	uint32_t queued_at; /* node that is to bring it on */
};

struct outcomes {
	GArray *recipients; /* of struct outcome, in order of first mention */
	GArray *readers;    /* likewise: one for each host */
};

/* What comes later in a message's life has a larger number; 0: it says nothing of a recipient. */
static unsigned progress(const struct station *station)
{
	switch (station->record.detail) {
	case MAIL_QUEUED:
		return 1;
	case MAIL_TRANSFERRED:
	case MAIL_DEFERRED:
		return 2;
	case MAIL_DELIVERED:
	case MAIL_BOUNCED:
		return 3;
	case MAIL_RETRIEVED:
		return 4;
	case MAIL_READ:
		return 5;
	default:
		return 0;
	}
}

static uint32_t node_of(const struct station *station)
{
	return trace_node_of(station->record.id);
}

static struct outcome *outcome_at(const GArray *outcomes, guint index)
{
	return &g_array_index(outcomes, struct outcome, index);
}

static void reach_recipient(GArray *recipients, const struct station *station)
{
	struct outcome *outcome = NULL;

	for (guint i = 0; i < recipients->len && outcome == NULL; i++)
		if (g_ascii_strcasecmp(outcome_at(recipients, i)->recipient, station->recipient) ==
		    0)
			outcome = outcome_at(recipients, i);
	if (outcome == NULL) {
		struct outcome added = { .recipient = station->recipient, .station = station };

		g_array_append_val(recipients, added);
		outcome = outcome_at(recipients, recipients->len - 1);
	}
	if (station->record.detail == MAIL_QUEUED)
		outcome->queued_at = node_of(station);
	if (progress(station) >= progress(outcome->station))
		outcome->station = station;
}

/* The record of a try in vain names no recipient: it is of all that wait there. */
static void defer(GArray *recipients, const struct station *station)
{
	for (guint i = 0; i < recipients->len; i++) {
		struct outcome *outcome = outcome_at(recipients, i);

		if (outcome->queued_at == node_of(station) &&
		    progress(station) >= progress(outcome->station))
			outcome->station = station;
	}
}

static void reach_reader(GArray *readers, const struct station *station)
{
	for (guint i = 0; i < readers->len; i++) {
		struct outcome *outcome = outcome_at(readers, i);

		if (node_of(outcome->station) != node_of(station))
			continue;
		if (progress(station) > progress(outcome->station))
			outcome->station = station;
		return;
	}
	struct outcome added = { .station = station };

	g_array_append_val(readers, added);
}

static struct outcomes outcomes_of(const struct report_account *account)
{
	struct outcomes outcomes = {
		.recipients = g_array_new(FALSE, FALSE, sizeof(struct outcome)),
		.readers = g_array_new(FALSE, FALSE, sizeof(struct outcome)),
	};

	for (guint i = 0; i < account->stations->len; i++) {
		const struct station *station =
		    &g_array_index(account->stations, struct station, i);

		if (station->recipient != NULL)
			reach_recipient(outcomes.recipients, station);
		else if (station->record.detail == MAIL_DEFERRED)
			defer(outcomes.recipients, station);
		else if (progress(station) > 0)
			reach_reader(outcomes.readers, station);
	}
	return outcomes;
}

static void print_outcome(const struct report *report, FILE *out, const struct model_mail *mail,
			  const struct outcome *outcome)
{
	const struct station *station = outcome->station;
	int64_t after_ns = station->record.time_ns - mail->composed_ns;

	fprintf(out, "%s%s%s at %s", outcome->recipient == NULL ? "" : outcome->recipient,
		outcome->recipient == NULL ? "" : ": ", view_detail_name(&station->record),
		model_node_name(report->model, node_of(station)));
	if (station->record.detail != MAIL_COMPOSED)
		fprintf(out, ", %.3f s after it %s", time_seconds(after_ns),
			mail->number == 0 ? "arrived" : "was written");
}

static void print_lines(const struct report *report, FILE *out, const struct model_mail *mail,
			const GArray *outcomes)
{
	for (guint i = 0; i < outcomes->len; i++) {
		fputs("\n          ", out);
		print_outcome(report, out, mail, outcome_at(outcomes, i));
	}
}

/* "150 recipients: 148 delivered, 2 bounced" */
static void print_counts(FILE *out, const char *whom, const GArray *outcomes)
{
	const char *separator = ": ";

	fprintf(out, "\n          %u %s", outcomes->len, whom);
	for (unsigned detail = 0; detail < MAIL_DETAIL_COUNT; detail++) {
		const struct trace_record *record = NULL;
		unsigned count = 0;

		for (guint i = 0; i < outcomes->len; i++) {
			const struct trace_record *at = &outcome_at(outcomes, i)->station->record;

			if (at->detail != detail)
				continue;
			record = at;
			count++;
		}
		if (count == 0)
			continue;
		fprintf(out, "%s%u %s", separator, count, view_detail_name(record));
		separator = ", ";
	}
}

static void print_several(const struct report *report, FILE *out, const struct model_mail *mail,
			  const char *whom, const GArray *outcomes)
{
	if (outcomes->len <= OUTCOMES_SHOWN_MAX)
		print_lines(report, out, mail, outcomes);
	else
		print_counts(out, whom, outcomes);
}

/* The furthest it came for its only recipient; where none is known, what happened to it last. */
static struct outcome only_outcome(const struct outcomes *outcomes,
				   const struct report_account *account)
{
	const GArray *known = outcomes->readers->len > 0 ? outcomes->readers : outcomes->recipients;
	struct outcome only = { 0 };

	if (known->len > 0)
		only.station = outcome_at(known, known->len - 1)->station;
	else
		only.station =
		    &g_array_index(account->stations, struct station, account->stations->len - 1);
	return only;
}

void report_print_outcome(const struct report *report, FILE *out, const struct model_mail *mail)
{
	const struct report_account *account = report_account(report, mail->root);

	if (account == NULL || account->stations->len == 0)
		return;
	struct outcomes outcomes = outcomes_of(account);

	fputc(':', out);
	if (outcomes.recipients->len <= 1 && outcomes.readers->len <= 1) {
		struct outcome only = only_outcome(&outcomes, account);

		fputc(' ', out);
		print_outcome(report, out, mail, &only);
	} else {
		print_several(report, out, mail, "recipients", outcomes.recipients);
		print_several(report, out, mail, "hosts fetched it", outcomes.readers);
	}
	g_array_free(outcomes.recipients, TRUE);
	g_array_free(outcomes.readers, TRUE);
}
