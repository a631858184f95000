/* SPDX-License-Identifier: Apache-2.0 */
/* Why a device is doubted, in words. */
#include "parts.h"

#include "phrase.h"

#include "wq/decimal.h"
#include "wq/parameter.h"

#include <stdio.h>
#include <string.h>

static const struct wq_parameter *parameter_of(const struct wq_view *view, uint32_t series)
{
	const struct wq_site *site = wq_view_site(view);

	return &site->parameters[site->series[series].parameter];
}

static const char *amount(const struct wq_parameter *parameter, double value, char buf[PHRASE_TEXT])
{
	char number[WQ_DECIMAL_TEXT];

	return phrase_amount(parameter, wq_value_format(value, number), buf);
}

static void say_flat(struct phrase *says, const struct health_state *st, const struct wq_view *view)
{
	char span[PHRASE_TEXT], value[PHRASE_TEXT];

	phrase_add(says, "%s已%s不变(%s),疑似仪器异常(数值冻结)", wq_view_parameter(view)->name,
		phrase_span(st->last - st->since + st->settings.flat_fail, span), amount(wq_view_parameter(view), st->value, value));
}

/* "与下游乙桥总磷", "与总氮" */
static void say_copied(struct phrase *says, const struct health_state *st, const struct health_section *s,
	const struct wq_view *view)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *here = wq_view_station(view), *there = &site->stations[site->series[st->whose].station];
	const char *where = there == here ? "" : here->flows_into == (uint32_t)(there - site->stations) ? "下游" : "上游";

	phrase_add(says, "%s近%lld次读数与%s%.60s%s逐一相同,疑似非本项实测", wq_view_parameter(view)->name, (long long)s->trust, where,
		there == here ? "" : there->name, parameter_of(view, st->whose)->name);
}

static void say_cross(struct phrase *says, const struct health_state *st, const struct wq_view *view)
{
	const struct wq_parameter *own = wq_view_parameter(view), *other = parameter_of(view, st->partner);
	char value[PHRASE_TEXT], against[PHRASE_TEXT], share[PHRASE_TEXT];

	amount(own, st->shown, value);
	amount(other, st->other, against);
	if (strcmp(own->alias, "do") == 0)
		phrase_add(says, "%s%s(%s%s)相当于饱和度%s%%,疑似仪器异常", own->name, value, other->name, against,
			phrase_significant(100 * st->shown / wq_oxygen_soluble(st->other), 3, share));
	else
		phrase_add(says, "%s%s低于%s%s,两者矛盾,疑似仪器异常", own->name, value, other->name, against);
}

static void say_range(struct phrase *says, const struct health_state *st, const struct health_section *s,
	const struct wq_view *view)
{
	const struct wq_series *series = wq_view_series(view);
	char value[PHRASE_TEXT], low[WQ_DECIMAL_TEXT], high[WQ_DECIMAL_TEXT];

	phrase_add(says, "%s%s,连续%lld次以上超出合理范围(%s~%s),不参与评价,请核实仪器与水质", wq_view_parameter(view)->name,
		amount(wq_view_parameter(view), st->shown, value), (long long)s->confirm, wq_value_format(series->low, low),
		wq_value_format(series->high, high));
}

static void say_carried(struct phrase *says, const struct health_state *st, const struct wq_view *view)
{
	const bool hours = st->cycle % WQ_HOURS(1) == 0;
	const long long count = (long long)(st->cycle / (hours ? WQ_HOURS(1) : WQ_MINUTES(1)));

	phrase_add(says, "%s每%lld%s才更新一次,其间为重复上传,建议配置cycle = \"%lld%s\"", wq_view_parameter(view)->name, count,
		hours ? "小时" : "分钟", count, hours ? "h" : "m");
}

void says_reason(struct wq_verdict *out, const struct health_state *st, const struct health_section *s, const struct wq_view *view)
{
	const char *name = wq_view_parameter(view)->name;
	struct phrase says = { 0 };

	switch ((enum health_reason)st->reason) {
	case REASON_FLAT:
		say_flat(&says, st, view);
		break;
	case REASON_COPIED:
		say_copied(&says, st, s, view);
		break;
	case REASON_COARSE:
		phrase_add(&says, "%s近%lld次读数小数位少于以往,疑似非实测或仪器设置有变", name, (long long)s->trust);
		break;
	case REASON_REGULAR:
		phrase_add(&says, "%s近%lld次读数过于规则,疑似补数或平滑,非实测", name, (long long)s->trust);
		break;
	case REASON_CROSS:
		say_cross(&says, st, view);
		break;
	case REASON_RANGE:
		say_range(&says, st, s, view);
		break;
	case REASON_CARRIED:
		say_carried(&says, st, view);
		break;
	case REASON_NONE:
		phrase_add(&says, "%s读数恢复正常", name);
		break;
	}
	wq_verdict_say(out, "%s", says.text);
}
