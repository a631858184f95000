/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in the keys of a serial line and of identities; a port that is no port or is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modbus_settings.h"
#include "rtu.h"
#include "serial.h"

#include "wq/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

static const char by_id[] = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1-if00-port0";

static struct modbus_bus_settings line(void)
{
	return (struct modbus_bus_settings){ .device = by_id,
		.framing = -1,
		.baud = 9600,
		.data_bits = 8,
		.stop_bits = 1,
		.timeout = 1000,
		.interval = 60000,
		.block = 125 };
}

static int check(const struct modbus_bus_settings *settings, int64_t unit_id, struct wq_err *err)
{
	const struct modbus_point_settings point = { .unit_id = unit_id, .scale = "1",
		.offset = "0", .time_address = -1, .time_order = -1,
		.flag_address = -1,
		.flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
	const struct wq_point points[] = { { .station = "yigan", .parameter = "tp",
		.factor = { 1, 0 }, .settings = &point } };
	const struct wq_bus bus = { .settings = settings, .zone = &wq_zone_china, .point_count = 1,
		.points = points };
	size_t bad;

	return modbus_check(&bus, &bad, err);
}

static void accepts_a_serial_line(void **state)
{
	struct modbus_bus_settings b = line();
	const struct wq_bus bus = { .settings = &b };
	char text[200];

	(void)state;
	assert_int_equal(check(&b, 247, NULL), 0);
	assert_true(modbus_is_rtu(&b));
	modbus_advise(&bus, text, sizeof text);
	assert_string_equal(text, "");
	assert_string_equal(modbus_claims(&bus), by_id);
	b.framing = MODBUS_RTU;
	assert_int_equal(check(&b, 1, NULL), 0);
	b.device = NULL;
	b.host = "10.0.0.9";
	assert_int_equal(check(&b, 1, NULL), 0);
	assert_true(modbus_is_rtu(&b));
	assert_null(modbus_claims(&bus));
}

static void a_name_that_moves_is_warned_of(void **state)
{
	static const char *const names[] = { "/dev/ttyUSB0", "/dev/ttyUSB12", "/dev/ttyACM0" };
	struct modbus_bus_settings b = line();
	const struct wq_bus bus = { .settings = &b };
	char text[200];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		b.device = names[i];
		modbus_advise(&bus, text, sizeof text);
		assert_non_null(strstr(text, names[i]));
		assert_non_null(strstr(text, "by-id"));
	}
	b.device = "/dev/ttyS0";
	modbus_advise(&bus, text, sizeof text);
	assert_string_equal(text, "");
}

