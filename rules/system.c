/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over ourselves, and over what readings come by, as rules: they have places and alarms like any other, but no look
 * at the water. What they say comes from the daemon, through wq_engine_tell() and wq_engine_bus(), or of the engine
 * itself. */
#include "wq/rule.h"

#include <string.h>

const struct wq_rule wq_rule_system = {
	.name = "system",
	.help = "the daemon's watch over itself; always there, not configured",
	.scope = WQ_SCOPE_NETWORK,
	.about = WQ_ABOUT_DEVICE,
};

const struct wq_rule wq_rule_bus = {
	.name = "bus",
	.help = "a bus that is down; always there, not configured",
	.scope = WQ_SCOPE_NETWORK,
	.about = WQ_ABOUT_DEVICE,
	.parent = true,
};

const struct wq_rule wq_rule_maintenance = {
	.name = "maintenance",
	.help = "a maintenance that nobody ended; always there, not configured",
	.scope = WQ_SCOPE_STATION,
	.about = WQ_ABOUT_DEVICE,
	.to_lead = true,
};

struct wq_subject wq_system_subject(const char *title)
{
	static const char bus[] = "wqd:bus:";
	static const struct {
		const char *title, *word;
	} rows[] = {
		{ "wqd:store", "历史库" },
		{ "wqd:shed", "读数入库" },
		{ "wqd:receipt", "数据回执" },
		{ "wqd:channel", "通知通道" },
		{ "wqd:maintenance", "维护未结束" },
		{ "wqd:uplink", "上报积压" },
		{ WQ_FLOOD_RULE, "报警潮" },
		{ "wqd:roster", "值班表无人值班" },
		{ "wqd:drill", "通道测试" },
		{ "wqd:ping", "对外心跳" },
	};
	if (strncmp(title, bus, sizeof bus - 1) == 0)
		return (struct wq_subject){ "总线", title + sizeof bus - 1 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(title, rows[i].title) == 0)
			return (struct wq_subject){ rows[i].word, "" };
	return (struct wq_subject){ NULL, "" };
}
