/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time, spans of time and natural days. Nothing here asks for the time of day:
 * only the daemon's clock does. All calls are pure and thread-safe. */
#ifndef WQ_INSTANT_H
#define WQ_INSTANT_H

#include <stddef.h>
#include <stdint.h>

struct wq_err;

typedef int64_t wq_ms;  /* milliseconds since 1970-01-01T00:00:00Z, or a span of them */
typedef int32_t wq_day; /* a natural day of a zone, counted from 1970-01-01 */

#define WQ_NO_TIME    INT64_MIN /* "not known"; never a valid instant or span */
#define WQ_SECONDS(n) ((wq_ms)(n)*1000)
#define WQ_MINUTES(n) ((wq_ms)(n)*60000)
#define WQ_HOURS(n)   ((wq_ms)(n)*3600000)
#define WQ_DAYS(n)    ((wq_ms)(n)*86400000)

/* One stretch of a zone: from `from` (inclusive) local time is UTC + offset. */
struct wq_zone_row {
	wq_ms from;
	wq_ms offset;
};

/* A time zone resolved to data. Rows ascend by `from`; the first also serves what is
 * earlier. count >= 1. The owner keeps rows alive as long as the zone is used. */
struct wq_zone {
	size_t count;
	const struct wq_zone_row *rows;
};

/* UTC+8 without daylight saving: China Standard Time, the default of a site. */
extern const struct wq_zone wq_zone_china;

/* The offset in force at an instant. */
wq_ms wq_zone_offset(const struct wq_zone *zone, wq_ms at);

/* The natural day an instant falls in; days are half-open, 24:00 is the next day. */
wq_day wq_day_of(const struct wq_zone *zone, wq_ms at);

/* The first instant of a natural day. */
wq_ms wq_day_start(const struct wq_zone *zone, wq_day day);

/* Size that every form below fits in, NUL included. */
#define WQ_INSTANT_TEXT 40

/* "2021-04-01T08:00:00+08:00"; milliseconds only when not zero ("…:00.250+08:00").
 * Returns buf. */
char *wq_instant_format(const struct wq_zone *zone, wq_ms at, char buf[WQ_INSTANT_TEXT]);

/* As officers read it: "04-01 08:00". Returns buf. */
char *wq_instant_format_short(const struct wq_zone *zone, wq_ms at, char buf[WQ_INSTANT_TEXT]);

/* "2021-04-01" and "20210401". Return buf. */
char *wq_day_format(wq_day day, char buf[WQ_INSTANT_TEXT]);
char *wq_day_format_compact(wq_day day, char buf[WQ_INSTANT_TEXT]);

/* ISO 8601: date and time of day parted by 'T' or a space, seconds and fraction optional,
 * then 'Z', an offset (+08:00, +0800, +08) or nothing, which means `zone`; "YYYY/MM/DD" too. A date alone is
 * its first instant. Years 1970 … 2199. On failure *at is untouched. */
int wq_instant_parse(const char *text, const struct wq_zone *zone, wq_ms *at, struct wq_err *err);

/* A span with its unit: "500ms" "30s" "5m" "4h" "3d"; a bare "0" is allowed, a bare number
 * is not. Not negative. On failure *span is untouched. */
int wq_span_parse(const char *text, wq_ms *span, struct wq_err *err);

/* The inverse, in the largest unit that divides it: 14400000 -> "4h". Returns buf. */
char *wq_span_format(wq_ms span, char buf[WQ_INSTANT_TEXT]);

#endif
