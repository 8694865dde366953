/* The layers that trace records name, bottom to top. */
#pragma once

enum layer {
	LAYER_USER, /* what a person does */
	LAYER_LINK, /* cables: loss, delay, queues */
	LAYER_ETHERNET,
	LAYER_ARP,
	LAYER_IPV4,
	LAYER_ICMP,
	LAYER_UDP,
	LAYER_TCP,
	LAYER_FILTER,           /* the packet filter of a router */
	LAYER_NAT,              /* the translation of addresses by a router */
	LAYER_TAMPER,           /* an attacker at a router, who overwrites what passes */
	LAYER_STACK_COUNT = 16, /* protocols/layer.h goes on from here */
};

/* The names of a layer's details, for views. `details[i]` names detail i, NULL where unused. */
struct layer_names {
	unsigned layer;
	const char *name; /* "IPv4" */
	const char *key;  /* "ipv4": option values, JSON */
	const char *const *details;
	unsigned detail_count;
};

/* One table for each of the layers above but LAYER_USER, in that order. */
extern const struct layer_names *const stack_layer_names[];
extern const unsigned stack_layer_names_count;
