/* SPDX-License-Identifier: Apache-2.0 */
/* A file is taken when whoever wrote it has closed it or moved it in. One that was there before, or of which the kernel did
 * not tell (network file systems do not), is taken when a second look a while later finds it as it was. */
#include "watch.h"

#include "again.h"
#include "take.h"
#include "wq/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

/* Files that a look notes; further ones are noted when these have been taken. */
#define NOTED_MAX 256
/* The thread shows that it lives at least this often. */
#define HEARTBEAT WQ_SECONDS(4)

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* A file as a look found it. */
struct noted {
	char name[NAME_MAX + 1];
	off_t size;
	struct timespec changed;
	wq_ms since; /* CLOCK_MONOTONIC */
	bool seen;   /* by the look that goes on */
};

struct folder_watch {
	struct folder_place place;
	struct wq_sink sink;
	pthread_t thread;
	atomic_uint_fast64_t progress;
	bool started, known; /* known: the link was told */
	int inotify, stop;
	int over_done, over_refused; /* watches, for what grows there; -1: none */
	wq_ms look; /* when the next one is due */
	char down[WQ_ERR_TEXT];
	size_t noted_count;
	struct noted noted[NOTED_MAX];
};

static wq_ms now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void leave_folder(struct folder_watch *watch)
{
	shut(&watch->place.here);
	shut(&watch->place.done);
	shut(&watch->place.refused);
	shut(&watch->inotify);
	watch->noted_count = 0;
}

/* Told when it changes, and once at the start. */
static void tell(struct folder_watch *watch, const char *down)
{
	if (watch->known && strcmp(watch->down, down != NULL ? down : "") == 0)
		return;
	watch->known = true;
	snprintf(watch->down, sizeof watch->down, "%s", down != NULL ? down : "");
	watch->sink.link(watch->sink.owner, down);
}

