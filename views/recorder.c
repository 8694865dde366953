#include "views/recorder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include "protocols/layer.h"
#include "stack/wire/ethernet.h"
#include "views/key_log.h"
#include "views/names.h"
#include "views/packet_filter.h"
#include "views/sentence.h"

#define SENT_COUNT 4096 /* frames whose FCS is remembered until they arrive: a power of two */

/* The FCS of a frame that is under way. */
struct sent_frame {
	uint64_t record; /* id of its TRANSMIT */
	uint32_t fcs;
};

/* What a screening at a node found: told with the packet that it sends next for the same cause. */
struct pending {
	uint64_t root;
	GString *text; /* "; screening: virus failed, reject: ..." */
};

struct recorder {
	const struct model *model;
	struct recorder_options options;
	GArray
	    *interfaces; /* of struct capture_interface, in order of nodes and their interfaces */
	GArray *names;   /* of struct capture_name */
	GArray *first_index;          /* of uint32_t: by node - 1, index of its first interface */
	bool *is_wanted;              /* by interface index */
	GPtrArray *captures;          /* one, or one for each wanted interface */
	GArray *capture_of;           /* of int: by interface index; -1: none */
	struct packet_filter *filter; /* NULL: all frames */
	bool is_folder;
	GString *comment;
	GHashTable *pending;     /* node to struct pending *; look-ups only */
	struct key_log *secrets; /* those written so far; NULL: none are to be */
	uint64_t frames;
	struct sent_frame sent[SENT_COUNT];
};

static void collect_interface(struct recorder *recorder, const struct model_interface *interface)
{
	struct capture_interface added = {
		.name = interface->label,
		.description = interface->network,
		.mac = interface->mac,
		.address = interface->address,
		.prefix_length = interface->prefix_length,
		.rate_bps = interface->rate_bps,
	};

	g_array_append_val(recorder->interfaces, added);
}

static void collect(struct recorder *recorder)
{
	for (unsigned node = 1; node <= model_node_count(recorder->model); node++) {
		const struct model_node *found = model_node(recorder->model, node);
		uint32_t first = recorder->interfaces->len;

		g_array_append_val(recorder->first_index, first);
		for (guint i = 0; i < found->interfaces->len; i++) {
			const struct model_interface *interface = found->interfaces->pdata[i];
			struct capture_name name;

			if (interface == NULL)
				continue;
			collect_interface(recorder, interface);
			name = (struct capture_name) { interface->address, found->name };
			if (interface->address != 0)
				g_array_append_val(recorder->names, name);
		}
	}
}

static const struct capture_interface *interface_at(const struct recorder *recorder, guint index)
{
	return &g_array_index(recorder->interfaces, struct capture_interface, index);
}

static void set_unknown(const struct recorder *recorder, const char *label, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (guint i = 0; i < recorder->interfaces->len; i++)
		g_string_append_printf(known, "%s%s", i == 0 ? "" : ", ",
				       interface_at(recorder, i)->name);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "there is no interface \"%s\"; there are %s", label, known->str);
}

/* Marks the interfaces that were asked for; false when one does not exist. */
static bool choose(struct recorder *recorder, GError **error)
{
	guint count = recorder->interfaces->len;

	recorder->is_wanted = g_new0(bool, count + 1);
	if (recorder->options.mode != RECORDER_INTERFACES) {
		for (guint i = 0; i < count; i++)
			recorder->is_wanted[i] = true;
		return true;
	}
	for (char **label = recorder->options.interfaces; *label != NULL; label++) {
		guint i = 0;

		while (i < count && strcmp(interface_at(recorder, i)->name, *label) != 0)
			i++;
		if (i == count) {
			set_unknown(recorder, *label, error);
			return false;
		}
		recorder->is_wanted[i] = true;
	}
	return true;
}

static bool set_filter(struct recorder *recorder, GError **error)
{
	if (recorder->options.filter == NULL)
		return true;
	recorder->filter = packet_filter_new(recorder->options.filter, error);
	return recorder->filter != NULL;
}

static bool open_capture(struct recorder *recorder, const char *path, guint first, guint count,
			 GError **error)
{
	struct capture_config config = {
		.interfaces = interface_at(recorder, first),
		.interface_count = count,
		.names = (const struct capture_name *)(const void *)recorder->names->data,
		.name_count = recorder->names->len,
		.epoch_s = recorder->options.epoch_s,
	};
	struct capture *capture = capture_open(path, capture_format_of(path), &config, error);

	if (capture == NULL)
		return false;
	g_ptr_array_add(recorder->captures, capture);
	return true;
}

/* The folder, but none above it: a path that is mistyped is not to make a tree of folders. */
static bool make_folder(const char *path, GError **error)
{
	g_autofree char *above = NULL, *plain = NULL;

	if (g_file_test(path, G_FILE_TEST_IS_DIR) || g_mkdir(path, 0777) == 0)
		return true;
	int why = errno;

	plain = g_strndup(path, strlen(path) - 1);
	above = g_path_get_dirname(plain);
	if (why == ENOENT)
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(why),
			    "%s: there is no folder %s to make it in", path, above);
	else
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(why), "%s: %s", path,
			    g_strerror(why));
	return false;
}

