/*
 * Writing captures and JSON traces, against what the machine allows: pcapng of many full frames, one
 * loop of write() that puts the bytes of a file into the page cache again, JSON records.
 * Usage: writers --what=pcapng|json --path=FILE [--mb=1000]
 *        writers --what=write --path=FILE --from=FILE
 */
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench/bench.h"
#include "views/capture.h"
#include "views/json.h"

#define FRAME_BYTES 1514
#define BLOCK_BYTES ((size_t)1 << 20)
#define RECORDS     1000000

static void print_bytes(const char *what, double bytes, double seconds)
{
	printf("writers what=%s mb=%.0f cpu=%.3f written_mb_per_s=%.0f\n", what, bytes / 1e6,
	       seconds, bytes / 1e6 / seconds);
}

static void write_pcapng(const char *path, double bytes)
{
	struct capture_interface interface = { .name = "a:eth0" };
	struct capture_config config = { .interfaces = &interface, .interface_count = 1 };
	struct capture *capture = capture_open(path, CAPTURE_PCAPNG, &config, NULL);
	uint8_t frame[FRAME_BYTES] = { 2, 0, 0, 0, 0, 1 };
	double started = bench_seconds();

	if (capture == NULL)
		exit(1);
	for (uint64_t i = 0; (double)capture_bytes(capture) < bytes; i++) {
		frame[20] = (uint8_t)i;
		capture_frame(capture, &(struct capture_frame) {
					   .direction = CAPTURE_OUTBOUND,
					   .time_ns = (int64_t)i,
					   .packet_id = i,
					   .bytes = {frame, sizeof frame},
                });
	}
	double written = (double)capture_bytes(capture);

	if (!capture_close(capture, NULL))
		exit(1);
	print_bytes("pcapng", written, bench_seconds() - started);
}

/* One loop of write() over the bytes of the file `from`, which are in memory before the clock starts. */
static void write_plain(const char *path, const char *from)
{
	char *bytes;
	gsize length;

	if (from == NULL || !g_file_get_contents(from, &bytes, &length, NULL))
		exit(2);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	double started = bench_seconds();

	for (size_t at = 0; at < length;) {
		ssize_t written = write(fd, bytes + at, MIN(BLOCK_BYTES, length - at));

		if (written <= 0)
			exit(1);
		at += (size_t)written;
	}
	close(fd);
	print_bytes("write", (double)length, bench_seconds() - started);
	g_free(bytes);
}

/* Records of the kind that a run has most of: a segment and its place in the stream. */
static void write_json(const char *path)
{
	FILE *file = fopen(path, "w");
	struct json_view *json = json_view_new(file, NULL);
	struct trace_record record = {
		.kind = TRACE_ENCAPSULATE,
		.layer = 7,
		.detail = 1,
		.header_bytes = 32,
		.total_bytes = 1480,
		.start = 96,
		.crossing = 7,
	};
	double started = bench_seconds();

	for (unsigned i = 0; i < RECORDS; i++) {
		record.time_ns += 1000;
		record.id = (UINT64_C(1) << TRACE_NODE_SHIFT) + i;
		record.cause = record.id - 1;
		record.packet = record.id / 4;
		record.before = i * UINT64_C(1448);
		record.after = 1448;
		json_view_feed(json, &record, (struct bytes) { 0 });
	}
	if (!json_view_finish(json) || fclose(file) != 0)
		exit(1);
	double seconds = bench_seconds() - started;

	printf("writers what=json records=%d cpu=%.3f records_per_s=%.0f\n", RECORDS, seconds,
	       RECORDS / seconds);
}

int main(int argc, char **argv)
{
	const char *what = bench_text_option(argc, argv, "what", "");
	const char *path = bench_text_option(argc, argv, "path", NULL);
	double bytes = bench_option(argc, argv, "mb", 1000) * 1e6;

	if (path == NULL)
		return 2;
	if (strcmp(what, "pcapng") == 0)
		write_pcapng(path, bytes);
	else if (strcmp(what, "write") == 0)
		write_plain(path, bench_text_option(argc, argv, "from", NULL));
	else if (strcmp(what, "json") == 0)
		write_json(path);
	else
		return 2;
	unlink(path);
	return 0;
}
