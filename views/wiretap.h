/*
 * Listens for credentials in the frames that cross a wire: TCP of the mail protocols and HTTP, followed
 * in their bytes alone. Of bounded size, whatever crosses (views/streams.h).
 */
#pragma once
#include "views/credentials.h"

struct wiretap;

/* Tells `found` of each credential while the frame that completes it is fed. */
struct wiretap *wiretap_new(const struct dissector *const *dissectors, credential_found *found,
			    void *owner);
void wiretap_free(struct wiretap *wiretap); /* NULL is fine */

/* A frame (Ethernet, no FCS), in the order in which they cross. */
void wiretap_feed(struct wiretap *wiretap, struct bytes frame, int64_t time_ns);

/* Whether anything was said in a connection to this port of a server. */
bool wiretap_has_heard(const struct wiretap *wiretap, uint16_t port);
