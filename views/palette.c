#include "views/palette.h"

#include <glib.h>
#include "protocols/layer.h"

/* The hues of views/layout.c, dark enough for letters on paper. */
static const struct palette_colour colours[LAYER_COUNT] = {
	[LAYER_USER] = {"#1f2328",  "#f6f8fa"},
          [LAYER_LINK] = { "#57606a", "#f6f8fa"},
	[LAYER_ETHERNET] = { "#6b4f2a", "#f1ebe1"},
          [LAYER_ARP] = { "#8a4b00", "#fdf0dc"},
	[LAYER_IPV4] = { "#006a43", "#e0f3ea"},
          [LAYER_ICMP] = { "#9c2f57", "#fbe8ef"},
	[LAYER_UDP] = { "#00607a", "#def3f8"},
          [LAYER_TCP] = { "#0a57a8", "#e2effb"},
	[LAYER_FILTER] = { "#a11414", "#fbe6e6"},
          [LAYER_NAT] = { "#6f5600", "#f9f1d2"},
	[LAYER_TAMPER] = { "#a11414", "#fbe6e6"},
          [LAYER_DNS] = { "#2b6650", "#e3f2ec"},
	[LAYER_SMTP] = { "#7a35a0", "#f3e8fa"},
          [LAYER_POP3] = { "#7a35a0", "#f3e8fa"},
	[LAYER_IMAP] = { "#7a35a0", "#f3e8fa"},
          [LAYER_HTTP] = { "#7a35a0", "#f3e8fa"},
	[LAYER_TLS] = { "#0f6320", "#e2f3e4"},
          [LAYER_MAIL] = { "#5d1f85", "#efe0f8"},
};

static const struct palette_colour plain = { PALETTE_TEXT, "#f6f8fa" };

const struct palette_colour *palette_colour(uint8_t layer)
{
	if (layer >= G_N_ELEMENTS(colours) || colours[layer].ink == NULL)
		return &plain;
	return &colours[layer];
}
