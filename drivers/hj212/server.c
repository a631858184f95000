/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of all connections. Nobody keeps the others waiting: a turn reads a bounded piece of each that is ready, nothing
 * blocks, what is slow has a time limit. */
#include "server.h"

#include "session.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS       256
#define ACCEPTS      64 /* in a turn */
#define TICK         WQ_SECONDS(1)
#define RETRY        20 /* ms, while somebody waits for room in the inbox */
#define PROVE_WITHIN WQ_SECONDS(60) /* a frame of a known station */
#define STUCK_MAX    WQ_SECONDS(30) /* of what a peer does not fetch */
#define CONNECT_FOR  WQ_SECONDS(10)
#define ROOM_AFTER   WQ_SECONDS(5)  /* an unproven connection is this old before it has to make room */
/* libmodbus waits by select(), which knows descriptors below 1024 only: those are left to others. */
#define FIRST_FD     1024
#define OTHERS_FD    512 /* descriptors for the rest of the process */

static const wq_ms back_off[] = { WQ_SECONDS(1), WQ_SECONDS(2), WQ_SECONDS(5), WQ_SECONDS(10), WQ_SECONDS(30) };

enum { WHO_LISTENER = 1, WHO_WAKE = 2 };
#define NOBODY_BUT 16 /* slots begin here in an event's word */

/* A listening station, or our own listener. */
struct target {
	struct sockaddr_storage address;
	socklen_t length;
	wq_ms next_try;
	size_t step; /* of back_off */
	bool busy;   /* there is a connection, or one is tried */
	bool up;
};

struct hj212_server {
	struct hj212_sessions s;
	struct wq_sink sink;
	struct hj212_peers *peers;
	struct hj212_conn *conns;
	uint32_t *free_slots;
	size_t cap, free_count, high; /* high: slots that were ever used */
	size_t blocked;               /* as of the last look */
	struct target *targets;       /* one, of the listener, or those of `connect` */
	size_t target_count;
	int epoll, wake, listener;
	bool resting; /* the listener: there are no descriptors left */
	bool told_down;
	char told[160];
	wq_ms next_tick;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	atomic_uint_fast64_t progress;
	char bytes[HJ212_HELD_MAX + 2 * HJ212_READ_MAX];
};

static wq_ms since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* -- link: told when it changes -- */

static void tell_up(struct hj212_server *server)
{
	server->told_down = false;
	server->sink.link(server->sink.owner, NULL);
}

static void tell_down(struct hj212_server *server, const char *why)
{
	if (server->told_down && strcmp(server->told, why) == 0)
		return;
	server->told_down = true;
	snprintf(server->told, sizeof server->told, "%s", why);
	server->sink.link(server->sink.owner, why);
}

static bool any_up(const struct hj212_server *server)
{
	for (size_t i = 0; i < server->target_count; i++)
		if (server->targets[i].up)
			return true;
	return false;
}

static const char *label_of(const struct hj212_server *server, size_t index)
{
	const struct hj212_bus_settings *settings = server->s.settings;

	return settings->listen != NULL ? settings->listen : settings->connect.items[index];
}

static void target_down(struct hj212_server *server, size_t index, const char *what, const char *why)
{
	const size_t last = sizeof back_off / sizeof *back_off - 1;
	struct target *target = &server->targets[index];
	char text[160];

	target->up = target->busy = false;
	target->next_try = server->s.now + back_off[target->step];
	target->step = target->step < last ? target->step + 1 : last;
	snprintf(text, sizeof text, "%s %s: %s", label_of(server, index), what, why);
	if (!any_up(server))
		tell_down(server, text);
}

static void target_up(struct hj212_server *server, size_t index)
{
	bool first = !any_up(server);

	server->targets[index].up = true;
	if (first)
		tell_up(server);
}

/* -- slots -- */

static uint64_t name_of(const struct hj212_server *server, const struct hj212_conn *conn)
{
	return (uint64_t)conn->generation << 32 | (uint64_t)(conn - server->conns);
}

/* NULL: that connection is gone. */
static struct hj212_conn *conn_of(const struct hj212_server *server, uint64_t name)
{
	uint32_t slot = (uint32_t)name;
	struct hj212_conn *conn = name != HJ212_NOBODY && slot < server->cap ? &server->conns[slot] : NULL;

	return conn != NULL && conn->fd >= 0 && conn->generation == name >> 32 ? conn : NULL;
}

static void watch(struct hj212_server *server, const struct hj212_conn *conn, int how)
{
	struct epoll_event event = { .events = (conn->blocked || conn->connecting ? 0u : (unsigned)EPOLLIN) |
			(conn->out != NULL || conn->connecting ? (unsigned)EPOLLOUT : 0u),
		.data = { .u64 = (uint64_t)(conn - server->conns) + NOBODY_BUT } };

	epoll_ctl(server->epoll, how, conn->fd, &event);
}

static struct hj212_conn *new_conn(struct hj212_server *server, int fd, const struct hj212_peer *peer)
{
	uint32_t slot = server->free_slots[--server->free_count];
	struct hj212_conn *conn = &server->conns[slot];