/* "alice-pc-eth0.pcapng" */
static char *file_of(const struct recorder *recorder, guint interface)
{
	char *name = g_strconcat(interface_at(recorder, interface)->name, ".pcapng", NULL);

	return g_strdelimit(name, ":/", '-');
}

/* A file for each interface, named after it. */
static bool open_folder(struct recorder *recorder, GError **error)
{
	if (!make_folder(recorder->options.path, error))
		return false;
	for (guint i = 0; i < recorder->interfaces->len; i++) {
		int capture = -1;

		if (recorder->is_wanted[i]) {
			char *name = file_of(recorder, i);
			char *path = g_strconcat(recorder->options.path, name, NULL);
			bool is_open = open_capture(recorder, path, i, 1, error);

			g_free(path);
			g_free(name);
			if (!is_open)
				return false;
			capture = (int)recorder->captures->len - 1;
		}
		g_array_append_val(recorder->capture_of, capture);
	}
	return true;
}

static void free_pending(gpointer data)
{
	g_string_free(((struct pending *)data)->text, TRUE);
	g_free(data);
}

struct recorder *recorder_new(const struct model *model, const struct recorder_options *options,
			      GError **error)
{
	struct recorder *recorder = g_new0(struct recorder, 1);

	recorder->model = model;
	recorder->options = *options;
	recorder->interfaces = g_array_new(FALSE, FALSE, sizeof(struct capture_interface));
	recorder->names = g_array_new(FALSE, FALSE, sizeof(struct capture_name));
	recorder->first_index = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	recorder->capture_of = g_array_new(FALSE, FALSE, sizeof(int));
	recorder->captures = g_ptr_array_new();
	recorder->comment = g_string_new(NULL);
	recorder->pending = g_hash_table_new_full(NULL, NULL, NULL, free_pending);
	recorder->secrets = options->has_no_secrets ? NULL : key_log_new(NULL);
	recorder->is_folder = g_str_has_suffix(options->path, "/");
	collect(recorder);
	if (choose(recorder, error) && set_filter(recorder, error) &&
	    (recorder->is_folder
		 ? open_folder(recorder, error)
		 : open_capture(recorder, options->path, 0, recorder->interfaces->len, error)))
		return recorder;
	recorder_abandon(recorder);
	return NULL;
}

static bool is_recorded(const struct recorder *recorder, const struct trace_record *record,
			uint32_t interface, struct bytes frame)
{
	if (!recorder->is_wanted[interface])
		return false;
	if (recorder->filter != NULL && !packet_filter_passes_frame(recorder->filter, frame))
		return false;
	if (recorder->options.mode == RECORDER_SENT)
		return record->kind == TRACE_TRANSMIT && (record->flags & TRACE_FIRST) != 0;
	return true;
}

/* Packets of a host are numbered in turn; those of different hosts shall not share a place. */
static struct sent_frame *sent_place(struct recorder *recorder, uint64_t packet)
{
	return &recorder->sent[(packet + (packet >> TRACE_NODE_SHIFT) * 1021) % SENT_COUNT];
}

/* The FCS as it was received, or computed; a frame that arrives has that of its TRANSMIT. */
static uint32_t frame_fcs(struct recorder *recorder, const struct trace_record *record,
			  struct bytes frame)
{
	bool is_sent = record->kind == TRACE_TRANSMIT;
	uint64_t sent_by = is_sent ? record->id : record->cause;
	struct sent_frame *sent = sent_place(recorder, record->packet);

	if (record->flags & TRACE_CORRUPTED)
		return (uint32_t)record->before;
	if (!is_sent && sent->record == sent_by && !(record->flags & TRACE_ALTERED))
		return sent->fcs;
	uint32_t fcs = ethernet_fcs(frame);

	if (is_sent)
		*sent = (struct sent_frame) { sent_by, fcs };
	return fcs;
}

static void keep_check(struct recorder *recorder, const struct trace_record *record,
		       struct bytes bytes)
{
	gpointer node = GUINT_TO_POINTER(trace_node_of(record->id));
	struct pending *pending = g_hash_table_lookup(recorder->pending, node);

	if (pending == NULL || pending->root != record->root) {
		pending = g_new(struct pending, 1);
		*pending = (struct pending) { record->root, g_string_new(NULL) };
		g_hash_table_insert(recorder->pending, node, pending);
	}
	g_string_append(pending->text, "; screening: ");
	view_append_check(pending->text, record, bytes);
}

static void append_checks(struct recorder *recorder, const struct trace_record *record)
{
	gpointer node = GUINT_TO_POINTER(trace_node_of(record->id));
	struct pending *pending = g_hash_table_lookup(recorder->pending, node);

	if (record->kind != TRACE_TRANSMIT || pending == NULL || pending->root != record->root)
		return;
	if (g_str_has_suffix(recorder->comment->str, "."))
		g_string_truncate(recorder->comment, recorder->comment->len - 1);
	g_string_append(recorder->comment, pending->text->str);
	g_hash_table_remove(recorder->pending, node);
}

