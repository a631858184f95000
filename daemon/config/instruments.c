/* SPDX-License-Identifier: Apache-2.0 */
/* Instrument profiles: files of points without a bus, the register map of one make. A point that
 * names one takes from it the keys that it does not give itself; a point whose title begins with "*"
 * stands for all points of the profile. What is made of them is a document like any other: the
 * parts that read it know nothing of profiles, and errors name the line that is wrong. */
#include "arena.h"
#include "load.h"
#include "suggest.h"

#include "wq/err.h"
#include "wq/parameter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTRUMENT_FILE_MAX ((size_t)256 * 1024)
#define ENDING              ".profile"

struct instrument {
	struct instrument *next;
	const char *name; /* as it was asked for */
	const char *file;
	bool sound;
	struct document document;
};

/* Sections as they are rewritten. */
struct rewriting {
	struct loader *l;
	struct instrument *instruments;
	struct section *sections;
	size_t count, room;
};

/* ---- finding and reading a profile ---- */

/* The directory beside the programs: PREFIX/bin/wqd has PREFIX/share/wqd/modbus. */
static const char *installed(struct loader *l, const char *name)
{
	static const char there[] = "/share/wqd/modbus/";
	char *path = arena_take(l->scratch, 4096 + strlen(name) + sizeof there + sizeof ENDING);
	ssize_t length = readlink("/proc/self/exe", path, 4095);
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(path, '/')) != NULL)
			*slash = '\0';
	strcat(path, there);
	strcat(path, name);
	return strcat(path, ENDING);
}

/* What a profile may not say: where it is read from, and another profile. */
static void check_templates(struct instrument *instrument, struct config_report *report)
{
	static const char *const foreign[] = { "bus", "unit_id", "profile" };

	for (size_t i = 0; i < instrument->document.count; i++) {
		const struct section *s = &instrument->document.sections[i];

		for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++) {
			const struct entry *entry = section_entry(s, foreign[k]);

			if (entry != NULL)
				report_add(report, entry->line, false, s->where,
				        "%s is said by the point that uses the profile, not here",
				        foreign[k]);
		}
	}
	if (instrument->document.count == 0 && report->error_count == 0)
		report_add(report, 0, false, "", "has no point");
}

/* Problems of the profile become those of the configuration, with their own file. */
static void hand_on(struct loader *l, const struct config_report *report)
{
	const size_t kept = report->error_count + report->warning_count - report->more;

	for (size_t i = 0; i < kept; i++)
		report_add_in(l->report, report->file, report->problems[i].line,
		        report->problems[i].warning, "", "%s", report->problems[i].text);
}

static void mark_origin(struct instrument *instrument)
{
	for (size_t i = 0; i < instrument->document.count; i++) {
		const struct section *s = &instrument->document.sections[i];

		/* They are in our scratch memory and nobody has looked at them yet. */
		for (size_t k = 0; k < s->entry_count; k++)
			((struct entry *)(uintptr_t)&s->entries[k])->file = instrument->file;
	}
}

static void read_instrument(struct rewriting *r, struct instrument *instrument,
        const struct section *user)
{
	struct loader *l = r->l;
	struct config_report *report = arena_take(l->scratch, sizeof *report);
	struct schema schema;
	struct wq_err err;
	size_t length;
	char *text = load_whole(instrument->file, INSTRUMENT_FILE_MAX, &length, &err);

	if (text == NULL) {
		load_error(l, user, "profile", 0, "profile = \"%.80s\": %.200s %s", instrument->name,
		        instrument->file, err.text);
		return;
	}
	*report = (struct config_report){ .file = instrument->file };
	schema_build_instrument(&schema, l->tables, l->scratch);
	if (document_read(&instrument->document, text, length, &schema, l->arena, l->scratch, report))
		check_templates(instrument, report);
	free(text);
	hand_on(l, report);
	instrument->sound = report->error_count == 0;
	mark_origin(instrument);
}

static struct instrument *find_instrument(struct rewriting *r, const struct section *user)
{
	const char *name = section_entry(user, "profile")->items[0];
	struct instrument *instrument = r->instruments;

	while (instrument != NULL && strcmp(instrument->name, name) != 0)
		instrument = instrument->next;
	if (instrument != NULL)
		return instrument;
	instrument = arena_take(r->l->scratch, sizeof *instrument);
	instrument->name = name;
	instrument->file = strchr(name, '/') != NULL ? load_beside(r->l, name) : installed(r->l, name);
	instrument->next = r->instruments;
	r->instruments = instrument;
	read_instrument(r, instrument, user);
	return instrument;
}

/* ---- applying it ---- */

/* Whether two titles mean one parameter: "tp", "w21011", "总磷". */
static bool same(const char *a, const char *b)
{
	const int found = wq_parameter_find(wq_parameters, wq_parameter_count, a);

	return strcmp(a, b) == 0 ||
	        (found >= 0 && found == wq_parameter_find(wq_parameters, wq_parameter_count, b));
}

static const struct section *template_of(const struct instrument *instrument, const char *title)
{
	for (size_t i = 0; i < instrument->document.count; i++)
		if (same(instrument->document.sections[i].title, title))
			return &instrument->document.sections[i];
	return NULL;
}

