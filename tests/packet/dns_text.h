/* DNS messages as words of a dialogue (tests/packet/README.md), both ways. */
#pragma once
#include "sim/bytes.h"
#include "tests/packet/words.h"

/* Appends "dns id 1 rd ? A mail.office.example"; false, `out` untouched, when it is no message. */
bool dns_text_of(struct bytes message, GString *out);

/* True when `word` ends the words of a message: it belongs to the packet around it. */
typedef bool dns_text_ends(const char *word);

/* Builds the message that the words behind "dns" describe. */
void dns_text_build(struct words *words, dns_text_ends *ends, GByteArray *out);
