/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes in, and where we go. */
#include "server_parts.h"

#include "wq/err.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ACCEPTS 64 /* in a turn */

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
		hj212_after(server, old);
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
	struct hj212_conn *conn = hj212_new_conn(server, fd, &stranger.peer);

	hj212_keep_alive(conn->fd);
	hj212_watch(server, conn, EPOLL_CTL_ADD);
}

void hj212_rest_listener(struct hj212_server *server, bool rest)
{
	struct epoll_event event = { .events = rest ? 0 : EPOLLIN, .data = { .u64 = WHO_LISTENER } };

	server->resting = rest;
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

void hj212_accept_some(struct hj212_server *server)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t length = sizeof address;
		int fd = accept4(server->listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			take_in(server, fd, &address);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			hj212_rest_listener(server, true); /* until the next tick */
		if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* -- we listen, or connect -- */

static int open_listener(struct hj212_server *server)
{
	struct target *target = &server->targets[0];
	int on = 1, off = 0;
	int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
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
		hj212_target_down(server, 0, "cannot be listened on", strerrordesc_np(errno));
		return;
	}
	server->targets[0].busy = true;
	hj212_target_up(server, 0);
}

static void try_connect(struct hj212_server *server, size_t index)
{
	struct target *target = &server->targets[index];
	struct hj212_peer peer = hj212_peer_of(&target->address);
	int fd = server->free_count > 0
		? socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
		: -1;

	if (fd < 0 || (connect(fd, (struct sockaddr *)&target->address, target->length) < 0 && errno != EINPROGRESS) ||
		!hj212_peers_enter(server->peers, &peer, SIZE_MAX)) {
		hj212_target_down(server, index, "cannot be connected to", strerrordesc_np(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	struct hj212_conn *conn = hj212_new_conn(server, fd, &peer);

	target->busy = true;
	conn->target = (int)index;
	conn->connecting = true;
	hj212_keep_alive(fd);
	hj212_watch(server, conn, EPOLL_CTL_ADD);
}

void hj212_try_targets(struct hj212_server *server)
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
