/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the readings through both configurations. */
#include "compare.h"

#include "ctl/commands.h"
#include "ctl/complaint.h"

#include "wq/err.h"

#include <stdlib.h>

static int load(struct compare_side *side, const char *file)
{
	static struct config_report report;
	side->file = file;
	side->base = config_load(file, &report);
	if (side->base != NULL)
		return 0;
	config_report_print(&report, "nothing was run.", stderr);
	return WQ_E_INVALID;
}

static size_t officers_of(
        const struct compare_side *side, const struct compare_arguments *arguments)
{
	if (arguments->officers > 0)
		return (size_t)arguments->officers;
	if (arguments->stations_per_officer > 0) {
		size_t each = (size_t)arguments->stations_per_officer;
		return (side->stations + each - 1) / each;
	}
	return episodes_officers(side->base);
}

/* Days without a row are not counted: a row that was left over from weeks before would thin out all figures of a day. */
static void take_span(struct compare_side *side)
{
	const struct readings *readings = &side->readings;
	const struct wq_zone *zone = side->base->site.zone;
	wq_ms end = INT64_MIN;
	side->stations = readings->id_count;
	for (size_t i = 0; i < readings->row_count; i++) {
		if (readings->rows[i].at < end)
			continue;
		end = wq_day_start(zone, wq_day_of(zone, readings->rows[i].at) + 1);
		side->days++;
	}
}

static int run_side(
        struct compare_side *side, const struct compare_arguments *arguments, struct wq_err *err)
{
	uint32_t parameters[READINGS_COLUMNS];
	int r = readings_read(&side->readings, arguments->csv, side->base, err);
	if (r < 0)
		return r;
	side->config = readings_config(&side->readings, side->base, parameters, err);
	if (side->config == NULL)
		return WQ_E_INVALID;
	take_span(side);
	side->officers = officers_of(side, arguments);
	struct replay_listener listener = episodes_listener(&side->episodes, side->config);
	r = replay_run(&side->readings, &side->config->site, parameters, &listener, false, err);
	return r < 0 ? r : episodes_finish(&side->episodes, err);
}

static int run_both(struct comparison *comparison, const struct compare_arguments *arguments,
        struct wq_err *err)
{
	struct compare_side *old = &comparison->sides[0], *new = &comparison->sides[1];
	size_t wrong = 0;
	int r = run_side(old, arguments, err);
	wrong = old->readings.wrong;
	readings_free(&old->readings);
	if (r < 0)
		return r;
	new->readings.quiet = true; /* the same was said of the same file */
	r = run_side(new, arguments, err);
	new->readings.wrong = new->readings.wrong > wrong ? new->readings.wrong : wrong;
	return r < 0 ? r : compare_pair(comparison, err);
}

static int tell(struct comparison *comparison, bool json)
{
	size_t wrong = comparison->sides[1].readings.wrong;
	(json ? compare_print_json : compare_print)(comparison, stdout);
	ctl_complained(wrong);
	if (wrong > 0)
		fprintf(stderr, "%zu places were wrong; the rest was used\n", wrong);
	return wrong > 0 ? CTL_WRONG : CTL_DONE;
}

static void free_side(struct compare_side *side)
{
	readings_free(&side->readings);
	episodes_free(&side->episodes);
	config_free(side->config);
	config_free(side->base);
}

int compare_run(const struct compare_arguments *arguments)
{
	struct comparison comparison = { .count = 0 };
	struct wq_err err;
	int status = CTL_WRONG;
	if (load(&comparison.sides[0], arguments->old) == 0 &&
	        load(&comparison.sides[1], arguments->new) == 0) {
		int r = run_both(&comparison, arguments, &err);
		if (r < 0)
			ctl_complain(&(size_t){ 0 }, "wqctl backtest: %s", err.text);
		else
			status = tell(&comparison, arguments->json);
	}
	free(comparison.rows);
	free_side(&comparison.sides[0]);
	free_side(&comparison.sides[1]);
	return status;
}
