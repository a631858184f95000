/* SPDX-License-Identifier: Apache-2.0 */
/* What each preset makes of a message, in one line: the table is the specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus.h"
#include "payload.h"

#include "wq/err.h"
#include "wq/hj212.h"

#include <stdlib.h>

#define EIGHT 1772668800000 /* 2026-03-05T08:00:00+08:00 */

static struct mqtt_bus_settings settings;
static struct wq_sample samples[MQTT_PAYLOAD_SAMPLES];
static struct refusals refused;

/* "0=0.153@0S 1=- '2014'": series, value (- is missing), seconds after EIGHT and stamp (A analyser, S station, now:
 * arrival), flag. Then, after '|', what was refused. */
static void render(size_t count, char *to)
{
	*to = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct wq_sample *s = &samples[i];

		to += sprintf(to, "%s%u=", i > 0 ? " " : "", s->series);
		to += s->quality == WQ_MISSING ? sprintf(to, "-") : sprintf(to, "%.10g", s->value);
		if (s->at == WQ_NO_TIME)
			to += sprintf(to, "@now");
		else
			to += sprintf(to, "@%g%c", (double)(s->at - EIGHT) / 1000,
			        s->stamp == WQ_STAMP_ANALYSER ? 'A' : 'S');
		if (s->flag[0] != '\0')
			to += sprintf(to, "'%s'", s->flag);
	}
	if (refused.kinds[0] != '\0')
		sprintf(to, "|%s", refused.kinds);
}

static void decode(const struct wq_bus *bus, const char *topic_station, const char *payload, char *to)
{
	const struct mqtt_origin origin = { .station = topic_station,
		.station_length = topic_station != NULL ? strlen(topic_station) : 0 };
	const struct mqtt_refuser refuser = { &refused, note_refusal };
	size_t length = strlen(payload), bad;
	char *exact = malloc(length + 1);
	struct mqtt_map map;
	struct wq_err err;

	memcpy(exact, payload, length);
	memset(&refused, 0, sizeof refused);
	if (mqtt_map_open(&map, bus, &bad, &err) < 0)
		fail_msg("%s", err.text);
	render(mqtt_payload_decode(&map, &origin, exact, length, samples, &refuser), to);
	mqtt_map_close(&map);
	free(exact);
}

struct row {
	const char *station, *payload, *result;
};

static void check_rows(const struct wq_bus *bus, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char got[4096];

		decode(bus, rows[i].station, rows[i].payload, got);
		if (strcmp(got, rows[i].result) != 0)
			fail_msg("%s\n gives %s\n  not %s (%s)", rows[i].payload, got, rows[i].result,
			        refused.last);
	}
}

static void check(int preset, const struct row *rows, size_t count)
{
	struct wq_bus bus = test_bus;

	settings = (struct mqtt_bus_settings){ .preset = preset };
	bus.settings = &settings;
	check_rows(&bus, rows, count);
}

#define CHECK(preset, rows) check(preset, rows, sizeof(rows) / sizeof *(rows))

/* series 0: tp of yigan in µg/L, 1: ph, 2: do by the name DoVal; 7: tp of nanheng */

static void flat_messages(void **state)
{
	static const struct row rows[] = {
		{ "yigan", "{\"time\":1772668800,\"tp\":153,\"DoVal\":\"8.1\"}", "0=0.153@0S 2=8.1@0S" },
		{ "yigan", "{\"time\":1772668800,\"values\":{\"tp\":153},\"ph\":7}", "0=0.153@0S" },
		{ "yigan", "{\"time\":1772668800,\"values\":[{\"name\":\"tp\",\"value\":153},{\"name\":\"ph\",\"value\":null,\"flag\":\"D\"}]}",
		        "0=0.153@0S 1=-@0S'D'" },
		{ "yigan", "{\"values\":[{\"name\":\"tp\",\"value\":153,\"time\":1772668700}]}", "0=0.153@-100A" },
		{ "yigan", "{\"values\":[{\"value\":1},7,{\"name\":3,\"value\":1},{\"name\":\"ph\",\"value\":7},{\"name\":\"ph\",\"value\":8}]}",
		        "1=7@now|2222" },
		{ "yigan", "{\"ph\":[7]}", "|2" }, /* no batches here */
		{ "yigan", "{\"do\":80.3,\"ec\":250.21,\"ph\":7.03,\"tds\":550.96,\"tbd\":0.8,\"temp\":20.34}", "1=7.03@now|11111" },
		{ "yigan", "{\"type\":\"sensor data\",\"time\":\"2019-11-20T19:02:59.975Z+0100\",\"value\":99}", "|3" },
	};

	(void)state;
	CHECK(MQTT_FLAT, rows);
}

