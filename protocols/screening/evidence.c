/* Evidence: how what was found is written down. */
#include <string.h>
#include "protocols/screening/stage.h"

static bool is_plain(char c)
{
	return g_ascii_isprint(c) && c != ';' && c != '\\';
}

char *evidence_value(const char *value)
{
	GString *out = g_string_new(NULL);

	for (; *value != '\0' && out->len < EVIDENCE_VALUE_MAX - 4; value++) {
		if (is_plain(*value))
			g_string_append_c(out, *value);
		else
			g_string_append_printf(out, "\\x%02x", (uint8_t)*value);
	}
	if (*value != '\0')
		g_string_append(out, "...");
	return g_string_free(out, FALSE);
}

void evidence_append(GString *evidence, const char *name, const char *value)
{
	char *written = evidence_value(value);

	g_string_append_printf(evidence, "%s%s=%s", evidence->len > 0 ? "; " : "", name, written);
	g_free(written);
}

void evidence_append_count(GString *evidence, const char *name, uint64_t value)
{
	g_string_append_printf(evidence, "%s%s=%" G_GUINT64_FORMAT, evidence->len > 0 ? "; " : "",
			       name, value);
}

void evidence_append_part(GString *evidence, const struct screen_part *part)
{
	char *type = g_strdup_printf("%s/%s", part->part->type, part->part->subtype);
	char *lower = g_ascii_strdown(type, -1),
	     *encoding = g_ascii_strdown(part->part->encoding, -1);

	evidence_append(evidence, "part", part->number);
	evidence_append(evidence, "type", lower);
	evidence_append(evidence, "encoding", encoding);
	if (part->file != NULL)
		evidence_append(evidence, "file", part->file);
	g_free(encoding);
	g_free(lower);
	g_free(type);
}
