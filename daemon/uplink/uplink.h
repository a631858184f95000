/* SPDX-License-Identifier: Apache-2.0 */
/* One uplink: a thread that forwards what the history holds to a platform above, in order, and moves its place by what the
 * platform acknowledges. It reads over a connection of its own and runs at a lower priority than the rest: sampling, judging
 * and telling never wait for it. */
#ifndef WQ_DAEMON_UPLINK_H
#define WQ_DAEMON_UPLINK_H

#include "config/config.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct uplink;

/* Told from the uplink's thread; must not block. */
struct uplink_events {
	void *owner;
	/* What is acknowledged by now: to be committed. At most once a second. */
	void (*acknowledged)(void *owner, const struct store_uplink *where);
	/* A state that changed: text says why nothing is forwarded (NULL: it is again). */
	void (*trouble)(void *owner, const char *name, const char *text);
};

struct uplink_clock {
	wq_ms (*wall)(void);
	wq_ms (*steady)(void);
};

struct uplink_status {
	bool connected;
	char why[192];       /* why not; "" */
	uint64_t incarnation, last, sequence; /* of the file; newest batch in it; acknowledged up to */
	int64_t last_note, note;
	wq_ms acknowledged;  /* when that last moved, our clock; WQ_NO_TIME: not since the start */
	wq_ms forwarded;     /* arrival of the newest reading that is acknowledged; WQ_NO_TIME: none since the start */
	wq_ms waiting;       /* arrival of the oldest that is not; WQ_NO_TIME: none waits */
	uint64_t messages;   /* acknowledged since the start */
	uint64_t again;      /* sent once more */
	uint64_t failures;   /* connections that failed or were lost */
	uint64_t gone;       /* records whose readings were no longer in the history */
};

/* Starts the thread on a database that store_use_uplinks() has been called for. config outlives it. NULL with *err. */
struct uplink *uplink_start(const struct config *config, const struct config_uplink *uplink,
	const struct uplink_events *events, const struct uplink_clock *clock, struct wq_err *err);

/* Something was committed. Thread-safe, waits for nothing. */
void uplink_wake(struct uplink *uplink);

/* Thread-safe. */
void uplink_status(struct uplink *uplink, struct uplink_status *status);

/* How old the oldest is that waits; 0: nothing does. */
wq_ms uplink_lag(const struct uplink_status *status, wq_ms now);

/* Tells the thread to end and does not wait. NULL is fine. */
void uplink_ask_stop(struct uplink *uplink);

/* Ends the thread within `grace` ms; what was acknowledged meanwhile is told before. False: it hangs in its library or a name
 * server, is left alone and keeps its memory, and config has to stay. NULL is fine. */
bool uplink_stop(struct uplink *uplink, wq_ms grace);

#endif
