#include "app/live_record.h"

#include <stdio.h>
#include "app/live_services.h"
#include "views/capture.h"
#include "views/capture_reader.h"

#define HEAD "mailwire-live 1"

struct record {
	struct capture *capture;
};

/* The same for the same scenario, however it is written; its epoch is not part of it. */
static char *digest_of(struct scenario *scenario)
{
	int64_t epoch_s = scenario->epoch_s;
	char *text, *digest;

	scenario->epoch_s = 0;
	text = scenario_print(scenario);
	scenario->epoch_s = epoch_s;
	digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
	g_free(text);
	return digest;
}

/* ---- Writing ---- */

static char *describe(const struct run_setup *setup, const struct attachment_config *attachment,
		      const char *digest, const char *services_host)
{
	char mac[MAC_TEXT_BYTES];

	return g_strdup_printf(HEAD " network=%s mac=%s address=%u epoch=%" G_GINT64_FORMAT
				    " seed=%" G_GUINT64_FORMAT " scenario=%s services=%s",
			       attachment->network->item.name, mac_print(attachment->mac, mac),
			       attachment->address, setup->scenario->epoch_s, setup->seed, digest,
			       services_host != NULL ? services_host : "-");
}

struct record *record_new(const char *path, const struct run_setup *setup,
			  const char *services_host, GError **error)
{
	struct capture_interface *interfaces =
	    g_new0(struct capture_interface, setup->attachments.count);
	char **descriptions = g_new0(char *, setup->attachments.count + 1);
	char *digest = digest_of(setup->scenario);
	struct record *record = NULL;
	struct capture *capture;

	for (size_t i = 0; i < setup->attachments.count; i++) {
		const struct attachment_config *attachment = &setup->attachments.configs[i];

		descriptions[i] = describe(setup, attachment, digest, services_host);
		interfaces[i].name = attachment->name;
		interfaces[i].description = descriptions[i];
	}
	capture = capture_open(path, CAPTURE_PCAPNG,
			       &(struct capture_config) {
				   .interfaces = interfaces,
				   .interface_count = setup->attachments.count,
				   .epoch_s = setup->scenario->epoch_s,
			       },
			       error);
	if (capture != NULL) {
		record = g_new0(struct record, 1);
		record->capture = capture;
	}
	g_free(digest);
	g_strfreev(descriptions);
	g_free(interfaces);
	return record;
}

void record_frame(struct record *record, size_t attachment, int64_t time_ns, struct bytes frame)
{
	capture_frame(record->capture, &(struct capture_frame) {
					   .interface = (uint32_t)attachment,
					   .direction = CAPTURE_INBOUND,
					   .time_ns = time_ns,
					   .bytes = frame,
				       });
}

void record_flush(struct record *record)
{
	capture_flush(record->capture);
}

bool record_finish(struct record *record, int64_t time_ns, GError **error)
{
	bool is_written;

	/* A frame without bytes marks the end. */
	record_frame(record, 0, time_ns, (struct bytes) { (const uint8_t *)"", 0 });
	is_written = capture_close(record->capture, error);
	g_free(record);
	return is_written;
}

/* ---- Replaying ---- */

static int refuse(const struct replay *replay, const char *format, ...) G_GNUC_PRINTF(2, 3);

static int refuse(const struct replay *replay, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	command_complain("--replay %s: %s", replay->path, text);
	g_free(text);
	return EXIT_USAGE;
}

static const char *keep_text(struct replay *replay, struct bytes text)
{
	char *kept = g_strndup((const char *)text.data, text.length);

	g_ptr_array_add(replay->texts, kept);
	return kept;
}

/* What a description says, as far as it is one of ours. */
struct description {
	char network[64], mac[24], digest[65], services[64];
	unsigned address;
	int64_t epoch_s;
	uint64_t seed;
};

static bool parse_description(const char *text, struct description *out)
{
	return sscanf(text,
		      HEAD " network=%63s mac=%23s address=%u epoch=%" G_GINT64_FORMAT
			   " seed=%" G_GUINT64_FORMAT " scenario=%64s services=%63s",
		      out->network, out->mac, &out->address, &out->epoch_s, &out->seed, out->digest,
		      out->services) == 7;
}

