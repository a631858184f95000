/* SPDX-License-Identifier: Apache-2.0 */
/* Topic filters: checked once, matched level by level (MQTT 3.1.1, section 4.7). */
#include "topic.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

#define PLACEHOLDER "{station}"
#define SHARE       "$share/"

/* One level of a topic: text up to the next '/' or the end. */
struct level {
	const char *text;
	size_t length;
	bool last;
};

static struct level level_at(const char *text, const char *end)
{
	const char *slash = memchr(text, '/', (size_t)(end - text));
	const char *stop = slash != NULL ? slash : end;

	return (struct level){ text, (size_t)(stop - text), slash == NULL };
}

static bool level_is(struct level level, const char *text)
{
	return level.length == strlen(text) && memcmp(level.text, text, level.length) == 0;
}

static bool level_holds(struct level level, const char *any_of)
{
	for (size_t i = 0; i < level.length; i++)
		if (strchr(any_of, level.text[i]) != NULL)
			return true;
	return false;
}

static int check_level(struct level level, const char *filter, struct wq_err *err)
{
	if (level_is(level, "#") && !level.last)
		return wq_fail(
		        err, WQ_E_INVALID, "topic \"%s\": '#' must be the last level", filter);
	if (level_is(level, "+") || level_is(level, "#") || level_is(level, PLACEHOLDER))
		return 0;
	if (level_holds(level, "+#"))
		return wq_fail(err, WQ_E_INVALID,
		        "topic \"%s\": '+' and '#' must stand alone between slashes", filter);
	if (level_holds(level, "{}"))
		return wq_fail(err, WQ_E_INVALID,
		        "topic \"%s\": the only placeholder is {station}, alone between slashes",
		        filter);
	return 0;
}

/* The part that a message's topic is compared with: the filter without "$share/group/". */
static const char *after_share(const char *filter)
{
	if (strncmp(filter, SHARE, strlen(SHARE)) != 0)
		return filter;
	const char *slash = strchr(filter + strlen(SHARE), '/');
	return slash != NULL ? slash + 1 : NULL;
}

static void append(char *to, size_t *used, const char *text, size_t length)
{
	memcpy(to + *used, text, length);
	*used += length;
	to[*used] = '\0';
}

int mqtt_topic_compile(struct mqtt_topic *topic, const char *configured, struct wq_err *err)
{
	struct mqtt_topic built = { .station_level = -1 };
	const char *pattern, *end;
	size_t used = 0;
	int index = 0;

	if (configured[0] == '\0' || strlen(configured) > MQTT_TOPIC_MAX)
		return wq_fail(err, WQ_E_INVALID, "topic has %zu bytes; allowed are 1 to %d",
		        strlen(configured), MQTT_TOPIC_MAX);
	pattern = after_share(configured);
	if (pattern == NULL || pattern[0] == '\0')
		return wq_fail(err, WQ_E_INVALID,
		        "topic \"%s\": a filter must follow $share/GROUP/", configured);
	append(built.filter, &used, configured, (size_t)(pattern - configured));
	end = pattern + strlen(pattern);
	for (struct level level;; pattern = level.text + level.length + 1, index++) {
		level = level_at(pattern, end);
		if (check_level(level, configured, err) < 0)
			return WQ_E_INVALID;
		if (level_is(level, PLACEHOLDER)) {
			if (built.station_level >= 0)
				return wq_fail(err, WQ_E_INVALID,
				        "topic \"%s\": {station} may be given once", configured);
			built.station_level = index;
			append(built.filter, &used, "+", 1);
		} else {
			append(built.filter, &used, level.text, level.length);
		}
		if (level.last)
			break;
		append(built.filter, &used, "/", 1);
	}
	*topic = built;
	return 0;
}

/* "sport/#" also matches "sport" (4.7.1.2). */
static bool rest_is_hash(struct level pattern, const char *end)
{
	const char *next = pattern.text + pattern.length;

	return !pattern.last && end - next == 2 && next[1] == '#';
}

bool mqtt_topic_match(const struct mqtt_topic *topic, const char *text, size_t length,
        const char **station, size_t *station_length)
{
	const char *pattern = after_share(topic->filter);
	const char *pattern_end = pattern + strlen(pattern), *text_end = text + length;

	*station = NULL;
	*station_length = 0;
	/* A wildcard in front does not match topics of the broker itself (4.7.2). */
	if (length > 0 && text[0] == '$' && (pattern[0] == '+' || pattern[0] == '#'))
		return false;
	for (int index = 0;; index++) {
		struct level want = level_at(pattern, pattern_end), have = level_at(text, text_end);

		if (level_is(want, "#"))
			return true;
		if (!level_is(want, "+") &&
		        !(want.length == have.length &&
		                memcmp(want.text, have.text, have.length) == 0))
			return false;
		if (index == topic->station_level) {
			*station = have.text;
			*station_length = have.length;
		}
		if (want.last || have.last)
			return want.last == have.last ||
			        (have.last && rest_is_hash(want, pattern_end));
		pattern = want.text + want.length + 1;
		text = have.text + have.length + 1;
	}
}
