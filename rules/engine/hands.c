/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance by hand: announced, ended, remembered; and what nobody ended. A switch that was forgotten in "maintenance" is
 * worse than a false alarm: nobody watches, and nobody knows. So it is told once, to those in the lead, when
 *
 *   - what a person announced is over its end, nobody ended it, and no reading has come since;
 *   - a station still flags maintenance after a plan or a person's end;
 *   - a station has flagged maintenance for longer than it may (wq_station.flag_longest).
 *
 * It is no alarm of the water, and ends with the first reading that can be judged, or with a new announcement. */
#include "engine_parts.h"

#include "phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A few minutes over the end are no matter. */
#define GRACE WQ_MINUTES(10)
#define LOOK  WQ_MINUTES(1)

/* -- announced and ended by people -- */

static bool stands(const struct wq_maintenance *hand, wq_ms now)
{
	return hand->ended == WQ_NO_TIME && now < hand->to;
}

static int check_wish(const struct wq_engine *engine, const struct wq_maintenance *wish, wq_ms now, struct wq_err *err)
{
	const struct wq_site *site = engine->site;
	char longest[WQ_INSTANT_TEXT], until[WQ_INSTANT_TEXT];
	if (wish->station >= site->station_count ||
		(wish->series != WQ_NONE &&
			(wish->series >= site->series_count || site->series[wish->series].station != wish->station)))
		return wq_fail(err, WQ_E_MISSING, "there is no such station or it has no such parameter; nothing was changed");
	if (wish->to <= now)
		return wq_fail(err, WQ_E_INVALID, "a maintenance ends in the future; nothing was changed");
	if (wish->to - now > WQ_MAINTENANCE_LONGEST)
		return wq_fail(err, WQ_E_INVALID, "a maintenance lasts at most %s; nothing was changed",
			wq_span_format(WQ_MAINTENANCE_LONGEST, longest));
	for (size_t i = 0; i < engine->hand_count; i++) {
		const struct wq_maintenance *hand = &engine->hands[i];
		if (stands(hand, now) && hand->station == wish->station && hand->series == wish->series)
			return wq_fail(err, WQ_E_STATE, "%s is under maintenance already, by %s until %s; end that first",
				site->stations[wish->station].id, hand->who,
				wq_instant_format(site->stations[wish->station].zone, hand->to, until));
	}
	return 0;
}

/* Room for one more: the oldest that is over goes. */
static bool make_room(struct wq_engine *engine, wq_ms now)
{
	size_t i = 0;
	if (engine->hand_count < HANDS_MAX)
		return true;
	while (i < engine->hand_count && stands(&engine->hands[i], now))
		i++;
	if (i == engine->hand_count)
		return false;
	memmove(engine->hands + i, engine->hands + i + 1, (engine->hand_count - i - 1) * sizeof *engine->hands);
	engine->hand_count--;
	return true;
}

int wq_engine_maintain(struct wq_engine *engine, const struct wq_maintenance *wish, wq_ms now, struct wq_outcome *out,
	struct wq_err *err)
{
	int r = check_wish(engine, wish, now, err);
	if (r < 0)
		return r;
	if (!make_room(engine, now))
		return wq_fail(err, WQ_E_FULL, "%d maintenances are announced already; end one first", HANDS_MAX);
	struct wq_maintenance hand = { .id = now > engine->hand_highest ? now : engine->hand_highest + 1,
		.station = wish->station,
		.series = wish->series,
		.from = now,
		.to = wish->to,
		.ended = WQ_NO_TIME };
	record_text(hand.who, sizeof hand.who, wish->who);
	record_text(hand.reason, sizeof hand.reason, wish->reason);
	if (!outcome_maintenance(out, &hand))
		return wq_fail(err, WQ_E_MEMORY, "no memory to record this; try again");
	engine->hands[engine->hand_count++] = hand;
	engine->hand_highest = hand.id;
	engine->care_due = now;
	return 0;
}

int wq_engine_maintain_end(struct wq_engine *engine, uint32_t station, uint32_t series, const char *who, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	size_t done = 0;
	for (size_t i = 0; i < engine->hand_count; i++) {
		struct wq_maintenance ended = engine->hands[i];
		if (ended.ended != WQ_NO_TIME || ended.station != station || (series != WQ_NONE && ended.series != series))
			continue;
		ended.ended = now;
		record_text(ended.ended_by, sizeof ended.ended_by, who);
		if (!outcome_maintenance(out, &ended))
			return wq_fail(err, WQ_E_MEMORY, "no memory to record this; try again");
		engine->hands[i] = ended;
		done++;
	}
	engine->care_due = now;
	return done > 0 ? 0
			: wq_fail(err, WQ_E_STATE,
				  "nobody has announced a maintenance there that could be ended; plans are in the "
				  "configuration, flags are the station's");
}

void wq_engine_restore_maintenance(struct wq_engine *engine, const struct wq_maintenance *hand)
{
	const struct wq_site *site = engine->site;
	if (hand->id > engine->hand_highest)
		engine->hand_highest = hand->id;
	if (hand->station >= site->station_count || engine->hand_count == HANDS_MAX ||
		(hand->series != WQ_NONE &&
			(hand->series >= site->series_count || site->series[hand->series].station != hand->station)))
		return;
	size_t i = engine->hand_count++;
	for (; i > 0 && engine->hands[i - 1].id > hand->id; i--)
		engine->hands[i] = engine->hands[i - 1];
	engine->hands[i] = *hand;
}

