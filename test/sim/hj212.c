/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim hj212: stations that send records, wait for their acknowledgements, answer requests for the past, and fail in the ways
 * that stations fail. A thread a station. */
#include "hj212_options.h"
#include "scenario.h"
#include "sim.h"

#include "wq/err.h"
#include "wq/parameter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TRIES  3
#define VALUES 128
#define ROOM   16384

struct player {
	const struct hj212_options *options;
	const struct scenario *scenario;
	FILE *acked;
	size_t station;
	int listener, fd;
	wq_ms began, wall; /* of the start: monotonic, and the time of day */
	wq_ms clock;       /* what the station's clock is wrong by */
	long next;         /* record to be sent */
	size_t fault;
	wq_ms slow_until, deaf_until, next_beat;
	bool bad_crc, truncated;
	char in[ROOM];
	size_t length;
	char request_qn[24], request_cn[8]; /* of a request for the past, until it is served; "": none */
	wq_ms from, to;
	char waits_for[24]; /* QN; "" once it was acknowledged */
	long acked_count, sent_count;
	pthread_t thread;
};

static wq_ms now_of(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static wq_ms elapsed(const struct player *p)
{
	return now_of(CLOCK_MONOTONIC) - p->began;
}

static struct wq_text text_of(const char *word)
{
	return (struct wq_text){ word, strlen(word) };
}

static wq_ms spacing(const struct player *p)
{
	return p->options->csv != NULL ? p->options->step : p->options->interval;
}

/* DataTime of a record. */
static wq_ms time_of(const struct player *p, long number)
{
	wq_ms own = scenario_time(p->scenario, p->station, number * spacing(p));
	wq_ms at = own != WQ_NO_TIME ? own : p->wall + number * spacing(p) + p->clock;

	return at - at % 1000;
}

/* -- connection -- */

static bool parse_address(const char *text, struct sockaddr_in *address)
{
	char host[64];
	const char *colon = strrchr(text, ':');

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	if (colon == NULL || (size_t)(colon - text) >= sizeof host)
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	address->sin_port = htons((in_port_t)strtol(colon + 1, NULL, 10));
	return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static void drop(struct player *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->length = 0;
	p->request_cn[0] = '\0';
}

/* One attempt; waits a second after a failed one. */
static void get_connected(struct player *p)
{
	struct sockaddr_in address;
	const struct timespec second = { 1, 0 };

	if (p->listener >= 0) {
		p->fd = accept(p->listener, NULL, NULL);
		return;
	}
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!parse_address(p->options->to, &address) ||
		connect(p->fd, (struct sockaddr *)&address, sizeof address) < 0) {
		drop(p);
		nanosleep(&second, NULL);
	}
}

static bool send_bytes(struct player *p, const char *bytes, size_t length)
{
	const struct timespec pause = { 0, 20000000 };
	bool slow = elapsed(p) < p->slow_until;

	for (size_t at = 0; at < length;) {
		ssize_t n = send(p->fd, bytes + at, slow ? 1 : length - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
		if (slow)
			nanosleep(&pause, NULL);
	}
	return true;
}

/* With the station's line end and the faults of the moment. */
static bool send_frame(struct player *p, char *frame, int length)
{
	size_t n = (size_t)length - 2;

	if (p->bad_crc)
		frame[n - 1] = frame[n - 1] == '0' ? '1' : '0';
	p->bad_crc = false;
	if (p->truncated) {
		p->truncated = false;
		send_bytes(p, frame, n / 2);
		return false;
	}
	return send_bytes(p, frame, n) && send_bytes(p, p->options->dialect->line_end, strlen(p->options->dialect->line_end));
}

/* -- frames -- */

static struct wq_hj212_out envelope(const struct player *p, const char *cn)
{
	const struct hj212_dialect *d = p->options->dialect;

	return (struct wq_hj212_out){ .sent = now_of(CLOCK_REALTIME) + p->clock, .st = text_of("21"), .cn = text_of(cn),
		.pw = text_of(p->options->password), .mn = text_of(scenario_station(p->scenario, p->station)),
		.version = d->version, .wants_answer = d->version >= 0, .zone = &wq_zone_china, .time = WQ_NO_TIME,
		.checksum = d->checksum };
}

static bool send_out(struct player *p, const struct wq_hj212_out *out, long part)
{
	char frame[WQ_HJ212_WRITTEN_MAX];
	struct wq_err err = { .text = "" };
	int length = wq_hj212_write(out, part, frame, &err);

	if (length < 0)
		fprintf(stderr, "wqsim hj212: %s\n", err.text);
	return length > 0 && send_frame(p, frame, length);
}

static void answer(struct player *p, struct wq_text qn, const char *cn, const char *content)
{
	struct wq_hj212_out out = envelope(p, cn);

	out.st = text_of("91");
	out.qn = qn;
	out.wants_answer = false;
	out.lead = text_of(content);
	if (!send_out(p, &out, 1))
		drop(p);
}

/* A number of 14 digits after `name=` of a content; WQ_NO_TIME: none. */
static wq_ms time_in(const struct wq_hj212_record *record, const char *name)
{
	char text[32];

	for (size_t i = 0; i < record->count; i++) {
		const struct wq_text *value = &record->items[i].value;
		wq_ms at;

		if (!wq_text_is(record->items[i].code, name) || value->length != 14)
			continue;
		snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", value->at, value->at + 4, value->at + 6,
			value->at + 8, value->at + 10, value->at + 12);
		if (wq_instant_parse(text, &wq_zone_china, &at, NULL) == 0)
			return at;
	}
	return WQ_NO_TIME;
}

static void take_command(struct player *p, const struct wq_hj212_record *record)
{
	bool past = wq_text_is(record->cn, "2051") || wq_text_is(record->cn, "2061") || wq_text_is(record->cn, "2031");
	bool clock = wq_text_is(record->cn, "1012") || wq_text_is(record->cn, "1015");

	if (past && p->options->no_backfill)
		return;
	answer(p, record->qn, "9011", past || clock ? "QnRtn=1" : "QnRtn=8");
	if (clock) {
		p->clock = 0;
		answer(p, record->qn, "9012", "ExeRtn=1");
	} else if (past) {
		snprintf(p->request_qn, sizeof p->request_qn, "%.*s", (int)record->qn.length, record->qn.at);
		snprintf(p->request_cn, sizeof p->request_cn, "%.*s", (int)record->cn.length, record->cn.at);
		p->from = time_in(record, "BeginTime");
		p->to = time_in(record, "EndTime");
	}
}

static void take_frames(struct player *p)
{
	static _Thread_local struct wq_hj212_record record;
	struct wq_hj212_frame frame;
	size_t used, junk, at = 0;

	while (wq_hj212_next(p->in + at, p->length - at, false, &frame, &used, &junk) == WQ_HJ212_FRAME) {
		at += used;
		if ((frame.problems & WQ_HJ212_REFUSED) != 0)
			continue;
		wq_hj212_read(frame.segment, &wq_zone_china, &record);
		if (wq_text_is(record.cn, "9014") && p->waits_for[0] != '\0' && wq_text_is(record.qn, p->waits_for))
			p->waits_for[0] = '\0';
		else if (record.cn.length == 4 && record.cn.at[0] != '9')
			take_command(p, &record);
	}
	if (p->fd < 0)
		return;
	memmove(p->in, p->in + at, p->length - at);
	p->length -= at;
}

/* Listens for at most `span`; false: the connection is gone. */
static bool hear(struct player *p, wq_ms span)
{
	struct pollfd poll_one = { .fd = p->fd, .events = POLLIN };
	int rc = poll(&poll_one, 1, span < 0 ? 0 : (int)span);

	if (rc <= 0)
		return true;
	ssize_t n = recv(p->fd, p->in + p->length, sizeof p->in - p->length, 0);

	if (n <= 0) {
		drop(p);
		return false;
	}
	p->length += (size_t)n;
	take_frames(p);
	return p->fd >= 0;
}

/* Waits for the acknowledgement; false: it did not come. */
static bool acknowledged(struct player *p)
{
	wq_ms until = elapsed(p) + p->options->answer_within;

	while (p->waits_for[0] != '\0' && elapsed(p) < until)
		if (!hear(p, until - elapsed(p)))
			return false;
	return p->waits_for[0] == '\0';
}

/* Sends a part until it is acknowledged, three times at most. */
static bool deliver(struct player *p, const struct wq_hj212_out *out, long part)
{
	for (int i = 0; i < TRIES && p->fd >= 0; i++) {
		wq_hj212_qn(&wq_zone_china, out->sent + part - 1, p->waits_for);
		if (!send_out(p, out, part))
			return false;
		p->sent_count++;
		if (!out->wants_answer || acknowledged(p))
			return true;
	}
	return false;
}

/* -- records -- */

static size_t values_of(const struct player *p, long number, struct wq_hj212_value *values, char texts[][WQ_DECIMAL_TEXT])
{
	size_t count = 0;

	for (size_t i = 0; i < scenario_parameters(p->scenario, p->station) && count < VALUES; i++) {
		double value = scenario_value(p->scenario, p->station, i, number * spacing(p));
		int index = wq_parameter_find(wq_parameters, wq_parameter_count, scenario_parameter(p->scenario, p->station, i));

		if (index < 0)
			continue;
		wq_value_format(value, texts[count]);
		values[count] = (struct wq_hj212_value){ text_of(wq_parameters[index].code),
			text_of(p->options->dialect->suffix), text_of(texts[count]), text_of(isnan(value) ? "D" : "N") };
		count++;
	}
	return count;
}

static void note(struct player *p, wq_ms at)
{
	char text[WQ_INSTANT_TEXT];

	p->acked_count++;
	if (p->acked == NULL)
		return;
	fprintf(p->acked, "%s,%s\n", scenario_station(p->scenario, p->station), wq_instant_format(&wq_zone_china, at, text));
	fflush(p->acked);
}

/* A record, split where it is asked for; false: not all of it was acknowledged. */
static bool send_record(struct player *p, const char *cn, long number)
{
	struct wq_hj212_value values[VALUES];
	char texts[VALUES][WQ_DECIMAL_TEXT];
	struct wq_hj212_out out = envelope(p, cn);
	size_t count = values_of(p, number, values, texts), each = p->options->split > 0 ? (size_t)p->options->split : count;

	out.time = time_of(p, number);
	for (size_t at = 0; at < count; at += each) {
		out.values = values + at;
		out.count = count - at < each ? count - at : each;
		long parts = wq_hj212_parts(&out, NULL);

		for (long part = 1; part <= parts; part++)
			if (!deliver(p, &out, part))
				return false;
		out.sent += parts;
	}
	if (out.wants_answer)
		note(p, out.time);
	return true;
}

static void serve_past(struct player *p)
{
	char cn[8], qn[24];
	long found = 0;

	snprintf(cn, sizeof cn, "%s", p->request_cn);
	snprintf(qn, sizeof qn, "%s", p->request_qn);
	p->request_cn[0] = '\0';
	for (long number = 0; number < p->next && p->fd >= 0; number++) {
		wq_ms at = time_of(p, number);

		if (at < p->from || at > p->to || strcmp(cn, p->options->cn != NULL ? p->options->cn : p->options->dialect->cn) != 0)
			continue;
		found += send_record(p, cn, number);
	}
	if (p->fd >= 0)
		answer(p, text_of(qn), "9012", found > 0 ? "ExeRtn=1" : "ExeRtn=100");
}

static void send_plain(struct player *p, const char *cn, const char *st)
{
	struct wq_hj212_out out = envelope(p, cn);

	out.st = text_of(st);
	if (strcmp(cn, "2081") == 0)
		out.time = out.sent;
	if (!deliver(p, &out, 1))
		drop(p);
}

/* -- faults -- */

static void pause_for(wq_ms span)
{
	const struct timespec t = { (time_t)(span / 1000), (long)(span % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static void fail_now(struct player *p, const struct hj212_fault *fault)
{
	char garbage[512];

	switch (fault->kind) {
	case FAULT_DEAD:
		drop(p);
		pause_for(fault->span);
		break;
	case FAULT_SLOW:
		p->slow_until = elapsed(p) + fault->span;
		break;
	case FAULT_GARBAGE:
		for (size_t i = 0; i < sizeof garbage; i++)
			garbage[i] = (char)(i * i * 31 + 17);
		send_bytes(p, garbage, sizeof garbage);
		break;
	case FAULT_TRUNCATED:
		p->truncated = true;
		break;
	case FAULT_BAD_CRC:
		p->bad_crc = true;
		break;
	case FAULT_HALF_OPEN: /* neither reads nor sends nor closes */
		pause_for(fault->span);
		break;
	case FAULT_REBOOT:
		drop(p);
		get_connected(p);
		if (p->fd >= 0)
			send_plain(p, "2081", "21");
		break;
	case FAULT_CLOCK:
		p->clock += fault->span;
		break;
	}
}

/* -- a station's life -- */

static bool is_over(const struct player *p)
{
	return !p->options->hold && p->next * spacing(p) > scenario_end(p->scenario);
}

static void beat(struct player *p)
{
	if (p->options->heartbeat <= 0 || elapsed(p) < p->next_beat)
		return;
	p->next_beat = elapsed(p) + p->options->heartbeat;
	send_plain(p, p->options->dialect->beat, p->options->dialect->beat_st);
}

static void step(struct player *p)
{
	const char *cn = p->options->cn != NULL ? p->options->cn : p->options->dialect->cn;

	if (p->fault < p->options->fault_count && elapsed(p) >= p->options->faults[p->fault].at)
		fail_now(p, &p->options->faults[p->fault++]);
	if (p->fd < 0) {
		get_connected(p);
		return;
	}
	beat(p);
	if (p->fd >= 0 && p->request_cn[0] != '\0')
		serve_past(p);
	if (p->fd < 0)
		return;
	if (p->next * spacing(p) > elapsed(p)) {
		wq_ms wait = p->next * spacing(p) - elapsed(p);

		hear(p, wait < 100 ? wait : 100);
		return;
	}
	if (send_record(p, cn, p->next))
		p->next++;
	else
		drop(p);
}

static void *play(void *argument)
{
	struct player *p = argument;

	while (!is_over(p))
		step(p);
	/* A last moment for requests. */
	for (wq_ms until = elapsed(p) + WQ_SECONDS(2); p->fd >= 0 && elapsed(p) < until;) {
		hear(p, 100);
		if (p->fd >= 0 && p->request_cn[0] != '\0')
			serve_past(p);
	}
	drop(p);
	return NULL;
}

static int listen_at(const char *text)
{
	struct sockaddr_in address;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!parse_address(text, &address) || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0) {
		fprintf(stderr, "wqsim hj212: %s cannot be listened on: %s\n", text, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_wanted(const struct hj212_options *options, const char *id)
{
	for (size_t i = 0; i < options->station_count; i++)
		if (strcmp(options->stations[i], id) == 0)
			return true;
	return options->station_count == 0;
}

static int run(const struct hj212_options *options, const struct scenario *scenario, FILE *acked)
{
	static struct player players[HJ212_STATIONS];
	size_t count = 0;
	long sent = 0, done = 0;
	int listener = options->listen != NULL ? listen_at(options->listen) : -1;

	if (options->listen != NULL && listener < 0)
		return 1;
	for (size_t i = 0; i < scenario_stations(scenario) && count < HJ212_STATIONS; i++) {
		struct player *p = &players[count];

		if (!is_wanted(options, scenario_station(scenario, i)))
			continue;
		*p = (struct player){ .options = options, .scenario = scenario, .acked = acked, .station = i,
			.listener = listener, .fd = -1, .began = now_of(CLOCK_MONOTONIC), .wall = now_of(CLOCK_REALTIME) };
		count += pthread_create(&p->thread, NULL, play, p) == 0;
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(players[i].thread, NULL);
		sent += players[i].sent_count;
		done += players[i].acked_count;
	}
	if (listener >= 0)
		close(listener);
	printf("%zu stations, %ld frames sent, %ld records acknowledged\n", count, sent, done);
	return count > 0 ? 0 : 1;
}

int sim_hj212(int argc, char **argv)
{
	struct hj212_options options;
	struct wq_err err = { .text = "" };

	hj212_options_parse(&options, argc, argv);
	struct scenario *scenario = options.scenario != NULL
		? scenario_load(options.scenario, &err)
		: scenario_from_csv(options.csv, options.stations, options.station_count, options.step, &err);

	if (scenario == NULL) {
		fprintf(stderr, "wqsim hj212: %s\n", err.text);
		return 1;
	}
	FILE *acked = options.acked_path != NULL ? fopen(options.acked_path, "ae") : NULL;
	int status = options.acked_path != NULL && acked == NULL ? 1 : run(&options, scenario, acked);

	if (acked != NULL)
		fclose(acked);
	else if (options.acked_path != NULL)
		fprintf(stderr, "wqsim hj212: %s: %s\n", options.acked_path, strerror(errno));
	scenario_free(scenario);
	return status;
}
