/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of our own, judged once a second. */
#include "selfwatch.h"

#include "clock.h"
#include "daemon.h"
#include "duty/duty.h"
#include "log.h"
#include "notify/roster.h"
#include "wq/err.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void selfwatch_init(struct selfwatch *watch, wq_ms boot)
{
	*watch = (struct selfwatch){ .started = boot, .shed.grew = boot, .not_durable.grew = boot };
}

static void raise(struct wq_verdict *out, enum wq_level level, double value)
{
	out->finding = WQ_FINDING_RAISE;
	out->level = level;
	out->value = value;
}

/* How many were counted since it was last calm; 0: it is calm now. */
static uint64_t growth(struct selfwatch_counter *counter, uint64_t count, wq_ms boot)
{
	if (count != counter->seen)
		counter->grew = boot;
	counter->seen = count;
	if (boot - counter->grew >= SELFWATCH_CALM)
		counter->calm = count;
	return count - counter->calm;
}

static bool judge_store(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	(void)watch, (void)boot;
	if (facts->stalled) {
		raise(out, WQ_LEVEL_WARNING, NAN);
		wq_verdict_say(out, "历史库无法写入,读数暂存内存,通知先行发出");
	} else {
		out->finding = WQ_FINDING_CLEAR;
		wq_verdict_say(out, "历史库恢复写入");
	}
	return true;
}

/* Of counters: whether calm may be told. An alarm of the life before ends when this one has been calm as long. */
static bool judge_count(struct selfwatch_counter *counter, uint64_t count, wq_ms boot, enum wq_level level,
	struct wq_verdict *out, uint64_t *grown)
{
	*grown = growth(counter, count, boot);
	if (*grown > 0)
		raise(out, level, (double)*grown);
	else if (boot - counter->grew >= SELFWATCH_CALM)
		out->finding = WQ_FINDING_CLEAR;
	else
		return false;
	return true;
}

static bool judge_shed(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	uint64_t grown;
	if (!judge_count(&watch->shed, facts->shed, boot, WQ_LEVEL_WARNING, out, &grown))
		return false;
	if (grown > 0)
		wq_verdict_say(out, "暂存已满,%" PRIu64 "个读数已判定但未能入库", grown);
	else
		wq_verdict_say(out, "读数恢复入库");
	return true;
}

static bool judge_receipt(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	uint64_t grown;
	if (!judge_count(&watch->not_durable, facts->not_durable, boot, WQ_LEVEL_WATCH, out, &grown))
		return false;
	if (grown > 0)
		wq_verdict_say(out, "入库缓慢,%" PRIu64 "个读数未入库即已回执", grown);
	else
		wq_verdict_say(out, "回执恢复正常");
	return true;
}

/* What becomes of the notices, for whom nothing does. */
static void say_channels(const struct selfwatch_facts *facts, struct wq_verdict *out)
{
	char more[32] = "", instead[128] = "通知改走其他通道";
	if (facts->channels_dead > SELFWATCH_NAMED)
		snprintf(more, sizeof more, "等%zu个", facts->channels_dead);
	if (facts->channels_failing >= facts->channels)
		snprintf(instead, sizeof instead, "无其他通道可用,请人工值守");
	else if (facts->stranded == 1)
		snprintf(instead, sizeof instead, "%.60s无其他通道,请人工转告", facts->stranded_name);
	else if (facts->stranded > 1)
		snprintf(instead, sizeof instead, "%.60s等%zu人无其他通道,请人工转告", facts->stranded_name, facts->stranded);
	wq_verdict_say(out, "通知通道%s%s不通已超过%d分钟,%s", facts->channel, more, (int)(SELFWATCH_CHANNEL / WQ_MINUTES(1)),
		instead);
}

