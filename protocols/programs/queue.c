#include "protocols/programs/queue.h"

#include "protocols/mail/address.h"
#include "protocols/mail/message.h"
#include "protocols/programs/dsn.h"

/* One recipient of a message. Once it is SMTP_SENT, or returned to the sender, it is settled. */
struct queue_recipient {
	char *address;
	struct smtp_recipient_wish wish;
	bool is_settled;
	bool is_news;            /* settled in this attempt, and the sender wants to know */
	struct mail_result last; /* of the last attempt; outcome SMTP_PENDING before the first */
};

struct queue_entry {
	struct mail_queue *queue;
	char *id;
	struct mail_identity identity;
	char *sender;
	struct smtp_message_wish wish;
	bool goes_to_junk;
	GBytes *data;
	unsigned count;
	struct queue_recipient *recipients;
	int64_t arrived_ns;
	unsigned attempts;
	bool was_warned;
	struct timer timer;  /* the next attempt */
	GPtrArray *jobs;     /* of struct mail_job *, of the attempt under way */
	bool is_handing_out; /* jobs are being started; some may be done already */
};

struct mail_queue {
	struct node *node;
	struct mail_queue_config config;
	GPtrArray *entries; /* of struct queue_entry *, in order of arrival */
	uint32_t ids;
};

/* Postfix makes ids of the microsecond and the queue file's inode; this is where ours start. */
#define FIRST_FILE_NUMBER 0x512001u

void mail_result_clear(struct mail_result *result)
{
	g_free(result->reason);
	g_free(result->remote_host);
	g_free(result->reply);
	*result = (struct mail_result) { 0 };
}

static void free_job(gpointer data)
{
	struct mail_job *job = data;

	for (unsigned i = 0; i < job->count; i++)
		mail_result_clear(&job->results[i]);
	g_free(job->results);
	g_free(job->recipients);
	g_free(job->wishes);
	g_free(job->places);
	g_free(job->domain);
	g_free(job);
}

static void free_entry(gpointer data)
{
	struct queue_entry *entry = data;

	timer_cancel(node_engine(entry->queue->node), &entry->timer);
	g_ptr_array_unref(entry->jobs);
	for (unsigned i = 0; i < entry->count; i++) {
		g_free(entry->recipients[i].address);
		g_free(entry->recipients[i].wish.original);
		mail_result_clear(&entry->recipients[i].last);
	}
	g_free(entry->recipients);
	g_bytes_unref(entry->data);
	g_free((char *)entry->wish.envelope_id);
	g_free(entry->sender);
	g_free(entry->id);
	g_free(entry);
}

struct mail_queue *mail_queue_new(struct node *node, const struct mail_queue_config *config)
{
	struct mail_queue *queue = g_new0(struct mail_queue, 1);

	queue->node = node;
	queue->config = *config;
	queue->entries = g_ptr_array_new_with_free_func(free_entry);
	return queue;
}

void mail_queue_free(struct mail_queue *queue)
{
	if (queue == NULL)
		return;
	g_ptr_array_unref(queue->entries);
	g_free(queue);
}

unsigned mail_queue_length(const struct mail_queue *queue)
{
	return queue->entries->len;
}

void mail_queue_new_id(struct mail_queue *queue, char id[QUEUE_ID_BYTES])
{
	int64_t microseconds = node_now(queue->node) / NS_PER_US % 1000000;

	g_snprintf(id, QUEUE_ID_BYTES, "%05X%X", (unsigned)microseconds,
		   FIRST_FILE_NUMBER + queue->ids++);
}

/* Records. */

static void record_recipient(const struct queue_entry *entry, enum mail_detail detail,
			     const char *first, const char *second)
{
	GString *text = g_string_new(first);

	g_string_append_c(text, '\0');
	g_string_append(text, second);
	mail_record(entry->queue->node, ACTOR_MTA, detail, &entry->identity, 0,
		    (struct bytes) { (const uint8_t *)text->str, text->len });
	g_string_free(text, TRUE);
}

/* Returns and warnings. */

/* Which recipients a notification is about. */
typedef bool queue_choice(const struct queue_recipient *recipient);

static bool has_failed(const struct queue_recipient *recipient)
{
	return !recipient->is_settled && recipient->last.outcome == SMTP_FAILED;
}

