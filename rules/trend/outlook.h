/* SPDX-License-Identifier: Apache-2.0 */
/* From a window of points to the time at which the limit will be crossed. Pure. */
#ifndef WQ_TREND_OUTLOOK_H
#define WQ_TREND_OUTLOOK_H

#include "wq/trend.h"

#include <stdbool.h>
#include <stddef.h>

/* The points of a window, oldest first; t in hours before the newest point (<= 0). */
struct window {
	size_t n;
	double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS];
	size_t seasons; /* 2 … WQ_TREND_SEASONS, at most n / 3: what repeats every `cycle` is no trend; 0: nothing does */
	double cycle;   /* hours */
};

/* Toward which limit it is looked. */
struct goal {
	double limit;
	bool upper;        /* values above exceed; else values below */
	double near;       /* share of the limit */
	double confidence; /* two-sided, 0 … 1 */
};

/* What is known of a window, for the limits above and below: reckoned once, and as long as its points stay the same. */
struct fit {
	bool taken; /* the rest is that of the window */
	double newest, usual, low, high; /* value of the newest point, median of the newest few; extremes */
	struct wq_kendall plain;         /* without regard to autocorrelation; n < 0: not asked yet */
	int status;                      /* of the lines: 1 not fitted yet, 0, or a negative enum wq_code */
	struct wq_trend amounts, shares; /* of x; of ln x where that may be (all positive, range beyond a factor of 2) */
	bool shares_closer;              /* the latter lies closer to the points */
};

struct outlook {
	bool far;    /* nowhere near the limit: nothing below was computed */
	bool toward; /* a significant trend toward the limit, its slope bound beyond 0 too */
	bool away;   /* a significant trend away from it */
	bool near;   /* the fitted present is near the limit, or beyond */
	bool shares; /* fitted to logarithms: it changes by shares */
	bool brief;  /* neither toward nor away, and nothing below was computed */
	struct wq_trend trend; /* in the mirrored, perhaps logarithmic scale that was fitted */
	double now;            /* the fitted present, as measured */
	double slope, low,
	        high; /* per hour at present, as measured: low is the end less toward the limit */
	double hours, earliest,
	        latest; /* to the limit, 0 when the line is there; with `toward` only */
};

/* What can be told of a window without its lines. */
void fit_take(const struct window *window, struct fit *fit);

/* The outlook `present` hours (>= 0) after the newest point. The lines are fitted to the window when they are needed and not there.
 * Negative enum wq_code when the points are not fit for it. */
int outlook_take(const struct window *window, struct fit *fit, const struct goal *goal, double present,
        struct outlook *outlook);

/* Far, toward, away and near as outlook_take() has them, but by the plain test and a count of slopes alone where these are
 * enough: most windows have no trend. */
int outlook_brief(const struct window *window, struct fit *fit, const struct goal *goal, double present,
        struct outlook *outlook);

#endif
