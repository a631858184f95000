/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what later: two piles a contact, and the windows that fill them. */
#include "hold.h"

#include "bell.h"
#include "hold_text.h"
#include "memo.h"
#include "urgent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOWS 16 /* causes that something left of just now, a contact */

enum { PLAIN, URGENT, BUDGETS };

/* What waits for one contact, of one kind. */
struct pile {
	struct hold_lines lines;
	int64_t upto;  /* held of the newest; 0: nothing waits */
	wq_ms due;     /* boot clock */
	wq_ms told_at; /* our clock, of LATER: told as soon as it is past this too */
	struct wq_notice *alone; /* owned; the only one that waits, which leaves as it is; NULL: there are more, or no memory */
	char told_by[WQ_NOTICE_ID]; /* the notice that left and told the last of it */
};

struct window {
	uint64_t cause;
	wq_ms until;   /* boot clock */
	uint64_t call; /* of hold_judge(), when what opened it is still to leave */
};

/* One contact that may be held back from something. */
struct desk {
	bool holds;
	struct pile piles[2]; /* SOON, LATER */
	struct window windows[WINDOWS];
	wq_ms left[BUDGETS][CONFIG_HOLD_MOST]; /* boot clock: when the newest left, rings */
	uint64_t gone[BUDGETS];
};

struct hold {
	const struct config *config;
	struct desk *desks; /* by contact */
	int64_t newest;
	uint64_t calls; /* of hold_judge() */
	uint32_t found; /* contact of the notice before */
	/* Nothing is due before both: hold_next() is asked with every batch, and there may be hundreds of contacts. */
	wq_ms due, told_at; /* boot clock, our clock */
};

/* -- policy -- */

static const struct wq_zone *zone_of(const struct config *config)
{
	return config->site.zone != NULL ? config->site.zone : &wq_zone_china;
}

/* Time of day as the clock on the wall of the site's people shows it, and the day. */
static wq_ms time_of_day(const struct config *config, wq_ms now, wq_day *day)
{
	const struct wq_zone *zone = zone_of(config);

	*day = wq_day_of(zone, now);
	return now + wq_zone_offset(zone, now) - WQ_DAYS(*day);
}

/* When the quiet hours end that hold now; WQ_NO_TIME: it is not quiet. */
static wq_ms quiet_until(const struct config *config, const struct config_hold *prefs, wq_ms now)
{
	wq_day day;
	wq_ms at = time_of_day(config, now, &day);
	const bool over_night = prefs->quiet_from > prefs->quiet_to, begun = at >= prefs->quiet_from, ended = at >= prefs->quiet_to;

	if (prefs->quiet_from == prefs->quiet_to || (over_night ? !begun && ended : !begun || ended))
		return WQ_NO_TIME;
	return bell_instant(zone_of(config), day + (over_night && begun), prefs->quiet_to);
}

/* The next of the digest times after now. */
static wq_ms next_digest(const struct config *config, const struct config_hold *prefs, wq_ms now)
{
	wq_day day;
	wq_ms at = time_of_day(config, now, &day), best = WQ_NO_TIME;

	for (size_t i = 0; i < prefs->digest_count; i++) {
		wq_ms when = bell_instant(zone_of(config), day + (prefs->digests[i] <= at), prefs->digests[i]);

		if (best == WQ_NO_TIME || when < best)
			best = when;
	}
	return best;
}

static bool carries_digests(const struct config *config, const struct config_contact *contact)
{
	for (size_t i = 0; i < contact->channel_count; i++)
		if (memo_carried(config->channels[contact->channels[i]].channel->memos, WQ_TOPIC_DIGEST))
			return true;
	return false;
}

wq_ms hold_later(const struct config *config, uint32_t contact, enum wq_level level, wq_ms now)
{
	const struct config_hold *prefs = &config->contacts[contact].hold;

	if (level > WQ_LEVEL_WATCH || !carries_digests(config, &config->contacts[contact]))
		return WQ_NO_TIME;
	if (prefs->digest_count > 0 && level <= prefs->digest_level)
		return next_digest(config, prefs, now);
	return quiet_until(config, prefs, now);
}

/* -- memory -- */

struct hold *hold_new(const struct config *config)
{
	struct hold *hold = calloc(1, sizeof *hold);
	size_t count = config->contact_count;

	if (hold == NULL)
		return NULL;
	hold->config = config;
	hold->due = hold->told_at = INT64_MAX;
	hold->desks = calloc(count > 0 ? count : 1, sizeof *hold->desks);
	if (hold->desks == NULL) {
		free(hold);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct config_hold *prefs = &config->contacts[i].hold;

		hold->desks[i].holds = carries_digests(config, &config->contacts[i]) &&
			(prefs->quiet_from != prefs->quiet_to || prefs->digest_count > 0 || prefs->gather > 0 || prefs->most > 0);
	}
	return hold;
}

