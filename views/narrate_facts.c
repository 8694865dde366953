#include "views/narrate_facts.h"

#include <inttypes.h>
#include <string.h>
#include "stack/address.h"

#define QUOTE_MAX 160 /* bytes; of longer ones the beginning */

static struct story_fact fact_of(struct narrator *narrator, const char *text,
				 const struct trace_record *record, enum story_source source,
				 enum story_form form)
{
	return (struct story_fact) {
		.text = g_string_chunk_insert(narrator->story->texts, text),
		.evidence = {
			.source = (uint8_t)source,
			.form = (uint8_t)form,
			.record = record->id,
		},
	};
}

struct story_fact fact_word(const char *text)
{
	return (struct story_fact) { .text = text };
}

struct story_fact fact_code(const char *text)
{
	return (struct story_fact) { .text = text, .look = STORY_CODE };
}

struct story_fact fact_because(const struct trace_record *record)
{
	return (struct story_fact) { .evidence = { .record = record == NULL ? 0 : record->id } };
}

struct story_fact fact_node(struct narrator *narrator, uint32_t node)
{
	const struct trace_record *record =
	    node < narrator->nodes->len ? narrator->nodes->pdata[node] : NULL;
	struct story_fact fact;

	if (record == NULL)
		return fact_word("?");
	fact = fact_quote(narrator, record, trace_store_bytes(narrator->store, record), STORY_NODE);
	return fact;
}

void narrate_append_number(GString *out, uint64_t number)
{
	char digits[24];
	size_t length = (size_t)g_snprintf(digits, sizeof digits, "%" PRIu64, number);

	for (size_t i = 0; i < length; i++) {
		if (i > 0 && length > 4 && (length - i) % 3 == 0)
			g_string_append_c(out, ',');
		g_string_append_c(out, digits[i]);
	}
}

/* A decimal without the zeros that end it. */
static void append_decimal(GString *out, double value, int decimals)
{
	gsize before = out->len;

	g_string_append_printf(out, "%.*f", decimals, value);
	if (decimals == 0)
		return;
	while (out->str[out->len - 1] == '0')
		g_string_truncate(out, out->len - 1);
	if (out->str[out->len - 1] == '.')
		g_string_truncate(out, out->len - 1);
	g_assert(out->len > before);
}

/* Milliseconds where that is little; three digits that count, more for experts. */
static enum story_form append_time(GString *out, const struct narrator *narrator, int64_t time_ns,
				   bool is_interval)
{
	bool is_expert = narrator->level == NARRATE_EXPERT;

	if (is_interval && time_ns < 1000000000) {
		append_decimal(out, (double)time_ns / 1e6,
			       is_expert             ? 6
			       : time_ns < 1000000   ? 3
			       : time_ns < 100000000 ? 1
						     : 0);
		g_string_append(out, " ms");
		return STORY_MILLISECONDS;
	}
	append_decimal(out, (double)time_ns / 1e9, is_expert ? 6 : is_interval ? 2 : 3);
	g_string_append(out, " s");
	return STORY_SECONDS;
}

struct story_fact fact_time(struct narrator *narrator, const struct trace_record *record)
{
	g_autoptr(GString) text = g_string_new(NULL);
	enum story_form form = append_time(text, narrator, record->time_ns, false);

	return fact_of(narrator, text->str, record, STORY_TIME, form);
}

struct story_fact fact_interval(struct narrator *narrator, const struct trace_record *from,
				const struct trace_record *to)
{
	g_autoptr(GString) text = g_string_new(NULL);
	enum story_form form = append_time(text, narrator, to->time_ns - from->time_ns, true);
	struct story_fact fact = fact_of(narrator, text->str, from, STORY_INTERVAL, form);

	fact.evidence.other = to->id;
	return fact;
}

struct story_fact fact_instant(struct narrator *narrator, const struct trace_record *record)
{
	g_autofree char *text = g_strdup_printf("%.6f s", (double)record->time_ns / 1e9);

	return fact_of(narrator, text, record, STORY_TIME, STORY_SECONDS);
}

static uint64_t value_of(const struct trace_record *record, enum story_source source)
{
	switch (source) {
	case STORY_LENGTH:
		return record->total_bytes;
	case STORY_HEADER:
		return record->header_bytes;
	case STORY_BEFORE:
		return record->before;
	case STORY_AFTER:
		return record->after;
	case STORY_OBJECT:
		return record->object;
	default:
		g_assert_not_reached();
	}
}

struct story_fact fact_number(struct narrator *narrator, const struct trace_record *record,
			      enum story_source source)
{
	g_autoptr(GString) text = g_string_new(NULL);

	narrate_append_number(text, value_of(record, source));
	return fact_of(narrator, text->str, record, source, STORY_DECIMAL);
}

struct story_fact fact_frame(struct narrator *narrator, const struct trace_record *transmit)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "%" PRIu64, model_frame(narrator->model, transmit->packet));
	return fact_of(narrator, text->str, transmit, STORY_FRAME, STORY_DECIMAL);
}

