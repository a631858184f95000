/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the sections that say who is told what, and how: channels, links, contacts, groups, rosters, routes. */
#include "schema.h"

#include "config.h"

#define ROW(kind, s, f, text, ...)                                                                 \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct s, f), __VA_ARGS__   \
	}

static const struct wq_choice levels[] = { { "info", WQ_LEVEL_INFO }, { "watch", WQ_LEVEL_WATCH },
	{ "warning", WQ_LEVEL_WARNING }, { "alarm", WQ_LEVEL_ALARM }, { NULL, 0 } };
static const struct wq_choice low_levels[] = { { "info", WQ_LEVEL_INFO }, { "watch", WQ_LEVEL_WATCH }, { NULL, 0 } };
static const struct wq_choice languages[] = { { "zh", 0 }, { "en", 1 }, { NULL, 0 } };
static const struct wq_choice turns[] = { { "shift", 0 }, { "day", 1 }, { "week", 2 }, { NULL, 0 } };
static const struct wq_choice handovers[] = { { "open", 0 }, { "always", 1 }, { "never", 2 }, { NULL, 0 } };
static const struct wq_choice catch_up_choices[] = { { "auto", CATCH_UP_AUTO }, { "true", CATCH_UP_TRUE }, { "false", CATCH_UP_FALSE },
	{ NULL, 0 } };

/* Titles end in fields of WQ_NAME_TEXT bytes. */
#define NAME_MAX_BYTES (WQ_NAME_TEXT - 1)

/* Of every channel; what is absent is as the channel itself has it. */
const struct wq_option schema_channel[] = {
	ROW(INTEGER, channel_settings, rate, "rate", .min = 0, .max = 6000,
	        .help = "attempts within any minute; 0: no bound"),
	ROW(SPAN, channel_settings, jitter, "jitter", .min = 0, .max = 300000,
	        .help = "a new notice waits for up to this by chance, lest many stations call at the same "
	                "second; 0 = never"),
	ROW(SPAN, channel_settings, jitter_alarm, "jitter_alarm", .min = 0, .max = 300000,
	        .help = "the same of level alarm"),
	ROW(CHOICE, channel_settings, catch_up, "catch_up", .choices = catch_up_choices, .fallback = "auto",
	        .help = "what other channels delivered while this one failed is posted to it afterwards, marked"),
	ROW(SWITCH, channel_settings, link, "link",
	        .help = "whether its messages carry the link by which an alarm is acknowledged (section links); "
	                "default: as the channel has it"),
	WQ_OPTION_END,
};

const struct wq_option schema_links[] = {
	ROW(TEXT, links_settings, listen, "listen", .fallback = "127.0.0.1:8090", .min = 3, .max = 100,
	        .help = "where the pages are served: address and port, or the path of a Unix socket"),
	ROW(TEXT, links_settings, url, "url", .required = true, .min = 10, .max = 120,
	        .help = "how officers reach them: the address of the reverse proxy, https://"),
	ROW(SECRET, links_settings, secret, "secret", .required = true,
	        .help = "signing key: credential with 'whsec_' and base64 of 24 to 64 bytes; the first signs, up to 4 "
	                "are known"),
	ROW(SPAN, links_settings, valid, "valid", .fallback = "24h", .min = 300000, .max = 2678400000.0,
	        .help = "a link serves for this long"),
	ROW(SWITCH, links_settings, allow_plain, "allow_plain", .fallback = "false",
	        .help = "true: url may be http://"),
	WQ_OPTION_END,
};

