/* SPDX-License-Identifier: Apache-2.0 */
/* The history: one SQLite file, one connection that writes. Only this folder knows SQL.
 *
 * A store belongs to one thread at a time: main opens it and restores the engine from it, then the writer
 * thread owns it until writer_stop(). */
#ifndef WQ_STORE_H
#define WQ_STORE_H

#include "wq/channel.h"
#include "wq/check.h"
#include "wq/driver.h"
#include "wq/engine.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct store;

/* The result of one delivery attempt, to be recorded. */
struct store_delivery {
	char id[WQ_NOTICE_ID];
	char channel[WQ_NAME_TEXT];
	enum wq_result_kind kind;
	wq_ms at;
	uint32_t attempt;
	bool done;      /* no further attempt: delivered, or given up */
	bool history;   /* it was told afterwards (wq_notice.history) */
	uint32_t owed;  /* with done: bit by place in the contact's channels, those to be told afterwards */
	char contact[WQ_NAME_TEXT];
	char text[192];
};

/* A channel is to be told afterwards of a notice that others delivered, or nobody. */
struct store_owe {
	char id[WQ_NOTICE_ID];
	char channel[WQ_NAME_TEXT];
	wq_ms at;
};

/* What is owed for longer is forgotten. */
#define STORE_OWED WQ_DAYS(7)

/* A stretch in which a source did not serve: one row, not a NULL a poll. */
struct store_outage {
	uint32_t source;
	char unit[32];  /* device behind the bus, "" for the bus itself */
	wq_ms from;
	wq_ms to;       /* WQ_NO_TIME: still out */
	char reason[160];
};

/* All notices that are so held back for a contact, up to the `upto`-th, are told by this notice. */
struct store_fold {
	char contact[WQ_NAME_TEXT];
	char digest[WQ_NOTICE_ID];
	enum wq_hold hold;
	int64_t upto; /* wq_notice.held */
};

/* Since when an open alarm waits, after our clock was set: as of its `number`-th change. */
struct store_wait {
	int64_t alarm;
	uint32_t number;
	wq_ms since;
};

/* Both clocks at one instant: what a later life tells a step by. */
struct store_clock {
	wq_ms wall, boot; /* boot 0: not known */
	char machine[40]; /* one name from start to end of the machine; "": not known */
	bool trusted;     /* the wall clock was synchronised */
};

/* When something that happens by the clock was done last: "heartbeat", "handover:water". */
struct store_mark {
	char name[2 * WQ_NAME_TEXT];
	wq_ms at;
};

/* How far the peer of an uplink has acknowledged. */
struct store_uplink {
	char name[WQ_NAME_TEXT];
	uint64_t incarnation; /* the file that it speaks of; of another one it is passed over */
	uint64_t sequence;    /* all readings up to this batch */
	int64_t note;         /* all notes (changes of alarms, days) up to this */
	wq_ms at;             /* our clock */
};

/* What became of a command that a person asked for. */
enum store_commanded {
	STORE_UNDER_WAY, /* recorded, and perhaps sent */
	STORE_DONE,      /* the device confirmed it */
	STORE_REFUSED,   /* the device said no */
	STORE_NOT_SENT,
	STORE_UNKNOWN,   /* sent, and not confirmed */
	STORE_DENIED,    /* we said no */
};

/* A command to a device, as it was asked for and what became of it: a row by `id`, written before it is sent and once more when
 * its outcome is known. */
struct store_command {
	int64_t id;      /* drawn at random, > 0 */
	wq_ms at, ended; /* our clock; ended: WQ_NO_TIME while it is under way */
	char who[WQ_PERSON_TEXT];
	char bus[WQ_NAME_TEXT], name[WQ_NAME_TEXT]; /* as asked for, cut */
	uint32_t unit, function, address;           /* function 0: no such command is known */
	size_t count;
	uint16_t values[WQ_COMMAND_VALUES];
	enum store_commanded outcome;
	char text[192]; /* why */
};

#define STORE_FILE_TEXT 128

/* A value that people measured, in a laboratory or beside the river (人工复测). It stands beside what the analyser says and
 * never in its place: see docs/import.md. */
