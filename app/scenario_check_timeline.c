#include <string.h>
#include "app/scenario_private.h"
#include "protocols/programs/dsn.h"

#define NEEDS_CLIENT                                                                               \
	(~(1u << DO_PING | 1u << DO_DIG | 1u << DO_CUT | 1u << DO_MEND | 1u << DO_TELNET))

static bool is_pop3(const struct scenario_action *action)
{
	return action->client != NULL && action->client->incoming.protocol == PROTOCOL_POP3;
}

/* ---- Times ---- */

static void check_times(struct load *load, const struct scenario_action *action)
{
	if (action->at_ns != TIME_NEVER && action->at_ns > load->scenario->until_ns)
		load_error(load, load_mark(load, &action->at_ns, action),
			   "the run ends before this: see `until`");
	if (action->every_ns == TIME_NEVER && action->times > 1 && load->is_sound)
		load_error(load, load_mark(load, &action->times, action),
			   "`times` needs `every`, the time from one to the next");
	if (action->every_ns != TIME_NEVER && action->times == 1)
		load_error(load, load_mark(load, &action->every_ns, action),
			   "`every` needs `times`, how often in all");
}

/* ---- Recipients ---- */

bool scenario_misses_address(struct load *load, const char *address)
{
	const char *at = strchr(address, '@');

	return (at == NULL || !g_hash_table_contains(load->missed, at + 1)) &&
	       load_misses(load, SCENARIO_ACCOUNT, address);
}

static void report_stranger(struct load *load, const struct scenario_recipient *recipient)
{
	const struct scenario *scenario = load->scenario;
	struct suggestion suggestion = { .word = recipient->address };

	if (!scenario_misses_address(load, recipient->address))
		return;
	load_error(load, recipient->item.mark, "nobody in the scenario has the address `%s`",
		   recipient->address);
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		for (unsigned j = 0; j < domain->accounts->len; j++) {
			const struct scenario_account *account =
			    g_ptr_array_index(domain->accounts, j);

			suggest_offer(&suggestion, strchr(recipient->address, '@') != NULL
						       ? account->address
						       : account->item.name);
		}
	}
	if (suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?", suggestion.best);
	else if (strchr(recipient->address, '@') == NULL)
		load_hint(load, "write the whole address, with @ and domain");
	else
		load_hint(load, "if a server shall find that out, add `unknown-recipients: yes`");
}

static void check_recipients(struct load *load, const struct scenario_action *action,
			     const GPtrArray *recipients)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		const struct scenario_recipient *recipient = g_ptr_array_index(recipients, i);

		if (recipient->address == NULL || recipient->account != NULL ||
		    scenario_stands_for_others(load->scenario, recipient->address))
			continue;
		if (!action->may_be_unknown || strchr(recipient->address, '@') == NULL)
			report_stranger(load, recipient);
	}
}

static void check_send(struct load *load, const struct scenario_action *action)
{
	if (action->to->len + action->cc->len + action->bcc->len == 0)
		load_error(load, action->item.mark,
			   "a message needs a recipient: `to`, `cc` or `bcc`");
	check_recipients(load, action, action->to);
	check_recipients(load, action, action->cc);
	check_recipients(load, action, action->bcc);
}

/* ---- Messages that are picked ---- */

static const char *without_re(const char *subject)
{
	while (g_ascii_strncasecmp(subject, "Re: ", 4) == 0)
		subject += 4;
	return subject;
}

/* Without what the screening of a server puts before it. */
static const char *without_marks(const struct scenario *scenario, const char *subject)
{
	for (unsigned i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = g_ptr_array_index(scenario->servers, i);

		for (unsigned k = 0; k < server->stages->len; k++) {
			const struct scenario_stage *stage = g_ptr_array_index(server->stages, k);

			if (stage->subject_prefix != NULL &&
			    g_str_has_prefix(subject, stage->subject_prefix))
				subject += strlen(stage->subject_prefix);
		}
	}
	return subject;
}

