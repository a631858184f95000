/* SPDX-License-Identifier: Apache-2.0 */
/* One cause, one alarm: a gateway, a station's logger, a probe; what hides behind what, and what is told when it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "field.h"
#include "wq/err.h"

#include <stdio.h>
#include <string.h>

extern const struct wq_rule wq_rule_limit, wq_rule_missing, wq_rule_silent;

#define M(n) (DAY0 + WQ_MINUTES(n))
#define ALL  0x1ffu
#define TICK WQ_SECONDS(1)

/* The gateway is told down after two minutes; stations and series are silent after twice their interval. */
static struct field *network(size_t stations, size_t parameters, wq_ms interval)
{
	struct field *f = field_new(stations, parameters, interval);
	f->site.bus_down_after = WQ_MINUTES(2);
	field_rule(f, &wq_rule_missing, "");
	field_rule(f, &wq_rule_silent, "");
	field_rule(f, &wq_rule_limit, "readings=1");
	f->rules[2].places = f->ph;
	f->rules[2].place_count = stations;
	field_rule(f, &wq_rule_bus, "");
	return f;
}

/* Every minute until `until`, each station that has a bit in `alive` sends what it has a bit for in `probes`, a second apart from
 * each other; the gateway is told each tick. */
static void run(struct field *f, wq_ms until, unsigned alive, const unsigned *probes, enum wq_bus_state bus)
{
	while (f->now < until) {
		field_wait(f, f->now + TICK, TICK);
		field_bus(f, bus);
		unsigned second = (unsigned)((f->now - DAY0) / 1000 % 60);
		if (second < f->site.station_count && (alive & 1u << second) != 0)
			field_send(f, second, probes != NULL ? probes[second] : ALL, 6, "");
	}
}

#define EVERY 0xfffu

/* It may take a while to know that nobody serves. */
static void a_bus_is_told_when_nobody_has_served_for_the_span_however_late_that_was_known(void **state)
{
	struct field *f = network(10, 9, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(10) + WQ_SECONDS(100), 0, NULL, WQ_BUS_DOUBTFUL);
	assert_int_equal(wq_engine_bus(f->engine, 0, WQ_BUS_DOWN, M(10), f->now, &f->out, NULL), 0);
	run(f, M(12) - TICK, 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "");
	run(f, M(12) + TICK, 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "bus - - opened warning\n");
	field_free(f);
}

static void a_dead_gateway_is_one_alarm_and_one_clearing(void **state)
{
	struct field *f = network(10, 9, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "");
	run(f, M(60), 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "bus - - opened warning\n");
	assert_non_null(strstr(f->out.changes[0].says, "总线gateway连接中断已2分钟,零号站、一号站等10站共90项无数据"));
	assert_non_null(strstr(f->out.changes[0].evidence, "\"covers\":90,\"covered\":[\"s0/ph\",\"s0/do\""));
	/* What is told of it later says how long it is by then: since the tick after M(10). */
	const struct wq_alarm *const *alarms;
	assert_int_equal(wq_engine_alarms(f->engine, &alarms), 1);
	assert_non_null(strstr(alarms[0]->last.says, "总线gateway连接中断已49分钟,零号站、一号站等10站共90项无数据"));
	field_forget(f);
	run(f, M(80), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "bus - - cleared warning\n");
	field_free(f);
}

static void a_dead_logger_is_one_alarm_and_one_clearing(void **state)
{
	struct field *f = network(10, 9, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(60), EVERY & ~(1u << 3), NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "silent s3 - opened warning\n");
	assert_non_null(strstr(f->out.changes[0].says, "全站已2分钟无数据上传,含总磷、氨氮等9项,不可评价"));
	assert_non_null(strstr(f->out.changes[0].evidence, "\"covers\":9,\"covered\":[\"s3/ph\""));
	field_forget(f);
	run(f, M(80), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "silent s3 - cleared warning\n");
	field_free(f);
}

static void a_dead_probe_is_one_alarm_and_one_clearing(void **state)
{
	unsigned probes[FIELD_STATIONS];
	struct field *f = network(10, 9, WQ_MINUTES(1));
	(void)state;
	for (size_t i = 0; i < FIELD_STATIONS; i++)
		probes[i] = i == 5 ? ALL & ~(1u << 4) : ALL;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(60), EVERY, probes, WQ_BUS_UP);
	assert_string_equal(f->story, "missing s5 tp opened watch\n");
	assert_true(f->out.changes[0].decided <= M(9) + WQ_SECONDS(5) + WQ_MINUTES(2) + 2 * TICK);
	field_forget(f);
	run(f, M(80), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "missing s5 tp cleared watch\n");
	field_free(f);
}

