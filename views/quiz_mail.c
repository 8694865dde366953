/* Questions about what is said, and about messages. */
#include <inttypes.h>
#include <string.h>
#include "protocols/actor.h"
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/layer.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/names.h"
#include "views/names.h"
#include "views/quiz_private.h"

#define RANGES_MAX   24 /* of frames in a proof: who would check more? */
#define OTHERS_TRIED 24 /* places of the run that are looked at for a wrong answer */

/* What the server answers. */

static const struct saying *drawn_saying(struct quizzing *quizzing)
{
	return &g_array_index(quizzing->sayings, struct saying,
			      quiz_pick(quizzing, quizzing->sayings->len));
}

static bool is_mail_protocol(const struct saying *saying)
{
	return saying->unit->dissector == &smtp_dissector ||
	       saying->unit->dissector == &pop3_dissector ||
	       saying->unit->dissector == &imap_dissector;
}

/* Only commands that one answers at once: no message, no credentials. */
static bool is_command(const struct saying *saying)
{
	return is_mail_protocol(saying) && !saying->is_from_server && saying->unit->is_complete &&
	       saying->unit->summary != NULL && saying->unit->summary[0] != '(' &&
	       saying->unit->length < 120 &&
	       !(saying->unit->dissector == &smtp_dissector &&
		 (saying->unit->kind == SMTP_CREDENTIALS || saying->unit->kind == SMTP_MESSAGE)) &&
	       !(saying->unit->dissector == &imap_dissector &&
		 saying->unit->kind == IMAP_SASL_RESPONSE);
}

/* Its first line, as it is on the wire; NULL: that says nothing to a reader. The caller frees it. */
static char *line_of(struct quizzing *quizzing, const struct saying *saying)
{
	struct bytes line = { NULL, 0 };
	const uint8_t *end;
	const char *text;

	if (saying->unit->bytes == NULL)
		return NULL;
	line.data = g_bytes_get_data(saying->unit->bytes, &line.length);
	end = bytes_find_byte(line, '\r');
	if (end == NULL)
		return NULL;
	line.length = (size_t)(end - line.data);
	text = story_clean(quizzing->narrator.story, line, 100);
	return line.length > 0 && quiz_is_readable(text) ? g_strdup(text) : NULL;
}

/* The server says that, too, later in the same answer. */
static bool is_part_of_answer(struct quizzing *quizzing, const struct saying *reply,
			      const char *text)
{
	const struct saying *end =
	    &g_array_index(quizzing->sayings, struct saying, 0) + quizzing->sayings->len;

	for (; reply < end && reply->is_from_server; reply++) {
		g_autofree char *line = line_of(quizzing, reply);

		if (line != NULL && strcmp(line, text) == 0)
			return true;
	}
	return false;
}

/* Whether it has the shape of a reply's first line: no line of a list, none of a message. */
static bool is_reply_line(const struct dissector *dissector, const char *line)
{
	if (dissector == &pop3_dissector)
		return g_str_has_prefix(line, "+OK") || g_str_has_prefix(line, "-ERR") ||
		       g_str_has_prefix(line, "+ ");
	if (dissector == &smtp_dissector)
		return strspn(line, "0123456789") == 3;
	return true;
}

/* One that begins as the right one does, or is told from it by its details alone, would be half right. */
static void wrong_reply(struct quiz_question *question, const struct dissector *dissector,
			const char *line)
{
	if (!is_reply_line(dissector, line) || g_str_has_prefix(question->right, line) ||
	    g_str_has_prefix(line, question->right))
		return;
	if (dissector == &smtp_dissector && strncmp(line, question->right, 3) == 0)
		return;
	quiz_wrong(question, g_strdup(line));
}

/* What servers of a protocol say, for runs in which they say too little. */
static const char *const *plausible_replies(const struct dissector *dissector)
{
	static const char *const smtp[] = {
		"250 2.0.0 Ok",  "354 End data with <CR><LF>.<CR><LF>", "550 5.1.1 User unknown",
		"221 2.0.0 Bye", "503 5.5.1 Bad sequence of commands",  NULL
	};
	static const char *const pop3[] = { "-ERR no such message", "-ERR unknown command",
					    "-ERR [AUTH] authentication failed", NULL };
	static const char *const imap[] = { "* BAD unknown command", "+ go ahead",
					    "* BYE logging out", NULL };

	return dissector == &smtp_dissector ? smtp : dissector == &pop3_dissector ? pop3 : imap;
}

