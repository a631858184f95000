/* SPDX-License-Identifier: Apache-2.0 */
/* A topic of an MQTT broker, QoS 1: sent is what the broker acknowledged. The only file of the
 * alerter that knows Paho. Alarms are rare: each attempt connects, publishes, waits for the PUBACK
 * and goes, so that no connection can be half dead when it counts. */
#include "address.h"
#include "envelope.h"
#include "secret.h"

#include "wq/err.h"

#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_SECONDS 5
#define PUBACK_MS       8000 /* with the connect less than what a sender is given */

struct mqtt_settings {
	const char *broker, *topic, *client_id, *user, *password, *ca_file;
	bool allow_plain, retain;
};

struct mqtt {
	const struct mqtt_settings *settings;
	char uri[ADDRESS_MAX];
	char password[256];
	char body[ENVELOPE_TEXT];
};

#define FIELD(name) .offset = offsetof(struct mqtt_settings, name)

static const struct wq_option options[] = {
	{ .key = "broker",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 8,
	        .max = ADDRESS_MAX - 8,
	        FIELD(broker),
	        .help = "mqtts://host:8883, or mqtt://host:1883 with allow_plain" },
	{ .key = "topic",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 200,
	        FIELD(topic),
	        .help = "topic that notices are published to" },
	{ .key = "client_id",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .fallback = "wqd-notices",
	        FIELD(client_id),
	        .help = "name at the broker; no two may have the same" },
	{ .key = "user",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 128,
	        FIELD(user),
	        .help = "name to log in with; default: no login" },
	{ .key = "password",
	        .type = WQ_OPT_SECRET,
	        FIELD(password),
	        .help = "credential with its password" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        FIELD(ca_file),
	        .help = "certificates that sign the broker's, PEM; default: the system's" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        FIELD(allow_plain),
	        .help = "true: broker may be mqtt://" },
	{ .key = "retain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        FIELD(retain),
	        .help = "true: the broker keeps the last notice for those who subscribe later" },
	WQ_OPTION_END,
};

static int mqtt_check(const void *settings, struct wq_err *err)
{
	const struct mqtt_settings *s = settings;

	if (address_check(s->broker, "mqtts", "mqtt", s->allow_plain, err) < 0) {
		char text[WQ_ERR_TEXT];

		snprintf(text, sizeof text, "%s", err->text);
		return wq_fail(err, WQ_E_INVALID, "broker, its %s", text);
	}
	if (strpbrk(s->topic, "+#") != NULL || s->topic[0] == '$')
		return wq_fail(err, WQ_E_INVALID,
		        "topic = %.60s: no wildcard, and nothing that begins with $", s->topic);
	if (s->password != NULL && s->user == NULL)
		return wq_fail(err, WQ_E_INVALID, "password: a login needs a user too");
	return 0;
}

/* mqtt:// and mqtts:// as the library calls them. */
static void write_uri(const char *broker, char out[ADDRESS_MAX])
{
	bool secure = strncmp(broker, "mqtts:", 6) == 0;

	snprintf(out, ADDRESS_MAX, "%s%.*s", secure ? "ssl" : "tcp",
	        (int)strcspn(strchr(broker, ':'), "?#"), strchr(broker, ':'));
}

static int mqtt_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct mqtt *mqtt = state;

	mqtt->settings = settings;
	write_uri(mqtt->settings->broker, mqtt->uri);
	if (mqtt->settings->password == NULL)
		return 0;
	return secret(owner, mqtt->settings->password, mqtt->password, sizeof mqtt->password, err);
}

static void mqtt_close(void *state)
{
	explicit_bzero(state, sizeof(struct mqtt));
}

/* What a CONNACK refuses (MQTT 3.1.1, 3.2.2.3). */
static void say_refused(int code, struct wq_result *result)
{
	static const char *const words[] = { [1] = "it does not speak 3.1.1",
		[2] = "client_id is refused",
		[3] = "the broker is not available",
		[4] = "user or password is refused",
		[5] = "not allowed" };

	if (code >= 1 && code <= 5) {
		result->kind = code == 3 ? WQ_RETRY : WQ_CONFIG;
		snprintf(result->text, sizeof result->text, "CONNACK %d: %s", code, words[code]);
	} else {
		result->kind = WQ_RETRY;
		snprintf(result->text, sizeof result->text, "no connection to the broker (%s)",
		        MQTTClient_strerror(code) != NULL ? MQTTClient_strerror(code) : "refused");
	}
}

static bool connect_to(struct mqtt *mqtt, MQTTClient client, struct wq_result *result)
{
	const struct mqtt_settings *s = mqtt->settings;
	MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
	MQTTClient_connectOptions how = MQTTClient_connectOptions_initializer;

	how.keepAliveInterval = 20;
	how.connectTimeout = CONNECT_SECONDS;
	how.cleansession = 1;
	how.MQTTVersion = MQTTVERSION_3_1_1;
	how.username = s->user;
	how.password = s->password != NULL ? mqtt->password : NULL;
	tls.trustStore = s->ca_file != NULL ? s->ca_file : "/etc/ssl/certs/ca-certificates.crt";
	tls.verify = 1;
	tls.enableServerCertAuth = 1;
	tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
	if (strncmp(mqtt->uri, "ssl:", 4) == 0)
		how.ssl = &tls;
	int r = MQTTClient_connect(client, &how);

	if (r != MQTTCLIENT_SUCCESS)
		say_refused(r, result);
	return r == MQTTCLIENT_SUCCESS;
}

static void publish(struct mqtt *mqtt, MQTTClient client, size_t length, struct wq_result *result)
{
	MQTTClient_deliveryToken token = 0;
	int r = MQTTClient_publish(client, mqtt->settings->topic, (int)length, mqtt->body, 1,
	        mqtt->settings->retain, &token);

	if (r == MQTTCLIENT_SUCCESS)
		r = MQTTClient_waitForCompletion(client, token, PUBACK_MS);
	result->kind = r == MQTTCLIENT_SUCCESS ? WQ_SENT : WQ_RETRY;
	snprintf(result->text, sizeof result->text, "%s",
	        r == MQTTCLIENT_SUCCESS ? "acknowledged by the broker (PUBACK)"
	                                : "the broker did not acknowledge it");
}

static void mqtt_send(
        void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result)
{
	struct mqtt *mqtt = state;
	MQTTClient client = NULL;
	size_t length = envelope_write(notice, mqtt->body);

	(void)now;
	if (length == 0) {
		result->kind = WQ_CONFIG;
		snprintf(result->text, sizeof result->text, "the message is too long");
		return;
	}
	if (MQTTClient_create(&client, mqtt->uri, mqtt->settings->client_id,
	            MQTTCLIENT_PERSISTENCE_NONE, NULL) != MQTTCLIENT_SUCCESS) {
		result->kind = WQ_RETRY;
		snprintf(result->text, sizeof result->text, "no memory for a connection");
		return;
	}
	if (connect_to(mqtt, client, result)) {
		publish(mqtt, client, length, result);
		MQTTClient_disconnect(client, 500);
	}
	MQTTClient_destroy(&client);
}

const struct wq_channel mqtt_topic_channel;
const struct wq_channel mqtt_topic_channel = {
	.name = "mqtt_topic",
	.help = "publishes each notice as JSON to a topic of an MQTT broker",
	.options = options,
	.settings_size = sizeof(struct mqtt_settings),
	.state_size = sizeof(struct mqtt),
	.check = mqtt_check,
	.open = mqtt_open,
	.close = mqtt_close,
	.send = mqtt_send,
};
