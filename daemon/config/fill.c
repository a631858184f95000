/* SPDX-License-Identifier: Apache-2.0 */
/* Texts to typed fields. Numbers are parsed here, not by libconfuse: NaN, infinities, hexadecimal floats
 * and octal-looking integers are no settings. */
#include "fill.h"

#include "arena.h"
#include "suggest.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1000 /* bytes of a text whose row sets no bound */
#define LIST_MAX 1000 /* items likewise */

/* One value on its way into its field. */
struct filling {
	const struct wq_option *row;
	const struct section *section;
	struct arena *arena;
	struct config_report *report;
	const char *file; /* NULL: the configuration */
	int line;
	const char *text; /* scalars */
	const char *const *items;
	const int *lines;
	size_t count;
	void *field;
};

__attribute__((format(printf, 2, 3))) static void wrong(
        const struct filling *f, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_add_in(f->report, f->file, f->line, false, f->section->where, "%s = %.80s: %s", f->row->key,
	        f->text != NULL ? f->text : "{…}", text);
}

static const char *number_text(double value, char buf[WQ_DECIMAL_TEXT])
{
	return wq_value_format(value, buf);
}

static const char *span_text(double value, char buf[WQ_INSTANT_TEXT])
{
	return wq_span_format((wq_ms)value, buf);
}

/* Checks the bounds of the row; the sentence names the allowed range with its unit. */
static bool in_range(const struct filling *f, double value, bool span)
{
	const struct wq_option *row = f->row;
	char low[WQ_DECIMAL_TEXT], high[WQ_DECIMAL_TEXT];
	const char *unit = row->unit == NULL ? "" : row->unit, *gap = row->unit == NULL ? "" : " ";

	if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max))
		return true;
	if (isfinite(row->min))
		(void)(span ? span_text(row->min, low) : number_text(row->min, low));
	if (isfinite(row->max))
		(void)(span ? span_text(row->max, high) : number_text(row->max, high));
	if (!isfinite(row->max))
		wrong(f, "must be at least %s%s%s", low, gap, unit);
	else if (!isfinite(row->min))
		wrong(f, "must be at most %s%s%s", high, gap, unit);
	else
		wrong(f, "must be between %s and %s%s%s", low, high, gap, unit);
	return false;
}

static void fill_number(struct filling *f)
{
	struct wq_decimal decimal;
	double value;

	if (wq_decimal_parse(f->text, &decimal, NULL) < 0) {
		wrong(f, "is not a number%s%s; write it like 0.25",
		        f->row->unit == NULL ? "" : " of ",
		        f->row->unit == NULL ? "" : f->row->unit);
		return;
	}
	value = wq_decimal_to_double(decimal);
	if (in_range(f, value, false))
		*(double *)f->field = value;
}

static void fill_integer(struct filling *f)
{
	const char *digits = f->text[0] == '-' ? f->text + 1 : f->text;
	const bool hex = strncmp(f->text, "0x", 2) == 0; /* as manuals write addresses */
	long long value;

	if (hex && f->text[2 + strspn(f->text + 2, "0123456789abcdefABCDEF")] == '\0' && f->text[2] != '\0')
		digits = "0";
	if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits)) {
		wrong(f, "is not a whole number");
		return;
	}
	if (digits[0] == '0' && digits[1] != '\0') {
		wrong(f, "a whole number has no leading zero");
		return;
	}
	errno = 0;
	value = strtoll(f->text, NULL, hex ? 16 : 10);
	if (errno != 0) {
		wrong(f, "is too large");
		return;
	}
	if (in_range(f, (double)value, false))
		*(int64_t *)f->field = value;
}

static void fill_span(struct filling *f)
{
	wq_ms span;

	if (wq_span_parse(f->text, &span, NULL) < 0) {
		wrong(f,
		        "is not a span of time; write it with a unit: \"500ms\" \"30s\" \"5m\" "
		        "\"4h\" \"3d\"");
		return;
	}
	if (in_range(f, (double)span, true))
		*(wq_ms *)f->field = span;
}

