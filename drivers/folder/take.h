/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a folder: read, given to the sink, reported and put away. */
#ifndef FOLDER_TAKE_H
#define FOLDER_TAKE_H

#include "keys.h"
#include "wq/driver.h"
#include "wq/table.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

struct wq_err;

/* The folders, open, and who hears of what is in them. */
struct folder_place {
	const struct wq_bus *bus;
	const struct folder_settings *settings;
	const struct wq_sink *sink;
	int here, done, refused; /* descriptors of directories */
	int stop;                /* becomes readable when it is time to go */
	atomic_uint_fast64_t *progress;
};

enum folder_result {
	FOLDER_TAKEN,   /* it, or that it was refused, is reported; it is put away */
	FOLDER_GONE,    /* it is not there any more */
	FOLDER_GROWS,   /* it changed while it was read: it stays where it is, and what was read of it is stored */
	FOLDER_STOPPED, /* stopping: it will be taken in the next life */
	FOLDER_STUCK,   /* it cannot be read or put away, *err says why; it stays where it is */
};

enum folder_result folder_take(const struct folder_place *place, const char *name, struct wq_err *err);

/* Of a folder whose files are kept: whether the file as it is now was reported already. */
bool folder_reported(const struct folder_place *place, const char *name, const struct stat *about);

#endif
