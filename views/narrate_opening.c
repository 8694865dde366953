/* What comes before the first word of a session: DNS finds the server, ARP the neighbour, TCP opens. */
#include <string.h>
#include "protocols/dns/name.h"
#include "protocols/dns/names.h"
#include "protocols/dns/record.h"
#include "stack/names.h"
#include "stack/wire/ethernet.h"
#include "views/narrate_parts.h"

#define NEAR          60 /* records behind a query in which its datagram is made */
#define CHAIN         8  /* records from the end of a query back to the packet that ended it */
#define DNS_PORT      53
#define ASKED_MAX     4 /* servers that a resolver asked, told of by name */
#define FRAMES_OF_ASK 200

/* ARP in an Ethernet frame: offsets in bits (RFC 826). */
enum { ARP_SENDER_MAC = 176, ARP_SENDER_IP = 224, ARP_TARGET_IP = 304 };

/* A question of a host, from its two records. */
struct lookup {
	const struct trace_record *begin, *end;       /* end: NULL: none */
	const struct trace_record *question, *answer; /* frames; NULL: none */
	struct bytes name;                            /* in text */
	char text[DNS_NAME_TEXT_BYTES];
	uint16_t type;
};

static const struct trace_record *find_question(const struct narrator *narrator, uint64_t index)
{
	const struct trace_record *begin = narrate_record(narrator, index);
	uint64_t count = trace_store_count(narrator->store);

	for (uint64_t i = index + 1; i < MIN(index + NEAR, count); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_UDP &&
		    record->cause == begin->id)
			return narrate_transmit(narrator, record->packet);
	}
	return NULL;
}

static const struct trace_record *find_answer(const struct narrator *narrator,
					      const struct trace_record *end)
{
	const struct trace_record *record = end;

	for (unsigned i = 0; i < CHAIN && record != NULL && record->cause != 0; i++) {
		record = narrate_record(narrator, trace_store_find(narrator->store, record->cause));
		if (record != NULL && record->packet != 0)
			return narrate_transmit(narrator, record->packet);
	}
	return NULL;
}

static void read_question(const struct narrator *narrator, struct lookup *lookup)
{
	struct dns_name name, zone;

	lookup->text[0] = '\0';
	if (dns_question_parse(narrate_bytes(narrator, lookup->begin), &name, &lookup->type,
			       &zone) == PARSE_OK)
		dns_name_print(name, lookup->text);
}

/* Fills in a lookup that begins at place `at` of the scene's list; false: none does. */
static bool read_lookup(const struct narrator *narrator, const struct scene *scene, guint at,
			struct lookup *lookup)
{
	uint64_t index = g_array_index(scene->lookups, uint64_t, at);

	*lookup = (struct lookup) { .begin = narrate_record(narrator, index) };
	if (lookup->begin->after != DNS_LOOKUP_ASKING || lookup->begin->before != DNS_LOOKUP_NONE)
		return false;
	read_question(narrator, lookup);
	lookup->question = find_question(narrator, index);
	for (guint i = at + 1; i < scene->lookups->len && lookup->end == NULL; i++) {
		const struct trace_record *record =
		    narrate_record(narrator, g_array_index(scene->lookups, uint64_t, i));

		if (record->object == lookup->begin->object && record->after >= DNS_LOOKUP_ANSWERED)
			lookup->end = record;
	}
	if (lookup->end != NULL)
		lookup->answer = find_answer(narrator, lookup->end);
	return lookup->text[0] != '\0';
}

static guint frame_index(const struct narrator *narrator, const struct trace_record *frame)
{
	return (guint)model_frame(narrator->model, frame->packet) - 1;
}

static const struct trace_record *frame_at(const struct narrator *narrator, guint index)
{
	return narrate_record(narrator, g_array_index(narrator->frames, uint64_t, index));
}

static uint32_t node_of_address(const struct narrator *narrator, const struct ip_address *address)
{
	const char *name = ip_address_is_ipv4(*address)
			       ? model_name_of_address(narrator->model, ip_address_ipv4(*address))
			       : NULL;

	return name == NULL ? 0 : model_find_node(narrator->model, name);
}

/* Where a DNS question goes; 0: it is none. */
static uint32_t asked_node(const struct narrator *narrator, const struct trace_record *frame)
{
	struct decode *decode = g_new(struct decode, 1);
	uint32_t node = 0;

	decode_frame(narrate_bytes(narrator, frame), NULL, decode);
	if (decode->has_ports && decode->destination_port == DNS_PORT &&
	    decode_find(decode, DECODE_UDP) != NULL)
		node = node_of_address(narrator, &decode->destination);
	g_free(decode);
	return node;
}

