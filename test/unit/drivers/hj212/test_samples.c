/* SPDX-License-Identifier: Apache-2.0 */
/* Records to samples and checks: which values, in which unit, of what quality; and what never becomes a reading of the river. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/hj212.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Series 1: w21003 of hour records in mg/L; 2: w20111 in µg/L; 3: w01018, real time. */
static const struct wq_hj212_target targets[] = { { 1, { 1, 0 } }, { 2, { 1, 3 } }, { 3, { 1, 0 } } };
static char refused[512];

static const struct wq_hj212_target *find(void *owner, enum wq_hj212_kind kind, struct wq_text code, struct wq_text suffix)
{
	bool check = kind == WQ_HJ212_CHECK;

	(void)owner;
	if (wq_text_is(code, "w21003") && (check || (kind == WQ_HJ212_HOUR && wq_text_is(suffix, "Avg"))))
		return &targets[0];
	if (wq_text_is(code, "w20111") && (check || (kind == WQ_HJ212_HOUR && wq_text_is(suffix, "Avg"))))
		return &targets[1];
	return wq_text_is(code, "w01018") && kind == WQ_HJ212_REALTIME && wq_text_is(suffix, "Rtd") ? &targets[2] : NULL;
}

static void refuse(void *owner, enum wq_hj212_refusal why, const struct wq_hj212_item *item)
{
	(void)owner;
	sprintf(refused + strlen(refused), "%d %.*s; ", why, item != NULL ? (int)item->code.length : 0,
		item != NULL ? item->code.at : "");
}

/* "series value quality flag; … | series kind value reference result flag; …" of a content. */
static char *taken(enum wq_hj212_profile profile, const char *cn, const char *content)
{
	static const double none[] = { -99, -9999 };
	static struct wq_hj212_record record;
	static struct wq_sample samples[WQ_HJ212_ITEMS_MAX];
	static struct wq_check checks[WQ_HJ212_ITEMS_MAX];
	static char text[1024], segment[1024];
	const struct wq_hj212_mapper mapper = { .profile = profile, .none_count = 2, .none = none, .find = find,
		.refuse = refuse };

	int length = snprintf(segment, sizeof segment, "QN=1;ST=21;CN=%s;PW=1;MN=1;Flag=5;CP=&&%s&&", cn, content);
	wq_hj212_read((struct wq_text){ segment, (size_t)length }, &wq_zone_china, &record);
	refused[0] = text[0] = '\0';
	struct wq_hj212_taken got = wq_hj212_take(&mapper, &record, samples, checks);
	for (size_t i = 0; i < got.samples; i++) {
		assert_int_equal(samples[i].at, record.time);
		assert_int_equal(samples[i].stamp, WQ_STAMP_STATION);
		sprintf(text + strlen(text), "%u %.10g %s %s; ", samples[i].series, samples[i].value,
			wq_quality_name(samples[i].quality), samples[i].flag);
	}
	strcat(text, "| ");
	for (size_t i = 0; i < got.checks; i++)
		sprintf(text + strlen(text), "%u %s %.10g %.10g %.10g %s; ", checks[i].series,
			wq_check_kind_name(checks[i].kind), checks[i].value, checks[i].reference, checks[i].result,
			checks[i].flag);
	return text;
}

#define T "DataTime=20241225080000;"

static void values_go_to_the_point_of_their_command_code_and_suffix(void **state)
{
	(void)state;
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=0.31,w21003-Max=0.4,w21003-Flag=N"),
		"1 0.31 unchecked N; | ");
	assert_string_equal(refused, "1 w21003; ");
	/* The real-time value of a point that takes hour records is another thing. */
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2011", T "w21003-Rtd=0.31,w21003-Flag=N"), "| ");
	assert_string_equal(taken(WQ_HJ212_2005, "2011", T "011-Rtd=23.5,011-Flag=N"), "3 23.5 unchecked N; | ");
	assert_string_equal(taken(WQ_HJ212_2017, "9015", T "w21003-Avg=0.31"), "| ");
}

static void units_are_converted_in_decimal(void **state)
{
	(void)state;
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w20111-Avg=0.07"), "2 7e-05 unchecked ; | ");
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w20111-Avg=0.3"), "2 0.0003 unchecked ; | ");
}

