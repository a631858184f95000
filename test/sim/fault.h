/* SPDX-License-Identifier: Apache-2.0 */
/* Faults to order of a simulated Modbus device: --fault KIND[:KEY=VALUE,…]. Pure: time is an
 * argument. */
#ifndef WQ_SIM_FAULT_H
#define WQ_SIM_FAULT_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

enum fault_kind {
	FAULT_DEAD,           /* never answers */
	FAULT_SLOW,           /* answers after `by` */
	FAULT_LATE,           /* answers after `by` … `to` */
	FAULT_WRONG_UNIT,     /* answers in the name of the next unit id */
	FAULT_BAD_CRC,        /* RTU: the CRC is wrong */
	FAULT_TRUNCATED,      /* half an answer */
	FAULT_GARBAGE_BEFORE, /* a few bytes before the answer */
	FAULT_GARBAGE_AFTER,
	FAULT_HALF_OPEN, /* a connection falls silent after `after` requests and stays open */
	FAULT_REBOOT,    /* gone for `for`, each `each`; zeros in all registers for `zeros` then */
	FAULT_CLOCK,     /* its times of measurement are wrong by `by` */
};
#define FAULT_KINDS 11

#define FAULTS 32 /* at most so many */

struct fault {
	enum fault_kind kind;
	int unit;            /* unit id; 0: all */
	unsigned long every; /* one answer in so many */
	unsigned long after; /* requests */
	wq_ms at;            /* since the start: not before */
	wq_ms by, to, gone, each, zeros;
	unsigned long seen; /* answers that it could have spoilt */
};

struct faults {
	size_t count;
	uint64_t random;
	struct fault list[FAULTS];
};

/* Adds one. WQ_E_INVALID with a sentence that names what is wrong. */
int faults_add(struct faults *faults, const char *text, struct wq_err *err);

/* Whether a fault of this kind spoils the answer of the unit that is due now; it counts the answer.
 * NULL: none does. */
const struct fault *faults_strike(
        struct faults *faults, enum fault_kind kind, int unit, wq_ms since_start);

/* How long the answer waits besides: slow and late. */
wq_ms faults_wait(struct faults *faults, int unit, wq_ms since_start);

/* By how much its times of measurement are wrong. */
wq_ms faults_clock(const struct faults *faults, int unit, wq_ms since_start);

/* Whether it is gone at the moment (a reboot), and whether its registers hold zeros. */
bool faults_gone(const struct faults *faults, wq_ms since_start);
bool faults_zeros(const struct faults *faults, wq_ms since_start);

/* When the next reboot begins or ends, WQ_NO_TIME: never. */
wq_ms faults_next(const struct faults *faults, wq_ms since_start);

bool faults_have(const struct faults *faults, enum fault_kind kind);

/* A number below `sides`, the same for the same order of calls. */
unsigned faults_dice(struct faults *faults, unsigned sides);

#endif
