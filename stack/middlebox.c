#include "stack/middlebox.h"

#include "stack/host_private.h"
#include "stack/reassembly.h"

static struct middlebox *middlebox_of(struct host *host)
{
	if (host->middlebox == NULL)
		host->middlebox = g_new0(struct middlebox, 1);
	return host->middlebox;
}

struct filter *host_filter(struct host *host)
{
	struct middlebox *middlebox = middlebox_of(host);

	if (middlebox->filter == NULL)
		middlebox->filter = filter_new(host);
	return middlebox->filter;
}

struct nat *host_translate(struct host *host, const struct interface *outside)
{
	struct middlebox *middlebox = middlebox_of(host);

	g_assert(middlebox->nat == NULL);
	middlebox->nat = nat_new(host, outside);
	return middlebox->nat;
}

struct tamper *host_tamper(struct host *host)
{
	struct middlebox *middlebox = middlebox_of(host);

	if (middlebox->tamper == NULL)
		middlebox->tamper = tamper_new(host);
	return middlebox->tamper;
}

void middlebox_free(struct middlebox *middlebox)
{
	if (middlebox == NULL)
		return;
	filter_free(middlebox->filter);
	nat_free(middlebox->nat);
	tamper_free(middlebox->tamper);
	g_free(middlebox);
}

static void read_again(const struct packet *packet, struct ipv4_header *header)
{
	struct bytes payload;
	enum parse_status status = ipv4_header_parse(packet_bytes(packet), header, &payload);

	g_assert(status == PARSE_OK);
}

/*
 * Only whole datagrams have ports (RFC 4787 REQ-14, in any order). False: there is nothing to look
 * at yet.
 */
static bool make_whole(struct host *host, struct packet **packet, struct ipv4_header *header)
{
	if (!header->more_fragments && header->fragment_offset_bytes == 0)
		return true;
	*packet = reassembly_add(host, *packet, header);
	if (*packet == NULL)
		return false;
	read_again(*packet, header);
	return true;
}

enum nat_outcome middlebox_receive(struct host *host, struct packet **packet,
				   struct ipv4_header *header)
{
	struct nat *nat = host->middlebox->nat;

	if (nat == NULL || header->destination != nat_outside_address(nat))
		return NAT_UNTOUCHED;
	if (!make_whole(host, packet, header))
		return NAT_GONE;
	enum nat_outcome outcome = nat_receive(nat, *packet);

	if (outcome == NAT_REWRITTEN)
		read_again(*packet, header);
	return outcome;
}

bool middlebox_forward(struct host *host, struct packet **packet, struct ipv4_header *header,
		       const struct interface *out)
{
	struct middlebox *middlebox = host->middlebox;

	if (!make_whole(host, packet, header))
		return false;
	if (middlebox->filter != NULL && !filter_pass(middlebox->filter, *packet, out))
		return false;
	if (middlebox->tamper != NULL)
		tamper_rewrite(middlebox->tamper, *packet);
	if (middlebox->nat != NULL && nat_send(middlebox->nat, *packet, out) == NAT_GONE)
		return false;
	read_again(*packet, header);
	return true;
}
