/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison found: two tables, or JSON. */
#include "compare.h"

#include "ctl/number.h"
#include "ctl/table.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

static const char *const kind_names[] = {
	[COMPARE_APPEARED] = "appeared",
	[COMPARE_VANISHED] = "vanished",
	[COMPARE_MOVED] = "moved",
	[COMPARE_SAME] = "same",
};

/* An amount a person on duty and day; NaN where nobody is known or there was no day. */
static double each(const struct compare_side *side, size_t amount)
{
	return side->officers > 0 && side->days > 0
	        ? (double)amount / (double)side->officers / side->days
	        : NAN;
}

/* Notices go by routes: none without. */
static double notices_each(const struct compare_side *side)
{
	return side->config->route_count > 0 ? each(side, side->episodes.notices) : NAN;
}

/* -- one alarm -- */

static const struct wq_site *site_of(
        const struct comparison *comparison, const struct difference *d)
{
	return &comparison->sides[d->new != NULL].config->site;
}

static const char *station_of(const struct wq_site *site, const struct episode *episode)
{
	return episode->station != WQ_NONE ? site->stations[episode->station].id : "";
}

static const char *time_of(
        const struct wq_site *site, uint32_t station, wq_ms at, char text[WQ_INSTANT_TEXT])
{
	if (at == WQ_NO_TIME)
		return NULL;
	return wq_instant_format(
	        station != WQ_NONE ? site->stations[station].zone : site->zone, at, text);
}

/* -- tables -- */

static void text_of(char *text, size_t size, double value)
{
	if (isnan(value))
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.2f", value);
}

static void row(struct ctl_table *table, const char *what, const char *old, const char *new)
{
	ctl_table_row(table, (const char *const[]){ what, old, new });
}

static void row_count(struct ctl_table *table, const char *what, size_t old, size_t new)
{
	char a[24], b[24];
	snprintf(a, sizeof a, "%zu", old);
	snprintf(b, sizeof b, "%zu", new);
	row(table, what, a, b);
}

/* Without them there is nobody to share the alarms. */
static void row_officers(struct ctl_table *table, size_t old, size_t new)
{
	char a[24], b[24];
	snprintf(a, sizeof a, "%zu", old);
	snprintf(b, sizeof b, "%zu", new);
	row(table, "officers", old > 0 ? a : "- (give --officers)", new > 0 ? b : "-");
}

static void row_number(struct ctl_table *table, const char *what, double old, double new)
{
	char a[40], b[40];
	text_of(a, sizeof a, old);
	text_of(b, sizeof b, new);
	row(table, what, a, b);
}

static void print_counts(const struct comparison *comparison, FILE *to)
{
	const struct compare_side *old = &comparison->sides[0], *new = &comparison->sides[1];
	struct ctl_table table = { .columns = 0 };
	ctl_table_begin(&table, 3, (const char *const[]){ "", "OLD", "NEW" });
	row(&table, "rules", old->file, new->file);
	row_count(&table, "alarms", old->episodes.count, new->episodes.count);
	for (int level = WQ_LEVEL_INFO; level <= WQ_LEVEL_ALARM; level++) {
		char what[40];
		snprintf(what, sizeof what, "  %s %s", wq_level_name((enum wq_level)level),
		        wq_level_chinese((enum wq_level)level));
		row_count(&table, what, old->episodes.levels[level], new->episodes.levels[level]);
	}
	row_count(&table, "days", (size_t)old->days, (size_t) new->days);
	row_officers(&table, old->officers, new->officers);
	row_number(&table, "alarms per officer and day", each(old, old->episodes.count),
	        each(new, new->episodes.count));
	row_number(&table, "notices per officer and day", notices_each(old), notices_each(new));
	ctl_table_print(&table, to);
	ctl_table_free(&table);
}

#define SHIFT_TEXT (WQ_INSTANT_TEXT + 1)

/* "-8h", "+1d"; "" for none. */
static const char *shift_text(wq_ms shift, char text[SHIFT_TEXT])
{
	text[0] = shift < 0 ? '-' : '+';
	wq_span_format(shift < 0 ? -shift : shift, text + 1);
	return shift == 0 ? "" : text;
}

static void print_difference(
        const struct comparison *comparison, const struct difference *d, struct ctl_table *table)
{
	char old[WQ_INSTANT_TEXT], new[WQ_INSTANT_TEXT], shift[SHIFT_TEXT], level[32];
	const struct wq_site *site = site_of(comparison, d);
	const struct episode *e = d->new != NULL ? d->new : d->old;
	bool both = d->old != NULL && d->new != NULL;
	if (both && d->old->level != d->new->level)
		snprintf(level, sizeof level, "%s>%s", wq_level_name(d->old->level),
		        wq_level_name(d->new->level));
	else
		snprintf(level, sizeof level, "%s", wq_level_name(e->level));
	ctl_table_row(table,
	        (const char *const[]){ kind_names[d->kind], station_of(site, e), e->rule,
	                e->parameter[0] != '\0' ? e->parameter : "-",
	                d->old != NULL ? time_of(site, e->station, d->old->opened, old) : NULL,
	                d->new != NULL ? time_of(site, e->station, d->new->opened, new) : NULL,
	                both ? shift_text(compare_shift(d), shift) : "", level, e->text });
}

static void print_longest(
        const struct comparison *comparison, const char *what, const struct difference *d, FILE *to)
{
	char text[SHIFT_TEXT], at[WQ_INSTANT_TEXT];
	if (d == NULL)
		return;
	const struct wq_site *site = site_of(comparison, d);
	fprintf(to, "%s: %s, ", what, shift_text(compare_shift(d), text));
	ctl_text_write(to, station_of(site, d->new));
	fprintf(to, " %s %s at %s\n", d->new->rule, d->new->parameter,
	        time_of(site, d->new->station, d->new->opened, at));
}

