#include "protocols/programs/mail_record.h"

struct mail_identity mail_identity_of_new(struct node *node)
{
	return (struct mail_identity) {
		.object = node_new_object(node),
		.root = (uint64_t)node->index << TRACE_NODE_SHIFT | (node->ids + 1),
	};
}

struct mail_identity mail_identity_of_arrival(struct node *node)
{
	struct mail_identity identity = mail_identity_of_new(node);
	uint64_t root = engine_context(node_engine(node))->root;

	if (root != 0)
		identity.root = root;
	return identity;
}

void mail_record(struct node *node, enum actor actor, enum mail_detail detail,
		 const struct mail_identity *identity, uint64_t after, struct bytes bytes)
{
	trace_emit(node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAIL,
		       .layer = LAYER_MAIL,
		       .detail = (uint16_t)detail,
		       .actor = (uint8_t)actor,
		       .root = identity->root,
		       .object = identity->object,
		       .after = after,
		   },
		   bytes);
}

void mail_record_check(struct node *node, enum actor actor, const struct mail_identity *identity,
		       const struct screen_finding *finding)
{
	GString *bytes = g_string_new(screen_kind_names[finding->kind]);

	g_string_append_c(bytes, '\0');
	g_string_append(bytes, finding->evidence);
	trace_emit(node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAIL,
		       .layer = LAYER_MAIL,
		       .detail = MAIL_CHECKED,
		       .actor = (uint8_t)actor,
		       .root = identity->root,
		       .object = identity->object,
		       .before = finding->verdict,
		       .after = finding->action,
		   },
		   (struct bytes) { (const uint8_t *)bytes->str, bytes->len });
	g_string_free(bytes, TRUE);
}
