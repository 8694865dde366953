#include "protocols/imap/output.h"

static void note_output(struct session *session, enum imap_detail detail, uint64_t from,
			uint64_t length, uint64_t root)
{
	session_note(session, &(struct note) {
				  .kind = TRACE_UNIT,
				  .detail = (uint16_t)detail,
				  .before = from,
				  .after = length,
				  .root = root,
			      });
}

/* A literal is noted whole when it is announced: its end may be a long way off. */
void imap_output(struct session *session, struct imap_tiler *tiler, struct bytes text,
		 uint64_t root)
{
	uint64_t from = session->produced_bytes;

	session_write(session, text);
	while (text.length > 0) {
		struct imap_tile tile = imap_tile_next(tiler, text);

		if (tile.detail != IMAP_LITERAL)
			note_output(session, tile.detail, from, tile.length, root);
		from += tile.length;
		if (tile.detail != IMAP_LITERAL && tiler->is_literal)
			note_output(session, IMAP_LITERAL, from, tiler->number, root);
		text = bytes_from(text, tile.length);
	}
}
