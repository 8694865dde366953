/* What an observer of a link has learned, as one JSON object; docs/TRACE.md describes its members. */
#include <inttypes.h>
#include "views/eavesdrop_private.h"
#include "views/sentence.h"
#include "views/text.h"

/* Behind what is there: a comma, unless it is the first of an object or an array. */
static void separate(GString *out)
{
	if (out->len > 0 && out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
		g_string_append_c(out, ',');
}

static void append_key(GString *out, const char *key)
{
	separate(out);
	g_string_append_printf(out, "\"%s\":", key);
}

static void append_number(GString *out, const char *key, uint64_t number)
{
	append_key(out, key);
	text_number(out, number);
}

static void append_text(GString *out, const char *key, const char *text)
{
	append_key(out, key);
	if (text == NULL)
		g_string_append(out, "null");
	else
		text_json(out, text, strlen(text));
}

static void append_truth(GString *out, const char *key, bool truth)
{
	append_key(out, key);
	g_string_append(out, truth ? "true" : "false");
}

static void begin_array(GString *out, const char *key)
{
	append_key(out, key);
	g_string_append_c(out, '[');
}

static void begin_element(GString *out)
{
	separate(out);
	g_string_append_c(out, '{');
}

static void append_address(GString *out, const struct eavesdrop *eavesdrop,
			   struct ip_address address)
{
	char text[IPV6_ADDRESS_TEXT_BYTES];

	append_text(out, "address", ip_address_print(address, text));
	append_text(out, "name", eavesdrop_name(eavesdrop, address));
}

static void append_hosts(GString *out, const struct eavesdrop *eavesdrop)
{
	begin_array(out, "addresses");
	for (guint i = 0; i < eavesdrop->hosts->len; i++) {
		const struct heard_host *host =
		    &g_array_index(eavesdrop->hosts, struct heard_host, i);

		begin_element(out);
		append_address(out, eavesdrop, host->address);
		append_number(out, "frames", host->frames);
		append_number(out, "bytes", host->bytes);
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ']');
}

static void append_moment(GString *out, const struct heard *heard)
{
	append_number(out, "time_ns", (uint64_t)heard->time_ns);
	append_number(out, "frame", heard->frame);
}

static void append_questions(GString *out, const struct eavesdrop *eavesdrop)
{
	begin_array(out, "datagrams");
	for (guint i = 0; i < eavesdrop->questions->len; i++) {
		const struct heard *heard = &g_array_index(eavesdrop->questions, struct heard, i);

		begin_element(out);
		append_moment(out, heard);
		append_text(out, "text", heard->text);
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ']');
}

static void append_heard(GString *out, const struct heard *heard)
{
	static const char *const kinds[] = {
		[HEARD_TEXT] = "text",
		[HEARD_HANDSHAKE] = "handshake",
		[HEARD_HIDDEN] = "hidden",
		[HEARD_SECRET] = "credential",
	};

	begin_element(out);
	append_moment(out, heard);
	append_text(out, "from", heard->is_from_server ? "server" : "client");
	append_text(out, "kind", kinds[heard->kind]);
	if (heard->kind == HEARD_HIDDEN) {
		append_number(out, "bytes", heard->bytes);
		append_number(out, "records", heard->amount);
	} else {
		append_text(out, "text", heard->text);
	}
	g_string_append_c(out, '}');
}

static void append_end(GString *out, const struct eavesdrop *eavesdrop, const char *key,
		       struct ip_address address, uint16_t port,
		       const struct heard_direction *direction)
{
	append_key(out, key);
	g_string_append_c(out, '{');
	append_address(out, eavesdrop, address);
	append_number(out, "port", port);
	append_number(out, "bytes", direction->bytes);
	append_number(out, "packets", direction->segments);
	g_string_append_c(out, '}');
}

static void append_session(GString *out, const struct eavesdrop *eavesdrop,
			   const struct heard_session *session)
{
	begin_element(out);
	append_number(out, "number", session->number);
	append_end(out, eavesdrop, "client", session->client, session->client_port,
		   &session->directions[0]);
	append_end(out, eavesdrop, "server", session->server, session->server_port,
		   &session->directions[1]);
	append_text(out, "service", sentence_service(session->server_port));
	append_text(out, "protocol", session->dissector == NULL ? NULL : session->dissector->name);
	append_text(out, "tls",
		    session->is_tls_first ? "from the first byte"
		    : session->is_tls     ? "later"
					  : "no");
	append_number(out, "opened_ns", (uint64_t)session->opened_ns);
	append_number(out, "last_ns", (uint64_t)session->closed_ns);
	append_text(out, "ending", eavesdrop_ending(session));
	begin_array(out, "heard");
	for (guint i = 0; i < session->heard->len; i++)
		append_heard(out, &g_array_index(session->heard, struct heard, i));
	g_string_append(out, "]}");
}

static void append_secret(GString *out, const struct heard_secret *secret)
{
	static const char *const kinds[] = {
		[CREDENTIAL_PASSWORD] = "password",
		[CREDENTIAL_PROOF] = "proof",
		[CREDENTIAL_COOKIE] = "cookie",
	};

	begin_element(out);
	append_text(out, "kind", kinds[secret->kind]);
	append_text(out, "protocol", secret->protocol);
	append_text(out, "how", secret->how);
	append_text(out, "user", *secret->user == '\0' ? NULL : secret->user);
	append_text(out, "secret", secret->kind == CREDENTIAL_PROOF ? NULL : secret->secret);
	append_number(out, "connection", secret->connection);
	append_number(out, "frame", secret->frame);
	append_number(out, "times", secret->times);
	g_string_append_c(out, '}');
}

void eavesdrop_print_json(struct eavesdrop *eavesdrop, FILE *out)
{
	g_autoptr(GString) text = g_string_new("{");

	eavesdrop_flush(eavesdrop);
	append_text(text, "place", eavesdrop->place);
	append_truth(text, "is_network", eavesdrop->is_network);
	append_number(text, "frames", eavesdrop->frames);
	append_number(text, "bytes", eavesdrop->bytes);
	append_number(text, "first_ns", (uint64_t)eavesdrop->first_ns);
	append_number(text, "last_ns", (uint64_t)eavesdrop->last_ns);
	append_number(text, "damaged_frames", eavesdrop->damaged);
	append_number(text, "arp_frames", eavesdrop->arp);
	append_number(text, "icmp_frames", eavesdrop->icmp);
	append_hosts(text, eavesdrop);
	append_questions(text, eavesdrop);
	begin_array(text, "connections");
	for (guint i = 0; i < eavesdrop->sessions->len; i++)
		append_session(text, eavesdrop, eavesdrop->sessions->pdata[i]);
	g_string_append_c(text, ']');
	begin_array(text, "credentials");
	for (guint i = 0; i < eavesdrop->secrets->len; i++)
		append_secret(text, &g_array_index(eavesdrop->secrets, struct heard_secret, i));
	g_string_append(text, "]}\n");
	fwrite(text->str, 1, text->len, out);
}
