#include "tests/recorder.h"

#include <check.h>
#include <stdio.h>

static void record(void *owner, const struct trace_record *given, struct bytes borrowed)
{
	struct recorder *recorder = owner;
	struct trace_record kept = *given;

	kept.blob = borrowed.length > 0 ? recorder->bytes->len + 1 : 0;
	g_byte_array_append(recorder->bytes, borrowed.data, (guint)borrowed.length);
	g_array_append_val(recorder->records, kept);
}

void recorder_init(struct recorder *recorder, struct world *world)
{
	*recorder = (struct recorder) {
		.sink = {.kinds = TRACE_ALL, .owner = recorder, .record = record},
		.records = g_array_new(FALSE, FALSE, sizeof(struct trace_record)),
		.bytes = g_byte_array_new(),
	};
	trace_add_sink(&world->trace, &recorder->sink);
}

void recorder_clear(struct recorder *recorder)
{
	g_array_free(recorder->records, TRUE);
	g_byte_array_free(recorder->bytes, TRUE);
}

void recorder_forget(struct recorder *recorder)
{
	g_array_set_size(recorder->records, 0);
	g_byte_array_set_size(recorder->bytes, 0);
}

static const struct trace_record *at(const struct recorder *recorder, unsigned index)
{
	return &g_array_index(recorder->records, struct trace_record, index);
}

static bool is_wanted(const struct trace_record *record, struct wanted wanted)
{
	return record->kind == wanted.kind && (wanted.layer < 0 || record->layer == wanted.layer) &&
	       (wanted.detail < 0 || record->detail == wanted.detail) &&
	       (wanted.node == NULL || trace_node_of(record->id) == wanted.node->index);
}

unsigned recorder_count(const struct recorder *recorder, struct wanted wanted)
{
	unsigned count = 0;

	for (unsigned i = 0; i < recorder->records->len; i++)
		count += is_wanted(at(recorder, i), wanted);
	return count;
}

const struct trace_record *recorder_find(const struct recorder *recorder, struct wanted wanted,
					 unsigned index)
{
	for (unsigned i = 0; i < recorder->records->len; i++)
		if (is_wanted(at(recorder, i), wanted) && index-- == 0)
			return at(recorder, i);
	return NULL;
}

struct bytes recorder_bytes(const struct recorder *recorder, const struct trace_record *record)
{
	if (record->blob == 0)
		return (struct bytes) { 0 };
	return (struct bytes) { recorder->bytes->data + record->blob - 1, record->blob_bytes };
}

/* The classic format (draft-ietf-opsawg-pcap), with nanoseconds, in the byte order of this machine. */
unsigned recorder_write_pcap(const struct recorder *recorder, const struct world *world,
			     const char *path)
{
	static const uint32_t header[] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 1 };
	FILE *file = fopen(path, "wb");
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	fwrite(header, sizeof header, 1, file);
	for (unsigned i = 0; i < recorder->records->len; i++) {
		const struct trace_record *sent = at(recorder, i);
		struct bytes frame = recorder_bytes(recorder, sent);
		int64_t first_bit_ns = sent->time_ns + (int64_t)sent->after;
		uint32_t packet[] = {
			(uint32_t)(world->epoch_s + first_bit_ns / NS_PER_S),
			(uint32_t)(first_bit_ns % NS_PER_S),
			(uint32_t)frame.length,
			(uint32_t)frame.length,
		};

		if (sent->kind != TRACE_TRANSMIT || !(sent->flags & TRACE_FIRST))
			continue;
		fwrite(packet, sizeof packet, 1, file);
		fwrite(frame.data, frame.length, 1, file);
		count++;
	}
	fclose(file);
	return count;
}
