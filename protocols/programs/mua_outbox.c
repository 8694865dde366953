/* The mail client's outbox: composed messages on their way to the submission server. */
#include "protocols/programs/evidence.h"
#include "protocols/programs/mua_private.h"
#include "protocols/smtp/client.h"

#define SENT   "Sent"
#define DRAFTS "Drafts"

/* A message on its way out. */
struct letter {
	struct mua_action *action; /* told how it ended; NULL: it was told already */
	uint64_t root, object;
	struct message *message;
	char *sender;          /* reverse-path */
	GPtrArray *recipients; /* of char *: those still to be served */
	unsigned notify;       /* of what the user wants to be told, for all of them */
	uint32_t uid;          /* in the folder Outbox */
	bool is_tried;         /* in this round; the next one begins with a flush */
	bool is_waiting;       /* for another try, when the timer fires */
};

struct mua_outbox {
	struct mua *mua;
	GPtrArray *letters;         /* of struct letter *, oldest first */
	struct letter *current;     /* being sent, or waiting for the connection; NULL: none */
	struct lookup *lookup;      /* NULL: none under way */
	struct adapter *adapter;    /* NULL: not connected */
	struct letter *unconnected; /* whose connection failed; why is not known yet */
	struct timer retry;         /* armed: letters are waiting */
	unsigned port;              /* index of the port to connect to */
	unsigned ports_failed;      /* in a row */
	struct endpoint server;     /* that we turned to last */
};

static void try_again(void *owner);

static void letter_free(struct letter *letter)
{
	mua_action_free(letter->action);
	message_free(letter->message);
	g_free(letter->sender);
	g_ptr_array_unref(letter->recipients);
	g_free(letter);
}

struct mua_outbox *mua_outbox_new(struct mua *mua)
{
	struct mua_outbox *outbox = g_new0(struct mua_outbox, 1);

	outbox->mua = mua;
	timer_init(&outbox->retry, mua->node->index, try_again, outbox);
	outbox->letters = g_ptr_array_new_with_free_func((GDestroyNotify)letter_free);
	return outbox;
}

void mua_outbox_free(struct mua_outbox *outbox)
{
	outbox->current = NULL;
	adapter_free(outbox->adapter);
	lookup_free(outbox->lookup);
	timer_cancel(node_engine(outbox->mua->node), &outbox->retry);
	g_ptr_array_unref(outbox->letters);
	g_free(outbox);
}

/* Tells the user, once. The letter may go on waiting. */
static void tell(struct mua_outbox *outbox, struct letter *letter, enum mua_outcome outcome,
		 const char *text)
{
	struct mua_action *action = g_steal_pointer(&letter->action);

	if (action != NULL)
		mua_finish(outbox->mua, action, outcome, text);
}

/* Takes the letter out of the outbox. */
static void remove_letter(struct mua_outbox *outbox, struct letter *letter)
{
	struct mailbox *folder = mua_folder(outbox->mua, MUA_OUTBOX);
	struct mailbox_entry *entry = mailbox_find(folder, letter->uid, NULL);

	if (entry != NULL)
		mailbox_expunge(folder, entry);
	g_ptr_array_remove(outbox->letters, letter);
}

/* Not now: it stays. The user is told, unless it is soon tried again. */
static void keep_letter(struct mua_outbox *outbox, struct letter *letter, enum mua_outcome outcome,
			const char *text)
{
	struct mua *mua = outbox->mua;
	bool is_offline = outcome == MUA_KEPT;

	letter->is_tried = true;
	letter->is_waiting =
	    letter->action != NULL && mua_retry(mua, letter->action, outcome, text, &outbox->retry);
	mua_record(mua, is_offline ? MAIL_OUTBOX : MAIL_DEFERRED, letter->root, letter->object,
		   letter->is_waiting ? (uint64_t)outbox->retry.deadline_ns : 0,
		   is_offline ? message_bytes(letter->message) : bytes_of(text));
	if (!letter->is_waiting)
		tell(outbox, letter, outcome, text);
}

static void file(struct mua *mua, const char *name, struct message *message, uint32_t flags)
{
	mailbox_append(mua_folder(mua, name), message, flags, world_unix_time(mua->node->world));
}

