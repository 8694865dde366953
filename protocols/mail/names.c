#include "protocols/mail/names.h"

#include <glib.h>

static const char *const details[] = {
	[MAIL_COMPOSED] = "composed",
	[MAIL_OUTBOX] = "kept in the outbox",
	[MAIL_SUBMITTED] = "submitted",
	[MAIL_CHECKED] = "checked",
	[MAIL_SIGNED] = "signed",
	[MAIL_QUEUED] = "queued",
	[MAIL_LOOKED_UP] = "exchanger looked up",
	[MAIL_RECEIVED] = "received",
	[MAIL_TRANSFERRED] = "transferred",
	[MAIL_DEFERRED] = "deferred",
	[MAIL_BOUNCED] = "bounced",
	[MAIL_NOTIFIED] = "notification made",
	[MAIL_DELIVERED] = "delivered",
	[MAIL_DUPLICATE] = "second delivery dropped",
	[MAIL_RETRIEVED] = "retrieved",
	[MAIL_READ] = "read",
	[MAIL_DELETED] = "deleted from the server",
	[MAIL_REFUSED] = "refused",
	[MAIL_LISTED] = "listed",
	[MAIL_SHOWN_READ] = "shown as read",
	[MAIL_UNLISTED] = "no longer listed",
	[MAILBOX_CREATED] = "mailbox created",
	[MAILBOX_REMOVED] = "mailbox removed",
	[MAILBOX_RENAMED] = "mailbox renamed",
	[MAILBOX_SUBSCRIBED] = "subscription changed",
	[MAILBOX_APPENDED] = "message appended",
	[MAILBOX_COPIED] = "message copied",
	[MAILBOX_FLAGS] = "flags changed",
	[MAILBOX_EXPUNGED] = "message expunged",
	[MAILBOX_GRANTED] = "rights changed",
};

struct bytes mail_record_message_id(unsigned detail, struct bytes bytes)
{
	size_t folder = 0;

	if (detail != MAIL_LISTED && detail != MAIL_SHOWN_READ && detail != MAIL_UNLISTED)
		return (struct bytes) { NULL, 0 };
	while (folder < bytes.length && bytes.data[folder] != '\0')
		folder++;
	return bytes_from(bytes, MIN(folder + 1, bytes.length));
}

const struct layer_names mail_layer_names = {
	.layer = LAYER_MAIL,
	.name = "Mail",
	.key = "mail",
	.details = details,
	.detail_count = MAILBOX_DETAIL_COUNT,
};

const char *const session_phase_names[] = {
	[PHASE_CONNECT] = "connect",
	[PHASE_SECURED] = "secured",
	[PHASE_GREETED] = "greeted",
	[PHASE_AUTHENTICATED] = "authenticated",
	[PHASE_RECIPIENT] = "recipient confirmed",
	[PHASE_TRANSFER] = "transfer",
	[PHASE_RETRIEVE] = "retrieve",
	[PHASE_DELETE] = "delete",
	[PHASE_ONLINE] = "online",
	[PHASE_QUIT] = "quit",
	[PHASE_FAILED] = "failed",
};
