/* SPDX-License-Identifier: Apache-2.0 */
/* What one poll tells: only what was measured anew, only what is whole. Registers are set by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "readings.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define T1 0x60651100u /* 2021-04-01T08:17:04+08:00 */

struct feed {
	struct modbus_bus_settings bus_settings;
	struct modbus_point_settings settings[3];
	struct wq_point points[3];
	struct wq_bus bus;
	struct readings readings;
	struct wq_sink sink;
	int refused;
	char what[160];
};

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	struct feed *f = owner;

	f->refused += why == WQ_REFUSED_TIME;
	snprintf(f->what, sizeof f->what, "%s", what);
}

/* One bus: tp at 0 with its time at 2, ph at 4 without one, tn at 6 with a time far away at 1000.
 */
static int open_feed(void **state)
{
	static struct feed feed;
	struct feed *f = &feed;

	memset(f, 0, sizeof *f);
	f->bus_settings = (struct modbus_bus_settings){ .host = "x", .block = 125 };
	for (int i = 0; i < 3; i++) {
		static const int64_t times[] = { 2, -1, 1000 };

		f->settings[i] = (struct modbus_point_settings){ .unit_id = 3,
			.address = i == 0 ? 0 : 2 + 2 * i,
			.scale = "1",
			.offset = "0",
			.time_address = times[i],
			.time_order = -1,
		.flag_address = -1,
		.flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
		f->points[i] = (struct wq_point){ .series = (uint32_t)(10 + i),
			.station = "yigan",
			.parameter = "tp",
			.factor = { 1, 0 },
			.settings = &f->settings[i] };
	}
	f->bus = (struct wq_bus){ .settings = &f->bus_settings,
		.zone = &wq_zone_china,
		.point_count = 3,
		.points = f->points };
	f->sink = (struct wq_sink){ .owner = f, .refuse = refuse };
	*state = f;
	return readings_open(&f->readings, &f->bus, NULL);
}

static int close_feed(void **state)
{
	struct feed *f = *state;

	readings_close(&f->readings);
	return 0;
}

/* What the device holds. */
struct device {
	float tp, ph, tn;
	uint32_t tp_time, tn_time, tn_time_after;
};

static void put32(uint16_t *to, uint32_t bits)
{
	to[0] = (uint16_t)(bits >> 16);
	to[1] = (uint16_t)bits;
}

static void put_float(uint16_t *to, float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	put32(to, bits);
}

/* A poll that reads all blocks; returns how many samples it tells. */
static size_t polled(struct feed *f, struct device d)
{
	uint16_t *values = readings_buffer(&f->readings, 0, false);

	readings_begin(&f->readings, 3);
	put_float(values, d.tp);
	put32(values + 2, d.tp_time);
	put_float(values + 4, d.ph);
	put_float(values + 6, d.tn);
	put32(readings_buffer(&f->readings, 1, false), d.tn_time);
	put32(readings_buffer(&f->readings, 1, true), d.tn_time_after);
	f->readings.states[0] = f->readings.states[1] = BLOCK_READ;
	readings_gather(&f->readings, 3, &f->sink);
	return f->readings.count;
}

static const struct wq_sample *told(struct feed *f, uint32_t series)
{
	for (size_t i = 0; i < f->readings.count; i++)
		if (f->readings.samples[i].series == series)
			return &f->readings.samples[i];
	return NULL;
}

static const struct device first = { 0.2f, 7.6f, 1.5f, T1, T1, T1 };

static void the_first_poll_tells_everything(void **state)
{
	struct feed *f = *state;
	const struct wq_sample *s;

	assert_int_equal(f->readings.plan.block_count, 2);
	assert_int_equal(polled(f, first), 3);
	s = told(f, 10);
	assert_true(s->value == 0.2 && s->at == WQ_SECONDS(T1));
	assert_int_equal(s->stamp, WQ_STAMP_ANALYSER);
	assert_int_equal(s->quality, WQ_UNCHECKED);
	s = told(f, 11);
	assert_true(s->value == 7.6 && s->at == WQ_NO_TIME);
	assert_int_equal(s->stamp, WQ_STAMP_ARRIVAL);
	s = told(f, 12);
	assert_true(s->value == 1.5 && s->at == WQ_SECONDS(T1));
}

static void a_value_not_measured_anew_is_not_told(void **state)
{
	struct feed *f = *state;
	struct device next = first;

	polled(f, first);
	readings_commit(&f->readings);
	next.tp = 0.3f; /* a register in motion, the analysis is the same */
	assert_int_equal(polled(f, next), 1);
	assert_non_null(told(f, 11));
	next.tp_time = T1 + 3600;
	assert_int_equal(polled(f, next), 2);
	assert_true(told(f, 10)->value == wq_value_from_float32(0.3f));
}

static void what_the_sink_did_not_take_is_told_again(void **state)
{
	struct feed *f = *state;

	assert_int_equal(polled(f, first), 3);
	assert_int_equal(polled(f, first), 3);
	readings_commit(&f->readings);
	assert_int_equal(polled(f, first), 1);
}

static void a_value_whose_time_moved_while_it_was_read_waits(void **state)
{
	struct feed *f = *state;
	struct device torn = first;

	torn.tn_time_after = T1 + 1;
	assert_int_equal(polled(f, torn), 2);
	assert_null(told(f, 12));
	readings_commit(&f->readings);
	torn.tn_time = T1 + 1;
	assert_int_equal(polled(f, torn), 2);
	assert_true(told(f, 12)->at == WQ_SECONDS(T1 + 1));
}

static void no_value_is_missing_and_a_value_that_comes_later_is_told(void **state)
{
	struct feed *f = *state;
	struct device d = first;

	d.tp = NAN;
	polled(f, d);
	assert_int_equal(told(f, 10)->quality, WQ_MISSING);
	assert_true(isnan(told(f, 10)->value));
	assert_true(told(f, 10)->at == WQ_SECONDS(T1));
	readings_commit(&f->readings);
	polled(f, d);
	assert_null(told(f, 10));
	d.tp = 0.2f;
	polled(f, d);
	assert_int_equal(told(f, 10)->quality, WQ_UNCHECKED);
	readings_commit(&f->readings);
	d.tp = NAN; /* the analysis that was told stays */
	polled(f, d);
	assert_null(told(f, 10));
}

static void a_value_with_an_impossible_time_is_bad_once(void **state)
{
	struct feed *f = *state;
	struct device d = first;
	const struct wq_sample *s;

	d.tp_time = 0;
	polled(f, d);
	s = told(f, 10);
	assert_int_equal(s->quality, WQ_BAD);
	assert_int_equal(s->stamp, WQ_STAMP_ARRIVAL);
	assert_true(s->at == WQ_NO_TIME && s->value == 0.2);
	assert_int_equal(f->refused, 1);
	assert_string_equal(f->what, "unit 3: tp of yigan: time registers at 2 hold 0 0; the value is kept as bad");
	readings_commit(&f->readings);
	polled(f, d);
	assert_null(told(f, 10));
	assert_int_equal(f->refused, 1);
	d.tp = 0.25f;
	polled(f, d);
	assert_int_equal(told(f, 10)->quality, WQ_BAD);
	readings_commit(&f->readings);
	d.tp_time = T1;
	polled(f, d);
	assert_int_equal(told(f, 10)->quality, WQ_UNCHECKED);
}

static void a_block_that_was_not_read_tells_nothing(void **state)
{
	struct feed *f = *state;

	polled(f, first);
	f->readings.states[1] = BLOCK_REFUSED;
	readings_gather(&f->readings, 3, &f->sink);
	assert_int_equal(f->readings.count, 2);
	readings_begin(&f->readings, 3);
	readings_gather(&f->readings, 3, &f->sink);
	assert_int_equal(f->readings.count, 0);
	polled(f, first);
	readings_gather(&f->readings, 4, &f->sink);
	assert_int_equal(f->readings.count, 0);
}

static const struct device nothing_yet = { 0, 0, 0, T1, T1, T1 };

static void a_device_that_holds_nothing_but_zeros_is_bad_until_it_has_measured(void **state)
{
	struct feed *f = *state;
	struct device d = nothing_yet;

	assert_int_equal(polled(f, d), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(f->readings.samples[i].quality, WQ_BAD);
	assert_int_equal(f->readings.seen[0].is, READINGS_ZEROS);
	readings_commit(&f->readings);
	d.ph = 7.6f; /* one value is there: the others may well be 0 */
	polled(f, d);
	assert_int_equal(told(f, 11)->quality, WQ_UNCHECKED);
	assert_int_equal(told(f, 10)->quality, WQ_UNCHECKED); /* for the time that was bad */
	assert_true(told(f, 10)->value == 0 && told(f, 10)->at == WQ_SECONDS(T1));
	assert_int_equal(f->readings.seen[0].is, READINGS_GOOD);
}

static void zeros_of_a_device_that_measured_before_replace_nothing(void **state)
{
	struct feed *f = *state;
	struct device d = nothing_yet;

	polled(f, first);
	readings_commit(&f->readings);
	assert_int_equal(polled(f, d), 1); /* the one without a time */
	assert_int_equal(told(f, 11)->quality, WQ_BAD);
	d.tp_time = T1 + 60;
	polled(f, d);
	assert_int_equal(told(f, 10)->quality, WQ_BAD);
	assert_true(told(f, 10)->at == WQ_SECONDS(T1 + 60));
}

static void zeros_are_values_where_the_bus_says_so_and_where_there_is_but_one(void **state)
{
	struct feed *f = *state;

	f->bus_settings.zeros = MODBUS_ZEROS_VALUE;
	polled(f, nothing_yet);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(f->readings.samples[i].quality, WQ_UNCHECKED);
	f->bus_settings.zeros = MODBUS_ZEROS_BAD;
	f->settings[1].unit_id = f->settings[2].unit_id = 4;
	polled(f, nothing_yet);
	assert_int_equal(f->readings.count, 1);
	assert_int_equal(told(f, 10)->quality, WQ_UNCHECKED);
}

static void what_was_seen_is_known_though_nothing_was_told(void **state)
{
	struct feed *f = *state;
	struct device d = first;

	polled(f, first);
	readings_commit(&f->readings);
	d.tp = 0.3f;
	polled(f, d);
	assert_null(told(f, 10));
	assert_true(f->readings.seen[0].moves && f->readings.seen[0].at == WQ_SECONDS(T1));
	polled(f, first);
	assert_false(f->readings.seen[0].moves);
	d.tp_time = T1 + 60; /* a new measurement */
	polled(f, d);
	assert_false(f->readings.seen[0].moves);
	d.tp_time = 7;
	polled(f, d);
	assert_int_equal(f->readings.seen[0].is, READINGS_NO_TIME);
	assert_int_equal(f->readings.seen[0].time_registers[1], 7);
}

/* ---- an analyser of the national map: time, value, flag in one block, its state in another ---- */

struct analyser {
	struct modbus_bus_settings bus_settings;
	struct modbus_point_settings settings;
	struct wq_point point;
	struct wq_bus bus;
	struct readings readings;
	struct wq_sink sink;
};

static int open_analyser(void **state)
{
	static const char *const maintenance[] = { "2-10" }, *const bad[] = { "11" };
	static struct analyser analyser;
	struct analyser *a = &analyser;

	memset(a, 0, sizeof *a);
	a->bus_settings = (struct modbus_bus_settings){ .host = "x", .block = 125 };
	a->settings = (struct modbus_point_settings){ .unit_id = 3,
		.address = 0x1008,
		.order = MODBUS_CDAB,
		.scale = "1",
		.offset = "0",
		.time_address = 0x1005,
		.time_type = MODBUS_BCD_TIME,
		.time_order = -1,
		.flag_address = 0x100A,
		.flag_registers = 6,
		.flag_order = -1,
		.words = { { 0x1083, { 1, bad }, { 1, maintenance } },
		        { .address = -1 },
		        { .address = 0x1086 } } };
	a->point = (struct wq_point){ .series = 10,
		.station = "yigan",
		.parameter = "tp",
		.factor = { 1, 0 },
		.settings = &a->settings };
	a->bus = (struct wq_bus){ .settings = &a->bus_settings,
		.zone = &wq_zone_china,
		.point_count = 1,
		.points = &a->point };
	a->sink = (struct wq_sink){ .owner = a, .refuse = refuse };
	*state = a;
	return readings_open(&a->readings, &a->bus, NULL);
}

static int close_analyser(void **state)
{
	readings_close(&((struct analyser *)*state)->readings);
	return 0;
}

/* A poll at the given hour of measurement; returns how many samples it tells. */
static size_t polled_analyser(
        struct analyser *a, unsigned hour, const char *flag, uint16_t status, uint16_t fault)
{
	static const uint16_t hours[] = { 0x0100, 0x0104, 0x0108 };
	uint16_t *block = readings_buffer(&a->readings, 0, false);
	size_t state_block = a->readings.plan.block_count - 1;

	readings_begin(&a->readings, 3);
	memset(block, 0, 11 * sizeof *block);
	block[0] = 0x2604;
	block[1] = hours[hour / 4];
	block[3] = 0xCCCD; /* 0.2, words swapped */
	block[4] = 0x3E4C;
	for (size_t i = 0; i < strlen(flag); i++)
		block[5 + i / 2] |= (uint16_t)((uint8_t)flag[i] << (i % 2 ? 0 : 8));
	a->readings.states[0] = BLOCK_READ;
	readings_buffer(&a->readings, 1, false)[0] = status;
	readings_buffer(&a->readings, state_block, false)[state_block == 1 ? 3 : 0] = fault;
	for (size_t i = 1; i <= state_block; i++)
		a->readings.states[i] = BLOCK_READ;
	readings_gather(&a->readings, 3, &a->sink);
	return a->readings.count;
}

static void the_flag_comes_with_the_value_of_its_time(void **state)
{
	struct analyser *a = *state;
	const struct wq_sample *s = &a->readings.samples[0];

	assert_int_equal(a->readings.plan.block_count, 3);
	assert_int_equal(a->readings.plan.blocks[0].address, 0x1005);
	assert_int_equal(a->readings.plan.blocks[0].registers, 11);
	assert_int_equal(polled_analyser(a, 0, "N", 0, 0), 1);
	assert_true(s->value == 0.2);
	assert_int_equal(s->quality, WQ_UNCHECKED);
	assert_string_equal(s->flag, "N");
	assert_int_equal(s->stamp, WQ_STAMP_ANALYSER);
	readings_commit(&a->readings);
	assert_int_equal(polled_analyser(a, 0, "D", 2, 1), 0); /* held: no other reading */
	assert_int_equal(polled_analyser(a, 4, "D", 0, 0), 1);
	assert_string_equal(s->flag, "D");
	assert_int_equal(s->quality, WQ_UNCHECKED); /* the station's flags are judged by the rules */
}

static void state_and_fault_decide_on_what_is_measured_meanwhile(void **state)
{
	struct analyser *a = *state;
	const struct wq_sample *s = &a->readings.samples[0];

	assert_int_equal(polled_analyser(a, 0, "N", 2, 0), 1);
	assert_int_equal(s->quality, WQ_MAINTENANCE);
	assert_int_equal(a->readings.seen[0].is, READINGS_GOOD);
	assert_int_equal(polled_analyser(a, 0, "N", 2, 3), 1); /* who works on it breaks it */
	assert_int_equal(s->quality, WQ_MAINTENANCE);
	assert_int_equal(polled_analyser(a, 0, "N", 11, 0), 1);
	assert_int_equal(s->quality, WQ_BAD);
	assert_int_equal(polled_analyser(a, 0, "N", 1, 3), 1);
	assert_int_equal(s->quality, WQ_BAD);
	assert_true(s->value == 0.2 && s->at != WQ_NO_TIME);
	assert_int_equal(a->readings.seen[0].is, READINGS_WORD);
	assert_int_equal(a->readings.seen[0].word, MODBUS_FAULT);
	assert_int_equal(a->readings.seen[0].word_is, 3);
	assert_int_equal(polled_analyser(a, 0, "N\x01", 0, 0), 1);
	assert_int_equal(s->quality, WQ_BAD);
	assert_string_equal(s->flag, "N?");
	assert_int_equal(a->readings.seen[0].is, READINGS_FLAG);
}

static void a_word_that_the_device_refuses_says_nothing(void **state)
{
	struct analyser *a = *state;

	polled_analyser(a, 0, "N", 2, 3);
	a->readings.states[1] = a->readings.states[2] = BLOCK_REFUSED;
	readings_gather(&a->readings, 3, &a->sink);
	assert_int_equal(a->readings.count, 1);
	assert_int_equal(a->readings.samples[0].quality, WQ_UNCHECKED);
}

#define FED(test) cmocka_unit_test_setup_teardown(test, open_feed, close_feed)
#define ANALYSED(test) cmocka_unit_test_setup_teardown(test, open_analyser, close_analyser)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FED(the_first_poll_tells_everything),
		FED(a_value_not_measured_anew_is_not_told),
		FED(what_the_sink_did_not_take_is_told_again),
		FED(a_value_whose_time_moved_while_it_was_read_waits),
		FED(no_value_is_missing_and_a_value_that_comes_later_is_told),
		FED(a_value_with_an_impossible_time_is_bad_once),
		FED(a_block_that_was_not_read_tells_nothing),
		FED(a_device_that_holds_nothing_but_zeros_is_bad_until_it_has_measured),
		FED(zeros_of_a_device_that_measured_before_replace_nothing),
		FED(zeros_are_values_where_the_bus_says_so_and_where_there_is_but_one),
		FED(what_was_seen_is_known_though_nothing_was_told),
		ANALYSED(the_flag_comes_with_the_value_of_its_time),
		ANALYSED(state_and_fault_decide_on_what_is_measured_meanwhile),
		ANALYSED(a_word_that_the_device_refuses_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
