/* SPDX-License-Identifier: Apache-2.0 */
/* When which device of a bus is polled: a bus played out with time as a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/schedule.h"

#define UNITS 16
#define START ((wq_ms)1000000)

/* A bus of devices that take a while to answer, or do not. */
struct bus {
	struct schedule schedule;
	wq_ms now;
	wq_ms answer;  /* a good poll takes this */
	wq_ms timeout; /* a failed one this */
	bool dead[UNITS], flaky[UNITS];
	uint64_t polls[UNITS], good[UNITS], overruns[UNITS];
	wq_ms spent[UNITS];  /* on failed polls */
	wq_ms served[UNITS]; /* when last */
};

static void open_bus(struct bus *bus, size_t count, wq_ms interval, wq_ms timeout)
{
	*bus = (struct bus){ .now = START, .answer = 3, .timeout = timeout };
	assert_true(schedule_open(&bus->schedule, count, START));
	for (size_t i = 0; i < count; i++)
		bus->schedule.units[i].interval = interval;
}

static void poll_one(struct bus *bus, size_t unit)
{
	bool serves = !bus->dead[unit] && !(bus->flaky[unit] && bus->polls[unit] % 2 == 1);
	wq_ms began = bus->now;
	bus->now += serves ? bus->answer : bus->timeout;
	bus->polls[unit]++;
	bus->overruns[unit] += schedule_done(&bus->schedule, unit, began, bus->now, serves);
	bus->good[unit] += serves;
	bus->spent[unit] += serves ? 0 : bus->now - began;
	if (serves)
		bus->served[unit] = bus->now;
	bus->now++; /* the worker has other things to do as well */
}

/* Plays `span`; a worker that wakes a millisecond late. */
static void play(struct bus *bus, wq_ms span)
{
	wq_ms end = bus->now + span;
	while (bus->now < end) {
		size_t unit;
		wq_ms at = schedule_next(&bus->schedule, bus->now, &unit);
		if (at >= end)
			bus->now = end;
		else if (at > bus->now)
			bus->now = at + 1;
		else
			poll_one(bus, unit);
	}
}

static void forget(struct bus *bus)
{
	for (size_t i = 0; i < UNITS; i++)
		bus->polls[i] = bus->good[i] = bus->overruns[i] = 0, bus->spent[i] = 0;
}

static uint64_t sum_good(const struct bus *bus)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < bus->schedule.count; i++)
		sum += bus->good[i];
	return sum;
}

/* How long until the device serves, and all others are played on. */
static wq_ms revive(struct bus *bus, size_t unit)
{
	wq_ms began = bus->now;
	bus->dead[unit] = false;
	bus->served[unit] = WQ_NO_TIME;
	while (bus->served[unit] == WQ_NO_TIME && bus->now - began < WQ_HOURS(10))
		play(bus, 1000);
	return bus->served[unit] - began;
}

static void devices_that_serve_are_polled_at_their_interval_without_drift(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 1000);
	play(&bus, WQ_HOURS(1));
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(bus.good[i], 3600);
		assert_int_equal(bus.overruns[i], 0);
	}
	schedule_close(&bus.schedule);
}

static void a_slot_reached_late_is_used_and_those_that_passed_are_counted_as_one(void **state)
{
	struct schedule schedule;
	size_t unit;
	(void)state;
	assert_true(schedule_open(&schedule, 1, START));
	schedule.units[0].interval = 1000;
	assert_false(schedule_done(&schedule, 0, START, START + 5, true));
	assert_true(schedule_next(&schedule, START + 5, &unit) == START + 1000);
	assert_false(schedule_done(&schedule, 0, START + 1900, START + 1950, true));
	assert_true(schedule_next(&schedule, START + 1950, &unit) == START + 2000);
	assert_true(schedule_done(&schedule, 0, START + 5900, START + 6200, true));
	assert_true(schedule_next(&schedule, START + 6200, &unit) == START + 7000);
	schedule_close(&schedule);
}

static void a_device_that_comes_late_is_polled_in_one_row_with_the_others(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 400);
	bus.dead[4] = true;
	play(&bus, WQ_MINUTES(10));
	revive(&bus, 4);
	play(&bus, 1000);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal((bus.schedule.units[i].due - START) % 1000, 0);
	schedule_close(&bus.schedule);
}

/* Timeout and interval the same, as one sets them without thinking: late now and then, but nothing is lost. */
static void a_try_as_long_as_the_interval_costs_no_slot_and_is_made_every_minute(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 1002);
	bus.dead[4] = true;
	play(&bus, WQ_HOURS(1));
	forget(&bus);
	play(&bus, WQ_HOURS(1));
	assert_int_equal(sum_good(&bus), 9 * 3600);
	assert_in_range(bus.polls[4], 55, 60);
	schedule_close(&bus.schedule);
}

