/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink to a platform that speaks HJ 212: we connect, send a record's frames with bit A and wait for a 9014 with the same QN
 * for each. A frame that is not answered in time is sent again, as often as is configured (HJ 212-2017, table 1: 10 s, 3 times);
 * then the connection is given up. A platform may ask for
 * what the history holds (2051, 2061); anything else is refused in its form, QnRtn = 2: nothing is set from above. */
#include "hj212_form.h"

#include "wq/err.h"
#include "wq/uplink.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct wq_uplink wq_uplink_hj212;

#define CONNECT_MS 10000
#define AHEAD_MAX  32

struct settings {
	const char *host, *st, *pw;
	struct wq_list mns; /* "yigan=A110000_0001" */
	int64_t port, ahead, retries;
	int profile, cn;
	wq_ms timeout, heartbeat;
};

/* A record under way: its frames, and which of them are acknowledged. */
struct flight {
	bool used;
	uint64_t token;
	int parts, tries;
	bool done[FORM_PARTS];
	wq_ms sent; /* steady */
	struct form_frame frames[FORM_PARTS], again[FORM_PARTS]; /* `again`: with RF, where the profile has it */
};

/* Of a request for history: so many records are read at once, and sent in all, from a stretch of so long. */
#define SLICE        8
#define FILL_RECORDS 50000
#define FILL_LONGEST WQ_DAYS(31)
#define FILL_LOOK    WQ_HOURS(1)
#define NO_TOKEN     UINT64_MAX

/* A platform asked for a stretch of a station. */
struct fill {
	bool active, owed; /* owed: it is its turn */
	char cn[5], qn[18], mn[32];
	char station[WQ_NAME_TEXT];
	wq_ms next, to;
	size_t sent, count, given; /* in all; in the slice, and how many of it were sent */
	struct backlog_record slice[SLICE];
};

struct state {
	struct fill fill;
	const struct settings *settings;
	struct wq_uplink_site site;
	int fd, bell;
	wq_ms last_qn;     /* wall: no two frames have one QN */
	wq_ms beaten;      /* steady: last heartbeat */
	struct flight flights[AHEAD_MAX];
	size_t received;
	char in[WQ_HJ212_FRAME_MAX];
};

/* -- settings -- */

static const struct wq_choice profiles[] = { { "2005", WQ_HJ212_2005 }, { "2017", WQ_HJ212_2017 }, { "2025", WQ_HJ212_2025 },
	{ "surface-water", WQ_HJ212_SURFACE }, { NULL, 0 } };
static const struct wq_choice commands[] = { { "realtime", 2011 }, { "minute", 2051 }, { "hour", 2061 }, { NULL, 0 } };

#define AT(field) offsetof(struct settings, field)

static const struct wq_option options[] = {
	{ .key = "host", .type = WQ_OPT_TEXT, .min = 1, .max = 255, .offset = AT(host),
		.help = "hj212: name or address of the platform; must be given" },
	{ .key = "port", .type = WQ_OPT_INTEGER, .min = 1, .max = 65535, .offset = AT(port), .help = "hj212: its port; must be given" },
	{ .key = "mn", .type = WQ_OPT_LIST, .offset = AT(mns),
		.help = "hj212: the number that the platform knows each station by, \"station=MN\"; must be given" },
	{ .key = "profile", .type = WQ_OPT_CHOICE, .fallback = "surface-water", .choices = profiles, .offset = AT(profile),
		.help = "hj212: version of the protocol" },
	{ .key = "command", .type = WQ_OPT_CHOICE, .fallback = "realtime", .choices = commands, .offset = AT(cn),
		.help = "hj212: as what readings are sent: realtime 2011, minute 2051, hour 2061 (the cycle of a surface-water station)" },
	{ .key = "st", .type = WQ_OPT_TEXT, .min = 2, .max = 2, .fallback = "21", .offset = AT(st),
		.help = "hj212: kind of system: 21 surface water, 32 pollution source" },
	{ .key = "pw", .type = WQ_OPT_TEXT, .min = 6, .max = 6, .fallback = "123456", .offset = AT(pw),
		.help = "hj212: PW, sent as plain text in every frame: no secret" },
	{ .key = "timeout", .type = WQ_OPT_SPAN, .min = 100, .max = 99000, .fallback = "10s", .offset = AT(timeout),
		.help = "hj212: a frame that is not answered within this is sent again" },
	{ .key = "retries", .type = WQ_OPT_INTEGER, .min = 0, .max = 99, .fallback = "3", .offset = AT(retries),
		.help = "hj212: … so often; then the connection is made anew" },
	{ .key = "ahead", .type = WQ_OPT_INTEGER, .min = 1, .max = AHEAD_MAX, .fallback = "1", .offset = AT(ahead),
		.help = "hj212: records under way before the first is answered" },
	{ .key = "heartbeat", .type = WQ_OPT_SPAN, .min = 0, .max = 86400000, .fallback = "0", .offset = AT(heartbeat),
		.help = "hj212: a 9015 is sent this often; 0: never (2017 has none)" },
	WQ_OPTION_END,
};

