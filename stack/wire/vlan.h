/* VLAN tag codec (IEEE 802.1Q section 9): what stands behind the type of a tagged frame. Pure. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"

#define VLAN_TAG_BYTES 4 /* tag control information, and the type of what follows */

struct vlan_tag {
	uint8_t priority; /* 0 to 7 */
	bool drop_eligible;
	uint16_t identifier; /* 0: priority alone; 1 to 4094 */
	uint16_t type;       /* of the packet behind it, or of another tag */
};

extern const struct field_table vlan_fields;

/* True for the types that announce a tag: 802.1Q, and 802.1ad for the outer one of two. */
bool vlan_is_type(uint16_t ethertype);

/* Parses the tag at the front of `in`, behind the type that announced it; `payload` is the rest. */
enum parse_status vlan_tag_parse(struct bytes in, struct vlan_tag *tag, struct bytes *payload);

/* Writes exactly VLAN_TAG_BYTES bytes at `out`. */
void vlan_tag_emit(const struct vlan_tag *tag, uint8_t *out);
