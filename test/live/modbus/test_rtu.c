/* SPDX-License-Identifier: Apache-2.0 */
/* The driver on a serial line (a pseudo-terminal) and through a serial server, against simulated
 * devices with every fault that can be ordered: no register ever gets another one's value, and who
 * is well is served. With WQ_LONG=1 a million reads of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"
#include "peer.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT  100
#define STATIONS 3
#define VALUES   8

static char directory[] = "/tmp/wq-rtu-XXXXXX";

static const char *path(const char *name)
{
	static char paths[4][128];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[0], "%s/%s", directory, name);
	return paths[next];
}

static double expected(uint32_t series)
{
	return 100 * (series / VALUES + 1) + series % VALUES;
}

static void write_water(void)
{
	static const char *const names[VALUES] = { "tp", "nh3n", "codmn", "do", "ph", "temp",
		"turbidity", "ec" };
	FILE *to = fopen(path("water"), "w");

	assert_non_null(to);
	for (uint32_t i = 0; i < STATIONS * VALUES; i++) {
		if (i % VALUES == 0)
			fprintf(to, "station s%u\n", i / VALUES);
		fprintf(to, "  %s 0s:%g places 3\n", names[i % VALUES], expected(i));
	}
	fclose(to);
}

/* ---- a line with devices ---- */

struct rig {
	const char *name; /* of its files */
	bool serial;
	pid_t pid;
	struct harness *h;
};

static void start(struct rig *rig, const char *const *more)
{
	char line[128], port[128], program[512];
	const char *argv[24] = { program, "modbus", "--scenario", path("water") };
	size_t n = 4;
	int tcp;

	snprintf(program, sizeof program, "%s/wqsim", getenv("WQ_BIN") ? getenv("WQ_BIN") : ".");
	snprintf(line, sizeof line, "%s/%s", directory, rig->name);
	snprintf(port, sizeof port, "%s/%s.port", directory, rig->name);
	unlink(port);
	argv[n++] = "--port-file";
	argv[n++] = port;
	argv[n++] = "--listen";
	argv[n++] = "127.0.0.1:0";
	argv[n++] = rig->serial ? "--pty" : "--framing";
	argv[n++] = rig->serial ? line : "rtu";
	while (*more)
		argv[n++] = *more++;
	rig->pid = peer_start(argv);
	tcp = peer_read_port(port);
	rig->h = harness_new(tcp, TIMEOUT);
	rig->h->bus_settings.framing = MODBUS_RTU;
	rig->h->bus_settings.block = 2;
	if (rig->serial) {
		rig->h->bus_settings.host = NULL;
		rig->h->bus_settings.device = strdup(line);
		rig->h->bus_settings.baud = 115200;
		rig->h->bus_settings.data_bits = 8;
		rig->h->bus_settings.stop_bits = 1;
	}
	for (int unit = 1; unit <= STATIONS; unit++)
		for (int k = 0; k < VALUES; k++)
			harness_point(rig->h, unit, 10 * k);
}

static void stop(struct rig *rig)
{
	char *device = (char *)(uintptr_t)rig->h->bus_settings.device;

	harness_free(rig->h);
	free(device);
	assert_int_equal(peer_stop(rig->pid), 0);
}

struct tally {
	unsigned long values, wrong, polls, failed;
	unsigned long failed_of[STATIONS];
};

static void poll_once(struct rig *rig, struct tally *t, size_t unit)
{
	int r = harness_poll(rig->h, unit);

	t->polls++;
	t->failed += r < 0;
	t->failed_of[unit] += r < 0;
	for (size_t i = 0; i < rig->h->count; i++) {
		const struct wq_sample *s = &rig->h->samples[i];
		double is = s->value, must = expected(s->series);

		t->values++;
		if ((is < must || is > must) && s->quality == WQ_UNCHECKED)
			t->wrong++;
	}
}

/* ---- late answers ---- */

static unsigned long reads_wanted(bool serial)
{
	if (getenv("WQ_LONG"))
		return 1000000;
	return serial ? 5000 : 10000; /* a line is quiet for 2 ms before each */
}

/* In a process of its own: nothing is asserted here. */
static bool read_with(const char *name, bool serial, const char *fault, unsigned long reads)
{
	const char *const more[] = { "--fault", fault, NULL };
	struct rig rig = { .name = name, .serial = serial };
	struct tally t = { 0 };
	bool good;

	start(&rig, more);
	harness_open(rig.h);
	while (t.values < reads)
		poll_once(&rig, &t, t.polls % STATIONS);
	print_message("%s, %s: %lu values, %lu polls failed, %zu late answers told, %lu wrong\n",
	        serial ? "serial line" : "serial server", fault, t.values, t.failed,
	        rig.h->refusals, t.wrong);
	good = t.wrong == 0 && t.failed > 0 && rig.h->refusals > 0;
	stop(&rig);
	return good;
}

