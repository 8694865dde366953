#include "protocols/screening/inquiry.h"

struct inquiry {
	struct stage *stage;
	struct screen_run *run;
	const struct inquiry_check *type;
	void *check;
	struct dns_query *query; /* NULL: none is under way */
};

static void go_on(struct inquiry *inquiry);

static void answered(void *owner, const struct dns_answer *answer)
{
	struct inquiry *inquiry = owner;

	inquiry->query = NULL;
	inquiry->type->answer(inquiry->check, answer);
	go_on(inquiry);
}

static void finish(struct inquiry *inquiry)
{
	struct inquiry done = *inquiry;

	stage_set_state(inquiry->run, NULL);
	g_free(inquiry);
	done.type->done(done.stage, done.run, done.check);
}

/* Asks what the check wants to know. Without a resolver no question has an answer. */
static void go_on(struct inquiry *inquiry)
{
	static const struct dns_answer no_answer = { .outcome = DNS_FAILED };
	const struct dns_wish *wish;

	while ((wish = inquiry->type->wish(inquiry->check)) != NULL) {
		inquiry->query =
		    stage_ask(inquiry->stage, wish->name, wish->type, answered, inquiry);
		if (inquiry->query != NULL)
			return;
		inquiry->type->answer(inquiry->check, &no_answer);
	}
	finish(inquiry);
}

void inquiry_start(struct stage *stage, struct screen_run *run, const struct inquiry_check *type,
		   void *check)
{
	struct inquiry *inquiry = g_new0(struct inquiry, 1);

	*inquiry = (struct inquiry) { stage, run, type, check, NULL };
	stage_set_state(run, inquiry);
	go_on(inquiry);
}

void inquiry_forget(struct stage *stage, struct screen_run *run)
{
	struct inquiry *inquiry = stage_state(run);

	(void)stage;
	if (inquiry == NULL)
		return;
	if (inquiry->query != NULL)
		dns_cancel(inquiry->query);
	inquiry->type->free(inquiry->check);
	g_free(inquiry);
}
