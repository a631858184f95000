/* SPDX-License-Identifier: Apache-2.0 */
/* What wqctl evaluate says: a table for the officer, CSV for programs; JSON is evaluate_json.c. */
#include "evaluate.h"

#include "commands.h"
#include "table.h"

#include "wq/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT  48
#define REMARKS_TEXT (WQ_PERIOD_SAYS + 32)

void evaluate_line(const struct evaluation *e, size_t station, struct evaluated_line *line)
{
	struct wq_period_report other;

	line->station = &e->site.stations[station];
	wq_period_close(&e->works[station][EVALUATED_NOW], &line->now);
	line->counted[EVALUATED_NOW] = wq_period_counted(&line->now);
	wq_period_close(&e->works[station][EVALUATED_BEFORE], &other);
	line->before = other.class_;
	line->counted[EVALUATED_BEFORE] = wq_period_counted(&other);
	wq_period_close(&e->works[station][EVALUATED_LAST_YEAR], &other);
	line->last_year = other.class_;
	line->counted[EVALUATED_LAST_YEAR] = wq_period_counted(&other);
}

/* "12.3", one place; "" for none. */
static const char *one_place(double value, char buf[NUMBER_TEXT])
{
	struct wq_decimal d;

	buf[0] = '\0';
	if (isnan(value))
		return buf;
	d = (struct wq_decimal){ llround(value * 1e6), 6 };
	return wq_decimal_format(wq_decimal_round(d, 1), buf);
}

/* -- the table -- */

static const char *verdict_word(const struct evaluated_line *line)
{
	static const char *const words[] = { [WQ_DAY_NOT_ASSESSABLE] = "不可评价",
		[WQ_DAY_MEETS] = "达标",
		[WQ_DAY_EXCEEDS] = "超标" };

	return words[line->now.verdict];
}

/* "Ⅳ 有所好转": a class of before, and what the change to now means. */
static const char *change(int before, int now, char buf[NUMBER_TEXT])
{
	snprintf(buf, NUMBER_TEXT, "%s%s%s", before == WQ_CLASS_NONE ? "-" : wq_class_name(before),
	        wq_class_change(before, now)[0] == '\0' ? "" : " ", wq_class_change(before, now));
	return buf;
}

static const char *remarks(
        const struct evaluation *e, const struct evaluated_line *line, char buf[REMARKS_TEXT])
{
	char reason[WQ_PERIOD_SAYS];

	wq_period_reason(&e->site, &line->now, reason);
	snprintf(buf, REMARKS_TEXT, "%s%s%s", line->station->commissioning ? "调试中" : "",
	        line->station->commissioning && reason[0] != '\0' ? ";" : "", reason);
	return buf;
}

static void table_row(
        const struct evaluation *e, struct ctl_table *table, const struct evaluated_line *line)
{
	char before[NUMBER_TEXT], last_year[NUMBER_TEXT], days[NUMBER_TEXT], oxygen[NUMBER_TEXT],
	        trophic[NUMBER_TEXT], determining[WQ_PERIOD_SAYS], pollutants[WQ_PERIOD_SAYS],
	        says[REMARKS_TEXT], trophic_text[NUMBER_TEXT * 2], target[NUMBER_TEXT];
	const struct wq_period_report *now = &line->now;
	const char *cells[] = { line->station->name,
		now->class_ == WQ_CLASS_NONE ? "-" : wq_class_name(now->class_),
		wq_grade_name(&e->site.evaluation.period, now->class_), target,
		wq_period_items(&e->site, now->determining, determining),
		wq_period_pollutants(&e->site, now, pollutants),
		change(line->before, now->class_, before),
		change(line->last_year, now->class_, last_year), days,
		one_place(now->saturation, oxygen), trophic_text, remarks(e, line, says) };

	snprintf(target, sizeof target, "%s(%s)", verdict_word(line),
	        wq_class_name(line->station->target));
	snprintf(days, sizeof days, "%d/%d", (int)now->days, (int)now->days_expected);
	snprintf(trophic_text, sizeof trophic_text, "%s%s%s", one_place(now->trophic, trophic),
	        wq_trophic_name(now->trophic),
	        isnan(now->trophic) || now->trophic_whole ? "" : "*");
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		if (cells[i][0] == '\0')
			cells[i] = "-";
	ctl_table_row(table, cells);
}

