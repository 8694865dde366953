#include "app/diagnostic.h"

#include <string.h>

struct complaint {
	enum severity severity;
	struct mark mark;
	char *text;
	char *hint;     /* NULL: none */
	unsigned index; /* order of discovery, to keep the order of equal places */
};

/* A text that marks refer to; the lines of all of them are numbered on. */
struct source {
	char *name;
	char *text; /* with what is not UTF-8 replaced, so that it can be printed */
	size_t bytes;
	unsigned lines_before; /* of the sources before it */
};

struct diagnostics {
	GPtrArray *sources;    /* of struct source * */
	GPtrArray *complaints; /* of struct complaint * */
};

static void source_free(void *data)
{
	struct source *source = data;

	g_free(source->name);
	g_free(source->text);
	g_free(source);
}

static void complaint_free(void *data)
{
	struct complaint *complaint = data;

	g_free(complaint->text);
	g_free(complaint->hint);
	g_free(complaint);
}

struct diagnostics *diagnostics_new(void)
{
	struct diagnostics *diagnostics = g_new0(struct diagnostics, 1);

	diagnostics->complaints = g_ptr_array_new_with_free_func(complaint_free);
	diagnostics->sources = g_ptr_array_new_with_free_func(source_free);
	return diagnostics;
}

void diagnostics_free(struct diagnostics *diagnostics)
{
	if (diagnostics == NULL)
		return;
	g_ptr_array_unref(diagnostics->complaints);
	g_ptr_array_unref(diagnostics->sources);
	g_free(diagnostics);
}

/* The lines of a text, one that has no end included. */
static unsigned count_lines(const struct source *source)
{
	unsigned count = 1;

	for (size_t i = 0; i < source->bytes; i++)
		count += source->text[i] == '\n';
	return count;
}

unsigned diagnostics_add_source(struct diagnostics *diagnostics, const char *name,
				struct bytes text)
{
	struct source *source = g_new0(struct source, 1);

	source->name = g_strdup(name);
	source->text = g_utf8_make_valid((const char *)text.data, (gssize)text.length);
	source->bytes = strlen(source->text);
	if (diagnostics->sources->len > 0) {
		const struct source *last =
		    g_ptr_array_index(diagnostics->sources, diagnostics->sources->len - 1);

		source->lines_before = last->lines_before + count_lines(last);
	}
	g_ptr_array_add(diagnostics->sources, source);
	return source->lines_before;
}

void diagnostics_set_source(struct diagnostics *diagnostics, const char *name, struct bytes text)
{
	g_ptr_array_set_size(diagnostics->sources, 0);
	diagnostics_add_source(diagnostics, name, text);
}

/* The source that has this line; what has no place is about the first. NULL: there is none. */
static const struct source *source_of(const struct diagnostics *diagnostics, unsigned line)
{
	const struct source *found = NULL;

	for (guint i = 0; i < diagnostics->sources->len; i++) {
		const struct source *source = g_ptr_array_index(diagnostics->sources, i);

		if (found == NULL || source->lines_before < line)
			found = source;
	}
	return found;
}

/* A text in which nothing moves the cursor of a terminal: what users write is quoted in it. */
static char *format_safely(const char *format, va_list arguments)
{
	char *text = g_strdup_vprintf(format, arguments);

	for (char *at = text; *at != '\0'; at++) {
		if (g_ascii_iscntrl(*at))
			*at = '?';
	}
	return text;
}

