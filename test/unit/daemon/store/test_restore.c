/* SPDX-License-Identifier: Apache-2.0 */
/* What a fresh engine is told after a restart. */
#include "house.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALARM INT64_C(2026030500007)

/* A restart: the file is opened anew, for a site, and told to a fresh engine. */
static struct wq_engine *restart(struct house *h, const struct wq_site *site)
{
	static struct wq_engine engine;
	engine = (struct wq_engine){ 0 };
	house_again(h, site);
	if (store_restore(h->store, site, &engine, MORNING + WQ_HOURS(1), INT64_MAX, &h->err) < 0)
		fail_msg("%s", h->err.text);
	return &engine;
}

static void samples_come_in_order_of_time_over_all_series(void **state)
{
	struct house *h = *state;
	for (int i = 0; i < 60; i++)
		house_sample(h, (uint32_t)i % 3, MORNING - WQ_HOURS((i * 37) % 240), i);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->sample_count, 60);
	for (size_t i = 1; i < 60; i++)
		assert_true(engine->samples[i].sample.at >= engine->samples[i - 1].sample.at);
}

static void only_the_newest_revision_comes_with_its_last_arrival(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.3);
	s->quality = WQ_SUSPECT;
	s->stamp = WQ_STAMP_ANALYSER;
	strcpy(s->flag, "hd");
	static const wq_ms again[] = { 9999, 99 };
	for (size_t i = 0; i < 2; i++) {
		s = house_sample(h, YIGAN_TP, MORNING, 0.3);
		s->record = WQ_RECORD_REPEAT;
		s->received = MORNING + again[i];
	}
	house_sample(h, YIGAN_PH, MORNING + 1, NAN)->quality = WQ_MISSING;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->sample_count, 2);
	const struct wq_sample *got = &engine->samples[0].sample;
	assert_true(got->series == YIGAN_TP && got->at == MORNING && got->value == 0.3);
	assert_int_equal(got->quality, WQ_SUSPECT);
	assert_int_equal(got->stamp, WQ_STAMP_ANALYSER);
	assert_string_equal(got->flag, "hd");
	assert_true(engine->samples[0].received == MORNING + 9999);
	assert_true(isnan(engine->samples[1].sample.value));
	assert_int_equal(engine->samples[1].sample.quality, WQ_MISSING);
}

/* A clock that was ahead for a while left them behind; each restart would bring them back, newer than all that is read. */
static void what_lies_in_the_future_stays_in_the_file(void **state)
{
	static const wq_ms later[] = { WQ_HOURS(1), WQ_HOURS(1) + 1, WQ_DAYS(3), WQ_DAYS(4000) };
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 1);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		house_sample(h, YIGAN_TP, MORNING + later[i], 2 + (double)i);
	house_day(h, YIGAN, WQ_NONE, TODAY - 1);
	house_day(h, YIGAN, WQ_NONE, TODAY + 4000);
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 0)->decided = MORNING;
	house_change(h, ALARM, 2, WQ_REOPENED, LIMIT, 0)->decided = MORNING + WQ_DAYS(4000);
	house_commit(h);
	static struct wq_engine engine;
	for (int trusted = 0; trusted < 2; trusted++) {
		engine = (struct wq_engine){ 0 };
		house_again(h, &house_site);
		assert_int_equal(store_restore(h->store, &house_site, &engine, MORNING + WQ_HOURS(1),
		                         trusted ? MORNING + WQ_HOURS(1) : INT64_MAX, &h->err),
		        0);
		assert_int_equal(engine.sample_count, trusted ? 2 : 5);
		assert_int_equal(engine.day_count, trusted ? 1 : 2);
		assert_int_equal(engine.opening_count, trusted ? 1 : 2);
		assert_int_equal(engine.alarm_count, 1); /* it is open all the same */
	}
}

static void what_is_older_than_the_engine_remembers_stays_in_the_file(void **state)
{
	struct house *h = *state;
	wq_ms from = MORNING + WQ_HOURS(1) - FAKE_MEMORY;
	house_sample(h, YIGAN_TP, from - 1, 1);
	house_sample(h, YIGAN_TP, from, 2);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->sample_count, 1);
	assert_true(engine->samples[0].sample.value == 2);
}

