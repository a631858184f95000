/* SPDX-License-Identifier: Apache-2.0 */
/* The trend rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#include "wq/err.h"
#include "wq/trend.h"

extern const struct wq_rule wq_rule_trend;

static struct fake_rule f;

static void open_rule(const char *settings, const char *parameter)
{
	struct wq_err err;

	fake_rule_open(&f, &wq_rule_trend, settings, WQ_RIVER, parameter);
	if (fake_rule_check(&f, &err))
		fail_msg("%s", err.text);
}

/* Measurement noise without luck: a fixed, balanced pattern. */
static double noise(int i)
{
	static const double pattern[] = { 1, -1, -1, 1, -0.5, 0.5, 1, -0.5, -1, 0.5 };

	return pattern[i % 10];
}

/* n hourly readings of base + slope × i + amplitude × noise; returns the last finding. */
static enum wq_finding feed(int from, int n, double base, double slope, double amplitude)
{
	enum wq_finding last = WQ_FINDING_UNKNOWN;

	for (int i = 0; i < n; i++)
		last = fake_rule_read(&f, WQ_HOURS(from + i),
		        round((base + slope * i + amplitude * noise(i)) * 1e4) / 1e4, WQ_GOOD);
	return last;
}

static void a_rise_toward_the_limit_is_told_before_it_is_reached(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 18, 0.104, 0.004, 0.001), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WARNING);
	assert_string_equal(f.said.says,
	        "总磷持续上升,现约0.172mg/L,每小时升0.004,预计约6至8小时后超Ⅲ类限值(0.2),最可能约7小时");
	assert_int_equal(f.said.at, WQ_HOURS(17));
	assert_true(f.said.limit == 0.2);
	assert_true(fake_rule_fact(&f, "n") == 18);
	assert_true(fake_rule_fact(&f, "p") < 0.05);
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") - 0.004) < 0.0002);
	assert_true(fabs(fake_rule_fact(&f, "fitted_now") - 0.172) < 0.001);
	assert_true(fabs(fake_rule_fact(&f, "hours_to_exceed") - 7) < 0.3);
	assert_true(fake_rule_fact(&f, "hours_earliest") <= fake_rule_fact(&f, "hours_to_exceed"));
	assert_true(fake_rule_fact(&f, "hours_latest") >= fake_rule_fact(&f, "hours_to_exceed"));
	assert_true(fake_rule_fact(&f, "slope_low") > 0);
	for (size_t i = 0; i < f.said.fact_count; i++)
		assert_true(isfinite(f.said.facts[i].value));
}

/* A straight rise over more than a factor of 2 is a curve on logarithms, and a rise by shares one in amounts: each is fitted
 * on its own scale, or its own regularity would look like autocorrelation and hide it. */
static void a_rise_without_noise_is_told_whether_by_amounts_or_by_shares(void **state)
{
	enum wq_finding last = WQ_FINDING_UNKNOWN;

	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 18, 0.05, 0.006, 0), WQ_FINDING_RAISE);
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") - 0.006) < 1e-6);
	assert_true(fabs(fake_rule_fact(&f, "autocorrelation")) < 0.2);
	open_rule("", "tp");
	for (int i = 0; i < 18; i++)
		last = fake_rule_read(&f, WQ_HOURS(i), 0.05 * pow(1.06, i), WQ_GOOD);
	assert_int_equal(last, WQ_FINDING_HOLD); /* 0.135: not near yet */
	for (int i = 18; i < 20; i++)
		last = fake_rule_read(&f, WQ_HOURS(i), 0.05 * pow(1.06, i), WQ_GOOD);
	assert_int_equal(last, WQ_FINDING_RAISE);
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") - 0.05 * pow(1.06, 19) * log(1.06)) < 1e-4);
}

