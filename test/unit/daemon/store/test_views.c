/* SPDX-License-Identifier: Apache-2.0 */
/* The views that analysts rely on: columns, texts, and that they stay usable with everything
 * dangerous off. */
#include "house.h"

#include <math.h>
#include <sqlite3.h>
#include <string.h>

static const struct {
	const char *view, *columns;
} views[] = {
	{ "v_sample",
	        "time,station,parameter,code,value,unit,quality,flag,source,received,revision,test" },
	{ "v_daily", "day,station,parameter,mean,valid,expected,class,verdict,exceedance,"
	           "standard,below" },
	{ "v_alarm", "alarm,change,time,rule,station,parameter,level,value,limit,text" },
	{ "v_load", "day,officer,messages,alarm,warning,watch,info,in_copy,reminders" },
	{ "v_answer", "alarm,rule,station,parameter,level,told,acknowledged,minutes,who" },
	{ "v_closing", "alarm,opened,closed,hours,rule,station,parameter,level,who,cause,action,note" },
};

static void the_columns_of_the_views_are_fixed(void **state)
{
	struct house *h = *state;
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		char sql[128];
		snprintf(sql, sizeof sql, "SELECT group_concat(name) FROM pragma_table_info('%s')",
		        views[i].view);
		house_expect_text(h, sql, views[i].columns);
	}
}

static void a_sample_reads_as_text_of_the_sites_time(void **state)
{
	struct house *h = *state;
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.2);
	s->received = MORNING + 90250;
	s->source = 1;
	strcpy(s->flag, "N");
	house_commit(h);
	house_expect_text(h,
	        "SELECT time||'|'||station||'|'||parameter||'|'||code||'|'||value||'|'||unit||'|'||"
	        "quality||'|'||flag||'|'||source||'|'||received||'|'||revision FROM v_sample",
	        "2026-03-05T08:00:00+08:00|yigan|tp|w21011|0.2|mg/L|good|N|broker|"
	        "2026-03-05T08:01:30.250+08:00|1");
}

static void times_read_as_the_program_writes_them(void **state)
{
	struct house *h = *state;
	static const wq_ms offsets[] = { 0, 1, 999, 1000, 57600000 - 28800000, 57599999 - 28800000,
		WQ_DAYS(365) + 10 };
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
		house_sample(h, YIGAN_TP, MORNING + offsets[i], (double)i);
	house_commit(h);
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		char sql[96], text[WQ_INSTANT_TEXT];
		snprintf(sql, sizeof sql, "SELECT time FROM v_sample WHERE value=%zu", i);
		house_expect_text(
		        h, sql, wq_instant_format(&wq_zone_china, MORNING + offsets[i], text));
	}
}

static void names_in_the_views_are_the_programs_own(void **state)
{
	struct house *h = *state;
	for (uint8_t q = WQ_GOOD; q < WQ_QUALITIES; q++)
		house_sample(h, YIGAN_TP, MORNING + q, q)->quality = q;
	for (int v = WQ_DAY_NOT_ASSESSABLE; v <= WQ_DAY_EXCEEDS; v++)
		house_day(h, YIGAN, 1, TODAY + v)->verdict = (enum wq_day_verdict)v;
	for (int k = 0; k < WQ_CHANGE_KINDS; k++)
		house_change(h, INT64_C(2026030500001), (uint32_t)k + 1, (enum wq_change_kind)k,
		        LIMIT, 0)
		        ->level = (enum wq_level)(k % 5);
	house_commit(h);
	char sql[128];
	for (int q = WQ_GOOD; q < WQ_QUALITIES; q++) {
		snprintf(sql, sizeof sql, "SELECT quality FROM v_sample WHERE value=%d", q);
		house_expect_text(h, sql, wq_quality_name((enum wq_quality)q));
	}
	for (int v = WQ_DAY_NOT_ASSESSABLE; v <= WQ_DAY_EXCEEDS; v++) {
		snprintf(sql, sizeof sql,
		        "SELECT verdict FROM v_daily WHERE day=date(86400*%d,'unixepoch')",
		        TODAY + v);
		house_expect_text(h, sql, wq_day_verdict_name((enum wq_day_verdict)v));
	}
	for (int k = 0; k < WQ_CHANGE_KINDS; k++) {
		snprintf(sql, sizeof sql, "SELECT change FROM v_alarm LIMIT 1 OFFSET %d", k);
		house_expect_text(h, sql, wq_change_name((enum wq_change_kind)k));
		snprintf(sql, sizeof sql, "SELECT level FROM v_alarm LIMIT 1 OFFSET %d", k);
		house_expect_text(h, sql, wq_level_name((enum wq_level)(k % 5)));
	}
}

