/* The mail client's letters: drafts, answers, composition. */
#include "protocols/mail/address.h"
#include "protocols/programs/mua_private.h"

static void attachment_clear(gpointer data)
{
	struct attachment *attachment = data;

	g_free((char *)attachment->name);
	g_free((char *)attachment->type);
	g_bytes_unref(attachment->content);
}

struct mua_draft *mua_draft_new(const struct mua_letter *letter)
{
	struct mua_draft *draft = g_new0(struct mua_draft, 1);

	draft->from = g_strdup(letter->from);
	draft->mail_from = g_strdup(letter->mail_from);
	draft->to = g_strdup(letter->to);
	draft->cc = g_strdup(letter->cc);
	draft->bcc = g_strdup(letter->bcc);
	draft->subject = g_strdup(letter->subject);
	draft->text = g_strdup(letter->text != NULL ? letter->text : "");
	draft->is_8bit = letter->is_8bit;
	draft->notify = letter->notify;
	draft->attachments = g_array_new(FALSE, FALSE, sizeof(struct attachment));
	g_array_set_clear_func(draft->attachments, attachment_clear);
	for (size_t i = 0; i < letter->attachment_count; i++) {
		struct attachment copy = {
			.name = g_strdup(letter->attachments[i].name),
			.type = g_strdup(letter->attachments[i].type),
			.content = g_bytes_ref(letter->attachments[i].content),
		};

		g_array_append_val(draft->attachments, copy);
	}
	return draft;
}

void mua_draft_free(struct mua_draft *draft)
{
	if (draft == NULL)
		return;
	g_free(draft->from);
	g_free(draft->mail_from);
	g_free(draft->to);
	g_free(draft->cc);
	g_free(draft->bcc);
	g_free(draft->subject);
	g_free(draft->text);
	g_free(draft->in_reply_to);
	g_free(draft->references);
	g_array_unref(draft->attachments);
	g_free(draft);
}

/* Answers. */

/* A header of `message`, its words decoded; NULL: there is none. */
static char *header(const struct message *message, const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	char *decoded = raw != NULL ? message_decode_words(raw) : NULL;

	g_free(raw);
	return decoded;
}

/* Adds the mailboxes of the field `name` to `list`, but not our own address. */
static void add_recipients(const struct mua *mua, GString *list, const struct message *message,
			   const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	GPtrArray *specs = raw != NULL ? address_specs(raw) : NULL;

	for (unsigned i = 0; specs != NULL && i < specs->len; i++) {
		const char *spec = g_ptr_array_index(specs, i);

		if (!address_equal(spec, mua->config.address))
			g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", spec);
	}
	if (specs != NULL)
		g_ptr_array_unref(specs);
	g_free(raw);
}

/* The first part that is plain text; NULL: there is none. */
static const struct message_part *find_text(const struct message_part *part)
{
	if (part->children == NULL)
		return strcmp(part->type, "TEXT") == 0 && strcmp(part->subtype, "PLAIN") == 0
			   ? part
			   : NULL;
	for (unsigned i = 0; i < part->children->len; i++) {
		const struct message_part *found = find_text(g_ptr_array_index(part->children, i));

		if (found != NULL)
			return found;
	}
	return NULL;
}

/* Each line with "> " in front (RFC 3676 section 4.5 tells of the custom). */
static void quote(GString *out, struct message *original)
{
	const struct message_part *part = find_text(message_structure(original));
	char *from = header(original, "From");
	char *date = header(original, "Date");

	g_string_append_printf(out, "\n\nOn %s, %s wrote:\n", date != NULL ? date : "some day",
			       from != NULL ? from : "somebody");
	if (part != NULL) {
		char *text = message_part_text(original, part);
		char **lines = g_strsplit(g_strchomp(text), "\n", -1);

		for (char **line = lines; *line != NULL; line++)
			g_string_append_printf(out, "%s%s\n", (*line)[0] == '>' ? ">" : "> ",
					       g_strchomp(*line));
		g_strfreev(lines);
		g_free(text);
	}
	g_free(from);
	g_free(date);
}

/* RFC 5322 section 3.6.4: References grows by the Message-ID of what is answered. */
static void set_references(struct mua_draft *draft, const struct message *original)
{
	char *references = header(original, "References");

	draft->in_reply_to = header(original, "Message-ID");
	if (draft->in_reply_to != NULL)
		draft->references = references != NULL
					? g_strconcat(references, " ", draft->in_reply_to, NULL)
					: g_strdup(draft->in_reply_to);
	g_free(references);
}

static void set_subject(struct mua_draft *draft, const struct message *original)
{
	char *subject = header(original, "Subject");
	bool is_answer = subject != NULL && g_ascii_strncasecmp(subject, "Re:", 3) == 0;

	g_free(draft->subject);
	draft->subject = g_strconcat(is_answer ? "" : "Re: ", subject != NULL ? subject : "", NULL);
	g_free(subject);
}

