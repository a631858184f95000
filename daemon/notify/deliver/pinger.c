/* SPDX-License-Identifier: Apache-2.0 */
/* One GET at a time. */
#include "pinger.h"

#include "notify/channel/address.h"
#include "notify/channel/secret.h"

#include "wq/err.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX (64 * 1024)

struct pinger {
	const struct config_ping *ping;
	const char *credentials;
	struct pinger_events events;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	bool wanted, alive; /* under the mutex */
	atomic_bool stop;
};

/* Nobody reads it; an endless one ends the transfer. */
static size_t drop(char *bytes, size_t size, size_t count, void *owner)
{
	size_t *length = owner;

	(void)bytes;
	*length += size * count;
	return *length <= BODY_MAX ? size * count : 0;
}

/* Looked at while it connects and transfers. */
static int cut_short(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct pinger *pinger = owner;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(&pinger->stop) ? 1 : 0;
}

/* Not left open in a program that a channel runs. */
static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)owner, (void)purpose;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void set_options(struct pinger *pinger, CURL *easy, const char *url, size_t *length)
{
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "wqd/" WQ_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, length);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)pinger->ping->timeout);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, cut_short);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, pinger);
}

/* The address that is meant, checked. */
static int find_url(const struct pinger *pinger, bool alive, char url[SECRET_TEXT], struct wq_err *err)
{
	const char *given = alive ? pinger->ping->url : pinger->ping->url_fail;

	if (strncmp(given, "credential:", 11) != 0) {
		snprintf(url, SECRET_TEXT, "%s", given);
		return 0;
	}
	int r = secret_read(pinger->credentials, given, url, SECRET_TEXT, err);

	return r < 0 ? r : address_check(url, "https", "http", true, err);
}

/* True: taken. Otherwise why holds one line without the address. */
static bool get(struct pinger *pinger, bool alive, char *why, size_t cap)
{
	char url[SECRET_TEXT], host[256] = "";
	struct wq_err err;
	CURL *easy = NULL;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	size_t length = 0;
	long status = 0;

	if (find_url(pinger, alive, url, &err) < 0) {
		snprintf(why, cap, "%.150s", err.text);
		explicit_bzero(url, sizeof url);
		return false;
	}
	if (!address_host(url, host, sizeof host))
		host[0] = '\0';
	easy = curl_easy_init();
	if (easy != NULL) {
		set_options(pinger, easy, url, &length);
		code = curl_easy_perform(easy);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_cleanup(easy);
	}
	explicit_bzero(url, sizeof url);
	if (code == CURLE_WRITE_ERROR && length > BODY_MAX)
		code = CURLE_OK; /* it answered, and at length */
	if (code == CURLE_OK && status >= 200 && status < 300)
		return true;
	if (code == CURLE_OK)
		snprintf(why, cap, "%.100s: HTTP %ld", host, status);
	else
		snprintf(why, cap, "%.100s: %s", host, curl_easy_strerror(code));
	return false;
}

static bool next(struct pinger *pinger, bool *alive)
{
	pthread_mutex_lock(&pinger->mutex);
	while (!pinger->wanted && !atomic_load(&pinger->stop))
		pthread_cond_wait(&pinger->work, &pinger->mutex);
	pinger->wanted = false;
	*alive = pinger->alive;
	pthread_mutex_unlock(&pinger->mutex);
	return !atomic_load(&pinger->stop);
}

static void *run(void *owner)
{
	struct pinger *pinger = owner;
	bool alive;

	while (next(pinger, &alive)) {
		char why[192] = "";
		bool taken = get(pinger, alive, why, sizeof why);

		if (!atomic_load(&pinger->stop))
			pinger->events.answered(pinger->events.owner, alive, taken ? NULL : why);
	}
	return NULL;
}

struct pinger *pinger_start(const struct config_ping *ping, const char *credentials, const struct pinger_events *events,
        struct wq_err *err)
{
	struct pinger *pinger = calloc(1, sizeof *pinger);

	if (pinger == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(pinger);
		wq_fail(err, WQ_E_MEMORY, "ping: no memory");
		return NULL;
	}
	pinger->ping = ping;
	pinger->credentials = credentials;
	pinger->events = *events;
	pthread_mutex_init(&pinger->mutex, NULL);
	pthread_cond_init(&pinger->work, NULL);
	if (pthread_create(&pinger->thread, NULL, run, pinger) == 0) {
		pthread_setname_np(pinger->thread, "ping");
		return pinger;
	}
	pthread_cond_destroy(&pinger->work);
	pthread_mutex_destroy(&pinger->mutex);
	curl_global_cleanup();
	free(pinger);
	wq_fail(err, WQ_E_MEMORY, "ping: no thread can be started");
	return NULL;
}

void pinger_ask(struct pinger *pinger, bool alive)
{
	pthread_mutex_lock(&pinger->mutex);
	pinger->wanted = true;
	pinger->alive = alive;
	pthread_cond_signal(&pinger->work);
	pthread_mutex_unlock(&pinger->mutex);
}

bool pinger_stop(struct pinger *pinger, wq_ms patience)
{
	struct timespec until;

	if (pinger == NULL)
		return true;
	atomic_store(&pinger->stop, true);
	pthread_mutex_lock(&pinger->mutex);
	pthread_cond_signal(&pinger->work);
	pthread_mutex_unlock(&pinger->mutex);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience / 1000) + 1;
	if (pthread_clockjoin_np(pinger->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
		pthread_detach(pinger->thread);
		return false;
	}
	pthread_cond_destroy(&pinger->work);
	pthread_mutex_destroy(&pinger->mutex);
	curl_global_cleanup();
	free(pinger);
	return true;
}
