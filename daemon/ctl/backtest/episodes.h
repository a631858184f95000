/* SPDX-License-Identifier: Apache-2.0 */
/* The alarms of a replay, each from its opening to its end, and what telling them would have cost.
 */
#ifndef WQ_CTL_EPISODES_H
#define WQ_CTL_EPISODES_H

#include "replay.h"

#include "wq/alarm.h"

struct episode {
	int64_t alarm;
	const char *rule,
	        *parameter;  /* of the configuration; parameter "": the station as a whole */
	uint32_t station;    /* in the order of the readings; WQ_NONE: the site as a whole */
	wq_ms opened, ended; /* event times; ended WQ_NO_TIME: open at the end */
	enum wq_level level; /* the highest */
	char *text;          /* what opened it; owned */
};

/* More are not kept: a configuration that rings so often is not compared, it is mended. */
#define EPISODES_MAX 1000000

struct episodes {
	const struct config *config;
	struct episode *rows; /* ascending by alarm */
	size_t count, room;
	bool broken;                       /* more than EPISODES_MAX, or no memory */
	size_t levels[WQ_LEVEL_ALARM + 1]; /* episodes by their highest level */
	size_t changes[WQ_CHANGE_KINDS];
	size_t notices; /* to the lead, as the routes say; without escalations, which acknowledging
	                   prevents */
};

/* Zero-initialised; config: that of the replay, outlives it. */
struct replay_listener episodes_listener(struct episodes *episodes, const struct config *config);

/* After the replay. 0, or WQ_E_FULL: `broken`. */
int episodes_finish(struct episodes *episodes, struct wq_err *err);
void episodes_free(struct episodes *episodes);

/* Contacts that are in the lead of any route; 0: the configuration has no routes. */
size_t episodes_officers(const struct config *config);

#endif
