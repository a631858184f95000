/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded readings, whole in memory and in the order of time. */
#ifndef WQ_CTL_READINGS_H
#define WQ_CTL_READINGS_H

#include "config/config.h"

#include "wq/csv.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define READINGS_COLUMNS 256

struct readings_cell {
	double value;
	uint8_t state; /* enum wq_cell */
};

/* What one station gave at one instant: one batch. */
struct readings_row {
	wq_ms at;
	size_t order;     /* in the file */
	uint32_t station; /* index into ids */
	size_t cells;     /* index of its first cell; one a column */
};

/* Zero-initialised; readings_free() at the end. */
struct readings {
	struct readings_row *rows;
	size_t row_count, row_room;
	struct readings_cell *cells;
	size_t cell_count, cell_room;
	struct readings_station *by_id;
	const char *
	        *ids; /* stations: those of the configuration in its order, then as they appear */
	size_t id_count, id_room;
	char *names[READINGS_COLUMNS]; /* of the parameter columns */
	size_t columns;
	bool quiet;   /* do not say what is wrong, only count it */
	size_t wrong; /* places that were wrong and said so on standard error */
};

/* Reads a CSV ('-': standard input) by the parameters and the zone of a configuration. What is
 * wrong with a row is said and counted; the rest is used. 0 or a negative code. Ends the program
 * where there is no memory. */
int readings_read(struct readings *readings, const char *file, const struct config *config,
        struct wq_err *err);

/* The same by hand: columns first, then rows with a cell a column (all WQ_CELL_NOT_MEASURED to
 * begin with; valid until the next row), then the order of time and stations. */
void readings_column(struct readings *readings, const char *name);
struct readings_cell *readings_row(struct readings *readings, const char *station, wq_ms at);
void readings_sort(struct readings *readings, const struct config *config);

void readings_free(struct readings *readings);

/* A configuration whose places are those of the readings: every station with the columns that it
 * measures (one whose cells are all "*" is none of its own). *parameters gets the parameter of each
 * column. NULL with *err. */
struct config *readings_config(const struct readings *readings, const struct config *base,
        uint32_t parameters[READINGS_COLUMNS], struct wq_err *err);

#endif