/* What the timeline sends, by subject; made when first asked for. */
static GHashTable *sent_subjects(struct load *load)
{
	if (load->subjects == NULL)
		load->subjects = g_hash_table_new(g_str_hash, g_str_equal);
	if (g_hash_table_size(load->subjects) > 0)
		return load->subjects;
	for (unsigned i = 0; i < DSN_ACTION_COUNT; i++) /* what servers write */
		g_hash_table_add(load->subjects, (void *)dsn_subjects[i]);
	for (unsigned i = 0; i < load->scenario->timeline->len; i++) {
		const struct scenario_action *action =
		    g_ptr_array_index(load->scenario->timeline, i);

		if (action->verb == DO_SEND)
			g_hash_table_add(load->subjects, (void *)without_re(action->subject));
	}
	return load->subjects;
}

void scenario_check_subject(struct load *load, const char *subject, struct mark mark)
{
	const struct scenario *scenario = load->scenario;
	struct suggestion suggestion = { .word =
					     without_re(without_marks(load->scenario, subject)) };

	if (g_hash_table_contains(sent_subjects(load), suggestion.word) ||
	    !load_misses(load, 0, suggestion.word))
		return;
	load_warning(load, mark, "nobody in the timeline sends a message with the subject `%s`",
		     subject);
	for (unsigned i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = g_ptr_array_index(scenario->timeline, i);

		if (action->verb == DO_SEND)
			suggest_offer(&suggestion, action->subject);
	}
	if (suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?", suggestion.best);
}

static void check_folder(struct load *load, const struct scenario_action *action)
{
	if (is_pop3(action) && g_ascii_strcasecmp(action->folder, "INBOX") != 0)
		load_error(load, load_mark(load, &action->folder, action),
			   "`%s` uses pop3, which knows no folder but INBOX",
			   action->client->item.name);
	if (action->verb != DO_MOVE || action->into == NULL)
		return;
	if (is_pop3(action)) {
		load_error(load, action->item.mark, "`%s` uses pop3, which cannot move messages",
			   action->client->item.name);
		load_hint(load, "give the client `incoming: imap`");
	}
	if (strcmp(action->folder, action->into) == 0)
		load_error(load, load_mark(load, &action->into, action),
			   "the message is in this folder already");
}

/* ---- Ping and dig ---- */

/* Has a domain name at least one dot, and only what domain names have? */
static bool is_domain_name(const char *text)
{
	return strchr(text, '.') != NULL &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
		   strlen(text) &&
	       strstr(text, "..") == NULL && strlen(text) <= 253 && text[0] != '.';
}

static void check_ping(struct load *load, const struct scenario_action *action)
{
	struct mark mark = load_mark(load, &action->target, action);
	struct suggestion suggestion = { .word = action->target };
	const struct scenario_node *node;

	if (action->target == NULL || action->target_node != NULL || action->target_address != 0)
		return;
	if (strcmp(action->target, "0.0.0.0") == 0) {
		load_error(load, mark, "0.0.0.0 is the address of no host");
		return;
	}
	if (is_domain_name(action->target)) {
		if (action->host != NULL && action->host->resolver == NULL)
			load_error(load, mark, "`%s` has no DNS server to look up `%s`",
				   action->host->item.name, action->target);
		return;
	}
	load_error(load, mark, "there is no host or router called `%s`", action->target);
	for (unsigned i = 0; (node = scenario_node_at(load->scenario, i)) != NULL; i++)
		suggest_offer(&suggestion, node->item.name);
	if (suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?", suggestion.best);
}

static bool has_dns_server(const struct scenario *scenario, const struct scenario_node *host)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		if (zone->server == host)
			return true;
	}
	return scenario_is_resolver(scenario, host);
}

