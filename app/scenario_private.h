/*
 * Loading a scenario, step by step: YAML tree, parts as written (scenario_read.c), names resolved
 * (scenario_resolve.c), what was left out (scenario_complete.c and the files it calls), checks
 * (scenario_check.c and the files it calls). Private to app/scenario_*.c.
 */
#pragma once
#include "app/scenario_table.h"
#include "app/scenario_yaml.h"

/* Owns all parts of a scenario, and finds the named ones. */
struct scenario_memory {
	GStringChunk *strings;
	GPtrArray *items;      /* structs, freed with g_free */
	GPtrArray *arrays;     /* of GPtrArray * */
	GPtrArray *contents;   /* of GBytes *: attachments */
	GHashTable *names[8];  /* name to struct scenario_item *, by bit of enum scenario_kind */
	GHashTable *addresses; /* domain name to its A or CNAME record */
	GHashTable *locals;    /* local part to account; to NULL where several have it */
};

/* A name that stands in the file and waits for what it names. */
struct pending_name {
	const char *text;
	struct mark mark;
	enum key_type type; /* KEY_REFERENCE, KEY_PORT_OF or KEY_LINK */
	unsigned kinds;
	unsigned flags; /* of the key */
	void *field;
	struct scenario_item *owner; /* the part it stands in */
	bool is_done;
};

struct load {
	struct scenario *scenario;
	struct diagnostics *diagnostics;
	const char *directory; /* attachments are below it; NULL: there may be none */
	GHashTable *marks;     /* address of a field to its struct mark *: only what was written */
	GArray *pending;       /* of struct pending_name, in the order of the file */
	GHashTable *subjects;  /* set: of messages that are sent; NULL: not yet needed */
	GHashTable *missed;    /* set: names that a complaint was made about */
	unsigned lost_kinds;   /* set of enum scenario_kind: parts that may not have been read */
	const enum scenario_protocol
	    *receive;  /* of all clients, whatever is written; NULL: as written */
	bool is_sound; /* all was read and every name found: what follows can be judged */
};

/* A new part described by `mapping`, its defaults filled in where they are constant. */
void *scenario_new_item(struct scenario *scenario, const struct mapping *mapping);

/* The same for a struct that is already there. */
void scenario_init_item(struct scenario *scenario, const struct mapping *mapping, void *item);

GPtrArray *scenario_new_array(struct scenario *scenario);

