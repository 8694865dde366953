/* What the IMAP client reads: untagged responses and response codes (RFC 3501 section 7). */
#include "protocols/imap/client_session.h"
#include "protocols/imap/date.h"
#include "protocols/imap/flags.h"
#include "protocols/imap/section.h"
#include "protocols/imap/utf7.h"

/* Capabilities. */

/* *(SP capability), up to "]" or the end */
static void take_capabilities(struct imap_client *client, struct imap_parser *parser)
{
	struct bytes name;

	g_clear_pointer(&client->capabilities, g_ptr_array_unref);
	client->capabilities = g_ptr_array_new_with_free_func(g_free);
	while (imap_skip(parser, ' ') && imap_parse_atom(parser, &name))
		g_ptr_array_add(client->capabilities,
				g_strndup((const char *)name.data, name.length));
}

/* enable-data = "ENABLED" *(SP capability) (RFC 5161) */
static void take_enabled(struct imap_client *client, struct imap_parser *parser)
{
	struct bytes name;

	while (imap_skip(parser, ' ') && imap_parse_atom(parser, &name))
		client->has_qresync |= imap_is(name, "QRESYNC");
}

/* resp-text-code = "ALERT" / ... / atom [SP 1*<any TEXT-CHAR except "]">] */
static void take_known_code(struct imap_client *client, struct imap_parser *parser)
{
	struct imap_mailbox_status *selected = &client->selected;
	struct bytes name;

	if (!imap_parse_atom(parser, &name))
		return;
	if (imap_is(name, "CAPABILITY"))
		take_capabilities(client, parser);
	else if (imap_is(name, "READ-ONLY"))
		selected->is_read_only = true;
	else if (imap_is(name, "UIDVALIDITY") && imap_skip(parser, ' '))
		imap_parse_number(parser, &selected->uid_validity);
	else if (imap_is(name, "UIDNEXT") && imap_skip(parser, ' '))
		imap_parse_number(parser, &selected->uid_next);
	else if (imap_is(name, "UNSEEN") && imap_skip(parser, ' '))
		imap_parse_number(parser, &selected->unseen);
	else if (imap_is(name, "HIGHESTMODSEQ") && imap_skip(parser, ' ') && selected->name == NULL)
		imap_parse_number64(parser, &selected->modseq);
}

void imap_client_take_code(struct imap_client *client, struct imap_parser *parser)
{
	if (imap_skip(parser, '['))
		take_known_code(client, parser);
}

/* Mailboxes. */

static char *parse_mailbox(struct imap_parser *parser)
{
	struct bytes wire;

	return imap_parse_astring(parser, &wire) ? imap_utf7_decode(wire) : NULL;
}

static const char *special_use(struct bytes attribute)
{
	static const char *const uses[] = { "Sent", "Drafts", "Trash", "Junk", "Archive" };

	for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
		if (imap_is(attribute, uses[i]))
			return uses[i];
	return NULL;
}

/* mbx-list-flags = *("\" atom), separated by SP, in parentheses */
static bool parse_attributes(struct imap_parser *parser, struct imap_listing *listing)
{
	struct bytes attribute;

	listing->is_selectable = true;
	if (!imap_parse_char(parser, '('))
		return false;
	while (!imap_skip(parser, ')')) {
		imap_skip(parser, ' ');
		if (!imap_parse_char(parser, '\\') || !imap_parse_atom(parser, &attribute))
			return false;
		if (imap_is(attribute, "Noselect") || imap_is(attribute, "NonExistent"))
			listing->is_selectable = false;
		else if (imap_is(attribute, "HasChildren"))
			listing->has_children = true;
		else if (special_use(attribute) != NULL)
			listing->special = special_use(attribute);
	}
	return true;
}

/* mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox */
static void take_list(struct imap_client *client, struct imap_parser *parser, bool is_lsub)
{
	struct imap_listing listing = { .is_subscribed = is_lsub };
	struct bytes separator;

	if (!imap_parse_space(parser) || !parse_attributes(parser, &listing) ||
	    !imap_parse_space(parser) || !imap_parse_nstring(parser, &separator) ||
	    !imap_parse_space(parser))
		return;
	listing.separator = separator.length > 0 ? (char)separator.data[0] : '\0';
	char *name = parse_mailbox(parser);
	listing.name = name;
	if (name != NULL && client->config.events->listed != NULL)
		client->config.events->listed(client->config.owner, &listing);
	g_free(name);
}

