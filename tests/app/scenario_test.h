/* What tests of scenarios share. */
#pragma once
#include "app/scenario.h"

/* Loads YAML text that must be right; fails the test with its diagnostics otherwise. */
struct scenario *load_good(const char *yaml);

/* Loads a file that must be right. */
struct scenario *load_good_file(const char *path);

/* All diagnostics of a text as they are printed; the file is called "t". The caller frees it. */
char *diagnose(const char *yaml);

/* Every scenario in scenarios/, as paths; frees its elements. Lists of other things there are left out. */
GPtrArray *all_scenarios(void);
