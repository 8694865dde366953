#include "protocols/imap/dissect.h"
#include <inttypes.h>
#include <stdio.h>
#include "protocols/imap/tile.h"
#include "protocols/sasl/dissect.h"
#include "sim/plural.h"

/* clang-format off */
static const struct dissect_meaning meanings[IMAP_DETAIL_COUNT] = {
	[IMAP_CAPABILITY] = { "The client asks what the server can do.", "RFC 3501 section 6.1.1" },
	[IMAP_NOOP] = { "The client asks for news of the mailbox, or keeps the session alive.",
	                "RFC 3501 section 6.1.2" },
	[IMAP_LOGOUT] = { "The client ends the session.", "RFC 3501 section 6.1.3" },
	[IMAP_ID] = { "The client says which software it is.", "RFC 2971 section 3.1" },
	[IMAP_AUTHENTICATE] = { "The client logs in by a SASL mechanism.",
	                        "RFC 3501 section 6.2.2" },
	[IMAP_LOGIN] = { "The client logs in with name and password.", "RFC 3501 section 6.2.3" },
	[IMAP_STARTTLS] = { "The client wants the connection encrypted from here on.",
	                    "RFC 3501 section 6.2.1" },
	[IMAP_ENABLE] = { "The client turns extensions on.", "RFC 5161 section 3.1" },
	[IMAP_NAMESPACE] = { "The client asks where mailboxes are kept.", "RFC 2342 section 5" },
	[IMAP_SELECT] = { "The client opens a mailbox to read and change it.",
	                  "RFC 3501 section 6.3.1" },
	[IMAP_EXAMINE] = { "The client opens a mailbox to read it only.", "RFC 3501 section 6.3.2" },
	[IMAP_CREATE] = { "The client makes a mailbox.", "RFC 3501 section 6.3.3" },
	[IMAP_DELETE] = { "The client removes a mailbox.", "RFC 3501 section 6.3.4" },
	[IMAP_RENAME] = { "The client gives a mailbox another name.", "RFC 3501 section 6.3.5" },
	[IMAP_SUBSCRIBE] = { "The client puts a mailbox on the user's list.",
	                     "RFC 3501 section 6.3.6" },
	[IMAP_UNSUBSCRIBE] = { "The client takes a mailbox off the user's list.",
	                       "RFC 3501 section 6.3.7" },
	[IMAP_LIST] = { "The client asks which mailboxes there are.", "RFC 3501 section 6.3.8" },
	[IMAP_LSUB] = { "The client asks which mailboxes are on the user's list.",
	                "RFC 3501 section 6.3.9" },
	[IMAP_STATUS] = { "The client asks about a mailbox without opening it.",
	                  "RFC 3501 section 6.3.10" },
	[IMAP_APPEND] = { "The client stores a message in a mailbox.", "RFC 3501 section 6.3.11" },
	[IMAP_IDLE] = { "The client waits for news; the server tells it as it comes.",
	                "RFC 2177 section 3" },
	[IMAP_CHECK] = { "The client asks the server to put the mailbox in order.",
	                 "RFC 3501 section 6.4.1" },
	[IMAP_CLOSE] = { "The client closes the mailbox; what is marked deleted goes.",
	                 "RFC 3501 section 6.4.2" },
	[IMAP_UNSELECT] = { "The client closes the mailbox as it is.", "RFC 3691 section 2" },
	[IMAP_EXPUNGE] = { "The client removes what is marked deleted.", "RFC 3501 section 6.4.3" },
	[IMAP_SEARCH] = { "The client asks which messages fit.", "RFC 3501 section 6.4.4" },
	[IMAP_FETCH] = { "The client asks for messages, or what is known of them.",
	                 "RFC 3501 section 6.4.5" },
	[IMAP_STORE] = { "The client changes flags.", "RFC 3501 section 6.4.6" },
	[IMAP_COPY] = { "The client copies messages to another mailbox.", "RFC 3501 section 6.4.7" },
	[IMAP_MOVE] = { "The client moves messages to another mailbox.", "RFC 6851 section 3.1" },
	[IMAP_SORT] = { "The client asks for messages that fit, in an order.",
	                "RFC 5256 section 3" },
	[IMAP_THREAD] = { "The client asks for messages that fit, as threads.",
	                "RFC 5256 section 3" },
	[IMAP_GETQUOTA] = { "The client asks for the limits of a quota root.",
	                "RFC 9208 section 4.1.1" },
	[IMAP_GETQUOTAROOT] = { "The client asks which limits a mailbox is under.",
	                "RFC 9208 section 4.1.2" },
	[IMAP_SETQUOTA] = { "The client sets limits.",
	                "RFC 9208 section 4.1.3" },
	[IMAP_SETACL] = { "The client gives a user rights on a mailbox.",
	                "RFC 4314 section 3.1" },
	[IMAP_DELETEACL] = { "The client takes a user's rights on a mailbox away.",
	                "RFC 4314 section 3.2" },
	[IMAP_GETACL] = { "The client asks who has which rights on a mailbox.",
	                "RFC 4314 section 3.3" },
	[IMAP_LISTRIGHTS] = { "The client asks which rights a user may be given.",
	                "RFC 4314 section 3.4" },
	[IMAP_MYRIGHTS] = { "The client asks for its own rights on a mailbox.",
	                "RFC 4314 section 3.5" },
	[IMAP_UID_SORT] = { "The client asks for messages that fit, in an order, by their UIDs.",
	                "RFC 5256 section 3" },
	[IMAP_UID_THREAD] = { "The client asks for messages that fit, as threads, by their UIDs.",
	                "RFC 5256 section 3" },
	[IMAP_UID_EXPUNGE] = { "The client removes some of what is marked deleted.",
	                       "RFC 4315 section 2.1" },
	[IMAP_UID_SEARCH] = { "The client asks which messages fit, by their UIDs.",
	                      "RFC 3501 section 6.4.8" },
	[IMAP_UID_FETCH] = { "The client asks for messages, named by their UIDs.",
	                     "RFC 3501 section 6.4.8" },
	[IMAP_UID_STORE] = { "The client changes flags of messages named by their UIDs.",
	                     "RFC 3501 section 6.4.8" },
	[IMAP_UID_COPY] = { "The client copies messages named by their UIDs.",
	                    "RFC 3501 section 6.4.8" },
	[IMAP_UID_MOVE] = { "The client moves messages named by their UIDs.",
	                    "RFC 6851 section 3.2" },
	[IMAP_DONE] = { "The client ends its waiting.", "RFC 2177 section 3" },
	[IMAP_SASL_RESPONSE] = { "The client answers the server's challenge.",
	                         "RFC 3501 section 6.2.2" },
	[IMAP_CONTINUE] = { "The server is ready for what the client has announced.",
	                    "RFC 3501 section 7.5" },
	[IMAP_OK] = { "The command with this tag succeeded.", "RFC 3501 section 7.1.1" },
	[IMAP_NO] = { "The command with this tag failed.", "RFC 3501 section 7.1.2" },
	[IMAP_BAD] = { "The command with this tag was not understood.", "RFC 3501 section 7.1.3" },
	[IMAP_UNTAGGED_OK] = { "The greeting, or something the client may want to know.",
	                       "RFC 3501 section 7.1.1" },
	[IMAP_UNTAGGED_NO] = { "A warning.", "RFC 3501 section 7.1.2" },
	[IMAP_UNTAGGED_BAD] = { "Something was not understood, and it had no tag.",
	                        "RFC 3501 section 7.1.3" },
	[IMAP_PREAUTH] = { "The greeting of a session that needs no login.",
	                   "RFC 3501 section 7.1.4" },
	[IMAP_BYE] = { "The server is about to close the connection.", "RFC 3501 section 7.1.5" },
	[IMAP_DATA_CAPABILITY] = { "What the server can do.", "RFC 3501 section 7.2.1" },
	[IMAP_DATA_ENABLED] = { "Which extensions are on now.", "RFC 5161 section 3.2" },
	[IMAP_DATA_ID] = { "Which software the server is.", "RFC 2971 section 3.2" },
	[IMAP_DATA_NAMESPACE] = { "Where mailboxes are kept.", "RFC 2342 section 5" },
	[IMAP_DATA_LIST] = { "A mailbox: its attributes, separator and name.",
	                     "RFC 3501 section 7.2.2" },
	[IMAP_DATA_LSUB] = { "A mailbox on the user's list.", "RFC 3501 section 7.2.3" },
	[IMAP_DATA_STATUS] = { "What was asked about a mailbox.", "RFC 3501 section 7.2.4" },
	[IMAP_DATA_SEARCH] = { "The messages that fit.", "RFC 3501 section 7.2.5" },
	[IMAP_DATA_FLAGS] = { "The flags that messages here may have.", "RFC 3501 section 7.2.6" },
	[IMAP_DATA_EXISTS] = { "How many messages the mailbox holds.", "RFC 3501 section 7.3.1" },
	[IMAP_DATA_RECENT] = { "How many of them no other session has seen.",
	                       "RFC 3501 section 7.3.2" },
	[IMAP_DATA_EXPUNGE] = { "A message is gone; later ones move down by one.",
	                        "RFC 3501 section 7.4.1" },
	[IMAP_DATA_FETCH] = { "What was asked about a message, or its flags have changed.",
	                      "RFC 3501 section 7.4.2" },
	[IMAP_DATA_ESEARCH] = { "What was asked about the messages that fit.",
	                "RFC 4731 section 3.1" },
	[IMAP_DATA_SORT] = { "The messages that fit, in the order asked for.",
	                "RFC 5256 section 4" },
	[IMAP_DATA_THREAD] = { "The messages that fit, as threads.",
	                "RFC 5256 section 4" },
	[IMAP_DATA_VANISHED] = { "Messages are gone; named by their UIDs.",
	                "RFC 7162 section 3.2.10" },
	[IMAP_DATA_QUOTA] = { "The limits of a quota root, and what is used of them.",
	                "RFC 9208 section 4.2.1" },
	[IMAP_DATA_QUOTAROOT] = { "Which limits a mailbox is under.",
	                "RFC 9208 section 4.2.2" },
	[IMAP_DATA_ACL] = { "Who has which rights on a mailbox.",
	                "RFC 4314 section 3.6" },
	[IMAP_DATA_LISTRIGHTS] = { "Which rights a user may be given.",
	                "RFC 4314 section 3.7" },
	[IMAP_DATA_MYRIGHTS] = { "What the user may do with a mailbox.",
	                "RFC 4314 section 3.8" },
	[IMAP_LITERAL] = { "Counted bytes, free of quoting: a message, or a part of one.",
	                   "RFC 3501 section 4.3" },
	[IMAP_REST] = { "The line goes on behind the literal.", "RFC 3501 section 4.3" },
};
/* clang-format on */

