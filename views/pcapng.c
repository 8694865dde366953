#include "views/pcapng.h"
#include "sim/time.h"
#include "stack/wire/ethernet.h"
#include "views/capture_writer.h"

#define COMMENT_MAX_BYTES 4096
#define NAME_MAX_BYTES    255 /* of interfaces and hosts; longer ones are cut */
#define FRAME_MAX_BYTES   65600
#define BLOCK_EXTRA_BYTES 128 /* more than an enhanced packet has besides data and comment */

struct pcapng_writer {
	struct capture base;
	int64_t epoch_ns; /* virtual time 0, as ns since 1970 */
	int64_t last_ns;  /* time of the latest frame */
	size_t interface_count;
	uint64_t *frame_counts; /* per interface */
};

/* A block under construction in the output's buffer. */
struct block {
	uint8_t *start;
	uint8_t *at; /* where the next byte goes */
};

static inline void put_le16(struct block *block, uint16_t value)
{
	block->at[0] = (uint8_t)value;
	block->at[1] = (uint8_t)(value >> 8);
	block->at += 2;
}

static inline void put_le32(struct block *block, uint32_t value)
{
	put_le16(block, (uint16_t)value);
	put_le16(block, (uint16_t)(value >> 16));
}

static inline void put_le64(struct block *block, uint64_t value)
{
	put_le32(block, (uint32_t)value);
	put_le32(block, (uint32_t)(value >> 32));
}

static inline void put_bytes(struct block *block, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(block->at, bytes, length);
	block->at += length;
}

/* Everything in a block is filled up to 32 bits with zeros. */
static inline void pad(struct block *block)
{
	while ((block->at - block->start) % 4 != 0)
		*block->at++ = 0;
}

static struct block block_begin(struct output *output, enum pcapng_block type, size_t room)
{
	uint8_t *start = output_reserve(output, room);
	struct block block = { start, start };

	put_le32(&block, type);
	put_le32(&block, 0); /* the total length, put here at the end */
	return block;
}

static void block_end(struct output *output, struct block *block)
{
	uint32_t length = (uint32_t)(block->at - block->start) + 4;
	struct block head = { block->start, block->start + 4 };

	put_le32(block, length);
	put_le32(&head, length);
	output_commit(output, length);
}

/* Code and length of an option; its value follows, then pad(). */
static inline void put_option_head(struct block *block, enum pcapng_option code, size_t length)
{
	put_le16(block, (uint16_t)code);
	put_le16(block, (uint16_t)length);
}

static void put_option(struct block *block, enum pcapng_option code, const void *value,
		       size_t length)
{
	put_option_head(block, code, length);
	put_bytes(block, value, length);
	pad(block);
}

/* The length of `text`, cut between characters to at most `max` bytes. */
static size_t text_length(const char *text, size_t max)
{
	size_t length = strnlen(text, max + 1);

	if (length <= max)
		return length;
	for (length = max; length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80;)
		length--;
	return length;
}

static void put_text_option(struct block *block, enum pcapng_option code, const char *text,
			    size_t max)
{
	if (text != NULL)
		put_option(block, code, text, text_length(text, max));
}

static void put_option_end(struct block *block)
{
	put_le32(block, PCAPNG_OPTION_END);
}

static void write_section(struct output *output)
{
	struct block block = block_begin(output, PCAPNG_SECTION, BLOCK_EXTRA_BYTES);

	put_le32(&block, PCAPNG_BYTE_ORDER_MAGIC);
	put_le16(&block, 1); /* version 1.0 */
	put_le16(&block, 0);
	put_le64(&block, UINT64_MAX); /* length of the section: not said */
	put_text_option(&block, PCAPNG_SHB_USERAPPL, "mailwire", NAME_MAX_BYTES);
	put_option_end(&block);
	block_end(output, &block);
}

