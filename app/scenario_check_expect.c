#include <string.h>
#include "app/scenario_private.h"
#include "protocols/mail/names.h"
#include "protocols/screening/names.h"

/* ---- Mailboxes ---- */

/* Whether the screening of the account's server files messages in Junk. */
static bool has_junk(const struct scenario *scenario, const struct scenario_account *account)
{
	const struct scenario_server *server = scenario_server_on(scenario, account->domain->mail);

	for (unsigned i = 0; server != NULL && i < server->stages->len; i++) {
		const struct scenario_stage *stage = g_ptr_array_index(server->stages, i);

		/* What DMARC does is what the policy of a domain says, if not more is allowed. */
		if (stage->action == SCREEN_QUARANTINE ||
		    (stage->kind == SCREEN_DMARC && stage->action == SCREEN_REJECT))
			return true;
	}
	return false;
}

/* Offers the folders that an account can have. True when `folder` is one of them. */
static bool find_folder(const struct scenario *scenario, const struct scenario_account *account,
			const char *folder, struct suggestion *suggestion)
{
	bool is_found = g_ascii_strcasecmp(folder, "INBOX") == 0;

	suggest_offer(suggestion, "INBOX");
	if (has_junk(scenario, account)) {
		suggest_offer(suggestion, MAIL_JUNK);
		is_found |= strcmp(MAIL_JUNK, folder) == 0;
	}
	for (unsigned i = 0; i < account->folders->len; i++) {
		const struct scenario_folder *known = g_ptr_array_index(account->folders, i);

		if (known->folder == NULL)
			continue;
		suggest_offer(suggestion, known->folder);
		is_found |= strcmp(known->folder, folder) == 0;
	}
	for (unsigned i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = g_ptr_array_index(scenario->timeline, i);

		if (action->into == NULL || action->client == NULL ||
		    action->client->account != account)
			continue;
		suggest_offer(suggestion, action->into);
		is_found |= strcmp(action->into, folder) == 0;
	}
	return is_found;
}

static void check_mailbox(struct load *load, const struct scenario_expectation *expectation)
{
	struct suggestion suggestion = { .word = expectation->folder };

	if (expectation->account == NULL)
		return;
	/* Who makes folders is not known where something is wrong. */
	if (load->is_sound &&
	    !find_folder(load->scenario, expectation->account, expectation->folder, &suggestion)) {
		load_error(load, load_mark(load, &expectation->folder, expectation),
			   "`%s` has no folder `%s`, and nobody moves a message into one",
			   expectation->account->address, expectation->folder);
		if (suggestion.best != NULL)
			load_hint(load, "did you mean `%s`?", suggestion.best);
	}
	if (expectation->at_ns != TIME_NEVER && expectation->within_ns != TIME_NEVER)
		load_error(load, load_mark(load, &expectation->within_ns, expectation),
			   "`at` is one moment and `within` any until then: write one of them");
}

/* ---- Messages ---- */

static bool is_among(const GPtrArray *recipients, const char *address)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		const struct scenario_recipient *recipient = g_ptr_array_index(recipients, i);

		if (recipient->address != NULL && strcmp(recipient->address, address) == 0)
			return true;
	}
	return false;
}

static bool is_written_to(const struct scenario *scenario, const char *address)
{
	if (scenario_lookup(scenario, SCENARIO_ACCOUNT, address) != NULL)
		return true;
	for (unsigned i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = g_ptr_array_index(scenario->timeline, i);

		if (is_among(action->to, address) || is_among(action->cc, address) ||
		    is_among(action->bcc, address))
			return true;
	}
	return false;
}

static void check_message(struct load *load, const struct scenario_expectation *expectation)
{
	if (expectation->recipient != NULL &&
	    !is_written_to(load->scenario, expectation->recipient) &&
	    scenario_misses_address(load, expectation->recipient))
		load_error(load, load_mark(load, &expectation->recipient, expectation),
			   "nobody has the address `%s`, and nobody writes to it",
			   expectation->recipient);
}

