/* SPDX-License-Identifier: Apache-2.0 */
/* What to begin with, where nothing is known of a station yet. Gross ranges and the longest runs of
 * equal values on 1,683 national automatic stations, 4-hourly, 1 to 5 April 2021: five days of
 * spring, so a start and no more. */
#include "wq/health.h"

#include <math.h>
#include <string.h>

static const struct like {
	const char *alias;
	double low, high;
	int suspect, fail; /* hours unchanged */
	double tolerance;
	double above; /* detection limit */
} likes[] = {
	{ "temp", -2, 45, 32, 64, .05, NAN },
	{ "ph", 0, 14, 24, 48, .005, NAN },
	{ "do", 0, 25, 12, 24, .01, NAN },
	{ "ec", 0, 60000, 12, 24, 0, NAN },
	{ "turbidity", 0, 4000, 20, 40, 0, NAN },
	{ "codmn", 0, 50, 20, 40, 0, NAN },
	{ "nh3n", 0, 30, 24, 48, 0, .025 },
	{ "tp", 0, 5, 24, 48, 0, .01 },
	{ "tn", 0, 50, 20, 40, 0, NAN },
	{ "chla", 0, .5, 48, 96, 0, NAN },
};

bool wq_health_like(struct wq_health_settings *settings, const char *alias)
{
	for (size_t i = 0; i < sizeof likes / sizeof *likes; i++) {
		const struct like *like = &likes[i];

		if (strcmp(like->alias, alias) != 0)
			continue;
		settings->low = like->low;
		settings->high = like->high;
		settings->flat_suspect = WQ_HOURS(like->suspect);
		settings->flat_fail = WQ_HOURS(like->fail);
		settings->flat_tolerance = like->tolerance;
		settings->flat_above = like->above;
		return true;
	}
	return false;
}

/* Suspect range and rate: the same stations; rate is the 99.9 % quantile of the changes from one reading to the next, 4 h apart.
 * floor and log: chosen here, so that a jump by what the instrument scatters is none. Turbidity and conductivity have no rate: a
 * storm and a tide move them further than any fault. */
static const struct {
	const char *alias;
	struct wq_health_usual usual;
} usuals[] = {
	{ "temp", { 0, 36, 7, false, .2, NAN } },
	{ "ph", { 6, 9.5, 1.3, false, .05, NAN } },
	{ "do", { 2, 20, 8, false, .2, NAN } },
	{ "ec", { NAN, NAN, NAN, false, .03, 10 } },
	{ "turbidity", { 0, 1000, NAN, false, .15, 1 } },
	{ "codmn", { 0, 15, 8, false, .05, .5 } },
	{ "nh3n", { 0, 5, 2.6, false, .1, .05 } },
	{ "tp", { 0, 1, .46, false, .08, .02 } },
	{ "tn", { 0, 20, 5.8, false, .04, .2 } },
	{ "chla", { 0, .15, .09, false, .15, .002 } },
};

bool wq_health_usual(struct wq_health_usual *usual, const char *alias)
{
	*usual = (struct wq_health_usual){ NAN, NAN, NAN, false, NAN, NAN };
	for (size_t i = 0; i < sizeof usuals / sizeof *usuals; i++)
		if (strcmp(usuals[i].alias, alias) == 0) {
			*usual = usuals[i].usual;
			return true;
		}
	return false;
}
