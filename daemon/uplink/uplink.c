/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of one uplink: reads, sends, moves on with what is acknowledged. */
#include "uplink.h"

#include "body.h"
#include "notify/channel/secret.h"
#include "store/backlog.h"
#include "window.h"

#include "wq/err.h"
#include "wq/uplink.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Read at once: a read transaction lasts some milliseconds. */
#define SLICE 64
#define EVENTS 64
#define TOLD_EVERY  WQ_SECONDS(1)
#define STATE_EVERY WQ_SECONDS(1)
/* Waiting is cut into turns of this. */
#define TURN WQ_SECONDS(1)

static const wq_ms pauses[] = { WQ_SECONDS(1), WQ_SECONDS(2), WQ_SECONDS(5), WQ_SECONDS(10), WQ_SECONDS(30) };

struct uplink {
	const struct config *config;
	const struct config_uplink *own;
	const struct wq_uplink *transport;
	void *state; /* the transport's */
	struct uplink_events events;
	struct uplink_clock clock;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex */
	bool stopping, fresh, ended, abandoned;
	struct uplink_status status;
	/* the thread's own */
	bool open, connected, troubled;
	struct backlog *backlog;
	struct backlog_state known;
	struct window windows[WQ_LANES];
	struct backlog_place place;   /* readings are read up to here */
	int64_t note;                 /* and notes up to here */
	bool drained[WQ_LANES];       /* there was nothing more */
	uint64_t reached[WQ_LANES];   /* sent before, up to here */
	uint64_t highest[WQ_LANES];
	size_t failed;                /* connections in a row */
	double allowance;
	wq_ms refilled, told_at, state_at;
	uint64_t told_sequence;
	int64_t told_note;
	struct wq_err sending;
	char body[BODY_MAX];
};

/* -- what main sees -- */

static void publish(struct uplink *u)
{
	const struct window *readings = &u->windows[WQ_LANE_READINGS], *notes = &u->windows[WQ_LANE_NOTES];
	const struct window_entry *oldest = window_oldest(readings);
	pthread_mutex_lock(&u->mutex);
	struct uplink_status *s = &u->status;
	if (s->sequence != readings->cursor || s->note != (int64_t)notes->cursor)
		s->acknowledged = s->incarnation == u->known.incarnation ? u->clock.wall() : s->acknowledged;
	s->connected = u->connected;
	s->incarnation = u->known.incarnation;
	s->sequence = readings->cursor;
	s->note = (int64_t)notes->cursor;
	/* What is known of the history is up to a second old; what it has acknowledged was there. */
	s->last = u->known.last > s->sequence ? u->known.last : s->sequence;
	s->last_note = u->known.last_note > s->note ? u->known.last_note : s->note;
	s->messages = readings->messages + notes->messages;
	if (readings->forwarded != WQ_NO_TIME)
		s->forwarded = readings->forwarded;
	if (oldest != NULL)
		s->waiting = oldest->received;
	else if (u->drained[WQ_LANE_READINGS])
		s->waiting = WQ_NO_TIME;
	pthread_mutex_unlock(&u->mutex);
}

static void count(struct uplink *u, uint64_t *counter)
{
	pthread_mutex_lock(&u->mutex);
	(*counter)++;
	pthread_mutex_unlock(&u->mutex);
}

/* text NULL: it goes again. */
static void tell(struct uplink *u, const char *text)
{
	pthread_mutex_lock(&u->mutex);
	bool same = text != NULL ? u->troubled && strncmp(u->status.why, text, sizeof u->status.why - 1) == 0 : !u->troubled;
	snprintf(u->status.why, sizeof u->status.why, "%.*s", (int)sizeof u->status.why - 1, text != NULL ? text : "");
	pthread_mutex_unlock(&u->mutex);
	u->troubled = text != NULL;
	pthread_mutex_lock(&u->mutex);
	if (!same && !u->abandoned)
		u->events.trouble(u->events.owner, u->own->name, text);
	pthread_mutex_unlock(&u->mutex);
}

static bool stopping(struct uplink *u)
{
	pthread_mutex_lock(&u->mutex);
	bool yes = u->stopping;
	pthread_mutex_unlock(&u->mutex);
	return yes;
}

static void pause_for(struct uplink *u, wq_ms span)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(span / 1000);
	until.tv_nsec += (long)(span % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&u->mutex);
	while (!u->stopping && pthread_cond_timedwait(&u->changed, &u->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&u->mutex);
}

