/* The parts of a page's data; for views/page*.c only. */
#pragma once
#include "views/page.h"

/* What the build makes of views/page/: the script and the style sheet. */
extern const unsigned char page_script[], page_style[];
extern const size_t page_script_bytes, page_style_bytes;

/* The data while it is made: texts are kept once each, and called by their number. */
struct page_data {
	struct history *history;
	const struct model *model;
	const struct page_options *options;
	GHashTable *numbers; /* text to its number; look-ups only */
	GPtrArray *texts;
	GString *out;       /* the JSON so far */
	uint32_t hop_count; /* that the page holds; likewise: */
	uint32_t event_count, packet_count;
	uint64_t moment_count; /* records that it tells of */
	GHashTable *ways;      /* a direction's id in the trace to connection << 1 | direction */
	GString *omitted;      /* sentences that say what is left out */
};

/* The number of a text, of any bytes; NULL and "" are 0. */
uint32_t page_text(struct page_data *data, const char *text);
uint32_t page_text_bytes(struct page_data *data, const char *text, size_t length);

/* The number of what `text` holds, which is emptied. */
uint32_t page_text_take(struct page_data *data, GString *text);

/* Appends `"key":` behind a comma where one is due. */
void page_append_key(GString *out, const char *key);

/* Arrays of numbers, of int64_t. */
GArray *page_numbers_new(void);

static inline void page_put(GArray *numbers, int64_t number)
{
	g_array_append_val(numbers, number);
}

/* Appends `,"key":[...]` from numbers; `page_append_deltas` each as the difference to the one before. */
void page_append_numbers(GString *out, const char *key, const GArray *numbers);
void page_append_deltas(GString *out, const char *key, const GArray *numbers);

/*
 * Appends an object of `count` arrays, which it frees: each by its key, those in the set `deltas` of
 * 1 << column as differences.
 */
void page_append_columns(GString *out, const char *const *keys, GArray **columns, unsigned count,
			 unsigned deltas);

/* The sections of the data. Each appends members to data->out. */
void page_append_frames(struct page_data *data);    /* and what refers to them: hops */
void page_append_world(struct page_data *data);     /* nodes, cables, layers, actors */
void page_append_events(struct page_data *data);    /* events, packets, segments */
void page_append_mail(struct page_data *data);      /* messages and their stations */
void page_append_mailboxes(struct page_data *data); /* what each holds, from moment to moment */
void page_append_tables(struct page_data *data);    /* likewise sockets, tables and queues */
