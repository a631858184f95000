/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's rooms and what they share: windows of readings, sums of days, slots of rules,
 * open alarms. Private to rules/engine. */
#ifndef WQ_ENGINE_PARTS_H
#define WQ_ENGINE_PARTS_H

#include "wq/engine.h"
#include "wq/err.h"
#include "wq/rule.h"

/* Days a station keeps in memory: the open one and the one before. */
#define DAYS_KEPT 2

/* The readings of one series on one day. */
struct day_sum {
	struct wq_decimal_sum sum;
	double hydrogen; /* sum of 10^-pH */
	int32_t below;   /* readings below the detection limit */
};

/* One series: its newest readings and its days. */
struct track {
	struct wq_reading *readings; /* oldest first; room for engine->room[series] */
	uint8_t count, room;
	uint16_t alarms;       /* open alarms about this series: one a rule at most */
	float score;           /* highest that a detector gave the batch at hand */
	uint32_t judge;        /* slot of the rule that judges its quality; WQ_NONE: none does */
	wq_ms last_arrival;    /* WQ_NO_TIME before the first sample */
	wq_ms seen;            /* arrival of the newest reading; WQ_NO_TIME before the first */
	wq_ms flag_since;      /* since when the station flags maintenance, by arrival; WQ_NO_TIME: it does not */
	wq_ms flag_last;       /* arrival of the newest sample that it flagged so; WQ_NO_TIME: none */
	wq_ms flag_at;         /* its stamp */
	char flag[WQ_FLAG_TEXT];
	struct wq_reading held; /* the newest analysis under maintenance; at WQ_NO_TIME: none */
	struct day_sum days[DAYS_KEPT]; /* slot of a day: its number modulo DAYS_KEPT */
};

/* One day of one station. */
struct day_slot {
	wq_day day;
	bool used, closed;
	bool dirty;        /* changed since it was closed: to be told as a correction */
	uint32_t revision;
	int class_;        /* as last told */
	enum wq_day_verdict verdict;
	uint32_t marks;    /* of class and verdict of every item, as last told; 0: not known */
};

struct place_station {
	struct day_slot days[DAYS_KEPT];
	uint32_t alarms;  /* open alarms about the station as a whole */
	float score;      /* highest that a detector gave the batch at hand */
	wq_ms first;      /* arrival of the first sample of it; WQ_NO_TIME before */
	uint32_t parent;  /* slot of the rule that speaks for the station as a whole; WQ_NONE: none */
	wq_ms shadow;     /* when its alarm ended; WQ_NO_TIME: none has */
};

/* One bus. */
struct bus {
	enum wq_bus_state state;
	wq_ms doubted;   /* since when it has not been up, while it is not */
	wq_ms from, to;  /* of the newest stretch in which it was down; to WQ_NO_TIME: it is, or never was */
	uint32_t parent; /* slot of its rule; WQ_NONE: none */
	wq_ms shadow;    /* as of a station */
};

/* The closed days of a station that its rules look back on. */
struct past {
	struct wq_past_day *days; /* ascending; each has its items for good */
	uint16_t count, room;
};

/* One rule at one place. */
struct slot {
	struct wq_alarm *alarm; /* NULL: none is open */
	struct wq_shelf *shelf; /* NULL: it is not on the shelf */
	bool shelf_moved;       /* its end was moved with the clock: to be recorded */
	wq_ms exceeds_since, meets_since; /* event time: how long the rule has said so; WQ_NO_TIME: it does not */
	wq_ms exceeds_stored, meets_stored; /* what the store was told of them: where the delay is counted */
	wq_ms *openings;        /* event time of the newest, oldest first; NULL where chatter is off */
	uint8_t opening_count;
	wq_ms wake;             /* its rule's on_time is not asked before */
	uint32_t use, place;    /* index into site->rules; index into that rule's places */
};

/* An alarm opened. */
struct opened {
	wq_ms decided; /* our clock */
	int64_t alarm;
	uint32_t use, place;
};

