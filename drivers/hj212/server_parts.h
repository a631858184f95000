/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server share: server.c (the loop, time, beginning and end), slots.c (connections and their bytes),
 * doors.c (who comes in, and where we go). The server's thread only. */
#ifndef HJ212_SERVER_PARTS_H
#define HJ212_SERVER_PARTS_H

#include "server.h"
#include "session.h"

#include <pthread.h>
#include <stdatomic.h>

#define ROOM_AFTER WQ_SECONDS(5) /* an unproven connection is this old before it has to make room */

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

/* slots.c */
void hj212_target_down(struct hj212_server *server, size_t index, const char *what, const char *why);
void hj212_target_up(struct hj212_server *server, size_t index);
const char *hj212_label_of(const struct hj212_server *server, size_t index);
struct hj212_conn *hj212_conn_of(const struct hj212_server *server, uint64_t name);
void hj212_watch(struct hj212_server *server, const struct hj212_conn *conn, int how);
struct hj212_conn *hj212_new_conn(struct hj212_server *server, int fd, const struct hj212_peer *peer);
void hj212_keep_alive(int fd);
void hj212_feed(struct hj212_server *server, struct hj212_conn *conn, size_t length, bool ended);
void hj212_after(struct hj212_server *server, struct hj212_conn *conn);
void hj212_on_conn(struct hj212_server *server, struct hj212_conn *conn, unsigned events);

/* doors.c */
void hj212_rest_listener(struct hj212_server *server, bool rest);
void hj212_accept_some(struct hj212_server *server);
void hj212_try_targets(struct hj212_server *server);

#endif
