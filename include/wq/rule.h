/* SPDX-License-Identifier: Apache-2.0 */
/* The rule contract, and the view through which a rule sees the water.
 *
 * A rule is a pure function with a memory of fixed size per place: given the same samples in
 * the same order it gives the same verdicts. It does no I/O, allocates nothing, keeps no
 * globals and never asks for the time. A new rule is one file and one line in
 * rules/registry.c. */
#ifndef WQ_RULE_H
#define WQ_RULE_H

#include "wq/day.h"
#include "wq/instant.h"
#include "wq/option.h"
#include "wq/sample.h"
#include "wq/site.h"
#include "wq/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct wq_view;

/* What one place of a rule is; decides when it is called and what the view covers. */
enum wq_scope {
	WQ_SCOPE_SERIES,  /* one parameter at one station */
	WQ_SCOPE_STATION, /* one station with all its series */
	WQ_SCOPE_NETWORK, /* the site */
};

/* What the alarms of a rule are about. Device alarms are worded as such (设备告警), and need none of their own while a parent
 * accounts for them; those about the water are never suppressed. */
enum wq_about {
	WQ_ABOUT_WATER,
	WQ_ABOUT_DEVICE, /* instruments, links, data, the daemon itself */
};

/* Readings of a series that a rule may ask the engine to keep at hand. */
#define WQ_WINDOW_MAX 64

/* Closed days of a station that a rule may ask the engine to keep at hand: 16 bytes a day and series, 24 a day, only
 * for the stations whose rules ask. */
#define WQ_DAYS_MAX 400

struct wq_reading;

/* What a rule has learnt of a series. */
#define WQ_LEARNT_BYTES 256
struct wq_learnt {
	uint32_t series;     /* filled in by the engine */
	wq_ms since, until;  /* stamps of the first and the newest reading */
	int64_t readings;
	double low, high, rate; /* as they hold now; NaN: not known yet */
	size_t size;
	unsigned char memory[WQ_LEARNT_BYTES]; /* the rule's own, in the order of this machine's bytes */
};

/* What on_sample says of a sample: the one at hand, or one before that had to wait for its successor. */
struct wq_judgement {
	wq_ms at;
	double value;    /* of that sample: a revision in between is not meant */
	uint8_t quality; /* WQ_GOOD, WQ_SUSPECT; of a bad or missing sample its own */
	uint8_t test;    /* enum wq_health_test: what it is from */
};
#define WQ_JUDGEMENTS 2

struct wq_rule {
	const char *name; /* the section in the configuration: "limit" */
	const char *help; /* one line */
	enum wq_scope scope;
	enum wq_about about;
	bool to_lead; /* told to those in the lead of every route of the place, whatever level the route begins at, and to
	                 nobody else */
	bool parent; /* while its alarm is open, silence below its place is accounted for: of a station's series (station
	                scope), of all that is read from a bus (network scope, as wq_rule_bus) */
	const struct wq_option *options; /* its own keys; `stations`, `kinds`, `focus`, `parameters`
	                                    (which places) are the configuration's and the same for all */
	size_t settings_size;            /* the struct the options fill */

	/* Checks what single keys cannot say. `site` has its standard, parameters and evaluation, perhaps no
	 * stations yet. `parameter` is one the rule will watch (called for each), NULL for station and network
	 * rules. May be NULL. 0 or a negative enum wq_code. */
	int (*check)(const void *settings, const struct wq_site *site, const struct wq_parameter *parameter,
		struct wq_err *err);

	/* Bytes of memory per place; NULL: none. The engine hands it over zeroed. */
	size_t (*state_size)(const void *settings);

	/* How many of the newest readings it wants to see, 0 … WQ_WINDOW_MAX; NULL: 1. */
	size_t (*window)(const void *settings);

	/* How many of the newest closed days it wants to see (wq_view_days), 0 … WQ_DAYS_MAX; NULL: none. Of the
	 * station of its place; network scope: of every station. */
	size_t (*days)(const void *settings);

	/* Series scope: it looks upstream. on_batch is also called after a reading of the same parameter at a station
	 * that flows into the place's station (wq_view_trigger is then that reading), and the window holds there too. */
	bool upstream;

	/* How far back stored readings matter to it after a restart, for a series with this interval;
	 * NULL: window() readings. */
	wq_ms (*memory)(const void *settings, wq_ms interval);

