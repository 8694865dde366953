#include "protocols/dns/name.h"

#include <glib.h>
#include <stdio.h>

/* The two high bits of a length byte say what it is (RFC 1035 section 4.1.4). */
enum { LABEL = 0x00, POINTER = 0xc0, KIND_MASK = 0xc0 };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Appends a label to the name under way; false when the name gets longer than 255 bytes. */
static bool append_label(struct dns_name_buffer *buffer, size_t *length, struct bytes label)
{
	/* One byte stays reserved for the root label. */
	if (label.length > DNS_LABEL_BYTES || *length + 1 + label.length > DNS_NAME_BYTES - 1)
		return false;
	buffer->wire[(*length)++] = (uint8_t)label.length;
	memcpy(buffer->wire + *length, label.data, label.length);
	*length += label.length;
	return true;
}

static struct dns_name finish(struct dns_name_buffer *buffer, size_t length)
{
	buffer->wire[length++] = 0;
	return (struct dns_name) { buffer->wire, length };
}

enum parse_status dns_name_parse(struct bytes message, size_t *offset,
				 struct dns_name_buffer *buffer, struct dns_name *name)
{
	size_t at = *offset;   /* where reading goes on */
	size_t run_start = at; /* where the present run of labels began: pointers go before it */
	bool has_jumped = false;
	size_t length = 0;

	for (;;) {
		if (at >= message.length)
			return PARSE_TRUNCATED;

		uint8_t first = message.data[at];
		if ((first & KIND_MASK) == POINTER) {
			if (at + 2 > message.length)
				return PARSE_TRUNCATED;
			size_t target = get_be16(message.data + at) & 0x3fff;
			if (target >= run_start)
				return PARSE_BAD_VALUE;
			if (!has_jumped)
				*offset = at + 2;
			has_jumped = true;
			at = run_start = target;
			continue;
		}
		if ((first & KIND_MASK) != LABEL)
			return PARSE_BAD_VALUE;
		if (first == 0)
			break;
		if (at + 1 + first > message.length)
			return PARSE_TRUNCATED;
		if (!append_label(buffer, &length, (struct bytes) { message.data + at + 1, first }))
			return PARSE_BAD_LENGTH;
		at += 1 + (size_t)first;
	}
	if (!has_jumped)
		*offset = at + 1;
	*name = finish(buffer, length);
	return PARSE_OK;
}

