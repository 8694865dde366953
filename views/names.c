#include "views/names.h"

#include <glib.h>
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "protocols/screening/names.h"
#include "stack/names.h"

/* Tables in the order of the layers; LAYER_USER has none. */
static const struct layer_names *table_of(unsigned layer)
{
	const struct layer_names *const *tables = stack_layer_names;
	unsigned count = stack_layer_names_count;

	if (layer >= LAYER_STACK_COUNT) {
		tables = protocol_layer_names;
		count = protocol_layer_names_count;
	}
	for (unsigned i = 0; i < count; i++)
		if (tables[i]->layer == layer)
			return tables[i];
	return NULL;
}

const char *view_layer_name(unsigned layer)
{
	const struct layer_names *table = table_of(layer);

	return table == NULL ? "User" : table->name;
}

const char *view_layer_key(unsigned layer)
{
	const struct layer_names *table = table_of(layer);

	return table == NULL ? "user" : table->key;
}

int view_layer_find(const char *key)
{
	for (unsigned layer = 0; layer < LAYER_COUNT; layer++)
		if ((layer == LAYER_USER || table_of(layer) != NULL) &&
		    g_ascii_strcasecmp(view_layer_key(layer), key) == 0)
			return (int)layer;
	return -1;
}

char *view_layer_keys(void)
{
	GString *keys = g_string_new("user");

	for (unsigned layer = 1; layer < LAYER_COUNT; layer++)
		if (table_of(layer) != NULL)
			g_string_append_printf(keys, ", %s", view_layer_key(layer));
	return g_string_free(keys, FALSE);
}

char *view_layer_list(uint64_t layers)
{
	GString *keys = g_string_new(NULL);

	for (unsigned layer = 0; layer < LAYER_COUNT; layer++)
		if (layers & UINT64_C(1) << layer)
			g_string_append_printf(keys, "%s%s", keys->len > 0 ? ", " : "",
					       view_layer_key(layer));
	return g_string_free(keys, FALSE);
}

static const char *const kind_names[] = {
	[TRACE_NODE] = "node",
	[TRACE_INTERFACE] = "interface",
	[TRACE_LINK] = "link",
	[TRACE_TABLE] = "table",
	[TRACE_ACTION] = "action",
	[TRACE_TRANSMIT] = "transmit",
	[TRACE_RECEIVE] = "receive",
	[TRACE_ENCAPSULATE] = "encapsulate",
	[TRACE_DECAPSULATE] = "decapsulate",
	[TRACE_FORWARD] = "forward",
	[TRACE_WAIT] = "wait",
	[TRACE_DROP] = "drop",
	[TRACE_IGNORE] = "ignore",
	[TRACE_IMPAIR] = "impair",
	[TRACE_DERIVE] = "derive",
	[TRACE_STATE] = "state",
	[TRACE_UNIT] = "unit",
	[TRACE_PHASE] = "phase",
	[TRACE_MAIL] = "mail",
	[TRACE_MAILBOX] = "mailbox",
	[TRACE_LOOPBACK] = "loopback",
	[TRACE_CONGESTION] = "congestion",
};

const char *view_kind_name(enum trace_kind kind)
{
	return kind < TRACE_KIND_COUNT ? kind_names[kind] : "?";
}

const char *view_detail_name(const struct trace_record *record)
{
	const struct layer_names *table = table_of(record->layer);

	if (record->kind == TRACE_PHASE)
		return record->detail < PHASE_COUNT ? session_phase_names[record->detail] : "";
	if (table == NULL || record->detail >= table->detail_count ||
	    table->details[record->detail] == NULL)
		return "";
	return table->details[record->detail];
}

void view_append_place(GString *out, const char *host, uint8_t actor)
{
	g_string_append(out, host);
	if (actor != ACTOR_NONE)
		g_string_append_printf(out, " (%s)", actor_name(actor));
}

static const char *name_in(const char *const *names, unsigned count, uint64_t value)
{
	return value < count ? names[value] : "?";
}

void view_check_read(struct view_check *check, const struct trace_record *record,
		     struct bytes bytes)
{
	struct bytes stage, evidence;

	screen_record_split(bytes, &stage, &evidence);
	*check = (struct view_check) {
		.stage = bytes_to_text(bytes_first(stage, VIEW_EVIDENCE_MAX)),
		.verdict = name_in(screen_verdict_names, SCREEN_VERDICT_COUNT, record->before),
		.action = name_in(screen_action_names, SCREEN_ACTION_COUNT, record->after),
		.evidence = bytes_to_text(bytes_first(evidence, VIEW_EVIDENCE_MAX)),
	};
}

void view_check_clear(struct view_check *check)
{
	g_free(check->stage);
	g_free(check->evidence);
}

void view_append_check(GString *out, const struct trace_record *record, struct bytes bytes)
{
	struct view_check check;

	view_check_read(&check, record, bytes);
	g_string_append_printf(out, "%s %s", check.stage, check.verdict);
	if (record->before == SCREEN_FAILED)
		g_string_append_printf(out, ", %s", check.action);
	g_string_append_printf(out, ": %s", check.evidence);
	view_check_clear(&check);
}

char *bytes_to_text(struct bytes bytes)
{
	return bytes.length == 0 ? g_strdup("") : g_strndup((const char *)bytes.data, bytes.length);
}