static uint32_t *status_field(struct imap_mailbox_status *status, struct bytes name)
{
	if (imap_is(name, "MESSAGES"))
		return &status->messages;
	if (imap_is(name, "RECENT"))
		return &status->recent;
	if (imap_is(name, "UIDNEXT"))
		return &status->uid_next;
	if (imap_is(name, "UIDVALIDITY"))
		return &status->uid_validity;
	return imap_is(name, "UNSEEN") ? &status->unseen : NULL;
}

/* "STATUS" SP mailbox SP "(" [status-att SP number *(SP status-att SP number)] ")" */
static void take_status(struct imap_client *client, struct imap_parser *parser)
{
	struct imap_mailbox_status status = { 0 };
	struct bytes item;
	uint64_t value;
	char *name = imap_skip(parser, ' ') ? parse_mailbox(parser) : NULL;

	status.name = name;
	if (name == NULL || !imap_skip(parser, ' ') || !imap_skip(parser, '(')) {
		g_free(name);
		return;
	}
	while (imap_parse_atom(parser, &item) && imap_skip(parser, ' ') &&
	       imap_parse_number64(parser, &value)) {
		uint32_t *field = status_field(&status, item);

		if (field != NULL)
			*field = (uint32_t)MIN(value, UINT32_MAX);
		if (!imap_skip(parser, ' '))
			break;
	}
	if (client->config.events->status != NULL)
		client->config.events->status(client->config.owner, &status);
	g_free(name);
}

/* "SEARCH" *(SP nz-number) */
static void take_search(struct imap_client *client, struct imap_parser *parser)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint32_t uid;

	while (imap_skip(parser, ' ') && imap_parse_number(parser, &uid))
		g_array_append_val(uids, uid);
	if (client->config.events->found != NULL)
		client->config.events->found(client->config.owner,
					     (const uint32_t *)(const void *)uids->data, uids->len);
	g_array_unref(uids);
}

/* Message numbers. */

static uint32_t uid_of(const struct imap_client *client, uint32_t number)
{
	if (number == 0 || number > client->uids->len)
		return 0;
	return g_array_index(client->uids, uint32_t, number - 1);
}

static void remember_uid(struct imap_client *client, uint32_t number, uint32_t uid)
{
	if (number == 0 || number > IMAP_CLIENT_UIDS_MAX)
		return;
	if (number > client->uids->len)
		g_array_set_size(client->uids, number);
	g_array_index(client->uids, uint32_t, number - 1) = uid;
}

static void take_exists(struct imap_client *client, uint32_t number)
{
	client->selected.messages = number;
	if (client->config.events->exists != NULL)
		client->config.events->exists(client->config.owner, number);
}

static void take_expunge(struct imap_client *client, uint32_t number)
{
	uint32_t uid = uid_of(client, number);

	if (number >= 1 && number <= client->uids->len)
		g_array_remove_index(client->uids, number - 1);
	if (client->selected.messages > 0)
		client->selected.messages--;
	if (client->config.events->expunged != NULL)
		client->config.events->expunged(client->config.owner, number, uid);
}

/*
 * A message went whose number was not known: it was one of those without a known UID in front of the
 * first larger one, for UIDs ascend.
 */
static void forget_unknown(struct imap_client *client, uint32_t uid)
{
	guint i = 0;

	while (i < client->uids->len && g_array_index(client->uids, uint32_t, i) <= uid)
		i++;
	if (i > 0 && g_array_index(client->uids, uint32_t, i - 1) == 0)
		g_array_remove_index(client->uids, i - 1);
	if (client->selected.messages > 0)
		client->selected.messages--;
}

static void take_vanished_uid(struct imap_client *client, uint32_t uid)
{
	for (guint i = 0; i < client->uids->len; i++) {
		if (g_array_index(client->uids, uint32_t, i) == uid) {
			take_expunge(client, i + 1);
			return;
		}
	}
	forget_unknown(client, uid);
	if (client->config.events->expunged != NULL)
		client->config.events->expunged(client->config.owner, 0, uid);
}

/*
 * "VANISHED" [SP "(EARLIER)"] SP known-uids (RFC 7162 section 3.2.10): what went before the mailbox was
 * selected has no number and was not counted.
 */
