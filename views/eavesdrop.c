#include "views/eavesdrop_private.h"

#include "stack/wire/tcp.h"
#include "views/names.h"
#include "views/text.h"

/* ---- Which frames ---- */

static void tap(GArray *tapped, uint32_t node, unsigned interface)
{
	uint64_t end = (uint64_t)node << 16 | interface;

	g_array_append_val(tapped, end);
}

/* Adds what `link` means of the interfaces of one node. */
static void tap_node(GArray *tapped, const struct model *model, uint32_t node, const char *link,
		     bool is_network)
{
	const struct model_node *found = model_node(model, node);
	bool is_host = found->interfaces->len == 1 && strcmp(found->name, link) == 0;

	for (unsigned i = 1; i <= found->interfaces->len; i++) {
		const struct model_interface *interface = model_interface(model, node, i);

		if (interface == NULL)
			continue;
		if (is_network ? found->kind != NODE_SWITCH && interface->network != NULL &&
				     strcmp(interface->network, link) == 0
			       : is_host || strcmp(interface->label, link) == 0)
			tap(tapped, node, i);
	}
}

static void complain(const struct model *model, const char *link, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (unsigned node = 1; node <= model_node_count(model); node++)
		for (unsigned i = 1; i <= model_node(model, node)->interfaces->len; i++)
			if (model_interface(model, node, i) != NULL)
				g_string_append_printf(known, "%s%s", known->len == 0 ? "" : ", ",
						       model_interface(model, node, i)->label);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "there is no interface or network \"%s\"; there are the networks that mailwire "
		    "topology lists, and the interfaces %s",
		    link, known->str);
}

/* The interfaces that `link` means: NULL when there are none. */
static uint64_t *find_link(const struct model *model, const char *link, bool *is_network)
{
	GArray *tapped = g_array_new(TRUE, TRUE, sizeof(uint64_t));

	*is_network = false;
	for (unsigned pass = 0; pass < 2 && tapped->len == 0; pass++) {
		*is_network = pass == 1;
		for (unsigned node = 1; node <= model_node_count(model); node++)
			tap_node(tapped, model, node, link, *is_network);
	}
	if (tapped->len > 0)
		return (uint64_t *)(void *)g_array_free(tapped, FALSE);
	g_array_free(tapped, TRUE);
	return NULL;
}

/* "eve-pc:eth0", "the network lan" */
static char *place_of(const struct model *model, const char *link, uint64_t end, bool is_network)
{
	const struct model_interface *interface =
	    model_interface(model, (uint32_t)(end >> 16), end & 0xffff);

	return is_network ? g_strconcat("the network ", link, NULL) : g_strdup(interface->label);
}

/* Something is sent to a network once, and comes to or leaves an interface. */
static bool is_tapped(const struct eavesdrop *eavesdrop, const struct trace_record *record)
{
	uint64_t end = (uint64_t)trace_node_of(record->id) << 16 | record->interface;

	if (record->kind != TRACE_TRANSMIT &&
	    (record->kind != TRACE_RECEIVE || eavesdrop->is_network))
		return false;
	for (const uint64_t *at = eavesdrop->tapped; *at != 0; at++)
		if (*at == end)
			return true;
	return false;
}

/* ---- What they say ---- */

static void hear(void *owner, const struct stream_said *said)
{
	struct eavesdrop *eavesdrop = owner;

	eavesdrop_hear(eavesdrop, said);
	credentials_hear(eavesdrop->credentials, said);
}

static void append_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	text_append_printable(out, bytes_of(text));
	g_string_append_c(out, '"');
}

static void append_secret(GString *out, const struct credential *credential)
{
	const char *user = *credential->user == '\0' ? "somebody" : credential->user;

	if (credential->kind == CREDENTIAL_PASSWORD) {
		g_string_append(out, "password of ");
		text_append_printable(out, bytes_of(user));
		g_string_append(out, ": ");
		append_quoted(out, credential->secret);
	} else if (credential->kind == CREDENTIAL_COOKIE) {
		g_string_append(out, "whoever sends this is taken for the user: ");
		append_quoted(out, credential->secret);
	} else {
		text_append_printable(out, bytes_of(user));
		g_string_append(out,
				" proves to know the password without saying it; guesses can be "
				"tried on the proof");
	}
	g_string_append_printf(out, " (%s)", credential->how);
}

