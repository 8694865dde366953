#include "protocols/programs/browser.h"

#include "protocols/adapter.h"
#include "protocols/http/client.h"
#include "protocols/layer.h"
#include "protocols/programs/mua_private.h"

struct browser {
	struct host *host;
	struct browser_config config;
	GPtrArray *cookies;         /* a form: names and values */
	struct lookup *lookup;      /* NULL: none under way */
	struct adapter *adapter;    /* NULL: not connected */
	struct http_client *client; /* lives with the adapter */
	/* The request under way; `target` is NULL when there is none. */
	char *target, *content; /* content NULL: it is a GET */
	uint64_t root;
	unsigned redirects;
	bool was_reused; /* its connection was there before */
};

static void go(struct browser *browser);

static void forget_request(struct browser *browser)
{
	g_clear_pointer(&browser->target, g_free);
	g_clear_pointer(&browser->content, g_free);
}

static void fail(struct browser *browser, enum mua_outcome outcome, const char *text)
{
	forget_request(browser);
	browser->config.done(browser->config.owner, 0, NULL, outcome, text);
}

/* ---- Cookies ---- */

/* set-cookie-string = cookie-pair *( ";" SP cookie-av ): Max-Age=0 takes one away. */
static void take_cookie(struct browser *browser, const char *text)
{
	char **parts = g_strsplit(text, ";", -1);
	char *equals = parts[0] != NULL ? strchr(parts[0], '=') : NULL;
	bool is_over = false;

	for (char **part = parts; *part != NULL; part++)
		is_over |= g_ascii_strcasecmp(g_strstrip(*part), "Max-Age=0") == 0;
	if (equals != NULL && (browser->cookies->len < BROWSER_COOKIES_MAX || is_over)) {
		*equals = '\0';
		form_set(browser->cookies, parts[0], is_over ? NULL : equals + 1);
	}
	g_strfreev(parts);
}

static void take_cookies(struct browser *browser, const struct http_message *response)
{
	for (unsigned i = 0; i < response->fields->len; i++) {
		const struct http_field *field = g_ptr_array_index(response->fields, i);

		if (g_ascii_strcasecmp(field->name, "Set-Cookie") == 0)
			take_cookie(browser, field->value);
	}
}

static void append_cookies(const struct browser *browser, GString *fields)
{
	const char *before = "Cookie: ";

	for (unsigned i = 0; i < browser->cookies->len; i++) {
		const struct form_field *cookie = g_ptr_array_index(browser->cookies, i);

		if (cookie->value[0] == '\0')
			continue;
		g_string_append_printf(fields, "%s%s=%s", before, cookie->name, cookie->value);
		before = "; ";
	}
	if (before[0] == ';')
		g_string_append(fields, "\r\n");
}

static const char *scheme(const struct browser *browser)
{
	return browser->config.tls != NULL ? "https" : "http";
}

/* ---- Answers ---- */

/* RFC 9110 section 15.4.4: what was posted is answered elsewhere, to a GET. */
static bool follow(struct browser *browser, const struct http_message *response)
{
	const char *location = http_field(response, "Location");
	char *site = g_strconcat(scheme(browser), "://", browser->config.site, "/", NULL);

	if (location != NULL && g_str_has_prefix(location, site))
		location += strlen(site) - 1;
	g_free(site);
	if (response->status / 100 != 3 || location == NULL || location[0] != '/' ||
	    browser->redirects == BROWSER_REDIRECTS_MAX)
		return false;
	char *target = g_strdup(location);

	forget_request(browser);
	browser->target = target;
	browser->redirects++;
	return true;
}

static void answered(void *owner, struct http_client *client, const struct http_message *response)
{
	struct browser *browser = owner;

	(void)client;
	if (response == NULL || browser->target == NULL)
		return; /* connection_done() will tell why */
	take_cookies(browser, response);
	if (follow(browser, response)) {
		go(browser);
		return;
	}
	struct html_page *page =
	    html_parse((struct bytes) { response->content->data, response->content->len });

	forget_request(browser);
	browser->config.done(browser->config.owner, response->status, page, MUA_DONE, NULL);
	html_page_free(page);
}

/*
 * A connection that was kept may be closed by the server just when it is used again. Asking for a
 * page once more does no harm (RFC 9110 section 9.2.2); a form must not be sent twice.
 */
static void connection_done(void *owner, struct session *session, int why)
{
	struct browser *browser = owner;
	const char *text;
	enum mua_outcome outcome = mua_outcome_of_failure(session, why, &text);

	(void)session;
	browser->adapter = NULL;
	browser->client = NULL;
	if (browser->target == NULL)
		return;
	engine_context(node_engine(host_node(browser->host)))->root = browser->root;
	if (browser->was_reused && browser->content == NULL)
		go(browser);
	else
		fail(browser, outcome, text);
}

