/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of an uplink on a real history, with a peer that the test plays: it keeps what it is sent and acknowledges what it
 * is told to. Waits are for what the thread does, never for time. */
#include "house.h"

#include "uplink/uplink.h"
#include "store/backlog.h"
#include "wq/uplink.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SENT_MAX 20000

struct sent {
	enum wq_lane lane;
	uint64_t token, sequence;
	bool again;
	char station[WQ_NAME_TEXT];
};

/* The peer: shared between the test and the transport. */
static struct peer {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool away, cut, mute; /* refuses connections; drops the one there is; acknowledges nothing */
	size_t connections, refused, count, acknowledged;
	struct sent sent[SENT_MAX];
	struct wq_uplink_event words[64]; /* to be said next */
	size_t word_count;
	bool woken;
	struct store_uplink told; /* what main would commit */
	size_t told_count, troubles;
} peer = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* -- the transport -- */

static int open_peer(void *state, const void *settings, const struct wq_uplink_site *site, struct wq_err *err)
{
	(void)state, (void)settings, (void)site, (void)err;
	return 0;
}

static void close_peer(void *state)
{
	(void)state;
}

static int connect_peer(void *state, struct wq_err *err)
{
	(void)state;
	pthread_mutex_lock(&peer.mutex);
	int r = peer.away ? wq_fail(err, WQ_E_IO, "nobody is there") : 0;
	peer.connections += r == 0;
	peer.refused += r != 0;
	peer.cut = false;
	peer.acknowledged = peer.count; /* words about an earlier connection are lost */
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
	return r;
}

static int send_peer(void *state, const struct wq_uplink_message *message, uint64_t token, struct wq_err *err)
{
	(void)state;
	pthread_mutex_lock(&peer.mutex);
	int r = peer.cut ? wq_fail(err, WQ_E_IO, "cut") : 0;
	if (r == 0 && peer.count < SENT_MAX) {
		struct sent *sent = &peer.sent[peer.count++];
		*sent = (struct sent){ .lane = message->lane, .token = token, .again = message->again };
		sent->sequence = message->record != NULL ? message->record->place.sequence : 0;
		snprintf(sent->station, sizeof sent->station, "%s", message->station);
	}
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
	return r;
}

static int listen_peer(void *state, wq_ms patience, struct wq_uplink_event *events, size_t room, struct wq_err *err)
{
	struct timespec until;
	int n = 0;
	(void)state;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	pthread_mutex_lock(&peer.mutex);
	while (patience > 0 && !peer.cut && !peer.woken && peer.word_count == 0 &&
		(peer.mute || peer.acknowledged == peer.count) &&
		pthread_cond_timedwait(&peer.changed, &peer.mutex, &until) == 0)
		;
	peer.woken = false;
	while (!peer.mute && peer.acknowledged < peer.count && (size_t)n < room) {
		const struct sent *sent = &peer.sent[peer.acknowledged++];
		events[n++] = (struct wq_uplink_event){ .what = WQ_UPLINK_ACKNOWLEDGED, .lane = sent->lane, .token = sent->token };
	}
	while (peer.word_count > 0 && (size_t)n < room)
		events[n++] = peer.words[--peer.word_count];
	int r = peer.cut ? wq_fail(err, WQ_E_IO, "cut") : n;
	pthread_mutex_unlock(&peer.mutex);
	return r;
}

static void wake_peer(void *state)
{
	(void)state;
	pthread_mutex_lock(&peer.mutex);
	peer.woken = true;
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
}

static const struct wq_uplink transport = { .name = "peer", .state_size = 1, .notes = true, .open = open_peer, .close = close_peer,
	.connect = connect_peer, .send = send_peer, .listen = listen_peer, .wake = wake_peer, .disconnect = close_peer };

/* -- main's part -- */

static void on_acknowledged(void *owner, const struct store_uplink *where)
{
	(void)owner;
	pthread_mutex_lock(&peer.mutex);
	peer.told = *where;
	peer.told_count++;
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
}

