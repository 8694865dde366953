#include "protocols/programs/dsn.h"

#include "protocols/mail/convert.h"
#include "protocols/mail/message.h"

const char *const dsn_subjects[DSN_ACTION_COUNT] = {
	[DSN_FAILED] = "Undelivered Mail Returned to Sender",
	[DSN_DELAYED] = "Delayed Mail (still being retried)",
	[DSN_SUCCEEDED] = "Successful Mail Delivery Report",
};

static struct bytes bytes_in(GBytes *bytes)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length);

	return (struct bytes) { data, length };
}

static void append_date(GString *out, const char *header, int64_t unix_time)
{
	char *date = message_date(unix_time, 0);

	g_string_append_printf(out, "%s%s (UTC)\r\n", header, date);
	g_free(date);
}

/* "20261122011458", for message ids. */
static char *compact_time(int64_t unix_time)
{
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time);
	char *text = g_date_time_format(time, "%Y%m%d%H%M%S");

	g_date_time_unref(time);
	return text;
}

/* What goes back may have octets above 127, and says so (RFC 2045 section 6.4). */
static const char *encoding_of(struct bytes content)
{
	return smtp_has_8bit(content) ? "Content-Transfer-Encoding: 8bit\r\n" : "";
}

static void append_header(GString *out, const struct dsn *dsn, const char *boundary,
			  struct bytes content)
{
	char *stamp = compact_time(dsn->unix_time);

	g_string_append_printf(out, "Received: by %s (%s)\r\n\tid %s; ", dsn->host_name,
			       dsn->software, dsn->queue_id);
	append_date(out, "", dsn->unix_time);
	append_date(out, "Date: ", dsn->unix_time);
	g_string_append_printf(out,
			       "From: MAILER-DAEMON@%s (Mail Delivery System)\r\n"
			       "Subject: %s\r\n"
			       "To: %s\r\n"
			       "Auto-Submitted: auto-replied\r\n"
			       "MIME-Version: 1.0\r\n"
			       "%s"
			       "Content-Type: multipart/report; report-type=delivery-status;\r\n"
			       "\tboundary=\"%s\"\r\n"
			       "Message-Id: <%s.%s@%s>\r\n\r\n",
			       dsn->host_name, dsn_subjects[dsn->action], dsn->sender,
			       encoding_of(content), boundary, stamp, dsn->queue_id,
			       dsn->host_name);
	g_free(stamp);
}

static void begin_part(GString *out, const char *boundary, const char *description,
		       const char *type, const char *encoding)
{
	g_string_append_printf(out, "--%s\r\nContent-Description: %s\r\nContent-Type: %s\r\n%s\r\n",
			       boundary, description, type, encoding);
}

/* Appends `text` behind `prefix`, in lines of at most about 72 octets, broken at blanks. */
static void append_folded(GString *out, const char *prefix, const char *indent, const char *text)
{
	gsize line = out->len;

	g_string_append(out, prefix);
	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (out->len - line + word > 72 && out->str[out->len - 1] == ' ') {
			g_string_truncate(out, out->len - 1);
			g_string_append(out, "\r\n");
			line = out->len;
			g_string_append(out, indent);
		}
		g_string_append_len(out, text, (gssize)word);
		text += word;
		if (*text == ' ') {
			g_string_append_c(out, ' ');
			text++;
		}
	}
	g_string_append(out, "\r\n");
}

/* How much of the message comes back: `kept` octets, 0 for its header alone. */
static void append_what_returns(GString *out, const struct dsn *dsn, size_t kept)
{
	size_t length = g_bytes_get_size(dsn->original);
	char *what;

	if (kept == length)
		what = g_strdup("It is");
	else if (kept == 0)
		what = g_strdup("Its header is");
	else
		what = g_strdup_printf(
		    "It is %zu octets long; not all of it, but the first %zu octets of it are",
		    length, kept);

	char *text = g_strdup_printf("Your message could not be delivered to the recipients listed "
				     "below. %s returned to you as the last part of this "
				     "notification.",
				     what);

	append_folded(out, "", "", text);
	g_string_append(out, "\r\n");
	g_free(text);
	g_free(what);
}

static void append_explanation(GString *out, const struct dsn *dsn, size_t kept)
{
	g_string_append_printf(out, "This is the mail server %s.\r\n\r\n", dsn->host_name);
	if (dsn->action == DSN_FAILED) {
		append_what_returns(out, dsn, kept);
	} else if (dsn->action == DSN_SUCCEEDED) {
		g_string_append(out, "Your message was delivered to the recipients listed below, "
				     "or handed on to a\r\nserver that sends no notifications "
				     "of its own.\r\n\r\n");
	} else {
		g_string_append(out,
				"Your message could not be delivered yet. You need not send it "
				"again: the\r\nserver goes on trying until ");
		append_date(out, "", dsn->given_up_unix_time);
		g_string_append(out, "\r\n");
	}
	for (unsigned i = 0; i < dsn->recipient_count; i++) {
		const struct dsn_recipient *about = &dsn->recipients[i];
		char *text = g_strdup_printf("<%s>: %s", about->address,
					     about->reason != NULL ? about->reason : "delivered");

		append_folded(out, "", "    ", text);
		g_string_append(out, "\r\n");
		g_free(text);
	}
}

