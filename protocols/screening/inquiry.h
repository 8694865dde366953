/* A stage that asks DNS: drives one of the checks of protocols/authentic through its questions. */
#pragma once
#include "protocols/authentic/dns_view.h"
#include "protocols/screening/stage.h"

/* A check that names its questions one after the other. */
struct inquiry_check {
	const struct dns_wish *(*wish)(const void *check); /* NULL: it is done */
	void (*answer)(void *check, const struct dns_answer *answer);
	/* It is done: gives the stage's answer, and keeps or frees the check. */
	void (*done)(struct stage *stage, struct screen_run *run, void *check);
	void (*free)(void *check);
};

/* Starts `check` (taken) for the run; done() may come before this returns. */
void inquiry_start(struct stage *stage, struct screen_run *run, const struct inquiry_check *type,
		   void *check);

/* For struct stage_type: the run is given up, and so are question and check. */
void inquiry_forget(struct stage *stage, struct screen_run *run);
