#include <string.h>
#include "app/scenario_private.h"

static unsigned bit_index(unsigned kind)
{
	return (unsigned)__builtin_ctz(kind);
}

/* What people call each kind, by its bit. */
static const char *const kind_titles[] = {
	"network", "switch", "host", "router", "interface", "domain", "account", "client",
};

/* ---- Names that are known ---- */

/* Kinds that are nodes or networks share one space of names, for they share the log. */
static unsigned rivals_of(const struct scenario_item *item)
{
	const unsigned on_the_wire =
	    SCENARIO_NETWORK | SCENARIO_SWITCH | SCENARIO_HOST | SCENARIO_ROUTER;

	return item->kind & on_the_wire ? on_the_wire : item->kind;
}

/* A switch may be called like its own network, as the only one is. */
static bool may_share_name(const struct scenario_item *a, const struct scenario_item *b)
{
	if (a->kind != SCENARIO_SWITCH || b->kind != SCENARIO_NETWORK)
		return a->kind == SCENARIO_NETWORK && b->kind == SCENARIO_SWITCH &&
		       may_share_name(b, a);
	const struct scenario_network *network = ((const struct scenario_switch *)a)->network;

	return network == NULL || &network->item == b;
}

static const char *key_of(const struct scenario_item *item)
{
	return item->kind == SCENARIO_ACCOUNT ? ((const struct scenario_account *)item)->address
					      : item->name;
}

bool scenario_add_name(struct load *load, void *part)
{
	struct scenario_memory *memory = load->scenario->memory;
	struct scenario_item *item = part;
	const char *key = key_of(item);

	for (unsigned kind = 1; kind <= SCENARIO_CLIENT; kind <<= 1) {
		struct scenario_item *rival =
		    rivals_of(item) & kind
			? g_hash_table_lookup(memory->names[bit_index(kind)], key)
			: NULL;

		if (rival == NULL || may_share_name(item, rival))
			continue;
		load_error(load, item->mark, "there are a %s and a %s called `%s`",
			   kind_titles[bit_index(rival->kind)], kind_titles[bit_index(item->kind)],
			   key);
		load_hint(load, "give one of them another name; the first is on line %u",
			  rival->mark.line);
		return false;
	}
	g_hash_table_insert(memory->names[bit_index(item->kind)], (void *)key, item);
	if (item->kind == SCENARIO_ACCOUNT)
		g_hash_table_insert(memory->locals, (void *)item->name,
				    g_hash_table_contains(memory->locals, item->name) ? NULL
										      : item);
	return true;
}

static void add_all(struct load *load, const GPtrArray *items)
{
	for (unsigned i = 0; i < items->len; i++)
		scenario_add_name(load, g_ptr_array_index(items, i));
}

void scenario_add_names(struct load *load)
{
	struct scenario *scenario = load->scenario;

	add_all(load, scenario->networks);
	add_all(load, scenario->switches);
	add_all(load, scenario->hosts);
	add_all(load, scenario->routers);
	add_all(load, scenario->domains);
	add_all(load, scenario->clients);
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		for (unsigned j = 0; j < domain->accounts->len; j++) {
			struct scenario_account *account = g_ptr_array_index(domain->accounts, j);

			account->domain = domain;
			account->address = scenario_format(scenario, "%s@%s", account->item.name,
							   domain->item.name);
			scenario_add_name(load, account);
		}
	}
}

struct scenario_item *scenario_lookup(const struct scenario *scenario, unsigned kinds,
				      const char *name)
{
	const struct scenario_memory *memory = scenario->memory;
	struct scenario_item *found = NULL;

	if (kinds & SCENARIO_CLIENT)
		found = g_hash_table_lookup(memory->names[bit_index(SCENARIO_CLIENT)], name);
	for (unsigned kind = 1; found == NULL && kind < SCENARIO_CLIENT; kind <<= 1) {
		if (kinds & kind)
			found = g_hash_table_lookup(memory->names[bit_index(kind)], name);
	}
	if (found == NULL && (kinds & SCENARIO_ACCOUNT))
		found = g_hash_table_lookup(memory->locals, name);
	return found;
}

/* ---- Names that nothing has ---- */

/* All parts of these kinds, in the order of the file; for g_ptr_array_unref(). */
static GPtrArray *parts_of(const struct scenario *scenario, unsigned kinds)
{
	const struct {
		unsigned kind;
		GPtrArray *items;
	} tables[] = {
		{SCENARIO_CLIENT,   scenario->clients },
                { SCENARIO_NETWORK, scenario->networks},
		{ SCENARIO_SWITCH,  scenario->switches},
                { SCENARIO_HOST,    scenario->hosts   },
		{ SCENARIO_ROUTER,  scenario->routers },
                { SCENARIO_DOMAIN,  scenario->domains },
	};
	GPtrArray *parts = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
		for (guint k = 0; (kinds & tables[i].kind) && k < tables[i].items->len; k++)
			g_ptr_array_add(parts, tables[i].items->pdata[k]);
	for (guint i = 0; (kinds & SCENARIO_ACCOUNT) && i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		for (guint k = 0; k < domain->accounts->len; k++)
			g_ptr_array_add(parts, domain->accounts->pdata[k]);
	}
	return parts;
}