/* Takes the middle out of a text (taken) that quotes something very long: what is wrong stands at its end. */
static char *shorten(char *text)
{
	enum { LONGEST = 400, BEGINNING = 120, ENDING = 120 };
	g_autofree char *whole = NULL;

	if (strlen(text) <= LONGEST)
		return text;
	whole = g_utf8_make_valid(text, -1);
	g_free(text);
	glong length = g_utf8_strlen(whole, -1);
	if (length <= LONGEST)
		return g_steal_pointer(&whole);
	g_autofree char *beginning = g_utf8_substring(whole, 0, BEGINNING);

	return g_strconcat(beginning, "…", g_utf8_offset_to_pointer(whole, length - ENDING), NULL);
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, struct mark mark,
		     const char *format, ...)
{
	struct complaint *complaint = g_new0(struct complaint, 1);
	va_list arguments;

	va_start(arguments, format);
	complaint->text = shorten(format_safely(format, arguments));
	va_end(arguments);
	complaint->severity = severity;
	complaint->mark = mark;
	complaint->index = diagnostics->complaints->len;
	g_ptr_array_add(diagnostics->complaints, complaint);
}

void diagnostics_hint(struct diagnostics *diagnostics, const char *format, ...)
{
	g_assert(diagnostics->complaints->len > 0);

	struct complaint *complaint =
	    g_ptr_array_index(diagnostics->complaints, diagnostics->complaints->len - 1);
	va_list arguments;

	va_start(arguments, format);
	g_free(complaint->hint);
	complaint->hint = format_safely(format, arguments);
	va_end(arguments);
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
	g_ptr_array_set_size(diagnostics->complaints, 0);
}

unsigned diagnostics_count(const struct diagnostics *diagnostics, enum severity severity)
{
	unsigned count = 0;

	for (unsigned i = 0; i < diagnostics->complaints->len; i++) {
		const struct complaint *complaint = g_ptr_array_index(diagnostics->complaints, i);

		count += complaint->severity == severity;
	}
	return count;
}

/* Errors before warnings, then by place, then as found. */
static int complaint_compare(const void *a, const void *b)
{
	const struct complaint *left = *(struct complaint *const *)a;
	const struct complaint *right = *(struct complaint *const *)b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->mark.line != right->mark.line)
		return left->mark.line < right->mark.line ? -1 : 1;
	if (left->mark.column != right->mark.column)
		return left->mark.column < right->mark.column ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* The text of line `number`, without its end; the empty string past the end. */
static struct bytes source_line(const struct source *source, unsigned number)
{
	const char *at = source->text;
	const char *end = at + source->bytes;

	for (unsigned line = 1; line < number && at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline == NULL ? end : newline + 1;
	}
	const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

	if (stop == NULL)
		stop = end;
	if (stop > at && stop[-1] == '\r')
		stop--;
	return (struct bytes) { (const uint8_t *)at, (size_t)(stop - at) };
}

#define QUOTED_CHARACTERS_MAX 100 /* of a long line, around the place meant */

static bool is_utf8_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * Quotes the line and underlines the place. Tabs are kept under tabs so that the caret stands
 * right; of a long line only the surroundings are shown.
 */
static void print_quote(const struct source *source, struct mark mark, GString *out)
{
	struct bytes line = source_line(source, mark.line);
	unsigned first = mark.column > QUOTED_CHARACTERS_MAX - 20
			     ? mark.column - (QUOTED_CHARACTERS_MAX - 20)
			     : 1;
	unsigned last = first + QUOTED_CHARACTERS_MAX;
	unsigned column = 0;
	GString *under = g_string_new(NULL);

	g_string_append_printf(out, "%5u | ", mark.line);
	for (size_t i = 0; i < line.length; i++) {
		if (!is_utf8_continuation(line.data[i]))
			column++;
		if (column < first || column >= last)
			continue;
		bool is_text = !g_ascii_iscntrl((char)line.data[i]) || line.data[i] == '\t';

		g_string_append_c(out, is_text ? (char)line.data[i] : '?');
		if (column < mark.column && !is_utf8_continuation(line.data[i]))
			g_string_append_c(under, line.data[i] == '\t' ? '\t' : ' ');
	}
	g_string_append_printf(out, "\n      | %s^", under->str);
	for (unsigned i = 1; i < mark.length && mark.column + i <= column && i < 60; i++)
		g_string_append_c(out, '~');
	g_string_append_c(out, '\n');
	g_string_free(under, TRUE);
}

