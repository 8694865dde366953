/*
 * The bytes of a capture in order, from memory or from a descriptor, packed by gzip or not: a window
 * that moves on, and grows to what has to be seen at once.
 */
#pragma once
#include "sim/bytes.h"

#define CAPTURE_WINDOW_BYTES     (1u << 18) /* of the buffer; it grows up to twice what is asked for */
#define CAPTURE_WINDOW_BYTES_MAX ((16u << 20) + 64) /* more is never there at once */

struct gunzip;

struct capture_window {
	struct bytes rest; /* what is there, from the next byte on */
	uint64_t offset;   /* of `rest` in the file, as it is unpacked */
	char *complaint;   /* why it ends before its end; NULL: it does not */
	bool is_ended;     /* `rest` is all that there will be */
	int descriptor;    /* where more comes from; -1: all is in memory */
	uint8_t *buffer;   /* holds `rest`; NULL: it is borrowed, and all there is */
	size_t buffer_bytes;
	struct gunzip *gunzip;            /* NULL: it is not packed */
	struct bytes packed;              /* read, but not unpacked yet */
	uint8_t *packed_buffer;           /* holds `packed` if there is a descriptor */
	uint64_t packed_offset;           /* of `packed` in the file */
	void (*before_read)(void *owner); /* NULL: nobody wants to know */
	void *owner;
};

/* A window over `file`, borrowed until capture_window_clear(); over what is read of a descriptor, the caller's. */
void capture_window_init(struct capture_window *window, struct bytes file);
void capture_window_open(struct capture_window *window, int descriptor);
void capture_window_clear(struct capture_window *window);

/* At the beginning: unpacks from here on, when the file is packed by gzip. */
void capture_window_unpack(struct capture_window *window);

/* Reads on until `length` bytes are there; false when the file ends before. See capture_window_has(). */
bool capture_window_fill(struct capture_window *window, size_t length);

/*
 * Whether the next `length` bytes are there, in `rest`, after reading on if need be: false where the file ends
 * before, or for more than CAPTURE_WINDOW_BYTES_MAX. Memory grows as bytes come: a length alone is
 * believed nothing. However it is called, each byte is moved a few times at most.
 */
static inline bool capture_window_has(struct capture_window *window, size_t length)
{
	return window->rest.length >= length || capture_window_fill(window, length);
}

/* Passes `length` bytes that are there. */
static inline void capture_window_advance(struct capture_window *window, size_t length)
{
	window->rest = bytes_from(window->rest, length);
	window->offset += length;
}
