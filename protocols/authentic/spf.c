#include "protocols/authentic/spf.h"

/* One check_host(): the first, or that of an include. A redirect takes the place of its own. */
struct frame {
	char *domain;
	struct spf_record *record; /* NULL: it is asked for */
	guint term_index;
	bool is_counted; /* the present term is among the look-ups */
	bool is_redirected;
};

/* What the question under way is for. */
enum spf_wait {
	WAIT_NOTHING,
	WAIT_RECORD,
	WAIT_ADDRESS,    /* of "a" */
	WAIT_EXCHANGERS, /* of "mx" */
	WAIT_EXCHANGER_ADDRESS,
	WAIT_EXISTS,
	WAIT_NAMES, /* of the client, for "ptr" and %{p} */
	WAIT_NAME_ADDRESS,
	WAIT_EXPLANATION,
	WAIT_NEVER, /* done */
};

struct spf_check {
	struct client_address client;
	char *helo, *sender, *receiver;
	int64_t unix_time;
	GArray *frames; /* of struct frame, the innermost last */
	enum spf_wait waits;
	struct dns_wish wish;
	GPtrArray *hosts; /* exchangers or names whose addresses are asked for */
	guint host_index;
	GPtrArray *names; /* of the client, validated; NULL: not asked for yet */
	bool is_explaining;
	char *mechanism, *explanation, *problem, *domain;
	struct spf_outcome outcome;
};

static void clear_frame(gpointer data)
{
	struct frame *frame = data;

	g_free(frame->domain);
	spf_record_free(frame->record);
}

static struct frame *top(const struct spf_check *check)
{
	return &g_array_index(check->frames, struct frame, check->frames->len - 1);
}

static const struct spf_term *current_term(const struct spf_check *check)
{
	const struct frame *frame = top(check);

	return &g_array_index(frame->record->terms, struct spf_term, frame->term_index);
}

/* Ends. */

static void finish(struct spf_check *check, enum spf_result result)
{
	check->waits = WAIT_NEVER;
	if (result == SPF_FAIL && check->explanation == NULL)
		check->explanation = g_strdup(SPF_DEFAULT_EXPLANATION);
	check->outcome.result = result;
	check->outcome.domain = check->domain;
	check->outcome.mechanism = check->mechanism;
	check->outcome.explanation = check->explanation;
	check->outcome.problem = check->problem;
}

/* Takes `problem`. */
static void finish_with(struct spf_check *check, enum spf_result result, char *problem)
{
	g_free(check->problem);
	check->problem = problem;
	finish(check, result);
}

static void no_match(struct spf_check *check)
{
	top(check)->term_index++;
	top(check)->is_counted = false;
}

/* The innermost check_host() has this result (section 5.2 for includes). */
static void frame_done(struct spf_check *check, enum spf_result result)
{
	if (check->frames->len == 1) {
		check->is_explaining =
		    result == SPF_FAIL && top(check)->record->explanation != NULL;
		if (!check->is_explaining)
			finish(check, result);
		return;
	}
	g_array_set_size(check->frames, check->frames->len - 1);
	if (result != SPF_PASS) {
		no_match(check);
		return;
	}
	if (check->frames->len == 1)
		check->mechanism = g_strdup(current_term(check)->text);
	frame_done(check, current_term(check)->qualifier);
}

static void match(struct spf_check *check)
{
	const struct spf_term *term = current_term(check);

	if (check->frames->len == 1)
		check->mechanism = g_strdup(term->text);
	frame_done(check, term->qualifier);
}

static void settle(struct spf_check *check, bool is_match)
{
	if (is_match)
		match(check);
	else
		no_match(check);
}

/* Questions. */

/* False, and nothing asked, when `name` is no domain name. */
static bool ask(struct spf_check *check, const char *name, uint16_t type, enum spf_wait purpose)
{
	if (!dns_wish_set(&check->wish, name, type))
		return false;
	check->waits = purpose;
	return true;
}

static bool ask_address(struct spf_check *check, const char *name, enum spf_wait purpose)
{
	return ask(check, name, check->client.is_v6 ? DNS_AAAA : DNS_A, purpose);
}

