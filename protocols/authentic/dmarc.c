#include "protocols/authentic/dmarc.h"

#include "protocols/authentic/dkim_canonical.h"
#include "protocols/mail/address.h"

const char *const dmarc_result_names[DMARC_RESULT_COUNT] = {
	[DMARC_NONE] = "none",           [DMARC_PASS] = "pass",           [DMARC_FAIL] = "fail",
	[DMARC_TEMPERROR] = "temperror", [DMARC_PERMERROR] = "permerror",
};

/* A record that a walk found. */
struct find {
	char *domain;
	struct dmarc_record *record;
};

/* A walk up the tree from one domain. */
struct walk {
	char *start;
	const char *target; /* within `start`: the name asked for; NULL: the walk is over */
	unsigned count;     /* of names asked for */
	GPtrArray *finds;   /* of struct find *, from the longest name to the shortest */
	char *organization; /* of the start, once the walk is over */
};

/* What the question under way is for. */
enum dmarc_wait {
	WAIT_WALK_OF_FROM,
	WAIT_A, /* whether the domain of From exists, for np= */
	WAIT_AAAA,
	WAIT_MX,
	WAIT_WALK_OF_SENDER, /* of a domain that may align */
	WAIT_NEVER,
};

struct dmarc_check {
	struct walk from;
	GPtrArray *senders; /* of struct walk *: domains that passed; the first is that of SPF */
	bool has_spf;
	guint sender_index;
	bool spf_may_pass_later, dkim_may_pass_later;
	enum dmarc_wait waits;
	bool is_absent; /* the domain of From does not exist */
	struct dns_wish wish;
	struct dmarc_outcome outcome;
};

/* Walks. */

static void free_find(gpointer data)
{
	struct find *find = data;

	g_free(find->domain);
	dmarc_record_free(find->record);
	g_free(find);
}

static char *plain_domain(const char *domain)
{
	char *plain = g_ascii_strdown(domain, -1);
	size_t length = strlen(plain);

	if (length > 1 && plain[length - 1] == '.')
		plain[length - 1] = '\0';
	return plain;
}

static void init_walk(struct walk *walk, const char *domain)
{
	walk->start = plain_domain(domain);
	walk->target = walk->start;
	walk->finds = g_ptr_array_new_with_free_func(free_find);
}

static void clear_walk(struct walk *walk)
{
	g_free(walk->start);
	g_free(walk->organization);
	if (walk->finds != NULL)
		g_ptr_array_unref(walk->finds);
}

static void free_walk(gpointer data)
{
	clear_walk(data);
	g_free(data);
}

static unsigned count_labels(const char *domain)
{
	unsigned count = 1;

	while ((domain = strchr(domain, '.')) != NULL) {
		domain++;
		count++;
	}
	return count;
}

static const char *parent_of(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot != NULL ? dot + 1 : NULL;
}

/* The next name: one label less, or of a long name its last seven (section 4.10, step 5). */
static void climb(struct walk *walk)
{
	walk->target = parent_of(walk->target);
	while (walk->target != NULL && count_labels(walk->target) > DMARC_WALK_MAX - 1)
		walk->target = parent_of(walk->target);
}

static bool ask_for_record(struct dmarc_check *check, const struct walk *walk)
{
	char *name = g_strconcat("_dmarc.", walk->target, NULL);
	bool is_name = dns_wish_set(&check->wish, name, DNS_TXT);

	g_free(name);
	return is_name;
}

/* The one DMARC record of an answer; several are as none (step 7). */
static struct dmarc_record *record_in(const struct dns_answer *answer)
{
	GPtrArray *texts = dns_view_texts(answer);
	const GString *selected = NULL;
	struct dmarc_record *record = NULL;
	unsigned count = 0;

	for (guint i = 0; i < texts->len; i++)
		if (dmarc_record_is_one(((const GString *)texts->pdata[i])->str)) {
			selected = texts->pdata[i];
			count++;
		}
	if (count == 1)
		record = dmarc_record_parse(selected->str);
	g_ptr_array_unref(texts);
	return record;
}

/* The last labels of `start` that are one more than those of `domain`. */
static const char *one_below(const char *start, const char *domain)
{
	const char *below = start + strlen(start) - strlen(domain) - 1;

	while (below > start && below[-1] != '.')
		below--;
	return below;
}

/* Section 4.10.2: psd=n names it; psd=y is right above it; else it is the shortest name. */
static void settle_organization(struct walk *walk)
{
	const char *organization = walk->start;

	for (guint i = 0; i < walk->finds->len; i++) {
		const struct find *find = walk->finds->pdata[i];

		organization = find->domain;
		if (find->record->psd == DMARC_PSD_NO)
			break;
		if (find->record->psd == DMARC_PSD_YES && strcmp(find->domain, walk->start) != 0) {
			organization = one_below(walk->start, find->domain);
			break;
		}
	}
	walk->organization = g_strdup(organization);
}

