/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation of stations over a day, week, month, quarter, year, and of groups of stations.
 *
 * From the rows of days (wq/day.h), which come from the engine, from the history or from
 * wq_day_take() below. Pure: same rows in, same report out; nothing is allocated.
 *
 * How sure the method is: single factor (the worst item decides) and the multiple (C - S3) / S3 are
 * published practice; how many days a mean needs, how main pollutants are chosen, the words of the
 * grades and of changes are settings (wq_period_rules), because the text of the official method
 * (the evaluation of surface water of 2011 and the technical rules behind it) could not be read. */
#ifndef WQ_PERIOD_H
#define WQ_PERIOD_H

#include "wq/day.h"
#include "wq/decimal.h"
#include "wq/instant.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wq_period_kind {
	WQ_PERIOD_DAY,
	WQ_PERIOD_WEEK,  /* Monday to Sunday */
	WQ_PERIOD_MONTH,
	WQ_PERIOD_MTD,   /* from the first of the month to a day of it */
	WQ_PERIOD_QUARTER,
	WQ_PERIOD_YEAR,
};
#define WQ_PERIOD_KINDS 6

/* "day" "week" "month" "mtd" "quarter" "year"; the kind of a name, or -1. */
const char *wq_period_kind_name(enum wq_period_kind kind);
int wq_period_kind_find(const char *name);

/* Natural days of a station, both ends inclusive. */
struct wq_period {
	enum wq_period_kind kind;
	wq_day first, last;
};

/* The period of that kind that `day` lies in; MTD ends with the day. */
struct wq_period wq_period_of(enum wq_period_kind kind, wq_day day);

/* The one before: of MTD, the same days of the month before, as far as it has them. */
struct wq_period wq_period_previous(const struct wq_period *period);

/* The same one of the year before: of a week, the one 52 weeks earlier; of February 29, the 28th. */
struct wq_period wq_period_last_year(const struct wq_period *period);

/* As officers read it: "2026年3月", "2026年3月2日至8日", "2026年第1季度". Returns buf. */
#define WQ_PERIOD_TEXT 80
char *wq_period_format(const struct wq_period *period, char buf[WQ_PERIOD_TEXT]);

/* -- one station -- */

/* One item over the period. */
struct wq_period_item {
	uint32_t parameter;
	int32_t days, days_expected; /* valid daily means; days of the period that are over */
	int32_t readings, readings_expected; /* counted in them; by the cycle, 0: no cycle says */
	int32_t below;     /* of `readings`: below the detection limit */
	double mean_raw, mean; /* unrounded, and rounded for evaluation; NaN: not assessable */
	int class_;        /* 1 … 6; 0: none */
	enum wq_day_verdict verdict; /* against the station's target class */
	double exceedance; /* 超标倍数 over the limit of Class III; NaN: none */
	bool evaluated;    /* takes part in the class */
};

#define WQ_PERIOD_POLLUTANTS 9

struct wq_period_report {
	uint32_t station;
	struct wq_period period;
	int class_; /* 1 … 6; 0: none */
	enum wq_day_verdict verdict;
	unsigned determining; /* bit per evaluated item (wq_standard_bit) that has the class, worse than I */
	unsigned lacking;     /* evaluated items that are measured here and not assessable */
	unsigned unmeasured;  /* evaluated items that are not measured here */
	int32_t days, days_expected; /* of the evaluated item that has the fewest */
	uint32_t pollutant_count;    /* main pollutants (主要污染指标): worse than III only */
	uint32_t pollutants[WQ_PERIOD_POLLUTANTS]; /* indices of items, the first is the main one */
	double saturation;   /* dissolved oxygen, % of saturation; NaN: no temperature, or no oxygen */
	double trophic;      /* TLI of a lake; NaN: not a lake, or inputs are missing */
	bool trophic_whole;  /* with transparency; without it, it is not the official index */
	uint32_t count;
	struct wq_period_item items[WQ_DAY_ITEMS]; /* in the order of the station's series */
};

/* The sums of one item. Private to rules/period. */
struct wq_period_sum {
	struct wq_decimal_sum means;
	double hydrogen, weighted;
	double only; /* the evaluation value of a single day */
	int32_t days, readings, below;
	int32_t counted; /* readings of the valid means */
	bool unmeasured;
};

struct wq_period_work {
	const struct wq_site *site;
	uint32_t station;
	struct wq_period period;
	wq_day until; /* the last day that is over: days after it are not expected */
	struct wq_period_sum sums[WQ_DAY_ITEMS];
};

/* Begins a period of a station. */
void wq_period_open(struct wq_period_work *work, const struct wq_site *site, uint32_t station,
	const struct wq_period *period, wq_day until);

/* Says that a series of the site is none of the station's own (a column that a CSV has for others). */
void wq_period_unmeasured(struct wq_period_work *work, uint32_t parameter);

