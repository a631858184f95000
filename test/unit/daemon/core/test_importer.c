/* SPDX-License-Identifier: Apache-2.0 */
/* Values of files: names looked up, batches as polls make them, and what is told of them. The test is main and the writer. */
#include "hand_clock.h"
#include "intake/importer.h"
#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_parameter parameters[] = { { .code = "w21011", .alias = "tp", .name = "总磷" },
	{ .code = "w01001", .alias = "ph", .name = "pH" } };
static const struct wq_series series[] = { { .station = 0, .parameter = 0 }, { .station = 0, .parameter = 1 },
	{ .station = 1, .parameter = 0 } };
static const struct wq_station stations[] = {
	{ .id = "yigan", .name = "一干河", .zone = &wq_zone_china, .first_series = 0, .series_count = 2 },
	{ .id = "nanheng", .name = "南横套河", .zone = &wq_zone_china, .first_series = 2, .series_count = 1 },
};
static const struct wq_site site = { .parameter_count = 2,
	.station_count = 2,
	.series_count = 3,
	.source_count = 2,
	.parameters = parameters,
	.stations = stations,
	.series = series,
	.evaluation = { .future_tolerance = WQ_HOURS(1) } };

struct yard {
	struct inbox *inbox;
	struct receipts *receipts;
	struct importer *importer;
	/* what is given, by a thread of its own */
	pthread_t thread;
	struct wq_import origin;
	const struct wq_named *values;
	size_t count;
	struct wq_fate fate;
	int r;
	size_t refused[8], refused_count;
	char why[WQ_ERR_TEXT];
};

static int set_up(void **state)
{
	struct yard *y = calloc(1, sizeof *y);
	struct wq_err err;
	hand_clock_reset();
	y->inbox = inbox_new(101, &err);
	y->receipts = receipts_new(100);
	y->importer = importer_new(&site, y->inbox, y->receipts, 100);
	strcpy(y->origin.who, "zhang");
	strcpy(y->origin.file, "a.csv");
	*state = y;
	return y->importer == NULL;
}

static int tear_down(void **state)
{
	struct yard *y = *state;
	importer_free(y->importer);
	receipts_free(y->receipts);
	inbox_free(y->inbox);
	free(y);
	return 0;
}

static void note_refused(void *to, size_t index, const char *why)
{
	struct yard *y = to;
	y->refused[y->refused_count++] = index;
	strcpy(y->why, why);
}

static void *give(void *argument)
{
	struct yard *y = argument;
	y->r = importer_take(y->importer, 1, &y->origin, y->values, y->count, note_refused, y, &y->fate);
	return NULL;
}

static void start(struct yard *y, const struct wq_named *values, size_t count)
{
	y->values = values;
	y->count = count;
	assert_int_equal(pthread_create(&y->thread, NULL, give, y), 0);
}

static struct wq_batch *take(struct yard *y)
{
	struct pollfd bell = { .fd = inbox_fd(y->inbox), .events = POLLIN };
	struct wq_batch *batch = inbox_take(y->inbox);
	while (batch == NULL) {
		assert_int_equal(poll(&bell, 1, 10000), 1);
		inbox_silence(y->inbox);
		batch = inbox_take(y->inbox);
	}
	return batch;
}

/* The batch is committed, and each of its samples became this. */
static void commit(struct yard *y, const struct wq_batch *batch, uint8_t became, uint32_t source)
{
	struct wq_stored stored[4] = { { 0 } };
	struct store_import import = { .source = source };
	struct commit_group group = { .imports = &import, .import_count = 1, .last_sequence = batch->sequence };
	assert_true(batch->count <= 4);
	for (size_t i = 0; i < batch->count; i++)
		stored[i] = (struct wq_stored){ .source = source, .sequence = batch->sequence, .became = became };
	group.outcome.samples = stored;
	group.outcome.sample_count = batch->count;
	importer_committed(y->importer, &group);
	receipts_committed(y->receipts, batch->sequence);
}

