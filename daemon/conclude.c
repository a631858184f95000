/* SPDX-License-Identifier: Apache-2.0 */
/* From batch to notice, on main. */
#include "conclude.h"

#include "intake/buswatch.h"
#include "clock.h"
#include "api/command.h"
#include "duty/duty.h"
#include "log.h"
#include "notify/hold.h"
#include "notify/roster.h"
#include "notify/router.h"
#include "notify/text.h"
#include "selfwatch.h"
#include "wq/err.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* One dispatch of the main loop takes at most this long, so that timers stay punctual. */
#define DISPATCH WQ_SECONDS(1) / 50
/* The clock runs apart from the time since boot by less than this between two looks, unless it is set. */
#define STEP WQ_MINUTES(1)
/* And by less than this and a thousandth of the time between (as it is made to run faster or slower), unless it is set by a
 * little. */
#define SHIFT WQ_SECONDS(1)

/* Never silence: the router told everybody. Somebody should mend the roster. */
static void tell_vacancy(struct daemon *daemon, const struct wq_change *change)
{
	const struct roster *roster = router_vacant(daemon->config, change);
	char name[WQ_ALARM_NAME];
	uint64_t held;

	if (roster != NULL && change->hush == WQ_HUSH_NONE && log_gate_open(&daemon->vacant_gate, clock_boot(), &held))
		log_warning("roster \"%s\": nobody has the lead now; everybody of it is told of %s", roster->id,
			wq_alarm_name(change->alarm, name));
}

/* What is due of what was held back: told by a digest, in the same commit that takes it up. */
static void tell_held(struct daemon *daemon, struct flight *flight)
{
	struct commit_group *group = &flight->group;
	struct hold_due due;
	/* Room first: what was taken out of memory must not be lost for want of it. */
	while (handover_notices(flight, 1) != NULL &&
		hold_next(daemon->hold, daemon->incarnation, clock_now(), clock_boot(), &due)) {
		if (due.tell)
			group->notices[group->notice_count++] = due.digest;
		if (due.fold.contact[0] != '\0' && !handover_fold(flight, &due.fold))
			log_error("notices: no memory to record a digest; what it told is told again after a restart");
	}
	flight->judged = group->notice_count;
}

/* Who is told at once, and who later. */
static void judge_notices(struct daemon *daemon, struct flight *flight)
{
	struct commit_group *group = &flight->group;
	if (daemon->hold == NULL)
		return;
	hold_judge(daemon->hold, group->notices + flight->judged, group->notice_count - flight->judged, clock_now(), clock_boot());
	flight->judged = group->notice_count;
	tell_held(daemon, flight);
}

static void make_notices(struct daemon *daemon, struct flight *flight)
{
	struct commit_group *group = &flight->group;
	size_t cap = daemon->config->contact_count;
	for (; flight->routed < group->outcome.change_count; flight->routed++) {
		struct wq_notice *room = cap > 0 ? handover_notices(flight, cap) : NULL;
		if (cap > 0 && room == NULL) {
			log_error("notices: no memory to route a change; it is tried again");
			return;
		}
		if (room == NULL)
			continue;
		group->notice_count += router_notices(daemon->config, &group->outcome.changes[flight->routed],
			daemon->incarnation, clock_now(), room, cap);
		tell_vacancy(daemon, &group->outcome.changes[flight->routed]);
		duty_heard(daemon, &group->outcome.changes[flight->routed]);
	}
}

void conclude_route(struct daemon *daemon, struct flight *flight)
{
	make_notices(daemon, flight);
	judge_notices(daemon, flight);
}

/* The flight that conclusions go into now. */
static struct flight *flight_now(struct daemon *daemon)
{
	return handover_current(&daemon->handover);
}

