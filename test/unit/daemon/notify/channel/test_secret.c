/* SPDX-License-Identifier: Apache-2.0 */
/* Credential files. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "secret.h"

#include "wq/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void put(const char *name, const char *bytes, size_t length, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	unlink(path);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int make(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/wq_secret_XXXXXX");
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int clear(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/key", directory);
	unlink(path);
	return rmdir(directory);
}

static void only_the_newlines_at_its_end_are_stripped(void **state)
{
	static const struct {
		const char *bytes, *secret;
	} rows[] = { { "abc", "abc" }, { "abc\n", "abc" }, { "abc\r\n\n", "abc" },
		{ " a b \n", " a b " } };
	char buf[32];
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put("key", rows[i].bytes, strlen(rows[i].bytes), 0600);
		assert_int_equal(
		        secret_read(directory, "credential:key", buf, sizeof buf, &err), 0);
		assert_string_equal(buf, rows[i].secret);
	}
}

static void without_a_directory_systemd_says_where(void **state)
{
	char buf[32];
	struct wq_err err;

	(void)state;
	put("key", "abc\n", 4, 0440);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(secret_read(NULL, "credential:key", buf, sizeof buf, &err), WQ_E_MISSING);
	assert_non_null(strstr(err.text, "CREDENTIALS_DIRECTORY"));
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_int_equal(secret_read(NULL, "credential:key", buf, sizeof buf, &err), 0);
	assert_string_equal(buf, "abc");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void what_is_wrong_is_said_without_the_secret(void **state)
{
	static const struct {
		const char *reference, *bytes;
		size_t length;
		mode_t mode;
		int code;
	} rows[] = {
		{ "hunter2", "", 0, 0600, WQ_E_INVALID },
		{ "credential:", "", 0, 0600, WQ_E_INVALID },
		{ "credential:../key", "hunter2", 7, 0600, WQ_E_INVALID },
		{ "credential:.key", "hunter2", 7, 0600, WQ_E_INVALID },
		{ "credential:a/key", "hunter2", 7, 0600, WQ_E_INVALID },
		{ NULL, "hunter2", 7, 0600, WQ_E_INVALID },
		{ "credential:other", "hunter2", 7, 0600, WQ_E_MISSING },
		{ "credential:key", "", 0, 0600, WQ_E_MISSING },
		{ "credential:key", "\n\n", 2, 0600, WQ_E_MISSING },
		{ "credential:key", "hunter2\0x", 9, 0600, WQ_E_INVALID },
		{ "credential:key", "hunter2hunter2hunter2hunter2hunter2", 35, 0600, WQ_E_INVALID },
		{ "credential:key", "hunter2", 7, 0604, WQ_E_INVALID },
	};
	static const char zero[32];
	char buf[32];
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put("key", rows[i].bytes, rows[i].length, rows[i].mode);
		memset(buf, 0, sizeof buf);
		memset(&err, 0, sizeof err);
		assert_int_equal(secret_read(directory, rows[i].reference, buf, sizeof buf, &err),
		        rows[i].code);
		assert_string_not_equal(err.text, "");
		assert_null(strstr(err.text, "hunter2"));
		assert_memory_equal(buf, zero, sizeof buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_newlines_at_its_end_are_stripped),
		cmocka_unit_test(without_a_directory_systemd_says_where),
		cmocka_unit_test(what_is_wrong_is_said_without_the_secret),
	};

	return cmocka_run_group_tests(tests, make, clear) != 0;
}
