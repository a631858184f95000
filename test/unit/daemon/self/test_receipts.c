/* SPDX-License-Identifier: Apache-2.0 */
/* What a sender that waits for its commit is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/receipts.h"
#include "wq/err.h"

static void each_batch_is_told_its_own_fate(void **state)
{
	static const struct {
		uint64_t sequence;
		int told;
	} table[] = {
		{ 1, 0 }, { 10, 0 }, { 11, WQ_E_TIMEOUT }, { 12, WQ_E_FULL }, { 14, WQ_E_FULL }, { 15, WQ_E_TIMEOUT },
	};
	struct receipts *receipts = receipts_new(10);
	(void)state;
	for (uint64_t lost = 12; lost <= 14; lost++)
		receipts_lost(receipts, lost);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(receipts_wait(receipts, table[i].sequence, 0), table[i].told);
	/* The commit of what came after them does not make them durable. */
	receipts_committed(receipts, 15);
	assert_int_equal(receipts_wait(receipts, 11, 0), 0);
	assert_int_equal(receipts_wait(receipts, 13, 0), WQ_E_FULL);
	assert_int_equal(receipts_wait(receipts, 15, 0), 0);
	receipts_close(receipts);
	assert_int_equal(receipts_wait(receipts, 16, 1000), WQ_E_STATE);
	receipts_free(receipts);
}

static void nobody_waits_for_a_writer_that_is_stalled(void **state)
{
	struct receipts *receipts = receipts_new(10);
	(void)state;
	receipts_stalled(receipts, true);
	/* A day is not waited for. */
	assert_int_equal(receipts_wait(receipts, 11, WQ_DAYS(1)), WQ_E_TIMEOUT);
	receipts_committed(receipts, 11);
	assert_int_equal(receipts_wait(receipts, 11, WQ_DAYS(1)), 0);
	receipts_free(receipts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_batch_is_told_its_own_fate),
		cmocka_unit_test(nobody_waits_for_a_writer_that_is_stalled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
