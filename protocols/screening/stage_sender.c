/*
 * Sender verification: who logged in may name only an own address in MAIL FROM, and who did not may name
 * none of ours, as Postfix's reject_sender_login_mismatch has it; like all of Postfix's restrictions on
 * the sender it is applied at RCPT (smtpd_delay_reject). It knows nothing of other domains' addresses,
 * nor of the From field in the message.
 *
 * It writes the field of RFC 8601 for the method "auth" (section 2.7.4).
 */
#include "protocols/mail/address.h"
#include "protocols/screening/stage.h"

/* Why the sender is refused: status and text behind the address. */
struct objection {
	const char *state; /* for the evidence */
	const char *status;
	const char *reason; /* may end in the login */
	bool names_login;
};

static const struct objection not_owner = { "not owned", "553 5.7.1", "not owned by user ", true };
static const struct objection no_login = { "not logged in", "553 5.7.1", "not logged in", false };
static const struct objection nobody = { "unknown", "550 5.1.0",
					 "User unknown in virtual mailbox table", false };

/* NULL: there is nothing to be said against it. A bounce has no sender (RFC 5321 section 4.5.5). */
static const struct objection *object_to(const struct stage *stage,
					 const struct screen_case *subject)
{
	if (subject->sender[0] == '\0')
		return NULL;
	if (subject->login != NULL)
		return stage_owns(stage, subject->login, subject->sender) ? NULL : &not_owner;
	if (stage_owns(stage, NULL, subject->sender))
		return &no_login;
	return stage_is_local(stage, address_domain(subject->sender)) ? &nobody : NULL;
}

static char *evidence_of(const struct screen_case *subject, const struct objection *objection)
{
	GString *evidence = g_string_new(NULL);

	evidence_append(evidence, "sender", subject->sender);
	if (subject->login != NULL)
		evidence_append(evidence, "login", subject->login);
	if (objection != NULL)
		evidence_append(evidence, "state", objection->state);
	else if (subject->sender[0] == '\0')
		evidence_append(evidence, "state", "null");
	else if (subject->login != NULL)
		evidence_append(evidence, "state", "owned");
	else
		evidence_append(evidence, "state", "of another domain");
	return g_string_free(evidence, FALSE);
}

static char *fields_of(const struct stage *stage, const struct screen_case *subject,
		       const struct objection *objection)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "Authentication-Results: %s;\r\n\tauth=%s",
			       stage_host_name(stage), subject->login != NULL ? "pass" : "none");
	if (objection != NULL)
		g_string_append_printf(out, " (MAIL FROM %s)", objection->state);
	if (subject->login != NULL) {
		char *login = evidence_value(subject->login);

		g_string_append_printf(out, " smtp.auth=%s", login);
		g_free(login);
	}
	if (subject->login != NULL && subject->sender[0] != '\0') {
		char *sender = evidence_value(subject->sender);

		g_string_append_printf(out, "\r\n\tsmtp.mailfrom=%s", sender);
		g_free(sender);
	}
	g_string_append(out, "\r\n");
	return g_string_free(out, FALSE);
}

static char *reply_of(const struct screen_case *subject, const struct objection *objection)
{
	if (objection == NULL)
		return NULL;
	return g_strdup_printf("%s <%s>: Sender address rejected: %s%s", objection->status,
			       subject->sender, objection->reason,
			       objection->names_login ? subject->login : "");
}

static void sender_check(struct stage *stage, struct screen_run *run)
{
	const struct screen_case *subject = stage_case(run);
	const struct objection *objection = object_to(stage, subject);

	stage_answer(run, (struct stage_answer) {
			      .verdict = objection != NULL ? SCREEN_FAILED : SCREEN_PASSED,
			      .evidence = evidence_of(subject, objection),
			      .fields = fields_of(stage, subject, objection),
			      .reply = reply_of(subject, objection),
			  });
}

static struct stage *sender_new(const struct screen_stage_config *config)
{
	(void)config;
	return g_new0(struct stage, 1);
}

const struct stage_type sender_stage = {
	.kind = SCREEN_SENDER,
	.moments = SCREEN_AT_RECIPIENT,
	.is_of_sender = true,
	.fields = { { .name = "Authentication-Results", .names_the_host = true } },
	.create = sender_new,
	.check = sender_check,
};
