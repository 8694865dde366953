#include "views/figures.h"

#include <string.h>
#include "protocols/layer.h"
#include "views/palette.h"
#include "views/story_write.h"

#define FONT "font-family=\"'DejaVu Sans',system-ui,sans-serif\""
#define MONO "font-family=\"'DejaVu Sans Mono',ui-monospace,monospace\""

/* Nested boxes. */

enum {
	COLUMN = 350, /* width of a frame */
	GAP = 44,     /* between two, for the arrow */
	MARGIN = 8,   /* of a box inside another */
	ROW = 16,
	TITLE = 22,
	TOP = 24, /* for the title of the frame */
	FIELDS_MAX = 6,
	LINES_MAX = 3,
	TEXT_MAX = 44, /* characters of a row of the outermost box */
};

/* Text of at most `limit` characters, escaped. */
static void append_cut(GString *svg, const char *text, glong limit)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	glong length = g_utf8_strlen(valid, -1);
	g_autofree char *cut =
	    g_utf8_substring(valid, 0, length > limit ? MAX(limit - 1, 0) : length);

	for (char *c = cut; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	g_autofree char *escaped = g_markup_escape_text(cut, -1);

	g_string_append(svg, escaped);
	if (length > limit)
		g_string_append(svg, "…");
}

static bool is_drawn(const struct box_field *field)
{
	return field->is_main || field->change != BOX_SAME;
}

/* The rows below a header: fields, or what they would say as lines. Returns how many. */
static unsigned rows_of(const struct box *box, struct figure_row rows[FIELDS_MAX])
{
	unsigned count = 0;

	for (guint i = 0; i < box->fields->len && count < FIELDS_MAX; i++) {
		const struct box_field *field = &g_array_index(box->fields, struct box_field, i);

		if (is_drawn(field))
			rows[count++] = (struct figure_row) { .box = box, .field = field };
	}
	if (count > 0)
		return count;
	for (; count < MIN(box->lines->len, LINES_MAX); count++)
		rows[count] = (struct figure_row) { .box = box, .line = box->lines->pdata[count] };
	return count;
}

/* Height of box `index` with all that is inside it. */
static unsigned height_of(const GPtrArray *boxes, guint index)
{
	const struct box *box = boxes->pdata[index];
	unsigned inner = index + 1 < boxes->len ? height_of(boxes, index + 1) + MARGIN : 0;
	struct figure_row rows[FIELDS_MAX];

	return TITLE + rows_of(box, rows) * ROW + inner + MARGIN;
}

static void draw_row(GString *svg, unsigned x, unsigned y, glong limit, const char *name,
		     const char *value, bool is_changed)
{
	glong name_length = g_utf8_strlen(name, -1);

	g_string_append_printf(svg,
			       "<text x=\"%u\" y=\"%u\" font-size=\"10.5\" fill=\"%s\" " FONT ">",
			       x, y, PALETTE_FAINT);
	append_cut(svg, name, limit);
	g_string_append_printf(svg, "<tspan dx=\"6\" " MONO " fill=\"%s\"%s>",
			       is_changed ? PALETTE_CHANGE : PALETTE_TEXT,
			       is_changed ? " font-weight=\"bold\"" : "");
	append_cut(svg, value, MAX(limit - name_length, 6));
	g_string_append(svg, is_changed ? " ◂</tspan></text>\n" : "</tspan></text>\n");
}

static char *field_text(const struct box_field *field)
{
	if (field->who == NULL)
		return g_strdup(field->value);
	return g_strdup_printf("%s (%s)", field->value, field->who);
}

static unsigned draw_fields(GString *svg, const struct box *box, unsigned x, unsigned y,
			    glong limit)
{
	struct figure_row rows[FIELDS_MAX];
	unsigned count = rows_of(box, rows);

	for (unsigned i = 0; i < count; i++) {
		const struct box_field *field = rows[i].field;
		g_autofree char *value = field == NULL ? g_strdup(rows[i].line) : field_text(field);

		y += ROW;
		draw_row(svg, x, y, limit, field == NULL ? "" : field->name, value,
			 field != NULL && field->change == BOX_CHANGED);
	}
	return y;
}

