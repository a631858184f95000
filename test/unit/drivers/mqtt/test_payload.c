/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: what becomes a sample, what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus.h"
#include "payload.h"

#include "wq/err.h"

#include <math.h>
#include <stdlib.h>

#define EIGHT 1772668800000 /* 2026-03-05T08:00:00+08:00 */

static struct mqtt_map map;

static struct wq_sample samples[MQTT_PAYLOAD_SAMPLES];
static struct refusals refused;
static bool retained; /* the next messages are */

static size_t decode_bytes(const char *station, const void *bytes, size_t length)
{
	const struct mqtt_refuser refuser = { &refused, note_refusal };
	const struct mqtt_origin origin = { .station = station,
		.station_length = station != NULL ? strlen(station) : 0,
		.retained = retained };
	void *exact = malloc(length + (length == 0)); /* the sanitizer sees a byte too far */

	memcpy(exact, bytes, length);
	memset(&refused, 0, sizeof refused);
	memset(samples, 0xa5, sizeof samples);
	size_t count = mqtt_payload_decode(&map, &origin, exact, length, samples, &refuser);
	free(exact);
	return count;
}

static size_t decode(const char *station, const char *text)
{
	return decode_bytes(station, text, strlen(text));
}

static int open_map(void **state)
{
	size_t bad;

	(void)state;
	return mqtt_map_open(&map, &test_bus, &bad, NULL);
}

static int close_map(void **state)
{
	(void)state;
	mqtt_map_close(&map);
	return 0;
}

static const struct wq_sample *sample_of(uint32_t series, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (samples[i].series == series)
			return &samples[i];
	fail_msg("no sample of series %u", series);
	return NULL;
}

static void a_message_with_values_yields_its_samples_with_the_stations_time(void **state)
{
	size_t count = decode(NULL,
	        "{\"station\":\"yigan\",\"time\":\"2026-03-05T08:00:00+08:00\","
	        "\"values\":{\"tp\":153,\"w01001\":7.6,\"DoVal\":8.31},"
	        "\"id\":12,\"rssi\":\"x\"}");

	(void)state;
	assert_int_equal(count, 3);
	assert_string_equal(refused.kinds, "");
	assert_true(sample_of(0, count)->value == 0.153);
	assert_true(sample_of(1, count)->value == 7.6);
	assert_true(sample_of(2, count)->value == 8.31);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(samples[i].quality, WQ_UNCHECKED);
		assert_int_equal(samples[i].stamp, WQ_STAMP_STATION);
		assert_true(samples[i].at == EIGHT);
		assert_string_equal(samples[i].flag, "");
	}
}

static void flat_members_are_values_and_the_topic_names_the_station(void **state)
{
	size_t count = decode("nanheng", "{\"time\":1772668800,\"tp\":0.2}");

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(samples[0].series, 7);
	assert_true(samples[0].value == 0.2);
	assert_true(samples[0].at == EIGHT);
}

static void a_value_may_bring_its_flag_and_its_own_time(void **state)
{
	size_t count = decode("yigan",
	        "{\"time\":1772668800000,\"tp\":{\"value\":153,\"flag\":\"N\","
	        "\"time\":1772654400000,\"unit\":\"ug/L\"},\"ph\":{\"value\":7}}");

	(void)state;
	assert_int_equal(count, 2);
	assert_string_equal(sample_of(0, count)->flag, "N");
	assert_int_equal(sample_of(0, count)->stamp, WQ_STAMP_ANALYSER);
	assert_true(sample_of(0, count)->at == EIGHT - WQ_HOURS(4));
	assert_int_equal(sample_of(1, count)->stamp, WQ_STAMP_STATION);
	assert_true(sample_of(1, count)->at == EIGHT);
}

static void without_a_time_the_arrival_counts(void **state)
{
	(void)state;
	assert_int_equal(decode("yigan", "{\"ph\":7.5}"), 1);
	assert_int_equal(samples[0].stamp, WQ_STAMP_ARRIVAL);
	assert_true(samples[0].at == WQ_NO_TIME);
}

static void what_the_broker_kept_is_no_reading_of_now(void **state)
{
	(void)state;
	retained = true;
	/* With a time of its own it is an old reading, stored under that. */
	size_t count = decode("yigan", "{\"time\":1772668800,\"ph\":7.5}");
	assert_int_equal(count, 1);
	assert_true(samples[0].at == EIGHT);
	/* Without one it says nothing of now, whoever looks. */
	assert_int_equal(decode("yigan", "{\"ph\":7.5}"), 0);
	assert_string_equal(refused.kinds, "3");
	assert_non_null(strstr(refused.last, "kept by the broker"));
	/* A value's own time counts for that value. */
	count = decode("yigan", "{\"ph\":7.5,\"tp\":{\"value\":153,\"time\":1772668800}}");
	assert_int_equal(count, 1);
	assert_int_equal(samples[0].series, 0);
	assert_string_equal(refused.kinds, "3");
	retained = false;
}

