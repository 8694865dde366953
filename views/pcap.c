#include "views/pcap.h"
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <unistd.h>
#include "sim/time.h"
#include "views/capture_writer.h"

enum { SNAPSHOT_BYTES = 262144, BUFFER_BYTES = 262144 };
enum { FILE_HEADER_BYTES = 24, RECORD_HEADER_BYTES = 16 };

struct pcap_writer {
	struct capture base;
	int64_t epoch_s;
	pcap_t *pcap;
	FILE *file;            /* on a copy of the output's descriptor; owned by `dumper` */
	pcap_dumper_t *dumper; /* NULL: could not be opened, and the output knows */
};

/* pcap_dump() tells of no error; its file does, and `errno` is still that of the last write. */
static void check(struct pcap_writer *writer)
{
	if (ferror(writer->file))
		output_fail(writer->base.output, errno != 0 ? errno : EIO);
}

static void pcap_frame(struct capture *capture, const struct capture_frame *frame)
{
	struct pcap_writer *writer = (struct pcap_writer *)capture;
	struct pcap_pkthdr header = {
		.ts.tv_sec = writer->epoch_s + frame->time_ns / NS_PER_S,
		.ts.tv_usec = frame->time_ns % NS_PER_S, /* nanoseconds, as opened */
		.caplen = (bpf_u_int32)frame->bytes.length,
		.len = (bpf_u_int32)frame->bytes.length,
	};

	if (writer->dumper == NULL || output_has_failed(capture->output))
		return;
	pcap_dump((u_char *)writer->dumper, &header, frame->bytes.data);
	check(writer);
	capture->own_bytes += RECORD_HEADER_BYTES + frame->bytes.length;
}

static void pcap_writer_flush(struct capture *capture)
{
	struct pcap_writer *writer = (struct pcap_writer *)capture;

	if (writer->dumper == NULL)
		return;
	fflush(writer->file);
	check(writer);
}

static void pcap_writer_free(struct capture *capture)
{
	struct pcap_writer *writer = (struct pcap_writer *)capture;

	if (writer->dumper != NULL)
		pcap_dump_close(writer->dumper);
	pcap_close(writer->pcap);
	g_free(writer);
}

static const struct capture_operations pcap_operations = {
	.frame = pcap_frame,
	.flush = pcap_writer_flush,
	.finish = pcap_writer_flush,
	.free = pcap_writer_free,
};

struct capture *pcap_writer_new(struct output *output, const struct capture_config *config)
{
	struct pcap_writer *writer = g_new0(struct pcap_writer, 1);

	writer->base = (struct capture) { &pcap_operations, output, 0, 0 };
	writer->epoch_s = config->epoch_s;
	writer->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPSHOT_BYTES,
							    PCAP_TSTAMP_PRECISION_NANO);
	g_assert(writer->pcap != NULL); /* no memory */

	int descriptor = dup(output_descriptor(output));

	writer->file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
	if (writer->file == NULL) {
		output_fail(output, errno);
		if (descriptor >= 0)
			close(descriptor);
		return &writer->base;
	}
	setvbuf(writer->file, NULL, _IOFBF, BUFFER_BYTES);
	writer->dumper = pcap_dump_fopen(writer->pcap, writer->file);
	if (writer->dumper == NULL) {
		output_fail(output, errno != 0 ? errno : EIO);
		fclose(writer->file);
	}
	writer->base.own_bytes = FILE_HEADER_BYTES;
	return &writer->base;
}
