#include "protocols/pop3/unstuff.h"

static void put(GByteArray *out, const char *text, size_t length)
{
	g_byte_array_append(out, (const uint8_t *)text, (guint)length);
}

/* The rest of a line, as much as there is of it, in one go. Returns how many bytes it took. */
static size_t take_line(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out)
{
	const uint8_t *cr = bytes_find_byte(in, '\r');
	size_t length = cr != NULL ? (size_t)(cr - in.data) + 1 : in.length;

	g_byte_array_append(out, in.data, (guint)length);
	unstuffer->state = cr != NULL ? UNSTUFF_CR : UNSTUFF_IN_LINE;
	return length;
}

/* The byte behind a CR that was already put out. */
static enum pop3_unstuff_state after_cr(uint8_t byte, GByteArray *out)
{
	g_byte_array_append(out, &byte, 1);
	if (byte == '\n')
		return UNSTUFF_LINE_START;
	return byte == '\r' ? UNSTUFF_CR : UNSTUFF_IN_LINE;
}

/* The byte behind the dot and CR that began a line. */
static enum pop3_unstuff_state after_dot_cr(uint8_t byte, GByteArray *out)
{
	if (byte == '\n')
		return UNSTUFF_DONE;
	put(out, "\r", 1);
	return after_cr(byte, out);
}

/* Takes at least one byte from the front of `in`, which is not empty. */
static size_t take(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out)
{
	uint8_t byte = in.data[0];

	switch (unstuffer->state) {
	case UNSTUFF_LINE_START:
		if (byte != '.')
			return take_line(unstuffer, in, out);
		unstuffer->state = UNSTUFF_DOT;
		return 1;
	case UNSTUFF_DOT: /* the first dot goes, whatever follows, unless the line ends here */
		if (byte != '\r')
			return take_line(unstuffer, in, out);
		unstuffer->state = UNSTUFF_DOT_CR;
		return 1;
	case UNSTUFF_DOT_CR:
		unstuffer->state = after_dot_cr(byte, out);
		return 1;
	case UNSTUFF_CR:
		unstuffer->state = after_cr(byte, out);
		return 1;
	default:
		return take_line(unstuffer, in, out);
	}
}

size_t pop3_unstuff(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out)
{
	size_t offset = 0;

	while (offset < in.length && unstuffer->state != UNSTUFF_DONE)
		offset += take(unstuffer, bytes_from(in, offset), out);
	return offset;
}
