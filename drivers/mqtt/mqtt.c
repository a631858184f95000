/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as the daemon sees it: keys, check, and a keeper for each bus. */
#include "address.h"
#include "keeper.h"
#include "keys.h"
#include "map.h"
#include "preset.h"
#include "topic.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <string.h>

extern const struct wq_driver wq_driver_mqtt;

static bool is_tls(const char *broker)
{
	return strncmp(broker, "ssl:", 4) == 0 || strncmp(broker, "mqtts:", 6) == 0;
}

/* Keys that need or exclude each other. */
static int check_keys(const struct mqtt_bus_settings *s, struct wq_err *err)
{
	const bool paths = s->records_key != NULL || s->station_key != NULL || s->time_key != NULL ||
	        s->values_key != NULL || s->name_key != NULL || s->value_key != NULL;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{ s->password_file != NULL && s->username == NULL, "password_file without username" },
		{ s->password != NULL && s->username == NULL, "password without username" },
		{ s->password != NULL && s->password_file != NULL,
		        "password and password_file; one of them is enough" },
		{ s->cert_file != NULL && !is_tls(s->broker), "cert_file needs a broker with ssl://" },
		{ s->ca_file != NULL && !is_tls(s->broker), "ca_file needs a broker with ssl://" },
		{ s->key_file != NULL && s->cert_file == NULL, "key_file without cert_file" },
		{ s->preset == MQTT_HJ212 && paths,
		        "preset = \"hj212\" is no JSON and has no records_key, station_key, time_key, "
		        "values_key, name_key, value_key" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return wq_fail(err, WQ_E_INVALID, "%s", rules[i].text);
	return 0;
}

/* What is told there must not come back as a message of a station. */
static int check_status(const struct mqtt_topic *topic, const char *status, struct wq_err *err)
{
	const char *station;
	size_t length;

	if (status == NULL)
		return 0;
	if (status[0] == '\0' || strpbrk(status, "+#{}") != NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "status_topic \"%s\": must be one topic, without + # { }", status);
	if (mqtt_topic_match(topic, status, strlen(status), &station, &length))
		return wq_fail(err, WQ_E_INVALID,
		        "status_topic \"%s\" is subscribed to by topic: it would come back as a message "
		        "of a station",
		        status);
	return 0;
}

/* Where nothing in the form names a station, the topic or a single station must. */
static int check_station(
        const struct mqtt_map *map, const struct mqtt_topic *topic, struct wq_err *err)
{
	const struct mqtt_preset *preset = map->preset;
	const bool named = preset->text || map->station.count > 0 || mqtt_path_any(&map->records);

	if (named || topic->station_level >= 0 || map->only_station != NULL)
		return 0;
	return wq_fail(err, WQ_E_INVALID,
	        "nothing names the station of a message: this preset has no place for it; give topic a "
	        "level {station}, or station_key");
}

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
	        (rc = mqtt_topic_compile(&topic, settings->topic, err)) < 0 ||
	        (rc = check_keys(settings, err)) < 0 ||
	        (rc = check_status(&topic, settings->status_topic, err)) < 0 ||
	        (rc = mqtt_map_open(&map, bus, bad, err)) < 0)
		return rc;
	rc = check_station(&map, &topic, err);
	mqtt_map_close(&map);
	return rc;
}

/* What is allowed and may surprise. */
static size_t remarks(const struct wq_bus *bus, const char **out, size_t cap)
{
	const struct mqtt_bus_settings *s = bus->settings;
	const struct {
		bool applies;
		const char *text;
	} all[] = {
		{ s->clean && s->receipt == MQTT_DURABLE,
		        "clean = true: what is published while this gateway is away is lost, whatever receipt says" },
		{ s->receipt == MQTT_DURABLE && is_tls(s->broker),
		        "receipt = durable over TLS gives each message a commit of its own; for thousands of "
		        "messages a second use tcp:// or receipt = fast" },
		{ s->username != NULL && !is_tls(s->broker),
		        "username and password travel unencrypted; ssl:// hides them" },
		{ s->preset == MQTT_ALINK || s->preset == MQTT_THINGSBOARD ||
		                s->preset == MQTT_THINGSBOARD_GATEWAY,
		        "values without a time get the time of their arrival, also those that the broker kept "
		        "while this gateway was away" },
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all && count < cap; i++)
		if (all[i].applies)
			out[count++] = all[i].text;
	return count;
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
	.help = "stations that publish to an MQTT broker: JSON of many forms, or HJ 212",
	.bus_options = mqtt_bus_options,
	.bus_settings_size = sizeof(struct mqtt_bus_settings),
	.point_options = mqtt_point_options,
	.point_settings_size = sizeof(struct mqtt_point_settings),
	.remarks = remarks,
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
