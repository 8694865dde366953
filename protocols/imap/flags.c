#include "protocols/imap/flags.h"

/* In the order in which they are printed. */
static const struct {
	uint32_t flag;
	const char *name;
} system_flags[] = {
	{MAILBOX_ANSWERED, "\\Answered"},
        { MAILBOX_FLAGGED, "\\Flagged" },
	{ MAILBOX_DELETED, "\\Deleted" },
        { MAILBOX_SEEN,    "\\Seen"    },
	{ MAILBOX_DRAFT,   "\\Draft"   },
        { MAILBOX_RECENT,  "\\Recent"  },
};

uint32_t imap_flag_by_name(struct bytes name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(system_flags); i++)
		if (imap_is(name, system_flags[i].name))
			return system_flags[i].flag;
	return 0;
}

void imap_flags_clear(struct imap_flags *flags)
{
	g_clear_pointer(&flags->keywords, g_ptr_array_unref);
	flags->flags = 0;
}

int imap_keywords_find(const GPtrArray *keywords, const char *keyword)
{
	for (unsigned i = 0; keywords != NULL && i < keywords->len; i++)
		if (g_ascii_strcasecmp(g_ptr_array_index(keywords, i), keyword) == 0)
			return (int)i;
	return -1;
}

bool imap_keywords_add(GPtrArray **keywords, const char *keyword)
{
	if (imap_keywords_find(*keywords, keyword) >= 0)
		return false;
	if (*keywords == NULL)
		*keywords = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(*keywords, g_strdup(keyword));
	return true;
}

/* "\" atom: a system flag, or in answers "\*" and flags of later standards. */
static bool parse_system_flag(struct imap_parser *parser, bool is_lenient, uint32_t *flags)
{
	size_t start = parser->position;
	struct bytes name;

	imap_skip(parser, '\\');
	if (is_lenient && imap_skip(parser, '*'))
		return true;
	if (!imap_parse_atom(parser, &name))
		return false;
	name = (struct bytes) { parser->data + start, parser->position - start };

	uint32_t flag = imap_flag_by_name(name);
	if (!is_lenient && (flag & IMAP_FLAGS_SETTABLE) == 0)
		return imap_parser_fail(parser, "Invalid system flag");
	*flags |= flag;
	return true;
}

/* flag-keyword = atom */
static bool parse_keyword(struct imap_parser *parser, GPtrArray **keywords)
{
	char keyword[IMAP_KEYWORD_BYTES_MAX + 1];
	struct bytes name;

	if (!imap_parse_atom(parser, &name))
		return false;
	if (name.length >= sizeof keyword)
		return imap_parser_fail(parser, "Too long keyword");
	memcpy(keyword, name.data, name.length);
	keyword[name.length] = '\0';
	if (*keywords != NULL && (*keywords)->len >= IMAP_KEYWORDS_MAX)
		return imap_parser_fail(parser, "Too many keywords");
	imap_keywords_add(keywords, keyword);
	return true;
}

/*
 * flag-list = "(" [flag *(SP flag)] ")"
 * flag      = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword
 */
bool imap_parse_flags(struct imap_parser *parser, bool is_bare_allowed, bool is_lenient,
		      struct imap_flags *flags)
{
	bool is_list = imap_skip(parser, '(');

	if (!is_list && !is_bare_allowed)
		return imap_parser_fail(parser, "Invalid flag list");
	if (is_list && imap_skip(parser, ')'))
		return true;
	do {
		bool is_read = imap_peek(parser) == '\\'
				   ? parse_system_flag(parser, is_lenient, &flags->flags)
				   : parse_keyword(parser, &flags->keywords);

		if (!is_read)
			return false;
	} while (imap_skip(parser, ' '));
	return !is_list || imap_parse_char(parser, ')');
}

static void append_name(GString *out, size_t start, const char *name)
{
	if (out->len > start)
		g_string_append_c(out, ' ');
	g_string_append(out, name);
}

void imap_flags_print(GString *out, uint32_t flags, const GPtrArray *keywords)
{
	size_t start = out->len;

	for (size_t i = 0; i < G_N_ELEMENTS(system_flags); i++)
		if (flags & system_flags[i].flag)
			append_name(out, start, system_flags[i].name);
	for (unsigned i = 0; keywords != NULL && i < keywords->len; i++)
		append_name(out, start, g_ptr_array_index(keywords, i));
}
