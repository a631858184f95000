/* SPDX-License-Identifier: Apache-2.0 */
/* Who is on duty: a year of instants against what the words of a roster say, in zones with and without summer time. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "roster.h"

#include <stdlib.h>
#include <string.h>

enum { ZHANG, LI, WANG, ZHAO, LIU, CHEN };

/* 2026 in central Europe, and in a zone that puts the clock forward at midnight and back over it. */
#define SPRING INT64_C(1774746000000) /* 2026-03-29T01:00Z */
#define AUTUMN INT64_C(1792890000000) /* 2026-10-25T01:00Z */
static const struct wq_zone_row berlin_rows[] = { { 0, WQ_HOURS(1) }, { SPRING, WQ_HOURS(2) }, { AUTUMN, WQ_HOURS(1) } };
static const struct wq_zone_row midnight_rows[] = { { 0, WQ_HOURS(1) }, { SPRING - WQ_HOURS(2), WQ_HOURS(2) },
	{ AUTUMN - WQ_HOURS(3), WQ_HOURS(1) } };
static const struct wq_zone berlin = { 3, berlin_rows }, midnight = { 3, midnight_rows };
static const struct wq_zone *const zones[] = { &wq_zone_china, &berlin, &midnight };
#define ZONES (sizeof zones / sizeof *zones)

static const struct roster_shift two[] = { { "day", WQ_HOURS(8), WQ_HOURS(12) }, { "night", WQ_HOURS(20), WQ_HOURS(12) } };
static const struct roster_shift three[] = { { "early", 0, WQ_HOURS(8) }, { "late", WQ_HOURS(8), WQ_HOURS(8) },
	{ "night", WQ_HOURS(16), WQ_HOURS(8) } };
static const uint32_t rotation[] = { ZHANG, LI, WANG }, leaders[] = { LIU, CHEN },
                      everybody[] = { ZHANG, LI, WANG, LIU, CHEN, ZHAO };

static wq_ms at(const struct wq_zone *zone, const char *text)
{
	wq_ms when = 0;

	assert_int_equal(wq_instant_parse(text, zone, &when, NULL), 0);
	return when;
}

static wq_day day(const char *text)
{
	return wq_day_of(&wq_zone_china, at(&wq_zone_china, text));
}

/* From Monday 2025-12-01; the leaders change on Mondays. */
static struct roster bureau(const struct wq_zone *zone, const struct roster_shift *shifts, size_t count)
{
	return (struct roster){ .id = "water", .name = "水质值班", .zone = zone,
		.shift_count = count, .shifts = shifts, .from = day("2025-12-01"),
		.turns = { [ROSTER_LEAD] = { 3, rotation, ROSTER_BY_SHIFT }, [ROSTER_LEADER] = { 2, leaders, ROSTER_BY_WEEK } },
		.everybody_count = 6, .everybody = everybody };
}

static uint32_t lead_at(const struct roster *roster, wq_ms when)
{
	struct roster_duty duty;

	roster_at(roster, when, &duty);
	assert_int_equal(duty.count[ROSTER_LEAD], 1);
	return duty.people[ROSTER_LEAD][0];
}

static void shifts_follow_the_clock_on_the_wall_over_midnight(void **state)
{
	static const struct {
		const char *time;
		uint32_t lead;
	} rows[] = { { "2025-12-01 08:00:00", ZHANG }, { "2025-12-01 19:59:59", ZHANG }, { "2025-12-01 20:00:00", LI },
		{ "2025-12-02 00:00:00", LI }, { "2025-12-02 07:59:59", LI }, { "2025-12-02 08:00:00", WANG },
		{ "2025-12-02 20:00:00", ZHANG } };

	(void)state;
	for (size_t z = 0; z < ZONES; z++) {
		const struct roster roster = bureau(zones[z], two, 2);

		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			assert_int_equal(lead_at(&roster, at(zones[z], rows[i].time)), rows[i].lead);
	}
}

/* Local time of day by the zone's rows, not by the roster's own arithmetic. */
static wq_ms wall(const struct wq_zone *zone, wq_ms when)
{
	return when + wq_zone_offset(zone, when);
}

/* Every quarter of an hour of a year: exactly one has the lead, and it is the one whose turn it is by the wall's clock.
 * In the hour that comes twice the clock is behind what it has shown: there the turn may be the next one's already. */
