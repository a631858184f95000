/* SPDX-License-Identifier: Apache-2.0 */
/* What was read before is only counted when it is read again, so it costs nothing but time. */
#include "again.h"

#include "report.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum folder_result folder_take_again(const struct folder_place *place, int where, const char *name, struct wq_err *err)
{
	struct folder_place there = *place;
	struct stat about;

	if (name[0] == '.' || fstatat(where, name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode) ||
	        !report_exists(where, name) || report_is_of(where, name, &about))
		return FOLDER_GONE;
	there.here = where;
	enum folder_result result = folder_take(&there, name, err);
	/* Refused before, understood now: it went to done/ with a new report. */
	if (result == FOLDER_TAKEN && faccessat(where, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		report_remove(where, name);
	return result;
}

static enum folder_result look_through(const struct folder_place *place, int where, struct wq_err *err)
{
	int fd = openat(where, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	enum folder_result result = FOLDER_TAKEN;
	struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return result;
	}
	while (result != FOLDER_STOPPED && (entry = readdir(folder)) != NULL) {
		enum folder_result one = folder_take_again(place, where, entry->d_name, err);

		atomic_fetch_add(place->progress, 1);
		if (one == FOLDER_STOPPED || one == FOLDER_STUCK)
			result = one;
	}
	closedir(folder);
	return result;
}

enum folder_result folder_take_all_again(const struct folder_place *place, struct wq_err *err)
{
	enum folder_result done = look_through(place, place->done, err);
	enum folder_result refused = done == FOLDER_STOPPED ? done : look_through(place, place->refused, err);

	return refused != FOLDER_TAKEN ? refused : done;
}
