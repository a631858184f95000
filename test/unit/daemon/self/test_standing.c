/* SPDX-License-Identifier: Apache-2.0 */
/* When a bus is down, with its schedule played out and time as a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/schedule.h"
#include "intake/standing.h"

#include <string.h>

#define UNITS    240
#define INTERVAL WQ_SECONDS(5)
#define TIMEOUT  ((wq_ms)500)
#define ANSWER   ((wq_ms)4)
#define START    ((wq_ms)1000000)

struct bus {
	struct schedule schedule;
	struct standing standing;
	wq_ms now;
	bool dead[UNITS], up[UNITS], asked[UNITS];
	wq_ms down_at, answered; /* when it was first seen down since open_bus() or calm(); when a device answered last */
	wq_ms since;             /* as said then */
	wq_ms longest;           /* stretch without an answer */
	size_t served;
	wq_ms good[UNITS], gap[UNITS]; /* when it was read last; the longest that it was not */
};

static void open_bus(struct bus *bus, size_t count)
{
	*bus = (struct bus){ .now = START, .down_at = WQ_NO_TIME, .answered = START };
	assert_true(schedule_open(&bus->schedule, count, START));
	standing_open(&bus->standing, count);
	for (size_t i = 0; i < count; i++)
		bus->schedule.units[i].interval = INTERVAL;
}

static void look(struct bus *bus)
{
	enum wq_bus_state state;
	if (!standing_state(&bus->standing, &state) || state != WQ_BUS_DOWN || bus->down_at != WQ_NO_TIME)
		return;
	bus->down_at = bus->now;
	bus->since = bus->standing.since;
}

static void poll_one(struct bus *bus, size_t unit)
{
	wq_ms began = bus->now;
	bool up = !bus->dead[unit];
	bus->now += up ? ANSWER : TIMEOUT;
	schedule_done(&bus->schedule, unit, began, bus->now, up);
	standing_polled(&bus->standing, !bus->asked[unit], bus->up[unit], up, began, bus->now);
	bus->asked[unit] = true;
	bus->up[unit] = up;
	bus->served += up;
	if (up && bus->now - bus->answered > bus->longest)
		bus->longest = bus->now - bus->answered;
	if (up) {
		bus->answered = bus->now;
		if (bus->good[unit] != 0 && bus->now - bus->good[unit] > bus->gap[unit])
			bus->gap[unit] = bus->now - bus->good[unit];
		bus->good[unit] = bus->now;
	}
}

static void play(struct bus *bus, wq_ms span)
{
	wq_ms end = bus->now + span;
	while (bus->now < end) {
		size_t unit;
		wq_ms at = schedule_next(&bus->schedule, bus->now, &unit);
		if (at > bus->now)
			bus->now = at < end ? at : end;
		else
			poll_one(bus, unit);
		look(bus);
	}
}

static void calm(struct bus *bus)
{
	bus->down_at = WQ_NO_TIME;
	bus->longest = 0;
	memset(bus->gap, 0, sizeof bus->gap);
	bus->served = 0;
}

static void kill(struct bus *bus, size_t from, size_t count, bool dead)
{
	for (size_t i = 0; i < count; i++)
		bus->dead[(from + i) % bus->schedule.count] = dead;
}

static void a_gateway_that_falls_silent_is_down_before_all_its_devices_were_asked(void **state)
{
	(void)state;
	for (wq_ms later = 0; later < INTERVAL; later += 700) {
		struct bus bus;
		open_bus(&bus, UNITS);
		play(&bus, WQ_MINUTES(1) + later);
		calm(&bus);
		wq_ms answered = bus.answered;
		kill(&bus, 0, UNITS, true);
		play(&bus, WQ_SECONDS(30));
		assert_in_range(bus.down_at - answered, TIMEOUT, INTERVAL + 31 * TIMEOUT);
		/* It counts from where the silence began. */
		assert_in_range(bus.since - answered, 0, INTERVAL);
		schedule_close(&bus.schedule);
	}
}

static void a_gateway_that_refuses_at_once_is_down_at_once(void **state)
{
	struct standing standing;
	enum wq_bus_state now;
	(void)state;
	standing_open(&standing, 3);
	for (size_t i = 0; i < 3; i++)
		standing_polled(&standing, true, false, true, 1000, 1001);
	for (size_t i = 0; i < 3; i++) {
		assert_true(standing_state(&standing, &now));
		assert_int_equal(now, i == 0 ? WQ_BUS_UP : WQ_BUS_DOUBTFUL);
		standing_polled(&standing, false, true, false, 6000, 6001);
	}
	assert_true(standing_state(&standing, &now));
	assert_int_equal(now, WQ_BUS_DOWN);
	assert_int_equal(standing.since, 6000);
}

