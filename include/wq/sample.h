/* SPDX-License-Identifier: Apache-2.0 */
/* One measured value, and the batch of one poll or message. */
#ifndef WQ_SAMPLE_H
#define WQ_SAMPLE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What validation says of a sample. */
enum wq_quality {
	WQ_GOOD,
	WQ_SUSPECT,
	WQ_BAD,       /* not to be judged: out of range, NaN, flagged by the station */
	WQ_MISSING,   /* the source said that it has no value; value is NaN */
	WQ_UNCHECKED, /* as it came from the driver */
	WQ_MAINTENANCE, /* measured while the place was under maintenance or calibration: kept and shown, never judged, in no
	                   mean and no trend */
};
#define WQ_QUALITIES 6

/* "good" "suspect" "bad" "missing" "unchecked" "maintenance" */
const char *wq_quality_name(enum wq_quality quality);

/* Whose clock `at` was read from. */
enum wq_stamp {
	WQ_STAMP_ARRIVAL,  /* the source gives no time: the daemon stamps the arrival */
	WQ_STAMP_STATION,  /* the station's message or data logger */
	WQ_STAMP_ANALYSER, /* the analyser's own time of measurement: identifies the analysis */
};

/* Longest flag of a station ("N", "D", "hd" …), NUL included. */
#define WQ_FLAG_TEXT 8

struct wq_sample {
	uint32_t series; /* index into wq_site.series */
	uint8_t quality; /* enum wq_quality; a driver sets UNCHECKED, BAD or MISSING */
	uint8_t stamp;   /* enum wq_stamp */
	wq_ms at;        /* WQ_NO_TIME with WQ_STAMP_ARRIVAL: the receiver fills it in */
	double value;    /* canonical unit of the parameter; see wq/decimal.h; NaN when missing */
	char flag[WQ_FLAG_TEXT]; /* the station's own flag as it came, "" for none */
};

struct wq_check;

/* Longest name of a person and of a file that are kept with what came from a file, NUL included. */
#define WQ_IMPORT_WHO  64
#define WQ_IMPORT_FILE 128

/* Where readings that came from a file are from. */
struct wq_import {
	bool manual; /* measured by people (a laboratory, 人工复测): stored beside the readings of analysers, never judged as one */
	wq_ms began; /* our clock, when the file was begun: with who and file it names the import */
	char who[WQ_IMPORT_WHO];
	char file[WQ_IMPORT_FILE];
};

/* The samples of one poll or one message. Judged and committed whole, never split. */
struct wq_batch {
	uint32_t source; /* index into wq_site.sources */
	bool trusted;    /* whether our clock was trusted at arrival */
	wq_ms received;  /* arrival, our clock */
	uint64_t sequence; /* given by the inbox: ascending, unique within an incarnation */
	size_t count;
	const struct wq_sample *samples;
	size_t check_count; /* checks of analysers that came with it: stored beside, judged by no rule */
	const struct wq_check *checks;
	const struct wq_import *import; /* NULL: not from a file */
};

#endif
