/* The mail client's POP3 side: fetches what is new into its own INBOX. */
#include "protocols/pop3/client.h"
#include "protocols/programs/mua_private.h"

#define COMMANDS_UNDER_WAY 8 /* of a client that pipelines */

/* A message of the server that was fetched before. */
struct known {
	struct message *message; /* one reference */
	int64_t since_ns;        /* when it was fetched */
	bool is_unwanted;        /* the user has deleted it here */
};

struct mua_pop3 {
	struct mua *mua;
	GQueue checks;           /* of struct mua_action *: the first is under way */
	GHashTable *known;       /* unique id -> struct known */
	struct lookup *lookup;   /* NULL: none under way */
	struct adapter *adapter; /* NULL: not connected */
	struct timer retry;      /* armed: the check under way waits for another try */
	bool is_answered;        /* `outcome` and `text` say how the session ended */
	enum mua_outcome outcome;
	char *text;
};

static void start(struct mua_pop3 *pop3);

static void try_again(void *owner)
{
	start(owner);
}

static void known_free(struct known *known)
{
	message_free(known->message);
	g_free(known);
}

static GHashTable *known_table_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)known_free);
}

struct mua_pop3 *mua_pop3_new(struct mua *mua)
{
	struct mua_pop3 *pop3 = g_new0(struct mua_pop3, 1);

	pop3->mua = mua;
	g_queue_init(&pop3->checks);
	timer_init(&pop3->retry, mua->node->index, try_again, pop3);
	pop3->known = known_table_new();
	return pop3;
}

void mua_pop3_free(struct mua_pop3 *pop3)
{
	if (pop3 == NULL)
		return;
	adapter_free(pop3->adapter);
	lookup_free(pop3->lookup);
	timer_cancel(node_engine(pop3->mua->node), &pop3->retry);
	g_queue_clear_full(&pop3->checks, (GDestroyNotify)mua_action_free);
	g_hash_table_unref(pop3->known);
	g_free(pop3->text);
	g_free(pop3);
}

static uint64_t root_of_check(const struct mua_pop3 *pop3)
{
	return ((const struct mua_action *)g_queue_peek_head(&((struct mua_pop3 *)pop3)->checks))
	    ->id;
}

/* What the policy of the account says about a message on the server. */
static enum pop3_wish judge(void *owner, const char *unique_id)
{
	const struct mua_pop3 *pop3 = owner;
	const struct mua_config *config = &pop3->mua->config;
	const struct known *known = g_hash_table_lookup(pop3->known, unique_id);
	bool is_old;

	if (known == NULL)
		return POP3_FETCH;
	switch (config->leave) {
	case MUA_LEAVE_NOTHING:
		return POP3_REMOVE; /* the session that fetched it was lost before QUIT */
	case MUA_LEAVE_ALL:
		is_old = config->leave_ns != TIME_NEVER &&
			 node_now(pop3->mua->node) - known->since_ns >= config->leave_ns;
		return is_old ? POP3_REMOVE : POP3_KEEP;
	case MUA_LEAVE_UNTIL_DELETED:
		return known->is_unwanted ? POP3_REMOVE : POP3_KEEP;
	}
	return POP3_KEEP;
}

/* The packets that brought the message belong to it, and so does what we do about them. */
static uint64_t retrieved(void *owner, const char *unique_id, GBytes *bytes)
{
	struct mua_pop3 *pop3 = owner;
	struct mua *mua = pop3->mua;
	uint64_t root = engine_context(node_engine(mua->node))->root;
	struct message *message = message_new(g_bytes_ref(bytes), root);

	mailbox_append(mua_folder(mua, "INBOX"), message, 0, world_unix_time(mua->node->world));
	if (unique_id[0] != '\0') {
		struct known *known = g_new0(struct known, 1);

		known->message = message_reference(message);
		known->since_ns = node_now(mua->node);
		g_hash_table_replace(pop3->known, g_strdup(unique_id), known);
	}
	message_free(message);
	return root;
}

static void deleted(void *owner, const char *unique_id)
{
	struct mua_pop3 *pop3 = owner;

	g_hash_table_remove(pop3->known, unique_id);
}

static enum mua_outcome outcome_of(enum pop3_outcome outcome)
{
	switch (outcome) {
	case POP3_DONE:
		return MUA_DONE;
	case POP3_LOGIN_REFUSED:
		return MUA_LOGIN_REFUSED;
	case POP3_INSECURE:
		return MUA_INSECURE;
	case POP3_MAILDROP_IN_USE:
		return MUA_TRY_LATER;
	case POP3_REFUSED:
	case POP3_BROKEN:
		return MUA_REFUSED;
	default:
		return MUA_LOST;
	}
}

static void over(void *owner, const struct pop3_result *result)
{
	struct mua_pop3 *pop3 = owner;

	pop3->is_answered = result->outcome != POP3_LOST;
	pop3->outcome = outcome_of(result->outcome);
	g_free(pop3->text);
	if (result->outcome == POP3_DONE)
		pop3->text = g_strdup_printf("%u new message%s", result->retrieved,
					     result->retrieved == 1 ? "" : "s");
	else
		pop3->text = g_strdup(
		    result->text[0] != '\0' ? result->text : pop3_outcome_names[result->outcome]);
}