/* A copy that lives as long as the scenario. */
const char *scenario_string(struct scenario *scenario, const char *text);
const char *scenario_format(struct scenario *scenario, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Whether the field was written in the file; where, or else where its part is. */
bool load_is_given(const struct load *load, const void *field);
struct mark load_mark(const struct load *load, const void *field, const void *item);

#define load_error(load, mark, ...)                                                                \
	diagnostics_add((load)->diagnostics, SEVERITY_ERROR, mark, __VA_ARGS__)
#define load_warning(load, mark, ...)                                                              \
	diagnostics_add((load)->diagnostics, SEVERITY_WARNING, mark, __VA_ARGS__)
#define load_hint(load, ...) diagnostics_hint((load)->diagnostics, __VA_ARGS__)

/*
 * True when it is worth a complaint that nothing of these `kinds` is called `name`: false when a part
 * of that kind may stand where it could not be read, or after the first complaint about the name. One
 * mistake gives one error.
 */
bool load_misses(struct load *load, unsigned kinds, const char *name);

/*
 * Writes a setting into the tree, its places `lines` further down. False, with an error, when its path
 * leads nowhere.
 */
bool scenario_set(struct yaml_node *root, const struct scenario_setting *setting, unsigned lines,
		  struct diagnostics *diagnostics);

/* Reads what is written into load->scenario. */
void scenario_read(struct load *load, const struct yaml_node *root);

/* Makes a part known by its name. False, with an error, when the name is taken. */
bool scenario_add_name(struct load *load, void *item);

/* Makes all parts known that have names. */
void scenario_add_names(struct load *load);

/*
 * Resolves references; those that fail wait for the next round, or with `is_last` are errors.
 * Interfaces and links are resolved in the last round, when they exist.
 */
void scenario_resolve(struct load *load, bool is_last);

/* Makes all clients get their mail by load->receive; to follow the reading at once. */
void scenario_receive(struct load *load);

/* Fills in everything that was left out, and resolves all names on the way. */
void scenario_complete(struct load *load);
void scenario_make_servers(struct load *load);         /* hosts `dns` and `root`, when missing */
void scenario_complete_addresses(struct load *load);   /* subnets, addresses, gateways */
void scenario_complete_middleboxes(struct load *load); /* translation and filters of routers */
void scenario_complete_routes(struct load *load);
void scenario_complete_names(struct load *load); /* domains of hosts, resolvers */
void scenario_complete_mail(struct load *load);  /* servers, accounts, clients */
void scenario_complete_zones(struct load *load);
void scenario_complete_timeline(struct load *load);

/* Addresses that are the local parts of accounts are completed. */
void scenario_complete_recipients(struct scenario *scenario, GPtrArray *recipients);

/* Says what cannot work. */
void scenario_check(struct load *load);
void scenario_check_network(struct load *load);

/* Complains of subnets that overlap or that no network can have (scenario_check_subnet.c). */
void scenario_check_subnets(struct load *load);

uint32_t scenario_last_address(struct scenario_prefix prefix);
bool scenario_overlap(struct scenario_prefix a, struct scenario_prefix b);
void scenario_check_mail(struct load *load);
void scenario_check_hosts(struct load *load); /* their names, and who looks names up */
void scenario_check_zone(struct load *load, const struct scenario_zone *zone);
void scenario_check_server(struct load *load, const struct scenario_server *server);
/* Somebody outside the scenario is written in full. */
void scenario_check_targets(struct load *load, const GPtrArray *recipients);
void scenario_check_client(struct load *load, const struct scenario_client *client);
void scenario_check_timeline(struct load *load);
void scenario_check_states(struct load *load); /* online and offline, cut and mended */
void scenario_check_expectations(struct load *load);

/* ---- Questions about a complete scenario ---- */

/* Hosts first, then routers, in order; NULL behind the last. */
struct scenario_node *scenario_node_at(const struct scenario *scenario, unsigned index);

/* The interface that has `address`, or NULL. */
struct scenario_interface *scenario_find_address(const struct scenario *scenario, uint32_t address);

/*
 * For each network, by its index, the number of routers on the shortest way from `network`;
 * UINT_MAX when there is none. The caller unreferences it.
 */
GArray *scenario_distances(const struct scenario *scenario, const struct scenario_network *network);

/*
 * Follows a packet through gateways and routes. NULL when it gets there, with the source address that
 * it arrives with in `source`; else why not, as a text that the scenario owns.
 */
const char *scenario_walk(struct scenario *scenario, const struct scenario_node *from,
			  uint32_t address, uint32_t *source);

/* Walks to an address and back; NULL, or why one of them fails. */
const char *scenario_walk_both(struct scenario *scenario, const struct scenario_node *from,
			       uint32_t address);

/*
 * The address by which all can reach a host: its own, or where that is private that of a router which
 * forwards a port to it.
 */
uint32_t scenario_public_address(const struct scenario *scenario, const struct scenario_node *host);

/* Whether `host` is among the resolvers. */
bool scenario_is_resolver(const struct scenario *scenario, const struct scenario_node *host);

/* The port on which servers of that protocol listen unless a scenario says otherwise. */
uint64_t scenario_usual_port(enum scenario_protocol protocol);

/* Whether a server listens on `port`; NULL does not. */
bool scenario_listens(const struct scenario_server *server, uint64_t port);

/* The mail server on `host`, or NULL. */
const struct scenario_server *scenario_server_on(const struct scenario *scenario,
						 const struct scenario_node *host);

/* The address that the scenario's zones give for a domain name, CNAMEs followed; 0: none. */
uint32_t scenario_resolve_name(const struct scenario *scenario, const char *name);

/* load_misses() for an address of a mailbox: also false when its domain is what is missed. */
bool scenario_misses_address(struct load *load, const char *address);
/* Whether `address` is an alias, a list, or with a tag an account of a domain in the scenario. */
bool scenario_stands_for_others(const struct scenario *scenario, const char *address);

/* Warns when nobody sends a message with this subject; a `Re: ` before it does not count. */
void scenario_check_subject(struct load *load, const char *subject, struct mark mark);

/* True when `name` is `origin` or below it. */
bool scenario_is_below(const char *name, const char *origin);
