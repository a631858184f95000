/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps one connection to a broker for as long as the daemon runs: connects, subscribes, notices
 * the loss, waits and tries again, for ever. */
#ifndef MQTT_KEEPER_H
#define MQTT_KEEPER_H

#include "intake.h"

#include <stdint.h>

struct wq_bus;
struct wq_err;
struct mqtt_keeper;

/* Prepares; touches no network. NULL with *err. */
struct mqtt_keeper *mqtt_keeper_open(const struct wq_bus *bus, struct wq_err *err);

/* Starts the thread and returns at once. */
int mqtt_keeper_start(struct mqtt_keeper *keeper, const struct wq_sink *sink, struct wq_err *err);

/* Ends it, within 10 s; afterwards the sink is not called any more. */
void mqtt_keeper_stop(struct mqtt_keeper *keeper);

/* NULL is fine. A keeper whose thread could not be ended in time (a name server that does not
 * answer) is left to it: its memory is not freed. */
void mqtt_keeper_close(struct mqtt_keeper *keeper);

uint64_t mqtt_keeper_progress(const struct mqtt_keeper *keeper);
void mqtt_keeper_counts(struct mqtt_keeper *keeper, struct mqtt_counts *counts);

#endif
