/* The page of a run, laid out and written: for all commands that make one. */
#pragma once
#include "views/page.h"

/*
 * Writes the page of `history`, which is finished, to `output`, whose errors its owner handles. Nodes are
 * placed by Graphviz where it is there; `options.places` is not looked at.
 */
void page_make(struct output *output, struct history *history, struct page_options options);
