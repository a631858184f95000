/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as the daemon sees it: keys, check, and a keeper for each bus. */
#include "address.h"
#include "keeper.h"
#include "keys.h"
#include "map.h"
#include "topic.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <string.h>

extern const struct wq_driver wq_driver_mqtt;

static const struct wq_choice receipts[] = {
	{ "durable", MQTT_DURABLE },
	{ "fast", MQTT_FAST },
	{ NULL, 0 },
};

#define BUS(field)   offsetof(struct mqtt_bus_settings, field)
#define POINT(field) offsetof(struct mqtt_point_settings, field)

static const struct wq_option bus_options[] = {
	{ .key = "broker",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 255,
	        .offset = BUS(broker),
	        .help = "address of the broker: tcp://host:1883 or ssl://host:8883" },
	{ .key = "topic",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = MQTT_TOPIC_MAX,
	        .offset = BUS(topic),
	        .help = "topic filter; a level {station} names the station, + and # as in MQTT" },
	{ .key = "client_id",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 64,
	        .offset = BUS(client_id),
	        .help = "our name at the broker; unique there, and never changed: it owns the "
	                "session" },
	{ .key = "username",
	        .type = WQ_OPT_TEXT,
	        .max = 255,
	        .offset = BUS(username),
	        .help = "user name at the broker" },
	{ .key = "password_file",
	        .type = WQ_OPT_TEXT,
	        .max = 1024,
	        .offset = BUS(password_file),
	        .help = "file whose first line is the password; not readable by others" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .max = 1024,
	        .offset = BUS(ca_file),
	        .help = "PEM file of the authorities trusted for ssl://; absent: the system's" },
	{ .key = "keepalive",
	        .type = WQ_OPT_SPAN,
	        .min = 5000,
	        .max = 600000,
	        .fallback = "20s",
	        .offset = BUS(keepalive),
	        .help = "a dead connection is noticed after about twice this" },
	{ .key = "clean",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = BUS(clean),
	        .help = "true: the broker keeps nothing for us while we are away" },
	{ .key = "receipt",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "durable",
	        .choices = receipts,
	        .offset = BUS(receipt),
	        .help = "acknowledge a message when it is on disk (durable) or in memory (fast)" },
	{ .key = "station_key",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .fallback = "station",
	        .offset = BUS(station_key),
	        .help = "member of a message that names the station" },
	{ .key = "time_key",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .fallback = "time",
	        .offset = BUS(time_key),
	        .help = "member of a message that holds its time" },
	{ .key = "values_key",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .fallback = "values",
	        .offset = BUS(values_key),
	        .help = "member of a message that holds the values" },
	WQ_OPTION_END,
};

static const struct wq_option point_options[] = {
	{ .key = "field",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 64,
	        .offset = POINT(field),
	        .help = "member of a message that holds the value; absent: the parameter's alias "
	                "or code" },
	WQ_OPTION_END,
};

static int check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct mqtt_bus_settings *settings = bus->settings;
	struct mqtt_map map;
	struct mqtt_topic topic;
	int rc;

	*bad = SIZE_MAX;
	if (settings->broker == NULL || settings->topic == NULL || settings->client_id == NULL ||
	        settings->client_id[0] == '\0')
		return wq_fail(err, WQ_E_INVALID, "broker, topic and client_id must be given");
	if ((rc = mqtt_address_check(settings->broker, err)) < 0 ||
	        (rc = mqtt_topic_compile(&topic, settings->topic, err)) < 0)
		return rc;
	if (settings->password_file != NULL && settings->username == NULL)
		return wq_fail(err, WQ_E_INVALID, "password_file without username");
	if ((rc = mqtt_map_open(&map, bus, bad, err)) < 0)
		return rc;
	mqtt_map_close(&map);
	return 0;
}

/* The keeper lives apart from the daemon's memory: a thread that hangs in the resolver may outlive
 * the bus. */
struct state {
	struct mqtt_keeper *keeper;
};

static size_t state_size(const struct wq_bus *bus)
{
	(void)bus;
	return sizeof(struct state);
}

static int open_bus(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	struct wq_err own = { .code = WQ_E_MEMORY };
	struct mqtt_keeper *keeper = mqtt_keeper_open(bus, err != NULL ? err : &own);

	((struct state *)state)->keeper = keeper;
	return keeper != NULL ? 0 : err != NULL ? err->code : own.code;
}

static void close_bus(void *state)
{
	struct state *own = state;

	mqtt_keeper_close(own->keeper);
	own->keeper = NULL;
}

static int start(void *state, const struct wq_sink *sink, struct wq_err *err)
{
	return mqtt_keeper_start(((struct state *)state)->keeper, sink, err);
}

static void stop(void *state)
{
	mqtt_keeper_stop(((struct state *)state)->keeper);
}

static uint64_t progress(const void *state)
{
	return mqtt_keeper_progress(((const struct state *)state)->keeper);
}

const struct wq_driver wq_driver_mqtt = {
	.name = "mqtt",
	.help = "stations that publish JSON to an MQTT broker",
	.bus_options = bus_options,
	.bus_settings_size = sizeof(struct mqtt_bus_settings),
	.point_options = point_options,
	.point_settings_size = sizeof(struct mqtt_point_settings),
	.remark = "while this gateway is away the broker holds its messages only up to the broker's own limits "
		  "(mosquitto: max_queued_messages, 1000 by default) and then drops them without a word",
	.check = check,
	.state_size = state_size,
	.open = open_bus,
	.close = close_bus,
	.start = start,
	.stop = stop,
	.progress = progress,
};