static void a_ramp_after_a_quiet_time_is_told_before_it_crosses(void **state)
{
	static const double slopes[] = { 0.002, 0.003, 0.0045 }; /* 55, 37, 24 readings long */

	(void)state;
	for (size_t k = 0; k < sizeof slopes / sizeof *slopes; k++) {
		int lead = 0;

		open_rule("", "tp");
		assert_int_not_equal(feed(0, 40, 0.09, 0, 0.002), WQ_FINDING_RAISE);
		for (int i = 0; i < (int)(0.108 / slopes[k]); i++)
			lead += feed(40 + i, 1, 0.09 + slopes[k] * i, 0, 0.002 * noise(i)) ==
			        WQ_FINDING_RAISE;
		if (lead < 5)
			fail_msg("%g an hour was told only %d readings ahead", slopes[k], lead);
	}
}

static void a_line_that_is_at_the_limit_says_so(void **state)
{
	(void)state;
	open_rule("", "tp");
	feed(0, 17, 0.135, 0.004, 0.001);
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(17), 0.199, WQ_GOOD), WQ_FINDING_RAISE);
	assert_string_equal(
	        f.said.says, "总磷持续上升,现约0.203mg/L,每小时升0.004,趋势线已达Ⅲ类限值0.2");
	assert_true(fake_rule_fact(&f, "hours_to_exceed") == 0);
}

static void oxygen_is_mirrored(void **state)
{
	(void)state;
	open_rule("", "do");
	assert_int_equal(feed(0, 18, 7.3, -0.1, 0.03), WQ_FINDING_RAISE);
	assert_non_null(strstr(f.said.says, "溶解氧持续下降,现约5.59mg/L,每小时降0.1,"));
	assert_non_null(strstr(f.said.says, "后低于Ⅲ类限值(5),最可能约6小时"));
	assert_true(f.said.limit == 5);
	assert_true(fake_rule_fact(&f, "slope_per_hour") < 0);
}

static void ph_is_watched_at_both_ends(void **state)
{
	(void)state;
	open_rule("near=0.9", "ph");
	assert_int_equal(feed(0, 18, 8.2, 0.04, 0.01), WQ_FINDING_RAISE);
	assert_true(f.said.limit == 9);
	open_rule("near=0.9", "ph");
	assert_int_equal(feed(0, 18, 6.8, -0.04, 0.01), WQ_FINDING_RAISE);
	assert_true(f.said.limit == 6);
	assert_non_null(strstr(f.said.says, "低于Ⅲ类下限(6)"));
	open_rule("near=0.9", "ph");
	assert_int_equal(feed(0, 18, 7.5, 0, 0.05), WQ_FINDING_CLEAR);
}

static void units_follow_the_time_that_is_left(void **state)
{
	static const struct {
		wq_ms step;
		const char *says;
	} cases[] = {
		{ WQ_SECONDS(5), "每分钟升0.048,预计约34至36秒后" },
		{ WQ_MINUTES(2), "每分钟升0.002,预计约13至15分钟后" },
		{ WQ_HOURS(4), "每小时升0.001,预计约27至29小时后" },
		{ WQ_MINUTES(630), "每天升0.0091,预计约71小时至4天后" },
		{ WQ_DAYS(1), "每天升0.004,预计约6至8天后" },
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		open_rule("horizon=10d", "tp");
		for (int i = 0; i < 18; i++)
			fake_rule_read(&f, i * cases[c].step, 0.104 + 0.004 * i + 0.0005 * noise(i),
			        WQ_GOOD);
		if (!strstr(f.said.says, cases[c].says))
			fail_msg("'%s' lacks '%s'", f.said.says, cases[c].says);
	}
}

/* Each word of the sentence is what the facts say. */
static void an_interval_is_told_by_both_ends_or_by_its_beginning(void **state)
{
	int both = 0, beginning = 0, any = 0;

	(void)state;
	for (int k = 0; k < 400; k++) {
		const double amplitude = 0.0005 + 0.0003 * (k % 100), slope = 0.0012 + 0.0005 * (k / 100);
		double earliest, latest;

		open_rule("near=0.3 confidence=0.8 horizon=20d", "tp");
		if (feed(k, 18, 0.17 - 17 * slope, slope, amplitude) != WQ_FINDING_RAISE || fake_rule_fact(&f, "hours_to_exceed") == 0)
			continue;
		earliest = fake_rule_fact(&f, "hours_earliest");
		latest = fake_rule_fact(&f, "hours_latest");
		assert_int_equal(strstr(f.said.says, "随时可能") != NULL, earliest == 0);
		assert_int_equal(strstr(f.said.says, "最早约") != NULL, earliest > 0 && latest > 10 * earliest);
		assert_int_equal(strstr(f.said.says, "预计约") != NULL, earliest > 0 && latest <= 10 * earliest);
		any += earliest == 0;
		beginning += earliest > 0 && latest > 10 * earliest;
		both += earliest > 0 && latest <= 10 * earliest;
	}
	print_message("%d by both ends, %d by the beginning, %d at any time\n", both, beginning, any);
	assert_true(both > 50 && beginning + any > 0);
}

