/* SPDX-License-Identifier: Apache-2.0 */
/* A person tries a channel: one marked message through exactly that one, and its own answer. Nothing of it is stored. */
#include "api_parts.h"
#include "clock.h"
#include "config/suggest.h"
#include "notify/deliver/deliverer.h"
#include "notify/wording.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TEST_PREFIX   "test-"
#define TEST_LIFETIME WQ_SECONDS(30)
#define TESTS_MOST    8

struct channel_test {
	struct channel_test *next;
	struct command *command;
	char id[WQ_NOTICE_ID];
};

static const struct config_channel *channel_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->channel_count; i++)
		if (name != NULL && strcmp(config->channels[i].name, name) == 0)
			return &config->channels[i];
	return NULL;
}

static const struct config_contact *contact_named(const struct config *config, const char *id)
{
	for (size_t i = 0; i < config->contact_count; i++)
		if (id != NULL && strcmp(config->contacts[i].id, id) == 0)
			return &config->contacts[i];
	return NULL;
}

/* The day's number 0, which no alarm has: W20260305-000. */
static int64_t number_of(const struct wq_zone *zone, wq_ms now)
{
	char text[WQ_INSTANT_TEXT];
	int year, month, day;

	if (sscanf(wq_instant_format(zone, now, text), "%4d-%2d-%2d", &year, &month, &day) != 3)
		return 0;
	return ((int64_t)year * 10000 + month * 100 + day) * 100000;
}

static void write_data(const struct config *config, struct wq_notice *notice)
{
	char name[WQ_ALARM_NAME];
	json_t *data = json_pack("{s:s, s:s, s:i, s:o, s:b, s:{s:s, s:s}, s:n, s:i, s:s, s:n, s:n, s:s, s:s}", "alarm",
		wq_alarm_name(notice->alarm, name), "change", "opened", "number", 1, "time",
		api_instant(config->site.zone, notice->time), "test", 1, "station", "id", "test", "name",
		config->site.name != NULL ? config->site.name : "", "parameter", "level", 1, "level_name", "info", "value",
		"limit", "text", notice->text, "contact", notice->contact);
	size_t length = json_dumpb(data, notice->data, sizeof notice->data - 1, JSON_COMPACT);

	notice->data[length < sizeof notice->data ? length : 0] = '\0';
	json_decref(data);
}

static void write_test(const struct config *config, const struct config_channel *channel,
	const struct config_contact *contact, struct wq_notice *notice)
{
	char time[WQ_INSTANT_TEXT];
	wq_ms now = clock_now();
	uint64_t chance = 0;

	if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) < 0)
		chance = (uint64_t)clock_boot();
	const char *site = config->site.name != NULL ? config->site.name : "";

	wq_instant_format_short(config->site.zone, now, time);
	*notice = (struct wq_notice){ .alarm = number_of(config->site.zone, now), .number = 1, .kind = WQ_OPENED,
		.level = WQ_LEVEL_INFO, .time = now, .created = now, .expires = now + TEST_LIFETIME, .test = true };
	snprintf(notice->id, sizeof notice->id, TEST_PREFIX "%016" PRIx64, chance);
	snprintf(notice->contact, sizeof notice->contact, "%s", contact->id);
	snprintf(notice->channel, sizeof notice->channel, "%s", channel->name);
	snprintf(notice->address, sizeof notice->address, "%s", contact->phone != NULL ? contact->phone : "");
	snprintf(notice->text, sizeof notice->text, "【测试】%.90s%s%s通道%.60s测试,收到请忽略。",
		site, wording_gap(site, time), time, channel->name);
	write_data(config, notice);
}

static size_t tests_under_way(const struct daemon *daemon)
{
	size_t n = 0;

	for (const struct channel_test *test = daemon->channel_tests; test != NULL; test = test->next)
		n++;
	return n;
}

