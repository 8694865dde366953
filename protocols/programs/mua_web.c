/*
 * The mail client that is a browser: what the user does at a webmail site, page by page. Each action
 * is a list of steps; a step looks at the page that came and asks for the next one.
 */
#include "protocols/programs/browser.h"
#include "protocols/programs/mua_private.h"

enum step {
	STEP_WAIT,  /* asked; the next step comes with the page */
	STEP_AGAIN, /* asked; this step comes again with the page */
	STEP_END,   /* the action is finished */
};

struct mua_web {
	struct mua *mua;
	struct browser *browser;
	GQueue actions;     /* of struct mua_action *: the first is under way */
	GHashTable *known;  /* set of links to messages seen before, for "new"; look-ups only */
	struct timer retry; /* armed: the action under way waits for another try */
	bool is_asking;     /* a page is awaited */
	bool is_signing_in; /* it is the answer to the sign-in form */
	bool is_running;

	/* Of the action under way. */
	unsigned step, next;
	unsigned count;     /* messages counted so far */
	bool is_sending;    /* the form that sends is under way: it must not be sent twice */
	GPtrArray *targets; /* of char *: links to the messages it is about */
};

static void run(struct mua_web *web);

static struct mua_action *present(const struct mua_web *web)
{
	return g_queue_peek_head(&((struct mua_web *)web)->actions);
}

static void begin_anew(struct mua_web *web)
{
	web->step = 0;
	web->next = 0;
	web->count = 0;
	web->is_sending = false;
	g_ptr_array_set_size(web->targets, 0);
}

static enum step end(struct mua_web *web, enum mua_outcome outcome, const char *text)
{
	struct mua_action *action = g_queue_pop_head(&web->actions);

	begin_anew(web);
	web->is_signing_in = false;
	mua_belong(web->mua, action->id);
	mua_finish(web->mua, action, outcome, text);
	return STEP_END;
}

static enum step get(struct mua_web *web, const char *target)
{
	web->is_asking = true;
	browser_get(web->browser, target);
	return STEP_WAIT;
}

/* ---- What is on a page ---- */

static bool is_message_link(const struct html_link *link)
{
	return g_str_has_prefix(link->href, "/message?");
}

static const char *link_by_rel(const struct html_page *page, const char *rel)
{
	for (unsigned i = 0; i < page->links->len; i++) {
		const struct html_link *link = g_ptr_array_index(page->links, i);

		if (strcmp(link->rel, rel) == 0)
			return link->href;
	}
	return NULL;
}

/* A copy of a form's fields, to be filled in. */
static GPtrArray *fields_of(const struct html_form *form)
{
	GPtrArray *fields = form_new();

	for (unsigned i = 0; i < form->fields->len; i++) {
		const struct form_field *field = g_ptr_array_index(form->fields, i);

		form_set(fields, field->name, field->value);
	}
	return fields;
}

/* Submits the form `id` of the page with two fields filled in; names may be NULL. */
static enum step submit(struct mua_web *web, const struct html_page *page, const char *id,
			const char *name, const char *value, const char *name2, const char *value2)
{
	const struct html_form *form = html_find_form(page, id);

	if (form == NULL)
		return end(web, MUA_REFUSED, "the page has no such form");
	GPtrArray *fields = fields_of(form);

	if (name != NULL)
		form_set(fields, name, value);
	if (name2 != NULL)
		form_set(fields, name2, value2);
	web->is_asking = true;
	browser_submit(web->browser, form, fields);
	g_ptr_array_unref(fields);
	return STEP_WAIT;
}

/* ---- Steps ---- */

static enum step open_folder(struct mua_web *web, const struct html_page *page)
{
	GString *target = g_string_new("/folder?name=");

	(void)page;
	form_encode_value(target, present(web)->folder);
	get(web, target->str);
	g_string_free(target, TRUE);
	return STEP_WAIT;
}

