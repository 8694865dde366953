/* The mail client: actions of the user, and who carries them out. */
#include "protocols/programs/mua_private.h"

const char *const mua_outcome_names[MUA_OUTCOME_COUNT] = {
	[MUA_DONE] = "done",
	[MUA_KEPT] = "kept in the outbox",
	[MUA_OFFLINE] = "offline",
	[MUA_NOT_FOUND] = "not found",
	[MUA_BAD_ADDRESS] = "bad address",
	[MUA_NO_NAME] = "server name not found",
	[MUA_NO_CONNECTION] = "no connection",

	[MUA_INSECURE] = "not secure",
	[MUA_LOGIN_REFUSED] = "login refused",
	[MUA_REFUSED] = "refused",
	[MUA_NO_DNS] = "no answer from DNS",
	[MUA_UNREACHABLE] = "server unreachable",
	[MUA_LOST] = "connection lost",
	[MUA_TRY_LATER] = "the server says later",
};

static enum actor mua_actor(const struct mua *mua)
{
	return mua->web != NULL ? ACTOR_BROWSER : ACTOR_MUA;
}

void mua_belong(const struct mua *mua, uint64_t root)
{
	engine_context(node_engine(mua->node))->root = root;
	node_act_as(mua->node, (uint8_t)mua_actor(mua));
}

void mua_record(const struct mua *mua, enum mail_detail detail, uint64_t root, uint64_t object,
		uint64_t after, struct bytes bytes)
{
	trace_emit(mua->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAIL,
		       .layer = LAYER_MAIL,
		       .detail = (uint16_t)detail,
		       .actor = (uint8_t)mua_actor(mua),
		       .root = root,
		       .object = object,
		       .before = detail == MAIL_DEFERRED,
		       .after = after,
		   },
		   bytes);
}

struct mailbox *mua_folder(struct mua *mua, const char *name)
{
	struct mailbox *folder = account_find_mailbox(mua->account, name);

	return folder != NULL ? folder : account_create_mailbox(mua->account, name);
}

enum mua_outcome mua_outcome_of_lookup(enum lookup_outcome outcome)
{
	return outcome == LOOKUP_FAILED ? MUA_NO_DNS : MUA_NO_NAME;
}

/* How an open connection has ended, by what was seen of the server. */
static const char *text_of_loss(const struct session *session, int why)
{
	if (why == STREAM_RESET)
		return "the server reset the connection";
	if (!session->is_ended && why != STREAM_TRUNCATED)
		return "the server did not answer in time, or not with sense";
	return session->received_bytes == 0 ? "the server closed the connection without a word"
					    : "the server closed the connection";
}

enum mua_outcome mua_outcome_of_failure(const struct session *session, int why, const char **text)
{
	if (session->lacks_tls) {
		*text = "TLS is required, but was not offered";
		return MUA_INSECURE;
	}
	switch (why) {
	case STREAM_INSECURE:
		*text = session->failure != NULL ? session->failure : "no TLS";
		return MUA_INSECURE;
	case STREAM_REFUSED:
		*text = "connection refused";
		return MUA_NO_CONNECTION;
	case STREAM_TIMED_OUT:
		*text = "connection timed out";
		return MUA_UNREACHABLE;
	case STREAM_UNREACHABLE:
		*text = "host unreachable";
		return MUA_UNREACHABLE;
	default:
		*text = text_of_loss(session, why);
		return MUA_LOST;
	}
}

/* Actions. */

void mua_action_free(struct mua_action *action)
{
	if (action == NULL)
		return;
	g_free(action->folder);
	g_free(action->subject);
	g_free(action->into);
	g_free(action->text);
	mua_draft_free(action->draft);
	g_clear_pointer(&action->message, g_bytes_unref);
	g_free(action);
}

