/* The network of a run as a graph for Graphviz, from the trace alone. */
#include "stack/address.h"
#include "views/figures.h"
#include "views/palette.h"
#include "protocols/layer.h"
#include "sim/world.h"

static void append_quoted(GString *dot, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(dot, '\\');
		g_string_append_c(dot, (unsigned char)*c < 0x20 ? ' ' : *c);
	}
}

static void append_node(GString *dot, const struct model_node *node, uint32_t index)
{
	static const char *const looks[] = {
		[NODE_HOST] = "shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"",
		[NODE_ROUTER] = "shape=ellipse, style=filled",
		[NODE_SWITCH] = "shape=box, style=filled, fontsize=11, height=0.25",
	};
	uint8_t layer = node->kind == NODE_ROUTER ? LAYER_IPV4 : LAYER_ETHERNET;
	const struct palette_colour *colour = palette_colour(layer);

	g_string_append_printf(dot, "  n%u [%s, label=\"", index, looks[node->kind]);
	append_quoted(dot, node->name);
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *interface = node->interfaces->pdata[i];
		char address[IPV4_TEXT_BYTES];

		if (interface != NULL && interface->address != 0)
			g_string_append_printf(dot, "\\n%s",
					       ipv4_print(interface->address, address));
	}
	g_string_append(dot, "\"");
	if (node->kind != NODE_HOST)
		g_string_append_printf(dot, ", color=\"%s\", fillcolor=\"%s\"", colour->ink,
				       colour->fill);
	g_string_append(dot, "];\n");
}

/* Each cable from its lower end. */
static void append_cables(GString *dot, const struct model_node *node, uint32_t index)
{
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *interface = node->interfaces->pdata[i];
		uint32_t peer = interface == NULL ? 0 : (uint32_t)(interface->peer >> 16);

		if (peer > index)
			g_string_append_printf(dot, "  n%u -- n%u;\n", index, peer);
	}
}

char *figure_network_dot(const struct model *model)
{
	GString *dot = g_string_new(
	    "graph network {\n"
	    "  graph [layout=neato, overlap=false, splines=true, start=7, ratio=0.7, sep=\"+4\", "
	    "fontname=\"DejaVu Sans\", bgcolor=transparent];\n"
	    "  node [fontname=\"DejaVu Sans\", fontsize=13, color=\"#57606a\"];\n"
	    "  edge [color=\"#8c959f\", len=0.9];\n");

	for (uint32_t i = 1; i <= model_node_count(model); i++)
		append_node(dot, model_node(model, i), i);
	for (uint32_t i = 1; i <= model_node_count(model); i++)
		append_cables(dot, model_node(model, i), i);
	g_string_append(dot, "}\n");
	return g_string_free(dot, FALSE);
}