static void check_dig(struct load *load, const struct scenario_action *action)
{
	struct mark mark = load_mark(load, &action->server, action);

	if (action->who != NULL && action->who->kind == SCENARIO_ROUTER)
		load_error(load, load_mark(load, &action->who, action),
			   "`%s` is a router: only hosts dig", action->who->name);
	else if (action->server == NULL && !load_is_given(load, &action->server))
		load_error(load, mark,
			   "`%s` has no DNS server: say with `server` which one is asked",
			   action->host == NULL ? "this host" : action->host->item.name);
	else if (action->server != NULL && !has_dns_server(load->scenario, action->server))
		load_error(load, mark, "`%s` has no DNS server", action->server->item.name);
}

/* ---- The local store ---- */

static void check_copy(struct load *load, const struct scenario_action *action)
{
	if (action->client == NULL || is_pop3(action))
		return;
	load_error(load, action->item.mark, "`%s` uses imap: its mail is on the server",
		   action->client->item.name);
	load_hint(load, "give the client `incoming: pop3`");
}

/* ---- All together ---- */

static void check_actor(struct load *load, const struct scenario_action *action)
{
	if (action->who == NULL || action->client != NULL || !(NEEDS_CLIENT >> action->verb & 1))
		return;
	load_error(load, load_mark(load, &action->who, action),
		   "`%s` is no client: it has nobody at a mail program", action->who->name);
	load_hint(load, "name one of the `clients`");
}

static bool picks(const struct scenario_action *action)
{
	return action->verb == DO_READ || action->verb == DO_DELETE || action->verb == DO_MOVE ||
	       action->verb == DO_REPLY;
}

/* A browser does what its site offers; the site is signed in to by nobody else. */
static void check_webmail(struct load *load, const struct scenario_action *action)
{
	bool is_web =
	    action->client != NULL && action->client->incoming.protocol == PROTOCOL_WEBMAIL;

	if (is_web && action->attachments->len > 0) {
		load_error(load, load_mark(load, &action->attachments, action),
			   "`%s` uses webmail, which attaches no files", action->client->item.name);
		load_hint(load, "send it with a client of another protocol, or without `attach`");
	}
	if (is_web && action->mail_from != NULL) {
		load_error(load, load_mark(load, &action->mail_from, action),
			   "`%s` uses webmail, where the site says who writes",
			   action->client->item.name);
		load_hint(load, "send it with a client of another protocol, or without `from` and "
				"`mail-from`");
	}
	if (!is_web && action->client != NULL &&
	    (action->verb == DO_SIGN_IN || action->verb == DO_SIGN_OUT)) {
		load_error(load, load_mark(load, &action->verb, action),
			   "`%s` has no webmail site to sign in to", action->client->item.name);
		load_hint(load, "give the client `incoming: webmail`");
	}
}

static void check_action(struct load *load, const struct scenario_action *action)
{
	check_times(load, action);
	check_actor(load, action);
	check_webmail(load, action);
	if (action->verb == DO_SEND)
		check_send(load, action);
	if (action->verb == DO_PING || action->verb == DO_TELNET)
		check_ping(load, action);
	if (action->verb == DO_TELNET && action->who != NULL &&
	    action->who->kind == SCENARIO_ROUTER)
		load_error(load, load_mark(load, &action->who, action),
			   "`%s` is a router: nobody sits at it", action->who->name);
	if (action->verb == DO_BACKUP || action->verb == DO_RESTORE)
		check_copy(load, action);
	if (action->verb == DO_DIG)
		check_dig(load, action);
	if (picks(action) || action->verb == DO_CHECK || action->verb == DO_SEARCH)
		check_folder(load, action);
	if (picks(action) && action->pick == PICK_SUBJECT)
		scenario_check_subject(load, action->message,
				       load_mark(load, &action->message, action));
}

void scenario_check_timeline(struct load *load)
{
	for (unsigned i = 0; i < load->scenario->timeline->len; i++) {
		const struct scenario_action *action =
		    g_ptr_array_index(load->scenario->timeline, i);

		/* An action whose verb could not be read says nothing. */
		if (load_is_given(load, &action->verb))
			check_action(load, action);
	}
	scenario_check_states(load);
}
