/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of alarms -> episodes. */
#include "episodes.h"

#include "notify/router.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* Changes that end an alarm. */
static const bool ends[WQ_CHANGE_KINDS] = { [WQ_CLEARED] = true, [WQ_CLOSED] = true };

/* Alarm numbers ascend. */
static struct episode *find(const struct episodes *episodes, int64_t alarm)
{
	size_t low = 0, high = episodes->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (episodes->rows[middle].alarm < alarm)
			low = middle + 1;
		else
			high = middle;
	}
	return low < episodes->count && episodes->rows[low].alarm == alarm ? &episodes->rows[low]
	                                                                   : NULL;
}

static struct episode *add(
        struct episodes *episodes, const struct wq_site *site, const struct wq_change *change)
{
	if (episodes->count == episodes->room) {
		size_t room = episodes->room > 0 ? episodes->room * 2 : 256;
		struct episode *rows = episodes->count < EPISODES_MAX
		        ? realloc(episodes->rows, room * sizeof *rows)
		        : NULL;
		if (rows == NULL) {
			episodes->broken = true;
			return NULL;
		}
		episodes->rows = rows;
		episodes->room = room;
	}
	struct episode *episode = &episodes->rows[episodes->count++];
	*episode = (struct episode){ .alarm = change->alarm,
		.rule = site->rules[change->rule].name,
		.parameter = change->series == WQ_NONE
		        ? ""
		        : site->parameters[site->series[change->series].parameter].alias,
		.station = change->station,
		.opened = change->time,
		.ended = WQ_NO_TIME,
		.text = strdup(change->says) };
	episodes->broken |= episode->text == NULL;
	return episode;
}

static void take(void *owner, const struct wq_site *site, const struct wq_change *change)
{
	struct episodes *episodes = owner;
	struct episode *episode = find(episodes, change->alarm);
	episodes->changes[change->kind]++;
	if (change->kind != WQ_ESCALATED && change->hush == WQ_HUSH_NONE)
		episodes->notices += router_count(episodes->config, change, false);
	if (episode == NULL)
		episode = add(episodes, site, change);
	if (episode == NULL)
		return;
	if (change->level > episode->level)
		episode->level = change->level;
	if (ends[change->kind])
		/* Not before it began: then it would not even be the same as itself. */
		episode->ended = change->time > episode->opened ? change->time : episode->opened;
}

struct replay_listener episodes_listener(struct episodes *episodes, const struct config *config)
{
	episodes->config = config;
	return (struct replay_listener){ .owner = episodes, .change = take };
}

int episodes_finish(struct episodes *episodes, struct wq_err *err)
{
	if (episodes->broken)
		return wq_fail(err, WQ_E_FULL,
		        "%s: more than %d alarms, or no memory for them; nothing is compared",
		        episodes->config->file, EPISODES_MAX);
	for (size_t i = 0; i < episodes->count; i++)
		episodes->levels[episodes->rows[i].level]++;
	return 0;
}

void episodes_free(struct episodes *episodes)
{
	for (size_t i = 0; i < episodes->count; i++)
		free(episodes->rows[i].text);
	free(episodes->rows);
	memset(episodes, 0, sizeof *episodes);
}

static bool leads(const struct config *config, uint32_t contact)
{
	for (size_t i = 0; i < config->route_count; i++) {
		const struct config_group *group = &config->groups[config->routes[i].lead];
		for (size_t k = 0; !config->routes[i].commissioning && k < group->member_count; k++)
			if (group->members[k] == contact)
				return true;
	}
	return false;
}

size_t episodes_officers(const struct config *config)
{
	size_t count = 0;
	for (uint32_t i = 0; i < config->contact_count; i++)
		count += leads(config, i);
	return count;
}
