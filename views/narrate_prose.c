#include "views/narrate_prose.h"

#include <string.h>
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/mail/names.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/names.h"
#include "protocols/tls/dissect.h"
#include "stack/tcp/names.h"
#include "views/names.h"

#define NEAR 400 /* records around a frame in which its TLS record, or its unit, is looked for */

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct saying *first = a, *second = b;

	if (first->unit->time_ns != second->unit->time_ns)
		return first->unit->time_ns < second->unit->time_ns ? -1 : 1;
	if (first->is_from_server != second->is_from_server)
		return first->is_from_server ? 1 : -1;
	return first->unit->offset < second->unit->offset ? -1 : 1;
}

GArray *narrate_sayings(const struct narrator *narrator, const struct leg *leg, uint32_t scene,
			bool wants_tls)
{
	GArray *sayings = g_array_new(FALSE, FALSE, sizeof(struct saying));

	for (unsigned i = 0; i < 2; i++) {
		const GPtrArray *units = leg->connection->directions[i].units;

		for (guint k = 0; k < units->len; k++) {
			const struct model_unit *unit = units->pdata[k];
			struct saying saying = { unit, i == 1,
						 narrate_transmit(narrator, unit->packet) };

			if (saying.frame == NULL ||
			    (unit->dissector == &tls_dissector && !wants_tls) ||
			    (scene != SCENE_NONE && narrate_unit_scene(narrator, unit) != scene))
				continue;
			g_array_append_val(sayings, saying);
		}
	}
	g_array_sort(sayings, by_time);
	return sayings;
}

static const struct saying *saying_at(const GArray *sayings, guint index)
{
	return &g_array_index(sayings, struct saying, index);
}

const struct saying *narrate_find(const GArray *sayings, guint from, bool is_from_server,
				  unsigned kind)
{
	for (guint i = from; i < sayings->len; i++) {
		const struct saying *saying = saying_at(sayings, i);

		if (saying->is_from_server == is_from_server && saying->unit->kind == kind)
			return saying;
	}
	return NULL;
}

const struct saying *narrate_answer(const GArray *sayings, const struct saying *saying)
{
	guint index = (guint)(saying - saying_at(sayings, 0));

	for (guint i = index + 1; i < sayings->len; i++)
		if (saying_at(sayings, i)->is_from_server != saying->is_from_server)
			return saying_at(sayings, i);
	return NULL;
}

static struct bytes unit_bytes(const struct model_unit *unit)
{
	struct bytes bytes = { NULL, 0 };

	if (unit->bytes != NULL)
		bytes.data = g_bytes_get_data(unit->bytes, &bytes.length);
	return bytes;
}

static bool holds(const struct narrator *narrator, const struct trace_record *record,
		  struct bytes text)
{
	struct bytes bytes = narrate_bytes(narrator, record);

	return memmem(bytes.data, bytes.length, text.data, text.length) != NULL;
}

/* The record of what TLS protects, near the frame that carries it. */
static const struct trace_record *find_plaintext(const struct narrator *narrator,
						 const struct trace_record *frame,
						 struct bytes text)
{
	uint64_t index = trace_store_find(narrator->store, frame->id);
	uint64_t least = index > NEAR ? index - NEAR : 0;

	for (uint64_t i = index; i-- > least;) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_UNIT && record->layer == LAYER_TLS &&
		    trace_node_of(record->id) == trace_node_of(frame->id) &&
		    holds(narrator, record, text))
			return record;
	}
	return NULL;
}

static struct story_fact quote_of(struct narrator *narrator, const struct saying *saying,
				  struct bytes text)
{
	const struct trace_record *record = saying->frame;
	struct story_fact fact;

	if (text.length == 0)
		return (struct story_fact) { .text = saying->unit->name, .look = STORY_CODE };
	if (!holds(narrator, record, text))
		record = find_plaintext(narrator, record, text);
	if (record == NULL)
		return (struct story_fact) { .text = saying->unit->name, .look = STORY_CODE };
	fact = fact_quote(narrator, record, text, STORY_CODE);
	return fact;
}

static void set_layer(struct story_fact *fact, const struct saying *saying)
{
	int layer =
	    saying->unit->dissector == NULL ? -1 : view_layer_find(saying->unit->dissector->key);

	fact->layer = layer < 0 ? 0 : (uint8_t)layer;
}

static struct bytes first_line(struct bytes bytes)
{
	const uint8_t *feed = bytes_find_byte(bytes, '\n');
	size_t length = feed == NULL ? bytes.length : (size_t)(feed - bytes.data);

	if (length > 0 && bytes.data[length - 1] == '\r')
		length--;
	return bytes_first(bytes, length);
}

static struct bytes first_words(struct bytes line, unsigned words)
{
	for (size_t i = 0; words > 0 && i < line.length; i++)
		if (line.data[i] == ' ' && --words == 0)
			return bytes_first(line, i);
	return line;
}

