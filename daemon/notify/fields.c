/* SPDX-License-Identifier: Apache-2.0 */
/* From the JSON of a notice to its fields, and from a field to what a cloud template takes. */
#include "fields.h"

#include "memo.h"
#include "notify/channel/short.h"
#include "text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void copy(const json_t *object, const char *key, char *out, size_t cap)
{
	text_clean(text_at(object, key), out, cap);
}

/* "2.31"; the shortest that comes back as the same number of 15 digits. */
static double put_number(const json_t *object, const char *key, char out[32])
{
	json_t *number = json_object_get(object, key);

	out[0] = '\0';
	if (!json_is_number(number))
		return NAN;
	snprintf(out, 32, "%.15g", json_number_value(number));
	return json_number_value(number);
}

/* 超标倍数 is of what is bad when there is much of it: not of pH, not of dissolved oxygen (HJ 212
 * codes). */
static bool has_multiple(const char *code)
{
	return strcmp(code, "w01001") != 0 && strcmp(code, "w01009") != 0;
}

/* "2026-03-05T16:00:00+08:00" -> "3月5日16时00分". */
static void put_time(const char *iso, char out[32])
{
	int year, month, day, hour, minute;

	out[0] = '\0';
	if (sscanf(iso, "%4d-%2d-%2dT%2d:%2d", &year, &month, &day, &hour, &minute) == 5)
		snprintf(out, 32, "%d月%d日%d时%02d分", month, day, hour, minute);
}

static const char *const kinds[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = "新发生",
	[WQ_RAISED] = "级别升高",
	[WQ_ESCALATED] = "无人确认升级",
	[WQ_ACKNOWLEDGED] = "已确认",
	[WQ_CLEARED] = "已解除",
	[WQ_CLOSED] = "已销号",
	[WQ_CORRECTED] = "数据更正",
	[WQ_RECOVERED] = "恢复待确认",
	[WQ_REOPENED] = "再次发生",
	[WQ_SHELVED] = "已搁置",
	[WQ_UNSHELVED] = "搁置结束",
	[WQ_REMINDED] = "无人确认提醒",
};

static void put_place(const json_t *data, struct fields *out)
{
	const json_t *station = json_object_get(data, "station");
	const json_t *parameter = json_object_get(data, "parameter");

	copy(station, "name", out->station, sizeof out->station);
	copy(station, "id", out->station_id, sizeof out->station_id);
	copy(station, "name_en", out->station_en, sizeof out->station_en);
	copy(parameter, "name_en", out->parameter_en, sizeof out->parameter_en);
	if (out->parameter_en[0] == '\0')
		copy(parameter, "alias", out->parameter_en, sizeof out->parameter_en);
	copy(parameter, "name", out->parameter, sizeof out->parameter);
	copy(parameter, "code", out->parameter_code, sizeof out->parameter_code);
	copy(parameter, "unit", out->unit, sizeof out->unit);
}

void fields_of(const struct wq_notice *notice, struct fields *out)
{
	json_t *data = json_loads(notice->data, 0, NULL);

	*out = (struct fields){ .test = notice->test ||
		        json_is_true(json_object_get(data, "test")) };
	put_place(data, out);
	if (notice->topic == WQ_TOPIC_ALARM)
		wq_alarm_name(notice->alarm, out->number);
	else
		copy(data, "site", out->station, sizeof out->station);
	if (notice->topic != WQ_TOPIC_ALARM)
		copy(data, "site_en", out->station_en, sizeof out->station_en);
	copy(data, "rule", out->rule, sizeof out->rule);
	copy(json_object_get(data, "evidence"), "kind", out->rule_kind, sizeof out->rule_kind);
	put_time(text_at(data, "time"), out->time);
	copy(data, "opened", out->opened, sizeof out->opened);
	double value = put_number(data, "value", out->value);
	double limit = put_number(data, "limit", out->limit);

	if (limit > 0 && value > limit && has_multiple(out->parameter_code))
		snprintf(out->multiple, sizeof out->multiple, "%.2f", (value - limit) / limit);
	snprintf(out->level, sizeof out->level, "%s", wq_level_chinese(notice->level));
	snprintf(out->level_name, sizeof out->level_name, "%s", wq_level_name(notice->level));
	snprintf(out->change, sizeof out->change, "%s", wq_change_name(notice->kind));
	snprintf(out->kind, sizeof out->kind, "%s",
	        (unsigned)notice->kind < WQ_CHANGE_KINDS ? kinds[notice->kind] : "");
	if (notice->topic != WQ_TOPIC_ALARM)
		snprintf(out->kind, sizeof out->kind, "%s", memo_word(notice->topic));
	if (notice->test)
		snprintf(out->kind, sizeof out->kind, "通道测试");
	json_decref(data);
}