static const char *mn_of(const struct settings *settings, const char *station)
{
	size_t length = strlen(station);
	for (size_t i = 0; i < settings->mns.count; i++)
		if (strncmp(settings->mns.items[i], station, length) == 0 && settings->mns.items[i][length] == '=')
			return settings->mns.items[i] + length + 1;
	return NULL;
}

/* Two stations of one number would be one river to the platform; of two numbers of a station one would never be used. */
static int check_alone(const struct wq_list *mns, size_t index, struct wq_err *err)
{
	const char *item = mns->items[index], *mn = strrchr(item, '=') + 1;
	size_t length = (size_t)(mn - item);
	for (size_t i = 0; i < index; i++) {
		const char *other = mns->items[i];
		if (strcmp(strrchr(other, '=') + 1, mn) == 0)
			return wq_fail(err, WQ_E_INVALID, "mn: \"%.80s\" and \"%.80s\" have the same number", other, item);
		if (strncmp(other, item, length) == 0)
			return wq_fail(err, WQ_E_INVALID, "mn: \"%.80s\" and \"%.80s\" are the same station", other, item);
	}
	return 0;
}

static int check(const void *settings, struct wq_err *err)
{
	const struct settings *s = settings;
	if (s->host == NULL || s->port == INT64_MIN || s->mns.count == 0)
		return wq_fail(err, WQ_E_INVALID, "an uplink of kind hj212 needs host, port and mn");
	for (size_t i = 0; i < s->mns.count; i++) {
		const char *equal = strrchr(s->mns.items[i], '=');
		size_t length = equal != NULL ? strlen(equal + 1) : 0;
		if (equal == s->mns.items[i] || length < 1 || length > 24 || !form_word(equal + 1))
			return wq_fail(err, WQ_E_INVALID,
				"mn: \"%.80s\" is not station=MN (1 to 24 characters without blanks and ; , = & # //)", s->mns.items[i]);
		if (check_alone(&s->mns, i, err) < 0)
			return WQ_E_INVALID;
	}
	if (!form_word(s->pw) || !form_word(s->st))
		return wq_fail(err, WQ_E_INVALID, "pw and st have no blanks and no ; , = & # //");
	return 0;
}

static int check_station(const void *settings, const char *station, struct wq_err *err)
{
	if (mn_of(settings, station) != NULL)
		return 0;
	return wq_fail(err, WQ_E_INVALID, "station \"%.63s\" has no number in mn; name it there, or leave it out of stations", station);
}

/* The item "station=MN" of an MN, and how long the station is. */
static bool station_of(const struct settings *settings, struct wq_text mn, const char **item, size_t *length)
{
	for (size_t i = 0; i < settings->mns.count; i++) {
		const char *equal = strrchr(settings->mns.items[i], '=');
		if (!wq_text_is(mn, equal + 1))
			continue;
		*item = settings->mns.items[i];
		*length = (size_t)(equal - *item);
		return true;
	}
	return false;
}