static enum step end_counted(struct mua_web *web, const char *format)
{
	char *text = g_strdup_printf(format, web->count);

	end(web, MUA_DONE, text);
	g_free(text);
	return STEP_END;
}

static enum step count_news(struct mua_web *web, const struct html_page *page)
{
	const char *older = link_by_rel(page, "next");
	bool has_known = false;

	for (unsigned i = 0; i < page->links->len; i++) {
		const struct html_link *link = g_ptr_array_index(page->links, i);

		if (!is_message_link(link))
			continue;
		if (g_hash_table_add(web->known, g_strdup(link->href)))
			web->count++;
		else
			has_known = true;
	}
	if (older != NULL && !has_known) {
		get(web, older);
		return STEP_AGAIN;
	}
	return end_counted(web, web->count == 1 ? "%u new message" : "%u new messages");
}

/* The newest is the first; whoever wants another or all goes through the pages. */
static bool gather(struct mua_web *web, const struct html_page *page)
{
	const struct mua_action *action = present(web);

	for (unsigned i = 0; i < page->links->len; i++) {
		const struct html_link *link = g_ptr_array_index(page->links, i);

		if (!is_message_link(link) ||
		    (action->pick == MUA_SUBJECT && strcmp(link->text, action->subject) != 0))
			continue;
		if (action->pick == MUA_OLDEST)
			g_ptr_array_set_size(web->targets, 0);
		g_ptr_array_add(web->targets, g_strdup(link->href));
		if (action->pick == MUA_NEWEST || action->pick == MUA_SUBJECT)
			return true;
	}
	return false;
}

static enum step open_next(struct mua_web *web)
{
	return get(web, g_ptr_array_index(web->targets, web->next++));
}

static enum step pick(struct mua_web *web, const struct html_page *page)
{
	const char *older = link_by_rel(page, "next");

	if (!gather(web, page) && older != NULL) {
		get(web, older);
		return STEP_AGAIN;
	}
	if (web->targets->len == 0)
		return end(web, MUA_NOT_FOUND, NULL);
	return open_next(web);
}

/* What the answer belongs to is the message: its segments say so (protocols/adapter.h). */
static enum step read_message(struct mua_web *web, const struct html_page *page)
{
	uint64_t root = engine_context(node_engine(web->mua->node))->root;

	(void)page;
	mua_record(web->mua, MAIL_READ, root, 0, 0, (struct bytes) { NULL, 0 });
	mua_belong(web->mua, present(web)->id);
	if (web->next == web->targets->len)
		return end(web, MUA_DONE, NULL);
	open_next(web);
	return STEP_AGAIN;
}

static enum step delete_message(struct mua_web *web, const struct html_page *page)
{
	return submit(web, page, "delete", NULL, NULL, NULL, NULL);
}

static enum step move_message(struct mua_web *web, const struct html_page *page)
{
	return submit(web, page, "move", "into", present(web)->into, NULL, NULL);
}

/* On to the next message, if any: its page comes to the step before. */
static enum step next_message(struct mua_web *web, const struct html_page *page)
{
	(void)page;
	if (web->next == web->targets->len)
		return end(web, MUA_DONE, NULL);
	open_next(web);
	web->step--;
	return STEP_AGAIN;
}

static enum step search(struct mua_web *web, const struct html_page *page)
{
	static const char *const wheres[] = {
		[MUA_ANYWHERE] = "text", [MUA_IN_SUBJECT] = "subject", [MUA_IN_FROM] = "from",
		[MUA_IN_TO] = "to",      [MUA_IN_BODY] = "body",
	};

	return submit(web, page, "search", "q", present(web)->text, "in",
		      wheres[present(web)->scope]);
}

static enum step count_found(struct mua_web *web, const struct html_page *page)
{
	const char *older = link_by_rel(page, "next");

