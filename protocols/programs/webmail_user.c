/*
 * A webmail user's IMAP side: requests one after the other on one connection, which stays for a
 * while. It is made when a request needs it, and made again when it has died meanwhile.
 */
#include "protocols/programs/webmail_private.h"

#define IMAP_PORT_USUAL 143
#define IMAPS_PORT      993
#define RETRIES_MAX     1 /* of a request that found its connection dead */

/* ---- What the server says ---- */

static void ready(void *owner)
{
	struct web_user *user = owner;

	user->is_ready = true;
	web_user_run(user);
}

static void login_failed(void *owner, const char *text)
{
	struct web_user *user = owner;

	g_free(user->refusal);
	user->refusal = g_strdup(text != NULL ? text : "");
}

static void listed(void *owner, const struct imap_listing *listing)
{
	struct web_user *user = owner;

	if (listing->is_selectable)
		g_ptr_array_add(user->folders, g_strdup(listing->name));
}

static void row_free(void *data)
{
	struct web_row *row = data;

	g_free(row->from);
	g_free(row->subject);
	g_free(row);
}

struct web_row *web_user_find(const struct web_user *user, uint32_t uid)
{
	for (unsigned i = 0; i < user->rows->len; i++) {
		struct web_row *row = g_ptr_array_index(user->rows, i);

		if (row->uid == uid)
			return row;
	}
	return NULL;
}

static void expunged(void *owner, uint32_t number, uint32_t uid)
{
	struct web_user *user = owner;
	struct web_row *row = uid != 0 ? web_user_find(user, uid) : NULL;

	if (row != NULL)
		g_ptr_array_remove(user->rows, row);
	else if (uid == 0 && number >= 1 && number <= user->rows->len)
		g_ptr_array_remove_index(user->rows, number - 1);
}

/* Whom a message is from, as people like to read it. */
static char *from_of(const struct imap_envelope *envelope)
{
	const struct address *address;

	if (envelope->from == NULL || envelope->from->len == 0)
		return g_strdup("");
	address = g_ptr_array_index(envelope->from, 0);
	return address->name != NULL ? message_decode_words(address->name) : address_spec(address);
}

static void take_row(struct web_user *user, const struct imap_fetched *fetched)
{
	struct web_row *row = web_user_find(user, fetched->uid);

	if (row == NULL && fetched->envelope == NULL)
		return;
	if (row == NULL) {
		const char *subject = fetched->envelope->subject;

		row = g_new0(struct web_row, 1);
		row->uid = fetched->uid;
		row->from = from_of(fetched->envelope);
		row->subject = message_decode_words(subject != NULL ? subject : "");
		g_ptr_array_add(user->rows, row);
	}
	if (fetched->has_flags)
		row->flags = fetched->flags;
	if (fetched->has_date)
		row->unix_time = fetched->internal_date;
}

static void fetched(void *owner, const struct imap_fetched *fetched)
{
	struct web_user *user = owner;
	struct web_job *job = g_queue_peek_head(&user->jobs);

	if (fetched->uid != 0)
		take_row(user, fetched);
	if (fetched->body != NULL && job != NULL && job->message == NULL)
		job->message = message_new(g_bytes_ref(fetched->body),
					   engine_context(node_engine(user->webmail->node))->root);
}

static void found(void *owner, const uint32_t *uids, size_t count)
{
	struct web_user *user = owner;

	for (size_t i = 0; i < count; i++) {
		struct web_row *row = web_user_find(user, uids[i]);

		if (row != NULL)
			row->is_found = true;
	}
}

static void done(void *owner, unsigned operation, enum imap_result result, const char *text)
{
	struct web_user *user = owner;

	if (operation != user->operation || operation == 0 || result == IMAP_RESULT_LOST)
		return;
	user->operation = 0;
	if (result != IMAP_RESULT_OK && !g_queue_is_empty(&user->jobs))
		web_fail(user, user->folder == NULL ? 404 : 422, text);
	web_user_run(user);
}

static const struct imap_client_events events = {
	.ready = ready,
	.login_failed = login_failed,
	.listed = listed,
	.expunged = expunged,
	.fetched = fetched,
	.found = found,
	.done = done,
};