/* A copy for the user: here, or on the IMAP server. */
static void file_sent(struct mua *mua, const struct letter *letter)
{
	struct mua_action *action;

	if (!mua->config.files_sent)
		return;
	if (mua->imap == NULL) {
		file(mua, SENT, letter->message, MAILBOX_SEEN);
		return;
	}
	action = g_new0(struct mua_action, 1);
	action->verb = MUA_FILE_SENT;
	action->id = letter->root;
	action->into = g_strdup(SENT);
	action->message = g_bytes_ref(letter->message->bytes);
	mua_imap_add(mua->imap, action);
}

/* The server has the last word on every recipient. */
static void close_letter(struct mua_outbox *outbox, struct letter *letter, unsigned accepted,
			 const char *refusal)
{
	if (accepted > 0)
		file_sent(outbox->mua, letter);
	else
		file(outbox->mua, DRAFTS, letter->message, MAILBOX_DRAFT | MAILBOX_SEEN);
	tell(outbox, letter, refusal != NULL ? MUA_REFUSED : MUA_DONE, refusal);
	remove_letter(outbox, letter);
}

/* What the results say about the letter as a whole. */
struct verdict {
	unsigned accepted;
	const struct smtp_result *refused, *deferred; /* the first of each; NULL: none */
};

/* A login that is refused says nothing about the message: it is kept, like after a lost connection. */
static bool is_deferred(const struct smtp_result *result)
{
	return result->outcome == SMTP_DEFERRED || result->stage <= SMTP_STAGE_AUTH;
}

static struct verdict judge(struct mua_outbox *outbox, struct letter *letter,
			    const struct smtp_result *results, unsigned count)
{
	struct verdict verdict = { 0 };

	for (unsigned i = count; i > 0; i--) {
		const struct smtp_result *result = &results[i - 1];

		if (result->outcome != SMTP_SENT && is_deferred(result)) {
			verdict.deferred = result;
			continue;
		}
		if (result->outcome == SMTP_SENT)
			verdict.accepted++;
		else
			verdict.refused = result;
		g_ptr_array_remove_index(letter->recipients, i - 1);
	}
	for (unsigned i = 0; i < count; i++)
		if (results[i].outcome == SMTP_FAILED && !is_deferred(&results[i]))
			mua_record(outbox->mua, MAIL_REFUSED, letter->root, letter->object, 0,
				   bytes_of(results[i].text));
	return verdict;
}

static enum mua_outcome outcome_of_deferral(const struct smtp_result *result)
{
	if (result->stage == SMTP_STAGE_AUTH && result->outcome == SMTP_FAILED)
		return MUA_LOGIN_REFUSED;
	if (result->stage == SMTP_STAGE_TLS)
		return MUA_INSECURE;
	return result->code != 0 ? MUA_TRY_LATER : MUA_LOST;
}

/* Connecting failed: connection_done() will tell why. */
static bool is_unconnected(const struct smtp_result *result)
{
	return result->stage == SMTP_STAGE_CONNECT && result->code == 0;
}

static struct letter *next_letter(const struct mua_outbox *outbox)
{
	for (unsigned i = 0; i < outbox->letters->len; i++) {
		struct letter *letter = g_ptr_array_index(outbox->letters, i);

		if (!letter->is_tried)
			return letter;
	}
	return NULL;
}

static void send_letter(struct mua_outbox *outbox, struct smtp_client *client,
			struct letter *letter)
{
	struct smtp_recipient_wish *wishes =
	    g_new0(struct smtp_recipient_wish, letter->recipients->len);

	for (guint i = 0; i < letter->recipients->len; i++)
		wishes[i].notify = letter->notify;
	mua_belong(outbox->mua, letter->root);
	outbox->current = letter;
	smtp_client_send(client, &(struct smtp_transfer) {
				     .sender = letter->sender,
				     .recipients = (const char *const *)letter->recipients->pdata,
				     .wishes = wishes,
				     .recipient_count = letter->recipients->len,
				     .data = letter->message->bytes,
				 });
	g_free(wishes);
}