struct story_fact fact_line(struct narrator *narrator, const struct saying *saying, unsigned words)
{
	struct bytes line = first_words(first_line(unit_bytes(saying->unit)), words);
	struct story_fact fact = quote_of(narrator, saying, line);

	set_layer(&fact, saying);
	return fact;
}

static const char *find_text(struct bytes bytes, const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i + length <= bytes.length; i++)
		if (g_ascii_strncasecmp((const char *)bytes.data + i, text, length) == 0)
			return (const char *)bytes.data + i;
	return NULL;
}

struct story_fact fact_part(struct narrator *narrator, const struct saying *saying,
			    const char *start)
{
	struct bytes bytes = unit_bytes(saying->unit);
	const char *found = find_text(bytes, start);
	struct story_fact fact;

	if (found == NULL)
		return fact_line(narrator, saying, 0);
	fact = quote_of(narrator, saying,
			first_line(bytes_from(bytes, (size_t)(found - (const char *)bytes.data))));
	set_layer(&fact, saying);
	return fact;
}

bool saying_has(const struct saying *saying, const char *text)
{
	return saying != NULL && find_text(unit_bytes(saying->unit), text) != NULL;
}

const struct saying *narrate_fetched(const GArray *sayings)
{
	for (guint i = 1; i < sayings->len; i++) {
		const struct saying *saying = saying_at(sayings, i);
		const struct dissector *dissector = saying->unit->dissector;

		if (!saying->is_from_server)
			continue;
		if (dissector == &pop3_dissector && saying->unit->kind == POP3_MESSAGE)
			return saying;
		if (dissector == &imap_dissector && saying->unit->kind == IMAP_LITERAL &&
		    saying_has(saying_at(sayings, i - 1), "BODY["))
			return saying;
	}
	return NULL;
}

struct story_fact fact_saying_bytes(struct narrator *narrator, const struct saying *saying)
{
	uint64_t index = trace_store_find(narrator->store, saying->frame->id);
	uint64_t least = index > NEAR ? index - NEAR : 0;

	for (uint64_t i = index; i-- > least;) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_UNIT && record->layer != LAYER_TLS &&
		    record->detail == saying->unit->kind && !(record->flags & TRACE_INBOUND) &&
		    trace_node_of(record->id) == trace_node_of(saying->frame->id) &&
		    (record->before == saying->unit->offset ||
		     record->after == saying->unit->length))
			return fact_number(narrator, record, STORY_AFTER);
	}
	return fact_word("some");
}

struct story_fact fact_saying_frame(struct narrator *narrator, const struct saying *saying)
{
	return fact_frame(narrator, saying->frame);
}

struct bytes narrate_mail_text(const struct narrator *narrator, const struct trace_record *record,
			       unsigned place)
{
	struct mail_facts facts;
	unsigned at = 0;

	mail_facts_begin(&facts, record->detail, narrate_bytes(narrator, record));
	while (mail_facts_next(&facts))
		if (!facts.is_fact && at++ == place)
			return facts.value;
	return (struct bytes) { NULL, 0 };
}

struct bytes narrate_mail_fact(const struct narrator *narrator, const struct trace_record *record,
			       const char *name)
{
	struct mail_facts facts;

	mail_facts_begin(&facts, record->detail, narrate_bytes(narrator, record));
	while (mail_facts_next(&facts))
		if (facts.is_fact && facts.name.length == strlen(name) &&
		    memcmp(facts.name.data, name, facts.name.length) == 0)
			return facts.value;
	return (struct bytes) { NULL, 0 };
}

const struct trace_record *narrate_station(const struct narrator *narrator,
					   const struct scene *scene, unsigned detail,
					   uint32_t node)
{
	for (guint i = 0; i < scene->stations->len; i++) {
		const struct trace_record *record =
		    narrate_record(narrator, g_array_index(scene->stations, uint64_t, i));

		if (record->detail == detail && (node == 0 || trace_node_of(record->id) == node))
			return record;
	}
	return NULL;
}

/* The person of an action: "alice sends ...", "the disk of rosa dies". */
static struct bytes person_in(struct bytes text)
{
	static const char of[] = " of ";
	const uint8_t *found = text.length < 4 || memcmp(text.data, "the ", 4) != 0
				   ? NULL
				   : memmem(text.data, text.length, of, strlen(of));

	if (found != NULL)
		text = bytes_from(text, (size_t)(found - text.data) + strlen(of));
	return first_words(text, 1);
}

const char *narrate_person(struct narrator *narrator, const struct scene *scene)
{
	struct bytes name = person_in(first_line(narrate_bytes(narrator, scene->record)));
	g_autofree char *person = NULL;

	if (scene->record->kind != TRACE_ACTION || name.length == 0)
		return "the mail server";
	person = g_strdup(story_clean(narrator->story, name, 64));
	if (model_find_node(narrator->model, person) == 0)
		person[0] = g_ascii_toupper(person[0]);
	return g_string_chunk_insert(narrator->story->texts, person);
}
