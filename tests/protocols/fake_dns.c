#include "tests/protocols/fake_dns.h"

/* One record; type 0: the name that has no answer. */
struct row {
	char *name;
	uint16_t type;
	GByteArray *data;
};

struct fake_dns {
	GPtrArray *rows;
	unsigned questions;
};

static void free_row(gpointer data)
{
	struct row *row = data;

	g_free(row->name);
	g_byte_array_unref(row->data);
	g_free(row);
}

struct fake_dns *fake_dns_new(void)
{
	struct fake_dns *dns = g_new0(struct fake_dns, 1);

	dns->rows = g_ptr_array_new_with_free_func(free_row);
	return dns;
}

void fake_dns_free(struct fake_dns *dns)
{
	g_ptr_array_unref(dns->rows);
	g_free(dns);
}

static struct row *add_row(struct fake_dns *dns, const char *name, uint16_t type)
{
	struct row *row = g_new0(struct row, 1);
	struct dns_wish wish;

	g_assert(dns_wish_set(&wish, name, type));
	row->name = g_strdup(wish.name);
	row->type = type;
	row->data = g_byte_array_new();
	g_ptr_array_add(dns->rows, row);
	return row;
}

void fake_dns_add(struct fake_dns *dns, const char *name, uint16_t type, const char *data)
{
	g_assert(dns_data_from_text(type, data, add_row(dns, name, type)->data));
}

void fake_dns_add_data(struct fake_dns *dns, const char *name, uint16_t type, struct bytes data)
{
	g_byte_array_append(add_row(dns, name, type)->data, data.data, (guint)data.length);
}

void fake_dns_add_text(struct fake_dns *dns, const char *name, const char *text)
{
	struct row *row = add_row(dns, name, DNS_TXT);

	do {
		uint8_t length = (uint8_t)MIN(strlen(text), 255);

		g_byte_array_append(row->data, &length, 1);
		g_byte_array_append(row->data, (const guint8 *)text, length);
		text += length;
	} while (*text != '\0');
}

void fake_dns_time_out(struct fake_dns *dns, const char *name)
{
	add_row(dns, name, 0);
}

/* The target of an alias; NULL: `name` is none. */
static char *alias_of(const struct fake_dns *dns, const char *name)
{
	for (guint i = 0; i < dns->rows->len; i++) {
		const struct row *row = dns->rows->pdata[i];
		char text[DNS_NAME_TEXT_BYTES];

		if (row->type == DNS_CNAME && g_ascii_strcasecmp(row->name, name) == 0)
			return g_strdup(dns_name_print(dns_name_at(row->data->data), text));
	}
	return NULL;
}

static void collect(const struct fake_dns *dns, const char *name, uint16_t type,
		    struct dns_message *message, enum dns_outcome *outcome)
{
	struct dns_name_buffer buffer;
	struct dns_name owner;

	g_assert(dns_name_from_text(name, &buffer, &owner));
	for (guint i = 0; i < dns->rows->len; i++) {
		const struct row *row = dns->rows->pdata[i];

		if (g_ascii_strcasecmp(row->name, name) != 0)
			continue;
		if (row->type == type) {
			dns_message_add(message, DNS_ANSWER,
					&(struct dns_record) {
					    .name = owner,
					    .type = type,
					    .class = DNS_IN,
					    .data = {row->data->data, row->data->len},
                        });
			*outcome = DNS_FOUND;
		} else if (row->type == 0 && *outcome != DNS_FOUND) {
			*outcome = DNS_FAILED;
		} else if (*outcome == DNS_NO_NAME) {
			*outcome = DNS_NO_DATA;
		}
	}
}

void fake_dns_answer(struct fake_dns *dns, const struct dns_wish *wish,
		     void (*take)(void *owner, const struct dns_answer *answer), void *owner)
{
	struct dns_message *message = dns_message_new();
	struct dns_answer answer = { .outcome = DNS_NO_NAME, .message = message };
	char *alias = alias_of(dns, wish->name);

	dns->questions++;
	collect(dns, alias != NULL ? alias : wish->name, wish->type, message, &answer.outcome);
	take(owner, &answer);
	g_free(alias);
	dns_message_free(message);
}

unsigned fake_dns_questions(const struct fake_dns *dns)
{
	return dns->questions;
}
