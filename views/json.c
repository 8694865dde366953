#include "views/json.h"

#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "sim/time.h"
#include "stack/address.h"
#include "stack/names.h"
#include "views/names.h"

#define BUFFER_BYTES ((size_t)1 << 20)

/* Room that the fixed part of a record takes at most: 30 fields of at most 60 bytes. */
#define RECORD_BYTES_MAX 2048

struct json_view {
	FILE *out;
	const struct model *model;
	struct json_options options;
	struct trace_record action; /* the last one, which a mail may come of; id 0: none */
	GByteArray *action_bytes;
	uint8_t *buffer;
	size_t used;
	bool has_failed;
	struct view_found found;
};

struct json_view *json_view_new(FILE *out, const struct model *model,
				const struct json_options *options)
{
	struct json_view *json = g_new0(struct json_view, 1);

	json->out = out;
	json->model = model;
	if (options != NULL)
		json->options = *options;
	json->action_bytes = g_byte_array_new();
	json->buffer = g_malloc(BUFFER_BYTES);
	return json;
}

void json_view_flush(struct json_view *json)
{
	if (json->used > 0 && fwrite(json->buffer, 1, json->used, json->out) != json->used)
		json->has_failed = true;
	json->used = 0;
}

static void ensure(struct json_view *json, size_t bytes)
{
	if (BUFFER_BYTES - json->used < bytes)
		json_view_flush(json);
}

static void put_text(struct json_view *json, const char *text)
{
	size_t length = strlen(text);

	memcpy(json->buffer + json->used, text, length);
	json->used += length;
}

static void put_number(struct json_view *json, uint64_t value)
{
	uint8_t digits[20];
	size_t count = 0;

	do
		digits[count++] = (uint8_t)('0' + value % 10);
	while ((value /= 10) != 0);
	while (count > 0)
		json->buffer[json->used++] = digits[--count];
}

/* Readers of JSON keep numbers as doubles, exact up to here (RFC 8259 section 6). */
#define JSON_EXACT_MAX ((UINT64_C(1) << 53) - 1)

/* Fields that are 0 are left out: 0 always means none. What would not be read back is a string of digits. */
static void put_exact(struct json_view *json, const char *key, uint64_t value)
{
	put_text(json, key);
	if (value > JSON_EXACT_MAX)
		put_text(json, "\"");
	put_number(json, value);
	if (value > JSON_EXACT_MAX)
		put_text(json, "\"");
}

static void put_field(struct json_view *json, const char *key, uint64_t value)
{
	if (value != 0)
		put_exact(json, key, value);
}

/* A string; names are ASCII but may hold what JSON must escape (RFC 8259 section 7). */
static void put_string(struct json_view *json, const char *key, const char *text)
{
	put_text(json, key);
	json->buffer[json->used++] = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			json->buffer[json->used++] = '\\';
		json->buffer[json->used++] = (uint8_t)((unsigned char)*text < 0x20 ? ' ' : *text);
	}
	json->buffer[json->used++] = '"';
}

/* The bytes in hexadecimal, in pieces that fit the buffer. */
static void put_bytes(struct json_view *json, struct bytes bytes)
{
	static const char digits[] = "0123456789abcdef";

	put_text(json, ",\"bytes\":\"");
	for (size_t i = 0; i < bytes.length; i++) {
		if (BUFFER_BYTES - json->used < RECORD_BYTES_MAX)
			json_view_flush(json);
		json->buffer[json->used++] = (uint8_t)digits[bytes.data[i] >> 4];
		json->buffer[json->used++] = (uint8_t)digits[bytes.data[i] & 15];
	}
	json->buffer[json->used++] = '"';
}

static const struct {
	uint8_t flag;
	const char *key;
} flags[] = {
	{TRACE_INBOUND,     ",\"inbound\":true"  },
        { TRACE_ENCRYPTED,  ",\"encrypted\":true"},
	{ TRACE_RETRANSMIT, ",\"again\":true"    },
        { TRACE_CORRUPTED,  ",\"corrupted\":true"},
	{ TRACE_SHARED,     ",\"shared\":true"   },
        { TRACE_FIRST,      ",\"first\":true"    },
	{ TRACE_ALTERED,    ",\"altered\":true"  },
};

