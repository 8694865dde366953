#include "protocols/pop3/dissect.h"

#include <glib.h>
#include <stdio.h>
#include "protocols/sasl/dissect.h"
#include "sim/plural.h"

/* clang-format off */
static const struct dissect_meaning meanings[POP3_DETAIL_COUNT] = {
	[POP3_UNKNOWN] = { "A line that is no POP3 command or reply.", NULL },
	[POP3_CAPA] = { "The client asks what the server can do.", "RFC 2449 section 5" },
	[POP3_USER] = { "The client names the mailbox it wants.", "RFC 1939 section 7" },
	[POP3_PASS] = { "The client proves it with the password, readable to all on the way.",
	                "RFC 1939 section 7" },
	[POP3_APOP] = { "The client proves that it knows the password without sending it.",
	                "RFC 1939 section 7" },
	[POP3_AUTH] = { "The client logs in by a SASL mechanism.", "RFC 5034 section 4" },
	[POP3_CREDENTIALS] = { "The client answers the server's challenge, in base64.",
	                       "RFC 5034 section 4" },
	[POP3_STLS] = { "The client wants the connection encrypted from here on.",
	                "RFC 2595 section 4" },
	[POP3_UTF8] = { "The client takes UTF-8 in headers, names and texts from here on.",
	                "RFC 6856 section 2" },
	[POP3_LANG] = { "The client asks for the languages of the server's texts, or chooses one.",
	                "RFC 6856 section 3" },
	[POP3_STAT] = { "The client asks how many messages there are, and how many octets.",
	                "RFC 1939 section 5" },
	[POP3_LIST] = { "The client asks for the size of each message.", "RFC 1939 section 5" },
	[POP3_UIDL] = { "The client asks for the unique ids, to tell new messages from known ones.",
	                "RFC 1939 section 7" },
	[POP3_RETR] = { "The client fetches a message.", "RFC 1939 section 5" },
	[POP3_TOP] = { "The client fetches the header of a message and some lines of its body.",
	               "RFC 1939 section 7" },
	[POP3_DELE] = { "The client marks a message as deleted; only QUIT removes it.",
	                "RFC 1939 section 5" },
	[POP3_RSET] = { "The client takes all marks back.", "RFC 1939 section 5" },
	[POP3_NOOP] = { "The client keeps the session alive.", "RFC 1939 section 5" },
	[POP3_QUIT] = { "The client ends the session; what it marked is removed.",
	                "RFC 1939 section 6" },
	[POP3_GREETING] = { "The server is ready.", "RFC 1939 section 4" },
	[POP3_OK] = { "The command succeeded.", "RFC 1939 section 3" },
	[POP3_ERR] = { "The command failed.", "RFC 1939 section 3" },
	[POP3_CONTINUE] = { "The server asks for the credentials.", "RFC 5034 section 4" },
	[POP3_LISTING] = { "Further lines of the answer; a line of a single dot ends them.",
	                   "RFC 1939 section 3" },
	[POP3_MESSAGE] = { "The message; a dot at the front of a line is doubled, a single one ends it.",
	                   "RFC 1939 section 3" },
};
/* clang-format on */

static const struct dissect_legend legend = { &pop3_layer_names, meanings };

/* What a command's answer consists of behind its first line. */
enum answer { ANSWER_LINE, ANSWER_LISTING, ANSWER_MESSAGE };

#define ANSWER_BITS 2
#define ANSWERS_MAX 32 /* remembered commands under way */
#define START_BYTES 7  /* of a line: they tell the verb and whether an argument follows */

/* Where the search for the line of a single dot stands. */
enum dot_state { DOT_LINE_START, DOT_SEEN, DOT_CR_SEEN, DOT_IN_LINE, DOT_LINE_CR };

/* The front of a line that is not complete yet. */
struct line_start {
	uint8_t length; /* 0: no line has begun */
	uint8_t bytes[START_BYTES];
};

/* What is remembered of a connection. */
struct memory {
	uint64_t answers; /* enum answer of the commands under way, oldest lowest */
	uint8_t answer_count;
	bool is_greeted;
	bool is_challenged; /* the client's next line is credentials */
	bool is_commanded;  /* the client's side is in the capture */
	bool awaits_reply;  /* to AUTH, which others may never have seen */
	uint8_t reading;    /* enum answer: what the server's next bytes are part of */
	uint8_t dot;        /* enum dot_state */
	bool is_in_lines;   /* a listing or message is not complete */
	struct line_start command, status;
	struct sasl_watch sasl;
};

G_STATIC_ASSERT(sizeof(struct memory) <= sizeof(struct dissect_state));

