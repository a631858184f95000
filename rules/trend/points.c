/* SPDX-License-Identifier: Apache-2.0 */
/* Means over spans of time, in memory of fixed size. */
#include "points.h"

#include <math.h>
#include <string.h>

wq_ms points_middle(const struct wq_zone *zone, wq_ms aggregate, wq_ms at)
{
	wq_ms offset = wq_zone_offset(zone, at), local = at + offset;
	wq_ms into = local % aggregate;

	if (into < 0)
		into += aggregate;
	return at - into + aggregate / 2;
}

/* Room for a span before index i; the oldest goes when there is none. Returns where it is now. */
static struct point *insert(struct points *points, size_t room, size_t i)
{
	if (points->count == room) {
		memmove(points->point, points->point + 1, (i - 1) * sizeof *points->point);
		return &points->point[i - 1];
	}
	memmove(points->point + i + 1, points->point + i,
	        (points->count - i) * sizeof *points->point);
	points->count++;
	return &points->point[i];
}

void points_add(struct points *points, size_t room, wq_ms middle, double value, double replaced)
{
	size_t i = points->count;
	struct point *point;

	while (i > 0 && points->point[i - 1].at > middle)
		i--;
	if (i > 0 && points->point[i - 1].at == middle) {
		point = &points->point[i - 1];
		if (isnan(replaced)) {
			point->sum += value;
			point->count++;
		} else {
			point->sum = point->count == 1 ? value : point->sum - replaced + value;
		}
		return;
	}
	if (i == 0 && points->count == room)
		return;
	point = insert(points, room, i);
	*point = (struct point){ .at = middle, .sum = value, .count = 1 };
}

void points_end(struct points *points, wq_ms middle)
{
	while (points->count > 0 && points->point[points->count - 1].at > middle)
		points->count--;
}

double point_mean(const struct point *point)
{
	double mean = point->sum / (double)point->count, scale;

	if (mean == 0 || !isfinite(mean))
		return mean;
	scale = pow(10, 11 - floor(log10(fabs(mean))));
	return isfinite(scale) ? round(mean * scale) / scale : mean;
}
