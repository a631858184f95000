/* SPDX-License-Identifier: Apache-2.0 */
/* Readings outside of what is usual of the parameter or learnt of the series: which are doubted, for how long, and when they are
 * the river. */
#include "parts.h"

#include <math.h>

static bool beyond_given(const struct health_section *s, double value)
{
	return value < s->low || value > s->high; /* false beside NaN */
}

void unusual_count(struct health_state *st, wq_ms at, double value)
{
	struct outside *outside = &st->outside;

	if (!(value < st->usual.low || value > st->usual.high)) {
		outside->count = 0;
		return;
	}
	if (outside->count == 0)
		outside->since = at;
	if (outside->count < UINT32_MAX)
		outside->count++;
}

bool unusual_is(const struct health_state *st, const struct health_section *s, wq_ms at, double value)
{
	const double steps = fmax(1, (double)(at - st->known) / (double)WQ_HOURS(4));

	return beyond_given(s, value) ||
		(st->outside.count == 1 && (st->known == 0 || fabs(value - st->value) > st->quick * steps));
}

bool unusual_waits(const struct health_section *s, uint8_t test, double value)
{
	return test == WQ_HEALTH_RATE || (test == WQ_HEALTH_UNUSUAL && !beyond_given(s, value));
}

static bool lasts(const struct outside *outside, wq_ms at)
{
	return outside->count >= LASTING_READINGS && at - outside->since >= LASTING_SPAN;
}

/* Were what is unusual left out of what is usual, or what lasts under an alarm, it would stay so for ever. */
bool unusual_teaches(struct health_state *st, uint8_t test, bool alarmed, wq_ms at)
{
	struct outside *outside = &st->outside;

	outside->lasted = lasts(outside, at) || (outside->lasted && alarmed);
	if (alarmed && !(outside->lasted && (outside->count == 0 || lasts(outside, at))))
		return false;
	return test == WQ_HEALTH_NONE || test == WQ_HEALTH_UNUSUAL || test == WQ_HEALTH_RATE;
}