static void refuses_what_a_line_cannot_be(void **state)
{
	static const struct {
		const char *device, *host;
		int64_t baud, data_bits, unit_id;
		int framing;
		const char *says;
	} rows[] = {
		{ by_id, "10.0.0.9", 9600, 8, 1, -1, "host and device are both given" },
		{ NULL, NULL, 9600, 8, 1, -1, "neither host nor device" },
		{ "ttyUSB0", NULL, 9600, 8, 1, -1, "must be a path" },
		{ by_id, NULL, 9600, 8, 1, MODBUS_TCP, "a serial line speaks RTU" },
		{ by_id, NULL, 9600, 7, 1, -1, "data_bits = 7" },
		{ by_id, NULL, 9601, 8, 1, -1, "the next are 9600 and 19200" },
		{ by_id, NULL, 9600, 8, 0, -1, "unit_id = 0" },
		{ by_id, NULL, 9600, 8, 248, -1, "between 1 and 247; RTU" },
		{ by_id, NULL, 9600, 8, 255, -1, "between 1 and 247; RTU" },
		{ NULL, "10.0.0.9", 9600, 8, 255, MODBUS_RTU, "between 1 and 247; RTU" },
		{ NULL, "10.0.0.9", 9600, 8, 0, MODBUS_TCP, "unit_id = 0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_bus_settings b = line();
		struct wq_err err = { 0 };

		b.device = rows[i].device;
		b.host = rows[i].host;
		b.baud = rows[i].baud;
		b.data_bits = rows[i].data_bits;
		b.framing = rows[i].framing;
		assert_int_equal(check(&b, rows[i].unit_id, &err), WQ_E_INVALID);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
	}
}

static void an_identity_is_unit_table_address_value(void **state)
{
	static const struct {
		const char *text;
		struct modbus_identity is;
	} rows[] = {
		{ "3 holding 100 0x1234", { 3, 3, 100, 0x1234 } },
		{ "247 input 65535 65535", { 247, 4, 65535, 65535 } },
		{ "1 holding 0 0", { 1, 3, 0, 0 } },
	};
	static const char *const wrong[] = { "", "3", "3 holding 100", "3 coil 1 1",
		"0 holding 1 1", "256 holding 1 1", "3 holding 65536 1", "3 holding 1 65536",
		"3 holding 1 0x", "3 holding 1 1 1", "3 holding 1 abc", "3 holding -1 5",
		"3 holding 1 -5", "holding 3 1 1", "3:holding:1:1" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_identity id;

		assert_int_equal(modbus_identity_parse(rows[i].text, &id, NULL), 0);
		assert_int_equal(id.unit_id, rows[i].is.unit_id);
		assert_int_equal(id.function, rows[i].is.function);
		assert_int_equal(id.address, rows[i].is.address);
		assert_int_equal(id.value, rows[i].is.value);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct modbus_identity id;

		if (modbus_identity_parse(wrong[i], &id, NULL) != WQ_E_INVALID)
			fail_msg("'%s' is taken", wrong[i]);
	}
}

static void identities_are_held_against_the_bus(void **state)
{
	static const char *const items[][2] = {
		{ "3 holding 1 1", "3 holding 2 1" },
		{ "3 holding 1 1", "4 holding 2 1" },
		{ "3 holding 1 1", "nonsense" },
	};
	static const char *const says[] = { "unit 3 has two", "no point of this bus", "nonsense" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct modbus_bus_settings b = line();
		struct wq_err err = { 0 };

		b.identity = (struct wq_list){ 2, items[i] };
		assert_int_equal(check(&b, 3, &err), WQ_E_INVALID);
		if (!strstr(err.text, says[i]))
			fail_msg("'%s' does not say '%s'", err.text, says[i]);
	}
}

static void the_speeds_are_the_usual_ones(void **state)
{
	static const int64_t known[] = { 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600,
		115200, 230400, 460800, 921600 };
	int64_t below, above;

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		assert_true(serial_speed(known[i], &below, &above));
		assert_false(serial_speed(known[i] - 1, &below, &above));
		assert_int_equal(above, known[i]);
		assert_int_equal(below, i > 0 ? known[i - 1] : 0);
	}
}

/* ---- a port: the slave side of a pseudo-terminal ---- */

static int pair(char *name, size_t cap)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	assert_int_equal(ptsname_r(master, name, cap), 0);
	return master;
}

static struct link link_of(struct serial *serial)
{
	const struct link_options options = { .way = &serial_way,
		.framing = &rtu_framing,
		.way_state = serial,
		.timeout = 1000,
		.silence = 4 };
	struct link link;

	link_init(&link, &options);
	return link;
}

static void a_port_is_raw_and_has_the_settings(void **state)
{
	static const struct {
		int64_t baud;
		int parity, stop_bits;
		speed_t speed;
		tcflag_t flags;
		int bits;
	} rows[] = {
		{ 9600, SERIAL_NONE, 1, B9600, CS8, 10 },
		{ 19200, SERIAL_EVEN, 1, B19200, CS8 | PARENB, 11 },
		{ 4800, SERIAL_ODD, 1, B4800, CS8 | PARENB | PARODD, 11 },
		{ 115200, SERIAL_NONE, 2, B115200, CS8 | CSTOPB, 11 },
	};
	char name[64];
	int master = pair(name, sizeof name);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct serial s = { name, rows[i].baud, rows[i].parity, rows[i].stop_bits, 0 };
		struct link link = link_of(&s);
		struct wq_err err = { 0 };
		struct termios t;

		/* A pseudo-terminal has no parity: the kernel clears it, and that is told. */
		if (serial_way.open(&link, 0, &err) < 0) {
			assert_int_not_equal(rows[i].parity, SERIAL_NONE);
			assert_non_null(strstr(err.text, "cannot do what is configured"));
			assert_true(serial_way.open(&link, 0, &err) < 0); /* tried again: the same */
			assert_non_null(strstr(err.text, "cannot do what is configured"));
			continue;
		}
		assert_int_equal(tcgetattr(link.fd, &t), 0);
		assert_int_equal(t.c_cflag & (CSIZE | CSTOPB | PARENB | PARODD), rows[i].flags);
		assert_int_equal(cfgetospeed(&t), rows[i].speed);
		assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG), 0);
		assert_int_equal(t.c_iflag & (ICRNL | IXON | ISTRIP), 0);
		assert_int_equal(serial_bits(&s), rows[i].bits);
		serial_way.close(&link);
	}
	close(master);
}

