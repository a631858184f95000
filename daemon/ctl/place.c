/* SPDX-License-Identifier: Apache-2.0 */
/* Socket files: what a dead daemon left is replaced, nothing else is touched. */
#include "place.h"

#include "wq/err.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 1: somebody listens there; 0: nobody does; negative: it cannot be told. */
static int is_alive(const struct sockaddr_un *address, const char *what, struct wq_err *err)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failure;

	if (probe < 0)
		return wq_fail(err, WQ_E_IO, "socket: %s", strerror(errno));
	failure =
	        connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
	close(probe);
	if (failure == 0 || failure == EAGAIN) /* EAGAIN: it listens, with a full backlog */
		return 1;
	if (failure == ECONNREFUSED || failure == ENOENT)
		return 0;
	return wq_fail(err, WQ_E_IO, "%s %s: %s", what, address->sun_path, strerror(failure));
}

/* Removes what a dead daemon left; refuses to touch anything else. */
static int clear_path(const struct sockaddr_un *address, const char *what, struct wq_err *err)
{
	const char *path = address->sun_path;
	struct stat status;
	int alive;

	if (lstat(path, &status) < 0)
		return errno == ENOENT
		        ? 0
		        : wq_fail(err, WQ_E_IO, "%s %s: %s", what, path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return wq_fail(err, WQ_E_INVALID,
		        "%s %s: there is something else of that name; remove it or "
		        "choose another path",
		        what, path);
	alive = is_alive(address, what, err);
	if (alive < 0)
		return alive;
	if (alive)
		return wq_fail(err, WQ_E_STATE, "%s %s: another daemon serves it", what, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return wq_fail(err, WQ_E_IO, "%s %s: left by a dead daemon, not removable: %s",
		        what, path, strerror(errno));
	return 0;
}

static int set_address(
        struct sockaddr_un *address, const char *path, const char *what, struct wq_err *err)
{
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof address->sun_path)
		return wq_fail(err, WQ_E_INVALID, "%s '%s': %zu bytes, 1 to %zu are allowed", what,
		        path, length, sizeof address->sun_path - 1);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

static int bind_and_listen(struct ctl_place *place, int listener, mode_t mode, int backlog)
{
	const char *path = place->address.sun_path;
	struct stat status;

	/* The mode of the descriptor is the mode the file is born with, less the umask: there is no
	 * moment in which others could connect, and the umask of the process stays alone. */
	if (fchmod(listener, mode) < 0 ||
	        bind(listener, (struct sockaddr *)&place->address, sizeof place->address) < 0)
		return -1;
	if (lstat(path, &status) == 0) {
		place->device = status.st_dev;
		place->inode = status.st_ino;
	}
	return chmod(path, mode) < 0 || listen(listener, backlog) < 0 ? -1 : 0;
}

int ctl_place_open(struct ctl_place *place, const char *path, mode_t mode, const char *what, int backlog, struct wq_err *err)
{
	int r, listener;

	*place = (struct ctl_place){ 0 };
	r = set_address(&place->address, path, what, err);
	if (r == 0)
		r = clear_path(&place->address, what, err);
	if (r < 0)
		return r;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return wq_fail(err, WQ_E_IO, "socket: %s", strerror(errno));
	if (bind_and_listen(place, listener, mode, backlog) == 0)
		return listener;
	r = wq_fail(err, WQ_E_IO, "%s %s: %s", what, path, strerror(errno));
	close(listener);
	ctl_place_close(place);
	return r;
}

void ctl_place_close(const struct ctl_place *place)
{
	struct stat status;

	if (place->inode != 0 && lstat(place->address.sun_path, &status) == 0 &&
	        status.st_dev == place->device && status.st_ino == place->inode)
		unlink(place->address.sun_path);
}
