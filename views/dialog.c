#include "views/dialog.h"

#include <inttypes.h>
#include <string.h>
#include "protocols/layer.h"
#include "protocols/tls/dissect.h"
#include "sim/plural.h"
#include "views/names.h"
#include "views/sentence.h"
#include "views/text.h"

#define LINES_MAX 40 /* of one unit; of longer ones the first are shown */

static void print_text(FILE *out, struct bytes line)
{
	GString *text = g_string_new(NULL);

	text_append_printable(text, line);
	fputs(text->str, out);
	g_string_free(text, TRUE);
}

/* What others on the way cannot read has "=" in place of the colon. */
static void begin_line(FILE *out, bool colour, const struct model_unit *unit, bool is_from_server)
{
	fprintf(out, "  %12.6f s  %s%c%c%s ", time_seconds(unit->time_ns),
		!colour          ? ""
		: is_from_server ? "\033[38;5;33m"
				 : "\033[38;5;134m",
		is_from_server ? 'S' : 'C', unit->is_encrypted ? '=' : ':',
		colour ? "\033[0m" : "");
}

/* What was said, with its pieces joined where the border of a segment cuts a line in two. */
struct saying {
	const struct model_unit *first;
	GByteArray *bytes;
	uint64_t length; /* as it was on the wire */
};

static bool is_cut(const struct saying *saying, const struct model_unit *unit)
{
	return !unit->is_complete && saying->bytes->len > 0 &&
	       saying->bytes->data[saying->bytes->len - 1] != '\n';
}

/* Gathers from unit `*at` on, which moves behind what was taken. */
static struct saying gather(const GPtrArray *units, guint *at)
{
	struct saying saying = { .first = units->pdata[*at], .bytes = g_byte_array_new() };
	const struct model_unit *unit;

	do {
		unit = units->pdata[(*at)++];
		saying.length += unit->length;
		if (unit->bytes != NULL)
			g_byte_array_append(saying.bytes, g_bytes_get_data(unit->bytes, NULL),
					    (guint)g_bytes_get_size(unit->bytes));
	} while (is_cut(&saying, unit) && *at < units->len &&
		 ((struct model_unit *)units->pdata[*at])->offset == unit->offset + unit->length);
	return saying;
}

/* Takes the next line off `rest`, without its end. */
static struct bytes take_line(struct bytes *rest)
{
	const uint8_t *feed = bytes_find_byte(*rest, '\n');
	size_t taken = feed == NULL ? rest->length : (size_t)(feed - rest->data) + 1;
	size_t length = feed == NULL ? taken : taken - 1;
	struct bytes line;

	if (length > 0 && feed != NULL && rest->data[length - 1] == '\r')
		length--;
	line = bytes_first(*rest, length);
	*rest = bytes_from(*rest, taken);
	return line;
}

static void print_saying(FILE *out, bool colour, const struct saying *saying, bool is_from_server)
{
	struct bytes rest = { saying->bytes->data, saying->bytes->len };
	unsigned lines = 0;

	for (; rest.length > 0 && lines < LINES_MAX; lines++) {
		begin_line(out, colour, saying->first, is_from_server);
		print_text(out, take_line(&rest));
		fputc('\n', out);
	}
	if (lines == 0 || rest.length > 0) {
		begin_line(out, colour, saying->first, is_from_server);
		if (saying->first->dissector == &tls_dissector) {
			fprintf(out, "[TLS: %s]\n", saying->first->summary);
			g_byte_array_unref(saying->bytes);
			return;
		}
		fprintf(out, "[%s, %s%" PRIu64 " byte%s%s]\n", saying->first->name,
			lines == 0 ? "" : "in all ", saying->length, plural(saying->length),
			lines == 0 ? "" : ": the rest is not shown");
	}
	g_byte_array_unref(saying->bytes);
}

static int64_t time_of(const GPtrArray *units, guint index)
{
	return ((const struct model_unit *)units->pdata[index])->time_ns;
}

static const struct model_unit *unit_at(const GPtrArray *units, guint at)
{
	return units->pdata[at];
}