struct store_manual {
	uint32_t series, source;
	wq_ms at, received;
	uint64_t sequence; /* of its batch */
	double value;
	char flag[WQ_FLAG_TEXT];
	char who[WQ_PERSON_TEXT];
	char file[STORE_FILE_TEXT];
	uint8_t became; /* enum wq_record, set by the commit */
};

/* Readings that came from a file: whose, and by which numbers of batches they are found again. */
struct store_import {
	wq_ms began; /* with who and file: which import it is */
	wq_ms received;
	uint32_t source;
	bool manual;
	uint64_t first, last; /* batches */
	size_t readings;
	char who[WQ_PERSON_TEXT];
	char file[STORE_FILE_TEXT];
};

/* What is committed together: immutable once handed to the writer, but for `became`. */
struct commit_group {
	struct wq_outcome outcome;
	struct store_manual *manuals;
	size_t manual_count, manual_room;
	struct store_import *imports;
	size_t import_count, import_room;
	struct wq_notice *notices;
	size_t notice_count, notice_room;
	struct store_fold *folds; /* after the notices */
	size_t fold_count, fold_room;
	struct store_mark *marks;
	size_t mark_count, mark_room;
	struct store_owe *owes;
	size_t owe_count, owe_room;
	struct store_wait *waits; /* after the changes */
	size_t wait_count, wait_room;
	struct store_clock clock;
	struct store_delivery *deliveries;
	size_t delivery_count, delivery_room;
	struct store_outage *outages;
	size_t outage_count, outage_room;
	struct wq_check *checks;
	size_t check_count, check_room;
	struct store_uplink *uplinks;
	size_t uplink_count, uplink_room;
	struct store_command *commands;
	size_t command_count, command_room;
	uint64_t last_sequence; /* highest batch sequence in it; receipts up to here are due after the commit */
	size_t batch_count;
	wq_ms first_received;   /* arrival of its oldest batch (CLOCK_BOOTTIME ms), for the latency figures */
};

void commit_group_reset(struct commit_group *group);
void commit_group_free(struct commit_group *group);

/* Samples of days asked for by wq_need, read after the commit. */
struct store_answer {
	uint32_t station;
	wq_day day;
	size_t count;
	struct wq_sample *samples; /* one malloc; freed by whoever takes the answer */
};

/* Opens or creates the file (WAL, synchronous=FULL), migrates it forward, checks it, and makes rows for every
 * station, parameter, series, source and rule of the site (matched by id, so that indices may move between
 * configurations). WQ_E_INVALID: not ours, or newer than this program; WQ_E_STATE: another process writes to it;
 * WQ_E_PROTOCOL: is damaged or no database at all (store_quarantine() sets it aside); WQ_E_IO: cannot be opened. The site
 * outlives the store or is replaced by store_use_site().
 *
 * Small files (up to 32 MiB) are checked each time (PRAGMA quick_check), larger ones up to 512 MiB when they were not
 * closed cleanly. The file <path>.lock is held locked as long as the store is open, and stays behind. */
int store_open(const char *path, const struct wq_site *site, struct store **store, struct wq_err *err);
void store_close(struct store *store); /* NULL is fine */

/* Renames a damaged file and its -wal and -shm to <path>.damaged-<stamp>…, so that a new one can be begun. No store
 * may have it open. WQ_E_STATE: that name is taken. */
int store_quarantine(const char *path, const char *stamp, struct wq_err *err);

/* Feeds stored samples (`received` is the newest arrival: a repeat counts), days and open alarms to a fresh engine; what lies
 * after `latest` (a clock that was ahead left it behind) stays in the file, INT64_MAX: our own clock is not to be trusted.
 * Alarms whose rule or place the site no longer has stay as they are in the file: store_orphans() counts them. */
int store_restore(struct store *store, const struct wq_site *site, struct wq_engine *engine, wq_ms now, wq_ms latest,
	struct wq_err *err);

size_t store_orphans(const struct store *store);

