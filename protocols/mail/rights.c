#include "protocols/mail/rights.h"
#include "protocols/mail/store.h"

/* What the rights c and d of RFC 2086 stand for (RFC 4314 section 2.1.1). */
#define OLD_CREATE (RIGHT_CREATE | RIGHT_DELETE_MAILBOX)
#define OLD_DELETE (RIGHT_DELETE | RIGHT_EXPUNGE)

static void grant_free(void *data)
{
	struct mailbox_grant *grant = data;

	g_free(grant->identifier);
	g_free(grant);
}

static struct mailbox_grant *find(const struct mailbox *mailbox, const char *identifier,
				  unsigned *index)
{
	for (unsigned i = 0; mailbox->grants != NULL && i < mailbox->grants->len; i++) {
		struct mailbox_grant *grant = g_ptr_array_index(mailbox->grants, i);

		if (g_ascii_strcasecmp(grant->identifier, identifier) != 0)
			continue;
		if (index != NULL)
			*index = i;
		return grant;
	}
	return NULL;
}

uint32_t mailbox_granted(const struct mailbox *mailbox, const char *identifier)
{
	const struct mailbox_grant *grant = find(mailbox, identifier, NULL);

	return grant != NULL ? grant->rights : 0;
}

/* What the list gives and takes (RFC 4314 section 2: negative rights win). */
uint32_t mailbox_rights_of(const struct mailbox *mailbox, const char *address)
{
	if (g_ascii_strcasecmp(mailbox->account->address, address) == 0)
		return RIGHTS_ALL;
	if (mailbox->grants == NULL)
		return 0;

	char *negative = g_strconcat("-", address, NULL);
	uint32_t given = mailbox_granted(mailbox, "anyone") | mailbox_granted(mailbox, address);
	uint32_t taken = mailbox_granted(mailbox, "-anyone") | mailbox_granted(mailbox, negative);

	g_free(negative);
	return given & ~taken;
}

static void trace_grant(const struct mailbox *mailbox, const char *identifier, uint32_t rights)
{
	mailbox_trace(mailbox, MAILBOX_GRANTED, 0, rights, 0, bytes_of(identifier));
}

bool mailbox_grant(struct mailbox *mailbox, const char *identifier, uint32_t rights)
{
	unsigned index = 0;
	struct mailbox_grant *grant = find(mailbox, identifier, &index);

	if (grant != NULL && rights == 0) {
		g_ptr_array_remove_index(mailbox->grants, index);
	} else if (grant != NULL) {
		grant->rights = rights;
	} else if (rights != 0) {
		if (mailbox->grants == NULL)
			mailbox->grants = g_ptr_array_new_with_free_func(grant_free);
		if (mailbox->grants->len >= MAILBOX_GRANTS_MAX)
			return false;
		grant = g_new(struct mailbox_grant, 1);
		*grant = (struct mailbox_grant) { g_ascii_strdown(identifier, -1), rights };
		g_ptr_array_add(mailbox->grants, grant);
	} else {
		return true;
	}
	trace_grant(mailbox, identifier, rights);
	return true;
}

void mailbox_grant_like(struct mailbox *mailbox, const struct mailbox *parent)
{
	for (unsigned i = 0; parent->grants != NULL && i < parent->grants->len; i++) {
		const struct mailbox_grant *grant = g_ptr_array_index(parent->grants, i);

		mailbox_grant(mailbox, grant->identifier, grant->rights);
	}
}

bool mailbox_rights_parse(const char *letters, uint32_t *rights)
{
	for (; *letters != '\0'; letters++) {
		const char *place = strchr(MAILBOX_RIGHT_LETTERS, *letters);

		if (place != NULL)
			*rights |= 1u << (place - MAILBOX_RIGHT_LETTERS);
		else if (*letters == 'c')
			*rights |= OLD_CREATE;
		else if (*letters == 'd')
			*rights |= OLD_DELETE;
		else
			return false;
	}
	return true;
}

void mailbox_rights_print(GString *out, uint32_t rights)
{
	for (unsigned i = 0; MAILBOX_RIGHT_LETTERS[i] != '\0'; i++)
		if (rights & 1u << i)
			g_string_append_c(out, MAILBOX_RIGHT_LETTERS[i]);
	if (rights & OLD_CREATE)
		g_string_append_c(out, 'c');
	if (rights & OLD_DELETE)
		g_string_append_c(out, 'd');
}
