/* SPDX-License-Identifier: Apache-2.0 */
/* The channel to a modem: what lies in the spool of smstools, byte for byte, and what is said when
 * it cannot. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "short.h"
#include "smsfate.h"
#include "text.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW  1772697605000 /* 2026-03-05 16:00:05 in China */
#define NAME "wqd-abc-W20260305-007-1-zhang"

extern const struct wq_channel sms_channel;

/* ---- a bench: smsd's directories in a temporary place ---- */

struct bench {
	char root[64], spool[80];
	void *settings, *state;
};

static void make_place(const struct bench *bench, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", bench->root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void *field(const struct bench *bench, const char *key)
{
	for (const struct wq_option *row = sms_channel.options; row->key != NULL; row++)
		if (strcmp(row->key, key) == 0)
			return (char *)bench->settings + row->offset;
	fail_msg("there is no key %s", key);
	return NULL;
}

static void set_text(struct bench *bench, const char *key, const char *value)
{
	memcpy(field(bench, key), &value, sizeof value);
}

static void set_number(struct bench *bench, const char *key, int64_t value)
{
	memcpy(field(bench, key), &value, sizeof value);
}

static void reopen(struct bench *bench)
{
	struct wq_err err;

	memset(bench->state, 0, sms_channel.state_size);
	assert_int_equal(sms_channel.check(bench->settings, &err), 0);
	assert_int_equal(sms_channel.open(bench->state, bench->settings, NULL, NULL, &err), 0);
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	snprintf(bench->root, sizeof bench->root, "/tmp/wq_sms_XXXXXX");
	assert_non_null(mkdtemp(bench->root));
	make_place(bench, "outgoing");
	make_place(bench, "checked");
	make_place(bench, "sent");
	snprintf(bench->spool, sizeof bench->spool, "%s/outgoing", bench->root);
	bench->settings = calloc(1, sms_channel.settings_size);
	bench->state = calloc(1, sms_channel.state_size);
	set_text(bench, "spool", bench->spool);
	set_number(bench, "parts", 2);
	set_number(bench, "backlog", 10);
	set_number(bench, "fetched_within", WQ_MINUTES(5));
	set_number(bench, "sent_within", WQ_MINUTES(3));
	reopen(bench);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", bench->root);
	int r = system(command);

	free(bench->settings);
	free(bench->state);
	free(bench);
	return r;
}

static struct wq_notice notice(const char *text)
{
	struct wq_notice n = { .alarm = 2026030500007,
		.number = 1,
		.level = WQ_LEVEL_WARNING,
		.id = "abc-W20260305-007-1-zhang",
		.contact = "zhang",
		.address = "13800138001" };

	snprintf(n.text, sizeof n.text, "%s", text);
	return n;
}

static struct wq_result send_at(struct bench *bench, const struct wq_notice *n, wq_ms now)
{
	struct wq_result result = { .kind = WQ_THROTTLE };

	sms_channel.send(bench->state, n, now, &result);
	return result;
}

static void assert_sent(struct bench *bench, const struct wq_notice *n, const char *text)
{
	struct wq_result result = send_at(bench, n, NOW);

	assert_string_equal(result.text, text);
	assert_int_equal(result.kind, WQ_SENT);
}

static void assert_retry(
        struct bench *bench, const struct wq_notice *n, wq_ms now, const char *part)
{
	struct wq_result result = send_at(bench, n, now);

	assert_int_equal(result.kind, WQ_RETRY);
	if (strstr(result.text, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, result.text);
}

/* Files in a directory, hidden ones too. */
static size_t files(const struct bench *bench, const char *place)
{
	char path[128];
	size_t n = 0;
	const struct dirent *entry;

	snprintf(path, sizeof path, "%s/%s", bench->root, place);
	DIR *directory = opendir(path);

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		n += entry->d_type == DT_REG;
	closedir(directory);
	return n;
}

static size_t content(const struct bench *bench, const char *name, char *out, size_t cap)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", bench->spool, name);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	size_t n = fread(out, 1, cap - 1, file);

	fclose(file);
	out[n] = '\0';
	return n;
}

static struct stat info_of(const struct bench *bench, const char *name)
{
	char path[256];
	struct stat info;

	snprintf(path, sizeof path, "%s/%s", bench->spool, name);
	assert_int_equal(stat(path, &info), 0);
	return info;
}

static void drop_file(const struct bench *bench, const char *place, const char *name, wq_ms at)
{
	char path[256];
	const struct timespec times[2] = { { .tv_sec = at / 1000 }, { .tv_sec = at / 1000 } };

	snprintf(path, sizeof path, "%s/%s/%s", bench->root, place, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* ---- the file ---- */

static void a_message_is_one_file_byte_for_byte(void **state)
{
	static const char want[] = "To: 8613800138001\nAlphabet: UCS\n\n"
	                           "\x6d\x4b\x8b\xd5\x77\xed\x4f\xe1\x00\x31\x00,";
	struct bench *bench = *state;
	struct wq_notice n = notice("测试短信1,");
	char bytes[512];

	assert_sent(bench, &n, "in the spool, 1 part");
	assert_int_equal(content(bench, NAME, bytes, sizeof bytes), sizeof want - 1);
	assert_memory_equal(bytes, want, sizeof want - 1);
	assert_int_equal(files(bench, "outgoing"), 1); /* no temporary one stays */
	assert_int_equal(info_of(bench, NAME).st_mode & 0777, 0644);
	assert_int_equal(info_of(bench, NAME).st_mtime, NOW / 1000);
}

static void long_texts_queues_and_alarms_have_their_headers(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("");
	char bytes[2048];

	for (int i = 0; i < 71; i++)
		strcat(n.text, "水");
	set_text(bench, "queue", "CMCC");
	reopen(bench);
	assert_sent(bench, &n, "in the spool, 2 parts");
	assert_int_equal(content(bench, NAME, bytes, sizeof bytes),
	        strlen("To: 8613800138001\nQueue: CMCC\nAutosplit: 3\nAlphabet: UCS\n\n") + 142);
	assert_int_equal(
	        strncmp(bytes,
	                "To: 8613800138001\nQueue: CMCC\nAutosplit: 3\nAlphabet: UCS\n\n\x6c\x34",
	                60),
	        0);
	n = notice("水");
	n.level = WQ_LEVEL_ALARM;
	assert_sent(bench, &n, "in the spool, 1 part");
	content(bench, NAME, bytes, sizeof bytes);
	assert_int_equal(
	        strncmp(bytes, "To: 8613800138001\nQueue: CMCC\nPriority: HIGH\nAlphabet: UCS\n\n",
	                60),
	        0);
}

/* In the telephone's own alphabet; one sign outside it, and all of it is UCS-2. */
static void an_english_message_has_the_room_of_its_alphabet(void **state)
{
	static const char ask[] = "Check and answer within 30 min. No. W20260305-007";
	struct bench *bench = *state;
	struct wq_notice n = notice("");
	char bytes[2048], want[400];

	n.level = WQ_LEVEL_ALARM;
	snprintf(n.text, sizeof n.text, "[ALARM] Nanheng Tributary (nanheng) 03-05 16:00 total phosphorus 0.45 mg/L, over Class III limit 0.2 by 1.25 times. %s", ask);
	assert_true(strlen(n.text) > 160);
	assert_sent(bench, &n, "in the spool, 1 part");
	bytes[content(bench, NAME, bytes, sizeof bytes - 1)] = '\0';
	snprintf(want, sizeof want, "To: 8613800138001\nPriority: HIGH\nAlphabet: ISO\n\n"
	        "[ALARM] Nanheng Tributary (nanheng) 16:00 total phosphorus 0.45 mg/L, over Class III limit 0.2 by 1.25 times. "
	        "Check within 30 min. No. W20260305-007");
	assert_string_equal(bytes, want);
	snprintf(n.text, sizeof n.text, "[ALARM] 南横 %s", ask);
	assert_sent(bench, &n, "in the spool, 1 part");
	content(bench, NAME, bytes, sizeof bytes);
	assert_non_null(strstr(bytes, "Alphabet: UCS\n\n"));
}

/* The message stays what it would be; the link comes behind it, whole, and may make it a part longer. */
static void a_link_is_a_line_behind_the_message(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");
	char with[2048], without[2048];

	n.level = WQ_LEVEL_ALARM;
	for (int i = 0; i < 79; i++)
		strcat(n.text, "水");
	strcat(n.text, "。编号W20260305-007");
	assert_sent(bench, &n, "in the spool, 1 part");
	size_t bare = content(bench, NAME, without, sizeof without);

	snprintf(n.link, sizeof n.link, "https://wq.example.org/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_sent(bench, &n, "in the spool, 3 parts");
	size_t length = content(bench, NAME, with, sizeof with);

	/* Of the header only "Autosplit: 3" is new. */
	assert_int_equal(length, bare + strlen("Autosplit: 3\n") + 2 * (strlen(n.link) + 4));
	assert_memory_equal(with + length - 2 * (strlen(n.link) + 4) - 140, without + bare - 140, 140);
	for (size_t i = 0; i < strlen(n.link); i++)
		assert_int_equal(with[length - 2 * strlen(n.link) + 2 * i + 1], n.link[i]);

	/* An English one stays in the telephone's own alphabet. */
	n = notice("[ALARM] Nanheng Tributary (nanheng) 16:00 total phosphorus 0.45 mg/L. Check and answer within 30 min. No. W20260305-007");
	snprintf(n.link, sizeof n.link, "https://wq.example.org/a/AAAAAAAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAAAAAAA");
	assert_sent(bench, &n, "in the spool, 2 parts");
	with[content(bench, NAME, with, sizeof with - 1)] = '\0';
	assert_non_null(strstr(with, "Alphabet: ISO\n\n[ALARM] "));
	assert_non_null(strstr(with, "007\nAcknowledge: https://wq.example.org/a/AAA"));
}

static void within_an_alarm_nothing_overtakes(void **state)
{
	static const char *const places[] = { "outgoing", "checked" };
	struct bench *bench = *state;
	struct wq_notice n = notice("水");
	char bytes[512];

	n.level = WQ_LEVEL_ALARM;
	snprintf(n.id, sizeof n.id, "abc-W20260305-007-12-zhang");
	for (size_t i = 0; i < 2; i++) {
		static const struct {
			const char *file;
			bool urgent;
		} rows[] = {
			{ "wqd-abc-W20260305-007-9-li", true },
			{ "wqd-abc-W20260305-008-9-zhang", true },
			{ "wqd-def-W20260305-007-9-zhang", true },
			{ "wqd-abc-W20260305-007-9-zhang", false },
		};

		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			drop_file(bench, places[i], rows[k].file, NOW);
			assert_sent(bench, &n, "in the spool, 1 part");
			content(bench, "wqd-abc-W20260305-007-12-zhang", bytes, sizeof bytes);
			assert_int_equal(strstr(bytes, "Priority: HIGH") != NULL, rows[k].urgent);
		}
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
		bench = *state;
	}
}

static void smsd_which_goes_by_seconds_finds_them_in_order(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	for (int i = 1; i <= 4; i++) {
		char name[WQ_NOTICE_ID + 8];

		snprintf(n.id, sizeof n.id, "abc-W20260305-007-%d-zhang", i);
		assert_sent(bench, &n, "in the spool, 1 part");
		snprintf(name, sizeof name, "wqd-%s", n.id);
		assert_int_equal(info_of(bench, name).st_mtime, NOW / 1000 + i - 1);
	}
	/* One that smsd took already counts too. */
	drop_file(bench, "checked", "wqd-x", NOW + 60000);
	snprintf(n.id, sizeof n.id, "abc-W20260305-007-5-zhang");
	assert_sent(bench, &n, "in the spool, 1 part");
	assert_int_equal(info_of(bench, "wqd-abc-W20260305-007-5-zhang").st_mtime, NOW / 1000 + 61);
}

static void what_is_sent_twice_is_one_file(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("一"), again = notice("一(尚未入库)");
	char bytes[256];

	assert_sent(bench, &n, "in the spool, 1 part");
	drop_file(
	        bench, "outgoing", "." NAME ".tmp", NOW); /* of a life that ended while it wrote */
	assert_sent(bench, &again, "in the spool, 1 part");
	assert_int_equal(files(bench, "outgoing"), 1);
	assert_int_equal(content(bench, NAME, bytes, sizeof bytes), 33 + 14);
}

static void what_smsd_has_already_is_not_put_there_again(void **state)
{
	static const char *const places[] = { "checked", "sent" };
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	for (size_t i = 0; i < 2; i++) {
		drop_file(bench, places[i], NAME, NOW);
		assert_sent(bench, &n, "smsd has it already");
		assert_int_equal(files(bench, "outgoing"), 0);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
		bench = *state;
	}
	make_place(bench, "failed"); /* there it was given up: it may go again */
	drop_file(bench, "failed", NAME, NOW);
	assert_int_equal(send_at(bench, &n, NOW).kind, WQ_TAKEN);
	assert_int_equal(files(bench, "outgoing"), 1);
}

static void no_id_leads_out_of_the_spool(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	snprintf(n.id, sizeof n.id, "../../x.LOCK");
	assert_sent(bench, &n, "in the spool, 1 part");
	assert_int_equal(info_of(bench, "wqd-______x_LOCK").st_size, 35);
}

static void a_link_in_the_way_is_not_followed(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");
	char path[256], victim[256];
	struct stat info;

	snprintf(victim, sizeof victim, "%s/victim", bench->root);
	snprintf(path, sizeof path, "%s/." NAME ".tmp", bench->spool);
	assert_int_equal(symlink(victim, path), 0);
	snprintf(path, sizeof path, "%s/" NAME, bench->spool);
	assert_int_equal(symlink(victim, path), 0);
	assert_sent(bench, &n, "in the spool, 1 part");
	assert_int_equal(stat(victim, &info), -1);
	assert_true(S_ISREG(info_of(bench, NAME).st_mode));
}

/* ---- what cannot be ---- */

static void a_spool_that_is_not_there_is_tried_again(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	assert_int_equal(rmdir(bench->spool), 0);
	assert_retry(bench, &n, NOW, "No such file or directory");
	assert_retry(bench, &n, NOW, bench->spool);
	int fd = open(bench->spool, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	close(fd);
	assert_retry(bench, &n, NOW, "Not a directory");
	assert_int_equal(unlink(bench->spool), 0);
	make_place(bench, "outgoing");
	assert_sent(bench, &n, "in the spool, 1 part"); /* and works as soon as it is there */
}

static void a_spool_that_may_not_be_written_is_tried_again(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	assert_int_equal(chmod(bench->root, 0755), 0);
	assert_int_equal(chmod(bench->spool, 0555), 0);
	if (geteuid() == 0 && seteuid(65534) < 0)
		skip();
	struct wq_result result = send_at(bench, &n, NOW);

	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(result.kind, WQ_RETRY);
	assert_non_null(strstr(result.text, "Permission denied"));
	assert_non_null(strstr(result.text, bench->spool));
	assert_int_equal(chmod(bench->spool, 0700), 0);
	assert_int_equal(files(bench, "outgoing"), 0);
}

static void a_full_disk_is_tried_again_and_leaves_no_half_file(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");
	char path[128];

	if (geteuid() != 0 || mount("none", bench->spool, "tmpfs", 0, "size=16k") < 0) {
		print_message("SKIPPED, NOT TESTED: only root may mount a small file system\n");
		skip();
	}
	snprintf(path, sizeof path, "%s/ballast", bench->spool);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char block[4096] = { 0 };

	while (write(fd, block, sizeof block) > 0)
		;
	close(fd);
	struct wq_result result = send_at(bench, &n, NOW);
	size_t left = files(bench, "outgoing");

	unlink(path);
	struct wq_result after = send_at(bench, &n, NOW);

	assert_int_equal(umount(bench->spool), 0);
	assert_int_equal(result.kind, WQ_RETRY);
	assert_non_null(strstr(result.text, "No space left on device"));
	assert_int_equal(left, 1);
	assert_int_equal(after.kind, WQ_SENT);
}

static void a_spool_that_nobody_empties_is_no_success(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	drop_file(bench, "outgoing", "somebody-else", NOW - WQ_HOURS(5));
	assert_sent(bench, &n, "in the spool, 1 part"); /* what others leave there proves nothing */
	drop_file(bench, "outgoing", "wqd-old", NOW - WQ_MINUTES(5));
	assert_sent(bench, &n, "in the spool, 1 part");
	assert_retry(bench, &n, NOW + 1000, "does smsd run?");
}

static void a_modem_that_sends_nothing_is_no_success(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	drop_file(bench, "checked", "wqd-old", NOW - WQ_MINUTES(15));
	assert_sent(bench, &n, "in the spool, 1 part");
	assert_retry(bench, &n, NOW + 1000, "does the modem work?");
}

static void the_spool_is_bounded(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	for (int i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof name, "m%d", i);
		assert_sent(bench, &n, "in the spool, 1 part"); /* its own file does not count */
		drop_file(bench, i % 2 ? "outgoing" : "checked", name, NOW);
	}
	assert_retry(bench, &n, NOW, "10 messages wait");
}

/* ---- numbers ---- */

static const struct {
	const char *phone, *number; /* number NULL: refused */
} numbers[] = {
	{ "13800138001", "8613800138001" },
	{ "+8613800138001", "8613800138001" },
	{ "19900000000", "8619900000000" },
	{ "+14155550100", "14155550100" },
	{ "+85261234567", "85261234567" },
	{ NULL, NULL },
	{ "", NULL },
	{ "8613800138001", NULL }, /* would be taken for a number of 13 digits at home */
	{ "12800138001", NULL },
	{ "1380013800", NULL },
	{ "138001380011", NULL },
	{ "+861051234567", NULL },
	{ "+86138001380011", NULL },
	{ "00000000001", NULL },
	{ "+0123456789", NULL },
	{ "+1234567", NULL },
	{ "+1234567890123456", NULL },
	{ "051258696110", NULL },
	{ "138-0013-8001", NULL },
	{ "１３８００１３８００１", NULL },
	{ "+", NULL },
	{ "110", NULL },
};

static void numbers_are_checked_and_written_as_smsd_wants_them(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct wq_notice n = notice("水");
		struct wq_err err = { 0 };
		char bytes[512], want[64];
		bool good = numbers[i].number != NULL;

		assert_int_equal(
		        sms_channel.recipient(numbers[i].phone, &err), good ? 0 : WQ_E_INVALID);
		assert_int_equal(strncmp(err.text, "phone", 5) == 0, !good);
		snprintf(n.address, sizeof n.address, "%s",
		        numbers[i].phone != NULL ? numbers[i].phone : "");
		assert_int_equal(send_at(bench, &n, NOW).kind, good ? WQ_SENT : WQ_DROP);
		if (!good)
			continue;
		content(bench, NAME, bytes, sizeof bytes);
		snprintf(want, sizeof want, "To: %s\n", numbers[i].number);
		assert_int_equal(strncmp(bytes, want, strlen(want)), 0);
	}
}

static void settings_that_cannot_be_are_refused(void **state)
{
	struct bench *bench = *state;
	struct wq_err err;

	set_text(bench, "spool", "sms/outgoing");
	assert_int_equal(sms_channel.check(bench->settings, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "absolute"));
	set_text(bench, "spool", bench->spool);
	set_text(bench, "queue", "a\nTo: 1");
	assert_int_equal(sms_channel.check(bench->settings, &err), WQ_E_INVALID);
}

/* ---- texts ---- */

#define TOLD  "【水质报警】南横套河03-05 16:00总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,连续3次。"
#define FACTS "【水质报警】南横套河16:00总磷0.263mg/L,"

static void a_text_that_fits_stays_as_it_is(void **state)
{
	char out[WQ_NOTICE_TEXT];
	const char *text = "【预警解除】一干河总磷恢复正常,本次预警解除。编号W20260305-007";

	(void)state;
	short_text(text, SHORT_ONE, out, sizeof out);
	assert_string_equal(out, text);
	assert_int_equal(short_room(1), 70);
	assert_int_equal(short_room(3), 201);
	assert_int_equal(short_parts(70), 1);
	assert_int_equal(short_parts(71), 2);
	assert_int_equal(short_parts(134), 2);
	assert_int_equal(short_parts(135), 3);
}

static void what_is_missed_least_goes_first(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ TOLD "请30分钟内核查并回复。编号W20260305-007",
		        FACTS "超Ⅲ类0.32倍,连续3次。请30分钟内核查。编号W20260305-007" },
		{ TOLD "下游:一干河备用水源地。请30分钟内核查并回复。编号W20260304-007", /* of the
		                                                                            day
		                                                                            before
		                                                                          */
		        "【报警】南横套河03-05 "
		        "16:00总磷0.263mg/"
		        "L,超Ⅲ类0.32倍,连续3次。请30分钟内核查。编号W20260304-007" },
		{ "【水质报警】青龙河国控断面自动站03-05 "
		  "16:00氨氮2.31mg/L,超Ⅲ类限值(1.0)1.31倍,已连续3次。"
		  "请30分钟内核查并回复。编号W20260305-007",
		        "【水质报警】青龙河国控断面16:00氨氮2.31mg/"
		        "L,超Ⅲ类1.31倍,已连续3次。请30分钟内核查。"
		        "编号W20260305-007" },
	};
	char out[WQ_NOTICE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		short_text(rows[i].text, SHORT_ONE, out, sizeof out);
		assert_string_equal(out, rows[i].want);
		assert_true(short_length(out) <= SHORT_ONE);
	}
}

