/* Composing messages with GMime. Nothing in them is random: the author gives date, ids, boundary. */
#include <gmime/gmime.h>
#include "protocols/mail/message.h"

#define LINE_BYTES_MAX 998 /* RFC 5322 section 2.1.1 */

static void set_header(GMimeMessage *message, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		g_mime_object_set_header(GMIME_OBJECT(message), name, value, "utf-8");
}

static void set_utf8_names(InternetAddressList *list)
{
	for (int i = 0; i < internet_address_list_length(list); i++)
		internet_address_set_charset(internet_address_list_get_address(list, i), "utf-8");
}

static void set_addresses(GMimeMessage *message, GMimeAddressType type, const char *text)
{
	InternetAddressList *list = text != NULL ? internet_address_list_parse(NULL, text) : NULL;
	if (list == NULL)
		return;

	set_utf8_names(list);
	internet_address_list_append(g_mime_message_get_addresses(message, type), list);
	g_object_unref(list);
}

/* A part that holds `content`, encoded by `encoding`. */
static GMimePart *new_part(const char *type, GBytes *content, GMimeContentEncoding encoding)
{
	GMimePart *part = g_mime_part_new();
	GMimeContentType *content_type = g_mime_content_type_parse(NULL, type);
	gsize length;
	const char *data = g_bytes_get_data(content, &length);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data != NULL ? data : "", length);
	GMimeDataWrapper *wrapper =
	    g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_object_set_content_type(GMIME_OBJECT(part), content_type);
	g_mime_part_set_content_encoding(part, encoding);
	g_mime_part_set_content(part, wrapper);
	g_object_unref(wrapper);
	g_object_unref(stream);
	g_object_unref(content_type);
	return part;
}

/* `text` with the line end `newline`, also behind the last line. */
static GBytes *canonical_text(const char *text, const char *newline)
{
	GString *out = g_string_new(NULL);
	const char *c = text;

	for (; *c != '\0'; c++) {
		if (*c == '\n')
			g_string_append(out, newline);
		else if (c[0] != '\r' || c[1] != '\n')
			g_string_append_c(out, *c);
	}
	if (c > text && c[-1] != '\n')
		g_string_append(out, newline);
	return g_string_free_to_bytes(out);
}

/* What the text needs: 7 bits are enough, or quoted-printable, or for mostly foreign text base64. */
static GMimeContentEncoding text_encoding(struct bytes text, bool *is_ascii)
{
	size_t line = 0, longest = 0, foreign = 0, bare_returns = 0;

	for (size_t i = 0; i < text.length; i++) {
		uint8_t byte = text.data[i];

		foreign += byte >= 0x80;
		bare_returns += byte == '\r' && (i + 1 == text.length || text.data[i + 1] != '\n');
		line = byte == '\n' ? 0 : line + 1;
		longest = MAX(longest, line);
	}
	*is_ascii = foreign == 0;
	if (foreign == 0 && bare_returns == 0 && longest <= LINE_BYTES_MAX)
		return GMIME_CONTENT_ENCODING_7BIT;
	return foreign > text.length / 3 ? GMIME_CONTENT_ENCODING_BASE64
					 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/*
 * GMime's quoted-printable encoder and its CRLF filter expect LF; in base64 line ends are content
 * and must be CRLF already (RFC 2045 section 6.8).
 */
static GMimeObject *new_text(const char *text, bool is_8bit)
{
	bool is_ascii;
	GMimeContentEncoding encoding = text_encoding(bytes_of(text), &is_ascii);

	if (is_8bit && !is_ascii)
		encoding = GMIME_CONTENT_ENCODING_8BIT;
	bool is_base64 = encoding == GMIME_CONTENT_ENCODING_BASE64;
	GBytes *content = canonical_text(text, is_base64 ? "\r\n" : "\n");
	GMimePart *part =
	    new_part(is_ascii ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8",
		     content, encoding);

	g_bytes_unref(content);
	return GMIME_OBJECT(part);
}

static void set_filename(GMimePart *part, const char *name)
{
	GMimeObject *object = GMIME_OBJECT(part);

	g_mime_object_set_disposition(object, "attachment");
	g_mime_part_set_filename(part, name);

	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);
	GMimeParamList *lists[] = {
		g_mime_content_disposition_get_parameters(disposition),
		g_mime_content_type_get_parameters(g_mime_object_get_content_type(object)),
	};
	const char *names[] = { "filename", "name" };

	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		GMimeParam *parameter = g_mime_param_list_get_parameter(lists[i], names[i]);

		if (parameter != NULL)
			g_mime_param_set_charset(parameter, "utf-8");
	}
}

