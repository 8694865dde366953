#include "views/capture.h"
#include "views/capture_writer.h"
#include "views/pcap.h"
#include "views/pcapng.h"

enum capture_format capture_format_of(const char *path)
{
	return g_str_has_suffix(path, ".pcap") || g_str_has_suffix(path, ".cap") ? CAPTURE_PCAP
										 : CAPTURE_PCAPNG;
}

struct capture *capture_open(const char *path, enum capture_format format,
			     const struct capture_config *config, GError **error)
{
	struct output *output = output_open(path, error);

	if (output == NULL)
		return NULL;
	return format == CAPTURE_PCAP ? pcap_writer_new(output, config)
				      : pcapng_writer_new(output, config);
}

void capture_frame(struct capture *capture, const struct capture_frame *frame)
{
	capture->operations->frame(capture, frame);
	capture->frames++;
}

void capture_secrets(struct capture *capture, uint32_t type, struct bytes secrets)
{
	if (capture->operations->secrets != NULL)
		capture->operations->secrets(capture, type, secrets);
}

void capture_flush(struct capture *capture)
{
	capture->operations->flush(capture);
}

uint64_t capture_bytes(const struct capture *capture)
{
	return output_bytes(capture->output) + capture->own_bytes;
}

uint64_t capture_frames(const struct capture *capture)
{
	return capture->frames;
}

bool capture_close(struct capture *capture, GError **error)
{
	struct output *output = capture->output;

	capture->operations->finish(capture);
	capture->operations->free(capture);
	return output_close(output, error);
}

void capture_abandon(struct capture *capture)
{
	struct output *output = capture->output;

	capture->operations->free(capture);
	output_abandon(output);
}