/* "It asks root (frame 52), then remote-dns (frame 60)": what the resolver did for this question. */
static void tell_resolver(struct narrator *narrator, const struct lookup *lookup, uint32_t resolver,
			  struct story_block *paragraph)
{
	guint first = frame_index(narrator, lookup->question) + 1;
	guint last = frame_index(narrator, lookup->answer);
	const struct trace_record *asked[ASKED_MAX];
	unsigned count = 0;
	struct story_sentence *sentence = NULL;

	for (guint i = first; i < last && i < first + FRAMES_OF_ASK && count < ASKED_MAX; i++) {
		const struct trace_record *frame = frame_at(narrator, i);
		uint32_t to = asked_node(narrator, frame);

		if (trace_node_of(frame->id) != resolver || to == 0 ||
		    (count > 0 && asked_node(narrator, asked[count - 1]) == to))
			continue;
		asked[count++] = frame;
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t to = asked_node(narrator, asked[i]);

		if (i == 0)
			sentence =
			    SAY(paragraph, "{} does not know this itself and asks {} (frame {})",
				fact_node(narrator, resolver), fact_node(narrator, to),
				fact_frame(narrator, asked[i]));
		else
			GO_ON(sentence, ", then {} (frame {})", fact_node(narrator, to),
			      fact_frame(narrator, asked[i]));
	}
	if (sentence == NULL)
		return;
	if (count > 1 && narrate_is_new(narrator, CONCEPT_DELEGATION))
		story_go_on(sentence,
			    ": nobody has the whole of DNS, and each server that does not have "
			    "the answer names those that are nearer to it.",
			    NULL, 0);
	else
		story_go_on(sentence, ".", NULL, 0);
}

/* The address in the answer, where it is there as such. */
static struct story_fact fact_answer(struct narrator *narrator, const struct lookup *lookup,
				     uint32_t address)
{
	struct bytes frame = narrate_bytes(narrator, lookup->answer);
	uint8_t wanted[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
			      (uint8_t)(address >> 8), (uint8_t)address };
	const uint8_t *found = NULL;

	if (frame.length > ETHERNET_HEADER_BYTES + 20)
		found = memmem(frame.data + ETHERNET_HEADER_BYTES + 20,
			       frame.length - ETHERNET_HEADER_BYTES - 20, wanted, sizeof wanted);
	if (found == NULL)
		return fact_word(NULL);
	return fact_bits(narrator, lookup->answer, (uint32_t)(found - frame.data) * 8, 32,
			 STORY_IPV4);
}

static struct story_fact fact_name(struct narrator *narrator, const struct lookup *lookup)
{
	struct story_fact fact =
	    fact_code(g_string_chunk_insert(narrator->story->texts, lookup->text));

	fact.layer = LAYER_DNS;
	fact.evidence.record = lookup->begin->id;
	return fact;
}

static void tell_unanswered(struct narrator *narrator, const struct lookup *lookup, uint32_t node,
			    struct story_block *paragraph)
{
	if (lookup->question == NULL)
		SAY(paragraph, "{} wants to know the address of {}.", fact_node(narrator, node),
		    fact_name(narrator, lookup));
	else
		SAY(paragraph, "{} asks for {} (frame {}), and gets no answer that helps.",
		    fact_node(narrator, node), fact_name(narrator, lookup),
		    fact_frame(narrator, lookup->question));
}

/* Says nothing where the answer is not the address of the next connection: it was not for that. */
static void tell_address(struct narrator *narrator, const struct lookup *lookup, uint32_t node,
			 uint32_t address, struct story_block *paragraph)
{
	struct story_fact answer = fact_answer(narrator, lookup, address);
	uint32_t resolver = asked_node(narrator, lookup->question);
	struct story_fact server =
	    resolver == 0 ? fact_word("its name server") : fact_node(narrator, resolver);

	if (answer.text == NULL)
		return;
	if (narrate_is_new(narrator, CONCEPT_DNS))
		SAY(paragraph,
		    "{} knows the server by its name alone, {}, but packets go to addresses. So it "
		    "asks {} first, by UDP to port {} (frame {}); {} comes back {} later (frame "
		    "{}).",
		    fact_node(narrator, node), fact_name(narrator, lookup), server,
		    fact_field(narrator, lookup->question, DECODE_UDP, "Destination Port",
			       STORY_DECIMAL),
		    fact_frame(narrator, lookup->question), answer,
		    fact_interval(narrator, lookup->begin, lookup->end),
		    fact_frame(narrator, lookup->answer));
	else
		SAY(paragraph, "DNS turns {} into {} (frames {} and {}).",
		    fact_name(narrator, lookup), answer, fact_frame(narrator, lookup->question),
		    fact_frame(narrator, lookup->answer));
	if (resolver != 0)
		tell_resolver(narrator, lookup, resolver, paragraph);
}

