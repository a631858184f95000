/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a file, and what its parts need while they are built. */
#include "load.h"

#include "suggest.h"
#include "wq/err.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int line_of(const struct section *section, const char *key, size_t item)
{
	const struct entry *entry = key == NULL ? NULL : section_entry(section, key);

	if (entry == NULL)
		return section->line;
	return item < entry->count ? entry->lines[item] : entry->line;
}

static const char *file_of(const struct section *section, const char *key)
{
	const struct entry *entry = key == NULL ? NULL : section_entry(section, key);

	return entry == NULL ? NULL : entry->file;
}

void load_error(struct loader *l, const struct section *section, const char *key, size_t item,
        const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_add_in(l->report, file_of(section, key), line_of(section, key, item), false, section->where,
	        "%s", text);
}

void load_warning(
        struct loader *l, const struct section *section, const char *key, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_add_in(l->report, file_of(section, key), line_of(section, key, 0), true, section->where, "%s",
	        text);
}

const struct section *load_next(
        const struct loader *l, enum section_role role, const struct section *after)
{
	const struct section *end = l->document.sections + l->document.count;

	for (const struct section *s = after == NULL ? l->document.sections : after + 1; s < end;
	        s++) {
		if (s->kind->role == role)
			return s;
	}
	return NULL;
}

size_t load_count(const struct loader *l, enum section_role role)
{
	size_t count = 0;

	for (const struct section *s = load_next(l, role, NULL); s != NULL;
	        s = load_next(l, role, s))
		count++;
	return count;
}

struct names names_new(struct loader *l, size_t count)
{
	return (struct names){ .count = 0, .items = arena_array(l->arena, count, sizeof(char *)) };
}

uint32_t load_reference(struct loader *l, const struct section *section, const char *key,
        size_t item, const char *what, const char *wanted, const struct names *names)
{
	struct suggest suggest = { .wanted = wanted };
	char end[SUGGEST_TEXT];

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], wanted) == 0)
			return (uint32_t)i;
	}
	if (document_lost(&l->document, wanted))
		return WQ_NONE; /* its own section has an error already */
	for (size_t i = 0; i < names->count; i++)
		suggest_offer(&suggest, names->items[i]);
	load_error(l, section, key, item, "%s = \"%.63s\": there is no such %s%s", key, wanted,
	        what, suggest_end(&suggest, end));
	return WQ_NONE;
}

const uint32_t *load_references(struct loader *l, const struct section *section, const char *key,
        const char *what, const struct wq_list *list, const struct names *names, size_t *count)
{
	uint32_t *found = arena_array(l->arena, list->count, sizeof *found);

	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const uint32_t index =
		        load_reference(l, section, key, i, what, list->items[i], names);

		if (index != WQ_NONE)
			found[(*count)++] = index;
	}
	return found;
}

unsigned load_kinds(struct loader *l, const struct section *section, const struct wq_list *list)
{
	const unsigned all = (1U << WQ_STATION_KINDS) - 1;
	struct names kinds = names_new(l, WQ_STATION_KINDS);
	unsigned bits = 0;

	if (list->count == 0)
		return all;
	for (int kind = 0; kind < WQ_STATION_KINDS; kind++)
		kinds.items[kinds.count++] = wq_station_kind_name((enum wq_station_kind)kind);
	for (size_t i = 0; i < list->count; i++) {
		const uint32_t kind = load_reference(
		        l, section, "kinds", i, "kind of station", list->items[i], &kinds);

		if (kind != WQ_NONE)
			bits |= 1U << kind;
	}
	return bits == 0 ? all : bits;
}

/* What libconfuse cannot know of titles: their form, and that plug-ins of one role share their
 * names. */
static void check_title(struct loader *l, const struct section *section)
{
	const size_t length = strlen(section->title);

	if (!section->kind->titled)
		return;
	if (length == 0 || length >= WQ_NAME_TEXT || section->title[0] == ' ' ||
	        section->title[length - 1] == ' ')
		load_error(l, section, NULL, 0,
		        "the title must have 1 to %d bytes (a Chinese character has 3) and no "
		        "space at its ends",
		        WQ_NAME_TEXT - 1);
	else if (strcmp(section->title, "*") == 0 && section->kind->role != SECTION_STATION)
		load_error(l, section, NULL, 0, "only a station may have the title \"*\"");
	if (strncmp(section->title, SELF_PREFIX, strlen(SELF_PREFIX)) == 0)
		load_error(l, section, NULL, 0,
		        "titles that begin with \"" SELF_PREFIX "\" are the program's own");
	for (const struct section *s = load_next(l, section->kind->role, NULL); s != section;
	        s = load_next(l, section->kind->role, s)) {
		if (s->kind != section->kind && s->kind->titled &&
		        strcmp(s->title, section->title) == 0)
			load_error(l, section, NULL, 0,
			        "the title is taken by %s \"%.63s\" on line %d", s->kind->name,
			        s->title, s->line);
	}
}

