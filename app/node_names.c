#include "app/node_names.h"

#include "app/command.h"

bool node_names_choose(const struct model *model, const char *names, const char *file, bool **nodes)
{
	g_auto(GStrv) list = NULL;

	*nodes = NULL;
	if (names == NULL)
		return true;
	list = command_split_names("--host", names);
	if (list == NULL)
		return false;
	*nodes = g_new0(bool, model_node_count(model) + 1);
	for (char **name = list; *name != NULL; name++) {
		uint32_t node = model_find_node(model, *name);

		if (node == 0) {
			command_complain("--host: there is no host, router or switch \"%s\"; "
					 "mailwire topology %s lists them",
					 *name, file);
			return false;
		}
		(*nodes)[node] = true;
	}
	return true;
}
