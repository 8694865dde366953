#include "protocols/mail/names.h"

#include <glib.h>

static const char *const details[] = {
	[MAIL_COMPOSED] = "composed",
	[MAIL_OUTBOX] = "kept in the outbox",
	[MAIL_CONNECTS] = "connected to",
	[MAIL_SUBMITS] = "submits",
	[MAIL_ARRIVED] = "arrived",
	[MAIL_CHECKED] = "checked",
	[MAIL_SUBMITTED] = "submitted",
	[MAIL_SIGNED] = "signed",
	[MAIL_QUEUED] = "queued",
	[MAIL_POLICY] = "MTA-STS policy of",
	[MAIL_LOOKED_UP] = "exchanger looked up",
	[MAIL_UNPROTECTED] = "goes on without TLS to",
	[MAIL_TRANSFERS] = "transfers",
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

/* What each station is on a message's way, and what the texts in its bytes are. */
static const struct {
	enum mail_step step;
	const char *texts[MAIL_TEXTS_MAX]; /* names; NULL behind the last */
} stations[MAIL_DETAIL_COUNT] = {
	[MAIL_COMPOSED] = {STEP_COMPOSE,    { NULL }                   },
	[MAIL_CONNECTS] = { STEP_CONNECT,   { "server" }               },
	[MAIL_SUBMITS] = { STEP_SUBMIT,    { "server" }               },
	[MAIL_ARRIVED] = { STEP_RECEIVE,   { "protocol", "client" }   },
	[MAIL_CHECKED] = { STEP_CHECK,     { "check", "evidence" }    },
	[MAIL_SUBMITTED] = { STEP_ACCEPT,    { "queue-id" }             },
	[MAIL_RECEIVED] = { STEP_ACCEPT,    { "queue-id" }             },
	[MAIL_QUEUED] = { STEP_QUEUE,     { "queue-id", "recipient" }},
	[MAIL_POLICY] = { STEP_NONE,      { "domain" }               },
	[MAIL_LOOKED_UP] = { STEP_LOOK_UP,   { "exchanger" }            },
	[MAIL_UNPROTECTED] = { STEP_NONE,      { "server" }               },
	[MAIL_TRANSFERS] = { STEP_TRANSFER,  { "server" }               },
	[MAIL_TRANSFERRED] = { STEP_HAND_OVER, { "recipient" }            },
	[MAIL_DEFERRED] = { STEP_NONE,      { "reason" }               },
	[MAIL_BOUNCED] = { STEP_NONE,      { "recipient", "reason" }  },
	[MAIL_NOTIFIED] = { STEP_COMPOSE,   { NULL }                   },
	[MAIL_DELIVERED] = { STEP_DELIVER,   { "recipient" }            },
	[MAIL_DUPLICATE] = { STEP_NONE,      { "recipient" }            },
	[MAIL_RETRIEVED] = { STEP_READ,      { NULL }                   },
	[MAIL_REFUSED] = { STEP_NONE,      { "reply" }                },
	[MAIL_LISTED] = { STEP_NONE,      { "folder", "message-id" } },
	[MAIL_SHOWN_READ] = { STEP_NONE,      { "folder", "message-id" } },
	[MAIL_UNLISTED] = { STEP_NONE,      { "folder", "message-id" } },
};

const char *const mail_step_names[STEP_COUNT] = {
	[STEP_NONE] = "",
	[STEP_COMPOSE] = "compose",
	[STEP_CONNECT] = "connect",
	[STEP_SUBMIT] = "submit",
	[STEP_RECEIVE] = "receive",
	[STEP_CHECK] = "check",
	[STEP_ACCEPT] = "accept",
	[STEP_QUEUE] = "queue",
	[STEP_LOOK_UP] = "look up",
	[STEP_TRANSFER] = "transfer",
	[STEP_HAND_OVER] = "hand over",
	[STEP_DELIVER] = "deliver",
	[STEP_READ] = "read",
};

enum mail_step mail_step_of(unsigned detail)
{
	return detail < MAIL_DETAIL_COUNT ? stations[detail].step : STEP_NONE;
}

bool mail_record_holds_message(unsigned detail)
{
	return detail == MAIL_COMPOSED || detail == MAIL_OUTBOX || detail == MAIL_NOTIFIED ||
	       detail == MAIL_RETRIEVED;
}

static bool holds_texts(unsigned detail)
{
	return detail < MAIL_DETAIL_COUNT && !mail_record_holds_message(detail);
}

void mail_facts_begin(struct mail_facts *facts, unsigned detail, struct bytes bytes)
{
	*facts = (struct mail_facts) {
		.detail = detail,
		.rest = holds_texts(detail) ? bytes : (struct bytes) {NULL, 0},
	};
}

/* A fact is cut at its first '='; a text has its name from the table. */
bool mail_facts_next(struct mail_facts *facts)
{
	const uint8_t *end;
	struct bytes piece;

	if (facts->rest.length == 0)
		return false;
	end = bytes_find_byte(facts->rest, '\0');
	piece = bytes_first(facts->rest,
			    end == NULL ? facts->rest.length : (size_t)(end - facts->rest.data));
	facts->rest = bytes_from(facts->rest, MIN(piece.length + 1, facts->rest.length));
	facts->is_fact =
	    facts->count == MAIL_TEXTS_MAX || stations[facts->detail].texts[facts->count] == NULL;
	if (!facts->is_fact) {
		facts->name = bytes_of(stations[facts->detail].texts[facts->count++]);
		facts->value = piece;
		return true;
	}
	const uint8_t *equals = bytes_find_byte(piece, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - piece.data);

	facts->name = bytes_first(piece, length);
	facts->value = equals == NULL ? piece : bytes_from(piece, length + 1);
	return true;
}

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