static void indices_may_move_between_configurations(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_PH, MORNING, 7); /* no longer measured there */
	house_sample(h, YIGAN_TP, MORNING + 1, 0.2);
	house_sample(h, NANHENG_TP, MORNING + 2, 0.3);
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 0);
	house_day(h, YIGAN, WQ_NONE, TODAY - 1);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site_moved);
	assert_int_equal(engine->sample_count, 2);
	assert_int_equal(engine->samples[0].sample.series, MOVED_YIGAN_TP);
	assert_int_equal(engine->samples[1].sample.series, MOVED_NANHENG_TP);
	assert_int_equal(engine->alarm_count, 1);
	assert_int_equal(engine->alarms[0].rule, MOVED_LIMIT);
	assert_int_equal(engine->alarms[0].place, 1); /* series 2 is the second of { 1, 2 } */
	assert_int_equal(engine->alarms[0].last.series, MOVED_YIGAN_TP);
	assert_int_equal(engine->days[0].station, 2);

	/* And a sample under the new index belongs to the old series. */
	house_sample(h, MOVED_YIGAN_TP, MORNING + 1, 0.2);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT sum(repeats) FROM reading"), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM series"), 4);
}

static void a_reload_maps_the_indices_anew(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_commit(h);
	assert_int_equal(store_use_site(h->store, &house_site_moved, &h->err), 0);
	house_sample(h, MOVED_YIGAN_TP, MORNING, 0.3);
	house_commit(h);
	house_expect_text(
	        h, "SELECT station||' '||value||' '||revision FROM v_sample", "yigan 0.3 2");
	house_expect_text(h, "SELECT name FROM station WHERE key='yigan'", "一干河");
}

/* Stored when days close, one row a series; given back before the samples that came after it. */
static void what_was_learnt_comes_back(void **state)
{
	struct house *h = *state;
	for (int day = 0; day < 2; day++) {
		struct wq_learnt *l = house_learn(h, YIGAN_TP);
		*l = (struct wq_learnt){ .series = YIGAN_TP, .since = MORNING - WQ_DAYS(40), .until = MORNING + day, .readings = 240 + day,
			.low = 0.02, .high = NAN, .rate = 0.1, .size = 3, .memory = { 7, 0, (unsigned char)day } };
		house_commit(h);
	}
	assert_int_equal(house_number(h, "SELECT count(*) FROM learnt"), 1);
	house_expect_text(h, "SELECT station||parameter||readings||low||coalesce(high,'none')||rate FROM v_learnt", "yigantp2410.02none0.1");
	struct wq_engine engine = { 0 };
	assert_int_equal(store_restore(h->store, &house_site, &engine, MORNING + WQ_DAYS(1), INT64_MAX, &h->err), 0);
	assert_int_equal(engine.learnt.series, YIGAN_TP);
	assert_int_equal(engine.learnt.size, 3);
	assert_memory_equal(engine.learnt.memory, ((unsigned char[]){ 7, 0, 1 }), 3);
}

static void days_come_in_their_newest_revision(void **state)
{
	struct house *h = *state;
	house_day(h, NANHENG, WQ_NONE, TODAY - 2);
	house_day(h, YIGAN, WQ_NONE, TODAY - 1);
	house_day(h, YIGAN, 1, TODAY - 1); /* an item: not asked for */
	house_day(h, YIGAN, WQ_NONE, TODAY - 90);
	house_commit(h);
	struct wq_day_row *row = house_day(h, YIGAN, WQ_NONE, TODAY - 1);
	row->revision = 2;
	row->class_ = 3;
	row->verdict = WQ_DAY_MEETS;
	row->valid = 5;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->day_count, 2);
	size_t yigan = engine->days[0].station == YIGAN ? 0 : 1;
	assert_int_equal(engine->days[1 - yigan].station, NANHENG);
	assert_int_equal(engine->days[1 - yigan].day, TODAY - 2);
	const struct wq_day_row *got = &engine->days[yigan];
	assert_int_equal(got->station, YIGAN);
	assert_true(got->parameter == WQ_NONE);
	assert_int_equal(got->day, TODAY - 1);
	assert_int_equal(got->revision, 2);
	assert_int_equal(got->class_, 3);
	assert_int_equal(got->verdict, WQ_DAY_MEETS);
	assert_int_equal(got->valid, 5);
	assert_int_equal(got->expected, 6);
	assert_true(isnan(got->mean));
}

