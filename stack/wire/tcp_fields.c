/* The fields of the TCP header (RFC 9293 section 3.1) and its options. */
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

/* clang-format off */
#define FLAG(flag_name, bit_offset, why, where)                                                    \
	{ (flag_name), (bit_offset), 1, FIELD_FLAG, .purpose = (why), .reference = (where) }

static const struct field header_fields[] = {
	{ "Source Port", 0, 16, FIELD_DECIMAL,
	  .purpose = "The port of the sending program.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Destination Port", 16, 16, FIELD_DECIMAL,
	  .purpose = "The port of the receiving program; servers wait at well-known ones.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Sequence Number", 32, 32, FIELD_DECIMAL,
	  .purpose = "The number of the first data byte; SYN and FIN count like a byte.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Acknowledgment Number", 64, 32, FIELD_DECIMAL,
	  .purpose = "The next byte expected from the other side: all before it has arrived.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Data Offset", 96, 4, FIELD_DECIMAL, .scale = 4, .unit = "bytes",
	  .purpose = "How long the header with its options is, so where the data begin.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Reserved", 100, 3, FIELD_HEX,
	  .purpose = "Must be zero.",
	  .reference = "RFC 9293 section 3.1" },
	FLAG("AE", 103,
	     "Accurate ECN: with CWR and ECE it counts what routers reported; in a SYN it asks for "
	     "that. Once it was NS.",
	     "RFC 9768 section 3.1, RFC 3540 section 9"),
	FLAG("CWR", 104, "Congestion window reduced: the answer to ECE.", "RFC 3168 section 6.1"),
	FLAG("ECE", 105, "A router on the way reported congestion.", "RFC 3168 section 6.1"),
	FLAG("URG", 106, "The urgent pointer counts.", "RFC 9293 section 3.1"),
	FLAG("ACK", 107,
	     "The acknowledgment number counts: always but in the first SYN, and in some RST.",
	     "RFC 9293 section 3.1"),
	FLAG("PSH", 108, "Hand the data to the program at once: the sender has no more now.",
	     "RFC 9293 section 3.1"),
	FLAG("RST", 109, "Ends the connection at once, or refuses it.", "RFC 9293 section 3.1"),
	FLAG("SYN", 110, "Opens the connection: synchronises sequence numbers.",
	     "RFC 9293 section 3.1"),
	FLAG("FIN", 111, "The sender has no more data, for good.", "RFC 9293 section 3.1"),
	{ "Window", 112, 16, FIELD_DECIMAL,
	  .purpose = "How much more the receiver can take, in units of the window scale; with SYN "
		     "in bytes, always.",
	  .reference = "RFC 9293 section 3.1, RFC 7323 section 2" },
	{ "Checksum", 128, 16, FIELD_HEX,
	  .purpose = "Shows damage to data, header or addresses.",
	  .reference = "RFC 9293 section 3.1" },
	{ "Urgent Pointer", 144, 16, FIELD_DECIMAL,
	  .purpose = "Where urgent data end, counted from the sequence number; only with URG.",
	  .reference = "RFC 9293 section 3.1" },
};

static const struct field_name kind_names[] = {
	{ TCP_OPTION_END, "End of Option List" },
	{ TCP_OPTION_NOP, "No-Operation" },
	{ TCP_OPTION_MSS, "Maximum Segment Size" },
	{ TCP_OPTION_WINDOW_SCALE, "Window Scale" },
	{ TCP_OPTION_SACK_PERMITTED, "SACK Permitted" },
	{ TCP_OPTION_SACK, "SACK" },
	{ TCP_OPTION_TIMESTAMPS, "Timestamps" },
	{ 19, "MD5 Signature" },
	{ 28, "User Timeout" },
	{ 29, "TCP Authentication (TCP-AO)" },
	{ 30, "Multipath TCP" },
	{ 34, "TCP Fast Open Cookie" },
	{ 0, NULL },
};

#define KIND                                                                                       \
	{ "Kind", 0, 8, FIELD_ENUM, .names = kind_names,                                           \
	  .purpose = "Which option this is.", .reference = "RFC 9293 section 3.1" }