static void put_place(struct json_view *json, const struct trace_record *record)
{
	const struct model_interface *interface;

	if (json->model == NULL)
		return;
	put_string(json, ",\"node\":", model_node_name(json->model, trace_node_of(record->id)));
	interface = model_interface(json->model, trace_node_of(record->id), record->interface);
	if (interface != NULL)
		put_string(json, ",\"interface\":", interface->name);
}

static void put_address(struct json_view *json, const char *key, uint32_t address)
{
	char text[IPV4_TEXT_BYTES];

	if (address != 0)
		put_string(json, key, ipv4_print(address, text));
}

/* Two values in one field are told apart where they would make a number that is not read back. */
static void put_values(struct json_view *json, const struct trace_record *record)
{
	uint64_t before = record->before, after = record->after;
	bool is_dated = record->kind == TRACE_MAILBOX &&
			(record->detail == MAILBOX_APPENDED || record->detail == MAILBOX_COPIED);

	if (record->kind == TRACE_TABLE && record->layer == LAYER_IPV4 &&
	    record->detail == IPV4_ROUTE) {
		put_address(json, ",\"gateway_before\":", (uint32_t)(before >> 32));
		put_address(json, ",\"gateway\":", (uint32_t)(after >> 32));
		before &= UINT32_MAX;
		after &= UINT32_MAX;
	} else if (is_dated) {
		put_field(json, ",\"internal_date\":", (uint64_t)mailbox_record_date(after));
		after &= UINT32_MAX;
	} else if (record->layer == LAYER_FILTER && after == (uint64_t)TIME_NEVER) {
		after = 0; /* for ever */
	}
	put_field(json, ",\"before\":", before);
	put_field(json, ",\"after\":", after);
}

/* What a stage of a screening found, in words. */
static void put_check(struct json_view *json, const struct trace_record *record, struct bytes bytes)
{
	struct view_check check;

	ensure(json, RECORD_BYTES_MAX + 4 * VIEW_EVIDENCE_MAX); /* all of it escaped */
	view_check_read(&check, record, bytes);
	put_string(json, ",\"stage\":", check.stage);
	put_string(json, ",\"verdict\":", check.verdict);
	put_string(json, ",\"action\":", check.action);
	put_string(json, ",\"evidence\":", check.evidence);
	view_check_clear(&check);
}

#define EVIDENCE_BYTES_MAX 1024 /* of one text or fact; all of it stands in `bytes` */

/* A name or text from the bytes of a record, which may hold anything. */
static void put_bytes_as_string(struct json_view *json, const char *before, struct bytes bytes)
{
	char *text = bytes_to_text(bytes_first(bytes, EVIDENCE_BYTES_MAX));
	char *valid = g_utf8_make_valid(text, -1);

	put_string(json, before, valid);
	g_free(valid);
	g_free(text);
}

static void put_evidence(struct json_view *json, const struct trace_record *record,
			 struct bytes bytes)
{
	struct mail_facts facts;
	const char *before = ",\"evidence\":{";

	mail_facts_begin(&facts, record->detail, bytes);
	while (mail_facts_next(&facts)) {
		ensure(json, RECORD_BYTES_MAX + 8 * EVIDENCE_BYTES_MAX);
		put_bytes_as_string(json, before, facts.name);
		put_bytes_as_string(json, ":", facts.value);
		before = ",";
	}
	if (*before == ',' && before[1] == '\0')
		put_text(json, "}");
}

/* Which message it is about, which step of its way it is, and what came with it. */
static void put_mail(struct json_view *json, const struct trace_record *record, struct bytes bytes)
{
	const struct model_mail *mail =
	    json->model == NULL ? NULL : model_mail_of(json->model, record, bytes);
	enum mail_step step = mail_step_of(record->detail);

	if (mail != NULL) {
		put_field(json, ",\"message\":", mail->number);
		put_bytes_as_string(json, ",\"message_id\":", bytes_of(mail->message_id));
	}
	if (step != STEP_NONE)
		put_string(json, ",\"step\":", mail_step_names[step]);
	if (record->detail == MAIL_CHECKED)
		put_check(json, record, bytes);
	else
		put_evidence(json, record, bytes);
}

