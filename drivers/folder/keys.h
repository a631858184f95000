/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a folder. */
#ifndef FOLDER_KEYS_H
#define FOLDER_KEYS_H

#include "wq/option.h"

#include <stdbool.h>
#include <stdint.h>

struct folder_settings {
	const char *path;
	const char *pattern; /* fnmatch(3) */
	const char *station; /* of files without a column for it; NULL: none */
	struct wq_list map;  /* "HEADING=PARAMETER" */
	struct wq_list units; /* "PARAMETER=UNIT" */
	wq_ms rescan, settle;
	int64_t largest; /* MiB */
	int kind;   /* 1: manual */
	int format; /* enum wq_table_form */
	int done;   /* 1: files are kept where they are */
	int below;  /* 1: half */
};

#endif