/* Where the next unit is that is no part of a line which comes later as a whole. */
static guint skip_parts(const GPtrArray *units, guint at)
{
	guint whole = at;

	while (whole < units->len && unit_at(units, whole)->kind == DISSECT_PART)
		whole++;
	while (at < whole && whole < units->len &&
	       unit_at(units, whole)->said_offset <= unit_at(units, at)->said_offset)
		at++;
	return at;
}

/* Units of both directions in order of time; what was asked comes before its answer. */
static void print_units(FILE *out, bool colour, const struct model_connection *connection)
{
	const GPtrArray *client = connection->directions[0].units;
	const GPtrArray *server = connection->directions[1].units;
	guint c = skip_parts(client, 0), s = skip_parts(server, 0);

	while (c < client->len || s < server->len) {
		bool is_answer = c == client->len ||
				 (s < server->len && time_of(server, s) < time_of(client, c));

		struct saying saying = is_answer ? gather(server, &s) : gather(client, &c);

		print_saying(out, colour, &saying, is_answer);
		c = skip_parts(client, c);
		s = skip_parts(server, s);
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

static bool is_node(const struct model *model, const bool *nodes, const struct endpoint *end)
{
	const char *name = model_name_of_address(model, end->address);

	return name != NULL && nodes[model_find_node(model, name)];
}

/* The mail itself, or a command or reply about it. */
static bool speaks_of(const struct model *model, const struct model_connection *connection,
		      unsigned message)
{
	for (size_t d = 0; d < G_N_ELEMENTS(connection->directions); d++) {
		const GPtrArray *units = connection->directions[d].units;

		for (guint i = 0; i < units->len; i++) {
			const struct model_unit *unit = units->pdata[i];
			const struct model_mail *mail = model_mail_by_root(model, unit->root);

			if (mail != NULL && mail->number == message)
				return true;
		}
	}
	return false;
}

static uint64_t layers_of(const struct model_connection *connection)
{
	const struct dissector *dissector = connection->dissector;

	return UINT64_C(1) << LAYER_TCP |
	       (dissector == NULL ? 0 : UINT64_C(1) << view_layer_find(dissector->key));
}

static bool is_wanted(const struct model *model, const struct dialog_options *options,
		      const struct model_connection *connection, struct view_found *found)
{
	return (options->nodes == NULL || is_node(model, options->nodes, &connection->client) ||
		is_node(model, options->nodes, &connection->server)) &&
	       (options->message == 0 || speaks_of(model, connection, options->message)) &&
	       view_found_note(found, layers_of(connection), options->layers);
}

/* "mail (MSA)" */
static void append_end(GString *out, const struct model *model, uint32_t address, uint8_t actor)
{
	char host[SENTENCE_HOST_BYTES];

	view_append_place(
	    out, sentence_host(model_names(model), ip_address_from_ipv4(address), host), actor);
}

static void print_connection(const struct model *model, FILE *out, bool colour,
			     const struct model_connection *connection)
{
	const char *service = sentence_service(connection->server.port);
	GString *ends = g_string_new(NULL);

	append_end(ends, model, connection->client.address, connection->actors[0]);
	g_string_append(ends, " → ");
	append_end(ends, model, connection->server.address, connection->actors[1]);
	fprintf(out, "%sconnection %u  %s port %u%s%s%s  opened at %.6f s%s\n",
		colour ? "\033[1m" : "", connection->number, ends->str, connection->server.port,
		service == NULL ? "" : " (", service == NULL ? "" : service,
		service == NULL ? "" : ")", time_seconds(connection->opened_ns),
		colour ? "\033[0m" : "");
	g_string_free(ends, TRUE);
	print_units(out, colour, connection);
	fprintf(out, "  %12.6f s  %s; %" PRIu64 " byte%s up, %" PRIu64 " byte%s down\n\n",
		time_seconds(connection->closed_ns), ending(connection),
		connection->directions[0].bytes_sent, plural(connection->directions[0].bytes_sent),
		connection->directions[1].bytes_sent, plural(connection->directions[1].bytes_sent));
}

struct view_found dialog_print(const struct model *model, const struct dialog_options *options)
{
	struct view_found found = { 0 };

	for (unsigned i = 0; i < model_connection_count(model); i++)
		if (is_wanted(model, options, model_connection(model, i), &found))
			print_connection(model, options->out, options->colour,
					 model_connection(model, i));
	return found;
}
