/*
 * Who is who in a capture: the names that it brings along, those that DNS answers in it give to
 * addresses, and the owners of MAC addresses by what interfaces and ARP say. Of bounded size.
 */
#pragma once
#include "views/account.h"
#include "views/capture_reader.h"

#define ADDRESS_NAMES_MAX      16384
#define ADDRESS_NAME_MACS_MAX  4096
#define ADDRESS_NAME_BYTES_MAX 64 /* of a name with its NUL; longer ones end in "..." */

struct address_names;

struct address_names *address_names_new(void);
void address_names_free(struct address_names *names);

/* Takes over what the reader knows by now and did not know when it was asked last. */
void address_names_read(struct address_names *names, const struct capture_reader *reader);

/* Learns from one packet, its fields not needed: DNS answers (A, AAAA), ARP. */
void address_names_learn(struct address_names *names, const struct decode *decode);

/*
 * The name of an address, or of who has a MAC address, as a number: another one for each name and each
 * change of it; 0: there is none. So what was said with a name can be known to hold still.
 */
uint32_t address_names_serial(const struct address_names *names, struct ip_address address);
uint32_t address_names_mac_serial(const struct address_names *names, struct mac mac);

/* How often any name was learned, changed or forgotten: while it stays the same, all of them do. */
uint64_t address_names_changes(const struct address_names *names);

/* As the functions that tell of packets want them; lives as long as `names`. */
const struct view_names *address_names_view(const struct address_names *names);
