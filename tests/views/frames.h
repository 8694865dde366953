/* Frames of every kind, without FCS, for tests of whatever reads frames. */
#pragma once
#include "sim/bytes.h"

struct test_frame {
	const char *name; /* "tcp_syn" */
	struct bytes bytes;
};

/* Ends with a NULL name. The two whose names begin with "bad_" are damaged, the others are not. */
extern const struct test_frame test_frames[];

/* The bytes of the frame called `name`, which must exist. */
struct bytes test_frame(const char *name);
