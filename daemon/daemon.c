/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, runs and takes apart the daemon. */
#include "daemon.h"

#include "clock.h"
#include "command.h"
#include "conclude.h"
#include "ctl/server.h"
#include "log.h"
#include "supervise.h"
#include "wq/err.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

/* How long stopping waits for commits that fail, and for attempts under way. */
#define STOP_GRACE WQ_SECONDS(5)
#define TICK       WQ_SECONDS(1)

/* -- letters from other threads -- */

struct attempt_letter {
	struct letter letter;
	struct store_delivery delivery;
};

struct channel_letter {
	struct letter letter;
	char channel[WQ_NAME_TEXT];
	char text[192]; /* "": it works again */
};

struct outage_letter {
	struct letter letter;
	struct store_outage outage;
};

struct trouble_letter {
	struct letter letter;
	char text[WQ_ERR_TEXT];
};

static void landed_open(void *daemon, struct letter *letter)
{
	struct flight *flight = (struct flight *)((char *)letter - offsetof(struct flight, letter));
	conclude_landed(daemon, flight);
}

/* Writer thread: senders may be told before main hears of it. */
static void on_committed(void *owner, struct commit_group *group, struct store_answer *answers, size_t count)
{
	struct daemon *daemon = owner;
	struct flight *flight = (struct flight *)group;
	flight->answers = answers;
	flight->answer_count = count;
	flight->letter.open = landed_open;
	receipts_committed(daemon->receipts, group->last_sequence);
	inbox_post(daemon->inbox, &flight->letter);
}

static void trouble_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	struct trouble_letter *trouble = (struct trouble_letter *)letter;
	memcpy(daemon->trouble, trouble->text, sizeof daemon->trouble);
	if (trouble->text[0] != '\0')
		log_error("store: %s; what was concluded waits in memory and is tried again", trouble->text);
	else
		log_notice("store: commits work again; readings that could not wait and were not stored since the start: "
			   "%" PRIu64,
			daemon->shed);
	free(trouble);
}

static void on_trouble(void *owner, const char *text)
{
	struct daemon *daemon = owner;
	struct trouble_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = trouble_open;
	snprintf(letter->text, sizeof letter->text, "%s", text != NULL ? text : "");
	inbox_post(daemon->inbox, &letter->letter);
}

static void attempt_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	const struct store_delivery *delivery = &((struct attempt_letter *)letter)->delivery;
	struct flight *flight = handover_current(&daemon->handover);
	daemon->sent += delivery->kind == WQ_SENT;
	daemon->failed += delivery->kind != WQ_SENT;
	if (delivery->kind != WQ_SENT)
		log_warning("notice %s: channel %s, attempt %u: %s%s", delivery->id, delivery->channel,
			delivery->attempt, delivery->text, delivery->done ? "; given up" : "; it is tried again");
	if (flight == NULL || !handover_delivery(flight, delivery))
		log_error("notice %s: no memory to record the attempt; it may be sent again after a restart",
			delivery->id);
	handover_submit(&daemon->handover, clock_boot(), false);
	conclude_offer_waiting(daemon);
	free(letter);
}

static void on_attempt(void *owner, const struct store_delivery *delivery)
{
	struct daemon *daemon = owner;
	struct attempt_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = attempt_open;
	letter->delivery = *delivery;
	inbox_post(daemon->inbox, &letter->letter);
}

static void channel_open(void *owner, struct letter *letter)
{
	const struct channel_letter *channel = (struct channel_letter *)letter;
	selfwatch_channel(owner, channel->channel, channel->text);
	if (channel->text[0] != '\0')
		log_error("channel %s: %s; notices go to the contacts' next channels and are tried again",
			channel->channel, channel->text);
	else
		log_notice("channel %s: works again", channel->channel);
	free(letter);
}

static void on_channel(void *owner, const char *channel, const char *text)
{
	struct daemon *daemon = owner;
	struct channel_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = channel_open;
	snprintf(letter->channel, sizeof letter->channel, "%s", channel);
	snprintf(letter->text, sizeof letter->text, "%s", text != NULL ? text : "");
	inbox_post(daemon->inbox, &letter->letter);
}

static void outage_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	struct flight *flight = handover_current(&daemon->handover);
	if (flight == NULL || !handover_outage(flight, &((struct outage_letter *)letter)->outage))
		log_error("store: no memory to record an outage");
	handover_submit(&daemon->handover, clock_boot(), false);
	free(letter);
}

