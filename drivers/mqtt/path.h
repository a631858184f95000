/* SPDX-License-Identifier: Apache-2.0 */
/* Where something stands in a JSON message: a small path, compiled once. Pure.
 *
 *   path = way { "|" way }          the first way that leads to something
 *   way  = [ step { "." step | "[" … "]" } ]    nothing: the place itself
 *   step = name | 'any name at all' | *         * each member; its name is the station's
 *   [3] [-1] of an array, from its end;  [] each element
 *
 * [] of what is no array is that itself, so that one path serves a message and an array of them. */
#ifndef MQTT_PATH_H
#define MQTT_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define MQTT_PATH_TEXT  128 /* longest path, bytes */
#define MQTT_PATH_STEPS 8   /* of a way */
#define MQTT_PATH_WAYS  3

enum mqtt_step_kind { MQTT_STEP_NAME, MQTT_STEP_INDEX, MQTT_STEP_EACH, MQTT_STEP_ANY };

struct mqtt_step {
	enum mqtt_step_kind kind;
	const char *name; /* within the path's text */
	int index;
};

struct mqtt_way {
	size_t count;
	struct mqtt_step steps[MQTT_PATH_STEPS];
};

struct mqtt_path {
	size_t count; /* ways; 0: there is no such path, it leads nowhere */
	struct mqtt_way ways[MQTT_PATH_WAYS];
	char text[MQTT_PATH_TEXT + 1]; /* names, each ended by a NUL: a path must not be copied or moved */
};

/* NULL compiles to a path that leads nowhere. many: [] and * are allowed. WQ_E_INVALID with what is wrong;
 * `key` names the setting. */
int mqtt_path_compile(struct mqtt_path *path, const char *text, bool many, const char *key,
        struct wq_err *err);

/* What a path without [] and * leads to from here, or NULL. Borrowed. */
json_t *mqtt_path_find(const struct mqtt_path *path, json_t *from);

/* Calls `visit` for each place that a path leads to, with the name of the member that a * stood for (or NULL).
 * False: there was none. */
bool mqtt_path_each(const struct mqtt_path *path, json_t *from,
        void (*visit)(void *owner, json_t *place, const char *name), void *owner);

/* Whether a way has a *, so that the path itself names something. */
bool mqtt_path_any(const struct mqtt_path *path);

/* Whether a field's text is more than the name of a member. */
bool mqtt_path_is(const char *field);

/* Whether `name` is a single member that one of the ways consists of. */
bool mqtt_path_names(const struct mqtt_path *path, const char *name);

#endif
