/* SPDX-License-Identifier: Apache-2.0 */
/* The address of a broker. Pure. */
#ifndef MQTT_ADDRESS_H
#define MQTT_ADDRESS_H

struct wq_err;

/* Wants scheme://host[:port] with the schemes tcp, mqtt, ssl and mqtts; an IPv6 address stands in
 * brackets. WQ_E_INVALID with what is wrong. */
int mqtt_address_check(const char *broker, struct wq_err *err);

#endif
