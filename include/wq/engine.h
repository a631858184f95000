/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: batches in, conclusions out. Pure: same input, same output; it never asks for
 * the time, does no I/O and allocates only in wq_engine_new() and when an outcome must grow.
 *
 * One engine belongs to one thread. The daemon runs it on the wall clock with a tick each second;
 * wqctl backtest runs the very same code on the samples' own time with a tick a minute. */
#ifndef WQ_ENGINE_H
#define WQ_ENGINE_H

#include "wq/alarm.h"
#include "wq/day.h"
#include "wq/maintenance.h"
#include "wq/sample.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct wq_engine;

/* What becomes of one sample. */
enum wq_record {
	WQ_RECORD_NEW,      /* stored as revision 1 (or, when the store knows another value for
	                       (series, at), as the next revision) */
	WQ_RECORD_REPEAT,   /* the same value for the same (series, at), or the same analysis read again:
	                       counted, not stored */
	WQ_RECORD_REVISION, /* another value for a known (series, at) */
};

/* A sample as it shall be stored. */
struct wq_stored {
	uint32_t series;
	uint32_t source;
	wq_ms at;       /* of a REPEAT: the stamp of the reading it repeats */
	wq_ms received;
	uint64_t sequence; /* of its batch */
	double value;   /* NaN: none */
	double score;   /* event score, 0 … ; 0 where no detector runs */
	uint8_t record; /* enum wq_record */
	uint8_t quality; /* enum wq_quality, after validation */
	uint8_t stamp;  /* enum wq_stamp */
	bool trusted;   /* our clock at arrival */
	bool late;
	bool event;     /* an alarm on this series (or its station's class) was open after this sample */
	uint8_t became; /* enum wq_record: what it was to the store, which knows more than the window; set by the commit */
	uint8_t test;   /* enum wq_health_test: what the quality is from; 0: not from a test of health */
	char flag[WQ_FLAG_TEXT];
};

/* The quality of a reading told before is another: it had to wait for its successor. Stored as its next revision, with all
 * else as it was; nothing where the newest one has another value by now. Rings nobody. */
struct wq_judged {
	uint32_t series;
	wq_ms at;
	double value;
	wq_ms received; /* of the batch that decided it */
	uint64_t sequence;
	uint8_t quality, test;
};

/* A day whose readings are no longer all in memory but were changed. It is told once with the first such reading, and
 * then, when they have stopped coming or 30 s have passed, with `now`: the store shall read all stored samples of the
 * station's day (newest revisions, ascending by at) and give them to wq_engine_day(). That a day is wanted outlives a
 * restart: the store remembers it until the row of the station's day (parameter WQ_NONE) is told. */
struct wq_need {
	uint32_t station;
	wq_day day;
	bool now; /* read it; otherwise: remember it */
};

/* What a person said of a profile. */
enum wq_profile_hand { WQ_PROFILE_AUTO, WQ_PROFILE_ON, WQ_PROFILE_OFF };

/* "auto" "on" "off" */
const char *wq_profile_hand_name(enum wq_profile_hand hand);

struct wq_profile_word {
	uint32_t profile; /* index into wq_site.profiles */
	enum wq_profile_hand hand;
	wq_ms since;      /* our clock: when it was said; by it the newest word on a profile is found */
	wq_ms until;      /* our clock; WQ_NO_TIME: until something else is said */
	char who[WQ_PERSON_TEXT];
	char reason[WQ_SAYS_TEXT];
};

/* Conclusions, appended by the calls below. Owned by the caller; zero-initialise; reusable after
 * wq_outcome_reset() without allocating; wq_outcome_free() at the end. */
struct wq_learnt;
struct wq_outcome {
	struct wq_stored *samples;
	size_t sample_count, sample_room;
	struct wq_judged *judged;
	size_t judged_count, judged_room;
	struct wq_learnt *learnt; /* the newest word on each series */
	size_t learnt_count, learnt_room;
	struct wq_day_row *days;
	size_t day_count, day_room;
	struct wq_change *changes;
	size_t change_count, change_room;
	struct wq_need *needs;
	size_t need_count, need_room;
	struct wq_maintenance *maintenances; /* announced or ended by people: by id the newest word on each */
	size_t maintenance_count, maintenance_room;
	struct wq_shelf *shelves; /* put up, prolonged or ended: the newest word on each */
	size_t shelf_count, shelf_room;
	struct wq_delay *delays; /* begun or ended: the newest word on each place */
	size_t delay_count, delay_room;
	struct wq_profile_word *words; /* what people said of profiles */
	size_t word_count, word_room;
};

