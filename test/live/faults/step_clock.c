/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that can be set under a running program, preloaded. The file $WQ_CLOCK_STEP holds numbers of eight bytes:
 *
 *   0  seconds added to CLOCK_REALTIME alone: the wall clock is stepped, the other clocks stay true
 *   1  milliseconds added to CLOCK_REALTIME and CLOCK_BOOTTIME: time passes
 *   2  written here: the true CLOCK_REALTIME, in ms, when the program started
 *
 * With $WQ_CLOCK_RATE = N these two clocks run N times as fast as they are from then on, and timers on them
 * (timerfd) are due when their clock says so, but for what number 1 adds while they wait: they come at the latest
 * when they would have come without it. The file needs number 0 only, the rest where it is used. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NANO    1000000000LL
#define FDS_MAX 1024

enum { STEP, PASSED, BEGAN, NUMBERS };

static int64_t none[NUMBERS];
static volatile int64_t *numbers = none;
static int64_t rate = 1, began_wall, began_boot;
static uint8_t timers[FDS_MAX]; /* by file descriptor: its clock + 1 */

static int64_t nano(struct timespec t)
{
	return t.tv_sec * NANO + t.tv_nsec;
}

static struct timespec timespec(int64_t n)
{
	return (struct timespec){ n / NANO, n % NANO };
}

static int64_t true_time(clockid_t clock)
{
	struct timespec t = { 0, 0 };
	syscall(SYS_clock_gettime, clock, &t);
	return nano(t);
}

__attribute__((constructor)) static void map_numbers(void)
{
	const char *path = getenv("WQ_CLOCK_STEP"), *fast = getenv("WQ_CLOCK_RATE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat status = { .st_size = 0 };
	void *page = fd >= 0 && fstat(fd, &status) == 0
		? mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
		: MAP_FAILED;
	if (page != MAP_FAILED)
		numbers = page;
	if (fd >= 0)
		close(fd);
	began_wall = true_time(CLOCK_REALTIME);
	began_boot = true_time(CLOCK_BOOTTIME);
	rate = fast != NULL ? atoll(fast) : 1;
	if (status.st_size >= (off_t)sizeof none)
		numbers[BEGAN] = began_wall / 1000000;
}

static int64_t shown(clockid_t clock, int64_t now)
{
	int64_t began = clock == CLOCK_BOOTTIME ? began_boot : began_wall;
	int64_t passed = numbers[PASSED] * 1000000 + (rate - 1) * (now - began);
	return now + passed + (clock == CLOCK_BOOTTIME ? 0 : numbers[STEP] * NANO);
}

static int is_ours(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	long r = syscall(SYS_clock_gettime, clock, time);
	if (r == 0 && is_ours(clock))
		*time = timespec(shown(clock, nano(*time)));
	return (int)r;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	time->tv_sec = now.tv_sec;
	time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *to)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (to != NULL)
		*to = now.tv_sec;
	return now.tv_sec;
}

/* -- timers: only where time passes faster than it does -- */

int timerfd_create(clockid_t clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);
	if (fd >= 0 && fd < FDS_MAX)
		timers[fd] = (uint8_t)(is_ours(clock) ? clock + 1 : 0);
	return fd;
}

/* An instant of the shown clock as a span of true time from now; at once (1 ns) when it is past. */
static struct timespec span_until(clockid_t clock, struct timespec at)
{
	int64_t left = (nano(at) - shown(clock, true_time(clock))) / rate;
	return timespec(left > 0 ? left : 1);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
	struct itimerspec spec = *to;
	int ours = getenv("WQ_CLOCK_RATE") != NULL && fd >= 0 && fd < FDS_MAX && timers[fd] != 0;
	if (ours && (flags & TFD_TIMER_ABSTIME) != 0 && nano(spec.it_value) != 0) {
		spec.it_value = span_until((clockid_t)(timers[fd] - 1), spec.it_value);
		flags &= ~TFD_TIMER_ABSTIME;
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &spec, old);
}
