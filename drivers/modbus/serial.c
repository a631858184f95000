/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, locking and setting a serial port. */
#include "serial.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	int64_t baud;
	speed_t speed;
} speeds[] = {
	{ 300, B300 },
	{ 600, B600 },
	{ 1200, B1200 },
	{ 2400, B2400 },
	{ 4800, B4800 },
	{ 9600, B9600 },
	{ 19200, B19200 },
	{ 38400, B38400 },
	{ 57600, B57600 },
	{ 115200, B115200 },
	{ 230400, B230400 },
	{ 460800, B460800 },
	{ 921600, B921600 },
};
#define SPEEDS (sizeof speeds / sizeof *speeds)

bool serial_speed(int64_t baud, int64_t *below, int64_t *above)
{
	*below = *above = 0;
	for (size_t i = 0; i < SPEEDS; i++) {
		if (speeds[i].baud == baud)
			return true;
		if (speeds[i].baud < baud)
			*below = speeds[i].baud;
		else if (*above == 0)
			*above = speeds[i].baud;
	}
	return false;
}

int serial_bits(const struct serial *serial)
{
	return 1 + 8 + (serial->parity != SERIAL_NONE) + serial->stop_bits;
}

bool serial_name_moves(const char *device)
{
	return strncmp(device, "/dev/ttyUSB", 11) == 0 || strncmp(device, "/dev/ttyACM", 11) == 0;
}

static int fail_errno(const struct serial *s, const char *what, int number, struct wq_err *err)
{
	char buf[128];

	return wq_fail(
	        err, WQ_E_IO, "%s: %s: %s", s->device, what, strerror_r(number, buf, sizeof buf));
}

static int fail_in_use(const struct serial *s, struct wq_err *err)
{
	return wq_fail(err, WQ_E_IO,
	        "%s: another program or another bus holds the port, and two masters on one line "
	        "scramble each other's messages; end the other one",
	        s->device);
}

static int fail_open(const struct serial *s, int number, struct wq_err *err)
{
	if (number == ENOENT || number == ENXIO || number == ENODEV)
		return wq_fail(err, WQ_E_IO,
		        "%s: there is no such port; is the adapter plugged in?", s->device);
	if (number == EACCES || number == EPERM)
		return wq_fail(err, WQ_E_IO,
		        "%s: not allowed; the daemon's user must be in the group of the port "
		        "(dialout), and its service must allow the device (DeviceAllow)",
		        s->device);
	if (number == EBUSY)
		return fail_in_use(s, err);
	return fail_errno(s, "cannot be opened", number, err);
}

/* ---- settings ---- */

static void describe(const struct serial *s, struct termios *t)
{
	static const tcflag_t parities[] = {
		[SERIAL_NONE] = 0, [SERIAL_EVEN] = PARENB, [SERIAL_ODD] = PARENB | PARODD
	};
	speed_t speed = B9600;

	for (size_t i = 0; i < SPEEDS; i++)
		if (speeds[i].baud == s->baud)
			speed = speeds[i].speed;
	/* No echo, no line ends, no flow control: bytes as they are. A byte of wrong parity is
	 * left out, and the CRC tells. */
	cfmakeraw(t);
	t->c_iflag = s->parity == SERIAL_NONE ? 0 : INPCK | IGNPAR;
	t->c_iflag |= IGNBRK;
	t->c_cflag = CS8 | CREAD | CLOCAL | parities[s->parity];
	t->c_cflag |= s->stop_bits == 2 ? CSTOPB : 0;
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
	cfsetispeed(t, speed);
	cfsetospeed(t, speed);
}

/* tcsetattr() succeeds when anything was taken: what was not is looked for. */
static int set_line(const struct serial *s, int fd, struct wq_err *err)
{
	const tcflag_t matters = CSIZE | CSTOPB | PARENB | PARODD;
	struct termios wanted, got;

	if (tcgetattr(fd, &wanted) < 0)
		return wq_fail(err, WQ_E_IO, "%s: is no serial port", s->device);
	describe(s, &wanted);
	/* EINVAL: nothing was left to take but what the port cannot do. */
	if ((tcsetattr(fd, TCSANOW, &wanted) < 0 && errno != EINVAL) || tcgetattr(fd, &got) < 0)
		return fail_errno(s, "does not take its settings", errno, err);
	if (cfgetospeed(&got) != cfgetospeed(&wanted) ||
	        (got.c_cflag & matters) != (wanted.c_cflag & matters))
		return wq_fail(err, WQ_E_IO,
		        "%s: the port cannot do what is configured (%lld bit/s, parity, %d stop "
		        "bits)",
		        s->device, (long long)s->baud, s->stop_bits);
	return 0;
}

static int set_direction(const struct serial *s, int fd, struct wq_err *err)
{
	struct serial_rs485 rs485 = { .flags = SER_RS485_ENABLED };

	if (s->rs485 == SERIAL_DIRECT)
		return 0;
	rs485.flags |=
	        s->rs485 == SERIAL_RTS_HIGH ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND;
	if (ioctl(fd, TIOCSRS485, &rs485) < 0)
		return wq_fail(err, WQ_E_IO,
		        "%s: its kernel driver does not switch the direction of RS-485; an adapter "
		        "that does so by itself needs rs485 = \"none\"",
		        s->device);
	return 0;
}

static int lock(const struct serial *s, int fd, struct wq_err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? fail_in_use(s, err)
		                            : fail_errno(s, "cannot be locked", errno, err);
	/* For those who do not ask for the lock: from now on it cannot be opened but by root. */
	if (ioctl(fd, TIOCEXCL) < 0)
		return wq_fail(err, WQ_E_IO, "%s: is no serial port", s->device);
	return 0;
}

/* ---- the way ---- */

static void way_close(struct link *link)
{
	if (link->fd >= 0) {
		/* The next who opens it has to get in. */
		ioctl(link->fd, TIOCNXCL);
		close(link->fd);
	}
	link->fd = -1;
}

static int way_open(struct link *link, wq_ms now, struct wq_err *err)
{
	const struct serial *s = link->way_state;
	int r;

	(void)now;
	link->fd = open(s->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (link->fd < 0)
		return fail_open(s, errno, err);
	r = lock(s, link->fd, err);
	if (r < 0) {
		/* Not ours: what its owner has set must stay. */
		close(link->fd);
		link->fd = -1;
		return r;
	}
	if ((r = set_line(s, link->fd, err)) < 0 || (r = set_direction(s, link->fd, err)) < 0)
		way_close(link);
	return r;
}

/* Opening never has to be gone on with. */
static int way_go_on(struct link *link, wq_ms now, struct wq_err *err)
{
	return way_open(link, now, err);
}

/* A port that hung up reads as ended: the adapter is gone. */
static ssize_t way_receive(int fd, uint8_t *bytes, size_t cap)
{
	ssize_t n = read(fd, bytes, cap);

	if (n != 0)
		return n;
	errno = ENODEV;
	return -1;
}

static ssize_t way_send(int fd, const uint8_t *bytes, size_t count)
{
	return write(fd, bytes, count);
}

const struct link_way serial_way = {
	.open = way_open,
	.go_on = way_go_on,
	.close = way_close,
	.receive = way_receive,
	.send = way_send,
	.stays = true,
};
