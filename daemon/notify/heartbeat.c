/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong stands before the figures: a short message is cut at its end. */
#include "heartbeat.h"

#include "bell.h"
#include "memo.h"
#include "text.h"
#include "wording.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct line {
	struct wording words;
	size_t faults;
	bool english;
};

/* The words of both languages side by side: their arguments are the same. */
#define SAY(line, zh, en, ...) wording_add(&line->words, (line)->english ? en : zh, __VA_ARGS__)

/* Begins one more thing that is wrong. */
static void begin(struct line *line)
{
	if (line->faults++ > 0)
		wording_add(&line->words, "%s", line->english ? "; " : ";");
}

static void fault_channels(const struct heartbeat *h, struct line *line)
{
	for (size_t i = 0; i < h->channel_count; i++) {
		if (!h->channels[i].down)
			continue;
		begin(line);
		SAY(line, "通知通道%s不通", "channel %s does not deliver", h->channels[i].name);
	}
}

static void fault_store(const struct heartbeat *h, struct line *line)
{
	if (h->trouble != NULL) {
		begin(line);
		wording_add(&line->words, "%s", line->english ? "the history cannot be written" : "历史库无法写入");
	}
	if (!h->counted) {
		begin(line);
		wording_add(&line->words, "%s", line->english ? "the figures of yesterday could not be read" : "昨日统计未能读取");
	}
	if (h->shed > 0) {
		begin(line);
		SAY(line, "启动以来%" PRIu64 "个读数未能入库", "%" PRIu64 " readings not stored since the start", h->shed);
	}
	if (h->disk_size > 0 && (h->disk_free < HEARTBEAT_FREE_MIN || h->disk_free < h->disk_size / 20)) {
		begin(line);
		SAY(line, "磁盘余量仅%.1fGB", "only %.1f GB left on the disk", (double)h->disk_free / 1e9);
	}
}

static void fault_stations(const struct heartbeat *h, struct line *line)
{
	if (!h->counted || h->delivered >= h->stations)
		return;
	begin(line);
	SAY(line, "昨日%zu站无数据(", "%zu stations without data yesterday (", h->stations - h->delivered);
	for (size_t i = 0; i < h->named; i++)
		wording_add(&line->words, "%s%.45s", i == 0 ? "" : line->english ? ", " : "、", line->english ? h->silent_en[i] : h->silent[i]);
	wording_add(&line->words, "%s)", h->stations - h->delivered <= h->named ? "" : line->english ? ", …" : "等");
}

/* Of what was to come; where nobody knows how much that is, of what came. NaN: nothing is closed yet. */
static double share(const struct heartbeat *h)
{
	if (h->expected > 0)
		return (double)h->valid / (double)h->expected;
	return h->received > 0 ? (double)h->taken / (double)h->received : NAN;
}

static void fault_rest(const struct heartbeat *h, struct line *line)
{
	if (h->counted && share(h) < h->least_valid) {
		begin(line);
		SAY(line, "数据有效率低于%.0f%%", "less than %.0f%% of the data valid", h->least_valid * 100);
	}
	if (h->uplink != NULL) {
		begin(line);
		SAY(line, "上报通道%s已积压%lld分钟", "uplink %s is %lld min behind", h->uplink, (long long)(h->uplink_lag / WQ_MINUTES(1)));
	}
	if (!h->clock_trusted) {
		begin(line);
		wording_add(&line->words, "%s", line->english ? "the clock is not set from outside" : "时钟未经外部校准");
	}
}

static void add_faults(const struct heartbeat *h, struct line *line)
{
	fault_channels(h, line);
	fault_store(h, line);
	fault_stations(h, line);
	fault_rest(h, line);
}

size_t heartbeat_faults(const struct heartbeat *heartbeat)
{
	char buf[2 * WQ_NOTICE_TEXT];
	struct line line = { .words = { .text = buf, .cap = sizeof buf } };

	add_faults(heartbeat, &line);
	return line.faults;
}

static void add_bytes(struct line *line, uint64_t bytes)
{
	if (bytes < 1000000000)
		wording_add(&line->words, "%.0f%s", (double)bytes / 1e6, line->english ? " MB" : "MB");
	else
		wording_add(&line->words, "%.1f%s", (double)bytes / 1e9, line->english ? " GB" : "GB");
}

static void add_yesterday(const struct heartbeat *h, struct line *line)
{
	if (!h->counted)
		return;
	wording_add(&line->words, "%s", line->english ? " Yesterday " : "昨日");
	if (h->expected > 0)
		SAY(line, "数据有效率%.1f%%", "%.1f%% of the data valid", share(h) * 100);
	else if (h->received > 0)
		SAY(line, "收到数据有效率%.1f%%", "%.1f%% of the data received valid", share(h) * 100);
	else
		wording_add(&line->words, "%s", line->english ? "share of valid data not counted" : "数据有效率未统计");
	SAY(line, ",到站%zu/%zu,读数%" PRId64 "个,新增预警%" PRId64 "起。", ", stations %zu/%zu, %" PRId64 " readings, %" PRId64 " new alarms.",
	        h->delivered, h->stations, h->readings, h->opened);
}

