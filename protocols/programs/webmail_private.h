/* What the files of the webmail server share. */
#pragma once
#include "protocols/adapter.h"
#include "protocols/http/form.h"
#include "protocols/http/server.h"
#include "protocols/imap/client.h"
#include "protocols/layer.h"
#include "protocols/mail/address.h"
#include "protocols/mail/mailbox.h"
#include "protocols/programs/lookup.h"
#include "protocols/programs/webmail.h"
#include "protocols/smtp/client.h"
#include "sim/world.h"

#define WEBMAIL_ID_BYTES 16 /* of randomness in a session id or token; twice as many digits */

enum web_page {
	WEB_SIGN_IN, /* POST /login */
	WEB_FOLDER,
	WEB_SEARCH,
	WEB_MESSAGE,
	WEB_COMPOSE,
	WEB_SEND,
	WEB_DELETE,
	WEB_MOVE,
};

/* A line of a folder's list. */
struct web_row {
	uint32_t uid, flags; /* enum mailbox_flag */
	int64_t unix_time;   /* when the server got it */
	char *from, *subject;
	bool is_found; /* by the search under way */
};

struct web_connection;
struct web_submission;

/* A request that needs the mail server: what it is about, and how far it is. */
struct web_job {
	struct web_user *user;
	struct web_connection *connection; /* whose request it is; NULL: the browser has gone */
	enum web_page page;
	uint64_t root;   /* of the request: all that is done for it belongs to that */
	GPtrArray *form; /* query, or what was posted */
	unsigned step;
	unsigned retries;        /* connections found dead so far */
	struct message *message; /* that was asked for; NULL: it did not come */
	struct web_submission *submission;
};

/* Somebody who is signed in, or about to be, and the IMAP connection for it. */
struct web_user {
	struct webmail *webmail;
	char id[2 * WEBMAIL_ID_BYTES + 1], token[2 * WEBMAIL_ID_BYTES + 1];
	char *address, *password;
	char *notice; /* shown once, on the next page; NULL: none */
	int64_t used_ns;
	bool is_signed_in;
	bool is_leaving;            /* signed out: to be freed as soon as no connection is left */
	GQueue jobs;                /* of struct web_job *: the first is under way */
	struct lookup *lookup;      /* NULL: none under way */
	struct adapter *adapter;    /* NULL: not connected */
	struct imap_client *client; /* lives with the adapter */
	bool is_ready, was_reused, is_closing, is_running;
	unsigned operation; /* whose answer is awaited; 0: none */
	char *refusal;      /* why the login failed; NULL: it did not */
	struct timer stay;
	GPtrArray *folders; /* of char * */
	char *folder;       /* selected; NULL: none */
	GPtrArray *rows;    /* of struct web_row *, of that folder by UID */
};

struct web_connection {
	struct webmail *webmail;
	struct adapter *adapter;
	struct http_server *server;
	struct web_job *job; /* that it waits for; NULL: none */
	bool is_protected;   /* by TLS */
};

struct webmail {
	struct host *host;
	struct node *node;
	const struct webmail_config *config;
	struct tcp_listener *listener, *tls_listener; /* tls_listener: NULL without TLS */
	struct linger_pool *lingers;
	struct random_stream random;
	struct random_stream nonces; /* for its logins, see sasl.h */
	struct sasl_keys *keys;      /* likewise */
	GList *connections;          /* of struct web_connection *, newest first */
	GPtrArray *users;            /* of struct web_user * */
	unsigned composed;           /* messages so far, for Message-ID */
};

/* All that is done from here on, until the event ends, belongs to `root`, and is the site's doing. */
static inline void web_belong(const struct webmail *webmail, uint64_t root)
{
	engine_context(node_engine(webmail->node))->root = root;
	node_act_as(webmail->node, ACTOR_WEBMAIL);
}

/* A port of the mail server: what is configured, or what is usual with and without implicit TLS. */
static inline uint16_t web_mail_port(const struct webmail_config *config, uint16_t configured,
				     uint16_t usual, uint16_t usual_tls)
{
	if (configured != 0)
		return configured;
	return config->mail_security == SESSION_TLS_AT_ONCE ? usual_tls : usual;
}

/* What became of a connection to the mail server, for people. */
const char *web_name_failure(const struct session *session, int why);

static inline const char *web_value(const struct web_job *job, const char *name)
{
	const char *value = form_value(job->form, name);

	return value != NULL ? value : "";
}

/* webmail.c: answers end the request of `connection`. `fields` as in struct http_reply. */
void web_answer_page(struct web_connection *connection, unsigned status, const char *fields,
		     GString *html, uint64_t root); /* frees `html` */
void web_redirect(struct web_connection *connection, const char *location, const char *fields);

/* webmail_user.c */
struct web_user *web_user_new(struct webmail *webmail, const char *login, const char *password);
void web_user_free(struct web_user *user);  /* at once, whatever is under way */
void web_user_leave(struct web_user *user); /* says LOGOUT; frees it, now or later */
void web_user_add(struct web_user *user, struct web_job *job); /* takes the job; runs */

/* Goes on as far as possible. May free the user: call it last. */
void web_user_run(struct web_user *user);
void web_job_free(struct web_job *job);

/* Ends the job under way; the answer was given. */
void web_user_end(struct web_user *user);

/* The row with that UID, or NULL. */
struct web_row *web_user_find(const struct web_user *user, uint32_t uid);

/* webmail_steps.c: what a step of a job did, as in the mail client. */
enum web_step {
	WEB_NEXT,  /* nothing to ask: on with the next step */
	WEB_WAIT,  /* asked; the next step comes after the answer */
	WEB_AGAIN, /* begun; the step comes again when something is new */
	WEB_END,   /* the job is done */
};

enum web_step web_step(struct web_user *user, struct web_job *job);

/* The job under way cannot be done: says so on a page. */
void web_fail(struct web_user *user, unsigned status, const char *text);

/* webmail_submit.c: composes what the form says and submits it; goes on with web_user_run(). */
struct web_submission *web_submit(struct web_user *user, struct web_job *job);
void web_submission_free(struct web_submission *submission);

/* How it ended: 0 it is under way, 1 it was taken, else a status code and why not. */
unsigned web_submission_outcome(const struct web_submission *submission, const char **text);
GBytes *web_submission_message(const struct web_submission *submission);

/* webmail_pages.c, webmail_page_*.c: whole pages; the caller frees them. */
extern const char web_style_sheet[];
GString *web_sign_in_page(const struct webmail *webmail, const char *login, const char *problem);
GString *web_folder_page(struct web_user *user, const struct web_job *job);
GString *web_message_page(struct web_user *user, const struct web_job *job);
GString *web_compose_page(struct web_user *user, const struct web_job *job, const char *problem);
GString *web_error_page(struct web_user *user, unsigned status, const char *text);

/* "/folder?name=INBOX"; the caller frees it. */
char *web_folder_link(const char *folder);
