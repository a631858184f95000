/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a file of limits: item, unit, direction, limits by class, where they hold.
 *
 * A limit in the wrong unit would silence an alarm for ever or ring it for ever: every row names
 * its unit, and a limit 1000 times off the built-in one is refused. */
#include "limits.h"

#include "suggest.h"

#include "wq/err.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Further off the built-in limit than this is a slip of the unit. */
#define SLIP (1000 * (1 - 1e-9))

static const char *const roman[] = { "", "I", "II", "III", "IV", "V" };

void limits_complain(struct limits *f, size_t line, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	load_error(f->l, f->section, "standard", 0, "%s:%zu: %s", f->path, line, text);
}

static const char *cell(
        const struct limits *f, const struct wq_csv_row *row, enum limits_column column)
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
	limits_complain(f, row->line,
	        "item_code '%.40s' is no parameter (an own one is declared by a section "
	        "parameter)%s",
	        name, suggest_end(&suggest, end));
	return NULL;
}

static bool find_direction(struct limits *f, const struct wq_csv_row *row, struct limit_line *to)
{
	static const char *const names[] = { "max", "min", "range" };
	const char *text = cell(f, row, LIMITS_DIRECTION);

	for (int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		to->row.direction = (enum wq_direction)i;
		return true;
	}
	limits_complain(f, row->line, "direction '%.40s': allowed are max, min, range", text);
	return false;
}

static bool find_water(struct limits *f, const struct wq_csv_row *row, struct limit_line *to)
{
	static const struct {
		const char *name;
		bool river, lake, source;
	} names[] = { { "river", true, false, false }, { "lake", false, true, false },
		{ "both", true, true, false }, { "source", true, true, true } };
	const char *text = cell(f, row, LIMITS_APPLIES);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(text, names[i].name) != 0)
			continue;
		to->waters[WQ_RIVER] = names[i].river;
		to->waters[WQ_LAKE] = names[i].lake;
		to->row.source = names[i].source;
		return true;
	}
	limits_complain(
	        f, row->line, "applies '%.40s': allowed are river, lake, both, source", text);
	return false;
}

/* A limit in the file's unit to one in the parameter's, in decimal. */
static bool convert(struct limits *f, const struct wq_csv_row *row, const char *text,
        struct wq_decimal factor, double *value)
{
	struct wq_decimal d;
	struct wq_err err;

	if (wq_decimal_parse(text, &d, &err) < 0) {
		limits_complain(f, row->line, "limit '%.40s': %s", text, err.text);
		return false;
	}
	factor.places += d.places;
	if (factor.places <= 18 &&
	        wq_value_from_scaled(d.digits, factor, (struct wq_decimal){ 0, 0 }, value, &err) ==
	                0)
		return true;
	limits_complain(
	        f, row->line, "limit '%.40s' has more digits than can be kept exactly", text);
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
		limits_complain(f, row->line, "%s '%.40s': a range is written low-high, as 6-9",
		        roman[class_], text);
		return false;
	}
	memcpy(low, text, (size_t)(dash - text));
	low[dash - text] = '\0';
	if (!convert(f, row, low, factor, &to->row.limit[class_]) ||
	        !convert(f, row, dash + 1, factor, &high))
		return false;
	if (to->row.limit[class_] >= high || (!isnan(to->row.high) && to->row.high != high)) {
		limits_complain(f, row->line,
		        "%s '%.40s': the low end lies below the high one, which is the same in "
		        "every "
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
		const char *text = cell(f, row, (enum limits_column)(LIMITS_I + c - 1));

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
		limits_complain(f, row->line,
		        "limits are given for all of I to V, for III alone (one limit, no "
		        "classes), or "
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
		limits_complain(f, at->line, "%s: the limit of %s is stricter than that of %s",
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
		const struct wq_standard_row *known =
		        wq_standard_find(&wq_gb3838, p->code, (enum wq_water)water, true);

		for (int c = 1; at->waters[water] && c <= WQ_CLASS_V; c++) {
			char ours[WQ_DECIMAL_TEXT], theirs[WQ_DECIMAL_TEXT];
			const double limit = at->row.limit[c];

			wq_value_format(limit, ours);
			if (known != NULL && slipped(limit, known->limit[c])) {
				wq_value_format(known->limit[c], theirs);
				limits_complain(f, at->line,
				        "%s: the limit of %s is %s %s, %s has %s: that is a factor "
				        "of "
				        "1000 or more; the column unit says '%.20s', is it another "
				        "one (µg/L, mg/L)?",
				        p->alias, roman[c], ours, p->unit, wq_gb3838.name, theirs,
				        unit);
				return false;
			}
			if (limit < p->low || limit > p->high) {
				limits_complain(f, at->line,
				        "%s: the limit of %s is %s %s, outside of the plausible "
				        "range "
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
	const char *text = cell(f, row, LIMITS_EVALUATED);

	to->evaluated_given = *text != '\0';
	to->row.evaluated = strcmp(text, "yes") == 0;
	if (to->evaluated_given && !to->row.evaluated && strcmp(text, "no") != 0) {
		limits_complain(
		        f, row->line, "evaluated '%.40s': allowed are yes, no or nothing", text);
		return false;
	}
	if (to->row.evaluated && (to->row.single || to->empty)) {
		limits_complain(f, row->line, "%s has no classes and cannot take part in the class",
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
		        !((other->waters[0] && at->waters[0]) ||
		                (other->waters[1] && at->waters[1])))
			continue;
		limits_complain(f, at->line, "%s is given for the same water on line %zu already",
		        at->parameter->alias, other->line);
		return false;
	}
	return true;
}

void limits_take(struct limits *f, const struct wq_csv_row *row)
{
	struct limit_line line = { .line = row->line };
	const char *unit = cell(f, row, LIMITS_UNIT);
	struct wq_decimal factor;
	struct wq_err err;
	bool right;

	if (f->count == LIMITS_ROWS) {
		limits_complain(f, row->line, "more than %d rows", LIMITS_ROWS);
		return;
	}
	line.parameter = find_item(f, row, cell(f, row, LIMITS_CODE));
	right = find_direction(f, row, &line);
	right = find_water(f, row, &line) && right;
	if (line.parameter == NULL)
		return;
	line.row.code = line.parameter->code;
	if (wq_unit_factor(line.parameter, unit, &factor, &err) < 0) {
		limits_complain(f, row->line, "%s: %s", line.parameter->alias, err.text);
		return;
	}
	if (!right || !take_limits(f, row, &line, factor) || !take_evaluated(f, row, &line))
		return;
	if (!line.empty && (!check_order(f, &line) || !check_size(f, &line, unit)))
		return;
	if (check_twice(f, &line))
		f->lines[f->count++] = line;
}