static void check_titles(struct loader *l)
{
	for (size_t i = 0; i < l->document.count; i++)
		check_title(l, &l->document.sections[i]);
}

static struct config *build(struct loader *l)
{
	l->config = arena_take(l->arena, sizeof *l->config);
	l->internal = arena_take(l->arena, sizeof *l->internal);
	l->internal->arena = l->arena;
	l->config->internal = l->internal;
	l->config->file = l->report->file == NULL ? "" : arena_copy(l->arena, l->report->file);
	check_titles(l);
	load_site(l);
	load_buses(l);
	load_cares(l);
	load_channels(l);
	load_people(l);
	load_bells(l);
	load_uplinks(l);
	load_links(l);
	load_profiles(l);
	load_rules(l);
	load_rule_places(l);
	load_credentials(l);
	return l->config;
}

struct config *config_load_text(const char *text, size_t length, const char *name,
        const struct config_tables *tables, struct config_report *report)
{
	struct loader l = { .report = report, .tables = tables, .arena = arena_new() };
	struct arena *scratch = arena_new();
	struct config *config = NULL;

	*report = (struct config_report){ .file = name };
	l.scratch = scratch;
	if (l.arena == NULL || scratch == NULL) {
		report_add(report, 0, false, "", "no memory to read the file");
	} else {
		schema_build(&l.schema, tables, l.arena);
		if (document_read(
		            &l.document, text, length, &l.schema, l.arena, scratch, report)) {
			instruments_apply(&l);
			config = build(&l);
		}
		report_sort(report);
	}
	arena_free(scratch);
	if (l.arena != NULL)
		arena_settle(l.arena);
	if (report->error_count == 0 && config != NULL)
		return config;
	arena_free(l.arena);
	return NULL;
}

const char *load_beside(struct loader *l, const char *path)
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

bool load_time_of_day(const char *text, wq_ms *at)
{
	if (strlen(text) != 5 || !isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]) || text[2] != ':' ||
	        !isdigit((unsigned char)text[3]) || !isdigit((unsigned char)text[4]))
		return false;
	const int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';

	*at = WQ_HOURS(hours) + WQ_MINUTES(minutes);
	return hours < 24 && minutes < 60;
}

char *load_whole(const char *path, size_t most, size_t *length, struct wq_err *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	char *text = NULL;
	ssize_t n = 1;

	*length = 0;
	if (fd < 0 || fstat(fd, &status) < 0) {
		wq_fail(err, WQ_E_IO, "cannot be read: %s", strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		wq_fail(err, WQ_E_INVALID, "is not a regular file");
	} else if (status.st_size > (off_t)most) {
		wq_fail(err, WQ_E_INVALID, "has %lld bytes; more than %zu are not read",
		        (long long)status.st_size, most);
	} else if ((text = malloc(most + 1)) == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory to read it");
	} else {
		while (*length < most &&
		        (n = read(fd, text + *length, most - *length)) > 0)
			*length += (size_t)n;
		if (n < 0) {
			wq_fail(err, WQ_E_IO, "cannot be read: %s", strerror(errno));
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

struct config *config_load_file(
        const char *path, const struct config_tables *tables, struct config_report *report)
{
	struct wq_err err;
	struct config *config;
	size_t length;
	char *text = load_whole(path, CONFIG_FILE_MAX, &length, &err);

	if (text == NULL) {
		*report = (struct config_report){ .file = path };
		report_add(report, 0, false, "", "%s", err.text);
		return NULL;
	}
	config = config_load_text(text, length, path, tables, report);
	free(text);
	return config;
}

void config_free(struct config *config)
{
	if (config != NULL)
		arena_free(((struct config_internal *)config->internal)->arena);
}
