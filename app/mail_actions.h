/* Actions of the timeline: those that a mail client carries out, and the others in words. */
#pragma once
#include <stdbool.h>
#include "app/scenario.h"
#include "protocols/layer.h"

struct mua;

/* True for what a mail client does; it records such actions itself. */
bool action_is_mail(const struct scenario_action *action);

/* What trace records call what is done. */
enum user_verb action_user_verb(enum scenario_verb verb);

/* Hands a mail action to the mail client. */
void mail_action_start(struct mua *mua, const struct scenario_action *action);

/* Any other action in words: "alice-pc pings mail 3 times". The caller frees it. */
char *action_describe(const struct scenario_action *action);
