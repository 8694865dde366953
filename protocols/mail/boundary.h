/* Where the parts of a multipart body lie (RFC 2046 section 5.1.1). Pure. */
#pragma once
#include <stdbool.h>
#include "sim/bytes.h"

/* A walk over the lines of a multipart body that separate its parts. */
struct boundary_scan {
	struct bytes body;
	const char *boundary; /* without the leading "--" */
	size_t offset;        /* where the search goes on */
	bool is_inside;       /* a delimiter was seen, the closing one was not */
};

void boundary_scan_init(struct boundary_scan *scan, struct bytes body, const char *boundary);

/*
 * Finds the next part: [start, end) of `body` from behind its delimiter line to before the line
 * end that belongs to the following delimiter. A part that no delimiter ends goes to the end of
 * the body. False when there is none left.
 */
bool boundary_scan_next(struct boundary_scan *scan, size_t *start, size_t *end);
