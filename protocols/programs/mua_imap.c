/*
 * The mail client's IMAP side: actions on folders of the server, one after the other. Each action is
 * a list of steps; a step asks the server for something and goes on when the answer is there.
 */
#include "protocols/programs/mua_imap.h"

#define REPLY_TIMEOUT_NS (60 * NS_PER_S)
#define IDLE_RENEW_NS    (29 * 60 * NS_PER_S) /* RFC 2177 section 3 */

static void run(struct mua_imap *imap);

/* What the server says. */

static void ready(void *owner)
{
	struct mua_imap *imap = owner;

	imap->is_ready = true;
	run(imap);
}

static void login_failed(void *owner, const char *text)
{
	struct mua_imap *imap = owner;

	g_free(imap->refusal);
	imap->refusal = g_strdup(text != NULL ? text : "");
	imap->refused = MUA_LOGIN_REFUSED;
}

static void goodbye(void *owner, bool is_refusal, const char *text)
{
	struct mua_imap *imap = owner;

	g_free(imap->refusal);
	imap->refusal = g_strdup(text);
	imap->refused = is_refusal ? MUA_REFUSED : MUA_LOST;
}

static void listed(void *owner, const struct imap_listing *listing)
{
	struct mua_imap *imap = owner;
	const struct mua_action *action = mua_imap_present(imap);

	bool is_inbox = g_ascii_strcasecmp(listing->name, "INBOX") == 0;
	int difference = action == NULL || action->into == NULL ? 1
			 : is_inbox ? g_ascii_strcasecmp(listing->name, action->into)
				    : strcmp(listing->name, action->into);

	if (difference == 0)
		imap->is_target_there = true;
}

/* News while nothing else is done: what led to them is the reason to look at them. */
static void exists(void *owner, uint32_t messages)
{
	struct mua_imap *imap = owner;

	if (imap->idle == 0 || imap->operation != 0 || imap->folder == NULL ||
	    messages <= imap->folder->messages->len)
		return;
	imap->operation =
	    imap_client_fetch_headers(imap->client, remote_folder_highest(imap->folder) + 1);
}

static void expunged(void *owner, uint32_t number, uint32_t uid)
{
	struct mua_imap *imap = owner;

	if (imap->folder != NULL)
		remote_folder_remove(imap->folder, number, uid);
}

static void fetched(void *owner, const struct imap_fetched *fetched)
{
	struct mua_imap *imap = owner;

	if (imap->folder == NULL)
		return;
	if ((imap->is_resuming || imap->is_opening) &&
	    remote_folder_find(imap->folder, fetched->uid) == NULL)
		return; /* its header is asked for next */
	remote_folder_take(imap->folder, fetched,
			   engine_context(node_engine(imap->mua->node))->root);
	if (fetched->body != NULL)
		remote_folder_keep(imap->folder, fetched->uid,
				   world_unix_time(imap->mua->node->world));
}

static void found(void *owner, const uint32_t *uids, size_t count)
{
	struct mua_imap *imap = owner;

	(void)uids;
	imap->found = (unsigned)count;
}

static void done(void *owner, unsigned operation, enum imap_result result, const char *text)
{
	struct mua_imap *imap = owner;

	if (operation == imap->idle)
		imap->idle = 0;
	if (operation != imap->operation || operation == 0 || result == IMAP_RESULT_LOST)
		return;
	imap->operation = 0;
	if (imap->is_resuming && result != IMAP_RESULT_OK)
		imap->folder = NULL;
	imap->is_resuming = false;
	if (result != IMAP_RESULT_OK && mua_imap_present(imap) != NULL) {
		mua_belong(imap->mua, mua_imap_present(imap)->id);
		mua_imap_end(imap, MUA_REFUSED, text);
	}
	run(imap);
}

static const struct imap_client_events events = {
	.ready = ready,
	.login_failed = login_failed,
	.goodbye = goodbye,
	.listed = listed,
	.exists = exists,
	.expunged = expunged,
	.fetched = fetched,
	.found = found,
	.done = done,
};

/* The connection. */

static void forget_connection(struct mua_imap *imap)
{
	imap->adapter = NULL;
	imap->client = NULL;
	imap->folder = NULL;
	imap->is_opening = false;
	imap->is_resuming = false;
	imap->is_ready = false;
	imap->is_leaving = false;
	imap->operation = 0;
	imap->idle = 0;
	imap->step = 0;
	imap->next = 0;
	imap->asked = 0;
	timer_cancel(node_engine(imap->mua->node), &imap->stay);
}

/* The server is out of reach, but what is to be read is here. */
static void read_copy(struct mua_imap *imap)
{
	mua_local_read(imap->mua, mua_imap_take(imap));
}