static void on_outage(void *owner, const struct source_outage *outage)
{
	struct daemon *daemon = owner;
	struct outage_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL)
		return;
	letter->letter.open = outage_open;
	letter->outage = (struct store_outage){ .source = outage->source, .from = outage->from, .to = outage->to };
	snprintf(letter->outage.unit, sizeof letter->outage.unit, "%s", outage->unit);
	snprintf(letter->outage.reason, sizeof letter->outage.reason, "%s", outage->reason);
	inbox_post(daemon->inbox, &letter->letter);
}

static int on_command(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	struct daemon *daemon = owner;
	return command_ask(daemon->inbox, api_open, request, reply);
}

static void open_letters(struct daemon *daemon)
{
	for (struct letter *letter = inbox_letters(daemon->inbox), *next; letter != NULL; letter = next) {
		next = letter->next;
		letter->open(daemon, letter);
	}
}

/* -- building -- */

/* A damaged file is set aside for those who mend it; watching goes on with a new one. */
static int begin_new_file(struct daemon *daemon, struct wq_err *err)
{
	const char *path = daemon->config->paths.database;
	struct wq_err damage = *err;
	char stamp[32];
	snprintf(stamp, sizeof stamp, "%lld", (long long)(clock_now() / 1000));
	int r = store_quarantine(path, stamp, err);
	if (r < 0)
		return r;
	log_error("store: %s; it is kept as %s.damaged-%s and a new history is begun: open alarms of the old one "
		  "are told anew when the water still exceeds",
		damage.text, path, stamp);
	return store_open(path, &daemon->config->site, &daemon->store, err);
}

