/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows libconfuse. Every key is declared as a list of pointers whose parse
 * callback keeps text and line: types and ranges are judged later from the option rows, so one
 * wrong value does not end the reading. What libconfuse itself refuses (unknown keys and sections,
 * titles given twice, broken syntax) ends it at the first error; that statement is then blanked and
 * the text read again. */
#include "document.h"

#include "arena.h"
#include "repair.h"
#include "scan.h"
#include "vocabulary.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A value as the callback keeps it: one allocation, freed by libconfuse. */
struct value {
	int line;
	char text[];
};

/* libconfuse's error callback carries no pointer of ours, so the error goes through here. Only the
 * main thread loads configurations. */
static struct failure *failing;

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	if (failing == NULL || failing->line != 0)
		return; /* the first one is the cause */
	failing->line = cfg->line > 0 ? cfg->line : 1;
	vsnprintf(failing->text, sizeof failing->text, format, args);
}

static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	const size_t length = strlen(text);
	struct value *value = malloc(sizeof *value + length + 1);

	(void)option;
	if (value == NULL)
		return -1;
	value->line = cfg->line;
	memcpy(value->text, text, length + 1);
	*(void **)result = value;
	return 0;
}

static bool has_option(const cfg_opt_t *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(options[i].name, name) == 0)
			return true;
	}
	return false;
}

static size_t add_rows(cfg_opt_t *options, size_t count, const struct wq_option *rows,
        const struct vocabulary *words)
{
	for (; rows != NULL && rows->key != NULL; rows++) {
		const cfg_opt_t option =
		        CFG_PTR_LIST_CB(rows->key, NULL, CFGF_NODEFAULT, on_value, free);

		/* Drivers may share a key of points. */
		if (vocabulary_has(words, rows->key) && !has_option(options, count, rows->key))
			options[count++] = option;
	}
	return count;
}

static size_t count_rows(const struct section_kind *kind)
{
	size_t count = 0;

	for (const struct wq_option *row = kind->rows; row->key != NULL; row++)
		count++;
	for (size_t i = 0; kind->more != NULL && kind->more[i] != NULL; i++) {
		for (const struct wq_option *row = kind->more[i]; row->key != NULL; row++)
			count++;
	}
	return count;
}

/* The options of one kind of section, as far as the text has words for them; `nested` are those of the
 * sections inside a station. */
static cfg_opt_t *section_options(const struct section_kind *kind, const cfg_opt_t *nested,
        size_t nested_count, const struct vocabulary *words, struct arena *arena)
{
	cfg_opt_t *options =
	        arena_array(arena, count_rows(kind) + nested_count + 1, sizeof *options);
	const cfg_opt_t end = CFG_END();
	size_t count = add_rows(options, 0, kind->rows, words);

	for (size_t i = 0; kind->more != NULL && kind->more[i] != NULL; i++)
		count = add_rows(options, count, kind->more[i], words);
	for (size_t i = 0; kind->role == SECTION_STATION && i < nested_count; i++)
		options[count++] = nested[i];
	options[count] = end;
	return options;
}

/* The sections that stand inside a station, or those that do not. */
static size_t add_sections(cfg_opt_t *options, const struct schema *schema, bool inside,
        const cfg_opt_t *nested, size_t nested_count, const struct vocabulary *words,
        struct arena *arena)
{
	size_t count = 0;

	for (size_t i = 0; i < schema->count; i++) {
		const struct section_kind *kind = &schema->kinds[i];
		const int flags =
		        CFGF_MULTI | (kind->titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : 0);

		if ((kind->role == SECTION_POINT) == inside && vocabulary_has(words, kind->name)) {
			const cfg_opt_t option = CFG_SEC(kind->name,
			        section_options(kind, nested, nested_count, words, arena), flags);

			options[count++] = option;
		}
	}
	return count;
}

/* libconfuse copies these for the file, and those of a kind for each section of it: with all that
 * could be said, a point would have several times the keys that are given. A word that stands anywhere
 * in the text is declared wherever it is a key, so nothing is refused that was not before. */
static cfg_opt_t *file_options(
        const struct schema *schema, const struct vocabulary *words, struct arena *arena)
{
	cfg_opt_t *options = arena_array(arena, schema->count + 1, sizeof *options);
	cfg_opt_t *nested = arena_array(arena, schema->count + 1, sizeof *nested);
	const cfg_opt_t end = CFG_END();
	const size_t nested_count = add_sections(nested, schema, true, NULL, 0, words, arena);

	options[add_sections(options, schema, false, nested, nested_count, words, arena)] = end;
	return options;
}

/* One reading of what is left of the text. NULL: *failure says why. */
static cfg_t *read_once(struct scan *scan, cfg_opt_t *options, struct failure *failure)
{
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	int r;

	*failure = (struct failure){ .line = 0 };
	if (cfg == NULL)
		return NULL;
	failing = failure;
	cfg_set_error_function(cfg, on_error);
	r = cfg_parse_buf(cfg, scan->text);
	failing = NULL;
	if (r == CFG_SUCCESS && failure->line == 0)
		return cfg;
	cfg_free(cfg);
	return NULL;
}

static const char *const *take_items(cfg_opt_t *option, struct entry *entry, struct arena *arena)
{
	const char **items = arena_array(arena, entry->count, sizeof *items);
	int *lines = arena_array(arena, entry->count, sizeof *lines);

	for (unsigned i = 0; i < entry->count; i++) {
		const struct value *value = cfg_opt_getnptr(option, i);

		items[i] = arena_copy(arena, value->text);
		lines[i] = value->line;
	}
	entry->lines = lines;
	entry->line = lines[0];
	return items;
}

