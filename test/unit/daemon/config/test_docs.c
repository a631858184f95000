/* SPDX-License-Identifier: Apache-2.0 */
/* The examples in docs/ load, and docs/configuration.md tells every key of every table with its
 * default. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *source(void)
{
	const char *path = getenv("WQ_SOURCE");

	assert_non_null(path);
	return path;
}

static struct config *load_example(const char *name)
{
	static struct config_report report;
	struct config *config;
	char path[1024];

	snprintf(path, sizeof path, "%s/docs/%s", source(), name);
	config = config_load(path, &report);
	for (size_t i = 0; i < report.error_count + report.warning_count; i++) {
		if (config == NULL || strstr(report.problems[i].text, "credential") == NULL) {
			config_report_print(&report, NULL, stdout);
			fail_msg("%s has problems", name);
		}
	}
	assert_non_null(config);
	return config;
}

static void the_bureau_s_example_is_right(void **state)
{
	struct config *config = load_example("wqd.conf");
	const struct wq_site *site = &config->site;
	const uint32_t source_backup = wq_site_station(site, "yigan"),
	               tributary = wq_site_station(site, "nanheng");

	(void)state;
	assert_int_equal(site->stations[source_backup].kind, WQ_SOURCE_BACKUP);
	assert_string_equal(site->stations[source_backup].name, "一干河备用水源地");
	assert_int_equal(site->stations[tributary].flows_into, source_backup);
	assert_true(config->bus_count == 2 && config->route_count == 4);
	config_free(config);
}

/* "source" stations are held to limits of their own, and only they. */
static void the_source_is_watched_more_strictly(void **state)
{
	struct config *config = load_example("wqd.conf");
	const struct wq_site *site = &config->site;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < site->rule_count; i++) {
		const struct wq_rule_use *use = &site->rules[i];

		if (strcmp(use->name, "source-tp-early") == 0 || strcmp(use->name, "silent-source") == 0) {
			found++;
			assert_true(use->place_count > 0);
			for (size_t p = 0; p < use->place_count; p++)
				assert_int_equal(site->stations[site->series[use->places[p]].station].kind,
				        WQ_SOURCE_BACKUP);
		}
	}
	assert_int_equal(found, 2);
	config_free(config);
}

static void the_demo_has_four_stations_on_two_buses(void **state)
{
	struct config *config = load_example("demo.conf");

	(void)state;
	assert_int_equal(config->site.station_count, 4);
	assert_int_equal(config->buses[0].bus.point_count, 10);
	assert_int_equal(config->buses[1].bus.point_count, 10);
	for (size_t i = 0; i < config->site.series_count; i++)
		assert_int_equal(config->site.series[i].interval, WQ_SECONDS(1));
	assert_int_equal(config->routes[0].escalate_after[WQ_LEVEL_ALARM], WQ_SECONDS(10));
	config_free(config);
}

static void the_backtest_example_takes_any_station(void **state)
{
	static const char *const ids[] = { "一号" };
	static const char *const columns[] = { "ph", "do", "codmn", "nh3n", "tp", "temp" };
	struct config *base = load_example("backtest.conf"), *config;
	uint32_t index[6];

	(void)state;
	assert_true(base->any_station);
	config = config_for_series(base, ids, 1, columns, 6, NULL, index, NULL);
	assert_non_null(config);
	assert_int_equal(config->site.rules[0].place_count, 5);
	for (size_t i = 0; i < config->site.rule_count; i++)
		assert_true(config->site.rules[i].place_count > 0);
	config_free(config);
	config_free(base);
}

static char *read_text(const char *name)
{
	char path[1024];
	char *text = calloc(1, 1 << 20);
	FILE *from;

	snprintf(path, sizeof path, "%s/docs/%s", source(), name);
	from = fopen(path, "r");
	assert_non_null(from);
	assert_true(fread(text, 1, (1 << 20) - 1, from) > 0);
	fclose(from);
	return text;
}

