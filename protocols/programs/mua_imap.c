/*
 * The mail client's IMAP side: actions on folders of the server, one after the other. Each action is
 * a list of steps; a step asks the server for something and goes on when the answer is there.
 */
#include "protocols/imap/client.h"
#include "protocols/programs/mua_private.h"
#include "protocols/programs/mua_remote.h"

#define REPLY_TIMEOUT_NS (60 * NS_PER_S)
#define IDLE_RENEW_NS    (29 * 60 * NS_PER_S) /* RFC 2177 section 3 */

/* What a step did. */
enum step {
	STEP_NEXT,  /* nothing to ask: on with the next step */
	STEP_WAIT,  /* asked; the next step comes after the answer */
	STEP_AGAIN, /* asked; this step comes again after the answer */
	STEP_END,   /* the action is finished */
};

struct mua_imap {
	struct mua *mua;
	GQueue actions;               /* of struct mua_action *: the first is under way */
	GPtrArray *folders;           /* of struct remote_folder * */
	struct lookup *lookup;        /* NULL: none under way */
	struct adapter *adapter;      /* NULL: not connected */
	struct imap_client *client;   /* lives with the adapter */
	struct remote_folder *folder; /* selected; NULL: none */
	bool is_ready;                /* logged in */
	bool is_leaving;              /* LOGOUT was said: the next action needs a new connection */
	bool is_running;              /* steps are being run */
	bool was_reused;              /* the action under way found the connection open */
	unsigned operation;           /* whose answer is awaited; 0: none */
	unsigned idle;                /* the IDLE operation; 0: none */
	char *refusal;                /* why the login failed; NULL: it did not */
	struct timer stay;            /* fires when the connection was idle for long enough */

	/* Of the action under way. */
	unsigned step;
	GArray *picked;        /* of uint32_t: UIDs of the messages it is about */
	unsigned next;         /* index in `picked` */
	unsigned found;        /* messages by SEARCH */
	unsigned known_before; /* messages known when it began */
	bool is_target_there;  /* the folder it moves or files to exists */
};

static void run(struct mua_imap *imap);

static struct mua_action *present(const struct mua_imap *imap)
{
	return g_queue_peek_head(&((struct mua_imap *)imap)->actions);
}

static void forget_action(struct mua_imap *imap)
{
	imap->step = 0;
	imap->next = 0;
	imap->found = 0;
	imap->is_target_there = false;
	g_array_set_size(imap->picked, 0);
}

/* Ends the action under way. */
static enum step end(struct mua_imap *imap, enum mua_outcome outcome, const char *text)
{
	struct mua_action *action = g_queue_pop_head(&imap->actions);

	forget_action(imap);
	imap->operation = 0;
	imap->was_reused = imap->is_ready;
	mua_finish(imap->mua, action, outcome, text);
	return STEP_END;
}

static enum step end_counted(struct mua_imap *imap, const char *format, unsigned count)
{
	char *text = g_strdup_printf(format, count);

	end(imap, MUA_DONE, text);
	g_free(text);
	return STEP_END;
}

static enum step wait_for(struct mua_imap *imap, unsigned operation)
{
	imap->operation = operation;
	return STEP_WAIT;
}

/* Steps. */

static struct remote_folder *find_folder(struct mua_imap *imap, const char *name)
{
	for (unsigned i = 0; i < imap->folders->len; i++) {
		struct remote_folder *folder = g_ptr_array_index(imap->folders, i);

		if (strcmp(folder->name, name) == 0)
			return folder;
	}
	struct remote_folder *folder = remote_folder_new(name);
	g_ptr_array_add(imap->folders, folder);
	return folder;
}

static enum step select_folder(struct mua_imap *imap, struct mua_action *action)
{
	struct remote_folder *folder = find_folder(imap, action->folder);

	imap->known_before = folder->messages->len;
	if (imap->folder == folder)
		return action->verb == MUA_CHECK ? wait_for(imap, imap_client_noop(imap->client))
						 : STEP_NEXT;
	imap->folder = NULL;
	return wait_for(imap, imap_client_select(imap->client, action->folder, false));
}

static enum step list_news(struct mua_imap *imap, struct mua_action *action)
{
	const struct imap_mailbox_status *status = imap_client_selected(imap->client);
	uint32_t first = 0;

	if (imap->folder == NULL) {
		imap->folder = find_folder(imap, action->folder);
		first = remote_folder_first_unknown(imap->folder, status);
	} else if (status->messages > imap->folder->messages->len) {
		first = remote_folder_highest(imap->folder) + 1;
	}
	if (first == 0)
		return STEP_NEXT;
	return wait_for(imap, imap_client_fetch_headers(imap->client, first));
}

static enum step settle(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	remote_folder_settle(imap->folder);
	return STEP_NEXT;
}

static enum step end_check(struct mua_imap *imap, struct mua_action *action)
{
	unsigned known = imap->folder->messages->len;
	unsigned news = known > imap->known_before ? known - imap->known_before : 0;

	(void)action;
	return end_counted(imap, news == 1 ? "%u new message" : "%u new messages", news);
}