static bool is_reachable(const struct config_channel *channel, const struct config_contact *contact, struct wq_err *err)
{
	return (channel->channel->recipient == NULL || channel->channel->recipient(contact->phone, err) == 0) &&
		(channel->channel->mailbox == NULL || channel->channel->mailbox(contact->email, err) == 0);
}

static void begin(struct daemon *daemon, struct command *command, const struct config_channel *channel,
	const struct config_contact *contact)
{
	struct channel_test *test = tests_under_way(daemon) < TESTS_MOST ? calloc(1, sizeof *test) : NULL;
	struct wq_notice notice;

	write_test(daemon->config, channel, contact, &notice);
	if (test == NULL || daemon->deliverer == NULL || !deliverer_offer(daemon->deliverer, &notice, 0)) {
		free(test);
		api_refuse(command, 503, "too much waits to be sent; try again");
		return;
	}
	*test = (struct channel_test){ daemon->channel_tests, command, "" };
	snprintf(test->id, sizeof test->id, "%s", notice.id);
	daemon->channel_tests = test;
}

static void no_channel(const struct config *config, struct command *command, const char *wanted)
{
	struct suggest names = { .wanted = wanted != NULL ? wanted : "" };

	for (size_t i = 0; i < config->channel_count; i++)
		suggest_offer(&names, config->channels[i].name);
	api_unknown(command, "channel", &names);
}

static void no_contact(const struct config *config, struct command *command, const char *wanted)
{
	struct suggest names = { .wanted = wanted != NULL ? wanted : "" };

	for (size_t i = 0; i < config->contact_count; i++)
		suggest_offer(&names, config->contacts[i].id);
	api_unknown(command, "contact", &names);
}

static void not_reachable(struct command *command, const struct config_contact *contact, const struct wq_err *err)
{
	char text[WQ_ERR_TEXT];

	snprintf(text, sizeof text, "contact \"%.63s\": %.240s; nothing was sent", contact->id, err->text);
	api_refuse(command, 400, text);
}

void api_channel_test(struct daemon *daemon, struct command *command, const char *name)
{
	json_t *body = api_body(command);
	struct wq_err err;

	(void)name;
	if (body == NULL)
		return;
	const struct config_channel *channel = channel_named(daemon->config, api_text(body, "channel"));
	const struct config_contact *contact = contact_named(daemon->config, api_text(body, "contact"));

	if (channel == NULL)
		no_channel(daemon->config, command, api_text(body, "channel"));
	else if (contact == NULL)
		no_contact(daemon->config, command, api_text(body, "contact"));
	else if (!is_reachable(channel, contact, &err))
		not_reachable(command, contact, &err);
	else
		begin(daemon, command, channel, contact);
	json_decref(body);
}

bool api_channel_tested(struct daemon *daemon, const struct store_delivery *delivery)
{
	static const char *const words[] = { "sent", "failed", "told to wait", "misconfigured", "unreachable this way",
		"handed on", "given up" };
	struct channel_test **at = &daemon->channel_tests;

	if (strncmp(delivery->id, TEST_PREFIX, sizeof TEST_PREFIX - 1) != 0)
		return false;
	while (*at != NULL && strcmp((*at)->id, delivery->id) != 0)
		at = &(*at)->next;
	struct channel_test *test = *at;

	if (test == NULL)
		return true;
	*at = test->next;
	bool good = delivery->kind == WQ_SENT || delivery->kind == WQ_TAKEN;
	command_answer(test->command, 200,
		api_print(json_pack("{s:b, s:s, s:s}", "good", good, "result", words[delivery->kind], "text", delivery->text)));
	free(test);
	return true;
}

void api_channel_drop(struct daemon *daemon)
{
	for (struct channel_test *test = daemon->channel_tests, *next; test != NULL; test = next) {
		next = test->next;
		api_refuse(test->command, 503, "the daemon stops; whether it was sent is not known");
		free(test);
	}
	daemon->channel_tests = NULL;
}
