/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one credential file. */
#include "secret.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char scheme[] = "credential:";

/* The NAME of a reference, or NULL. */
static const char *name_of(const char *reference)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (reference == NULL || strncmp(reference, scheme, sizeof scheme - 1) != 0)
		return NULL;
	const char *name = reference + sizeof scheme - 1;

	if (name[0] == '\0' || name[0] == '.' || name[strspn(name, allowed)] != '\0')
		return NULL;
	return name;
}

/* Fills buf from fd and returns the length, at most cap; negative errno on failure. */
static ssize_t read_all(int fd, char *buf, size_t cap)
{
	size_t length = 0;

	while (length < cap) {
		ssize_t n = read(fd, buf + length, cap - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static int take(int fd, const char *path, char *buf, size_t cap, struct wq_err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return wq_fail(err, WQ_E_INVALID, "%s: not a regular file", path);
	if ((status.st_mode & S_IROTH) != 0)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: everybody may read this secret (mode %04o); chmod o= it", path,
		        (unsigned)status.st_mode & 07777);
	ssize_t length = read_all(fd, buf, cap);

	if (length < 0)
		return wq_fail(err, WQ_E_IO, "%s: %s", path, strerrordesc_np((int)-length));
	while (length > 0 && (buf[length - 1] == '\n' || buf[length - 1] == '\r'))
		length--;
	if (length == 0)
		return wq_fail(err, WQ_E_MISSING, "%s: the file is empty", path);
	if ((size_t)length >= cap)
		return wq_fail(err, WQ_E_INVALID, "%s: longer than %zu bytes", path, cap - 1);
	if (memchr(buf, '\0', (size_t)length) != NULL)
		return wq_fail(err, WQ_E_INVALID, "%s: a NUL byte in a text", path);
	buf[length] = '\0';
	return 0;
}

void secret_stamp(const char *directory, const char *reference, struct secret_stamp *stamp)
{
	char path[PATH_MAX];
	const char *name = name_of(reference);
	struct stat status;

	memset(stamp, 0, sizeof *stamp);
	if (directory == NULL)
		directory = secure_getenv("CREDENTIALS_DIRECTORY");
	if (name == NULL || directory == NULL ||
	        snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path ||
	        stat(path, &status) < 0)
		return;
	stamp->device = status.st_dev;
	stamp->inode = status.st_ino;
	stamp->size = (uint64_t)status.st_size;
	stamp->changed_s = status.st_ctim.tv_sec;
	stamp->changed_ns = status.st_ctim.tv_nsec;
}

int secret_read(
        const char *directory, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	char path[PATH_MAX];
	const char *name = name_of(reference);

	if (name == NULL) /* what was written may be the secret itself: it is not repeated */
		return wq_fail(err, WQ_E_INVALID,
		        "not a reference to a secret; write \"credential:NAME\" and put the secret "
		        "into a file NAME");
	if (directory == NULL)
		directory = secure_getenv("CREDENTIALS_DIRECTORY");
	if (directory == NULL || directory[0] == '\0')
		return wq_fail(err, WQ_E_MISSING,
		        "credential '%s': no directory of credentials is configured and "
		        "$CREDENTIALS_DIRECTORY is not set",
		        name);
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return wq_fail(err, WQ_E_INVALID, "credential '%s': the path is too long", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return wq_fail(err, errno == ENOENT ? WQ_E_MISSING : WQ_E_IO, "%s: %s", path,
		        strerrordesc_np(errno));
	int r = take(fd, path, buf, cap, err);

	close(fd);
	if (r < 0)
		explicit_bzero(buf, cap);
	return r;
}
