#include "views/mailboxes.h"

#include "protocols/mail/message.h"
#include "protocols/mail/names.h"
#include "views/mail_text.h"
#include "views/names.h"

struct mailboxes {
	GPtrArray *boxes; /* of struct mailbox_state * */
};

static void message_free_state(gpointer data)
{
	struct mailbox_message *message = data;

	g_bytes_unref(message->bytes);
	g_free(message->subject);
	g_free(message->from);
	g_free(message);
}

static void share_free(gpointer data)
{
	struct mailbox_share *share = data;

	g_free(share->with);
	g_free(share);
}

static void mailbox_free_state(gpointer data)
{
	struct mailbox_state *mailbox = data;

	g_ptr_array_free(mailbox->messages, TRUE);
	g_ptr_array_free(mailbox->shares, TRUE);
	g_free(mailbox->owner);
	g_free(mailbox->name);
	g_free(mailbox);
}

struct mailboxes *mailboxes_new(void)
{
	struct mailboxes *mailboxes = g_new0(struct mailboxes, 1);

	mailboxes->boxes = g_ptr_array_new_with_free_func(mailbox_free_state);
	return mailboxes;
}

void mailboxes_free(struct mailboxes *mailboxes)
{
	if (mailboxes == NULL)
		return;
	g_ptr_array_free(mailboxes->boxes, TRUE);
	g_free(mailboxes);
}

unsigned mailboxes_count(const struct mailboxes *mailboxes)
{
	return mailboxes->boxes->len;
}

const struct mailbox_state *mailboxes_get(const struct mailboxes *mailboxes, unsigned index)
{
	return mailboxes->boxes->pdata[index];
}

static struct mailbox_state *find(const struct mailboxes *mailboxes, uint64_t id)
{
	for (guint i = mailboxes->boxes->len; i > 0; i--) {
		struct mailbox_state *mailbox = mailboxes->boxes->pdata[i - 1];

		if (mailbox->id == id)
			return mailbox;
	}
	return NULL;
}

const struct mailbox_state *mailboxes_find(const struct mailboxes *mailboxes, uint64_t id)
{
	return find(mailboxes, id);
}

/* Messages are looked for from the end: the newest change most. */
static struct mailbox_message *find_message(const struct mailbox_state *mailbox, uint64_t uid)
{
	for (guint i = mailbox->messages->len; i > 0; i--) {
		struct mailbox_message *message = mailbox->messages->pdata[i - 1];

		if (message->uid == uid)
			return message;
	}
	return NULL;
}

static void create(struct mailboxes *mailboxes, const struct trace_record *record,
		   struct bytes bytes)
{
	struct mailbox_state *mailbox = g_new0(struct mailbox_state, 1);
	struct bytes name;

	mailbox->id = record->object;
	mailbox->node = trace_node_of(record->id);
	mailbox->owner = bytes_to_text(bytes);
	name = bytes_from(bytes, strlen(mailbox->owner) + 1);
	mailbox->name = bytes_to_text(name);
	mailbox->uid_validity = (uint32_t)record->before;
	mailbox->is_subscribed = record->after != 0;
	mailbox->shares = g_ptr_array_new_with_free_func(share_free);
	mailbox->messages = g_ptr_array_new_with_free_func(message_free_state);
	g_ptr_array_add(mailboxes->boxes, mailbox);
}

static void append(struct mailbox_state *mailbox, const struct trace_record *record,
		   struct bytes bytes)
{
	struct mailbox_message *message = g_new0(struct mailbox_message, 1);

	message->uid = (uint32_t)record->before;
	message->flags = mailbox_record_flags(record->after);
	message->internal_date = mailbox_record_date(record->after);
	message->bytes = g_bytes_new(bytes.data, bytes.length);
	message->subject = mail_text_header(bytes, "Subject");
	message->from = mail_text_header(bytes, "From");
	message->root = record->root;
	mailbox->bytes += bytes.length;
	g_ptr_array_add(mailbox->messages, message);
}

static void grant(struct mailbox_state *mailbox, uint32_t rights, struct bytes bytes)
{
	char *with = bytes_to_text(bytes);

	for (guint i = 0; i < mailbox->shares->len; i++) {
		const struct mailbox_share *share = mailbox->shares->pdata[i];

		if (g_ascii_strcasecmp(share->with, with) == 0) {
			g_ptr_array_remove_index(mailbox->shares, i);
			break;
		}
	}
	if (rights != 0) {
		struct mailbox_share *share = g_new(struct mailbox_share, 1);

		*share = (struct mailbox_share) { g_steal_pointer(&with), rights };
		g_ptr_array_add(mailbox->shares, share);
	}
	g_free(with);
}

void mailboxes_feed(struct mailboxes *mailboxes, const struct trace_record *record,
		    struct bytes bytes)
{
	struct mailbox_state *mailbox;
	struct mailbox_message *message;

	if (record->kind != TRACE_MAILBOX)
		return;
	if (record->detail == MAILBOX_CREATED) {
		create(mailboxes, record, bytes);
		return;
	}
	mailbox = find(mailboxes, record->object);
	if (mailbox == NULL)
		return;
	switch (record->detail) {
	case MAILBOX_REMOVED:
		g_ptr_array_remove(mailboxes->boxes, mailbox);
		break;
	case MAILBOX_RENAMED:
		g_free(mailbox->name);
		mailbox->name = bytes_to_text(bytes);
		break;
	case MAILBOX_SUBSCRIBED:
		mailbox->is_subscribed = record->after != 0;
		break;
	case MAILBOX_APPENDED:
	case MAILBOX_COPIED:
		append(mailbox, record, bytes);
		break;
	case MAILBOX_GRANTED:
		grant(mailbox, (uint32_t)record->after, bytes);
		break;
	case MAILBOX_FLAGS:
		message = find_message(mailbox, record->before);
		if (message != NULL)
			message->flags = (uint32_t)record->after;
		break;
	case MAILBOX_EXPUNGED:
		message = find_message(mailbox, record->before);
		if (message != NULL) {
			mailbox->bytes -= g_bytes_get_size(message->bytes);
			g_ptr_array_remove(mailbox->messages, message);
		}
		break;
	default:
		break;
	}
}

/* By bit. */
enum { FLAG_SEEN };
static const char *const flag_names[] = {
	[FLAG_SEEN] = "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\Recent",
};

bool mailbox_is_seen(uint32_t flags)
{
	return (flags & 1u << FLAG_SEEN) != 0;
}

void mailbox_flags_append(GString *out, uint32_t flags)
{
	bool is_first = true;

	for (size_t i = 0; i < G_N_ELEMENTS(flag_names); i++) {
		if (!(flags & 1u << i))
			continue;
		g_string_append_printf(out, "%s%s", is_first ? "" : " ", flag_names[i]);
		is_first = false;
	}
}
