/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: whole, one each, bounded, and never what an outsider wants them to be. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- stderr into a pipe -- */

struct journal {
	int pipe[2], stderr_before;
	char said[1 << 17]; /* more than a pipe holds */
};

static int open_journal(void **state)
{
	struct journal *j = calloc(1, sizeof *j);

	if (j == NULL || pipe2(j->pipe, O_CLOEXEC) < 0)
		return -1;
	j->stderr_before = dup(STDERR_FILENO);
	*state = j;
	return dup2(j->pipe[1], STDERR_FILENO) >= 0 && fcntl(j->pipe[0], F_SETFL, O_NONBLOCK) == 0
	        ? 0
	        : -1;
}

static int close_journal(void **state)
{
	struct journal *j = *state;

	dup2(j->stderr_before, STDERR_FILENO);
	close(j->stderr_before);
	close(j->pipe[0]);
	close(j->pipe[1]);
	free(j);
	return 0;
}

#define journal_test(fn) cmocka_unit_test_setup_teardown(fn, open_journal, close_journal)

/* All that was written since the last look. */
static const char *said(struct journal *j)
{
	size_t used = 0;

	for (ssize_t n; (n = read(j->pipe[0], j->said + used, sizeof j->said - 1 - used)) > 0;)
		used += (size_t)n;
	j->said[used] = '\0';
	return j->said;
}

static void each_line_has_its_priority(void **state)
{
	log_error("store: %d", 1);
	assert_string_equal(said(*state), "<3>store: 1\n");
	log_warning("bus: %s", "x");
	assert_string_equal(said(*state), "<4>bus: x\n");
	log_notice("wqd");
	assert_string_equal(said(*state), "<5>wqd\n");
}

static void a_line_that_is_too_long_is_cut_and_stays_one_line(void **state)
{
	char long_text[5000];

	for (size_t length = 1000; length < 1040; length++) {
		memset(long_text, 'x', length);
		long_text[length] = '\0';
		log_error("%s", long_text);
		const char *line = said(*state);
		assert_in_range(strlen(line), 1, 1025);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	}
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	log_error("%s", long_text);
	assert_in_range(strlen(said(*state)), 1000, 1025);
}