/* -- the place in the history -- */

static void rewind_lanes(struct uplink *u)
{
	for (int lane = 0; lane < WQ_LANES; lane++) {
		window_rewind(&u->windows[lane]);
		u->reached[lane] = u->highest[lane];
		u->drained[lane] = false;
	}
	u->place = (struct backlog_place){ .sequence = u->windows[WQ_LANE_READINGS].cursor,
		.station = INT64_MAX,
		.at = INT64_MAX };
	u->note = (int64_t)u->windows[WQ_LANE_NOTES].cursor;
}

/* Another file, or the first one: everything from where it says that we stand. */
static void begin_at(struct uplink *u, const struct backlog_state *state)
{
	window_init(&u->windows[WQ_LANE_READINGS], (size_t)u->own->window, state->sequence);
	window_init(&u->windows[WQ_LANE_NOTES], (size_t)u->own->window, (uint64_t)state->note);
	memset(u->reached, 0, sizeof u->reached);
	memset(u->highest, 0, sizeof u->highest);
	u->told_sequence = state->sequence;
	u->told_note = state->note;
	rewind_lanes(u);
	pthread_mutex_lock(&u->mutex);
	u->status.acknowledged = state->acknowledged;
	u->status.sequence = state->sequence;
	u->status.note = state->note;
	pthread_mutex_unlock(&u->mutex);
}

static void shut(struct uplink *u)
{
	backlog_close(u->backlog);
	u->backlog = NULL;
}

/* Looks where the history is; opens it when it is not open, or no longer the same file. */
static int look(struct uplink *u, bool now, struct wq_err *err)
{
	struct backlog_state state;
	wq_ms steady = u->clock.steady();
	if (u->backlog != NULL && !now && steady - u->state_at < STATE_EVERY)
		return 0;
	u->state_at = steady;
	int r = u->backlog != NULL ? 0 : backlog_open(u->config->paths.database, &u->backlog, err);
	if (r == 0)
		r = backlog_state(u->backlog, u->own->name, &state, err);
	if (r < 0) {
		shut(u);
		return r;
	}
	if (state.incarnation != u->known.incarnation)
		begin_at(u, &state);
	u->known = state;
	return 0;
}

static bool peek(void *owner, const struct backlog_record *record)
{
	*(wq_ms *)owner = record->received;
	return false;
}

/* While nothing leaves: since when what waits has been waiting. */
static void look_at_waiting(struct uplink *u)
{
	struct backlog_place after = u->place;
	struct wq_err err;
	wq_ms waiting = WQ_NO_TIME;
	if (look(u, true, &err) < 0 || backlog_records(u->backlog, &after, 1, peek, &waiting, &err) < 0)
		return;
	publish(u);
	pthread_mutex_lock(&u->mutex);
	u->status.waiting = waiting;
	pthread_mutex_unlock(&u->mutex);
}

/* -- sending -- */

static bool wanted(const struct uplink *u, const char *station)
{
	if (u->own->station_count == 0)
		return true;
	for (size_t i = 0; i < u->own->station_count; i++)
		if (strcmp(u->config->site.stations[u->own->stations[i]].id, station) == 0)
			return true;
	return false;
}

/* False: not now (*u->sending says why). */
static bool send_message(struct uplink *u, struct wq_uplink_message *message, uint64_t sequence, bool last, wq_ms received)
{
	struct window *window = &u->windows[message->lane];
	message->body = u->body;
	message->again = sequence <= u->reached[message->lane];
	u->sending.code = u->transport->send(u->state, message, window->next, &u->sending);
	if (u->sending.code < 0)
		return false;
	struct window_entry *entry = window_push(window);
	entry->sequence = sequence;
	entry->last = last;
	entry->at = message->record != NULL ? message->record->place.at : WQ_NO_TIME;
	entry->received = received;
	entry->sent = u->clock.steady();
	snprintf(entry->station, sizeof entry->station, "%s", message->station);
	u->highest[message->lane] = sequence;
	u->allowance -= 1;
	if (message->again)
		count(u, &u->status.again);
	return true;
}

