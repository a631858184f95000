/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the library and what their answers mean, MQTT 3.1.1 and 5. */
#include "protocol.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define AT_ONCE 65535 /* where the broker says nothing (MQTT 5, 3.2.2.3.3) */

/* -- answers -- */

void mqtt_answer_open(struct mqtt_answer *answer)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&answer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&answer->given, &attributes);
	pthread_condattr_destroy(&attributes);
}

void mqtt_answer_close(struct mqtt_answer *answer)
{
	pthread_cond_destroy(&answer->given);
	pthread_mutex_destroy(&answer->lock);
}

bool mqtt_answer_given(struct mqtt_answer *answer)
{
	pthread_mutex_lock(&answer->lock);
	bool given = answer->done;
	pthread_mutex_unlock(&answer->lock);
	return given;
}

static void expect(struct mqtt_answer *answer)
{
	pthread_mutex_lock(&answer->lock);
	answer->done = false;
	pthread_mutex_unlock(&answer->lock);
}

static void give(struct mqtt_answer *answer, int code)
{
	pthread_mutex_lock(&answer->lock);
	answer->done = true;
	answer->code = code;
	pthread_cond_broadcast(&answer->given);
	pthread_mutex_unlock(&answer->lock);
}

static int await(struct mqtt_answer *answer, unsigned patience)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience / 1000);
	until.tv_nsec += (long)(patience % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&answer->lock);
	while (!answer->done && rc == 0)
		rc = pthread_cond_timedwait(&answer->given, &answer->lock, &until);
	int code = answer->done ? answer->code : MQTTASYNC_FAILURE;
	pthread_mutex_unlock(&answer->lock);
	return code;
}

/* A failure that the broker did not word. */
static int negative(int code)
{
	return code != 0 ? code : MQTTASYNC_FAILURE;
}

static void on_success(void *context, MQTTAsync_successData *data)
{
	(void)data;
	give(context, 0);
}

static void on_success_5(void *context, MQTTAsync_successData5 *data)
{
	(void)data;
	give(context, 0);
}

static void on_connected_5(void *context, MQTTAsync_successData5 *data)
{
	struct mqtt_answer *answer = context;
	int at_once = MQTTProperties_getNumericValue(
	        &data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);

	pthread_mutex_lock(&answer->lock);
	if (at_once > 0)
		answer->at_once = (unsigned)at_once;
	pthread_mutex_unlock(&answer->lock);
	give(context, 0);
}

static void on_failure(void *context, MQTTAsync_failureData *data)
{
	give(context, negative(data != NULL ? data->code : 0));
}

static void on_failure_5(void *context, MQTTAsync_failureData5 *data)
{
	give(context,
	        negative(data == NULL             ? 0
	                        : data->code != 0 ? data->code
	                                          : (int)data->reasonCode));
}

static void on_granted(void *context, MQTTAsync_successData *data)
{
	give(context, data->alt.qos);
}

static void on_granted_5(void *context, MQTTAsync_successData5 *data)
{
	give(context, (int)data->reasonCode);
}

/* -- requests -- */

static bool is_5(const struct mqtt_terms *terms)
{
	return terms->version >= MQTTVERSION_5;
}

MQTTAsync_connectOptions mqtt_protocol_options(const struct mqtt_terms *terms)
{
	MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
	MQTTAsync_connectOptions options_5 = MQTTAsync_connectOptions_initializer5;

	if (is_5(terms)) {
		options = options_5;
		options.cleanstart = terms->clean;
	} else {
		options.cleansession = terms->clean;
	}
	options.MQTTVersion = terms->version;
	return options;
}

int mqtt_protocol_connect(MQTTAsync handle, const struct mqtt_terms *terms,
        MQTTAsync_connectOptions *options, struct mqtt_answer *answer, unsigned patience)
{
	MQTTProperties properties = MQTTProperties_initializer;
	MQTTProperty session = { .identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL };

	options->context = answer;
	answer->at_once = AT_ONCE;
	if (is_5(terms)) {
		options->onSuccess5 = on_connected_5;
		options->onFailure5 = on_failure_5;
		session.value.integer4 = terms->session;
		if (!terms->clean)
			MQTTProperties_add(&properties, &session);
		options->connectProperties = &properties;
	} else {
		options->onSuccess = on_success;
		options->onFailure = on_failure;
	}
	expect(answer);
	int rc = MQTTAsync_connect(handle, options);
	MQTTProperties_free(&properties);
	return rc == MQTTASYNC_SUCCESS ? await(answer, patience) : rc;
}

