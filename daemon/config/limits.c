/* SPDX-License-Identifier: Apache-2.0 */
/* A file of limits over the built-in standard: local targets, items that it lacks, a later edition.
 *
 * The columns are found by name: item_code, unit, direction, I … V, applies, and evaluated where it
 * is given; others are for the reader. A row replaces what the standard has for its item and water.
 * Lines that begin with # are remarks, of which "# name: …" and "# version: …" name the whole. */
#include "limits.h"

#include "scan.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)256 * 1024)

static const char *const column_names[LIMITS_COLUMNS] = { "item_code", "unit", "direction", "I",
	"II", "III", "IV", "V", "applies", "evaluated" };

/* -- the file -- */

static bool find_columns(struct limits *f, const struct wq_csv *csv)
{
	const char *const *names;
	const size_t count = wq_csv_columns(csv, &names, NULL);
	bool all = true;

	for (int c = 0; c < LIMITS_COLUMNS; c++) {
		f->columns[c] = -1;
		for (size_t i = 0; i < count; i++) {
			if (strcmp(names[i], column_names[c]) == 0)
				f->columns[c] = (int)i;
		}
		if (f->columns[c] < 0 && c != LIMITS_EVALUATED) {
			limits_complain(
			        f, f->header, "the header has no column '%s'", column_names[c]);
			all = false;
		}
	}
	return all;
}

static void read_rows(struct limits *f, FILE *from)
{
	struct wq_csv_row row;
	struct wq_err err;
	const size_t errors = f->l->report->error_count;
	struct wq_csv *csv = wq_csv_open(from, f->path, NULL, 0, &wq_zone_china, false, &err);
	int r;

	if (csv == NULL) {
		load_error(f->l, f->section, "standard", 0, "%s", err.text);
		return;
	}
	if (find_columns(f, csv)) {
		while ((r = wq_csv_next(csv, &row, &err)) != 0) {
			if (r > 0)
				limits_take(f, &row);
			else
				load_error(f->l, f->section, "standard", 0, "%s", err.text);
		}
		if (f->count == 0 && f->l->report->error_count == errors)
			limits_complain(f, f->header, "there are no rows");
	}
	wq_csv_close(csv);
}

/* The whole file with a NUL behind it, or NULL with an error. */
static char *read_file(struct limits *f, size_t *length)
{
	struct wq_err err;
	size_t bad, line = 1;
	char *text = load_whole(f->path, FILE_MAX, length, &err), *copy;

	if (text == NULL) {
		load_error(f->l, f->section, "standard", 0,
		        "standard: %s %s; without the key the built-in %s holds", f->path, err.text,
		        wq_gb3838.name);
		return NULL;
	}
	text[*length] = '\0';
	if (memchr(text, '\0', *length) != NULL) {
		limits_complain(f, 1, "a NUL byte: the file must be UTF-8 text");
		copy = NULL;
	} else if (!scan_utf8((const unsigned char *)text, *length, &bad)) {
		for (size_t i = 0; i < bad; i++)
			line += text[i] == '\n';
		limits_complain(f, line,
		        "not UTF-8 (a spreadsheet may have saved it as GBK); save it as CSV in UTF-8");
		copy = NULL;
	} else {
		copy = arena_copy(f->l->arena, text);
	}
	free(text);
	return copy;
}

/* What a remark "# KEY: text" says, or NULL. */
static const char *remark(struct limits *f, const char *line, size_t length, const char *key)
{
	const size_t known = strlen(key);

	while (length > 0 && (*line == '#' || *line == ' ')) {
		line++;
		length--;
	}
	if (length <= known || strncmp(line, key, known) != 0 || line[known] != ':')
		return NULL;
	line += known + 1;
	length -= known + 1;
	while (length > 0 && *line == ' ') {
		line++;
		length--;
	}
	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
		length--;
	return length == 0 || length > 60 ? NULL : arena_copy_part(f->l->arena, line, length);
}

/* Takes the remarks out, keeping the lines: an empty line is no row. */
static void take_remarks(struct limits *f, char *text, struct wq_standard *standard)
{
	char *line = text;

	if (strncmp(line, "\xEF\xBB\xBF", 3) == 0) /* before a remark it would hide it */
		memmove(line, line + 3, strlen(line + 3) + 1);
	while (*line != '\0') {
		char *first = line + strspn(line, " ");
		const size_t length = strcspn(line, "\n");

		if (*first == '#' && first <= line + length) {
			const char *name =
			        remark(f, first, length - (size_t)(first - line), "name");
			const char *version =
			        remark(f, first, length - (size_t)(first - line), "version");

			standard->name = name != NULL ? name : standard->name;
			standard->version = version != NULL ? version : standard->version;
			memmove(line, line + length, strlen(line + length) + 1);
			line += *line == '\n';
			continue; /* with the next line; what is left of this one is its end */
		}
		line += length + (line[length] == '\n');
	}
}