static void neuron_messages(void **state)
{
	static const struct row rows[] = {
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\",\"values\":{\"tp\":153,\"ph\":7.1},\"errors\":{},\"metas\":{}}",
		        "0=0.153@0S 1=7.1@0S" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\",\"values\":{\"tp\":153},\"errors\":{\"ph\":2014}}",
		        "1=-@0S'2014' 0=0.153@0S" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\",\"values\":{},\"errors\":{\"ph\":2014,\"tp\":3002}}",
		        "1=-@0S'2014' 0=-@0S'3002'" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\",\"errors\":{\"ph\":2014}}", "1=-@0S'2014'" },
		/* an error outranks a value */
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"values\":{\"ph\":0},\"errors\":{\"ph\":2014}}", "1=-@0S'2014'|2" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"tags\":[{\"name\":\"tp\",\"value\":153},{\"name\":\"ph\",\"error\":2014}]}",
		        "0=0.153@0S 1=-@0S'2014'" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"tags\":[{\"name\":\"ph\",\"value\":0,\"error\":2014},{\"name\":\"tp\",\"value\":1,\"error\":0}]}",
		        "1=-@0S'2014' 0=0.001@0S" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"tags\":[{\"name\":\"ph\"}]}", "|2" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"nowhere\",\"values\":{\"ph\":7}}", "|1" },
		{ NULL, "{\"timestamp\":1772668800000,\"node\":\"yigan\",\"group\":\"g\"}", "|0" }, /* nothing bare here */
		{ NULL, "{\"timestamp\":1650006388,\"node\":\"yigan\",\"tags\":[]}", "|0" },
	};

	(void)state;
	CHECK(MQTT_NEURON, rows);
}

static void alink_messages(void **state)
{
	static const struct row rows[] = {
		{ "yigan", "{\"id\":\"123\",\"version\":\"1.0\",\"sys\":{\"ack\":0},\"params\":{\"tp\":{\"value\":153,\"time\":1772668800000}},\"method\":\"thing.event.property.post\"}",
		        "0=0.153@0S" },
		{ "yigan", "{\"params\":{\"tp\":153,\"ph\":\"7\"}}", "0=0.153@now 1=7@now" },
		{ "yigan", "{\"params\":{\"properties\":{\"tp\":[{\"value\":153,\"time\":1772668800000},{\"value\":154,\"time\":1772668860000}],\"ph\":[{\"value\":7,\"time\":1772668800000}]},\"events\":{\"e\":[{}]}}}",
		        "0=0.153@0S 0=0.154@60S 1=7@0S" },
		{ "yigan", "{\"params\":{\"tp\":[{\"value\":153,\"time\":0},{\"value\":154,\"time\":1772668860000},{\"time\":1772668920000}]}}",
		        "0=0.154@60S|32" },
		{ "yigan", "{\"params\":{\"tp\":[]},\"id\":\"1\"}", "" },
		{ "yigan", "{\"params\":{\"tp\":{\"time\":1772668800000}}}", "|2" },
		{ "yigan", "{\"params\":7}", "|0" },
		{ "yigan", "{\"id\":\"123\"}", "|0" },
		{ "yigan", "{\"params\":{\"turbo\":{\"value\":1}}}", "|1" },
		{ NULL, "{\"params\":{\"tp\":1}}", "|1" },
	};

	(void)state;
	CHECK(MQTT_ALINK, rows);
}

