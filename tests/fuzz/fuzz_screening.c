/*
 * A message from outside, through all stages that look at messages: parts, virus, content, spam, and the
 * marking of its header. Evidence and added fields must be printable ASCII whatever the message holds, and
 * what is marked must end with the body as it came.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "protocols/mail/message.h"
#include "protocols/screening/screening.h"
#include "protocols/screening/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct screen_rule rules[] = {
	{"WORD",    "(?i)\\bconfidential\\b",       SCREEN_EVERYWHERE   },
	{ "NUMBER", "^[0-9]{4}([ -]?[0-9]{4}){3}$", SCREEN_IN_TEXT      },
	{ "NAME",   "\\.(exe|js)$",                 SCREEN_IN_ATTACHMENT},
};

static const struct screen_stage_config stages[] = {
	{.kind = SCREEN_VIRUS,  .action = SCREEN_TAG       },
	{		.kind = SCREEN_CONTENT, .action = SCREEN_TAG,              .rules = rules, .rule_count = 3 },
	{ .kind = SCREEN_SPAM,  .action = SCREEN_QUARANTINE, .subject_prefix = "[SPAM] " },
};

static void expect_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (!g_ascii_isprint(*text))
			abort();
}

static void found(void *owner, const struct screen_finding *finding)
{
	(void)owner;
	expect_printable(finding->evidence);
}

static void done(void *owner, const char *reply)
{
	if (reply != NULL)
		abort(); /* no stage refuses */
	*(bool *)owner = true;
}

static const struct screen_events events = { .found = found, .done = done };

static struct bytes bytes_in(GBytes *message)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(message, &length);

	return (struct bytes) { octets, length };
}

/* The added fields stand at the front; behind the header all is as it was. */
static void check_marked(const struct screen_marks *marks, GBytes *message)
{
	GBytes *marked = screen_marks_apply(marks, message);
	struct bytes before = bytes_in(message), after = bytes_in(marked);
	size_t body = before.length - message_header_section(before).length;
	static const char first[] = "X-Virus-Scanned: ";

	if (after.length < sizeof first - 1 || memcmp(after.data, first, sizeof first - 1) != 0)
		abort();
	if (after.length < body ||
	    (body > 0 && memcmp(after.data + after.length - body,
				before.data + before.length - body, body) != 0))
		abort();
	g_bytes_unref(marked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GBytes *message = g_bytes_new(data, size);
	struct screening *screening = screening_new(&(struct screening_config) {
	    .host_name = "mail.office.example", .stages = stages, .stage_count = 3 });
	struct screen_marks *marks = screen_marks_new(screening);
	bool is_done = false;

	screen_run_start(screen_run_new(screening,
					&(struct screen_case) {
					    .moment = SCREEN_AT_MESSAGE,
					    .client_name = "unknown",
					    .helo = "x",
					    .sender = "bob@remote.example",
					    .recipient_count = 1,
					    .data = message,
					},
					marks, &events, &is_done));
	if (!is_done)
		abort();
	check_marked(marks, message);
	screen_marks_free(marks);
	screening_free(screening);
	g_bytes_unref(message);
	return 0;
}
