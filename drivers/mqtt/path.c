/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles and follows paths. */
#include "path.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* -- compiling -- */

struct compiler {
	struct mqtt_path *path;
	struct mqtt_way *way;
	const char *at;
	size_t used; /* of the path's text */
	bool many;
	const char *why; /* what is wrong */
};

static bool wrong(struct compiler *c, const char *why)
{
	c->why = why;
	return false;
}

static bool add(struct compiler *c, struct mqtt_step step)
{
	if (c->way->count == MQTT_PATH_STEPS)
		return wrong(c, "more than 8 steps");
	c->way->steps[c->way->count++] = step;
	return true;
}

static bool add_name(struct compiler *c, const char *from, size_t length)
{
	char *to = c->path->text + c->used;

	if (length == 0)
		return wrong(c, "a step without a name");
	/* As long as the text itself: each name is followed by a character that is not of it, or by
	 * the end. */
	memcpy(to, from, length);
	to[length] = '\0';
	c->used += length + 1;
	return add(c, (struct mqtt_step){ .kind = MQTT_STEP_NAME, .name = to });
}

static bool read_name(struct compiler *c)
{
	if (*c->at == '*') {
		c->at++;
		return c->many ? add(c, (struct mqtt_step){ .kind = MQTT_STEP_ANY })
		               : wrong(c, "* is not allowed here");
	}
	if (*c->at == '\'') {
		const char *from = c->at + 1, *end = strchr(from, '\'');

		if (end == NULL)
			return wrong(c, "a ' without its end");
		c->at = end + 1;
		return add_name(c, from, (size_t)(end - from));
	}
	size_t length = strcspn(c->at, ".[]|*'");
	const char *from = c->at;

	c->at += length;
	return add_name(c, from, length);
}

static bool read_brackets(struct compiler *c)
{
	char *end;

	if (c->at[1] == ']') {
		c->at += 2;
		return c->many ? add(c, (struct mqtt_step){ .kind = MQTT_STEP_EACH })
		               : wrong(c, "[] is not allowed here; [0] is an element");
	}
	long index = strtol(c->at + 1, &end, 10);
	if (end == c->at + 1 || *end != ']' || strchr(" \t+", c->at[1]) != NULL || index > 9999 ||
	        index < -9999)
		return wrong(c, "between [ and ] a number is needed");
	c->at = end + 1;
	return add(c, (struct mqtt_step){ .kind = MQTT_STEP_INDEX, .index = (int)index });
}

static bool read_way(struct compiler *c)
{
	bool first = true;

	while (*c->at != '\0' && *c->at != '|') {
		if (*c->at == '[') {
			if (!read_brackets(c))
				return false;
		} else if (first || *c->at == '.') {
			c->at += !first;
			if (!read_name(c))
				return false;
		} else {
			return wrong(c, "between two steps a . is needed");
		}
		first = false;
	}
	return true;
}

static bool read_path(struct compiler *c)
{
	do {
		if (c->path->count == MQTT_PATH_WAYS)
			return wrong(c, "more than 3 ways");
		c->way = &c->path->ways[c->path->count++];
		if (!read_way(c))
			return false;
	} while (*c->at++ == '|');
	return true;
}

int mqtt_path_compile(struct mqtt_path *path, const char *text, bool many, const char *key,
        struct wq_err *err)
{
	struct compiler c = { .path = path, .at = text, .many = many };

	*path = (struct mqtt_path){ .count = 0 };
	if (text == NULL)
		return 0;
	if (strlen(text) > MQTT_PATH_TEXT)
		c.why = "longer than 128 bytes";
	else
		read_path(&c);
	if (c.why == NULL)
		return 0;
	*path = (struct mqtt_path){ .count = 0 };
	return wq_fail(err, WQ_E_INVALID,
	        "%s \"%.128s\": %s; a path is like params.TP.value or data[0].ts, docs/mqtt.md tells it",
	        key, text, c.why);
}

/* -- following -- */

static json_t *element(json_t *array, int index)
{
	const size_t size = json_array_size(array); /* 0 of what is no array */

	if (index < 0 && (size_t)-index > size)
		return NULL;
	return json_array_get(array, index >= 0 ? (size_t)index : size - (size_t)-index);
}

static json_t *follow(const struct mqtt_step *steps, size_t count, json_t *place)
{
	for (size_t i = 0; i < count && place != NULL; i++)
		place = steps[i].kind == MQTT_STEP_NAME ? json_object_get(place, steps[i].name)
		                                        : element(place, steps[i].index);
	return place;
}

json_t *mqtt_path_find(const struct mqtt_path *path, json_t *from)
{
	json_t *found = NULL;

	for (size_t i = 0; i < path->count && found == NULL; i++)
		found = follow(path->ways[i].steps, path->ways[i].count, from);
	return found;
}

struct visit {
	void (*visit)(void *owner, json_t *place, const char *name);
	void *owner;
	bool any;
};

/* As deep as a way has steps. */
static void walk(struct visit *visit, const struct mqtt_step *steps, size_t count, json_t *place,
        const char *name)
{
	const char *member;
	json_t *json;
	size_t i;

	for (; count > 0 && steps->kind < MQTT_STEP_EACH && place != NULL; steps++, count--)
		place = follow(steps, 1, place);
	if (place == NULL)
		return;
	if (count == 0) {
		visit->any = true;
		visit->visit(visit->owner, place, name);
	} else if (steps->kind == MQTT_STEP_ANY) {
		json_object_foreach(place, member, json)
			walk(visit, steps + 1, count - 1, json, member);
	} else if (json_is_array(place)) {
		json_array_foreach(place, i, json) walk(visit, steps + 1, count - 1, json, name);
	} else {
		walk(visit, steps + 1, count - 1, place, name);
	}
}

bool mqtt_path_each(const struct mqtt_path *path, json_t *from,
        void (*visit)(void *owner, json_t *place, const char *name), void *owner)
{
	struct visit all = { visit, owner, false };

	for (size_t i = 0; i < path->count && !all.any; i++)
		walk(&all, path->ways[i].steps, path->ways[i].count, from, NULL);
	return all.any;
}

bool mqtt_path_any(const struct mqtt_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		for (size_t k = 0; k < path->ways[i].count; k++)
			if (path->ways[i].steps[k].kind == MQTT_STEP_ANY)
				return true;
	return false;
}

bool mqtt_path_is(const char *field)
{
	return strpbrk(field, ".[]|*'") != NULL;
}

bool mqtt_path_names(const struct mqtt_path *path, const char *name)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct mqtt_way *way = &path->ways[i];

		if (way->count == 1 && way->steps[0].kind == MQTT_STEP_NAME &&
		        strcmp(way->steps[0].name, name) == 0)
			return true;
	}
	return false;
}
