/* SPDX-License-Identifier: Apache-2.0 */
/* The QARTOD tests: tables whose flags the reference gave for the same series, and what holds for any series. */
#include "wq/err.h"
#include "wq/qc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 2000
#define N NAN
#define INF INFINITY

static uint8_t flags[MANY];
static wq_ms at[MANY];
static double value[MANY];

static int run(const struct wq_qc_request *request, const wq_ms *t, const double *x, size_t n, uint8_t *to)
{
	void *room = malloc(wq_qc_room(n));
	const int r = wq_qc_run(request, t, x, n, room, to, NULL);

	free(room);
	return r;
}

static struct wq_qc_request request_of(enum wq_qc_test test)
{
	struct wq_qc_request request;

	wq_qc_request_init(&request, test);
	return request;
}

/* Minutes from 1970 on. */
static void expect(const struct wq_qc_request *request, const double *x, size_t n, const char *wanted)
{
	char found[64] = "";

	for (size_t i = 0; i < n; i++)
		at[i] = WQ_MINUTES((wq_ms)i);
	assert_int_equal(run(request, at, x, n, flags), 0);
	for (size_t i = 0; i < n; i++)
		found[i] = (char)('0' + flags[i]);
	assert_string_equal(found, wanted);
}

#define EXPECT(request, wanted, ...)                                                               \
	expect(&(request), (const double[]){ __VA_ARGS__ },                                        \
	        sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double), wanted)

static void of_several_flags_the_highest_in_order_stands(void **state)
{
	static const struct {
		uint8_t flags[3], wanted;
	} table[] = { { { 1, 2, 9 }, 1 }, { { 2, 9, 9 }, 2 }, { { 1, 3, 2 }, 3 }, { { 3, 4, 1 }, 4 }, { { 9, 9, 9 }, 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(wq_qc_aggregate(table[i].flags, 3), table[i].wanted);
	assert_int_equal(wq_qc_aggregate(NULL, 0), WQ_QC_MISSING);
}

static void gross_range_takes_its_ends_and_fails_infinity(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_GROSS_RANGE);

	(void)state;
	q.fail_span = (struct wq_qc_span){ 10, 0 }; /* sorted */
	EXPECT(q, "411411494", -1, 0, 5, 11, 10, 0, INF, N, -INF);
	q.suspect_span = (struct wq_qc_span){ 2, 6 };
	EXPECT(q, "34491", 1, INF, -INF, N, 5);
	q.suspect_span = (struct wq_qc_span){ -1, 6 };
	assert_int_equal(wq_qc_check(&q, NULL), WQ_E_INVALID);
	q = request_of(WQ_QC_GROSS_RANGE);
	assert_int_equal(wq_qc_check(&q, NULL), WQ_E_INVALID);
}

static void spike_average_smears_and_differential_does_not(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_SPIKE);

	(void)state;
	q.suspect_threshold = 1;
	q.fail_threshold = 3;
	EXPECT(q, "23432", 1, 2, 9, 2, 1);
	EXPECT(q, "2", 5);
	EXPECT(q, "22", 5, 6);
	q.method = WQ_QC_DIFFERENTIAL;
	EXPECT(q, "21412", 1, 2, 9, 2, 1);
	EXPECT(q, "211112", 1, 1, 9, 9, 1, 1);
	EXPECT(q, "2922922", 1, N, 5, 2, INF, 3, 4);
	q.suspect_threshold = 0; /* not given */
	q.fail_threshold = 7;
	EXPECT(q, "21112", 1, 2, 9, 2, 1);
}

static void rate_of_change_does_not_see_across_a_gap(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_RATE_OF_CHANGE);

	(void)state;
	q.threshold = .1;
	EXPECT(q, "191113", 1, N, 100, 100, 100, 1);
	EXPECT(q, "193113", 1, INF, 100, 100, 100, 1);
	EXPECT(q, "11", 0, 6); /* strict */
	q.fail_threshold = 1;
	EXPECT(q, "134", 0, 7, 100);
	EXPECT(q, "1", 5);
}

static void flat_line_counts_points_and_never_flags_at_tolerance_zero(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_FLAT_LINE);

	(void)state;
	q.suspect_threshold = 60;
	q.fail_threshold = 120;
	EXPECT(q, "11111", 1, 1, 1, 1, 1);
	q.tolerance = .1;
	EXPECT(q, "134441", 1, 1, 1, 1, 1, 2);
	EXPECT(q, "11", N, N);
	EXPECT(q, "1344944", 1, 1, 1, 1, N, 1, 1);
	q.suspect_threshold = 30; /* below a step: each point alone is flat */
	EXPECT(q, "333", 1, 2, 3);
}

