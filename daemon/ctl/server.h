/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's control socket: HTTP with JSON bodies on a Unix socket of mode 0660, so that the
 * group of the socket's directory decides who may speak. The kernel says who does (SO_PEERCRED).
 *
 * Bounds: 32 connections (one more is turned away), 16 KiB of body, 10 s of silence, 20 s of life, one
 * thread a connection. */
#ifndef WQ_CTL_SERVER_H
#define WQ_CTL_SERVER_H

#include <stddef.h>
#include <sys/types.h>

struct wq_err;
struct ctl_server;

#define CTL_SERVER_BODY_MAX    ((size_t)16 * 1024)
#define CTL_SERVER_CONNECTIONS 32
#define CTL_SERVER_TIMEOUT_S   10 /* of silence */
#define CTL_SERVER_LIFE_S      20 /* of a connection as a whole */
#define CTL_USER_TEXT          64

struct ctl_request {
	const char *method; /* "GET" or "POST": others never reach the handler */
	const char *path;   /* unescaped, without the query: "/v1/status" */
	const char *body;   /* NUL-terminated, "" when there is none; as it came, not checked */
	size_t body_length; /* may hold NULs before its end */
	/* Who is at the other end, as the kernel knows it. */
	uid_t uid;
	pid_t pid;
	const char *user; /* login name of uid, "uid 1234" when it has none */
};

struct ctl_reply {
	int status; /* HTTP status; 200 unless the handler says otherwise */
	char *body; /* malloc'd JSON, NUL-terminated; the server frees it. NULL: {} */
};

/* Answers one request. Called on a thread of the server, several at once; may block for at most 5
 * s. Returns 0, or a negative enum wq_code when it has no answer: STATE and TIMEOUT are told as
 * 503, everything else as 500. */
typedef int ctl_handle(void *owner, const struct ctl_request *request, struct ctl_reply *reply);

/* Makes the socket and serves it. A socket file that nobody listens on is replaced; WQ_E_STATE when
 * somebody does, WQ_E_INVALID when the path is something else than a socket or too long, WQ_E_IO
 * for what the system refuses. NULL with *err on failure, and the path is then as it was found. */
struct ctl_server *ctl_server_start(
        const char *path, ctl_handle *handle, void *owner, struct wq_err *err);

/* Removes the socket, waits for the handlers that run (so whoever they wait for must still answer
 * or refuse them) and frees everything. NULL is fine. */
void ctl_server_stop(struct ctl_server *server);

#endif