static void times_are_read_in_every_form_that_is_documented(void **state)
{
	static const struct {
		const char *time;
		wq_ms at;
	} rows[] = {
		{ "1772668800", EIGHT }, { "1772668800.25", EIGHT + 250 },
		{ "1772668800000", EIGHT }, { "1.7726688e9", EIGHT },
		{ "\"2026-03-05T08:00:00+08:00\"", EIGHT }, { "\"2026-03-05T00:00:00Z\"", EIGHT },
		{ "\"2026-03-05 08:00:00\"", EIGHT }, /* the zone of the bus */
		{ "\"2026/03/05 08:00\"", EIGHT },
		{ "946684800", 946684800000 },    /* 2000-01-01, the first that is believed */
		{ "946684800000", 946684800000 }, /* the same in ms */
		{ "7258118399", 7258118399000 },  /* the last second of 2199 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];

		snprintf(text, sizeof text, "{\"time\":%s,\"ph\":7}", rows[i].time);
		if (decode("yigan", text) != 1 || samples[0].at != rows[i].at)
			fail_msg("time %s: %s", rows[i].time, refused.last);
		assert_int_equal(samples[0].stamp, WQ_STAMP_STATION);
	}
}

static void a_wrong_time_refuses_the_whole_message(void **state)
{
	static const char *const wrong[] = { "0", "-1", "1", "946684799", "946684799999",
		"7258118400", "7258118400000", "1772668800000000", "1e300", "null", "true", "[]",
		"{}", "\"\"", "\"now\"", "\"1970-01-01T00:00:00Z\"", "\"1999-12-31T23:59:59Z\"",
		"\"2026-13-01T00:00:00Z\"", "\"2026-03-05T25:00:00+08:00\"",
		"\"2019-11-20T19:02:59.975Z+0100\"", "\"1772668800\"",
		"\"2199-12-31T23:59:59-12:00\"" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[128];

		snprintf(text, sizeof text, "{\"time\":%s,\"values\":{\"ph\":7,\"tp\":1}}",
		        wrong[i]);
		if (decode("yigan", text) != 0)
			fail_msg("time %s was believed", wrong[i]);
		assert_string_equal(refused.kinds, "3");
	}
}

static void a_wrong_time_of_one_value_refuses_that_value(void **state)
{
	size_t count =
	        decode("yigan", "{\"time\":1772668800,\"ph\":7,\"tp\":{\"value\":1,\"time\":0}}");

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(samples[0].series, 1);
	assert_string_equal(refused.kinds, "3");
}

static void null_empty_and_dashes_are_missing(void **state)
{
	static const char *const missing[] = { "null", "\"--\"", "\"\"", "{\"value\":null}",
		"{\"value\":\"--\",\"flag\":\"D\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
		char text[128];

		snprintf(text, sizeof text, "{\"time\":1772668800,\"ph\":%s}", missing[i]);
		assert_int_equal(decode("yigan", text), 1);
		assert_int_equal(samples[0].quality, WQ_MISSING);
		assert_true(isnan(samples[0].value));
		assert_string_equal(refused.kinds, "");
	}
}

static void what_is_no_number_is_refused_and_the_rest_is_taken(void **state)
{
	static const char *const wrong[] = { "true", "false", "[7]", "\"high\"", "\"7.5 \"",
		"\"0x10\"", "\"NaN\"", "\"Infinity\"", "{}", "{\"value\":{\"value\":7}}",
		"{\"value\":[7]}", "{\"value\":7,\"flag\":3}",
		"{\"value\":7,\"flag\":\"too long\"}", "{\"v\":7}" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[160];

		snprintf(
		        text, sizeof text, "{\"time\":1772668800,\"ph\":%s,\"DoVal\":8}", wrong[i]);
		if (decode("yigan", text) != 1 || samples[0].series != 2)
			fail_msg("%s was taken", wrong[i]);
		assert_string_equal(refused.kinds, "2");
		assert_non_null(strstr(refused.last, "ph"));
	}
}

static void unknown_stations_and_parameters_are_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(decode("yigan", "{\"ph\":7,\"turbo\":1,\"do\":8}"), 1);
	assert_string_equal(refused.kinds, "11"); /* do goes by the name DoVal alone */
	assert_int_equal(decode("nanheng", "{\"ph\":7}"), 0);
	assert_string_equal(refused.kinds, "1");
	assert_non_null(strstr(refused.last, "nanheng"));
	assert_int_equal(decode(NULL, "{\"station\":\"nowhere\",\"ph\":7}"), 0);
	assert_string_equal(refused.kinds, "1");
	assert_non_null(strstr(refused.last, "nowhere"));
	assert_int_equal(decode(NULL, "{\"ph\":7}"), 0);
	assert_string_equal(refused.kinds, "1");
	assert_int_equal(decode("", "{\"ph\":7}"), 0);
	assert_int_equal(decode(NULL, "{\"station\":7,\"ph\":7}"), 0);
	assert_string_equal(refused.kinds, "1");
}

static void a_message_cannot_speak_for_another_station_than_its_topic(void **state)
{
	(void)state;
	assert_int_equal(decode("nanheng", "{\"station\":\"yigan\",\"tp\":1}"), 0);
	assert_string_equal(refused.kinds, "1");
	assert_int_equal(decode("nanheng", "{\"station\":\"nanheng\",\"tp\":1}"), 1);
}

static void a_bus_with_one_station_needs_no_name(void **state)
{
	struct wq_bus one = test_bus;
	size_t bad;

	(void)state;
	mqtt_map_close(&map);
	one.point_count = 3;
	assert_int_equal(mqtt_map_open(&map, &one, &bad, NULL), 0);
	assert_int_equal(decode(NULL, "{\"ph\":7}"), 1);
	mqtt_map_close(&map);
	assert_int_equal(mqtt_map_open(&map, &test_bus, &bad, NULL), 0);
}

static void the_members_may_have_other_names(void **state)
{
	struct mqtt_bus_settings neuron = bus_settings;
	struct wq_bus bus = test_bus;
	size_t bad;

	(void)state;
	mqtt_map_close(&map);
	neuron.station_key = "node";
	neuron.time_key = "timestamp";
	neuron.values_key = "WaterData";
	bus.settings = &neuron;
	assert_int_equal(mqtt_map_open(&map, &bus, &bad, NULL), 0);
	assert_int_equal(decode(NULL,
	                         "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\","
	                         "\"WaterData\":{\"ph\":7},\"errors\":{}}"),
	        1);
	assert_true(samples[0].at == EIGHT);
	mqtt_map_close(&map);
	assert_int_equal(mqtt_map_open(&map, &test_bus, &bad, NULL), 0);
}

static void garbage_is_malformed(void **state)
{
	static const char *const garbage[] = { "", " ", "{", "[]", "7", "null", "\"x\"",
		"{\"ph\":}", "{\"ph\":7", "{\"ph\":7}x", "{\"ph\":7}{\"ph\":8}", "{'ph':7}",
		"{\"ph\":7,}", "{\"ph\":NaN}", "{\"ph\":Infinity}", "{\"ph\":1e999}", "{\"ph\":07}",
		"{\"ph\":.5}", "{\"ph\":7,\"ph\":8}", "{\"ph\":\"\\u0000\"}", "{\"ph\":\"\xff\"}",
		"{\"\xc3\x28\":7}", "{\"values\":7}", "{\"values\":[]}", "{\"values\":null}", "{}",
		"{\"values\":{}}", "{\"time\":1772668800}",
		"##0136ST=21;CN=2011;CP=&&DataTime=20260305080000&&ABCD" };

	(void)state;
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		if (decode("yigan", garbage[i]) != 0)
			fail_msg("'%s' was taken", garbage[i]);
		assert_string_equal(refused.kinds, "0");
	}
	assert_int_equal(decode_bytes("yigan", "{\"ph\":7}\0", 9), 0);
	assert_string_equal(refused.kinds, "0");
	assert_int_equal(decode_bytes("yigan", "{\"p\0h\":7}", 9), 0);
	assert_string_equal(refused.kinds, "0");
}