static enum step pick(struct mua_imap *imap, struct mua_action *action)
{
	remote_folder_pick(imap->folder, action->pick, action->subject, imap->picked);
	return imap->picked->len > 0 ? STEP_NEXT : end(imap, MUA_NOT_FOUND, NULL);
}

static uint32_t picked_uid(const struct mua_imap *imap)
{
	return g_array_index(imap->picked, uint32_t, imap->next);
}

/* The next body that is picked and not here yet. It becomes \Seen as it is fetched for reading. */
static enum step fetch_bodies(struct mua_imap *imap, struct mua_action *action)
{
	for (; imap->next < imap->picked->len; imap->next++) {
		uint32_t uid = picked_uid(imap);
		struct remote_message *message = remote_folder_find(imap->folder, uid);

		if (message == NULL)
			return end(imap, MUA_NOT_FOUND, "it has gone from the server");
		if (message->message != NULL)
			continue;
		/* Asked once: a body that does not come then is no more. */
		if (imap->found == uid)
			return end(imap, MUA_NOT_FOUND, "it has gone from the server");
		imap->found = uid;
		imap->operation =
		    imap_client_fetch_body(imap->client, uid, action->verb == MUA_READ);
		return STEP_AGAIN;
	}
	imap->next = 0;
	return STEP_NEXT;
}

/* Bodies that were here before are read without being fetched: the server is told. */
static enum step mark_seen(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	for (; imap->next < imap->picked->len; imap->next++) {
		uint32_t uid = picked_uid(imap);
		struct remote_message *message = remote_folder_find(imap->folder, uid);

		if (message == NULL || message->message == NULL)
			continue;
		mua_record(imap->mua, MAIL_READ, message->message->root, 0,
			   (struct bytes) { NULL, 0 });
		if (message->flags & MAILBOX_SEEN)
			continue;
		message->flags |= MAILBOX_SEEN;
		imap->next++;
		imap->operation =
		    imap_client_store(imap->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_SEEN);
		return STEP_AGAIN;
	}
	return STEP_NEXT;
}

static enum step mark_deleted(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return wait_for(imap, imap_client_store(
				  imap->client, (const uint32_t *)(const void *)imap->picked->data,
				  imap->picked->len, IMAP_STORE_ADD, MAILBOX_DELETED));
}

static enum step expunge(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return wait_for(imap, imap_client_expunge(
				  imap->client, (const uint32_t *)(const void *)imap->picked->data,
				  imap->picked->len));
}

static enum step look_for_target(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(imap, imap_client_list(imap->client, "", action->into));
}

static enum step make_target(struct mua_imap *imap, struct mua_action *action)
{
	if (imap->is_target_there)
		return STEP_NEXT;
	return wait_for(imap, imap_client_create(imap->client, action->into));
}

static enum step move(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(imap, imap_client_move(imap->client,
					       (const uint32_t *)(const void *)imap->picked->data,
					       imap->picked->len, action->into));
}

static enum step append(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(
	    imap, imap_client_append(imap->client, action->into, MAILBOX_SEEN, action->message));
}

/* search-key of RFC 3501 section 6.4.4 with a quoted string. */
static enum step search(struct mua_imap *imap, struct mua_action *action)
{
	static const char *const keys[] = {
		[MUA_ANYWHERE] = "TEXT", [MUA_IN_SUBJECT] = "SUBJECT", [MUA_IN_FROM] = "FROM",
		[MUA_IN_TO] = "TO",      [MUA_IN_BODY] = "BODY",
	};
	GString *criteria = g_string_new(g_str_is_ascii(action->text) ? "" : "CHARSET UTF-8 ");

	g_string_append_printf(criteria, "%s \"", keys[action->scope]);
	for (const char *c = action->text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(criteria, '\\');
		g_string_append_c(criteria, *c);
	}
	g_string_append_c(criteria, '"');
	wait_for(imap, imap_client_search(imap->client, criteria->str));
	g_string_free(criteria, TRUE);
	return STEP_WAIT;
}

static enum step end_search(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return end_counted(imap, "%u found", imap->found);
}

static enum step mark_answered(struct mua_imap *imap, struct mua_action *action)
{
	uint32_t uid = picked_uid(imap);

	(void)action;
	return wait_for(imap,
			imap_client_store(imap->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_ANSWERED));
}

/* The outbox takes the action over. */
static enum step answer(struct mua_imap *imap, struct mua_action *action)
{
	struct remote_message *message = remote_folder_find(imap->folder, picked_uid(imap));

	if (message == NULL || message->message == NULL)
		return end(imap, MUA_NOT_FOUND, "it has gone from the server");
	g_queue_pop_head(&imap->actions);
	mua_draft_answer(imap->mua, action->draft, message->message, action->to_all);
	forget_action(imap);
	mua_compose(imap->mua, action);
	return STEP_END;
}

static enum step end_well(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return end(imap, MUA_DONE, NULL);
}

typedef enum step step_fn(struct mua_imap *imap, struct mua_action *action);

