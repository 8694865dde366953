#include "protocols/pop3/unstuff.h"

static void put(GByteArray *out, const char *text, size_t length)
{
	g_byte_array_append(out, (const uint8_t *)text, (guint)length);
}

/* The rest of a line, as much as there is of it, in one go. Returns how many bytes it took. */
static size_t take_line(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out)
{
	const uint8_t *cr = memchr(in.data, '\r', in.length);
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

size_t pop3_unstuff(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out)
{
	size_t offset = 0;

	while (offset < in.length && unstuffer->state != UNSTUFF_DONE) {
		uint8_t byte = in.data[offset];

		switch (unstuffer->state) {
		case UNSTUFF_LINE_START:
			if (byte == '.') {
				unstuffer->state = UNSTUFF_DOT;
				offset++;
			} else {
				offset += take_line(unstuffer, bytes_from(in, offset), out);
			}
			break;
		case UNSTUFF_DOT:
			/* The first dot goes, whatever follows, unless the line ends here. */
			if (byte == '\r') {
				unstuffer->state = UNSTUFF_DOT_CR;
				offset++;
			} else {
				offset += take_line(unstuffer, bytes_from(in, offset), out);
			}
			break;
		case UNSTUFF_DOT_CR:
			offset++;
			if (byte == '\n') {
				unstuffer->state = UNSTUFF_DONE;
			} else {
				put(out, "\r", 1);
				unstuffer->state = after_cr(byte, out);
			}
			break;
		case UNSTUFF_IN_LINE:
			offset += take_line(unstuffer, bytes_from(in, offset), out);
			break;
		case UNSTUFF_CR:
			unstuffer->state = after_cr(byte, out);
			offset++;
			break;
		case UNSTUFF_DONE:
			break;
		}
	}
	return offset;
}
