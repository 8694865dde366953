/*
 * Any bytes as a capture, through the whole of mailwire explain: reader, decoder, streams, names,
 * filter, and all three ways to tell. The first byte chooses how. What is printed must be UTF-8
 * without escape sequences, the size of it bounded by that of the file, and the same whether the file
 * is in memory or read from a descriptor, as the program does it.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "app/dissectors.h"
#include "views/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte of options or of a message makes a line at most. */
#define OUTPUT_PER_BYTE_MAX 4096

/* Of these much comes of few bytes; fuzz_pcapng unpacks them. */
static bool is_gzip(const uint8_t *data, size_t size)
{
	return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

static void check(const char *output, size_t output_bytes, size_t size)
{
	if (output_bytes > 4096 + size * OUTPUT_PER_BYTE_MAX)
		abort();
	if (!g_utf8_validate(output, (gssize)output_bytes, NULL) ||
	    memchr(output, '\033', output_bytes) != NULL)
		abort();
}

/* A file with these bytes, read from its beginning on; the same one again and again. */
static int file_of(const uint8_t *data, size_t size)
{
	static FILE *file;

	if (file == NULL)
		file = tmpfile();
	if (file == NULL || ftruncate(fileno(file), 0) != 0 ||
	    pwrite(fileno(file), data, size, 0) != (ssize_t)size ||
	    lseek(fileno(file), 0, SEEK_SET) != 0)
		abort();
	return fileno(file);
}

/* Reads to the end, or to a complaint, and closes the reader; returns what was said of it. */
static char *explained(struct capture_reader *reader, struct explain_options *options,
		       size_t *length)
{
	char *output = NULL;

	options->out = open_memstream(&output, length);
	explain(reader, options);
	capture_reader_free(reader);
	fclose(options->out);
	return output;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet_filter *filter;
	struct explain_options options = { .dissectors = all_dissectors };
	char *output, *from_file;
	size_t output_bytes, from_file_bytes;

	if (size == 0 || is_gzip(data + 1, size - 1))
		return 0;
	if (filter == NULL)
		filter = packet_filter_new("tcp or udp port 53", NULL);
	options.json = (data[0] & 1) != 0;
	options.packet = data[0] & 2 ? 1 + (data[0] >> 3) : 0;
	options.filter = data[0] & 4 ? filter : NULL;
	output = explained(capture_reader_new((struct bytes) { data + 1, size - 1 }), &options,
			   &output_bytes);
	check(output, output_bytes, size);
	from_file =
	    explained(capture_reader_open(file_of(data + 1, size - 1)), &options, &from_file_bytes);
	if (from_file_bytes != output_bytes || memcmp(from_file, output, output_bytes) != 0)
		abort();
	free(output);
	free(from_file);
	return 0;
}
