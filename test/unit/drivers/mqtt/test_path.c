/* SPDX-License-Identifier: Apache-2.0 */
/* The path language: what compiles, and what it leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "path.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

static const char document[] = "{\"a\":1,\"o\":{\"b\":2,\"c.d\":3,\"\":9},\"l\":[4,[5,6],{\"x\":7}],"
                               "\"Device A\":[{\"ts\":8}],\"*\":10}";

static void a_path_leads_where_it_says(void **state)
{
	static const struct {
		const char *path;
		double value; /* 0: nowhere */
	} rows[] = {
		{ "a", 1 }, { "o.b", 2 }, { "'a'", 1 }, { "o.'c.d'", 3 }, { "'o'.'b'", 2 },
		{ "l[0]", 4 }, { "l[1][1]", 6 }, { "l[-1].x", 7 }, { "l[-3]", 4 }, { "l[2].x", 7 },
		{ "'Device A'[0].ts", 8 }, { "Device A[0].ts", 8 }, { "'*'", 10 },
		/* nowhere */
		{ "b", 0 }, { "a.b", 0 }, { "o.c.d", 0 }, { "l[3]", 0 }, { "l[-4]", 0 }, { "a[0]", 0 },
		{ "o[0]", 0 }, { "l.x", 0 }, { "l[2].x.y", 0 },
		/* the first way that leads somewhere */
		{ "z|a", 1 }, { "z|o.b|a", 2 }, { "a|o.b", 1 }, { "y|z", 0 },
	};
	json_t *root = json_loads(document, 0, NULL);

	(void)state;
	assert_non_null(root);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mqtt_path path;
		struct wq_err err;

		if (mqtt_path_compile(&path, rows[i].path, false, "field", &err) < 0)
			fail_msg("%s", err.text);
		json_t *found = mqtt_path_find(&path, root);
		if ((found != NULL ? json_number_value(found) : 0) != rows[i].value)
			fail_msg("%s leads to %g", rows[i].path,
			        found != NULL ? json_number_value(found) : 0);
	}
	json_decref(root);
}

static void what_is_no_path_is_refused_with_its_key(void **state)
{
	static const struct {
		const char *path, *word;
		bool many;
	} rows[] = {
		{ ".", "name", false }, { "a.", "name", false }, { ".a", "name", false },
		{ "a..b", "name", false }, { "''", "name", false }, { "'a", "end", false },
		{ "a'b'", ". is needed", false }, { "'a'b", ". is needed", false },
		{ "a[", "number", false }, { "a[x]", "number", false }, { "a[1", "number", false },
		{ "a[ 1]", "number", false }, { "a[+1]", "number", false }, { "a[99999]", "number", false },
		{ "a[1]b", ". is needed", false }, { "a]", ". is needed", false },
		{ "a[]", "[] is not allowed", false }, { "*", "* is not allowed", false },
		{ "a.*", "* is not allowed", false },
		{ "a.b.c.d.e.f.g.h.i", "8 steps", false }, { "[1][1][1][1][1][1][1][1][1]", "8 steps", true },
		{ "a|b|c|d", "3 ways", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mqtt_path path;
		struct wq_err err = { .text = "" };

		if (mqtt_path_compile(&path, rows[i].path, rows[i].many, "time_key", &err) != WQ_E_INVALID)
			fail_msg("%s compiles", rows[i].path);
		if (strstr(err.text, rows[i].word) == NULL || strstr(err.text, "time_key") == NULL)
			fail_msg("%s: %s", rows[i].path, err.text);
	}
}

static void the_longest_path_fits_and_a_longer_one_does_not(void **state)
{
	char text[MQTT_PATH_TEXT + 2];
	struct mqtt_path path;

	(void)state;
	/* Names of one byte use most of the room for their ends. */
	memset(text, 'x', sizeof text);
	for (size_t i = 1; i < 15; i += 2)
		text[i] = '.';
	text[MQTT_PATH_TEXT] = '\0';
	assert_int_equal(mqtt_path_compile(&path, text, false, "field", NULL), 0);
	assert_int_equal(strlen(path.ways[0].steps[7].name), MQTT_PATH_TEXT - 14);
	text[MQTT_PATH_TEXT] = 'x';
	text[MQTT_PATH_TEXT + 1] = '\0';
	assert_int_equal(mqtt_path_compile(&path, text, false, "field", NULL), WQ_E_INVALID);
}

static void nothing_is_the_place_itself_and_no_path_leads_nowhere(void **state)
{
	json_t *root = json_loads(document, 0, NULL);
	struct mqtt_path path;

	(void)state;
	assert_int_equal(mqtt_path_compile(&path, "", false, "records_key", NULL), 0);
	assert_ptr_equal(mqtt_path_find(&path, root), root);
	assert_int_equal(mqtt_path_compile(&path, NULL, false, "records_key", NULL), 0);
	assert_null(mqtt_path_find(&path, root));
	json_decref(root);
}

static void note(void *owner, json_t *place, const char *name)
{
	char *text = owner, *dump = json_dumps(place, JSON_ENCODE_ANY | JSON_COMPACT);

	sprintf(text + strlen(text), "%s%s;", name != NULL ? name : "", dump);
	free(dump);
}

static void many_places_are_visited_in_their_order(void **state)
{
	static const struct {
		const char *path, *document, *visits;
	} rows[] = {
		{ "[]", "[1,2,3]", "1;2;3;" },
		{ "[]", "{\"a\":1}", "{\"a\":1};" }, /* what is no list is its own element */
		{ "data[]", "{\"data\":[1,2]}", "1;2;" },
		{ "data[]", "{\"data\":[]}", "" },
		{ "data[]", "{}", "" },
		{ "*", "{\"a\":1,\"b\":2}", "a1;b2;" },
		{ "*[]", "{\"a\":[1,2],\"b\":[3],\"c\":4}", "a1;a2;b3;c4;" },
		{ "*.d", "{\"a\":{\"d\":1},\"b\":{\"e\":2}}", "a1;" },
		{ "*.*", "{\"a\":{\"d\":1},\"b\":2}", "d1;" },
		{ "*", "[1,2]", "" },
		{ "x[]|y[]", "{\"y\":[1]}", "1;" },
		{ "", "{\"a\":1}", "{\"a\":1};" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *root = json_loads(rows[i].document, 0, NULL);
		char visits[200] = "";
		struct mqtt_path path;

		assert_int_equal(mqtt_path_compile(&path, rows[i].path, true, "records_key", NULL), 0);
		assert_int_equal(mqtt_path_each(&path, root, note, visits), rows[i].visits[0] != '\0');
		assert_string_equal(visits, rows[i].visits);
		json_decref(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_leads_where_it_says),
		cmocka_unit_test(what_is_no_path_is_refused_with_its_key),
		cmocka_unit_test(the_longest_path_fits_and_a_longer_one_does_not),
		cmocka_unit_test(nothing_is_the_place_itself_and_no_path_leads_nowhere),
		cmocka_unit_test(many_places_are_visited_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
