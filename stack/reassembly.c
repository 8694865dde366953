#include "stack/reassembly.h"

#include "stack/host_private.h"
#include "stack/ipv4_private.h"

/* A datagram of which some fragments have come. */
struct unfinished {
	struct unfinished *next;
	struct reassembly *reassembly;
	struct packet *first; /* fragments by offset; each starts at its IPv4 header */
	uint32_t source, destination;
	uint16_t identification;
	uint8_t protocol;
	uint32_t received_bytes; /* of payload */
	uint32_t total_bytes;    /* of payload; 0 until the last fragment came */
	struct timer timer;
};

struct reassembly {
	struct host *host;
	struct unfinished *datagrams;
	size_t datagram_count;
	size_t buffer_bytes;
};

static struct reassembly *reassembly_of(struct host *host)
{
	if (host->reassembly == NULL) {
		host->reassembly = g_new0(struct reassembly, 1);
		host->reassembly->host = host;
	}
	return host->reassembly;
}

/* Where a fragment kept here lies in its datagram. It was parsed before. */
static struct ipv4_header header_of(const struct packet *fragment, struct bytes *piece)
{
	struct ipv4_header header;
	enum parse_status status = ipv4_header_parse(packet_bytes(fragment), &header, piece);

	g_assert(status == PARSE_OK);
	return header;
}

static struct packet *pop_fragment(struct unfinished *datagram)
{
	struct packet *fragment = datagram->first;

	datagram->first = fragment->next;
	datagram->reassembly->buffer_bytes -= fragment->capacity;
	fragment->next = NULL;
	return fragment;
}

/* Frees a datagram without fragments. */
static void unfinished_free(struct unfinished *datagram)
{
	struct reassembly *reassembly = datagram->reassembly;
	struct unfinished **at = &reassembly->datagrams;

	while (*at != datagram)
		at = &(*at)->next;
	*at = datagram->next;
	reassembly->datagram_count--;
	timer_cancel(node_engine(&reassembly->host->node), &datagram->timer);
	g_free(datagram);
}

static void give_up(struct unfinished *datagram, enum ipv4_detail detail)
{
	struct host *host = datagram->reassembly->host;

	while (datagram->first != NULL)
		ipv4_drop(host, pop_fragment(datagram),
			  &(struct trace_record) { .detail = (uint16_t)detail });
	unfinished_free(datagram);
}

/* The sender is told only when the first fragment is there to be quoted (RFC 792). */
static void time_out(void *owner)
{
	struct unfinished *datagram = owner;
	struct bytes piece;

	if (header_of(datagram->first, &piece).fragment_offset_bytes == 0)
		icmp_send_error(datagram->reassembly->host, datagram->first, ICMP_TIME_EXCEEDED,
				ICMP_REASSEMBLY_TIME_EXCEEDED, 0);
	give_up(datagram, IPV4_REASSEMBLY_TIMEOUT);
}

static struct unfinished *find(const struct reassembly *reassembly,
			       const struct ipv4_header *header)
{
	for (struct unfinished *it = reassembly->datagrams; it != NULL; it = it->next)
		if (it->source == header->source && it->destination == header->destination &&
		    it->identification == header->identification &&
		    it->protocol == header->protocol)
			return it;
	return NULL;
}

static struct unfinished *unfinished_new(struct reassembly *reassembly,
					 const struct ipv4_header *header)
{
	struct unfinished *datagram = g_new0(struct unfinished, 1);
	struct node *node = &reassembly->host->node;

	*datagram = (struct unfinished) {
		.next = reassembly->datagrams,
		.reassembly = reassembly,
		.source = header->source,
		.destination = header->destination,
		.identification = header->identification,
		.protocol = header->protocol,
	};
	reassembly->datagrams = datagram;
	reassembly->datagram_count++;
	timer_init(&datagram->timer, node->index, time_out, datagram);
	timer_schedule(node_engine(node), &datagram->timer, node_now(node) + REASSEMBLY_TIMEOUT_NS);
	return datagram;
}

/* How a fragment goes together with those that are there. */
enum fit { FITS, IS_THERE, OVERLAPS };

/* Finds the place of payload bytes [start, end) in the list. */
static enum fit find_place(struct unfinished *datagram, uint32_t start, uint32_t end,
			   struct packet ***place)
{
	struct packet **at = &datagram->first;

	for (; *at != NULL; at = &(*at)->next) {
		struct bytes piece;
		uint32_t other_start = header_of(*at, &piece).fragment_offset_bytes;
		uint32_t other_end = other_start + (uint32_t)piece.length;

		if (other_start == start && other_end == end)
			return IS_THERE;
		if (other_start >= end)
			break;
		if (other_end > start)
			return OVERLAPS;
	}
	*place = at;
	return FITS;
}

/* True when the end that `header` tells of agrees with what is known. */
static bool agrees_on_end(struct unfinished *datagram, const struct ipv4_header *header,
			  uint32_t end)
{
	if (header->more_fragments)
		return datagram->total_bytes == 0 || end <= datagram->total_bytes;
	if (datagram->total_bytes != 0)
		return end == datagram->total_bytes;
	for (const struct packet *it = datagram->first; it != NULL; it = it->next) {
		struct bytes piece;

		if (header_of(it, &piece).fragment_offset_bytes + piece.length > end)
			return false;
	}
	datagram->total_bytes = end;
	return true;
}