	conn->fd = fd;
	conn->peer = *peer;
	conn->opened = conn->heard = server->s.now;
	if (slot >= server->high)
		server->high = slot + 1;
	return conn;
}

static void drop(struct hj212_server *server, struct hj212_conn *conn)
{
	const char *why = conn->why != NULL ? conn->why : "it closed the connection";
	int target = conn->target;

	if (conn->doomed && target < 0)
		hj212_sessions_refuse(&server->s, conn, WQ_REFUSED_MALFORMED, "disconnected: %s", why);
	if (target >= 0 && conn->proven)
		server->targets[target].step = 0; /* it was a good one */
	hj212_peers_leave(server->peers, &conn->peer);
	hj212_conn_release(conn);
	server->free_slots[server->free_count++] = (uint32_t)(conn - server->conns);
	if (target >= 0)
		target_down(server, (size_t)target, "is lost", why);
}

/* A descriptor out of the way of select(). */
static int lift(int fd)
{
	int high = fd >= 0 && fd < FIRST_FD ? fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD) : -1;

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

static void keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = { { SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 10 }, { IPPROTO_TCP, TCP_KEEPCNT, 4 }, { IPPROTO_TCP, TCP_NODELAY, 1 } };

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

/* -- reading -- */

/* Bytes that came and those that were held before, to the session; what is left is held. */
static void feed(struct hj212_server *server, struct hj212_conn *conn, size_t length, bool ended)
{
	size_t held = conn->in_length;
	bool was_blocked = conn->blocked;

	if (held > 0) {
		memmove(server->bytes + held, server->bytes, length);
		memcpy(server->bytes, conn->in, held);
		length += held;
	}
	size_t used = hj212_sessions_read(&server->s, conn, name_of(server, conn), server->bytes, length, ended);

	/* Longer than any frame may be: it will not be finished. */
	if (!conn->blocked && !ended && length - used > HJ212_HELD_MAX)
		used += hj212_sessions_read(&server->s, conn, name_of(server, conn), server->bytes + used, length - used,
			true);
	size_t left = length - used;

	if (!conn->doomed && !hj212_conn_hold(conn, server->bytes + used, left))
		hj212_conn_doom(conn, "no memory");
	if (left == 0 || conn->blocked)
		conn->partial = WQ_NO_TIME;
	else if (conn->partial == WQ_NO_TIME || used > 0)
		conn->partial = server->s.now;
	if (conn->blocked != was_blocked)
		server->blocked += conn->blocked ? 1 : (size_t)-1;
}

/* What an event, or time, has made of a connection. */
static void after(struct hj212_server *server, struct hj212_conn *conn)
{
	if (conn->doomed || (conn->over && !conn->blocked)) {
		if (conn->blocked)
			server->blocked--;
		drop(server, conn);
	} else if (conn->over) {
		epoll_ctl(server->epoll, EPOLL_CTL_DEL, conn->fd, NULL); /* only what it left is waited for */
	} else {
		watch(server, conn, EPOLL_CTL_MOD);
	}
}

static void read_conn(struct hj212_server *server, struct hj212_conn *conn)
{
	ssize_t n;

	do
		n = recv(conn->fd, server->bytes, HJ212_READ_MAX, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	conn->over = n <= 0;
	feed(server, conn, n > 0 ? (size_t)n : 0, conn->over);
}

static void finish_connect(struct hj212_server *server, struct hj212_conn *conn)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0) {
		hj212_conn_doom(conn, strerrordesc_np(error));
		return;
	}
	conn->connecting = false;
	conn->opened = conn->heard = server->s.now;
	target_up(server, (size_t)conn->target);
}

