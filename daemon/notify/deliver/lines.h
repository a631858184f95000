/* SPDX-License-Identifier: Apache-2.0 */
/* What carries attempts out: a line a channel with at most one attempt under way, HTTP over libcurl, anything else on a
 * thread of its own, so that none waits for another. Knows nothing of notices that wait. All calls from one thread, but
 * lines_wake() from any. */
#ifndef WQ_LINES_H
#define WQ_LINES_H

#include "config/config.h"
#include "deliverer.h"
#include "outbox.h"

#include "wq/channel.h"

#include <stdbool.h>
#include <stdint.h>

struct lines;

/* Opens every channel (reads its secret). One that cannot be opened is no error: lines_refusal(). config outlives the
 * lines. NULL: no memory, no thread. */
struct lines *lines_open(const struct config *config, const struct deliverer_clock *clock);

/* Drops what is under way and frees everything. False: a channel's send() hangs; then all keeps its memory. NULL is
 * fine. */
bool lines_close(struct lines *lines);

/* Why a channel could not be opened; NULL: it is open. */
const char *lines_refusal(const struct lines *lines, uint32_t channel);

/* Begins an attempt; the notice in it stays valid until it has ended. False: it is over, *result says how. */
bool lines_begin(struct lines *lines, const struct outbox_attempt *attempt, struct wq_result *result);

/* Takes one attempt that has ended, or was given up because it lasted too long. False: there is none now. */
bool lines_ended(struct lines *lines, struct outbox_attempt *attempt, struct wq_result *result);

bool lines_busy(const struct lines *lines);

/* Waits until something happens on a line, lines_wake(), or for at most `longest` ms. */
void lines_wait(struct lines *lines, wq_ms longest);
void lines_wake(struct lines *lines);

#endif
