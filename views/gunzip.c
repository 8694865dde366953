#include "views/gunzip.h"
#include <glib.h>
#include <zlib.h>

#define WINDOW_BITS_OF_GZIP (MAX_WBITS + 16) /* as inflateInit2() wants it said */

struct gunzip {
	z_stream stream;
	bool is_between; /* members, behind one and in front of the next or the end */
	const char *complaint;
};

bool gunzip_is_gzip(struct bytes begin)
{
	return begin.length >= 2 && begin.data[0] == 0x1f && begin.data[1] == 0x8b;
}

static void *allocate(void *owner, unsigned count, unsigned bytes)
{
	(void)owner;
	return g_malloc_n(count, bytes);
}

static void release(void *owner, void *memory)
{
	(void)owner;
	g_free(memory);
}

struct gunzip *gunzip_new(void)
{
	struct gunzip *gunzip = g_new0(struct gunzip, 1);

	gunzip->stream.zalloc = allocate;
	gunzip->stream.zfree = release;
	if (inflateInit2(&gunzip->stream, WINDOW_BITS_OF_GZIP) != Z_OK)
		gunzip->complaint = "zlib is another version than it was built with";
	return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
	if (gunzip == NULL)
		return;
	inflateEnd(&gunzip->stream);
	g_free(gunzip);
}

/* In front of the next member: zeros, as tapes have them, are nothing. False: it does not begin yet, or never. */
static bool begin_member(struct gunzip *gunzip, struct bytes *in)
{
	while (in->length > 0 && in->data[0] == 0)
		*in = bytes_from(*in, 1);
	if (in->length == 0)
		return false;
	if (in->data[0] != 0x1f) {
		gunzip->complaint = "something else than gzip behind what it has packed";
		return false;
	}
	inflateReset(&gunzip->stream);
	gunzip->is_between = false;
	return true;
}

/* One call of zlib; returns how many bytes it wrote. */
static size_t inflate_once(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room)
{
	z_stream *stream = &gunzip->stream;
	unsigned given = (unsigned)MIN(in->length, UINT_MAX);
	unsigned space = (unsigned)MIN(room, UINT_MAX);
	int status;

	stream->next_in = (Bytef *)in->data;
	stream->avail_in = given;
	stream->next_out = out;
	stream->avail_out = space;
	status = inflate(stream, Z_NO_FLUSH);
	*in = bytes_from(*in, given - stream->avail_in);
	if (status == Z_STREAM_END)
		gunzip->is_between = true;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		gunzip->complaint =
		    stream->msg != NULL ? stream->msg : "it wants a dictionary that is nowhere";
	return space - stream->avail_out;
}

size_t gunzip_some(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room)
{
	size_t count = 0;

	while (count == 0 && in->length > 0 && gunzip->complaint == NULL) {
		if (gunzip->is_between && !begin_member(gunzip, in))
			break;
		count = inflate_once(gunzip, in, out, room);
	}
	return count;
}

bool gunzip_is_whole(const struct gunzip *gunzip)
{
	return gunzip->is_between;
}

const char *gunzip_complaint(const struct gunzip *gunzip)
{
	return gunzip->complaint;
}
