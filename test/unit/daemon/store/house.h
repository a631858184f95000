/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: a small site, a directory of its own, groups made by hand, an
 * engine that only remembers what it was told. */
#ifndef WQ_TEST_STORE_HOUSE_H
#define WQ_TEST_STORE_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/rule.h"
#include "store/store.h"

#include "wq/err.h"

#include <stdio.h>

/* 2026-03-05 08:00:00 +08:00, and the day it falls in. */
#define MORNING INT64_C(1772668800000)
#define TODAY   20517

enum { YIGAN, NANHENG };                 /* stations of the site */
enum { YIGAN_PH, YIGAN_TP, NANHENG_TP }; /* series */
enum { LIMIT, DAILY, SILENCE };          /* rules: series, station, network */

extern const struct wq_site house_site;
/* The same names at other indices, and a station more. */
extern const struct wq_site house_site_moved;
/* Without any rule. */
extern const struct wq_site house_site_bare;
#define MOVED_NANHENG_TP 1
#define MOVED_YIGAN_TP   2
#define MOVED_LIMIT      1

struct house {
	char directory[64];
	char path[96];
	struct store *store;
	struct commit_group group;
	struct wq_err err;
};

int house_set_up(void **state);      /* an open store */
int house_set_up_shut(void **state); /* only the directory */
int house_tear_down(void **state);
#define house_test(f)      cmocka_unit_test_setup_teardown(f, house_set_up, house_tear_down)
#define house_test_shut(f) cmocka_unit_test_setup_teardown(f, house_set_up_shut, house_tear_down)

void house_open(struct house *house, const struct wq_site *site);
void house_shut(struct house *house);
void house_again(struct house *house, const struct wq_site *site); /* shut, open */

/* Appends to the group that is being made. */
struct wq_learnt *house_learn(struct house *house, uint32_t which);
void house_judge(struct house *house, const struct wq_judged *judged);
struct wq_stored *house_sample(struct house *house, uint32_t series, wq_ms at, double value);
struct wq_day_row *house_day(struct house *house, uint32_t station, uint32_t parameter, wq_day day);
struct wq_change *house_change(struct house *house, int64_t alarm, uint32_t number,
        enum wq_change_kind kind, uint32_t rule, uint32_t place);
struct wq_notice *house_notice(struct house *house, const char *id);
struct store_delivery *house_delivery(
        struct house *house, const char *id, enum wq_result_kind kind, bool done);
struct wq_check *house_check(struct house *house, uint32_t series, enum wq_check_kind kind, wq_ms at, double value);
struct store_outage *house_outage(struct house *house, wq_ms from, wq_ms to);
struct wq_shelf *house_shelf(struct house *house, uint32_t rule, uint32_t place);
struct wq_profile_word *house_word(struct house *house, enum wq_profile_hand hand, wq_ms since); /* on "flood" */
struct wq_maintenance *house_maintenance(struct house *house, uint32_t station, uint32_t of);
struct wq_delay *house_delay(struct house *house, uint32_t rule, uint32_t place);
void house_need(struct house *house, uint32_t station, wq_day day);

/* Commits it, fails the test when that fails, begins a new one. No answers are expected. */
void house_commit(struct house *house);

/* The first column of the first row of a query, over a connection of its own. */
int64_t house_number(struct house *house, const char *sql);
double house_real(struct house *house, const char *sql);
void house_expect_text(struct house *house, const char *sql, const char *text);
void house_run(const char *path, const char *sql); /* writes */

/* -- the engine -- */

#define FAKE_MEMORY WQ_DAYS(30)

struct fake_sample {
	struct wq_sample sample;
	wq_ms received;
};

struct wq_engine {
	struct fake_sample samples[512];
	struct wq_day_row days[64];
	struct wq_alarm alarms[32];
	struct wq_learnt learnt;
	size_t sample_count, day_count, alarm_count;
	int64_t highest;
	struct wq_need needs[8];
	size_t need_count;
	struct wq_profile_word words[4];
	size_t word_count;
	int refuse; /* what restore_alarm answers */
	struct wq_shelf shelves[8];
	struct wq_delay delays[8];
	struct wq_opening openings[64];
	struct wq_maintenance hands[256];
	size_t hand_count;
	size_t shelf_count, restored_delays, opening_count;
	wq_ms openings_from; /* 0: all */
};

/* What the engine says of wq_engine_memory_days(): how far back, and whether of items too. */
extern wq_ms fake_memory_days;
extern bool fake_memory_items;

#endif
