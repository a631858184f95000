/* SPDX-License-Identifier: Apache-2.0 */
/* What an uplink still has to forward, read beside the writer: over a read-only connection of its own, in short read
 * transactions, so that neither a commit nor the log waits for it. One thread. What is given lives until take() returns. */
#ifndef WQ_STORE_BACKLOG_H
#define WQ_STORE_BACKLOG_H

#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/day.h"
#include "wq/instant.h"
#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct backlog;

int backlog_open(const char *path, struct backlog **backlog, struct wq_err *err);
void backlog_close(struct backlog *backlog); /* NULL is fine */

struct backlog_state {
	uint64_t incarnation;  /* of the file */
	uint64_t last;         /* highest batch committed */
	int64_t last_note;     /* newest note, 0: none ever */
	uint64_t sequence;     /* where this uplink stands: acknowledged up to here */
	int64_t note;
	wq_ms acknowledged;    /* when, our clock; WQ_NO_TIME: never */
};

/* Where the uplink of this name stands. WQ_E_STATE: the file was replaced, it has to be opened anew; WQ_E_MISSING: it knows no
 * such uplink. */
int backlog_state(struct backlog *backlog, const char *name, struct backlog_state *state, struct wq_err *err);

/* A place in the order of forwarding. What is committed later never lies before what is there. */
struct backlog_place {
	uint64_t sequence;
	int64_t station; /* key in the file */
	wq_ms at;
};

struct backlog_reading {
	char code[WQ_NAME_TEXT], alias[WQ_NAME_TEXT], unit[24], source[WQ_NAME_TEXT];
	double value; /* NaN: none */
	enum wq_quality quality;
	enum wq_stamp stamp;
	uint32_t revision;
	bool late;
	char flag[WQ_FLAG_TEXT];
};

/* As many parameters as a station may have. */
#define BACKLOG_READINGS WQ_DAY_ITEMS

/* What one batch says of one station and time. A revision that another of the same batch replaced is left out. */
struct backlog_record {
	struct backlog_place place;
	bool last; /* no more of this batch follows */
	char station[WQ_NAME_TEXT], station_name[96];
	wq_ms received;
	bool trusted;
	size_t count; /* 0: the readings are no longer in the history */
	struct backlog_reading readings[BACKLOG_READINGS];
};

/* Gives what comes after *after, in order, at most `most`; take() returns false to stop before that record. Returns how many
 * were taken; *after is the place of the last. */
int backlog_records(struct backlog *backlog, struct backlog_place *after, size_t most,
	bool (*take)(void *owner, const struct backlog_record *record), void *owner, struct wq_err *err);

/* What the history holds of a station in [from, to), in its newest revisions, a record a time, oldest first: at most `room`
 * records, each whole. Returns how many. */
int backlog_history(struct backlog *backlog, const char *station, wq_ms from, wq_ms to, struct backlog_record *records, size_t room,
	struct wq_err *err);

struct backlog_item {
	char code[WQ_NAME_TEXT], alias[WQ_NAME_TEXT]; /* of the station as a whole: "" */
	double mean, exceedance;
	int32_t valid, expected;
	int class_;
	enum wq_day_verdict verdict;
};

enum backlog_kind { BACKLOG_CHANGE, BACKLOG_DAY };

struct backlog_note {
	int64_t seq;
	enum backlog_kind kind;
	uint64_t sequence; /* readings up to this batch came before it */
	char station[WQ_NAME_TEXT], station_name[96]; /* "": of the site */
	bool gone; /* no longer in the history */
	/* a change */
	int64_t alarm;
	uint32_t number;
	enum wq_change_kind change;
	enum wq_level level;
	enum wq_hush hush;
	wq_ms time, decided;
	double value, limit;
	const char *rule, *parameter, *who, *text, *note, *cause, *action, *evidence;
	/* a day, in its newest revision */
	wq_day day;
	uint32_t revision;
	size_t count;
	struct backlog_item items[WQ_DAY_ITEMS];
};

/* The same for notes after *after. */
int backlog_notes(struct backlog *backlog, int64_t *after, size_t most,
	bool (*take)(void *owner, const struct backlog_note *note), void *owner, struct wq_err *err);

#endif
