/* SPDX-License-Identifier: Apache-2.0 */
/* One message as the broker delivers it. The texts are the deliverer's. */
#ifndef MQTT_MESSAGE_H
#define MQTT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct mqtt_message {
	const char *topic; /* may hold anything, a NUL included */
	size_t topic_length;
	const void *payload;
	size_t length;
	int id;        /* packet identifier */
	bool retained; /* kept by the broker: from before the subscription */
};

#endif