static GMimeObject *new_attachment(const struct attachment *attachment)
{
	const char *type = attachment->type != NULL ? attachment->type : "application/octet-stream";
	GMimePart *part = new_part(type, attachment->content, GMIME_CONTENT_ENCODING_BASE64);

	set_filename(part, attachment->name);
	return GMIME_OBJECT(part);
}

static GMimeObject *new_body(const struct composition *composition)
{
	GMimeObject *text =
	    new_text(composition->text != NULL ? composition->text : "", composition->is_8bit);
	if (composition->attachment_count == 0)
		return text;

	g_assert(composition->boundary != NULL);
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype("mixed");
	g_mime_multipart_set_boundary(multipart, composition->boundary);
	g_mime_multipart_add(multipart, text);
	g_object_unref(text);
	for (size_t i = 0; i < composition->attachment_count; i++) {
		GMimeObject *attachment = new_attachment(&composition->attachments[i]);

		g_mime_multipart_add(multipart, attachment);
		g_object_unref(attachment);
	}
	return GMIME_OBJECT(multipart);
}

static GBytes *write_message(GMimeMessage *message)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);

	GByteArray *bytes = g_byte_array_new();
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
	g_object_unref(stream);
	g_mime_format_options_free(format);

	/* A last line without its end would be given one by SMTP: the author's copy has it too. */
	if (bytes->len < 2 || memcmp(bytes->data + bytes->len - 2, "\r\n", 2) != 0)
		g_byte_array_append(bytes, (const uint8_t *)"\r\n", 2);
	return g_byte_array_free_to_bytes(bytes);
}

/* GMime itself would call the field "Message-Id"; RFC 5322 writes it otherwise. */
static void set_message_id(GMimeMessage *message, const char *message_id)
{
	char *value = g_strdup_printf("<%s>", message_id);

	set_header(message, "Message-ID", value);
	g_free(value);
}

GBytes *message_compose(const struct composition *composition)
{
	g_mime_init(); /* counts its users; only the first call does anything */

	GMimeMessage *message = g_mime_message_new(FALSE);
	char *date = message_date(composition->unix_time, composition->utc_offset_s);
	GMimeObject *body = new_body(composition);

	set_header(message, "Date", date);
	set_addresses(message, GMIME_ADDRESS_TYPE_FROM, composition->from);
	set_addresses(message, GMIME_ADDRESS_TYPE_TO, composition->to);
	set_addresses(message, GMIME_ADDRESS_TYPE_CC, composition->cc);
	if (composition->subject != NULL)
		g_mime_message_set_subject(message, composition->subject, "utf-8");
	set_message_id(message, composition->message_id);
	set_header(message, "In-Reply-To", composition->in_reply_to);
	set_header(message, "References", composition->references);
	set_header(message, "User-Agent", composition->user_agent);
	g_mime_message_set_mime_part(message, body);

	GBytes *bytes = write_message(message);
	g_object_unref(body);
	g_object_unref(message);
	g_free(date);
	return bytes;
}

char *message_date(int64_t unix_time, int utc_offset_s)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time + utc_offset_s);
	if (time == NULL)
		time = g_date_time_new_from_unix_utc(0);
	int offset = utc_offset_s / 60;

	char *text = g_strdup_printf(
	    "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", days[g_date_time_get_day_of_week(time) - 1],
	    g_date_time_get_day_of_month(time), months[g_date_time_get_month(time) - 1],
	    g_date_time_get_year(time), g_date_time_get_hour(time), g_date_time_get_minute(time),
	    g_date_time_get_second(time), offset < 0 ? '-' : '+', abs(offset) / 60,
	    abs(offset) % 60);
	g_date_time_unref(time);
	return text;
}

GBytes *message_prepend(GBytes *bytes, const char *header)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length);
	GByteArray *joined = g_byte_array_sized_new((guint)(strlen(header) + length));

	g_byte_array_append(joined, (const uint8_t *)header, (guint)strlen(header));
	if (length > 0)
		g_byte_array_append(joined, data, (guint)length);
	return g_byte_array_free_to_bytes(joined);
}
