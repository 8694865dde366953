#include "views/report.h"

#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "sim/time.h"
#include "stack/wire/ethernet.h"
#include "views/crossing.h"
#include "views/mail_text.h"
#include "views/names.h"
#include "views/report_private.h"

static void count_crossing(void *owner, const struct crossing *crossing);

static void account_free(gpointer data)
{
	struct report_account *account = data;

	for (guint i = 0; i < account->stations->len; i++) {
		g_free(g_array_index(account->stations, struct station, i).text);
		g_free(g_array_index(account->stations, struct station, i).recipient);
	}
	g_array_free(account->stations, TRUE);
	g_array_free(account->ledger, TRUE);
	g_free(account);
}

const struct report_account *report_account(const struct report *report, uint64_t root)
{
	return g_hash_table_lookup(report->accounts, &root);
}

static struct report_account *account_for(struct report *report, uint64_t root)
{
	struct report_account *account = g_hash_table_lookup(report->accounts, &root);
	uint64_t *key;

	if (account != NULL)
		return account;
	account = g_new(struct report_account, 1);
	account->stations = g_array_new(FALSE, FALSE, sizeof(struct station));
	account->ledger = g_array_new(FALSE, FALSE, sizeof(struct ledger_row));
	key = g_new(uint64_t, 1);
	*key = root;
	g_hash_table_insert(report->accounts, key, account);
	return account;
}

static void mail_free(gpointer data)
{
	struct model_mail *mail = data;

	g_free(mail->from);
	g_free(mail->to);
	g_free(mail->subject);
	g_free(mail);
}

struct report *report_new(const struct model *model, const struct dissector *const *dissectors)
{
	struct report *report = g_new0(struct report, 1);

	report->model = model;
	report->dissectors = dissectors;
	report->crossings = crossings_new(count_crossing, report);
	report->mailboxes = mailboxes_new();
	report->strangers = g_ptr_array_new_with_free_func(mail_free);
	report->accounts =
	    g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, account_free);
	return report;
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	crossings_free(report->crossings);
	mailboxes_free(report->mailboxes);
	g_hash_table_destroy(report->accounts);
	g_ptr_array_free(report->strangers, TRUE);
	g_free(report);
}

/* The ledger: what each node took off, changed and put on. */

/* Bytes that both frames have at the same place behind their Ethernet headers, but differ. */
static uint64_t rewritten_bytes(struct bytes in, struct bytes out)
{
	uint64_t count = 0;

	for (size_t i = ETHERNET_HEADER_BYTES; i < in.length && i < out.length; i++)
		count += in.data[i] != out.data[i];
	return count;
}

static uint64_t header_bytes(const struct crossing *crossing, enum trace_kind kind)
{
	uint64_t sum = 0;

	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == kind)
			sum += crossing_record(crossing, i)->header_bytes;
	return sum;
}

/* What TLS adds at the sender, and takes off at the receiver, is not payload of the mail protocol. */
static void move_tls(const struct report *report, const struct crossing *crossing,
		     struct ledger_row *row)
{
	struct model_segment segment;
	uint64_t bytes;

	if (!model_find_segment(report->model, crossing_frame(crossing), &segment))
		return;
	bytes = model_tls_bytes(&segment);
	if (crossing->received == NULL) {
		row->in -= bytes;
		row->added += bytes;
	} else if (crossing->sent == NULL) {
		row->out -= bytes;
		row->removed += bytes;
	}
}

static struct ledger_row ledger_of(const struct crossing *crossing)
{
	struct bytes in = crossing_received(crossing), out = crossing_sent(crossing);
	struct ledger_row row = {
		.node = crossing->node,
		.frames = 1,
		.in = in.length > 0 ? in.length : report_payload(out).length,
		.out = out.length > 0 ? out.length : report_payload(in).length,
		.removed = header_bytes(crossing, TRACE_DECAPSULATE),
		.added = header_bytes(crossing, TRACE_ENCAPSULATE),
	};

	if (row.removed > 0)
		row.removed += report_padding_bytes(in);
	if (row.added > 0)
		row.added += report_padding_bytes(out);
	if (in.length > 0 && out.length > 0)
		row.rewritten = rewritten_bytes(in, out);
	return row;
}

/* The message whose bytes or root this crossing carries. */
static const struct model_mail *mail_of(const struct report *report,
					const struct crossing *crossing)
{
	const struct model_mail *mail = model_mail_by_root(report->model, crossing->root);
	struct model_segment segment;

	if (!model_find_segment(report->model, crossing_frame(crossing), &segment))
		return mail;
	for (unsigned i = model_unit_index(segment.direction, segment.offset);
	     i < segment.direction->units->len; i++) {
		const struct model_unit *unit = segment.direction->units->pdata[i];

		if (unit->offset >= segment.offset + segment.length)
			break;
		if (model_mail_by_root(report->model, unit->root) != NULL)
			return model_mail_by_root(report->model, unit->root);
	}
	return mail;
}

