#include "views/key_log.h"

#include <glib.h>
#include "protocols/layer.h"
#include "protocols/tls/names.h"

struct key_log {
	FILE *out;
	GHashTable *lines; /* of char * */
};

struct key_log *key_log_new(FILE *out)
{
	struct key_log *log = g_new0(struct key_log, 1);

	log->out = out;
	log->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return log;
}

void key_log_free(struct key_log *log)
{
	if (log == NULL)
		return;
	g_hash_table_destroy(log->lines);
	g_free(log);
}

bool key_log_feed(struct key_log *log, const struct trace_record *record, struct bytes bytes)
{
	if (record->kind != TRACE_STATE || record->layer != LAYER_TLS ||
	    record->detail != TLS_SECRET)
		return false;

	char *line = g_strndup((const char *)bytes.data, bytes.length);

	if (!g_hash_table_add(log->lines, line))
		return false;
	if (log->out != NULL) {
		fprintf(log->out, "%s\n", line);
		fflush(log->out);
	}
	return true;
}
