#include "protocols/http/dissect.h"

#include <glib.h>
#include <stdio.h>
#include "protocols/http/names.h"
#include "sim/plural.h"

/* clang-format off */
static const struct dissect_meaning meanings[HTTP_DETAIL_COUNT] = {
	[HTTP_UNKNOWN] = { "Bytes that are no HTTP message.", NULL },
	[HTTP_GET] = { "The client asks for a page; asking again changes nothing.",
	               "RFC 9110 section 9.3.1" },
	[HTTP_HEAD] = { "The client asks what a page is like, without its content.",
	                "RFC 9110 section 9.3.2" },
	[HTTP_POST] = { "The client hands in a form: something shall be done.",
	                "RFC 9110 section 9.3.3" },
	[HTTP_REQUEST] = { "The client asks for something.", "RFC 9110 section 9" },
	[HTTP_INFORMATIONAL] = { "An interim answer; the final one is to come.",
	                         "RFC 9110 section 15.2" },
	[HTTP_SUCCESSFUL] = { "What was asked for.", "RFC 9110 section 15.3" },
	[HTTP_REDIRECTION] = { "The answer is elsewhere: the field Location says where.",
	                       "RFC 9110 section 15.4" },
	[HTTP_CLIENT_ERROR] = { "The request cannot be met as it is.", "RFC 9110 section 15.5" },
	[HTTP_SERVER_ERROR] = { "The server cannot meet the request, now or ever.",
	                        "RFC 9110 section 15.6" },
	[HTTP_CONTENT] = { "The content of the message before it: a form, or a page.",
	                   "RFC 9112 section 6" },
};
/* clang-format on */

static const struct dissect_legend legend = { &http_layer_names, meanings };

enum phase {
	START_LINE,
	FIELDS,
	CONTENT,     /* `left` bytes of it */
	CHUNK_SIZE,  /* the line with it */
	CHUNK_DATA,  /* `left` bytes of it */
	CHUNK_END,   /* the line end behind it */
	TRAILER,     /* lines up to an empty one */
	UNTIL_CLOSE, /* all that comes */
};

#define ASKED_MAX 8 /* remembered requests under way */

enum framing { FRAMED_BY_NOTHING, FRAMED_BY_LENGTH, FRAMED_BY_CHUNKS };

/* What is remembered of one direction. */
struct side {
	uint8_t phase : 4;      /* enum phase */
	uint8_t framing : 2;    /* enum framing, as the fields say so far */
	uint8_t candidates : 2; /* bit i: the line may begin with field_names[i] */
	uint8_t kind;           /* enum http_detail of the head being read */
	uint8_t column;         /* in the present line, at most UINT8_MAX */
	uint8_t asked; /* the client's requests without answer, oldest lowest: 1 for HEAD */
	uint8_t asked_count;
	bool has_no_content;   /* by its status */
	bool is_begun;         /* the unit being read began before this range */
	uint32_t left, length; /* bytes to come; Content-Length */
};

struct memory {
	struct side client, server;
};

G_STATIC_ASSERT(sizeof(struct memory) <= sizeof(struct dissect_state));

static const char *const field_names[] = { "content-length:", "transfer-encoding:" };

#define LENGTH_BYTES_MAX 400000000u /* beyond that a number is no length of ours */

static void begin_line(struct side *side)
{
	side->column = 0;
	side->candidates = 3;
}

/* The fields that tell how the content is framed, however small the pieces they come in. */
static void read_field(struct side *side, uint8_t byte)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(field_names); i++) {
		size_t length = strlen(field_names[i]);

		if (!(side->candidates & 1u << i))
			continue;
		if (side->column < length && g_ascii_tolower(byte) != field_names[i][side->column])
			side->candidates &= 3 & ~(1u << i);
		else if (side->column + 1u == length && i == 0)
			side->length = 0, side->framing = FRAMED_BY_LENGTH;
		else if (side->column + 1u == length)
			side->framing = FRAMED_BY_CHUNKS;
		else if (side->column >= length && i == 0 && g_ascii_isdigit(byte) &&
			 side->length < LENGTH_BYTES_MAX)
			side->length = side->length * 10 + (byte - '0');
	}
}

