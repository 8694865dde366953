/*
 * The virus scanner: looks for the EICAR test file (www.eicar.org, "Anti-Malware Testfile") in every
 * part of a message, through base64 and quoted-printable. It has no other signatures and opens no
 * archives. A message that is built to exhaust a scanner fails too.
 *
 * What it writes is what ClamAV's milter does: X-Virus-Scanned and X-Virus-Status; the names of its
 * findings are ClamAV's.
 */
#include <string.h>
#include "protocols/screening/stage.h"

/*
 * The file's 68 characters. Written in two halves, so that this source and what is built of it are not
 * taken for it.
 */
static const char eicar_head[] = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-";
static const char eicar_tail[] = "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

#define EICAR_FILE_MAX 128 /* with white space behind it */

/* "It may be optionally appended by any combination of whitespace characters": space, tab, LF, CR, ^Z. */
static bool is_white(uint8_t octet)
{
	return octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r' || octet == 0x1a;
}

static bool is_eicar(GBytes *content)
{
	const size_t head = sizeof eicar_head - 1, tail = sizeof eicar_tail - 1;
	gsize length;
	const uint8_t *octets = g_bytes_get_data(content, &length);

	if (length < head + tail || length > EICAR_FILE_MAX ||
	    memcmp(octets, eicar_head, head) != 0 || memcmp(octets + head, eicar_tail, tail) != 0)
		return false;
	for (gsize i = head + tail; i < length; i++)
		if (!is_white(octets[i]))
			return false;
	return true;
}

static const struct screen_part *find_eicar(const struct screen_parts *parts)
{
	for (unsigned i = 0; i < parts->list->len; i++)
		if (is_eicar(screen_part_at(parts, i)->content))
			return screen_part_at(parts, i);
	return NULL;
}

static const char *const limit_signatures[] = {
	[SCREEN_LIMIT_DEPTH] = "Heuristics.Limits.Exceeded.MaxRecursion",
	[SCREEN_LIMIT_PARTS] = "Heuristics.Limits.Exceeded.MaxFiles",
	[SCREEN_LIMIT_BYTES] = "Heuristics.Limits.Exceeded.MaxScanSize",
};

static char *fields_of(const struct stage *stage, const char *signature)
{
	const char *host = stage_host_name(stage);

	if (signature == NULL)
		return g_strdup_printf("X-Virus-Scanned: mailwire at %s\r\n"
				       "X-Virus-Status: Clean\r\n",
				       host);
	return g_strdup_printf("X-Virus-Scanned: mailwire at %s\r\n"
			       "X-Virus-Status: Infected (%s)\r\n",
			       host, signature);
}

static void virus_check(struct stage *stage, struct screen_run *run)
{
	const struct screen_parts *parts = stage_parts(run);
	const struct screen_part *infected = find_eicar(parts);
	const char *signature =
	    infected != NULL ? "Eicar-Signature" : limit_signatures[parts->limit];
	GString *evidence = g_string_new(NULL);

	if (signature != NULL)
		evidence_append(evidence, "signature", signature);
	if (infected != NULL)
		evidence_append_part(evidence, infected);
	evidence_append_count(evidence, "scanned", parts->list->len);
	stage_answer(run,
		     (struct stage_answer) {
			 .verdict = signature != NULL ? SCREEN_FAILED : SCREEN_PASSED,
			 .evidence = g_string_free(evidence, FALSE),
			 .fields = fields_of(stage, signature),
			 .reply = signature == NULL
				      ? NULL
				      : g_strdup_printf("550 5.7.1 Virus found: %s", signature),
		     });
}

static struct stage *virus_new(const struct screen_stage_config *config)
{
	(void)config;
	return g_new0(struct stage, 1);
}

const struct stage_type virus_stage = {
	.kind = SCREEN_VIRUS,
	.moments = SCREEN_AT_MESSAGE,
	.fields = {{ .name = "X-Virus-Scanned" }, { .name = "X-Virus-Status" }},
	.create = virus_new,
	.check = virus_check,
};