static int open_below(int here, const char *name, struct wq_err *err)
{
	if (mkdirat(here, name, 0750) != 0 && errno != EEXIST)
		return wq_fail(err, WQ_E_IO, "%s/ cannot be made in it: %s", name, strerrordesc_np(errno));
	int fd = openat(here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return wq_fail(err, WQ_E_IO, "%s/ cannot be opened: %s", name, strerrordesc_np(errno));
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return fd;
	close(fd);
	return wq_fail(err, WQ_E_IO, "nothing can be put into %s/: %s", name, strerrordesc_np(errno));
}

/* A file that was kept open may still grow after it was put away. */
static int watch_below(const struct folder_watch *watch, const char *name)
{
	const struct folder_settings *settings = watch->place.settings;
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%.1024s/%s", settings->path, name);
	return watch->inotify >= 0 && settings->done == 0
	        ? inotify_add_watch(watch->inotify, path, IN_CLOSE_WRITE | IN_ONLYDIR)
	        : -1;
}

static int enter_folder(struct folder_watch *watch, struct wq_err *err)
{
	struct folder_place *place = &watch->place;
	const char *path = place->settings->path;

	place->here = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->here < 0)
		return wq_fail(err, WQ_E_IO, "cannot be opened: %s", strerrordesc_np(errno));
	if (place->settings->done == 0 && faccessat(place->here, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return wq_fail(err, WQ_E_IO, "files cannot be moved out of it: %s (done = \"keep\" leaves them)",
		        strerrordesc_np(errno));
	place->done = open_below(place->here, "done", err);
	if (place->done >= 0)
		place->refused = open_below(place->here, "refused", err);
	if (place->done < 0 || place->refused < 0)
		return WQ_E_IO;
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* Where the kernel has no more watches the folder is looked through all the same. */
	if (watch->inotify >= 0 && inotify_add_watch(watch->inotify, path, EVENTS) < 0)
		shut(&watch->inotify);
	watch->over_done = watch_below(watch, "done");
	watch->over_refused = watch_below(watch, "refused");
	return 0;
}

static bool is_meant(const struct folder_watch *watch, const char *name)
{
	return fnmatch(watch->place.settings->pattern, name, FNM_PERIOD | FNM_CASEFOLD) == 0;
}

/* False: stopping. What is stuck is told as the link's trouble and tried again with the next look. */
static bool take(struct folder_watch *watch, const char *name, bool *stuck)
{
	struct wq_err err = { .code = 0 };
	enum folder_result result = folder_take(&watch->place, name, &err);

	atomic_fetch_add(&watch->progress, 1);
	if (result == FOLDER_STUCK) {
		tell(watch, err.text);
		*stuck = true;
	}
	return result != FOLDER_STOPPED;
}

/* The same of what was put away before. */
static bool take_again(struct folder_watch *watch, int where, const char *name)
{
	struct wq_err err = { .code = 0 };
	enum folder_result result = folder_take_again(&watch->place, where, name, &err);

	if (result == FOLDER_STUCK)
		tell(watch, err.text);
	return result != FOLDER_STOPPED;
}

static bool take_all_again(struct folder_watch *watch)
{
	struct wq_err err = { .code = 0 };
	enum folder_result result = watch->place.settings->done == 0 ? folder_take_all_again(&watch->place, &err) : FOLDER_TAKEN;

	if (result == FOLDER_STUCK)
		tell(watch, err.text);
	return result != FOLDER_STOPPED;
}

/* -- looking through the folder -- */

static struct noted *find(struct folder_watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->noted_count; i++)
		if (strcmp(watch->noted[i].name, name) == 0)
			return &watch->noted[i];
	return NULL;
}

static void note(struct folder_watch *watch, const char *name, const struct stat *about, wq_ms now)
{
	struct noted *known = find(watch, name);

	if (known == NULL && watch->noted_count == NOTED_MAX)
		return;
	if (known == NULL) {
		known = &watch->noted[watch->noted_count++];
		*known = (struct noted){ .size = -1 };
		snprintf(known->name, sizeof known->name, "%s", name);
	}
	known->seen = true;
	if (known->size == about->st_size && known->changed.tv_sec == about->st_mtim.tv_sec &&
	        known->changed.tv_nsec == about->st_mtim.tv_nsec)
		return;
	known->size = about->st_size;
	known->changed = about->st_mtim;
	known->since = now;
}

static void note_all(struct folder_watch *watch, wq_ms now)
{
	int fd = openat(watch->place.here, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat about;

	if (folder == NULL) {
		shut(&fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		atomic_fetch_add(&watch->progress, 1);
		if (is_meant(watch, entry->d_name) &&
		        fstatat(watch->place.here, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(about.st_mode) &&
		        (watch->place.settings->done == 0 || !folder_reported(&watch->place, entry->d_name, &about)))
			note(watch, entry->d_name, &about, now);
	}
	closedir(folder);
}

static void forget(struct folder_watch *watch, struct noted *noted)
{
	*noted = watch->noted[--watch->noted_count];
}

/* Takes what has lain as it is for long enough; false: stopping. */
static bool look(struct folder_watch *watch)
{
	const struct folder_settings *settings = watch->place.settings;
	wq_ms now = now_ms();
	bool stuck = false;

	for (size_t i = 0; i < watch->noted_count; i++)
		watch->noted[i].seen = false;
	note_all(watch, now);
	watch->look = now + settings->rescan;
	for (size_t i = watch->noted_count; i-- > 0;) {
		struct noted *noted = &watch->noted[i];

		if (!noted->seen) {
			forget(watch, noted);
		} else if (now - noted->since >= settings->settle) {
			if (!take(watch, noted->name, &stuck))
				return false;
			forget(watch, noted);
		} else if (noted->since + settings->settle < watch->look) {
			watch->look = noted->since + settings->settle;
		}
	}
	if (!stuck)
		tell(watch, NULL);
	return true;
}

/* -- what the kernel tells -- */

/* A file that is kept and was reported is not looked at again, whatever closed it. */
static bool is_new(const struct folder_watch *watch, const char *name)
{
	struct stat about;

	return is_meant(watch, name) && fstatat(watch->place.here, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
	        !S_ISDIR(about.st_mode) && (watch->place.settings->done == 0 || !folder_reported(&watch->place, name, &about));
}

/* What was put away is written to. */
static bool hear_below(struct folder_watch *watch, const struct inotify_event *event)
{
	const struct folder_place *place = &watch->place;

	if (event->len == 0 || place->here < 0 || (event->mask & IN_CLOSE_WRITE) == 0)
		return true;
	return take_again(watch, event->wd == watch->over_done ? place->done : place->refused, event->name);
}

/* False: stopping. */
static bool hear_one(struct folder_watch *watch, const struct inotify_event *event)
{
	bool stuck = false;

	if (event->wd == watch->over_done || event->wd == watch->over_refused)
		return hear_below(watch, event);
	if ((event->mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) {
		/* Entered anew by the next look, which is now. */
		if ((event->mask & IN_Q_OVERFLOW) == 0)
			shut(&watch->place.here);
		watch->look = 0;
		return true;
	}
	if (event->len == 0 || watch->place.here < 0)
		return true;
	/* Closed while it was read and put away: what came last is in no report. */
	if (!is_new(watch, event->name))
		return watch->place.settings->done != 0 || (take_again(watch, watch->place.done, event->name) &&
			take_again(watch, watch->place.refused, event->name));
	bool go_on = take(watch, event->name, &stuck);
	if (go_on && !stuck)
		tell(watch, NULL);
	return go_on;
}

static bool hear(struct folder_watch *watch)
{
	_Alignas(struct inotify_event) char buf[8192];
	ssize_t n = read(watch->inotify, buf, sizeof buf);
	const struct inotify_event *event;

	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *event + event->len)) {
		event = (const struct inotify_event *)(buf + at);
		if (!hear_one(watch, event))
			return false;
	}
	return true;
}

/* Waits for the kernel's word, the next look or the end; false: the end. */
static bool wait(struct folder_watch *watch)
{
	struct pollfd fds[] = { { .fd = watch->stop, .events = POLLIN }, { .fd = watch->inotify, .events = POLLIN } };
	wq_ms left = watch->look - now_ms();

	left = left < 0 ? 0 : left > HEARTBEAT ? HEARTBEAT : left;
	poll(fds, 2, (int)left);
	atomic_fetch_add(&watch->progress, 1);
	if (fds[0].revents != 0)
		return false;
	return fds[1].revents == 0 || hear(watch);
}

static void *work(void *argument)
{
	struct folder_watch *watch = argument;
	bool go_on = true;

	while (go_on) {
		if (now_ms() >= watch->look && watch->place.here < 0) {
			struct wq_err err;
			char text[WQ_ERR_TEXT];

			leave_folder(watch);
			watch->look = now_ms() + watch->place.settings->rescan;
			if (enter_folder(watch, &err) == 0) {
				watch->look = 0;
				go_on = take_all_again(watch);
			} else {
				snprintf(text, sizeof text, "%.120s: %.240s", watch->place.settings->path, err.text);
				leave_folder(watch);
				tell(watch, text);
			}
		}
		if (go_on && now_ms() >= watch->look && watch->place.here >= 0)
			go_on = look(watch);
		go_on = go_on && wait(watch);
	}
	return NULL;
}

struct folder_watch *folder_watch_open(const struct wq_bus *bus, struct wq_err *err)
{
	struct folder_watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for folder %s", bus->name);
		return NULL;
	}
	watch->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch->inotify = watch->over_done = watch->over_refused = -1;
	watch->place = (struct folder_place){ .bus = bus, .settings = bus->settings, .sink = &watch->sink, .here = -1, .done = -1,
		.refused = -1, .stop = watch->stop, .progress = &watch->progress };
	if (watch->stop < 0) {
		wq_fail(err, WQ_E_IO, "no eventfd for folder %s: %s", bus->name, strerrordesc_np(errno));
		free(watch);
		return NULL;
	}
	return watch;
}

void folder_watch_close(struct folder_watch *watch)
{
	if (watch == NULL)
		return;
	leave_folder(watch);
	shut(&watch->stop);
	free(watch);
}

int folder_watch_start(struct folder_watch *watch, const struct wq_sink *sink, struct wq_err *err)
{
	watch->sink = *sink;
	if (pthread_create(&watch->thread, NULL, work, watch) != 0)
		return wq_fail(err, WQ_E_MEMORY, "no thread for folder %s", watch->place.bus->name);
	watch->started = true;
	return 0;
}

void folder_watch_stop(struct folder_watch *watch)
{
	if (!watch->started)
		return;
	/* Fails only where it was told before. */
	if (eventfd_write(watch->stop, 1) < 0)
		errno = 0;
	pthread_join(watch->thread, NULL);
	watch->started = false;
}

uint64_t folder_watch_progress(const struct folder_watch *watch)
{
	return atomic_load(&((struct folder_watch *)(uintptr_t)watch)->progress);
}