/* Series of one station that come at any second of the minute, and die at any. */
static void a_logger_whose_items_come_at_different_seconds_is_one_alarm_whenever_it_dies(void **state)
{
	(void)state;
	for (int died = 0; died < 60; died += 7)
		for (int apart = 1; apart < 20; apart += 6) {
			struct field *f = network(1, 4, WQ_MINUTES(1));
			field_start(f);
			while (f->now < M(20)) {
				field_wait(f, f->now + TICK, TICK);
				int second = (int)((f->now - DAY0) / 1000 % 60);
				for (unsigned p = 0; p < 4 && f->now < M(10) + died * TICK; p++)
					if (second == (int)p * apart)
						field_send(f, 0, 1u << p, 6, "");
			}
			if (strcmp(f->story, "silent s0 - opened warning\n") != 0)
				fail_msg("died %d, apart %d: %s", died, apart, f->story);
			field_free(f);
		}
}

static void a_probe_that_dies_at_any_second_is_told_as_the_probe(void **state)
{
	(void)state;
	for (int apart = 1; apart < 20; apart += 6)
		for (unsigned dead = 0; dead < 4; dead++) {
			struct field *f = network(1, 4, WQ_MINUTES(1));
			field_start(f);
			while (f->now < M(20)) {
				field_wait(f, f->now + TICK, TICK);
				int second = (int)((f->now - DAY0) / 1000 % 60);
				for (unsigned p = 0; p < 4; p++)
					if (second == (int)p * apart && (p != dead || f->now < M(10)))
						field_send(f, 0, 1u << p, 6, "");
			}
			assert_int_equal(f->out.change_count, 1);
			assert_int_equal(field_count(f, "missing", WQ_OPENED), 1);
			assert_int_equal(f->out.changes[0].series, dead);
			field_free(f);
		}
}

static void items_of_every_hour_and_of_every_four_hours_die_as_one_station(void **state)
{
	struct field *f = network(1, 9, WQ_HOURS(1));
	(void)state;
	for (size_t i = 5; i < 9; i++)
		f->series[i].interval = WQ_HOURS(4);
	field_start(f);
	for (int h = 0; h < 60; h++) {
		field_wait(f, M(60 * h), WQ_SECONDS(10));
		if (h < 21)
			field_send(f, 0, h % 4 == 0 ? ALL : 0x1f, 6, "");
	}
	assert_string_equal(f->story, "silent s0 - opened warning\n");
	assert_true(f->out.changes[0].time <= M(60 * 20 + 125));
	field_free(f);
}

static void one_fast_probe_among_slow_analysers_is_told_in_its_own_time(void **state)
{
	struct field *f = network(1, 4, WQ_HOURS(4));
	(void)state;
	f->series[0].interval = WQ_HOURS(1);
	field_start(f);
	for (int h = 0; h < 30; h++) {
		field_wait(f, M(60 * h), WQ_SECONDS(10));
		field_send(f, 0, (h % 4 == 0 ? 0xe : 0) | (h < 9 ? 1 : 0), 6, "");
	}
	assert_string_equal(f->story, "missing s0 ph opened watch\n");
	assert_true(f->out.changes[0].time <= M(60 * 10 + 61));
	field_free(f);
}

static void what_persists_when_the_gateway_is_back_is_told_then(void **state)
{
	unsigned probes[FIELD_STATIONS];
	struct field *f = network(4, 9, WQ_MINUTES(1));
	(void)state;
	for (size_t i = 0; i < FIELD_STATIONS; i++)
		probes[i] = i == 1 ? ALL & ~2u : ALL;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(60), 0, NULL, WQ_BUS_DOWN);
	field_forget(f);
	/* Station 2 stays dead, and a probe of station 1. */
	run(f, M(61), EVERY & ~4u, probes, WQ_BUS_UP);
	assert_string_equal(f->story, "bus - - cleared warning\n");
	run(f, M(70), EVERY & ~4u, probes, WQ_BUS_UP);
	assert_int_equal(f->out.change_count, 3);
	assert_int_equal(field_count(f, "silent", WQ_OPENED), 1);
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 1);
	field_free(f);
}