/* Takes the answer for the present target, and moves on or ends. */
static void take_record(struct walk *walk, const struct dns_answer *answer)
{
	struct dmarc_record *record = record_in(answer);
	bool is_end = record != NULL && record->psd != DMARC_PSD_UNKNOWN;

	if (record != NULL) {
		struct find *find = g_new(struct find, 1);

		*find = (struct find) { g_strdup(walk->target), record };
		g_ptr_array_add(walk->finds, find);
	}
	walk->count++;
	climb(walk);
	if (is_end || walk->count == DMARC_WALK_MAX)
		walk->target = NULL;
}

/* Ends. */

static void finish(struct dmarc_check *check, enum dmarc_result result, const char *problem)
{
	check->waits = WAIT_NEVER;
	check->outcome.result = result;
	check->outcome.problem = problem;
}

/* t=y: the next weaker policy is applied (section 4.7). */
static enum dmarc_policy weaken(enum dmarc_policy policy)
{
	return policy == DMARC_POLICY_REJECT ? DMARC_POLICY_QUARANTINE : DMARC_POLICY_NONE;
}

static void judge(struct dmarc_check *check)
{
	struct dmarc_outcome *outcome = &check->outcome;

	if (outcome->aligned_spf != NULL || outcome->aligned_dkim != NULL) {
		finish(check, DMARC_PASS, NULL);
		return;
	}
	if (check->spf_may_pass_later || check->dkim_may_pass_later) {
		finish(check, DMARC_TEMPERROR, "SPF or DKIM had no answer from DNS");
		return;
	}
	finish(check, DMARC_FAIL, NULL);
	outcome->disposition =
	    outcome->record->is_testing ? weaken(outcome->policy) : outcome->policy;
}

/* Alignment (section 4.4). */

static bool is_spf(const struct dmarc_check *check, guint index)
{
	return check->has_spf && index == 0;
}

static bool is_strict(const struct dmarc_check *check, guint index)
{
	const struct dmarc_record *record = check->outcome.record;

	return is_spf(check, index) ? record->strict_spf : record->strict_dkim;
}

static void align(struct dmarc_check *check, guint index)
{
	const struct walk *sender = check->senders->pdata[index];

	if (is_spf(check, index))
		check->outcome.aligned_spf = sender->start;
	else if (check->outcome.aligned_dkim == NULL)
		check->outcome.aligned_dkim = sender->start;
}

/* Compares domains, and walks where only the organizations can tell; then judges. */
static void align_senders(struct dmarc_check *check)
{
	for (; check->sender_index < check->senders->len; check->sender_index++) {
		struct walk *sender = check->senders->pdata[check->sender_index];

		if (strcmp(sender->start, check->from.start) == 0) {
			align(check, check->sender_index);
		} else if (is_strict(check, check->sender_index)) {
			continue;
		} else if (sender->target != NULL && ask_for_record(check, sender)) {
			check->waits = WAIT_WALK_OF_SENDER;
			return;
		} else {
			settle_organization(sender);
			if (strcmp(sender->organization, check->from.organization) == 0)
				align(check, check->sender_index);
		}
	}
	judge(check);
}

/* Policies. */

static const struct find *find_of(const struct walk *walk, const char *domain)
{
	for (guint i = 0; i < walk->finds->len; i++) {
		const struct find *find = walk->finds->pdata[i];

		if (strcmp(find->domain, domain) == 0)
			return find;
	}
	return NULL;
}

/* Section 4.10.1: that of the domain, else of its organization, else of the public suffix above. */
static const struct find *applicable(const struct walk *walk)
{
	const struct find *find = find_of(walk, walk->start);

	if (find == NULL)
		find = find_of(walk, walk->organization);
	if (find == NULL && walk->finds->len > 0)
		find = walk->finds->pdata[walk->finds->len - 1];
	return find;
}

static void apply_policy(struct dmarc_check *check)
{
	struct dmarc_outcome *outcome = &check->outcome;
	const struct dmarc_record *record = outcome->record;

	if (strcmp(outcome->policy_domain, check->from.start) == 0) {
		outcome->policy_tag = "p";
		outcome->policy = record->policy;
	} else {
		outcome->policy_tag = check->is_absent ? "np" : "sp";
		outcome->policy =
		    check->is_absent ? record->absent_policy : record->subdomain_policy;
	}
	align_senders(check);
}

/* A domain exists when it has an address or an exchanger (RFC 9989 section 3.2.13). */
static void ask_for_existence(struct dmarc_check *check, enum dmarc_wait waits)
{
	static const uint16_t types[] = {
		[WAIT_A] = DNS_A, [WAIT_AAAA] = DNS_AAAA, [WAIT_MX] = DNS_MX
	};

	check->waits = waits;
	dns_wish_set(&check->wish, check->from.start, types[waits]);
}

