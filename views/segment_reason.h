/* Why TCP sends a segment that nobody asked for, or sends it once more: in words. Pure. */
#pragma once
#include <stdbool.h>

/* One sentence without its full stop for an enum tcp_detail of ENCAPSULATE; NULL: nothing to say. */
const char *segment_reason(unsigned why);

/* True when it says that bytes, a SYN or a FIN were sent before. */
bool segment_reason_repeats(unsigned why);
