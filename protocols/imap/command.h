/* What the files of the IMAP server session share: its insides, its replies, its commands. */
#pragma once
#include "protocols/imap/arguments.h"
#include "protocols/imap/output.h"
#include "protocols/imap/parser.h"
#include "protocols/imap/reader.h"
#include "protocols/imap/sequence.h"
#include "protocols/imap/session.h"
#include "protocols/imap/view.h"
#include "protocols/layer.h"
#include "protocols/mail/rights.h"

/* What the next line from the client is. */
enum imap_expectation {
	IMAP_EXPECTS_COMMAND,
	IMAP_EXPECTS_RESPONSE, /* to a challenge of AUTHENTICATE */
	IMAP_EXPECTS_DONE,     /* the end of IDLE */
};

struct imap_command;
struct imap_fetch;

struct imap_session {
	struct session base;
	struct imap_session_config config;
	imap_capability_set offered; /* what is not is refused */
	imap_capability_set enabled; /* by ENABLE, or as a condition of RFC 7162 */
	enum imap_state state;
	enum imap_expectation expects;
	struct imap_reader reader;
	struct imap_tiler tiler; /* of what we send */
	uint64_t literal_from;   /* stream offset of the literal being read */

	/* The command being run; it ends with its tagged reply. */
	char *tag;                          /* NULL: none */
	const struct imap_command *command; /* NULL: not known */
	bool is_uid;                        /* it came behind UID */
	const char *refusal; /* reply it gets for a literal we did not want; or NULL */

	struct sasl_server *sasl; /* the exchange of AUTHENTICATE; NULL: none */
	struct account *account;  /* NULL: not authenticated */
	struct imap_view view;
	struct imap_sequence_set saved; /* UIDs that SEARCH found last: "$" (RFC 5182) */
	struct imap_fetch *fetch;       /* answer in the making, see command_fetch.c; or NULL */
	unsigned bad_commands;          /* in a row */
	unsigned unknown_commands;      /* the same before the login: that were none */
	int phase;                      /* enum session_phase, -1 none: noted last */
	int64_t autologout_ns;          /* when idleness ends the session */
	int64_t news_ns;                /* when IDLE tells what has gathered; TIME_NEVER: nothing */
};

/* Output. Whole lines only, but for the last line of what ends inside a literal. */

/* Sends `text`, noting each unit in it. `root` is the message it is about, or 0. */
void imap_send(struct imap_session *session, struct bytes text, uint64_t root);
void imap_send_string(struct imap_session *session, GString *text); /* taken */
void imap_sendf(struct imap_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Ends the command: tells what has changed in the mailbox, then "tag OK format". */
void imap_ok(struct imap_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void imap_no(struct imap_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void imap_bad(struct imap_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * While expunged messages are held back from a client with QRESYNC, but changes behind them are told: appends
 * the modification sequence from which it can go on, should the connection break now (RFC 7162 section 3.2).
 */
void imap_print_safe_modseq(const struct imap_session *session, GString *out);

/* OK for a command that removed messages: with HIGHESTMODSEQ for who resynchronises by it. */
void imap_ok_expunged(struct imap_session *session, bool has_expunged, const char *text);

/* Ends the command with BAD for the reason the parser gives. */
void imap_bad_arguments(struct imap_session *session, const struct imap_parser *parser);

/* "* BYE text", and closes the session once that is sent. */
void imap_bye(struct imap_session *session, const char *text);

/* The only writers of state and phase. */
void imap_enter(struct imap_session *session, enum imap_state state);
void imap_enter_phase(struct imap_session *session, enum session_phase phase);

/* Hands a TRACE_MAIL note about `message` to the trace. */
void imap_note_mail(struct imap_session *session, enum mail_detail detail,
		    const struct message *message);

/* Sets the deadline to the nearest of autologout and news. */
void imap_arm(struct imap_session *session);

/* The capabilities the session offers in its state; the caller frees them. */
char *imap_capabilities(const struct imap_session *session);

static inline bool imap_offers(const struct imap_session *session, enum imap_capability capability)
{
	return imap_capability_is_in(session->offered, capability);
}

/* True while STARTTLS may be used. */
static inline bool imap_offers_tls(const struct imap_session *session)
{
	return session->config.offers_tls && session->base.protection == NULL;
}

/* False: the password may not cross the wire readable, and there is no TLS to hide it (RFC 9051 6.2.3). */
static inline bool imap_may_show_password(const struct imap_session *session)
{
	return !session->config.hides_login || session->base.protection != NULL;
}

static inline bool imap_has_enabled(const struct imap_session *session,
				    enum imap_capability capability)
{
	return imap_capability_is_in(session->enabled, capability);
}

/*
 * Notes that the client knows modification sequences (RFC 7162 section 3.1): from now on FETCH tells
 * them. With a mailbox open it is told the highest one.
 */
void imap_enable_condstore(struct imap_session *session);

/* Appends VANISHED (EARLIER): what went after `modseq`, of `known` (UIDs) unless that is NULL. */
void imap_print_vanished(GString *out, const struct mailbox *mailbox, uint64_t modseq,
			 const struct imap_sequence_set *known);

/* Answers the line that ends IDLE, or goes on with AUTHENTICATE. */
void imap_continue_idle(struct imap_session *session, struct bytes line);
void imap_continue_authenticate(struct imap_session *session, struct bytes line);

/* Goes on with a FETCH that waits for room; drops it. */
void imap_fetch_continue(struct imap_session *session);
void imap_fetch_free(struct imap_fetch *fetch);

/* Expunges what is marked \Deleted; with `set` (of UIDs) only what is in it. True: there was some. */
bool imap_expunge_deleted(struct imap_session *session, const struct imap_sequence_set *set);

/* The commands, each in command_*.c; they begin behind the verb. */
typedef void imap_run_fn(struct imap_session *session, struct imap_parser *parser);

#define IMAP_IN(state) (1u << (state))

enum imap_command_flag {
	IMAP_TAKES_UID = 1,     /* also behind UID */
	IMAP_KEEPS_NUMBERS = 2, /* no EXPUNGE while it runs (RFC 3501 7.4.1), but behind UID */
};

struct imap_command {
	const char *name;
	unsigned states; /* set of IMAP_IN(enum imap_state) where it is allowed */
	unsigned flags;  /* enum imap_command_flag */
	imap_run_fn *run;
	enum imap_capability needs;     /* without it there is no such command */
	enum imap_capability uid_needs; /* nor behind UID without this */
};

/* NULL: there is none of that name (behind UID, if that was there), or it is not offered. */
const struct imap_command *imap_find_command(const struct imap_session *session, struct bytes verb);

imap_run_fn imap_run_append, imap_run_authenticate, imap_run_capability, imap_run_check,
    imap_run_close, imap_run_copy, imap_run_create, imap_run_delete, imap_run_enable,
    imap_run_deleteacl, imap_run_examine, imap_run_expunge, imap_run_fetch, imap_run_getacl,
    imap_run_getquota, imap_run_getquotaroot, imap_run_listrights, imap_run_myrights,
    imap_run_setacl, imap_run_setquota, imap_run_id, imap_run_idle, imap_run_list, imap_run_login,
    imap_run_starttls, imap_run_logout, imap_run_lsub, imap_run_move, imap_run_namespace,
    imap_run_noop, imap_run_rename, imap_run_search, imap_run_select, imap_run_sort,
    imap_run_status, imap_run_store, imap_run_subscribe, imap_run_thread, imap_run_unselect,
    imap_run_unsubscribe;
