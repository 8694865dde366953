/* Names the commands, replies, listings and messages in the bytes of a POP3 connection. Pure. */
#pragma once
#include "protocols/dissect.h"
#include "protocols/pop3/names.h"

extern const struct dissector pop3_dissector;
