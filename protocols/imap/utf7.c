#include "protocols/imap/utf7.h"
#include <glib.h>

/* Base64 with "," in place of "/". */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Printable US-ASCII stands for itself, but for "&", which is the shift character. */
static bool is_direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e && c != '&';
}

/* A run of base64 characters, from behind "&" to the "-", as UTF-16. */
struct shifted {
	uint32_t bits;
	unsigned bit_count;
	uint16_t high; /* first half of a surrogate pair; 0: none waits */
};

/* Adds one 16-bit unit to the text. False when it must not stand here. */
static bool take_unit(struct shifted *run, uint16_t unit, GString *out)
{
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (run->high != 0)
			return false;
		run->high = unit;
		return true;
	}
	if (unit >= 0xdc00 && unit < 0xe000) {
		if (run->high == 0)
			return false;
		g_string_append_unichar(out, 0x10000u + ((run->high - 0xd800u) << 10) +
						 (unit - 0xdc00u));
		run->high = 0;
		return true;
	}
	/* Printable US-ASCII must not be shifted, and a name holds no NUL. */
	if (run->high != 0 || is_direct(unit) || unit == 0)
		return false;
	g_string_append_unichar(out, unit);
	return true;
}

/* Decodes the run that begins at `*at`, behind its "&"; leaves `*at` behind its "-". */
static bool decode_run(struct bytes in, size_t *at, GString *out)
{
	struct shifted run = { 0 };

	for (; *at < in.length && in.data[*at] != '-'; ++*at) {
		const char *digit = in.data[*at] ? strchr(alphabet, in.data[*at]) : NULL;

		if (digit == NULL)
			return false;
		run.bits = (run.bits << 6 | (uint32_t)(digit - alphabet)) & 0x3fffff;
		run.bit_count += 6;
		if (run.bit_count < 16)
			continue;
		run.bit_count -= 16;
		if (!take_unit(&run, (uint16_t)(run.bits >> run.bit_count), out))
			return false;
	}
	/* Fewer than six bits of padding, all zero, and an end that is marked. */
	bool is_padded = run.bit_count < 6 && (run.bits & ((1u << run.bit_count) - 1)) == 0;
	return is_padded && run.high == 0 && (*at)++ < in.length;
}

char *imap_utf7_decode(struct bytes in)
{
	GString *out = g_string_sized_new(in.length);
	bool is_valid = true, was_shifted = false;

	for (size_t at = 0; is_valid && at < in.length;) {
		uint8_t c = in.data[at++];

		if (c != '&') {
			is_valid = is_direct(c);
			was_shifted = false;
			g_string_append_c(out, (char)c);
		} else if (at < in.length && in.data[at] == '-') {
			at++;
			was_shifted = false;
			g_string_append_c(out, '&');
		} else {
			/* Two runs in a row are one run cut in two: superfluous. */
			is_valid = !was_shifted && decode_run(in, &at, out);
			was_shifted = true;
		}
	}
	return g_string_free(out, !is_valid);
}

/* Writes the run of characters at `text` that must be shifted; returns what follows it. */
static const char *encode_run(const char *text, GString *out)
{
	uint32_t bits = 0;
	unsigned bit_count = 0;

	g_string_append_c(out, '&');
	for (; *text != '\0' && *text != '&' && !is_direct((uint8_t)*text);
	     text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		uint16_t units[2] = { (uint16_t)c };
		unsigned unit_count = 1;

		if (c >= 0x10000) {
			units[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			units[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
			unit_count = 2;
		}
		for (unsigned i = 0; i < unit_count; i++) {
			bits = bits << 16 | units[i];
			for (bit_count += 16; bit_count >= 6; bit_count -= 6)
				g_string_append_c(out, alphabet[bits >> (bit_count - 6) & 0x3f]);
		}
	}
	if (bit_count > 0)
		g_string_append_c(out, alphabet[bits << (6 - bit_count) & 0x3f]);
	g_string_append_c(out, '-');
	return text;
}

char *imap_utf7_encode(const char *utf8)
{
	GString *out = g_string_new(NULL);

	while (*utf8 != '\0') {
		if (*utf8 == '&') {
			g_string_append(out, "&-");
			utf8++;
		} else if (is_direct((uint8_t)*utf8)) {
			g_string_append_c(out, *utf8++);
		} else {
			utf8 = encode_run(utf8, out);
		}
	}
	return g_string_free(out, FALSE);
}
