/*
 * THREAD=REFERENCES (RFC 5256 section 3): parents by References and In-Reply-To, then by subject. The
 * comments name the steps of the RFC.
 */
#include "protocols/imap/subject.h"
#include "protocols/imap/thread.h"

/* A message id that was seen: of a message that is here, or only referred to. */
struct container {
	const struct imap_threaded *message; /* NULL: a dummy */
	int64_t sent;
	struct container *parent;
	GPtrArray *children; /* of struct container * */
	char *subject;       /* base subject of a root; NULL: not looked at */
	bool is_reply;
};

struct threading {
	GPtrArray *containers; /* of struct container *, owned, as they came up */
	GHashTable *by_id;     /* message id -> container; never walked */
	GPtrArray *roots;
};

static void container_free(void *data)
{
	struct container *container = data;

	g_ptr_array_unref(container->children);
	g_free(container->subject);
	g_free(container);
}

static struct container *new_container(struct threading *threading)
{
	struct container *container = g_new0(struct container, 1);

	container->children = g_ptr_array_new();
	g_ptr_array_add(threading->containers, container);
	return container;
}

/* Takes `id`. */
static struct container *container_of(struct threading *threading, char *id)
{
	struct container *container = g_hash_table_lookup(threading->by_id, id);

	if (container == NULL) {
		container = new_container(threading);
		g_hash_table_insert(threading->by_id, id, container);
	} else {
		g_free(id);
	}
	return container;
}

static bool is_above(const struct container *above, const struct container *below)
{
	for (; below != NULL; below = below->parent)
		if (below == above)
			return true;
	return false;
}

static void unlink_parent(struct container *child)
{
	if (child->parent != NULL)
		g_ptr_array_remove(child->parent->children, child);
	child->parent = NULL;
}

/* Unless that would make a loop. */
static void link_child(struct container *parent, struct container *child)
{
	if (is_above(child, parent))
		return;
	unlink_parent(child);
	child->parent = parent;
	g_ptr_array_add(parent->children, child);
}

/* The next msg-id in `*text`, without its brackets and white space; NULL: there is none. */
static char *next_id(const char **text)
{
	const char *open = strchr(*text, '<');
	const char *close = open != NULL ? strchr(open, '>') : NULL;
	GString *id = g_string_new(NULL);

	if (close == NULL || close == open + 1) {
		g_string_free(id, TRUE);
		return NULL;
	}
	for (const char *c = open + 1; c < close; c++)
		if (!g_ascii_isspace(*c) && *c != '"')
			g_string_append_c(id, *c);
	*text = close + 1;
	return g_string_free(id, FALSE);
}

/* Step 1: the container of the message; one of its own when its id is missing or taken. */
static struct container *place(struct threading *threading, const struct imap_threaded *message,
			       struct bytes header)
{
	char *value = message_header(header, "Message-ID");
	const char *rest = value;
	char *id = value != NULL ? next_id(&rest) : NULL;
	struct container *container =
	    id != NULL ? container_of(threading, id) : new_container(threading);

	g_free(value);
	if (container->message != NULL)
		container = new_container(threading);
	container->message = message;
	container->sent = message_sent(message->message, message->internal_date);
	return container;
}

/* Step 1 A: links what the field refers to, one below the other; the last one, or NULL. */
static struct container *follow(struct threading *threading, const char *value, unsigned most)
{
	struct container *last = NULL;
	char *id;

	for (unsigned i = 0; i < most && (id = next_id(&value)) != NULL; i++) {
		struct container *next = container_of(threading, id);

		if (last != NULL && next->parent == NULL && next != last)
			link_child(last, next);
		last = next;
	}
	return last;
}

static void add_message(struct threading *threading, const struct imap_threaded *message)
{
	struct bytes header = message_header_section(message_bytes(message->message));
	struct container *container = place(threading, message, header);
	char *references = message_header(header, "References");
	char *reply = message_header(header, "In-Reply-To");
	struct container *parent = NULL;

	if (references != NULL)
		parent = follow(threading, references, IMAP_THREAD_REFERENCES_MAX);
	if (parent == NULL && reply != NULL)
		parent = follow(threading, reply, 1);
	/* Step 1 B: what others said of its parent counts no more. */
	unlink_parent(container);
	if (parent != NULL)
		link_child(parent, container);
	g_free(references);
	g_free(reply);
}

/* Puts the children of the dummy in its place. */
static void splice(struct container *dummy)
{
	struct container *parent = dummy->parent;

	unlink_parent(dummy);
	for (unsigned i = 0; i < dummy->children->len; i++) {
		struct container *child = g_ptr_array_index(dummy->children, i);

		child->parent = parent;
		if (parent != NULL)
			g_ptr_array_add(parent->children, child);
	}
	g_ptr_array_set_size(dummy->children, 0);
}

/* Step 3: a dummy stays only at the top, where it holds two or more together. */
static void prune(struct threading *threading)
{
	for (unsigned i = 0; i < threading->containers->len; i++) {
		struct container *container = g_ptr_array_index(threading->containers, i);

		if (container->message == NULL && container->parent != NULL)
			splice(container);
	}
	for (unsigned i = 0; i < threading->containers->len; i++) {
		struct container *container = g_ptr_array_index(threading->containers, i);

		if (container->message == NULL && container->children->len < 2)
			splice(container);
	}
}

static int by_date(const void *a, const void *b)
{
	const struct container *left = *(const struct container *const *)a;
	const struct container *right = *(const struct container *const *)b;

	if (left->sent != right->sent)
		return left->sent < right->sent ? -1 : 1;
	return 0; /* as they came: the sort is stable */
}

