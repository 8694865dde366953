/* Operations of the IMAP client on mailboxes as such: what each sends, step by step. */
#include "protocols/imap/client_session.h"

static bool send_verb_and_names(struct imap_client *client, const struct imap_operation *operation,
				const char *verb)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, verb);
	imap_command_append_mailbox(client, operation->name);
	if (operation->second != NULL)
		imap_command_append_mailbox(client, operation->second);
	return imap_command_end(client);
}

unsigned imap_client_queue_names(struct imap_client *client, imap_send_fn *send, const char *name,
				 const char *second)
{
	struct imap_operation *operation = imap_operation_new(send);

	operation->name = g_strdup(name);
	operation->second = g_strdup(second);
	return imap_client_queue(client, operation);
}

bool imap_send_select(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step == 0)
		imap_client_unselect(client);
	client->has_selected = true;
	return send_verb_and_names(client, operation, operation->is_option ? "EXAMINE" : "SELECT");
}

static bool can_resume(const struct imap_client *client, const struct imap_operation *operation)
{
	return operation->uid_validity != 0 && operation->modseq != 0 &&
	       imap_client_offers(client, "QRESYNC") && imap_client_offers(client, "ENABLE");
}

/*
 * ENABLE QRESYNC once in a session, then SELECT with what was known (RFC 7162 section 3.2.5). ENABLE must
 * not follow a SELECT (RFC 5161 section 3.1): then it is too late.
 */
bool imap_send_resume(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->is_selecting)
		return false;
	if (operation->step == 0 && can_resume(client, operation) && !client->has_qresync &&
	    !client->has_selected) {
		imap_command_begin(client, "ENABLE QRESYNC");
		return imap_command_end(client);
	}
	operation->is_selecting = true;
	client->has_selected = true;
	imap_client_unselect(client);
	imap_command_begin(client, "SELECT");
	imap_command_append_mailbox(client, operation->name);
	operation->is_resuming = client->has_qresync && can_resume(client, operation);
	if (operation->is_resuming)
		imap_command_append(client, " (QRESYNC (%u %" G_GUINT64_FORMAT "))",
				    operation->uid_validity, operation->modseq);
	return imap_command_end(client);
}

unsigned imap_client_resume(struct imap_client *client, const char *mailbox, uint32_t uid_validity,
			    uint64_t modseq)
{
	struct imap_operation *operation = imap_operation_new(imap_send_resume);

	operation->name = g_strdup(mailbox);
	operation->uid_validity = uid_validity;
	operation->modseq = modseq;
	return imap_client_queue(client, operation);
}

unsigned imap_client_select(struct imap_client *client, const char *mailbox, bool read_only)
{
	struct imap_operation *operation = imap_operation_new(imap_send_select);

	operation->name = g_strdup(mailbox);
	operation->is_option = read_only;
	return imap_client_queue(client, operation);
}

static bool send_create(struct imap_client *client, struct imap_operation *operation)
{
	return send_verb_and_names(client, operation, "CREATE");
}

unsigned imap_client_create(struct imap_client *client, const char *mailbox)
{
	return imap_client_queue_names(client, send_create, mailbox, NULL);
}

static bool send_delete(struct imap_client *client, struct imap_operation *operation)
{
	return send_verb_and_names(client, operation, "DELETE");
}

unsigned imap_client_delete(struct imap_client *client, const char *mailbox)
{
	return imap_client_queue_names(client, send_delete, mailbox, NULL);
}

static bool send_rename(struct imap_client *client, struct imap_operation *operation)
{
	return send_verb_and_names(client, operation, "RENAME");
}

unsigned imap_client_rename(struct imap_client *client, const char *from, const char *to)
{
	return imap_client_queue_names(client, send_rename, from, to);
}

static bool send_subscribe(struct imap_client *client, struct imap_operation *operation)
{
	return send_verb_and_names(client, operation,
				   operation->is_option ? "SUBSCRIBE" : "UNSUBSCRIBE");
}

unsigned imap_client_subscribe(struct imap_client *client, const char *mailbox, bool subscribed)
{
	struct imap_operation *operation = imap_operation_new(send_subscribe);

	operation->name = g_strdup(mailbox);
	operation->is_option = subscribed;
	return imap_client_queue(client, operation);
}

/* The pattern is quoted, so that its wildcards need no rules of their own. */
static bool send_pattern(struct imap_client *client, const struct imap_operation *operation,
			 const char *verb)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, verb);
	imap_command_append_mailbox(client, operation->name);
	imap_command_append_mailbox(client, operation->second);
	return imap_command_end(client);
}

static bool send_list(struct imap_client *client, struct imap_operation *operation)
{
	return send_pattern(client, operation, "LIST");
}

unsigned imap_client_list(struct imap_client *client, const char *reference, const char *pattern)
{
	return imap_client_queue_names(client, send_list, reference, pattern);
}

static bool send_lsub(struct imap_client *client, struct imap_operation *operation)
{
	return send_pattern(client, operation, "LSUB");
}

unsigned imap_client_lsub(struct imap_client *client, const char *reference, const char *pattern)
{
	return imap_client_queue_names(client, send_lsub, reference, pattern);
}

static bool send_status(struct imap_client *client, struct imap_operation *operation)
{
	if (operation->step > 0)
		return false;
	imap_command_begin(client, "STATUS");
	imap_command_append_mailbox(client, operation->name);
	imap_command_append(client, " (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)");
	return imap_command_end(client);
}

unsigned imap_client_status(struct imap_client *client, const char *mailbox)
{
	return imap_client_queue_names(client, send_status, mailbox, NULL);
}