/* "no answer from DNS", "connection lost: the server closed the connection" */
static char *outcome_text(enum mua_outcome outcome, const char *text)
{
	const char *name = mua_outcome_names[outcome];

	if (text == NULL || text[0] == '\0' || strcmp(text, name) == 0)
		return g_strdup(name);
	if (outcome == MUA_DONE)
		return g_strdup(text);
	return g_strdup_printf("%s: %s", name, text);
}

/* Emits a STATE record of `action`. Copies of sent messages are no actions of the user. */
static void record_action(const struct mua *mua, const struct mua_action *action,
			  enum user_detail detail, uint64_t after, enum mua_outcome outcome,
			  const char *text)
{
	char *words = outcome_text(outcome, text);

	if (action->verb != MUA_FILE_SENT)
		trace_emit(mua->node, NULL,
			   &(struct trace_record) {
			       .kind = TRACE_STATE,
			       .layer = LAYER_USER,
			       .detail = (uint16_t)detail,
			       .root = action->id,
			       .object = action->id,
			       .after = after,
			   },
			   bytes_of(words));
	g_free(words);
}

void mua_finish(struct mua *mua, struct mua_action *action, enum mua_outcome outcome,
		const char *text)
{
	bool has_failed = outcome != MUA_DONE && outcome != MUA_KEPT;
	struct mua_callback callback = action->callback;

	record_action(mua, action, USER_DONE, has_failed, outcome, text);
	mua_action_free(action);
	if (callback.done != NULL)
		callback.done(callback.owner, outcome, text != NULL ? text : "");
}

bool mua_retry(struct mua *mua, struct mua_action *action, enum mua_outcome outcome,
	       const char *text, struct timer *timer)
{
	const struct mua_config *config = &mua->config;
	unsigned retries = config->retries != 0 ? config->retries : MUA_RETRIES;
	int64_t pause_ns = config->retry_ns != 0 ? config->retry_ns : MUA_RETRY_NS;
	int64_t next_ns = node_now(mua->node) + pause_ns;

	if (!mua_may_pass(outcome) || config->gives_up_at_once || action->attempts >= retries)
		return false;
	action->attempts++;
	record_action(mua, action, USER_RETRIES, (uint64_t)next_ns, outcome, text);
	mua_belong(mua, action->id);
	timer_schedule(node_engine(mua->node), timer, next_ns);
	return true;
}

void mua_turn(struct mua *mua, const struct mua_action *action, enum mua_outcome outcome,
	      const char *text)
{
	record_action(mua, action, USER_RETRIES, (uint64_t)node_now(mua->node), outcome, text);
	mua_belong(mua, action->id);
}

static const enum user_verb user_verbs[] = {
	[MUA_SEND] = USER_SENDS,
	[MUA_REPLY] = USER_ANSWERS,
	[MUA_CHECK] = USER_CHECKS,
	[MUA_READ] = USER_READS,
	[MUA_DELETE] = USER_DELETES,
	[MUA_MOVE] = USER_MOVES,
	[MUA_SEARCH] = USER_SEARCHES,
	[MUA_GO_ONLINE] = USER_GOES_ONLINE,
	[MUA_GO_OFFLINE] = USER_GOES_OFFLINE,
	[MUA_BACK_UP] = USER_BACKS_UP,
	[MUA_RESTORE] = USER_RESTORES,
	[MUA_CRASH] = USER_CRASHES,
	[MUA_LOSE_DISK] = USER_LOSES_DISK,
};

/* Begins an action: emits its record, whose id is the root of all that follows. Takes `words`. */
static struct mua_action *begin(struct mua *mua, enum mua_verb verb, struct mua_callback callback,
				char *words)
{
	struct mua_action *action = g_new0(struct mua_action, 1);
	struct context *context = engine_context(node_engine(mua->node));
	uint64_t id = (uint64_t)mua->node->index << TRACE_NODE_SHIFT | (mua->node->ids + 1);

	action->verb = verb;
	action->callback = callback;
	action->id = trace_emit(mua->node, NULL,
				&(struct trace_record) {
				    .kind = TRACE_ACTION,
				    .layer = LAYER_USER,
				    .detail = USER_ACTS,
				    .root = id,
				    .after = user_verbs[verb],
				},
				bytes_of(words));
	g_assert(action->id == id);
	context->cause = id;
	mua_belong(mua, id);
	g_free(words);
	return action;
}