static bool take_record(void *owner, const struct backlog_record *record)
{
	struct uplink *u = owner;
	struct window *window = &u->windows[WQ_LANE_READINGS];
	if (window_full(window))
		return false;
	if (record->count == 0)
		count(u, &u->status.gone);
	if (record->count == 0 || !wanted(u, record->station)) {
		window_skip(window, record->place.sequence, record->last);
		return true;
	}
	struct wq_uplink_message message = { .lane = WQ_LANE_READINGS,
		.kind = "readings",
		.station = record->station,
		.length = body_readings(record, u->known.incarnation, u->config->site.zone, u->body, sizeof u->body),
		.record = record };
	return send_message(u, &message, record->place.sequence, record->last, record->received);
}

static bool take_note(void *owner, const struct backlog_note *note)
{
	struct uplink *u = owner;
	struct window *window = &u->windows[WQ_LANE_NOTES];
	bool asked = note->kind == BACKLOG_CHANGE ? u->own->alarms : u->own->days;
	if (window_full(window))
		return false;
	if (note->gone)
		count(u, &u->status.gone);
	if (note->gone || !asked || !u->transport->notes || (note->station[0] != '\0' && !wanted(u, note->station))) {
		window_skip(window, (uint64_t)note->seq, true);
		return true;
	}
	struct wq_uplink_message message = { .lane = WQ_LANE_NOTES,
		.kind = body_note_kind(note),
		.station = note->station,
		.length = body_note(note, u->known.incarnation, u->config->site.zone, u->body, sizeof u->body) };
	return send_message(u, &message, (uint64_t)note->seq, true, note->decided != 0 ? note->decided : WQ_NO_TIME);
}

static void refill(struct uplink *u)
{
	wq_ms now = u->clock.steady();
	double rate = (double)u->own->rate, burst = rate / 10 > 1 ? rate / 10 : 1;
	u->allowance += rate * (double)(now - u->refilled) / 1000;
	u->refilled = now;
	if (u->allowance > burst)
		u->allowance = burst;
}

/* Sends one slice of a lane; < 0: the connection or the history failed. */
static int fill_lane(struct uplink *u, enum wq_lane lane, struct wq_err *err)
{
	const struct window *window = &u->windows[lane];
	size_t most = SLICE;
	if (u->allowance < (double)most)
		most = u->allowance >= 1 ? (size_t)u->allowance : 0;
	if (most == 0 || window_full(window))
		return 0;
	u->sending.code = 0;
	int n = lane == WQ_LANE_NOTES ? backlog_notes(u->backlog, &u->note, most, take_note, u, err)
	                              : backlog_records(u->backlog, &u->place, most, take_record, u, err);
	if (n < 0) {
		shut(u);
		return n;
	}
	u->drained[lane] = (size_t)n < most && u->sending.code == 0 && !window_full(window);
	if (u->sending.code < 0 && u->sending.code != WQ_E_FULL)
		return wq_fail(err, u->sending.code, "%s", u->sending.text);
	return u->sending.code == WQ_E_FULL ? 0 : n;
}

/* Notes first: an alarm does not wait behind a week of readings. */
static int fill(struct uplink *u, struct wq_err *err)
{
	refill(u);
	int r = look(u, false, err);
	if (r == 0)
		r = fill_lane(u, WQ_LANE_NOTES, err);
	if (r >= 0) {
		int more = fill_lane(u, WQ_LANE_READINGS, err);
		r = more < 0 ? more : r + more;
	}
	return r;
}

/* -- acknowledgements -- */

static void take_event(struct uplink *u, const struct wq_uplink_event *event)
{
	struct window *window = &u->windows[event->lane];
	if (event->what == WQ_UPLINK_ACKNOWLEDGED)
		window_acknowledge(window, event->token);
	else if (event->incarnation == u->known.incarnation)
		window_commit(window, &(struct window_word){ .station = event->station[0] != '\0' ? event->station : NULL,
			.sequence = event->sequence,
			.at = event->at,
			.through = event->through });
}

static void tell_acknowledged(struct uplink *u, bool now)
{
	struct store_uplink where = { .incarnation = u->known.incarnation,
		.sequence = u->windows[WQ_LANE_READINGS].cursor,
		.note = (int64_t)u->windows[WQ_LANE_NOTES].cursor,
		.at = u->clock.wall() };
	wq_ms steady = u->clock.steady();
	if ((where.sequence == u->told_sequence && where.note == u->told_note) || (!now && steady - u->told_at < TOLD_EVERY))
		return;
	snprintf(where.name, sizeof where.name, "%s", u->own->name);
	pthread_mutex_lock(&u->mutex);
	if (!u->abandoned)
		u->events.acknowledged(u->events.owner, &where);
	pthread_mutex_unlock(&u->mutex);
	u->told_at = steady;
	u->told_sequence = where.sequence;
	u->told_note = where.note;
}

