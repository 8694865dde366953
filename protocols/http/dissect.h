/* Names the heads and the content of HTTP messages in a range of bytes: for views. */
#pragma once
#include "protocols/dissect.h"

extern const struct dissector http_dissector;
