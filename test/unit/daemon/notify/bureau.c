/* SPDX-License-Identifier: Apache-2.0 */
/* The small bureau as data. */
#include "bureau.h"

#include "wq/rule.h"

#include <math.h>
#include <stdio.h>

static const struct wq_rule limit = { .name = "limit" };
static const struct wq_rule missing = { .name = "missing", .about = WQ_ABOUT_DEVICE };

static const struct wq_station stations[] = {
	[NANHENG] = { .id = "nanheng",
	        .name = "南横套河",
	        .english = "Nanheng Tributary",
	        .kind = WQ_TRIBUTARY,
	        .flows_into = YIGAN,
	        .zone = &wq_zone_china },
	[YIGAN] = { .id = "yigan",
	        .name = "一干河备用水源地",
	        .kind = WQ_SOURCE_BACKUP,
	        .flows_into = WQ_NONE,
	        .town = "杨舍镇",
	        .zone = &wq_zone_china },
	[QINGLONG] = { .id = "qinglong",
	        .name = "青龙河",
	        .kind = WQ_NATIONAL,
	        .flows_into = WQ_NONE,
	        .zone = &wq_zone_china },
	[NEW_STATION] = { .id = "new",
	        .name = "新站",
	        .kind = WQ_NATIONAL,
	        .flows_into = WQ_NONE,
	        .commissioning = true,
	        .zone = &wq_zone_china },
};
static const struct wq_parameter parameters[] = {
	{ .code = "w21011", .alias = "tp", .name = "总磷", .unit = "mg/L", .english = "total phosphorus" },
};
static const struct wq_series series[] = {
	{ .station = NANHENG },
	{ .station = YIGAN },
	{ .station = QINGLONG },
	{ .station = NEW_STATION },
};
static const struct wq_rule_use rules[] = {
	[LIMIT] = { .rule = &limit,
	        .name = "tp-limit",
	        .escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_HOURS(2), WQ_MINUTES(30),
	                WQ_SECONDS(20) } },
	[MISSING] = { .rule = &missing,
	        .name = "silence",
	        .escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME } },
	[QUIET] = { .rule = &limit,
	        .name = "quiet",
	        .escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME,
	                WQ_SECONDS(90) } },
};
static const struct wq_channel channel = { .name = "webhook" };
static const struct config_channel channels[] = {
	{ .name = "centre", .channel = &channel },
	{ .name = "modem", .channel = &channel },
};
static const uint32_t both[] = { 0, 1 }, modem_first[] = { 1, 0 };
static const struct config_contact contacts[] = {
	[ZHANG] = { .id = "zhang",
	        .name = "张三",
	        .phone = "13800000001",
	        .channel_count = 2,
	        .channels = both },
	[LI] = { .id = "li", .name = "李四", .channel_count = 1, .channels = both },
	[WANG] = { .id = "wang", .name = "王五", .channel_count = 2, .channels = modem_first },
	[LEADER] = { .id = "leader", .name = "值班领导", .channel_count = 2, .channels = both },
	[INSTALLER] = { .id = "installer", .name = "安装", .channel_count = 1, .channels = both },
	[NOBODY] = { .id = "nobody", .name = "没有通道" },
};
static const uint32_t lead[] = { ZHANG, LI, NOBODY }, assist[] = { WANG, LI },
                      leaders[] = { LEADER }, installers[] = { INSTALLER };
static const struct config_group groups[] = {
	{ .id = "water", .name = "水生态环境科", .member_count = 3, .members = lead },
	{ .id = "law", .name = "执法局", .member_count = 2, .members = assist },
	{ .id = "leaders", .name = "值班领导", .member_count = 1, .members = leaders },
	{ .id = "installers", .name = "安装", .member_count = 1, .members = installers },
};
static const uint32_t assisting[] = { 1 }, leading[] = { 2 };
static const struct config_route routes[] = {
	{ .id = "all",
	        .kinds = ~0u,
	        .all_stations = true,
	        .min_level = WQ_LEVEL_WATCH,
	        .lead = 0,
	        .assist_count = 1,
	        .assist = assisting,
	        .escalate_count = 1,
	        .escalate_to = leading },
	{ .id = "commissioning",
	        .kinds = ~0u,
	        .all_stations = true,
	        .min_level = WQ_LEVEL_INFO,
	        .lead = 3,
	        .commissioning = true },
};

struct config bureau(void)
{
	return (struct config){
		.file = "test.conf",
		.site = { .name = "张家港",
		        .zone = &wq_zone_china,
		        .standard = &wq_gb3838,
		        .parameter_count = 1,
		        .station_count = 4,
		        .series_count = 4,
		        .rule_count = 3,
		        .parameters = parameters,
		        .stations = stations,
		        .series = series,
		        .rules = rules },
		.paths = { .notice_lifetime = WQ_HOURS(12) },
		.channel_count = 2,
		.contact_count = 6,
		.group_count = 4,
		.route_count = 2,
		.channels = channels,
		.contacts = contacts,
		.groups = groups,
		.routes = routes,
	};
}

struct wq_change bureau_change(enum wq_change_kind kind, enum wq_level level)
{
	struct wq_change change = {
		.alarm = 2026030500007,
		.number = 1,
		.kind = kind,
		.rule = LIMIT,
		.station = YIGAN,
		.series = YIGAN_TP,
		.level = level,
		.time = 1772697600000, /* 2026-03-05T08:00:00Z */
		.decided = 1772697605000,
		.opened = 1772694000000, /* an hour before */
		.since = 1772694005000,
		.state = WQ_LIFE_ACTIVE,
		.until = WQ_NO_TIME,
		.value = 0.263,
		.limit = 0.2,
	};

	snprintf(change.says, sizeof change.says, "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,连续3次");
	snprintf(change.evidence, sizeof change.evidence,
	        "{\"rule\":\"tp-limit\",\"limit\":0.2,\"readings\":[[1772697600000,0.263]]}");
	return change;
}
