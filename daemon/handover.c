/* SPDX-License-Identifier: Apache-2.0 */
/* Commit groups on their way between main and the writer. */
#include "handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void handover_init(struct handover *handover, size_t room)
{
	memset(handover, 0, sizeof *handover);
	handover->room = room;
	handover->last = &handover->first;
}

static void free_flight(struct flight *flight)
{
	if (flight == NULL)
		return;
	commit_group_free(&flight->group);
	free(flight);
}

void handover_finish(struct handover *handover)
{
	free_flight(handover->current);
	for (struct flight *f = handover->first, *next; f != NULL; f = next) {
		next = f->next;
		free_flight(f);
	}
	for (struct flight *f = handover->spare, *next; f != NULL; f = next) {
		next = f->next;
		free_flight(f);
	}
	handover_init(handover, handover->room);
}

struct flight *handover_current(struct handover *handover)
{
	if (handover->current != NULL)
		return handover->current;
	struct flight *flight = handover->spare;
	if (flight != NULL)
		handover->spare = flight->next;
	else
		flight = calloc(1, sizeof *flight);
	if (flight != NULL) {
		flight->next = NULL;
		flight->handover = handover;
	}
	handover->current = flight;
	return flight;
}

bool handover_full(const struct handover *handover)
{
	return handover->samples >= handover->room;
}

static bool empty(const struct flight *flight)
{
	const struct commit_group *group = &flight->group;
	return group->batch_count == 0 && group->outcome.sample_count == 0 && group->outcome.day_count == 0 &&
		group->outcome.judged_count == 0 && group->outcome.learnt_count == 0 &&
		group->outcome.change_count == 0 && group->outcome.need_count == 0 && group->notice_count == 0 &&
		group->outcome.shelf_count == 0 && group->outcome.delay_count == 0 &&
		group->outcome.word_count == 0 && group->outcome.maintenance_count == 0 &&
		group->delivery_count == 0 && group->outage_count == 0 && group->check_count == 0 &&
		group->manual_count == 0 && group->import_count == 0 && group->uplink_count == 0 &&
		group->command_count == 0 && group->fold_count == 0 && group->wait_count == 0 && group->owe_count == 0 &&
		group->mark_count == 0;
}

void handover_submit(struct handover *handover, wq_ms boot, bool now_or_never)
{
	struct flight *flight = handover->current;
	if (flight == NULL || empty(flight))
		return;
	if (handover->first != NULL && flight->group.batch_count < GROUP_BATCHES && !now_or_never)
		return;
	flight->submitted = boot;
	flight->group.clock = handover->clock;
	flight->next = NULL;
	if (!writer_submit(handover->writer, &flight->group))
		return;
	*handover->last = flight;
	handover->last = &flight->next;
	handover->current = NULL;
}

struct flight *handover_newest(struct handover *handover)
{
	struct flight *newest = handover->first;
	if (handover->current != NULL && !empty(handover->current))
		return handover->current;
	while (newest != NULL && newest->next != NULL)
		newest = newest->next;
	return newest;
}

void handover_landed(struct handover *handover, struct flight *flight)
{
	struct flight **at = &handover->first;
	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	if (handover->last == &flight->next)
		handover->last = at;
	size_t samples = flight->group.outcome.sample_count + flight->group.manual_count;
	if (samples > handover->most_samples)
		handover->most_samples = samples;
	if (flight->group.outcome.change_count > handover->most_changes)
		handover->most_changes = flight->group.outcome.change_count;
	if (flight->group.notice_count > handover->most_notices)
		handover->most_notices = flight->group.notice_count;
	handover->samples -= samples < handover->samples ? samples : handover->samples;
	/* A group without batches has no number of its own. */
	if (flight->group.last_sequence > handover->committed_sequence)
		handover->committed_sequence = flight->group.last_sequence;
	handover->committed_groups++;
	handover->committed_samples += samples;
}

void handover_recycle(struct handover *handover, struct flight *flight)
{
	commit_group_reset(&flight->group);
	flight->answers = NULL;
	flight->answer_count = flight->told = flight->routed = flight->judged = 0;
	flight->waiting = NULL;
	flight->next = handover->spare;
	handover->spare = flight;
}