/* The first names of a choice; the later ones are other spellings. */
static void list_choices(const struct wq_choice *choice, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int i = 0; choice[i].name != NULL && used < size; i++) {
		if (i == 8) {
			snprintf(buf + used, size - used, ", …");
			return;
		}
		used += (size_t)snprintf(
		        buf + used, size - used, "%s%s", i == 0 ? "" : ", ", choice[i].name);
	}
}

static void fill_choice(struct filling *f)
{
	struct suggest suggest = { .wanted = f->text };
	const struct wq_choice *choices = f->row->choices;
	char end[SUGGEST_TEXT], names[160];

	for (const struct wq_choice *choice = choices; choice->name != NULL; choice++) {
		if (strcmp(choice->name, f->text) == 0) {
			*(int *)f->field = choice->value;
			return;
		}
	}
	for (const struct wq_choice *choice = choices; choice->name != NULL; choice++)
		suggest_offer(&suggest, choice->name);
	list_choices(choices, names, sizeof names);
	suggest.count = 0; /* the names are listed already */
	wrong(f, "must be one of %s%s", names, suggest_end(&suggest, end));
}

static void fill_switch(struct filling *f)
{
	if (strcmp(f->text, "true") == 0)
		*(bool *)f->field = true;
	else if (strcmp(f->text, "false") == 0)
		*(bool *)f->field = false;
	else
		wrong(f, "is neither true nor false");
}

static bool length_ok(const struct filling *f, const char *text)
{
	const bool bound = f->row->type == WQ_OPT_TEXT && (f->row->min != 0 || f->row->max != 0);
	const double low = bound ? f->row->min : 0, high = bound ? f->row->max : TEXT_MAX;
	const double length = (double)strlen(text);

	if (length >= low && length <= high)
		return true;
	if (text[0] == '\0')
		wrong(f, "is empty");
	else if (bound && low == high)
		wrong(f, "has %.0f bytes, not %.0f; it is the %s", length, low, f->row->help);
	else
		wrong(f, "has %.0f bytes; allowed are %.0f to %.0f", length, low, high);
	return false;
}

static void fill_text(struct filling *f)
{
	if (length_ok(f, f->text))
		*(const char **)f->field = arena_share_text(f->arena, f->text);
}

static void fill_secret(struct filling *f)
{
	const char *name = strncmp(f->text, "credential:", 11) == 0 ? f->text + 11 : NULL;

	/* A secret that was written here by mistake must not be repeated in an error. */
	if (name == NULL || name[0] == '\0' || name[0] == '.' || strlen(name) > 100 ||
	        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
	                strlen(name)) {
		report_add_in(f->report, f->file, f->line, false, f->section->where,
		        "%s must be \"credential:NAME\", the name of a credential file (letters, "
		        "digits, - _ .); "
		        "secrets do not belong in this file",
		        f->row->key);
		return;
	}
	*(const char **)f->field = arena_share_text(f->arena, f->text);
}

/* Zeroed, freed by the caller; without memory the process ends, as in the arena. */
static void *room(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static void fill_list(struct filling *f)
{
	const bool bound = f->row->min != 0 || f->row->max != 0;
	const double most = bound ? f->row->max : LIST_MAX, least = bound ? f->row->min : 0;

	if ((double)f->count < least || (double)f->count > most) {
		wrong(f, "has %zu items; allowed are %.0f to %.0f", f->count, least, most);
		return;
	}
	for (size_t i = 0; i < f->count; i++) {
		if (!length_ok(f, f->items[i]))
			return;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(f->items[i], f->items[j]) == 0) {
				wrong(f, "names \"%.80s\" twice", f->items[i]);
				return;
			}
		}
	}
	const char **items = room(f->count, sizeof *items);

	for (size_t i = 0; i < f->count; i++)
		items[i] = arena_share_text(f->arena, f->items[i]);
	*(struct wq_list *)f->field = (struct wq_list){ .count = f->count,
		.items = arena_share(f->arena, items, f->count * sizeof *items) };
	free(items);
}

