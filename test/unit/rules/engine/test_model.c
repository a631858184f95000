/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's alarms against a simple model of them, over random verdicts, ticks, persons, shelves, steps of the clock, restarts
 * and reloads: the same changes, nobody told twice, none lost. The model is written from docs/rules.md with plain
 * conditions, without the engine's table; every cell of that table must have been used at the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_parts.h"
#include "life.h"
#include "seed.h"

#include <math.h>
#include <string.h>

/* Of a story, which begins with a new engine and an empty store: what a restart looks through stays bounded. */
#define OPERATIONS 30000
#define STORIES    5  /* WQ_LONG: 20 */
#define MOST       60 /* until every cell of the table was used: some are rare */
#define START      ((wq_ms)1772640000000) /* 2026-03-05T00:00:00+08:00 */
#define NONE       WQ_NO_TIME

/* -- a site: two stations with two series each; rules of every scope -- */

enum { SERIES_RULE, LATCH_RULE, STATION_RULE, SITE_RULE, FLOOD, RULES };
enum { SLOTS = 4 + 4 + 2 + 1 + 1 };

static const struct wq_rule kinds[] = { { .name = "series", .scope = WQ_SCOPE_SERIES },
	{ .name = "station", .scope = WQ_SCOPE_STATION },
	{ .name = "site", .scope = WQ_SCOPE_NETWORK } };
static const uint32_t all_series[] = { 0, 1, 2, 3 }, all_stations[] = { 0, 1 }, one[] = { 0 };
static const struct wq_station stations[] = {
	{ .id = "a", .name = "甲", .flows_into = 1, .zone = &wq_zone_china, .first_series = 0, .series_count = 2 },
	{ .id = "b", .name = "乙", .flows_into = WQ_NONE, .zone = &wq_zone_china, .first_series = 2, .series_count = 2 },
};
static const struct wq_series series[] = {
	{ .station = 0, .parameter = 0, .interval = WQ_MINUTES(5) },
	{ .station = 0, .parameter = 4, .interval = WQ_MINUTES(5) },
	{ .station = 1, .parameter = 0, .interval = WQ_MINUTES(5) },
	{ .station = 1, .parameter = 4, .interval = WQ_MINUTES(5) },
};
static struct wq_rule_use uses[RULES];
static struct wq_site site;

static void lay_out_site(void)
{
	static const struct {
		const struct wq_rule *rule;
		const char *name;
		size_t count;
		const uint32_t *places;
	} rows[RULES] = {
		[SERIES_RULE] = { &kinds[0], "series", 4, all_series },
		[LATCH_RULE] = { &kinds[0], "latch", 4, all_series },
		[STATION_RULE] = { &kinds[1], "station", 2, all_stations },
		[SITE_RULE] = { &kinds[2], "site", 1, one },
		[FLOOD] = { &kinds[2], WQ_FLOOD_RULE, 1, one },
	};
	static wq_ms further[5][2];
	for (int level = WQ_LEVEL_WATCH; level < 5; level++) {
		further[level][0] = WQ_MINUTES(25 * level);
		further[level][1] = WQ_MINUTES(15 * level);
	}
	for (size_t r = 0; r < RULES; r++) {
		uses[r] = (struct wq_rule_use){ .rule = rows[r].rule,
			.name = rows[r].name,
			.place_count = rows[r].count,
			.places = rows[r].places };
		for (int level = 0; level < 5; level++)
		{
			uses[r].escalate_after[level] = level >= WQ_LEVEL_WATCH ? WQ_MINUTES(10 * level) : NONE;
			/* One step, two or three. */
			if (level >= WQ_LEVEL_WATCH)
				uses[r].escalate_further[level] = (struct wq_further){ r % 3, further[level] };
		}
		uses[r].remind = (struct wq_reminding){ .open = { 0, 0, WQ_MINUTES(9), WQ_MINUTES(35), WQ_MINUTES(15) },
			.acknowledged = { 0, WQ_MINUTES(20), 0, WQ_MINUTES(25), WQ_MINUTES(12) } };
		uses[r].remind_most = 3;
	}
	site = (struct wq_site){ .name = "模型",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.parameter_count = wq_parameter_count,
		.station_count = 2,
		.series_count = 4,
		.rule_count = RULES,
		.parameters = wq_parameters,
		.stations = stations,
		.series = series,
		.rules = uses,
		.duty = { .flood_alarms = 4, .flood_within = WQ_MINUTES(10), .shelve_max = WQ_HOURS(3) } };
}

/* Settings as somebody may change them at a reload. */
static void choose_lives(struct seed *seed)
{
	for (size_t r = 0; r < FLOOD; r++)
		uses[r].life = (struct wq_life){ .on_delay = seed_below(seed, 3) == 0 ? WQ_MINUTES(4) : 0,
			.off_delay = seed_below(seed, 3) == 0 ? WQ_MINUTES(6) : 0,
			.hold = seed_below(seed, 4) == 0 ? WQ_MINUTES(12) : 0,
			.latch = r == LATCH_RULE ? seed_below(seed, 3) != 0 : seed_below(seed, 4) == 0,
			.chatter = seed_below(seed, 2) == 0 ? 2 + seed_below(seed, 3) : 0,
			.chatter_within = WQ_MINUTES(30),
			.chatter_shelve = seed_below(seed, 4) == 0 ? WQ_HOURS(4) : WQ_MINUTES(20) };
}

