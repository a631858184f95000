/* SPDX-License-Identifier: Apache-2.0 */
/* Buses as the engine knows them. */
#include "buswatch.h"

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "wq/err.h"

void buswatch_tick(struct daemon *daemon, struct wq_outcome *out)
{
	for (size_t i = 0; i < daemon->source_count; i++) {
		enum wq_bus_state state;
		struct wq_err err;
		if (!source_state(daemon->sources[i], &state))
			continue;
		if (wq_engine_bus(daemon->engine, source_bus(daemon->sources[i])->source, state, clock_now(), out, &err) < 0)
			log_error("engine: %s", err.text);
	}
}