static void depth_length_and_number_are_bounded(void **state)
{
	static char text[MQTT_PAYLOAD_BYTES + 64];
	char *to = text;

	(void)state;
	/* 16 levels parse (and are then no number), 17 do not. */
	strcpy(text, "{\"ph\":[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]}");
	assert_int_equal(decode("yigan", text), 0);
	assert_string_equal(refused.kinds, "2");
	strcpy(text, "{\"ph\":[[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]]}");
	assert_int_equal(decode("yigan", text), 0);
	assert_string_equal(refused.kinds, "0");
	/* Brackets within text are no depth. */
	strcpy(text, "{\"values\":{\"ph\":7},\"x\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}");
	assert_int_equal(decode("yigan", text), 1);
	/* Exactly the longest, and one byte more. */
	memset(text, ' ', sizeof text);
	memcpy(text, "{\"ph\":7}", 8);
	assert_int_equal(decode_bytes("yigan", text, MQTT_PAYLOAD_BYTES), 1);
	assert_int_equal(decode_bytes("yigan", text, MQTT_PAYLOAD_BYTES + 1), 0);
	assert_string_equal(refused.kinds, "0");
	/* 257 values. */
	to += sprintf(to, "{\"time\":1772668800,\"ph\":7");
	for (int i = 0; i < MQTT_RECORD_VALUES; i++)
		to += sprintf(to, ",\"x%d\":1", i);
	sprintf(to, "}");
	assert_int_equal(decode("yigan", text), 0);
	assert_string_equal(refused.kinds, "0");
	assert_non_null(strstr(refused.last, "257"));
}

