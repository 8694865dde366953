/* Runs side by side: where the mail is in the end, who has it, and what would be lost. */
#include "sim/time.h"
#include "views/compare_private.h"

#define MAIL_GROUP "The mail in the end"

/* clang-format off */
static const struct figure_kind delivered = { "delivered", "mails delivered", FIGURE_MAILS, FIGURE_MORE, MAIL_GROUP };
static const struct figure_kind undelivered = { "undelivered", "mails not delivered", FIGURE_MAILS, FIGURE_LESS, MAIL_GROUP };
static const struct figure_kind server_bytes = { "server_bytes", "kept on server %s", FIGURE_BYTES, FIGURE_LESS, MAIL_GROUP };
static const struct figure_kind server_most = { "server_bytes_most", "  at most", FIGURE_BYTES, FIGURE_LESS, MAIL_GROUP };
static const struct figure_kind device_bytes = { "device_bytes", "kept on device %s", FIGURE_BYTES, FIGURE_NEITHER, MAIL_GROUP };
static const struct figure_kind on_server = { "on_server", "mails still on the server", FIGURE_SHARE, FIGURE_NEITHER, MAIL_GROUP };
static const struct figure_kind offline = { "offline", "readable offline: %s", FIGURE_SHARE, FIGURE_MORE, MAIL_GROUP };
static const struct figure_kind reachable = { "reachable", "in reach of every device", FIGURE_SHARE, FIGURE_MORE, MAIL_GROUP };
static const struct figure_kind read_everywhere = { "read_everywhere", "read on every device", FIGURE_SHARE, FIGURE_MORE, MAIL_GROUP };
static const struct figure_kind at_risk = { "lost_with", "lost if this dies: %s", FIGURE_SHARE, FIGURE_LESS, MAIL_GROUP };
static const struct figure_kind nowhere = { "nowhere", "in no mailbox any more", FIGURE_SHARE, FIGURE_LESS, MAIL_GROUP };
static const struct figure_kind notices = { "notices", "notices of failure", FIGURE_MAILS, FIGURE_LESS, MAIL_GROUP };
/* clang-format on */

static void place_clear(gpointer data)
{
	struct compare_place *place = data;

	g_hash_table_unref(place->roots);
}

static struct compare_place *find_place(const struct compare *compare, GArray *places,
					const struct mailbox_state *mailbox)
{
	for (guint i = 0; i < places->len; i++) {
		struct compare_place *place = &g_array_index(places, struct compare_place, i);

		if (place->node == mailbox->node && strcmp(place->owner, mailbox->owner) == 0)
			return place;
	}
	struct compare_place place = {
		.node = mailbox->node,
		.owner = mailbox->owner,
		.is_server = compare_listens(compare, mailbox->node),
		.roots = g_hash_table_new(trace_id_hash, g_int64_equal),
	};

	g_array_append_val(places, place);
	return &g_array_index(places, struct compare_place, places->len - 1);
}

/* All that is held in the end, by node and account. The caller unreferences it. */
static GArray *places_new(const struct compare *compare)
{
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct compare_place));

	g_array_set_clear_func(places, place_clear);
	for (unsigned i = 0; i < mailboxes_count(compare->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(compare->mailboxes, i);
		struct compare_place *place = find_place(compare, places, mailbox);

		for (guint k = 0; k < mailbox->messages->len; k++) {
			struct mailbox_message *message = mailbox->messages->pdata[k];

			g_hash_table_add(place->roots, &message->root);
		}
	}
	return places;
}

/* A server marked the message when it was read: not before its reader wished to see it. */
static bool was_told(const struct compare *compare, const struct compare_reading *reading)
{
	const int64_t *marked_ns = g_hash_table_lookup(compare->marked, &reading->root);
	int64_t waited_ns = reading->waited_ns == TIME_NEVER ? 0 : reading->waited_ns;

	return marked_ns != NULL && *marked_ns >= reading->read_ns - waited_ns;
}

/* What is known of one delivered message in the end. */
struct whereabouts {
	unsigned devices; /* that its account has */
	unsigned holding; /* of them: they have the message */
	unsigned reading; /* of them: it was read there */
	bool is_on_server;
	bool is_known_read; /* a server was told that it was read */
};

/* Whether it was read on the device `node`. */
static bool was_read_at(const struct compare *compare, uint32_t node, uint64_t root,
			struct whereabouts *found)
{
	bool was_read = false;

	for (guint i = 0; i < compare->readings->len; i++) {
		const struct compare_reading *reading =
		    &g_array_index(compare->readings, struct compare_reading, i);

		if (reading->node != node || reading->root != root)
			continue;
		was_read = true;
		found->is_known_read |= was_told(compare, reading);
	}
	return was_read;
}

static struct whereabouts find_mail(const struct compare *compare, const GArray *places,
				    const struct compare_delivery *delivery)
{
	struct whereabouts found = { 0 };

	for (guint i = 0; i < places->len; i++) {
		const struct compare_place *place = &g_array_index(places, struct compare_place, i);
		bool holds = g_hash_table_contains(place->roots, &delivery->root);

		if (strcmp(place->owner, delivery->owner) != 0)
			continue;
		if (place->is_server) {
			found.is_on_server |= holds;
			continue;
		}
		found.devices++;
		found.holding += holds;
		found.reading += was_read_at(compare, place->node, delivery->root, &found);
	}
	return found;
}