static void thingsboard_messages(void **state)
{
	static const struct row rows[] = {
		{ "yigan", "{\"ts\":1772668800000,\"values\":{\"tp\":153,\"ph\":7.1}}", "0=0.153@0S 1=7.1@0S" },
		{ "yigan", "{\"tp\":153,\"ph\":7.1}", "0=0.153@now 1=7.1@now" },
		{ "yigan", "[{\"ts\":1772668800000,\"values\":{\"tp\":153}},{\"ts\":1772668860000,\"values\":{\"tp\":154}}]", "0=0.153@0S 0=0.154@60S" },
		{ "yigan", "[{\"tp\":153},{\"ph\":7}]", "0=0.153@now 1=7@now" },
		{ "yigan", "[{\"ts\":0,\"values\":{\"tp\":153}},{\"ts\":1772668860000,\"values\":{\"tp\":154}}]", "0=0.154@60S|3" },
		{ "yigan", "[7,{\"ph\":7}]", "1=7@now|0" },
		{ "yigan", "[]", "|0" },
		{ "yigan", "{\"ts\":1772668800000}", "|0" },
	};

	(void)state;
	CHECK(MQTT_THINGSBOARD, rows);
}

static void thingsboard_gateway_messages(void **state)
{
	static const struct row rows[] = {
		{ NULL, "{\"yigan\":[{\"ts\":1772668800000,\"values\":{\"tp\":153,\"ph\":7}},{\"ts\":1772668860000,\"values\":{\"tp\":154}}],\"nanheng\":[{\"ts\":1772668800000,\"values\":{\"tp\":0.2}}]}",
		        "0=0.153@0S 1=7@0S 0=0.154@60S 7=0.2@0S" },
		{ NULL, "{\"yigan\":[{\"ph\":7}]}", "1=7@now" },
		{ NULL, "{\"nowhere\":[{\"ph\":7}],\"yigan\":[{\"ph\":7}]}", "1=7@now|1" },
		{ NULL, "{\"yigan\":[]}", "|0" },
		{ NULL, "[]", "|0" },
		{ NULL, "{\"yigan\":7}", "|0" },
		{ "yigan", "{\"nanheng\":[{\"tp\":1}]}", "|1" }, /* the topic of another */
	};

	(void)state;
	CHECK(MQTT_THINGSBOARD_GATEWAY, rows);
}

/* A frame with its length and checksum. */
static const char *frame(const char *segment)
{
	static char text[32][1200];
	static int next;
	char *to = text[next++ % 32];

	snprintf(to, sizeof *text, "##%04zu%s%04X\r\n", strlen(segment), segment,
	        wq_hj212_crc(segment, strlen(segment)));
	return to;
}

#define REAL "QN=20260305080000000;ST=21;CN=2011;PW=123456;MN=yigan;Flag=4;CP=&&DataTime=20260305080000;"
#define HOUR "QN=20260305080000000;ST=21;CN=2061;PW=123456;MN=nanheng;Flag=4;CP=&&DataTime=20260305080000;"

static void hj212_messages(void **state)
{
	const struct row rows[] = {
		{ NULL, frame(REAL "w21011-Rtd=153,w21011-Flag=N;w01001-Rtd=7.1,w01001-Flag=D&&"), "0=0.153@0S'N' 1=7.1@0S'D'" },
		{ "yigan", frame(REAL "w21011-Rtd=153&&"), "0=0.153@0S" },
		{ "nanheng", frame(REAL "w21011-Rtd=0.2&&"), "7=0.2@0S" }, /* the topic decides */
		{ NULL, frame(HOUR "w21011-Min=0.1,w21011-Avg=0.2,w21011-Max=0.3&&"), "7=0.2@0S" },
		{ NULL, frame(HOUR "w21011-Rtd=0.2&&"), "7=0.2@0S" },
		{ NULL, frame(HOUR "w21011-Rtd=0.1,w21011-Avg=0.2&&"), "7=0.2@0S" }, /* the mean is the reading */
		{ NULL, frame(REAL "w21011-Rtd=--,w21011-Flag=B;w99999-Rtd=1&&"), "0=-@0S'B'|1" },
		{ NULL, frame("QN=1;ST=21;CN=2011;MN=yigan;CP=&&DataTime=19700101000000;w21011-Rtd=1&&"), "|3" },
		{ NULL, frame("QN=1;ST=21;CN=2011;MN=yigan;CP=&&DataTime=hello;w21011-Rtd=1&&"), "|3" },
		{ NULL, frame("QN=1;ST=21;CN=2011;MN=nowhere;CP=&&DataTime=20260305080000;w21011-Rtd=1&&"), "|1" },
		{ NULL, frame("QN=1;ST=21;CN=2011;MN=yigan;CP=&&w21011-Rtd=153&&"), "0=0.153@now" },
		{ NULL, frame("QN=1;ST=21;CN=2021;MN=yigan;CP=&&DataTime=20260305080000;SB1-RS=1&&"), "|0" },
		{ NULL, "##0064ST=21;CN=2011;MN=yigan;CP=&&DataTime=20260305080000;w21011-Rtd=1&&0000\r\n", "|0" },
		{ NULL, "{\"ph\":7}", "|0" },
		{ NULL, "", "|0" },
	};

	(void)state;
	CHECK(MQTT_HJ212, rows);
}

