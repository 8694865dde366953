/* Arguments that several IMAP commands have: mailboxes and messages, and who may use them. */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/imap/sequence.h"
#include "protocols/mail/rights.h"

/* Mailboxes of other users: behind this and the owner's address (RFC 2342). */
#define IMAP_SHARED_PREFIX "shared/"

struct imap_session;

/* The name of a mailbox to and from the wire; the caller frees it. NULL: it is none. */
char *imap_encode_name(const struct imap_session *session, const char *name);
char *imap_decode_name(const struct imap_session *session, struct bytes wire);

/* SP mailbox, as UTF-8 the caller frees; names that cannot be are an error. */
bool imap_parse_mailbox(struct imap_session *session, struct imap_parser *parser, char **name);

/* SP mailbox that exists, and the end; else ends the command and is NULL. The caller frees `name`. */
struct mailbox *imap_parse_existing(struct imap_session *session, struct imap_parser *parser,
				    char **name);

/*
 * The account whose mailbox the name is of, and what its owner calls it (inside `name`); NULL when
 * there is no such user. The mailbox; NULL when there is none that the user may look up.
 */
struct account *imap_locate(const struct imap_session *session, const char *name,
			    const char **local);
struct mailbox *imap_find_mailbox(const struct imap_session *session, const char *name);

/* May the user do what takes all of `rights`? The second ends the command with NO when not. */
bool imap_may(const struct imap_session *session, const struct mailbox *mailbox, uint32_t rights);
bool imap_require(struct imap_session *session, const struct mailbox *mailbox, uint32_t rights);

/* Flags that the user may give to messages in the mailbox; keywords count as \Flagged. */
uint32_t imap_permitted_flags(const struct imap_session *session, const struct mailbox *mailbox);

/*
 * "(" name *(SP name) ")" as parameters of commands are written (RFC 4466): `take` reads what stands
 * behind each name, and is false for one it does not know.
 */
bool imap_parse_options(struct imap_parser *parser,
			bool (*take)(void *owner, struct imap_parser *parser, struct bytes name),
			void *owner);

/* "$": the saved result as numbers or UIDs. False, and nothing read, when that is not next. */
bool imap_parse_saved(const struct imap_session *session, struct imap_parser *parser, bool is_uids,
		      struct imap_sequence_set *set);

/* "NO [NONEXISTENT]" for a mailbox, which is named in it. */
void imap_no_mailbox(struct imap_session *session, const char *code, const char *name);

/*
 * SP sequence-set, resolved: UIDs after UID, else message numbers that all exist. False: the error
 * is in the parser.
 */
bool imap_parse_messages(struct imap_session *session, struct imap_parser *parser,
			 struct imap_sequence_set *set);

/*
 * The numbers of the messages in the set, ascending: start with `number` 0, and go on with the one
 * given last until it returns 0.
 */
uint32_t imap_next_message(const struct imap_session *session, const struct imap_sequence_set *set,
			   uint32_t number);
