/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink over MQTT. The connection keeps nothing of ours: what is under way when it ends is sent again from the history.
 * Callbacks only put into a queue. */
#include "topic.h"

#include "wq/err.h"
#include "wq/mqtt.h"
#include "wq/uplink.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct wq_uplink wq_uplink_mqtt;

#define UNDER_WAY  (2 * 1000) /* messages of both lanes, at most */
#define HEARD      4096       /* answers that wait to be looked at */
#define SECRET_MAX 512

enum version { VERSION_3_1_1, VERSION_5 };
enum acknowledge { BY_BROKER, BY_TOPIC };

struct settings {
	const char *broker, *topic, *note_topic, *client_id, *username, *password, *ca_file, *cert_file, *key_file, *committed;
	int version, acknowledge;
	wq_ms keepalive;
};

/* A message that was published: the connection's number and ours. */
struct published {
	int id;
	enum wq_lane lane;
	uint64_t token;
};

/* What a callback had to say. */
struct heard {
	bool committed;
	int id; /* a PUBACK */
	const char *refused;
	struct wq_uplink_event event;
};

struct state {
	const struct settings *settings;
	char password[SECRET_MAX];
	struct wq_publisher *publisher;
	/* oldest first */
	struct published under_way[UNDER_WAY];
	size_t first, count;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex: the callbacks' half */
	struct heard heard[HEARD];
	size_t heard_first, heard_count;
	bool lost, woken;
	const char *why; /* it is lost, as the broker says */
};

/* -- settings -- */

static const struct wq_choice versions[] = { { "3.1.1", VERSION_3_1_1 }, { "5", VERSION_5 }, { NULL, 0 } };
static const struct wq_choice acknowledges[] = { { "broker", BY_BROKER }, { "topic", BY_TOPIC }, { NULL, 0 } };

#define AT(field) offsetof(struct settings, field)

static const struct wq_option options[] = {
	{ .key = "broker", .type = WQ_OPT_TEXT, .min = 1, .max = 255, .offset = AT(broker),
		.help = "mqtt: address of the broker, tcp://host:1883 or ssl://host:8883; must be given" },
	{ .key = "client_id", .type = WQ_OPT_TEXT, .min = 1, .max = 64, .offset = AT(client_id),
		.help = "mqtt: our name at the broker, unique there; must be given" },
	{ .key = "topic", .type = WQ_OPT_TEXT, .min = 1, .max = 128, .fallback = "wq/{station}", .offset = AT(topic),
		.help = "mqtt: where readings are published; {station} and {kind} are filled in" },
	{ .key = "note_topic", .type = WQ_OPT_TEXT, .min = 1, .max = 128, .fallback = "wq/{station}/{kind}",
		.offset = AT(note_topic), .help = "mqtt: where changes of alarms (kind change) and days (kind day) are" },
	{ .key = "version", .type = WQ_OPT_CHOICE, .fallback = "3.1.1", .choices = versions, .offset = AT(version),
		.help = "mqtt: version that the broker speaks" },
	{ .key = "acknowledge", .type = WQ_OPT_CHOICE, .fallback = "broker", .choices = acknowledges,
		.offset = AT(acknowledge),
		.help = "mqtt: what moves our place on: the broker's acknowledgement, or the receiver's own word on the topic "
			"`committed`" },
	{ .key = "committed", .type = WQ_OPT_TEXT, .min = 1, .max = 128, .offset = AT(committed),
		.help = "mqtt: topic on which the receiver says what it has stored" },
	{ .key = "username", .type = WQ_OPT_TEXT, .max = 255, .offset = AT(username), .help = "mqtt: user name at the broker" },
	{ .key = "password", .type = WQ_OPT_SECRET, .offset = AT(password), .help = "mqtt: \"credential:NAME\"" },
	{ .key = "ca_file", .type = WQ_OPT_TEXT, .max = 1024, .offset = AT(ca_file),
		.help = "mqtt: PEM file of the authorities trusted for ssl://; absent: the system's" },
	{ .key = "cert_file", .type = WQ_OPT_TEXT, .max = 1024, .offset = AT(cert_file),
		.help = "mqtt: PEM file of our own certificate, where the broker asks for one" },
	{ .key = "key_file", .type = WQ_OPT_TEXT, .max = 1024, .offset = AT(key_file),
		.help = "mqtt: PEM file of its key" },
	{ .key = "keepalive", .type = WQ_OPT_SPAN, .min = 5000, .max = 600000, .fallback = "20s", .offset = AT(keepalive),
		.help = "mqtt: a dead connection is noticed after about twice this" },
	WQ_OPTION_END,
};

