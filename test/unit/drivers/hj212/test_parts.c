/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, addresses and cipher: what is taken, and what is refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cipher.h"
#include "keys.h"
#include "map.h"
#include "peers.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

extern const struct wq_driver wq_driver_hj212;

static struct wq_text text(const char *word)
{
	return (struct wq_text){ word, strlen(word) };
}

static const char *const mns[] = { "A1=yigan", "A2=nanheng" }, *const profiles[] = { "A2=2017" }, *const two[] = { "2061", "2051" };
static const struct wq_point points[] = {
	{ .series = 0, .station = "yigan", .code = "w21003", .factor = { 1, 0 } },
	{ .series = 1, .station = "yigan", .code = "w21011", .factor = { 1, 0 } },
	{ .series = 2, .station = "nanheng", .code = "w21003", .factor = { 1, 0 } },
	{ .series = 3, .station = "other", .code = "w21003", .factor = { 1, 0 }, .cycle = WQ_HOURS(4),
		.settings = &(struct hj212_point_settings){ .code = "060", .suffix = "Max", .cn = { 2, two } } },
};
static const struct hj212_bus_settings sound = { .listen = "0.0.0.0:9212", .profile = WQ_HJ212_SURFACE, .stations = { 2, mns },
	.profiles = { 1, profiles }, .password = "123456", .max_connections = 10, .max_per_address = 10 };

static struct wq_bus bus_of(const struct hj212_bus_settings *settings)
{
	return (struct wq_bus){ .name = "b", .settings = settings, .zone = &wq_zone_china, .point_count = 4, .points = points };
}

static void stations_are_found_by_mn_and_values_by_record(void **state)
{
	const struct wq_bus bus = bus_of(&sound);
	struct hj212_map map;
	struct wq_err err = { .text = "" };
	size_t bad;

	(void)state;
	if (hj212_map_open(&map, &bus, &bad, &err) < 0)
		fail_msg("%s", err.text);
	struct hj212_station *a1 = hj212_map_station(&map, text("A1")), *a2 = hj212_map_station(&map, text("A2"));
	struct hj212_station *other = hj212_map_station(&map, text("other"));

	assert_non_null(a1);
	assert_string_equal(a1->id, "yigan");
	assert_int_equal(a2->profile, WQ_HJ212_2017);
	assert_non_null(other); /* its id is its MN */
	assert_int_equal(other->cycle, WQ_HOURS(4));
	assert_null(hj212_map_station(&map, text("yigan")));
	assert_null(hj212_map_station(&map, text("")));
	assert_int_equal(hj212_map_find(&map, a1, WQ_HJ212_HOUR, text("w21011"), text("Avg"))->series, 1);
	assert_null(hj212_map_find(&map, a1, WQ_HJ212_REALTIME, text("w21011"), text("Rtd")));
	assert_int_equal(hj212_map_find(&map, a2, WQ_HJ212_REALTIME, text("w21003"), text("Rtd"))->series, 2);
	assert_int_equal(hj212_map_find(&map, other, WQ_HJ212_MINUTE, text("060"), text("Max"))->series, 3);
	assert_null(hj212_map_find(&map, other, WQ_HJ212_MINUTE, text("060"), text("Avg")));
	hj212_map_close(&map);
}

static void what_is_wrong_in_the_keys_is_said(void **state)
{
	static const char *const unknown[] = { "A9=nobody" }, *const broken[] = { "A1" }, *const twice[] = { "A1=yigan", "A1=nanheng" },
					*const no_profile[] = { "A1=2099" }, *const no_number[] = { "x" }, *const no_net[] = { "10.0.0.0/33" },
					*const host[] = { "station.example:9" };
	static const struct {
		struct hj212_bus_settings settings;
		const char *says;
	} rows[] = {
		{ { .listen = NULL }, "one of listen and connect" },
		{ { .listen = "0.0.0.0:1", .connect = { 1, host } }, "one of listen and connect" },
		{ { .connect = { 1, host } }, "no IP address" },
		{ { .listen = "0.0.0.0" }, "no address with a port" },
		{ { .listen = "0.0.0.0:70000" }, "no address with a port" },
		{ { .listen = "0.0.0.0:1", .stations = { 1, unknown } }, "no point on this bus" },
		{ { .listen = "0.0.0.0:1", .stations = { 1, broken } }, "not MN=station" },
		{ { .listen = "0.0.0.0:1", .stations = { 2, twice } }, "the same MN" },
		{ { .listen = "0.0.0.0:1", .stations = { 2, mns }, .profiles = { 1, no_profile } }, "none of 2005" },
		{ { .listen = "0.0.0.0:1", .passwords = { 1, unknown } }, "no station of this bus" },
		{ { .listen = "0.0.0.0:1", .none = { 1, no_number } }, "no number" },
		{ { .listen = "0.0.0.0:1", .allow = { 1, no_net } }, "no network" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct wq_bus bus = bus_of(&rows[i].settings);
		struct wq_err err = { .text = "" };
		size_t bad;

		assert_int_equal(wq_driver_hj212.check(&bus, &bad, &err), WQ_E_INVALID);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, err.text);
	}
	const struct wq_bus bus = bus_of(&sound);
	size_t bad;

	assert_int_equal(wq_driver_hj212.check(&bus, &bad, NULL), 0);
}

