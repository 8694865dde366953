#include "protocols/smtp/dissect.h"

#include <inttypes.h>
#include <stdio.h>
#include "protocols/sasl/dissect.h"
#include "protocols/smtp/data.h"
#include "protocols/smtp/dissect_text.h"
#include "protocols/smtp/syntax.h"

/* What the client's next octets are. */
enum client_mode {
	IN_COMMANDS,
	IN_CREDENTIALS,       /* one line, behind a reply 334 */
	AWAITS_REPLY_TO_AUTH, /* which others may never have seen: what is no command is credentials */
	AWAITS_MESSAGE,       /* behind DATA, whose reply has not come */
	IN_MESSAGE,           /* behind a reply 354, or sent without waiting for it */
	IN_CHUNK,             /* behind BDAT */
};

/* What is remembered between pieces of a connection; lives in struct dissect_state. */
struct memory {
	uint64_t chunk_bytes; /* still to come */
	uint64_t told_bytes;  /* of the message or chunk that has begun, before what comes next */
	uint8_t mode;         /* enum client_mode */
	uint8_t data_state;   /* enum smtp_data_state */
	uint8_t open_line;    /* 1 + detail of a client's line that is not over; 0: none */
	uint8_t is_in_reply;  /* more lines of a reply are to come */
	uint8_t line_octets;  /* seen of its present line, up to 4 */
	uint8_t is_last_line; /* what the fourth of them says */
	uint16_t code;        /* of that reply */
	uint16_t awaited;     /* replies to come */
	uint16_t data_turn;   /* which of them, from 1, is that to DATA; 0: none is */
	uint16_t tls_turn;    /* likewise to STARTTLS */
	struct sasl_watch sasl;
};

G_STATIC_ASSERT(sizeof(struct memory) <= sizeof(struct dissect_state));

static void mark_incomplete(struct dissect_unit *unit)
{
	if (unit != NULL)
		unit->is_complete = false;
}

/* The client's side. */

static void add_parameters(struct dissect_writer *writer, enum smtp_detail verb, struct bytes rest)
{
	static const struct dissect_text unknown = { "Parameter", NULL,
						     "RFC 5321 section 4.1.1.11" };
	struct smtp_parameter parameter;

	while (smtp_parameter_next(&rest, &parameter)) {
		const struct dissect_text *text = smtp_explain_keyword(parameter.keyword);
		struct bytes whole = { parameter.keyword.data,
				       (size_t)(rest.data - parameter.keyword.data) };

		dissect_add(writer, text != NULL ? text : &unknown, verb, 1, whole);
	}
}

/* The argument of a command, and for MAIL and RCPT the path and parameters apart. */
static void add_argument(struct dissect_writer *writer, enum smtp_detail verb,
			 struct bytes argument)
{
	const struct dissect_text *text = smtp_explain_argument(verb);
	char address[SMTP_PATH_MAX];
	struct bytes path, rest;

	if (text == NULL || argument.length == 0 || writer->input->is_outline)
		return;
	if (verb != SMTP_MAIL && verb != SMTP_RCPT) {
		dissect_add(writer, text, verb, 1, argument);
		return;
	}
	if (!smtp_skip(argument, verb == SMTP_MAIL ? "FROM:" : "TO:", &path))
		return;
	if (smtp_path_parse(path, true, address, &rest) != SMTP_PATH_OK)
		return;
	dissect_add(writer, text, verb, 1, bytes_first(path, (size_t)(rest.data - path.data)));
	add_parameters(writer, verb, rest);
}

/* BDAT says how many octets follow its line. */
static void expect_chunk(struct memory *memory, struct bytes argument)
{
	const uint8_t *blank = bytes_find_byte(argument, ' ');
	size_t digits = blank == NULL ? argument.length : (size_t)(blank - argument.data);

	if (smtp_number_parse(bytes_first(argument, digits), &memory->chunk_bytes) &&
	    memory->chunk_bytes > 0)
		memory->mode = IN_CHUNK;
	memory->told_bytes = 0;
}

/* A whole line will be answered; what its answer decides is known by its turn. */
static void await_reply(struct memory *memory, enum smtp_detail detail)
{
	if (memory->awaited < UINT16_MAX)
		memory->awaited++;
	if (detail == SMTP_DATA) {
		memory->data_turn = memory->awaited;
		memory->mode = AWAITS_MESSAGE;
	} else if (detail == SMTP_STARTTLS) {
		memory->tls_turn = memory->awaited;
	} else if (detail == SMTP_AUTH || detail == SMTP_CREDENTIALS) {
		memory->mode = AWAITS_REPLY_TO_AUTH;
	}
}

static bool are_credentials(const struct memory *memory, enum smtp_detail verb)
{
	return memory->mode == IN_CREDENTIALS ||
	       (memory->mode == AWAITS_REPLY_TO_AUTH && verb == SMTP_UNKNOWN);
}