static void wrong_replies(struct quizzing *quizzing, struct quiz_question *question,
			  const struct saying *right)
{
	const struct dissector *dissector = right->unit->dissector;
	const char *const *plausible = plausible_replies(dissector);

	for (unsigned i = 0; i < OTHERS_TRIED; i++) {
		const struct saying *other = drawn_saying(quizzing);
		g_autofree char *line = NULL;

		if (!other->is_from_server || other->unit->dissector != dissector ||
		    other->unit->kind == right->unit->kind)
			continue;
		line = line_of(quizzing, other);
		if (line != NULL && !is_part_of_answer(quizzing, right, line))
			wrong_reply(question, dissector, line);
	}
	for (; *plausible != NULL; plausible++)
		if (!is_part_of_answer(quizzing, right, *plausible))
			wrong_reply(question, dissector, *plausible);
}

/* The reply to a command that no other command shares a segment with. */
static const struct saying *only_reply(const struct quizzing *quizzing,
				       const struct saying *command)
{
	const struct saying *end =
	    &g_array_index(quizzing->sayings, struct saying, 0) + quizzing->sayings->len;
	const struct saying *reply = command + 1;

	if (reply >= end || !reply->is_from_server || reply->unit->summary == NULL ||
	    reply->unit->dissector != command->unit->dissector ||
	    reply->unit->time_ns < command->unit->time_ns)
		return NULL;
	if (command > &g_array_index(quizzing->sayings, struct saying, 0) &&
	    !command[-1].is_from_server && command[-1].unit->packet == command->unit->packet)
		return NULL;
	return reply;
}

bool quiz_draw_reply(struct quizzing *quizzing)
{
	const struct saying *command, *reply;
	struct quiz_question *question;
	g_autofree char *what = NULL, *answer = NULL;

	if (quizzing->sayings->len == 0)
		return false;
	command = drawn_saying(quizzing);
	reply = is_command(command) ? only_reply(quizzing, command) : NULL;
	if (reply == NULL || command->unit->is_encrypted != reply->unit->is_encrypted)
		return false;
	what = line_of(quizzing, command);
	answer = line_of(quizzing, reply);
	if (what == NULL || answer == NULL)
		return false;
	question = quiz_begin(
	    quizzing,
	    g_strdup_printf("A client says \"%s\" (frame %" PRIu64
			    "). How does the server's answer begin?",
			    what, model_frame(quizzing->narrator.model, command->unit->packet)),
	    g_strdup(answer));
	if (question == NULL)
		return false;
	wrong_replies(quizzing, question, reply);
	return quiz_finish(
	    quizzing, question, reply->frame, reply->frame,
	    g_strdup_printf("Frame %" PRIu64 " has the answer.",
			    model_frame(quizzing->narrator.model, reply->unit->packet)));
}

static const struct model_mail *drawn_mail(struct quizzing *quizzing)
{
	unsigned count = model_mail_count(quizzing->narrator.model);

	return count == 0 ? NULL : model_mail(quizzing->narrator.model, quiz_pick(quizzing, count));
}

static char *mail_text(struct quizzing *quizzing, const struct model_mail *mail)
{
	struct bytes subject = { (const uint8_t *)mail->subject, strlen(mail->subject) };

	return g_strdup_printf("mail %u (\"%s\")", mail->number,
			       story_clean(quizzing->narrator.story, subject, 60));
}

/* Numbers of frames as Wireshark's sets have them: "12..18, 20". */
struct frame_set {
	GString *text;
	uint64_t first, last; /* of the range that grows; 0: none */
	unsigned ranges;
};

static void end_range(struct frame_set *set)
{
	if (set->first == 0)
		return;
	g_string_append_printf(set->text, "%s%" PRIu64, set->ranges++ == 0 ? "" : ", ", set->first);
	if (set->last > set->first)
		g_string_append_printf(set->text, "..%" PRIu64, set->last);
	set->first = 0;
}

