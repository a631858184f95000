/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulated water holds at a moment: interpolation with seeded noise, or the row of a CSV.
 */
#include "scenario.h"

#include "scenario_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scenario_station *scenario_add_station(struct scenario *scenario, const char *id)
{
	struct scenario_station *grown =
	        reallocarray(scenario->stations, scenario->count + 1, sizeof *grown);

	if (!grown)
		return NULL;
	scenario->stations = grown;
	grown += scenario->count;
	memset(grown, 0, sizeof *grown);
	grown->id = strdup(id);
	if (!grown->id)
		return NULL;
	scenario->count++;
	return grown;
}

struct scenario_series *scenario_add_series(struct scenario_station *station, const char *alias)
{
	struct scenario_series *grown =
	        reallocarray(station->series, station->count + 1, sizeof *grown);

	if (!grown)
		return NULL;
	station->series = grown;
	grown += station->count;
	memset(grown, 0, sizeof *grown);
	grown->places = SCENARIO_PLACES;
	grown->alias = strdup(alias);
	if (!grown->alias)
		return NULL;
	station->count++;
	return grown;
}

void scenario_free(struct scenario *scenario)
{
	if (!scenario)
		return;
	for (size_t i = 0; i < scenario->count; i++) {
		struct scenario_station *station = &scenario->stations[i];

		for (size_t k = 0; k < station->count; k++) {
			free(station->series[k].alias);
			free(station->series[k].breaks);
		}
		free(station->series);
		free(station->times);
		free(station->values);
		free(station->id);
	}
	free(scenario->stations);
	free(scenario);
}

size_t scenario_stations(const struct scenario *scenario)
{
	return scenario->count;
}

const char *scenario_station(const struct scenario *scenario, size_t station)
{
	return scenario->stations[station].id;
}

size_t scenario_parameters(const struct scenario *scenario, size_t station)
{
	return scenario->stations[station].count;
}

const char *scenario_parameter(const struct scenario *scenario, size_t station, size_t parameter)
{
	return scenario->stations[station].series[parameter].alias;
}

wq_ms scenario_end(const struct scenario *scenario)
{
	return scenario->end;
}

/* ---- values ---- */

/* The finaliser of splitmix64 (public domain, Sebastiano Vigna). */
static uint64_t mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

/* Standard normal, near enough: the sum of twelve uniforms. A function of its key alone. */
static double normal(uint64_t key)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		key = mix(key);
		sum += (double)(key >> 11) * 0x1p-53;
	}
	return sum;
}

static double interpolate(const struct scenario_series *series, wq_ms elapsed)
{
	const struct scenario_break *b = series->breaks;
	size_t i = 0;

	while (i + 1 < series->break_count && b[i + 1].at <= elapsed)
		i++;
	if (i + 1 == series->break_count || isnan(b[i].value) || isnan(b[i + 1].value) ||
	        elapsed <= b[i].at)
		return b[i].value;
	return b[i].value +
	        (b[i + 1].value - b[i].value) * (double)(elapsed - b[i].at) /
	        (double)(b[i + 1].at - b[i].at);
}

/* The double nearest to the decimal with that many places. */
static double rounded(double value, int places)
{
	char text[64];

	snprintf(text, sizeof text, "%.*f", places, value);
	return strtod(text, NULL);
}

static double scripted(
        const struct scenario *scenario, size_t station, size_t parameter, wq_ms elapsed)
{
	const struct scenario_series *series = &scenario->stations[station].series[parameter];
	double value, noisy;
	uint64_t key;

	if (elapsed > scenario->end)
		elapsed = scenario->end;
	value = interpolate(series, elapsed);
	if (isnan(value))
		return value;
	key = mix(scenario->seed ^ mix(station << 32 | parameter)) ^ mix((uint64_t)elapsed);
	noisy = rounded(value + series->noise * normal(key), series->places);
	/* Noise does not make a concentration negative. */
	return value >= 0 && noisy <= 0 && series->noise > 0 ? rounded(0, series->places) : noisy;
}

/* The row that is current; the station has at least one. */
static size_t row_at(const struct scenario *scenario, size_t station, wq_ms elapsed)
{
	size_t last = scenario->stations[station].row_count - 1;

	if (elapsed < 0)
		return 0;
	return (uint64_t)(elapsed / scenario->step) < last ? (size_t)(elapsed / scenario->step)
	                                                   : last;
}

double scenario_value(
        const struct scenario *scenario, size_t station, size_t parameter, wq_ms elapsed)
{
	const struct scenario_station *s = &scenario->stations[station];

	if (!scenario->csv)
		return scripted(scenario, station, parameter, elapsed);
	return s->values[row_at(scenario, station, elapsed) * s->count + parameter];
}

wq_ms scenario_time(const struct scenario *scenario, size_t station, wq_ms elapsed)
{
	if (!scenario->csv)
		return WQ_NO_TIME;
	return scenario->stations[station].times[row_at(scenario, station, elapsed)];
}
