/* SPDX-License-Identifier: Apache-2.0 */
/* What the MQTT library alone can publish: QoS 1, a window under way, bodies of one length.
 *
 *     bench_publish BROKER MESSAGES WINDOW BYTES */
#include <MQTTClient.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long under_way;

static void delivered(void *context, MQTTClient_deliveryToken token)
{
	(void)context, (void)token;
	pthread_mutex_lock(&mutex);
	under_way--;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
}

static int arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
	(void)context, (void)length;
	MQTTClient_freeMessage(&message);
	MQTTClient_free(topic);
	return 1;
}

static void wait_below(long most)
{
	pthread_mutex_lock(&mutex);
	while (under_way >= most)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	MQTTClient client;
	MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
	if (argc != 5) {
		fputs("usage: bench_publish BROKER MESSAGES WINDOW BYTES\n", stderr);
		return 2;
	}
	long messages = atol(argv[2]), window = atol(argv[3]), bytes = atol(argv[4]);
	char *body = malloc((size_t)bytes + 1);
	if (body == NULL || messages < 1 || window < 1)
		return 2;
	memset(body, 'x', (size_t)bytes);
	options.MQTTVersion = MQTTVERSION_3_1_1;
	options.reliable = 0;
	options.maxInflightMessages = 2000;
	if (MQTTClient_create(&client, argv[1], "bench-publish", MQTTCLIENT_PERSISTENCE_NONE, NULL) != 0 ||
		MQTTClient_setCallbacks(client, NULL, NULL, arrived, delivered) != 0 || MQTTClient_connect(client, &options) != 0) {
		fputs("bench_publish: no broker\n", stderr);
		return 1;
	}
	double began = seconds();
	for (long i = 0; i < messages; i++) {
		wait_below(window);
		pthread_mutex_lock(&mutex);
		under_way++;
		pthread_mutex_unlock(&mutex);
		if (MQTTClient_publish(client, "bench/x", (int)bytes, body, 1, 0, NULL) != 0)
			return 1;
	}
	wait_below(1);
	printf("%ld messages of %ld bytes, window %ld: %.0f messages/s\n", messages, bytes, window, (double)messages / (seconds() - began));
	MQTTClient_disconnect(client, 0);
	MQTTClient_destroy(&client);
	free(body);
	return 0;
}
