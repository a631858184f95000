/* SPDX-License-Identifier: Apache-2.0 */
/* What happens by the clock: heartbeats, drills, and the ping that says to somebody outside that we live. */
#include "fill.h"
#include "load.h"

#include "notify/channel/address.h"
#include "notify/bell.h"
#include "wq/err.h"

#include <ctype.h>
#include <string.h>

#define ROW(kind, f, text, ...)                                                                    \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct bell_settings, f), __VA_ARGS__ \
	}

const struct wq_option schema_heartbeat[] = {
	ROW(TEXT, at, "at", .required = true, .min = 5, .max = 5, .help = "time of day, \"08:30\", in the site's zone"),
	ROW(TEXT, to, "to", .required = true, .min = 1, .max = WQ_NAME_TEXT - 1, .help = "group that is told"),
	ROW(LIST, on, "on", .min = 1, .max = 7,
	        .help = "days of the week, { \"mon\", \"thu\" }; nothing: every day"),
	WQ_OPTION_END,
};

const struct wq_option schema_drill[] = {
	ROW(TEXT, at, "at", .required = true, .min = 5, .max = 5, .help = "time of day, \"10:00\", in the site's zone"),
	ROW(TEXT, to, "to", .required = true, .min = 1, .max = WQ_NAME_TEXT - 1,
	        .help = "group whose contacts' channels are tried"),
	ROW(LIST, on, "on", .min = 1, .max = 7, .help = "days of the week, { \"mon\" }"),
	ROW(INTEGER, day, "day", .min = 1, .max = 31, .help = "day of the month; in a shorter one its last day"),
	WQ_OPTION_END,
};

#undef ROW
#define ROW(kind, f, text, ...)                                                                    \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct config_ping, f), __VA_ARGS__ \
	}

const struct wq_option schema_ping[] = {
	ROW(TEXT, url, "url", .required = true, .min = 10, .max = ADDRESS_MAX,
	        .help = "address that is asked while all is well, https:// or http://, or \"credential:NAME\""),
	ROW(TEXT, url_fail, "url_fail", .min = 10, .max = ADDRESS_MAX,
	        .help = "likewise while something is wrong; nothing: then none is asked"),
	ROW(SPAN, every, "every", .fallback = "5m", .min = 10000, .max = 86400000, .help = "how often"),
	ROW(SPAN, timeout, "timeout", .fallback = "15s", .min = 1000, .max = 60000, .help = "longest wait for the answer"),
	ROW(SPAN, fail_after, "fail_after", .fallback = "30m", .min = 0, .max = 604800000,
	        .help = "pings that fail for this long are told; 0 = never"),
	WQ_OPTION_END,
};

static bool time_of_day(const char *text, wq_ms *at)
{
	if (strlen(text) != 5 || !isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]) || text[2] != ':' ||
	        !isdigit((unsigned char)text[3]) || !isdigit((unsigned char)text[4]))
		return false;
	const int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';

	*at = WQ_HOURS(hours) + WQ_MINUTES(minutes);
	return hours < 24 && minutes < 60;
}

