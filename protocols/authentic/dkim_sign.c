#include "protocols/authentic/dkim_sign.h"

/* What is signed when it is there (section 5.4.1); the first ones also when it is not. */
static const struct {
	const char *name;
	bool is_oversigned; /* only one may be there, and readers are shown it */
} signed_fields[] = {
	{"From",		       true },
	{ "To",			true },
	{ "Cc",			true },
	{ "Subject",                   true },
	{ "Date",		      true },
	{ "Reply-To",                  true },
	{ "Message-ID",                true },
	{ "MIME-Version",              true },
	{ "Content-Type",              true },
	{ "Content-Transfer-Encoding", true },
	{ "Sender",		    false},
	{ "In-Reply-To",               false},
	{ "References",                false},
	{ "Resent-Date",               false},
	{ "Resent-From",               false},
	{ "Resent-To",                 false},
	{ "Resent-Cc",                 false},
	{ "List-Id",                   false},
	{ "List-Help",                 false},
	{ "List-Unsubscribe",          false},
	{ "List-Subscribe",            false},
	{ "List-Post",                 false},
	{ "List-Owner",                false},
	{ "List-Archive",              false},
};

static unsigned count_fields(const struct dkim_message *message, const char *name)
{
	unsigned count = 0;

	for (guint i = 0; i < message->fields->len; i++)
		count += dkim_field_is(&g_array_index(message->fields, struct dkim_field, i), name);
	return count;
}

/* The names for h=, each as often as it is there, and once more. NULL: there is no From. */
static GPtrArray *choose_fields(const struct dkim_message *message)
{
	GPtrArray *names = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(signed_fields); i++) {
		unsigned count = count_fields(message, signed_fields[i].name);

		for (unsigned k = 0; k < count + signed_fields[i].is_oversigned; k++)
			g_ptr_array_add(names, (gpointer)signed_fields[i].name);
	}
	g_ptr_array_add(names, NULL);
	return names;
}

#define LINE_BYTES 76

/* Appends `word` to a field, on a new line when the present one is full. */
static void append_word(GString *out, size_t *column, const char *word, const char *separator)
{
	size_t length = strlen(word);

	if (*column + strlen(separator) + length > LINE_BYTES) {
		g_string_append(out, "\r\n\t");
		*column = 8;
	} else {
		g_string_append(out, separator);
		*column += strlen(separator);
	}
	g_string_append(out, word);
	*column += length;
}

/* "h=From:From:To:...;", broken between names. */
static void append_names(GString *out, const char *const *names)
{
	size_t column = 8;

	g_string_append(out, "\r\n\t");
	for (unsigned i = 0; names[i] != NULL; i++) {
		char *word = g_strdup_printf("%s%s%s", i == 0 ? "h=" : "", names[i],
					     names[i + 1] != NULL ? ":" : ";");

		append_word(out, &column, word, "");
		g_free(word);
	}
}

/* Base64 behind `tag`, on lines of its own. */
static void append_data(GString *out, const char *tag, const char *base64)
{
	size_t room = LINE_BYTES - 8;

	g_string_append_printf(out, "\r\n\t%s", tag);
	room -= strlen(tag);
	while (strlen(base64) > room) {
		g_string_append_len(out, base64, (gssize)room);
		g_string_append(out, "\r\n\t");
		base64 += room;
		room = LINE_BYTES - 8;
	}
	g_string_append(out, base64);
}

static void append_tags(GString *out, const struct dkim_signer *signer, int64_t unix_time)
{
	g_string_append_printf(out,
			       DKIM_SIGNATURE_FIELD ": v=1; a=%s; c=%s/%s; d=%s;\r\n\ts=%s; "
						    "t=%" G_GINT64_FORMAT ";",
			       dkim_algorithm_names[dkim_key_algorithm(signer->key)],
			       dkim_form_names[signer->header_form],
			       dkim_form_names[signer->body_form], signer->domain, signer->selector,
			       unix_time);
	if (signer->lifetime_s > 0)
		g_string_append_printf(out, " x=%" G_GINT64_FORMAT ";",
				       unix_time + signer->lifetime_s);
}

static void append_body_hash(GString *out, const struct dkim_signer *signer, struct bytes body)
{
	GString *canonical = dkim_canonicalize_body(signer->body_form, body);
	uint8_t hash[DKIM_HASH_BYTES];
	char *text;

	dkim_hash((struct bytes) { (const uint8_t *)canonical->str, canonical->len }, hash);
	text = g_base64_encode(hash, sizeof hash);
	append_data(out, "bh=", text);
	g_string_append(out, ";\r\n\tb=");
	g_free(text);
	g_string_free(canonical, TRUE);
}

/* What is signed: the fields of h=, and the new field itself with an empty b= (section 3.7). */
static char *sign_header(const struct dkim_signer *signer, struct dkim_message *message,
			 const char *const *names, const GString *field)
{
	GString *text = g_string_new(NULL);
	char *signature;

	dkim_canonicalize_header(signer->header_form, message, names, text);
	dkim_signature_canonicalize(
	    signer->header_form, (struct bytes) { (const uint8_t *)field->str, field->len }, text);
	signature =
	    dkim_key_sign(signer->key, (struct bytes) { (const uint8_t *)text->str, text->len });
	g_string_free(text, TRUE);
	return signature;
}

static char *sign_parts(const struct dkim_signer *signer, struct dkim_message *message,
			int64_t unix_time, const char *const *names)
{
	GString *field = g_string_new(NULL);
	char *signature;

	append_tags(field, signer, unix_time);
	append_names(field, names);
	append_body_hash(field, signer, message->body);
	signature = sign_header(signer, message, names, field);
	g_string_truncate(field, field->len - strlen("\r\n\tb="));
	append_data(field, "b=", signature);
	g_string_append(field, "\r\n");
	g_free(signature);
	return g_string_free(field, FALSE);
}

char *dkim_sign_fields(const struct dkim_signer *signer, struct bytes message, int64_t unix_time,
		       const char *const *names)
{
	struct dkim_message *parts = dkim_message_new(message);
	char *field = sign_parts(signer, parts, unix_time, names);

	dkim_message_free(parts);
	return field;
}

char *dkim_sign(const struct dkim_signer *signer, struct bytes message, int64_t unix_time)
{
	struct dkim_message *parts = dkim_message_new(message);
	GPtrArray *names = choose_fields(parts);
	char *field = NULL;

	if (count_fields(parts, "From") > 0)
		field = sign_parts(signer, parts, unix_time, (const char *const *)names->pdata);
	g_ptr_array_unref(names);
	dkim_message_free(parts);
	return field;
}
