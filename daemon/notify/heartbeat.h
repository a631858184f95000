/* SPDX-License-Identifier: Apache-2.0 */
/* The heartbeat (系统自检): that we live, yesterday's figures, and what is wrong, first. Pure and thread-safe. */
#ifndef WQ_HEARTBEAT_H
#define WQ_HEARTBEAT_H

#include "wq/channel.h"
#include "wq/instant.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEARTBEAT_CHANNELS 16
#define HEARTBEAT_NAMED    3 /* stations without data that are named */
/* Less room than this on the disk of the history is told, or less than a twentieth of it. */
#define HEARTBEAT_FREE_MIN ((uint64_t)1024 * 1024 * 1024)

struct heartbeat_channel {
	char name[WQ_NAME_TEXT];
	int64_t sent, failed; /* attempts of yesterday */
	bool down;            /* it does not work now */
};

struct heartbeat {
	const char *site;
	const struct wq_zone *zone;
	wq_ms due; /* when it was to come */
	wq_ms now;
	wq_day yesterday;
	/* From the history; not counted: it could not be read, and why. */
	bool counted;
	const char *why;
	size_t stations, delivered;
	size_t named; /* of those that brought nothing */
	const char *silent[HEARTBEAT_NAMED], *silent_en[HEARTBEAT_NAMED];
	int64_t readings, valid, expected; /* expected 0: no day of yesterday is closed of a station that has a cycle */
	int64_t taken, received;           /* of closed days of stations without one: valid among the values that came, and these */
	int64_t opened;
	uint64_t bytes;                    /* of the history */
	uint64_t disk_free, disk_size;     /* disk_size 0: not known */
	/* As it is now. */
	size_t open, unacknowledged;
	size_t channel_count;
	struct heartbeat_channel channels[HEARTBEAT_CHANNELS];
	double least_valid;  /* share of the expected readings below which it is told */
	const char *trouble; /* why nothing can be stored, NULL: it can */
	uint64_t shed;       /* readings that were not stored since the start */
	const char *uplink;  /* that is behind for longer than it may, NULL: none */
	wq_ms uplink_lag;
	wq_ms most_lag;      /* of all uplinks; WQ_NO_TIME: there is none */
	bool clock_trusted;
	wq_ms uptime;
};

/* How many things are wrong. */
size_t heartbeat_faults(const struct heartbeat *heartbeat);

/* The message in Chinese, or in English. */
void heartbeat_text(const struct heartbeat *heartbeat, bool english, char out[WQ_NOTICE_TEXT]);

/* For machines; the caller releases it. NULL: no memory. */
json_t *heartbeat_data(const struct heartbeat *heartbeat);

#endif
