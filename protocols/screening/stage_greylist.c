/*
 * Greylisting (RFC 6647): a stranger is told to come again later. A mail server does, for its queue
 * keeps the message; much of what sends spam does not. Whoever logged in is no stranger.
 *
 * Reply and X-Greylist are as postgrey writes them, status code as in RFC 6647 section 2.
 */
#include "protocols/mail/message.h"
#include "protocols/screening/greylist.h"
#include "protocols/screening/stage.h"
#include "stack/address.h"

struct greylist_stage {
	struct stage stage;
	struct greylist *greylist;
};

/* Whole seconds, and the one that has begun. */
static uint64_t seconds(int64_t ns)
{
	return (uint64_t)((ns + NS_PER_S - 1) / NS_PER_S);
}

static void append_triplet(GString *evidence, const struct screen_case *subject, uint32_t network)
{
	char address[IPV4_TEXT_BYTES];

	g_string_append_printf(evidence, "client=%s/%d", ipv4_print(network, address),
			       GREYLIST_PREFIX_LENGTH);
	evidence_append(evidence, "sender", subject->sender);
	evidence_append(evidence, "recipient", subject->recipient);
}

static char *evidence_of(const struct screen_case *subject, const struct greylist_answer *answer)
{
	GString *evidence = g_string_new(NULL);

	append_triplet(evidence, subject, answer->network);
	switch (answer->outcome) {
	case GREYLIST_WAIT:
		evidence_append(evidence, "state", "greylisted");
		evidence_append_count(evidence, "wait", seconds(answer->wait_ns));
		break;
	case GREYLIST_CAME_BACK:
		evidence_append(evidence, "state", "came back");
		evidence_append_count(evidence, "delayed", (uint64_t)(answer->since_ns / NS_PER_S));
		break;
	case GREYLIST_KNOWN:
		evidence_append(evidence, "state", "known");
		break;
	case GREYLIST_WHITE:
		evidence_append(evidence, "state", "whitelisted");
		evidence_append_count(evidence, "after", answer->passed);
		break;
	}
	return g_string_free(evidence, FALSE);
}

/* Only the first time, as postgrey; a whitelisted client as milter-greylist tells of it. */
static char *fields_of(const struct stage *stage, const struct screen_case *subject,
		       const struct greylist_answer *answer)
{
	char *date = message_date(subject->unix_time, 0), *fields = NULL;

	if (answer->outcome == GREYLIST_CAME_BACK)
		fields = g_strdup_printf("X-Greylist: delayed %" G_GINT64_FORMAT
					 " seconds by mailwire at %s;\r\n\t%s\r\n",
					 answer->since_ns / NS_PER_S, stage_host_name(stage), date);
	if (answer->outcome == GREYLIST_WHITE)
		fields = g_strdup_printf("X-Greylist: Sender IP whitelisted, not delayed by "
					 "mailwire at %s;\r\n\t%s\r\n",
					 stage_host_name(stage), date);
	g_free(date);
	return fields;
}

static void greylist_check(struct stage *stage, struct screen_run *run)
{
	const struct screen_case *subject = stage_case(run);
	struct greylist_answer answer;

	if (subject->login != NULL) {
		GString *evidence = g_string_new(NULL);

		evidence_append(evidence, "login", subject->login);
		stage_answer(run, (struct stage_answer) {
				      .verdict = SCREEN_SKIPPED,
				      .evidence = g_string_free(evidence, FALSE),
				  });
		return;
	}
	answer = greylist_ask(((struct greylist_stage *)stage)->greylist, subject->now_ns,
			      subject->client_address, subject->sender, subject->recipient);
	bool waits = answer.outcome == GREYLIST_WAIT;

	stage_answer(
	    run, (struct stage_answer) {
		     .verdict = waits ? SCREEN_FAILED : SCREEN_PASSED,
		     .evidence = evidence_of(subject, &answer),
		     .fields = fields_of(stage, subject, &answer),
		     .reply = !waits ? NULL
				     : g_strdup_printf("450 4.7.1 <%s>: Recipient address "
						       "rejected: Greylisted for "
						       "%" G_GUINT64_FORMAT " seconds",
						       subject->recipient, seconds(answer.wait_ns)),
		 });
}

static struct stage *greylist_stage_new(const struct screen_stage_config *config)
{
	struct greylist_stage *stage = g_new0(struct greylist_stage, 1);

	stage->greylist = greylist_new(&(struct greylist_config) {
	    .delay_ns = config->delay_ns,
	    .retry_window_ns = config->retry_window_ns,
	    .lifetime_ns = config->lifetime_ns,
	    .whitelist_after = config->whitelist_after,
	});
	return &stage->stage;
}

static void greylist_stage_free(struct stage *stage)
{
	greylist_free(((struct greylist_stage *)stage)->greylist);
	g_free(stage);
}

const struct stage_type greylist_stage = {
	.kind = SCREEN_GREYLIST,
	.moments = SCREEN_AT_RECIPIENT,
	.fields = { { .name = "X-Greylist" } },
	.create = greylist_stage_new,
	.check = greylist_check,
	.free = greylist_stage_free,
};
