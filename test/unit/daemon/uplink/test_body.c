/* SPDX-License-Identifier: Apache-2.0 */
/* What is forwarded, word by word. */
#include "body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MORNING INT64_C(1772668800000)

static char body[BODY_MAX];

static struct backlog_record *record(void)
{
	static struct backlog_record r;

	r = (struct backlog_record){ .place = { .sequence = 4711, .station = 1, .at = MORNING },
		.last = true,
		.station = "yigan",
		.received = MORNING + 2104,
		.trusted = true,
		.count = 2,
		.readings = { { .code = "w21011", .alias = "tp", .unit = "mg/L", .source = "plc", .value = 0.153, .stamp = WQ_STAMP_STATION,
				      .revision = 1, .flag = "N" },
			{ .code = "w01001", .alias = "ph", .unit = "-", .source = "plc", .value = NAN, .quality = WQ_MISSING,
				.stamp = WQ_STAMP_ARRIVAL, .revision = 2, .late = true } } };
	return &r;
}

static void expect(size_t length, const char *text)
{
	assert_int_equal(length, strlen(text));
	if (memcmp(body, text, length) != 0)
		fail_msg("%.*s\n%s", (int)length, body, text);
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_object(json));
	json_decref(json);
}

static void readings_of_a_station_and_time_are_one_object(void **state)
{
	(void)state;
	expect(body_readings(record(), 0x9f2c51d07be4a83c, &wq_zone_china, body, sizeof body),
		"{\"format\":1,\"kind\":\"readings\",\"station\":\"yigan\",\"incarnation\":\"9f2c51d07be4a83c\",\"sequence\":4711,"
		"\"time\":\"2026-03-05T08:00:00+08:00\",\"last\":true,\"received\":\"2026-03-05T08:00:02.104+08:00\",\"trusted\":true,"
		"\"source\":\"plc\",\"values\":{"
		"\"tp\":{\"code\":\"w21011\",\"value\":0.153,\"unit\":\"mg/L\",\"quality\":\"good\",\"stamp\":\"station\",\"flag\":\"N\","
		"\"revision\":1,\"late\":false},"
		"\"ph\":{\"code\":\"w01001\",\"value\":null,\"unit\":\"-\",\"quality\":\"missing\",\"stamp\":\"arrival\","
		"\"revision\":2,\"late\":true}}}");
}

static void what_a_station_calls_itself_cannot_break_out_of_its_text(void **state)
{
	struct backlog_record *r = record();
	json_error_t why;

	(void)state;
	r->count = 1;
	strcpy(r->station, "a\"},{\"b\\\x01\n");
	strcpy(r->readings[0].flag, "\"\\\x1f");
	size_t length = body_readings(r, 1, &wq_zone_china, body, sizeof body);
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, &why);
	assert_string_equal(json_string_value(json_object_get(json, "station")), r->station);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_object_get(json, "values"), "tp"), "flag")),
		r->readings[0].flag);
	json_decref(json);
}

static void a_number_is_the_decimal_that_was_measured(void **state)
{
	static const double values[] = { 0.1, 0.2, 1e-7, 123456.789, -3, 0, 7.000000000000001, 1e20 };

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct backlog_record *r = record();

		r->readings[0].value = values[i];
		size_t length = body_readings(r, 1, &wq_zone_china, body, sizeof body);
		json_t *json = json_loadb(body, length, JSON_DECODE_INT_AS_REAL, NULL);
		assert_true(json_number_value(json_object_get(json_object_get(json_object_get(json, "values"), "tp"), "value")) ==
			values[i]);
		json_decref(json);
	}
}

