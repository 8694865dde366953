#include "protocols/imap/sequence.h"

/* seq-number = nz-number / "*" */
static bool parse_number(struct imap_parser *parser, uint32_t *number)
{
	*number = 0;
	if (imap_skip(parser, '*'))
		return true;
	if (!imap_parse_number(parser, number) || *number == 0)
		return imap_parser_fail(parser, "Invalid messageset");
	return true;
}

/*
 * sequence-set = (seq-number / seq-range) *("," sequence-set)
 * seq-range    = seq-number ":" seq-number
 */
bool imap_parse_sequence_set(struct imap_parser *parser, struct imap_sequence_set *set)
{
	if (set->ranges == NULL)
		set->ranges = g_array_new(FALSE, FALSE, sizeof(struct imap_range));
	do {
		struct imap_range range;

		if (!parse_number(parser, &range.first))
			return false;
		range.last = range.first;
		if (imap_skip(parser, ':') && !parse_number(parser, &range.last))
			return false;
		g_array_append_val(set->ranges, range);
	} while (imap_skip(parser, ','));
	return true;
}

void imap_sequence_clear(struct imap_sequence_set *set)
{
	g_clear_pointer(&set->ranges, g_array_unref);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct imap_range *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

/* Joins ranges that overlap or touch; they are in order of their first number. */
static void join(GArray *ranges)
{
	struct imap_range *range = (struct imap_range *)(void *)ranges->data;
	unsigned kept = 0;

	for (unsigned i = 1; i < ranges->len; i++) {
		if (range[i].first <= range[kept].last || range[i].first - 1 == range[kept].last)
			range[kept].last = MAX(range[kept].last, range[i].last);
		else
			range[++kept] = range[i];
	}
	if (ranges->len > 0)
		g_array_set_size(ranges, kept + 1);
}

void imap_sequence_resolve(struct imap_sequence_set *set, uint32_t largest)
{
	for (unsigned i = 0; i < set->ranges->len; i++) {
		struct imap_range *range = &g_array_index(set->ranges, struct imap_range, i);

		set->has_star |= range->first == 0 || range->last == 0;
		uint32_t first = range->first != 0 ? range->first : largest;
		uint32_t last = range->last != 0 ? range->last : largest;

		*range = (struct imap_range) { MIN(first, last), MAX(first, last) };
	}
	g_array_sort(set->ranges, compare_ranges);
	join(set->ranges);
}

uint32_t imap_sequence_next(const struct imap_sequence_set *set, uint32_t from)
{
	unsigned low = 0, high = set->ranges != NULL ? set->ranges->len : 0;
	unsigned count = high;

	while (low < high) { /* for the first range that does not end before `from` */
		unsigned middle = low + (high - low) / 2;

		if (g_array_index(set->ranges, struct imap_range, middle).last < from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count)
		return 0;
	return MAX(from, g_array_index(set->ranges, struct imap_range, low).first);
}

bool imap_sequence_contains(const struct imap_sequence_set *set, uint32_t number)
{
	return number != 0 && imap_sequence_next(set, number) == number;
}

uint32_t imap_sequence_largest(const struct imap_sequence_set *set)
{
	unsigned count = set->ranges != NULL ? set->ranges->len : 0;

	return count == 0 ? 0 : g_array_index(set->ranges, struct imap_range, count - 1).last;
}

void imap_sequence_add(struct imap_sequence_set *set, uint32_t number)
{
	struct imap_range range = { number, number };

	if (set->ranges == NULL)
		set->ranges = g_array_new(FALSE, FALSE, sizeof range);
	if (set->ranges->len > 0 && imap_sequence_largest(set) + 1 == number)
		g_array_index(set->ranges, struct imap_range, set->ranges->len - 1).last = number;
	else
		g_array_append_val(set->ranges, range);
}

void imap_sequence_print(const struct imap_sequence_set *set, GString *out)
{
	for (unsigned i = 0; set->ranges != NULL && i < set->ranges->len; i++) {
		const struct imap_range *range = &g_array_index(set->ranges, struct imap_range, i);

		g_string_append_printf(out, i == 0 ? "%u" : ",%u", range->first);
		if (range->last != range->first)
			g_string_append_printf(out, ":%u", range->last);
	}
}
