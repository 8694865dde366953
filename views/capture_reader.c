#include "views/capture_reader.h"
#include "views/capture_reader_private.h"
#include "views/pcapng.h"

/* Parts the FCS from the end of the frame, where the whole of it was captured. */
void capture_split_fcs(struct captured_frame *frame, unsigned fcs_bytes)
{
	if (fcs_bytes != 4 || frame->bytes.length < 4 ||
	    frame->bytes.length < frame->original_length)
		return;
	frame->bytes.length -= 4;
	frame->has_fcs = true;
	frame->fcs = __builtin_bswap32(get_be32(frame->bytes.data + frame->bytes.length));
}

/* Damage. */

/* Where in the file, as people count: of one that is packed it is what was unpacked. */
static char *place(const struct capture_reader *reader, const char *reason, uint64_t offset)
{
	return g_strdup_printf("%s at byte %" G_GUINT64_FORMAT "%s", reason, offset,
			       reader->window.gunzip != NULL ? " of what was unpacked" : "");
}

void capture_pass_over(struct capture_reader *reader, const char *reason, uint64_t offset)
{
	struct capture_damage *damage = &reader->damage;

	if (damage->places++ == 0) {
		reader->first_damage = place(reader, reason, offset);
		damage->first = reader->first_damage;
		damage->first_frame = reader->frame_count;
	}
	damage->bytes += reader->window.offset - offset;
}

void capture_give_up(struct capture_reader *reader, const char *reason, uint64_t offset)
{
	if (reader->window.complaint != NULL)
		return; /* that is why: finish() says it */
	reader->end_damage = place(reader, reason, offset);
	reader->damage.end = reader->end_damage;
}

/* There are no more frames. */
static enum capture_read finish(struct capture_reader *reader)
{
	reader->is_over = true;
	if (reader->window.complaint != NULL)
		reader->damage.end = reader->window.complaint;
	return reader->damage.places > 0 || reader->damage.end != NULL ? CAPTURE_READ_BAD
								       : CAPTURE_READ_END;
}

/* Reading. */

static struct capture_reader *reader_new(void)
{
	struct capture_reader *reader = g_new0(struct capture_reader, 1);

	reader->interfaces = g_array_new(FALSE, FALSE, sizeof(struct captured_interface));
	reader->names = g_array_new(FALSE, FALSE, sizeof(struct captured_name));
	reader->secrets = g_array_new(FALSE, FALSE, sizeof(struct captured_secrets));
	reader->kept = g_string_chunk_new(4096);
	return reader;
}

struct capture_reader *capture_reader_new(struct bytes file)
{
	struct capture_reader *reader = reader_new();

	capture_window_init(&reader->window, file);
	return reader;
}

struct capture_reader *capture_reader_open(int descriptor)
{
	struct capture_reader *reader = reader_new();

	capture_window_open(&reader->window, descriptor);
	return reader;
}

void capture_reader_before_read(struct capture_reader *reader, void (*before)(void *owner),
				void *owner)
{
	reader->window.before_read = before;
	reader->window.owner = owner;
}

/* What begins like something else. */
static const char *what_else(struct capture_reader *reader)
{
	static const struct {
		uint8_t magic[5];
		uint8_t length;
		const char *complaint;
	} kinds[] = {
		{{ 0x1f, 0x8b },                2, "compressed by gzip twice: unpack it first"       },
		{ { 0xfd, '7', 'z', 'X', 'Z' }, 5, "compressed by xz: unpack it first (xz -dc)"      },
		{ { 0x28, 0xb5, 0x2f, 0xfd },   4, "compressed by zstd: unpack it first (zstd -dc)"  },
		{ { 'B', 'Z', 'h' },            3, "compressed by bzip2: unpack it first (bzip2 -dc)"},
		{ { 0x04, 0x22, 0x4d, 0x18 },   4, "compressed by lz4: unpack it first (lz4 -dc)"    },
	};
	struct capture_window *window = &reader->window;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (capture_window_has(window, kinds[i].length) &&
		    memcmp(window->rest.data, kinds[i].magic, kinds[i].length) == 0)
			return kinds[i].complaint;
	if (window->rest.length == 0)
		return "not a capture: it is empty";
	if (capture_window_has(window, 4) && capture_is_classic(get_be32(window->rest.data)))
		return "not a capture: a pcap file that ends in its own header";
	return "not a capture: neither pcapng nor pcap";
}

/* Looks at the first bytes: which format is it? */
static void begin(struct capture_reader *reader)
{
	reader->is_begun = true;
	capture_window_unpack(&reader->window);
	reader->is_classic = capture_begin_classic(reader);
	reader->is_capture =
	    reader->is_classic || (capture_window_has(&reader->window, 4) &&
				   get_be32(reader->window.rest.data) == PCAPNG_SECTION);
	if (!reader->is_capture) {
		reader->damage.end = what_else(reader);
		reader->is_over = true;
	}
}

bool capture_reader_is_capture(const struct capture_reader *reader)
{
	return reader->is_capture;
}

void capture_reader_free(struct capture_reader *reader)
{
	if (reader == NULL)
		return;
	g_array_free(reader->interfaces, TRUE);
	g_array_free(reader->names, TRUE);
	g_array_free(reader->secrets, TRUE);
	g_string_chunk_free(reader->kept);
	capture_window_clear(&reader->window);
	g_free(reader->first_damage);
	g_free(reader->end_damage);
	g_free(reader);
}

enum capture_read capture_reader_next(struct capture_reader *reader, struct captured_frame *frame)
{
	if (!reader->is_begun)
		begin(reader);
	if (reader->is_over)
		return finish(reader);
	if (reader->is_classic ? !capture_next_in_records(reader, frame)
			       : !capture_next_in_blocks(reader, frame))
		return finish(reader);
	reader->frame_count++;
	frame->passed_bytes = reader->damage.bytes - reader->told_bytes;
	reader->told_bytes = reader->damage.bytes;
	return CAPTURE_READ_FRAME;
}

const struct capture_damage *capture_reader_damage(const struct capture_reader *reader)
{
	return &reader->damage;
}

size_t capture_reader_interface_count(const struct capture_reader *reader)
{
	return reader->interfaces->len;
}

const struct captured_interface *capture_reader_interface(const struct capture_reader *reader,
							  size_t index)
{
	g_assert(index < reader->interfaces->len);
	return &g_array_index(reader->interfaces, struct captured_interface, index);
}

size_t capture_reader_name_count(const struct capture_reader *reader)
{
	return reader->names->len;
}

const struct captured_name *capture_reader_name(const struct capture_reader *reader, size_t index)
{
	g_assert(index < reader->names->len);
	return &g_array_index(reader->names, struct captured_name, index);
}

size_t capture_reader_secrets_count(const struct capture_reader *reader)
{
	return reader->secrets->len;
}

const struct captured_secrets *capture_reader_secrets(const struct capture_reader *reader,
						      size_t index)
{
	g_assert(index < reader->secrets->len);
	return &g_array_index(reader->secrets, struct captured_secrets, index);
}
