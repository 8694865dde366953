#include "protocols/programs/mda.h"

#include <inttypes.h>
#include "protocols/mail/address.h"
#include "protocols/mail/names.h"
#include "protocols/programs/evidence.h"

static bool has_tags(const char *domain, char *const *tagged_domains)
{
	for (; *tagged_domains != NULL; tagged_domains++)
		if (g_ascii_strcasecmp(*tagged_domains, domain) == 0)
			return true;
	return false;
}

struct account *mda_find_account(struct mail_store *store, const char *address,
				 char *const *tagged_domains)
{
	struct account *account = mail_store_find(store, address);
	const char *plus = strchr(address, '+');
	const char *domain = address_domain(address);

	if (account != NULL || plus == NULL || plus == address || plus > domain ||
	    !has_tags(domain, tagged_domains))
		return account;

	char *plain = g_strdup_printf("%.*s@%s", (int)(plus - address), address, domain);

	account = mail_store_find(store, plain);
	g_free(plain);
	return account;
}

static struct bytes job_bytes(const struct mail_job *job)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(job->data, &length);

	return (struct bytes) { data, length };
}

/* What tells a second delivery from a second message; NULL when there is no Message-ID to tell by. */
static char *envelope_key(const struct mail_job *job, const char *recipient)
{
	char *message_id = message_header(message_header_section(job_bytes(job)), "Message-ID");
	char *key = NULL;

	if (message_id != NULL)
		key = g_strdup_printf("<%s> <%s> %s", job->sender, recipient, message_id);
	g_free(message_id);
	return key;
}

/* The mailbox for what the screening put into quarantine (RFC 6154: \Junk), made when it is needed. */
static struct mailbox *junk_of(struct account *account)
{
	struct mailbox *junk = account_find_mailbox(account, MAIL_JUNK);

	if (junk != NULL)
		return junk;
	junk = account_create_mailbox(account, MAIL_JUNK);
	account_set_subscribed(account, MAIL_JUNK, true);
	return junk;
}

static void append(struct node *node, struct account *account, const struct mail_job *job,
		   const char *recipient)
{
	bool is_tagged = strchr(recipient, '+') != NULL;
	char *header = g_strdup_printf("Return-Path: <%s>\r\nDelivered-To: %s\r\n", job->sender,
				       is_tagged ? recipient : account->address);
	struct message *message =
	    message_new(message_prepend(job->data, header), job->identity.root);
	struct mailbox *mailbox =
	    job->goes_to_junk ? junk_of(account) : account_find_mailbox(account, "INBOX");
	uint8_t before = node_act_as(node, ACTOR_MDA);
	const struct mailbox_entry *entry =
	    mailbox_append(mailbox, message, 0, world_unix_time(node->world));

	GString *evidence = evidence_new(recipient);

	evidence_fact(evidence, "mailbox", "%s", mailbox->name);
	evidence_fact(evidence, "uid", "%" PRIu32, entry->uid);
	evidence_record(node, ACTOR_MDA, MAIL_DELIVERED, &job->identity, entry->uid, evidence);
	node_act_as(node, before);
	message_free(message);
	g_free(header);
}

static void fail(struct mail_result *result, enum smtp_outcome outcome, const char *status,
		 const char *reason)
{
	result->outcome = outcome;
	g_strlcpy(result->status, status, sizeof result->status);
	result->reason = g_strdup(reason);
}

static void deliver_one(struct node *node, struct mail_store *store, char *const *tagged_domains,
			const struct mail_job *job, const char *recipient,
			struct mail_result *result)
{
	struct account *account = mda_find_account(store, recipient, tagged_domains);
	char *key;

	if (account == NULL) {
		fail(result, SMTP_FAILED, "5.1.1", "unknown user");
		return;
	}
	if (!account_has_room(account, job_bytes(job).length)) {
		fail(result, SMTP_DEFERRED, "4.2.2", "mailbox is full");
		return;
	}
	key = envelope_key(job, recipient);
	if (key != NULL && account_delivered_before(account, key)) {
		mail_record(node, ACTOR_MDA, MAIL_DUPLICATE, &job->identity, 0,
			    bytes_of(recipient));
	} else {
		append(node, account, job, recipient);
		if (key != NULL)
			account_note_delivery(account, key);
	}
	g_free(key);
	result->outcome = SMTP_SENT;
	g_strlcpy(result->status, "2.0.0", sizeof result->status);
}

void mda_deliver(struct node *node, struct mail_store *store, char *const *tagged_domains,
		 struct mail_job *job)
{
	for (unsigned i = 0; i < job->count; i++)
		deliver_one(node, store, tagged_domains, job, job->recipients[i], &job->results[i]);
}
