#include "protocols/imap/subject.h"
#include <string.h>
#include "protocols/mail/message.h"

char *imap_collation_key(const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);
	char *upper = g_utf8_strup(valid, -1);
	char *key = g_utf8_normalize(upper, -1, G_NORMALIZE_ALL);

	g_free(upper);
	g_free(valid);
	return key;
}

/* Step 1: words decoded, every run of white space one space. */
static char *clean(const char *value)
{
	char *decoded = message_decode_words(value);
	GString *text = g_string_new(NULL);

	for (const char *c = decoded; *c != '\0'; c++) {
		bool is_space = g_ascii_isspace(*c);

		if (!is_space)
			g_string_append_c(text, *c);
		else if (text->len == 0 || text->str[text->len - 1] != ' ')
			g_string_append_c(text, ' ');
	}
	g_free(decoded);
	return g_string_free(text, FALSE);
}

/* Step 2: subj-trailer = "(fwd)" / WSP. True when there was a "(fwd)". */
static bool cut_trailers(char *text)
{
	static const char forwarded[] = "(fwd)";
	size_t length = strlen(text), mark = strlen(forwarded);
	bool was_forwarded = false;

	for (;;) {
		if (length > 0 && text[length - 1] == ' ') {
			length--;
		} else if (length >= mark &&
			   g_ascii_strncasecmp(text + length - mark, forwarded, mark) == 0) {
			length -= mark;
			was_forwarded = true;
		} else {
			text[length] = '\0';
			return was_forwarded;
		}
	}
}

static const char *skip_spaces(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP; returns what follows, or `text` when there is none. */
static const char *skip_blob(const char *text)
{
	if (*text != '[')
		return text;
	size_t length = strcspn(text + 1, "[]");
	return text[1 + length] == ']' ? skip_spaces(text + length + 2) : text;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"; `text` when there is none. */
static const char *skip_refwd(const char *text)
{
	static const char *const words[] = { "fwd", "fw", "re" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		size_t length = strlen(words[i]);

		if (g_ascii_strncasecmp(text, words[i], length) != 0)
			continue;
		const char *rest = skip_blob(skip_spaces(text + length));
		if (*rest == ':')
			return rest + 1;
	}
	return text;
}

/* Step 3: subj-leader = (*subj-blob subj-refwd) / WSP; `text` when there is none. */
static const char *skip_leader(const char *text, bool *is_reply)
{
	if (*text == ' ')
		return text + 1;

	const char *rest = text, *next;
	while ((next = skip_blob(rest)) != rest)
		rest = next;
	next = skip_refwd(rest);
	if (next == rest)
		return text;
	*is_reply = true;
	return next;
}

/* Steps 3 to 5. */
static const char *skip_prefixes(const char *text, bool *is_reply)
{
	for (;;) {
		const char *next = skip_leader(text, is_reply);

		if (next == text) {
			next = skip_blob(text);
			if (next == text || *next == '\0')
				return text;
		}
		text = next;
	}
}

char *imap_base_subject(const char *value, bool *is_reply)
{
	char *text = clean(value != NULL ? value : "");
	char *begin = text;
	bool has_mark = false;

	for (;;) {
		has_mark |= cut_trailers(begin);
		begin += skip_prefixes(begin, &has_mark) - begin;

		/* Step 6: "[fwd:" text "]" */
		size_t length = strlen(begin);
		if (length < 6 || g_ascii_strncasecmp(begin, "[fwd:", 5) != 0 ||
		    begin[length - 1] != ']')
			break;
		begin[length - 1] = '\0';
		begin += 5;
		has_mark = true;
	}
	if (is_reply != NULL)
		*is_reply = has_mark;
	char *base = imap_collation_key(begin);
	g_free(text);
	return base;
}
