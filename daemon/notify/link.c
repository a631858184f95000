/* SPDX-License-Identifier: Apache-2.0 */
/* A line for people, a member for machines. */
#include "link.h"

#include "text_en.h"

#include <stdio.h>
#include <string.h>

/* The changes after which the alarm waits for somebody, and says so. */
static const bool asks[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = true,
	[WQ_RAISED] = true,
	[WQ_ESCALATED] = true,
	[WQ_RECOVERED] = true,
	[WQ_REOPENED] = true,
	[WQ_UNSHELVED] = true,
	[WQ_REMINDED] = true,
};

/* As data.c wrote it; what people say stands there with its quotes escaped. */
static bool is_answered(const struct wq_notice *notice)
{
	return (notice->kind == WQ_REMINDED || notice->kind == WQ_UNSHELVED) && strstr(notice->data, "\"state\":\"acknowledged\"") != NULL;
}

bool link_asked(const struct wq_notice *notice)
{
	return notice->topic == WQ_TOPIC_ALARM && !notice->test && !notice->history && !notice->assist && (unsigned)notice->kind < WQ_CHANGE_KINDS && asks[notice->kind] && !is_answered(notice);
}

void link_add(const struct wq_notice *notice, char text[LINK_TEXT])
{
	size_t used = strlen(text);

	if (notice->link[0] != '\0')
		snprintf(text + used, LINK_TEXT - used, "\n%s%s", text_is_english(text) ? "Acknowledge: " : "确认:", notice->link);
}

const char *link_text(const struct wq_notice *notice, char out[LINK_TEXT])
{
	snprintf(out, LINK_TEXT, "%s", notice->text);
	link_add(notice, out);
	return out;
}

const char *link_data(const struct wq_notice *notice, char out[LINK_DATA])
{
	size_t n = strlen(notice->data);

	if (notice->link[0] == '\0' || n < 2 || notice->data[0] != '{' || notice->data[n - 1] != '}')
		snprintf(out, LINK_DATA, "%s", notice->data[0] == '{' ? notice->data : "{}");
	else
		snprintf(out, LINK_DATA, "%.*s%s\"link\":\"%s\"}", (int)n - 1, notice->data, n > 2 ? "," : "", notice->link);
	return out;
}
