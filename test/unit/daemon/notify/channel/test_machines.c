/* SPDX-License-Identifier: Apache-2.0 */
/* Mail as it is put together and what its server says; programs that are run. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW  1772697605000 /* 2026-03-05 08:00:05 UTC, a Thursday */
#define MAIL "mail \"m\" { url = \"smtp://127.0.0.1:25\" from = \"wqd@station.example\" }"

/* ---- mail ---- */

static void a_mail_is_byte_for_byte_what_it_should_be(void **state)
{
	static const char want[] =
	        "From: <wqd@station.example>\r\nTo: <zhang@bureau.example>\r\n"
	        "Subject: =?UTF-8?B?W+mihOitpl0g5LiA5bmy5rKz5oC756O3IOaWsOWPkeeUnyBXMjAyNjAz?=\r\n"
	        " =?UTF-8?B?MDUtMDA3?=\r\n"
	        "Date: Thu, 05 Mar 2026 08:00:05 +0000\r\nMessage-ID: <abc-W20260305-007-1-zhang@wqd>\r\n"
	        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	        "5rC0LuS4gA==\r\n";
	struct kit kit = kit_open(MAIL);
	struct wq_notice n = kit_notice();
	struct wq_request request = { 0 };
	struct wq_err err;

	(void)state;
	snprintf(n.text, sizeof n.text, "水.一");
	assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err), WQ_E_STATE); /* no address */
	snprintf(n.email, sizeof n.email, "zhang@bureau.example");
	assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err), 0);
	assert_string_equal(request.body, want);
	assert_int_equal(request.body_length, sizeof want - 1);
	assert_string_equal(request.mail_to, "<zhang@bureau.example>");
	assert_false(request.plain);
	kit_close(&kit);
}

/* What stands in the encoded words of a mail's subject. */
static void read_subject(const char *mail, char out[256])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = strstr(mail, "Subject: "), *end = strstr(mail, "Date: ");
	size_t used = 0;

	for (at = strstr(at, "?B?"); at != NULL && at < end; at = strstr(at, "?B?")) {
		unsigned bits = 0, count = 0;

		for (at += 3; *at != '?'; at++) {
			const char *digit = strchr(digits, *at);

			if (*at == '=' || digit == NULL)
				continue;
			bits = bits << 6 | (unsigned)(digit - digits);
			if (++count % 4 != 1 && used < 255)
				out[used++] = (char)(bits >> (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0));
		}
	}
	out[used] = '\0';
}

/* Built of the fields: a stop in a name ends nothing, and what is no alarm has no number. */
static void the_subject_of_an_english_message_is_english(void **state)
{
	static const struct {
		enum wq_topic topic;
		enum wq_level level;
		const char *text, *data, *want;
	} rows[] = {
		{ WQ_TOPIC_ALARM, WQ_LEVEL_ALARM, "[ALARM] No. 3 Bridge (no3) 03-05 16:00 total phosphorus 9 mg/L. No. W20260305-007",
		        "{\"station\":{\"id\":\"no3\",\"name_en\":\"No. 3 Bridge\"},\"parameter\":{\"alias\":\"tp\",\"name_en\":\"total phosphorus\"}}",
		        "[ALARM] No. 3 Bridge (no3) total phosphorus alarm, W20260305-007" },
		{ WQ_TOPIC_ALARM, WQ_LEVEL_WATCH, "[RETOLD] [TEST] [WATCH] yigan x. No. W20260305-007",
		        "{\"station\":{\"id\":\"yigan\"},\"parameter\":{\"alias\":\"tp\"}}",
		        "[RETOLD] [TEST] [WATCH] yigan tp watch, W20260305-007" },
		{ WQ_TOPIC_ALARM, WQ_LEVEL_WARNING, "[FAULT] The site 03-05 16:00: bus plc is down. No. W20260305-007",
		        "{\"station\":null,\"parameter\":null,\"rule\":\"wqd:bus:plc\",\"evidence\":{\"kind\":\"system\"}}",
		        "[FAULT] The site bus down: plc warning, W20260305-007" },
		{ WQ_TOPIC_HANDOVER, WQ_LEVEL_INFO, "[Handover] water from 20:00, you are in the lead.",
		        "{\"site\":\"x\",\"site_en\":\"Zhangjiagang\"}",
		        "[Handover] Zhangjiagang" },
		{ WQ_TOPIC_DIGEST, WQ_LEVEL_WATCH, "[DIGEST] 3 in all (alarm 3).",
		        "{\"site\":\"x\"}",
		        "[DIGEST] Water quality early warning" },
	};
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kit kit = kit_open(MAIL);
		struct wq_notice n = kit_notice();
		struct wq_request request = { 0 };
		char subject[256];

		n.topic = rows[i].topic;
		n.level = rows[i].level;
		snprintf(n.email, sizeof n.email, "zhang@bureau.example");
		snprintf(n.text, sizeof n.text, "%s", rows[i].text);
		snprintf(n.data, sizeof n.data, "%s", rows[i].data);
		assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err), 0);
		read_subject(request.body, subject);
		assert_string_equal(subject, rows[i].want);
		kit_close(&kit);
	}
}

