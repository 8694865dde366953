/* The operations of the IMAP client: what each sends, step by step. */
#include "protocols/imap/client_session.h"
#include "protocols/imap/capability.h"
#include "protocols/imap/flags.h"

void imap_operation_free(struct imap_operation *operation)
{
	if (operation == NULL)
		return;
	g_free(operation->name);
	g_free(operation->second);
	imap_sequence_clear(&operation->uids);
	g_clear_pointer(&operation->message, g_bytes_unref);
	g_clear_pointer(&operation->body, g_byte_array_unref);
	g_free(operation);
}

struct imap_operation *imap_operation_new(imap_send_fn *send)
{
	struct imap_operation *operation = g_new0(struct imap_operation, 1);

	operation->send = send;
	return operation;
}

/* Logging in. */

static unsigned offered_mechanisms(const struct imap_client *client)
{
	unsigned mechanisms = 0;

	for (unsigned i = 0; i < SASL_MECHANISM_COUNT; i++) {
		const char *name =
		    imap_capability_name(imap_capability_of_mechanism((enum sasl_mechanism)i));

		if (imap_client_offers(client, name))
			mechanisms |= SASL_BIT(i);
	}
	return mechanisms;
}

/* The initial response goes with the command (RFC 4959), or answers an empty challenge. */
static void send_authenticate(struct imap_client *client, enum sasl_mechanism mechanism)
{
	const struct imap_client_config *config = &client->config;
	char *nonce = sasl_nonce_new(config->random);
	GString *initial = g_string_new(NULL);

	sasl_client_free(client->sasl);
	client->sasl =
	    sasl_client_new(mechanism, client->user, client->password, nonce, config->keys);
	client->is_answering = false;
	imap_command_begin(client, "AUTHENTICATE ");
	imap_command_append(client, "%s", sasl_mechanism_names[mechanism]);
	if (imap_client_offers(client, "SASL-IR")) {
		if (sasl_client_start_text(client->sasl, initial))
			imap_command_append(client, " %s", initial->str);
	} else {
		client->is_answering = true;
	}
	imap_command_end(client);
	g_string_free(initial, TRUE);
	g_free(nonce);
}

void imap_client_hear_challenge(struct imap_client *client, struct bytes challenge)
{
	GString *answer = g_string_new(NULL);

	if (client->sasl == NULL) /* it asks for what we have no answer to */
		g_string_assign(answer, "*");
	else if (!client->is_answering || !sasl_client_start_text(client->sasl, answer))
		sasl_client_step_text(client->sasl, challenge, answer);
	client->is_answering = false;
	g_string_append(answer, "\r\n");
	imap_output(&client->base, &client->tiler,
		    (struct bytes) { (const uint8_t *)answer->str, answer->len }, 0);
	g_string_free(answer, TRUE);
}

static void send_login(struct imap_client *client)
{
	imap_command_begin(client, "LOGIN");
	imap_command_append_string(client, client->user);
	imap_command_append_string(client, client->password);
	imap_command_end(client);
}

/* The strongest mechanism that both know; LOGIN where there is none. */
static void send_credentials(struct imap_client *client)
{
	enum sasl_mechanism mechanism = sasl_strongest(offered_mechanisms(client));

	if (mechanism != SASL_MECHANISM_COUNT)
		send_authenticate(client, mechanism);
	else
		send_login(client);
}

/* Whether it is time for STARTTLS: it is wanted, and not refused yet. */
static bool wants_tls(const struct imap_client *client)
{
	enum session_tls tls = client->config.tls;

	return client->base.protection == NULL && !client->is_starting_tls &&
	       (tls == SESSION_TLS_REQUIRED ||
		(tls == SESSION_TLS_IF_OFFERED && imap_client_offers(client, "STARTTLS")));
}

/* Asks what is offered unless that was said, logs in, and asks again: it may be more then. */
bool imap_send_login(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step == 0 && client->capabilities != NULL)
		operation->step = 1;
	if (operation->step == 1 && wants_tls(client)) {
		client->is_starting_tls = true;
		imap_command_begin(client, "STARTTLS");
		return imap_command_end(client);
	}
	if (operation->step == 1) {
		imap_client_enter_phase(client, PHASE_GREETED);
		send_credentials(client);
		g_clear_pointer(&client->capabilities, g_ptr_array_unref);
		return true;
	}
	if (client->capabilities != NULL || operation->step > 2)
		return false;
	imap_command_begin(client, "CAPABILITY");
	return imap_command_end(client);
}

