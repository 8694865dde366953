#include "views/dialog.h"

#include <inttypes.h>
#include "views/sentence.h"

static void print_unit(FILE *out, bool colour, const struct model_unit *unit, bool is_from_server)
{
	const char *mark = is_from_server ? "S:" : "C:";

	fprintf(out, "  %12.6f s  %s%s %s%s\n", (double)unit->time_ns / 1e9,
	        !colour ? "" : is_from_server ? "\033[38;5;33m" : "\033[38;5;134m", mark,
	        unit->summary, colour ? "\033[0m" : "");
}

/* Units of both directions in order of time; what was asked comes before its answer. */
static void print_units(FILE *out, bool colour, const struct model_connection *connection)
{
	const GPtrArray *client = connection->directions[0].units;
	const GPtrArray *server = connection->directions[1].units;
	guint c = 0, s = 0;

	while (c < client->len || s < server->len) {
		const struct model_unit *asked = c < client->len ? client->pdata[c] : NULL;
		const struct model_unit *answered = s < server->len ? server->pdata[s] : NULL;

		if (answered == NULL || (asked != NULL && asked->time_ns <= answered->time_ns)) {
			print_unit(out, colour, asked, false);
			c++;
		} else {
			print_unit(out, colour, answered, true);
			s++;
		}
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
		        (double)connection->opened_ns / 1e9, colour ? "\033[0m" : "");
		print_units(out, colour, connection);
		fprintf(out, "  %12.6f s  %s; %" PRIu64 " bytes up, %" PRIu64 " bytes down\n\n",
		        (double)connection->closed_ns / 1e9, ending(connection),
		        connection->directions[0].bytes_sent, connection->directions[1].bytes_sent);
	}
}
