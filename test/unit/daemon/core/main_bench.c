/* SPDX-License-Identifier: Apache-2.0 */
/* Fakes around main. */
#include "main_bench.h"

#include "intake/buswatch.h"

#include "catchup.h"
#include "conclude.h"
#include "duty/duty.h"
#include "hand_clock.h"
#include "notify/hold.h"
#include "notify/router.h"
#include "notify/text.h"
#include "web/web.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct main_bench *bench;
static uint32_t only_channel;

struct main_bench *main_bench_open(size_t ring)
{
	hand_clock_reset();
	bench = calloc(1, sizeof *bench);
	if (bench == NULL)
		abort();
	struct daemon *daemon = &bench->daemon;
	bench->room = SIZE_MAX;
	daemon->clock_known = true;
	daemon->deliverer = (struct deliverer *)bench; /* one that is not looked into */
	bench->contacts[0].id = bench->contact = "a";
	bench->contacts[1].id = "b";
	bench->contacts[0].channels = &only_channel;
	bench->contacts[0].channel_count = 1;
	bench->channel.name = "hook";
	bench->config.channels = &bench->channel;
	bench->config.channel_count = 1;
	bench->number = 2;
	bench->config.contacts = bench->contacts;
	bench->config.contact_count = 2;
	daemon->config = &bench->config;
	daemon->inbox = inbox_new(1, NULL);
	daemon->receipts = receipts_new(0);
	handover_init(&daemon->handover, ring);
	daemon->handover.writer = fake_writer_new();
	if (!offer_open(daemon) || !catchup_open(daemon) || daemon->inbox == NULL || daemon->receipts == NULL || daemon->handover.writer == NULL)
		abort();
	return bench;
}

void main_bench_close(struct main_bench *closed)
{
	struct daemon *daemon = &closed->daemon;

	for (struct letter *letter = inbox_letters(daemon->inbox), *next; letter != NULL;
	        letter = next) {
		next = letter->next;
		letter->open(daemon, letter);
	}
	offer_close(daemon);
	catchup_close(daemon);
	free(daemon->held);
	free(daemon->handover.writer);
	handover_finish(&daemon->handover);
	inbox_free(daemon->inbox);
	receipts_free(daemon->receipts);
	free(closed);
	bench = NULL;
}

void main_bench_put(struct main_bench *into, size_t samples)
{
	struct wq_sample sample[64] = { { .at = HAND_NOW } };

	if (samples > 64 ||
	        inbox_put(into->daemon.inbox, 0, clock_now(), true, sample, samples, 0, NULL) != 0)
		abort();
}

void main_bench_run(struct main_bench *run)
{
	struct pollfd at = { .fd = inbox_fd(run->daemon.inbox), .events = POLLIN };

	while (poll(&at, 1, 0) == 1) {
		inbox_silence(run->daemon.inbox);
		for (struct letter *letter = inbox_letters(run->daemon.inbox), *next;
		        letter != NULL; letter = next) {
			next = letter->next;
			letter->open(&run->daemon, letter);
		}
		conclude_pump(&run->daemon);
	}
}

void main_bench_land(struct main_bench *of)
{
	struct flight *flight = (struct flight *)fake_writer_land(of->daemon.handover.writer);

	receipts_committed(of->daemon.receipts, flight->group.last_sequence);
	conclude_landed(&of->daemon, flight);
}

/* -- the engine -- */

static void *grown(void *rows, size_t count, size_t *room, size_t more, size_t size)
{
	if (count + more <= *room)
		return rows;
	*room = (count + more) * 2;
	rows = realloc(rows, *room * size);
	if (rows == NULL)
		abort();
	return rows;
}

static void change(struct wq_outcome *out, int64_t alarm)
{
	out->changes =
	        grown(out->changes, out->change_count, &out->change_room, 1, sizeof *out->changes);
	struct wq_change *made = &out->changes[out->change_count++];
	memset(made, 0, sizeof *made);
	made->alarm = alarm;
	made->number = 1;
}

int wq_engine_batch(struct wq_engine *engine, const struct wq_batch *batch, struct wq_outcome *out,
        struct wq_err *err)
{
	(void)engine;
	if (bench->failures > 0) {
		bench->failures--;
		return wq_fail(err, WQ_E_MEMORY, "no memory");
	}
	hand_clock_pass(bench->costs);
	bench->judged[bench->judged_count++] = batch->sequence;
	out->samples = grown(out->samples, out->sample_count, &out->sample_room, batch->count + 1,
	        sizeof *out->samples);
	memset(out->samples + out->sample_count, 0, batch->count * sizeof *out->samples);
	out->sample_count += batch->count;
	if (bench->changes)
		change(out, (int64_t)batch->sequence);
	return 0;
}

