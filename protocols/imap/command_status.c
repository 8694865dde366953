/* STATUS (RFC 3501 section 6.3.10; SIZE RFC 8438, HIGHESTMODSEQ RFC 7162, DELETED RFC 9051 and 9208). */
#include "protocols/imap/envelope.h"
#include "protocols/imap/status.h"

enum item {
	STATUS_MESSAGES,
	STATUS_RECENT,
	STATUS_UIDNEXT,
	STATUS_UIDVALIDITY,
	STATUS_UNSEEN,
	STATUS_HIGHESTMODSEQ,
	STATUS_SIZE,
	STATUS_DELETED,
	STATUS_DELETED_STORAGE,
	STATUS_ITEM_COUNT,
};

/* In the order in which they are answered, each with the capability that has it. */
static const struct {
	const char *name;
	enum imap_capability needs;
} items[STATUS_ITEM_COUNT] = {
	[STATUS_MESSAGES] = {"MESSAGES",         IMAP_CAN_REV1         },
	[STATUS_RECENT] = { "RECENT",          IMAP_CAN_REV1         },
	[STATUS_UIDNEXT] = { "UIDNEXT",         IMAP_CAN_REV1         },
	[STATUS_UIDVALIDITY] = { "UIDVALIDITY",     IMAP_CAN_REV1         },
	[STATUS_UNSEEN] = { "UNSEEN",          IMAP_CAN_REV1         },
	[STATUS_HIGHESTMODSEQ] = { "HIGHESTMODSEQ",   IMAP_CAN_CONDSTORE    },
	[STATUS_SIZE] = { "SIZE",            IMAP_CAN_STATUS_SIZE  },
	[STATUS_DELETED] = { "DELETED",         IMAP_CAN_REV2         },
	[STATUS_DELETED_STORAGE] = { "DELETED-STORAGE", IMAP_CAN_QUOTA_STORAGE},
};

static bool parse_item(struct imap_session *session, struct imap_parser *parser, unsigned *set)
{
	struct bytes name;

	if (!imap_parse_atom(parser, &name))
		return false;
	for (unsigned i = 0; i < STATUS_ITEM_COUNT; i++) {
		if (!imap_is(name, items[i].name) || !imap_offers(session, items[i].needs))
			continue;
		*set |= 1u << i;
		if (i == STATUS_HIGHESTMODSEQ)
			imap_enable_condstore(session);
		return true;
	}
	return imap_parser_fail(parser, "Invalid status item");
}

bool imap_parse_status_items(struct imap_session *session, struct imap_parser *parser,
			     unsigned *set)
{
	if (!imap_parse_space(parser) || !imap_parse_char(parser, '('))
		return false;
	do {
		if (!parse_item(session, parser, set))
			return false;
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

/* What has to be counted message by message. */
struct counts {
	unsigned unseen, recent, deleted;
	uint64_t deleted_bytes;
};

static struct counts count(const struct mailbox *mailbox)
{
	struct counts counts = { 0 };

	for (unsigned i = 0; i < mailbox->entries->len; i++) {
		const struct mailbox_entry *entry = g_ptr_array_index(mailbox->entries, i);

		counts.unseen += (entry->flags & MAILBOX_SEEN) == 0;
		counts.recent += (entry->flags & MAILBOX_RECENT) != 0;
		if ((entry->flags & MAILBOX_DELETED) == 0)
			continue;
		counts.deleted++;
		counts.deleted_bytes += message_bytes(entry->message).length;
	}
	return counts;
}

static uint64_t value_of(const struct mailbox *mailbox, const struct counts *counts, enum item item)
{
	switch (item) {
	case STATUS_MESSAGES:
		return mailbox->entries->len;
	case STATUS_RECENT:
		return counts->recent;
	case STATUS_UIDNEXT:
		return mailbox->uid_next;
	case STATUS_UIDVALIDITY:
		return mailbox->uid_validity;
	case STATUS_UNSEEN:
		return counts->unseen;
	case STATUS_HIGHESTMODSEQ:
		return mailbox->modseq;
	case STATUS_SIZE:
		return mailbox->bytes;
	case STATUS_DELETED:
		return counts->deleted;
	case STATUS_DELETED_STORAGE:
		return counts->deleted_bytes;
	case STATUS_ITEM_COUNT:
		break;
	}
	g_assert_not_reached();
}

void imap_print_status(GString *out, struct imap_session *session, const char *name,
		       const struct mailbox *mailbox, unsigned set)
{
	struct counts counts = count(mailbox);
	char *wire = imap_encode_name(session, name);
	char separator = '(';

	g_string_append(out, "* STATUS ");
	imap_print_astring(out, wire);
	g_string_append_c(out, ' ');
	for (unsigned i = 0; i < STATUS_ITEM_COUNT; i++) {
		if (!(set & 1u << i))
			continue;
		g_string_append_printf(out, "%c%s %" G_GUINT64_FORMAT, separator, items[i].name,
				       value_of(mailbox, &counts, (enum item)i));
		separator = ' ';
	}
	g_string_append(out, ")\r\n");
	g_free(wire);
}

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
void imap_run_status(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	unsigned set = 0;
	struct mailbox *mailbox;

	if (!imap_parse_mailbox(session, parser, &name) ||
	    !imap_parse_status_items(session, parser, &set) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if ((mailbox = imap_find_mailbox(session, name)) == NULL) {
		imap_no_mailbox(session, "NONEXISTENT", name);
	} else if (imap_require(session, mailbox, RIGHT_READ)) {
		GString *text = g_string_new(NULL);

		imap_print_status(text, session, name, mailbox, set);
		imap_send_string(session, text);
		imap_ok(session, "Status completed.");
	}
	g_free(name);
}