static void from_walked(struct dmarc_check *check)
{
	struct dmarc_outcome *outcome = &check->outcome;
	const struct find *find;

	settle_organization(&check->from);
	outcome->organization = check->from.organization;
	find = applicable(&check->from);
	if (find == NULL) {
		finish(check, DMARC_NONE, NULL);
		return;
	}
	outcome->record = find->record;
	outcome->policy_domain = find->domain;
	if (strcmp(find->domain, check->from.start) == 0 ||
	    find->record->absent_policy == find->record->subdomain_policy)
		apply_policy(check);
	else
		ask_for_existence(check, WAIT_A);
}

static void existence_answered(struct dmarc_check *check, const struct dns_answer *answer)
{
	bool is_last = check->waits == WAIT_MX || answer->outcome == DNS_NO_NAME;

	check->is_absent = answer->outcome != DNS_FOUND;
	if (check->is_absent && !is_last)
		ask_for_existence(check, check->waits + 1);
	else
		apply_policy(check);
}

static void continue_from(struct dmarc_check *check)
{
	if (check->from.target == NULL || !ask_for_record(check, &check->from))
		from_walked(check);
}

void dmarc_check_answer(struct dmarc_check *check, const struct dns_answer *answer)
{
	g_assert(check->waits != WAIT_NEVER);
	if (dns_view_has_failed(answer)) {
		finish(check, DMARC_TEMPERROR, "no answer from DNS");
	} else if (check->waits == WAIT_WALK_OF_FROM) {
		take_record(&check->from, answer);
		continue_from(check);
	} else if (check->waits == WAIT_WALK_OF_SENDER) {
		take_record(check->senders->pdata[check->sender_index], answer);
		align_senders(check);
	} else {
		existence_answered(check, answer);
	}
}

/* Life. */

static void add_sender(struct dmarc_check *check, const char *domain)
{
	struct walk *walk = g_new0(struct walk, 1);

	init_walk(walk, domain);
	g_ptr_array_add(check->senders, walk);
}

struct dmarc_check *dmarc_check_new(const struct dmarc_request *request)
{
	struct dmarc_check *check = g_new0(struct dmarc_check, 1);

	check->senders = g_ptr_array_new_with_free_func(free_walk);
	check->has_spf = request->spf_domain != NULL;
	check->spf_may_pass_later = request->spf_may_pass_later;
	check->dkim_may_pass_later = request->dkim_may_pass_later;
	if (check->has_spf)
		add_sender(check, request->spf_domain);
	for (unsigned i = 0; i < request->dkim_count; i++)
		add_sender(check, request->dkim_domains[i]);
	if (request->from_domain == NULL) {
		finish(check, DMARC_PERMERROR, "From does not name one domain");
		return check;
	}
	init_walk(&check->from, request->from_domain);
	check->outcome.from_domain = check->from.start;
	continue_from(check);
	return check;
}

void dmarc_check_free(struct dmarc_check *check)
{
	if (check == NULL)
		return;
	clear_walk(&check->from);
	g_ptr_array_unref(check->senders);
	g_free(check);
}

const struct dns_wish *dmarc_check_wish(const struct dmarc_check *check)
{
	return check->waits == WAIT_NEVER ? NULL : &check->wish;
}

const struct dmarc_outcome *dmarc_check_outcome(const struct dmarc_check *check)
{
	return &check->outcome;
}

/* The value of the only From; NULL: there is none, or more than one. */
static char *only_from(struct bytes header)
{
	struct dkim_message *message = dkim_message_new(header);
	const struct dkim_field *from = NULL;
	unsigned count = 0;
	char *value = NULL;

	for (guint i = 0; i < message->fields->len; i++) {
		const struct dkim_field *field =
		    &g_array_index(message->fields, struct dkim_field, i);

		if (dkim_field_is(field, "From")) {
			from = field;
			count++;
		}
	}
	if (count == 1) {
		struct bytes text = dkim_field_value(from);

		value = g_strndup((const char *)text.data, text.length);
	}
	dkim_message_free(message);
	return value;
}

char *dmarc_from_domain(struct bytes header)
{
	char *value = only_from(header), *domain = NULL;
	GPtrArray *specs;
	bool is_one = true;

	if (value == NULL)
		return NULL;
	specs = address_specs(value);
	for (guint i = 0; i < specs->len; i++) {
		char *next = plain_domain(address_domain(specs->pdata[i]));

		is_one &= domain == NULL || strcmp(domain, next) == 0;
		g_free(domain);
		domain = next;
	}
	g_ptr_array_unref(specs);
	g_free(value);
	if (is_one && domain != NULL && domain[0] != '\0')
		return domain;
	g_free(domain);
	return NULL;
}
