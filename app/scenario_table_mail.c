#include "app/scenario_table.h"
#include "protocols/authentic/dkim_sign.h"
#include "protocols/dns/record.h"
#include "protocols/pop3/session.h"
#include "protocols/screening/screening.h"
#include "protocols/smtp/server.h"
#include "protocols/mail/mta_sts.h"
#include "protocols/tls/names.h"

#define AT(type, field) .offset = offsetof(struct type, field)

/* clang-format off */
const struct word record_type_words[] = {
	{ "A", DNS_A, "an IPv4 address" },
	{ "NS", DNS_NS, "a name server" },
	{ "CNAME", DNS_CNAME, "another name" },
	{ "SOA", DNS_SOA, "the start of a zone" },
	{ "PTR", DNS_PTR, "the name of an address" },
	{ "MX", DNS_MX, "preference and name of a mail exchanger" },
	{ "TXT", DNS_TXT, "text" },
	{ "AAAA", DNS_AAAA, "an IPv6 address" },
	{ "SRV", DNS_SRV, "the place of a service" },
	{ NULL, 0, NULL },
};

const struct mapping resolver_mapping = {
	.title = "resolver", .article = "a resolver",
	.meaning = "A resolving DNS server, by its host",
	.size = sizeof(struct scenario_resolver),
	.name_type = KEY_NAME, .name_kinds = SCENARIO_HOST, .name_title = "HOST",
	.name_offset = offsetof(struct scenario_resolver, host),
};

static const struct key record_keys[] = {
	{ .name = "name", .type = KEY_OWNER, .offset = offsetof(struct scenario_record, item.name),
	  .fallback = "@",
	  .meaning = "The name it belongs to: relative to the zone, or absolute with a final dot; `@` is the zone itself" },
	{ .name = "type", .type = KEY_WORD, AT(scenario_record, type), .words = record_type_words,
	  .flags = KEY_REQUIRED, .meaning = "The type of the record" },
	{ .name = "ttl", .type = KEY_TIME, AT(scenario_record, ttl_ns), .fallback = "1h",
	  .most = INT64_C(2147483647) * 1000000000,
	  .meaning = "How long others may keep it" },
	{ .name = "value", .type = KEY_TEXT, AT(scenario_record, value), .flags = KEY_REQUIRED,
	  .meaning = "Its data as in a zone file: `192.0.2.70`, `10 mail`, `\"v=spf1 mx -all\"`" },
};

const struct mapping record_mapping = {
	.title = "record", .article = "a record",
	.meaning = "A DNS resource record",
	.size = sizeof(struct scenario_record),
	.keys = record_keys, .key_count = G_N_ELEMENTS(record_keys),
};

static const struct key zone_keys[] = {
	{ .name = "server", .type = KEY_REFERENCE, AT(scenario_zone, server), .kinds = SCENARIO_HOST,
	  .computed = "the `dns` host of the domain of that name",
	  .meaning = "The host whose DNS server is authoritative for the zone" },
	{ .name = "records", .type = KEY_LIST, AT(scenario_zone, records), .mapping = &record_mapping,
	  .flags = KEY_REQUIRED,
	  .meaning = "All its records; SOA and NS are made when there is no SOA" },
};

const struct mapping zone_mapping = {
	.title = "zone", .article = "a zone",
	.meaning = "A DNS zone, by its name; `.` is the root",
	.size = sizeof(struct scenario_zone),
	.keys = zone_keys, .key_count = G_N_ELEMENTS(zone_keys),
	.name_type = KEY_DOMAIN, .name_title = "ZONE",
};

static const struct key folder_keys[] = {
	{ .name = "folder", .type = KEY_TEXT, AT(scenario_folder, folder), .flags = KEY_REQUIRED,
	  .meaning = "The name of a folder" },
};