static const struct pop3_client_events events = {
	.judge = judge,
	.retrieved = retrieved,
	.deleted = deleted,
	.over = over,
};

/* Ends the check under way, unless it is tried again, and begins the next one that waits. */
static void finish_check(struct mua_pop3 *pop3, enum mua_outcome outcome, const char *text)
{
	struct mua_action *action = g_queue_peek_head(&pop3->checks);

	mua_belong(pop3->mua, action->id);
	if (mua_retry(pop3->mua, action, outcome, text, &pop3->retry))
		return;
	g_queue_pop_head(&pop3->checks);
	mua_finish(pop3->mua, action, outcome, text);
	start(pop3);
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct mua_pop3 *pop3 = owner;
	const char *text = pop3->text;
	enum mua_outcome outcome = pop3->outcome;

	(void)session;
	pop3->adapter = NULL;
	if (!pop3->is_answered)
		outcome = mua_outcome_of_failure(session, why, &text);
	finish_check(pop3, outcome, text);
}

static void connect_to(struct mua_pop3 *pop3, uint32_t address)
{
	struct mua *mua = pop3->mua;
	const struct mua_config *config = &mua->config;
	struct session *session = pop3_client_new(&(struct pop3_client_config) {
	    .user = config->login,
	    .password = config->password,
	    .random = &mua->random,
	    .keys = mua->keys,
	    .deletes = config->leave == MUA_LEAVE_NOTHING,
	    .tls = config->incoming_tls,
	    .window = config->pipelines ? COMMANDS_UNDER_WAY : 1,
	    .root = root_of_check(pop3),
	    .events = &events,
	    .owner = pop3,
	});
	struct stream *stream = tcp_connect(
	    mua->host, (struct endpoint) { address, config->incoming_port }, NULL, NULL);

	pop3->is_answered = false;
	pop3->adapter =
	    adapter_new(mua->host, stream, session, false,
			&(struct adapter_config) {
			    .layer = LAYER_POP3,
			    .actor = ACTOR_MUA,
			    .wakeup_ns = config->wakeup_ns,
			    .connect_timeout_ns = config->connect_timeout_ns,
			    .tls = config->tls,
			    .tls_name = config->incoming_server,
			    .begins_with_tls = config->incoming_tls == SESSION_TLS_AT_ONCE,
			    .done = connection_done,
			    .owner = pop3,
			});
}

static void found(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct mua_pop3 *pop3 = owner;

	pop3->lookup = NULL;
	mua_belong(pop3->mua, root_of_check(pop3));
	if (outcome == LOOKUP_FOUND)
		connect_to(pop3, address);
	else
		finish_check(pop3, mua_outcome_of_lookup(outcome), lookup_outcome_names[outcome]);
}

static void start(struct mua_pop3 *pop3)
{
	struct mua *mua = pop3->mua;

	if (g_queue_is_empty(&pop3->checks) || pop3->lookup != NULL || pop3->adapter != NULL ||
	    timer_is_armed(&pop3->retry))
		return;
	mua_belong(mua, root_of_check(pop3));
	pop3->lookup = lookup_new(mua->resolver, mua->config.incoming_server, mua->config.asks_aaaa,
				  found, pop3);
	if (pop3->lookup == NULL)
		finish_check(pop3, MUA_NO_NAME, "not a domain name");
}

void mua_pop3_check(struct mua_pop3 *pop3, struct mua_action *action)
{
	g_queue_push_tail(&pop3->checks, action);
	start(pop3);
}

void mua_pop3_stop(struct mua_pop3 *pop3)
{
	struct adapter *adapter = g_steal_pointer(&pop3->adapter);
	struct mua_action *action;

	g_clear_pointer(&pop3->lookup, lookup_free);
	timer_cancel(node_engine(pop3->mua->node), &pop3->retry);
	while ((action = g_queue_pop_head(&pop3->checks)) != NULL)
		mua_finish(pop3->mua, action, MUA_OFFLINE, NULL);
	adapter_free(adapter);
}

static struct known *known_copy(const struct known *known)
{
	struct known *copy = g_new(struct known, 1);

	*copy = *known;
	message_reference(copy->message);
	return copy;
}

/* The order of the tables does not matter: they are only asked by id. */
static void copy_known(GHashTable *from, GHashTable *to)
{
	GHashTableIter iterator;
	gpointer unique_id, known;

	g_hash_table_iter_init(&iterator, from);
	while (g_hash_table_iter_next(&iterator, &unique_id, &known))
		g_hash_table_replace(to, g_strdup(unique_id), known_copy(known));
}

GHashTable *mua_pop3_known(const struct mua_pop3 *pop3)
{
	GHashTable *copy = known_table_new();

	copy_known(pop3->known, copy);
	return copy;
}

void mua_pop3_know(struct mua_pop3 *pop3, GHashTable *known)
{
	g_hash_table_remove_all(pop3->known);
	if (known != NULL)
		copy_known(known, pop3->known);
}

void mua_pop3_deleted(struct mua_pop3 *pop3, const struct message *message)
{
	GHashTableIter iterator;
	gpointer value;

	/* At most one has this very message, so the order of the table does not matter. */
	g_hash_table_iter_init(&iterator, pop3->known);
	while (g_hash_table_iter_next(&iterator, NULL, &value)) {
		struct known *known = value;

		if (known->message == message)
			known->is_unwanted = true;
	}
}
