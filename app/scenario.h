/*
 * A scenario: the world, its mail, what users do and what is expected, as written in a YAML file
 * (docs/SCENARIO.md), checked, with every default filled in and every name resolved to a pointer.
 *
 * Plain data: arrays are in the order of declaration, which decides wherever order can be seen.
 * Everything belongs to the struct scenario and lives as long as it. Times are nanoseconds since
 * the scenario's epoch; TIME_NEVER where nothing was said. IPv4 addresses are in host order.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "app/diagnostic.h"
#include "protocols/actor.h"
#include "protocols/imap/capability.h"
#include "protocols/mail/names.h"
#include "sim/time.h"
#include "stack/address.h"

struct scenario_client;
struct scenario_domain;
struct scenario_interface;
struct scenario_network;
struct scenario_node;
struct scenario_switch;
struct scenario_zone;
struct yaml_node;

/* What a name in a scenario may refer to; a set of them where several are allowed. */
enum scenario_kind {
	SCENARIO_PART = 0, /* nothing that has a name */
	SCENARIO_NETWORK = 1 << 0,
	SCENARIO_SWITCH = 1 << 1,
	SCENARIO_HOST = 1 << 2,
	SCENARIO_ROUTER = 1 << 3,
	SCENARIO_INTERFACE = 1 << 4,
	SCENARIO_DOMAIN = 1 << 5,
	SCENARIO_ACCOUNT = 1 << 6,
	SCENARIO_CLIENT = 1 << 7,
	SCENARIO_ROUTE = 1 << 8, /* has no name */
};

/* What every part of a scenario begins with. */
struct scenario_item {
	struct mark mark;        /* where it is written; line 0 when it was made up */
	enum scenario_kind kind; /* what it is, when it has a name */
	const char *name;        /* its key in the file; NULL in lists */
};

struct scenario_prefix {
	uint32_t address;
	unsigned length;
};

/* Any number from `least` to `most`; {0, UINT64_MAX} is any number at all. */
struct scenario_range {
	uint64_t least, most;
};

/* ---- The network ---- */

enum scenario_network_kind {
	NETWORK_LAN,  /* switches, and a cable from one to each member */
	NETWORK_LINK, /* one cable between exactly two members */
};

/* A link that is up only while its first member calls, and costs money then. */
struct scenario_dial_up {
	struct scenario_item item; /* its mark has a line when the key is written: see below */
	int64_t setup_ns;          /* from placing a call to the first bit */
	int64_t idle_ns;           /* of silence; then the line is hung up */
	uint64_t price_per_minute; /* for each begun minute of a call, in millionths */
};

struct scenario_network {
	struct scenario_item item;
	unsigned index; /* in struct scenario's networks */
	enum scenario_network_kind kind;
	struct scenario_prefix subnet;
	uint64_t rate_bps;    /* of each cable */
	int64_t delay_ns;     /* propagation on each cable */
	uint64_t queue_bytes; /* of each direction of each cable */
	uint64_t mtu_bytes;
	struct scenario_dial_up dial_up; /* see scenario_is_dialled() */
	GPtrArray *interfaces;           /* of struct scenario_interface *: members, hosts first */
	GPtrArray *switches;             /* of struct scenario_switch *; empty for NETWORK_LINK */
	struct scenario_node *mirror;    /* host whose switch sends it copies; NULL: none */
};

static inline bool scenario_is_dialled(const struct scenario_network *network)
{
	return network->dial_up.item.mark.line != 0;
}

/* A learning switch of a LAN. The uplinks of a network's switches form a tree. */
struct scenario_switch {
	struct scenario_item item;
	struct scenario_network *network;
	struct scenario_switch
	    *uplink; /* the switch its uplink cable leads to; NULL: the top one */
};

struct scenario_interface {
	struct scenario_item item; /* named "eth0", "eth1" in order */
	struct scenario_node *node;
	struct scenario_network *network;
	struct scenario_switch *switch_; /* NULL on a NETWORK_LINK */
	uint32_t address;
	struct mac mac;
};

/* A router's route to a network that it has no interface on. */
struct scenario_route {
	struct scenario_item item;
	struct scenario_node *node;
	struct scenario_prefix to;
	struct scenario_interface *via; /* of the next router */
};

enum scenario_transport { TRANSPORT_ANY, TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_ICMP };

/* A port of a router's outside address that is that of a host inside. */
struct scenario_forward {
	struct scenario_item item;
	enum scenario_transport protocol; /* TCP or UDP */
	uint64_t port;
	struct scenario_node *to;
	uint64_t to_port;
};

/* Where a router translates addresses. */
struct scenario_nat {
	struct scenario_item item;
	struct scenario_network *uplink; /* outside; NULL: it does not translate */
	GPtrArray *forwards;             /* of struct scenario_forward * */
};

enum scenario_direction {
	DIRECTION_BOTH,
	DIRECTION_OUT, /* what the named host, router or (uplink) switch sends */
	DIRECTION_IN,  /* what it is sent */
};

