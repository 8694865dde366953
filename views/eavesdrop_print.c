/* What an observer of a link has learned, in words. */
#include <inttypes.h>
#include "sim/plural.h"
#include "views/eavesdrop_private.h"
#include "views/sentence.h"

#define LINES_MAX 200 /* of one connection; of longer ones the first are shown */

struct print {
	struct eavesdrop *eavesdrop;
	FILE *out;
	bool colour;
};

static void heading(const struct print *print, const char *text)
{
	fprintf(print->out, "\n%s%s%s\n", print->colour ? "\033[1m" : "", text,
		print->colour ? "\033[0m" : "");
}

static void print_title(const struct print *print)
{
	const struct eavesdrop *eavesdrop = print->eavesdrop;

	fprintf(print->out, "%sWhat an observer at %s learns%s\n", print->colour ? "\033[1m" : "",
		eavesdrop->place, print->colour ? "\033[0m" : "");
	fprintf(print->out, "  %" PRIu64 " frame%s, %" PRIu64 " B", eavesdrop->frames,
		plural(eavesdrop->frames), eavesdrop->bytes);
	if (eavesdrop->frames > 0)
		fprintf(print->out, ", from %.6f s to %.6f s", time_seconds(eavesdrop->first_ns),
			time_seconds(eavesdrop->last_ns));
	if (eavesdrop->damaged > 0)
		fprintf(print->out, "; %" PRIu64 " damaged", eavesdrop->damaged);
	fputc('\n', print->out);
	if (eavesdrop->arp + eavesdrop->icmp > 0)
		fprintf(print->out, "  among them %" PRIu64 " of ARP and %" PRIu64 " of ICMP\n",
			eavesdrop->arp, eavesdrop->icmp);
}

static void print_hosts(const struct print *print)
{
	const GArray *hosts = print->eavesdrop->hosts;

	if (hosts->len == 0)
		return;
	heading(print, "Addresses");
	for (guint i = 0; i < hosts->len; i++) {
		const struct heard_host *host = &g_array_index(hosts, struct heard_host, i);
		const char *name = eavesdrop_name(print->eavesdrop, host->address);
		char address[IPV6_ADDRESS_TEXT_BYTES];

		fprintf(print->out, "  %-15s  sent %" PRIu64 " frame%s, %" PRIu64 " B%s%s\n",
			ip_address_print(host->address, address), host->frames,
			plural(host->frames), host->bytes, name == NULL ? "" : "; by DNS ",
			name == NULL ? "" : name);
	}
}

static void print_questions(const struct print *print)
{
	const GArray *questions = print->eavesdrop->questions;

	if (questions->len == 0)
		return;
	heading(print, "Asked and answered by UDP, readable");
	for (guint i = 0; i < questions->len; i++) {
		const struct heard *heard = &g_array_index(questions, struct heard, i);

		fprintf(print->out, "  %12.6f s  %s\n", time_seconds(heard->time_ns), heard->text);
	}
}

/* In which way, for people. */
static void print_protocol(const struct print *print, const struct heard_session *session)
{
	const char *protocol = session->dissector == NULL ? NULL : session->dissector->name;
	const char *service = sentence_service(session->server_port);

	if (service != NULL)
		fprintf(print->out, " (%s)", service);
	if (session->is_tls_first)
		fprintf(print->out, ": TLS from the first byte%s%s",
			protocol == NULL ? "" : ", by its port ", protocol == NULL ? "" : protocol);
	else if (protocol != NULL)
		fprintf(print->out, ": %s, readable%s", protocol,
			session->is_tls ? " until TLS begins" : "");
}

static void print_end(const struct print *print, struct ip_address address, uint16_t port)
{
	const char *name = eavesdrop_name(print->eavesdrop, address);
	char text[IPV6_ADDRESS_TEXT_BYTES];

	fprintf(print->out, "%s%s%s%s:%u", ip_address_print(address, text),
		name == NULL ? "" : " (", name == NULL ? "" : name, name == NULL ? "" : ")", port);
}

static void print_heard(const struct print *print, const struct heard *heard)
{
	fprintf(print->out, "  %12.6f s  ", time_seconds(heard->time_ns));
	if (heard->kind == HEARD_SECRET) {
		fprintf(print->out, "%s! %s, frame %" PRIu64 "%s\n",
			print->colour ? "\033[1;31m" : "", heard->text, heard->frame,
			print->colour ? "\033[0m" : "");
		return;
	}
	fprintf(print->out, "%c%c ", heard->is_from_server ? 'S' : 'C',
		heard->kind == HEARD_HIDDEN ? '=' : ':');
	if (heard->kind == HEARD_TEXT)
		fprintf(print->out, "%s\n", heard->text);
	else if (heard->kind == HEARD_HANDSHAKE)
		fprintf(print->out, "[TLS: %s]\n", heard->text);
	else
		fprintf(print->out, "[TLS, not readable: %" PRIu64 " B in %u %s]\n", heard->bytes,
			heard->amount, heard->amount == 1 ? "record" : "records");
}

static void print_session(const struct print *print, const struct heard_session *session)
{
	const struct heard_direction *up = &session->directions[0], *down = &session->directions[1];

	fputc('\n', print->out);
	if (print->colour)
		fputs("\033[1m", print->out);
	fprintf(print->out, "connection %u  ", session->number);
	print_end(print, session->client, session->client_port);
	fputs(" → ", print->out);
	print_end(print, session->server, session->server_port);
	print_protocol(print, session);
	fprintf(print->out, "%s\n  %12.6f s  opened\n", print->colour ? "\033[0m" : "",
		time_seconds(session->opened_ns));
	for (guint i = 0; i < session->heard->len && i < LINES_MAX; i++)
		print_heard(print, &g_array_index(session->heard, struct heard, i));
	if (session->heard->len > LINES_MAX)
		fprintf(print->out, "                  … and %u lines more\n",
			session->heard->len - LINES_MAX);
	fprintf(print->out,
		"  %12.6f s  %s; %" PRIu64 " B up in %u packet%s, %" PRIu64 " B down in %u\n",
		time_seconds(session->closed_ns), eavesdrop_ending(session), up->bytes,
		up->segments, plural(up->segments), down->bytes, down->segments);
}

static void print_secrets(const struct print *print)
{
	const GArray *secrets = print->eavesdrop->secrets;

	heading(print, "Passwords and what stands for them");
	for (guint i = 0; i < secrets->len; i++) {
		const struct heard_secret *secret = &g_array_index(secrets, struct heard_secret, i);

		fprintf(print->out, "  %s, connection %u, frame %" PRIu64, secret->text,
			secret->connection, secret->frame);
		if (secret->times > 1)
			fprintf(print->out, "; %u times in all", secret->times);
		fputc('\n', print->out);
	}
	if (secrets->len == 0)
		fputs("  none\n", print->out);
}

void eavesdrop_print(struct eavesdrop *eavesdrop, const struct eavesdrop_options *options)
{
	const struct print print = { eavesdrop, options->out, options->colour };

	eavesdrop_flush(eavesdrop);
	print_title(&print);
	print_hosts(&print);
	print_questions(&print);
	if (eavesdrop->sessions->len > 0)
		heading(&print, "Connections (C:, S: readable; C=, S= encrypted)");
	for (guint i = 0; i < eavesdrop->sessions->len; i++)
		print_session(&print, eavesdrop->sessions->pdata[i]);
	print_secrets(&print);
}
