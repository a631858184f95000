/* SPDX-License-Identifier: Apache-2.0 */
/* The sending end over the Paho library (1.3.12, the asynchronous client).
 *
 * A queue of the library outlives a connection: messages that were not yet written when it ended
 * would be sent on the next one, and a goodbye waits behind them. So a connection that leaves
 * anything behind costs the handle; others keep it, for each new one costs memory of TLS. The mutex
 * of the library is held while it looks a name up, so a name is looked up here first, and a broker
 * whose name does not resolve is not tried: the buses would wait as well. */
#include "address.h"
#include "wq/mqtt.h"

#include "dial.h"
#include "protocol.h"
#include "secret.h"

#include "wq/err.h"

#include <MQTTAsync.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_SECONDS 5 /* the library looks at it every three seconds */
#define CONNECT_MS      10000
#define SUBSCRIBE_MS    5000
#define LEAVE_MS        2000
#define REFUSED         0x80 /* from here on */

struct wq_publisher {
	struct wq_publisher_settings settings;
	struct wq_publisher_hooks hooks;
	MQTTAsync handle;
	struct mqtt_terms terms;
	struct mqtt_answer answer;
	struct mqtt_dial dial;
	bool tls;
	atomic_size_t waiting; /* messages that the library still has to call back for */
	pthread_mutex_t lock;
	char tls_error[160];
};

/* -- callbacks: on the library's thread, or in a call that drops what is left -- */

static void answered(struct wq_publisher *publisher, int id, const char *refused)
{
	atomic_fetch_sub(&publisher->waiting, 1);
	publisher->hooks.answered(publisher->hooks.owner, id, refused);
}

static void on_sent(void *context, MQTTAsync_successData *data)
{
	answered(context, data->token, NULL);
}

static void on_sent_5(void *context, MQTTAsync_successData5 *data)
{
	answered(context, data->token, NULL);
}

static void unsent(struct wq_publisher *publisher)
{
	atomic_fetch_sub(&publisher->waiting, 1);
	publisher->hooks.lost(publisher->hooks.owner, NULL);
}

/* In 3.1.1 a broker cannot refuse a message. */
static void on_unsent(void *context, MQTTAsync_failureData *data)
{
	(void)data;
	unsent(context);
}

static void on_unsent_5(void *context, MQTTAsync_failureData5 *data)
{
	if (data->code == MQTTASYNC_SUCCESS && (int)data->reasonCode >= REFUSED)
		answered(context, data->token, MQTTReasonCode_toString(data->reasonCode));
	else
		unsent(context);
}

static int on_arrived(void *context, char *topic, int length, MQTTAsync_message *message)
{
	struct wq_publisher *publisher = context;

	(void)length;
	if (publisher->hooks.arrived != NULL)
		publisher->hooks.arrived(publisher->hooks.owner, message->payload,
		        message->payloadlen > 0 ? (size_t)message->payloadlen : 0);
	MQTTAsync_freeMessage(&message);
	MQTTAsync_free(topic);
	return 1;
}

static void on_lost(void *context, char *cause)
{
	struct wq_publisher *publisher = context;

	(void)cause;
	publisher->hooks.lost(publisher->hooks.owner, NULL);
}

/* Version 5: the broker says why, and on_lost is not called. */
static void on_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
	struct wq_publisher *publisher = context;

	(void)properties;
	publisher->hooks.lost(
	        publisher->hooks.owner, mqtt_protocol_reason(&publisher->terms, (int)code));
}

static int on_tls_error(const char *text, size_t length, void *context)
{
	struct wq_publisher *publisher = context;

	pthread_mutex_lock(&publisher->lock);
	snprintf(publisher->tls_error, sizeof publisher->tls_error, "%.*s", (int)length, text);
	publisher->tls_error[strcspn(publisher->tls_error, "\r\n")] = '\0';
	pthread_mutex_unlock(&publisher->lock);
	return 1;
}

/* -- open, close -- */

/* The library ends its threads with its last handle and waits for them without its mutex: a handle
 * that is made meanwhile is torn down with the rest. And threads that start again do so with the
 * priority of whoever connects. One handle stays for good. */
static void make_anchor(void)
{
	static MQTTAsync anchor;

	MQTTAsync_create(&anchor, "tcp://localhost", "anchor", MQTTCLIENT_PERSISTENCE_NONE, NULL);
}

