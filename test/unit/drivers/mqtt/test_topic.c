/* SPDX-License-Identifier: Apache-2.0 */
/* Topic filters: which are taken, what they subscribe to, what they match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "topic.h"

#include "wq/err.h"

#include <string.h>

static void a_placeholder_becomes_a_plus_and_names_the_station(void **state)
{
	static const struct {
		const char *configured, *filter;
		int level;
	} rows[] = {
		{ "wq/{station}", "wq/+", 1 },
		{ "{station}", "+", 0 },
		{ "a/b/{station}/#", "a/b/+/#", 2 },
		{ "wq/+/data", "wq/+/data", -1 },
		{ "#", "#", -1 },
		{ "/{station}", "/+", 1 },
		{ "$share/wqd/wq/{station}", "$share/wqd/wq/+", 1 },
		{ "$share/g/{station}", "$share/g/+", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mqtt_topic topic;

		assert_int_equal(mqtt_topic_compile(&topic, rows[i].configured, NULL), 0);
		assert_string_equal(topic.filter, rows[i].filter);
		assert_int_equal(topic.station_level, rows[i].level);
	}
}

static void a_wrong_filter_is_refused_and_quoted(void **state)
{
	static const char *const wrong[] = { "", "wq/#/x", "wq/a+", "wq/+a/b", "wq/#x",
		"wq/x{station}", "wq/{station}/{station}", "wq/{topic}", "$share/g", "$share/g/" };
	char too_long[MQTT_TOPIC_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct mqtt_topic topic = { .station_level = 77 };
		struct wq_err err = { .text = "" };

		assert_int_equal(mqtt_topic_compile(&topic, wrong[i], &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, "topic"));
		assert_non_null(strstr(err.text, wrong[i]));
		assert_int_equal(topic.station_level, 77);
	}
	memset(too_long, 'a', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	struct mqtt_topic topic;
	assert_int_equal(mqtt_topic_compile(&topic, too_long, NULL), WQ_E_INVALID);
	too_long[MQTT_TOPIC_MAX] = '\0';
	assert_int_equal(mqtt_topic_compile(&topic, too_long, NULL), 0);
}

static void topics_match_as_the_standard_says(void **state)
{
	/* MQTT 3.1.1, section 4.7, its own examples among them. */
	static const struct {
		const char *filter, *topic;
		bool match;
		const char *station;
	} rows[] = {
		{ "wq/{station}", "wq/yigan", true, "yigan" },
		{ "wq/{station}", "wq/yigan/x", false, NULL },
		{ "wq/{station}", "wq", false, NULL },
		{ "wq/{station}", "wq/", true, "" },
		{ "wq/{station}/#", "wq/yigan", true, "yigan" },
		{ "wq/{station}/#", "wq/yigan/a/b", true, "yigan" },
		{ "sport/tennis/player1/#", "sport/tennis/player1", true, NULL },
		{ "sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true, NULL },
		{ "sport/#", "sport", true, NULL },
		{ "sport/#", "sports", false, NULL },
		{ "#", "a/b/c", true, NULL },
		{ "#", "$SYS/broker", false, NULL },
		{ "+/monitor/Clients", "$SYS/monitor/Clients", false, NULL },
		{ "$SYS/#", "$SYS/monitor/Clients", true, NULL },
		{ "sport/+", "sport", false, NULL },
		{ "sport/+", "sport/", true, NULL },
		{ "+/+", "/finance", true, NULL },
		{ "/+", "/finance", true, NULL },
		{ "+", "/finance", false, NULL },
		{ "$share/g/wq/{station}", "wq/nanheng", true, "nanheng" },
		{ "wq/+/data", "wq/x/dat", false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mqtt_topic topic;
		const char *station = NULL;
		size_t length = 0;
		size_t topic_length = strlen(rows[i].topic);

		assert_int_equal(mqtt_topic_compile(&topic, rows[i].filter, NULL), 0);
		bool match =
		        mqtt_topic_match(&topic, rows[i].topic, topic_length, &station, &length);
		if (match != rows[i].match)
			fail_msg("%s with %s", rows[i].filter, rows[i].topic);
		if (!match || rows[i].station == NULL)
			continue;
		assert_int_equal(length, strlen(rows[i].station));
		assert_int_equal(memcmp(station, rows[i].station, length), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_placeholder_becomes_a_plus_and_names_the_station),
		cmocka_unit_test(a_wrong_filter_is_refused_and_quoted),
		cmocka_unit_test(topics_match_as_the_standard_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
