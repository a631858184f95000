/* SPDX-License-Identifier: Apache-2.0 */
/* A file as people save it -> UTF-8 lines: GB18030 is recognised and converted by iconv. */
#ifndef WQ_DRIVERS_CSV_TEXT_H
#define WQ_DRIVERS_CSV_TEXT_H

#include <stdio.h>

struct wq_err;
struct csv_text;

/* A stream of UTF-8 over `from`. Whether the file is UTF-8 or GB18030 its first line with other than ASCII tells. The
 * separator is what the first line has most of: ',' ';' or tab. NULL with *err: no memory; UTF-16; empty. */
struct csv_text *csv_text_open(FILE *from, struct wq_err *err);
void csv_text_close(struct csv_text *text); /* NULL is fine */

FILE *csv_text_stream(const struct csv_text *text);
char csv_text_separator(const struct csv_text *text);

#endif
