/* SPDX-License-Identifier: Apache-2.0 */
/* Instrument profiles: what a point takes from one, what is wrong in one, and every profile that is
 * shipped. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/err.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config_report report;

static struct config *load(const char *path, const char *points)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, NULL };
	static char text[16384];

	snprintf(text, sizeof text,
	        "site { name = \"x\" }\n"
	        "modbus \"bus\" { host = \"192.0.2.1\" }\n"
	        "station \"a\" {\n"
	        "kind = \"national\"\n"
	        "%s\n"
	        "}\n",
	        points);
	return config_load_text(text, strlen(text), path, &tables, &report);
}

static struct config *sound(const char *points)
{
	struct config *config = load("/tmp/x.conf", points);

	if (config == NULL) {
		config_report_print(&report, NULL, stdout);
		fail_msg("%s is refused", points);
	}
	return config;
}

/* The field of a point's setting. */
static const void *setting(const struct config *config, size_t point, const char *key)
{
	const struct wq_driver *driver = config->buses[0].driver;

	for (const struct wq_option *row = driver->point_options; row->key != NULL; row++)
		if (strcmp(row->key, key) == 0)
			return (const char *)config->buses[0].bus.points[point].settings + row->offset;
	fail_msg("no key %s", key);
	return NULL;
}

static int64_t whole(const struct config *config, size_t point, const char *key)
{
	return *(const int64_t *)setting(config, point, key);
}

/* What is wrong, past the warnings that a site without rules and routes gets. */
static const struct config_problem *wrong(void)
{
	for (size_t i = 0; i < report.error_count + report.warning_count; i++)
		if (!report.problems[i].warning)
			return &report.problems[i];
	fail_msg("nothing is wrong");
	return report.problems;
}

/* A profile of our own, in a file. */
static const char *profile(const char *text)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/wq-profile-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void a_point_takes_what_it_does_not_say_itself(void **state)
{
	const char *path = profile("point \"*\" { order = \"CDAB\" time_address = 0 scale = \"2\" }\n"
	                           "point \"tp\" { address = 0x10 scale = \"3\" unit = \"mg/L\" }\n"
	                           "point \"tn\" { address = 0x20 }\n");
	struct config *config;
	char points[512];

	(void)state;
	snprintf(points, sizeof points,
	        "point \"总磷\" { bus = \"bus\" unit_id = 7 profile = \"%s\" }\n"
	        "point \"tn\" { bus = \"bus\" profile = \"%s\" unit = \"mg/L\" address = 50 time_address = 60 }",
	        path, path);
	config = sound(points);
	assert_int_equal(config->buses[0].bus.point_count, 2);
	assert_int_equal(whole(config, 0, "address"), 0x10);
	assert_int_equal(whole(config, 0, "unit_id"), 7);
	assert_int_equal(whole(config, 0, "time_address"), 0);
	assert_string_equal(*(const char *const *)setting(config, 0, "scale"), "3");
	assert_int_equal(whole(config, 1, "address"), 50);
	assert_int_equal(whole(config, 1, "time_address"), 60);
	assert_string_equal(*(const char *const *)setting(config, 1, "scale"), "2");
	config_free(config);
	unlink(path);
}

static void a_star_is_all_points_but_those_that_stand_alone(void **state)
{
	const char *path = profile("point \"*\" { unit = \"mg/L\" }\n"
	                           "point \"tp\" { address = 10 }\n"
	                           "point \"tn\" { address = 20 }\n"
	                           "point \"codmn\" { address = 30 }\n");
	struct config *config;
	char points[512];

	(void)state;
	snprintf(points, sizeof points,
	        "point \"*\" { bus = \"bus\" unit_id = 7 profile = \"%s\" }\n"
	        "point \"tn\" { bus = \"bus\" unit = \"mg/L\" address = 99 }\n"
	        "}\nstation \"b\" {\nkind = \"national\"\n"
	        "point \"*second\" { bus = \"bus\" unit_id = 8 profile = \"%s\" }\n",
	        path, path);
	config = sound(points);
	assert_int_equal(config->buses[0].bus.point_count, 6);
	assert_int_equal(config->site.stations[0].series_count, 3);
	assert_int_equal(config->site.stations[1].series_count, 3);
	for (size_t i = 0; i < 6; i++) {
		const struct wq_point *p = &config->buses[0].bus.points[i];

		assert_string_equal(p->station, i < 3 ? "a" : "b");
		if (strcmp(p->parameter, "tn") == 0)
			assert_int_equal(whole(config, i, "address"), i < 3 ? 99 : 20);
	}
	config_free(config);
	unlink(path);
}

