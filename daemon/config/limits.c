/* SPDX-License-Identifier: Apache-2.0 */
/* A file of limits over the built-in standard: local targets, items that it lacks, a later edition.
 *
 * The columns are found by name: item_code, unit, direction, I … V, applies, and evaluated where it
 * is given; others are for the reader. A row replaces what the standard has for its item and water.
 * Lines that begin with # are remarks, of which "# name: …" and "# version: …" name the whole.
 *
 * A limit in the wrong unit would silence an alarm for ever or ring it for ever: every row names its
 * unit, and a limit 1000 times off the built-in one is refused. */
#include "load.h"
#include "suggest.h"

#include "wq/csv.h"
#include "wq/err.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)256 * 1024)
#define ROWS_MAX 400

/* Further off the built-in limit than this is a slip of the unit. */
#define SLIP (1000 * (1 - 1e-9))

enum column { CODE, UNIT, DIRECTION, CLASS_I, CLASS_V = CLASS_I + 4, APPLIES, EVALUATED, COLUMNS };
static const char *const column_names[COLUMNS] = { "item_code", "unit", "direction", "I", "II",
	"III", "IV", "V", "applies", "evaluated" };
static const char *const roman[] = { "", "I", "II", "III", "IV", "V" };

/* One row as written, for both waters perhaps. */
struct limit_line {
	size_t line;
	const struct wq_parameter *parameter;
	struct wq_standard_row row;
	bool waters[WQ_WATERS];
	bool empty; /* names an item and sets no limits */
	bool evaluated_given;
};

struct limits {
	struct loader *l;
	const struct section *section; /* that named the file */
	const char *path;
	size_t header; /* its line */
	int columns[COLUMNS];
	struct limit_line lines[ROWS_MAX];
	size_t count;
};

static void __attribute__((format(printf, 3, 4)))
complain(struct limits *f, size_t line, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	load_error(f->l, f->section, "standard", 0, "%s:%zu: %s", f->path, line, text);
}

static const char *cell(const struct limits *f, const struct wq_csv_row *row, enum column column)
{
	return f->columns[column] < 0 ? "" : row->fields[f->columns[column]].text;
}

static const struct wq_parameter *find_item(
        struct limits *f, const struct wq_csv_row *row, const char *name)
{
	const struct wq_site *site = &f->l->config->site;
	const int found = wq_parameter_find(site->parameters, site->parameter_count, name);
	struct suggest suggest = { .wanted = name };
	char end[SUGGEST_TEXT];

	if (found >= 0)
		return &site->parameters[found];
	for (size_t i = 0; i < site->parameter_count; i++) {
		suggest_offer(&suggest, site->parameters[i].code);
		suggest_offer(&suggest, site->parameters[i].alias);
	}
	complain(f, row->line,
	        "item_code '%.40s' is no parameter (an own one is declared by a section parameter)%s",
	        name, suggest_end(&suggest, end));
	return NULL;
}

static bool find_direction(struct limits *f, const struct wq_csv_row *row, struct limit_line *to)
{
	static const char *const names[] = { "max", "min", "range" };
	const char *text = cell(f, row, DIRECTION);

	for (int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		to->row.direction = (enum wq_direction)i;
		return true;
	}
	complain(f, row->line, "direction '%.40s': allowed are max, min, range", text);
	return false;
}

static bool find_water(struct limits *f, const struct wq_csv_row *row, struct limit_line *to)
{
	static const struct {
		const char *name;
		bool river, lake, source;
	} names[] = { { "river", true, false, false }, { "lake", false, true, false },
		{ "both", true, true, false }, { "source", true, true, true } };
	const char *text = cell(f, row, APPLIES);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(text, names[i].name) != 0)
			continue;
		to->waters[WQ_RIVER] = names[i].river;
		to->waters[WQ_LAKE] = names[i].lake;
		to->row.source = names[i].source;
		return true;
	}
	complain(f, row->line, "applies '%.40s': allowed are river, lake, both, source", text);
	return false;
}

/* A limit in the file's unit to one in the parameter's, in decimal. */
static bool convert(struct limits *f, const struct wq_csv_row *row, const char *text,
        struct wq_decimal factor, double *value)
{
	struct wq_decimal d;
	struct wq_err err;

	if (wq_decimal_parse(text, &d, &err) < 0) {
		complain(f, row->line, "limit '%.40s': %s", text, err.text);
		return false;
	}
	factor.places += d.places;
	if (factor.places <= 18 && wq_value_from_scaled(d.digits, factor, (struct wq_decimal){ 0, 0 },
	                                   value, &err) == 0)
		return true;
	complain(f, row->line, "limit '%.40s' has more digits than can be kept exactly", text);
	return false;
}

