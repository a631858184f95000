/* SPDX-License-Identifier: Apache-2.0 */
/* The driver against a real mosquitto: no broker at the start, broker restarts, passwords, TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper.h"
#include "mosquitto.h"

#include <sys/stat.h>

struct fixture {
	struct mosquitto broker;
	struct live_bus bus;
	struct live_sink sink;
	struct mqtt_keeper *keeper;
	char text[128], other[128];
};

static int open_fixture(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state != NULL ? 0 : -1;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	if (f->keeper != NULL) {
		mqtt_keeper_stop(f->keeper);
		mqtt_keeper_close(f->keeper);
	}
	if (f->broker.folder[0] != '\0')
		mosquitto_remove(&f->broker);
	free(f);
	return 0;
}

static void prepare(struct fixture *f, const char *extra)
{
	if (!mosquitto_there()) {
		print_message("no mosquitto here: SKIPPED\n");
		skip();
	}
	assert_int_equal(mosquitto_prepare(&f->broker, extra), 0);
	live_bus_open(&f->bus, "tcp", "127.0.0.1", f->broker.port);
}

static void start_driver(struct fixture *f)
{
	const struct wq_sink sink = live_sink_open(&f->sink);

	f->keeper = mqtt_keeper_open(&f->bus.bus, NULL);
	assert_non_null(f->keeper);
	assert_int_equal(mqtt_keeper_start(f->keeper, &sink, NULL), 0);
}

static void it_starts_without_a_broker_and_finds_it_later(void **state)
{
	struct fixture *f = *state;

	prepare(f, NULL);
	start_driver(f);
	assert_true(live_told(&f->sink, "no connection", 6000));
	assert_int_equal(mosquitto_start(&f->broker), 0);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 6000));
	assert_int_equal(mosquitto_publish(&f->broker, "", 1, 50), 0);
	assert_true(live_reaches(&f->sink, &f->sink.samples, 50, 5000));
	assert_true(f->sink.last == 50);
	assert_int_equal(f->sink.refused, 0);
}

static void it_survives_restarts_of_the_broker(void **state)
{
	struct fixture *f = *state;

	prepare(f, NULL);
	assert_int_equal(mosquitto_start(&f->broker), 0);
	start_driver(f);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 5000));
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(mosquitto_publish(&f->broker, "", i, i), 0);
		assert_true(live_reaches(&f->sink, &f->sink.puts, i, 5000));
		mosquitto_stop(&f->broker);
		assert_true(live_reaches(&f->sink, &f->sink.downs, i, 5000));
		assert_int_equal(mosquitto_start(&f->broker), 0);
		assert_true(live_reaches(&f->sink, &f->sink.ups, i + 1, 5000));
	}
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 5); /* each once */
}

static void what_is_published_while_it_is_away_arrives_later(void **state)
{
	struct fixture *f = *state;

	prepare(f, NULL);
	assert_int_equal(mosquitto_start(&f->broker), 0);
	start_driver(f);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 5000));
	mqtt_keeper_stop(f->keeper);
	mqtt_keeper_close(f->keeper);
	assert_int_equal(mosquitto_publish(&f->broker, "", 1, 2000), 0);
	start_driver(f);
	assert_true(live_reaches(&f->sink, &f->sink.samples, 2000, 20000));
	live_pause(300);
	assert_int_equal(live_get(&f->sink, &f->sink.samples), 2000);
	assert_true(f->sink.last == 2000);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

static void the_password_comes_from_a_file_that_others_cannot_read(void **state)
{
	struct fixture *f = *state;
	char command[256];

	snprintf(f->other, sizeof f->other, "/tmp/wq-passwd-%d", (int)getpid());
	snprintf(command, sizeof command, "mosquitto_passwd -b -c %s wqd secret", f->other);
	if (!mosquitto_there() || system(command) != 0) {
		print_message("no mosquitto_passwd here: SKIPPED\n");
		skip();
	}
	snprintf(command, sizeof command, "allow_anonymous false\npassword_file %s", f->other);
	prepare(f, command);
	snprintf(f->text, sizeof f->text, "%s/password", f->broker.folder);
	assert_int_equal(mosquitto_start(&f->broker), 0);
	f->bus.settings.username = "wqd";
	f->bus.settings.password_file = f->text;
	write_file(f->text, "wrong\n", 0600);
	start_driver(f);
	assert_true(live_told(&f->sink, "authorise", 5000) || live_down_says(&f->sink, "password"));
	write_file(f->text, "secret\n", 0644);
	assert_true(live_told(&f->sink, "others can neither read", 5000));
	assert_int_equal(live_get(&f->sink, &f->sink.ups), 0);
	write_file(f->text, "secret\n", 0640);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 12000));
	unlink(f->other);
}