void mua_draft_answer(struct mua *mua, struct mua_draft *draft, struct message *original,
		      bool to_all)
{
	GString *to = g_string_new(draft->to);
	GString *cc = g_string_new(draft->cc);
	GString *text = g_string_new(g_strchomp(draft->text));

	add_recipients(mua, to, original, "Reply-To");
	if (to->len == 0)
		add_recipients(mua, to, original, "From");
	if (to_all) {
		add_recipients(mua, to, original, "To");
		add_recipients(mua, cc, original, "Cc");
	}
	quote(text, original);
	g_free(draft->to);
	g_free(draft->cc);
	g_free(draft->text);
	draft->to = g_string_free(to, FALSE);
	draft->cc = g_string_free(cc, FALSE);
	draft->text = g_string_free(text, FALSE);
	set_subject(draft, original);
	set_references(draft, original);
}

/* Composition. */

/* "20261122011458.1.alice": the second it is written, and a number; then the host's name. */
static char *new_stem(struct mua *mua, int64_t unix_time)
{
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time);
	char *second = g_date_time_format(time, "%Y%m%d%H%M%S");
	char *stem = g_strdup_printf("%s.%u.%s", second, ++mua->composed, mua->user);

	g_free(second);
	g_date_time_unref(time);
	return stem;
}

/* A boundary that no line of the text is; encoded attachments cannot hold "=_". */
static char *new_boundary(const char *stem, const char *text)
{
	char *boundary = g_strconcat("=_", stem, NULL);

	while (strstr(text, boundary) != NULL) {
		char *longer = g_strconcat(boundary, "_", NULL);

		g_free(boundary);
		boundary = longer;
	}
	return boundary;
}

static char *own_address(const struct mua *mua)
{
	if (mua->config.full_name == NULL)
		return g_strdup(mua->config.address);

	GString *out = g_string_new("\"");
	for (const char *c = mua->config.full_name; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c);
	}
	g_string_append_printf(out, "\" <%s>", mua->config.address);
	return g_string_free(out, FALSE);
}

static GBytes *write_draft(struct mua *mua, const struct mua_draft *draft)
{
	int64_t unix_time = world_unix_time(mua->node->world);
	char *stem = new_stem(mua, unix_time);
	char *boundary = new_boundary(stem, draft->text);
	char *message_id = g_strconcat(stem, "@", mua->config.host_name, NULL);
	char *from = draft->from != NULL ? g_strdup(draft->from) : own_address(mua);
	GBytes *bytes = message_compose(&(struct composition) {
	    .from = from,
	    .to = draft->to,
	    .cc = draft->cc,
	    .subject = draft->subject,
	    .text = draft->text,
	    .unix_time = unix_time,
	    .utc_offset_s = mua->config.utc_offset_s,
	    .message_id = message_id,
	    .in_reply_to = draft->in_reply_to,
	    .references = draft->references,
	    .boundary = boundary,
	    .user_agent = mua->config.user_agent,
	    .is_8bit = draft->is_8bit,
	    .attachments = (const struct attachment *)(const void *)draft->attachments->data,
	    .attachment_count = draft->attachments->len,
	});

	g_free(from);
	g_free(message_id);
	g_free(boundary);
	g_free(stem);
	return bytes;
}

static bool holds(const GPtrArray *recipients, const char *spec)
{
	for (unsigned i = 0; i < recipients->len; i++)
		if (address_equal(g_ptr_array_index(recipients, i), spec))
			return true;
	return false;
}

/* Everyone in To, Cc and Bcc once. `*bad`: an address that is none; NULL: all are fine. */
static GPtrArray *collect_recipients(const struct mua_draft *draft, char **bad)
{
	GPtrArray *recipients = g_ptr_array_new_with_free_func(g_free);
	const char *const lists[] = { draft->to, draft->cc, draft->bcc };

	*bad = NULL;
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		GPtrArray *specs = address_specs(lists[i] != NULL ? lists[i] : "");

		for (unsigned k = 0; k < specs->len; k++) {
			const char *spec = g_ptr_array_index(specs, k);

			if (!address_is_valid(spec) && *bad == NULL)
				*bad = g_strdup(spec);
			if (!holds(recipients, spec))
				g_ptr_array_add(recipients, g_strdup(spec));
		}
		g_ptr_array_unref(specs);
	}
	return recipients;
}

void mua_compose(struct mua *mua, struct mua_action *action)
{
	char *bad;
	GPtrArray *recipients = collect_recipients(action->draft, &bad);

	if (bad != NULL || recipients->len == 0) {
		g_ptr_array_unref(recipients);
		mua_finish(mua, action, MUA_BAD_ADDRESS, bad != NULL ? bad : "no recipient");
		g_free(bad);
		return;
	}
	uint64_t object = node_new_object(mua->node);
	struct message *message = message_new(write_draft(mua, action->draft), action->id);

	mua_record(mua, MAIL_COMPOSED, action->id, object, 0, message_bytes(message));
	mua_outbox_add(mua->outbox, action, recipients, message, object);
}
