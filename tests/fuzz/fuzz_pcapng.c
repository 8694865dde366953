/* Any bytes as a capture file, pcapng or classic: read to the end, each Ethernet frame decoded. */
#include <stdlib.h>
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decode decode;
	static volatile unsigned sink __attribute__((unused));
	struct capture_reader *reader = capture_reader_new((struct bytes) { data, size });
	struct captured_frame frame;
	uint64_t offset;

	while (capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME) {
		if (frame.interface >= capture_reader_interface_count(reader))
			abort();
		sink += touch(frame.bytes);
		for (unsigned i = 0; i < frame.comment_count; i++)
			sink += touch(frame.comments[i]);
		decode_frame(frame.bytes, NULL, &decode);
	}
	capture_reader_complaint(reader, &offset);
	if (offset > size)
		abort();
	for (size_t i = 0; i < capture_reader_interface_count(reader); i++)
		sink += touch(capture_reader_interface(reader, i)->name);
	for (size_t i = 0; i < capture_reader_name_count(reader); i++)
		sink += touch(capture_reader_name(reader, i)->name);
	for (size_t i = 0; i < capture_reader_secrets_count(reader); i++)
		sink += touch(capture_reader_secrets(reader, i)->bytes);
	capture_reader_free(reader);
	return 0;
}