/* -- the standard -- */

static const char *hash_of(struct loader *l, const char *text, size_t length)
{
	char buf[20];
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	snprintf(buf, sizeof buf, "%016" PRIx64, hash);
	return arena_copy(l->arena, buf);
}

static bool replaced(const struct limits *f, const struct wq_standard_row *row)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->lines[i].row.code, row->code) == 0 &&
		        f->lines[i].waters[row->water] && f->lines[i].row.source == row->source)
			return true;
	}
	return false;
}

/* The file's rows first, those for sources before the others, so that they are found first. */
static size_t merge(const struct limits *f, enum wq_water water, struct wq_standard_row *rows)
{
	size_t n = 0;

	for (int source = 1; source >= 0; source--) {
		for (size_t i = 0; i < f->count; i++) {
			const struct limit_line *from = &f->lines[i];
			const struct wq_standard_row *known =
			        wq_standard_find(&wq_gb3838, from->row.code, water, true);

			if (from->empty || !from->waters[water] ||
			        from->row.source != (source == 1))
				continue;
			rows[n] = from->row;
			rows[n].water = water;
			if (!from->evaluated_given && !from->row.single)
				rows[n].evaluated = known != NULL && known->evaluated;
			n++;
		}
	}
	for (size_t i = 0; i < wq_gb3838.waters[water].count; i++) {
		if (!replaced(f, &wq_gb3838.waters[water].rows[i]))
			rows[n++] = wq_gb3838.waters[water].rows[i];
	}
	return n;
}

/* The built-in items keep their bits; further ones follow in the order of the file. */
static void list_evaluated(struct limits *f, struct wq_standard *standard)
{
	const char **codes = arena_array(f->l->arena, WQ_EVALUATED_MAX, sizeof *codes);
	size_t n = wq_gb3838.evaluated_count;

	memcpy(codes, wq_gb3838.evaluated, n * sizeof *codes);
	standard->evaluated = codes;
	standard->evaluated_count = n;
	for (size_t i = 0; i < f->count; i++) {
		if (!f->lines[i].row.evaluated ||
		        wq_standard_bit(standard, f->lines[i].row.code) != 0)
			continue;
		if (n == WQ_EVALUATED_MAX) {
			limits_complain(f, f->lines[i].line, "more than %d items are evaluated",
			        WQ_EVALUATED_MAX);
			return;
		}
		codes[n++] = f->lines[i].row.code;
		standard->evaluated_count = n;
	}
}

/* An evaluated item with one limit, or none, would leave the class without a word. */
static void check_evaluated(struct limits *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct limit_line *at = &f->lines[i];
		const struct wq_standard_row *known = wq_standard_any(&wq_gb3838, at->row.code);

		if ((at->empty || at->row.single) && !at->evaluated_given && known != NULL &&
		        known->evaluated)
			limits_complain(f, at->line,
			        "%s is an evaluated item and needs limits for I to V (or evaluated "
			        "= no)",
			        at->parameter->alias);
	}
}

const struct wq_standard *limits_load(
        struct loader *l, const struct section *section, const char *path)
{
	struct limits *f = arena_take(l->arena, sizeof *f);
	struct wq_standard *standard = arena_take(l->arena, sizeof *standard);
	const size_t errors = l->report->error_count;
	size_t length = 0;
	FILE *from;
	char *text;

	*f = (struct limits){ .l = l, .section = section, .path = load_beside(l, path) };
	text = read_file(f, &length);
	if (text == NULL)
		return &wq_gb3838;
	standard->name = strrchr(f->path, '/') == NULL ? f->path : strrchr(f->path, '/') + 1;
	standard->version = hash_of(l, text, length);
	take_remarks(f, text, standard);
	f->header = 1 + strspn(text, "\n");
	from = fmemopen(text, strlen(text), "r");
	if (from == NULL) {
		load_error(l, section, "standard", 0, "standard: %s: no memory", f->path);
		return &wq_gb3838;
	}
	read_rows(f, from);
	fclose(from);
	check_evaluated(f);
	list_evaluated(f, standard);
	for (int water = 0; water < WQ_WATERS; water++) {
		struct wq_standard_row *rows = arena_array(
		        l->arena, f->count + wq_gb3838.waters[water].count, sizeof *rows);

		standard->waters[water].rows = rows;
		standard->waters[water].count = merge(f, (enum wq_water)water, rows);
	}
	return l->report->error_count == errors ? standard : &wq_gb3838;
}
