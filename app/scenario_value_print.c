#include "app/scenario_value.h"

#include <inttypes.h>
#include <string.h>
#include "app/scenario_unit.h"

static void print_percent(uint32_t ppm, GString *out)
{
	g_string_append_printf(out, "%u", ppm / 10000);
	if (ppm % 10000 != 0) {
		g_string_append_printf(out, ".%04u", ppm % 10000);
		while (out->str[out->len - 1] == '0')
			g_string_truncate(out, out->len - 1);
	}
	g_string_append_c(out, '%');
}

static void print_date(int64_t unix_time, GString *out)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(unix_time);
	g_autofree char *text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ");

	g_string_append(out, text);
}

static void print_whole(uint64_t value, GString *out)
{
	g_string_append_printf(out, "%" PRIu64, value);
}

/* Millionths as a decimal number without zeros at its end. */
static void print_money(uint64_t value, GString *out)
{
	print_whole(value / 1000000, out);
	if (value % 1000000 == 0)
		return;
	g_string_append_printf(out, ".%06u", (unsigned)(value % 1000000));
	while (out->str[out->len - 1] == '0')
		g_string_truncate(out, out->len - 1);
}

static bool print_range(const struct scenario_range *range,
			void (*print)(uint64_t value, GString *out), GString *out)
{
	if (range->least == 0 && range->most == UINT64_MAX)
		return false;
	if (range->least > 0 || range->most == 0)
		print(range->least, out);
	if (range->least != range->most)
		g_string_append(out, "..");
	if (range->least != range->most && range->most != UINT64_MAX)
		print(range->most, out);
	return true;
}

static bool is_plain_text(const char *text)
{
	static const char *const taken[] = { "null", "true", "false", "yes", "no", "~", NULL };
	size_t length = strlen(text);

	uint32_t address;

	/* A number would be read as one by editors; a leading or trailing space would be lost. */
	if (ipv4_parse(text, &address))
		return true;
	if (length == 0 || !g_ascii_isalpha(text[0]) || text[length - 1] == ' ' ||
	    g_strv_contains(taken, text))
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		if (!g_ascii_isalnum(*at) && strchr(" _./@-+=;()*?!", *at) == NULL &&
		    !(*at == ':' && at[1] != ' ' && at[1] != '\0'))
			return false;
	}
	return true;
}

