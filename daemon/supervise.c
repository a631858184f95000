/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify, and who is still alive. */
#include "supervise.h"

#include "log.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

bool supervise_look(struct supervised *worker, uint64_t progress, wq_ms boot)
{
	if (worker->since == 0 || progress != worker->seen) {
		worker->seen = progress;
		worker->since = boot;
		worker->told = false;
		return true;
	}
	if (boot - worker->since <= worker->patience)
		return true;
	if (!worker->told)
		log_error("%s: no progress for %lld s; the watchdog is not fed until it moves", worker->name,
			(long long)(worker->patience / 1000));
	worker->told = true;
	return false;
}

wq_ms supervise_watchdog(void)
{
	uint64_t usec = 0;
	return sd_watchdog_enabled(0, &usec) > 0 ? (wq_ms)(usec / 3000) : WQ_NO_TIME;
}

void supervise_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void supervise_reloading(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		(uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
}

void supervise_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void supervise_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

void supervise_feed(void)
{
	sd_notify(0, "WATCHDOG=1");
}
