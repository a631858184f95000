/* SPDX-License-Identifier: Apache-2.0 */
/* A right file: every value arrives typed, with its default or with what was written. */
#include "loading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void a_small_file_is_a_site(void **state)
{
	struct config *config = load_right(HEAD);
	const struct wq_site *site = &config->site;

	(void)state;
	assert_string_equal(site->name, "城");
	assert_int_equal(wq_zone_offset(site->zone, 0), WQ_HOURS(8));
	assert_int_equal(site->station_count, 1);
	assert_int_equal(site->series_count, 2);
	assert_string_equal(site->stations[0].id, "yigan");
	assert_string_equal(site->stations[0].name, "一干河");
	assert_int_equal(site->stations[0].kind, WQ_SOURCE_BACKUP);
	assert_int_equal(site->stations[0].water, WQ_RIVER);
	assert_int_equal(site->stations[0].target, 3);
	assert_true(site->stations[0].flows_into == WQ_NONE);
	assert_null(site->stations[0].town);
	assert_int_equal(site->stations[0].series_count, 2);
	assert_ptr_equal(site->stations[0].zone, site->zone);
	assert_string_equal(config->paths.database, "/var/lib/wqd/wqd.db");
	assert_int_equal(config->paths.receipt_timeout, 5000);
	assert_null(config->paths.credentials);
	assert_int_equal(site->evaluation.minimum_valid, 4);
	assert_false(site->evaluation.daily_raw);
	assert_false(config->any_station);
	config_free(config);
}

static void rules_name_their_profiles(void **state)
{
	struct config *config = load_right(HEAD
	        "profile \"winter\" { from = \"11-15\" to = \"02-29\" }\n"
	        "profile \"flood\" { from = \"05-01\" to = \"09-30\" }\n"
	        "above \"a\" { }\n"
	        "above \"b\" { profile = { \"flood\" } }\n"
	        "above \"c\" { profile = { \"flood\", \"winter\" } except_profile = \"winter\" }\n");
	const struct wq_site *site = &config->site;

	(void)state;
	assert_int_equal(site->profile_count, 2);
	assert_string_equal(site->profiles[1].name, "flood");
	assert_int_equal(site->profiles[0].from_month * 100 + site->profiles[0].from_day, 1115);
	assert_int_equal(site->profiles[0].to_month * 100 + site->profiles[0].to_day, 229);
	assert_int_equal(site->rules[0].profiles, 0);
	assert_int_equal(site->rules[0].except_profiles, 0);
	assert_int_equal(site->rules[1].profiles, 2);
	assert_int_equal(site->rules[2].profiles, 3);
	assert_int_equal(site->rules[2].except_profiles, 1);
	/* When it is active is part of what a rule is. */
	assert_true(site->rules[0].hash != site->rules[1].hash);
	config_free(config);
}

static void points_become_series_and_points_of_their_bus(void **state)
{
	struct config *config = load_right(HEAD);
	const struct wq_series *series = config->site.series;
	const struct wq_point *point = &config->buses[0].bus.points[0];
	const struct serial_point *settings = point->settings;

	(void)state;
	assert_int_equal(series[0].cycle, WQ_HOURS(4));
	assert_int_equal(series[0].interval, WQ_HOURS(4));
	assert_int_equal(series[0].late_after, WQ_HOURS(8));
	assert_int_equal(series[1].cycle, 0);
	assert_int_equal(series[1].interval, WQ_MINUTES(1)); /* pushed: nobody says how often */
	assert_int_equal(series[1].late_after, WQ_HOURS(1));
	assert_int_equal(config->bus_count, 2);
	assert_int_equal(config->buses[0].bus.point_count, 1);
	assert_int_equal(config->buses[1].bus.point_count, 1);
	assert_string_equal(point->station, "yigan");
	assert_string_equal(point->parameter, "tp");
	assert_string_equal(point->code, "w21011");
	assert_true(wq_decimal_to_double(point->factor) == 0.001); /* ug/L */
	assert_int_equal(settings->address, 1);
	assert_int_equal(settings->type, 1);
	assert_true(settings->scale == 1);
	assert_string_equal(config->site.sources[1], "broker");
	config_free(config);
}

