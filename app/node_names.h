/* The nodes that --host NAMES means. */
#pragma once
#include "views/model.h"

/*
 * A set of the nodes called `names` (commas between them), by node index, for g_free(); `*nodes` is NULL
 * when `names` is, which means all. False with a complaint when one is unknown; `file` is the scenario.
 */
bool node_names_choose(const struct model *model, const char *names, const char *file,
		       bool **nodes);
