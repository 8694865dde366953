#include "protocols/authentic/dkim_verify.h"

const char *const dkim_result_names[DKIM_RESULT_COUNT] = {
	[DKIM_NONE] = "none",           [DKIM_PASS] = "pass",       [DKIM_FAIL] = "fail",
	[DKIM_POLICY] = "policy",       [DKIM_NEUTRAL] = "neutral", [DKIM_TEMPERROR] = "temperror",
	[DKIM_PERMERROR] = "permerror",
};

/* A signature on its way. */
struct attempt {
	struct bytes raw;                 /* the whole field */
	struct dkim_signature *signature; /* NULL: it cannot be read */
	const char *weakness;             /* it may verify, and yet does not count */
};

struct dkim_check {
	int64_t unix_time;
	struct dkim_message *message;
	GArray *attempts; /* of struct attempt */
	GArray *findings; /* of struct dkim_finding, one for each attempt */
	guint current;    /* the attempt under way */
	struct dns_wish wish;
	bool is_done;
};

static void clear_attempt(gpointer data)
{
	dkim_signature_free(((struct attempt *)data)->signature);
}

static void conclude(struct dkim_check *check, enum dkim_result result, const char *problem)
{
	struct dkim_finding *finding =
	    &g_array_index(check->findings, struct dkim_finding, check->current);

	finding->result = result;
	finding->problem = problem;
	check->current++;
}

/* Why the signature is not of now; NULL: it is. */
static const char *why_untimely(const struct dkim_signature *signature, int64_t unix_time)
{
	if (signature->expires_at >= 0 && unix_time > signature->expires_at)
		return "signature expired";
	return NULL;
}

/* What is signed of the body; false when l= is longer than it. */
static bool signed_body(const struct dkim_signature *signature, const GString *body,
			struct bytes *part)
{
	*part = (struct bytes) { (const uint8_t *)body->str, body->len };
	if (!signature->has_length)
		return true;
	if (signature->length_bytes > body->len)
		return false;
	*part = bytes_first(*part, (size_t)signature->length_bytes);
	return true;
}

/*
 * Checks bh=; why it does not match, or NULL. Text behind l= is anybody's: the signature verifies,
 * but stands for less than what the reader sees (section 8.2).
 */
static const char *check_body(const struct dkim_check *check, struct attempt *attempt)
{
	const struct dkim_signature *signature = attempt->signature;
	GString *body = dkim_canonicalize_body(signature->body_form, check->message->body);
	uint8_t hash[DKIM_HASH_BYTES];
	const char *problem = NULL;
	struct bytes part;

	if (!signed_body(signature, body, &part)) {
		problem = "l= is longer than the body";
	} else {
		dkim_hash(part, hash);
		if (signature->body_hash->len != sizeof hash ||
		    memcmp(signature->body_hash->data, hash, sizeof hash) != 0)
			problem = "body hash did not verify";
		else if (part.length < body->len)
			attempt->weakness = "text behind l= is not signed";
	}
	g_string_free(body, TRUE);
	return problem;
}

static bool ask_key(struct dkim_check *check, const struct dkim_signature *signature)
{
	char *name = g_strdup_printf("%s._domainkey.%s", signature->selector, signature->domain);
	bool is_name = dns_wish_set(&check->wish, name, DNS_TXT);

	g_free(name);
	return is_name;
}

/* Starts attempts until one waits for its key. */
static void proceed(struct dkim_check *check)
{
	while (check->current < check->attempts->len) {
		struct attempt *attempt =
		    &g_array_index(check->attempts, struct attempt, check->current);
		const char *problem;

		if (attempt->signature == NULL) { /* the problem is in the finding already */
			check->current++;
		} else if (attempt->signature->is_sha1) {
			conclude(check, DKIM_POLICY, "rsa-sha1 does not count (RFC 8301)");
		} else if ((problem = why_untimely(attempt->signature, check->unix_time)) != NULL ||
			   (problem = check_body(check, attempt)) != NULL) {
			conclude(check, DKIM_FAIL, problem);
		} else if (ask_key(check, attempt->signature)) {
			return;
		} else {
			conclude(check, DKIM_NEUTRAL, "no name for the key");
		}
	}
	check->is_done = true;
}

/* Verifies b= with the key of the record. */
static void try_key(struct dkim_check *check, struct attempt *attempt,
		    const struct dkim_key_record *record)
{
	const struct dkim_signature *signature = attempt->signature;
	struct dkim_finding *finding =
	    &g_array_index(check->findings, struct dkim_finding, check->current);
	GString *text = g_string_new(NULL);
	bool is_good;

	finding->key_bits = dkim_key_bits(record->key);
	finding->is_testing = record->is_testing;
	dkim_canonicalize_header(signature->header_form, check->message,
				 (const char *const *)signature->fields, text);
	dkim_signature_canonicalize(signature->header_form, attempt->raw, text);
	is_good =
	    dkim_key_verify(record->key, (struct bytes) { (const uint8_t *)text->str, text->len },
			    (struct bytes) { signature->data->data, signature->data->len });
	g_string_free(text, TRUE);
	if (!is_good)
		conclude(check, DKIM_FAIL, "signature did not verify");
	else if (attempt->weakness != NULL)
		conclude(check, DKIM_POLICY, attempt->weakness);
	else
		conclude(check, DKIM_PASS, NULL);
}

