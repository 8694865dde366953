/*
 * What a mail server writes into the header of a message that it takes: a Received field (RFC 5321
 * section 4.4), and for an author's client the fields it left out (RFC 6409 section 8). Pure.
 */
#pragma once
#include "protocols/smtp/server.h"

struct stamp {
	const char *host_name;
	const char *software;
	const char *queue_id;
	int64_t unix_time;
	bool completes; /* adds Date and Message-ID where they are missing */
};

/* The arrived message with its new fields. */
GBytes *stamp_arrival(const struct smtp_arrival *arrival, const struct stamp *stamp);

/* The number of Received fields: how many servers had the message. */
unsigned stamp_count_hops(GBytes *data);
