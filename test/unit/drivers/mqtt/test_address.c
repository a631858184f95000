/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of brokers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "address.h"

#include "wq/err.h"

#include <string.h>

static void these_are_addresses(void **state)
{
	static const char *const right[] = { "tcp://127.0.0.1:1883", "tcp://broker",
		"ssl://broker.example:8883", "mqtt://h:1", "mqtts://h:65535", "tcp://[::1]:1883",
		"tcp://[fe80::1]" };

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		assert_int_equal(mqtt_address_check(right[i], NULL), 0);
}

static void these_are_not_and_the_sentence_quotes_them(void **state)
{
	static const char *const wrong[] = { "", "127.0.0.1:1883", "http://h:80", "ws://h:80",
		"tcp://", "tcp://:1883", "tcp://h:", "tcp://h:0", "tcp://h:65536", "tcp://h:1883/x",
		"tcp://h x:1", "tcp://[::1:1883", "tcp://h:+1", "TCP://h:1" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct wq_err err = { .text = "" };

		if (mqtt_address_check(wrong[i], &err) != WQ_E_INVALID)
			fail_msg("'%s' was taken", wrong[i]);
		assert_non_null(strstr(err.text, wrong[i]));
	}
}

static void a_password_in_an_address_is_not_repeated(void **state)
{
	static const char *const wrong[] = { "tcp://user@h:1883", "ssl://user:secret@h", "secret@h", "tcp://h/user:secret@h" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct wq_err err = { .text = "" };

		assert_int_equal(mqtt_address_check(wrong[i], &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, "credential:"));
		assert_null(strstr(err.text, "secret"));
		assert_null(strstr(err.text, "user:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(these_are_addresses),
		cmocka_unit_test(these_are_not_and_the_sentence_quotes_them),
		cmocka_unit_test(a_password_in_an_address_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