/* Counts a term that asks DNS; false, and done, when there are too many. */
static bool count_lookup(struct spf_check *check)
{
	if (++check->outcome.lookups <= SPF_LOOKUPS_MAX)
		return true;
	finish_with(check, SPF_PERMERROR,
		    g_strdup_printf("the record asks for more than %u look-ups", SPF_LOOKUPS_MAX));
	return false;
}

static bool is_void(const struct dns_answer *answer)
{
	return answer->outcome == DNS_NO_NAME || answer->outcome == DNS_NO_DATA;
}

/* Counts an answer without records; false, and done, when there are too many. */
static bool count_void(struct spf_check *check, const struct dns_answer *answer)
{
	if (!is_void(answer) || ++check->outcome.void_lookups <= SPF_VOID_LOOKUPS_MAX)
		return true;
	finish_with(check, SPF_PERMERROR,
		    g_strdup_printf("more than %u look-ups found nothing", SPF_VOID_LOOKUPS_MAX));
	return false;
}

/* False, and done, when DNS failed or too much was asked for in vain. */
static bool take_answer(struct spf_check *check, const struct dns_answer *answer)
{
	if (!dns_view_has_failed(answer))
		return count_void(check, answer);
	finish_with(check, SPF_TEMPERROR, g_strdup_printf("no answer for %s", check->wish.name));
	return false;
}

/* The names of the client (section 5.5). */

static void ask_names(struct spf_check *check)
{
	char text[CLIENT_ADDRESS_TEXT_BYTES];
	struct spf_macro_values values = { .client = &check->client, .sender = "", .domain = "" };
	char *name;

	values.validated = client_address_print(&check->client, text);
	name = spf_macro_expand("%{ir}.%{v}.arpa", &values);
	check->names = g_ptr_array_new_with_free_func(g_free);
	ask(check, name, DNS_PTR, WAIT_NAMES);
	g_free(name);
}

/* Asks for the address of the next host whose name is one; WAIT_NOTHING: there is none. */
static void ask_next_host(struct spf_check *check, enum spf_wait purpose)
{
	check->waits = WAIT_NOTHING;
	while (check->host_index < check->hosts->len)
		if (ask_address(check, check->hosts->pdata[check->host_index++], purpose))
			return;
	g_clear_pointer(&check->hosts, g_ptr_array_unref);
}

static void start_hosts(struct spf_check *check, GPtrArray *hosts, enum spf_wait purpose)
{
	check->hosts = hosts;
	check->host_index = 0;
	ask_next_host(check, purpose);
}

static void names_answered(struct spf_check *check, const struct dns_answer *answer)
{
	GPtrArray *hosts = dns_view_hosts(answer);

	if (hosts->len > SPF_HOSTS_MAX)
		g_ptr_array_set_size(hosts, SPF_HOSTS_MAX);
	start_hosts(check, hosts, WAIT_NAME_ADDRESS);
}

static void name_address_answered(struct spf_check *check, const struct dns_answer *answer)
{
	if (dns_view_has_address(answer, &check->client, check->client.is_v6 ? 128 : 32))
		g_ptr_array_add(check->names, g_strdup(check->hosts->pdata[check->host_index - 1]));
	ask_next_host(check, WAIT_NAME_ADDRESS);
}

static bool is_within(const char *name, const char *domain)
{
	size_t length = strlen(name), domain_length = strlen(domain);

	if (domain_length > 0 && domain[domain_length - 1] == '.')
		domain_length--;
	if (length < domain_length ||
	    g_ascii_strncasecmp(name + length - domain_length, domain, domain_length) != 0)
		return false;
	return length == domain_length || name[length - domain_length - 1] == '.';
}

static const char *name_within(const struct spf_check *check, const char *domain)
{
	for (guint i = 0; check->names != NULL && i < check->names->len; i++)
		if (is_within(check->names->pdata[i], domain))
			return check->names->pdata[i];
	return NULL;
}

