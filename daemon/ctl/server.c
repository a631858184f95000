/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: takes requests within bounds, learns from the kernel who asks, hands them to
 * the daemon. The only file of the daemon that knows libmicrohttpd. */
#include "server.h"

#include "guard.h"
#include "place.h"

#include "wq/err.h"

#include <microhttpd.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A body that is too long is read and thrown away up to here, so that the client gets to see the
 * refusal (a Unix socket closed with unread bytes loses what was written to it); beyond, the
 * connection is cut. */
#define SWALLOW_MAX ((size_t)1024 * 1024)

/* Of a connection's thread: looking up a user may take some, the usual 8 MB are room that a small gateway
 * may not have. */
#define STACK ((size_t)512 * 1024)

struct ctl_server {
	struct MHD_Daemon *http;
	struct ctl_place place;
	int listener; /* ours until http has it */
	struct ctl_guard *guard;
	ctl_handle *handle;
	void *owner;
};

/* One request while its body arrives. */
struct incoming {
	size_t length;
	size_t thrown; /* bytes beyond the limit */
	char body[CTL_SERVER_BODY_MAX + 1];
};

static enum MHD_Result respond(struct MHD_Connection *connection, int status, char *json)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (json)
		response =
		        MHD_create_response_from_buffer(strlen(json), json, MHD_RESPMEM_MUST_FREE);
	else
		response = MHD_create_response_from_buffer(2, (void *)"{}", MHD_RESPMEM_MUST_COPY);
	if (!response) {
		free(json);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "application/json; charset=utf-8");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	queued = MHD_queue_response(connection, (unsigned int)status, response);
	MHD_destroy_response(response);
	return queued;
}

/* `reason` is plain ASCII without quotes: it goes into JSON as it is. */
static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *reason)
{
	char *json = NULL;

	if (asprintf(&json, "{\"error\":\"%s\"}", reason) < 0)
		return MHD_NO;
	return respond(connection, status, json);
}

static void name_user(uid_t uid, char name[CTL_USER_TEXT])
{
	struct passwd entry, *found = NULL;
	char room[2048];

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
		snprintf(name, CTL_USER_TEXT, "%s", found->pw_name);
	else
		snprintf(name, CTL_USER_TEXT, "uid %u", (unsigned int)uid);
}

/* Who is at the other end; false when the kernel does not tell. */
static bool peer_of(struct MHD_Connection *connection, struct ucred *peer)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	socklen_t length = sizeof *peer;

	return info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, peer, &length) == 0;
}

static enum MHD_Result answer(const struct ctl_server *server, struct MHD_Connection *connection,
        const char *path, const char *method, const struct incoming *in)
{
	char user[CTL_USER_TEXT];
	struct ctl_reply reply = { .status = MHD_HTTP_OK };
	struct ctl_request request = { .method = method,
		.path = path,
		.body = in->body,
		.body_length = in->length,
		.user = user };
	struct ucred peer;
	int r;

	if (in->thrown)
		return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body exceeds 16 KiB");
	if (!peer_of(connection, &peer))
		return refuse(connection, MHD_HTTP_FORBIDDEN, "who asks is not known");
	request.uid = peer.uid;
	request.pid = peer.pid;
	name_user(peer.uid, user);
	r = server->handle(server->owner, &request, &reply);
	if (r >= 0)
		return respond(connection, reply.status, reply.body);
	free(reply.body);
	if (r == WQ_E_STATE || r == WQ_E_TIMEOUT)
		return refuse(
		        connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the daemon is busy or stopping");
	return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the daemon failed to answer");
}

/* Keeps a piece of the body; false when the sender has gone too far. */
static bool take(struct incoming *in, const char *data, size_t size)
{
	size_t room = CTL_SERVER_BODY_MAX - in->length;

	if (in->thrown == 0 && size <= room) {
		memcpy(in->body + in->length, data, size);
		in->length += size;
		return true;
	}
	in->thrown += size;
	return in->thrown <= SWALLOW_MAX;
}

/* libmicrohttpd calls this when the headers are there, then for every piece of the body, then once
 * more. */
static enum MHD_Result serve(void *cls, struct MHD_Connection *connection, const char *path,
        const char *method, const char *version, const char *data, size_t *size, void **cursor)
{
	struct incoming *in = *cursor;

	(void)version;
	if (!in) {
		*cursor = in = calloc(1, sizeof *in);
		return in ? MHD_YES : MHD_NO;
	}
	if (*size > 0) {
		bool go_on = take(in, data, *size);
		*size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
		return refuse(
		        connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and POST are served");
	return answer(cls, connection, path, method, in);
}

static void forget(void *cls, struct MHD_Connection *connection, void **cursor,
        enum MHD_RequestTerminationCode why)
{
	(void)cls;
	(void)connection;
	(void)why;
	free(*cursor);
	*cursor = NULL;
}

/* Connections come and go: the guard must know. */
static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
        enum MHD_ConnectionNotificationCode what)
{
	const struct ctl_server *server = cls;
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	(void)context;
	if (!info)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		ctl_guard_opened(server->guard, info->connect_fd);
	else
		ctl_guard_closed(server->guard, info->connect_fd);
}

static int start_http(struct ctl_server *server, struct wq_err *err)
{
	/* poll: select would refuse descriptors above 1023, which the daemon has. A thread a
	 * connection: a handler may wait for the main thread, and others must not wait for it. */
	unsigned int flags =
	        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;

	server->http = MHD_start_daemon(flags, 0, NULL, NULL, serve, server,
	        MHD_OPTION_LISTEN_SOCKET, server->listener, MHD_OPTION_CONNECTION_LIMIT,
	        (unsigned int)CTL_SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned int)CTL_SERVER_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)32 * 1024, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL,
	        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_THREAD_STACK_SIZE,
	        STACK, MHD_OPTION_END);
	if (server->http)
		return 0;
	/* Whether it closed the listener on its way out differs from failure to failure; a
	 * descriptor lost is better than somebody else's closed. */
	server->listener = -1;
	return wq_fail(err, WQ_E_IO, "control socket %s: the HTTP server does not start",
	        server->place.address.sun_path);
}

struct ctl_server *ctl_server_start(
        const char *path, ctl_handle *handle, void *owner, struct wq_err *err)
{
	struct ctl_server *server = calloc(1, sizeof *server);

	if (!server) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the control socket");
		return NULL;
	}
	server->listener = -1;
	server->handle = handle;
	server->owner = owner;
	server->guard = ctl_guard_start(WQ_SECONDS(CTL_SERVER_LIFE_S), err);
	if (server->guard)
		server->listener = ctl_place_open(
		        &server->place, path, 0660, "control socket", CTL_SERVER_CONNECTIONS, err);
	if (server->listener < 0 || start_http(server, err) < 0) {
		ctl_server_stop(server);
		return NULL;
	}
	return server;
}

void ctl_server_stop(struct ctl_server *server)
{
	if (!server)
		return;
	ctl_place_close(&server->place);
	if (server->http) {
		/* Quiesced first: no connection is accepted while those that run are waited for. */
		MHD_quiesce_daemon(server->http);
		MHD_stop_daemon(server->http);
	}
	if (server->listener >= 0)
		close(server->listener);
	ctl_guard_stop(server->guard);
	free(server);
}