static int check(const void *settings, struct wq_err *err)
{
	const struct settings *s = settings;
	if (s->broker == NULL || s->client_id == NULL)
		return wq_fail(err, WQ_E_INVALID, "an uplink of kind mqtt needs broker and client_id");
	int r = wq_publisher_address(s->broker, err);
	bool tls = r == 0 && (strncmp(s->broker, "ssl://", 6) == 0 || strncmp(s->broker, "mqtts://", 8) == 0);
	if (r == 0)
		r = topic_check(s->topic, err);
	if (r == 0)
		r = topic_check(s->note_topic, err);
	if (r == 0 && s->acknowledge == BY_TOPIC && s->committed == NULL)
		r = wq_fail(err, WQ_E_INVALID, "acknowledge = topic needs `committed`, the topic on which the receiver says so");
	if (r == 0 && s->password != NULL && s->username == NULL)
		r = wq_fail(err, WQ_E_INVALID, "password without username");
	if (r == 0 && (s->cert_file != NULL) != (s->key_file != NULL))
		r = wq_fail(err, WQ_E_INVALID, "cert_file and key_file go together");
	if (r == 0 && !tls && (s->ca_file != NULL || s->cert_file != NULL))
		r = wq_fail(err, WQ_E_INVALID, "certificates are for ssl:// only");
	return r;
}

static int check_station(const void *settings, const char *station, struct wq_err *err)
{
	(void)settings;
	return topic_station(station, err);
}

/* -- callbacks: on the library's thread -- */

/* What the receiver says when there is no room is dropped: what it is about is sent again, and said again. */
static void hear(struct state *s, const struct heard *heard)
{
	pthread_mutex_lock(&s->mutex);
	/* There is always room for as many PUBACKs as can come. */
	if (s->heard_count < (heard->committed ? HEARD - UNDER_WAY : HEARD))
		s->heard[(s->heard_first + s->heard_count++) % HEARD] = *heard;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void on_answered(void *owner, int id, const char *refused)
{
	hear(owner, &(struct heard){ .id = id, .refused = refused });
}

static void on_arrived(void *owner, const void *payload, size_t length)
{
	struct heard heard = { .committed = true };
	if (topic_read_committed(payload, length, &heard.event))
		hear(owner, &heard);
}

static void on_lost(void *owner, const char *why)
{
	struct state *s = owner;
	pthread_mutex_lock(&s->mutex);
	s->lost = true;
	if (why != NULL)
		s->why = why;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

/* -- open, close -- */

static void close_state(void *state)
{
	struct state *s = state;
	wq_publisher_close(s->publisher);
	s->publisher = NULL;
	explicit_bzero(s->password, sizeof s->password);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mutex);
}

static int create(struct state *s, struct wq_err *err)
{
	const struct settings *own = s->settings;
	s->publisher = wq_publisher_open(
		&(struct wq_publisher_settings){ .broker = own->broker,
			.client_id = own->client_id,
			.username = own->username,
			.password = own->password != NULL ? s->password : NULL,
			.ca_file = own->ca_file,
			.cert_file = own->cert_file,
			.key_file = own->key_file,
			.five = own->version == VERSION_5,
			.keepalive = (int)((own->keepalive + 999) / 1000),
			.under_way = UNDER_WAY },
		&(struct wq_publisher_hooks){ .owner = s, .answered = on_answered, .arrived = on_arrived, .lost = on_lost }, err);
	return s->publisher != NULL ? 0 : err->code;
}

static int open_state(void *state, const void *settings, const struct wq_uplink_site *site, struct wq_err *err)
{
	struct state *s = state;
	pthread_condattr_t monotonic;
	memset(s, 0, sizeof *s);
	s->settings = settings;
	int r = 0;
	if (s->settings->password != NULL)
		r = site->secret(site->owner, s->settings->password, s->password, sizeof s->password, err);
	if (r < 0)
		return r;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = create(s, err);
	if (r < 0)
		close_state(s);
	return r;
}

/* -- the connection -- */

static void forget(struct state *s)
{
	s->first = s->count = 0;
	pthread_mutex_lock(&s->mutex);
	s->heard_first = s->heard_count = 0;
	s->lost = false;
	s->why = NULL;
	pthread_mutex_unlock(&s->mutex);
}

static void disconnect(void *state)
{
	struct state *s = state;
	wq_publisher_disconnect(s->publisher);
	forget(s);
}

static int connect_state(void *state, struct wq_err *err)
{
	struct state *s = state;
	int code;
	forget(s);
	int r = wq_publisher_connect(s->publisher, &code, err);
	if (r < 0)
		return r;
	if (s->settings->acknowledge == BY_TOPIC)
		r = wq_publisher_subscribe(s->publisher, s->settings->committed, err);
	if (r < 0)
		disconnect(s);
	return r;
}

static int fail_lost(const struct state *s, const char *why, struct wq_err *err)
{
	return wq_fail(err, WQ_E_IO, "broker %s: the connection is lost%s%s", s->settings->broker, why != NULL ? ": it " : "",
		why != NULL ? why : "");
}

static int check_connection(struct state *s, struct wq_err *err)
{
	pthread_mutex_lock(&s->mutex);
	bool lost = s->lost;
	const char *why = s->why;
	pthread_mutex_unlock(&s->mutex);
	return lost ? fail_lost(s, why, err) : 0;
}

static int send_message(void *state, const struct wq_uplink_message *message, uint64_t token, struct wq_err *err)
{
	struct state *s = state;
	char topic[TOPIC_MAX];
	int id = 0;
	if (s->count == UNDER_WAY)
		return WQ_E_FULL;
	int r = check_connection(s, err);
	if (r < 0)
		return r;
	if (!topic_make(message->lane == WQ_LANE_NOTES ? s->settings->note_topic : s->settings->topic, message->station,
		    message->kind, topic, sizeof topic))
		return wq_fail(err, WQ_E_INVALID, "the topic of station %s is longer than %d bytes", message->station, TOPIC_MAX);
	r = wq_publisher_publish(s->publisher, topic, message->body, message->length, false, &id, err);
	if (r < 0)
		return r;
	s->under_way[(s->first + s->count++) % UNDER_WAY] = (struct published){ id, message->lane, token };
	return 0;
}

/* -- listening -- */

/* Waits until a callback had something to say. */
static void wait_for_word(struct state *s, wq_ms patience)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience / 1000);
	until.tv_nsec += (long)(patience % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (patience > 0 && s->heard_count == 0 && !s->lost && !s->woken &&
		pthread_cond_timedwait(&s->changed, &s->mutex, &until) == 0)
		;
	s->woken = false;
}

