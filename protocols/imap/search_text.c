#include "protocols/imap/search_text.h"
#include "protocols/imap/parser.h"
#include "protocols/imap/section.h"
#include "protocols/mail/address.h"

char *imap_fold(const char *text)
{
	return g_utf8_casefold(text, -1);
}

static bool contains(const char *text, const char *folded)
{
	char *valid = g_utf8_make_valid(text, -1), *mine = imap_fold(valid);
	bool is_in = strstr(mine, folded) != NULL;

	g_free(valid);
	g_free(mine);
	return is_in;
}

/* The text of a field without its line ends; the caller frees it. */
static char *unfold(struct bytes field)
{
	GString *text = g_string_sized_new(field.length);

	for (size_t i = 0; i < field.length; i++) {
		uint8_t c = field.data[i];

		if (c != '\r' && c != '\n' && c != '\0')
			g_string_append_c(text, (char)c);
	}
	return g_string_free(text, FALSE);
}

static bool value_contains(struct bytes field, bool with_name, const char *folded)
{
	char *line = unfold(field);
	const char *colon = strchr(line, ':');
	char *decoded = message_decode_words(with_name || colon == NULL ? line : colon + 1);
	bool is_in = contains(decoded, folded);

	g_free(decoded);
	g_free(line);
	return is_in;
}

bool imap_field_contains(struct bytes header, const char *name, const char *folded)
{
	struct bytes field_name, field;

	while (imap_header_next(&header, &field_name, &field)) {
		if (name != NULL && !imap_is(field_name, name))
			continue;
		if (value_contains(field, name == NULL, folded))
			return true;
	}
	return false;
}

static bool address_contains(const struct address *address, const char *folded)
{
	char *spec = address_spec(address);
	char *name = address->name != NULL ? message_decode_words(address->name) : g_strdup("");
	char *text = g_strdup_printf("%s <%s>", name, spec);
	bool is_in = contains(text, folded);

	g_free(text);
	g_free(name);
	g_free(spec);
	return is_in;
}

bool imap_address_field_contains(struct bytes header, const char *name, const char *folded)
{
	if (imap_field_contains(header, name, folded))
		return true;

	char *value = message_header(header, name);
	GPtrArray *addresses = address_list_parse(value != NULL ? value : "");
	bool is_in = false;

	for (unsigned i = 0; i < addresses->len && !is_in; i++) {
		const struct address *address = g_ptr_array_index(addresses, i);

		is_in = address->domain != NULL && address_contains(address, folded);
	}
	g_ptr_array_unref(addresses);
	g_free(value);
	return is_in;
}

static bool part_contains(const struct message *message, const struct message_part *part,
			  const char *folded);

static bool children_contain(const struct message *message, const struct message_part *part,
			     const char *folded)
{
	for (unsigned i = 0; i < part->children->len; i++)
		if (part_contains(message, g_ptr_array_index(part->children, i), folded))
			return true;
	return false;
}

/* A message inside a message counts with its header. */
static bool part_contains(const struct message *message, const struct message_part *part,
			  const char *folded)
{
	if (part->children != NULL && strcmp(part->type, "MESSAGE") == 0) {
		const struct message_part *inner = g_ptr_array_index(part->children, 0);
		struct bytes header = { message_bytes(message).data + inner->header_offset,
					inner->header_bytes };

		if (imap_field_contains(header, NULL, folded))
			return true;
	}
	if (part->children != NULL)
		return children_contain(message, part, folded);
	if (strcmp(part->type, "TEXT") != 0)
		return false;

	char *text = message_part_text(message, part);
	bool is_in = contains(text, folded);
	g_free(text);
	return is_in;
}

bool imap_body_contains(struct message *message, const char *folded)
{
	return part_contains(message, message_structure(message), folded);
}
