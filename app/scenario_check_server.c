/* What is wrong with mail servers: ports, faults, screening, signatures, aliases. */
#include <string.h>
#include "app/scenario_private.h"
#include "protocols/screening/screening.h"
#include "protocols/smtp/names.h"

/* ---- Mail servers ---- */

bool scenario_listens(const struct scenario_server *server, uint64_t port)
{
	for (unsigned i = 0; server != NULL && i < server->services->len; i++) {
		const struct scenario_service *service = g_ptr_array_index(server->services, i);

		if (service->port == port)
			return true;
	}
	return false;
}

static void check_fault(struct load *load, const struct scenario_fault *fault)
{
	const char *reply = fault->reply;
	struct mark mark = load_mark(load, &fault->reply, fault);

	if (reply != NULL && (strlen(reply) < 5 || (reply[0] != '4' && reply[0] != '5') ||
			      !g_ascii_isdigit(reply[1]) || !g_ascii_isdigit(reply[2]) ||
			      reply[3] != ' ' || strpbrk(reply, "\r\n") != NULL)) {
		load_error(load, mark, "`%s` is no reply that refuses something", reply);
		load_hint(load, "write a code from 400 to 599 and a text: `451 4.3.0 Try again "
				"later`");
	}
	if (reply == NULL && !fault->resets && fault->delay_ns == 0)
		load_error(load, fault->item.mark,
			   "nothing goes wrong here: a fault needs `reply`, `delay` or `reset`");
	if (reply != NULL && fault->resets)
		load_error(load, mark, "`reply` and `reset` cannot stand together");
	if (fault->recipients->len > 0 && fault->command != SMTP_RCPT)
		load_error(load, load_mark(load, &fault->recipients, fault),
			   "`recipients` is for `command: rcpt`");
	if (fault->reset_after_bytes > 0 && !(fault->resets && fault->command == SMTP_DATA))
		load_error(load, load_mark(load, &fault->reset_after_bytes, fault),
			   "`after` is for `command: data` with `reset: yes`");
	if (fault->to_ns <= fault->from_ns)
		load_error(load, load_mark(load, &fault->to_ns, fault), "`to` is not after `from`");
}

/* Outages stand in order, so that each begins when the one before is over. */
static void check_outages(struct load *load, const GPtrArray *outages)
{
	int64_t last_ns = -1;

	for (unsigned i = 0; i < outages->len; i++) {
		const struct scenario_outage *outage = g_ptr_array_index(outages, i);

		if (outage->to_ns <= outage->from_ns)
			load_error(load, load_mark(load, &outage->to_ns, outage),
				   "`to` is not after `from`");
		if (outage->from_ns <= last_ns)
			load_error(load, load_mark(load, &outage->from_ns, outage),
				   "it is down already: write outages in order, apart from each "
				   "other");
		last_ns = outage->to_ns;
	}
}

void scenario_check_targets(struct load *load, const GPtrArray *recipients)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		const struct scenario_recipient *recipient = g_ptr_array_index(recipients, i);

		if (recipient->address == NULL || strchr(recipient->address, '@') != NULL)
			continue;
		load_error(load, recipient->item.mark,
			   "nobody in the scenario has the address `%s`", recipient->address);
		load_hint(load, "write the whole address, with @ and domain");
	}
}

static bool is_ascii_line(const char *text)
{
	for (; *text != '\0'; text++)
		if (!g_ascii_isprint(*text))
			return false;
	return true;
}

static void check_rules(struct load *load, const struct scenario_stage *stage)
{
	if (stage->kind == SCREEN_CONTENT && stage->rules->len == 0)
		load_error(load, stage->item.mark, "a content filter without rules finds nothing");
	for (unsigned i = 0; i < stage->rules->len; i++) {
		const struct scenario_content_rule *rule = g_ptr_array_index(stage->rules, i);
		g_autofree char *error =
		    rule->pattern == NULL ? NULL : screen_pattern_error(rule->pattern);

		if (error != NULL)
			load_error(load, load_mark(load, &rule->pattern, rule),
				   "`%s` is no regular expression: %s", rule->pattern, error);
		if (rule->rule_name != NULL && !is_ascii_line(rule->rule_name))
			load_error(load, load_mark(load, &rule->rule_name, rule),
				   "`%s` cannot stand in a header field: use printable ASCII",
				   rule->rule_name);
	}
}