static void the_stations_own_row_of_a_day_is_called_all(void **state)
{
	struct house *h = *state;
	house_day(h, YIGAN, WQ_NONE, TODAY);
	house_day(h, NANHENG, 1, TODAY)->class_ = 0;
	house_commit(h);
	house_expect_text(h,
	        "SELECT station||' '||class||' '||coalesce(mean,'none') FROM v_daily"
	        " WHERE parameter='all'",
	        "yigan 4 none");
	house_expect_text(
	        h, "SELECT coalesce(class,'none') FROM v_daily WHERE parameter='tp'", "none");
}

static void an_alarm_reads_as_people_call_it(void **state)
{
	struct house *h = *state;
	int64_t id = INT64_C(2026030500007);
	house_change(h, id, 1, WQ_OPENED, LIMIT, 0);
	struct wq_change *ack = house_change(h, id, 2, WQ_ACKNOWLEDGED, LIMIT, 0);
	strcpy(ack->who, "张工");
	strcpy(ack->note, "已到现场");
	strcpy(house_change(h, id, 3, WQ_ACKNOWLEDGED, LIMIT, 0)->who, "张工");
	house_change(h, id + 1, 1, WQ_OPENED, DAILY, 1)->value = NAN;
	house_change(h, id + 2, 1, WQ_OPENED, SILENCE, 0);
	house_commit(h);
	house_expect_text(h,
	        "SELECT "
	        "alarm||'|'||change||'|'||time||'|'||rule||'|'||station||'|'||parameter||'|'||"
	        "level||'|'||value||'|'||\"limit\"||'|'||text FROM v_alarm",
	        "W20260305-007|opened|2026-03-05T08:00:00.001+08:00|tp-limit|yigan|tp|warning|0."
	        "263|"
	        "0.2|总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍");
	house_expect_text(h,
	        "SELECT group_concat(text,'/') FROM v_alarm WHERE change='acknowledged'",
	        "张工: 已到现场/张工");
	house_expect_text(h,
	        "SELECT station||(parameter IS NULL)||(value IS NULL) FROM v_alarm WHERE "
	        "rule='daily-class'",
	        "nanheng11");
	house_expect_text(h, "SELECT alarm||(station IS NULL) FROM v_alarm WHERE rule='silence'",
	        "W20260305-0091");
	char name[WQ_ALARM_NAME];
	house_expect_text(h, "SELECT alarm FROM v_alarm", wq_alarm_name(id, name));
}

