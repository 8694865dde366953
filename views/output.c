#include "views/output.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small enough for the second level cache, so that what is copied in is still there when written. */
#define BUFFER_BYTES (2 * OUTPUT_RESERVE_MAX)

struct output {
	char *path;           /* as the user gave it, for messages */
	char *final_path;     /* what it will be called; NULL: written to directly */
	char *temporary_path; /* what it is called now; NULL: written to directly */
	int descriptor;
	int error_number; /* of the first failure; 0: none */
	uint64_t flushed_bytes;
	size_t used;
	uint8_t buffer[BUFFER_BYTES];
};

static void set_error(GError **error, int error_number, const char *path)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(error_number),
		    "cannot write %s: %s", strcmp(path, "-") == 0 ? "standard output" : path,
		    g_strerror(error_number));
}

/* Where a temporary file would be wrong: pipes, terminals, devices. */
static bool is_direct(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* Opens a temporary file beside the one that `path` names, following symbolic links. */
static void open_temporary(struct output *output)
{
	char *resolved = realpath(output->path, NULL);

	output->final_path = g_strdup(resolved != NULL ? resolved : output->path);
	free(resolved);

	g_autofree char *directory = g_path_get_dirname(output->final_path);
	g_autofree char *base = g_path_get_basename(output->final_path);

	output->temporary_path = g_strdup_printf("%s/.%s.XXXXXX", directory, base);
	output->descriptor = g_mkstemp_full(output->temporary_path, O_WRONLY | O_CLOEXEC, 0666);
}

static void output_free(struct output *output)
{
	g_free(output->path);
	g_free(output->final_path);
	g_free(output->temporary_path);
	g_free(output);
}

struct output *output_open(const char *path, GError **error)
{
	struct output *output = g_malloc(sizeof *output);

	memset(output, 0, offsetof(struct output, buffer));
	output->path = g_strdup(path);
	if (strcmp(path, "-") == 0)
		output->descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else if (is_direct(path))
		output->descriptor = open(path, O_WRONLY | O_CLOEXEC);
	else
		open_temporary(output);

	if (output->descriptor < 0) {
		set_error(error, errno, path);
		output_free(output);
		return NULL;
	}
	return output;
}

static void write_all(struct output *output, const uint8_t *bytes, size_t length)
{
	while (length > 0 && output->error_number == 0) {
		ssize_t written = write(output->descriptor, bytes, length);

		if (written >= 0) {
			bytes += written;
			length -= (size_t)written;
			output->flushed_bytes += (uint64_t)written;
		} else if (errno != EINTR) {
			output->error_number = errno;
		}
	}
}

void output_flush(struct output *output)
{
	write_all(output, output->buffer, output->used);
	output->used = 0;
}

uint8_t *output_reserve(struct output *output, size_t length)
{
	g_assert(length <= OUTPUT_RESERVE_MAX);
	if (length > BUFFER_BYTES - output->used)
		output_flush(output);
	return output->buffer + output->used;
}

void output_commit(struct output *output, size_t length)
{
	output->used += length;
}

void output_write(struct output *output, struct bytes bytes)
{
	while (bytes.length > 0) {
		struct bytes piece = bytes_first(bytes, OUTPUT_RESERVE_MAX);

		memcpy(output_reserve(output, piece.length), piece.data, piece.length);
		output_commit(output, piece.length);
		bytes = bytes_from(bytes, piece.length);
	}
}

uint64_t output_bytes(const struct output *output)
{
	return output->flushed_bytes + output->used;
}

bool output_has_failed(const struct output *output)
{
	return output->error_number != 0;
}

int output_descriptor(const struct output *output)
{
	return output->descriptor;
}

void output_fail(struct output *output, int error_number)
{
	if (output->error_number == 0)
		output->error_number = error_number;
}

bool output_close(struct output *output, GError **error)
{
	output_flush(output);
	if (close(output->descriptor) != 0)
		output_fail(output, errno);
	if (output->temporary_path != NULL && output->error_number == 0 &&
	    g_rename(output->temporary_path, output->final_path) != 0)
		output_fail(output, errno);

	bool is_written = output->error_number == 0;

	if (!is_written) {
		set_error(error, output->error_number, output->path);
		if (output->temporary_path != NULL)
			g_unlink(output->temporary_path);
	}
	output_free(output);
	return is_written;
}

void output_abandon(struct output *output)
{
	close(output->descriptor);
	if (output->temporary_path != NULL)
		g_unlink(output->temporary_path);
	output_free(output);
}
