/* Lines about headers that were made before, and need not be made once more. */
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "views/explain_private.h"
#include "views/lru_table.h"

/* The fields of an IPv4 header that its line does not tell of; none where it is a fragment. */
static bool forget_ipv4(uint8_t header[IPV4_HEADER_BYTES])
{
	enum {
		LENGTH = 2,
		IDENTIFICATION = 4,
		FRAGMENT = 6,
		CHECKSUM = 10,
		DONT_FRAGMENT = 0x4000
	};

	if ((get_be16(header + FRAGMENT) & ~DONT_FRAGMENT) != 0)
		return false;
	put_be16(header + LENGTH, 0);
	put_be16(header + IDENTIFICATION, 0);
	put_be16(header + CHECKSUM, 0);
	return true;
}

/* Who the addresses in the header belong to, as is known by now. */
static void note_names(const struct address_names *names, bool is_ethernet,
		       struct explain_again *key)
{
	enum { SOURCE = 12, DESTINATION = 16 }; /* of IPv4; Ethernet has the destination first */
	struct mac macs[2];

	if (is_ethernet) {
		memcpy(macs, key->header, sizeof macs);
		key->names[0] = address_names_mac_serial(names, macs[0]);
		key->names[1] = address_names_mac_serial(names, macs[1]);
	} else {
		key->names[0] = address_names_serial(
		    names, ip_address_from_ipv4(get_be32(key->header + SOURCE)));
		key->names[1] = address_names_serial(
		    names, ip_address_from_ipv4(get_be32(key->header + DESTINATION)));
	}
}

bool explain_again_key(const struct explain *explain, const struct decode_layer *layer, uint8_t way,
		       struct explain_again *key)
{
	const struct decode *decode = &explain->decode;
	bool is_ethernet = layer->protocol == DECODE_ETHERNET;
	size_t wanted = is_ethernet ? ETHERNET_HEADER_BYTES : IPV4_HEADER_BYTES;
	const struct decode_layer *padding = decode_find(decode, DECODE_PADDING);

	if ((!is_ethernet && layer->protocol != DECODE_IPV4) || layer->is_quoted ||
	    layer->header_bytes != wanted || layer->cut_payload_bytes > 0 ||
	    decode_complaint(layer) != NULL)
		return false;
	*key = (struct explain_again) {
		.padding_bytes = padding == NULL ? 0 : padding->header_bytes,
		.protocol = layer->protocol,
		.way = way,
	};
	memcpy(key->header, decode->frame.data + layer->start, wanted);
	note_names(explain->names, is_ethernet, key);
	return is_ethernet || forget_ipv4(key->header);
}

bool explain_again_begin(struct explain *explain, const struct explain_again *key)
{
	const struct explain_kept *kept = lru_table_find(explain->again, key);

	if (kept == NULL)
		return false;
	layout_begin_with(&explain->layout, kept->text, kept->length, kept->columns);
	return true;
}

void explain_again_keep(struct explain *explain, const struct explain_again *key)
{
	const GString *line = explain->layout.line;
	struct explain_kept *kept;

	if (line->len > EXPLAIN_AGAIN_BYTES)
		return;
	kept = lru_table_put(explain->again, key);
	kept->columns = layout_width(&explain->layout);
	kept->length = (unsigned)line->len;
	memcpy(kept->text, line->str, line->len);
}
