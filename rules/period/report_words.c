/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says in words. */
#include "wq/period.h"

#include "phrase.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3)))
add(char buf[WQ_PERIOD_SAYS], const char *format, ...)
{
	const size_t used = strlen(buf);
	va_list args;

	va_start(args, format);
	if (vsnprintf(buf + used, WQ_PERIOD_SAYS - used, format, args) >=
	        (int)(WQ_PERIOD_SAYS - used))
		buf[used] = '\0'; /* whole pieces only: a character is never cut */
	va_end(args);
}

static const char *name_of(const struct wq_site *site, const char *code)
{
	const int found = wq_parameter_find(site->parameters, site->parameter_count, code);

	return found < 0 ? code : site->parameters[found].name;
}

char *wq_period_items(const struct wq_site *site, unsigned bits, char buf[WQ_PERIOD_SAYS])
{
	buf[0] = '\0';
	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		if ((bits & 1U << i) != 0)
			add(buf, "%s%s", buf[0] == '\0' ? "" : "、",
			        name_of(site, site->standard->evaluated[i]));
	}
	return buf;
}

char *wq_period_pollutants(
        const struct wq_site *site, const struct wq_period_report *report, char buf[WQ_PERIOD_SAYS])
{
	buf[0] = '\0';
	for (uint32_t i = 0; i < report->pollutant_count; i++) {
		const struct wq_period_item *item = &report->items[report->pollutants[i]];
		char times[PHRASE_TEXT];

		add(buf, "%s%s", i == 0 ? "" : "、", site->parameters[item->parameter].name);
		if (!isnan(item->exceedance))
			add(buf, "(%s)", phrase_multiple(item->exceedance, times));
	}
	return buf;
}

static const char *graded(const char *const words[WQ_GRADES], int class_)
{
	const char *word = class_ == WQ_CLASS_NONE ? NULL : words[class_ <= 2 ? 0 : class_ - 2];

	return word == NULL ? "" : word;
}

const char *wq_grade_name(const struct wq_period_rules *rules, int class_)
{
	return graded(rules->grades, class_);
}

const char *wq_grade_colour(const struct wq_period_rules *rules, int class_)
{
	return graded(rules->colours, class_);
}

/* "总磷(3/31)": what is lacking, with the days it has. */
static void add_lacking(
        const struct wq_site *site, const struct wq_period_report *report, char buf[WQ_PERIOD_SAYS])
{
	const char *between = ":";

	for (uint32_t i = 0; i < report->count; i++) {
		const struct wq_period_item *item = &report->items[i];
		const struct wq_parameter *parameter = &site->parameters[item->parameter];

		if (!item->evaluated || item->class_ != WQ_CLASS_NONE)
			continue;
		if (report->period.kind == WQ_PERIOD_DAY && item->readings_expected > 0)
			add(buf, "%s%s(%d/%d)", between, parameter->name, (int)item->readings,
			        (int)item->readings_expected);
		else if (report->period.kind == WQ_PERIOD_DAY)
			add(buf, "%s%s(%d)", between, parameter->name, (int)item->readings);
		else
			add(buf, "%s%s(%d/%d)", between, parameter->name, (int)item->days,
			        (int)item->days_expected);
		between = "、";
	}
}

char *wq_period_reason(
        const struct wq_site *site, const struct wq_period_report *report, char buf[WQ_PERIOD_SAYS])
{
	const bool day = report->period.kind == WQ_PERIOD_DAY;
	char items[WQ_PERIOD_SAYS];

	buf[0] = '\0';
	if (report->lacking != 0 && report->days_expected == 0)
		add(buf, "%s", "尚未结束");
	else if (report->lacking != 0)
		add(buf, "%s", day ? "有效数据不足" : "有效天数不足");
	if (report->lacking != 0 && report->days_expected != 0)
		add_lacking(site, report, buf);
	if (report->unmeasured != 0)
		add(buf, "%s未监测:%s", buf[0] == '\0' ? "" : ";",
		        wq_period_items(site, report->unmeasured, items));
	return buf;
}