/* The empty line: what follows is content, or the next head. */
static void end_head(struct side *side, bool is_from_server, struct side *client)
{
	bool has_none = side->has_no_content || (is_from_server && (client->asked & 1));

	side->phase = START_LINE;
	if (is_from_server && side->kind != HTTP_INFORMATIONAL && client->asked_count > 0) {
		client->asked >>= 1;
		client->asked_count--;
	}
	if (!is_from_server && side->asked_count < ASKED_MAX)
		side->asked |= (uint8_t)((side->kind == HTTP_HEAD) << side->asked_count++);
	if (has_none)
		return;
	side->left = side->length;
	if (side->framing == FRAMED_BY_CHUNKS)
		side->phase = CHUNK_SIZE, side->left = 0, side->column = 0;
	else if (side->framing == FRAMED_BY_LENGTH && side->length > 0)
		side->phase = CONTENT;
	else if (side->framing == FRAMED_BY_NOTHING && is_from_server)
		side->phase = UNTIL_CLOSE;
}

/* Bytes that are too few to tell, but may be the front of a start-line. */
static bool may_begin_head(struct bytes in, bool is_from_server)
{
	static const char version[] = "HTTP/1.1 ";

	if (in.length > strlen(version))
		return false;
	for (size_t i = 0; i < in.length; i++)
		if (is_from_server ? in.data[i] != (uint8_t)version[i] && i != strlen("HTTP/1.")
				   : !g_ascii_isupper(in.data[i]))
			return false;
	return true;
}

static void begin_head(struct side *side, struct bytes in, bool is_from_server)
{
	side->kind = (uint8_t)http_detail_of(in, is_from_server);
	if (side->kind == HTTP_UNKNOWN && may_begin_head(in, is_from_server))
		side->kind = is_from_server ? HTTP_SUCCESSFUL : HTTP_REQUEST;
	side->has_no_content = false;
	side->framing = FRAMED_BY_NOTHING;
	side->length = 0;
	side->left = 0;
	side->column = 0;
}

/* The status code, which begins at column 9 of a status-line. */
static void read_status(struct side *side, uint8_t byte)
{
	if (side->kind == HTTP_UNKNOWN || side->column < 9 || side->column > 11 ||
	    !g_ascii_isdigit(byte))
		return;
	side->left = side->left * 10 + (byte - '0');
	if (side->column == 9 && byte >= '1' && byte <= '5')
		side->kind = (uint8_t)(HTTP_INFORMATIONAL + (byte - '1'));
	if (side->column == 11)
		side->has_no_content = side->left < 200 || side->left == 204 || side->left == 304;
}

/* A head, as much as there is of it. Bytes that cannot be one are taken line by line. */
static size_t read_head(struct side *side, struct bytes in, bool is_from_server,
			struct side *client, bool *is_ended)
{
	size_t at = 0;

	while (at < in.length && !*is_ended) {
		uint8_t byte = in.data[at++];

		if (byte == '\n') {
			*is_ended = side->kind == HTTP_UNKNOWN ||
				    (side->phase == FIELDS && side->column == 0);
			side->phase = FIELDS;
			begin_line(side);
			continue;
		}
		if (byte == '\r')
			continue;
		if (side->phase == FIELDS)
			read_field(side, byte);
		else if (is_from_server)
			read_status(side, byte);
		side->column = (uint8_t)MIN(side->column + 1, UINT8_MAX);
	}
	if (*is_ended && side->kind == HTTP_UNKNOWN)
		side->phase = START_LINE;
	else if (*is_ended)
		end_head(side, is_from_server, client);
	return at;
}

static void end_chunk_line(struct side *side)
{
	if (side->phase == CHUNK_END)
		side->phase = CHUNK_SIZE;
	else if (side->phase == CHUNK_SIZE)
		side->phase = side->left > 0 ? CHUNK_DATA : TRAILER;
	else if (side->column == 0)
		side->phase = START_LINE;
	if (side->phase == CHUNK_SIZE)
		side->left = 0;
	side->column = 0;
}

