/* What a capture format implements: between capture.c and the writers of the formats. */
#pragma once
#include "views/capture.h"
#include "views/output.h"

struct capture_operations {
	void (*frame)(struct capture *capture, const struct capture_frame *frame);
	void (*secrets)(struct capture *capture, uint32_t type, struct bytes secrets);
	void (*flush)(struct capture *capture);
	/* Writes what ends the file. Not called when the capture is abandoned. */
	void (*finish)(struct capture *capture);
	void (*free)(struct capture *capture); /* the capture itself; not its output */
};

/* First member of every writer. */
struct capture {
	const struct capture_operations *operations;
	struct output *output;
	uint64_t frames;
	uint64_t own_bytes; /* written by a library, past the output's buffer */
};
