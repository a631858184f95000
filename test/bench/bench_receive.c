/* SPDX-License-Identifier: Apache-2.0 */
/* What the MQTT library alone can take: a subscriber that frees what it is given.
 *
 *   bench_receive BROKER MESSAGES
 *
 * Prints "ready", and when MESSAGES have come the seconds from the first to the last, and the
 * processor time of it. */
#include <MQTTClient.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long wanted, have;
static double first, first_cpu;
static atomic_bool done;

static double read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int arrived(void *context, char *topic, int length, MQTTClient_message *message)
{
	(void)context, (void)length;
	MQTTClient_freeMessage(&message);
	MQTTClient_free(topic);
	if (have++ == 0) {
		first = read_clock(CLOCK_MONOTONIC);
		first_cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	}
	if (have == wanted) {
		printf("%.6f %.6f\n", read_clock(CLOCK_MONOTONIC) - first,
		        read_clock(CLOCK_PROCESS_CPUTIME_ID) - first_cpu);
		fflush(stdout);
		atomic_store(&done, true);
	}
	return 1;
}

static void must(int rc, const char *what)
{
	if (rc == MQTTCLIENT_SUCCESS)
		return;
	fprintf(stderr, "bench_receive: %s: error %d\n", what, rc);
	exit(1);
}

int main(int argc, char **argv)
{
	MQTTClient client;
	MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
	MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
	wanted = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	create.MQTTVersion = options.MQTTVersion = MQTTVERSION_3_1_1;
	must(wanted > 0 ? 0 : -1, "BROKER MESSAGES");
	must(MQTTClient_createWithOptions(
	             &client, argv[1], "bench-receive", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create),
	        "create");
	must(MQTTClient_setCallbacks(client, NULL, NULL, arrived, NULL), "callbacks");
	must(MQTTClient_connect(client, &options), "connect");
	must(MQTTClient_subscribe(client, "wq/load", 1), "subscribe");
	puts("ready");
	fflush(stdout);
	while (!atomic_load(&done))
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	MQTTClient_disconnect(client, 1000);
	MQTTClient_destroy(&client);
	return 0;
}
