/* Messages with the stations of their way; mailboxes as they change. */
#include "protocols/actor.h"
#include "protocols/mail/names.h"
#include "views/mail_text.h"
#include "views/names.h"
#include "views/page_private.h"
#include "views/text.h"

enum station_column {
	STATION_MAIL, /* from 1 */
	STATION_MOMENT,
	STATION_TIME,
	STATION_EVENT,
	STATION_NODE,
	STATION_STEP,
	STATION_ACTOR,
	STATION_NAME, /* texts */
	STATION_TEXT,
	STATION_COLUMNS
};

static const char *const station_keys[STATION_COLUMNS] = {
	"mail", "moment", "time", "event", "node", "step", "actor", "name", "text",
};

static void add_station(struct page_data *data, uint32_t mail,
			const struct history_station *station, GArray *columns[STATION_COLUMNS],
			GString *text)
{
	const struct trace_store *store = history_store(data->history);
	const struct trace_record *record;

	if (station->event != HISTORY_NONE && station->event >= data->event_count)
		return;
	record = trace_store_record(store, station->moment - 1);
	page_put(columns[STATION_MAIL], mail);
	page_put(columns[STATION_MOMENT], (int64_t)station->moment);
	page_put(columns[STATION_TIME], station->time_ns);
	page_put(columns[STATION_EVENT],
		 station->event == HISTORY_NONE ? 0 : (int64_t)station->event + 1);
	page_put(columns[STATION_NODE], station->node);
	page_put(columns[STATION_STEP], station->step);
	page_put(columns[STATION_ACTOR], station->actor);
	page_put(columns[STATION_NAME], page_text(data, view_detail_name(record)));
	mail_text_append(text, record, trace_store_bytes(store, record));
	page_put(columns[STATION_TEXT], page_text_take(data, text));
}

static void append_stations(struct page_data *data)
{
	GArray *columns[STATION_COLUMNS];
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < STATION_COLUMNS; i++)
		columns[i] = page_numbers_new();
	for (uint32_t mail = 1; mail <= model_mail_count(data->model); mail++) {
		uint32_t count;
		const struct history_station *stations =
		    history_stations(data->history, mail, &count);

		for (uint32_t i = 0; i < count; i++)
			add_station(data, mail, &stations[i], columns, text);
	}
	page_append_key(data->out, "stations");
	page_append_columns(data->out, station_keys, columns, STATION_COLUMNS, 0);
}

static void append_steps(GString *out)
{
	page_append_key(out, "steps");
	g_string_append_c(out, '[');
	for (unsigned i = 0; i < STEP_COUNT; i++)
		g_string_append_printf(out, "%s\"%s\"", i > 0 ? "," : "", mail_step_names[i]);
	g_string_append_c(out, ']');
}

void page_append_mail(struct page_data *data)
{
	GString *out = data->out;

	append_steps(out);
	page_append_key(out, "mails");
	g_string_append_c(out, '[');
	for (unsigned i = 0; i < model_mail_count(data->model); i++) {
		const struct model_mail *mail = model_mail(data->model, i);

		/* from, to, subject, composed, size, node */
		g_string_append_printf(out,
				       "%s[%u,%u,%u,%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT ",%u]",
				       i > 0 ? "," : "", page_text(data, mail->from),
				       page_text(data, mail->to), page_text(data, mail->subject),
				       mail->composed_ns, mail->size_bytes, mail->node);
	}
	g_string_append_c(out, ']');
	append_stations(data);
}

/*
 * Mailboxes. Each change is a row: from this moment on the mailbox holds the message under this UID with
 * these flags; no message: it holds it no longer. UID 0 is the mailbox itself: it is there, with the
 * message column for its name, or it is gone.
 */

enum change_column {
	CHANGE_MOMENT,
	CHANGE_TIME,
	CHANGE_MAILBOX, /* index */
	CHANGE_UID,
	CHANGE_FLAGS,   /* as a text */
	CHANGE_MESSAGE, /* from 1; 0: gone */
	CHANGE_COLUMNS
};

static const char *const change_keys[CHANGE_COLUMNS] = { "moment", "time",  "mailbox",
							 "uid",    "flags", "message" };

struct mailbox_rows {
	struct page_data *data;
	struct mailboxes *mailboxes;
	GHashTable *indexes;  /* id of a mailbox to index + 1; look-ups only */
	GHashTable *messages; /* bytes to number from 1; look-ups only */
	GString *mailbox_list, *message_list;
	uint64_t message_bytes;
	GArray *columns[CHANGE_COLUMNS];
	const struct trace_record *record;
	uint64_t moment;
};

static void add_change(struct mailbox_rows *rows, uint32_t mailbox, uint32_t uid, uint32_t flags,
		       uint32_t message)
{
	page_put(rows->columns[CHANGE_MOMENT], (int64_t)rows->moment);
	page_put(rows->columns[CHANGE_TIME], rows->record->time_ns);
	page_put(rows->columns[CHANGE_MAILBOX], mailbox);
	page_put(rows->columns[CHANGE_UID], uid);
	page_put(rows->columns[CHANGE_FLAGS], flags);
	page_put(rows->columns[CHANGE_MESSAGE], message);
}

static uint32_t mail_number(const struct page_data *data, uint64_t root)
{
	const struct model_mail *mail = model_mail_by_root(data->model, root);

	return mail == NULL ? 0 : mail->number;
}

