/* SPDX-License-Identifier: Apache-2.0 */
/* From score to event, by a sum and by a count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "course.h"
#include "seed.h"

static const struct course_settings sum = { .by = COURSE_BY_SUM,
	.drift = 4,
	.cut = 1.5,
	.threshold = 4,
	.steps = 8,
	.certainty = 0.95,
	.timeout = WQ_HOURS(2) };

/* Instants with these scores, a minute apart; the last answer. */
static bool play(struct course *c, const struct course_settings *s, const double *scores, size_t count)
{
	static const struct course fresh;
	bool raises = false;

	*c = fresh;
	for (size_t i = 0; i < count; i++)
		raises = course_step(c, s, scores[i], WQ_MINUTES(1 + (int64_t)i));
	return raises;
}

/* k unusual instants of n, the last of them the newest. */
static bool raises_with(int k, int64_t n, double certainty)
{
	struct course_settings s = sum;
	struct course c;
	double scores[COURSE_STEPS_MAX];

	s.by = COURSE_BY_COUNT;
	s.steps = n;
	s.certainty = certainty;
	for (int64_t i = 0; i < n; i++)
		scores[i] = i >= n - k ? 9 : 0;
	return play(&c, &s, scores, (size_t)n);
}

/* The binomial distribution function with 1/2, as tables have it. */
static void a_count_raises_from_the_chance_that_was_asked_for(void **state)
{
	static const struct {
		int k;
		int64_t n;
		double chance;
	} table[] = {
		{ 1, 1, 1 },
		{ 1, 2, 0.75 },
		{ 4, 6, 57. / 64 },
		{ 5, 6, 63. / 64 },
		{ 5, 8, 219. / 256 },
		{ 6, 8, 247. / 256 },
		{ 9, 12, 4017. / 4096 },
		{ 40, 64, 0.98361712 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_true(raises_with(table[i].k, table[i].n, table[i].chance - 1e-7));
		if (table[i].chance < 1)
			assert_false(raises_with(table[i].k, table[i].n, table[i].chance + 1e-7));
	}
}

static void what_lies_further_back_than_the_steps_is_forgotten(void **state)
{
	struct course_settings s = sum;
	struct course c = { 0 };

	(void)state;
	s.by = COURSE_BY_COUNT;
	s.certainty = 0.999999;
	for (int i = 0; i < 100; i++)
		course_step(&c, &s, i % 4 != 0 ? 9 : 0, WQ_MINUTES(1 + i));
	assert_int_equal(course_count(&c, &s), 6);
	s.steps = 64;
	assert_int_equal(course_count(&c, &s), 48);
}

/* However high the scores, ceil(threshold / cut) of them are needed. */
static void a_sum_is_a_matter_of_how_long(void **state)
{
	static const double high[] = { 0, 1e300, INFINITY };
	struct course c;

	(void)state;
	assert_false(play(&c, &sum, high, 3));
	assert_true(play(&c, &sum, (const double[]){ 0, 1e300, 1e300, INFINITY }, 4));
}

static void it_goes_on_until_the_score_is_usual_again(void **state)
{
	struct course c;

	(void)state;
	assert_true(play(&c, &sum, (const double[]){ 9, 9, 9, 4, 4, 4, 4, 4, 4, 4 }, 10));
	assert_false(course_step(&c, &sum, 3.9, WQ_MINUTES(11)));
	assert_false(course_step(&c, &sum, 9, WQ_MINUTES(12)));
}

static void after_the_timeout_it_waits_for_a_usual_score(void **state)
{
	struct course c = { 0 };
	wq_ms at = WQ_MINUTES(1);
	bool raises = false;

	(void)state;
	for (int i = 0; i < 120; i++, at += WQ_MINUTES(1))
		raises = course_step(&c, &sum, 9, at);
	assert_true(raises);
	for (int i = 0; i < 300; i++, at += WQ_MINUTES(1))
		raises = course_step(&c, &sum, 9, at);
	assert_false(raises);
	assert_true(c.waits);
	course_step(&c, &sum, 1, at);
	for (int i = 0; i < 3; i++)
		raises = course_step(&c, &sum, 9, at += WQ_MINUTES(1));
	assert_true(raises);
}

/* What may be said of any series of scores, of either kind. */
static void it_never_raises_on_too_little_nor_longer_than_the_timeout(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct course_settings s = sum;
		struct course c = { 0 };
		wq_ms at = 1, began = 0;
		int unusual = 0;

		s.by = (int)seed_below(&seed, 2);
		s.steps = 1 + seed_below(&seed, 64);
		s.timeout = WQ_MINUTES(5);
		for (int i = 0; i < 200; i++, at += WQ_MINUTES(1)) {
			const double score = (double)seed_below(&seed, 3 + round % 9);
			const bool raises = course_step(&c, &s, score, at);

			unusual = score >= s.drift ? unusual + 1 : 0;
			assert_true(c.sum >= 0 && c.sum <= s.threshold + s.cut);
			assert_int_equal(raises, c.since != 0);
			if (raises)
				assert_true(unusual > 0);
			began = raises ? (began != 0 ? began : at) : 0;
			assert_true(!raises || at - began <= s.timeout);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_raises_from_the_chance_that_was_asked_for),
		cmocka_unit_test(what_lies_further_back_than_the_steps_is_forgotten),
		cmocka_unit_test(a_sum_is_a_matter_of_how_long),
		cmocka_unit_test(it_goes_on_until_the_score_is_usual_again),
		cmocka_unit_test(after_the_timeout_it_waits_for_a_usual_score),
		cmocka_unit_test(it_never_raises_on_too_little_nor_longer_than_the_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
