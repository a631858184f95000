/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that asks for the time. Thread-safe. */
#ifndef WQ_CLOCK_H
#define WQ_CLOCK_H

#include "wq/instant.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* Time of day, UTC: for records. May jump. */
wq_ms clock_now(void);

/* Milliseconds since boot, suspend included: for durations. Never runs backwards. */
wq_ms clock_boot(void);

/* Waiting with a deadline: a condition that waits on the monotonic clock (it cannot wait on the boot clock; a
 * suspended gateway only waits longer), and the instant `span` from now for pthread_cond_timedwait. */
void clock_condition(pthread_cond_t *condition);
struct timespec clock_deadline(wq_ms span);

/* A name that the machine has from its start to its end, "" where it cannot be had. Returns buf. */
#define CLOCK_MACHINE 40
char *clock_machine(char buf[CLOCK_MACHINE]);

/* Whether the time of day can be believed: the kernel says that it is synchronised (adjtimex), and it is not before
 * this program was written. */
bool clock_trusted(void);

#endif
