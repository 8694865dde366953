/* One colour for each layer in everything drawn: dark for lines and letters, light to fill with. */
#pragma once
#include <stdint.h>

struct palette_colour {
	const char *ink, *fill; /* "#5b2a86" */
};

/* Of a layer of protocols/layer.h; never NULL. Letters in ink on fill, and on white, have a contrast of 4.5. */
const struct palette_colour *palette_colour(uint8_t layer);

#define PALETTE_PAPER  "#ffffff"
#define PALETTE_TEXT   "#1f2328"
#define PALETTE_FAINT  "#57606a" /* captions, axes */
#define PALETTE_LINE   "#d0d7de"
#define PALETTE_CHANGE "#b3201b" /* what changed */