	for (unsigned i = 0; i < page->links->len; i++)
		web->count += is_message_link(g_ptr_array_index(page->links, i));
	if (older != NULL) {
		get(web, older);
		return STEP_AGAIN;
	}
	return end_counted(web, "%u found");
}

static enum step open_compose(struct mua_web *web, const struct html_page *page)
{
	(void)page;
	return get(web, "/compose");
}

static enum step open_answer(struct mua_web *web, const struct html_page *page)
{
	const char *link = link_by_rel(page, present(web)->to_all ? "reply-all" : "reply");

	return link != NULL ? get(web, link) : end(web, MUA_REFUSED, "the page has no such link");
}

/* The fields of the form are filled in; in an answer they are already, and the text goes on top. */
static enum step write_letter(struct mua_web *web, const struct html_page *page)
{
	const struct html_form *form = html_find_form(page, "compose");
	const struct mua_draft *draft = present(web)->draft;

	if (form == NULL)
		return end(web, MUA_REFUSED, "the page has no form to write in");
	GPtrArray *fields = fields_of(form);

	if (present(web)->verb == MUA_SEND) {
		form_set(fields, "to", draft->to);
		form_set(fields, "cc", draft->cc);
		form_set(fields, "bcc", draft->bcc);
		form_set(fields, "subject", draft->subject);
		form_set(fields, "text", draft->text);
	} else {
		char *text = g_strconcat(draft->text, form_value(fields, "text"), NULL);

		form_set(fields, "text", text);
		g_free(text);
	}
	web->is_asking = true;
	web->is_sending = true;
	browser_submit(web->browser, form, fields);
	g_ptr_array_unref(fields);
	return STEP_WAIT;
}

static enum step open_home(struct mua_web *web, const struct html_page *page)
{
	(void)page;
	return get(web, "/folder?name=INBOX");
}

static enum step sign_out(struct mua_web *web, const struct html_page *page)
{
	return submit(web, page, "logout", NULL, NULL, NULL, NULL);
}

static enum step end_well(struct mua_web *web, const struct html_page *page)
{
	(void)page;
	return end(web, MUA_DONE, NULL);
}

typedef enum step step_fn(struct mua_web *web, const struct html_page *page);

#define STEPS_MAX 6

/* clang-format off */
static step_fn *const steps[][STEPS_MAX] = {
	[MUA_SEND] = { open_compose, write_letter, end_well },
	[MUA_REPLY] = { open_folder, pick, open_answer, write_letter, end_well },
	[MUA_CHECK] = { open_folder, count_news },
	[MUA_READ] = { open_folder, pick, read_message },
	[MUA_DELETE] = { open_folder, pick, delete_message, next_message },
	[MUA_MOVE] = { open_folder, pick, move_message, next_message },
	[MUA_SEARCH] = { open_folder, search, count_found },
	[MUA_SIGN_IN] = { open_home, end_well },
	[MUA_SIGN_OUT] = { open_home, sign_out, end_well },
};
/* clang-format on */

/* ---- Pages ---- */

static void take_step(struct mua_web *web, const struct html_page *page)
{
	unsigned step = web->step;

	web->is_running = true;
	if (steps[present(web)->verb][step](web, page) == STEP_WAIT)
		web->step = step + 1;
	web->is_running = false;
}

/* The action under way has failed, for now or for good. */
static void fail(struct mua_web *web, enum mua_outcome outcome, const char *text)
{
	struct mua_action *action = present(web);
	bool was_sending = web->is_sending && outcome == MUA_LOST;

	web->is_signing_in = false;
	mua_belong(web->mua, action->id);
	if (!was_sending && mua_retry(web->mua, action, outcome, text, &web->retry))
		begin_anew(web);
	else
		end(web, outcome, text);
}