/* -- what was stored: all that a restart has -- */

#define STORED (10 * OPERATIONS)
static struct stored_change {
	int64_t alarm;
	uint32_t number, use, place;
	enum wq_change_kind kind;
	enum wq_hush hush;
	enum wq_level level;
	wq_ms time, decided;
} store[STORED];
static size_t stored;
static int64_t last_alarm[SLOTS];
static uint32_t last_number[SLOTS];
static struct wq_shelf shelf_rows[2 * OPERATIONS];
static size_t shelf_count;
static struct wq_delay delay_rows[SLOTS];

/* -- the model -- */

struct model_slot {
	uint32_t use, place;
	bool open, acknowledged, escalated, late_only, recovered, untold;
	int64_t id;
	uint32_t changes;
	int level;
	uint32_t escalations; /* since it began to wait */
	wq_ms last_step;      /* the span of the last of them; of an earlier life NONE */
	wq_ms opened, since, since_stored;
	bool restored; /* `since` is of an earlier life */
	wq_ms watched; /* then: when this one began to look; NONE: it has not */
	wq_ms reminded, reminded_stored;
	int64_t reminders;
	wq_ms exceeds, meets, exceeds_stored, meets_stored;
	wq_ms shelf_until, until_stored; /* NONE: not on the shelf */
	wq_ms openings[64];              /* since it was last shelved; the newest 64 */
	size_t opening_count;
};

struct expected {
	size_t slot;
	enum wq_change_kind kind;
	enum wq_hush hush;
	int level;
};

static struct model {
	struct model_slot slots[SLOTS];
	struct {
		wq_ms decided, decided_stored;
	} openings[4096];
	size_t opening_count;
	int64_t held;
	int64_t highest;
	struct expected expected[256];
	size_t count;
} model;

static size_t flood_slot(void)
{
	return SLOTS - 1;
}

static const struct wq_life *life_of(size_t slot)
{
	return &uses[model.slots[slot].use].life;
}

static bool flooded(void)
{
	return model.slots[flood_slot()].open;
}

static void expect(size_t slot, enum wq_change_kind kind, enum wq_hush hush)
{
	assert_true(model.count < 256);
	model.expected[model.count++] = (struct expected){ slot, kind, hush, model.slots[slot].level };
	model.slots[slot].changes++;
}

static enum wq_hush hush_of(size_t slot, enum wq_change_kind kind)
{
	struct model_slot *s = &model.slots[slot];
	if (s->shelf_until != NONE)
		return WQ_HUSH_SHELVED;
	if (kind == WQ_CLEARED || kind == WQ_CLOSED || kind == WQ_ACKNOWLEDGED || kind == WQ_RECOVERED)
		return s->untold ? WQ_HUSH_FLOOD : WQ_HUSH_NONE;
	return WQ_HUSH_NONE;
}

static void is_over(size_t slot)
{
	struct model_slot *s = &model.slots[slot];
	s->open = s->acknowledged = s->escalated = s->late_only = s->recovered = s->untold = false;
	s->level = 0;
	s->changes = 0;
}

static void begins_to_wait(struct model_slot *s, wq_ms now)
{
	s->since = s->since_stored = now;
	s->escalations = 0;
	s->restored = false;
}

/* Reminders count anew. */
static void answered(struct model_slot *s, wq_ms now)
{
	s->reminded = s->reminded_stored = now;
	s->reminders = 0;
}

static void told_anew(struct model_slot *s, wq_ms now)
{
	answered(s, now);
	s->acknowledged = s->escalated = s->late_only = s->recovered = false;
	begins_to_wait(s, now);
}

static size_t recent_openings(wq_ms now)
{
	size_t n = 0;
	for (size_t i = 0; i < model.opening_count; i++)
		n += now - model.openings[i].decided < site.duty.flood_within;
	return n;
}

static void put_on_shelf(size_t slot, wq_ms until)
{
	struct model_slot *s = &model.slots[slot];
	s->shelf_until = s->until_stored = until;
	s->opening_count = 0;
	if (s->open)
		expect(slot, WQ_SHELVED, WQ_HUSH_NONE);
}

static void off_the_shelf(size_t slot, wq_ms now)
{
	struct model_slot *s = &model.slots[slot];
	s->shelf_until = s->until_stored = NONE;
	if (!s->open)
		return;
	s->escalated = s->untold = false;
	begins_to_wait(s, now);
	answered(s, now);
	expect(slot, WQ_UNSHELVED, WQ_HUSH_NONE);
}

static void begin_id(size_t slot)
{
	/* Which number it gets the engine says; that it ascends is checked. */
	model.slots[slot].id = 0;
}