static void a_continuous_point_is_expected_as_often_as_it_is_polled(void **state)
{
	struct config *config =
	        load_right(HEAD "station \"b\" { kind = national point \"tp\" { bus = plc unit = "
	                        "\"mg/L\" address = 7 } }\n"
	                        "station \"c\" { kind = national interval = \"1s\" point \"tp\" { "
	                        "bus = broker unit = \"mg/L\" } }\n");

	(void)state;
	assert_int_equal(config->site.series[2].interval, WQ_SECONDS(30));
	assert_int_equal(config->site.series[3].interval, WQ_SECONDS(1));
	config_free(config);
}

static void everything_that_is_given_is_taken(void **state)
{
	struct config *config = load_right(
	        "site { name = \"x\" timezone = \"UTC+7\" database = \"/tmp/a.db\" socket = "
	        "'/tmp/s'\n"
	        "  receipt_timeout = \"2s\" notice_lifetime = \"3d\" credentials = \"/nowhere\" }\n"
	        "evaluation { minimum_valid = 3 minimum_share = 0.75 day_closes_after = \"90m\"\n"
	        "  daily_view = \"raw\" future_tolerance = \"0\" }\n"
	        "parameter \"alk\" { name = \"碱度\" unit = \"mg/L\" low = -1.5 high = 1e3 places "
	        "= 1 }\n"
	        "post \"b\" { }\n"
	        "station \"lake\" { name = \"暨阳湖\" kind = provincial water = lake class = \"Ⅱ\" "
	        "town = \"杨舍\"\n"
	        "  focus = true mode = \"commissioning\" offset = \"+09:30\" late_after = \"2h\"\n"
	        "  point \"alk\" { bus = \"b\" unit = \"mg/L\" low = 1 high = 2.5 detection = 0.01 field = \"ALK\" "
	        "} }\n");
	const struct wq_station *station = &config->site.stations[0];
	const struct post_point *point = config->buses[0].bus.points[0].settings;

	(void)state;
	assert_int_equal(wq_zone_offset(config->site.zone, 0), WQ_HOURS(7));
	assert_int_equal(wq_zone_offset(station->zone, 0), WQ_MINUTES(570));
	assert_string_equal(config->paths.socket, "/tmp/s");
	assert_int_equal(config->paths.notice_lifetime, WQ_DAYS(3));
	assert_int_equal(config->site.evaluation.minimum_valid, 3);
	assert_true(config->site.evaluation.minimum_share == 0.75);
	assert_true(config->site.evaluation.daily_raw);
	assert_int_equal(config->site.evaluation.future_tolerance, 0);
	assert_int_equal(station->water, WQ_LAKE);
	assert_int_equal(station->target, 2);
	assert_true(station->focus);
	assert_true(station->commissioning);
	assert_string_equal(station->town, "杨舍");
	assert_int_equal(config->site.series[0].late_after, WQ_HOURS(2));
	assert_true(config->site.series[0].low == 1 && config->site.series[0].high == 2.5);
	assert_true(config->site.series[0].detection == 0.01);
	assert_int_equal(config->site.series[0].parameter, wq_parameter_count);
	assert_string_equal(config->site.parameters[wq_parameter_count].name, "碱度");
	assert_true(config->site.parameters[wq_parameter_count].low == -1.5);
	assert_int_equal(config->site.parameters[wq_parameter_count].display_places, 1);
	assert_string_equal(point->field, "ALK");
	config_free(config);
}

static void absent_keys_get_what_the_contract_says(void **state)
{
	struct config *config = load_right(HEAD "above \"r\" { }\n");
	const struct above_settings *settings = config->site.rules[0].settings;

	(void)state;
	assert_true(isnan(settings->above));
	assert_int_equal(settings->readings, 2);
	assert_int_equal(settings->level, 4);
	assert_false(settings->strict);
	assert_int_equal(settings->notes.count, 2);
	assert_string_equal(settings->notes.items[1], "b");
	config_free(config);
}