bool imap_send_logout(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_client_enter_phase(client, PHASE_QUIT);
	imap_command_begin(client, "LOGOUT");
	return imap_command_end(client);
}

unsigned imap_client_logout(struct imap_client *client)
{
	return imap_client_queue(client, imap_operation_new(imap_send_logout));
}

/* Fetching. */

bool imap_send_fetch_headers(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, "UID FETCH");
	imap_command_append(client, " %u:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
			    operation->uid);
	return imap_command_end(client);
}

unsigned imap_client_fetch_headers(struct imap_client *client, uint32_t first_uid)
{
	struct imap_operation *operation = imap_operation_new(imap_send_fetch_headers);

	operation->uid = MAX(first_uid, 1);
	return imap_client_queue(client, operation);
}

static bool send_fetch_changes(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0 || !imap_client_offers(client, "CONDSTORE"))
		return false;
	imap_command_begin(client, "UID FETCH");
	imap_command_append(client, " 1:* (FLAGS) (CHANGEDSINCE %" G_GUINT64_FORMAT ")",
			    operation->modseq);
	return imap_command_end(client);
}

unsigned imap_client_fetch_changes(struct imap_client *client, uint64_t modseq)
{
	struct imap_operation *operation = imap_operation_new(send_fetch_changes);

	operation->modseq = MAX(modseq, 1);
	return imap_client_queue(client, operation);
}

/* The first piece comes with the size of the whole; pieces follow until that much is there. */
bool imap_send_fetch_body(struct imap_client *client, struct imap_operation *operation)
{
	uint32_t chunk = client->config.chunk_bytes;
	guint have = operation->body != NULL ? operation->body->len : 0;
	bool is_complete = chunk == 0 || have == 0 || have >= operation->size_bytes;

	if (operation->step > 0 && (is_complete || have == operation->asked_from))
		return false;
	operation->asked_from = have;
	imap_client_enter_phase(client, PHASE_RETRIEVE);
	imap_command_begin(client, "UID FETCH");
	imap_command_append(client, " %u (%s%s[]", operation->uid,
			    chunk != 0 && have == 0 ? "RFC822.SIZE " : "",
			    operation->is_option ? "BODY" : "BODY.PEEK");
	if (chunk != 0)
		imap_command_append(client, "<%u.%u>", have, chunk);
	imap_command_append(client, ")");
	return imap_command_end(client);
}

unsigned imap_client_fetch_body(struct imap_client *client, uint32_t uid, bool mark_seen)
{
	struct imap_operation *operation = imap_operation_new(imap_send_fetch_body);

	operation->uid = uid;
	operation->is_option = mark_seen;
	return imap_client_queue(client, operation);
}

static bool send_search(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, "UID SEARCH");
	imap_command_append_criteria(client, operation->name);
	return imap_command_end(client);
}

unsigned imap_client_search(struct imap_client *client, const char *criteria)
{
	return imap_client_queue_names(client, send_search, criteria, NULL);
}

/* Changing messages. */

static int compare_uids(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static void set_uids(struct imap_operation *operation, const uint32_t *uids, size_t count)
{
	GArray *sorted = g_array_new(FALSE, FALSE, sizeof *uids);

	g_array_append_vals(sorted, uids, (guint)count);
	g_array_sort(sorted, compare_uids);
	for (guint i = 0; i < sorted->len; i++) {
		uint32_t uid = g_array_index(sorted, uint32_t, i);

		if (i == 0 || g_array_index(sorted, uint32_t, i - 1) != uid)
			imap_sequence_add(&operation->uids, uid);
	}
	g_array_unref(sorted);
}

static bool is_empty(const struct imap_operation *operation)
{
	return operation->uids.ranges == NULL;
}

static void write_store(struct imap_client *client, const struct imap_operation *operation,
			const char *item, uint32_t flags)
{
	imap_command_begin(client, "UID STORE");
	imap_command_append_set(client, &operation->uids);
	imap_command_append(client, " %s (", item);
	imap_flags_print(client->line, flags & IMAP_FLAGS_SETTABLE, NULL);
	imap_command_append(client, ")");
	imap_command_end(client);
}

static bool send_store(struct imap_client *client, struct imap_operation *operation)
{
	static const char *const items[] = {
		[IMAP_STORE_REPLACE] = "FLAGS",
		[IMAP_STORE_ADD] = "+FLAGS",
		[IMAP_STORE_REMOVE] = "-FLAGS",
	};

	if (operation->step > 0 || is_empty(operation))
		return false;
	write_store(client, operation, items[operation->mode], operation->flags);
	return true;
}

unsigned imap_client_store(struct imap_client *client, const uint32_t *uids, size_t count,
			   enum imap_store_mode mode, uint32_t flags)
{
	struct imap_operation *operation = imap_operation_new(send_store);

	set_uids(operation, uids, count);
	operation->mode = mode;
	operation->flags = flags;
	return imap_client_queue(client, operation);
}

static void write_copy(struct imap_client *client, const struct imap_operation *operation,
		       const char *verb)
{
	imap_command_begin(client, verb);
	imap_command_append_set(client, &operation->uids);
	imap_command_append_mailbox(client, operation->name);
	imap_command_end(client);
}

static bool send_copy(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0 || is_empty(operation))
		return false;
	write_copy(client, operation, "UID COPY");
	return true;
}