static void two_masters_are_an_error(void **state)
{
	char name[64];
	int master = pair(name, sizeof name), other;
	struct serial s = { name, 9600, SERIAL_NONE, 1, 0 };
	struct link first = link_of(&s), second = link_of(&s);
	struct wq_err err = { 0 };

	(void)state;
	assert_int_equal(serial_way.open(&first, 0, &err), 0);
	assert_int_equal(serial_way.open(&second, 0, &err), WQ_E_IO);
	assert_non_null(strstr(err.text, "two masters on one line"));
	assert_int_equal(second.fd, -1);
	serial_way.close(&first);
	assert_int_equal(serial_way.open(&second, 0, &err), 0);
	serial_way.close(&second);
	other = open(name, O_RDWR | O_NOCTTY);
	assert_true(other >= 0 && flock(other, LOCK_EX | LOCK_NB) == 0);
	assert_int_equal(serial_way.open(&first, 0, &err), WQ_E_IO);
	close(other);
	close(master);
}

static void what_is_no_port_is_told(void **state)
{
	static const struct {
		const char *device, *says;
	} rows[] = {
		{ "/dev/serial/by-id/usb-nobody", "is the adapter plugged in" },
		{ "/dev/null", "is no serial port" },
		{ "/dev", "cannot be opened" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct serial s = { rows[i].device, 9600, SERIAL_NONE, 1, 0 };
		struct link link = link_of(&s);
		struct wq_err err = { 0 };

		assert_int_equal(serial_way.open(&link, 0, &err), WQ_E_IO);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
		assert_int_equal(link.fd, -1);
	}
}

static void an_adapter_that_is_pulled_out_is_a_broken_line(void **state)
{
	char name[64];
	int master = pair(name, sizeof name);
	struct serial s = { name, 9600, SERIAL_NONE, 1, 0 };
	struct link link = link_of(&s);
	const struct frame_request q = { 0, 1, 3, 0, 2, NULL };
	uint16_t registers[2];
	struct wq_err err = { 0 };

	(void)state;
	link_ask(&link, &q, 0);
	assert_int_equal(link_step(&link, registers, 0, &err), LINK_UNDERWAY);
	assert_int_equal(link_step(&link, registers, 10, &err), LINK_UNDERWAY);
	close(master);
	assert_int_equal(link_step(&link, registers, 20, &err), WQ_E_IO);
	assert_false(link_is_open(&link));
	assert_int_equal(link.fd, -1);
	link_ask(&link, &q, 30);
	assert_int_equal(link_step(&link, registers, 30, &err), WQ_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_a_serial_line),
		cmocka_unit_test(a_name_that_moves_is_warned_of),
		cmocka_unit_test(refuses_what_a_line_cannot_be),
		cmocka_unit_test(an_identity_is_unit_table_address_value),
		cmocka_unit_test(identities_are_held_against_the_bus),
		cmocka_unit_test(the_speeds_are_the_usual_ones),
		cmocka_unit_test(a_port_is_raw_and_has_the_settings),
		cmocka_unit_test(two_masters_are_an_error),
		cmocka_unit_test(what_is_no_port_is_told),
		cmocka_unit_test(an_adapter_that_is_pulled_out_is_a_broken_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
