/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a channel, and opening it again when its secrets changed. */
#include "instance.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Remembers which file it was before it is read: what is written meanwhile makes it another one. */
static int find_secret(
        void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	struct instance *instance = owner;

	if (instance->count < INSTANCE_SECRETS) {
		instance->secrets[instance->count].reference = reference;
		secret_stamp(instance->credentials, reference,
		        &instance->secrets[instance->count].stamp);
		instance->count++;
	}
	return secret_read(instance->credentials, reference, buf, cap, err);
}

static void *new_state(struct instance *instance)
{
	size_t size = instance->use->channel->state_size;

	return calloc(1, size > 0 ? size : 1);
}

static void close_state(const struct instance *instance, void *state)
{
	if (state != NULL && instance->use->channel->close != NULL)
		instance->use->channel->close(state);
	free(state);
}

/* A state that is open, or NULL with `why`. What open() left behind in a state that failed is
 * wiped. */
static void *open_state(struct instance *instance, void *state)
{
	const struct wq_channel *channel = instance->use->channel;
	struct wq_err problem = { 0 };

	instance->count = 0;
	if (channel->open(state, instance->use->settings, find_secret, instance, &problem) == 0)
		return state;
	snprintf(instance->why, sizeof instance->why, "%.*s", (int)sizeof instance->why - 1,
	        problem.text);
	explicit_bzero(state, channel->state_size);
	free(state);
	return NULL;
}

bool instance_open(
        struct instance *instance, const struct config_channel *use, const char *credentials)
{
	*instance = (struct instance){ .use = use, .credentials = credentials };
	void *state = new_state(instance);

	if (state == NULL)
		return false;
	instance->state = open_state(instance, state);
	return true;
}

void instance_close(struct instance *instance)
{
	if (instance->use != NULL)
		close_state(instance, instance->state);
	instance->state = NULL;
}

static bool has_changed(const struct instance *instance)
{
	for (size_t i = 0; i < instance->count; i++) {
		struct secret_stamp now;

		secret_stamp(instance->credentials, instance->secrets[i].reference, &now);
		if (memcmp(&now, &instance->secrets[i].stamp, sizeof now) != 0)
			return true;
	}
	return false;
}

bool instance_refresh(struct instance *instance)
{
	void *state = has_changed(instance) ? new_state(instance) : NULL;

	if (state == NULL)
		return false;
	state = open_state(instance, state);
	if (state == NULL)
		return false;
	close_state(instance, instance->state);
	instance->state = state;
	return true;
}