static const struct mapping folder_mapping = {
	.title = "folder", .article = "a folder",
	.meaning = "The name of a folder",
	.size = sizeof(struct scenario_folder),
	.keys = folder_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key share_keys[] = {
	{ .name = "with", .type = KEY_REFERENCE, AT(scenario_share, with), .kinds = SCENARIO_ACCOUNT,
	  .flags = KEY_REQUIRED, .meaning = "The account whose user sees the folder, as `shared/OWNER/FOLDER`" },
	{ .name = "folder", .type = KEY_TEXT, AT(scenario_share, folder), .fallback = "INBOX",
	  .meaning = "The folder" },
	{ .name = "rights", .type = KEY_TEXT, AT(scenario_share, rights), .fallback = "lrs",
	  .meaning = "What that user may do, by the letters of RFC 4314: `l` see, `r` read, `s` keep \\Seen, `w` other flags, `i` add, `t` mark deleted, `e` expunge, `k` make folders below, `x` delete it, `a` share it" },
};

static const struct mapping share_mapping = {
	.title = "share", .article = "a share",
	.meaning = "Who else may use a folder, by IMAP; the account alone does",
	.size = sizeof(struct scenario_share),
	.keys = share_keys, .key_count = G_N_ELEMENTS(share_keys), .has_short_form = true,
};

static const struct key account_keys[] = {
	{ .name = "password", .type = KEY_TEXT, AT(scenario_account, password),
	  .computed = "the name and `-password`", .meaning = "What it takes to sign in" },
	{ .name = "full-name", .type = KEY_TEXT, AT(scenario_account, full_name),
	  .computed = "the name with a capital", .meaning = "The person's name, shown before the address" },
	{ .name = "quota", .type = KEY_SIZE, AT(scenario_account, quota_bytes), .fallback = "0B",
	  .meaning = "How much its mailboxes may hold; `0B` is no limit" },
	{ .name = "folders", .type = KEY_LIST, AT(scenario_account, folders), .mapping = &folder_mapping,
	  .meaning = "Folders it has from the start besides INBOX" },
	{ .name = "shared", .type = KEY_LIST, AT(scenario_account, shares), .mapping = &share_mapping,
	  .meaning = "Who else may use its folders" },
};

const struct mapping account_mapping = {
	.title = "account", .article = "an account",
	.meaning = "An account, by the part of its address before the @; a scalar is its password",
	.size = sizeof(struct scenario_account), .kind = SCENARIO_ACCOUNT,
	.keys = account_keys, .key_count = G_N_ELEMENTS(account_keys),
	.name_type = KEY_LOCAL, .name_title = "NAME", .has_short_form = true,
};

static const struct key alias_keys[] = {
	{ .name = "to", .type = KEY_LIST, AT(scenario_alias, targets), .mapping = &recipient_mapping,
	  .flags = KEY_REQUIRED, .meaning = "Who gets what is sent to it" },
};

static const struct mapping alias_mapping = {
	.title = "alias", .article = "an alias",
	.meaning = "Another name for mailboxes here or elsewhere, by the part of its address before the @; its only target alone does",
	.size = sizeof(struct scenario_alias),
	.keys = alias_keys, .key_count = G_N_ELEMENTS(alias_keys),
	.name_type = KEY_LOCAL, .name_title = "NAME", .has_short_form = true,
};

static const struct key mailing_list_keys[] = {
	{ .name = "members", .type = KEY_LIST, AT(scenario_alias, targets), .mapping = &recipient_mapping,
	  .flags = KEY_REQUIRED, .meaning = "Who gets what is sent to it" },
	{ .name = "owner", .type = KEY_MAIL, AT(scenario_alias, owner), .flags = KEY_REQUIRED,
	  .meaning = "Who is told when it cannot be delivered: the reverse-path of what the list sends on" },
};

static const struct mapping mailing_list_mapping = {
	.title = "mailing list", .article = "a mailing list",
	.meaning = "A mailing list, by the part of its address before the @",
	.size = sizeof(struct scenario_alias),
	.keys = mailing_list_keys, .key_count = G_N_ELEMENTS(mailing_list_keys),
	.name_type = KEY_LOCAL, .name_title = "NAME",
};

static const struct word certificate_words[] = {
	{ "valid", CERTIFICATE_VALID, "issued by the scenario's authority to the names clients use" },
	{ "expired", CERTIFICATE_EXPIRED, "since a day before the run begins" },
	{ "not-yet-valid", CERTIFICATE_NOT_YET_VALID, "for another year" },
	{ "wrong-name", CERTIFICATE_WRONG_NAME, "it is somebody else's" },
	{ "self-signed", CERTIFICATE_SELF_SIGNED, "by nobody but the server itself" },
	{ "revoked", CERTIFICATE_REVOKED, "the authority took it back, and clients know" },
	{ "none", CERTIFICATE_NONE, "it has none, and is as a server without `tls`" },
	{ NULL, 0, NULL },
};

static const struct word certificate_key_words[] = {
	{ "ecdsa", CERTIFICATE_KEY_ECDSA, "on the curve P-256" },
	{ "rsa", CERTIFICATE_KEY_RSA, "of 2048 bits" },
	{ NULL, 0, NULL },
};

static const struct word tls_version_words[] = {
	{ "TLSv1.2", TLS_1_2, "RFC 5246" },
	{ "TLSv1.3", TLS_1_3, "RFC 8446" },
	{ NULL, 0, NULL },
};

static const struct key tls_keys[] = {
	{ .name = "certificate", .type = KEY_WORD, AT(scenario_tls, certificate), .words = certificate_words,
	  .fallback = "valid", .meaning = "What its certificate is like" },
	{ .name = "key", .type = KEY_WORD, AT(scenario_tls, key), .words = certificate_key_words,
	  .fallback = "ecdsa", .meaning = "The kind of key in it" },
	{ .name = "oldest", .type = KEY_WORD, AT(scenario_tls, oldest), .words = tls_version_words,
	  .fallback = "TLSv1.2", .meaning = "The oldest version it speaks" },
	{ .name = "newest", .type = KEY_WORD, AT(scenario_tls, newest), .words = tls_version_words,
	  .fallback = "TLSv1.3", .meaning = "The newest version it speaks" },
	{ .name = "login-needs-tls", .type = KEY_BOOL, AT(scenario_tls, hides_plain_login), .fallback = "no",
	  .meaning = "Whether a password may cross the wire under TLS alone: without it SMTP offers no AUTH (as Postfix), POP3 and IMAP no USER, LOGIN, PLAIN (as Dovecot)" },
};

static const struct mapping tls_mapping = {
	.title = "certificate", .article = "a certificate",
	.meaning = "The certificate of a server or a site; what it is like alone does",
	.size = sizeof(struct scenario_tls),
	.keys = tls_keys, .key_count = G_N_ELEMENTS(tls_keys), .has_short_form = true,
};

static const struct word mta_sts_mode_words[] = {
	{ "enforce", MTA_STS_ENFORCE, "mail goes to exchangers that it names and whose certificate is right, else it waits" },
	{ "testing", MTA_STS_TESTING, "what would be wrong is noted, and mail goes out all the same" },
	{ "none", MTA_STS_NONE, "there is none any more" },
	{ NULL, 0, NULL },
};

static const struct key mx_keys[] = {
	{ .name = "name", .type = KEY_TEXT, AT(scenario_mx, pattern), .flags = KEY_REQUIRED,
	  .meaning = "A domain name; `*.` in front stands for one label" },
};

static const struct mapping mx_mapping = {
	.title = "exchanger", .article = "an exchanger",
	.meaning = "Names of exchangers",
	.size = sizeof(struct scenario_mx),
	.keys = mx_keys, .key_count = G_N_ELEMENTS(mx_keys), .has_short_form = true, .is_scalar = true,
};

static const struct key mta_sts_keys[] = {
	{ .name = "mode", .type = KEY_WORD, AT(scenario_mta_sts, mode), .words = mta_sts_mode_words,
	  .fallback = "enforce", .meaning = "What others are to do about it" },
	{ .name = "host", .type = KEY_REFERENCE, AT(scenario_mta_sts, host), .kinds = SCENARIO_HOST,
	  .computed = "the host called `policy`",
	  .meaning = "The host of the site `mta-sts.` and the domain, which has the policy, by HTTPS" },
	{ .name = "max-age", .type = KEY_TIME, AT(scenario_mta_sts, max_age_ns), .fallback = "7d", .most = INT64_MAX,
	  .meaning = "How long others keep it" },
	{ .name = "id", .type = KEY_TEXT, AT(scenario_mta_sts, id), .fallback = "20260101", .meaning = "Its name in DNS: another one makes others fetch it again" },
	{ .name = "mx", .type = KEY_LIST, AT(scenario_mta_sts, mx), .mapping = &mx_mapping,
	  .computed = "the mail host of the domain", .meaning = "The exchangers that it names" },
	{ .name = "tls", .type = KEY_MAPPING, AT(scenario_mta_sts, tls), .mapping = &tls_mapping,
	  .flags = KEY_OPTIONAL, .computed = "a valid one", .meaning = "The certificate of the site" },
};

static const struct mapping mta_sts_mapping = {
	.title = "TLS policy", .article = "a TLS policy",
	.meaning = "What a domain says of TLS towards its mail servers (MTA-STS, RFC 8461); the mode alone does",
	.size = sizeof(struct scenario_mta_sts),
	.keys = mta_sts_keys, .key_count = G_N_ELEMENTS(mta_sts_keys), .has_short_form = true,
};

static const struct word security_words[] = {
	{ "none", SECURITY_NONE, "not at all" },
	{ "opportunistic", SECURITY_OPPORTUNISTIC, "by STARTTLS (STLS) where the server offers it" },
	{ "starttls", SECURITY_STARTTLS, "likewise, and not at all without" },
	{ "tls", SECURITY_TLS, "by TLS from the first byte, on ports of its own" },
	{ NULL, 0, NULL },
};

static const struct key domain_keys[] = {
	{ .name = "mail", .type = KEY_REFERENCE, AT(scenario_domain, mail), .kinds = SCENARIO_HOST,
	  .computed = "the host called `mail`, when this is the only domain",
	  .meaning = "The host that receives its mail and keeps its mailboxes" },
	{ .name = "dns", .type = KEY_REFERENCE, AT(scenario_domain, dns), .kinds = SCENARIO_HOST,
	  .computed = "a host called `dns` (with several domains `dns-` and the first part of the domain), made up on the network of the mail server when there is none",
	  .meaning = "The host whose DNS server is authoritative for its zone" },
	{ .name = "webmail", .type = KEY_REFERENCE, AT(scenario_domain, webmail), .kinds = SCENARIO_HOST,
	  .computed = "none",
	  .meaning = "The host of its webmail site, `webmail.` and the domain: HTTP on port 80 towards browsers, IMAP and submission towards the mail server" },
	{ .name = "webmail-tls", .type = KEY_MAPPING, AT(scenario_domain, webmail_tls), .mapping = &tls_mapping,
	  .flags = KEY_OPTIONAL, .computed = "none: the site speaks no TLS",
	  .meaning = "The certificate of that site; with one it is there by HTTPS too, on port 443" },
	{ .name = "webmail-security", .type = KEY_WORD, AT(scenario_domain, webmail_security), .words = security_words,
	  .fallback = "none", .meaning = "How that site's connections to the mail server are protected; it verifies the certificate" },
	{ .name = "mta-sts", .type = KEY_MAPPING, AT(scenario_domain, mta_sts), .mapping = &mta_sts_mapping,
	  .flags = KEY_OPTIONAL, .computed = "none",
	  .meaning = "What it says of TLS towards its mail servers (MTA-STS, RFC 8461), in DNS and on a site" },
	{ .name = "accounts", .type = KEY_TABLE, AT(scenario_domain, accounts), .mapping = &account_mapping,
	  .meaning = "Its accounts" },
	{ .name = "aliases", .type = KEY_TABLE, AT(scenario_domain, aliases), .mapping = &alias_mapping,
	  .meaning = "Names that stand for others" },
	{ .name = "lists", .type = KEY_TABLE, AT(scenario_domain, lists), .mapping = &mailing_list_mapping,
	  .meaning = "Mailing lists" },
	{ .name = "sub-addressing", .type = KEY_BOOL, AT(scenario_domain, has_tags), .fallback = "no",
	  .meaning = "Whether `alice+shop` is another address of `alice` (RFC 5233)" },
	{ .name = "records", .type = KEY_LIST, AT(scenario_domain, records), .mapping = &record_mapping,
	  .flags = KEY_INPUT_ONLY,
	  .meaning = "Records that its zone has besides those made for it" },
};

const struct mapping domain_mapping = {
	.title = "domain", .article = "a domain",
	.meaning = "A mail domain, by its name",
	.size = sizeof(struct scenario_domain), .kind = SCENARIO_DOMAIN,
	.keys = domain_keys, .key_count = G_N_ELEMENTS(domain_keys),
	.name_type = KEY_DOMAIN, .name_title = "DOMAIN",
};

static const struct word service_words[] = {
	{ "smtp", PROTOCOL_SMTP, "mail from other servers, port 25" },
	{ "submission", PROTOCOL_SUBMISSION, "mail from clients, who must authenticate, port 587" },
	{ "pop3", PROTOCOL_POP3, "port 110" },
	{ "imap", PROTOCOL_IMAP, "port 143" },
	{ "submissions", PROTOCOL_SUBMISSIONS, "submission with TLS from the first byte, port 465" },
	{ "pop3s", PROTOCOL_POP3S, "likewise, port 995" },
	{ "imaps", PROTOCOL_IMAPS, "likewise, port 993" },
	{ NULL, 0, NULL },
};

static const struct key service_keys[] = {
	{ .name = "service", .type = KEY_WORD, AT(scenario_service, protocol), .words = service_words,
	  .flags = KEY_REQUIRED, .meaning = "What it offers" },
	{ .name = "port", .type = KEY_COUNT, AT(scenario_service, port), .least = 1, .most = 65535,
	  .computed = "the usual one", .meaning = "The port it listens on" },
};

static const struct mapping service_mapping = {
	.title = "service", .article = "a service",
	.meaning = "A service of a mail server; its name alone does",
	.size = sizeof(struct scenario_service),
	.keys = service_keys, .key_count = G_N_ELEMENTS(service_keys), .has_short_form = true,
};

/* Every capability but IMAP4rev1, which makes it an IMAP server. */
static const struct word capability_words[] = {
	{ "IMAP4rev2", IMAP_CAN_REV2, "IMAP: the newer protocol, RFC 9051" },
	{ "SASL-IR", IMAP_CAN_SASL_IR, "IMAP: AUTHENTICATE in one step" },
	{ "ID", IMAP_CAN_ID, "IMAP: names of the software" },
	{ "ENABLE", IMAP_CAN_ENABLE, "IMAP: turning extensions on" },
	{ "IDLE", IMAP_CAN_IDLE, "IMAP: news as it comes" },
	{ "SORT", IMAP_CAN_SORT, "IMAP: sorting on the server" },
	{ "THREAD=ORDEREDSUBJECT", IMAP_CAN_THREAD_SUBJECT, "IMAP: threads by subject" },
	{ "THREAD=REFERENCES", IMAP_CAN_THREAD_REFERENCES, "IMAP: threads by references" },
	{ "MULTIAPPEND", IMAP_CAN_MULTIAPPEND, "IMAP: several messages in one APPEND" },
	{ "UNSELECT", IMAP_CAN_UNSELECT, "IMAP: closing without expunging" },
	{ "CHILDREN", IMAP_CAN_CHILDREN, "IMAP: whether a mailbox has others below it" },
	{ "NAMESPACE", IMAP_CAN_NAMESPACE, "IMAP: where mailboxes are kept" },
	{ "UIDPLUS", IMAP_CAN_UIDPLUS, "IMAP: UIDs of new messages, UID EXPUNGE" },
	{ "LIST-EXTENDED", IMAP_CAN_LIST_EXTENDED, "IMAP: LIST with options" },
	{ "CONDSTORE", IMAP_CAN_CONDSTORE, "IMAP: numbers of changes" },
	{ "QRESYNC", IMAP_CAN_QRESYNC, "IMAP: catching up in one step" },
	{ "ESEARCH", IMAP_CAN_ESEARCH, "IMAP: SEARCH RETURN" },
	{ "SEARCHRES", IMAP_CAN_SEARCHRES, "IMAP: results kept in `$`" },
	{ "WITHIN", IMAP_CAN_WITHIN, "IMAP: OLDER and YOUNGER" },
	{ "LIST-STATUS", IMAP_CAN_LIST_STATUS, "IMAP: STATUS of all in one LIST" },
	{ "BINARY", IMAP_CAN_BINARY, "IMAP: parts without their encoding" },
	{ "MOVE", IMAP_CAN_MOVE, "IMAP: moving in one step" },
	{ "STATUS=SIZE", IMAP_CAN_STATUS_SIZE, "IMAP: sizes of mailboxes" },
	{ "LITERAL+", IMAP_CAN_LITERAL_PLUS, "IMAP: literals without asking" },
	{ "SPECIAL-USE", IMAP_CAN_SPECIAL_USE, "IMAP: which mailbox is for what" },
	{ "QUOTA", IMAP_CAN_QUOTA, "IMAP: limits told to clients" },
	{ "QUOTA=RES-STORAGE", IMAP_CAN_QUOTA_STORAGE, "IMAP: the limit of bytes" },
	{ "ACL", IMAP_CAN_ACL, "IMAP: sharing with rights" },
	{ "RIGHTS=texk", IMAP_CAN_RIGHTS, "IMAP: the rights of RFC 4314" },
	{ "PIPELINING", CAPABILITY_SMTP | SMTP_CAN_PIPELINE, "SMTP and POP3: commands need not wait for replies" },
	{ "SIZE", CAPABILITY_SMTP | SMTP_CAN_SIZE, "SMTP: the size of a message is declared" },
	{ "VRFY", CAPABILITY_SMTP | SMTP_CAN_VRFY, "SMTP: addresses can be verified" },
	{ "AUTH", CAPABILITY_SMTP | SMTP_CAN_AUTH, "SMTP: authentication by any mechanism" },
	{ "ENHANCEDSTATUSCODES", CAPABILITY_SMTP | SMTP_CAN_STATUS, "SMTP: replies with a status as `5.1.1`" },
	{ "8BITMIME", CAPABILITY_SMTP | SMTP_CAN_8BIT, "SMTP: messages beyond ASCII" },
	{ "DSN", CAPABILITY_SMTP | SMTP_CAN_DSN, "SMTP: notifications by wish" },
	{ "SMTPUTF8", CAPABILITY_SMTP | SMTP_CAN_UTF8, "SMTP: addresses in any script" },
	{ "CHUNKING", CAPABILITY_SMTP | SMTP_CAN_CHUNK, "SMTP: messages in counted chunks" },
	{ "USER", CAPABILITY_POP3 | POP3_OFFERS_USER, "POP3: name and password, each in a command" },
	{ "APOP", CAPABILITY_POP3 | POP3_OFFERS_APOP, "POP3: a digest of the greeting's time stamp and the password" },
	{ "UIDL", CAPABILITY_POP3 | POP3_OFFERS_UIDL, "POP3: unique ids" },
	{ "TOP", CAPABILITY_POP3 | POP3_OFFERS_TOP, "POP3: headers alone" },
	{ "UTF8", CAPABILITY_POP3 | POP3_OFFERS_UTF8, "POP3: headers in UTF-8" },
	{ "LANG", CAPABILITY_POP3 | POP3_OFFERS_LANG, "POP3: languages of replies" },
	{ "STARTTLS", CAPABILITY_SMTP | SMTP_CAN_TLS, "SMTP: TLS on a connection that began without" },
	{ "AUTH=SCRAM-SHA-256", CAPABILITY_SASL | SASL_SCRAM_SHA_256, "authentication by a proof" },
	{ "AUTH=CRAM-MD5", CAPABILITY_SASL | SASL_CRAM_MD5, "authentication by a digest" },
	{ "AUTH=PLAIN", CAPABILITY_SASL | SASL_PLAIN, "authentication by name and password" },
	{ "AUTH=LOGIN", CAPABILITY_SASL | SASL_LOGIN, "the same, asked for one by one" },
	{ NULL, 0, NULL },
};

static const struct key capability_keys[] = {
	{ .name = "extension", .type = KEY_WORD, AT(scenario_capability, capability), .words = capability_words,
	  .flags = KEY_REQUIRED, .meaning = "The name of a capability" },
};

static const struct mapping capability_mapping = {
	.title = "extension", .article = "an extension",
	.meaning = "The name of a capability, as servers list it",
	.size = sizeof(struct scenario_capability),
	.keys = capability_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct word fault_words[] = {
	{ "connect", SMTP_GREETING, "a client connects: the reply stands in place of the greeting" },
	{ "ehlo", SMTP_EHLO, NULL },
	{ "helo", SMTP_HELO, NULL },
	{ "auth", SMTP_AUTH, NULL },
	{ "mail", SMTP_MAIL, NULL },
	{ "rcpt", SMTP_RCPT, NULL },
	{ "data", SMTP_DATA, "the command; with `reset` the message behind it" },
	{ "message", SMTP_MESSAGE, "the message has come whole" },
	{ "quit", SMTP_QUIT, NULL },
	{ NULL, 0, NULL },
};

static const struct key fault_keys[] = {
	{ .name = "command", .type = KEY_WORD, AT(scenario_fault, command), .words = fault_words,
	  .flags = KEY_REQUIRED, .meaning = "What a client says when it happens" },
	{ .name = "recipients", .type = KEY_LIST, AT(scenario_fault, recipients), .mapping = &recipient_mapping,
	  .computed = "any", .meaning = "rcpt: only when it names one of these" },
	{ .name = "reply", .type = KEY_TEXT, AT(scenario_fault, reply), .computed = "the right one",
	  .meaning = "What the server says in place of the right reply: `451 4.3.0 Try again later`" },
	{ .name = "delay", .type = KEY_TIME, AT(scenario_fault, delay_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "How long it says nothing before" },
	{ .name = "reset", .type = KEY_BOOL, AT(scenario_fault, resets), .fallback = "no",
	  .meaning = "The server resets the connection; with `data`, in the middle of the message" },
	{ .name = "after", .type = KEY_SIZE, AT(scenario_fault, reset_after_bytes), .fallback = "0B",
	  .meaning = "data with `reset`: how much of the message comes before" },
	{ .name = "from", .type = KEY_TIME, AT(scenario_fault, from_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "When it begins to happen" },
	{ .name = "to", .type = KEY_TIME, AT(scenario_fault, to_ns), .computed = "the end of the run",
	  .meaning = "When it no longer does" },
	{ .name = "chance", .type = KEY_PERCENT, AT(scenario_fault, chance_ppm), .fallback = "100%",
	  .meaning = "How often of the times it could, by the scenario's seed" },
};

static const struct mapping fault_mapping = {
	.title = "fault", .article = "a fault",
	.meaning = "Something that goes wrong at the SMTP of a server; the first that fits happens",
	.size = sizeof(struct scenario_fault),
	.keys = fault_keys, .key_count = G_N_ELEMENTS(fault_keys),
};

static const struct word place_words[] = {
	{ "header", SCREEN_IN_HEADER, "each field of the header, as `Name: value`" },
	{ "text", SCREEN_IN_TEXT, "the text of every text part, decoded" },
	{ "attachment", SCREEN_IN_ATTACHMENT, "the names of attached files" },
	{ NULL, 0, NULL },
};

static const struct key place_keys[] = {
	{ .name = "place", .type = KEY_WORD, AT(scenario_content_place, place), .words = place_words,
	  .flags = KEY_REQUIRED, .meaning = "A place in a message" },
};

static const struct mapping place_mapping = {
	.title = "place", .article = "a place",
	.meaning = "A place in a message",
	.size = sizeof(struct scenario_content_place),
	.keys = place_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key rule_keys[] = {
	{ .name = "name", .type = KEY_TEXT, AT(scenario_content_rule, rule_name), .flags = KEY_REQUIRED,
	  .meaning = "What it is called in replies, header fields and the log" },
	{ .name = "pattern", .type = KEY_TEXT, AT(scenario_content_rule, pattern), .flags = KEY_REQUIRED,
	  .meaning = "A regular expression as in Perl; `(?i)` at its front ignores case" },
	{ .name = "in", .type = KEY_LIST, AT(scenario_content_rule, places), .mapping = &place_mapping,
	  .computed = "header, text, attachment", .meaning = "Where it is looked for" },
};

static const struct mapping rule_mapping = {
	.title = "content rule", .article = "a content rule",
	.meaning = "What a message may not hold",
	.size = sizeof(struct scenario_content_rule),
	.keys = rule_keys, .key_count = G_N_ELEMENTS(rule_keys),
};

static const struct word stage_words[] = {
	{ "sender", SCREEN_SENDER, "at RCPT: who logged in may name only an own address in MAIL FROM, others none of the server's domains (Postfix: reject_sender_login_mismatch)" },
	{ "greylist", SCREEN_GREYLIST, "at RCPT: a stranger is told to come again later (RFC 6647; postgrey)" },
	{ "virus", SCREEN_VIRUS, "the message: the EICAR test file in any part, through base64 and quoted-printable" },
	{ "content", SCREEN_CONTENT, "the message: rules of your own" },
	{ "spam", SCREEN_SPAM, "the message: points by rules, as SpamAssassin does; GTUBE" },
	{ "spf", SCREEN_SPF, "at RCPT: whether the client may send for the domain in MAIL FROM (RFC 7208); only `fail` fails" },
	{ "dkim", SCREEN_DKIM, "the message: its signatures (RFC 6376); fails when there are some and none is good" },
	{ "dmarc", SCREEN_DMARC, "the message: whether spf or dkim, before it in the list, speaks for the domain in From; what is done is that domain's policy (RFC 9989), and at most the action" },
	{ NULL, 0, NULL },
};

static const struct word stage_action_words[] = {
	{ "reject", SCREEN_REJECT, "it is refused in the SMTP dialogue" },
	{ "quarantine", SCREEN_QUARANTINE, "it is filed in the folder Junk of recipients here; others get it as with `tag`" },
	{ "tag", SCREEN_TAG, "it goes on with header fields that tell" },
	{ NULL, 0, NULL },
};

#define STAGE(kind) (1u << SCREEN_##kind)
#define ACTS        (~STAGE(GREYLIST) & ((1u << SCREEN_KIND_COUNT) - 1))

static const struct key stage_keys[] = {
	{ .name = "stage", .type = KEY_WORD, AT(scenario_stage, kind), .words = stage_words,
	  .flags = KEY_REQUIRED, .meaning = "What looks at mail" },
	{ .name = "action", .type = KEY_WORD, AT(scenario_stage, action), .words = stage_action_words,
	  .fallback = "reject", .variants = ACTS, .meaning = "What is done with a message that fails" },
	{ .name = "subject-prefix", .type = KEY_TEXT, AT(scenario_stage, subject_prefix), .variants = ACTS,
	  .computed = "none", .meaning = "Put before the subject of a message that fails and goes on, in ASCII: `[SPAM] `" },
	{ .name = "rules", .type = KEY_LIST, AT(scenario_stage, rules), .mapping = &rule_mapping,
	  .variants = STAGE(CONTENT), .required_in = STAGE(CONTENT), .meaning = "The rules; the first that matches decides" },
	{ .name = "required", .type = KEY_COUNT, AT(scenario_stage, required_points), .fallback = "5", .least = 1, .most = 1000,
	  .variants = STAGE(SPAM), .meaning = "From so many points on it is spam" },
	{ .name = "delay", .type = KEY_TIME, AT(scenario_stage, delay_ns), .fallback = "5min", .least = 1000000000, .most = INT64_MAX,
	  .variants = STAGE(GREYLIST), .meaning = "How long client network, sender and recipient are put off when they are seen together for the first time" },
	{ .name = "retry-window", .type = KEY_TIME, AT(scenario_stage, retry_window_ns), .fallback = "2d", .least = 1000000000, .most = INT64_MAX,
	  .variants = STAGE(GREYLIST), .meaning = "Within this time they must come again, or are new once more" },
	{ .name = "max-age", .type = KEY_TIME, AT(scenario_stage, lifetime_ns), .fallback = "35d", .least = 1000000000, .most = INT64_MAX,
	  .variants = STAGE(GREYLIST), .meaning = "After this time without mail they are forgotten" },
	{ .name = "whitelist-after", .type = KEY_COUNT, AT(scenario_stage, whitelist_after), .fallback = "5", .most = 1000,
	  .variants = STAGE(GREYLIST), .meaning = "A client network that came back so often is put off no more; `0` is never" },
};

static const struct mapping stage_mapping = {
	.title = "stage", .article = "a stage",
	.meaning = "A stage of the screening between reception and queue; its name alone does",
	.size = sizeof(struct scenario_stage),
	.keys = stage_keys, .key_count = G_N_ELEMENTS(stage_keys), .has_short_form = true,
	.has_variants = true, .variant_is_word = true,
	.variant_offset = offsetof(struct scenario_stage, kind),
};

static const struct word dkim_algorithm_words[] = {
	{ "ed25519", DKIM_ED25519_SHA256, "RFC 8463" },
	{ "rsa", DKIM_RSA_SHA256, "of 2048 bits, RFC 8301" },
	{ NULL, 0, NULL },
};

static const struct word dkim_form_words[] = {
	{ "relaxed", DKIM_RELAXED, "white space and the case of field names may change on the way" },
	{ "simple", DKIM_SIMPLE, "nothing may" },
	{ NULL, 0, NULL },
};

static const struct key signer_keys[] = {
	{ .name = "domain", .type = KEY_REFERENCE, AT(scenario_signer, domain), .kinds = SCENARIO_DOMAIN,
	  .flags = KEY_REQUIRED, .meaning = "What is submitted with this domain in From is signed" },
	{ .name = "selector", .type = KEY_NAME, AT(scenario_signer, selector), .fallback = "mail",
	  .meaning = "Which of the domain's keys it is: its public half is TXT at `SELECTOR._domainkey.DOMAIN`, put into the zone when this is the domain's mail server and the zone has none there" },
	{ .name = "key", .type = KEY_WORD, AT(scenario_signer, algorithm), .words = dkim_algorithm_words,
	  .fallback = "ed25519", .meaning = "The kind of key; it is made from the seed" },
	{ .name = "canonicalization", .type = KEY_WORD, AT(scenario_signer, form), .words = dkim_form_words,
	  .fallback = "relaxed", .meaning = "In which form header and body are signed" },
	{ .name = "valid-for", .type = KEY_TIME, AT(scenario_signer, lifetime_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "How long a signature counts, in whole seconds; `0s` is for ever" },
};

static const struct mapping signer_mapping = {
	.title = "DKIM key", .article = "a DKIM key",
	.meaning = "A key that signs by DKIM (RFC 6376) what users submit; its domain alone does",
	.size = sizeof(struct scenario_signer),
	.keys = signer_keys, .key_count = G_N_ELEMENTS(signer_keys), .has_short_form = true,
};

static const struct word relay_words[] = {
	{ "restricted", RELAY_RESTRICTED, "only for clients that have authenticated; others are answered `554 5.7.1 Relay access denied`" },
	{ "open", RELAY_OPEN, "for everybody: an open relay" },
	{ NULL, 0, NULL },
};

static const struct word program_words[] = {
	{ "all", ACTOR_NONE, "all that listen: who connects is refused" },
	{ "MSA", ACTOR_MSA, "nothing can be submitted" },
	{ "MTA", ACTOR_MTA, "no server can bring mail; the queue goes on" },
	{ "MDA", ACTOR_MDA, "mail for its own mailboxes stays in the queue" },
	{ "mailbox", ACTOR_MAILBOX, "mail cannot be fetched by POP3 or IMAP" },
	{ NULL, 0, NULL },
};

static const struct key outage_keys[] = {
	{ .name = "from", .type = KEY_TIME, AT(scenario_outage, from_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "When the ports are closed and connections reset" },
	{ .name = "to", .type = KEY_TIME, AT(scenario_outage, to_ns), .computed = "the end of the run",
	  .meaning = "When they are open again" },
	{ .name = "program", .type = KEY_WORD, AT(scenario_outage, program), .words = program_words,
	  .fallback = "all", .meaning = "Which of its programs does not run" },
};

static const struct mapping outage_mapping = {
	.title = "outage", .article = "an outage",
	.meaning = "A time in which the programs of a server are not running: who connects is refused. Its queue goes on",
	.size = sizeof(struct scenario_outage),
	.keys = outage_keys, .key_count = G_N_ELEMENTS(outage_keys),
};

static const struct word delivery_tls_words[] = {
	{ "may", DELIVERY_MAY, "where the other server offers STARTTLS, whoever it is" },
	{ "none", DELIVERY_NONE, "never" },
	{ "encrypt", DELIVERY_ENCRYPT, "always, else mail waits; whoever it is" },
	{ "verify", DELIVERY_VERIFY, "always, and the certificate must be that of the exchanger" },
	{ NULL, 0, NULL },
};

static const struct key server_keys[] = {
	{ .name = "services", .type = KEY_LIST, AT(scenario_server, services), .mapping = &service_mapping,
	  .computed = "smtp, submission, pop3, imap; with `tls` also submissions, pop3s, imaps",
	  .meaning = "What it offers; all other ports are closed" },
	{ .name = "without", .type = KEY_LIST, AT(scenario_server, without), .mapping = &capability_mapping,
	  .meaning = "Capabilities that it does not offer; clients get along without" },
	{ .name = "faults", .type = KEY_LIST, AT(scenario_server, faults), .mapping = &fault_mapping,
	  .meaning = "What goes wrong at its SMTP" },
	{ .name = "relay", .type = KEY_WORD, AT(scenario_server, relay), .words = relay_words, .fallback = "restricted",
	  .meaning = "For whom it takes mail to domains that are not its own, on port 25" },
	{ .name = "screening", .type = KEY_LIST, AT(scenario_server, stages), .mapping = &stage_mapping,
	  .meaning = "What looks at mail between reception and queue, in this order" },
	{ .name = "dkim", .type = KEY_LIST, AT(scenario_server, signers), .mapping = &signer_mapping,
	  .meaning = "By which keys it signs what users submit" },
	{ .name = "dmarc-reports", .type = KEY_TIME, AT(scenario_server, dmarc_report_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "How long it counts what `dmarc` finds, from the first message on, before it sends aggregate reports to who wants them (RFC 9990); `0s` is never" },
	{ .name = "down", .type = KEY_LIST, AT(scenario_server, outages), .mapping = &outage_mapping,
	  .meaning = "When it is down" },
	{ .name = "size-limit", .type = KEY_SIZE, AT(scenario_server, message_bytes_max), .fallback = "10MB",
	  .meaning = "The longest message it takes; `0B` is no limit" },
	{ .name = "retry", .type = KEY_TIME, AT(scenario_server, retry_ns), .fallback = "5min", .least = 1000000000, .most = INT64_MAX,
	  .meaning = "How long it waits after the first vain attempt to deliver a message" },
	{ .name = "retry-max", .type = KEY_TIME, AT(scenario_server, retry_max_ns), .fallback = "1h", .least = 1000000000, .most = INT64_MAX,
	  .meaning = "The pause doubles with every attempt up to this" },
	{ .name = "delay-warning", .type = KEY_TIME, AT(scenario_server, warning_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "After this time in the queue the sender is told of the delay; `0s` is never" },
	{ .name = "lifetime", .type = KEY_TIME, AT(scenario_server, lifetime_ns), .fallback = "5d",
	  .meaning = "After this time in the queue a message is returned to its sender" },
	{ .name = "convert-8bit", .type = KEY_BOOL, AT(scenario_server, converts), .fallback = "yes",
	  .meaning = "Whether a message beyond ASCII is converted for a server without 8BITMIME; else it is returned" },
	{ .name = "connections-per-domain", .type = KEY_COUNT, AT(scenario_server, per_domain_limit), .fallback = "20", .least = 1, .most = 1000,
	  .meaning = "How many messages for one domain it delivers at once; more wait, and go by the same connections" },
	{ .name = "sessions", .type = KEY_COUNT, AT(scenario_server, session_limit), .fallback = "100", .least = 1, .most = 65535,
	  .meaning = "How many clients each of its services has at once; one more is sent away (SMTP 421, POP3 -ERR, IMAP BYE)" },
	{ .name = "sessions-per-client", .type = KEY_COUNT, AT(scenario_server, per_client_limit), .fallback = "50", .least = 1, .most = 65535,
	  .meaning = "SMTP: how many of them may come from one address" },
	{ .name = "sessions-per-user", .type = KEY_COUNT, AT(scenario_server, per_user_limit), .fallback = "10", .least = 1, .most = 65535,
	  .meaning = "IMAP: how often one user may be logged in from one address" },
	{ .name = "queue-limit", .type = KEY_COUNT, AT(scenario_server, queue_limit), .fallback = "20000", .least = 1, .most = 1000000,
	  .meaning = "How many messages its queue holds; one more is put off (452)" },
	{ .name = "tls", .type = KEY_MAPPING, AT(scenario_server, tls), .mapping = &tls_mapping,
	  .flags = KEY_OPTIONAL, .computed = "none: it speaks no TLS",
	  .meaning = "Its certificate; with one it offers STARTTLS (STLS) and the services with TLS" },
	{ .name = "delivery-tls", .type = KEY_WORD, AT(scenario_server, delivery_tls), .words = delivery_tls_words,
	  .fallback = "may", .meaning = "When it delivers to other servers by TLS" },
	{ .name = "mta-sts", .type = KEY_BOOL, AT(scenario_server, keeps_policies), .fallback = "no",
	  .meaning = "Whether it looks up what other domains say of TLS (MTA-STS, RFC 8461), and keeps to that" },
};

const struct mapping server_mapping = {
	.title = "server", .article = "a server",
	.meaning = "The mail server on a host",
	.size = sizeof(struct scenario_server),
	.keys = server_keys, .key_count = G_N_ELEMENTS(server_keys),
	.name_type = KEY_NAME, .name_kinds = SCENARIO_HOST, .name_title = "HOST",
	.name_offset = offsetof(struct scenario_server, host),
};

static const struct word incoming_words[] = {
	{ "imap", PROTOCOL_IMAP, "mail stays on the server" },
	{ "pop3", PROTOCOL_POP3, "mail is retrieved" },
	{ "webmail", PROTOCOL_WEBMAIL, "the client is a browser at the webmail site, which sends too" },
	{ NULL, 0, NULL },
};

static const struct word leave_words[] = {
	{ "no", LEAVE_NOTHING, "delete what was retrieved" },
	{ "yes", LEAVE_ALL, "leave it there" },
	{ "until-deleted", LEAVE_UNTIL_DELETED, "until the user deletes it in the client" },
	{ NULL, 0, NULL },
};

static const struct key incoming_keys[] = {
	{ .name = "protocol", .type = KEY_WORD, AT(scenario_incoming, protocol), .words = incoming_words,
	  .fallback = "imap", .meaning = "How the client gets its mail" },
	{ .name = "server", .type = KEY_DOMAIN, AT(scenario_incoming, server),
	  .computed = "`imap.`, `pop.` or `webmail.` and the domain of the account",
	  .meaning = "The domain name of the server, which the client looks up" },
	{ .name = "port", .type = KEY_COUNT, AT(scenario_incoming, port), .least = 1, .most = 65535,
	  .computed = "143 for imap, 110 for pop3, 80 for webmail; with `security: tls` 993, 995 and 443", .meaning = "The port it connects to" },
	{ .name = "leave-on-server", .type = KEY_WORD, AT(scenario_incoming, leave), .words = leave_words,
	  .fallback = "no", .meaning = "pop3: what becomes of mail that was retrieved" },
	{ .name = "leave-for", .type = KEY_TIME, AT(scenario_incoming, leave_for_ns),
	  .computed = "without limit", .meaning = "pop3 with `leave-on-server: yes`: for how long" },
	{ .name = "pipelining", .type = KEY_BOOL, AT(scenario_incoming, pipelines), .fallback = "no",
	  .meaning = "pop3: whether commands go out without waiting for the answers, where the server offers PIPELINING" },
	{ .name = "stay", .type = KEY_TIME, AT(scenario_incoming, stay_ns), .fallback = "0s", .most = INT64_MAX,
	  .meaning = "imap: how long the connection stays open when there is nothing left to do; news comes at once (IDLE)" },
	{ .name = "check-every", .type = KEY_TIME, AT(scenario_incoming, check_every_ns), .least = 1000000000, .most = INT64_MAX,
	  .computed = "only when the timeline says `check`", .meaning = "The client looks for mail on its own this often" },
	{ .name = "security", .type = KEY_WORD, AT(scenario_incoming, security), .words = security_words,
	  .computed = "that of the client", .meaning = "How the connection is protected; for webmail `none` or `tls`, which is HTTPS" },
};

static const struct mapping incoming_mapping = {
	.title = "incoming server", .article = "an incoming server",
	.meaning = "Where the client gets its mail; the protocol alone does",
	.size = sizeof(struct scenario_incoming),
	.keys = incoming_keys, .key_count = G_N_ELEMENTS(incoming_keys), .has_short_form = true,
};

static const struct key port_keys[] = {
	{ .name = "port", .type = KEY_COUNT, AT(scenario_port, port), .flags = KEY_REQUIRED,
	  .least = 1, .most = 65535, .meaning = "A port" },
};

static const struct mapping port_mapping = {
	.title = "port", .article = "a port",
	.meaning = "A port",
	.size = sizeof(struct scenario_port),
	.keys = port_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key outgoing_keys[] = {
	{ .name = "server", .type = KEY_DOMAIN, AT(scenario_outgoing, server),
	  .computed = "`smtp.` and the domain of the account",
	  .meaning = "The domain name of the server, which the client looks up" },
	{ .name = "port", .type = KEY_LIST, AT(scenario_outgoing, ports), .mapping = &port_mapping,
	  .computed = "587; with `security: tls` 465",
	  .meaning = "The port it connects to; of several, the next one when nothing answers or the connection is refused, beginning with that which worked last" },
	{ .name = "login", .type = KEY_BOOL, AT(scenario_outgoing, has_login), .fallback = "yes",
	  .meaning = "Whether the client authenticates" },
	{ .name = "chunking", .type = KEY_BOOL, AT(scenario_outgoing, uses_chunks), .fallback = "no",
	  .meaning = "Whether it sends by BDAT in place of DATA where CHUNKING is offered" },
	{ .name = "security", .type = KEY_WORD, AT(scenario_outgoing, security), .words = security_words,
	  .computed = "that of the client", .meaning = "How the connection is protected" },
};

static const struct mapping outgoing_mapping = {
	.title = "outgoing server", .article = "an outgoing server",
	.meaning = "Where the client submits its mail; the server's name alone does",
	.size = sizeof(struct scenario_outgoing),
	.keys = outgoing_keys, .key_count = G_N_ELEMENTS(outgoing_keys), .has_short_form = true,
};

static const struct key client_keys[] = {
	{ .name = "host", .type = KEY_REFERENCE, AT(scenario_client, host), .kinds = SCENARIO_HOST,
	  .flags = KEY_REQUIRED, .meaning = "The host the client runs on" },
	{ .name = "account", .type = KEY_REFERENCE, AT(scenario_client, account), .kinds = SCENARIO_ACCOUNT,
	  .computed = "the account of the same name",
	  .meaning = "The account it uses" },
	{ .name = "login", .type = KEY_TEXT, AT(scenario_client, login),
	  .computed = "the address of the account", .meaning = "The user name it gives to servers" },
	{ .name = "password", .type = KEY_TEXT, AT(scenario_client, password),
	  .computed = "that of the account", .meaning = "The password it gives to servers; a wrong one is refused" },
	{ .name = "full-name", .type = KEY_TEXT, AT(scenario_client, full_name),
	  .computed = "that of the account", .meaning = "The name in the From header" },
	{ .name = "online", .type = KEY_BOOL, AT(scenario_client, is_online), .fallback = "yes",
	  .meaning = "Whether it may use the network at the start" },
	{ .name = "security", .type = KEY_WORD, AT(scenario_client, security), .words = security_words,
	  .fallback = "none", .meaning = "How its connections are protected" },
	{ .name = "verify", .type = KEY_BOOL, AT(scenario_client, distrusts), .fallback = "yes",
	  .meaning = "Whether it refuses servers whose certificate is not right" },
	{ .name = "incoming", .type = KEY_MAPPING, AT(scenario_client, incoming), .mapping = &incoming_mapping,
	  .meaning = "Where it gets its mail" },
	{ .name = "outgoing", .type = KEY_MAPPING, AT(scenario_client, outgoing), .mapping = &outgoing_mapping,
	  .meaning = "Where it submits its mail" },
};

const struct mapping client_mapping = {
	.title = "client", .article = "a client",
	.meaning = "A user at a mail client, by the name the timeline uses",
	.size = sizeof(struct scenario_client), .kind = SCENARIO_CLIENT,
	.keys = client_keys, .key_count = G_N_ELEMENTS(client_keys),
	.name_type = KEY_NAME, .name_title = "CLIENT",
};
/* clang-format on */
