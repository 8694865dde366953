#include "views/capture_window.h"
#include <errno.h>
#include <glib.h>
#include <unistd.h>
#include "views/gunzip.h"

void capture_window_init(struct capture_window *window, struct bytes file)
{
	*window = (struct capture_window) { .rest = file, .descriptor = -1 };
}

static void use_buffer(struct capture_window *window)
{
	window->buffer_bytes = CAPTURE_WINDOW_BYTES;
	window->buffer = g_malloc(window->buffer_bytes);
	window->rest = (struct bytes) { window->buffer, 0 };
}

void capture_window_open(struct capture_window *window, int descriptor)
{
	*window = (struct capture_window) { .descriptor = descriptor };
	use_buffer(window);
}

void capture_window_clear(struct capture_window *window)
{
	gunzip_free(window->gunzip);
	g_free(window->packed_buffer);
	g_free(window->buffer);
	g_free(window->complaint);
}

/* What was read so far is packed, then; for what is to be read of it, the buffer is large enough. */
void capture_window_unpack(struct capture_window *window)
{
	if (!capture_window_has(window, 2) || !gunzip_is_gzip(window->rest))
		return;
	window->gunzip = gunzip_new();
	window->packed = window->rest;
	window->packed_buffer = window->buffer;
	window->is_ended = false;
	use_buffer(window);
}

/* Reads of the descriptor; 0 at its end, and on an error, which is complained of. */
static size_t read_some(struct capture_window *window, uint8_t *out, size_t room)
{
	ssize_t count;

	if (window->descriptor < 0)
		return 0;
	if (window->before_read != NULL)
		window->before_read(window->owner);
	do
		count = read(window->descriptor, out, room);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		window->complaint = g_strdup_printf("reading failed: %s", g_strerror(errno));
	return count < 0 ? 0 : (size_t)count;
}

/* The packed file ends, or cannot be unpacked any further. */
static void end_packed(struct capture_window *window)
{
	const char *complaint = gunzip_complaint(window->gunzip);

	if (window->complaint != NULL)
		return;
	if (complaint != NULL)
		window->complaint = g_strdup_printf("damaged gzip data at byte %" G_GUINT64_FORMAT
						    " of the compressed file (%s)",
						    window->packed_offset, complaint);
	else if (!gunzip_is_whole(window->gunzip))
		window->complaint =
		    g_strdup_printf("the compressed file is cut off at its byte %" G_GUINT64_FORMAT,
				    window->packed_offset);
}

static size_t unpack_some(struct capture_window *window, uint8_t *out, size_t room)
{
	for (;;) {
		size_t before = window->packed.length;
		size_t count = gunzip_some(window->gunzip, &window->packed, out, room);

		window->packed_offset += before - window->packed.length;
		if (count > 0)
			return count;
		if (gunzip_complaint(window->gunzip) != NULL)
			break;
		window->packed = (struct bytes) {
			window->packed_buffer,
			read_some(window, window->packed_buffer, CAPTURE_WINDOW_BYTES),
		};
		if (window->packed.length == 0)
			break;
	}
	end_packed(window);
	return 0;
}

/*
 * Room for more behind `rest`. It is moved to the front of the buffer when as much was passed since the last time,
 * else the buffer grows.
 */
static void make_room(struct capture_window *window)
{
	size_t passed = (size_t)(window->rest.data - window->buffer);
	size_t room = window->buffer_bytes - passed - window->rest.length;

	if (room >= window->buffer_bytes / 2)
		return;
	if (passed >= window->rest.length || window->buffer_bytes > CAPTURE_WINDOW_BYTES_MAX) {
		memmove(window->buffer, window->rest.data, window->rest.length);
		window->rest.data = window->buffer;
	} else if (room == 0) {
		window->buffer_bytes *= 2;
		window->buffer = g_realloc(window->buffer, window->buffer_bytes);
		window->rest.data = window->buffer + passed;
	}
}

bool capture_window_fill(struct capture_window *window, size_t length)
{
	if (window->buffer == NULL || length > CAPTURE_WINDOW_BYTES_MAX)
		return false;
	while (window->rest.length < length && !window->is_ended) {
		uint8_t *end;
		size_t room, count;

		make_room(window);
		end = (uint8_t *)window->rest.data + window->rest.length;
		room = (size_t)(window->buffer + window->buffer_bytes - end);
		count = window->gunzip != NULL ? unpack_some(window, end, room)
					       : read_some(window, end, room);
		window->rest.length += count;
		window->is_ended = count == 0;
	}
	return window->rest.length >= length;
}