/* A message is done with: the next one, or goodbye. */
static void sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
		 unsigned count)
{
	struct mua_outbox *outbox = owner;
	struct letter *letter = g_steal_pointer(&outbox->current);

	if (letter == NULL)
		return; /* it was given up: we went offline */

	struct verdict verdict = judge(outbox, letter, results, count);
	bool was_connected = verdict.deferred == NULL || !is_unconnected(verdict.deferred);

	letter->is_tried = true;
	if (was_connected)
		outbox->ports_failed = 0;
	if (!was_connected)
		outbox->unconnected = letter;
	else if (verdict.deferred != NULL)
		keep_letter(outbox, letter, outcome_of_deferral(verdict.deferred),
			    verdict.deferred->text);
	else
		close_letter(outbox, letter, verdict.accepted,
			     verdict.refused != NULL ? verdict.refused->text : NULL);

	letter = next_letter(outbox);
	if (letter != NULL && smtp_client_is_free(client))
		send_letter(outbox, client, letter);
	else
		smtp_client_quit(client);
}

static void start(struct mua_outbox *outbox);

/* Turns to the next port; false when each has failed in a row, and it is the turn of the first again. */
static bool turn_to_next_port(struct mua_outbox *outbox, struct letter *letter,
			      enum mua_outcome outcome, const char *text)
{
	const uint16_t *ports = outbox->mua->config.outgoing_ports;
	uint16_t failed = ports[outbox->port];

	if (ports[++outbox->port] == 0)
		outbox->port = 0;
	if (ports[++outbox->ports_failed] == 0) {
		outbox->ports_failed = 0;
		return false;
	}
	letter->is_tried = false;
	if (letter->action == NULL)
		return true;
	char *words =
	    g_strdup_printf("%s on port %u, now port %u", text, failed, ports[outbox->port]);

	mua_turn(outbox->mua, letter->action, outcome, words);
	g_free(words);
	return true;
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct mua_outbox *outbox = owner;
	struct letter *letter = g_steal_pointer(&outbox->unconnected);
	const char *text;
	enum mua_outcome outcome = mua_outcome_of_failure(session, why, &text);

	(void)session;
	outbox->adapter = NULL;
	if (letter != NULL && outcome == MUA_INSECURE)
		keep_letter(outbox, letter, outcome, text);
	else if (letter != NULL && !turn_to_next_port(outbox, letter, outcome, text))
		keep_letter(outbox, letter, outcome, text);
	start(outbox); /* for letters that came too late for this connection */
}

static void record_step(const struct mua_outbox *outbox, enum mail_detail detail, GString *evidence)
{
	mua_record(outbox->mua, detail, outbox->current->root, outbox->current->object, 0,
		   evidence_bytes(evidence));
	g_string_free(evidence, TRUE);
}

static void connected(void *owner)
{
	const struct mua_outbox *outbox = owner;
	char *server;

	if (outbox->current == NULL)
		return; /* it was given up: we went offline */
	server = evidence_server(outbox->mua->config.outgoing_server, outbox->server);
	record_step(outbox, MAIL_CONNECTS, evidence_new(server));
	g_free(server);
}

static void begun(void *owner, const struct smtp_transfer *transfer)
{
	const struct mua_outbox *outbox = owner;
	char *server;

	if (outbox->current == NULL)
		return; /* it was given up: we went offline */
	server = evidence_server(outbox->mua->config.outgoing_server, outbox->server);
	record_step(outbox, MAIL_SUBMITS, evidence_transaction(server, transfer));
	g_free(server);
}

static void connect_to(struct mua_outbox *outbox, uint32_t address)
{
	struct mua *mua = outbox->mua;
	const struct mua_config *config = &mua->config;
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = config->host_name,
	    .login = config->authenticates ? config->login : NULL,
	    .password = config->authenticates ? config->password : NULL,
	    .declares_size = true,
	    .converts = true,
	    .uses_chunks = config->uses_chunks,
	    .tls = config->outgoing_tls,
	    .random = &mua->random,
	    .keys = mua->keys,
	    .begun = begun,
	    .sent = sent,
	    .owner = outbox,
	});
	struct stream *stream;

	outbox->server = (struct endpoint) { address, config->outgoing_ports[outbox->port] };
	stream = tcp_connect(mua->host, outbox->server, NULL, NULL);

	outbox->adapter =
	    adapter_new(mua->host, stream, session, false,
			&(struct adapter_config) {
			    .layer = LAYER_SMTP,
			    .actor = ACTOR_MUA,
			    .wakeup_ns = config->wakeup_ns,
			    .connect_timeout_ns = config->connect_timeout_ns,
			    .tls = config->tls,
			    .tls_name = config->outgoing_server,
			    .begins_with_tls = config->outgoing_tls == SESSION_TLS_AT_ONCE,
			    .opened = connected,
			    .done = connection_done,
			    .owner = outbox,
			});
	send_letter(outbox, smtp_client_of(session), outbox->current);
}

