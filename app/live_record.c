#include "app/live_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
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

#define NO_RECORD "this is no record of a live session; mailwire live --record makes them"

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
	char *kept = g_strndup(text.length > 0 ? (const char *)text.data : "", text.length);

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
		return refuse(replay, NO_RECORD);
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

/* The time of a frame in the run; false after saying what is wrong with it. */
static bool time_of(const struct replay *replay, const struct captured_frame *frame,
		    int64_t *time_ns)
{
	if (frame->interface >= replay->attachment_count)
		refuse(replay, "the record is damaged: another one follows in it");
	else if (__builtin_mul_overflow(replay->epoch_s, NS_PER_S, time_ns) ||
		 __builtin_sub_overflow(frame->time_ns, *time_ns, time_ns))
		refuse(replay, "the record is damaged: its epoch is no time");
	else
		return true;
	return false;
}

/* Whether what was read last is whole and a frame; false after saying why it is not. */
static bool is_whole(const struct replay *replay, bool is_frame)
{
	const struct capture_damage *damage = capture_reader_damage(replay->reader);

	if (damage->places > 0 || damage->end != NULL)
		refuse(replay, "the record is damaged: %s",
		       damage->places > 0 ? damage->first : damage->end);
	else if (!is_frame)
		refuse(replay, "the record ends before its end: it was cut off");
	else
		return true;
	return false;
}

/* The next frame is `frame`; false after saying why there is none. */
static bool read_frame(const struct replay *replay, struct captured_frame *frame)
{
	return is_whole(replay, capture_reader_next(replay->reader, frame) == CAPTURE_READ_FRAME);
}

/* Gives the frames to the run, each at its time; one without bytes is the end. */
static int replay_frames(struct replay *replay, const struct run_session *session)
{
	struct network *network = simulation_network(session->simulation);
	struct captured_frame frame = replay->first;
	int64_t time_ns, last_ns = 0;

	if (!is_whole(replay, replay->has_first))
		return EXIT_USAGE;
	for (;;) {
		if (!time_of(replay, &frame, &time_ns))
			return EXIT_USAGE;
		if (time_ns < last_ns)
			return refuse(replay, "the record is damaged: times go back");
		last_ns = time_ns;
		if (!simulation_advance(session->simulation, MIN(time_ns, session->until_ns)))
			return refuse(replay, "the simulation goes round in circles");
		if (time_ns >= session->until_ns)
			return EXIT_OK;
		attachment_receive(network_attachment(network, frame.interface), frame.bytes);
		if (frame.bytes.length == 0)
			return EXIT_OK;
		if (!read_frame(replay, &frame))
			return EXIT_USAGE;
	}
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

/* Opens the record, and reads up to the first frame, which comes behind all descriptions. */
static int open_record(struct replay *replay)
{
	replay->descriptor = open(replay->path, O_RDONLY | O_CLOEXEC);
	if (replay->descriptor < 0)
		return refuse(replay, "%s", g_strerror(errno));
	replay->reader = capture_reader_open(replay->descriptor);
	replay->has_first =
	    capture_reader_next(replay->reader, &replay->first) == CAPTURE_READ_FRAME;
	if (replay->has_first || capture_reader_interface_count(replay->reader) > 0)
		return EXIT_OK;
	if (capture_reader_damage(replay->reader)->end != NULL)
		return refuse(replay, NO_RECORD " (%s)",
			      capture_reader_damage(replay->reader)->end);
	return refuse(replay, NO_RECORD);
}

int replay_prepare(void *owner, struct run_setup *setup)
{
	struct replay *replay = owner;
	size_t count;
	int status;

	if (replay->path == NULL)
		return EXIT_OK;
	if (setup->has_seed_option) {
		command_complain("--seed: a record is repeated with the seed of its session; leave "
				 "it out with --replay");
		return EXIT_USAGE;
	}
	status = open_record(replay);
	if (status != EXIT_OK)
		return status;
	count = capture_reader_interface_count(replay->reader);
	replay->texts = g_ptr_array_new_with_free_func(g_free);
	replay->attachments = g_new0(struct attachment_config, count + 1);
	for (size_t i = 0; i < count; i++) {
		status = take_attachment(replay, i, setup);
		if (status != EXIT_OK)
			return status;
	}
	replay->attachment_count = count;
	setup->attachments = (struct network_attachments) { replay->attachments, count };
	setup->drive = replay_drive;
	return EXIT_OK;
}

void replay_clear(struct replay *replay)
{
	if (replay->reader != NULL) {
		capture_reader_free(replay->reader);
		close(replay->descriptor);
	}
	if (replay->texts != NULL)
		g_ptr_array_unref(replay->texts);
	g_free(replay->services_host);
	g_free(replay->attachments);
	g_free(replay->path);
}