static bool too_roomy(const struct handover *handover, const struct commit_group *group)
{
	const struct wq_outcome *outcome = &group->outcome;
	return (group->notice_room > GROUP_NOTICES_KEPT && group->notice_room / 4 > handover->most_notices) ||
		(outcome->sample_room > GROUP_SAMPLES_KEPT && outcome->sample_room / 4 > handover->most_samples) ||
		(outcome->change_room > GROUP_CHANGES_KEPT && outcome->change_room / 4 > handover->most_changes);
}

static bool tidy(const struct handover *handover, struct flight *flight)
{
	bool roomy = too_roomy(handover, &flight->group);
	if (roomy)
		commit_group_free(&flight->group);
	return roomy;
}

bool handover_tidy(struct handover *handover, wq_ms boot)
{
	bool any = false;
	if (boot - handover->tidied < HANDOVER_TIDY)
		return false;
	for (struct flight *f = handover->spare; f != NULL; f = f->next)
		any = tidy(handover, f) || any;
	if (handover->current != NULL && empty(handover->current))
		any = tidy(handover, handover->current) || any;
	handover->most_samples = handover->most_changes = handover->most_notices = 0;
	handover->tidied = boot;
	return any;
}

wq_ms handover_age(const struct handover *handover, wq_ms boot)
{
	return handover->first != NULL ? boot - handover->first->submitted : 0;
}

/* Room for `more` rows behind `count`. */
static bool reserve(void **rows, size_t *room, size_t count, size_t more, size_t size)
{
	if (count + more <= *room)
		return true;
	size_t wanted = *room > 0 ? *room : 4;
	while (wanted < count + more)
		wanted *= 2;
	void *grown = realloc(*rows, wanted * size);
	if (grown == NULL)
		return false;
	*rows = grown;
	*room = wanted;
	return true;
}

struct wq_notice *handover_notices(struct flight *flight, size_t count)
{
	struct commit_group *group = &flight->group;
	void *rows = group->notices;
	bool ok = reserve(&rows, &group->notice_room, group->notice_count, count, sizeof *group->notices);
	group->notices = rows;
	return ok ? group->notices + group->notice_count : NULL;
}

bool handover_fold(struct flight *flight, const struct store_fold *fold)
{
	struct commit_group *group = &flight->group;
	void *rows = group->folds;
	bool ok = reserve(&rows, &group->fold_room, group->fold_count, 1, sizeof *group->folds);
	group->folds = rows;
	if (ok)
		group->folds[group->fold_count++] = *fold;
	return ok;
}

bool handover_owe(struct flight *flight, const struct store_owe *owe)
{
	struct commit_group *group = &flight->group;
	void *rows = group->owes;
	bool ok = reserve(&rows, &group->owe_room, group->owe_count, 1, sizeof *group->owes);
	group->owes = rows;
	if (ok)
		group->owes[group->owe_count++] = *owe;
	return ok;
}

bool handover_wait(struct flight *flight, const struct store_wait *wait)
{
	struct commit_group *group = &flight->group;
	void *rows = group->waits;
	bool ok = reserve(&rows, &group->wait_room, group->wait_count, 1, sizeof *group->waits);
	group->waits = rows;
	if (ok)
		group->waits[group->wait_count++] = *wait;
	return ok;
}

bool handover_mark(struct flight *flight, const char *name, wq_ms at)
{
	struct commit_group *group = &flight->group;
	void *rows = group->marks;
	bool ok = reserve(&rows, &group->mark_room, group->mark_count, 1, sizeof *group->marks);
	group->marks = rows;
	if (!ok)
		return false;
	struct store_mark *mark = &group->marks[group->mark_count++];
	snprintf(mark->name, sizeof mark->name, "%s", name);
	mark->at = at;
	return true;
}