/* The site wants to know who asks. A second time: it did not like the answer. */
static void sign_in(struct mua_web *web, const struct html_page *page, const char *text)
{
	const struct mua_config *config = &web->mua->config;

	if (present(web)->verb == MUA_SIGN_OUT) {
		end(web, MUA_DONE, "had not signed in");
	} else if (web->is_signing_in || html_find_form(page, "login") == NULL) {
		end(web, MUA_LOGIN_REFUSED, text);
	} else {
		begin_anew(web);
		web->is_signing_in = true;
		submit(web, page, "login", "login", config->login, "password", config->password);
	}
}

static void handle_error(struct mua_web *web, unsigned status, const struct html_page *page)
{
	const char *why = page->alert != NULL ? page->alert : page->title;
	char *text = g_strdup_printf("%u %s", status, why);

	if (status == 401)
		sign_in(web, page, text);
	else if (status == 503)
		fail(web, MUA_TRY_LATER, text);
	else
		fail(web, status == 404 ? MUA_NOT_FOUND : MUA_REFUSED, text);
	g_free(text);
}

static void page_done(void *owner, unsigned status, const struct html_page *page,
		      enum mua_outcome outcome, const char *text)
{
	struct mua_web *web = owner;

	web->is_asking = false;
	if (present(web) == NULL)
		return;
	if (page == NULL) {
		fail(web, outcome, text);
	} else if (status >= 400) {
		handle_error(web, status, page);
	} else if (web->is_signing_in) {
		web->is_signing_in = false;
		mua_belong(web->mua, present(web)->id);
		web->step = present(web)->verb == MUA_SIGN_IN; /* what it was about is done */
		take_step(web, page);
	} else {
		if (present(web)->verb != MUA_READ)
			mua_belong(web->mua, present(web)->id);
		take_step(web, page);
	}
	run(web);
}

/* Begins the next action, when nothing is under way. */
static void run(struct mua_web *web)
{
	while (present(web) != NULL && !web->is_asking && !web->is_running &&
	       !timer_is_armed(&web->retry) && web->mua->is_online) {
		mua_belong(web->mua, present(web)->id);
		take_step(web, NULL);
	}
}

static void try_again(void *owner)
{
	run(owner);
}

/* ---- Life ---- */

struct mua_web *mua_web_new(struct mua *mua)
{
	const struct mua_config *config = &mua->config;
	struct mua_web *web = g_new0(struct mua_web, 1);

	web->mua = mua;
	web->browser = browser_new(
	    mua->host, &(struct browser_config) {
			   .site = config->incoming_server,
			   .user_agent = config->user_agent,
			   .resolver = mua->resolver,
			   .port = config->incoming_port,
			   .tls = config->incoming_tls == SESSION_TLS_NEVER ? NULL : config->tls,
			   .asks_aaaa = config->asks_aaaa,
			   .wakeup_ns = config->wakeup_ns,
			   .connect_timeout_ns = config->connect_timeout_ns,
			   .done = page_done,
			   .owner = web,
		       });
	g_queue_init(&web->actions);
	web->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	web->targets = g_ptr_array_new_with_free_func(g_free);
	timer_init(&web->retry, mua->node->index, try_again, web);
	return web;
}

void mua_web_free(struct mua_web *web)
{
	if (web == NULL)
		return;
	browser_free(web->browser);
	timer_cancel(node_engine(web->mua->node), &web->retry);
	g_queue_clear_full(&web->actions, (GDestroyNotify)mua_action_free);
	g_hash_table_destroy(web->known);
	g_ptr_array_unref(web->targets);
	g_free(web);
}

void mua_web_add(struct mua_web *web, struct mua_action *action)
{
	if (!web->mua->is_online) {
		mua_finish(web->mua, action, MUA_OFFLINE, NULL);
		return;
	}
	g_queue_push_tail(&web->actions, action);
	run(web);
}

void mua_web_stop(struct mua_web *web)
{
	browser_stop(web->browser);
	timer_cancel(node_engine(web->mua->node), &web->retry);
	web->is_asking = false;
	while (present(web) != NULL)
		end(web, MUA_OFFLINE, NULL);
}
