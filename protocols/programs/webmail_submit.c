/* A webmail user's way out: what a form says is composed, and submitted with the user's name. */
#include "protocols/mail/names.h"
#include "protocols/programs/evidence.h"
#include "protocols/programs/webmail_private.h"

#define SUBMISSION_PORT  587
#define SUBMISSIONS_PORT 465

struct web_submission {
	struct web_user *user;
	uint64_t root, object;
	GPtrArray *recipients; /* of char * */
	GBytes *message;       /* NULL: it was not composed */
	struct lookup *lookup;
	char *server; /* that is turned to, as evidence_server() has it; NULL: none yet */
	struct adapter *adapter; /* NULL: not connected */
	unsigned outcome;        /* as web_submission_outcome() */
	char *text;
};

static void record(const struct web_submission *submission, enum mail_detail detail,
		   struct bytes bytes)
{
	trace_emit(submission->user->webmail->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAIL,
		       .layer = LAYER_MAIL,
		       .detail = (uint16_t)detail,
		       .actor = ACTOR_WEBMAIL,
		       .root = submission->root,
		       .object = submission->object,
		   },
		   bytes);
}

static void decide(struct web_submission *submission, unsigned outcome, const char *text)
{
	if (submission->outcome != 0)
		return;
	submission->outcome = outcome;
	submission->text = g_strdup(text);
}

/* ---- Composition ---- */

/* Everyone in To, Cc and Bcc. An address that is none decides. */
static void collect_recipients(struct web_submission *submission, const struct web_job *job)
{
	static const char *const fields[] = { "to", "cc", "bcc" };

	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
		GPtrArray *specs = address_specs(web_value(job, fields[i]));

		for (unsigned k = 0; k < specs->len; k++) {
			const char *spec = g_ptr_array_index(specs, k);

			if (!address_is_valid(spec))
				decide(submission, 422, "One of the addresses is no mail address.");
			g_ptr_array_add(submission->recipients, g_strdup(spec));
		}
		g_ptr_array_unref(specs);
	}
	if (submission->recipients->len == 0)
		decide(submission, 422, "The message needs a recipient.");
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* A line of a header must be one. */
static char *one_line(const char *text)
{
	return g_strdelimit(g_strdup(text), "\r\n", ' ');
}

static GBytes *compose(struct web_submission *submission, const struct web_job *job)
{
	struct webmail *webmail = submission->user->webmail;
	int64_t unix_time = world_unix_time(webmail->node->world);
	const char *address = submission->user->address;
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time);
	char *second = g_date_time_format(time, "%Y%m%d%H%M%S");
	char *id =
	    g_strdup_printf("%s.%u@%s", second, ++webmail->composed, webmail->config->host_name);
	char *to = one_line(web_value(job, "to")), *cc = one_line(web_value(job, "cc"));
	char *subject = one_line(web_value(job, "subject"));
	char *in_reply_to = one_line(web_value(job, "in-reply-to"));
	char *references = one_line(web_value(job, "references"));
	GBytes *bytes = message_compose(&(struct composition) {
	    .from = address,
	    .to = or_null(to),
	    .cc = or_null(cc),
	    .subject = subject,
	    .text = web_value(job, "text"),
	    .unix_time = unix_time,
	    .message_id = id,
	    .in_reply_to = or_null(in_reply_to),
	    .references = or_null(references),
	    .user_agent = webmail->config->software,
	});

	g_free(to);
	g_free(cc);
	g_free(subject);
	g_free(in_reply_to);
	g_free(references);
	g_free(id);
	g_free(second);
	g_date_time_unref(time);
	return bytes;
}

/* ---- The connection ---- */

static void begun(void *owner, const struct smtp_transfer *transfer)
{
	const struct web_submission *submission = owner;
	GString *evidence = evidence_transaction(submission->server, transfer);

	record(submission, MAIL_SUBMITS, evidence_bytes(evidence));
	g_string_free(evidence, TRUE);
}

