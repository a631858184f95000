/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that keeps the connection. The library does not reconnect by itself, and everything it
 * does may block, so nobody else waits for it. */
#include "keeper.h"

#include "client.h"
#include "keys.h"

#include "wq/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY                                                                                 \
	WQ_SECONDS(5)             /* asks the library whether it still believes in the connection  \
	                           */
#define LASTED     WQ_SECONDS(10) /* a connection that held this long was a good one */
#define END_WITHIN WQ_SECONDS(2)

static const wq_ms back_off[] = { WQ_SECONDS(1), WQ_SECONDS(2), WQ_SECONDS(5), WQ_SECONDS(10),
	WQ_SECONDS(30) };
#define ABSENT_LAST 1 /* the longest wait for a broker that is not there */

struct mqtt_keeper {
	struct mqtt_intake intake;
	struct mqtt_client *client;
	pthread_t thread;
	bool started, abandoned;
	bool orphan; /* under lock: abandoned and closed; the thread frees it at its end */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* stopping, lost or ended */
	bool stopping, lost, ended;
	char why[128]; /* under lock: why the broker ended the connection; "": it did not say */
	bool told_down;
	char told[WQ_ERR_TEXT]; /* the reason last told: the same one is not told again */
	atomic_uint_fast64_t progress;
};

/* -- called by the library's threads -- */

static size_t on_messages(void *owner, const struct mqtt_message *messages, size_t count)
{
	struct mqtt_keeper *keeper = owner;
	size_t taken = mqtt_intake_take(&keeper->intake, messages, count);

	if (taken > 0)
		atomic_fetch_add(&keeper->progress, 1);
	return taken;
}

static void on_lost(void *owner, const char *why)
{
	struct mqtt_keeper *keeper = owner;

	pthread_mutex_lock(&keeper->lock);
	if (why != NULL)
		snprintf(keeper->why, sizeof keeper->why, "the connection was ended: the broker %s", why);
	keeper->lost = true;
	pthread_cond_broadcast(&keeper->changed);
	pthread_mutex_unlock(&keeper->lock);
}

/* -- the thread -- */

static void tell_up(struct mqtt_keeper *keeper)
{
	keeper->told_down = false;
	mqtt_intake_link(&keeper->intake, NULL);
}

static void tell_down(struct mqtt_keeper *keeper, const char *why)
{
	if (keeper->told_down && strcmp(keeper->told, why) == 0)
		return;
	keeper->told_down = true;
	snprintf(keeper->told, sizeof keeper->told, "%s", why);
	mqtt_intake_link(&keeper->intake, why);
}

/* Waits until something happens or `span` has passed; whether to go on. `for_loss`: the loss of the
 * connection ends the wait as well. */
static bool wait_on(struct mqtt_keeper *keeper, wq_ms span, bool for_loss)
{
	struct timespec until = mqtt_deadline(mqtt_now() + span);
	int rc = 0;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->stopping && !(for_loss && keeper->lost) && rc == 0)
		rc = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
	bool go_on = !keeper->stopping && !(for_loss && keeper->lost);
	pthread_mutex_unlock(&keeper->lock);
	atomic_fetch_add(&keeper->progress, 1);
	return go_on;
}

static void hold_connection(struct mqtt_keeper *keeper)
{
	while (wait_on(keeper, LOOK_EVERY, true))
		if (!mqtt_client_alive(keeper->client))
			break;
}

static void tell_loss(struct mqtt_keeper *keeper, bool withheld)
{
	char why[sizeof keeper->why];

	pthread_mutex_lock(&keeper->lock);
	memcpy(why, keeper->why, sizeof why);
	bool ours = keeper->stopping; /* ended by us: no loss */
	pthread_mutex_unlock(&keeper->lock);
	if (ours)
		return;
	tell_down(keeper, withheld
	                ? "dropped by us: a message could not be stored; it stays with the broker"
	                : why[0] != '\0' ? why : "the connection to the broker was lost");
}

enum outcome {
	GOOD,   /* it served a message or held for a while, and nothing had to be left to the broker */
	ABSENT, /* there was nobody to connect to */
	POOR,
};

/* One connection from beginning to end. */
static enum outcome run_connection(struct mqtt_keeper *keeper)
{
	struct mqtt_counts before, after;
	struct wq_err err = { .text = "" };
	wq_ms began;

	pthread_mutex_lock(&keeper->lock);
	keeper->lost = false;
	keeper->why[0] = '\0';
	pthread_mutex_unlock(&keeper->lock);
	mqtt_intake_counts(&keeper->intake, &before);
	if (mqtt_client_connect(keeper->client, &err) < 0) {
		tell_down(keeper, err.text);
		return err.code == WQ_E_IO ? ABSENT : POOR;
	}
	began = mqtt_now();
	tell_up(keeper);
	hold_connection(keeper);
	mqtt_client_disconnect(keeper->client);
	mqtt_intake_counts(&keeper->intake, &after);
	bool withheld = after.withheld != before.withheld;
	tell_loss(keeper, withheld);
	return !withheld && (after.messages != before.messages || mqtt_now() - began >= LASTED)
	        ? GOOD
	        : POOR;
}