static int create(struct wq_publisher *publisher, struct wq_err *err)
{
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
	int rc;

	options.MQTTVersion = publisher->terms.version;
	options.maxBufferedMessages = (int)publisher->settings.under_way + 1;
	rc = MQTTAsync_createWithOptions(&publisher->handle, publisher->settings.broker,
	        publisher->settings.client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	if (rc == MQTTASYNC_SUCCESS)
		rc = MQTTAsync_setCallbacks(
		        publisher->handle, publisher, on_lost, on_arrived, NULL);
	if (rc == MQTTASYNC_SUCCESS && publisher->settings.five)
		rc = MQTTAsync_setDisconnected(publisher->handle, publisher, on_disconnected);
	if (rc != MQTTASYNC_SUCCESS)
		return wq_fail(err, WQ_E_INVALID,
		        "broker %s: the MQTT library refuses it (error %d)",
		        publisher->settings.broker, rc);
	return 0;
}

static void destroy(struct wq_publisher *publisher)
{
	if (publisher->handle != NULL)
		MQTTAsync_destroy(&publisher->handle);
	publisher->handle = NULL;
	atomic_store(&publisher->waiting, 0);
}

struct wq_publisher *wq_publisher_open(const struct wq_publisher_settings *settings,
        const struct wq_publisher_hooks *hooks, struct wq_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct wq_publisher *publisher = calloc(1, sizeof *publisher);

	if (publisher == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for a broker");
		return NULL;
	}
	pthread_once(&once, make_anchor);
	publisher->settings = *settings;
	publisher->hooks = *hooks;
	publisher->terms =
	        (struct mqtt_terms){ .version = settings->five ? MQTTVERSION_5 : MQTTVERSION_3_1_1,
		        .clean = true };
	publisher->tls = strncmp(settings->broker, "ssl:", 4) == 0 ||
	        strncmp(settings->broker, "mqtts:", 6) == 0;
	atomic_init(&publisher->waiting, 0);
	atomic_init(&publisher->dial.descriptor, -1);
	pthread_mutex_init(&publisher->lock, NULL);
	mqtt_answer_open(&publisher->answer);
	mqtt_dial_open();
	if (create(publisher, err) < 0) {
		wq_publisher_close(publisher);
		return NULL;
	}
	return publisher;
}

void wq_publisher_close(struct wq_publisher *publisher)
{
	if (publisher == NULL)
		return;
	destroy(publisher);
	mqtt_answer_close(&publisher->answer);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

/* -- the connection -- */

static int resolve(const struct wq_publisher *publisher, struct wq_err *err)
{
	const char *broker = publisher->settings.broker, *at = strstr(broker, "://");
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	char host[256];
	int rc;

	at = at != NULL ? at + 3 : broker;
	at += *at == '[';
	snprintf(host, sizeof host, "%.*s", (int)strcspn(at, at[-1] == '[' ? "]" : ":/"), at);
	rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc != 0)
		return wq_fail(err, WQ_E_IO, "broker %s: its name cannot be looked up: %s", broker,
		        gai_strerror(rc));
	freeaddrinfo(found);
	return 0;
}

/* Files that the library would complain of without a name. */
static int check_files(const struct wq_publisher *publisher, struct wq_err *err)
{
	const struct {
		const char *key, *path;
	} files[] = {
		{ "ca_file", publisher->settings.ca_file },
		{ "cert_file", publisher->settings.cert_file },
		{ "key_file", publisher->settings.key_file },
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i].path != NULL &&
		        mqtt_secret_check(files[i].key, files[i].path, false, err) < 0)
			return WQ_E_INVALID;
	return 0;
}

static int explain(struct wq_publisher *publisher, int rc, struct wq_err *err)
{
	const char *broker = publisher->settings.broker;
	const char *reason = rc > 0 ? mqtt_protocol_reason(&publisher->terms, rc) : NULL;
	char tls[sizeof publisher->tls_error];

	if (reason != NULL)
		return wq_fail(err, WQ_E_REFUSED, "broker %s %s", broker, reason);
	if (publisher->tls && publisher->dial.wrong_host)
		return wq_fail(err, WQ_E_IO,
		        "broker %s: no connection: its certificate is not for this host", broker);
	if (publisher->tls && publisher->dial.alert[0] != '\0')
		return wq_fail(err, WQ_E_IO, "broker %s: no connection: it says by TLS alert: %s",
		        broker, publisher->dial.alert);
	pthread_mutex_lock(&publisher->lock);
	memcpy(tls, publisher->tls_error, sizeof tls);
	pthread_mutex_unlock(&publisher->lock);
	if (tls[0] == '\0' && publisher->tls)
		snprintf(tls, sizeof tls,
		        "or its certificate is not for this host, or too old a TLS, or it wants "
		        "one of ours");
	return wq_fail(err, WQ_E_IO,
	        "broker %s: no connection: refused, unreachable, silent for %d s%s%s", broker,
	        CONNECT_SECONDS, tls[0] != '\0' ? "; " : "", tls);
}

