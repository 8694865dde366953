#include "views/packet_filter.h"

#include <pcap/pcap.h>
#include "views/decode.h"

#define SNAPSHOT_BYTES 262144 /* as tcpdump has it */
#define LINK_TYPES_MAX 16     /* more than decode_knows_link() knows: each is compiled once */

/* The expression compiled for one link type. */
struct program {
	bool is_right;
	uint16_t link_type;
	struct bpf_program code;
};

struct packet_filter {
	char *expression;
	struct program programs[LINK_TYPES_MAX];
	unsigned count;
};

/* libpcap's own numbers differ from those in files for raw IP alone, among those we know. */
static int own_number(uint16_t link_type)
{
	bool is_raw = link_type == DECODE_LINK_RAW || link_type == DECODE_LINK_RAW_12 ||
		      link_type == DECODE_LINK_RAW_14;

	return is_raw ? DLT_RAW : link_type;
}

static void compile(const struct packet_filter *filter, uint16_t link_type, struct program *program,
		    GError **error)
{
	pcap_t *pcap = pcap_open_dead(own_number(link_type), SNAPSHOT_BYTES);

	*program = (struct program) { .link_type = link_type };
	program->is_right = pcap != NULL && pcap_compile(pcap, &program->code, filter->expression,
							 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!program->is_right)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\" is no filter: %s",
			    filter->expression, pcap == NULL ? "out of memory" : pcap_geterr(pcap));
	if (pcap != NULL)
		pcap_close(pcap);
}

static struct program *program_for(struct packet_filter *filter, uint16_t link_type)
{
	struct program *program;

	for (unsigned i = 0; i < filter->count; i++)
		if (filter->programs[i].link_type == link_type)
			return &filter->programs[i];
	g_assert(filter->count < LINK_TYPES_MAX);
	program = &filter->programs[filter->count++];
	compile(filter, link_type, program, NULL);
	return program;
}

struct packet_filter *packet_filter_new(const char *expression, GError **error)
{
	struct packet_filter *filter = g_new0(struct packet_filter, 1);

	filter->expression = g_strdup(expression);
	compile(filter, DECODE_LINK_ETHERNET, &filter->programs[filter->count++], error);
	if (!filter->programs[0].is_right)
		g_clear_pointer(&filter, packet_filter_free);
	return filter;
}

void packet_filter_free(struct packet_filter *filter)
{
	if (filter == NULL)
		return;
	for (unsigned i = 0; i < filter->count; i++)
		if (filter->programs[i].is_right)
			pcap_freecode(&filter->programs[i].code);
	g_free(filter->expression);
	g_free(filter);
}

bool packet_filter_passes(struct packet_filter *filter, uint16_t link_type, struct bytes packet,
			  uint32_t original_length)
{
	const struct program *program;
	struct pcap_pkthdr header = {
		.caplen = (bpf_u_int32)packet.length,
		.len = original_length,
	};

	if (!decode_knows_link(link_type))
		return false;
	program = program_for(filter, link_type);
	return program->is_right && pcap_offline_filter(&program->code, &header, packet.data) != 0;
}

bool packet_filter_passes_frame(struct packet_filter *filter, struct bytes frame)
{
	return packet_filter_passes(filter, DECODE_LINK_ETHERNET, frame, (uint32_t)frame.length);
}
