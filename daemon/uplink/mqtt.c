/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink over MQTT: the only file of the daemon that knows the Paho library (1.3.12, the synchronous client).
 *
 * The library keeps nothing of ours: what is under way when a connection ends is sent again from the history. Its publish blocks
 * when as many messages are under way as it allows, so no more are given to it. Its mutex is one for all clients of the process
 * and is held while it looks a name up, so a name is looked up here first, and a broker whose name does not resolve is not
 * tried: the MQTT buses would wait as well. Callbacks only put into a queue. */
#include "topic.h"

#include "wq/err.h"
#include "wq/uplink.h"

#include <MQTTClient.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

extern const struct wq_uplink wq_uplink_mqtt;

#define CONNECT_SECONDS 5
#define COMMAND_MS      8000
#define UNDER_WAY       (2 * 1000) /* messages of both lanes, at most */
#define HEARD           4096       /* answers that wait to be looked at */
#define SECRET_MAX      512
#define REFUSED         0x80

enum protocol { PROTOCOL_3_1_1, PROTOCOL_5 };
enum acknowledge { BY_BROKER, BY_TOPIC };

struct settings {
	const char *broker, *topic, *note_topic, *client_id, *username, *password, *ca_file, *cert_file, *key_file, *committed;
	int protocol, acknowledge;
	wq_ms keepalive;
};

/* A message that was published: the library's number and ours. */
struct published {
	int id;
	enum wq_lane lane;
	uint64_t token;
};

/* What a callback had to say. */
struct heard {
	bool committed;
	int id, reason; /* a PUBACK */
	struct wq_uplink_event event;
};

struct state {
	const struct settings *settings;
	size_t window;
	bool tls, v5;
	char password[SECRET_MAX];
	MQTTClient handle;
	/* oldest first */
	struct published under_way[UNDER_WAY];
	size_t first, count;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex: the callbacks' half */
	struct heard heard[HEARD];
	size_t heard_first, heard_count;
	bool lost, woken;
	char tls_error[160];
};

/* -- settings -- */

