/* What arrives at the mail server: its own checks, the screening, the stamp, the queue. */
#include "protocols/programs/mail_server_private.h"
#include "protocols/programs/reception.h"
#include "protocols/programs/stamp.h"

bool mail_client_has_room(void *owner)
{
	const struct mail_server *server = ((struct mail_client *)owner)->service->server;

	return mail_queue_length(server->queue) < server->queue_limit;
}

/* One copy for the queue: of the message itself, or one that a list sends on. */
static void enqueue_copy(const struct mail_server *server, const struct smtp_arrival *arrival,
			 const struct expansion *to, const struct screen_result *screened,
			 const char *queue_id, GBytes *data)
{
	const struct smtp_message_wish none = { .is_utf8 = arrival->wish.is_utf8 };
	bool is_list = to->sender != NULL;

	mail_queue_add(
	    server->queue,
	    &(struct mail_envelope) {
		.queue_id = queue_id,
		.identity = screened->identity,
		.goes_to_junk = screened->goes_to_junk,
		.sender = is_list ? to->sender : arrival->sender,
		.recipients = (const char *const *)to->recipients->pdata,
		.recipient_count = to->recipients->len,
		.wishes = (const struct smtp_recipient_wish *)(const void *)to->wishes->data,
		.wish = is_list ? none : arrival->wish,
		.data = data,
	    });
}

static void enqueue(const struct mail_server *server, const struct smtp_arrival *arrival,
		    const struct screen_result *screened, const char *queue_id, GBytes *data)
{
	char **recipients = g_new0(char *, arrival->recipient_count + 1);
	GPtrArray *expansions;

	for (unsigned i = 0; i < arrival->recipient_count; i++)
		recipients[i] = mail_server_complete(server, arrival->recipients[i]);
	engine_context(node_engine(server->node))->root = screened->identity.root;
	mail_record(server->node, arrival->login != NULL ? ACTOR_MSA : ACTOR_MTA,
		    arrival->login != NULL ? MAIL_SUBMITTED : MAIL_RECEIVED, &screened->identity, 0,
		    bytes_of(queue_id));
	expansions = aliases_expand(server->aliases, (const char *const *)recipients,
				    arrival->wishes, arrival->recipient_count);
	for (guint i = 0; i < expansions->len; i++) {
		const struct expansion *to = g_ptr_array_index(expansions, i);
		char id[QUEUE_ID_BYTES];

		if (to->recipients->len == 0)
			continue;
		g_strlcpy(id, queue_id, sizeof id);
		if (i > 0)
			mail_queue_new_id(server->queue, id);
		enqueue_copy(server, arrival, to, screened, id, data);
	}
	g_ptr_array_unref(expansions);
	g_strfreev(recipients);
}

/* What a user submitted, signed for the domain in its From, if there is a key of that. Takes `data`. */
static GBytes *sign(const struct mail_server *server, const struct mail_identity *identity,
		    GBytes *data)
{
	char *evidence;
	GBytes *signed_data =
	    signing_apply(server->signing, data, world_unix_time(server->node->world), &evidence);

	if (signed_data == NULL)
		return data;
	g_bytes_unref(data);
	mail_record(server->node, ACTOR_MSA, MAIL_SIGNED, identity, 0, bytes_of(evidence));
	g_free(evidence);
	return signed_data;
}

/* The message has passed: it is stamped and put into the queue. */
static void take_message(const struct mail_client *client, const struct screen_result *screened)
{
	const struct mail_server *server = client->service->server;
	struct smtp_arrival arrival = client->arrival;
	char queue_id[QUEUE_ID_BYTES];
	GBytes *data;

	arrival.data = screened->data;
	mail_queue_new_id(server->queue, queue_id);
	data = stamp_arrival(&arrival, &(struct stamp) {
					   .host_name = server->host_name,
					   .software = MAIL_SERVER_SOFTWARE,
					   .queue_id = queue_id,
					   .unix_time = world_unix_time(server->node->world),
					   .completes = arrival.login != NULL,
				       });
	if (arrival.login != NULL)
		data = sign(server, &screened->identity, data);
	enqueue(server, &arrival, screened, queue_id, data);
	g_bytes_unref(data);
	smtp_server_answer_accepted(client->session, queue_id);
}

static void message_screened(void *owner, const struct screen_result *screened)
{
	const struct mail_client *client = owner;

	if (screened->reply != NULL)
		smtp_server_answer_refused(client->session, screened->reply);
	else if (!mail_client_has_room(owner)) /* there was when the sender was named */
		smtp_server_answer_refused(client->session, SMTP_NO_ROOM);
	else
		take_message(client, screened);
}

/* Records the arrival, and what the server's own policy says. The reply that refuses it; NULL: it may pass. */
static const char *check_arrival(struct mail_client *client, const struct smtp_arrival *arrival,
				 const struct mail_identity *identity)
{
	struct mail_server *server = client->service->server;
	const struct reception reception = {
		.node = server->node,
		.actor = client->service->actor,
		.identity = *identity,
		.arrival = arrival,
		.size_limit = client->service->config.size_limit,
		.hops = stamp_count_hops(arrival->data),
		.hops_limit = MAIL_SERVER_HOPS_MAX,
		.place = mail_server_place,
		.owner = server,
	};
	const char *refusal = NULL;

	if (reception.hops > MAIL_SERVER_HOPS_MAX)
		refusal = "554 5.4.0 Error: too many hops";
	else if (!mail_client_has_room(client)) /* there was when the sender was named */
		refusal = SMTP_NO_ROOM;
	engine_context(node_engine(server->node))->root = identity->root;
	reception_record_arrival(&reception);
	reception_record_check(&reception, refusal);
	return refusal;
}

void mail_client_take(void *owner, struct smtp_server *session, const struct smtp_arrival *arrival)
{
	struct mail_client *client = owner;

	struct mail_identity identity = mail_identity_of_arrival(client->service->server->node);
	const char *refusal = check_arrival(client, arrival, &identity);

	if (refusal != NULL) {
		smtp_server_answer_refused(session, refusal);
		return;
	}
	client->arrival = *arrival;
	screen_message(client->screen, &client->arrival, &identity, message_screened, client);
}