static void a_change_carries_its_evidence(void **state)
{
	static struct backlog_note n;

	(void)state;
	n = (struct backlog_note){ .seq = 17, .kind = BACKLOG_CHANGE, .sequence = 4711, .station = "yigan", .alarm = 2026030500007,
		.number = 1, .change = WQ_OPENED, .level = WQ_LEVEL_WARNING, .time = MORNING, .decided = MORNING, .value = 0.25,
		.limit = NAN, .rule = "tp-limit", .parameter = "tp", .who = "", .text = "总磷超标", .note = "", .cause = "", .action = "", .evidence = "{\"x\":1}" };
	expect(body_note(&n, 1, &wq_zone_china, body, sizeof body),
		"{\"format\":1,\"kind\":\"change\",\"station\":\"yigan\",\"incarnation\":\"0000000000000001\",\"note\":17,\"after\":4711,"
		"\"alarm\":\"W20260305-007\",\"number\":1,\"change\":\"opened\",\"rule\":\"tp-limit\",\"parameter\":\"tp\",\"level\":\"warning\","
		"\"time\":\"2026-03-05T08:00:00+08:00\",\"decided\":\"2026-03-05T08:00:00+08:00\",\"value\":0.25,\"limit\":null,"
		"\"text\":\"总磷超标\",\"who\":\"\",\"said\":\"\",\"cause\":\"\",\"action\":\"\",\"hushed\":\"\",\"evidence\":{\"x\":1}}");
}

static void a_day_carries_its_items(void **state)
{
	static struct backlog_note n;

	(void)state;
	n = (struct backlog_note){ .seq = 18, .kind = BACKLOG_DAY, .sequence = 4711, .station = "yigan", .day = 20517, .revision = 2,
		.count = 2, .items = { { .mean = NAN, .exceedance = NAN, .valid = 1, .expected = 2, .class_ = 4, .verdict = WQ_DAY_EXCEEDS },
				{ .code = "w21011", .alias = "tp", .mean = 0.25, .exceedance = 0.25, .valid = 6, .expected = 6, .class_ = 4,
					.verdict = WQ_DAY_EXCEEDS } } };
	expect(body_note(&n, 1, &wq_zone_china, body, sizeof body),
		"{\"format\":1,\"kind\":\"day\",\"station\":\"yigan\",\"incarnation\":\"0000000000000001\",\"note\":18,\"after\":4711,"
		"\"day\":\"2026-03-05\",\"revision\":2,\"class\":4,\"verdict\":\"exceeds\",\"valid\":1,\"expected\":2,\"items\":{"
		"\"tp\":{\"class\":4,\"verdict\":\"exceeds\",\"valid\":6,\"expected\":6,\"code\":\"w21011\",\"mean\":0.25,\"exceedance\":0.25}}}");
}

static void what_does_not_fit_is_not_cut(void **state)
{
	struct backlog_record *r = record();
	size_t whole = body_readings(r, 1, &wq_zone_china, body, sizeof body);

	(void)state;
	assert_int_equal(body_readings(r, 1, &wq_zone_china, body, whole), whole);
	for (size_t cap = 0; cap < whole; cap += 7)
		assert_int_equal(body_readings(r, 1, &wq_zone_china, body, cap), 0);
}

/* Titles are texts without control characters: nothing is longer than this. */
static void the_fullest_record_fits(void **state)
{
	struct backlog_record *r = record();

	(void)state;
	r->count = BACKLOG_READINGS;
	memset(r->station, '"', sizeof r->station - 1);
	for (size_t i = 0; i < r->count; i++) {
		r->readings[i] = r->readings[0];
		memset(r->readings[i].code, '"', sizeof r->readings[i].code - 1);
		memset(r->readings[i].alias, '"', sizeof r->readings[i].alias - 1);
		memset(r->readings[i].unit, '"', sizeof r->readings[i].unit - 1);
		memset(r->readings[i].flag, 1, sizeof r->readings[i].flag - 1);
		r->readings[i].value = -1.2345678901234567e-300;
	}
	assert_true(body_readings(r, 1, &wq_zone_china, body, sizeof body) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_of_a_station_and_time_are_one_object),
		cmocka_unit_test(what_a_station_calls_itself_cannot_break_out_of_its_text),
		cmocka_unit_test(a_number_is_the_decimal_that_was_measured),
		cmocka_unit_test(a_change_carries_its_evidence),
		cmocka_unit_test(a_day_carries_its_items),
		cmocka_unit_test(what_does_not_fit_is_not_cut),
		cmocka_unit_test(the_fullest_record_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