static void put_ipv4_option(struct block *block, const struct capture_interface *interface)
{
	uint8_t address_and_mask[8];

	put_be32(address_and_mask, interface->address);
	put_be32(address_and_mask + 4, ipv4_mask(interface->prefix_length));
	put_option(block, PCAPNG_IF_IPV4ADDR, address_and_mask, sizeof address_and_mask);
}

static void write_interface(struct output *output, const struct capture_interface *interface)
{
	const uint8_t nanoseconds = 9, fcs_bytes = ETHERNET_FCS_BYTES;
	struct block block =
	    block_begin(output, PCAPNG_INTERFACE, BLOCK_EXTRA_BYTES + 2 * (NAME_MAX_BYTES + 8));

	put_le16(&block, PCAPNG_LINK_ETHERNET);
	put_le16(&block, 0); /* reserved */
	put_le32(&block, 0); /* no limit to the length of frames */
	put_text_option(&block, PCAPNG_IF_NAME, interface->name, NAME_MAX_BYTES);
	put_text_option(&block, PCAPNG_IF_DESCRIPTION, interface->description, NAME_MAX_BYTES);
	if (interface->address != 0)
		put_ipv4_option(&block, interface);
	put_option(&block, PCAPNG_IF_MACADDR, interface->mac.octets, sizeof interface->mac.octets);
	if (interface->rate_bps != 0) {
		put_option_head(&block, PCAPNG_IF_SPEED, 8);
		put_le64(&block, interface->rate_bps);
	}
	put_option(&block, PCAPNG_IF_TSRESOL, &nanoseconds, 1);
	put_option(&block, PCAPNG_IF_FCSLEN, &fcs_bytes, 1);
	put_option_end(&block);
	block_end(output, &block);
}

/* Names come in as many blocks as they need, so that each fits into the buffer. */
static void write_names(struct output *output, const struct capture_name *names, size_t count)
{
	static const size_t names_per_block = 256;

	for (size_t first = 0; first < count; first += names_per_block) {
		size_t end = MIN(count, first + names_per_block);
		struct block block = block_begin(output, PCAPNG_NAMES, OUTPUT_RESERVE_MAX);

		for (size_t i = first; i < end; i++) {
			uint8_t address[4];
			size_t length = text_length(names[i].name, NAME_MAX_BYTES);

			put_be32(address, names[i].address);
			put_option_head(&block, PCAPNG_NRB_IPV4, sizeof address + length + 1);
			put_bytes(&block, address, sizeof address);
			put_bytes(&block, names[i].name, length);
			*block.at++ = 0;
			pad(&block);
		}
		put_le32(&block, 0); /* the end of the records */
		block_end(output, &block);
	}
}

/* Times are 64 bits, but written upper half first. */
static inline void put_time(struct block *block, int64_t time_ns)
{
	put_le32(block, (uint32_t)((uint64_t)time_ns >> 32));
	put_le32(block, (uint32_t)time_ns);
}

static void put_frame(struct block *block, const struct capture_frame *frame)
{
	uint32_t fcs = frame->has_fcs ? frame->fcs : ethernet_fcs(frame->bytes);
	uint32_t length = (uint32_t)frame->bytes.length + ETHERNET_FCS_BYTES;

	put_le32(block, length); /* captured */
	put_le32(block, length); /* on the wire */
	put_bytes(block, frame->bytes.data, frame->bytes.length);
	ethernet_fcs_emit(fcs, block->at);
	block->at += ETHERNET_FCS_BYTES;
	pad(block);
}

