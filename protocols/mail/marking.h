/* What a server on the way writes into a message's header, and takes out of it. Pure. */
#pragma once
#include <glib.h>

struct header_field_name {
	const char *name; /* "X-Spam-Flag", in any case */
	const char
	    *value_prefix; /* only fields whose value begins so, white space aside; NULL: any */
};

struct message_marking {
	const struct header_field_name
	    *removed; /* fields that go, wherever they stand in the header */
	unsigned removed_count;
	const char *fields; /* lines with CRLF that come to the front; "" for none */
	const char
	    *subject_prefix; /* put before the subject, ASCII; NULL: it stays. A message without
	                               a subject gets one */
};

/* The message so marked; every other octet stays as it is. The caller owns it. */
GBytes *message_mark(GBytes *message, const struct message_marking *marking);
