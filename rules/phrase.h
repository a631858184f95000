/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the Chinese sentences that rules say. Pure and thread-safe; every call returns buf. */
#ifndef WQ_RULES_PHRASE_H
#define WQ_RULES_PHRASE_H

#include "wq/instant.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_parameter;

#define PHRASE_TEXT 128

/* "总磷0.263mg/L", "pH 9.3". `number` is the value as text. */
char *phrase_value(const struct wq_parameter *parameter, const char *number, char buf[PHRASE_TEXT]);

/* "0.263mg/L", "9.3". */
char *phrase_amount(
        const struct wq_parameter *parameter, const char *number, char buf[PHRASE_TEXT]);

/* An exceedance multiple: two decimals by GB/T 8170, one significant digit where they would be 0.
 */
char *phrase_multiple(double multiple, char buf[PHRASE_TEXT]);

/* An estimate: at most `places` decimals and never an exponent, trailing zeros off; where the
 * decimals would hide it, one significant digit. places < 0: three significant digits. */
char *phrase_estimate(double value, int places, char buf[PHRASE_TEXT]);

/* As above with `digits` significant digits. */
char *phrase_significant(double value, int digits, char buf[PHRASE_TEXT]);

/* "9小时", "25分钟", "3天", "40秒": whole units, rounded down; days from 48 h on. */
char *phrase_span(wq_ms span, char buf[PHRASE_TEXT]);

/* "总磷、氨氮等9项", "总磷、氨氮", "总磷": the first two of series of a station, those of most interest first, and how many
 * there are. count >= 1. */
char *phrase_items(const struct wq_site *site, const uint32_t *series, size_t count, char buf[PHRASE_TEXT]);

/* "11月22日". */
char *phrase_day(wq_day day, char buf[PHRASE_TEXT]);

struct phrase;
struct wq_reading;

/* ",疑似仪器异常(突跳)" of a suspect reading, ",数据存疑" where it is not known why; nothing of a good one. confirmed: the reading
 * before says the same, then it is no spike, and not unusual either; an instrument that is frozen stays so. */
void phrase_doubt(struct phrase *phrase, const struct wq_reading *reading, bool confirmed);

/* A sentence under construction: what no longer fits is left out. Zero-initialise. */
struct phrase {
	size_t length;
	char text[768]; /* longer than any verdict's: the cut at a character is the verdict's */
};

void phrase_add(struct phrase *phrase, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