static void on_trouble(void *owner, const char *name, const char *text)
{
	(void)owner, (void)name;
	pthread_mutex_lock(&peer.mutex);
	peer.troubles += text != NULL;
	pthread_mutex_unlock(&peer.mutex);
}

/* By hand, so that no wait of the uplink depends on real time but its back-off. */
static _Atomic wq_ms now = MORNING;

static wq_ms hand_clock(void)
{
	return now;
}

static struct config config;
static struct config_uplink own;
static struct uplink *uplink;
static const char *const names[] = { "bureau" };

static void start(struct house *h)
{
	const struct uplink_events events = { .acknowledged = on_acknowledged, .trouble = on_trouble };
	const struct uplink_clock clock = { hand_clock, hand_clock };

	assert_int_equal(store_use_uplinks(h->store, names, 1, NULL, &h->err), 0);
	config = (struct config){ .site = house_site, .paths = { .database = h->path } };
	own = (struct config_uplink){ .name = "bureau", .transport = &transport, .alarms = true, .days = true, .window = 20, .rate = 100000,
		.patience = WQ_MINUTES(1) };
	pthread_mutex_lock(&peer.mutex);
	peer.away = peer.cut = peer.mute = peer.woken = false;
	peer.connections = peer.refused = peer.count = peer.acknowledged = peer.word_count = peer.told_count = peer.troubles = 0;
	memset(&peer.told, 0, sizeof peer.told);
	pthread_mutex_unlock(&peer.mutex);
	uplink = uplink_start(&config, &own, &events, &clock, &h->err);
	assert_non_null(uplink);
}

/* The hand clock goes on while it is waited for: what is due by it comes. */
#define WAIT(holds)                                                                                \
	do {                                                                                       \
		pthread_mutex_lock(&peer.mutex);                                                   \
		for (int turn = 0; turn < 2000 && !(holds); turn++) {                              \
			struct timespec until;                                                     \
			now += 20;                                                                 \
			clock_gettime(CLOCK_REALTIME, &until);                                     \
			until.tv_nsec += 10000000;                                                 \
			if (until.tv_nsec >= 1000000000)                                           \
				until.tv_nsec -= 1000000000, until.tv_sec++;                       \
			pthread_cond_timedwait(&peer.changed, &peer.mutex, &until);                \
		}                                                                                  \
		bool held = (holds);                                                               \
		pthread_mutex_unlock(&peer.mutex);                                                 \
		if (!held)                                                                         \
			fail_msg("waited in vain for %s", #holds);                                 \
	} while (0)

static void batches(struct house *h, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		house_sample(h, YIGAN_TP, MORNING + (wq_ms)i * 1000, 0.1)->sequence = i;
		house_sample(h, NANHENG_TP, MORNING + (wq_ms)i * 1000, 0.1)->sequence = i;
		h->group.last_sequence = i;
		house_commit(h);
	}
	uplink_wake(uplink);
}

static void set(bool *what, bool to)
{
	pthread_mutex_lock(&peer.mutex);
	*what = to;
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
}

static void what_is_committed_arrives_in_order_and_moves_the_cursor(void **state)
{
	struct house *h = *state;

	start(h);
	batches(h, 1, 50);
	WAIT(peer.told.sequence == 50);
	assert_int_equal(peer.count, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(peer.sent[i].sequence, i / 2 + 1);
		assert_string_equal(peer.sent[i].station, i % 2 == 0 ? "yigan" : "nanheng");
		assert_false(peer.sent[i].again);
	}
	assert_true(peer.told.incarnation == store_incarnation(h->store));
	assert_true(uplink_stop(uplink, 10000));
}

static void a_peer_that_says_nothing_gets_a_window_and_no_more(void **state)
{
	struct house *h = *state;
	struct uplink_status status;

	start(h);
	set(&peer.mute, true);
	batches(h, 1, 50);
	WAIT(peer.count == 20);
	uplink_wake(uplink);
	uplink_wake(uplink);
	WAIT(!peer.woken);
	assert_int_equal(peer.count, 20);
	assert_int_equal(peer.told_count, 0);
	uplink_status(uplink, &status);
	assert_int_equal(status.sequence, 0);
	set(&peer.mute, false);
	WAIT(peer.told.sequence == 50);
	assert_int_equal(peer.count, 100);
	assert_true(uplink_stop(uplink, 10000));
}