/* The same secret as heard before, or a new one; `text` is taken. */
static struct heard_secret *secret_of(struct eavesdrop *eavesdrop, unsigned connection,
				      const struct credential *credential, char *text)
{
	struct heard_secret new = {
		.text = text,
		.kind = credential->kind,
		.protocol = credential->protocol,
		.how = credential->how,
		.frame = eavesdrop->frame,
		.connection = connection,
	};
	GArray *secrets = eavesdrop->secrets;

	for (guint i = 0; i < secrets->len; i++) {
		struct heard_secret *secret = &g_array_index(secrets, struct heard_secret, i);

		if (strcmp(secret->text, text) == 0) {
			g_free(text);
			return secret;
		}
	}
	new.user = g_strdup(credential->user);
	new.secret = g_strdup(credential->secret);
	g_array_append_val(secrets, new);
	return &g_array_index(secrets, struct heard_secret, secrets->len - 1);
}

/* In a connection each is told of once: cookies come with every request. */
static void found(void *owner, const struct model_connection *connection,
		  const struct credential *credential)
{
	struct eavesdrop *eavesdrop = owner;
	GString *text = g_string_new(NULL);
	struct heard_secret *secret;

	append_secret(text, credential);
	secret = secret_of(eavesdrop, connection->number, credential, g_string_free(text, FALSE));
	secret->times++;
	if (secret->last_connection != connection->number)
		eavesdrop_add(eavesdrop, eavesdrop_session(eavesdrop, connection), HEARD_SECRET,
			      false, g_strdup(secret->text));
	secret->last_connection = connection->number;
}

static void count_host(struct eavesdrop *eavesdrop, struct ip_address address, size_t bytes)
{
	struct heard_host host = { address, 1, bytes };

	for (guint i = 0; i < eavesdrop->hosts->len; i++) {
		struct heard_host *known = &g_array_index(eavesdrop->hosts, struct heard_host, i);

		if (ip_address_equal(known->address, address)) {
			known->frames++;
			known->bytes += bytes;
			return;
		}
	}
	g_array_append_val(eavesdrop->hosts, host);
}

static void count_segment(struct eavesdrop *eavesdrop, const struct model_segment *segment)
{
	struct heard_session *session = eavesdrop_session(eavesdrop, segment->connection);
	bool is_from_server = segment->direction->is_from_server;
	struct heard_direction *direction = &session->directions[is_from_server];

	direction->segments++;
	direction->bytes = segment->direction->bytes_sent;
	session->closed_ns = eavesdrop->now_ns;
	session->was_reset = segment->connection->was_reset;
	session->fins = segment->connection->fins;
	session->is_answered |= is_from_server && (segment->flags & TCP_SYN) != 0;
}

/* "A? pop.office.example" and its answer. */
static void hear_datagram(struct eavesdrop *eavesdrop)
{
	struct account account = { .decode = &eavesdrop->decode,
				   .dissectors = eavesdrop->dissectors };
	struct account_datagram room;
	const struct account_datagram *datagram = account_unit(&account, &room);
	struct heard heard = { .kind = HEARD_TEXT,
			       .time_ns = eavesdrop->now_ns,
			       .frame = eavesdrop->frame };
	char source[IPV6_ADDRESS_TEXT_BYTES], destination[IPV6_ADDRESS_TEXT_BYTES];

	if (datagram->dissector == NULL)
		return;
	heard.is_from_server = datagram->is_from_server;
	heard.text =
	    g_strdup_printf("%s → %s  %s: %s", ip_address_print(eavesdrop->decode.source, source),
			    ip_address_print(eavesdrop->decode.destination, destination),
			    datagram->dissector->name, datagram->unit.summary);
	g_array_append_val(eavesdrop->questions, heard);
}