static void pcapng_frame(struct capture *capture, const struct capture_frame *frame)
{
	struct pcapng_writer *writer = (struct pcapng_writer *)capture;
	int64_t time_ns = writer->epoch_ns + frame->time_ns;

	g_assert(frame->interface < writer->interface_count);
	g_assert(frame->bytes.length <= FRAME_MAX_BYTES);

	struct block block =
	    block_begin(capture->output, PCAPNG_PACKET,
			frame->bytes.length + COMMENT_MAX_BYTES + BLOCK_EXTRA_BYTES);

	put_le32(&block, frame->interface);
	put_time(&block, time_ns);
	put_frame(&block, frame);
	put_text_option(&block, PCAPNG_OPTION_COMMENT, frame->comment, COMMENT_MAX_BYTES);
	put_option_head(&block, PCAPNG_EPB_FLAGS, 4);
	put_le32(&block, (uint32_t)frame->direction | ETHERNET_FCS_BYTES << 5);
	if (frame->packet_id != 0) {
		put_option_head(&block, PCAPNG_EPB_PACKETID, 8);
		put_le64(&block, frame->packet_id);
	}
	put_option_end(&block);
	block_end(capture->output, &block);

	writer->frame_counts[frame->interface]++;
	writer->last_ns = MAX(writer->last_ns, time_ns);
}

static void pcapng_secrets(struct capture *capture, uint32_t type, struct bytes secrets)
{
	struct output *output = capture->output;
	uint32_t padding = (uint32_t)(-secrets.length & 3);
	uint32_t total = 20 + (uint32_t)secrets.length + padding;
	struct block block = block_begin(output, PCAPNG_SECRETS, BLOCK_EXTRA_BYTES);

	/* Secrets may be longer than the buffer, so this block is written in pieces. */
	block.at = block.start + 4;
	put_le32(&block, total);
	put_le32(&block, type);
	put_le32(&block, (uint32_t)secrets.length);
	output_commit(output, (size_t)(block.at - block.start));
	output_write(output, secrets);
	output_write(output, (struct bytes) { (const uint8_t[4]) { 0 }, padding });

	struct block tail = { NULL, output_reserve(output, 4) };

	put_le32(&tail, total);
	output_commit(output, 4);
}

static void pcapng_flush(struct capture *capture)
{
	output_flush(capture->output);
}

static void write_statistics(const struct pcapng_writer *writer, uint32_t interface)
{
	struct output *output = writer->base.output;
	struct block block = block_begin(output, PCAPNG_STATISTICS, BLOCK_EXTRA_BYTES);

	put_le32(&block, interface);
	put_time(&block, writer->last_ns);
	put_option_head(&block, PCAPNG_ISB_STARTTIME, 8);
	put_time(&block, writer->epoch_ns);
	put_option_head(&block, PCAPNG_ISB_ENDTIME, 8);
	put_time(&block, writer->last_ns);
	put_option_head(&block, PCAPNG_ISB_IFRECV, 8);
	put_le64(&block, writer->frame_counts[interface]);
	put_option_end(&block);
	block_end(output, &block);
}

static void pcapng_finish(struct capture *capture)
{
	struct pcapng_writer *writer = (struct pcapng_writer *)capture;

	for (size_t i = 0; i < writer->interface_count; i++)
		write_statistics(writer, (uint32_t)i);
}

static void pcapng_free(struct capture *capture)
{
	struct pcapng_writer *writer = (struct pcapng_writer *)capture;

	g_free(writer->frame_counts);
	g_free(writer);
}

static const struct capture_operations pcapng_operations = {
	.frame = pcapng_frame,
	.secrets = pcapng_secrets,
	.flush = pcapng_flush,
	.finish = pcapng_finish,
	.free = pcapng_free,
};

struct capture *pcapng_writer_new(struct output *output, const struct capture_config *config)
{
	struct pcapng_writer *writer = g_new0(struct pcapng_writer, 1);

	writer->base = (struct capture) { &pcapng_operations, output, 0, 0 };
	writer->epoch_ns = config->epoch_s * NS_PER_S;
	writer->last_ns = writer->epoch_ns;
	writer->interface_count = config->interface_count;
	writer->frame_counts = g_new0(uint64_t, config->interface_count);

	write_section(output);
	for (size_t i = 0; i < config->interface_count; i++)
		write_interface(output, &config->interfaces[i]);
	write_names(output, config->names, config->name_count);
	return &writer->base;
}
