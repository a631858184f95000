/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a connection -> samples, checks, answers. What is refused for good is answered as the standard says and costs
 * nothing but itself; what only finds no room stays where it is and is read again. */
#include "session.h"

#include "wq/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* QnRtn, HJ 212-2017 Table 6. */
enum { RETURN_PASSWORD = 3, RETURN_MN = 4, RETURN_CN = 8 };

void hj212_sessions_refuse(const struct hj212_sessions *s, const struct hj212_conn *conn, enum wq_refusal why,
	const char *format, ...)
{
	char text[256], peer[HJ212_PEER_TEXT];
	va_list list;
	int n = snprintf(text, sizeof text, "%s: ", hj212_peer_format(&conn->peer, peer));

	va_start(list, format);
	vsnprintf(text + n, sizeof text - (size_t)n, format, list);
	va_end(list);
	s->sink->refuse(s->sink->owner, why, text);
}

/* -- answers -- */

static bool wants_answer(const struct hj212_sessions *s)
{
	long flag = s->record.flag_number;

	if (s->settings->acknowledge == HJ212_NEVER)
		return false;
	return s->settings->acknowledge == HJ212_ALWAYS || (flag > 0 && (flag & 1) != 0);
}

/* The version bits of a Flag, as they came (a version that is not known is answered as it is). */
static int version_of(const struct wq_hj212_record *record)
{
	return record->flag_number >= 0 ? (int)((record->flag_number & 0xFF) >> 2) : -1;
}

static enum wq_hj212_checksum checksum_of(const struct hj212_sessions *s)
{
	return s->station != NULL ? s->station->checksum : WQ_HJ212_STANDARD;
}

/* An answer to the record at hand. Bytes; 0: it has fields that cannot be repeated. */
static size_t word_answer(const struct hj212_sessions *s, const char *cn, const char *content, char frame[HJ212_ANSWER])
{
	const struct wq_hj212_record *r = &s->record;
	char whole[WQ_HJ212_WRITTEN_MAX];
	const struct wq_hj212_out out = { .qn = r->qn, .sent = WQ_NO_TIME, .st = { "91", 2 }, .cn = { cn, strlen(cn) },
		.pw = r->pw, .mn = r->mn, .version = version_of(r), .zone = s->bus->zone,
		.lead = { content, strlen(content) }, .time = WQ_NO_TIME, .checksum = checksum_of(s) };
	int length = wq_hj212_write(&out, 1, whole, NULL);

	if (length <= 0 || length > HJ212_ANSWER)
		return 0;
	memcpy(frame, whole, (size_t)length);
	return (size_t)length;
}

static void answer(struct hj212_sessions *s, const char *cn, const char *content)
{
	char frame[HJ212_ANSWER];
	size_t length = wants_answer(s) ? word_answer(s, cn, content, frame) : 0;

	if (length > 0)
		hj212_conn_send(s->conn, frame, length, s->now);
}

static void answer_return(struct hj212_sessions *s, int code)
{
	char content[16];

	snprintf(content, sizeof content, "QnRtn=%d", code);
	answer(s, "9011", content);
}

/* -- data -- */

static const struct wq_hj212_target *find(void *owner, enum wq_hj212_kind kind, struct wq_text code, struct wq_text suffix)
{
	const struct hj212_sessions *s = owner;

	return hj212_map_find(&s->map, s->station, kind, code, suffix);
}

static bool is_code_known(const struct hj212_sessions *s, struct wq_text code)
{
	const struct hj212_station *st = s->station;

	for (size_t i = st->first; i < st->first + st->count; i++) {
		struct wq_text own = s->map.entries[i].code, other = wq_hj212_code(code);

		if ((own.length == code.length && memcmp(own.at, code.at, code.length) == 0) ||
			(own.length == other.length && memcmp(own.at, other.at, own.length) == 0))
			return true;
	}
	return false;
}

