/* SPDX-License-Identifier: Apache-2.0 */
/* Read out of the library's trace. */
#include "dial.h"

#include <MQTTAsync.h>
#include <ctype.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "X509_check_host for hostname "

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static struct mqtt_dial *dialling;

/* "… 12 wqd-gateway -> CONNECT version 4 clean: 0 (0)" */
static int descriptor_in(const char *line, const char *end, const char *id)
{
	const size_t length = strlen(id);
	const char *digit;

	if ((size_t)(end - line) < length + 2 || end[-(ptrdiff_t)length - 1] != ' ' ||
	        memcmp(end - length, id, length) != 0)
		return -1;
	digit = end - length - 1;
	while (digit > line && isdigit((unsigned char)digit[-1]))
		digit--;
	return isdigit((unsigned char)*digit) ? (int)strtol(digit, NULL, 10) : -1;
}

static void read_connect(const char *line, const char *end)
{
	for (struct mqtt_dial *dial = dialling; dial != NULL; dial = dial->next) {
		int descriptor = descriptor_in(line, end, dial->id);

		if (descriptor >= 0)
			atomic_store(&dial->descriptor, descriptor);
	}
}

/* Of an address the library asks the certificate in a second way, of which this level of trace tells nothing. */
static bool is_address(const char *host)
{
	const size_t length = strcspn(host, " ");

	return strspn(host, "0123456789.") >= length || memchr(host, ':', length) != NULL;
}

/* "SSL alert read:fatal:unknown CA", "X509_check_host for hostname h failed, rc 0" */
static void read_tls(const char *line)
{
	const char *alert = strstr(line, "SSL alert read:fatal:"), *host = strstr(line, HOST);
	struct mqtt_dial *dial = dialling;

	while (dial != NULL && !dial->tls)
		dial = dial->next;
	if (dial == NULL)
		return;
	for (const struct mqtt_dial *other = dial->next; other != NULL; other = other->next)
		if (other->tls)
			return; /* whose it is nobody can say */
	if (alert != NULL)
		snprintf(dial->alert, sizeof dial->alert, "%s", strrchr(alert, ':') + 1);
	if (host != NULL && !is_address(host + sizeof HOST - 1))
		dial->wrong_host = true;
}

static void on_trace(enum MQTTASYNC_TRACE_LEVELS level, char *line)
{
	const char *end = strstr(line, " -> CONNECT ");

	(void)level;
	pthread_mutex_lock(&lock);
	if (end != NULL)
		read_connect(line, end);
	else
		read_tls(line);
	pthread_mutex_unlock(&lock);
}

/* Tracing costs two lines of text a message, with date: so it is on only while somebody connects.
 * The level is one for all connections. At ERROR nothing is worded that is no error. */
static void trace(bool on)
{
	MQTTAsync_setTraceLevel(on ? MQTTASYNC_TRACE_PROTOCOL : MQTTASYNC_TRACE_ERROR);
}

void mqtt_dial_open(void)
{
	MQTTAsync_setTraceCallback(on_trace);
	pthread_mutex_lock(&lock);
	trace(dialling != NULL);
	pthread_mutex_unlock(&lock);
}

static bool confused(const struct mqtt_dial *with)
{
	for (const struct mqtt_dial *dial = dialling; dial != NULL; dial = dial->next)
		if (strcmp(dial->id, with->id) == 0)
			return true;
	return false;
}

void mqtt_dial_begin(struct mqtt_dial *dial, const char *id, bool tls)
{
	dial->id = id;
	dial->tls = tls;
	atomic_store(&dial->descriptor, -1);
	dial->wrong_host = false;
	dial->alert[0] = '\0';
	pthread_mutex_lock(&lock);
	while (confused(dial))
		pthread_cond_wait(&ended, &lock);
	dial->next = dialling;
	dialling = dial;
	trace(true);
	pthread_mutex_unlock(&lock);
}

void mqtt_dial_end(struct mqtt_dial *dial)
{
	struct mqtt_dial **at = &dialling;

	pthread_mutex_lock(&lock);
	while (*at != dial)
		at = &(*at)->next;
	*at = dial->next;
	trace(dialling != NULL);
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
}