/* "the newest message in INBOX", "the message \"Hello\" in INBOX" */
static char *describe(const struct mua_choice *choice)
{
	static const char *const picks[] = {
		[MUA_NEWEST] = "the newest message",
		[MUA_OLDEST] = "the oldest message",
		[MUA_ALL] = "all messages",
	};
	const char *folder = choice->folder != NULL ? choice->folder : "INBOX";

	if (choice->pick == MUA_SUBJECT)
		return g_strdup_printf("the message \"%s\" in %s", choice->subject, folder);
	return g_strdup_printf("%s in %s", picks[choice->pick], folder);
}

static struct mua_action *begin_on(struct mua *mua, enum mua_verb verb,
				   const struct mua_choice *choice, struct mua_callback callback,
				   const char *verb_word, const char *more)
{
	char *which = describe(choice);
	struct mua_action *action = begin(
	    mua, verb, callback, g_strdup_printf("%s %s %s%s", mua->user, verb_word, which, more));

	g_free(which);
	action->folder = g_strdup(choice->folder != NULL ? choice->folder : "INBOX");
	action->pick = choice->pick;
	action->subject = g_strdup(choice->subject);
	return action;
}

/* Where the mail is elsewhere, so is the work. False: it is here; the action was not taken. */
static bool hand_over(struct mua *mua, struct mua_action *action)
{
	if (mua->imap != NULL)
		mua_imap_add(mua->imap, action);
	else if (mua->web != NULL)
		mua_web_add(mua->web, action);
	return mua->imap != NULL || mua->web != NULL;
}

void mua_send(struct mua *mua, const struct mua_letter *letter, struct mua_callback callback)
{
	GString *words = g_string_new(mua->user);

	g_string_append_printf(words, " sends \"%s\" to %s",
			       letter->subject != NULL ? letter->subject : "",
			       letter->to != NULL ? letter->to : "nobody");
	for (size_t i = 0; i < letter->attachment_count; i++)
		g_string_append_printf(words, "%s%s", i == 0 ? " with " : ", ",
				       letter->attachments[i].name);
	struct mua_action *action = begin(mua, MUA_SEND, callback, g_string_free(words, FALSE));
	action->draft = mua_draft_new(letter);
	if (mua->web != NULL)
		mua_web_add(mua->web, action);
	else
		mua_compose(mua, action);
}

void mua_reply(struct mua *mua, const struct mua_choice *choice, const struct mua_letter *letter,
	       bool to_all, struct mua_callback callback)
{
	struct mua_action *action =
	    begin_on(mua, MUA_REPLY, choice, callback, "answers", to_all ? " to all" : "");

	action->draft = mua_draft_new(letter);
	action->to_all = to_all;
	if (!hand_over(mua, action))
		mua_local_reply(mua, action);
}

/* Gets mail; the outbox has its next chance. */
static void check(struct mua *mua, struct mua_action *action)
{
	if (!mua->is_online) {
		mua_finish(mua, action, MUA_OFFLINE, NULL);
		return;
	}
	if (!hand_over(mua, action))
		mua_pop3_check(mua->pop3, action);
	mua_outbox_flush(mua->outbox);
}

void mua_check(struct mua *mua, const char *folder, struct mua_callback callback)
{
	struct mua_action *action =
	    begin(mua, MUA_CHECK, callback, g_strdup_printf("%s checks for new mail", mua->user));

	action->folder = g_strdup(folder != NULL ? folder : "INBOX");
	check(mua, action);
}

