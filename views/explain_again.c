/* Lines about headers that were made before, and need not be made once more. */
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "views/explain_private.h"
#include "views/lru_table.h"

static uint64_t piece_at(const uint8_t *header)
{
	uint64_t piece;

	memcpy(&piece, header, sizeof piece);
	return piece;
}

/*
 * Both addresses, each followed by what is behind it: of the second the type. Last comes what differs most,
 * since keys are found fastest by their ends: how the first ends, and the second.
 */
static void read_ethernet(const uint8_t *header, uint64_t pieces[3])
{
	pieces[0] = piece_at(header);
	pieces[1] = piece_at(header + sizeof(struct mac));
	pieces[2] = piece_at(header + 2 * sizeof(struct mac) - sizeof pieces[2]);
}

/*
 * Leaves out the fields of an IPv4 header that its line does not tell of: length, identification and
 * checksum. The addresses are in the last piece. False: it is a fragment.
 */
static bool read_ipv4(const uint8_t *header, uint64_t pieces[3])
{
	enum { ADDRESSES = 12 };

	pieces[0] = piece_at(header) & GUINT64_TO_BE(UINT64_C(0xffff00000000ffff));
	pieces[1] = piece_at(header + 8) & GUINT64_TO_BE(UINT64_C(0xffff0000ffffffff));
	pieces[2] = piece_at(header + ADDRESSES);
	return !ipv4_is_fragment(header);
}

/* Who the addresses in the header belong to, as is known by now. */
static void look_up_names(const struct address_names *names, const struct explain_again *key,
			  uint32_t serials[2])
{
	if (key->protocol == DECODE_ETHERNET) {
		struct mac mac;

		for (unsigned i = 0; i < 2; i++) {
			memcpy(&mac, &key->header[i], sizeof mac);
			serials[i] = address_names_mac_serial(names, mac);
		}
	} else {
		uint64_t addresses = GUINT64_FROM_BE(key->header[2]);

		serials[0] =
		    address_names_serial(names, ip_address_from_ipv4((uint32_t)(addresses >> 32)));
		serials[1] = address_names_serial(names, ip_address_from_ipv4((uint32_t)addresses));
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
	const struct decode_layer *padding;
	const uint8_t *header;

	if ((!is_ethernet && layer->protocol != DECODE_IPV4) || layer->is_quoted ||
	    layer->header_bytes != wanted || layer->cut_payload_bytes > 0 ||
	    decode_complaint(layer) != NULL)
		return false;
	header = decode->frame.data + layer->start;
	*key = (struct explain_again) { .protocol = layer->protocol, .way = way };
	if (!is_ethernet)
		return read_ipv4(header, key->header);
	padding = decode_find(decode, DECODE_PADDING);
	if (padding != NULL)
		key->padding_bytes = padding->header_bytes;
	read_ethernet(header, key->header);
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
