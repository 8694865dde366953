/*
 * Actions of the mail client on an IMAP server: what each of them asks for, step by step.
 */
#include "protocols/programs/mua_imap.h"

struct mua_action *mua_imap_present(const struct mua_imap *imap)
{
	return g_queue_peek_head(&((struct mua_imap *)imap)->actions);
}

static void forget_action(struct mua_imap *imap)
{
	imap->step = 0;
	imap->next = 0;
	imap->found = 0;
	imap->asked = 0;
	imap->is_target_there = false;
	g_array_set_size(imap->picked, 0);
}

struct mua_action *mua_imap_take(struct mua_imap *imap)
{
	struct mua_action *action = g_queue_pop_head(&imap->actions);

	forget_action(imap);
	imap->operation = 0;
	imap->was_reused = imap->is_ready;
	return action;
}

enum step mua_imap_end(struct mua_imap *imap, enum mua_outcome outcome, const char *text)
{
	mua_finish(imap->mua, mua_imap_take(imap), outcome, text);
	return STEP_END;
}

static enum step end_counted(struct mua_imap *imap, const char *format, unsigned count)
{
	char *text = g_strdup_printf(format, count);

	mua_imap_end(imap, MUA_DONE, text);
	g_free(text);
	return STEP_END;
}

static enum step wait_for(struct mua_imap *imap, unsigned operation)
{
	imap->operation = operation;
	return STEP_WAIT;
}

/* Steps. */

/* What led to this is the reason for it, whoever's doing it was. */
static void screen_changed(void *owner, const struct remote_folder *folder,
			   const struct remote_message *message, enum mail_detail detail)
{
	const struct mua *mua = ((const struct mua_imap *)owner)->mua;
	GString *text = g_string_new(folder->name);

	g_string_append_c(text, '\0');
	g_string_append(text, message->message_id);
	mua_record(mua, detail, engine_context(node_engine(mua->node))->root, 0, 0,
		   (struct bytes) { (const uint8_t *)text->str, text->len });
	g_string_free(text, TRUE);
}

static struct remote_folder *find_folder(struct mua_imap *imap, const char *name)
{
	for (unsigned i = 0; i < imap->folders->len; i++) {
		struct remote_folder *folder = g_ptr_array_index(imap->folders, i);

		if (strcmp(folder->name, name) == 0)
			return folder;
	}
	struct remote_folder *folder =
	    remote_folder_new(name, (struct remote_screen) { screen_changed, imap });
	folder->copies = mua_folder(imap->mua, name);
	g_ptr_array_add(imap->folders, folder);
	return folder;
}

static enum step select_folder(struct mua_imap *imap, struct mua_action *action)
{
	struct remote_folder *folder = find_folder(imap, action->folder);

	imap->known_before = folder->messages->len;
	if (imap->folder == folder) {
		/* Without IDLE nobody has told us what has come since (RFC 3501 section 6.1.2). */
		bool asks = action->verb == MUA_CHECK || !imap_client_offers(imap->client, "IDLE");

		return asks ? wait_for(imap, imap_client_noop(imap->client)) : STEP_NEXT;
	}
	imap->is_opening = true;
	if (folder->modseq == 0) {
		imap->folder = NULL;
		return wait_for(imap, imap_client_select(imap->client, action->folder, false));
	}
	imap->folder = folder;
	imap->is_resuming = true;
	return wait_for(imap, imap_client_resume(imap->client, action->folder, folder->uid_validity,
						 folder->modseq));
}

/* Flags that others changed meanwhile, unless the server has told them. */
static enum step catch_up(struct mua_imap *imap, struct mua_action *action)
{
	const struct imap_mailbox_status *status = imap_client_selected(imap->client);
	const struct remote_folder *folder = find_folder(imap, action->folder);

	if (!imap->is_opening || folder->modseq == 0 || status->is_resynchronized ||
	    status->messages == 0 || status->uid_validity != folder->uid_validity ||
	    status->modseq <= folder->modseq)
		return STEP_NEXT;
	imap->is_resuming = true;
	return wait_for(imap, imap_client_fetch_changes(imap->client, folder->modseq));
}

