#include "tests/views/tshark.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "stack/address.h"

bool tshark_has_program(const char *program)
{
	g_autofree char *path = g_find_program_in_path(program);

	if (path == NULL)
		printf("skipped: %s is not installed\n", program);
	return path != NULL;
}

char *tshark_run(const char *program, const char *const *arguments, const char *path)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	char *output = NULL, *messages = NULL;
	int status = 0;

	g_ptr_array_add(argv, (char *)program);
	for (; *arguments != NULL; arguments++)
		g_ptr_array_add(argv, (char *)*arguments);
	g_ptr_array_add(argv, (char *)path);
	g_ptr_array_add(argv, NULL);

	bool has_run = g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL,
				    NULL, &output, &messages, &status, &error);

	ck_assert_msg(has_run, "%s: %s", program, has_run ? "" : error->message);
	ck_assert_msg(g_spawn_check_wait_status(status, NULL), "%s: %s", program, messages);
	g_free(messages);
	return output;
}

static void field_free(gpointer data)
{
	struct tshark_field *field = data;

	g_free(field->name);
	g_free(field->show);
	g_free(field);
}

static unsigned number_or_0(const char *text)
{
	return text == NULL ? 0 : (unsigned)strtoul(text, NULL, 10);
}

static void element_start(GMarkupParseContext *context, const char *element, const char **names,
			  const char **values, gpointer user, GError **error)
{
	GPtrArray *frames = user;
	const char *name = NULL, *show = NULL, *pos = NULL, *size = NULL;

	(void)context;
	(void)error;
	if (strcmp(element, "packet") == 0)
		g_ptr_array_add(frames, g_ptr_array_new_with_free_func(field_free));
	if (strcmp(element, "field") != 0 || frames->len == 0)
		return;
	for (unsigned i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], "name") == 0)
			name = values[i];
		else if (strcmp(names[i], "show") == 0)
			show = values[i];
		else if (strcmp(names[i], "pos") == 0)
			pos = values[i];
		else if (strcmp(names[i], "size") == 0)
			size = values[i];
	}

	struct tshark_field *field = g_new(struct tshark_field, 1);

	*field = (struct tshark_field) {
		.name = g_strdup(name),
		.show = g_strdup(show == NULL ? "" : show),
		.pos = number_or_0(pos),
		.size = number_or_0(size),
	};
	g_ptr_array_add(frames->pdata[frames->len - 1], field);
}

GPtrArray *tshark_dissect(const char *path)
{
	static const char *const arguments[] = {
		"-T",
		"pdml",
		"-n",
		"-o",
		"eth.check_fcs:TRUE",
		"-o",
		"ip.check_checksum:TRUE",
		"-o",
		"tcp.check_checksum:TRUE",
		"-o",
		"udp.check_checksum:TRUE",
		"-o",
		"ip.defragment:FALSE",
		"-o",
		"ipv6.defragment:FALSE",
		"-o",
		"tcp.relative_sequence_numbers:FALSE",
		"-r",
		NULL,
	};
	static const GMarkupParser parser = { .start_element = element_start };
	g_autofree char *pdml = tshark_run("tshark", arguments, path);
	GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, frames, NULL);
	g_autoptr(GError) error = NULL;
	bool is_parsed = g_markup_parse_context_parse(context, pdml, -1, &error);

	ck_assert_msg(is_parsed, "%s", is_parsed ? "" : error->message);
	g_markup_parse_context_free(context);
	return frames;
}

const struct tshark_field *tshark_find(const GPtrArray *frame, const char *name, int pos)
{
	for (guint i = 0; i < frame->len; i++) {
		const struct tshark_field *field = frame->pdata[i];

		if (strcmp(field->name, name) == 0 && (pos < 0 || field->pos == (unsigned)pos))
			return field;
	}
	return NULL;
}

guint64 tshark_number(const char *show)
{
	struct mac mac;
	uint32_t address;

	if (mac_parse(show, &mac)) {
		guint64 number = 0;

		for (int i = 0; i < 6; i++)
			number = number << 8 | mac.octets[i];
		return number;
	}
	if (ipv4_parse(show, &address))
		return address;
	if (strcmp(show, "True") == 0)
		return 1;
	return g_ascii_strtoull(show, NULL, 0);
}
