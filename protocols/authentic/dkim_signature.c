#include "protocols/authentic/dkim_signature.h"

#include "protocols/authentic/tag_list.h"
#include "protocols/dns/name.h"

GByteArray *dkim_base64_decode(const char *text)
{
	char *compact = tag_value_compact(text);
	size_t length = strlen(compact);
	size_t letters = strspn(compact, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789+/");
	size_t padding = strspn(compact + letters, "=");
	GByteArray *data = NULL;
	gsize decoded;

	if (length % 4 == 0 && padding <= 2 && letters + padding == length) {
		guchar *octets = g_base64_decode(compact, &decoded);

		data = g_byte_array_new_take(octets, decoded);
	}
	g_free(compact);
	return data;
}

void dkim_signature_free(struct dkim_signature *signature)
{
	if (signature == NULL)
		return;
	g_free(signature->domain);
	g_free(signature->selector);
	g_free(signature->identity);
	g_strfreev(signature->fields);
	g_free(signature->data_text);
	if (signature->body_hash != NULL)
		g_byte_array_unref(signature->body_hash);
	if (signature->data != NULL)
		g_byte_array_unref(signature->data);
	g_free(signature);
}

static bool take_algorithm(const char *value, struct dkim_signature *signature)
{
	signature->is_sha1 = strcmp(value, "rsa-sha1") == 0;
	signature->algorithm = DKIM_RSA_SHA256;
	if (signature->is_sha1 || strcmp(value, "rsa-sha256") == 0)
		return true;
	signature->algorithm = DKIM_ED25519_SHA256;
	return strcmp(value, "ed25519-sha256") == 0;
}

static bool take_form(const char *value, enum dkim_form *form)
{
	*form = strcmp(value, "relaxed") == 0 ? DKIM_RELAXED : DKIM_SIMPLE;
	return *form == DKIM_RELAXED || strcmp(value, "simple") == 0;
}

/* sig-c-tag = "c" "=" sig-c-tag-alg ["/" sig-c-tag-alg]; the default is simple for both. */
static bool take_forms(const char *value, struct dkim_signature *signature)
{
	char **forms;
	bool is_good;

	if (value == NULL)
		return true;
	forms = tag_value_split(value, '/');
	is_good =
	    forms[0] != NULL && take_form(forms[0], &signature->header_form) &&
	    (forms[1] == NULL || (take_form(forms[1], &signature->body_form) && forms[2] == NULL));
	g_strfreev(forms);
	return is_good;
}

static bool is_domain_name(const char *text)
{
	struct dns_name_buffer buffer;
	struct dns_name name;

	return text[0] != '\0' && strlen(text) <= 253 && strpbrk(text, " \t\r\n\\\"") == NULL &&
	       dns_name_from_text(text, &buffer, &name);
}

static bool take_names(const GPtrArray *tags, struct dkim_signature *signature)
{
	const char *domain = tag_list_find(tags, "d"), *selector = tag_list_find(tags, "s");

	if (domain == NULL || selector == NULL || !is_domain_name(domain) ||
	    !is_domain_name(selector) || strlen(domain) + strlen(selector) > 240)
		return false;
	signature->domain = g_strdup(domain);
	signature->selector = g_strdup(selector);
	return true;
}

static bool is_within(const char *name, const char *domain)
{
	size_t length = strlen(name), domain_length = strlen(domain);

	return length >= domain_length &&
	       g_ascii_strcasecmp(name + length - domain_length, domain) == 0 &&
	       (length == domain_length || name[length - domain_length - 1] == '.');
}

/* sig-i-tag = [ Local-part ] "@" domain-name; the domain is d= or below. */
static bool take_identity(const char *value, struct dkim_signature *signature)
{
	const char *at = value != NULL ? strrchr(value, '@') : NULL;

	if (value == NULL) {
		signature->identity = g_strdup_printf("@%s", signature->domain);
		return true;
	}
	signature->identity = tag_value_compact(value);
	return at != NULL && is_within(at + 1, signature->domain);
}

static bool take_data(const GPtrArray *tags, struct dkim_signature *signature)
{
	const char *hash = tag_list_find(tags, "bh"), *data = tag_list_find(tags, "b");

	if (hash == NULL || data == NULL)
		return false;
	signature->body_hash = dkim_base64_decode(hash);
	signature->data = dkim_base64_decode(data);
	signature->data_text = tag_value_compact(data);
	return signature->body_hash != NULL && signature->data != NULL && signature->data->len > 0;
}

/* sig-h-tag = "h" "=" hdr-name *( ":" hdr-name ), From among them. */
static bool take_fields(const char *value, struct dkim_signature *signature)
{
	bool has_from = false;

	if (value == NULL)
		return false;
	signature->fields = tag_value_split(value, ':');
	if (g_strv_length(signature->fields) > DKIM_FIELDS_MAX)
		return false;
	for (char **name = signature->fields; *name != NULL; name++)
		has_from |= g_ascii_strcasecmp(*name, "From") == 0;
	return has_from;
}

static bool take_time(const char *value, int64_t *time)
{
	uint64_t number;

	*time = -1;
	if (value == NULL)
		return true;
	if (!tag_value_number(value, &number))
		return false;
	*time = (int64_t)number;
	return true;
}

static bool take_times(const GPtrArray *tags, struct dkim_signature *signature)
{
	return take_time(tag_list_find(tags, "t"), &signature->signed_at) &&
	       take_time(tag_list_find(tags, "x"), &signature->expires_at) &&
	       (signature->expires_at < 0 || signature->signed_at < 0 ||
		signature->expires_at > signature->signed_at);
}

static bool take_length(const char *value, struct dkim_signature *signature)
{
	signature->has_length = value != NULL;
	return value == NULL || tag_value_number(value, &signature->length_bytes);
}

/* Key retrieval: only dns/txt is known (section 3.5, q=). */
static bool knows_query(const char *value)
{
	char **methods;
	bool is_known = false;

	if (value == NULL)
		return true;
	methods = tag_value_split(value, ':');
	for (char **method = methods; *method != NULL; method++)
		is_known |= strcmp(*method, "dns/txt") == 0;
	g_strfreev(methods);
	return is_known;
}

/* Takes all tags into `signature`; why not, or NULL. */
static const char *take_tags(const GPtrArray *tags, struct dkim_signature *signature)
{
	const char *version = tag_list_find(tags, "v"), *algorithm = tag_list_find(tags, "a");

	if (version == NULL || strcmp(version, "1") != 0)
		return "no v=1";
	if (algorithm == NULL || !take_algorithm(algorithm, signature))
		return "unknown algorithm";
	if (!take_forms(tag_list_find(tags, "c"), signature))
		return "unknown canonicalization";
	if (!take_names(tags, signature))
		return "no usable d= and s=";
	if (!take_identity(tag_list_find(tags, "i"), signature))
		return "i= is not within d=";
	if (!take_fields(tag_list_find(tags, "h"), signature))
		return "From is not signed";
	if (!take_data(tags, signature))
		return "no usable bh= and b=";
	if (!take_times(tags, signature))
		return "t= and x= make no sense";
	if (!take_length(tag_list_find(tags, "l"), signature))
		return "l= is no number";
	return knows_query(tag_list_find(tags, "q")) ? NULL : "unknown query method";
}

struct dkim_signature *dkim_signature_parse(struct bytes value, const char **problem)
{
	GPtrArray *tags = tag_list_parse(value);
	struct dkim_signature *signature;

	*problem = "no list of tags";
	if (tags == NULL)
		return NULL;
	signature = g_new0(struct dkim_signature, 1);
	*problem = take_tags(tags, signature);
	g_ptr_array_unref(tags);
	if (*problem == NULL)
		return signature;
	dkim_signature_free(signature);
	return NULL;
}

static const struct tag *find_tag(const GPtrArray *tags, const char *name)
{
	for (guint i = 0; tags != NULL && i < tags->len; i++)
		if (strcmp(((const struct tag *)tags->pdata[i])->name, name) == 0)
			return tags->pdata[i];
	return NULL;
}

void dkim_signature_canonicalize(enum dkim_form form, struct bytes raw, GString *out)
{
	const struct dkim_field field = { .raw = raw };
	struct bytes value = dkim_field_value(&field);
	GPtrArray *tags = tag_list_parse(value);
	const struct tag *data = find_tag(tags, "b");
	size_t start = (size_t)(value.data - raw.data);
	GString *emptied = g_string_new_len((const char *)raw.data, (gssize)raw.length);

	if (data != NULL)
		g_string_erase(emptied, (gssize)(start + data->start),
			       (gssize)(data->end - data->start));
	dkim_canonicalize_field(
	    form, (struct bytes) { (const uint8_t *)emptied->str, emptied->len }, true, out);
	g_string_free(emptied, TRUE);
	if (tags != NULL)
		g_ptr_array_unref(tags);
}

/* The key record. */

/* True when `wanted` is in the list of `tag`, or there is no such tag; "*" stands for all. */
static bool allows(const GPtrArray *tags, const char *tag, const char *wanted)
{
	const char *value = tag_list_find(tags, tag);
	bool is_allowed = false;
	char **parts;

	if (value == NULL)
		return true;
	parts = tag_value_split(value, ':');
	for (char **part = parts; *part != NULL; part++)
		is_allowed |= strcmp(*part, wanted) == 0 || strcmp(*part, "*") == 0;
	g_strfreev(parts);
	return is_allowed;
}

static bool has_flag(const GPtrArray *tags, const char *flag)
{
	return tag_list_find(tags, "t") != NULL && allows(tags, "t", flag);
}

static const char *take_key(const GPtrArray *tags, enum dkim_algorithm algorithm,
			    struct dkim_key_record *record)
{
	const char *text = tag_list_find(tags, "p");
	GByteArray *data;

	if (text == NULL)
		return "no p= in the key record";
	if (text[0] == '\0')
		return "key revoked";
	data = dkim_base64_decode(text);
	if (data == NULL)
		return "p= is no base64";
	record->key = dkim_key_from_record(algorithm, (struct bytes) { data->data, data->len });
	g_byte_array_unref(data);
	return record->key != NULL ? NULL : "p= is no such key";
}

static const char *take_record(const GPtrArray *tags, enum dkim_algorithm algorithm,
			       struct dkim_key_record *record)
{
	static const char *const types[] = { "rsa", "ed25519" };
	const char *version = tag_list_find(tags, "v"), *type = tag_list_find(tags, "k");
	const struct tag *first = tags->len > 0 ? tags->pdata[0] : NULL;

	if (version != NULL &&
	    (first == NULL || strcmp(version, "DKIM1") != 0 || strcmp(first->name, "v") != 0))
		return "no DKIM1 key record";
	if (strcmp(type != NULL ? type : "rsa", types[algorithm]) != 0)
		return "the key is of another algorithm";
	if (!allows(tags, "h", "sha256"))
		return "the key is not for sha256";
	if (!allows(tags, "s", "email"))
		return "the key is not for mail";
	record->is_testing = has_flag(tags, "y");
	record->wants_same_domain = has_flag(tags, "s");
	return take_key(tags, algorithm, record);
}

bool dkim_key_record_parse(const char *text, enum dkim_algorithm algorithm,
			   struct dkim_key_record *record, const char **problem)
{
	GPtrArray *tags = tag_list_parse(bytes_of(text));

	*record = (struct dkim_key_record) { .key = NULL };
	*problem = "no list of tags in the key record";
	if (tags == NULL)
		return false;
	*problem = take_record(tags, algorithm, record);
	g_ptr_array_unref(tags);
	return *problem == NULL;
}

char *dkim_key_record_emit(const struct dkim_key *key)
{
	bool is_rsa = dkim_key_algorithm(key) == DKIM_RSA_SHA256;
	char *data = dkim_key_public(key);
	char *text = g_strdup_printf("v=DKIM1; k=%s; p=%s", is_rsa ? "rsa" : "ed25519", data);

	g_free(data);
	return text;
}
