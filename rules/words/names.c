/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of enums are called in the configuration, the database and on the screen. */
#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/check.h"
#include "wq/day.h"
#include "wq/engine.h"
#include "wq/maintenance.h"
#include "wq/sample.h"
#include "wq/site.h"
#include "wq/verdict.h"

#include <stddef.h>

/* What a number outside its enum is called: visible, never a crash. */
#define NO_NAME "?"

#define NAME_OF(table, index) name_of(table, sizeof(table) / sizeof((table)[0]), (size_t)(index))

static const char *name_of(const char *const *table, size_t count, size_t index)
{
	return index < count && table[index] != NULL ? table[index] : NO_NAME;
}

const char *wq_quality_name(enum wq_quality quality)
{
	static const char *const names[] = {
		[WQ_GOOD] = "good",
		[WQ_SUSPECT] = "suspect",
		[WQ_BAD] = "bad",
		[WQ_MISSING] = "missing",
		[WQ_UNCHECKED] = "unchecked",
		[WQ_MAINTENANCE] = "maintenance",
	};

	return NAME_OF(names, quality);
}

const char *wq_check_kind_name(enum wq_check_kind kind)
{
	static const char *const names[] = {
		[WQ_CHECK_STANDARD] = "standard",
		[WQ_CHECK_ZERO] = "zero",
		[WQ_CHECK_SPAN] = "span",
		[WQ_CHECK_RECOVERY] = "recovery",
		[WQ_CHECK_PARALLEL] = "parallel",
		[WQ_CHECK_BLANK] = "blank",
	};

	return NAME_OF(names, kind);
}

const char *wq_maintained_name(enum wq_maintained_by by)
{
	static const char *const names[] = {
		[WQ_BY_PLAN] = "plan",
		[WQ_BY_HAND] = "hand",
		[WQ_BY_FLAG] = "flag",
	};

	return NAME_OF(names, by);
}

const char *wq_level_name(enum wq_level level)
{
	static const char *const names[] = {
		[WQ_LEVEL_NONE] = "none",
		[WQ_LEVEL_INFO] = "info",
		[WQ_LEVEL_WATCH] = "watch",
		[WQ_LEVEL_WARNING] = "warning",
		[WQ_LEVEL_ALARM] = "alarm",
	};

	return NAME_OF(names, level);
}

const char *wq_level_chinese(enum wq_level level)
{
	static const char *const names[] = {
		[WQ_LEVEL_NONE] = "",
		[WQ_LEVEL_INFO] = "提示",
		[WQ_LEVEL_WATCH] = "关注",
		[WQ_LEVEL_WARNING] = "预警",
		[WQ_LEVEL_ALARM] = "报警",
	};

	return NAME_OF(names, level);
}

const char *wq_change_name(enum wq_change_kind kind)
{
	static const char *const names[WQ_CHANGE_KINDS] = {
		[WQ_OPENED] = "opened",
		[WQ_RAISED] = "raised",
		[WQ_ESCALATED] = "escalated",
		[WQ_ACKNOWLEDGED] = "acknowledged",
		[WQ_CLEARED] = "cleared",
		[WQ_CLOSED] = "closed",
		[WQ_CORRECTED] = "corrected",
		[WQ_RECOVERED] = "recovered",
		[WQ_REOPENED] = "reopened",
		[WQ_SHELVED] = "shelved",
		[WQ_UNSHELVED] = "unshelved",
		[WQ_REMINDED] = "reminded",
	};

	return NAME_OF(names, kind);
}

const char *wq_topic_name(enum wq_topic topic)
{
	static const char *const names[WQ_TOPICS] = {
		[WQ_TOPIC_ALARM] = "alarm",
		[WQ_TOPIC_DIGEST] = "digest",
		[WQ_TOPIC_HANDOVER] = "handover",
		[WQ_TOPIC_HEARTBEAT] = "heartbeat",
		[WQ_TOPIC_DRILL] = "drill",
	};

	return NAME_OF(names, topic);
}

const char *wq_life_name(enum wq_life_state state)
{
	static const char *const names[WQ_LIFE_STATES] = {
		[WQ_LIFE_NORMAL] = "normal",
		[WQ_LIFE_ACTIVE] = "active",
		[WQ_LIFE_ESCALATED] = "escalated",
		[WQ_LIFE_ACKNOWLEDGED] = "acknowledged",
		[WQ_LIFE_CORRECTED] = "corrected",
		[WQ_LIFE_RECOVERED] = "recovered",
	};

	return NAME_OF(names, state);
}

const char *wq_hush_name(enum wq_hush hush)
{
	static const char *const names[] = {
		[WQ_HUSH_NONE] = "",
		[WQ_HUSH_SHELVED] = "shelved",
		[WQ_HUSH_FLOOD] = "flood",
	};

	return NAME_OF(names, hush);
}

const char *wq_day_verdict_name(enum wq_day_verdict verdict)
{
	static const char *const names[] = {
		[WQ_DAY_NOT_ASSESSABLE] = "not assessable",
		[WQ_DAY_MEETS] = "meets",
		[WQ_DAY_EXCEEDS] = "exceeds",
	};

	return NAME_OF(names, verdict);
}

const char *wq_station_kind_name(enum wq_station_kind kind)
{
	static const char *const names[WQ_STATION_KINDS] = {
		[WQ_NATIONAL] = "national",
		[WQ_PROVINCIAL] = "provincial",
		[WQ_SOURCE_CENTRAL] = "source-central",
		[WQ_SOURCE_DISPERSED] = "source-dispersed",
		[WQ_SOURCE_BACKUP] = "source-backup",
		[WQ_TRIBUTARY] = "tributary",
	};

	return NAME_OF(names, kind);
}

const char *wq_profile_hand_name(enum wq_profile_hand hand)
{
	static const char *const names[] = {
		[WQ_PROFILE_AUTO] = "auto",
		[WQ_PROFILE_ON] = "on",
		[WQ_PROFILE_OFF] = "off",
	};

	return NAME_OF(names, hand);
}
