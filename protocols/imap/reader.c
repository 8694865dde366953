#include "protocols/imap/reader.h"
#include "protocols/imap/parser.h"

#define KEPT_BYTES 4096 /* a larger buffer is given back between commands */

void imap_reader_init(struct imap_reader *reader, size_t line_bytes_max)
{
	*reader = (struct imap_reader) { .line_bytes_max = line_bytes_max };
}

void imap_reader_clear(struct imap_reader *reader)
{
	g_clear_pointer(&reader->command, g_byte_array_unref);
}

void imap_reader_reset(struct imap_reader *reader)
{
	if (reader->command != NULL && reader->command->len > KEPT_BYTES)
		g_clear_pointer(&reader->command, g_byte_array_unref);
	if (reader->command != NULL)
		g_byte_array_set_size(reader->command, 0);
	reader->line_start = 0;
	reader->line_bytes = 0;
	reader->literals_bytes = 0;
	reader->is_literal = false;
	reader->is_refused = false;
	reader->is_overlong = false;
}

static void keep(struct imap_reader *reader, struct bytes bytes)
{
	if (reader->command == NULL)
		reader->command = g_byte_array_new();
	g_byte_array_append(reader->command, bytes.data, (guint)bytes.length);
}

static size_t feed_literal(struct imap_reader *reader, struct bytes in,
			   enum imap_reader_event *event)
{
	struct bytes part = in;

	if (reader->literal_left < part.length)
		part.length = (size_t)reader->literal_left;
	if (!reader->is_refused)
		keep(reader, part);
	reader->literal_left -= part.length;
	if (reader->literal_left == 0) {
		reader->is_literal = false;
		*event = IMAP_READ_LITERAL;
	}
	return part.length;
}

/* Reads and drops a line beyond the limit up to its end. */
static size_t feed_overlong(struct imap_reader *reader, struct bytes in,
			    enum imap_reader_event *event)
{
	const uint8_t *end = bytes_find_byte(in, '\n');

	reader->is_overlong = true;
	if (end == NULL)
		return in.length;
	*event = IMAP_READ_TOO_LONG;
	return (size_t)(end - in.data) + 1;
}

/* Takes the line `in`, which ends in LF; a bare LF becomes the CRLF it should have been. */
static void feed_line(struct imap_reader *reader, struct bytes in, enum imap_reader_event *event)
{
	struct bytes line = { in.data, in.length - 1 };

	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	bool announces =
	    imap_literal_at_end(line, &reader->literal_bytes, &reader->is_synchronizing);

	reader->line_bytes += in.length;
	if (reader->is_refused && announces && !reader->is_synchronizing) {
		imap_reader_accept(reader); /* read, but not kept */
		return;
	}
	*event = announces && !reader->is_refused ? IMAP_READ_ANNOUNCED : IMAP_READ_COMPLETE;
	if (reader->is_refused)
		return;
	if (reader->command != NULL)
		reader->line_start = reader->command->len;
	keep(reader, line);
	keep(reader, bytes_of("\r\n"));
}

size_t imap_reader_feed(struct imap_reader *reader, struct bytes in, enum imap_reader_event *event)
{
	*event = IMAP_READ_MORE;
	if (reader->is_literal)
		return feed_literal(reader, in, event);
	if (in.length == 0)
		return 0;
	if (reader->is_overlong)
		return feed_overlong(reader, in, event);

	const uint8_t *end = bytes_find_byte(in, '\n');
	size_t length = end != NULL ? (size_t)(end - in.data) + 1 : in.length;

	if (reader->line_bytes + length > reader->line_bytes_max)
		return feed_overlong(reader, in, event);
	if (end == NULL)
		return 0;
	feed_line(reader, bytes_first(in, length), event);
	return length;
}

void imap_reader_accept(struct imap_reader *reader)
{
	reader->is_literal = true;
	reader->literal_left = reader->literal_bytes;
	reader->literals_bytes += reader->literal_bytes;
}

void imap_reader_refuse(struct imap_reader *reader)
{
	if (reader->is_synchronizing) {
		imap_reader_reset(reader);
		return;
	}
	reader->is_refused = true;
	imap_reader_accept(reader);
}

struct bytes imap_reader_line(const struct imap_reader *reader)
{
	if (reader->command == NULL || reader->command->len < 2)
		return (struct bytes) { (const uint8_t *)"", 0 };
	return (struct bytes) { reader->command->data + reader->line_start,
				reader->command->len - 2 - reader->line_start };
}

struct bytes imap_reader_command(const struct imap_reader *reader)
{
	if (reader->command == NULL || reader->command->len < 2)
		return (struct bytes) { (const uint8_t *)"", 0 };
	return (struct bytes) { reader->command->data, reader->command->len - 2 };
}
