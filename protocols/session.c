#include "protocols/session.h"

void session_init(struct session *session, const struct session_operations *operations)
{
	*session = (struct session) { .operations = operations, .deadline_ns = TIME_NEVER };
}

static void note_clear(struct note *note)
{
	g_clear_pointer(&note->bytes, g_bytes_unref);
}

void session_clear(struct session *session)
{
	if (session->notes != NULL) {
		for (guint i = 0; i < session->notes->len; i++)
			note_clear(&g_array_index(session->notes, struct note, i));
		g_array_free(session->notes, TRUE);
		session->notes = NULL;
	}
	g_clear_pointer(&session->output, g_byte_array_unref);
}

size_t session_offer(struct session *session, struct bytes in)
{
	size_t total = 0;

	while (total < in.length && !session_must_wait(session) && !session_is_over(session)) {
		struct bytes rest = bytes_from(in, total);
		size_t consumed = session->operations->receive(session, rest);

		g_assert(consumed <= rest.length);
		if (consumed == 0)
			break;
		total += consumed;
		session->received_bytes += consumed;
	}
	return total;
}

void session_write(struct session *session, struct bytes bytes)
{
	if (bytes.length == 0)
		return;
	if (session->output == NULL)
		session->output = g_byte_array_new();
	g_byte_array_append(session->output, bytes.data, (guint)bytes.length);
	session->produced_bytes += bytes.length;
}

void session_printf(struct session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	session_write(session, bytes_of(text));
	g_free(text);
}

void session_note(struct session *session, const struct note *note)
{
	if (session->emit == NULL && session->wants_notes) {
		if (session->notes == NULL)
			session->notes = g_array_new(FALSE, FALSE, sizeof(struct note));
		g_array_append_vals(session->notes, note, 1);
		return;
	}
	if (session->emit != NULL)
		session->emit(session->driver, note);
	if (note->bytes != NULL)
		g_bytes_unref(note->bytes);
}

void session_note_input(struct session *session, unsigned detail, size_t skip, size_t length)
{
	session_note(session, &(struct note) {
				  .kind = TRACE_UNIT,
				  .detail = (uint16_t)detail,
				  .flags = TRACE_INBOUND,
				  .before = session->received_bytes + skip,
				  .after = length,
			      });
}

void session_note_output(struct session *session, unsigned detail, uint64_t from)
{
	session_note(session, &(struct note) {
				  .kind = TRACE_UNIT,
				  .detail = (uint16_t)detail,
				  .before = from,
				  .after = session->produced_bytes - from,
			      });
}

size_t session_line(struct bytes in, bool lenient, struct bytes *line)
{
	for (size_t from = 0; from < in.length;) {
		const uint8_t *feed = memchr(in.data + from, '\n', in.length - from);

		if (feed == NULL)
			return 0;
		size_t end = (size_t)(feed - in.data);
		bool has_return = end > 0 && in.data[end - 1] == '\r';

		if (has_return || lenient) {
			*line = bytes_first(in, end - has_return);
			return end + 1;
		}
		from = end + 1;
	}
	return 0;
}
