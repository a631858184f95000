/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as the daemon would hold it: a bus, its points, a sink that remembers. */
#ifndef WQ_TEST_MODBUS_HARNESS_H
#define WQ_TEST_MODBUS_HARNESS_H

#include "modbus_settings.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <stdbool.h>
#include <stddef.h>

#define HARNESS_POINTS  128
#define HARNESS_SAMPLES 65536

extern const struct wq_driver wq_driver_modbus;

struct harness {
	struct modbus_bus_settings bus_settings;
	struct modbus_point_settings settings[HARNESS_POINTS];
	struct wq_point points[HARNESS_POINTS];
	struct wq_bus bus;
	void *state;
	struct wq_sink sink;
	int put_answer; /* what the sink's put() returns */
	size_t puts, count;
	struct wq_sample samples[HARNESS_SAMPLES];
	size_t refusals;
	char refused[160]; /* the last one */
	struct wq_err err;
};

/* A bus on 127.0.0.1:port without points; timeout in ms. */
struct harness *harness_new(int port, wq_ms timeout);
void harness_free(struct harness *harness);

/* Adds a float32 in holding registers, series = its index; more is set through the result. */
struct modbus_point_settings *harness_point(struct harness *harness, int unit_id, int address);

/* Checks and opens; fails the test when the driver refuses. */
void harness_open(struct harness *harness);

/* One poll of a unit; the samples of this poll alone are kept unless `keep`. */
int harness_poll(struct harness *harness, size_t unit);
int harness_poll_keeping(struct harness *harness, size_t unit);

/* The sample of a series in what is kept, NULL: none. */
const struct wq_sample *harness_sample(const struct harness *harness, uint32_t series);

/* Now, in ms of CLOCK_MONOTONIC. */
wq_ms harness_now(void);

#endif
