/* SPDX-License-Identifier: Apache-2.0 */
/* What `wqsim hj212` is asked to do. */
#ifndef WQ_HJ212_OPTIONS_H
#define WQ_HJ212_OPTIONS_H

#include "wq/hj212.h"

#define HJ212_STATIONS 256
#define HJ212_FAULTS   16

/* How a vendor's station speaks (see docs/hj212.md). */
struct hj212_dialect {
	const char *name;
	int version; /* of Flag; -1: none, so nothing is acknowledged */
	enum wq_hj212_checksum checksum;
	const char *cn, *suffix, *beat, *beat_st, *line_end;
};

enum hj212_fault_kind { FAULT_DEAD, FAULT_SLOW, FAULT_GARBAGE, FAULT_TRUNCATED, FAULT_BAD_CRC, FAULT_HALF_OPEN, FAULT_REBOOT,
	FAULT_CLOCK };

struct hj212_fault {
	wq_ms at; /* since the start */
	enum hj212_fault_kind kind;
	wq_ms span; /* how long, or by how much the clock jumps */
};

struct hj212_options {
	const char *to, *listen; /* "address:port" of the centre, or where the station listens */
	const char *scenario, *csv, *acked_path, *password, *cn;
	const char *stations[HJ212_STATIONS];
	size_t station_count, fault_count;
	const struct hj212_dialect *dialect;
	struct hj212_fault faults[HJ212_FAULTS];
	wq_ms step, interval, heartbeat, answer_within;
	long split; /* values in a frame; 0: as many as fit */
	bool hold, no_backfill;
};

/* Sets defaults; ends the program with status 2 when the arguments are wrong. */
void hj212_options_parse(struct hj212_options *options, int argc, char **argv);

#endif
