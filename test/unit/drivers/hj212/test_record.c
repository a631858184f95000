/* SPDX-License-Identifier: Apache-2.0 */
/* What a data segment says, as the standard prints it and as stations really send it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/hj212.h"

#include <stdio.h>
#include <string.h>

#define HEAD "QN=20241225080000000;ST=21;CN=2011;PW=123456;MN=A110000_0001;Flag=5;CP=&&"
#define TIME "DataTime=20241225080000;"

static struct wq_hj212_record record;

static void append(char *to, struct wq_text text)
{
	sprintf(to + strlen(to), "%.*s", (int)text.length, text.at != NULL ? text.at : "");
}

/* Items as "code/suffix=value:flag", a missing value as "?". */
static const char *items(void)
{
	static char text[4096];

	text[0] = '\0';
	for (size_t i = 0; i < record.count; i++) {
		const struct wq_hj212_item *item = &record.items[i];

		strcat(text, i > 0 ? " " : "");
		append(text, item->code);
		strcat(text, "/");
		append(text, item->suffix);
		strcat(text, "=");
		if (item->missing)
			strcat(text, "?");
		else
			append(text, item->value);
		strcat(text, ":");
		append(text, item->flag);
	}
	return text;
}

static void read_text(const char *segment)
{
	wq_hj212_read((struct wq_text){ segment, strlen(segment) }, &wq_zone_china, &record);
}

/* One row: a content, what its items are, what is odd about it. */
struct row {
	const char *content, *items;
	unsigned problems;
};

static const struct row rows[] = {
	{ TIME "w01001-Rtd=7.1,w01001-Flag=N;w21011-Rtd=0.2,w21011-Flag=T&&", "w01001/Rtd=7.1:N w21011/Rtd=0.2:T", 0 },
	/* HJ 212-2017 C.25: several values of a code, one flag. */
	{ TIME "w01018-Cou=10.5,w01018-Min=40.1,w01018-Avg=40.1,w01018-Flag=N&&",
		"w01018/Cou=10.5:N w01018/Min=40.1:N w01018/Avg=40.1:N", 0 },
	{ "&&", "", 0 },
	{ " &&", "", 0 },
	{ "RtdInterval=30&&", "RtdInterval/=30:", 0 },
	{ TIME "w01018-Rtd=,w01018-Flag=D&&", "w01018/Rtd=?:D", 0 },
	{ TIME "w01001-Rtd=NaN;w01009-Rtd=null;w01003-Rtd=--;w21001-Rtd=*;w21003-Rtd=N/A&&",
		"w01001/Rtd=?: w01009/Rtd=?: w01003/Rtd=?: w21001/Rtd=?: w21003/Rtd=?:", 0 },
	{ TIME "w21003-Rtd=1.0E-3;w21011-Rtd=0x10;w01009-Rtd=1,5&&", "w21003/Rtd=1.0E-3: w21011/Rtd=?: w01009/Rtd=1:",
		WQ_HJ212_NUMBER | WQ_HJ212_ITEM },
	{ TIME "w21003-Rtd=inf;w21011-Rtd=1e999&&", "w21003/Rtd=?: w21011/Rtd=?:", WQ_HJ212_NUMBER },
	/* Two-letter flags; a flag of another code is not this one's. */
	{ TIME "w21003-Avg=0.31,w21003-Flag=hd;w21011-Avg=0.09,w21003-Flag=lw&&", "w21003/Avg=0.31:hd w21011/Avg=0.09:", 0 },
	/* A flag without a code belongs to the item before. */
	{ TIME "a34001-Avg=92;Flag=N&&", "a34001/Avg=92:N", 0 },
	/* A code without its letter belongs to its group. */
	{ TIME "w01018-SampleTime=20160801070000,01018-Rtd=2.2,w01018-Flag=N&&",
		"w01018/SampleTime=20160801070000:N w01018/Rtd=2.2:N", 0 },
	{ TIME "01018-Rtd=2.2&&", "01018/Rtd=2.2:", 0 },
	{ "DataTime=20241225080000,w21003-Rtd=0.31,w21003-Flag=N&&", "w21003/Rtd=0.31:N", 0 },
	{ TIME "i11001-Info=//a=b;c,d//;w01001-Rtd=7&&", "i11001/Info=//a=b;c,d//: w01001/Rtd=7:", 0 },
	{ TIME "i11001-Info=//never closed;w01001-Rtd=7&&", "i11001/Info=//never closed: w01001/Rtd=7:", 0 },
	{ TIME "w01001-Rtd=7;;,;&&", "w01001/Rtd=7:", 0 },
	{ TIME " w01001-Rtd = 7 , w01001-Flag = N &&", "w01001/Rtd=7:N", 0 },
	{ TIME "w01001-Rtd=7", "w01001/Rtd=7:", WQ_HJ212_NO_CP_END },
	{ TIME "=7;nothing&&", "", WQ_HJ212_ITEM },
	{ TIME "w00000-Rtd=\x01\x02&&", "", WQ_HJ212_CIPHER },
};

