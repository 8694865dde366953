/* Records and policies of MTA-STS, of any bytes: what is read is written and read again alike. */
#include <stdlib.h>
#include <string.h>
#include "protocols/mail/mta_sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	char id[MTA_STS_ID_BYTES];
	const char *why;
	struct mta_sts_policy *policy = mta_sts_policy_parse(in, &why), *again;
	char *text;

	if (mta_sts_record_parse(in, id) && (id[0] == '\0' || strlen(id) >= MTA_STS_ID_BYTES))
		abort();
	if ((policy == NULL) != (why != NULL))
		abort();
	if (policy == NULL)
		return 0;
	mta_sts_policy_names(policy, "mail.example.com");
	text = mta_sts_policy_emit(policy);
	again = mta_sts_policy_parse(bytes_of(text), &why);
	if (again == NULL || again->mode != policy->mode || again->mx->len != policy->mx->len ||
	    again->max_age_s != policy->max_age_s)
		abort();
	g_free(text);
	mta_sts_policy_unref(policy);
	mta_sts_policy_unref(again);
	return 0;
}