static void take_entries(struct section *section, cfg_t *cfg, struct arena *arena)
{
	struct entry *entries;
	size_t count = 0;

	for (unsigned i = 0; cfg_getnopt(cfg, i) != NULL; i++)
		count++;
	entries = arena_array(arena, count, sizeof *entries);
	for (unsigned i = 0; i < count; i++) {
		cfg_opt_t *option = cfg_getnopt(cfg, i);
		struct entry *entry = &entries[section->entry_count];

		if (option->type != CFGT_PTR || cfg_opt_size(option) == 0)
			continue;
		entry->key = arena_copy(arena, cfg_opt_name(option));
		entry->count = cfg_opt_size(option);
		entry->items = take_items(option, entry, arena);
		section->entry_count++;
	}
	section->entries = entries;
}

/* Sections of a kind come in the order of the text in libconfuse's tree too: the walk over the
 * tokens says which is next, `taken` how many of each kind (and of the present station's points)
 * there were. */
struct walk {
	const struct schema *schema;
	struct arena *arena, *lasting;
	struct scan *scan;
	cfg_t *cfg, *station;
	struct section *sections, *parent;
	size_t count;
	unsigned *taken;
};

static void take_section(struct walk *walk, size_t open)
{
	size_t title;
	const size_t keyword = scan_header(walk->scan, open, &title);
	const struct token *token = &walk->scan->tokens[open];
	struct section *section = &walk->sections[walk->count];
	const struct section_kind *kind;
	char where[SCAN_WHERE];
	cfg_t *cfg;

	if (keyword == SCAN_NONE)
		return; /* a list */
	kind = schema_find(
	        walk->schema, walk->scan->tokens[keyword].text, token->parent != SCAN_NONE);
	if (kind == NULL)
		return;
	for (size_t i = 0; kind->role == SECTION_STATION && i < walk->schema->count; i++) {
		if (walk->schema->kinds[i].role == SECTION_POINT)
			walk->taken[i] = 0;
	}
	cfg = cfg_getnsec(kind->role == SECTION_POINT ? walk->station : walk->cfg, kind->name,
	        walk->taken[kind - walk->schema->kinds]++);
	if (cfg == NULL)
		return;
	*section = (struct section){ .kind = kind,
		.line = walk->scan->tokens[keyword].line,
		.damaged = token->damaged,
		.title = cfg_title(cfg) == NULL ? "" : arena_copy(walk->lasting, cfg_title(cfg)),
		.parent = kind->role == SECTION_POINT ? walk->parent : NULL,
		.where = arena_copy(walk->arena, scan_where(walk->scan, open, where)) };
	if (kind->role == SECTION_STATION) {
		walk->station = cfg;
		walk->parent = section;
	}
	take_entries(section, cfg, walk->arena);
	walk->count++;
}

static void take_all(
        struct document *document, cfg_t *cfg, const struct schema *schema, struct arena *arena,
        struct arena *scratch)
{
	struct scan *scan = document->scan;
	struct walk walk = {
		.schema = schema, .arena = scratch, .lasting = arena, .scan = scan, .cfg = cfg
	};
	size_t opens = 0;

	for (size_t i = scan_first(scan); i != SCAN_NONE; i = scan_next(scan, i))
		opens += scan->tokens[i].kind == TOKEN_OPEN;
	walk.sections = arena_array(scratch, opens, sizeof *walk.sections);
	walk.taken = arena_array(scratch, schema->count, sizeof *walk.taken);
	for (size_t i = scan_first(scan); i != SCAN_NONE; i = scan_next(scan, i)) {
		if (scan->tokens[i].kind == TOKEN_OPEN)
			take_section(&walk, i);
	}
	document->sections = walk.sections;
	document->count = walk.count;
}

static void take_lost(struct document *document, struct arena *arena)
{
	const struct scan *scan = document->scan;
	const char **lost = arena_array(arena, CONFIG_PROBLEMS, sizeof *lost);

	for (size_t i = 0; i + 1 < scan->count && document->lost_count < CONFIG_PROBLEMS; i++) {
		const struct token *token = &scan->tokens[i];

		if (token->gone && token->parent == SCAN_NONE && token->text != NULL &&
		        scan->tokens[i + 1].kind == TOKEN_OPEN)
			lost[document->lost_count++] = token->text;
	}
	document->lost = lost;
}

bool document_read(struct document *document, const char *text, size_t length,
        const struct schema *schema, struct arena *arena, struct arena *scratch,
        struct config_report *report)
{
	struct scan *scan = arena_take(scratch, sizeof *scan);
	struct vocabulary words;
	cfg_opt_t *options;

	*document = (struct document){ .scan = scan };
	if (!scan_text(scan, text, length, scratch, report))
		return false;
	vocabulary_take(&words, scan);
	options = file_options(schema, &words, scratch);
	while (report->error_count < CONFIG_PROBLEMS) {
		struct failure failure;
		cfg_t *cfg = read_once(scan, options, &failure);

		if (cfg != NULL) {
			take_all(document, cfg, schema, arena, scratch);
			take_lost(document, scratch);
			cfg_free(cfg);
			return true;
		}
		if (failure.line == 0) {
			report_add(report, 0, false, "", "no memory to read the file");
			return false;
		}
		repair(scan, schema, &failure);
	}
	return false;
}

const struct entry *section_entry(const struct section *section, const char *key)
{
	for (size_t i = 0; i < section->entry_count; i++) {
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	}
	return NULL;
}

bool document_lost(const struct document *document, const char *title)
{
	for (size_t i = 0; i < document->lost_count; i++) {
		if (strcmp(document->lost[i], title) == 0)
			return true;
	}
	return false;
}
