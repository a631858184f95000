/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of a day or of a month may average. */
#include "rest.h"

#include "wq/decimal.h"
#include "wq/parameter.h"

#include <math.h>
#include <stdio.h>

static double to_sum(const struct wq_parameter *parameter, double value)
{
	return parameter->mean == WQ_MEAN_HYDROGEN ? pow(10, -value) : value;
}

/* A sum of [H+] that is not positive: no pH is high enough. */
static double from_sum(const struct wq_parameter *parameter, double sum)
{
	if (parameter->mean != WQ_MEAN_HYDROGEN)
		return sum;
	return sum > 0 ? -log10(sum) : INFINITY;
}

void rest_add(struct rest *rest, double mean, int count)
{
	rest->sum += to_sum(rest->parameter, mean) * count;
	rest->count += count;
}

double rest_mean(const struct rest *rest)
{
	return from_sum(rest->parameter, rest->sum / rest->count);
}

double rest_projected(const struct rest *rest, double value, int more)
{
	double sum = rest->sum + to_sum(rest->parameter, value) * more;

	return from_sum(rest->parameter, sum / (rest->count + more));
}

double rest_allowed(const struct rest *rest, double limit, int more)
{
	double whole = to_sum(rest->parameter, limit) * (rest->count + more);

	return from_sum(rest->parameter, (whole - rest->sum) / more);
}

double rest_best(const struct bound *bound, bool upper, double value)
{
	/* fmax and fmin pass over an end that is not there (NaN). */
	return upper ? fmax(value, bound->low) : fmin(value, bound->high);
}

double rest_best_possible(const struct bound *bound, bool upper, const struct wq_parameter *parameter)
{
	return rest_best(bound, upper, upper ? fmax(0, parameter->low) : parameter->high);
}

double rest_told(const struct wq_parameter *parameter, double allowed, bool upper)
{
	double scale = pow(10, parameter->display_places < 0 ? 3 : parameter->display_places);
	/* 0.175 may be 0.17499999999999998 in binary: that is not 0.174. */
	double steps = upper ? floor(allowed * scale + 1e-6) : ceil(allowed * scale - 1e-6);

	return steps / scale;
}

/* Most means lie so far from a tie that their twelve digits round as they do themselves. False: the digits decide. */
static bool judged_plainly(double mean, int places, double *judged)
{
	static const double units[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
	double scaled, steps;

	if ((size_t)places >= sizeof units / sizeof *units)
		return false;
	scaled = fabs(mean) * units[places];
	if (!(scaled >= 1 && scaled < 1e6)) /* below 1 the first digit counts */
		return false;
	steps = floor(scaled + 0.5);
	/* Twelve digits are off by 5e-6 steps here at most. */
	if (fabs(scaled - steps) > 0.5 - 1e-4)
		return false;
	*judged = copysign(steps / units[places], mean);
	return true;
}

double rest_judged(const struct wq_parameter *parameter, double mean, bool raw)
{
	struct wq_decimal exact;
	char text[WQ_DECIMAL_TEXT];
	double judged;

	if (raw || parameter->evaluation_places < 0 || !isfinite(mean))
		return mean;
	if (judged_plainly(mean, parameter->evaluation_places, &judged))
		return judged;
	/* A computed mean may miss its tie by a bit of the last place: twelve digits give it back. */
	snprintf(text, sizeof text, "%.12g", mean);
	if (wq_decimal_parse(text, &exact, NULL) < 0)
		return mean;
	return wq_decimal_to_double(wq_decimal_evaluate(exact, parameter->evaluation_places));
}
