/* SPDX-License-Identifier: Apache-2.0 */
/* The connection over the Paho library (1.3.12, the asynchronous client), which only this file, dial.c and protocol.c know.
 *
 * The library calls messageArrived on its receiving thread as soon as it has read a message, and acknowledges a message of
 * QoS 1 when that returns, whatever it returns. So the message is taken there; one that could not be taken has its
 * connection shut down first, the PUBACK fails on the dead socket, and the broker delivers again. Nothing is persisted
 * here: sessions live in the broker. (The synchronous client acknowledges before it calls; its user persistence comes
 * before, but not with MQTT 5.)
 *
 * messageArrived runs under the library's one mutex: a connection that waits for the disk makes all others wait. */
#include "client.h"

#include "ahead.h"
#include "dial.h"
#include "protocol.h"
#include "secret.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define CONNECT_SECONDS 5
/* The library looks for what has taken too long every few seconds only; looking up a name comes on top. */
#define ANSWER_MS    60000
#define SUBSCRIBE_MS 8000 /* stop() has 10 s */
#define LEAVE_MS     2000
#define REFUSED      0x80 /* from here on */
#define GOODBYE_MS   1000

struct mqtt_client {
	MQTTAsync handle;
	struct mqtt_client_hooks hooks;
	char *broker, *id, *filter;
	/* NULL: none */
	char *username, *password, *password_file, *credentials, *ca_file, *cert_file, *key_file;
	char *status_topic;
	int keepalive; /* seconds */
	struct mqtt_terms terms;
	bool tls, durable;
	struct mqtt_ahead ahead; /* of the connection */
	struct mqtt_dial dial;   /* tells the descriptor */
	struct mqtt_answer answer;
	pthread_mutex_t lock;
	char tls_error[160];
};

/* -- the hand-over -- */

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
	int type = 0, descriptor = atomic_load(&client->dial.descriptor);
	socklen_t size = sizeof type;

	if (descriptor < 0 || getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	        type != SOCK_STREAM || shutdown(descriptor, SHUT_RDWR) < 0)
		outwait_broker(client);
}

/* Whether the message may be acknowledged: stored with an earlier one, or stored now, together with
 * what lies in the socket behind it. */
static bool hand_over(struct mqtt_client *client, const struct mqtt_message *message)
{
	struct mqtt_message messages[1 + MQTT_AHEAD_MESSAGES] = { *message };
	size_t taken, ahead;

	if (mqtt_ahead_has(&client->ahead, message))
		return true;
	ahead = mqtt_ahead_look(&client->ahead, atomic_load(&client->dial.descriptor),
	        client->terms.version, messages + 1, MQTT_AHEAD_MESSAGES);
	taken = client->hooks.take(client->hooks.owner, messages, 1 + ahead);
	if (taken > 1)
		mqtt_ahead_keep(&client->ahead, messages + 1, taken - 1);
	return taken > 0;
}

/* length: 0 where the topic holds no NUL. */
static int on_arrived(void *context, char *topic, int length, MQTTAsync_message *arrived)
{
	struct mqtt_client *client = context;
	const struct mqtt_message message = { .topic = topic,
		.topic_length = length > 0 ? (size_t)length : strlen(topic),
		.payload = arrived->payload,
		.length = (size_t)arrived->payloadlen,
		.id = arrived->msgid,
		.retained = arrived->retained != 0 };

	if (!hand_over(client, &message))
		cut(client);
	MQTTAsync_freeMessage(&arrived);
	MQTTAsync_free(topic);
	return 1;
}

/* -- other callbacks -- */

static void on_lost(void *context, char *cause)
{
	struct mqtt_client *client = context;

	(void)cause;
	client->hooks.lost(client->hooks.owner, NULL);
}

/* Version 5: the broker says why it ends the connection. */
static void on_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
	struct mqtt_client *client = context;

	(void)properties;
	client->hooks.lost(client->hooks.owner, mqtt_protocol_reason(&client->terms, (int)code));
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

