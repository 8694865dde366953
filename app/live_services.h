/*
 * Small services on one simulated host, to measure and test TCP with: echo (RFC 862), discard
 * (RFC 863), character generator (RFC 864), and two of our own: one tells what it was sent, one
 * sends as much as it is asked for.
 */
#pragma once
#include "app/simulation.h"

#define LIVE_SERVICE_ECHO    7
#define LIVE_SERVICE_DISCARD 9
#define LIVE_SERVICE_CHARGEN 19
#define LIVE_SERVICE_SUM     1009 /* at the end of what it is sent: "BYTES SHA256\n", then it closes */
#define LIVE_SERVICE_SOURCE  1019 /* asked "BYTES\n", sends so many of chargen's bytes and closes */

struct live_services;

/* Starts them on the host called `name`; NULL when there is none, or a port is taken. */
struct live_services *live_services_start(struct simulation *simulation, const char *name);

/* Connections that are open are aborted. NULL is fine. */
void live_services_stop(struct live_services *services);
