/* SPDX-License-Identifier: Apache-2.0 */
/* Headings -> columns. Two columns for one thing are refused, because one of them would be passed over. */
#include "headings.h"

#include "columns.h"
#include "wq/err.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	enum csv_role role;
} words[] = {
	{ "time", CSV_TIME },
	{ "ts", CSV_TIME },
	{ "datetime", CSV_TIME },
	{ "时间", CSV_TIME },
	{ "日期", CSV_TIME },
	{ "监测时间", CSV_TIME },
	{ "采样时间", CSV_TIME },
	{ "数据时间", CSV_TIME },
	{ "station", CSV_STATION },
	{ "section", CSV_STATION },
	{ "断面", CSV_STATION },
	{ "断面名称", CSV_STATION },
	{ "站点", CSV_STATION },
	{ "站点名称", CSV_STATION },
	{ "点位", CSV_STATION },
	{ "点位名称", CSV_STATION },
	{ "测站", CSV_STATION },
	{ "parameter", CSV_PARAMETER },
	{ "参数", CSV_PARAMETER },
	{ "项目", CSV_PARAMETER },
	{ "监测项目", CSV_PARAMETER },
	{ "检测项目", CSV_PARAMETER },
	{ "指标", CSV_PARAMETER },
	{ "因子", CSV_PARAMETER },
	{ "value", CSV_VALUE },
	{ "值", CSV_VALUE },
	{ "数值", CSV_VALUE },
	{ "结果", CSV_VALUE },
	{ "监测值", CSV_VALUE },
	{ "监测结果", CSV_VALUE },
	{ "检测结果", CSV_VALUE },
	{ "unit", CSV_UNIT },
	{ "单位", CSV_UNIT },
	{ "flag", CSV_FLAG },
	{ "标识", CSV_FLAG },
	{ "标记", CSV_FLAG },
	{ "数据标识", CSV_FLAG },
	{ "站点情况", CSV_STATUS },
};

static const char *const role_names[CSV_ROLES] = { "time", "station", "parameter", "value", "unit", "flag", "站点情况" };

static int find_role(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(words[i].name, name) == 0)
			return (int)words[i].role;
	return -1;
}

/* What the user said of it, or NULL. */
static const char *mapped(const struct wq_table_wish *wish, const char *name)
{
	for (size_t i = 0; i < wish->map_count; i++)
		if (strcasecmp(wish->maps[i].from, name) == 0)
			return wish->maps[i].to;
	return NULL;
}

int csv_headings_parameter(const struct wq_table_wish *wish, const char *name)
{
	const char *to = mapped(wish, name);

	return wq_parameter_find(wish->parameters, wish->parameter_count, to != NULL ? to : name);
}

int csv_headings_factor(const struct wq_table_wish *wish, size_t parameter, const char *unit, struct wq_decimal *factor,
        struct wq_err *err)
{
	const struct wq_parameter *p = &wish->parameters[parameter];

	for (size_t i = 0; *unit == '\0' && i < wish->unit_count; i++)
		if (csv_headings_parameter(wish, wish->units[i].from) == (int)parameter)
			unit = wish->units[i].to;
	*factor = (struct wq_decimal){ 1, 0 };
	return *unit == '\0' ? 0 : wq_unit_factor(p, unit, factor, err);
}

/* "总磷(mg/L)" -> "总磷", "mg/L"; brackets of either width, or [ ]. Some names end in brackets of their own. */
static void cut_unit(const char *heading, char name[CSV_CELL_TEXT], char unit[CSV_CELL_TEXT])
{
	static const struct {
		const char *open, *close;
	} brackets[] = { { "(", ")" }, { "（", "）" }, { "[", "]" } };
	size_t length = strlen(heading);
	char buf[CSV_CELL_TEXT];

	snprintf(name, CSV_CELL_TEXT, "%s", heading);
	unit[0] = '\0';
	for (size_t i = 0; i < sizeof brackets / sizeof *brackets; i++) {
		size_t end = strlen(brackets[i].close);
		char *open = strstr(name, brackets[i].open);

		if (open == NULL || length < end || strcmp(name + length - end, brackets[i].close) != 0)
			continue;
		name[length - end] = '\0';
		snprintf(unit, CSV_CELL_TEXT, "%s", open + strlen(brackets[i].open));
		*open = '\0';
		snprintf(buf, sizeof buf, "%s", name);
		snprintf(name, CSV_CELL_TEXT, "%s", csv_trim(buf, (char[CSV_CELL_TEXT]){ 0 }));
		return;
	}
}

static void ignore(struct csv_headings *headings, const char *name)
{
	size_t used = strlen(headings->ignored);

	if (*name != '\0' && used + strlen(name) + 3 < sizeof headings->ignored)
		snprintf(headings->ignored + used, sizeof headings->ignored - used, "%s%s", used > 0 ? ", " : "", name);
}

