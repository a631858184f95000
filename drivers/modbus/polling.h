/* SPDX-License-Identifier: Apache-2.0 */
/* One poll of one device, in steps: its blocks asked one after the other over the bus's link. What
 * comes of it is in the readings. One thread at a time. */
#ifndef WQ_MODBUS_POLLING_H
#define WQ_MODBUS_POLLING_H

#include "link.h"
#include "modbus_settings.h"
#include "readings.h"

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* In which order the blocks of a device are asked: the times that are not in one block with their
 * values, the values, and those times again. Before them its identity, where one is known. */
enum poll_pass { POLL_TIMES_BEFORE, POLL_VALUES, POLL_TIMES_AFTER, POLL_PASSES };

struct poll {
	struct link *link;
	struct readings *readings;
	uint8_t *told; /* per block: the exception that the sink was last told of, 0: none */
	const struct modbus_identity *identities;
	size_t identity_count;
	unsigned long late, doubt; /* of the link's owed, as told */
	const struct modbus_identity *identity; /* still to be read in this poll */
	uint8_t unit_id;
	enum poll_pass pass;
	size_t block;
	bool asked;       /* the block was asked for */
	bool reconnected; /* the connection was made in this poll */
};

/* Everything passed outlives it. */
void poll_begin(struct poll *poll, uint8_t unit_id);

/* The identity alone, after poll_begin(): 0: it is the device that is meant, or none is known. Otherwise as
 * poll_step(), which begins with it. */
int poll_identify(struct poll *poll, const struct wq_sink *sink, wq_ms now, struct wq_err *err);

/* WQ_UNDERWAY: the link says what is to be waited for. 0: the blocks that the device did not refuse
 * are read, one at least. WQ_E_TIMEOUT, WQ_E_IO, WQ_E_PROTOCOL, WQ_E_REFUSED: it did not serve. */
int poll_step(struct poll *poll, const struct wq_sink *sink, wq_ms now, struct wq_err *err);

#endif