/* It rings: opened, or opened again. */
static void opens(size_t slot, int level, wq_ms at, wq_ms now)
{
	struct model_slot *s = &model.slots[slot];
	const struct wq_life *life = life_of(slot);
	bool shelved = s->shelf_until != NONE, begins = false, was_open = s->open;
	bool chatters = !shelved && life->chatter > 1 && s->opening_count >= (size_t)life->chatter - 1 &&
		at - s->openings[s->opening_count - (size_t)(life->chatter - 1)] <= life->chatter_within;
	enum wq_hush hush = shelved || chatters ? WQ_HUSH_SHELVED : WQ_HUSH_NONE;
	s->open = true;
	s->level = level;
	if (!was_open) {
		s->opened = at;
		begin_id(slot);
	}
	told_anew(s, now);
	if (hush == WQ_HUSH_NONE) {
		if (s->opening_count == 64) {
			memmove(s->openings, s->openings + 1, 63 * sizeof s->openings[0]);
			s->opening_count--;
		}
		s->openings[s->opening_count++] = at;
		if (slot != flood_slot()) {
			if (model.opening_count == 4096) {
				memmove(model.openings, model.openings + 2048, 2048 * sizeof model.openings[0]);
				model.opening_count = 2048;
			}
			model.openings[model.opening_count].decided = now;
			model.openings[model.opening_count++].decided_stored = now;
			begins = !flooded() && recent_openings(now) > (size_t)site.duty.flood_alarms;
		}
		if (begins)
			model.held = 0;
		if (slot != flood_slot() && (begins || flooded()) && level <= WQ_LEVEL_WATCH) {
			hush = WQ_HUSH_FLOOD;
			model.held++;
		}
	}
	s->untold = hush == WQ_HUSH_FLOOD;
	expect(slot, was_open ? WQ_REOPENED : WQ_OPENED, hush);
	if (chatters)
		put_on_shelf(slot, now + (life->chatter_shelve < WQ_HOURS(3) ? life->chatter_shelve : WQ_HOURS(3)));
	if (begins)
		opens(flood_slot(), WQ_LEVEL_WARNING, now, now);
}

static wq_ms begun(wq_ms since, wq_ms at)
{
	return since == NONE || since > at ? at : since;
}

static void follow_runs(size_t slot, enum wq_finding finding, wq_ms at)
{
	struct model_slot *s = &model.slots[slot];
	if (finding == WQ_FINDING_UNKNOWN)
		return;
	s->exceeds = finding == WQ_FINDING_RAISE ? begun(s->exceeds, at) : NONE;
	s->meets = finding == WQ_FINDING_CLEAR ? begun(s->meets, at) : NONE;
	s->exceeds_stored = life_of(slot)->on_delay > 0 ? s->exceeds : NONE;
	s->meets_stored = life_of(slot)->off_delay > 0 ? s->meets : NONE;
}

static void exceeds(size_t slot, int level, wq_ms at, wq_ms now, bool late)
{
	struct model_slot *s = &model.slots[slot];
	bool quiet = !s->open || s->recovered;
	if (late && quiet) {
		bool was_open = s->open;
		s->open = s->late_only = true;
		s->recovered = false;
		s->level = level;
		if (!was_open) {
			s->opened = at;
			begins_to_wait(s, now);
			answered(s, now);
		}
		enum wq_hush hush = hush_of(slot, WQ_CORRECTED);
		s->untold = false;
		expect(slot, WQ_CORRECTED, hush);
	} else if (late) {
		if (level <= s->level)
			return;
		s->level = level;
		enum wq_hush hush = hush_of(slot, WQ_CORRECTED);
		s->untold = false;
		expect(slot, WQ_CORRECTED, hush);
	} else if (quiet || s->late_only) {
		if (at - s->exceeds >= life_of(slot)->on_delay)
			opens(slot, level, at, now);
	} else if (level > s->level) {
		enum wq_hush hush = hush_of(slot, WQ_RAISED);
		s->level = level;
		told_anew(s, now);
		if (hush == WQ_HUSH_NONE && s->untold && flooded() && level <= WQ_LEVEL_WATCH && slot != flood_slot())
			hush = WQ_HUSH_FLOOD;
		s->untold = hush == WQ_HUSH_FLOOD;
		expect(slot, WQ_RAISED, hush);
	}
}

/* An opening that the clock took back lies in the future of all that is known. */
static bool held_open(const struct model_slot *s, const struct wq_life *life, wq_ms at, wq_ms now)
{
	bool never_was = s->opened > at && s->opened > now;
	return life->hold > 0 && !never_was && at - s->opened < life->hold;
}

static void meets(size_t slot, wq_ms at, wq_ms now, bool late)
{
	struct model_slot *s = &model.slots[slot];
	const struct wq_life *life = life_of(slot);
	if (!s->open)
		return;
	if (!late && (at - s->meets < life->off_delay || held_open(s, life, at, now)))
		return;
	if (s->recovered && life->latch)
		return;
	if (late && !s->recovered) {
		enum wq_hush hush = hush_of(slot, WQ_CORRECTED);
		s->untold = false;
		expect(slot, WQ_CORRECTED, hush);
	}
	if (life->latch && !s->acknowledged) {
		s->recovered = true;
		s->escalated = s->late_only = false;
		answered(s, now);
		expect(slot, WQ_RECOVERED, hush_of(slot, WQ_RECOVERED));
		return;
	}
	expect(slot, WQ_CLEARED, hush_of(slot, WQ_CLEARED));
	is_over(slot);
}

