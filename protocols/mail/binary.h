/* Messages with parts of any bytes ("Content-Transfer-Encoding: binary", RFC 3030 and 3516). */
#pragma once
#include "protocols/mail/message.h"

/* The same message (taken) with every binary part in base64; itself when it has none. */
GBytes *message_without_binary(GBytes *bytes);
