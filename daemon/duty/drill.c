/* SPDX-License-Identifier: Apache-2.0 */
/* Drills: a marked message through every channel of every contact of a group, each through that channel alone, so that one
 * which is dead is found before it is needed. */
#include "duty/duty.h"

#include "daemon.h"
#include "log.h"
#include "notify/bell.h"
#include "notify/memo.h"
#include "notify/roster.h"
#include "selfwatch.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "drill"
/* A channel that has not taken it by then failed. */
#define LIFETIME WQ_MINUTES(15)

/* -- what became of each -- */

static struct drill_try *try_of(struct drills *drills, const char *id)
{
	for (size_t i = 0; i < drills->count; i++)
		if (strcmp(drills->tries[i].id, id) == 0)
			return &drills->tries[i];
	return NULL;
}

static bool make_room(struct drills *drills, size_t more)
{
	if (drills->count + more <= drills->room)
		return true;
	size_t room = (drills->count + more) * 2;
	struct drill_try *grown = realloc(drills->tries, room * sizeof *grown);
	if (grown == NULL)
		return false;
	drills->tries = grown;
	drills->room = room;
	return true;
}

/* What an attempt, or the end of them, makes of a try. A text that says why is not lost to "given up". */
static void judge(struct drill_try *try, enum wq_result_kind kind, bool done, const char *text)
{
	bool refused = kind == WQ_CONFIG || kind == WQ_DROP || kind == WQ_FAILED;
	if (kind == WQ_SENT)
		try->state = DRILL_PASSED;
	else if (done || refused)
		try->state = DRILL_FAILED;
	if (!done || try->text[0] == '\0' || kind == WQ_SENT)
		snprintf(try->text, sizeof try->text, "%s", text);
}

void drill_delivered(struct daemon *daemon, const struct store_delivery *delivery)
{
	struct drill_try *try = daemon->duty != NULL ? try_of(&daemon->duty->drills, delivery->id) : NULL;
	if (try != NULL)
		judge(try, delivery->kind, delivery->done, delivery->text);
}

/* "张三/modem", as the alarm names it. */
#define TRY_NAME 52

static const char *name_try(const struct config *config, const struct drill_try *try, char out[TRY_NAME])
{
	snprintf(out, TRY_NAME, "%.30s/%.20s", config->contacts[try->contact].name, config->channels[try->channel].name);
	return out;
}

/* Of those that failed the ones that were told of, or were not. */
static void add_failed(const struct config *config, const struct drills *drills, bool told, struct selfwatch_facts *facts)
{
	char name[TRY_NAME];
	for (size_t i = 0; i < drills->count; i++) {
		const struct drill_try *try = &drills->tries[i];
		if (try->state != DRILL_FAILED || try->told != told)
			continue;
		facts->drill_news |= !told;
		if (facts->drill_failed++ < SELFWATCH_NAMED)
			selfwatch_list(facts->drill, name_try(config, try, name));
	}
}

void drill_facts(const struct daemon *daemon, struct selfwatch_facts *facts)
{
	const struct config *config = daemon->config;
	struct drills *drills = daemon->duty != NULL ? &daemon->duty->drills : NULL;
	const char *says = selfwatch_told(daemon, CONFIG_SELF_DRILL);
	char name[TRY_NAME];
	facts->drills = config->drill_count > 0;
	for (size_t i = 0; drills != NULL && i < drills->count; i++) {
		struct drill_try *try = &drills->tries[i];
		facts->drill_passed += try->state == DRILL_PASSED;
		facts->drill_under_way += try->state == DRILL_UNDER_WAY;
		try->told |= try->state == DRILL_FAILED && selfwatch_names(says, name_try(config, try, name));
	}
	for (int told = 0; drills != NULL && told < 2; told++)
		add_failed(config, drills, told == 1, facts);
}

void drill_told(struct daemon *daemon)
{
	struct drills *drills = daemon->duty != NULL ? &daemon->duty->drills : NULL;
	for (size_t i = 0; drills != NULL && i < drills->count; i++)
		drills->tries[i].told |= drills->tries[i].state == DRILL_FAILED;
}

/* -- after a start -- */

static uint32_t contact_named(const struct config *config, const char *id)
{
	for (uint32_t i = 0; i < config->contact_count; i++)
		if (strcmp(config->contacts[i].id, id) == 0)
			return i;
	return WQ_NONE;
}

static uint32_t channel_named(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->channel_count; i++)
		if (strcmp(config->channels[i].name, name) == 0)
			return i;
	return WQ_NONE;
}

static uint32_t drill_named(const struct config *config, const char *data)
{
	json_t *object = json_loads(data, 0, NULL);
	const char *id = json_string_value(json_object_get(object, "drill"));
	uint32_t found = WQ_NONE;
	for (uint32_t i = 0; id != NULL && i < config->drill_count; i++)
		if (strcmp(config->drills[i].id, id) == 0)
			found = i;
	json_decref(object);
	return found;
}

/* Of the last run of each drill, as far as it still is in the configuration. */
static void take_back(void *owner, const struct wq_notice *notice, int kind, bool done, const char *text)
{
	struct daemon *daemon = owner;
	struct drills *drills = &daemon->duty->drills;
	struct drill_try try = { .drill = drill_named(daemon->config, notice->data),
		.contact = contact_named(daemon->config, notice->contact),
		.channel = channel_named(daemon->config, notice->channel) };
	if (try.drill == WQ_NONE || try.contact == WQ_NONE || try.channel == WQ_NONE || notice->time != drills->marks[try.drill] ||
		!make_room(drills, 1))
		return;
	snprintf(try.id, sizeof try.id, "%s", notice->id);
	if (kind >= 0)
		judge(&try, (enum wq_result_kind)kind, done, text);
	drills->tries[drills->count++] = try;
}