#define LENGTH                                                                                     \
	{ "Length", 8, 8, FIELD_DECIMAL, .unit = "bytes",                                          \
	  .purpose = "How long the option is, kind and length included.",                          \
	  .reference = "RFC 9293 section 3.1" }

static const struct field single_fields[] = { KIND };

static const struct field end_fields[] = {
	KIND,
	{ "Padding", 8, 0, FIELD_BYTES,
	  .purpose = "Fills the header up to a multiple of 4 bytes.",
	  .reference = "RFC 9293 section 3.1" },
};

static const struct field mss_fields[] = {
	KIND, LENGTH,
	{ "Maximum Segment Size", 16, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "The most data its sender takes in one segment.",
	  .reference = "RFC 9293 section 3.2" },
};

static const struct field scale_fields[] = {
	KIND, LENGTH,
	{ "Shift Count", 16, 8, FIELD_DECIMAL,
	  .purpose = "Its sender's windows count units of 2 to this power, after the handshake.",
	  .reference = "RFC 7323 section 2.2" },
};

static const struct field permitted_fields[] = { KIND, LENGTH };

static const struct field sack_fields[] = {
	KIND, LENGTH,
	{ "Left Edge of Block", 16, 32, FIELD_DECIMAL,
	  .purpose = "The first byte of a run that arrived though bytes before it are missing.",
	  .reference = "RFC 2018 section 3" },
	{ "Right Edge of Block", 48, 32, FIELD_DECIMAL,
	  .purpose = "The byte behind that run: the first that did not arrive.",
	  .reference = "RFC 2018 section 3" },
};

static const struct field timestamps_fields[] = {
	KIND, LENGTH,
	{ "TS Value", 16, 32, FIELD_DECIMAL,
	  .purpose = "The sender's clock when it sent the segment.",
	  .reference = "RFC 7323 section 3.2" },
	{ "TS Echo Reply", 48, 32, FIELD_DECIMAL,
	  .purpose = "The clock value the other side sent last: it measures the round trip by it.",
	  .reference = "RFC 7323 section 3.2" },
};

static const struct field other_fields[] = {
	KIND, LENGTH,
	{ "Data", 16, 0, FIELD_BYTES,
	  .purpose = "What the option says.",
	  .reference = "RFC 9293 section 3.1" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows)

const struct field_table tcp_fields = {
	TABLE("TCP header", header_fields),
	.purpose = "Makes of packets, which may get lost, an ordered and complete stream of bytes.",
};

static const struct field_table end_table = {
	TABLE("End of Option List", end_fields),
	.purpose = "No option follows; the rest of the header is padding.",
};

static const struct field_table nop_table = {
	TABLE("No-Operation", single_fields),
	.purpose = "One byte of padding between options, to align the next.",
};

static const struct field_table mss_table = { TABLE("Maximum Segment Size", mss_fields) };
static const struct field_table scale_table = { TABLE("Window Scale", scale_fields) };

static const struct field_table permitted_table = {
	TABLE("SACK Permitted", permitted_fields),
	.purpose = "Its sender understands selective acknowledgments (RFC 2018 section 2).",
};

static const struct field_table sack_table = {
	TABLE("SACK", sack_fields),
	.repeat_first = 2,
	.repeat_bytes = 8,
	.purpose =
	    "Tells which bytes behind a gap have arrived, so that only the gap is sent again.",
};

static const struct field_table timestamps_table = { TABLE("Timestamps", timestamps_fields) };
static const struct field_table other_table = { TABLE("TCP option", other_fields) };

const struct field_table *tcp_option_fields(uint8_t kind)
{
	switch (kind) {
	case TCP_OPTION_END:
		return &end_table;
	case TCP_OPTION_NOP:
		return &nop_table;
	case TCP_OPTION_MSS:
		return &mss_table;
	case TCP_OPTION_WINDOW_SCALE:
		return &scale_table;
	case TCP_OPTION_SACK_PERMITTED:
		return &permitted_table;
	case TCP_OPTION_SACK:
		return &sack_table;
	case TCP_OPTION_TIMESTAMPS:
		return &timestamps_table;
	default:
		return &other_table;
	}
}