/* From value, slope and limit as written the time as written follows. */
static void what_is_rounded_agrees_with_itself(void **state)
{
	static const wq_ms steps[] = { WQ_MINUTES(1), WQ_MINUTES(30), WQ_HOURS(1), WQ_HOURS(4), WQ_HOURS(12) };
	static const struct {
		const char *name;
		double hours;
	} units[] = { { "秒", 1.0 / 3600 }, { "分钟", 1.0 / 60 }, { "小时", 1 }, { "天", 24 } };
	int seen = 0, shares = 0;

	(void)state;
	for (int k = 0; k < 1000; k++) {
		const double step = 0.0011 + 0.00007 * (k % 60), end = 0.15 + 0.0005 * (k % 97), growth = 1.03 + 0.0007 * (k % 70);
		const bool by_share = k % 4 == 0;
		double now, amount, hours = 0, each = 0;
		const char *at, *likely;
		char *rest;
		long count;

		open_rule("near=0.3 horizon=60d", "tp");
		for (int i = 0; i < 18; i++)
			fake_rule_read(&f, i * steps[k % 5],
			        (by_share ? end * pow(growth, i - 17) : end + step * (i - 17)) * (1 + 0.002 * noise(i)), WQ_GOOD);
		likely = strstr(f.said.says, "最可能约");
		if (f.said.finding != WQ_FINDING_RAISE || likely == NULL)
			continue;
		now = strtod(strstr(f.said.says, "现约") + strlen("现约"), NULL);
		at = strstr(f.said.says, ",每") + strlen(",每");
		count = strtol(likely + strlen("最可能约"), &rest, 10);
		for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
			each = strncmp(at, units[u].name, strlen(units[u].name)) == 0 ? units[u].hours : each;
			hours = strncmp(rest, units[u].name, strlen(units[u].name)) == 0 ? units[u].hours : hours;
		}
		assert_true(each > 0 && hours > 0 && count >= 1);
		amount = strtod(strstr(at, "升") + strlen("升"), &rest);
		if (*rest == '%') {
			shares++;
			each *= log(0.2 / now) / log1p(amount / 100);
		} else {
			each *= (0.2 - now) / amount;
		}
		if (!(fabs(each / hours - (double)count) <= 0.6 + 0.07 * (double)count))
			fail_msg("%s: by the text %.3g", f.said.says, each / hours);
		seen++;
	}
	print_message("%d sentences, %d of shares\n", seen, shares);
	assert_true(seen > 300 && shares > 50);
}

static void no_time_beyond_three_days_is_told_unless_asked_for(void **state)
{
	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		open_rule(asked ? "readings=42 horizon=7d" : "readings=42", "tp");
		for (int i = 0; i < 42; i++) /* 100 h to the limit, in a window of a week */
			fake_rule_read(&f, WQ_HOURS(4 * i), 0.16 + 0.0004 * 4 * (i - 41) + 0.0002 * noise(i), WQ_GOOD);
		assert_int_equal(f.said.finding, asked ? WQ_FINDING_RAISE : WQ_FINDING_HOLD);
	}
}

static void the_same_rise_far_from_the_limit_is_no_warning(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 18, 0.02, 0.002, 0.0005), WQ_FINDING_CLEAR);
	open_rule("above=1", "tp");
	assert_int_equal(feed(0, 18, 0.104, 0.004, 0.001), WQ_FINDING_CLEAR);
}

