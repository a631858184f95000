/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that goes when it is told to. */
#include "hand_clock.h"

#include <stdatomic.h>
#include <string.h>

static atomic_int_fast64_t now, boot, stumble;
static atomic_int readings_left;
static atomic_bool hurry, doubtful;

void hand_clock_reset(void)
{
	atomic_store(&now, HAND_NOW);
	atomic_store(&boot, HAND_BOOT);
	atomic_store(&readings_left, 0);
	atomic_store(&hurry, false);
	atomic_store(&doubtful, false);
}

void hand_clock_hurry(void)
{
	atomic_store(&hurry, true);
}

void hand_clock_trust(bool trusted)
{
	atomic_store(&doubtful, !trusted);
}

void hand_clock_pass(wq_ms span)
{
	atomic_fetch_add(&now, span);
	atomic_fetch_add(&boot, span);
}

void hand_clock_set(wq_ms to)
{
	atomic_store(&now, to);
}

void hand_clock_stumble(int nth, wq_ms span)
{
	atomic_store(&stumble, span);
	atomic_store(&readings_left, nth);
}

wq_ms clock_now(void)
{
	return atomic_load(&now);
}

wq_ms clock_boot(void)
{
	if (atomic_load(&readings_left) > 0 && atomic_fetch_sub(&readings_left, 1) == 1)
		hand_clock_pass(atomic_load(&stumble));
	return atomic_load(&boot);
}

char *clock_machine(char buf[CLOCK_MACHINE])
{
	strcpy(buf, "this start of it");
	return buf;
}

bool clock_trusted(void)
{
	return !atomic_load(&doubtful);
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

	if (atomic_load(&hurry) && span > 20)
		span = 20;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += span / 1000;
	t.tv_nsec += span % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}
