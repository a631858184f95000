/* SPDX-License-Identifier: Apache-2.0 */
/* A queue a contact: in the deliverer's memory, before it, on disk. */
#include "offer.h"

#include "catchup.h"
#include "log.h"
#include "notify/urgent.h"

#include <stdlib.h>
#include <string.h>

struct offer_queue {
	size_t waiting; /* in memory, before the deliverer */
	bool behind;    /* more are in the outbox on disk only, so later changes stay there too until it was read again */
	bool missed;    /* while it was read, one was left there */
	bool refused;   /* one that was read found no room: those behind it do not overtake it */
	bool unstored;  /* one was left to the outbox that is not committed yet: a reading may not find it */
	bool pressing;  /* something urgent is on disk, behind earlier changes of its alarm or for want of room */
	bool blocked;   /* found without room in this look at those that wait */
	/* Of the reading that is under way, and the writer's thread's meanwhile. */
	size_t wanted, urgent; /* of the latter: urgent ones, and those of their alarms before them */
	bool left;
};

static size_t queues(const struct daemon *daemon)
{
	return daemon->config->contact_count + 1; /* the last is for those who are not configured any more */
}

bool offer_open(struct daemon *daemon)
{
	daemon->waiting_last = &daemon->waiting;
	daemon->queues = calloc(queues(daemon), sizeof *daemon->queues);
	return daemon->queues != NULL;
}

void offer_close(struct daemon *daemon)
{
	for (struct waiting_notice *node = daemon->waiting, *next; node != NULL; node = next) {
		next = node->next;
		free(node);
	}
	daemon->waiting = NULL;
	free(daemon->queues);
	free(daemon->outbox_end);
	daemon->queues = NULL;
	daemon->outbox_end = NULL;
}

static struct offer_queue *queue_of(const struct daemon *daemon, const char *contact)
{
	size_t i = 0;
	while (i < daemon->config->contact_count && strcmp(daemon->config->contacts[i].id, contact) != 0)
		i++;
	return &daemon->queues[i];
}

static void fall_behind(struct daemon *daemon, struct offer_queue *queue)
{
	queue->behind = queue->missed = true;
	if (!daemon->behind)
		log_warning("notices: more wait than memory has room for; further ones to the same contacts stay in the outbox on disk "
			    "until some of these have left");
	daemon->behind = true;
}

/* Into the line before the deliverer; false when that is full. */
static bool let_wait(struct daemon *daemon, struct offer_queue *queue, const struct wq_notice *notice, uint32_t attempts)
{
	struct waiting_notice *node = daemon->waiting_count < DAEMON_WAITING ? malloc(sizeof *node) : NULL;
	if (node == NULL)
		return false;
	*node = (struct waiting_notice){ .attempts = attempts, .notice = *notice };
	*daemon->waiting_last = node;
	daemon->waiting_last = &node->next;
	daemon->waiting_count++;
	queue->waiting++;
	return true;
}

/* Nothing older of its alarm can be on disk. */
static bool is_first(const struct wq_notice *notice)
{
	return notice->topic != WQ_TOPIC_ALARM || notice->number <= 1;
}

static void ask_outbox(struct daemon *daemon);

/* It leaves by way of the disk, where what waits of its alarm is found, wherever else that is. */
static void press(struct daemon *daemon, struct offer_queue *queue)
{
	fall_behind(daemon, queue);
	queue->pressing = true;
	ask_outbox(daemon);
}

/* After the deliverer's end notices stay in the outbox on disk, for the next start. */
void conclude_offer(struct daemon *daemon, const struct wq_notice *notice, uint32_t attempts)
{
	struct offer_queue *queue = queue_of(daemon, notice->contact);
	if (daemon->deliverer == NULL)
		return;
	bool urgent = notice_urgent(notice), clear = is_first(notice) || (!queue->behind && (queue->waiting == 0 || !urgent));
	if (!clear && !urgent) {
		queue->missed = true;
		return;
	}
	if (clear && (queue->waiting == 0 || urgent) && deliverer_offer(daemon->deliverer, notice, attempts))
		return;
	/* What is not stored is not on disk. */
	if (urgent && !daemon->stalled)
		press(daemon, queue);
	else if (queue->behind || !let_wait(daemon, queue, notice, attempts))
		fall_behind(daemon, queue);
}

void conclude_offer_unstored(struct daemon *daemon, const struct wq_notice *notice)
{
	struct offer_queue *queue = queue_of(daemon, notice->contact);
	conclude_offer(daemon, notice, 0);
	queue->unstored = queue->unstored || queue->behind;
}

void conclude_offer_landed(struct daemon *daemon)
{
	for (size_t i = 0; i < queues(daemon); i++) {
		struct offer_queue *queue = &daemon->queues[i];
		queue->missed = queue->missed || queue->unstored;
		queue->unstored = false;
	}
}

/* It has left by way of the disk. */
static void take_from_line(struct daemon *daemon, struct offer_queue *queue, const char *id)
{
	struct waiting_notice **at = &daemon->waiting, *node;
	while ((node = *at) != NULL && strcmp(node->notice.id, id) != 0)
		at = &node->next;
	if (node == NULL)
		return;
	*at = node->next;
	if (node->next == NULL)
		daemon->waiting_last = at;
	queue->waiting--;
	daemon->waiting_count--;
	free(node);
}

/* One that is on disk: where there is no room it stays there. */
static void offer_stored(struct daemon *daemon, const struct wq_notice *notice, uint32_t attempts)
{
	struct offer_queue *queue = queue_of(daemon, notice->contact);
	if (daemon->deliverer == NULL)
		return;
	queue->refused = queue->refused || (queue->waiting > 0 && !notice->urgent) ||
		!deliverer_offer(daemon->deliverer, notice, attempts);
	if (queue->refused)
		fall_behind(daemon, queue);
	else if (queue->waiting > 0)
		take_from_line(daemon, queue, notice->id);
	queue->pressing = queue->pressing || (queue->refused && notice->urgent);
}

