/* SPDX-License-Identifier: Apache-2.0 */
/* The text beside a file that was taken or refused: what became of it, and every row that was not taken. */
#ifndef FOLDER_REPORT_H
#define FOLDER_REPORT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

struct wq_err;

/* Rows that are listed; the rest is counted. */
#define REPORT_ROWS 1000

struct report {
	FILE *to;     /* in memory */
	char *text;
	size_t length, rows;
};

int report_open(struct report *report, struct wq_err *err);
void report_close(struct report *report);

/* A sentence about a row; control characters become '?'. */
void report_row(struct report *report, const char *sentence);

/* Writes NAME.report into a folder, synced: `head` first. What was there under this name is replaced. */
int report_write(struct report *report, int folder, const char *name, const struct stat *about, const char *head,
        struct wq_err *err);

bool report_exists(int folder, const char *name);
void report_remove(int folder, const char *name);

/* Whether NAME.report is there and is about the file as it is now. */
bool report_is_of(int folder, const char *name, const struct stat *about);

#endif
