/* LSUB (RFC 3501 section 6.3.9): the names that the user subscribed to. */
#include "protocols/imap/envelope.h"
#include "protocols/imap/hierarchy.h"

#define PATTERN_BYTES_MAX 1024 /* a longer one matches no name */

static void print_name(GString *out, const struct imap_session *session, const char *name,
		       bool is_subscribed)
{
	char *wire = imap_encode_name(session, name);

	g_string_append_printf(out, "* LSUB (%s) \"/\" ", is_subscribed ? "" : "\\Noselect");
	imap_print_astring(out, wire);
	g_string_append(out, "\r\n");
	g_free(wire);
}

static void add_name(GPtrArray *names, char *name)
{
	for (unsigned i = 0; i < names->len; i++) {
		if (strcmp(g_ptr_array_index(names, i), name) == 0) {
			g_free(name);
			return;
		}
	}
	g_ptr_array_add(names, name);
}

/* Subscribed names and, for patterns with "%", what is above them; in order. */
static GPtrArray *names_of(const struct account *account, bool with_parents)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < account->subscriptions->len; i++) {
		const char *name = g_ptr_array_index(account->subscriptions, i);

		for (const char *slash = strchr(name, '/'); with_parents && slash != NULL;
		     slash = strchr(slash + 1, '/'))
			add_name(names, g_strndup(name, (size_t)(slash - name)));
		add_name(names, g_strdup(name));
	}
	return names;
}

/*
 * LSUB with "%" names what is above a subscribed mailbox, but with "*" only what is subscribed
 * (RFC 3501 section 6.3.9).
 */
static void answer(struct imap_session *session, const char *pattern)
{
	GPtrArray *names = names_of(session->account, strchr(pattern, '%') != NULL);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);

		if (imap_pattern_matches(pattern, name))
			print_name(text, session, name,
				   account_is_subscribed(session->account, name));
	}
	imap_send_string(session, text);
	g_ptr_array_unref(names);
}

static bool parse_pattern(struct imap_session *session, struct imap_parser *parser, char **pattern)
{
	struct bytes wire;

	if (!imap_parse_space(parser) || !imap_parse_list_mailbox(parser, &wire))
		return false;
	*pattern = imap_decode_name(session, wire);
	return *pattern != NULL ||
	       imap_parser_fail(parser, "Mailbox name is not valid modified UTF-7");
}

/* lsub = "LSUB" SP mailbox SP list-mailbox */
void imap_run_lsub(struct imap_session *session, struct imap_parser *parser)
{
	char *reference = NULL, *pattern = NULL;

	if (!parse_pattern(session, parser, &reference) ||
	    !parse_pattern(session, parser, &pattern) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		char *whole = g_strconcat(pattern[0] == '/' ? "" : reference,
					  pattern[0] == '/' ? pattern + 1 : pattern, NULL);

		if (strlen(whole) <= PATTERN_BYTES_MAX)
			answer(session, whole);
		imap_ok(session, "Lsub completed.");
		g_free(whole);
	}
	g_free(reference);
	g_free(pattern);
}
