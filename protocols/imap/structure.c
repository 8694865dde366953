#include "protocols/imap/structure.h"
#include "protocols/imap/envelope.h"

/* What stands where the grammar wants a part and there is none. */
#define EMPTY_TEXT "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0)"

static void print_spaced(GString *out, const char *text)
{
	g_string_append_c(out, ' ');
	imap_print_nstring(out, text);
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void print_parameters(GString *out, const GPtrArray *parameters)
{
	g_string_append_c(out, ' ');
	if (parameters == NULL || parameters->len == 0) {
		g_string_append(out, "NIL");
		return;
	}
	for (unsigned i = 0; i < parameters->len; i++) {
		g_string_append_c(out, i == 0 ? '(' : ' ');
		imap_print_nstring(out, g_ptr_array_index(parameters, i));
	}
	g_string_append_c(out, ')');
}

/*
 * body-fld-lang = nstring / "(" string *(SP string) ")"
 * The field is a list with commas (RFC 3282 section 2): a list it is, of one tag too.
 */
static void print_languages(GString *out, const char *field)
{
	char **tags = field != NULL ? g_strsplit(field, ",", -1) : NULL;
	const char *before = " (";

	for (char **tag = tags; tag != NULL && *tag != NULL; tag++) {
		if (*g_strstrip(*tag) == '\0')
			continue;
		g_string_append(out, before);
		imap_print_nstring(out, *tag);
		before = " ";
	}
	g_string_append(out, before[1] == '\0' ? ")" : " NIL");
	g_strfreev(tags);
}

/* body-fld-dsp SP body-fld-lang SP body-fld-loc: the end of both kinds of extension data */
static void print_extension(GString *out, const struct message_part *part)
{
	if (part->disposition != NULL) {
		g_string_append(out, " (");
		imap_print_nstring(out, part->disposition);
		print_parameters(out, part->disposition_parameters);
		g_string_append_c(out, ')');
	} else {
		g_string_append(out, " NIL");
	}
	print_languages(out, part->language);
	print_spaced(out, part->location);
}

/*
 * body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
 * body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
 */
static void print_multipart(GString *out, const struct message *message,
			    const struct message_part *part, bool is_extended)
{
	if (part->children == NULL)
		g_string_append(out, EMPTY_TEXT);
	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++)
		imap_structure_print(out, message, g_ptr_array_index(part->children, i),
				     is_extended);
	print_spaced(out, part->subtype);
	if (is_extended) {
		print_parameters(out, part->parameters);
		print_extension(out, part);
	}
}

/* body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines */
static void print_message(GString *out, const struct message *message,
			  const struct message_part *part, bool is_extended)
{
	if (part->children == NULL) { /* too deep, or its encoding forbidden: not looked into */
		g_string_append(out, " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) " EMPTY_TEXT);
		return;
	}
	const struct message_part *inner = g_ptr_array_index(part->children, 0);
	struct bytes header = { message_bytes(message).data + inner->header_offset,
				inner->header_bytes };
	struct imap_envelope *envelope = imap_envelope_of(header);

	g_string_append_c(out, ' ');
	imap_envelope_print(out, envelope);
	imap_envelope_free(envelope);
	g_string_append_c(out, ' ');
	imap_structure_print(out, message, inner, is_extended);
}

/*
 * body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
 * body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
 *                   body-fld-octets
 */
static void print_leaf(GString *out, const struct message *message, const struct message_part *part,
		       bool is_extended)
{
	bool is_text = strcmp(part->type, "TEXT") == 0;
	bool is_message =
	    strcmp(part->type, "MESSAGE") == 0 && strcmp(part->subtype, "RFC822") == 0;

	imap_print_nstring(out, part->type);
	print_spaced(out, part->subtype);
	print_parameters(out, part->parameters);
	print_spaced(out, part->id);
	print_spaced(out, part->description);
	print_spaced(out, part->encoding);
	g_string_append_printf(out, " %zu", part->body_bytes);
	if (is_message)
		print_message(out, message, part, is_extended);
	if (is_message || is_text)
		g_string_append_printf(out, " %u", part->body_lines);
	if (is_extended) {
		print_spaced(out, part->md5);
		print_extension(out, part);
	}
}

/* body = "(" (body-type-1part / body-type-mpart) ")" */
void imap_structure_print(GString *out, const struct message *message,
			  const struct message_part *part, bool is_extended)
{
	g_string_append_c(out, '(');
	if (strcmp(part->type, "MULTIPART") == 0)
		print_multipart(out, message, part, is_extended);
	else
		print_leaf(out, message, part, is_extended);
	g_string_append_c(out, ')');
}
