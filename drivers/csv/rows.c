/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> rows of text. The only file that includes <csv.h>.
 *
 * libcsv pushes: it is fed at most a line at a time, so that it can finish at most one row per
 * feeding. It is not strict about quotes inside fields (spreadsheets are not either); what it
 * would let pass silently and is wrong, an unclosed quote, a NUL byte or a row without end, is
 * reported. */
#include "rows.h"

#include "wq/err.h"

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096

/* libcsv grows a field by this much at a time: its default of 128 makes long fields quadratic. */
#define BLOCK 65536

/* A line of which more than this is left is believed to have no end. */
#define SKIP_BYTES ((size_t)64 * 1024 * 1024)

struct csv_rows {
	FILE *from;
	char separator;
	struct csv_parser parser;
	char *text; /* the fields of the row, each with its NUL */
	size_t used, room;
	size_t starts[CSV_COLUMNS_MAX];
	size_t count; /* fields seen, also those beyond the table */
	size_t bytes; /* read for this row */
	size_t line;  /* being read */
	size_t begin; /* of the row */
	bool begun;   /* the file */
	bool pending; /* a row has begun */
	bool complete;
	bool zero; /* a NUL byte was seen */
	bool no_memory;
	bool ended;
	size_t chunk_length;
	char chunk[CHUNK];
};

/* Spaces belong to the text; only the CR of a CRLF does not. */
static int is_space(unsigned char c)
{
	return c == CSV_CR;
}

static int is_end(unsigned char c)
{
	return c == CSV_LF;
}

static bool parser_open(struct csv_rows *rows)
{
	if (csv_init(&rows->parser, 0) != 0)
		return false;
	csv_set_delim(&rows->parser, (unsigned char)rows->separator);
	csv_set_blk_size(&rows->parser, BLOCK);
	csv_set_space_func(&rows->parser, is_space);
	csv_set_term_func(&rows->parser, is_end);
	return true;
}

struct csv_rows *csv_rows_open(FILE *from, char separator)
{
	struct csv_rows *rows = calloc(1, sizeof(*rows));

	if (rows == NULL)
		return NULL;
	rows->from = from;
	rows->separator = separator;
	rows->line = 1;
	rows->begin = 1;
	if (!parser_open(rows)) {
		free(rows);
		return NULL;
	}
	return rows;
}

void csv_rows_close(struct csv_rows *rows)
{
	if (rows == NULL)
		return;
	csv_free(&rows->parser);
	free(rows->text);
	free(rows);
}

size_t csv_rows_line(const struct csv_rows *rows)
{
	return rows->begin;
}

static bool make_room(struct csv_rows *rows, size_t more)
{
	size_t room = rows->room == 0 ? CHUNK : rows->room;
	char *text;

	while (room - rows->used < more)
		room *= 2;
	if (room == rows->room)
		return true;
	text = realloc(rows->text, room);
	if (text == NULL)
		return false;
	rows->text = text;
	rows->room = room;
	return true;
}

static void on_field(void *data, size_t length, void *owner)
{
	struct csv_rows *rows = owner;

	if (rows->count >= CSV_COLUMNS_MAX || !make_room(rows, length + 1)) {
		rows->no_memory |= rows->count < CSV_COLUMNS_MAX;
		rows->count++;
		return;
	}
	rows->starts[rows->count++] = rows->used;
	if (length > 0) {
		rows->zero |= memchr(data, '\0', length) != NULL;
		memcpy(rows->text + rows->used, data, length);
	}
	rows->text[rows->used + length] = '\0';
	rows->used += length + 1;
}

static void on_row(int end, void *owner)
{
	struct csv_rows *rows = owner;

	(void)end;
	rows->complete = true;
}

/* Reads up to the end of the line, as far as the chunk holds it. */
static void read_chunk(struct csv_rows *rows)
{
	int c = 0;

	rows->chunk_length = 0;
	while (rows->chunk_length < CHUNK && c != '\n') {
		c = getc_unlocked(rows->from);
		if (c == EOF)
			break;
		rows->chunk[rows->chunk_length++] = (char)c;
	}
}

/* Spreadsheets begin a file with a byte order mark. */
static void drop_mark(struct csv_rows *rows)
{
	static const char mark[] = { '\xEF', '\xBB', '\xBF' };

	if (rows->chunk_length < sizeof(mark) || memcmp(rows->chunk, mark, sizeof(mark)) != 0)
		return;
	rows->chunk_length -= sizeof(mark);
	memmove(rows->chunk, rows->chunk + sizeof(mark), rows->chunk_length);
}

