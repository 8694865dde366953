#include "protocols/screening/greylist.h"

struct triplet {
	char *key;
	int64_t first_ns, last_ns; /* seen first; passed last */
	bool has_passed;
	GList link; /* in `order` */
};

/* How many triplets of a network passed. */
struct network {
	uint32_t address;
	unsigned passed;
	int64_t last_ns;
};

struct greylist {
	struct greylist_config config;
	GHashTable *triplets; /* key to struct triplet *; look-ups only */
	GQueue order;         /* of the same, the one seen first at the head */
	GHashTable *networks; /* address to struct network *; look-ups only */
};

static int64_t or_default(int64_t value, int64_t fallback)
{
	return value != 0 ? value : fallback;
}

static void free_triplet(gpointer data)
{
	struct triplet *triplet = data;

	g_free(triplet->key);
	g_free(triplet);
}

struct greylist *greylist_new(const struct greylist_config *config)
{
	struct greylist *greylist = g_new0(struct greylist, 1);

	greylist->config = (struct greylist_config) {
		.delay_ns = or_default(config->delay_ns, GREYLIST_DELAY_NS),
		.retry_window_ns = or_default(config->retry_window_ns, GREYLIST_RETRY_WINDOW_NS),
		.lifetime_ns = or_default(config->lifetime_ns, GREYLIST_LIFETIME_NS),
		.whitelist_after = config->whitelist_after,
	};
	greylist->triplets = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_triplet);
	greylist->networks = g_hash_table_new_full(g_int_hash, g_int_equal, NULL, g_free);
	g_queue_init(&greylist->order);
	return greylist;
}

void greylist_free(struct greylist *greylist)
{
	if (greylist == NULL)
		return;
	g_hash_table_unref(greylist->triplets);
	g_hash_table_unref(greylist->networks);
	g_free(greylist);
}

unsigned greylist_length(const struct greylist *greylist)
{
	return g_hash_table_size(greylist->triplets);
}

/* Addresses compare without regard to case, as in the mail store. */
static char *key_of(uint32_t network, const char *sender, const char *recipient)
{
	char *key = g_strdup_printf("%08x %s %s", network, sender, recipient);
	char *lower = g_ascii_strdown(key, -1);

	g_free(key);
	return lower;
}

static void forget(struct greylist *greylist, struct triplet *triplet)
{
	g_queue_unlink(&greylist->order, &triplet->link);
	g_hash_table_remove(greylist->triplets, triplet->key);
}

static struct triplet *remember(struct greylist *greylist, int64_t now_ns, char *key)
{
	struct triplet *triplet = g_new0(struct triplet, 1);

	if (greylist_length(greylist) >= GREYLIST_ENTRIES_MAX)
		forget(greylist, g_queue_peek_head(&greylist->order));
	triplet->key = key;
	triplet->first_ns = now_ns;
	triplet->link.data = triplet;
	g_queue_push_tail_link(&greylist->order, &triplet->link);
	g_hash_table_insert(greylist->triplets, triplet->key, triplet);
	return triplet;
}

/* It did not come again in time, or has not passed for too long. */
static bool is_stale(const struct greylist *greylist, const struct triplet *triplet, int64_t now_ns)
{
	if (triplet->has_passed)
		return now_ns - triplet->last_ns > greylist->config.lifetime_ns;
	return now_ns - triplet->first_ns > greylist->config.retry_window_ns;
}

/* The triplet as it is remembered, or as new. */
static struct triplet *find_triplet(struct greylist *greylist, int64_t now_ns, uint32_t network,
				    const char *sender, const char *recipient)
{
	char *key = key_of(network, sender, recipient);
	struct triplet *triplet = g_hash_table_lookup(greylist->triplets, key);

	if (triplet != NULL && is_stale(greylist, triplet, now_ns)) {
		forget(greylist, triplet);
		triplet = NULL;
	}
	if (triplet == NULL)
		return remember(greylist, now_ns, key);
	g_free(key);
	return triplet;
}

static struct network *find_network(struct greylist *greylist, int64_t now_ns, uint32_t address)
{
	struct network *network = g_hash_table_lookup(greylist->networks, &address);

	if (network != NULL && now_ns - network->last_ns > greylist->config.lifetime_ns) {
		g_hash_table_remove(greylist->networks, &address);
		network = NULL;
	}
	return network;
}

static void count_pass(struct greylist *greylist, int64_t now_ns, uint32_t address)
{
	struct network *network = find_network(greylist, now_ns, address);

	if (network == NULL) {
		network = g_new0(struct network, 1);
		network->address = address;
		g_hash_table_insert(greylist->networks, &network->address, network);
	}
	network->passed++;
	network->last_ns = now_ns;
}

struct greylist_answer greylist_ask(struct greylist *greylist, int64_t now_ns, uint32_t client,
				    const char *sender, const char *recipient)
{
	const struct greylist_config *config = &greylist->config;
	struct greylist_answer answer = { .network = client & (~UINT32_C(0)
							       << (32 - GREYLIST_PREFIX_LENGTH)) };
	struct network *network = find_network(greylist, now_ns, answer.network);

	if (network != NULL)
		answer.passed = network->passed;
	if (network != NULL && config->whitelist_after != 0 &&
	    network->passed >= config->whitelist_after) {
		network->last_ns = now_ns;
		answer.outcome = GREYLIST_WHITE;
		return answer;
	}
	struct triplet *triplet = find_triplet(greylist, now_ns, answer.network, sender, recipient);

	answer.since_ns = now_ns - triplet->first_ns;
	if (answer.since_ns < config->delay_ns) {
		answer.wait_ns = config->delay_ns - answer.since_ns;
		return answer;
	}
	answer.outcome = triplet->has_passed ? GREYLIST_KNOWN : GREYLIST_CAME_BACK;
	if (!triplet->has_passed)
		count_pass(greylist, now_ns, answer.network);
	triplet->has_passed = true;
	triplet->last_ns = now_ns;
	return answer;
}