/* Adds the entries whose keys are not there yet. */
static void add_entries(struct entry *entries, size_t *count, const struct section *from)
{
	for (size_t i = 0; from != NULL && i < from->entry_count; i++) {
		bool given = false;

		for (size_t k = 0; k < *count && !given; k++)
			given = strcmp(entries[k].key, from->entries[i].key) == 0;
		if (!given)
			entries[(*count)++] = from->entries[i];
	}
}

static const char *where_of(struct rewriting *r, const struct section *user, const char *title)
{
	const size_t size = strlen(user->where) + strlen(title) + 8;
	const char *open = strrchr(user->where, '"');
	char *where = arena_take(r->l->scratch, size + strlen(user->title));

	if (strcmp(user->title, title) == 0 || open == NULL)
		return user->where;
	snprintf(where, size + strlen(user->title), "%.*s: %s\"]", (int)(open - user->where),
	        user->where, title);
	return where;
}

static void append(struct rewriting *r, const struct section *section)
{
	if (r->count == r->room) {
		struct section *more = arena_array(r->l->scratch, 2 * r->room, sizeof *more);


		memcpy(more, r->sections, r->count * sizeof *more);
		r->sections = more;
		r->room *= 2;
	}
	r->sections[r->count++] = *section;
}

/* The point `title` from what the user of the profile says, the template of that title, and the
 * one for any. */
static void append_point(struct rewriting *r, const struct section *user,
        const struct section *own, const struct section *any, const char *title)
{
	const size_t most = user->entry_count + (own == NULL ? 0 : own->entry_count) +
	        (any == NULL ? 0 : any->entry_count);
	struct entry *entries = arena_array(r->l->scratch, most, sizeof *entries);
	struct section point = *user;

	point.entry_count = 0;
	add_entries(entries, &point.entry_count, user);
	add_entries(entries, &point.entry_count, own);
	add_entries(entries, &point.entry_count, any);
	point.entries = entries;
	point.title = title;
	point.where = where_of(r, user, title);
	append(r, &point);
}

static bool stands_alone(const struct rewriting *r, const struct section *user, const char *title)
{
	const struct document *d = &r->l->document;

	for (size_t i = 0; i < d->count; i++)
		if (d->sections[i].parent == user->parent &&
		        d->sections[i].kind->role == SECTION_POINT && same(d->sections[i].title, title))
			return true;
	return false;
}

static void expand_all(struct rewriting *r, const struct section *user,
        const struct instrument *instrument, const struct section *any)
{
	size_t made = 0;

	for (size_t i = 0; i < instrument->document.count; i++) {
		const struct section *t = &instrument->document.sections[i];

		if (t == any)
			continue;
		made++;
		if (!stands_alone(r, user, t->title))
			append_point(r, user, t, any, t->title);
	}
	if (made == 0)
		load_error(r->l, user, NULL, 0,
		        "the profile \"%.80s\" does not say which parameters it has: write a point for "
		        "each instead of \"*\"",
		        instrument->name);
}

static void apply(struct rewriting *r, const struct section *user)
{
	const struct instrument *instrument = find_instrument(r, user);
	const struct section *any = template_of(instrument, "*"),
	                     *own = template_of(instrument, user->title);
	struct suggest suggest = { .wanted = user->title };
	char end[SUGGEST_TEXT];

	if (!instrument->sound) {
		struct section damaged = *user; /* its own error is told already */

		damaged.damaged = true;
		if (user->title[0] != '*')
			append(r, &damaged);
	} else if (user->title[0] == '*') {
		expand_all(r, user, instrument, any);
	} else if (own != NULL || any != NULL) {
		append_point(r, user, own, any, user->title);
	} else {
		for (size_t i = 0; i < instrument->document.count; i++)
			suggest_offer(&suggest, instrument->document.sections[i].title);
		load_error(r->l, user, "profile", 0, "the profile \"%.80s\" has no point \"%.63s\"%s",
		        instrument->name, user->title, suggest_end(&suggest, end));
	}
}

void instruments_apply(struct loader *l)
{
	struct document *d = &l->document;
	struct rewriting r = { .l = l, .room = d->count + 64 };
	bool any = false;

	for (size_t i = 0; i < d->count && !any; i++)
		any = d->sections[i].kind->role == SECTION_POINT &&
		        section_entry(&d->sections[i], "profile") != NULL;
	if (!any)
		return;
	r.sections = arena_array(l->scratch, r.room, sizeof *r.sections);
	for (size_t i = 0; i < d->count; i++) {
		const struct section *s = &d->sections[i];

		if (s->kind->role == SECTION_POINT && section_entry(s, "profile") != NULL)
			apply(&r, s);
		else
			append(&r, s);
	}
	/* Points refer to stations by where they were: they are now elsewhere. */
	for (size_t i = 0, station = 0; i < r.count; i++) {
		if (r.sections[i].kind->role == SECTION_STATION)
			station = i;
		else if (r.sections[i].kind->role == SECTION_POINT)
			r.sections[i].parent = &r.sections[station];
	}
	d->sections = r.sections;
	d->count = r.count;
}
