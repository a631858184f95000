/* SPDX-License-Identifier: Apache-2.0 */
/* Records as frames of HJ 212, read back by the reader. */
#include "hj212_form.h"

#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MORNING INT64_C(1772668800000)

static const struct form surface = { WQ_HJ212_SURFACE, "21", "2011", "123456", "A110000_0001", &wq_zone_china };
static struct form_frame frames[FORM_PARTS];

static struct backlog_record *record(size_t count)
{
	static struct backlog_record r;

	r = (struct backlog_record){ .place = { 1, 1, MORNING }, .station = "yigan", .count = count };
	for (size_t i = 0; i < count; i++) {
		r.readings[i].value = 0.153;
		snprintf(r.readings[i].code, sizeof r.readings[i].code, "w%05zu", 21011 + i);
	}
	return &r;
}

static void a_record_is_one_frame_that_asks_for_an_answer(void **state)
{
	struct wq_err err;
	struct backlog_record *r = record(2);

	(void)state;
	r->readings[1].value = NAN;
	r->readings[1].quality = WQ_MISSING;
	assert_int_equal(form_record(&surface, r, MORNING + 250, false, frames, &err), 1);
	assert_string_equal(frames[0].qn, "20260305080000250");
	const char *expected = "QN=20260305080000250;ST=21;CN=2011;PW=123456;MN=A110000_0001;Flag=9;CP=&&DataTime=20260305080000;"
			       "w21011-Rtd=0.153,w21011-Flag=N;w21012-Rtd=,w21012-Flag=F&&";
	assert_memory_equal(frames[0].bytes + 6, expected, strlen(expected));
}

static void a_long_record_becomes_frames_of_their_own_qn(void **state)
{
	struct wq_err err;
	size_t found = 0;
	int parts = form_record(&surface, record(BACKLOG_READINGS), MORNING, false, frames, &err);

	(void)state;
	assert_true(parts > 1 && parts <= FORM_PARTS);
	for (int i = 0; i < parts; i++) {
		static struct wq_hj212_record read;
		struct wq_hj212_frame frame;
		size_t used, junk;

		assert_int_equal(wq_hj212_next(frames[i].bytes, frames[i].length, true, &frame, &used, &junk), WQ_HJ212_FRAME);
		assert_int_equal(used, frames[i].length);
		wq_hj212_read(frame.segment, &wq_zone_china, &read);
		assert_true(wq_text_is(read.qn, frames[i].qn));
		assert_int_equal(read.time, MORNING);
		assert_true((read.flag_number & 1) != 0);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(frames[k].qn, frames[i].qn);
		found += read.count;
	}
	assert_int_equal(found, BACKLOG_READINGS);
}

static bool has(const char *text)
{
	return memmem(frames[0].bytes, frames[0].length, text, strlen(text)) != NULL;
}

static void rf_marks_what_is_sent_again_in_2025_only(void **state)
{
	struct form form = surface;
	struct wq_err err;

	(void)state;
	assert_int_equal(form_record(&form, record(1), MORNING, true, frames, &err), 1);
	assert_false(has("RF=1"));
	form.profile = WQ_HJ212_2025;
	assert_int_equal(form_record(&form, record(1), MORNING, true, frames, &err), 1);
	assert_true(has("RF=1"));
	assert_int_equal(form_record(&form, record(1), MORNING, false, frames, &err), 1);
	assert_false(has("RF="));
	form.profile = WQ_HJ212_2017;
	form.cn = "2061";
	assert_int_equal(form_record(&form, record(1), MORNING, true, frames, &err), 1);
	assert_true(has("CN=2061") && has("Flag=5") && has("w21011-Avg=0.153"));
}