void compare_print(const struct comparison *comparison, FILE *to)
{
	static const char *const headings[] = { "WHAT", "STATION", "RULE", "PARAMETER", "OLD",
		"NEW", "SHIFT", "LEVEL", "TEXT" };
	const size_t columns = sizeof headings / sizeof *headings;
	struct ctl_table table = { .columns = 0 };
	print_counts(comparison, to);
	fprintf(to,
	        "\n%zu appear, %zu vanish, %zu move, %zu are the same (%zu of them end at another "
	        "time)\n",
	        comparison->kinds[COMPARE_APPEARED], comparison->kinds[COMPARE_VANISHED],
	        comparison->kinds[COMPARE_MOVED], comparison->kinds[COMPARE_SAME],
	        comparison->other_end);
	print_longest(comparison, "longest lead", comparison->longest_lead, to);
	print_longest(comparison, "longest lag", comparison->longest_lag, to);
	if (comparison->count == 0)
		return;
	fputc('\n', to);
	ctl_table_begin(&table, columns, headings);
	for (size_t i = 0; i < comparison->count; i++)
		print_difference(comparison, &comparison->rows[i], &table);
	if (!ctl_table_print(&table, to))
		fputs("wqctl backtest: no memory for all rows\n", stderr);
	ctl_table_free(&table);
}

/* -- JSON -- */

static json_t *levels_json(const struct episodes *episodes)
{
	json_t *object = json_object();
	for (int level = WQ_LEVEL_INFO; level <= WQ_LEVEL_ALARM; level++)
		json_object_set_new(object, wq_level_name((enum wq_level)level),
		        json_integer((json_int_t)episodes->levels[level]));
	return object;
}

static json_t *changes_json(const struct episodes *episodes)
{
	json_t *object = json_object();
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++)
		json_object_set_new(object, wq_change_name((enum wq_change_kind)kind),
		        json_integer((json_int_t)episodes->changes[kind]));
	return object;
}

static json_t *side_json(const struct compare_side *side)
{
	const struct episodes *episodes = &side->episodes;
	bool routed = side->config->route_count > 0;
	return json_pack("{s:s, s:I, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "rules", side->file,
	        "alarms", (json_int_t)episodes->count, "levels", levels_json(episodes), "changes",
	        changes_json(episodes), "days", (int)side->days, "officers",
	        side->officers > 0 ? json_integer((json_int_t)side->officers) : json_null(),
	        "alarms_per_officer_day", ctl_number(each(side, episodes->count)), "notices",
	        routed ? json_integer((json_int_t)episodes->notices) : json_null(),
	        "notices_per_officer_day", ctl_number(notices_each(side)));
}

static json_t *episode_json(const struct wq_site *site, const struct episode *e)
{
	char opened[WQ_INSTANT_TEXT], ended[WQ_INSTANT_TEXT];
	if (e == NULL)
		return json_null();
	return json_pack("{s:s, s:s?, s:s, s:s}", "opened",
	        time_of(site, e->station, e->opened, opened), "ended",
	        time_of(site, e->station, e->ended, ended), "level", wq_level_name(e->level),
	        "text", e->text);
}

static json_t *difference_json(const struct comparison *comparison, const struct difference *d)
{
	const struct wq_site *site = site_of(comparison, d);
	const struct episode *e = d->new != NULL ? d->new : d->old;
	return json_pack("{s:s, s:s?, s:s, s:s?, s:o, s:o, s:o}", "what", kind_names[d->kind],
	        "station", e->station != WQ_NONE ? station_of(site, e) : NULL, "rule", e->rule,
	        "parameter", e->parameter[0] != '\0' ? e->parameter : NULL, "old",
	        episode_json(site, d->old), "new", episode_json(site, d->new), "shift_hours",
	        d->old != NULL && d->new != NULL ? json_real((double)compare_shift(d) / 3600e3)
	                                         : json_null());
}

static json_t *longest_json(const struct comparison *comparison, const struct difference *d)
{
	return d != NULL ? difference_json(comparison, d) : json_null();
}

void compare_print_json(const struct comparison *comparison, FILE *to)
{
	const size_t *kinds = comparison->kinds;
	json_t *head = json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "old",
	        side_json(&comparison->sides[0]), "new", side_json(&comparison->sides[1]),
	        "appeared", (json_int_t)kinds[COMPARE_APPEARED], "vanished",
	        (json_int_t)kinds[COMPARE_VANISHED], "moved", (json_int_t)kinds[COMPARE_MOVED],
	        "same", (json_int_t)kinds[COMPARE_SAME], "other_end",
	        (json_int_t)comparison->other_end, "longest_lead",
	        longest_json(comparison, comparison->longest_lead), "longest_lag",
	        longest_json(comparison, comparison->longest_lag));
	fputc('{', to);
	json_dumpf(head, to, JSON_EMBED | JSON_REAL_PRECISION(10));
	json_decref(head);
	/* A row a line, written as it is made: there may be many. */
	fputs(", \"differences\": [", to);
	for (size_t i = 0; i < comparison->count; i++) {
		json_t *object = difference_json(comparison, &comparison->rows[i]);
		fputs(i > 0 ? ",\n" : "\n", to);
		json_dumpf(object, to, JSON_REAL_PRECISION(10));
		json_decref(object);
	}
	fputs("\n]}\n", to);
}
