/* The table of commands: where each is allowed, and what it needs. */
#include "protocols/imap/command.h"

#define ANYWHERE        (IMAP_IN(IMAP_NOT_AUTHENTICATED) | AUTHENTICATED)
#define AUTHENTICATED   (IMAP_IN(IMAP_AUTHENTICATED) | IMAP_IN(IMAP_SELECTED))
#define UNAUTHENTICATED IMAP_IN(IMAP_NOT_AUTHENTICATED)
#define SELECTED        IMAP_IN(IMAP_SELECTED)
#define ALWAYS          IMAP_CAN_REV1
#define UID             IMAP_TAKES_UID
#define UID_OR_NUMBERS  (IMAP_TAKES_UID | IMAP_KEEPS_NUMBERS)

/* clang-format off */
static const struct imap_command commands[] = {
	{ "CAPABILITY", ANYWHERE, 0, imap_run_capability, ALWAYS, ALWAYS },
	{ "NOOP", ANYWHERE, 0, imap_run_noop, ALWAYS, ALWAYS },
	{ "LOGOUT", ANYWHERE, 0, imap_run_logout, ALWAYS, ALWAYS },
	{ "ID", ANYWHERE, 0, imap_run_id, IMAP_CAN_ID, ALWAYS },
	{ "AUTHENTICATE", UNAUTHENTICATED, 0, imap_run_authenticate, ALWAYS, ALWAYS },
	{ "STARTTLS", UNAUTHENTICATED, 0, imap_run_starttls, ALWAYS, ALWAYS },
	{ "LOGIN", UNAUTHENTICATED, 0, imap_run_login, ALWAYS, ALWAYS },
	{ "ENABLE", AUTHENTICATED, 0, imap_run_enable, IMAP_CAN_ENABLE, ALWAYS },
	{ "NAMESPACE", AUTHENTICATED, 0, imap_run_namespace, IMAP_CAN_NAMESPACE, ALWAYS },
	{ "SELECT", AUTHENTICATED, 0, imap_run_select, ALWAYS, ALWAYS },
	{ "EXAMINE", AUTHENTICATED, 0, imap_run_examine, ALWAYS, ALWAYS },
	{ "CREATE", AUTHENTICATED, 0, imap_run_create, ALWAYS, ALWAYS },
	{ "DELETE", AUTHENTICATED, 0, imap_run_delete, ALWAYS, ALWAYS },
	{ "RENAME", AUTHENTICATED, 0, imap_run_rename, ALWAYS, ALWAYS },
	{ "SUBSCRIBE", AUTHENTICATED, 0, imap_run_subscribe, ALWAYS, ALWAYS },
	{ "UNSUBSCRIBE", AUTHENTICATED, 0, imap_run_unsubscribe, ALWAYS, ALWAYS },
	{ "LIST", AUTHENTICATED, 0, imap_run_list, ALWAYS, ALWAYS },
	{ "LSUB", AUTHENTICATED, 0, imap_run_lsub, ALWAYS, ALWAYS },
	{ "STATUS", AUTHENTICATED, 0, imap_run_status, ALWAYS, ALWAYS },
	{ "APPEND", AUTHENTICATED, 0, imap_run_append, ALWAYS, ALWAYS },
	{ "GETQUOTA", AUTHENTICATED, 0, imap_run_getquota, IMAP_CAN_QUOTA, ALWAYS },
	{ "GETQUOTAROOT", AUTHENTICATED, 0, imap_run_getquotaroot, IMAP_CAN_QUOTA, ALWAYS },
	{ "SETQUOTA", AUTHENTICATED, 0, imap_run_setquota, IMAP_CAN_QUOTA, ALWAYS },
	{ "SETACL", AUTHENTICATED, 0, imap_run_setacl, IMAP_CAN_ACL, ALWAYS },
	{ "DELETEACL", AUTHENTICATED, 0, imap_run_deleteacl, IMAP_CAN_ACL, ALWAYS },
	{ "GETACL", AUTHENTICATED, 0, imap_run_getacl, IMAP_CAN_ACL, ALWAYS },
	{ "LISTRIGHTS", AUTHENTICATED, 0, imap_run_listrights, IMAP_CAN_ACL, ALWAYS },
	{ "MYRIGHTS", AUTHENTICATED, 0, imap_run_myrights, IMAP_CAN_ACL, ALWAYS },
	{ "IDLE", AUTHENTICATED, 0, imap_run_idle, IMAP_CAN_IDLE, ALWAYS },
	{ "CHECK", SELECTED, 0, imap_run_check, ALWAYS, ALWAYS },
	{ "CLOSE", SELECTED, 0, imap_run_close, ALWAYS, ALWAYS },
	{ "UNSELECT", SELECTED, 0, imap_run_unselect, IMAP_CAN_UNSELECT, ALWAYS },
	{ "EXPUNGE", SELECTED, UID, imap_run_expunge, ALWAYS, IMAP_CAN_UIDPLUS },
	{ "SEARCH", SELECTED, UID_OR_NUMBERS, imap_run_search, ALWAYS, ALWAYS },
	{ "SORT", SELECTED, UID_OR_NUMBERS, imap_run_sort, IMAP_CAN_SORT, ALWAYS },
	{ "THREAD", SELECTED, UID_OR_NUMBERS, imap_run_thread,
	  IMAP_CAN_THREAD_SUBJECT, ALWAYS },
	{ "THREAD", SELECTED, UID_OR_NUMBERS, imap_run_thread,
	  IMAP_CAN_THREAD_REFERENCES, ALWAYS },
	{ "FETCH", SELECTED, UID_OR_NUMBERS, imap_run_fetch, ALWAYS, ALWAYS },
	{ "STORE", SELECTED, UID_OR_NUMBERS, imap_run_store, ALWAYS, ALWAYS },
	{ "COPY", SELECTED, UID, imap_run_copy, ALWAYS, ALWAYS },
	{ "MOVE", SELECTED, UID, imap_run_move, IMAP_CAN_MOVE, ALWAYS },
};
/* clang-format on */

static bool is_known(const struct imap_session *session, const struct imap_command *command)
{
	if (!imap_offers(session, command->needs))
		return false;
	return !session->is_uid ||
	       (command->flags & IMAP_TAKES_UID && imap_offers(session, command->uid_needs));
}

const struct imap_command *imap_find_command(const struct imap_session *session, struct bytes verb)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (imap_is(verb, commands[i].name) && is_known(session, &commands[i]))
			return &commands[i];
	return NULL;
}