static const struct wq_choice protocols[] = { { "3.1.1", PROTOCOL_3_1_1 }, { "5", PROTOCOL_5 }, { NULL, 0 } };
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
	{ .key = "protocol", .type = WQ_OPT_CHOICE, .fallback = "3.1.1", .choices = protocols, .offset = AT(protocol),
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

static const char *const schemes[] = { "tcp://", "mqtt://", "ssl://", "mqtts://" };

/* Host and port of "tcp://host:port", "ssl://[::1]:port"; WQ_E_INVALID. */
static int split(const char *broker, char host[256], char port[8], bool *tls, struct wq_err *err)
{
	const char *at = NULL;
	for (size_t i = 0; at == NULL && i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(broker, schemes[i], strlen(schemes[i])) == 0) {
			at = broker + strlen(schemes[i]);
			*tls = i >= 2;
		}
	if (at == NULL)
		return wq_fail(err, WQ_E_INVALID, "broker = \"%.99s\": begins with tcp:// or ssl://", broker);
	const char *begin = at[0] == '[' ? at + 1 : at;
	const char *end = at[0] == '[' ? strchr(begin, ']') : begin + strcspn(begin, ":/");
	const char *colon = end != NULL && *end == ']' ? end + 1 : end;
	size_t length = end != NULL ? (size_t)(end - begin) : 0;
	long number = colon != NULL && *colon == ':' ? strtol(colon + 1, (char **)&colon, 10) : *tls ? 8883 : 1883;
	if (length == 0 || length > 255 || colon == NULL || (*colon != '\0' && strcmp(colon, "/") != 0) || number < 1 ||
		number > 65535)
		return wq_fail(err, WQ_E_INVALID, "broker = \"%.99s\": must be tcp://host:port or ssl://host:port", broker);
	memcpy(host, begin, length);
	host[length] = '\0';
	snprintf(port, 8, "%ld", number);
	return 0;
}

static int check(const void *settings, struct wq_err *err)
{
	const struct settings *s = settings;
	char host[256], port[8];
	bool tls;
	if (s->broker == NULL || s->client_id == NULL)
		return wq_fail(err, WQ_E_INVALID, "an uplink of kind mqtt needs broker and client_id");
	int r = split(s->broker, host, port, &tls, err);
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

/* -- callbacks: on the library's thread, under none of its locks that we need -- */

static bool hear(struct state *s, const struct heard *heard)
{
	pthread_mutex_lock(&s->mutex);
	/* There is always room for as many PUBACKs as can come. */
	bool room = s->heard_count < (heard->committed ? HEARD - UNDER_WAY : HEARD);
	if (room)
		s->heard[(s->heard_first + s->heard_count++) % HEARD] = *heard;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return room;
}

static void on_delivered(void *context, MQTTClient_deliveryToken id)
{
	struct state *s = context;
	if (!s->v5)
		hear(s, &(struct heard){ .id = id });
}

static void on_published(void *context, int id, int packet, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
	(void)packet;
	(void)properties;
	hear(context, &(struct heard){ .id = id, .reason = (int)reason });
}

/* 0: it is delivered again later. */
static int on_arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
	struct heard heard = { .committed = true };
	(void)length;
	bool taken = !topic_read_committed(message->payload, message->payloadlen > 0 ? (size_t)message->payloadlen : 0,
			     &heard.event) ||
		hear(context, &heard);
	if (!taken)
		return 0;
	MQTTClient_freeMessage(&message);
	MQTTClient_free(topic);
	return 1;
}

static void on_lost(void *context, char *cause)
{
	struct state *s = context;
	(void)cause;
	pthread_mutex_lock(&s->mutex);
	s->lost = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static int on_tls_error(const char *text, size_t length, void *context)
{
	struct state *s = context;
	pthread_mutex_lock(&s->mutex);
	snprintf(s->tls_error, sizeof s->tls_error, "%.*s", (int)length, text);
	s->tls_error[strcspn(s->tls_error, "\r\n")] = '\0';
	pthread_mutex_unlock(&s->mutex);
	return 1;
}

/* -- open, close -- */

static void close_state(void *state)
{
	struct state *s = state;
	if (s->handle != NULL)
		MQTTClient_destroy(&s->handle);
	s->handle = NULL;
	explicit_bzero(s->password, sizeof s->password);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mutex);
}

static int create(struct state *s, struct wq_err *err)
{
	MQTTClient_createOptions made = MQTTClient_createOptions_initializer;
	/* Without a version given, a failed attempt is repeated with an endless time limit. */
	made.MQTTVersion = s->v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	int rc = MQTTClient_createWithOptions(&s->handle, s->settings->broker, s->settings->client_id,
		MQTTCLIENT_PERSISTENCE_NONE, NULL, &made);
	if (rc == MQTTCLIENT_SUCCESS)
		rc = MQTTClient_setCallbacks(s->handle, s, on_lost, on_arrived, on_delivered);
	if (rc == MQTTCLIENT_SUCCESS && s->v5)
		rc = MQTTClient_setPublished(s->handle, s, on_published);
	if (rc != MQTTCLIENT_SUCCESS)
		return wq_fail(err, WQ_E_INVALID, "broker %s: the MQTT library refuses it (error %d)", s->settings->broker, rc);
	MQTTClient_setCommandTimeout(s->handle, COMMAND_MS);
	return 0;
}

static int open_state(void *state, const void *settings, const struct wq_uplink_site *site, struct wq_err *err)
{
	struct state *s = state;
	pthread_condattr_t monotonic;
	char host[256], port[8];
	memset(s, 0, sizeof *s);
	s->settings = settings;
	s->window = site->window;
	s->v5 = s->settings->protocol == PROTOCOL_5;
	int r = split(s->settings->broker, host, port, &s->tls, err);
	if (r == 0 && s->settings->password != NULL)
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

static int explain(struct state *s, int rc, struct wq_err *err)
{
	static const struct {
		int rc;
		const char *text;
	} reasons[] = {
		{ 1, "does not speak this version of MQTT" }, { 2, "refuses this client_id" }, { 3, "is not available" },
		{ 4, "refuses username or password" }, { 5, "does not authorise this client" },
		{ 0x84, "does not speak this version of MQTT" }, { 0x85, "refuses this client_id" },
		{ 0x86, "refuses username or password" }, { 0x87, "does not authorise this client" },
		{ 0x88, "is not available" }, { 0x8a, "has banned this client" },
	};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].rc == rc)
			return wq_fail(err, WQ_E_REFUSED, "broker %s %s", s->settings->broker, reasons[i].text);
	pthread_mutex_lock(&s->mutex);
	char tls[sizeof s->tls_error];
	memcpy(tls, s->tls_error, sizeof tls);
	pthread_mutex_unlock(&s->mutex);
	if (tls[0] == '\0' && s->tls)
		snprintf(tls, sizeof tls, "or its certificate is not for this host, or too old a TLS");
	return wq_fail(err, WQ_E_IO, "broker %s: no connection: refused, unreachable, silent for %d s%s%s", s->settings->broker,
		CONNECT_SECONDS, tls[0] != '\0' ? "; " : "", tls);
}

static int resolve(const struct state *s, struct wq_err *err)
{
	char host[256], port[8];
	bool tls;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int r = split(s->settings->broker, host, port, &tls, err);
	if (r < 0)
		return r;
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0)
		return wq_fail(err, WQ_E_IO, "broker %s: its name cannot be looked up: %s", s->settings->broker, gai_strerror(rc));
	freeaddrinfo(found);
	return 0;
}

static void forget(struct state *s)
{
	s->first = s->count = 0;
	pthread_mutex_lock(&s->mutex);
	s->heard_first = s->heard_count = 0;
	s->lost = false;
	s->tls_error[0] = '\0';
	pthread_mutex_unlock(&s->mutex);
}