static void after_a_lost_connection_everything_unacknowledged_is_sent_again(void **state)
{
	struct house *h = *state;

	start(h);
	batches(h, 1, 5);
	WAIT(peer.told.sequence == 5);
	set(&peer.mute, true);
	batches(h, 6, 10);
	WAIT(peer.count == 20);
	set(&peer.cut, true);
	WAIT(peer.count == 30);
	for (size_t i = 20; i < 30; i++) {
		assert_true(peer.sent[i].again);
		assert_int_equal(peer.sent[i].sequence, 6 + (i - 20) / 2);
		assert_true(peer.sent[i].token > peer.sent[19].token);
	}
	set(&peer.mute, false);
	WAIT(peer.told.sequence == 10);
	assert_true(uplink_stop(uplink, 10000));
}

static void what_is_not_acknowledged_in_time_is_sent_again(void **state)
{
	struct house *h = *state;

	start(h);
	set(&peer.mute, true);
	batches(h, 1, 1);
	WAIT(peer.count == 2);
	now += WQ_MINUTES(2);
	wake_peer(NULL);
	WAIT(peer.connections == 2 && peer.count == 4);
	assert_int_equal(peer.sent[2].sequence, 1);
	assert_true(uplink_stop(uplink, 10000));
	assert_int_equal(peer.told_count, 0);
}

static void a_word_about_another_file_moves_nothing(void **state)
{
	struct house *h = *state;
	struct wq_uplink_event word = { .what = WQ_UPLINK_COMMITTED, .sequence = 2, .at = WQ_NO_TIME, .through = true };

	start(h);
	set(&peer.mute, true);
	batches(h, 1, 2);
	WAIT(peer.count == 4);
	word.incarnation = store_incarnation(h->store) + 1;
	pthread_mutex_lock(&peer.mutex);
	peer.words[peer.word_count++] = word;
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
	WAIT(peer.word_count == 0);
	word.incarnation = store_incarnation(h->store);
	strcpy(word.station, "yigan");
	pthread_mutex_lock(&peer.mutex);
	assert_int_equal(peer.told_count, 0);
	peer.words[peer.word_count++] = word;
	strcpy(word.station, "nanheng");
	peer.words[peer.word_count++] = word;
	pthread_cond_broadcast(&peer.changed);
	pthread_mutex_unlock(&peer.mutex);
	WAIT(peer.told.sequence == 2);
	assert_true(uplink_stop(uplink, 10000));
}

static void a_restart_goes_on_where_the_file_says(void **state)
{
	struct house *h = *state;

	start(h);
	batches(h, 1, 10);
	WAIT(peer.told.sequence == 10);
	assert_true(uplink_stop(uplink, 10000));
	/* Of what was acknowledged only a part got into the file. */
	h->group.uplinks = realloc(h->group.uplinks, sizeof peer.told);
	peer.told.sequence = 7;
	h->group.uplinks[0] = peer.told;
	h->group.uplink_count = 1;
	house_commit(h);
	start(h);
	WAIT(peer.told.sequence == 10);
	assert_int_equal(peer.count, 6);
	assert_int_equal(peer.sent[0].sequence, 8);
	assert_true(uplink_stop(uplink, 10000));
}

static void an_alarm_overtakes_what_waits(void **state)
{
	struct house *h = *state;

	start(h);
	set(&peer.mute, true);
	batches(h, 1, 50);
	WAIT(peer.count == 20);
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	house_commit(h);
	uplink_wake(uplink);
	WAIT(peer.count == 21);
	assert_int_equal(peer.sent[20].lane, WQ_LANE_NOTES);
	set(&peer.mute, false);
	WAIT(peer.told.sequence == 50 && peer.told.note == 1);
	assert_true(uplink_stop(uplink, 10000));
}

