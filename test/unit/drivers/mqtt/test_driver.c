/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's face: keys, check, and a life without a broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus.h"
#include "preset.h"

#include "wq/err.h"

#include <stdlib.h>

extern const struct wq_driver wq_driver_mqtt;

static int check_with(void (*spoil)(struct mqtt_bus_settings *), struct wq_err *err)
{
	struct mqtt_bus_settings settings = bus_settings;
	struct wq_bus bus = test_bus;
	size_t bad = 77;

	bus.settings = &settings;
	if (spoil != NULL)
		spoil(&settings);
	int rc = wq_driver_mqtt.check(&bus, &bad, err);
	assert_true(bad == SIZE_MAX);
	return rc;
}

static void spoil_broker(struct mqtt_bus_settings *settings)
{
	settings->broker = "127.0.0.1";
}

static void spoil_topic(struct mqtt_bus_settings *settings)
{
	settings->topic = "wq/#/x";
}

static void spoil_client_id(struct mqtt_bus_settings *settings)
{
	settings->client_id = NULL;
}

static void spoil_password(struct mqtt_bus_settings *settings)
{
	settings->password_file = "/etc/wqd/password";
}

static void spoil_secret(struct mqtt_bus_settings *settings)
{
	settings->password = "credential:broker";
}

static void spoil_two_passwords(struct mqtt_bus_settings *settings)
{
	settings->username = "u";
	settings->password = "credential:broker";
	settings->password_file = "/etc/wqd/password";
}

static void spoil_certificate(struct mqtt_bus_settings *settings)
{
	settings->cert_file = "/etc/wqd/cert.pem";
}

static void spoil_key(struct mqtt_bus_settings *settings)
{
	settings->broker = "ssl://h";
	settings->key_file = "/etc/wqd/key.pem";
}

static void spoil_hj212(struct mqtt_bus_settings *settings)
{
	settings->preset = MQTT_HJ212;
}

static void spoil_status(struct mqtt_bus_settings *settings)
{
	settings->status_topic = "wq/status";
}

static void spoil_wild_status(struct mqtt_bus_settings *settings)
{
	settings->status_topic = "wqd/+/status";
}

static void spoil_station(struct mqtt_bus_settings *settings)
{
	settings->preset = MQTT_ALINK;
	settings->station_key = NULL;
	settings->topic = "wq/+";
}

static void spoil_path(struct mqtt_bus_settings *settings)
{
	settings->time_key = "a..b";
}

static void the_check_finds_what_single_keys_cannot_say(void **state)
{
	static const struct {
		void (*spoil)(struct mqtt_bus_settings *);
		const char *word;
	} rows[] = {
		{ spoil_broker, "tcp://" },
		{ spoil_topic, "'#'" },
		{ spoil_client_id, "client_id" },
		{ spoil_password, "username" },
		{ spoil_secret, "username" },
		{ spoil_two_passwords, "one of them" },
		{ spoil_certificate, "ssl://" },
		{ spoil_key, "cert_file" },
		{ spoil_hj212, "hj212" },
		{ spoil_status, "come back" },
		{ spoil_wild_status, "one topic" },
		{ spoil_path, "time_key" },
		{ spoil_station, "names the station" },
	};
	struct wq_err err;

	(void)state;
	assert_int_equal(check_with(NULL, &err), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(check_with(rows[i].spoil, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, rows[i].word));
	}
}

static void what_may_surprise_is_remarked(void **state)
{
	struct mqtt_bus_settings settings = bus_settings;
	struct wq_bus bus = test_bus;
	const char *texts[8];

	(void)state;
	bus.settings = &settings;
	assert_int_equal(wq_driver_mqtt.remarks(&bus, texts, 8), 0);
	settings.clean = true;
	assert_int_equal(wq_driver_mqtt.remarks(&bus, texts, 8), 1);
	settings.username = "u";
	assert_int_equal(wq_driver_mqtt.remarks(&bus, texts, 8), 2);
	assert_non_null(strstr(texts[1], "unencrypted"));
	settings.broker = "ssl://h";
	assert_int_equal(wq_driver_mqtt.remarks(&bus, texts, 8), 2);
	assert_non_null(strstr(texts[1], "TLS"));
	assert_int_equal(wq_driver_mqtt.remarks(&bus, texts, 1), 1);
}

static void the_check_names_the_point_that_is_there_twice(void **state)
{
	struct wq_point points[] = { bus_points[0], bus_points[1], bus_points[1] };
	struct wq_bus bus = test_bus;
	struct wq_err err;
	size_t bad = 77;

	(void)state;
	bus.points = points;
	bus.point_count = 3;
	assert_int_equal(wq_driver_mqtt.check(&bus, &bad, &err), WQ_E_INVALID);
	assert_int_equal(bad, 2);
}

static void every_key_lies_within_its_settings(void **state)
{
	(void)state;
	for (const struct wq_option *row = wq_driver_mqtt.bus_options; row->key != NULL; row++) {
		assert_true(row->offset < wq_driver_mqtt.bus_settings_size);
		assert_non_null(row->help);
	}
	for (const struct wq_option *row = wq_driver_mqtt.point_options; row->key != NULL; row++)
		assert_true(row->offset < wq_driver_mqtt.point_settings_size);
}

static int put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	(void)owner, (void)samples, (void)count, (void)durable;
	return 0;
}

static void on_link(void *owner, const char *down)
{
	(void)owner, (void)down;
}

static void it_opens_starts_and_stops_without_a_broker(void **state)
{
	struct mqtt_bus_settings settings = bus_settings;
	const struct wq_sink sink = { .put = put, .refuse = note_refusal, .link = on_link };
	struct wq_bus bus = test_bus;
	struct wq_err err;

	(void)state;
	settings.broker = "tcp://127.0.0.1:1"; /* nobody listens there */
	bus.settings = &settings;
	for (int i = 0; i < 3; i++) {
		void *driver = calloc(1, wq_driver_mqtt.state_size(&bus));

		assert_int_equal(wq_driver_mqtt.open(driver, &bus, &err), 0);
		if (i > 0)
			assert_int_equal(wq_driver_mqtt.start(driver, &sink, &err), 0);
		wq_driver_mqtt.stop(driver);
		wq_driver_mqtt.close(driver);
		free(driver);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_finds_what_single_keys_cannot_say),
		cmocka_unit_test(what_may_surprise_is_remarked),
		cmocka_unit_test(the_check_names_the_point_that_is_there_twice),
		cmocka_unit_test(every_key_lies_within_its_settings),
		cmocka_unit_test(it_opens_starts_and_stops_without_a_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
