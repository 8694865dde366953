/*
 * Capabilities of an IMAP server (RFC 3501 section 6.1.1): their names, what each needs, and sets of
 * them. A server offers all it knows but those taken away; what is not offered is refused.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "protocols/sasl/sasl.h"
#include "sim/bytes.h"

/* In the order in which they are listed. */
enum imap_capability {
	IMAP_CAN_REV1,
	IMAP_CAN_REV2, /* RFC 9051 */
	IMAP_CAN_SASL_IR,
	IMAP_CAN_ID,
	IMAP_CAN_ENABLE,
	IMAP_CAN_IDLE,
	IMAP_CAN_SORT,
	IMAP_CAN_THREAD_SUBJECT,
	IMAP_CAN_THREAD_REFERENCES,
	IMAP_CAN_MULTIAPPEND,
	IMAP_CAN_UNSELECT,
	IMAP_CAN_CHILDREN,
	IMAP_CAN_NAMESPACE,
	IMAP_CAN_UIDPLUS,
	IMAP_CAN_LIST_EXTENDED,
	IMAP_CAN_CONDSTORE,
	IMAP_CAN_QRESYNC,
	IMAP_CAN_ESEARCH,
	IMAP_CAN_SEARCHRES,
	IMAP_CAN_WITHIN,
	IMAP_CAN_LIST_STATUS,
	IMAP_CAN_BINARY,
	IMAP_CAN_MOVE,
	IMAP_CAN_STATUS_SIZE,
	IMAP_CAN_LITERAL_PLUS,
	IMAP_CAN_SPECIAL_USE,
	IMAP_CAN_QUOTA,
	IMAP_CAN_QUOTA_STORAGE,
	IMAP_CAN_ACL,
	IMAP_CAN_RIGHTS,
	IMAP_CAN_AUTH_SCRAM_SHA_256,
	IMAP_CAN_AUTH_CRAM_MD5,
	IMAP_CAN_AUTH_PLAIN,
	IMAP_CAN_AUTH_LOGIN,
	IMAP_CAPABILITY_COUNT,
};

/* A set: bit n is the capability n. */
typedef uint64_t imap_capability_set;

static inline imap_capability_set imap_capability_bit(enum imap_capability capability)
{
	return UINT64_C(1) << capability;
}

static inline bool imap_capability_is_in(imap_capability_set set, enum imap_capability capability)
{
	return (set & imap_capability_bit(capability)) != 0;
}

/* What is offered without `without`, and without what needs something that is not there. */
imap_capability_set imap_capabilities_without(imap_capability_set without);

/* The capability of that name, in any case; false when there is none. */
bool imap_capability_by_name(struct bytes name, enum imap_capability *capability);

/* Its name; valid for ever. */
const char *imap_capability_name(enum imap_capability capability);

/* The capability that offers a mechanism: "AUTH=PLAIN". */
enum imap_capability imap_capability_of_mechanism(enum sasl_mechanism mechanism);

/* IMAP4rev1 is what the server is; every other one may be taken away. */
bool imap_capability_is_optional(enum imap_capability capability);

/* Appends the names of those in `set` that a client sees before or after it has logged in. */
void imap_capabilities_print(GString *out, imap_capability_set set, bool is_authenticated);
