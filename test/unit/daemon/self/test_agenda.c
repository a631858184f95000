/* SPDX-License-Identifier: Apache-2.0 */
/* Who is to be called first, against a search through all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/agenda.h"

#include <stdlib.h>

static void the_first_is_the_earliest_whatever_was_set(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 7, 100 };
	unsigned short seed[3] = { 4, 5, 6 };

	(void)state;
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		struct agenda agenda;
		wq_ms at[100];

		assert_true(agenda_open(&agenda, counts[c]));
		for (size_t i = 0; i < counts[c]; i++)
			at[i] = AGENDA_NEVER;
		for (int round = 0; round < 5000; round++) {
			size_t who = (size_t)nrand48(seed) % counts[c], first = SIZE_MAX;
			wq_ms least = AGENDA_NEVER;

			at[who] = round % 7 == 0 ? AGENDA_NEVER : nrand48(seed) % 50;
			agenda_set(&agenda, who, at[who]);
			for (size_t i = 0; i < counts[c]; i++)
				least = at[i] < least ? at[i] : least;
			assert_int_equal(agenda_first(&agenda, &first), least);
			assert_int_equal(at[first], least);
		}
		agenda_close(&agenda);
	}
}

static void nobody_is_called_never(void **state)
{
	struct agenda agenda;
	size_t who;

	(void)state;
	assert_true(agenda_open(&agenda, 0));
	assert_true(agenda_first(&agenda, &who) == AGENDA_NEVER);
	agenda_close(&agenda);
	agenda_close(&agenda);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_the_earliest_whatever_was_set),
		cmocka_unit_test(nobody_is_called_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
