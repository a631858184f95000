/* SPDX-License-Identifier: Apache-2.0 */
/* What people measured, beside the readings; which files readings came from; what became of each value. */
#include "house.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The group keeps it until it is committed. */
static struct store_manual *manual(struct house *h, uint32_t series, wq_ms at, double value)
{
	struct commit_group *g = &h->group;
	if (g->manuals == NULL)
		g->manuals = calloc(g->manual_room = 8, sizeof *g->manuals);
	assert_true(g->manual_count < g->manual_room);
	struct store_manual *m = &g->manuals[g->manual_count++];
	*m = (struct store_manual){ .series = series, .at = at, .value = value, .received = at + WQ_HOURS(3), .became = 99 };
	strcpy(m->who, "zhang");
	strcpy(m->file, "lab.csv");
	return m;
}

static void a_manual_value_stands_beside_the_reading_and_is_none(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.263);
	assert_int_equal((manual(h, YIGAN_TP, MORNING, 0.241), h->group.manual_count), 1);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample WHERE value=0.263"), 1);
	house_expect_text(h,
	        "SELECT time||'|'||station||'|'||parameter||'|'||value||'|'||automatic||'|'||automatic_time||'|'||who||'|'||file||"
	        "'|'||revision FROM v_manual",
	        "2026-03-05T08:00:00+08:00|yigan|tp|0.241|0.263|2026-03-05T08:00:00+08:00|zhang|lab.csv|1");
}

static void again_is_counted_and_another_value_is_the_next_revision(void **state)
{
	struct house *h = *state;
	static const struct {
		double value;
		uint8_t became;
	} steps[] = { { 0.24, WQ_RECORD_NEW }, { 0.24, WQ_RECORD_REPEAT }, { 0.25, WQ_RECORD_REVISION }, { 0.25, WQ_RECORD_REPEAT } };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct store_manual *m = manual(h, YIGAN_TP, MORNING, steps[i].value);
		house_commit(h);
		assert_int_equal(m->became, steps[i].became);
	}
	house_expect_text(h, "SELECT group_concat(revision||':'||value||':'||repeats||':'||newest,' ') FROM manual",
	        "1:0.24:1:0 2:0.25:1:1");
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_manual"), 1);
}

static void the_nearest_reading_within_four_hours_is_shown(void **state)
{
	struct house *h = *state;
	static const struct {
		wq_ms readings[2], at;
		const char *is;
	} rows[] = {
		{ { -WQ_HOURS(1), WQ_HOURS(3) }, 0, "1.0" },
		{ { -WQ_HOURS(3), WQ_HOURS(1) }, 0, "2.0" },
		{ { -WQ_HOURS(2), WQ_HOURS(2) }, 0, "1.0" },
		{ { -WQ_HOURS(4), WQ_HOURS(5) }, 0, "1.0" },
		{ { -WQ_HOURS(5), WQ_HOURS(4) }, 0, "2.0" },
		{ { -WQ_HOURS(5), WQ_HOURS(5) }, 0, "none" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wq_ms at = MORNING + WQ_DAYS((wq_ms)i * 2);
		char sql[120];
		house_sample(h, YIGAN_TP, at + rows[i].readings[0], 1);
		house_sample(h, YIGAN_TP, at + rows[i].readings[1], 2);
		house_sample(h, YIGAN_PH, at, 7);
		house_sample(h, YIGAN_TP, at + 1, 50)->quality = WQ_BAD;
		manual(h, YIGAN_TP, at, 0.1);
		house_commit(h);
		snprintf(sql, sizeof sql, "SELECT coalesce(automatic,'none') FROM manual_row WHERE at=%lld", (long long)at);
		house_expect_text(h, sql, rows[i].is);
	}
}

static void an_alarm_shows_what_was_measured_while_it_was_open(void **state)
{
	struct house *h = *state;
	const int64_t alarm = INT64_C(2026030500001);
	struct wq_change *c = house_change(h, alarm, 1, WQ_OPENED, LIMIT, 0);
	uint32_t series = c->series;
	wq_ms opened = c->time;
	house_commit(h);
	manual(h, series, opened - 1, 0.11); /* before it */
	manual(h, series, opened + 60000, 0.18);
	manual(h, series == YIGAN_TP ? NANHENG_TP : YIGAN_TP, opened + 60000, 0.12); /* elsewhere */
	house_commit(h);
	house_expect_text(h, "SELECT group_concat(change||' '||coalesce(value,'')||' '||coalesce(\"limit\",''),'; ') FROM v_alarm",
	        "opened 0.263 0.2; retested 0.18 0.2");
	house_expect_text(h, "SELECT text FROM v_alarm WHERE change='retested'", "人工复测 0.18mg/L,前后4小时无自动数据,录入 zhang");
	house_change(h, alarm, 2, WQ_CLEARED, LIMIT, 0)->time = opened + 120000;
	house_commit(h);
	manual(h, series, opened + 180000, 0.13); /* after it */
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_alarm WHERE change='retested'"), 1);
}

static void an_import_is_one_row_that_grows(void **state)
{
	struct house *h = *state;
	for (uint64_t i = 0; i < 3; i++) {
		struct store_import row = { .began = MORNING, .received = MORNING + (wq_ms)i, .source = 1, .first = 10 + i,
			.last = 10 + i, .readings = 4 };
		strcpy(row.who, "li");
		strcpy(row.file, i < 2 ? "a.csv" : "b.csv");
		if (h->group.imports == NULL)
			h->group.imports = calloc(h->group.import_room = 1, sizeof row);
		h->group.imports[0] = row;
		h->group.import_count = 1;
		house_commit(h);
	}
	house_expect_text(h, "SELECT group_concat(kind||' '||who||' '||file||' '||source||' '||readings||' '||first||' '||last,'; ')"
	                     " FROM v_import",
	        "automatic li a.csv broker 8 10 11; automatic li b.csv broker 4 12 12");
}

static void what_became_of_a_reading_is_known_after_the_commit(void **state)
{
	struct house *h = *state;
	/* What the engine took for new because it lies beyond its memory. */
	static const struct {
		double value;
		uint8_t became;
	} steps[] = { { 0.2, WQ_RECORD_NEW }, { 0.2, WQ_RECORD_REPEAT }, { 0.3, WQ_RECORD_REVISION } };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, steps[i].value);
		s->became = 99;
		house_commit(h);
		assert_int_equal(s->became, steps[i].became);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(a_manual_value_stands_beside_the_reading_and_is_none),
		house_test(again_is_counted_and_another_value_is_the_next_revision),
		house_test(the_nearest_reading_within_four_hours_is_shown),
		house_test(an_alarm_shows_what_was_measured_while_it_was_open),
		house_test(an_import_is_one_row_that_grows),
		house_test(what_became_of_a_reading_is_known_after_the_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
