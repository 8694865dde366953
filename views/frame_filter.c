#include "views/frame_filter.h"
#include <pcap/pcap.h>

#define SNAPSHOT_BYTES 262144

struct frame_filter {
	struct bpf_program program;
};

struct frame_filter *frame_filter_new(const char *text, GError **error)
{
	struct frame_filter *filter = g_new0(struct frame_filter, 1);
	pcap_t *compiler = pcap_open_dead(DLT_EN10MB, SNAPSHOT_BYTES);
	bool is_filter =
	    pcap_compile(compiler, &filter->program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!is_filter) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\" is no filter: %s",
			    text, pcap_geterr(compiler));
		g_clear_pointer(&filter, g_free);
	}
	pcap_close(compiler);
	return filter;
}

bool frame_filter_passes(const struct frame_filter *filter, struct bytes frame)
{
	struct pcap_pkthdr header = {
		.caplen = (bpf_u_int32)frame.length,
		.len = (bpf_u_int32)frame.length,
	};

	return pcap_offline_filter(&filter->program, &header, frame.data) != 0;
}

void frame_filter_free(struct frame_filter *filter)
{
	if (filter == NULL)
		return;
	pcap_freecode(&filter->program);
	g_free(filter);
}