static void set_tls(struct wq_publisher *publisher, MQTTAsync_SSLOptions *tls)
{
	/* verify: the library does not look at the host name unless told to. */
	tls->verify = 1;
	tls->enableServerCertAuth = 1;
	tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2;
	tls->trustStore = publisher->settings.ca_file;
	tls->disableDefaultTrustStore = publisher->settings.ca_file != NULL;
	tls->keyStore = publisher->settings.cert_file;
	tls->privateKey = publisher->settings.key_file;
	tls->privateKeyPassword = ""; /* without one the library would ask a terminal */
	tls->ssl_error_cb = on_tls_error;
	tls->ssl_error_context = publisher;
}

static int dial(struct wq_publisher *publisher)
{
	MQTTAsync_connectOptions options = mqtt_protocol_options(&publisher->terms);
	MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
	int rc;

	options.keepAliveInterval = publisher->settings.keepalive;
	options.connectTimeout = CONNECT_SECONDS;
	options.maxInflight = (int)publisher->settings.under_way;
	options.username = publisher->settings.username;
	options.password = publisher->settings.password;
	if (publisher->tls) {
		set_tls(publisher, &tls);
		options.ssl = &tls;
	}
	pthread_mutex_lock(&publisher->lock);
	publisher->tls_error[0] = '\0';
	pthread_mutex_unlock(&publisher->lock);
	mqtt_dial_begin(&publisher->dial, publisher->settings.client_id, publisher->tls);
	rc = mqtt_protocol_connect(
	        publisher->handle, &publisher->terms, &options, &publisher->answer, CONNECT_MS);
	mqtt_dial_end(&publisher->dial);
	return rc;
}

int wq_publisher_connect(struct wq_publisher *publisher, int *code, struct wq_err *err)
{
	int rc = resolve(publisher, err);

	*code = 0;
	if (rc == 0)
		rc = check_files(publisher, err);
	if (rc == 0 && publisher->handle == NULL)
		rc = create(publisher, err);
	if (rc < 0)
		return rc;
	rc = dial(publisher);
	if (rc == MQTTASYNC_SUCCESS)
		return 0;
	if (!mqtt_answer_given(&publisher->answer))
		destroy(publisher); /* it is still at it */
	*code = rc > 0 ? rc : 0;
	return explain(publisher, rc, err);
}

int wq_publisher_subscribe(struct wq_publisher *publisher, const char *topic, struct wq_err *err)
{
	int granted = mqtt_protocol_subscribe(
	        publisher->handle, &publisher->terms, topic, &publisher->answer, SUBSCRIBE_MS);

	if (granted >= 0 && granted < REFUSED)
		return 0;
	return wq_fail(err, granted >= REFUSED ? WQ_E_REFUSED : WQ_E_TIMEOUT,
	        "broker %s: %s the subscription of \"%s\"", publisher->settings.broker,
	        granted >= REFUSED ? "refuses" : "does not answer", topic);
}

/* The library would queue what the broker does not take at once, and go on with it once a second.
 */
static bool full(struct wq_publisher *publisher)
{
	size_t waiting = atomic_load(&publisher->waiting);

	return waiting >= publisher->settings.under_way || waiting >= publisher->answer.at_once;
}

int wq_publisher_publish(struct wq_publisher *publisher, const char *topic, const void *payload,
        size_t length, bool retain, int *id, struct wq_err *err)
{
	MQTTAsync_responseOptions answer = MQTTAsync_responseOptions_initializer;
	int rc;

	if (full(publisher))
		return wq_fail(err, WQ_E_FULL, "broker %s: enough is under way",
		        publisher->settings.broker);
	answer.context = publisher;
	if (publisher->settings.five) {
		answer.onSuccess5 = on_sent_5;
		answer.onFailure5 = on_unsent_5;
	} else {
		answer.onSuccess = on_sent;
		answer.onFailure = on_unsent;
	}
	atomic_fetch_add(&publisher->waiting, 1);
	rc = MQTTAsync_send(publisher->handle, topic, (int)length, payload, 1, retain, &answer);
	if (rc == MQTTASYNC_SUCCESS) {
		*id = answer.token;
		return 0;
	}
	atomic_fetch_sub(&publisher->waiting, 1);
	if (rc != MQTTASYNC_DISCONNECTED)
		return wq_fail(err, WQ_E_IO,
		        "broker %s: the MQTT library does not take a message (error %d)",
		        publisher->settings.broker, rc);
	return wq_fail(
	        err, WQ_E_IO, "broker %s: the connection is lost", publisher->settings.broker);
}

void wq_publisher_disconnect(struct wq_publisher *publisher)
{
	if (publisher->handle == NULL)
		return;
	mqtt_protocol_disconnect(
	        publisher->handle, &publisher->terms, &publisher->answer, LEAVE_MS);
	if (MQTTAsync_isConnected(publisher->handle) != 0 || atomic_load(&publisher->waiting) > 0)
		destroy(publisher);
}

int wq_publisher_address(const char *broker, struct wq_err *err)
{
	return mqtt_address_check(broker, err);
}
