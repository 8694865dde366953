/*
 * SASL (RFC 4422) as pure machines, one for each side, that SMTP, POP3 and IMAP share: PLAIN (RFC
 * 4616), LOGIN (as everybody does it), CRAM-MD5 (RFC 2195) and SCRAM-SHA-256 (RFC 5802, RFC 7677).
 * Messages are octets: what encodes them (base64, "334 ", "+ ") is the protocol's business.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "sim/random.h"

/* The weakest first. */
enum sasl_mechanism {
	SASL_LOGIN,
	SASL_PLAIN,
	SASL_CRAM_MD5,
	SASL_SCRAM_SHA_256,
	SASL_MECHANISM_COUNT,
};

#define SASL_BIT(mechanism) (1u << (mechanism))
#define SASL_ALL            (SASL_BIT(SASL_MECHANISM_COUNT) - 1)
/* Those that put the password itself on the wire: whoever reads along has it, base64 or not. */
#define SASL_PLAINTEXT      (SASL_BIT(SASL_LOGIN) | SASL_BIT(SASL_PLAIN))
#define SASL_SALT_BYTES     16
#define SASL_ITERATIONS     4096  /* that a server asks for; RFC 7677 section 4: at least */
#define SASL_ITERATIONS_MAX 20000 /* that a client computes; a hostile server could ask for more */
#define SASL_MESSAGE_MAX    12288 /* octets of a message in base64 (RFC 4954 section 4) */

/* "PLAIN", "SCRAM-SHA-256"; indexed by enum sasl_mechanism. */
extern const char *const sasl_mechanism_names[SASL_MECHANISM_COUNT];

/* The mechanism called `name`, in any case; SASL_MECHANISM_COUNT when there is none. */
enum sasl_mechanism sasl_mechanism_parse(struct bytes name);

/* The strongest of a set of SASL_BIT(); SASL_MECHANISM_COUNT when it is empty. */
enum sasl_mechanism sasl_strongest(unsigned mechanisms);

/* Appends the names of a set of mechanisms to `out`, the strongest first, `before` before each. */
void sasl_append_names(unsigned mechanisms, const char *before, GString *out);

/* What the servers of a host have for their exchanges. All is borrowed. */
struct sasl_setting {
	const char *host_name; /* in challenges, and what salts come from; NULL: "localhost" */
	struct random_stream *random; /* NULL: nonces are all alike */
	struct sasl_keys *keys;       /* may be NULL, see below */
};

/* A nonce: 144 bits as 24 characters without '=' and ','; "0" without `random`. The caller frees it. */
char *sasl_nonce_new(struct random_stream *random);

/* Whether it is base64 (RFC 4648 section 4, padding required), or "=", which stands for no octets. */
bool sasl_is_base64(struct bytes text);

/*
 * Decodes base64 text. NULL when it is malformed (sasl_is_base64()); else the
 * octets and a NUL behind them, the caller frees them. "=" stands for no octets (RFC 4954).
 */
char *sasl_base64_decode(struct bytes text, size_t *length);

/* What a step comes to. */
enum sasl_status {
	SASL_SAY,       /* `out` goes to the other side, whose answer is the next step */
	SASL_ASK,       /* server: sasl_server_answer() with the password of sasl_server_login(),
			   when that user may act as sasl_server_authorization() */
	SASL_SUCCEEDED, /* server: the client is who it says */
	SASL_REFUSED,   /* it is not; of a client: the server is not */
	SASL_MALFORMED, /* the other side broke the mechanism's rules */
};

/*
 * Salted passwords that were computed before, which take thousands of hashes each (RFC 5802 section
 * 5.1 lets both sides keep them). NULL does instead; then each exchange computes its own.
 */
struct sasl_keys;
struct sasl_keys *sasl_keys_new(void);
void sasl_keys_free(struct sasl_keys *keys);

struct sasl_server;

/* Strings are copied, `keys` is borrowed. `nonce` makes challenges unlike any before. */
struct sasl_server *sasl_server_new(enum sasl_mechanism mechanism, const char *host_name,
				    const char *nonce, struct sasl_keys *keys);
void sasl_server_free(struct sasl_server *server);

/* Begins, with the client's initial response or NULL; appends what is to be said to `out`. */
enum sasl_status sasl_server_start(struct sasl_server *server, const struct bytes *initial,
				   GByteArray *out);

/* Takes the client's answer to what was said last. */
enum sasl_status sasl_server_step(struct sasl_server *server, struct bytes in, GByteArray *out);

/*
 * After SASL_ASK: the password of that user; NULL: there is no such user, or it may not act as the other.
 * `salt` is NULL but in tests: sasl_salt() of the server's name and the user's.
 */
enum sasl_status sasl_server_answer(struct sasl_server *server, const char *password,
				    const uint8_t *salt, GByteArray *out);

/* Whom the client says to be; NULL as long as it did not say. */
const char *sasl_server_login(const struct sasl_server *server);

/* Whom it wants to act as (RFC 4422 section 3.4.1), borrowed; NULL: itself. */
const char *sasl_server_authorization(const struct sasl_server *server);

/* A salt that is the same for each try of one user at one server, and differs between users. */
void sasl_salt(const char *host_name, const char *login, uint8_t salt[SASL_SALT_BYTES]);

struct sasl_client;

/* Strings are copied, `keys` is borrowed. */
struct sasl_client *sasl_client_new(enum sasl_mechanism mechanism, const char *login,
				    const char *password, const char *nonce,
				    struct sasl_keys *keys);
void sasl_client_free(struct sasl_client *client);

/* Appends the initial response; false: the server speaks first. */
bool sasl_client_start(struct sasl_client *client, GByteArray *out);

/* Answers the server: SASL_SAY, or SASL_REFUSED or SASL_MALFORMED: break it off. */
enum sasl_status sasl_client_step(struct sasl_client *client, struct bytes in, GByteArray *out);

/*
 * The server says that we are in. False: it did not prove what it had to prove first (RFC 5802
 * section 3), and is not to be trusted.
 */
bool sasl_client_may_trust(const struct sasl_client *client);

/*
 * The same as lines of base64, which is how SMTP, POP3 and IMAP carry it (text.c).
 */

/*
 * Who knows the users: the password of `login`, borrowed; NULL: there is no such user, or `authorization`
 * (NULL: none was named) is somebody else.
 */
struct sasl_users {
	const char *(*find_password)(void *owner, const char *login, const char *authorization);
	void *owner;
};

/* An exchange with the setting's name and keys, and a nonce drawn from its stream. */
struct sasl_server *sasl_server_begin(enum sasl_mechanism mechanism,
				      const struct sasl_setting *setting);

/*
 * Takes the client's initial response (NULL: there was none) or its answer; `out` becomes what is to
 * be said. `users` are asked at once, so that SASL_ASK never comes of it.
 */
enum sasl_status sasl_server_start_text(struct sasl_server *server, const struct sasl_users *users,
					const struct bytes *initial, GString *out);
enum sasl_status sasl_server_step_text(struct sasl_server *server, const struct sasl_users *users,
				       struct bytes line, GString *out);

/* `out` becomes the initial response, "=" where that has no octets; false: the server speaks first. */
bool sasl_client_start_text(struct sasl_client *client, GString *out);

/* `out` becomes the answer to a challenge: "*" breaks the exchange off. */
void sasl_client_step_text(struct sasl_client *client, struct bytes challenge, GString *out);