static void contents_are_read_as_the_table_says(void **state)
{
	char segment[1024];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(segment, sizeof segment, HEAD "%s", rows[i].content);
		read_text(segment);
		if (strcmp(items(), rows[i].items) != 0 || record.problems != rows[i].problems)
			fail_msg("row %zu '%s': items '%s', problems %x", i, rows[i].content, items(), record.problems);
	}
}

static void the_header_is_read_in_any_order_and_with_the_standards_own_slips(void **state)
{
	static const char *const segments[] = {
		HEAD "&&",
		"MN=A110000_0001;Flag=5;PW=123456;CN=2011;ST=21;QN=20241225080000000;CP=&&&&",
		"QN=20241225080000000,ST=21;CN=2011;PW=123456;MN=A110000_0001;Flag=5CP=&&&&",
	};

	(void)state;
	for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
		read_text(segments[i]);
		assert_true(wq_text_is(record.qn, "20241225080000000"));
		assert_true(wq_text_is(record.st, "21"));
		assert_true(wq_text_is(record.cn, "2011"));
		assert_true(wq_text_is(record.mn, "A110000_0001"));
		assert_int_equal(record.flag_number, 5);
		assert_int_equal(record.problems, 0);
	}
	read_text("ST=21;CN=2011;MN=A1");
	assert_int_equal(record.problems, WQ_HJ212_NO_CP);
	assert_int_equal(record.flag_number, -1);
	read_text("ST=21;XY=3;Flag=x;what;CP=&&&&");
	assert_int_equal(record.problems, WQ_HJ212_HEADER);
}

static void parts_are_counted(void **state)
{
	(void)state;
	read_text("PNO=0002;PNUM=0002;CP=&&&&");
	assert_int_equal(record.part, 2);
	assert_int_equal(record.parts, 2);
	assert_int_equal(record.problems, 0);
	read_text("PNUM=2;PNO=3;CP=&&&&");
	assert_int_equal(record.problems, WQ_HJ212_PARTS);
}

static void times_have_twelve_fourteen_or_seventeen_digits(void **state)
{
	static const struct {
		const char *text;
		wq_ms time;
		unsigned problems;
	} times[] = {
		{ "20241225080000", INT64_C(1735084800000), 0 },
		{ "202412250800", INT64_C(1735084800000), 0 },
		{ "20241225080000999", INT64_C(1735084800000), 0 },
		{ "20240229000000", INT64_C(1709136000000), 0 },
		{ "20230229000000", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "20241332250000", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "20241225240000", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "2024122508", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "2024-12-25 08:00", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "", WQ_NO_TIME, WQ_HJ212_TIME },
		{ "19700101080000", 0, WQ_HJ212_CLOCK },
		{ "21000101000000", INT64_C(4102416000000), WQ_HJ212_CLOCK },
	};
	char segment[256];

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		snprintf(segment, sizeof segment, HEAD "DataTime=%s&&", times[i].text);
		read_text(segment);
		if (record.time != times[i].time || record.problems != times[i].problems)
			fail_msg("'%s': %lld, problems %x", times[i].text, (long long)record.time, record.problems);
	}
}

static void more_items_than_there_is_room_for_are_told(void **state)
{
	static char segment[9999];
	size_t n = (size_t)sprintf(segment, HEAD);

	(void)state;
	for (int i = 0; i < WQ_HJ212_ITEMS_MAX + 1; i++)
		n += (size_t)sprintf(segment + n, "w%05d-Rtd=1;", i);
	read_text(segment);
	assert_int_equal(record.count, WQ_HJ212_ITEMS_MAX);
	assert_int_equal(record.problems, WQ_HJ212_ITEMS | WQ_HJ212_NO_CP_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_are_read_as_the_table_says),
		cmocka_unit_test(the_header_is_read_in_any_order_and_with_the_standards_own_slips),
		cmocka_unit_test(parts_are_counted),
		cmocka_unit_test(times_have_twelve_fourteen_or_seventeen_digits),
		cmocka_unit_test(more_items_than_there_is_room_for_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
