/* What happened because of what: each record's scene, by the chain of its causes. */
#include "protocols/layer.h"
#include "protocols/dns/names.h"
#include "stack/names.h"
#include "stack/wire/tcp.h"
#include "views/narrate_private.h"

const struct trace_record *narrate_record(const struct narrator *narrator, uint64_t index)
{
	return index == UINT64_MAX ? NULL : trace_store_record(narrator->store, index);
}

struct bytes narrate_bytes(const struct narrator *narrator, const struct trace_record *record)
{
	return trace_store_bytes(narrator->store, record);
}

const struct trace_record *narrate_transmit(const struct narrator *narrator, uint64_t packet)
{
	uint64_t frame = model_frame(narrator->model, packet);

	if (frame == 0 || frame > narrator->frames->len)
		return NULL;
	return narrate_record(narrator, g_array_index(narrator->frames, uint64_t, frame - 1));
}

const struct trace_record *narrate_mail_record(const struct narrator *narrator, uint64_t root)
{
	return g_hash_table_lookup(narrator->mail_records, &root);
}

const struct scene *narrate_scene(const struct narrator *narrator, guint index)
{
	return index < narrator->scenes->len ? narrator->scenes->pdata[index] : NULL;
}

struct leg *narrate_leg(const struct narrator *narrator, guint index)
{
	return narrator->legs->pdata[index];
}

bool narrate_is_new(struct narrator *narrator, enum narrate_concept concept)
{
	uint64_t bit = UINT64_C(1) << concept;
	bool is_new = !(narrator->told & bit);

	narrator->told |= bit;
	return is_new;
}

uint32_t narrate_scene_of(const struct narrator *narrator, const struct trace_record *record)
{
	uint64_t index = trace_store_find(narrator->store, record->id);

	return index == UINT64_MAX ? SCENE_NONE : narrator->scene_of[index];
}

uint32_t narrate_unit_scene(const struct narrator *narrator, const struct model_unit *unit)
{
	uint64_t frame = model_frame(narrator->model, unit->packet);

	if (frame == 0 || frame > narrator->frames->len)
		return SCENE_NONE;
	return narrator->scene_of[g_array_index(narrator->frames, uint64_t, frame - 1)];
}

static void scene_free(void *taken)
{
	struct scene *scene = taken;

	g_array_unref(scene->stations);
	g_array_unref(scene->lookups);
	g_array_unref(scene->arps);
	g_array_unref(scene->trouble);
	g_array_unref(scene->legs);
	g_free(scene);
}

static void leg_free(void *taken)
{
	struct leg *leg = taken;

	g_array_unref(leg->retransmissions);
	g_free(leg);
}

static GArray *indices_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

static uint32_t begin_scene(struct narrator *narrator, const struct trace_record *record,
			    uint32_t parent)
{
	struct scene *scene = g_new0(struct scene, 1);

	*scene = (struct scene) {
		.record = record,
		.node = trace_node_of(record->id),
		.parent = parent,
		.stations = indices_new(),
		.lookups = indices_new(),
		.arps = indices_new(),
		.trouble = indices_new(),
		.legs = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
	};
	if (record->root != 0)
		scene->mail = model_mail_by_root(narrator->model, record->root);
	g_ptr_array_add(narrator->scenes, scene);
	return narrator->scenes->len - 1;
}

static bool begins_scene(const struct trace_record *record)
{
	return (record->kind == TRACE_ACTION && record->detail == USER_ACTS) ||
	       (record->kind == TRACE_MAIL && record->detail == MAIL_NOTIFIED);
}

/* The scene whose action is `root`: for what has lost the record that led to it. */
static uint32_t scene_of_root(const struct narrator *narrator, uint64_t root)
{
	for (guint i = narrator->scenes->len; root != 0 && i-- > 0;)
		if (narrate_scene(narrator, i)->record->root == root)
			return i;
	return SCENE_NONE;
}

/* A notification is written in the scene of the message that could not be delivered, and has its own. */
static uint32_t part_of(const struct narrator *narrator, uint32_t scene,
			const struct trace_record *record)
{
	for (guint i = narrator->scenes->len; i-- > scene + 1;) {
		const struct scene *later = narrate_scene(narrator, i);

		if (later->parent == scene && later->record->kind == TRACE_MAIL &&
		    later->record->root == record->root)
			return i;
	}
	return scene;
}

static uint32_t find_scene(struct narrator *narrator, uint64_t index,
			   const struct trace_record *record)
{
	uint64_t cause =
	    record->cause == 0 ? UINT64_MAX : trace_store_find(narrator->store, record->cause);

	if (begins_scene(record))
		return begin_scene(narrator, record,
				   cause < index ? narrator->scene_of[cause] : SCENE_NONE);
	if (cause < index && narrator->scene_of[cause] != SCENE_NONE)
		return part_of(narrator, narrator->scene_of[cause], record);
	return scene_of_root(narrator, record->root);
}

static bool is_lookup(const struct trace_record *record)
{
	return record->kind == TRACE_STATE && record->layer == LAYER_DNS &&
	       record->detail == DNS_QUERY_OF_HOST;
}

static bool is_arp(const struct trace_record *record)
{
	return record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_ARP &&
	       (record->detail == ARP_ASKS || record->detail == ARP_PROBES);
}

static bool is_trouble(const struct trace_record *record)
{
	return record->kind == TRACE_DROP ||
	       (record->kind == TRACE_FORWARD && record->layer == LAYER_TAMPER) ||
	       (record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_TCP &&
		(record->flags & TRACE_RETRANSMIT));
}

