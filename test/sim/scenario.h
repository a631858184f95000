/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulated water does: either a scenario file (breakpoints, interpolated, with
 * seeded noise) or the rows of a CSV. Deterministic. */
#ifndef WQ_SCENARIO_H
#define WQ_SCENARIO_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;
struct scenario;

/* A scenario file, line by line; '#' begins a comment:
 *   seed 42
 *   end 80s                                  # the scenario lasts this long, then holds its last values
 *   station nanheng
 *     tp   0s:0.12 20s:0.12 45s:0.28 noise 0.004 places 3
 *     ph   0s:7.6 noise 0.02 places 2
 *     nh3n 0s:0.3 30s:none 40s:0.3           # none: no value from here on
 * Errors name file:line. NULL with *err. */
struct scenario *scenario_load(const char *path, struct wq_err *err);

/* The rows of a CSV, the stations named in `stations` (count 0: all), one row becoming current every `step`. */
struct scenario *scenario_from_csv(const char *path, const char *const *stations, size_t count, wq_ms step,
	struct wq_err *err);
void scenario_free(struct scenario *scenario);

size_t scenario_stations(const struct scenario *scenario);
const char *scenario_station(const struct scenario *scenario, size_t station);
size_t scenario_parameters(const struct scenario *scenario, size_t station);
const char *scenario_parameter(const struct scenario *scenario, size_t station, size_t parameter); /* alias */

/* The value after `elapsed` ms since the start, or NaN for none. */
double scenario_value(const struct scenario *scenario, size_t station, size_t parameter, wq_ms elapsed);

/* The time that belongs to it: CSV: the row's own time; scenario file: WQ_NO_TIME (the caller's clock). */
wq_ms scenario_time(const struct scenario *scenario, size_t station, wq_ms elapsed);

/* Length: end of the scenario, or rows × step. */
wq_ms scenario_end(const struct scenario *scenario);

#endif