static void a_limit_beyond_the_horizon_is_no_warning(void **state)
{
	(void)state;
	open_rule("horizon=6h", "tp");
	assert_int_equal(feed(0, 18, 0.104, 0.004, 0.001), WQ_FINDING_HOLD);
	open_rule("horizon=8h", "tp");
	assert_int_equal(feed(0, 18, 0.104, 0.004, 0.001), WQ_FINDING_RAISE);
}

static void noise_near_the_limit_is_no_trend(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 40, 0.18, 0, 0.01), WQ_FINDING_HOLD);
}

static void what_exceeds_already_is_left_to_the_limit_rule(void **state)
{
	(void)state;
	open_rule("", "tp");
	feed(0, 18, 0.104, 0.004, 0.001);
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(18), 0.21, WQ_GOOD), WQ_FINDING_HOLD);
}

static void holds_while_near_and_clears_when_the_water_has_fallen(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 18, 0.104, 0.004, 0.001), WQ_FINDING_RAISE);
	assert_int_equal(feed(18, 30, 0.172, 0, 0.003), WQ_FINDING_HOLD);
	assert_int_equal(feed(48, 18, 0.172, -0.003, 0.001), WQ_FINDING_CLEAR);
}

static void a_significant_fall_clears_even_near_the_limit(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 18, 0.198, -0.001, 0.0004), WQ_FINDING_CLEAR);
}

static void too_few_points_are_not_assessable(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(feed(0, 13, 0.12, 0.004, 0.001), WQ_FINDING_UNKNOWN);
	assert_string_equal(f.said.says, "总磷有效读数不足,趋势不可评价");
	assert_int_equal(feed(13, 1, 0.172, 0, 0), WQ_FINDING_RAISE);
	open_rule("minimum=18", "tp");
	assert_int_equal(feed(0, 17, 0.104, 0.004, 0.001), WQ_FINDING_UNKNOWN);
}

static void an_outage_does_not_make_one_trend_of_two(void **state)
{
	(void)state;
	open_rule("", "tp");
	feed(0, 9, 0.10, 0, 0.001);
	assert_int_equal(feed(500, 9, 0.17, 0.002, 0.001), WQ_FINDING_UNKNOWN);
}

static void order_of_arrival_and_revisions_do_not_matter(void **state)
{
	struct wq_verdict wanted;

	(void)state;
	open_rule("", "tp");
	feed(0, 18, 0.104, 0.004, 0.001);
	wanted = f.said;
	open_rule("", "tp");
	for (int i = 0; i < 18; i++) {
		int k = i * 5 % 18; /* 5 and 18 share no factor: every reading once, out of order */

		fake_rule_read(&f, WQ_HOURS(k), 0.9, WQ_GOOD);
		fake_rule_read(&f, WQ_HOURS(k),
		        round((0.104 + 0.004 * k + 0.001 * noise(k)) * 1e4) / 1e4, WQ_GOOD);
	}
	assert_memory_equal(&wanted, &f.said, sizeof wanted);
}

static void medians_over_a_span_take_the_place_of_readings(void **state)
{
	enum wq_finding last = WQ_FINDING_UNKNOWN;

	(void)state;
	open_rule("aggregate=15m", "tp");
	/* A reading a minute: 18 spans of 15 and the first of the next. */
	for (int i = 0; i <= 18 * 15; i++)
		last = fake_rule_read(
		        &f, WQ_MINUTES(i), 0.1 + 0.07 * i / 270 + 0.004 * noise(i * 3), WQ_GOOD);
	assert_int_equal(last, WQ_FINDING_RAISE);
	assert_true(fake_rule_fact(&f, "n") == 18);
	assert_true(fabs(fake_rule_fact(&f, "fitted_now") - 0.17) < 0.004);
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") - 0.07 / 4.5) < 0.002);
}

