/* SPDX-License-Identifier: Apache-2.0 */
/* Senders that must not be told "taken" before the reading is on disk wait here for their batch's commit. Thread-safe. */
#ifndef WQ_RECEIPTS_H
#define WQ_RECEIPTS_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

struct receipts;

struct receipts *receipts_new(uint64_t committed); /* NULL: no memory */
void receipts_free(struct receipts *receipts);     /* nobody may wait any more */

/* All batches up to this number are committed. */
void receipts_committed(struct receipts *receipts, uint64_t sequence);

/* This batch will not be committed: there was no room for it. Who waits for it is told so. */
void receipts_lost(struct receipts *receipts, uint64_t sequence);

/* The writer is stalled, or no longer: meanwhile nobody waits, for one sender that waits its time out after the other
 * would keep the readings of all from being judged. */
void receipts_stalled(struct receipts *receipts, bool stalled);

/* Lets everybody go at once: what is not committed will not be in this life. */
void receipts_close(struct receipts *receipts);

/* 0: committed; WQ_E_TIMEOUT after `timeout`, or at once while the writer is stalled; WQ_E_FULL: lost; WQ_E_STATE: closed. */
int receipts_wait(struct receipts *receipts, uint64_t sequence, wq_ms timeout);

#endif