	/* Called after a batch changed what the scope covers: a new or revised reading of the series;
	 * any sample of the station; any batch. May be NULL. Writes *out (zeroed, UNKNOWN) and returns
	 * true; false = nothing to say, the last verdict stands. Delays of alarms (wq_life) are counted from
	 * verdict to verdict by `at`: what goes on exceeding, or meeting, is said with each new reading. */
	bool (*on_batch)(void *state, const void *settings, const struct wq_view *view,
		struct wq_verdict *out);

	/* Called at each tick (the daemon: each second; backtest: each minute of sample time), but not
	 * before wake(). May be NULL. */
	bool (*on_time)(void *state, const void *settings, const struct wq_view *view,
		struct wq_verdict *out);

	/* Asked after on_time: the earliest instant at which on_time could say something new if nothing comes for
	 * the place. NULL: the next tick. */
	wq_ms (*wake)(const void *state, const void *settings, const struct wq_view *view);

	/* A day of the place's station (network scope: of any station) was closed or corrected (wq_view_day). Called for
	 * the newest closed day only, but see `older`: older ones are corrected in what wq_view_days shows. May be NULL. */
	bool (*on_day)(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out);

	/* on_day is also called for an older day (wq_day_report.older) among the `days` it keeps, when late data turned a
	 * row of it to exceeding and no alarm is open at the place. A RAISE then opens one as a correction, which the
	 * newest day clears or goes on with as ever. */
	bool older;

	/* Series scope: it says of each sample of the series whether it is to be trusted, before any other rule sees it and
	 * whatever profile is on. Of a series one use of such a rule is asked: the first that has the place (`sole`). Called
	 * for samples good, suspect, missing, and bad; not for repeats, nor for what was measured under maintenance. Writes
	 * judgements and returns how many. It can only make good suspect, and suspect that was its own word good again: no
	 * judgement takes a reading away from the other rules. NULL: it judges no quality. */
	size_t (*on_sample)(void *state, const void *settings, const struct wq_view *view, const struct wq_reading *sample,
		struct wq_judgement judgements[WQ_JUDGEMENTS]);

	/* What it has learnt of a series so far, to be stored: asked when a day of the station closes. False: nothing. And what
	 * was stored, given back before any sample after a restart; a row of another size is none. NULL: it learns nothing. */
	bool (*learnt)(const void *state, const void *settings, struct wq_learnt *learnt);
	void (*relearn)(void *state, const void *settings, const struct wq_learnt *learnt);

	/* A place belongs to the first use of this rule that names it. */
	bool sole;
};

/* One reading as rules see it: assessable samples only (good or suspect), one per analysis. */
struct wq_reading {
	wq_ms at;
	double value;
	uint8_t quality; /* WQ_GOOD or WQ_SUSPECT */
	uint8_t test;    /* enum wq_health_test: why it is suspect; 0: nobody said */
};

/* The present instant: arrival of the batch, or the tick. */
wq_ms wq_view_now(const struct wq_view *view);

const struct wq_site *wq_view_site(const struct wq_view *view);

/* The place: series index in series scope, station index in station scope, 0 otherwise. */
uint32_t wq_view_place(const struct wq_view *view);

/* Station of the place; NULL in network scope. */
const struct wq_station *wq_view_station(const struct wq_view *view);

/* Series and parameter of the place; NULL outside series scope. */
const struct wq_series *wq_view_series(const struct wq_view *view);
const struct wq_parameter *wq_view_parameter(const struct wq_view *view);

/* The newest readings of a series, oldest first, at most what the rules asked for (never fewer than asked
 * for, once that many exist). Valid during the call. *count may be 0. */
const struct wq_reading *wq_view_readings(const struct wq_view *view, uint32_t series, size_t *count);

/* The reading that caused on_batch in series scope; NULL otherwise. Not always the newest: one that came out
 * of order is inserted where it belongs. */
const struct wq_reading *wq_view_trigger(const struct wq_view *view);

/* The value of a series of the place's station at this instant, as it came in the same batch or was read before, whatever its
 * quality but bad; false: none is known. */
bool wq_view_beside(const struct wq_view *view, uint32_t series, wq_ms at, double *value);

/* Whether any alarm about the series of the place, or about its station as a whole, is open. */
bool wq_view_alarmed(const struct wq_view *view);

/* With wq_view_trigger: the value that the reading had before, when it is a revision of one; NaN otherwise. */
double wq_view_replaced(const struct wq_view *view);

/* Whether an alarm is open at the place. Where none is, nobody reads the words and facts of a verdict that does not
 * RAISE: a rule may leave them out, and most readings meet. Its finding must not depend on this. */
