#include "app/scenario_table.h"
#include "protocols/layer.h"
#include "protocols/screening/names.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define DOES(verb)      (1u << DO_##verb)
#define EXPECTS(kind)   (1u << EXPECT_##kind)

#define WRITES          (DOES(SEND) | DOES(REPLY))
#define PICKS           (DOES(REPLY) | DOES(READ) | DOES(DELETE) | DOES(MOVE))
#define IN_FOLDER       (PICKS | DOES(SEARCH) | DOES(CHECK))
#define CABLES          (DOES(CUT) | DOES(MEND))
#define TARGETED        (DOES(PING) | DOES(TELNET))
#define BY_SOMEONE      (~CABLES & ((1u << DO_COUNT) - 1))

/* clang-format off */
static const struct word verb_words[] = {
	{ "send", DO_SEND, "write a message and send it" },
	{ "reply", DO_REPLY, "answer a message" },
	{ "check", DO_CHECK, "get mail: retrieve it (pop3) or see what is new (imap, webmail)" },
	{ "read", DO_READ, "read a message" },
	{ "delete", DO_DELETE, "delete a message" },
	{ "move", DO_MOVE, "move a message to another folder (imap, webmail)" },
	{ "search", DO_SEARCH, "look for messages: on the server (imap, webmail) or in the local store (pop3)" },
	{ "sign-in", DO_SIGN_IN, "sign in at the webmail site (any other action does it too, when it must)" },
	{ "sign-out", DO_SIGN_OUT, "sign out there" },
	{ "online", DO_ONLINE, "use the network from now on" },
	{ "offline", DO_OFFLINE, "use the network no longer" },
	{ "backup", DO_BACKUP, "copy the local store to another disk (pop3); no packet leaves the host" },
	{ "restore", DO_RESTORE, "put the last such copy in place of the local store (pop3)" },
	{ "crash", DO_CRASH, "the mail program ends without a word, its connections are reset; what is on disk stays, and the program is started again by `online`" },
	{ "lose-disk", DO_LOSE_DISK, "the disk dies with all the client has stored, its outbox too; a new one, and the program again, come with `online`" },
	{ "ping", DO_PING, "send ICMP echo requests" },
	{ "dig", DO_DIG, "ask a DNS server" },
	{ "cut", DO_CUT, "cut cables" },
	{ "mend", DO_MEND, "mend them" },
	{ "telnet", DO_TELNET, "say lines to a port by hand, each when the one before was answered" },
	{ NULL, 0, NULL },
};

static const struct word search_words[] = {
	{ "text", SEARCH_TEXT, "anywhere" },
	{ "subject", SEARCH_SUBJECT, NULL },
	{ "from", SEARCH_FROM, NULL },
	{ "to", SEARCH_TO, NULL },
	{ "body", SEARCH_BODY, NULL },
	{ NULL, 0, NULL },
};

static const struct word encoding_words[] = {
	{ "safe", ENCODING_SAFE, "quoted-printable or base64, which any server takes" },
	{ "8bit", ENCODING_8BIT, "as it is, which needs 8BITMIME" },
	{ NULL, 0, NULL },
};

static const struct word notify_words[] = {
	{ "usual", NOTIFY_USUAL, "of failures and delays" },
	{ "success", NOTIFY_SUCCESS, "of delivery too" },
	{ "never", NOTIFY_NEVER, "of nothing" },
	{ NULL, 0, NULL },
};

static const struct word characters_words[] = {
	{ "8-bit", CHARACTERS_8, "an octet each, as Internet protocols want it" },
	{ "16-bit", CHARACTERS_16, "two octets each, the high one first (UTF-16)" },
	{ NULL, 0, NULL },
};

static const struct key recipient_keys[] = {
	{ .name = "address", .type = KEY_MAIL, AT(scenario_recipient, address), .flags = KEY_REQUIRED,
	  .meaning = "A mail address; the part before the @ alone when only one account has it" },
};