static bool is_delayed(const struct queue_recipient *recipient)
{
	return !recipient->is_settled && recipient->last.outcome == SMTP_DEFERRED;
}

/* RFC 3461 section 4.1: who says nothing wants to know of failures and delays. */
static bool wants(const struct queue_recipient *recipient, enum smtp_notify notify)
{
	unsigned wish = recipient->wish.notify;

	return wish == 0 ? notify != SMTP_NOTIFY_SUCCESS : (wish & notify) != 0;
}

static bool is_failure_wanted(const struct queue_recipient *recipient)
{
	return has_failed(recipient) && wants(recipient, SMTP_NOTIFY_FAILURE);
}

static bool is_delay_wanted(const struct queue_recipient *recipient)
{
	return is_delayed(recipient) && wants(recipient, SMTP_NOTIFY_DELAY);
}

static bool is_news(const struct queue_recipient *recipient)
{
	return recipient->is_news;
}

static GBytes *compose_notification(const struct queue_entry *entry, enum dsn_action action,
				    queue_choice *chooses, const char *queue_id)
{
	const struct mail_queue *queue = entry->queue;
	const struct world *world = queue->node->world;
	GArray *about = g_array_new(FALSE, FALSE, sizeof(struct dsn_recipient));

	for (unsigned i = 0; i < entry->count; i++) {
		const struct queue_recipient *recipient = &entry->recipients[i];
		struct dsn_recipient row = {
			.address = recipient->address,
			.original = recipient->wish.original,
			.status = recipient->last.status,
			.reason = recipient->last.reason,
			.remote_host = recipient->last.remote_host,
			.reply = recipient->last.reply,
			.is_relayed = recipient->last.is_relayed,
		};

		if (chooses(recipient))
			g_array_append_val(about, row);
	}
	GBytes *data = dsn_compose(&(struct dsn) {
	    .action = action,
	    .host_name = queue->config.host_name,
	    .software = queue->config.software,
	    .queue_id = queue_id,
	    .original_id = entry->id,
	    .envelope_id = entry->wish.envelope_id,
	    .returns = entry->wish.returns,
	    .sender = entry->sender,
	    .unix_time = world_unix_time(world),
	    .arrived_unix_time = world->epoch_s + entry->arrived_ns / NS_PER_S,
	    .given_up_unix_time =
		world->epoch_s + (entry->arrived_ns + queue->config.lifetime_ns) / NS_PER_S,
	    .recipients = &g_array_index(about, struct dsn_recipient, 0),
	    .recipient_count = about->len,
	    .original = entry->data,
	});

	g_array_free(about, TRUE);
	return data;
}

static bool has_any(const struct queue_entry *entry, queue_choice *chooses)
{
	for (unsigned i = 0; i < entry->count; i++)
		if (chooses(&entry->recipients[i]))
			return true;
	return false;
}

/* Tells the sender; nobody is told of a notification's fate (RFC 5321 section 6.1). */
static void notify(struct queue_entry *entry, enum dsn_action action, queue_choice *chooses)
{
	struct mail_queue *queue = entry->queue;
	struct context *context = engine_context(node_engine(queue->node));
	uint64_t root = context->root;
	char id[QUEUE_ID_BYTES];

	if (entry->sender[0] == '\0' || !has_any(entry, chooses))
		return;
	mail_queue_new_id(queue, id);

	GBytes *data = compose_notification(entry, action, chooses, id);
	struct mail_identity identity = mail_identity_of_new(queue->node);
	gsize length;
	const uint8_t *bytes = g_bytes_get_data(data, &length);

	context->root = identity.root;
	mail_record(queue->node, ACTOR_MTA, MAIL_NOTIFIED, &identity, 0,
		    (struct bytes) { bytes, length });
	mail_queue_add(queue, &(struct mail_envelope) {
				  .queue_id = id,
				  .identity = identity,
				  .sender = "",
				  .recipients = (const char *const[]) { entry->sender },
				  .recipient_count = 1,
				  .data = data,
			      });
	context->root = root;
	g_bytes_unref(data);
}

/* The end of an attempt. */

