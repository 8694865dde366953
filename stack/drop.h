/* The one way in which the stack throws a packet away. */
#pragma once
#include "sim/world.h"

/*
 * Frees `packet` (taken) with a DROP record that carries its bytes; an IGNORE record where it was
 * for others and nothing is lost. `why` gives layer, detail and, where the detail has them, object,
 * before and after; its kind is filled in, and its interface where it is 0: the one the packet came
 * in by.
 */
void packet_drop(struct node *node, struct packet *packet, const struct trace_record *why)
    __attribute__((cold));
