/*
 * Messages made to fit: into 7 bits for servers without 8BITMIME (RFC 6152 section 3), and cut to a
 * length for notifications. Every octet that needs no change stays as it is. Pure.
 */
#pragma once
#include <glib.h>

/*
 * The message with each 8-bit body in quoted-printable (text) or base64 (anything else), as RFC 2045
 * section 6 has them, and labelled so. NULL when that is not enough: header fields are in UTF-8.
 */
GBytes *message_to_7bit(GBytes *message);

/*
 * The first part of a message, about `limit` octets: it ends behind a line, or before a part whose
 * header would be cut, and every multipart that was begun is ended. A message that is not longer is
 * returned as it is; NULL when its header alone is longer. `kept` becomes how many octets of the
 * message are in it.
 */
GBytes *message_cut(GBytes *message, size_t limit, size_t *kept);
