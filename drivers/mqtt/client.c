/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows the Paho library (1.3.12, the synchronous client with callbacks).
 *
 * The library acknowledges a QoS 1 message as soon as it has queued it, before the application has
 * seen it. What it does call in between is the put of a user persistence, with the queued message
 * under the key q-N (MQTTPersistence_persistQueueEntry): there the message is taken, and the PUBACK
 * goes out when put returns. The result of put is not looked at; so a message that could not be
 * taken has its connection shut down first, the PUBACK fails on the dead socket, and the broker
 * delivers again. The messageArrived that comes later for the same message only frees it. Nothing
 * is persisted here: sessions live in the broker.
 *
 * put runs under the library's one mutex: a connection that waits for the disk makes all others
 * wait. */
#include "client.h"

#include "ahead.h"

#include "wq/err.h"

#include <MQTTClient.h>
#include <MQTTClientPersistence.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_SECONDS   5
#define SUBSCRIBE_MS      8000 /* stop() has 10 s */
#define MQTT_3_1_1        MQTTVERSION_3_1_1
#define REFUSED_SUBSCRIBE 0x80
#define PASSWORD_BYTES    256

struct mqtt_client {
	MQTTClient handle;
	MQTTClient_persistence persistence;
	struct mqtt_client_hooks hooks;
	char *broker, *id, *username, *password_file, *ca_file, *filter;
	int keepalive; /* seconds */
	int version;   /* of the protocol: 4 or 5 */
	bool clean, tls, durable;
	struct mqtt_ahead ahead; /* of the connection */
	atomic_int socket; /* of the connection; -1: not known */
	pthread_mutex_t lock;
	char tls_error[160];
};

/* -- which descriptor is ours -- */

/* The library tells the descriptor of a connection only in its protocol trace, on the thread that
 * connects. */
static _Thread_local struct mqtt_client *connecting;

/* Tracing costs two lines of text a message, with date: so it is on only while somebody connects.
 * The level is one for all connections. At ERROR nothing is worded that is no error. */
static void trace(int by)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int connecting_now;

	pthread_mutex_lock(&lock);
	connecting_now += by;
	MQTTClient_setTraceLevel(
	        connecting_now > 0 ? MQTTCLIENT_TRACE_PROTOCOL : MQTTCLIENT_TRACE_ERROR);
	pthread_mutex_unlock(&lock);
}

/* "… 12 wqd-gateway -> CONNECT version 4 clean: 0 (0)" */
static void on_trace(enum MQTTCLIENT_TRACE_LEVELS level, char *line)
{
	const char *end = connecting != NULL ? strstr(line, " -> CONNECT ") : NULL;

	(void)level;
	if (end == NULL)
		return;
	size_t length = strlen(connecting->id);
	if ((size_t)(end - line) < length + 2 || end[-(ptrdiff_t)length - 1] != ' ' ||
	        memcmp(end - length, connecting->id, length) != 0)
		return;
	const char *digit = end - length - 1;
	while (digit > line && isdigit((unsigned char)digit[-1]))
		digit--;
	if (isdigit((unsigned char)*digit))
		atomic_store(&connecting->socket, (int)strtol(digit, NULL, 10));
}

/* With an unknown descriptor the PUBACK is held back until the broker must have given the
 * connection up: one and a half times the keepalive without a packet (MQTT 3.1.1, 3.1.2.10). */
static void outwait_broker(const struct mqtt_client *client)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += client->keepalive + client->keepalive / 2 + 10;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Makes sure that the PUBACK that the library is about to send goes nowhere. */
static void cut(struct mqtt_client *client)
{
	int type = 0, descriptor = atomic_load(&client->socket);
	socklen_t size = sizeof type;

	if (descriptor < 0 || getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	        type != SOCK_STREAM || shutdown(descriptor, SHUT_RDWR) < 0)
		outwait_broker(client);
}

/* -- the persistence: put is the hand-over, the rest is empty -- */

static int on_open(void **handle, const char *id, const char *uri, void *context)
{
	(void)id;
	(void)uri;
	*handle = context;
	return 0;
}

