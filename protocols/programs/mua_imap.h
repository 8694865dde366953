/* What the files of the mail client's IMAP side share. */
#pragma once
#include "protocols/imap/client.h"
#include "protocols/programs/mua_private.h"
#include "protocols/programs/mua_remote.h"

/* What a step did. */
enum step {
	STEP_NEXT,  /* nothing to ask: on with the next step */
	STEP_WAIT,  /* asked; the next step comes after the answer */
	STEP_AGAIN, /* asked; this step comes again after the answer */
	STEP_END,   /* the action is finished */
};

struct mua_imap {
	struct mua *mua;
	GQueue actions;               /* of struct mua_action *: the first is under way */
	GPtrArray *folders;           /* of struct remote_folder * */
	struct lookup *lookup;        /* NULL: none under way */
	struct adapter *adapter;      /* NULL: not connected */
	struct imap_client *client;   /* lives with the adapter */
	struct remote_folder *folder; /* selected; NULL: none */
	bool is_ready;                /* logged in */
	bool is_leaving;              /* LOGOUT was said: the next action needs a new connection */
	bool is_opening;              /* it was selected, and what is in it not looked at yet */
	bool is_resuming;             /* `folder` is being selected: known messages are updated */
	bool is_running;              /* steps are being run */
	bool was_reused;              /* the action under way found the connection open */
	unsigned operation;           /* whose answer is awaited; 0: none */
	unsigned idle;                /* the IDLE operation; 0: none */
	char *refusal;            /* what the server said when it wanted no more; NULL: nothing */
	enum mua_outcome refused; /* what that means */
	struct timer stay;        /* fires when the connection was idle for long enough */
	struct timer retry;       /* armed: the action under way waits for another try */

	/* Of the action under way. */
	unsigned step;
	GArray *picked;        /* of uint32_t: UIDs of the messages it is about */
	unsigned next;         /* index in `picked` */
	unsigned found;        /* messages by SEARCH */
	uint32_t asked;        /* UID of the body asked for last */
	unsigned known_before; /* messages known when it began */
	bool is_target_there;  /* the folder it moves or files to exists */
};

/* The action under way, or NULL. */
struct mua_action *mua_imap_present(const struct mua_imap *imap);

/* Takes the action under way from the queue; the caller finishes it. */
struct mua_action *mua_imap_take(struct mua_imap *imap);

/* Ends the action under way. */
enum step mua_imap_end(struct mua_imap *imap, enum mua_outcome outcome, const char *text);

/* The step of the action under way that is due; `imap` is logged in and waits for no answer. */
enum step mua_imap_step(struct mua_imap *imap);
