/* The conversations of a run alone: what client (C:) and server (S:) say, with times. */
#pragma once
#include <stdio.h>
#include "views/model.h"

/* Prints every connection in order of opening, each line with its time since the run began. */
void dialog_print(const struct model *model, FILE *out, bool colour);