static int open_history(struct daemon *daemon, struct wq_err *err)
{
	const struct config *config = daemon->config;
	int r = store_open(config->paths.database, &config->site, &daemon->store, err);
	if (r == WQ_E_PROTOCOL)
		r = begin_new_file(daemon, err);
	if (r < 0)
		return r;
	daemon->engine = wq_engine_new(&config->site, err);
	if (daemon->engine == NULL)
		return WQ_E_MEMORY;
	daemon->incarnation = store_incarnation(daemon->store);
	r = store_restore(daemon->store, &config->site, daemon->engine, clock_now(), err);
	if (r < 0)
		return r;
	if (store_orphans(daemon->store) > 0)
		log_warning("store: %zu open alarms belong to rules or places that are no longer configured; they stay "
			    "as they are in the history",
			store_orphans(daemon->store));
	uint64_t last = store_last_sequence(daemon->store);
	daemon->inbox = inbox_new(last + 1, err);
	daemon->receipts = receipts_new(last);
	if (daemon->inbox == NULL || daemon->receipts == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the inbox");
	return 0;
}

static bool take_outbox(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	struct daemon *daemon = owner;
	conclude_offer(daemon, notice, attempts);
	return !daemon->behind;
}

static int start_alerter(struct daemon *daemon, struct wq_err *err)
{
	struct deliverer_events events = { .owner = daemon, .attempt = on_attempt, .trouble = on_channel };
	const struct deliverer_clock clock = { .wall = clock_now, .steady = clock_boot };
	daemon->deliverer = deliverer_start(daemon->config, &events, &clock, err);
	if (daemon->deliverer == NULL)
		return WQ_E_STATE;
	return store_outbox(daemon->store, take_outbox, daemon, err);
}

static int start_writer(struct daemon *daemon, struct wq_err *err)
{
	struct writer_events events = { .owner = daemon, .committed = on_committed, .trouble = on_trouble,
		.undelivered = conclude_undelivered, .undelivered_end = conclude_undelivered_end };
	daemon->handover.writer = writer_start(daemon->store, &events, err);
	if (daemon->handover.writer == NULL)
		return WQ_E_MEMORY;
	daemon->store = NULL;
	return 0;
}

static int start_sources(struct daemon *daemon, struct wq_err *err)
{
	struct source_events events = { .owner = daemon, .outage = on_outage };
	const struct config *config = daemon->config;
	daemon->sources = calloc(config->bus_count > 0 ? config->bus_count : 1, sizeof(struct source *));
	if (daemon->sources == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu buses", config->bus_count);
	for (size_t i = 0; i < config->bus_count; i++) {
		struct source *source = source_start(&config->buses[i], config->paths.receipt_timeout, daemon->inbox,
			daemon->receipts, &events, err);
		if (source == NULL)
			return WQ_E_STATE;
		daemon->sources[daemon->source_count++] = source;
	}
	return 0;
}

int daemon_open(struct daemon *daemon, const char *config_file, struct config *config, struct wq_err *err)
{
	memset(daemon, 0, sizeof *daemon);
	handover_init(&daemon->handover, config->paths.ring);
	daemon->waiting_last = &daemon->waiting;
	daemon->config_file = config_file;
	daemon->config = config;
	daemon->started = clock_now();
	daemon->started_boot = clock_boot();
	int r = selfwatch_open(daemon, err);
	if (r == 0)
		r = open_history(daemon, err);
	if (r == 0)
		r = start_alerter(daemon, err);
	if (r == 0)
		r = start_writer(daemon, err);
	if (r == 0)
		r = start_sources(daemon, err);
	if (r == 0) {
		daemon->ctl = ctl_server_start(config->paths.socket, on_command, daemon, err);
		r = daemon->ctl != NULL ? 0 : WQ_E_IO;
	}
	return r;
}

/* -- running -- */

static int on_inbox(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct daemon *daemon = userdata;
	(void)source, (void)fd, (void)revents;
	inbox_silence(daemon->inbox);
	open_letters(daemon);
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
	daemon->tick_due = clock_boot() + TICK;
	return again(source, TICK);
}

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
	log_lines(text != NULL ? text : consequence);
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
			daemon->source_count, daemon->config->site.rule_count - CONFIG_SELF_RULES);
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

/* -- taking apart, in reverse -- */

/* Samplers end first; what they delivered still goes through the engine and to the writer. */
static void stop_sources(struct daemon *daemon)
{
	if (daemon->receipts != NULL)
		receipts_close(daemon->receipts);
	if (daemon->inbox != NULL)
		inbox_close(daemon->inbox);
	for (size_t i = 0; i < daemon->source_count; i++)
		source_stop(daemon->sources[i]);
	for (size_t i = 0; i < daemon->source_count; i++)
		source_join(daemon->sources[i]);
	daemon->source_count = 0;
}

static void drain(struct daemon *daemon)
{
	size_t before;
	open_letters(daemon);
	do {
		before = inbox_depth(daemon->inbox);
		conclude_pump(daemon);
	} while (inbox_depth(daemon->inbox) > 0 && inbox_depth(daemon->inbox) < before);
	handover_submit(&daemon->handover, clock_boot(), true);
}

static void count_lost(const struct flight *flight, size_t *samples, size_t *changes)
{
	*samples += flight->group.outcome.sample_count;
	*changes += flight->group.outcome.change_count;
}

/* What could not be committed to the end. Groups that were come back by letters, which are not opened any more. */
static void tell_lost(struct daemon *daemon)
{
	size_t samples = 0, changes = 0;
	uint64_t committed = store_last_sequence(daemon->store);
	for (const struct flight *f = daemon->handover.first; f != NULL; f = f->next)
		if (f->group.last_sequence > committed || f->group.batch_count == 0)
			count_lost(f, &samples, &changes);
	if (daemon->handover.current != NULL)
		count_lost(daemon->handover.current, &samples, &changes);
	size_t batches = inbox_depth(daemon->inbox) + (daemon->held != NULL);
	daemon->lost = (samples + changes > 0 && daemon->trouble[0] != '\0') || batches > 0;
	if (daemon->lost)
		log_error("store: stopping with %zu readings, %zu changes of alarms and %zu batches not yet judged that could "
			  "not be stored; they are lost: %s",
			samples, changes, batches,
			daemon->trouble[0] != '\0' ? daemon->trouble : "there was no more time");
}

static void stop_writer(struct daemon *daemon)
{
	if (daemon->handover.writer == NULL)
		return;
	drain(daemon);
	daemon->store = writer_stop(daemon->handover.writer, STOP_GRACE);
	if (daemon->store == NULL) {
		log_error("store: the disk hangs; leaving without it");
		_Exit(EXIT_FAILURE);
	}
	tell_lost(daemon);
	/* Letters of the last commits: their memory is the handover's, only answers are theirs. */
	for (struct letter *letter = inbox_letters(daemon->inbox), *next; letter != NULL; letter = next) {
		next = letter->next;
		if (letter->open == api_open)
			command_answer((struct command *)letter, 503, NULL);
		else if (letter->open != landed_open)
			free(letter);
		else
			free(((struct flight *)((char *)letter - offsetof(struct flight, letter)))->answers);
	}
}

bool daemon_close(struct daemon *daemon)
{
	ctl_server_stop(daemon->ctl);
	stop_sources(daemon);
	deliverer_stop(daemon->deliverer, STOP_GRACE);
	stop_writer(daemon);
	handover_finish(&daemon->handover);
	for (struct waiting_notice *node = daemon->waiting, *next; node != NULL; node = next) {
		next = node->next;
		free(node);
	}
	free(daemon->held);
	sd_event_unref(daemon->event);
	wq_engine_free(daemon->engine);
	store_close(daemon->store);
	inbox_free(daemon->inbox);
	receipts_free(daemon->receipts);
	free(daemon->sources);
	free(daemon->channels);
	config_free(daemon->config);
	return !daemon->lost;
}
