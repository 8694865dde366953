/*
 * Live mode: virtual time follows real time, and Linux interfaces are plugged into simulated
 * networks. What comes in is given to the simulation when it is read, at the time its clock shows;
 * so the frames and their times are all that a record needs to repeat the session.
 */
#pragma once
#include "app/live_device.h"
#include "app/live_pages.h"
#include "app/run.h"

/* A device and where it is plugged in. */
struct live_attachment {
	struct live_device *device; /* owned by the live session */
	struct attachment_config config;
	struct attachment *attachment; /* once the world is built */
};

/* Fastest speed in virtual time per real time; INFINITY is beyond. */
#define LIVE_SPEED_MAX 1000

struct live {
	/* To be filled in before live_prepare(). */
	double speed;             /* virtual time per real time; INFINITY: as fast as it can be */
	char *record_path;        /* NULL: no record */
	int ended_descriptor;     /* the session ends when this is readable; -1: see live_drive() */
	GPtrArray *attachments;   /* of struct live_attachment *, owned */
	char *services_host;      /* NULL, or where the services of app/live_services.h run */
	bool is_silent;           /* no report on real time at the end */
	struct live_pages *pages; /* who asks for pages meanwhile; NULL: nobody. Borrowed */

	struct attachment_config *configs; /* as the world is built with */
	struct live_state *state;          /* while it runs */
	struct record *record;
	int signals; /* descriptor that brings them */
};

/* An empty session at the speed of real time. */
void live_init(struct live *live);
void live_clear(struct live *live);

/* Whether a user may ask for this speed: more than 0, at most LIVE_SPEED_MAX. */
bool live_speed_is_valid(double speed);

/* Adds a device, which the session owns from now on, and that is plugged in as `config` says. */
void live_add(struct live *live, struct live_device *device,
	      const struct attachment_config *config);

/*
 * The LAN of this name in the scenario, or NULL after saying what is wrong with `option`'s `name`.
 */
const struct scenario_network *live_find_network(const struct scenario *scenario, const char *file,
						 const char *option, const char *name);

/*
 * Completes `setup` for a live session. With devices, which all are plugged in, the epoch is now and
 * the seed random, unless chosen by the user. Without, the run is that of `mailwire run`, but in
 * real time, and what ends it: quiet. EXIT_OK, or the exit status after complaining.
 */
int live_prepare(struct live *live, struct run_setup *setup);

/*
 * Runs the session until a signal (INT, TERM, HUP), its end by other means, or an interface goes
 * away; without devices until all is quiet, too. Where no `ended_descriptor` says when, it also ends
 * when nobody reads what views write to standard output any more. Returns the exit status.
 */
int live_drive(struct live *live, const struct run_session *session);
