#include "protocols/programs/stamp.h"

#include "protocols/mail/message.h"
#include "stack/address.h"

static struct bytes bytes_in(GBytes *data)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(data, &length);

	return (struct bytes) { octets, length };
}

unsigned stamp_count_hops(GBytes *data)
{
	struct bytes header = message_header_section(bytes_in(data));
	unsigned hops = 0;
	struct bytes line;
	size_t length;

	while ((length = session_line(header, true, &line)) != 0) {
		if (line.length >= strlen("Received:") &&
		    g_ascii_strncasecmp((const char *)line.data, "Received:", 9) == 0)
			hops++;
		header = bytes_from(header, length);
	}
	return hops;
}

/* As Postfix does (smtpd_tls_received_header), by the names of OpenSSL: "TLSv1.3". */
static void append_protection(GString *out, const struct tls_protection *protection)
{
	const char *space = strchr(protection->version, ' ');

	g_string_append_printf(out, "\t(using TLSv%s with cipher %s (%d/%d bits))\r\n",
			       space != NULL ? space + 1 : protection->version, protection->cipher,
			       protection->bits, protection->bits);
}

/*
 * Received: from vm (client1.corp.test [192.168.10.11])
 *         by mail.corp.test (mailwire) with ESMTPA id 643D2512022
 *         for <rita@remote.test>; Sun, 22 Nov 2026 01:14:58 +0000 (UTC)
 * With several recipients none is named: they need not know of each other (section 7.2).
 */
static void append_received(GString *out, const struct smtp_arrival *arrival,
			    const struct stamp *stamp)
{
	char address[IPV4_TEXT_BYTES];
	char *date = message_date(stamp->unix_time, 0);

	g_string_append_printf(out, "Received: from %s (%s [%s])\r\n", arrival->helo,
			       arrival->client_name, ipv4_print(arrival->client_address, address));
	if (arrival->protection != NULL)
		append_protection(out, arrival->protection);
	g_string_append_printf(out, "\tby %s (%s) with %s id %s", stamp->host_name, stamp->software,
			       arrival->protocol, stamp->queue_id);
	if (arrival->recipient_count == 1)
		g_string_append_printf(out, "\r\n\tfor <%s>; ", arrival->recipients[0]);
	else
		g_string_append(out, ";\r\n\t");
	g_string_append_printf(out, "%s (UTC)\r\n", date);
	g_free(date);
}

static bool lacks(struct bytes header, const char *name)
{
	char *value = message_header(header, name);
	bool is_missing = value == NULL;

	g_free(value);
	return is_missing;
}

static void append_missing(GString *out, struct bytes header, const struct stamp *stamp)
{
	if (lacks(header, "Message-ID")) {
		GDateTime *time = g_date_time_new_from_unix_utc(stamp->unix_time);
		char *text = g_date_time_format(time, "%Y%m%d%H%M%S");

		g_string_append_printf(out, "Message-Id: <%s.%s@%s>\r\n", text, stamp->queue_id,
				       stamp->host_name);
		g_free(text);
		g_date_time_unref(time);
	}
	if (lacks(header, "Date")) {
		char *date = message_date(stamp->unix_time, 0);

		g_string_append_printf(out, "Date: %s\r\n", date);
		g_free(date);
	}
}

GBytes *stamp_arrival(const struct smtp_arrival *arrival, const struct stamp *stamp)
{
	GString *fields = g_string_new(NULL);
	GBytes *data;

	append_received(fields, arrival, stamp);
	if (stamp->completes)
		append_missing(fields, message_header_section(bytes_in(arrival->data)), stamp);
	data = message_prepend(arrival->data, fields->str);
	g_string_free(fields, TRUE);
	return data;
}