static void at_last_the_middle_is_cut_and_the_ask_and_the_number_stay(void **state)
{
	char text[WQ_NOTICE_TEXT] = "【水质报警】南横套河", out[WQ_NOTICE_TEXT];

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(text, "很长");
	strcat(text, "。请30分钟内核查并回复。编号W20260305-007");
	short_text(text, SHORT_ONE, out, sizeof out);
	assert_int_equal(short_length(out), SHORT_ONE);
	assert_int_equal(strncmp(out, "【报警】南横套河很长", 30), 0);
	assert_non_null(strstr(out, "很长…。请30分钟内核查。编号W20260305-007"));
	strcat(text, "(尚未入库)");
	short_text(text, short_room(2), out, sizeof out);
	assert_int_equal(short_length(out), 134);
	assert_non_null(strstr(out, "…。请30分钟内核查。编号W20260305-007(尚未入库)"));
}

static void any_text_fits_and_stays_whole_characters(void **state)
{
	static const char *const bits[] = { "水", "。", "编号", "下游:", "限值(", ")", "并回复",
		"a", "𠮷", "自动站", ",已连续", "请" };
	uint64_t chance = 11;
	char text[WQ_NOTICE_TEXT], out[WQ_NOTICE_TEXT], clean[WQ_NOTICE_TEXT];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		text[0] = '\0';
		for (;;) {
			chance = chance * 6364136223846793005u + 1442695040888963407u;
			const char *bit = bits[(chance >> 33) % 12];

			if ((chance >> 50) % 200 == 0 || strlen(text) + strlen(bit) >= sizeof text)
				break;
			strcat(text, bit);
		}
		for (size_t parts = 1; parts <= 3; parts++) {
			short_text(text, short_room(parts), out, sizeof out);
			assert_true(short_length(out) <= short_room(parts));
			assert_true(short_parts(short_length(out)) <= parts);
			text_clean(out, clean, sizeof clean);
			assert_string_equal(out, clean);
		}
	}
}