/* An authority, and a certificate of it for 127.0.0.1 or, wrongly, for another host. */
static bool make_certificates(const char *folder, const char *name)
{
	char command[1024];

	snprintf(command, sizeof command,
	        "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem "
	        "-days 2"
	        " -subj /CN=test-authority 2>/dev/null &&"
	        " openssl req -newkey rsa:2048 -nodes -keyout key.pem -out req.pem -subj /CN=%s "
	        "2>/dev/null &&"
	        " printf 'subjectAltName=DNS:%s' > ext &&"
	        " openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
	        " -extfile ext -out cert.pem 2>/dev/null",
	        folder, name, name);
	return system(command) == 0;
}

static void start_tls(struct fixture *f, const char *name, bool trusted)
{
	char extra[256], folder[64] = "/tmp/wq-tls-XXXXXX";

	assert_non_null(mkdtemp(folder));
	if (!mosquitto_there() || !make_certificates(folder, name)) {
		print_message("no mosquitto or openssl here: SKIPPED\n");
		skip();
	}
	snprintf(extra, sizeof extra,
	        "allow_anonymous true\ncertfile %s/cert.pem\nkeyfile %s/key.pem", folder, folder);
	prepare(f, extra);
	snprintf(f->text, sizeof f->text, "%s/ca.pem", folder);
	live_bus_open(&f->bus, "ssl", "localhost", f->broker.port);
	f->bus.settings.ca_file = trusted ? f->text : NULL;
	assert_int_equal(mosquitto_start(&f->broker), 0);
	start_driver(f);
}

static void remove_tls(struct fixture *f)
{
	char command[256];

	*strrchr(f->text, '/') = '\0';
	snprintf(command, sizeof command, "rm -rf %s", f->text);
	assert_int_equal(system(command), 0);
}

static void tls_works_with_the_authority_given(void **state)
{
	struct fixture *f = *state;
	char options[192];

	start_tls(f, "localhost", true);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 6000));
	snprintf(options, sizeof options, "--cafile %s --insecure", f->text);
	assert_int_equal(mosquitto_publish(&f->broker, options, 1, 20), 0);
	assert_true(live_reaches(&f->sink, &f->sink.samples, 20, 5000));
	remove_tls(f);
}

static void tls_withholds_as_well(void **state)
{
	struct fixture *f = *state;
	char options[192];

	start_tls(f, "localhost", true);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 6000));
	live_answer(&f->sink, false, WQ_E_STATE);
	snprintf(options, sizeof options, "--cafile %s --insecure", f->text);
	assert_int_equal(mosquitto_publish(&f->broker, options, 5, 5), 0);
	assert_true(live_reaches(&f->sink, &f->sink.downs, 1, 5000));
	live_answer(&f->sink, false, WQ_OK);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 2, 5000));
	assert_true(live_reaches(&f->sink, &f->sink.puts, 2, 5000));
	assert_true(f->sink.last == 5);
	remove_tls(f);
}

static void tls_refuses_a_certificate_for_another_host(void **state)
{
	struct fixture *f = *state;

	start_tls(f, "elsewhere.example", true);
	assert_true(live_told(&f->sink, "no connection", 8000));
	live_pause(1500);
	assert_int_equal(live_get(&f->sink, &f->sink.ups), 0);
	print_message("told: %s\n", f->sink.down);
	remove_tls(f);
}

static void tls_refuses_an_authority_that_is_not_known(void **state)
{
	struct fixture *f = *state;

	start_tls(f, "localhost", false);
	assert_true(live_told(&f->sink, "no connection", 8000));
	live_pause(1500);
	assert_int_equal(live_get(&f->sink, &f->sink.ups), 0);
	print_message("told: %s\n", f->sink.down);
	remove_tls(f);
}

static void a_proxy_in_the_environment_is_ignored(void **state)
{
	struct fixture *f = *state;

	prepare(f, NULL);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(mosquitto_start(&f->broker), 0);
	start_driver(f);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 5000));
}

#define broker_test(f) cmocka_unit_test_setup_teardown(f, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		broker_test(it_starts_without_a_broker_and_finds_it_later),
		broker_test(it_survives_restarts_of_the_broker),
		broker_test(what_is_published_while_it_is_away_arrives_later),
		broker_test(the_password_comes_from_a_file_that_others_cannot_read),
		broker_test(tls_works_with_the_authority_given),
		broker_test(tls_withholds_as_well),
		broker_test(tls_refuses_a_certificate_for_another_host),
		broker_test(tls_refuses_an_authority_that_is_not_known),
		broker_test(a_proxy_in_the_environment_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
