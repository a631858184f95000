/* SPDX-License-Identifier: Apache-2.0 */
/* What a scenario is made of; shared by scenario.c and its two readers. */
#ifndef WQ_SCENARIO_PARTS_H
#define WQ_SCENARIO_PARTS_H

#include "scenario.h"

#include <stdint.h>

/* A breakpoint; value NaN: none from here on. */
struct scenario_break {
	wq_ms at;
	double value;
};

struct scenario_series {
	char *alias;
	size_t break_count; /* scenario file only */
	struct scenario_break *breaks;
	double noise; /* standard deviation */
	int places;   /* decimals of the values */
};

struct scenario_station {
	char *id;
	size_t count;
	struct scenario_series *series;
	size_t row_count, row_room; /* CSV only */
	wq_ms *times;               /* one a row */
	double *values;             /* `count` a row */
};

struct scenario {
	bool csv;
	uint64_t seed;
	wq_ms end;
	wq_ms step; /* CSV only */
	size_t count;
	struct scenario_station *stations;
};

#define SCENARIO_STATIONS 4096
#define SCENARIO_SERIES   64
#define SCENARIO_BREAKS   1024
#define SCENARIO_PLACES   3 /* unless `places` says otherwise */

/* Both return the new member, NULL when there is no memory. */
struct scenario_station *scenario_add_station(struct scenario *scenario, const char *id);
struct scenario_series *scenario_add_series(struct scenario_station *station, const char *alias);

#endif
