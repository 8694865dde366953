/* The mail transaction of a client session: MAIL, RCPT, DATA and the message (RFC 5321 section 3.3). */
#include "protocols/mail/convert.h"
#include "protocols/mail/message.h"
#include "protocols/smtp/client_session.h"

static struct bytes bytes_in(GBytes *data)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(data, &length);

	return (struct bytes) { octets, length };
}

static void copy_wishes(struct smtp_job *job, const struct smtp_transfer *transfer)
{
	job->wishes = g_new0(struct smtp_recipient_wish, job->count);
	for (unsigned i = 0; transfer->wishes != NULL && i < job->count; i++)
		job->wishes[i] =
		    (struct smtp_recipient_wish) { transfer->wishes[i].notify,
						   g_strdup(transfer->wishes[i].original) };
	job->wish = transfer->wish;
	job->wish.envelope_id = g_strdup(transfer->wish.envelope_id);
}

/*
 * RFC 6531 section 3.6: addresses beyond ASCII; or header fields, of a message that came with
 * SMTPUTF8. Those of others are passed on as they are, as Postfix does.
 */
static bool needs_utf8(const struct smtp_job *job)
{
	bool needs =
	    smtp_has_8bit(bytes_of(job->sender)) ||
	    (job->wish.is_utf8 && smtp_has_8bit(message_header_section(bytes_in(job->data))));

	for (unsigned i = 0; i < job->count; i++)
		needs |= smtp_has_8bit(bytes_of(job->recipients[i]));
	return needs;
}

struct smtp_job *smtp_job_new(const struct smtp_transfer *transfer)
{
	struct smtp_job *job = g_new0(struct smtp_job, 1);

	job->sender = g_strdup(transfer->sender);
	job->count = transfer->recipient_count;
	job->recipients = g_new0(char *, job->count);
	job->results = g_new0(struct smtp_result, job->count);
	for (unsigned i = 0; i < job->count; i++)
		job->recipients[i] = g_strdup(transfer->recipients[i]);
	job->data = g_bytes_ref(transfer->data);
	job->is_8bit = smtp_has_8bit(bytes_in(job->data));
	copy_wishes(job, transfer);
	job->needs_utf8 = needs_utf8(job);
	return job;
}

void smtp_job_free(struct smtp_job *job)
{
	if (job == NULL)
		return;
	for (unsigned i = 0; i < job->count; i++) {
		g_free(job->recipients[i]);
		g_free(job->wishes[i].original);
		g_free(job->results[i].text);
	}
	g_free(job->wishes);
	g_free((char *)job->wish.envelope_id);
	g_free(job->recipients);
	g_free(job->results);
	g_free(job->sender);
	g_bytes_unref(job->data);
	g_free(job);
}

static void decide(struct smtp_result *result, enum smtp_outcome outcome, enum smtp_stage stage,
		   unsigned code, const char *text)
{
	if (result->outcome == SMTP_PENDING)
		*result = (struct smtp_result) { outcome, stage, code, g_strdup(text), false };
}

void smtp_client_finish_job(struct smtp_client *client, enum smtp_outcome outcome,
			    enum smtp_stage stage, unsigned code, const char *text)
{
	struct smtp_job *job = g_steal_pointer(&client->job);

	if (job == NULL)
		return;
	for (unsigned i = 0; i < job->count; i++) {
		decide(&job->results[i], outcome, stage, code, text);
		job->results[i].is_relayed =
		    job->results[i].outcome == SMTP_SENT && !client->offer.has_dsn;
	}
	if (!client->is_doomed && client->is_ready)
		smtp_client_enter(client, SMTP_READY);
	client->config.sent(client->config.owner, client, job->results, job->count);
	smtp_job_free(job);
}

/* The server keeps something of a transaction that we do not go on with. */
static void abandon(struct smtp_client *client, enum smtp_stage stage, unsigned code,
		    const char *text)
{
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_RSET }, "RSET\r\n");
	smtp_client_finish_job(client, smtp_outcome_of(code), stage, code, text);
}

/* The envelope. */

/* RFC 6152 section 3: the message goes in a form that this server takes. False: it may not. */
static bool convert(const struct smtp_client *client)
{
	struct smtp_job *job = client->job;
	GBytes *converted = client->config.converts ? message_to_7bit(job->data) : NULL;

	if (converted == NULL)
		return false;
	g_bytes_unref(job->data);
	job->data = converted;
	job->is_8bit = false;
	return true;
}

/* Says why this server can never have the message; NULL when it can. The caller frees it. */
static char *find_obstacle(const struct smtp_client *client)
{
	const struct smtp_offer *offer = &client->offer;
	gsize size;

	if (client->job->needs_utf8 && !offer->has_utf8)
		return g_strdup(
		    "550 5.6.7 message has addresses or header fields in UTF-8, and the "
		    "server does not offer SMTPUTF8");
	if (client->job->is_8bit && !offer->has_8bit && !convert(client))
		return g_strdup("554 5.6.3 message has 8-bit data, and the server does not offer "
				"8BITMIME");
	size = g_bytes_get_size(client->job->data);
	if (offer->has_size && offer->size_limit != 0 && size > offer->size_limit)
		return g_strdup_printf(
		    "552 5.3.4 message size %zu exceeds size limit %" G_GUINT64_FORMAT " of server",
		    size, offer->size_limit);
	return NULL;
}

