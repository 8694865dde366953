#include "stack/wire/vlan.h"
#include "stack/wire/ethernet.h"

bool vlan_is_type(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_SERVICE_VLAN ||
	       ethertype == ETHERTYPE_OLD_SERVICE_VLAN;
}

enum parse_status vlan_tag_parse(struct bytes in, struct vlan_tag *tag, struct bytes *payload)
{
	if (in.length < VLAN_TAG_BYTES)
		return PARSE_TRUNCATED;

	uint16_t control = get_be16(in.data);

	*tag = (struct vlan_tag) {
		.priority = (uint8_t)(control >> 13),
		.drop_eligible = (control & 0x1000) != 0,
		.identifier = control & 0x0fff,
		.type = get_be16(in.data + 2),
	};
	*payload = bytes_from(in, VLAN_TAG_BYTES);
	return PARSE_OK;
}

void vlan_tag_emit(const struct vlan_tag *tag, uint8_t *out)
{
	put_be16(out, (uint16_t)(tag->priority << 13 | tag->drop_eligible << 12 |
				 (tag->identifier & 0x0fff)));
	put_be16(out + 2, tag->type);
}

/* clang-format off */
static const struct field_name priority_names[] = { /* IEEE 802.1Q annex I */
	{ 0, "best effort" }, { 1, "background" }, { 2, "excellent effort" },
	{ 3, "critical applications" }, { 4, "video" }, { 5, "voice" },
	{ 6, "internetwork control" }, { 7, "network control" },
	{ 0, NULL },
};

static const struct field fields[] = {
	{ "Priority Code Point", 0, 3, FIELD_ENUM, .names = priority_names,
	  .purpose = "How switches shall treat the frame against others.",
	  .reference = "IEEE 802.1Q section 6.9.3" },
	{ "Drop Eligible Indicator", 3, 1, FIELD_FLAG,
	  .purpose = "Under load, such frames may be dropped before others.",
	  .reference = "IEEE 802.1Q section 6.9.3" },
	{ "VLAN Identifier", 4, 12, FIELD_DECIMAL,
	  .purpose = "The virtual network that the frame belongs to; switches keep them apart.",
	  .reference = "IEEE 802.1Q section 9.6" },
	{ "Type", 16, 16, FIELD_ENUM, .names = ethertype_names,
	  .purpose = "The protocol whose packet the frame carries, or another tag.",
	  .reference = "IEEE 802.1Q section 9.4" },
};
/* clang-format on */

const struct field_table vlan_fields = {
	.name = "VLAN tag",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.purpose = "Lets several networks share one cable.",
};
