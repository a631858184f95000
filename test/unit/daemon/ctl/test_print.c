/* SPDX-License-Identifier: Apache-2.0 */
/* What wqctl prints: tables that line up with Chinese in them, and a status with anything missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/status.h"
#include "ctl/table.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *status_text(const char *json)
{
	json_t *status = json_loads(json, JSON_DECODE_ANY, NULL);
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	assert_non_null(status);
	assert_true(status_print(status, to));
	fclose(to);
	json_decref(status);
	return text;
}

static void a_chinese_character_is_two_columns_wide(void **state)
{
	(void)state;
	assert_int_equal(ctl_text_width(""), 0);
	assert_int_equal(ctl_text_width("tp"), 2);
	assert_int_equal(ctl_text_width("总磷"), 4);
	assert_int_equal(ctl_text_width("Ⅲ类 mg/L"), 8);
	assert_int_equal(ctl_text_width("\xff\xfe"), 2);
	assert_int_equal(ctl_text_width("总\xe7"), 3);
}

static void columns_line_up(void **state)
{
	static const char *const headings[] = { "STATION", "NAME", "TP" };
	static const char *const rows[][3] = { { "yigan", "一干河备用水源地", "0.12" },
		{ "nanheng-tao-he", NULL, "0.2" } };
	struct ctl_table table;
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	(void)state;
	ctl_table_begin(&table, 3, headings);
	ctl_table_row(&table, rows[0]);
	ctl_table_row(&table, rows[1]);
	assert_true(ctl_table_print(&table, to));
	fclose(to);
	assert_string_equal(text,
	        "STATION         NAME              TP\n"
	        "yigan           一干河备用水源地  0.12\n"
	        "nanheng-tao-he  -                 0.2\n");
	free(text);
	ctl_table_free(&table);
}

static void what_is_wrong_with_the_links_is_told(void **state)
{
	static const struct {
		const char *status, *want;
	} rows[] = {
		{ "{}", "" },
		{ "{\"links\":null}", "" },
		{ "{\"links\":{\"state\":\"served\",\"listen\":\"127.0.0.1:8090\",\"why\":\"\",\"keys\":\"\"}}",
		        "links     served, on 127.0.0.1:8090\n" },
		{ "{\"links\":{\"state\":\"not served\",\"listen\":\"/x\",\"why\":\"in use\",\"keys\":\"no file\"}}",
		        "links     not served, on /x\nlinks     in use\nlinks     no file\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = status_text(rows[i].status);
		const char *found = strstr(text, "links");

		assert_string_equal(found != NULL ? found : "", rows[i].want);
		free(text);
	}
}

static void a_table_without_rows_is_not_printed(void **state)
{
	static const char *const headings[] = { "A", "B" };
	struct ctl_table table;
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	(void)state;
	ctl_table_begin(&table, 2, headings);
	assert_true(ctl_table_print(&table, to));
	fclose(to);
	assert_string_equal(text, "");
	free(text);
	ctl_table_free(&table);
}

/* A station's name must not steer the terminal of the operator. */
static void control_characters_do_not_reach_the_terminal(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	(void)state;
	ctl_text_write(to,
	        "a\x1b[2Jb\nc\rd\x7f"
	        "e\xc2\x9b" /* C1: a CSI in one character */
	        "f\xff总");
	fclose(to);
	assert_string_equal(text, "a?[2Jb?c?d?e?f?总");
	free(text);
}

