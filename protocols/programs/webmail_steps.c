/* Requests to the webmail server: what each asks of the mail server, step by step. */
#include <stdlib.h>
#include "protocols/programs/webmail_private.h"

#define SENT  "Sent"
#define INBOX "INBOX"

static const char *folder_of(const struct web_job *job)
{
	const char *name = web_value(job, job->page == WEB_FOLDER ? "name" : "folder");

	return name[0] != '\0' ? name : INBOX;
}

static uint32_t uid_of(const struct web_job *job)
{
	return (uint32_t)strtoul(web_value(job, "uid"), NULL, 10);
}

static enum web_step wait_for(struct web_user *user, unsigned operation)
{
	user->operation = operation;
	return WEB_WAIT;
}

/* Answers with a page, and ends the job. */
static enum web_step show(struct web_user *user, struct web_job *job, unsigned status,
			  const char *fields, GString *page)
{
	uint64_t root = job->message != NULL && status == 200 ? job->message->root : 0;
	struct web_connection *connection = g_steal_pointer(&job->connection);

	web_belong(user->webmail, root != 0 ? root : job->root);
	if (connection != NULL)
		web_answer_page(connection, status, fields, page, root);
	else
		g_string_free(page, TRUE);
	web_user_end(user);
	return WEB_END;
}

static enum web_step redirect(struct web_user *user, struct web_job *job, const char *location,
			      const char *fields)
{
	struct web_connection *connection = g_steal_pointer(&job->connection);

	web_belong(user->webmail, job->root);
	web_redirect(connection, location, fields);
	web_user_end(user);
	return WEB_END;
}

void web_fail(struct web_user *user, unsigned status, const char *text)
{
	struct web_job *job = g_queue_peek_head(&user->jobs);
	char *again = g_strdup_printf("Retry-After: %d\r\n", WEBMAIL_RETRY_S);
	bool is_sign_in = status == 401 || job->page == WEB_SIGN_IN;
	const char *fields = status == 503   ? again
			     : status == 401 ? "WWW-Authenticate: Form realm=\"webmail\"\r\n"
					     : NULL;
	GString *page = is_sign_in ? web_sign_in_page(user->webmail, user->address, text)
			: job->page == WEB_SEND ? web_compose_page(user, job, text)
						: web_error_page(user, status, text);

	show(user, job, status, fields, page);
	g_free(again);
}

static enum web_step fail(struct web_user *user, unsigned status, const char *text)
{
	web_fail(user, status, text);
	return WEB_END;
}

/* ---- Steps ---- */

static enum web_step welcome(struct web_user *user, struct web_job *job)
{
	bool is_protected = job->connection != NULL && job->connection->is_protected;
	char *cookie =
	    g_strdup_printf("Set-Cookie: session=%s; Path=/; HttpOnly; SameSite=Strict%s\r\n",
			    user->id, is_protected ? "; Secure" : "");

	user->is_signed_in = true;
	redirect(user, job, "/folder?name=INBOX", cookie);
	g_free(cookie);
	return WEB_END;
}

static enum web_step list_folders(struct web_user *user, struct web_job *job)
{
	(void)job;
	g_ptr_array_set_size(user->folders, 0);
	return wait_for(user, imap_client_list(user->client, "", "*"));
}

/* A folder that is selected already: what is new in it comes with the answer to NOOP. */
static enum web_step select_folder(struct web_user *user, struct web_job *job)
{
	if (g_strcmp0(user->folder, folder_of(job)) == 0)
		return wait_for(user, imap_client_noop(user->client));
	g_clear_pointer(&user->folder, g_free);
	g_ptr_array_set_size(user->rows, 0);
	return wait_for(user, imap_client_select(user->client, folder_of(job), false));
}

static enum web_step list_news(struct web_user *user, struct web_job *job)
{
	unsigned known = user->rows->len;
	const struct web_row *last = known > 0 ? g_ptr_array_index(user->rows, known - 1) : NULL;

	if (user->folder == NULL)
		user->folder = g_strdup(folder_of(job));
	if (imap_client_selected(user->client)->messages <= known)
		return WEB_NEXT;
	return wait_for(user,
			imap_client_fetch_headers(user->client, last != NULL ? last->uid + 1 : 1));
}

static enum web_step show_folder(struct web_user *user, struct web_job *job)
{
	return show(user, job, 200, NULL, web_folder_page(user, job));
}

/* search-key of RFC 3501 section 6.4.4 with a quoted string; control characters are none of it. */
static enum web_step search(struct web_user *user, struct web_job *job)
{
	static const char *const keys[] = { "TEXT", "SUBJECT", "FROM", "TO", "BODY" };
	const char *text = web_value(job, "q"), *key = keys[0];
	GString *criteria = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		if (g_ascii_strcasecmp(web_value(job, "in"), keys[i]) == 0)
			key = keys[i];
	for (unsigned i = 0; i < user->rows->len; i++)
		((struct web_row *)user->rows->pdata[i])->is_found = false;
	g_string_append_printf(criteria, "%s \"", key);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(criteria, '\\');
		if ((unsigned char)*c >= ' ' && *c != 0x7f)
			g_string_append_c(criteria, *c);
	}
	g_string_append_c(criteria, '"');
	wait_for(user, imap_client_search(user->client, criteria->str));
	g_string_free(criteria, TRUE);
	return WEB_WAIT;
}

