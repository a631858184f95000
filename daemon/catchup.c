/* SPDX-License-Identifier: Apache-2.0 */
/* What is owed to which channel. */
#include "catchup.h"

#include "log.h"
#include "notify/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct catchup {
	bool owing;  /* the store may hold some that the deliverer has not */
	bool fresh;  /* one came to be owed since the reading was asked for */
	bool passed; /* one was read whose record was on its way: there may be more behind it */
	bool wanted; /* by the reading that goes on */
	bool later;  /* the last reading found no room for one: not read again at once */
	bool left;   /* the writer's thread's while it reads: there was no memory for one */
	size_t held; /* in the deliverer */
	size_t count; /* done of late, whose record may not be committed yet */
	char done[2 * DELIVERER_HISTORY][WQ_NOTICE_ID];
};

bool catchup_open(struct daemon *daemon)
{
	daemon->catchups = calloc(daemon->config->channel_count + 1, sizeof *daemon->catchups);
	for (size_t i = 0; daemon->catchups != NULL && i < daemon->config->channel_count; i++)
		daemon->catchups[i].owing = daemon->config->channels[i].catch_up;
	return daemon->catchups != NULL;
}

void catchup_close(struct daemon *daemon)
{
	free(daemon->catchups);
	daemon->catchups = NULL;
}

static struct catchup *of_channel(const struct daemon *daemon, const char *name)
{
	for (size_t i = 0; i < daemon->config->channel_count; i++)
		if (strcmp(daemon->config->channels[i].name, name) == 0)
			return &daemon->catchups[i];
	return NULL;
}

static const struct config_contact *contact_named(const struct config *config, const char *id)
{
	for (size_t i = 0; i < config->contact_count; i++)
		if (strcmp(config->contacts[i].id, id) == 0)
			return &config->contacts[i];
	return NULL;
}

static void note_done(struct catchup *catchup, const char *id)
{
	if (catchup->held > 0)
		catchup->held--;
	snprintf(catchup->done[catchup->count++ % (2 * DELIVERER_HISTORY)], WQ_NOTICE_ID, "%s", id);
}

static bool is_done(const struct catchup *catchup, const char *id)
{
	for (size_t i = 0; i < 2 * DELIVERER_HISTORY; i++)
		if (strcmp(catchup->done[i], id) == 0)
			return true;
	return false;
}

void catchup_note(struct daemon *daemon, struct flight *flight, const struct store_delivery *delivery)
{
	struct catchup *own = delivery->history && delivery->done ? of_channel(daemon, delivery->channel) : NULL;
	const struct config_contact *contact = delivery->owed != 0 ? contact_named(daemon->config, delivery->contact) : NULL;
	if (own != NULL)
		note_done(own, delivery->id);
	for (size_t i = 0; contact != NULL && i < contact->channel_count && i < 32; i++) {
		struct store_owe owe = { .at = delivery->at };
		if ((delivery->owed & 1u << i) == 0)
			continue;
		snprintf(owe.id, sizeof owe.id, "%s", delivery->id);
		snprintf(owe.channel, sizeof owe.channel, "%s", daemon->config->channels[contact->channels[i]].name);
		if (flight == NULL || !handover_owe(flight, &owe))
			log_error("notice %s: no memory to remember that channel %s is to be told of it", owe.id, owe.channel);
		daemon->catchups[contact->channels[i]].owing = daemon->catchups[contact->channels[i]].fresh = true;
	}
}

bool catchup_wants(struct daemon *daemon)
{
	bool any = false;
	for (size_t i = 0; i < daemon->config->channel_count; i++) {
		struct catchup *c = &daemon->catchups[i];
		c->wanted = c->owing && c->held == 0 && !c->later;
		c->later = c->left = false;
		c->fresh = c->fresh && !c->wanted;
		c->passed = c->passed && !c->wanted;
		any |= c->wanted;
	}
	return any;
}

const char *catchup_owes(void *owner, size_t i)
{
	const struct daemon *daemon = owner;
	for (size_t k = 0; k < daemon->config->channel_count; k++)
		if (daemon->catchups[k].wanted && i-- == 0)
			return daemon->config->channels[k].name;
	return NULL;
}

void catchup_offer(struct daemon *daemon, const struct wq_notice *notice)
{
	struct catchup *c = of_channel(daemon, notice->channel);
	struct wq_notice marked = *notice;
	if (c == NULL || daemon->deliverer == NULL)
		return;
	c->passed = c->passed || is_done(c, notice->id);
	if (is_done(c, notice->id))
		return;
	text_mark_history(&marked);
	if (deliverer_offer(daemon->deliverer, &marked, 0))
		c->held++;
	else
		c->later = true;
}

void catchup_left(struct daemon *daemon, const char *channel)
{
	struct catchup *c = of_channel(daemon, channel);
	if (c != NULL)
		c->left = true;
}

/* What came to be owed while it was read is read when these have left, or the next time. */
void catchup_end(struct daemon *daemon, bool all)
{
	for (size_t i = 0; i < daemon->config->channel_count; i++) {
		struct catchup *c = &daemon->catchups[i];
		const bool again = c->later || c->left || !all;
		if (c->wanted && c->held == 0)
			c->owing = c->fresh || c->passed || again;
		/* Where it was read to its end it is asked for again at once: not of this one. */
		c->later = c->wanted && all && again;
		c->wanted = false;
	}
}
