/* SPDX-License-Identifier: Apache-2.0 */
/* Quality control of a series: the QARTOD tests (U.S. IOOS manuals for real-time quality control), in the semantics of the
 * reference implementation ioos_qc (read and run at commit 9c1853a), so that results can be compared with it value by
 * value. Its quirks are kept on purpose; each is said below. Pure and thread-safe, no allocation: room is the caller's. */
#ifndef WQ_QC_H
#define WQ_QC_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* The flags of QARTOD, as numbers in files. */
enum wq_qc_flag {
	WQ_QC_GOOD = 1,
	WQ_QC_UNKNOWN = 2, /* not evaluated */
	WQ_QC_SUSPECT = 3,
	WQ_QC_FAIL = 4,
	WQ_QC_MISSING = 9,
};

/* One flag of several of the same point: the first present in the order 4, 3, 1, 2, 9. So one test passed beats another that
 * could not be evaluated. count 0: MISSING. */
uint8_t wq_qc_aggregate(const uint8_t *flags, size_t count);

enum wq_qc_test {
	WQ_QC_GROSS_RANGE,
	WQ_QC_CLIMATOLOGY,
	WQ_QC_SPIKE,
	WQ_QC_RATE_OF_CHANGE,
	WQ_QC_FLAT_LINE,
	WQ_QC_ATTENUATED_SIGNAL,
	WQ_QC_GAP,
};
#define WQ_QC_TESTS 7

/* "gross_range" … "gap"; -1: none of them. */
const char *wq_qc_test_name(enum wq_qc_test test);
int wq_qc_test_parse(const char *name);

/* Both ends belong to it. NaN, NaN: not given. Either order. */
struct wq_qc_span {
	double low, high;
};

/* What a member of a climatology is valid for. */
enum wq_qc_period {
	WQ_QC_ALWAYS, /* tspan is an interval of time, in ms since 1970 */
	WQ_QC_YEAR,
	WQ_QC_QUARTER, /* 1 … 4 */
	WQ_QC_MONTH,   /* 1 … 12 */
	WQ_QC_WEEK,    /* ISO 8601, 1 … 53 */
	WQ_QC_DAY_OF_YEAR, /* 1 … 366 */
	WQ_QC_DAY_OF_WEEK, /* 0 = Monday … 6 */
	WQ_QC_DAY,     /* of the month, 1 … 31 */
	WQ_QC_HOUR,    /* 0 … 23 */
};

struct wq_qc_member {
	enum wq_qc_period period;
	struct wq_qc_span tspan;  /* required */
	struct wq_qc_span vspan;  /* outside is SUSPECT; required */
	struct wq_qc_span fspan;  /* outside is FAIL */
};

#define WQ_QC_MEMBERS 64

enum wq_qc_method { WQ_QC_AVERAGE, WQ_QC_DIFFERENTIAL };
enum wq_qc_check { WQ_QC_STD, WQ_QC_RANGE };

/* The parameters by the reference's names. NaN: not given. x is a value, t its time, both in reading order.
 *
 *   gross_range        outside fail_span FAIL, else outside suspect_span SUSPECT. ±inf is FAIL; where nothing is
 *                      said of it below it is MISSING. suspect_span must lie inside fail_span.
 *   climatology        members in their order, later ones overwrite; in none: UNKNOWN. (±inf is FAIL where a member has an
 *                      fspan, else SUSPECT.)
 *   spike              average: d = |x_i - (x_{i-1} + x_{i+1})/2|; differential: the smaller of the two steps when they go in
 *                      opposite directions, else 0. d > fail_threshold FAIL, else d > suspect_threshold SUSPECT. A threshold
 *                      of 0 is not given. First, last and beside a missing value: UNKNOWN.
 *   rate_of_change     |x_i - x_{i-1}| / (t_i - t_{i-1}) a second > fail_threshold FAIL, else > threshold SUSPECT. Time in
 *                      whole seconds; of two points within one, the step counts as of one second. The first point and one after
 *                      a missing value: GOOD. ±inf is MISSING, after it the rate is infinite.
 *   flat_line          k = threshold / median of the steps in time (both in whole seconds, cut); x_{i-k} … x_i differ by less than
 *                      `tolerance`: SUSPECT, FAIL. Windows are of points, not of time; missing ones in it do not count; the
 *                      first k points pass; fewer than three points all pass, missing ones too. tolerance 0 (as when not given) never flags.
 *   attenuated_signal  standard deviation (divisor n) or range of the valid values in (t_i - test_period, t_i] < fail_threshold FAIL, <
 *                      suspect_threshold SUSPECT. Fewer than min_obs values, or than min_period / median step: UNKNOWN;
 *                      `range` with a missing value in the window too. No test_period, or 0: all points at once.
 *   gap                t_i - t_{i-1} > fail_span hours (whole seconds): FAIL. The first point has the flag of the second. Values do not matter:
 *                      none is MISSING.
 *
 * All but gap, and flat_line of fewer than three points: a missing value is MISSING. Comparisons are strict. */
struct wq_qc_request {
	enum wq_qc_test test;
	struct wq_qc_span fail_span, suspect_span;
	enum wq_qc_method method;
	double suspect_threshold, fail_threshold, threshold, tolerance;
	enum wq_qc_check check_type;
	double test_period, min_obs, min_period;
	double gap_hours; /* fail_span of gap */
	size_t member_count;
	struct wq_qc_member members[WQ_QC_MEMBERS];
	const struct wq_zone *zone; /* of a member's period */
};

/* Nothing given, the defaults of the reference: method average, check_type std, tolerance 0, gap 2 h. Zone: China. */
void wq_qc_request_init(struct wq_qc_request *request, enum wq_qc_test test);

/* Whether all that the test needs is there and goes together. 0, or WQ_E_INVALID with the sentence. */
int wq_qc_check(const struct wq_qc_request *request, struct wq_err *err);

/* Bytes of room that wq_qc_run() needs for so many points; aligned as malloc aligns. */
size_t wq_qc_room(size_t count);

/* Writes `count` flags; NaN is missing. Times do not descend. O(count). 0, or WQ_E_INVALID: wq_qc_check(), or times whose usual
 * step is below one second where a test counts in steps. */
int wq_qc_run(const struct wq_qc_request *request, const wq_ms *at, const double *value, size_t count, void *room,
	uint8_t *flags, struct wq_err *err);

#endif
