/* The bytes of a frame, and the field at the cursor. */
#include "app/stepper_private.h"

struct bytes stepper_frame(const struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);

	if (hop == NULL)
		return (struct bytes) { 0 };
	if (hop->sent.length == 0 || (stepper->shows_received && hop->received.length > 0))
		return hop->received;
	return hop->sent;
}

static uint32_t first_change(const GPtrArray *boxes)
{
	for (guint i = boxes->len; i > 0; i--) {
		const struct box *box = boxes->pdata[i - 1];

		for (guint k = 0; k < box->fields->len; k++) {
			const struct box_field *field =
			    &g_array_index(box->fields, struct box_field, k);

			if (field->change == BOX_CHANGED)
				return field->start_bit / 8;
		}
	}
	return 0;
}

void stepper_look_at_change(struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);
	const struct model *model = history_model(stepper->history);
	GPtrArray *before, *after;

	stepper->byte = 0;
	if (hop == NULL || hop->received.length == 0 || hop->sent.length == 0)
		return;
	before = boxes_new(model, hop->received);
	after = boxes_new(model, hop->sent);
	boxes_compare(before, after);
	stepper->byte = first_change(after);
	boxes_free(before);
	boxes_free(after);
}

static void draw_byte(const struct stepper *stepper, struct canvas *canvas, unsigned row,
		      unsigned column, const GPtrArray *boxes, uint32_t at,
		      const struct box_field *marked)
{
	const struct box *box;
	struct bytes frame = stepper_frame(stepper);
	bool is_marked = marked == NULL ? at == stepper->byte
					: at >= marked->start_bit / 8 &&
					      at <= (marked->start_bit + marked->bits - 1) / 8;
	char text[3];

	if (at >= frame.length)
		return;
	boxes_field_at(boxes, at, &box);
	g_snprintf(text, sizeof text, "%02x", frame.data[at]);
	canvas_write(canvas, row, column, 2,
		     (is_marked ? CANVAS_REVERSE : CANVAS_PLAIN) |
			 (at == stepper->byte ? CANVAS_BOLD : CANVAS_PLAIN),
		     box == NULL ? CANVAS_NO_LAYER : box->layer, text);
	if (is_marked && marked != NULL && at == marked->start_bit / 8)
		canvas_write(canvas, row, column - 1, 1, CANVAS_BOLD, CANVAS_NO_LAYER, "[");
	if (is_marked && marked != NULL && at == (marked->start_bit + marked->bits - 1) / 8)
		canvas_write(canvas, row, column + 2, 1, CANVAS_BOLD, CANVAS_NO_LAYER, "]");
}

/* What the field at the cursor is, beside the bytes. */
static void draw_field(struct canvas *canvas, unsigned row, unsigned column, unsigned rows,
		       const struct box *box, const struct box_field *field)
{
	unsigned columns = canvas->columns > column + 1 ? canvas->columns - column - 1 : 0;
	GString *text = g_string_new(NULL);

	if (columns < 12 || box == NULL) {
		g_string_free(text, TRUE);
		return;
	}
	g_string_append_printf(text, "%s %s", box->name, field == NULL ? "" : field->name);
	if (field != NULL)
		g_string_append_printf(
		    text, " = %s%s%s%s", field->value, field->who == NULL ? "" : " (",
		    field->who == NULL ? "" : field->who, field->who == NULL ? "" : ")");
	if (field != NULL && field->purpose != NULL)
		g_string_append_printf(text, ": %s", field->purpose);
	if (field != NULL && field->reference != NULL)
		g_string_append_printf(text, " [%s]", field->reference);
	canvas_paragraph(canvas, row, column, columns, rows, text->str, NULL);
	g_string_free(text, TRUE);
}

#define ROW_BYTES 16

void stepper_draw_bytes(struct stepper *stepper, struct canvas *canvas, unsigned row, unsigned rows)
{
	struct bytes frame = stepper_frame(stepper);
	GPtrArray *boxes = boxes_new(history_model(stepper->history), frame);
	const struct box *box;
	const struct box_field *field = boxes_field_at(boxes, stepper->byte, &box);
	uint32_t first = stepper->byte / ROW_BYTES;

	first = first >= rows ? first - rows + 1 : 0;
	for (unsigned i = 0; i < rows; i++) {
		uint32_t offset = (first + i) * ROW_BYTES;
		char text[12];

		if (offset >= frame.length)
			break;
		g_snprintf(text, sizeof text, "%04x", offset);
		canvas_write(canvas, row + i, 1, 4, CANVAS_FAINT, CANVAS_NO_LAYER, text);
		for (uint32_t k = 0; k < ROW_BYTES && offset + k < frame.length; k++)
			draw_byte(stepper, canvas, row + i, 6 + k * 3, boxes, offset + k, field);
	}
	if (frame.length > 0)
		draw_field(canvas, row, 6 + ROW_BYTES * 3 + 1, rows, box, field);
	boxes_free(boxes);
}
