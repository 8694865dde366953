/* Runs side by side: figures of several runs in common rows, and as text. */
#include "views/compare_private.h"

#include <inttypes.h>
#include "sim/time.h"

const struct figure *compare_row_figure(const struct figure *const *row, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (row[i] != NULL)
			return row[i];
	return NULL;
}

static bool is_same(const struct figure *a, const struct figure *b)
{
	return a->kind == b->kind && strcmp(a->subject, b->subject) == 0;
}

/* Index of the row for `figure`; behind the last one when there is none. */
static guint find_row(const GPtrArray *rows, unsigned count, const struct figure *figure)
{
	guint i = 0;

	while (i < rows->len && !is_same(compare_row_figure(rows->pdata[i], count), figure))
		i++;
	return i;
}

GPtrArray *compare_rows(const struct comparison *comparison)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

	for (unsigned run = 0; run < comparison->count; run++) {
		const GArray *figures = comparison->results[run]->figures;
		guint next = 0;

		for (guint i = 0; i < figures->len; i++) {
			const struct figure *figure = &g_array_index(figures, struct figure, i);
			guint at = find_row(rows, comparison->count, figure);

			if (at == rows->len) {
				at = next;
				g_ptr_array_insert(
				    rows, (gint)at,
				    g_new0(const struct figure *, comparison->count));
			}
			((const struct figure **)rows->pdata[at])[run] = figure;
			next = at + 1;
		}
	}
	return rows;
}

/* Figures that differ by less are taken for the same. */
#define DIFFERENCE_PERCENT 10

static bool is_near(uint64_t a, uint64_t b)
{
	double larger = (double)MAX(a, b), smaller = (double)MIN(a, b);

	return (larger - smaller) * 100 <= larger * DIFFERENCE_PERCENT;
}

/* Every mail counts; bytes, packets and times do by the tenth. */
static bool differs(const struct figure *a, const struct figure *b)
{
	if (a->is_known != b->is_known)
		return true;
	if (!a->is_known)
		return false;
	if (a->kind->unit == FIGURE_SHARE)
		return a->value * b->of != b->value * a->of;
	if (a->kind->unit == FIGURE_MAILS)
		return a->value != b->value;
	return !is_near(a->value, b->value);
}

bool compare_row_differs(const struct figure *const *row, unsigned count)
{
	const struct figure *first = compare_row_figure(row, count);

	/* A layer that says nothing says less; a device that is not there holds not less. */
	bool counts_absence =
	    first->kind->unit == FIGURE_BYTES && first->kind->better == FIGURE_LESS;

	for (unsigned i = 0; i < count; i++)
		if (row[i] == NULL ? counts_absence : differs(first, row[i]))
			return true;
	return false;
}

char *compare_figure_text(const struct figure *figure)
{
	double value = (double)figure->value;

	if (!figure->is_known)
		return g_strdup("not in this scenario");
	switch (figure->kind->unit) {
	case FIGURE_BYTES:
		return g_strdup_printf("%" PRIu64 " B", figure->value);
	case FIGURE_TIME:
		return g_strdup_printf("%.6f s", time_seconds((int64_t)figure->value));
	case FIGURE_MINUTES:
		if (figure->value < 60 * (uint64_t)NS_PER_S)
			return g_strdup_printf("%.3f s", time_seconds((int64_t)figure->value));
		return g_strdup_printf("%.2f min", value / (60 * (double)NS_PER_S));
	case FIGURE_MONEY:
		return g_strdup_printf("%.2f", value / 1e6);
	case FIGURE_SHARE:
		return g_strdup_printf("%" PRIu64 " of %" PRIu64, figure->value, figure->of);
	default:
		return g_strdup_printf("%" PRIu64, figure->value);
	}
}

char *compare_figure_label(const struct figure *figure)
{
	const char *label = figure->kind->label, *place = strstr(label, "%s");

	if (place == NULL)
		return g_strdup(label);
	return g_strdup_printf("%.*s%s%s", (int)(place - label), label, figure->subject, place + 2);
}