/* Judged and told, but there is no memory left to wait for the disk in: not stored. */
static void shed(struct daemon *daemon, struct commit_group *group, const struct wq_batch *batch, size_t before)
{
	uint64_t held;
	if (log_gate_open(&daemon->shed_gate, clock_boot(), &held))
		log_error("store: %zu readings wait in memory, no more fit (ring = %zu); further ones are judged, not stored",
			daemon->handover.samples, daemon->handover.room);
	daemon->shed += group->outcome.sample_count - before;
	group->outcome.sample_count = before;
	receipts_lost(daemon->receipts, batch->sequence);
}

/* Whether the next batch goes into the group now. A writer that is only behind is waited for, and the sources with
 * it; one that is stalled is not, for the water has to be judged. */
static bool may_take(const struct daemon *daemon, const struct flight *flight)
{
	return daemon->stalled ||
		(flight->group.batch_count < GROUP_BATCHES && !handover_full(&daemon->handover));
}

/* Who waits for a batch that is not stored is told so and gives it again. */
static void take_import(struct daemon *daemon, struct flight *flight, const struct wq_batch *batch)
{
	if (handover_full(&daemon->handover) || !handover_import(flight, batch))
		receipts_lost(daemon->receipts, batch->sequence);
	else if (batch->import->manual)
		daemon->handover.samples += batch->count;
}

/* False: there was no memory and nothing was concluded; the same batch is given again. */
static bool take_batch(struct daemon *daemon, struct flight *flight, const struct wq_batch *batch)
{
	struct wq_err err;
	struct commit_group *group = &flight->group;
	size_t before = group->outcome.sample_count, checks = group->check_count;
	if (!handover_checks(flight, batch->checks, batch->check_count)) {
		log_error("store: no memory for the checks of a message; they are taken later");
		return false;
	}
	const bool manual = batch->import != NULL && batch->import->manual;
	/* What people measured is kept beside the readings; the engine does not hear of it. */
	bool judge = !manual && (batch->count > 0 || batch->check_count == 0);
	if (judge && wq_engine_batch(daemon->engine, batch, &group->outcome, &err) < 0) {
		log_error("engine: %s", err.text);
		group->check_count = checks;
		return false;
	}
	if (batch->import != NULL)
		take_import(daemon, flight, batch);
	if (group->batch_count == 0)
		group->first_received = batch->received;
	group->batch_count++;
	group->last_sequence = batch->sequence;
	daemon->batches++;
	if (handover_full(&daemon->handover))
		shed(daemon, group, batch, before);
	daemon->handover.samples += group->outcome.sample_count - before;
	conclude_route(daemon, flight);
	return true;
}

/* The batch that is next; daemon->held until it was taken. */
static const struct wq_batch *next_batch(struct daemon *daemon)
{
	if (daemon->held == NULL)
		daemon->held = inbox_take(daemon->inbox);
	return daemon->held;
}

/* Takes one batch; false: none is there, or it cannot be taken now. */
static bool take_next(struct daemon *daemon)
{
	struct flight *flight = flight_now(daemon);
	if (flight == NULL || !may_take(daemon, flight) || next_batch(daemon) == NULL ||
		!take_batch(daemon, flight, daemon->held))
		return false;
	free(daemon->held);
	daemon->held = NULL;
	if (flight->group.batch_count >= GROUP_BATCHES)
		handover_submit(&daemon->handover, clock_boot(), false);
	return true;
}

void conclude_recall_clock(struct daemon *daemon, const struct store_clock *known)
{
	struct store_clock *clock = &daemon->handover.clock;
	*clock = (struct store_clock){ .wall = clock_now(), .boot = clock_boot(), .trusted = daemon->clock_known };
	clock_machine(clock->machine);
	bool same = known->boot > 0 && known->boot <= clock->boot && clock->machine[0] != '\0' &&
		strcmp(known->machine, clock->machine) == 0;
	if (same) {
		clock->wall = daemon->looked_wall = known->wall;
		clock->boot = daemon->looked_boot = known->boot;
	}
	daemon->clock_doubted = !same && known->trusted && !daemon->clock_known;
	wq_engine_doubt(daemon->engine, daemon->clock_doubted);
}