static void offer_names(const struct scenario *scenario, unsigned kinds,
			struct suggestion *suggestion)
{
	g_autoptr(GPtrArray) parts = parts_of(scenario, kinds);

	for (guint i = 0; i < parts->len; i++)
		suggest_offer(suggestion, key_of(parts->pdata[i]));
}

#define NAMES_LISTED_MAX 8

/* Lists the names there are, where they are few. */
static void hint_names(struct load *load, unsigned kinds)
{
	g_autoptr(GPtrArray) parts = parts_of(load->scenario, kinds);
	g_autoptr(GString) names = g_string_new(NULL);

	if (parts->len == 0 || parts->len > NAMES_LISTED_MAX)
		return;
	for (guint i = 0; i < parts->len; i++)
		g_string_append_printf(names, "%s`%s`",
				       i == 0                ? ""
				       : i + 1 == parts->len ? " and "
							     : ", ",
				       key_of(parts->pdata[i]));
	load_hint(load, "there %s %s", parts->len == 1 ? "is only" : "are", names->str);
}

/* "client, host or router" */
static char *print_kinds(unsigned kinds)
{
	static const unsigned order[] = { 7, 0, 1, 2, 3, 4, 5, 6 }; /* clients first */
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
		if (!(kinds >> order[i] & 1))
			continue;
		kinds &= ~(1u << order[i]);
		g_string_append_printf(out, "%s%s", kind_titles[order[i]],
				       kinds == 0              ? ""
				       : (kinds & (kinds - 1)) ? ", "
							       : " or ");
	}
	return g_string_free(out, FALSE);
}

/* An account of a domain that is not there: the domain is what is missed. */
static bool report_unknown_domain(struct load *load, const struct pending_name *pending)
{
	const char *at = strchr(pending->text, '@');
	struct suggestion suggestion = { .word = at == NULL ? NULL : at + 1 };
	struct suggestion whole = { .word = pending->text };

	if (pending->kinds != SCENARIO_ACCOUNT || at == NULL ||
	    scenario_lookup(load->scenario, SCENARIO_DOMAIN, suggestion.word) != NULL)
		return false;
	if (!load_misses(load, SCENARIO_DOMAIN, suggestion.word))
		return true;
	load_error(load, pending->mark, "there is no account called `%s`: there is no such domain",
		   pending->text);
	offer_names(load->scenario, SCENARIO_ACCOUNT, &whole);
	offer_names(load->scenario, SCENARIO_DOMAIN, &suggestion);
	if (whole.best != NULL || suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?",
			  whole.best != NULL ? whole.best : suggestion.best);
	return true;
}

