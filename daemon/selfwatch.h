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

/* So many channels that fail, or did not pass a drill, are named; those that were not told of before the others. */
#define SELFWATCH_NAMED 4
#define SELFWATCH_LIST  256

/* What there is to judge. All times on the boot clock. */
struct selfwatch_facts {
	bool stalled;               /* nothing could be committed for HANDOVER_STALL */
	uint64_t shed, not_durable; /* since the start */
	size_t channels;            /* how many there are */
	size_t channels_failing;    /* of those that failed for any time */
	size_t channels_dead;       /* of those that have for SELFWATCH_CHANNEL; they are: */
	char channel[SELFWATCH_LIST]; /* "modem、mail" */
	bool channel_news;          /* one of them was not told of */
	size_t stranded;            /* contacts all of whose channels fail */
	const char *stranded_name;  /* one of them */
	const char *uplink;         /* whose oldest record waits for longer than its lag_alarm, or NULL */
	wq_ms uplink_lag;           /* how long */
	bool uplinks_calm;          /* every other waits for less than half of it */
	const char *roster;         /* by which nobody has the lead now, or NULL */
	bool drills;                /* some are configured; of the last run of each: */
	size_t drill_passed, drill_failed, drill_under_way;
	char drill[SELFWATCH_LIST]; /* those that failed: "张三/modem、李四/modem" */
	bool drill_news;            /* one of them was not told of */
	bool pings;                 /* somebody outside is pinged, and it is told when that fails */
	bool ping_good, ping_lasts; /* the last was taken; it fails for longer than it may */
	wq_ms ping_failing;         /* for how long */
	const char *ping;           /* why */
	bool delivered;             /* some channel delivered since the start */
};

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

/* Puts a name behind those of a list, separated by 、. */
void selfwatch_list(char list[SELFWATCH_LIST], const char *name);

/* Whether a sentence of selfwatch_judge() names it: after a restart that is what is known of who was told. Pure. */
bool selfwatch_names(const char *says, const char *name);

/* The daemon's glue: room for the channels' states; a channel's new state (text "": it works); a tick. */
struct channel_trouble {
	wq_ms since; /* boot clock; WQ_NO_TIME: it works */
	bool told;   /* that it does not */
};
int selfwatch_open(struct daemon *daemon, struct wq_err *err);
void selfwatch_channel(struct daemon *daemon, const char *channel, const char *text);
/* What the open alarm of one of our rules says now; "": none is open. */
const char *selfwatch_told(const struct daemon *daemon, enum config_self rule);
void selfwatch_tick(struct daemon *daemon, struct wq_outcome *out);

#endif
