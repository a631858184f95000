/* SPDX-License-Identifier: Apache-2.0 */
/* The thread between the outbox, which decides, and the lines, which carry out. The outbox is under the mutex; everything
 * else but the counters belongs to the thread. */
#include "deliverer.h"

#include "lines.h"
#include "notify/link.h"
#include "outbox.h"

#include "wq/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TURN_MAX     WQ_SECONDS(1)
#define STOP_MARGIN  WQ_SECONDS(2)
#define THROTTLE_MAX WQ_HOURS(1)
#define LIFETIME_MAX WQ_DAYS(366)

struct deliverer {
	const struct config *config;
	struct deliverer_events events;
	struct deliverer_clock clock;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool ended;            /* under the mutex */
	struct outbox *outbox; /* under the mutex */
	atomic_bool stopping;
	_Atomic wq_ms stop_at;
	atomic_uint_fast64_t turns;
	struct lines *lines;
	bool *troubled; /* by channel: as last told */
};

static const char *name_of(const struct deliverer *d, uint32_t channel)
{
	return d->config->channels[channel].name;
}

static void say_trouble(struct deliverer *d, uint32_t channel, bool down, const char *text)
{
	if (down == d->troubled[channel])
		return;
	d->troubled[channel] = down;
	if (d->events.trouble != NULL)
		d->events.trouble(d->events.owner, name_of(d, channel), down ? text : NULL);
}

static wq_ms bounded(wq_ms span, wq_ms longest)
{
	return span < 0 ? 0 : span > longest ? longest : span;
}

static const struct config_contact *contact_of(const struct config *config, const struct wq_notice *notice)
{
	for (size_t i = 0; i < config->contact_count; i++)
		if (strcmp(config->contacts[i].id, notice->contact) == 0)
			return &config->contacts[i];
	return NULL;
}

/* Which of a contact's channels are to be told afterwards of what was done on the one at `place` (UINT32_MAX: on none). Those
 * behind it were not asked. */
static uint32_t owed(const struct config *config, const struct wq_notice *notice, uint32_t channel, bool sent, uint32_t dropped)
{
	const struct config_contact *contact = notice->history || notice->test || notice->topic != WQ_TOPIC_ALARM
	        ? NULL
	        : contact_of(config, notice);
	uint32_t bits = 0;

	for (uint32_t i = 0; contact != NULL && i < contact->channel_count && i < OUTBOX_CHANNELS; i++) {
		if (sent && contact->channels[i] == channel)
			break;
		if (config->channels[contact->channels[i]].catch_up && (dropped & 1u << i) == 0)
			bits |= 1u << i;
	}
	return bits;
}

/* Tells the outbox and the owner how an attempt went. */
static void conclude(struct deliverer *d, const struct outbox_attempt *attempt, const struct wq_result *result)
{
	wq_ms wall = d->clock.wall(), now = d->clock.steady();
	wq_ms until = now;
	struct store_delivery record = { .kind = result->kind, .at = wall, .attempt = attempt->number };

	/* Bounded, lest a step of the wall clock in between makes it a year. */
	if (result->kind == WQ_THROTTLE || result->kind == WQ_TAKEN)
		until += bounded(result->until - wall, THROTTLE_MAX);
	snprintf(record.id, sizeof record.id, "%s", attempt->notice->id);
	snprintf(record.channel, sizeof record.channel, "%s", name_of(d, attempt->channel));
	snprintf(record.text, sizeof record.text, "%s", result->text);
	pthread_mutex_lock(&d->mutex);
	uint32_t bits = owed(d->config, attempt->notice, attempt->channel, result->kind == WQ_SENT,
	        outbox_dropped(d->outbox, attempt));

	record.history = attempt->notice->history;
	snprintf(record.contact, sizeof record.contact, "%s", attempt->notice->contact);
	record.done = outbox_result(d->outbox, attempt, result->kind, until, now);
	record.owed = record.done ? bits : 0;
	bool down = outbox_down(d->outbox, attempt->channel);

	pthread_mutex_unlock(&d->mutex);
	/* That still nothing is known is no news. */
	if (!attempt->again || result->kind != WQ_TAKEN)
		d->events.attempt(d->events.owner, &record);
	say_trouble(d, attempt->channel, down, record.text);
}

static bool next_attempt(struct deliverer *d, struct outbox_attempt *attempt)
{
	pthread_mutex_lock(&d->mutex);
	bool found = outbox_next(d->outbox, d->clock.steady(), attempt);

	pthread_mutex_unlock(&d->mutex);
	return found;
}

