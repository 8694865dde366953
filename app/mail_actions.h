/* Actions of the timeline that a mail client carries out, and all actions in words. */
#pragma once
#include "app/scenario.h"

struct mua;

/* Hands `action` to the mail client; `root` is the id of its ACTION record. */
void mail_action_start(struct mua *mua, const struct scenario_action *action, uint64_t root);

/* "alice sends "Quarterly report" to bob@remote.example". The caller frees it. */
char *action_describe(const struct scenario_action *action);
