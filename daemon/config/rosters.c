/* SPDX-License-Identifier: Apache-2.0 */
/* Rosters: sections to the data that daemon/notify/roster.h answers from. */
#include "rosters.h"

#include "fill.h"

#include "wq/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_zone_row utc_row = { .from = 0, .offset = 0 };
static const struct wq_zone utc = { .count = 1, .rows = &utc_row };

bool roster_day(const char *text, wq_day *day)
{
	wq_ms at;

	if (strlen(text) != 10 || wq_instant_parse(text, &utc, &at, NULL) < 0)
		return false;
	*day = wq_day_of(&utc, at);
	return true;
}

void roster_put(struct roster_plan *plan, const struct roster_entry *entry)
{
	struct roster *roster = plan->roster;

	if (roster->entry_count == ROSTER_ENTRIES) {
		if (!plan->full)
			load_error(plan->l, plan->section, NULL, 0, "has more than %d swaps, days of holidays and rows of its file",
			        ROSTER_ENTRIES);
		plan->full = true;
		return;
	}
	if (roster->entry_count == plan->room) {
		struct roster_entry *more;

		plan->room = plan->room == 0 ? 64 : plan->room * 2;
		more = arena_array(plan->l->arena, plan->room, sizeof *more);
		if (roster->entry_count > 0)
			memcpy(more, plan->entries, roster->entry_count * sizeof *more);
		plan->entries = more;
		roster->entries = more;
	}
	plan->entries[roster->entry_count++] = *entry;
}

/* The next word of an item; false: there is none. What is too long is cut: no title is that long. */
static bool word(const char **text, char out[ROSTER_TOKEN + 1])
{
	size_t length = 0;

	while (**text == ' ' || **text == '\t')
		++*text;
	for (; **text != '\0' && **text != ' ' && **text != '\t'; ++*text)
		if (length < ROSTER_TOKEN)
			out[length++] = **text;
	out[length] = '\0';
	return length > 0;
}

static uint32_t person_named(struct roster_plan *plan, const char *key, size_t item, const char *name)
{
	return load_reference(plan->l, plan->section, key, item, "contact", name, &plan->l->contact_names);
}

/* "day 08:00 12h" */
static bool read_shift(struct roster_plan *plan, size_t item, const char *text, struct roster_shift *shift)
{
	char name[ROSTER_TOKEN + 1], start[ROSTER_TOKEN + 1], length[ROSTER_TOKEN + 1], more[ROSTER_TOKEN + 1];
	const char *rest = text;

	if (!word(&rest, name) || !word(&rest, start) || !word(&rest, length) || word(&rest, more) ||
	        !load_time_of_day(start, &shift->start) || wq_span_parse(length, &shift->length, NULL) < 0 ||
	        shift->length < WQ_MINUTES(1) || shift->length > WQ_DAYS(1)) {
		load_error(plan->l, plan->section, "shifts", item,
		        "shifts: \"%.60s\" must be a name without spaces, a time of day and a length of 1m to 24h, such as "
		        "\"night 20:00 12h\"",
		        text);
		return false;
	}
	for (size_t i = 0; i < plan->shifts.count; i++) {
		if (strcmp(plan->shifts.items[i], name) != 0)
			continue;
		load_error(plan->l, plan->section, "shifts", item, "shifts: there are two of the name %.60s", name);
		return false;
	}
	shift->name = arena_copy(plan->l->arena, name);
	return true;
}

/* In the order in which they begin: turns go by it. */
static void read_shifts(struct roster_plan *plan, const struct wq_list *list)
{
	struct roster_shift *shifts = arena_array(plan->l->arena, ROSTER_SHIFTS, sizeof *shifts);
	struct roster *roster = plan->roster;

	plan->shifts = names_new(plan->l, ROSTER_SHIFTS);
	roster->shifts = shifts;
	for (size_t i = 0; i < list->count && i < ROSTER_SHIFTS; i++) {
		struct roster_shift *shift = &shifts[roster->shift_count];

		if (!read_shift(plan, i, list->items[i], shift))
			continue;
		if (roster->shift_count > 0 && shift->start <= shift[-1].start) {
			load_error(plan->l, plan->section, "shifts", i, "shifts: \"%.60s\" does not begin after the one before it",
			        list->items[i]);
			continue;
		}
		plan->shifts.items[plan->shifts.count++] = shift->name;
		roster->shift_count++;
	}
}

static void read_turns(struct roster_plan *plan, const char *key, const struct wq_list *list, int turn,
        enum roster_role role)
{
	struct roster_turns *turns = &plan->roster->turns[role];

	turns->people = load_references(plan->l, plan->section, key, "contact", list, &plan->l->contact_names, &turns->count);
	turns->turn = (enum roster_turn)turn;
}

