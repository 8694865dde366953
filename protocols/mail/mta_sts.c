#include "protocols/mail/mta_sts.h"

#include <string.h>

const char *const mta_sts_mode_names[] = {
	[MTA_STS_NONE] = "none",
	[MTA_STS_TESTING] = "testing",
	[MTA_STS_ENFORCE] = "enforce",
};

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct bytes strip(struct bytes text)
{
	while (text.length > 0 && is_blank(text.data[0]))
		text = bytes_from(text, 1);
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

/* What is in front of the first `separator` (all of it where there is none), and what behind. */
static struct bytes split(struct bytes *rest, char separator)
{
	const uint8_t *at = bytes_find_byte(*rest, separator);
	size_t length = at == NULL ? rest->length : (size_t)(at - rest->data);
	struct bytes front = bytes_first(*rest, length);

	*rest = bytes_from(*rest, MIN(length + 1, rest->length));
	return front;
}

/* ---- The record ---- */

/* sts-id = %s"id" *WSP "=" *WSP 1*32(ALPHA / DIGIT) */
static bool read_id(struct bytes value, char id[MTA_STS_ID_BYTES])
{
	if (value.length == 0 || value.length >= MTA_STS_ID_BYTES)
		return false;
	for (size_t i = 0; i < value.length; i++)
		if (!g_ascii_isalnum(value.data[i]))
			return false;
	memcpy(id, value.data, value.length);
	id[value.length] = '\0';
	return true;
}

/* sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim] */
bool mta_sts_record_parse(struct bytes text, char id[MTA_STS_ID_BYTES])
{
	bool has_id = false;

	if (!bytes_equal(strip(split(&text, ';')), bytes_of("v=STSv1")))
		return false;
	while (text.length > 0) {
		struct bytes value = split(&text, ';');
		struct bytes name = strip(split(&value, '='));

		if (bytes_equal(name, bytes_of("id"))) {
			if (has_id || !read_id(strip(value), id))
				return false;
			has_id = true;
		}
	}
	return has_id;
}

/* ---- The policy ---- */

/* What has been read of a file so far. The first of each key counts, but for mx. */
struct reading {
	struct mta_sts_policy *policy;
	bool has_version, has_mode, has_max_age;
	const char *why; /* NULL: nothing is wrong */
};

static void read_mode(struct reading *reading, struct bytes value)
{
	unsigned mode = MTA_STS_NONE;

	while (mode <= MTA_STS_ENFORCE && !bytes_equal(value, bytes_of(mta_sts_mode_names[mode])))
		mode++;
	if (mode > MTA_STS_ENFORCE)
		reading->why = "its mode is none of enforce, testing, none";
	else
		reading->policy->mode = (enum mta_sts_mode)mode;
	reading->has_mode = true;
}

/* 1*10(DIGIT) */
static void read_max_age(struct reading *reading, struct bytes value)
{
	int64_t age_s = 0;
	bool is_number = value.length >= 1 && value.length <= 10;

	for (size_t i = 0; i < value.length && is_number; i++) {
		is_number = g_ascii_isdigit(value.data[i]);
		age_s = age_s * 10 + (value.data[i] - '0');
	}
	if (!is_number)
		reading->why = "its max_age is no number";
	reading->policy->max_age_s = MIN(age_s, MTA_STS_MAX_AGE_S);
	reading->has_max_age = true;
}

/* A domain name, perhaps with "*." in front. */
static void read_mx(struct reading *reading, struct bytes value)
{
	for (size_t i = 0; i < value.length; i++) {
		uint8_t byte = value.data[i];
		bool is_star = byte == '*' && i == 0 && value.length > 2 && value.data[1] == '.';

		if (!g_ascii_isalnum(byte) && byte != '-' && byte != '.' && !is_star) {
			reading->why = "one of its mx is no domain name";
			return;
		}
	}
	if (value.length > 0 && reading->policy->mx->len < MTA_STS_MX_MAX)
		g_ptr_array_add(reading->policy->mx,
				g_ascii_strdown((const char *)value.data, (gssize)value.length));
}

/* sts-policy-field = key ":" *WSP value; what is not known is passed over. */
static void read_line(struct reading *reading, struct bytes line)
{
	struct bytes value = line;
	struct bytes key = split(&value, ':');

	value = strip(value);
	if (bytes_equal(key, bytes_of("version")) && !reading->has_version) {
		reading->has_version = true;
		if (!bytes_equal(value, bytes_of("STSv1")))
			reading->why = "its version is not STSv1";
	} else if (bytes_equal(key, bytes_of("mode")) && !reading->has_mode) {
		read_mode(reading, value);
	} else if (bytes_equal(key, bytes_of("max_age")) && !reading->has_max_age) {
		read_max_age(reading, value);
	} else if (bytes_equal(key, bytes_of("mx"))) {
		read_mx(reading, value);
	}
}

static const char *what_is_missing(const struct reading *reading)
{
	const struct mta_sts_policy *policy = reading->policy;

	if (!reading->has_version)
		return "it has no version";
	if (!reading->has_mode)
		return "it has no mode";
	if (!reading->has_max_age)
		return "it has no max_age";
	if (policy->mx->len == 0 && policy->mode != MTA_STS_NONE)
		return "it names no mx";
	return NULL;
}

struct mta_sts_policy *mta_sts_policy_parse(struct bytes text, const char **why)
{
	struct reading reading = { .policy = g_rc_box_new0(struct mta_sts_policy) };

	reading.policy->mx = g_ptr_array_new_with_free_func(g_free);
	if (text.length > MTA_STS_POLICY_BYTES)
		reading.why = "it is too long";
	while (text.length > 0 && reading.why == NULL) {
		struct bytes line = split(&text, '\n');

		if (line.length > 0 && line.data[line.length - 1] == '\r')
			line.length--;
		read_line(&reading, line);
	}
	if (reading.why == NULL)
		reading.why = what_is_missing(&reading);
	*why = reading.why;
	if (reading.why == NULL)
		return reading.policy;
	mta_sts_policy_unref(reading.policy);
	return NULL;
}

static void clear_policy(gpointer data)
{
	g_ptr_array_unref(((struct mta_sts_policy *)data)->mx);
}

struct mta_sts_policy *mta_sts_policy_ref(struct mta_sts_policy *policy)
{
	return policy == NULL ? NULL : g_rc_box_acquire(policy);
}

void mta_sts_policy_unref(struct mta_sts_policy *policy)
{
	if (policy != NULL)
		g_rc_box_release_full(policy, clear_policy);
}

char *mta_sts_policy_emit(const struct mta_sts_policy *policy)
{
	GString *text = g_string_new("version: STSv1\r\n");

	g_string_append_printf(text, "mode: %s\r\n", mta_sts_mode_names[policy->mode]);
	for (guint i = 0; i < policy->mx->len; i++)
		g_string_append_printf(text, "mx: %s\r\n", (const char *)policy->mx->pdata[i]);
	g_string_append_printf(text, "max_age: %" G_GINT64_FORMAT "\r\n", policy->max_age_s);
	return g_string_free(text, FALSE);
}

static bool is_named_by(const char *pattern, const char *host)
{
	const char *dot;

	if (pattern[0] != '*')
		return g_ascii_strcasecmp(pattern, host) == 0;
	dot = strchr(host, '.');
	return dot != NULL && dot != host && g_ascii_strcasecmp(pattern + 1, dot) == 0;
}

bool mta_sts_policy_names(const struct mta_sts_policy *policy, const char *host)
{
	for (guint i = 0; i < policy->mx->len; i++)
		if (is_named_by(policy->mx->pdata[i], host))
			return true;
	return false;
}
