/*
 * The description of the scenario language: one table of keys for each mapping. The reader, the
 * writer, suggestions, the JSON Schema and the reference are all driven by these tables.
 */
#pragma once
#include <stddef.h>
#include "app/scenario.h"

/* The types of values, with the C type of the field that holds them. */
enum key_type {
	KEY_TEXT,    /* const char * */
	KEY_FILE,    /* const char *; relative path */
	KEY_NAME,    /* const char *; of hosts and the like: lower-case letters, digits, hyphens */
	KEY_LOCAL,   /* const char *; the part of a mail address before the @ */
	KEY_MAIL,    /* const char *; a mail address, or the local part of one in the scenario */
	KEY_DOMAIN,  /* const char *; a domain name, "." for the root */
	KEY_OWNER,   /* const char *; of a record: relative, absolute with a final dot, or @ */
	KEY_COUNT,   /* uint64_t */
	KEY_SIZE,    /* uint64_t bytes */
	KEY_RATE,    /* uint64_t bits per second */
	KEY_TIME,    /* int64_t ns */
	KEY_DATE,    /* int64_t seconds since 1970 */
	KEY_PERCENT, /* uint32_t parts per million */
	KEY_BOOL,    /* bool */
	KEY_WORD,    /* an enum, its words in `words` */
	KEY_RANGE,   /* struct scenario_range */
	KEY_MONEY,   /* uint64_t millionths of a currency unit */
	KEY_MONEY_RANGE, /* struct scenario_range of them */
	KEY_IPV4,        /* uint32_t */
	KEY_PREFIX,      /* struct scenario_prefix */
	KEY_MAC,         /* struct mac */
	KEY_REFERENCE,   /* pointer to the part of one of `kinds` */
	KEY_PORT_OF,     /* struct scenario_interface *; "gw", "gw:eth1", "gw:client-lan" */
	KEY_LINK,        /* struct scenario_link */
	KEY_MAPPING,     /* struct described by `mapping`, embedded */
	KEY_TABLE,       /* GPtrArray * of such structs, each with a name */
	KEY_LIST,        /* GPtrArray * of such structs, without names */
	KEY_TYPE_COUNT,
};

enum key_flags {
	KEY_REQUIRED = 1,
	KEY_MAY_BE_NONE = 2,   /* a reference that may be the word `none` */
	KEY_INPUT_ONLY = 4,    /* the writer leaves it out: its effect is written elsewhere */
	KEY_MAY_BE_EMPTY = 32, /* a list or table that differs from one left out when it is empty */
	KEY_OPTIONAL = 64,     /* a mapping that says nothing when it is left out */
	KEY_MULTILINE = 16,    /* a text of several lines */
	KEY_SELECTS = 8, /* its presence decides the variant: the first such key is variant 0 */
};

struct word {
	const char *text;
	int value;
	const char *meaning; /* NULL: speaks for itself */
};

struct key {
	const char *name;
	const char *meaning;  /* a sentence for people, without a final stop */
	const char *fallback; /* the default, written as the user would; NULL: see `computed` */
	const char *computed; /* in words, how the default comes about; NULL: there is none */
	size_t offset;
	enum key_type type;
	unsigned flags;
	unsigned kinds;                /* KEY_REFERENCE: a set of enum scenario_kind */
	uint64_t least, most;          /* of numbers and prefix lengths; 0 and 0: anything */
	const struct word *words;      /* KEY_WORD: ends with a NULL text */
	const struct mapping *mapping; /* KEY_MAPPING, KEY_TABLE, KEY_LIST */
	uint32_t variants;             /* bits of the variants that have it; 0: all */
	uint32_t required_in;          /* bits of the variants that need it */
};

struct mapping {
	const char *title; /* "network": for messages, with an article "a network" */
	const char *article;
	const char *meaning;
	size_t size; /* of the struct, which begins with a struct scenario_item */
	enum scenario_kind kind;
	const struct key *keys;
	unsigned key_count;
	/* Of the entries of a KEY_TABLE: what their names are. */
	enum key_type name_type;
	unsigned name_kinds;    /* the name refers to one of these; 0: it is a new name */
	size_t name_offset;     /* the pointer it is resolved to */
	const char *name_title; /* "HOST": placeholder in the reference */
	bool has_short_form;    /* a scalar stands for the first key alone */
	bool is_scalar;         /* never written otherwise; has one key only */
	bool has_variants;
	bool variant_is_word;  /* the key at `variant_offset` decides; else see KEY_SELECTS */
	size_t variant_offset; /* of the enum that holds the variant */
};

extern const struct mapping scenario_mapping; /* the whole file */
extern const struct mapping network_mapping, switch_mapping, host_mapping, router_mapping;
extern const struct mapping interface_mapping, route_mapping, impairment_mapping;
extern const struct mapping resolver_mapping, zone_mapping, record_mapping;
extern const struct mapping domain_mapping, account_mapping, server_mapping, client_mapping;
extern const struct mapping recipient_mapping;
extern const struct mapping action_mapping, expectation_mapping, capture_mapping;

extern const struct word record_type_words[]; /* A, MX and so on: enum dns_type */

/* The key called `name`, or NULL. */
const struct key *mapping_key(const struct mapping *mapping, const char *name);

static inline void *key_field(const struct key *key, void *item)
{
	return (char *)item + key->offset;
}

/* The variant of `item`; 0 when the mapping has none. */
unsigned item_variant(const struct mapping *mapping, const void *item);

static inline bool key_is_in_variant(const struct key *key, unsigned variant)
{
	return key->variants == 0 || (key->variants >> variant & 1) != 0;
}