static void a_flag_is_the_stations_own_or_what_the_quality_means(void **state)
{
	static const struct {
		enum wq_hj212_profile profile;
		enum wq_quality quality;
		const char *own, *flag;
	} table[] = {
		{ WQ_HJ212_2017, WQ_GOOD, "", "N" },      { WQ_HJ212_2017, WQ_BAD, "", "D" },
		{ WQ_HJ212_2017, WQ_MISSING, "", "B" },   { WQ_HJ212_SURFACE, WQ_MISSING, "", "F" },
		{ WQ_HJ212_2017, WQ_MAINTENANCE, "", "M" }, { WQ_HJ212_2017, WQ_BAD, "hd", "hd" },
		{ WQ_HJ212_2017, WQ_BAD, ";&&", "D" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct backlog_reading r = { .quality = table[i].quality };

		strcpy(r.flag, table[i].own);
		assert_string_equal(form_flag(table[i].profile, &r), table[i].flag);
	}
}

/* The history keeps whatever a file or a device gave as a flag. */
static void no_flag_keeps_a_record_from_leaving(void **state)
{
	static const char *const flags[] = { "x\001y", "\t", "\177", "//", "a//b", ";", "&&", "##", "a=b", "a,b", "a b" };
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct backlog_record *r = record(1);

		strcpy(r->readings[0].flag, flags[i]);
		assert_int_equal(form_record(&surface, r, MORNING, false, frames, &err), 1);
		assert_true(has("w21011-Flag=N&&"));
	}
}

static bool same_content(const struct form_frame *a, const struct form_frame *b)
{
	const char *x = memmem(a->bytes, a->length, "CP=", 3), *y = memmem(b->bytes, b->length, "CP=", 3);
	size_t length = a->length - (size_t)(x - a->bytes) - 6;

	return length == b->length - (size_t)(y - b->bytes) - 6 && memcmp(x, y, length) == 0;
}

/* Only the parts that were not answered are sent again: of another cut they would leave a value out. */
static void a_record_is_cut_in_the_same_places_when_it_is_sent_again(void **state)
{
	static struct form_frame again[FORM_PARTS];
	struct form form = surface;
	char mn[25];
	struct wq_err err;

	(void)state;
	form.profile = WQ_HJ212_2025;
	form.mn = mn;
	for (int length = 1; length <= 24; length++) {
		snprintf(mn, sizeof mn, "%.*s", length, "A11000000000000000000001");
		for (size_t count = 1; count <= BACKLOG_READINGS; count++) {
			struct backlog_record *r = record(count);
			int parts = form_record(&form, r, MORNING, false, frames, &err);

			assert_true(parts > 0);
			assert_int_equal(form_record(&form, r, MORNING, true, again, &err), parts);
			for (int i = 0; i < parts; i++)
				assert_true(same_content(&frames[i], &again[i]));
		}
	}
}

static void a_code_that_would_end_the_frame_is_refused(void **state)
{
	struct backlog_record *r = record(1);
	struct wq_err err;

	(void)state;
	strcpy(r->readings[0].code, "a&&b");
	assert_int_equal(form_record(&surface, r, MORNING, false, frames, &err), WQ_E_INVALID);
}

static void a_request_names_its_stretch(void **state)
{
	static const struct {
		const char *content;
		bool good;
		wq_ms length;
	} table[] = {
		{ "BeginTime=20260305080000;EndTime=20260305090000", true, WQ_HOURS(1) + 1000 },
		{ "BeginTime=20260305080000,EndTime=20260305080000", true, 1000 },
		{ "BeginTime=20260305080000", false, 0 },
		{ "BeginTime=20260305090000;EndTime=20260305080000", false, 0 },
		{ "BeginTime=2026030508;EndTime=20260305090000", false, 0 },
		{ "BeginTime=20261305080000;EndTime=20260305090000", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		static struct wq_hj212_record request;
		char segment[200];
		wq_ms from = 0, to = 0;

		snprintf(segment, sizeof segment, "QN=20260305080000001;ST=21;CN=2061;PW=1;MN=A;Flag=9;CP=&&%s&&", table[i].content);
		wq_hj212_read((struct wq_text){ segment, strlen(segment) }, &wq_zone_china, &request);
		if (form_stretch(&request, &wq_zone_china, &from, &to) != table[i].good)
			fail_msg("%s", table[i].content);
		if (table[i].good)
			assert_true(from == MORNING && to - from == table[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_one_frame_that_asks_for_an_answer),
		cmocka_unit_test(a_long_record_becomes_frames_of_their_own_qn),
		cmocka_unit_test(rf_marks_what_is_sent_again_in_2025_only),
		cmocka_unit_test(a_flag_is_the_stations_own_or_what_the_quality_means),
		cmocka_unit_test(no_flag_keeps_a_record_from_leaving),
		cmocka_unit_test(a_record_is_cut_in_the_same_places_when_it_is_sent_again),
		cmocka_unit_test(a_request_names_its_stretch),
		cmocka_unit_test(a_code_that_would_end_the_frame_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