/* The same with the place in the file that it is in. */
static struct diagnostic located(const struct diagnostics *diagnostics,
				 const struct complaint *complaint)
{
	const struct source *source = source_of(diagnostics, complaint->mark.line);
	struct diagnostic found = {
		.severity = complaint->severity,
		.source = source == NULL ? NULL : source->name,
		.mark = complaint->mark,
		.text = complaint->text,
		.hint = complaint->hint,
	};

	if (source != NULL && found.mark.line != 0)
		found.mark.line -= source->lines_before;
	return found;
}

static void print_complaint(const struct diagnostics *diagnostics,
			    const struct complaint *complaint, GString *out)
{
	struct diagnostic found = located(diagnostics, complaint);

	if (found.source != NULL)
		g_string_append_printf(out, "%s:", found.source);
	if (found.mark.line != 0)
		g_string_append_printf(out, "%u:%u:", found.mark.line, found.mark.column);
	g_string_append_printf(out, "%s%s: %s\n",
			       out->len > 0 && out->str[out->len - 1] == ':' ? " " : "",
			       found.severity == SEVERITY_ERROR ? "error" : "warning", found.text);
	if (found.mark.line != 0 && found.source != NULL)
		print_quote(source_of(diagnostics, complaint->mark.line), found.mark, out);
	if (found.hint != NULL)
		g_string_append_printf(out, "      = %s\n", found.hint);
}

/* The complaints by severity and place; to be unreferenced. */
static GPtrArray *sort_complaints(const struct diagnostics *diagnostics)
{
	GPtrArray *sorted = g_ptr_array_copy(diagnostics->complaints, NULL, NULL);

	g_ptr_array_set_free_func(sorted, NULL);
	g_ptr_array_sort(sorted, complaint_compare);
	return sorted;
}

char *diagnostics_print(const struct diagnostics *diagnostics)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) sorted = sort_complaints(diagnostics);

	for (unsigned i = 0; i < sorted->len && i < DIAGNOSTICS_SHOWN_MAX; i++)
		print_complaint(diagnostics, g_ptr_array_index(sorted, i), out);
	if (sorted->len > DIAGNOSTICS_SHOWN_MAX)
		g_string_append_printf(out, "and %u more\n", sorted->len - DIAGNOSTICS_SHOWN_MAX);
	return g_string_free(out, FALSE);
}

unsigned diagnostics_list(const struct diagnostics *diagnostics, struct diagnostic *shown)
{
	g_autoptr(GPtrArray) sorted = sort_complaints(diagnostics);

	for (unsigned i = 0; i < sorted->len && i < DIAGNOSTICS_SHOWN_MAX; i++)
		shown[i] = located(diagnostics, g_ptr_array_index(sorted, i));
	return sorted->len;
}

#define SUGGEST_LENGTH_MAX 64 /* longer words get no suggestion */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment distance: insertions, deletions, replacements, and swaps of neighbours;
 * upper and lower case count as equal.
 */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][SUGGEST_LENGTH_MAX + 1];

	for (unsigned j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
			 *higher = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);

			row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
			    y == g_ascii_tolower(a[i - 2]))
				row[j] = least(row[j], higher[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

void suggest_offer(struct suggestion *suggestion, const char *known)
{
	size_t word_length = strlen(suggestion->word), known_length = strlen(known);

	if (word_length == 0 || word_length > SUGGEST_LENGTH_MAX ||
	    known_length > SUGGEST_LENGTH_MAX)
		return;

	/* A word of three letters may differ in one, longer ones in a third of their letters. */
	unsigned allowed =
	    least(3, (unsigned)(word_length < known_length ? known_length : word_length) / 3);
	unsigned distance = edit_distance(suggestion->word, word_length, known, known_length);

	if (distance > allowed || (suggestion->best != NULL && distance >= suggestion->distance))
		return;
	suggestion->best = known;
	suggestion->distance = distance;
}