static void bom_crlf_comments_and_single_quotes_are_read(void **state)
{
	struct config *config =
	        load_right("\xEF\xBB\xBF# a \"comment\" {\r\nsite { name = 'a\\'b' } // {\r\n"
	                   "/* station \"x\" {\n */ station \"y\" { kind = national }\r\n");

	(void)state;
	assert_string_equal(config->site.name, "a'b");
	assert_string_equal(config->site.stations[0].id, "y");
	config_free(config);
}

static void rules_apply_where_their_keys_say(void **state)
{
	struct config *config =
	        load_right(HEAD "station \"b\" { kind = national focus = true\n"
	                        " point \"tp\" { bus = plc unit = \"mg/L\" address = 7 }\n"
	                        " point \"ph\" { bus = broker unit = \"-\" } }\n"
	                        "above \"all\" { stations = { \"*\" } }\n"
	                        "above \"tp\" { parameters = { \"w21011\" } }\n"
	                        "above \"yigan\" { stations = \"yigan\" }\n"
	                        "above \"national\" { kinds = { \"national\" } }\n"
	                        "above \"focus\" { focus = true }\n"
	                        "day \"d\" { kinds = { \"national\", \"provincial\" } }\n"
	                        "whole \"w\" { }\n");
	static const struct {
		size_t count;
		uint32_t places[3];
	} want[] = { { 3, { 0, 1, 2 } }, { 2, { 0, 2 } }, { 2, { 0, 1 } }, { 1, { 2 } },
		{ 1, { 2 } }, { 1, { 1 } }, { 1, { 0 } } };

	(void)state;
	assert_int_equal(config->site.rule_count, 7 + 2 + CONFIG_SELF_RULES);
	assert_int_equal(config_own_rules(&config->site), 7);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(config->site.rules[i].place_count, want[i].count);
		for (size_t k = 0; k < want[i].count; k++)
			assert_int_equal(config->site.rules[i].places[k], want[i].places[k]);
	}
	config_free(config);
}

/* How alarms live: the same keys for every rule, and what the site can bear. */
static void the_life_of_alarms_is_by_rule_and_by_default_none(void **state)
{
	struct config *config =
	        load_right(HEAD "day \"plain\" { }\n"
	                        "day \"full\" { on_delay = \"5m\" off_delay = \"10m\" hold = \"1h\" latch = true\n"
	                        " chatter = 5 chatter_within = \"30m\" chatter_shelve = \"4h\" }\n");
	const struct wq_life *plain = &config->site.rules[0].life, *full = &config->site.rules[1].life;
	const struct wq_duty *duty = &config->site.duty;

	(void)state;
	assert_true(plain->on_delay == 0 && plain->off_delay == 0 && plain->hold == 0 && !plain->latch &&
	        plain->chatter == 0);
	assert_true(full->on_delay == WQ_MINUTES(5) && full->off_delay == WQ_MINUTES(10) &&
	        full->hold == WQ_HOURS(1) && full->latch && full->chatter == 5 &&
	        full->chatter_within == WQ_MINUTES(30) && full->chatter_shelve == WQ_HOURS(4));
	assert_true(duty->flood_alarms == 10 && duty->flood_within == WQ_MINUTES(10) &&
	        duty->shelve_max == WQ_DAYS(7));
	assert_string_equal(config->site.rules[config_self_rule(&config->site, CONFIG_SELF_FLOOD)].name,
	        WQ_FLOOD_RULE);
	config_free(config);
}

static uint64_t hash_of(const char *rule)
{
	char text[4096];
	struct config *config;
	uint64_t hash;

	snprintf(text, sizeof text, "%s%s\n", HEAD, rule);
	config = load_right(text);
	hash = config->site.rules[0].hash;
	config_free(config);
	return hash;
}