/* The action under way has failed, for now or for good. */
static void fail(struct mua_imap *imap, enum mua_outcome outcome, const char *text)
{
	struct mua_action *action = mua_imap_present(imap);

	mua_belong(imap->mua, action->id);
	if (action->verb == MUA_READ && mua_may_pass(outcome) && mua_local_has(imap->mua, action))
		read_copy(imap);
	else if (!mua_retry(imap->mua, action, outcome, text, &imap->retry))
		mua_imap_end(imap, outcome, text);
}

static void try_again(void *owner)
{
	run(owner);
}

/* Why the action under way has failed. A connection that was open before it deserves another try. */
static void connection_done(void *owner, struct session *session, int why)
{
	struct mua_imap *imap = owner;
	bool was_leaving = imap->is_leaving;
	char *refusal = g_steal_pointer(&imap->refusal);
	const char *text = refusal;
	enum mua_outcome outcome = imap->refused;

	(void)session;
	forget_connection(imap);
	if (text == NULL)
		outcome = mua_outcome_of_failure(session, why, &text);
	if (mua_imap_present(imap) != NULL && !was_leaving && !imap->was_reused)
		fail(imap, outcome, text);
	imap->was_reused = false;
	g_free(refusal);
	run(imap);
}

static void connect_to(struct mua_imap *imap, uint32_t address)
{
	struct mua *mua = imap->mua;
	const struct mua_config *config = &mua->config;
	struct stream *stream = tcp_connect(
	    mua->host, (struct endpoint) { address, config->incoming_port }, NULL, NULL);

	imap->client = imap_client_new(&(struct imap_client_config) {
	    .user = config->login,
	    .password = config->password,
	    .random = &mua->random,
	    .keys = mua->keys,
	    .tls = config->incoming_tls,
	    .events = &events,
	    .owner = imap,
	    .idle_renew_ns = IDLE_RENEW_NS,
	    .reply_timeout_ns = REPLY_TIMEOUT_NS,
	});
	imap->adapter =
	    adapter_new(mua->host, stream, imap_client_session(imap->client), false,
			&(struct adapter_config) {
			    .layer = LAYER_IMAP,
			    .actor = ACTOR_MUA,
			    .wakeup_ns = config->wakeup_ns,
			    .connect_timeout_ns = config->connect_timeout_ns,
			    .tls = config->tls,
			    .tls_name = config->incoming_server,
			    .begins_with_tls = config->incoming_tls == SESSION_TLS_AT_ONCE,
			    .done = connection_done,
			    .owner = imap,
			});
}

static void looked_up(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct mua_imap *imap = owner;

	imap->lookup = NULL;
	if (mua_imap_present(imap) == NULL)
		return;
	mua_belong(imap->mua, mua_imap_present(imap)->id);
	if (outcome == LOOKUP_FOUND) {
		connect_to(imap, address);
	} else {
		fail(imap, mua_outcome_of_lookup(outcome), lookup_outcome_names[outcome]);
		run(imap);
	}
}

/* False: there can be no connection, and the action has ended. */
static bool look_up(struct mua_imap *imap)
{
	const struct mua_config *config = &imap->mua->config;

	if (imap->lookup != NULL)
		return true;
	imap->was_reused = false;
	imap->lookup = lookup_new(imap->mua->resolver, config->incoming_server, config->asks_aaaa,
				  looked_up, imap);
	if (imap->lookup == NULL)
		mua_imap_end(imap, MUA_NO_NAME, "not a domain name");
	return imap->lookup != NULL;
}

static void leave(struct mua_imap *imap)
{
	imap->is_leaving = true;
	imap_client_logout(imap->client);
}

static void stayed_long_enough(void *owner)
{
	struct mua_imap *imap = owner;

	if (imap->is_ready && !imap->is_leaving && g_queue_is_empty(&imap->actions))
		leave(imap);
}

/* Nothing is left to do: goodbye, or IDLE. */
static void rest(struct mua_imap *imap)
{
	int64_t stay_ns = imap->mua->config.stay_ns;

	if (!imap->is_ready || imap->is_leaving || imap->operation != 0)
		return;
	if (stay_ns == 0) {
		leave(imap);
		return;
	}
	if (imap->idle != 0)
		return;
	imap->idle = imap_client_idle(imap->client);
	if (stay_ns != TIME_NEVER)
		timer_schedule(node_engine(imap->mua->node), &imap->stay,
			       node_now(imap->mua->node) + stay_ns);
}

