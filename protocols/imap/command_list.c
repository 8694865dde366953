/*
 * LIST (RFC 3501 section 6.3.8) with the options of RFC 5258, STATUS of what is listed (RFC 5819),
 * \HasChildren (RFC 3348) and special use (RFC 6154).
 */
#include "protocols/imap/envelope.h"
#include "protocols/imap/hierarchy.h"
#include "protocols/imap/status.h"

#define PATTERN_BYTES_MAX 1024 /* a longer one matches no name */
#define PATTERNS_MAX      64

enum select_option {
	SELECT_SUBSCRIBED = 1,
	SELECT_REMOTE = 2,
	SELECT_RECURSIVE = 4,
	SELECT_SPECIAL = 8,
};

enum return_option {
	RETURN_SUBSCRIBED = 1,
	RETURN_CHILDREN = 2,
	RETURN_SPECIAL = 4,
	RETURN_STATUS = 8,
};

struct request {
	struct imap_session *session;
	bool is_extended;
	unsigned selects, returns;
	unsigned status_items;
	char *reference;
	GPtrArray *patterns; /* of char *: with the reference in front */
	bool asks_for_root;  /* the pattern is empty */
};

/* Parsing. */

/* list-select-opt = "SUBSCRIBED" / "REMOTE" / "RECURSIVEMATCH" / "SPECIAL-USE" */
static bool take_select(void *owner, struct imap_parser *parser, struct bytes name)
{
	struct request *request = owner;

	(void)parser;
	if (imap_is(name, "SUBSCRIBED"))
		request->selects |= SELECT_SUBSCRIBED;
	else if (imap_is(name, "REMOTE"))
		request->selects |= SELECT_REMOTE;
	else if (imap_is(name, "RECURSIVEMATCH"))
		request->selects |= SELECT_RECURSIVE;
	else if (imap_is(name, "SPECIAL-USE") &&
		 imap_offers(request->session, IMAP_CAN_SPECIAL_USE))
		request->selects |= SELECT_SPECIAL;
	else
		return false;
	return true;
}

/* return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" / "STATUS" SP "(" status-att ... ")" */
static bool take_return(void *owner, struct imap_parser *parser, struct bytes name)
{
	struct request *request = owner;

	if (imap_is(name, "SUBSCRIBED")) {
		request->returns |= RETURN_SUBSCRIBED;
	} else if (imap_is(name, "CHILDREN")) {
		request->returns |= RETURN_CHILDREN;
	} else if (imap_is(name, "SPECIAL-USE") &&
		   imap_offers(request->session, IMAP_CAN_SPECIAL_USE)) {
		request->returns |= RETURN_SPECIAL;
	} else if (imap_is(name, "STATUS") && imap_offers(request->session, IMAP_CAN_LIST_STATUS)) {
		request->returns |= RETURN_STATUS;
		return imap_parse_status_items(request->session, parser, &request->status_items);
	} else {
		return false;
	}
	return true;
}

/* SP list-mailbox: in `pattern`, which the caller frees. */
static bool parse_pattern(struct request *request, struct imap_parser *parser, char **pattern)
{
	struct bytes wire;

	if (!imap_parse_list_mailbox(parser, &wire))
		return false;
	*pattern = imap_decode_name(request->session, wire);
	return *pattern != NULL ||
	       imap_parser_fail(parser, "Mailbox name is not valid modified UTF-7");
}

static bool add_pattern(struct request *request, struct imap_parser *parser)
{
	char *pattern = NULL;

	if (request->patterns->len >= PATTERNS_MAX)
		return imap_parser_fail(parser, "Too many patterns");
	if (!parse_pattern(request, parser, &pattern))
		return false;
	request->asks_for_root = pattern[0] == '\0';
	bool is_absolute = pattern[0] == '/';
	g_ptr_array_add(request->patterns, g_strconcat(is_absolute ? "" : request->reference,
						       is_absolute ? pattern + 1 : pattern, NULL));
	g_free(pattern);
	return true;
}