static void model_verdict(size_t slot, const struct wq_verdict *v, wq_ms now, bool late)
{
	if (!late)
		follow_runs(slot, v->finding, v->at);
	if (v->finding == WQ_FINDING_RAISE)
		exceeds(slot, (int)v->level, v->at, now, late);
	else if (v->finding == WQ_FINDING_CLEAR)
		meets(slot, v->at, now, late);
}

static int model_acknowledge(size_t slot, wq_ms now)
{
	struct model_slot *s = &model.slots[slot];
	if (!s->open)
		return WQ_E_MISSING;
	if (s->acknowledged)
		return WQ_E_STATE;
	expect(slot, WQ_ACKNOWLEDGED, hush_of(slot, WQ_ACKNOWLEDGED));
	if (s->recovered) {
		expect(slot, WQ_CLEARED, hush_of(slot, WQ_CLEARED));
		is_over(slot);
		return 0;
	}
	s->acknowledged = true;
	s->escalated = s->late_only = false;
	answered(s, now);
	return 0;
}

static bool reminds(const struct model_slot *s, wq_ms now)
{
	const struct wq_reminding *remind = &uses[s->use].remind;
	bool corrected = s->late_only && !s->recovered && !s->acknowledged && !s->escalated;
	bool held = flooded() && s->level <= WQ_LEVEL_WATCH;
	/* A recovered alarm is not acknowledged: its acknowledgement would have ended it. */
	wq_ms span = s->acknowledged && !s->recovered ? remind->acknowledged[s->level] : remind->open[s->level];
	return span != 0 && !corrected && s->shelf_until == NONE && !s->untold && !held && s->reminders < uses[s->use].remind_most &&
		now - s->reminded >= span;
}

static void model_remind(size_t slot, wq_ms now)
{
	struct model_slot *s = &model.slots[slot];
	if (!s->open)
		return;
	if (s->reminded > now)
		s->reminded = now;
	if (!reminds(s, now))
		return;
	s->reminded = s->reminded_stored = now;
	s->reminders++;
	expect(slot, WQ_REMINDED, WQ_HUSH_NONE);
}

/* The step after `passed` minutes a level: 10, then 15 and 25 where there are so many. */
static wq_ms step_after(const struct model_slot *s, wq_ms passed)
{
	static const int all[][3] = { { 10 }, { 10, 25 }, { 10, 15, 25 } };
	for (uint32_t i = 0; s->level >= WQ_LEVEL_WATCH && i <= s->use % 3; i++)
		if (WQ_MINUTES(all[s->use % 3][i] * s->level) > passed)
			return WQ_MINUTES(all[s->use % 3][i] * s->level);
	return NONE;
}

static wq_ms next_step(const struct model_slot *s)
{
	wq_ms passed = 0;
	if (s->escalations > 0 && s->last_step != NONE)
		return step_after(s, s->last_step);
	for (uint32_t i = 0; i < s->escalations; i++)
		if (step_after(s, passed) != NONE)
			passed = step_after(s, passed);
	return step_after(s, passed);
}

static void model_tick(wq_ms now)
{
	struct model_slot *flood = &model.slots[flood_slot()];
	for (size_t i = 0; i < SLOTS; i++) {
		struct model_slot *s = &model.slots[i];
		s->until_stored = s->shelf_until;
		if (s->shelf_until != NONE && now >= s->shelf_until)
			off_the_shelf(i, now);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		struct model_slot *s = &model.slots[i];
		wq_ms after = s->open ? next_step(s) : NONE;
		if (after == NONE || s->shelf_until != NONE)
			continue;
		if (s->restored && s->watched == NONE)
			s->watched = now;
		wq_ms from = s->restored && s->watched < s->since ? s->watched : s->since;
		if (s->acknowledged || s->late_only || s->recovered || now - from < after)
			continue;
		s->escalations++;
		s->last_step = after;
		s->escalated = true;
		s->untold = false;
		expect(i, WQ_ESCALATED, WQ_HUSH_NONE);
		/* It says all that a reminder would; that it did is not stored. */
		if (reminds(s, now))
			s->reminded = now;
	}
	for (size_t i = 0; i < SLOTS; i++)
		model_remind(i, now);
	if (flood->open && recent_openings(now) <= (size_t)site.duty.flood_alarms / 2) {
		expect(flood_slot(), WQ_CLEARED, hush_of(flood_slot(), WQ_CLEARED));
		is_over(flood_slot());
	}
}