static enum step list_news(struct mua_imap *imap, struct mua_action *action)
{
	const struct imap_mailbox_status *status = imap_client_selected(imap->client);
	uint32_t first = 0;

	if (imap->is_opening) {
		imap->is_opening = false;
		imap->folder = find_folder(imap, action->folder);
		first = remote_folder_first_unknown(imap->folder, status);
	} else if (status->messages > imap->folder->messages->len) {
		first = remote_folder_highest(imap->folder) + 1;
	}
	if (first == 0)
		return STEP_NEXT;
	return wait_for(imap, imap_client_fetch_headers(imap->client, first));
}

static enum step settle(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	remote_folder_settle(imap->folder, imap_client_selected(imap->client)->modseq);
	return STEP_NEXT;
}

static enum step end_check(struct mua_imap *imap, struct mua_action *action)
{
	unsigned known = imap->folder->messages->len;
	unsigned news = known > imap->known_before ? known - imap->known_before : 0;

	(void)action;
	return end_counted(imap, news == 1 ? "%u new message" : "%u new messages", news);
}

/* What an earlier try had picked and has not dealt with: "the newest" must not become another. */
static bool keep_picked(struct mua_imap *imap)
{
	bool had_any = imap->picked->len > 0;

	for (unsigned i = imap->picked->len; i > 0; i--)
		if (remote_folder_find(imap->folder,
				       g_array_index(imap->picked, uint32_t, i - 1)) == NULL)
			g_array_remove_index(imap->picked, i - 1);
	return had_any;
}

static enum step pick(struct mua_imap *imap, struct mua_action *action)
{
	if (keep_picked(imap))
		return imap->picked->len > 0 ? STEP_NEXT : mua_imap_end(imap, MUA_DONE, NULL);
	remote_folder_pick(imap->folder, action->pick, action->subject, imap->picked);
	return imap->picked->len > 0 ? STEP_NEXT : mua_imap_end(imap, MUA_NOT_FOUND, NULL);
}

static uint32_t picked_uid(const struct mua_imap *imap)
{
	return g_array_index(imap->picked, uint32_t, imap->next);
}

/* The next body that is picked and not here yet. It becomes \Seen as it is fetched for reading. */
static enum step fetch_bodies(struct mua_imap *imap, struct mua_action *action)
{
	for (; imap->next < imap->picked->len; imap->next++) {
		uint32_t uid = picked_uid(imap);
		struct remote_message *message = remote_folder_find(imap->folder, uid);

		if (message == NULL)
			return mua_imap_end(imap, MUA_NOT_FOUND, "it has gone from the server");
		if (message->message != NULL)
			continue;
		/* Asked once: a body that does not come then is no more. */
		if (imap->asked == uid)
			return mua_imap_end(imap, MUA_NOT_FOUND, "it has gone from the server");
		imap->asked = uid;
		imap->operation =
		    imap_client_fetch_body(imap->client, uid, action->verb == MUA_READ);
		return STEP_AGAIN;
	}
	imap->next = 0;
	return STEP_NEXT;
}

/*
 * Bodies that were here before are read without being fetched: the server is told, unless this user may
 * only look (RFC 4314 section 5.2).
 */
static enum step mark_seen(struct mua_imap *imap, struct mua_action *action)
{
	bool may_only_look = imap_client_selected(imap->client)->is_read_only;

	(void)action;
	for (; imap->next < imap->picked->len; imap->next++) {
		uint32_t uid = picked_uid(imap);
		struct remote_message *message = remote_folder_find(imap->folder, uid);

		if (message == NULL || message->message == NULL)
			continue;
		mua_record(imap->mua, MAIL_READ, message->message->root, 0, 0,
			   (struct bytes) { NULL, 0 });
		if (message->flags & MAILBOX_SEEN || may_only_look)
			continue;
		message->flags |= MAILBOX_SEEN;
		imap->next++;
		imap->operation =
		    imap_client_store(imap->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_SEEN);
		return STEP_AGAIN;
	}
	return STEP_NEXT;
}

static enum step mark_deleted(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return wait_for(imap, imap_client_store(
				  imap->client, (const uint32_t *)(const void *)imap->picked->data,
				  imap->picked->len, IMAP_STORE_ADD, MAILBOX_DELETED));
}