/* To the journal a line that begins with <0> is an emergency: nobody outside may begin one. */
static void a_text_cannot_begin_a_line_of_its_own(void **state)
{
	log_warning("link: %s", "lost\n<0>emergency: everybody out\r\n<0>again");
	const char *line = said(*state);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void logging_leaves_errno_alone(void **state)
{
	(void)state;
	errno = EXDEV;
	log_error("x");
	assert_int_equal(errno, EXDEV);
}

static void a_log_that_nobody_takes_is_no_reason_to_fail(void **state)
{
	struct journal *j = *state;
	int nowhere = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(nowhere >= 0);
	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
	errno = EXDEV;
	log_error("x");
	assert_int_equal(errno, EXDEV);
	dup2(j->pipe[1], STDERR_FILENO);
	log_notice("y");
	assert_string_equal(said(j), "<4>log: 1 lines were dropped while nobody read it\n<5>y\n");
}

/* The thread that logs is the one that judges. */
static void a_log_that_is_full_holds_nobody_up(void **state)
{
	int lines = 0, dropped = 0;

	for (; lines < 5000; lines++)
		log_notice("%s",
		        "a line of a flood that is written into a pipe from which nobody reads");
	const char *text = said(*state);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines--;
	assert_true(lines > 0);
	log_notice("z");
	assert_int_equal(sscanf(said(*state), "<4>log: %d lines were dropped", &dropped), 1);
	assert_int_equal(dropped, lines);
}

static void a_text_of_several_lines_becomes_as_many(void **state)
{
	log_lines(false, "one\ntwo\n\nthree");
	assert_string_equal(said(*state), "<5>one\n<5>two\n<5>\n<5>three\n");
	log_lines(true, "one\ntwo");
	assert_string_equal(said(*state), "<3>one\n<3>two\n");
	log_lines(true, "");
	assert_string_equal(said(*state), "");
}

#define WRITERS 8
#define LINES   50

static void *write_lines(void *argument)
{
	for (int i = 0; i < LINES; i++)
		log_notice("thread %d %.60s end", *(int *)argument,
		        "................................................................");
	return NULL;
}

static void lines_of_many_threads_do_not_mix(void **state)
{
	pthread_t threads[WRITERS];
	int numbers[WRITERS], seen = 0;

	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &numbers[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	char *text = (char *)(uintptr_t)said(*state), *rest = NULL;
	for (const char *line = strtok_r(text, "\n", &rest); line != NULL;
	        line = strtok_r(NULL, "\n", &rest), seen++) {
		assert_int_equal(strlen(line), strlen("<5>thread 0  end") + 60);
		assert_string_equal(line + strlen(line) - 4, " end");
	}
	assert_int_equal(seen, WRITERS * LINES);
}

/* -- floods -- */

static void of_a_flood_one_line_a_minute_is_written_and_the_others_are_counted(void **state)
{
	struct log_gate gate = { 0 };
	uint64_t held = 77, written = 0, unsaid = 0;

	(void)state;
	/* Ten a second for ten minutes. */
	for (wq_ms boot = 5000; boot < 5000 + WQ_MINUTES(10); boot += 100)
		if (log_gate_open(&gate, boot, &held)) {
			assert_int_equal(held, written == 0 ? 0 : 599);
			written++;
			unsaid += held;
		}
	assert_int_equal(written, 10);
	assert_int_equal(unsaid + gate.held + written, 6000);
}

static void subjects_do_not_share_a_gate(void **state)
{
	struct log_gate one = { 0 }, other = { 0 };
	uint64_t held;

	(void)state;
	assert_true(log_gate_open(&one, 1000, &held));
	assert_false(log_gate_open(&one, 1001, &held));
	assert_true(log_gate_open(&other, 1002, &held));
	assert_int_equal(held, 0);
}

static void a_gate_opens_again_after_its_minute(void **state)
{
	static const struct {
		wq_ms boot;
		bool opens;
	} table[] = { { 1000, true }, { 1000, false }, { 60999, false }, { 61000, true },
		{ 120999, false }, { 500000, true } };
	struct log_gate gate = { 0 };
	uint64_t held;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(log_gate_open(&gate, table[i].boot, &held) != 0, table[i].opens);
}

/* -- texts from outside -- */

static void texts_from_outside_lose_what_could_do_harm(void **state)
{
	static const struct {
		const char *text, *quoted;
	} table[] = {
		{ "", "" },
		{ "w21011 总磷 0.2", "w21011 总磷 0.2" },
		{ "a\nb\tc\rd\x1b[31me", "a?b?c?d?[31me" },
		{ "\x7f\x01\x1f", "???" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xc3(", "?(" },              /* not continued */
		{ "a\xe6\x80", "a??" },         /* ends within a character */
		{ "\x80\xbf", "??" },           /* continued, not begun */
		{ "\xff\xfe", "??" },           /* never in UTF-8 */
		{ "\xc0\x8a", "??" },           /* a newline, overlong */
		{ "\xe0\x80\x8a", "???" },      /* likewise */
		{ "\xf0\x80\x80\x8a", "????" }, /* likewise */
		{ "\xed\xa0\x80", "???" },      /* half a surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond U+10FFFF */
		{ "\xf7\xbf\xbf\xbf", "????" }, /* likewise */
		{ "\xc2\x9b"
		  "31m",
		        "??31m" }, /* U+009B begins a terminal sequence, as ESC [ does */
		{ "\xf0\x9f\x90\x9f\xf4\x8f\xbf\xbd", "\xf0\x9f\x90\x9f\xf4\x8f\xbf\xbd" },
	};
	char quoted[64];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(
		        log_quote(table[i].text, quoted, sizeof quoted), table[i].quoted);
}

static void a_text_is_cut_at_a_character(void **state)
{
	char quoted[16];

	(void)state;
	for (size_t cap = 1; cap <= sizeof quoted; cap++) {
		memset(quoted, 'X', sizeof quoted);
		log_quote("总磷超标预警", quoted, cap);
		assert_int_equal(strlen(quoted), (cap - 1) / 3 * 3);
		for (size_t i = cap; i < sizeof quoted; i++)
			assert_int_equal(quoted[i], 'X');
	}
}

/* Is it what it shall be: UTF-8 as in RFC 3629 table 3-7 of Unicode, without control characters. */
static bool clean(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
		unsigned long code;
		size_t n = *c < 0x80 ? 1 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : 4;
		static const unsigned long least[] = { 0, 0x20, 0xA0, 0x800, 0x10000 };
		static const unsigned char mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
		if (*c >= 0x80 && *c < 0xC0)
			return false;
		code = *c & mask[n];
		for (size_t i = 1; i < n; i++) {
			if ((c[i] & 0xC0) != 0x80)
				return false;
			code = code << 6 | (c[i] & 0x3F);
		}
		if (code < least[n] || code == 0x7F || (code >= 0xD800 && code < 0xE000) ||
		        code > 0x10FFFF)
			return false;
		c += n;
	}
	return true;
}

static void whatever_comes_what_is_quoted_is_clean_and_fits(void **state)
{
	static const unsigned char spiteful[] = { 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
		0x80, 0x9B, 0xA0, 0xBF, '\n', 'a' };
	char text[64], quoted[64];

	(void)state;
	srand(20260305);
	for (int round = 0; round < 200000; round++) {
		size_t length = (size_t)rand() % (sizeof text - 1),
		       cap = 1 + (size_t)rand() % sizeof quoted;
		for (size_t i = 0; i < length; i++)
			text[i] =
			        (char)(rand() % 2 == 0 ? spiteful[(size_t)rand() % sizeof spiteful]
			                               : 1 + rand() % 255);
		text[length] = '\0';
		log_quote(text, quoted, cap);
		assert_true(strlen(quoted) < cap);
		assert_true(clean(quoted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		journal_test(each_line_has_its_priority),
		journal_test(a_line_that_is_too_long_is_cut_and_stays_one_line),
		journal_test(a_text_cannot_begin_a_line_of_its_own),
		journal_test(logging_leaves_errno_alone),
		journal_test(a_log_that_nobody_takes_is_no_reason_to_fail),
		journal_test(a_log_that_is_full_holds_nobody_up),
		journal_test(a_text_of_several_lines_becomes_as_many),
		journal_test(lines_of_many_threads_do_not_mix),
		cmocka_unit_test(
		        of_a_flood_one_line_a_minute_is_written_and_the_others_are_counted),
		cmocka_unit_test(subjects_do_not_share_a_gate),
		cmocka_unit_test(a_gate_opens_again_after_its_minute),
		cmocka_unit_test(texts_from_outside_lose_what_could_do_harm),
		cmocka_unit_test(a_text_is_cut_at_a_character),
		cmocka_unit_test(whatever_comes_what_is_quoted_is_clean_and_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