static void a_try_that_makes_others_late_begins_right_after_them_or_not_at_all(void **state)
{
	struct schedule schedule;
	size_t unit;
	(void)state;
	assert_true(schedule_open(&schedule, 2, START));
	schedule.units[0].interval = 1000;
	schedule.units[1] = (struct schedule_unit){ .interval = 1000, .due = START - 1, .cost = 1500,
		.tried = START - WQ_HOURS(1), .trouble = 8, .down = true };
	schedule_done(&schedule, 0, START, START + 5, true);
	assert_true(schedule_next(&schedule, START + 15, &unit) == START + 15 && unit == 1);
	assert_true(schedule_next(&schedule, START + 500, &unit) == START + 1000 && unit == 0);
	assert_true(schedule_next(&schedule, START + 1000, &unit) == START + 1000 && unit == 0);
	schedule.units[1].tried = START - 1500 * 98; /* its share is used up */
	assert_true(schedule_next(&schedule, START + 15, &unit) == START + 1000 && unit == 0);
	schedule_close(&schedule);
}

static void a_dead_device_whose_tries_fit_between_the_slots_costs_nothing(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 500);
	bus.dead[4] = true;
	play(&bus, WQ_HOURS(1));
	assert_int_equal(sum_good(&bus), 9 * 3600);
	assert_in_range(bus.polls[4], 60, 70); /* a try a minute */
	schedule_close(&bus.schedule);
}

static void a_dead_device_with_any_timeout_costs_the_others_one_part_in_a_hundred_at_most(void **state)
{
	static const wq_ms timeouts[] = { 100, 900, 1000, 1500, 2000, 5000, 10000, 30000 };
	(void)state;
	for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
		struct bus bus;
		open_bus(&bus, 10, 1000, timeouts[i]);
		bus.dead[4] = true;
		play(&bus, WQ_HOURS(1)); /* the start, the second try and the climb of the back-off */
		forget(&bus);
		play(&bus, WQ_HOURS(20));
		if (sum_good(&bus) < 9 * 72000 * 99 / 100 || bus.polls[4] == 0)
			fail_msg("timeout %lld: %llu of %d, %llu tries", (long long)timeouts[i],
				(unsigned long long)sum_good(&bus), 9 * 72000, (unsigned long long)bus.polls[4]);
		schedule_close(&bus.schedule);
	}
}

static void many_dead_devices_together_take_one_part_in_twenty_at_most(void **state)
{
	struct bus bus;
	wq_ms spent = 0;
	(void)state;
	open_bus(&bus, 16, 1000, 2000);
	for (size_t i = 1; i < 15; i++)
		bus.dead[i] = true;
	play(&bus, WQ_HOURS(1));
	forget(&bus);
	play(&bus, WQ_HOURS(10));
	for (size_t i = 1; i < 15; i++) {
		assert_true(bus.polls[i] > 0);
		spent += bus.spent[i];
	}
	assert_true(spent <= WQ_HOURS(10) / 20);
	assert_true(sum_good(&bus) >= 2 * 36000 * 95 / 100);
	schedule_close(&bus.schedule);
}

/* The promise of schedule.h, for the case whose timeouts leave no room and for the one whose do. */
static void a_device_that_comes_back_is_polled_within_the_promised_time(void **state)
{
	static const struct {
		wq_ms interval, timeout;
		size_t dead;
	} rows[] = { { 1000, 500, 1 }, { 60000, 2000, 1 }, { 86400000, 1000, 3 }, { 1000, 1000, 1 }, { 1000, 5000, 1 },
		{ 1000, 1000, 9 }, { 200, 30000, 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bus bus;
		wq_ms bound = WQ_SECONDS(60), timeout = rows[i].timeout;
		open_bus(&bus, 10, rows[i].interval, timeout);
		for (size_t k = 0; k < rows[i].dead; k++)
			bus.dead[k] = true;
		play(&bus, WQ_HOURS(5));
		if (timeout > rows[i].interval / 2 && bound < 100 * timeout)
			bound = 100 * timeout;
		bound = bound > 20 * timeout * (wq_ms)rows[i].dead ? bound : 20 * timeout * (wq_ms)rows[i].dead;
		wq_ms took = revive(&bus, 0);
		if (took > bound + WQ_SECONDS(10) + 2 * timeout || took < 0)
			fail_msg("row %zu: %lld ms, promised %lld", i, (long long)took, (long long)bound);
		schedule_close(&bus.schedule);
	}
}

static void one_lost_answer_costs_the_device_one_second_at_most(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 3, 60000, 1000);
	play(&bus, WQ_MINUTES(10));
	bus.dead[1] = true;
	play(&bus, WQ_SECONDS(1));
	assert_true(bus.schedule.units[1].down);
	assert_true(revive(&bus, 1) <= 1100);
	assert_true(bus.schedule.units[1].due - bus.now <= 60000);
	schedule_close(&bus.schedule);
}