/* What waits for an acknowledgement goes on waiting as long after a restart. */
static void keep_waits(struct daemon *daemon)
{
	const struct wq_alarm *const *alarms;
	size_t count = wq_engine_alarms(daemon->engine, &alarms);
	struct flight *flight = count > 0 ? flight_now(daemon) : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct store_wait wait = { alarms[i]->id, alarms[i]->changes, alarms[i]->since };
		if (flight == NULL || !handover_wait(flight, &wait)) {
			log_error("clock: no memory to record the step; after a restart alarms may escalate at another time");
			return;
		}
	}
}

static void tell_step(struct daemon *daemon, wq_ms by, bool large, bool learned, wq_ms wall)
{
	if (by != 0 && large)
		log_warning("clock: it was set %s by %lld s; silence is counted from now on", by > 0 ? "forward" : "back",
			(long long)(by > 0 ? by : -by) / 1000);
	if (large || learned)
		wq_engine_stepped(daemon->engine, large ? by : 0, wall);
	if (by != 0 && !large)
		wq_engine_shifted(daemon->engine, by);
	if (learned && daemon->clock_doubted)
		wq_engine_doubt(daemon->engine, daemon->clock_doubted = false);
	if (by != 0)
		keep_waits(daemon);
}

/* A step of the clock shows where it runs apart from the time since boot. */
void conclude_clock(struct daemon *daemon)
{
	/* A suspend between two readings of clocks would look like a step: the boot clock is read on both sides. */
	wq_ms before = clock_boot(), wall = clock_now(), boot = clock_boot();
	if (boot - before > STEP / 2)
		return;
	bool looked = daemon->looked_boot != 0;
	wq_ms span = boot - daemon->looked_boot, by = looked ? (wall - daemon->looked_wall) - span : 0;
	if (llabs(by) <= SHIFT + span / 1000)
		by = 0;
	bool large = llabs(by) > STEP + span / 1000;
	/* Only now it is known what of the store lies in the future: a start without time from outside took all of it. */
	bool learned = !daemon->clock_known && clock_trusted();
	daemon->clock_known |= learned;
	daemon->looked_wall = daemon->handover.clock.wall = wall;
	daemon->looked_boot = daemon->handover.clock.boot = boot;
	daemon->handover.clock.trusted = clock_trusted();
	if (by != 0 || learned)
		tell_step(daemon, by, large, learned, wall);
}

void conclude_pump(struct daemon *daemon)
{
	conclude_clock(daemon);
	wq_ms until = clock_boot() + DISPATCH;
	bool more;
	do
		more = take_next(daemon);
	while (more && clock_boot() <= until);
	handover_submit(&daemon->handover, clock_boot(), false);
	/* Work that was left only for lack of time is rung for; the rest waits for the writer, or for the next tick. */
	if (more)
		inbox_ring(daemon->inbox);
}

/* Notices of a group that is stuck leave from memory, marked. */
static void tell_unstored(struct daemon *daemon, struct flight *flight)
{
	for (; flight->told < flight->group.notice_count; flight->told++) {
		struct wq_notice notice = flight->group.notices[flight->told];
		if (notice.hold != WQ_HOLD_NO)
			continue;
		text_mark_unstored(&notice);
		conclude_offer_unstored(daemon, &notice);
		daemon->unstored = true;
	}
}

/* Whether notices left before their commit, and all of these are committed by now. */
static bool unstored_landed(const struct daemon *daemon)
{
	const struct flight *flight = daemon->handover.first;
	if (!daemon->unstored || (daemon->handover.current != NULL && daemon->handover.current->told > 0))
		return false;
	while (flight != NULL && flight->told == 0)
		flight = flight->next;
	return flight == NULL;
}

