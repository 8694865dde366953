#include "protocols/smtp/data.h"

#include "protocols/mail/lines.h"

static void append(GByteArray *out, struct bytes text, size_t limit, bool *overflowed)
{
	size_t room;

	if (out == NULL)
		return;
	room = out->len < limit ? limit - out->len : 0;
	if (text.length > room) {
		*overflowed = true;
		text.length = room;
	}
	if (text.length > 0)
		g_byte_array_append(out, text.data, (guint)text.length);
}

/* Appends `run`, which ends in its only LF or has none: a bare LF as CR LF. */
static void append_run(GByteArray *out, struct bytes run, bool was_return, size_t limit,
		       bool *overflowed)
{
	if (lines_end_bare(run, was_return)) {
		append(out, bytes_first(run, run.length - 1), limit, overflowed);
		run = bytes_of("\r\n");
	}
	append(out, run, limit, overflowed);
}

/* The octets of `in` up to and with the first LF, or all of it. */
static size_t line_length(struct bytes in)
{
	const uint8_t *feed = bytes_find_byte(in, '\n');

	return feed == NULL ? in.length : (size_t)(feed + 1 - in.data);
}

/* The state behind `run`, which ends in its only LF or has none. */
static enum smtp_data_state state_behind(struct bytes run, bool was_return)
{
	uint8_t last = run.data[run.length - 1];

	if (last == '\n')
		return lines_end_bare(run, was_return) ? SMTP_IN_LINE : SMTP_LINE_START;
	return last == '\r' ? SMTP_AFTER_RETURN : SMTP_IN_LINE;
}

size_t smtp_data_decode(enum smtp_data_state *state, struct bytes in, GByteArray *out, size_t limit,
			bool *overflowed)
{
	size_t i = 0;

	while (i < in.length && *state != SMTP_DATA_END) {
		struct bytes rest = bytes_from(in, i);
		uint8_t octet = rest.data[0];

		if (*state == SMTP_LINE_START && octet == '.') {
			*state = SMTP_AFTER_DOT;
			i++;
		} else if (*state == SMTP_AFTER_DOT && octet == '\r') {
			*state = SMTP_AFTER_DOT_RETURN;
			i++;
		} else if (*state == SMTP_AFTER_DOT_RETURN && octet == '\n') {
			*state = SMTP_DATA_END;
			i++;
		} else if (*state == SMTP_AFTER_DOT_RETURN) {
			append(out, bytes_of("\r"), limit, overflowed);
			*state = SMTP_AFTER_RETURN;
		} else {
			struct bytes run = bytes_first(rest, line_length(rest));

			bool was_return = *state == SMTP_AFTER_RETURN;

			append_run(out, run, was_return, limit, overflowed);
			*state = state_behind(run, was_return);
			i += run.length;
		}
	}
	return i;
}

static void finish(struct smtp_data_writer *writer, GByteArray *out)
{
	const char *end = writer->is_in_line ? "\r\n.\r\n" : ".\r\n";

	g_byte_array_append(out, (const guint8 *)end, (guint)strlen(end));
	writer->is_finished = true;
}

static bool ends_line(struct bytes message, size_t offset)
{
	return offset >= 2 && message.data[offset - 1] == '\n' && message.data[offset - 2] == '\r';
}

void smtp_data_encode(struct smtp_data_writer *writer, struct bytes message, size_t room,
		      GByteArray *out)
{
	size_t target = out->len + room;

	while (writer->offset < message.length && out->len < target) {
		struct bytes rest = bytes_from(message, writer->offset);
		struct bytes run =
		    bytes_first(bytes_first(rest, line_length(rest)), target - out->len);

		if (!writer->is_in_line && run.data[0] == '.')
			g_byte_array_append(out, (const guint8 *)".", 1);
		g_byte_array_append(out, run.data, (guint)run.length);
		writer->offset += run.length;
		writer->is_in_line = !ends_line(message, writer->offset);
	}
	if (writer->offset == message.length && !writer->is_finished)
		finish(writer, out);
}