static void draw_box(GString *svg, const GPtrArray *boxes, guint index, unsigned x, unsigned y,
		     unsigned width)
{
	const struct box *box = boxes->pdata[index];
	const struct palette_colour *colour = palette_colour(box->layer);
	glong limit = TEXT_MAX - 3 * (glong)index;

	g_string_append_printf(
	    svg,
	    "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"6\" fill=\"%s\" "
	    "stroke=\"%s\"/>\n",
	    x, y, width, height_of(boxes, index), colour->fill, colour->ink);
	g_string_append_printf(svg,
			       "<text x=\"%u\" y=\"%u\" font-size=\"11.5\" font-weight=\"bold\" "
			       "fill=\"%s\" " FONT ">",
			       x + MARGIN, y + 16, colour->ink);
	append_cut(svg, box->name, 24);
	if (box->layer !=
	    LAYER_TLS) /* what TLS adds is around what it protects, not in front of it */
		g_string_append_printf(svg, " · %u B", box->header_bytes);
	g_string_append(svg, "</text>\n");
	y = draw_fields(svg, box, x + MARGIN, y + TITLE - 5, limit);
	if (index + 1 < boxes->len)
		draw_box(svg, boxes, index + 1, x + MARGIN, y + MARGIN + 4, width - 2 * MARGIN);
}

static void draw_frame(GString *svg, const GPtrArray *boxes, const char *title, unsigned x)
{
	g_string_append_printf(svg,
			       "<text x=\"%u\" y=\"15\" font-size=\"11.5\" fill=\"%s\" " FONT ">",
			       x + 2, PALETTE_FAINT);
	append_cut(svg, title == NULL ? "" : title, 50);
	g_string_append(svg, "</text>\n");
	if (boxes->len > 0)
		draw_box(svg, boxes, 0, x, TOP, COLUMN);
}

static unsigned frame_height(const GPtrArray *boxes)
{
	return boxes->len == 0 ? 0 : height_of(boxes, 0);
}

static GString *svg_new(unsigned width, unsigned height)
{
	GString *svg = g_string_new(NULL);

	g_string_append_printf(
	    svg,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
	    "viewBox=\"0 0 %u %u\">\n",
	    width, height, width, height);
	return svg;
}

static void visit_rows(const GPtrArray *boxes, bool is_before,
		       void (*row)(void *owner, const struct figure_row *row), void *owner)
{
	for (guint i = 0; i < boxes->len; i++) {
		struct figure_row rows[FIELDS_MAX];
		unsigned count = rows_of(boxes->pdata[i], rows);

		row(owner, &(struct figure_row) { is_before, boxes->pdata[i], NULL, NULL });
		for (unsigned k = 0; k < count; k++) {
			rows[k].is_before = is_before;
			row(owner, &rows[k]);
		}
	}
}

void figure_boxes_rows(const struct model *model, const struct figure_boxes *figure,
		       void (*row)(void *owner, const struct figure_row *row), void *owner)
{
	GPtrArray *before = boxes_new(model, figure->before);
	GPtrArray *after = boxes_new(model, figure->after);

	if (figure->before.length > 0)
		boxes_compare(before, after);
	visit_rows(before, true, row, owner);
	visit_rows(after, false, row, owner);
	boxes_free(before);
	boxes_free(after);
}

char *figure_boxes(const struct model *model, const struct figure_boxes *figure)
{
	bool is_pair = figure->before.length > 0;
	GPtrArray *before = boxes_new(model, figure->before);
	GPtrArray *after = boxes_new(model, figure->after);
	unsigned height, x = is_pair ? COLUMN + GAP : 0;
	GString *svg;

	if (is_pair)
		boxes_compare(before, after);
	height = TOP + MAX(frame_height(before), frame_height(after)) + 4;
	svg = svg_new(x + COLUMN + 2, height);
	if (is_pair) {
		draw_frame(svg, before, figure->before_title, 1);
		g_string_append_printf(svg,
				       "<text x=\"%u\" y=\"%u\" font-size=\"22\" fill=\"%s\" "
				       "text-anchor=\"middle\">→</text>\n",
				       COLUMN + GAP / 2 + 1, height / 2, PALETTE_FAINT);
	}
	draw_frame(svg, after, figure->after_title, x + 1);
	g_string_append(svg, "</svg>");
	boxes_free(before);
	boxes_free(after);
	return g_string_free(svg, FALSE);
}

/* Ladders. */