static void only_what_is_wanted_leaves_and_the_cursor_passes_the_rest(void **state)
{
	static const uint32_t stations[] = { NANHENG };
	struct house *h = *state;

	start(h);
	assert_true(uplink_stop(uplink, 10000));
	struct uplink_events events = { .acknowledged = on_acknowledged, .trouble = on_trouble };
	struct uplink_clock clock = { hand_clock, hand_clock };
	own.stations = stations;
	own.station_count = 1;
	own.alarms = false;
	uplink = uplink_start(&config, &own, &events, &clock, &h->err);
	batches(h, 1, 30);
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	house_day(h, NANHENG, WQ_NONE, TODAY);
	house_commit(h);
	uplink_wake(uplink);
	WAIT(peer.told.sequence == 30 && peer.told.note == 2);
	assert_int_equal(peer.count, 31);
	assert_true(uplink_stop(uplink, 10000));
}

static void while_nobody_is_there_the_oldest_ages_and_is_told(void **state)
{
	struct house *h = *state;
	struct uplink_status status;

	start(h);
	set(&peer.away, true);
	set(&peer.cut, true);
	batches(h, 1, 3);
	WAIT(peer.troubles > 0);
	/* It looks for the oldest after each attempt: after the next, before the one that follows. */
	pthread_mutex_lock(&peer.mutex);
	size_t before = peer.refused;
	pthread_mutex_unlock(&peer.mutex);
	WAIT(peer.refused >= before + 2);
	uplink_status(uplink, &status);
	assert_true(status.waiting != WQ_NO_TIME);
	assert_int_equal(uplink_lag(&status, status.waiting + 5000), 5000);
	assert_int_equal(status.last, 3);
	assert_true(status.why[0] != '\0' && !status.connected);
	set(&peer.away, false);
	WAIT(peer.told.sequence == 3);
	assert_true(uplink_stop(uplink, 10000));
	assert_true(peer.troubles > 0);
}

static void what_is_acknowledged_is_never_ahead_of_the_newest(void **state)
{
	struct house *h = *state;
	struct uplink_status status;

	start(h);
	for (uint64_t i = 1; i <= 20; i++) {
		batches(h, i, i);
		uplink_wake(uplink);
		WAIT(peer.told.sequence == i);
		uplink_status(uplink, &status);
		assert_true(status.last >= status.sequence);
	}
	assert_true(uplink_stop(uplink, 10000));
}

static void a_file_with_a_new_identity_goes_on_under_it(void **state)
{
	struct house *h = *state;

	start(h);
	batches(h, 1, 3);
	WAIT(peer.told.sequence == 3);
	uint64_t before = peer.told.incarnation;
	assert_true(uplink_stop(uplink, 10000));
	house_shut(h);
	house_run(h->path, "UPDATE meta SET incarnation=0;UPDATE uplink SET sequence=1");
	house_open(h, &house_site);
	start(h);
	batches(h, 4, 4);
	WAIT(peer.told.sequence == 4);
	assert_true(peer.told.incarnation != before && peer.told.incarnation == store_incarnation(h->store));
	assert_true(uplink_stop(uplink, 10000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(what_is_committed_arrives_in_order_and_moves_the_cursor),
		house_test(a_peer_that_says_nothing_gets_a_window_and_no_more),
		house_test(after_a_lost_connection_everything_unacknowledged_is_sent_again),
		house_test(what_is_not_acknowledged_in_time_is_sent_again),
		house_test(a_word_about_another_file_moves_nothing),
		house_test(a_restart_goes_on_where_the_file_says),
		house_test(an_alarm_overtakes_what_waits),
		house_test(only_what_is_wanted_leaves_and_the_cursor_passes_the_rest),
		house_test(while_nobody_is_there_the_oldest_ages_and_is_told),
		house_test(what_is_acknowledged_is_never_ahead_of_the_newest),
		house_test(a_file_with_a_new_identity_goes_on_under_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
