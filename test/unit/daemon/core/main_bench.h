/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds main's conclusions, as the test wants it: engine, router, deliverer and watch over
 * ourselves, linked before the real ones. The engine stores every sample and, when told to, makes a
 * change of an alarm of a batch or tick. */
#ifndef MAIN_BENCH_H
#define MAIN_BENCH_H

#include "daemon.h"
#include "fake_writer.h"

#define BENCH_LOG        20000
#define MAIN_BENCH_SHARE 64 /* of a contact, in the deliverer */

struct main_bench {
	struct daemon daemon;
	struct config config;
	struct config_contact contacts[2]; /* "a" and "b" */
	struct config_channel channel;     /* "hook", of "a" */
	/* the engine */
	wq_ms costs;                /* how long it takes for a batch */
	size_t failures;            /* it has no memory so many times more */
	bool changes;               /* each batch opens an alarm, numbered as the batch */
	bool tick_changes;          /* the next tick does */
	uint64_t judged[BENCH_LOG]; /* numbers of batches, as they came */
	size_t judged_count, days;
	uint64_t upto; /* of the newest answer for a day */
	size_t steps; /* of the clock, as told */
	wq_ms stepped_by;
	bool holds;  /* every notice is held back */
	bool digest; /* one is due */
	int64_t held_back;
	size_t shifts; /* lesser ones */
	wq_ms shifted_by;
	bool doubted;
	/* the router */
	const char *contact; /* whom it tells: "a" if nothing else is said */
	uint32_t number;     /* of the change: 2 likewise */
	enum wq_change_kind kind;
	enum wq_level level;
	/* the deliverer */
	size_t room, held;
	const char *dead; /* there is no room for this contact */
	struct {
		int64_t alarm;
		bool unstored;
	} told[BENCH_LOG];
	size_t told_count;
};

/* One at a time. */
struct main_bench *main_bench_open(size_t ring);
void main_bench_close(struct main_bench *bench);

/* A batch of a source with so many samples. */
void main_bench_put(struct main_bench *bench, size_t samples);

/* As the main loop does: until nothing rings. */
void main_bench_run(struct main_bench *bench);

/* The oldest group is committed, and main hears of it. */
void main_bench_land(struct main_bench *bench);

#endif
