/* Which frames of a trace go into which capture: the bridge from records to capture writers. */
#pragma once
#include "views/capture.h"
#include "views/model.h"

enum recorder_mode {
	RECORDER_SENT,       /* every packet once, where it was first put on a wire */
	RECORDER_ALL,        /* every frame at every interface, in and out */
	RECORDER_INTERFACES, /* every frame at the interfaces named */
};

struct recorder_options {
	const char *path; /* a file, "-", or a folder ending in '/': one file per interface. Folders
	                     above it are not made */
	enum recorder_mode mode;
	char **interfaces; /* labels ("alice-pc:eth0"), NULL-terminated; for the last mode */
	bool
	    has_no_secrets; /* of TLS: then a reader of the capture sees what others on the way see */
	bool has_comments;  /* say on each packet what it carries and why */
	const char *filter; /* BPF: only frames that it lets pass; NULL: all */
	int64_t epoch_s;
	const struct dissector *const *dissectors;
};

struct recorder;

/*
 * Opens the captures. All interfaces must be known to `model` by now: call it when the world is
 * built and before the first event. NULL with `error` set when a file cannot be made, an
 * interface does not exist, or the filter is none (both G_FILE_ERROR_INVAL).
 */
struct recorder *recorder_new(const struct model *model, const struct recorder_options *options,
			      GError **error);

/* Takes TRANSMIT and RECEIVE records, and the secrets of TLS; `model` must have been fed with them before. */
void recorder_feed(struct recorder *recorder, const struct trace_record *record,
		   struct bytes bytes);

/*
 * Captures in the folder that this run does not write, as of an earlier one: "a.pcapng, b.pcapng". The caller
 * frees it. NULL: there are none, or it is no folder.
 */
char *recorder_others(const struct recorder *recorder);

/* Hands what is buffered to the system, for a reader at the other end of a pipe. */
void recorder_flush(struct recorder *recorder);

uint64_t recorder_frames(const struct recorder *recorder);

/* Completes the files and frees; false with `error` set when one could not be written. */
bool recorder_finish(struct recorder *recorder, GError **error);

/* Removes what was written and frees. */
void recorder_abandon(struct recorder *recorder);
