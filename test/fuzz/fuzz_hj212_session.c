/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the talk of a peer: the session answers, asks and hands over, and never leaves its bounds. And any bytes as a
 * record to be written: what is written is read back as it was. The first byte chooses. */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* -- the sink: takes, or has no room now and then -- */

static unsigned posts;

static int post(void *owner, const struct wq_sample *samples, size_t count, const struct wq_check *checks, size_t check_count,
	uint64_t *ticket)
{
	(void)owner;
	require(count + check_count > 0 && count <= WQ_HJ212_ITEMS_MAX && check_count <= WQ_HJ212_ITEMS_MAX);
	for (size_t i = 0; i < count; i++)
		require(samples[i].series < 3 && samples[i].at != WQ_NO_TIME && memchr(samples[i].flag, 0, WQ_FLAG_TEXT) != NULL);
	for (size_t i = 0; i < check_count; i++)
		require(checks[i].series < 3 && checks[i].kind < WQ_CHECK_KINDS);
	*ticket = ++posts;
	return posts % 7 == 0 ? -6 : 0;
}

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	(void)owner;
	require(why < WQ_REFUSALS && strlen(what) < 256);
}

static wq_ms now(void *owner, bool *trusted)
{
	(void)owner;
	*trusted = true;
	return 1735084800000;
}

static const struct wq_point points[] = {
	{ .series = 0, .station = "A110000_0001", .code = "w21003", .factor = { 1, 0 }, .cycle = WQ_HOURS(1) },
	{ .series = 1, .station = "A110000_0001", .code = "w01001", .factor = { 1, 3 } },
	{ .series = 2, .station = "010000A8900016F000169DC0", .code = "w01018", .factor = { 1, 0 } },
};
static const char *const profiles[] = { "010000A8900016F000169DC0=2017" }, *const none[] = { "-99" };
static const struct hj212_bus_settings settings = { .profile = WQ_HJ212_SURFACE, .profiles = { 1, profiles }, .none = { 1, none },
	.password = "123456", .calibrate = 60000, .time_command = 1012, .backfill = WQ_DAYS(3), .acknowledge = HJ212_WHEN_ASKED };
static const struct wq_bus bus = { .name = "b", .settings = &settings, .zone = &wq_zone_china, .point_count = 3, .points = points };

static struct hj212_sessions sessions;

static void drain(struct hj212_conn *conn, int other)
{
	static char bytes[65536];

	hj212_conn_flush(conn);
	while (recv(other, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

static void talk(const uint8_t *data, size_t size, size_t step)
{
	static char held[32768];
	static const struct wq_sink sink = { .refuse = refuse, .post = post, .now = now };
	int ends[2];
	size_t length = 0, bad;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || hj212_map_open(&sessions.map, &bus, &bad, NULL) < 0)
		return;
	struct hj212_conn conn = { .fd = ends[0], .target = -1, .partial = WQ_NO_TIME, .stuck = WQ_NO_TIME };

	sessions.bus = &bus;
	sessions.settings = &settings;
	sessions.sink = &sink;
	sessions.promises = hj212_promises_new(-1);
	for (size_t at = 0; at < size && !conn.doomed && sessions.promises != NULL; at += step) {
		size_t n = size - at < step ? size - at : step;

		memcpy(held + length, data + at, n);
		length += n;
		sessions.now += 977;
		size_t used = hj212_sessions_read(&sessions, &conn, 1, held, length, length > HJ212_HELD_MAX);

		require(used <= length);
		memmove(held, held + used, length - used);
		length -= used;
		require(conn.blocked || conn.doomed || length <= HJ212_HELD_MAX + step);
		if (length > sizeof held / 2)
			length = 0;
		for (size_t i = 0; i < sessions.map.station_count; i++)
			hj212_sessions_ask(&sessions, &sessions.map.stations[i], &conn);
		drain(&conn, ends[1]);
	}
	hj212_promises_free(sessions.promises);
	hj212_map_close(&sessions.map);
	hj212_conn_release(&conn);
	close(ends[1]);
}

/* -- write, then read -- */

static struct wq_text piece(const uint8_t **at, size_t *left)
{
	size_t n = *left > 0 ? (size_t)((*at)[0] % 24) : 0;

	if (*left > 0)
		++*at, --*left;
	n = n < *left ? n : *left;
	struct wq_text text = { (const char *)*at, n };

	*at += n;
	*left -= n;
	return text;
}

static bool same(struct wq_text a, struct wq_text b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static void write_and_read(const uint8_t *at, size_t left)
{
	static struct wq_hj212_value values[200];
	static struct wq_hj212_record record;
	struct wq_hj212_out out = { .sent = 1735084800000, .st = { "21", 2 }, .cn = { "2061", 4 }, .version = 2,
		.zone = &wq_zone_china, .time = 1735084800000, .values = values };
	size_t seen = 0, used, junk;

	out.mn = piece(&at, &left);
	while (left > 0 && out.count < 200) {
		values[out.count] = (struct wq_hj212_value){ .code = piece(&at, &left), .suffix = { "Info", 4 } };
		values[out.count++].value = piece(&at, &left);
	}
	long parts = wq_hj212_parts(&out, NULL);

	for (long part = 1; part <= parts; part++) {
		char frame[WQ_HJ212_WRITTEN_MAX];
		struct wq_hj212_frame found;
		int length = wq_hj212_write(&out, part, frame, NULL);

		require(length > 0 && (size_t)length <= sizeof frame);
		require(wq_hj212_next(frame, (size_t)length, false, &found, &used, &junk) == WQ_HJ212_FRAME);
		require(found.problems == 0 && used == (size_t)length && found.segment.length <= WQ_HJ212_SEGMENT_MAX);
		wq_hj212_read(found.segment, &wq_zone_china, &record);
		require(record.time == out.time && (record.problems & WQ_HJ212_REFUSED) == 0);
		seen += record.count;
		if (parts == 1 && record.count == out.count && (record.problems & ~(unsigned)WQ_HJ212_ITEMS) == 0)
			for (size_t i = 0; i < record.count; i++)
				require(values[i].value.length == 0 || values[i].value.at[0] == ' ' ||
					values[i].value.at[values[i].value.length - 1] == ' ' ||
					same(record.items[i].value, values[i].value));
	}
	require(parts < 0 || seen <= out.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 8192)
		return 0;
	if (data[0] % 4 == 0)
		write_and_read(data + 1, size - 1);
	else
		talk(data + 1, size - 1, data[0] % 2 == 0 ? size : (size_t)1 + data[0]);
	return 0;
}