/* Step 4 and 6: children by date; a dummy has the date of its first one. */
static void sort_children(struct threading *threading)
{
	for (unsigned i = 0; i < threading->containers->len; i++) {
		struct container *container = g_ptr_array_index(threading->containers, i);

		g_ptr_array_sort(container->children, by_date);
		if (container->message == NULL && container->children->len > 0)
			container->sent =
			    ((struct container *)g_ptr_array_index(container->children, 0))->sent;
	}
}

/* Step 2, after step 3: what has no parent, and is not a dummy that was pruned. */
static void collect_roots(struct threading *threading)
{
	threading->roots = g_ptr_array_new();
	for (unsigned i = 0; i < threading->containers->len; i++) {
		struct container *container = g_ptr_array_index(threading->containers, i);

		if (container->parent == NULL &&
		    (container->message != NULL || container->children->len > 0))
			g_ptr_array_add(threading->roots, container);
	}
}

static int by_first_message(const void *a, const void *b)
{
	const struct container *left = *(const struct container *const *)a;
	const struct container *right = *(const struct container *const *)b;
	int order = by_date(a, b);

	while (left->message == NULL && left->children->len > 0)
		left = g_ptr_array_index(left->children, 0);
	while (right->message == NULL && right->children->len > 0)
		right = g_ptr_array_index(right->children, 0);
	if (order != 0 || left->message == NULL || right->message == NULL)
		return order;
	return left->message->id < right->message->id ? -1 : left->message->id > right->message->id;
}

static void sort_roots(struct threading *threading)
{
	sort_children(threading);
	g_ptr_array_sort(threading->roots, by_first_message);
}

static void read_subject(struct container *root)
{
	const struct container *first =
	    root->message != NULL ? root : g_ptr_array_index(root->children, 0);
	char *value = message_header(message_header_section(message_bytes(first->message->message)),
				     "Subject");

	root->subject = imap_base_subject(value, &root->is_reply);
	g_free(value);
}

/* Step 5 B: of roots with one subject, the one that others are put under. */
static GHashTable *best_of_subjects(const struct threading *threading)
{
	GHashTable *best = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < threading->roots->len; i++) {
		struct container *root = g_ptr_array_index(threading->roots, i);

		read_subject(root);
		if (root->subject[0] == '\0')
			continue;
		const struct container *known = g_hash_table_lookup(best, root->subject);
		if (known == NULL || (root->message == NULL && known->message != NULL) ||
		    (known->is_reply && !root->is_reply))
			g_hash_table_replace(best, root->subject, root);
	}
	return best;
}

/* Both below a new dummy, which takes the place of the first. */
static void put_together(struct threading *threading, struct container *known,
			 struct container *root, unsigned place)
{
	struct container *dummy = new_container(threading);

	dummy->subject = g_strdup(known->subject);
	dummy->sent = MIN(known->sent, root->sent);
	link_child(dummy, known);
	link_child(dummy, root);
	g_ptr_array_index(threading->roots, place) = dummy;
}

/* Step 5 C: joins `root` to the one with its subject; false when it stays a root. */
static bool join(struct threading *threading, GHashTable *best, struct container *root)
{
	struct container *known =
	    root->subject[0] != '\0' ? g_hash_table_lookup(best, root->subject) : NULL;
	unsigned place;

	if (known == NULL || known == root)
		return false;
	if (known->message == NULL && root->message == NULL) {
		while (root->children->len > 0)
			link_child(known, g_ptr_array_index(root->children, 0));
	} else if (known->message == NULL || (root->is_reply && !known->is_reply)) {
		link_child(known, root);
	} else if (g_ptr_array_find(threading->roots, known, &place)) {
		put_together(threading, known, root, place);
		struct container *dummy = g_ptr_array_index(threading->roots, place);
		g_hash_table_replace(best, dummy->subject, dummy);
	}
	return true;
}

static void join_subjects(struct threading *threading)
{
	GHashTable *best = best_of_subjects(threading);

	for (unsigned i = 0; i < threading->roots->len;) {
		if (join(threading, best, g_ptr_array_index(threading->roots, i)))
			g_ptr_array_remove_index(threading->roots, i);
		else
			i++;
	}
	g_hash_table_unref(best);
}

/* thread-members = nz-number *(SP nz-number) [SP thread-nested]; thread-nested = 2*thread-list */
static void print_members(GString *out, const struct container *container)
{
	const char *separator = "";

	for (;;) {
		if (container->message != NULL) {
			g_string_append_printf(out, "%s%u", separator, container->message->id);
			separator = " ";
		}
		if (container->children->len != 1)
			break;
		container = g_ptr_array_index(container->children, 0);
	}
	if (container->children->len == 0)
		return;
	g_string_append(out, separator);
	for (unsigned i = 0; i < container->children->len; i++) {
		g_string_append_c(out, '(');
		print_members(out, g_ptr_array_index(container->children, i));
		g_string_append_c(out, ')');
	}
}

void imap_thread_by_references(GString *out, const struct imap_threaded *messages, unsigned count)
{
	struct threading threading = {
		.containers = g_ptr_array_new_with_free_func(container_free),
		.by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	for (unsigned i = 0; i < count; i++)
		add_message(&threading, &messages[i]);
	prune(&threading);
	collect_roots(&threading);
	sort_roots(&threading);
	join_subjects(&threading);
	sort_roots(&threading);
	for (unsigned i = 0; i < threading.roots->len; i++) {
		g_string_append_c(out, '(');
		print_members(out, g_ptr_array_index(threading.roots, i));
		g_string_append_c(out, ')');
	}
	g_ptr_array_unref(threading.roots);
	g_hash_table_unref(threading.by_id);
	g_ptr_array_unref(threading.containers);
}
