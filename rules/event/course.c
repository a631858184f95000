/* SPDX-License-Identifier: Apache-2.0 */
/* From score to event. */
#include "course.h"

#include <math.h>

int course_count(const struct course *course, const struct course_settings *s)
{
	uint64_t newest = course->unusual;
	int count = 0;

	if (s->steps < COURSE_STEPS_MAX)
		newest &= ((uint64_t)1 << s->steps) - 1;
	for (; newest != 0; newest &= newest - 1)
		count++;
	return count;
}

/* Chance of k or fewer heads of n tosses; the sum of binomials from 0 on, each by the one before. */
static double chance(int k, int64_t n)
{
	double term = ldexp(1, (int)-n), sum = term;

	for (int i = 1; i <= k; i++) {
		term *= (double)(n - i + 1) / i;
		sum += term;
	}
	return sum;
}

static void count_in(struct course *c, const struct course_settings *s, double score)
{
	c->unusual = c->unusual << 1 | (score >= s->drift);
	c->sum = fmax(0, c->sum + fmin(score - s->drift, s->cut));
	c->sum = fmin(c->sum, s->threshold + s->cut);
}

static bool is_enough(const struct course *c, const struct course_settings *s)
{
	return s->by == COURSE_BY_SUM ? c->sum >= s->threshold
				      : chance(course_count(c, s), s->steps) >= s->certainty;
}

bool course_step(struct course *c, const struct course_settings *s, double score, wq_ms at)
{
	count_in(c, s, score);
	if (score < s->drift) {
		if (c->since != 0)
			*c = (struct course){ 0 };
		c->waits = false;
		return false;
	}
	if (c->since == 0 && !c->waits && is_enough(c, s))
		c->since = at;
	if (c->since != 0 && at - c->since > s->timeout)
		*c = (struct course){ .waits = true };
	if (c->waits)
		c->sum = 0;
	return c->since != 0;
}