void wq_outcome_reset(struct wq_outcome *out);
void wq_outcome_free(struct wq_outcome *out);

/* An engine for a site. The site and everything in it outlives the engine. NULL with *err on failure. */
struct wq_engine *wq_engine_new(const struct wq_site *site, struct wq_err *err);
void wq_engine_free(struct wq_engine *engine); /* NULL is fine */

/* Validates and judges a batch; batch->received is taken as the present. 0, or WQ_E_MEMORY: there was no room for
 * its samples, nothing was concluded and the same batch may be given again. (Where there is no memory for a
 * change of an alarm or for a day, that conclusion is drawn again with the next reading or tick.) */
int wq_engine_batch(struct wq_engine *engine, const struct wq_batch *batch, struct wq_outcome *out,
	struct wq_err *err);

/* Lets time pass: days close, silence is noticed, alarms escalate, shelves and floods end. Call at least once a minute. */
int wq_engine_tick(struct wq_engine *engine, wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* The earliest instant at which a tick could conclude anything if nothing else is called before; INT64_MAX: none. May be
 * too early, never too late: ticks before it can be left out. For a replay; costs a look at every open alarm. */
wq_ms wq_engine_wake(const struct wq_engine *engine);

/* Our clock was set by `by` ms (forward: > 0; 0: it was not, but only now it is known to be right) and says `now`. To be told
 * before the next tick or batch: silence is counted from now on, waiting acknowledgements keep the time they have left, and
 * readings that now lie further in the future than is believed no longer count as the newest. */
void wq_engine_stepped(struct wq_engine *engine, wq_ms by, wq_ms now);

/* It was set by a little, `by` ms: only waiting acknowledgements keep the time they have left. */
void wq_engine_shifted(struct wq_engine *engine, wq_ms by);

/* Whether our clock is doubted: it was known to be right when alarms were stored that were restored since, and is not now (the
 * machine has started anew meanwhile). As long as it is, these count from when this life began to look, which is never too
 * early, and no step of the clock moves them; then by the clock again. */
void wq_engine_doubt(struct wq_engine *engine, bool doubted);

/* Closes the days that are due by `now` and does nothing else a tick does: for the end of a recorded series,
 * after which silence means nothing. */
int wq_engine_close_days(struct wq_engine *engine, wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* A person acknowledges or closes an alarm. WQ_E_MISSING: no such alarm is open;
 * WQ_E_STATE: it was acknowledged before. `note` may be NULL. One that has recovered is cleared by its acknowledgement. */
int wq_engine_acknowledge(struct wq_engine *engine, int64_t alarm, const char *who, const char *note,
	wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* What a person says who closes an alarm (整改销号). Texts that do not fit in struct wq_change are cut; cause and action are
 * not NULL, note may be. */
struct wq_closing {
	const char *cause, *action, *note;
};
int wq_engine_close(struct wq_engine *engine, int64_t alarm, const char *who, const struct wq_closing *said,
	wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* Puts a rule at one of its places on the shelf until `until` (our clock): its alarms go on living, no notices go out, they
 * do not escalate. What is still open at the end is told again. WQ_E_MISSING: no such rule or place; WQ_E_STATE: it is on
 * the shelf already; WQ_E_INVALID: it would not end, or later than is allowed (wq_duty.shelve_max). */
int wq_engine_shelve(struct wq_engine *engine, uint32_t rule, uint32_t place, wq_ms until, const char *who,
	const char *reason, wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* Ends it before its time. WQ_E_MISSING: no such rule or place; WQ_E_STATE: it is not on the shelf. */
int wq_engine_unshelve(struct wq_engine *engine, uint32_t rule, uint32_t place, const char *who, wq_ms now,
	struct wq_outcome *out, struct wq_err *err);

/* Says of a profile (wq_profile_word; `since` is the present) that it is on or off, or as its dates have it again; recorded,
 * and told again after a restart (wq_engine_restore_profile()). Recorded is a `since` later than that of any word before,
 * whatever the clock does. WQ_E_MISSING: there is no such profile; WQ_E_INVALID: `until` is past; WQ_E_MEMORY: nothing was
 * changed. */
int wq_engine_profile(struct wq_engine *engine, const struct wq_profile_word *word, struct wq_outcome *out,
	struct wq_err *err);

/* Whether a profile (index into wq_site.profiles) is on, and what a person said of it that still holds (NULL: it goes by its
 * dates). */
bool wq_engine_profile_on(const struct wq_engine *engine, uint32_t profile, wq_ms now);
const struct wq_profile_word *wq_engine_profile_word(const struct wq_engine *engine, uint32_t profile, wq_ms now);

/* A verdict that no rule of the engine gave, at the one place of a rule in network scope: what the daemon says of
 * itself. Opens, raises and clears as any other. WQ_E_INVALID: there is no such rule, or it has another scope. */
int wq_engine_tell(struct wq_engine *engine, uint32_t rule, const struct wq_verdict *verdict, wq_ms now,
	struct wq_outcome *out, struct wq_err *err);

/* A person announces a maintenance: station, series, to, who and reason are taken from `wish`; it begins now. WQ_E_MISSING: no
 * such place; WQ_E_INVALID: it would not end, or later than WQ_MAINTENANCE_LONGEST; WQ_E_STATE: one goes on at this place;
 * WQ_E_FULL: more than 64 go on. */
int wq_engine_maintain(struct wq_engine *engine, const struct wq_maintenance *wish, wq_ms now, struct wq_outcome *out,
	struct wq_err *err);

/* Ends what people announced at a station (series WQ_NONE: all of it) and did not end yet. WQ_E_STATE: nothing. */
int wq_engine_maintain_end(struct wq_engine *engine, uint32_t station, uint32_t series, const char *who, wq_ms now,
	struct wq_outcome *out, struct wq_err *err);

/* How a bus serves. */
enum wq_bus_state {
	WQ_BUS_UP,
	WQ_BUS_DOUBTFUL, /* a device of it failed and none has served since; another one served before */
	WQ_BUS_DOWN,     /* none of its devices serves, or so many in a row failed that it is taken for that */
};

/* What the daemon knows of a bus, before each tick; a bus of which nothing is known yet is not told. since: of one that is down, from
 * when on nobody served, now at the latest; what counts is what was said when it went down. Down for
 * wq_site.bus_down_after it is an alarm of its use of wq_rule_bus, unless all that is read from it is under maintenance;
 * otherwise an open one is cleared. While it is in doubt nothing new is told of silence behind it, for as long as it takes to be told down. */
int wq_engine_bus(struct wq_engine *engine, uint32_t source, enum wq_bus_state state, wq_ms since, wq_ms now,
	struct wq_outcome *out, struct wq_err *err);

/* The answer to a wq_need: all stored samples of the day, ascending by at, as committed up to batch `upto`.
 * Re-evaluates the day; a day that had been closed and changes is told as a correction. Where more of that day
 * came in the meantime nothing is concluded, and the need is raised again later. */
int wq_engine_day(struct wq_engine *engine, uint32_t station, wq_day day, const struct wq_sample *samples,
	size_t count, uint64_t upto, wq_ms now, struct wq_outcome *out, struct wq_err *err);

/* Rebuilding the memory after a restart, in this order: */

/* 0. What was learnt of a series; before its samples. What nobody learns any more is left out. */
void wq_engine_restore_learnt(struct wq_engine *engine, const struct wq_learnt *learnt);

/* 1. Stored samples (newest revisions), ascending by at over all series, as far back as wq_engine_memory()
 * says. Rules see them, nothing is concluded. */
int wq_engine_restore_sample(struct wq_engine *engine, const struct wq_sample *sample, wq_ms received,
	struct wq_err *err);

/* 2. Days already closed, as far back as wq_engine_memory_days() says: the newest revision of each row, of each
 * station ascending by day, the station's own row (parameter WQ_NONE) before those of its items. */
void wq_engine_restore_day(struct wq_engine *engine, const struct wq_day_row *row);

/* 3. Open alarms. WQ_E_MISSING when the site has no such rule and place. `highest` = the highest alarm id
 * ever given (0: none) so that numbers are not given twice. */
int wq_engine_restore_alarm(struct wq_engine *engine, const struct wq_alarm *alarm, struct wq_err *err);
void wq_engine_restore_highest(struct wq_engine *engine, int64_t highest);

/* 4. Shelves that stand and delays that run, wherever they were when the site still has their rule and place
 * (WQ_E_MISSING otherwise, WQ_E_STATE: there is one already). One whose time is over ends with the first tick. */
int wq_engine_restore_shelf(struct wq_engine *engine, const struct wq_shelf *shelf, struct wq_err *err);

/* The newest word on each profile. WQ_E_MISSING: the site has no such profile. */
int wq_engine_restore_profile(struct wq_engine *engine, const struct wq_profile_word *word, struct wq_err *err);
void wq_engine_restore_delay(struct wq_engine *engine, const struct wq_delay *delay);

/* 5. The openings (opened, reopened) decided since wq_engine_openings(), ascending: what chatter and floods are counted from.
 * `counts`: it was not hushed by a shelf, and its place was put on none since. */
struct wq_opening {
	int64_t alarm;
	uint32_t rule, place;
	wq_ms time, decided; /* of the change */
	enum wq_hush hush;
	bool counts;
};
wq_ms wq_engine_openings(const struct wq_engine *engine, wq_ms now);
void wq_engine_restore_opening(struct wq_engine *engine, const struct wq_opening *opening);

/* 6. Days that were wanted and not yet told: they are asked for with the first tick. */
void wq_engine_restore_need(struct wq_engine *engine, uint32_t station, wq_day day);

/* What people announced, the dearest first: what goes on, what nobody ended, and the newest of what ended not before
 * wq_engine_memory(). Remembered are the first 64; what belongs to nothing that is configured is left out. */
void wq_engine_restore_maintenance(struct wq_engine *engine, const struct wq_maintenance *hand);

/* How far back stored samples matter to the rules and the open days, seen from `now`. */
wq_ms wq_engine_memory(const struct wq_engine *engine, wq_ms now);

/* The same for closed days; *items: rules look back on items too, otherwise the stations' own rows are enough. */
wq_ms wq_engine_memory_days(const struct wq_engine *engine, wq_ms now, bool *items);

/* The open alarms, ascending by id. Valid until the next call that is not const. */
size_t wq_engine_alarms(const struct wq_engine *engine, const struct wq_alarm *const **alarms);

/* The shelves that stand, in no order, and the one of a place (NULL: none). Valid as above. */
size_t wq_engine_shelves(const struct wq_engine *engine, const struct wq_shelf *const **shelves);
const struct wq_shelf *wq_engine_shelf(const struct wq_engine *engine, uint32_t rule, uint32_t place);

/* The alarm that came first (by its time) of those open at the station of this one; its own id where it is the first, 0
 * where it has no station. */
int64_t wq_engine_first(const struct wq_engine *engine, const struct wq_alarm *alarm);

/* True when what the alarm was judged from is old: for longer than two intervals the series (of a station as a whole: every
 * one of its series) has given no assessable reading, and the rule has said nothing new. The alarm keeps its level. */
bool wq_engine_stale(const struct wq_engine *engine, const struct wq_alarm *alarm, wq_ms now);

/* How many notices the flood that goes on has held back; -1: there is none. */
int64_t wq_engine_flood(const struct wq_engine *engine);

/* What is under maintenance at `now`, by station; writes at most `cap` rows and returns how many there are. */
size_t wq_engine_maintained(const struct wq_engine *engine, wq_ms now, struct wq_maintained *rows, size_t cap);

/* The newest reading of a series, for status displays; false when there is none. */
struct wq_reading;
bool wq_engine_latest(const struct wq_engine *engine, uint32_t series, struct wq_reading *reading);

#endif