static void tell_begun(const struct smtp_client *client)
{
	const struct smtp_job *job = client->job;

	if (client->config.begun != NULL)
		client->config.begun(client->config.owner,
				     &(struct smtp_transfer) {
					 .sender = job->sender,
					 .recipients = (const char *const *)job->recipients,
					 .wishes = job->wishes,
					 .recipient_count = job->count,
					 .wish = job->wish,
					 .data = job->data,
				     });
}

static void say_mail(struct smtp_client *client)
{
	struct smtp_job *job = client->job;
	GString *line = g_string_new(NULL);

	g_string_printf(line, "MAIL FROM:<%s>", job->sender);
	if (client->config.declares_size && client->offer.has_size)
		g_string_append_printf(line, " SIZE=%zu", g_bytes_get_size(job->data));
	if (job->is_8bit)
		g_string_append(line, " BODY=8BITMIME");
	if (job->needs_utf8)
		g_string_append(line, " SMTPUTF8");
	if (client->offer.has_dsn && job->wish.returns != SMTP_RETURN_UNSAID)
		g_string_append(line,
				job->wish.returns == SMTP_RETURN_FULL ? " RET=FULL" : " RET=HDRS");
	if (client->offer.has_dsn && job->wish.envelope_id != NULL)
		g_string_append_printf(line, " ENVID=%s", job->wish.envelope_id);
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_MAIL }, "%s\r\n",
			line->str);
	g_string_free(line, TRUE);
	tell_begun(client);
}

/* With the wishes of the sender, where the server understands them (RFC 3461 section 5.2.1). */
static void say_recipient(struct smtp_client *client, unsigned index)
{
	const struct smtp_job *job = client->job;
	const struct smtp_recipient_wish *wish = &job->wishes[index];
	const char *address = job->recipients[index];
	GString *line = g_string_new(NULL);

	g_string_printf(line, "RCPT TO:<%s>", address);
	if (client->offer.has_dsn && wish->notify != 0) {
		g_string_append(line, " NOTIFY=");
		smtp_notify_print(wish->notify, line);
	}
	if (client->offer.has_dsn && wish->original != NULL) {
		g_string_append_printf(line, " ORCPT=%s", wish->original);
	} else if (client->offer.has_dsn && client->config.names_originals &&
		   !smtp_has_8bit(bytes_of(address))) {
		char *encoded = smtp_xtext_encode(address);

		g_string_append_printf(line, " ORCPT=rfc822;%s", encoded);
		g_free(encoded);
	}
	smtp_client_say(client,
			(struct smtp_expectation) { .command = SMTP_RCPT, .recipient = index },
			"%s\r\n", line->str);
	g_string_free(line, TRUE);
}

static void begin_content(struct smtp_client *client);

/*
 * The octets follow the command at once, so it waits until some recipient was taken, and with
 * pipelining as well: an empty chunk for nobody helps nobody (RFC 3030 section 4.2).
 */
static void say_chunk(struct smtp_client *client)
{
	struct smtp_job *job = client->job;
	struct session *session = &client->session;
	uint64_t from = session->produced_bytes;

	session_printf(session, "BDAT %zu LAST\r\n", g_bytes_get_size(job->data));
	session_note_output(session, SMTP_BDAT, from);
	begin_content(client);
}

static void say_next(struct smtp_client *client)
{
	struct smtp_job *job = client->job;
	unsigned next = job->next++;

	if (next == 0)
		say_mail(client);
	else if (next <= job->count)
		say_recipient(client, next - 1);
	else if (job->is_chunked)
		say_chunk(client);
	else
		smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_DATA },
				"DATA\r\n");
}

static bool has_room(const struct session *session)
{
	return session->output == NULL || session->output->len < SESSION_OUTPUT_LOW;
}

static bool must_wait(const struct smtp_job *job)
{
	return job->is_chunked && job->next == job->count + 1;
}

/*
 * With pipelining, which ends at DATA (RFC 2920 section 3.1), as much at once as the output wants;
 * refill() calls for the rest, and what was answered meanwhile is heard before it. Else one at a
 * time.
 */
void smtp_client_say_envelope(struct smtp_client *client)
{
	bool is_pipelined = client->config.pipelines && client->offer.has_pipelining;
	char *obstacle = client->job->next == 0 ? find_obstacle(client) : NULL;

	if (obstacle != NULL) {
		smtp_client_finish_job(client, SMTP_FAILED, SMTP_STAGE_MAIL, 0, obstacle);
		g_free(obstacle);
		return;
	}
	client->job->is_chunked = client->config.uses_chunks && client->offer.has_chunking;
	while (client->job->next <= client->job->count + 1 && has_room(&client->session) &&
	       ((is_pipelined && !must_wait(client->job)) || !smtp_client_expects(client)))
		say_next(client);
}

