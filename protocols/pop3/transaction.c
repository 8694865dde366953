/* The TRANSACTION and UPDATE states of a POP3 server: the maildrop and what is sent of it. */
#include "protocols/pop3/private.h"

void pop3_load(struct pop3_session *session)
{
	struct mailbox *inbox = account_find_mailbox(session->account, "INBOX");

	for (unsigned i = 0; i < inbox->entries->len; i++) {
		struct mailbox_entry *entry = g_ptr_array_index(inbox->entries, i);
		struct pop3_entry copy = {
			.message = message_reference(entry->message),
			.uid = entry->uid,
		};

		mailbox_take_recent(entry);
		g_array_append_val(session->maildrop, copy);
	}
}

static struct pop3_entry *entry_at(struct pop3_session *session, unsigned index)
{
	return &g_array_index(session->maildrop, struct pop3_entry, index);
}

static size_t entry_bytes(const struct pop3_entry *entry)
{
	return message_bytes(entry->message).length;
}

/* Becomes \Seen what was fetched, goes what was marked. A message that is gone already is fine. */
unsigned pop3_update(struct pop3_session *session)
{
	struct mailbox *inbox = account_find_mailbox(session->account, "INBOX");
	unsigned removed = 0;

	for (unsigned i = 0; i < session->maildrop->len; i++) {
		struct pop3_entry *each = entry_at(session, i);
		struct mailbox_entry *entry = mailbox_find(inbox, each->uid, NULL);

		if (entry == NULL)
			continue;
		if (each->is_deleted) {
			session_note(&session->base, &(struct note) {
							 .kind = TRACE_MAIL,
							 .detail = MAIL_DELETED,
							 .root = each->message->root,
						     });
			mailbox_expunge(inbox, entry);
			removed++;
		} else if (each->is_retrieved && !(entry->flags & MAILBOX_SEEN)) {
			mailbox_set_flags(inbox, entry, entry->flags | MAILBOX_SEEN,
					  entry->keywords, NULL);
		}
	}
	return removed;
}

void pop3_stat(struct pop3_session *session, const char *argument)
{
	unsigned count = 0;
	uint64_t bytes = 0;

	(void)argument;
	for (unsigned i = 0; i < session->maildrop->len; i++) {
		const struct pop3_entry *entry = entry_at(session, i);

		if (entry->is_deleted)
			continue;
		count++;
		bytes += entry_bytes(entry);
	}
	pop3_ok(session, "%u %" G_GUINT64_FORMAT, count, bytes);
}

/* Reads the number at the front of `*argument`, moves behind it and the spaces that follow. */
static bool read_number(const char **argument, uint64_t *number)
{
	char *end;

	if (!g_ascii_isdigit(**argument))
		return false;
	*number = g_ascii_strtoull(*argument, &end, 10);
	if (*end != '\0' && *end != ' ')
		return false;
	*argument = end + strspn(end, " ");
	return true;
}

/* The message whose number is at the front of `*argument`; NULL: the client was told why not. */
static struct pop3_entry *read_entry(struct pop3_session *session, const char **argument)
{
	uint64_t number;
	const char *text = *argument;

	if (!read_number(argument, &number)) {
		pop3_err(session, "Invalid message number: %s", text);
		return NULL;
	}
	if (number == 0 || number > session->maildrop->len) {
		pop3_err(session, "There's no message %" G_GUINT64_FORMAT ".", number);
		return NULL;
	}
	struct pop3_entry *entry = entry_at(session, (unsigned)number - 1);
	if (entry->is_deleted) {
		pop3_err(session, "Message is deleted.");
		return NULL;
	}
	return entry;
}

/* The same when nothing may follow the number. */
static struct pop3_entry *read_only_entry(struct pop3_session *session, const char *argument)
{
	struct pop3_entry *entry = read_entry(session, &argument);

	if (entry != NULL && argument[0] != '\0') {
		pop3_err(session, "Noise after message number: %s", argument);
		return NULL;
	}
	return entry;
}