static void keeper_free(struct mqtt_keeper *keeper)
{
	mqtt_client_close(keeper->client);
	mqtt_intake_close(&keeper->intake);
	pthread_cond_destroy(&keeper->changed);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

static void *run(void *context)
{
	const size_t last = sizeof back_off / sizeof *back_off - 1;
	struct mqtt_keeper *keeper = context;
	size_t step = 0;

	for (;;) {
		enum outcome outcome = run_connection(keeper);

		if (outcome == GOOD)
			step = 0;
		/* Asking whether somebody listens is cheap, and data shall flow soon after its return. */
		else if (outcome == ABSENT && step > ABSENT_LAST)
			step = ABSENT_LAST;
		if (!wait_on(keeper, back_off[step], false))
			break;
		step = step < last ? step + 1 : last;
	}
	mqtt_client_close(keeper->client);
	keeper->client = NULL;
	pthread_mutex_lock(&keeper->lock);
	keeper->ended = true;
	bool mine = keeper->orphan;
	pthread_cond_broadcast(&keeper->changed);
	pthread_mutex_unlock(&keeper->lock);
	if (mine)
		keeper_free(keeper);
	return NULL;
}

/* -- open, start, stop, close -- */

struct mqtt_keeper *mqtt_keeper_open(const struct wq_bus *bus, struct wq_err *err)
{
	struct mqtt_keeper *keeper = calloc(1, sizeof *keeper);
	const struct mqtt_client_hooks hooks = { keeper, on_messages, on_lost };
	pthread_condattr_t attributes;

	if (keeper == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for bus '%s'", bus->name);
		return NULL;
	}
	if (mqtt_intake_open(&keeper->intake, bus, err) < 0) {
		free(keeper);
		return NULL;
	}
	keeper->client = mqtt_client_open(bus, keeper->intake.topic.filter, &hooks, err);
	if (keeper->client == NULL) {
		mqtt_intake_close(&keeper->intake);
		free(keeper);
		return NULL;
	}
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	atomic_init(&keeper->progress, 0);
	return keeper;
}

/* The library sends MQTT through an HTTP proxy when the environment names one. Taken away only
 * where it is set: changing the environment is not safe while others read it. */
static void forget_proxies(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i]) != NULL)
			unsetenv(names[i]);
}

int mqtt_keeper_start(struct mqtt_keeper *keeper, const struct wq_sink *sink, struct wq_err *err)
{
	int rc;

	if (keeper->started)
		return wq_fail(err, WQ_E_STATE, "already started");
	forget_proxies();
	keeper->intake.sink = *sink;
	rc = pthread_create(&keeper->thread, NULL, run, keeper);
	if (rc != 0)
		return wq_fail(err, WQ_E_MEMORY, "no thread: %s", strerrordesc_np(rc));
	keeper->started = true;
	return 0;
}

static bool wait_for_end(struct mqtt_keeper *keeper, wq_ms deadline)
{
	struct timespec until = mqtt_deadline(deadline);
	int rc = 0;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->ended && rc == 0)
		rc = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
	bool ended = keeper->ended;
	pthread_mutex_unlock(&keeper->lock);
	return ended;
}

void mqtt_keeper_stop(struct mqtt_keeper *keeper)
{
	wq_ms deadline = mqtt_now() + END_WITHIN;

	if (!keeper->started)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	pthread_cond_broadcast(&keeper->changed);
	pthread_mutex_unlock(&keeper->lock);
	mqtt_intake_shut(&keeper->intake, deadline);
	keeper->abandoned = !wait_for_end(keeper, deadline);
	if (keeper->abandoned)
		pthread_detach(keeper->thread);
	else
		pthread_join(keeper->thread, NULL);
	keeper->started = false;
}

void mqtt_keeper_close(struct mqtt_keeper *keeper)
{
	if (keeper == NULL)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->orphan = keeper->abandoned && !keeper->ended;
	bool orphan = keeper->orphan;
	pthread_mutex_unlock(&keeper->lock);
	if (!orphan)
		keeper_free(keeper);
}

uint64_t mqtt_keeper_progress(const struct mqtt_keeper *keeper)
{
	return atomic_load(&keeper->progress);
}

void mqtt_keeper_counts(struct mqtt_keeper *keeper, struct mqtt_counts *counts)
{
	mqtt_intake_counts(&keeper->intake, counts);
}