static void empty(struct pile *pile)
{
	free(pile->alone);
	hold_lines_free(&pile->lines);
	*pile = (struct pile){ 0 };
}

void hold_free(struct hold *hold)
{
	if (hold == NULL)
		return;
	for (size_t i = 0; i < hold->config->contact_count; i++)
		for (size_t which = 0; which < 2; which++)
			empty(&hold->desks[i].piles[which]);
	free(hold->desks);
	free(hold);
}

/* Notices of a change come in the order of contacts: looked for from where the one before was. */
static uint32_t contact_of(struct hold *hold, const struct wq_notice *notice)
{
	const uint32_t count = (uint32_t)hold->config->contact_count;

	for (uint32_t k = 0; k < count; k++) {
		const uint32_t i = (hold->found + k) % count;

		if (strcmp(hold->config->contacts[i].id, notice->contact) == 0)
			return hold->found = i;
	}
	return WQ_NONE;
}

static struct pile *pile_of(struct desk *desk, enum wq_hold why)
{
	return &desk->piles[why == WQ_HOLD_LATER];
}

/* -- windows and budgets -- */

static struct window *window_of(struct desk *desk, uint64_t cause, wq_ms boot)
{
	for (size_t i = 0; i < WINDOWS; i++)
		if (desk->windows[i].until > boot && desk->windows[i].cause == cause)
			return &desk->windows[i];
	return NULL;
}

/* The one that ends first makes room: what is gathered too little is only told alone. */
static struct window *open_window(struct desk *desk, uint64_t cause, wq_ms until, wq_ms boot)
{
	struct window *window = window_of(desk, cause, boot);

	for (size_t i = 0; window == NULL && i < WINDOWS; i++)
		if (desk->windows[i].until <= boot)
			window = &desk->windows[i];
	for (size_t i = 0; i < WINDOWS && window == NULL; i++) {
		bool first = true;

		for (size_t k = 0; k < WINDOWS; k++)
			first = first && desk->windows[i].until <= desk->windows[k].until;
		if (first)
			window = &desk->windows[i];
	}
	*window = (struct window){ .cause = cause, .until = until };
	return window;
}

/* When another may leave by the budget; `boot` or before: now. */
static wq_ms budget_opens(const struct desk *desk, const struct config_hold *prefs, int budget)
{
	if (prefs->most == 0 || desk->gone[budget] < prefs->most)
		return INT64_MIN;
	return desk->left[budget][(desk->gone[budget] - prefs->most) % CONFIG_HOLD_MOST] + prefs->most_within;
}

static void note_left(struct desk *desk, const struct config_hold *prefs, int budget, uint64_t cause, wq_ms boot)
{
	desk->left[budget][desk->gone[budget]++ % CONFIG_HOLD_MOST] = boot;
	if (prefs->gather > 0 && budget == PLAIN && cause != 0)
		open_window(desk, cause, boot + prefs->gather, boot);
}

/* -- putting on a pile -- */

/* What waits alone needs no digest: it is told with its link and what it asks. */
static void keep_alone(struct pile *pile, const struct wq_notice *notice, bool nothing)
{
	free(pile->alone);
	pile->alone = nothing ? malloc(sizeof *pile->alone) : NULL;
	if (pile->alone != NULL)
		*pile->alone = *notice;
}

static void put(struct hold *hold, struct desk *desk, struct wq_notice *notice, enum wq_hold why, wq_ms due, wq_ms told_at)
{
	struct pile *pile = pile_of(desk, why);

	/* What was told by a notice that left, and is still to be recorded, does not hurry what comes now. */
	const bool first = pile->lines.total == 0, nothing = pile->upto == 0;

	notice->hold = why;
	notice->held = ++hold->newest;
	if (first || due < pile->due)
		pile->due = due;
	if (first || told_at < pile->told_at)
		pile->told_at = told_at;
	pile->upto = notice->held;
	pile->told_by[0] = '\0';
	hold->due = pile->due < hold->due ? pile->due : hold->due;
	hold->told_at = pile->told_at < hold->told_at ? pile->told_at : hold->told_at;
	keep_alone(pile, notice, nothing);
	hold_lines_put(&pile->lines, notice);
}

/* An earlier change of its alarm waits: the pile, or NULL. What became a warning waits for no morning. */
static struct pile *waits(struct desk *desk, const struct wq_notice *notice)
{
	for (size_t i = 0; i < (notice->level > WQ_LEVEL_WATCH ? 1 : 2); i++)
		if (desk->piles[i].upto > 0 && hold_lines_has(&desk->piles[i].lines, notice->alarm))
			return &desk->piles[i];
	return NULL;
}

