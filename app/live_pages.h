/*
 * Pages of a live session while it goes on, for who asks at a descriptor: each byte that comes in asks
 * for one. A fork of the process makes it, so the clock does not wait; it answers by the page's length
 * in decimal, a line end, and the page. Length 0: it could not be made within the limits. When the
 * session ends by itself, the last page is written unasked. Who does not read an answer for 20 s gets
 * no more.
 */
#pragma once
#include "app/run.h"

struct live_pages;

/*
 * `text` is "FD:RECORDS:SECONDS:MEGABYTES": where to answer, how many records are kept, and what one page
 * may cost. NULL: it is not of that form.
 */
struct live_pages *live_pages_new(const char *text);
void live_pages_free(struct live_pages *pages);

/* What the pages say of the run. `setup` must outlive them. */
void live_pages_describe(struct live_pages *pages, const struct run_setup *setup);

/* The sink to add to the run; owned by the pages. */
struct trace_sink *live_pages_sink(struct live_pages *pages);

/*
 * To be polled for reading: where it is asked, or while a page is made, where its end is told. -1: nobody
 * asks any more. It is another one after each live_pages_answer().
 */
int live_pages_descriptor(const struct live_pages *pages);

/* Something has come in there. Does not block. */
void live_pages_answer(struct live_pages *pages);

/*
 * The session is over: writes the last page. Nothing is written, and what is made is given up, as soon as
 * `signals`, a signalfd(2) from which nobody reads, has a signal.
 */
void live_pages_finish(struct live_pages *pages, int signals);
