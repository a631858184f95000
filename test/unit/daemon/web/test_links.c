/* SPDX-License-Identifier: Apache-2.0 */
/* Links with keys in files, and a clock that is right, set, or not to be trusted. */
#include "links.h"

#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOON WQ_MINUTES(29545000)
#define BASE "https://wq.example.org/water"
#define KEY1 "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY2 "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static char folder[] = "/tmp/wq-links-XXXXXX";
static const struct config_contact contacts[] = { { .id = "li", .name = "李四" }, { .id = "zhang", .name = "张三" } };
static const struct config_links section = { .url = BASE, .secret = "credential:links", .valid = WQ_HOURS(24) };
static const struct config config = { .contact_count = 2,
	.contacts = contacts,
	.links = &section,
	.paths = { .credentials = folder } };

static wq_ms now;
static bool trusted;

static wq_ms wall(void)
{
	return now;
}

static bool is_trusted(void)
{
	return trusted;
}

static const struct links_clock hand = { wall, is_trusted };

/* Another file each time, as an editor or a credential manager does it. */
static void put_keys(const char *text)
{
	char path[100], fresh[110];

	snprintf(path, sizeof path, "%s/links", folder);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_int_equal(rename(fresh, path), 0);
}

static struct links *make(uint64_t incarnation)
{
	struct wq_err err;
	struct links *links = links_new(&config, incarnation, &hand, &err);

	assert_non_null(links);
	return links;
}

