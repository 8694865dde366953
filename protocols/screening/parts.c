#include "protocols/screening/parts.h"

#include <string.h>

/* A walk over the structure. */
struct walk {
	struct screen_parts *parts;
	unsigned part_count;
	unsigned nested; /* encoded messages around the present part */
	size_t decoded_bytes;
};

static void walk_message(struct walk *walk, GBytes *data, const char *number);

static void part_free(gpointer data)
{
	struct screen_part *part = data;

	g_free(part->number);
	g_free(part->file);
	g_bytes_unref(part->content);
	message_free(part->message);
	g_free(part);
}

static void meet_limit(struct walk *walk, enum screen_limit limit)
{
	if (walk->parts->limit == SCREEN_LIMIT_NONE)
		walk->parts->limit = limit;
}

static bool is_message(const struct message_part *part)
{
	return strcmp(part->type, "MESSAGE") == 0 && strcmp(part->subtype, "RFC822") == 0;
}

static bool is_multipart(const struct message_part *part)
{
	return strcmp(part->type, "MULTIPART") == 0;
}

/* message_structure() leaves as a leaf what is too deep, or one part too many. */
static void note_bounds(struct walk *walk, const struct message_part *leaf, unsigned depth)
{
	if ((is_multipart(leaf) || is_message(leaf)) && depth >= MESSAGE_DEPTH_MAX)
		meet_limit(walk, SCREEN_LIMIT_DEPTH);
	if (walk->part_count >= MESSAGE_PARTS_MAX)
		meet_limit(walk, SCREEN_LIMIT_PARTS);
}

/* RFC 2046 section 5.2.1 forbids to encode a message, and readers decode it all the same. */
static bool is_encoded_message(const struct message_part *leaf)
{
	return is_message(leaf) && (strcmp(leaf->encoding, "BASE64") == 0 ||
				    strcmp(leaf->encoding, "QUOTED-PRINTABLE") == 0);
}

static void look_into(struct walk *walk, const struct screen_part *part)
{
	if (!is_encoded_message(part->part) || walk->parts->limit != SCREEN_LIMIT_NONE)
		return;
	if (walk->nested >= SCREEN_NESTED_MAX) {
		meet_limit(walk, SCREEN_LIMIT_DEPTH);
		return;
	}
	walk->nested++;
	walk_message(walk, part->content, part->number);
	walk->nested--;
}

static void add_leaf(struct walk *walk, struct message *message, const struct message_part *leaf,
		     const char *number)
{
	if (walk->decoded_bytes + leaf->body_bytes > SCREEN_DECODED_MAX) {
		meet_limit(walk, SCREEN_LIMIT_BYTES);
		return;
	}
	struct screen_part *part = g_new0(struct screen_part, 1);

	part->number = g_strdup(number);
	part->message = message_reference(message);
	part->part = leaf;
	part->file = message_part_filename(leaf);
	part->content = message_part_content(message, leaf);
	walk->decoded_bytes += g_bytes_get_size(part->content);
	g_ptr_array_add(walk->parts->list, part);
	look_into(walk, part);
}

/* "2.1" for part 1 below part 2; that of the whole message is "". */
static char *number_below(const char *number, unsigned index)
{
	return g_strdup_printf("%s%s%u", number, number[0] != '\0' ? "." : "", index);
}

/* The body of the message `number`: a multipart has no number of its own, its parts have. */
static char *number_of_body(const char *number, const struct message_part *body)
{
	bool has_parts = is_multipart(body) && body->children != NULL;

	return has_parts ? g_strdup(number) : number_below(number, 1);
}

static void walk_part(struct walk *walk, struct message *message, const struct message_part *part,
		      const char *number, unsigned depth)
{
	walk->part_count++;
	if (part->children == NULL) {
		note_bounds(walk, part, depth);
		add_leaf(walk, message, part, number);
		return;
	}
	for (unsigned i = 0; i < part->children->len; i++) {
		const struct message_part *child = g_ptr_array_index(part->children, i);
		char *below =
		    is_message(part) ? number_of_body(number, child) : number_below(number, i + 1);

		walk_part(walk, message, child, below, depth + 1);
		g_free(below);
	}
}

static void walk_message(struct walk *walk, GBytes *data, const char *number)
{
	struct message *message = message_new(g_bytes_ref(data), 0);
	const struct message_part *body = message_structure(message);
	char *below = number_of_body(number, body);

	walk_part(walk, message, body, below, 0);
	g_free(below);
	message_free(message);
}

struct screen_parts *screen_parts_new(GBytes *data)
{
	struct screen_parts *parts = g_new0(struct screen_parts, 1);
	struct walk walk = { .parts = parts };

	parts->list = g_ptr_array_new_with_free_func(part_free);
	walk_message(&walk, data, "");
	return parts;
}

void screen_parts_free(struct screen_parts *parts)
{
	if (parts == NULL)
		return;
	g_ptr_array_unref(parts->list);
	g_free(parts);
}

bool screen_part_is_text(const struct screen_part *part)
{
	return strcmp(part->part->type, "TEXT") == 0;
}

char *screen_part_text(const struct screen_part *part)
{
	return message_part_text(part->message, part->part);
}