static bool judge_channel(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	if (facts->channels_dead > 0) {
		raise(out, WQ_LEVEL_WARNING, (double)facts->channels_dead);
		out->news = facts->channel_news;
		wq_verdict_about(out, facts->channel);
		wq_verdict_fact(out, "failing", (double)facts->channels_failing);
		wq_verdict_fact(out, "channels", (double)facts->channels);
		say_channels(facts, out);
		return true;
	}
	/* Right after a start nobody knows yet whether they work, until one has. */
	if (facts->channels_failing > 0 || (!facts->delivered && boot - watch->started < SELFWATCH_CALM))
		return false;
	out->finding = WQ_FINDING_CLEAR;
	wq_verdict_say(out, "通知通道恢复");
	return true;
}

static bool judge_uplink(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	(void)watch, (void)boot;
	if (facts->uplink != NULL) {
		raise(out, WQ_LEVEL_WATCH, (double)(facts->uplink_lag / WQ_MINUTES(1)));
		wq_verdict_about(out, facts->uplink);
		wq_verdict_say(out, "上报通道%s已积压%lld分钟,数据均已入库,恢复后自动补报", facts->uplink,
			(long long)(facts->uplink_lag / WQ_MINUTES(1)));
		return true;
	}
	if (!facts->uplinks_calm)
		return false;
	out->finding = WQ_FINDING_CLEAR;
	wq_verdict_say(out, "上报积压已补齐");
	return true;
}

static bool judge_roster(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	(void)watch, (void)boot;
	if (facts->roster != NULL) {
		raise(out, WQ_LEVEL_WATCH, NAN);
		wq_verdict_about(out, facts->roster);
		wq_verdict_say(out, "值班表「%s」现无人值班,有报警时通知表内全体人员", facts->roster);
	} else {
		out->finding = WQ_FINDING_CLEAR;
		wq_verdict_say(out, "值班表恢复有人值班");
	}
	return true;
}

static bool judge_drill(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	(void)watch, (void)boot;
	if (facts->drill_failed > 0) {
		raise(out, WQ_LEVEL_WATCH, (double)facts->drill_failed);
		out->news = facts->drill_news;
		wq_verdict_about(out, facts->drill);
		wq_verdict_say(out, "通道测试%zu项未通过:%s%s", facts->drill_failed, facts->drill,
			facts->drill_failed > SELFWATCH_NAMED ? "等" : "");
		return true;
	}
	/* Nothing is known of one that is under way. */
	if (facts->drills && (facts->drill_under_way > 0 || facts->drill_passed == 0))
		return false;
	out->finding = WQ_FINDING_CLEAR;
	wq_verdict_say(out, "通道测试全部通过");
	return true;
}

static bool judge_ping(struct selfwatch *watch, const struct selfwatch_facts *facts, wq_ms boot, struct wq_verdict *out)
{
	(void)watch, (void)boot;
	if (facts->pings && facts->ping_lasts) {
		raise(out, WQ_LEVEL_WATCH, (double)(facts->ping_failing / WQ_MINUTES(1)));
		wq_verdict_say(out, "对外心跳已失败%lld分钟(%.90s),网关停机时外部可能不知道", (long long)(facts->ping_failing / WQ_MINUTES(1)),
			facts->ping);
		return true;
	}
	if (facts->pings && !facts->ping_good)
		return false;
	out->finding = WQ_FINDING_CLEAR;
	wq_verdict_say(out, "对外心跳恢复");
	return true;
}

bool selfwatch_judge(struct selfwatch *watch, enum config_self rule, const struct selfwatch_facts *facts, wq_ms boot,
	wq_ms now, struct wq_verdict *out)
{
	static bool (*const judges[CONFIG_SELF_RULES])(struct selfwatch *, const struct selfwatch_facts *, wq_ms,
		struct wq_verdict *) = {
		[CONFIG_SELF_STORE] = judge_store,
		[CONFIG_SELF_SHED] = judge_shed,
		[CONFIG_SELF_RECEIPT] = judge_receipt,
		[CONFIG_SELF_CHANNEL] = judge_channel,
		[CONFIG_SELF_UPLINK] = judge_uplink,
		[CONFIG_SELF_ROSTER] = judge_roster,
		[CONFIG_SELF_DRILL] = judge_drill,
		[CONFIG_SELF_PING] = judge_ping,
	};
	*out = (struct wq_verdict){ .series = WQ_NONE, .at = now, .value = NAN, .limit = NAN };
	if (judges[rule] == NULL)
		return false; /* the engine's own */
	return judges[rule](watch, facts, boot, out);
}

