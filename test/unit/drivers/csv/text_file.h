/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV reader on a text in memory. */
#ifndef WQ_TEST_TEXT_FILE_H
#define WQ_TEST_TEXT_FILE_H

#include "wq/csv.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <stdbool.h>
#include <stdio.h>

struct text_file {
	FILE *file;
	struct wq_csv *csv;
	struct wq_csv_row row;
	struct wq_err err;
};

static inline bool text_file_open_bytes(
        struct text_file *t, const char *bytes, size_t size, bool need_time)
{
	*t = (struct text_file){ .file = tmpfile() };
	fwrite(bytes, 1, size, t->file);
	rewind(t->file);
	t->csv = wq_csv_open(t->file, "in.csv", wq_parameters, wq_parameter_count, &wq_zone_china,
	        need_time, &t->err);
	return t->csv != NULL;
}

static inline bool text_file_open(struct text_file *t, const char *text, bool need_time)
{
	size_t size = 0;

	while (text[size] != '\0')
		size++;
	return text_file_open_bytes(t, text, size, need_time);
}

static inline int text_file_next(struct text_file *t)
{
	return wq_csv_next(t->csv, &t->row, &t->err);
}

static inline void text_file_close(struct text_file *t)
{
	wq_csv_close(t->csv);
	fclose(t->file);
}

#endif
