#include "bench/bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double bench_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

uint64_t bench_resident_bytes(void)
{
	unsigned long total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t bench_heap_bytes(void)
{
	struct mallinfo2 heap = mallinfo2();

	return heap.uordblks + heap.hblkhd;
}

const char *bench_text_option(int argc, char **argv, const char *name, const char *otherwise)
{
	size_t length = strlen(name);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, length) == 0 &&
		    argv[i][2 + length] == '=')
			return argv[i] + 3 + length;
	return otherwise;
}

double bench_option(int argc, char **argv, const char *name, double otherwise)
{
	const char *text = bench_text_option(argc, argv, name, NULL);

	return text == NULL ? otherwise : atof(text);
}

struct host *bench_host(struct world *world, const char *name, enum node_kind kind)
{
	struct host *host = host_new(world, name, kind);

	host_set_processing(host, 0);
	return host;
}

struct interface *bench_interface(struct host *host, uint32_t address, unsigned prefix_length,
				  uint32_t number)
{
	struct interface_config config = {
		.address = address,
		.prefix_length = (uint8_t)prefix_length,
		.mac = { { 2, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
			   (uint8_t)(number >> 8), (uint8_t)number } },
	};

	return host_add_interface(host, &config);
}

uint64_t bench_frames_sent(struct host *host)
{
	uint64_t frames = 0;

	for (unsigned i = 1; i <= host_interface_count(host); i++)
		frames += host_interface(host, i)->counters.sent_frames;
	return frames;
}