enum scenario_verdict { VERDICT_ALLOW, VERDICT_DENY, VERDICT_REJECT };

enum scenario_rejection {
	REJECT_BY_RESET, /* of TCP; all else as below */
	REJECT_BY_ICMP,
};

/* A rule of a router's packet filter. */
struct scenario_rule {
	struct scenario_item item;
	enum scenario_verdict verdict;
	enum scenario_transport protocol;
	struct scenario_range ports;      /* of the destination; {0, UINT64_MAX}: any */
	struct scenario_network *network; /* of the interface it stands at; NULL: any */
	enum scenario_direction direction;
	struct scenario_item *source, *destination; /* hosts or networks; NULL: any */
	enum scenario_rejection answer;
	int64_t from_ns, to_ns; /* it is in force in [from, to) */
};

/* What an attacker at a router overwrites. */
struct scenario_tampering {
	struct scenario_item item;
	const char *replace, *by;    /* of the same length */
	struct scenario_range ports; /* of either end of TCP; {0, UINT64_MAX}: any */
};

/* A host (item.kind SCENARIO_HOST) or a router (SCENARIO_ROUTER). */
struct scenario_node {
	struct scenario_item item;
	GPtrArray *interfaces;         /* of struct scenario_interface * */
	struct scenario_interface own; /* hosts: their only interface, interfaces[0] */
	/* Routers */
	GPtrArray *routes; /* of struct scenario_route * */
	struct scenario_nat nat;
	GPtrArray *filter; /* of struct scenario_rule *; the first that fits decides */
	GPtrArray *tamper; /* of struct scenario_tampering * */
	/* Hosts */
	struct scenario_interface *gateway; /* router of the default route; NULL: none */
	struct scenario_node *resolver;     /* host whose DNS server it asks; NULL: none */
	struct scenario_domain *domain;     /* it belongs to; NULL: none */
	const char *fqdn;                   /* "alice-pc.office.example"; without a final dot */
};

/* ---- Names ---- */

/* A host whose DNS server resolves names for others: asks its way down from the root. */
struct scenario_resolver {
	struct scenario_item item;
	struct scenario_node *host;
};

struct scenario_record {
	struct scenario_item item; /* its name is the owner as written */
	const char *owner;         /* absolute, without the final dot; "." is the root */
	unsigned type;             /* enum dns_type */
	int64_t ttl_ns;            /* whole seconds */
	const char *value; /* data as in a zone file, names absolute (RFC 1035 section 5.1) */
};

struct scenario_zone {
	struct scenario_item item;    /* its name is the origin, "." for the root */
	struct scenario_node *server; /* the host that is authoritative for it */
	GPtrArray *records;           /* of struct scenario_record *; SOA first */
};

/* ---- Mail ---- */

struct scenario_folder {
	struct scenario_item item;
	const char *folder;
};

/* What another user may do with a folder of an account (RFC 4314). */
struct scenario_share {
	struct scenario_item item;
	struct scenario_account *with;
	const char *folder;
	const char *rights; /* letters: "lrs" */
};

struct scenario_account {
	struct scenario_item item; /* its name is the local part */
	struct scenario_domain *domain;
	const char *address; /* "alice@office.example" */
	const char *password;
	const char *full_name;
	uint64_t quota_bytes; /* 0: no limit */
	GPtrArray *folders;   /* of struct scenario_folder *, besides INBOX */
	GPtrArray *shares;    /* of struct scenario_share * */
};

/* A name of a domain that stands for others. */
struct scenario_alias {
	struct scenario_item item; /* its name is the local part */
	const char *address;       /* "sales@office.example" */
	GPtrArray *targets;        /* of struct scenario_recipient * */
	const char *owner;         /* of a list: its reverse-path; NULL: an alias */
};

/* What is right or wrong with a server's certificate. */
enum scenario_certificate {
	CERTIFICATE_VALID,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_NOT_YET_VALID,
	CERTIFICATE_WRONG_NAME,
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_REVOKED,
	CERTIFICATE_NONE, /* the server speaks no TLS */
};

enum scenario_certificate_key { CERTIFICATE_KEY_ECDSA, CERTIFICATE_KEY_RSA };

/* The certificate of a server and what goes with it. */
struct scenario_tls {
	struct scenario_item item; /* its mark has a line when the key is written */
	enum scenario_certificate certificate;
	enum scenario_certificate_key key;
	int oldest, newest;     /* enum tls_version */
	bool hides_plain_login; /* no login without TLS that shows the password; SMTP: none */
};

static inline bool scenario_tls_is_given(const struct scenario_tls *tls)
{
	return tls->item.mark.line != 0 && tls->certificate != CERTIFICATE_NONE;
}

/* A pattern of names of exchangers. */
struct scenario_mx {
	struct scenario_item item;
	const char *pattern; /* "mail.office.example", "*.office.example" */
};