/* What the MTA makes of the answer: the station that it records then. */
static void tell_choice(struct narrator *narrator, const struct scene *scene,
			const struct lookup *lookup, struct story_block *paragraph)
{
	for (guint i = 0; i < scene->stations->len; i++) {
		const struct trace_record *record =
		    narrate_record(narrator, g_array_index(scene->stations, uint64_t, i));
		struct bytes names, preference;
		const uint8_t *space;

		if (record->detail != MAIL_LOOKED_UP || record->time_ns != lookup->end->time_ns)
			continue;
		names = narrate_mail_text(narrator, record, 0);
		space = bytes_find_byte(names, ' ');
		preference = narrate_mail_fact(narrator, record, "preference");
		if (space == NULL || preference.length == 0)
			return;
		names = bytes_from(names, (size_t)(space - names.data) + 1);
		SAY(paragraph, "The answer names {}, with preference {}.",
		    fact_quote(narrator, record, names, STORY_CODE),
		    fact_quote(narrator, record, preference, STORY_PLAIN));
		return;
	}
}

static void tell_exchanger(struct narrator *narrator, const struct scene *scene,
			   const struct lookup *lookup, uint32_t node,
			   struct story_block *paragraph)
{
	uint32_t resolver = asked_node(narrator, lookup->question);

	if (narrate_is_new(narrator, CONCEPT_MX))
		SAY(paragraph,
		    "Which host takes mail for a domain is written in DNS, in records of type MX "
		    "(mail exchanger): {} asks for those of {} (frame {}) and has them {} later "
		    "(frame {}).",
		    fact_node(narrator, node), fact_name(narrator, lookup),
		    fact_frame(narrator, lookup->question),
		    fact_interval(narrator, lookup->begin, lookup->end),
		    fact_frame(narrator, lookup->answer));
	else
		SAY(paragraph, "{} asks DNS for the mail exchanger of {} (frames {} and {}).",
		    fact_node(narrator, node), fact_name(narrator, lookup),
		    fact_frame(narrator, lookup->question), fact_frame(narrator, lookup->answer));
	if (resolver != 0)
		tell_resolver(narrator, lookup, resolver, paragraph);
	tell_choice(narrator, scene, lookup, paragraph);
}

static void tell_lookup(struct narrator *narrator, const struct scene *scene,
			const struct lookup *lookup, uint32_t node, uint32_t address,
			struct story_block *paragraph)
{
	bool is_answered = lookup->question != NULL && lookup->answer != NULL;

	if (!is_answered || lookup->end->after != DNS_LOOKUP_ANSWERED)
		tell_unanswered(narrator, lookup, node, paragraph);
	else if (lookup->type == DNS_MX)
		tell_exchanger(narrator, scene, lookup, node, paragraph);
	else
		tell_address(narrator, lookup, node, address, paragraph);
}

/* That there is no IPv6 address is told once; experts hear of each question. */
static void tell_ipv6(struct narrator *narrator, const struct lookup *lookup, uint32_t node,
		      struct story_block *paragraph)
{
	bool is_new = narrate_is_new(narrator, CONCEPT_IPV6);

	if (lookup->question == NULL || lookup->answer == NULL ||
	    (!is_new && narrator->level != NARRATE_EXPERT))
		return;
	SAY(paragraph,
	    is_new ? "At once {} asks for an IPv6 address of {} as well (type AAAA, frame {}); the "
		     "answer in frame {} is that there is none, so IPv4 it is."
		   : "{} asks for an IPv6 address of {} as well (frames {} and {}), in vain.",
	    fact_node(narrator, node), fact_name(narrator, lookup),
	    fact_frame(narrator, lookup->question), fact_frame(narrator, lookup->answer));
}

static void tell_text(struct narrator *narrator, const struct lookup *lookup,
		      struct story_block *paragraph)
{
	SAY(paragraph,
	    narrate_is_new(narrator, CONCEPT_TXT)
		? "What a domain's owner says of its mail is written in DNS, too, in records of "
		  "type TXT: {} asks for those of {} (frame {}, answered in frame {})."
		: "{} asks for the TXT records of {} (frames {} and {}).",
	    fact_node(narrator, trace_node_of(lookup->begin->id)), fact_name(narrator, lookup),
	    fact_frame(narrator, lookup->question), fact_frame(narrator, lookup->answer));
}

