/*
 * A webmail server: a site for browsers (HTTP, forms, a cookie) that is a mail client itself. It
 * reads mailboxes by IMAP and sends by submission (SMTP with AUTH), over the network, each user with
 * the name and password given at sign-in; it keeps no mail.
 *
 * GET  /login /folder /search /message /compose /style.css
 * POST /login /send /delete /move /logout   each answered by a redirect (303), or a page that says why not
 *
 * 401: sign in first (the page is the form). 403: the form is not one of ours (wrong token or origin).
 * 404, 405: no such page, message or folder, or not that way. 422: the mail server refused.
 * 503: the mail server cannot be reached; Retry-After says when to ask again.
 */
#pragma once
#include "protocols/dns/resolver.h"
#include "protocols/session.h"
#include "stack/socket.h"

struct tls_context;
struct webmail;

#define WEBMAIL_SESSIONS_MAX 1000                 /* beyond, the one unused for longest ends */
#define WEBMAIL_SESSION_NS   (30 * 60 * NS_PER_S) /* unused for so long, a session has ended */
#define WEBMAIL_IMAP_STAY_NS (5 * 60 * NS_PER_S)  /* so long an idle IMAP connection stays */
/* A person waits at the other end: so long for the mail server to connect, or to say something. */
#define WEBMAIL_CONNECT_NS (10 * NS_PER_S)
#define WEBMAIL_REPLY_NS   (20 * NS_PER_S)
#define WEBMAIL_RETRY_S    10      /* what Retry-After says */
#define WEBMAIL_PAGE_ROWS  50      /* messages on a page of a folder */
#define WEBMAIL_TEXT_BYTES 1000000 /* of a message's text shown; the rest is cut */

struct webmail_config {
	const char *domain;      /* "office.example": completes a name without '@' */
	const char *host_name;   /* of this host, for EHLO and Message-ID */
	uint16_t port;           /* it listens on; 0: HTTP_PORT */
	uint16_t tls_port;       /* by HTTPS, when it has `tls`; 0: HTTPS_PORT */
	struct tls_context *tls; /* NULL: there is no HTTPS */
	const char *imap_server; /* domain names, looked up each time */
	const char *submission_server;
	uint16_t imap_port, submission_port; /* 0: 143, 587; with SESSION_TLS_AT_ONCE 993, 465 */
	enum session_tls mail_security;      /* of its connections to the mail server */
	struct tls_context *mail_tls;        /* that they use; NULL: never */
	struct dns_resolver *resolver;       /* outlives the server */
	const char *software;                /* for Server and User-Agent */
	int64_t wakeup_ns; /* between bytes arriving and the program reading them */
};

/* `config` is borrowed, strings and all, and must outlive the server. NULL: the port is taken. */
struct webmail *webmail_start(struct host *host, const struct webmail_config *config);
void webmail_stop(struct webmail *webmail); /* NULL is fine */