/* Bits: which of station 0's loggers, station 1's logger, probe tp of station 2 is dead too when the gateway dies; they come back in
 * every order of the four. */
static void recovery_in_every_order_ends_with_nothing_open_and_nothing_told_twice(void **state)
{
	(void)state;
	for (int order = 0; order < 24; order++) {
		int rest[4] = { 0, 1, 2, 3 }, back[4], code = order;
		for (int i = 0; i < 4; i++) {
			int pick = code % (4 - i);
			code /= 4 - i;
			back[i] = rest[pick];
			rest[pick] = rest[3 - i];
		}
		struct field *f = network(4, 5, WQ_MINUTES(1));
		unsigned probes[FIELD_STATIONS] = { ALL, ALL, ALL, ALL };
		unsigned dead = 0;
		bool down = false;
		field_start(f);
		run(f, M(5), EVERY, probes, WQ_BUS_UP);
		/* All four die within a quarter of an hour: a probe, a logger, another logger, the gateway. */
		probes[2] = ALL & ~16u;
		run(f, M(10), EVERY, probes, WQ_BUS_UP);
		dead = 1;
		run(f, M(15), EVERY & ~dead, probes, WQ_BUS_UP);
		dead = 3;
		run(f, M(20), EVERY & ~dead, probes, WQ_BUS_UP);
		down = true;
		run(f, M(25), 0, probes, WQ_BUS_DOWN);
		assert_int_equal(field_count(f, "", WQ_OPENED), 4);
		for (int i = 0; i < 4; i++) {
			if (back[i] == 0)
				down = false;
			else if (back[i] == 3)
				probes[2] = ALL;
			else
				dead &= ~(1u << (back[i] - 1));
			run(f, M(35 + 10 * i), down ? 0 : EVERY & ~dead, probes, down ? WQ_BUS_DOWN : WQ_BUS_UP);
		}
		if (field_open_alarms(f) != 0 || field_count(f, "", WQ_OPENED) != 4 || field_count(f, "", WQ_CLEARED) != 4)
			fail_msg("order %d:\n%s", order, f->story);
		field_free(f);
	}
}

static void a_child_that_was_open_stays_and_does_not_escalate(void **state)
{
	unsigned probes[FIELD_STATIONS] = { ALL & ~16u, ALL };
	struct field *f = network(2, 5, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	f->rules[0].escalate_after[WQ_LEVEL_WATCH] = WQ_MINUTES(30);
	run(f, M(5), EVERY, NULL, WQ_BUS_UP);
	run(f, M(10), EVERY, probes, WQ_BUS_UP);
	assert_string_equal(f->story, "missing s0 tp opened watch\n");
	field_forget(f);
	run(f, M(60), 0, probes, WQ_BUS_DOWN);
	assert_string_equal(f->story, "bus - - opened warning\n");
	assert_int_equal(field_open_alarms(f), 2);
	field_forget(f);
	/* Nobody could have dealt with it meanwhile, and the probe may speak with its next reading: it has its time anew. */
	run(f, M(85), EVERY, probes, WQ_BUS_UP);
	assert_string_equal(f->story, "bus - - cleared warning\n");
	field_forget(f);
	/* It persists: now it escalates, once. */
	run(f, M(95), EVERY, probes, WQ_BUS_UP);
	assert_string_equal(f->story, "missing s0 tp escalated watch\n");
	field_forget(f);
	run(f, M(97), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "missing s0 tp cleared watch\n");
	field_free(f);
}

static void water_is_judged_as_ever_behind_a_parent(void **state)
{
	struct field *f = network(2, 3, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(5), EVERY, NULL, WQ_BUS_UP);
	field_sample(f, 0, f->now, 1, "");
	run(f, M(20), 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "limit s0 ph opened alarm\nbus - - opened warning\n");
	field_forget(f);
	/* One more reading while the gateway counts as down. */
	field_sample(f, 3, f->now, 1, "");
	assert_string_equal(f->story, "limit s1 ph opened alarm\n");
	field_sample(f, 0, f->now, 7, "");
	assert_int_equal(field_count(f, "limit", WQ_CLEARED), 1);
	field_free(f);
}

static void an_outage_too_short_to_be_told_is_followed_by_nothing(void **state)
{
	struct field *f = network(4, 9, WQ_MINUTES(1));
	(void)state;
	f->site.bus_down_after = WQ_MINUTES(10);
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(18), 0, NULL, WQ_BUS_DOWN);
	run(f, M(30), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "");
	field_free(f);
}

