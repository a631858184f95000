/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: stretches of the year (or what a person says instead) in which rules are active or not. An inactive rule is
 * asked like any other and its memory follows; what it raises does not count. */
#include "engine_parts.h"

#include <stdlib.h>

static bool by_date(const struct wq_profile *profile, wq_day today)
{
	const struct wq_season season = { profile->from_month, profile->from_day, profile->to_month, profile->to_day };
	return wq_season_has(&season, today);
}

bool profiles_take(struct wq_engine *engine)
{
	engine->words = calloc(engine->site->profile_count + 1, sizeof *engine->words);
	return engine->words != NULL;
}

static bool in_force(const struct wq_profile_word *said, wq_ms now)
{
	return said->hand != WQ_PROFILE_AUTO && (said->until == WQ_NO_TIME || now < said->until);
}

/* Which are on, and until when that holds for sure: the end of the day, or of what a person said. */
static void look(struct wq_engine *engine, wq_ms now)
{
	const struct wq_site *site = engine->site;
	wq_day today = wq_day_of(site->zone, now);
	engine->profiles = 0;
	engine->profiles_from = now;
	engine->profiles_until = site->profile_count > 0 ? wq_day_start(site->zone, today + 1) : INT64_MAX;
	for (size_t i = 0; i < site->profile_count; i++) {
		const struct wq_profile_word *said = &engine->words[i];
		bool forced = in_force(said, now);
		bool on = forced ? said->hand == WQ_PROFILE_ON : by_date(&site->profiles[i], today);
		engine->profiles |= (uint32_t)on << i;
		if (forced && said->until != WQ_NO_TIME && said->until < engine->profiles_until)
			engine->profiles_until = said->until;
	}
}

static uint32_t on_now(struct wq_engine *engine, wq_ms now)
{
	if (now < engine->profiles_from || now >= engine->profiles_until)
		look(engine, now);
	return engine->profiles;
}

bool profiles_active(struct wq_engine *engine, const struct wq_rule_use *use, wq_ms now)
{
	if (use->profiles == 0 && use->except_profiles == 0)
		return true;
	uint32_t on = on_now(engine, now);
	return (use->profiles == 0 || (use->profiles & on) != 0) && (use->except_profiles & on) == 0;
}

/* Rules that have become active may have something to say already. */
static void ask_anew(struct wq_engine *engine, wq_ms now)
{
	for (size_t i = 0; i < engine->slot_count; i++) {
		const struct wq_rule_use *use = &engine->site->rules[engine->slots[i].use];
		if (use->profiles != 0 || use->except_profiles != 0)
			engine->slots[i].wake = now;
	}
	engine->wake = now;
}

void profiles_advance(struct wq_engine *engine, wq_ms now)
{
	uint32_t before = engine->profiles;
	if (on_now(engine, now) != before)
		ask_anew(engine, now);
}

wq_ms profiles_wake(const struct wq_engine *engine)
{
	return engine->profiles_until;
}

/* The word holds from now on. */
static void take(struct wq_engine *engine, const struct wq_profile_word *word, wq_ms now)
{
	uint32_t before = engine->profiles;
	engine->words[word->profile] = *word;
	look(engine, now);
	if (engine->profiles != before)
		ask_anew(engine, now);
}

static int check(const struct wq_engine *engine, const struct wq_profile_word *word, struct wq_err *err)
{
	return word->profile < engine->site->profile_count
		? 0
		: wq_fail(err, WQ_E_MISSING, "there is no profile %u; %zu are configured", word->profile,
			  engine->site->profile_count);
}

/* The newest word holds after a restart: what is said later is later, even within one instant, or when the clock was set
 * back. */
static wq_ms after_the_last(const struct wq_engine *engine, const struct wq_profile_word *word)
{
	wq_ms last = engine->words[word->profile].since;
	return word->since > last ? word->since : last + 1;
}

int wq_engine_profile(struct wq_engine *engine, const struct wq_profile_word *word, struct wq_outcome *out,
	struct wq_err *err)
{
	struct wq_profile_word said = *word;
	int r = check(engine, word, err);
	if (r < 0)
		return r;
	if (word->until != WQ_NO_TIME && word->until <= word->since)
		return wq_fail(err, WQ_E_INVALID, "what is said of a profile ends in the future; nothing was changed");
	said.since = after_the_last(engine, word);
	if (!outcome_word(out, &said))
		return wq_fail(err, WQ_E_MEMORY, "no memory to record this; nothing was changed");
	take(engine, &said, word->since);
	return 0;
}

int wq_engine_restore_profile(struct wq_engine *engine, const struct wq_profile_word *word, struct wq_err *err)
{
	int r = check(engine, word, err);
	if (r < 0)
		return r;
	engine->words[word->profile] = *word;
	engine->profiles_until = engine->profiles_from; /* looked at with the next tick */
	return 0;
}

const struct wq_profile_word *wq_engine_profile_word(const struct wq_engine *engine, uint32_t profile, wq_ms now)
{
	return in_force(&engine->words[profile], now) ? &engine->words[profile] : NULL;
}

bool wq_engine_profile_on(const struct wq_engine *engine, uint32_t profile, wq_ms now)
{
	const struct wq_profile_word *word = wq_engine_profile_word(engine, profile, now);
	return word != NULL ? word->hand == WQ_PROFILE_ON
			    : by_date(&engine->site->profiles[profile], wq_day_of(engine->site->zone, now));
}
