/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a listener and of a point behind it. */
#ifndef HJ212_KEYS_H
#define HJ212_KEYS_H

#include "wq/option.h"

#include <stdbool.h>

/* Which checksum the frames of a station must bear, beside the enum wq_hj212_checksum of a certain one. */
enum hj212_accepts {
	HJ212_OFF = -1, /* none: they are taken whatever it is */
	HJ212_ANY = 0,  /* one of the three */
};

/* Which frames are acknowledged. */
enum hj212_acknowledge {
	HJ212_WHEN_ASKED, /* those that ask for it (Flag, bit A) */
	HJ212_ALWAYS,     /* those without a Flag too */
	HJ212_NEVER,
};

struct hj212_bus_settings {
	const char *listen;     /* "address:port"; NULL: we connect */
	struct wq_list connect; /* "address:port" of stations that listen */
	int profile;            /* enum wq_hj212_profile */
	struct wq_list stations, profiles, passwords, checksums; /* "MN=…" */
	int checksum; /* enum hj212_accepts */
	const char *password;   /* NULL: any */
	const char *key_file;   /* lines "MN KEY"; NULL: nothing is encrypted */
	struct wq_list none;    /* values that stand for "none" */
	struct wq_list allow;   /* addresses or networks; empty: any */
	int64_t max_connections, max_per_address;
	wq_ms idle, frame_timeout;
	int acknowledge;        /* enum hj212_acknowledge */
	wq_ms calibrate;        /* 0: off */
	int time_command;       /* 1012 or 1015 */
	wq_ms backfill;         /* 0: off */
};

struct hj212_point_settings {
	const char *code;   /* NULL: the parameter's HJ 525 code */
	const char *suffix; /* NULL: Rtd of 2011, Avg of the others */
	struct wq_list cn;  /* empty: 2061 of a surface-water station, 2011 of others */
};

#endif