/* Of one device. */
struct device {
	unsigned mails, held, at_risk;
	unsigned in_reach; /* held, or still to be had from the server */
};

static void count_for_devices(GArray *devices, const GArray *places,
			      const struct compare_delivery *delivery,
			      const struct whereabouts *found)
{
	for (guint i = 0; i < places->len; i++) {
		const struct compare_place *place = &g_array_index(places, struct compare_place, i);
		struct device *device = &g_array_index(devices, struct device, place->node);
		bool holds = g_hash_table_contains(place->roots, &delivery->root);

		if (place->is_server || strcmp(place->owner, delivery->owner) != 0)
			continue;
		device->mails++;
		device->held += holds;
		device->in_reach += holds || found->is_on_server;
		device->at_risk += holds && !found->is_on_server && found->holding == 1;
	}
}

static void sum_up(struct compare_sums *sums, const struct whereabouts *found)
{
	bool is_reachable = found->is_on_server || found->holding == found->devices;

	sums->delivered++;
	sums->on_server += found->is_on_server;
	sums->on_devices += found->holding > 0;
	sums->nowhere += !found->is_on_server && found->holding == 0;
	sums->at_risk += !found->is_on_server && found->holding == 1;
	sums->copies_in_reach += found->is_on_server ? found->devices : found->holding;
	sums->copies += found->holding;
	sums->read += found->reading > 0;
	sums->read_known += found->reading > 0 && found->is_known_read;
	if (found->devices == 0)
		return;
	sums->with_devices++;
	sums->reachable += is_reachable;
	sums->read_everywhere += found->reading == found->devices;
	sums->shared += found->devices > 1;
	sums->shared_reachable += found->devices > 1 && is_reachable;
}

static bool was_delivered(const struct compare *compare, uint64_t root)
{
	for (guint i = 0; i < compare->deliveries->len; i++)
		if (g_array_index(compare->deliveries, struct compare_delivery, i).root == root)
			return true;
	return false;
}

/* Trouble that was overcome is none. */
static void count_undelivered(const struct compare *compare, struct compare_sums *sums)
{
	for (guint i = 0; i < compare->troubled->len; i++) {
		uint64_t root = g_array_index(compare->troubled, uint64_t, i);

		if (was_delivered(compare, root))
			continue;
		sums->undelivered++;
		if (sums->why_undelivered == NULL)
			sums->why_undelivered = g_hash_table_lookup(compare->undelivered, &root);
	}
}

static void add_servers(const struct compare *compare, GArray *figures, struct compare_sums *sums)
{
	for (guint node = 1; node < compare->stored->len; node++) {
		const struct compare_stored *stored =
		    &g_array_index(compare->stored, struct compare_stored, node);
		const char *name = model_node_name(compare->model, node);

		if (!stored->has_mailboxes || !compare_listens(compare, node))
			continue;
		compare_add(figures, &server_bytes, name, stored->bytes, 0);
		compare_add(figures, &server_most, name, stored->most_bytes, 0);
		sums->server_bytes += stored->bytes;
		sums->server_most_bytes += stored->most_bytes;
	}
}

static void add_devices(const struct compare *compare, GArray *figures, const GArray *devices,
			const struct figure_kind *kind, struct compare_sums *sums)
{
	for (guint node = 1; node < compare->stored->len; node++) {
		const struct compare_stored *stored =
		    &g_array_index(compare->stored, struct compare_stored, node);
		const struct device *device = &g_array_index(devices, struct device, node);
		const char *name = model_node_name(compare->model, node);

		if (!stored->has_mailboxes || compare_listens(compare, node))
			continue;
		if (kind == &device_bytes) {
			compare_add(figures, kind, name, stored->bytes, 0);
			sums->device_bytes += stored->bytes;
		} else if (device->mails > 0) {
			bool is_offline = kind == &offline;
			unsigned of = is_offline ? device->in_reach : device->mails;

			compare_add(figures, kind, name,
				    is_offline ? device->held : device->at_risk, of)
			    ->is_known = of > 0;
		}
	}
}

void compare_figures_mail(struct compare *compare, GArray *figures, struct compare_sums *sums)
{
	GArray *places = places_new(compare);
	GArray *devices = g_array_new(FALSE, TRUE, sizeof(struct device));

	g_array_set_size(devices, compare->stored->len);
	for (guint i = 0; i < compare->deliveries->len; i++) {
		const struct compare_delivery *delivery =
		    &g_array_index(compare->deliveries, struct compare_delivery, i);
		struct whereabouts found = find_mail(compare, places, delivery);

		sum_up(sums, &found);
		count_for_devices(devices, places, delivery, &found);
	}
	count_undelivered(compare, sums);
	compare_add(figures, &delivered, "", sums->delivered, 0);
	compare_add(figures, &undelivered, "", sums->undelivered, 0);
	compare_add(figures, &notices, "", g_hash_table_size(compare->notices), 0);
	add_servers(compare, figures, sums);
	add_devices(compare, figures, devices, &device_bytes, sums);
	compare_add(figures, &on_server, "", sums->on_server, sums->delivered);
	add_devices(compare, figures, devices, &offline, sums);
	compare_add(figures, &reachable, "", sums->reachable, sums->with_devices);
	compare_add(figures, &read_everywhere, "", sums->read_everywhere, sums->with_devices);
	add_devices(compare, figures, devices, &at_risk, sums);
	compare_add(figures, &nowhere, "", sums->nowhere, sums->delivered);
	g_array_unref(devices);
	g_array_unref(places);
}