/* What a domain says of TLS towards its servers (MTA-STS, RFC 8461), and where. */
struct scenario_mta_sts {
	struct scenario_item item;  /* its mark has a line when the key is written */
	struct scenario_node *host; /* of the site that has the policy */
	int mode;                   /* enum mta_sts_mode */
	int64_t max_age_ns;
	const char *id;
	GPtrArray *mx; /* of struct scenario_mx *; none: the domain's mail host */
	struct scenario_tls tls;
};

static inline bool scenario_has_mta_sts(const struct scenario_mta_sts *policy)
{
	return policy->item.mark.line != 0;
}

/* How a client protects a connection. */
enum scenario_security {
	SECURITY_NONE,
	SECURITY_OPPORTUNISTIC, /* STARTTLS where it is offered */
	SECURITY_STARTTLS,
	SECURITY_TLS, /* from the first byte */
};

struct scenario_domain {
	struct scenario_item item; /* "office.example" */
	struct scenario_node
	    *mail; /* host that receives its mail and keeps its mailboxes; or NULL */
	struct scenario_node *webmail;           /* host of its webmail site; NULL: there is none */
	struct scenario_tls webmail_tls;         /* see scenario_tls_is_given() */
	enum scenario_security webmail_security; /* of the site, towards the mail server */
	struct scenario_mta_sts mta_sts;         /* see scenario_has_mta_sts() */
	struct scenario_node *dns;               /* host that is authoritative for its zone */
	struct scenario_zone *zone;
	GPtrArray *accounts; /* of struct scenario_account * */
	GPtrArray *aliases;  /* of struct scenario_alias * */
	GPtrArray *lists;    /* likewise, each with an owner */
	bool has_tags;       /* alice+tag@ is alice@ */
	GPtrArray *records;  /* as written; they are in the zone too */
};

enum scenario_protocol {
	PROTOCOL_SMTP,       /* between servers, port 25 */
	PROTOCOL_SUBMISSION, /* from clients, port 587; AUTH required */
	PROTOCOL_POP3,
	PROTOCOL_IMAP,
	PROTOCOL_WEBMAIL, /* HTTP: a site that speaks IMAP and submission itself, port 80 */
	/* Services with TLS from the first byte (RFC 8314). */
	PROTOCOL_SUBMISSIONS,
	PROTOCOL_POP3S,
	PROTOCOL_IMAPS,
};

static inline bool scenario_begins_with_tls(enum scenario_protocol protocol)
{
	return protocol >= PROTOCOL_SUBMISSIONS;
}

/* What a server does about TLS when it delivers to others. */
enum scenario_delivery_tls { DELIVERY_MAY, DELIVERY_NONE, DELIVERY_ENCRYPT, DELIVERY_VERIFY };

/* A port that a mail server listens on. */
struct scenario_service {
	struct scenario_item item;
	enum scenario_protocol protocol;
	uint64_t port;
};

/*
 * A capability that a server does not offer: one of IMAP is an enum imap_capability, one of SMTP
 * CAPABILITY_SMTP and an enum smtp_capability, one of POP3 CAPABILITY_POP3 and an enum pop3_offer, a mechanism to authenticate by CAPABILITY_SASL and an
 * enum sasl_mechanism.
 */
struct scenario_capability {
	struct scenario_item item;
	int capability;
};

enum { CAPABILITY_SMTP = 1 << 16, CAPABILITY_SASL = 1 << 17, CAPABILITY_POP3 = 1 << 18 };

/* Something that goes wrong at a server's SMTP. */
struct scenario_fault {
	struct scenario_item item;
	int command;           /* enum smtp_detail: SMTP_GREETING, SMTP_EHLO, ..., SMTP_MESSAGE */
	GPtrArray *recipients; /* of struct scenario_recipient *; empty: any */
	const char *reply;     /* "451 4.3.0 Later"; NULL: the right one */
	int64_t delay_ns;
	bool resets;
	uint64_t reset_after_bytes; /* of the message */
	int64_t from_ns, to_ns;     /* it holds in [from, to) */
	uint32_t chance_ppm;
};

/* A rule of a content filter. */
struct scenario_content_rule {
	struct scenario_item item;
	const char *rule_name;
	const char *pattern; /* a regular expression */
	GPtrArray *places;   /* of struct scenario_content_place * */
};

struct scenario_content_place {
	struct scenario_item item;
	int place; /* enum screen_place */
};

/* A stage of the screening of a server. */
struct scenario_stage {
	struct scenario_item item;
	int kind;   /* enum screen_kind */
	int action; /* enum screen_action, when a message fails */
	const char *subject_prefix;
	GPtrArray *rules;         /* content: of struct scenario_content_rule * */
	uint64_t required_points; /* spam */
	int64_t delay_ns, retry_window_ns, lifetime_ns; /* greylist */
	uint64_t whitelist_after;                       /* greylist */
};

/* A key by which a server signs for a domain. */
struct scenario_signer {
	struct scenario_item item;
	struct scenario_domain *domain;
	const char *selector;
	int algorithm;       /* enum dkim_algorithm */
	int form;            /* enum dkim_form */
	int64_t lifetime_ns; /* 0: its signatures do not expire */
};

