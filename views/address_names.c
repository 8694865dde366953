#include "views/address_names.h"

#include "protocols/dns/message.h"
#include "stack/wire/arp.h"
#include "views/lru_table.h"

struct name {
	char text[ADDRESS_NAME_BYTES_MAX]; /* "": none */
	uint32_t serial;                   /* of this text alone; 0: none */
};

struct address_name {
	struct name name;
	bool is_given; /* by the capture itself: DNS does not change it */
};

/* Whose a MAC address is: a name, or an address that may have one. */
struct mac_owner {
	struct name name;
	struct ip_address address;
};

struct address_names {
	struct view_names view;
	struct lru_table *addresses; /* struct ip_address to struct address_name */
	struct lru_table *macs;      /* struct mac to struct mac_owner */
	size_t names_read, interfaces_read;
	uint32_t serial; /* the last */
	uint64_t changes;
};

static const char *name_of_address(const void *owner, struct ip_address address)
{
	const struct address_names *names = owner;
	const struct address_name *found = lru_table_look(names->addresses, &address);

	return found == NULL ? NULL : found->name.text;
}

static const char *name_of_mac(const void *owner, struct mac mac)
{
	const struct address_names *names = owner;
	const struct mac_owner *found = lru_table_look(names->macs, &mac);

	if (found == NULL)
		return NULL;
	return found->name.serial != 0 ? found->name.text : name_of_address(owner, found->address);
}

/* Of what made room: a name, or an owner. */
static void note_forgotten(void *owner, void *value)
{
	struct address_names *names = owner;

	(void)value;
	names->changes++;
}

struct address_names *address_names_new(void)
{
	struct address_names *names = g_new0(struct address_names, 1);

	names->view = (struct view_names) { names, name_of_mac, name_of_address, NULL };
	names->addresses = lru_table_new(sizeof(struct ip_address), sizeof(struct address_name),
					 ADDRESS_NAMES_MAX, note_forgotten, names);
	names->macs = lru_table_new(sizeof(struct mac), sizeof(struct mac_owner),
				    ADDRESS_NAME_MACS_MAX, note_forgotten, names);
	return names;
}

void address_names_free(struct address_names *names)
{
	if (names == NULL)
		return;
	lru_table_free(names->addresses);
	lru_table_free(names->macs);
	g_free(names);
}

const struct view_names *address_names_view(const struct address_names *names)
{
	return &names->view;
}

uint32_t address_names_serial(const struct address_names *names, struct ip_address address)
{
	const struct address_name *found = lru_table_look(names->addresses, &address);

	return found == NULL ? 0 : found->name.serial;
}

uint32_t address_names_mac_serial(const struct address_names *names, struct mac mac)
{
	const struct mac_owner *found = lru_table_look(names->macs, &mac);

	if (found == NULL)
		return 0;
	return found->name.serial != 0 ? found->name.serial
				       : address_names_serial(names, found->address);
}

uint64_t address_names_changes(const struct address_names *names)
{
	return names->changes;
}

/* Names come from outside: only printable ASCII goes to a terminal. */
static void set_name(struct address_names *names, struct name *name, struct bytes given)
{
	static const char ellipsis[] = "...";
	char out[ADDRESS_NAME_BYTES_MAX];
	size_t room = sizeof out - 1;
	size_t shown = given.length <= room ? given.length : room - strlen(ellipsis);

	for (size_t i = 0; i < shown; i++) {
		uint8_t byte = given.data[i];

		out[i] = byte > 0x20 && byte < 0x7f ? (char)byte : '.';
	}
	memcpy(out + shown, shown < given.length ? ellipsis : "", shown < given.length ? 4 : 1);
	if (strcmp(name->text, out) == 0)
		return;
	g_strlcpy(name->text, out, sizeof name->text);
	name->serial = ++names->serial;
	names->changes++;
}

