/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and words of the MQTT uplink: pure. */
#ifndef UPLINK_TOPIC_H
#define UPLINK_TOPIC_H

#include "wq/uplink.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define TOPIC_MAX 256

/* The station of what concerns the site as a whole. */
#define TOPIC_SITE "-"

/* Whether a template is a topic that may be published to: {station} and {kind} are its only braces, no + or #. */
int topic_check(const char *template_, struct wq_err *err);

/* Whether a station's title may stand in a topic. */
int topic_station(const char *station, struct wq_err *err);

/* False: longer than cap. */
bool topic_make(const char *template_, const char *station, const char *kind, char *buf, size_t cap);

/* {"station": "yigan", "incarnation": "9f…", "sequence": 12, "time": "2026-…"}: this record; without time: all of the station in
 * this sequence; "through": 12 in the place of sequence: and all before it; {"incarnation": "9f…", "note": 7}: this note. False:
 * it is something else. */
bool topic_read_committed(const char *payload, size_t length, struct wq_uplink_event *event);

#endif