static unsigned queue_copy(struct imap_client *client, imap_send_fn *send, const uint32_t *uids,
			   size_t count, const char *mailbox)
{
	struct imap_operation *operation = imap_operation_new(send);

	set_uids(operation, uids, count);
	operation->name = g_strdup(mailbox);
	return imap_client_queue(client, operation);
}

unsigned imap_client_copy(struct imap_client *client, const uint32_t *uids, size_t count,
			  const char *mailbox)
{
	return queue_copy(client, send_copy, uids, count, mailbox);
}

/* Only these messages where UIDPLUS is offered, else all that are marked. */
static void write_expunge(struct imap_client *client, const struct imap_operation *operation)
{
	if (!is_empty(operation) && imap_client_offers(client, "UIDPLUS")) {
		imap_command_begin(client, "UID EXPUNGE");
		imap_command_append_set(client, &operation->uids);
	} else {
		imap_command_begin(client, "EXPUNGE");
	}
	imap_command_end(client);
}

static bool send_move(struct imap_client *client, struct imap_operation *operation)
{
	bool is_offered = imap_client_offers(client, "MOVE");

	if (is_empty(operation) || operation->step > (is_offered ? 0 : 2))
		return false;
	if (operation->step == 0)
		write_copy(client, operation, is_offered ? "UID MOVE" : "UID COPY");
	else if (operation->step == 1)
		write_store(client, operation, "+FLAGS.SILENT", MAILBOX_DELETED);
	else
		write_expunge(client, operation);
	return true;
}

unsigned imap_client_move(struct imap_client *client, const uint32_t *uids, size_t count,
			  const char *mailbox)
{
	return queue_copy(client, send_move, uids, count, mailbox);
}

static bool send_expunge(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	write_expunge(client, operation);
	return true;
}

unsigned imap_client_expunge(struct imap_client *client, const uint32_t *uids, size_t count)
{
	struct imap_operation *operation = imap_operation_new(send_expunge);

	set_uids(operation, uids, count);
	return imap_client_queue(client, operation);
}

static bool send_append(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, "APPEND");
	imap_command_append_mailbox(client, operation->name);
	if (operation->flags & IMAP_FLAGS_SETTABLE) {
		imap_command_append(client, " (");
		imap_flags_print(client->line, operation->flags & IMAP_FLAGS_SETTABLE, NULL);
		imap_command_append(client, ")");
	}
	imap_command_append_literal(client, operation->message);
	return imap_command_end(client);
}

unsigned imap_client_append(struct imap_client *client, const char *mailbox, uint32_t flags,
			    GBytes *message)
{
	struct imap_operation *operation = imap_operation_new(send_append);

	operation->name = g_strdup(mailbox);
	operation->flags = flags;
	operation->message = g_bytes_ref(message);
	return imap_client_queue(client, operation);
}

/* Waiting. */

/* After the server's OK it goes on waiting, unless there is something else to do. */
bool imap_send_idle(struct imap_client *client, struct imap_operation *operation)
{
	bool is_offered = imap_client_offers(client, "IDLE");

	if (operation->step > 0 &&
	    (!is_offered || !g_queue_is_empty(&client->operations) || !operation->is_done_sent))
		return false;
	operation->is_done_sent = false;
	imap_command_begin(client, is_offered ? "IDLE" : "NOOP");
	return imap_command_end(client);
}

unsigned imap_client_idle(struct imap_client *client)
{
	return imap_client_queue(client, imap_operation_new(imap_send_idle));
}

static bool send_noop(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, "NOOP");
	return imap_command_end(client);
}

unsigned imap_client_noop(struct imap_client *client)
{
	return imap_client_queue(client, imap_operation_new(send_noop));
}
