/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of an instrument, told value by value as they come: what no water does. Made for river stations; how the settings
 * were chosen and what they reach: docs/qc.md. A step of the water that stays, or comes up over several readings, is none.
 *
 * Pure, bounded memory a series, no allocation. Flags are those of wq/qc.h. Nearly every value is judged at once; one that
 * looks like a spike may wait for the next value and gets its flag then, once. */
#ifndef WQ_HEALTH_H
#define WQ_HEALTH_H

#include "wq/instant.h"
#include "wq/qc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

enum wq_health_spike {
	WQ_SPIKE_NONE,
	WQ_SPIKE_LEVEL, /* off the median of the values before, and the next value is back */
	WQ_SPIKE_STEP,  /* off the line through the two values before */
};

#define WQ_HEALTH_MEMORY   2048 /* most residuals remembered */
#define WQ_HEALTH_PREVIOUS 32   /* most values of the median */
#define WQ_HEALTH_TRUST    64   /* most values that are looked at for whether they are measured */

/* In the unit of the value (with `log`: of its logarithm). NaN, 0 of a span: the test is not made. */
struct wq_health_settings {
	double low, high; /* outside is FAIL; the ends belong to it */
	double above;     /* at or below is FAIL: no quantity of this kind is there */
	bool with;        /* it fails where another series fails (wq_health_next) */

	enum wq_health_spike spike;
	double log;      /* > 0: ln(max(x, log)) instead of x */
	size_t previous; /* level: the median is of so many accepted values, 3 … WQ_HEALTH_PREVIOUS */
	size_t memory;   /* residuals that say what is usual, 20 … WQ_HEALTH_MEMORY */
	double floor;    /* least residual of consequence: the resolution of the instrument, about */
	double k;        /* how many times the usual residual */
	double back;     /* it is a spike only when the next value is back: off what was usual before by less than this part,
	                    0 … 1. NaN: level 0.5, step told at once */
	double slope;    /* step: how much of the last step goes on, 0 … 1 */
	double alone;    /* step: it must be so many times each of the 16 residuals before the last: a spike stands alone, a
	                    storm does not. 0: whatever was before */
	/* step: a jump away that at most so many values later, 2 … WQ_HEALTH_MEMORY, is followed by one back to where it was:
	 * the value that is back is SUSPECT, as the mark of an offset that has ended (those before it have their flags
	 * already). 0: not asked */
	size_t offset;

	wq_ms gap;    /* after so long without any value the first one is SUSPECT … */
	double gap_k; /* … level: only when it is off the median by so many times the usual residual. NaN: in any case */

	wq_ms flat_suspect, flat_fail; /* unchanged for so long, by the clock */
	double flat_tolerance; /* highest less lowest at most this is unchanged */
	double flat_above;     /* not at or below this: the detection limit */
	/* Whether the newest so many values look measured, 8 … WQ_HEALTH_TRUST; 0: not asked. SUSPECT is what moves with a tenth of the
	 * bends that are usual here (filled in, smoothed), is told with fewer decimals than before, or is value by value
	 * that of another series while it moves. A suspicion with its reason, no proof. */
	size_t trust;
	wq_ms cycle; /* of the analyser: an equal value within it is the same analysis told again, and gets the flag
	                known of it by then. 0: none */
};

/* No test at all; previous 5, memory 200, k 7. */
void wq_health_init(struct wq_health_settings *settings);

/* Range and flat line to begin with for a parameter by its alias ("tp"): quantiles of 1,683 automatic stations, to be replaced by a
 * station's own. Other settings stay. False: none are known. */
bool wq_health_like(struct wq_health_settings *settings, const char *alias);

/* 0, or WQ_E_INVALID with the sentence. */
int wq_health_check(const struct wq_health_settings *settings, struct wq_err *err);

enum wq_health_test {
	WQ_HEALTH_NONE,
	WQ_HEALTH_MISSING,
	WQ_HEALTH_RANGE,
	WQ_HEALTH_WITH,
	WQ_HEALTH_FLAT,
	WQ_HEALTH_COPIED,
	WQ_HEALTH_COARSE,
	WQ_HEALTH_REGULAR,
	WQ_HEALTH_GAP,
	WQ_HEALTH_SPIKE,
	/* Of the rule `health` only (docs/qc.md): */
	WQ_HEALTH_UNUSUAL,   /* outside what is usual of the parameter, or learnt of the series */
	WQ_HEALTH_RATE,      /* a jump beyond what is usual, and no other parameter moved */
	WQ_HEALTH_SEASON,    /* outside what is configured for the time of the year */
	WQ_HEALTH_CROSS,     /* impossible beside another parameter of the station */
	WQ_HEALTH_NEIGHBOUR, /* beside the same parameter at the next station */
};
#define WQ_HEALTH_TESTS 15 /* numbers are stored: new ones at the end */

/* "" "missing" "range" "with" "flat" "copied" "coarse" "regular" "gap" "spike" "unusual" "rate" "season" "cross" "neighbour" */
const char *wq_health_test_name(enum wq_health_test test);

/* As officers read it: "突跳" "数值不变" …; "" for NONE. */
const char *wq_health_test_chinese(enum wq_health_test test);

/* What else is usual of a parameter, to begin with (docs/qc.md); NaN: nothing is known. */
struct wq_health_usual {
	double low, high;  /* outside is suspect, inside the gross range */
	double rate;       /* change within 4 h that is suspect */
	bool share;        /* … as a share of the value before */
	double floor, log; /* of the spike test (level) */
};

/* False: none is known of this alias; then all is NaN. */
bool wq_health_usual(struct wq_health_usual *usual, const char *alias);

/* Concentration of oxygen in mg/L in fresh water that is in equilibrium with air at 1 atm, 0 … 40 degrees C: Benson and Krause
 * 1984, as in Standard Methods 4500-O; the coefficients as two published programs have them. NaN outside of that. */
double wq_oxygen_soluble(double celsius);

struct wq_health_verdict {
	wq_ms at;
	double value;
	uint8_t flag; /* enum wq_qc_flag */
	uint8_t test; /* enum wq_health_test: what the flag is from */
};

/* Most verdicts that one value makes final. */
#define WQ_HEALTH_VERDICTS 2

struct wq_health;

/* Bytes of state; to be zeroed before the first call. Depends on `memory` and `trust`. */
size_t wq_health_size(const struct wq_health_settings *settings);

/* Whether a value alone is missing or out of its range: what `with` asks of others. */
bool wq_health_fails(const struct wq_health_settings *settings, double value);

/* The next value (NaN: missing), not before the one before it. `with`: a series that this one hangs on fails at this
 * instant; `other`: the value then of a series that this one may have been copied from, NaN: none. Writes what is final
 * now and returns how many, in the order of their times. O(memory). */
size_t wq_health_next(struct wq_health *health, const struct wq_health_settings *settings, wq_ms at, double value, bool with,
	double other, struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS]);

/* What still waits when no more comes: UNKNOWN. */
size_t wq_health_end(struct wq_health *health, struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS]);

#endif