/* Which message a PUBACK is for; mostly the oldest. */
static bool find_published(struct state *s, int id, struct published *found)
{
	for (size_t i = 0; i < s->count; i++) {
		struct published *p = &s->under_way[(s->first + i) % UNDER_WAY];
		if (p->id != id)
			continue;
		*found = *p;
		for (; i > 0; i--)
			s->under_way[(s->first + i) % UNDER_WAY] = s->under_way[(s->first + i - 1) % UNDER_WAY];
		s->first = (s->first + 1) % UNDER_WAY;
		s->count--;
		return true;
	}
	return false;
}

static int listen_state(void *state, wq_ms patience, struct wq_uplink_event *events, size_t room, struct wq_err *err)
{
	struct state *s = state;
	int n = 0, r = 0;
	pthread_mutex_lock(&s->mutex);
	wait_for_word(s, patience);
	while (r == 0 && s->heard_count > 0 && (size_t)n < room) {
		struct heard heard = s->heard[s->heard_first];
		struct published published;
		s->heard_first = (s->heard_first + 1) % HEARD;
		s->heard_count--;
		if (heard.committed)
			events[n++] = heard.event;
		else if (heard.refused != NULL)
			r = wq_fail(err, WQ_E_REFUSED, "broker %s refuses a message: %s", s->settings->broker, heard.refused);
		else if (find_published(s, heard.id, &published) && s->settings->acknowledge == BY_BROKER)
			events[n++] = (struct wq_uplink_event){ .what = WQ_UPLINK_ACKNOWLEDGED,
				.lane = published.lane,
				.token = published.token };
	}
	/* What was heard before the connection went is still true. */
	if (r == 0 && n == 0 && s->lost)
		r = fail_lost(s, s->why, err);
	pthread_mutex_unlock(&s->mutex);
	return r < 0 ? r : n;
}

static void wake(void *state)
{
	struct state *s = state;
	pthread_mutex_lock(&s->mutex);
	s->woken = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

const struct wq_uplink wq_uplink_mqtt = {
	.name = "mqtt",
	.options = options,
	.settings_size = sizeof(struct settings),
	.state_size = sizeof(struct state),
	.notes = true,
	.check = check,
	.station = check_station,
	.open = open_state,
	.close = close_state,
	.connect = connect_state,
	.send = send_message,
	.listen = listen_state,
	.wake = wake,
	.disconnect = disconnect,
};