int wq_engine_tick(struct wq_engine *engine, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	(void)engine, (void)now, (void)err;
	if (bench->tick_changes)
		change(out, 900000);
	bench->tick_changes = false;
	return 0;
}

int wq_engine_day(struct wq_engine *engine, uint32_t station, wq_day day,
        const struct wq_sample *samples, size_t count, uint64_t upto, wq_ms now,
        struct wq_outcome *out, struct wq_err *err)
{
	(void)engine, (void)station, (void)day, (void)samples, (void)count, (void)now, (void)err;
	bench->days++;
	bench->upto = upto;
	change(out, 800000);
	return 0;
}

void wq_engine_stepped(struct wq_engine *engine, wq_ms by, wq_ms now)
{
	(void)engine, (void)now;
	bench->steps++;
	bench->stepped_by = by;
}

void wq_engine_shifted(struct wq_engine *engine, wq_ms by)
{
	(void)engine;
	bench->shifts++;
	bench->shifted_by = by;
}

void wq_engine_doubt(struct wq_engine *engine, bool doubted)
{
	(void)engine;
	bench->doubted = doubted;
}

/* -- the rest -- */

size_t router_notices(const struct config *config, const struct wq_change *of, uint64_t incarnation,
        wq_ms now, struct wq_notice *out, size_t cap)
{
	(void)config, (void)incarnation, (void)cap;
	memset(out, 0, sizeof *out);
	out->alarm = of->alarm;
	out->created = now;
	out->number = bench->number;
	out->kind = bench->kind;
	out->level = bench->level;
	snprintf(out->contact, sizeof out->contact, "%s", bench->contact);
	return 1;
}

void hold_judge(struct hold *hold, struct wq_notice *notices, size_t count, wq_ms now, wq_ms boot)
{
	(void)hold, (void)now, (void)boot;
	for (size_t i = 0; bench->holds && i < count; i++) {
		notices[i].hold = WQ_HOLD_SOON;
		notices[i].held = ++bench->held_back;
	}
}

bool hold_next(struct hold *hold, uint64_t incarnation, wq_ms now, wq_ms boot, struct hold_due *due)
{
	(void)hold, (void)incarnation, (void)now, (void)boot;
	if (!bench->digest)
		return false;
	bench->digest = false;
	*due = (struct hold_due){ .tell = true, .digest.alarm = 700000, .fold = { .contact = "a", .upto = bench->held_back } };
	return true;
}

const struct roster *router_vacant(const struct config *config, const struct wq_change *of)
{
	(void)config, (void)of;
	return NULL;
}

void text_mark_unstored(struct wq_notice *notice)
{
	snprintf(notice->text, sizeof notice->text, "unstored");
}

void text_mark_history(struct wq_notice *notice)
{
	snprintf(notice->text, sizeof notice->text, "history");
}

/* A room of links that is never asked: the bench's daemon has none. */
void web_status(struct web *web, struct web_status *status)
{
	(void)web;
	*status = (struct web_status){ .served = true };
}

bool deliverer_offer(struct deliverer *deliverer, const struct wq_notice *notice, uint32_t attempts)
{
	(void)deliverer, (void)attempts;
	if (bench->room == 0 || (bench->dead != NULL && strcmp(notice->contact, bench->dead) == 0))
		return false;
	bench->room--;
	bench->told[bench->told_count].alarm = notice->alarm;
	bench->told[bench->told_count++].unstored = notice->text[0] != '\0';
	return true;
}

size_t deliverer_share(const struct config *config)
{
	(void)config;
	return MAIN_BENCH_SHARE;
}

size_t deliverer_room_for(struct deliverer *deliverer, const char *contact)
{
	(void)deliverer;
	if (bench->dead != NULL && strcmp(contact, bench->dead) == 0)
		return 0;
	return bench->room < MAIN_BENCH_SHARE ? bench->room : MAIN_BENCH_SHARE;
}

size_t deliverer_held(struct deliverer *deliverer)
{
	(void)deliverer;
	return bench->held;
}

void buswatch_tick(struct daemon *daemon, struct wq_outcome *out)
{
	(void)daemon, (void)out;
}

void selfwatch_tick(struct daemon *daemon, struct wq_outcome *out)
{
	(void)daemon, (void)out;
}

void duty_heard(struct daemon *daemon, const struct wq_change *heard)
{
	(void)daemon, (void)heard;
}

void duty_tick(struct daemon *daemon, struct flight *flight)
{
	(void)daemon, (void)flight;
}

void delays_note(struct delays *delays, wq_ms delay)
{
	delays->newest[delays->count++ % (sizeof delays->newest / sizeof *delays->newest)] = delay;
}