/* "优Ⅲ比例 85.7%(6/7),劣Ⅴ类 0%": of the assessable sections. */
static void print_shares(const struct wq_group *group)
{
	const uint32_t good = group->classes[1] + group->classes[2] + group->classes[3];
	char g[NUMBER_TEXT], w[NUMBER_TEXT];

	if (group->assessable == 0) {
		printf("无可评价断面");
		return;
	}
	printf("优Ⅲ比例%s%%(%u/%u),劣Ⅴ类%s%%(%u/%u)", one_place(wq_group_good(group), g), good,
	        group->assessable, one_place(wq_group_worst(group), w), group->classes[6],
	        group->assessable);
}

static void print_group_change(const struct evaluation *e, const char *what,
        const struct wq_group *before, const struct wq_group *now)
{
	const char *word;
	double points;
	char text[NUMBER_TEXT];

	printf("%s:", what);
	print_shares(before);
	word = wq_group_change(&e->site.evaluation.period, before, now, &points);
	if (word[0] != '\0')
		printf(",水质%s(ΔG-ΔD %s)", word, one_place(points, text));
	putchar('\n');
}

void evaluate_count(struct evaluated_groups *g, const struct evaluated_line *line)
{
	wq_group_add(&g->now, line->station, line->counted[EVALUATED_NOW]);
	wq_group_add(&g->before, line->station, line->counted[EVALUATED_BEFORE]);
	wq_group_add(&g->last_year, line->station, line->counted[EVALUATED_LAST_YEAR]);
}

static void print_summary(const struct evaluation *e, const struct evaluated_groups *g)
{
	const struct wq_period *now = &e->periods[EVALUATED_NOW];
	const struct wq_period until = wq_period_of(WQ_PERIOD_DAY, evaluation_until(e));
	char period[WQ_PERIOD_TEXT];

	printf("\n%s", wq_period_format(now, period));
	if (until.last < now->last)
		printf("(未结束,截至%s)", wq_period_format(&until, period));
	printf(",断面%u个,可评价%u个", g->now.sections, g->now.assessable);
	if (g->now.commissioning > 0)
		printf(",另有调试中%u个不计", g->now.commissioning);
	printf(":");
	print_shares(&g->now);
	putchar('\n');
	print_group_change(e, "上期", &g->before, &g->now);
	print_group_change(e, "去年同期", &g->last_year, &g->now);
	printf("依据%s(%s);%s\n", e->site.standard->name, e->site.standard->version,
	        e->periods[EVALUATED_NOW].kind == WQ_PERIOD_DAY
	                ? "日评价为预警参考"
	                : "均值为有效日均值的平均,为本站口径");
}

static int print_table(
        const struct evaluation *e, struct evaluated_line *line, struct evaluated_groups *groups)
{
	static const char *const headings[] = { "站点", "类别", "状况", "达标(目标)", "定类因子",
		"主要污染指标", "上期", "去年同期", "有效天数", "溶解氧饱和度%", "营养状态",
		"说明" };
	struct ctl_table table = { 0 };
	bool whole, partial = false;

	ctl_table_begin(&table, sizeof headings / sizeof *headings, headings);
	for (size_t i = 0; i < e->site.station_count; i++) {
		if (!e->chosen[i])
			continue;
		evaluate_line(e, i, line);
		evaluate_count(groups, line);
		table_row(e, &table, line);
		partial = partial || (!isnan(line->now.trophic) && !line->now.trophic_whole);
	}
	whole = ctl_table_print(&table, stdout);
	ctl_table_free(&table);
	if (partial)
		puts("* 无透明度,按其余四项计算,不是完整的综合营养状态指数");
	print_summary(e, groups);
	if (!whole)
		fputs("wqctl: no memory for the whole table\n", stderr);
	return whole ? CTL_DONE : CTL_WRONG;
}

