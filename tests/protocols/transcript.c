#include "tests/protocols/transcript.h"

#include <check.h>
#include <stdlib.h>

struct player {
	const struct transcript *transcript;
	const char *path;
	unsigned line;
	GString *pending; /* said by the other side, not yet fed */
	GString *input;   /* fed, not yet consumed by the session */
	GString *output;  /* said by the session, not yet checked */
};

static void collect_output(struct player *player)
{
	struct session *session = player->transcript->session;
	guint before;

	do {
		before = session->output == NULL ? 0 : session->output->len;
		if (session->operations->refill != NULL && !session_is_over(session))
			session->operations->refill(session);
	} while (session->output != NULL && session->output->len > before);

	if (session->output == NULL || session->is_waiting)
		return;
	g_string_append_len(player->output, (const char *)session->output->data,
			    session->output->len);
	g_byte_array_unref(session->output);
	session->output = NULL;
}

static void offer(struct player *player)
{
	/* An exact copy on the heap, so that the sanitizer sees a read beyond it. */
	size_t length = player->input->len;
	uint8_t *copy = malloc(length ? length : 1);

	memcpy(copy, player->input->str, length);
	size_t consumed =
	    session_offer(player->transcript->session, (struct bytes) { copy, length });
	free(copy);
	g_string_erase(player->input, 0, (gssize)consumed);
	collect_output(player);
}

static void feed(struct player *player)
{
	size_t chunk = player->transcript->chunk;

	while (player->pending->len > 0) {
		size_t length = player->pending->len;

		if (chunk != 0 && length > chunk)
			length = chunk;
		g_string_append_len(player->input, player->pending->str, (gssize)length);
		g_string_erase(player->pending, 0, (gssize)length);
		offer(player);
	}
	offer(player);
}

static void fail_at(const struct player *player, const char *expected)
{
	ck_abort_msg("%s:%u: expected \"%s\", the session said \"%s\"", player->path, player->line,
		     expected, player->output->str);
}

static void expect_silence(const struct player *player)
{
	if (player->output->len > 0)
		fail_at(player, "");
}

static void expect(struct player *player, const char *text)
{
	feed(player);
	if (!g_str_has_prefix(player->output->str, text))
		fail_at(player, text);
	g_string_erase(player->output, 0, (gssize)strlen(text));
}

static void direct(struct player *player, const char *directive)
{
	const struct transcript *transcript = player->transcript;
	struct session *session = transcript->session;

	feed(player);
	if (strcmp(directive, "closed") == 0) {
		expect_silence(player);
		ck_assert_msg(session_is_over(session), "%s:%u: not closed", player->path,
			      player->line);
	} else if (strcmp(directive, "open") == 0) {
		ck_assert_msg(!session_is_over(session), "%s:%u: closed", player->path,
			      player->line);
	} else if (strcmp(directive, "ended") == 0) {
		session->operations->ended(session);
	} else if (strcmp(directive, "expired") == 0) {
		ck_assert(session->deadline_ns != TIME_NEVER);
		session->now_ns = session->deadline_ns;
		session->deadline_ns = TIME_NEVER;
		session->operations->expired(session);
	} else if (strcmp(directive, "fed") != 0) {
		ck_assert_msg(transcript->directive != NULL &&
				  transcript->directive(transcript->owner, directive),
			      "%s:%u: what is \"%s\"?", player->path, player->line, directive);
	}
	offer(player);
}

/* What stands behind the line that is said: ":" CR LF, "/" LF, "~" nothing. NULL: no such mark. */
static const char *line_end(char mark)
{
	return mark == ':' ? "\r\n" : mark == '/' ? "\n" : mark == '~' ? "" : NULL;
}

static void play_line(struct player *player, const char *text)
{
	char *line;

	if (text[0] == '\0' || text[0] == '#')
		return;
	if (text[0] == '!') {
		direct(player, text + 2);
		return;
	}
	ck_assert_msg((text[0] == 'C' || text[0] == 'S') && line_end(text[1]) != NULL,
		      "%s:%u: neither C: nor S:", player->path, player->line);
	line = g_strconcat(text[2] == ' ' ? text + 3 : text + 2, line_end(text[1]), NULL);
	if (text[0] == player->transcript->side) {
		expect(player, line);
	} else {
		expect_silence(player);
		g_string_append(player->pending, line);
	}
	g_free(line);
}

void transcript_play(const char *path, const struct transcript *transcript)
{
	struct player player = {
		.transcript = transcript,
		.path = path,
		.pending = g_string_new(NULL),
		.input = g_string_new(NULL),
		.output = g_string_new(NULL),
	};
	char *content;

	ck_assert_msg(g_file_get_contents(path, &content, NULL, NULL), "cannot read %s", path);
	transcript->session->operations->opened(transcript->session);
	collect_output(&player);

	char **lines = g_strsplit(content, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		player.line++;
		play_line(&player, *line);
	}
	feed(&player);
	expect_silence(&player);
	g_strfreev(lines);
	g_free(content);
	g_string_free(player.pending, TRUE);
	g_string_free(player.input, TRUE);
	g_string_free(player.output, TRUE);
}