/* ---- All together ---- */

static bool somebody_does(const struct scenario *scenario, enum scenario_verb verb)
{
	for (unsigned i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = g_ptr_array_index(scenario->timeline, i);

		if (action->verb == verb)
			return true;
	}
	return false;
}

static bool has_line(const struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->networks->len; i++)
		if (scenario_is_dialled(g_ptr_array_index(scenario->networks, i)))
			return true;
	return false;
}

static void check_line(struct load *load, const struct scenario_expectation *expectation)
{
	if (expectation->network != NULL && !scenario_is_dialled(expectation->network))
		load_error(load, load_mark(load, &expectation->network, expectation),
			   "`%s` is no dial-up line", expectation->network->item.name);
	else if (expectation->network == NULL && !has_line(load->scenario))
		load_error(load, expectation->item.mark, "no network is a dial-up line");
	else
		return;
	load_hint(load, "give a network of `kind: link` the key `dial-up`");
}

static void check_rule_number(struct load *load, const struct scenario_expectation *expectation)
{
	const struct scenario_item *node = expectation->node;
	unsigned count = node != NULL && node->kind == SCENARIO_ROUTER
			     ? ((const struct scenario_node *)(const void *)node)->filter->len
			     : 0;

	if (expectation->rule <= count)
		return;
	load_error(load, load_mark(load, &expectation->rule, expectation),
		   "there is no rule %u in the filter of a router that `node` names",
		   (unsigned)expectation->rule);
	if (count > 0)
		load_hint(load, "`%s` has %u", node->name, count);
}

static void check_expectation(struct load *load, const struct scenario_expectation *expectation)
{
	if (expectation->kind == EXPECT_MAILBOX)
		check_mailbox(load, expectation);
	if (expectation->kind == EXPECT_MESSAGE || expectation->kind == EXPECT_WAY)
		check_message(load, expectation);
	if (expectation->subject != NULL)
		scenario_check_subject(load, expectation->subject,
				       load_mark(load, &expectation->subject, expectation));
	if (expectation->kind == EXPECT_PING && !somebody_does(load->scenario, DO_PING))
		load_error(load, expectation->item.mark, "nobody in the timeline pings");
	if (expectation->kind == EXPECT_DIG && !somebody_does(load->scenario, DO_DIG))
		load_error(load, expectation->item.mark, "nobody in the timeline digs");
	if (expectation->kind == EXPECT_MINUTES || expectation->kind == EXPECT_COST)
		check_line(load, expectation);
	if (expectation->kind == EXPECT_HEARD && !somebody_does(load->scenario, DO_TELNET))
		load_error(load, expectation->item.mark, "nobody in the timeline uses telnet");
	if (expectation->kind == EXPECT_PACKETS &&
	    !somebody_does(load->scenario, expectation->verb))
		load_error(load, load_mark(load, &expectation->verb, expectation),
			   "nobody in the timeline does this");
	if (expectation->kind == EXPECT_RETRANSMISSIONS && expectation->node != NULL &&
	    expectation->node->kind == SCENARIO_SWITCH)
		load_error(load, load_mark(load, &expectation->node, expectation),
			   "`%s` is a switch and has no TCP", expectation->node->name);
	if (expectation->tapped.scope == LINK_UPLINK)
		load_error(load, load_mark(load, &expectation->tapped, expectation),
			   "who listens does so at an interface or on a network, not at an uplink");
	if (expectation->rule != 0)
		check_rule_number(load, expectation);
	if (expectation->at_ns != TIME_NEVER && expectation->at_ns > load->scenario->until_ns)
		load_error(load, load_mark(load, &expectation->at_ns, expectation),
			   "the run ends before this: see `until`");
}

void scenario_check_expectations(struct load *load)
{
	for (unsigned i = 0; i < load->scenario->expectations->len; i++)
		check_expectation(load, g_ptr_array_index(load->scenario->expectations, i));
}