static void an_attenuated_signal_is_judged_in_its_trailing_window(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_ATTENUATED_SIGNAL);

	(void)state;
	q.suspect_threshold = 1;
	q.fail_threshold = .5;
	q.test_period = 120;
	EXPECT(q, "449411", 1, 1, N, 1, 5, 9);
	q.check_type = WQ_QC_RANGE;
	EXPECT(q, "449211", 1, 1, N, 1, 5, 9);
	q.min_obs = 2;
	EXPECT(q, "249211", 1, 1, N, 1, 5, 9);
	q.min_obs = NAN;
	q.min_period = 120;
	EXPECT(q, "249211", 1, 1, N, 1, 5, 9);
	q.test_period = NAN;
	EXPECT(q, "1191", 1, 2, N, 4);
}

static void a_gap_fails_the_point_after_it(void **state)
{
	const wq_ms t[] = { 0, WQ_HOURS(1), WQ_HOURS(4), WQ_HOURS(6) };
	const double x[] = { N, 1, 1, N };
	struct wq_qc_request q = request_of(WQ_QC_GAP);

	(void)state;
	assert_int_equal(run(&q, t, x, 4, flags), 0);
	assert_memory_equal(flags, ((const uint8_t[]){ 1, 1, 4, 1 }), 4);
	assert_int_equal(run(&q, t + 1, x, 2, flags), 0);
	assert_memory_equal(flags, ((const uint8_t[]){ 4, 4 }), 2); /* the first is as the second */
	assert_int_equal(run(&q, t, x, 1, flags), 0);
	assert_int_equal(flags[0], WQ_QC_UNKNOWN);
}

static void later_members_of_a_climatology_overwrite(void **state)
{
	struct wq_qc_request q = request_of(WQ_QC_CLIMATOLOGY);
	static const struct wq_qc_span none = { NAN, NAN };

	(void)state;
	q.member_count = 1;
	q.members[0] = (struct wq_qc_member){ WQ_QC_ALWAYS, { 0, WQ_MINUTES(4) }, { 0, 4 }, none };
	EXPECT(q, "1339122", 1, INF, 5, N, 1, 2, 9);
	q.members[0].fspan = (struct wq_qc_span){ 0, 9 };
	EXPECT(q, "143942", 1, INF, 5, N, 12, 2);
	q.member_count = 2;
	q.members[1] = (struct wq_qc_member){ WQ_QC_ALWAYS, { WQ_MINUTES(2), WQ_MINUTES(2) }, { 5, 5 }, none };
	EXPECT(q, "141942", 1, INF, 5, N, 12, 2);
}

/* 2024-12-30 is the Monday of ISO week 1 of 2025; local time of China. */
static void a_climatology_knows_the_cycles_of_the_calendar(void **state)
{
	static const struct {
		enum wq_qc_period period;
		double place;
	} table[] = { { WQ_QC_YEAR, 2024 }, { WQ_QC_QUARTER, 4 }, { WQ_QC_MONTH, 12 }, { WQ_QC_WEEK, 1 },
		{ WQ_QC_DAY_OF_YEAR, 365 }, { WQ_QC_DAY_OF_WEEK, 0 }, { WQ_QC_DAY, 30 }, { WQ_QC_HOUR, 7 } };
	const double x = 1;
	wq_ms t;

	(void)state;
	assert_int_equal(wq_instant_parse("2024-12-30T07:59:59", &wq_zone_china, &t, NULL), 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int off = -1; off <= 1; off++) {
			struct wq_qc_request q = request_of(WQ_QC_CLIMATOLOGY);
			const double place = table[i].place + off;

			q.member_count = 1;
			q.members[0] = (struct wq_qc_member){ table[i].period, { place, place }, { 0, 9 }, { N, N } };
			assert_int_equal(run(&q, &t, &x, 1, flags), 0);
			assert_int_equal(flags[0], off == 0 ? WQ_QC_GOOD : WQ_QC_UNKNOWN);
		}
}

static void random_series(unsigned seed, size_t n)
{
	double x = 5;

	srand(seed);
	for (size_t i = 0; i < n; i++) {
		at[i] = (i > 0 ? at[i - 1] : 0) + WQ_MINUTES(1 + (rand() % 5 == 0) * (rand() % 9));
		if (rand() % 3 > 0)
			x += (rand() % 41 - 20) / 10.;
		value[i] = rand() % 20 == 0 ? (double)NAN : x;
	}
}