enum {
	LADDER_WIDTH = 720,
	LADDER_LEFT = 190, /* the client's line, and the server's from the right */
	LADDER_STEP = 25,
	LADDER_TOP = 46,
	LADDER_TEXT = 54, /* characters on an arrow */
};

static void draw_end(GString *svg, unsigned x, unsigned height, const char *name)
{
	g_string_append_printf(svg,
			       "<rect x=\"%u\" y=\"2\" width=\"130\" height=\"24\" rx=\"5\" "
			       "fill=\"#f6f8fa\" stroke=\"%s\"/>\n<text x=\"%u\" y=\"18\" "
			       "font-size=\"12\" text-anchor=\"middle\" fill=\"%s\" " FONT ">",
			       x - 65, PALETTE_FAINT, x, PALETTE_TEXT);
	append_cut(svg, name, 18);
	g_string_append_printf(
	    svg, "</text>\n<line x1=\"%u\" y1=\"26\" x2=\"%u\" y2=\"%u\" stroke=\"%s\"/>\n", x, x,
	    height - 4, PALETTE_LINE);
}

static void draw_step(GString *svg, const struct figure_step *step, unsigned y)
{
	const struct palette_colour *colour = palette_colour(step->layer);
	unsigned left = LADDER_LEFT, right = LADDER_WIDTH - 70;
	unsigned from = step->is_from_server ? right : left,
		 to = step->is_from_server ? left : right;
	int head = step->is_from_server ? 7 : -7;

	if (step->is_lost)
		to = (from + to) / 2;
	g_string_append_printf(
	    svg, "<text x=\"4\" y=\"%u\" font-size=\"10\" fill=\"%s\" " MONO ">%s</text>\n", y + 4,
	    PALETTE_FAINT, step->time);
	g_string_append_printf(svg,
			       "<text x=\"116\" y=\"%u\" font-size=\"10\" text-anchor=\"end\" "
			       "fill=\"%s\" " MONO ">%s</text>\n",
			       y + 4, PALETTE_FAINT, step->frame);
	g_string_append_printf(
	    svg,
	    "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"%s\" "
	    "stroke-width=\"1.6\"/>\n<path d=\"M%u %u l%d -4 v8 z\" fill=\"%s\"/>\n",
	    from, y, to, y, colour->ink, to, y, head, colour->ink);
	if (step->is_lost)
		g_string_append_printf(svg,
				       "<text x=\"%u\" y=\"%u\" font-size=\"15\" fill=\"%s\" "
				       "text-anchor=\"middle\">✕</text>\n",
				       to, y + 5, PALETTE_CHANGE);
	g_string_append_printf(svg,
			       "<text x=\"%u\" y=\"%u\" font-size=\"11\" text-anchor=\"middle\" "
			       "fill=\"%s\" " MONO ">",
			       (left + right) / 2, y - 5, colour->ink);
	append_cut(svg, step->text, LADDER_TEXT);
	g_string_append(svg, "</text>\n");
}

char *figure_ladder(const struct figure_ladder *ladder)
{
	unsigned rows = (unsigned)ladder->step_count + ladder->has_more;
	unsigned height = LADDER_TOP + rows * LADDER_STEP + 8;
	GString *svg = svg_new(LADDER_WIDTH, height);

	draw_end(svg, LADDER_LEFT, height, ladder->client);
	draw_end(svg, LADDER_WIDTH - 70, height, ladder->server);
	g_string_append_printf(
	    svg,
	    "<text x=\"116\" y=\"18\" font-size=\"10\" text-anchor=\"end\" fill=\"%s\" " FONT
	    ">frame</text>\n<text x=\"4\" y=\"18\" font-size=\"10\" fill=\"%s\" " FONT
	    ">time</text>\n",
	    PALETTE_FAINT, PALETTE_FAINT);
	for (size_t i = 0; i < ladder->step_count; i++)
		draw_step(svg, &ladder->steps[i], LADDER_TOP + 14 + (unsigned)i * LADDER_STEP);
	if (ladder->has_more)
		g_string_append_printf(svg,
				       "<text x=\"%u\" y=\"%u\" font-size=\"11\" fill=\"%s\" " FONT
				       ">… and more</text>\n",
				       LADDER_LEFT + 10, height - 12, PALETTE_FAINT);
	g_string_append(svg, "</svg>");
	return g_string_free(svg, FALSE);
}