static const struct dissect_legend legend = { &imap_layer_names, meanings };

/* What is remembered of a connection. */
struct memory {
	struct imap_tiler tilers[2]; /* client's, server's */
	struct sasl_watch sasl;
};

/* The line that was added last, where it is one of AUTHENTICATE (RFC 3501 section 6.2.2). */
static void follow_sasl(struct memory *memory, struct dissect_writer *writer,
			enum imap_detail detail, struct bytes line)
{
	if (detail == IMAP_AUTHENTICATE)
		sasl_dissect_command(&memory->sasl, writer,
				     dissect_behind_word(dissect_behind_word(line)));
	else if (!sasl_watch_is_open(&memory->sasl))
		return;
	else if (detail == IMAP_CONTINUE)
		sasl_dissect_line(&memory->sasl, writer, true, dissect_behind_word(line));
	else if (detail == IMAP_SASL_RESPONSE)
		sasl_dissect_line(&memory->sasl, writer, false, line);
	else if (detail == IMAP_OK || detail == IMAP_NO || detail == IMAP_BAD)
		sasl_watch_end(&memory->sasl);
}

/* `size`: of the literal whose piece it is, before it. */
static void add_tile(struct memory *memory, struct dissect_writer *writer,
		     const struct imap_tile *tile, uint64_t size, struct bytes bytes)
{
	struct dissect_unit *unit = dissect_add_known(writer, &legend, tile->detail, bytes);
	bool is_whole = tile->is_begun_here && tile->is_ended_here;

	if (is_whole)
		follow_sasl(memory, writer, tile->detail, dissect_trim_line(bytes));
	if (unit == NULL)
		return;
	unit->is_complete = is_whole;
	if (tile->detail == IMAP_REST && bytes.length > 0 && strchr("\r\n", bytes.data[0]) != NULL)
		snprintf(unit->summary, sizeof unit->summary, "(end of the line)");
	else if (tile->detail == IMAP_LITERAL && is_whole)
		snprintf(unit->summary, sizeof unit->summary, "%zu byte%s", tile->length,
			 plural(tile->length));
	else if (tile->detail == IMAP_LITERAL)
		snprintf(unit->summary, sizeof unit->summary, "%zu byte%s, %" PRIu64 " to come",
			 tile->length, plural(tile->length), size - tile->length);
}

