/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of sections, and what became better or worse. */
#include "wq/period.h"

#include <math.h>
#include <stdlib.h>

/* Better, worse; by how much. */
static const char *const words[2][3] = {
	{ "无明显变化", "有所好转", "明显好转" },
	{ "无明显变化", "有所下降", "明显下降" },
};

const char *wq_class_change(int before, int after)
{
	/* The grade of status: class I and II are one. */
	const int from = before < 2 ? 2 : before, to = after < 2 ? 2 : after;
	const int moved = from > to ? from - to : to - from;

	if (before == WQ_CLASS_NONE || after == WQ_CLASS_NONE)
		return "";
	return words[to > from][moved > 2 ? 2 : moved];
}

int wq_period_counted(const struct wq_period_report *report)
{
	const bool open = report->lacking != 0 && report->class_ <= WQ_CLASS_III;

	return open ? WQ_CLASS_NONE : report->class_;
}

void wq_group_add(struct wq_group *group, const struct wq_station *station, int class_)
{
	if (station->commissioning) {
		group->commissioning++;
		return;
	}
	group->sections++;
	group->assessable += class_ != WQ_CLASS_NONE;
	group->classes[class_]++;
}

static double share(const struct wq_group *group, int first, int last)
{
	uint32_t count = 0;

	for (int i = first; i <= last; i++)
		count += group->classes[i];
	return group->assessable == 0 ? (double)NAN : 100.0 * count / group->assessable;
}

double wq_group_good(const struct wq_group *group)
{
	return share(group, WQ_CLASS_I, WQ_CLASS_III);
}

double wq_group_worst(const struct wq_group *group)
{
	return share(group, WQ_CLASS_WORSE, WQ_CLASS_WORSE);
}

const char *wq_group_change(const struct wq_period_rules *rules, const struct wq_group *before,
        const struct wq_group *after, double *points)
{
	const double moved = (wq_group_good(after) - wq_group_good(before)) -
	        (wq_group_worst(after) - wq_group_worst(before));

	if (points != NULL)
		*points = moved;
	if (isnan(moved))
		return "";
	return words[moved < 0][fabs(moved) > rules->marked ? 2
	                : fabs(moved) > rules->some         ? 1
	                                                    : 0];
}