static void report_unknown_name(struct load *load, const struct pending_name *pending)
{
	struct suggestion suggestion = { .word = pending->text };

	if (report_unknown_domain(load, pending) ||
	    !load_misses(load, pending->kinds, pending->text))
		return;
	g_autofree char *kinds = print_kinds(pending->kinds);
	const struct scenario_item *other = scenario_lookup(load->scenario, ~0u, pending->text);

	load_error(load, pending->mark, "there is no %s called `%s`", kinds, pending->text);
	offer_names(load->scenario, pending->kinds, &suggestion);
	if (suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?", suggestion.best);
	else if (other != NULL)
		load_hint(load, "`%s` is a %s", pending->text, kind_titles[bit_index(other->kind)]);
	else if ((pending->kinds & SCENARIO_ACCOUNT) &&
		 g_hash_table_contains(load->scenario->memory->locals, pending->text))
		load_hint(load, "several domains have such an account: write the whole address");
	else
		hint_names(load, pending->kinds);
}

/* ---- Interfaces and links ---- */

static struct scenario_node *find_node(const struct scenario *scenario, const char *name)
{
	return (struct scenario_node *)scenario_lookup(scenario, SCENARIO_HOST | SCENARIO_ROUTER,
						       name);
}

/* The interface of `node` called `suffix`, or on the network called so. */
static struct scenario_interface *find_interface(const struct scenario_node *node,
						 const char *suffix)
{
	for (unsigned i = 0; i < node->interfaces->len; i++) {
		struct scenario_interface *interface = g_ptr_array_index(node->interfaces, i);

		if (strcmp(interface->item.name, suffix) == 0 ||
		    (interface->network != NULL &&
		     strcmp(interface->network->item.name, suffix) == 0))
			return interface;
	}
	return NULL;
}

static bool is_on_network(const struct scenario_node *node, const struct scenario_network *network)
{
	for (unsigned i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = g_ptr_array_index(node->interfaces, i);

		if (interface->network == network)
			return true;
	}
	return false;
}

/* The interface of `node` on a network that `neighbour` is on too; or its only one. */
static struct scenario_interface *find_shared(const struct scenario_node *node,
					      const struct scenario_node *neighbour,
					      unsigned *count)
{
	struct scenario_interface *found = NULL;

	*count = 0;
	for (unsigned i = 0; i < node->interfaces->len; i++) {
		struct scenario_interface *interface = g_ptr_array_index(node->interfaces, i);

		if (neighbour != NULL && !is_on_network(neighbour, interface->network))
			continue;
		if ((*count)++ == 0)
			found = interface;
	}
	return *count == 1 ? found : NULL;
}

/* The node that a gateway or route belongs to; NULL for others. */
static const struct scenario_node *owner_node(const struct scenario_item *owner)
{
	if (owner->kind == SCENARIO_HOST || owner->kind == SCENARIO_ROUTER)
		return (const struct scenario_node *)owner;
	if (owner->kind == SCENARIO_ROUTE)
		return ((const struct scenario_route *)owner)->node;
	return NULL;
}

/* node [ ":" ( interface / network ) ] */
static struct scenario_interface *resolve_interface(struct load *load,
						    const struct pending_name *pending,
						    const struct scenario_node *neighbour)
{
	const char *colon = strchr(pending->text, ':');
	g_autofree char *name = colon == NULL
				    ? g_strdup(pending->text)
				    : g_strndup(pending->text, (size_t)(colon - pending->text));
	const struct scenario_node *node = find_node(load->scenario, name);
	unsigned count = 0;

	if (node == NULL) {
		struct pending_name part = *pending;

		part.text = name;
		part.kinds = pending->kinds != 0 ? pending->kinds : SCENARIO_HOST | SCENARIO_ROUTER;
		report_unknown_name(load, &part);
		return NULL;
	}
	struct scenario_interface *found =
	    colon == NULL ? find_shared(node, neighbour, &count) : find_interface(node, colon + 1);

	if (found != NULL)
		return found;
	if (colon != NULL)
		load_error(load, pending->mark,
			   "`%s` has no interface called `%s` and none on such a network", name,
			   colon + 1);
	else if (count == 0)
		load_error(load, pending->mark, "`%s` is not on a network of `%s`", name,
			   neighbour != NULL ? neighbour->item.name : name);
	else
		load_error(load, pending->mark, "`%s` has several interfaces", name);
	if (node->interfaces->len > 0) {
		const struct scenario_interface *first = g_ptr_array_index(node->interfaces, 0);

		load_hint(load, "write for example `%s:%s`", name,
			  first->network != NULL ? first->network->item.name : first->item.name);
	}
	return NULL;
}

/* link = "all" / network / switch / interface */
static void resolve_link(struct load *load, struct pending_name *pending)
{
	struct scenario_link *link = pending->field;
	struct scenario_item *item =
	    scenario_lookup(load->scenario, SCENARIO_NETWORK | SCENARIO_SWITCH, pending->text);

	if (strcmp(pending->text, "all") == 0) {
		link->scope = LINK_EVERY;
	} else if (item != NULL && item->kind == SCENARIO_NETWORK) {
		link->scope = LINK_NETWORK;
		link->network = (struct scenario_network *)item;
	} else if (item != NULL) {
		link->switch_ = (struct scenario_switch *)item;
		link->scope = LINK_UPLINK;
		if (link->switch_->uplink == NULL) {
			load_error(load, pending->mark, "the switch `%s` has no uplink",
				   pending->text);
			link->scope = LINK_NOT_SET;
		}
	} else {
		pending->kinds =
		    SCENARIO_HOST | SCENARIO_ROUTER | SCENARIO_NETWORK | SCENARIO_SWITCH;
		link->interface = resolve_interface(load, pending, NULL);
		if (link->interface != NULL)
			link->scope = LINK_INTERFACE;
	}
}

static void resolve_one(struct load *load, struct pending_name *pending, bool is_last)
{
	if (pending->type == KEY_REFERENCE) {
		struct scenario_item *item =
		    scenario_lookup(load->scenario, pending->kinds, pending->text);

		*(struct scenario_item **)pending->field = item;
		if (item == NULL && is_last)
			report_unknown_name(load, pending);
		pending->is_done = item != NULL;
	} else if (is_last && pending->type == KEY_PORT_OF) {
		*(struct scenario_interface **)pending->field =
		    resolve_interface(load, pending, owner_node(pending->owner));
	} else if (is_last) {
		resolve_link(load, pending);
	}
}

void scenario_resolve(struct load *load, bool is_last)
{
	for (unsigned i = 0; i < load->pending->len; i++) {
		struct pending_name *pending =
		    &g_array_index(load->pending, struct pending_name, i);

		if (!pending->is_done)
			resolve_one(load, pending, is_last);
	}
}
