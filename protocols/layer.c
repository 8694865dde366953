#include "protocols/layer.h"

#include "protocols/dns/names.h"
#include "protocols/http/names.h"
#include "protocols/imap/names.h"
#include "protocols/mail/names.h"
#include "protocols/pop3/names.h"
#include "protocols/smtp/names.h"
#include "protocols/tls/names.h"

const struct layer_names *const protocol_layer_names[] = {
	&dns_layer_names,  &smtp_layer_names, &pop3_layer_names, &imap_layer_names,
	&http_layer_names, &tls_layer_names,  &mail_layer_names,
};

const unsigned protocol_layer_names_count =
    sizeof protocol_layer_names / sizeof protocol_layer_names[0];
