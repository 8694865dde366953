#include "views/pieces.h"

size_t pieces_length(const struct model_direction *direction)
{
	return direction->begun == NULL ? 0 : direction->begun->len;
}

struct bytes pieces_join(struct model_direction *direction, struct bytes bytes)
{
	GByteArray *begun = direction->begun;

	if (begun == NULL)
		return bytes;
	g_byte_array_append(begun, bytes.data, (guint)bytes.length);
	return (struct bytes) { begun->data, begun->len };
}

void pieces_keep(struct model_direction *direction, struct bytes bytes, size_t unfinished)
{
	struct bytes kept = bytes_from(bytes, bytes.length - unfinished);

	if (unfinished == 0) {
		pieces_forget(direction);
	} else if (direction->begun != NULL) {
		g_byte_array_remove_range(direction->begun, 0, (guint)(bytes.length - unfinished));
	} else {
		direction->begun = g_byte_array_new();
		g_byte_array_append(direction->begun, kept.data, (guint)kept.length);
	}
}

void pieces_trim(struct dissect_unit *unit, size_t kept)
{
	if (unit->kind != DISSECT_PART || unit->offset >= kept)
		return;
	unit->length -= (uint32_t)MIN(kept - unit->offset, unit->length);
	unit->offset = (uint32_t)kept;
}

void pieces_forget(struct model_direction *direction)
{
	g_clear_pointer(&direction->begun, g_byte_array_unref);
}