static void model_step(wq_ms by, wq_ms now)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct model_slot *s = &model.slots[i];
		s->since += s->open ? by : 0;
		s->since_stored = s->since; /* the daemon stores it with each step */
		s->watched += s->watched != NONE ? by : 0;
		s->reminded += s->open ? by : 0;
		s->exceeds = s->exceeds > now ? NONE : s->exceeds;
		s->meets = s->meets > now ? NONE : s->meets;
		s->shelf_until += s->shelf_until != NONE ? by : 0;
		/* Only as many as matter are remembered. */
		size_t most = life_of(i)->chatter > 1 ? (size_t)life_of(i)->chatter - 1 : 0;
		if (s->opening_count > most) {
			memmove(s->openings, s->openings + s->opening_count - most, most * sizeof s->openings[0]);
			s->opening_count = most;
		}
		while (s->opening_count > 0 && s->openings[s->opening_count - 1] > now)
			s->opening_count--;
	}
	for (size_t i = 0; i < model.opening_count; i++)
		model.openings[i].decided += by;
}

/* What was never stored is forgotten. */
static void model_restart(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct model_slot *s = &model.slots[i];
		s->since = s->since_stored;
		s->last_step = NONE;
		s->restored = s->open;
		s->watched = NONE;
		s->reminded = s->reminded_stored;
		s->exceeds = s->exceeds_stored;
		s->meets = s->meets_stored;
		s->shelf_until = s->until_stored;
	}
	for (size_t i = 0; i < model.opening_count; i++)
		model.openings[i].decided = model.openings[i].decided_stored;
}

/* -- the two held together -- */

static size_t visited[WQ_LIFE_STATES][LIFE_EVENTS];

const struct life_step *__real_life_step(enum wq_life_state state, enum life_event event);
const struct life_step *__wrap_life_step(enum wq_life_state state, enum life_event event);
const struct life_step *__wrap_life_step(enum wq_life_state state, enum life_event event)
{
	visited[state][event]++;
	return __real_life_step(state, event);
}

static size_t slot_number(uint32_t use, uint32_t place)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (model.slots[i].use == use && model.slots[i].place == place)
			return i;
	fail_msg("no such slot");
	return 0;
}

/* Changes of different alarms may come in any order within a call; of one alarm in theirs. */
static void take_expected(const struct wq_change *c, bool used[256])
{
	size_t slot = slot_number(c->rule, c->place);
	for (size_t i = 0; i < model.count; i++) {
		const struct expected *e = &model.expected[i];
		if (used[i] || e->slot != slot)
			continue;
		if (e->kind != c->kind || e->hush != c->hush || e->level != (int)c->level)
			fail_msg("slot %zu: %s %d '%s', expected %s %d '%s'", slot, wq_change_name(c->kind), (int)c->level,
				wq_hush_name(c->hush), wq_change_name(e->kind), e->level, wq_hush_name(e->hush));
		used[i] = true;
		return;
	}
	fail_msg("slot %zu: %s was not expected", slot, wq_change_name(c->kind));
}

static void keep_change(const struct wq_change *c)
{
	assert_true(stored < STORED);
	store[stored++] = (struct stored_change){ c->alarm, c->number, c->rule, c->place, c->kind, c->hush, c->level, c->time,
		c->decided };
}

/* Numbers within an alarm are 1, 2, 3 …; so no notice, whose id holds them, can go out twice. */
static void check_number(const struct wq_change *c)
{
	size_t slot = slot_number(c->rule, c->place);
	if (c->alarm != last_alarm[slot]) {
		assert_int_equal(c->number, 1);
		assert_true(c->alarm > model.highest);
		model.highest = c->alarm;
	} else {
		assert_int_equal(c->number, last_number[slot] + 1);
	}
	last_alarm[slot] = c->alarm;
	last_number[slot] = c->number;
	model.slots[slot].id = c->alarm;
}

static void keep_shelf(const struct wq_shelf *shelf)
{
	size_t i = shelf_count;
	while (i > 0 && (shelf_rows[i - 1].rule != shelf->rule || shelf_rows[i - 1].place != shelf->place ||
				shelf_rows[i - 1].since != shelf->since))
		i--;
	if (i == 0) {
		assert_true(shelf_count < sizeof shelf_rows / sizeof *shelf_rows);
		i = ++shelf_count;
	}
	shelf_rows[i - 1] = *shelf;
}

/* What the engine concluded is what the model expects; it is stored. */
static void settle(struct wq_outcome *out)
{
	bool used[256] = { false };
	for (size_t i = 0; i < out->change_count; i++) {
		take_expected(&out->changes[i], used);
		check_number(&out->changes[i]);
		keep_change(&out->changes[i]);
		assert_true(strlen(out->changes[i].evidence) > 40);
	}
	if (out->change_count != model.count)
		fail_msg("%zu changes, %zu expected: slot %zu %s", out->change_count, model.count, model.expected[0].slot,
			wq_change_name(model.expected[0].kind));
	for (size_t i = 0; i < out->shelf_count; i++)
		keep_shelf(&out->shelves[i]);
	for (size_t i = 0; i < out->delay_count; i++)
		delay_rows[slot_number(out->delays[i].rule, out->delays[i].place)] = out->delays[i];
	wq_outcome_reset(out);
	model.count = 0;
}

