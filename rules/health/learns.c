/* SPDX-License-Identifier: Apache-2.0 */
/* What is usual of this very series: its quantiles take the place of the parameter's, never beyond the plausible range.
 *
 * Suspect is what lies beyond the 0.1 % (99.9 %) quantile by more than that lies beyond the 1 % (99 %) quantile, at least by a
 * tenth of the distance between the two outer ones; of changes within 4 h likewise. What a section gives itself stays. */
#include "parts.h"

#include <math.h>
#include <string.h>

enum { LOWEST, LOW, HIGH, HIGHEST };

void learns_take(struct learnt *l, wq_ms at, double value)
{
	if (at <= l->until)
		return;
	if (l->since == 0)
		l->since = at;
	else
		learn_rate(&l->rates, fabs(value - l->last) / fmax(1, (double)(at - l->until) / (double)WQ_HOURS(4)));
	learn_value(&l->values, value);
	l->until = at;
	l->last = value;
}

static bool known(const struct learnt *l, const struct health_section *s)
{
	return s->learn_after > 0 && l->since > 0 && l->until - l->since >= s->learn_after && l->values.count >= LEARN_FEWEST;
}

/* low, high: what is plausible. */
static void ends_of(const struct learnt *l, double low, double high, double ends[2], double *rate)
{
	const double lowest = learn_value_quantile(&l->values, LOWEST), highest = learn_value_quantile(&l->values, HIGHEST);
	const double least = (highest - lowest) / 10;

	ends[0] = fmax(low, lowest - fmax(least, learn_value_quantile(&l->values, LOW) - lowest));
	ends[1] = fmin(high, highest + fmax(least, highest - learn_value_quantile(&l->values, HIGH)));
	*rate = learn_rate_quantile(&l->rates, 1);
	*rate = fmin(high - low, *rate + fmax(least, *rate - learn_rate_quantile(&l->rates, 0)));
}

void learns_apply(struct health_state *st, const struct health_section *s)
{
	double ends[2], rate;

	if (!known(&st->learnt, s))
		return;
	ends_of(&st->learnt, st->settings.low, st->settings.high, ends, &rate);
	st->quick = learn_rate_quantile(&st->learnt.rates, 0);
	if (isnan(s->low))
		st->usual.low = ends[0];
	if (isnan(s->high))
		st->usual.high = ends[1];
	if (isnan(s->rate)) {
		st->usual.rate = rate;
		st->usual.share = false;
	}
}

bool learns_tell(const void *state, const void *settings, struct wq_learnt *to)
{
	const struct health_state *st = state;
	const struct learnt *l = &st->learnt;
	double ends[2];

	_Static_assert(sizeof *l <= WQ_LEARNT_BYTES, "what was learnt fits its row");
	if (l->since == 0 || !st->ready)
		return false;
	to->since = l->since;
	to->until = l->until;
	to->readings = l->values.count;
	to->size = sizeof *l;
	memcpy(to->memory, l, sizeof *l);
	if (known(l, settings)) {
		ends_of(l, st->settings.low, st->settings.high, ends, &to->rate);
		to->low = ends[0];
		to->high = ends[1];
	}
	return true;
}

/* A file may have been written by another machine, or by hand. */
static bool sound(const struct learnt *l)
{
	bool ordered = l->since > 0 && l->since <= l->until && isfinite(l->last);

	for (size_t i = 1; i < LEARN_MARKERS(LEARN_VALUES); i++)
		ordered &= l->values.count < LEARN_MARKERS(LEARN_VALUES) ||
			(l->values.height[i] >= l->values.height[i - 1] && l->values.place[i] > l->values.place[i - 1]);
	for (size_t i = 1; i < LEARN_MARKERS(LEARN_RATES); i++)
		ordered &= l->rates.count < LEARN_MARKERS(LEARN_RATES) ||
			(l->rates.height[i] >= l->rates.height[i - 1] && l->rates.place[i] > l->rates.place[i - 1]);
	return ordered;
}

void learns_restore(void *state, const void *settings, const struct wq_learnt *from)
{
	struct health_state *st = state;
	struct learnt learnt;

	(void)settings;
	if (from->size != sizeof learnt)
		return;
	memcpy(&learnt, from->memory, sizeof learnt);
	if (sound(&learnt))
		st->learnt = learnt;
}