static int on_close(void *handle)
{
	(void)handle;
	return 0;
}

/* Whether the message may be acknowledged: stored with an earlier one, or stored now, together with
 * what lies in the socket behind it. */
static bool hand_over(struct mqtt_client *client, const struct mqtt_message *message)
{
	struct mqtt_message messages[1 + MQTT_AHEAD_MESSAGES] = { *message };
	size_t taken, ahead;

	if (mqtt_ahead_has(&client->ahead, message))
		return true;
	ahead = mqtt_ahead_look(&client->ahead, atomic_load(&client->socket), client->version,
	        messages + 1, MQTT_AHEAD_MESSAGES);
	taken = client->hooks.take(client->hooks.owner, messages, 1 + ahead);
	if (taken > 1)
		mqtt_ahead_keep(&client->ahead, messages + 1, taken - 1);
	return taken > 0;
}

/* A queued message: "q-12" of MQTT 3.1.1, "q5-12" of 5. */
static bool is_message(const char *key)
{
	return strncmp(key, "q-", 2) == 0 || strncmp(key, "q5-", 3) == 0;
}

/* buffers: payload length, payload, qos, retained, dup, message id, topic with its NUL, topic
 * length; 5 adds the properties. */
static int on_put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
	struct mqtt_client *client = handle;
	int retained, id, topic_length;

	if (!is_message(key))
		return 0;
	if (count < 8 || lengths[3] != (int)sizeof retained || lengths[5] != (int)sizeof id ||
	        lengths[7] != (int)sizeof topic_length) {
		cut(client);
		return MQTTCLIENT_PERSISTENCE_ERROR;
	}
	memcpy(&retained, buffers[3], sizeof retained);
	memcpy(&id, buffers[5], sizeof id);
	memcpy(&topic_length, buffers[7], sizeof topic_length);
	const struct mqtt_message message = { .topic = buffers[6],
		.topic_length = (size_t)topic_length,
		.payload = buffers[1],
		.length = (size_t)lengths[1],
		.id = id,
		.retained = retained != 0 };
	if (hand_over(client, &message))
		return 0;
	cut(client);
	return MQTTCLIENT_PERSISTENCE_ERROR;
}

static int on_get(void *handle, char *key, char **buffer, int *length)
{
	(void)handle;
	(void)key;
	*buffer = NULL;
	*length = 0;
	return MQTTCLIENT_PERSISTENCE_ERROR;
}

static int on_remove(void *handle, char *key)
{
	(void)handle;
	(void)key;
	return 0;
}

static int on_keys(void *handle, char ***keys, int *count)
{
	(void)handle;
	*keys = NULL;
	*count = 0;
	return 0;
}

static int on_contains(void *handle, char *key)
{
	(void)handle;
	(void)key;
	return MQTTCLIENT_PERSISTENCE_ERROR;
}

/* -- callbacks -- */

static int on_arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
	(void)context;
	(void)length;
	MQTTClient_freeMessage(&message);
	MQTTClient_free(topic);
	return 1;
}

static void on_lost(void *context, char *cause)
{
	struct mqtt_client *client = context;

	(void)cause;
	client->hooks.lost(client->hooks.owner);
}

static int on_tls_error(const char *text, size_t length, void *context)
{
	struct mqtt_client *client = context;

	pthread_mutex_lock(&client->lock);
	snprintf(client->tls_error, sizeof client->tls_error, "%.*s", (int)length, text);
	client->tls_error[strcspn(client->tls_error, "\r\n")] = '\0';
	pthread_mutex_unlock(&client->lock);
	return 1;
}

/* -- open, close -- */

static int copy(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return text != NULL && *to == NULL ? WQ_E_MEMORY : 0;
}