/* A refusal ends the command whose literal the client has only announced. */
static void hear_answer(struct memory *memory, const struct imap_tile *tile)
{
	if (tile->detail == IMAP_NO || tile->detail == IMAP_BAD)
		imap_tile_refused(&memory->tilers[0]);
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct dissect_writer writer = { input, units, capacity, 0 };
	struct bytes rest = input->bytes;
	struct memory memory;

	dissect_recall(input, &memory, sizeof memory);
	struct imap_tiler *tiler = &memory.tilers[input->is_from_server];
	tiler->is_server = input->is_from_server;
	if (input->missing > 0)
		imap_tile_pass_over(tiler, input->missing);

	while (rest.length > 0) {
		uint64_t size = tiler->number;
		const struct imap_tiler before = *tiler;
		struct imap_tile tile = imap_tile_next(tiler, rest);
		bool is_unfinished_line =
		    tile.is_begun_here && !tile.is_ended_here && tile.detail != IMAP_LITERAL;

		if (is_unfinished_line && dissect_keep(&writer, rest)) {
			*tiler = before;
			break;
		}
		if (input->is_from_server)
			hear_answer(&memory, &tile);
		add_tile(&memory, &writer, &tile, size, bytes_first(rest, tile.length));
		rest = bytes_from(rest, tile.length);
	}
	dissect_remember(input, &memory, sizeof memory);
	return writer.count;
}

const struct dissector imap_dissector = {
	.name = "IMAP",
	.key = "imap",
	.tcp_ports = {143, 993},
	.dissect = dissect,
};
