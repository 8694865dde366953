/*
 * Writing captures and JSON traces, against what the machine allows: pcapng of many frames against
 * one loop of write() with the same bytes into the page cache; JSON records per second.
 * Usage: writers FOLDER
 */
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bench/bench.h"
#include "views/capture.h"
#include "views/json.h"

#define FRAMES      1000000
#define FRAME_BYTES 1514
#define BLOCK_BYTES ((size_t)1 << 20)
#define RECORDS     2000000

static double write_pcapng(const char *path, uint64_t *bytes)
{
	struct capture_interface interface = { .name = "a:eth0" };
	struct capture_config config = { .interfaces = &interface, .interface_count = 1 };
	struct capture *capture = capture_open(path, CAPTURE_PCAPNG, &config, NULL);
	uint8_t frame[FRAME_BYTES] = { 2, 0, 0, 0, 0, 1 };
	double started = bench_seconds();

	if (capture == NULL)
		exit(1);
	for (unsigned i = 0; i < FRAMES; i++) {
		frame[20] = (uint8_t)i;
		capture_frame(capture, &(struct capture_frame) {
					   .direction = CAPTURE_OUTBOUND,
					   .time_ns = i,
					   .packet_id = i,
					   .bytes = {frame, sizeof frame},
                });
	}
	*bytes = capture_bytes(capture);
	if (!capture_close(capture, NULL))
		exit(1);
	return bench_seconds() - started;
}

static double write_plain(const char *path, uint64_t bytes)
{
	uint8_t *block = g_malloc0(BLOCK_BYTES);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	double started = bench_seconds();

	while (bytes > 0) {
		ssize_t written = write(fd, block, MIN(bytes, BLOCK_BYTES));

		if (written <= 0)
			exit(1);
		bytes -= (uint64_t)written;
	}
	close(fd);
	g_free(block);
	return bench_seconds() - started;
}

static double write_json(const char *path)
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
		record.id = (UINT64_C(1) << 40) + i;
		record.cause = record.id - 1;
		record.packet = record.id / 4;
		record.before = i * UINT64_C(1448);
		record.after = 1448;
		json_view_feed(json, &record, (struct bytes) { 0 });
	}
	if (!json_view_finish(json))
		exit(1);
	fclose(file);
	return bench_seconds() - started;
}

int main(int argc, char **argv)
{
	char *path;
	uint64_t bytes;
	double ours, limit;

	if (argc != 2)
		return 2;
	path = g_build_filename(argv[1], "trace", NULL);
	/* Once for the page cache, then in turns. */
	write_pcapng(path, &bytes);
	ours = write_pcapng(path, &bytes);
	limit = write_plain(path, bytes);
	printf("writers what=pcapng_MB_per_s ours=%.0f limit=%.0f ratio=%.2f\n",
	       (double)bytes / 1e6 / ours, (double)bytes / 1e6 / limit, limit / ours);
	ours = write_json(path);
	printf("writers what=json_records_per_s ours=%.0f limit=1000000 ratio=%.2f\n",
	       RECORDS / ours, RECORDS / ours / 1e6);
	unlink(path);
	g_free(path);
	return 0;
}
