#include "app/mail_actions.h"

#include "protocols/programs/mua.h"
#include "protocols/smtp/envelope.h"

/* How it ended is in the trace; nobody waits for it here. */
static const struct mua_callback nobody = { .done = NULL };

bool action_is_mail(const struct scenario_action *action)
{
	return action->verb <= DO_LOSE_DISK;
}

enum user_verb action_user_verb(enum scenario_verb verb)
{
	static const enum user_verb verbs[DO_COUNT] = {
		[DO_SEND] = USER_SENDS,
		[DO_REPLY] = USER_ANSWERS,
		[DO_CHECK] = USER_CHECKS,
		[DO_READ] = USER_READS,
		[DO_DELETE] = USER_DELETES,
		[DO_MOVE] = USER_MOVES,
		[DO_SEARCH] = USER_SEARCHES,
		[DO_ONLINE] = USER_GOES_ONLINE,
		[DO_OFFLINE] = USER_GOES_OFFLINE,
		[DO_BACKUP] = USER_BACKS_UP,
		[DO_RESTORE] = USER_RESTORES,
		[DO_CRASH] = USER_CRASHES,
		[DO_LOSE_DISK] = USER_LOSES_DISK,
		[DO_PING] = USER_PINGS,
		[DO_DIG] = USER_DIGS,
		[DO_CUT] = USER_CUTS,
		[DO_MEND] = USER_MENDS,
		[DO_TELNET] = USER_TALKS,
	};

	return verbs[verb];
}

/* "bob@remote.example, carol@office.example", or NULL. The caller frees it. */
static char *address_list(const GPtrArray *recipients)
{
	GString *list;

	if (recipients == NULL || recipients->len == 0)
		return NULL;
	list = g_string_new(NULL);
	for (guint i = 0; i < recipients->len; i++)
		g_string_append_printf(
		    list, "%s%s", i == 0 ? "" : ", ",
		    ((struct scenario_recipient *)recipients->pdata[i])->address);
	return g_string_free(list, FALSE);
}

static struct attachment *attachments_of(const struct scenario_action *action, size_t *count)
{
	struct attachment *attachments;

	*count = action->attachments == NULL ? 0 : action->attachments->len;
	attachments = g_new0(struct attachment, *count + 1);
	for (size_t i = 0; i < *count; i++) {
		const struct scenario_attachment *described = action->attachments->pdata[i];

		attachments[i] = (struct attachment) {
			.name = described->shown_name,
			.type = described->type,
			.content = described->content,
		};
	}
	return attachments;
}

static struct mua_choice choice_of(const struct scenario_action *action)
{
	static const enum mua_pick picks[] = {
		[PICK_NEWEST] = MUA_NEWEST,
		[PICK_OLDEST] = MUA_OLDEST,
		[PICK_ALL] = MUA_ALL,
		[PICK_SUBJECT] = MUA_SUBJECT,
	};

	return (struct mua_choice) {
		.folder = action->folder,
		.pick = picks[action->pick],
		.subject = action->pick == PICK_SUBJECT ? action->message : NULL,
	};
}

static unsigned notify_of(enum scenario_notify notify)
{
	static const unsigned sets[] = {
		[NOTIFY_USUAL] = 0,
		[NOTIFY_SUCCESS] = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY,
		[NOTIFY_NEVER] = SMTP_NOTIFY_NEVER,
	};

	return sets[notify];
}

/* Another author than the client's user; NULL: it is that user. */
static char *from_of(const struct scenario_action *action)
{
	return g_strdup(action->from);
}

static void write_letter(struct mua *mua, const struct scenario_action *action)
{
	char *from = from_of(action);
	char *to = address_list(action->to), *cc = address_list(action->cc);
	char *bcc = address_list(action->bcc);
	size_t count;
	struct attachment *attachments = attachments_of(action, &count);
	struct mua_choice choice = choice_of(action);
	struct mua_letter letter = {
		.from = from,
		.mail_from = action->mail_from,
		.to = to,
		.cc = cc,
		.bcc = bcc,
		.subject = action->subject,
		.text = action->text,
		.is_8bit = action->encoding == ENCODING_8BIT,
		.notify = notify_of(action->notify),
		.attachments = attachments,
		.attachment_count = count,
	};

	if (action->verb == DO_SEND)
		mua_send(mua, &letter, nobody);
	else
		mua_reply(mua, &choice, &letter, action->answers_all, nobody);
	g_free(attachments);
	g_free(from);
	g_free(to);
	g_free(cc);
	g_free(bcc);
}

static enum mua_scope scope_of(enum scenario_search search)
{
	static const enum mua_scope scopes[] = {
		[SEARCH_TEXT] = MUA_ANYWHERE, [SEARCH_SUBJECT] = MUA_IN_SUBJECT,
		[SEARCH_FROM] = MUA_IN_FROM,  [SEARCH_TO] = MUA_IN_TO,
		[SEARCH_BODY] = MUA_IN_BODY,
	};

	return scopes[search];
}

void mail_action_start(struct mua *mua, const struct scenario_action *action)
{
	struct mua_choice choice = choice_of(action);

	switch (action->verb) {
	case DO_SEND:
	case DO_REPLY:
		write_letter(mua, action);
		break;
	case DO_CHECK:
		mua_check(mua, action->folder, nobody);
		break;
	case DO_READ:
		mua_read(mua, &choice, nobody);
		break;
	case DO_DELETE:
		mua_delete(mua, &choice, nobody);
		break;
	case DO_MOVE:
		mua_move(mua, &choice, action->into, nobody);
		break;
	case DO_SEARCH:
		mua_search(mua, action->folder, scope_of(action->search_in), action->search_for,
			   nobody);
		break;
	case DO_SIGN_IN:
		mua_sign_in(mua, nobody);
		break;
	case DO_SIGN_OUT:
		mua_sign_out(mua, nobody);
		break;
	case DO_ONLINE:
		mua_go_online(mua, nobody);
		break;
	case DO_OFFLINE:
		mua_go_offline(mua, nobody);
		break;
	case DO_BACKUP:
		mua_back_up(mua, nobody);
		break;
	case DO_RESTORE:
		mua_restore(mua, nobody);
		break;
	case DO_CRASH:
		mua_crash(mua, nobody);
		break;
	case DO_LOSE_DISK:
		mua_lose_disk(mua, nobody);
		break;
	default:
		break;
	}
}