enum scenario_relay {
	RELAY_RESTRICTED, /* for who has authenticated */
	RELAY_OPEN,       /* for everybody */
};

/* A time in which a server's ports are closed. */
struct scenario_outage {
	struct scenario_item item;
	enum actor program; /* that does not run; ACTOR_NONE: all that listen */
	int64_t from_ns, to_ns;
};

/* The mail server on a host. */
struct scenario_server {
	struct scenario_item item;
	struct scenario_node *host;
	GPtrArray *services;     /* of struct scenario_service * */
	GPtrArray *without;      /* of struct scenario_capability *: not offered */
	GPtrArray *faults;       /* of struct scenario_fault * */
	GPtrArray *stages;       /* of struct scenario_stage *: its screening */
	GPtrArray *signers;      /* of struct scenario_signer *: DKIM */
	int64_t dmarc_report_ns; /* how often reports of DMARC are sent; 0: never */
	enum scenario_relay relay;
	GPtrArray *outages;         /* of struct scenario_outage * */
	int64_t warning_ns;         /* age at which a sender is told of a delay; 0: never */
	bool converts;              /* 8-bit messages for servers without 8BITMIME */
	uint64_t per_domain_limit;  /* connections of delivery */
	uint64_t message_bytes_max; /* what SIZE announces; 0: no limit */
	int64_t retry_ns;           /* from the first vain delivery attempt to the second */
	int64_t retry_max_ns;       /* the pause doubles up to this */
	int64_t lifetime_ns;        /* of a message in the queue; then it is returned */
	uint64_t session_limit;     /* at once on each port */
	uint64_t per_client_limit;  /* SMTP: of them with one address */
	uint64_t per_user_limit;    /* IMAP: of one user at one address */
	uint64_t queue_limit;       /* messages */
	struct scenario_tls tls;    /* see scenario_has_tls() */
	enum scenario_delivery_tls delivery_tls;
	bool keeps_policies; /* those of other domains (MTA-STS) */
};

static inline bool scenario_has_tls(const struct scenario_server *server)
{
	return scenario_tls_is_given(&server->tls);
}

enum scenario_leave {
	LEAVE_NOTHING,       /* delete what was retrieved (the classic POP3 way) */
	LEAVE_ALL,           /* leave it on the server, for `leave_for_ns` */
	LEAVE_UNTIL_DELETED, /* until the user deletes it in the client */
};

struct scenario_incoming {
	struct scenario_item item;
	enum scenario_protocol protocol; /* PROTOCOL_POP3, PROTOCOL_IMAP or PROTOCOL_WEBMAIL */
	const char *server;              /* a domain name, looked up in the run */
	uint64_t port;
	enum scenario_leave leave; /* POP3 only */
	int64_t leave_for_ns;      /* TIME_NEVER: without limit */
	int64_t stay_ns;           /* IMAP only: how long it stays connected with nothing to do */
	int64_t check_every_ns;    /* TIME_NEVER: only when the user says so */
	bool pipelines;            /* POP3 only: commands do not wait for answers */
	enum scenario_security security;
};

/* A port of a list. */
struct scenario_port {
	struct scenario_item item;
	uint64_t port;
};

#define OUTGOING_PORTS_MAX 8 /* = MUA_PORTS_MAX */

struct scenario_outgoing {
	struct scenario_item item;
	const char *server;
	GPtrArray *ports; /* of struct scenario_port *, tried in this order */
	bool has_login;   /* authenticates */
	bool uses_chunks; /* BDAT in place of DATA */
	enum scenario_security security;
};

/* A user at a mail client on a host. */
struct scenario_client {
	struct scenario_item item;
	struct scenario_node *host;
	struct scenario_account *account;
	const char *login;    /* the name given to the servers */
	const char *password; /* the account's, unless the user has it wrong */
	const char *full_name;
	bool is_online;                  /* at the start */
	enum scenario_security security; /* where the two servers say nothing else */
	bool distrusts;                  /* verifies the servers' certificates */
	struct scenario_incoming incoming;
	struct scenario_outgoing outgoing;
};

/* ---- Cables: what impairments, cuts and captures refer to ---- */

enum scenario_link_scope {
	LINK_NOT_SET,
	LINK_EVERY,     /* every cable: direction out is away from hosts and routers */
	LINK_NETWORK,   /* every cable of `network` */
	LINK_INTERFACE, /* the cable at `interface` */
	LINK_UPLINK,    /* the uplink cable of `switch_` */
};

struct scenario_link {
	enum scenario_link_scope scope;
	struct scenario_network *network;
	struct scenario_interface *interface;
	struct scenario_switch *switch_;
};

struct scenario_frame_number {
	struct scenario_item item;
	uint64_t number; /* the first frame of a direction is 1 */
};

