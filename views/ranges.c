#include "views/ranges.h"

GArray *ranges_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct range));
}

bool ranges_add(GArray *ranges, struct range added)
{
	guint first = ranges->len, last;
	bool is_known = false;

	/* Those that it touches, from the end, where new bytes go. */
	while (first > 0 && ranges_at(ranges, first - 1)->end >= added.begin)
		first--;
	for (last = first; last < ranges->len; last++) {
		const struct range *range = ranges_at(ranges, last);

		if (range->begin > added.end)
			break;
		is_known |= range->begin < added.end && added.begin < range->end;
		added.begin = MIN(added.begin, range->begin);
		added.end = MAX(added.end, range->end);
	}
	if (last == first) {
		g_array_insert_val(ranges, first, added);
		return false;
	}
	*ranges_at(ranges, first) = added;
	g_array_remove_range(ranges, first + 1, last - first - 1);
	return is_known;
}
