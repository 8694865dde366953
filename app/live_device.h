/*
 * A Linux interface that carries Ethernet frames between a simulated network and the world: a TAP
 * device, or any Ethernet-like interface (one end of a veth pair) by a packet socket.
 *
 * Nothing of the interface is changed: offloads may stay on, unfinished frames are finished here
 * (app/live_offload.h). Promiscuous mode is held while the device is open.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "stack/wire/address.h"

struct live_device;

struct live_device_counters {
	uint64_t received_frames, sent_frames;
	uint64_t completed_frames; /* received with an unfinished checksum */
	uint64_t split_frames;     /* received longer than a segment */
	uint64_t ignored_frames;   /* received, but no frame that a cable of this MTU carries */
	uint64_t lost_frames;      /* to be sent, but the interface did not take them */
};

enum live_device_status {
	LIVE_DEVICE_FRAMES, /* some came, more may be waiting */
	LIVE_DEVICE_EMPTY,  /* nothing is waiting */
	LIVE_DEVICE_GONE,   /* the interface was removed */
};

/*
 * Opens the interface `name` for frames with up to `mtu_bytes` behind the Ethernet header. NULL
 * with `error` set (domain G_FILE_ERROR) when there is none, it carries no Ethernet, or we may not.
 */
struct live_device *live_device_open(const char *name, size_t mtu_bytes, GError **error);

/* A TAP device that is open already, with IFF_NO_PI and IFF_VNET_HDR, as `descriptor` (taken). */
struct live_device *live_device_of_tap(int descriptor, const char *name, size_t mtu_bytes);

/*
 * Makes and opens the TAP device `name` in the network namespace of the caller; it goes away with
 * its descriptor. -1 with `error` set when that cannot be.
 */
int live_device_make_tap(const char *name, GError **error);

void live_device_free(struct live_device *device);

const char *live_device_name(const struct live_device *device);

/* To poll for reading. */
int live_device_descriptor(const struct live_device *device);

/* The interface has an IP stack of its own behind it, and is up. */
bool live_device_is_up(const struct live_device *device);

/*
 * Reads what the interface hands over at once, one frame or a long one to be cut, and gives the
 * frames to `receive`, borrowed, without FCS.
 */
enum live_device_status live_device_read(struct live_device *device,
					 void (*receive)(void *owner, struct bytes frame),
					 void *owner);

/* Sends a frame, which is padded and without FCS. What the interface does not take is counted. */
void live_device_send(struct live_device *device, struct bytes frame);

const struct live_device_counters *live_device_counters(const struct live_device *device);
