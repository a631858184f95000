/* SPDX-License-Identifier: Apache-2.0 */
/* Values carried forward between two measurements. */
#include "carried.h"

void carried_next(struct carried *c, wq_ms at, double value)
{
	const wq_ms step = at - c->last;

	if (c->last == 0 || step <= 0) {
		*c = (struct carried){ .value = value, .since = at, .last = at, .poll = c->poll };
		return;
	}
	if (c->poll == 0 || step < c->poll)
		c->poll = step;
	c->last = at;
	if (value >= c->value && value <= c->value)
		return;
	c->spans[c->count++ % CARRIED_CHANGES] =
		(uint32_t)((at - c->since) / 1000 < UINT32_MAX ? (at - c->since) / 1000 : UINT32_MAX);
	c->value = value;
	c->since = at;
}

/* Polls are not to the second: half of one is no matter. */
wq_ms carried_cycle(const struct carried *c)
{
	const wq_ms slack = c->poll / 2;
	wq_ms shortest = INT64_MAX, all = 0, cycles = 0;

	/* The first span began before we looked and may be cut: one more than is looked at. */
	if (c->count <= CARRIED_CHANGES)
		return 0;
	for (size_t i = 0; i < CARRIED_CHANGES; i++)
		if ((wq_ms)c->spans[i] * 1000 < shortest)
			shortest = (wq_ms)c->spans[i] * 1000;
	if (shortest < 2 * c->poll - slack)
		return 0;
	for (size_t i = 0; i < CARRIED_CHANGES; i++) {
		const wq_ms span = (wq_ms)c->spans[i] * 1000, rest = span % shortest;

		if (rest > slack && shortest - rest > slack)
			return 0;
		all += span;
		cycles += (span + shortest / 2) / shortest;
	}
	return (all / cycles + WQ_MINUTES(1) / 2) / WQ_MINUTES(1) * WQ_MINUTES(1);
}
