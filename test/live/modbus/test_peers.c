/* SPDX-License-Identifier: Apache-2.0 */
/* The driver against slaves of another make (pymodbus) and against our own simulator playing real
 * data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"
#include "peer.h"

#include "wq/csv.h"
#include "wq/parameter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_0800 WQ_SECONDS(1617235200) /* 2021-04-01T08:00:00+08:00 */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* A path in a directory of the test's own. */
static const char *scratch(const char *name)
{
	static char directory[] = "/tmp/wq-modbus-XXXXXX", path[128];
	static bool made;

	if (!made && !mkdtemp(directory))
		abort();
	made = true;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

/* ---- pymodbus ---- */

/* Slow to start: it is there when it answers. */
static int poll_until_served(struct harness *h)
{
	int r = harness_poll(h, 0);

	for (int i = 0; i < 400 && r == WQ_E_IO; i++) {
		peer_nap(50);
		r = harness_poll(h, 0);
	}
	return r;
}

static const struct {
	int address, type, order, table;
	int time_address, time_type;
	double value;
} pymodbus_points[] = {
	{ 0, MODBUS_FLOAT32, MODBUS_ABCD, 0, -1, 0, 123456.0 },
	{ 2, MODBUS_FLOAT32, MODBUS_ABCD, 0, -1, 0, 0.2 },
	{ 4, MODBUS_FLOAT32, MODBUS_CDAB, 0, -1, 0, 123456.0 },
	{ 6, MODBUS_FLOAT32, MODBUS_CDAB, 0, -1, 0, 0.2 },
	{ 8, MODBUS_FLOAT32, MODBUS_BADC, 0, -1, 0, 123456.0 },
	{ 10, MODBUS_FLOAT32, MODBUS_BADC, 0, -1, 0, 0.2 },
	{ 12, MODBUS_FLOAT32, MODBUS_DCBA, 0, -1, 0, 123456.0 },
	{ 14, MODBUS_FLOAT32, MODBUS_DCBA, 0, -1, 0, 0.2 },
	{ 20, MODBUS_INT16, MODBUS_ABCD, 0, -1, 0, -2 },
	{ 21, MODBUS_UINT16, MODBUS_ABCD, 0, -1, 0, 65534 },
	{ 22, MODBUS_INT32, MODBUS_ABCD, 0, -1, 0, -70000 },
	{ 24, MODBUS_UINT32, MODBUS_ABCD, 0, -1, 0, 4000000000.0 },
	{ 30, MODBUS_FLOAT32, MODBUS_ABCD, 0, 32, MODBUS_EPOCH, 0.157 },
	{ 40, MODBUS_FLOAT32, MODBUS_ABCD, 0, 42, MODBUS_YMDHMS, 7.86 },
	{ 0, MODBUS_FLOAT32, MODBUS_ABCD, MODBUS_INPUT, -1, 0, 21.6 },
};
#define PYMODBUS_POINTS (sizeof pymodbus_points / sizeof *pymodbus_points)

static struct harness *pymodbus_bus(int port)
{
	struct harness *h = harness_new(port, 2000);

	for (size_t i = 0; i < PYMODBUS_POINTS; i++) {
		struct modbus_point_settings *s = harness_point(h, 7, pymodbus_points[i].address);

		s->type = pymodbus_points[i].type;
		s->order = pymodbus_points[i].order;
		s->table = pymodbus_points[i].table;
		s->time_address = pymodbus_points[i].time_address;
		s->time_type = pymodbus_points[i].time_type;
	}
	harness_open(h);
	return h;
}

static void assert_pymodbus_values(const struct harness *h)
{
	assert_int_equal(h->count, PYMODBUS_POINTS);
	for (size_t i = 0; i < PYMODBUS_POINTS; i++) {
		const struct wq_sample *s = harness_sample(h, (uint32_t)i);

		if (!s || s->value < pymodbus_points[i].value ||
		        s->value > pymodbus_points[i].value)
			fail_msg("point %zu: %.17g", i, s ? s->value : NAN);
		assert_int_equal(s->quality, WQ_UNCHECKED);
		assert_true(s->at == (pymodbus_points[i].time_address < 0 ? WQ_NO_TIME : AT_0800));
	}
}

static void reads_a_slave_of_another_make(void **state)
{
	static const char *const probe[] = { "/usr/bin/python3", "-c", "import pymodbus", NULL };
	int number = peer_free_port();
	char port[12];
	const char *const argv[] = { "/usr/bin/python3", environment("WQ_PYMODBUS"), port, NULL };
	struct harness *h;
	pid_t pid = peer_start(probe);

	(void)state;
	if (peer_wait(pid, 30000) != 0) {
		print_message("skipped: no python3-pymodbus here\n");
		skip();
	}
	snprintf(port, sizeof port, "%d", number);
	pid = peer_start(argv);
	h = pymodbus_bus(number);
	assert_int_equal(poll_until_served(h), 0);
	assert_pymodbus_values(h);
	/* Measured once: only what has no time of its own is told again. */
	assert_int_equal(harness_poll(h, 0), 0);
	assert_int_equal(h->count, PYMODBUS_POINTS - 2);
	harness_free(h);
	peer_stop(pid);
}

/* ---- wqsim ---- */

static int start_wqsim(pid_t *pid, const char *const *more)
{
	const char *argv[24] = { NULL, "modbus", "--listen", "127.0.0.1:0", "--port-file" };
	char program[512], port_file[128];
	int port;
	size_t n = 5;

	snprintf(program, sizeof program, "%s/wqsim", environment("WQ_BIN"));
	snprintf(port_file, sizeof port_file, "%s", scratch("port"));
	unlink(port_file);
	argv[0] = program;
	argv[n++] = port_file;
	while (*more && n < 23)
		argv[n++] = *more++;
	*pid = peer_start(argv);
	port = peer_read_port(port_file);
	unlink(port_file);
	if (port < 0)
		fail_msg("%s modbus did not start", program);
	return port;
}

/* The points of one simulated station, as `wqsim modbus --print-map` prints them. */
static void add_station(struct harness *h, int unit_id, int parameters, int time_type)
{
	for (int k = 0; k < parameters; k++) {
		struct modbus_point_settings *s = harness_point(h, unit_id, 10 * k);

		s->time_address = 10 * k + (time_type == MODBUS_EPOCH ? 2 : 4);
		s->time_type = time_type;
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	fputs(text, to);
	assert_int_equal(fclose(to), 0);
}

static void the_simulator_stops_cleanly_when_told(void **state)
{
	char csv[128];
	const char *const more[] = { "--csv", csv, NULL };
	pid_t pid;

	(void)state;
	snprintf(csv, sizeof csv, "%s", scratch("a.csv"));
	write_file(csv, "time,station,tp\n2021-04-01T08:00:00+08:00,a,0.2\n");
	start_wqsim(&pid, more);
	assert_int_equal(peer_stop(pid), 0);
	unlink(csv);
}

static void faults_of_the_simulator_are_told_apart(void **state)
{
	char csv[128];
	const char *const more[] = { "--csv", csv, "--units", "a=9,b=2,c=3", "--dead-unit", "2",
		"--exception", "3:4", NULL };
	struct harness *h;
	pid_t pid;

	(void)state;
	snprintf(csv, sizeof csv, "%s", scratch("b.csv"));
	write_file(csv,
	        "time,station,tp,ph\n2021-04-01T08:00:00+08:00,a,0.2,--\n"
	        "2021-04-01T08:00:00+08:00,b,0.2,7\n2021-04-01T08:00:00+08:00,c,0.2,7\n");
	h = harness_new(start_wqsim(&pid, more), 200);
	add_station(h, 9, 2, MODBUS_YMDHMS);
	add_station(h, 2, 1, MODBUS_EPOCH);
	add_station(h, 3, 1, MODBUS_EPOCH);
	harness_point(h, 4, 0);
	harness_open(h);
	assert_int_equal(harness_poll(h, 3), 0); /* units ascend: 2 3 4 9 */
	assert_true(h->samples[0].value == 0.2 && h->samples[0].at == AT_0800);
	assert_int_equal(h->samples[1].quality, WQ_MISSING);
	assert_int_equal(harness_poll(h, 0), WQ_E_TIMEOUT);
	assert_int_equal(harness_poll(h, 1), WQ_E_REFUSED);
	assert_non_null(strstr(h->err.text, "exception 4, device failure"));
	assert_int_equal(harness_poll(h, 2), WQ_E_TIMEOUT);
	assert_non_null(strstr(h->err.text, "exception 11"));
	harness_free(h);
	assert_int_equal(peer_stop(pid), 0);
	unlink(csv);
}

/* ---- real data ---- */

#define STATIONS 3
#define ROWS     30

/* What the file says: a value per station, row and parameter. */
struct truth {
	size_t columns; /* parameters, in the file's order */
	size_t rows[STATIONS];
	wq_ms at[STATIONS][ROWS];
	double value[STATIONS][ROWS][16]; /* NaN: none */
	bool measured[STATIONS][16];
	char ids[STATIONS][96];
	size_t count;
};

static void take_row(struct truth *t, const struct wq_csv_row *row, const int *parameters)
{
	size_t s = 0, c = 0;

	while (s < t->count && strcmp(t->ids[s], row->station) != 0)
		s++;
	if (s == STATIONS || (s < t->count && t->rows[s] == ROWS))
		return;
	if (s == t->count)
		snprintf(t->ids[t->count++], sizeof *t->ids, "%s", row->station);
	for (size_t i = 0; i < row->count; i++) {
		if (parameters[i] < 0)
			continue;
		t->value[s][t->rows[s]][c] = row->fields[i].value;
		t->measured[s][c] |= row->fields[i].cell != WQ_CELL_NOT_MEASURED;
		c++;
	}
	t->at[s][t->rows[s]++] = row->at;
	t->columns = c;
}

static struct truth *read_truth(const char *path)
{
	struct truth *t = calloc(1, sizeof *t);
	FILE *from = fopen(path, "r");
	const char *const *names;
	const int *parameters;
	struct wq_csv_row row;
	struct wq_err err;
	struct wq_csv *csv;

	assert_non_null(from);
	csv = wq_csv_open(
	        from, path, wq_parameters, wq_parameter_count, &wq_zone_china, true, &err);
	if (!csv)
		fail_msg("%s", err.text);
	wq_csv_columns(csv, &names, &parameters);
	while (wq_csv_next(csv, &row, &err) > 0)
		take_row(t, &row, parameters);
	wq_csv_close(csv);
	fclose(from);
	return t;
}

/* The first stations of the national file, with the names of columns that the fixed form has. */
static bool make_national(const char *path)
{
	char source[512], command[1400];

	snprintf(source, sizeof source, "%s/data/national_4h_20210401_0405.csv.gz",
	        environment("WQ_SHARED"));
	if (access(source, R_OK) != 0)
		return false;
	snprintf(command, sizeof command,
	        "gzip -dc '%s' | sed -e '1s/section,ts/station,time/' -e '1s/_mgl//g' -e "
	        "'1s/temp_c/temp/' "
	        "-e '1s/cond_uscm/ec/' -e '1s/turb_ntu/turbidity/' -e '1s/algae_cells_l/algae/' | "
	        "head -n %d > '%s'",
	        source, 1 + STATIONS * ROWS, path);
	return system(command) == 0;
}

/* Every row of every station once, with the file's time and the file's decimal. */
static void assert_told_once(const struct harness *h, const struct truth *t)
{
	uint32_t series = 0;
	size_t expected = 0;

	for (size_t s = 0; s < t->count; s++)
		for (size_t c = 0; c < t->columns; c++) {
			if (!t->measured[s][c])
				continue;
			for (size_t r = 0; r < t->rows[s]; r++, expected++) {
				size_t found = 0;
				double value = t->value[s][r][c];

				for (size_t i = 0; i < h->count; i++) {
					const struct wq_sample *x = &h->samples[i];

					if (x->series != series || x->at != t->at[s][r])
						continue;
					found++;
					if (isnan(value) ? x->quality != WQ_MISSING
					                 : memcmp(&x->value, &value,
					                           sizeof value) != 0)
						fail_msg("%s row %zu column %zu: %.17g, not %.17g",
						        t->ids[s], r, c, x->value, value);
				}
				if (found != 1)
					fail_msg("%s row %zu column %zu: told %zu times", t->ids[s],
					        r, c, found);
			}
			series++;
		}
	assert_true(expected > 500);
	assert_int_equal(h->count, expected);
}

static void every_value_of_real_stations_is_told_once(void **state)
{
	char csv[128];
	const char *const more[] = { "--csv", csv, "--step", "100ms", "--start-on-request", NULL };
	struct harness *h;
	struct truth *t;
	pid_t pid;

	(void)state;
	snprintf(csv, sizeof csv, "%s", scratch("national.csv"));
	if (!make_national(csv)) {
		print_message("skipped: no national data in $WQ_SHARED\n");
		skip();
	}
	t = read_truth(csv);
	h = harness_new(start_wqsim(&pid, more), 1000);
	for (size_t s = 0; s < t->count; s++) {
		int measured = 0;

		for (size_t c = 0; c < t->columns; c++)
			measured += t->measured[s][c];
		add_station(h, (int)s + 1, measured, s % 2 ? MODBUS_YMDHMS : MODBUS_EPOCH);
	}
	harness_open(h);
	for (wq_ms end = harness_now() + ROWS * 100 + 1000; harness_now() < end; peer_nap(5))
		for (size_t s = 0; s < t->count; s++)
			if (harness_poll_keeping(h, s) < 0)
				fail_msg("%s", h->err.text);
	assert_told_once(h, t);
	print_message("%zu values of %zu stations\n", h->count, t->count);
	harness_free(h);
	free(t);
	assert_int_equal(peer_stop(pid), 0);
	unlink(csv);
}

static int remove_scratch(void **state)
{
	char *slash, path[128];

	(void)state;
	snprintf(path, sizeof path, "%s", scratch(""));
	slash = strrchr(path, '/');
	*slash = '\0';
	rmdir(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_slave_of_another_make),
		cmocka_unit_test(the_simulator_stops_cleanly_when_told),
		cmocka_unit_test(faults_of_the_simulator_are_told_apart),
		cmocka_unit_test(every_value_of_real_stations_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, remove_scratch) != 0;
}