/* "6-9": both ends of a range, the high one the same for every class. */
static bool take_range(struct limits *f, const struct wq_csv_row *row, struct limit_line *to,
        int class_, const char *text, struct wq_decimal factor)
{
	const char *dash = text[0] == '\0' ? NULL : strchr(text + 1, '-');
	char low[40];
	double high;

	if (dash == NULL || (size_t)(dash - text) >= sizeof low) {
		complain(f, row->line, "%s '%.40s': a range is written low-high, as 6-9",
		        roman[class_], text);
		return false;
	}
	memcpy(low, text, (size_t)(dash - text));
	low[dash - text] = '\0';
	if (!convert(f, row, low, factor, &to->row.limit[class_]) ||
	        !convert(f, row, dash + 1, factor, &high))
		return false;
	if (to->row.limit[class_] >= high || (!isnan(to->row.high) && to->row.high != high)) {
		complain(f, row->line,
		        "%s '%.40s': the low end lies below the high one, which is the same in every "
		        "class",
		        roman[class_], text);
		return false;
	}
	to->row.high = high;
	return true;
}

static bool take_limits(struct limits *f, const struct wq_csv_row *row, struct limit_line *to,
        struct wq_decimal factor)
{
	unsigned given = 0;

	to->row.high = NAN;
	for (int c = 1; c <= WQ_CLASS_V; c++) {
		const char *text = cell(f, row, (enum column)(CLASS_I + c - 1));

		if (*text == '\0')
			continue;
		given |= 1U << c;
		if (!(to->row.direction == WQ_WITHIN
		                    ? take_range(f, row, to, c, text, factor)
		                    : convert(f, row, text, factor, &to->row.limit[c])))
			return false;
	}
	if (isnan(to->row.high))
		to->row.high = 0;
	to->empty = given == 0;
	to->row.single = given == 1U << WQ_CLASS_III;
	if (to->row.single) {
		for (int c = 1; c <= WQ_CLASS_V; c++)
			to->row.limit[c] = to->row.limit[WQ_CLASS_III];
	} else if (given != 0 && given != 0x3e) {
		complain(f, row->line,
		        "limits are given for all of I to V, for III alone (one limit, no classes), or "
		        "for none");
		return false;
	}
	return true;
}

/* Classes loosen from I to V, or a value would have two classes. */
static bool check_order(struct limits *f, const struct limit_line *at)
{
	const double sign = at->row.direction == WQ_AT_MOST ? 1 : -1;

	for (int c = 2; c <= WQ_CLASS_V; c++) {
		if (sign * at->row.limit[c] >= sign * at->row.limit[c - 1])
			continue;
		complain(f, at->line, "%s: the limit of %s is stricter than that of %s",
		        at->parameter->alias, roman[c], roman[c - 1]);
		return false;
	}
	return true;
}

static bool slipped(double ours, double theirs)
{
	const double ratio = fabs(ours / theirs);

	return theirs != 0 && ours != theirs && (ratio >= SLIP || ratio <= 1 / SLIP);
}

/* A limit that can never be passed, or 1000 times off, is one in another unit. */
static bool check_size(struct limits *f, const struct limit_line *at, const char *unit)
{
	const struct wq_parameter *p = at->parameter;

	for (int water = 0; water < WQ_WATERS; water++) {
		const struct wq_standard_row *known = wq_standard_find(
		        &wq_gb3838, p->code, (enum wq_water)water, true);

		for (int c = 1; at->waters[water] && c <= WQ_CLASS_V; c++) {
			char ours[WQ_DECIMAL_TEXT], theirs[WQ_DECIMAL_TEXT];
			const double limit = at->row.limit[c];

			wq_value_format(limit, ours);
			if (known != NULL && slipped(limit, known->limit[c])) {
				wq_value_format(known->limit[c], theirs);
				complain(f, at->line,
				        "%s: the limit of %s is %s %s, %s has %s: that is a factor of "
				        "1000 or more; the column unit says '%.20s', is it another "
				        "one (µg/L, mg/L)?",
				        p->alias, roman[c], ours, p->unit, wq_gb3838.name, theirs,
				        unit);
				return false;
			}
			if (limit < p->low || limit > p->high) {
				complain(f, at->line,
				        "%s: the limit of %s is %s %s, outside of the plausible range "
				        "%g to %g: no reading could be held against it",
				        p->alias, roman[c], ours, p->unit, p->low, p->high);
				return false;
			}
		}
	}
	return true;
}

