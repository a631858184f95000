/* SPDX-License-Identifier: Apache-2.0 */
/* The sending end over the Paho library. With its default options the library sends ten messages a
 * second, and with a full window it sleeps in steps of 100 ms: so the window kept here is smaller
 * than the library's. */
#include "publisher.h"

#include <MQTTClient.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW  500
#define LIBRARY 1000 /* the library's own window */
#define TOKENS  65536

struct publisher {
	const struct publisher_options *options;
	MQTTClient handle;
	long sent;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	long acked, unacked;
	bool lost;
	bool sending;        /* a PUBACK may overtake the end of the call that sends */
	int overtaken;       /* its token, or -1 */
	char *marks[TOKENS]; /* of the unacknowledged messages, by token */
};

/* -- called by the library's threads -- */

static void note_ack(struct publisher *publisher, const char *mark)
{
	publisher->acked++;
	publisher->unacked--;
	if (publisher->options->acked != NULL) {
		fprintf(publisher->options->acked, "%s\n", mark);
		fflush(publisher->options
		                ->acked); /* the line must be there when we are killed next */
	}
	pthread_cond_broadcast(&publisher->changed);
}

static void on_delivered(void *context, MQTTClient_deliveryToken token)
{
	struct publisher *publisher = context;
	char **mark = &publisher->marks[token & (TOKENS - 1)];

	pthread_mutex_lock(&publisher->lock);
	if (*mark != NULL) {
		note_ack(publisher, *mark);
		free(*mark);
		*mark = NULL;
	} else if (publisher->sending) {
		publisher->overtaken = token;
	}
	pthread_mutex_unlock(&publisher->lock);
}

static void on_lost(void *context, char *cause)
{
	struct publisher *publisher = context;

	(void)cause;
	pthread_mutex_lock(&publisher->lock);
	publisher->lost = true;
	pthread_cond_broadcast(&publisher->changed);
	pthread_mutex_unlock(&publisher->lock);
}

static int on_arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
	(void)context;
	(void)length;
	MQTTClient_freeMessage(&message);
	MQTTClient_free(topic);
	return 1;
}

/* -- connection -- */

static int connect_once(struct publisher *publisher, int clean)
{
	MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;

	options.MQTTVersion = MQTTVERSION_3_1_1;
	options.keepAliveInterval = 20;
	options.cleansession =
	        clean; /* 0: what is unacknowledged is sent again after a reconnection */
	options.reliable = 0;
	options.maxInflightMessages = LIBRARY;
	options.connectTimeout = 5;
	options.username = publisher->options->username;
	options.password = publisher->options->password;
	pthread_mutex_lock(&publisher->lock);
	publisher->lost = false;
	pthread_mutex_unlock(&publisher->lock);
	return MQTTClient_connect(publisher->handle, &options);
}

static bool connect_patiently(struct publisher *publisher)
{
	const struct timespec second = { 1, 0 };
	int rc = 0;

	for (long tried = 0; tried <= publisher->options->patience; tried++) {
		if ((rc = connect_once(publisher, 0)) == MQTTCLIENT_SUCCESS)
			return true;
		MQTTClient_disconnect(publisher->handle, 0);
		nanosleep(&second, NULL);
	}
	fprintf(stderr, "wqsim mqtt: %s: no connection (error %d)\n", publisher->options->broker,
	        rc);
	return false;
}

struct publisher *publisher_open(const struct publisher_options *options)
{
	MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
	struct publisher *publisher = calloc(1, sizeof *publisher);
	int rc;

	if (publisher == NULL)
		return NULL;
	publisher->options = options;
	publisher->overtaken = -1;
	pthread_mutex_init(&publisher->lock, NULL);
	pthread_cond_init(&publisher->changed, NULL);
	create.MQTTVersion = MQTTVERSION_3_1_1;
	rc = MQTTClient_createWithOptions(&publisher->handle, options->broker, options->client_id,
	        MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
	if (rc == MQTTCLIENT_SUCCESS)
		rc = MQTTClient_setCallbacks(
		        publisher->handle, publisher, on_lost, on_arrived, on_delivered);
	if (rc != MQTTCLIENT_SUCCESS)
		fprintf(stderr, "wqsim mqtt: %s: not a broker's address (error %d)\n",
		        options->broker, rc);
	if (rc != MQTTCLIENT_SUCCESS || !connect_patiently(publisher)) {
		publisher_close(publisher);
		return NULL;
	}
	return publisher;
}

void publisher_close(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	if (publisher->handle != NULL) {
		MQTTClient_disconnect(publisher->handle, 1000);
		/* A clean connection makes the broker forget the session. */
		if (publisher->sent > 0 && connect_once(publisher, 1) == MQTTCLIENT_SUCCESS)
			MQTTClient_disconnect(publisher->handle, 0);
		MQTTClient_destroy(&publisher->handle);
	}
	for (size_t i = 0; i < TOKENS; i++)
		free(publisher->marks[i]);
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

/* -- sending -- */

/* Waits until at most `most` messages are unacknowledged. */
static bool wait_for_window(struct publisher *publisher, long most)
{
	for (;;) {
		pthread_mutex_lock(&publisher->lock);
		while (publisher->unacked > most && !publisher->lost)
			pthread_cond_wait(&publisher->changed, &publisher->lock);
		bool room = publisher->unacked <= most;
		pthread_mutex_unlock(&publisher->lock);
		if (room)
			return true;
		if (!connect_patiently(publisher))
			return false;
	}
}

static int send_now(struct publisher *publisher, const char *topic, const char *payload,
        size_t length, int *token)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->sending = true;
	publisher->overtaken = -1;
	pthread_mutex_unlock(&publisher->lock);
	return MQTTClient_publish(publisher->handle, topic, (int)length, payload,
	        (int)publisher->options->qos, 0, token);
}

static bool note_sent(struct publisher *publisher, int token, const char *mark)
{
	char *copy = strdup(mark);

	pthread_mutex_lock(&publisher->lock);
	publisher->sending = false;
	publisher->sent++;
	publisher->unacked++;
	if (publisher->options->qos == 0 || publisher->overtaken == token) {
		note_ack(publisher, mark);
		free(copy);
	} else {
		publisher->marks[token & (TOKENS - 1)] = copy;
	}
	pthread_mutex_unlock(&publisher->lock);
	return copy != NULL;
}

bool publisher_send(struct publisher *publisher, const char *topic, const char *payload,
        size_t length, const char *mark)
{
	int token = 0;

	for (;;) {
		if (!wait_for_window(publisher, WINDOW - 1))
			return false;
		int rc = send_now(publisher, topic, payload, length, &token);
		if (rc == MQTTCLIENT_SUCCESS)
			return note_sent(publisher, token, mark);
		if (rc != MQTTCLIENT_DISCONNECTED && rc != MQTTCLIENT_FAILURE) {
			fprintf(stderr, "wqsim mqtt: topic %s: not sent (error %d)\n", topic, rc);
			return false;
		}
		if (!connect_patiently(publisher))
			return false;
	}
}

bool publisher_drain(struct publisher *publisher)
{
	return wait_for_window(publisher, 0);
}

long publisher_sent(const struct publisher *publisher)
{
	return publisher->sent;
}

long publisher_acked(struct publisher *publisher)
{
	pthread_mutex_lock(&publisher->lock);
	long acked = publisher->acked;
	pthread_mutex_unlock(&publisher->lock);
	return acked;
}
