/* SPDX-License-Identifier: Apache-2.0 */
/* When time alone will next do something: what wq_engine_tick() does, asked beforehand. Whoever adds something to the tick
 * adds its instant here; test_engine.c and wqctl backtest --every-tick compare. */
#include "engine_parts.h"

static wq_ms earlier(wq_ms a, wq_ms b)
{
	return a < b ? a : b;
}

static wq_ms escalations(const struct wq_engine *engine)
{
	wq_ms next = INT64_MAX;
	for (size_t i = 0; i < engine->alarm_count; i++) {
		const struct wq_alarm *alarm = engine->alarms[i];
		wq_ms after = engine->site->rules[alarm->rule].escalate_after[alarm->level];
		if (!alarm->acknowledged && !alarm->escalated && after != WQ_NO_TIME)
			next = earlier(next, alarm->since + after);
	}
	return next;
}

wq_ms wq_engine_wake(const struct wq_engine *engine)
{
	if (engine->started == WQ_NO_TIME || engine->short_of_memory)
		return engine->ticked;
	return earlier(earlier(engine->wake, engine->days_wake), earlier(wanted_wake(engine), escalations(engine)));
}