/* As it is written now, and as it was before: in the note. */
static void a_closing_reads_with_its_cause_and_measure(void **state)
{
	struct house *h = *state;
	int64_t id = INT64_C(2026030500007);
	house_change(h, id, 1, WQ_OPENED, LIMIT, 0);
	struct wq_change *closed = house_change(h, id, 2, WQ_CLOSED, LIMIT, 0);
	strcpy(closed->who, "张工");
	strcpy(closed->cause, "农田退水");
	strcpy(closed->action, "关闸;巡查");
	strcpy(closed->note, "复测达标");
	house_change(h, id + 1, 1, WQ_OPENED, LIMIT, 0);
	struct wq_change *before = house_change(h, id + 1, 2, WQ_CLOSED, LIMIT, 0);
	strcpy(before->who, "李工");
	strcpy(before->note, "原因:上游来水;措施:加密监测");
	house_commit(h);
	house_expect_text(h, "SELECT group_concat(alarm||' '||who||' '||cause||'/'||action||'/'||note||' '||level,', ') FROM v_closing",
	        "W20260305-007 张工 农田退水/关闸;巡查/复测达标 warning, W20260305-008 李工 上游来水/加密监测/ warning");
	house_expect_text(h, "SELECT group_concat(text,', ') FROM v_alarm WHERE change='closed'",
	        "张工: 原因:农田退水;措施:关闸;巡查;复测达标, 李工: 原因:上游来水;措施:加密监测");
}

/* True when the plan of a query mentions a text. */
static bool planned(struct house *h, const char *sql, const char *mention)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	bool found = false;
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		found = found || strstr((const char *)sqlite3_column_text(row, 3), mention) != NULL;
	sqlite3_finalize(row);
	sqlite3_close(db);
	return found;
}

static void the_history_of_one_series_is_found_without_reading_the_others(void **state)
{
	struct house *h = *state;
	assert_true(planned(h,
	        "EXPLAIN QUERY PLAN SELECT time,value FROM v_sample"
	        " WHERE station='yigan' AND parameter='tp'",
	        "sample USING PRIMARY KEY (series=?)"));
	assert_true(planned(h,
	        "EXPLAIN QUERY PLAN SELECT time,value FROM sample_row"
	        " WHERE series=1 AND at>=5 AND at<7 AND newest=1 ORDER BY at",
	        "sample USING PRIMARY KEY (series=? AND at>? AND at<?)"));
	assert_true(planned(h,
	        "EXPLAIN QUERY PLAN SELECT time,value FROM sample_row"
	        " WHERE series=1 AND at>=5 AND at<7 AND newest=1 ORDER BY at",
	        "sample_open USING PRIMARY KEY (at>? AND at<?)"));
}

static void the_views_work_with_an_untrusted_schema(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_day(h, YIGAN, 1, TODAY);
	house_change(h, INT64_C(2026030500007), 1, WQ_OPENED, LIMIT, 0);
	strcpy(house_change(h, INT64_C(2026030500007), 2, WQ_ACKNOWLEDGED, LIMIT, 0)->who, "张工");
	house_change(h, INT64_C(2026030500007), 3, WQ_CLOSED, LIMIT, 0);
	house_notice(h, "1-W20260305-007-1-zhang");
	house_commit(h);
	house_run(h->path, "UPDATE notice SET state=1");
	house_expect_text(h, "SELECT officer||' '||messages||' '||alarm||' '||in_copy FROM v_load", "zhang 1 1 1");
	house_expect_text(h, "SELECT alarm||' '||level||' '||minutes||' '||who FROM v_answer", "W20260305-007 warning 0.0 张工");
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		sqlite3 *db = NULL;
		sqlite3_stmt *row = NULL;
		char sql[64];
		assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
		sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
		snprintf(sql, sizeof sql, "SELECT * FROM %s", views[i].view);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(row), SQLITE_ROW);
		sqlite3_finalize(row);
		sqlite3_close(db);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(the_columns_of_the_views_are_fixed),
		house_test(a_sample_reads_as_text_of_the_sites_time),
		house_test(times_read_as_the_program_writes_them),
		house_test(names_in_the_views_are_the_programs_own),
		house_test(the_stations_own_row_of_a_day_is_called_all),
		house_test(an_alarm_reads_as_people_call_it),
		house_test(a_closing_reads_with_its_cause_and_measure),
		house_test(the_history_of_one_series_is_found_without_reading_the_others),
		house_test(the_views_work_with_an_untrusted_schema),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