/* -- lists of names -- */

static bool ends_with(const char *from, const char *to, const char *with)
{
	size_t n = strlen(with);
	return (size_t)(to - from) >= n && memcmp(to - n, with, n) == 0;
}

static bool begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

void selfwatch_list(char list[SELFWATCH_LIST], const char *name)
{
	size_t used = strlen(list);
	snprintf(list + used, SELFWATCH_LIST - used, "%s%s", used > 0 ? "、" : "", name);
}

bool selfwatch_names(const char *says, const char *name)
{
	for (const char *at = strstr(says, name); at != NULL && name[0] != '\0'; at = strstr(at + 1, name)) {
		const char *end = at + strlen(name);
		bool whole = ends_with(says, at, "、") || ends_with(says, at, "通知通道") || ends_with(says, at, "未通过:");
		if (whole && (end[0] == '\0' || begins_with(end, "、") || begins_with(end, "不通") || begins_with(end, "等")))
			return true;
	}
	return false;
}

/* -- the daemon's glue -- */

int selfwatch_open(struct daemon *daemon, struct wq_err *err)
{
	size_t count = daemon->config->channel_count;
	selfwatch_init(&daemon->selfwatch, clock_boot());
	daemon->channels = calloc(count > 0 ? count : 1, sizeof *daemon->channels);
	if (daemon->channels == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu channels", count);
	for (size_t i = 0; i < count; i++)
		daemon->channels[i].since = WQ_NO_TIME;
	return 0;
}

void selfwatch_channel(struct daemon *daemon, const char *channel, const char *text)
{
	for (size_t i = 0; i < daemon->config->channel_count; i++)
		if (strcmp(daemon->config->channels[i].name, channel) == 0)
			daemon->channels[i] = (struct channel_trouble){ .since = text[0] != '\0' ? clock_boot() : WQ_NO_TIME };
}

const char *selfwatch_told(const struct daemon *daemon, enum config_self rule)
{
	const struct wq_alarm *const *alarms;
	size_t count = wq_engine_alarms(daemon->engine, &alarms);
	for (size_t i = 0; i < count; i++)
		if (alarms[i]->rule == config_self_rule(&daemon->config->site, rule))
			return alarms[i]->last.says;
	return "";
}

static bool is_dead(const struct channel_trouble *channel, wq_ms boot)
{
	return channel->since != WQ_NO_TIME && boot - channel->since >= SELFWATCH_CHANNEL;
}

/* Those that were told of, or were not: the latter are named first. */
static void name_channels(const struct daemon *daemon, wq_ms boot, bool told, size_t *named, struct selfwatch_facts *facts)
{
	char name[31];
	for (size_t i = 0; i < daemon->config->channel_count; i++) {
		struct channel_trouble *channel = &daemon->channels[i];
		if (!is_dead(channel, boot) || channel->told != told)
			continue;
		facts->channels_dead++;
		facts->channel_news |= !told;
		snprintf(name, sizeof name, "%s", daemon->config->channels[i].name);
		if ((*named)++ < SELFWATCH_NAMED)
			selfwatch_list(facts->channel, name);
	}
}

static void look_at_contacts(const struct daemon *daemon, struct selfwatch_facts *facts)
{
	for (size_t i = 0; i < daemon->config->contact_count; i++) {
		const struct config_contact *contact = &daemon->config->contacts[i];
		bool reached = contact->channel_count == 0;
		for (size_t k = 0; k < contact->channel_count && !reached; k++)
			reached = daemon->channels[contact->channels[k]].since == WQ_NO_TIME;
		if (!reached && facts->stranded++ == 0)
			facts->stranded_name = contact->name != NULL ? contact->name : contact->id;
	}
}

static void look_at_channels(const struct daemon *daemon, wq_ms boot, struct selfwatch_facts *facts)
{
	const char *told = selfwatch_told(daemon, CONFIG_SELF_CHANNEL);
	char name[31];
	size_t named = 0;
	for (size_t i = 0; i < daemon->config->channel_count; i++) {
		struct channel_trouble *channel = &daemon->channels[i];
		facts->channels_failing += channel->since != WQ_NO_TIME;
		snprintf(name, sizeof name, "%s", daemon->config->channels[i].name);
		channel->told |= is_dead(channel, boot) && selfwatch_names(told, name);
	}
	name_channels(daemon, boot, false, &named, facts);
	name_channels(daemon, boot, true, &named, facts);
	look_at_contacts(daemon, facts);
}

/* The change is made: what failed so far was told. */
static void note_told(struct daemon *daemon, enum config_self rule, wq_ms boot)
{
	for (size_t i = 0; rule == CONFIG_SELF_CHANNEL && i < daemon->config->channel_count; i++)
		daemon->channels[i].told |= is_dead(&daemon->channels[i], boot);
	if (rule == CONFIG_SELF_DRILL)
		drill_told(daemon);
}

/* Nothing is said of one that has not looked into the history yet. */
static void look_at_uplinks(const struct daemon *daemon, wq_ms now, struct selfwatch_facts *facts)
{
	facts->uplinks_calm = true;
	for (size_t i = 0; i < daemon->uplink_count; i++) {
		const struct config_uplink *uplink = &daemon->config->uplinks[i];
		struct uplink_status status;
		uplink_status(daemon->uplinks[i], &status);
		wq_ms lag = uplink_lag(&status, now);
		if (uplink->lag_alarm > 0 && (status.incarnation == 0 || 2 * lag >= uplink->lag_alarm))
			facts->uplinks_calm = false;
		if (uplink->lag_alarm > 0 && lag >= uplink->lag_alarm && lag > facts->uplink_lag) {
			facts->uplink = uplink->name;
			facts->uplink_lag = lag;
		}
	}
}

/* A roster that no group names tells nobody anything. */
static void look_at_rosters(const struct config *config, wq_ms now, struct selfwatch_facts *facts)
{
	for (size_t g = 0; g < config->group_count && facts->roster == NULL; g++) {
		const struct config_group *group = &config->groups[g];
		for (size_t i = 0; i < group->roster_count && facts->roster == NULL; i++) {
			struct roster_duty duty;
			roster_at(&config->rosters[group->rosters[i]], now, &duty);
			if (duty.vacant)
				facts->roster = config->rosters[group->rosters[i]].name;
		}
	}
}

void selfwatch_tick(struct daemon *daemon, struct wq_outcome *out)
{
	wq_ms boot = clock_boot(), now = clock_now();
	struct selfwatch_facts facts = { .stalled = daemon->stalled,
		.channels = daemon->config->channel_count,
		.shed = daemon->shed,
		.delivered = daemon->sent > 0 };
	for (size_t i = 0; i < daemon->source_count; i++) {
		struct source_counts counts;
		source_counts(daemon->sources[i], &counts);
		facts.not_durable += counts.not_durable;
		facts.shed += counts.shed;
	}
	look_at_channels(daemon, boot, &facts);
	look_at_uplinks(daemon, now, &facts);
	look_at_rosters(daemon->config, now, &facts);
	drill_facts(daemon, &facts);
	alive_facts(daemon, boot, &facts);
	for (enum config_self rule = 0; rule < CONFIG_SELF_RULES; rule++) {
		struct wq_verdict verdict;
		struct wq_err err;
		if (!selfwatch_judge(&daemon->selfwatch, rule, &facts, boot, now, &verdict))
			continue;
		const size_t before = out->change_count;
		if (wq_engine_tell(daemon->engine, config_self_rule(&daemon->config->site, rule), &verdict, now, out,
			    &err) < 0)
			log_error("engine: %s", err.text);
		/* For want of memory no change was made: the next look makes it. */
		if (verdict.news && out->change_count > before)
			note_told(daemon, rule, boot);
	}
}
