/*
 * A process in a network of its own: namespaces for network, mounts and host name (and users, where
 * we are not root), with one interface, a TAP device, that whoever starts it plugs in somewhere.
 */
#pragma once
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>
#include "stack/wire/address.h"

#define SHELL_INTERFACE "eth0"

/* What the process finds; addresses in host order. */
struct shell_network {
	const char *host_name;
	struct mac mac;
	uint32_t address;
	unsigned prefix_length;
	unsigned mtu_bytes;
	uint32_t gateway;     /* 0: none */
	uint32_t name_server; /* 0: none */
	const char *domain;   /* that names without a dot are looked up in; NULL: none */
};

struct shell_process {
	pid_t pid;
	int tap;      /* descriptor of its interface; owned by the caller */
	int lifeline; /* what holds it back, and then keeps it alive */
};

/*
 * Makes the namespaces and in them a process that waits to become `command` (NULL-terminated). False
 * with `error` set (domain G_FILE_ERROR) when the system does not allow it.
 */
bool shell_process_start(struct shell_process *process, const struct shell_network *network,
			 char *const *command, GError **error);

/* Lets it go. */
void shell_process_go(struct shell_process *process);

/*
 * Waits for its end, which it is asked for when it still runs and forced to after some seconds; nothing
 * that it started outlives it.
 * Returns its exit status, as shells give it: 128 and the signal's number when one killed it.
 */
int shell_process_finish(struct shell_process *process);
