/* Our dissection beside tshark's: which of its fields is which of ours, and whether they agree. */
#pragma once
#include "tests/views/tshark.h"
#include "views/decode.h"

/* Fails the test unless tshark has the field of `frame` at the same place with the same value. */
void tshark_compare_field(const char *frame_name, const struct decode *decode,
			  const struct decode_field *ours, const GPtrArray *frame);

/* Fails the test where one of the checksums is right for one of us and wrong for the other. */
void tshark_compare_checksums(const char *frame_name, const struct decode *decode,
			      const GPtrArray *frame);
