/* Names the commands, responses and literals in a piece of an IMAP connection, for views. */
#pragma once
#include "protocols/dissect.h"

/* Units' `kind` is enum imap_detail. */
extern const struct dissector imap_dissector;