static size_t dissect_line(struct memory *memory, struct bytes in, struct dissect_writer *writer)
{
	bool is_whole, was_open = memory->open_line != 0;
	struct bytes line = dissect_take_line(in, &is_whole);
	struct smtp_command command = smtp_command_parse(dissect_trim_line(line));
	enum smtp_detail detail = was_open                                ? memory->open_line - 1u
				  : are_credentials(memory, command.verb) ? SMTP_CREDENTIALS
									  : command.verb;
	struct dissect_unit *unit;

	if (!is_whole && !was_open && dissect_keep(writer, line))
		return line.length;
	unit = dissect_add(writer, smtp_explain_unit(detail), detail, 0, line);
	if (!is_whole || was_open)
		mark_incomplete(unit);
	else if (detail == SMTP_CREDENTIALS)
		sasl_dissect_line(&memory->sasl, writer, false, dissect_trim_line(line));
	else if (detail == SMTP_AUTH)
		sasl_dissect_command(&memory->sasl, writer, command.argument);
	else
		add_argument(writer, detail, command.argument);
	memory->open_line = is_whole ? 0 : (uint8_t)(detail + 1);
	if (is_whole) {
		memory->mode = IN_COMMANDS;
		await_reply(memory, detail);
	}
	if (is_whole && !was_open && detail == SMTP_BDAT)
		expect_chunk(memory, command.argument);
	return line.length;
}

#define END_OF_MESSAGE ". (the end of the message)"

/* The first line of a piece of the message that says something. */
static void print_message(struct bytes in, bool is_end, char out[DISSECT_TEXT_BYTES])
{
	struct bytes rest = in;

	while (rest.length > 0 && strchr("\r\n", rest.data[0]) != NULL)
		rest = bytes_from(rest, 1);
	if (is_end && dissect_trim_line(rest).length <= 1)
		g_strlcpy(out, END_OF_MESSAGE, DISSECT_TEXT_BYTES);
	else
		dissect_print_line(rest.length > 0 ? rest : in, out);
}

/* A piece from the midst of `whole` is known by its place there: its first line would say nothing. */
static void tell_place(struct memory *memory, struct dissect_unit *unit, const char *whole,
		       size_t length)
{
	uint64_t before = memory->told_bytes;

	memory->told_bytes += length;
	if (unit != NULL && before > 0 && !g_str_has_prefix(unit->summary, END_OF_MESSAGE))
		snprintf(unit->summary, sizeof unit->summary,
			 "bytes %" PRIu64 " to %" PRIu64 " of the %s", before + 1, before + length,
			 whole);
}

static size_t dissect_message(struct memory *memory, struct bytes in, struct dissect_writer *writer)
{
	static const struct dissect_text dot = { "End of data",
						 "A line of a single dot ends the message.",
						 "RFC 5321 section 4.1.1.4" };
	enum smtp_data_state state = memory->data_state;
	bool is_begun_here = state == SMTP_LINE_START && !memory->open_line;
	size_t length = smtp_data_decode(&state, in, NULL, 0, &(bool) { false });
	struct dissect_unit *unit = dissect_add(writer, smtp_explain_unit(SMTP_MESSAGE),
						SMTP_MESSAGE, 0, bytes_first(in, length));

	if (unit != NULL)
		print_message(bytes_first(in, length), state == SMTP_DATA_END, unit->summary);
	tell_place(memory, unit, "message", length);
	memory->data_state = (uint8_t)state;
	memory->open_line = 1; /* the message has begun */
	if (state != SMTP_DATA_END || !is_begun_here)
		mark_incomplete(unit);
	if (state == SMTP_DATA_END) {
		size_t end = length < 3 ? length : 3;

		dissect_add(writer, &dot, SMTP_MESSAGE, 1,
			    bytes_first(bytes_from(in, length - end), end));
		memory->mode = IN_COMMANDS;
		memory->open_line = 0;
		await_reply(memory, SMTP_MESSAGE);
	}
	return length;
}

static size_t dissect_chunk(struct memory *memory, struct bytes in, struct dissect_writer *writer)
{
	struct bytes octets = bytes_first(in, memory->chunk_bytes);
	struct dissect_unit *unit =
	    dissect_add(writer, smtp_explain_unit(SMTP_CHUNK), SMTP_CHUNK, 0, octets);

	tell_place(memory, unit, "chunk", octets.length);
	memory->chunk_bytes -= octets.length;
	if (memory->chunk_bytes > 0 || memory->open_line != 0)
		mark_incomplete(unit);
	memory->open_line = memory->chunk_bytes > 0;
	if (memory->chunk_bytes == 0)
		memory->mode = IN_COMMANDS;
	return octets.length;
}

