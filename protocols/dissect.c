#include "protocols/dissect.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include "sim/ascii.h"

struct dissect_unit *dissect_add(struct dissect_writer *writer, const struct dissect_text *text,
				 unsigned kind, unsigned depth, struct bytes part)
{
	struct dissect_unit *unit;

	if (depth > 0 && writer->input->is_outline)
		return NULL;
	if (writer->count++ >= writer->capacity)
		return NULL;
	unit = &writer->units[writer->count - 1];
	*unit = (struct dissect_unit) {
		.name = text->name,
		.purpose = text->purpose,
		.reference = text->reference,
		.kind = (uint16_t)kind,
		.depth = (uint8_t)depth,
		.is_complete = true,
		.offset = (uint32_t)(part.data - writer->input->bytes.data),
		.length = (uint32_t)part.length,
	};
	dissect_print_line(part, unit->summary);
	return unit;
}

struct dissect_unit *dissect_add_known(struct dissect_writer *writer,
				       const struct dissect_legend *legend, unsigned kind,
				       struct bytes part)
{
	const struct dissect_meaning *meaning = &legend->meanings[kind];

	return dissect_add(writer,
			   &(struct dissect_text) { legend->names->details[kind], meaning->purpose,
						    meaning->reference },
			   kind, 0, part);
}

struct dissect_unit *dissect_last(const struct dissect_writer *writer)
{
	bool has_room = writer->count > 0 && writer->count <= writer->capacity;

	return has_room ? &writer->units[writer->count - 1] : NULL;
}

bool dissect_keep(struct dissect_writer *writer, struct bytes line)
{
	static const struct dissect_text part = {
		"Part of a line",
		"The line is told of when its end has come.",
		NULL,
	};
	struct dissect_unit *unit;
	char text[DISSECT_TEXT_BYTES];

	if (writer->input->unfinished == NULL || line.length > DISSECT_LINE_MAX)
		return false;
	*writer->input->unfinished = line.length;
	unit = dissect_add(writer, &part, DISSECT_PART, 0, line);
	if (unit == NULL)
		return true;
	unit->is_complete = false;
	dissect_print_line(line, text);
	snprintf(unit->summary, sizeof unit->summary, "part of a line: %.100s", text);
	return true;
}

void dissect_recall(const struct dissect_input *input, void *memory, size_t size)
{
	g_assert(size <= sizeof *input->state);
	if (input->state != NULL)
		memcpy(memory, input->state, size);
	else
		memset(memory, 0, size);
}

void dissect_remember(const struct dissect_input *input, const void *memory, size_t size)
{
	if (input->state != NULL)
		memcpy(input->state, memory, size);
}

struct bytes dissect_take_line(struct bytes in, bool *is_whole)
{
	const uint8_t *feed = bytes_find_byte(in, '\n');

	*is_whole = feed != NULL;
	return feed == NULL ? in : bytes_first(in, (size_t)(feed + 1 - in.data));
}

struct bytes dissect_trim_line(struct bytes line)
{
	while (line.length > 0 &&
	       (line.data[line.length - 1] == '\n' || line.data[line.length - 1] == '\r'))
		line.length--;
	return line;
}

struct bytes dissect_behind_word(struct bytes line)
{
	const uint8_t *blank = bytes_find_byte(line, ' ');

	return bytes_from(line, blank != NULL ? (size_t)(blank + 1 - line.data) : line.length);
}

void dissect_print_line(struct bytes in, char out[DISSECT_TEXT_BYTES])
{
	static const char ellipsis[] = "...";
	const size_t room = DISSECT_TEXT_BYTES - 1;
	bool is_whole;
	size_t length, blank = 0;

	in = dissect_take_line(in, &is_whole);
	length = is_whole ? in.length - 1 : in.length;
	const uint8_t *end = bytes_find_byte(bytes_first(in, length), '\r');

	if (end != NULL)
		length = (size_t)(end - in.data);
	while (blank < length && in.data[blank] == ' ')
		blank++;
	if (blank == length) {
		g_strlcpy(out, "(blank line)", DISSECT_TEXT_BYTES);
		return;
	}

	size_t shown = length <= room ? length : room - strlen(ellipsis);

	ascii_print(bytes_first(in, shown), out);
	if (shown < length)
		memcpy(out + shown, ellipsis, sizeof ellipsis);
	else
		out[shown] = '\0';
}