const struct wq_option schema_contact[] = {
	ROW(TEXT, contact_settings, name, "name", .required = true, .min = 1, .max = 60,
	        .help = "as officers read it"),
	ROW(TEXT, contact_settings, phone, "phone", .min = 3, .max = 24,
	        .help = "digits, a leading + allowed"),
	ROW(TEXT, contact_settings, email, "email", .min = 3, .max = NAME_MAX_BYTES,
	        .help = "address for channels that send mail"),
	ROW(TEXT, contact_settings, department, "department", .min = 1, .max = 60,
	        .help = "department, for the reader and for groups"),
	ROW(CHOICE, contact_settings, language, "language", .fallback = "zh", .choices = languages,
	        .help = "of the messages: Chinese or English"),
	ROW(LIST, contact_settings, channels, "channels", .required = true,
	        .help = "channels in the order they are tried"),
	ROW(TEXT, contact_settings, quiet, "quiet", .min = 11, .max = 11,
	        .help = "quiet hours, \"22:00-07:00\": info and watch wait for their end; warnings and alarms never do"),
	ROW(LIST, contact_settings, digest, "digest", .min = 1, .max = CONFIG_HOLD_DIGESTS,
	        .help = "times of day, \"08:00\": the low levels are told together then"),
	ROW(CHOICE, contact_settings, digest_level, "digest_level", .fallback = "watch", .choices = low_levels,
	        .help = "the levels up to this one"),
	ROW(SPAN, contact_settings, gather, "gather", .min = 0, .max = 900000,
	        .help = "what comes of one station so soon after a message is told in one; default: 1m, machines 0 = never"),
	ROW(INTEGER, contact_settings, most, "most", .min = 0, .max = CONFIG_HOLD_MOST,
	        .help = "messages within most_within, further ones are told in one; default: 10, machines 0 = no bound"),
	ROW(SPAN, contact_settings, most_within, "most_within", .fallback = "10m", .min = 10000, .max = 86400000,
	        .help = "the span in which they are counted"),
	WQ_OPTION_END,
};

const struct wq_option schema_group[] = {
	ROW(TEXT, group_settings, name, "name", .min = 1, .max = 60,
	        .help = "as officers read it; default: the title"),
	ROW(LIST, group_settings, members, "members", .required = true,
	        .help = "contacts, by title; \"@water\": who is on duty by the roster water; \"#law\": everybody of the "
	                "department law"),
	WQ_OPTION_END,
};

const struct wq_option schema_roster[] = {
	ROW(TEXT, roster_settings, name, "name", .min = 1, .max = 60,
	        .help = "as officers read it; default: the title"),
	ROW(LIST, roster_settings, shifts, "shifts", .required = true, .min = 1, .max = 8,
	        .help = "name, time of day and length of each shift, \"night 20:00 12h\", in the order in which they begin"),
	ROW(LIST, roster_settings, people, "people", .help = "contacts that have the lead by turns"),
	ROW(CHOICE, roster_settings, turn, "turn", .fallback = "shift", .choices = turns,
	        .help = "the turn of the next one begins with every shift, day or week"),
	ROW(TEXT, roster_settings, from, "from", .min = 10, .max = 10,
	        .help = "day on which the turns begin with the first; weeks begin with its day of the week"),
	ROW(LIST, roster_settings, assist, "assist", .help = "contacts that assist, by the same turns"),
	ROW(LIST, roster_settings, leader, "leader", .help = "leaders on call, by turns"),
	ROW(CHOICE, roster_settings, leader_turn, "leader_turn", .fallback = "week", .choices = turns,
	        .help = "the same for the leaders"),
	ROW(LIST, roster_settings, weekdays, "weekdays",
	        .help = "who has the lead on a day of the week instead, \"sat li wang\": one for all shifts, or one a "
	                "shift"),
	ROW(LIST, roster_settings, holidays, "holidays",
	        .help = "who has it on certain days instead, \"2026-10-01..2026-10-07 li wang\""),
	ROW(LIST, roster_settings, swaps, "swaps",
	        .help = "who takes one shift instead, \"2026-03-05 night li\"; the role may follow"),
	ROW(TEXT, roster_settings, file, "file", .min = 1, .max = 255,
	        .help = "CSV with date, shift, person and role; beside the configuration"),
	ROW(CHOICE, roster_settings, handover, "handover", .fallback = "open", .choices = handovers,
	        .help = "who comes on duty is told what is open: when something is, always, or never"),
	WQ_OPTION_END,
};