/* As written down: all values of the window. */
static double spread_of(const struct wq_qc_request *q, size_t i)
{
	double low = INF, high = -INF, sum = 0, squares = 0, n = 0;
	bool missing = false;

	for (size_t j = 0; j <= i; j++) {
		if ((double)(at[i] - at[j]) >= q->test_period * 1000)
			continue;
		missing = missing || isnan(value[j]);
		if (isnan(value[j]))
			continue;
		low = fmin(low, value[j]);
		high = fmax(high, value[j]);
		sum += value[j];
		n++;
	}
	for (size_t j = 0; j <= i; j++)
		if ((double)(at[i] - at[j]) < q->test_period * 1000 && !isnan(value[j]))
			squares += (value[j] - sum / n) * (value[j] - sum / n);
	if (q->check_type == WQ_QC_RANGE)
		return missing ? (double)NAN : high - low;
	return sqrt(squares / n);
}

static void moving_windows_are_as_reckoned_from_all_their_values(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 20; seed++)
		for (int check = 0; check < 2; check++) {
			struct wq_qc_request q = request_of(WQ_QC_ATTENUATED_SIGNAL);

			q.check_type = (enum wq_qc_check)check;
			q.test_period = 600 * seed;
			q.suspect_threshold = .81234;
			q.fail_threshold = .31234;
			random_series(seed, 300);
			assert_int_equal(run(&q, at, value, 300, flags), 0);
			for (size_t i = 0; i < 300; i++) {
				const double s = spread_of(&q, i);
				const uint8_t wanted = isnan(value[i]) ? 9 : isnan(s) ? 2 : s < .31234 ? 4 : s < .81234 ? 3 : 1;

				assert_int_equal(flags[i], wanted);
			}
		}
}

static void a_tolerance_that_grows_takes_no_flat_line_back(void **state)
{
	static uint8_t before[MANY];

	(void)state;
	for (unsigned seed = 1; seed < 20; seed++) {
		memset(before, WQ_QC_GOOD, sizeof before);
		random_series(seed, MANY);
		for (double tolerance = 0; tolerance < 3; tolerance += .25) {
			struct wq_qc_request q = request_of(WQ_QC_FLAT_LINE);

			q.suspect_threshold = q.fail_threshold = 60. * seed;
			q.tolerance = tolerance;
			assert_int_equal(run(&q, at, value, MANY, flags), 0);
			for (size_t i = 0; i < MANY; i++)
				assert_true(before[i] != WQ_QC_FAIL || flags[i] == WQ_QC_FAIL);
			memcpy(before, flags, sizeof before);
		}
	}
}

static void every_point_has_a_flag_and_none_has_none(void **state)
{
	(void)state;
	random_series(3, MANY);
	for (int test = 0; test < WQ_QC_TESTS; test++) {
		struct wq_qc_request q = request_of((enum wq_qc_test)test);

		q.fail_span = (struct wq_qc_span){ 0, 9 };
		q.threshold = q.suspect_threshold = q.fail_threshold = 1;
		q.member_count = 1;
		q.members[0] = (struct wq_qc_member){ WQ_QC_MONTH, { 1, 6 }, { 0, 4 }, { N, N } };
		assert_int_equal(wq_qc_test_parse(wq_qc_test_name(q.test)), test);
		memset(flags, 0, sizeof flags);
		assert_int_equal(run(&q, at, value, MANY, flags), 0);
		for (size_t i = 0; i < MANY; i++)
			assert_non_null(memchr("\1\2\3\4\11", flags[i], 5));
		assert_int_equal(run(&q, at, value, 0, NULL), 0);
	}
	assert_int_equal(wq_qc_test_parse("spikes"), -1);
}

static void rows_within_a_second_have_no_step(void **state)
{
	const wq_ms t[] = { 0, 0, 0, 0 };
	const double x[] = { 1, 1, 1, 1 };
	struct wq_qc_request q = request_of(WQ_QC_FLAT_LINE);

	(void)state;
	q.suspect_threshold = q.fail_threshold = 60;
	assert_int_equal(run(&q, t, x, 4, flags), WQ_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(of_several_flags_the_highest_in_order_stands),
		cmocka_unit_test(gross_range_takes_its_ends_and_fails_infinity),
		cmocka_unit_test(spike_average_smears_and_differential_does_not),
		cmocka_unit_test(rate_of_change_does_not_see_across_a_gap),
		cmocka_unit_test(flat_line_counts_points_and_never_flags_at_tolerance_zero),
		cmocka_unit_test(an_attenuated_signal_is_judged_in_its_trailing_window),
		cmocka_unit_test(a_gap_fails_the_point_after_it),
		cmocka_unit_test(later_members_of_a_climatology_overwrite),
		cmocka_unit_test(a_climatology_knows_the_cycles_of_the_calendar),
		cmocka_unit_test(moving_windows_are_as_reckoned_from_all_their_values),
		cmocka_unit_test(a_tolerance_that_grows_takes_no_flat_line_back),
		cmocka_unit_test(every_point_has_a_flag_and_none_has_none),
		cmocka_unit_test(rows_within_a_second_have_no_step),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