/* -- what nobody ended -- */

static const struct wq_station *station_at(const struct wq_engine *engine, uint32_t station)
{
	return &engine->site->stations[station];
}

static const char *name_of(const struct wq_engine *engine, uint32_t series)
{
	return engine->site->parameters[engine->site->series[series].parameter].name;
}

/* Whether a reading that can be judged has come since. */
static bool resumed(const struct wq_engine *engine, const struct wq_maintenance *hand, wq_ms now)
{
	const struct wq_station *station = station_at(engine, hand->station);
	for (uint32_t i = station->first_series; i < station->first_series + station->series_count; i++)
		if ((hand->series == WQ_NONE || hand->series == i) && suppress_seen(engine, i, now) >= hand->to)
			return true;
	return false;
}

/* Anything that says now that the place is being worked on, other than by flag. */
static bool announced(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	wq_ms until = care_announced(engine, series, now);
	return until != WQ_NO_TIME && until >= now;
}

static bool judge_hand(const struct wq_engine *engine, const struct wq_maintenance *hand, wq_ms now, struct wq_verdict *out)
{
	const struct wq_station *station = station_at(engine, hand->station);
	char at[WQ_INSTANT_TEXT];
	if (hand->ended != WQ_NO_TIME || now < hand->to + GRACE || resumed(engine, hand, now) ||
		announced(engine, hand->series != WQ_NONE ? hand->series : station->first_series, now))
		return false;
	out->series = hand->series;
	wq_verdict_say(out, "%s维护(%s:%s)已于%s到期,尚未结束,至今无有效数据",
		hand->series != WQ_NONE ? name_of(engine, hand->series) : "全站", hand->who, hand->reason,
		wq_instant_format_short(station->zone, hand->to, at));
	wq_verdict_fact(out, "over_minutes", (double)(now - hand->to) / 60e3);
	return true;
}

static bool judge_flag(const struct wq_engine *engine, uint32_t series, wq_ms now, struct wq_verdict *out)
{
	const struct track *track = &engine->tracks[series];
	const struct wq_station *station = station_at(engine, engine->site->series[series].station);
	char text[PHRASE_TEXT];
	if (track->flag_since == WQ_NO_TIME || announced(engine, series, now))
		return false;
	wq_ms end = care_announced(engine, series, now), span = track->flag_last - track->flag_since;
	out->series = series;
	if (end != WQ_NO_TIME && end >= track->flag_since && track->flag_last >= end + GRACE) {
		wq_verdict_say(out, "%s维护已于%s到期,站点仍标记为维护(%s),不评价不告警", name_of(engine, series),
			wq_instant_format_short(station->zone, end, text), track->flag);
		wq_verdict_fact(out, "over_minutes", (double)(track->flag_last - end) / 60e3);
		return true;
	}
	if (station->flag_longest <= 0 || span < station->flag_longest)
		return false;
	wq_verdict_say(out, "%s已连续%s标记为维护(%s),不评价不告警", name_of(engine, series), phrase_span(span, text),
		track->flag);
	wq_verdict_fact(out, "flagged_hours", (double)span / 3600e3);
	return true;
}

static bool overrun(const struct wq_engine *engine, uint32_t station, wq_ms now, struct wq_verdict *out)
{
	const struct wq_station *where = station_at(engine, station);
	for (size_t i = 0; i < engine->hand_count; i++)
		if (engine->hands[i].station == station && judge_hand(engine, &engine->hands[i], now, out))
			return true;
	for (uint32_t i = where->first_series; i < where->first_series + where->series_count; i++)
		if (judge_flag(engine, i, now, out))
			return true;
	return false;
}

static void judge(struct wq_engine *engine, struct slot *slot, wq_ms now, struct wq_outcome *out)
{
	struct wq_verdict verdict = { .series = WQ_NONE, .at = now, .value = NAN, .limit = NAN };
	uint32_t station = engine->site->rules[slot->use].places[slot->place];
	if (overrun(engine, station, now, &verdict)) {
		verdict.finding = WQ_FINDING_RAISE;
		verdict.level = WQ_LEVEL_INFO;
	} else if (slot->alarm != NULL) {
		verdict.finding = WQ_FINDING_CLEAR;
		verdict.series = slot->alarm->last.series;
		wq_verdict_say(&verdict, "维护已结束");
	} else {
		return;
	}
	alarms_apply(engine, slot, &verdict, now, false, out);
}

void hands_tick(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	const struct wq_site *site = engine->site;
	/* A clock that was set back must not delay it. */
	if (now < engine->care_due && engine->care_due - now <= LOOK)
		return;
	engine->care_due = now + LOOK;
	for (uint32_t r = 0; !site->recorded && r < site->rule_count; r++)
		for (uint32_t p = 0; site->rules[r].rule == &wq_rule_maintenance && p < site->rules[r].place_count; p++)
			judge(engine, slots_at(engine, r, p), now, out);
}