static void push_answer(struct memory *memory, enum answer answer)
{
	if (memory->answer_count == ANSWERS_MAX)
		return;
	memory->answers |= (uint64_t)answer << (memory->answer_count * ANSWER_BITS);
	memory->answer_count++;
}

static enum answer pop_answer(struct memory *memory)
{
	enum answer answer = memory->answers & ((1u << ANSWER_BITS) - 1);

	if (memory->answer_count == 0)
		return ANSWER_LINE;
	memory->answers >>= ANSWER_BITS;
	memory->answer_count--;
	return answer;
}

/* LIST and UIDL with an argument, and AUTH and LANG with one, are answered in one line. */
static enum answer answer_to(enum pop3_detail verb, bool has_argument)
{
	switch (verb) {
	case POP3_RETR:
	case POP3_TOP:
		return ANSWER_MESSAGE;
	case POP3_CAPA:
		return ANSWER_LISTING;
	case POP3_LIST:
	case POP3_UIDL:
	case POP3_AUTH:
	case POP3_LANG:
		return has_argument ? ANSWER_LINE : ANSWER_LISTING;
	default:
		return ANSWER_LINE;
	}
}

/* A piece of the range that is one unit, or a part of one. */
struct piece {
	enum pop3_detail kind;
	size_t length;
	bool is_begun, is_ended; /* inside the range */
};

/* Keeps what tells the kind of a line, however small the pieces it comes in; no line end. */
static struct bytes keep_start(struct line_start *start, struct bytes in)
{
	for (size_t i = 0; i < in.length && start->length < START_BYTES; i++)
		start->bytes[start->length++] = in.data[i];

	struct bytes kept = { start->bytes, start->length };
	while (kept.length > 0 && strchr("\r\n", kept.data[kept.length - 1]) != NULL)
		kept.length--;
	return kept;
}

static struct piece next_command(struct memory *memory, struct bytes in)
{
	struct piece piece = { .is_begun = memory->command.length == 0 };
	struct bytes line = dissect_take_line(in, &piece.is_ended);
	struct bytes start = keep_start(&memory->command, line);

	piece.length = line.length;
	piece.kind = memory->is_challenged ? POP3_CREDENTIALS : pop3_command_of(start);
	if (piece.kind == POP3_UNKNOWN && memory->awaits_reply)
		piece.kind = POP3_CREDENTIALS;
	if (!piece.is_ended)
		return piece;
	if (piece.kind != POP3_CREDENTIALS)
		push_answer(memory, answer_to(piece.kind, bytes_find_byte(start, ' ') != NULL));
	memory->is_commanded = true;
	memory->awaits_reply = piece.kind == POP3_CREDENTIALS || piece.kind == POP3_AUTH;
	memory->is_challenged = false;
	memory->command.length = 0;
	return piece;
}

static bool begins_with(struct bytes in, const char *word)
{
	size_t length = strlen(word);

	return in.length >= length && memcmp(in.data, word, length) == 0;
}

static enum pop3_detail status_of(const struct memory *memory, struct bytes line)
{
	if (begins_with(line, "+OK"))
		return memory->is_greeted ? POP3_OK : POP3_GREETING;
	if (begins_with(line, "-ERR"))
		return POP3_ERR;
	return begins_with(line, "+ ") || bytes_equal(line, bytes_of("+")) ? POP3_CONTINUE
									   : POP3_UNKNOWN;
}

/* What a status line means for the bytes behind it. */
static void hear_status(struct memory *memory, enum pop3_detail kind)
{
	memory->awaits_reply = false;
	if (kind == POP3_OK) {
		memory->reading = (uint8_t)pop_answer(memory);
		memory->dot = DOT_LINE_START;
	} else if (kind == POP3_ERR && memory->is_greeted) {
		pop_answer(memory);
	} else if (kind == POP3_CONTINUE) {
		memory->is_challenged = true;
	}
	memory->is_greeted = true;
}

static struct piece next_status(struct memory *memory, struct bytes in)
{
	struct piece piece = { .is_begun = memory->status.length == 0 };
	struct bytes line = dissect_take_line(in, &piece.is_ended);

	piece.length = line.length;
	piece.kind = status_of(memory, keep_start(&memory->status, line));
	if (piece.is_ended) {
		memory->status.length = 0;
		hear_status(memory, piece.kind);
	}
	return piece;
}

static enum dot_state dot_step(enum dot_state state, uint8_t byte)
{
	if (byte == '\r')
		return state == DOT_SEEN ? DOT_CR_SEEN : DOT_LINE_CR;
	if (byte == '\n' && (state == DOT_LINE_CR || state == DOT_CR_SEEN))
		return DOT_LINE_START;
	return byte == '.' && state == DOT_LINE_START ? DOT_SEEN : DOT_IN_LINE;
}

