#include "app/dissectors.h"

#include <stddef.h>
#include "protocols/dns/dissect.h"
#include "protocols/http/dissect.h"
#include "protocols/imap/dissect.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "protocols/tls/dissect.h"

const struct dissector *const all_dissectors[] = {
	&dns_dissector,
	&smtp_dissector,
	&pop3_dissector,
	&imap_dissector,
	&http_dissector,
	&tls_dissector,
	NULL,
};