static void days_that_rules_look_back_on_come_with_their_items(void **state)
{
	struct house *h = *state;
	static const int order[] = { 3, 40, 1, 2 };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		house_day(h, YIGAN, WQ_NONE, TODAY - order[i]);
		house_day(h, YIGAN, 0, TODAY - order[i])->mean_raw = order[i];
		house_day(h, YIGAN, 1, TODAY - order[i])->valid = order[i];
	}
	house_day(h, YIGAN, WQ_NONE, TODAY - 41);
	house_day(h, YIGAN, 0, TODAY - 41);
	house_commit(h);
	struct wq_day_row *row = house_day(h, YIGAN, 1, TODAY - 3);
	row->revision = 2;
	row->mean_raw = 7.25;
	house_commit(h);
	/* 41 days: MORNING is later in the day than midnight. */
	fake_memory_days = WQ_DAYS(40);
	fake_memory_items = true;
	struct wq_engine *engine = restart(h, &house_site);
	fake_memory_days = FAKE_MEMORY;
	fake_memory_items = false;
	static const int expected[] = { 40, 3, 2, 1 };
	assert_int_equal(engine->day_count, 12);
	for (size_t i = 0; i < 12; i++) {
		const struct wq_day_row *got = &engine->days[i];
		int back = expected[i / 3];
		assert_int_equal(got->station, YIGAN);
		assert_int_equal(got->day, TODAY - back);
		assert_true(got->parameter == (i % 3 == 0 ? WQ_NONE : i % 3 - 1));
		assert_true(i % 3 != 0 || isnan(got->mean_raw));
		assert_true(i % 3 != 1 || got->mean_raw == back);
		assert_true(i % 3 != 2 || got->mean_raw == (back == 3 ? 7.25 : 0.2123));
		assert_int_equal(got->class_, 4);
		assert_int_equal(got->verdict, WQ_DAY_EXCEEDS);
	}
}

static void a_wanted_day_is_remembered_until_it_is_told(void **state)
{
	struct house *h = *state;
	house_need(h, YIGAN, TODAY - 9);
	h->group.outcome.needs[0].now = false;
	house_need(h, NANHENG, TODAY - 9);
	h->group.outcome.needs[1].now = false;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site_moved);
	assert_int_equal(engine->need_count, 2);
	assert_int_equal(engine->needs[0].day, TODAY - 9);
	house_again(h, &house_site);
	house_day(h, YIGAN, 0, TODAY - 9); /* one item of it is not the day */
	house_day(h, NANHENG, WQ_NONE, TODAY - 9);
	house_commit(h);
	engine = restart(h, &house_site);
	assert_int_equal(engine->need_count, 1);
	assert_int_equal(engine->needs[0].station, YIGAN);
	/* Told and, in the same group, wanted again. */
	house_day(h, YIGAN, WQ_NONE, TODAY - 9);
	house_need(h, YIGAN, TODAY - 9);
	h->group.outcome.needs[0].now = false;
	house_commit(h);
	assert_int_equal(restart(h, &house_site)->need_count, 1);
}

static void an_open_alarm_comes_back_as_it_was(void **state)
{
	struct house *h = *state;
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 1)->level = WQ_LEVEL_WATCH;
	struct wq_change *raised = house_change(h, ALARM, 2, WQ_RAISED, LIMIT, 1);
	raised->level = WQ_LEVEL_ALARM;
	raised->value = 0.41;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->alarm_count, 1);
	const struct wq_alarm *a = &engine->alarms[0];
	assert_true(a->id == ALARM);
	assert_int_equal(a->rule, LIMIT);
	assert_int_equal(a->place, 1);
	assert_int_equal(a->level, WQ_LEVEL_ALARM);
	assert_int_equal(a->changes, 2);
	assert_int_equal(a->state, WQ_LIFE_ACTIVE);
	assert_true(a->opened == MORNING + 1);
	assert_true(a->since == MORNING + 60002);
	assert_int_equal(a->last.finding, WQ_FINDING_RAISE);
	assert_int_equal(a->last.level, WQ_LEVEL_ALARM);
	assert_int_equal(a->last.series, NANHENG_TP);
	assert_true(a->last.at == MORNING + 2);
	assert_true(a->last.value == 0.41 && a->last.limit == 0.2);
	assert_string_equal(a->last.says, "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍");
	assert_true(engine->highest == ALARM);
}

