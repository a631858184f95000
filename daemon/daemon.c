/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and takes apart the daemon. */
#include "daemon.h"

#include "catchup.h"

#include "clock.h"
#include "conclude.h"
#include "ctl/server.h"
#include "duty/duty.h"
#include "intake/importer.h"
#include "letters.h"
#include "log.h"
#include "notify/hold.h"
#include "intake/pool.h"
#include "web/web.h"
#include "wq/err.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-event.h>

/* How long stopping waits for commits that fail, and for attempts under way. */
#define STOP_GRACE WQ_SECONDS(5)

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
	daemon->clock_known = clock_trusted();
	wq_ms now = clock_now(), latest = daemon->clock_known ? now + config->site.evaluation.future_tolerance : INT64_MAX;
	struct store_clock known;
	r = store_restore(daemon->store, &config->site, daemon->engine, now, latest, err);
	if (r == 0)
		r = store_last_clock(daemon->store, &known, err);
	if (r < 0)
		return r;
	conclude_recall_clock(daemon, &known);
	if (store_orphans(daemon->store) > 0)
		log_warning("store: %zu open alarms belong to rules or places that are no longer configured; they stay "
			    "as they are in the history",
			store_orphans(daemon->store));
	uint64_t last = store_last_sequence(daemon->store);
	daemon->inbox = inbox_new(last + 1, err);
	daemon->receipts = receipts_new(last);
	daemon->importer = daemon->inbox != NULL && daemon->receipts != NULL
		? importer_new(&config->site, daemon->inbox, daemon->receipts, last)
		: NULL;
	if (daemon->importer == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the inbox");
	return 0;
}

/* What was held back goes on waiting; what by this configuration is not joins what waits to be sent. */
static bool take_held(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	struct daemon *daemon = owner;
	struct wq_err err;
	(void)attempts;
	if (!hold_restore(daemon->hold, notice, clock_now(), clock_boot()) && store_release(daemon->store, notice->id, &err) < 0)
		log_warning("notice %s: %s; it is told after the next start", notice->id, err.text);
	return true;
}

/* The deliverer's own name for it: what it tells has the daemon as owner. */
static void write_link(void *owner, const struct wq_notice *notice, char out[WQ_LINK_TEXT])
{
	web_link(((struct daemon *)owner)->web, notice, out);
}

/* Before the alerter, whose messages carry the links. */
static int make_web(struct daemon *daemon, struct wq_err *err)
{
	if (daemon->config->links == NULL)
		return 0;
	daemon->web = web_new(daemon->config, daemon->incarnation, err);
	return daemon->web != NULL ? 0 : WQ_E_MEMORY;
}

static int start_alerter(struct daemon *daemon, struct wq_err *err)
{
	struct deliverer_events events = { .owner = daemon,
		.attempt = letters_on_attempt,
		.trouble = letters_on_channel,
		.link = daemon->web != NULL ? write_link : NULL };
	const struct deliverer_clock clock = { .wall = clock_now, .steady = clock_boot };
	daemon->deliverer = deliverer_start(daemon->config, &events, &clock, err);
	if (daemon->deliverer == NULL)
		return WQ_E_STATE;
	daemon->hold = hold_new(daemon->config);
	if (daemon->hold == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu contacts", daemon->config->contact_count);
	int r = store_held(daemon->store, take_held, daemon, err);
	return r < 0 ? r : store_outbox(daemon->store, offer_first_wanted, offer_first, daemon, err);
}

static int start_writer(struct daemon *daemon, struct wq_err *err)
{
	struct writer_events events = { .owner = daemon, .committed = letters_on_committed, .trouble = letters_on_trouble,
		.wanted = offer_wanted, .undelivered = conclude_undelivered, .undelivered_end = conclude_undelivered_end,
		.owes = catchup_owes, .owed_most = DELIVERER_HISTORY };
	daemon->handover.writer = writer_start(daemon->store, &events, err);
	if (daemon->handover.writer == NULL)
		return WQ_E_MEMORY;
	daemon->store = NULL;
	return 0;
}

static size_t open_files(void)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur : 0;
}

