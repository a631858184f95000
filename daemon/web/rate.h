/* SPDX-License-Identifier: Apache-2.0 */
/* How often one address may ask: so many at once, and so many a minute in the long run. IPv6 counts by its first 64 bits. A
 * table of fixed size: when it is full the address that has been quiet for longest is forgotten. Not thread-safe; time is an
 * argument. */
#ifndef WQ_RATE_H
#define WQ_RATE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

#define RATE_ADDRESSES 256
#define RATE_BURST     30
#define RATE_MINUTE    60

struct rate {
	struct {
		uint8_t address[16]; /* all zero with at = 0: free */
		wq_ms at;
		wq_ms spent; /* ms of the future that are used up already */
	} rows[RATE_ADDRESSES];
};

/* False: it asks too often. `address` as text; what is none counts as one address of its own. now: a clock that is never set. */
bool rate_take(struct rate *rate, const char *address, wq_ms now);

#endif
