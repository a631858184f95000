/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of all connections. Nobody keeps the others waiting: a turn reads a bounded piece of each that is ready, nothing
 * blocks, what is slow has a time limit. */
#include "server_parts.h"

#include "wq/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS       256
#define TICK         WQ_SECONDS(1)
#define RETRY        20 /* ms, while somebody waits for room in the inbox */
#define PROVE_WITHIN WQ_SECONDS(60) /* a frame of a known station */
#define STUCK_MAX    WQ_SECONDS(30) /* of what a peer does not fetch */
#define CONNECT_FOR  WQ_SECONDS(10)
#define OTHERS_FD    1536 /* descriptors for the rest of the process: Modbus alone holds up to 900 */

static wq_ms since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
/* -- time -- */

/* Why a connection's time is over; NULL: it is not. */
static const char *overdue(const struct hj212_server *server, const struct hj212_conn *conn)
{
	const struct hj212_bus_settings *settings = server->s.settings;
	wq_ms now = server->s.now;

	if (conn->connecting)
		return now - conn->opened > CONNECT_FOR ? "no answer" : NULL;
	if (conn->stuck != WQ_NO_TIME && now - conn->stuck > STUCK_MAX)
		return "it does not read what it is sent";
	if (conn->blocked)
		return NULL;
	if (!conn->proven && conn->target < 0 && now - conn->opened > PROVE_WITHIN)
		return "no frame of a known station came";
	return settings->idle > 0 && now - conn->heard > settings->idle ? "it has been silent for too long" : NULL;
}

static void tick_conn(struct hj212_server *server, struct hj212_conn *conn)
{
	const char *why = overdue(server, conn);
	bool unfinished = conn->partial != WQ_NO_TIME &&
		server->s.now - conn->partial > server->s.settings->frame_timeout;

	if (why != NULL)
		hj212_conn_doom(conn, why);
	else if (unfinished)
		hj212_feed(server, conn, 0, true);
	if (why != NULL || unfinished)
		hj212_after(server, conn);
}

static void tick_station(struct hj212_server *server, struct hj212_station *station)
{
	struct hj212_conn *conn = hj212_conn_of(server, station->connection);

	if (conn == NULL) {
		hj212_dialog_lost(&station->dialog);
		station->connection = HJ212_NOBODY;
		return;
	}
	bool was = station->dialog.state != HJ212_QUIET;

	hj212_sessions_ask(&server->s, station, conn);
	server->s.asking += !was && station->dialog.state != HJ212_QUIET;
	if (conn->out != NULL || conn->doomed)
		hj212_after(server, conn);
}

static void tick(struct hj212_server *server)
{
	struct hj212_sessions *s = &server->s;

	if (server->resting)
		hj212_rest_listener(server, false);
	hj212_try_targets(server);
	for (size_t i = 0; i < server->high; i++)
		if (server->conns[i].fd >= 0)
			tick_conn(server, &server->conns[i]);
	s->asking = 0;
	for (size_t i = 0; i < s->map.station_count; i++)
		s->asking += s->map.stations[i].dialog.state != HJ212_QUIET;
	for (size_t i = 0; i < s->map.station_count; i++)
		if (s->map.stations[i].connection != HJ212_NOBODY)
			tick_station(server, &s->map.stations[i]);
}

/* Those that waited for room try again; one that finds none ends the round: the others would not either. */
static void retry_blocked(struct hj212_server *server)
{
	for (size_t i = 0; i < server->high && server->blocked > 0; i++) {
		struct hj212_conn *conn = &server->conns[i];

		if (conn->fd < 0 || !conn->blocked)
			continue;
		hj212_feed(server, conn, 0, conn->over);
		bool still = conn->blocked;

		hj212_after(server, conn);
		if (still)
			return;
	}
}

static void keep_promises(struct hj212_server *server)
{
	struct hj212_promise promise;
	eventfd_t rung;

	if (eventfd_read(server->wake, &rung) < 0)
		errno = 0;
	while (hj212_promises_due(server->s.promises, &promise)) {
		struct hj212_conn *conn = hj212_conn_of(server, promise.connection);

		/* What is not on disk is not acknowledged: the station sends it again. */
		if (conn == NULL || promise.rc < 0)
			continue;
		hj212_conn_send(conn, promise.frame, promise.length, server->s.now);
		if (conn->out != NULL || conn->doomed)
			hj212_after(server, conn);
	}
}

static void *serve(void *argument)
{
	struct hj212_server *server = argument;
	struct epoll_event events[EVENTS];

	while (!atomic_load(&server->stopping)) {
		wq_ms left = server->next_tick - server->s.now;
		int n = epoll_wait(server->epoll, events, EVENTS,
			server->blocked > 0 ? RETRY : (int)(left > 0 ? left : 0));

		server->s.now = since_boot();
		for (int i = 0; i < n; i++) {
			uint64_t who = events[i].data.u64;

			if (who == WHO_LISTENER)
				hj212_accept_some(server);
			else if (who == WHO_WAKE)
				keep_promises(server);
			else
				hj212_on_conn(server, &server->conns[who - NOBODY_BUT], events[i].events);
		}
		if (server->blocked > 0)
			retry_blocked(server);
		if (server->s.now >= server->next_tick) {
			tick(server);
			server->next_tick = server->s.now + TICK;
		}
		atomic_fetch_add(&server->progress, 1);
	}
	return NULL;
}