/* The changes of an alarm, a letter each, and the state that follows from them. */
static const struct {
	const char *changes; /* o r e a c(leared) x(closed) k(corrected) v(recovered) n(reopened)
	                        s(helved) u(nshelved) */
	enum wq_life_state state;
} lives[] = {
	{ "o", WQ_LIFE_ACTIVE },
	{ "oe", WQ_LIFE_ESCALATED },
	{ "oa", WQ_LIFE_ACKNOWLEDGED },
	{ "oea", WQ_LIFE_ACKNOWLEDGED },
	{ "oear", WQ_LIFE_ACTIVE },
	{ "oeara", WQ_LIFE_ACKNOWLEDGED },
	{ "oc", WQ_LIFE_NORMAL },
	{ "oax", WQ_LIFE_NORMAL },
	{ "k", WQ_LIFE_CORRECTED },
	{ "kc", WQ_LIFE_NORMAL },
	{ "okc", WQ_LIFE_NORMAL },
	{ "oak", WQ_LIFE_ACKNOWLEDGED },
	{ "ov", WQ_LIFE_RECOVERED },
	{ "ovn", WQ_LIFE_ACTIVE },
	{ "ovk", WQ_LIFE_CORRECTED },
	{ "kn", WQ_LIFE_ACTIVE },
	{ "ovac", WQ_LIFE_NORMAL },
	{ "os", WQ_LIFE_ACTIVE },
	{ "oesu", WQ_LIFE_ACTIVE },
	{ "oasu", WQ_LIFE_ACKNOWLEDGED },
	{ "omm", WQ_LIFE_ACTIVE },
	{ "oem", WQ_LIFE_ESCALATED },
	{ "omam", WQ_LIFE_ACKNOWLEDGED },
};

static void the_state_of_an_alarm_follows_from_its_changes(void **state)
{
	struct house *h = *state;
	static const enum wq_change_kind kinds[128] = { ['o'] = WQ_OPENED,
		['r'] = WQ_RAISED,
		['e'] = WQ_ESCALATED,
		['a'] = WQ_ACKNOWLEDGED,
		['c'] = WQ_CLEARED,
		['x'] = WQ_CLOSED,
		['k'] = WQ_CORRECTED,
		['v'] = WQ_RECOVERED,
		['n'] = WQ_REOPENED,
		['s'] = WQ_SHELVED,
		['u'] = WQ_UNSHELVED,
		['m'] = WQ_REMINDED };
	size_t count = sizeof lives / sizeof *lives, open = 0;
	for (size_t i = 0; i < count; i++)
		for (uint32_t n = 0; lives[i].changes[n] != '\0'; n++)
			snprintf(house_change(h, ALARM + (int64_t)i, n + 1, kinds[(int)lives[i].changes[n]],
			                 DAILY, 0)
			                 ->who,
			        WQ_PERSON_TEXT, "person %u", n + 1);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	for (size_t i = 0; i < count; i++) {
		if (lives[i].state == WQ_LIFE_NORMAL)
			continue;
		const struct wq_alarm *a = &engine->alarms[open++];
		print_message("%s\n", lives[i].changes);
		assert_true(a->id == ALARM + (int64_t)i);
		assert_int_equal(a->state, lives[i].state);
		assert_int_equal(a->changes, strlen(lives[i].changes));
		/* Who acknowledged it last, and when. */
		const char *answer = strrchr(lives[i].changes, 'a');
		uint32_t answered = answer != NULL ? (uint32_t)(answer - lives[i].changes) + 1 : 0;
		char who[WQ_PERSON_TEXT] = "";
		if (answered > 0)
			snprintf(who, sizeof who, "person %u", answered);
		assert_int_equal(a->answered, answered);
		assert_int_equal(a->answered_at, answered > 0 ? MORNING + 60000 + answered : 0);
		assert_string_equal(a->answered_by, who);
		assert_true(a->last.series == WQ_NONE);
		assert_true(a->opened == MORNING + 1);
	}
	assert_int_equal(engine->alarm_count, open);
	assert_true(engine->highest == ALARM + (int64_t)count - 1);
}

