/* SPDX-License-Identifier: Apache-2.0 */
/* What the live tests share: a bus with one station, a sink that can be made to answer anything,
 * and waiting for a condition with a time limit. */
#ifndef TEST_LIVE_MQTT_H
#define TEST_LIVE_MQTT_H

#include "keys.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline wq_ms live_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void live_pause(wq_ms span)
{
	struct timespec pause = { (time_t)(span / 1000), (long)(span % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

/* Everything the driver says, and what put shall answer. */
struct live_sink {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool gate_shut; /* put waits until it is opened */
	int answer;
	int puts, samples, waiting, refused, ups, downs;
	bool durable;
	double last;
	char down[WQ_ERR_TEXT];
};

static inline int live_put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	struct live_sink *sink = owner;

	pthread_mutex_lock(&sink->lock);
	sink->waiting++;
	while (sink->gate_shut)
		pthread_cond_wait(&sink->opened, &sink->lock);
	sink->waiting--;
	int answer = sink->answer;
	sink->puts++;
	sink->samples += (int)count;
	sink->durable = durable;
	sink->last = count > 0 ? samples[count - 1].value : -1;
	pthread_mutex_unlock(&sink->lock);
	return answer;
}

static inline void live_refuse(void *owner, enum wq_refusal why, const char *what)
{
	struct live_sink *sink = owner;

	(void)why, (void)what;
	pthread_mutex_lock(&sink->lock);
	sink->refused++;
	pthread_mutex_unlock(&sink->lock);
}

static inline void live_link(void *owner, const char *down)
{
	struct live_sink *sink = owner;

	pthread_mutex_lock(&sink->lock);
	if (down == NULL) {
		sink->ups++;
	} else {
		sink->downs++;
		snprintf(sink->down, sizeof sink->down, "%s", down);
	}
	pthread_mutex_unlock(&sink->lock);
}

static inline struct wq_sink live_sink_open(struct live_sink *sink)
{
	memset(sink, 0, sizeof *sink);
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->opened, NULL);
	return (struct wq_sink){ .owner = sink, .put = live_put, .refuse = live_refuse, .link = live_link };
}

static inline int live_get(struct live_sink *sink, const int *field)
{
	pthread_mutex_lock(&sink->lock);
	int value = *field;
	pthread_mutex_unlock(&sink->lock);
	return value;
}

static inline void live_answer(struct live_sink *sink, bool gate_shut, int answer)
{
	pthread_mutex_lock(&sink->lock);
	sink->gate_shut = gate_shut;
	sink->answer = answer;
	pthread_cond_broadcast(&sink->opened);
	pthread_mutex_unlock(&sink->lock);
}

static inline bool live_down_says(struct live_sink *sink, const char *words)
{
	pthread_mutex_lock(&sink->lock);
	bool says = strstr(sink->down, words) != NULL;
	pthread_mutex_unlock(&sink->lock);
	return says;
}

/* Wait until a number of the sink is reached, or a reason told; at most `span` ms. */
static inline bool live_reaches(struct live_sink *sink, const int *field, int value, wq_ms span)
{
	for (wq_ms until = live_now() + span; live_now() < until; live_pause(5))
		if (live_get(sink, field) >= value)
			break;
	return live_get(sink, field) == value;
}

static inline bool live_told(struct live_sink *sink, const char *words, wq_ms span)
{
	for (wq_ms until = live_now() + span; live_now() < until; live_pause(5))
		if (live_down_says(sink, words))
			return true;
	return false;
}

/* One station, one point. $WQ_MQTT_VERSION: 5, or 3.1.1. */
struct live_bus {
	struct mqtt_bus_settings settings;
	struct mqtt_point_settings point_settings;
	struct wq_point point;
	struct wq_bus bus;
	char broker[64];
};

static inline void live_bus_open(
        struct live_bus *live, const char *scheme, const char *host, int port)
{
	*live = (struct live_bus){ .settings = { .topic = "wq/{station}",
		                           .client_id = "wqd-live",
		                           .station_key = "station",
		                           .time_key = "time",
		                           .values_key = "values",
		                           .keepalive = 20000,
		                           .receipt = MQTT_DURABLE } };
	const char *version = getenv("WQ_MQTT_VERSION");
	live->settings.version = version != NULL && version[0] == '5' ? MQTT_5 : MQTT_3_1_1;
	live->settings.session = WQ_HOURS(1);
	snprintf(live->broker, sizeof live->broker, "%s://%s:%d", scheme, host, port);
	live->settings.broker = live->broker;
	live->point = (struct wq_point){ .series = 3,
		.station = "yigan",
		.parameter = "tp",
		.code = "w21011",
		.factor = { 1, 0 },
		.settings = &live->point_settings };
	live->bus = (struct wq_bus){ .name = "live",
		.settings = &live->settings,
		.zone = &wq_zone_china,
		.point_count = 1,
		.points = &live->point };
}

/* A listening socket on a free port of the loopback. */
static inline int live_listen(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	        listen(listener, 4) < 0 ||
	        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		return -1;
	*port = ntohs(address.sin_port);
	return listener;
}

static inline int live_free_port(void)
{
	int port = 0, listener = live_listen(&port);

	close(listener);
	return port;
}

#endif