static void refuse_item(void *owner, enum wq_hj212_refusal why, const struct wq_hj212_item *item)
{
	struct hj212_sessions *s = owner;

	if (why == WQ_HJ212_NO_TIME)
		hj212_sessions_refuse(s, s->conn, WQ_REFUSED_TIME, "station '%s': CN=%.*s without a usable DataTime",
			s->station->id, (int)s->record.cn.length, s->record.cn.at);
	else if (why == WQ_HJ212_NO_NUMBER)
		hj212_sessions_refuse(s, s->conn, WQ_REFUSED_VALUE, "station '%s': %.*s is too large", s->station->id,
			(int)(item->code.length < 40 ? item->code.length : 40), item->code.at);
	/* Other suffixes of a point's code are expected; codes without a point are told once a connection. */
	else if (!s->station->told_item && !is_code_known(s, item->code)) {
		s->station->told_item = true;
		hj212_sessions_refuse(s, s->conn, WQ_REFUSED_UNKNOWN,
			"station '%s': no point takes %.*s (further ones of this connection are not told)",
			s->station->id, (int)(item->code.length < 40 ? item->code.length : 40), item->code.at);
	}
}

/* How far the station's clock is from ours, by a real-time record's DataTime. */
static void look_at_clock(struct hj212_sessions *s, enum wq_hj212_kind kind)
{
	const struct wq_hj212_record *r = &s->record;
	bool trusted;
	wq_ms wall = s->sink->now(s->sink->owner, &trusted), error = 0;

	if (s->settings->calibrate <= 0 || !trusted || r->again)
		return;
	if ((kind & WQ_HJ212_REALTIME) == 0 || r->time == WQ_NO_TIME)
		return;
	error = r->time > wall ? r->time - wall : wall - r->time;
	if (error > s->settings->calibrate)
		hj212_dialog_clock(&s->station->dialog, s->now);
}

/* False: no room. */
static bool take_data(struct hj212_sessions *s, enum wq_hj212_kind kind)
{
	const struct wq_hj212_mapper mapper = { .profile = s->station->profile, .none_count = s->map.none_count,
		.none = s->map.none, .owner = s, .find = find, .refuse = refuse_item };
	struct hj212_promise promise = { .ticket = 0 };
	const struct wq_hj212_record *r = &s->record;
	bool wanted = wants_answer(s);

	if (wanted && !hj212_promises_room(s->promises))
		return false;
	struct wq_hj212_taken taken = wq_hj212_take(&mapper, r, s->samples, s->checks);

	if (taken.samples + taken.checks > 0) {
		int rc = s->sink->post(s->sink->owner, s->samples, taken.samples, s->checks, taken.checks,
			&promise.ticket);

		if (rc < 0)
			return false;
		if (wanted && (promise.length = word_answer(s, "9014", "", promise.frame)) > 0) {
			promise.connection = s->station->connection;
			hj212_promises_add(s->promises, &promise);
		}
	} else {
		answer(s, "9014", "");
	}
	bool usable = r->time != WQ_NO_TIME && (r->problems & (WQ_HJ212_REFUSED | WQ_HJ212_CLOCK)) == 0, trusted;
	wq_ms wall = s->sink->now(s->sink->owner, &trusted);

	if (usable && (s->station->kinds & kind) != 0)
		hj212_dialog_record(&s->station->dialog, kind, r->time, s->settings->backfill, s->station->cycle, s->now,
			trusted ? wall : WQ_NO_TIME);
	look_at_clock(s, kind);
	return true;
}

/* -- one frame -- */

static void know(struct hj212_sessions *s, uint64_t connection, const struct wq_hj212_frame *frame)
{
	struct hj212_station *station = s->station;
	const struct wq_hj212_record *r = &s->record;

	if (station->connection != connection) {
		hj212_dialog_lost(&station->dialog);
		station->told_item = false;
	}
	station->connection = connection;
	station->checksum = frame->checksum;
	station->version = r->flag_number >= 0 ? version_of(r) : station->profile == WQ_HJ212_2005 ? 0
		: station->profile == WQ_HJ212_2017                                                ? 1
												  : 2;
	if (r->st.length > 0 && r->st.length < sizeof station->st && !wq_text_is(r->st, "91")) {
		memcpy(station->st, r->st.at, r->st.length);
		station->st[r->st.length] = '\0';
	}
}

