/* The fields of the DNS header (RFC 1035 section 4.1.1, RFC 4035 section 3). */
#include "protocols/dns/dissect.h"
#include "protocols/dns/message.h"

/* clang-format off */
static const struct field_name response_names[] = {
	{ 0, "query" },
	{ 1, "response" },
	{ 0, NULL },
};

static const struct field_name opcode_names[] = {
	{ DNS_QUERY, "QUERY" },
	{ DNS_INVERSE_QUERY, "IQUERY" },
	{ DNS_STATUS, "STATUS" },
	{ DNS_NOTIFY, "NOTIFY" },
	{ DNS_UPDATE, "UPDATE" },
	{ DNS_STATEFUL, "DSO" },
	{ 0, NULL },
};

static const struct field_name rcode_names[] = {
	{ DNS_NOERROR, "NOERROR" },
	{ DNS_FORMERR, "FORMERR" },
	{ DNS_SERVFAIL, "SERVFAIL" },
	{ DNS_NXDOMAIN, "NXDOMAIN" },
	{ DNS_NOTIMP, "NOTIMP" },
	{ DNS_REFUSED, "REFUSED" },
	{ DNS_YXDOMAIN, "YXDOMAIN" },
	{ DNS_YXRRSET, "YXRRSET" },
	{ DNS_NXRRSET, "NXRRSET" },
	{ DNS_NOTAUTH, "NOTAUTH" },
	{ DNS_NOTZONE, "NOTZONE" },
	{ DNS_DSOTYPENI, "DSOTYPENI" },
	{ DNS_BADVERS, "BADVERS" },
	{ DNS_BADKEY, "BADKEY" },
	{ DNS_BADTIME, "BADTIME" },
	{ DNS_BADMODE, "BADMODE" },
	{ DNS_BADNAME, "BADNAME" },
	{ DNS_BADALG, "BADALG" },
	{ DNS_BADTRUNC, "BADTRUNC" },
	{ DNS_BADCOOKIE, "BADCOOKIE" },
	{ 0, NULL },
};

const char *dns_rcode_name(unsigned rcode)
{
	const struct field_name *known = rcode_names;

	while (known->name != NULL && known->value != rcode)
		known++;
	return known->name != NULL ? known->name : "unknown";
}

static const struct field fields[] = {
	{ "ID", 0, 16, FIELD_HEX,
	  .purpose = "Chosen at random by the asker; the response repeats it, so they can be matched.",
	  .reference = "RFC 1035 section 4.1.1, RFC 5452" },
	{ "QR", 16, 1, FIELD_ENUM, .names = response_names,
	  .purpose = "Whether this is a query or a response.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Opcode", 17, 4, FIELD_ENUM, .names = opcode_names,
	  .purpose = "What kind of query it is; nearly always a standard one.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Authoritative Answer", 21, 1, FIELD_FLAG,
	  .purpose = "The server is the authority for the zone, and did not repeat what others said.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Truncated", 22, 1, FIELD_FLAG,
	  .purpose = "The message was too long for a datagram; ask again over TCP.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Recursion Desired", 23, 1, FIELD_FLAG,
	  .purpose = "The asker wants the server to ask others until it has the answer.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Recursion Available", 24, 1, FIELD_FLAG,
	  .purpose = "The server is willing to ask others for this client.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Reserved", 25, 1, FIELD_FLAG,
	  .purpose = "Must be zero.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Authentic Data", 26, 1, FIELD_FLAG,
	  .purpose = "In an answer: the resolver verified its signatures (DNSSEC). In a query: the asker "
		     "understands this bit.",
	  .reference = "RFC 4035 section 3.2.3, RFC 6840 section 5.7" },
	{ "Checking Disabled", 27, 1, FIELD_FLAG,
	  .purpose = "The asker wants answers even where signatures are wrong (DNSSEC).",
	  .reference = "RFC 4035 section 3.2.2" },
	{ "Response Code", 28, 4, FIELD_ENUM, .names = rcode_names,
	  .purpose = "How it went: no error, no such name, server failure, ...",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Questions", 32, 16, FIELD_DECIMAL,
	  .purpose = "How many questions follow; in practice one.",
	  .reference = "RFC 1035 section 4.1.1, RFC 9619" },
	{ "Answers", 48, 16, FIELD_DECIMAL,
	  .purpose = "How many records answer the question.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Authorities", 64, 16, FIELD_DECIMAL,
	  .purpose = "How many records say who is responsible.",
	  .reference = "RFC 1035 section 4.1.1" },
	{ "Additionals", 80, 16, FIELD_DECIMAL,
	  .purpose = "How many records come along because the asker will need them next.",
	  .reference = "RFC 1035 section 4.1.1" },
};
/* clang-format on */

const struct field_table dns_header_fields = {
	.name = "DNS header",
	.fields = fields,
	.field_count = sizeof fields / sizeof fields[0],
	.purpose = "What kind of message it is, and how many questions and records follow.",
};
