#include "protocols/programs/aliases.h"

struct alias {
	char **targets;
	char *owner; /* NULL: it is no list */
};

struct aliases {
	GHashTable *by_address; /* char * in lower case to struct alias *; look-ups only */
};

static void alias_free(gpointer data)
{
	struct alias *alias = data;

	g_strfreev(alias->targets);
	g_free(alias->owner);
	g_free(alias);
}

struct aliases *aliases_new(void)
{
	struct aliases *aliases = g_new0(struct aliases, 1);

	aliases->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, alias_free);
	return aliases;
}

void aliases_free(struct aliases *aliases)
{
	if (aliases == NULL)
		return;
	g_hash_table_unref(aliases->by_address);
	g_free(aliases);
}

void aliases_add(struct aliases *aliases, const char *address, const char *const *targets,
		 unsigned target_count, const char *owner)
{
	struct alias *alias = g_new0(struct alias, 1);

	alias->targets = g_new0(char *, target_count + 1);
	for (unsigned i = 0; i < target_count; i++)
		alias->targets[i] = g_strdup(targets[i]);
	alias->owner = g_strdup(owner);
	g_hash_table_insert(aliases->by_address, g_ascii_strdown(address, -1), alias);
}

static const struct alias *find(const struct aliases *aliases, const char *address)
{
	g_autofree char *key = g_ascii_strdown(address, -1);

	return g_hash_table_lookup(aliases->by_address, key);
}

bool aliases_has(const struct aliases *aliases, const char *address)
{
	return find(aliases, address) != NULL;
}

const char *aliases_target(const struct aliases *aliases, const char *address)
{
	const struct alias *alias = find(aliases, address);
	bool is_one = alias != NULL && alias->owner == NULL && g_strv_length(alias->targets) == 1;

	return is_one ? alias->targets[0] : NULL;
}

/* Expansions. */

static void clear_wish(gpointer data)
{
	g_free(((struct smtp_recipient_wish *)data)->original);
}

static void expansion_free(gpointer data)
{
	struct expansion *expansion = data;

	g_ptr_array_unref(expansion->recipients);
	g_array_unref(expansion->wishes);
	g_free(expansion);
}

static struct expansion *add_expansion(GPtrArray *all, const char *sender)
{
	struct expansion *expansion = g_new0(struct expansion, 1);

	expansion->sender = sender;
	expansion->recipients = g_ptr_array_new_with_free_func(g_free);
	expansion->wishes = g_array_new(FALSE, FALSE, sizeof(struct smtp_recipient_wish));
	g_array_set_clear_func(expansion->wishes, clear_wish);
	g_ptr_array_add(all, expansion);
	return expansion;
}

static void add_recipient(struct expansion *to, const char *address,
			  const struct smtp_recipient_wish *wish)
{
	struct smtp_recipient_wish copy = { wish->notify, g_strdup(wish->original) };

	for (guint i = 0; i < to->recipients->len; i++)
		if (g_ascii_strcasecmp(g_ptr_array_index(to->recipients, i), address) == 0) {
			g_free(copy.original);
			return;
		}
	g_ptr_array_add(to->recipients, g_strdup(address));
	g_array_append_val(to->wishes, copy);
}

struct walk {
	const struct aliases *aliases;
	GPtrArray *all;  /* of struct expansion * */
	GHashTable *met; /* set of struct alias *: names that were replaced already */
};

static void replace(struct walk *walk, struct expansion *to, const char *address,
		    const struct smtp_recipient_wish *wish);

static void replace_all(struct walk *walk, struct expansion *to, const struct alias *alias,
			const struct smtp_recipient_wish *wish)
{
	if (!g_hash_table_add(walk->met, (gpointer)alias))
		return;
	for (char **target = alias->targets; *target != NULL; target++)
		replace(walk, to, *target, wish);
}

static void replace(struct walk *walk, struct expansion *to, const char *address,
		    const struct smtp_recipient_wish *wish)
{
	static const struct smtp_recipient_wish none = { 0 };
	const struct alias *alias = find(walk->aliases, address);

	if (alias == NULL) {
		add_recipient(to, address, wish);
	} else if (alias->owner != NULL) {
		if (!g_hash_table_contains(walk->met, alias))
			replace_all(walk, add_expansion(walk->all, alias->owner), alias, &none);
	} else {
		g_autofree char *encoded = smtp_xtext_encode(address);
		g_autofree char *original = wish->original != NULL
						? g_strdup(wish->original)
						: g_strdup_printf("rfc822;%s", encoded);

		replace_all(walk, to, alias,
			    &(struct smtp_recipient_wish) { wish->notify, original });
	}
}

GPtrArray *aliases_expand(const struct aliases *aliases, const char *const *recipients,
			  const struct smtp_recipient_wish *wishes, unsigned count)
{
	struct walk walk = { aliases, g_ptr_array_new_with_free_func(expansion_free),
			     g_hash_table_new(NULL, NULL) };
	struct expansion *first = add_expansion(walk.all, NULL);

	for (unsigned i = 0; i < count; i++)
		replace(&walk, first, recipients[i], &wishes[i]);
	g_hash_table_unref(walk.met);
	return walk.all;
}