static enum step expunge(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return wait_for(imap, imap_client_expunge(
				  imap->client, (const uint32_t *)(const void *)imap->picked->data,
				  imap->picked->len));
}

static enum step look_for_target(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(imap, imap_client_list(imap->client, "", action->into));
}

static enum step make_target(struct mua_imap *imap, struct mua_action *action)
{
	if (imap->is_target_there)
		return STEP_NEXT;
	return wait_for(imap, imap_client_create(imap->client, action->into));
}

static enum step move(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(imap, imap_client_move(imap->client,
					       (const uint32_t *)(const void *)imap->picked->data,
					       imap->picked->len, action->into));
}

static enum step append(struct mua_imap *imap, struct mua_action *action)
{
	return wait_for(
	    imap, imap_client_append(imap->client, action->into, MAILBOX_SEEN, action->message));
}

/* search-key of RFC 3501 section 6.4.4 with a quoted string. */
static enum step search(struct mua_imap *imap, struct mua_action *action)
{
	static const char *const keys[] = {
		[MUA_ANYWHERE] = "TEXT", [MUA_IN_SUBJECT] = "SUBJECT", [MUA_IN_FROM] = "FROM",
		[MUA_IN_TO] = "TO",      [MUA_IN_BODY] = "BODY",
	};
	GString *criteria = g_string_new(NULL);

	g_string_append_printf(criteria, "%s \"", keys[action->scope]);
	for (const char *c = action->text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(criteria, '\\');
		g_string_append_c(criteria, *c);
	}
	g_string_append_c(criteria, '"');
	wait_for(imap, imap_client_search(imap->client, criteria->str));
	g_string_free(criteria, TRUE);
	return STEP_WAIT;
}

static enum step end_search(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return end_counted(imap, "%u found", imap->found);
}

static enum step mark_answered(struct mua_imap *imap, struct mua_action *action)
{
	uint32_t uid = picked_uid(imap);

	(void)action;
	return wait_for(imap,
			imap_client_store(imap->client, &uid, 1, IMAP_STORE_ADD, MAILBOX_ANSWERED));
}

/* The outbox takes the action over. */
static enum step answer(struct mua_imap *imap, struct mua_action *action)
{
	struct remote_message *message = remote_folder_find(imap->folder, picked_uid(imap));

	if (message == NULL || message->message == NULL)
		return mua_imap_end(imap, MUA_NOT_FOUND, "it has gone from the server");
	g_queue_pop_head(&imap->actions);
	mua_draft_answer(imap->mua, action->draft, message->message, action->to_all);
	forget_action(imap);
	mua_compose(imap->mua, action);
	return STEP_END;
}

static enum step end_well(struct mua_imap *imap, struct mua_action *action)
{
	(void)action;
	return mua_imap_end(imap, MUA_DONE, NULL);
}

typedef enum step step_fn(struct mua_imap *imap, struct mua_action *action);

#define STEPS_MAX 9

static step_fn *const steps[][STEPS_MAX] = {
	[MUA_CHECK] = {select_folder,  catch_up,          list_news,               settle,                             end_check },
	[MUA_READ] = { select_folder,             catch_up,                 list_news,                    settle,                             pick, fetch_bodies, mark_seen,
		       end_well },
	[MUA_DELETE] = { select_folder,          catch_up,               list_news,                             settle,										       pick, mark_deleted, expunge,
                       end_well },
	[MUA_MOVE] = { look_for_target, make_target, select_folder, catch_up, list_news, settle,
		       pick, move, end_well },
	[MUA_SEARCH] = { select_folder,  search,            end_search                                                  },
	[MUA_REPLY] = { select_folder,   catch_up,       list_news,                      settle,										    pick, fetch_bodies,
                       mark_answered, answer },
	[MUA_FILE_SENT] = { look_for_target,           make_target,                        append,                                       end_well                                              },
};

enum step mua_imap_step(struct mua_imap *imap)
{
	struct mua_action *action = mua_imap_present(imap);

	return steps[action->verb][imap->step](imap, action);
}