/* Writes "number text" of each message that is not deleted, and the dot (RFC 1939 section 3). */
static void write_listing(struct pop3_session *session,
			  void (*write)(struct pop3_session *session, unsigned number,
					const struct pop3_entry *entry))
{
	uint64_t from = session->base.produced_bytes;

	for (unsigned i = 0; i < session->maildrop->len; i++)
		if (!entry_at(session, i)->is_deleted)
			write(session, i + 1, entry_at(session, i));
	session_write(&session->base, bytes_of(".\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
}

static unsigned number_of(struct pop3_session *session, const struct pop3_entry *entry)
{
	return (unsigned)(entry - entry_at(session, 0)) + 1;
}

static void write_size(struct pop3_session *session, unsigned number,
		       const struct pop3_entry *entry)
{
	session_printf(&session->base, "%u %zu\r\n", number, entry_bytes(entry));
}

void pop3_list(struct pop3_session *session, const char *argument)
{
	if (argument[0] != '\0') {
		const struct pop3_entry *entry = read_only_entry(session, argument);

		if (entry != NULL)
			pop3_ok(session, "%u %zu", number_of(session, entry), entry_bytes(entry));
		return;
	}

	unsigned count = 0;
	for (unsigned i = 0; i < session->maildrop->len; i++)
		count += !entry_at(session, i)->is_deleted;
	pop3_ok(session, "%u messages:", count);
	write_listing(session, write_size);
}

/* UID and UIDVALIDITY: the same for ever, and for no other message (RFC 1939 section 7). */
static void print_unique_id(const struct pop3_session *session, const struct pop3_entry *entry,
			    char out[17])
{
	const struct mailbox *inbox = account_find_mailbox(session->account, "INBOX");

	g_snprintf(out, 17, "%08x%08x", entry->uid, inbox->uid_validity);
}

static void write_unique_id(struct pop3_session *session, unsigned number,
			    const struct pop3_entry *entry)
{
	char id[17];

	print_unique_id(session, entry, id);
	session_printf(&session->base, "%u %s\r\n", number, id);
}

void pop3_uidl(struct pop3_session *session, const char *argument)
{
	if (argument[0] != '\0') {
		const struct pop3_entry *entry = read_only_entry(session, argument);
		char id[17];

		if (entry == NULL)
			return;
		print_unique_id(session, entry, id);
		pop3_ok(session, "%u %s", number_of(session, entry), id);
		return;
	}
	pop3_ok(session, "%s", "");
	write_listing(session, write_unique_id);
}

static bool ends_line(struct bytes line)
{
	return line.length >= 2 && memcmp(line.data + line.length - 2, "\r\n", 2) == 0;
}

/* A piece of a message on its way out, and whether a dot goes in front (RFC 1939 section 3). */
struct piece {
	struct bytes bytes;
	bool is_stuffed;
};

static struct piece next_line(struct pop3_transfer *transfer)
{
	const uint8_t *feed = bytes_find_byte(transfer->rest, '\n');
	size_t length =
	    feed != NULL ? (size_t)(feed - transfer->rest.data) + 1 : transfer->rest.length;
	struct bytes line = bytes_first(transfer->rest, length);
	struct piece piece = { line, transfer->is_after_crlf && line.data[0] == '.' };

	transfer->rest = bytes_from(transfer->rest, length);
	transfer->is_after_crlf = ends_line(line);
	if (!transfer->is_in_body)
		transfer->is_in_body = length == 2 && transfer->is_after_crlf;
	else if (transfer->lines != UINT64_MAX)
		transfer->lines--;
	if (transfer->is_in_body && transfer->lines == 0)
		transfer->rest = (struct bytes) { NULL, 0 };
	return piece;
}

/* What follows the last line; a message that does not end in CRLF gets one. */
static const char *ending(const struct pop3_transfer *transfer)
{
	return transfer->is_after_crlf ? ".\r\n" : "\r\n.\r\n";
}

/* How many bytes the transfer will take on the wire, with the final dot. */
static uint64_t wire_bytes(struct pop3_transfer transfer)
{
	uint64_t bytes = 0;

	while (transfer.rest.length > 0) {
		struct piece piece = next_line(&transfer);

		bytes += piece.bytes.length + piece.is_stuffed;
	}
	return bytes + strlen(ending(&transfer));
}

void pop3_transfer_more(struct pop3_session *session)
{
	struct session *base = &session->base;
	struct pop3_transfer *transfer = &session->transfer;

	while (transfer->rest.length > 0) {
		if (base->output != NULL && base->output->len >= SESSION_OUTPUT_LOW) {
			base->is_busy = true;
			return;
		}
		struct piece piece = next_line(transfer);

		if (piece.is_stuffed)
			session_write(base, bytes_of("."));
		session_write(base, piece.bytes);
	}
	session_write(base, bytes_of(ending(transfer)));
	base->is_busy = false;
}

/* The unit is noted first, for what goes out from now on belongs to the message. */
static void start_transfer(struct pop3_session *session, const struct pop3_entry *entry,
			   uint64_t lines)
{
	session->transfer = (struct pop3_transfer) {
		.rest = message_bytes(entry->message),
		.lines = lines,
		.is_after_crlf = true,
	};
	session_note(&session->base, &(struct note) {
					 .kind = TRACE_UNIT,
					 .detail = POP3_MESSAGE,
					 .before = session->base.produced_bytes,
					 .after = wire_bytes(session->transfer),
					 .root = entry->message->root,
				     });
	pop3_transfer_more(session);
}

void pop3_retr(struct pop3_session *session, const char *argument)
{
	struct pop3_entry *entry = read_only_entry(session, argument);

	if (entry == NULL || !pop3_may_send(session, entry))
		return;
	if (!session->has_retrieved)
		pop3_phase(session, PHASE_RETRIEVE);
	session->has_retrieved = true;
	entry->is_retrieved = true;
	pop3_ok(session, "%zu octets", entry_bytes(entry));
	start_transfer(session, entry, UINT64_MAX);
}

void pop3_top(struct pop3_session *session, const char *argument)
{
	struct pop3_entry *entry = read_entry(session, &argument);
	const char *text = argument;
	uint64_t lines;

	if (entry == NULL)
		return;
	if (!read_number(&argument, &lines) || argument[0] != '\0') {
		pop3_err(session, "Invalid line count: %s", text);
		return;
	}
	if (!pop3_may_send(session, entry))
		return;
	pop3_ok(session, "%s", "");
	start_transfer(session, entry, MIN(lines, UINT64_MAX - 1));
}

void pop3_dele(struct pop3_session *session, const char *argument)
{
	struct pop3_entry *entry = read_only_entry(session, argument);

	if (entry == NULL)
		return;
	if (!session->has_deleted)
		pop3_phase(session, PHASE_DELETE);
	session->has_deleted = true;
	entry->is_deleted = true;
	pop3_ok(session, "Marked to be deleted.");
}

void pop3_rset(struct pop3_session *session, const char *argument)
{
	(void)argument;
	for (unsigned i = 0; i < session->maildrop->len; i++) {
		entry_at(session, i)->is_deleted = false;
		entry_at(session, i)->is_retrieved = false;
	}
	pop3_ok(session, "%s", "");
}