static void a_whole_status_is_shown(void **state)
{
	char *text = status_text(
	        "{\"site\":\"张家港\",\"version\":\"0.1.0\",\"pid\":42,\"started\":\"2026-03-05T08:"
	        "00:00+08:00\","
	        "\"uptime_s\":363600,\"clock_trusted\":true,"
	        "\"store\":{\"state\":\"trouble\",\"text\":\"disk "
	        "full\",\"waiting_groups\":3,\"committed\":17},"
	        "\"standard\":{\"name\":\"GB 3838-2002\",\"version\":\"2002\"},"
	        "\"inbox\":{\"depth\":1,\"room\":4096,\"refused\":0},"
	        "\"notices\":{\"waiting\":2,\"sent\":5,\"failed\":0},\"open_alarms\":1,"
	        "\"buses\":[{\"name\":\"plc\",\"driver\":\"modbus\",\"state\":\"partly\",\"units\":"
	        "["
	        "{\"name\":\"1\",\"state\":\"up\",\"last_ok\":\"2026-03-05T08:10:00+08:00\","
	        "\"failures\":0},"
	        "{\"name\":\"2\",\"state\":\"down\",\"last_ok\":null,\"failures\":9,\"why\":\"no "
	        "answer\"}]},"
	        "{\"name\":\"centre\",\"driver\":\"mqtt\",\"state\":\"up\",\"units\":[]}],"
	        "\"stations\":[{\"id\":\"yigan\",\"name\":\"一干河\",\"readings\":["
	        "{\"parameter\":\"tp\",\"value\":0.263,\"unit\":\"mg/"
	        "L\",\"time\":\"2026-03-05T08:00:00+08:00\"}]}]}");

	(void)state;
	assert_string_equal(text,
	        "site      张家港, wqd 0.1.0, pid 42, started 2026-03-05T08:00:00+08:00, clock "
	        "trusted: yes\n"
	        "up        4 d 5 h\n"
	        "standard  GB 3838-2002, version 2002\n"
	        "store     trouble, disk full, committed 17, waiting groups 3\n"
	        "inbox     waiting 1, room 4096, refused 0\n"
	        "notices   waiting 2, sent 5, failed 0\n"
	        "alarms    open 1\n"
	        "\n"
	        "BUS     DRIVER  STATE   UNIT  STATE  LAST OK                    FAILURES  WHY\n"
	        "plc     modbus  partly  1     up     2026-03-05T08:10:00+08:00  0         -\n"
	        "plc     modbus  partly  2     down   -                          9         no "
	        "answer\n"
	        "centre  mqtt    up      -     -      -                          -         -\n"
	        "\n"
	        "STATION  NAME    PARAMETER  VALUE  UNIT  TIME\n"
	        "yigan    一干河  tp         0.263  mg/L  2026-03-05T08:00:00+08:00\n");
	free(text);
}

static void whatever_is_missing_or_odd_is_left_out(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "" },
		{ "[]", "" },
		{ "7", "" },
		{ "{\"buses\":{},\"stations\":null,\"store\":3,\"uptime_s\":\"x\"}", "" },
		{ "{\"store\":{\"state\":\"ok\",\"text\":\"\"}}", "store     ok\n" },
		{ "{\"uptime_s\":3725}", "up        1 h 2 min\n" },
		{ "{\"maintenance\":[]}", "" },
		{ "{\"maintenance\":[{\"station\":\"yigan\",\"parameter\":\"tp\",\"by\":\"plan\",\"who\":\"weekly-tp\",\"since\":\"a\","
		  "\"until\":\"b\",\"reason\":\"标样\"},{\"station\":\"up\",\"parameter\":null,\"by\":\"flag\",\"who\":\"M\","
		  "\"since\":\"a\",\"until\":null,\"reason\":\"\"}]}",
		        "maintain  yigan, tp, by plan, weekly-tp, since a, until b, 标样\n"
		        "maintain  up, by flag, M, since a\n" },
		{ "{\"profiles\":[{\"profile\":\"flood\",\"state\":\"on\",\"dates\":\"x\",\"by\":\"hand\",\"who\":\"王\","
		  "\"since\":\"a\",\"until\":\"b\",\"reason\":\"秋汛\"},{\"profile\":\"winter\",\"state\":\"off\",\"by\":\"date\","
		  "\"who\":null,\"until\":null,\"reason\":null}]}",
		        "profile   flood, on, by hand, 王, until b, 秋汛\n"
		        "profile   winter, off, by date\n" },
		{ "{\"stations\":[7,{}]}",
		        "\nSTATION  NAME  PARAMETER  VALUE  UNIT  TIME\n"
		        "-        -     -          -      -     -\n"
		        "-        -     -          -      -     -\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = status_text(rows[i][0]);
		/* The line of the daemon itself is always there. */
		const char *rest = strncmp(text, "site ", 5) == 0 ? strchr(text, '\n') + 1 : text;
		assert_string_equal(rest, rows[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chinese_character_is_two_columns_wide),
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(what_is_wrong_with_the_links_is_told),
		cmocka_unit_test(a_table_without_rows_is_not_printed),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(a_whole_status_is_shown),
		cmocka_unit_test(whatever_is_missing_or_odd_is_left_out),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