bool handover_delivery(struct flight *flight, const struct store_delivery *delivery)
{
	struct commit_group *group = &flight->group;
	void *rows = group->deliveries;
	bool ok = reserve(&rows, &group->delivery_room, group->delivery_count, 1, sizeof *group->deliveries);
	group->deliveries = rows;
	if (ok)
		group->deliveries[group->delivery_count++] = *delivery;
	return ok;
}

bool handover_outage(struct flight *flight, const struct store_outage *outage)
{
	struct commit_group *group = &flight->group;
	void *rows = group->outages;
	bool ok = reserve(&rows, &group->outage_room, group->outage_count, 1, sizeof *group->outages);
	group->outages = rows;
	if (ok)
		group->outages[group->outage_count++] = *outage;
	return ok;
}

bool handover_checks(struct flight *flight, const struct wq_check *checks, size_t count)
{
	struct commit_group *group = &flight->group;
	void *rows = group->checks;
	if (count == 0)
		return true;
	bool ok = reserve(&rows, &group->check_room, group->check_count, count, sizeof *group->checks);
	group->checks = rows;
	if (ok)
		memcpy(group->checks + group->check_count, checks, count * sizeof *checks);
	group->check_count += ok ? count : 0;
	return ok;
}

static bool is_import(const struct store_import *known, const struct wq_batch *batch)
{
	const struct wq_import *import = batch->import;
	return known->began == import->began && known->source == batch->source && strcmp(known->who, import->who) == 0 &&
		strcmp(known->file, import->file) == 0;
}

/* Batches of one file follow each other: one row a group. */
static void count_import(struct commit_group *group, const struct wq_batch *batch)
{
	const struct wq_import *import = batch->import;
	struct store_import *row = group->import_count > 0 ? &group->imports[group->import_count - 1] : NULL;
	if (row == NULL || !is_import(row, batch)) {
		row = &group->imports[group->import_count++];
		*row = (struct store_import){ .began = import->began, .source = batch->source, .manual = import->manual,
			.first = batch->sequence };
		memcpy(row->who, import->who, sizeof import->who);
		memcpy(row->file, import->file, sizeof import->file);
	}
	row->last = batch->sequence;
	row->received = batch->received;
	row->readings += batch->count;
}

static void add_manual(struct commit_group *group, const struct wq_batch *batch, const struct wq_sample *sample)
{
	struct store_manual *row = &group->manuals[group->manual_count++];
	*row = (struct store_manual){ .series = sample->series, .source = batch->source, .at = sample->at,
		.received = batch->received, .sequence = batch->sequence, .value = sample->value };
	memcpy(row->flag, sample->flag, sizeof row->flag);
	memcpy(row->who, batch->import->who, sizeof batch->import->who);
	memcpy(row->file, batch->import->file, sizeof batch->import->file);
}

bool handover_import(struct flight *flight, const struct wq_batch *batch)
{
	struct commit_group *group = &flight->group;
	size_t manuals = batch->import->manual ? batch->count : 0;
	void *rows = group->imports;
	bool ok = reserve(&rows, &group->import_room, group->import_count, 1, sizeof *group->imports);
	group->imports = rows;
	rows = group->manuals;
	ok = ok && reserve(&rows, &group->manual_room, group->manual_count, manuals, sizeof *group->manuals);
	group->manuals = rows;
	if (!ok)
		return false;
	count_import(group, batch);
	for (size_t i = 0; i < manuals; i++)
		add_manual(group, batch, &batch->samples[i]);
	return true;
}

bool handover_uplink(struct flight *flight, const struct store_uplink *uplink)
{
	struct commit_group *group = &flight->group;
	void *rows = group->uplinks;
	bool ok = reserve(&rows, &group->uplink_room, group->uplink_count, 1, sizeof *group->uplinks);
	group->uplinks = rows;
	if (ok)
		group->uplinks[group->uplink_count++] = *uplink;
	return ok;
}

bool handover_command(struct flight *flight, const struct store_command *command)
{
	struct commit_group *group = &flight->group;
	void *rows = group->commands;
	bool ok = reserve(&rows, &group->command_room, group->command_count, 1, sizeof *group->commands);
	group->commands = rows;
	if (ok)
		group->commands[group->command_count++] = *command;
	return ok;
}