static const char *cn_of(const struct settings *settings)
{
	return settings->cn == 2011 ? "2011" : settings->cn == 2051 ? "2051" : "2061";
}

static struct form form_of(const struct state *s, const char *mn)
{
	return (struct form){ .profile = (enum wq_hj212_profile)s->settings->profile,
		.st = s->settings->st,
		.cn = cn_of(s->settings),
		.pw = s->settings->pw,
		.mn = mn,
		.zone = s->site.zone };
}

/* -- open, connect -- */

static int open_state(void *state, const void *settings, const struct wq_uplink_site *site, struct wq_err *err)
{
	struct state *s = state;
	memset(s, 0, sizeof *s);
	s->settings = settings;
	s->site = *site;
	s->fd = -1;
	s->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->bell >= 0 ? 0 : wq_fail(err, WQ_E_IO, "no eventfd: %s", strerrordesc_np(errno));
}

static void disconnect(void *state)
{
	struct state *s = state;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->received = 0;
	s->fill.active = false;
	for (size_t i = 0; i < AHEAD_MAX; i++)
		s->flights[i].used = false;
}

static void close_state(void *state)
{
	struct state *s = state;
	disconnect(s);
	close(s->bell);
}

/* Tries one address; 0 or an errno. */
static int try_address(const struct addrinfo *address, int *fd)
{
	int yes = 1, error = 0;
	socklen_t size = sizeof error;
	*fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
	if (*fd < 0)
		return errno;
	setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(*fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	if (connect(*fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	struct pollfd wait = { .fd = *fd, .events = POLLOUT };
	if (errno != EINPROGRESS)
		error = errno;
	else if (poll(&wait, 1, CONNECT_MS) <= 0)
		error = ETIMEDOUT;
	else
		getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		close(*fd);
		*fd = -1;
	}
	return error;
}

static int lost(struct state *s, const char *why, struct wq_err *err)
{
	return wq_fail(err, WQ_E_IO, "platform %s:%lld: %s", s->settings->host, (long long)s->settings->port, why);
}

static int connect_state(void *state, struct wq_err *err)
{
	struct state *s = state;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	char port[8];
	disconnect(s);
	snprintf(port, sizeof port, "%d", (int)s->settings->port);
	int rc = getaddrinfo(s->settings->host, port, &hints, &found);
	if (rc != 0)
		return lost(s, gai_strerror(rc), err);
	int error = EHOSTUNREACH;
	for (const struct addrinfo *a = found; a != NULL && s->fd < 0; a = a->ai_next)
		error = try_address(a, &s->fd);
	freeaddrinfo(found);
	s->beaten = s->site.steady();
	return s->fd >= 0 ? 0 : lost(s, strerrordesc_np(error), err);
}

/* -- sending -- */

/* Frames are short and few are under way: what the socket does not take at once it takes within the time limit. */
static int put(struct state *s, const struct form_frame *frame, struct wq_err *err)
{
	for (size_t at = 0; at < frame->length;) {
		ssize_t n = send(s->fd, frame->bytes + at, frame->length - at, MSG_NOSIGNAL);
		struct pollfd wait = { .fd = s->fd, .events = POLLOUT };
		if (n > 0)
			at += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return lost(s, strerrordesc_np(errno), err);
		else if (poll(&wait, 1, (int)s->settings->timeout) == 0)
			return lost(s, "takes nothing any more", err);
	}
	return 0;
}

/* A moment for `frames` QNs that no frame had before. */
static wq_ms next_qn(struct state *s, int frames)
{
	wq_ms now = s->site.wall(), first = now > s->last_qn ? now : s->last_qn + 1;
	s->last_qn = first + frames - 1;
	return first;
}

static struct flight *free_flight(struct state *s)
{
	for (int64_t i = 0; i < s->settings->ahead; i++)
		if (!s->flights[i].used)
			return &s->flights[i];
	return NULL;
}

static int send_record(struct state *s, const struct form *form, const struct backlog_record *record, bool again, uint64_t token,
	struct wq_err *err)
{
	struct flight *flight = free_flight(s);
	if (flight == NULL)
		return wq_fail(err, WQ_E_FULL, "as many records are under way as may be");
	wq_ms qn = next_qn(s, FORM_PARTS);
	int parts = form_record(form, record, qn, again, flight->frames, err);
	if (parts > 0 && form_record(form, record, qn, true, flight->again, err) != parts)
		return wq_fail(err, WQ_E_INVALID, "a record of station %s does not fit again with RF", record->station);
	for (int i = 0; i < parts; i++) {
		int r = put(s, &flight->frames[i], err);
		if (r < 0)
			return r;
	}
	if (parts < 0)
		return parts;
	flight->used = true;
	flight->token = token;
	flight->parts = parts;
	flight->tries = 0;
	memset(flight->done, 0, sizeof flight->done);
	flight->sent = s->site.steady();
	return 0;
}

static bool under_way(const struct state *s)
{
	for (size_t i = 0; i < AHEAD_MAX; i++)
		if (s->flights[i].used && s->flights[i].token == NO_TOKEN)
			return true;
	return false;
}

static int send_message(void *state, const struct wq_uplink_message *message, uint64_t token, struct wq_err *err)
{
	struct state *s = state;
	const struct form form = form_of(s, mn_of(s->settings, message->station));
	if (form.mn == NULL)
		return wq_fail(err, WQ_E_INVALID, "station %s has no MN", message->station);
	/* What was asked for and what is new take turns. */
	if (s->fill.active && s->fill.owed && !under_way(s))
		return wq_fail(err, WQ_E_FULL, "it is the turn of what was asked for");
	int r = send_record(s, &form, message->record, message->again, token, err);
	s->fill.owed |= r == 0;
	return r;
}

static int repeat(struct state *s, struct flight *flight, struct wq_err *err)
{
	if (flight->tries++ >= s->settings->retries)
		return lost(s, "does not acknowledge what it is sent", err);
	for (int i = 0; i < flight->parts; i++) {
		int r = flight->done[i] ? 0 : put(s, &flight->again[i], err);
		if (r < 0)
			return r;
	}
	flight->sent = s->site.steady();
	return 0;
}

/* What is due by time; *next: when the next thing is. */
static int on_time(struct state *s, wq_ms *next, struct wq_err *err)
{
	wq_ms now = s->site.steady(), beat = s->settings->heartbeat;
	int r = 0;
	for (size_t i = 0; r == 0 && i < AHEAD_MAX; i++) {
		if (s->flights[i].used && now - s->flights[i].sent >= s->settings->timeout)
			r = repeat(s, &s->flights[i], err);
		wq_ms due = s->flights[i].sent + s->settings->timeout;
		if (s->flights[i].used && due < *next)
			*next = due;
	}
	if (r == 0 && beat > 0 && now - s->beaten >= beat) {
		struct form_frame frame;
		const char *first = strrchr(s->settings->mns.items[0], '=') + 1;
		const struct form form = form_of(s, first);
		r = form_heartbeat(&form, next_qn(s, 1), &frame, err);
		if (r == 0)
			r = put(s, &frame, err);
		s->beaten = now;
	}
	if (beat > 0 && s->beaten + beat < *next)
		*next = s->beaten + beat;
	return r;
}

/* -- listening -- */

/* Only QN and CN count: platforms repeat or change the rest as they like. */
static bool acknowledge(struct state *s, struct wq_text qn, uint64_t *token)
{
	for (size_t i = 0; i < AHEAD_MAX; i++) {
		struct flight *flight = &s->flights[i];
		int done = 0;
		bool ours = false;
		for (int part = 0; flight->used && part < flight->parts; part++) {
			if (wq_text_is(qn, flight->frames[part].qn))
				ours = flight->done[part] = true;
			done += flight->done[part];
		}
		if (ours && done == flight->parts) {
			flight->used = false;
			*token = flight->token;
			return true;
		}
	}
	return false;
}

static int answer(struct state *s, const struct wq_hj212_record *request, const char *cn, const char *lead, struct wq_err *err)
{
	struct form_frame frame;
	char mn[32];
	snprintf(mn, sizeof mn, "%.*s", (int)request->mn.length, request->mn.at != NULL ? request->mn.at : "");
	const struct form form = form_of(s, mn);
	/* What cannot even be answered in form is passed over. */
	if (request->qn.length == 0 || form_answer(&form, request, cn, lead, &frame, NULL) < 0)
		return 0;
	return put(s, &frame, err);
}

/* Back-fill: 9011, the records as frames of their own, 9012. One request at a time. */
static int begin_fill(struct state *s, const struct wq_hj212_record *request, struct wq_err *err)
{
	struct fill *fill = &s->fill;
	const char *item;
	size_t length;
	wq_ms from, to;
	if (!station_of(s->settings, request->mn, &item, &length))
		return answer(s, request, "9011", "QnRtn=4", err);
	if (fill->active || request->qn.length == 0 || request->qn.length >= sizeof fill->qn ||
		!form_stretch(request, s->site.zone, &from, &to) || to - from > FILL_LONGEST)
		return answer(s, request, "9011", "QnRtn=2", err);
	fill->active = true;
	snprintf(fill->station, sizeof fill->station, "%.*s", (int)length, item);
	snprintf(fill->cn, sizeof fill->cn, "%.*s", (int)request->cn.length, request->cn.at);
	snprintf(fill->qn, sizeof fill->qn, "%.*s", (int)request->qn.length, request->qn.at);
	snprintf(fill->mn, sizeof fill->mn, "%s", item + length + 1);
	fill->next = from;
	fill->to = to;
	fill->sent = fill->count = fill->given = 0;
	return answer(s, request, "9011", "QnRtn=1", err);
}

static int end_fill(struct state *s, struct wq_err *err)
{
	struct fill *fill = &s->fill;
	const struct wq_hj212_record request = { .qn = { fill->qn, strlen(fill->qn) }, .mn = { fill->mn, strlen(fill->mn) } };
	fill->active = false;
	return answer(s, &request, "9012", fill->sent > 0 ? "ExeRtn=1" : "ExeRtn=100", err);
}

/* The next records, looked for hour by hour: a query costs what it finds, not what the whole stretch holds. */
static int read_slice(struct state *s, struct wq_err *err)
{
	struct fill *fill = &s->fill;
	for (int look = 0; look < 64 && fill->given == fill->count && fill->next < fill->to; look++) {
		wq_ms end = fill->next + FILL_LOOK < fill->to ? fill->next + FILL_LOOK : fill->to;
		int n = s->site.history(s->site.owner, fill->station, fill->next, end, fill->slice, SLICE, err);
		if (n < 0)
			return n;
		fill->count = (size_t)n;
		fill->given = 0;
		if (n == 0)
			fill->next = end;
	}
	return 0;
}

/* Sends of the stretch what there is room for; live records get their turn between. */
static int go_on_filling(struct state *s, struct wq_err *err)
{
	struct fill *fill = &s->fill;
	struct form form = form_of(s, fill->mn);
	form.cn = fill->cn;
	if (!fill->active || under_way(s) || free_flight(s) == NULL)
		return 0;
	int n = read_slice(s, err);
	if (n < 0)
		return n;
	if (fill->sent == FILL_RECORDS || (fill->given == fill->count && fill->next >= fill->to))
		return end_fill(s, err);
	if (fill->given == fill->count)
		return 0;
	const struct backlog_record *record = &fill->slice[fill->given++];
	fill->next = record->place.at + 1;
	fill->sent++;
	fill->owed = false;
	return send_record(s, &form, record, true, NO_TOKEN, err);
}

/* One frame; 1: *event is filled. */
static int take_frame(struct state *s, const struct wq_hj212_frame *frame, struct wq_uplink_event *event, struct wq_err *err)
{
	static _Thread_local struct wq_hj212_record record;
	uint64_t token;
	if ((frame->problems & WQ_HJ212_REFUSED) != 0)
		return 0;
	wq_hj212_read(frame->segment, s->site.zone, &record);
	if (wq_text_is(record.cn, "9014") && acknowledge(s, record.qn, &token)) {
		*event = (struct wq_uplink_event){ .what = WQ_UPLINK_ACKNOWLEDGED, .lane = WQ_LANE_READINGS, .token = token };
		return token != NO_TOKEN;
	}
	if (record.cn.length != 4 || record.cn.at[0] == '9')
		return 0;
	if (wq_text_is(record.cn, "2051") || wq_text_is(record.cn, "2061"))
		return begin_fill(s, &record, err);
	return answer(s, &record, "9011", "QnRtn=2", err);
}

static int take_frames(struct state *s, struct wq_uplink_event *events, size_t room, struct wq_err *err)
{
	struct wq_hj212_frame frame;
	size_t used, junk, at = 0;
	int n = 0, r = 0;
	while (r >= 0 && (size_t)n < room && wq_hj212_next(s->in + at, s->received - at, false, &frame, &used, &junk) == WQ_HJ212_FRAME) {
		r = take_frame(s, &frame, &events[n], err);
		n += r > 0;
		at += used;
	}
	if (r >= 0 && (size_t)n < room)
		at += used;
	memmove(s->in, s->in + at, s->received - at);
	s->received -= at;
	return r < 0 ? r : n;
}

static int receive(struct state *s, struct wq_err *err)
{
	if (s->received == sizeof s->in)
		s->received = 0; /* no frame is that long */
	ssize_t n = recv(s->fd, s->in + s->received, sizeof s->in - s->received, 0);
	if (n == 0)
		return lost(s, "closed the connection", err);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : lost(s, strerrordesc_np(errno), err);
	s->received += (size_t)n;
	return 0;
}

static int listen_state(void *state, wq_ms patience, struct wq_uplink_event *events, size_t room, struct wq_err *err)
{
	struct state *s = state;
	wq_ms now = s->site.steady(), next = now + patience;
	uint64_t rung;
	int n = on_time(s, &next, err);
	if (n == 0)
		n = go_on_filling(s, err);
	if (n == 0)
		n = take_frames(s, events, room, err);
	if (n != 0)
		return n;
	struct pollfd wait[2] = { { .fd = s->fd, .events = POLLIN }, { .fd = s->bell, .events = POLLIN } };
	poll(wait, 2, next > now ? (int)(next - now) : 0);
	if (wait[1].revents != 0 && read(s->bell, &rung, sizeof rung) < 0 && errno != EAGAIN)
		return lost(s, strerrordesc_np(errno), err);
	if (wait[0].revents == 0)
		return 0;
	n = receive(s, err);
	return n < 0 ? n : take_frames(s, events, room, err);
}

static void wake(void *state)
{
	const struct state *s = state;
	const uint64_t one = 1;
	/* A bell that is full has been rung. */
	if (write(s->bell, &one, sizeof one) < 0)
		return;
}

const struct wq_uplink wq_uplink_hj212 = {
	.name = "hj212",
	.options = options,
	.settings_size = sizeof(struct settings),
	.state_size = sizeof(struct state),
	.check = check,
	.station = check_station,
	.open = open_state,
	.close = close_state,
	.connect = connect_state,
	.send = send_message,
	.listen = listen_state,
	.wake = wake,
	.disconnect = disconnect,
};