static void a_link_that_flaps_and_never_brings_anything_is_told_all_the_same(void **state)
{
	struct field *f = network(2, 9, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	for (int m = 10; m < 40; m++)
		run(f, M(m + 1), 0, NULL, m % 2 == 0 ? WQ_BUS_DOWN : WQ_BUS_UP);
	assert_string_equal(f->story, "silent s0 - opened warning\nsilent s1 - opened warning\n");
	field_free(f);
}

static void a_device_of_the_gateway_in_doubt_holds_nothing_for_long(void **state)
{
	struct field *f = network(3, 5, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	/* Station 1 is dead: each of its polls puts the bus in doubt until the next device serves. */
	for (int m = 10; m < 20; m++) {
		run(f, M(m) + WQ_SECONDS(55), EVERY & ~2u, NULL, WQ_BUS_UP);
		run(f, M(m + 1), EVERY & ~2u, NULL, WQ_BUS_DOUBTFUL);
	}
	assert_string_equal(f->story, "silent s1 - opened warning\n");
	field_free(f);
}

/* The other devices are asked once a day only: nothing ends the doubt. */
static void doubt_ends_when_the_bus_would_have_been_told(void **state)
{
	struct field *f = network(2, 5, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	for (size_t i = 5; i < 10; i++)
		f->series[i].interval = WQ_DAYS(1);
	run(f, M(11) + WQ_SECONDS(30), 0, NULL, WQ_BUS_DOUBTFUL);
	assert_string_equal(f->story, "");
	run(f, M(14), 0, NULL, WQ_BUS_DOUBTFUL);
	assert_string_equal(f->story, "silent s0 - opened warning\n");
	field_free(f);
}

static void without_a_rule_for_the_station_each_series_tells_itself(void **state)
{
	struct field *f = field_new(1, 3, WQ_MINUTES(1));
	(void)state;
	field_rule(f, &wq_rule_missing, "");
	field_start(f);
	field_send(f, 0, 7, 6, "");
	field_wait(f, M(10), TICK);
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 3);
	field_free(f);
}

static void a_station_of_one_series_has_no_parent_of_its_own(void **state)
{
	struct field *f = network(1, 1, WQ_MINUTES(1));
	(void)state;
	field_start(f);
	field_send(f, 0, 1, 6, "");
	field_wait(f, M(10), TICK);
	assert_string_equal(f->story, "missing s0 ph opened watch\n");
	field_free(f);
}

static void a_time_of_ones_own_rules_a_station(void **state)
{
	struct field *f = field_new(1, 5, WQ_MINUTES(1));
	(void)state;
	field_rule(f, &wq_rule_missing, "");
	field_rule(f, &wq_rule_silent, "after=30m level=watch");
	field_start(f);
	field_send(f, 0, ALL, 6, "");
	field_wait(f, M(30), TICK);
	assert_string_equal(f->story, "");
	field_wait(f, M(31), TICK);
	assert_string_equal(f->story, "silent s0 - opened watch\n");
	field_free(f);
}

static const uint32_t places[] = { 0, 1, 2, 3, 4 };

static void a_gateway_all_of_which_is_worked_on_is_no_alarm(void **state)
{
	const struct wq_plan plan = { .name = "p", .series_count = 5, .series = places, .from = M(10), .to = M(60) };
	struct field *f = network(1, 5, WQ_MINUTES(1));
	(void)state;
	f->stations[0].plans = &plan;
	f->stations[0].plan_count = 1;
	field_start(f);
	run(f, M(11), EVERY, NULL, WQ_BUS_UP);
	run(f, M(62) - TICK, 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "");
	run(f, M(63), 0, NULL, WQ_BUS_DOWN);
	assert_string_equal(f->story, "bus - - opened warning\n");
	field_free(f);
}

static void what_is_worked_on_is_no_witness_and_not_listed(void **state)
{
	const struct wq_plan plan = { .name = "p", .series_count = 2, .series = places, .from = M(0), .to = M(60) };
	struct field *f = network(1, 5, WQ_MINUTES(1));
	(void)state;
	f->stations[0].plans = &plan;
	f->stations[0].plan_count = 1;
	field_start(f);
	run(f, M(10), EVERY, NULL, WQ_BUS_UP);
	run(f, M(20), 0, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "silent s0 - opened warning\n");
	assert_non_null(strstr(f->out.changes[0].says, "含总磷、氨氮等3项"));
	assert_non_null(strstr(f->out.changes[0].evidence, "\"covers\":3,\"covered\":[\"s0/codmn\",\"s0/nh3n\",\"s0/tp\"]"));
	field_free(f);
}

static void a_parent_that_comes_back_from_the_store_still_covers(void **state)
{
	struct field *f = network(2, 9, WQ_MINUTES(1));
	const struct wq_alarm alarm = { .id = 2026030500001, .rule = 1, .place = 0, .level = WQ_LEVEL_WARNING, .changes = 1, .state = WQ_LIFE_ACTIVE,
		.last = { .series = WQ_NONE } };
	(void)state;
	field_start(f);
	assert_int_equal(wq_engine_restore_alarm(f->engine, &alarm, NULL), 0);
	run(f, M(30), EVERY & ~1u, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "");
	run(f, M(32), EVERY, NULL, WQ_BUS_UP);
	assert_string_equal(f->story, "silent s0 - cleared warning\n");
	field_free(f);
}

static void the_evidence_of_many_is_cut_and_counted(void **state)
{
	struct field *f = network(12, 9, WQ_MINUTES(1));
	char id[12][64];
	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(id[i], sizeof id[i], "%s%d", "a-station-with-a-name-that-is-rather-long-", i);
		f->stations[i].id = id[i];
	}
	field_start(f);
	run(f, M(3), EVERY, NULL, WQ_BUS_UP);
	run(f, M(6), 0, NULL, WQ_BUS_DOWN);
	assert_int_equal(f->out.change_count, 1);
	const char *evidence = f->out.changes[0].evidence;
	assert_non_null(strstr(evidence, "\"covers\":108,"));
	assert_true(strlen(evidence) < WQ_EVIDENCE_TEXT - 1 && evidence[strlen(evidence) - 1] == '}');
	assert_string_equal(evidence + strlen(evidence) - 3, "\"]}");
	field_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_gateway_is_one_alarm_and_one_clearing),
		cmocka_unit_test(a_bus_is_told_when_nobody_has_served_for_the_span_however_late_that_was_known),
		cmocka_unit_test(a_dead_logger_is_one_alarm_and_one_clearing),
		cmocka_unit_test(a_dead_probe_is_one_alarm_and_one_clearing),
		cmocka_unit_test(a_logger_whose_items_come_at_different_seconds_is_one_alarm_whenever_it_dies),
		cmocka_unit_test(a_probe_that_dies_at_any_second_is_told_as_the_probe),
		cmocka_unit_test(items_of_every_hour_and_of_every_four_hours_die_as_one_station),
		cmocka_unit_test(one_fast_probe_among_slow_analysers_is_told_in_its_own_time),
		cmocka_unit_test(what_persists_when_the_gateway_is_back_is_told_then),
		cmocka_unit_test(recovery_in_every_order_ends_with_nothing_open_and_nothing_told_twice),
		cmocka_unit_test(a_child_that_was_open_stays_and_does_not_escalate),
		cmocka_unit_test(water_is_judged_as_ever_behind_a_parent),
		cmocka_unit_test(an_outage_too_short_to_be_told_is_followed_by_nothing),
		cmocka_unit_test(a_link_that_flaps_and_never_brings_anything_is_told_all_the_same),
		cmocka_unit_test(a_device_of_the_gateway_in_doubt_holds_nothing_for_long),
		cmocka_unit_test(doubt_ends_when_the_bus_would_have_been_told),
		cmocka_unit_test(without_a_rule_for_the_station_each_series_tells_itself),
		cmocka_unit_test(a_station_of_one_series_has_no_parent_of_its_own),
		cmocka_unit_test(a_time_of_ones_own_rules_a_station),
		cmocka_unit_test(a_gateway_all_of_which_is_worked_on_is_no_alarm),
		cmocka_unit_test(what_is_worked_on_is_no_witness_and_not_listed),
		cmocka_unit_test(a_parent_that_comes_back_from_the_store_still_covers),
		cmocka_unit_test(the_evidence_of_many_is_cut_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
