/* SPDX-License-Identifier: Apache-2.0 */
/* What `wqsim mqtt` is asked to do. */
#ifndef WQ_MQTT_OPTIONS_H
#define WQ_MQTT_OPTIONS_H

#include "publisher.h"

#include "wq/instant.h"

#define MQTT_STATIONS 256
#define MQTT_SERIES   256

struct mqtt_options {
	struct publisher_options publisher;
	const char *topic, *scenario, *csv, *acked_path;
	const char *stations[MQTT_STATIONS];
	size_t station_count;
	wq_ms step, interval;
	long rate;        /* messages a second; 0: no limit */
	long count, load; /* 0: no limit; 0: no load */
	long series;
	bool hold;
};

/* Fills *options, whose defaults it sets; texts stay argv's. Ends the program with status 2 when
 * they are wrong, with 0 after --help. */
void mqtt_options_parse(struct mqtt_options *options, int argc, char **argv);

#endif
