#include "app/scenario_private.h"
void scenario_check(struct load *load)
{
	(void)load;
}
