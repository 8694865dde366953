/* Words for an editor at any place of any text: the first two bytes say where. */
#include <stdint.h>
#include "app/scenario_offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* As in fuzz_scenario.c. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct scenario_offers *offers =
	    scenario_offer((struct bytes) { data + 2, size - 2 }, data[0], data[1]);

	g_assert(offers->column >= 1 && offers->list->len <= SCENARIO_OFFERS_MAX);
	scenario_offers_free(offers);
	return 0;
}