static void read_frame(struct eavesdrop *eavesdrop, struct bytes frame, bool is_damaged)
{
	struct decode *decode = &eavesdrop->decode;
	struct model_segment segment;

	decode_packet(frame, &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET },
		      decode);
	address_names_learn(eavesdrop->names, decode);
	if (decode->has_addresses)
		count_host(eavesdrop, decode->source, frame.length);
	eavesdrop->arp += decode_find(decode, DECODE_ARP) != NULL;
	eavesdrop->icmp += decode_find(decode, DECODE_ICMP) != NULL;
	if (streams_follow(
		eavesdrop->streams, decode,
		&(struct stream_packet) { .time_ns = eavesdrop->now_ns, .is_damaged = is_damaged },
		&segment))
		count_segment(eavesdrop, &segment);
	else
		hear_datagram(eavesdrop);
}

void eavesdrop_feed(struct eavesdrop *eavesdrop, const struct trace_record *record,
		    struct bytes bytes)
{
	bool is_damaged = (record->flags & TRACE_CORRUPTED) != 0;

	if (!is_tapped(eavesdrop, record))
		return;
	if (eavesdrop->frames++ == 0)
		eavesdrop->first_ns = record->time_ns;
	eavesdrop->now_ns = eavesdrop->last_ns = record->time_ns;
	eavesdrop->frame = model_frame(eavesdrop->model, record->packet);
	eavesdrop->bytes += bytes.length;
	eavesdrop->damaged += is_damaged;
	read_frame(eavesdrop, bytes, is_damaged);
}

/* ---- Its life ---- */

static void free_session(void *session)
{
	eavesdrop_session_free(session);
}

static void clear_secret(void *data)
{
	struct heard_secret *secret = data;

	g_free(secret->text);
	g_free(secret->user);
	g_free(secret->secret);
}

struct eavesdrop *eavesdrop_new(const struct model *model, const char *link,
				const struct dissector *const *dissectors, GError **error)
{
	bool is_network;
	uint64_t *tapped = find_link(model, link, &is_network);
	struct eavesdrop *eavesdrop;

	if (tapped == NULL) {
		complain(model, link, error);
		return NULL;
	}
	eavesdrop = g_new0(struct eavesdrop, 1);
	eavesdrop->model = model;
	eavesdrop->dissectors = dissectors;
	eavesdrop->tapped = tapped;
	eavesdrop->is_network = is_network;
	eavesdrop->place = place_of(model, link, tapped[0], is_network);
	eavesdrop->streams = streams_new(dissectors);
	streams_listen(eavesdrop->streams, hear, eavesdrop);
	eavesdrop->credentials = credentials_new(found, eavesdrop);
	eavesdrop->names = address_names_new();
	eavesdrop->sessions = g_ptr_array_new_with_free_func(free_session);
	eavesdrop->hosts = g_array_new(FALSE, FALSE, sizeof(struct heard_host));
	eavesdrop->questions = g_array_new(FALSE, FALSE, sizeof(struct heard));
	g_array_set_clear_func(eavesdrop->questions, eavesdrop_heard_clear);
	eavesdrop->secrets = g_array_new(FALSE, FALSE, sizeof(struct heard_secret));
	g_array_set_clear_func(eavesdrop->secrets, clear_secret);
	return eavesdrop;
}

void eavesdrop_free(struct eavesdrop *eavesdrop)
{
	if (eavesdrop == NULL)
		return;
	streams_free(eavesdrop->streams);
	credentials_free(eavesdrop->credentials);
	address_names_free(eavesdrop->names);
	g_ptr_array_free(eavesdrop->sessions, TRUE);
	g_array_unref(eavesdrop->hosts);
	g_array_unref(eavesdrop->questions);
	g_array_unref(eavesdrop->secrets);
	g_free(eavesdrop->place);
	g_free(eavesdrop->tapped);
	g_free(eavesdrop);
}