static void read_chunk_byte(struct side *side, uint8_t byte)
{
	if (byte == '\n') {
		end_chunk_line(side);
	} else if (byte != '\r') {
		if (side->phase == CHUNK_SIZE && g_ascii_isxdigit(byte) && side->column < 8 &&
		    side->left <= UINT32_MAX >> 4)
			side->left = side->left << 4 | (uint32_t)g_ascii_xdigit_value((char)byte);
		else
			side->column = side->column < 8 ? 8 : side->column; /* an extension */
		side->column = (uint8_t)MIN(side->column + 1, UINT8_MAX);
	}
}

static size_t read_content(struct side *side, struct bytes in, bool *is_ended)
{
	size_t at = 0;

	while (at < in.length && side->phase != START_LINE) {
		if (side->phase == UNTIL_CLOSE)
			return in.length;
		if (side->phase == CONTENT || side->phase == CHUNK_DATA) {
			size_t taken = MIN(in.length - at, side->left);

			at += taken;
			side->left -= (uint32_t)taken;
			if (side->left == 0)
				side->phase = side->phase == CONTENT ? START_LINE : CHUNK_END;
			continue;
		}
		read_chunk_byte(side, in.data[at++]);
	}
	*is_ended = side->phase == START_LINE;
	return at;
}

/* Takes one unit, or the part of it that is here. */
static size_t next_unit(struct memory *memory, struct dissect_writer *writer, struct bytes rest)
{
	const struct dissect_input *input = writer->input;
	struct side *side = input->is_from_server ? &memory->server : &memory->client;
	bool was_begun = side->is_begun, is_ended = false;
	bool is_head = side->phase <= FIELDS;
	size_t length;

	if (is_head && side->phase == START_LINE && !was_begun)
		begin_head(side, rest, input->is_from_server);
	length = is_head ? read_head(side, rest, input->is_from_server, &memory->client, &is_ended)
			 : read_content(side, rest, &is_ended);
	enum http_detail kind = is_head ? (enum http_detail)side->kind : HTTP_CONTENT;

	side->is_begun = !is_ended;
	struct dissect_unit *unit =
	    dissect_add_known(writer, &legend, kind, bytes_first(rest, length));
	if (unit != NULL)
		unit->is_complete = is_ended && !was_begun;
	if (unit != NULL && kind == HTTP_CONTENT)
		snprintf(unit->summary, sizeof unit->summary, "%zu byte%s of content", length,
			 plural(length));
	return length;
}

/* A start-line whose end has not come yet. */
static bool is_unfinished_line(const struct memory *memory, const struct dissect_input *input,
			       struct bytes rest)
{
	const struct side *side = input->is_from_server ? &memory->server : &memory->client;

	return side->phase == START_LINE && !side->is_begun &&
	       bytes_find_byte(rest, '\n') == NULL &&
	       (http_detail_of(rest, input->is_from_server) != HTTP_UNKNOWN ||
		may_begin_head(rest, input->is_from_server));
}

/* Where nothing is known of what came before, bytes that begin no head are content. */
static void guess(struct memory *memory, const struct dissect_input *input)
{
	struct side *side = input->is_from_server ? &memory->server : &memory->client;

	if (http_detail_of(input->bytes, input->is_from_server) == HTTP_UNKNOWN)
		side->phase = UNTIL_CLOSE;
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct dissect_writer writer = { input, units, capacity, 0 };
	struct bytes rest = input->bytes;
	struct memory memory;

	dissect_recall(input, &memory, sizeof memory);
	if (input->state == NULL)
		guess(&memory, input);
	while (rest.length > 0) {
		if (is_unfinished_line(&memory, input, rest) && dissect_keep(&writer, rest))
			break;
		rest = bytes_from(rest, next_unit(&memory, &writer, rest));
	}
	dissect_remember(input, &memory, sizeof memory);
	return writer.count;
}

const struct dissector http_dissector = {
	.name = "HTTP",
	.key = "http",
	.tcp_ports = {80, 443},
	.dissect = dissect,
};
