/* The part of dialogues about what stands in the way on a router: a packet filter, a translator. */
#include "tests/packet/dialogue_private.h"

#include <stdlib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/host.h"
#include "stack/ipv4.h"
#include "stack/middlebox.h"

static uint8_t protocol_of(const struct dialogue *d, const char *word)
{
	static const struct {
		const char *word;
		uint8_t protocol;
	} protocols[] = {
		{"any",   0               },
		{ "icmp", IP_PROTOCOL_ICMP},
		{ "tcp",  IP_PROTOCOL_TCP },
		{ "udp",  IP_PROTOCOL_UDP },
	};

	for (size_t i = 0; word != NULL && i < G_N_ELEMENTS(protocols); i++)
		if (strcmp(protocols[i].word, word) == 0)
			return protocols[i].protocol;
	dialogue_mismatch(d, "no such protocol: %s", word != NULL ? word : "none is named");
}

/* "rule deny|allow|reject PROTOCOL [port N] [in|out]": about eth1. */
static void set_rule(struct dialogue *d, char **words)
{
	struct filter_rule rule = {
		.directions = FILTER_IN | FILTER_OUT,
		.to_ns = TIME_NEVER,
	};

	while (rule.verdict < FILTER_VERDICT_COUNT &&
	       g_strcmp0(words[1], filter_verdict_names[rule.verdict]) != 0)
		rule.verdict++;
	if (rule.verdict == FILTER_VERDICT_COUNT)
		dialogue_mismatch(d, "a rule allows, denies or rejects");
	rule.protocol = protocol_of(d, words[2]);
	for (char **word = words + 3; *word != NULL; word++) {
		if (strcmp(*word, "port") == 0 && word[1] != NULL)
			rule.port_least = rule.port_most = (uint16_t)atoi(*++word);
		else if (strcmp(*word, "in") == 0)
			rule.directions = FILTER_IN;
		else if (strcmp(*word, "out") == 0)
			rule.directions = FILTER_OUT;
		else
			dialogue_mismatch(d, "a rule has no `%s`", *word);
	}
	g_array_append_val(d->middlebox.rules, rule);
}

/* "forward PROTOCOL PORT ADDRESS PORT" */
static void set_forward(struct dialogue *d, char **words)
{
	struct dialogue_forward forward = { .protocol = protocol_of(d, words[1]) };

	if (g_strv_length(words) != 5 || !ipv4_parse(words[3], &forward.inside.address))
		dialogue_mismatch(d, "forward PROTOCOL PORT ADDRESS PORT");
	forward.port = (uint16_t)atoi(words[2]);
	forward.inside.port = (uint16_t)atoi(words[4]);
	g_array_append_val(d->middlebox.forwards, forward);
}

bool dialogue_middlebox_set(struct dialogue *d, char **words)
{
	struct dialogue_middlebox *middlebox = &d->middlebox;

	if (middlebox->rules == NULL) {
		middlebox->rules = g_array_new(FALSE, FALSE, sizeof(struct filter_rule));
		middlebox->forwards = g_array_new(FALSE, FALSE, sizeof(struct dialogue_forward));
	}
	if (strcmp(words[0], "nat") == 0)
		middlebox->translates = true;
	else if (strcmp(words[0], "rule") == 0)
		set_rule(d, words);
	else if (strcmp(words[0], "forward") == 0)
		set_forward(d, words);
	else
		return false;
	return true;
}

void dialogue_middlebox_start(struct dialogue *d)
{
	const struct dialogue_middlebox *middlebox = &d->middlebox;
	struct host *host = standalone_host(d->host);
	const struct interface *outside = host_interface(host, 2);
	struct nat *nat = middlebox->translates ? host_translate(host, outside) : NULL;

	for (guint i = 0; nat != NULL && i < middlebox->forwards->len; i++) {
		const struct dialogue_forward *forward =
		    &g_array_index(middlebox->forwards, struct dialogue_forward, i);

		nat_forward_port(nat, forward->protocol, forward->port, forward->inside);
	}
	for (guint i = 0; middlebox->rules != NULL && i < middlebox->rules->len; i++) {
		struct filter_rule *rule = &g_array_index(middlebox->rules, struct filter_rule, i);

		rule->interface = outside;
		filter_add(host_filter(host), rule);
	}
}

void dialogue_middlebox_end(struct dialogue *d)
{
	if (d->middlebox.rules == NULL)
		return;
	g_array_free(d->middlebox.rules, TRUE);
	g_array_free(d->middlebox.forwards, TRUE);
}