static int copy_settings(
        struct mqtt_client *client, const struct mqtt_bus_settings *settings, const char *filter)
{
	client->keepalive = (int)((settings->keepalive + 999) / 1000);
	client->clean = settings->clean;
	client->durable = settings->receipt == MQTT_DURABLE;
	client->version = MQTT_3_1_1;
	client->tls = strncmp(settings->broker, "ssl:", 4) == 0 ||
	        strncmp(settings->broker, "mqtts:", 6) == 0;
	return copy(&client->broker, settings->broker) < 0 ||
	                copy(&client->id, settings->client_id) < 0 ||
	                copy(&client->username, settings->username) < 0 ||
	                copy(&client->password_file, settings->password_file) < 0 ||
	                copy(&client->ca_file, settings->ca_file) < 0 ||
	                copy(&client->filter, filter) < 0
	        ? WQ_E_MEMORY
	        : 0;
}

static int create(struct mqtt_client *client, struct wq_err *err)
{
	MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
	int rc;

	/* Without a version given, a failed attempt is repeated with an endless time limit. */
	options.MQTTVersion = MQTT_3_1_1;
	client->persistence = (MQTTClient_persistence){ client, on_open, on_close, on_put, on_get,
		on_remove, on_keys, on_close, on_contains };
	rc = MQTTClient_createWithOptions(&client->handle, client->broker, client->id,
	        MQTTCLIENT_PERSISTENCE_USER, &client->persistence, &options);
	if (rc == MQTTCLIENT_SUCCESS)
		rc = MQTTClient_setCallbacks(client->handle, client, on_lost, on_arrived, NULL);
	if (rc != MQTTCLIENT_SUCCESS)
		return wq_fail(err, WQ_E_INVALID,
		        "broker %s: the MQTT library refuses it (error %d)", client->broker, rc);
	MQTTClient_setCommandTimeout(client->handle, SUBSCRIBE_MS);
	MQTTClient_setTraceCallback(on_trace);
	trace(0);
	return 0;
}

struct mqtt_client *mqtt_client_open(const struct mqtt_bus_settings *settings, const char *filter,
        const struct mqtt_client_hooks *hooks, struct wq_err *err)
{
	struct mqtt_client *client = calloc(1, sizeof *client);

	if (client == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for a broker");
		return NULL;
	}
	client->hooks = *hooks;
	atomic_init(&client->socket, -1);
	pthread_mutex_init(&client->lock, NULL);
	int rc = copy_settings(client, settings, filter);
	/* Behind TLS nothing can be seen before the library reads it. */
	if (rc == 0 && client->durable && !client->tls)
		rc = mqtt_ahead_open(&client->ahead);
	if (rc < 0)
		wq_fail(err, rc, "no memory for a broker");
	else
		rc = create(client, err);
	if (rc < 0) {
		mqtt_client_close(client);
		return NULL;
	}
	return client;
}

void mqtt_client_close(struct mqtt_client *client)
{
	if (client == NULL)
		return;
	if (client->handle != NULL)
		MQTTClient_destroy(&client->handle);
	mqtt_ahead_close(&client->ahead);
	pthread_mutex_destroy(&client->lock);
	free(client->broker);
	free(client->id);
	free(client->username);
	free(client->password_file);
	free(client->ca_file);
	free(client->filter);
	free(client);
}

/* -- connect -- */

/* The first line of the file, which nobody but owner and group may read. Read anew at every
 * attempt, so that a changed password needs no restart. */
static int read_password(const char *path, char password[PASSWORD_BYTES + 1], struct wq_err *err)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t length = -1;

	if (descriptor < 0 || fstat(descriptor, &status) < 0) {
		wq_fail(err, WQ_E_INVALID, "password_file %s: %s", path, strerrordesc_np(errno));
	} else if (!S_ISREG(status.st_mode) || (status.st_mode & 07) != 0) {
		wq_fail(err, WQ_E_INVALID,
		        "password_file %s: must be a file that others can neither read nor write "
		        "(chmod 0640)",
		        path);
	} else {
		length = read(descriptor, password, PASSWORD_BYTES);
		if (length < 0)
			wq_fail(err, WQ_E_INVALID, "password_file %s: %s", path,
			        strerrordesc_np(errno));
	}
	if (descriptor >= 0)
		close(descriptor);
	if (length < 0)
		return WQ_E_INVALID;
	password[length] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	return 0;
}