static void networks_hold_what_they_say(void **state)
{
	static const char *const allow[] = { "10.8.0.0/16", "192.0.2.7", "2001:db8::/32" };
	static const struct {
		const char *address;
		bool in;
	} rows[] = { { "10.8.255.1:1", true }, { "10.9.0.1:1", false }, { "192.0.2.7:1", true }, { "192.0.2.8:1", false },
		{ "[2001:db8:1::5]:1", true }, { "[2001:db9::5]:1", false }, { "[::ffff:10.8.3.4]:1", true } };
	const struct wq_list list = { 3, allow };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sockaddr_storage address;
		socklen_t length;

		assert_int_equal(hj212_address_parse(rows[i].address, &address, &length, NULL), 0);
		struct hj212_peer peer = hj212_peer_of(&address);
		assert_int_equal(hj212_allowed(&list, &peer), rows[i].in);
	}
}

static void an_address_has_so_many_connections_and_no_more(void **state)
{
	struct hj212_peers *peers = hj212_peers_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct hj212_peer peer = { { [15] = (unsigned char)round } };

		for (int i = 0; i < 5; i++)
			assert_int_equal(hj212_peers_enter(peers, &peer, 3), i < 3);
		hj212_peers_leave(peers, &peer);
		assert_true(hj212_peers_enter(peers, &peer, 3));
	}
	hj212_peers_free(peers);
}

/* GB/T 32907, example 1 of Annex A. */
static void the_cipher_is_sm4(void **state)
{
	unsigned char key[HJ212_KEY];
	static const unsigned char cipher[16] = { 0x68, 0x1e, 0xdf, 0x34, 0xd2, 0x06, 0x96, 0x5e, 0x86, 0xb3, 0xe9, 0x4f, 0x53, 0x6e,
		0x42, 0x46 };
	static const unsigned char plain[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
		0x32, 0x10 };
	char segment[] = "MN=A1;CP=&&0123456789abcdefrest&&", open[sizeof segment];

	(void)state;
	assert_true(hj212_key_parse("0123456789abcdefFEDCBA9876543210", key));
	assert_false(hj212_key_parse("0123", key));
	assert_false(hj212_key_parse("0123456789abcdefFEDCBA987654321g", key));
	memcpy(segment + 11, cipher, 16);
	assert_true(hj212_unseal((struct wq_text){ segment, sizeof segment - 1 }, key, open));
	assert_memory_equal(open + 11, plain, 16);
	assert_memory_equal(open + 27, "rest&&", 6);
	assert_false(hj212_unseal(text("MN=A1;CP=&&short&&"), key, open));
}

static struct wq_text open_with_key(void *owner, struct wq_text segment)
{
	static char plain[2048];

	return hj212_unseal(segment, owner, plain) ? (struct wq_text){ plain, segment.length } : (struct wq_text){ NULL, 0 };
}

/* Cipher text may hold line ends and heads: frames go by their length, and are whole with the byte that ends them. */
static void sealed_frames_are_found_and_opened(void **state)
{
	unsigned char key[HJ212_KEY];
	const struct wq_hj212_opener opener = { key, open_with_key };
	char bytes[WQ_HJ212_WRITTEN_MAX], value[16];

	(void)state;
	memset(key, 0x30, sizeof key);
	for (int i = 0; i < 3000; i++) {
		snprintf(value, sizeof value, "%d.%d", i, i % 7);
		const struct wq_hj212_value values[] = { { text("w01018"), text("Rtd"), text(value), text("N") } };
		const struct wq_hj212_out out = { .sent = WQ_NO_TIME, .st = text("32"), .cn = text("2011"), .mn = text("A1"),
			.version = 2, .zone = &wq_zone_china, .time = WQ_SECONDS(1735084800 + i), .count = 1, .values = values };
		struct wq_hj212_frame frame;
		size_t used, junk;

		int length = wq_hj212_write(&out, 1, bytes, NULL);
		assert_true(length > 0 && hj212_seal(bytes, (size_t)length, key));
		assert_int_equal(wq_hj212_next_sealed(bytes, (size_t)length, false, &opener, &frame, &used, &junk), WQ_HJ212_FRAME);
		assert_int_equal(used, length);
		assert_int_equal(frame.problems, 0);
		if (memmem(frame.segment.at, frame.segment.length, value, strlen(value)) == NULL)
			fail_msg("%d: %.*s", i, (int)frame.segment.length, frame.segment.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stations_are_found_by_mn_and_values_by_record),
		cmocka_unit_test(what_is_wrong_in_the_keys_is_said),
		cmocka_unit_test(networks_hold_what_they_say),
		cmocka_unit_test(an_address_has_so_many_connections_and_no_more),
		cmocka_unit_test(the_cipher_is_sm4),
		cmocka_unit_test(sealed_frames_are_found_and_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