/* Double quotes with the escapes of YAML 1.2 section 5.7. */
static void print_quoted(const char *text, GString *out)
{
	g_string_append_c(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			g_string_append(out, "\\n");
		else if (*text == '\t')
			g_string_append(out, "\\t");
		else if (*text == '"' || *text == '\\')
			g_string_append_printf(out, "\\%c", *text);
		else
			g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

static bool print_text(const char *text, GString *out)
{
	if (text == NULL)
		return false;
	if (is_plain_text(text))
		g_string_append(out, text);
	else
		print_quoted(text, out);
	return true;
}

/* What is not set: `none` where that can be written. */
static bool print_none(const struct key *key, GString *out)
{
	if ((key->flags & KEY_MAY_BE_NONE) == 0)
		return false;
	g_string_append(out, "none");
	return true;
}

static bool print_reference(const struct key *key, const struct scenario_item *item, GString *out)
{
	if (item == NULL)
		return print_none(key, out);
	if (item->kind == SCENARIO_ACCOUNT)
		return print_text(((const struct scenario_account *)item)->address, out);
	return print_text(item->name, out);
}

char *scenario_interface_print(const struct scenario_interface *interface)
{
	return g_strdup_printf("%s:%s", interface->node->item.name, interface->item.name);
}

static bool print_interface(const struct scenario_interface *interface, GString *out)
{
	g_autofree char *text = scenario_interface_print(interface);

	g_string_append(out, text);
	return true;
}

static bool print_port(const struct key *key, const struct scenario_interface *interface,
		       GString *out)
{
	return interface == NULL ? print_none(key, out) : print_interface(interface, out);
}

static bool print_link(const struct scenario_link *link, GString *out)
{
	switch (link->scope) {
	case LINK_NOT_SET:
		return false;
	case LINK_EVERY:
		g_string_append(out, "all");
		return true;
	case LINK_NETWORK:
		g_string_append(out, link->network->item.name);
		return true;
	case LINK_INTERFACE:
		return print_interface(link->interface, out);
	case LINK_UPLINK:
		g_string_append(out, link->switch_->item.name);
		return true;
	}
	return false;
}

static bool print_prefix(const struct scenario_prefix *prefix, GString *out)
{
	char text[IPV4_TEXT_BYTES];

	if (prefix->length == 0)
		g_string_append(out, "default");
	else
		g_string_append_printf(out, "%s/%u", ipv4_print(prefix->address, text),
				       prefix->length);
	return true;
}

static bool print_word(const struct key *key, const void *field, GString *out)
{
	int value;

	memcpy(&value, field, sizeof value);
	for (const struct word *word = key->words; word->text != NULL; word++) {
		if (word->value == value) {
			g_string_append(out, word->text);
			return true;
		}
	}
	return false;
}

static bool print_time(int64_t time_ns, GString *out)
{
	if (time_ns == TIME_NEVER)
		return false;
	if (time_ns == 0)
		g_string_append(out, "0s");
	else
		unit_print((uint64_t)time_ns, time_units, out);
	return true;
}

static bool print_address(uint32_t address, GString *out)
{
	char text[IPV4_TEXT_BYTES];

	if (address == 0)
		return false;
	g_string_append(out, ipv4_print(address, text));
	return true;
}

static bool print_mac(const struct mac *mac, GString *out)
{
	char text[MAC_TEXT_BYTES];

	if (mac_equal(*mac, (struct mac) { { 0 } }))
		return false;
	g_string_append(out, mac_print(*mac, text));
	return true;
}

/* Units that a type's numbers are printed with. */
static const struct unit *units_of(enum key_type type)
{
	return type == KEY_SIZE ? size_units : type == KEY_RATE ? rate_units : no_units;
}

bool value_print(const struct key *key, const void *field, GString *out)
{
	switch (key->type) {
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_RATE:
		unit_print(*(const uint64_t *)field, units_of(key->type), out);
		return true;
	case KEY_TIME:
		return print_time(*(const int64_t *)field, out);
	case KEY_DATE:
		print_date(*(const int64_t *)field, out);
		return true;
	case KEY_PERCENT:
		print_percent(*(const uint32_t *)field, out);
		return true;
	case KEY_BOOL:
		g_string_append(out, *(const bool *)field ? "yes" : "no");
		return true;
	case KEY_WORD:
		return print_word(key, field, out);
	case KEY_RANGE:
		return print_range(field, print_whole, out);
	case KEY_MONEY:
		print_money(*(const uint64_t *)field, out);
		return true;
	case KEY_MONEY_RANGE:
		return print_range(field, print_money, out);
	case KEY_IPV4:
		return print_address(*(const uint32_t *)field, out);
	case KEY_PREFIX:
		return print_prefix(field, out);
	case KEY_MAC:
		return print_mac(field, out);
	case KEY_REFERENCE:
		return print_reference(key, *(struct scenario_item *const *)field, out);
	case KEY_PORT_OF:
		return print_port(key, *(struct scenario_interface *const *)field, out);
	case KEY_LINK:
		return print_link(field, out);
	default:
		return print_text(*(const char *const *)field, out);
	}
}

char *words_print(const struct word *words, const char *separator)
{
	GString *out = g_string_new(NULL);

	for (const struct word *word = words; word->text != NULL; word++)
		g_string_append_printf(out, "%s`%s`", word == words ? "" : separator, word->text);
	return g_string_free(out, FALSE);
}