/* The text under "### `name`" up to the next heading. */
static char *chapter(const char *text, const char *name)
{
	char heading[100];
	const char *begin, *end;

	snprintf(heading, sizeof heading, "\n### `%s`", name);
	begin = strstr(text, heading);
	if (begin == NULL)
		fail_msg("configuration.md has no chapter for section '%s'", name);
	begin++;
	end = strstr(begin + 1, "\n##");
	return end == NULL ? strdup(begin) : strndup(begin, (size_t)(end - begin));
}

static size_t count_missing(const char *text, const char *section, const struct wq_option *rows)
{
	size_t missing = 0;

	for (; rows != NULL && rows->key != NULL; rows++) {
		char cell[100], fallback[100];
		const char *line, *end, *found;

		snprintf(cell, sizeof cell, "| `%s` |", rows->key);
		snprintf(fallback, sizeof fallback, "`%s`",
		        rows->fallback == NULL ? "" : rows->fallback);
		line = strstr(text, cell);
		end = line == NULL ? NULL : strchr(line, '\n');
		found = line == NULL ? NULL : strstr(line + strlen(cell), fallback);
		if (line == NULL) {
			print_message("%s: key '%s' is not told\n", section, rows->key);
			missing++;
		} else if (rows->fallback != NULL && rows->fallback[0] != '\0' &&
		        (found == NULL || found > end)) {
			print_message("%s: default %s of '%s' is not told\n", section, fallback,
			        rows->key);
			missing++;
		}
	}
	return missing;
}

static void every_key_and_default_is_told(void **state)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	struct arena *arena = arena_new();
	char *text = read_text("configuration.md");
	struct schema schema;
	size_t missing = 0;

	(void)state;
	schema_build(&schema, &tables, arena);
	for (size_t i = 0; i < schema.count; i++) {
		const struct section_kind *kind = &schema.kinds[i];
		char *part = chapter(text, kind->name);

		/* Keys of places, of points and of all channels are told once, not with every plug-in. */
		if (kind->role != SECTION_RULE && kind->role != SECTION_CHANNEL)
			missing += count_missing(part, kind->name, kind->rows);
		for (size_t t = 0; kind->role != SECTION_POINT && kind->more != NULL && kind->more[t] != NULL; t++)
			missing += count_missing(part, kind->name, kind->more[t]);
		if (kind->role == SECTION_BUS)
			missing += count_missing(part, kind->name,
			        ((const struct wq_driver *)kind->plugin)->point_options);
		free(part);
	}
	missing += count_missing(text, "rules", schema_rule);
	missing += count_missing(text, "channels", schema_channel);
	assert_int_equal(missing, 0);
	free(text);
	arena_free(arena);
}

/* Sections of all plug-ins share one file: no two may have the same name. */
static void no_two_sections_share_a_name(void **state)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	struct arena *arena = arena_new();
	struct schema schema;

	(void)state;
	schema_build(&schema, &tables, arena);
	for (size_t i = 0; i < schema.count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(schema.kinds[i].name, schema.kinds[k].name);
	}
	arena_free(arena);
}

/* A driver's key of points must not hide a common one, nor two rows of one table each other. */
static void no_key_hides_another(void **state)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	struct arena *arena = arena_new();
	struct schema schema;

	(void)state;
	schema_build(&schema, &tables, arena);
	for (size_t i = 0; i < schema.count; i++) {
		const struct section_kind *kind = &schema.kinds[i];

		for (size_t t = 0; kind->more != NULL && kind->more[t] != NULL; t++) {
			for (const struct wq_option *row = kind->more[t]; row->key != NULL; row++) {
				for (const struct wq_option *own = kind->rows; own->key != NULL;
				        own++)
					assert_string_not_equal(row->key, own->key);
			}
		}
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bureau_s_example_is_right),
		cmocka_unit_test(the_source_is_watched_more_strictly),
		cmocka_unit_test(the_demo_has_four_stations_on_two_buses),
		cmocka_unit_test(the_backtest_example_takes_any_station),
		cmocka_unit_test(every_key_and_default_is_told),
		cmocka_unit_test(no_two_sections_share_a_name),
		cmocka_unit_test(no_key_hides_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
