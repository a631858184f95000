/* SPDX-License-Identifier: Apache-2.0 */
/* The heartbeat. Yesterday's figures are read from the history on a thread of its own, beside the writer: main never waits for
 * the disk, and a disk that hangs delays the message by PATIENCE, no more. */
#include "duty/duty.h"

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "notify/bell.h"
#include "notify/heartbeat.h"
#include "notify/memo.h"
#include "store/figures.h"
#include "wq/err.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MARK "heartbeat"
/* Without the figures after this. */
#define PATIENCE WQ_MINUTES(2)

/* What the thread has read, on its way to main. */
struct counted {
	struct letter letter;
	unsigned turn;
	bool good;
	char why[WQ_ERR_TEXT];
	struct figures figures;
	bool delivered[];
};

static void open_counted(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	struct counted *counted = (struct counted *)letter;
	struct pulse *pulse = &daemon->duty->pulse;
	if (counted->turn != pulse->turn || pulse->counted != NULL)
		free(counted); /* it was not waited for any more */
	else
		pulse->counted = counted;
}

/* -- the thread -- */

struct errand {
	struct inbox *inbox;
	const struct config *config;
	wq_day day;
	struct counted *counted;
};

static void *count(void *owner)
{
	struct errand *errand = owner;
	struct counted *counted = errand->counted;
	struct wq_err err = { 0 };
	counted->good = figures_read(errand->config->paths.database, &errand->config->site, errand->day, counted->delivered,
		&counted->figures, &err) == 0;
	if (!counted->good)
		snprintf(counted->why, sizeof counted->why, "%s", err.text);
	inbox_post(errand->inbox, &counted->letter);
	free(errand);
	return NULL;
}

static bool send_out(struct daemon *daemon, wq_day day)
{
	struct pulse *pulse = &daemon->duty->pulse;
	struct errand *errand = malloc(sizeof *errand);
	struct counted *counted = calloc(1, sizeof *counted + daemon->config->site.station_count);
	if (errand != NULL && counted != NULL) {
		counted->letter.open = open_counted;
		counted->turn = pulse->turn;
		*errand = (struct errand){ daemon->inbox, daemon->config, day, counted };
		pulse->running = pthread_create(&pulse->thread, NULL, count, errand) == 0;
		if (pulse->running) {
			pthread_setname_np(pulse->thread, "figures");
			return true;
		}
	}
	free(errand);
	free(counted);
	return false;
}

/* True when no thread is left; the daemon's end waits for it, for `patience` at most. */
static bool take_back(struct pulse *pulse, wq_ms patience)
{
	struct timespec until;
	if (!pulse->running)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience / 1000);
	if (patience > 0 ? pthread_clockjoin_np(pulse->thread, NULL, CLOCK_MONOTONIC, &until) != 0 : pthread_tryjoin_np(pulse->thread, NULL) != 0)
		return false;
	pulse->running = false;
	return true;
}

/* -- what the message says -- */

static void put_channels(const struct daemon *daemon, const struct figures *figures, struct heartbeat *heartbeat)
{
	for (size_t i = 0; i < daemon->config->channel_count && heartbeat->channel_count < HEARTBEAT_CHANNELS; i++) {
		struct heartbeat_channel *channel = &heartbeat->channels[heartbeat->channel_count++];
		snprintf(channel->name, sizeof channel->name, "%s", daemon->config->channels[i].name);
		channel->down = daemon->channels[i].since != WQ_NO_TIME;
		for (size_t k = 0; figures != NULL && k < figures->channel_count; k++)
			if (strcmp(figures->channels[k].name, channel->name) == 0) {
				channel->sent = figures->channels[k].sent;
				channel->failed = figures->channels[k].failed;
			}
	}
}

static void name_silent(const struct wq_station *station, struct heartbeat *heartbeat)
{
	heartbeat->silent[heartbeat->named] = station->name;
	heartbeat->silent_en[heartbeat->named++] = station->english != NULL ? station->english : station->id;
}