static void begin_message(struct memory *memory)
{
	memory->mode = IN_MESSAGE;
	memory->data_state = SMTP_LINE_START;
	memory->open_line = 0;
	memory->told_bytes = 0;
}

static size_t dissect_client(struct memory *memory, struct bytes in, struct dissect_writer *writer)
{
	switch (memory->mode) {
	case AWAITS_MESSAGE: /* RFC 2920 section 3.1 wants clients to wait, and not all do */
		begin_message(memory);
		return dissect_message(memory, in, writer);
	case IN_MESSAGE:
		return dissect_message(memory, in, writer);
	case IN_CHUNK:
		return dissect_chunk(memory, in, writer);
	default:
		return dissect_line(memory, in, writer);
	}
}

/* The server's side. */

static const struct dissect_text code_text = { "Reply code",
					       "2: done, 3: go on, 4: not now, 5: never.",
					       "RFC 5321 section 4.2.1" };

/* Code, enhanced status code and text of a reply that has one line. */
static void add_line_parts(struct dissect_writer *writer, enum smtp_detail kind, struct bytes line)
{
	static const struct dissect_text status = { "Enhanced status code",
						    "Class, subject and detail of the reply.",
						    "RFC 3463" };
	static const struct dissect_text text = { "Text", "For people.", "RFC 5321 section 4.2" };
	struct bytes rest = bytes_from(line, 4);
	size_t length = smtp_status_length(rest);

	dissect_add(writer, &code_text, kind, 1, bytes_first(line, 3));
	if (length > 0) {
		dissect_add(writer, &status, kind, 1, bytes_first(rest, length));
		rest = bytes_from(rest, length + 1);
	}
	if (rest.length > 0)
		dissect_add(writer, &text, kind, 1, rest);
}

/* The reply to AUTH that asks for more: a step of the exchange. */
static void add_challenge_parts(struct memory *memory, struct dissect_writer *writer,
				enum smtp_detail kind, struct bytes line)
{
	static const struct dissect_text text = { "Challenge", "A step of SASL, in base64.",
						  "RFC 4954 section 4" };
	struct bytes challenge = bytes_from(line, 4);

	sasl_dissect_line(&memory->sasl, writer, true, challenge);
	dissect_add(writer, &code_text, kind, 1, bytes_first(line, 3));
	if (challenge.length > 0)
		dissect_add(writer, &text, kind, 1, challenge);
}

static void add_reply_line(struct dissect_writer *writer, enum smtp_detail kind, struct bytes line)
{
	static const struct dissect_text other = { "Reply line", NULL, "RFC 5321 section 4.2.1" };
	const struct dissect_text *text = NULL;

	if (kind == SMTP_COMPLETED && line.length > 4)
		text = smtp_explain_keyword(bytes_from(line, 4));
	dissect_add(writer, text != NULL ? text : &other, kind, 1, line);
}

/* What a reply consists of. */
static void add_reply_parts(struct dissect_writer *writer, enum smtp_detail kind,
			    struct bytes reply, unsigned lines)
{
	if (writer->input->is_outline)
		return;
	if (lines == 1)
		add_line_parts(writer, kind, dissect_trim_line(reply));
	while (lines > 1 && reply.length > 0) {
		bool has_end;
		struct bytes line = dissect_take_line(reply, &has_end);

		add_reply_line(writer, kind, dissect_trim_line(line));
		reply = bytes_from(reply, line.length);
	}
}

/*
 * Takes a piece of a reply's line. Whether it is the last line, its fourth octet says: a hyphen
 * where more lines follow (RFC 5321 section 4.2.1).
 */
static void take_piece(struct memory *memory, struct bytes piece)
{
	for (size_t i = 0; i < piece.length && memory->line_octets < 4; i++) {
		memory->is_last_line = piece.data[i] != '-';
		memory->line_octets++;
	}
}

/* Where the reply at the front of `in` ends; `is_whole`: its last line is here. */
static size_t reply_length(struct memory *memory, struct bytes in, bool *is_whole, unsigned *lines)
{
	size_t length = 0;

	*is_whole = false;
	for (*lines = 0; length < in.length && !*is_whole; ++*lines) {
		bool has_end;
		struct bytes piece = dissect_take_line(bytes_from(in, length), &has_end);

		take_piece(memory, piece);
		length += piece.length;
		*is_whole = has_end && memory->is_last_line;
		if (has_end)
			memory->line_octets = 0;
	}
	return length;
}

static unsigned reply_code(struct bytes in)
{
	struct smtp_reply_line line;
	bool has_end;
	struct bytes first = dissect_trim_line(dissect_take_line(in, &has_end));

	return smtp_reply_line_parse(first, &line) == PARSE_OK ? line.code : 0;
}

/* One reply less is to come. True: it was that whose turn is counted in `turn`. */
static bool takes_turn(uint16_t *turn)
{
	if (*turn == 0)
		return false;
	--*turn;
	return *turn == 0;
}

