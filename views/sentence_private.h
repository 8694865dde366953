/*
 * The parts of sentence.h, by layer. `from` and `to` are the names of sender and receiver; what stands in the
 * payload of the layer below is `in`, as far as it was captured.
 */
#pragma once
#include "views/sentence.h"

/* "1 byte", "2 bytes" between two texts. */
void sentence_append_bytes(GString *out, const char *before, uint64_t length, const char *behind);

/*
 * "a sends b a TCP segment of which too little is here", by the note of `layer`; else it is malformed. `article`
 * is that of `what`.
 */
void sentence_append_unreadable(GString *out, const char *from, const char *to,
				const struct decode_layer *layer, const char *article,
				const char *what);

void sentence_append_tcp(GString *out, const char *from, const char *to,
			 const struct account *account, struct bytes in);

void sentence_append_icmp(GString *out, const struct view_names *names, const char *from,
			  const char *to, const struct decode_layer *layer, struct bytes in);
void sentence_append_icmpv6(GString *out, const struct view_names *names, const char *from,
			    const char *to, const struct decode_layer *layer, struct bytes in);