/* What is wrong with cables. Chances are parts per million of frames. */
struct scenario_impairment {
	struct scenario_item item;
	struct scenario_link link;
	enum scenario_direction direction;
	int64_t from_ns, to_ns; /* it holds in [from, to) */
	uint32_t loss_ppm;
	uint32_t corrupt_ppm;
	uint32_t corrupt_deep_ppm; /* behind the FCS check */
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm;
	int64_t reorder_ns; /* how long a frame is held back */
	int64_t jitter_ns;
	GPtrArray *drop_frames; /* of struct scenario_frame_number * */
	bool is_down;           /* nothing passes */
};

/* ---- What users do ---- */

enum scenario_verb {
	DO_SEND,
	DO_REPLY,
	DO_CHECK, /* POP3: retrieve; IMAP: look for what is new */
	DO_READ,
	DO_DELETE,
	DO_MOVE,
	DO_SEARCH,
	DO_SIGN_IN,  /* webmail */
	DO_SIGN_OUT, /* webmail */
	DO_ONLINE,
	DO_OFFLINE,
	DO_BACKUP,
	DO_RESTORE,
	DO_CRASH,
	DO_LOSE_DISK,
	DO_PING,
	DO_DIG,
	DO_CUT,
	DO_MEND,
	DO_TELNET,
	DO_COUNT,
};

enum scenario_pick {
	PICK_NEWEST,
	PICK_OLDEST,
	PICK_ALL,
	PICK_SUBJECT, /* the newest message with `message` as its subject */
};

enum scenario_search {
	SEARCH_TEXT, /* anywhere in the message */
	SEARCH_SUBJECT,
	SEARCH_FROM,
	SEARCH_TO,
	SEARCH_BODY,
};

/* How text beyond ASCII is written into a message. */
enum scenario_encoding {
	ENCODING_SAFE, /* so that any server can take it */
	ENCODING_8BIT, /* as it is */
};

/* When a sender wants a notification (RFC 3461). */
enum scenario_notify {
	NOTIFY_USUAL, /* nothing is said: of failures and delays */
	NOTIFY_SUCCESS,
	NOTIFY_NEVER,
};

/* How a terminal writes a character. */
enum scenario_characters {
	CHARACTERS_8,  /* one octet each: what Internet protocols want */
	CHARACTERS_16, /* two each, the high one first (UTF-16) */
};

struct scenario_recipient {
	struct scenario_item item;
	const char *address;
	struct scenario_account *account; /* NULL: nobody in the scenario */
};

struct scenario_attachment {
	struct scenario_item item;
	const char *file; /* as written: relative to the scenario's folder; NULL: `text` */
	const char *text; /* what it holds, when it is no file */
	const char *shown_name;
	const char *type; /* "application/pdf" */
	GBytes *content;
};

#define ATTACHMENT_BYTES_MAX 2000000

struct scenario_action {
	struct scenario_item item;
	int64_t at_ns;
	int64_t every_ns; /* repeated `times` times in all, this far apart */
	uint64_t times;
	enum scenario_verb verb;
	struct scenario_item *who;      /* NULL for DO_CUT and DO_MEND */
	struct scenario_client *client; /* `who`, when it is a client */
	struct scenario_node *host;     /* where it happens; NULL for DO_CUT and DO_MEND */
	/* DO_SEND, DO_REPLY */
	const char *from, *mail_from; /* forged addresses; NULL: the client's own */
	GPtrArray *to, *cc, *bcc;     /* of struct scenario_recipient * */
	const char *subject;
	const char *text;
	GPtrArray *attachments; /* of struct scenario_attachment * */
	bool may_be_unknown;    /* recipients need not exist */
	enum scenario_encoding encoding;
	enum scenario_notify notify;
	bool answers_all; /* DO_REPLY: to all recipients */
	/* DO_READ, DO_DELETE, DO_MOVE, DO_REPLY: which message; and DO_SEARCH, DO_CHECK: where */
	const char *message; /* as written: a subject, or newest, oldest, all */
	enum scenario_pick pick;
	const char *folder;
	const char *into;       /* DO_MOVE */
	const char *search_for; /* DO_SEARCH */
	enum scenario_search search_in;
	/* DO_PING, DO_DIG */
	const char *target; /* a host's or router's name, an address, or a domain name */
	struct scenario_node *target_node; /* when it is a name of the scenario */
	uint32_t target_address;           /* likewise, or when it is an address; 0: look it up */
	uint64_t count;
	uint64_t payload_bytes;
	unsigned record_type;         /* enum dns_type */
	struct scenario_node *server; /* asked; the host's own resolver by default */
	/* DO_CUT, DO_MEND */
	struct scenario_link link;
	/* DO_TELNET; `target` and `text` too: the lines that are said */
	uint64_t port;
	enum scenario_characters characters;
};

/* ---- What is expected ---- */

