/*
 * Small services on one simulated host, to measure and test TCP with: echo (RFC 862), discard
 * (RFC 863), character generator (RFC 864), and some of our own. Each is also to be had the other way
 * round, by a connection that the host opens: LIVE_SERVICE_CALL.
 */
#pragma once
#include "app/simulation.h"

#define LIVE_SERVICE_ECHO    7
#define LIVE_SERVICE_DISCARD 9
#define LIVE_SERVICE_CHARGEN 19
#define LIVE_SERVICE_SUM     1009 /* at the end of what it is sent: "BYTES SHA256\n", then it closes */
#define LIVE_SERVICE_SOURCE  1019 /* asked "BYTES\n", sends so many of chargen's bytes and closes */
#define LIVE_SERVICE_RESET   1029 /* aborts at the first byte */
#define LIVE_SERVICE_PROBE   1039 /* probes an idle peer (keepalive): see PROBE_INTERVAL_NS */
/*
 * Asked "PORT SERVICE\n", connects to that port of who asks and serves there. When that connection has
 * ended, tells how: "closed\n", or a word for each stream_failure ("refused\n"), and closes.
 */
#define LIVE_SERVICE_CALL 1049

struct live_services;

/* Starts them on the host called `name`; NULL when there is none, or a port is taken. */
struct live_services *live_services_start(struct simulation *simulation, const char *name);

/* Connections that are open are aborted. NULL is fine. */
void live_services_stop(struct live_services *services);