static void a_flag_means_what_the_profile_says(void **state)
{
	static const struct {
		enum wq_hj212_profile profile;
		const char *flag;
		enum wq_quality quality;
	} rows[] = {
		{ WQ_HJ212_2017, "N", WQ_UNCHECKED }, { WQ_HJ212_2017, "M", WQ_MAINTENANCE },
		{ WQ_HJ212_2017, "C", WQ_MAINTENANCE }, { WQ_HJ212_2017, "D", WQ_BAD }, { WQ_HJ212_2017, "T", WQ_BAD },
		{ WQ_HJ212_2017, "S", WQ_BAD }, { WQ_HJ212_2017, "F", WQ_BAD }, { WQ_HJ212_2017, "B", WQ_BAD },
		{ WQ_HJ212_2017, "L", WQ_UNCHECKED }, { WQ_HJ212_2017, "lr", WQ_UNCHECKED },
		{ WQ_HJ212_SURFACE, "L", WQ_BAD }, { WQ_HJ212_SURFACE, "lr", WQ_BAD }, { WQ_HJ212_SURFACE, "Z", WQ_BAD },
		{ WQ_HJ212_SURFACE, "hd", WQ_UNCHECKED }, { WQ_HJ212_SURFACE, "M", WQ_MAINTENANCE },
		{ WQ_HJ212_SURFACE, "C", WQ_UNCHECKED }, { WQ_HJ212_2025, "C", WQ_MAINTENANCE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(wq_hj212_quality(rows[i].profile,
					 (struct wq_text){ rows[i].flag, strlen(rows[i].flag) }), rows[i].quality);
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=,w21003-Flag=D"), "1 nan missing D; | ");
}

static void a_value_that_stands_for_none_is_missing(void **state)
{
	(void)state;
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=-99.000"), "1 nan missing ; | ");
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=-9999"), "1 nan missing ; | ");
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=--"), "1 nan missing ; | ");
	assert_string_equal(refused, "");
	assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", T "w21003-Avg=-98"), "1 -98 unchecked ; | ");
}

static void a_record_without_a_usable_time_gives_nothing(void **state)
{
	const char *const contents[] = { "w21003-Avg=0.3", "DataTime=20241332250000;w21003-Avg=0.3",
		"DataTime=19700101080000;w21003-Avg=0.3" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(taken(WQ_HJ212_SURFACE, "2061", contents[i]), "| ");
		assert_string_equal(refused, "0 ; ");
	}
}

static void checks_never_become_readings(void **state)
{
	static const struct {
		const char *cn, *content, *taken;
	} rows[] = {
		{ "2062", T "w21003-Check=2.1,w21003-StandardValue=2,w21003-Flag=N", "| 1 standard 2.1 2 5 N; " },
		{ "2061", T "w21003-Avg=2.1,w21003-StandardValue=2,w21003-Flag=sc", "| 1 standard 2.1 2 5 sc; " },
		{ "2065", T "w21003-Check=0.02,w21003-StandardValue=0,w21003-SpanValue=4,w21003-Flag=N", "| 1 zero 0.02 0 0.5 N; " },
		{ "2061", T "w21003-Avg=0.02,w21003-Flag=cz", "| 1 zero 0.02 nan nan cz; " },
		{ "2066", T "w21003-Check=3.9,w21003-StandardValue=4,w21003-SpanValue=4", "| 1 span 3.9 4 -2.5 ; " },
		{ "2064", T "w21003-Check=1.1,w21003-Water=0.9,w21003-Flag=N", "| 1 parallel 1.1 0.9 20 N; " },
		/* 100 mL of 2 mg/L with 1 mL of 100 mg/L: 1 mg/L is added. */
		{ "2063", T "w21003-Check=2.95,w21003-Water=2,w21003-Chroma=100,w21003-Volume=1,w21003-DVolume=100,w21003-Flag=ra",
			"| 1 recovery 2.95 2 95 ra; " },
		{ "2062", T "w20111-Check=1.05,w20111-StandardValue=1", "| 2 standard 0.00105 0.001 5 ; " },
		{ "2062", T "w01018-Check=1.05,w01018-StandardValue=1", "| " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = taken(WQ_HJ212_SURFACE, rows[i].cn, rows[i].content);

		assert_string_equal(got, rows[i].taken);
	}
}

static void commands_are_known_by_profile(void **state)
{
	const struct wq_text odd = { "2013", 4 }, beat = { "9015", 4 }, none = { "", 0 };

	(void)state;
	assert_int_equal(wq_hj212_kind_of(WQ_HJ212_2025, odd), WQ_HJ212_NOTE);
	assert_int_equal(wq_hj212_kind_of(WQ_HJ212_2017, odd), WQ_HJ212_OTHER);
	assert_int_equal(wq_hj212_kind_of(WQ_HJ212_2017, beat), WQ_HJ212_HEARTBEAT);
	assert_int_equal(wq_hj212_kind_of(WQ_HJ212_2017, none), WQ_HJ212_OTHER);
	for (int i = 0; i < WQ_HJ212_PROFILES; i++)
		assert_int_equal(wq_hj212_profile_find(wq_hj212_profile_name((enum wq_hj212_profile)i)), i);
	assert_int_equal(wq_hj212_profile_find("2099"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_to_the_point_of_their_command_code_and_suffix),
		cmocka_unit_test(units_are_converted_in_decimal),
		cmocka_unit_test(a_flag_means_what_the_profile_says),
		cmocka_unit_test(a_value_that_stands_for_none_is_missing),
		cmocka_unit_test(a_record_without_a_usable_time_gives_nothing),
		cmocka_unit_test(checks_never_become_readings),
		cmocka_unit_test(commands_are_known_by_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
