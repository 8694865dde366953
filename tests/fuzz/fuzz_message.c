/*
 * A message from outside: structure, headers, addresses, decoding, conversion, cutting. Parts must lie
 * in their parent, and what was converted must be in 7 bits.
 */
#include <glib.h>
#include <stdlib.h>
#include "protocols/mail/address.h"
#include "protocols/mail/convert.h"
#include "protocols/mail/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(const struct message *message, const struct message_part *part, size_t start,
		       size_t end)
{
	size_t body_end = part->body_offset + part->body_bytes;

	if (part->header_offset < start || part->body_offset > end || body_end > end ||
	    part->header_offset + part->header_bytes != part->body_offset)
		abort();
	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++)
		check_part(message, g_ptr_array_index(part->children, i), part->body_offset,
			   body_end);
	if (part->children != NULL)
		return;

	char *text = message_part_text(message, part);
	char *name = message_part_filename(part);
	if (!g_utf8_validate(text, -1, NULL))
		abort();
	g_free(text);
	g_free(name);
}

static void check_headers(struct bytes header)
{
	static const char *const names[] = { "From", "To", "Subject" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		char *value = message_header(header, names[i]);

		if (value == NULL)
			continue;
		char *decoded = message_decode_words(value);
		GPtrArray *addresses = address_list_parse(value);
		GPtrArray *specs = address_specs(value);

		for (unsigned k = 0; k < specs->len; k++)
			address_is_valid(g_ptr_array_index(specs, k));
		g_ptr_array_unref(specs);
		g_ptr_array_unref(addresses);
		g_free(decoded);
		g_free(value);
	}
}

static void check_conversions(GBytes *bytes, size_t limit)
{
	size_t kept;
	GBytes *converted = message_to_7bit(bytes), *cut = message_cut(bytes, limit, &kept);
	gsize length = 0;
	const uint8_t *octets = converted != NULL ? g_bytes_get_data(converted, &length) : NULL;

	for (gsize i = 0; i < length; i++)
		if (octets[i] > 127)
			abort();
	if (cut != NULL && (kept > g_bytes_get_size(bytes) || kept > g_bytes_get_size(cut)))
		abort();
	g_clear_pointer(&converted, g_bytes_unref);
	g_clear_pointer(&cut, g_bytes_unref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message *message = message_new(g_bytes_new(data, size), 0);

	check_part(message, message_structure(message), 0, size);
	check_headers(message_header_section(message_bytes(message)));
	check_conversions(message->bytes, size / 2);
	message_free(message);
	return 0;
}
