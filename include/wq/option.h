/* SPDX-License-Identifier: Apache-2.0 */
/* One key of the configuration as data. A driver, a rule, a channel describes its keys as
 * rows; daemon/config/ reads the text, checks it against the rows and fills a settings
 * struct through the offsets. */
#ifndef WQ_OPTION_H
#define WQ_OPTION_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

/* The field at `offset` has the C type in brackets. Absent and without a fallback, it gets
 * the value after "absent". */
enum wq_option_type {
	WQ_OPT_TEXT,    /* [const char *] absent: NULL. UTF-8, no control characters */
	WQ_OPT_NUMBER,  /* [double] absent: NaN. A decimal number; never NaN or infinite when given */
	WQ_OPT_INTEGER, /* [int64_t] absent: INT64_MIN */
	WQ_OPT_SPAN,    /* [wq_ms] absent: WQ_NO_TIME. Text with a unit: "30s" "4h" "3d" */
	WQ_OPT_CHOICE,  /* [int] absent: -1. One of the names in `choices` */
	WQ_OPT_SWITCH,  /* [bool] absent: false. true / false */
	WQ_OPT_LIST,    /* [struct wq_list] absent: count 0. { "a", "b" } */
	WQ_OPT_SECRET,  /* [const char *] absent: NULL. "credential:NAME"; the reference, not the secret */
};

struct wq_list {
	size_t count;
	const char *const *items;
};

struct wq_choice {
	const char *name;
	int value;
};

struct wq_option {
	const char *key; /* NULL ends the table */
	enum wq_option_type type;
	bool required;
	double min, max;      /* NUMBER, INTEGER: the value; SPAN: milliseconds; TEXT: bytes; LIST: items.
	                         Both 0: no bound (LIST and TEXT: the parser's own bounds hold) */
	const char *fallback; /* as it would be written in the file, without quotes; NULL: see the types */
	const char *unit;     /* of a NUMBER, for the documentation and the errors; may be NULL */
	const struct wq_choice *choices; /* CHOICE: ends with a NULL name */
	size_t offset;
	const char *help; /* one line */
};

#define WQ_OPTION_END { .key = NULL }

#endif
