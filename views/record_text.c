#include "views/record_text.h"

#include "protocols/dns/names.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "protocols/tls/names.h"
#include "sim/plural.h"
#include "sim/time.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/mail_text.h"
#include "views/middlebox.h"
#include "views/names.h"
#include "views/sentence.h"

#define TEXT_BYTES_MAX 100

static void append_text(GString *out, struct bytes bytes)
{
	mail_text_append_line(out, bytes, TEXT_BYTES_MAX);
}

char *record_text_who(struct bytes action)
{
	static const char program[] = "the mail client of "; /* what it does for its user unasked */
	size_t prefix = strlen(program);

	if (action.length > prefix && memcmp(action.data, program, prefix) == 0)
		action = bytes_from(action, prefix);
	const char *text = (const char *)action.data;
	const char *end = action.length == 0 ? NULL : memchr(text, ' ', action.length);

	return end == NULL ? NULL : g_strndup(text, (gsize)(end - text));
}

static void append_mail(GString *out, const struct model *model, const struct trace_record *record,
			struct bytes bytes)
{
	const struct model_mail *mail = model_mail_of(model, record, bytes);
	GString *text;

	if (mail != NULL)
		g_string_append_printf(out, "mail %u  ", mail->number);
	g_string_append(out, view_detail_name(record));
	if (mail != NULL && (record->detail == MAIL_COMPOSED || record->detail == MAIL_NOTIFIED)) {
		g_string_append(out, "  ");
		append_text(out, bytes_of(mail->from));
		g_string_append(out, " → ");
		append_text(out, bytes_of(mail->to));
		g_string_append(out, "  \"");
		append_text(out, bytes_of(mail->subject));
		g_string_append_c(out, '"');
		return;
	}
	text = g_string_new(NULL);
	mail_text_append(text, record, bytes);
	if (text->len > 0)
		g_string_append_printf(out, "  %s", text->str);
	g_string_free(text, TRUE);
}

/* "TCP connection with mail port 587: SYN-SENT → ESTABLISHED". */
static void append_tcp_state(GString *out, const struct model *model,
			     const struct trace_record *record, struct bytes bytes)
{
	char host[SENTENCE_HOST_BYTES];

	g_string_append(out, "TCP connection");
	if (bytes.length == TCP_STATE_RECORD_BYTES)
		g_string_append_printf(out, " with %s port %u",
				       sentence_host(model_names(model),
						     ip_address_from_ipv4(get_be32(bytes.data + 6)),
						     host),
				       get_be16(bytes.data + 10));
	g_string_append_printf(out, ": %s → %s", tcp_state_name((enum tcp_state)record->before),
			       tcp_state_name((enum tcp_state)record->after));
}

/* What came of an action. */
static void append_user_outcome(GString *out, const struct trace_record *record, struct bytes bytes,
				const char *who)
{
	static const char *const pings[] = {
		[USER_PING_ANSWERED] = "answered",
		[USER_PING_LOST] = "no answer",
		[USER_PING_UNREACHABLE] = "not to be reached",
		[USER_PING_DUPLICATE] = "answered again",
	};
	static const char *const answers[] = { "found", "no such name", "no such data", "failed",
					       "referral" };

	if (record->detail == USER_PING_DONE)
		g_string_append_printf(
		    out, "ping: %s: ", pings[MIN(record->after, USER_PING_DUPLICATE)]);
	else if (record->detail == USER_DIG_DONE)
		g_string_append_printf(out, "DNS: %s: ", answers[MIN(record->after, 4)]);
	else if (record->detail == USER_HEARD)
		g_string_append(out, "hears: ");
	else
		g_string_append_printf(out, "outcome%s%s: ", who == NULL ? "" : " for ",
				       who == NULL ? "" : who);
	append_text(out, bytes);
}

/* "dial-up line phone: up", and what it cost when it goes down. */
static void append_line(GString *out, const struct model *model, const struct trace_record *record)
{
	static const char *const states[LINE_STATE_COUNT] = {
		[LINE_DOWN] = "down", [LINE_DIALLING] = "dialling", [LINE_UP] = "up"
	};
	const struct dial_line *line = lines_find(model_lines(model), record->object);

	if (line == NULL)
		return;
	g_string_append_printf(out, "dial-up line %s: ", line->network);
	if (record->detail == LINK_TARIFF) {
		g_string_append_printf(
		    out, "hung up after %g s of silence; modems and PPP are not modelled",
		    time_seconds(line->idle_ns));
		return;
	}
	g_string_append(out, states[MIN(record->after, LINE_UP)]);
	if (record->after != LINE_DOWN)
		return;
	g_string_append(out, "; so far ");
	line_append(out, line, record->time_ns);
}

