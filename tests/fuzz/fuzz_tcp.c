/*
 * Fuzz target: any sequence of segments, calls of the program and passing of time, against one host. The
 * input is read as steps of 12 bytes, so that most inputs get beyond the handshake.
 */
#include <stdlib.h>
#include "sim/time.h"
#include "stack/standalone.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"

#define HOST_ADDRESS UINT32_C(0xc0000201)
#define PEER_ADDRESS UINT32_C(0xc0000202)
#define HOST_ISN     UINT32_C(0xffffff00) /* soon to wrap */
#define STEP_BYTES   12
#define STEPS_MAX    400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world_under_test {
	struct standalone *host;
	int listener, socket;
};

/* Bytes of a step: kind, flags, sequence 2, acknowledgment 2, window 2, length 2, options 2. */
static void give_segment(struct world_under_test *world, const uint8_t *step, const uint8_t *rest,
			 size_t rest_length)
{
	uint8_t datagram[IPV4_HEADER_BYTES + TCP_HEADER_MAX_BYTES + 2048] = { 0 };
	uint8_t *at = datagram + IPV4_HEADER_BYTES;
	size_t options_length = (size_t)(step[10] % 11) * 4;
	size_t length = get_be16(step + 8) % 2048;
	struct tcp_header header = {
		.source_port = 40000,
		.destination_port = (uint16_t)(25 + (step[11] == 0xff)),
		.sequence = (uint32_t)(int16_t)get_be16(step + 2),
		.acknowledgment = HOST_ISN + (uint32_t)(int16_t)get_be16(step + 4),
		.flags = step[1],
		.window = get_be16(step + 6),
		.urgent_pointer = step[11],
		.options = {rest, options_length < rest_length ? options_length
								: rest_length & ~(size_t)3},
	};
	size_t header_bytes = tcp_header_length(&header);

	tcp_header_emit(&header, at);
	if (step[11] == 0xfe)
		at[12] = step[10]; /* any data offset */
	uint32_t sum = checksum_add(0, (struct bytes) { at + header_bytes, length });

	tcp_checksum_set(at, sum, length, PEER_ADDRESS, HOST_ADDRESS);
	ipv4_header_emit(
	    &(struct ipv4_header) {
		.total_length_bytes = (uint16_t)(IPV4_HEADER_BYTES + header_bytes + length),
		.ttl = 64,
		.protocol = 6,
		.source = PEER_ADDRESS,
		.destination = HOST_ADDRESS,
	    },
	    datagram);
	ipv4_checksum_set(datagram);
	standalone_give(world->host,
			(struct bytes) { datagram, IPV4_HEADER_BYTES + header_bytes + length });
}

static void call(struct world_under_test *world, const uint8_t *step)
{
	static uint8_t buffer[40000];
	size_t length = get_be16(step + 2) % sizeof buffer;
	int socket = world->socket;

	if (socket == 0) {
		if (step[1] % 2 == 0)
			world->socket = standalone_connect(world->host, PEER_ADDRESS, 40000);
		return;
	}
	switch (step[1] % 9) {
	case 0:
	case 1:
	case 2:
		standalone_write(world->host, socket, (struct bytes) { buffer, length },
				 step[4] & 1);
		break;
	case 3:
	case 4:
		standalone_read(world->host, socket, buffer, length);
		break;
	case 5:
		standalone_shutdown(world->host, socket);
		break;
	case 6:
		standalone_close(world->host, socket);
		world->socket = 0;
		break;
	case 7:
		if (step[4] > 200)
			standalone_abort(world->host, socket);
		break;
	case 8:
		standalone_set(world->host, socket, (enum standalone_option)(step[4] % 5), step[5]);
		break;
	}
	if (world->socket != 0)
		standalone_status(world->host, world->socket);
}

static void pass_time(struct world_under_test *world, const uint8_t *step)
{
	static const int64_t units[] = { NS_PER_US, NS_PER_MS, 20 * NS_PER_MS, NS_PER_S };
	int64_t delay_ns = get_be16(step + 2) % 1000 * units[step[1] % 4];

	standalone_advance(world->host, standalone_now(world->host) + delay_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world_under_test world = { 0 };
	struct standalone_packet packet;

	world.host = standalone_new(
	    &(struct standalone_config) { .seed = 1,
					  .address = HOST_ADDRESS,
					  .prefix_length = 24,
					  .congestion = size % 2 == 0 ? "cubic" : "reno" });
	standalone_set(world.host, 0, STANDALONE_INITIAL_SEQUENCE, HOST_ISN);
	world.listener = standalone_listen(world.host, 25);
	for (unsigned i = 0; i < STEPS_MAX && size >= STEP_BYTES; i++) {
		const uint8_t *step = data;

		data += STEP_BYTES;
		size -= STEP_BYTES;
		if (step[0] % 4 == 0)
			call(&world, step);
		else if (step[0] % 4 == 1)
			pass_time(&world, step);
		else
			give_segment(&world, step, data, size);
		if (world.socket == 0)
			world.socket = standalone_accept(world.host, world.listener);
		while (standalone_take(world.host, &packet))
			;
	}
	standalone_free(world.host);
	return 0;
}