static void return_failed(struct queue_entry *entry)
{
	for (unsigned i = 0; i < entry->count; i++)
		if (has_failed(&entry->recipients[i]))
			record_recipient(entry, MAIL_BOUNCED, entry->recipients[i].address,
					 entry->recipients[i].last.reason);
	notify(entry, DSN_FAILED, is_failure_wanted);
	for (unsigned i = 0; i < entry->count; i++)
		entry->recipients[i].is_settled |= entry->recipients[i].last.outcome == SMTP_FAILED;
}

/* Those who wanted to know that their message arrived, or was handed on. */
static void report_success(struct queue_entry *entry)
{
	notify(entry, DSN_SUCCEEDED, is_news);
	for (unsigned i = 0; i < entry->count; i++)
		entry->recipients[i].is_news = false;
}

/* What was deferred for too long has failed. */
static void expire(struct queue_entry *entry)
{
	const struct mail_queue *queue = entry->queue;

	if (node_now(queue->node) - entry->arrived_ns < queue->config.lifetime_ns)
		return;
	for (unsigned i = 0; i < entry->count; i++)
		if (is_delayed(&entry->recipients[i]))
			entry->recipients[i].last.outcome = SMTP_FAILED;
}

/* The pause doubles with every attempt, up to its maximum. */
static int64_t next_pause_ns(const struct queue_entry *entry)
{
	const struct mail_queue_config *config = &entry->queue->config;
	int64_t pause_ns = config->retry_ns;

	for (unsigned i = 1; i < entry->attempts && pause_ns < config->retry_max_ns; i++)
		pause_ns *= 2;
	return MIN(pause_ns, config->retry_max_ns);
}

static void warn(struct queue_entry *entry)
{
	const struct mail_queue *queue = entry->queue;

	if (queue->config.warning_ns == 0 || entry->was_warned ||
	    node_now(queue->node) - entry->arrived_ns < queue->config.warning_ns)
		return;
	entry->was_warned = true;
	notify(entry, DSN_DELAYED, is_delay_wanted);
}

static void try_later(struct queue_entry *entry)
{
	struct node *node = entry->queue->node;
	int64_t next_ns = node_now(node) + next_pause_ns(entry);

	for (unsigned i = 0; i < entry->count; i++)
		if (is_delayed(&entry->recipients[i]))
			mail_record(node, ACTOR_MTA, MAIL_DEFERRED, &entry->identity,
				    (uint64_t)next_ns, bytes_of(entry->recipients[i].last.reason));
	warn(entry);
	timer_schedule(node_engine(node), &entry->timer, next_ns);
}

static bool is_anyone_left(const struct queue_entry *entry)
{
	for (unsigned i = 0; i < entry->count; i++)
		if (!entry->recipients[i].is_settled)
			return true;
	return false;
}

static void finish_attempt(struct queue_entry *entry)
{
	expire(entry);
	return_failed(entry);
	report_success(entry);
	if (is_anyone_left(entry))
		try_later(entry);
	else
		g_ptr_array_remove(entry->queue->entries, entry);
}

/* An attempt. */

static struct mail_job *job_for(struct queue_entry *entry, const char *domain)
{
	struct mail_job *job;

	for (guint i = 0; i < entry->jobs->len; i++) {
		job = g_ptr_array_index(entry->jobs, i);
		if (g_ascii_strcasecmp(job->domain, domain) == 0)
			return job;
	}
	job = g_new0(struct mail_job, 1);
	job->queue_id = entry->id;
	job->identity = entry->identity;
	job->attempt = entry->attempts;
	job->sender = entry->sender;
	job->data = entry->data;
	job->domain = g_ascii_strdown(domain, -1);
	job->recipients = g_new0(const char *, entry->count);
	job->wishes = g_new0(struct smtp_recipient_wish, entry->count);
	job->wish = entry->wish;
	job->goes_to_junk = entry->goes_to_junk;
	job->results = g_new0(struct mail_result, entry->count);
	job->places = g_new0(unsigned, entry->count);
	job->entry = entry;
	g_ptr_array_add(entry->jobs, job);
	return job;
}

/* Recipients that share a domain make one job, in the order in which they were named. */
static void make_jobs(struct queue_entry *entry)
{
	for (unsigned i = 0; i < entry->count; i++) {
		const struct queue_recipient *recipient = &entry->recipients[i];

		if (recipient->is_settled)
			continue;
		struct mail_job *job = job_for(entry, address_domain(recipient->address));

		job->places[job->count] = i;
		job->wishes[job->count] = recipient->wish;
		job->recipients[job->count++] = recipient->address;
	}
}