#define STEPS_MAX 8

static step_fn *const steps[][STEPS_MAX] = {
	[MUA_CHECK] = {select_folder,  list_news,          settle,                    end_check                },
	[MUA_READ] = { select_folder, list_news,          settle,                    pick,                      fetch_bodies, mark_seen, end_well },
	[MUA_DELETE] = { select_folder,     list_news,               settle,                                       pick,                                                   mark_deleted, expunge, end_well },
	[MUA_MOVE] = { look_for_target,        make_target,        select_folder,list_news,settle, pick, move,
		       end_well },
	[MUA_SEARCH] = { select_folder,             search,                end_search                      },
	[MUA_REPLY] = { select_folder,        list_news,                      settle,                                           pick,                            fetch_bodies, mark_answered,
                       answer },
	[MUA_FILE_SENT] = { look_for_target, make_target, append, end_well										},
};

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
}

static void listed(void *owner, const struct imap_listing *listing)
{
	struct mua_imap *imap = owner;
	const struct mua_action *action = present(imap);

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

	if (imap->folder != NULL)
		remote_folder_take(imap->folder, fetched,
				   engine_context(node_engine(imap->mua->node))->root);
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
	if (result != IMAP_RESULT_OK && present(imap) != NULL) {
		mua_belong(imap->mua, present(imap)->id);
		end(imap, MUA_REFUSED, text);
	}
	run(imap);
}

static const struct imap_client_events events = {
	.ready = ready,
	.login_failed = login_failed,
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
	imap->is_ready = false;
	imap->is_leaving = false;
	imap->operation = 0;
	imap->idle = 0;
	imap->step = 0;
	imap->next = 0;
	g_array_set_size(imap->picked, 0);
	timer_cancel(node_engine(imap->mua->node), &imap->stay);
}

/* Why the action under way has failed. A connection that was open before it deserves another try. */
static void connection_done(void *owner, struct session *session, int why)
{
	struct mua_imap *imap = owner;
	bool was_leaving = imap->is_leaving;
	char *refusal = g_steal_pointer(&imap->refusal);
	const char *text = refusal;
	enum mua_outcome outcome = MUA_LOGIN_REFUSED;

	(void)session;
	forget_connection(imap);
	if (text == NULL)
		outcome = mua_outcome_of_failure(why, &text);
	if (present(imap) != NULL && !was_leaving && !imap->was_reused) {
		mua_belong(imap->mua, present(imap)->id);
		end(imap, outcome, text);
	}
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
	    .events = &events,
	    .owner = imap,
	    .idle_renew_ns = IDLE_RENEW_NS,
	    .reply_timeout_ns = REPLY_TIMEOUT_NS,
	});
	imap->adapter = adapter_new(mua->host, stream, imap_client_session(imap->client), false,
				    &(struct adapter_config) {
					.layer = LAYER_IMAP,
					.wakeup_ns = config->wakeup_ns,
					.connect_timeout_ns = config->connect_timeout_ns,
					.done = connection_done,
					.owner = imap,
				    });
}

static void looked_up(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct mua_imap *imap = owner;

	imap->lookup = NULL;
	if (present(imap) == NULL)
		return;
	mua_belong(imap->mua, present(imap)->id);
	if (outcome == LOOKUP_FOUND) {
		connect_to(imap, address);
	} else {
		end(imap, MUA_NO_NAME, lookup_outcome_names[outcome]);
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
		end(imap, MUA_NO_NAME, "not a domain name");
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
	struct mua_action *action = present(imap);

	if (action == NULL) {
		rest(imap);
		return false;
	}
	if (imap->operation != 0 || imap->is_leaving)
		return false;
	mua_belong(imap->mua, action->id);
	if (imap->adapter == NULL)
		return !look_up(imap);
	if (!imap->is_ready)
		return false;

	switch (steps[action->verb][imap->step](imap, action)) {
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
	return imap;
}

void mua_imap_free(struct mua_imap *imap)
{
	if (imap == NULL)
		return;
	adapter_free(imap->adapter);
	lookup_free(imap->lookup);
	timer_cancel(node_engine(imap->mua->node), &imap->stay);
	g_queue_clear_full(&imap->actions, (GDestroyNotify)mua_action_free);
	g_ptr_array_unref(imap->folders);
	g_array_unref(imap->picked);
	g_free(imap->refusal);
	g_free(imap);
}

void mua_imap_add(struct mua_imap *imap, struct mua_action *action)
{
	if (!imap->mua->is_online && action->verb != MUA_FILE_SENT) {
		mua_finish(imap->mua, action, MUA_OFFLINE, NULL);
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

/* Actions fail but for copies of sent messages, which wait. An idle connection ends with LOGOUT. */
void mua_imap_stop(struct mua_imap *imap)
{
	bool is_idle = imap->is_ready && g_queue_is_empty(&imap->actions) && imap->operation == 0;
	struct adapter *adapter = imap->adapter;
	GQueue actions = imap->actions;
	struct mua_action *action;

	g_clear_pointer(&imap->lookup, lookup_free);
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
