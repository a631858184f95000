/* SPDX-License-Identifier: Apache-2.0 */
/* A small bureau for the tests: stations, rules, people, routes. */
#ifndef WQ_TEST_BUREAU_H
#define WQ_TEST_BUREAU_H

#include "config/config.h"

#include "wq/alarm.h"

enum { NANHENG, YIGAN, QINGLONG, NEW_STATION }; /* stations */
enum { YIGAN_TP = 1 };                          /* series: one a station, total phosphorus */
enum { LIMIT, MISSING, QUIET };                 /* rules */
enum { ZHANG, LI, WANG, LEADER, INSTALLER, NOBODY };

/* Valid for the program's life; the caller may change its copy. */
struct config bureau(void);

/* 一干河 total phosphorus at 2026-03-05 16:00 China time, alarm W20260305-007. */
struct wq_change bureau_change(enum wq_change_kind kind, enum wq_level level);

#endif