/* One step of the action under way; false: something must come first. */
static bool run_step(struct mua_imap *imap)
{
	struct mua_action *action = mua_imap_present(imap);

	if (action == NULL) {
		rest(imap);
		return false;
	}
	if (imap->operation != 0 || imap->is_leaving || timer_is_armed(&imap->retry))
		return false;
	mua_belong(imap->mua, action->id);
	if (imap->adapter == NULL)
		return !look_up(imap);
	if (!imap->is_ready)
		return false;

	switch (mua_imap_step(imap)) {
	case STEP_NEXT:
		imap->step++;
		return true;
	case STEP_WAIT:
		imap->step++;
		return false;
	case STEP_AGAIN:
		return false;
	case STEP_END:
		break;
	}
	return true;
}

/* Goes on as far as possible. Callbacks of actions that end may add new ones meanwhile. */
static void run(struct mua_imap *imap)
{
	if (imap->is_running || !imap->mua->is_online)
		return;
	imap->is_running = true;
	while (run_step(imap))
		;
	imap->is_running = false;
}

/* Public. */

struct mua_imap *mua_imap_new(struct mua *mua)
{
	struct mua_imap *imap = g_new0(struct mua_imap, 1);

	imap->mua = mua;
	g_queue_init(&imap->actions);
	imap->folders = g_ptr_array_new_with_free_func((GDestroyNotify)remote_folder_free);
	imap->picked = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	timer_init(&imap->stay, mua->node->index, stayed_long_enough, imap);
	imap->stay.is_background = true;
	timer_init(&imap->retry, mua->node->index, try_again, imap);
	return imap;
}

void mua_imap_free(struct mua_imap *imap)
{
	if (imap == NULL)
		return;
	adapter_free(imap->adapter);
	lookup_free(imap->lookup);
	timer_cancel(node_engine(imap->mua->node), &imap->stay);
	timer_cancel(node_engine(imap->mua->node), &imap->retry);
	g_queue_clear_full(&imap->actions, (GDestroyNotify)mua_action_free);
	g_ptr_array_unref(imap->folders);
	g_array_unref(imap->picked);
	g_free(imap->refusal);
	g_free(imap);
}

/* What can be done with the copies here. */
static void do_offline(struct mua_imap *imap, struct mua_action *action)
{
	if (action->verb == MUA_READ && mua_local_has(imap->mua, action))
		mua_local_read(imap->mua, action);
	else if (action->verb == MUA_REPLY && mua_local_has(imap->mua, action))
		mua_local_reply(imap->mua, action);
	else if (action->verb == MUA_SEARCH)
		mua_local_search(imap->mua, action);
	else
		mua_finish(imap->mua, action, MUA_OFFLINE, NULL);
}

void mua_imap_add(struct mua_imap *imap, struct mua_action *action)
{
	if (!imap->mua->is_online && action->verb != MUA_FILE_SENT) {
		do_offline(imap, action);
		return;
	}
	timer_cancel(node_engine(imap->mua->node), &imap->stay);
	g_queue_push_tail(&imap->actions, action);
	run(imap);
}

void mua_imap_start(struct mua_imap *imap)
{
	if (!g_queue_is_empty(&imap->actions))
		run(imap);
}

void mua_imap_abort(struct mua_imap *imap)
{
	struct adapter *adapter = imap->adapter;

	forget_connection(imap);
	adapter_free(adapter);
}

void mua_imap_forget(struct mua_imap *imap)
{
	g_queue_clear_full(&imap->actions, (GDestroyNotify)mua_action_free);
	g_queue_init(&imap->actions);
	g_ptr_array_set_size(imap->folders, 0);
}

/* Actions fail but for copies of sent messages, which wait. An idle connection ends with LOGOUT. */
void mua_imap_stop(struct mua_imap *imap)
{
	bool is_idle = imap->is_ready && g_queue_is_empty(&imap->actions) && imap->operation == 0;
	struct adapter *adapter = imap->adapter;
	GQueue actions = imap->actions;
	struct mua_action *action;

	g_clear_pointer(&imap->lookup, lookup_free);
	timer_cancel(node_engine(imap->mua->node), &imap->retry);
	g_array_set_size(imap->picked, 0);
	if (is_idle && !imap->is_leaving) {
		leave(imap);
	} else if (!imap->is_leaving) {
		forget_connection(imap);
		adapter_free(adapter);
	}
	g_queue_init(&imap->actions);
	while ((action = g_queue_pop_head(&actions)) != NULL) {
		if (action->verb == MUA_FILE_SENT)
			g_queue_push_tail(&imap->actions, action);
		else
			mua_finish(imap->mua, action, MUA_OFFLINE, NULL);
	}
}
