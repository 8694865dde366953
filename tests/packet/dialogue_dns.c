/* The DNS part of dialogues: a resolver and a server as programs on the host. */
#include "tests/packet/dialogue_private.h"

#include <stdlib.h>
#include <string.h>

/* Settings. */

/* record NAME TTL TYPE DATA, in the zone named last */
static void set_record(struct dialogue *d, char **words)
{
	GPtrArray *zones = d->dns.zones;
	char *data = g_strjoinv(" ", words + 4);
	uint16_t type;

	if (zones == NULL || !dns_type_from_text(words[3], &type) ||
	    !dns_zone_add(zones->pdata[zones->len - 1], words[1], type,
			  (uint32_t)strtoul(words[2], NULL, 10), data))
		dialogue_mismatch(d, "record NAME TTL TYPE DATA in a zone");
	g_free(data);
}

static void set_zone(struct dialogue *d, char **words)
{
	struct dns_zone *zone = dns_zone_new(words[1]);

	if (zone == NULL)
		dialogue_mismatch(d, "%s is no name", words[1]);
	if (d->dns.zones == NULL)
		d->dns.zones = g_ptr_array_new();
	g_ptr_array_add(d->dns.zones, zone);
}

/* root NAME ADDRESS: a server of the root zone */
static void set_root(struct dialogue *d, char **words)
{
	struct dns_root_hint hint = { .name = g_intern_string(words[1]) };

	if (!ipv4_parse(words[2], &hint.address))
		dialogue_mismatch(d, "root NAME ADDRESS");
	if (d->dns.root_hints == NULL)
		d->dns.root_hints = g_array_new(FALSE, FALSE, sizeof hint);
	g_array_append_val(d->dns.root_hints, hint);
	d->dns.recurses = true;
}

/* recursion-for ADDRESS/LENGTH: the clients that get it */
static void set_client(struct dialogue *d, char **words)
{
	if (!ipv4_prefix_parse(words[1], &d->dns.client.address, &d->dns.client.length))
		dialogue_mismatch(d, "recursion-for ADDRESS/LENGTH");
	d->dns.has_client = true;
}

static const struct dialogue_call settings[] = {
	{"zone",           1, set_zone  },
	{ "record",        4, set_record},
	{ "root",          2, set_root  },
	{ "recursion-for", 1, set_client},
};

bool dialogue_dns_set(struct dialogue *d, char **words)
{
	return dialogue_run(d, settings, G_N_ELEMENTS(settings), words);
}

void dialogue_dns_start(struct dialogue *d)
{
	struct dialogue_dns *dns = &d->dns;

	dns->resolved = g_string_new("none");
	if (dns->zones == NULL && !dns->recurses)
		return;
	dns->daemon = dns_daemon_start(
	    standalone_host(d->host),
	    &(struct dns_daemon_config) {
		.zones = dns->zones != NULL ? (struct dns_zone **)dns->zones->pdata : NULL,
		.zone_count = dns->zones != NULL ? dns->zones->len : 0,
		.offers_recursion = dns->recurses,
		.recursion_for = &dns->client,
		.recursion_for_count = dns->has_client,
		.root_hints = dns->root_hints != NULL
				  ? (const struct dns_root_hint *)(void *)dns->root_hints->data
				  : NULL,
		.root_hint_count = dns->root_hints != NULL ? dns->root_hints->len : 0,
	    });
	if (dns->daemon == NULL)
		dialogue_mismatch(d, "the DNS server does not start");
}

void dialogue_dns_end(struct dialogue *d)
{
	dns_daemon_stop(d->dns.daemon);
	dns_resolver_free(d->dns.resolver);
	dns_resolver_free(d->dns.dig);
	if (d->dns.zones != NULL)
		g_ptr_array_free(d->dns.zones, TRUE);
	if (d->dns.root_hints != NULL)
		g_array_free(d->dns.root_hints, TRUE);
	g_string_free(d->dns.resolved, TRUE);
}

/* The resolver. */

static void note_answer(void *owner, const struct dns_answer *answer)
{
	static const char *const outcomes[] = {
		[DNS_FOUND] = "found",
		[DNS_NO_NAME] = "no-name",
		[DNS_NO_DATA] = "no-data",
		[DNS_FAILED] = "failed",
	};
	GString *resolved = ((struct dialogue *)owner)->dns.resolved;

	g_string_assign(resolved, outcomes[answer->outcome]);
	if (answer->outcome != DNS_FOUND)
		return;
	const struct dns_section *section = &answer->message->sections[DNS_ANSWER];

	for (unsigned i = 0; i < section->count; i++) {
		if (section->records[i].type != answer->message->question.type)
			continue;
		g_string_append_c(resolved, ' ');
		dns_data_print(&section->records[i], resolved);
	}
}

/* Asks the peer TYPE NAME of `words` by the resolver in `*resolver`, which is made when NULL. */
static void ask_peer(struct dialogue *d, struct dns_resolver **resolver, enum dns_asker asker,
		     char **words)
{
	uint16_t type;

	if (*resolver == NULL)
		*resolver = dns_resolver_new(standalone_host(d->host), PEER_ADDRESS, asker);
	g_string_assign(d->dns.resolved, "none");
	if (!dns_type_from_text(words[1], &type) ||
	    dns_resolve(*resolver, words[2], type, note_answer, d) == NULL)
		dialogue_mismatch(d, "%s TYPE NAME", words[0]);
	standalone_advance(d->host, d->time_ns);
}

/* resolve TYPE NAME */
static void do_resolve(struct dialogue *d, char **words)
{
	ask_peer(d, &d->dns.resolver, DNS_ASKER_LIBRARY, words);
}

/* dig TYPE NAME */
static void do_dig(struct dialogue *d, char **words)
{
	ask_peer(d, &d->dns.dig, DNS_ASKER_DIG, words);
}

/* resolved OUTCOME DATA... */
static void check_resolved(struct dialogue *d, char **words)
{
	dialogue_compare(d, words + 1, d->dns.resolved->str);
}

static const struct dialogue_call calls[] = {
	{"resolve",   2, do_resolve    },
	{ "dig",      2, do_dig        },
	{ "resolved", 1, check_resolved},
};

bool dialogue_dns_play(struct dialogue *d, char **words)
{
	return dialogue_run(d, calls, G_N_ELEMENTS(calls), words);
}