static void a_maintenance_is_a_plan_of_the_stations_it_names(void **state)
{
	static const char *const ids[] = { "other", "yigan" }, *const columns[] = { "ph", "tp" };
	struct config *config = load_right(HEAD
	        "station \"b\" { kind = national offset = \"+09:00\" settle = \"5m\" maintenance_flags = { \"hd\" }\n"
	        " point \"tp\" { bus = \"plc\" unit = \"mg/L\" address = 9 } }\n"
	        "station \"*\" { kind = national }\n"
	        "maintenance \"once\" { stations = \"*\" from = \"2026-03-05 08:00\" to = \"2026-03-05 12:00\" reason = \"标样\" }\n"
	        "maintenance \"weekly\" { stations = { \"yigan\" } parameters = { \"tp\" } weekday = { \"mon\", \"sun\" } at = \"23:30\" "
	        "for = \"2h\" }\n");
	const struct wq_station *yigan = &config->site.stations[0], *b = &config->site.stations[1];
	const wq_ms eight = INT64_C(1772668800000); /* 2026-03-05T08:00:00+08:00 */
	struct config *replay;
	uint32_t index[2];

	(void)state;
	assert_int_equal(yigan->plan_count, 2);
	assert_string_equal(yigan->plans[0].name, "once");
	assert_string_equal(yigan->plans[0].reason, "标样");
	assert_int_equal(yigan->plans[0].series_count, 2);
	assert_true(yigan->plans[0].from == eight && yigan->plans[0].to == eight + WQ_HOURS(4));
	assert_int_equal(yigan->plans[1].series_count, 1);
	assert_int_equal(yigan->plans[1].series[0], 0);
	assert_int_equal(yigan->plans[1].weekdays, 1 | 1 << 6);
	assert_true(yigan->plans[1].from == WQ_NO_TIME);
	assert_true(yigan->plans[1].at == WQ_HOURS(23) + WQ_MINUTES(30) && yigan->plans[1].span == WQ_HOURS(2));
	assert_null(yigan->plans[1].reason);
	assert_int_equal(yigan->maintenance_flags.count, 2);
	assert_int_equal(yigan->bad_flags.count, 8);
	assert_int_equal(yigan->settle, 0);
	assert_int_equal(b->plan_count, 1);
	assert_true(b->plans[0].from == eight - WQ_HOURS(1));
	assert_int_equal(b->plans[0].series[0], 2);
	assert_int_equal(b->settle, WQ_MINUTES(5));
	assert_string_equal(b->maintenance_flags.items[0], "hd");
	replay = config_for_series(config, ids, 2, columns, 2, NULL, index, NULL);
	assert_non_null(replay);
	assert_int_equal(replay->site.stations[0].plan_count, 1);
	assert_int_equal(replay->site.stations[1].plan_count, 2);
	assert_int_equal(replay->site.stations[1].plans[1].series[0], 3);
	config_free(replay);
	config_free(config);
}

static void every_bus_has_a_rule_that_its_stations_routes_hear_of(void **state)
{
	struct config *config = load_right(HEAD
	        "route \"only\" { stations = \"yigan\" lead = \"lead\" escalate_after_warning = \"7m\" }\n"
	        "post \"idle\" { }\nday \"d\" { }\n");
	const struct wq_site *site = &config->site;

	(void)state;
	assert_int_equal(site->series[0].source, 0);
	assert_int_equal(site->series[1].source, 1);
	assert_string_equal(site->rules[1].name, "wqd:bus:plc");
	assert_string_equal(site->rules[2].name, "wqd:bus:broker");
	assert_int_equal(wq_site_rule_source(site, 0), WQ_NONE);
	assert_int_equal(wq_site_rule_source(site, 1), 0);
	assert_int_equal(wq_site_rule_source(site, 3), 2);
	assert_int_equal(wq_site_rule_source(site, 4), WQ_NONE);
	assert_int_equal(wq_site_rule_source(site, 99), WQ_NONE);
	assert_int_equal(site->rules[1].escalate_after[WQ_LEVEL_WARNING], WQ_MINUTES(7));
	assert_true(site->rules[3].escalate_after[WQ_LEVEL_WARNING] == WQ_NO_TIME); /* nothing is read from it */
	assert_int_equal(site->bus_down_after, WQ_MINUTES(2));
	config_free(config);
}