static void attempt(void *owner)
{
	struct queue_entry *entry = owner;
	struct mail_queue *queue = entry->queue;

	engine_context(node_engine(queue->node))->root = entry->identity.root;
	node_act_as(queue->node, ACTOR_MTA);
	entry->attempts++;
	make_jobs(entry);
	entry->is_handing_out = true;

	GPtrArray *jobs = g_ptr_array_copy(entry->jobs, NULL, NULL);

	g_ptr_array_set_free_func(jobs, NULL);
	for (guint i = 0; i < jobs->len; i++)
		queue->config.deliver(queue->config.owner, g_ptr_array_index(jobs, i));
	g_ptr_array_unref(jobs);
	entry->is_handing_out = false;
	if (entry->jobs->len == 0)
		finish_attempt(entry);
}

/* Delivered here; or handed to a server that will not report. Else that server does. */
static bool is_ours_to_report(const struct mail_result *result)
{
	return result->remote_host == NULL || result->is_relayed;
}

void mail_job_done(struct mail_job *job)
{
	struct queue_entry *entry = job->entry;

	for (unsigned i = 0; i < job->count; i++) {
		struct queue_recipient *recipient = &entry->recipients[job->places[i]];

		g_assert(job->results[i].outcome != SMTP_PENDING);
		mail_result_clear(&recipient->last);
		recipient->last = job->results[i];
		job->results[i] = (struct mail_result) { 0 };
		recipient->is_settled = recipient->last.outcome == SMTP_SENT;
		recipient->is_news = recipient->is_settled &&
				     wants(recipient, SMTP_NOTIFY_SUCCESS) &&
				     is_ours_to_report(&recipient->last);
	}
	g_ptr_array_remove(entry->jobs, job);
	if (entry->jobs->len == 0 && !entry->is_handing_out)
		finish_attempt(entry);
}

void mail_queue_add(struct mail_queue *queue, const struct mail_envelope *envelope)
{
	struct queue_entry *entry = g_new0(struct queue_entry, 1);

	entry->queue = queue;
	entry->id = g_strdup(envelope->queue_id);
	entry->identity = envelope->identity;
	entry->sender = g_strdup(envelope->sender);
	entry->wish = envelope->wish;
	entry->wish.envelope_id = g_strdup(envelope->wish.envelope_id);
	entry->goes_to_junk = envelope->goes_to_junk;
	entry->data = g_bytes_ref(envelope->data);
	entry->count = envelope->recipient_count;
	entry->recipients = g_new0(struct queue_recipient, entry->count);
	entry->arrived_ns = node_now(queue->node);
	entry->jobs = g_ptr_array_new_with_free_func(free_job);
	timer_init(&entry->timer, queue->node->index, attempt, entry);
	g_ptr_array_add(queue->entries, entry);

	for (unsigned i = 0; i < envelope->recipient_count; i++) {
		entry->recipients[i].address = g_strdup(envelope->recipients[i]);
		if (envelope->wishes != NULL)
			entry->recipients[i].wish =
			    (struct smtp_recipient_wish) { envelope->wishes[i].notify,
							   g_strdup(envelope->wishes[i].original) };
		record_recipient(entry, MAIL_QUEUED, entry->id, entry->recipients[i].address);
	}
	timer_schedule(node_engine(queue->node), &entry->timer,
		       entry->arrived_ns + queue->config.pickup_ns);
}

void mail_queue_each(const struct mail_queue *queue,
		     void (*look)(void *owner, const struct mail_queue_item *item), void *owner)
{
	for (guint i = 0; i < queue->entries->len; i++) {
		const struct queue_entry *entry = g_ptr_array_index(queue->entries, i);

		for (unsigned k = 0; k < entry->count; k++) {
			const struct queue_recipient *recipient = &entry->recipients[k];

			if (recipient->is_settled)
				continue;
			look(owner, &(struct mail_queue_item) {
					.queue_id = entry->id,
					.sender = entry->sender,
					.recipient = recipient->address,
					.size_bytes = g_bytes_get_size(entry->data),
					.arrived_ns = entry->arrived_ns,
					.next_ns = entry->timer.deadline_ns,
					.attempts = entry->attempts,
					.reason = recipient->last.reason,
				    });
		}
	}
}
