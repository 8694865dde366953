#include "protocols/programs/screen.h"

struct screen {
	struct node *node;
	enum actor actor;
	struct screening *screening; /* NULL: everything passes */
	struct screen_marks *marks;
	uint64_t transaction;          /* that they are of */
	struct screen_run *run;        /* under way; NULL: none */
	struct mail_identity identity; /* of what is screened; object 0: it has none yet */
	GBytes *data;                  /* the message; NULL at a recipient */
	void (*recipient_done)(void *owner, const char *reply);
	void (*message_done)(void *owner, const struct screen_result *result);
	void *owner;
};

struct screen *screen_new(struct node *node, enum actor actor, struct screening *screening)
{
	struct screen *screen = g_new0(struct screen, 1);

	screen->node = node;
	screen->actor = actor;
	screen->screening = screening;
	if (screening != NULL)
		screen->marks = screen_marks_new(screening);
	return screen;
}

void screen_free(struct screen *screen)
{
	if (screen == NULL)
		return;
	screen_run_cancel(screen->run);
	screen_marks_free(screen->marks);
	g_clear_pointer(&screen->data, g_bytes_unref);
	g_free(screen);
}

/* Made with its first record, which it may be named after. */
static const struct mail_identity *identity_of(struct screen *screen)
{
	if (screen->identity.object == 0)
		screen->identity = (struct mail_identity) { 0 };
	return &screen->identity;
}

static void found(void *owner, const struct screen_finding *finding)
{
	struct screen *screen = owner;

	mail_record_check(screen->node, screen->actor, identity_of(screen), finding);
}

static void end_message(struct screen *screen, const char *reply)
{
	GBytes *data = g_steal_pointer(&screen->data);
	GBytes *marked =
	    screen->marks != NULL ? screen_marks_apply(screen->marks, data) : g_bytes_ref(data);

	screen->message_done(
	    screen->owner,
	    &(struct screen_result) {
		.reply = reply,
		.data = marked,
		.goes_to_junk = screen->marks != NULL && screen_marks_quarantine(screen->marks),
		.identity = *identity_of(screen),
	    });
	g_bytes_unref(marked);
	g_bytes_unref(data);
}

static void run_done(void *owner, const char *reply)
{
	struct screen *screen = owner;

	screen->run = NULL;
	if (screen->data != NULL)
		end_message(screen, reply);
	else
		screen->recipient_done(screen->owner, reply);
}

static const struct screen_events events = { .found = found, .done = run_done };

/* The marks are those of one transaction: RSET, or another MAIL, begins with none. */
static void take_up(struct screen *screen, const struct smtp_arrival *arrival)
{
	if (screen->transaction != arrival->transaction && screen->marks != NULL)
		screen_marks_reset(screen->marks);
	screen->transaction = arrival->transaction;
	screen->identity = mail_identity_of_arrival(screen->node);
}

static void start(struct screen *screen, const struct smtp_arrival *arrival,
		  enum screen_moment moment, const char *recipient)
{
	const struct world *world = screen->node->world;

	if (screen->screening == NULL) {
		run_done(screen, NULL);
		return;
	}
	screen->run = screen_run_new(screen->screening,
				     &(struct screen_case) {
					 .moment = moment,
					 .now_ns = node_now(screen->node),
					 .unix_time = world_unix_time(world),
					 .client_address = arrival->client_address,
					 .client_name = arrival->client_name,
					 .helo = arrival->helo,
					 .login = arrival->login,
					 .sender = arrival->sender,
					 .recipient = recipient,
					 .recipient_count = arrival->recipient_count,
					 .data = screen->data,
				     },
				     screen->marks, &events, screen);
	screen_run_start(screen->run);
}

void screen_recipient(struct screen *screen, const struct smtp_arrival *arrival,
		      const char *recipient, void (*done)(void *owner, const char *reply),
		      void *owner)
{
	take_up(screen, arrival);
	screen->recipient_done = done;
	screen->owner = owner;
	start(screen, arrival, SCREEN_AT_RECIPIENT, recipient);
}

void screen_message(struct screen *screen, const struct smtp_arrival *arrival,
		    const struct mail_identity *identity,
		    void (*done)(void *owner, const struct screen_result *result), void *owner)
{
	take_up(screen, arrival);
	screen->identity = *identity;
	screen->message_done = done;
	screen->owner = owner;
	screen->data = g_bytes_ref(arrival->data);
	start(screen, arrival, SCREEN_AT_MESSAGE, NULL);
}
