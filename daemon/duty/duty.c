/* SPDX-License-Identifier: Apache-2.0 */
/* What is told by the clock: marks, words and the tick. */
#include "duty/duty.h"

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "notify/memo.h"
#include "notify/roster.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- marks -- */

struct search {
	char name[sizeof((struct store_mark *)0)->name];
	wq_ms at;
};

static void look(void *owner, const struct store_mark *mark)
{
	struct search *search = owner;
	if (strcmp(search->name, mark->name) == 0)
		search->at = mark->at;
}

wq_ms duty_mark(const struct daemon *daemon, const char *kind, const char *name)
{
	struct search search = { .at = WQ_NO_TIME };
	struct wq_err err;
	snprintf(search.name, sizeof search.name, "%s:%s", kind, name);
	if (store_marks(daemon->store, look, &search, &err) < 0)
		log_error("%s", err.text);
	return search.at;
}

bool duty_done(struct flight *flight, const char *kind, const char *name, wq_ms at)
{
	char mark[sizeof((struct store_mark *)0)->name];
	snprintf(mark, sizeof mark, "%s:%s", kind, name);
	return handover_mark(flight, mark, at);
}

bool duty_settled(const struct daemon *daemon)
{
	return clock_trusted() || clock_boot() - daemon->started_boot >= DUTY_SETTLED;
}

/* -- who is meant -- */

static bool by_roster(const struct roster *roster, uint32_t contact, wq_ms now)
{
	struct roster_duty duty;
	if (!roster_knows(roster, contact))
		return false;
	roster_at(roster, now, &duty);
	return duty.vacant || roster_has(&duty, ROSTER_LEAD, contact) || roster_has(&duty, ROSTER_ASSIST, contact);
}

bool duty_member(const struct config *config, uint32_t group, uint32_t contact, wq_ms now)
{
	const struct config_group *of = &config->groups[group];
	for (size_t i = 0; i < of->member_count; i++)
		if (of->members[i] == contact)
			return true;
	for (size_t i = 0; i < of->roster_count; i++)
		if (by_roster(&config->rosters[of->rosters[i]], contact, now))
			return true;
	return false;
}

/* -- who acknowledged -- */

static struct duty_word *word_of(const struct duty *duty, int64_t alarm)
{
	for (size_t i = 0; i < duty->word_count; i++)
		if (duty->words[i].alarm == alarm)
			return &duty->words[i];
	return NULL;
}

const char *duty_who(const struct duty *duty, int64_t alarm)
{
	const struct duty_word *word = word_of(duty, alarm);
	return word != NULL ? word->who : "";
}

static void put_word(struct duty *duty, int64_t alarm, const char *who)
{
	struct duty_word *word = word_of(duty, alarm);
	if (word == NULL && duty->word_count == duty->word_room) {
		size_t room = duty->word_room > 0 ? duty->word_room * 2 : 16;
		struct duty_word *grown = realloc(duty->words, room * sizeof *grown);
		if (grown == NULL)
			return; /* only the name is missing then */
		duty->words = grown;
		duty->word_room = room;
	}
	if (word == NULL) {
		word = &duty->words[duty->word_count++];
		word->alarm = alarm;
	}
	snprintf(word->who, sizeof word->who, "%s", who);
}

static void drop_word(struct duty *duty, int64_t alarm)
{
	struct duty_word *word = word_of(duty, alarm);
	if (word != NULL)
		*word = duty->words[--duty->word_count];
}

static void take_word(void *owner, int64_t alarm, const char *who)
{
	put_word(owner, alarm, who);
}

void duty_heard(struct daemon *daemon, const struct wq_change *change)
{
	if (daemon->duty == NULL)
		return;
	if (change->kind == WQ_ACKNOWLEDGED)
		put_word(daemon->duty, change->alarm, change->who);
	else if (change->kind == WQ_CLEARED || change->kind == WQ_CLOSED || change->kind == WQ_REOPENED)
		drop_word(daemon->duty, change->alarm);
}

/* -- telling -- */

static bool is_there(const struct flight *flight, const char *id)
{
	for (size_t i = 0; i < flight->group.notice_count; i++)
		if (strcmp(flight->group.notices[i].id, id) == 0)
			return true;
	return false;
}

bool duty_tell(struct daemon *daemon, struct flight *flight, uint32_t contact, const struct memo *memo, wq_ms now)
{
	struct wq_notice *notice = handover_notices(flight, 1);
	if (notice == NULL)
		return false;
	if (!memo_write(daemon->config, contact, daemon->incarnation, memo, now, notice))
		log_warning("%s: none of the channels of %s carries it; it is not told", wq_topic_name(memo->topic),
			daemon->config->contacts[contact].id);
	else if (!is_there(flight, notice->id))
		flight->group.notice_count++;
	return true;
}

/* -- the daemon's glue -- */

int duty_open(struct daemon *daemon, struct wq_err *err)
{
	struct duty *duty = calloc(1, sizeof *duty);
	size_t rosters = daemon->config->roster_count;
	if (duty == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for what is told by the clock");
	daemon->duty = duty;
	duty->shifts = calloc(rosters > 0 ? rosters : 1, sizeof *duty->shifts);
	if (duty->shifts == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu rosters", rosters);
	duty->pulse.marks = calloc(daemon->config->heartbeat_count + 1, sizeof *duty->pulse.marks);
	if (duty->pulse.marks == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu heartbeats", daemon->config->heartbeat_count);
	handing_open(daemon);
	pulse_open(daemon);
	int r = drill_open(daemon, err);
	return r < 0 ? r : store_acknowledged(daemon->store, take_word, duty, err);
}

void duty_close(struct daemon *daemon)
{
	if (daemon->duty == NULL)
		return;
	drill_close(daemon);
	free(daemon->duty->shifts);
	free(daemon->duty->pulse.marks);
	free(daemon->duty->pulse.counted); /* it may have come after duty_stop() */
	free(daemon->duty->words);
	free(daemon->duty);
	daemon->duty = NULL;
}

bool duty_stop(struct daemon *daemon, wq_ms patience)
{
	if (daemon->duty == NULL)
		return true;
	bool ended = alive_stop(daemon, patience);
	return pulse_close(daemon, patience) && ended;
}

int duty_start(struct daemon *daemon, struct wq_err *err)
{
	return alive_start(daemon, err);
}

void duty_tick(struct daemon *daemon, struct flight *flight)
{
	wq_ms now = clock_now();
	if (daemon->duty == NULL)
		return;
	handing_tick(daemon, flight, now);
	pulse_tick(daemon, flight, now);
	drill_tick(daemon, flight, now);
	alive_tick(daemon);
}