static enum wq_life_state model_state(const struct model_slot *s)
{
	return !s->open		? WQ_LIFE_NORMAL
		: s->recovered	? WQ_LIFE_RECOVERED
		: s->acknowledged ? WQ_LIFE_ACKNOWLEDGED
		: s->escalated	? WQ_LIFE_ESCALATED
		: s->late_only	? WQ_LIFE_CORRECTED
				: WQ_LIFE_ACTIVE;
}

static void compare(struct wq_engine *engine)
{
	const struct wq_alarm *const *alarms;
	size_t n = wq_engine_alarms(engine, &alarms), open = 0;
	for (size_t i = 0; i < SLOTS; i++)
		open += model.slots[i].open;
	assert_int_equal(n, open);
	for (size_t i = 0; i < n; i++) {
		const struct model_slot *s = &model.slots[slot_number(alarms[i]->rule, alarms[i]->place)];
		assert_true(s->open && alarms[i]->id == s->id);
		assert_true(i == 0 || alarms[i]->id > alarms[i - 1]->id);
		assert_int_equal(alarms[i]->state, model_state(s));
		assert_int_equal(alarms[i]->level, s->level);
		assert_int_equal(alarms[i]->changes, s->changes);
		assert_int_equal(alarms[i]->untold, s->untold);
		assert_int_equal(alarms[i]->escalations, s->escalations);
		assert_true(alarms[i]->opened == s->opened && alarms[i]->since == s->since);
		assert_true(alarms[i]->reminded == s->reminded && alarms[i]->reminders == s->reminders);
	}
	assert_true(wq_engine_flood(engine) == (flooded() ? model.held : -1));
	for (size_t i = 0; i < SLOTS; i++) {
		const struct wq_shelf *shelf = wq_engine_shelf(engine, model.slots[i].use, model.slots[i].place);
		assert_true((shelf != NULL ? shelf->until : NONE) == model.slots[i].shelf_until);
	}
}

/* As the store does it, from what was stored. */
static void restore_alarms(struct wq_engine *engine)
{
	struct wq_alarm alarms[SLOTS] = { 0 };
	for (size_t i = 0; i < stored; i++) {
		const struct stored_change *c = &store[i];
		struct wq_alarm *a = &alarms[slot_number(c->use, c->place)];
		if (a->id != c->alarm)
			*a = (struct wq_alarm){ .id = c->alarm, .rule = c->use, .place = c->place };
		wq_alarm_follow(a, c->kind, c->level, c->time, c->decided, c->hush);
		a->last = (struct wq_verdict){ .series = WQ_NONE, .at = c->time, .value = NAN, .limit = NAN };
	}
	for (size_t i = 0; i < SLOTS; i++)
		if (alarms[i].id != 0 && alarms[i].state != WQ_LIFE_NORMAL) {
			alarms[i].since = model.slots[i].since_stored;
			assert_int_equal(wq_engine_restore_alarm(engine, &alarms[i], NULL), 0);
		}
	wq_engine_restore_highest(engine, model.highest);
}

static bool shelved_since(const struct stored_change *c)
{
	for (size_t i = shelf_count; i-- > 0;)
		if (shelf_rows[i].rule == c->use && shelf_rows[i].place == c->place && shelf_rows[i].since >= c->decided)
			return true;
	return false;
}

/* Of the model too: what a restart counts is what was stored. Where no clock was set in between that is what was counted
 * before it. */
static void model_openings(struct model_slot *before, bool steady)
{
	for (size_t i = 0; i < SLOTS && steady; i++) {
		const struct model_slot *s = &model.slots[i];
		for (size_t k = 1; k <= s->opening_count && k <= before[i].opening_count; k++)
			assert_true(s->openings[s->opening_count - k] == before[i].openings[before[i].opening_count - k]);
	}
}

static void model_held(bool steady)
{
	int64_t held = 0;
	for (size_t i = 0; i < stored; i++)
		held += (store[i].kind == WQ_OPENED || store[i].kind == WQ_REOPENED) && store[i].hush == WQ_HUSH_FLOOD &&
			store[i].decided >= model.slots[flood_slot()].opened;
	if (!flooded())
		return;
	assert_true(!steady || held == model.held);
	model.held = held;
}

/* True when the clock was not set since the oldest of the openings that count (what was decided while it was ahead would
 * stand among them with its wrong time) and the same lives count them as before. */
static bool restore_openings(struct wq_engine *engine, wq_ms now, wq_ms ahead, bool same)
{
	static struct model_slot before[SLOTS];
	wq_ms from = wq_engine_openings(engine, now);
	bool steady = same && ahead < from;
	memcpy(before, model.slots, sizeof before);
	for (size_t i = 0; i < SLOTS; i++)
		model.slots[i].opening_count = 0;
	for (size_t i = 0; i < stored; i++) {
		const struct stored_change *c = &store[i];
		if ((c->kind != WQ_OPENED && c->kind != WQ_REOPENED) || c->decided < from)
			continue;
		const struct wq_opening opening = { .alarm = c->alarm,
			.rule = c->use,
			.place = c->place,
			.time = c->time,
			.decided = c->decided,
			.hush = c->hush,
			.counts = c->hush != WQ_HUSH_SHELVED && !shelved_since(c) };
		wq_engine_restore_opening(engine, &opening);
		struct model_slot *s = &model.slots[slot_number(c->use, c->place)];
		if (opening.counts && s->opening_count < 64)
			s->openings[s->opening_count++] = c->time;
	}
	model_openings(before, steady);
	model_held(steady);
	return steady;
}