/* A frame of somebody whom we do not know, or who does not know our word. */
static void turn_away(struct hj212_sessions *s, int code)
{
	const struct wq_hj212_record *r = &s->record;
	int length = (int)(r->mn.length < HJ212_MN_TEXT ? r->mn.length : HJ212_MN_TEXT);

	hj212_sessions_refuse(s, s->conn, WQ_REFUSED_UNKNOWN, code == RETURN_MN ? "MN '%.*s' is no station of this bus"
										: "MN '%.*s' with a wrong PW",
		length, length > 0 ? r->mn.at : "");
	answer_return(s, code);
	if (++s->conn->strange >= HJ212_BAD_MAX && !s->conn->proven)
		hj212_conn_doom(s->conn, "frames of strangers only");
}

static bool is_password_right(const struct hj212_sessions *s)
{
	const char *password = s->station->password;

	return password == NULL || wq_text_is(s->record.pw, password);
}

/* False: it has to wait for room. */
static bool take_record(struct hj212_sessions *s, enum wq_hj212_kind kind)
{
	switch (kind) {
	case WQ_HJ212_ANSWER:
		hj212_dialog_answer(&s->station->dialog, &s->record, s->now);
		return true;
	case WQ_HJ212_HEARTBEAT:
	case WQ_HJ212_NOTE:
		answer(s, "9014", "");
		return true;
	case WQ_HJ212_ASKS_TIME:
		answer(s, "9013", "");
		if (s->settings->calibrate > 0)
			hj212_dialog_clock(&s->station->dialog, s->now);
		return true;
	case WQ_HJ212_OTHER:
		hj212_sessions_refuse(s, s->conn, WQ_REFUSED_MALFORMED, "station '%s': CN=%.*s is not known", s->station->id,
			(int)(s->record.cn.length < 10 ? s->record.cn.length : 10), s->record.cn.length > 0 ? s->record.cn.at : "");
		answer_return(s, RETURN_CN);
		return true;
	default:
		return take_data(s, kind);
	}
}

/* A frame with a wrong checksum, of a station of which it is known. */
static bool is_excused(struct hj212_sessions *s, const struct wq_hj212_frame *frame)
{
	const struct hj212_station *station;

	wq_hj212_read(frame->segment, s->bus->zone, &s->record);
	station = hj212_map_station(&s->map, s->record.mn);
	return station != NULL && station->accepts == HJ212_OFF;
}

static bool take_frame(struct hj212_sessions *s, uint64_t connection, const struct wq_hj212_frame *frame)
{
	struct hj212_conn *conn = s->conn;
	const bool broken = (frame->problems & WQ_HJ212_CRC) != 0;

	/* Whose frame it is only its content tells, and some stations reckon their checksum wrong for ever. */
	if ((frame->problems & WQ_HJ212_REFUSED & ~(unsigned)WQ_HJ212_CRC) != 0 || (broken && !is_excused(s, frame))) {
		hj212_sessions_refuse(s, conn, WQ_REFUSED_MALFORMED, "a frame of %zu bytes (%zu declared): %s",
			frame->segment.length, frame->declared,
			(frame->problems & WQ_HJ212_SHORT) != 0 ? "it breaks off" : "no checksum matches");
		if (++conn->bad >= HJ212_BAD_MAX)
			hj212_conn_doom(conn, "nothing but broken frames");
		return true;
	}
	wq_hj212_read(frame->segment, s->bus->zone, &s->record);
	s->station = hj212_map_station(&s->map, s->record.mn);
	if (s->station == NULL || !is_password_right(s)) {
		int code = s->station == NULL ? RETURN_MN : RETURN_PASSWORD;

		s->station = NULL;
		turn_away(s, code);
		return true;
	}
	if (s->station->accepts > HJ212_ANY && s->station->accepts != (int)frame->checksum) {
		hj212_sessions_refuse(s, conn, WQ_REFUSED_MALFORMED, "station '%s': a frame with checksum %s, it must be %s",
			s->station->id, wq_hj212_checksum_name(frame->checksum),
			wq_hj212_checksum_name((enum wq_hj212_checksum)s->station->accepts));
		return true;
	}
	know(s, connection, frame);
	if (!take_record(s, wq_hj212_kind_of(s->station->profile, s->record.cn)))
		return false;
	conn->proven = true;
	conn->heard = s->now;
	conn->bad = conn->junk = conn->strange = 0;
	return true;
}