int drill_open(struct daemon *daemon, struct wq_err *err)
{
	const struct config *config = daemon->config;
	struct drills *drills = &daemon->duty->drills;
	drills->marks = calloc(config->drill_count + 1, sizeof *drills->marks);
	if (drills->marks == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu drills", config->drill_count);
	for (size_t i = 0; i < config->drill_count; i++)
		drills->marks[i] = duty_mark(daemon, MARK, config->drills[i].id);
	return config->drill_count > 0 ? store_drills(daemon->store, take_back, daemon, err) : 0;
}

void drill_close(struct daemon *daemon)
{
	free(daemon->duty->drills.marks);
	free(daemon->duty->drills.tries);
}

/* -- a run -- */

/* All whom the group could tell, on duty or not: each should be reachable when the turn comes. */
static bool is_meant(const struct config *config, uint32_t group, uint32_t contact)
{
	const struct config_group *of = &config->groups[group];
	for (size_t i = 0; i < of->member_count; i++)
		if (of->members[i] == contact)
			return true;
	for (size_t i = 0; i < of->roster_count; i++)
		if (roster_knows(&config->rosters[of->rosters[i]], contact))
			return true;
	return false;
}

static void write_text(const struct config *config, uint32_t channel, bool english, wq_ms due, char out[WQ_NOTICE_TEXT])
{
	char time[WQ_INSTANT_TEXT], number[WQ_INSTANT_TEXT];
	const char *site = config->site.english != NULL ? config->site.english : config->site.name != NULL ? config->site.name : "";
	if (english)
		snprintf(out, WQ_NOTICE_TEXT, "[Channel test] %.90s early warning tries channel %.60s on schedule, %s; nothing to do. No. %s",
			site, config->channels[channel].name,
			wq_instant_format_short(config->site.zone, due, time), bell_number(config->site.zone, due, 'T', number));
	else
		snprintf(out, WQ_NOTICE_TEXT, "【%s】%.90s预警系统%s定期测试通道%.60s,收到请忽略。编号%s", memo_word(WQ_TOPIC_DRILL),
		config->site.name != NULL ? config->site.name : "", wq_instant_format_short(config->site.zone, due, time),
		config->channels[channel].name, bell_number(config->site.zone, due, 'T', number));
}

/* False: no memory. */
static bool try_channel(struct daemon *daemon, struct flight *flight, size_t drill, uint32_t contact, uint32_t channel,
	wq_ms due, wq_ms now)
{
	struct drills *drills = &daemon->duty->drills;
	struct wq_notice *notice = handover_notices(flight, 1);
	char key[24], text[WQ_NOTICE_TEXT];
	if (notice == NULL || !make_room(drills, 1))
		return false;
	write_text(daemon->config, channel, daemon->config->contacts[contact].english, due, text);
	snprintf(key, sizeof key, "%" PRIx64 "c%" PRIu32, (uint64_t)(due / WQ_MINUTES(1)), channel);
	json_t *data = json_pack("{s:s, s:s}", "drill", daemon->config->drills[drill].id, "channel",
		daemon->config->channels[channel].name);
	const struct memo memo = { .topic = WQ_TOPIC_DRILL, .level = WQ_LEVEL_INFO, .key = key, .time = due, .text = text, .data = data };
	bool carried = memo_write_through(daemon->config, contact, channel, daemon->incarnation, &memo, now, notice);
	json_decref(data);
	/* Another drill of the same minute may have begun it already. */
	if (!carried || try_of(drills, notice->id) != NULL)
		return true;
	notice->expires = now + LIFETIME;
	flight->group.notice_count++;
	struct drill_try *try = &drills->tries[drills->count++];
	*try = (struct drill_try){ .drill = (uint32_t)drill, .contact = contact, .channel = channel };
	snprintf(try->id, sizeof try->id, "%s", notice->id);
	return true;
}

static void forget(struct drills *drills, size_t drill)
{
	size_t kept = 0;
	for (size_t i = 0; i < drills->count; i++)
		if (drills->tries[i].drill != drill)
			drills->tries[kept++] = drills->tries[i];
	drills->count = kept;
}

static bool run(struct daemon *daemon, struct flight *flight, size_t drill, wq_ms due, wq_ms now)
{
	const struct config *config = daemon->config;
	forget(&daemon->duty->drills, drill);
	for (uint32_t i = 0; i < config->contact_count; i++) {
		const struct config_contact *contact = &config->contacts[i];
		for (size_t k = 0; k < contact->channel_count && is_meant(config, config->drills[drill].group, i); k++)
			if (!try_channel(daemon, flight, drill, i, contact->channels[k], due, now))
				return false;
	}
	return duty_done(flight, MARK, config->drills[drill].id, due);
}

void drill_tick(struct daemon *daemon, struct flight *flight, wq_ms now)
{
	struct drills *drills = &daemon->duty->drills;
	for (size_t i = 0; i < daemon->config->drill_count; i++) {
		const struct config_bell *bell = &daemon->config->drills[i];
		wq_ms due = now;
		const enum bell_step step = bell_step(bell->bell, daemon->config->site.zone, drills->marks[i], now, &due);
		if (step == BELL_NOTHING || (step == BELL_RESET && !duty_settled(daemon)))
			continue;
		if (step != BELL_RING ? !duty_done(flight, MARK, bell->id, now) : !run(daemon, flight, i, due, now)) {
			log_error("drill \"%s\": no memory; it is tried again", bell->id);
			continue;
		}
		if (step == BELL_RING)
			log_notice("drill \"%s\": every channel of group %s is tried", bell->id, daemon->config->groups[bell->group].id);
		drills->marks[i] = step != BELL_RING ? now : due;
	}
}
