#include "protocols/programs/telnet.h"

#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "stack/host.h"

/* What is typed, as a session: it reads lines of any kind and answers with its own. */
struct typist {
	struct session base;
	struct telnet *telnet;
	char **lines; /* NULL ends them */
	unsigned next;
};

struct telnet {
	struct node *node;
	struct adapter *adapter;
	struct telnet_config config;
	unsigned heard; /* lines */
};

static void record(const struct telnet *telnet, enum user_detail detail, uint64_t after,
		   struct bytes bytes)
{
	trace_emit(telnet->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_USER,
		       .detail = (uint16_t)detail,
		       .root = telnet->config.action,
		       .object = telnet->config.action,
		       .after = after,
		   },
		   bytes);
}

/* UTF-16, high octet first. Of characters beyond it nothing is sensible to say. */
static void write_wide(struct session *session, const char *line)
{
	glong count;
	gunichar2 *units = g_utf8_to_utf16(line, -1, NULL, &count, NULL);

	for (glong i = 0; units != NULL && i < count; i++) {
		uint8_t octets[2];

		put_be16(octets, units[i]);
		session_write(session, (struct bytes) { octets, sizeof octets });
	}
	g_free(units);
}

static void say_next(struct typist *typist)
{
	struct session *session = &typist->base;
	const char *line = typist->lines[typist->next];

	if (line == NULL) {
		session->is_closing = true;
		return;
	}
	typist->next++;
	char *ended = g_strconcat(line, "\r\n", NULL);

	if (typist->telnet->config.is_wide)
		write_wide(session, ended);
	else
		session_write(session, bytes_of(ended));
	g_free(ended);
	session->deadline_ns = session->now_ns + TELNET_PATIENCE_NS;
}

/* Mail servers speak first: their greeting is awaited. */
static void opened(struct session *session)
{
	session->deadline_ns = session->now_ns + TELNET_PATIENCE_NS;
}

static void hear(struct telnet *telnet, struct bytes line)
{
	telnet->heard++;
	record(telnet, USER_HEARD, 0, line);
}

/* All the lines that are there are one answer; the next line is said when no other is under way. */
static size_t receive(struct session *session, struct bytes in)
{
	struct typist *typist = (struct typist *)session;
	size_t taken = 0, length;
	struct bytes line;

	while ((length = session_line(bytes_first(bytes_from(in, taken), TELNET_LINE_MAX), true,
				      &line)) > 0) {
		hear(typist->telnet, line);
		taken += length;
	}
	if (taken == 0 && in.length >= TELNET_LINE_MAX) {
		taken = TELNET_LINE_MAX;
		hear(typist->telnet, bytes_first(in, taken));
	}
	if (taken > 0)
		say_next(typist);
	return taken;
}

static void expired(struct session *session)
{
	say_next((struct typist *)session);
}

static void typist_free(struct session *session)
{
	struct typist *typist = (struct typist *)session;

	g_strfreev(typist->lines);
	session_clear(session);
	g_free(typist);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.expired = expired,
	.free = typist_free,
};

static char **lines_of(const char *text)
{
	size_t length = strlen(text);
	char *trimmed =
	    g_strndup(text, length > 0 && text[length - 1] == '\n' ? length - 1 : length);
	char **lines = g_strsplit(trimmed, "\n", -1);

	g_free(trimmed);
	return lines;
}

static struct session *typist_new(struct telnet *telnet)
{
	struct typist *typist = g_new0(struct typist, 1);

	session_init(&typist->base, &operations);
	typist->telnet = telnet;
	typist->lines = lines_of(telnet->config.text);
	return &typist->base;
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct telnet *telnet = owner;
	struct telnet_config config = telnet->config;
	bool is_connected = why == ADAPTER_ORDERLY || telnet->heard > 0;
	char *text =
	    g_strdup_printf("%u line%s heard", telnet->heard, telnet->heard == 1 ? "" : "s");

	(void)session;
	record(telnet, USER_DONE, !is_connected, bytes_of(is_connected ? text : "no connection"));
	g_free(text);
	g_free(telnet);
	if (config.done != NULL)
		config.done(config.owner);
}

/* Between bytes arriving and the program showing them. */
#define WAKEUP_NS (100 * NS_PER_US)

struct telnet *telnet_new(struct host *host, const struct telnet_config *config)
{
	struct telnet *telnet = g_new0(struct telnet, 1);
	uint8_t before = node_act_as(host_node(host), ACTOR_TELNET);
	struct stream *stream = tcp_connect(host, config->to, NULL, NULL);

	telnet->node = host_node(host);
	telnet->config = *config;
	telnet->adapter = adapter_new(host, stream, typist_new(telnet), false,
				      &(struct adapter_config) {
					  .layer = config->layer,
					  .actor = ACTOR_TELNET,
					  .wakeup_ns = WAKEUP_NS,
					  .done = connection_done,
					  .owner = telnet,
				      });
	telnet->config.text = NULL; /* borrowed until here */
	node_act_as(host_node(host), before);
	return telnet;
}

void telnet_free(struct telnet *telnet)
{
	if (telnet == NULL)
		return;
	adapter_free(telnet->adapter);
	g_free(telnet);
}