/* As much of a message as the page has room for. */
static uint32_t text_of(struct mailbox_rows *rows, GBytes *bytes)
{
	gsize length;
	const char *text = g_bytes_get_data(bytes, &length);
	size_t shown = MIN(length, PAGE_MESSAGE_BYTES_MAX);

	if (rows->message_bytes + shown > PAGE_MESSAGES_BYTES)
		return 0;
	rows->message_bytes += shown;
	return page_text_bytes(rows->data, text, shown);
}

/* Subject, from, bytes in all, date, mail number, text. */
static uint32_t message_of(struct mailbox_rows *rows, const struct mailbox_message *message)
{
	gpointer number = g_hash_table_lookup(rows->messages, message->bytes);
	struct page_data *data = rows->data;

	if (number != NULL)
		return GPOINTER_TO_UINT(number);
	number = GUINT_TO_POINTER(g_hash_table_size(rows->messages) + 1);
	g_hash_table_insert(rows->messages, g_bytes_ref(message->bytes), number);
	g_string_append_printf(rows->message_list, "%s[%u,%u,%zu,%" G_GINT64_FORMAT ",%u,%u]",
			       rows->message_list->len > 0 ? "," : "",
			       page_text(data, message->subject), page_text(data, message->from),
			       g_bytes_get_size(message->bytes), message->internal_date,
			       mail_number(data, message->root), text_of(rows, message->bytes));
	return GPOINTER_TO_UINT(number);
}

static uint32_t flags_of(struct mailbox_rows *rows, uint32_t flags)
{
	g_autoptr(GString) text = g_string_new(NULL);

	mailbox_flags_append(text, flags);
	return page_text_take(rows->data, text);
}

/* The index of a mailbox, which is told of when it is new. */
static uint32_t mailbox_of(struct mailbox_rows *rows, const struct mailbox_state *mailbox)
{
	gpointer number = g_hash_table_lookup(rows->indexes, &mailbox->id);
	uint32_t index = g_hash_table_size(rows->indexes);

	if (number != NULL)
		return GPOINTER_TO_UINT(number) - 1;
	g_hash_table_insert(rows->indexes, g_memdup2(&mailbox->id, sizeof mailbox->id),
			    GUINT_TO_POINTER(index + 1));
	g_string_append_printf(rows->mailbox_list, "%s[%u,%u]", index > 0 ? "," : "", mailbox->node,
			       page_text(rows->data, mailbox->owner));
	return index;
}

/* What the record changed: one message, or the mailbox itself. */
static void tell_message(struct mailbox_rows *rows, const struct mailbox_state *mailbox,
			 uint32_t index)
{
	uint32_t uid = (uint32_t)rows->record->before;

	for (guint i = mailbox->messages->len; i > 0; i--) {
		const struct mailbox_message *message = mailbox->messages->pdata[i - 1];

		if (message->uid != uid)
			continue;
		add_change(rows, index, uid, flags_of(rows, message->flags),
			   message_of(rows, message));
		return;
	}
	add_change(rows, index, uid, 0, 0);
}

static void tell_change(struct mailbox_rows *rows)
{
	const struct mailbox_state *mailbox = mailboxes_find(rows->mailboxes, rows->record->object);
	gpointer number = g_hash_table_lookup(rows->indexes, &rows->record->object);

	if (mailbox == NULL) {
		if (number != NULL)
			add_change(rows, GPOINTER_TO_UINT(number) - 1, 0, 0, 0);
		return;
	}
	switch (rows->record->detail) {
	case MAILBOX_APPENDED:
	case MAILBOX_COPIED:
	case MAILBOX_FLAGS:
	case MAILBOX_EXPUNGED:
		tell_message(rows, mailbox, mailbox_of(rows, mailbox));
		break;
	default:
		add_change(rows, mailbox_of(rows, mailbox), 0, page_text(rows->data, mailbox->name),
			   1);
	}
}

static void tell_all(struct mailbox_rows *rows)
{
	const struct trace_store *store = history_store(rows->data->history);

	for (uint64_t i = 0; i < trace_store_count(store); i++) {
		rows->record = trace_store_record(store, i);
		rows->moment = i + 1;
		if (rows->record->kind != TRACE_MAILBOX)
			continue;
		mailboxes_feed(rows->mailboxes, rows->record,
			       trace_store_bytes(store, rows->record));
		tell_change(rows);
	}
}

void page_append_mailboxes(struct page_data *data)
{
	struct mailbox_rows rows = {
		.data = data,
		.mailboxes = mailboxes_new(),
		.indexes = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL),
		.messages = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
						  (GDestroyNotify)g_bytes_unref, NULL),
		.mailbox_list = g_string_new(NULL),
		.message_list = g_string_new(NULL),
	};

	for (unsigned i = 0; i < CHANGE_COLUMNS; i++)
		rows.columns[i] = page_numbers_new();
	tell_all(&rows);
	if (rows.message_bytes + PAGE_MESSAGE_BYTES_MAX > PAGE_MESSAGES_BYTES)
		g_string_append(data->omitted, "Not the text of every stored message. ");
	page_append_key(data->out, "mailboxes");
	g_string_append_printf(data->out, "[%s]", rows.mailbox_list->str);
	page_append_key(data->out, "messages");
	g_string_append_printf(data->out, "[%s]", rows.message_list->str);
	page_append_key(data->out, "changes");
	page_append_columns(data->out, change_keys, rows.columns, CHANGE_COLUMNS,
			    1 << CHANGE_MOMENT | 1 << CHANGE_TIME);
	g_string_free(rows.mailbox_list, TRUE);
	g_string_free(rows.message_list, TRUE);
	g_hash_table_destroy(rows.indexes);
	g_hash_table_destroy(rows.messages);
	mailboxes_free(rows.mailboxes);
}