static void keep_outcome(struct scene *scene, const struct trace_record *record)
{
	if (record->object != scene->record->id)
		return;
	if (record->detail == USER_DONE)
		scene->outcome = record;
	else if (record->detail == USER_RETRIES && scene->retry == NULL)
		scene->retry = record;
}

static void sort_in(struct narrator *narrator, uint64_t index, const struct trace_record *record)
{
	struct scene *scene;

	if (narrator->scene_of[index] == SCENE_NONE)
		return;
	scene = narrator->scenes->pdata[narrator->scene_of[index]];
	if (record->kind == TRACE_STATE && record->layer == LAYER_USER)
		keep_outcome(scene, record);
	if (record->kind == TRACE_MAIL)
		g_array_append_val(scene->stations, index);
	else if (is_lookup(record))
		g_array_append_val(scene->lookups, index);
	else if (is_arp(record))
		g_array_append_val(scene->arps, index);
	else if (is_trouble(record))
		g_array_append_val(scene->trouble, index);
	if (record->kind == TRACE_TRANSMIT && (record->flags & TRACE_FIRST)) {
		if (scene->frames++ == 0)
			scene->first_frame_index = index;
	}
}

static void keep_node(struct narrator *narrator, const struct trace_record *record)
{
	uint32_t node = trace_node_of(record->id);

	if (node >= narrator->nodes->len)
		g_ptr_array_set_size(narrator->nodes, (gint)node + 1);
	narrator->nodes->pdata[node] = (void *)record;
}

static void keep(struct narrator *narrator, uint64_t index, const struct trace_record *record)
{
	bool is_written = record->kind == TRACE_MAIL &&
			  (record->detail == MAIL_COMPOSED || record->detail == MAIL_NOTIFIED);

	if (record->kind == TRACE_NODE)
		keep_node(narrator, record);
	if (record->kind == TRACE_TRANSMIT && (record->flags & TRACE_FIRST))
		g_array_append_val(narrator->frames, index);
	if (is_written && !g_hash_table_contains(narrator->mail_records, &record->root))
		g_hash_table_insert(narrator->mail_records, (void *)&record->root, (void *)record);
}

static void add_legs(struct narrator *narrator)
{
	for (unsigned i = 0; i < model_connection_count(narrator->model); i++) {
		const struct model_connection *connection = model_connection(narrator->model, i);
		const char *client =
		    model_name_of_address(narrator->model, connection->client.address);
		const char *server =
		    model_name_of_address(narrator->model, connection->server.address);
		struct leg *leg = g_new0(struct leg, 1);

		*leg = (struct leg) {
			.connection = connection,
			.scene = SCENE_NONE,
			.client = client == NULL ? 0 : model_find_node(narrator->model, client),
			.server = server == NULL ? 0 : model_find_node(narrator->model, server),
			.retransmissions = indices_new(),
		};
		g_ptr_array_add(narrator->legs, leg);
	}
}

static void open_leg(struct narrator *narrator, struct leg *leg, uint64_t index,
		     const struct trace_record *record)
{
	uint32_t number = leg->connection->number - 1;

	leg->syn = record;
	leg->scene = narrator->scene_of[index];
	if (leg->scene != SCENE_NONE)
		g_array_append_val(narrate_scene(narrator, leg->scene)->legs, number);
}

/* Which of the segments that open and close a connection this frame is. */
static void look_at_segment(struct narrator *narrator, uint64_t index,
			    const struct trace_record *record)
{
	struct model_segment segment;
	struct leg *leg;

	if (!model_find_segment(narrator->model, narrate_bytes(narrator, record), &segment) ||
	    segment.connection->number > narrator->legs->len)
		return;
	leg = narrate_leg(narrator, segment.connection->number - 1);
	if ((segment.flags & TCP_SYN) && !(segment.flags & TCP_ACK)) {
		if (leg->syn == NULL)
			open_leg(narrator, leg, index, record);
	} else if (segment.flags & TCP_SYN) {
		leg->syn_ack = leg->syn_ack == NULL ? record : leg->syn_ack;
	} else if (leg->ack == NULL && leg->syn_ack != NULL && !segment.direction->is_from_server) {
		leg->ack = record;
	}
	if ((segment.flags & TCP_FIN) && leg->fin == NULL)
		leg->fin = record;
}

void narrate_index(struct narrator *narrator)
{
	uint64_t count = trace_store_count(narrator->store);

	narrator->nodes = g_ptr_array_new();
	narrator->frames = indices_new();
	narrator->scenes = g_ptr_array_new_with_free_func(scene_free);
	narrator->legs = g_ptr_array_new_with_free_func(leg_free);
	narrator->mail_records = g_hash_table_new(trace_id_hash, g_int64_equal);
	narrator->scene_of = g_new0(uint32_t, count + 1);
	for (uint64_t i = 0; i < count; i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		keep(narrator, i, record);
		narrator->scene_of[i] = find_scene(narrator, i, record);
		sort_in(narrator, i, record);
	}
	add_legs(narrator);
	for (guint i = 0; i < narrator->frames->len; i++) {
		uint64_t index = g_array_index(narrator->frames, uint64_t, i);

		look_at_segment(narrator, index, narrate_record(narrator, index));
	}
}

void narrate_index_clear(struct narrator *narrator)
{
	g_ptr_array_unref(narrator->nodes);
	g_array_unref(narrator->frames);
	g_ptr_array_unref(narrator->scenes);
	g_ptr_array_unref(narrator->legs);
	g_hash_table_unref(narrator->mail_records);
	g_free(narrator->scene_of);
}
