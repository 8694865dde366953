/*
 * A browser as far as a site of pages and forms needs one: asks for pages over HTTP or HTTPS, keeps cookies
 * (RFC 6265) and the connection, follows redirects, and reads links and forms out of the HTML it got.
 * It runs no script, and does not load style sheets.
 */
#pragma once
#include "protocols/dns/resolver.h"
#include "protocols/http/html.h"
#include "protocols/programs/mua.h"
#include "stack/socket.h"

struct browser;
struct tls_context;

#define BROWSER_REDIRECTS_MAX 10
#define BROWSER_COOKIES_MAX   50

struct browser_config {
	const char *site; /* a domain name; outlives the browser, as the next two do */
	const char *user_agent;
	struct dns_resolver *resolver;
	uint16_t port;
	struct tls_context *tls; /* of HTTPS (RFC 9110 section 4.2.2), borrowed; NULL: HTTP */
	bool asks_aaaa;
	int64_t wakeup_ns, connect_timeout_ns;
	/*
	 * What came of the request: a page, borrowed, with its status code, whatever that is; or
	 * NULL, with an outcome and why. A new request may be made inside.
	 */
	void (*done)(void *owner, unsigned status, const struct html_page *page,
		     enum mua_outcome outcome, const char *text);
	void *owner;
};

struct browser *browser_new(struct host *host, const struct browser_config *config);
void browser_free(struct browser *browser); /* NULL is fine */

/* Asks for `target` ("/folder?name=INBOX"). One request at a time. */
void browser_get(struct browser *browser, const char *target);

/* Sends what `fields` (names and values) say, as the form's method and action want it. */
void browser_submit(struct browser *browser, const struct html_form *form, const GPtrArray *fields);

/* The request under way is given up and the connection closed; `done` is not called. Cookies stay. */
void browser_stop(struct browser *browser);