static void one_has_the_lead_at_every_instant_of_a_year(void **state)
{
	static const struct {
		const struct roster_shift *shifts;
		size_t count;
	} plans[] = { { two, 2 }, { three, 3 } };

	(void)state;
	for (size_t z = 0; z < ZONES; z++) {
		for (size_t p = 0; p < 2; p++) {
			const struct roster roster = bureau(zones[z], plans[p].shifts, plans[p].count);
			const wq_ms length = plans[p].shifts[0].length, begin = at(zones[z], "2026-01-01");
			wq_ms shown = INT64_MIN;

			for (wq_ms when = begin; when < begin + WQ_DAYS(365); when += WQ_MINUTES(15)) {
				shown = wall(zones[z], when) > shown ? wall(zones[z], when) : shown;
				const wq_ms since = shown - roster.from * WQ_DAYS(1) - plans[p].shifts[0].start;

				assert_int_equal(lead_at(&roster, when), rotation[since / length % 3]);
			}
		}
	}
}

/* From one end to the next the stretches fill the year, and nobody changes within one. */
static void the_stretches_of_a_year_fill_it(void **state)
{
	(void)state;
	for (size_t z = 0; z < ZONES; z++) {
		const struct roster roster = bureau(zones[z], three, 3);
		const wq_ms begin = at(zones[z], "2026-01-01"), end = at(zones[z], "2027-01-01");
		struct roster_duty duty, inside;
		size_t count = 0;

		for (wq_ms when = begin; when < end; when = duty.until, count++) {
			roster_at(&roster, when, &duty);
			assert_true(duty.from == when && duty.until > when);
			roster_at(&roster, duty.until - 1, &inside);
			assert_memory_equal(&inside, &duty, sizeof duty);
		}
		assert_int_equal(count, 365 * 3);
	}
}

static void a_night_is_longer_or_shorter_when_the_clock_is_changed(void **state)
{
	const struct roster roster = bureau(&berlin, two, 2);
	struct roster_duty duty;

	(void)state;
	roster_at(&roster, SPRING, &duty);
	assert_true(duty.until - duty.from == WQ_HOURS(11));
	roster_at(&roster, AUTUMN, &duty);
	assert_true(duty.until - duty.from == WQ_HOURS(13));
	roster_at(&roster, AUTUMN + WQ_DAYS(1), &duty);
	assert_true(duty.until - duty.from == WQ_HOURS(12));
}

static void turns_go_by_shift_day_or_week(void **state)
{
	static const struct {
		enum roster_turn turn;
		uint32_t lead[4]; /* 12-01 day, 12-01 night, 12-02 day, 12-08 day */
	} rows[] = { { ROSTER_BY_SHIFT, { ZHANG, LI, WANG, WANG } }, { ROSTER_BY_DAY, { ZHANG, ZHANG, LI, LI } },
		{ ROSTER_BY_WEEK, { ZHANG, ZHANG, ZHANG, LI } } };
	static const char *const times[] = { "2025-12-01 12:00", "2025-12-01 23:00", "2025-12-02 12:00", "2025-12-08 12:00" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct roster roster = bureau(&wq_zone_china, two, 2);

		roster.turns[ROSTER_LEAD].turn = rows[i].turn;
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(lead_at(&roster, at(roster.zone, times[k])), rows[i].lead[k]);
	}
}

/* Swap before file before holiday before weekday before turns; each for its own shift and role only. */
static void the_stronger_word_holds(void **state)
{
	static const uint32_t saturday[] = { WANG, LI };
	struct roster roster = bureau(&wq_zone_china, two, 2);
	const wq_day sat = day("2025-12-06");
	struct roster_entry entries[] = {
		{ sat, 1, ROSTER_LEAD, ROSTER_HOLIDAY, ZHANG },
		{ sat, 1, ROSTER_LEAD, ROSTER_FILE, WANG },
		{ sat, 1, ROSTER_LEAD, ROSTER_SWAP, ZHAO },
		{ sat, 0, ROSTER_ASSIST, ROSTER_FILE, ZHAO },
		{ sat, 0, ROSTER_ASSIST, ROSTER_FILE, LI },
	};
	static const uint32_t want[] = { ZHAO, WANG, ZHANG };
	struct roster_duty duty;

	(void)state;
	roster.weekdays[5] = (struct roster_turns){ 2, saturday, ROSTER_BY_SHIFT };
	assert_int_equal(lead_at(&roster, at(roster.zone, "2025-12-06 12:00")), WANG);
	assert_int_equal(lead_at(&roster, at(roster.zone, "2025-12-07 03:00")), LI); /* Saturday's night */
	qsort(entries, 5, sizeof *entries, roster_compare);
	roster.entries = entries;
	roster.entry_count = 5;
	for (int layer = ROSTER_SWAP; layer <= ROSTER_HOLIDAY; layer++) {
		assert_int_equal(lead_at(&roster, at(roster.zone, "2025-12-06 22:00")), want[layer]);
		for (size_t i = 0; i < 5; i++) /* without the strongest; it goes to another day */
			if (entries[i].layer == (enum roster_layer)layer && entries[i].role == ROSTER_LEAD)
				entries[i].day = sat + 100;
		qsort(entries, 5, sizeof *entries, roster_compare);
	}
	assert_int_equal(lead_at(&roster, at(roster.zone, "2025-12-06 22:00")), LI);
	roster_at(&roster, at(roster.zone, "2025-12-06 12:00"), &duty);
	assert_int_equal(duty.count[ROSTER_ASSIST], 2);
	assert_true(roster_has(&duty, ROSTER_ASSIST, LI) && roster_has(&duty, ROSTER_ASSIST, ZHAO));
	assert_true(roster_has(&duty, ROSTER_LEADER, LIU));
}