/* The newest openings of all alarms, and the flood they may make. It goes on as long as the alarm that says so is open. */
struct flood {
	struct slot *slot; /* whose alarm says so; NULL: floods are not watched for */
	struct opened newest[WQ_FLOOD_MAX + 1]; /* oldest first */
	size_t count;
	bool begins; /* one opening too many: its alarm is about to open */
	bool moved;  /* the numbers below have changed since they were last said */
	struct opened first; /* what came first */
	int64_t total, held; /* openings of this flood, and notices held back of them */
};

/* A day that only the store can sum up. */
#define WANTED_MAX 64
struct wanted {
	uint32_t station;
	wq_day day;
	uint64_t touched;  /* sequence of the newest batch with a sample of it */
	wq_ms since, last; /* the first and the newest reading that made it wanted */
	bool asked;
};

/* Which slots a series or a station has: slots[first … first+count) of an index array. */
struct span {
	uint32_t first, count;
};

/* Maintenance by hand that is remembered: what goes on, and what ended but may still be told of. */
#define HANDS_MAX 64

struct wq_engine {
	bool doubted; /* wq_engine_doubt() */
	const struct wq_site *site;
	wq_ms started; /* WQ_NO_TIME before the first batch or tick */
	struct track *tracks;
	struct place_station *stations;
	struct bus *buses; /* by source */
	struct slot *slots;
	size_t slot_count;
	size_t *first_slot;    /* by rule use */
	unsigned char *states; /* all rule memory */
	size_t *state_at;      /* by rule use: offset of its first place */
	size_t *state_stride;  /* by rule use: bytes per place */
	struct span *by_series, *by_station, network;
	uint32_t *index;       /* slot numbers, grouped by series, then by station, then network; that of a rule
	                          that looks upstream is there once a series it looks at */
	struct wq_reading *readings; /* all windows */
	struct past *past;           /* by station; NULL: no rule looks back on days */
	struct wq_past_day *past_days;   /* all of them */
	struct wq_past_item *past_items; /* all of them */
	const struct wq_alarm **alarms; /* open ones, ascending by id */
	size_t alarm_count;
	int64_t highest; /* alarm id */
	const struct wq_shelf **shelves; /* those that stand */
	size_t shelf_count;
	wq_ms *openings; /* of all slots that count them */
	struct flood flood;
	wq_ms ticked;    /* the last tick */
	wq_ms wake;      /* no slot wants its on_time before */
	wq_ms days_wake; /* no day opens, closes or is corrected before */
	struct wanted wanted[WANTED_MAX]; /* oldest first */
	size_t wanted_count;
	struct wq_maintenance hands[HANDS_MAX]; /* ascending by id */
	size_t hand_count;
	int64_t hand_highest; /* id */
	wq_ms care_due;       /* when it is looked next for what nobody ended */
	struct wq_profile_word *words;  /* the newest word on each profile */
	uint32_t profiles;              /* bits of those that are on, from profiles_from to before profiles_until */
	wq_ms profiles_from, profiles_until;
	bool restoring;
	bool short_of_memory; /* something has to be concluded again */
};

struct wq_view {
	const struct wq_engine *engine;
	const struct wq_rule_use *use;
	uint32_t place;
	bool open; /* an alarm of this rule at this place */
	wq_ms now;
	const struct wq_reading *trigger;
	const struct wq_batch *batch; /* in on_sample: what came with it, and which of it is at hand */
	size_t at_hand;
	double replaced;
	const struct wq_day_report *day;
};

/* build.c: the series that a place of a series rule looks at: its own, then, where the rule looks upstream, those of the same
 * parameter at the stations that flow into its station. *next begins with 0; WQ_NONE: no more. */
uint32_t build_looked_at(const struct wq_site *site, const struct wq_rule_use *use, size_t place, uint32_t *next);

