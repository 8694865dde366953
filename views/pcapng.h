/*
 * Writes pcapng (draft-ietf-opsawg-pcapng): a section header, one interface description per
 * simulated interface, the names of hosts, enhanced packets, and at the end interface statistics.
 *
 * All frames carry their 4 bytes of FCS, and say so (if_fcslen, epb_flags). Times are nanoseconds.
 * Everything is little-endian and comes from the simulation, so the file is the same everywhere.
 */
#pragma once
#include "views/capture.h"
#include "views/output.h"

/* Block types and codes of options, shared with the reader. */
enum pcapng_block {
	PCAPNG_SECTION = 0x0a0d0d0a,
	PCAPNG_INTERFACE = 1,
	PCAPNG_SIMPLE_PACKET = 3,
	PCAPNG_NAMES = 4,
	PCAPNG_STATISTICS = 5,
	PCAPNG_PACKET = 6,
	PCAPNG_SECRETS = 10,
};

enum pcapng_option {
	PCAPNG_OPTION_END = 0,
	PCAPNG_OPTION_COMMENT = 1,
	PCAPNG_SHB_USERAPPL = 4,
	PCAPNG_IF_NAME = 2,
	PCAPNG_IF_DESCRIPTION = 3,
	PCAPNG_IF_IPV4ADDR = 4,
	PCAPNG_IF_MACADDR = 6,
	PCAPNG_IF_SPEED = 8,
	PCAPNG_IF_TSRESOL = 9,
	PCAPNG_IF_FCSLEN = 13,
	PCAPNG_IF_TSOFFSET = 14,
	PCAPNG_EPB_FLAGS = 2,
	PCAPNG_EPB_PACKETID = 5,
	PCAPNG_ISB_STARTTIME = 2,
	PCAPNG_ISB_ENDTIME = 3,
	PCAPNG_ISB_IFRECV = 4,
	PCAPNG_NRB_IPV4 = 1,
	PCAPNG_NRB_IPV6 = 2,
};

#define PCAPNG_BYTE_ORDER_MAGIC 0x1a2b3c4d
#define PCAPNG_LINK_ETHERNET    1

/* Writes the blocks at the start of a capture to `output`, which stays the caller's. */
struct capture *pcapng_writer_new(struct output *output, const struct capture_config *config);
