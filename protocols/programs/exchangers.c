#include "protocols/programs/exchangers.h"

static void clear_exchanger(gpointer data)
{
	g_free(((struct exchanger *)data)->host);
}

GArray *exchangers_new(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct exchanger));

	g_array_set_clear_func(list, clear_exchanger);
	return list;
}

static void add(GArray *list, const char *host, uint16_t preference)
{
	struct exchanger exchanger = { g_ascii_strdown(host, -1), preference };

	g_array_append_val(list, exchanger);
}

static int compare(const void *a, const void *b)
{
	const struct exchanger *x = a, *y = b;

	return (x->preference > y->preference) - (x->preference < y->preference);
}

static void swap(GArray *list, guint i, guint k)
{
	struct exchanger kept = g_array_index(list, struct exchanger, i);

	g_array_index(list, struct exchanger, i) = g_array_index(list, struct exchanger, k);
	g_array_index(list, struct exchanger, k) = kept;
}

/* Puts list[from, to) into random order (Fisher and Yates). */
static void shuffle(GArray *list, guint from, guint to, struct random_stream *random)
{
	for (guint left = to - from; left > 1; left--)
		swap(list, from + left - 1, from + (guint)random_below(random, left));
}

/*
 * Sorted by host name first, so that the result does not depend on the order of the records, which
 * servers rotate.
 */
static int compare_hosts(const void *a, const void *b)
{
	return strcmp(((const struct exchanger *)a)->host, ((const struct exchanger *)b)->host);
}

static void order(GArray *list, struct random_stream *random)
{
	g_array_sort(list, compare_hosts);
	g_array_sort(list, compare); /* stable: GLib promises it for arrays */
	for (guint from = 0; from < list->len;) {
		uint16_t preference = g_array_index(list, struct exchanger, from).preference;
		guint to = from;

		while (to < list->len &&
		       g_array_index(list, struct exchanger, to).preference == preference)
			to++;
		shuffle(list, from, to, random);
		from = to;
	}
}

/* Section 5.1: an exchanger sends only to better ones than itself, or mail would go in circles. */
static void drop_from_own(GArray *list, const char *own_name)
{
	uint32_t own = UINT32_MAX;

	for (guint i = 0; i < list->len; i++) {
		const struct exchanger *exchanger = &g_array_index(list, struct exchanger, i);

		if (g_ascii_strcasecmp(exchanger->host, own_name) == 0)
			own = MIN(own, exchanger->preference);
	}
	for (guint i = list->len; i > 0; i--)
		if (g_array_index(list, struct exchanger, i - 1).preference >= own)
			g_array_remove_index(list, i - 1);
}

static void read_records(const struct dns_message *message, GArray *list)
{
	const struct dns_section *answers = &message->sections[DNS_ANSWER];
	char text[DNS_NAME_TEXT_BYTES];
	uint16_t preference;
	struct dns_name host;

	for (unsigned i = 0; i < answers->count; i++)
		if (dns_record_mx(&answers->records[i], &preference, &host))
			add(list, dns_name_print(host, text), preference);
}

static bool is_null_mx(const GArray *list)
{
	return list->len == 1 && strcmp(g_array_index(list, struct exchanger, 0).host, ".") == 0;
}

enum exchangers_outcome exchangers_read(const struct dns_answer *answer, const char *domain,
					const char *own_name, struct random_stream *random,
					GArray *list)
{
	switch (answer->outcome) {
	case DNS_FOUND:
		read_records(answer->message, list);
		break;
	case DNS_NO_DATA:
		add(list, domain, 0);
		break;
	case DNS_NO_NAME:
		return EXCHANGERS_NO_DOMAIN;
	case DNS_FAILED:
	case DNS_REFERRAL:
		return EXCHANGERS_UNKNOWN;
	}
	if (is_null_mx(list))
		return EXCHANGERS_NULL;
	if (list->len == 0)
		return EXCHANGERS_UNKNOWN;
	order(list, random);
	drop_from_own(list, own_name);
	return list->len > 0 ? EXCHANGERS_FOUND : EXCHANGERS_LOOP;
}
