/* SPDX-License-Identifier: Apache-2.0 */
/* What is told by the clock: to who comes on duty what is open, daily that we live, and on schedule through every
 * channel that it works. Decided once a second on main, committed with the
 * mark that it was done; what a mark says is never done twice, over restarts and whatever the clock does. Main only. */
#ifndef WQ_DUTY_H
#define WQ_DUTY_H

#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/instant.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;
struct flight;
struct memo;
struct wq_err;

/* A shift of a roster that a group names. */
struct duty_shift {
	bool named;
	bool watched; /* it was looked at in this life */
	wq_ms mark;   /* when the shift began that was done with last; WQ_NO_TIME: none was */
};

/* Who acknowledged an alarm that is open. */
struct duty_word {
	int64_t alarm;
	char who[WQ_PERSON_TEXT];
};

struct counted;

/* The heartbeats, and the thread that reads what they tell. */
struct pulse {
	wq_ms *marks; /* by heartbeat of the configuration */
	wq_ms asked;  /* boot clock: when the figures were asked for; 0: they are not */
	unsigned turn;
	struct counted *counted; /* what came */
	bool running;            /* a thread is to be joined */
	pthread_t thread;
};

/* One contact by one channel, in the last run of a drill. */
struct drill_try {
	uint32_t drill, contact, channel;
	char id[WQ_NOTICE_ID];
	enum { DRILL_UNDER_WAY, DRILL_PASSED, DRILL_FAILED } state;
	bool told;     /* that it failed */
	char text[96]; /* what the channel said last */
};

struct drills {
	wq_ms *marks; /* by drill of the configuration */
	struct drill_try *tries;
	size_t count, room;
};

struct pinger;

/* The ping to somebody outside. */
struct alive {
	struct pinger *pinger; /* NULL: none is configured */
	wq_ms next;            /* boot clock */
	wq_ms failing;         /* boot clock: since when none is taken; WQ_NO_TIME: the last was */
	wq_ms last;            /* our clock: when one was taken last */
	uint64_t asked, failed, left_out; /* since the start */
	const char *fault;     /* why all is not well; NULL: it is */
	char trouble[192];     /* why the last was not taken */
};

struct duty {
	struct alive alive;
	struct drills drills;
	struct pulse pulse;
	struct duty_shift *shifts; /* by roster of the configuration */
	struct duty_word *words;
	size_t word_count, word_room;
};

/* While the store is main's: reads the marks. duty_close() either way; nothing was opened is fine. */
int duty_open(struct daemon *daemon, struct wq_err *err);
void duty_close(struct daemon *daemon);

/* Once the alerter runs: the ping begins. */
int duty_start(struct daemon *daemon, struct wq_err *err);

/* Before that, while main still takes letters: ends the threads. False: one hangs, and keeps what it uses. */
bool duty_stop(struct daemon *daemon, wq_ms patience);

/* A change was concluded. */
void duty_heard(struct daemon *daemon, const struct wq_change *change);

/* An attempt was made: perhaps of a drill. */
struct store_delivery;
void drill_delivered(struct daemon *daemon, const struct store_delivery *delivery);

/* What the last drills came to, and the pings. */
struct selfwatch_facts;
void drill_facts(const struct daemon *daemon, struct selfwatch_facts *facts);
void drill_told(struct daemon *daemon); /* what failed of them so far */
void alive_facts(const struct daemon *daemon, wq_ms boot, struct selfwatch_facts *facts);

/* Time passes: what is due goes into the flight. */
void duty_tick(struct daemon *daemon, struct flight *flight);

/* -- between the files of this folder -- */

/* handing.c: the shifts. */
void handing_open(struct daemon *daemon);
void handing_tick(struct daemon *daemon, struct flight *flight, wq_ms now);

/* pulse.c: the heartbeats. */
void pulse_open(struct daemon *daemon);
void pulse_tick(struct daemon *daemon, struct flight *flight, wq_ms now);
bool pulse_close(struct daemon *daemon, wq_ms patience);

/* drill.c: the drills. */
int drill_open(struct daemon *daemon, struct wq_err *err);
void drill_tick(struct daemon *daemon, struct flight *flight, wq_ms now);
void drill_close(struct daemon *daemon);

/* alive.c: the ping. What is wrong with us, NULL: nothing (pure). late: by how much the main loop's timer is. */
const char *alive_fault(bool stored, wq_ms late, size_t channels, size_t failing);
int alive_start(struct daemon *daemon, struct wq_err *err);
void alive_tick(struct daemon *daemon);
bool alive_stop(struct daemon *daemon, wq_ms patience);

/* Whether the contact is a member of the group at `now`: listed, or on duty by a roster of it as lead or assist (everybody of one
 * by which nobody is). */
struct config;
bool duty_member(const struct config *config, uint32_t group, uint32_t contact, wq_ms now);

/* Whether the clock is known to be right, or has gone on for so long that it is taken for right. */
#define DUTY_SETTLED WQ_HOURS(1)
bool duty_settled(const struct daemon *daemon);

/* Who acknowledged it, "" when that is not known. */
const char *duty_who(const struct duty *duty, int64_t alarm);

/* Writes a memo for a contact into the flight, once under its id. False: no memory; what is due is to be done later. */
bool duty_tell(struct daemon *daemon, struct flight *flight, uint32_t contact, const struct memo *memo, wq_ms now);

/* The mark of that name as the store has it, or WQ_NO_TIME. Only while duty_open() runs. */
wq_ms duty_mark(const struct daemon *daemon, const char *kind, const char *name);

/* Sets it with the flight. False: no memory. */
bool duty_done(struct flight *flight, const char *kind, const char *name, wq_ms at);

#endif
