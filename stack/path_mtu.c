#include "stack/path_mtu.h"

#include <glib.h>

struct entry {
	uint32_t destination;
	struct path path;
	int64_t until_ns;
};

struct path_mtu {
	GArray *entries; /* of struct entry, a few */
};

struct path_mtu *path_mtu_new(void)
{
	struct path_mtu *path_mtu = g_new(struct path_mtu, 1);

	path_mtu->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	return path_mtu;
}

void path_mtu_free(struct path_mtu *path_mtu)
{
	if (path_mtu == NULL)
		return;
	g_array_free(path_mtu->entries, TRUE);
	g_free(path_mtu);
}

static struct entry *entry_at(const struct path_mtu *path_mtu, unsigned index)
{
	return &g_array_index(path_mtu->entries, struct entry, index);
}

static struct entry *entry_of(const struct path_mtu *path_mtu, uint32_t destination)
{
	for (unsigned i = 0; i < path_mtu->entries->len; i++)
		if (entry_at(path_mtu, i)->destination == destination)
			return entry_at(path_mtu, i);
	return NULL;
}

struct path path_mtu_find(const struct path_mtu *path_mtu, uint32_t destination, int64_t now_ns)
{
	if (path_mtu == NULL)
		return (struct path) { 0 };
	const struct entry *entry = entry_of(path_mtu, destination);

	return entry != NULL && now_ns < entry->until_ns ? entry->path : (struct path) { 0 };
}

/* A place for a new entry: at the end, or that of the one that ends first. */
static struct entry *entry_new(struct path_mtu *path_mtu)
{
	unsigned count = path_mtu->entries->len;

	if (count < PATH_MTU_ENTRIES_MAX) {
		g_array_set_size(path_mtu->entries, count + 1);
		return entry_at(path_mtu, count);
	}
	struct entry *first = entry_at(path_mtu, 0);

	for (unsigned i = 1; i < count; i++)
		if (entry_at(path_mtu, i)->until_ns < first->until_ns)
			first = entry_at(path_mtu, i);
	return first;
}

bool path_mtu_lower(struct path_mtu *path_mtu, uint32_t destination, uint16_t mtu_bytes,
		    int64_t now_ns)
{
	struct entry *entry = entry_of(path_mtu, destination);

	struct path path = { mtu_bytes, mtu_bytes < PATH_MTU_LEAST_BYTES };

	if (path.is_locked)
		path.mtu_bytes = PATH_MTU_LEAST_BYTES;
	if (entry != NULL && now_ns < entry->until_ns && entry->path.mtu_bytes <= path.mtu_bytes &&
	    entry->path.is_locked >= path.is_locked)
		return false;
	if (entry == NULL)
		entry = entry_new(path_mtu);
	*entry = (struct entry) { destination, path, now_ns + PATH_MTU_LIFETIME_NS };
	return true;
}

uint16_t path_mtu_guess(uint16_t length_bytes)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };
	const uint16_t least = 68; /* every link takes as much (RFC 791 section 3.2) */

	for (size_t i = 0; i < G_N_ELEMENTS(plateaus); i++)
		if (plateaus[i] < length_bytes)
			return plateaus[i];
	return least;
}
