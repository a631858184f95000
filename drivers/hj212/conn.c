/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers of a connection, and its socket's sending side. */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hj212_conn_doom(struct hj212_conn *conn, const char *why)
{
	if (!conn->doomed)
		conn->why = why;
	conn->doomed = true;
}

bool hj212_conn_hold(struct hj212_conn *conn, const char *bytes, size_t length)
{
	char *copy = NULL;

	if (length > 0) {
		copy = malloc(length);
		if (copy == NULL)
			return false;
		memcpy(copy, bytes, length);
	}
	free(conn->in);
	conn->in = copy;
	conn->in_length = (uint32_t)length;
	return true;
}

/* How many were sent; -1: the connection is broken. */
static ssize_t send_now(const struct hj212_conn *conn, const char *bytes, size_t length)
{
	ssize_t n;

	do
		n = send(conn->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : n;
}

static void keep(struct hj212_conn *conn, const char *bytes, size_t length, wq_ms now)
{
	if (conn->out_length + length > HJ212_OUT_MAX) {
		hj212_conn_doom(conn, "it does not read what it is sent");
		return;
	}
	if (conn->out == NULL && (conn->out = malloc(HJ212_OUT_MAX)) == NULL) {
		hj212_conn_doom(conn, "no memory");
		return;
	}
	if (conn->stuck == WQ_NO_TIME)
		conn->stuck = now;
	memcpy(conn->out + conn->out_length, bytes, length);
	conn->out_length += (uint32_t)length;
}

void hj212_conn_send(struct hj212_conn *conn, const char *bytes, size_t length, wq_ms now)
{
	ssize_t n = 0;

	if (conn->fd < 0 || conn->doomed)
		return;
	if (conn->out == NULL && (n = send_now(conn, bytes, length)) < 0) {
		hj212_conn_doom(conn, "the connection broke");
		return;
	}
	if ((size_t)n < length)
		keep(conn, bytes + n, length - (size_t)n, now);
}

void hj212_conn_flush(struct hj212_conn *conn)
{
	if (conn->out == NULL)
		return;
	ssize_t n = send_now(conn, conn->out + conn->out_at, conn->out_length - conn->out_at);

	if (n < 0) {
		hj212_conn_doom(conn, "the connection broke");
		return;
	}
	conn->out_at += (uint32_t)n;
	if (conn->out_at < conn->out_length)
		return;
	free(conn->out);
	conn->out = NULL;
	conn->out_at = conn->out_length = 0;
	conn->stuck = WQ_NO_TIME;
}

void hj212_conn_release(struct hj212_conn *conn)
{
	uint32_t generation = conn->generation + 1;

	if (conn->fd >= 0)
		close(conn->fd);
	free(conn->in);
	free(conn->out);
	*conn = (struct hj212_conn){ .fd = -1, .generation = generation, .target = -1, .partial = WQ_NO_TIME,
		.stuck = WQ_NO_TIME };
}