static void a_maintenance_is_remembered_over_a_restart_and_its_end_is_recorded(void **state)
{
	struct house *h = *state;
	house_maintenance(h, YIGAN, WQ_NONE);
	house_maintenance(h, YIGAN, YIGAN_TP)->id = MORNING + 1;
	struct wq_maintenance *old = house_maintenance(h, YIGAN, WQ_NONE);
	old->id = 7;
	old->to = MORNING + WQ_HOURS(1) - FAKE_MEMORY - 1;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->hand_count, 2);
	const struct wq_maintenance *m = engine->hands;
	assert_true(m[0].id == MORNING && m[0].series == WQ_NONE && m[1].series == YIGAN_TP);
	assert_int_equal(m[0].station, YIGAN);
	assert_true(m[0].from == MORNING && m[0].to == MORNING + WQ_HOURS(2) && m[0].ended == WQ_NO_TIME);
	assert_string_equal(m[0].who, "张三");
	assert_string_equal(m[0].reason, "换泵管");
	struct wq_maintenance *ended = house_maintenance(h, YIGAN, WQ_NONE);
	ended->ended = MORNING + WQ_HOURS(1);
	strcpy(ended->ended_by, "李四");
	house_commit(h);
	engine = restart(h, &house_site);
	assert_int_equal(engine->hand_count, 2);
	assert_true(engine->hands[1].ended == MORNING + WQ_HOURS(1));
	assert_string_equal(engine->hands[1].ended_by, "李四");
	house_expect_text(h,
	        "SELECT station||' '||coalesce(parameter,'all')||' '||since||' '||until||' '||ended||' '||who||' '||reason||' '||ended_by"
	        " FROM v_maintenance WHERE ended IS NOT NULL",
	        "yigan all 2026-03-05T08:00:00+08:00 2026-03-05T10:00:00+08:00 2026-03-05T09:00:00+08:00 张三 换泵管 李四");
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_maintenance"), 3);
}

/* The engine has room for 64; the oldest of what stands is dearer than the newest of what is over. */
static void a_maintenance_that_stands_comes_back_before_what_is_over(void **state)
{
	struct house *h = *state;
	house_maintenance(h, YIGAN, YIGAN_TP)->to = MORNING + WQ_DAYS(30);
	struct wq_maintenance *forgotten = house_maintenance(h, YIGAN, YIGAN_PH);
	forgotten->id = MORNING + 1;
	forgotten->to = MORNING + WQ_HOURS(1) - 1;
	for (int i = 0; i < 200; i++) {
		struct wq_maintenance *over = house_maintenance(h, i % 2 == 0 ? YIGAN : NANHENG, WQ_NONE);
		over->id = MORNING + 10 + i;
		over->ended = MORNING + 11 + i;
	}
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_true(engine->hand_count >= 64);
	assert_true(engine->hands[0].id == MORNING && engine->hands[1].id == MORNING + 1);
	/* Then the newest. */
	assert_true(engine->hands[2].id == MORNING + 209 && engine->hands[63].id == MORNING + 148);
}

static void a_shelf_stands_over_a_restart_until_it_is_ended(void **state)
{
	struct house *h = *state;
	house_shelf(h, LIMIT, 1);
	house_shelf(h, DAILY, 0)->automatic = true;
	house_shelf(h, SILENCE, 0);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->shelf_count, 3);
	static const uint32_t rules[] = { LIMIT, DAILY, SILENCE }, places[] = { 1, 0, 0 };
	for (size_t i = 0; i < 3; i++) {
		const struct wq_shelf *s = &engine->shelves[i];
		assert_int_equal(s->rule, rules[i]);
		assert_int_equal(s->place, places[i]);
		assert_true(s->since == MORNING && s->until == MORNING + WQ_HOURS(2) && s->ended == WQ_NO_TIME);
		assert_int_equal(s->automatic, i == 1);
		assert_string_equal(s->who, "张三");
		assert_string_equal(s->reason, "清洗探头");
	}
	/* Prolonged, and ended. */
	house_shelf(h, LIMIT, 1)->until = MORNING + WQ_HOURS(5);
	struct wq_shelf *ended = house_shelf(h, DAILY, 0);
	ended->ended = MORNING + WQ_HOURS(1);
	strcpy(ended->ended_by, "李四");
	house_commit(h);
	engine = restart(h, &house_site_moved);
	assert_int_equal(engine->shelf_count, 2);
	assert_int_equal(engine->shelves[0].rule, MOVED_LIMIT);
	assert_true(engine->shelves[0].until == MORNING + WQ_HOURS(5));
	house_expect_text(h,
	        "SELECT rule||' '||station||' '||until||' '||reason||' '||coalesce(ended,'-') FROM v_shelf"
	        " WHERE parameter='tp'",
	        "tp-limit nanheng 2026-03-05T13:00:00+08:00 清洗探头 -");
	house_expect_text(h, "SELECT ended||' '||ended_by FROM v_shelf WHERE station='yigan'",
	        "2026-03-05T09:00:00+08:00 李四");
}

