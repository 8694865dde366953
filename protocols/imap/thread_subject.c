/* THREAD=ORDEREDSUBJECT (RFC 5256 section 3): one thread for each base subject. */
#include "protocols/imap/subject.h"
#include "protocols/imap/thread.h"

struct row {
	const struct imap_threaded *message;
	char *subject;
	int64_t sent;
	int64_t thread_sent; /* of the first message of its thread */
	uint32_t thread;     /* id of that */
};

static void row_clear(void *data)
{
	g_free(((struct row *)data)->subject);
}

static int compare_times(int64_t a, int64_t b, uint32_t a_id, uint32_t b_id)
{
	if (a != b)
		return a < b ? -1 : 1;
	return a_id < b_id ? -1 : a_id > b_id;
}

static int by_subject(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = strcmp(left->subject, right->subject);

	return order != 0
		   ? order
		   : compare_times(left->sent, right->sent, left->message->id, right->message->id);
}

static int by_thread(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order =
	    compare_times(left->thread_sent, right->thread_sent, left->thread, right->thread);

	return order != 0
		   ? order
		   : compare_times(left->sent, right->sent, left->message->id, right->message->id);
}

static GArray *make_rows(const struct imap_threaded *messages, unsigned count)
{
	GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct row));

	g_array_set_clear_func(rows, row_clear);
	g_array_set_size(rows, count);
	for (unsigned i = 0; i < count; i++) {
		struct row *row = &g_array_index(rows, struct row, i);
		struct bytes header = message_header_section(message_bytes(messages[i].message));
		char *value = message_header(header, "Subject");

		row->message = &messages[i];
		row->subject = imap_base_subject(value, NULL);
		row->sent = message_sent(messages[i].message, messages[i].internal_date);
		g_free(value);
	}
	return rows;
}

/* The first of a thread is the parent of all others, which are siblings. */
static void print_thread(GString *out, const GArray *rows, unsigned from, unsigned to)
{
	g_string_append_printf(out, "(%u", g_array_index(rows, struct row, from).message->id);
	for (unsigned i = from + 1; i < to; i++)
		g_string_append_printf(out,
				       to - from == 2  ? " %u"
				       : i == from + 1 ? " (%u)"
						       : "(%u)",
				       g_array_index(rows, struct row, i).message->id);
	g_string_append_c(out, ')');
}

void imap_thread_by_subject(GString *out, const struct imap_threaded *messages, unsigned count)
{
	GArray *rows = make_rows(messages, count);

	g_array_sort(rows, by_subject);
	for (unsigned i = 0; i < count; i++) {
		struct row *row = &g_array_index(rows, struct row, i), *before = row - 1;
		bool goes_on = i > 0 && strcmp(row->subject, before->subject) == 0;

		row->thread = goes_on ? before->thread : row->message->id;
		row->thread_sent = goes_on ? before->thread_sent : row->sent;
	}
	g_array_sort(rows, by_thread);
	for (unsigned from = 0, to; from < count; from = to) {
		uint32_t thread = g_array_index(rows, struct row, from).thread;

		for (to = from + 1; to < count; to++)
			if (g_array_index(rows, struct row, to).thread != thread)
				break;
		print_thread(out, rows, from, to);
	}
	g_array_unref(rows);
}