static void append_link(GString *out, const struct model *model, const struct trace_record *record)
{
	if (record->detail == LINK_CARRIER)
		g_string_append(out,
				record->after != 0 ? "the cable is whole" : "the cable is cut");
	else
		append_line(out, model, record);
}

static void append_tls(GString *out, const struct trace_record *record, struct bytes bytes)
{
	g_string_append_printf(out, "%s: ", view_detail_name(record));
	if (record->detail == TLS_DISCARDED)
		g_string_append_printf(out,
				       "%" G_GUINT64_FORMAT
				       " bytes that came before TLS and are not to be believed",
				       record->after);
	else
		append_text(out, bytes);
}

/* "question of a host: A of smtp.office.example? answered". */
static void append_lookup(GString *out, const struct trace_record *record, struct bytes bytes)
{
	struct dns_name name, zone;
	uint16_t type;
	char text[DNS_NAME_TEXT_BYTES], kind[DNS_TYPE_TEXT_BYTES];

	g_string_append(out, view_detail_name(record));
	if (dns_question_parse(bytes, &name, &type, &zone) == PARSE_OK)
		g_string_append_printf(out, ": %s of %s", dns_type_print(type, kind),
				       dns_name_print(name, text));
	if (record->after < DNS_LOOKUP_STATE_COUNT)
		g_string_append_printf(out, ", %s", dns_lookup_state_names[record->after]);
}

static void append_state(GString *out, const struct model *model, const struct trace_record *record,
			 struct bytes bytes, const char *who)
{
	switch (record->layer) {
	case LAYER_USER:
		append_user_outcome(out, record, bytes, who);
		break;
	case LAYER_LINK:
		append_link(out, model, record);
		break;
	case LAYER_TCP:
		append_tcp_state(out, model, record, bytes);
		break;
	case LAYER_TLS:
		append_tls(out, record, bytes);
		break;
	case LAYER_DNS:
		append_lookup(out, record, bytes);
		break;
	default:
		g_string_append_printf(out, "%s session: %s", view_layer_name(record->layer),
				       view_detail_name(record));
		break;
	}
}

/* Tables. */

static void append_arp_row(GString *out, const struct model *model,
			   const struct trace_record *record)
{
	unsigned before = (unsigned)(record->before >> 48), after = (unsigned)(record->after >> 48);
	char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
	const char *name = model_name_of_address(model, (uint32_t)record->object);

	g_string_append_printf(out, "ARP table: %s", ipv4_print((uint32_t)record->object, address));
	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
	if ((record->after & UINT64_C(0xffffffffffff)) != 0)
		g_string_append_printf(out, " is at %s",
				       mac_print(mac_from_number(record->after), mac));
	if (after == ARP_NONE)
		g_string_append(out, ": forgotten");
	else if (before == ARP_NONE)
		g_string_append_printf(out, ": %s", arp_state_names[MIN(after, ARP_PROBE)]);
	else
		g_string_append_printf(out, ": %s → %s", arp_state_names[MIN(before, ARP_PROBE)],
				       arp_state_names[MIN(after, ARP_PROBE)]);
}

static void append_mac_row(GString *out, const struct model *model,
			   const struct trace_record *record)
{
	char mac[MAC_TEXT_BYTES];
	const char *name = model_name_of_mac(model, mac_from_number(record->object));

	g_string_append_printf(out, "MAC address table: %s",
			       mac_print(mac_from_number(record->object), mac));
	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
	if (record->after != 0)
		g_string_append_printf(out, " is at port %u", (unsigned)record->after);
	else
		g_string_append(out, " is forgotten");
}

static void append_ip_row(GString *out, const struct trace_record *record)
{
	char text[IPV4_TEXT_BYTES];

	if (record->detail != IPV4_ROUTE) {
		g_string_append_printf(out, "path to %s: at most %u bytes",
				       ipv4_print((uint32_t)record->object, text),
				       (unsigned)record->after);
		return;
	}
	g_string_append_printf(out, "route to %s/%u",
			       ipv4_print((uint32_t)(record->object >> 8), text),
			       (unsigned)(record->object & 0xff));
	if (record->after == 0)
		g_string_append(out, " is gone");
	else if (record->after >> 32 == 0)
		g_string_append(out, ": on the link");
	else
		g_string_append_printf(out, ": by %s",
				       ipv4_print((uint32_t)(record->after >> 32), text));
}