static void add_row(struct report_account *account, const struct ledger_row *added)
{
	for (guint i = 0; i < account->ledger->len; i++) {
		struct ledger_row *row = &g_array_index(account->ledger, struct ledger_row, i);

		if (row->node != added->node || row->is_sending != added->is_sending ||
		    row->is_receiving != added->is_receiving)
			continue;
		row->frames += added->frames;
		row->in += added->in;
		row->removed += added->removed;
		row->rewritten += added->rewritten;
		row->added += added->added;
		row->out += added->out;
		return;
	}
	g_array_append_vals(account->ledger, added, 1);
}

static bool ended_in_drop(const struct crossing *crossing)
{
	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == TRACE_DROP ||
		    crossing_record(crossing, i)->kind == TRACE_IGNORE)
			return true;
	return false;
}

static void count_crossing(void *owner, const struct crossing *crossing)
{
	struct report *report = owner;
	const struct model_mail *mail = mail_of(report, crossing);
	struct ledger_row row;

	if (crossing->received == NULL && crossing->sent == NULL)
		return;
	report->loopback += crossing->sent != NULL && crossing_is_loopback(crossing);
	if (crossing->is_off_wire) /* of a datagram that was cut the fragments are counted */
		return;
	if (ended_in_drop(crossing))
		return;
	if (crossing->sent == NULL && !crossing_was_delivered(crossing))
		return;
	row = ledger_of(crossing);
	move_tls(report, crossing, &row);
	row.is_sending = crossing->received == NULL;
	row.is_receiving = crossing->sent == NULL;
	report->unbalanced += row.in + row.added != row.out + row.removed;
	if (mail != NULL)
		add_row(account_for(report, mail->root), &row);
}

/* The recipient that enum mail_detail says is in the bytes; NULL: there is none. */
static char *recipient_of(uint16_t detail, struct bytes bytes)
{
	const uint8_t *end = bytes_find_byte(bytes, '\0');
	size_t first = end == NULL ? bytes.length : (size_t)(end - bytes.data);

	switch (detail) {
	case MAIL_QUEUED:
		return end == NULL ? NULL : bytes_to_text(bytes_from(bytes, first + 1));
	case MAIL_TRANSFERRED:
	case MAIL_BOUNCED:
	case MAIL_DELIVERED:
	case MAIL_DUPLICATE:
		return first == 0 ? NULL : bytes_to_text(bytes_first(bytes, first));
	default:
		return NULL;
	}
}

/* The text or fact called `name` of a record of mail; "" when it has none. */
static char *fact_of(uint16_t detail, struct bytes bytes, const char *name)
{
	struct mail_facts facts;

	mail_facts_begin(&facts, detail, bytes);
	while (mail_facts_next(&facts))
		if (bytes_equal(facts.name, bytes_of(name)))
			return bytes_to_text(facts.value);
	return g_strdup("");
}

static bool is_known(const struct report *report, uint64_t root)
{
	for (guint i = report->strangers->len; i > 0; i--)
		if (((const struct model_mail *)report->strangers->pdata[i - 1])->root == root)
			return true;
	return false;
}

/* A message has come to a server, and where from is not in the trace. */
static void add_stranger(struct report *report, const struct trace_record *record,
			 struct bytes bytes)
{
	g_autofree char *protocol = fact_of(record->detail, bytes, "protocol");
	g_autofree char *client = fact_of(record->detail, bytes, "client");
	g_autofree char *size = fact_of(record->detail, bytes, "size");
	struct model_mail *mail;

	if (is_known(report, record->root))
		return;
	mail = g_new0(struct model_mail, 1);
	mail->root = record->root;
	mail->from = fact_of(record->detail, bytes, "from");
	mail->to = fact_of(record->detail, bytes, "to");
	mail->subject = g_strdup_printf("by %s from %s", protocol, client);
	mail->size_bytes = g_ascii_strtoull(size, NULL, 10);
	mail->composed_ns = record->time_ns;
	g_ptr_array_add(report->strangers, mail);
}

static void add_station(struct report *report, const struct trace_record *record,
			struct bytes bytes)
{
	const struct model_mail *mail = model_mail_of(report->model, record, bytes);
	struct station station = {
		.record = *record,
		.recipient = recipient_of(record->detail, bytes),
	};

	GString *text = g_string_new(NULL);

	if (mail == NULL && record->detail == MAIL_ARRIVED)
		add_stranger(report, record, bytes);
	mail_text_append(text, record, bytes);
	station.text = g_string_free(text, FALSE);
	g_array_append_val(account_for(report, mail != NULL ? mail->root : record->root)->stations,
			   station);
}

void report_feed(struct report *report, const struct trace_record *record, struct bytes bytes)
{
	switch (record->kind) {
	case TRACE_MAIL:
		add_station(report, record, bytes);
		break;
	case TRACE_MAILBOX:
		mailboxes_feed(report->mailboxes, record, bytes);
		break;
	case TRACE_TRANSMIT:
		report->frames++;
		report->frame_bytes += bytes.length;
		if (record->flags & TRACE_FIRST)
			report_count_layers(report, bytes);
		break;
	case TRACE_DROP:
		report->drops++;
		break;
	default:
		break;
	}
	report->end_ns = record->time_ns;
	crossings_feed(report->crossings, record, bytes);
}

void report_finish(struct report *report)
{
	crossings_finish(report->crossings);
}

uint64_t report_unbalanced(struct report *report)
{
	report_finish(report);
	return report->unbalanced;
}