static int claim_role(struct csv_headings *headings, size_t index, int role, struct wq_err *err)
{
	if (headings->role[role] >= 0)
		return wq_fail(err, WQ_E_INVALID, "columns %d and %zu are both '%s'", headings->role[role] + 1, index + 1,
		        role_names[role]);
	headings->role[role] = (int)index;
	return 0;
}

static int claim_parameter(struct csv_headings *headings, size_t index, int parameter, const struct wq_table_wish *wish,
        const char *unit, struct wq_err *err)
{
	for (size_t i = 0; i < index; i++)
		if (headings->parameter[i] == parameter)
			return wq_fail(err, WQ_E_INVALID, "columns %zu and %zu are both %s; --map HEADING= leaves one out", i + 1,
			        index + 1, wish->parameters[parameter].name);
	headings->parameter[index] = parameter;
	return csv_headings_factor(wish, (size_t)parameter, unit, &headings->factor[index], err);
}

static int read_heading(struct csv_headings *headings, size_t index, const char *text, const struct wq_table_wish *wish,
        struct wq_err *err)
{
	char buf[CSV_CELL_TEXT], bare[CSV_CELL_TEXT], unit[CSV_CELL_TEXT] = "";
	const char *name = csv_trim(text, buf);

	headings->parameter[index] = -1;
	headings->factor[index] = (struct wq_decimal){ 1, 0 };
	if (name == NULL || *name == '\0' || strlen(name) >= CSV_CELL_TEXT) {
		ignore(headings, name == NULL || *name == '\0' ? "" : "a long one");
		return 0;
	}
	const char *to = mapped(wish, name);
	if (to != NULL && *to == '\0') {
		ignore(headings, name);
		return 0;
	}
	int role = to != NULL ? find_role(to) : find_role(name);
	int parameter = csv_headings_parameter(wish, name);
	if (role < 0 && parameter < 0) {
		cut_unit(name, bare, unit);
		to = mapped(wish, bare);
		role = to != NULL ? find_role(to) : find_role(bare);
		parameter = csv_headings_parameter(wish, bare);
	}
	if (role >= 0)
		return claim_role(headings, index, role, err);
	if (parameter >= 0)
		return claim_parameter(headings, index, parameter, wish, unit, err);
	ignore(headings, name);
	return 0;
}

static size_t parameters_of(const struct csv_headings *headings)
{
	size_t n = 0;

	for (size_t i = 0; i < headings->count; i++)
		n += headings->parameter[i] >= 0;
	return n;
}

static enum wq_table_form form_of(const struct csv_headings *headings, const char *const *names, enum wq_table_form wished)
{
	int time = headings->role[CSV_TIME], station = headings->role[CSV_STATION];

	if (wished != WQ_TABLE_AUTO)
		return wished;
	if (headings->role[CSV_PARAMETER] >= 0 && headings->role[CSV_VALUE] >= 0)
		return WQ_TABLE_LONG;
	if (time >= 0 && station >= 0 && strstr(names[time], "监测时间") != NULL && strstr(names[station], "断面名称") != NULL)
		return WQ_TABLE_NATIONAL;
	return WQ_TABLE_WIDE;
}

/* What a table of this form cannot do without. */
static int check(const struct csv_headings *headings, const struct wq_table_wish *wish, struct wq_err *err)
{
	if (headings->role[CSV_TIME] < 0)
		return wq_fail(err, WQ_E_INVALID, "the header has no column 'time' (时间, 监测时间, 采样时间); "
		               "give --map HEADING=time for the column that is one");
	if (headings->role[CSV_STATION] < 0 && wish->station == NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "the header has no column 'station' (断面名称, 站点); give --station, or --map HEADING=station");
	if (headings->form == WQ_TABLE_LONG && (headings->role[CSV_PARAMETER] < 0 || headings->role[CSV_VALUE] < 0))
		return wq_fail(err, WQ_E_INVALID, "a long table has the columns time, station, parameter and value; there is no %s",
		        headings->role[CSV_PARAMETER] < 0 ? "'parameter' (项目)" : "'value' (结果)");
	if (headings->form != WQ_TABLE_LONG && parameters_of(headings) == 0)
		return wq_fail(err, WQ_E_INVALID,
		        "no heading is a parameter (found: %.160s); --map HEADING=PARAMETER names one", headings->ignored);
	return 0;
}

int csv_headings_read(struct csv_headings *headings, size_t count, const char *const *names, const struct wq_table_wish *wish,
        struct wq_err *err)
{
	*headings = (struct csv_headings){ .count = count };
	for (size_t i = 0; i < CSV_ROLES; i++)
		headings->role[i] = -1;
	for (size_t i = 0; i < count; i++) {
		int r = read_heading(headings, i, names[i], wish, err);

		if (r < 0)
			return r;
	}
	headings->form = form_of(headings, names, wish->form);
	return check(headings, wish, err);
}