static void keep_all(struct mua_outbox *outbox, enum mua_outcome outcome, const char *text)
{
	struct letter *letter;

	outbox->current = NULL;
	while ((letter = next_letter(outbox)) != NULL)
		keep_letter(outbox, letter, outcome, text);
}

static void found(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct mua_outbox *outbox = owner;

	outbox->lookup = NULL;
	mua_belong(outbox->mua, outbox->current->root);
	if (outcome == LOOKUP_FOUND)
		connect_to(outbox, address);
	else
		keep_all(outbox, mua_outcome_of_lookup(outcome), lookup_outcome_names[outcome]);
}

/* Sends what was not tried yet, unless that is being done already. */
static void start(struct mua_outbox *outbox)
{
	struct mua *mua = outbox->mua;
	struct letter *letter = next_letter(outbox);

	if (letter == NULL || outbox->lookup != NULL || outbox->adapter != NULL)
		return;
	outbox->current = letter;
	mua_belong(mua, letter->root);
	outbox->lookup = lookup_new(mua->resolver, mua->config.outgoing_server,
				    mua->config.asks_aaaa, found, outbox);
	if (outbox->lookup == NULL)
		keep_all(outbox, MUA_NO_NAME, "not a domain name");
}

void mua_outbox_add(struct mua_outbox *outbox, struct mua_action *action, GPtrArray *recipients,
		    struct message *message, uint64_t object)
{
	struct mua *mua = outbox->mua;
	struct letter *letter = g_new0(struct letter, 1);

	letter->action = action;
	letter->root = action->id;
	letter->object = object;
	letter->message = message;
	letter->recipients = recipients;
	letter->notify = action->draft != NULL ? action->draft->notify : 0;
	letter->sender = g_strdup(action->draft != NULL && action->draft->mail_from != NULL
				      ? action->draft->mail_from
				      : mua->config.address);
	letter->uid = mailbox_append(mua_folder(mua, MUA_OUTBOX), message, MAILBOX_SEEN,
				     world_unix_time(mua->node->world))
			  ->uid;
	g_ptr_array_add(outbox->letters, letter);
	if (mua->is_online)
		mua_outbox_flush(outbox);
	else
		keep_letter(outbox, letter, MUA_KEPT, NULL);
}

void mua_outbox_flush(struct mua_outbox *outbox)
{
	timer_cancel(node_engine(outbox->mua->node), &outbox->retry);
	for (unsigned i = 0; i < outbox->letters->len; i++) {
		struct letter *letter = g_ptr_array_index(outbox->letters, i);

		letter->is_tried = letter == outbox->unconnected;
		letter->is_waiting = false;
	}
	start(outbox);
}

static void try_again(void *owner)
{
	struct mua_outbox *outbox = owner;

	for (unsigned i = 0; i < outbox->letters->len; i++) {
		struct letter *letter = g_ptr_array_index(outbox->letters, i);

		letter->is_tried = letter->is_tried && !letter->is_waiting;
		letter->is_waiting = false;
	}
	start(outbox);
}

void mua_outbox_lose(struct mua_outbox *outbox)
{
	while (outbox->letters->len > 0)
		remove_letter(outbox, g_ptr_array_index(outbox->letters, 0));
}

/* Letters whose senders have not heard yet are kept now, whether they were tried or not. */
void mua_outbox_stop(struct mua_outbox *outbox)
{
	struct adapter *adapter = g_steal_pointer(&outbox->adapter);

	g_clear_pointer(&outbox->lookup, lookup_free);
	timer_cancel(node_engine(outbox->mua->node), &outbox->retry);
	outbox->current = NULL;
	outbox->unconnected = NULL;
	for (unsigned i = 0; i < outbox->letters->len; i++) {
		struct letter *letter = g_ptr_array_index(outbox->letters, i);

		if (letter->action != NULL || !letter->is_tried)
			keep_letter(outbox, letter, MUA_KEPT, NULL);
	}
	adapter_free(adapter);
}