static void a_bus_that_was_wholly_down_is_wholly_back_with_its_first_device(void **state)
{
	struct bus bus;
	wq_ms took;
	(void)state;
	open_bus(&bus, 10, 1000, 1000);
	play(&bus, WQ_MINUTES(1));
	for (size_t i = 0; i < 10; i++)
		bus.dead[i] = true;
	play(&bus, WQ_HOURS(2));
	for (size_t i = 0; i < 10; i++)
		bus.dead[i] = false;
	took = revive(&bus, 3);
	assert_true(took <= WQ_SECONDS(61));
	play(&bus, 1000);
	for (size_t i = 0; i < 10; i++)
		assert_true(bus.now - bus.served[i] <= 1100);
	schedule_close(&bus.schedule);
}

static void a_device_that_never_served_does_not_hold_up_those_that_do(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 900);
	for (size_t i = 1; i < 9; i++)
		bus.dead[i] = true;
	play(&bus, WQ_SECONDS(10));
	assert_in_range(bus.good[0], 9, 10);
	assert_in_range(bus.good[9], 1, 10);
	schedule_close(&bus.schedule);
}

static void a_device_that_answers_every_other_time_is_not_asked_at_full_price_for_ever(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 1500);
	bus.flaky[4] = true;
	play(&bus, WQ_HOURS(1));
	forget(&bus);
	play(&bus, WQ_HOURS(10));
	assert_true(bus.good[4] > 0);
	assert_true(bus.spent[4] <= WQ_HOURS(10) / 90);
	assert_true(sum_good(&bus) - bus.good[4] >= 9 * 36000 * 98 / 100);
	schedule_close(&bus.schedule);
}

static void a_bus_that_is_never_quiet_still_tries_its_dead_device(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 10, 1000, 1000);
	bus.answer = 150; /* nine of these are more than there is time for */
	bus.dead[4] = true;
	play(&bus, WQ_HOURS(1));
	assert_in_range(bus.polls[4], 3600 / 120, 3600 / 95);
	bus.dead[4] = false;
	assert_true(revive(&bus, 4) <= WQ_SECONDS(112));
	schedule_close(&bus.schedule);
}

static void a_suspended_gateway_does_not_make_up_for_what_it_missed(void **state)
{
	struct bus bus;
	(void)state;
	open_bus(&bus, 2, 1000, 1000);
	play(&bus, WQ_MINUTES(1));
	forget(&bus);
	bus.now += WQ_HOURS(8);
	play(&bus, WQ_SECONDS(10));
	assert_in_range(bus.good[0], 10, 11);
	assert_int_equal(bus.overruns[0], 1);
	schedule_close(&bus.schedule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_that_serve_are_polled_at_their_interval_without_drift),
		cmocka_unit_test(a_slot_reached_late_is_used_and_those_that_passed_are_counted_as_one),
		cmocka_unit_test(a_device_that_comes_late_is_polled_in_one_row_with_the_others),
		cmocka_unit_test(a_try_as_long_as_the_interval_costs_no_slot_and_is_made_every_minute),
		cmocka_unit_test(a_try_that_makes_others_late_begins_right_after_them_or_not_at_all),
		cmocka_unit_test(a_dead_device_whose_tries_fit_between_the_slots_costs_nothing),
		cmocka_unit_test(a_dead_device_with_any_timeout_costs_the_others_one_part_in_a_hundred_at_most),
		cmocka_unit_test(many_dead_devices_together_take_one_part_in_twenty_at_most),
		cmocka_unit_test(a_device_that_comes_back_is_polled_within_the_promised_time),
		cmocka_unit_test(one_lost_answer_costs_the_device_one_second_at_most),
		cmocka_unit_test(a_bus_that_was_wholly_down_is_wholly_back_with_its_first_device),
		cmocka_unit_test(a_device_that_never_served_does_not_hold_up_those_that_do),
		cmocka_unit_test(a_device_that_answers_every_other_time_is_not_asked_at_full_price_for_ever),
		cmocka_unit_test(a_bus_that_is_never_quiet_still_tries_its_dead_device),
		cmocka_unit_test(a_suspended_gateway_does_not_make_up_for_what_it_missed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
