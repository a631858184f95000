/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes are news, as a table. */
#include "urgent.h"

static const bool news[WQ_CHANGE_KINDS] = { [WQ_OPENED] = true, [WQ_RAISED] = true, [WQ_REOPENED] = true, [WQ_UNSHELVED] = true,
	[WQ_ESCALATED] = true };

bool notice_urgent(const struct wq_notice *notice)
{
	if (notice->topic != WQ_TOPIC_ALARM || (size_t)notice->kind >= WQ_CHANGE_KINDS || !news[notice->kind])
		return false;
	return notice->kind == WQ_ESCALATED || notice->level >= WQ_LEVEL_ALARM;
}
