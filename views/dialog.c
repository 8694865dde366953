#include "views/dialog.h"

#include <inttypes.h>
#include <string.h>
#include "views/sentence.h"

#define LINES_MAX 40 /* of one unit; of longer ones the first are shown */

/* One line as people read it: what is not printable ASCII or UTF-8 is a dot. */
static void print_text(FILE *out, struct bytes line)
{
	while (line.length > 0) {
		const char *end;

		g_utf8_validate((const char *)line.data, (gssize)line.length, &end);
		for (const char *at = (const char *)line.data; at < end; at++)
			fputc(*at == '\t' ? ' ' : (unsigned char)*at < 0x20 || *at == 0x7f ? '.' : *at, out);
		line = bytes_from(line, (size_t)(end - (const char *)line.data));
		if (line.length > 0)
			fputc('.', out);
		line = bytes_from(line, 1);
	}
}

static void begin_line(FILE *out, bool colour, int64_t time_ns, bool is_from_server)
{
	fprintf(out, "  %12.6f s  %s%s%s ", (double)(time_ns / 1000) / 1e6,
	        !colour ? "" : is_from_server ? "\033[38;5;33m" : "\033[38;5;134m",
	        is_from_server ? "S:" : "C:", colour ? "\033[0m" : "");
}

static void print_unit(FILE *out, bool colour, const struct model_unit *unit, bool is_from_server)
{
	struct bytes rest = { 0 };
	unsigned lines = 0;

	if (unit->bytes != NULL)
		rest = (struct bytes) { g_bytes_get_data(unit->bytes, NULL),
			                g_bytes_get_size(unit->bytes) };
	for (; rest.length > 0 && lines < LINES_MAX; lines++) {
		const uint8_t *feed = memchr(rest.data, '\n', rest.length);
		size_t taken = feed == NULL ? rest.length : (size_t)(feed - rest.data) + 1;
		size_t length = feed == NULL ? taken : taken - 1;

		if (length > 0 && feed != NULL && rest.data[length - 1] == '\r')
			length--;
		begin_line(out, colour, unit->time_ns, is_from_server);
		print_text(out, bytes_first(rest, length));
		fputc('\n', out);
		rest = bytes_from(rest, taken);
	}
	if (lines == 0 || rest.length > 0) {
		begin_line(out, colour, unit->time_ns, is_from_server);
		fprintf(out, "[%s, %s%" PRIu64 " bytes%s]\n", unit->name, lines == 0 ? "" : "in all ",
		        unit->length, lines == 0 ? "" : ": the rest is not shown");
	}
}

static int64_t time_of(const GPtrArray *units, guint i)
{
	return ((const struct model_unit *)units->pdata[i])->time_ns;
}

/* Units of both directions in order of time; what was asked comes before its answer. */
static void print_units(FILE *out, bool colour, const struct model_connection *connection)
{
	const GPtrArray *client = connection->directions[0].units;
	const GPtrArray *server = connection->directions[1].units;
	guint c = 0, s = 0;

	while (c < client->len || s < server->len) {
		bool is_answer = c == client->len ||
				 (s < server->len && time_of(server, s) < time_of(client, c));

		print_unit(out, colour, is_answer ? server->pdata[s++] : client->pdata[c++],
			   is_answer);
	}
}

static const char *ending(const struct model_connection *connection)
{
	if (!connection->directions[1].has_initial_sequence)
		return connection->was_reset ? "refused" : "never answered";
	if (connection->was_reset)
		return "reset";
	return connection->fins == 3 ? "closed by both sides" : "still open";
}

void dialog_print(const struct model *model, FILE *out, bool colour)
{
	for (unsigned i = 0; i < model_connection_count(model); i++) {
		const struct model_connection *connection = model_connection(model, i);
		const char *service = sentence_service(connection->server.port);
		char client[64], server[64];

		fprintf(out, "%sconnection %u  %s → %s port %u%s%s%s  opened at %.6f s%s\n",
		        colour ? "\033[1m" : "", connection->number,
		        sentence_host(model, connection->client.address, client),
		        sentence_host(model, connection->server.address, server),
		        connection->server.port, service == NULL ? "" : " (",
		        service == NULL ? "" : service, service == NULL ? "" : ")",
		        (double)(connection->opened_ns / 1000) / 1e6, colour ? "\033[0m" : "");
		print_units(out, colour, connection);
		fprintf(out, "  %12.6f s  %s; %" PRIu64 " bytes up, %" PRIu64 " bytes down\n\n",
		        (double)(connection->closed_ns / 1000) / 1e6, ending(connection),
		        connection->directions[0].bytes_sent, connection->directions[1].bytes_sent);
	}
}
