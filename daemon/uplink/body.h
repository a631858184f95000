/* SPDX-License-Identifier: Apache-2.0 */
/* What is forwarded, as JSON: docs/uplink.md. Pure, allocates nothing. */
#ifndef UPLINK_BODY_H
#define UPLINK_BODY_H

#include "store/backlog.h"

#include "wq/instant.h"

#include <stddef.h>
#include <stdint.h>

/* No body is longer; they are some 100 bytes a reading. */
#define BODY_MAX ((size_t)64 * 1024)

/* Both return the length, or 0 when it would be longer than cap. */
size_t body_readings(const struct backlog_record *record, uint64_t incarnation, const struct wq_zone *zone, char *buf,
	size_t cap);
size_t body_note(const struct backlog_note *note, uint64_t incarnation, const struct wq_zone *zone, char *buf, size_t cap);

/* "readings" "change" "day" */
const char *body_note_kind(const struct backlog_note *note);

#endif