/* "yes", "no", or as the built-in standard has it. */
static bool take_evaluated(struct limits *f, const struct wq_csv_row *row, struct limit_line *to)
{
	const char *text = cell(f, row, EVALUATED);

	to->evaluated_given = *text != '\0';
	to->row.evaluated = strcmp(text, "yes") == 0;
	if (to->evaluated_given && !to->row.evaluated && strcmp(text, "no") != 0) {
		complain(f, row->line, "evaluated '%.40s': allowed are yes, no or nothing", text);
		return false;
	}
	if (to->row.evaluated && (to->row.single || to->empty)) {
		complain(f, row->line, "%s has no classes and cannot take part in the class",
		        to->parameter->alias);
		return false;
	}
	return true;
}

static bool check_twice(struct limits *f, const struct limit_line *at)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct limit_line *other = &f->lines[i];

		if (other->parameter != at->parameter || other->row.source != at->row.source ||
		        !((other->waters[0] && at->waters[0]) || (other->waters[1] && at->waters[1])))
			continue;
		complain(f, at->line, "%s is given for the same water on line %zu already",
		        at->parameter->alias, other->line);
		return false;
	}
	return true;
}

static void take_line(struct limits *f, const struct wq_csv_row *row)
{
	struct limit_line line = { .line = row->line };
	const char *unit = cell(f, row, UNIT);
	struct wq_decimal factor;
	struct wq_err err;
	bool right;

	if (f->count == ROWS_MAX) {
		complain(f, row->line, "more than %d rows", ROWS_MAX);
		return;
	}
	line.parameter = find_item(f, row, cell(f, row, CODE));
	right = find_direction(f, row, &line);
	right = find_water(f, row, &line) && right;
	if (line.parameter == NULL)
		return;
	line.row.code = line.parameter->code;
	if (wq_unit_factor(line.parameter, unit, &factor, &err) < 0) {
		complain(f, row->line, "%s: %s", line.parameter->alias, err.text);
		return;
	}
	if (!right || !take_limits(f, row, &line, factor) || !take_evaluated(f, row, &line))
		return;
	if (!line.empty && (!check_order(f, &line) || !check_size(f, &line, unit)))
		return;
	if (check_twice(f, &line))
		f->lines[f->count++] = line;
}

/* -- the file -- */

static bool find_columns(struct limits *f, const struct wq_csv *csv)
{
	const char *const *names;
	const size_t count = wq_csv_columns(csv, &names, NULL);
	bool all = true;

	for (int c = 0; c < COLUMNS; c++) {
		f->columns[c] = -1;
		for (size_t i = 0; i < count; i++) {
			if (strcmp(names[i], column_names[c]) == 0)
				f->columns[c] = (int)i;
		}
		if (f->columns[c] < 0 && c != EVALUATED) {
			complain(f, f->header, "the header has no column '%s'", column_names[c]);
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
				take_line(f, &row);
			else
				load_error(f->l, f->section, "standard", 0, "%s", err.text);
		}
		if (f->count == 0 && f->l->report->error_count == errors)
			complain(f, f->header, "there are no rows");
	}
	wq_csv_close(csv);
}

/* The whole file with a NUL behind it, or NULL with an error. */
static char *read_file(struct limits *f, size_t *length)
{
	struct wq_err err;
	char *text = load_whole(f->path, FILE_MAX, length, &err), *copy;

	if (text == NULL) {
		load_error(f->l, f->section, "standard", 0,
		        "standard: %s %s; without the key the built-in %s holds", f->path, err.text,
		        wq_gb3838.name);
		return NULL;
	}
	text[*length] = '\0';
	if (memchr(text, '\0', *length) != NULL) {
		complain(f, 1, "a NUL byte: the file must be UTF-8 text");
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
			const char *name = remark(f, first, length - (size_t)(first - line), "name");
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
		if (strcmp(f->lines[i].row.code, row->code) == 0 && f->lines[i].waters[row->water] &&
		        f->lines[i].row.source == row->source)
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
			const struct wq_standard_row *known = wq_standard_find(
			        &wq_gb3838, from->row.code, water, true);

			if (from->empty || !from->waters[water] || from->row.source != (source == 1))
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
			complain(f, f->lines[i].line, "more than %d items are evaluated",
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
			complain(f, at->line,
			        "%s is an evaluated item and needs limits for I to V (or evaluated = no)",
			        at->parameter->alias);
	}
}

/* A path beside the configuration file, unless it is absolute. */
static const char *resolve(struct loader *l, const char *path)
{
	const char *file = l->report->file == NULL ? "" : l->report->file;
	const char *slash = strrchr(file, '/');
	char *full;

	if (path[0] == '/' || slash == NULL)
		return path;
	full = arena_take(l->arena, strlen(file) + strlen(path) + 2);
	memcpy(full, file, (size_t)(slash - file) + 1);
	strcpy(full + (slash - file) + 1, path);
	return full;
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

	*f = (struct limits){ .l = l, .section = section, .path = resolve(l, path) };
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