static void add_frame(struct frame_set *set, uint64_t frame)
{
	if (set->first != 0 && frame == set->last + 1) {
		set->last = frame;
		return;
	}
	end_range(set);
	set->first = set->last = frame;
}

/* All packets with a message's root. */
bool quiz_draw_traffic(struct quizzing *quizzing)
{
	const struct model_mail *mail = drawn_mail(quizzing);
	const struct trace_record *first = NULL;
	uint64_t bytes = 0, packets = 0;
	g_autofree char *what = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	struct frame_set frames = { .text = text };
	struct quiz_question *question;

	if (mail == NULL)
		return false;
	for (guint i = 0; i < quizzing->narrator.frames->len; i++) {
		const struct trace_record *record = narrate_record(
		    &quizzing->narrator, g_array_index(quizzing->narrator.frames, uint64_t, i));

		if (record->root != mail->root)
			continue;
		first = first == NULL ? record : first;
		packets++;
		bytes += record->total_bytes;
		add_frame(&frames, model_frame(quizzing->narrator.model, record->packet));
	}
	end_range(&frames);
	if (first == NULL || frames.ranges > RANGES_MAX)
		return false;
	what = mail_text(quizzing, mail);
	question = quiz_begin(
	    quizzing,
	    g_strdup_printf(
		"How many bytes were put on the wire because of %s, each packet counted once "
		"and with all headers?",
		what),
	    quiz_bytes(bytes));
	if (question == NULL)
		return false;
	quiz_wrong(question, quiz_bytes(mail->size_bytes));
	quiz_wrong(question, quiz_bytes(mail->size_bytes + 54 * packets));
	quiz_wrong(question, quiz_bytes(bytes / 2));
	return quiz_finish(
	    quizzing, question, first, first,
	    g_strdup_printf(
		"%" PRIu64 " packets are due to this message; the display filter frame.number in "
		"{%s} shows them, and Wireshark's Statistics, Capture File Properties the sum of "
		"their bytes. The message itself has %" PRIu64 " bytes.",
		packets, text->str, mail->size_bytes));
}

/* Who has the message. */

static char *place_text(const struct quizzing *quizzing, const struct trace_record *record)
{
	return g_strdup_printf("the %s on %s",
			       record->actor == ACTOR_NONE ? "program" : actor_name(record->actor),
			       quiz_node(quizzing, trace_node_of(record->id)));
}

/* A step after which the message is in the hands of who recorded it. */
static bool gives_possession(const struct trace_record *record)
{
	return record->detail == MAIL_COMPOSED || record->detail == MAIL_QUEUED ||
	       record->detail == MAIL_DELIVERED;
}

bool quiz_draw_holder(struct quizzing *quizzing)
{
	const struct model_mail *mail = drawn_mail(quizzing);
	const struct history_station *stations;
	const struct trace_record *record, *other;
	struct quiz_question *question;
	g_autofree char *what = NULL;
	uint32_t count = 0, at;

	if (mail == NULL)
		return false;
	stations = history_stations(quizzing->narrator.history, mail->number, &count);
	if (count == 0)
		return false;
	at = quiz_pick(quizzing, count);
	record = narrate_record(&quizzing->narrator, stations[at].moment - 1);
	if (!gives_possession(record) || strchr(mail->to, ',') != NULL)
		return false;
	if (at + 1 < count && stations[at + 1].time_ns == record->time_ns)
		return false;
	what = mail_text(quizzing, mail);
	question = quiz_begin(
	    quizzing,
	    g_strdup_printf("Who has %s just after %g s?", what, (double)record->time_ns / 1e9),
	    place_text(quizzing, record));
	if (question == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		other = narrate_record(&quizzing->narrator, stations[(at + i) % count].moment - 1);
		if (gives_possession(other) || other->detail == MAIL_RETRIEVED)
			quiz_wrong(question, place_text(quizzing, other));
	}
	quiz_wrong(question, g_strdup("nobody: it is on the cable"));
	return quiz_finish(
	    quizzing, question, record, NULL,
	    g_strdup_printf("The %s on %s records at %g s: %s.", actor_name(record->actor),
			    quiz_node(quizzing, trace_node_of(record->id)),
			    (double)record->time_ns / 1e9, view_detail_name(record)));
}