static void watch_stall(struct daemon *daemon)
{
	wq_ms age = handover_age(&daemon->handover, clock_boot());
	bool stalled = age >= HANDOVER_STALL;
	if (stalled && !daemon->stalled)
		log_error("store: a commit has taken %lld ms and goes on; notices leave from memory, marked",
			(long long)age);
	if (!stalled && daemon->stalled && daemon->trouble[0] == '\0')
		log_notice("store: commits work again");
	if (stalled != daemon->stalled)
		receipts_stalled(daemon->receipts, stalled);
	daemon->stalled = stalled;
	if (!stalled)
		return;
	/* What had been waiting for the writer is judged without it. */
	conclude_pump(daemon);
	for (struct flight *f = daemon->handover.first; f != NULL; f = f->next)
		tell_unstored(daemon, f);
	if (daemon->handover.current != NULL)
		tell_unstored(daemon, daemon->handover.current);
}

void conclude_tick(struct daemon *daemon)
{
	struct wq_err err;
	conclude_clock(daemon);
	struct flight *flight = flight_now(daemon);
	if (flight != NULL) {
		buswatch_tick(daemon, &flight->group.outcome);
		if (wq_engine_tick(daemon->engine, clock_now(), &flight->group.outcome, &err) < 0)
			log_error("engine: %s", err.text);
		selfwatch_tick(daemon, &flight->group.outcome);
		conclude_route(daemon, flight);
		duty_tick(daemon, flight);
		handover_submit(&daemon->handover, clock_boot(), false);
	}
	/* A rush is over: what lay between its batches in the heap goes back too. */
	if (handover_tidy(&daemon->handover, clock_boot()))
		malloc_trim(0);
	watch_stall(daemon);
	conclude_offer_waiting(daemon);
	/* What could not be taken for want of memory rings no more. */
	conclude_pump(daemon);
}

static void note_latency(struct daemon *daemon, const struct flight *flight)
{
	if (flight->group.notice_count == 0 || flight->group.batch_count == 0)
		return;
	delays_note(&daemon->latencies, clock_now() - flight->group.first_received);
}

static void answer_waiting(struct flight *flight)
{
	for (struct command *command = flight->waiting, *next; command != NULL; command = next) {
		next = command->next;
		char *prepared = command->prepared;
		command->prepared = NULL;
		command_answer(command, 200, prepared != NULL ? prepared : strdup("{\"done\":true}"));
	}
	flight->waiting = NULL;
}

/* Days that the engine asked for go back to it; what it concludes goes into the group that is being filled. */
static void feed_answers(struct daemon *daemon, struct flight *landed)
{
	for (size_t i = 0; i < landed->answer_count; i++) {
		struct store_answer *answer = &landed->answers[i];
		struct flight *flight = flight_now(daemon);
		struct wq_err err;
		if (flight == NULL)
			log_error("engine: no memory to correct a day; its rows stay as they were");
		else if (wq_engine_day(daemon->engine, answer->station, answer->day, answer->samples, answer->count,
				 daemon->handover.committed_sequence, clock_now(), &flight->group.outcome, &err) < 0)
			log_error("engine: %s", err.text);
		else
			conclude_route(daemon, flight);
		free(answer->samples);
	}
	free(landed->answers);
}

/* Something to forward is in the history now. */
static void wake_uplinks(struct daemon *daemon, const struct commit_group *group)
{
	const struct wq_outcome *outcome = &group->outcome;
	if (outcome->sample_count + outcome->change_count + outcome->day_count == 0)
		return;
	for (size_t i = 0; i < daemon->uplink_count; i++)
		uplink_wake(daemon->uplinks[i]);
}

void conclude_landed(struct daemon *daemon, struct flight *flight)
{
	conclude_clock(daemon);
	handover_landed(&daemon->handover, flight);
	note_latency(daemon, flight);
	for (; flight->told < flight->group.notice_count; flight->told++)
		if (flight->group.notices[flight->told].hold == WQ_HOLD_NO)
			conclude_offer(daemon, &flight->group.notices[flight->told], 0);
	if (unstored_landed(daemon)) {
		daemon->unstored = false;
		conclude_offer_landed(daemon);
	}
	answer_waiting(flight);
	wake_uplinks(daemon, &flight->group);
	feed_answers(daemon, flight);
	handover_recycle(&daemon->handover, flight);
	conclude_pump(daemon);
}