/* The people that an item ends with, at least one. */
static const uint32_t *read_people(struct roster_plan *plan, const char *key, size_t item, const char *rest,
        size_t *count)
{
	uint32_t *people = arena_array(plan->l->arena, ROSTER_SHIFTS, sizeof *people);
	char name[ROSTER_TOKEN + 1];
	size_t named = 0;

	for (*count = 0; word(&rest, name); named++) {
		const uint32_t person = person_named(plan, key, item, name);

		if (person != WQ_NONE && *count < ROSTER_SHIFTS)
			people[(*count)++] = person;
	}
	if (named == 0 || named > ROSTER_SHIFTS)
		load_error(plan->l, plan->section, key, item, "%s: %zu people are named; 1 to %d are allowed, one a shift", key, named,
		        ROSTER_SHIFTS);
	return people;
}

/* "sat li wang" */
static void read_weekdays(struct roster_plan *plan, const struct wq_list *list)
{
	static const char *const week[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct names names = { .count = 7, .items = (const char **)week };

	for (size_t i = 0; i < list->count; i++) {
		const char *rest = list->items[i];
		char name[ROSTER_TOKEN + 1];
		uint32_t day;

		(void)word(&rest, name);
		day = load_reference(plan->l, plan->section, "weekdays", i, "day of the week", name, &names);
		if (day == WQ_NONE)
			continue;
		if (plan->roster->weekdays[day].count > 0)
			load_error(plan->l, plan->section, "weekdays", i, "weekdays: %s is given twice", name);
		plan->roster->weekdays[day].people =
		        read_people(plan, "weekdays", i, rest, &plan->roster->weekdays[day].count);
	}
}

/* "2026-10-01" or "2026-10-01..2026-10-07" */
static bool read_days(const char *text, wq_day *first, wq_day *last)
{
	char begin[11];

	if (strlen(text) == 10)
		return roster_day(text, first) && roster_day(text, last);
	if (strlen(text) != 22 || strncmp(text + 10, "..", 2) != 0)
		return false;
	snprintf(begin, sizeof begin, "%.10s", text);
	return roster_day(begin, first) && roster_day(text + 12, last) && *first <= *last && *last - *first < 366;
}

static void read_holidays(struct roster_plan *plan, const struct wq_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *rest = list->items[i];
		char days[ROSTER_TOKEN + 1];
		wq_day first, last;
		size_t count;
		const uint32_t *people;

		if (!word(&rest, days) || !read_days(days, &first, &last)) {
			load_error(plan->l, plan->section, "holidays", i,
			        "holidays: \"%.60s\" must begin with a date or two, such as \"2026-10-01..2026-10-07\", of at most "
			        "366 days",
			        list->items[i]);
			continue;
		}
		people = read_people(plan, "holidays", i, rest, &count);
		for (wq_day day = first; count > 0 && day <= last; day++)
			for (uint32_t shift = 0; shift < plan->roster->shift_count; shift++)
				roster_put(plan, &(struct roster_entry){ day, shift, ROSTER_LEAD, ROSTER_HOLIDAY, people[shift % count] });
	}
}

/* "2026-03-05 night li", at the end the role where it is not the lead. */
static void read_swap(struct roster_plan *plan, size_t item, const char *text)
{
	static const char *const roles[] = { "lead", "assist", "leader" };
	const struct names role_names = { .count = ROSTER_ROLES, .items = (const char **)roles };
	char day[ROSTER_TOKEN + 1], shift[ROSTER_TOKEN + 1], person[ROSTER_TOKEN + 1], role[ROSTER_TOKEN + 1],
	        more[ROSTER_TOKEN + 1];
	struct roster_entry entry = { .layer = ROSTER_SWAP, .role = ROSTER_LEAD };
	const char *rest = text;
	uint32_t as = ROSTER_LEAD;

	if (!word(&rest, day) || !roster_day(day, &entry.day) || !word(&rest, shift) || !word(&rest, person)) {
		load_error(plan->l, plan->section, "swaps", item,
		        "swaps: \"%.60s\" must be a date, a shift and a contact, such as \"2026-03-05 night li\"", text);
		return;
	}
	entry.shift = load_reference(plan->l, plan->section, "swaps", item, "shift", shift, &plan->shifts);
	entry.person = person_named(plan, "swaps", item, person);
	if (word(&rest, role))
		as = load_reference(plan->l, plan->section, "swaps", item, "role", role, &role_names);
	if (word(&rest, more))
		load_error(plan->l, plan->section, "swaps", item, "swaps: \"%.60s\": nothing may follow the role", text);
	else if (entry.shift != WQ_NONE && entry.person != WQ_NONE && as != WQ_NONE) {
		entry.role = (enum roster_role)as;
		roster_put(plan, &entry);
	}
}

static void read_from(struct roster_plan *plan, const char *from)
{
	const struct roster *roster = plan->roster;

	if (from != NULL && !roster_day(from, &plan->roster->from))
		load_error(plan->l, plan->section, "from", 0, "from = \"%.40s\": must be a date such as \"2026-01-05\"", from);
	for (int role = 0; role < ROSTER_ROLES && from == NULL; role++) {
		if (roster->turns[role].count == 0)
			continue;
		load_error(plan->l, plan->section, NULL, 0,
		        "from is missing: the day on which the first of those who take turns begins");
		return;
	}
}

