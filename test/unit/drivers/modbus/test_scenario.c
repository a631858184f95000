/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's water: breakpoints, noise, gaps, rows of a CSV, and errors that name the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenario.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with this text; removed by loaded() and read_csv(). */
static void write_text(char path[32], const char *text)
{
	int fd;

	snprintf(path, 32, "/tmp/wq-scenario-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct scenario *loaded(const char *text, struct wq_err *err)
{
	struct scenario *s;
	char path[32];

	write_text(path, text);
	s = scenario_load(path, err);
	unlink(path);
	return s;
}

static struct scenario *read_csv(
        const char *text, const char *const *stations, size_t count, struct wq_err *err)
{
	struct scenario *s;
	char path[32];

	write_text(path, text);
	s = scenario_from_csv(path, stations, count, WQ_SECONDS(1), err);
	unlink(path);
	return s;
}

static struct scenario *good(struct scenario *s, const struct wq_err *err)
{
	if (!s)
		fail_msg("%s", err->text);
	return s;
}

static void assert_value(
        const struct scenario *s, size_t station, size_t parameter, wq_ms at, double expected)
{
	double value = scenario_value(s, station, parameter, at);

	if (memcmp(&value, &expected, sizeof value) != 0)
		fail_msg("at %lld: %.17g, not %.17g", (long long)at, value, expected);
}

static void interpolates_between_breakpoints(void **state)
{
	struct wq_err err = { 0 };
	struct scenario *s = good(loaded("seed 42\nend 80s # then it holds\nstation nanheng\n"
	                                 "  tp 0s:0.12 20s:0.12 45s:0.28\n  pH 0s:7 places 1\n",
	                                  &err),
	        &err);

	(void)state;
	assert_int_equal(scenario_stations(s), 1);
	assert_string_equal(scenario_station(s, 0), "nanheng");
	assert_string_equal(scenario_parameter(s, 0, 0), "tp");
	assert_true(scenario_end(s) == 80000);
	assert_value(s, 0, 0, 0, 0.12);
	assert_value(s, 0, 0, 20000, 0.12);
	assert_value(s, 0, 0, 32500, 0.2);
	assert_value(s, 0, 0, 45000, 0.28);
	assert_value(s, 0, 0, 900000, 0.28);
	assert_true(scenario_time(s, 0, 0) == WQ_NO_TIME);
	scenario_free(s);
}

static void a_value_may_go_and_come_back(void **state)
{
	struct wq_err err = { 0 };
	struct scenario *s = good(loaded("station a\nnh3n 0s:0.3 30s:none 40s:0.5\n", &err), &err);

	(void)state;
	assert_value(s, 0, 0, 29999, 0.3);
	assert_true(isnan(scenario_value(s, 0, 0, 30000)));
	assert_true(isnan(scenario_value(s, 0, 0, 39999)));
	assert_value(s, 0, 0, 40000, 0.5);
	scenario_free(s);
}

static void noise_is_seeded_bounded_and_never_below_zero(void **state)
{
	static const char text[] = "seed %d\nstation a\ntp 0s:0.12 1000s:0.12 noise 0.01 places 4\n"
	                           "ph 0s:0.001 noise 0.1\n";
	char seven[160], eight[160];
	struct wq_err err = { 0 };
	struct scenario *s, *same, *other;
	double sum = 0, squares = 0;
	int differ = 0;

	(void)state;
	snprintf(seven, sizeof seven, text, 7);
	snprintf(eight, sizeof eight, text, 8);
	s = good(loaded(seven, &err), &err);
	same = good(loaded(seven, &err), &err);
	other = good(loaded(eight, &err), &err);
	for (wq_ms at = 0; at < 1000000; at += 1000) {
		double value = scenario_value(s, 0, 0, at);

		assert_value(same, 0, 0, at, value);
		differ += fabs(scenario_value(other, 0, 0, at) - value) > 0;
		assert_true(scenario_value(s, 0, 1, at) >= 0);
		assert_true(fabs(value - 0.12) < 0.061);
		sum += value - 0.12;
		squares += (value - 0.12) * (value - 0.12);
	}
	assert_true(differ > 900);
	assert_true(fabs(sum / 1000) < 0.002);
	assert_true(fabs(sqrt(squares / 1000) - 0.01) < 0.001);
	scenario_free(s);
	scenario_free(same);
	scenario_free(other);
}

static void an_error_names_the_line(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "no station" },
		{ "tp 0s:1\n", ":1: 'tp': a station line" },
		{ "station a\nstation a\n", ":2: 'a': this station" },
		{ "station a\nxyz 0s:1\n", ":2: 'xyz': neither a parameter" },
		{ "station a\ntp 0s:1\ntp 0s:1\n", ":3: 'tp': the station has" },
		{ "station a\n\n# more\ntp 0s:1 0s:2\n", ":4: '0s': times must ascend" },
		{ "station a\ntp 5:1\n", ":2: '5': a span" },
		{ "station a\ntp 5s:nan\n", ":2: 'nan': a decimal" },
		{ "station a\ntp noise 1\n", ":2: 'tp': no breakpoint" },
		{ "station a\ntp 0s:1 places 10\n", ":2: '10': a whole number" },
		{ "station a\ntp 0s:1 nois 1\n", ":2: 'nois': neither" },
		{ "seed -1\n", ":1: '-1'" },
		{ "end 80\n", ":1: '80'" },
		{ "end 80s 90s\n", ":1: '90s': nothing more" },
		{ "station\n", ":1: 'station': the name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_err err = { 0 };

		assert_null(loaded(rows[i].text, &err));
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
	}
	assert_null(scenario_load("/nowhere", NULL));
}

static const char csv[] = "time,station,tp,remark,ph,nh3n\n"
                          "2021-04-01T08:00:00+08:00,b,0.069,x,7.1,*\n"
                          "2021-04-01T08:00:00+08:00,a,0.2,x,*,0.101\n"
                          "2021-04-01 12:00,b,--,x,,*\n";

static void a_csv_plays_a_row_a_step(void **state)
{
	struct wq_err err = { 0 };
	struct scenario *s = good(read_csv(csv, NULL, 0, &err), &err);

	(void)state;
	assert_int_equal(scenario_stations(s), 2);
	assert_string_equal(scenario_station(s, 0), "b");
	assert_int_equal(scenario_parameters(s, 0), 2); /* nh3n is not measured there */
	assert_string_equal(scenario_parameter(s, 0, 1), "ph");
	assert_string_equal(scenario_parameter(s, 1, 1), "nh3n");
	assert_value(s, 0, 0, 999, 0.069);
	assert_value(s, 0, 1, 0, 7.1);
	assert_value(s, 1, 1, 0, 0.101);
	assert_true(isnan(scenario_value(s, 0, 0, 1000)));
	assert_true(isnan(scenario_value(s, 0, 1, 99000)));
	assert_value(s, 1, 0, 99000, 0.2);
	assert_true(scenario_time(s, 0, 0) == WQ_SECONDS(1617235200));
	assert_true(scenario_time(s, 0, 1000) == WQ_SECONDS(1617235200 + 4 * 3600));
	assert_true(scenario_end(s) == 2000);
	scenario_free(s);
}

static void only_the_stations_asked_for_are_played(void **state)
{
	static const char *const a[] = { "a" }, *const none[] = { "a", "z" };
	struct wq_err err = { 0 };
	struct scenario *s = good(read_csv(csv, a, 1, &err), &err);

	(void)state;
	assert_int_equal(scenario_stations(s), 1);
	assert_string_equal(scenario_station(s, 0), "a");
	scenario_free(s);
	assert_null(read_csv(csv, none, 2, &err));
	assert_non_null(strstr(err.text, "no row of station 'z'"));
	s = good(read_csv("time,tp\n2021-04-01,0.1\n", a, 1, &err), &err);
	assert_string_equal(scenario_station(s, 0), "a");
	scenario_free(s);
}

static void a_bad_csv_is_refused(void **state)
{
	static const char *const rows[] = {
		"time,station,tp\n",
		"time,station,other\n2021-04-01,a,1\n",
		"time,station,tp\n2021-04-01,a,x\n",
		"time,station,tp\nyesterday,a,1\n",
		"station,tp\na,1\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_err err = { 0 };

		if (read_csv(rows[i], NULL, 0, &err))
			fail_msg("row %zu was taken", i);
		assert_true(strlen(err.text) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interpolates_between_breakpoints),
		cmocka_unit_test(a_value_may_go_and_come_back),
		cmocka_unit_test(noise_is_seeded_bounded_and_never_below_zero),
		cmocka_unit_test(an_error_names_the_line),
		cmocka_unit_test(a_csv_plays_a_row_a_step),
		cmocka_unit_test(only_the_stations_asked_for_are_played),
		cmocka_unit_test(a_bad_csv_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