static void sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
		 unsigned count)
{
	struct web_submission *submission = owner;
	const struct smtp_result *bad = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (results[i].outcome == SMTP_SENT)
			continue;
		bad = bad == NULL ? &results[i] : bad;
		record(submission, MAIL_REFUSED, bytes_of(results[i].text));
	}
	if (bad == NULL)
		decide(submission, 1, "");
	else
		decide(submission, bad->code == 0 || bad->outcome == SMTP_DEFERRED ? 503 : 422,
		       bad->text);
	smtp_client_quit(client);
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct web_submission *submission = owner;

	submission->adapter = NULL;
	decide(submission, 503, web_name_failure(session, why));
	web_user_run(submission->user);
}

static void connected(void *owner)
{
	const struct web_submission *submission = owner;

	record(submission, MAIL_CONNECTS, bytes_of(submission->server));
}

static void looked_up(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct web_submission *submission = owner;
	struct webmail *webmail = submission->user->webmail;
	const struct webmail_config *config = webmail->config;
	uint16_t port =
	    web_mail_port(config, config->submission_port, SUBMISSION_PORT, SUBMISSIONS_PORT);

	submission->lookup = NULL;
	web_belong(webmail, submission->root);
	if (outcome != LOOKUP_FOUND) {
		decide(submission, 503, "The mail server's name was not found.");
		web_user_run(submission->user);
		return;
	}
	struct endpoint server = { address, port };

	submission->server = evidence_server(config->submission_server, server);
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = config->host_name,
	    .login = submission->user->address,
	    .password = submission->user->password,
	    .random = &webmail->nonces,
	    .keys = webmail->keys,
	    .declares_size = true,
	    .tls = config->mail_security,
	    .begun = begun,
	    .sent = sent,
	    .owner = submission,
	});
	submission->adapter = adapter_new(
	    webmail->host, tcp_connect(webmail->host, server, NULL, NULL), session, false,
	    &(struct adapter_config) {
		.layer = LAYER_SMTP,
		.actor = ACTOR_WEBMAIL,
		.wakeup_ns = config->wakeup_ns,
		.connect_timeout_ns = WEBMAIL_CONNECT_NS,
		.tls = config->mail_tls,
		.tls_name = config->submission_server,
		.begins_with_tls = config->mail_security == SESSION_TLS_AT_ONCE,
		.opened = connected,
		.done = connection_done,
		.owner = submission,
	    });
	smtp_client_send(smtp_client_of(session),
			 &(struct smtp_transfer) {
			     .sender = submission->user->address,
			     .recipients = (const char *const *)submission->recipients->pdata,
			     .recipient_count = submission->recipients->len,
			     .data = submission->message,
			 });
}

struct web_submission *web_submit(struct web_user *user, struct web_job *job)
{
	struct web_submission *submission = g_new0(struct web_submission, 1);
	const struct webmail_config *config = user->webmail->config;
	gsize length;

	submission->user = user;
	submission->root = job->root;
	submission->recipients = g_ptr_array_new_with_free_func(g_free);
	collect_recipients(submission, job);
	if (submission->outcome != 0)
		return submission;
	submission->object = node_new_object(user->webmail->node);
	submission->message = compose(submission, job);
	const uint8_t *data = g_bytes_get_data(submission->message, &length);

	record(submission, MAIL_COMPOSED, (struct bytes) { data, length });
	submission->lookup =
	    lookup_new(config->resolver, config->submission_server, true, looked_up, submission);
	if (submission->lookup == NULL)
		decide(submission, 503, "The mail server's name is no domain name.");
	return submission;
}

unsigned web_submission_outcome(const struct web_submission *submission, const char **text)
{
	*text = submission->text;
	/* The connection is awaited to its end, so that it is not reset behind QUIT. */
	return submission->adapter != NULL ? 0 : submission->outcome;
}

GBytes *web_submission_message(const struct web_submission *submission)
{
	return submission->message;
}

void web_submission_free(struct web_submission *submission)
{
	if (submission == NULL)
		return;
	submission->outcome = 1; /* what ends now is no news */
	lookup_free(submission->lookup);
	adapter_free(submission->adapter);
	g_ptr_array_unref(submission->recipients);
	if (submission->message != NULL)
		g_bytes_unref(submission->message);
	g_free(submission->server);
	g_free(submission->text);
	g_free(submission);
}
