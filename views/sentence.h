/*
 * One sentence that says what a frame carries and why, from its bytes and the model: for packet
 * comments, the log's titles and the stepper.
 */
#pragma once
#include "views/model.h"

/*
 * The sentence for a packet, e.g. "alice-pc asks dns for the mail exchanger of remote.example". What
 * a command or reply is for comes behind it and a dash. Appends to `out`; no final line end.
 */
void sentence_append_account(GString *out, const struct account *account);

/* The same for `frame` (Ethernet, no FCS) of a run, which is of `packet`. */
void sentence_append(GString *out, const struct model *model, uint64_t packet, struct bytes frame);

/* The same for those who have none of TLS's secrets: what is encrypted is not told. */
void sentence_append_outside(GString *out, const struct model *model, uint64_t packet,
			     struct bytes frame);

#define SENTENCE_DASH " — " /* between what is said and what it is for */

/* How many bytes of a sentence say what happens, without what it is for. */
size_t sentence_short_bytes(struct bytes sentence);

/* The name of a host with this address, as `names` has it; else the address, printed into `out`. */
#define SENTENCE_HOST_BYTES IPV6_ADDRESS_TEXT_BYTES
const char *sentence_host(const struct view_names *names, struct ip_address address,
			  char out[SENTENCE_HOST_BYTES]);

/* What Linux's /etc/services calls the ports mail uses: "submission"; NULL: no name. */
const char *sentence_service(uint16_t port);
