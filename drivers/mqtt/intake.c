/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-over of a message: what the sink answers decides whether the broker hears of it. */
#include "intake.h"

#include "keys.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

wq_ms mqtt_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec mqtt_deadline(wq_ms at)
{
	return (struct timespec){ .tv_sec = (time_t)(at / 1000),
		.tv_nsec = (long)(at % 1000) * 1000000 };
}

int mqtt_intake_open(struct mqtt_intake *intake, const struct wq_bus *bus, struct wq_err *err)
{
	const struct mqtt_bus_settings *settings = bus->settings;
	pthread_condattr_t attributes;
	size_t bad;
	int rc;

	memset(intake, 0, sizeof *intake);
	rc = mqtt_topic_compile(&intake->topic, settings->topic, err);
	if (rc == 0)
		rc = mqtt_map_open(&intake->map, bus, &bad, err);
	if (rc < 0)
		return rc;
	intake->samples = calloc(MQTT_INTAKE_SAMPLES, sizeof *intake->samples);
	if (intake->samples == NULL) {
		mqtt_map_close(&intake->map);
		return wq_fail(err, WQ_E_MEMORY, "no memory for the messages of a broker");
	}
	intake->durable = settings->receipt == MQTT_DURABLE;
	pthread_mutex_init(&intake->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&intake->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return 0;
}

void mqtt_intake_close(struct mqtt_intake *intake)
{
	pthread_cond_destroy(&intake->changed);
	pthread_mutex_destroy(&intake->lock);
	mqtt_map_close(&intake->map);
	free(intake->samples);
}

/* -- nobody calls the sink after shut() -- */

static bool enter(struct mqtt_intake *intake)
{
	pthread_mutex_lock(&intake->lock);
	bool open = !intake->closed;
	if (open)
		intake->inside++;
	pthread_mutex_unlock(&intake->lock);
	return open;
}

static void leave(struct mqtt_intake *intake)
{
	pthread_mutex_lock(&intake->lock);
	if (--intake->inside == 0)
		pthread_cond_broadcast(&intake->changed);
	pthread_mutex_unlock(&intake->lock);
}

bool mqtt_intake_shut(struct mqtt_intake *intake, wq_ms deadline)
{
	struct timespec until = mqtt_deadline(deadline);
	int rc = 0;

	pthread_mutex_lock(&intake->lock);
	intake->closed = true;
	pthread_cond_broadcast(&intake->changed);
	while (intake->inside > 0 && rc == 0)
		rc = pthread_cond_timedwait(&intake->changed, &intake->lock, &until);
	bool empty = intake->inside == 0;
	pthread_mutex_unlock(&intake->lock);
	return empty;
}

/* Waits up to `span` ms for a better moment; whether the intake is still open. */
static bool pause_open(struct mqtt_intake *intake, wq_ms span)
{
	struct timespec until = mqtt_deadline(mqtt_now() + span);
	int rc = 0;

	pthread_mutex_lock(&intake->lock);
	intake->counts.room_waits++;
	while (!intake->closed && rc == 0)
		rc = pthread_cond_timedwait(&intake->changed, &intake->lock, &until);
	bool open = !intake->closed;
	pthread_mutex_unlock(&intake->lock);
	return open;
}

void mqtt_intake_link(struct mqtt_intake *intake, const char *down)
{
	if (!enter(intake))
		return;
	intake->sink.link(intake->sink.owner, down);
	leave(intake);
}

/* -- one message -- */

struct refusal {
	const struct wq_sink *sink;
	const char *topic;
	int topic_length;
};

static void tell_refusal(void *owner, enum wq_refusal why, const char *what)
{
	const struct refusal *refusal = owner;
	char text[384];

	snprintf(text, sizeof text, "%.*s: %s", refusal->topic_length, refusal->topic, what);
	refusal->sink->refuse(refusal->sink->owner, why, text);
}

static size_t decode(
        struct mqtt_intake *intake, const struct mqtt_message *message, struct wq_sample *samples)
{
	struct refusal refusal = { &intake->sink, message->topic,
		(int)(message->topic_length < 100 ? message->topic_length : 100) };
	const struct mqtt_refuser refuser = { &refusal, tell_refusal };
	struct mqtt_origin origin = { .retained = message->retained };

	if (memchr(message->topic, '\0', message->topic_length) != NULL) {
		tell_refusal(&refusal, WQ_REFUSED_MALFORMED, "the topic holds a NUL");
		return 0;
	}
	/* A persistent session keeps the subscriptions of earlier configurations. */
	if (!mqtt_topic_match(&intake->topic, message->topic, message->topic_length,
	            &origin.station, &origin.station_length)) {
		tell_refusal(&refusal, WQ_REFUSED_UNKNOWN, "a topic that is not subscribed to");
		return 0;
	}
	return mqtt_payload_decode(
	        &intake->map, &origin, message->payload, message->length, samples, &refuser);
}

/* WQ_OK or WQ_E_TIMEOUT: the sink has it. */
static int hand_over(struct mqtt_intake *intake, const struct wq_sample *samples, size_t count)
{
	wq_ms deadline = mqtt_now() + MQTT_ROOM_WAIT, span = 1;

	for (;;) {
		int rc = intake->sink.put(intake->sink.owner, samples, count, intake->durable);

		if (rc != WQ_E_FULL || mqtt_now() >= deadline || !pause_open(intake, span))
			return rc;
		span = span < 50 ? span * 2 : 100;
	}
}

/* What became of messages; the samples in them, and how many of them had none. */
struct yield {
	size_t messages, samples, empty;
};

static size_t account(struct mqtt_intake *intake, const struct yield *yield, int rc)
{
	bool has = rc == WQ_OK || rc == WQ_E_TIMEOUT;
	struct mqtt_counts *counts = &intake->counts;

	pthread_mutex_lock(&intake->lock);
	if (!has) {
		/* Those behind the first come again as well, but the library has not seen them. */
		counts->messages++;
		counts->withheld++;
	} else {
		counts->messages += yield->messages;
		counts->empty += yield->empty;
		counts->taken += yield->messages - yield->empty;
		counts->samples += yield->samples;
		if (rc == WQ_E_TIMEOUT)
			counts->not_durable += yield->messages - yield->empty;
	}
	pthread_mutex_unlock(&intake->lock);
	return has ? yield->messages : 0;
}

size_t mqtt_intake_take(
        struct mqtt_intake *intake, const struct mqtt_message *messages, size_t count)
{
	struct yield yield = { 0 };
	int rc = WQ_OK;

	if (!enter(intake))
		return account(intake, &yield, WQ_E_STATE);
	while (yield.messages < count &&
	        yield.samples + MQTT_PAYLOAD_SAMPLES <= MQTT_INTAKE_SAMPLES) {
		size_t found = decode(
		        intake, &messages[yield.messages++], intake->samples + yield.samples);

		yield.samples += found;
		yield.empty += found == 0;
	}
	if (yield.samples > 0)
		rc = hand_over(intake, intake->samples, yield.samples);
	leave(intake);
	return account(intake, &yield, rc);
}

void mqtt_intake_counts(struct mqtt_intake *intake, struct mqtt_counts *counts)
{
	pthread_mutex_lock(&intake->lock);
	*counts = intake->counts;
	pthread_mutex_unlock(&intake->lock);
}
