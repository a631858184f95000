/* SPDX-License-Identifier: Apache-2.0 */
/* The only file of this room that knows libmicrohttpd. */
#include "http.h"

#include "answer.h"
#include "rate.h"

#include "clock.h"
#include "ctl/guard.h"
#include "wq/err.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A body that is too long is read and thrown away up to here, so that the refusal is seen; beyond, the connection is cut. */
#define SWALLOW_MAX ((size_t)64 * 1024)
#define STACK       ((size_t)256 * 1024)
#define ADDRESS     64

struct http {
	struct MHD_Daemon *daemon;
	struct links *links;
	struct ctl_guard *guard;
	ctl_handle *ask;
	void *owner;
	pthread_mutex_t mutex;
	struct rate rate; /* under the mutex */
};

struct incoming {
	size_t length, thrown;
	char body[HTTP_BODY + 1];
};

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Content-Type", "text/html; charset=utf-8" },
	{ "Cache-Control", "no-store" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "X-Robots-Tag", "noindex, nofollow, noarchive, nosnippet" },
	{ "Content-Security-Policy", page_policy },
	{ "Connection", "close" },
};

static enum MHD_Result respond(struct MHD_Connection *connection, enum page_kind kind, char *page, size_t length)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length, page, MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	if (kind == PAGE_METHOD)
		MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
	if (kind == PAGE_OFTEN || kind == PAGE_BUSY || kind == PAGE_UNSURE)
		MHD_add_response_header(response, "Retry-After", "60");
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)page_status(kind), response);

	MHD_destroy_response(response);
	return queued;
}

/* Whether the peer is on this machine: then it is the proxy, and says for whom it asks. */
static bool peer_of(struct MHD_Connection *connection, char out[ADDRESS])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info != NULL ? info->client_addr : NULL;

	snprintf(out, ADDRESS, "%s", "local");
	if (address != NULL && address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;

		inet_ntop(AF_INET, &four->sin_addr, out, ADDRESS);
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;

		inet_ntop(AF_INET6, &six->sin6_addr, out, ADDRESS);
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	}
	return true;
}

static enum MHD_Result keep_forwarded(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const char **last = owner;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0 && value != NULL)
		*last = value;
	return MHD_YES;
}

/* The last address of the last X-Forwarded-For is what our proxy saw; those before it are the client's own tale. */
static void client_of(struct MHD_Connection *connection, char out[ADDRESS])
{
	const char *said = NULL;

	MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_forwarded, &said);
	if (!peer_of(connection, out) || said == NULL)
		return;
	const char *last = strrchr(said, ',');

	last = last != NULL ? last + 1 : said;
	last += strspn(last, " \t");
	snprintf(out, ADDRESS, "%.*s", (int)strcspn(last, " \t"), last);
}

static bool may_ask(struct http *http, struct MHD_Connection *connection)
{
	char client[ADDRESS];

	client_of(connection, client);
	pthread_mutex_lock(&http->mutex);
	bool may = rate_take(&http->rate, client, clock_boot());

	pthread_mutex_unlock(&http->mutex);
	return may;
}

static bool is_form(struct MHD_Connection *connection, const struct incoming *in)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");

	return type != NULL ? strncasecmp(type, form, sizeof form - 1) == 0 : in->length == 0;
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection, const char *path, const char *method,
	const struct incoming *in)
{
	const struct web_request request = { .method = method,
		.path = path,
		.body = in->body,
		.length = in->length,
		.form = is_form(connection, in) };
	enum page_kind kind = in->thrown > 0 ? PAGE_LARGE : PAGE_OFTEN;
	char page[PAGE_TEXT];
	size_t length;

	if (may_ask(http, connection) && in->thrown == 0)
		kind = web_answer(http->links, http->ask, http->owner, &request, page, &length);
	else
		length = page_write(kind, NULL, page);
	return respond(connection, kind, page, length);
}

/* Keeps a piece of the body; false when the sender has gone too far. */
static bool take(struct incoming *in, const char *data, size_t size)
{
	if (in->thrown == 0 && size <= HTTP_BODY - in->length) {
		memcpy(in->body + in->length, data, size);
		in->length += size;
		return true;
	}
	in->thrown += size;
	return in->thrown <= SWALLOW_MAX;
}

/* Called when the headers are there, then for every piece of the body, then once more. */
static enum MHD_Result serve(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *data, size_t *size, void **cursor)
{
	struct incoming *in = *cursor;

	(void)version;
	if (in == NULL) {
		*cursor = in = calloc(1, sizeof *in);
		return in != NULL ? MHD_YES : MHD_NO;
	}
	if (*size == 0)
		return answer(cls, connection, path, method, in);
	bool go_on = take(in, data, *size);

	*size = 0;
	return go_on ? MHD_YES : MHD_NO;
}

static void forget(void *cls, struct MHD_Connection *connection, void **cursor, enum MHD_RequestTerminationCode why)
{
	(void)cls, (void)connection, (void)why;
	free(*cursor);
	*cursor = NULL;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	const struct http *http = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	(void)context;
	if (info == NULL)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		ctl_guard_opened(http->guard, info->connect_fd);
	else
		ctl_guard_closed(http->guard, info->connect_fd);
}

/* A request that is no HTTP is answered by the library; it has nothing to say in the log, which anybody could fill. */
static void say_nothing(void *cls, const char *format, va_list args)
{
	(void)cls, (void)format, (void)args;
}

static struct MHD_Daemon *start(struct http *http, int listener)
{
	/* As the control socket: poll, and a thread a connection, because a handler waits for main. */
	unsigned flags =
		MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(flags, 0, NULL, NULL, serve, http, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CTL_SERVER_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_HEADERS,
		MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, http,
		MHD_OPTION_THREAD_STACK_SIZE, STACK, MHD_OPTION_END);
}

/* Whether the library closed the listener on its way out differs from failure to failure: closed is what is still the same
 * socket, and nothing that has its number by now. */
static void close_if_same(int fd, const struct stat *was)
{
	struct stat is;

	if (fstat(fd, &is) == 0 && is.st_dev == was->st_dev && is.st_ino == was->st_ino)
		close(fd);
}

struct http *http_start(int listener, struct links *links, ctl_handle *ask, void *owner, struct wq_err *err)
{
	struct http *http = calloc(1, sizeof *http);
	struct stat was = { 0 };

	if (http == NULL || fstat(listener, &was) < 0) {
		close(listener);
		free(http);
		wq_fail(err, WQ_E_MEMORY, "links: no memory for the server");
		return NULL;
	}
	http->links = links;
	http->ask = ask;
	http->owner = owner;
	pthread_mutex_init(&http->mutex, NULL);
	http->guard = ctl_guard_start(WQ_SECONDS(CTL_SERVER_LIFE_S), err);
	if (http->guard != NULL)
		http->daemon = start(http, listener);
	if (http->daemon != NULL)
		return http;
	if (http->guard != NULL)
		wq_fail(err, WQ_E_IO, "links: the HTTP server does not start");
	close_if_same(listener, &was);
	http_stop(http);
	return NULL;
}

void http_stop(struct http *http)
{
	if (http == NULL)
		return;
	if (http->daemon != NULL) {
		MHD_quiesce_daemon(http->daemon);
		MHD_stop_daemon(http->daemon);
	}
	ctl_guard_stop(http->guard);
	pthread_mutex_destroy(&http->mutex);
	free(http);
}