static struct wq_engine *restart(struct wq_engine *engine, wq_ms now, wq_ms ahead, bool same, bool *steady)
{
	wq_engine_free(engine);
	engine = wq_engine_new(&site, NULL);
	assert_non_null(engine);
	restore_alarms(engine);
	for (size_t i = 0; i < shelf_count; i++)
		if (shelf_rows[i].ended == NONE)
			assert_int_equal(wq_engine_restore_shelf(engine, &shelf_rows[i], NULL), 0);
	for (size_t i = 0; i < SLOTS; i++)
		wq_engine_restore_delay(engine, &delay_rows[i]);
	*steady = restore_openings(engine, now, ahead, same);
	model_restart();
	return engine;
}

/* -- the operations -- */

struct run {
	struct seed seed;
	struct wq_engine *engine;
	struct wq_outcome out;
	wq_ms now, ahead; /* our clock, and the latest that it ever was when it was set */
	size_t changes, shelves, told, restarts, steady, floods, chatters;
};

static void give_verdict(struct run *run)
{
	static const enum wq_finding findings[] = { WQ_FINDING_UNKNOWN, WQ_FINDING_HOLD, WQ_FINDING_CLEAR, WQ_FINDING_CLEAR,
		WQ_FINDING_CLEAR, WQ_FINDING_RAISE, WQ_FINDING_RAISE, WQ_FINDING_RAISE };
	size_t slot = (size_t)seed_below(&run->seed, SLOTS - 1);
	struct model_slot *s = &model.slots[slot];
	struct wq_verdict verdict = { .finding = findings[seed_below(&run->seed, 8)],
		.level = (enum wq_level)(1 + seed_below(&run->seed, 4)),
		.series = uses[s->use].rule->scope == WQ_SCOPE_SERIES ? s->place : WQ_NONE,
		.at = run->now - seed_below(&run->seed, WQ_MINUTES(3)),
		.value = 0.3,
		.limit = 0.2 };
	bool late = seed_below(&run->seed, 6) == 0;
	model_verdict(slot, &verdict, run->now, late);
	alarms_apply(run->engine, &run->engine->slots[run->engine->first_slot[s->use] + s->place], &verdict, run->now, late,
		&run->out);
}

static void ask_person(struct run *run, bool close)
{
	size_t slot = (size_t)seed_below(&run->seed, SLOTS);
	struct model_slot *s = &model.slots[slot];
	int64_t id = s->open ? s->id : 1;
	if (close) {
		static const struct wq_closing said = { "原因", "措施", NULL };
		int r = wq_engine_close(run->engine, id, "甲", &said, run->now, &run->out, NULL);
		assert_int_equal(r, s->open ? 0 : WQ_E_MISSING);
		if (s->open) {
			expect(slot, WQ_CLOSED, hush_of(slot, WQ_CLOSED));
			is_over(slot);
		}
		return;
	}
	assert_int_equal(wq_engine_acknowledge(run->engine, id, "甲", NULL, run->now, &run->out, NULL),
		model_acknowledge(slot, run->now));
}

static void move_shelf(struct run *run)
{
	size_t slot = (size_t)seed_below(&run->seed, SLOTS);
	struct model_slot *s = &model.slots[slot];
	wq_ms span = seed_below(&run->seed, 8) == 0 ? WQ_HOURS(4) : WQ_MINUTES(seed_below(&run->seed, 40));
	if (seed_below(&run->seed, 2) == 0) {
		int r = wq_engine_shelve(run->engine, s->use, s->place, run->now + span, "乙", "清洗", run->now, &run->out,
			NULL);
		bool fits = span > 0 && span <= WQ_HOURS(3);
		assert_int_equal(r, s->shelf_until != NONE ? WQ_E_STATE : fits ? 0 : WQ_E_INVALID);
		if (r == 0)
			put_on_shelf(slot, run->now + span);
		return;
	}
	int r = wq_engine_unshelve(run->engine, s->use, s->place, "乙", run->now, &run->out, NULL);
	assert_int_equal(r, s->shelf_until != NONE ? 0 : WQ_E_STATE);
	if (r == 0)
		off_the_shelf(slot, run->now);
}

static void tick(struct run *run)
{
	model_tick(run->now);
	assert_int_equal(wq_engine_tick(run->engine, run->now, &run->out, NULL), 0);
}

static void step_clock(struct run *run)
{
	wq_ms by = (seed_below(&run->seed, 2) == 0 ? 1 : -1) * WQ_MINUTES(1 + seed_below(&run->seed, 90));
	run->ahead = run->now > run->ahead ? run->now : run->ahead;
	run->now += by;
	run->ahead = run->now > run->ahead ? run->now : run->ahead;
	model_step(by, run->now);
	wq_engine_stepped(run->engine, by, run->now);
	/* The daemon ticks each second: what the step moved is stored before anything else is likely. */
	if (seed_below(&run->seed, 4) != 0)
		tick(run);
}

