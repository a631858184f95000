/* SPDX-License-Identifier: Apache-2.0 */
/* What a notice is about, field by field: for the variables of templates and for labels. Taken from
 * the notice's data, never from its text. Pure and thread-safe. */
#ifndef WQ_FIELDS_H
#define WQ_FIELDS_H

#include "wq/channel.h"

#include <stdbool.h>
#include <stddef.h>

#define FIELD_TEXT 128
/* Longest variable of a cloud template, characters (Aliyun: notices, since 2018-01-10). */
#define FIELD_VARIABLE 35

struct fields {
	char number[WQ_ALARM_NAME]; /* 编号 */
	char station[FIELD_TEXT];   /* 站点: its name; "" when it is about the site */
	char station_id[FIELD_TEXT];
	char station_en[FIELD_TEXT], parameter_en[FIELD_TEXT]; /* "" none; of a memo station_en is the site's */
	char parameter[FIELD_TEXT]; /* 参数 */
	char parameter_code[FIELD_TEXT], unit[FIELD_TEXT];
	char value[32], limit[32]; /* 值, 限值: as they were measured; "" when there is none */
	char multiple[32]; /* 超标倍数 = (value - limit) / limit, "" where it has no meaning */
	char time[32];     /* 3月5日16时00分, at the station */
	char opened[WQ_INSTANT_TEXT]; /* "2026-03-05T16:00:00+08:00": the alarm's opening; "" in notices of before */
	char level[16];    /* 提示 关注 预警 报警 */
	char level_name[16]; /* info watch warning alarm */
	char change[24];     /* opened … */
	char kind[32];       /* 新发生 升级 … */
	char rule[FIELD_TEXT];
	char rule_kind[32]; /* "limit" …; "" in what has no evidence */
	bool test; /* of a station in commissioning, or a person tries the channel */
};

void fields_of(const struct wq_notice *notice, struct fields *out);

/* A field by the name that a template gives it: station parameter value unit limit multiple time
 * number level kind rule. NULL: there is none of that name. */
const char *fields_named(const struct fields *fields, const char *name);

/* As a cloud template takes a variable: without 【】 and the symbols that templates refuse (written
 * in words where there are words), without links and numbers that look like a mobile's, at most
 * FIELD_VARIABLE characters; "-" when nothing is left. Whole UTF-8 characters. */
void fields_variable(const char *text, char *out, size_t cap);

#endif