static void two_frames_in_one_message(void **state)
{
	char text[2400], got[400];
	struct wq_bus bus = test_bus;

	(void)state;
	settings = (struct mqtt_bus_settings){ .preset = MQTT_HJ212 };
	bus.settings = &settings;
	snprintf(text, sizeof text, "%s%s", frame(REAL "w21011-Rtd=153&&"), frame(HOUR "w21011-Avg=0.2&&"));
	decode(&bus, NULL, text, got);
	assert_string_equal(got, "0=0.153@0S 7=0.2@0S");
}

/* -- paths of one's own -- */

static struct mqtt_point_settings by_path[] = { { "params.TP.value" }, { "data[0].ph" } };
static const struct wq_point path_points[] = {
	{ .series = 0, .station = "yigan", .parameter = "tp", .code = "w21011", .factor = { 1, 3 }, .settings = &by_path[0] },
	{ .series = 1, .station = "yigan", .parameter = "ph", .code = "w01001", .factor = { 1, 0 }, .settings = &by_path[1] },
	{ .series = 2, .station = "yigan", .parameter = "do", .code = "w01009", .factor = { 1, 0 }, .settings = &named },
};

static void fields_may_be_paths_and_then_nothing_else_is_asked_for(void **state)
{
	static const struct row rows[] = {
		{ "yigan", "{\"ts\":1772668800,\"params\":{\"TP\":{\"value\":153}},\"data\":[{\"ph\":7}],\"DoVal\":8,\"id\":3,\"rssi\":-70}",
		        "1=7@0S 0=0.153@0S 2=8@0S" },
		{ "yigan", "{\"params\":{\"TP\":{\"value\":\"153\"}},\"data\":[]}", "0=0.153@now" },
		{ "yigan", "{\"params\":{\"TP\":{\"value\":true}},\"data\":[{\"ph\":7}]}", "1=7@now|2" },
	};
	struct wq_bus bus = test_bus;

	(void)state;
	settings = (struct mqtt_bus_settings){ .time_key = "ts" };
	bus.settings = &settings;
	bus.points = path_points;
	bus.point_count = 3;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_rows(&bus, &rows[i], 1);
}

static void keys_may_be_paths_and_stations_may_have_other_names(void **state)
{
	static const char *const names[] = { "SN 0012=yigan", "a=b=nanheng" };
	static const struct row rows[] = {
		{ NULL, "{\"dev\":{\"sn\":\"SN 0012\"},\"body\":{\"list\":[{\"id\":\"tp\",\"v\":153},{\"id\":\"ph\",\"v\":7}],\"at\":[0,1772668800]}}",
		        "0=0.153@0S 1=7@0S" },
		{ "SN 0012", "{\"body\":{\"list\":[{\"id\":\"ph\",\"v\":7}]}}", "1=7@now" },
		{ "yigan", "{\"dev\":{\"sn\":\"SN 0012\"},\"body\":{\"list\":[{\"id\":\"ph\",\"v\":7}]}}", "1=7@now" },
		{ "SN 0012", "{\"dev\":{\"sn\":\"a=b\"},\"body\":{\"list\":[{\"id\":\"ph\",\"v\":7}]}}", "|1" },
		{ NULL, "{\"dev\":{\"sn\":\"a=b\"},\"body\":{\"list\":[{\"id\":\"tp\",\"v\":1}]}}", "7=1@now" },
		{ NULL, "{\"dev\":{\"sn\":\"SN 0013\"},\"body\":{\"list\":[{\"id\":\"tp\",\"v\":1}]}}", "|1" },
	};
	struct wq_bus bus = test_bus;

	(void)state;
	settings = (struct mqtt_bus_settings){ .station_key = "dev.sn",
		.time_key = "body.at[1]",
		.values_key = "body.list",
		.name_key = "id",
		.value_key = "v",
		.stations = { 2, names } };
	bus.settings = &settings;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_rows(&bus, &rows[i], 1);
}