/* Section 7.3: the domain itself, or a name within it, or any name. */
static const char *validated_name(const struct spf_check *check, const char *domain)
{
	for (guint i = 0; check->names != NULL && i < check->names->len; i++)
		if (g_ascii_strcasecmp(check->names->pdata[i], domain) == 0)
			return check->names->pdata[i];
	if (name_within(check, domain) != NULL || check->names == NULL || check->names->len == 0)
		return name_within(check, domain);
	return check->names->pdata[0];
}

/* Terms. */

static char *expand(const struct spf_check *check, const char *text, bool is_explanation)
{
	const char *domain = top(check)->domain;

	return spf_macro_expand(text, &(struct spf_macro_values) {
					  .sender = check->sender,
					  .domain = domain,
					  .helo = check->helo,
					  .client = &check->client,
					  .validated = validated_name(check, domain),
					  .receiver = check->receiver,
					  .unix_time = check->unix_time,
					  .is_explanation = is_explanation,
				      });
}

/* The target name of a term. The caller frees it. */
static char *target_of(const struct spf_check *check, const char *domain_spec)
{
	return domain_spec != NULL ? expand(check, domain_spec, false)
				   : g_strdup(top(check)->domain);
}

/* True when the client's names are asked for now, as `domain_spec` needs them. */
static bool awaits_names(struct spf_check *check, const char *domain_spec)
{
	if (check->names != NULL || domain_spec == NULL || !spf_macro_needs_name(domain_spec))
		return false;
	ask_names(check);
	return true;
}

/* A name of at least two labels, each of 1 to 63 bytes (section 4.3). */
static bool is_checkable(const char *domain)
{
	struct dns_wish wish;

	return strchr(domain, '.') != NULL && domain[0] != '[' &&
	       dns_wish_set(&wish, domain, DNS_TXT) && strchr(wish.name, '.') != NULL;
}

static void record_missing(struct spf_check *check, const char *domain)
{
	struct frame *frame = top(check);
	bool is_first = check->frames->len == 1 && !frame->is_redirected;

	finish_with(check, is_first ? SPF_NONE : SPF_PERMERROR,
		    g_strdup_printf("%s has no SPF record", domain));
}

/* Starts check_host() for the domain of the innermost frame. */
static void ask_record(struct spf_check *check)
{
	const char *domain = top(check)->domain;

	if (!is_checkable(domain) || !ask(check, domain, DNS_TXT, WAIT_RECORD))
		record_missing(check, domain[0] != '\0' ? domain : "a sender without a domain");
}

static void enter_include(struct spf_check *check, const char *domain)
{
	struct frame frame = { .domain = g_strdup(domain) };

	g_array_append_val(check->frames, frame);
	ask_record(check);
}

static void redirect(struct spf_check *check)
{
	struct frame *frame = top(check);
	char *target;

	if (awaits_names(check, frame->record->redirect))
		return;
	if (!count_lookup(check))
		return;
	target = target_of(check, frame->record->redirect);
	clear_frame(frame);
	*frame = (struct frame) { .domain = target, .is_redirected = true };
	ask_record(check);
}

static bool asks_dns(enum spf_mechanism mechanism)
{
	return mechanism != SPF_ALL && mechanism != SPF_IP4 && mechanism != SPF_IP6;
}

/* Asks what the term needs; false when its target is no name, and so matches nothing. */
static bool ask_for_term(struct spf_check *check, enum spf_mechanism mechanism, const char *target)
{
	switch (mechanism) {
	case SPF_A:
		return ask_address(check, target, WAIT_ADDRESS);
	case SPF_MX:
		return ask(check, target, DNS_MX, WAIT_EXCHANGERS);
	default:
		return ask(check, target, DNS_A, WAIT_EXISTS);
	}
}

static void evaluate_target(struct spf_check *check, enum spf_mechanism mechanism,
			    const char *target)
{
	if (mechanism == SPF_INCLUDE)
		enter_include(check, target);
	else if (mechanism == SPF_PTR)
		settle(check, name_within(check, target) != NULL);
	else if (!ask_for_term(check, mechanism, target))
		no_match(check);
}