enum scenario_expectation_kind {
	EXPECT_MAILBOX,         /* a folder holds so many messages */
	EXPECT_MESSAGE,         /* a message reached a station of its way so many times */
	EXPECT_CONNECTION,      /* TCP connections came to such an end so many times */
	EXPECT_RETRANSMISSIONS, /* so many TCP segments were retransmitted */
	EXPECT_DROPPED,         /* so many frames or packets were dropped */
	EXPECT_DUPLICATES,      /* so many second deliveries were recognised */
	EXPECT_TRANSLATED,      /* so many packets were given another address */
	EXPECT_BYTES,           /* so many bytes of TCP left a node and came to it */
	EXPECT_PING,
	EXPECT_DIG,
	EXPECT_MINUTES,   /* so many minutes were begun on dial-up lines */
	EXPECT_COST,      /* dial-up lines cost so much */
	EXPECT_PACKETS,   /* actions caused so many packets */
	EXPECT_DEVICE,    /* a client holds so many messages itself: readable with no network */
	EXPECT_HEARD,     /* a line was heard at a terminal so many times */
	EXPECT_STORED,    /* so many bytes of mail are kept at a host */
	EXPECT_SAID,      /* a line was said in a TCP connection so many times */
	EXPECT_CONNECTED, /* TCP connections lasted so many seconds */
	EXPECT_AT_ONCE,   /* so many were open at the same time */
	EXPECT_LAYER,     /* headers of a layer were put on and taken off so many times */
	EXPECT_WAITED,    /* a user waited so many milliseconds */
	EXPECT_PARTS,     /* the world has so many parts of a kind */
	EXPECT_SCREENING, /* a stage of a screening came to a verdict so many times */
	EXPECT_WAY,       /* a message took a step of its way so many times */
	EXPECT_TAMPERED,  /* so many packets were changed by an attacker on the way */
	EXPECT_PASSWORD,  /* a password was readable on a wire so many times */
	EXPECT_COUNT,
};

/* The stations of struct scenario_expectation; each is a detail of TRACE_MAIL records. */
enum scenario_station {
	STATION_COMPOSED,
	STATION_SUBMITTED,
	STATION_QUEUED,
	STATION_TRANSFERRED,
	STATION_DEFERRED,
	STATION_BOUNCED,
	STATION_DELIVERED,
	STATION_RETRIEVED,
	STATION_READ,
	STATION_DELETED,
	STATION_REFUSED,
	STATION_LISTED,     /* in the list of a folder that an IMAP client shows */
	STATION_SHOWN_READ, /* there as read */
	STATION_UNLISTED,   /* and there no longer */
	STATION_COUNT,
};

enum scenario_outcome {
	OUTCOME_ESTABLISHED,
	OUTCOME_REFUSED, /* RST in answer to SYN */
	OUTCOME_RESET,   /* RST later */
	OUTCOME_TIMED_OUT,
	OUTCOME_UNREACHABLE, /* an ICMP error */
};

enum scenario_answer {
	ANSWER_FOUND,
	ANSWER_NO_NAME, /* NXDOMAIN */
	ANSWER_NO_DATA,
	ANSWER_FAILED,
	ANSWER_REFERRAL,
};

enum scenario_ping_result {
	PING_ANSWERED,
	PING_LOST,
	PING_UNREACHABLE, /* an ICMP error */
	PING_DUPLICATE,   /* a second reply */
};

enum scenario_drop_reason {
	DROP_ANY,
	DROP_LOSS, /* an impairment took it */
	DROP_FCS,
	DROP_CHECKSUM, /* of IPv4, ICMP, UDP or TCP */
	DROP_QUEUE,    /* a full queue */
	DROP_DOWN,     /* a cut cable, or one that is down */
	DROP_TTL,
	DROP_NO_ROUTE,
	DROP_NO_ANSWER, /* ARP found nobody */
	DROP_FILTER,    /* a rule of a packet filter */
	DROP_NAT,       /* there is no mapping for it, or none for its sender */
	DROP_OTHER,
};

/* What is done with a header, or with a command or reply. */
enum scenario_passage { PASSAGE_ANY, PASSAGE_PUT_ON, PASSAGE_TAKEN_OFF, PASSAGE_PASSED_ON };

enum scenario_part { PART_HOST, PART_ROUTER, PART_SWITCH, PART_INTERFACE, PART_CABLE };

