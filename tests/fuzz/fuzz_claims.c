/* Any bytes as a list of claims: refused with a diagnostic, or read. Nothing is run. */
#include "app/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets a buffer on some syntax errors behind long quoted scalars. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct claims *claims =
	    claims_load_bytes((struct bytes) { data, size }, "fuzz", diagnostics);
	g_autofree char *text = diagnostics_print(diagnostics);

	g_assert(claims != NULL || text[0] != '\0');
	claims_free(claims);
	diagnostics_free(diagnostics);
	return 0;
}
