#include "views/middlebox.h"

#include <inttypes.h>
#include "stack/layer.h"
#include "stack/names.h"
#include "views/names.h"
#include "views/text.h"

bool middlebox_is_told(const struct trace_record *record)
{
	return record->layer == LAYER_FILTER || record->layer == LAYER_NAT ||
	       record->layer == LAYER_TAMPER;
}

/* "TCP"; a number where it has no name; "any". */
static void append_protocol(GString *out, unsigned protocol)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {
		{0,   "any" },
		{ 1,  "ICMP"},
		{ 6,  "TCP" },
		{ 17, "UDP" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].number == protocol) {
			g_string_append(out, names[i].name);
			return;
		}
	}
	g_string_append_printf(out, "protocol %u", protocol);
}

static void append_name(GString *out, const struct model *model, uint32_t address)
{
	const char *name = model_name_of_address(model, address);

	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
}

static void append_endpoint(GString *out, const struct model *model, uint64_t number)
{
	struct endpoint endpoint = { (uint32_t)(number >> 16), (uint16_t)number };
	char text[ENDPOINT_TEXT_BYTES];

	g_string_append(out, endpoint_print(endpoint, text));
	append_name(out, model, endpoint.address);
}

static void describe_nat(GString *out, const struct model *model, const struct trace_record *record)
{
	g_string_append(out, view_detail_name(record));
	if (record->kind != TRACE_FORWARD)
		return;
	g_string_append_c(out, ' ');
	append_endpoint(out, model, record->before);
	g_string_append(out, " → ");
	append_endpoint(out, model, record->after);
	g_string_append(out, ", ");
	append_protocol(out, (unsigned)record->object);
}

/* Which text it was, the rule tells. */
static void describe_overwritten(GString *out, const struct trace_record *record)
{
	g_string_append_printf(out,
			       "overwritten by rule %" PRIu64 " at byte %" PRIu64
			       " of the data; checksum of TCP made right",
			       record->object, record->before);
	if (record->after > 1)
		g_string_append_printf(out, "; %" PRIu64 " places", record->after);
}

void middlebox_describe(GString *out, const struct model *model, const struct trace_record *record)
{
	if (record->layer == LAYER_NAT) {
		describe_nat(out, model, record);
		return;
	}
	if (record->layer == LAYER_TAMPER && record->kind == TRACE_FORWARD) {
		describe_overwritten(out, record);
		return;
	}
	g_string_append(out, view_detail_name(record));
	if (record->object != 0)
		g_string_append_printf(out, " by rule %" PRIu64, record->object);
}

void middlebox_describe_mapping(GString *out, const struct model *model, uint32_t node,
				unsigned number, uint64_t object, uint64_t inside)
{
	const struct model_interface *interface = model_interface(model, node, number);
	char text[IPV4_TEXT_BYTES];

	append_protocol(out, (unsigned)(object >> 16));
	g_string_append_printf(out, (object >> 16) == 1 ? " id %u" : " port %u",
			       (unsigned)(object & 0xffff));
	if (interface != NULL)
		g_string_append_printf(out, " of %s", ipv4_print(interface->address, text));
	g_string_append(out, " is ");
	append_endpoint(out, model, inside);
}

/* Offsets in the bytes of a rule's record (stack/names.h). */
enum { VERDICT, PROTOCOL, DIRECTIONS, RESETS, SOURCE_LENGTH, DESTINATION_LENGTH };
enum { PORT_LEAST = 6, PORT_MOST = 8, SOURCE = 10, DESTINATION = 14 };

static void append_ports(GString *out, struct bytes bytes)
{
	unsigned least = get_be16(bytes.data + PORT_LEAST);
	unsigned most = get_be16(bytes.data + PORT_MOST);

	if (most == 0)
		return;
	g_string_append_printf(out, least == most ? " to port %u" : " to ports %u", least);
	if (least != most)
		g_string_append_printf(out, " to %u", most);
}

static void append_network(GString *out, const struct model *model, const char *word,
			   uint32_t address, unsigned length)
{
	char text[IPV4_TEXT_BYTES];

	if (length == 0)
		return;
	g_string_append_printf(out, "%s%s", word, ipv4_print(address, text));
	if (length < 32)
		g_string_append_printf(out, "/%u", length);
	else
		append_name(out, model, address);
}

static void append_place(GString *out, const struct model *model, uint32_t node, unsigned number,
			 unsigned directions)
{
	const struct model_interface *interface = model_interface(model, node, number);

	if (interface == NULL)
		return;
	g_string_append_printf(out, ", %s at %s",
			       directions == FILTER_OUT  ? "out"
			       : directions == FILTER_IN ? "in"
							 : "in and out",
			       interface->name);
	if (interface->network != NULL)
		g_string_append_printf(out, " (%s)", interface->network);
}

void middlebox_describe_rule(GString *out, const struct model *model, uint32_t node,
			     unsigned interface, uint64_t number, struct bytes bytes)
{
	if (bytes.length != FILTER_RULE_RECORD_BYTES || bytes.data[VERDICT] >= FILTER_VERDICT_COUNT)
		return;
	g_string_append_printf(out, "rule %" PRIu64 ": %s ", number,
			       filter_verdict_names[bytes.data[VERDICT]]);
	append_protocol(out, bytes.data[PROTOCOL]);
	append_ports(out, bytes);
	append_network(out, model, " from ", get_be32(bytes.data + SOURCE),
		       bytes.data[SOURCE_LENGTH]);
	append_network(out, model, " to ", get_be32(bytes.data + DESTINATION),
		       bytes.data[DESTINATION_LENGTH]);
	append_place(out, model, node, interface, bytes.data[DIRECTIONS]);
	if (bytes.data[VERDICT] == FILTER_REJECT)
		g_string_append(out, bytes.data[RESETS] ? ", TCP by RST" : ", by ICMP");
}

void middlebox_describe_tampering(GString *out, const struct trace_record *record,
				  struct bytes bytes)
{
	const uint8_t *nul = bytes_find_byte(bytes, '\0');

	if (nul == NULL)
		return;
	g_string_append_printf(out, "rule %" PRIu64 ": \"", record->object);
	text_append_printable(out, bytes_first(bytes, (size_t)(nul - bytes.data)));
	g_string_append(out, "\" becomes \"");
	text_append_printable(out, bytes_from(bytes, (size_t)(nul + 1 - bytes.data)));
	g_string_append_c(out, '"');
	if (record->after == 0)
		return;
	g_string_append_printf(out, " at port %" PRIu64, record->before);
	if (record->after != record->before)
		g_string_append_printf(out, " to %" PRIu64, record->after);
}

void middlebox_describe_period(GString *out, int64_t from_ns, int64_t to_ns)
{
	if (from_ns > 0)
		g_string_append_printf(out, ", from %g s on", (double)from_ns / 1e9);
	if (to_ns != TIME_NEVER)
		g_string_append_printf(out, ", until %g s", (double)to_ns / 1e9);
}
