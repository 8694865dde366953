/*
 * Any bytes as a capture file, pcapng or classic, packed by gzip or not: read to the end, each Ethernet frame
 * decoded. No byte of a file that is not packed is told twice: neither in a frame nor as passed over. What is packed
 * by gzip gives the same as what it was made of.
 */
#include <glib.h>
#include <stdlib.h>
#include <zlib.h>
#include "views/capture_reader.h"
#include "views/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte, so that the sanitizer sees what lies outside. */
static unsigned touch(struct bytes bytes)
{
	unsigned sum = 0;

	for (size_t i = 0; i < bytes.length; i++)
		sum += bytes.data[i];
	return sum;
}

/* What a small packed file may unpack to takes long: that has no limit but this one, here. */
#define FRAMES_MAX 100000

/* What is to be the same however the file comes. */
struct found {
	unsigned frames;
	uint64_t frame_bytes;
	unsigned sum;
	struct capture_damage damage;
};

static void touch_descriptions(const struct capture_reader *reader)
{
	static volatile unsigned sink __attribute__((unused));

	for (size_t i = 0; i < capture_reader_interface_count(reader); i++)
		sink += touch(capture_reader_interface(reader, i)->name);
	for (size_t i = 0; i < capture_reader_name_count(reader); i++)
		sink += touch(capture_reader_name(reader, i)->name);
	for (size_t i = 0; i < capture_reader_secrets_count(reader); i++)
		sink += touch(capture_reader_secrets(reader, i)->bytes);
}

static struct found read_all(struct capture_reader *reader)
{
	static struct decode decode;
	struct captured_frame frame;
	struct found found = { 0 };

	while (found.frames < FRAMES_MAX &&
	       capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME) {
		if (frame.interface >= capture_reader_interface_count(reader))
			abort();
		found.frames++;
		found.frame_bytes += frame.bytes.length;
		found.sum += touch(frame.bytes) * found.frames;
		for (unsigned i = 0; i < frame.comment_count; i++)
			found.sum += touch(frame.comments[i]);
		decode_frame(frame.bytes, NULL, &decode);
	}
	touch_descriptions(reader);
	found.damage = *capture_reader_damage(reader);
	if ((found.damage.places > 0) != (found.damage.first != NULL))
		abort();
	capture_reader_free(reader);
	return found;
}

/* Packed as fast as can be; the caller frees it. */
static struct bytes packed(const uint8_t *data, size_t size)
{
	z_stream stream = { .next_in = (Bytef *)data, .avail_in = (uInt)size };
	uint8_t *out;
	uLong room;

	if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&stream, size);
	stream.next_out = out = g_malloc(room);
	stream.avail_out = (uInt)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&stream);
	return (struct bytes) { out, room - stream.avail_out };
}

static bool is_gzip(const uint8_t *data, size_t size)
{
	return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found plain = read_all(capture_reader_new((struct bytes) { data, size }));

	if (is_gzip(data, size))
		return 0;
	if (plain.frame_bytes + plain.damage.bytes > size)
		abort();

	struct bytes file = packed(data, size);
	struct found unpacked = read_all(capture_reader_new(file));

	g_free((uint8_t *)file.data);
	if (unpacked.frames != plain.frames || unpacked.sum != plain.sum ||
	    unpacked.damage.places != plain.damage.places ||
	    unpacked.damage.bytes != plain.damage.bytes ||
	    (unpacked.damage.end == NULL) != (plain.damage.end == NULL))
		abort();
	return 0;
}