static void the_leader_changes_with_the_week_and_the_next_is_known(void **state)
{
	struct roster roster = bureau(&wq_zone_china, two, 2);
	struct roster_duty next;

	(void)state;
	roster.turns[ROSTER_LEAD].turn = ROSTER_BY_WEEK;
	assert_true(roster_next(&roster, at(roster.zone, "2025-12-03 12:00"), WQ_DAYS(31), &next));
	assert_true(next.from == at(roster.zone, "2025-12-08 08:00"));
	assert_true(roster_has(&next, ROSTER_LEAD, LI) && roster_has(&next, ROSTER_LEADER, CHEN));
	assert_false(roster_next(&roster, at(roster.zone, "2025-12-03 12:00"), WQ_DAYS(3), &next));
}

static void before_the_first_day_nobody_is_on_duty(void **state)
{
	const struct roster roster = bureau(&wq_zone_china, two, 2);
	struct roster_duty duty;

	(void)state;
	roster_at(&roster, at(roster.zone, "2025-12-01 07:59:59"), &duty);
	assert_true(duty.vacant && duty.count[ROSTER_LEADER] == 0);
	assert_true(duty.until == at(roster.zone, "2025-12-01 08:00"));
	roster_at(&roster, at(roster.zone, "1970-01-01 00:00"), &duty);
	assert_true(duty.vacant);
}

static void gaps_and_overlaps_are_counted_and_the_first_is_told(void **state)
{
	static const struct roster_shift gap[] = { { "day", WQ_HOURS(8), WQ_HOURS(10) }, { "night", WQ_HOURS(20), WQ_HOURS(12) } };
	static const struct roster_shift over[] = { { "day", WQ_HOURS(8), WQ_HOURS(13) }, { "night", WQ_HOURS(20), WQ_HOURS(12) } };
	const wq_ms from = at(&wq_zone_china, "2025-12-10 12:00");
	struct roster roster = bureau(&wq_zone_china, two, 2);
	struct roster_doubts d;

	(void)state;
	roster_doubts(&roster, from, from + WQ_DAYS(31), &d);
	assert_true(d.gaps == 0 && d.overlaps == 0);
	roster.shifts = gap;
	roster_doubts(&roster, from, from + WQ_DAYS(31), &d);
	assert_true(d.gaps == 31 && d.overlaps == 0);
	assert_true(d.gap_from == at(roster.zone, "2025-12-10 18:00") && d.gap_until == at(roster.zone, "2025-12-10 20:00"));
	roster.shifts = over;
	roster_doubts(&roster, from, from + WQ_DAYS(31), &d);
	assert_true(d.gaps == 0 && d.overlaps == 31);
	assert_true(d.overlap_until - d.overlap_from == WQ_HOURS(1));
	/* The same person in both is no overlap; a roster that ends is a gap for as long as one looks. */
	roster.turns[ROSTER_LEAD].count = 1;
	roster_doubts(&roster, from, from + WQ_DAYS(31), &d);
	assert_true(d.gaps == 0 && d.overlaps == 0);
	roster.turns[ROSTER_LEAD].count = 0;
	roster_doubts(&roster, from, from + WQ_DAYS(31), &d);
	assert_true(d.gaps == 1 && d.gap_from == from && d.gap_until >= from + WQ_DAYS(31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_follow_the_clock_on_the_wall_over_midnight),
		cmocka_unit_test(one_has_the_lead_at_every_instant_of_a_year),
		cmocka_unit_test(the_stretches_of_a_year_fill_it),
		cmocka_unit_test(a_night_is_longer_or_shorter_when_the_clock_is_changed),
		cmocka_unit_test(turns_go_by_shift_day_or_week),
		cmocka_unit_test(the_stronger_word_holds),
		cmocka_unit_test(the_leader_changes_with_the_week_and_the_next_is_known),
		cmocka_unit_test(before_the_first_day_nobody_is_on_duty),
		cmocka_unit_test(gaps_and_overlaps_are_counted_and_the_first_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
