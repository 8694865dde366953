#include "protocols/imap/capability.h"
#include "protocols/imap/parser.h"

#define BIT(capability) (UINT64_C(1) << IMAP_CAN_##capability)

/* What IMAP4rev2 has inside that IMAP4rev1 knows as extensions (RFC 9051 appendix E). */
#define REV2_NEEDS                                                                                 \
	(BIT(SASL_IR) | BIT(ENABLE) | BIT(IDLE) | BIT(UNSELECT) | BIT(CHILDREN) | BIT(NAMESPACE) | \
	 BIT(UIDPLUS) | BIT(LIST_EXTENDED) | BIT(ESEARCH) | BIT(SEARCHRES) | BIT(LIST_STATUS) |    \
	 BIT(BINARY) | BIT(MOVE) | BIT(STATUS_SIZE) | BIT(LITERAL_PLUS) | BIT(SPECIAL_USE))

/* When a client is told of it: what it can use before it has logged in, and what only then. */
enum when { ALWAYS, BEFORE_LOGIN, AFTER_LOGIN };

static const struct {
	const char *name;
	enum when when;
	imap_capability_set needs;
} capabilities[IMAP_CAPABILITY_COUNT] = {
	[IMAP_CAN_REV1] = {"IMAP4rev1",              ALWAYS,       0                           },
	[IMAP_CAN_REV2] = { "IMAP4rev2",             ALWAYS,       REV2_NEEDS                  },
	[IMAP_CAN_SASL_IR] = { "SASL-IR",               ALWAYS,       0                           },
	[IMAP_CAN_ID] = { "ID",                    ALWAYS,       0                           },
	[IMAP_CAN_ENABLE] = { "ENABLE",                ALWAYS,       0                           },
	[IMAP_CAN_IDLE] = { "IDLE",                  ALWAYS,       0                           },
	[IMAP_CAN_SORT] = { "SORT",                  AFTER_LOGIN,  0                           },
	[IMAP_CAN_THREAD_SUBJECT] = { "THREAD=ORDEREDSUBJECT", AFTER_LOGIN,  0                           },
	[IMAP_CAN_THREAD_REFERENCES] = { "THREAD=REFERENCES",     AFTER_LOGIN,  0                           },
	[IMAP_CAN_MULTIAPPEND] = { "MULTIAPPEND",           AFTER_LOGIN,  0                           },
	[IMAP_CAN_UNSELECT] = { "UNSELECT",              AFTER_LOGIN,  0                           },
	[IMAP_CAN_CHILDREN] = { "CHILDREN",              AFTER_LOGIN,  0                           },
	[IMAP_CAN_NAMESPACE] = { "NAMESPACE",             AFTER_LOGIN,  0                           },
	[IMAP_CAN_UIDPLUS] = { "UIDPLUS",               AFTER_LOGIN,  0                           },
	[IMAP_CAN_LIST_EXTENDED] = { "LIST-EXTENDED",         AFTER_LOGIN,  BIT(CHILDREN)               },
	[IMAP_CAN_CONDSTORE] = { "CONDSTORE",             AFTER_LOGIN,  0                           },
	[IMAP_CAN_QRESYNC] = { "QRESYNC",               AFTER_LOGIN,  BIT(CONDSTORE) | BIT(ENABLE)},
	[IMAP_CAN_ESEARCH] = { "ESEARCH",               AFTER_LOGIN,  0                           },
	[IMAP_CAN_SEARCHRES] = { "SEARCHRES",             AFTER_LOGIN,  BIT(ESEARCH)                },
	[IMAP_CAN_WITHIN] = { "WITHIN",                AFTER_LOGIN,  0                           },
	[IMAP_CAN_LIST_STATUS] = { "LIST-STATUS",           AFTER_LOGIN,  BIT(LIST_EXTENDED)          },
	[IMAP_CAN_BINARY] = { "BINARY",                AFTER_LOGIN,  0                           },
	[IMAP_CAN_MOVE] = { "MOVE",                  AFTER_LOGIN,  0                           },
	[IMAP_CAN_STATUS_SIZE] = { "STATUS=SIZE",           AFTER_LOGIN,  0                           },
	[IMAP_CAN_LITERAL_PLUS] = { "LITERAL+",              ALWAYS,       0                           },
	[IMAP_CAN_SPECIAL_USE] = { "SPECIAL-USE",           AFTER_LOGIN,  0                           },
	[IMAP_CAN_QUOTA] = { "QUOTA",                 AFTER_LOGIN,  0                           },
	[IMAP_CAN_QUOTA_STORAGE] = { "QUOTA=RES-STORAGE",     AFTER_LOGIN,  BIT(QUOTA)                  },
	[IMAP_CAN_ACL] = { "ACL",                   AFTER_LOGIN,  0                           },
	[IMAP_CAN_RIGHTS] = { "RIGHTS=texk",           AFTER_LOGIN,  BIT(ACL)                    },
	[IMAP_CAN_AUTH_SCRAM_SHA_256] = { "AUTH=SCRAM-SHA-256",    BEFORE_LOGIN, 0                           },
	[IMAP_CAN_AUTH_CRAM_MD5] = { "AUTH=CRAM-MD5",         BEFORE_LOGIN, 0                           },
	[IMAP_CAN_AUTH_PLAIN] = { "AUTH=PLAIN",            BEFORE_LOGIN, 0                           },
	[IMAP_CAN_AUTH_LOGIN] = { "AUTH=LOGIN",            BEFORE_LOGIN, 0                           },
};