/* A long run is shared by four lines at once. */
static void read_much(bool serial, const char *fault)
{
	unsigned long reads = reads_wanted(serial), lines = reads > 100000 ? 4 : 1;
	pid_t pids[4];
	int status = -1;

	for (unsigned long i = 0; i < lines; i++) {
		char name[32];

		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		snprintf(name, sizeof name, "line%lu", i);
		status = read_with(name, serial, fault, reads / lines) ? 0 : 1;
		fflush(NULL);
		_exit(status);
	}
	for (unsigned long i = 0; i < lines; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

static void late_by_twice_the_timeout_on_a_line(void **state)
{
	(void)state;
	read_much(true, "late:by=110ms,to=290ms,every=150");
}

static void late_by_twice_the_timeout_through_a_server(void **state)
{
	(void)state;
	read_much(false, "late:by=110ms,to=290ms,every=150");
}

static void late_by_twenty_timeouts_on_a_line(void **state)
{
	(void)state;
	read_much(true, "late:by=110ms,to=2s,every=600");
}

static void late_by_twenty_timeouts_through_a_server(void **state)
{
	(void)state;
	read_much(false, "late:by=110ms,to=2s,every=600");
}

/* ---- the other faults ---- */

static void a_faulty_device_leaves_the_others_alone(void **state)
{
	static const char *const faults[] = { "dead:unit=2", "slow:by=30ms,unit=2",
		"slow:by=250ms,unit=2", "wrong-unit:unit=2", "wrong-unit:unit=2,every=3",
		"bad-crc:unit=2", "bad-crc:unit=2,every=3", "truncated:unit=2",
		"truncated:unit=2,every=5", "garbage-before:unit=2",
		"garbage-before:unit=2,every=3", "garbage-after:unit=2",
		"garbage-after:unit=2,every=4", "dead:unit=2,every=3" };

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof faults / sizeof *faults); i++) {
		const char *const more[] = { "--fault", faults[i / 2], NULL };
		struct rig rig = { .name = "faulty", .serial = i % 2 == 0 };
		struct tally t = { 0 };

		start(&rig, more);
		harness_open(rig.h);
		for (size_t n = 0; n < 8; n++)
			for (size_t unit = 0; unit < STATIONS; unit++)
				poll_once(&rig, &t, unit);
		print_message(
		        "%s, %s: %lu polls of it failed, of the others %lu and %lu; last: %s\n",
		        rig.serial ? "line" : "server", faults[i / 2], t.failed_of[1],
		        t.failed_of[0], t.failed_of[2], rig.h->refused);
		assert_int_equal(t.wrong, 0);
		assert_true(t.values > 8 * VALUES);
		/* Half an answer or noise may still be on the line when the next is asked. */
		assert_true(t.failed_of[0] + t.failed_of[2] <= 1);
		if (strncmp(faults[i / 2], "slow:by=30ms", 12) != 0)
			assert_true(t.failed_of[1] > 0);
		stop(&rig);
	}
}

static void a_connection_that_falls_silent_is_made_anew(void **state)
{
	static const char *const more[] = { "--fault", "half-open:after=20", NULL };
	struct rig rig = { .name = "half" };
	struct tally t = { 0 };

	(void)state;
	start(&rig, more);
	harness_open(rig.h);
	for (int n = 0; n < 60; n++)
		poll_once(&rig, &t, (size_t)n % STATIONS);
	print_message("%lu values, %lu of %lu polls failed\n", t.values, t.failed, t.polls);
	assert_int_equal(t.wrong, 0);
	assert_true(t.failed > 5 && t.failed < 40);
	stop(&rig);
}

/* True: the registers ceased to be 0 in the middle of this poll, which then has some zeros. */
static bool look(struct rig *rig, struct tally *t, unsigned long *zeros)
{
	unsigned long good = 0, nothing = 0;

	for (size_t i = 0; i < rig->h->count; i++) {
		const struct wq_sample *s = &rig->h->samples[i];
		double must = expected(s->series);

		*zeros += s->quality == WQ_BAD;
		if (s->quality == WQ_BAD)
			continue;
		if (memcmp(&s->value, &must, sizeof must) == 0)
			good++;
		else if (fpclassify(s->value) == FP_ZERO)
			nothing++;
		else
			t->wrong++;
	}
	t->values += good;
	return nothing > 0;
}