static enum web_step find_message(struct web_user *user, struct web_job *job)
{
	if (web_user_find(user, uid_of(job)) == NULL)
		return fail(user, 404, "There is no such message here (any more).");
	return WEB_NEXT;
}

/* Reading marks it; quoting it in an answer does not. */
static enum web_step fetch_message(struct web_user *user, struct web_job *job)
{
	return wait_for(
	    user, imap_client_fetch_body(user->client, uid_of(job), job->page == WEB_MESSAGE));
}

static enum web_step show_message(struct web_user *user, struct web_job *job)
{
	if (job->message == NULL)
		return fail(user, 404, "The message has gone from the server.");
	return show(user, job, 200, NULL, web_message_page(user, job));
}

/* A new message needs none of what follows. */
static enum web_step compose_new(struct web_user *user, struct web_job *job)
{
	if (uid_of(job) == 0)
		return show(user, job, 200, NULL, web_compose_page(user, job, NULL));
	return WEB_NEXT;
}

static enum web_step compose_answer(struct web_user *user, struct web_job *job)
{
	if (job->message == NULL)
		return fail(user, 404, "The message has gone from the server.");
	GString *page = web_compose_page(user, job, NULL);

	g_clear_pointer(&job->message, message_free);
	return show(user, job, 200, NULL, page);
}

static enum web_step submit(struct web_user *user, struct web_job *job)
{
	const char *text;
	unsigned outcome;

	if (job->submission == NULL)
		job->submission = web_submit(user, job);
	outcome = web_submission_outcome(job->submission, &text);
	if (outcome == 0)
		return WEB_AGAIN;
	return outcome == 1 ? WEB_NEXT : fail(user, outcome, text);
}

static bool has_folder(const struct web_user *user, const char *name)
{
	for (unsigned i = 0; i < user->folders->len; i++)
		if (strcmp(g_ptr_array_index(user->folders, i), name) == 0)
			return true;
	return false;
}

static const char *target_of(const struct web_job *job)
{
	const char *into = web_value(job, "into");

	if (job->page == WEB_SEND)
		return SENT;
	return g_ascii_strcasecmp(into, INBOX) == 0 ? INBOX : into;
}

static enum web_step make_target(struct web_user *user, struct web_job *job)
{
	if (has_folder(user, target_of(job)))
		return WEB_NEXT;
	return wait_for(user, imap_client_create(user->client, target_of(job)));
}

static enum web_step file_copy(struct web_user *user, struct web_job *job)
{
	GBytes *message = web_submission_message(job->submission);

	return wait_for(user, imap_client_append(user->client, SENT, MAILBOX_SEEN, message));
}

static enum web_step mark_answered(struct web_user *user, struct web_job *job)
{
	uint32_t uid = uid_of(job);

	if (uid == 0 || g_strcmp0(user->folder, folder_of(job)) != 0 ||
	    web_user_find(user, uid) == NULL)
		return WEB_NEXT;
	return wait_for(user,
			imap_client_store(user->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_ANSWERED));
}

static enum web_step mark_deleted(struct web_user *user, struct web_job *job)
{
	uint32_t uid = uid_of(job);

	return wait_for(user,
			imap_client_store(user->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_DELETED));
}

static enum web_step expunge(struct web_user *user, struct web_job *job)
{
	uint32_t uid = uid_of(job);

	return wait_for(user, imap_client_expunge(user->client, &uid, 1));
}

static enum web_step move(struct web_user *user, struct web_job *job)
{
	uint32_t uid = uid_of(job);

	return wait_for(user, imap_client_move(user->client, &uid, 1, target_of(job)));
}

/* Post/Redirect/Get: reloading what comes then does nothing twice. */
static enum web_step go_to_folder(struct web_user *user, struct web_job *job)
{
	char *location = web_folder_link(folder_of(job));

	g_free(user->notice);
	user->notice = g_strdup(job->page == WEB_SEND     ? "The message was sent."
				: job->page == WEB_DELETE ? "The message was deleted."
							  : "The message was moved.");
	redirect(user, job, location, NULL);
	g_free(location);
	return WEB_END;
}

typedef enum web_step step_fn(struct web_user *user, struct web_job *job);

#define STEPS_MAX 8

/* clang-format off */
static step_fn *const steps[][STEPS_MAX] = {
	[WEB_SIGN_IN] = { welcome },
	[WEB_FOLDER] = { list_folders, select_folder, list_news, show_folder },
	[WEB_SEARCH] = { list_folders, select_folder, list_news, search, show_folder },
	[WEB_MESSAGE] = { select_folder, list_news, find_message, fetch_message, show_message },
	[WEB_COMPOSE] = { compose_new, select_folder, list_news, find_message, fetch_message,
	                  compose_answer },
	[WEB_SEND] = { submit, list_folders, make_target, file_copy, mark_answered, go_to_folder },
	[WEB_DELETE] = { select_folder, list_news, find_message, mark_deleted, expunge,
	                 go_to_folder },
	[WEB_MOVE] = { list_folders, make_target, select_folder, list_news, find_message, move,
	               go_to_folder },
};
/* clang-format on */

enum web_step web_step(struct web_user *user, struct web_job *job)
{
	return steps[job->page][job->step](user, job);
}