static void records_may_be_a_list_with_the_time_beside_it(void **state)
{
	static const struct row rows[] = {
		{ NULL, "{\"time\":1772668800,\"data\":[{\"station\":\"yigan\",\"values\":{\"ph\":7}},{\"station\":\"nanheng\",\"values\":{\"tp\":1},\"time\":1772668801}]}",
		        "1=7@0S 7=1@1S" },
	};
	struct wq_bus bus = test_bus;

	(void)state;
	settings = (struct mqtt_bus_settings){ .records_key = "data[]" };
	bus.settings = &settings;
	check_rows(&bus, rows, 1);
}

static void wrong_names_of_stations_are_found(void **state)
{
	static const char *const rows[][2] = { { "yigan", "NAME=STATION" }, { "=yigan", "NAME=STATION" },
		{ "a=nowhere", "nowhere" } };
	struct wq_bus bus = test_bus;
	struct mqtt_map map;
	struct wq_err err;
	size_t bad;

	(void)state;
	bus.settings = &settings;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		settings = (struct mqtt_bus_settings){ .stations = { 1, rows[i] } };
		assert_int_equal(mqtt_map_open(&map, &bus, &bad, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, rows[i][1]));
	}
	static const char *const twice[] = { "a=yigan", "a=nanheng" };
	settings = (struct mqtt_bus_settings){ .stations = { 2, twice } };
	assert_int_equal(mqtt_map_open(&map, &bus, &bad, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "twice"));
}

static void a_message_has_an_end(void **state)
{
	static char text[MQTT_PAYLOAD_BYTES];
	struct wq_bus bus = test_bus;
	struct mqtt_map map;
	size_t used, bad;

	(void)state;
	settings = (struct mqtt_bus_settings){ .preset = MQTT_ALINK };
	bus.settings = &settings;
	used = (size_t)sprintf(text, "{\"params\":{\"tp\":[1");
	for (int i = 1; i < MQTT_PAYLOAD_SAMPLES + 100; i++)
		used += (size_t)sprintf(text + used, ",%d", i);
	used += (size_t)sprintf(text + used, "]}}");
	const struct mqtt_origin origin = { "yigan", 5, false };
	const struct mqtt_refuser refuser = { &refused, note_refusal };
	memset(&refused, 0, sizeof refused);
	assert_int_equal(mqtt_map_open(&map, &bus, &bad, NULL), 0);
	assert_int_equal(mqtt_payload_decode(&map, &origin, text, used, samples, &refuser), MQTT_PAYLOAD_SAMPLES);
	assert_string_equal(refused.kinds, "0");
	mqtt_map_close(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_messages),
		cmocka_unit_test(neuron_messages),
		cmocka_unit_test(alink_messages),
		cmocka_unit_test(thingsboard_messages),
		cmocka_unit_test(thingsboard_gateway_messages),
		cmocka_unit_test(hj212_messages),
		cmocka_unit_test(two_frames_in_one_message),
		cmocka_unit_test(fields_may_be_paths_and_then_nothing_else_is_asked_for),
		cmocka_unit_test(keys_may_be_paths_and_stations_may_have_other_names),
		cmocka_unit_test(records_may_be_a_list_with_the_time_beside_it),
		cmocka_unit_test(wrong_names_of_stations_are_found),
		cmocka_unit_test(a_message_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