static void use_record(struct dkim_check *check, struct attempt *attempt, const char *text)
{
	const struct dkim_signature *signature = attempt->signature;
	struct dkim_key_record record;
	const char *problem;
	bool is_rsa = signature->algorithm == DKIM_RSA_SHA256;

	if (!dkim_key_record_parse(text, signature->algorithm, &record, &problem))
		conclude(check, DKIM_PERMERROR, problem);
	else if (is_rsa && dkim_key_bits(record.key) < DKIM_RSA_BITS_MIN)
		conclude(check, DKIM_POLICY, "the RSA key is shorter than 1024 bits (RFC 8301)");
	else if (is_rsa && dkim_key_bits(record.key) > DKIM_RSA_BITS_MAX)
		conclude(check, DKIM_POLICY, "the RSA key is longer than 4096 bits");
	else if (record.wants_same_domain &&
		 g_ascii_strcasecmp(strrchr(signature->identity, '@') + 1, signature->domain) != 0)
		conclude(check, DKIM_PERMERROR, "the key is for the domain itself only");
	else
		try_key(check, attempt, &record);
	dkim_key_free(record.key);
}

/* Section 6.1.2: of several records any may be taken; here the first is, as in most software. */
void dkim_check_answer(struct dkim_check *check, const struct dns_answer *answer)
{
	struct attempt *attempt = &g_array_index(check->attempts, struct attempt, check->current);
	GPtrArray *texts = dns_view_texts(answer);

	g_assert(!check->is_done);
	if (dns_view_has_failed(answer))
		conclude(check, DKIM_TEMPERROR, "no answer for the key");
	else if (texts->len == 0)
		conclude(check, DKIM_PERMERROR, "no key in DNS");
	else
		use_record(check, attempt, ((const GString *)texts->pdata[0])->str);
	g_ptr_array_unref(texts);
	proceed(check);
}

static void add_attempt(struct dkim_check *check, const struct dkim_field *field)
{
	struct attempt attempt = { .raw = field->raw };
	struct dkim_finding finding = { .result = DKIM_NEUTRAL };
	struct dkim_signature *signature =
	    dkim_signature_parse(dkim_field_value(field), &finding.problem);

	attempt.signature = signature;
	if (signature != NULL) {
		finding.domain = signature->domain;
		finding.selector = signature->selector;
		finding.identity = signature->identity;
		finding.data = signature->data_text;
		finding.algorithm =
		    signature->is_sha1 ? "rsa-sha1" : dkim_algorithm_names[signature->algorithm];
	}
	g_array_append_val(check->attempts, attempt);
	g_array_append_val(check->findings, finding);
}

struct dkim_check *dkim_check_new(struct bytes message, int64_t unix_time)
{
	struct dkim_check *check = g_new0(struct dkim_check, 1);

	check->unix_time = unix_time;
	check->message = dkim_message_new(message);
	check->attempts = g_array_new(FALSE, FALSE, sizeof(struct attempt));
	g_array_set_clear_func(check->attempts, clear_attempt);
	check->findings = g_array_new(FALSE, FALSE, sizeof(struct dkim_finding));
	for (guint i = 0; i < check->message->fields->len; i++) {
		const struct dkim_field *field =
		    &g_array_index(check->message->fields, struct dkim_field, i);

		if (dkim_field_is(field, DKIM_SIGNATURE_FIELD) &&
		    check->attempts->len < DKIM_SIGNATURES_MAX)
			add_attempt(check, field);
	}
	proceed(check);
	return check;
}

void dkim_check_free(struct dkim_check *check)
{
	if (check == NULL)
		return;
	dkim_message_free(check->message);
	g_array_unref(check->attempts);
	g_array_unref(check->findings);
	g_free(check);
}

const struct dns_wish *dkim_check_wish(const struct dkim_check *check)
{
	return check->is_done ? NULL : &check->wish;
}

const struct dkim_finding *dkim_check_findings(const struct dkim_check *check, unsigned *count)
{
	*count = check->findings->len;
	return (const struct dkim_finding *)(const void *)check->findings->data;
}

enum dkim_result dkim_check_result(const struct dkim_check *check)
{
	/* From the best to the worst. */
	static const enum dkim_result order[] = { DKIM_PASS,      DKIM_TEMPERROR, DKIM_POLICY,
						  DKIM_PERMERROR, DKIM_FAIL,      DKIM_NEUTRAL };

	for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
		for (guint k = 0; k < check->findings->len; k++)
			if (g_array_index(check->findings, struct dkim_finding, k).result ==
			    order[i])
				return order[i];
	return DKIM_NONE;
}