static int set_up(void **state)
{
	char why[LINKS_WHY];
	struct links *links;

	strcpy(strrchr(folder, '-') + 1, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	now = NOON;
	trusted = true;
	put_keys(KEY1 "\n");
	*state = links = make(7);
	return links_refresh(links, why) ? -1 : 0;
}

static int tear_down(void **state)
{
	char path[100];

	links_free(*state);
	snprintf(path, sizeof path, "%s/links", folder);
	unlink(path);
	return rmdir(folder);
}

static const struct wq_notice usual = {
	.alarm = 2026030500007, .number = 3, .kind = WQ_RAISED, .created = NOON, .contact = "zhang"
};

/* The token of a notice's link; "" when it has none. */
static const char *token_of(struct links *links, const struct wq_notice *notice)
{
	static char link[WQ_LINK_TEXT];
	const size_t n = strlen(BASE "/a/");

	links_write(links, notice, link);
	if (link[0] == '\0')
		return link;
	assert_memory_equal(link, BASE "/a/", n);
	return link + n;
}

static void a_link_names_the_alarm_the_change_and_the_contact(void **state)
{
	struct links_found found;

	assert_true(links_open(*state, token_of(*state, &usual), &found));
	assert_string_equal(found.contact->name, "张三");
	assert_int_equal(found.alarm, 2026030500007);
	assert_int_equal(found.change, 3);
	assert_false(found.expired);
	assert_false(links_open(*state, "", &found));
}

static void who_is_no_contact_has_no_link(void **state)
{
	struct wq_notice notice = usual;

	strcpy(notice.contact, "wang");
	assert_string_equal(token_of(*state, &notice), "");
	notice.contact[0] = '\0';
	assert_string_equal(token_of(*state, &notice), "");
}

/* made at, sent at, opened at, in hours after noon, and whether the clock was trusted at the sending and the opening. */
static void it_expires_as_the_rule_says(void **state)
{
	static const struct {
		double made, sent, opened;
		bool trusted_sent, trusted_opened, expired;
		const char *why;
	} rows[] = {
		{ 0, 0, 23.9, true, true, false, "within its time" },
		{ 0, 0, 24, true, true, true, "its time is over" },
		{ 0, 11, 24, true, true, true, "a little late: from when it was made" },
		{ 0, 12, 24, true, true, true, "half of its time" },
		{ 0, 13, 24, true, true, false, "late by more than half: from when it was sent" },
		{ 0, 13, 37, true, true, true, "… and no longer" },
		{ -500000, 0, 20, true, true, false, "made before the clock was set forward" },
		{ 400, 0, 23, true, true, false, "made before the clock was set back" },
		{ 400, 0, 24, true, true, true, "… and not for ever" },
		{ 0, 0, 30, true, false, false, "our clock is not trusted now: nobody is locked out" },
		{ -400000, -400000, 1, false, true, false, "made while it was not: ends with the alarm" },
		{ -400000, -400000, 100000, false, true, false, "likewise" },
		{ -400000, -400000, -400000, false, false, false, "likewise, and it still is not" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_notice notice = usual;
		struct links_found found;

		notice.created = NOON + (wq_ms)(rows[i].made * 3600000);
		now = NOON + (wq_ms)(rows[i].sent * 3600000);
		trusted = rows[i].trusted_sent;
		const char *token = token_of(*state, &notice);

		now = NOON + (wq_ms)(rows[i].opened * 3600000);
		trusted = rows[i].trusted_opened;
		assert_true(links_open(*state, token, &found));
		if (found.expired != rows[i].expired)
			fail_msg("row %zu: %s", i, rows[i].why);
	}
}

/* The body of a webhook is the same on every attempt. */
static void the_same_notice_has_the_same_link(void **state)
{
	char first[WQ_LINK_TEXT], again[WQ_LINK_TEXT];

	links_write(*state, &usual, first);
	now += WQ_HOURS(11);
	links_write(*state, &usual, again);
	assert_string_equal(first, again);
}

static void another_history_s_links_are_none(void **state)
{
	struct links *other = make(8);
	struct links_found found;
	char why[LINKS_WHY];

	assert_false(links_refresh(other, why));
	assert_false(links_open(other, token_of(*state, &usual), &found));
	links_free(other);
}

static void keys_are_exchanged_without_a_restart(void **state)
{
	char old[WQ_LINK_TEXT], new[WQ_LINK_TEXT], why[LINKS_WHY];
	struct links_found found;

	strcpy(old, token_of(*state, &usual));
	put_keys(KEY2 "\n" KEY1 "\n");
	assert_string_equal(token_of(*state, &usual), old);
	assert_false(links_refresh(*state, why));
	strcpy(new, token_of(*state, &usual));
	assert_string_not_equal(old, new);
	assert_true(links_open(*state, old, &found) && links_open(*state, new, &found));
	put_keys(KEY2 "\n");
	assert_false(links_refresh(*state, why));
	assert_false(links_open(*state, old, &found));
	assert_true(links_open(*state, new, &found));
}

static void a_file_that_is_no_key_changes_nothing_and_is_told_once(void **state)
{
	char why[LINKS_WHY], token[WQ_LINK_TEXT];
	struct links_found found;

	strcpy(token, token_of(*state, &usual));
	put_keys("my dog's name\n");
	assert_true(links_refresh(*state, why));
	assert_non_null(strstr(why, "whsec_"));
	assert_null(strstr(why, "dog"));
	assert_false(links_refresh(*state, why));
	assert_true(links_open(*state, token, &found));
	put_keys(KEY1 "\n");
	assert_true(links_refresh(*state, why));
	assert_string_equal(why, "");
	assert_false(links_refresh(*state, why));
}

static void without_keys_there_are_no_links_until_there_are(void **state)
{
	struct links *links = make(7);
	char why[LINKS_WHY], path[100];
	struct links_found found;

	assert_string_equal(token_of(links, &usual), "");
	assert_false(links_open(links, token_of(*state, &usual), &found));
	snprintf(path, sizeof path, "%s/links", folder);
	assert_int_equal(unlink(path), 0);
	assert_true(links_refresh(links, why));
	assert_string_not_equal(why, "");
	put_keys(KEY1);
	assert_true(links_refresh(links, why));
	assert_string_equal(why, "");
	assert_true(links_open(links, token_of(*state, &usual), &found));
	links_free(links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_link_names_the_alarm_the_change_and_the_contact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_no_contact_has_no_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_expires_as_the_rule_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_notice_has_the_same_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_history_s_links_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_are_exchanged_without_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_key_changes_nothing_and_is_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_keys_there_are_no_links_until_there_are, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