int mqtt_protocol_subscribe(MQTTAsync handle, const struct mqtt_terms *terms, const char *filter,
        struct mqtt_answer *answer, unsigned patience)
{
	MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

	options.context = answer;
	if (is_5(terms)) {
		options.onSuccess5 = on_granted_5;
		options.onFailure5 = on_failure_5;
	} else {
		options.onSuccess = on_granted;
		options.onFailure = on_failure;
	}
	expect(answer);
	int rc = MQTTAsync_subscribe(handle, filter, 1, &options);
	return rc == MQTTASYNC_SUCCESS ? await(answer, patience) : rc;
}

void mqtt_protocol_tell(
        MQTTAsync handle, const char *topic, const char *text, unsigned long patience)
{
	MQTTAsync_message message = MQTTAsync_message_initializer;
	MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

	message.payload = (void *)(size_t)text; /* copied, not written to */
	message.payloadlen = (int)strlen(text);
	message.qos = 1;
	message.retained = 1;
	if (MQTTAsync_sendMessage(handle, topic, &message, &options) == MQTTASYNC_SUCCESS &&
	        patience > 0)
		MQTTAsync_waitForCompletion(handle, options.token, patience);
}

void mqtt_protocol_disconnect(MQTTAsync handle, const struct mqtt_terms *terms,
        struct mqtt_answer *answer, unsigned patience)
{
	MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
	MQTTAsync_disconnectOptions options_5 = MQTTAsync_disconnectOptions_initializer5;

	if (is_5(terms)) {
		options = options_5;
		options.onSuccess5 = on_success_5;
		options.onFailure5 = on_failure_5;
	} else {
		options.onSuccess = on_success;
		options.onFailure = on_failure;
	}
	options.context = answer;
	expect(answer);
	if (MQTTAsync_disconnect(handle, &options) == MQTTASYNC_SUCCESS)
		await(answer, patience);
}

const char *mqtt_protocol_reason(const struct mqtt_terms *terms, int code)
{
	static const struct {
		int code;
		const char *text;
	} reasons[] = {
		/* MQTT 3.1.1, 3.2.2.3 */
		{ 1, "does not speak MQTT 3.1.1" },
		{ 2, "refuses this client_id" },
		{ 3, "is not available" },
		{ 4, "refuses username or password" },
		{ 5, "does not authorise this client" },
		/* MQTT 5, 3.2.2.2 and 3.14.2.1 */
		{ 0x80, "fails without saying why" },
		{ 0x81, "calls a packet of ours malformed" },
		{ 0x82, "sees a breach of the protocol" },
		{ 0x84, "does not speak MQTT 5" },
		{ 0x85, "refuses this client_id" },
		{ 0x86, "refuses username or password" },
		{ 0x87, "does not authorise this client" },
		{ 0x88, "is not available" },
		{ 0x89, "is busy" },
		{ 0x8a, "has banned this client" },
		{ 0x8b, "is shutting down" },
		{ 0x8c, "refuses this way to authenticate" },
		{ 0x8d, "heard nothing of us for too long (keepalive)" },
		{ 0x8e, "gave our session to another client of this client_id" },
		{ 0x8f, "refuses the topic filter" },
		{ 0x90, "refuses the topic name" },
		{ 0x93, "was sent more than it takes at once" },
		{ 0x95, "calls a packet of ours too large" },
		{ 0x96, "was sent too much in a time" },
		{ 0x97, "has no room left for us (quota)" },
		{ 0x98, "disconnects us by an administrative action" },
		{ 0x9a, "does not keep messages" },
		{ 0x9b, "does not grant this QoS" },
		{ 0x9c, "says: use another server" },
		{ 0x9d, "says: the server has moved" },
		{ 0x9e, "knows no shared subscriptions" },
		{ 0x9f, "has too many connections a time" },
		{ 0xa0, "lets nobody stay so long" },
		{ 0xa2, "knows no wildcard subscriptions" },
	};

	if (!is_5(terms) && code > 5)
		return NULL;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return code >= 0x80 ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : NULL;
}
