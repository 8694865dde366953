/* THREAD (RFC 5256): SEARCH with its results as threads. */
#include "protocols/imap/find.h"
#include "protocols/imap/thread.h"

typedef void thread_fn(GString *out, const struct imap_threaded *messages, unsigned count);

static const struct {
	const char *name;
	enum imap_capability needs;
	thread_fn *thread;
} algorithms[] = {
	{"ORDEREDSUBJECT", IMAP_CAN_THREAD_SUBJECT,    imap_thread_by_subject   },
	{ "REFERENCES",    IMAP_CAN_THREAD_REFERENCES, imap_thread_by_references},
};

static thread_fn *parse_algorithm(const struct imap_session *session, struct imap_parser *parser)
{
	struct bytes name;

	if (!imap_parse_space(parser) || !imap_parse_atom(parser, &name))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++)
		if (imap_is(name, algorithms[i].name) && imap_offers(session, algorithms[i].needs))
			return algorithms[i].thread;
	imap_parser_fail(parser, "Unknown thread algorithm");
	return NULL;
}

static void answer(struct imap_session *session, const struct imap_found *found, thread_fn *thread)
{
	unsigned count = found->numbers->len;
	struct imap_threaded *messages = g_new(struct imap_threaded, MAX(count, 1));
	GString *text = g_string_new("* THREAD ");

	for (unsigned i = 0; i < count; i++) {
		uint32_t number = g_array_index(found->numbers, uint32_t, i);
		const struct mailbox_entry *entry = imap_view_at(&session->view, number)->entry;

		messages[i] = (struct imap_threaded) { imap_found_at(session, found, i),
						       entry->message, entry->internal_date };
	}
	thread(text, messages, count);
	if (count == 0)
		g_string_truncate(text, text->len - 1);
	g_string_append(text, "\r\n");
	g_free(messages);
	imap_send_string(session, text);
	imap_ok(session, "Thread completed.");
}

/* thread = "THREAD" SP thread-alg SP charset 1*(SP search-key) */
void imap_run_thread(struct imap_session *session, struct imap_parser *parser)
{
	thread_fn *thread = parse_algorithm(session, parser);
	struct imap_found found = { 0 };
	struct bytes charset;

	if (thread == NULL || !imap_parse_space(parser) || !imap_parse_astring(parser, &charset))
		imap_bad_arguments(session, parser);
	else if (!imap_charset_is_known(charset))
		imap_no_charset(session);
	else if (imap_find(session, parser, &found))
		answer(session, &found, thread);
	imap_found_clear(&found);
}