void narrate_texts(struct narrator *narrator, const struct scene *scene, uint32_t node,
		   uint64_t until, struct story_block *paragraph)
{
	struct lookup *lookup = g_new(struct lookup, 1);

	for (guint i = 0; i < scene->lookups->len; i++) {
		uint64_t index = g_array_index(scene->lookups, uint64_t, i);

		if (index >= narrator->texts_told && index < until &&
		    trace_node_of(narrate_record(narrator, index)->id) == node &&
		    read_lookup(narrator, scene, i, lookup) && lookup->type == DNS_TXT &&
		    lookup->question != NULL && lookup->answer != NULL)
			tell_text(narrator, lookup, paragraph);
	}
	narrator->texts_told = MAX(narrator->texts_told, until);
	g_free(lookup);
}

/* Types that lead to the next connection. */
static bool is_worth_telling(const struct lookup *lookup)
{
	return lookup->type == DNS_A || lookup->type == DNS_MX;
}

void narrate_lookups(struct narrator *narrator, const struct scene *scene, uint32_t node,
		     uint64_t until, uint32_t address, struct story_block *paragraph)
{
	struct lookup *lookup = g_new(struct lookup, 1);

	for (guint i = 0; i < scene->lookups->len; i++) {
		uint64_t index = g_array_index(scene->lookups, uint64_t, i);

		if (index >= until || trace_node_of(narrate_record(narrator, index)->id) != node ||
		    index < narrator->lookups_told)
			continue;
		if (!read_lookup(narrator, scene, i, lookup))
			continue;
		if (lookup->type == DNS_AAAA)
			tell_ipv6(narrator, lookup, node, paragraph);
		else if (is_worth_telling(lookup))
			tell_lookup(narrator, scene, lookup, node, address, paragraph);
	}
	narrator->lookups_told = MAX(narrator->lookups_told, until);
	g_free(lookup);
}

void narrate_reverse_lookup(struct narrator *narrator, const struct scene *scene,
			    const struct leg *leg, struct story_block *paragraph)
{
	struct lookup *lookup = g_new(struct lookup, 1);
	bool is_told = false;

	for (guint i = 0; i < scene->lookups->len && !is_told; i++) {
		if (!read_lookup(narrator, scene, i, lookup) || lookup->type != DNS_PTR ||
		    trace_node_of(lookup->begin->id) != leg->server || lookup->question == NULL ||
		    lookup->answer == NULL || lookup->begin->time_ns < leg->syn->time_ns ||
		    !narrate_is_new(narrator, CONCEPT_REVERSE))
			continue;
		is_told = true;
		SAY(paragraph,
		    "Then nothing happens for {}: before {} says a word it asks DNS what the "
		    "client's "
		    "address is called (frame {}, answered in frame {}), for its own records.",
		    fact_interval(narrator, lookup->begin, lookup->end),
		    fact_node(narrator, leg->server), fact_frame(narrator, lookup->question),
		    fact_frame(narrator, lookup->answer));
	}
	g_free(lookup);
}

/* ARP: the question's frame, and the frame that answers it. */
static const struct trace_record *arp_answer(const struct narrator *narrator,
					     const struct trace_record *question)
{
	struct bytes asked = narrate_bytes(narrator, question);
	guint index = frame_index(narrator, question);

	for (guint i = index + 1; i < narrator->frames->len && i < index + 20; i++) {
		const struct trace_record *frame = frame_at(narrator, i);
		struct bytes bytes = narrate_bytes(narrator, frame);

		if (bytes.length < 42 || asked.length < 42 || get_be16(bytes.data + 12) != 0x0806 ||
		    get_be16(bytes.data + 20) != 2)
			continue;
		if (memcmp(bytes.data + 28, asked.data + 38, 4) == 0)
			return frame;
	}
	return NULL;
}

static void explain_arp(struct narrator *narrator, const struct trace_record *question,
			struct story_block *paragraph)
{
	const struct trace_record *answer = arp_answer(narrator, question);

	SAY(paragraph,
	    "Even that first packet cannot leave before {} knows the MAC address of the next hop, "
	    "{}: by ARP it asks everyone on its network (frame {}, to the broadcast address {}).",
	    fact_node(narrator, trace_node_of(question->id)),
	    fact_bits(narrator, question, ARP_TARGET_IP, 32, STORY_IPV4),
	    fact_frame(narrator, question), fact_bits(narrator, question, 0, 48, STORY_MAC));
	if (answer == NULL)
		SAY(paragraph, "Nobody answers.", fact_because(question));
	else
		SAY(paragraph,
		    "{} answers, and only to the one who asked: that address is at {} (frame {}).",
		    fact_node(narrator, trace_node_of(answer->id)),
		    fact_bits(narrator, answer, ARP_SENDER_MAC, 48, STORY_MAC),
		    fact_frame(narrator, answer));
}