static void end_message(struct memory *memory)
{
	memory->mode = IN_COMMANDS;
	memory->open_line = 0;
}

/* What the reply to DATA, or one that looks like it, means for what the client sends. */
static void learn_of_data(struct memory *memory, unsigned code, bool is_counted)
{
	bool has_begun = is_counted && memory->mode != AWAITS_MESSAGE;

	if (code == 354 && !has_begun) {
		begin_message(memory);
	} else if (code != 354) { /* what the client sent without waiting are commands after all */
		end_message(memory);
	}
}

/* What a reply means for what the client sends next. */
static void learn(struct memory *memory, unsigned code)
{
	bool is_of_data = takes_turn(&memory->data_turn);

	takes_turn(&memory->tls_turn);
	if (memory->awaited > 0)
		memory->awaited--;
	if (is_of_data || code == 354)
		learn_of_data(memory, code, is_of_data);
	else if (code == 334)
		memory->mode = IN_CREDENTIALS;
	else if (memory->mode == AWAITS_REPLY_TO_AUTH && memory->awaited == 0)
		memory->mode = IN_COMMANDS;
	else if (memory->mode == IN_MESSAGE && memory->data_turn == 0) /* its end was not seen */
		end_message(memory);
}

static size_t dissect_server(struct memory *memory, struct bytes in, struct dissect_writer *writer)
{
	static const struct dissect_text tls = { "Reply 220", "The client may begin TLS now.",
						 "RFC 3207 section 4" };
	bool is_whole, was_open = memory->is_in_reply;
	const struct memory before = *memory;
	unsigned lines;
	size_t length = reply_length(memory, in, &is_whole, &lines);
	struct bytes reply = bytes_first(in, length);
	unsigned code = was_open ? memory->code : reply_code(in);
	bool is_for_tls = code == 220 && memory->tls_turn == 1;
	enum smtp_detail kind =
	    code == 220 && !is_for_tls ? SMTP_GREETING : smtp_reply_detail(code);
	struct dissect_unit *unit;

	if (!is_whole && !was_open && dissect_keep(writer, reply)) {
		*memory = before;
		return length;
	}
	unit = dissect_add(writer, is_for_tls ? &tls : smtp_explain_reply(code), kind, 0, reply);
	if (!is_whole || was_open)
		mark_incomplete(unit);
	if (lines == 1 && !was_open && is_whole && code == 334)
		add_challenge_parts(memory, writer, kind, dissect_trim_line(reply));
	else if (lines > 1 || (!was_open && code != 0))
		add_reply_parts(writer, kind, reply, lines);
	memory->is_in_reply = !is_whole;
	memory->code = (uint16_t)code;
	if (is_whole)
		learn(memory, code);
	return length;
}

/* Nothing is known of what came before: text that begins with no command is part of a message. */
static void guess(struct memory *memory, const struct dissect_input *input)
{
	bool is_whole;
	struct bytes line = dissect_trim_line(dissect_take_line(input->bytes, &is_whole));

	if (input->is_from_server || smtp_command_parse(line).verb != SMTP_UNKNOWN)
		return;
	memory->mode = IN_MESSAGE;
	memory->open_line = 1; /* it began elsewhere */
}

/* Bytes that nobody has end what they were part of, but a message, whose end will show. */
static void pass_over(struct memory *memory, uint64_t missing, bool is_from_server)
{
	if (!is_from_server)
		memory->told_bytes += missing;
	if (is_from_server) {
		memory->is_in_reply = false;
		memory->line_octets = 0;
	} else if (memory->mode == IN_CHUNK) {
		memory->chunk_bytes -= MIN(missing, memory->chunk_bytes);
		memory->mode = memory->chunk_bytes > 0 ? IN_CHUNK : IN_COMMANDS;
		memory->open_line = memory->chunk_bytes > 0;
	} else if (memory->mode != IN_MESSAGE) {
		memory->open_line = 0;
	}
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct dissect_writer writer = { input, units, capacity, 0 };
	struct memory memory;
	struct bytes rest = input->bytes;

	if (rest.length == 0)
		return 0;
	dissect_recall(input, &memory, sizeof memory);
	if (input->state == NULL)
		guess(&memory, input);
	if (input->missing > 0)
		pass_over(&memory, input->missing, input->is_from_server);
	while (rest.length > 0)
		rest = bytes_from(rest, input->is_from_server
					    ? dissect_server(&memory, rest, &writer)
					    : dissect_client(&memory, rest, &writer));
	dissect_remember(input, &memory, sizeof memory);
	return writer.count;
}

const struct dissector smtp_dissector = {
	.name = "SMTP",
	.key = "smtp",
	.tcp_ports = {25, 465, 587, 2525},
	.dissect = dissect,
};
