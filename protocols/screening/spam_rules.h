/*
 * The rules by which the spam stage scores a message. Names and weights follow SpamAssassin where it
 * has such a rule; the table is docs/PROTOCOLS.md's, and a test compares them.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "protocols/screening/parts.h"
#include "protocols/screening/screening.h"

struct spam_patterns;

/* The compiled patterns of the rules. */
struct spam_patterns *spam_patterns_new(void);
void spam_patterns_free(struct spam_patterns *patterns);

#define SPAM_TEXT_MAX (256 * 1024) /* octets of text, of all parts together, that are looked at */

/* What the rules look at. Everything but `text` may be missing (NULL). */
struct spam_facts {
	const struct spam_patterns *patterns;
	const struct screen_case *subject;
	const struct screen_parts *parts;
	struct bytes header;
	char *title; /* Subject, decoded */
	char *text;  /* of all text parts, UTF-8 */
	bool has_html, has_plain;
};

void spam_facts_init(struct spam_facts *facts, const struct spam_patterns *patterns,
		     const struct screen_case *subject, const struct screen_parts *parts);
void spam_facts_clear(struct spam_facts *facts);

struct spam_rule {
	const char *name;
	int tenths; /* of a point; negative: a sign of good mail */
	const char *meaning;
	bool (*hits)(const struct spam_facts *facts);
};

extern const struct spam_rule spam_rules[];
extern const unsigned spam_rule_count;