/* More in one slot than are ever told. */
static void check_slots(struct roster_plan *plan)
{
	const struct roster *roster = plan->roster;
	size_t run = 1;

	for (size_t i = 1; i < roster->entry_count; i++) {
		const struct roster_entry *a = &roster->entries[i - 1], *b = &roster->entries[i];
		char day[WQ_INSTANT_TEXT];

		run = a->day == b->day && a->shift == b->shift && a->role == b->role && a->layer == b->layer ? run + 1 : 1;
		if (run == ROSTER_SLOT + 1)
			load_error(plan->l, plan->section, NULL, 0, "%s %s has more than %d people of role %s", wq_day_format(b->day, day),
			        roster->shifts[b->shift].name, ROSTER_SLOT, roster_role_name(b->role));
	}
}

static void know(struct roster *roster, uint32_t *everybody, const uint32_t *people, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!roster_knows(roster, people[i]))
			everybody[roster->everybody_count++] = people[i];
}

static void list_everybody(struct roster_plan *plan)
{
	struct roster *roster = plan->roster;
	uint32_t *everybody = arena_array(plan->l->arena, plan->l->contact_names.count, sizeof *everybody);

	roster->everybody = everybody;
	for (int role = 0; role < ROSTER_ROLES; role++)
		know(roster, everybody, roster->turns[role].people, roster->turns[role].count);
	for (size_t day = 0; day < 7; day++)
		know(roster, everybody, roster->weekdays[day].people, roster->weekdays[day].count);
	for (size_t i = 0; i < roster->entry_count; i++)
		know(roster, everybody, &roster->entries[i].person, 1);
}

static void load_roster(struct loader *l, const struct section *section, struct roster *roster)
{
	struct roster_plan plan = { .l = l, .section = section, .roster = roster };
	const size_t errors = l->report->error_count;
	struct roster_settings s;

	fill_settings(section, schema_roster, &s, l->arena, l->report);
	*roster = (struct roster){ .id = section->title,
		.name = s.name == NULL ? section->title : s.name,
		.handover = (enum roster_handover)s.handover,
		.zone = l->config->site.zone };
	read_shifts(&plan, &s.shifts);
	read_turns(&plan, "people", &s.people, s.turn, ROSTER_LEAD);
	read_turns(&plan, "assist", &s.assist, s.turn, ROSTER_ASSIST);
	read_turns(&plan, "leader", &s.leader, s.leader_turn, ROSTER_LEADER);
	read_from(&plan, s.from);
	read_weekdays(&plan, &s.weekdays);
	read_holidays(&plan, &s.holidays);
	for (size_t i = 0; i < s.swaps.count; i++)
		read_swap(&plan, i, s.swaps.items[i]);
	if (s.file != NULL)
		roster_read_file(&plan, s.file);
	if (roster->entry_count > 0)
		qsort(plan.entries, roster->entry_count, sizeof *plan.entries, roster_compare);
	check_slots(&plan);
	list_everybody(&plan);
	if (l->report->error_count == errors && !section->damaged && roster->everybody_count == 0)
		load_error(l, section, NULL, 0, "has nobody: give people, weekdays or file");
}

void load_rosters(struct loader *l)
{
	const size_t count = load_count(l, SECTION_ROSTER);
	struct roster *rosters = arena_array(l->arena, count, sizeof *rosters);
	size_t n = 0;

	l->roster_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_ROSTER, NULL); s != NULL; s = load_next(l, SECTION_ROSTER, s)) {
		load_roster(l, s, &rosters[n]);
		l->roster_names.items[n++] = s->title;
	}
	l->roster_names.count = n;
	l->config->rosters = rosters;
	l->config->roster_count = n;
}

/* -- what is doubtful from now on -- */

static void print_doubt(const struct config *config, const struct roster *roster, size_t count, wq_ms from, wq_ms until,
        const char *what, const char *then, FILE *to)
{
	char begin[WQ_INSTANT_TEXT], end[WQ_INSTANT_TEXT];

	if (count == 0)
		return;
	fprintf(to, "%s: warning: [roster \"%s\"] %s from %s to %s", config->file, roster->id, what,
	        wq_instant_format_short(roster->zone, from, begin), wq_instant_format_short(roster->zone, until, end));
	if (count > 1)
		fprintf(to, " and %zu more times within %d days", count - 1, ROSTER_AHEAD);
	fprintf(to, ": %s\n", then);
}

size_t config_rosters_print(const struct config *config, wq_ms now, FILE *to)
{
	size_t total = 0;

	for (size_t i = 0; i < config->roster_count; i++) {
		const struct roster *roster = &config->rosters[i];
		struct roster_doubts d;

		roster_doubts(roster, now, now + WQ_DAYS(ROSTER_AHEAD), &d);
		print_doubt(config, roster, d.gaps, d.gap_from, d.gap_until, "nobody has the lead",
		        "everybody of the roster would be told", to);
		print_doubt(config, roster, d.overlaps, d.overlap_from, d.overlap_until, "more than one has the lead",
		        "each of them would be told", to);
		total += d.gaps + d.overlaps;
	}
	return total;
}