static void the_hash_is_of_the_values_not_of_their_form(void **state)
{
	const uint64_t hash = hash_of("above \"r\" { above = 0.2 level = watch }");

	(void)state;
	assert_true(
	        hash == hash_of("above \"other\" {\n level = \"watch\" # why\n above = 0.2\n}"));
	assert_true(hash == hash_of("above \"r\" { above = 0.2 level = watch readings = 2 }"));
	assert_true(hash != hash_of("above \"r\" { above = 0.3 level = watch }"));
	assert_true(hash !=
	        hash_of("above \"r\" { above = 0.2 level = watch parameters = { \"tp\" } }"));
}

static void the_report_counts_and_ends_with_the_consequence(void **state)
{
	struct config_report report;
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	(void)state;
	assert_null(load("site { nmae = \"x\" }\nstation \"a\" { kind = national }\n", &report));
	config_report_print(&report, "the running configuration is unchanged.", to);
	fclose(to);
	assert_string_equal(text,
	        "test.conf: warning: there is no route: nobody would be told of anything\n"
	        "test.conf:1: [site] unknown key 'nmae'; did you mean 'name'?\n"
	        "test.conf:2: warning: [station \"a\"] has no points: nothing is measured there\n"
	        "1 error, 2 warnings; the running configuration is unchanged.\n");
	free(text);
}

/* A fleet of equal instruments differs in nothing but its buses. */
static void points_that_say_the_same_share_their_settings(void **state)
{
	struct config *config = load_right(HEAD
	        "serial \"plc2\" { host = \"10.0.0.2\" interval = \"30s\" }\n"
	        "serial \"plc3\" { host = \"10.0.0.2\" interval = \"30s\" }\n"
	        "station \"b\" { kind = \"national\" cycle = \"4h\"\n"
	        "	point \"tp\" { bus = \"plc2\" unit = \"ug/L\" address = 1 }\n"
	        "	point \"nh3n\" { bus = \"plc2\" unit = \"mg/L\" address = 2 }\n"
	        "}\n");
	const struct config_bus *plc = &config->buses[0], *plc2 = &config->buses[2], *plc3 = &config->buses[3];

	(void)state;
	assert_int_equal(config->bus_count, 4);
	assert_ptr_equal(plc->bus.points[0].settings, plc2->bus.points[0].settings);
	assert_ptr_not_equal(plc2->bus.points[0].settings, plc2->bus.points[1].settings);
	assert_ptr_equal(plc2->bus.settings, plc3->bus.settings);
	assert_ptr_not_equal(plc->bus.settings, plc2->bus.settings);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_is_a_site),
		cmocka_unit_test(the_life_of_alarms_is_by_rule_and_by_default_none),
		cmocka_unit_test(rules_name_their_profiles),
		cmocka_unit_test(points_become_series_and_points_of_their_bus),
		cmocka_unit_test(a_continuous_point_is_expected_as_often_as_it_is_polled),
		cmocka_unit_test(points_that_say_the_same_share_their_settings),
		cmocka_unit_test(everything_that_is_given_is_taken),
		cmocka_unit_test(absent_keys_get_what_the_contract_says),
		cmocka_unit_test(bom_crlf_comments_and_single_quotes_are_read),
		cmocka_unit_test(rules_apply_where_their_keys_say),
		cmocka_unit_test(a_maintenance_is_a_plan_of_the_stations_it_names),
		cmocka_unit_test(every_bus_has_a_rule_that_its_stations_routes_hear_of),
		cmocka_unit_test(the_hash_is_of_the_values_not_of_their_form),
		cmocka_unit_test(the_report_counts_and_ends_with_the_consequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
