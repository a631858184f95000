/* SPDX-License-Identifier: Apache-2.0 */
/* The main loop: inbox, tick, watchdog, signals. */
#include "clock.h"
#include "conclude.h"
#include "daemon.h"
#include "letters.h"
#include "log.h"
#include "supervise.h"
#include "wq/err.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#define TICK WQ_SECONDS(1)

static int on_inbox(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct daemon *daemon = userdata;
	(void)source, (void)fd, (void)revents;
	inbox_silence(daemon->inbox);
	letters_open(daemon);
	conclude_pump(daemon);
	return 0;
}

/* The next second, from now: missed ticks are not made up. */
static int again(sd_event_source *source, wq_ms span)
{
	sd_event_source_set_time_relative(source, (uint64_t)span * 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void delays_note(struct delays *delays, wq_ms delay)
{
	delays->newest[delays->count++ % (sizeof delays->newest / sizeof *delays->newest)] = delay;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	(void)usec;
	if (daemon->tick_due > 0)
		delays_note(&daemon->ticks, clock_boot() - daemon->tick_due);
	conclude_tick(daemon);
	api_commands_tick(daemon);
	daemon->tick_due = clock_boot() + TICK;
	return again(source, TICK);
}

/* -- the watchdog -- */

struct watch {
	struct daemon *daemon;
	wq_ms interval;
	struct supervised writer, deliverer;
	struct supervised *sources;
};

static int on_watchdog(sd_event_source *event, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;
	struct daemon *daemon = watch->daemon;
	wq_ms boot = clock_boot();
	(void)usec;
	/* A disk that hangs is not mended by a restart, which would lose what waits in memory: much patience. */
	bool alive = supervise_look(&watch->writer, writer_progress(daemon->handover.writer), boot);
	alive &= supervise_look(&watch->deliverer, deliverer_progress(daemon->deliverer), boot);
	for (size_t i = 0; i < daemon->source_count; i++)
		alive &= supervise_look(&watch->sources[i], source_progress(daemon->sources[i]), boot);
	if (alive)
		supervise_feed();
	return again(event, watch->interval);
}

static int start_watch(struct watch *watch, struct daemon *daemon, struct wq_err *err)
{
	*watch = (struct watch){ .daemon = daemon,
		.interval = supervise_watchdog(),
		.writer = { .name = "writer", .patience = WQ_MINUTES(5) },
		.deliverer = { .name = "deliverer", .patience = WQ_SECONDS(90) },
		.sources = calloc(daemon->source_count > 0 ? daemon->source_count : 1, sizeof(struct supervised)) };
	if (watch->sources == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the watchdog");
	for (size_t i = 0; i < daemon->source_count; i++)
		watch->sources[i] = (struct supervised){ .name = source_bus(daemon->sources[i])->bus.name,
			.patience = WQ_SECONDS(90) };
	if (watch->interval == WQ_NO_TIME)
		return 0;
	return sd_event_add_time_relative(daemon->event, NULL, CLOCK_BOOTTIME, 0, 0, on_watchdog, watch);
}

/* -- signals -- */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)userdata;
	log_notice("wqd: signal %u, stopping", info->ssi_signo);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

void daemon_log_report(const struct config_report *report, const char *consequence)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	if (stream != NULL) {
		config_report_print(report, consequence, stream);
		fclose(stream);
	}
	log_lines(report->error_count > 0, text != NULL ? text : consequence);
	free(text);
}

/* Whether the drivers would take their settings: what a file names beside itself is looked at only then. Polled ones
 * only: a library that pushes may hold its lock while it waits for main. */
static int try_buses(const struct config *config, struct wq_err *err)
{
	int r = 0;
	for (size_t i = 0; i < config->bus_count && r == 0; i++) {
		const struct config_bus *bus = &config->buses[i];
		if (bus->driver->poll == NULL)
			continue;
		void *state = calloc(1, bus->driver->state_size(&bus->bus));
		if (state == NULL)
			return wq_fail(err, WQ_E_MEMORY, "no memory for bus %s", bus->bus.name);
		r = bus->driver->open(state, &bus->bus, err);
		if (r == 0)
			bus->driver->close(state);
		free(state);
	}
	return r;
}

/* What would not come up must not be begun: nobody would be watching. */
static int try_next(const struct daemon *daemon, const struct config *next, struct wq_err *err)
{
	const struct config_paths *now = &daemon->config->paths;
	if (daemon->trouble[0] != '\0' || daemon->stalled)
		return wq_fail(err, WQ_E_STATE, "the store does not commit at the moment");
	if (strcmp(now->database, next->paths.database) != 0)
		return wq_fail(err, WQ_E_INVALID, "database is %s now and %s in the file; that takes a restart",
			now->database, next->paths.database);
	if (strcmp(now->socket, next->paths.socket) != 0)
		return wq_fail(err, WQ_E_INVALID, "socket is %s now and %s in the file; that takes a restart",
			now->socket, next->paths.socket);
	return try_buses(next, err);
}

/* A configuration that holds is taken over by starting anew in the same process; everything that counts is
 * in the store by then, and comes back the way it does after any restart. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;
	static struct config_report report;
	struct wq_err err;
	(void)info;
	struct config *next = config_load(daemon->config_file, &report);
	if (next == NULL) {
		daemon_log_report(&report, "the running configuration is unchanged.");
		return 0;
	}
	int r = try_next(daemon, next, &err);
	config_free(next);
	if (r < 0) {
		log_error("reload: %s; the running configuration is unchanged", err.text);
		return 0;
	}
	log_notice("reload: %s holds, taking it over", daemon->config_file);
	daemon->reload = true;
	supervise_reloading();
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* -- the loop -- */

static int add_signal(struct daemon *daemon, int signal, sd_event_signal_handler_t handler)
{
	return sd_event_add_signal(daemon->event, NULL, signal, handler, daemon);
}

static int wire(struct daemon *daemon, struct watch *watch, struct wq_err *err)
{
	int r = sd_event_new(&daemon->event);
	if (r >= 0)
		r = add_signal(daemon, SIGTERM, on_stop);
	if (r >= 0)
		r = add_signal(daemon, SIGINT, on_stop);
	if (r >= 0)
		r = add_signal(daemon, SIGHUP, on_reload);
	if (r >= 0)
		r = sd_event_add_io(daemon->event, NULL, inbox_fd(daemon->inbox), EPOLLIN, on_inbox, daemon);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, NULL, CLOCK_BOOTTIME, 0, 1000, on_tick, daemon);
	if (r >= 0)
		r = start_watch(watch, daemon, err);
	return r >= 0 ? 0 : wq_fail(err, WQ_E_IO, "main loop: %s", strerrordesc_np(-r));
}

int daemon_run(struct daemon *daemon, struct wq_err *err)
{
	struct watch watch = { .sources = NULL };
	int r = wire(daemon, &watch, err);
	if (r == 0) {
		char status[160];
		snprintf(status, sizeof status, "%zu stations, %zu series, %zu buses, %zu rules",
			daemon->config->site.station_count, daemon->config->site.series_count,
			daemon->source_count, config_own_rules(&daemon->config->site));
		log_notice("wqd %s: watching %s", WQ_VERSION, status);
		supervise_ready(status);
		r = sd_event_loop(daemon->event);
		if (r < 0)
			r = wq_fail(err, WQ_E_IO, "main loop: %s", strerrordesc_np(-r));
		if (!daemon->reload)
			supervise_stopping();
	}
	free(watch.sources);
	return r;
}