/* -- open, start, stop, close -- */

static int open_targets(struct hj212_server *server, struct wq_err *err)
{
	const struct hj212_bus_settings *settings = server->s.settings;

	server->target_count = settings->listen != NULL ? 1 : settings->connect.count;
	server->targets = calloc(server->target_count, sizeof *server->targets);
	if (server->targets == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu addresses", server->target_count);
	for (size_t i = 0; i < server->target_count; i++) {
		struct target *target = &server->targets[i];
		int rc = hj212_address_parse(hj212_label_of(server, i), &target->address, &target->length, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int open_slots(struct hj212_server *server, struct wq_err *err)
{
	server->cap = (size_t)server->s.settings->max_connections + server->s.settings->connect.count;
	server->conns = calloc(server->cap, sizeof *server->conns);
	server->free_slots = calloc(server->cap, sizeof *server->free_slots);
	server->peers = hj212_peers_new();
	if (server->conns == NULL || server->free_slots == NULL || server->peers == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu connections", server->cap);
	for (size_t i = 0; i < server->cap; i++) {
		server->conns[i].fd = -1;
		hj212_conn_release(&server->conns[i]);
		server->free_slots[i] = (uint32_t)(server->cap - 1 - i);
	}
	server->free_count = server->cap;
	return 0;
}

struct hj212_server *hj212_server_open(const struct wq_bus *bus, struct wq_err *err)
{
	struct hj212_server *server = calloc(1, sizeof *server);
	size_t bad;
	int rc = 0;

	if (server == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for bus '%s'", bus->name);
		return NULL;
	}
	server->epoll = server->wake = server->listener = -1;
	server->s.bus = bus;
	server->s.settings = bus->settings;
	if ((rc = hj212_map_open(&server->s.map, bus, &bad, err)) == 0 && server->s.settings->key_file != NULL)
		rc = hj212_map_keys(&server->s.map, server->s.settings->key_file, err);
	if (rc == 0 && (rc = open_targets(server, err)) == 0)
		rc = open_slots(server, err);
	if (rc < 0) {
		hj212_server_close(server);
		return NULL;
	}
	return server;
}

void hj212_server_close(struct hj212_server *server)
{
	if (server == NULL)
		return;
	for (size_t i = 0; server->conns != NULL && i < server->high; i++)
		if (server->conns[i].fd >= 0)
			hj212_conn_release(&server->conns[i]);
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? server->listener : i == 1 ? server->epoll : server->wake;

		if (fd >= 0)
			close(fd);
	}
	hj212_promises_free(server->s.promises);
	hj212_map_close(&server->s.map);
	hj212_peers_free(server->peers);
	free(server->targets);
	free(server->conns);
	free(server->free_slots);
	free(server);
}

/* Room for the descriptors of all connections. */
static int raise_limit(const struct hj212_server *server, struct wq_err *err)
{
	rlim_t wanted = (rlim_t)server->cap + OTHERS_FD;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
		return wq_fail(err, WQ_E_INVALID,
			"%zu connections need %llu open files and the limit is %llu (ulimit -Hn, LimitNOFILE=); lower "
			"max_connections or raise it",
			server->cap, (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
	limit.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0
		? 0
		: wq_fail(err, WQ_E_IO, "the limit of open files cannot be raised: %s", strerrordesc_np(errno));
}

int hj212_server_start(struct hj212_server *server, const struct wq_sink *sink, struct wq_err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .u64 = WHO_WAKE } };
	int rc = raise_limit(server, err);

	if (rc < 0)
		return rc;
	server->sink = *sink;
	server->s.sink = &server->sink;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->s.promises = hj212_promises_new(server->wake);
	if (server->epoll < 0 || server->wake < 0 || server->s.promises == NULL ||
		epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &event) < 0)
		return wq_fail(err, WQ_E_IO, "no epoll: %s", strerrordesc_np(errno));
	server->s.now = since_boot();
	if (hj212_promises_start(server->s.promises, sink) < 0)
		return wq_fail(err, WQ_E_MEMORY, "no thread");
	if (pthread_create(&server->thread, NULL, serve, server) != 0) {
		hj212_promises_end(server->s.promises);
		return wq_fail(err, WQ_E_MEMORY, "no thread");
	}
	server->started = true;
	return 0;
}

void hj212_server_stop(struct hj212_server *server)
{
	if (!server->started)
		return;
	atomic_store(&server->stopping, true);
	if (eventfd_write(server->wake, 1) < 0)
		errno = 0;
	pthread_join(server->thread, NULL);
	hj212_promises_end(server->s.promises);
	server->started = false;
}

uint64_t hj212_server_progress(const struct hj212_server *server)
{
	return atomic_load(&((struct hj212_server *)(uintptr_t)server)->progress);
}