static void add_channels(const struct heartbeat *h, struct line *line)
{
	size_t said = 0;

	for (size_t i = 0; h->counted && i < h->channel_count; i++) {
		const struct heartbeat_channel *channel = &h->channels[i];

		if (channel->sent == 0 && channel->failed == 0)
			continue;
		if (said++ == 0)
			wording_add(&line->words, "%s", line->english ? " Notices:" : "昨日通知:");
		else
			wording_add(&line->words, "%s", line->english ? ";" : ",");
		SAY(line, "%.30s", " %.30s", channel->name);
		if (channel->sent > 0)
			SAY(line, "发出%" PRId64, " %" PRId64 " sent", channel->sent);
		if (channel->failed > 0)
			wording_add(&line->words, line->english ? "%s%" PRId64 " failed" : "%s失败%" PRId64,
			        !line->english ? "" : channel->sent > 0 ? ", " : " ", channel->failed);
	}
	if (said == 0)
		return;
	wording_add(&line->words, "%s", line->english ? "." : "。");
}

static void add_now(const struct heartbeat *h, struct line *line)
{
	const long long hours = (long long)(h->uptime / WQ_HOURS(1));

	SAY(line, "现未结%zu起,未确认%zu起。", " Open %zu, not acknowledged %zu.", h->open, h->unacknowledged);
	if (hours < 48)
		SAY(line, "已运行%lld小时", " Up %lld h", hours);
	else
		SAY(line, "已运行%lld天", " Up %lld d", hours / 24);
	if (h->bytes > 0) {
		wording_add(&line->words, "%s", line->english ? ", history " : ",历史库");
		add_bytes(line, h->bytes);
	}
	if (h->disk_size > 0) {
		wording_add(&line->words, "%s", line->english ? ", disk left " : ",磁盘余");
		add_bytes(line, h->disk_free);
	}
	if (h->most_lag != WQ_NO_TIME)
		SAY(line, ",上报滞后%lld分钟", ", uplinks %lld min behind", (long long)(h->most_lag / WQ_MINUTES(1)));
	wording_add(&line->words, "%s", line->english ? "." : "。");
}

/* Bytes that are kept for the number at the end. */
#define NUMBER_ROOM 24

void heartbeat_text(const struct heartbeat *heartbeat, bool english, char out[WQ_NOTICE_TEXT])
{
	struct line line = { .words = { .text = out, .cap = WQ_NOTICE_TEXT - TEXT_MARK_ROOM - NUMBER_ROOM }, .english = english };
	char number[WQ_INSTANT_TEXT];

	out[0] = '\0';
	if (english)
		wording_add(&line.words, "[Self-check] %.60s early warning ", heartbeat->site);
	else
		wording_add(&line.words, "【%s】%.60s预警系统", memo_word(WQ_TOPIC_HEARTBEAT), heartbeat->site);
	if (heartbeat_faults(heartbeat) == 0) {
		wording_add(&line.words, "%s", english ? "works." : "运行正常。");
	} else {
		wording_add(&line.words, "%s", english ? "has faults: " : "有异常:");
		add_faults(heartbeat, &line);
		wording_add(&line.words, "%s", english ? "." : "。");
	}
	add_yesterday(heartbeat, &line);
	add_now(heartbeat, &line);
	add_channels(heartbeat, &line);
	line.words.cap += NUMBER_ROOM;
	wording_add(&line.words, "%s%s", english ? " No. " : "编号", bell_number(heartbeat->zone, heartbeat->due, 'S', number));
}

/* -- for machines -- */

static json_t *channels_data(const struct heartbeat *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->channel_count; i++)
		json_array_append_new(list,
		        json_pack("{s:s, s:I, s:I, s:b}", "channel", h->channels[i].name, "sent",
		                (json_int_t)h->channels[i].sent, "failed", (json_int_t)h->channels[i].failed, "down",
		                h->channels[i].down));
	return list;
}

json_t *heartbeat_data(const struct heartbeat *h)
{
	char day[WQ_INSTANT_TEXT];
	json_t *data = json_pack("{s:b, s:I, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:o}", "normal",
	        heartbeat_faults(h) == 0, "faults", (json_int_t)heartbeat_faults(h), "day",
	        wq_day_format(h->yesterday, day), "counted", h->counted, "stations", (json_int_t)h->stations,
	        "open_count", (json_int_t)h->open, "unacknowledged", (json_int_t)h->unacknowledged, "bytes",
	        (json_int_t)h->bytes, "disk_free", (json_int_t)h->disk_free, "clock_trusted", h->clock_trusted, "uptime_s",
	        (json_int_t)(h->uptime / 1000), "channels", channels_data(h));

	if (data != NULL && h->counted) {
		json_object_set_new(data, "delivered", json_integer((json_int_t)h->delivered));
		json_object_set_new(data, "readings", json_integer((json_int_t)h->readings));
		json_object_set_new(data, "valid", json_integer((json_int_t)h->valid));
		json_object_set_new(data, "expected", json_integer((json_int_t)h->expected));
		json_object_set_new(data, "received", json_integer((json_int_t)h->received));
		json_object_set_new(data, "received_valid", json_integer((json_int_t)h->taken));
		json_object_set_new(data, "opened", json_integer((json_int_t)h->opened));
	}
	if (data != NULL && h->why != NULL && !h->counted)
		json_object_set_new(data, "why", json_string(h->why));
	if (data != NULL && h->most_lag != WQ_NO_TIME)
		json_object_set_new(data, "uplink_lag_s", json_integer((json_int_t)(h->most_lag / 1000)));
	return data;
}