const struct mapping recipient_mapping = {
	.title = "recipient", .article = "a recipient",
	.meaning = "A mail address; the part before the @ alone when only one account has it",
	.size = sizeof(struct scenario_recipient),
	.keys = recipient_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key attachment_keys[] = {
	{ .name = "file", .type = KEY_FILE, AT(scenario_attachment, file), .computed = "`text`",
	  .meaning = "A file in the folder of the scenario or below, at most 2 MB" },
	{ .name = "text", .type = KEY_TEXT, AT(scenario_attachment, text), .flags = KEY_MULTILINE,
	  .computed = "the file", .meaning = "What is attached, written here in place of a file; it needs a `name`" },
	{ .name = "name", .type = KEY_TEXT, AT(scenario_attachment, shown_name),
	  .computed = "the last part of the file's name", .meaning = "The name the reader sees" },
	{ .name = "type", .type = KEY_TEXT, AT(scenario_attachment, type),
	  .computed = "by the end of the file's name", .meaning = "Its MIME type" },
};

static const struct mapping attachment_mapping = {
	.title = "attachment", .article = "an attachment",
	.meaning = "A file that goes with a message; its name alone does",
	.size = sizeof(struct scenario_attachment),
	.keys = attachment_keys, .key_count = G_N_ELEMENTS(attachment_keys), .has_short_form = true,
};

static const struct key action_keys[] = {
	{ .name = "at", .type = KEY_TIME, AT(scenario_action, at_ns), .flags = KEY_REQUIRED,
	  .meaning = "When, after the beginning of the run" },
	{ .name = "every", .type = KEY_TIME, AT(scenario_action, every_ns), .computed = "once only",
	  .least = 1, .most = INT64_MAX, .meaning = "It is done again this often; needs `times`" },
	{ .name = "times", .type = KEY_COUNT, AT(scenario_action, times), .fallback = "1",
	  .least = 1, .most = 1000000, .meaning = "How many times in all" },
	{ .name = "who", .type = KEY_REFERENCE, AT(scenario_action, who),
	  .kinds = SCENARIO_CLIENT | SCENARIO_HOST | SCENARIO_ROUTER,
	  .variants = BY_SOMEONE, .required_in = BY_SOMEONE,
	  .meaning = "The client who does it; for ping, dig and telnet it may be a host, for ping a router" },
	{ .name = "do", .type = KEY_WORD, AT(scenario_action, verb), .words = verb_words,
	  .flags = KEY_REQUIRED, .meaning = "What is done" },
	{ .name = "from", .type = KEY_MAIL, AT(scenario_action, from), .variants = DOES(SEND),
	  .computed = "the address of the client's account", .meaning = "The address in the header field From: another one is a forgery" },
	{ .name = "mail-from", .type = KEY_MAIL, AT(scenario_action, mail_from), .variants = DOES(SEND),
	  .computed = "that of `from`", .meaning = "The reverse-path, which MAIL FROM names" },
	{ .name = "to", .type = KEY_LIST, AT(scenario_action, to), .mapping = &recipient_mapping,
	  .variants = DOES(SEND), .meaning = "Recipients" },
	{ .name = "cc", .type = KEY_LIST, AT(scenario_action, cc), .mapping = &recipient_mapping,
	  .variants = DOES(SEND), .meaning = "Recipients of copies" },
	{ .name = "bcc", .type = KEY_LIST, AT(scenario_action, bcc), .mapping = &recipient_mapping,
	  .variants = DOES(SEND), .meaning = "Recipients whom the others do not see" },
	{ .name = "unknown-recipients", .type = KEY_BOOL, AT(scenario_action, may_be_unknown), .fallback = "no",
	  .variants = DOES(SEND), .meaning = "Recipients may be unknown: a server shall find that out" },
	{ .name = "message", .type = KEY_TEXT, AT(scenario_action, message), .fallback = "newest",
	  .variants = PICKS, .meaning = "Which message: its subject, or `newest`, `oldest`, `all`" },
	{ .name = "subject", .type = KEY_TEXT, AT(scenario_action, subject), .variants = DOES(SEND),
	  .fallback = "(no subject)", .meaning = "The subject of the new message" },
	{ .name = "text", .type = KEY_TEXT, AT(scenario_action, text), .flags = KEY_MULTILINE, .variants = WRITES | DOES(TELNET),
	  .required_in = DOES(TELNET), .computed = "one made-up sentence", .meaning = "The text of the new message, or the lines that are said" },
	{ .name = "encoding", .type = KEY_WORD, AT(scenario_action, encoding), .words = encoding_words,
	  .fallback = "safe", .variants = WRITES, .meaning = "How text beyond ASCII goes into the message" },
	{ .name = "notify", .type = KEY_WORD, AT(scenario_action, notify), .words = notify_words,
	  .fallback = "usual", .variants = WRITES, .meaning = "Of what the sender wants to be notified (DSN), where servers can" },
	{ .name = "attach", .type = KEY_LIST, AT(scenario_action, attachments), .mapping = &attachment_mapping,
	  .variants = WRITES, .meaning = "Files that go with it" },
	{ .name = "reply-all", .type = KEY_BOOL, AT(scenario_action, answers_all), .fallback = "no",
	  .variants = DOES(REPLY), .meaning = "The answer goes to all recipients too" },
	{ .name = "folder", .type = KEY_TEXT, AT(scenario_action, folder), .fallback = "INBOX",
	  .variants = IN_FOLDER, .meaning = "The folder" },
	{ .name = "into", .type = KEY_TEXT, AT(scenario_action, into),
	  .variants = DOES(MOVE), .required_in = DOES(MOVE),
	  .meaning = "The folder that takes the message; the client makes it when there is none" },
	{ .name = "for", .type = KEY_TEXT, AT(scenario_action, search_for),
	  .variants = DOES(SEARCH), .required_in = DOES(SEARCH), .meaning = "The text looked for" },
	{ .name = "in", .type = KEY_WORD, AT(scenario_action, search_in), .words = search_words,
	  .fallback = "text", .variants = DOES(SEARCH), .meaning = "Where to look for it" },
	{ .name = "target", .type = KEY_TEXT, AT(scenario_action, target),
	  .variants = TARGETED, .required_in = TARGETED,
	  .meaning = "A host or router of the scenario, an IPv4 address, or a domain name to be looked up" },
	{ .name = "count", .type = KEY_COUNT, AT(scenario_action, count), .fallback = "4", .least = 1, .most = 65535,
	  .variants = DOES(PING), .meaning = "How many, one a second" },
	{ .name = "size", .type = KEY_SIZE, AT(scenario_action, payload_bytes), .fallback = "56B", .most = 65507,
	  .variants = DOES(PING), .meaning = "Bytes of payload" },
	{ .name = "name", .type = KEY_DOMAIN, AT(scenario_action, target),
	  .variants = DOES(DIG), .required_in = DOES(DIG), .meaning = "The domain name asked for" },
	{ .name = "type", .type = KEY_WORD, AT(scenario_action, record_type), .words = record_type_words,
	  .fallback = "A", .variants = DOES(DIG), .meaning = "The type of record asked for" },
	{ .name = "server", .type = KEY_REFERENCE, AT(scenario_action, server), .kinds = SCENARIO_HOST,
	  .variants = DOES(DIG), .computed = "the host's own resolver", .meaning = "The host whose DNS server is asked" },
	{ .name = "port", .type = KEY_COUNT, AT(scenario_action, port), .least = 1, .most = 65535,
	  .variants = DOES(TELNET), .required_in = DOES(TELNET), .meaning = "The port it connects to" },
	{ .name = "characters", .type = KEY_WORD, AT(scenario_action, characters), .words = characters_words,
	  .fallback = "8-bit", .variants = DOES(TELNET), .meaning = "How the lines are written" },
	{ .name = "link", .type = KEY_LINK, AT(scenario_action, link),
	  .variants = CABLES, .required_in = CABLES, .meaning = "Which cables" },
};

const struct mapping action_mapping = {
	.title = "action", .article = "an action",
	.meaning = "Something that a user does",
	.size = sizeof(struct scenario_action),
	.keys = action_keys, .key_count = G_N_ELEMENTS(action_keys),
	.has_variants = true, .variant_is_word = true,
	.variant_offset = offsetof(struct scenario_action, verb),
};

static const struct word station_words[] = {
	{ "composed", STATION_COMPOSED, "written in the client" },
	{ "submitted", STATION_SUBMITTED, "taken by the server of the sender" },
	{ "queued", STATION_QUEUED, "put into a server's queue" },
	{ "transferred", STATION_TRANSFERRED, "taken by another server" },
	{ "deferred", STATION_DEFERRED, "tried in vain, to be tried again" },
	{ "bounced", STATION_BOUNCED, "given up and returned" },
	{ "delivered", STATION_DELIVERED, "put into a mailbox" },
	{ "retrieved", STATION_RETRIEVED, "its bytes have reached a client" },
	{ "read", STATION_READ, "read by a user" },
	{ "deleted", STATION_DELETED, "deleted from the server" },
	{ "refused", STATION_REFUSED, "not taken by a server" },
	{ "listed", STATION_LISTED, "an IMAP client lists it, having asked or been told" },
	{ "shown-read", STATION_SHOWN_READ, "an IMAP client shows it as read, on whichever device that was done" },
	{ "unlisted", STATION_UNLISTED, "an IMAP client lists it no longer: it was deleted, or moved" },
	{ NULL, 0, NULL },
};

static const struct word outcome_words[] = {
	{ "established", OUTCOME_ESTABLISHED, NULL },
	{ "refused", OUTCOME_REFUSED, "the port is closed" },
	{ "reset", OUTCOME_RESET, "broken off later" },
	{ "timed-out", OUTCOME_TIMED_OUT, "no answer" },
	{ "unreachable", OUTCOME_UNREACHABLE, "an ICMP error came back" },
	{ NULL, 0, NULL },
};

static const struct word ping_words[] = {
	{ "answered", PING_ANSWERED, NULL },
	{ "lost", PING_LOST, "no answer" },
	{ "unreachable", PING_UNREACHABLE, "an ICMP error came back" },
	{ "duplicate", PING_DUPLICATE, "answered once more (`DUP!`)" },
	{ NULL, 0, NULL },
};

static const struct word answer_words[] = {
	{ "found", ANSWER_FOUND, NULL },
	{ "no-name", ANSWER_NO_NAME, "the name does not exist (NXDOMAIN)" },
	{ "no-data", ANSWER_NO_DATA, "the name has no record of the type" },
	{ "failed", ANSWER_FAILED, "no usable answer" },
	{ "referral", ANSWER_REFERRAL, "the server asked knows only which servers know more" },
	{ NULL, 0, NULL },
};

static const struct word step_words[] = {
	{ "compose", STEP_COMPOSE, "the MUA writes it; a server, a notification" },
	{ "connect", STEP_CONNECT, "the MUA or an MTA has a connection to the next server" },
	{ "submit", STEP_SUBMIT, "the MUA begins a transaction with the MSA" },
	{ "receive", STEP_RECEIVE, "the MSA or an MTA has all of it" },
	{ "check", STEP_CHECK, "and looks whether it may pass; evidence: what was found" },
	{ "accept", STEP_ACCEPT, "and takes responsibility for it" },
	{ "queue", STEP_QUEUE, "the MTA puts it into its queue, once for each recipient" },
	{ "look-up", STEP_LOOK_UP, "the MTA knows an exchanger of the recipient's domain" },
	{ "transfer", STEP_TRANSFER, "the MTA begins a transaction with the next MTA" },
	{ "hand-over", STEP_HAND_OVER, "that one has accepted it" },
	{ "deliver", STEP_DELIVER, "the MDA puts it into a mailbox" },
	{ "read", STEP_READ, "the MUA, or a webmail site, fetches it by POP3 or IMAP" },
	{ NULL, 0, NULL },
};

static const struct word actor_words[] = {
	{ "MUA", ACTOR_MUA, "mail user agent" },
	{ "MSA", ACTOR_MSA, "mail submission agent" },
	{ "MTA", ACTOR_MTA, "mail transfer agent" },
	{ "MDA", ACTOR_MDA, "mail delivery agent" },
	{ "mailbox", ACTOR_MAILBOX, "the store behind POP3 and IMAP" },
	{ "webmail", ACTOR_WEBMAIL, NULL },
	{ "browser", ACTOR_BROWSER, NULL },
	{ NULL, 0, NULL },
};

static const struct word stage_words[] = {
	{ "sender", SCREEN_SENDER, NULL },
	{ "greylist", SCREEN_GREYLIST, NULL },
	{ "virus", SCREEN_VIRUS, NULL },
	{ "content", SCREEN_CONTENT, NULL },
	{ "spam", SCREEN_SPAM, NULL },
	{ "spf", SCREEN_SPF, NULL },
	{ "dkim", SCREEN_DKIM, NULL },
	{ "dmarc", SCREEN_DMARC, NULL },
	{ NULL, 0, NULL },
};

static const struct word verdict_words[] = {
	{ "passed", SCREEN_PASSED, "nothing was found" },
	{ "failed", SCREEN_FAILED, "something was" },
	{ "skipped", SCREEN_SKIPPED, "the stage had nothing to say of it" },
	{ NULL, 0, NULL },
};

static const struct word screen_action_words[] = {
	{ "any", SCREEN_ACTION_COUNT, NULL },
	{ "accept", SCREEN_ACCEPT, "it went on" },
	{ "tag", SCREEN_TAG, "it went on, with header fields that tell" },
	{ "quarantine", SCREEN_QUARANTINE, "it went to Junk" },
	{ "defer", SCREEN_DEFER, "the client was told to come again" },
	{ "reject", SCREEN_REJECT, "it was refused" },
	{ NULL, 0, NULL },
};

static const struct word drop_words[] = {
	{ "any", DROP_ANY, NULL },
	{ "loss", DROP_LOSS, "an impairment took it" },
	{ "fcs", DROP_FCS, "a bad frame check sequence" },
	{ "checksum", DROP_CHECKSUM, "a bad checksum of IPv4, ICMP, UDP or TCP" },
	{ "queue", DROP_QUEUE, "a full queue" },
	{ "down", DROP_DOWN, "a cable that is cut or down" },
	{ "ttl", DROP_TTL, "the time to live ran out" },
	{ "no-route", DROP_NO_ROUTE, "no route" },
	{ "no-answer", DROP_NO_ANSWER, "nobody answered ARP" },
	{ "filter", DROP_FILTER, "a rule of a packet filter" },
	{ "nat", DROP_NAT, "it came from outside to an address that is translated, and nobody inside had asked for it" },
	{ "other", DROP_OTHER, NULL },
	{ NULL, 0, NULL },
};

static const struct word layer_words[] = {
	{ "ethernet", LAYER_ETHERNET, NULL },
	{ "arp", LAYER_ARP, NULL },
	{ "ipv4", LAYER_IPV4, NULL },
	{ "icmp", LAYER_ICMP, NULL },
	{ "udp", LAYER_UDP, NULL },
	{ "tcp", LAYER_TCP, NULL },
	{ "smtp", LAYER_SMTP, "its commands, replies and messages; likewise" },
	{ "pop3", LAYER_POP3, NULL },
	{ "imap", LAYER_IMAP, NULL },
	{ "http", LAYER_HTTP, NULL },
	{ "tls", LAYER_TLS, "its records, handshake and all" },
	{ NULL, 0, NULL },
};

static const struct word passage_words[] = {
	{ "any", PASSAGE_ANY, NULL },
	{ "put-on", PASSAGE_PUT_ON, "encapsulation; of an application: it was made" },
	{ "taken-off", PASSAGE_TAKEN_OFF, "decapsulation; of an application: it was read" },
	{ "passed-on", PASSAGE_PASSED_ON, "by a switch (Ethernet) or a router (IPv4): read, and sent on its way" },
	{ NULL, 0, NULL },
};

static const struct word part_words[] = {
	{ "host", PART_HOST, NULL },
	{ "router", PART_ROUTER, NULL },
	{ "switch", PART_SWITCH, NULL },
	{ "interface", PART_INTERFACE, NULL },
	{ "cable", PART_CABLE, NULL },
	{ NULL, 0, NULL },
};

#define TIMED     (EXPECTS(MESSAGE) | EXPECTS(WAY) | EXPECTS(SCREENING) | EXPECTS(CONNECTION) | EXPECTS(PING) | EXPECTS(DIG) | EXPECTS(HEARD) | EXPECTS(SAID) | EXPECTS(LAYER) | EXPECTS(PASSWORD))
#define LINES     (EXPECTS(MINUTES) | EXPECTS(COST))
#define HOLDS     (EXPECTS(MAILBOX) | EXPECTS(DEVICE))
#define COUNTED   (EXPECTS(RETRANSMISSIONS) | EXPECTS(DROPPED) | EXPECTS(TRANSLATED) | EXPECTS(TAMPERED) | EXPECTS(BYTES) | EXPECTS(STORED) | OPEN | EXPECTS(LAYER) | EXPECTS(PARTS))
#define OPEN      (EXPECTS(CONNECTED) | EXPECTS(AT_ONCE))
#define ENDPOINTS (EXPECTS(CONNECTION) | EXPECTS(PING))
#define NODES     (SCENARIO_HOST | SCENARIO_ROUTER)

/* The selecting keys stand first, in the order of enum scenario_expectation_kind. */
static const struct key expectation_keys[] = {
	{ .name = "mailbox", .type = KEY_REFERENCE, AT(scenario_expectation, account), .kinds = SCENARIO_ACCOUNT,
	  .flags = KEY_SELECTS, .variants = EXPECTS(MAILBOX),
	  .meaning = "A folder of this account holds so many messages" },
	{ .name = "message", .type = KEY_TEXT, AT(scenario_expectation, subject),
	  .flags = KEY_SELECTS, .variants = EXPECTS(MESSAGE),
	  .meaning = "Messages with this subject came to a station of their way" },
	{ .name = "connection", .type = KEY_WORD, AT(scenario_expectation, outcome), .words = outcome_words,
	  .flags = KEY_SELECTS, .variants = EXPECTS(CONNECTION),
	  .meaning = "TCP connections came to this end" },
	{ .name = "retransmissions", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(RETRANSMISSIONS),
	  .meaning = "So many TCP segments were put on a wire again" },
	{ .name = "dropped", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(DROPPED),
	  .meaning = "So many frames and packets were lost; what is answered by a RST is not" },
	{ .name = "duplicates", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(DUPLICATES),
	  .meaning = "So many second deliveries were recognised" },
	{ .name = "translated", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(TRANSLATED),
	  .meaning = "So many packets got another source or destination from a router" },
	{ .name = "bytes", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(BYTES),
	  .meaning = "So many bytes that TCP carries left `node` or came to it: what programs said, without headers and repetitions" },
	{ .name = "ping", .type = KEY_WORD, AT(scenario_expectation, ping), .words = ping_words,
	  .flags = KEY_SELECTS, .variants = EXPECTS(PING),
	  .meaning = "Echo requests had this result" },
	{ .name = "dig", .type = KEY_WORD, AT(scenario_expectation, answer), .words = answer_words,
	  .flags = KEY_SELECTS, .variants = EXPECTS(DIG),
	  .meaning = "Questions by `dig` had this answer" },
	{ .name = "minutes-online", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(MINUTES),
	  .meaning = "So many minutes were begun on dial-up lines, each call for itself" },
	{ .name = "cost", .type = KEY_MONEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(COST),
	  .meaning = "Dial-up lines cost so much" },
	{ .name = "packets", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(PACKETS),
	  .meaning = "Actions of this kind caused so many packets; those that carry a message belong to the message" },
	{ .name = "device", .type = KEY_REFERENCE, AT(scenario_expectation, device), .kinds = SCENARIO_CLIENT,
	  .flags = KEY_SELECTS, .variants = EXPECTS(DEVICE),
	  .meaning = "A folder at this client itself holds so many messages: they can be read with no network" },
	{ .name = "heard", .type = KEY_TEXT, AT(scenario_expectation, heard),
	  .flags = KEY_SELECTS, .variants = EXPECTS(HEARD),
	  .meaning = "A line that begins so was heard by `telnet`" },
	{ .name = "stored", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(STORED),
	  .meaning = "Mailboxes at `node` hold so many bytes: on a server, or at a client that keeps mail itself" },
	{ .name = "said", .type = KEY_TEXT, AT(scenario_expectation, said),
	  .flags = KEY_SELECTS, .variants = EXPECTS(SAID),
	  .meaning = "A line that begins so was said in a TCP connection; `*` stands for any text, `?` for any character" },
	{ .name = "seconds-connected", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(CONNECTED),
	  .meaning = "TCP connections from or to `node` lasted so many whole seconds, all together" },
	{ .name = "connections-at-once", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(AT_ONCE),
	  .meaning = "So many TCP connections from or to `node` were open at the same time, when there were most" },
	{ .name = "layer", .type = KEY_WORD, AT(scenario_expectation, layer), .words = layer_words,
	  .flags = KEY_SELECTS, .variants = EXPECTS(LAYER),
	  .meaning = "Headers of this layer were put on, taken off, or read and passed on" },
	{ .name = "milliseconds-waited", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(WAITED),
	  .meaning = "From an action to its end the user waited so long; of several the longest counts" },
	{ .name = "parts", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(PARTS),
	  .meaning = "The network has so many parts of a kind" },
	{ .name = "screening", .type = KEY_WORD, AT(scenario_expectation, stage), .words = stage_words,
	  .flags = KEY_SELECTS, .variants = EXPECTS(SCREENING),
	  .meaning = "This stage of a screening came to this verdict" },
	{ .name = "way", .type = KEY_TEXT, AT(scenario_expectation, subject),
	  .flags = KEY_SELECTS, .variants = EXPECTS(WAY),
	  .meaning = "A message with this subject took a step of its way; lines about one message are steps in this order, those with `times: 0` apart" },
	{ .name = "tampered", .type = KEY_RANGE, AT(scenario_expectation, count),
	  .flags = KEY_SELECTS, .variants = EXPECTS(TAMPERED),
	  .meaning = "So many packets were changed by an attacker on their way" },
	{ .name = "password", .type = KEY_REFERENCE, AT(scenario_expectation, whose), .kinds = SCENARIO_CLIENT,
	  .flags = KEY_SELECTS, .variants = EXPECTS(PASSWORD),
	  .meaning = "The password of this client could be read on a wire: it stands in the bytes of a frame, base64 or not" },
	{ .name = "link", .type = KEY_LINK, AT(scenario_expectation, tapped),
	  .variants = EXPECTS(PASSWORD), .computed = "any wire, each packet once", .meaning = "Only by who listens here: what an interface sends and gets, or what is sent on a network; a host on a mirrored port gets copies" },
	{ .name = "network", .type = KEY_REFERENCE, AT(scenario_expectation, network), .kinds = SCENARIO_NETWORK,
	  .variants = LINES, .computed = "all", .meaning = "Only this line" },
	{ .name = "of", .type = KEY_WORD, AT(scenario_expectation, verb), .words = verb_words,
	  .variants = EXPECTS(PACKETS) | EXPECTS(WAITED), .required_in = EXPECTS(PACKETS) | EXPECTS(WAITED), .meaning = "What was done" },
	{ .name = "kind", .type = KEY_WORD, AT(scenario_expectation, part), .words = part_words,
	  .variants = EXPECTS(PARTS), .required_in = EXPECTS(PARTS), .meaning = "Of which kind" },
	{ .name = "in-clear", .type = KEY_BOOL, AT(scenario_expectation, only_clear), .fallback = "no",
	  .variants = EXPECTS(SAID), .meaning = "Only what anybody on the way can read, not what TLS protects" },
	{ .name = "passage", .type = KEY_WORD, AT(scenario_expectation, passage), .words = passage_words,
	  .fallback = "any", .variants = EXPECTS(LAYER), .meaning = "Only this" },
	{ .name = "account", .type = KEY_REFERENCE, AT(scenario_expectation, owner), .kinds = SCENARIO_ACCOUNT,
	  .variants = EXPECTS(STORED), .computed = "all", .meaning = "Only mailboxes of this account" },
	{ .name = "folder", .type = KEY_TEXT, AT(scenario_expectation, folder), .fallback = "INBOX",
	  .variants = HOLDS, .meaning = "The folder" },
	{ .name = "subject", .type = KEY_TEXT, AT(scenario_expectation, subject),
	  .variants = HOLDS | EXPECTS(SCREENING), .computed = "any", .meaning = "Only messages with this subject count" },
	{ .name = "unseen", .type = KEY_BOOL, AT(scenario_expectation, only_unseen), .fallback = "no",
	  .variants = HOLDS, .meaning = "Only messages that nobody has read count" },
	{ .name = "containing", .type = KEY_TEXT, AT(scenario_expectation, containing),
	  .variants = HOLDS, .computed = "any", .meaning = "Only messages in whose bytes, header included, this text stands count" },
	{ .name = "messages", .type = KEY_RANGE, AT(scenario_expectation, messages), .fallback = "1..",
	  .variants = HOLDS, .meaning = "How many there are" },
	{ .name = "is", .type = KEY_WORD, AT(scenario_expectation, station), .words = station_words,
	  .variants = EXPECTS(MESSAGE), .required_in = EXPECTS(MESSAGE), .meaning = "The station" },
	{ .name = "verdict", .type = KEY_WORD, AT(scenario_expectation, verdict), .words = verdict_words,
	  .variants = EXPECTS(SCREENING), .required_in = EXPECTS(SCREENING), .meaning = "The verdict" },
	{ .name = "action", .type = KEY_WORD, AT(scenario_expectation, screen_action), .words = screen_action_words,
	  .fallback = "any", .variants = EXPECTS(SCREENING), .meaning = "Only when this was done" },
	{ .name = "evidence", .type = KEY_TEXT, AT(scenario_expectation, evidence),
	  .variants = EXPECTS(SCREENING) | EXPECTS(WAY), .computed = "any", .meaning = "Only with this in the evidence: `tests=GTUBE`" },
	{ .name = "step", .type = KEY_WORD, AT(scenario_expectation, step), .words = step_words,
	  .variants = EXPECTS(WAY), .required_in = EXPECTS(WAY), .meaning = "The step" },
	{ .name = "actor", .type = KEY_WORD, AT(scenario_expectation, actor), .words = actor_words,
	  .variants = EXPECTS(WAY), .computed = "any", .meaning = "Only taken by this program" },
	{ .name = "recipient", .type = KEY_MAIL, AT(scenario_expectation, recipient),
	  .variants = EXPECTS(MESSAGE) | EXPECTS(WAY), .computed = "any", .meaning = "Only for this recipient" },
	{ .name = "by", .type = KEY_REFERENCE, AT(scenario_expectation, by), .kinds = SCENARIO_CLIENT | SCENARIO_HOST,
	  .variants = EXPECTS(MESSAGE) | EXPECTS(WAY) | EXPECTS(PACKETS) | EXPECTS(HEARD) | EXPECTS(SCREENING) | EXPECTS(SAID) | EXPECTS(WAITED), .computed = "any", .meaning = "Only at this client or host; `said`: by it" },
	{ .name = "from", .type = KEY_REFERENCE, AT(scenario_expectation, from), .kinds = NODES,
	  .variants = ENDPOINTS | EXPECTS(DIG), .computed = "any", .meaning = "Only from this host or router" },
	{ .name = "to", .type = KEY_REFERENCE, AT(scenario_expectation, to), .kinds = NODES,
	  .variants = ENDPOINTS | EXPECTS(SAID), .computed = "any", .meaning = "Only to this host or router" },
	{ .name = "port", .type = KEY_COUNT, AT(scenario_expectation, port), .most = 65535,
	  .variants = EXPECTS(CONNECTION) | EXPECTS(BYTES) | EXPECTS(SAID) | EXPECTS(PASSWORD) | OPEN, .computed = "any", .meaning = "Only to this port; of what connections carry: only those to it" },
	{ .name = "name", .type = KEY_DOMAIN, AT(scenario_expectation, question),
	  .variants = EXPECTS(DIG), .computed = "any", .meaning = "Only questions for this name" },
	{ .name = "type", .type = KEY_WORD, AT(scenario_expectation, record_type), .words = record_type_words,
	  .fallback = "A", .variants = EXPECTS(DIG), .meaning = "Only questions for this type" },
	{ .name = "answer", .type = KEY_TEXT, AT(scenario_expectation, value),
	  .variants = EXPECTS(DIG), .computed = "any", .meaning = "Only answers with a record of this value, written as in a zone file, or a referral to this server" },
	{ .name = "times", .type = KEY_RANGE, AT(scenario_expectation, times), .fallback = "1..",
	  .variants = TIMED, .meaning = "How many times" },
	{ .name = "node", .type = KEY_REFERENCE, AT(scenario_expectation, node), .kinds = NODES | SCENARIO_SWITCH,
	  .variants = COUNTED, .required_in = EXPECTS(BYTES) | EXPECTS(STORED), .computed = "everywhere", .meaning = "Only at this host, router or switch" },
	{ .name = "reason", .type = KEY_WORD, AT(scenario_expectation, reason), .words = drop_words,
	  .fallback = "any", .variants = EXPECTS(DROPPED), .meaning = "Only for this reason" },
	{ .name = "rule", .type = KEY_COUNT, AT(scenario_expectation, rule), .least = 1, .most = 1000,
	  .variants = EXPECTS(DROPPED), .computed = "any", .meaning = "Only by the rule of this number in the filter of `node`; the first is 1" },
	{ .name = "within", .type = KEY_TIME, AT(scenario_expectation, within_ns),
	  .variants = HOLDS | EXPECTS(MESSAGE), .computed = "any time",
	  .meaning = "It comes true no later: for `message` counted from `since`, for `mailbox` and `device` from the beginning of the run" },
	{ .name = "since", .type = KEY_WORD, AT(scenario_expectation, since), .words = station_words,
	  .fallback = "composed", .variants = EXPECTS(MESSAGE),
	  .meaning = "`within` is counted from the last time that the message came to this station" },
	{ .name = "at", .type = KEY_TIME, AT(scenario_expectation, at_ns), .computed = "the end of the run",
	  .meaning = "The moment at which it is judged" },
};

const struct mapping expectation_mapping = {
	.title = "expectation", .article = "an expectation",
	.meaning = "Something that must be true of the run",
	.size = sizeof(struct scenario_expectation),
	.keys = expectation_keys, .key_count = G_N_ELEMENTS(expectation_keys),
	.has_variants = true,
	.variant_offset = offsetof(struct scenario_expectation, kind),
};

static const struct word record_words[] = {
	{ "sent", RECORD_SENT, "every packet once, where it was first put on a wire" },
	{ "all", RECORD_ALL, "everything at every interface" },
	{ NULL, 0, NULL },
};

static const struct key capture_interface_keys[] = {
	{ .name = "interface", .type = KEY_PORT_OF, AT(scenario_capture_interface, interface), .flags = KEY_REQUIRED,
	  .meaning = "An interface" },
};

static const struct mapping capture_interface_mapping = {
	.title = "captured interface", .article = "an interface",
	.meaning = "An interface: `alice-pc`, `gw:eth1` or `gw:client-lan`",
	.size = sizeof(struct scenario_capture_interface),
	.keys = capture_interface_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key capture_keys[] = {
	{ .name = "record", .type = KEY_WORD, AT(scenario_capture, record), .words = record_words,
	  .fallback = "sent", .meaning = "What is recorded" },
	{ .name = "interfaces", .type = KEY_LIST, AT(scenario_capture, interfaces), .mapping = &capture_interface_mapping,
	  .computed = "as `record` says", .meaning = "Everything at these interfaces is recorded, and nothing else" },
	{ .name = "comments", .type = KEY_BOOL, AT(scenario_capture, has_comments), .fallback = "yes",
	  .meaning = "Each packet gets a comment that says what it carries and why" },
};

const struct mapping capture_mapping = {
	.title = "capture", .article = "a capture",
	.meaning = "What a capture file records unless options say otherwise",
	.size = sizeof(struct scenario_capture),
	.keys = capture_keys, .key_count = G_N_ELEMENTS(capture_keys),
};
/* clang-format on */
