/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of the daemon on the time of recorded readings: a row is a batch, in between a tick a
 * minute. Nobody is told; the same readings give the same conclusions. */
#ifndef WQ_CTL_REPLAY_H
#define WQ_CTL_REPLAY_H

#include "readings.h"

#include "wq/engine.h"

struct wq_err;

/* Who hears of the conclusions; each call may be NULL. `given`: the sample as it was recorded. */
struct replay_listener {
	void *owner;
	void (*sample)(void *owner, const struct wq_site *site, const struct wq_sample *given,
	        const struct wq_stored *stored);
	void (*change)(void *owner, const struct wq_site *site, const struct wq_change *change);
	void (*day)(void *owner, const struct wq_site *site, const struct wq_day_row *row);
};

/* `site` is that of readings_config(), `parameters` likewise. every_tick: asks the engine each
 * minute instead of when it has something to do; gives the same conclusions, slowly. 0 or a
 * negative code. */
int replay_run(const struct readings *readings, const struct wq_site *site,
        const uint32_t *parameters, const struct replay_listener *listener, bool every_tick,
        struct wq_err *err);

#endif