/* The content. */

static void begin_content(struct smtp_client *client)
{
	client->job->is_writing = true;
	client->job->content_from = client->session.produced_bytes;
	smtp_client_enter(client, SMTP_IN_DATA);
	smtp_client_note_phase(client, PHASE_TRANSFER);
	smtp_client_write_content(client);
}

static void finish_content(struct smtp_client *client)
{
	struct smtp_expectation expectation = { .command = SMTP_MESSAGE };

	client->job->is_writing = false;
	session_note_output(&client->session, client->job->is_chunked ? SMTP_CHUNK : SMTP_MESSAGE,
			    client->job->content_from);
	g_array_append_val(client->expected, expectation);
	smtp_client_advance(client);
}

static void write_chunk(struct smtp_job *job, struct bytes data, size_t room, GByteArray *out)
{
	struct bytes piece = bytes_first(bytes_from(data, job->chunk_written), room);

	if (piece.length > 0)
		g_byte_array_append(out, piece.data, (guint)piece.length);
	job->chunk_written += piece.length;
}

/* Writes as much as the output wants now; refill() calls for the rest. */
void smtp_client_write_content(struct smtp_client *client)
{
	struct session *session = &client->session;
	struct smtp_job *job = client->job;
	struct bytes data = bytes_in(job->data);

	if (session->output == NULL)
		session->output = g_byte_array_new();
	guint before = session->output->len;

	if (before >= SESSION_OUTPUT_LOW)
		return;
	if (job->is_chunked)
		write_chunk(job, data, SESSION_OUTPUT_LOW - before, session->output);
	else
		smtp_data_encode(&job->writer, data, SESSION_OUTPUT_LOW - before, session->output);
	session->produced_bytes += session->output->len - before;
	if (smtp_job_is_written(job))
		finish_content(client);
}

/* All recipients were refused, yet the server waits for data: an empty message ends that. */
static void say_nothing(struct smtp_client *client)
{
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_MESSAGE }, ".\r\n");
}

/* Replies. */

static bool has_pending_recipient(const struct smtp_job *job)
{
	for (unsigned i = 0; i < job->count; i++)
		if (job->results[i].outcome == SMTP_PENDING)
			return true;
	return false;
}

/* Without pipelining there is no need to say DATA when nobody is left to receive. */
static bool may_stop_early(const struct smtp_client *client)
{
	return !smtp_client_expects(client) && client->job->next <= client->job->count + 1 &&
	       (client->job->was_sender_refused || !has_pending_recipient(client->job));
}

static void hear_sender(struct smtp_client *client, unsigned code, const char *text)
{
	struct smtp_job *job = client->job;

	if (code / 100 == 2) {
		smtp_client_enter(client, SMTP_HAS_SENDER);
		return;
	}
	job->was_sender_refused = true;
	for (unsigned i = 0; i < job->count; i++)
		decide(&job->results[i], smtp_outcome_of(code), SMTP_STAGE_MAIL, code, text);
	if (may_stop_early(client))
		abandon(client, SMTP_STAGE_MAIL, code, text);
}

static void hear_recipient(struct smtp_client *client, unsigned index, unsigned code,
			   const char *text)
{
	struct smtp_job *job = client->job;

	if (code / 100 != 2)
		decide(&job->results[index], smtp_outcome_of(code), SMTP_STAGE_RCPT, code, text);
	else if (job->accepted++ == 0) {
		smtp_client_enter(client, SMTP_HAS_RECIPIENT);
		smtp_client_note_phase(client, PHASE_RECIPIENT);
	}
	if (may_stop_early(client))
		abandon(client, SMTP_STAGE_RCPT, code, text);
}

static void hear_data(struct smtp_client *client, unsigned code, const char *text)
{
	if (code != 354)
		abandon(client, SMTP_STAGE_DATA, code, text);
	else if (client->job->accepted == 0)
		say_nothing(client);
	else
		begin_content(client);
}

static void hear_content(struct smtp_client *client, unsigned code, const char *text)
{
	enum smtp_outcome outcome = code / 100 == 2 ? SMTP_SENT : smtp_outcome_of(code);

	smtp_client_finish_job(client, outcome, SMTP_STAGE_CONTENT, code, text);
}

void smtp_client_hear_mail(struct smtp_client *client, struct smtp_expectation expectation,
			   unsigned code, const char *text)
{
	switch (expectation.command) {
	case SMTP_MAIL:
		hear_sender(client, code, text);
		break;
	case SMTP_RCPT:
		hear_recipient(client, expectation.recipient, code, text);
		break;
	case SMTP_DATA:
		hear_data(client, code, text);
		break;
	default:
		hear_content(client, code, text);
		break;
	}
}