static int copy_texts(struct mqtt_client *client, const struct mqtt_bus_settings *settings)
{
	const struct {
		char **to;
		const char *text;
	} texts[] = {
		{ &client->broker, settings->broker },
		{ &client->id, settings->client_id },
		{ &client->username, settings->username },
		{ &client->password, settings->password },
		{ &client->password_file, settings->password_file },
		{ &client->ca_file, settings->ca_file },
		{ &client->cert_file, settings->cert_file },
		{ &client->key_file, settings->key_file },
		{ &client->status_topic, settings->status_topic },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (copy(texts[i].to, texts[i].text) < 0)
			return WQ_E_MEMORY;
	return 0;
}

static int copy_settings(
        struct mqtt_client *client, const struct wq_bus *bus, const char *filter)
{
	const struct mqtt_bus_settings *settings = bus->settings;

	client->keepalive = (int)((settings->keepalive + 999) / 1000);
	client->terms = (struct mqtt_terms){
		.version = settings->version == MQTT_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1,
		.clean = settings->clean,
		.session = (unsigned)(settings->session / 1000),
	};
	client->durable = settings->receipt == MQTT_DURABLE;
	client->tls = strncmp(settings->broker, "ssl:", 4) == 0 ||
	        strncmp(settings->broker, "mqtts:", 6) == 0;
	return copy_texts(client, settings) < 0 ||
	                copy(&client->credentials, bus->credentials) < 0 ||
	                copy(&client->filter, filter) < 0
	        ? WQ_E_MEMORY
	        : 0;
}

static int create(struct mqtt_client *client, struct wq_err *err)
{
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
	int rc;

	options.MQTTVersion = client->terms.version;
	rc = MQTTAsync_createWithOptions(&client->handle, client->broker, client->id,
	        MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	if (rc == MQTTASYNC_SUCCESS)
		rc = MQTTAsync_setCallbacks(client->handle, client, on_lost, on_arrived, NULL);
	if (rc == MQTTASYNC_SUCCESS && client->terms.version >= MQTTVERSION_5)
		rc = MQTTAsync_setDisconnected(client->handle, client, on_disconnected);
	if (rc != MQTTASYNC_SUCCESS)
		return wq_fail(err, WQ_E_INVALID,
		        "broker %s: the MQTT library refuses it (error %d)", client->broker, rc);
	mqtt_dial_open();
	return 0;
}

struct mqtt_client *mqtt_client_open(const struct wq_bus *bus, const char *filter,
        const struct mqtt_client_hooks *hooks, struct wq_err *err)
{
	struct mqtt_client *client = calloc(1, sizeof *client);

	if (client == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for a broker");
		return NULL;
	}
	client->hooks = *hooks;
	atomic_init(&client->dial.descriptor, -1);
	pthread_mutex_init(&client->lock, NULL);
	mqtt_answer_open(&client->answer);
	int rc = copy_settings(client, bus, filter);
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
		MQTTAsync_destroy(&client->handle);
	mqtt_ahead_close(&client->ahead);
	mqtt_answer_close(&client->answer);
	pthread_mutex_destroy(&client->lock);
	free(client->broker);
	free(client->id);
	free(client->username);
	free(client->password);
	free(client->password_file);
	free(client->credentials);
	free(client->ca_file);
	free(client->cert_file);
	free(client->key_file);
	free(client->status_topic);
	free(client->filter);
	free(client);
}

/* -- connect -- */

/* Files that the library would read, or complain of without a name. */
static int check_files(const struct mqtt_client *client, struct wq_err *err)
{
	const struct {
		const char *key, *path;
		bool secret;
	} files[] = {
		{ "ca_file", client->ca_file, false },
		{ "cert_file", client->cert_file, client->key_file == NULL },
		{ "key_file", client->key_file, true },
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i].path != NULL &&
		        mqtt_secret_check(files[i].key, files[i].path, files[i].secret, err) < 0)
			return WQ_E_INVALID;
	return 0;
}

/* Whether there is a password; WQ_E_INVALID. */
static int read_password(const struct mqtt_client *client, char *password, struct wq_err *err)
{
	int rc = 0;

	if (client->password != NULL)
		rc = mqtt_secret_credential(client->credentials, client->password, password, err);
	else if (client->password_file != NULL)
		rc = mqtt_secret_read("password_file", client->password_file, password, err);
	else
		return 0;
	return rc < 0 ? WQ_E_INVALID : 1;
}

static int explain(struct mqtt_client *client, int rc, struct wq_err *err)
{
	const char *reason = rc > 0 ? mqtt_protocol_reason(&client->terms, rc) : NULL;
	char tls[sizeof client->tls_error];

	if (reason != NULL)
		return wq_fail(err, WQ_E_REFUSED, "broker %s %s", client->broker, reason);
	if (client->tls && client->dial.wrong_host)
		return wq_fail(err, WQ_E_IO,
		        "broker %s: no connection: its certificate is not for this host",
		        client->broker);
	pthread_mutex_lock(&client->lock);
	memcpy(tls, client->tls_error, sizeof tls);
	pthread_mutex_unlock(&client->lock);
	const bool alert = client->tls && client->dial.alert[0] != '\0';
	if (alert)
		return wq_fail(err, WQ_E_IO, "broker %s: no connection: it says by TLS alert: %s%s",
		        client->broker, client->dial.alert,
		        client->cert_file == NULL ? "; perhaps it wants a certificate of ours (cert_file)"
		                                  : "");
	if (client->tls && tls[0] == '\0')
		snprintf(tls, sizeof tls, "%s",
		        client->cert_file == NULL
		                ? "or its certificate is not for this address, or it wants one of ours (cert_file)"
		                : "or its certificate is not for this address, or it refuses ours (authority, dates)");
	return wq_fail(err, WQ_E_IO,
	        "broker %s: no connection: refused, unreachable, silent for %d s%s%s",
	        client->broker, CONNECT_SECONDS, tls[0] != '\0' ? "; " : "", tls);
}

static void set_tls(struct mqtt_client *client, MQTTAsync_SSLOptions *tls)
{
	/* verify: the library does not look at the host name unless told to. */
	tls->verify = 1;
	tls->enableServerCertAuth = 1;
	tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2;
	tls->trustStore = client->ca_file;
	tls->disableDefaultTrustStore = client->ca_file != NULL;
	tls->keyStore = client->cert_file;
	tls->privateKey = client->key_file;
	tls->privateKeyPassword = ""; /* without one the library would ask a terminal */
	tls->ssl_error_cb = on_tls_error;
	tls->ssl_error_context = client;
}

static int connect_now(struct mqtt_client *client, struct wq_err *err)
{
	MQTTAsync_connectOptions options = mqtt_protocol_options(&client->terms);
	MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
	MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
	char password[MQTT_PASSWORD_BYTES + 1];
	int rc = check_files(client, err), given = 0;

	if (rc < 0 || (given = read_password(client, password, err)) < 0)
		return WQ_E_INVALID;
	options.keepAliveInterval = client->keepalive;
	options.connectTimeout = CONNECT_SECONDS;
	options.username = client->username;
	options.password = given > 0 ? password : NULL;
	will.topicName = client->status_topic;
	will.message = "offline";
	will.retained = 1;
	will.qos = 1;
	options.will = client->status_topic != NULL ? &will : NULL;
	if (client->tls) {
		set_tls(client, &tls);
		options.ssl = &tls;
	}
	mqtt_ahead_clear(&client->ahead);
	client->tls_error[0] = '\0';
	mqtt_dial_begin(&client->dial, client->id, client->tls);
	rc = mqtt_protocol_connect(
	        client->handle, &client->terms, &options, &client->answer, ANSWER_MS);
	mqtt_dial_end(&client->dial);
	explicit_bzero(password, sizeof password);
	return rc == MQTTASYNC_SUCCESS ? 0 : explain(client, rc, err);
}

static int subscribe_now(struct mqtt_client *client, struct wq_err *err)
{
	int granted = mqtt_protocol_subscribe(
	        client->handle, &client->terms, client->filter, &client->answer, SUBSCRIBE_MS);
	const char *reason =
	        granted > REFUSED ? mqtt_protocol_reason(&client->terms, granted) : NULL;

	if (granted < 0)
		return wq_fail(err, WQ_E_TIMEOUT,
		        "broker %s: no answer to the subscription of \"%s\"", client->broker,
		        client->filter);
	if (granted >= REFUSED)
		return wq_fail(err, WQ_E_REFUSED,
		        "broker %s refuses the subscription of \"%s\"%s%s", client->broker,
		        client->filter, reason != NULL ? ": it " : "",
		        reason != NULL ? reason : "");
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
		mqtt_protocol_disconnect(
		        client->handle, &client->terms, &client->answer, LEAVE_MS);
	else if (client->status_topic != NULL)
		mqtt_protocol_tell(client->handle, client->status_topic, "online", 0);
	return rc;
}

bool mqtt_client_alive(struct mqtt_client *client)
{
	return MQTTAsync_isConnected(client->handle) != 0;
}

void mqtt_client_disconnect(struct mqtt_client *client)
{
	/* With a goodbye the broker leaves the will unsaid. */
	if (client->status_topic != NULL && mqtt_client_alive(client))
		mqtt_protocol_tell(client->handle, client->status_topic, "offline", GOODBYE_MS);
	mqtt_protocol_disconnect(client->handle, &client->terms, &client->answer, LEAVE_MS);
}