static void the_newest_word_on_a_profile_stands_over_a_restart(void **state)
{
	struct house *h = *state;
	house_word(h, WQ_PROFILE_OFF, MORNING);
	house_word(h, WQ_PROFILE_ON, MORNING + 5)->until = MORNING + WQ_HOURS(9);
	house_word(h, WQ_PROFILE_OFF, MORNING + 2);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->word_count, 1);
	const struct wq_profile_word *w = &engine->words[0];
	assert_int_equal(w->profile, 1);
	assert_int_equal(w->hand, WQ_PROFILE_ON);
	assert_true(w->since == MORNING + 5 && w->until == MORNING + WQ_HOURS(9));
	assert_string_equal(w->who, "张三");
	assert_string_equal(w->reason, "秋汛");
	/* By its name, wherever it stands in the configuration. */
	engine = restart(h, &house_site_moved);
	assert_int_equal(engine->word_count, 1);
	assert_int_equal(engine->words[0].profile, 0);
	assert_int_equal(restart(h, &house_site_bare)->word_count, 0);
	house_again(h, &house_site);
	house_word(h, WQ_PROFILE_AUTO, MORNING + 9);
	house_commit(h);
	engine = restart(h, &house_site);
	assert_int_equal(engine->words[0].hand, WQ_PROFILE_AUTO);
	assert_true(engine->words[0].until == WQ_NO_TIME);
	house_expect_text(h, "SELECT group_concat(profile||' '||said||' '||coalesce(until,'-'),', ') FROM v_profile",
	        "flood off -, flood off -, flood on 2026-03-05T17:00:00+08:00, flood auto -");
}

static void a_delay_that_runs_goes_on_after_a_restart(void **state)
{
	struct house *h = *state;
	house_delay(h, LIMIT, 1);
	house_delay(h, DAILY, 0)->meets_since = MORNING + 7;
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	assert_int_equal(engine->restored_delays, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(engine->delays[i].exceeds_since == MORNING);
	/* It is over, and begun anew. */
	struct wq_delay *over = house_delay(h, LIMIT, 1);
	over->exceeds_since = WQ_NO_TIME;
	house_delay(h, DAILY, 0)->exceeds_since = MORNING + 9;
	house_commit(h);
	engine = restart(h, &house_site);
	assert_int_equal(engine->restored_delays, 1);
	assert_int_equal(engine->delays[0].rule, DAILY);
	assert_true(engine->delays[0].exceeds_since == MORNING + 9);
	assert_int_equal(house_number(h, "SELECT count(*) FROM delay"), 1);
}

/* What chatter and floods are counted from. */
static void openings_count_unless_their_place_was_shelved_since(void **state)
{
	struct house *h = *state;
	static const struct {
		enum wq_change_kind kind;
		enum wq_hush hush;
		wq_ms decided;
		bool told, counts;
	} rows[] = {
		{ WQ_OPENED, WQ_HUSH_NONE, 0, false, false }, /* too old to be asked for */
		{ WQ_OPENED, WQ_HUSH_NONE, 100, true, false },
		{ WQ_REOPENED, WQ_HUSH_NONE, 200, true, false }, /* the moment of the shelf */
		{ WQ_OPENED, WQ_HUSH_SHELVED, 300, true, false },
		{ WQ_RAISED, WQ_HUSH_NONE, 400, false, false },
		{ WQ_REOPENED, WQ_HUSH_FLOOD, 500, true, true },
		{ WQ_OPENED, WQ_HUSH_NONE, 600, true, true },
	};
	size_t told = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_change *c = house_change(h, ALARM + (int64_t)i, 1, rows[i].kind, LIMIT, 0);
		c->hush = rows[i].hush;
		c->decided = MORNING + rows[i].decided;
	}
	house_shelf(h, LIMIT, 0)->since = MORNING + 200;
	house_shelf(h, LIMIT, 1)->since = MORNING + 900; /* another place */
	house_commit(h);
	house_again(h, &house_site);
	static struct wq_engine engine;
	engine = (struct wq_engine){ .openings_from = MORNING + 1 };
	assert_int_equal(store_restore(h->store, &house_site, &engine, MORNING + 1000, INT64_MAX, &h->err), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!rows[i].told)
			continue;
		const struct wq_opening *o = &engine.openings[told++];
		assert_true(o->alarm == ALARM + (int64_t)i && o->decided == MORNING + rows[i].decided);
		assert_int_equal(o->hush, rows[i].hush);
		assert_int_equal(o->counts, rows[i].counts);
	}
	assert_int_equal(engine.opening_count, told);
}