static void a_bus_of_which_half_serve_is_never_down_whichever_half_it_is(void **state)
{
	(void)state;
	for (size_t from = 0; from < UNITS; from += 31) {
		struct bus bus;
		open_bus(&bus, UNITS);
		play(&bus, WQ_MINUTES(1) + (wq_ms)from * 11);
		calm(&bus);
		kill(&bus, from, UNITS / 2, true);
		play(&bus, WQ_MINUTES(3));
		assert_int_equal(bus.down_at, WQ_NO_TIME);
		assert_in_range(bus.longest, 0, INTERVAL + 10 * TIMEOUT);
		/* To find 120 dead ones out takes a minute; one that serves is found after half of that on the average, and then read at
		 * its slots. */
		wq_ms sum = 0;
		for (size_t i = 0; i < UNITS; i++) {
			sum += bus.dead[i] ? 0 : bus.gap[i];
			assert_in_range(bus.gap[i], 0, INTERVAL * 2 + UNITS / 2 * TIMEOUT);
		}
		assert_in_range(sum / (UNITS / 2), INTERVAL, INTERVAL * 2 + UNITS / 4 * TIMEOUT);
		schedule_close(&bus.schedule);
	}
}

static void a_bus_of_which_the_first_half_does_not_serve_at_the_start_is_not_down(void **state)
{
	(void)state;
	for (size_t from = 0; from < UNITS; from += 31) {
		struct bus bus;
		open_bus(&bus, UNITS);
		kill(&bus, from, UNITS / 2, true);
		play(&bus, WQ_MINUTES(3));
		assert_int_equal(bus.down_at, WQ_NO_TIME);
		schedule_close(&bus.schedule);
	}
}

static void one_device_that_serves_keeps_the_bus_up_among_many_that_have_been_dead(void **state)
{
	struct bus bus;
	(void)state;
	for (size_t alive = 0; alive < UNITS; alive += 101) {
		open_bus(&bus, UNITS);
		/* One after the other they go. */
		for (size_t i = 0; i < UNITS; i++) {
			play(&bus, WQ_SECONDS(6));
			bus.dead[i] = i != alive;
		}
		calm(&bus);
		play(&bus, WQ_MINUTES(10));
		assert_int_equal(bus.down_at, WQ_NO_TIME);
		assert_in_range(bus.served, 110, 121);
		schedule_close(&bus.schedule);
	}
}

static void a_gateway_that_comes_back_is_up_with_its_first_answer_and_wholly_within_two_minutes(void **state)
{
	struct bus bus;
	enum wq_bus_state now;
	(void)state;
	for (wq_ms dead = WQ_SECONDS(20); dead < WQ_MINUTES(30); dead = dead * 5 + 777) {
		open_bus(&bus, UNITS);
		play(&bus, WQ_MINUTES(1));
		kill(&bus, 0, UNITS, true);
		play(&bus, dead);
		assert_true(standing_state(&bus.standing, &now));
		assert_int_equal(now, WQ_BUS_DOWN);
		kill(&bus, 0, UNITS, false);
		calm(&bus);
		while (bus.served == 0)
			play(&bus, 100);
		assert_true(standing_state(&bus.standing, &now));
		assert_int_equal(now, WQ_BUS_UP);
		play(&bus, WQ_MINUTES(2));
		assert_int_equal(bus.standing.up, UNITS);
		schedule_close(&bus.schedule);
	}
}

static void failures_with_pauses_between_them_are_no_long_silence(void **state)
{
	struct standing standing;
	enum wq_bus_state now;
	(void)state;
	standing_open(&standing, 2);
	standing_polled(&standing, true, false, true, 0, 1);
	standing_polled(&standing, true, false, true, 1, 2);
	standing_polled(&standing, false, true, false, 1000, 1500);
	for (wq_ms t = 60000; t < WQ_HOURS(1); t += 60000)
		standing_polled(&standing, false, false, false, t, t + 500);
	assert_true(standing_state(&standing, &now));
	assert_int_equal(now, WQ_BUS_DOUBTFUL);
	/* The other is asked once an hour. */
	standing_polled(&standing, false, true, false, WQ_HOURS(1) + 20000, WQ_HOURS(1) + 20500);
	assert_true(standing_state(&standing, &now));
	assert_int_equal(now, WQ_BUS_DOWN);
	assert_int_equal(standing.since, WQ_HOURS(1) + 20000);
}

static void before_all_were_asked_a_bus_of_a_few_is_not_known(void **state)
{
	struct standing standing;
	enum wq_bus_state now;
	(void)state;
	standing_open(&standing, 16);
	for (size_t i = 0; i < 16; i++) {
		assert_false(standing_state(&standing, &now));
		standing_polled(&standing, true, false, false, (wq_ms)i * 500, (wq_ms)i * 500 + 500);
	}
	assert_true(standing_state(&standing, &now));
	assert_int_equal(now, WQ_BUS_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gateway_that_falls_silent_is_down_before_all_its_devices_were_asked),
		cmocka_unit_test(a_gateway_that_refuses_at_once_is_down_at_once),
		cmocka_unit_test(a_bus_of_which_half_serve_is_never_down_whichever_half_it_is),
		cmocka_unit_test(a_bus_of_which_the_first_half_does_not_serve_at_the_start_is_not_down),
		cmocka_unit_test(one_device_that_serves_keeps_the_bus_up_among_many_that_have_been_dead),
		cmocka_unit_test(a_gateway_that_comes_back_is_up_with_its_first_answer_and_wholly_within_two_minutes),
		cmocka_unit_test(failures_with_pauses_between_them_are_no_long_silence),
		cmocka_unit_test(before_all_were_asked_a_bus_of_a_few_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