static uint64_t read_bits(struct bytes bytes, uint32_t bit, uint32_t bits)
{
	uint64_t value = 0;

	for (uint32_t i = bit; i < bit + bits && i / 8 < bytes.length; i++)
		value = value << 1 | (bytes.data[i / 8] >> (7 - i % 8) & 1);
	return value;
}

/* A number of at most 64 bits in a form; the caller frees it. */
static char *print_bits(uint64_t value, uint32_t bits, enum story_form form)
{
	char ipv4[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

	switch (form) {
	case STORY_IPV4:
		return g_strdup(ipv4_print((uint32_t)value, ipv4));
	case STORY_MAC:
		return g_strdup(mac_print(mac_from_number(value), mac));
	case STORY_HEXADECIMAL:
		return g_strdup_printf("0x%0*" PRIx64, (int)(bits + 3) / 4, value);
	default:
		return g_strdup_printf("%" PRIu64, value);
	}
}

struct story_fact fact_bits(struct narrator *narrator, const struct trace_record *record,
			    uint32_t bit, uint32_t bits, enum story_form form)
{
	uint64_t value = read_bits(trace_store_bytes(narrator->store, record), bit, bits);
	g_autofree char *text = print_bits(value, bits, form);
	struct story_fact fact = fact_of(narrator, text, record, STORY_BITS, form);

	fact.evidence.bit = bit;
	fact.evidence.bits = bits;
	if (form == STORY_MAC)
		fact.look = STORY_CODE;
	return fact;
}

struct story_fact fact_value(struct narrator *narrator, const struct trace_record *record,
			     uint32_t bit, uint32_t bits, const char *text)
{
	static const enum story_form forms[] = { STORY_DECIMAL, STORY_HEXADECIMAL, STORY_IPV4,
						 STORY_MAC };

	for (size_t i = 0; i < G_N_ELEMENTS(forms) && bits <= 64; i++) {
		struct story_fact fact = fact_bits(narrator, record, bit, bits, forms[i]);

		if (strcmp(fact.text, text) == 0)
			return fact;
	}
	return fact_because(record);
}

struct story_fact fact_field(struct narrator *narrator, const struct trace_record *record,
			     enum decode_protocol protocol, const char *name, enum story_form form)
{
	struct decode *decode = g_new(struct decode, 1);
	const struct decode_layer *layer;
	const struct decode_field *field = NULL;
	struct story_fact fact;

	decode_frame(trace_store_bytes(narrator->store, record), NULL, decode);
	layer = decode_find(decode, protocol);
	if (layer != NULL)
		field = decode_find_field(decode, layer, name);
	if (field != NULL)
		fact = fact_bits(narrator, record, field->bit_offset, field->bit_width, form);
	else
		fact = fact_word("?");
	g_free(decode);
	return fact;
}

struct story_fact fact_quote(struct narrator *narrator, const struct trace_record *record,
			     struct bytes text, enum story_look look)
{
	return (struct story_fact) {
		.text = story_clean(narrator->story, text, QUOTE_MAX),
		.look = (uint8_t)look,
		.evidence = {.source = STORY_TEXT, .record = record->id},
	};
}

struct story_fact fact_header(struct narrator *narrator, const struct trace_record *record,
			      const char *name, const char *decoded)
{
	struct bytes text = { (const uint8_t *)decoded, strlen(decoded) };

	return (struct story_fact) {
		.text = story_clean(narrator->story, text, QUOTE_MAX),
		.look = STORY_NAME,
		.evidence = {.source = STORY_DECODED, .record = record->id, .name = name},
	};
}

static bool fits(const struct trace_record *record, const struct story_query *query)
{
	return record->kind == query->kind &&
	       (query->layer == STORY_ANY || record->layer == query->layer) &&
	       (query->detail == STORY_ANY || record->detail == query->detail) &&
	       (record->flags & query->flags) == query->flags &&
	       (query->node == 0 || trace_node_of(record->id) == query->node) &&
	       (query->root == 0 || record->root == query->root) &&
	       (query->object == 0 || record->object == query->object);
}

static uint64_t measure(const struct narrator *narrator, const struct story_query *query,
			bool is_sum)
{
	uint64_t result = 0;

	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (fits(record, query))
			result += is_sum ? record->total_bytes : 1;
	}
	return result;
}

uint64_t narrate_count(const struct narrator *narrator, const struct story_query *query)
{
	return measure(narrator, query, false);
}

static struct story_fact fact_measured(struct narrator *narrator, const struct story_query *query,
				       const struct trace_record *first, bool is_sum)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct story_fact fact;

	narrate_append_number(text, measure(narrator, query, is_sum));
	fact = fact_of(narrator, text->str, first, is_sum ? STORY_SUM : STORY_COUNT, STORY_DECIMAL);
	fact.evidence.query = *query;
	return fact;
}

struct story_fact fact_count(struct narrator *narrator, const struct story_query *query,
			     const struct trace_record *first)
{
	return fact_measured(narrator, query, first, false);
}

struct story_fact fact_sum(struct narrator *narrator, const struct story_query *query,
			   const struct trace_record *first)
{
	return fact_measured(narrator, query, first, true);
}