static int explain(struct mqtt_client *client, int rc, struct wq_err *err)
{
	static const struct {
		int rc, code;
		const char *text;
	} reasons[] = {
		{ 1, WQ_E_REFUSED, "does not speak MQTT 3.1.1" },
		{ 2, WQ_E_REFUSED, "refuses this client_id" },
		{ 3, WQ_E_REFUSED, "is not available" },
		{ 4, WQ_E_REFUSED, "refuses username or password" },
		{ 5, WQ_E_REFUSED, "does not authorise this client" },
	};
	char tls[sizeof client->tls_error];

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].rc == rc)
			return wq_fail(err, reasons[i].code, "broker %s %s", client->broker,
			        reasons[i].text);
	pthread_mutex_lock(&client->lock);
	memcpy(tls, client->tls_error, sizeof tls);
	pthread_mutex_unlock(&client->lock);
	if (tls[0] == '\0' && client->tls)
		snprintf(tls, sizeof tls,
		        "or its certificate is not for this host, or too old a TLS");
	return wq_fail(err, WQ_E_IO,
	        "broker %s: no connection: refused, unreachable, silent for %d s%s%s",
	        client->broker, CONNECT_SECONDS, tls[0] != '\0' ? "; " : "", tls);
}

static int connect_now(struct mqtt_client *client, struct wq_err *err)
{
	MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
	MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
	char password[PASSWORD_BYTES + 1];
	int rc;

	if (client->password_file != NULL &&
	        read_password(client->password_file, password, err) < 0)
		return WQ_E_INVALID;
	options.MQTTVersion = MQTT_3_1_1;
	options.keepAliveInterval = client->keepalive;
	options.cleansession = client->clean;
	options.connectTimeout = CONNECT_SECONDS;
	options.reliable = 0;
	options.username = client->username;
	options.password = client->password_file != NULL ? password : NULL;
	if (client->tls) {
		/* verify: the library does not look at the host name unless told to. */
		tls.verify = 1;
		tls.enableServerCertAuth = 1;
		tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
		tls.trustStore = client->ca_file;
		tls.disableDefaultTrustStore = client->ca_file != NULL;
		tls.ssl_error_cb = on_tls_error;
		tls.ssl_error_context = client;
		options.ssl = &tls;
	}
	atomic_store(&client->socket, -1);
	mqtt_ahead_clear(&client->ahead);
	client->tls_error[0] = '\0';
	connecting = client;
	trace(1);
	rc = MQTTClient_connect(client->handle, &options);
	trace(-1);
	connecting = NULL;
	explicit_bzero(password, sizeof password);
	return rc == MQTTCLIENT_SUCCESS ? 0 : explain(client, rc, err);
}

static int subscribe_now(struct mqtt_client *client, struct wq_err *err)
{
	char *const filters[] = { client->filter };
	int granted = 1;
	int rc = MQTTClient_subscribeMany(client->handle, 1, filters, &granted);

	if (rc != MQTTCLIENT_SUCCESS)
		return wq_fail(err, WQ_E_TIMEOUT,
		        "broker %s: no answer to the subscription of \"%s\"", client->broker,
		        client->filter);
	if (granted == REFUSED_SUBSCRIBE)
		return wq_fail(err, WQ_E_REFUSED, "broker %s refuses the subscription of \"%s\"",
		        client->broker, client->filter);
	if (granted == 0 && client->durable)
		return wq_fail(err, WQ_E_REFUSED,
		        "broker %s delivers \"%s\" at QoS 0 only; receipt = durable needs QoS 1",
		        client->broker, client->filter);
	return 0;
}

int mqtt_client_connect(struct mqtt_client *client, struct wq_err *err)
{
	int rc = connect_now(client, err);

	if (rc == 0)
		rc = subscribe_now(client, err);
	if (rc < 0)
		mqtt_client_disconnect(client);
	return rc;
}

bool mqtt_client_alive(struct mqtt_client *client)
{
	return MQTTClient_isConnected(client->handle) != 0;
}

void mqtt_client_disconnect(struct mqtt_client *client)
{
	MQTTClient_disconnect(client->handle, 0);
}
