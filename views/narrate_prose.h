/* Finding what is said in a session, and the frames around it; for views/narrate*.c only. */
#pragma once
#include "views/narrate_facts.h"

/* A unit of a connection, with the frame that brought its beginning. */
struct saying {
	const struct model_unit *unit;
	bool is_from_server;
	const struct trace_record *frame; /* its first TRANSMIT; never NULL */
};

/*
 * What was said on a connection in a scene (SCENE_NONE: in all), in order of time; what TLS says itself
 * only with `wants_tls`. To be freed with g_array_unref(); of struct saying.
 */
GArray *narrate_sayings(const struct narrator *narrator, const struct leg *leg, uint32_t scene,
			bool wants_tls);

/* The first saying from index `from` on of that kind and side; NULL: none. */
const struct saying *narrate_find(const GArray *sayings, guint from, bool is_from_server,
				  unsigned kind);

/* The first thing that the other side says behind `saying`; NULL: nothing. */
const struct saying *narrate_answer(const GArray *sayings, const struct saying *saying);

/* The first message that a server gives by POP3 or IMAP; NULL: none. */
const struct saying *narrate_fetched(const GArray *sayings);

/* Its first line, or what begins with `start` in it, quoted; with only its first `words` words, 0: all. */
struct story_fact fact_line(struct narrator *narrator, const struct saying *saying, unsigned words);
struct story_fact fact_part(struct narrator *narrator, const struct saying *saying,
			    const char *start);

/* True when the bytes of what was said hold `text`, in any case. */
bool saying_has(const struct saying *saying, const char *text);

/* How many bytes it is, by the record that its program made of it; "some" where there is none. */
struct story_fact fact_saying_bytes(struct narrator *narrator, const struct saying *saying);

/* "(frame 28)"; its number. */
struct story_fact fact_saying_frame(struct narrator *narrator, const struct saying *saying);

/* A text or fact of a MAIL record: the text of place `place`, or the fact `name`. Empty: none. */
struct bytes narrate_mail_text(const struct narrator *narrator, const struct trace_record *record,
			       unsigned place);
struct bytes narrate_mail_fact(const struct narrator *narrator, const struct trace_record *record,
			       const char *name);

/* The MAIL record of a scene with this detail at `node` (0: any), from `from` on; NULL: none. */
const struct trace_record *narrate_station(const struct narrator *narrator,
					   const struct scene *scene, unsigned detail,
					   uint32_t node);

/* Who acts in a scene: "Alice"; "The mail server" of a notification. Owned by the story. */
const char *narrate_person(struct narrator *narrator, const struct scene *scene);