static void (*const fillers[])(struct filling *f) = {
	[WQ_OPT_TEXT] = fill_text,
	[WQ_OPT_NUMBER] = fill_number,
	[WQ_OPT_INTEGER] = fill_integer,
	[WQ_OPT_SPAN] = fill_span,
	[WQ_OPT_CHOICE] = fill_choice,
	[WQ_OPT_SWITCH] = fill_switch,
	[WQ_OPT_LIST] = fill_list,
	[WQ_OPT_SECRET] = fill_secret,
};

static void fill_absent(const struct wq_option *row, void *field)
{
	switch (row->type) {
	case WQ_OPT_TEXT:
	case WQ_OPT_SECRET:
		*(const char **)field = NULL;
		break;
	case WQ_OPT_NUMBER:
		*(double *)field = (double)NAN;
		break;
	case WQ_OPT_INTEGER:
		*(int64_t *)field = INT64_MIN;
		break;
	case WQ_OPT_SPAN:
		*(wq_ms *)field = WQ_NO_TIME;
		break;
	case WQ_OPT_CHOICE:
		*(int *)field = -1;
		break;
	case WQ_OPT_SWITCH:
		*(bool *)field = false;
		break;
	case WQ_OPT_LIST:
		*(struct wq_list *)field = (struct wq_list){ .count = 0, .items = NULL };
		break;
	}
}

/* A list's fallback: "a, b", with or without braces. */
static void fill_fallback(struct filling *f)
{
	char *copy = room(strlen(f->row->fallback) + 1, 1), *rest = copy, *item;
	const char **items = room(strlen(f->row->fallback) + 1, sizeof *items);

	strcpy(copy, f->row->fallback);
	for (item = strtok_r(copy, " ,{}\"", &rest); item != NULL;
	        item = strtok_r(NULL, " ,{}\"", &rest))
		items[f->count++] = item;
	f->items = items;
	f->text = NULL;
	fill_list(f);
	free(copy);
	free(items);
}

static void fill_row(const struct section *section, const struct wq_option *row, void *settings,
        struct arena *arena, struct config_report *report)
{
	const struct entry *entry = section_entry(section, row->key);
	struct filling f = { .row = row,
		.section = section,
		.arena = arena,
		.report = report,
		.file = entry == NULL ? NULL : entry->file,
		.line = entry == NULL ? section->line : entry->line,
		.field = (char *)settings + row->offset };

	fill_absent(row, f.field);
	if (entry == NULL && row->fallback == NULL) {
		if (row->required && !section->damaged)
			report_add(report, section->line, false, section->where,
			        "%s is missing: %s", row->key, row->help);
		return;
	}
	f.text = entry == NULL ? row->fallback : entry->items[0];
	if (row->type == WQ_OPT_LIST && entry == NULL) {
		fill_fallback(&f);
		return;
	}
	if (row->type == WQ_OPT_LIST) {
		f.text = NULL;
		f.items = entry->items;
		f.lines = entry->lines;
		f.count = entry->count;
	} else if (entry != NULL && entry->count > 1) {
		f.text = NULL;
		wrong(&f, "takes one value, not a list");
		return;
	}
	fillers[row->type](&f);
}

void fill_settings(const struct section *section, const struct wq_option *rows, void *settings,
        struct arena *arena, struct config_report *report)
{
	for (; rows != NULL && rows->key != NULL; rows++)
		fill_row(section, rows, settings, arena, report);
}

const void *fill_new(const struct section *section, const struct wq_option *rows, size_t size,
        struct arena *arena, struct config_report *report)
{
	void *settings = room(1, size);
	const void *shared;

	fill_settings(section, rows, settings, arena, report);
	shared = arena_share(arena, settings, size);
	free(settings);
	return shared;
}