/* The recipient as the author wrote it (RFC 3464 section 2.3.1). */
static void append_original_recipient(GString *out, const char *original)
{
	const char *address = original != NULL ? strchr(original, ';') : NULL;
	char *decoded = address != NULL ? smtp_xtext_decode(address + 1) : NULL;

	if (decoded != NULL && !smtp_has_8bit(bytes_of(decoded)))
		g_string_append_printf(out, "Original-Recipient: %.*s; %s\r\n",
				       (int)(address - original), original, decoded);
	g_free(decoded);
}

/* The sender's own name for the message (section 2.2.1). */
static void append_envelope_id(GString *out, const char *envelope_id)
{
	char *decoded = envelope_id != NULL ? smtp_xtext_decode(envelope_id) : NULL;

	if (decoded != NULL && !smtp_has_8bit(bytes_of(decoded)))
		g_string_append_printf(out, "Original-Envelope-Id: %s\r\n", decoded);
	g_free(decoded);
}

/* per-recipient-fields of RFC 3464 section 2.3, each behind an empty line. */
static void append_recipient(GString *out, const struct dsn *dsn, const struct dsn_recipient *about)
{
	static const char *const actions[] = {
		[DSN_FAILED] = "failed", [DSN_DELAYED] = "delayed", [DSN_SUCCEEDED] = "delivered"
	};
	const char *action =
	    about->is_relayed && dsn->action == DSN_SUCCEEDED ? "relayed" : actions[dsn->action];

	g_string_append(out, "\r\n");
	append_original_recipient(out, about->original);
	g_string_append_printf(out, "Final-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n",
			       about->address, action, about->status);
	if (about->remote_host != NULL)
		g_string_append_printf(out, "Remote-MTA: dns; %s\r\n", about->remote_host);
	if (about->reply != NULL)
		append_folded(out, "Diagnostic-Code: smtp; ", "    ", about->reply);
	if (dsn->action == DSN_DELAYED)
		append_date(out, "Will-Retry-Until: ", dsn->given_up_unix_time);
}

static void append_report(GString *out, const struct dsn *dsn)
{
	append_envelope_id(out, dsn->envelope_id);
	g_string_append_printf(out, "Reporting-MTA: dns; %s\r\nX-%s-Queue-ID: %s\r\n",
			       dsn->host_name, dsn->software, dsn->original_id);
	append_date(out, "Arrival-Date: ", dsn->arrived_unix_time);
	for (unsigned i = 0; i < dsn->recipient_count; i++)
		append_recipient(out, dsn, &dsn->recipients[i]);
}

/*
 * RFC 3461 section 4.3 and 6.2: of a message that failed all is returned, unless its sender wants
 * the header only; of others the header only. NULL: the header. `kept` becomes how many octets of
 * the message go back, 0 for the header.
 */
static GBytes *content_to_return(const struct dsn *dsn, size_t *kept)
{
	*kept = 0;
	if (dsn->action != DSN_FAILED || dsn->returns == SMTP_RETURN_HEADERS)
		return NULL;
	return message_cut(dsn->original,
			   dsn->returns == SMTP_RETURN_FULL ? SIZE_MAX : DSN_ORIGINAL_MAX, kept);
}

GBytes *dsn_compose(const struct dsn *dsn)
{
	GString *out = g_string_new(NULL);
	/* The slash keeps it apart from whatever the original uses; ids are never given twice. */
	char *boundary = g_strdup_printf("%s.%" G_GINT64_FORMAT "/%s", dsn->queue_id,
					 dsn->unix_time, dsn->host_name);

	size_t kept;
	GBytes *returned = content_to_return(dsn, &kept);
	struct bytes content =
	    returned != NULL ? bytes_in(returned) : message_header_section(bytes_in(dsn->original));

	append_header(out, dsn, boundary, content);
	g_string_append(out, "This is a MIME-encapsulated message.\r\n\r\n");
	begin_part(out, boundary, "Notification", "text/plain; charset=us-ascii", "");
	append_explanation(out, dsn, kept);
	begin_part(out, boundary, "Delivery report", "message/delivery-status", "");
	append_report(out, dsn);
	g_string_append(out, "\r\n");
	if (returned != NULL)
		begin_part(out, boundary, "Undelivered Message", "message/rfc822",
			   encoding_of(content));
	else
		begin_part(out, boundary, "Headers of the message", "text/rfc822-headers",
			   encoding_of(content));
	g_string_append_len(out, (const char *)content.data, (gssize)content.length);
	g_clear_pointer(&returned, g_bytes_unref);
	g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
	g_free(boundary);
	return g_string_free_to_bytes(out);
}