/* What is not acknowledged in time. */
static int overdue(struct uplink *u, struct wq_err *err)
{
	for (int lane = 0; lane < WQ_LANES; lane++) {
		const struct window_entry *oldest = window_oldest(&u->windows[lane]);
		if (oldest != NULL && u->clock.steady() - oldest->sent >= u->own->patience)
			return wq_fail(err, WQ_E_TIMEOUT,
				"sequence %" PRIu64 " of the %s is not acknowledged within %lld s; everything from there on is sent again",
				oldest->sequence, lane == WQ_LANE_NOTES ? "notes" : "readings",
				(long long)(u->own->patience / 1000));
	}
	return 0;
}

static wq_ms patience(struct uplink *u, int sent)
{
	pthread_mutex_lock(&u->mutex);
	bool fresh = u->fresh;
	u->fresh = false;
	pthread_mutex_unlock(&u->mutex);
	if (fresh)
		u->drained[0] = u->drained[1] = false;
	bool full = window_full(&u->windows[0]);
	if (u->drained[0] && u->drained[1])
		return TURN;
	/* Something waits: for room, which an acknowledgement makes, or for the rate. */
	return sent > 0 ? 0 : full ? 100 : u->allowance < 1 ? 10 : 20;
}

/* One turn of a connection that works. */
static int turn(struct uplink *u, struct wq_err *err)
{
	struct wq_uplink_event events[EVENTS];
	int sent = fill(u, err);
	if (sent < 0)
		return sent;
	int n = u->transport->listen(u->state, patience(u, sent), events, EVENTS, err);
	for (int i = 0; i < n; i++)
		take_event(u, &events[i]);
	tell_acknowledged(u, false);
	publish(u);
	return n < 0 ? n : overdue(u, err);
}

/* -- the connection -- */

static void drop(struct uplink *u, const struct wq_err *err)
{
	if (u->connected)
		u->transport->disconnect(u->state);
	u->connected = false;
	tell_acknowledged(u, true);
	rewind_lanes(u);
	count(u, &u->status.failures);
	tell(u, err->text);
}

static int secret(void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	return secret_read(((struct uplink *)owner)->config->paths.credentials, reference, buf, cap, err);
}

static int history(void *owner, const char *station, wq_ms from, wq_ms to, struct backlog_record *records, size_t room,
	struct wq_err *err)
{
	struct uplink *u = owner;
	int r = look(u, false, err);
	return r < 0 ? r : backlog_history(u->backlog, station, from, to, records, room, err);
}

static int open_transport(struct uplink *u, struct wq_err *err)
{
	const struct wq_uplink_site site = { .name = u->own->name,
		.zone = u->config->site.zone,
		.window = (size_t)u->own->window,
		.secret = secret,
		.history = history,
		.owner = u,
		.wall = u->clock.wall,
		.steady = u->clock.steady };
	if (u->open)
		return 0;
	int r = u->transport->open(u->state, u->own->settings, &site, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&u->mutex);
	u->open = true; /* from now on it may be woken */
	pthread_mutex_unlock(&u->mutex);
	return 0;
}

/* Of this thread only, as Linux has it: who samples and judges goes first. But threads inherit it, and those that a
 * library starts with its first connection serve the buses as well: so not before there is one. */
static void step_back(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
}

static void try_to_connect(struct uplink *u)
{
	struct wq_err err;
	int r = look(u, true, &err);
	if (r == 0)
		r = open_transport(u, &err);
	if (r == 0)
		r = u->transport->connect(u->state, &err);
	if (r == 0) {
		step_back();
		u->connected = true;
		u->refilled = u->clock.steady();
		publish(u);
		return;
	}
	drop(u, &err);
	look_at_waiting(u);
	pause_for(u, pauses[u->failed]);
	u->failed += u->failed + 1 < sizeof pauses / sizeof *pauses;
}

