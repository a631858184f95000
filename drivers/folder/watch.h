/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that watches a folder: told by the kernel (inotify), and looking for itself now and then. */
#ifndef FOLDER_WATCH_H
#define FOLDER_WATCH_H

#include "wq/driver.h"

#include <stdint.h>

struct wq_err;
struct folder_watch;

/* NULL with *err: no memory, no descriptors. Touches no folder. */
struct folder_watch *folder_watch_open(const struct wq_bus *bus, struct wq_err *err);
void folder_watch_close(struct folder_watch *watch); /* after stop, or never started; NULL is fine */

int folder_watch_start(struct folder_watch *watch, const struct wq_sink *sink, struct wq_err *err);
void folder_watch_stop(struct folder_watch *watch);
uint64_t folder_watch_progress(const struct folder_watch *watch);

#endif