/* A notice leaves, and tells what waits of its alarm; one that is told soon tells what would wait longer. */
static void tells(struct hold *hold, struct desk *desk, const struct wq_notice *notice)
{
	for (size_t i = notice->hold == WQ_HOLD_NO ? 0 : 1; i < 2; i++) {
		struct pile *pile = &desk->piles[i];

		if (pile->upto == 0 || !hold_lines_drop(&pile->lines, notice->alarm))
			continue;
		if (pile->lines.total == 0) {
			snprintf(pile->told_by, sizeof pile->told_by, "%s", notice->id);
			pile->due = hold->due = INT64_MIN;
		}
	}
}

/* -- judging -- */

static bool same_cause(const struct wq_notice *a, const struct wq_notice *b)
{
	return a->cause == b->cause && strcmp(a->contact, b->contact) == 0;
}

/* Whether others that are not urgent were concluded together with it, of the same station and for the same contact. */
static bool has_company(const struct wq_notice *notices, size_t count, const struct wq_notice *one)
{
	for (size_t i = 0; i < count; i++)
		if (&notices[i] != one && !notice_urgent(&notices[i]) && notices[i].hold != WQ_HOLD_LATER && same_cause(&notices[i], one))
			return true;
	return false;
}

static void judge_urgent(struct hold *hold, struct desk *desk, const struct config_hold *prefs, struct wq_notice *notice, wq_ms boot)
{
	if (budget_opens(desk, prefs, URGENT) > boot) {
		put(hold, desk, notice, WQ_HOLD_SOON, boot + HOLD_URGENT, INT64_MAX);
	} else {
		note_left(desk, prefs, URGENT, notice->cause, boot);
	}
	tells(hold, desk, notice);
}

static bool judge_later(struct hold *hold, struct desk *desk, uint32_t contact, struct wq_notice *notice, wq_ms now, wq_ms boot)
{
	wq_ms until = hold_later(hold->config, contact, notice->level, now);

	if (until == WQ_NO_TIME)
		return false;
	put(hold, desk, notice, WQ_HOLD_LATER, boot + (until - now), until);
	return true;
}

/* Told at once, in one message; what comes of that station soon after waits. */
static void gather(struct hold *hold, struct desk *desk, const struct config_hold *prefs, struct wq_notice *notice, wq_ms boot)
{
	put(hold, desk, notice, WQ_HOLD_SOON, boot, INT64_MAX);
	open_window(desk, notice->cause, boot + prefs->gather, boot)->call = hold->calls;
}

static void judge_plain(struct hold *hold, struct desk *desk, const struct config_hold *prefs, struct wq_notice *notices,
	size_t count, struct wq_notice *notice, wq_ms boot)
{
	const struct pile *pile = waits(desk, notice);
	const struct window *window = prefs->gather > 0 ? window_of(desk, notice->cause, boot) : NULL;
	wq_ms opens = budget_opens(desk, prefs, PLAIN);

	if (pile != NULL)
		put(hold, desk, notice, pile == &desk->piles[1] ? WQ_HOLD_LATER : WQ_HOLD_SOON, pile->due, pile->told_at);
	else if (opens > boot)
		put(hold, desk, notice, WQ_HOLD_SOON, opens, INT64_MAX);
	else if (window != NULL)
		put(hold, desk, notice, WQ_HOLD_SOON, window->call == hold->calls ? boot : window->until, INT64_MAX);
	else if (prefs->gather > 0 && has_company(notices, count, notice))
		gather(hold, desk, prefs, notice, boot);
	else
		note_left(desk, prefs, PLAIN, notice->cause, boot);
	if (notice->hold != WQ_HOLD_LATER)
		tells(hold, desk, notice);
}

void hold_judge(struct hold *hold, struct wq_notice *notices, size_t count, wq_ms now, wq_ms boot)
{
	hold->calls++;
	/* What leaves at once first: it may tell what is put on a pile otherwise. */
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < count; i++) {
			struct wq_notice *notice = &notices[i];
			uint32_t contact = contact_of(hold, notice);
			bool urgent = notice_urgent(notice);

			if (contact == WQ_NONE || !hold->desks[contact].holds || notice->topic != WQ_TOPIC_ALARM)
				continue;
			struct desk *desk = &hold->desks[contact];
			const struct config_hold *prefs = &hold->config->contacts[contact].hold;

			if (pass == 0 && urgent)
				judge_urgent(hold, desk, prefs, notice, boot);
			else if (pass == 1 && !urgent)
				judge_later(hold, desk, contact, notice, now, boot);
			else if (pass == 2 && !urgent && notice->hold == WQ_HOLD_NO)
				judge_plain(hold, desk, prefs, notices, count, notice, boot);
		}
}

