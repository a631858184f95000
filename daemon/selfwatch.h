/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over ourselves: what keeps wqd from storing or telling becomes an alarm of the site, opened and cleared by
 * the same engine as those of the water, so that a person hears of it by whatever still works. Main only. */
#ifndef WQ_SELFWATCH_H
#define WQ_SELFWATCH_H

#include "config/config.h"
#include "wq/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon;
struct wq_err;
struct wq_outcome;

/* A channel that fails for a moment wakes nobody; one that fails for this long does. */
#define SELFWATCH_CHANNEL WQ_MINUTES(5)
/* What was lost or promised too early is over when nothing more happened for this long. */
#define SELFWATCH_CALM WQ_MINUTES(10)

/* What there is to judge. All times on the boot clock. */
struct selfwatch_facts {
	bool stalled;               /* nothing could be committed for HANDOVER_STALL */
	uint64_t shed, not_durable; /* since the start */
	const char *channel;        /* one that has failed for SELFWATCH_CHANNEL, or NULL */
	size_t channels;            /* how many there are */
	size_t channels_failing;    /* of those that failed for any time */
	const char *uplink;         /* whose oldest record waits for longer than its lag_alarm, or NULL */
	wq_ms uplink_lag;           /* how long */
	bool uplinks_calm;          /* every other waits for less than half of it */
	const char *roster;         /* by which nobody has the lead now, or NULL */
	bool drills;                /* some are configured; of the last run of each: */
	size_t drill_passed, drill_failed, drill_under_way;
	char drill[280];            /* the first that failed: "张三/modem、李四/modem" */
	bool pings;                 /* somebody outside is pinged, and it is told when that fails */
	bool ping_good, ping_lasts; /* the last was taken; it fails for longer than it may */
	wq_ms ping_failing;         /* for how long */
	const char *ping;           /* why */
	bool delivered;             /* some channel delivered since the start */
};

/* So many channels that did not pass a drill are named. */
#define SELFWATCH_DRILL_NAMED 4

struct selfwatch_counter {
	uint64_t calm, seen; /* the count when it was last calm; at the last look */
	wq_ms grew;          /* when it last grew, or the start */
};

struct selfwatch {
	wq_ms started;
	struct selfwatch_counter shed, not_durable;
};

void selfwatch_init(struct selfwatch *watch, wq_ms boot);

/* What one of our rules says now (zeroed *out filled), or false: nothing to say. Pure. `boot` and `now`: our two clocks.
 * The level is warning (预警) for what loses readings or notices, watch (关注) for early receipts. */
bool selfwatch_judge(struct selfwatch *watch, enum config_self rule, const struct selfwatch_facts *facts, wq_ms boot,
	wq_ms now, struct wq_verdict *out);

/* The daemon's glue: room for the channels' states; a channel's new state (text "": it works); a tick. */
struct channel_trouble {
	wq_ms since; /* boot clock; WQ_NO_TIME: it works */
};
int selfwatch_open(struct daemon *daemon, struct wq_err *err);
void selfwatch_channel(struct daemon *daemon, const char *channel, const char *text);
void selfwatch_tick(struct daemon *daemon, struct wq_outcome *out);

#endif
