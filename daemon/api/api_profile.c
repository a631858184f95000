/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles over the control socket: which are on, and what a person says of one. */
#include "api_parts.h"
#include "clock.h"
#include "config/suggest.h"
#include "wq/err.h"

#include <stdio.h>
#include <string.h>

static json_t *profile_json(const struct daemon *daemon, uint32_t profile, wq_ms now)
{
	const struct wq_site *site = &daemon->config->site;
	const struct wq_profile *p = &site->profiles[profile];
	const struct wq_profile_word *word = wq_engine_profile_word(daemon->engine, profile, now);
	char dates[32];
	snprintf(dates, sizeof dates, "%02d-%02d to %02d-%02d", p->from_month, p->from_day, p->to_month, p->to_day);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s?, s:s?}", "profile", p->name, "state",
		wq_engine_profile_on(daemon->engine, profile, now) ? "on" : "off", "dates", dates, "by",
		word != NULL ? "hand" : "date", "since", word != NULL ? api_instant(site->zone, word->since) : json_null(),
		"until", word != NULL ? api_instant(site->zone, word->until) : json_null(), "who",
		word != NULL ? word->who : NULL, "reason", word != NULL ? word->reason : NULL);
}

json_t *api_profile_list(const struct daemon *daemon)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < daemon->config->site.profile_count; i++)
		json_array_append_new(list, profile_json(daemon, i, clock_now()));
	return list;
}

void api_profiles(struct daemon *daemon, struct command *command, const char *name)
{
	(void)name;
	command_answer(command, 200, api_print(json_pack("{s:o}", "profiles", api_profile_list(daemon))));
}

static bool find_profile(const struct wq_site *site, const char *name, uint32_t *index)
{
	for (uint32_t i = 0; name != NULL && i < site->profile_count; i++)
		if (strcmp(site->profiles[i].name, name) == 0) {
			*index = i;
			return true;
		}
	return false;
}

static bool find_hand(const char *text, enum wq_profile_hand *hand)
{
	for (int i = WQ_PROFILE_AUTO; text != NULL && i <= WQ_PROFILE_OFF; i++)
		if (strcmp(wq_profile_hand_name((enum wq_profile_hand)i), text) == 0) {
			*hand = (enum wq_profile_hand)i;
			return true;
		}
	return false;
}

/* What a body says; false when that was answered. */
static bool read_word(const struct daemon *daemon, struct command *command, const json_t *body,
	struct wq_profile_word *word)
{
	const struct wq_site *site = &daemon->config->site;
	const char *until = api_text(body, "until"), *reason = api_text(body, "reason");
	const char *who = api_text(body, "who") != NULL ? api_text(body, "who") : command->user;
	struct wq_err err;
	*word = (struct wq_profile_word){ .since = clock_now(), .until = WQ_NO_TIME };
	struct suggest names = { .wanted = api_text(body, "profile") };
	for (uint32_t i = 0; names.wanted != NULL && i < site->profile_count; i++)
		suggest_offer(&names, site->profiles[i].name);
	if (names.wanted == NULL)
		api_refuse(command, 400, "\"profile\" is missing; nothing was changed");
	else if (!find_profile(site, names.wanted, &word->profile))
		api_unknown(command, "profile", &names);
	else if (!find_hand(api_text(body, "say"), &word->hand))
		api_refuse(command, 400, "\"say\" takes on, off or auto; nothing was changed");
	else if (until != NULL && wq_instant_parse(until, site->zone, &word->until, &err) < 0)
		api_refuse(command, 400, "\"until\" is no time like \"2026-07-01 08:00\"; nothing was changed");
	else if (word->hand == WQ_PROFILE_AUTO && until != NULL)
		api_refuse(command, 400, "auto has no end: it is what holds when nobody says anything; nothing was changed");
	else if ((reason == NULL || reason[0] == '\0') && word->hand != WQ_PROFILE_AUTO)
		api_refuse(command, 400, "\"reason\" is missing; nothing was changed");
	else if (reason != NULL && strlen(reason) >= sizeof word->reason)
		api_refuse(command, 400, "\"reason\" takes 1 to 255 bytes (85 Chinese characters); nothing was changed");
	else if (strlen(who) >= sizeof word->who)
		api_refuse(command, 400, "\"who\" takes at most 63 bytes; nothing was changed");
	else {
		memcpy(word->who, who, strlen(who) + 1);
		if (reason != NULL)
			memcpy(word->reason, reason, strlen(reason) + 1);
		return true;
	}
	return false;
}

void api_profile(struct daemon *daemon, struct command *command, const char *name)
{
	struct wq_profile_word word;
	struct wq_err err;
	json_t *body = api_body(command);
	(void)name;
	if (body == NULL)
		return;
	struct flight *flight = read_word(daemon, command, body, &word) ? api_flight(daemon, command) : NULL;
	if (flight != NULL && wq_engine_profile(daemon->engine, &word, &flight->group.outcome, &err) < 0)
		api_failed(command, &err);
	else if (flight != NULL)
		api_done(daemon, flight, command);
	json_decref(body);
}
