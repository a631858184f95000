/* SPDX-License-Identifier: Apache-2.0 */
/* What the MQTT library alone can take: a subscriber that frees what it is given.
 *
 *   bench_receive BROKER MESSAGES
 *
 * Prints "ready", and when MESSAGES have come the seconds from the first to the last, and the
 * processor time of it. */
#include <MQTTAsync.h>
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

static int arrived(void *context, char *topic, int length, MQTTAsync_message *message)
{
	(void)context, (void)length;
	MQTTAsync_freeMessage(&message);
	MQTTAsync_free(topic);
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
	if (rc == MQTTASYNC_SUCCESS)
		return;
	fprintf(stderr, "bench_receive: %s: error %d\n", what, rc);
	exit(1);
}

/* -1: refused, 1: done */
static atomic_int answer;

static void on_success(void *context, MQTTAsync_successData *data)
{
	(void)context, (void)data;
	atomic_store(&answer, 1);
}

static void on_failure(void *context, MQTTAsync_failureData *data)
{
	(void)context, (void)data;
	atomic_store(&answer, -1);
}

static void await(const char *what)
{
	while (atomic_load(&answer) == 0)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	must(atomic_exchange(&answer, 0) > 0 ? MQTTASYNC_SUCCESS : MQTTASYNC_FAILURE, what);
}

int main(int argc, char **argv)
{
	MQTTAsync client;
	MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
	MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
	wanted = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	create.MQTTVersion = options.MQTTVersion = MQTTVERSION_3_1_1;
	options.onSuccess = response.onSuccess = on_success;
	options.onFailure = response.onFailure = on_failure;
	must(wanted > 0 ? 0 : -1, "BROKER MESSAGES");
	must(MQTTAsync_createWithOptions(
	             &client, argv[1], "bench-receive", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create),
	        "create");
	must(MQTTAsync_setCallbacks(client, NULL, NULL, arrived, NULL), "callbacks");
	must(MQTTAsync_connect(client, &options), "connect");
	await("connect");
	must(MQTTAsync_subscribe(client, "wq/load", 1, &response), "subscribe");
	await("subscribe");
	puts("ready");
	fflush(stdout);
	while (!atomic_load(&done))
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	MQTTAsync_destroy(&client);
	return 0;
}