/* SP (list-mailbox / "(" list-mailbox *(SP list-mailbox) ")") */
static bool parse_patterns(struct request *request, struct imap_parser *parser)
{
	bool knows_lists = imap_offers(request->session, IMAP_CAN_LIST_EXTENDED);

	if (!imap_parse_space(parser))
		return false;
	if (!knows_lists || !imap_skip(parser, '('))
		return add_pattern(request, parser);
	request->is_extended = true;
	do {
		if (!add_pattern(request, parser))
			return false;
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

/* [SP "RETURN" SP "(" [return-option *(SP return-option)] ")"] */
static bool parse_return(struct request *request, struct imap_parser *parser)
{
	if (!imap_offers(request->session, IMAP_CAN_LIST_EXTENDED) || !imap_skip(parser, ' '))
		return true;
	request->is_extended = true;
	if (!imap_skip_word(parser, "RETURN"))
		return imap_parser_fail(parser, "Invalid arguments");
	return imap_parse_space(parser) && imap_parse_options(parser, take_return, request);
}

/* list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts] */
static bool parse_request(struct request *request, struct imap_parser *parser)
{
	if (!imap_parse_space(parser))
		return false;
	if (imap_peek(parser) == '(' && imap_offers(request->session, IMAP_CAN_LIST_EXTENDED)) {
		request->is_extended = true;
		if (!imap_parse_options(parser, take_select, request) || !imap_parse_space(parser))
			return false;
	}
	if (request->selects & SELECT_RECURSIVE &&
	    !(request->selects & (SELECT_SUBSCRIBED | SELECT_SPECIAL)))
		return imap_parser_fail(parser, "RECURSIVEMATCH alone");
	return parse_pattern(request, parser, &request->reference) &&
	       parse_patterns(request, parser) && parse_return(request, parser) &&
	       imap_parse_end(parser);
}

/* Choosing. */

static bool matches(const struct request *request, const char *name)
{
	for (unsigned i = 0; i < request->patterns->len; i++) {
		const char *pattern = g_ptr_array_index(request->patterns, i);

		if (strlen(pattern) <= PATTERN_BYTES_MAX && imap_pattern_matches(pattern, name))
			return true;
	}
	return false;
}

/* Is it what the selection options ask for? */
static bool is_selected(const struct request *request, const struct imap_listed *listed)
{
	if (request->selects & SELECT_SUBSCRIBED && !listed->is_subscribed)
		return false;
	if (request->selects & SELECT_SPECIAL && imap_special_use(request->session, listed) == NULL)
		return false;
	return true;
}

/*
 * True when something below the name is selected that no pattern matches, so that only CHILDINFO
 * tells of it (RFC 5258 section 3.5).
 */
static bool has_selected_below(const struct request *request, const GPtrArray *list,
			       const struct imap_listed *above)
{
	size_t length = strlen(above->name);

	for (unsigned i = 0; i < list->len; i++) {
		const struct imap_listed *listed = g_ptr_array_index(list, i);

		if (strncmp(listed->name, above->name, length) == 0 &&
		    listed->name[length] == '/' && is_selected(request, listed) &&
		    !matches(request, listed->name))
			return true;
	}
	return false;
}

/* Answers. */

static void add_attribute(GString *out, const char *attribute)
{
	if (out->str[out->len - 1] != '(')
		g_string_append_c(out, ' ');
	g_string_append(out, attribute);
}

/*
 * A name without a mailbox: \Noselect, or for clients that know it \NonExistent, which says the same
 * and more (RFC 5258 section 3).
 */
static void print_attributes(GString *out, const struct request *request,
			     const struct imap_listed *listed)
{
	const struct imap_session *session = request->session;
	bool is_plain = !request->is_extended;
	const char *use = imap_special_use(session, listed);

	if (listed->mailbox == NULL)
		add_attribute(out, is_plain && !imap_has_enabled(session, IMAP_CAN_REV2)
				       ? "\\Noselect"
				       : "\\NonExistent");
	if (listed->is_subscribed &&
	    (request->returns & RETURN_SUBSCRIBED || request->selects & SELECT_SUBSCRIBED))
		add_attribute(out, "\\Subscribed");
	if (imap_offers(session, IMAP_CAN_CHILDREN) &&
	    (is_plain || request->returns & RETURN_CHILDREN ||
	     imap_has_enabled(session, IMAP_CAN_REV2)))
		add_attribute(out, listed->has_children ? "\\HasChildren" : "\\HasNoChildren");
	if (use != NULL &&
	    (is_plain || request->returns & RETURN_SPECIAL || request->selects & SELECT_SPECIAL))
		add_attribute(out, use);
}

static void print_child_info(GString *out, const struct request *request)
{
	g_string_append(out, " (\"CHILDINFO\" (");
	if (request->selects & SELECT_SUBSCRIBED)
		g_string_append(out, "\"SUBSCRIBED\"");
	if (request->selects & SELECT_SPECIAL)
		g_string_append(out, request->selects & SELECT_SUBSCRIBED ? " \"SPECIAL-USE\""
									  : "\"SPECIAL-USE\"");
	g_string_append(out, "))");
}

static void print_listed(GString *out, const struct request *request,
			 const struct imap_listed *listed, bool has_child_info)
{
	char *wire = imap_encode_name(request->session, listed->name);

	g_string_append(out, "* LIST (");
	print_attributes(out, request, listed);
	g_string_append(out, ") \"/\" ");
	imap_print_astring(out, wire);
	if (has_child_info)
		print_child_info(out, request);
	g_string_append(out, "\r\n");
	g_free(wire);
	if (request->returns & RETURN_STATUS && listed->mailbox != NULL &&
	    imap_may(request->session, listed->mailbox, RIGHT_READ))
		imap_print_status(out, request->session, listed->name, listed->mailbox,
				  request->status_items);
}

static void answer(const struct request *request)
{
	GPtrArray *list = imap_hierarchy(request->session);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		const struct imap_listed *listed = g_ptr_array_index(list, i);
		bool is_name = listed->mailbox != NULL || listed->has_children;

		if (!matches(request, listed->name))
			continue;
		bool has_child_info = request->selects & SELECT_RECURSIVE &&
				      has_selected_below(request, list, listed);
		bool is_chosen = is_selected(request, listed) &&
				 (is_name || request->selects & SELECT_SUBSCRIBED);
		if (is_chosen || has_child_info)
			print_listed(text, request, listed, has_child_info);
	}
	imap_send_string(request->session, text);
	g_ptr_array_unref(list);
}

/* An empty pattern asks for the separator and the root of the reference. */
void imap_run_list(struct imap_session *session, struct imap_parser *parser)
{
	struct request request = {
		.session = session,
		.patterns = g_ptr_array_new_with_free_func(g_free),
	};

	if (!parse_request(&request, parser)) {
		imap_bad_arguments(session, parser);
	} else {
		if (request.asks_for_root && !request.is_extended)
			imap_sendf(session, "* LIST (\\Noselect) \"/\" \"\"\r\n");
		else
			answer(&request);
		imap_ok(session, "List completed.");
	}
	g_free(request.reference);
	g_ptr_array_unref(request.patterns);
}
