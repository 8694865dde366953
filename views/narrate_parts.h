/* The chapters of a narration; for views/narrate*.c only. */
#pragma once
#include "views/narrate_prose.h"

/* The network: who is there. */
void narrate_network(struct narrator *narrator, const struct narrate_options *options);

/* One command in its envelopes, from node to node; then a table of such for each kind of session. */
void narrate_envelopes(struct narrator *narrator);
void narrate_headers_table(struct narrator *narrator);

/* What led up to a connection, and its opening: DNS, ARP, TCP's handshake. */
void narrate_opening(struct narrator *narrator, const struct scene *scene, const struct leg *leg);

/* Lookups of `node` in a scene that were not told yet and began before record `until`. */
void narrate_lookups(struct narrator *narrator, const struct scene *scene, uint32_t node,
		     uint64_t until, uint32_t address, struct story_block *paragraph);

/* Questions for TXT records that a node asked before record `until`, where a message is checked. */
void narrate_texts(struct narrator *narrator, const struct scene *scene, uint32_t node,
		   uint64_t until, struct story_block *paragraph);

/* A server that asks DNS who its client is: told once. */
void narrate_reverse_lookup(struct narrator *narrator, const struct scene *scene,
			    const struct leg *leg, struct story_block *paragraph);

/* The session as a picture: at the first of its kind, for experts at all. */
void narrate_ladder(struct narrator *narrator, const struct leg *leg, const GArray *sayings);

/* What was said on a connection in a scene. */
void narrate_session(struct narrator *narrator, const struct scene *scene, const struct leg *leg);

/* Each protocol's way to tell it: all that was said in `sayings`, which is not empty. */
void narrate_smtp(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings);
/* What is said before STARTTLS has made the connection secure, up to the server's yes. */
void narrate_smtp_in_clear(struct narrator *narrator, const struct scene *scene,
			   const struct leg *leg, const GArray *sayings);
void narrate_pop3(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings);
void narrate_imap(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings);
void narrate_other(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		   const GArray *sayings);

/* How TLS came into being on a connection, and what it leaves readable. */
void narrate_tls(struct narrator *narrator, const struct leg *leg, uint32_t scene,
		 struct story_block *paragraph);

/* How a message is written. */
void narrate_compose(struct narrator *narrator, const struct scene *scene);

/* What happened to messages in a scene before record `until`, from station `*at` on, which moves on. */
void narrate_stations(struct narrator *narrator, const struct scene *scene, guint *at,
		      uint64_t until);

/* What went wrong in a scene: losses, refusals, retransmissions. */
void narrate_trouble(struct narrator *narrator, const struct scene *scene);

/* Scenes one by one, and what is left out. */
void narrate_scenes(struct narrator *narrator);

/* Figures of the whole: messages, protocols, ports, bytes. */
void narrate_brief(struct narrator *narrator);
void narrate_result(struct narrator *narrator);

/* What an attacker overwrote, by a record FORWARD of LAYER_TAMPER. False: its frame or rule is not known. */
bool narrate_tampering(struct narrator *narrator, const struct trace_record *record,
		       struct story_block *paragraph);

/* The first record by which `node` (0: any) overwrote something; NULL: none. */
const struct trace_record *narrate_tampered(const struct narrator *narrator, uint32_t node);

/* What others on the way can read of messages and of every login, and what they changed. */
void narrate_security(struct narrator *narrator, struct story_block *paragraph);

/* The five questions. */
void narrate_questions(struct narrator *narrator);
