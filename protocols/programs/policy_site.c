#include "protocols/programs/policy_site.h"

#include "protocols/adapter.h"
#include "protocols/http/server.h"
#include "protocols/layer.h"

struct policy_site {
	struct host *host;
	struct policy_site_config config;
	char *text;
	struct tcp_listener *listener;
	struct linger_pool *lingers;
	GPtrArray *visits; /* of struct visit * */
};

/* A connection; it goes with its session. */
struct visit {
	struct policy_site *site;
	struct adapter *adapter;
};

static void requested(void *owner, struct http_server *server, const struct http_message *request)
{
	const struct visit *visit = owner;
	bool is_it = strcmp(request->target, MTA_STS_PATH) == 0;

	http_server_answer(server,
			   &(struct http_reply) {
			       .status = is_it ? 200 : 404,
			       .content_type = "text/plain; charset=utf-8",
			       .content = bytes_of(is_it ? visit->site->text : "Not found\r\n"),
			   });
}

static void visit_done(void *owner, struct session *session, int why)
{
	struct visit *visit = owner;

	(void)session;
	(void)why;
	g_ptr_array_remove(visit->site->visits, visit);
}

static void accept_visit(void *owner, struct stream *stream)
{
	struct policy_site *site = owner;
	struct visit *visit = g_new0(struct visit, 1);
	struct session *session = http_server_new(&(struct http_server_config) {
	    .software = site->config.software,
	    .requested = requested,
	    .owner = visit,
	});

	visit->site = site;
	g_ptr_array_add(site->visits, visit);
	visit->adapter = adapter_new(site->host, stream, session, true,
				     &(struct adapter_config) {
					 .layer = LAYER_HTTP,
					 .wakeup_ns = site->config.wakeup_ns,
					 .lingers = site->lingers,
					 .tls = site->config.tls,
					 .begins_with_tls = true,
					 .done = visit_done,
					 .owner = visit,
				     });
}

struct policy_site *policy_site_start(struct host *host, const struct policy_site_config *config)
{
	struct policy_site *site = g_new0(struct policy_site, 1);

	site->host = host;
	site->config = *config;
	site->text = mta_sts_policy_emit(config->policy);
	site->config.policy = NULL;
	site->lingers = linger_pool_new(host_node(host));
	site->visits = g_ptr_array_new_with_free_func(g_free);
	site->listener = tcp_listen(host, HTTPS_PORT, accept_visit, site);
	if (site->listener != NULL)
		return site;
	policy_site_stop(site);
	return NULL;
}

void policy_site_stop(struct policy_site *site)
{
	if (site == NULL)
		return;
	if (site->listener != NULL)
		tcp_listener_close(site->listener);
	for (guint i = 0; i < site->visits->len; i++)
		adapter_free(((struct visit *)site->visits->pdata[i])->adapter);
	g_ptr_array_unref(site->visits);
	linger_pool_free(site->lingers);
	g_free(site->text);
	g_free(site);
}