/* A segment comes to a wire again: known there alone. */
static bool is_retransmission(const struct json_view *json, const struct trace_record *record)
{
	return record->kind == TRACE_TRANSMIT && record->flags & TRACE_FIRST &&
	       json->model != NULL && model_is_again(json->model, record->packet);
}

static void put_record(struct json_view *json, const struct trace_record *record,
		       struct bytes bytes)
{
	ensure(json, RECORD_BYTES_MAX);
	put_exact(json, "{\"time_ns\":", (uint64_t)record->time_ns);
	put_field(json, ",\"id\":", record->id);
	put_string(json, ",\"kind\":", view_kind_name((enum trace_kind)record->kind));
	put_string(json, ",\"layer\":", view_layer_key(record->layer));
	if (*view_detail_name(record) != '\0')
		put_string(json, ",\"detail\":", view_detail_name(record));
	put_place(json, record);
	if (record->actor != ACTOR_NONE)
		put_string(json, ",\"actor\":", actor_name(record->actor));
	put_field(json, ",\"cause\":", record->cause);
	put_field(json, ",\"root\":", record->root);
	put_field(json, ",\"packet\":", record->packet);
	put_field(json, ",\"object\":", record->object);
	put_values(json, record);
	put_field(json, ",\"crossing\":", record->crossing);
	put_field(json, ",\"start\":", record->start);
	put_field(json, ",\"header_bytes\":", record->header_bytes);
	put_field(json, ",\"total_bytes\":", record->total_bytes);
	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
		if (record->flags & flags[i].flag)
			put_text(json, flags[i].key);
	if (is_retransmission(json, record))
		put_text(json, ",\"retransmission\":true");
	if (record->kind == TRACE_MAIL)
		put_mail(json, record, bytes);
	if (bytes.length > 0)
		put_bytes(json, bytes);
	put_text(json, "}\n");
}

static bool is_of_layers(const struct json_view *json, const struct trace_record *record)
{
	uint64_t layers = json->options.layers;

	return layers == 0 || (layers & UINT64_C(1) << record->layer) != 0;
}

static bool is_of_nodes(const struct json_view *json, const struct trace_record *record)
{
	const bool *nodes = json->options.nodes;

	return nodes == NULL || nodes[trace_node_of(record->id)];
}

static bool is_of_message(const struct json_view *json, const struct trace_record *record)
{
	const struct model_mail *mail;

	if (json->options.message == 0)
		return true;
	mail = model_mail_by_root(json->model, record->root);
	return mail != NULL && mail->number == json->options.message;
}

static bool is_wanted(struct json_view *json, const struct trace_record *record)
{
	if (record->kind == TRACE_NODE || record->kind == TRACE_INTERFACE ||
	    record->kind == TRACE_LINK)
		return true;
	return is_of_nodes(json, record) && is_of_message(json, record) &&
	       view_found_note(&json->found, UINT64_C(1) << record->layer, json->options.layers);
}

/* Keeps a user's action: only what comes of it tells whether a mail does. */
static void keep_action(struct json_view *json, const struct trace_record *record,
			struct bytes bytes)
{
	json->action = *record;
	g_byte_array_set_size(json->action_bytes, 0);
	g_byte_array_append(json->action_bytes, bytes.data, (guint)bytes.length);
}

/* The kept action comes in front of the first record of its mail. */
static void put_action(struct json_view *json, uint64_t root)
{
	struct trace_record action = json->action;

	json->action.id = 0;
	if (action.id == root)
		put_record(json, &action,
			   (struct bytes) { json->action_bytes->data, json->action_bytes->len });
}

void json_view_feed(struct json_view *json, const struct trace_record *record, struct bytes bytes)
{
	if (record->kind == TRACE_ACTION && json->options.message != 0 &&
	    is_of_layers(json, record) && is_of_nodes(json, record))
		keep_action(json, record, bytes);
	if (!is_wanted(json, record))
		return;
	if (json->action.id != 0 && json->options.message != 0 && record->root != 0)
		put_action(json, record->root);
	put_record(json, record, bytes);
}
struct view_found json_view_found(const struct json_view *json)
{
	return json->found;
}

bool json_view_finish(struct json_view *json)
{
	json_view_flush(json);
	bool is_written = !json->has_failed && fflush(json->out) == 0;

	g_byte_array_unref(json->action_bytes);
	g_free(json->buffer);
	g_free(json);
	return is_written;
}
