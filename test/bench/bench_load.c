/* SPDX-License-Identifier: Apache-2.0 */
/* A load that costs its core little, so that the broker has it: the messages of `wqsim mqtt
 * --load`, over a bare socket. QoS 1; at most WINDOW are unacknowledged. Everything is made before
 * the first is sent.
 *
 *   bench_load PORT MESSAGES < one line when it shall begin
 *
 * Prints "ready", then, when all are acknowledged, the seconds that took. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WINDOW  500
#define VALUES  20
#define MESSAGE 768
#define TOPIC   "wq/load"

static const char *const names[VALUES] = { "ph", "do", "codmn", "nh3n", "tp", "temp", "ec",
	"turbidity", "tn", "chla", "algae", "cod", "bod5", "cu", "zn", "f", "se", "as", "hg",
	"cd" };

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void send_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = write(fd, bytes, count);
		must(sent > 0, "write");
		bytes += sent;
		count -= (size_t)sent;
	}
}

static void greet(int fd)
{
	static const char hello[] =
	        "\x10\x16\0\4MQTT\4\2\0\0\0\nbench-load"; /* CONNECT, clean, no keepalive */
	char answer[4];
	send_all(fd, hello, sizeof hello - 1);
	must(recv(fd, answer, sizeof answer, MSG_WAITALL) == 4 && answer[3] == 0, "CONNACK");
}

/* 2026-11-24T16:00:00.123+08:00 */
static void instant(long long ms, char *text, size_t size)
{
	time_t local = (time_t)(ms / 1000 + 8 * 3600);
	struct tm tm;
	char seconds[32];
	gmtime_r(&local, &tm);
	strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s.%03lld+08:00", seconds, ms % 1000);
}

static size_t body(long i, long long at, char *text)
{
	char time[64];
	instant(at, time, sizeof time);
	int used =
	        snprintf(text, MESSAGE, "{\"station\":\"load\",\"time\":\"%s\",\"values\":{", time);
	for (int k = 0; k < VALUES; k++)
		used += snprintf(text + used, MESSAGE - (size_t)used, "%s\"%s\":%g",
		        k > 0 ? "," : "", names[k], (double)(1000 + (i + k) % 1000) / 1000);
	used += snprintf(text + used, MESSAGE - (size_t)used, "}}");
	must(used < MESSAGE, "a message is too long");
	return (size_t)used;
}

/* A PUBLISH with QoS 1; its packet identifier is i + 1 modulo 2^16, never 0. */
static size_t packet(long i, long long at, char *to)
{
	static const size_t topic = sizeof TOPIC - 1;
	char text[MESSAGE];
	size_t length = body(i, at, text), rest = 2 + topic + 2 + length, used = 0;
	unsigned id = (unsigned)(i % 65535 + 1);
	to[used++] = 0x32;
	for (; rest > 127; rest >>= 7)
		to[used++] = (char)(rest % 128 | 128);
	to[used++] = (char)rest;
	to[used++] = 0;
	to[used++] = (char)topic;
	memcpy(to + used, TOPIC, topic);
	used += topic;
	to[used++] = (char)(id >> 8);
	to[used++] = (char)id;
	memcpy(to + used, text, length);
	return used + length;
}

/* Waits for acknowledgements; returns how many bytes of them came. */
static size_t acknowledged(int fd)
{
	char bytes[4 * WINDOW];
	ssize_t got = read(fd, bytes, sizeof bytes);
	must(got > 0, "PUBACK");
	return (size_t)got;
}

int main(int argc, char **argv)
{
	long messages = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	must(messages > 0, "bench_load PORT MESSAGES");
	char *all = malloc((size_t)messages * MESSAGE), line[16];
	size_t *ends = calloc((size_t)messages + 1, sizeof *ends);
	must(all != NULL && ends != NULL, "no memory");
	struct timeval tv;
	gettimeofday(&tv, NULL);
	long long base = (long long)tv.tv_sec * 1000 - messages;
	for (long i = 0; i < messages; i++)
		ends[i + 1] = ends[i] + packet(i, base + i, all + ends[i]);
	int fd = dial((int)strtol(argv[1], NULL, 10));
	greet(fd);
	puts("ready");
	fflush(stdout);
	must(fgets(line, sizeof line, stdin) != NULL, "no line to begin");
	double began = now();
	size_t bytes = 0;
	for (long sent = 0; bytes / 4 < (size_t)messages; bytes += acknowledged(fd)) {
		long upto = (long)(bytes / 4) + WINDOW;
		upto = upto < messages ? upto : messages;
		/* Half a window at a time: a write for each acknowledgement would be a load of
		 * another kind. */
		if (upto - sent >= WINDOW / 2 || upto == messages) {
			send_all(fd, all + ends[sent], ends[upto] - ends[sent]);
			sent = upto;
		}
	}
	printf("%.6f\n", now() - began);
	close(fd);
	free(all);
	free(ends);
	return 0;
}
