/* SPDX-License-Identifier: Apache-2.0 */
/* What source.c (sink and state of a bus) and source_work.c (when it is polled, and on which thread) share. */
#ifndef WQ_SOURCE_PARTS_H
#define WQ_SOURCE_PARTS_H

#include "log.h"
#include "schedule.h"
#include "source.h"
#include "standing.h"

#include <pthread.h>
#include <stdatomic.h>

/* A bus has at most this many devices (Modbus knows 247). */
#define UNITS_MAX 256

struct polled_unit {
	struct source_unit shown; /* under lock */
	wq_ms down_since;         /* our clock; WQ_NO_TIME: it serves */
	char down_why[SOURCE_WHY_TEXT]; /* as the outage that goes on was told */
	char complaint[SOURCE_WHY_TEXT]; /* worker only */
};

struct source {
	const struct config_bus *bus;
	const struct wq_driver *driver;
	struct inbox *inbox;
	struct receipts *receipts;
	struct source_events events;
	wq_ms receipt_timeout;
	struct wq_sink sink;
	void *state;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping; /* under lock */
	bool started;  /* the thread runs, or the push driver was started */
	pthread_t thread; /* of a driver that blocks */
	struct pool *pool; /* that serves it; NULL: a thread of its own, or pushed */
	size_t member;     /* of the pool */
	bool held;         /* its connection is kept between polls */
	bool polling;      /* a poll is under way, of device `current` since `began`; pool's thread only */
	size_t current;
	wq_ms began;
	struct {
		enum { COMMAND_NONE, COMMAND_ASKED, COMMAND_BEGUN } state; /* under lock */
		size_t which;
		wq_ms until; /* boot clock */
	} command;
	size_t unit_count;
	struct polled_unit *units;
	struct schedule schedule; /* boot clock; worker only */
	struct standing standing; /* under lock; boot clock */
	struct source_counts counts;     /* under lock */
	struct log_gate refusal_gates[WQ_REFUSALS], shed_gate, complaint_gate; /* under lock */
	atomic_uint_fast64_t progress;
};

/* A poll ended: r as of the driver. Called by the worker. */
void source_polled(struct source *source, size_t unit, int r, const char *why, wq_ms began);

/* The command that is asked for or under way has come to an end. */
void source_commanded(struct source *source, enum wq_commanded became, const char *why);

/* Begins the work of a polled bus: in the pool where there is one and the driver can, on a thread of its own otherwise. */
int source_work(struct source *source, struct pool *pool, struct wq_err *err);

#endif