imap_capability_set imap_capabilities_without(imap_capability_set without)
{
	imap_capability_set offered = (UINT64_C(1) << IMAP_CAPABILITY_COUNT) - 1;
	imap_capability_set before;

	offered &= ~(without & ~BIT(REV1));
	do {
		before = offered;
		for (unsigned i = 0; i < IMAP_CAPABILITY_COUNT; i++)
			if (capabilities[i].needs & ~offered)
				offered &= ~(UINT64_C(1) << i);
	} while (offered != before);
	return offered;
}

bool imap_capability_by_name(struct bytes name, enum imap_capability *capability)
{
	for (unsigned i = 0; i < IMAP_CAPABILITY_COUNT; i++) {
		if (!imap_is(name, capabilities[i].name))
			continue;
		*capability = (enum imap_capability)i;
		return true;
	}
	return false;
}

const char *imap_capability_name(enum imap_capability capability)
{
	return capabilities[capability].name;
}

enum imap_capability imap_capability_of_mechanism(enum sasl_mechanism mechanism)
{
	static const enum imap_capability of_mechanism[SASL_MECHANISM_COUNT] = {
		[SASL_LOGIN] = IMAP_CAN_AUTH_LOGIN,
		[SASL_PLAIN] = IMAP_CAN_AUTH_PLAIN,
		[SASL_CRAM_MD5] = IMAP_CAN_AUTH_CRAM_MD5,
		[SASL_SCRAM_SHA_256] = IMAP_CAN_AUTH_SCRAM_SHA_256,
	};

	return of_mechanism[mechanism];
}

bool imap_capability_is_optional(enum imap_capability capability)
{
	return capability != IMAP_CAN_REV1;
}

void imap_capabilities_print(GString *out, imap_capability_set set, bool is_authenticated)
{
	enum when hidden = is_authenticated ? BEFORE_LOGIN : AFTER_LOGIN;
	const char *separator = "";

	for (unsigned i = 0; i < IMAP_CAPABILITY_COUNT; i++) {
		if (!imap_capability_is_in(set, (enum imap_capability)i) ||
		    capabilities[i].when == hidden)
			continue;
		g_string_append_printf(out, "%s%s", separator, capabilities[i].name);
		separator = " ";
	}
}
