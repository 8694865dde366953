/* The DKIM keys of a scenario: made from the seed, held by servers, published in zones. */
#pragma once
#include "app/scenario.h"
#include "protocols/authentic/dkim_key.h"
#include "sim/world.h"

/*
 * The key of `signer` at the server on `node`. The same run makes the same key, whatever else is in the
 * scenario. For dkim_key_free().
 */
struct dkim_key *dkim_keys_make(const struct node *node, const struct scenario_signer *signer);

/* The name of the record in DNS, "mail._domainkey.office.example". The caller frees it. */
char *dkim_keys_owner(const struct scenario_signer *signer);

/* The record's data as in a zone file. The caller frees it. */
char *dkim_keys_data(const struct dkim_key *key);