static void append_cache_row(GString *out, const struct trace_record *record, struct bytes bytes)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	struct dns_cache_entry entry;
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	g_string_append_printf(out, "DNS cache: %s", view_detail_name(record));
	if (dns_row_parse(bytes, &entry, records) == PARSE_OK)
		g_string_append_printf(out, ": %s of %s", dns_type_print(entry.type, type),
				       dns_name_print(entry.name, name));
	g_array_unref(records);
}

static void append_middlebox(GString *out, const struct model *model,
			     const struct trace_record *record, struct bytes bytes)
{
	uint32_t node = trace_node_of(record->id);

	g_string_append_printf(out, "%s: ", view_layer_name(record->layer));
	if (record->layer == LAYER_FILTER) {
		middlebox_describe_rule(out, model, node, record->interface, record->object, bytes);
		middlebox_describe_period(out, (int64_t)record->before, (int64_t)record->after);
		return;
	}
	if (record->layer == LAYER_TAMPER) {
		middlebox_describe_tampering(out, record, bytes);
		return;
	}
	g_string_append(out, record->after == 0 ? "expired: " : "");
	middlebox_describe_mapping(out, model, node, record->interface, record->object,
				   record->after != 0 ? record->after : record->before);
	g_string_append(out, record->detail == NAT_PORT ? ", always and for everybody" : "");
}

static void append_table(GString *out, const struct model *model, const struct trace_record *record,
			 struct bytes bytes)
{
	switch (record->layer) {
	case LAYER_ARP:
		append_arp_row(out, model, record);
		break;
	case LAYER_ETHERNET:
		append_mac_row(out, model, record);
		break;
	case LAYER_IPV4:
		append_ip_row(out, record);
		break;
	case LAYER_UDP:
	case LAYER_TCP:
		g_string_append_printf(out, "%s port %u: %s", view_layer_name(record->layer),
				       (unsigned)record->object,
				       record->after == 0 ? "closed" : "open");
		break;
	case LAYER_DNS:
		append_cache_row(out, record, bytes);
		break;
	case LAYER_FILTER:
	case LAYER_NAT:
	case LAYER_TAMPER:
		append_middlebox(out, model, record, bytes);
		break;
	default:
		g_string_append_printf(out, "%s: %s", view_layer_name(record->layer),
				       view_detail_name(record));
		break;
	}
}

static void append_mailbox(GString *out, const struct trace_record *record, struct bytes bytes)
{
	g_string_append(out, view_detail_name(record));
	switch (record->detail) {
	case MAILBOX_CREATED:
	case MAILBOX_RENAMED:
	case MAILBOX_GRANTED:
		g_string_append(out, ": ");
		append_text(out, bytes);
		break;
	case MAILBOX_APPENDED:
	case MAILBOX_COPIED:
	case MAILBOX_FLAGS:
	case MAILBOX_EXPUNGED:
		g_string_append_printf(out, ": UID %u", (unsigned)record->before);
		break;
	default:
		break;
	}
}

/* "congestion window: 14480 → 15928 bytes, slow start, threshold 7240". */
static void append_congestion(GString *out, const struct trace_record *record, struct bytes bytes)
{
	g_string_append(out, "congestion window: ");
	if (record->before != 0)
		g_string_append_printf(out, "%" G_GUINT64_FORMAT " → ", record->before);
	g_string_append_printf(out, "%" G_GUINT64_FORMAT " byte%s, %s", record->after,
			       plural(record->after), view_detail_name(record));
	if (bytes.length == TCP_CONGESTION_RECORD_BYTES)
		g_string_append_printf(out, ", threshold %u", get_be32(bytes.data));
}

void record_text_append(GString *out, const struct model *model, const struct trace_record *record,
			struct bytes bytes, const char *who)
{
	switch (record->kind) {
	case TRACE_ACTION:
		append_text(out, bytes);
		break;
	case TRACE_MAIL:
		append_mail(out, model, record, bytes);
		break;
	case TRACE_PHASE:
		g_string_append_printf(out, "%s session: %s", view_layer_name(record->layer),
				       view_detail_name(record));
		break;
	case TRACE_TABLE:
		append_table(out, model, record, bytes);
		break;
	case TRACE_MAILBOX:
		append_mailbox(out, record, bytes);
		break;
	case TRACE_CONGESTION:
		append_congestion(out, record, bytes);
		break;
	default:
		append_state(out, model, record, bytes, who);
		break;
	}
}
