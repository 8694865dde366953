/*
 * The server of `mailwire serve`: an editor of scenarios with the page of their runs, on one address.
 *
 * Requests come from a browser, which other sites' pages run in too: app/serve_guard.c refuses what
 * does not come from the server's own page. What a request asks for is done by a child process
 * (app/serve_worker.h), within limits.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "app/serve_worker.h"

#define SERVE_PORT 8625 /* where no other is asked for */

struct serve_file {
	char *path;
	char *name; /* as the user called it, for people */
};

struct serve_options {
	const struct serve_file *files;
	unsigned file_count;
	const char *address;      /* to listen on; NULL: loopback */
	unsigned port;            /* 0: a free one */
	const char *const *names; /* by which the server may be called, up to a NULL; NULL: none */
	struct serve_limits limits;
	bool is_live; /* files may be run in real time, too */
	double speed;
	const char *const *attach; /* --attach of the live session, up to a NULL; NULL: none */
};

/* Serves until SIGINT or SIGTERM. Returns the exit status. */
int serve(const struct serve_options *options);
