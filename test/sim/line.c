/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a pseudo-terminal and linking its name. */
#include "line.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int fail(struct line *line, const char *name, struct wq_err *err)
{
	char why[128];

	wq_fail(err, WQ_E_IO, "%s: no pseudo-terminal: %s", name,
	        strerror_r(errno, why, sizeof why));
	if (line->held >= 0)
		close(line->held);
	if (line->fd >= 0)
		close(line->fd);
	line->fd = line->held = -1;
	return WQ_E_IO;
}

static int link_name(const char *name, const char *target)
{
	struct stat there;

	if (lstat(name, &there) == 0 && !S_ISLNK(there.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	unlink(name);
	return symlink(target, name);
}

int line_open(struct line *line, const char *name, struct wq_err *err)
{
	struct termios raw;
	char target[64];

	*line = (struct line){ posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), -1 };
	if (line->fd < 0 || grantpt(line->fd) < 0 || unlockpt(line->fd) < 0 ||
	        ptsname_r(line->fd, target, sizeof target) != 0)
		return fail(line, name, err);
	line->held = open(target, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line->held < 0 || tcgetattr(line->held, &raw) < 0)
		return fail(line, name, err);
	cfmakeraw(&raw);
	if (tcsetattr(line->held, TCSANOW, &raw) < 0 || link_name(name, target) < 0)
		return fail(line, name, err);
	return 0;
}

void line_close(struct line *line, const char *name)
{
	if (line->fd < 0)
		return;
	unlink(name);
	close(line->held);
	close(line->fd);
	line->fd = line->held = -1;
}