void mua_read(struct mua *mua, const struct mua_choice *choice, struct mua_callback callback)
{
	struct mua_action *action = begin_on(mua, MUA_READ, choice, callback, "reads", "");

	if (!hand_over(mua, action))
		mua_local_read(mua, action);
}

void mua_delete(struct mua *mua, const struct mua_choice *choice, struct mua_callback callback)
{
	struct mua_action *action = begin_on(mua, MUA_DELETE, choice, callback, "deletes", "");

	if (!hand_over(mua, action))
		mua_local_delete(mua, action);
}

void mua_move(struct mua *mua, const struct mua_choice *choice, const char *into,
	      struct mua_callback callback)
{
	char *more = g_strdup_printf(" to %s", into);
	struct mua_action *action = begin_on(mua, MUA_MOVE, choice, callback, "moves", more);

	g_free(more);
	action->into = g_strdup(into);
	if (!hand_over(mua, action))
		mua_local_move(mua, action);
}

void mua_search(struct mua *mua, const char *folder, enum mua_scope scope, const char *text,
		struct mua_callback callback)
{
	const char *where = folder != NULL ? folder : "INBOX";
	struct mua_action *action =
	    begin(mua, MUA_SEARCH, callback,
		  g_strdup_printf("%s searches %s for \"%s\"", mua->user, where, text));

	action->folder = g_strdup(where);
	action->scope = scope;
	action->text = g_strdup(text);
	if (!hand_over(mua, action))
		mua_local_search(mua, action);
}

/* Online and offline. */

static void schedule_check(struct mua *mua)
{
	if (mua->config.check_every_ns == TIME_NEVER || !mua->is_online)
		return;
	timer_schedule(node_engine(mua->node), &mua->check,
		       node_now(mua->node) + mua->config.check_every_ns);
}

static void check_due(void *owner)
{
	struct mua *mua = owner;
	struct mua_action *action =
	    begin(mua, MUA_CHECK, (struct mua_callback) { NULL, NULL },
		  g_strdup_printf("the mail client of %s checks for new mail", mua->user));

	action->folder = g_strdup("INBOX");
	schedule_check(mua);
	check(mua, action);
}

void mua_go_online(struct mua *mua, struct mua_callback callback)
{
	struct mua_action *action =
	    begin(mua, MUA_GO_ONLINE, callback, g_strdup_printf("%s goes online", mua->user));

	mua->is_online = true;
	schedule_check(mua);
	mua_finish(mua, action, MUA_DONE, NULL);
	mua_outbox_flush(mua->outbox);
	if (mua->imap != NULL)
		mua_imap_start(mua->imap);
}

/* What is under way fails; mail that waits stays in the outbox. */
static void stop(struct mua *mua)
{
	mua->is_online = false;
	timer_cancel(node_engine(mua->node), &mua->check);
	mua_outbox_stop(mua->outbox);
	if (mua->imap != NULL)
		mua_imap_stop(mua->imap);
	else if (mua->web != NULL)
		mua_web_stop(mua->web);
	else
		mua_pop3_stop(mua->pop3);
}

void mua_go_offline(struct mua *mua, struct mua_callback callback)
{
	struct mua_action *action =
	    begin(mua, MUA_GO_OFFLINE, callback, g_strdup_printf("%s goes offline", mua->user));

	stop(mua);
	mua_finish(mua, action, MUA_DONE, NULL);
}

static void at_site(struct mua *mua, enum mua_verb verb, struct mua_callback callback,
		    const char *words)
{
	struct mua_action *action =
	    begin(mua, verb, callback, g_strdup_printf("%s %s", mua->user, words));

	if (mua->web != NULL)
		mua_web_add(mua->web, action);
	else
		mua_finish(mua, action, MUA_DONE, NULL);
}

void mua_sign_in(struct mua *mua, struct mua_callback callback)
{
	at_site(mua, MUA_SIGN_IN, callback, "signs in");
}