/* Calls `take` for every undelivered notice of the contacts for which `wanted` says so, oldest first; stops early
 * when it returns false. Before them, marked `urgent`, for those that are urgent (notify/urgent.h) and those of their alarms that
 * must leave before them: these come twice. wanted NULL: all, each once. A notice comes with the channel that it was tried on last, and since when. */
int store_outbox(struct store *store, bool (*wanted)(void *owner, const char *contact, bool urgent),
	bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts),
	void *owner, struct wq_err *err);

/* Likewise for what is held back, in the order in which it was. */
int store_held(struct store *store, bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts),
	void *owner, struct wq_err *err);

/* One that was held back is to leave. May be called from `take` of store_held(). */
int store_release(struct store *store, const char *id, struct wq_err *err);

/* Calls `take` for the first `most` notices that a channel is to be told of afterwards, in the order in which they were made, with
 * `history` and the channel. */
int store_owed(struct store *store, const char *channel, int64_t most,
	bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner, struct wq_err *err);

/* Both clocks as of the last commit. */
int store_last_clock(struct store *store, struct store_clock *clock, struct wq_err *err);

/* Calls `take` for every mark. */
int store_marks(struct store *store, void (*take)(void *owner, const struct store_mark *mark), void *owner, struct wq_err *err);

/* Calls `take` for who acknowledged each open alarm last. */
int store_acknowledged(struct store *store, void (*take)(void *owner, int64_t alarm, const char *who), void *owner,
	struct wq_err *err);

/* Calls `take` for the newest drills (WQ_TOPIC_DRILL), oldest first: id, contact, channel, time and data of the notice, the kind of the last
 * attempt (-1: none was made) and its text; done: it was sent or given up. Looks over STORE_DRILLS notices. */
#define STORE_DRILLS 5000
int store_drills(struct store *store,
	void (*take)(void *owner, const struct wq_notice *notice, int kind, bool done, const char *text), void *owner,
	struct wq_err *err);

/* Identity of this database file's life, and the highest batch sequence in it. */
uint64_t store_incarnation(const struct store *store);
uint64_t store_last_sequence(const struct store *store);

/* Commits a group in one transaction: all of it or nothing. What is known is not lost by being told again: a notice whose
 * id is known gets the new channel, address, text and expiry; an outage its new end; a day or change of a known number the next
 * number. A REPEAT of something unknown is stored as new. Answers to its needs are appended to *answers
 * (malloc'd array, *answer_count) after the commit. WQ_E_IO, WQ_E_FULL (disk): nothing was committed, may be retried
 * after store_reopen(). */
int store_commit(struct store *store, const struct commit_group *group, struct store_answer **answers,
	size_t *answer_count, struct wq_err *err);

/* Closes and opens the file anew: after a failed sync the old connection is not to be trusted. Mends what can be mended:
 * a file that was removed while it was open is written back to its place from what is still open; one that another took
 * the place of is saved beside it as <path>.replaced-<stamp>, and the one that is there is gone on with; a damaged one is
 * set aside as by store_quarantine() and a new one begun. 0; 1: something was mended, *err says what; or as
 * store_open(). */
int store_reopen(struct store *store, struct wq_err *err);

/* After a reload: rows for the new site's stations, series, …; maps its indices from now on. Writer thread. */
int store_use_site(struct store *store, const struct wq_site *site, struct wq_err *err);

/* From now on what is committed is kept for these uplinks until each has forwarded it; one that is new begins with what
 * comes, one that is not named loses its place (*gone: how many did). The names outlive the store. Writer thread, or
 * before it. */
int store_use_uplinks(struct store *store, const char *const *names, size_t count, size_t *gone, struct wq_err *err);

/* One bounded step of housekeeping between commits: copies the log into the file, moves readings of closed days to
 * where a series lies together, refreshes the planner's figures. `uptime` is CLOCK_BOOTTIME in ms. 1: there is more to do;
 * 0; or a failure as of store_commit(). */
int store_tidy(struct store *store, wq_ms uptime, struct wq_err *err);

/* True when the log is so long that tidying should not wait for a quiet moment. */
bool store_untidy(const struct store *store);

/* Bytes of log (-wal) that are in use. A reader that never ends its transaction lets it grow. */
size_t store_log_bytes(const struct store *store);

#endif
