#include "protocols/dns/inbox.h"

struct dns_inbox {
	struct node *node;
	int64_t wakeup_ns;
	dns_inbox_deliver_fn *deliver;
	void *owner;
	GQueue letters; /* of struct letter, in order of arrival */
};

struct letter {
	struct dns_inbox *inbox;
	GList link;
	struct timer timer;
	uint64_t tag;
	struct endpoint from;
	size_t length;
	uint8_t payload[];
};

struct dns_inbox *dns_inbox_new(struct node *node, int64_t wakeup_ns, dns_inbox_deliver_fn *deliver,
				void *owner)
{
	struct dns_inbox *inbox = g_new0(struct dns_inbox, 1);

	inbox->node = node;
	inbox->wakeup_ns = wakeup_ns;
	inbox->deliver = deliver;
	inbox->owner = owner;
	g_queue_init(&inbox->letters);
	return inbox;
}

static void take_out(struct letter *letter)
{
	g_queue_unlink(&letter->inbox->letters, &letter->link);
	timer_cancel(node_engine(letter->inbox->node), &letter->timer);
}

void dns_inbox_free(struct dns_inbox *inbox)
{
	if (inbox == NULL)
		return;
	for (GList *link = inbox->letters.head, *next; link != NULL; link = next) {
		struct letter *letter = link->data;

		next = link->next;
		take_out(letter);
		g_free(letter);
	}
	g_free(inbox);
}

static void letter_due(void *owner)
{
	struct letter *letter = owner;
	struct dns_inbox *inbox = letter->inbox;

	take_out(letter);
	/* The inbox may be gone after this. */
	inbox->deliver(inbox->owner, letter->tag, letter->from,
		       (struct bytes) { letter->payload, letter->length });
	g_free(letter);
}

void dns_inbox_add(struct dns_inbox *inbox, uint64_t tag, struct endpoint from,
		   struct bytes payload)
{
	if (inbox->wakeup_ns == 0) {
		inbox->deliver(inbox->owner, tag, from, payload);
		return;
	}
	struct letter *letter = g_malloc(sizeof *letter + payload.length);
	*letter = (struct letter) { .inbox = inbox, .tag = tag, .from = from };
	letter->length = payload.length;
	if (payload.length > 0)
		memcpy(letter->payload, payload.data, payload.length);
	letter->link.data = letter;
	g_queue_push_tail_link(&inbox->letters, &letter->link);
	timer_init(&letter->timer, inbox->node->index, letter_due, letter);
	timer_schedule(node_engine(inbox->node), &letter->timer,
		       node_now(inbox->node) + inbox->wakeup_ns);
}
