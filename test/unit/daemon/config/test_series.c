/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that backtest makes of the stations and columns of a CSV. */
#include "loading.h"

#include "wq/err.h"

static const char text[] =
        HEAD "station \"up\" { kind = tributary class = II flows_into = \"yigan\" }\n"
             "station \"*\" { kind = national cycle = \"4h\" water = lake }\n"
             "above \"tp\" { parameters = { \"tp\" } }\n"
             "above \"national\" { kinds = { \"national\" } }\n"
             "above \"yigan\" { stations = { \"yigan\" } }\n"
             "day \"d\" { }\n";

static void stations_of_a_csv_take_their_settings_or_the_template(void **state)
{
	static const char *const ids[] = { "望虞河", "up", "yigan" };
	static const char *const columns[] = { "ph", "w21011" };
	struct config *base = load_right(text), *config;
	uint32_t index[2];
	const struct wq_site *site;

	(void)state;
	assert_true(base->any_station);
	assert_int_equal(base->site.station_count, 2);
	config = config_for_series(base, ids, 3, columns, 2, NULL, index, NULL);
	assert_non_null(config);
	site = &config->site;
	assert_int_equal(site->station_count, 3);
	assert_int_equal(site->series_count, 6);
	assert_string_equal(site->stations[0].name, "望虞河");
	assert_int_equal(site->stations[0].kind, WQ_NATIONAL);
	assert_int_equal(site->stations[0].water, WQ_LAKE);
	assert_int_equal(site->stations[1].target, 2);
	assert_int_equal(site->stations[1].flows_into, 2);
	assert_string_equal(site->stations[2].name, "一干河");
	assert_string_equal(site->parameters[index[1]].alias, "tp");
	assert_int_equal(wq_site_series(site, 2, index[1]), 5);
	assert_int_equal(site->series[0].interval, WQ_HOURS(4));
	assert_int_equal(site->series[2].interval, WQ_MINUTES(1)); /* "up" has no cycle */
	assert_int_equal(site->series[5].cycle, WQ_HOURS(4));      /* as its point says */
	assert_int_equal(site->series[5].station, 2);
	assert_string_equal(site->sources[0], "csv");
	config_free(config);
	config_free(base);
}

static void rules_are_resolved_anew(void **state)
{
	static const char *const ids[] = { "a", "yigan" };
	static const char *const columns[] = { "nh3n", "tp" };
	struct config *base = load_right(text), *config;
	uint32_t index[2];

	(void)state;
	config = config_for_series(base, ids, 2, columns, 2, NULL, index, NULL);
	assert_non_null(config);
	assert_int_equal(config->site.rule_count, 4 + CONFIG_SELF_RULES);
	assert_int_equal(config->site.rules[0].place_count, 2);
	assert_int_equal(config->site.rules[0].places[0], 1);
	assert_int_equal(config->site.rules[0].places[1], 3);
	assert_int_equal(config->site.rules[1].place_count, 2);
	assert_int_equal(config->site.rules[2].place_count, 2);
	assert_int_equal(config->site.rules[2].places[0], 2);
	assert_int_equal(config->site.rules[3].place_count, 2);
	assert_true(config->site.rules[0].hash == base->site.rules[0].hash);
	assert_int_equal(config->site.rules[0].escalate_after[WQ_LEVEL_ALARM], WQ_MINUTES(30));
	config_free(config);
	config_free(base);
}

static void what_does_not_fit_is_refused_with_a_reason(void **state)
{
	static const char *const unknown[] = { "nowhere" }, *const known[] = { "yigan" };
	static const char *const tp[] = { "tp" }, *const wrong[] = { "tpp" },
	                         *const twice[] = { "tp", "w21011" };
	struct config *base = load_right(HEAD);
	uint32_t index[2];
	struct wq_err err;

	(void)state;
	assert_null(config_for_series(base, unknown, 1, tp, 1, NULL, index, &err));
	assert_int_equal(err.code, WQ_E_MISSING);
	assert_non_null(strstr(err.text, "nowhere"));
	assert_null(config_for_series(base, known, 1, wrong, 1, NULL, index, &err));
	assert_non_null(strstr(err.text, "did you mean 'tp'?"));
	assert_null(config_for_series(base, known, 1, twice, 2, NULL, index, &err));
	assert_non_null(strstr(err.text, "same parameter"));
	config_free(base);
}

static void a_template_alone_is_enough(void **state)
{
	static const char *const ids[] = { "a" }, *const columns[] = { "tp" };
	static struct config_report report;
	struct config *base = load("site { name = \"x\" }\nstation \"*\" { kind = national }\n"
	                           "above \"tp\" { parameters = { \"tp\" } }\n",
	        &report);
	struct config *config;
	uint32_t index[1];

	(void)state;
	assert_non_null(base);
	assert_int_equal(report.warning_count, 0);
	config = config_for_series(base, ids, 1, columns, 1, NULL, index, NULL);
	assert_non_null(config);
	assert_int_equal(config->site.rules[0].place_count, 1);
	config_free(config);
	config_free(base);
}

static void what_a_station_does_not_measure_is_no_series_of_it(void **state)
{
	static const char *const ids[] = { "a", "b" }, *const columns[] = { "ph", "nh3n", "tp" };
	static const bool measured[] = { true, false, true, false, false, true };
	struct config *base = load_right(text), *config;
	uint32_t index[3];
	const struct wq_site *site;

	(void)state;
	config = config_for_series(base, ids, 2, columns, 3, measured, index, NULL);
	assert_non_null(config);
	site = &config->site;
	assert_int_equal(site->series_count, 3);
	assert_int_equal(site->stations[0].series_count, 2);
	assert_int_equal(site->stations[1].first_series, 2);
	assert_int_equal(site->stations[1].series_count, 1);
	assert_int_equal(wq_site_series(site, 0, index[1]), WQ_NONE);
	assert_int_equal(wq_site_series(site, 1, index[2]), 2);
	config_free(config);
	config_free(base);
}

static void routes_come_along_with_the_stations_that_are_there(void **state)
{
	static const char *const ids[] = { "a", "yigan" }, *const columns[] = { "tp" };
	struct config *base = load_right(HEAD
	        "station \"up\" { kind = tributary }\nstation \"*\" { kind = national }\n"
	        "route \"two\" { stations = { \"up\", \"yigan\" } lead = \"lead\" }\n"),
	              *config;
	const struct config_route *route;
	uint32_t index[1];

	(void)state;
	config = config_for_series(base, ids, 2, columns, 1, NULL, index, NULL);
	assert_non_null(config);
	assert_int_equal(config->route_count, base->route_count);
	route = &config->routes[config->route_count - 1];
	assert_string_equal(route->id, "two");
	assert_int_equal(route->station_count, 1);
	assert_int_equal(route->stations[0], 1);
	assert_int_equal(config->contact_count, base->contact_count);
	config_free(config);
	config_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stations_of_a_csv_take_their_settings_or_the_template),
		cmocka_unit_test(rules_are_resolved_anew),
		cmocka_unit_test(what_does_not_fit_is_refused_with_a_reason),
		cmocka_unit_test(a_template_alone_is_enough),
		cmocka_unit_test(what_a_station_does_not_measure_is_no_series_of_it),
		cmocka_unit_test(routes_come_along_with_the_stations_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