static bool next_given_up(struct deliverer *d, struct store_delivery *record)
{
	struct outbox_attempt last;

	pthread_mutex_lock(&d->mutex);
	bool found = outbox_give_up(d->outbox, d->clock.steady(), &last);

	if (found) {
		*record = (struct store_delivery){
			.kind = WQ_DROP, .at = d->clock.wall(), .attempt = last.number, .done = true
		};
		record->history = last.notice->history;
		record->owed = owed(d->config, last.notice, UINT32_MAX, false, outbox_dropped(d->outbox, &last));
		snprintf(record->contact, sizeof record->contact, "%s", last.notice->contact);
		snprintf(record->id, sizeof record->id, "%s", last.notice->id);
		snprintf(record->channel, sizeof record->channel, "%s",
		        last.channel < d->config->channel_count ? name_of(d, last.channel)
		                                                : last.notice->channel);
	}
	pthread_mutex_unlock(&d->mutex);
	if (found && last.channel < d->config->channel_count)
		snprintf(record->text, sizeof record->text,
		        "given up after %u attempts: not delivered within its lifetime",
		        (unsigned)last.number);
	else if (found)
		snprintf(record->text, sizeof record->text,
		        "given up: neither its contact nor its channel is in the configuration any "
		        "more");
	return found;
}

/* How long nothing needs doing, 0 … TURN_MAX. */
static wq_ms idle(struct deliverer *d)
{
	wq_ms now = d->clock.steady(), wait = TURN_MAX;

	pthread_mutex_lock(&d->mutex);
	wq_ms wake = outbox_wake(d->outbox, now);

	pthread_mutex_unlock(&d->mutex);
	if (atomic_load(&d->stopping))
		wait = atomic_load(&d->stop_at) - now;
	else if (wake != WQ_NO_TIME && wake - now < wait)
		wait = wake - now;
	return bounded(wait, TURN_MAX);
}

/* One turn of the loop; false: it is over. */
static bool turn(struct deliverer *d)
{
	struct outbox_attempt attempt;
	struct wq_result result;
	struct store_delivery record;

	while (!atomic_load(&d->stopping) && next_given_up(d, &record))
		d->events.attempt(d->events.owner, &record);
	while (!atomic_load(&d->stopping) && next_attempt(d, &attempt))
		if (!lines_begin(d->lines, &attempt, &result))
			conclude(d, &attempt, &result);
	while (lines_ended(d->lines, &attempt, &result))
		conclude(d, &attempt, &result);
	atomic_fetch_add(&d->turns, 1);
	if (atomic_load(&d->stopping) &&
	        (!lines_busy(d->lines) || d->clock.steady() >= atomic_load(&d->stop_at)))
		return false;
	lines_wait(d->lines, idle(d));
	return true;
}

static void *run(void *owner)
{
	struct deliverer *d = owner;

	for (uint32_t i = 0; i < d->config->channel_count; i++)
		if (lines_refusal(d->lines, i) != NULL)
			say_trouble(d, i, true, lines_refusal(d->lines, i));
	while (turn(d))
		;
	pthread_mutex_lock(&d->mutex);
	d->ended = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

/* False: a channel hangs, and needs everything that it may touch. */
static bool free_all(struct deliverer *d)
{
	if (!lines_close(d->lines))
		return false;
	outbox_free(d->outbox);
	free(d->troubled);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->mutex);
	free(d);
	return true;
}

size_t deliverer_share(const struct config *config)
{
	size_t share = DELIVERER_CAPACITY / (config->contact_count > 0 ? config->contact_count : 1);

	return share > DELIVERER_SHARE ? share : DELIVERER_SHARE;
}

static bool open_all(struct deliverer *d)
{
	uint64_t seed = 0;
	size_t share = deliverer_share(d->config), capacity = share * d->config->contact_count;
	size_t more = DELIVERER_HISTORY * d->config->channel_count;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
		seed = (uint64_t)d->clock.steady();
	d->lines = lines_open(d->config, &d->clock);
	d->troubled = calloc(d->config->channel_count + 1, sizeof *d->troubled);
	d->outbox = outbox_new((capacity > DELIVERER_CAPACITY ? capacity : DELIVERER_CAPACITY) + more, d->config->channel_count, seed);
	if (d->lines == NULL || d->troubled == NULL || d->outbox == NULL)
		return false;
	outbox_share(d->outbox, share);
	for (uint32_t i = 0; i < d->config->channel_count; i++)
		if (!outbox_pace(d->outbox, i, d->config->channels[i].rate, d->config->channels[i].burst))
			return false;
	return true;
}

struct deliverer *deliverer_start(const struct config *config,
        const struct deliverer_events *events, const struct deliverer_clock *clock,
        struct wq_err *err)
{
	pthread_condattr_t attributes;
	struct deliverer *d = calloc(1, sizeof *d);