static void evaluate(struct spf_check *check)
{
	const struct spf_term *term = current_term(check);
	bool is_v6 = term->network.is_v6;
	char *target;

	if (term->mechanism == SPF_ALL) {
		match(check);
		return;
	}
	if (!asks_dns(term->mechanism)) {
		settle(check, client_address_matches(&check->client, &term->network,
						     is_v6 ? term->prefix_v6 : term->prefix_v4));
		return;
	}
	if (!top(check)->is_counted && !count_lookup(check))
		return;
	top(check)->is_counted = true;
	if (term->mechanism == SPF_PTR && check->names == NULL) {
		ask_names(check);
		return;
	}
	if (awaits_names(check, term->domain_spec))
		return;
	target = target_of(check, term->domain_spec);
	evaluate_target(check, term->mechanism, target);
	g_free(target);
}

/* Section 6.2: whatever goes wrong, there is no explanation. */
static void explain(struct spf_check *check)
{
	const char *domain_spec = top(check)->record->explanation;
	char *target;

	if (awaits_names(check, domain_spec))
		return;
	if (check->explanation != NULL) { /* fetched, and its names are known by now */
		char *text = check->explanation;

		check->explanation = expand(check, text, true);
		check->outcome.is_explained = true;
		g_free(text);
		finish(check, SPF_FAIL);
		return;
	}
	target = target_of(check, domain_spec);
	if (!ask(check, target, DNS_TXT, WAIT_EXPLANATION))
		finish(check, SPF_FAIL);
	g_free(target);
}

static void step(struct spf_check *check)
{
	const struct frame *frame = top(check);

	if (check->is_explaining)
		explain(check);
	else if (frame->term_index < frame->record->terms->len)
		evaluate(check);
	else if (frame->record->redirect != NULL)
		redirect(check);
	else
		frame_done(check, SPF_NEUTRAL);
}

static void proceed(struct spf_check *check)
{
	while (check->waits == WAIT_NOTHING)
		step(check);
}

/* Answers. */

/* The one SPF record among the texts (section 4.5); NULL, and done, when there is not one. */
static const GString *select_record(struct spf_check *check, const GPtrArray *texts)
{
	const GString *selected = NULL;

	for (guint i = 0; i < texts->len; i++) {
		if (!spf_record_is_one(texts->pdata[i]))
			continue;
		if (selected != NULL) {
			finish_with(
			    check, SPF_PERMERROR,
			    g_strdup_printf("%s has several SPF records", top(check)->domain));
			return NULL;
		}
		selected = texts->pdata[i];
	}
	if (selected == NULL)
		record_missing(check, top(check)->domain);
	return selected;
}

static void record_answered(struct spf_check *check, const struct dns_answer *answer)
{
	bool is_first = check->frames->len == 1 && !top(check)->is_redirected;
	GPtrArray *texts;
	const GString *text;
	char *problem;

	if (dns_view_has_failed(answer) || !is_first) {
		if (!take_answer(check, answer))
			return;
	}
	texts = dns_view_texts(answer);
	text = select_record(check, texts);
	if (text != NULL) {
		top(check)->record = spf_record_parse(text, &problem);
		if (top(check)->record == NULL)
			finish_with(check, SPF_PERMERROR, problem);
	}
	g_ptr_array_unref(texts);
}

static unsigned prefix_of(const struct spf_check *check)
{
	const struct spf_term *term = current_term(check);

	return check->client.is_v6 ? term->prefix_v6 : term->prefix_v4;
}

static void address_answered(struct spf_check *check, const struct dns_answer *answer)
{
	if (take_answer(check, answer))
		settle(check, dns_view_has_address(answer, &check->client, prefix_of(check)));
}

static void exchangers_answered(struct spf_check *check, const struct dns_answer *answer)
{
	GPtrArray *hosts;

	if (!take_answer(check, answer))
		return;
	hosts = dns_view_hosts(answer);
	if (hosts->len > SPF_HOSTS_MAX) {
		finish_with(check, SPF_PERMERROR,
			    g_strdup_printf("%s has more than %u exchangers", check->wish.name,
					    SPF_HOSTS_MAX));
		g_ptr_array_unref(hosts);
		return;
	}
	start_hosts(check, hosts, WAIT_EXCHANGER_ADDRESS);
	if (check->waits == WAIT_NOTHING)
		no_match(check);
}

