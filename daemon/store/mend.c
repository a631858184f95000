/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the history anew after something went wrong, and what is done when it was the file itself: gone, replaced, or
 * damaged. */
#include "store_parts.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096

int store_quarantine(const char *path, const char *stamp, struct wq_err *err)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	char from[PATH_ROOM], to[PATH_ROOM];
	/* The database itself goes last: until then another try finds everything that is left. */
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (snprintf(from, sizeof from, "%s%s", path, suffixes[i]) >= (int)sizeof from ||
		        snprintf(to, sizeof to, "%s.damaged-%s%s", path, stamp, suffixes[i]) >=
		                (int)sizeof to)
			return wq_fail(err, WQ_E_INVALID, "%s: the path is too long", path);
		struct stat st;
		if (lstat(to, &st) == 0)
			return wq_fail(err, WQ_E_STATE, "%s: is there already", to);
		if (rename(from, to) != 0 && errno != ENOENT)
			return wq_fail(err, WQ_E_IO, "%s: cannot be renamed to %s: %s", from, to,
			        strerror(errno));
	}
	return 0;
}

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static bool moved(struct store *store)
{
	int yes = 0;
	return store->db != NULL &&
	        sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &yes) ==
	        SQLITE_OK &&
	        yes != 0;
}

int mend_look(struct store *store, struct wq_err *err)
{
	if (!moved(store))
		return 0;
	return wq_fail(err, WQ_E_IO, "%s: was %s while it was open; it is saved from what is still open",
	        store->path, is_there(store->path) ? "replaced by another file" : "removed");
}

/* A stamp that no file set aside has yet. There is no clock here: the newest arrival names it. */
static int free_stamp(const struct store *store, const char *word, char *stamp, size_t cap)
{
	char path[PATH_ROOM];
	for (int n = 0; n < 1000; n++) {
		snprintf(stamp, cap, n == 0 ? "%lld" : "%lld-%d", (long long)(store->received / 1000), n);
		if (snprintf(path, sizeof path, "%s.%s-%s", store->path, word, stamp) >=
		        (int)sizeof path)
			return -1;
		if (!is_there(path))
			return 0;
	}
	return -1;
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) != 0 ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

/* The directory a path lies in. */
static int sync_folder(const char *path)
{
	char folder[PATH_ROOM];
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path),
	        slash == NULL ? "." : path);
	return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

/* What the open connection still has, whole and synced, as a file of its own. */
static int copy_out(struct store *store, const char *to, struct wq_err *err)
{
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", to);
	int rc = sql == NULL ? SQLITE_NOMEM : SQLITE_OK;
	unlink(to); /* what an earlier try left */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
	if (rc != SQLITE_OK) {
		int r = store_fail(store, rc, "cannot be saved from what is still open", err);
		unlink(to);
		return r;
	}
	if (sync_path(to, O_RDONLY) != 0)
		return wq_fail(err, WQ_E_IO, "%s: cannot be synced: %s", to, strerror(errno));
	return 0;
}

static int rename_synced(const char *from, const char *to, struct wq_err *err)
{
	if (rename(from, to) == 0 && sync_folder(to) == 0)
		return 0;
	return wq_fail(err, WQ_E_IO, "%s: cannot be put at %s: %s", from, to, strerror(errno));
}

static int saving_path(const struct store *store, char path[PATH_ROOM], struct wq_err *err)
{
	if (snprintf(path, PATH_ROOM, "%s.saving", store->path) < PATH_ROOM)
		return 0;
	return wq_fail(err, WQ_E_INVALID, "%s: the path is too long", store->path);
}

/* Nothing is at the path: the history goes back there. Logs that were left behind are of the old file and
 * would be taken for the new one's. */
static int put_back(struct store *store, struct wq_err *err)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char path[PATH_ROOM], saved[PATH_ROOM];
	store_disconnect(store);
	if (saving_path(store, saved, err) < 0)
		return WQ_E_INVALID;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s%s", store->path, suffixes[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return wq_fail(err, WQ_E_IO, "%s: cannot be removed: %s", path, strerror(errno));
	}
	return rename_synced(saved, store->path, err);
}

/* *says gets what was done. */
static int rescue(struct store *store, struct wq_err *says, struct wq_err *err)
{
	char saved[PATH_ROOM], beside[PATH_ROOM], stamp[40];
	bool gone = !is_there(store->path);
	if (saving_path(store, saved, err) < 0)
		return WQ_E_INVALID;
	if (free_stamp(store, "replaced", stamp, sizeof stamp) != 0 ||
	        snprintf(beside, sizeof beside, "%s.replaced-%s", store->path, stamp) >=
	                (int)sizeof beside)
		return wq_fail(err, WQ_E_INVALID, "%s: no name to save it under", store->path);
	int r = copy_out(store, saved, err);
	if (r < 0)
		return r;
	wq_fail(says, 0, gone ? "%s: had been removed while it was open; it was written back whole%s"
	                      : "%s: had been replaced while it was open; what it held is saved as %s",
	        store->path, gone ? "" : beside);
	return gone ? put_back(store, err) : rename_synced(saved, beside, err);
}

/* An earlier try saved the history and could not put it in its place. */
static bool half_put_back(const struct store *store)
{
	char saved[PATH_ROOM];
	return store->db == NULL && !is_there(store->path) &&
	        saving_path(store, saved, NULL) == 0 && is_there(saved);
}

static int begin_anew(struct store *store, struct wq_err *says, struct wq_err *err)
{
	struct wq_err damage = *err;
	char stamp[40];
	store_disconnect(store);
	if (free_stamp(store, "damaged", stamp, sizeof stamp) != 0)
		return wq_fail(err, WQ_E_INVALID, "%s: no name to set it aside under", store->path);
	int r = store_quarantine(store->path, stamp, err);
	if (r < 0)
		return r;
	wq_fail(says, 0, "%.400s; it is kept as %s.damaged-%s and a new history is begun", damage.text,
	        store->path, stamp);
	return store_connect(store, false, err);
}

/* The old connection may hold pages that the disk never got. Closing it copies the log, as far as
 * it was synced, into the file and begins a new one. */
int store_reopen(struct store *store, struct wq_err *err)
{
	struct wq_err local, says = { .code = 0 };
	int64_t commits = store->commits;
	int r = 0;
	if (moved(store))
		r = rescue(store, &says, &local);
	else if (half_put_back(store))
		r = put_back(store, &local);
	if (r < 0)
		return wq_fail(err, r, "%s", local.text);
	store_disconnect(store);
	r = store_connect(store, store->suspect, &local);
	if (r == WQ_E_PROTOCOL)
		r = begin_anew(store, &says, &local);
	/* Another file knows the stations by other keys. */
	if (r == 0 && says.text[0] != '\0')
		r = store_use_site(store, store->site, &local);
	if (r == 0 && says.text[0] != '\0')
		r = store_use_uplinks(store, store->uplinks, store->uplink_count, NULL, &local);
	if (r == 0)
		r = tidy_settle(store, &local);
	if (r < 0) {
		store_disconnect(store);
		store->commits = commits;
		return wq_fail(err, r, "%s", local.text);
	}
	store->suspect = false;
	store->landed = store->doubt != NULL && store->commits == commits + 1;
	if (says.text[0] == '\0')
		return 0;
	wq_fail(err, 0, "%s", says.text);
	return 1;
}
