/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP call over the daemon's Unix socket, and what to tell the operator when it fails. */
#include "client.h"

#include "commands.h"
#include "config/config.h"
#include "wq/err.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define SOCKET_TEXT sizeof(((struct sockaddr_un *)0)->sun_path)

enum { KEY_SOCKET = 's', KEY_CONFIG = 'c' };

static const struct argp_option options[] = {
	{ "socket", KEY_SOCKET, "PATH", 0,
	        "the daemon's control socket (default " CTL_DEFAULT_SOCKET ")", 0 },
	{ "config", KEY_CONFIG, "FILE", 0, "take the path of the socket from this configuration",
	        0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_target *target = state->input;

	switch (key) {
	case KEY_SOCKET:
		target->socket = arg;
		return 0;
	case KEY_CONFIG:
		target->config = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp ctl_target_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

/* The body of the answer as it arrives. */
struct received {
	char *bytes;
	size_t length, room;
};

static size_t receive(char *data, size_t size, size_t count, void *cls)
{
	struct received *in = cls;
	size_t added = size * count;

	if (added > CTL_CLIENT_ANSWER_MAX - in->length)
		return 0;
	if (in->length + added > in->room) {
		size_t room = 2 * (in->length + added);
		char *bytes = realloc(in->bytes, room);
		if (!bytes)
			return 0;
		in->bytes = bytes;
		in->room = room;
	}
	memcpy(in->bytes + in->length, data, added);
	in->length += added;
	return added;
}

void ctl_answer_free(struct ctl_answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
}

static int explain(CURL *curl, CURLcode r, const char *socket, struct wq_err *err)
{
	long number = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	if (r == CURLE_OPERATION_TIMEDOUT)
		return wq_fail(err, WQ_E_TIMEOUT, "%s: the daemon did not answer within %ld s",
		        socket, CTL_CLIENT_TIMEOUT_MS / 1000);
	if (number == EACCES)
		return wq_fail(err, WQ_E_IO,
		        "%s: permission denied: ask as a member of the group that the socket "
		        "belongs to (wqd)",
		        socket);
	/* A full backlog has no number of its own here. */
	if (r == CURLE_COULDNT_CONNECT && (number == 0 || number == EAGAIN))
		return wq_fail(err, WQ_E_IO,
		        "%s: not answered: too many ask at once, or no daemon runs; try again",
		        socket);
	if (r == CURLE_COULDNT_CONNECT)
		return wq_fail(err, WQ_E_IO, "%s: no daemon answers there%s%s", socket,
		        number ? ": " : "", number ? strerror((int)number) : "");
	if (r == CURLE_GOT_NOTHING || r == CURLE_RECV_ERROR || r == CURLE_SEND_ERROR)
		return wq_fail(err, WQ_E_IO,
		        "%s: the daemon hung up: it stops, or too many ask at once; try again",
		        socket);
	if (r == CURLE_WRITE_ERROR)
		return wq_fail(err, WQ_E_PROTOCOL, "%s: the answer exceeds %u MiB", socket,
		        CTL_CLIENT_ANSWER_MAX >> 20);
	return wq_fail(err, WQ_E_PROTOCOL, "%s: what answers there is not wqd: %s", socket,
	        curl_easy_strerror(r));
}

static int prepare(CURL *curl, const char *socket, const char *method, const char *url,
        const char *body, struct curl_slist *headers, struct received *in)
{
	bool ok = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
	        /* Without this the environment's http_proxy would be asked through the socket. */
	        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CTL_CLIENT_TIMEOUT_MS) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_WRITEDATA, in) == CURLE_OK;

	if (ok && strcmp(method, "POST") == 0)
		ok = curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
		        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK;
	return ok ? 0 : WQ_E_MEMORY;
}

/* Sends `text` and parses what comes back. */
static int exchange(CURL *curl, const char *socket, const char *method, const char *path,
        const char *text, struct ctl_answer *answer, struct wq_err *err)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct received in = { 0 };
	char url[256];
	long status = 0;
	int r;
	CURLcode c;

	if ((size_t)snprintf(url, sizeof url, "http://wqd%s", path) >= sizeof url)
		r = wq_fail(err, WQ_E_INVALID, "path too long: %s", path);
	else if (!headers || prepare(curl, socket, method, url, text, headers, &in) < 0)
		r = wq_fail(err, WQ_E_MEMORY, "no memory");
	else if ((c = curl_easy_perform(curl)) != CURLE_OK)
		r = explain(curl, c, socket, err);
	else {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		answer->status = (int)status;
		answer->json = in.length > 0 ? json_loadb(in.bytes, in.length, 0, NULL) : NULL;
		r = 0;
	}
	curl_slist_free_all(headers);
	free(in.bytes);
	return r;
}

