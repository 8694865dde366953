/* Any lines as settings of a small scenario: refused with a diagnostic, or loaded. */
#include "app/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

static const char scenario_text[] = "mailwire: 1\n"
				    "hosts: {alice-pc: , bob-pc: , mail: }\n"
				    "domains: {a.example: {accounts: {alice: , bob: }}}\n"
				    "clients: {alice: {host: alice-pc}, bob: {host: bob-pc, "
				    "incoming: pop3}}\n"
				    "timeline:\n"
				    "  - {at: 1s, who: alice, do: send, to: bob}\n"
				    "  - {at: 3s, who: bob, do: check}\n";

/* libfyaml 0.7.12 forgets a buffer on some syntax errors behind long quoted scalars. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 20);
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario_changes changes = { 0 };
	struct scenario_settings *settings =
	    scenario_settings_parse((const char *const *)lines, diagnostics);
	struct scenario *scenario = NULL;

	changes.settings = settings;
	if (settings != NULL)
		scenario = scenario_load_bytes_changed(bytes_of(scenario_text), "fuzz", NULL,
						       &changes, diagnostics);
	g_autofree char *said = diagnostics_print(diagnostics);

	g_assert(scenario != NULL || said[0] != '\0');
	scenario_free(scenario);
	scenario_settings_free(settings);
	diagnostics_free(diagnostics);
	return 0;
}