bool hold_restore(struct hold *hold, const struct wq_notice *notice, wq_ms now, wq_ms boot)
{
	uint32_t contact = contact_of(hold, notice);
	struct wq_notice copy = *notice;

	if (notice->held > hold->newest)
		hold->newest = notice->held;
	if (contact == WQ_NONE || !hold->desks[contact].holds)
		return false;
	struct desk *desk = &hold->desks[contact];
	wq_ms until = notice->hold == WQ_HOLD_LATER ? hold_later(hold->config, contact, notice->level, notice->created) : now;

	/* Neither a step of the clock nor other settings keep it for longer than a day. */
	if (until == WQ_NO_TIME || until < now || until > now + WQ_DAYS(1))
		until = now;
	const int64_t newest = hold->newest;

	hold->newest = notice->held - 1;
	put(hold, desk, &copy, notice->hold == WQ_HOLD_LATER ? WQ_HOLD_LATER : WQ_HOLD_SOON, boot + (until - now), until);
	if (copy.hold == WQ_HOLD_SOON)
		tells(hold, desk, &copy);
	hold->newest = newest;
	return true;
}

/* -- telling -- */

static bool is_due(const struct pile *pile, wq_ms now, wq_ms boot)
{
	return pile->upto > 0 && (boot >= pile->due || now >= pile->told_at);
}

/* The only one that waits leaves as it is, under its own id. */
static void let_go(struct hold *hold, uint32_t contact, struct pile *pile, wq_ms now, wq_ms boot, struct hold_due *due)
{
	struct wq_notice *notice = &due->digest;

	*due = (struct hold_due){ .tell = true, .digest = *pile->alone };
	notice->expires = now + (notice->expires - notice->created);
	notice->hold = WQ_HOLD_NO;
	notice->held = 0;
	note_left(&hold->desks[contact], &hold->config->contacts[contact].hold, notice_urgent(notice) ? URGENT : PLAIN, 0, boot);
	empty(pile);
}

static void write_due(struct hold *hold, uint32_t contact, size_t which, uint64_t incarnation, wq_ms now, wq_ms boot,
	struct hold_due *due)
{
	struct desk *desk = &hold->desks[contact];
	struct pile *pile = &desk->piles[which];
	char text[WQ_NOTICE_TEXT], key[32];
	struct memo memo = { .topic = WQ_TOPIC_DIGEST, .level = hold_lines_level(&pile->lines), .key = key, .time = now, .text = text };

	*due = (struct hold_due){ .fold = { .hold = which == 1 ? WQ_HOLD_LATER : WQ_HOLD_SOON, .upto = pile->upto } };
	snprintf(due->fold.contact, sizeof due->fold.contact, "%s", hold->config->contacts[contact].id);
	if (pile->alone != NULL && pile->lines.total > 0) {
		let_go(hold, contact, pile, now, boot, due);
		return;
	}
	snprintf(key, sizeof key, "%llx-%llx", (unsigned long long)now, (unsigned long long)pile->upto);
	if (pile->lines.total > 0) {
		hold_text(&pile->lines, which == 1, hold->config->contacts[contact].english, text);
		json_t *data = hold_data(&pile->lines);

		memo.data = data;
		due->tell = memo_write(hold->config, contact, incarnation, &memo, now, &due->digest);
		json_decref(data);
	}
	if (due->tell)
		note_left(desk, &hold->config->contacts[contact].hold, memo.level >= WQ_LEVEL_ALARM ? URGENT : PLAIN, 0, boot);
	snprintf(due->fold.digest, sizeof due->fold.digest, "%s", due->tell ? due->digest.id : pile->told_by);
	empty(pile);
}

bool hold_next(struct hold *hold, uint64_t incarnation, wq_ms now, wq_ms boot, struct hold_due *due)
{
	wq_ms next_due = INT64_MAX, next_told = INT64_MAX;

	if (boot < hold->due && now < hold->told_at)
		return false;
	for (uint32_t i = 0; i < hold->config->contact_count; i++)
		for (size_t which = 0; which < 2; which++) {
			const struct pile *pile = &hold->desks[i].piles[which];

			if (is_due(pile, now, boot)) {
				write_due(hold, i, which, incarnation, now, boot, due);
				return true;
			}
			next_due = pile->upto > 0 && pile->due < next_due ? pile->due : next_due;
			next_told = pile->upto > 0 && pile->told_at < next_told ? pile->told_at : next_told;
		}
	hold->due = next_due;
	hold->told_at = next_told;
	return false;
}