	if (d == NULL) {
		wq_fail(err, WQ_E_MEMORY, "deliverer: no memory");
		return NULL;
	}
	d->config = config;
	d->events = *events;
	d->clock = *clock;
	pthread_mutex_init(&d->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	bool ok = open_all(d);

	if (ok && pthread_create(&d->thread, NULL, run, d) == 0) {
		pthread_setname_np(d->thread, "deliverer");
		return d;
	}
	free_all(d);
	wq_fail(err, WQ_E_MEMORY, "deliverer: %s", ok ? "no thread can be started" : "no memory");
	return NULL;
}

/* Index of a channel; UINT32_MAX: there is none of that name. */
static uint32_t channel_named(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->channel_count; i++)
		if (strcmp(config->channels[i].name, name) == 0)
			return i;
	return UINT32_MAX;
}

static size_t channels_of(const struct config *config, const struct wq_notice *notice,
        const uint32_t **channels, uint32_t *own)
{
	/* What is told afterwards goes to the channel that missed it. A drill tries one channel, and no other may pass for it. */
	const bool alone = notice->test || notice->history || notice->topic == WQ_TOPIC_DRILL;
	const struct config_contact *contact = alone ? NULL : contact_of(config, notice);

	if (contact != NULL) {
		*channels = contact->channels;
		return contact->channel_count;
	}
	*own = channel_named(config, notice->channel);
	*channels = own;
	return *own < config->channel_count ? 1 : 0;
}

/* A copy with what is not stored of it. */
static struct wq_notice complete(const struct deliverer *d, const struct wq_notice *notice)
{
	const struct config_contact *contact = contact_of(d->config, notice);
	struct wq_notice whole = *notice;

	snprintf(whole.email, sizeof whole.email, "%s",
	        contact != NULL && contact->email != NULL ? contact->email : "");
	whole.link[0] = '\0';
	if (d->events.link != NULL && contact != NULL && link_asked(notice))
		d->events.link(d->events.owner, notice, whole.link);
	return whole;
}

/* By how much a new notice may be put off on the channel it begins with. */
static wq_ms jitter_of(const struct config *config, const struct wq_notice *notice, const uint32_t *channels, size_t count)
{
	if (count == 0 || notice->test || notice->history)
		return 0;
	const struct config_channel *first = &config->channels[channels[0]];

	return notice->level >= WQ_LEVEL_ALARM ? first->jitter_alarm : first->jitter;
}

bool deliverer_offer(struct deliverer *d, const struct wq_notice *notice, uint32_t attempts)
{
	const uint32_t *channels = NULL;
	uint32_t own = 0;
	size_t count = channels_of(d->config, notice, &channels, &own);
	wq_ms wall = d->clock.wall();
	wq_ms lifetime = notice->history ? LIFETIME_MAX : notice->expires > wall ? bounded(notice->expires - wall, LIFETIME_MAX) : 0;

	if (atomic_load(&d->stopping))
		return false;
	const struct wq_notice whole = complete(d, notice);

	pthread_mutex_lock(&d->mutex);
	wq_ms now = d->clock.steady();
	enum outbox_taken taken = outbox_add(d->outbox, &whole, channels, count, attempts, lifetime, now);

	if (taken == OUTBOX_TAKEN && notice->since > 0)
		outbox_resume(d->outbox, notice->id, channel_named(d->config, notice->channel), notice->taken,
		        bounded(wall - notice->since, LIFETIME_MAX), now);
	else if (taken == OUTBOX_TAKEN && attempts == 0)
		outbox_put_off(d->outbox, notice->id, jitter_of(d->config, notice, channels, count), now);
	pthread_mutex_unlock(&d->mutex);
	if (taken == OUTBOX_TAKEN)
		lines_wake(d->lines);
	return taken != OUTBOX_FULL;
}

size_t deliverer_room_for(struct deliverer *d, const char *contact)
{
	pthread_mutex_lock(&d->mutex);
	size_t room = outbox_room_for(d->outbox, contact);

	pthread_mutex_unlock(&d->mutex);
	return room;
}

size_t deliverer_held(struct deliverer *d)
{
	pthread_mutex_lock(&d->mutex);
	size_t held = outbox_held(d->outbox);

	pthread_mutex_unlock(&d->mutex);
	return held;
}

uint64_t deliverer_progress(const struct deliverer *d)
{
	return atomic_load(&d->turns);
}

/* Waits for the thread's end for at most `span`. */
static bool wait_for_end(struct deliverer *d, wq_ms span)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(span / 1000);
	until.tv_nsec += (long)(span % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&d->mutex);
	while (!d->ended && r == 0)
		r = pthread_cond_timedwait(&d->changed, &d->mutex, &until);
	bool ended = d->ended;

	pthread_mutex_unlock(&d->mutex);
	return ended;
}

bool deliverer_stop(struct deliverer *d, wq_ms grace)
{
	if (d == NULL)
		return true;
	atomic_store(&d->stop_at, d->clock.steady() + grace);
	atomic_store(&d->stopping, true);
	lines_wake(d->lines);
	if (!wait_for_end(d, grace + STOP_MARGIN)) {
		pthread_detach(d->thread);
		return false;
	}
	pthread_join(d->thread, NULL);
	return free_all(d);
}
