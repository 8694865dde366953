#include "views/decode.h"

#include "protocols/layer.h"
#include "views/names.h"

const struct decode_layer *decode_find(const struct decode *decode, enum decode_protocol protocol)
{
	for (unsigned i = 0; i < decode->layer_count; i++) {
		if (decode->layers[i].protocol == protocol)
			return &decode->layers[i];
	}
	return NULL;
}

const struct decode_field *decode_find_field(const struct decode *decode,
					     const struct decode_layer *layer, const char *name)
{
	for (unsigned i = 0; i < layer->field_count; i++) {
		const struct decode_field *field = &decode->fields[layer->first_field + i];

		if (strcmp(field->field->name, name) == 0)
			return field;
	}
	return NULL;
}

char *decode_field_print(const struct decode *decode, const struct decode_field *field,
			 char out[FIELD_TEXT_BYTES])
{
	struct bytes structure =
	    bytes_first(bytes_from(decode->frame, field->structure), field->structure_bytes);

	return field_print(field->field, bytes_from(structure, field->shift), out);
}

struct bytes decode_payload(const struct decode *decode, const struct decode_layer *layer)
{
	struct bytes rest = bytes_from(decode->frame, layer->start + layer->header_bytes);

	return bytes_first(rest, layer->payload_bytes);
}

const char *decode_complaint(const struct decode_layer *layer)
{
	static const char *const notes[] = {
		[DECODE_NOTE_FIRST_FRAGMENT] = "first fragment: the rest comes in others",
		[DECODE_NOTE_QUOTED_CUT] = "quoted in part",
		[DECODE_NOTE_OPTIONS_BAD] = "malformed options",
		[DECODE_NOTE_SNAPPED] = "cut by the snap length",
		[DECODE_NOTE_HOP_LIMIT] = "hop limit not 255: every host drops it",
		[DECODE_NOTE_NO_LENGTH] = "no length: to be cut into packets by the network card",
	};
	static const char *const statuses[] = {
		[PARSE_TRUNCATED] = "truncated",
		[PARSE_BAD_LENGTH] = "a length is wrong",
		[PARSE_BAD_VALUE] = "a value is not allowed",
		[PARSE_BAD_CHECKSUM] = "checksum wrong",
		[PARSE_UNSUPPORTED] = "not a known version or type",
	};

	if (layer->checksum == CHECKSUM_WRONG)
		return "checksum wrong";
	if (layer->checksum == CHECKSUM_UNFINISHED)
		return "checksum not yet computed: left to the network card";
	if (layer->checksum == CHECKSUM_FORGONE)
		return "no checksum: over IPv6 that is for tunnels alone";
	if (layer->note != DECODE_NOTE_NONE)
		return notes[layer->note];
	return statuses[layer->status];
}

static bool has_port(const uint16_t ports[DISSECT_PORTS_MAX], uint16_t port)
{
	for (unsigned i = 0; i < DISSECT_PORTS_MAX && ports[i] != 0; i++) {
		if (ports[i] == port)
			return true;
	}
	return false;
}

static const struct dissector *dissector_at(const struct dissector *const *dissectors, bool is_tcp,
					    uint16_t port)
{
	for (; *dissectors != NULL; dissectors++) {
		if (has_port(is_tcp ? (*dissectors)->tcp_ports : (*dissectors)->udp_ports, port))
			return *dissectors;
	}
	return NULL;
}

const struct dissector *decode_dissector(const struct dissector *const *dissectors, bool is_tcp,
					 uint16_t source_port, uint16_t destination_port,
					 bool *is_from_server)
{
	if (dissectors == NULL)
		return NULL;

	const struct dissector *found = dissector_at(dissectors, is_tcp, destination_port);

	*is_from_server = found == NULL;
	return found != NULL ? found : dissector_at(dissectors, is_tcp, source_port);
}

unsigned decode_stack_layer(const struct decode_layer *layer)
{
	switch ((enum decode_protocol)layer->protocol) {
	case DECODE_ARP:
		return LAYER_ARP;
	case DECODE_IPV4:
	case DECODE_FRAGMENT:
	case DECODE_IPV6:
	case DECODE_IPV6_EXTENSION:
		return LAYER_IPV4;
	case DECODE_ICMP:
	case DECODE_ICMPV6:
		return LAYER_ICMP;
	case DECODE_UDP:
		return LAYER_UDP;
	case DECODE_TCP:
		return LAYER_TCP;
	case DECODE_APPLICATION: {
		int found = view_layer_find(layer->dissector->key);

		return found < 0 ? LAYER_USER : (unsigned)found;
	}
	case DECODE_DATA:
		return LAYER_USER;
	default:
		return LAYER_ETHERNET;
	}
}
