/* SPDX-License-Identifier: Apache-2.0 */
/* What a day brought, read from the history beside the daemon that writes it. */
#ifndef WQ_STORE_FIGURES_H
#define WQ_STORE_FIGURES_H

#include "wq/channel.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define FIGURES_CHANNELS 16
/* Attempts of delivery that are looked over, the newest. */
#define FIGURES_ATTEMPTS 200000

struct figures_channel {
	char name[WQ_NAME_TEXT];
	int64_t sent, failed; /* attempts */
};

struct figures {
	int64_t readings;        /* with a value, by their stamps */
	int64_t valid, expected; /* of the day's items that are closed and whose stations have a cycle */
	int64_t taken, received; /* of those without one, nobody knows how many there should be: of the values that came the valid
	                            ones, and all */
	int64_t opened;          /* alarms of the day's numbers */
	size_t channel_count;
	struct figures_channel channels[FIGURES_CHANNELS];
	uint64_t bytes;          /* of the file and its log */
	uint64_t disk_free, disk_size; /* of its file system, as root is not: what we may use */
};

/* Reads the figures of a natural day of the site. delivered[site->station_count] tells which stations brought a value. May
 * take seconds: not on main. Errors as of reader_open(). */
int figures_read(const char *path, const struct wq_site *site, wq_day day, bool *delivered, struct figures *figures,
        struct wq_err *err);

#endif
