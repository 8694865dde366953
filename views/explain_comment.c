/* Comments of captures that mailwire made: the same sentence as the title's, with the programs that act. */
#include "protocols/actor.h"
#include "views/explain_private.h"

/* The program named in brackets at the front of `text`: "(MTA)"; returns its length, 0 for none. */
static size_t actor_at(struct bytes text)
{
	const uint8_t *end =
	    text.length < 2 || text.data[0] != '(' ? NULL : bytes_find_byte(text, ')');
	struct bytes name;

	if (end == NULL)
		return 0;
	name = bytes_from(bytes_first(text, (size_t)(end - text.data)), 1);
	return actor_is_name(name) ? name.length + 2 : 0;
}

/* How much of a comment names a program, with the space in front of it or behind it; 0: nothing. */
static size_t actor_length(struct bytes comment, bool is_behind_space)
{
	bool has_space = comment.length > 0 && comment.data[0] == ' ';
	size_t length = actor_at(bytes_from(comment, has_space));

	if (length == 0)
		return 0;
	if (has_space)
		return length + 1;
	return is_behind_space && length < comment.length && comment.data[length] == ' '
		   ? length + 1
		   : 0;
}

/* How many bytes at the beginning of both are the same. */
static size_t common_bytes(struct bytes a, struct bytes b)
{
	size_t length = MIN(a.length, b.length), count = 0;

	for (uint64_t in_a, in_b; count + sizeof in_a <= length; count += sizeof in_a) {
		memcpy(&in_a, a.data + count, sizeof in_a);
		memcpy(&in_b, b.data + count, sizeof in_b);
		if (in_a != in_b)
			return count + (size_t)__builtin_ctzll(GUINT64_TO_LE(in_a ^ in_b)) / 8;
	}
	while (count < length && a.data[count] == b.data[count])
		count++;
	return count;
}

bool explain_comment_agrees(struct bytes comment, struct bytes sentence)
{
	bool is_behind_space = false;

	while (comment.length > 0) {
		size_t length = common_bytes(comment, sentence);

		if (length > 0) {
			is_behind_space = comment.data[length - 1] == ' ';
			comment = bytes_from(comment, length);
			sentence = bytes_from(sentence, length);
			continue;
		}
		length = actor_length(comment, is_behind_space);
		if (length == 0)
			return false;
		comment = bytes_from(comment, length);
	}
	return sentence.length == 0;
}
