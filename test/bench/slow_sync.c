/* SPDX-License-Identifier: Apache-2.0 */
/* A disk whose every sync takes $SLOW_SYNC_MS longer: loaded before the C library (LD_PRELOAD) under a daemon that is
 * measured. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_call)(int fd);

static int slowly(const char *name, int fd)
{
	const char *text = getenv("SLOW_SYNC_MS");
	long ms = text != NULL ? strtol(text, NULL, 10) : 0;
	struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	union {
		void *object;
		sync_call function;
	} next = { .object = dlsym(RTLD_NEXT, name) };

	nanosleep(&span, NULL);
	return next.function(fd);
}

int fdatasync(int fd);
int fsync(int fd);

int fdatasync(int fd)
{
	return slowly("fdatasync", fd);
}

int fsync(int fd)
{
	return slowly("fsync", fd);
}
