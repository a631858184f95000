/* SPDX-License-Identifier: Apache-2.0 */
/* Time of day, time since boot, and whether the former is to be believed. */
#include "clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

/* 2026-01-01T00:00:00Z: no gateway that runs this program lives before it. */
#define EARLIEST ((wq_ms)1767225600000)

static wq_ms read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

wq_ms clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

wq_ms clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

void clock_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attr);
	pthread_condattr_destroy(&attr);
}

struct timespec clock_deadline(wq_ms span)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += span / 1000;
	t.tv_nsec += span % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static bool synchronised(void)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);
	return state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

char *clock_machine(char buf[CLOCK_MACHINE])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file == NULL || fgets(buf, CLOCK_MACHINE, file) == NULL)
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	return buf;
}

/* Every batch asks; the kernel is asked once a second. */
bool clock_trusted(void)
{
	static atomic_int_fast64_t second = -1;
	static atomic_bool answer;
	int_fast64_t now = clock_boot() / 1000;
	if (atomic_load(&second) != now) {
		/* Two that ask at once get the same answer. */
		atomic_store(&answer, synchronised());
		atomic_store(&second, now);
	}
	return atomic_load(&answer) && clock_now() >= EARLIEST;
}