int ctl_call(const char *socket, const char *method, const char *path, const json_t *body,
        struct ctl_answer *answer, struct wq_err *err)
{
	char *text;
	CURL *curl;
	int r;

	*answer = (struct ctl_answer){ 0 };
	if (strlen(socket) == 0 || strlen(socket) >= SOCKET_TEXT)
		return wq_fail(err, WQ_E_INVALID, "socket '%s': a path of 1 to %zu bytes is needed",
		        socket, SOCKET_TEXT - 1);
	text = body ? json_dumps(body, JSON_COMPACT) : strdup("");
	curl = curl_easy_init();
	if (text && curl)
		r = exchange(curl, socket, method, path, text, answer, err);
	else
		r = wq_fail(err, WQ_E_MEMORY, "no memory");
	curl_easy_cleanup(curl);
	free(text);
	return r;
}

/* Finds the path of the socket; says what is wrong with the configuration. */
static int find_socket(const struct ctl_target *target, char socket[SOCKET_TEXT])
{
	struct config_report report = { 0 };
	struct config *config;
	const char *path = target->socket ? target->socket : CTL_DEFAULT_SOCKET;
	int length;

	if (target->socket || !target->config) {
		length = snprintf(socket, SOCKET_TEXT, "%s", path);
	} else {
		config = config_load(target->config, &report);
		if (!config) {
			config_report_print(&report, "the daemon was not asked", stderr);
			return CTL_WRONG;
		}
		path = config->paths.socket ? config->paths.socket : path;
		length = snprintf(socket, SOCKET_TEXT, "%s", path);
		config_free(config);
	}
	if (length > 0 && (size_t)length < SOCKET_TEXT)
		return CTL_DONE;
	fprintf(stderr,
	        "wqctl: the path of the control socket has %d bytes, 1 to %zu are allowed\n",
	        length, SOCKET_TEXT - 1);
	return CTL_USAGE;
}

/* What an answer other than 2xx means for the operator. */
static int said_no(const struct ctl_answer *answer)
{
	const char *reason = json_string_value(json_object_get(answer->json, "error"));

	if (reason)
		fprintf(stderr, "wqctl: %s\n", reason);
	else if (!answer->json)
		fprintf(stderr, "wqctl: the daemon's answer (status %d) is not JSON\n",
		        answer->status);
	else
		fprintf(stderr, "wqctl: the daemon answered with status %d\n", answer->status);
	return answer->status == 503 ? CTL_UNREACHABLE : CTL_WRONG;
}

int ctl_ask(const struct ctl_target *target, const char *method, const char *path,
        const json_t *body, struct ctl_answer *answer)
{
	char socket[SOCKET_TEXT];
	struct wq_err err = { 0 };
	int r = find_socket(target, socket);

	*answer = (struct ctl_answer){ 0 };
	if (r != CTL_DONE)
		return r;
	if (ctl_call(socket, method, path, body, answer, &err) < 0) {
		fprintf(stderr, "wqctl: %s\n", err.text);
		return CTL_UNREACHABLE;
	}
	if (answer->status >= 200 && answer->status < 300 && answer->json)
		return CTL_DONE;
	r = said_no(answer);
	ctl_answer_free(answer);
	return r;
}
