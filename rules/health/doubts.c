/* SPDX-License-Identifier: Apache-2.0 */
/* What only shows beside other series: of the same station, and of the stations next to it. */
#include "parts.h"

#include "wq/parameter.h"

#include <math.h>
#include <string.h>

/* What a series is to its partners. Total nitrogen contains ammonia; what oxygen water can hold is a matter of temperature;
 * phosphorus clings to what makes water turbid. */
enum role { ROLE_NONE, ROLE_TOTAL, ROLE_AMMONIA, ROLE_OXYGEN, ROLE_TEMPERATURE, ROLE_PHOSPHORUS };

static const struct {
	const char *alias, *partner;
} roles[] = {
	[ROLE_NONE] = { "", "" },
	[ROLE_TOTAL] = { "tn", "nh3n" },
	[ROLE_AMMONIA] = { "nh3n", "tn" },
	[ROLE_OXYGEN] = { "do", "temp" },
	[ROLE_TEMPERATURE] = { "temp", "do" },
	[ROLE_PHOSPHORUS] = { "tp", "turbidity" },
};

static const char *alias_of(const struct wq_site *site, uint32_t series)
{
	return site->parameters[site->series[series].parameter].alias;
}

static uint32_t at_station(const struct wq_site *site, uint32_t station, const char *alias)
{
	const struct wq_station *where = &site->stations[station];

	for (uint32_t i = where->first_series; i < where->first_series + where->series_count; i++)
		if (strcmp(alias_of(site, i), alias) == 0)
			return i;
	return WQ_NONE;
}

static void add_twin(struct health_state *st, uint32_t series, bool here)
{
	if (series != WQ_NONE && st->twin_count < TWINS)
		st->twins[st->twin_count++] = (struct twin){ .series = series, .here = here };
}

/* Those next to it first: there are few of them. */
static void find_twins(struct health_state *st, const struct wq_view *view)
{
	const struct wq_site *site = wq_view_site(view);
	const uint32_t own = wq_view_place(view), station = site->series[own].station;
	const struct wq_station *here = &site->stations[station];

	if (here->flows_into < site->station_count)
		add_twin(st, wq_site_series(site, here->flows_into, site->series[own].parameter), false);
	for (uint32_t i = 0; i < site->station_count && st->twin_count < TWINS / 2; i++)
		if (site->stations[i].flows_into == station)
			add_twin(st, wq_site_series(site, i, site->series[own].parameter), false);
	for (uint32_t i = here->first_series; i < here->first_series + here->series_count; i++)
		if (i != own)
			add_twin(st, i, true);
}

void doubts_prepare(struct health_state *st, const struct health_section *s, const struct wq_view *view)
{
	const struct wq_site *site = wq_view_site(view);
	const uint32_t own = wq_view_place(view);

	st->role = ROLE_NONE;
	st->partner = WQ_NONE;
	st->whose = WQ_NONE;
	st->twin_count = 0;
	for (uint8_t i = 1; s->cross && i < sizeof roles / sizeof *roles; i++)
		if (strcmp(alias_of(site, own), roles[i].alias) == 0) {
			st->role = i;
			st->partner = at_station(site, site->series[own].station, roles[i].partner);
		}
	if (s->copies && s->trust > 0)
		find_twins(st, view);
}

/* -- impossible beside another -- */

static bool too_little_nitrogen(const struct health_section *s, double total, double ammonia)
{
	return total < ammonia * (1 - s->nitrogen) - s->nitrogen;
}

static bool too_much_oxygen(const struct health_section *s, double oxygen, double celsius)
{
	return oxygen > wq_oxygen_soluble(celsius) * s->saturation / 100; /* false beside NaN */
}

/* The newest reading of a series before an instant; false: none. */
static bool reading_before(const struct wq_view *view, uint32_t series, wq_ms at, double *value)
{
	const struct wq_reading *readings;
	size_t count;

	readings = wq_view_readings(view, series, &count);
	while (count > 0 && readings[count - 1].at >= at)
		count--;
	if (count > 0)
		*value = readings[count - 1].value;
	return count > 0;
}

static bool only_turbid(const struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at,
	double phosphorus, double turbidity)
{
	double before;

	return s->turbid > 1 && st->known > 0 && phosphorus > 1.5 * st->value &&
		reading_before(view, st->partner, at, &before) && before > 0 && turbidity >= s->turbid * before;
}