/* window.c: what inserting a reading did. */
enum placed {
	PLACED_NEW,
	PLACED_SAME,    /* this value at this instant was there */
	PLACED_CHANGED, /* another value was there */
	PLACED_TOO_OLD, /* before all that is remembered: only the store can tell */
};
enum placed window_put(struct track *track, const struct wq_reading *reading, double *replaced,
	const struct wq_reading **where);
/* The reading at an instant; NULL: none. */
struct wq_reading *window_at(const struct track *track, wq_ms at);
bool window_remove(struct track *track, wq_ms at, double *value);
const struct wq_reading *window_newest(const struct track *track);

/* care.c: maintenance. Whether a plan or a person says that the series was worked on at `at`, or the station said so
 * just before. */
bool care_covers(const struct wq_engine *engine, uint32_t series, wq_ms at);
/* Until when it was last worked on, at most `now`; WQ_NO_TIME: never, as far as is known. */
wq_ms care_until(const struct wq_engine *engine, uint32_t series, wq_ms now);
/* The same of plans and people alone, and without settling. */
wq_ms care_announced(const struct wq_engine *engine, uint32_t series, wq_ms now);
/* hands.c: tells of maintenance that nobody ended. */
void hands_tick(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
/* A sample came: what its flag says, and what it measured if that belongs to a maintenance. */
void care_note(struct wq_engine *engine, const struct wq_sample *sample, enum wq_quality quality, wq_ms received);
/* The clock was set: what it saw in its future came now. */
void care_stepped(struct wq_engine *engine, uint32_t series, wq_ms now);

/* suppress.c: what hides behind what. As the calls of the view, for series. by_station: the station's silence counts. */
wq_ms suppress_excused(const struct wq_engine *engine, uint32_t series, bool by_station, wq_ms now);
bool suppress_undecided(const struct wq_engine *engine, uint32_t series, wq_ms now);
bool suppress_in_doubt(const struct wq_engine *engine, uint32_t station, wq_ms now);
wq_ms suppress_seen(const struct wq_engine *engine, uint32_t series, wq_ms now);
/* Until when the open alarm of a slot was accounted for by another: it does not escalate, and its time to escalate begins anew
 * then. The present instant while it is; WQ_NO_TIME: never, as all that is about the water. */
wq_ms suppress_quiet(const struct wq_engine *engine, const struct slot *slot, wq_ms now);
/* The alarm of a slot ended: what it accounted for is asked anew. */
void suppress_ended(struct wq_engine *engine, const struct slot *slot, wq_ms now);
void suppress_stepped(struct wq_engine *engine, wq_ms by, wq_ms now);
/* What an alarm of a parent stands for: "s0/tp","s0/ph" … as far as `cap` goes. Returns how many there are; 0 for others. */
size_t suppress_covers(const struct wq_engine *engine, const struct slot *slot, wq_ms now, char *buf, size_t cap);

/* days.c */
struct day_slot *days_slot(const struct wq_engine *engine, uint32_t station, wq_day day);
const struct day_sum *days_sum(const struct wq_engine *engine, uint32_t series, wq_day day);
/* Takes a reading of a series into a sum, or out of it. */
void days_count(const struct wq_site *site, uint32_t series, struct day_sum *sum, double value, bool add);
void days_add(struct wq_engine *engine, uint32_t series, const struct day_slot *slot, double value);
void days_remove(struct wq_engine *engine, uint32_t series, const struct day_slot *slot, double value);
void days_open(struct wq_engine *engine, uint32_t station, wq_day day);
/* Closes what is due by `now` and tells corrections; calls the station's rules. */
void days_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
/* Puts days of the station that end before `day` - DAYS_KEPT + 1 out of memory, closing them. */
void days_make_room(struct wq_engine *engine, uint32_t station, wq_day day, wq_ms now,
	struct wq_outcome *out);
/* A day that is closed or corrected, to the past and to the rules. Sets report->turned. */
void days_put(struct wq_engine *engine, struct wq_day_report *report, wq_ms now, struct wq_outcome *out);
void days_retell(struct wq_engine *engine, uint32_t station, wq_day day, wq_ms now, struct wq_outcome *out);

/* past.c: closed days that rules look back on. */
bool past_take(struct wq_engine *engine);
void past_give_back(struct wq_engine *engine);
/* Bit per row that exceeds and did not as it was put the last time; 0 where the day is not kept. */
uint64_t past_turned(const struct wq_engine *engine, const struct wq_day_report *report);
void past_put(struct wq_engine *engine, const struct wq_day_report *report);
void past_restore(struct wq_engine *engine, const struct wq_day_row *row);
/* Days from `day` on have not come: the clock was set back. */
void past_forget_from(struct wq_engine *engine, uint32_t station, wq_day day);

/* profiles.c: whether a rule may open and raise now; and who is asked anew when that changed. */
bool profiles_take(struct wq_engine *engine);
bool profiles_active(struct wq_engine *engine, const struct wq_rule_use *use, wq_ms now);
void profiles_advance(struct wq_engine *engine, wq_ms now);
wq_ms profiles_wake(const struct wq_engine *engine);

/* report.c: evaluates a day from its sums (one per series of the station). */
/* Unrounded mean of a sum; NaN: nothing is in it. */
double report_mean(const struct wq_parameter *parameter, const struct day_sum *sum);
void report_make(const struct wq_site *site, uint32_t station, wq_day day, const struct day_sum *const *sums,
	struct wq_day_report *report);

/* alarms.c: what a verdict does to the alarm of its slot. */
void alarms_apply(struct wq_engine *engine, struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	bool correction, struct wq_outcome *out);
/* The span after which an open alarm escalates next, if its state lets it; WQ_NO_TIME: there is no further one. */
wq_ms alarms_next_step(const struct wq_engine *engine, const struct wq_alarm *alarm, wq_ms now);
void alarms_escalate(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
/* reminders.c: when the next reminder of a slot's open alarm is due, INT64_MAX: never as things are. */
wq_ms reminders_due(const struct wq_engine *engine, const struct slot *slot, wq_ms now);
void reminders_tell(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
uint32_t alarms_station(const struct wq_engine *engine, const struct slot *slot); /* WQ_NONE: the site */

/* One step of the life of a slot's alarm: what is recorded is of `verdict` and `time`. 0, WQ_E_MISSING or WQ_E_STATE as the
 * table refuses, WQ_E_MEMORY: there was no room to record it, nothing happened. */
struct deed {
	int event; /* enum life_event */
	const struct wq_verdict *verdict;
	wq_ms time, now;
	const char *who, *note; /* of what people do, or NULL */
	const char *cause, *action; /* of closing, or NULL */
	wq_ms until;            /* of shelved, otherwise WQ_NO_TIME */
	wq_ms waited;           /* of an escalation: its span */
};
int alarms_step(struct wq_engine *engine, struct slot *slot, const struct deed *deed, struct wq_outcome *out);

/* record.c: appends the change (room was reserved) and lets the alarm follow it. */
void record_change(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind, const struct deed *deed,
	enum wq_hush hush, struct wq_outcome *out);
/* Whether somebody is told of a change that this slot's alarm is about to make, at this level. */
enum wq_hush record_hush(const struct wq_engine *engine, const struct slot *slot, enum wq_change_kind kind,
	enum wq_level level);
#define RECORD_SPAN 32
char *record_span(wq_ms span, char buf[RECORD_SPAN]); /* "1小时" */
void record_text(char *to, size_t cap, const char *text); /* cuts at a character; NULL is empty */

/* shelves.c */
/* Room for a shelf and for the word on it; NULL: no memory. Freed by whoever does not put it up. */
struct wq_shelf *shelves_new(struct wq_outcome *out);
/* Puts it up: it is the slot's from now on. The alarm, if one is open, is told. */
void shelves_put(struct wq_engine *engine, struct slot *slot, struct wq_shelf *shelf, wq_ms now, struct wq_outcome *out);
void shelves_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
void shelves_stepped(struct wq_engine *engine, wq_ms by);
wq_ms shelves_longest(const struct wq_engine *engine);

/* flood.c: openings are counted, by place and over all. */
void flood_watch(struct wq_engine *engine); /* at the beginning: which alarm says so */
bool flood_on(const struct wq_engine *engine);
bool flood_chatters(const struct wq_engine *engine, const struct slot *slot, wq_ms at); /* this one is one too many */
void flood_opened(struct wq_engine *engine, struct slot *slot, wq_ms at, wq_ms now, bool chatters);
void flood_held(struct wq_engine *engine);
void flood_tell(struct wq_engine *engine, wq_ms now, struct wq_outcome *out); /* opens its alarm when one begins */
void flood_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
void flood_stepped(struct wq_engine *engine, wq_ms by, wq_ms now);

/* slots.c: calls the rules of a place and applies what they say. */
struct slot *slots_at(const struct wq_engine *engine, uint32_t rule, uint32_t place); /* the site has both */
void slots_series(struct wq_engine *engine, uint32_t series, const struct wq_reading *trigger, double replaced,
	wq_ms now, bool silent, struct wq_outcome *out);
/* Asks the rule that judges the quality of the sample's series, if any. Returns how many judgements there are. */
size_t slots_quality(struct wq_engine *engine, const struct wq_batch *batch, size_t at_hand, const struct wq_reading *sample,
	struct wq_judgement judgements[WQ_JUDGEMENTS]);
/* What was learnt of the series of a station, to be stored. */
void slots_learnt(struct wq_engine *engine, uint32_t station, struct wq_outcome *out);
void slots_station(struct wq_engine *engine, uint32_t station, wq_ms now, struct wq_outcome *out);
void slots_network(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
/* A station gave its first sample: all of its places are asked at the next tick. */
void slots_begin(struct wq_engine *engine, uint32_t station, wq_ms now);
void slots_time(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
void slots_day(struct wq_engine *engine, const struct wq_day_report *report, wq_ms now, struct wq_outcome *out);

/* evidence.c: of a change that was made of the slot's alarm. */
void evidence_write(const struct wq_engine *engine, const struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	char buf[WQ_EVIDENCE_TEXT]);

/* outcome.c: room for one more (or `more` samples); NULL when there is no memory. */
bool outcome_reserve_samples(struct wq_outcome *out, size_t more);
bool outcome_reserve_judged(struct wq_outcome *out, size_t more);
bool outcome_reserve_learnt(struct wq_outcome *out, size_t more);
bool outcome_reserve_days(struct wq_outcome *out, size_t more);
bool outcome_reserve_changes(struct wq_outcome *out, size_t more);
bool outcome_reserve_shelves(struct wq_outcome *out, size_t more);
struct wq_change *outcome_change(struct wq_outcome *out); /* room was reserved */
/* The newest word on a shelf, or on the delays of a place; false when there is no memory. */
bool outcome_word(struct wq_outcome *out, const struct wq_profile_word *word);
bool outcome_shelf(struct wq_outcome *out, const struct wq_shelf *shelf);
bool outcome_delay(struct wq_outcome *out, const struct wq_delay *delay);
bool outcome_maintenance(struct wq_outcome *out, const struct wq_maintenance *hand);
bool outcome_need(struct wq_outcome *out, uint32_t station, wq_day day, bool now);

/* wanted.c: days that only the store can sum up. */
void wanted_add(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t sequence, wq_ms now,
	struct wq_outcome *out);
void wanted_touch(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t sequence);
void wanted_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out);
/* When wanted_advance() has something to do next. */
wq_ms wanted_wake(const struct wq_engine *engine);
/* Whether the answer, as committed up to batch `upto`, is good; otherwise it is asked for again later. */
bool wanted_answered(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t upto, wq_ms now);

#endif
