/* What users do, at the times the scenario says: mail, pings, questions to DNS, cutting cables. */
#pragma once
#include "app/network.h"
#include "app/programs.h"

struct timeline;

/* Schedules all actions. */
struct timeline *timeline_new(struct world *world, const struct scenario *scenario,
			      struct network *network, struct programs *programs);

/* Actions under way are forgotten; must precede programs_free(). */
void timeline_free(struct timeline *timeline);