static void read_name(struct address_names *names, const struct captured_name *captured)
{
	struct address_name *name;

	if (captured->name.length == 0)
		return;
	name = lru_table_put(names->addresses, &captured->address);
	if (name->is_given)
		return; /* the first of several */
	set_name(names, &name->name, captured->name);
	name->is_given = true;
}

/* An interface is called "host:eth0" where it is known whose it is. */
static void read_interface(struct address_names *names, const struct captured_interface *interface)
{
	static const struct mac none;
	const uint8_t *colon =
	    interface->name.length == 0 ? NULL : bytes_find_byte(interface->name, ':');
	struct mac_owner *owner;

	if (mac_equal(interface->mac, none) || colon == NULL || colon == interface->name.data)
		return;
	owner = lru_table_put(names->macs, &interface->mac);
	set_name(names, &owner->name,
		 bytes_first(interface->name, (size_t)(colon - interface->name.data)));
}

void address_names_read(struct address_names *names, const struct capture_reader *reader)
{
	for (; names->names_read < capture_reader_name_count(reader); names->names_read++)
		read_name(names, capture_reader_name(reader, names->names_read));
	for (; names->interfaces_read < capture_reader_interface_count(reader);
	     names->interfaces_read++)
		read_interface(names, capture_reader_interface(reader, names->interfaces_read));
}

static void learn_arp(struct address_names *names, struct bytes in)
{
	struct arp_packet arp;
	struct mac_owner *owner;
	struct ip_address address;

	if (arp_packet_parse(in, &arp) != PARSE_OK || arp.sender_address == 0 ||
	    (arp.operation != ARP_REQUEST && arp.operation != ARP_REPLY) ||
	    mac_is_group(arp.sender_mac))
		return;
	owner = lru_table_put(names->macs, &arp.sender_mac);
	address = ip_address_from_ipv4(arp.sender_address);
	if (ip_address_equal(owner->address, address))
		return;
	owner->address = address;
	names->changes++;
}

static void learn_record(struct address_names *names, const struct dns_record *record)
{
	struct ip_address address;
	char text[DNS_NAME_TEXT_BYTES];
	struct address_name *name;
	uint32_t ipv4;

	if (record->class != DNS_IN)
		return;
	if (dns_record_address(record, &ipv4))
		address = ip_address_from_ipv4(ipv4);
	else if (record->type == DNS_AAAA && record->data.length == sizeof address.octets)
		memcpy(address.octets, record->data.data, sizeof address.octets);
	else
		return;
	name = lru_table_put(names->addresses, &address);
	if (!name->is_given)
		set_name(names, &name->name, bytes_of(dns_name_print(record->name, text)));
}

/* Whether the header says that there are answers: most messages need not be read to the end. */
static bool has_answers(struct bytes in)
{
	enum { FLAGS = 2, RESPONSE = 0x8000, ANSWER_COUNT = 6 };

	return in.length >= DNS_HEADER_BYTES && get_be16(in.data + FLAGS) & RESPONSE &&
	       get_be16(in.data + ANSWER_COUNT) > 0;
}

static void learn_dns(struct address_names *names, struct bytes in)
{
	struct dns_message *message;

	if (!has_answers(in) || dns_message_parse(in, &message) != PARSE_OK)
		return;
	for (unsigned i = 0; i < message->sections[DNS_ANSWER].count; i++)
		learn_record(names, &message->sections[DNS_ANSWER].records[i]);
	dns_message_free(message);
}

void address_names_learn(struct address_names *names, const struct decode *decode)
{
	const struct decode_layer *arp, *udp;

	if (!decode->has_addresses) {
		arp = decode_find(decode, DECODE_ARP);
		if (arp != NULL)
			learn_arp(names, bytes_from(decode->frame, arp->start));
		return;
	}
	if (!decode->has_ports || decode->source_port != DNS_PORT)
		return;
	udp = decode_find(decode, DECODE_UDP);
	if (udp != NULL && !udp->is_quoted && udp->status == PARSE_OK)
		learn_dns(names, decode_payload(decode, udp));
}