static void on_conn(struct hj212_server *server, struct hj212_conn *conn, unsigned events)
{
	if (conn->fd < 0)
		return; /* dropped earlier in this turn */
	if (conn->connecting)
		finish_connect(server, conn);
	else if ((events & EPOLLOUT) != 0)
		hj212_conn_flush(conn);
	if (!conn->doomed && !conn->connecting && !conn->blocked && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		read_conn(server, conn);
	else if (conn->blocked && (events & (EPOLLHUP | EPOLLERR)) != 0)
		conn->over = true;
	after(server, conn);
}

/* -- connections come -- */

/* The oldest that has shown nothing yet makes room; NULL: all are proven, or very new. */
static struct hj212_conn *oldest_unproven(struct hj212_server *server)
{
	struct hj212_conn *oldest = NULL;

	for (size_t i = 0; i < server->high; i++) {
		struct hj212_conn *conn = &server->conns[i];

		if (conn->fd >= 0 && !conn->proven && conn->target < 0 && (oldest == NULL || conn->opened < oldest->opened))
			oldest = conn;
	}
	return oldest != NULL && server->s.now - oldest->opened >= ROOM_AFTER ? oldest : NULL;
}

/* NULL: the peer may come in; or why not. */
static const char *admit(struct hj212_server *server, const struct hj212_peer *peer)
{
	const struct hj212_bus_settings *settings = server->s.settings;
	struct hj212_conn *old = NULL;

	if (!hj212_allowed(&settings->allow, peer))
		return "its address is not allowed";
	if (server->free_count == 0 && (old = oldest_unproven(server)) != NULL) {
		hj212_conn_doom(old, "it has shown nothing yet and others want in");
		after(server, old);
	}
	if (server->free_count == 0)
		return "as many are connected as may be";
	if (!hj212_peers_enter(server->peers, peer, (size_t)settings->max_per_address))
		return "its address has as many connections as it may";
	return NULL;
}

static void take_in(struct hj212_server *server, int fd, const struct sockaddr_storage *address)
{
	struct hj212_conn stranger = { .peer = hj212_peer_of(address) };
	const char *why = admit(server, &stranger.peer);

	if (why != NULL) {
		hj212_sessions_refuse(&server->s, &stranger, WQ_REFUSED_UNKNOWN, "not let in: %s", why);
		close(fd);
		return;
	}
	struct hj212_conn *conn = new_conn(server, lift(fd), &stranger.peer);

	keep_alive(conn->fd);
	watch(server, conn, EPOLL_CTL_ADD);
}

static void rest_listener(struct hj212_server *server, bool rest)
{
	struct epoll_event event = { .events = rest ? 0 : EPOLLIN, .data = { .u64 = WHO_LISTENER } };

	server->resting = rest;
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

static void accept_some(struct hj212_server *server)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t length = sizeof address;
		int fd = accept4(server->listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			take_in(server, fd, &address);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest_listener(server, true); /* until the next tick */
		if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* -- we listen, or connect -- */

static int open_listener(struct hj212_server *server)
{
	struct target *target = &server->targets[0];
	int on = 1, off = 0;
	int fd = lift(socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	struct epoll_event event = { .events = EPOLLIN, .data = { .u64 = WHO_LISTENER } };

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (target->address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, (struct sockaddr *)&target->address, target->length) < 0 || listen(fd, SOMAXCONN) < 0 ||
		epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	server->listener = fd;
	return 0;
}

static void try_listen(struct hj212_server *server)
{
	if (open_listener(server) < 0) {
		target_down(server, 0, "cannot be listened on", strerrordesc_np(errno));
		return;
	}
	server->targets[0].busy = true;
	target_up(server, 0);
}

static void try_connect(struct hj212_server *server, size_t index)
{
	struct target *target = &server->targets[index];
	struct hj212_peer peer = hj212_peer_of(&target->address);
	int fd = server->free_count > 0
		? lift(socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
		: -1;

	if (fd < 0 || (connect(fd, (struct sockaddr *)&target->address, target->length) < 0 && errno != EINPROGRESS) ||
		!hj212_peers_enter(server->peers, &peer, SIZE_MAX)) {
		target_down(server, index, "cannot be connected to", strerrordesc_np(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	struct hj212_conn *conn = new_conn(server, fd, &peer);

	target->busy = true;
	conn->target = (int)index;
	conn->connecting = true;
	keep_alive(fd);
	watch(server, conn, EPOLL_CTL_ADD);
}

static void try_targets(struct hj212_server *server)
{
	for (size_t i = 0; i < server->target_count; i++) {
		if (server->targets[i].busy || server->s.now < server->targets[i].next_try)
			continue;
		if (server->s.settings->listen != NULL)
			try_listen(server);
		else
			try_connect(server, i);
	}
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
		feed(server, conn, 0, true);
	if (why != NULL || unfinished)
		after(server, conn);
}

static void tick_station(struct hj212_server *server, struct hj212_station *station)
{
	struct hj212_conn *conn = conn_of(server, station->connection);

	if (conn == NULL) {
		hj212_dialog_lost(&station->dialog);
		station->connection = HJ212_NOBODY;
		return;
	}
	bool was = station->dialog.state != HJ212_QUIET;

	hj212_sessions_ask(&server->s, station, conn);
	server->s.asking += !was && station->dialog.state != HJ212_QUIET;
	if (conn->out != NULL || conn->doomed)
		after(server, conn);
}

static void tick(struct hj212_server *server)
{
	struct hj212_sessions *s = &server->s;

	if (server->resting)
		rest_listener(server, false);
	try_targets(server);
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
		feed(server, conn, 0, conn->over);
		bool still = conn->blocked;

		after(server, conn);
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
		struct hj212_conn *conn = conn_of(server, promise.connection);

		/* What is not on disk is not acknowledged: the station sends it again. */
		if (conn == NULL || promise.rc < 0)
			continue;
		hj212_conn_send(conn, promise.frame, promise.length, server->s.now);
		if (conn->out != NULL || conn->doomed)
			after(server, conn);
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
				accept_some(server);
			else if (who == WHO_WAKE)
				keep_promises(server);
			else
				on_conn(server, &server->conns[who - NOBODY_BUT], events[i].events);
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
		int rc = hj212_address_parse(label_of(server, i), &target->address, &target->length, err);

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
	rlim_t wanted = (rlim_t)server->cap + FIRST_FD + OTHERS_FD;
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
	server->epoll = lift(epoll_create1(EPOLL_CLOEXEC));
	server->wake = lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
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
