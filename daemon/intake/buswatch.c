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
		wq_ms silent, now = clock_now();
		struct wq_err err;
		if (!source_state(daemon->sources[i], &state, &silent))
			continue;
		if (wq_engine_bus(daemon->engine, source_bus(daemon->sources[i])->source, state, now - silent, now, out, &err) < 0)
			log_error("engine: %s", err.text);
	}
}
