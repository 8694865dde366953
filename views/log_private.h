/* The parts of the log that its own files share. */
#pragma once
#include "views/crossing.h"
#include "views/log.h"

#define LOG_TEXT_COLUMN 30 /* where the description of a header begins */
#define LOG_SIZE_COLUMN 112

/*
 * The description of the header of `layer` in `frame`, e.g. "192.0.2.10 → 192.0.2.70 (mail), TTL 64",
 * and in `size_bytes` what is left from there to the end of the packet, padding not counted.
 * False when the frame has no such header.
 */
bool log_describe(GString *out, const struct model *model, unsigned layer, struct bytes frame,
                  size_t *header_bytes, size_t *size_bytes);

/* What happened to the IPv4 header between `in` and `out`: TTL and checksum. */
void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame);

/* Appends the escape sequence of the layer's colour, or nothing. */
void log_colour(GString *out, bool colour, unsigned layer);
void log_plain(GString *out, bool colour);

/* Pads `line`, which may hold UTF-8 and colours, with spaces to `column`. */
void log_pad(GString *line, size_t from, unsigned column);