/* As an adapter that is pulled out and put back, or a serial server that restarts: found again by
 * its name; zeros are no values. */
static void what_is_gone_comes_back(void **state)
{
	static const char *const more[] = { "--fault", "reboot:at=1s,for=1s,zeros=1s,each=4s",
		NULL };

	(void)state;
	for (int serial = 0; serial < 2; serial++) {
		struct rig rig = { .name = "gone", .serial = serial != 0 };
		struct tally t = { 0 };
		int outages = 0, straddling = 0, r = 0;
		unsigned long zeros = 0;

		start(&rig, more);
		harness_open(rig.h);
		for (wq_ms end = harness_now() + 10000; harness_now() < end; peer_nap(20)) {
			int before = r;

			r = harness_poll(rig.h, 0);
			if (r < 0 && before == 0)
				outages++;
			straddling += look(&rig, &t, &zeros);
		}
		print_message("%s: %d outages, %lu values, %lu zeros kept as bad, %d polls met "
		              "their end; %s\n",
		        serial ? "line" : "server", outages, t.values, zeros, straddling,
		        rig.h->err.text);
		assert_int_equal(t.wrong, 0);
		assert_true(straddling <= outages + 1);
		assert_true(outages >= 2 && outages <= 4);
		assert_true(zeros > 0 && t.values > 100);
		stop(&rig);
	}
}

static void an_identity_that_differs_drops_the_poll(void **state)
{
	static const char *const none[] = { NULL };
	/* 101.0 is 0x42CA in its first register. */
	static const char *const right[] = { "1 holding 10 0x42CA" },
	                         *const wrong[] = { "1 holding 10 0x42CB" };
	struct rig rig = { .name = "identity", .serial = true };

	(void)state;
	start(&rig, none);
	rig.h->bus_settings.identity = (struct wq_list){ 1, right };
	harness_open(rig.h);
	assert_int_equal(harness_poll(rig.h, 0), 0);
	assert_int_equal(rig.h->count, VALUES);
	stop(&rig);
	start(&rig, none);
	rig.h->bus_settings.identity = (struct wq_list){ 1, wrong };
	harness_open(rig.h);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(harness_poll(rig.h, 0), WQ_E_PROTOCOL);
		assert_int_equal(rig.h->count, 0);
		assert_non_null(strstr(rig.h->err.text, "must be 17099 (0x42CB)"));
		assert_int_equal(harness_poll(rig.h, 1), 0);
		assert_int_equal(rig.h->count, VALUES);
	}
	assert_int_equal(rig.h->refusals, 3);
	stop(&rig);
}

/* A master of another make on our line. */
static void mbpoll_reads_a_simulated_line(void **state)
{
	static const char *const none[] = { NULL };
	struct rig rig = { .name = "mbpoll", .serial = true };
	char command[256], answer[4096] = "";
	FILE *from;

	(void)state;
	if (system("command -v mbpoll >/dev/null 2>&1") != 0) {
		print_message("SKIPPED, NOT TESTED: no mbpoll\n");
		skip();
	}
	start(&rig, none);
	snprintf(command, sizeof command,
	        "mbpoll -m rtu -a 2 -b 115200 -P none -0 -r 10 -c 1 -t 4:float -B -1 -q %s 2>&1",
	        rig.h->bus_settings.device);
	from = popen(command, "r");
	assert_non_null(from);
	assert_true(fread(answer, 1, sizeof answer - 1, from) > 0);
	assert_int_equal(pclose(from), 0);
	if (!strstr(answer, "[10]: \t201"))
		fail_msg("%s", answer);
	stop(&rig);
}

static int prepare(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	write_water();
	return 0;
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

/* Given a pattern, only the tests that it fits. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mbpoll_reads_a_simulated_line),
		cmocka_unit_test(an_identity_that_differs_drops_the_poll),
		cmocka_unit_test(a_faulty_device_leaves_the_others_alone),
		cmocka_unit_test(a_connection_that_falls_silent_is_made_anew),
		cmocka_unit_test(what_is_gone_comes_back),
		cmocka_unit_test(late_by_twice_the_timeout_on_a_line),
		cmocka_unit_test(late_by_twice_the_timeout_through_a_server),
		cmocka_unit_test(late_by_twenty_timeouts_on_a_line),
		cmocka_unit_test(late_by_twenty_timeouts_through_a_server),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, prepare, clean) != 0;
}
