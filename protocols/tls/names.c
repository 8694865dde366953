#include "protocols/tls/names.h"

#include <stddef.h>
#include "protocols/layer.h"

static const char *const details[TLS_DETAIL_COUNT] = {
	[TLS_RECORD_CHANGE_CIPHER_SPEC] = "change cipher spec",
	[TLS_RECORD_ALERT] = "alert",
	[TLS_RECORD_HANDSHAKE] = "handshake",
	[TLS_RECORD_APPLICATION_DATA] = "application data",
	[TLS_RECORD_OTHER] = "record",
	[TLS_BEGINS] = "TLS begins",
	[TLS_SECURED] = "TLS handshake done",
	[TLS_BROKEN] = "TLS failed",
	[TLS_DISCARDED] = "TLS: plaintext thrown away",
	[TLS_SECRET] = "secret",
};

const struct layer_names tls_layer_names = {
	.layer = LAYER_TLS,
	.name = "TLS",
	.key = "tls",
	.details = details,
	.detail_count = TLS_DETAIL_COUNT,
};

enum tls_detail tls_record_detail(unsigned content)
{
	switch (content) {
	case TLS_CHANGE_CIPHER_SPEC:
		return TLS_RECORD_CHANGE_CIPHER_SPEC;
	case TLS_ALERT:
		return TLS_RECORD_ALERT;
	case TLS_HANDSHAKE:
		return TLS_RECORD_HANDSHAKE;
	case TLS_APPLICATION_DATA:
		return TLS_RECORD_APPLICATION_DATA;
	default:
		return TLS_RECORD_OTHER;
	}
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* HandshakeType (RFC 8446 section 4, RFC 5246 section 7.4). */
static const char *const handshakes[] = {
	[0] = "HelloRequest",     [1] = "ClientHello",        [2] = "ServerHello",
	[4] = "NewSessionTicket", [5] = "EndOfEarlyData",     [8] = "EncryptedExtensions",
	[11] = "Certificate",     [12] = "ServerKeyExchange", [13] = "CertificateRequest",
	[14] = "ServerHelloDone", [15] = "CertificateVerify", [16] = "ClientKeyExchange",
	[20] = "Finished",        [22] = "CertificateStatus", [24] = "KeyUpdate",
};

const char *tls_handshake_name(unsigned type)
{
	return type < COUNT_OF(handshakes) && handshakes[type] != NULL ? handshakes[type]
								       : "handshake message";
}

/* AlertDescription (RFC 8446 section 6, RFC 5246 section 7.2). */
static const char *const alerts[] = {
	[0] = "close_notify",
	[10] = "unexpected_message",
	[20] = "bad_record_mac",
	[22] = "record_overflow",
	[40] = "handshake_failure",
	[42] = "bad_certificate",
	[43] = "unsupported_certificate",
	[44] = "certificate_revoked",
	[45] = "certificate_expired",
	[46] = "certificate_unknown",
	[47] = "illegal_parameter",
	[48] = "unknown_ca",
	[49] = "access_denied",
	[50] = "decode_error",
	[51] = "decrypt_error",
	[70] = "protocol_version",
	[71] = "insufficient_security",
	[80] = "internal_error",
	[86] = "inappropriate_fallback",
	[90] = "user_canceled",
	[100] = "no_renegotiation",
	[109] = "missing_extension",
	[110] = "unsupported_extension",
	[112] = "unrecognized_name",
	[113] = "bad_certificate_status_response",
	[115] = "unknown_psk_identity",
	[116] = "certificate_required",
	[120] = "no_application_protocol",
};

const char *tls_alert_name(unsigned description)
{
	return description < COUNT_OF(alerts) && alerts[description] != NULL ? alerts[description]
									     : "unknown alert";
}

const char *tls_version_name(unsigned version)
{
	switch (version) {
	case TLS_1_3:
		return "TLS 1.3";
	case TLS_1_2:
		return "TLS 1.2";
	case 0x0302:
		return "TLS 1.1";
	case 0x0301:
		return "TLS 1.0";
	default:
		return "an unknown version";
	}
}