static void spans_are_filled_in_any_order_and_revised(void **state)
{
	struct wq_verdict wanted;

	(void)state;
	open_rule("aggregate=1h", "tp");
	for (int i = 0; i < 80; i++)
		fake_rule_read(&f, WQ_MINUTES(15 * i), 0.1 + 0.001 * i, WQ_GOOD);
	wanted = f.said;
	assert_int_equal(wanted.finding, WQ_FINDING_RAISE);
	open_rule("aggregate=1h", "tp");
	/* Within the window of the view (64): every other reading first, and wrong at first. */
	for (int i = 0; i < 80; i += 8)
		for (int k = 0; k < 8; k++) {
			int j = i + (k * 3) % 8;

			fake_rule_read(&f, WQ_MINUTES(15 * j), 0.7, WQ_GOOD);
			fake_rule_read(&f, WQ_MINUTES(15 * j), 0.1 + 0.001 * j, WQ_GOOD);
		}
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_string_equal(f.said.says, wanted.says);
	for (size_t i = 0; i < wanted.fact_count; i++)
		assert_true(fabs(f.said.facts[i].value - wanted.facts[i].value) < 1e-9);
}

static void a_median_of_two_lies_between_them_and_of_three_is_one_of_them(void **state)
{
	(void)state;
	/* Each hour pH 7.9 and 8.9, rising by 0.01 a reading; the newest reading is number 16. */
	open_rule("aggregate=1h readings=8 near=0.5 horizon=3d", "ph");
	for (int i = 0; i <= 16; i++)
		fake_rule_read(&f, WQ_MINUTES(30 * i), (i % 2 ? 8.9 : 7.9) + 0.01 * i, WQ_GOOD);
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_true(fabs(fake_rule_fact(&f, "fitted_now") - (7.9 + 0.5 + 0.155)) < 0.02);
	/* Of three in an hour one is far out: it moves nothing. */
	open_rule("aggregate=1h readings=8 horizon=3d", "tp");
	for (int i = 0; i <= 24; i++)
		fake_rule_read(&f, WQ_MINUTES(20 * i), i % 3 == 1 ? 0.002 : 0.12 + 0.002 * i, WQ_GOOD);
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") - 0.006) < 1e-9);
}

/* Whatever comes, in whatever order, for however long. */
static void its_memory_is_of_fixed_size(void **state)
{
	static const char *const settings[] = { "", "readings=64 season=1d", "aggregate=15m readings=64", "aggregate=2h readings=36 season=1d" };
	const unsigned char untouched = 0xA5;

	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		size_t size;

		open_rule(settings[i], "tp");
		size = wq_rule_trend.state_size(f.settings);
		assert_true(i < 2 ? size == 0 : size <= 11200);
		memset(f.state + size, untouched, sizeof f.state - size);
		for (int k = 0; k < 20000; k++)
			fake_rule_read(&f, WQ_MINUTES(5 * (k - k * 7 % 30)), 0.15 + 0.03 * noise(k / 40) + 0.002 * noise(k), WQ_GOOD);
		for (size_t k = size; k < sizeof f.state; k++)
			assert_int_equal(f.state[k], untouched);
	}
}

static void settings_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *settings, *parameter, *says;
	} cases[] = {
		{ "minimum=20 readings=18", "tp", "minimum" },
		{ "aggregate=500ms", "tp", "aggregate" },
		{ "class=3 below=1", "do", "exclude" },
		{ "", "turbidity", "GB 3838" },
	};
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_rule_open(&f, &wq_rule_trend, cases[i].settings, WQ_RIVER, cases[i].parameter);
		assert_int_equal(fake_rule_check(&f, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, cases[i].says));
	}
}

/* The simulated stations: 300 × 30 days of 4-hourly total phosphorus, half of them with a ramp
 * through 0.2. */
#define STATIONS 400

static struct event {
	int onset, crossing;
} events[STATIONS];

static bool read_events(const char *shared)
{
	char path[512], line[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/data/simulated_tp/tp_4h_sim_events.csv", shared);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		int station, onset, crossing;

		if (sscanf(line, "S%d,%d,%d,", &station, &onset, &crossing) == 3)
			events[station] = (struct event){ onset, crossing };
	}
	if (file)
		fclose(file);
	return file != NULL;
}

struct score {
	int ramps, warned, false_episodes, quiet, quiet_in_alarm;
};

/* One reading: where in the station's story an alarm began. */
static void score_step(
        struct score *score, const struct event *event, int index, bool before, bool now)
{
	bool quiet = event->crossing == 0 || index < event->onset;

