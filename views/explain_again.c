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

/* Where the addresses stand in a key's header: an Ethernet header's come last, its type before them. */
enum {
	MACS = EXPLAIN_AGAIN_HEADER - 2 * sizeof(struct mac),
	TYPE = MACS - 2,
	SOURCE = 12,
	DESTINATION = 16
};

/* Who the addresses in the header belong to, as is known by now. */
static void look_up_names(const struct address_names *names, const struct explain_again *key,
			  uint32_t serials[2])
{
	if (key->protocol == DECODE_ETHERNET) {
		struct mac macs[2];

		memcpy(macs, key->header + MACS, sizeof macs);
		serials[0] = address_names_mac_serial(names, macs[0]);
		serials[1] = address_names_mac_serial(names, macs[1]);
	} else {
		serials[0] = address_names_serial(
		    names, ip_address_from_ipv4(get_be32(key->header + SOURCE)));
		serials[1] = address_names_serial(
		    names, ip_address_from_ipv4(get_be32(key->header + DESTINATION)));
	}
}

/* Whether the names in a line that was kept are those of now. */
static bool names_hold(const struct address_names *names, const struct explain_again *key,
		       struct explain_kept *kept)
{
	uint64_t changes = address_names_changes(names);
	uint32_t serials[2];

	if (kept->changes == changes)
		return true;
	look_up_names(names, key, serials);
	if (memcmp(serials, kept->names, sizeof serials) != 0)
		return false;
	kept->changes = changes;
	return true;
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
	if (!is_ethernet) {
		memcpy(key->header, decode->frame.data + layer->start, IPV4_HEADER_BYTES);
		return forget_ipv4(key->header);
	}
	memcpy(key->header + MACS, decode->frame.data + layer->start, 2 * sizeof(struct mac));
	memcpy(key->header + TYPE, decode->frame.data + layer->start + 2 * sizeof(struct mac), 2);
	return true;
}

bool explain_again_print(struct explain *explain, const struct explain_again *key,
			 size_t size_bytes)
{
	struct explain_kept *kept = lru_table_find(explain->again, key);

	if (kept == NULL || !names_hold(explain->names, key, kept))
		return false;
	layout_print_again(&explain->layout, kept->text, kept->length, size_bytes);
	return true;
}

void explain_again_keep(struct explain *explain, const struct explain_again *key)
{
	const GString *line = explain->layout.line;
	struct explain_kept *kept;

	if (!layout_pad_to_size(&explain->layout) || line->len > EXPLAIN_AGAIN_BYTES)
		return;
	kept = lru_table_put(explain->again, key);
	kept->changes = address_names_changes(explain->names);
	look_up_names(explain->names, key, kept->names);
	kept->length = (unsigned)line->len;
	memcpy(kept->text, line->str, line->len);
}
