#include "app/readable.h"

#include <inttypes.h>
#include <string.h>
#include "app/dissectors.h"
#include "views/wiretap.h"

#define FRAMES_NAMED_MAX 4    /* of one login; more are counted */
#define LOGINS_MAX       1000 /* told apart; of more, only that there are */
#define SUBMISSION_ALSO  2525 /* spoken by SMTP, and registered for nothing */

/* A password of one user at one server, told in one way. */
struct login {
	struct endpoint server;
	uint32_t client;
	const char *protocol, *how;
	char *user, *password;
	uint64_t frames[FRAMES_NAMED_MAX];
	uint64_t count;
};

struct readable {
	const struct scenario *scenario;
	struct trace_sink sink;
	struct wiretap *wiretap;
	GPtrArray *logins; /* of struct login *, by the first frame */
	uint64_t frame;    /* number of the present one */
	uint64_t further;  /* passwords of logins beyond LOGINS_MAX */
};

static void login_free(gpointer data)
{
	struct login *login = data;

	g_free(login->user);
	g_free(login->password);
	g_free(login);
}

static bool is_same(const struct login *login, const struct model_connection *connection,
		    const struct credential *credential)
{
	return login->server.address == connection->server.address &&
	       login->server.port == connection->server.port &&
	       login->client == connection->client.address && login->how == credential->how &&
	       strcmp(login->user, credential->user) == 0 &&
	       strcmp(login->password, credential->secret) == 0;
}

static struct login *login_of(struct readable *readable, const struct model_connection *connection,
			      const struct credential *credential)
{
	struct login *login;

	for (guint i = 0; i < readable->logins->len; i++)
		if (is_same(readable->logins->pdata[i], connection, credential))
			return readable->logins->pdata[i];
	if (readable->logins->len == LOGINS_MAX)
		return NULL;
	login = g_new0(struct login, 1);
	login->server = connection->server;
	login->client = connection->client.address;
	login->protocol = credential->protocol;
	login->how = credential->how;
	login->user = g_strdup(credential->user);
	login->password = g_strdup(credential->secret);
	g_ptr_array_add(readable->logins, login);
	return login;
}

static void found(void *owner, const struct model_connection *connection,
		  const struct credential *credential)
{
	struct readable *readable = owner;
	struct login *login;

	if (credential->kind != CREDENTIAL_PASSWORD)
		return;
	login = login_of(readable, connection, credential);
	if (login == NULL)
		readable->further++;
	else if (login->count++ < FRAMES_NAMED_MAX)
		login->frames[login->count - 1] = readable->frame;
}

/* Each packet once, where it is first put on a wire: as the default capture has it. */
static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct readable *readable = owner;

	if (!(record->flags & TRACE_FIRST))
		return;
	readable->frame++;
	wiretap_feed(readable->wiretap, bytes, record->time_ns);
}

struct readable *readable_new(const struct scenario *scenario)
{
	struct readable *readable = g_new0(struct readable, 1);

	readable->scenario = scenario;
	readable->wiretap = wiretap_new(all_dissectors, found, readable);
	readable->logins = g_ptr_array_new_with_free_func(login_free);
	readable->sink = (struct trace_sink) {
		.kinds = TRACE_BIT(TRACE_TRANSMIT),
		.owner = readable,
		.record = observe,
	};
	return readable;
}

void readable_free(struct readable *readable)
{
	if (readable == NULL)
		return;
	wiretap_free(readable->wiretap);
	g_ptr_array_free(readable->logins, TRUE);
	g_free(readable);
}

struct trace_sink *readable_sink(struct readable *readable)
{
	return &readable->sink;
}

/* ---- Words ---- */

static const char *name_among(const GPtrArray *nodes, uint32_t address)
{
	for (guint i = 0; i < nodes->len; i++) {
		const struct scenario_node *node = nodes->pdata[i];

		for (guint k = 0; k < node->interfaces->len; k++)
			if (((struct scenario_interface *)node->interfaces->pdata[k])->address ==
			    address)
				return node->item.name;
	}
	return NULL;
}

static void append_host(GString *out, const struct readable *readable, uint32_t address)
{
	const char *name = name_among(readable->scenario->hosts, address);
	char text[IPV4_TEXT_BYTES];

	if (name == NULL)
		name = name_among(readable->scenario->routers, address);
	g_string_append(out, name != NULL ? name : ipv4_print(address, text));
}

/* Text from the wire, for a terminal. */
static void append_printable(GString *out, const char *text)
{
	for (; *text != '\0'; text++)
		g_string_append_c(out, g_ascii_isprint(*text) ? *text : '.');
}

/* "frames 25, 31, 40, 52 and 3 more" */
static void append_frames(GString *out, const struct login *login)
{
	uint64_t named = MIN(login->count, FRAMES_NAMED_MAX);

	g_string_append(out, login->count == 1 ? "frame " : "frames ");
	for (uint64_t i = 0; i < named; i++)
		g_string_append_printf(out, "%s%" PRIu64, i == 0 ? "" : ", ", login->frames[i]);
	if (login->count > named)
		g_string_append_printf(out, " and %" PRIu64 " more", login->count - named);
}

static void append_login(GString *out, const struct readable *readable, const struct login *login)
{
	append_printable(out, *login->user == '\0' ? "somebody" : login->user);
	g_string_append_printf(out, ", %s (%s), ", login->protocol, login->how);
	append_host(out, readable, login->client);
	g_string_append(out, " → ");
	append_host(out, readable, login->server.address);
	g_string_append_printf(out, " port %u: ", login->server.port);
	append_frames(out, login);
}

void readable_warn(const struct readable *readable, FILE *out, bool colour)
{
	for (guint i = 0; i < readable->logins->len; i++) {
		g_autoptr(GString) line = g_string_new(NULL);

		append_login(line, readable, readable->logins->pdata[i]);
		fprintf(out, "  %spassword readable%s on the wire: %s\n", colour ? "\033[33m" : "",
			colour ? "\033[0m" : "", line->str);
	}
	if (readable->further > 0)
		fprintf(out, "  and %" PRIu64 " passwords of further users\n", readable->further);
}

void readable_hint(const struct readable *readable, FILE *out)
{
	if (wiretap_has_heard(readable->wiretap, SUBMISSION_ALSO))
		fprintf(out, "  port %d was used: Wireshark needs  -d tcp.port==%d,smtp\n",
			SUBMISSION_ALSO, SUBMISSION_ALSO);
}
