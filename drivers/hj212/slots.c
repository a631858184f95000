/* SPDX-License-Identifier: Apache-2.0 */
/* Connections in their places, and what comes over them. */
#include "server_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const wq_ms back_off[] = { WQ_SECONDS(1), WQ_SECONDS(2), WQ_SECONDS(5), WQ_SECONDS(10), WQ_SECONDS(30) };

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

const char *hj212_label_of(const struct hj212_server *server, size_t index)
{
	const struct hj212_bus_settings *settings = server->s.settings;

	return settings->listen != NULL ? settings->listen : settings->connect.items[index];
}

void hj212_target_down(struct hj212_server *server, size_t index, const char *what, const char *why)
{
	const size_t last = sizeof back_off / sizeof *back_off - 1;
	struct target *target = &server->targets[index];
	char text[160];

	target->up = target->busy = false;
	target->next_try = server->s.now + back_off[target->step];
	target->step = target->step < last ? target->step + 1 : last;
	snprintf(text, sizeof text, "%s %s: %s", hj212_label_of(server, index), what, why);
	if (!any_up(server))
		tell_down(server, text);
}

void hj212_target_up(struct hj212_server *server, size_t index)
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
struct hj212_conn *hj212_conn_of(const struct hj212_server *server, uint64_t name)
{
	uint32_t slot = (uint32_t)name;
	struct hj212_conn *conn = name != HJ212_NOBODY && slot < server->cap ? &server->conns[slot] : NULL;

	return conn != NULL && conn->fd >= 0 && conn->generation == name >> 32 ? conn : NULL;
}

void hj212_watch(struct hj212_server *server, const struct hj212_conn *conn, int how)
{
	struct epoll_event event = { .events = (conn->blocked || conn->connecting ? 0u : (unsigned)EPOLLIN) |
			(conn->out != NULL || conn->connecting ? (unsigned)EPOLLOUT : 0u),
		.data = { .u64 = (uint64_t)(conn - server->conns) + NOBODY_BUT } };

	epoll_ctl(server->epoll, how, conn->fd, &event);
}

struct hj212_conn *hj212_new_conn(struct hj212_server *server, int fd, const struct hj212_peer *peer)
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
		hj212_target_down(server, (size_t)target, "is lost", why);
}

void hj212_keep_alive(int fd)
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
void hj212_feed(struct hj212_server *server, struct hj212_conn *conn, size_t length, bool ended)
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
void hj212_after(struct hj212_server *server, struct hj212_conn *conn)
{
	if (conn->doomed || (conn->over && !conn->blocked)) {
		if (conn->blocked)
			server->blocked--;
		drop(server, conn);
	} else if (conn->over) {
		epoll_ctl(server->epoll, EPOLL_CTL_DEL, conn->fd, NULL); /* only what it left is waited for */
	} else {
		hj212_watch(server, conn, EPOLL_CTL_MOD);
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
	hj212_feed(server, conn, n > 0 ? (size_t)n : 0, conn->over);
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
	hj212_target_up(server, (size_t)conn->target);
}

void hj212_on_conn(struct hj212_server *server, struct hj212_conn *conn, unsigned events)
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
	hj212_after(server, conn);
}