/* Takes the row of a day, each item and day once (its newest revision), in any order. Rows of other
 * stations, of other days and of the station as a whole are passed over. */
void wq_period_add(struct wq_period_work *work, const struct wq_day_row *row);

void wq_period_close(const struct wq_period_work *work, struct wq_period_report *report);

/* Why there is no class, in Chinese ("有效天数不足:总磷(3/31)"), or what is lacking beside a known
 * exceedance, or which items are not measured; "" where all is there. Returns buf. */
#define WQ_PERIOD_SAYS 512
char *wq_period_reason(
	const struct wq_site *site, const struct wq_period_report *report, char buf[WQ_PERIOD_SAYS]);

/* "总磷、氨氮" of the bits; "" for none. Returns buf. */
char *wq_period_items(const struct wq_site *site, unsigned bits, char buf[WQ_PERIOD_SAYS]);

/* "总磷(0.32)、溶解氧": the main pollutants with their multiples. Returns buf. */
char *wq_period_pollutants(
	const struct wq_site *site, const struct wq_period_report *report, char buf[WQ_PERIOD_SAYS]);

/* The grade of status of a class ("优" for I and II, "良好" for III …) and its colour, by the site's words; "" for
 * none. */
const char *wq_grade_name(const struct wq_period_rules *rules, int class_);
const char *wq_grade_colour(const struct wq_period_rules *rules, int class_);

/* -- numbers beside the class -- */

/* Saturation of dissolved oxygen, % of 468 / (31.6 + T) mg/L (HJ 2.3-2018, fresh water). */
double wq_oxygen_saturation(double oxygen, double temperature);

/* Trophic level index of a lake from its five inputs (NaN: not there): chlorophyll a in mg/m3, TP, TN and
 * CODMn in mg/L, transparency in m. Transparency may be missing: then the weights of the others are
 * scaled up and *whole is false, since that is not the official index. NaN when another is missing or
 * one is not above 0. */
struct wq_trophic {
	double chlorophyll, phosphorus, nitrogen, transparency, permanganate;
};
double wq_trophic_index(const struct wq_trophic *inputs, bool *whole);

/* 贫营养 中营养 轻度富营养 中度富营养 重度富营养; "" for NaN. */
const char *wq_trophic_name(double index);

/* -- changes and groups -- */

/* What a change of class means: by how many grades of status (class I and II are one) it moved. "无明显变化"
 * "有所好转" "明显好转" "有所下降" "明显下降"; "" when either class is none. */
const char *wq_class_change(int before, int after);

struct wq_group {
	uint32_t sections, assessable, commissioning; /* those in commissioning are in neither of the others */
	uint32_t classes[7]; /* how many have class 1 … 6; [0] not assessable */
};

/* The class that a report counts with in a group: its own; none where an item is lacking and what is known is
 * Class III or better, since the share would look better than the water is. */
int wq_period_counted(const struct wq_period_report *report);

/* Counts a report by that class; stations in commissioning are counted apart and nowhere else. */
void wq_group_add(struct wq_group *group, const struct wq_station *station, int class_);

/* Shares of the assessable sections, %: Class III or better (优Ⅲ比例), and worse than V. NaN: none. */
double wq_group_good(const struct wq_group *group);
double wq_group_worst(const struct wq_group *group);

/* What a change of a group means: ΔG − ΔD, the change of the share of Class III or better less that of the
 * share worse than V, in percentage points; the words as above. *points (may be NULL) gets it, NaN: none. */
const char *wq_group_change(const struct wq_period_rules *rules, const struct wq_group *before,
	const struct wq_group *after, double *points);

/* -- days from readings -- */

/* The open day of one series. Zero-initialise. */
struct wq_day_sum {
	bool open;
	wq_day day;
	struct wq_decimal_sum sum;
	double hydrogen;
	int32_t below;
	bool known; /* a reading was taken, of this day or before; it was: */
	wq_ms last_at;
	double last;
	bool last_below;
};

/* Takes a reading (ascending by time within the series). The same analysis read again within the cycle is not
 * counted; another value for the same instant takes the place of the first. below: the source said
 * "less than value": half of it counts. Returns false when `at` is of a day before the open one. A new
 * day begins by wq_day_end() only: the caller ends the open one first. */
bool wq_day_take(const struct wq_site *site, uint32_t series, struct wq_day_sum *sum, wq_ms at, double value,
	bool below);

/* True when a reading at `at` begins another day than the open one. */
bool wq_day_turns(const struct wq_site *site, uint32_t series, const struct wq_day_sum *sum, wq_ms at);

/* Ends the open day: its row as the engine would make it, without class and verdict. False: none is open. */
bool wq_day_end(const struct wq_site *site, uint32_t series, struct wq_day_sum *sum, struct wq_day_row *row);

#endif
