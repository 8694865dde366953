/*
 * A written account of a run: sections of paragraphs, lists, tables and figures, whose sentences say
 * which records of the trace they rest on, and for each number and each quotation where it is found
 * there. Narration (views/narrate.h) makes it; writers (views/story_write.h) bring it to paper.
 */
#pragma once
#include <glib.h>
#include "sim/trace.h"

struct story;
struct story_block;

/* Where a text is found in the trace, so that anyone can look it up. */
enum story_source {
	STORY_NOWHERE,  /* a word of the language, or a name */
	STORY_TIME,     /* `record`: time_ns */
	STORY_INTERVAL, /* time_ns of `other` minus that of `record` */
	STORY_LENGTH,   /* total_bytes */
	STORY_HEADER,   /* header_bytes */
	STORY_BEFORE,   /* `before`, */
	STORY_AFTER,    /* and `after` */
	STORY_OBJECT,   /* `object` */
	STORY_FRAME,    /* how many records of its kind with TRACE_FIRST there are up to it */
	STORY_BITS,     /* `bits` bits of its bytes, from bit `bit` on, as one number */
	STORY_TEXT,     /* its bytes hold the text */
	STORY_DECODED,  /* the header field `name` of the message in its bytes, decoded */
	STORY_COUNT,    /* how many records fit `query` */
	STORY_SUM,      /* total_bytes of those records together */
	STORY_SOURCE_COUNT,
};

/* How a number is written. */
enum story_form {
	STORY_DECIMAL, /* commas between thousands */
	STORY_SECONDS, /* of nanoseconds */
	STORY_MILLISECONDS,
	STORY_IPV4,
	STORY_MAC,
	STORY_HEXADECIMAL, /* "0x06e6", as many digits as the bits need */
	STORY_FORM_COUNT,
};

/* Which records are meant; what is 0 (kind, layer and detail: STORY_ANY) is not asked for. */
#define STORY_ANY UINT16_MAX
struct story_query {
	uint16_t kind, layer, detail;
	uint8_t flags; /* all of these */
	uint32_t node;
	uint64_t root, object;
};

struct story_evidence {
	uint8_t source;         /* enum story_source */
	uint8_t form;           /* enum story_form */
	uint64_t record, other; /* ids; 0: none */
	uint32_t bit, bits;
	const char *name; /* of a header field; constant */
	struct story_query query;
};

enum story_look {
	STORY_PLAIN,
	STORY_CODE, /* as it is on the wire */
	STORY_STRONG,
	STORY_NAME, /* words of people */
	STORY_NODE, /* name of a host, router or switch */
};

/* A piece to put into a sentence, with its evidence; made by the functions of views/narrate_facts.h. */
struct story_fact {
	const char *text; /* NULL: only the evidence counts */
	uint8_t look;     /* enum story_look */
	uint8_t layer;    /* of protocols/layer.h, for its colour; 0: none */
	struct story_evidence evidence;
};

/* A part of a sentence that is not plain text. */
struct story_span {
	uint32_t start, length; /* bytes */
	uint8_t look, layer;
	struct story_evidence evidence;
};

struct story_sentence {
	GString *text;
	GArray *spans;   /* of struct story_span, in order, disjoint */
	GArray *records; /* of uint64_t: ids of what it rests on, each once */
};

enum story_kind {
	STORY_HEADING,   /* `level` 1 to 3, sentences: one */
	STORY_PARAGRAPH, /* sentences */
	STORY_LIST,      /* each sentence is an item; `level` 1: numbered */
	STORY_TABLE, /* sentences are cells, row by row, `columns` of them; the first row is the head */
	STORY_FIGURE, /* a picture; sentences: its caption */
};

struct story_block {
	uint8_t kind; /* enum story_kind */
	uint8_t level;
	unsigned columns;
	uint32_t right_aligned;  /* set of 1 << column: numbers */
	const char *anchor;      /* headings and figures: "network" */
	char *svg, *alternative; /* of a figure, and what it shows in words */
	GPtrArray *sentences;    /* of struct story_sentence * */
	GPtrArray *labels;       /* of a figure: what is written in it, likewise; NULL: nothing */
};

struct story {
	char *title;
	int64_t epoch_s;
	GPtrArray *blocks;   /* of struct story_block * */
	GStringChunk *texts; /* of facts and anchors */
};

struct story *story_new(const char *title, int64_t epoch_s);
void story_free(struct story *story);

/* Blocks at the end; owned by the story. */
struct story_block *story_heading(struct story *story, unsigned level, const char *anchor);
struct story_block *story_paragraph(struct story *story);
struct story_block *story_list(struct story *story, bool is_numbered);
struct story_block *story_table(struct story *story, unsigned columns, uint32_t right_aligned);

/* `svg` is taken; both texts are for who cannot see it. */
struct story_block *story_figure(struct story *story, const char *anchor, char *svg,
				 const char *alternative);

/*
 * Appends a sentence (a cell, an item) to a block. Each "{}" in `text` stands for the next of
 * `facts`; those without a text are evidence of the sentence as a whole.
 */
struct story_sentence *story_say(struct story_block *block, const char *text,
				 const struct story_fact *facts, size_t count);

/* The same for what is written in a figure. */
struct story_sentence *story_label(struct story_block *figure, const char *text,
				   const struct story_fact *facts, size_t count);

/* Goes on in the same sentence. */
void story_go_on(struct story_sentence *sentence, const char *text, const struct story_fact *facts,
		 size_t count);

/* story_say(block, text, facts...) */
#define SAY(block, text, ...)                                                                      \
	story_say(block, text, (const struct story_fact[]) { __VA_ARGS__ },                        \
		  sizeof((const struct story_fact[]) { __VA_ARGS__ }) / sizeof(struct story_fact))
#define LABEL(figure, text, ...)                                                                   \
	story_label(figure, text, (const struct story_fact[]) { __VA_ARGS__ },                     \
		    sizeof((const struct story_fact[]) { __VA_ARGS__ }) /                          \
			sizeof(struct story_fact))
#define GO_ON(sentence, text, ...)                                                                 \
	story_go_on(sentence, text, (const struct story_fact[]) { __VA_ARGS__ },                   \
		    sizeof((const struct story_fact[]) { __VA_ARGS__ }) /                          \
			sizeof(struct story_fact))

/* Removes headings under which nothing stands, tables of a head alone, and empty blocks. */
void story_tidy(struct story *story);

/*
 * Text from outside as one line of UTF-8 in which nothing acts: control characters, direction
 * overrides and bytes that are no UTF-8 become U+FFFD; at most `limit` bytes. Owned by the story.
 */
const char *story_clean(struct story *story, struct bytes text, size_t limit);

/* The words of JSON: "time", "decimal". */
extern const char *const story_source_names[STORY_SOURCE_COUNT];
extern const char *const story_form_names[STORY_FORM_COUNT];