bool doubts_cross(struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at, double value)
{
	double other;
	bool doubtful = false;

	if (st->partner == WQ_NONE || !wq_view_beside(view, st->partner, at, &other))
		return false;
	switch ((enum role)st->role) {
	case ROLE_TOTAL:
		doubtful = too_little_nitrogen(s, value, other);
		break;
	case ROLE_AMMONIA:
		doubtful = too_little_nitrogen(s, other, value);
		break;
	case ROLE_OXYGEN:
		doubtful = too_much_oxygen(s, value, other);
		break;
	case ROLE_TEMPERATURE:
		doubtful = too_much_oxygen(s, other, value);
		break;
	case ROLE_PHOSPHORUS:
		doubtful = only_turbid(st, s, view, at, value, other);
		break;
	case ROLE_NONE:
		break;
	}
	if (doubtful)
		st->other = other;
	return doubtful;
}

/* -- copied -- */

static bool twin_value(const struct wq_view *view, const struct twin *twin, wq_ms at, double *value)
{
	const struct wq_reading *readings;
	size_t count;

	if (twin->here)
		return wq_view_beside(view, twin->series, at, value);
	readings = wq_view_readings(view, twin->series, &count);
	if (count > 0)
		*value = readings[count - 1].value;
	return count > 0;
}

/* Two that stand still say nothing: half of the values have to be new ones. */
static bool follow(struct twin *twin, int64_t recent, double value, bool told, double other)
{
	const bool same = told && value >= other && value <= other;

	if (!same) {
		twin->same = twin->changes = 0;
		return false;
	}
	if (twin->same > 0 && (value < twin->last || value > twin->last) && twin->changes < UINT16_MAX)
		twin->changes++;
	if (twin->same < UINT16_MAX)
		twin->same++;
	twin->last = value;
	return twin->same >= recent && twin->changes * 2 >= recent;
}

bool doubts_copied(struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at, double value)
{
	bool copied = false;

	for (size_t i = 0; i < st->twin_count; i++) {
		double other = NAN;
		const bool told = twin_value(view, &st->twins[i], at, &other);

		if (follow(&st->twins[i], s->trust, value, told, other) && !copied) {
			copied = true;
			st->whose = st->twins[i].series;
			st->other = other;
		}
	}
	return copied;
}

/* -- the water after all -- */

/* Readings before, among whose changes a jump has to stand out. */
#define CHANGES 7
#define FEWEST_CHANGES 4
#define STANDS_OUT 2 /* times the largest of them */

static double step(const struct wq_health_usual *usual, double from, double to)
{
	return usual->log > 0 ? fabs(log(fmax(to, usual->log) / fmax(from, usual->log))) : fabs(to - from);
}

/* Whether a reading beside jumped, in either direction: by more than is of no consequence, and than it has lately. */
static bool jumps(const struct wq_view *view, uint32_t series, wq_ms at)
{
	struct wq_health_usual usual;
	const struct wq_reading *readings;
	double now, largest = 0;
	size_t count, first;

	if (!wq_health_usual(&usual, alias_of(wq_view_site(view), series)) || !wq_view_beside(view, series, at, &now))
		return false;
	readings = wq_view_readings(view, series, &count);
	while (count > 0 && readings[count - 1].at >= at)
		count--;
	first = count > CHANGES + 1 ? count - CHANGES - 1 : 0;
	if (count < FEWEST_CHANGES + 1)
		return false;
	for (size_t i = first; i + 1 < count; i++)
		largest = fmax(largest, step(&usual, readings[i].value, readings[i + 1].value));
	return step(&usual, readings[count - 1].value, now) > fmax(3 * usual.floor, STANDS_OUT * largest);
}

bool doubts_coherent(const struct wq_view *view, wq_ms at)
{
	const struct wq_station *here = wq_view_station(view);

	for (uint32_t i = here->first_series; i < here->first_series + here->series_count; i++)
		if (i != wq_view_place(view) && jumps(view, i, at))
			return true;
	return false;
}

/* -- the stations next to it -- */

/* Far off from every neighbour there is. */
bool doubts_neighbour(const struct health_section *s, const struct wq_view *view, double value)
{
	const struct wq_site *site = wq_view_site(view);
	const uint32_t own = wq_view_place(view), station = site->series[own].station;
	size_t beside = 0, off = 0;

	if (!(s->neighbour >= 1) || !(value > 0))
		return false;
	for (uint32_t i = 0; i < site->station_count; i++) {
		double other;
		const bool next = site->stations[i].flows_into == station || site->stations[station].flows_into == i;
		const uint32_t series = next ? wq_site_series(site, i, site->series[own].parameter) : WQ_NONE;

		if (series == WQ_NONE || !reading_before(view, series, INT64_MAX, &other) || !(other > 0))
			continue;
		beside++;
		off += value > other * s->neighbour || value * s->neighbour < other;
	}
	return beside > 0 && off == beside;
}