static void tell_places(const struct pool *pool)
{
	struct pool_limits has = pool_has(pool);
	if (pool_wanted(pool) > has.held)
		log_notice("%zu connections are to be held; %zu are, the first of the configuration, and the others are made "
			   "for each poll, %zu at once at most: %zu files may be open",
			pool_wanted(pool), has.held, has.passing, open_files());
}

/* Before anything is committed: what is committed is kept for them. */
static int use_uplinks(struct daemon *daemon, struct wq_err *err)
{
	const struct config *config = daemon->config;
	size_t gone = 0;
	int r = store_use_uplinks(daemon->store, config->uplink_names, config->uplink_count, &gone, err);
	if (r == 0 && gone > 0)
		log_warning("uplink: %zu in the history are no longer configured and have lost their place; should they come "
			    "back, they begin with what comes then",
			gone);
	return r;
}

static int start_uplinks(struct daemon *daemon, struct wq_err *err)
{
	const struct config *config = daemon->config;
	const struct uplink_events events = { .owner = daemon,
		.acknowledged = letters_on_acknowledged,
		.trouble = letters_on_uplink };
	const struct uplink_clock clock = { .wall = clock_now, .steady = clock_boot };
	daemon->uplinks = calloc(config->uplink_count > 0 ? config->uplink_count : 1, sizeof(struct uplink *));
	if (daemon->uplinks == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu uplinks", config->uplink_count);
	for (size_t i = 0; i < config->uplink_count; i++) {
		struct uplink *uplink = uplink_start(config, &config->uplinks[i], &events, &clock, err);
		if (uplink == NULL)
			return WQ_E_MEMORY;
		daemon->uplinks[daemon->uplink_count++] = uplink;
	}
	return 0;
}

static int start_sources(struct daemon *daemon, struct wq_err *err)
{
	struct source_events events = { .owner = daemon, .outage = letters_on_outage, .commanded = letters_on_commanded,
		.importer = daemon->importer };
	const struct config *config = daemon->config;
	daemon->sources = calloc(config->bus_count > 0 ? config->bus_count : 1, sizeof(struct source *));
	if (daemon->sources == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu buses", config->bus_count);
	daemon->pool = pool_new(config->bus_count, open_files(), err);
	if (daemon->pool == NULL)
		return WQ_E_MEMORY;
	for (size_t i = 0; i < config->bus_count; i++) {
		struct source *source = source_start(&config->buses[i], config->paths.receipt_timeout, daemon->inbox,
			daemon->receipts, &events, daemon->pool, err);
		if (source == NULL)
			return WQ_E_STATE;
		daemon->sources[daemon->source_count++] = source;
	}
	tell_places(daemon->pool);
	return pool_start(daemon->pool, err);
}

int daemon_open(struct daemon *daemon, const char *config_file, struct config *config, struct wq_err *err)
{
	memset(daemon, 0, sizeof *daemon);
	handover_init(&daemon->handover, config->paths.ring);
	daemon->config_file = config_file;
	daemon->config = config;
	daemon->started = clock_now();
	daemon->started_boot = clock_boot();
	int r = offer_open(daemon) && catchup_open(daemon) ? selfwatch_open(daemon, err) : wq_fail(err, WQ_E_MEMORY, "no memory for the notices");
	if (r == 0)
		r = open_history(daemon, err);
	if (r == 0)
		r = duty_open(daemon, err);
	if (r == 0)
		r = make_web(daemon, err);
	if (r == 0)
		r = start_alerter(daemon, err);
	if (r == 0)
		r = duty_start(daemon, err);
	if (r == 0)
		r = use_uplinks(daemon, err);
	if (r == 0)
		r = start_writer(daemon, err);
	if (r == 0)
		r = start_uplinks(daemon, err);
	if (r == 0)
		r = start_sources(daemon, err);
	if (r == 0) {
		daemon->ctl = ctl_server_start(config->paths.socket, letters_on_command, daemon, err);
		r = daemon->ctl != NULL ? 0 : WQ_E_IO;
	}
	if (r == 0 && daemon->web != NULL)
		r = web_start(daemon->web, letters_on_command, daemon, err);
	if (r == 0) {
		struct wq_err trouble;
		daemon->replies = replies_start(config, letters_on_command, daemon, &trouble);
		if (daemon->replies == NULL && trouble.code != 0)
			r = wq_fail(err, trouble.code, "%s", trouble.text);
	}
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
	pool_stop(daemon->pool);
	for (size_t i = 0; i < daemon->source_count; i++)
		source_join(daemon->sources[i]);
	daemon->source_count = 0;
}

/* What was acknowledged until now is still committed. */
static void stop_uplinks(struct daemon *daemon)
{
	wq_ms until = clock_boot() + STOP_GRACE;
	for (size_t i = 0; i < daemon->uplink_count; i++) {
		wq_ms left = until - clock_boot();
		if (!uplink_stop(daemon->uplinks[i], left > 0 ? left : 0)) {
			log_warning("uplink %s: hangs in its connection and is left behind", daemon->config->uplinks[i].name);
			daemon->left_behind = true;
		}
	}
	daemon->uplink_count = 0;
}

static void drain(struct daemon *daemon)
{
	size_t before;
	letters_open(daemon);
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
	letters_drop(daemon);
}

/* The servers' threads end when what they asked is answered, and main is who answers. */
static void *stop_servers(void *owner)
{
	const struct daemon *daemon = owner;
	web_stop(daemon->web);
	ctl_server_stop(daemon->ctl);
	return NULL;
}

static void stop_ctl(struct daemon *daemon)
{
	struct pollfd wake = { .events = POLLIN };
	pthread_t thread;
	if (daemon->ctl == NULL)
		return;
	if (pthread_create(&thread, NULL, stop_servers, daemon) != 0) {
		stop_servers(daemon);
		return;
	}
	wake.fd = inbox_fd(daemon->inbox);
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		poll(&wake, 1, 10);
		inbox_silence(daemon->inbox);
		drain(daemon);
	}
}

/* Likewise. */
static void stop_replies(struct daemon *daemon)
{
	struct pollfd wake = { .events = POLLIN };
	if (daemon->replies == NULL)
		return;
	wake.fd = inbox_fd(daemon->inbox);
	replies_stop(daemon->replies);
	while (!replies_ended(daemon->replies)) {
		poll(&wake, 1, 10);
		inbox_silence(daemon->inbox);
		drain(daemon);
	}
	daemon->replies = NULL;
}

bool daemon_close(struct daemon *daemon)
{
	stop_replies(daemon);
	if (!duty_stop(daemon, STOP_GRACE)) {
		log_warning("heartbeat or ping: a thread hangs, in the disk or a name server, and is left behind");
		daemon->left_behind = true;
	}
	for (size_t i = 0; i < daemon->uplink_count; i++)
		uplink_ask_stop(daemon->uplinks[i]);
	api_channel_drop(daemon);
	api_commands_drop(daemon);
	stop_ctl(daemon);
	stop_sources(daemon);
	deliverer_stop(daemon->deliverer, STOP_GRACE);
	daemon->deliverer = NULL; /* what the last commits bring is not offered to it */
	stop_uplinks(daemon);
	stop_writer(daemon);
	handover_finish(&daemon->handover);
	api_commands_free(daemon);
	offer_close(daemon);
	catchup_close(daemon);
	free(daemon->held);
	sd_event_unref(daemon->event);
	wq_engine_free(daemon->engine);
	web_free(daemon->web);
	store_close(daemon->store);
	importer_free(daemon->importer);
	if (!daemon->left_behind)
		inbox_free(daemon->inbox);
	receipts_free(daemon->receipts);
	free(daemon->sources);
	pool_free(daemon->pool);
	free(daemon->uplinks);
	hold_free(daemon->hold);
	free(daemon->channels);
	duty_close(daemon);
	if (!daemon->left_behind)
		config_free(daemon->config);
	return !daemon->lost;
}