const char *fields_named(const struct fields *fields, const char *name)
{
	const struct {
		const char *name, *text;
	} rows[] = {
		{ "station", fields->station },
		{ "parameter", fields->parameter },
		{ "value", fields->value },
		{ "unit", fields->unit },
		{ "limit", fields->limit },
		{ "multiple", fields->multiple },
		{ "time", fields->time },
		{ "number", fields->number },
		{ "level", fields->level },
		{ "kind", fields->kind },
		{ "rule", fields->rule },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].text;
	return NULL;
}

/* What templates refuse, and what stands for it. */
static const struct {
	const char *bad, *good;
} words[] = {
	{ "【", "" },
	{ "】", "" },
	{ "μS/cm", "微西每厘米" },
	{ "μg/L", "微克每升" },
	{ "m³/s", "立方米每秒" },
	{ "m³", "立方米" },
	{ "m²", "平方米" },
	{ "℃", "度" },
	{ "Ⅰ", "一" },
	{ "Ⅱ", "二" },
	{ "Ⅲ", "三" },
	{ "Ⅳ", "四" },
	{ "Ⅴ", "五" },
	{ "①", "1" },
	{ "②", "2" },
	{ "③", "3" },
	{ "※", "" },
	{ "→", "至" },
	{ "•", "" },
	{ "²", "2" },
	{ "³", "3" },
	{ "μ", "微" },
	{ "…", "" },
	{ "〓", "" },
	{ "https://", "" },
	{ "http://", "" },
	{ "www.", "" },
};

static size_t word_at(const char *text, const char **instead)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(text, words[i].bad, strlen(words[i].bad)) == 0) {
			*instead = words[i].good;
			return strlen(words[i].bad);
		}
	return 0;
}

/* Eleven digits that are no part of more. */
static bool is_mobile(const char *text, bool after_digit)
{
	return !after_digit && strspn(text, "0123456789") == 11 && text[0] == '1' && text[1] >= '3';
}

static size_t character_length(const char *text)
{
	size_t n = 1;

	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

void fields_variable(const char *text, char *out, size_t cap)
{
	char clean[4 * FIELD_TEXT];
	size_t used = 0, count = 0;
	bool digit = false;

	text_clean(text, clean, sizeof clean);
	for (const char *at = clean; *at != '\0';) {
		const char *piece = at;
		size_t step = word_at(at, &piece), length = step > 0 ? strlen(piece) : 0;

		if (step == 0) {
			step = length = is_mobile(at, digit) ? 11 : character_length(at);
			piece = length == 11 ? "(号码略)" : at;
			length = piece == at ? length : strlen(piece);
		}
		digit = *at >= '0' && *at <= '9';
		at += step;
		/* What is left of four bytes has no place in a short message. */
		if (length == 4 && (unsigned char)piece[0] >= 0xf0)
			continue;
		for (size_t n; length > 0 && count < FIELD_VARIABLE && used + 5 < cap;
		        length -= n, piece += n) {
			n = character_length(piece);
			memcpy(out + used, piece, n);
			used += n;
			count++;
		}
	}
	out[used] = '\0';
	if (used == 0)
		snprintf(out, cap, "-");
}
