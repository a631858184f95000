/* SPDX-License-Identifier: Apache-2.0 */
/* Ticks that wq_engine_wake() calls idle are idle: an engine that is ticked each minute and one that is ticked only when it
 * asks for it conclude the same at the same instants. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plant.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE WQ_MINUTES(1)
#define DAYS   20

struct story {
	char *text;
	size_t length;
	FILE *to;
	size_t ticks, changes, days, needs, reminders;
};

static void tell(struct story *story, const struct plant *p, wq_ms now)
{
	const struct wq_outcome *out = &p->out;
	for (size_t i = 0; i < out->change_count; i++)
		story->reminders += out->changes[i].kind == WQ_REMINDED;
	for (size_t i = 0; i < out->change_count; i++)
		fprintf(story->to, "%" PRId64 " change %" PRId64 " %d %d %" PRId64 "\n", now, out->changes[i].alarm,
			(int)out->changes[i].kind, (int)out->changes[i].level, out->changes[i].time);
	for (size_t i = 0; i < out->day_count; i++)
		fprintf(story->to, "%" PRId64 " day %d %u %d %d\n", now, (int)out->days[i].day,
			(unsigned)out->days[i].parameter, (int)out->days[i].revision, (int)out->days[i].verdict);
	for (size_t i = 0; i < out->need_count; i++)
		fprintf(story->to, "%" PRId64 " need %d %d\n", now, (int)out->needs[i].day, out->needs[i].now);
	story->changes += out->change_count;
	story->days += out->day_count;
	story->needs += out->need_count;
}

/* What happens at a minute: mostly nothing; readings, late ones, ones without a value, an acknowledgement. */
static void happen(struct plant *p, struct story *story, unsigned *seed, wq_ms now)
{
	int what = rand_r(seed) % 240;
	int series = rand_r(seed) % SERIES;
	double value = series == TP ? rand_r(seed) % 45 : 6.5 + rand_r(seed) % 10 / 10.0;
	wq_ms late = (wq_ms)(rand_r(seed) % 72) * WQ_HOURS(1);
	const struct wq_alarm *const *alarms;
	wq_outcome_reset(&p->out);
	if (what < 5)
		plant_give(p, series, now - rand_r(seed) % 60000, value, now);
	else if (what == 5)
		plant_give(p, series, now - late, value, now);
	else if (what == 6)
		plant_give(p, series, now, (double)NAN, now);
	else if (what == 7 && wq_engine_alarms(p->engine, &alarms) > 0)
		(void)wq_engine_acknowledge(p->engine, alarms[0]->id, "张三", NULL, now, &p->out, NULL);
	else
		return;
	tell(story, p, now);
}

static void play(struct story *story, unsigned seed, bool each)
{
	static const struct wq_reminding often = { .open = { 0, 0, WQ_MINUTES(95), WQ_HOURS(5), WQ_MINUTES(40) },
		.acknowledged = { 0, 0, 0, WQ_HOURS(7), WQ_HOURS(9) } };
	static const wq_ms further[] = { WQ_HOURS(9), WQ_HOURS(2) }, in_season[] = { WQ_HOURS(5) };
	static const struct wq_seasonal late = { .season = { 3, 15, 2, 28 },
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_HOURS(3), WQ_MINUTES(20) },
		.escalate_further = { [3] = { 1, in_season }, [4] = { 1, in_season } },
		.remind = { .open = { 0, 0, WQ_MINUTES(30), WQ_HOURS(1), 0 } } };
	struct plant *p = plant_new(WQ_HOURS(4));
	for (size_t i = 0; i < p->site.rule_count; i++) {
		struct wq_rule_use *use = (struct wq_rule_use *)&p->site.rules[i];
		use->remind = often;
		use->escalate_further[3] = use->escalate_further[4] = (struct wq_further){ 2, further };
		use->remind_most = 5;
		use->seasonal = &late;
		use->seasonal_count = 1;
	}
	*story = (struct story){ .to = NULL };
	story->to = open_memstream(&story->text, &story->length);
	assert_non_null(story->to);
	for (wq_ms now = DAY0; now < DAY0 + WQ_DAYS(DAYS); now += MINUTE) {
		if (each || wq_engine_wake(p->engine) <= now) {
			plant_tick(p, now);
			tell(story, p, now);
			story->ticks++;
		}
		happen(p, story, &seed, now + MINUTE / 2);
	}
	fclose(story->to);
	plant_free(p);
}

static void ticks_that_are_left_out_conclude_nothing(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 10; seed++) {
		struct story each, some;
		play(&each, seed, true);
		play(&some, seed, false);
		if (strcmp(each.text, some.text) != 0)
			fail_msg("seed %u: %zu and %zu bytes of conclusions differ", seed, each.length, some.length);
		print_message("%zu changes (%zu reminders), %zu days, %zu needs, %zu of %zu ticks\n", each.changes, each.reminders,
			each.days, each.needs, some.ticks, each.ticks);
		assert_true(each.reminders > 5);
		/* It is a story, and most ticks were left out of it. */
		assert_true(each.changes > 20 && each.days > 50 && each.needs > 5);
		assert_true(some.ticks * 2 < each.ticks);
		free(each.text);
		free(some.text);
	}
}

static void an_engine_that_never_ran_wants_its_first_tick(void **state)
{
	struct plant *p = plant_new(WQ_HOURS(4));
	(void)state;
	assert_true(wq_engine_wake(p->engine) <= DAY0);
	plant_tick(p, DAY0); /* opens the day */
	plant_tick(p, DAY0 + 1);
	assert_int_equal(wq_engine_wake(p->engine), DAY0 + WQ_DAYS(1));
	plant_free(p);
}

static void an_escalation_is_due_to_the_millisecond(void **state)
{
	struct plant *p = plant_new(WQ_HOURS(4));
	(void)state;
	plant_tick(p, DAY0);
	plant_give(p, TP, DAY0 + 1000, 40, DAY0 + 1234);
	plant_tick(p, DAY0 + 2000);
	assert_int_equal(wq_engine_wake(p->engine), DAY0 + 1234 + WQ_MINUTES(30));
	plant_free(p);
}

/* From 03-06 on somebody must answer within five minutes: an alarm that has waited for ten by then is due at midnight. */
static void a_span_of_a_season_counts_from_its_first_day(void **state)
{
	static const struct wq_seasonal flood = { .season = { 3, 6, 9, 30 },
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_MINUTES(5) } };
	struct plant *p = plant_new(WQ_HOURS(4));
	const wq_ms midnight = DAY0 + WQ_DAYS(1);
	(void)state;
	for (size_t i = 0; i < p->site.rule_count; i++) {
		((struct wq_rule_use *)p->site.rules)[i].seasonal = &flood;
		((struct wq_rule_use *)p->site.rules)[i].seasonal_count = 1;
	}
	plant_tick(p, DAY0);
	plant_give(p, TP, midnight - WQ_MINUTES(10), 40, midnight - WQ_MINUTES(10));
	plant_tick(p, midnight - WQ_MINUTES(9));
	assert_int_equal(wq_engine_wake(p->engine), midnight);
	plant_tick(p, midnight - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, midnight);
	assert_int_equal(p->out.change_count, 1);
	assert_int_equal(p->out.changes[0].kind, WQ_ESCALATED);
	plant_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_that_are_left_out_conclude_nothing),
		cmocka_unit_test(an_engine_that_never_ran_wants_its_first_tick),
		cmocka_unit_test(an_escalation_is_due_to_the_millisecond),
		cmocka_unit_test(a_span_of_a_season_counts_from_its_first_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
