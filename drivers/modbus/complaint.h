/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a device that answers, in a sentence for those who look at it. Pure and
 * thread-safe: the time is an argument. */
#ifndef WQ_MODBUS_COMPLAINT_H
#define WQ_MODBUS_COMPLAINT_H

#include "readings.h"

#include <stddef.h>

/* "holding registers 100 to 101: exception 2, illegal data address" */
void complaint_block(const struct plan_block *block, int exception, char *text, size_t cap);

/* The worst that the last poll found of the device's points, and how many more it holds for; ""
 * when all is well. now: our clock. A time of measurement is remarked when it is more than 10
 * minutes ahead of it, or older than two cycles (an hour at least). */
void complaint_points(
        const struct readings *readings, uint8_t unit_id, wq_ms now, char *text, size_t cap);

#endif
