/* Runs side by side: the eight questions by which courses tell mail protocols apart. */
#include "views/compare_private.h"

static void answer(struct compare_answer *answer, const char *text, char *evidence)
{
	answer->answer = g_strdup(text);
	answer->evidence = evidence;
}

static const char *all_some_none(unsigned part, unsigned whole, const char *all, const char *some,
				 const char *none)
{
	return part == whole ? all : part > 0 ? some : none;
}

static void email_location(const struct compare_sums *sums, struct compare_answer *out)
{
	const char *where = "on the server and on devices";

	if (sums->delivered == 0)
		return;
	if (sums->on_server == 0)
		where = all_some_none(sums->on_devices, sums->delivered, "on devices",
				      "on devices, the rest nowhere", "nowhere");
	else if (sums->on_devices == 0)
		where = all_some_none(sums->on_server, sums->delivered, "on the server",
				      "on the server, the rest nowhere", "nowhere");
	answer(out, where,
	       g_strdup_printf("%u of %u mails on servers, %u on devices", sums->on_server,
			       sums->delivered, sums->on_devices));
}

static void multi_device(const struct compare_sums *sums, struct compare_answer *out)
{
	if (sums->shared == 0)
		return;
	answer(out,
	       all_some_none(sums->shared_reachable, sums->shared, "every device has all",
			     "every device has a part", "each mail on one device"),
	       g_strdup_printf("%u of %u mails in reach of all devices of the account",
			       sums->shared_reachable, sums->shared));
}

static void storage(const struct compare_sums *sums, struct compare_answer *out)
{
	uint64_t on_servers = sums->server_bytes, on_devices = sums->device_bytes;

	if (on_servers + on_devices == 0)
		return;
	answer(out,
	       on_devices == 0            ? "the server's"
	       : on_servers == 0          ? "the devices'"
	       : on_servers == on_devices ? "the server's and the devices' alike"
	       : on_servers > on_devices  ? "mostly the server's"
					  : "mostly the devices'",
	       g_strdup_printf("%" G_GUINT64_FORMAT " B on servers, %" G_GUINT64_FORMAT
			       " B on devices",
			       on_servers, on_devices));
}

static void offline_access(const struct compare_sums *sums, struct compare_answer *out)
{
	if (sums->copies_in_reach == 0)
		return;
	answer(out,
	       all_some_none(sums->copies, sums->copies_in_reach, "all of it", "a part of it",
			     "none of it"),
	       g_strdup_printf("devices hold %u of the %u copies in their reach", sums->copies,
			       sums->copies_in_reach));
}

static void synchronisation(const struct compare_sums *sums, struct compare_answer *out)
{
	if (sums->read == 0)
		return;
	answer(out, all_some_none(sums->read_known, sums->read, "yes", "in part", "no"),
	       g_strdup_printf("the server was told of %u of %u mails that they were read",
			       sums->read_known, sums->read));
}

static void server_storage(const struct compare_sums *sums, struct compare_answer *out)
{
	const char *use = "grows and shrinks";
	char *sizes;

	if (sums->server_most_bytes == 0 && sums->undelivered == 0)
		return;
	if (sums->server_bytes == 0)
		use = "emptied";
	else if (sums->server_bytes == sums->server_most_bytes)
		use = "only grows";
	sizes =
	    g_strdup_printf("%" G_GUINT64_FORMAT " B in the end, at most %" G_GUINT64_FORMAT " B",
			    sums->server_bytes, sums->server_most_bytes);
	if (sums->undelivered > 0) {
		answer(out, use,
		       g_strdup_printf("%s; %u not delivered (%s)", sizes, sums->undelivered,
				       sums->why_undelivered));
		g_free(sizes);
	} else {
		answer(out, use, sizes);
	}
}

static void backup(const struct compare_sums *sums, struct compare_answer *out)
{
	GString *evidence;

	if (sums->delivered == 0)
		return;
	evidence = g_string_new(NULL);
	g_string_printf(evidence, "%u of %u mails on one device alone", sums->at_risk,
			sums->delivered);
	if (sums->nowhere > 0)
		g_string_append_printf(evidence, ", %u gone", sums->nowhere);
	answer(out,
	       all_some_none(sums->at_risk, sums->delivered, "up to the user",
			     "in part up to the user",
			     sums->on_server > 0    ? "on the server"
			     : sums->on_devices > 0 ? "on several devices"
						    : "none"),
	       g_string_free(evidence, FALSE));
}