static void operate(struct run *run)
{
	int64_t what = seed_below(&run->seed, 1000);
	run->now += seed_below(&run->seed, WQ_SECONDS(50)) + 1;
	if (what < 600)
		give_verdict(run);
	else if (what < 760)
		tick(run);
	else if (what < 830)
		ask_person(run, false);
	else if (what < 870)
		ask_person(run, true);
	else if (what < 940)
		move_shelf(run);
	else if (what < 950)
		run->now += WQ_MINUTES(seed_below(&run->seed, 240));
	else if (what < 954)
		step_clock(run);
	else if (what < 957) {
		if (what == 954)
			choose_lives(&run->seed);
		bool steady;
		run->engine = restart(run->engine, run->now, run->ahead, what != 954, &steady);
		run->steady += steady;
		run->restarts++;
	}
}

static void count_told(struct run *run)
{
	for (size_t i = 0; i < run->out.change_count; i++) {
		const struct wq_change *c = &run->out.changes[i];
		run->told += c->hush == WQ_HUSH_NONE;
		run->floods += c->rule == FLOOD && c->kind == WQ_OPENED;
		run->chatters += c->kind == WQ_SHELVED && c->who[0] == '\0';
	}
}

/* Cells that nothing can ask for: docs of the events in life.h. */
static bool can_be_asked(int state, int event)
{
	static const int never_normal[] = { LIFE_HIGHER, LIFE_LATE_HIGHER, LIFE_OVERDUE, LIFE_REMIND, LIFE_ACKNOWLEDGE, LIFE_CLOSE,
		LIFE_SHELVE, LIFE_UNSHELVE };
	for (size_t i = 0; state == WQ_LIFE_NORMAL && i < sizeof never_normal / sizeof *never_normal; i++)
		if (never_normal[i] == event)
			return false;
	if (state == WQ_LIFE_CORRECTED && event == LIFE_REMIND)
		return false;
	return event != LIFE_EXCEEDING || state == WQ_LIFE_NORMAL || state == WQ_LIFE_CORRECTED ||
		state == WQ_LIFE_RECOVERED;
}

static bool all_cells_used(void)
{
	for (int s = 0; s < WQ_LIFE_STATES; s++)
		for (int e = 0; e < LIFE_EVENTS; e++)
			if (visited[s][e] == 0 && can_be_asked(s, e))
				return false;
	return true;
}

static void every_cell_was_used(void)
{
	for (int s = 0; s < WQ_LIFE_STATES; s++)
		for (int e = 0; e < LIFE_EVENTS; e++)
			if ((visited[s][e] > 0) != can_be_asked(s, e))
				fail_msg("%s, event %d: %zu times", wq_life_name((enum wq_life_state)s), e, visited[s][e]);
}

static void begin_story(struct run *run)
{
	size_t slot = 0;
	stored = shelf_count = 0;
	memset(&model, 0, sizeof model);
	memset(last_alarm, 0, sizeof last_alarm);
	memset(last_number, 0, sizeof last_number);
	run->now = START;
	run->ahead = 0;
	choose_lives(&run->seed);
	for (uint32_t r = 0; r < RULES; r++)
		for (uint32_t p = 0; p < uses[r].place_count; p++, slot++) {
			model.slots[slot] = (struct model_slot){ .use = r,
				.place = p,
				.exceeds = NONE,
				.meets = NONE,
				.exceeds_stored = NONE,
				.meets_stored = NONE,
				.shelf_until = NONE,
				.until_stored = NONE };
			delay_rows[slot] = (struct wq_delay){ r, p, NONE, NONE };
		}
	run->engine = wq_engine_new(&site, NULL);
	assert_non_null(run->engine);
}

static void tell_story(struct run *run)
{
	begin_story(run);
	for (int i = 0; i < OPERATIONS; i++) {
		operate(run);
		count_told(run);
		settle(&run->out);
		compare(run->engine);
	}
	run->changes += stored;
	run->shelves += shelf_count;
	wq_engine_free(run->engine);
}

static void the_engine_does_what_the_model_does(void **state)
{
	const int stories = getenv("WQ_LONG") != NULL ? 20 : STORIES;
	static struct run run;
	int told;
	(void)state;
	run = (struct run){ .seed = seed_new() };
	lay_out_site();
	for (told = 0; told < stories || (told < MOST && !all_cells_used()); told++)
		tell_story(&run);
	every_cell_was_used();
	print_message("%d stories of %d operations, %zu changes, %zu told, %zu shelves, %zu of them for chatter, %zu floods, "
		      "%zu restarts\n",
		told, OPERATIONS, run.changes, run.told, run.shelves, run.chatters, run.floods, run.restarts);
	assert_true(run.chatters > 10 && run.floods > 10 && run.restarts > 100 && run.steady > 50);
	wq_outcome_free(&run.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_engine_does_what_the_model_does) };
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
