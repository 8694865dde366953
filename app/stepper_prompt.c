/* Texts that are typed: what to search, where to go, what to show. */
#include <string.h>
#include "app/stepper_private.h"
#include "views/names.h"

#define PROMPT_BYTES_MAX 200

/* "1.5", "1.5s", "300ms"; false: none. */
static bool parse_time(const char *text, int64_t *time_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{"",    1e9 },
                { "s",  1e9 },
                { "ms", 1e6 },
                { "us", 1e3 },
                { "m",  60e9},
	};
	char *end;
	double number = g_ascii_strtod(text, &end);

	if (end == text || !(number >= 0 && number < 1e9))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strcmp(g_strchug(end), units[i].unit) == 0) {
			*time_ns = (int64_t)(number * units[i].ns);
			return true;
		}
	}
	return false;
}

static void enter_number(struct stepper *stepper, const char *text)
{
	guint64 number;

	if (g_ascii_string_to_unsigned(text, 10, 1, MAX(stepper->visible->len, 1), &number, NULL) &&
	    stepper->visible->len > 0)
		stepper_go_to(stepper, g_array_index(stepper->visible, uint32_t, number - 1));
	else
		stepper_say(stepper,
			    g_strdup_printf("steps go from 1 to %u", stepper->visible->len));
}

static void enter_time(struct stepper *stepper, char *text)
{
	int64_t time_ns;

	if (parse_time(text, &time_ns))
		stepper_go_time(stepper, time_ns);
	else
		stepper_say(stepper, g_strdup("a time, such as 1.5s or 300ms"));
}

void stepper_say_how_many(struct stepper *stepper)
{
	stepper_say(stepper, g_strdup_printf("%u of %u events are shown", stepper->visible->len,
					     history_event_count(stepper->history)));
}

static void enter_layers(struct stepper *stepper, const char *text)
{
	g_auto(GStrv) keys = g_strsplit_set(text, ", ", -1);
	uint64_t layers = 0;

	for (char **key = keys; *key != NULL; key++) {
		int layer = **key == '\0' ? -2 : view_layer_find(*key);

		if (layer == -1) {
			g_autofree char *all = view_layer_keys();

			stepper_say(stepper,
				    g_strdup_printf("no layer \"%s\"; there are %s", *key, all));
			return;
		}
		if (layer >= 0)
			layers |= UINT64_C(1) << layer;
	}
	stepper->layers = layers;
	stepper_filter(stepper);
	stepper_say_how_many(stepper);
}

/* The nodes that `names` are, by index; NULL after saying which is none. To be freed. */
static bool *find_nodes(struct stepper *stepper, char **names, bool *has_any)
{
	const struct model *model = history_model(stepper->history);
	bool *nodes = g_new0(bool, model_node_count(model) + 1);

	for (*has_any = false; *names != NULL; names++) {
		uint32_t node = **names == '\0' ? 0 : model_find_node(model, *names);

		if (**names != '\0' && node == 0) {
			stepper_say(stepper,
				    g_strdup_printf("no host, router or switch \"%s\"", *names));
			g_free(nodes);
			return NULL;
		}
		nodes[node] = true;
		*has_any = *has_any || node != 0;
	}
	return nodes;
}

static void enter_hosts(struct stepper *stepper, const char *text)
{
	g_auto(GStrv) names = g_strsplit_set(text, ", ", -1);
	bool has_any, *nodes = find_nodes(stepper, names, &has_any);

	if (nodes == NULL)
		return;
	g_free(stepper->nodes);
	stepper->nodes = nodes;
	if (!has_any)
		g_clear_pointer(&stepper->nodes, g_free);
	stepper_filter(stepper);
	stepper_say_how_many(stepper);
}

static void enter_search(struct stepper *stepper, const char *text)
{
	if (*text != '\0') {
		g_free(stepper->searched);
		stepper->searched = g_utf8_casefold(text, -1);
	}
	stepper_search(stepper, 1);
}

static void enter_prompt(struct stepper *stepper)
{
	g_autofree char *text = g_strdup(stepper->typed->str);

	switch (stepper->prompt) {
	case PROMPT_SEARCH:
		enter_search(stepper, text);
		break;
	case PROMPT_NUMBER:
		enter_number(stepper, text);
		break;
	case PROMPT_TIME:
		enter_time(stepper, text);
		break;
	case PROMPT_BREAK:
		stepper_set_condition(stepper, text);
		break;
	case PROMPT_LAYERS:
		enter_layers(stepper, text);
		break;
	case PROMPT_HOSTS:
		enter_hosts(stepper, text);
		break;
	case PROMPT_NONE:
		break;
	}
	stepper->prompt = PROMPT_NONE;
}

void stepper_open_prompt(struct stepper *stepper, enum prompt prompt)
{
	stepper->prompt = prompt;
	g_string_truncate(stepper->typed, 0);
}

void stepper_press_in_prompt(struct stepper *stepper, unsigned key)
{
	GString *typed = stepper->typed;

	if (key == STEPPER_ENTER)
		enter_prompt(stepper);
	else if (key == STEPPER_ESCAPE)
		stepper->prompt = PROMPT_NONE;
	else if (key == STEPPER_BACKSPACE && typed->len > 0)
		g_string_truncate(
		    typed, (gsize)(g_utf8_find_prev_char(typed->str, typed->str + typed->len) -
				   typed->str));
	else if (key < STEPPER_LEFT && g_unichar_isprint(key) && typed->len < PROMPT_BYTES_MAX)
		g_string_append_unichar(typed, key);
}
