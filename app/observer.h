/*
 * The sink that feeds the views while a scenario runs: first the model, then those that read it, so
 * that nothing needs to be stored.
 */
#pragma once
#include "sim/trace.h"
#include "views/eavesdrop.h"
#include "views/json.h"
#include "views/key_log.h"
#include "views/log.h"
#include "views/model.h"
#include "views/recorder.h"
#include "views/report.h"

struct observer {
	struct trace_sink sink;
	struct model *model;
	/* Each may be NULL; set before the first event. */
	struct log *log;
	struct json_view *json;
	struct recorder *recorder;
	struct report *report;
	struct key_log *key_log;
	struct eavesdrop *eavesdrop;
	/* Records made while the world was built, before views could be opened: kept for them. */
	GArray *early;
	GByteArray *early_bytes;
	bool is_stopped;
};

/* An observer of the kinds of records in `kinds`, to be added to a simulation. */
void observer_init(struct observer *observer, uint64_t kinds);
void observer_clear(struct observer *observer);

/* The views are set: hands them what was recorded so far. */
void observer_start(struct observer *observer);

/* The run is over: what taking the world down may still record is no part of it. */
void observer_stop(struct observer *observer);
