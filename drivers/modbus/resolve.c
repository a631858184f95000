/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of questions and the few threads that put them, which end when nothing is asked. */
#include "resolve.h"

#include "wq/err.h"

#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A name server that is silent holds a thread for long; with several the names of others pass. */
#define THREADS_MAX 4
/* Resolvers keep their answers on the stack. */
#define THREAD_STACK (256 * 1024)

struct resolve {
	struct resolve *next; /* in the queue */
	int fd, port;
	bool wanted; /* nobody has called resolve_end() */
	bool held;   /* the queue or a thread has it */
	int result;  /* RESOLVE_UNDERWAY, a count, 0: `code` says why not */
	int code;    /* of getaddrinfo() */
	struct resolve_address addresses[RESOLVE_ADDRESSES];
	char host[256];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct resolve *first, **last = &first; /* under lock, as all below and in `resolve` */
static unsigned threads;

static size_t take(const struct addrinfo *found, struct resolve_address *addresses, size_t cap)
{
	size_t count = 0;

	for (; found && count < cap; found = found->ai_next) {
		if (found->ai_addrlen > sizeof addresses->v6)
			continue;
		addresses[count].length = found->ai_addrlen;
		memcpy(&addresses[count].any, found->ai_addr, found->ai_addrlen);
		count++;
	}
	return count;
}

static int ask(const char *host, int port, int flags, struct resolve_address *addresses, size_t cap,
        size_t *count)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags };
	struct addrinfo *found;
	char service[12];
	int code;

	snprintf(service, sizeof service, "%d", port);
	code = getaddrinfo(host, service, &hints, &found);
	if (code != 0)
		return code;
	*count = take(found, addresses, cap);
	freeaddrinfo(found);
	return *count > 0 ? 0 : EAI_NONAME;
}

bool resolve_numeric(const char *host, int port, struct resolve_address *address)
{
	size_t count;

	return ask(host, port, AI_NUMERICHOST, address, 1, &count) == 0;
}

static void release(struct resolve *resolve)
{
	if (resolve->wanted || resolve->held)
		return;
	close(resolve->fd);
	free(resolve);
}

/* Takes the first question; NULL: there is none, and the thread is not counted any more. */
static struct resolve *pull(void)
{
	struct resolve *resolve = first;

	if (!resolve) {
		threads--;
		return NULL;
	}
	first = resolve->next;
	if (!first)
		last = &first;
	return resolve;
}

static void answer(struct resolve *resolve)
{
	struct resolve_address addresses[RESOLVE_ADDRESSES];
	uint64_t one = 1;
	size_t count = 0;
	int code = 0;

	if (resolve->wanted) {
		pthread_mutex_unlock(&lock);
		/* host and port do not change after resolve_begin(). */
		code = ask(resolve->host, resolve->port, 0, addresses, RESOLVE_ADDRESSES, &count);
		pthread_mutex_lock(&lock);
		memcpy(resolve->addresses, addresses, count * sizeof *addresses);
		resolve->result = (int)count;
		resolve->code = code;
		if (write(resolve->fd, &one, sizeof one) < 0)
			resolve->result = 0; /* cannot be: the counter is 0 */
	}
	resolve->held = false;
	release(resolve);
}

static void *work(void *nothing)
{
	struct resolve *resolve;

	pthread_mutex_lock(&lock);
	while ((resolve = pull()) != NULL)
		answer(resolve);
	pthread_mutex_unlock(&lock);
	return nothing;
}

/* Another thread, when there may be one. False: there is none at all. */
static bool staff(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (threads == THREADS_MAX)
		return true;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, work, NULL) == 0)
		threads++;
	pthread_attr_destroy(&attributes);
	return threads > 0;
}

struct resolve *resolve_begin(const char *host, int port, struct wq_err *err)
{
	struct resolve *resolve = calloc(1, sizeof *resolve);
	bool staffed;

	if (resolve)
		resolve->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!resolve || resolve->fd < 0) {
		free(resolve);
		wq_fail(err, WQ_E_IO, "%s: no memory or descriptor to ask for this name", host);
		return NULL;
	}
	resolve->port = port;
	resolve->wanted = true;
	resolve->result = RESOLVE_UNDERWAY;
	snprintf(resolve->host, sizeof resolve->host, "%s", host);
	pthread_mutex_lock(&lock);
	staffed = staff();
	if (staffed) {
		resolve->held = true;
		*last = resolve;
		last = &resolve->next;
	}
	pthread_mutex_unlock(&lock);
	if (staffed)
		return resolve;
	resolve_end(resolve);
	wq_fail(err, WQ_E_IO, "%s: no thread to ask for this name", host);
	return NULL;
}

int resolve_fd(const struct resolve *resolve)
{
	return resolve->fd;
}

int resolve_result(struct resolve *resolve, struct resolve_address addresses[RESOLVE_ADDRESSES],
        struct wq_err *err)
{
	int result, code;

	pthread_mutex_lock(&lock);
	result = resolve->result;
	code = resolve->code;
	memcpy(addresses, resolve->addresses, sizeof resolve->addresses);
	pthread_mutex_unlock(&lock);
	if (result == 0)
		return wq_fail(err, WQ_E_IO, "%s: cannot resolve the name: %s", resolve->host,
		        gai_strerror(code));
	return result;
}

void resolve_end(struct resolve *resolve)
{
	if (!resolve)
		return;
	pthread_mutex_lock(&lock);
	resolve->wanted = false;
	release(resolve);
	pthread_mutex_unlock(&lock);
}
