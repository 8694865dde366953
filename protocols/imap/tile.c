#include "protocols/imap/tile.h"
#include "protocols/imap/parser.h"

struct name {
	const char *word;
	uint8_t detail, with_uid; /* with_uid: behind "UID"; 0: no such command */
};

static const struct name commands[] = {
	{"CAPABILITY",    IMAP_CAPABILITY,   0               },
	{ "NOOP",         IMAP_NOOP,         0               },
	{ "LOGOUT",       IMAP_LOGOUT,       0               },
	{ "ID",           IMAP_ID,           0               },
	{ "AUTHENTICATE", IMAP_AUTHENTICATE, 0               },
	{ "LOGIN",        IMAP_LOGIN,        0               },
	{ "STARTTLS",     IMAP_STARTTLS,     0               },
	{ "ENABLE",       IMAP_ENABLE,       0               },
	{ "NAMESPACE",    IMAP_NAMESPACE,    0               },
	{ "SELECT",       IMAP_SELECT,       0               },
	{ "EXAMINE",      IMAP_EXAMINE,      0               },
	{ "CREATE",       IMAP_CREATE,       0               },
	{ "DELETE",       IMAP_DELETE,       0               },
	{ "RENAME",       IMAP_RENAME,       0               },
	{ "SUBSCRIBE",    IMAP_SUBSCRIBE,    0               },
	{ "UNSUBSCRIBE",  IMAP_UNSUBSCRIBE,  0               },
	{ "LIST",         IMAP_LIST,         0               },
	{ "LSUB",         IMAP_LSUB,         0               },
	{ "STATUS",       IMAP_STATUS,       0               },
	{ "APPEND",       IMAP_APPEND,       0               },
	{ "IDLE",         IMAP_IDLE,         0               },
	{ "CHECK",        IMAP_CHECK,        0               },
	{ "CLOSE",        IMAP_CLOSE,        0               },
	{ "UNSELECT",     IMAP_UNSELECT,     0               },
	{ "EXPUNGE",      IMAP_EXPUNGE,      IMAP_UID_EXPUNGE},
	{ "SEARCH",       IMAP_SEARCH,       IMAP_UID_SEARCH },
	{ "FETCH",        IMAP_FETCH,        IMAP_UID_FETCH  },
	{ "STORE",        IMAP_STORE,        IMAP_UID_STORE  },
	{ "COPY",         IMAP_COPY,         IMAP_UID_COPY   },
	{ "MOVE",         IMAP_MOVE,         IMAP_UID_MOVE   },
	{ "SORT",         IMAP_SORT,         IMAP_UID_SORT   },
	{ "THREAD",       IMAP_THREAD,       IMAP_UID_THREAD },
	{ "GETQUOTA",     IMAP_GETQUOTA,     0               },
	{ "GETQUOTAROOT", IMAP_GETQUOTAROOT, 0               },
	{ "SETQUOTA",     IMAP_SETQUOTA,     0               },
	{ "SETACL",       IMAP_SETACL,       0               },
	{ "DELETEACL",    IMAP_DELETEACL,    0               },
	{ "GETACL",       IMAP_GETACL,       0               },
	{ "LISTRIGHTS",   IMAP_LISTRIGHTS,   0               },
	{ "MYRIGHTS",     IMAP_MYRIGHTS,     0               },
};

static const struct name untagged[] = {
	{"OK",          IMAP_UNTAGGED_OK,     0},
	{ "NO",         IMAP_UNTAGGED_NO,     0},
	{ "BAD",        IMAP_UNTAGGED_BAD,    0},
	{ "PREAUTH",    IMAP_PREAUTH,         0},
	{ "BYE",        IMAP_BYE,             0},
	{ "CAPABILITY", IMAP_DATA_CAPABILITY, 0},
	{ "ENABLED",    IMAP_DATA_ENABLED,    0},
	{ "ID",         IMAP_DATA_ID,         0},
	{ "NAMESPACE",  IMAP_DATA_NAMESPACE,  0},
	{ "LIST",       IMAP_DATA_LIST,       0},
	{ "LSUB",       IMAP_DATA_LSUB,       0},
	{ "STATUS",     IMAP_DATA_STATUS,     0},
	{ "SEARCH",     IMAP_DATA_SEARCH,     0},
	{ "FLAGS",      IMAP_DATA_FLAGS,      0},
	{ "EXISTS",     IMAP_DATA_EXISTS,     0},
	{ "RECENT",     IMAP_DATA_RECENT,     0},
	{ "EXPUNGE",    IMAP_DATA_EXPUNGE,    0},
	{ "FETCH",      IMAP_DATA_FETCH,      0},
	{ "ESEARCH",    IMAP_DATA_ESEARCH,    0},
	{ "SORT",       IMAP_DATA_SORT,       0},
	{ "THREAD",     IMAP_DATA_THREAD,     0},
	{ "VANISHED",   IMAP_DATA_VANISHED,   0},
	{ "QUOTA",      IMAP_DATA_QUOTA,      0},
	{ "QUOTAROOT",  IMAP_DATA_QUOTAROOT,  0},
	{ "ACL",        IMAP_DATA_ACL,        0},
	{ "LISTRIGHTS", IMAP_DATA_LISTRIGHTS, 0},
	{ "MYRIGHTS",   IMAP_DATA_MYRIGHTS,   0},
};