const struct wq_option schema_route[] = {
	ROW(LIST, route_settings, stations, "stations",
	        .help = "alarms of these stations; \"*\" or nothing: all"),
	ROW(LIST, route_settings, kinds, "kinds", .help = "only stations of these kinds"),
	ROW(LIST, route_settings, towns, "towns", .help = "only stations of these towns, as the stations name them"),
	ROW(LIST, route_settings, parameters, "parameters",
	        .help = "only alarms of these parameters, by alias or code"),
	ROW(TEXT, route_settings, season, "season", .min = 12, .max = 12,
	        .help = "part of the year in which alone it is told, \"05-01..10-15\", in the site's zone; may run over the "
	                "year's end"),
	ROW(CHOICE, route_settings, min_level, "min_level", .fallback = "watch", .choices = levels,
	        .help = "told from this level on"),
	ROW(TEXT, route_settings, lead, "lead", .required = true, .min = 1, .max = NAME_MAX_BYTES,
	        .help = "group in the lead"),
	ROW(LIST, route_settings, assist, "assist", .help = "groups in copy"),
	ROW(LIST, route_settings, escalate_to, "escalate_to",
	        .help = "group told when nobody acknowledged in time, or several: one more with each step, 8 at most; default: "
	                "the lead again"),
	ROW(SPAN, route_settings, escalate_after, "escalate_after", .fallback = "30m", .min = 0,
	        .max = 604800000,
	        .help = "unacknowledged for this long, warnings and alarms escalate; 0 = never"),
	ROW(SPAN, route_settings, escalate_after_level[1], "escalate_after_info", .min = 0,
	        .max = 604800000, .help = "the same for this level; default: never"),
	ROW(SPAN, route_settings, escalate_after_level[2], "escalate_after_watch", .min = 0,
	        .max = 604800000, .help = "the same for this level; default: never"),
	ROW(SPAN, route_settings, escalate_after_level[3], "escalate_after_warning", .min = 0,
	        .max = 604800000, .help = "the same for this level; default: escalate_after"),
	ROW(SPAN, route_settings, escalate_after_level[4], "escalate_after_alarm", .min = 0,
	        .max = 604800000, .help = "the same for this level; default: escalate_after"),
	ROW(SPAN, route_settings, escalate_next, "escalate_next", .min = 1000, .max = 604800000,
	        .help = "from each step of escalate_to to the next, of every level; default: as long as to the first"),
	ROW(SPAN, route_settings, remind, "remind", .min = 0, .max = 604800000,
	        .help = "the lead is reminded of warnings and alarms that nobody acknowledges, this often; 0 = never"),
	ROW(SPAN, route_settings, remind_level[1], "remind_info", .min = 0, .max = 604800000,
	        .help = "the same for this level; default: never"),
	ROW(SPAN, route_settings, remind_level[2], "remind_watch", .min = 0, .max = 604800000,
	        .help = "the same for this level; default: never"),
	ROW(SPAN, route_settings, remind_level[3], "remind_warning", .min = 0, .max = 604800000,
	        .help = "the same for this level; default: remind"),
	ROW(SPAN, route_settings, remind_level[4], "remind_alarm", .min = 0, .max = 604800000,
	        .help = "the same for this level; default: remind"),
	ROW(SPAN, route_settings, remind_acknowledged, "remind_acknowledged", .min = 0, .max = 2678400000.0,
	        .help = "… and of what was acknowledged and is still open, of whatever level; 0 = never"),
	ROW(INTEGER, route_settings, remind_most, "remind_most", .fallback = "12", .min = 1, .max = 1000,
	        .help = "reminders of an alarm, at most, until it is told anew, acknowledged or recovers"),
	ROW(SPAN, route_settings, deadline, "deadline", .fallback = "60s", .min = 5000,
	        .max = 3600000,
	        .help = "what a channel has not taken by then goes to the contact's next channel"),
	ROW(SWITCH, route_settings, commissioning, "commissioning",
	        .help = "true: the installer's route, told of stations in commissioning and of "
	                "nothing else"),
	WQ_OPTION_END,
};