static void check_stage(struct load *load, const struct scenario_stage *stage)
{
	const char *prefix = stage->subject_prefix;
	struct mark mark = load_mark(load, &stage->subject_prefix, stage);

	check_rules(load, stage);
	if (prefix != NULL && !is_ascii_line(prefix))
		load_error(load, mark, "`%s` cannot stand in a header field: use printable ASCII",
			   prefix);
	if (prefix != NULL && stage->action == SCREEN_REJECT && load->is_sound) {
		load_error(load, mark, "a message that is refused has no subject to mark");
		load_hint(load, "add `action: tag` or `action: quarantine`");
	}
	if (stage->kind == SCREEN_GREYLIST && stage->retry_window_ns <= stage->delay_ns)
		load_error(load, load_mark(load, &stage->retry_window_ns, stage),
			   "`retry-window` is not longer than `delay`: nobody would ever pass");
}

static bool has_stage(const struct scenario_server *server, unsigned end, enum screen_kind kind)
{
	for (unsigned i = 0; i < end; i++)
		if (((const struct scenario_stage *)server->stages->pdata[i])->kind == (int)kind)
			return true;
	return false;
}

/* DMARC judges by what others before it have found, and they ask DNS. */
static void check_authentication(struct load *load, const struct scenario_server *server)
{
	for (unsigned i = 0; i < server->stages->len; i++) {
		const struct scenario_stage *stage = g_ptr_array_index(server->stages, i);

		if (stage->kind != SCREEN_DMARC || has_stage(server, i, SCREEN_SPF) ||
		    has_stage(server, i, SCREEN_DKIM))
			continue;
		load_error(load, stage->item.mark,
			   "dmarc has nothing to judge by: no message would ever pass it");
		load_hint(load, "put `spf` or `dkim` before it, with `action: tag` if they "
				"shall not refuse anything themselves");
	}
}

static void check_reports(struct load *load, const struct scenario_server *server)
{
	if (server->dmarc_report_ns == 0 || has_stage(server, server->stages->len, SCREEN_DMARC))
		return;
	load_error(load, load_mark(load, &server->dmarc_report_ns, server),
		   "there is nothing to report: the screening has no stage `dmarc`");
}

static void check_signers(struct load *load, const struct scenario_server *server)
{
	for (unsigned i = 0; i < server->signers->len; i++) {
		const struct scenario_signer *signer = g_ptr_array_index(server->signers, i);

		if (signer->lifetime_ns % NS_PER_S != 0)
			load_error(load, load_mark(load, &signer->lifetime_ns, signer),
				   "signatures count whole seconds");
		for (unsigned k = 0; k < i; k++) {
			const struct scenario_signer *other = g_ptr_array_index(server->signers, k);

			if (signer->domain == other->domain &&
			    g_strcmp0(signer->selector, other->selector) == 0)
				load_error(load, signer->item.mark,
					   "two keys have the same domain and selector");
		}
	}
}

void scenario_check_server(struct load *load, const struct scenario_server *server)
{
	bool has_domain = false;

	for (unsigned i = 0; i < server->services->len; i++) {
		const struct scenario_service *service = g_ptr_array_index(server->services, i);

		for (unsigned j = 0; j < i; j++) {
			const struct scenario_service *earlier =
			    g_ptr_array_index(server->services, j);

			if (earlier->port == service->port)
				load_error(load, service->item.mark,
					   "port %u of `%s` is taken by another service",
					   (unsigned)service->port, server->item.name);
		}
	}
	for (unsigned i = 0; i < server->faults->len; i++) {
		const struct scenario_fault *fault = g_ptr_array_index(server->faults, i);

		check_fault(load, fault);
		scenario_check_targets(load, fault->recipients);
	}
	for (unsigned i = 0; i < server->stages->len; i++)
		check_stage(load, g_ptr_array_index(server->stages, i));
	check_authentication(load, server);
	check_reports(load, server);
	check_signers(load, server);
	check_outages(load, server->outages);
	if (server->retry_max_ns < server->retry_ns)
		load_error(load, load_mark(load, &server->retry_max_ns, server),
			   "`retry-max` is shorter than `retry`");
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *domain =
		    g_ptr_array_index(load->scenario->domains, i);

		has_domain |= domain->mail == server->host;
	}
	if (server->host != NULL && server->host->resolver == NULL &&
	    load->scenario->domains->len > 1 && load->is_sound)
		load_error(load, server->item.mark,
			   "the mail server `%s` has no DNS server to ask for exchangers",
			   server->item.name);
	if (!has_domain && server->host != NULL)
		load_warning(load, server->item.mark, "the mail server `%s` is that of no domain",
			     server->item.name);
}
