/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in the socket ahead of the library, and when it counts as seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ahead.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A PUBLISH of "wq/a"; the bytes written. */
static size_t put_publish(unsigned char *to, int head, int id, int version, const char *payload)
{
	size_t length = strlen(payload), rest = length + (version >= 5 ? 12 : 8), used = 0;

	to[used++] = (unsigned char)head;
	for (; rest > 127; rest >>= 7)
		to[used++] = (unsigned char)(rest % 128 | 128);
	to[used++] = (unsigned char)rest;
	memcpy(to + used, "\0\4wq/a", 6);
	used += 6;
	to[used++] = (unsigned char)(id >> 8);
	to[used++] = (unsigned char)id;
	if (version >= 5) {
		memcpy(to + used, "\3\2ab", 4); /* three bytes of properties */
		used += 4;
	}
	memcpy(to + used, payload, length);
	return used + length;
}

static void a_whole_message_is_read_and_nothing_else(void **state)
{
	(void)state;
	for (int version = 4; version <= 5; version++) {
		unsigned char packet[400];
		struct mqtt_message message;
		char payload[201];

		memset(payload, 'x', 200);
		payload[200] = '\0';
		for (size_t length = 0; length <= 200; length++) {
			size_t size = put_publish(packet, 0x33, 513, version, payload + 200 - length);
			unsigned char *exact = malloc(size);

			memcpy(exact, packet, size);
			assert_int_equal(mqtt_publish_read(exact, size, version, &message), size);
			assert_int_equal(message.id, 513);
			assert_true(message.retained);
			assert_int_equal(message.topic_length, 4);
			assert_memory_equal(message.topic, "wq/a", 4);
			assert_int_equal(message.length, length);
			free(exact);
		}
		size_t size = put_publish(packet, 0x32, 1, version, "payload");
		for (size_t cut = 0; cut < size; cut++) {
			unsigned char *part = malloc(cut + 1);

			memcpy(part, packet, cut);
			assert_int_equal(mqtt_publish_read(part, cut, version, &message), 0);
			free(part);
		}
	}
}

static void other_packets_and_lies_are_left_to_the_library(void **state)
{
	static const struct {
		unsigned char bytes[16];
		size_t count;
		int version;
	} rows[] = {
		{ "\x30\x06\0\4wq/a", 8, 4 },                    /* QoS 0 */
		{ "\x34\x08\0\4wq/a\0\1", 10, 4 },               /* QoS 2 */
		{ "\x36\x08\0\4wq/a\0\1", 10, 4 },               /* QoS 3 */
		{ "\xd0\0", 2, 4 },                              /* PINGRESP */
		{ "\x40\2\0\1", 4, 4 },                          /* PUBACK */
		{ "\x32\x08\0\5wq/a\0\1", 10, 4 },               /* topic longer than the packet */
		{ "\x32\x08\xff\xffwq/a\0\1", 10, 4 },           /* the same, by far */
		{ "\x32\x03\0\1a", 5, 4 },                       /* no room for an identifier */
		{ "\x32\xff\xff\xff\xff\x01", 6, 4 },            /* length without end */
		{ "\x32\x08\0\4wq/a\0\1", 10, 5 },               /* no properties in version 5 */
		{ "\x32\x09\0\4wq/a\0\1\1", 11, 5 },             /* properties longer than the packet */
		{ "\x32\x0a\0\4wq/a\0\1\x80\x80", 12, 5 },       /* their length without end */
	};
	struct mqtt_message message;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (mqtt_publish_read(rows[i].bytes, rows[i].count, rows[i].version, &message) != 0)
			fail_msg("row %zu was read", i);
}

struct socket_pair {
	int ours, theirs;
};

static struct socket_pair connect_pair(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	return (struct socket_pair){ ends[0], ends[1] };
}

static void what_was_kept_is_known_when_it_comes_and_in_order(void **state)
{
	static struct mqtt_ahead ahead;
	struct mqtt_message found[MQTT_AHEAD_MESSAGES];
	struct socket_pair pair = connect_pair();
	unsigned char bytes[512];
	size_t used = 0;

	(void)state;
	assert_int_equal(mqtt_ahead_open(&ahead), 0);
	assert_int_equal(mqtt_ahead_look(&ahead, pair.ours, 4, found, MQTT_AHEAD_MESSAGES), 0);
	for (int i = 0; i < 3; i++)
		used += put_publish(bytes + used, 0x32, 10 + i, 4, "7");
	used += put_publish(bytes + used, 0x30, 0, 4, "8"); /* QoS 0 ends it */
	used += put_publish(bytes + used, 0x32, 14, 4, "9");
	assert_int_equal(write(pair.theirs, bytes, used), used);
	assert_int_equal(mqtt_ahead_look(&ahead, pair.ours, 4, found, MQTT_AHEAD_MESSAGES), 3);
	mqtt_ahead_keep(&ahead, found, 3);
	/* Nothing was taken out of the socket. */
	unsigned char again[512];
	assert_int_equal(recv(pair.ours, again, sizeof again, 0), used);
	assert_memory_equal(again, bytes, used);
	const struct mqtt_message first = found[0], second = found[1], third = found[2];
	assert_true(mqtt_ahead_has(&ahead, &first));
	assert_false(mqtt_ahead_has(&ahead, &third)); /* out of turn: forgets all */
	assert_false(mqtt_ahead_has(&ahead, &second));
	mqtt_ahead_close(&ahead);
	close(pair.ours);
	close(pair.theirs);
}

static void one_byte_of_difference_is_another_message(void **state)
{
	static struct mqtt_ahead ahead;
	struct mqtt_message first = { "wq/a", 4, "77", 2, 9, false };
	const struct mqtt_message others[] = { { "wq/b", 4, "77", 2, 9, false },
		{ "wq/a", 4, "78", 2, 9, false }, { "wq/a", 4, "77", 1, 9, false },
		{ "wq/a", 3, "77", 2, 9, false }, { "wq/a", 4, "77", 2, 8, false },
		{ "wq/a", 4, "77", 2, 9, true } };

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		mqtt_ahead_keep(&ahead, &first, 1);
		assert_false(mqtt_ahead_has(&ahead, &others[i]));
	}
	mqtt_ahead_keep(&ahead, &first, 1);
	assert_true(mqtt_ahead_has(&ahead, &first));
	assert_false(mqtt_ahead_has(&ahead, &first));
	mqtt_ahead_keep(&ahead, &first, 1);
	mqtt_ahead_clear(&ahead);
	assert_false(mqtt_ahead_has(&ahead, &first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_message_is_read_and_nothing_else),
		cmocka_unit_test(other_packets_and_lies_are_left_to_the_library),
		cmocka_unit_test(what_was_kept_is_known_when_it_comes_and_in_order),
		cmocka_unit_test(one_byte_of_difference_is_another_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
