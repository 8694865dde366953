/* The layers above the stack that trace records name, and the details all mail programs share. */
#pragma once
#include "stack/layer.h"

enum protocol_layer {
	LAYER_DNS = LAYER_STACK_COUNT,
	LAYER_SMTP,
	LAYER_POP3,
	LAYER_IMAP,
	LAYER_HTTP,
	LAYER_TLS,
	LAYER_MAIL, /* messages, queues and mailboxes: MUA, MSA, MTA, MDA */
	LAYER_COUNT,
};

/*
 * Details of TRACE_MAIL records: stations in a message's life. Their `root` is the message: the
 * id of the user action that composed it, or of the record that started it (a notification). Their `actor`
 * is who did it. Several texts in the bytes have NULs between them; behind those named here come
 * facts, each "name=value" (protocols/mail/names.h).
 */
enum mail_detail {
	MAIL_COMPOSED, /* MUA; bytes: the whole message */
	MAIL_OUTBOX,   /* MUA keeps it until it is online; bytes: the message */
	MAIL_CONNECTS, /* MUA or MTA has a connection to a server; bytes: "host[address]:port" */
	MAIL_SUBMITS,  /* MUA begins its transaction; bytes: the server; facts: from, to, size */
	MAIL_ARRIVED, /* MSA or MTA has all of it, and has not taken it yet; bytes: protocol, client;
	                  facts: from, to, size, login */
	MAIL_CHECKED, /* a stage looked at it: the server's own policy, or its screening; before: enum
	                     screen_verdict; after: enum screen_action, what was done; bytes: stage,
	                     evidence */
	MAIL_SUBMITTED, /* MSA accepted it; bytes: queue id */
	MAIL_SIGNED,    /* MSA signed it by DKIM; bytes: "d=domain; s=selector; a=algorithm" */
	MAIL_QUEUED,    /* MTA put it into its queue; bytes: queue id, recipient */
	MAIL_POLICY, /* MTA knows which TLS the domain wants (MTA-STS, RFC 8461), or where an exchanger
	                     is not so; bytes: recipient-domain; facts: mode, id, source, trouble;
	                     exchanger, violation */
	MAIL_LOOKED_UP, /* MTA knows the next host; bytes: "recipient-domain exchanger"; fact:
	                     preference */
	MAIL_UNPROTECTED, /* MTA goes on without TLS, because it could not be started (RFC 7435); bytes:
	                     the server; fact: reason */
	MAIL_TRANSFERS,   /* MTA begins its transaction with it; as MAIL_SUBMITS */
	MAIL_RECEIVED,    /* MTA accepted it from another server; bytes: queue id */
	MAIL_TRANSFERRED, /* another server took it; bytes: recipient; facts: server, reply */
	MAIL_DEFERRED, /* tried in vain, will be tried again; after: next try in ns; before: 1, in
	                  a client's outbox; bytes: reason */
	MAIL_BOUNCED,  /* given up; bytes: recipient, reason */
	MAIL_NOTIFIED, /* a delivery status notification, or a report, was made; bytes: the whole
	                  message */
	MAIL_DELIVERED, /* MDA put it into a mailbox; bytes: recipient; after: UID; facts: mailbox, uid */
	MAIL_DUPLICATE, /* MDA recognised a second delivery and dropped it; bytes: recipient */
	MAIL_RETRIEVED, /* a client has its bytes; before: by which layer (POP3, IMAP); after: UID, or its
	                   number in the maildrop; bytes: the whole message as received */
	MAIL_READ,    /* a user reads it */
	MAIL_DELETED, /* gone from the server at a client's wish */
	MAIL_REFUSED, /* a server would not take it; bytes: the reply */
	/*
	 * What an IMAP client shows of a folder on the server, as it learns of it. `root` is what
	 * made it learn; which message it is says the Message-ID. bytes: folder, NUL, Message-ID.
	 */
	MAIL_LISTED,     /* the folder's list has it now */
	MAIL_SHOWN_READ, /* it is shown as read, on this device or another */
	MAIL_UNLISTED, /* the list has it no longer: deleted or moved, here or on another device */
	MAIL_DETAIL_COUNT,
};

/* Details of LAYER_USER records: what a person does, and what comes of it. */
enum user_detail {
	USER_ACTS, /* ACTION; after: enum user_verb; bytes: the action in words */
	USER_DONE, /* STATE: an action ended; object: the ACTION record; after: 0 it succeeded,
	                   1 it failed; bytes: the outcome in words */
	USER_PING_DONE, /* STATE: a ping ended, or was answered again; before: the address; after: enum user_ping;
	                   bytes: the target as it was named, and the time it took */
	USER_DIG_DONE, /* STATE: a question ended; before: record type; after: 0 found, 1 no such
	                   name, 2 no such data, 3 failed, 4 a referral to other servers; bytes: name,
	                   then each datum (of a referral: each server; of a failure: the status that
	                   the server answered, if any), NULs between */
	USER_RETRIES,  /* STATE: an action could not go on and is tried again, or by another way at
	                   once; object: the ACTION record; after: when in ns; bytes: what went wrong */
	USER_HEARD,    /* STATE: a line came to a terminal; object: the ACTION record; bytes: it */
	USER_DETAIL_COUNT,
};

/* What a person does. */
enum user_verb {
	USER_SENDS = 1,
	USER_ANSWERS,
	USER_CHECKS,
	USER_READS,
	USER_DELETES,
	USER_MOVES,
	USER_SEARCHES,
	USER_GOES_ONLINE,
	USER_GOES_OFFLINE,
	USER_BACKS_UP,
	USER_RESTORES,
	USER_CRASHES, /* the program does */
	USER_LOSES_DISK,
	USER_PINGS,
	USER_DIGS,
	USER_CUTS,
	USER_MENDS,
	USER_TALKS, /* by telnet */
};

enum user_ping { USER_PING_ANSWERED, USER_PING_LOST, USER_PING_UNREACHABLE, USER_PING_DUPLICATE };

/* Details of TRACE_PHASE records of mail sessions, client and server side alike. */
enum session_phase {
	PHASE_CONNECT,       /* the connection is being opened */
	PHASE_SECURED,       /* TLS protects it from here on */
	PHASE_GREETED,       /* both sides know each other's names and capabilities */
	PHASE_AUTHENTICATED, /* the user is known */
	PHASE_RECIPIENT,     /* SMTP: the recipient is confirmed */
	PHASE_TRANSFER,      /* SMTP: the message crosses */
	PHASE_RETRIEVE,      /* POP3, IMAP: messages cross */
	PHASE_DELETE,        /* POP3: messages are marked and removed */
	PHASE_ONLINE,        /* IMAP: stays connected, fetches on demand */
	PHASE_QUIT,          /* the session ends in order */
	PHASE_FAILED,        /* or not */
	PHASE_COUNT,
};

/* The tables of the layers above, in that order. */
extern const struct layer_names *const protocol_layer_names[];
extern const unsigned protocol_layer_names_count;