static void *run(void *argument)
{
	struct uplink *u = argument;
	struct wq_err err;
	while (!stopping(u)) {
		uint64_t before = u->windows[0].messages + u->windows[1].messages;
		if (!u->connected) {
			try_to_connect(u);
		} else if (turn(u, &err) < 0) {
			drop(u, &err);
			look_at_waiting(u);
			pause_for(u, pauses[u->failed]);
			u->failed += u->failed + 1 < sizeof pauses / sizeof *pauses;
		} else if (u->windows[0].messages + u->windows[1].messages > before ||
			(u->drained[0] && u->drained[1] && window_oldest(&u->windows[0]) == NULL)) {
			u->failed = 0;
			tell(u, NULL);
		}
	}
	tell_acknowledged(u, true);
	if (u->connected)
		u->transport->disconnect(u->state);
	pthread_mutex_lock(&u->mutex);
	bool was_open = u->open;
	u->open = false;
	pthread_mutex_unlock(&u->mutex);
	if (was_open)
		u->transport->close(u->state);
	shut(u);
	pthread_mutex_lock(&u->mutex);
	u->ended = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->mutex);
	return NULL;
}

/* -- its owner -- */

static void uplink_free(struct uplink *u)
{
	pthread_cond_destroy(&u->changed);
	pthread_mutex_destroy(&u->mutex);
	free(u->state);
	free(u);
}

static struct uplink *make(const struct config *config, const struct config_uplink *own, const struct uplink_events *events,
	const struct uplink_clock *clock)
{
	pthread_condattr_t monotonic;
	struct uplink *u = calloc(1, sizeof *u);
	if (u == NULL || (u->state = calloc(1, own->transport->state_size)) == NULL) {
		free(u);
		return NULL;
	}
	u->config = config;
	u->own = own;
	u->transport = own->transport;
	u->events = *events;
	u->clock = *clock;
	u->status.acknowledged = u->status.forwarded = u->status.waiting = WQ_NO_TIME;
	for (int lane = 0; lane < WQ_LANES; lane++)
		window_init(&u->windows[lane], (size_t)own->window, 0);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&u->mutex, NULL);
	pthread_cond_init(&u->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return u;
}

struct uplink *uplink_start(const struct config *config, const struct config_uplink *own,
	const struct uplink_events *events, const struct uplink_clock *clock, struct wq_err *err)
{
	struct uplink *u = make(config, own, events, clock);
	if (u == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for uplink %s", own->name);
		return NULL;
	}
	int why = pthread_create(&u->thread, NULL, run, u);
	if (why != 0) {
		wq_fail(err, WQ_E_MEMORY, "the thread of uplink %s cannot be started: %s", own->name, strerror(why));
		uplink_free(u);
		return NULL;
	}
	pthread_setname_np(u->thread, "uplink");
	return u;
}

void uplink_wake(struct uplink *u)
{
	pthread_mutex_lock(&u->mutex);
	bool ring = u->open && !u->fresh && !u->ended;
	u->fresh = true;
	if (ring)
		u->transport->wake(u->state);
	pthread_mutex_unlock(&u->mutex);
}

void uplink_status(struct uplink *u, struct uplink_status *status)
{
	pthread_mutex_lock(&u->mutex);
	*status = u->status;
	pthread_mutex_unlock(&u->mutex);
}

wq_ms uplink_lag(const struct uplink_status *status, wq_ms now)
{
	return status->waiting == WQ_NO_TIME || status->waiting > now ? 0 : now - status->waiting;
}

void uplink_ask_stop(struct uplink *u)
{
	if (u == NULL)
		return;
	pthread_mutex_lock(&u->mutex);
	u->stopping = true;
	pthread_cond_broadcast(&u->changed);
	if (u->open && !u->ended)
		u->transport->wake(u->state);
	pthread_mutex_unlock(&u->mutex);
}

bool uplink_stop(struct uplink *u, wq_ms grace)
{
	struct timespec until;
	int r = 0;
	if (u == NULL)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(grace / 1000);
	uplink_ask_stop(u);
	pthread_mutex_lock(&u->mutex);
	while (!u->ended && r == 0)
		r = pthread_cond_timedwait(&u->changed, &u->mutex, &until);
	bool ended = u->ended;
	u->abandoned = !ended;
	pthread_mutex_unlock(&u->mutex);
	if (!ended) {
		pthread_detach(u->thread);
		return false;
	}
	pthread_join(u->thread, NULL);
	uplink_free(u);
	return true;
}
