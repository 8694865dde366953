/*
 * Lines of a stream that come in pieces: what a dissector has not told of for lack of a line's end is
 * kept, and handed in again with the bytes that follow it.
 */
#pragma once
#include <glib.h>
#include "protocols/dissect.h"
#include "views/model.h"

/*
 * What `direction` has next for its dissector: `bytes`, behind the line kept. Borrowed from either, up
 * to pieces_keep(). Its first byte is at stream offset `direction->fed_bytes` - pieces_length().
 */
struct bytes pieces_join(struct model_direction *direction, struct bytes bytes);

/* How much of a line is kept. */
size_t pieces_length(const struct model_direction *direction);

/* Keeps the last `unfinished` of `bytes`, which are those that pieces_join() gave. */
void pieces_keep(struct model_direction *direction, struct bytes bytes, size_t unfinished);

/*
 * Makes a unit that begins in the line kept, of `kept` bytes, and is still a part, one of the new bytes
 * alone: what was there before has been told of.
 */
void pieces_trim(struct dissect_unit *unit, size_t kept);

/* Gives up the line kept: its rest will never come. */
void pieces_forget(struct model_direction *direction);
