/* SPDX-License-Identifier: Apache-2.0 */
/* A topic of an MQTT broker, QoS 1: sent is what the broker acknowledged. Alarms are rare, and no
 * connection shall be half dead when it counts: only one that brought a PUBACK a moment ago is used
 * again, so that a burst does not pay two seconds of the library's for each. Else an attempt leaves
 * the old one and connects. With 2 s to leave, 10 s and 8 s for the PUBACK that is 22 s at most,
 * and a name server's time beside. */
#include "address.h"
#include "envelope.h"
#include "secret.h"

#include "wq/err.h"
#include "wq/mqtt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEEPALIVE      20 /* s */
#define PUBACK_SECONDS 8
#define MOMENT         3 /* s */

struct mqtt_settings {
	const char *broker, *topic, *client_id, *user, *password, *ca_file;
	bool allow_plain, retain;
};

struct mqtt {
	const struct mqtt_settings *settings;
	char uri[ADDRESS_MAX];
	char password[256];
	char body[ENVELOPE_TEXT];
	struct wq_publisher *publisher;
	bool connected;
	time_t proved; /* steady s: the last PUBACK on this connection */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex: what became of the message */
	bool sent, gone;
};

#define FIELD(name) .offset = offsetof(struct mqtt_settings, name)

static const struct wq_option options[] = {
	{ .key = "broker",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 8,
	        .max = ADDRESS_MAX - 8,
	        FIELD(broker),
	        .help = "mqtts://host:8883, or mqtt://host:1883 with allow_plain" },
	{ .key = "topic",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 200,
	        FIELD(topic),
	        .help = "topic that notices are published to" },
	{ .key = "client_id",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .fallback = "wqd-notices",
	        FIELD(client_id),
	        .help = "name at the broker; no two may have the same" },
	{ .key = "user",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 128,
	        FIELD(user),
	        .help = "name to log in with; default: no login" },
	{ .key = "password",
	        .type = WQ_OPT_SECRET,
	        FIELD(password),
	        .help = "credential with its password" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        FIELD(ca_file),
	        .help = "certificates that sign the broker's, PEM; default: the system's" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        FIELD(allow_plain),
	        .help = "true: broker may be mqtt://" },
	{ .key = "retain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        FIELD(retain),
	        .help = "true: the broker keeps the last notice for those who subscribe later" },
	WQ_OPTION_END,
};

static int mqtt_check(const void *settings, struct wq_err *err)
{
	const struct mqtt_settings *s = settings;

	if (address_check(s->broker, "mqtts", "mqtt", s->allow_plain, err) < 0) {
		char text[WQ_ERR_TEXT];

		snprintf(text, sizeof text, "%s", err->text);
		return wq_fail(err, WQ_E_INVALID, "broker, its %s", text);
	}
	if (strpbrk(s->topic, "+#") != NULL || s->topic[0] == '$')
		return wq_fail(err, WQ_E_INVALID,
		        "topic = %.60s: no wildcard, and nothing that begins with $", s->topic);
	if (s->password != NULL && s->user == NULL)
		return wq_fail(err, WQ_E_INVALID, "password: a login needs a user too");
	return 0;
}

/* mqtt:// and mqtts:// as the library calls them. */
static void write_uri(const char *broker, char out[ADDRESS_MAX])
{
	bool secure = strncmp(broker, "mqtts:", 6) == 0;

	snprintf(out, ADDRESS_MAX, "%s%.*s", secure ? "ssl" : "tcp",
	        (int)strcspn(strchr(broker, ':'), "?#"), strchr(broker, ':'));
}

/* -- callbacks: on the library's thread -- */

static void tell(struct mqtt *mqtt, bool *what)
{
	pthread_mutex_lock(&mqtt->mutex);
	*what = true;
	pthread_cond_signal(&mqtt->changed);
	pthread_mutex_unlock(&mqtt->mutex);
}

/* In 3.1.1 nothing is refused. */
static void on_answered(void *owner, int id, const char *refused)
{
	struct mqtt *mqtt = owner;

	(void)id;
	tell(mqtt, refused == NULL ? &mqtt->sent : &mqtt->gone);
}

static void on_lost(void *owner, const char *why)
{
	struct mqtt *mqtt = owner;

	(void)why;
	tell(mqtt, &mqtt->gone);
}

/* -- open, close -- */

static void mqtt_close(void *state)
{
	struct mqtt *mqtt = state;

	wq_publisher_close(mqtt->publisher);
	pthread_cond_destroy(&mqtt->changed);
	pthread_mutex_destroy(&mqtt->mutex);
	explicit_bzero(state, sizeof(struct mqtt));
}