/* Takes out of the line what there is room for now, each contact's in their order. */
static void offer_line(struct daemon *daemon)
{
	struct waiting_notice **at = &daemon->waiting, *node;
	for (size_t i = 0; i < queues(daemon); i++)
		daemon->queues[i].blocked = false;
	while ((node = *at) != NULL) {
		struct offer_queue *queue = queue_of(daemon, node->notice.contact);
		queue->blocked = queue->blocked || !deliverer_offer(daemon->deliverer, &node->notice, node->attempts);
		if (queue->blocked) {
			at = &node->next;
			continue;
		}
		*at = node->next;
		queue->waiting--;
		daemon->waiting_count--;
		free(node);
	}
	daemon->waiting_last = at;
}

struct undelivered_letter {
	struct letter letter;
	uint32_t attempts;
	struct wq_notice notice;
};

static void undelivered_open(void *owner, struct letter *letter)
{
	const struct undelivered_letter *undelivered = (struct undelivered_letter *)letter;
	if (undelivered->notice.history)
		catchup_offer(owner, &undelivered->notice);
	else
		offer_stored(owner, &undelivered->notice, undelivered->attempts);
	free(letter);
}

struct end_letter {
	struct letter letter;
	bool all; /* false: the outbox could not be read to its end */
};

static void undelivered_end_open(void *owner, struct letter *letter)
{
	struct daemon *daemon = owner;
	const bool all = ((struct end_letter *)letter)->all;
	catchup_end(daemon, all);
	daemon->asked_outbox = daemon->behind = false;
	for (size_t i = 0; i < queues(daemon); i++) {
		struct offer_queue *queue = &daemon->queues[i];
		queue->behind = queue->behind && (!all || queue->missed || queue->left || queue->unstored);
		daemon->behind |= queue->behind;
	}
	free(letter);
	/* What could not be read is asked for with the next tick. */
	if (all)
		ask_outbox(daemon);
}

static const char *name_of(const struct daemon *daemon, size_t i)
{
	return i < daemon->config->contact_count ? daemon->config->contacts[i].id : "";
}

/* How many notices of a contact are read: none where there is not much room. Those that are held already are among them. */
static size_t wanted_of(struct daemon *daemon, size_t i, size_t share)
{
	const struct offer_queue *queue = &daemon->queues[i];
	if (!queue->behind || queue->waiting > 0)
		return 0;
	return 2 * deliverer_room_for(daemon->deliverer, name_of(daemon, i)) >= share ? share : 0;
}

static void ask_outbox(struct daemon *daemon)
{
	size_t all = 0, share = deliverer_share(daemon->config);
	if (daemon->asked_outbox || daemon->deliverer == NULL)
		return;
	for (size_t i = 0; i < queues(daemon); i++) {
		struct offer_queue *queue = &daemon->queues[i];
		queue->wanted = daemon->behind ? wanted_of(daemon, i, share) : 0;
		queue->urgent = queue->wanted > 0 || (queue->pressing && deliverer_room_for(daemon->deliverer, name_of(daemon, i)) > 0) ? share : 0;
		all += queue->wanted + queue->urgent;
	}
	all += catchup_wants(daemon);
	struct end_letter *end = all > 0 ? calloc(1, sizeof *end) : NULL;
	if (end == NULL)
		return;
	for (size_t i = 0; i < queues(daemon); i++) {
		struct offer_queue *queue = &daemon->queues[i];
		queue->missed = queue->refused = queue->left = false;
		queue->pressing = queue->pressing && queue->urgent == 0;
	}
	end->letter.open = undelivered_end_open;
	daemon->outbox_end = &end->letter;
	daemon->asked_outbox = true;
	writer_ask_outbox(daemon->handover.writer);
}

void conclude_offer_waiting(struct daemon *daemon)
{
	if (daemon->deliverer == NULL)
		return;
	if (daemon->waiting != NULL)
		offer_line(daemon);
	ask_outbox(daemon);
}

/* -- the writer's thread, while it reads -- */

bool offer_wanted(void *owner, const char *contact, bool urgent)
{
	struct offer_queue *queue = queue_of(owner, contact);
	if (urgent)
		return queue->urgent > 0;
	queue->left = queue->left || queue->wanted == 0;
	return !queue->left;
}

bool conclude_undelivered(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	struct daemon *daemon = owner;
	struct offer_queue *queue = queue_of(daemon, notice->contact);
	struct undelivered_letter *letter = calloc(1, sizeof *letter);
	if (letter == NULL) {
		queue->left = true;
		if (notice->history)
			catchup_left(daemon, notice->channel);
		return true;
	}
	*(notice->urgent ? &queue->urgent : &queue->wanted) -= notice->history ? 0 : 1;
	letter->letter.open = undelivered_open;
	letter->attempts = attempts;
	letter->notice = *notice;
	inbox_post(daemon->inbox, &letter->letter);
	return true;
}

void conclude_undelivered_end(void *owner, bool all)
{
	struct daemon *daemon = owner;
	struct letter *end = daemon->outbox_end;
	daemon->outbox_end = NULL;
	((struct end_letter *)end)->all = all;
	inbox_post(daemon->inbox, end);
}

/* -- main, before there is a writer -- */

bool offer_first_wanted(void *owner, const char *contact, bool urgent)
{
	(void)urgent;
	return !queue_of(owner, contact)->behind;
}

bool offer_first(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	offer_stored(owner, notice, attempts);
	return true;
}
