/* SPDX-License-Identifier: Apache-2.0 */
/* GB 3838-2002 as data: the 24 items of table 1 and the 5 of table 2.
 *
 * Limits are written as in the tables; each is the double nearest to its decimal, as measured
 * values are, so `<=` decides as it would on paper. Water temperature has no class limits and is
 * not here; total nitrogen has them for lakes and reservoirs only. The items of table 2 have one
 * limit each and hold at drinking-water sources only. */
#include "wq/standard.h"

/* clang-format off */
#define ROW(code_, water_, direction_, judged, ...) \
	{ .code = code_, .water = water_, .direction = direction_, .evaluated = judged, \
	  .limit = { 0, __VA_ARGS__ } }
#define JUDGED(code, water, ...) ROW(code, water, WQ_AT_MOST, true, __VA_ARGS__)
#define OTHER(code, water, ...)  ROW(code, water, WQ_AT_MOST, false, __VA_ARGS__)
#define SOURCE(code_, water_, most) \
	{ .code = code_, .water = water_, .direction = WQ_AT_MOST, .source = true, .single = true, \
	  .limit = { 0, most, most, most, most, most } }

/* The evaluated items come first, in the order of wq_evaluated_codes. Classes I to V. */
#define EVALUATED_ITEMS(w, ...) \
	{ .code = "w01001", .water = w, .direction = WQ_WITHIN, .evaluated = true, \
	  .limit = { 0, 6, 6, 6, 6, 6 }, .high = 9 }, \
	ROW("w01009", w, WQ_AT_LEAST, true, 7.5, 6, 5, 3, 2), \
	JUDGED("w01019", w, 2, 4, 6, 10, 15), \
	JUDGED("w21003", w, 0.15, 0.5, 1.0, 1.5, 2.0), \
	JUDGED("w21011", w, __VA_ARGS__)

#define OTHER_ITEMS(w) \
	OTHER("w01018", w, 15, 15, 20, 30, 40), \
	OTHER("w01017", w, 3, 3, 4, 6, 10), \
	OTHER("w20122", w, 0.01, 1.0, 1.0, 1.0, 1.0), \
	OTHER("w20123", w, 0.05, 1.0, 1.0, 2.0, 2.0), \
	OTHER("w21017", w, 1.0, 1.0, 1.0, 1.5, 1.5), \
	OTHER("w20128", w, 0.01, 0.01, 0.01, 0.02, 0.02), \
	OTHER("w20141", w, 0.05, 0.05, 0.05, 0.1, 0.1), \
	OTHER("w20111", w, 0.00005, 0.00005, 0.0001, 0.001, 0.001), \
	OTHER("w20115", w, 0.001, 0.005, 0.005, 0.005, 0.01), \
	OTHER("w20117", w, 0.01, 0.05, 0.05, 0.05, 0.1), \
	OTHER("w20120", w, 0.01, 0.01, 0.05, 0.05, 0.1), \
	OTHER("w21016", w, 0.005, 0.05, 0.2, 0.2, 0.2), \
	OTHER("w23002", w, 0.002, 0.002, 0.005, 0.01, 0.1), \
	OTHER("w22001", w, 0.05, 0.05, 0.05, 0.5, 1.0), \
	OTHER("w19002", w, 0.2, 0.2, 0.2, 0.3, 0.3), \
	OTHER("w21019", w, 0.05, 0.1, 0.2, 0.5, 1.0), \
	OTHER("w02003", w, 200, 2000, 10000, 20000, 40000)

/* Table 2: sulfate, chloride, nitrate, iron, manganese. */
#define SOURCE_ITEMS(w) \
	SOURCE("w21038", w, 250), \
	SOURCE("w21022", w, 250), \
	SOURCE("w21007", w, 10), \
	SOURCE("w20125", w, 0.3), \
	SOURCE("w20124", w, 0.1)
/* clang-format on */

static const struct wq_standard_row river_rows[] = {
	EVALUATED_ITEMS(WQ_RIVER, 0.02, 0.1, 0.2, 0.3, 0.4),
	OTHER_ITEMS(WQ_RIVER),
	SOURCE_ITEMS(WQ_RIVER),
};

static const struct wq_standard_row lake_rows[] = {
	EVALUATED_ITEMS(WQ_LAKE, 0.01, 0.025, 0.05, 0.1, 0.2),
	OTHER_ITEMS(WQ_LAKE),
	OTHER("w21001", WQ_LAKE, 0.2, 0.5, 1.0, 1.5, 2.0),
	SOURCE_ITEMS(WQ_LAKE),
};

const char *const wq_evaluated_codes[WQ_EVALUATED] = { "w01001", "w01009", "w01019", "w21003",
	"w21011" };

const struct wq_standard wq_gb3838 = {
	.name = "GB 3838-2002",
	.version = "2002",
	.evaluated_count = WQ_EVALUATED,
	.evaluated = wq_evaluated_codes,
	.waters = { [WQ_RIVER] = { sizeof(river_rows) / sizeof(river_rows[0]), river_rows },
	        [WQ_LAKE] = { sizeof(lake_rows) / sizeof(lake_rows[0]), lake_rows } },
};