static void make_lock(struct mqtt *mqtt)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&mqtt->mutex, NULL);
	pthread_cond_init(&mqtt->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static int mqtt_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	const struct mqtt_settings *s = settings;
	struct mqtt *mqtt = state;
	int r = 0;

	*mqtt = (struct mqtt){ .settings = s };
	write_uri(s->broker, mqtt->uri);
	if (s->password != NULL)
		r = secret(owner, s->password, mqtt->password, sizeof mqtt->password, err);
	if (r < 0)
		return r;
	make_lock(mqtt);
	mqtt->publisher =
	        wq_publisher_open(&(struct wq_publisher_settings){ .broker = mqtt->uri,
	                                  .client_id = s->client_id,
	                                  .username = s->user,
	                                  .password = s->password != NULL ? mqtt->password : NULL,
	                                  .ca_file = s->ca_file,
	                                  .keepalive = KEEPALIVE,
	                                  .under_way = 1 },
	                &(struct wq_publisher_hooks){
	                        .owner = mqtt, .answered = on_answered, .lost = on_lost },
	                err);
	if (mqtt->publisher != NULL)
		return 0;
	mqtt_close(mqtt);
	return err->code;
}

/* -- sending -- */

/* What a CONNACK refuses (MQTT 3.1.1, 3.2.2.3). */
static void say_refused(int code, const struct wq_err *err, struct wq_result *result)
{
	static const char *const words[] = { [1] = "it does not speak 3.1.1",
		[2] = "client_id is refused",
		[3] = "the broker is not available",
		[4] = "user or password is refused",
		[5] = "not allowed" };

	if (code >= 1 && code <= 5) {
		result->kind = code == 3 ? WQ_RETRY : WQ_CONFIG;
		snprintf(result->text, sizeof result->text, "CONNACK %d: %s", code, words[code]);
	} else {
		result->kind = WQ_RETRY;
		snprintf(result->text, sizeof result->text, "%.*s", (int)sizeof result->text - 1,
		        err->text);
	}
}

static time_t steady(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Whether the PUBACK came. */
static bool await(struct mqtt *mqtt)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PUBACK_SECONDS;
	pthread_mutex_lock(&mqtt->mutex);
	while (!mqtt->sent && !mqtt->gone && r == 0)
		r = pthread_cond_timedwait(&mqtt->changed, &mqtt->mutex, &until);
	bool sent = mqtt->sent;

	pthread_mutex_unlock(&mqtt->mutex);
	return sent;
}

static void leave(struct mqtt *mqtt)
{
	if (mqtt->connected)
		wq_publisher_disconnect(mqtt->publisher);
	mqtt->connected = false;
}

/* Whether the connection is as good as a new one. */
static bool proved(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->mutex);
	bool gone = mqtt->gone;

	pthread_mutex_unlock(&mqtt->mutex);
	return mqtt->connected && !gone && steady() - mqtt->proved < MOMENT;
}

static void forget(struct mqtt *mqtt)
{
	pthread_mutex_lock(&mqtt->mutex);
	mqtt->sent = mqtt->gone = false;
	pthread_mutex_unlock(&mqtt->mutex);
}

/* False with the result. */
static bool connect_if_needed(struct mqtt *mqtt, struct wq_result *result)
{
	struct wq_err err;
	int code;

	if (proved(mqtt)) {
		pthread_mutex_lock(&mqtt->mutex);
		mqtt->sent = false;
		pthread_mutex_unlock(&mqtt->mutex);
		return true;
	}
	leave(mqtt);
	forget(mqtt);
	mqtt->connected = wq_publisher_connect(mqtt->publisher, &code, &err) == 0;
	if (!mqtt->connected)
		say_refused(code, &err, result);
	return mqtt->connected;
}

static void publish(struct mqtt *mqtt, size_t length, struct wq_result *result)
{
	struct wq_err err;
	int id, r;

	r = wq_publisher_publish(mqtt->publisher, mqtt->settings->topic, mqtt->body, length,
	        mqtt->settings->retain, &id, &err);
	bool sent = r == 0 && await(mqtt);

	mqtt->proved = steady();
	if (!sent)
		leave(mqtt);
	result->kind = sent ? WQ_SENT : WQ_RETRY;
	snprintf(result->text, sizeof result->text, "%s",
	        sent ? "acknowledged by the broker (PUBACK)" : "the broker did not acknowledge it");
}

static void mqtt_send(
        void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result)
{
	struct mqtt *mqtt = state;
	size_t length = envelope_write(notice, mqtt->body);

	(void)now;
	if (length == 0) {
		result->kind = WQ_CONFIG;
		snprintf(result->text, sizeof result->text, "the message is too long");
		return;
	}
	if (connect_if_needed(mqtt, result))
		publish(mqtt, length, result);
}

const struct wq_channel mqtt_topic_channel;
const struct wq_channel mqtt_topic_channel = {
	.name = "mqtt_topic",
	.machine = true,
	.help = "publishes each notice as JSON to a topic of an MQTT broker",
	.catch_up = true,
	.options = options,
	.settings_size = sizeof(struct mqtt_settings),
	.state_size = sizeof(struct mqtt),
	.link = WQ_LINK_ASKED,
	.check = mqtt_check,
	.open = mqtt_open,
	.close = mqtt_close,
	.send = mqtt_send,
};