static void take_vanished(struct imap_client *client, struct imap_parser *parser)
{
	struct imap_sequence_set uids = IMAP_SEQUENCE_INIT;
	bool is_earlier;
	unsigned told = 0;

	imap_skip(parser, ' ');
	is_earlier = imap_skip(parser, '(');
	if (is_earlier && (!imap_skip_word(parser, "EARLIER") || !imap_skip(parser, ')') ||
			   !imap_skip(parser, ' ')))
		return;
	if (imap_parse_sequence_set(parser, &uids)) {
		imap_sequence_resolve(&uids, 0);
		for (uint32_t uid = 0; told < IMAP_CLIENT_UIDS_MAX && uid < UINT32_MAX; told++) {
			uid = imap_sequence_next(&uids, uid + 1);
			if (uid == 0)
				break;
			if (!is_earlier)
				take_vanished_uid(client, uid);
			else if (client->config.events->expunged != NULL)
				client->config.events->expunged(client->config.owner, 0, uid);
		}
	}
	imap_sequence_clear(&uids);
}

/* FETCH. */

/* What one FETCH answer held; the views in `fetched` borrow from the rest. */
struct answer {
	struct imap_fetched fetched;
	struct imap_flags flags;
	struct imap_envelope *envelope;
	struct bytes body;  /* BODY[]; `data` NULL: not in it */
	uint32_t body_from; /* where in the message it begins */
};

static struct bytes read_name(struct imap_parser *parser)
{
	size_t start = parser->position;

	while (g_ascii_isalnum(imap_peek(parser)) || imap_peek(parser) == '.' ||
	       imap_peek(parser) == '-')
		parser->position++;
	return (struct bytes) { parser->data + start, parser->position - start };
}

/* "BODY" section ["<" number ">"] SP nstring */
static bool parse_body(struct imap_parser *parser, struct answer *answer)
{
	struct imap_section section = { 0 };
	struct bytes bytes;
	uint32_t from = 0;
	bool is_read = imap_parse_section(parser, &section);
	bool is_whole = section.depth == 0 && section.text == IMAP_SECTION_ALL;

	imap_section_clear(&section);
	if (is_read && imap_skip(parser, '<'))
		is_read = imap_parse_number(parser, &from) && imap_parse_char(parser, '>');
	if (!is_read || !imap_parse_space(parser) || !imap_parse_nstring(parser, &bytes))
		return false;
	if (is_whole) {
		answer->body = bytes;
		answer->body_from = from;
	}
	return true;
}

/* msg-att-dynamic / msg-att-static; others are passed over */
static bool parse_attribute(struct imap_parser *parser, struct answer *answer)
{
	struct imap_fetched *fetched = &answer->fetched;
	struct bytes name = read_name(parser);

	if (imap_is(name, "BODY") && imap_peek(parser) == '[')
		return parse_body(parser, answer);
	if (!imap_parse_space(parser))
		return false;
	if (imap_is(name, "FLAGS")) {
		fetched->has_flags = true;
		imap_flags_clear(&answer->flags);
		return imap_parse_flags(parser, false, true, &answer->flags);
	}
	if (imap_is(name, "UID"))
		return imap_parse_number(parser, &fetched->uid);
	if (imap_is(name, "INTERNALDATE")) {
		fetched->has_date = true;
		return imap_parse_date_time(parser, &fetched->internal_date);
	}
	if (imap_is(name, "RFC822.SIZE")) {
		fetched->has_size = true;
		return imap_parse_number64(parser, &fetched->size_bytes);
	}
	if (imap_is(name, "ENVELOPE"))
		return imap_parse_envelope(parser, &answer->envelope);
	return imap_parse_any(parser);
}

/* Adds a piece to the body that `operation` gathers. True when all of it is there. */
static bool gather(struct imap_client *client, struct imap_operation *operation,
		   const struct answer *answer)
{
	bool is_partial = client->config.chunk_bytes != 0;
	uint64_t largest = client->config.message_bytes_max;

	if (operation->body == NULL)
		operation->body = g_byte_array_new();
	if (answer->fetched.has_size)
		operation->size_bytes = answer->fetched.size_bytes;
	if (answer->body_from != operation->body->len ||
	    answer->body.length + operation->body->len > largest)
		return false;
	g_byte_array_append(operation->body, answer->body.data, (guint)answer->body.length);
	if (answer->body.length == 0) /* there is no more, whatever it said */
		operation->size_bytes = operation->body->len;
	return !is_partial || operation->body->len >= operation->size_bytes;
}