bool dns_character_from_text(const char **text, uint8_t *c)
{
	const char *p = *text;

	if (*p != '\\') {
		*c = (uint8_t)*p;
		*text = p + 1;
		return true;
	}
	p++;
	if (g_ascii_isdigit(p[0])) {
		if (!g_ascii_isdigit(p[1]) || !g_ascii_isdigit(p[2]))
			return false;
		unsigned value = (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
		if (value > UINT8_MAX)
			return false;
		*c = (uint8_t)value;
		*text = p + 3;
		return true;
	}
	*c = (uint8_t)*p;
	*text = p + 1;
	return *p != '\0';
}

bool dns_name_from_text(const char *text, struct dns_name_buffer *buffer, struct dns_name *name)
{
	uint8_t label[DNS_LABEL_BYTES];
	size_t length = 0;

	if (strcmp(text, ".") == 0)
		text++;
	else if (*text == '\0')
		return false;
	while (*text != '\0') {
		size_t label_length = 0;

		while (*text != '\0' && *text != '.') {
			if (label_length == sizeof label ||
			    !dns_character_from_text(&text, &label[label_length]))
				return false;
			label_length++;
		}
		if (label_length == 0 ||
		    !append_label(buffer, &length, (struct bytes) { label, label_length }))
			return false;
		if (*text == '.')
			text++;
	}
	*name = finish(buffer, length);
	return true;
}

static char *print_character(uint8_t c, char *out)
{
	if (c == '.' || c == '\\') {
		*out++ = '\\';
		*out++ = (char)c;
	} else if (c > ' ' && c < 0x7f) {
		*out++ = (char)c;
	} else {
		out += snprintf(out, 5, "\\%03u", c);
	}
	return out;
}

char *dns_name_print(struct dns_name name, char out[DNS_NAME_TEXT_BYTES])
{
	const uint8_t *at = name.wire;
	char *end = out;

	if (*at == 0)
		*end++ = '.';
	while (*at != 0) {
		unsigned length = *at++;

		if (end != out)
			*end++ = '.';
		while (length-- > 0)
			end = print_character(*at++, end);
	}
	*end = '\0';
	return out;
}

struct dns_name dns_name_at(const uint8_t *wire)
{
	size_t length = 0;

	while (wire[length] != 0)
		length += 1 + (size_t)wire[length];
	return (struct dns_name) { wire, length + 1 };
}

bool dns_name_equal(struct dns_name a, struct dns_name b)
{
	if (a.length != b.length)
		return false;
	/* Length bytes are below 64, so lower() leaves them alone. */
	for (size_t i = 0; i < a.length; i++)
		if (lower(a.wire[i]) != lower(b.wire[i]))
			return false;
	return true;
}

/* The name of the last `labels` labels of `name`, which has at least as many. */
static struct dns_name last_labels(struct dns_name name, unsigned labels)
{
	for (unsigned skip = dns_name_labels(name) - labels; skip > 0; skip--)
		name = dns_name_parent(name);
	return name;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	unsigned shorter = a[0] < b[0] ? a[0] : b[0];

	for (unsigned i = 1; i <= shorter; i++)
		if (lower(a[i]) != lower(b[i]))
			return lower(a[i]) - lower(b[i]);
	return a[0] - b[0];
}

int dns_name_compare(struct dns_name a, struct dns_name b)
{
	unsigned labels_a = dns_name_labels(a), labels_b = dns_name_labels(b);
	unsigned shorter = labels_a < labels_b ? labels_a : labels_b;

	for (unsigned labels = 1; labels <= shorter; labels++) {
		int order =
		    compare_labels(last_labels(a, labels).wire, last_labels(b, labels).wire);

		if (order != 0)
			return order;
	}
	return (int)labels_a - (int)labels_b;
}

unsigned dns_name_hash(struct dns_name name)
{
	unsigned hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.length; i++)
		hash = (hash ^ lower(name.wire[i])) * 16777619u;
	return hash;
}

bool dns_name_is_within(struct dns_name name, struct dns_name ancestor)
{
	unsigned labels = dns_name_labels(ancestor);

	return dns_name_labels(name) >= labels &&
	       dns_name_equal(last_labels(name, labels), ancestor);
}

struct dns_name dns_name_parent(struct dns_name name)
{
	size_t skip = name.wire[0] == 0 ? 0 : 1 + (size_t)name.wire[0];

	return (struct dns_name) { name.wire + skip, name.length - skip };
}

unsigned dns_name_labels(struct dns_name name)
{
	unsigned count = 0;

	for (const uint8_t *at = name.wire; *at != 0; at += 1 + *at)
		count++;
	return count;
}

bool dns_name_join(struct bytes first, struct dns_name rest, struct dns_name_buffer *buffer,
		   struct dns_name *name)
{
	size_t length = 0;

	if (first.length == 0 || !append_label(buffer, &length, first) ||
	    length + rest.length > DNS_NAME_BYTES)
		return false;
	memcpy(buffer->wire + length, rest.wire, rest.length);
	*name = (struct dns_name) { buffer->wire, length + rest.length };
	return true;
}

uint8_t *dns_name_copy(struct dns_name name)
{
	return g_memdup2(name.wire, name.length);
}

struct dns_name dns_name_of_address(uint32_t address, struct dns_name_buffer *buffer)
{
	char text[sizeof "255.255.255.255.in-addr.arpa"];
	struct dns_name name;

	snprintf(text, sizeof text, "%u.%u.%u.%u.in-addr.arpa", address & 0xff, address >> 8 & 0xff,
		 address >> 16 & 0xff, address >> 24);
	bool is_valid = dns_name_from_text(text, buffer, &name);
	g_assert(is_valid);
	return name;
}

struct dns_name dns_name_root(void)
{
	return (struct dns_name) { (const uint8_t *)"", 1 };
}
