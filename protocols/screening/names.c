#include "protocols/screening/names.h"

#include <string.h>

const char *const screen_verdict_names[] = {
	[SCREEN_PASSED] = "passed",
	[SCREEN_FAILED] = "failed",
	[SCREEN_SKIPPED] = "skipped",
};

const char *const screen_action_names[] = {
	[SCREEN_ACCEPT] = "accept", [SCREEN_TAG] = "tag",       [SCREEN_QUARANTINE] = "quarantine",
	[SCREEN_DEFER] = "defer",   [SCREEN_REJECT] = "reject",
};

const char *const screen_kind_names[] = {
	[SCREEN_SENDER] = "sender",   [SCREEN_GREYLIST] = "greylist", [SCREEN_VIRUS] = "virus",
	[SCREEN_CONTENT] = "content", [SCREEN_SPAM] = "spam",         [SCREEN_SPF] = "spf",
	[SCREEN_DKIM] = "dkim",       [SCREEN_DMARC] = "dmarc",
};

void screen_record_split(struct bytes bytes, struct bytes *stage, struct bytes *evidence)
{
	const uint8_t *end = bytes_find_byte(bytes, '\0');
	size_t length = end == NULL ? bytes.length : (size_t)(end - bytes.data);

	*stage = bytes_first(bytes, length);
	*evidence = bytes_from(bytes, end == NULL ? length : length + 1);
}