	score->quiet += quiet;
	score->quiet_in_alarm += quiet && now;
	if (!now || before)
		return;
	if (quiet)
		score->false_episodes++;
	else if (index < event->crossing)
		score->warned++; /* at most one a ramp counts: see below */
}

static void warns_before_simulated_ramps_cross_the_limit(void **state)
{
	const char *shared = getenv("WQ_SHARED");
	struct score score = { 0 };
	char command[512], line[256];
	int current = -1, index = 0, told = -1;
	bool alarm = false;
	FILE *series = NULL;

	(void)state;
	snprintf(command, sizeof command, "gzip -dc '%s/data/simulated_tp/tp_4h_sim.csv.gz'",
	        shared ? shared : "");
	if (!shared || !read_events(shared) || !(series = popen(command, "r"))) {
		print_message("SKIPPED: no simulated series beside the project\n");
		skip();
	}
	while (fgets(line, sizeof line, series)) {
		double value;
		int station, warned = score.warned;
		bool before = alarm;
		enum wq_finding finding;

		if (sscanf(line, "S%d,%*[^,],%lf,", &station, &value) != 2)
			continue;
		if (station != current) {
			open_rule("", "tp");
			score.ramps += events[station].crossing > 0;
			current = station;
			index = 0;
			before = alarm = false;
		}
		finding = fake_rule_read(&f, WQ_HOURS(4 * index), value, WQ_GOOD);
		alarm = finding == WQ_FINDING_RAISE || (alarm && finding != WQ_FINDING_CLEAR);
		score_step(&score, &events[station], index++, before, alarm);
		if (score.warned > warned && told == station)
			score.warned = warned;
		else if (score.warned > warned)
			told = station;
	}
	assert_int_equal(pclose(series), 0);
	print_message("warned of %d of %d ramps before they crossed; %.2f false episodes a "
	              "station-month, %.1f %% of the quiet time in alarm\n",
	        score.warned, score.ramps, score.false_episodes / (score.quiet / 180.0),
	        100.0 * score.quiet_in_alarm / score.quiet);
	assert_int_equal(score.ramps, 150);
	assert_true(score.warned >= 30);
	assert_true(score.false_episodes / (score.quiet / 180.0) <= 0.15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rise_toward_the_limit_is_told_before_it_is_reached),
		cmocka_unit_test(a_rise_without_noise_is_told_whether_by_amounts_or_by_shares),
		cmocka_unit_test(a_ramp_after_a_quiet_time_is_told_before_it_crosses),
		cmocka_unit_test(a_line_that_is_at_the_limit_says_so),
		cmocka_unit_test(oxygen_is_mirrored),
		cmocka_unit_test(ph_is_watched_at_both_ends),
		cmocka_unit_test(units_follow_the_time_that_is_left),
		cmocka_unit_test(an_interval_is_told_by_both_ends_or_by_its_beginning),
		cmocka_unit_test(what_is_rounded_agrees_with_itself),
		cmocka_unit_test(no_time_beyond_three_days_is_told_unless_asked_for),
		cmocka_unit_test(the_same_rise_far_from_the_limit_is_no_warning),
		cmocka_unit_test(a_limit_beyond_the_horizon_is_no_warning),
		cmocka_unit_test(noise_near_the_limit_is_no_trend),
		cmocka_unit_test(what_exceeds_already_is_left_to_the_limit_rule),
		cmocka_unit_test(holds_while_near_and_clears_when_the_water_has_fallen),
		cmocka_unit_test(a_significant_fall_clears_even_near_the_limit),
		cmocka_unit_test(too_few_points_are_not_assessable),
		cmocka_unit_test(an_outage_does_not_make_one_trend_of_two),
		cmocka_unit_test(order_of_arrival_and_revisions_do_not_matter),
		cmocka_unit_test(medians_over_a_span_take_the_place_of_readings),
		cmocka_unit_test(spans_are_filled_in_any_order_and_revised),
		cmocka_unit_test(a_median_of_two_lies_between_them_and_of_three_is_one_of_them),
		cmocka_unit_test(its_memory_is_of_fixed_size),
		cmocka_unit_test(settings_that_make_no_sense_are_refused),
		cmocka_unit_test(warns_before_simulated_ramps_cross_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
