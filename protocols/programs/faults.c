#include "protocols/programs/faults.h"

#define ALWAYS_PPM 1000000

struct faults {
	struct node *node;
	const struct mail_server_fault *list;
	unsigned count;
	struct random_stream random;
};

struct faults *faults_new(struct node *node, const struct mail_server_fault *list, unsigned count)
{
	struct faults *faults = g_new0(struct faults, 1);

	faults->node = node;
	faults->list = list;
	faults->count = count;
	node_random_init(node, &faults->random, "mail.faults");
	return faults;
}

void faults_free(struct faults *faults)
{
	g_free(faults);
}

static bool concerns(const struct mail_server_fault *fault, const char *address)
{
	if (fault->recipient_count == 0)
		return true;
	for (unsigned i = 0; address != NULL && i < fault->recipient_count; i++)
		if (g_ascii_strcasecmp(fault->recipients[i], address) == 0)
			return true;
	return false;
}

bool faults_find(struct faults *faults, enum smtp_detail command, const char *address,
		 struct smtp_fault *fault)
{
	int64_t now_ns = node_now(faults->node);

	for (unsigned i = 0; i < faults->count; i++) {
		const struct mail_server_fault *each = &faults->list[i];

		if (each->command != command || now_ns < each->from_ns || now_ns >= each->to_ns ||
		    !concerns(each, address))
			continue;
		if (each->chance_ppm < ALWAYS_PPM &&
		    !random_chance(&faults->random, each->chance_ppm))
			continue;
		*fault = each->fault;
		return true;
	}
	return false;
}
