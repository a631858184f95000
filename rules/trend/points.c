/* SPDX-License-Identifier: Apache-2.0 */
/* Medians over spans of time, in memory of fixed size. */
#include "points.h"

#include <math.h>
#include <string.h>

size_t points_size(size_t room)
{
	return sizeof(struct points) + room * sizeof(struct point);
}

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

/* Every second one goes. */
static void thin_out(struct point *point)
{
	point->kept = POINT_VALUES / 2;
	for (size_t i = 1; i < POINT_VALUES / 2; i++)
		point->value[i] = point->value[2 * i];
	point->shift++;
}

static void take(struct point *point, double value)
{
	const uint32_t number = point->came;

	if (point->came == UINT32_MAX)
		return;
	point->came++;
	if (number % (UINT32_C(1) << point->shift) != 0)
		return;
	if (point->kept == POINT_VALUES)
		thin_out(point);
	/* The first one after thinning out is one that stays: POINT_VALUES is even. */
	point->value[point->kept++] = value;
	point->median = NAN;
}

static void revise(struct point *point, double value, double replaced)
{
	for (size_t i = 0; i < point->kept; i++) {
		/* A single one can be no other. */
		if (point->came > 1 && (point->value[i] < replaced || point->value[i] > replaced))
			continue;
		point->value[i] = value;
		point->median = NAN;
		return;
	}
}

void points_add(struct points *points, size_t room, wq_ms middle, double value, double replaced)
{
	size_t i = points->count;
	struct point *point;

	while (i > 0 && points->point[i - 1].at > middle)
		i--;
	if (i > 0 && points->point[i - 1].at == middle) {
		point = &points->point[i - 1];
		if (isnan(replaced))
			take(point, value);
		else
			revise(point, value, replaced);
		return;
	}
	if (i == 0 && points->count == room)
		return;
	point = insert(points, room, i);
	*point = (struct point){ .at = middle };
	take(point, value);
}

void points_end(struct points *points, wq_ms middle)
{
	while (points->count > 0 && points->point[points->count - 1].at > middle)
		points->count--;
}

/* Twelve digits: the middle of 0.1 and 0.2 is 0.15. */
static double rounded(double middle)
{
	double scale;

	if (middle == 0 || !isfinite(middle))
		return middle;
	scale = pow(10, 11 - floor(log10(fabs(middle))));
	return isfinite(scale) ? round(middle * scale) / scale : middle;
}

double point_median(struct point *point)
{
	double values[POINT_VALUES];

	if (!isnan(point->median))
		return point->median;
	memcpy(values, point->value, point->kept * sizeof *values);
	point->median = wq_median(values, point->kept);
	if (point->kept % 2 == 0)
		point->median = rounded(point->median);
	return point->median;
}