/* One in commissioning has nothing to bring yet. */
static void put_stations(const struct wq_site *site, const bool *delivered, struct heartbeat *heartbeat)
{
	for (size_t i = 0; i < site->station_count; i++) {
		if (site->stations[i].commissioning)
			continue;
		heartbeat->stations++;
		heartbeat->delivered += delivered[i];
		if (!delivered[i] && heartbeat->named < HEARTBEAT_NAMED)
			name_silent(&site->stations[i], heartbeat);
	}
}

static void put_figures(const struct daemon *daemon, const struct counted *counted, struct heartbeat *heartbeat)
{
	const struct figures *figures = counted != NULL && counted->good ? &counted->figures : NULL;
	heartbeat->why = counted != NULL ? counted->why : "the history does not answer";
	heartbeat->counted = figures != NULL;
	put_channels(daemon, figures, heartbeat);
	if (counted != NULL) {
		heartbeat->bytes = counted->figures.bytes;
		heartbeat->disk_free = counted->figures.disk_free;
		heartbeat->disk_size = counted->figures.disk_size;
	}
	if (figures == NULL)
		return;
	put_stations(&daemon->config->site, counted->delivered, heartbeat);
	heartbeat->readings = figures->readings;
	heartbeat->valid = figures->valid;
	heartbeat->expected = figures->expected;
	heartbeat->taken = figures->taken;
	heartbeat->received = figures->received;
	heartbeat->opened = figures->opened;
}

static void put_alarms(const struct daemon *daemon, struct heartbeat *heartbeat)
{
	const struct wq_alarm *const *alarms;
	heartbeat->open = wq_engine_alarms(daemon->engine, &alarms);
	for (size_t i = 0; i < heartbeat->open; i++)
		heartbeat->unacknowledged += alarms[i]->state != WQ_LIFE_ACKNOWLEDGED;
}

static void put_uplinks(const struct daemon *daemon, struct heartbeat *heartbeat)
{
	heartbeat->most_lag = WQ_NO_TIME;
	for (size_t i = 0; i < daemon->uplink_count; i++) {
		const struct config_uplink *uplink = &daemon->config->uplinks[i];
		struct uplink_status status;
		uplink_status(daemon->uplinks[i], &status);
		wq_ms lag = uplink_lag(&status, heartbeat->now);
		if (heartbeat->most_lag == WQ_NO_TIME || lag > heartbeat->most_lag)
			heartbeat->most_lag = lag;
		if (uplink->lag_alarm > 0 && lag >= uplink->lag_alarm && lag >= heartbeat->uplink_lag) {
			heartbeat->uplink = uplink->name;
			heartbeat->uplink_lag = lag;
		}
	}
}

static void describe(const struct daemon *daemon, const struct counted *counted, wq_ms now, struct heartbeat *heartbeat)
{
	const struct wq_site *site = &daemon->config->site;
	*heartbeat = (struct heartbeat){ .site = site->name != NULL ? site->name : "", .zone = site->zone, .now = now,
		.yesterday = wq_day_of(site->zone, now) - 1, .least_valid = site->evaluation.minimum_share,
		.trouble = daemon->trouble[0] != '\0' || daemon->stalled ? daemon->trouble : NULL, .shed = daemon->shed,
		.clock_trusted = clock_trusted(), .uptime = clock_boot() - daemon->started_boot };
	put_figures(daemon, counted, heartbeat);
	put_alarms(daemon, heartbeat);
	put_uplinks(daemon, heartbeat);
}

/* -- when -- */

void pulse_open(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	for (size_t i = 0; i < config->heartbeat_count; i++)
		daemon->duty->pulse.marks[i] = duty_mark(daemon, MARK, config->heartbeats[i].id);
}

bool pulse_close(struct daemon *daemon, wq_ms patience)
{
	struct pulse *pulse = &daemon->duty->pulse;
	bool ended = take_back(pulse, patience);
	free(pulse->counted);
	pulse->counted = NULL;
	return ended;
}

