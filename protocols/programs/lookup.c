#include "protocols/programs/lookup.h"

const char *const lookup_outcome_names[] = {
	[LOOKUP_FOUND] = "found",
	[LOOKUP_NO_NAME] = "no such name",
	[LOOKUP_NO_DATA] = "no IPv4 address",
	[LOOKUP_FAILED] = "no answer from DNS",
};

struct lookup {
	struct dns_query *a, *aaaa; /* NULL: answered, or not asked */
	enum lookup_outcome outcome;
	uint32_t address;
	lookup_done_fn *done;
	void *owner;
};

static void finish_if_answered(struct lookup *lookup)
{
	if (lookup->a != NULL || lookup->aaaa != NULL)
		return;

	struct lookup result = *lookup;
	g_free(lookup);
	result.done(result.owner, result.outcome, result.address);
}

/* The first address: servers that share load by several rotate them. */
static uint32_t first_address(const struct dns_answer *answer)
{
	const struct dns_section *answers = &answer->message->sections[DNS_ANSWER];
	uint32_t address;

	for (unsigned i = 0; i < answers->count; i++)
		if (dns_record_address(&answers->records[i], &address))
			return address;
	return 0;
}

static void a_answered(void *owner, const struct dns_answer *answer)
{
	static const enum lookup_outcome outcomes[] = {
		[DNS_FOUND] = LOOKUP_FOUND,     [DNS_NO_NAME] = LOOKUP_NO_NAME,
		[DNS_NO_DATA] = LOOKUP_NO_DATA, [DNS_FAILED] = LOOKUP_FAILED,
		[DNS_REFERRAL] = LOOKUP_FAILED,
	};
	struct lookup *lookup = owner;

	lookup->a = NULL;
	lookup->outcome = outcomes[answer->outcome];
	if (answer->outcome == DNS_FOUND)
		lookup->address = first_address(answer);
	if (lookup->outcome == LOOKUP_FOUND && lookup->address == 0)
		lookup->outcome = LOOKUP_NO_DATA;
	finish_if_answered(lookup);
}

static void aaaa_answered(void *owner, const struct dns_answer *answer)
{
	struct lookup *lookup = owner;

	(void)answer;
	lookup->aaaa = NULL;
	finish_if_answered(lookup);
}

struct lookup *lookup_new(struct dns_resolver *resolver, const char *name, bool asks_aaaa,
			  lookup_done_fn *done, void *owner)
{
	struct lookup *lookup = g_new0(struct lookup, 1);

	lookup->done = done;
	lookup->owner = owner;
	lookup->a = dns_resolve(resolver, name, DNS_A, a_answered, lookup);
	if (lookup->a == NULL) {
		g_free(lookup);
		return NULL;
	}
	if (asks_aaaa)
		lookup->aaaa =
		    dns_resolve_too(resolver, lookup->a, DNS_AAAA, aaaa_answered, lookup);
	return lookup;
}

void lookup_free(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	if (lookup->a != NULL)
		dns_cancel(lookup->a);
	if (lookup->aaaa != NULL)
		dns_cancel(lookup->aaaa);
	g_free(lookup);
}