static int take_attachment(struct replay *replay, size_t index, struct run_setup *setup)
{
	const struct captured_interface *interface =
	    capture_reader_interface(replay->reader, index);
	struct attachment_config *attachment = &replay->attachments[index];
	struct description found;
	char *digest;
	bool is_same;

	if (!parse_description(keep_text(replay, interface->description), &found) ||
	    !mac_parse(found.mac, &attachment->mac))
		return refuse(replay, "this is no record of a live session; mailwire live --record "
				      "makes them");
	attachment->name = keep_text(replay, interface->name);
	attachment->address = found.address;
	attachment->network = (const struct scenario_network *)(const void *)scenario_lookup(
	    setup->scenario, SCENARIO_NETWORK, found.network);
	digest = digest_of(setup->scenario);
	is_same = strcmp(digest, found.digest) == 0;
	g_free(digest);
	if (!is_same || attachment->network == NULL || attachment->network->switches->len == 0)
		return refuse(replay,
			      "it was recorded with another scenario than %s, or that was "
			      "changed since",
			      setup->file);
	g_free(replay->services_host);
	replay->services_host = g_strdup(found.services);
	setup->seed = found.seed;
	setup->scenario->epoch_s = replay->epoch_s = found.epoch_s;
	return EXIT_OK;
}

/* Gives the frames to the run, each at its time. */
static int replay_frames(struct replay *replay, const struct run_session *session)
{
	struct network *network = simulation_network(session->simulation);
	struct captured_frame frame;
	int64_t last_ns = 0;

	do {
		if (capture_reader_next(replay->reader, &frame) != CAPTURE_READ_FRAME)
			return refuse(
			    replay, "the record ends before its end: it is damaged or was cut off");
		if (capture_reader_damage(replay->reader)->places > 0)
			return refuse(replay, "the record is damaged: %s",
				      capture_reader_damage(replay->reader)->first);
		int64_t time_ns;

		if (__builtin_mul_overflow(replay->epoch_s, NS_PER_S, &time_ns) ||
		    __builtin_sub_overflow(frame.time_ns, time_ns, &time_ns))
			return refuse(replay, "the record is damaged: its epoch is no time");
		if (time_ns < last_ns || frame.interface >= replay->attachment_count)
			return refuse(replay, "the record is damaged: times go back");
		last_ns = time_ns;
		if (!simulation_advance(session->simulation, MIN(time_ns, session->until_ns)))
			return refuse(replay, "the simulation goes round in circles");
		if (time_ns >= session->until_ns)
			break;
		attachment_receive(network_attachment(network, frame.interface), frame.bytes);
	} while (frame.bytes.length > 0);
	return EXIT_OK;
}

static int replay_drive(void *owner, const struct run_session *session)
{
	struct replay *replay = owner;
	struct live_services *services =
	    live_services_start(session->simulation, replay->services_host);
	int status = replay_frames(replay, session);

	live_services_stop(services);
	return status;
}

static bool open_record(struct replay *replay, GError **error)
{
	struct captured_frame frame;

	replay->file = g_mapped_file_new(replay->path, FALSE, error);
	if (replay->file == NULL)
		return false;
	struct bytes bytes = { (const uint8_t *)g_mapped_file_get_contents(replay->file),
			       g_mapped_file_get_length(replay->file) };

	/* The first frame comes behind all descriptions; then from the start again. */
	struct capture_reader *first = capture_reader_new(bytes);

	capture_reader_next(first, &frame);
	replay->reader = first;
	return true;
}

static void rewind_record(struct replay *replay)
{
	struct bytes bytes = { (const uint8_t *)g_mapped_file_get_contents(replay->file),
			       g_mapped_file_get_length(replay->file) };

	capture_reader_free(replay->reader);
	replay->reader = capture_reader_new(bytes);
}

int replay_prepare(void *owner, struct run_setup *setup)
{
	struct replay *replay = owner;
	GError *error = NULL;
	size_t count;

	if (replay->path == NULL)
		return EXIT_OK;
	if (!open_record(replay, &error)) {
		int status = refuse(replay, "%s", error->message);

		g_error_free(error);
		return status;
	}
	count = capture_reader_interface_count(replay->reader);
	replay->texts = g_ptr_array_new_with_free_func(g_free);
	replay->attachments = g_new0(struct attachment_config, count + 1);
	if (count == 0)
		return refuse(replay, "this is no record of a live session; mailwire live --record "
				      "makes them");
	for (size_t i = 0; i < count; i++) {
		int status = take_attachment(replay, i, setup);

		if (status != EXIT_OK)
			return status;
	}
	rewind_record(replay);
	replay->attachment_count = count;
	setup->attachments = (struct network_attachments) { replay->attachments, count };
	setup->drive = replay_drive;
	return EXIT_OK;
}

void replay_clear(struct replay *replay)
{
	if (replay->reader != NULL)
		capture_reader_free(replay->reader);
	if (replay->file != NULL)
		g_mapped_file_unref(replay->file);
	if (replay->texts != NULL)
		g_ptr_array_unref(replay->texts);
	g_free(replay->services_host);
	g_free(replay->attachments);
	g_free(replay->path);
}