/* ---- The connection ---- */

static void forget_connection(struct web_user *user)
{
	user->adapter = NULL;
	user->client = NULL;
	user->is_ready = false;
	user->is_closing = false;
	user->operation = 0;
	g_clear_pointer(&user->folder, g_free);
	g_ptr_array_set_size(user->rows, 0);
	timer_cancel(node_engine(user->webmail->node), &user->stay);
}

const char *web_name_failure(const struct session *session, int why)
{
	if (session->lacks_tls)
		return "The mail server offers no TLS, without which nothing is said.";
	switch (why) {
	case STREAM_INSECURE:
		return "The mail server is not to be trusted: its certificate or its TLS is wrong.";
	case STREAM_REFUSED:
		return "The mail server refused the connection.";
	case STREAM_TIMED_OUT:
	case STREAM_UNREACHABLE:
		return "The mail server cannot be reached.";
	default:
		return "The mail server closed the connection.";
	}
}

/* Ends every request that waits. An answer may bring the next request, of this user too. */
static void fail_all(struct web_user *user, unsigned status, const char *text)
{
	bool was_running = user->is_running;

	user->is_running = true;
	while (!g_queue_is_empty(&user->jobs))
		web_fail(user, status, text);
	user->is_running = was_running;
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct web_user *user = owner;
	struct web_job *job = g_queue_peek_head(&user->jobs);
	char *refusal = g_steal_pointer(&user->refusal);
	bool was_closing = user->is_closing, was_reused = user->was_reused;
	const char *failure = web_name_failure(session, why);

	forget_connection(user);
	user->was_reused = false;
	if (refusal != NULL) {
		fail_all(user, 401, refusal);
	} else if (job != NULL && !was_closing && (!was_reused || job->retries >= RETRIES_MAX)) {
		fail_all(user, 503, failure);
	} else if (job != NULL) {
		job->retries++;
		job->step = 0;
	}
	g_free(refusal);
	web_user_run(user);
}

static void connect_to(struct web_user *user, uint32_t address)
{
	struct webmail *webmail = user->webmail;
	const struct webmail_config *config = webmail->config;
	uint16_t port = web_mail_port(config, config->imap_port, IMAP_PORT_USUAL, IMAPS_PORT);
	struct stream *stream =
	    tcp_connect(webmail->host, (struct endpoint) { address, port }, NULL, NULL);

	user->client = imap_client_new(&(struct imap_client_config) {
	    .user = user->address,
	    .password = user->password,
	    .random = &webmail->nonces,
	    .keys = webmail->keys,
	    .tls = config->mail_security,
	    .events = &events,
	    .owner = user,
	    .reply_timeout_ns = WEBMAIL_REPLY_NS,
	});
	user->adapter =
	    adapter_new(webmail->host, stream, imap_client_session(user->client), false,
			&(struct adapter_config) {
			    .layer = LAYER_IMAP,
			    .actor = ACTOR_WEBMAIL,
			    .wakeup_ns = config->wakeup_ns,
			    .connect_timeout_ns = WEBMAIL_CONNECT_NS,
			    .tls = config->mail_tls,
			    .tls_name = config->imap_server,
			    .begins_with_tls = config->mail_security == SESSION_TLS_AT_ONCE,
			    .done = connection_done,
			    .owner = user,
			});
}

static void looked_up(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct web_user *user = owner;
	struct web_job *job = g_queue_peek_head(&user->jobs);

	user->lookup = NULL;
	if (job == NULL)
		return;
	web_belong(user->webmail, job->root);
	if (outcome == LOOKUP_FOUND) {
		connect_to(user, address);
		return;
	}
	fail_all(user, 503, "The mail server's name was not found.");
	web_user_run(user);
}

static void look_up(struct web_user *user)
{
	const struct webmail_config *config = user->webmail->config;

	if (user->lookup == NULL)
		user->lookup =
		    lookup_new(config->resolver, config->imap_server, true, looked_up, user);
}

static void stayed_long_enough(void *owner)
{
	struct web_user *user = owner;

	if (user->is_ready && !user->is_closing && g_queue_is_empty(&user->jobs)) {
		user->is_closing = true;
		imap_client_logout(user->client);
	}
}