/* The scene's questions by ARP: the first one ever is explained, of the others it is said that they are. */
static void tell_arp(struct narrator *narrator, const struct scene *scene, uint32_t node,
		     struct story_block *paragraph)
{
	for (guint i = 0; i < scene->arps->len; i++) {
		const struct trace_record *record =
		    narrate_record(narrator, g_array_index(scene->arps, uint64_t, i));
		const struct trace_record *question = narrate_transmit(narrator, record->packet);

		if (question == NULL || record->detail != ARP_ASKS ||
		    trace_node_of(record->id) != node || !narrate_is_new(narrator, CONCEPT_ARP))
			continue;
		explain_arp(narrator, question, paragraph);
		SAY(paragraph,
		    "Everyone else on the way does the same where it does not know its "
		    "neighbour yet; I shall not repeat it.",
		    fact_because(question));
		return;
	}
}

static void explain_handshake(struct narrator *narrator, const struct leg *leg,
			      struct story_block *paragraph)
{
	SAY(paragraph,
	    "Now {} opens a TCP connection from its port {} to port {} of {} in three segments: "
	    "SYN, "
	    "SYN-ACK and ACK (frames {}, {} and {}, {} from the first to the last).",
	    fact_node(narrator, leg->client),
	    fact_field(narrator, leg->syn, DECODE_TCP, "Source Port", STORY_DECIMAL),
	    fact_field(narrator, leg->syn, DECODE_TCP, "Destination Port", STORY_DECIMAL),
	    fact_node(narrator, leg->server), fact_frame(narrator, leg->syn),
	    fact_frame(narrator, leg->syn_ack), fact_frame(narrator, leg->ack),
	    fact_interval(narrator, leg->syn, leg->ack));
	SAY(paragraph,
	    "They carry no mail yet; the two sides agree on the numbers by which they will "
	    "count each other's bytes, so that nothing gets lost unnoticed.",
	    fact_because(leg->syn));
}

static void tell_handshake(struct narrator *narrator, const struct leg *leg,
			   struct story_block *paragraph)
{
	struct story_fact port =
	    fact_field(narrator, leg->syn, DECODE_TCP, "Destination Port", STORY_DECIMAL);

	if (leg->syn_ack == NULL && leg->connection->was_reset)
		SAY(paragraph,
		    "{} tries to reach port {} of {} (SYN in frame {}), and is refused at once: "
		    "nothing "
		    "listens there, so the answer is RST.",
		    fact_node(narrator, leg->client), port, fact_node(narrator, leg->server),
		    fact_frame(narrator, leg->syn));
	else if (leg->syn_ack == NULL)
		SAY(paragraph,
		    "{} tries to reach port {} of {} (SYN in frame {}), but no SYN-ACK ever "
		    "comes.",
		    fact_node(narrator, leg->client), port, fact_node(narrator, leg->server),
		    fact_frame(narrator, leg->syn));
	else if (leg->ack == NULL)
		SAY(paragraph,
		    "{} opens a connection to port {} of {} (frames {} and {}), which goes no "
		    "further.",
		    fact_node(narrator, leg->client), port, fact_node(narrator, leg->server),
		    fact_frame(narrator, leg->syn), fact_frame(narrator, leg->syn_ack));
	else if (narrate_is_new(narrator, CONCEPT_HANDSHAKE))
		explain_handshake(narrator, leg, paragraph);
	else
		SAY(paragraph,
		    "{} opens a TCP connection to port {} of {} (frames {}, {} and {}; {}).",
		    fact_node(narrator, leg->client), port, fact_node(narrator, leg->server),
		    fact_frame(narrator, leg->syn), fact_frame(narrator, leg->syn_ack),
		    fact_frame(narrator, leg->ack), fact_interval(narrator, leg->syn, leg->ack));
}

void narrate_opening(struct narrator *narrator, const struct scene *scene, const struct leg *leg)
{
	struct story_block *paragraph = story_paragraph(narrator->story);

	if (leg->syn == NULL)
		return;
	narrate_lookups(narrator, scene, leg->client,
			trace_store_find(narrator->store, leg->syn->id),
			leg->connection->server.address, paragraph);
	tell_arp(narrator, scene, leg->client, paragraph);
	tell_handshake(narrator, leg, paragraph);
}
