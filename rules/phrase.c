/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the Chinese sentences that rules say. */
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/health.h"
#include "wq/parameter.h"
#include "wq/rule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *phrase_amount(const struct wq_parameter *parameter, const char *number, char buf[PHRASE_TEXT])
{
	const char *unit = strcmp(parameter->unit, "-") == 0 ? "" : parameter->unit;

	snprintf(buf, PHRASE_TEXT, "%.48s%.24s", number, unit);
	return buf;
}

char *phrase_value(const struct wq_parameter *parameter, const char *number, char buf[PHRASE_TEXT])
{
	char amount[PHRASE_TEXT];
	size_t length = strlen(parameter->name);
	/* A Latin name would run into the number: "pH9.3". */
	const char *gap =
	        length > 0 && (unsigned char)parameter->name[length - 1] < 0x80 ? " " : "";

	snprintf(buf, PHRASE_TEXT, "%.48s%s%.72s", parameter->name, gap,
	        phrase_amount(parameter, number, amount));
	return buf;
}

static char *strip_zeros(char *text)
{
	size_t length = strlen(text);

	if (!strchr(text, '.'))
		return text;
	while (length > 1 && text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

char *phrase_significant(double value, int digits, char buf[PHRASE_TEXT])
{
	int places = value == 0 ? 0 : digits - 1 - (int)floor(log10(fabs(value)));

	if (places < 0)
		places = 0;
	if (places > 12)
		places = 12;
	snprintf(buf, PHRASE_TEXT, "%.*f", places, value);
	return strip_zeros(buf);
}

char *phrase_estimate(double value, int places, char buf[PHRASE_TEXT])
{
	if (places < 0)
		return phrase_significant(value, 3, buf);
	if (value != 0 && fabs(value) * pow(10, places) < 0.5)
		return phrase_significant(value, 1, buf);
	snprintf(buf, PHRASE_TEXT, "%.*f", places, value);
	return strip_zeros(buf);
}

char *phrase_multiple(double multiple, char buf[PHRASE_TEXT])
{
	struct wq_decimal exact;
	char text[WQ_DECIMAL_TEXT];

	/* (0.263 - 0.2) / 0.2 is 0.31499999999999995 in binary: twelve digits give the 0.315 back
	 * that GB/T 8170 rounds. */
	snprintf(text, sizeof text, "%.12g", multiple);
	if (wq_decimal_parse(text, &exact, NULL))
		return phrase_significant(multiple, 2, buf);
	snprintf(buf, PHRASE_TEXT, "%s", wq_decimal_format(wq_decimal_evaluate(exact, 2), text));
	return strip_zeros(buf);
}

char *phrase_span(wq_ms span, char buf[PHRASE_TEXT])
{
	static const struct {
		wq_ms from, unit;
		const char *name;
	} units[] = {
		{ WQ_HOURS(48), WQ_DAYS(1), "天" },
		{ WQ_HOURS(1), WQ_HOURS(1), "小时" },
		{ WQ_MINUTES(1), WQ_MINUTES(1), "分钟" },
		{ INT64_MIN, WQ_SECONDS(1), "秒" },
	};
	size_t i = 0;

	while (span < units[i].from)
		i++;
	snprintf(buf, PHRASE_TEXT, "%lld%s", (long long)(span / units[i].unit), units[i].name);
	return buf;
}

/* How early a parameter is named: the evaluated items from the last (total phosphorus) on, then the others. */
static size_t rank_of(const char *code)
{
	for (size_t i = 0; i < WQ_EVALUATED; i++)
		if (strcmp(wq_evaluated_codes[i], code) == 0)
			return WQ_EVALUATED - 1 - i;
	return WQ_EVALUATED;
}

static const struct wq_parameter *parameter_of(const struct wq_site *site, uint32_t series)
{
	return &site->parameters[site->series[series].parameter];
}

/* Index of the one to be named first, leaving out `but`; count: there is none. */
static size_t foremost(const struct wq_site *site, const uint32_t *series, size_t count, size_t but)
{
	size_t best = count;

	for (size_t i = 0; i < count; i++)
		if (i != but && (best == count || rank_of(parameter_of(site, series[i])->code) <
		                                          rank_of(parameter_of(site, series[best])->code)))
			best = i;
	return best;
}

char *phrase_items(const struct wq_site *site, const uint32_t *series, size_t count, char buf[PHRASE_TEXT])
{
	size_t first = foremost(site, series, count, count);
	size_t second = foremost(site, series, count, first);

	if (second == count)
		snprintf(buf, PHRASE_TEXT, "%.40s", parameter_of(site, series[first])->name);
	else if (count == 2)
		snprintf(buf, PHRASE_TEXT, "%.40s、%.40s", parameter_of(site, series[first])->name,
		        parameter_of(site, series[second])->name);
	else
		snprintf(buf, PHRASE_TEXT, "%.40s、%.40s等%zu项", parameter_of(site, series[first])->name,
		        parameter_of(site, series[second])->name, count);
	return buf;
}

char *phrase_day(wq_day day, char buf[PHRASE_TEXT])
{
	char date[WQ_INSTANT_TEXT]; /* "2021-11-22" */

	wq_day_format(day, date);
	snprintf(buf, PHRASE_TEXT, "%d月%d日", atoi(date + 5), atoi(date + 8));
	return buf;
}

void phrase_add(struct phrase *phrase, const char *format, ...)
{
	size_t room = sizeof phrase->text - phrase->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(phrase->text + phrase->length, room, format, args);
	va_end(args);
	if (n > 0)
		phrase->length += (size_t)n < room ? (size_t)n : room - 1;
}

/* What only the first of several readings can be: those after it speak for it. */
static bool of_one_reading(uint8_t test)
{
	static const bool alone[WQ_HEALTH_TESTS] = { [WQ_HEALTH_GAP] = true,
		[WQ_HEALTH_SPIKE] = true,
		[WQ_HEALTH_UNUSUAL] = true,
		[WQ_HEALTH_RATE] = true,
		[WQ_HEALTH_SEASON] = true,
		[WQ_HEALTH_NEIGHBOUR] = true };

	return test < WQ_HEALTH_TESTS && alone[test];
}

void phrase_doubt(struct phrase *phrase, const struct wq_reading *reading, bool confirmed)
{
	if (reading->quality != WQ_SUSPECT || (confirmed && of_one_reading(reading->test)))
		return;
	if (reading->test != WQ_HEALTH_NONE)
		phrase_add(phrase, ",疑似仪器异常(%s)", wq_health_test_chinese((enum wq_health_test)reading->test));
	else
		phrase_add(phrase, ",数据存疑");
}