static const struct name tagged[] = {
	{"OK",   IMAP_OK,  0},
	{ "NO",  IMAP_NO,  0},
	{ "BAD", IMAP_BAD, 0},
};

/* The bytes up to the next space or line end; `rest` is what follows the space. */
static struct bytes next_word(struct bytes line, struct bytes *rest)
{
	size_t length = 0;

	while (length < line.length && line.data[length] != ' ' && line.data[length] != '\r' &&
	       line.data[length] != '\n')
		length++;
	*rest = bytes_from(line, length);
	if (rest->length > 0 && rest->data[0] == ' ')
		*rest = bytes_from(*rest, 1);
	return bytes_first(line, length);
}

static enum imap_detail look_up(const struct name *names, size_t count, struct bytes word,
				bool is_uid, enum imap_detail otherwise)
{
	for (size_t i = 0; i < count; i++) {
		if (!imap_is(word, names[i].word))
			continue;
		if (!is_uid)
			return names[i].detail;
		return names[i].with_uid != 0 ? names[i].with_uid : otherwise;
	}
	return otherwise;
}

/* command = tag SP (command-any / ...); lines of one word answer what the server asked for. */
static enum imap_detail name_command(struct bytes line)
{
	struct bytes rest, tag = next_word(line, &rest);

	if (imap_is(tag, "DONE"))
		return IMAP_DONE;
	if (rest.length == 0 || rest.data[0] == '\r' || rest.data[0] == '\n')
		return IMAP_SASL_RESPONSE;

	struct bytes verb = next_word(rest, &rest);
	bool is_uid = imap_is(verb, "UID");
	if (is_uid)
		verb = next_word(rest, &rest);
	return look_up(commands, G_N_ELEMENTS(commands), verb, is_uid, IMAP_COMMAND_UNKNOWN);
}

/* response = *(continue-req / response-data) response-done */
static enum imap_detail name_response(struct bytes line)
{
	struct bytes rest, tag = next_word(line, &rest);
	struct bytes word = next_word(rest, &rest);

	if (imap_is(tag, "+"))
		return IMAP_CONTINUE;
	if (!imap_is(tag, "*"))
		return look_up(tagged, G_N_ELEMENTS(tagged), word, false, IMAP_DATA_UNKNOWN);
	if (word.length > 0 && g_ascii_isdigit(word.data[0]))
		word = next_word(rest, &rest);
	return look_up(untagged, G_N_ELEMENTS(untagged), word, false, IMAP_DATA_UNKNOWN);
}

enum imap_detail imap_name_line(struct bytes line, bool is_server)
{
	return is_server ? name_response(line) : name_command(line);
}

/* Text for people ends these lines; what looks like a literal there is none. */
static bool is_status(enum imap_detail detail)
{
	return detail >= IMAP_CONTINUE && detail <= IMAP_BYE;
}

/* How much of "{" number ["+"] "}" CRLF the line ends in. */
enum marker {
	MARKER_NONE,
	MARKER_OPEN,   /* "{" */
	MARKER_NUMBER, /* "{12" */
	MARKER_PLUS,   /* "{12+" */
	MARKER_CLOSED, /* "{12}" */
	MARKER_PLUS_CLOSED,
	MARKER_RETURN, /* "{12}" CR */
	MARKER_PLUS_RETURN,
};

