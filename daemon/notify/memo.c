/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that belong to no alarm. */
#include "memo.h"

#include "notice_id.h"
#include "router.h"
#include "text.h"

#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const types[WQ_TOPICS] = {
	[WQ_TOPIC_DIGEST] = "alarm.digest",
	[WQ_TOPIC_HANDOVER] = "duty.handover",
	[WQ_TOPIC_HEARTBEAT] = "system.heartbeat",
	[WQ_TOPIC_DRILL] = "system.drill",
};

char *memo_type(const struct wq_notice *notice, char buf[MEMO_TYPE])
{
	if (notice->topic == WQ_TOPIC_ALARM || (unsigned)notice->topic >= WQ_TOPICS)
		snprintf(buf, MEMO_TYPE, "alarm.%s", wq_change_name(notice->kind));
	else
		snprintf(buf, MEMO_TYPE, "%s", types[notice->topic]);
	return buf;
}

bool memo_carried(enum wq_memos memos, enum wq_topic topic)
{
	return topic == WQ_TOPIC_ALARM || memos == WQ_MEMOS_ALL || (topic == WQ_TOPIC_DRILL && memos == WQ_MEMOS_DRILL);
}

int memo_refuse(enum wq_memos memos, const struct wq_notice *notice, struct wq_err *err)
{
	return memo_carried(memos, notice->topic) ? 0 : wq_fail(err, WQ_E_STATE, "it carries alarms alone");
}

const char *memo_word(enum wq_topic topic)
{
	static const char *const words[WQ_TOPICS] = {
		[WQ_TOPIC_DIGEST] = "预警汇总",
		[WQ_TOPIC_HANDOVER] = "交接班",
		[WQ_TOPIC_HEARTBEAT] = "系统自检",
		[WQ_TOPIC_DRILL] = "通道测试",
	};

	return (unsigned)topic < WQ_TOPICS && words[topic] != NULL ? words[topic] : "";
}

static bool fits(const json_t *object)
{
	size_t length = json_dumpb(object, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(15));

	return length > 0 && length < WQ_NOTICE_DATA - 1;
}

static bool halve(json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t left = n / 2; left > 0 && json_array_size(list) > left;)
		json_array_remove(list, json_array_size(list) - 1);
	return n > 1;
}

static void put_data(const struct config *config, const struct memo *memo, struct wq_notice *out)
{
	char time[WQ_INSTANT_TEXT];
	json_t *object = json_object();
	const char *const spare[] = { "open", "alarms", "text" };
	size_t length = 0;

	if (memo->data != NULL)
		json_object_update(object, (json_t *)(uintptr_t)memo->data);
	json_object_set_new(object, "site", json_string(config->site.name != NULL ? config->site.name : ""));
	if (config->site.english != NULL)
		json_object_set_new(object, "site_en", json_string(config->site.english));
	json_object_set_new(object, "topic", json_string(wq_topic_name(memo->topic)));
	json_object_set_new(object, "time", json_string(wq_instant_format(config->site.zone != NULL ? config->site.zone
		: &wq_zone_china, memo->time, time)));
	json_object_set_new(object, "level", json_integer(memo->level));
	json_object_set_new(object, "level_name", json_string(wq_level_name(memo->level)));
	json_object_set_new(object, "text", json_string(out->text));
	json_object_set_new(object, "contact", json_string(out->contact));
	/* Lists lose their last, half of what is left at a time; then what may be left out goes, until it fits. */
	for (size_t i = 0; i <= sizeof spare / sizeof *spare; i++) {
		while (i == 0 && !fits(object) && (halve(json_object_get(object, "open")) || halve(json_object_get(object, "alarms"))))
			;
		length = json_dumpb(object, out->data, sizeof out->data - 1, JSON_COMPACT | JSON_REAL_PRECISION(15));
		if (length > 0 && length < sizeof out->data)
			break;
		length = 0;
		if (i < sizeof spare / sizeof *spare)
			json_object_del(object, spare[i]);
	}
	out->data[length] = '\0';
	if (length == 0)
		snprintf(out->data, sizeof out->data, "{}");
	json_decref(object);
}

static void write(const struct config *config, uint32_t index, const char *channel, uint64_t incarnation,
	const struct memo *memo, wq_ms now, struct wq_notice *out)
{
	const struct config_contact *contact = &config->contacts[index];
	const wq_ms lifetime = config->paths.notice_lifetime;
	char who[NOTICE_ID_CONTACT];

	*out = (struct wq_notice){ .topic = memo->topic, .number = 1, .kind = WQ_OPENED, .level = memo->level,
		.time = memo->time, .created = now, .expires = now + (lifetime > 0 ? lifetime : ROUTER_LIFETIME),
		.deadline = WQ_MINUTES(1) };
	snprintf(out->id, sizeof out->id, "%" PRIx64 "-%s%.24s-%s", incarnation, wq_topic_name(memo->topic), memo->key,
		notice_id_contact(contact->id, who));
	snprintf(out->contact, sizeof out->contact, "%s", contact->id);
	snprintf(out->channel, sizeof out->channel, "%s", channel);
	snprintf(out->address, sizeof out->address, "%s", contact->phone != NULL ? contact->phone : "");
	text_clean(memo->text, out->text, sizeof out->text - TEXT_MARK_ROOM);
	put_data(config, memo, out);
}

bool memo_write(const struct config *config, uint32_t contact, uint64_t incarnation, const struct memo *memo, wq_ms now,
	struct wq_notice *out)
{
	const struct config_contact *whom = &config->contacts[contact];

	for (size_t i = 0; i < whom->channel_count; i++) {
		const struct config_channel *use = &config->channels[whom->channels[i]];

		if (!memo_carried(use->channel->memos, memo->topic))
			continue;
		write(config, contact, use->name, incarnation, memo, now, out);
		return true;
	}
	return false;
}

bool memo_write_through(const struct config *config, uint32_t contact, uint32_t channel, uint64_t incarnation,
	const struct memo *memo, wq_ms now, struct wq_notice *out)
{
	if (!memo_carried(config->channels[channel].channel->memos, memo->topic))
		return false;
	write(config, contact, config->channels[channel].name, incarnation, memo, now, out);
	return true;
}
