/* SPDX-License-Identifier: Apache-2.0 */
/* Values of files on their way to the store: stations and parameters are looked up, values go through the inbox as those
 * of any source, and whoever gave them waits until they are committed and hears what became of them. One piece of one file
 * at a time; thread-safe. */
#ifndef WQ_IMPORTER_H
#define WQ_IMPORTER_H

#include "ctl/server.h"
#include "inbox.h"
#include "receipts.h"
#include "store/store.h"
#include "wq/driver.h"

struct importer;

/* How long a piece may take. */
#define IMPORTER_PATIENCE 4500

/* `last`: the highest number of a batch so far. Everything outlives the importer. NULL: no memory. */
struct importer *importer_new(const struct wq_site *site, struct inbox *inbox, struct receipts *receipts, uint64_t last);
void importer_free(struct importer *importer); /* NULL is fine */

/* Whether it can be when something was measured or a file was begun, whatever our clock says. */
bool importer_time_is_one(wq_ms at);

/* As wq_sink.import (wq/driver.h). `source` as in wq_batch. */
int importer_take(struct importer *importer, uint32_t source, const struct wq_import *origin, const struct wq_named *values,
	size_t count, void (*refused)(void *to, size_t index, const char *why), void *to, struct wq_fate *fate);

/* A group is committed; before its receipts are. Writer thread; NULL is fine. */
void importer_committed(struct importer *importer, const struct commit_group *group);

/* api_import.c: POST /v1/import. Server threads. */
bool import_is_meant(const struct ctl_request *request);
int import_serve(struct importer *importer, const struct wq_site *site, const struct ctl_request *request,
	struct ctl_reply *reply);

#endif
