/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink contract: how records leave for a platform above.
 *
 * An uplink is a thread of its own that reads what was committed, hands it to its transport message by message and moves its
 * place in the history by the acknowledgements that the transport reports. The transport connects, sends and listens; it keeps
 * nothing. All calls come from the uplink's thread, one at a time. A new transport is one file in daemon/uplink/ and one line
 * in its registry.c. */
#ifndef WQ_UPLINK_H
#define WQ_UPLINK_H

#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/day.h"
#include "wq/instant.h"
#include "wq/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct backlog_record;

enum wq_lane {
	WQ_LANE_READINGS, /* in the order of the batches */
	WQ_LANE_NOTES,    /* changes of alarms and days, numbered by themselves: they overtake readings */
};
#define WQ_LANES 2

/* One message. Everything lives until send() returns. */
struct wq_uplink_message {
	enum wq_lane lane;
	const char *kind;    /* "readings" "change" "day" */
	const char *station; /* id, "" for the site */
	bool again;          /* it was sent before */
	const char *body;    /* JSON, not NUL-terminated */
	size_t length;
	const struct backlog_record *record; /* of readings; NULL for the others */
};

enum wq_uplink_happening {
	WQ_UPLINK_ACKNOWLEDGED, /* the message of this token has arrived */
	WQ_UPLINK_COMMITTED,    /* the receiver has stored what is named */
};

struct wq_uplink_event {
	enum wq_uplink_happening what;
	enum wq_lane lane;
	uint64_t token;
	/* COMMITTED: */
	uint64_t incarnation, sequence;
	wq_ms at;     /* WQ_NO_TIME: all times of the sequence */
	bool through; /* and everything of the station before it */
	char station[WQ_NAME_TEXT]; /* "": of all */
};

/* What a transport is told of its surroundings. */
struct wq_uplink_site {
	const char *name; /* of the uplink */
	const struct wq_zone *zone;
	size_t window;    /* messages of one lane under way at most */
	/* As in wq_channel.open. */
	int (*secret)(void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err);
	/* What the history holds of a station in [from, to), oldest first, at most `room` records; how many, or < 0. From the
	 * transport's own calls only. */
	int (*history)(void *owner, const char *station, wq_ms from, wq_ms to, struct backlog_record *records, size_t room,
		struct wq_err *err);
	void *owner;
	wq_ms (*wall)(void); /* our clock */
	wq_ms (*steady)(void); /* never set, never backwards */
};

struct wq_uplink {
	const char *name; /* what `kind` says in the section */
	const struct wq_option *options;
	size_t settings_size;
	size_t state_size; /* the uplink allocates it zeroed */
	bool notes;        /* it has a form for changes and days */

	int (*check)(const void *settings, struct wq_err *err); /* may be NULL */
	/* Whether it can speak for this station; may be NULL. */
	int (*station)(const void *settings, const char *station, struct wq_err *err);

	int (*open)(void *state, const void *settings, const struct wq_uplink_site *site, struct wq_err *err);
	void (*close)(void *state);

	/* Connects; may take as long as its own time limits, at most some 15 s, and a name server's beside. */
	int (*connect)(void *state, struct wq_err *err);

	/* Hands a message to the connection. WQ_E_FULL: not now, listen() first; anything else: the connection is lost. */
	int (*send)(void *state, const struct wq_uplink_message *message, uint64_t token, struct wq_err *err);

	/* Waits for at most `patience` ms, less when something happens or wake() is called; fills events in. Returns how
	 * many, or < 0: the connection is lost. */
	int (*listen)(void *state, wq_ms patience, struct wq_uplink_event *events, size_t room, struct wq_err *err);

	/* From any thread: listen() shall return soon. */
	void (*wake)(void *state);

	void (*disconnect)(void *state);
};

/* NULL-terminated: daemon/uplink/registry.c. */
extern const struct wq_uplink *const wq_uplinks[];

#endif
