/* TCP windows in bytes: how they are scaled is agreed on in the handshake (RFC 7323 section 2). */
#pragma once
#include "stack/wire/tcp.h"
#include "views/model.h"

/* Keeps what a SYN offers: `header` is of one that `direction` sent. */
void window_learn(struct model_direction *direction, const struct tcp_header *header);

/* Sets the window of `segment`, whose connection and direction are known, from its header. */
void window_find(struct model_segment *segment, const struct tcp_header *header);