/* -- encrypted content -- */

static struct wq_text open_sealed(void *owner, struct wq_text segment)
{
	struct hj212_sessions *s = owner;
	const char *mn = segment.length > 0 ? memmem(segment.at, segment.length, "MN=", 3) : NULL, *end;
	struct wq_text name = { mn, 0 };

	if (mn == NULL || segment.length > sizeof s->plain)
		return (struct wq_text){ NULL, 0 };
	name.at += 3;
	end = memchr(name.at, ';', (size_t)(segment.at + segment.length - name.at));
	name.length = end != NULL ? (size_t)(end - name.at) : 0;
	const struct hj212_station *station = hj212_map_station(&s->map, name);

	if (station == NULL || !station->has_key || !hj212_unseal(segment, station->key, s->plain))
		return (struct wq_text){ NULL, 0 };
	return (struct wq_text){ s->plain, segment.length };
}

static void note_junk(struct hj212_sessions *s, size_t junk)
{
	struct hj212_conn *conn = s->conn;

	if (junk == 0)
		return;
	if (conn->junk == 0)
		hj212_sessions_refuse(s, conn, WQ_REFUSED_MALFORMED, "%zu bytes that belong to no frame", junk);
	conn->junk += (uint32_t)(junk < HJ212_JUNK_MAX ? junk : HJ212_JUNK_MAX);
	if (conn->junk >= HJ212_JUNK_MAX)
		hj212_conn_doom(conn, "nothing but bytes that belong to no frame");
}

size_t hj212_sessions_read(struct hj212_sessions *s, struct hj212_conn *conn, uint64_t connection, const char *bytes,
	size_t length, bool ended)
{
	const struct wq_hj212_opener opener = { s, open_sealed };
	size_t at = 0, used, junk;

	s->conn = conn;
	conn->blocked = false;
	while (at < length && !conn->doomed) {
		struct wq_hj212_frame frame = { .declared = 0 };
		enum wq_hj212_found found =
			wq_hj212_next_sealed(bytes + at, length - at, ended, &opener, &frame, &used, &junk);

		if (found == WQ_HJ212_FRAME && !take_frame(s, connection, &frame)) {
			conn->blocked = true;
			return at;
		}
		note_junk(s, junk);
		at += used;
		if (found == WQ_HJ212_MORE)
			break;
	}
	return at;
}

/* -- requests -- */

void hj212_sessions_ask(struct hj212_sessions *s, struct hj212_station *station, struct hj212_conn *conn)
{
	struct hj212_request request;
	char frame[WQ_HJ212_WRITTEN_MAX];
	bool trusted;
	wq_ms wall = s->sink->now(s->sink->owner, &trusted);

	if (!hj212_dialog_due(&station->dialog, s->now, wall, trusted, s->asking < HJ212_ASKING_MAX,
		    s->settings->time_command, s->bus->zone, &request))
		return;
	const char *st = station->st[0] != '\0' ? station->st : "21", *password = station->password;
	const struct wq_hj212_out out = { .qn = { request.qn, strlen(request.qn) }, .sent = WQ_NO_TIME,
		.st = { st, strlen(st) }, .cn = { request.cn, strlen(request.cn) },
		.pw = { password != NULL ? password : "123456", password != NULL ? strlen(password) : 6 },
		.mn = { station->mn, strlen(station->mn) }, .version = station->version, .wants_answer = true,
		.zone = s->bus->zone, .lead = { request.content, strlen(request.content) }, .time = WQ_NO_TIME,
		.checksum = station->checksum };
	int length = wq_hj212_write(&out, 1, frame, NULL);

	if (length <= 0)
		return;
	/* 2025: what is encrypted are 2000 … 2999. */
	if (station->has_key && request.cn[0] == '2')
		hj212_seal(frame, (size_t)length, station->key);
	hj212_conn_send(conn, frame, (size_t)length, s->now);
}
