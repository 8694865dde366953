/* Answers the questions of checks out of a table, without a network. */
#pragma once
#include "protocols/authentic/dns_view.h"

struct fake_dns;

struct fake_dns *fake_dns_new(void);
void fake_dns_free(struct fake_dns *dns);

/* A record, its data as in a zone file. */
void fake_dns_add(struct fake_dns *dns, const char *name, uint16_t type, const char *data);

/* A record, its data as on the wire. */
void fake_dns_add_data(struct fake_dns *dns, const char *name, uint16_t type, struct bytes data);

/* A TXT record that holds `text`, in strings of at most 255 bytes. */
void fake_dns_add_text(struct fake_dns *dns, const char *name, const char *text);

/* Questions for `name` that no record answers get no answer at all. */
void fake_dns_time_out(struct fake_dns *dns, const char *name);

/* Calls `take` with the answer to the question, aliases followed. */
void fake_dns_answer(struct fake_dns *dns, const struct dns_wish *wish,
		     void (*take)(void *owner, const struct dns_answer *answer), void *owner);

/* How many questions were answered so far. */
unsigned fake_dns_questions(const struct fake_dns *dns);