/* The message came whole: says so to the trace and hands it out. */
static GBytes *take_body(struct imap_client *client, struct imap_operation *operation)
{
	GBytes *body = g_byte_array_free_to_bytes(g_steal_pointer(&operation->body));

	session_note(&client->base, &(struct note) {
					.kind = TRACE_MAIL,
					.detail = MAIL_RETRIEVED,
					.before = LAYER_IMAP,
					.after = operation->uid,
					.bytes = g_bytes_ref(body),
				    });
	return body;
}

static bool is_wanted(const struct imap_operation *current, const struct imap_fetched *fetched)
{
	return current == NULL || current->send != imap_send_fetch_headers ||
	       fetched->envelope == NULL || fetched->uid >= current->uid;
}

static void hand_out(struct imap_client *client, struct answer *answer)
{
	struct imap_fetched *fetched = &answer->fetched;
	struct imap_operation *current = client->current;

	if (fetched->uid != 0)
		remember_uid(client, fetched->number, fetched->uid);
	else
		fetched->uid = uid_of(client, fetched->number);
	fetched->flags = answer->flags.flags;
	fetched->keywords = answer->flags.keywords;
	fetched->envelope = answer->envelope;
	if (answer->body.data != NULL && current != NULL && current->send == imap_send_fetch_body &&
	    current->uid == fetched->uid && gather(client, current, answer))
		fetched->body = take_body(client, current);
	bool is_piece = answer->body.data != NULL && fetched->body == NULL && !fetched->has_flags;
	if (!is_piece && is_wanted(current, fetched) && client->config.events->fetched != NULL)
		client->config.events->fetched(client->config.owner, fetched);
	g_clear_pointer(&fetched->body, g_bytes_unref);
}

/* msg-att = "(" attribute *(SP attribute) ")" */
static void take_fetch(struct imap_client *client, struct imap_parser *parser, uint32_t number)
{
	struct answer answer = { .fetched.number = number };
	bool is_read = imap_skip(parser, ' ') && imap_skip(parser, '(');

	while (is_read && !imap_skip(parser, ')')) {
		imap_skip(parser, ' ');
		is_read = parse_attribute(parser, &answer);
	}
	if (is_read)
		hand_out(client, &answer);
	imap_flags_clear(&answer.flags);
	imap_envelope_free(answer.envelope);
}

/* message-data = nz-number SP ("EXPUNGE" / "FETCH" SP msg-att); mailbox-data with a number */
static void take_numbered(struct imap_client *client, struct imap_parser *parser)
{
	uint32_t number;

	if (!imap_parse_number(parser, &number) || !imap_skip(parser, ' '))
		return;
	if (imap_skip_word(parser, "EXISTS"))
		take_exists(client, number);
	else if (imap_skip_word(parser, "RECENT"))
		client->selected.recent = number;
	else if (imap_skip_word(parser, "EXPUNGE"))
		take_expunge(client, number);
	else if (imap_skip_word(parser, "FETCH"))
		take_fetch(client, parser, number);
}

void imap_client_take_untagged(struct imap_client *client, struct imap_parser *parser)
{
	if (g_ascii_isdigit(imap_peek(parser)))
		take_numbered(client, parser);
	else if (imap_skip_word(parser, "CAPABILITY"))
		take_capabilities(client, parser);
	else if (imap_skip_word(parser, "LIST"))
		take_list(client, parser, false);
	else if (imap_skip_word(parser, "LSUB"))
		take_list(client, parser, true);
	else if (imap_skip_word(parser, "STATUS"))
		take_status(client, parser);
	else if (imap_skip_word(parser, "SEARCH"))
		take_search(client, parser);
	else if (imap_skip_word(parser, "ENABLED"))
		take_enabled(client, parser);
	else if (imap_skip_word(parser, "VANISHED"))
		take_vanished(client, parser);
	else if (imap_skip_word(parser, "OK") && imap_skip(parser, ' '))
		imap_client_take_code(client, parser);
}