static void exchanger_address_answered(struct spf_check *check, const struct dns_answer *answer)
{
	if (!take_answer(check, answer))
		return;
	if (dns_view_has_address(answer, &check->client, prefix_of(check))) {
		g_clear_pointer(&check->hosts, g_ptr_array_unref);
		match(check);
		return;
	}
	ask_next_host(check, WAIT_EXCHANGER_ADDRESS);
	if (check->waits == WAIT_NOTHING)
		no_match(check);
}

static void exists_answered(struct spf_check *check, const struct dns_answer *answer)
{
	if (take_answer(check, answer))
		settle(check, answer->outcome == DNS_FOUND);
}

static void explanation_answered(struct spf_check *check, const struct dns_answer *answer)
{
	GPtrArray *texts = dns_view_texts(answer);
	const GString *text = texts->len == 1 ? texts->pdata[0] : NULL;

	if (text == NULL || strlen(text->str) != text->len ||
	    !spf_macro_is_valid(text->str, true)) {
		finish(check, SPF_FAIL);
	} else {
		check->explanation = g_strdup(text->str);
		awaits_names(check, check->explanation);
	}
	g_ptr_array_unref(texts);
}

void spf_check_answer(struct spf_check *check, const struct dns_answer *answer)
{
	static void (*const handlers[])(struct spf_check *, const struct dns_answer *) = {
		[WAIT_RECORD] = record_answered,
		[WAIT_ADDRESS] = address_answered,
		[WAIT_EXCHANGERS] = exchangers_answered,
		[WAIT_EXCHANGER_ADDRESS] = exchanger_address_answered,
		[WAIT_EXISTS] = exists_answered,
		[WAIT_NAMES] = names_answered,
		[WAIT_NAME_ADDRESS] = name_address_answered,
		[WAIT_EXPLANATION] = explanation_answered,
	};
	enum spf_wait purpose = check->waits;

	g_assert(purpose != WAIT_NOTHING && purpose != WAIT_NEVER);
	check->waits = WAIT_NOTHING;
	handlers[purpose](check, answer);
	proceed(check);
}

/* Life. */

static char *whole_sender(const struct spf_request *request)
{
	const char *at = strrchr(request->sender, '@');

	if (request->sender[0] == '\0')
		return g_strdup_printf("postmaster@%s", request->helo);
	if (at == NULL)
		return g_strdup_printf("postmaster@%s", request->sender);
	if (at == request->sender)
		return g_strdup_printf("postmaster%s", request->sender);
	return g_strdup(request->sender);
}

struct spf_check *spf_check_new(const struct spf_request *request)
{
	struct spf_check *check = g_new0(struct spf_check, 1);
	struct frame frame = { .term_index = 0 };

	check->client = request->client;
	check->helo = g_strdup(request->helo);
	check->sender = whole_sender(request);
	check->receiver = g_strdup(request->receiver);
	check->unix_time = request->unix_time;
	check->domain = g_strdup(strrchr(check->sender, '@') + 1);
	check->frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
	g_array_set_clear_func(check->frames, clear_frame);
	frame.domain = g_strdup(check->domain);
	g_array_append_val(check->frames, frame);
	ask_record(check);
	return check;
}

void spf_check_free(struct spf_check *check)
{
	if (check == NULL)
		return;
	g_array_unref(check->frames);
	g_clear_pointer(&check->hosts, g_ptr_array_unref);
	g_clear_pointer(&check->names, g_ptr_array_unref);
	g_free(check->mechanism);
	g_free(check->explanation);
	g_free(check->problem);
	g_free(check->domain);
	g_free(check->helo);
	g_free(check->sender);
	g_free(check->receiver);
	g_free(check);
}

const struct dns_wish *spf_check_wish(const struct spf_check *check)
{
	return check->waits == WAIT_NEVER ? NULL : &check->wish;
}

const struct spf_outcome *spf_check_outcome(const struct spf_check *check)
{
	return &check->outcome;
}
