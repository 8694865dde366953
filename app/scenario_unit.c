#include "app/scenario_unit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Largest first. Where two print the same value, the first that divides it is taken. */
/* clang-format off */
const struct unit time_units[] = {
	{ "d",   UINT64_C(86400000000000) },
	{ "h",   UINT64_C(3600000000000) },
	{ "min", UINT64_C(60000000000) },
	{ "s",   1000000000 },
	{ "ms",  1000000 },
	{ "us",  1000 },
	{ "ns",  1 },
	{ NULL,  0 },
};

const struct unit rate_units[] = {
	{ "Gbps", 1000000000 },
	{ "Mbps", 1000000 },
	{ "kbps", 1000 },
	{ "bps",  1 },
	{ NULL,   0 },
};

const struct unit size_units[] = {
	{ "GB",  1000000000 },
	{ "GiB", 1 << 30 },
	{ "MB",  1000000 },
	{ "MiB", 1 << 20 },
	{ "kB",  1000 },
	{ "KiB", 1 << 10 },
	{ "B",   1 },
	{ NULL,  0 },
};

const struct unit percent_units[] = { { "%", 10000 }, { NULL, 0 } };
const struct unit money_units[] = { { "", 1000000 }, { NULL, 0 } };
const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
/* clang-format on */

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, name) == 0)
			return units;
	}
	return NULL;
}

/* value = digits * size / 10^decimals, exactly. */
static const char *scale(uint64_t digits, unsigned decimals, uint64_t size, uint64_t *value)
{
	while (decimals > 0 && digits % 10 == 0) {
		digits /= 10;
		decimals--;
	}
	for (; decimals > 0; decimals--) {
		if (size % 10 != 0)
			return "it has more decimals than can be kept";
		size /= 10;
	}
	if (__builtin_mul_overflow(digits, size, value))
		return "it is too large";
	return NULL;
}

/* number = 1*DIGIT [ "." 1*DIGIT ] [ " " ] unit */
const char *unit_parse(const char *text, const struct unit *units, uint64_t *value)
{
	uint64_t digits = 0;
	unsigned decimals = 0;
	bool has_point = false;
	const char *at = text;

	if (!g_ascii_isdigit(*at))
		return *at == '-' ? "it must not be negative" : "it does not begin with a number";
	for (; g_ascii_isdigit(*at) || (*at == '.' && !has_point && g_ascii_isdigit(at[1])); at++) {
		if (*at == '.') {
			has_point = true;
			continue;
		}
		if (__builtin_mul_overflow(digits, 10, &digits) ||
		    __builtin_add_overflow(digits, (uint64_t)(*at - '0'), &digits))
			return "it has too many digits";
		decimals += has_point;
	}
	if (*at == ' ')
		at++;
	const struct unit *unit = find_unit(units, at);

	if (unit == NULL)
		return *at == '\0' ? "the unit is missing"
				   : (units == no_units ? "it is not a whole number"
							: "there is no such unit");
	if (units == no_units && decimals > 0)
		return "it is not a whole number";
	return scale(digits, decimals, unit->size, value);
}

void unit_print(uint64_t value, const struct unit *units, GString *out)
{
	while (units[1].name != NULL && (value % units->size != 0 || value == 0))
		units++;
	g_string_append_printf(out, "%" PRIu64 "%s", value / units->size, units->name);
}