static enum marker marker_after(struct imap_tiler *tiler, uint8_t c)
{
	if (c == '{') {
		tiler->number = 0;
		return MARKER_OPEN;
	}
	switch ((enum marker)tiler->marker) {
	case MARKER_OPEN:
	case MARKER_NUMBER:
		if (g_ascii_isdigit(c) && tiler->number < UINT64_MAX / 10 - 1) {
			tiler->number = tiler->number * 10 + (uint64_t)(c - '0');
			return MARKER_NUMBER;
		}
		if (tiler->marker == MARKER_OPEN)
			return MARKER_NONE;
		return c == '+' ? MARKER_PLUS : c == '}' ? MARKER_CLOSED : MARKER_NONE;
	case MARKER_PLUS:
		return c == '}' ? MARKER_PLUS_CLOSED : MARKER_NONE;
	case MARKER_CLOSED:
		return c == '\r' ? MARKER_RETURN : MARKER_NONE;
	case MARKER_PLUS_CLOSED:
		return c == '\r' ? MARKER_PLUS_RETURN : MARKER_NONE;
	default:
		return MARKER_NONE;
	}
}

/* Takes in bytes of a line. What was in front of a brace does not matter. */
static void follow_marker(struct imap_tiler *tiler, struct bytes in)
{
	const uint8_t *brace = in.length == 0 ? NULL : memrchr(in.data, '{', in.length);

	if (brace != NULL)
		in = bytes_from(in, (size_t)(brace - in.data));
	else if (tiler->marker == MARKER_NONE)
		return;
	for (size_t i = 0; i < in.length; i++)
		tiler->marker = (uint8_t)marker_after(tiler, in.data[i]);
}

/* The line has ended: what comes next? */
static void end_line(struct imap_tiler *tiler)
{
	bool announces = tiler->marker >= MARKER_CLOSED && !is_status(tiler->detail);
	bool has_plus = tiler->marker == MARKER_PLUS_CLOSED || tiler->marker == MARKER_PLUS_RETURN;

	tiler->is_inside_line = false;
	tiler->is_continued = announces;
	tiler->is_literal = announces && tiler->number > 0;
	tiler->awaits_leave = announces && !tiler->is_server && !has_plus;
	tiler->marker = MARKER_NONE;
}

static struct imap_tile next_literal(struct imap_tiler *tiler, struct bytes in)
{
	struct imap_tile tile = { .detail = IMAP_LITERAL, .length = in.length };

	if (tiler->number < tile.length)
		tile.length = (size_t)tiler->number;
	tile.is_begun_here = tiler->marker == MARKER_NONE;
	tiler->marker = MARKER_OPEN; /* inside it: bytes of it went by */
	tiler->awaits_leave = false;
	tiler->number -= tile.length;
	tile.is_ended_here = tiler->number == 0;
	if (tile.is_ended_here) {
		tiler->is_literal = false;
		tiler->marker = MARKER_NONE;
	}
	return tile;
}

struct imap_tile imap_tile_next(struct imap_tiler *tiler, struct bytes in)
{
	if (tiler->is_literal)
		return next_literal(tiler, in);

	struct imap_tile tile = { .is_begun_here = !tiler->is_inside_line };
	if (tile.is_begun_here) {
		tiler->detail =
		    tiler->is_continued ? IMAP_REST : (uint8_t)imap_name_line(in, tiler->is_server);
		tiler->is_inside_line = true;
		tiler->awaits_leave = false;
		tiler->marker = MARKER_NONE;
	}
	tile.detail = tiler->detail;
	const uint8_t *feed = bytes_find_byte(in, '\n');

	tile.is_ended_here = feed != NULL;
	tile.length = feed == NULL ? in.length : (size_t)(feed + 1 - in.data);
	follow_marker(tiler, bytes_first(in, tile.length - tile.is_ended_here));
	if (tile.is_ended_here)
		end_line(tiler);
	return tile;
}

void imap_tile_pass_over(struct imap_tiler *tiler, uint64_t bytes)
{
	tiler->is_inside_line = false;
	tiler->awaits_leave = false;
	if (!tiler->is_literal)
		return;
	tiler->number -= bytes < tiler->number ? bytes : tiler->number;
	tiler->is_literal = tiler->number > 0;
	tiler->marker = tiler->is_literal ? MARKER_OPEN : MARKER_NONE;
}

void imap_tile_refused(struct imap_tiler *tiler)
{
	if (!tiler->awaits_leave)
		return;
	tiler->is_literal = false;
	tiler->is_continued = false;
	tiler->awaits_leave = false;
}
