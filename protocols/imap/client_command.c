/* How the IMAP client writes its commands: arguments, literals, and pieces that wait for "+". */
#include "protocols/imap/client_session.h"
#include "protocols/imap/utf7.h"

static void piece_free(struct imap_piece *piece)
{
	g_bytes_unref(piece->bytes);
	g_free(piece);
}

static void add_piece(struct imap_client *client, GBytes *bytes, bool waits)
{
	struct imap_piece *piece = g_new(struct imap_piece, 1);

	*piece = (struct imap_piece) { .bytes = bytes, .waits = waits };
	g_queue_push_tail(&client->pieces, piece);
}

/* What was written so far goes as one piece. */
static void cut_line(struct imap_client *client, bool waits)
{
	if (client->line->len == 0)
		return;
	add_piece(client, g_bytes_new(client->line->str, client->line->len), waits);
	g_string_truncate(client->line, 0);
}

void imap_client_drop_pieces(struct imap_client *client)
{
	g_queue_clear_full(&client->pieces, (GDestroyNotify)piece_free);
	imap_tile_refused(&client->tiler);
}

void imap_command_begin(struct imap_client *client, const char *verb)
{
	imap_client_drop_pieces(
	    client); /* of a command that was refused before all of it was sent */
	g_snprintf(client->tag, sizeof client->tag, "a%u", ++client->last_tag);
	g_string_printf(client->line, "%s %s", client->tag, verb);
}

void imap_command_append(struct imap_client *client, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(client->line, format, arguments);
	va_end(arguments);
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8: with the plus only where it is offered (RFC 7888). */
void imap_command_append_literal(struct imap_client *client, GBytes *bytes)
{
	bool is_free = imap_client_offers(client, "LITERAL+");

	g_string_append_printf(client->line, " {%zu%s}\r\n", g_bytes_get_size(bytes),
			       is_free ? "+" : "");
	cut_line(client, false);
	add_piece(client, g_bytes_ref(bytes), !is_free);
}

static bool needs_literal(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\r' || *text == '\n' || (uint8_t)*text >= 0x80)
			return true;
	return false;
}

void imap_command_append_string(struct imap_client *client, const char *text)
{
	if (needs_literal(text)) {
		GBytes *bytes = g_bytes_new(text, strlen(text));

		imap_command_append_literal(client, bytes);
		g_bytes_unref(bytes);
		return;
	}
	g_string_append_c(client->line, ' ');
	imap_print_astring(client->line, text);
}

void imap_command_append_mailbox(struct imap_client *client, const char *name)
{
	char *wire = imap_utf7_encode(name);

	imap_command_append_string(client, wire);
	g_free(wire);
}

void imap_command_append_set(struct imap_client *client, const struct imap_sequence_set *set)
{
	g_string_append_c(client->line, ' ');
	imap_sequence_print(set, client->line);
}

/* The quoted string at `text`, unquoted into `out`. Returns what follows it. */
static const char *unquote(const char *text, GString *out)
{
	for (text++; *text != '\0' && *text != '"'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		g_string_append_c(out, *text);
	}
	return *text == '"' ? text + 1 : text;
}

/* Strings that quotes cannot hold become literals; the rest stays as it was written. */
void imap_command_append_criteria(struct imap_client *client, const char *criteria)
{
	GString *string = g_string_new(NULL);

	if (needs_literal(criteria))
		g_string_append(client->line, " CHARSET UTF-8");
	g_string_append_c(client->line, ' ');
	while (*criteria != '\0') {
		if (*criteria != '"') {
			bool is_line_end = *criteria == '\r' || *criteria == '\n';

			g_string_append_c(client->line, is_line_end ? ' ' : *criteria);
			criteria++;
			continue;
		}
		g_string_truncate(string, 0);
		criteria = unquote(criteria, string);
		if (client->line->len > 0 && client->line->str[client->line->len - 1] == ' ')
			g_string_truncate(client->line, client->line->len - 1);
		if (needs_literal(string->str)) {
			imap_command_append_string(client, string->str);
		} else {
			g_string_append_c(client->line, ' ');
			imap_print_nstring(client->line, string->str);
		}
	}
	g_string_free(string, TRUE);
}

bool imap_command_end(struct imap_client *client)
{
	g_string_append(client->line, "\r\n");
	cut_line(client, false);
	imap_client_send_pieces(client, false);
	return true;
}

static bool has_room(const struct imap_client *client)
{
	const GByteArray *output = client->base.output;

	return output == NULL || output->len < SESSION_OUTPUT_LOW;
}

void imap_client_send_pieces(struct imap_client *client, bool is_invited)
{
	struct imap_piece *piece;

	while (has_room(client) && (piece = g_queue_peek_head(&client->pieces)) != NULL) {
		if (piece->waits && !is_invited)
			return;
		piece->waits = false;
		is_invited = false;

		gsize length;
		const uint8_t *data = g_bytes_get_data(piece->bytes, &length);
		struct bytes rest = { data + piece->sent, length - piece->sent };
		struct bytes part = bytes_first(rest, SESSION_OUTPUT_LOW);
		imap_output(&client->base, &client->tiler, part, 0);
		piece->sent += part.length;
		if (piece->sent == length)
			piece_free(g_queue_pop_head(&client->pieces));
	}
}

void imap_client_send_done(struct imap_client *client)
{
	imap_output(&client->base, &client->tiler, bytes_of("DONE\r\n"), 0);
}