static bool chunk_ends_line(const struct csv_rows *rows)
{
	return rows->chunk_length > 0 && rows->chunk[rows->chunk_length - 1] == '\n';
}

static bool chunk_is_blank(const struct csv_rows *rows)
{
	for (size_t i = 0; i < rows->chunk_length; i++) {
		if (rows->chunk[i] != '\r' && rows->chunk[i] != '\n')
			return false;
	}
	return true;
}

static void start_row(struct csv_rows *rows)
{
	rows->used = 0;
	rows->count = 0;
	rows->bytes = 0;
	rows->pending = false;
	rows->complete = false;
	rows->zero = false;
	rows->begin = rows->line;
}

/* Gives the row up: the parser starts anew on the next line. A device may have no next line. */
static int give_up(struct csv_rows *rows, struct wq_err *err)
{
	size_t skipped = 0;

	while (rows->chunk_length > 0 && !chunk_ends_line(rows) && skipped < SKIP_BYTES) {
		read_chunk(rows);
		skipped += rows->chunk_length;
	}
	if (skipped >= SKIP_BYTES) {
		rows->ended = true;
		return wq_fail(err, WQ_E_INVALID, "a line without end; the rest was not read");
	}
	rows->line++;
	csv_free(&rows->parser);
	if (!parser_open(rows)) {
		rows->ended = true;
		return wq_fail(err, WQ_E_MEMORY, "no memory");
	}
	return wq_fail(err, WQ_E_INVALID,
	        "the row is longer than %zu bytes; is a quote not closed?", CSV_ROW_BYTES);
}

static int deliver(struct csv_rows *rows, size_t *count, const char **fields, struct wq_err *err)
{
	if (rows->zero)
		return wq_fail(err, WQ_E_INVALID, "a NUL byte: the file must be UTF-8 text");
	if (rows->count > CSV_COLUMNS_MAX)
		return wq_fail(err, WQ_E_INVALID, "%zu columns; at most %d are allowed",
		        rows->count, CSV_COLUMNS_MAX);
	for (size_t i = 0; i < rows->count; i++)
		fields[i] = rows->text + rows->starts[i];
	*count = rows->count;
	return 1;
}

/* The last row needs no line end, but its quotes must be closed. */
static int finish(struct csv_rows *rows, size_t *count, const char **fields, struct wq_err *err)
{
	rows->ended = true;
	if (ferror(rows->from))
		return wq_fail(err, WQ_E_IO, "cannot be read: %s", strerror(errno));
	if (!rows->pending)
		return 0;
	csv_set_opts(&rows->parser, CSV_STRICT | CSV_STRICT_FINI);
	if (csv_fini(&rows->parser, on_field, on_row, rows) != 0)
		return wq_fail(err, WQ_E_INVALID, "the file ends within a quoted field");
	if (rows->no_memory)
		return wq_fail(err, WQ_E_MEMORY, "no memory");
	return rows->complete ? deliver(rows, count, fields, err) : 0;
}

/* Feeds the chunk; the chunk belongs to the row that has begun. */
static int feed(struct csv_rows *rows, struct wq_err *err)
{
	rows->pending = true;
	rows->bytes += rows->chunk_length;
	if (rows->bytes > CSV_ROW_BYTES)
		return give_up(rows, err);
	if (csv_parse(&rows->parser, rows->chunk, rows->chunk_length, on_field, on_row, rows) !=
	                rows->chunk_length ||
	        rows->no_memory) {
		rows->ended = true;
		return wq_fail(err, WQ_E_MEMORY, "no memory");
	}
	rows->line += chunk_ends_line(rows);
	return WQ_OK;
}

int csv_rows_next(struct csv_rows *rows, size_t *count, const char **fields, struct wq_err *err)
{
	int r;

	if (rows->ended)
		return 0;
	start_row(rows);
	for (;;) {
		read_chunk(rows);
		if (!rows->begun)
			drop_mark(rows);
		rows->begun = true;
		if (rows->chunk_length == 0)
			return finish(rows, count, fields, err);
		if (!rows->pending && chunk_is_blank(rows)) {
			rows->line += chunk_ends_line(rows);
			rows->begin = rows->line;
			continue;
		}
		r = feed(rows, err);
		if (r != WQ_OK)
			return r;
		if (rows->complete)
			return deliver(rows, count, fields, err);
	}
}