struct scenario_expectation {
	struct scenario_item item;
	enum scenario_expectation_kind kind;
	int64_t at_ns;     /* judged at this moment; TIME_NEVER: at the end */
	int64_t within_ns; /* EXPECT_MESSAGE: after it was composed; EXPECT_MAILBOX: of the run */
	/* EXPECT_MAILBOX; EXPECT_DEVICE but for `account` */
	struct scenario_account *account;
	const char *folder;
	struct scenario_range messages; /* how many; of those with `subject`, when it is not NULL */
	bool only_unseen;
	const char *containing; /* NULL: whatever messages hold */
	/* EXPECT_MESSAGE, and `subject` of EXPECT_MAILBOX */
	const char *subject;
	enum scenario_station station;
	enum scenario_station since; /* `within_ns` is counted from the last time it was there */
	const char *recipient;       /* NULL: any */
	struct scenario_item *by;    /* client or host at which it happened; NULL: any */
	/* EXPECT_CONNECTION, EXPECT_PING, EXPECT_DIG */
	struct scenario_node *from; /* NULL: any */
	struct scenario_node *to;   /* NULL: any */
	uint64_t port;              /* 0: any */
	enum scenario_outcome outcome;
	enum scenario_ping_result ping;
	enum scenario_answer answer;
	const char *question; /* EXPECT_DIG: the name asked for; NULL: any */
	unsigned record_type;
	const char *value;           /* EXPECT_DIG: data among the answers; NULL: any */
	struct scenario_range times; /* of EXPECT_MESSAGE, _SCREENING, _CONNECTION, _PING, _DIG */
	/* EXPECT_RETRANSMISSIONS, _DROPPED, _DUPLICATES, _TRANSLATED, _BYTES; EXPECT_MINUTES, _COST
	   (millionths), _PACKETS */
	struct scenario_range count;
	struct scenario_network *network; /* EXPECT_MINUTES, EXPECT_COST; NULL: all lines */
	enum scenario_verb verb;          /* EXPECT_PACKETS */
	struct scenario_client *device;   /* EXPECT_DEVICE */
	const char *heard;                /* EXPECT_HEARD: how the line begins */
	const char *said; /* EXPECT_SAID: likewise, with * and ? for any text and character */
	bool only_clear;  /* EXPECT_SAID: and not in TLS */
	struct scenario_account *owner; /* EXPECT_STORED; NULL: whoever's it is */
	unsigned layer;                 /* EXPECT_LAYER: enum protocol_layer, or of the stack */
	enum scenario_passage passage;
	enum scenario_part part; /* EXPECT_PARTS */
	/* EXPECT_SCREENING, and `subject`, `by` */
	int stage;            /* enum screen_kind */
	int verdict;          /* enum screen_verdict */
	int screen_action;    /* enum screen_action; SCREEN_ACTION_COUNT: any */
	const char *evidence; /* of EXPECT_WAY as well: what it holds; NULL: anything */
	/* EXPECT_WAY, and `subject`, `recipient`, `by`, `times` */
	enum mail_step step;
	enum actor actor;           /* ACTOR_NONE: any */
	struct scenario_item *node; /* host, router or switch it is counted at; NULL: everywhere */
	enum scenario_drop_reason reason;
	struct scenario_client *whose; /* EXPECT_PASSWORD, and `port`, `times` */
	struct scenario_link tapped;   /* EXPECT_PASSWORD: the wire listened to */
	uint64_t rule; /* EXPECT_DROPPED: number of the rule of `node` that did it; 0: any */
};

enum scenario_record_mode {
	RECORD_SENT, /* every packet once, where it was first put on a wire */
	RECORD_ALL,  /* every interface */
};

struct scenario_capture_interface {
	struct scenario_item item;
	struct scenario_interface *interface;
};

/* What `run` captures unless options say otherwise. */
struct scenario_capture {
	struct scenario_item item;
	enum scenario_record_mode record;
	GPtrArray *interfaces; /* of struct scenario_capture_interface *; not empty: these alone */
	bool has_comments;
};

/* ---- The whole ---- */

struct scenario_memory;

struct scenario {
	struct scenario_item item;
	uint64_t version; /* of the language: 1 */
	const char *title;
	int64_t epoch_s; /* virtual time 0 as seconds since 1970-01-01 UTC */
	uint64_t seed;
	int64_t until_ns;                  /* the run ends here; TIME_NEVER: when all is quiet */
	GPtrArray *networks;               /* of struct scenario_network * */
	GPtrArray *switches;               /* of struct scenario_switch * */
	GPtrArray *hosts, *routers;        /* of struct scenario_node * */
	struct scenario_node *root_server; /* NULL when there are no zones */
	GPtrArray *resolvers;              /* of struct scenario_resolver * */
	GPtrArray *domains;                /* of struct scenario_domain * */
	GPtrArray *zones;                  /* of struct scenario_zone *; the root's is among them */
	GPtrArray *servers;                /* of struct scenario_server * */
	GPtrArray *clients;                /* of struct scenario_client * */
	GPtrArray *impairments;  /* of struct scenario_impairment *; see scenario_impair() */
	GPtrArray *timeline;     /* of struct scenario_action *; equal times in this order */
	GPtrArray *expectations; /* of struct scenario_expectation * */
	struct scenario_capture capture;
	struct scenario_memory *memory; /* of all parts; private */
};

#define SCENARIO_BYTES_MAX 16000000 /* of a scenario file */

/*
 * Reads the scenario in the file `path`, checks it, and fills in its defaults. NULL when it has
 * errors. `diagnostics` (fresh) gets errors and warnings, with the file as their source.
 */
struct scenario *scenario_load(const char *path, struct diagnostics *diagnostics);

/* A part of a scenario that is written otherwise than in its file. */
struct scenario_setting {
	char *
	    path; /* the way to it, "clients/alice/incoming"; elements of lists by number, from 1 */
	struct mark mark;              /* where it stands in the source of the settings */
	const struct yaml_node *value; /* nothing (yaml_is_null()): as if it were not written */
	struct yaml_node *owned;       /* the same, when it is freed with the setting */
};