/* The last record has the whole datagram with it. */
static void trace_derived(struct host *host, const struct packet *whole,
			  const struct packet *fragment, bool is_last)
{
	trace_emit(&host->node, whole,
		   &(struct trace_record) {
		       .kind = TRACE_DERIVE,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_REASSEMBLED,
		       .object = fragment->id,
		   },
		   is_last ? packet_bytes(whole) : (struct bytes) { 0 });
}

/* Joins the fragments under the header of the first. */
static struct packet *join(struct host *host, struct unfinished *datagram,
			   const struct packet *newest)
{
	struct bytes piece;
	struct ipv4_header header = header_of(datagram->first, &piece);
	struct packet *whole =
	    node_new_packet(&host->node, header.header_bytes + datagram->total_bytes);

	whole->root = newest->root;
	whole->interface = newest->interface;
	whole->crossing = newest->crossing;
	header.total_length_bytes = (uint16_t)packet_length(whole);
	header.more_fragments = false;
	ipv4_header_emit(&header, packet_data(whole));
	ipv4_checksum_set(packet_data(whole));
	while (datagram->first != NULL) {
		struct packet *fragment = pop_fragment(datagram);
		size_t offset = header_of(fragment, &piece).fragment_offset_bytes;

		memcpy(packet_data(whole) + header.header_bytes + offset, piece.data, piece.length);
		trace_derived(host, whole, fragment, datagram->first == NULL);
		packet_free(fragment);
	}
	unfinished_free(datagram);
	return whole;
}

/* The fragment by itself: whole units of 8 bytes unless it is the last, and within 65,535 bytes. */
static bool is_plausible(const struct ipv4_header *header, uint32_t start, uint32_t length)
{
	if (length == 0 || (header->more_fragments && length % IPV4_FRAGMENT_UNIT != 0))
		return false;
	return start + length + header->header_bytes <= IPV4_DATAGRAM_MAX;
}

static void trace_wait(struct host *host, const struct packet *fragment, uint32_t start,
		       uint32_t length)
{
	trace_emit(&host->node, fragment,
		   &(struct trace_record) {
		       .kind = TRACE_WAIT,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_REASSEMBLING,
		       .before = start,
		       .after = length,
		       .interface = fragment->interface,
		       .start = (uint16_t)fragment->start,
		   },
		   (struct bytes) { 0 });
}

static struct packet *refuse(struct host *host, struct packet *fragment, enum ipv4_detail detail)
{
	ipv4_drop(host, fragment, &(struct trace_record) { .detail = (uint16_t)detail });
	return NULL;
}

/* Header and payload of a complete datagram; the first fragment may have more options than others. */
static uint32_t whole_length(const struct unfinished *datagram)
{
	struct bytes piece;

	return header_of(datagram->first, &piece).header_bytes + datagram->total_bytes;
}

/* Links a plausible fragment into its datagram; NULL unless that completes it. */
static struct packet *insert(struct host *host, struct unfinished *datagram,
			     struct packet *fragment, const struct ipv4_header *header)
{
	uint32_t start = header->fragment_offset_bytes;
	uint32_t length = (uint32_t)header->total_length_bytes - header->header_bytes;
	struct packet **place = NULL;
	enum fit fit = find_place(datagram, start, start + length, &place);

	if (fit == IS_THERE)
		return refuse(host, fragment, IPV4_DUPLICATE_FRAGMENT);
	if (fit == OVERLAPS || !agrees_on_end(datagram, header, start + length)) {
		give_up(datagram, IPV4_OVERLAP);
		return refuse(host, fragment, IPV4_OVERLAP);
	}
	fragment->next = *place;
	*place = fragment;
	datagram->reassembly->buffer_bytes += fragment->capacity;
	datagram->received_bytes += length;
	if (datagram->received_bytes != datagram->total_bytes) {
		trace_wait(host, fragment, start, length);
		return NULL;
	}
	if (whole_length(datagram) > IPV4_DATAGRAM_MAX) {
		give_up(datagram, IPV4_MALFORMED);
		return NULL;
	}
	return join(host, datagram, fragment);
}

struct packet *reassembly_add(struct host *host, struct packet *fragment,
			      const struct ipv4_header *header)
{
	struct reassembly *reassembly = reassembly_of(host);
	uint32_t start = header->fragment_offset_bytes;
	uint32_t length = (uint32_t)header->total_length_bytes - header->header_bytes;
	struct unfinished *datagram = find(reassembly, header);

	if (!is_plausible(header, start, length))
		return refuse(host, fragment, IPV4_MALFORMED);
	if (reassembly->buffer_bytes + fragment->capacity > REASSEMBLY_BYTES_MAX ||
	    (datagram == NULL && reassembly->datagram_count == REASSEMBLY_DATAGRAMS_MAX))
		return refuse(host, fragment, IPV4_REASSEMBLY_FULL);
	if (datagram == NULL)
		datagram = unfinished_new(reassembly, header);
	return insert(host, datagram, fragment, header);
}

void reassembly_free(struct reassembly *reassembly)
{
	if (reassembly == NULL)
		return;
	for (struct unfinished *datagram = reassembly->datagrams, *next; datagram != NULL;
	     datagram = next) {
		next = datagram->next;
		while (datagram->first != NULL)
			packet_free(pop_fragment(datagram));
		unfinished_free(datagram);
	}
	g_free(reassembly);
}