static void alarms_of_every_scope_find_their_place(void **state)
{
	struct house *h = *state;
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 1);
	house_change(h, ALARM + 1, 1, WQ_OPENED, DAILY, 1);
	house_change(h, ALARM + 2, 1, WQ_OPENED, SILENCE, 0);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site);
	static const uint32_t rules[] = { LIMIT, DAILY, SILENCE }, places[] = { 1, 1, 0 };
	assert_int_equal(engine->alarm_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(engine->alarms[i].rule, rules[i]);
		assert_int_equal(engine->alarms[i].place, places[i]);
	}
	assert_int_equal(store_orphans(h->store), 0);
}

static void an_alarm_whose_rule_is_gone_is_counted_and_kept(void **state)
{
	struct house *h = *state;
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 0);
	house_commit(h);
	struct wq_engine *engine = restart(h, &house_site_bare);
	assert_int_equal(engine->alarm_count, 0);
	assert_int_equal(store_orphans(h->store), 1);
	assert_true(engine->highest == ALARM);
	assert_int_equal(restart(h, &house_site)->alarm_count, 1);
}

static void a_failure_of_the_engine_is_passed_on(void **state)
{
	struct house *h = *state;
	static struct wq_engine engine;
	engine = (struct wq_engine){ .refuse = WQ_E_MEMORY };
	house_change(h, ALARM, 1, WQ_OPENED, LIMIT, 0);
	house_commit(h);
	assert_int_equal(
	        store_restore(h->store, &house_site, &engine, MORNING, INT64_MAX, &h->err), WQ_E_MEMORY);
}

static void an_empty_history_restores_nothing(void **state)
{
	struct wq_engine *engine = restart(*state, &house_site);
	assert_int_equal(engine->sample_count + engine->day_count + engine->alarm_count, 0);
	assert_int_equal(engine->highest, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(samples_come_in_order_of_time_over_all_series),
		house_test(only_the_newest_revision_comes_with_its_last_arrival),
		house_test(what_lies_in_the_future_stays_in_the_file),
		house_test(what_is_older_than_the_engine_remembers_stays_in_the_file),
		house_test(indices_may_move_between_configurations),
		house_test(a_reload_maps_the_indices_anew),
		house_test(what_was_learnt_comes_back),
		house_test(days_come_in_their_newest_revision),
		house_test(days_that_rules_look_back_on_come_with_their_items),
		house_test(a_wanted_day_is_remembered_until_it_is_told),
		house_test(an_open_alarm_comes_back_as_it_was),
		house_test(the_state_of_an_alarm_follows_from_its_changes),
		house_test(a_maintenance_is_remembered_over_a_restart_and_its_end_is_recorded),
		house_test(a_maintenance_that_stands_comes_back_before_what_is_over),
		house_test(a_shelf_stands_over_a_restart_until_it_is_ended),
		house_test(the_newest_word_on_a_profile_stands_over_a_restart),
		house_test(a_delay_that_runs_goes_on_after_a_restart),
		house_test(openings_count_unless_their_place_was_shelved_since),
		house_test(alarms_of_every_scope_find_their_place),
		house_test(an_alarm_whose_rule_is_gone_is_counted_and_kept),
		house_test(a_failure_of_the_engine_is_passed_on),
		house_test(an_empty_history_restores_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