static void every_message_of_the_highest_level_is_one_part_with_its_number(void **state)
{
	const struct config config = bureau();
	char text[WQ_NOTICE_TEXT], out[WQ_NOTICE_TEXT];

	(void)state;
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++)
		for (uint32_t station = 0; station < 4; station++) {
			struct wq_change change =
			        bureau_change((enum wq_change_kind)kind, WQ_LEVEL_ALARM);

			change.station = station;
			snprintf(change.who, sizeof change.who, "张三");
			snprintf(change.note, sizeof change.note,
			        "现场核查系上游养殖尾水排放所致,已责令停排并加密监测,"
			        "后续由属地跟踪直至稳定达标");
			text_message(&config.site, &change, false, text);
			short_text(text, SHORT_ONE, out, sizeof out);
			assert_true(short_length(out) <= SHORT_ONE);
			assert_non_null(strstr(out, "编号W20260305-007"));
			assert_int_equal(strncmp(out, "【", 3), 0);
			assert_non_null(strstr(out, config.site.stations[station].name));
			if (kind == WQ_OPENED)
				assert_non_null(strstr(out, "总磷0.263mg/L,超Ⅲ类"));
		}
}

static void what_ucs2_has_not_becomes_one_sign(void **state)
{
	static const char want[] = "\x6c\x34\x30\x13\x6c\x34";
	struct bench *bench = *state;
	struct wq_notice n = notice("水😀水");
	char bytes[256];

	assert_sent(bench, &n, "in the spool, 1 part");
	size_t length = content(bench, NAME, bytes, sizeof bytes);

	assert_int_equal(length, 33 + 6);
	assert_memory_equal(bytes + 33, want, 6);
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* ---- what became of it ---- */

static void move(const struct bench *bench, const char *from, const char *to, wq_ms at)
{
	char old[256], new[256], folder[128];
	const struct timespec times[2] = { { .tv_sec = at / 1000 }, { .tv_sec = at / 1000 } };

	snprintf(old, sizeof old, "%s/%s/" NAME, bench->root, from);
	snprintf(new, sizeof new, "%s/%s/" NAME, bench->root, to);
	snprintf(folder, sizeof folder, "%s/%s", bench->root, to);
	assert_int_equal(rename(old, new), 0);
	assert_int_equal(utimensat(AT_FDCWD, folder, times, 0), 0);
}

/* smsd's reason goes into the head of the file. */
static void give_reason(const struct bench *bench, const char *reason)
{
	char path[256];

	snprintf(path, sizeof path, "%s/failed/" NAME, bench->root);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fprintf(file, "To: 8613800138001\nAlphabet: UCS\n%s%s%s\n", reason[0] != '\0' ? "Fail_reason: " : "", reason,
	        reason[0] != '\0' ? "\n" : "");
	fclose(file);
}

static void assert_result(struct bench *bench, struct wq_notice *n, wq_ms now, enum wq_result_kind kind, const char *part)
{
	struct wq_result result = send_at(bench, n, now);

	if (result.kind != kind || strstr(result.text, part) == NULL)
		fail_msg("%d '%s', not %d '%s'", result.kind, result.text, kind, part);
	n->taken = kind == WQ_TAKEN;
	if (kind == WQ_TAKEN)
		assert_true(result.until > now && result.until <= now + WQ_SECONDS(10));
}

/* All folders as they were long ago, so that nothing seems to have moved. */
static void with_receipts(struct bench *bench)
{
	static const char *const places[] = { "sent", "failed" };
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char path[128];

	make_place(bench, "failed");
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", bench->root, places[i]);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	}
}

static void a_message_is_sent_when_smsd_says_so(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	with_receipts(bench);
	assert_result(bench, &n, NOW, WQ_TAKEN, "in the spool, 1 part");
	assert_result(bench, &n, NOW + 5000, WQ_TAKEN, "with smsd");
	move(bench, "outgoing", "checked", NOW + 6000);
	assert_result(bench, &n, NOW + 7000, WQ_TAKEN, "with smsd");
	move(bench, "checked", "sent", NOW + 8000);
	reopen(bench); /* a restart */
	assert_result(bench, &n, NOW + 9000, WQ_SENT, "sent by smsd");
	assert_int_equal(files(bench, "outgoing"), 0);
}

static void a_failure_is_told_once_and_the_next_attempt_is_a_new_file(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	with_receipts(bench);
	assert_result(bench, &n, NOW, WQ_TAKEN, "in the spool");
	move(bench, "outgoing", "failed", NOW + 1000);
	give_reason(bench, "Modem said: +CMS ERROR: 38 (Network out of order)");
	assert_result(bench, &n, NOW + 2000, WQ_FAILED, "smsd gave it up: Modem said: +CMS ERROR: 38");
	assert_result(bench, &n, NOW + 3000, WQ_TAKEN, "in the spool");
	assert_int_equal(files(bench, "outgoing"), 1);
	move(bench, "outgoing", "failed", NOW + 4000); /* again, over the old one */
	give_reason(bench, "");
	assert_result(bench, &n, NOW + 5000, WQ_FAILED, "does not say why");
}

static void the_code_of_a_failure_decides(void **state)
{
	static const struct {
		const char *reason;
		enum wq_result_kind kind;
	} rows[] = {
		{ "+CMS ERROR: 38", WQ_FAILED }, { "+CMS ERROR: 500", WQ_FAILED }, { "+CMS ERROR: 28", WQ_DROP },
		{ "+CMS ERROR: 310", WQ_CONFIG }, { "+CMS ERROR: 330", WQ_CONFIG }, { "+CMS ERROR: 331", WQ_FAILED },
		{ "No text", WQ_FAILED }, { "", WQ_FAILED }, { "+CMS ERROR: ", WQ_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(smsfate_meaning(rows[i].reason), rows[i].kind);
}

static void what_nobody_fetches_is_taken_back(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");

	with_receipts(bench);
	assert_result(bench, &n, NOW, WQ_TAKEN, "in the spool");
	assert_result(bench, &n, NOW + WQ_MINUTES(5), WQ_TAKEN, "with smsd");
	assert_result(bench, &n, NOW + WQ_MINUTES(5) + 1000, WQ_FAILED, "does smsd run?");
	assert_int_equal(files(bench, "outgoing"), 0);
}

static void a_modem_that_sends_others_is_not_dead(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("水");
	char folder[128];
	const struct timespec moved[2] = { { .tv_sec = NOW / 1000 + 120 }, { .tv_sec = NOW / 1000 + 120 } };

	with_receipts(bench);
	assert_result(bench, &n, NOW, WQ_TAKEN, "in the spool");
	move(bench, "outgoing", "checked", NOW);
	snprintf(folder, sizeof folder, "%s/sent", bench->root);
	assert_int_equal(utimensat(AT_FDCWD, folder, moved, 0), 0);
	assert_result(bench, &n, NOW + WQ_MINUTES(3) + 1000, WQ_TAKEN, "with smsd");
	assert_result(bench, &n, NOW + WQ_MINUTES(5) + 1000, WQ_FAILED, "does the modem work?");
}

static void where_answers_are_read_the_text_says_what_to_answer(void **state)
{
	struct bench *bench = *state;
	struct wq_notice n = notice("请核查并回复。");
	char bytes[512];

	set_text(bench, "incoming", "/var/spool/sms/incoming");
	reopen(bench);
	assert_string_equal(sms_channel.replies(bench->settings), "/var/spool/sms/incoming");
	assert_sent(bench, &n, "in the spool, 1 part");
	size_t length = content(bench, NAME, bytes, sizeof bytes);

	assert_memory_equal(bytes + length - 4, "\x00\x37\x30\x02", 4); /* 7。 */

	/* A digest has no code: all of it is answered at once. */
	n = notice("【预警汇总】共2起(预警2):水;火。请核查。");
	n.topic = WQ_TOPIC_DIGEST;
	assert_sent(bench, &n, "in the spool, 1 part");
	length = content(bench, NAME, bytes, sizeof bytes);
	assert_memory_equal(bytes + length - 4, "\x8b\xa4\x30\x02", 4); /* 认。 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(a_message_is_one_file_byte_for_byte),
		bench_test(long_texts_queues_and_alarms_have_their_headers),
		bench_test(an_english_message_has_the_room_of_its_alphabet),
		bench_test(a_link_is_a_line_behind_the_message),
		bench_test(within_an_alarm_nothing_overtakes),
		bench_test(smsd_which_goes_by_seconds_finds_them_in_order),
		bench_test(what_is_sent_twice_is_one_file),
		bench_test(what_smsd_has_already_is_not_put_there_again),
		bench_test(no_id_leads_out_of_the_spool),
		bench_test(a_link_in_the_way_is_not_followed),
		bench_test(a_spool_that_is_not_there_is_tried_again),
		bench_test(a_spool_that_may_not_be_written_is_tried_again),
		bench_test(a_full_disk_is_tried_again_and_leaves_no_half_file),
		bench_test(a_spool_that_nobody_empties_is_no_success),
		bench_test(a_modem_that_sends_nothing_is_no_success),
		bench_test(the_spool_is_bounded),
		bench_test(numbers_are_checked_and_written_as_smsd_wants_them),
		bench_test(settings_that_cannot_be_are_refused),
		cmocka_unit_test_setup_teardown(where_answers_are_read_the_text_says_what_to_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_is_sent_when_smsd_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_is_told_once_and_the_next_attempt_is_a_new_file, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_fetches_is_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_modem_that_sends_others_is_not_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(the_code_of_a_failure_decides, setup, teardown),
		cmocka_unit_test(a_text_that_fits_stays_as_it_is),
		cmocka_unit_test(what_is_missed_least_goes_first),
		cmocka_unit_test(at_last_the_middle_is_cut_and_the_ask_and_the_number_stay),
		cmocka_unit_test(any_text_fits_and_stays_whole_characters),
		cmocka_unit_test(every_message_of_the_highest_level_is_one_part_with_its_number),
		bench_test(what_ucs2_has_not_becomes_one_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
