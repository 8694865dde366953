/* The dissectors of all protocols, for the views. */
#pragma once
#include "protocols/dissect.h"

/* NULL-terminated. */
extern const struct dissector *const all_dissectors[];