#define TLS_KEY_LOG 0x544c534b /* the type of the secrets: draft-ietf-opsawg-pcapng section 4.7 */

/* The ends of a connection tell of a secret before they send what is encrypted with it. */
static void write_secret(struct recorder *recorder, struct bytes line)
{
	char *text = g_strdup_printf("%.*s\n", (int)line.length, (const char *)line.data);

	for (guint i = 0; i < recorder->captures->len; i++)
		capture_secrets(recorder->captures->pdata[i], TLS_KEY_LOG, bytes_of(text));
	g_free(text);
}

void recorder_feed(struct recorder *recorder, const struct trace_record *record, struct bytes bytes)
{
	uint32_t node = trace_node_of(record->id), interface;
	bool is_sent = record->kind == TRACE_TRANSMIT;
	int capture = 0;

	if (record->kind == TRACE_MAIL && record->detail == MAIL_CHECKED &&
	    recorder->options.has_comments && !recorder->options.has_no_secrets)
		keep_check(recorder, record, bytes);
	if (recorder->secrets != NULL && key_log_feed(recorder->secrets, record, bytes))
		write_secret(recorder, bytes);
	if ((!is_sent && record->kind != TRACE_RECEIVE) || record->interface == 0 ||
	    node > recorder->first_index->len)
		return;
	interface =
	    g_array_index(recorder->first_index, uint32_t, node - 1) + record->interface - 1;
	if (!is_recorded(recorder, record, interface, bytes))
		return;
	if (recorder->is_folder) {
		capture = g_array_index(recorder->capture_of, int, interface);
		interface = 0;
	}
	g_string_truncate(recorder->comment, 0);
	if (recorder->options.has_comments && recorder->options.has_no_secrets) {
		sentence_append_outside(recorder->comment, recorder->model, record->packet, bytes);
	} else if (recorder->options.has_comments) {
		sentence_append(recorder->comment, recorder->model, record->packet, bytes);
		append_checks(recorder, record);
	}
	recorder->frames++;
	capture_frame(recorder->captures->pdata[capture],
		      &(struct capture_frame) {
			  .interface = interface,
			  .direction = is_sent ? CAPTURE_OUTBOUND : CAPTURE_INBOUND,
			  .has_fcs = true,
			  .fcs = frame_fcs(recorder, record, bytes),
			  .time_ns = record->time_ns,
			  .packet_id = record->packet,
			  .bytes = bytes,
			  .comment = recorder->comment->len > 0 ? recorder->comment->str : NULL,
		      });
}

static bool is_own_file(const struct recorder *recorder, const char *name)
{
	bool is_own = false;

	for (guint i = 0; i < recorder->interfaces->len && !is_own; i++) {
		g_autofree char *own = file_of(recorder, i);

		is_own = recorder->is_wanted[i] && strcmp(name, own) == 0;
	}
	return is_own;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *recorder_others(const struct recorder *recorder)
{
	g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
	GDir *folder = recorder->is_folder ? g_dir_open(recorder->options.path, 0, NULL) : NULL;
	const char *name;

	if (folder == NULL)
		return NULL;
	while ((name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, ".pcapng") && !is_own_file(recorder, name))
			g_ptr_array_add(others, g_strdup(name));
	g_dir_close(folder);
	if (others->len == 0)
		return NULL;
	g_ptr_array_sort(others, compare_names);
	g_ptr_array_add(others, NULL);
	return g_strjoinv(", ", (char **)others->pdata);
}

void recorder_flush(struct recorder *recorder)
{
	for (guint i = 0; i < recorder->captures->len; i++)
		capture_flush(recorder->captures->pdata[i]);
}

uint64_t recorder_frames(const struct recorder *recorder)
{
	return recorder->frames;
}

static void release(struct recorder *recorder)
{
	g_array_free(recorder->interfaces, TRUE);
	g_array_free(recorder->names, TRUE);
	g_array_free(recorder->first_index, TRUE);
	g_array_free(recorder->capture_of, TRUE);
	g_ptr_array_free(recorder->captures, TRUE);
	g_string_free(recorder->comment, TRUE);
	g_hash_table_unref(recorder->pending);
	g_free(recorder->is_wanted);
	packet_filter_free(recorder->filter);
	key_log_free(recorder->secrets);
	g_free(recorder);
}

bool recorder_finish(struct recorder *recorder, GError **error)
{
	bool is_written = true;

	for (guint i = 0; i < recorder->captures->len; i++)
		is_written =
		    capture_close(recorder->captures->pdata[i], is_written ? error : NULL) &&
		    is_written;
	release(recorder);
	return is_written;
}

void recorder_abandon(struct recorder *recorder)
{
	if (recorder == NULL)
		return;
	for (guint i = 0; i < recorder->captures->len; i++)
		capture_abandon(recorder->captures->pdata[i]);
	release(recorder);
}