static unsigned weekdays_of(struct loader *l, const struct section *section, const struct wq_list *list)
{
	static const char *const week[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct names names = { .count = 7, .items = (const char **)week };
	unsigned bits = 0;

	for (size_t i = 0; i < list->count; i++) {
		const uint32_t day = load_reference(l, section, "on", i, "day of the week", list->items[i], &names);

		bits |= day == WQ_NONE ? 0 : 1U << day;
	}
	return bits;
}

static void load_bell(struct loader *l, const struct section *section, const struct wq_option *rows, struct config_bell *bell)
{
	const size_t errors = l->report->error_count;
	struct bell *time = arena_take(l->arena, sizeof *time);
	struct bell_settings s = { .day = INT64_MIN };

	fill_settings(section, rows, &s, l->arena, l->report);
	*bell = (struct config_bell){ .id = section->title, .bell = time, .group = WQ_NONE };
	if (s.at != NULL && !time_of_day(s.at, &time->at))
		load_error(l, section, "at", 0, "at = \"%.20s\": is not a time of day like \"08:30\"", s.at);
	time->weekdays = weekdays_of(l, section, &s.on);
	time->monthday = s.day > 0 ? (int)s.day : 0;
	if (s.to != NULL)
		bell->group = load_reference(l, section, "to", 0, "group", s.to, &l->group_names);
	if (rows == schema_drill && !section->damaged && time->weekdays == 0 && time->monthday == 0 && l->report->error_count == errors)
		load_error(l, section, NULL, 0, "day or on is missing: the day of the month, or days of the week");
	if (time->weekdays != 0 && time->monthday != 0)
		load_error(l, section, "day", 0, "day and on: a drill is on a day of the month or on days of the week");
}

/* Whether any of the contact's channels carries free text. */
static bool carries_text(const struct config *config, const struct config_contact *contact)
{
	for (size_t i = 0; i < contact->channel_count; i++)
		if (config->channels[contact->channels[i]].channel->memos == WQ_MEMOS_ALL)
			return true;
	return false;
}

/* A heartbeat that nobody gets looks like a system that is dead. */
static void warn_of_mute(struct loader *l, const struct section *section, uint32_t group)
{
	const struct config *config = l->config;

	for (size_t i = 0; group != WQ_NONE && i < config->groups[group].member_count; i++) {
		const struct config_contact *contact = &config->contacts[config->groups[group].members[i]];

		if (!carries_text(config, contact))
			load_warning(l, section, "to", "to = \"%.63s\": none of the channels of contact \"%.63s\" carries free text; it would "
			                               "not be told",
			        config->groups[group].id, contact->id);
	}
}

static const struct config_bell *load_kind(struct loader *l, enum section_role role, const struct wq_option *rows, size_t *count)
{
	struct config_bell *bells = arena_array(l->arena, load_count(l, role), sizeof *bells);

	*count = 0;
	for (const struct section *s = load_next(l, role, NULL); s != NULL; s = load_next(l, role, s)) {
		load_bell(l, s, rows, &bells[*count]);
		if (role == SECTION_HEARTBEAT)
			warn_of_mute(l, s, bells[*count].group);
		++*count;
	}
	return bells;
}

/* An address, or a reference to one: the address may be the secret. */
static void check_url(struct loader *l, const struct section *section, const char *key, const char *url)
{
	struct wq_err err;

	if (url == NULL)
		return;
	if (strncmp(url, "credential:", 11) == 0 && strchr(url, '/') != NULL)
		load_error(l, section, key, 0, "%s: the name of a credential has no '/' in it", key);
	else if (strncmp(url, "credential:", 11) == 0)
		load_credential(l, section, key, url);
	else if (address_check(url, "https", "http", true, &err) < 0)
		load_error(l, section, key, 0, "%s: %s", key, err.text + strlen("url: "));
}

static void load_ping(struct loader *l)
{
	const struct section *section = load_next(l, SECTION_PING, NULL);
	struct config_ping *ping;

	if (section == NULL)
		return;
	if (load_next(l, SECTION_PING, section) != NULL)
		load_error(l, load_next(l, SECTION_PING, section), NULL, 0, "is given twice; first on line %d", section->line);
	ping = arena_take(l->arena, sizeof *ping);
	fill_settings(section, schema_ping, ping, l->arena, l->report);
	check_url(l, section, "url", ping->url);
	check_url(l, section, "url_fail", ping->url_fail);
	l->config->ping = ping;
}

void load_bells(struct loader *l)
{
	l->config->heartbeats = load_kind(l, SECTION_HEARTBEAT, schema_heartbeat, &l->config->heartbeat_count);
	l->config->drills = load_kind(l, SECTION_DRILL, schema_drill, &l->config->drill_count);
	load_ping(l);
}