bool wq_view_open(const struct wq_view *view);

/* When the series last gave an assessable reading, and when it last gave any sample at all
 * (a repeat of the same analysis counts: the link lives); WQ_NO_TIME before the first. By event time and
 * arrival time respectively. */
wq_ms wq_view_last_reading(const struct wq_view *view, uint32_t series);
wq_ms wq_view_last_arrival(const struct wq_view *view, uint32_t series);

/* Until when silence of a series is accounted for by something else, at most now: a maintenance, its bus, and for rules of
 * series scope its station. It is counted from here at the earliest. The present instant while that lasts; WQ_NO_TIME: by
 * nothing. */
wq_ms wq_view_excused(const struct wq_view *view, uint32_t series);

/* The bus of the place is in doubt, or (series scope, where a rule speaks for the station) others of the station should have
 * given a reading too and did not: whose silence it is will be known soon. */
bool wq_view_undecided(const struct wq_view *view);

/* When a series last gave an assessable reading, by its stamp or its arrival, whichever is later, at most now; a repeat, a
 * revision and a gap filled later are none. WQ_NO_TIME before the first. */
wq_ms wq_view_last_seen(const struct wq_view *view, uint32_t series);

/* When the engine began to watch the place (its first tick or batch; in a recorded series the station's first
 * sample, WQ_NO_TIME before it): silence is counted from here at the earliest. */
wq_ms wq_view_started(const struct wq_view *view);

/* In on_day: the day that was just closed or corrected; NULL on any other call. */
const struct wq_day_report *wq_view_day(const struct wq_view *view);

/* One parameter on a closed day, as rules look back on it. */
struct wq_past_item {
	double mean;      /* unrounded mean; NaN: too few valid readings */
	uint16_t valid;   /* readings counted, at most 65535 */
	uint16_t expected;
	uint8_t class_;   /* as in wq_day_row */
	uint8_t verdict;  /* enum wq_day_verdict */
};

/* One closed day of a station. */
struct wq_past_day {
	wq_day day;
	uint8_t class_;  /* of the station, by single factor; 0: none */
	uint8_t verdict; /* enum wq_day_verdict */
	const struct wq_past_item *items; /* one a series of the station, in the order of wq_site.series */
};

/* The closed days of a station that rules asked for, oldest first, the one of on_day among them; days without a row
 * were not seen. As late data corrected them; after a restart as the store remembers them. Valid during the call.
 * *count may be 0. */
const struct wq_past_day *wq_view_days(const struct wq_view *view, uint32_t station, size_t *count);

/* The row of one day among them, or NULL. */
static inline const struct wq_past_day *wq_past_find(const struct wq_past_day *days, size_t count, wq_day day)
{
	while (count > 0 && days[count - 1].day > day)
		count--;
	return count > 0 && days[count - 1].day == day ? &days[count - 1] : NULL;
}

/* A day of a series as far as it has come. */
struct wq_day_so_far {
	bool closed;    /* its verdict was given; late data may still correct it */
	double mean;    /* unrounded mean of the readings so far; NaN: none */
	int32_t valid;  /* readings so far */
	int32_t needed; /* readings that make the mean of the whole day valid */
};

/* Today, or yesterday, of a series (wq_day_of its station's zone). False: nothing of that day is in memory. */
bool wq_view_so_far(const struct wq_view *view, uint32_t series, wq_day day, struct wq_day_so_far *so_far);

/* NULL-terminated: rules/registry.c. */
extern const struct wq_rule *const wq_rules[];

/* The daemon's watch over itself (network scope). It is not in wq_rules and has no section: every site has its
 * uses, and their verdicts come by wq_engine_tell(). */
extern const struct wq_rule wq_rule_system;

/* What an alarm of such a use is about, in Chinese, by the use's title ("wqd:roster": "值班表无人值班", "wqd:bus:north": "总线north");
 * word NULL: it is none of the daemon's own. Valid as long as the title. Pure. */
struct wq_subject {
	const char *word, *name; /* the name stands behind the word; "" */
};
struct wq_subject wq_system_subject(const char *title);

/* Likewise: a bus (gateway, broker) that is down. One use a bus, in the order of wq_site.sources; told by wq_engine_bus(). */
extern const struct wq_rule wq_rule_bus;

/* Likewise: a maintenance that nobody ended (station scope, every station a place); the engine judges it itself. */
extern const struct wq_rule wq_rule_maintenance;

#endif