/* False: no memory. */
static bool tell(struct daemon *daemon, struct flight *flight, const struct config_bell *bell, struct heartbeat *heartbeat, wq_ms due)
{
	char key[24], texts[2][WQ_NOTICE_TEXT];
	heartbeat->due = due;
	heartbeat_text(heartbeat, false, texts[0]);
	if (daemon->config->site.english != NULL)
		heartbeat->site = daemon->config->site.english;
	heartbeat_text(heartbeat, true, texts[1]);
	json_t *data = heartbeat_data(heartbeat);
	snprintf(key, sizeof key, "%" PRIx64, (uint64_t)(due / WQ_MINUTES(1)));
	struct memo memo = { .topic = WQ_TOPIC_HEARTBEAT, .key = key, .time = heartbeat->now, .data = data,
		.level = heartbeat_faults(heartbeat) > 0 ? WQ_LEVEL_WATCH : WQ_LEVEL_INFO };
	bool ok = true;
	for (uint32_t i = 0; i < daemon->config->contact_count && ok; i++) {
		memo.text = texts[daemon->config->contacts[i].english];
		if (duty_member(daemon->config, bell->group, i, heartbeat->now))
			ok = duty_tell(daemon, flight, i, &memo, heartbeat->now);
	}
	json_decref(data);
	return ok;
}

/* Those that are due, with the figures or without. */
static void tell_due(struct daemon *daemon, struct flight *flight, wq_ms now)
{
	struct pulse *pulse = &daemon->duty->pulse;
	struct heartbeat heartbeat;
	describe(daemon, pulse->counted, now, &heartbeat);
	for (size_t i = 0; i < daemon->config->heartbeat_count; i++) {
		const struct config_bell *bell = &daemon->config->heartbeats[i];
		wq_ms due;
		if (bell_step(bell->bell, daemon->config->site.zone, pulse->marks[i], now, &due) != BELL_RING)
			continue;
		if (!tell(daemon, flight, bell, &heartbeat, due) || !duty_done(flight, MARK, bell->id, due)) {
			log_error("heartbeat \"%s\": no memory; it is tried again", bell->id);
			return;
		}
		pulse->marks[i] = due;
	}
}

/* Any that is due; what lies in the future is given up where the clock is known. */
static bool any_due(struct daemon *daemon, struct flight *flight, wq_ms now)
{
	struct pulse *pulse = &daemon->duty->pulse;
	bool any = false;
	for (size_t i = 0; i < daemon->config->heartbeat_count; i++) {
		const struct config_bell *bell = &daemon->config->heartbeats[i];
		wq_ms due;
		const enum bell_step step = bell_step(bell->bell, daemon->config->site.zone, pulse->marks[i], now, &due);
		any = any || step == BELL_RING;
		if (step != BELL_FIRST && (step != BELL_RESET || !duty_settled(daemon)))
			continue;
		if (step == BELL_RESET)
			log_notice("heartbeat \"%s\": the last one was recorded in the future, by a clock that was ahead; the next one is told",
			bell->id);
		pulse->marks[i] = now;
		duty_done(flight, MARK, bell->id, now);
	}
	return any;
}

void pulse_tick(struct daemon *daemon, struct flight *flight, wq_ms now)
{
	struct pulse *pulse = &daemon->duty->pulse;
	if (any_due(daemon, flight, now)) {
		if (pulse->asked == 0) {
			pulse->asked = clock_boot();
			pulse->turn++;
			/* Where an older thread still hangs in the disk nothing will come. */
			if (take_back(pulse, 0) && !send_out(daemon, wq_day_of(daemon->config->site.zone, now) - 1))
				log_error("heartbeat: no memory or thread to read yesterday's figures");
		}
		if (pulse->counted == NULL && clock_boot() - pulse->asked < PATIENCE)
			return;
		tell_due(daemon, flight, now);
	}
	free(pulse->counted);
	pulse->counted = NULL;
	pulse->asked = 0;
}
