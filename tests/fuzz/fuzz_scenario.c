/* Any bytes as a scenario: refused with a diagnostic, or loaded and shown faithfully. */
#include "app/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets a buffer on some syntax errors behind long quoted scalars. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

static void check_shown(const struct scenario *scenario)
{
	g_autofree char *shown = scenario_print(scenario);
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *second = scenario_load_bytes(bytes_of(shown), "show", NULL, diagnostics);

	g_assert(second != NULL);
	g_autofree char *again = scenario_print(second);

	g_assert_cmpstr(shown, ==, again);
	scenario_free(second);
	diagnostics_free(diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario =
	    scenario_load_bytes((struct bytes) { data, size }, "fuzz", NULL, diagnostics);
	g_autofree char *text = diagnostics_print(diagnostics);

	g_assert(scenario != NULL || text[0] != '\0');
	if (scenario != NULL)
		check_shown(scenario);
	scenario_free(scenario);
	diagnostics_free(diagnostics);
	return 0;
}