/* -- CSV -- */

static void csv_text(const char *text)
{
	putchar(',');
	wq_csv_write(stdout, text);
}

static void csv_class(int class_)
{
	putchar(',');
	if (class_ != WQ_CLASS_NONE)
		printf("%d", class_);
}

static void csv_aliases(const struct wq_site *site, unsigned bits)
{
	const char *between = "";

	putchar(',');
	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		const int found = wq_parameter_find(
		        site->parameters, site->parameter_count, site->standard->evaluated[i]);

		if ((bits & 1U << i) == 0 || found < 0)
			continue;
		printf("%s%s", between, site->parameters[found].alias);
		between = ";";
	}
}

static void csv_pollutants(const struct wq_site *site, const struct wq_period_report *report)
{
	putchar(',');
	for (uint32_t i = 0; i < report->pollutant_count; i++) {
		const struct wq_period_item *item = &report->items[report->pollutants[i]];
		char text[WQ_DECIMAL_TEXT];

		printf("%s%s", i == 0 ? "" : ";", site->parameters[item->parameter].alias);
		if (!isnan(item->exceedance))
			printf(":%s", wq_value_format(round(item->exceedance * 1e4) / 1e4, text));
	}
}

static void csv_line(const struct evaluation *e, const struct evaluated_line *line)
{
	char first[WQ_INSTANT_TEXT], last[WQ_INSTANT_TEXT], number[NUMBER_TEXT],
	        says[WQ_PERIOD_SAYS];
	const struct wq_period_report *now = &line->now;

	wq_csv_write(stdout, line->station->id);
	csv_text(line->station->name);
	printf(",%s,%s,%s", wq_period_kind_name(now->period.kind),
	        wq_day_format(now->period.first, first), wq_day_format(now->period.last, last));
	csv_class(now->class_);
	csv_text(wq_grade_name(&e->site.evaluation.period, now->class_));
	printf(",%s,%d", wq_day_verdict_name(now->verdict), line->station->target);
	csv_aliases(&e->site, now->determining);
	csv_pollutants(&e->site, now);
	csv_class(line->before);
	csv_class(line->last_year);
	printf(",%d,%d", (int)now->days, (int)now->days_expected);
	csv_aliases(&e->site, now->lacking);
	csv_aliases(&e->site, now->unmeasured);
	printf(",%s", one_place(now->saturation, number));
	printf(",%s", one_place(now->trophic, number));
	printf(",%s", line->station->commissioning ? "yes" : "no");
	csv_text(wq_period_reason(&e->site, now, says));
	putchar('\n');
}

static int print_csv(const struct evaluation *e, struct evaluated_line *line)
{
	puts("station,name,period,from,to,class,grade,verdict,target,determining,pollutants,"
	     "previous_class,"
	     "last_year_class,days,days_expected,lacking,unmeasured,saturation,trophic,"
	     "commissioning,"
	     "reason");
	for (size_t i = 0; i < e->site.station_count; i++) {
		if (!e->chosen[i])
			continue;
		evaluate_line(e, i, line);
		csv_line(e, line);
	}
	return CTL_DONE;
}

int evaluate_print(const struct evaluation *e)
{
	struct evaluated_line *line = calloc(1, sizeof *line);
	struct evaluated_groups groups = { 0 };
	int status = CTL_WRONG;

	if (line == NULL)
		fputs("wqctl: no memory\n", stderr);
	else if (e->request->format == EVALUATE_CSV)
		status = print_csv(e, line);
	else if (e->request->format == EVALUATE_JSON)
		status = evaluate_json(e, line, &groups);
	else
		status = print_table(e, line, &groups);
	free(line);
	return status;
}