static int connect_now(struct state *s)
{
	static const MQTTClient_connectOptions plain = MQTTClient_connectOptions_initializer, five = MQTTClient_connectOptions_initializer5;
	MQTTClient_connectOptions how = s->v5 ? five : plain;
	MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
	how.MQTTVersion = s->v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	how.keepAliveInterval = (int)((s->settings->keepalive + 999) / 1000);
	how.connectTimeout = CONNECT_SECONDS;
	how.reliable = 0;
	how.maxInflightMessages = UNDER_WAY;
	how.cleansession = s->v5 ? 0 : 1;
	how.cleanstart = s->v5 ? 1 : 0;
	how.username = s->settings->username;
	how.password = s->settings->password != NULL ? s->password : NULL;
	if (s->tls) {
		/* verify: the library does not look at the host name unless told to. */
		tls.verify = 1;
		tls.enableServerCertAuth = 1;
		tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
		tls.trustStore = s->settings->ca_file;
		tls.disableDefaultTrustStore = s->settings->ca_file != NULL;
		tls.keyStore = s->settings->cert_file;
		tls.privateKey = s->settings->key_file;
		tls.ssl_error_cb = on_tls_error;
		tls.ssl_error_context = s;
		how.ssl = &tls;
	}
	if (!s->v5)
		return MQTTClient_connect(s->handle, &how);
	MQTTResponse response = MQTTClient_connect5(s->handle, &how, NULL, NULL);
	int rc = (int)response.reasonCode;
	MQTTResponse_free(response);
	return rc;
}

static int subscribe_now(struct state *s, struct wq_err *err)
{
	const char *topic = s->settings->committed;
	int rc;
	if (s->v5) {
		MQTTResponse response = MQTTClient_subscribe5(s->handle, topic, 1, NULL, NULL);
		rc = (int)response.reasonCode;
		if (rc >= 0 && rc <= (int)MQTTREASONCODE_GRANTED_QOS_2)
			rc = MQTTCLIENT_SUCCESS;
		MQTTResponse_free(response);
	} else {
		char *const filters[] = { (char *)(uintptr_t)topic };
		int granted = 1;
		rc = MQTTClient_subscribeMany(s->handle, 1, filters, &granted);
		if (rc == MQTTCLIENT_SUCCESS && granted == REFUSED)
			rc = REFUSED;
	}
	if (rc == MQTTCLIENT_SUCCESS)
		return 0;
	return wq_fail(err, rc >= REFUSED ? WQ_E_REFUSED : WQ_E_TIMEOUT, "broker %s: %s the subscription of \"%s\"",
		s->settings->broker, rc >= REFUSED ? "refuses" : "does not answer", topic);
}

static void disconnect(void *state)
{
	struct state *s = state;
	MQTTClient_disconnect(s->handle, 0);
	forget(s);
}

static int connect_state(void *state, struct wq_err *err)
{
	struct state *s = state;
	int r = resolve(s, err);
	if (r < 0)
		return r;
	forget(s);
	int rc = connect_now(s);
	if (rc != MQTTCLIENT_SUCCESS)
		return explain(s, rc, err);
	if (s->settings->acknowledge == BY_TOPIC)
		r = subscribe_now(s, err);
	if (r < 0)
		disconnect(s);
	return r;
}

static bool is_lost(struct state *s)
{
	pthread_mutex_lock(&s->mutex);
	bool lost = s->lost;
	pthread_mutex_unlock(&s->mutex);
	return lost;
}

static int send_message(void *state, const struct wq_uplink_message *message, uint64_t token, struct wq_err *err)
{
	struct state *s = state;
	char topic[TOPIC_MAX];
	int id = 0;
	if (s->count == UNDER_WAY)
		return WQ_E_FULL;
	if (is_lost(s))
		return wq_fail(err, WQ_E_IO, "broker %s: the connection is lost", s->settings->broker);
	if (!topic_make(message->lane == WQ_LANE_NOTES ? s->settings->note_topic : s->settings->topic, message->station,
		    message->kind, topic, sizeof topic))
		return wq_fail(err, WQ_E_INVALID, "the topic of station %s is longer than %d bytes", message->station, TOPIC_MAX);
	int rc;
	if (s->v5) {
		MQTTResponse response = MQTTClient_publish5(s->handle, topic, (int)message->length, message->body, 1, 0, NULL, &id);
		rc = (int)response.reasonCode;
		MQTTResponse_free(response);
	} else {
		rc = MQTTClient_publish(s->handle, topic, (int)message->length, message->body, 1, 0, &id);
	}
	if (rc != MQTTCLIENT_SUCCESS)
		return wq_fail(err, WQ_E_IO, "broker %s: the connection is lost", s->settings->broker);
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
		else if (heard.reason >= REFUSED)
			r = wq_fail(err, WQ_E_REFUSED, "broker %s refuses a message: %s", s->settings->broker,
				MQTTReasonCode_toString((enum MQTTReasonCodes)heard.reason));
		else if (find_published(s, heard.id, &published) && s->settings->acknowledge == BY_BROKER)
			events[n++] = (struct wq_uplink_event){ .what = WQ_UPLINK_ACKNOWLEDGED,
				.lane = published.lane,
				.token = published.token };
	}
	/* What was heard before the connection went is still true. */
	if (r == 0 && n == 0 && s->lost)
		r = wq_fail(err, WQ_E_IO, "broker %s: the connection is lost", s->settings->broker);
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