/* Settings in the order in which they are made, and the text they stand in. */
struct scenario_settings {
	char *source_name, *source; /* for messages */
	GPtrArray *list;            /* of struct scenario_setting * */
};

/* None yet; and one more: `path` is copied, `value` must outlive them. */
struct scenario_settings *scenario_settings_new(const char *source_name, const char *source);
void scenario_settings_add(struct scenario_settings *settings, const char *path, struct mark mark,
			   const struct yaml_node *value);
void scenario_settings_free(struct scenario_settings *settings);

/* Reads texts PATH=VALUE, up to a NULL. NULL when one is wrong; `diagnostics` (fresh) says why. */
struct scenario_settings *scenario_settings_parse(const char *const *texts,
						  struct diagnostics *diagnostics);

/* In what a scenario shall differ from its file. */
struct scenario_changes {
	/* PROTOCOL_POP3 or PROTOCOL_IMAP, by which all clients get their mail whatever is written;
	   what does not go with that is an error. NULL: as written. */
	const enum scenario_protocol *receive;
	const struct scenario_settings *settings; /* NULL: none */
	/* Expectations in place of those that are written, of const struct yaml_node *, which stand
	   in the source of `settings`; NULL: as written. */
	const GPtrArray *expect;
};

/* scenario_load() with changes. */
struct scenario *scenario_load_changed(const char *path, const struct scenario_changes *changes,
				       struct diagnostics *diagnostics);

/* scenario_load_bytes() with changes. */
struct scenario *scenario_load_bytes_changed(struct bytes yaml, const char *name,
					     const char *directory,
					     const struct scenario_changes *changes,
					     struct diagnostics *diagnostics);

/*
 * The same from memory: `name` is what messages call it. Attachments are read below `directory`;
 * NULL: it may have none.
 */
struct scenario *scenario_load_bytes(struct bytes yaml, const char *name, const char *directory,
				     struct diagnostics *diagnostics);
void scenario_free(struct scenario *scenario);

/*
 * The scenario as YAML with every default written out; loading that gives the same scenario, and
 * printing it again the same bytes. The caller frees it.
 */
char *scenario_print(const struct scenario *scenario);

/* The one of `kinds` called `name` ("alice", "mail", "bob@remote.example"), or NULL. */
struct scenario_item *scenario_lookup(const struct scenario *scenario, unsigned kinds,
				      const char *name);

/* One direction of one cable: what an end of it sends, or is sent. */
struct scenario_way {
	const struct scenario_interface *interface; /* the end; or else */
	const struct scenario_switch *uplink;   /* the switch whose uplink cable it is; or else */
	const struct scenario_network *network; /* of something outside plugged into it */
	bool is_out;                            /* what that end sends */
};

/*
 * All that is wrong with one direction of a cable at a time, in `effect`: of each value the latest
 * impairment that has it. Numbers of frames to drop are appended to `frames` (uint64_t), ascending.
 * Nothing changes between two of the `from_ns` and `to_ns` of the impairments.
 */
void scenario_impair(const struct scenario *scenario, const struct scenario_way *way, int64_t at_ns,
		     struct scenario_impairment *effect, GArray *frames);

/* "alice-pc:eth0", for pcapng and messages, into a new string. */
char *scenario_interface_print(const struct scenario_interface *interface);

/*
 * The path of the scenario that a user's FILE argument means: the file itself; else NAME or
 * NAME.yaml in ./scenarios, $MAILWIRE_SCENARIOS, the folder that came with the program (beside
 * where it is installed, or of the source it was built in), or DATADIR/scenarios. NULL when
 * there is none; then `diagnostics` says so, with the nearest name. The caller frees it.
 */
char *scenario_find(const char *name, struct diagnostics *diagnostics);

/* The URI of the schema.json beside those scenarios, for editors; NULL: none. The caller frees it. */
char *scenario_schema_uri(void);

/* A scenario that scenario_find() knows by name. */
struct scenario_listed {
	char *name; /* without ".yaml" */
	char *path;
	char *title; /* NULL when the file cannot be read as YAML */
};

/* All of them, sorted by name: an array of struct scenario_listed * that frees its elements. */
GPtrArray *scenario_list(void);

/*
 * A commented starting scenario for `mailwire new`; `name` is of letters, digits and hyphens. The
 * caller frees it.
 */
char *scenario_template(const char *name);

/* The JSON Schema of the language (scenarios/schema.json), and the reference of all keys as Markdown
 * (in docs/SCENARIO.md). Both are made from the tables that drive the reader. The caller frees them. */
char *scenario_schema(void);
char *scenario_reference(void);

/*
 * The first and last address that a host may have: between that of the subnet and that for broadcast, or both
 * of a /31, which has neither (RFC 3021).
 */
uint32_t scenario_first_host(struct scenario_prefix subnet);
uint32_t scenario_last_host(struct scenario_prefix subnet);
