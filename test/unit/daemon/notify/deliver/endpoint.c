/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted endpoint: one thread, one connection at a time. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT 16

struct endpoint {
	const char *const *answers;
	size_t answer_count;
	int listener, end;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex;
	size_t requests; /* under the mutex, with the texts */
	char text[KEPT][ENDPOINT_REQUEST];
};

/* Waits until fd is readable; false when the endpoint shall end. */
static bool readable(const struct endpoint *endpoint, int fd)
{
	struct pollfd fds[2] = { { .fd = endpoint->end, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };

	while (poll(fds, 2, -1) <= 0)
		;
	return (fds[0].revents & POLLIN) == 0;
}

static bool complete(const char *text, size_t length)
{
	const char *body = strstr(text, "\r\n\r\n"),
	           *field = strcasestr(text, "\r\ncontent-length:");

	if (body != NULL && strncmp(text, "GET ", 4) == 0)
		return true;
	return body != NULL && field != NULL &&
	        length >= (size_t)(body + 4 - text) + strtoul(field + 17, NULL, 10);
}

static bool read_request(const struct endpoint *endpoint, int fd, char *text)
{
	size_t length = 0;

	text[0] = '\0';
	while (!complete(text, length)) {
		if (length + 1 >= ENDPOINT_REQUEST || !readable(endpoint, fd))
			return false;
		ssize_t n = recv(fd, text + length, ENDPOINT_REQUEST - 1 - length, 0);

		if (n <= 0)
			return false;
		length += (size_t)n;
		text[length] = '\0';
	}
	return true;
}

static void flood(int fd)
{
	char bytes[4096];
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

	memset(bytes, 'x', sizeof bytes);
	send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
	while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
		;
}

static void answer(const struct endpoint *endpoint, int fd, const char *text)
{
	char rest[16];

	if (strcmp(text, ENDPOINT_FLOOD) == 0)
		flood(fd);
	else if (strcmp(text, ENDPOINT_HANG) == 0)
		while (readable(endpoint, fd) && recv(fd, rest, sizeof rest, 0) > 0)
			;
	else if (strcmp(text, ENDPOINT_CLOSE) != 0)
		send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void serve(struct endpoint *endpoint, int fd)
{
	char text[ENDPOINT_REQUEST];

	if (!read_request(endpoint, fd, text))
		return;
	pthread_mutex_lock(&endpoint->mutex);
	size_t n = endpoint->requests++;

	if (n < KEPT)
		memcpy(endpoint->text[n], text, sizeof text);
	pthread_mutex_unlock(&endpoint->mutex);
	answer(endpoint, fd,
	        endpoint->answers[n < endpoint->answer_count ? n : endpoint->answer_count - 1]);
}

static void *run(void *owner)
{
	struct endpoint *endpoint = owner;

	while (readable(endpoint, endpoint->listener)) {
		int fd = accept(endpoint->listener, NULL, NULL);

		if (fd < 0)
			continue;
		serve(endpoint, fd);
		close(fd);
	}
	return NULL;
}

struct endpoint *endpoint_open(const char *const *answers, size_t count)
{
	struct endpoint *endpoint = calloc(1, sizeof *endpoint);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;

	if (endpoint == NULL)
		return NULL;
	endpoint->answers = answers;
	endpoint->answer_count = count;
	pthread_mutex_init(&endpoint->mutex, NULL);
	endpoint->end = eventfd(0, EFD_CLOEXEC);
	endpoint->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(endpoint->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	        listen(endpoint->listener, 16) < 0 ||
	        getsockname(endpoint->listener, (struct sockaddr *)&address, &size) < 0 ||
	        pthread_create(&endpoint->thread, NULL, run, endpoint) != 0) {
		free(endpoint);
		return NULL;
	}
	endpoint->port = ntohs(address.sin_port);
	return endpoint;
}

void endpoint_close(struct endpoint *endpoint)
{
	eventfd_write(endpoint->end, 1);
	pthread_join(endpoint->thread, NULL);
	close(endpoint->listener);
	close(endpoint->end);
	pthread_mutex_destroy(&endpoint->mutex);
	free(endpoint);
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
	return endpoint->port;
}

size_t endpoint_requests(struct endpoint *endpoint)
{
	pthread_mutex_lock(&endpoint->mutex);
	size_t n = endpoint->requests;

	pthread_mutex_unlock(&endpoint->mutex);
	return n;
}

void endpoint_request(struct endpoint *endpoint, size_t n, char out[ENDPOINT_REQUEST])
{
	pthread_mutex_lock(&endpoint->mutex);
	memcpy(out, endpoint->text[n], ENDPOINT_REQUEST);
	pthread_mutex_unlock(&endpoint->mutex);
}