/* The rest of a listing or message, as much as there is of it. */
static struct piece next_lines(struct memory *memory, struct bytes in)
{
	struct piece piece = {
		.kind = memory->reading == ANSWER_MESSAGE ? POP3_MESSAGE : POP3_LISTING,
		.is_begun = !memory->is_in_lines,
	};

	memory->is_in_lines = true;
	while (piece.length < in.length && !piece.is_ended) {
		uint8_t byte = in.data[piece.length++];

		piece.is_ended = memory->dot == DOT_CR_SEEN && byte == '\n';
		memory->dot = (uint8_t)dot_step((enum dot_state)memory->dot, byte);
	}
	if (piece.is_ended) {
		memory->is_in_lines = false;
		memory->reading = ANSWER_LINE;
	}
	return piece;
}

/* The line that was added last, where it is one of AUTH (RFC 5034 section 4). */
static void follow_sasl(struct memory *memory, struct dissect_writer *writer, enum pop3_detail kind,
			struct bytes line)
{
	if (kind == POP3_AUTH)
		sasl_dissect_command(&memory->sasl, writer, dissect_behind_word(line));
	else if (kind == POP3_CONTINUE)
		sasl_dissect_line(&memory->sasl, writer, true, dissect_behind_word(line));
	else if (kind == POP3_CREDENTIALS)
		sasl_dissect_line(&memory->sasl, writer, false, line);
}

static void add_piece(struct memory *memory, struct dissect_writer *writer,
		      const struct piece *piece, struct bytes bytes)
{
	struct dissect_unit *unit = dissect_add_known(writer, &legend, piece->kind, bytes);

	if (unit != NULL)
		unit->is_complete = piece->is_begun && piece->is_ended;
	if (unit != NULL && piece->kind == POP3_MESSAGE)
		snprintf(unit->summary, sizeof unit->summary, "%zu byte%s%s", piece->length,
			 plural(piece->length), piece->is_ended ? "" : ", more to come");
	if (piece->is_begun && piece->is_ended)
		follow_sasl(memory, writer, piece->kind, dissect_trim_line(bytes));
}

/*
 * Where nothing is known of what came before, lines that are no status belong to some listing, and
 * the first "+OK" need not be the greeting.
 */
static void guess(struct memory *memory, const struct dissect_input *input, struct bytes rest)
{
	memory->is_greeted = true;
	if (input->is_from_server && memory->reading == ANSWER_LINE &&
	    status_of(memory, rest) == POP3_UNKNOWN)
		memory->reading = ANSWER_LISTING;
}

/* Whether `in` may become `word` when more of it has come. */
static bool is_front_of(struct bytes in, const char *word)
{
	return in.length < strlen(word) && memcmp(in.data, word, in.length) == 0;
}

/* Without the commands nobody knows which answers go on behind the first line, but by what follows. */
static bool goes_on(const struct memory *memory, struct bytes in)
{
	return memory->is_greeted && !memory->is_commanded && memory->status.length == 0 &&
	       status_of(memory, in) == POP3_UNKNOWN && !is_front_of(in, "-ERR") &&
	       !is_front_of(in, "+OK");
}

static struct piece next_piece(struct memory *memory, bool is_from_server, struct bytes in)
{
	if (!is_from_server)
		return next_command(memory, in);
	if (memory->reading == ANSWER_LINE && goes_on(memory, in)) {
		memory->reading = ANSWER_LISTING;
		memory->dot = DOT_LINE_START;
	}
	return memory->reading != ANSWER_LINE ? next_lines(memory, in) : next_status(memory, in);
}

static bool is_unfinished_line(const struct piece *piece)
{
	return piece->is_begun && !piece->is_ended && piece->kind != POP3_MESSAGE &&
	       piece->kind != POP3_LISTING;
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct dissect_writer writer = { input, units, capacity, 0 };
	struct bytes rest = input->bytes;
	struct memory memory;

	dissect_recall(input, &memory, sizeof memory);
	if (input->missing > 0)
		*(input->is_from_server ? &memory.status : &memory.command) =
		    (struct line_start) { .length = 0 };
	while (rest.length > 0) {
		if (input->state == NULL)
			guess(&memory, input, rest);
		const struct memory before = memory;
		struct piece piece = next_piece(&memory, input->is_from_server, rest);

		if (is_unfinished_line(&piece) && dissect_keep(&writer, rest)) {
			memory = before;
			break;
		}
		add_piece(&memory, &writer, &piece, bytes_first(rest, piece.length));
		rest = bytes_from(rest, piece.length);
	}
	dissect_remember(input, &memory, sizeof memory);
	return writer.count;
}

const struct dissector pop3_dissector = {
	.name = "POP3",
	.key = "pop3",
	.tcp_ports = {110, 995},
	.dissect = dissect,
};
