/* How TLS begins on a connection, and what others on the way can still read. */
#include "protocols/tls/dissect.h"
#include "protocols/tls/names.h"
#include "views/narrate_parts.h"

static const struct saying *find_handshake(const GArray *sayings, bool is_from_server)
{
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);

		if (saying->unit->dissector == &tls_dissector &&
		    saying->unit->kind == TLS_RECORD_HANDSHAKE &&
		    saying->is_from_server == is_from_server)
			return saying;
	}
	return NULL;
}

static const struct saying *find_encrypted(const GArray *sayings)
{
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);

		if (saying->unit->dissector != &tls_dissector && saying->unit->is_encrypted)
			return saying;
	}
	return NULL;
}

static void tell_readable(struct narrator *narrator, const struct leg *leg,
			  const struct saying *hello, const struct saying *secret,
			  struct story_block *paragraph)
{
	SAY(paragraph,
	    "From here on whoever listens on the way still reads the addresses, the ports ({} "
	    "among "
	    "them), how long each packet is and when it comes, and in frame {} the name of the "
	    "server; "
	    "what is said, from frame {} on, only the two ends can read. I can quote it because "
	    "the "
	    "trace holds what the ends know.",
	    fact_field(narrator, hello->frame, DECODE_TCP, "Destination Port", STORY_DECIMAL),
	    fact_saying_frame(narrator, hello), fact_saying_frame(narrator, secret));
	(void)leg;
}

void narrate_tls(struct narrator *narrator, const struct leg *leg, uint32_t scene,
		 struct story_block *paragraph)
{
	GArray *sayings = narrate_sayings(narrator, leg, scene, true);
	const struct saying *hello = find_handshake(sayings, false);
	const struct saying *answer = find_handshake(sayings, true);
	const struct saying *secret = find_encrypted(sayings);

	if (hello != NULL && answer != NULL && narrate_is_new(narrator, CONCEPT_TLS))
		SAY(paragraph,
		    "TLS begins with a ClientHello from {} (frame {}) and the ServerHello of {} "
		    "(frame "
		    "{}): they agree on a cipher and on keys, and the server shows its "
		    "certificate.",
		    fact_node(narrator, leg->client), fact_saying_frame(narrator, hello),
		    fact_node(narrator, leg->server), fact_saying_frame(narrator, answer));
	else if (hello != NULL && answer != NULL)
		SAY(paragraph, "TLS is set up in frames {} and {}.",
		    fact_saying_frame(narrator, hello), fact_saying_frame(narrator, answer));
	if (hello != NULL && secret != NULL && narrate_is_new(narrator, CONCEPT_TLS_READABLE))
		tell_readable(narrator, leg, hello, secret, paragraph);
	if (hello != NULL && secret == NULL)
		SAY(paragraph,
		    "Nothing is said under its protection: the attempt that begins in frame {} "
		    "comes to nothing.",
		    fact_saying_frame(narrator, hello));
	g_array_unref(sayings);
}