/* ---- Requests ---- */

void web_job_free(struct web_job *job)
{
	if (job->connection != NULL)
		job->connection->job = NULL;
	g_ptr_array_unref(job->form);
	message_free(job->message);
	web_submission_free(job->submission);
	g_free(job);
}

void web_user_end(struct web_user *user)
{
	web_job_free(g_queue_pop_head(&user->jobs));
	user->operation = 0;
	user->was_reused = user->is_ready;
	if (g_queue_is_empty(&user->jobs) && user->is_ready)
		timer_schedule(node_engine(user->webmail->node), &user->stay,
			       node_now(user->webmail->node) + WEBMAIL_IMAP_STAY_NS);
}

/* One step of the request under way; false: something must come first. */
static bool run_step(struct web_user *user)
{
	struct web_job *job = g_queue_peek_head(&user->jobs);

	if (job == NULL || user->operation != 0 || user->is_closing || user->is_leaving)
		return false;
	web_belong(user->webmail, job->root);
	if (user->adapter == NULL)
		look_up(user);
	if (!user->is_ready)
		return false;
	switch (web_step(user, job)) {
	case WEB_NEXT:
		job->step++;
		return true;
	case WEB_WAIT:
		job->step++;
		return false;
	case WEB_AGAIN:
		return false;
	case WEB_END:
		break;
	}
	return true;
}

/* Frees a user who has signed out, or never was signed in, unless LOGOUT must be said first. */
static void settle(struct web_user *user)
{
	if (user->is_leaving)
		fail_all(user, 401, "You have signed out.");
	if (!g_queue_is_empty(&user->jobs) || (user->is_signed_in && !user->is_leaving))
		return;
	if (user->adapter == NULL || !user->is_ready) {
		web_user_free(user);
	} else if (!user->is_closing) {
		user->is_closing = true;
		imap_client_logout(user->client);
	}
}

void web_user_run(struct web_user *user)
{
	if (user->is_running)
		return;
	user->is_running = true;
	while (run_step(user))
		;
	user->is_running = false;
	settle(user);
}

void web_user_add(struct web_user *user, struct web_job *job)
{
	job->user = user;
	timer_cancel(node_engine(user->webmail->node), &user->stay);
	g_queue_push_tail(&user->jobs, job);
	web_user_run(user);
}

/* ---- Life ---- */

static void draw_id(struct random_stream *random, char out[2 * WEBMAIL_ID_BYTES + 1])
{
	uint8_t bytes[WEBMAIL_ID_BYTES];

	random_bytes(random, bytes, sizeof bytes);
	for (unsigned i = 0; i < sizeof bytes; i++)
		g_snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

struct web_user *web_user_new(struct webmail *webmail, const char *login, const char *password)
{
	struct web_user *user = g_new0(struct web_user, 1);

	user->webmail = webmail;
	user->address = strchr(login, '@') != NULL
			    ? g_strdup(login)
			    : g_strconcat(login, "@", webmail->config->domain, NULL);
	user->password = g_strdup(password);
	user->used_ns = node_now(webmail->node);
	draw_id(&webmail->random, user->id);
	draw_id(&webmail->random, user->token);
	g_queue_init(&user->jobs);
	user->folders = g_ptr_array_new_with_free_func(g_free);
	user->rows = g_ptr_array_new_with_free_func(row_free);
	timer_init(&user->stay, webmail->node->index, stayed_long_enough, user);
	user->stay.is_background = true;
	return user;
}

void web_user_free(struct web_user *user)
{
	g_ptr_array_remove(user->webmail->users, user);
	timer_cancel(node_engine(user->webmail->node), &user->stay);
	adapter_free(user->adapter);
	lookup_free(user->lookup);
	g_queue_clear_full(&user->jobs, (GDestroyNotify)web_job_free);
	g_ptr_array_unref(user->folders);
	g_ptr_array_unref(user->rows);
	g_free(user->address);
	g_free(user->password);
	g_free(user->notice);
	g_free(user->refusal);
	g_free(user->folder);
	g_free(user);
}

void web_user_leave(struct web_user *user)
{
	user->is_leaving = true;
	web_user_run(user);
}
