/* SPDX-License-Identifier: Apache-2.0 */
/* A report is built in memory, written under another name and then moved: it is there whole or not at all. */
#include "report.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAMP_TEXT 80
#define TEMPORARY  ".wqd.report.tmp"

/* Which state of a file a report is about: its last line. */
static void stamp_of(const struct stat *about, char text[STAMP_TEXT])
{
	snprintf(text, STAMP_TEXT, "# %lld bytes, changed %lld.%09ld\n", (long long)about->st_size,
	        (long long)about->st_mtim.tv_sec, about->st_mtim.tv_nsec);
}

static int name_of(const char *name, char text[NAME_MAX + 16])
{
	/* A name that is as long as names may be is cut; its own text says which file it is about. */
	return snprintf(text, NAME_MAX + 16, "%.*s.report", NAME_MAX - 7, name);
}

int report_open(struct report *report, struct wq_err *err)
{
	*report = (struct report){ .to = NULL };
	report->to = open_memstream(&report->text, &report->length);
	return report->to != NULL ? 0 : wq_fail(err, WQ_E_MEMORY, "no memory for a report");
}

void report_close(struct report *report)
{
	if (report->to != NULL)
		fclose(report->to);
	free(report->text);
}

static void put_line(FILE *to, const char *text)
{
	for (; *text != '\0'; text++)
		putc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, to);
	putc('\n', to);
}

void report_row(struct report *report, const char *sentence)
{
	if (report->rows++ < REPORT_ROWS)
		put_line(report->to, sentence);
}

static bool write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		length -= (size_t)n;
	}
	return true;
}

static bool write_file(const struct report *report, int folder, const struct stat *about, const char *head)
{
	char stamp[STAMP_TEXT], more[80] = "";

	unlinkat(folder, TEMPORARY, 0);
	int fd = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return false;
	stamp_of(about, stamp);
	if (report->rows > REPORT_ROWS)
		snprintf(more, sizeof more, "… and %zu more\n", report->rows - REPORT_ROWS);
	bool ok = write_all(fd, head, strlen(head)) && write_all(fd, "\n", 1) && write_all(fd, report->text, report->length) &&
	        write_all(fd, more, strlen(more)) && write_all(fd, stamp, strlen(stamp)) && fsync(fd) == 0;
	int failure = errno;
	close(fd);
	errno = failure;
	return ok;
}

int report_write(struct report *report, int folder, const char *name, const struct stat *about, const char *head,
        struct wq_err *err)
{
	char target[NAME_MAX + 16];

	name_of(name, target);
	if (fflush(report->to) != 0)
		return wq_fail(err, WQ_E_MEMORY, "no memory for a report");
	if (!write_file(report, folder, about, head) || renameat(folder, TEMPORARY, folder, target) != 0 || fsync(folder) != 0) {
		int failure = errno;

		unlinkat(folder, TEMPORARY, 0);
		return wq_fail(err, WQ_E_IO, "%s cannot be written: %s", target, strerrordesc_np(failure));
	}
	return 0;
}

bool report_exists(int folder, const char *name)
{
	char target[NAME_MAX + 16];

	name_of(name, target);
	return faccessat(folder, target, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void report_remove(int folder, const char *name)
{
	char target[NAME_MAX + 16];

	name_of(name, target);
	unlinkat(folder, target, 0);
}

bool report_is_of(int folder, const char *name, const struct stat *about)
{
	char target[NAME_MAX + 16], stamp[STAMP_TEXT], end[STAMP_TEXT];

	name_of(name, target);
	stamp_of(about, stamp);
	size_t length = strlen(stamp);
	int fd = openat(folder, target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool same = lseek(fd, -(off_t)length, SEEK_END) >= 0 && read(fd, end, length) == (ssize_t)length &&
	        memcmp(end, stamp, length) == 0;
	close(fd);
	return same;
}
