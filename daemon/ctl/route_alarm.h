/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm of the history as `wqctl route explain` needs it. */
#ifndef WQ_CTL_ROUTE_ALARM_H
#define WQ_CTL_ROUTE_ALARM_H

#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/site.h"

#include <stdbool.h>

struct wq_err;

struct route_alarm {
	struct wq_alarm alarm; /* followed through its changes: level, state, since */
	char rule[WQ_NAME_TEXT], station[WQ_NAME_TEXT], parameter[WQ_NAME_TEXT]; /* titles as recorded; "": none */
	bool open, shelved;
};

/* Reads it. WQ_E_MISSING: the history knows no such alarm; otherwise as reader_open(). */
int route_alarm_read(const char *database, int64_t id, struct route_alarm *out, struct wq_err *err);

#endif
