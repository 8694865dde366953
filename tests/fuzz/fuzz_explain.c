/*
 * Any bytes as a capture, through the whole of mailwire explain: reader, decoder, streams, names,
 * filter, and all three ways to tell. The first byte chooses how. What is printed must be UTF-8
 * without escape sequences, and the size of it bounded by that of the file.
 */
#include <glib.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "views/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte of options or of a message makes a line at most. */
#define OUTPUT_PER_BYTE_MAX 4096

static void check(const char *output, size_t output_bytes, size_t size)
{
	if (output_bytes > 4096 + size * OUTPUT_PER_BYTE_MAX)
		abort();
	if (!g_utf8_validate(output, (gssize)output_bytes, NULL) ||
	    memchr(output, '\033', output_bytes) != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet_filter *filter;
	struct explain_options options = { .dissectors = all_dissectors };
	struct capture_reader *reader;
	char *output = NULL;
	size_t output_bytes = 0;

	if (size == 0)
		return 0;
	if (filter == NULL)
		filter = packet_filter_new("tcp or udp port 53", NULL);
	options.json = (data[0] & 1) != 0;
	options.packet = data[0] & 2 ? 1 + (data[0] >> 3) : 0;
	options.filter = data[0] & 4 ? filter : NULL;
	options.out = open_memstream(&output, &output_bytes);
	reader = capture_reader_new((struct bytes) { data + 1, size - 1 });
	explain(reader, &options);
	capture_reader_free(reader);
	fclose(options.out);
	check(output, output_bytes, size);
	free(output);
	return 0;
}
