/* Names the commands, replies and messages in a piece of an SMTP connection, for views. Pure. */
#pragma once
#include "protocols/dissect.h"

/*
 * Units' `kind` is enum smtp_detail. Depth 0: a command line, a reply with all its lines, a message
 * up to its closing dot, a chunk. Depth 1: argument and parameters of a command; code, status and
 * text of a reply, or its lines; the closing dot.
 */
extern const struct dissector smtp_dissector;
