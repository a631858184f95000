/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told: ready, reloading, a line of status, and the watchdog - fed only while every worker
 * makes progress. */
#ifndef WQ_SUPERVISE_H
#define WQ_SUPERVISE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Progress of one worker as last seen. */
struct supervised {
	const char *name;
	uint64_t seen;
	wq_ms since;    /* boot clock: since when it has not moved; 0 before the first look */
	wq_ms patience; /* a standstill longer than this is a hang */
	bool told;
};

/* Notes the progress of a worker; false when it hangs. */
bool supervise_look(struct supervised *worker, uint64_t progress, wq_ms boot);

/* How often the watchdog wants to be fed, or WQ_NO_TIME when there is none. */
wq_ms supervise_watchdog(void);

void supervise_ready(const char *status);
void supervise_reloading(void);
void supervise_stopping(void);
void supervise_status(const char *status);
void supervise_feed(void);

#endif
