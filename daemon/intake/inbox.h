/* SPDX-License-Identifier: Apache-2.0 */
/* Where threads hand things to main: batches of samples in one bounded queue, everything else (commands, finished
 * commits, attempts, outages) as letters in a second one, so that a flood of samples cannot shut out the rest. Both ring
 * one eventfd. All calls are thread-safe; the take calls are main's. */
#ifndef WQ_INBOX_H
#define WQ_INBOX_H

#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct inbox;

/* Bounds of the batch queue. */
#define INBOX_BATCHES 8192
#define INBOX_BYTES   ((size_t)8 * 1024 * 1024)

/* A letter: made and filled by the sender, freed by whoever opens it. */
struct letter {
	struct letter *next;
	void (*open)(void *main_owner, struct letter *letter);
};

/* first_sequence: number of the first batch; they ascend by one. NULL with *err on failure. */
struct inbox *inbox_new(uint64_t first_sequence, struct wq_err *err);
void inbox_free(struct inbox *inbox); /* frees what is still in it; letters are leaked to nobody: they are opened first */

int inbox_fd(const struct inbox *inbox);

/* Copies a batch in and numbers it; *sequence (may be NULL) gets the number. Waits for room for at most `patience`
 * (0: not at all). 0, WQ_E_FULL, WQ_E_MEMORY, WQ_E_STATE (closed). */
int inbox_put(struct inbox *inbox, uint32_t source, wq_ms received, bool trusted, const struct wq_sample *samples,
	size_t count, wq_ms patience, uint64_t *sequence);

/* The same with checks beside the samples; `patience` 0. Both counts may be 0, not at once. */
int inbox_post_batch(struct inbox *inbox, const struct wq_batch *batch, uint64_t *sequence);

/* The same for readings that came from a file; *import is copied. */
int inbox_put_import(struct inbox *inbox, uint32_t source, wq_ms received, bool trusted, const struct wq_import *import,
	const struct wq_sample *samples, size_t count, wq_ms patience, uint64_t *sequence);

/* The oldest batch, or NULL; main frees it with free(). */
struct wq_batch *inbox_take(struct inbox *inbox);

/* Never fails: the letter brings its own memory. */
void inbox_post(struct inbox *inbox, struct letter *letter);
struct letter *inbox_letters(struct inbox *inbox); /* all letters in order, linked by next */

/* Rings the eventfd again (work was left), and silences it. */
void inbox_ring(struct inbox *inbox);
void inbox_silence(struct inbox *inbox);

/* From now on puts are refused with WQ_E_STATE. */
void inbox_close(struct inbox *inbox);

size_t inbox_depth(struct inbox *inbox);
uint64_t inbox_refused(struct inbox *inbox);
uint64_t inbox_accepted(struct inbox *inbox);

#endif