static void no_line_of_a_mail_is_too_long_and_no_character_is_torn(void **state)
{
	struct kit kit = kit_open(MAIL);
	struct wq_notice n = kit_notice();
	struct wq_request request = { 0 };
	struct wq_err err;

	(void)state;
	snprintf(n.email, sizeof n.email, "zhang@bureau.example");
	memset(n.text, 0, sizeof n.text);
	while (strlen(n.text) + 8 < sizeof n.text)
		strcat(n.text, "水a");
	snprintf(n.data, sizeof n.data,
	        "{\"station\":{\"name\":\"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\"}}");
	assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err), 0);
	for (const char *line = request.body; *line != '\0';) {
		const char *end = strstr(line, "\r\n");

		assert_non_null(end);
		assert_true(end - line <= 78);
		line = end + 2;
	}
	kit_close(&kit);
}

static void replies_of_a_mail_server_decide(void **state)
{
	static const struct {
		int status;
		enum wq_result_kind kind;
	} rows[] = { { 250, WQ_SENT }, { 451, WQ_RETRY }, { 421, WQ_RETRY }, { 550, WQ_DROP }, { 553, WQ_DROP },
		{ 535, WQ_CONFIG }, { 554, WQ_CONFIG }, { 0, WQ_RETRY } };
	struct kit kit = kit_open(MAIL);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(kit_judge(&kit, rows[i].status, "", NOW).kind, rows[i].kind);
	kit_close(&kit);
}

static void mail_addresses_cannot_hold_a_header(void **state)
{
	static const char *const bad[] = { "", "zhang", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "<a@b>", "张@b",
		"a@.b", "a,b@c" };
	struct kit kit = kit_open(MAIL);
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(kit.channel->mailbox(bad[i], &err), WQ_E_INVALID);
	assert_int_equal(kit.channel->mailbox(NULL, &err), WQ_E_INVALID);
	assert_int_equal(kit.channel->mailbox("zhang.san+wq@bureau.example", &err), 0);
	kit_close(&kit);
}

/* ---- exec ---- */

static struct wq_result run(const char *section)
{
	struct kit kit = kit_open(section);
	struct wq_notice n = kit_notice();
	struct wq_result result = { .kind = WQ_THROTTLE };

	kit.channel->send(kit.state, &n, NOW, &result);
	kit_close(&kit);
	return result;
}

static void what_a_program_exits_with_decides(void **state)
{
	static const struct {
		int status;
		enum wq_result_kind kind;
	} rows[] = { { 0, WQ_SENT }, { 1, WQ_RETRY }, { 64, WQ_CONFIG }, { 67, WQ_DROP }, { 69, WQ_RETRY }, { 75, WQ_RETRY },
		{ 77, WQ_CONFIG }, { 78, WQ_CONFIG }, { 127, WQ_CONFIG }, { 255, WQ_RETRY } };
	char section[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(section, sizeof section, "exec \"e\" { program = \"/bin/sh\" arguments = { \"-c\", \"exit %d\" } }",
		        rows[i].status);
		assert_int_equal(run(section).kind, rows[i].kind);
	}
}