static void errors_name_the_profile_and_its_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *says;
	} rows[] = {
		{ "point \"tp\" {\n address = 70\n order = \"XYZ\" }", 3, "[station \"a\" point \"tp\"] order = XYZ" },
		{ "point \"tp\" {\n adress = 70 }", 2, "unknown key 'adress'" },
		{ "point \"tp\" {\n address = 70\n bus = \"bus\" }", 3, "bus is said by the point that uses" },
		{ "point \"tp\" {\n address = 70\n unit_id = 3 }", 3, "unit_id is said by" },
		{ "point \"tp\" {\n profile = \"x\" }", 2, "profile is said by" },
		{ "station \"tp\" {\n address = 70 }", 1, "station" },
		{ "# nothing\n", 0, "has no point" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = profile(rows[i].text);
		char points[256];

		snprintf(points, sizeof points,
		        "point \"tp\" { bus = \"bus\" unit = \"mg/L\" profile = \"%s\" }", path);
		assert_null(load("/tmp/x.conf", points));
		assert_int_equal(report.error_count, 1);
		assert_string_equal(wrong()->file, path);
		assert_int_equal(wrong()->line, rows[i].line);
		if (strstr(wrong()->text, rows[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", wrong()->text, rows[i].says);
		unlink(path);
	}
}

static void what_a_profile_lacks_is_told_where_it_is_used(void **state)
{
	const char *path = profile("point \"tp\" { address = 10 }\n");
	char points[512];

	(void)state;
	snprintf(points, sizeof points, "point \"tn\" { bus = \"bus\" unit = \"mg/L\" profile = \"%s\" }", path);
	assert_null(load("/tmp/x.conf", points));
	assert_string_equal(wrong()->file, "");
	assert_int_equal(wrong()->line, 5);
	assert_non_null(strstr(wrong()->text, "has no point \"tn\""));
	snprintf(points, sizeof points, "point \"*\" { bus = \"bus\" profile = \"%s\" }", path);
	assert_null(load("/tmp/x.conf", points));
	assert_non_null(strstr(wrong()->text, "[station \"a\" point \"*: tp\"] unit is missing"));
	unlink(path);
	assert_null(load("/tmp/x.conf", "point \"tp\" { bus = \"bus\" unit = \"mg/L\" profile = \"no-such\" }"));
	assert_int_equal(report.error_count, 1);
	assert_non_null(strstr(wrong()->text, "/share/wqd/modbus/no-such.profile cannot be read"));
	assert_null(load("/tmp/x.conf", "point \"*\" { bus = \"bus\" unit = \"mg/L\" profile = \"./no\" }"));
	assert_int_equal(report.error_count, 1);
	assert_non_null(strstr(wrong()->text, "/tmp/./no cannot be read"));
	assert_null(load("/tmp/x.conf", "point \"*\" { bus = \"bus\" unit = \"mg/L\" profile = \"dkk\" }"));
	assert_non_null(strstr(wrong()->text, "does not say which parameters it has"));
}

/* Every shipped profile gives a bus that the driver accepts. */
static void every_shipped_profile_is_right(void **state)
{
	char path[1024], points[512];
	const struct dirent *file;
	size_t count = 0;
	DIR *dir;

	(void)state;
	snprintf(path, sizeof path, "%s/drivers/modbus/profiles", getenv("WQ_SOURCE"));
	dir = opendir(path);
	assert_non_null(dir);
	while ((file = readdir(dir)) != NULL) {
		char *text, *name = strdup(file->d_name), *end = strstr(name, ".profile");
		struct config *config;
		struct wq_err err;
		size_t length;
		bool each;

		if (end == NULL) {
			free(name);
			continue;
		}
		*end = '\0';
		snprintf(path, sizeof path, "%s/drivers/modbus/profiles/%s", getenv("WQ_SOURCE"), file->d_name);
		text = load_whole(path, 65536, &length, &err);
		assert_non_null(text);
		text[length] = '\0';
		assert_non_null(strstr(text, "\n# Sureness: "));
		each = strstr(text, "\npoint \"do\"") != NULL;
		snprintf(points, sizeof points, "point \"%s\" { bus = \"bus\" %s profile = \"%s\" }",
		        each ? "*" : "tp", each ? "" : "unit = \"mg/L\"", name);
		config = sound(points);
		assert_true(config->buses[0].bus.point_count >= (each ? 3u : 1u));
		for (size_t i = 0; i < report.warning_count; i++)
			assert_null(strstr(report.problems[i].text, "point"));
		config_free(config);
		free(text);
		free(name);
		count++;
	}
	closedir(dir);
	assert_true(count >= 15);
}

/* Address and width of one row of the table, of both kinds of instrument; they agree. */
static void look_up(FILE *table, const char *code, long *address, long *registers, char type[16])
{
	char line[512], map[32], found[64];
	int rows = 0;

	rewind(table);
	while (fgets(line, sizeof line, table) != NULL) {
		long a, n;
		char t[16];

		if (sscanf(line, "%31[^,],%ld,%*[^,],%ld,%15[^,],%63[^,]", map, &a, &n, t, found) != 5 ||
		        strcmp(found, code) != 0)
			continue;
		assert_true(rows == 0 || (a == *address && n == *registers));
		*address = a;
		*registers = n;
		strcpy(type, t);
		rows++;
	}
	assert_int_equal(rows, 2);
}

static void the_national_profile_is_the_national_table(void **state)
{
	static const struct {
		const char *code, *key, *type;
		long registers;
	} rows[] = {
		{ "MeaTestTime", "time_address", "DATE", 3 },
		{ "MeaTestVal", "address", "FLOAT", 2 },
		{ "MeaTestFlag", "flag_address", "CHAR", 6 },
		{ "DevAlarm", "alarm_address", "WORD", 1 },
		{ "DevFault", "fault_address", "WORD", 1 },
	};
	struct config *config = sound(
	        "point \"tp\" { bus = \"bus\" unit = \"mg/L\" profile = \"national-surface\" }");
	char path[1024], type[16];
	FILE *table;

	(void)state;
	snprintf(path, sizeof path, "%s/tables/modbus_surface_instrument.csv",
	        getenv("WQ_SHARED") == NULL ? "" : getenv("WQ_SHARED"));
	table = fopen(path, "r");
	if (table == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		config_free(config);
		skip();
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		long address = 0, registers = 0;

		look_up(table, rows[i].code, &address, &registers, type);
		assert_int_equal(whole(config, 0, rows[i].key), address);
		assert_int_equal(registers, rows[i].registers);
		assert_string_equal(type, rows[i].type);
	}
	assert_int_equal(whole(config, 0, "flag_registers"), 6);
	fclose(table);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_takes_what_it_does_not_say_itself),
		cmocka_unit_test(a_star_is_all_points_but_those_that_stand_alone),
		cmocka_unit_test(errors_name_the_profile_and_its_line),
		cmocka_unit_test(what_a_profile_lacks_is_told_where_it_is_used),
		cmocka_unit_test(every_shipped_profile_is_right),
		cmocka_unit_test(the_national_profile_is_the_national_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