/* ---- Requests ---- */

static void ask(struct browser *browser)
{
	GString *fields = g_string_new(NULL);
	const char *agent = browser->config.user_agent;
	bool is_post = browser->content != NULL;

	g_string_append_printf(fields, "User-Agent: %s\r\nAccept: text/html\r\n",
			       agent != NULL ? agent : "browser");
	if (is_post)
		g_string_append_printf(fields, "Origin: %s://%s\r\n", scheme(browser),
				       browser->config.site);
	append_cookies(browser, fields);
	http_client_request(
	    browser->client,
	    &(struct http_request) {
		.method = is_post ? "POST" : "GET",
		.target = browser->target,
		.host = browser->config.site,
		.fields = fields->str,
		.content_type = is_post ? "application/x-www-form-urlencoded" : NULL,
		.content = bytes_of(is_post ? browser->content : ""),
	    });
	g_string_free(fields, TRUE);
}

static void connect_to(struct browser *browser, uint32_t address)
{
	struct session *session = http_client_new(&(struct http_client_config) {
	    .answered = answered,
	    .owner = browser,
	});
	struct stream *stream = tcp_connect(
	    browser->host, (struct endpoint) { address, browser->config.port }, NULL, NULL);

	browser->client = http_client_of(session);
	browser->adapter = adapter_new(browser->host, stream, session, false,
				       &(struct adapter_config) {
					   .layer = LAYER_HTTP,
					   .actor = ACTOR_BROWSER,
					   .wakeup_ns = browser->config.wakeup_ns,
					   .connect_timeout_ns = browser->config.connect_timeout_ns,
					   .tls = browser->config.tls,
					   .tls_name = browser->config.site,
					   .begins_with_tls = browser->config.tls != NULL,
					   .done = connection_done,
					   .owner = browser,
				       });
	ask(browser);
}

static void looked_up(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct browser *browser = owner;

	browser->lookup = NULL;
	engine_context(node_engine(host_node(browser->host)))->root = browser->root;
	if (outcome == LOOKUP_FOUND)
		connect_to(browser, address);
	else
		fail(browser, mua_outcome_of_lookup(outcome), lookup_outcome_names[outcome]);
}

/* Asks for the target: on the connection that is there, or on a new one. */
static void go(struct browser *browser)
{
	const struct browser_config *config = &browser->config;

	engine_context(node_engine(host_node(browser->host)))->root = browser->root;
	browser->was_reused = browser->client != NULL && http_client_is_free(browser->client);
	if (browser->was_reused) {
		ask(browser);
		return;
	}
	g_clear_pointer(&browser->adapter, adapter_free);
	browser->client = NULL;
	browser->lookup =
	    lookup_new(config->resolver, config->site, config->asks_aaaa, looked_up, browser);
	if (browser->lookup == NULL)
		fail(browser, MUA_NO_NAME, "not a domain name");
}

static void begin(struct browser *browser, char *target, char *content)
{
	forget_request(browser);
	browser->target = target;
	browser->content = content;
	browser->redirects = 0;
	browser->root = engine_context(node_engine(host_node(browser->host)))->root;
	go(browser);
}

void browser_get(struct browser *browser, const char *target)
{
	begin(browser, g_strdup(target), NULL);
}

void browser_submit(struct browser *browser, const struct html_form *form, const GPtrArray *fields)
{
	char *content = form_encode(fields);

	if (strcmp(form->method, "POST") == 0) {
		begin(browser, g_strdup(form->action), content);
	} else {
		begin(browser, g_strconcat(form->action, "?", content, NULL), NULL);
		g_free(content);
	}
}

void browser_stop(struct browser *browser)
{
	struct adapter *adapter = g_steal_pointer(&browser->adapter);

	forget_request(browser);
	g_clear_pointer(&browser->lookup, lookup_free);
	if (browser->client != NULL && http_client_is_free(browser->client)) {
		browser->adapter = adapter; /* it closes in order */
		http_client_close(browser->client);
		return;
	}
	browser->client = NULL;
	adapter_free(adapter);
}

/* ---- Life ---- */

struct browser *browser_new(struct host *host, const struct browser_config *config)
{
	struct browser *browser = g_new0(struct browser, 1);

	browser->host = host;
	browser->config = *config;
	browser->cookies = form_new();
	return browser;
}

void browser_free(struct browser *browser)
{
	if (browser == NULL)
		return;
	forget_request(browser);
	lookup_free(browser->lookup);
	adapter_free(browser->adapter);
	g_ptr_array_unref(browser->cookies);
	g_free(browser);
}
