/* SPDX-License-Identifier: Apache-2.0 */
/* network: several sections fell on one day.
 *
 * Looks at a day once it is closed at every station that has the day before it (those in commissioning do not
 * count), and counts the sections whose class is worse than the day before by `classes` or more; with
 * beyond_target only those that are now worse than their target. Days that are not assessable count as neither.
 *
 *   `sections` or more of them                                                RAISE level, with their list
 *   fewer                                                                     CLEAR
 *   fewer, and less than half of the sections can be compared                 UNKNOWN */
#include "registry.h"

#include "levels.h"
#include "phrase.h"

#include "wq/standard.h"

#include <string.h>

struct network_settings {
	int64_t sections, classes;
	bool beyond_target;
	int level;
};

static const struct wq_option options[] = {
	{ .key = "sections",
	        .type = WQ_OPT_INTEGER,
	        .min = 2,
	        .max = 1000,
	        .fallback = "3",
	        .offset = offsetof(struct network_settings, sections),
	        .help = "how many sections must fall on one day" },
	{ .key = "classes",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 5,
	        .fallback = "1",
	        .offset = offsetof(struct network_settings, classes),
	        .help = "by how many classes each" },
	{ .key = "beyond_target",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "true",
	        .offset = offsetof(struct network_settings, beyond_target),
	        .help = "true: only sections that are now worse than their target count" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct network_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static size_t days(const void *settings)
{
	(void)settings;
	return 3;
}

struct tally {
	int sections, compared, fallen;
	bool complete;
	struct phrase list;
};

/* Bytes of names after which the rest is only counted: the sentence holds no more. */
#define LIST_BYTES 150

static void add_name(struct tally *t, const struct wq_station *station, int before, int now)
{
	if (t->list.length < LIST_BYTES)
		phrase_add(&t->list, "%s%.60s(%s→%s)", t->list.length > 0 ? "、" : "", station->name,
		        wq_class_name(before), wq_class_name(now));
	else if (strncmp(t->list.text + t->list.length - 3, "等", 3) != 0)
		phrase_add(&t->list, "等");
}

static void count(struct tally *t, const struct network_settings *s, const struct wq_view *view,
        uint32_t station, wq_day day)
{
	const struct wq_station *where = &wq_view_site(view)->stations[station];
	const struct wq_past_day *past, *before, *now;
	size_t n;

	past = wq_view_days(view, station, &n);
	before = wq_past_find(past, n, day - 1);
	now = wq_past_find(past, n, day);
	if (where->commissioning || (!before && !now))
		return;
	t->complete &= now != NULL;
	t->sections++;
	if (!before || !now || before->class_ == 0 || now->class_ == 0)
		return;
	t->compared++;
	if (now->class_ - before->class_ < s->classes ||
	        (s->beyond_target && now->class_ <= where->target))
		return;
	t->fallen++;
	add_name(t, where, before->class_, now->class_);
}

static bool on_day(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct network_settings *s = settings;
	const struct wq_site *site = wq_view_site(view);
	const wq_day day = wq_view_day(view)->day;
	struct tally t = { .complete = true };
	char date[PHRASE_TEXT];

	(void)state;
	for (uint32_t i = 0; i < site->station_count; i++)
		count(&t, s, view, i, day);
	if (!t.complete)
		return false; /* the last of them to close tells of all */
	out->at = wq_day_start(site->zone, day + 1);
	out->value = t.fallen;
	out->limit = (double)s->sections;
	wq_verdict_fact(out, "fallen", t.fallen);
	wq_verdict_fact(out, "compared", t.compared);
	wq_verdict_fact(out, "sections", t.sections);
	if (t.fallen >= s->sections) {
		out->finding = WQ_FINDING_RAISE;
		out->level = (enum wq_level)s->level;
		wq_verdict_say(out, "%s%d个断面水质下降:%s,建议会商", phrase_day(day, date), t.fallen,
		        t.list.text);
		return true;
	}
	out->finding = 2 * t.compared >= t.sections ? WQ_FINDING_CLEAR : WQ_FINDING_UNKNOWN;
	wq_verdict_say(out, "%s水质下降的断面%d个(可比%d个),未达会商条件", phrase_day(day, date),
	        t.fallen, t.compared);
	return true;
}

const struct wq_rule wq_rule_network = {
	.name = "network",
	.help = "several sections fell on one day",
	.scope = WQ_SCOPE_NETWORK,
	.options = options,
	.settings_size = sizeof(struct network_settings),
	.days = days,
	.on_day = on_day,
};
