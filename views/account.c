#include "views/account.h"

const struct dissector *account_datagram(const struct account *account, struct dissect_input *input)
{
	const struct decode *decode = account->decode;
	const struct decode_layer *udp = decode_find(decode, DECODE_UDP);

	*input = (struct dissect_input) { .is_stream = false };
	if (udp == NULL || udp->is_quoted || udp->status != PARSE_OK || !decode->has_ports)
		return NULL;
	input->bytes = decode_payload(decode, udp);
	input->is_cut = udp->cut_payload_bytes > 0 || udp->note == DECODE_NOTE_FIRST_FRAGMENT;
	return decode_dissector(account->dissectors, false, decode->source_port,
				decode->destination_port, &input->is_from_server);
}

const struct account_datagram *account_unit(const struct account *account,
					    struct account_datagram *room)
{
	struct dissect_input input;

	if (account->datagram != NULL)
		return account->datagram;
	room->dissector = account_datagram(account, &input);
	if (room->dissector != NULL && room->dissector->dissect(&input, &room->unit, 1) == 0)
		room->dissector = NULL;
	room->is_from_server = input.is_from_server;
	room->length = input.bytes.length;
	return room;
}