void compare_answer_all(const struct compare_sums *sums, struct compare_answer *answers)
{
	static const struct {
		const char *key, *question;
		void (*answer)(const struct compare_sums *sums, struct compare_answer *out);
	} questions[COMPARE_ANSWERS] = {
		{"email_location",       "email location",      email_location },
		{ "multi_device_access", "multi-device access", multi_device   },
		{ "storage",             "storage",             storage        },
		{ "offline_access",      "offline access",      offline_access },
		{ "synchronisation",     "synchronisation",     synchronisation},
		{ "server_storage",      "server storage",      server_storage },
		{ "backup",              "backup",              backup         },
		{ "best_for",            "best for",            NULL           },
	};

	for (unsigned i = 0; i < COMPARE_ANSWERS; i++) {
		answers[i].key = questions[i].key;
		answers[i].question = questions[i].question;
		if (questions[i].answer != NULL)
			questions[i].answer(sums, &answers[i]);
	}
}

/* What a run may be best for, and the figures, summed over their subjects, that decide it. */
static const struct {
	const char *what;
	const char *key;
} merits[] = {
	{"several devices",            "reachable"   },
        { "reading without a network", "offline"     },
	{ "keeping mail safe",         "lost_with"   },
        { "short connections",         "online"      },
	{ "a cheap line",              "line_cost"   },
        { "little traffic",            "wire_bytes"  },
	{ "a small server",            "server_bytes"},
        { "taking all mail in",        "undelivered" },
};

/* What the figures of `kind` are called, without their subject: "kept on server". */
static void append_label(GString *out, const struct figure_kind *kind)
{
	const char *place = strstr(kind->label, "%s");
	size_t length = place == NULL ? strlen(kind->label) : (size_t)(place - kind->label);

	while (length > 0 && strchr(": ", kind->label[length - 1]) != NULL)
		length--;
	g_string_append_len(out, kind->label, (gssize)length);
}

/* The kind of the run's figures with this key; NULL: it has none. */
static const struct figure_kind *kind_of(const struct compare_result *result, const char *key)
{
	for (guint i = 0; i < result->figures->len; i++) {
		const struct figure *figure = &g_array_index(result->figures, struct figure, i);

		if (strcmp(figure->kind->key, key) == 0)
			return figure->kind;
	}
	return NULL;
}

/* A merit as a number, more of which is better; false: the run has no such figure. */
static bool measure(const struct compare_result *result, const char *key, double *out)
{
	double value = 0, of = 0;
	const struct figure_kind *kind = NULL;

	for (guint i = 0; i < result->figures->len; i++) {
		const struct figure *figure = &g_array_index(result->figures, struct figure, i);

		if (strcmp(figure->kind->key, key) != 0 || !figure->is_known)
			continue;
		kind = figure->kind;
		value += (double)figure->value;
		of += (double)figure->of;
	}
	if (kind == NULL || (kind->unit == FIGURE_SHARE && of == 0))
		return false;
	if (kind->unit == FIGURE_SHARE)
		value /= of;
	*out = kind->better == FIGURE_MORE ? value : -value;
	return true;
}

/* Better than some other run by more than a tenth, and worse than none. */
static bool is_best(const struct comparison *comparison, unsigned run, const char *key)
{
	bool is_better = false;
	double own, other;

	if (!measure(comparison->results[run], key, &own))
		return false;
	for (unsigned i = 0; i < comparison->count; i++) {
		if (i == run || !measure(comparison->results[i], key, &other))
			continue;
		if (other > own)
			return false;
		is_better |= own - other > 0.1 * MAX(ABS(own), ABS(other));
	}
	return is_better;
}

void compare_judge(const struct comparison *comparison)
{
	for (unsigned run = 0; run < comparison->count && comparison->count > 1; run++) {
		struct compare_answer *best =
		    &comparison->results[run]->answers[COMPARE_ANSWERS - 1];
		GString *what = g_string_new(NULL);
		GString *labels = g_string_new("better in: ");

		for (size_t i = 0; i < G_N_ELEMENTS(merits); i++) {
			if (!is_best(comparison, run, merits[i].key))
				continue;
			g_string_append(labels, what->len > 0 ? ", " : "");
			append_label(labels, kind_of(comparison->results[run], merits[i].key));
			g_string_append_printf(what, "%s%s", what->len > 0 ? ", " : "",
					       merits[i].what);
		}
		g_free(best->answer);
		g_free(best->evidence);
		if (what->len == 0) {
			g_string_assign(what, "nothing in particular");
			g_string_assign(labels, "better in no figure than the others");
		}
		best->answer = g_string_free(what, FALSE);
		best->evidence = g_string_free(labels, FALSE);
	}
}