static void a_program_gets_the_message_and_nothing_else_of_ours(void **state)
{
	char root[] = "/tmp/wq_exec_XXXXXX", section[512], path[64], bytes[8192];

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("WQ_SECRET_OF_OURS", "x", 1);
	snprintf(section, sizeof section,
	        "exec \"e\" { program = \"/bin/sh\" arguments = { \"-c\", \"cat > %s/in; env > %s/env; ls /proc/self/fd > "
	        "%s/fd\" } }",
	        root, root, root);
	assert_int_equal(run(section).kind, WQ_SENT);
	snprintf(path, sizeof path, "%s/in", root);
	json_t *in = json_load_file(path, 0, NULL);

	assert_string_equal(kit_text(in, "id"), "abc-W20260305-007-1-zhang");
	assert_string_equal(kit_text(in, "address"), "13800138000");
	assert_string_equal(kit_text(json_object_get(json_object_get(in, "data"), "station"), "name"), "一干河");
	json_decref(in);
	snprintf(path, sizeof path, "%s/env", root);
	FILE *file = fopen(path, "re");

	bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
	fclose(file);
	assert_null(strstr(bytes, "WQ_SECRET_OF_OURS"));
	snprintf(path, sizeof path, "%s/fd", root);
	file = fopen(path, "re");
	bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(bytes, "0\n1\n2\n3\n"); /* 3: ls reads the folder by it */
	snprintf(section, sizeof section, "rm -rf %s", root);
	assert_int_equal(system(section), 0);
}

static void a_program_that_does_not_end_is_killed_with_its_children(void **state)
{
	struct wq_result result = run("exec \"e\" { program = \"/bin/sh\" timeout = \"200ms\" arguments = { \"-c\", \"sleep 86399 "
	                              "& sleep 86399\" } }");

	(void)state;
	assert_int_equal(result.kind, WQ_RETRY);
	assert_string_equal(result.text, "not done within 200 ms, killed");
	assert_int_not_equal(system("pgrep -x -f 'sleep 86399' > /dev/null"), 0);
}

static void only_root_s_programs_are_run(void **state)
{
	char root[] = "/tmp/wq_exec_XXXXXX", path[64], section[256];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof path, "%s/true", root);
	assert_int_equal(symlink("/bin/true", path), 0); /* a link is followed first */
	snprintf(section, sizeof section, "exec \"e\" { program = \"%s\" }", path);
	assert_int_equal(run(section).kind, WQ_SENT);
	unlink(path);
	FILE *file = fopen(path, "we");

	fputs("#!/bin/sh\nexit 0\n", file);
	fclose(file);
	chmod(path, 0755);
	struct wq_result result = run(section);

	assert_int_equal(result.kind, WQ_CONFIG); /* whoever it belongs to: anybody may write in /tmp */
	assert_non_null(strstr(result.text, "must be root's"));
	assert_int_equal(run("exec \"e\" { program = \"/no/such\" }").kind, WQ_CONFIG);
	assert_non_null(strstr(kit_problem("exec \"e\" { program = \"true\" }"), "absolute"));
	unlink(path);
	rmdir(root);
}

static void topics_and_brokers_are_checked(void **state)
{
	(void)state;
	assert_non_null(strstr(kit_problem("mqtt_topic \"t\" { broker = \"mqtt://b\" topic = \"a\" }"), "allow_plain"));
	assert_non_null(strstr(kit_problem("mqtt_topic \"t\" { broker = \"mqtts://b\" topic = \"a/#\" }"), "wildcard"));
	assert_string_equal(kit_problem("mqtt_topic \"t\" { broker = \"mqtts://b\" topic = \"a/b\" }"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_is_byte_for_byte_what_it_should_be),
		cmocka_unit_test(the_subject_of_an_english_message_is_english),
		cmocka_unit_test(no_line_of_a_mail_is_too_long_and_no_character_is_torn),
		cmocka_unit_test(replies_of_a_mail_server_decide),
		cmocka_unit_test(mail_addresses_cannot_hold_a_header),
		cmocka_unit_test(what_a_program_exits_with_decides),
		cmocka_unit_test(a_program_gets_the_message_and_nothing_else_of_ours),
		cmocka_unit_test(a_program_that_does_not_end_is_killed_with_its_children),
		cmocka_unit_test(only_root_s_programs_are_run),
		cmocka_unit_test(topics_and_brokers_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