static void values_of_a_station_and_time_are_a_batch_and_what_became_of_them_is_told(void **state)
{
	struct yard *y = *state;
	static const struct wq_named values[] = { { .station = "yigan", .parameter = 0, .at = HAND_NOW - 2, .value = 0.1, .flag = "N" },
		{ .station = "一干河", .parameter = 1, .at = HAND_NOW - 2, .value = 7 },
		{ .station = "南横套河", .parameter = 0, .at = HAND_NOW - 2, .value = 0.2 },
		{ .station = "yigan", .parameter = 0, .at = HAND_NOW - 1, .value = 0.3 } };
	static const size_t counts[] = { 2, 1, 1 };
	static const uint32_t first[] = { 0, 2, 0 };
	start(y, values, 4);
	for (uint8_t i = 0; i < 3; i++) {
		struct wq_batch *batch = take(y);
		assert_int_equal(batch->count, counts[i]);
		assert_int_equal(batch->source, 1);
		assert_int_equal(batch->samples[0].series, first[i]);
		assert_int_equal(batch->samples[0].stamp, WQ_STAMP_ANALYSER);
		assert_string_equal(batch->import->who, "zhang");
		assert_string_equal(batch->import->file, "a.csv");
		commit(y, batch, i, 1);
		free(batch);
	}
	pthread_join(y->thread, NULL);
	assert_int_equal(y->r, 0);
	assert_true(y->fate.taken == 2 && y->fate.repeated == 1 && y->fate.revised == 1 && y->fate.refused == 0);
}

static void what_is_not_configured_or_lies_in_the_future_is_refused_by_its_index(void **state)
{
	struct yard *y = *state;
	static const struct {
		struct wq_named value;
		const char *words;
	} rows[] = {
		{ { .station = "yigna", .at = HAND_NOW }, "there is no station \"yigna\"; did you mean 'yigan'?" },
		{ { .station = "nanheng", .parameter = 1, .at = HAND_NOW }, "does not measure pH" },
		{ { .station = "nanheng", .parameter = 7, .at = HAND_NOW }, "does not measure" },
		{ { .station = "yigan", .at = HAND_NOW + WQ_HOURS(1) + 1 }, "lies in the future" },
		{ { .station = "yigan", .at = INT64_MAX }, "before 1970 or after 2099" },
		{ { .station = "yigan", .at = INT64_MIN }, "before 1970 or after 2099" },
		{ { .station = "yigan", .at = -1 }, "before 1970 or after 2099" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		y->refused_count = 0;
		start(y, &rows[i].value, 1);
		pthread_join(y->thread, NULL);
		assert_int_equal(y->r, 0);
		assert_int_equal(y->refused_count, 1);
		if (strstr(y->why, rows[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", y->why, rows[i].words);
	}
	assert_true(y->fate.refused == 7 && y->fate.taken == 0);
	assert_null(inbox_take(y->inbox));
}

static void without_a_clock_nothing_is_known_to_be_in_the_future(void **state)
{
	struct yard *y = *state;
	static const struct wq_named value = { .station = "yigan", .at = HAND_NOW + WQ_DAYS(9000) };
	hand_clock_trust(false);
	start(y, &value, 1);
	struct wq_batch *batch = take(y);
	commit(y, batch, WQ_RECORD_NEW, 1);
	free(batch);
	pthread_join(y->thread, NULL);
	assert_int_equal(y->fate.taken, 1);
}

static void others_and_what_was_given_before_do_not_count(void **state)
{
	struct yard *y = *state;
	static const struct wq_named value = { .station = "yigan", .at = HAND_NOW };
	start(y, &value, 1);
	struct wq_batch *batch = take(y), before = *batch;
	before.sequence = batch->sequence - 1;
	commit(y, &before, WQ_RECORD_REVISION, 1);
	before.sequence = batch->sequence - 1;
	commit(y, &before, WQ_RECORD_REVISION, 0);
	commit(y, batch, WQ_RECORD_NEW, 1);
	free(batch);
	pthread_join(y->thread, NULL);
	assert_true(y->r == 0 && y->fate.taken == 1 && y->fate.revised == 0);
}

static void what_is_not_committed_is_not_said_to_be(void **state)
{
	struct yard *y = *state;
	static const struct wq_named value = { .station = "yigan", .at = HAND_NOW };
	start(y, &value, 1);
	struct wq_batch *batch = take(y);
	receipts_lost(y->receipts, batch->sequence);
	free(batch);
	pthread_join(y->thread, NULL);
	assert_int_equal(y->r, WQ_E_FULL);
	assert_int_equal(y->fate.taken, 0);
	inbox_close(y->inbox);
	start(y, &value, 1);
	pthread_join(y->thread, NULL);
	assert_int_equal(y->r, WQ_E_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IMPORT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		IMPORT_TEST(values_of_a_station_and_time_are_a_batch_and_what_became_of_them_is_told),
		IMPORT_TEST(what_is_not_configured_or_lies_in_the_future_is_refused_by_its_index),
		IMPORT_TEST(without_a_clock_nothing_is_known_to_be_in_the_future),
		IMPORT_TEST(others_and_what_was_given_before_do_not_count),
		IMPORT_TEST(what_is_not_committed_is_not_said_to_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
