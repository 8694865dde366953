/* What a mail client remembers of a folder on an IMAP server, so as not to ask twice. */
#pragma once
#include "protocols/imap/client.h"
#include "protocols/layer.h"
#include "protocols/mail/mailbox.h"
#include "protocols/programs/mua.h"

struct remote_message {
	uint32_t uid;
	uint32_t flags;          /* enum mailbox_flag, as last heard */
	char *message_id;        /* "" when it has none; NULL: the header was not fetched yet */
	char *subject;           /* decoded; NULL: the header was not fetched yet */
	struct message *message; /* NULL: the body was not fetched yet */
	uint32_t copy_uid;       /* of its copy in the folder's `copies`; 0: none */
	bool is_stale;           /* not yet seen again while the folder is listed anew */
};

struct remote_folder;

/* Told when the list of a folder that the user sees changes: `detail` is one of enum mail_detail. */
struct remote_screen {
	void (*changed)(void *owner, const struct remote_folder *folder,
			const struct remote_message *message, enum mail_detail detail);
	void *owner;
};

struct remote_folder {
	struct remote_screen screen;
	char *name;
	uint32_t uid_validity;
	uint32_t uid_next;      /* as of the last listing */
	uint64_t modseq;        /* up to which all changes are known (RFC 7162); 0: none is */
	GPtrArray *messages;    /* of struct remote_message *, by UID */
	struct mailbox *copies; /* bodies that came, kept here as long as there; NULL: nowhere */
};

struct remote_folder *remote_folder_new(const char *name, struct remote_screen screen);
void remote_folder_free(struct remote_folder *folder);

struct remote_message *remote_folder_find(const struct remote_folder *folder, uint32_t uid);
uint32_t remote_folder_highest(const struct remote_folder *folder); /* UID; 0: it is empty */

/*
 * The first UID whose header must be fetched to know the folder as the server describes it; 0: it is
 * known. When messages have gone that is 1, and all of them are stale until heard of again. Forgets
 * everything when UIDVALIDITY is a new one (RFC 3501 section 2.3.1.1).
 */
uint32_t remote_folder_first_unknown(struct remote_folder *folder,
				     const struct imap_mailbox_status *status);

/* The listing is complete up to `modseq` (0: the server has none): what is stale has gone. */
void remote_folder_settle(struct remote_folder *folder, uint64_t modseq);

/* Takes in what the server says of a message; a body that came belongs to `root`. */
void remote_folder_take(struct remote_folder *folder, const struct imap_fetched *fetched,
			uint64_t root);

/* A body came at `unix_time`: a copy is kept, when there is a place and none is there yet. */
void remote_folder_keep(struct remote_folder *folder, uint32_t uid, int64_t unix_time);

/* The message with this number or, when it is not 0, this UID has gone. */
void remote_folder_remove(struct remote_folder *folder, uint32_t number, uint32_t uid);

/* The UIDs of the messages that are meant, appended to `uids`. */
void remote_folder_pick(const struct remote_folder *folder, enum mua_pick pick, const char *subject,
			GArray *uids);
