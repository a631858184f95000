/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the QARTOD tests are on one core, beside the reference program's rates on as many points (as
 * measured once, see docs/figures.md). Processor time, the best of five. */
#include "wq/qc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define POINTS 139566

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct wq_qc_request request_of(enum wq_qc_test test)
{
	struct wq_qc_request q;

	wq_qc_request_init(&q, test);
	q.fail_span = (struct wq_qc_span){ 0, 14 };
	q.suspect_span = (struct wq_qc_span){ 6, 9 };
	q.threshold = .01;
	q.suspect_threshold = test == WQ_QC_FLAT_LINE ? 7200 : .05;
	q.fail_threshold = test == WQ_QC_FLAT_LINE ? 14400 : .02;
	q.tolerance = .02;
	q.test_period = 86400;
	q.member_count = 4;
	for (size_t i = 0; i < 4; i++)
		q.members[i] = (struct wq_qc_member){
			WQ_QC_QUARTER, { (double)i + 1, (double)i + 1 }, { 7, 8 }, { NAN, NAN }
		};
	return q;
}

int main(void)
{
	/* million points a second of ioos_qc 9c1853a with numpy and pandas on as many points; 0: not measured */
	static const double reference[WQ_QC_TESTS] = { [WQ_QC_GROSS_RANGE] = 245, [WQ_QC_SPIKE] = 4.8,
		[WQ_QC_RATE_OF_CHANGE] = 30, [WQ_QC_FLAT_LINE] = .54, [WQ_QC_ATTENUATED_SIGNAL] = 34 };
	static wq_ms at[POINTS];
	static double value[POINTS];
	static uint8_t flags[POINTS];
	void *room = malloc(wq_qc_room(POINTS));
	double all = 0;

	if (room == NULL)
		return 1;
	srand(1);
	for (size_t i = 0; i < POINTS; i++) {
		at[i] = WQ_MINUTES((wq_ms)i);
		value[i] = i > 0 && rand() % 3 == 0 ? value[i - 1] : round((8 + sin((double)i / 300) + rand() / 2e9) * 100) / 100;
		if (rand() % 50 == 0)
			value[i] = NAN;
	}
	printf("%-18s %12s %12s\n", "test", "M points/s", "ioos_qc");
	for (int test = 0; test < WQ_QC_TESTS; test++) {
		const struct wq_qc_request q = request_of((enum wq_qc_test)test);
		double best = INFINITY;

		for (int turn = 0; turn < 5; turn++) {
			const double begun = seconds();

			for (int i = 0; i < 10; i++)
				if (wq_qc_run(&q, at, value, POINTS, room, flags, NULL) < 0)
					return 1;
			best = fmin(best, (seconds() - begun) / 10);
		}
		all += best;
		printf("%-18s %12.1f ", wq_qc_test_name(q.test), POINTS / best / 1e6);
		if (reference[test] > 0)
			printf("%12.2f\n", reference[test]);
		else
			printf("%12s\n", "-");
	}
	printf("%-18s %12.1f\n", "all seven in turn", POINTS / all / 1e6);
	free(room);
	return 0;
}