void mua_sign_out(struct mua *mua, struct mua_callback callback)
{
	at_site(mua, MUA_SIGN_OUT, callback, "signs out");
}

void mua_crash(struct mua *mua, struct mua_callback callback)
{
	struct mua_action *action = begin(mua, MUA_CRASH, callback,
					  g_strdup_printf("the mail client of %s dies", mua->user));

	if (mua->imap != NULL)
		mua_imap_abort(mua->imap);
	stop(mua);
	mua_finish(mua, action, MUA_DONE, NULL);
}

void mua_lose_disk(struct mua *mua, struct mua_callback callback)
{
	struct mua_action *action =
	    begin(mua, MUA_LOSE_DISK, callback, g_strdup_printf("the disk of %s dies", mua->user));

	if (mua->imap != NULL)
		mua_imap_abort(mua->imap);
	stop(mua);
	mua_disk_lose(mua);
	mua_finish(mua, action, MUA_DONE, NULL);
}

void mua_back_up(struct mua *mua, struct mua_callback callback)
{
	mua_disk_back_up(mua, begin(mua, MUA_BACK_UP, callback,
				    g_strdup_printf("%s backs up the local store", mua->user)));
}

void mua_restore(struct mua *mua, struct mua_callback callback)
{
	mua_disk_restore(mua, begin(mua, MUA_RESTORE, callback,
				    g_strdup_printf("%s restores the local store", mua->user)));
}

bool mua_is_online(const struct mua *mua)
{
	return mua->is_online;
}

struct account *mua_account(struct mua *mua)
{
	return mua->account;
}

/* Life. */

static void copy_config(struct mua_config *config)
{
	config->address = g_strdup(config->address);
	config->full_name = g_strdup(config->full_name);
	config->login = g_strdup(config->login);
	config->password = g_strdup(config->password);
	config->host_name = g_strdup(config->host_name);
	config->incoming_server = g_strdup(config->incoming_server);
	config->outgoing_server = g_strdup(config->outgoing_server);
	config->user_agent = g_strdup(config->user_agent);
}

static void clear_config(struct mua_config *config)
{
	const char *const texts[] = {
		config->address,         config->full_name,  config->login,
		config->password,        config->host_name,  config->incoming_server,
		config->outgoing_server, config->user_agent,
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free((char *)texts[i]);
}

struct mua *mua_new(struct host *host, struct dns_resolver *resolver,
		    const struct mua_config *config)
{
	struct mua *mua = g_new0(struct mua, 1);

	mua->host = host;
	mua->node = host_node(host);
	mua->resolver = resolver;
	mua->config = *config;
	copy_config(&mua->config);
	mua->user = g_strndup(config->address, strcspn(config->address, "@"));
	mua->store = mail_store_new(mua->node);
	mua->keys = sasl_keys_new();
	node_random_init(mua->node, &mua->random, "mua.sasl");
	mua->account = mail_store_add_account(mua->store, config->address, NULL);
	mua->is_online = config->is_online;
	timer_init(&mua->check, mua->node->index, check_due, mua);
	mua->check.is_background = true;
	mua->outbox = mua_outbox_new(mua);
	if (config->protocol == MUA_IMAP)
		mua->imap = mua_imap_new(mua);
	else if (config->protocol == MUA_WEB)
		mua->web = mua_web_new(mua);
	else
		mua->pop3 = mua_pop3_new(mua);
	schedule_check(mua);
	return mua;
}

void mua_free(struct mua *mua)
{
	if (mua == NULL)
		return;
	timer_cancel(node_engine(mua->node), &mua->check);
	mua_outbox_free(mua->outbox);
	mua_pop3_free(mua->pop3);
	mua_imap_free(mua->imap);
	mua_web_free(mua->web);
	mua_backup_free(mua->backup);
	mail_store_free(mua->store);
	sasl_keys_free(mua->keys);
	g_free(mua->user);
	clear_config(&mua->config);
	g_free(mua);
}