static void one_series_is_taken_once(void **state)
{
	(void)state;
	assert_int_equal(decode("yigan", "{\"ph\":7,\"w01001\":8}"), 1);
	assert_true(samples[0].value == 7);
	assert_string_equal(refused.kinds, "2");
}

static void units_are_converted_in_decimal(void **state)
{
	/* 153 µg/L is the double nearest to 0.153, whatever binary multiplication would say. */
	(void)state;
	for (int i = 0; i <= 10000; i++) {
		char text[64], expected[32];

		snprintf(text, sizeof text, "{\"tp\":%d.%d}", i / 10, i % 10);
		snprintf(expected, sizeof expected, "0.%04d", i);
		if (i == 10000)
			strcpy(expected, "1");
		assert_int_equal(decode("yigan", text), 1);
		if (samples[0].value != strtod(expected, NULL))
			fail_msg("%s gave %.17g", text, samples[0].value);
	}
	assert_int_equal(decode("yigan", "{\"tp\":\"200.0\"}"), 1);
	assert_true(samples[0].value == 0.2);
	/* More digits than a decimal holds: the nearest double all the same. */
	assert_int_equal(decode("yigan", "{\"tp\":123.45678901234567}"), 1);
	assert_true(fabs(samples[0].value - 0.12345678901234567) < 1e-16);
	assert_int_equal(decode("yigan", "{\"tp\":1e-300}"), 1);
	assert_true(samples[0].value >= 0 && samples[0].value < 1e-300);
	assert_int_equal(decode("yigan", "{\"tp\":1e300}"), 1);
	assert_true(samples[0].value > 1e296);
}

static void a_product_beyond_all_numbers_is_refused(void **state)
{
	struct wq_point point = bus_points[0];
	struct wq_bus bus = test_bus;
	size_t bad;

	(void)state;
	mqtt_map_close(&map);
	point.factor = (struct wq_decimal){ 1000, 0 };
	bus.points = &point;
	bus.point_count = 1;
	assert_int_equal(mqtt_map_open(&map, &bus, &bad, NULL), 0);
	assert_int_equal(decode("yigan", "{\"tp\":1e306}"), 0);
	assert_string_equal(refused.kinds, "2");
	mqtt_map_close(&map);
	assert_int_equal(mqtt_map_open(&map, &test_bus, &bad, NULL), 0);
}

static void two_points_of_one_name_are_found(void **state)
{
	struct wq_point points[2] = { bus_points[0], bus_points[0] };
	struct wq_bus bus = test_bus;
	struct wq_err err = { .text = "" };
	struct mqtt_map other;
	size_t bad = 77;

	(void)state;
	bus.points = points;
	bus.point_count = 2;
	assert_int_equal(mqtt_map_open(&other, &bus, &bad, &err), WQ_E_INVALID);
	assert_int_equal(bad, 1);
	assert_non_null(strstr(err.text, "yigan"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_with_values_yields_its_samples_with_the_stations_time),
		cmocka_unit_test(flat_members_are_values_and_the_topic_names_the_station),
		cmocka_unit_test(a_value_may_bring_its_flag_and_its_own_time),
		cmocka_unit_test(without_a_time_the_arrival_counts),
		cmocka_unit_test(what_the_broker_kept_is_no_reading_of_now),
		cmocka_unit_test(times_are_read_in_every_form_that_is_documented),
		cmocka_unit_test(a_wrong_time_refuses_the_whole_message),
		cmocka_unit_test(a_wrong_time_of_one_value_refuses_that_value),
		cmocka_unit_test(null_empty_and_dashes_are_missing),
		cmocka_unit_test(what_is_no_number_is_refused_and_the_rest_is_taken),
		cmocka_unit_test(unknown_stations_and_parameters_are_refused_by_name),
		cmocka_unit_test(a_message_cannot_speak_for_another_station_than_its_topic),
		cmocka_unit_test(a_bus_with_one_station_needs_no_name),
		cmocka_unit_test(the_members_may_have_other_names),
		cmocka_unit_test(garbage_is_malformed),
		cmocka_unit_test(depth_length_and_number_are_bounded),
		cmocka_unit_test(one_series_is_taken_once),
		cmocka_unit_test(units_are_converted_in_decimal),
		cmocka_unit_test(a_product_beyond_all_numbers_is_refused),
		cmocka_unit_test(two_points_of_one_name_are_found),
	};

	return cmocka_run_group_tests(tests, open_map, close_map) != 0;
}
