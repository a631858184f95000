/* SPDX-License-Identifier: Apache-2.0 */
/* What persons ask of main over the control socket: hostile paths and bodies, and "done" only when
 * it is stored. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/command.h"
#include "conclude.h"
#include "hand_clock.h"
#include "main_bench.h"
#include "intake/pool.h"
#include "intake/source_parts.h"
#include "wq/rule.h"

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING ((size_t)500)
#define ACK  "/v1/alarms/W20260305-007/acknowledge"
#define SHUT "/v1/alarms/W20260305-007/close"
#define CLOSING "{\"cause\":\"c\",\"action\":\"a\"}"

/* -- the engine's part -- */

static struct {
	int says; /* a code for every request */
	size_t asked;
	int64_t alarm;
	char who[2000], note[20000];
} engine;

static int note_request(int64_t alarm, const char *who, const char *note, struct wq_outcome *out,
        struct wq_err *err)
{
	engine.asked++;
	engine.alarm = alarm;
	snprintf(engine.who, sizeof engine.who, "%s", who);
	snprintf(engine.note, sizeof engine.note, "%s", note != NULL ? note : "(none)");
	if (engine.says < 0)
		return wq_fail(err, engine.says, "the engine's reason");
	out->needs = realloc(out->needs, sizeof *out->needs);
	out->need_count = out->need_room = 1; /* something to be stored */
	return 0;
}

int wq_engine_acknowledge(struct wq_engine *of, int64_t alarm, const char *who, const char *note,
        wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	(void)of, (void)now;
	return note_request(alarm, who, note, out, err);
}

int wq_engine_close(struct wq_engine *of, int64_t alarm, const char *who, const struct wq_closing *said,
        wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	char text[1024];

	(void)of, (void)now;
	snprintf(text, sizeof text, "%s|%s|%s", said->cause, said->action, said->note != NULL ? said->note : "");
	return note_request(alarm, who, text, out, err);
}

static struct wq_alarm open_alarm; /* the one there is, where there is any */
static size_t alarm_count;

size_t wq_engine_alarms(const struct wq_engine *of, const struct wq_alarm *const **alarms)
{
	static const struct wq_alarm *const list[] = { &open_alarm };

	(void)of;
	*alarms = list;
	return alarm_count;
}

int64_t wq_engine_first(const struct wq_engine *of, const struct wq_alarm *alarm)
{
	(void)of;
	return alarm->id;
}

bool wq_engine_stale(const struct wq_engine *of, const struct wq_alarm *alarm, wq_ms now)
{
	(void)of, (void)alarm, (void)now;
	return false;
}

int64_t wq_engine_flood(const struct wq_engine *of)
{
	(void)of;
	return -1;
}

static struct wq_shelf shelf;
static size_t shelf_count;
static const struct wq_shelf *const shelf_list[] = { &shelf };

size_t wq_engine_shelves(const struct wq_engine *of, const struct wq_shelf *const **shelves)
{
	(void)of;
	*shelves = shelf_list;
	return shelf_count;
}

const struct wq_shelf *wq_engine_shelf(const struct wq_engine *of, uint32_t rule, uint32_t place)
{
	(void)of, (void)rule, (void)place;
	return NULL;
}

/* How many steps of the clock the engine knew of when it was asked. */
static const struct main_bench *stepping;
static size_t steps_told;

int wq_engine_shelve(struct wq_engine *of, uint32_t rule, uint32_t place, wq_ms until,
        const char *who, const char *reason, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	(void)of, (void)until, (void)now;
	steps_told = stepping != NULL ? stepping->steps : 0;
	return note_request((int64_t)rule * 100 + place, who, reason, out, err);
}

int wq_engine_unshelve(struct wq_engine *of, uint32_t rule, uint32_t place, const char *who,
        wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	(void)of, (void)now;
	return note_request((int64_t)rule * 100 + place, who, NULL, out, err);
}

bool wq_engine_latest(const struct wq_engine *of, uint32_t series, struct wq_reading *reading)
{
	(void)of, (void)series, (void)reading;
	return false;
}

size_t wq_engine_maintained(const struct wq_engine *of, wq_ms now, struct wq_maintained *rows, size_t cap)
{
	(void)of, (void)now, (void)rows, (void)cap;
	return 0;
}

static struct wq_profile_word word;

int wq_engine_profile(struct wq_engine *of, const struct wq_profile_word *said, struct wq_outcome *out,
        struct wq_err *err)
{
	(void)of;
	word = *said;
	return note_request(said->profile * 10 + said->hand, said->who, said->reason, out, err);
}

bool wq_engine_profile_on(const struct wq_engine *of, uint32_t profile, wq_ms now)
{
	(void)of, (void)now;
	return profile == 0;
}

const struct wq_profile_word *wq_engine_profile_word(const struct wq_engine *of, uint32_t profile, wq_ms now)
{
	(void)of, (void)now;
	return profile == 0 ? &word : NULL;
}

static struct wq_maintenance wish; /* as the engine was last given */

int wq_engine_maintain(struct wq_engine *of, const struct wq_maintenance *given, wq_ms now, struct wq_outcome *out,
        struct wq_err *err)
{
	(void)of, (void)now;
	wish = *given;
	return note_request(given->station, given->who, given->reason, out, err);
}

int wq_engine_maintain_end(struct wq_engine *of, uint32_t station, uint32_t series, const char *who, wq_ms now,
        struct wq_outcome *out, struct wq_err *err)
{
	(void)of, (void)now;
	wish.series = series;
	return note_request(station, who, NULL, out, err);
}

/* -- asking -- */

struct question {
	struct main_bench *bench;
	struct ctl_request request;
	struct ctl_reply reply;
	int said;
	pthread_t thread;
};

static int open_bench(void **state)
{
	struct main_bench *b = main_bench_open(RING);

	memset(&engine, 0, sizeof engine);
	alarm_count = 0;
	b->config.site.name = "测试";
	b->config.site.zone = &wq_zone_china;
	b->config.site.standard = &wq_gb3838;
	*state = b;
	return 0;
}

static int close_bench(void **state)
{
	main_bench_close(*state);
	return 0;
}

#define bench_test(fn) cmocka_unit_test_setup_teardown(fn, open_bench, close_bench)

static void *ask(void *argument)
{
	struct question *q = argument;

	q->said = command_ask(q->bench->daemon.inbox, api_open, &q->request, &q->reply);
	return NULL;
}

/* A person asks, and main has looked at it. */
static void begin(struct question *q, struct main_bench *b, const char *method, const char *path,
        const char *body)
{
	struct pollfd at = { .fd = inbox_fd(b->daemon.inbox), .events = POLLIN };

	*q = (struct question){ .bench = b,
		.request = { .method = method,
		        .path = path,
		        .body = body,
		        .body_length = strlen(body),
		        .user = "anna" } };
	assert_int_equal(pthread_create(&q->thread, NULL, ask, q), 0);
	assert_int_equal(poll(&at, 1, 20000), 1);
	main_bench_run(b);
}

static int end(struct question *q)
{
	pthread_join(q->thread, NULL);
	assert_int_equal(q->said, 0);
	free(q->reply.body);
	return q->reply.status;
}

static int status_of(struct main_bench *b, const char *method, const char *path, const char *body)
{
	struct question q;

	begin(&q, b, method, path, body);
	if (b->daemon.handover.writer->count > 0)
		main_bench_land(b);
	return end(&q);
}

/* -- tests -- */

static void only_what_exists_is_answered(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
	} table[] = {
		{ "GET", "/v1/status", 200 },
		{ "GET", "/v1/alarms", 200 },
		{ "POST", ACK, 200 },
		{ "POST", SHUT, 200 },
		{ "GET", "/v1/alarms/W20260305-007/state", 200 },
		{ "GET", "/v1/alarms/7/state", 404 },
		{ "POST", "/v1/alarms/W20260305-007/state", 404 },
		{ "POST", "/v1/status", 404 },
		{ "GET", ACK, 404 },
		{ "get", "/v1/status", 404 },
		{ "GET", "", 404 },
		{ "GET", "/", 404 },
		{ "GET", "/v1/statu", 404 },
		{ "GET", "/v1/status/", 404 },
		{ "GET", "/v1/statusstatus", 404 },
		{ "GET", "/v1/alarms/W20260305-007", 404 },
		{ "POST", "/v1/alarms//acknowledge", 404 },
		{ "POST", "/v1/alarms/acknowledge", 404 },
		{ "POST", "/v1/alarms/close", 404 },
		{ "POST", "/v1/alarms/W20260305-007/closed", 404 },
		{ "POST", "/v1/alarms/../acknowledge", 404 },
		{ "POST", "/v1/alarms/7/acknowledge", 404 },
		{ "POST", "/v1/alarms/W20260305-007/x/acknowledge", 404 },
		{ "POST", "/v1/alarms/W20260305-0070000000000/acknowledge", 404 },
		{ "POST", "/v1/alarms/W99999999999999999999-99999/close", 404 },
		{ "POST", "/v1/alarms/W20260305--07/close", 404 },
		{ "POST", "/v1/alarms/W20260305-007/acknowledge/acknowledge", 404 },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int status = status_of(*state, table[i].method, table[i].path, strstr(table[i].path, "close") != NULL ? CLOSING : "");
		if (status != table[i].status)
			fail_msg("%s %s: %d", table[i].method, table[i].path, status);
	}
	assert_int_equal(engine.asked, 2);
	assert_int_equal(engine.alarm, 2026030500007);
}

static void a_body_that_is_no_json_object_changes_nothing(void **state)
{
	static const char *const bodies[] = { "[]", "{", "null", "1", "\"who\"",
		"{\"who\":\"a\"} x", "{\"who\":\"a\",\"who\":\"b\"}", "{\"who\":\"\\u0000\"}",
		"{\"who\":\"\xff\"}", "{\"who\":\"\xed\xa0\x80\"}", "{who:1}", "{\"a\":1e999}",
		"\xef\xbb\xbf{}" };
	char deep[9000];

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		if (status_of(*state, "POST", ACK, bodies[i]) != 400)
			fail_msg("taken: %s", bodies[i]);
	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	memcpy(deep, "{\"a\":", 5);
	assert_int_equal(status_of(*state, "POST", SHUT, deep), 400);
	assert_int_equal(engine.asked, 0);
}

/* -- one alarm -- */

static const struct wq_rule rule = { .name = "limit", .scope = WQ_SCOPE_NETWORK };
static const uint32_t one_place[] = { 0 };
static const struct wq_rule_use use = { .rule = &rule, .name = "tp", .place_count = 1, .places = one_place };

static void put_alarm(struct main_bench *b, uint32_t answered)
{
	b->config.site.rules = &use;
	b->config.site.rule_count = 1;
	open_alarm = (struct wq_alarm){ .id = 2026030500007,
		.level = WQ_LEVEL_WARNING,
		.state = answered > 0 ? WQ_LIFE_ACKNOWLEDGED : WQ_LIFE_ACTIVE,
		.changes = 3,
		.answered = answered,
		.answered_at = 1772697600000,
		.answered_by = "李四",
		.last = { .series = WQ_NONE, .says = "总磷0.3mg/L" } };
	alarm_count = 1;
}

#define STATE "/v1/alarms/W20260305-007/state"

static void the_state_of_an_alarm_says_who_acknowledged_it(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	for (uint32_t answered = 0; answered < 3; answered += 2) {
		put_alarm(b, answered);
		begin(&q, b, "GET", STATE, "");
		pthread_join(q.thread, NULL);
		assert_int_equal(q.reply.status, 200);
		json_t *says = json_loads(q.reply.body, 0, NULL);

		assert_int_equal(json_integer_value(json_object_get(says, "answered")), answered);
		assert_string_equal(json_string_value(json_object_get(says, "text")), "总磷0.3mg/L");
		assert_int_equal(json_is_null(json_object_get(says, "acknowledged_by")), answered == 0);
		if (answered > 0) {
			assert_string_equal(json_string_value(json_object_get(says, "acknowledged_by")), "李四");
			assert_non_null(strstr(json_string_value(json_object_get(says, "acknowledged_at")), "2026-03-05"));
		}
		json_decref(says);
		free(q.reply.body);
	}
}

/* What a person is told of as done is not taken back by a crash: it waits for the commit. That nobody did it yet does not. */
static void that_it_is_acknowledged_is_said_when_it_is_committed(void **state)
{
	static const struct {
		uint32_t answered;
		bool open, waits;
	} rows[] = { { 0, true, false }, { 2, true, true }, { 0, false, true } };
	struct main_bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct question act, look;

		begin(&act, b, "POST", ACK, "");
		put_alarm(b, rows[i].answered);
		alarm_count = rows[i].open;
		begin(&look, b, "GET", STATE, "");
		assert_int_equal(b->daemon.handover.first->waiting->next != NULL, rows[i].waits);
		main_bench_land(b);
		assert_int_equal(end(&act), 200);
		assert_int_equal(end(&look), 200);
	}
}

static void a_message_s_link_asks_no_more_when_somebody_answered_after_it(void **state)
{
	static const struct {
		uint32_t answered;
		const char *body;
		int status;
	} rows[] = {
		{ 0, "{\"change\":\"1\"}", 200 },
		{ 2, "{\"change\":\"1\"}", 409 },
		{ 2, "{\"change\":\"2\"}", 409 },
		{ 2, "{\"change\":\"3\"}", 200 },
		{ 2, "{}", 200 }, /* the engine's to refuse */
		{ 0, "{\"change\":\"\"}", 400 },
		{ 0, "{\"change\":\"-1\"}", 400 },
		{ 0, "{\"change\":\"1x\"}", 400 },
		{ 0, "{\"change\":\"1234567890\"}", 400 },
		{ 0, "{\"change\":1}", 400 },
	};
	size_t asked = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put_alarm(*state, rows[i].answered);
		int status = status_of(*state, "POST", ACK, rows[i].body);

		if (status != rows[i].status)
			fail_msg("%u, %s: %d", (unsigned)rows[i].answered, rows[i].body, status);
		asked += status == 200;
		assert_int_equal(engine.asked, asked);
	}
}

static void who_did_it_is_who_says_so_or_who_the_kernel_knows(void **state)
{
	static const struct {
		const char *body, *who, *note;
	} table[] = {
		{ "", "anna", "(none)" },
		{ "{}", "anna", "(none)" },
		{ "{\"who\":\"张三\",\"note\":\"已到现场\"}", "张三", "已到现场" },
		{ "{\"who\":null}", "anna", "(none)" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(status_of(*state, "POST", ACK, table[i].body), 200);
		assert_string_equal(engine.who, table[i].who);
		assert_string_equal(engine.note, table[i].note);
	}
}

static void a_closure_names_cause_and_measure(void **state)
{
	assert_int_equal(
	        status_of(*state, "POST", SHUT, "{\"cause\":\"农田退水\",\"action\":\"关闸\"}"),
	        200);
	assert_string_equal(engine.note, "农田退水|关闸|");
	assert_int_equal(status_of(*state, "POST", SHUT, "{\"cause\":\"a\",\"action\":\"b\",\"note\":\"c\"}"), 200);
	assert_string_equal(engine.note, "a|b|c");
}

static void a_cause_is_one_of_those_agreed_on(void **state)
{
	static const char *const causes[] = { "农田退水", "上游来水" };
	struct main_bench *b = *state;
	struct question q;

	b->config.causes = (struct wq_list){ 2, causes };
	assert_int_equal(status_of(b, "POST", SHUT, "{\"cause\":\"上游来水\",\"action\":\"x\"}"), 200);
	begin(&q, b, "POST", SHUT, "{\"cause\":\"下雨\",\"action\":\"x\"}");
	pthread_join(q.thread, NULL);
	assert_int_equal(q.reply.status, 400);
	assert_int_equal(engine.asked, 1);
	assert_non_null(strstr(q.reply.body, "\"下雨\\\" is no cause that site.causes names; known: 农田退水, 上游来水"));
	free(q.reply.body);
}

/* Half of what was done is no record: the person is told, and nothing is closed. */
static void a_closure_without_one_of_them_or_with_too_many_words_is_refused_whole(void **state)
{
	char body[4000], cause[WQ_CAUSE_MAX + 2], action[WQ_ACTION_MAX + 2];
	static const char *const wrong[] = { "{}", "{\"cause\":\"x\"}", "{\"action\":\"x\"}",
		"{\"cause\":\"\",\"action\":\"x\"}", "{\"cause\":\"x\",\"action\":\"\"}",
		"{\"cause\":\"\xff\",\"action\":\"x\"}", "{\"cause\":\"x\",\"action\":null}" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(status_of(*state, "POST", SHUT, wrong[i]), 400);
	memset(cause, 'c', sizeof cause);
	memset(action, 'a', sizeof action);
	for (int more = 0; more < 3; more++) {
		const int c = WQ_CAUSE_MAX + (more == 1), a = WQ_ACTION_MAX + (more == 2);

		snprintf(body, sizeof body, "{\"cause\":\"%.*s\",\"action\":\"%.*s\"}", c, cause, a, action);
		assert_int_equal(status_of(*state, "POST", SHUT, body), more == 0 ? 200 : 400);
	}
	assert_int_equal(engine.asked, 1);
}

static void the_engines_refusal_is_told_and_nothing_waits(void **state)
{
	static const struct {
		int says, status;
	} table[] = { { WQ_E_MISSING, 404 }, { WQ_E_STATE, 409 }, { WQ_E_MEMORY, 503 } };
	struct main_bench *b = *state;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct question q;
		engine.says = table[i].says;
		begin(&q, b, "POST", ACK, "");
		pthread_join(q.thread, NULL);
		assert_int_equal(q.reply.status, table[i].status);
		assert_string_equal(q.reply.body, "{\"error\":\"the engine's reason\"}");
		free(q.reply.body);
		assert_int_equal(b->daemon.handover.writer->submitted, 0);
	}
}

static void it_is_done_when_it_is_stored_and_not_before(void **state)
{
	struct main_bench *b = *state;
	struct question q[3];

	for (size_t i = 0; i < 3; i++)
		begin(&q[i], b, "POST", i == 1 ? SHUT : ACK, i == 1 ? CLOSING : "");
	/* One is with the writer, two wait together for the next group. */
	assert_int_equal(engine.asked, 3);
	assert_int_equal(b->daemon.handover.writer->count, 1);
	const struct flight *first = b->daemon.handover.first;
	assert_non_null(first->waiting);
	assert_null(first->waiting->next);
	main_bench_land(b);
	assert_int_equal(end(&q[0]), 200);
	first = b->daemon.handover.first;
	assert_non_null(first->waiting);
	assert_non_null(first->waiting->next);
	main_bench_land(b);
	assert_int_equal(end(&q[1]), 200);
	assert_int_equal(end(&q[2]), 200);
}

static void the_status_is_json_with_all_its_parts(void **state)
{
	static const char *const keys[] = { "site", "version", "pid", "started", "uptime_s",
		"clock_trusted", "standard", "store", "inbox", "buses", "notices", "latency_ms",
		"timer_late_ms", "stations", "open_alarms", "stale_alarms", "shelves", "profiles",
		"flood_held", "alarms" };
	struct main_bench *b = *state;
	struct question q;

	snprintf(b->daemon.trouble, sizeof b->daemon.trouble, "database or disk is full");
	b->daemon.started_boot = clock_boot() - WQ_SECONDS(90);
	for (size_t i = 1; i <= 2000; i++)
		delays_note(&b->daemon.latencies, (wq_ms)i);
	b->held = 3; /* which it tries again */
	begin(&q, b, "GET", "/v1/status", "");
	pthread_join(q.thread, NULL);
	json_t *status = json_loads(q.reply.body, JSON_REJECT_DUPLICATES, NULL);
	free(q.reply.body);
	assert_non_null(status);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(status, keys[i]) == NULL)
			fail_msg("no %s", keys[i]);
	assert_int_equal(json_integer_value(json_object_get(status, "uptime_s")), 90);
	assert_string_equal(
	        json_string_value(json_object_get(json_object_get(status, "store"), "state")),
	        "trouble");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(status, "notices"), "waiting")), 3);
	/* The newest 1024 of 1 … 2000. */
	const json_t *delays = json_object_get(status, "latency_ms");
	assert_int_equal(json_integer_value(json_object_get(delays, "count")), 1024);
	assert_int_equal(json_integer_value(json_object_get(delays, "max")), 2000);
	assert_int_equal(json_integer_value(json_object_get(delays, "p50")), 977 + 512);
	json_decref(status);
}

/* -- shelves -- */

/* tp-limit at both stations (series 0: tp, 1: nh3n, 2: tp of the other), a rule of the site. */
static void furnish(struct main_bench *b)
{
	static const struct wq_station stations[] = { { .id = "yigan", .name = "一干河", .zone = &wq_zone_china, .series_count = 2 },
		{ .id = "nanheng", .name = "南横套河", .zone = &wq_zone_china, .first_series = 2, .series_count = 1 } };
	static const struct wq_parameter parameters[] = { { .code = "w21011", .alias = "tp" },
		{ .code = "w21003", .alias = "nh3n" } };
	static const struct wq_series series[] = { { .station = 0, .parameter = 0 },
		{ .station = 0, .parameter = 1 }, { .station = 1, .parameter = 0 } };
	static const struct wq_rule kinds[] = { { .name = "limit", .scope = WQ_SCOPE_SERIES },
		{ .name = "system", .scope = WQ_SCOPE_NETWORK } };
	static const uint32_t places[] = { 0, 1, 2 };
	static const struct wq_rule_use rules[] = {
		{ .rule = &kinds[0], .name = "class3", .place_count = 3, .places = places },
		{ .rule = &kinds[1], .name = "wqd:store", .place_count = 1, .places = places },
	};
	b->config.site.stations = stations;
	b->config.site.parameters = parameters;
	b->config.site.series = series;
	b->config.site.rules = rules;
	b->config.site.station_count = b->config.site.parameter_count = b->config.site.rule_count = 2;
	b->config.site.series_count = 3;
}

#define WISH "\"for\":\"2h\",\"reason\":\"清洗\""

static void a_shelf_is_where_rule_station_and_parameter_say(void **state)
{
	static const struct {
		const char *path, *body;
		int status;
		size_t asked;
		int64_t last; /* rule × 100 + place */
	} table[] = {
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\"," WISH "}", 200, 2, 1 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"parameter\":\"tp\"," WISH "}", 200, 1, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"nanheng\",\"parameter\":\"w21011\"," WISH "}", 200, 1, 2 },
		{ "/v1/shelve", "{\"rule\":\"wqd:store\"," WISH "}", 200, 1, 100 },
		{ "/v1/unshelve", "{\"rule\":\"class3\",\"station\":\"nanheng\"}", 200, 1, 2 },
		{ "/v1/shelve", "{\"rule\":\"class3\"," WISH "}", 400, 0, 0 },
		{ "/v1/shelve", "{\"station\":\"yigan\"," WISH "}", 400, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class9\",\"station\":\"yigan\"," WISH "}", 404, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yangtze\"," WISH "}", 404, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"nanheng\",\"parameter\":\"nh3n\"," WISH "}", 404, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"reason\":\"x\"}", 400, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"for\":\"2h\"}", 400, 0, 0 },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"for\":\"ever\",\"reason\":\"x\"}", 400, 0, 0 },
		{ "/v1/alarms/W20260305-007/shelve", "{" WISH "}", 404, 0, 0 },
		{ "/v1/alarms/yigan/shelve", "{" WISH "}", 404, 0, 0 },
		{ "/v1/alarms/W20260305-007/unshelve", "{}", 404, 0, 0 },
	};
	furnish(*state);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		engine.asked = 0;
		print_message("%s %s\n", table[i].path, table[i].body);
		assert_int_equal(status_of(*state, "POST", table[i].path, table[i].body), table[i].status);
		assert_int_equal(engine.asked, table[i].asked);
		if (table[i].asked > 0)
			assert_true(engine.alarm == table[i].last);
	}
}

/* Otherwise the engine would move the end of a shelf that was reckoned by the new time already. */
static void the_engine_knows_of_a_step_of_the_clock_before_it_is_asked(void **state)
{
	struct main_bench *b = *state;

	furnish(b);
	conclude_tick(&b->daemon);
	hand_clock_set(clock_now() + WQ_DAYS(400));
	stepping = b;
	assert_int_equal(status_of(b, "POST", "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\"," WISH "}"), 200);
	stepping = NULL;
	assert_int_equal(steps_told, 1);
	assert_int_equal(b->steps, 1);
}

static void a_shelf_the_engine_refuses_is_refused_with_its_words(void **state)
{
	static const struct {
		int says, status;
	} table[] = { { WQ_E_INVALID, 400 }, { WQ_E_STATE, 409 }, { WQ_E_MEMORY, 503 } };

	furnish(*state);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		engine.says = table[i].says;
		assert_int_equal(status_of(*state, "POST", "/v1/shelve",
		                         "{\"rule\":\"class3\",\"station\":\"yigan\"," WISH "}"),
		        table[i].status);
	}
}

static void shelves_are_listed_with_their_end_and_reason(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	furnish(b);
	shelf = (struct wq_shelf){ .rule = 0, .place = 2, .since = 0, .until = WQ_HOURS(1), .ended = WQ_NO_TIME };
	snprintf(shelf.who, sizeof shelf.who, "张三");
	snprintf(shelf.reason, sizeof shelf.reason, "清洗");
	shelf_count = 1;
	begin(&q, b, "GET", "/v1/shelves", "");
	shelf_count = 0;
	pthread_join(q.thread, NULL);
	assert_string_equal(q.reply.body,
	        "{\"shelves\":[{\"rule\":\"class3\",\"station\":\"nanheng\",\"station_name\":\"南横套河\","
	        "\"parameter\":\"tp\",\"since\":\"1970-01-01T08:00:00+08:00\",\"until\":\"1970-01-01T09:00:00+08:00\","
	        "\"automatic\":false,\"who\":\"张三\",\"reason\":\"清洗\",\"alarm\":null}]}");
	free(q.reply.body);
}

/* -- profiles -- */

static void furnish_profiles(struct main_bench *b)
{
	static const struct wq_profile profiles[] = { { "flood", 5, 1, 9, 30 }, { "winter", 11, 15, 2, 28 } };

	furnish(b);
	b->config.site.profiles = profiles;
	b->config.site.profile_count = 2;
}

static void a_profile_is_turned_by_name_for_a_reason(void **state)
{
	static const struct {
		const char *body;
		int status;
		int64_t said; /* profile × 10 + hand; -1: nothing */
	} table[] = {
		{ "{\"profile\":\"flood\",\"say\":\"on\",\"reason\":\"秋汛\"}", 200, 1 },
		{ "{\"profile\":\"winter\",\"say\":\"off\",\"reason\":\"x\",\"until\":\"2199-01-01T00:00\"}", 200, 12 },
		{ "{\"profile\":\"winter\",\"say\":\"auto\"}", 200, 10 },
		{ "{\"profile\":\"autumn\",\"say\":\"on\",\"reason\":\"x\"}", 404, -1 },
		{ "{\"say\":\"on\",\"reason\":\"x\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"reason\":\"x\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"say\":\"perhaps\",\"reason\":\"x\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"say\":\"on\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"say\":\"off\",\"reason\":\"\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"say\":\"on\",\"reason\":\"x\",\"until\":\"soon\"}", 400, -1 },
		{ "{\"profile\":\"flood\",\"say\":\"auto\",\"until\":\"2199-01-01T00:00\"}", 400, -1 },
	};

	furnish_profiles(*state);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		engine.asked = 0;
		engine.alarm = -1;
		print_message("%s\n", table[i].body);
		assert_int_equal(status_of(*state, "POST", "/v1/profile", table[i].body), table[i].status);
		assert_true(engine.alarm == table[i].said);
	}
	engine.says = WQ_E_INVALID;
	assert_int_equal(status_of(*state, "POST", "/v1/profile",
	                         "{\"profile\":\"flood\",\"say\":\"on\",\"reason\":\"x\"}"),
	        400);
}

static void profiles_are_listed_with_what_was_said(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	furnish_profiles(b);
	word = (struct wq_profile_word){ .hand = WQ_PROFILE_ON, .since = 0, .until = WQ_HOURS(1) };
	snprintf(word.who, sizeof word.who, "张三");
	snprintf(word.reason, sizeof word.reason, "秋汛");
	begin(&q, b, "GET", "/v1/profiles", "");
	pthread_join(q.thread, NULL);
	assert_string_equal(q.reply.body,
	        "{\"profiles\":[{\"profile\":\"flood\",\"state\":\"on\",\"dates\":\"05-01 to 09-30\",\"by\":\"hand\","
	        "\"since\":\"1970-01-01T08:00:00+08:00\",\"until\":\"1970-01-01T09:00:00+08:00\",\"who\":\"张三\","
	        "\"reason\":\"秋汛\"},{\"profile\":\"winter\",\"state\":\"off\",\"dates\":\"11-15 to 02-28\","
	        "\"by\":\"date\",\"since\":null,\"until\":null,\"who\":null,\"reason\":null}]}");
	free(q.reply.body);
}

static void a_maintenance_has_a_place_an_end_an_owner_and_a_reason(void **state)
{
	static const struct {
		const char *path, *body;
		int status;
		uint32_t station, series;
	} table[] = {
		{ "/v1/maintain", "{\"station\":\"yigan\"," WISH "}", 200, 0, WQ_NONE },
		{ "/v1/maintain", "{\"station\":\"nanheng\",\"parameter\":\"w21011\"," WISH "}", 200, 1, 2 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"until\":\"2027-03-05 12:00\",\"reason\":\"x\"}", 200, 0, WQ_NONE },
		{ "/v1/maintain-end", "{\"station\":\"yigan\",\"parameter\":\"nh3n\"}", 200, 0, 1 },
		{ "/v1/maintain-end", "{\"station\":\"nanheng\"}", 200, 1, WQ_NONE },
		{ "/v1/maintain", "{" WISH "}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yangtze\"," WISH "}", 404, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"nanheng\",\"parameter\":\"nh3n\"," WISH "}", 404, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"reason\":\"x\"}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"for\":\"1h\",\"until\":\"2027-03-05\",\"reason\":\"x\"}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"for\":\"ever\",\"reason\":\"x\"}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"until\":\"noon\",\"reason\":\"x\"}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"for\":\"1h\"}", 400, 9, 0 },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"for\":\"1h\",\"reason\":\"\"}", 400, 9, 0 },
		{ "/v1/maintain", "[]", 400, 9, 0 },
		{ "/v1/maintain-end", "{}", 400, 9, 0 },
	};
	furnish(*state);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		engine.asked = 0;
		print_message("%s %s\n", table[i].path, table[i].body);
		assert_int_equal(status_of(*state, "POST", table[i].path, table[i].body), table[i].status);
		assert_int_equal(engine.asked, table[i].status == 200);
		if (table[i].status != 200)
			continue;
		assert_true(engine.alarm == table[i].station && wish.series == table[i].series);
		assert_string_equal(engine.who, "anna");
		if (strstr(table[i].body, "until") != NULL)
			assert_true(wish.to == INT64_C(1804219200000)); /* 2027-03-05T12:00:00+08:00 */
		else if (strstr(table[i].body, "for") != NULL)
			assert_true(wish.to == HAND_NOW + WQ_HOURS(2));
	}
}

/* Passed over, each of these would do more than was meant: a whole station where one parameter was. */
static void what_a_body_says_and_nobody_understands_changes_nothing(void **state)
{
	static const struct {
		const char *path, *body;
	} table[] = {
		{ "/v1/maintain", "{\"station\":\"yigan\",\"parameter\":7," WISH "}" },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"parameter\":[\"tp\"]," WISH "}" },
		{ "/v1/maintain", "{\"station\":\"yigan\",\"param\":\"tp\"," WISH "}" },
		{ "/v1/maintain-end", "{\"station\":\"yigan\",\"Parameter\":\"tp\"}" },
		{ "/v1/maintain-end", "{\"station\":\"yigan\",\"parameter\":true}" },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"parameter\":{}," WISH "}" },
		{ "/v1/shelve", "{\"rule\":\"class3\",\"station\":\"yigan\",\"series\":\"tp\"," WISH "}" },
		{ "/v1/profile", "{\"profile\":\"flood\",\"say\":\"on\",\"reason\":\"x\",\"until\":2027}" },
		{ "/v1/profile", "{\"profile\":\"flood\",\"say\":\"on\",\"reason\":\"x\",\"till\":\"2027-03-05\"}" },
		{ ACK, "{\"who\":7}" },
		{ ACK, "{\"who\":\"anna\",\"note\":{}}" },
	};
	furnish(*state);
	furnish_profiles(*state);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		print_message("%s %s\n", table[i].path, table[i].body);
		assert_int_equal(status_of(*state, "POST", table[i].path, table[i].body), 400);
		assert_int_equal(engine.asked, 0);
	}
	assert_int_equal(status_of(*state, "POST", "/v1/maintain", "{\"station\":\"yigan\",\"parameter\":null," WISH "}"), 200);
}

/* -- commands to devices: a bus whose worker has not begun, so that the test says what becomes of them -- */

static const uint16_t one[] = { 1 };
static const struct wq_command commands[] = { { "start", 3, 6, 110, 1, one }, { "stop", 3, 6, 111, 1, one } };

static size_t list_commands(const void *bus, const struct wq_command **list)
{
	(void)bus;
	*list = commands;
	return 2;
}

static size_t bus_size(const struct wq_bus *bus)
{
	(void)bus;
	return 1;
}

static int open_bus(void *bus, const struct wq_bus *of, struct wq_err *err)
{
	(void)bus, (void)of, (void)err;
	return 0;
}

static void close_bus(void *bus)
{
	(void)bus;
}

static size_t one_unit(const void *bus)
{
	(void)bus;
	return 1;
}

static wq_ms every_minute(const void *bus, size_t unit)
{
	(void)bus, (void)unit;
	return WQ_MINUTES(1);
}

static const char *unit_name(const void *bus, size_t unit)
{
	(void)bus, (void)unit;
	return "unit 3";
}

static int no_step(void *bus, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	(void)bus, (void)sink, (void)now, (void)err;
	return 0;
}

static bool keeps(const void *bus)
{
	(void)bus;
	return true;
}

static const struct wq_commanding able = { .list = list_commands }, unable = { .list = NULL };
static const struct wq_driver written = { .name = "w", .state_size = bus_size, .open = open_bus, .close = close_bus,
	.units = one_unit, .unit_interval = every_minute, .unit_name = unit_name, .step = no_step, .keeps = keeps,
	.let_go = close_bus, .commanding = &able };
static const struct wq_driver only_read = { .name = "r", .state_size = bus_size, .open = open_bus, .close = close_bus,
	.units = one_unit, .unit_interval = every_minute, .unit_name = unit_name, .step = no_step, .keeps = keeps,
	.let_go = close_bus, .commanding = &unable };

static struct config_bus buses[2];
static struct source *sources[2];

static int open_buses(void **state)
{
	open_bench(state);
	struct main_bench *b = *state;
	static const struct source_events events = { .owner = NULL };
	buses[0] = (struct config_bus){ .bus = { .name = "rs485" }, .driver = &written, .source = 4 };
	buses[1] = (struct config_bus){ .bus = { .name = "old" }, .driver = &only_read, .source = 5 };
	b->daemon.pool = pool_new(2, 1024, NULL);
	for (size_t i = 0; i < 2; i++) {
		sources[i] = source_start(&buses[i], 1000, b->daemon.inbox, b->daemon.receipts, &events, b->daemon.pool, NULL);
		assert_non_null(sources[i]);
	}
	b->daemon.sources = sources;
	b->daemon.source_count = 2;
	return 0;
}

/* What the worker would say; the bus is free again. */
static void became(struct main_bench *b, enum wq_commanded what, const char *why)
{
	struct source_commanded commanded = { .source = 4, .command = 0, .became = what };
	snprintf(commanded.why, sizeof commanded.why, "%s", why);
	sources[0]->command.state = COMMAND_NONE;
	api_commanded(&b->daemon, &commanded);
}

static int close_buses(void **state)
{
	struct main_bench *b = *state;
	for (size_t i = 0; i < 2; i++) {
		sources[i]->command.state = COMMAND_NONE;
		source_join(sources[i]);
	}
	pool_free(b->daemon.pool);
	api_commands_free(&b->daemon);
	return close_bench(state);
}

#define bus_test(fn) cmocka_unit_test_setup_teardown(fn, open_buses, close_buses)
#define START "{\"bus\":\"rs485\",\"command\":\"start\"}"
#define STOP  "{\"bus\":\"rs485\",\"command\":\"stop\"}"

/* The oldest group lands as the writer brings it; its last record of a command. */
static struct store_command land(struct main_bench *b)
{
	assert_true(b->daemon.handover.writer->count > 0);
	struct commit_group *group = b->daemon.handover.writer->groups[0];
	assert_true(group->command_count > 0);
	struct store_command record = group->commands[group->command_count - 1];
	api_commands_landed(&b->daemon, (struct flight *)group);
	main_bench_land(b);
	return record;
}

static void expect_answer(struct question *q, int status, const char *says)
{
	pthread_join(q->thread, NULL);
	assert_int_equal(q->said, 0);
	assert_int_equal(q->reply.status, status);
	if (strstr(q->reply.body, says) == NULL)
		fail_msg("'%s' does not say '%s'", q->reply.body, says);
	free(q->reply.body);
}

static void a_command_is_recorded_then_sent_then_its_outcome_is_recorded(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	begin(&q, b, "POST", "/v1/command", START);
	assert_int_equal(sources[0]->command.state, COMMAND_NONE); /* not before the record is committed */
	struct store_command before = land(b);
	assert_int_equal(before.outcome, STORE_UNDER_WAY);
	assert_int_equal(before.ended, WQ_NO_TIME);
	assert_string_equal(before.who, "anna");
	assert_true(before.unit == 3 && before.function == 6 && before.address == 110 && before.count == 1 && before.values[0] == 1);
	assert_int_equal(sources[0]->command.state, COMMAND_ASKED);
	assert_int_equal(sources[0]->command.which, 0);
	became(b, WQ_COMMAND_REFUSED, "exception 2");
	expect_answer(&q, 200, "\"refused\"");
	struct store_command after = land(b);
	assert_int_equal(after.id, before.id);
	assert_int_equal(after.outcome, STORE_REFUSED);
	assert_int_equal(after.ended, clock_now());
	assert_string_equal(after.text, "exception 2");
}

static void what_is_denied_is_recorded_too_and_nothing_is_sent(void **state)
{
	static const struct {
		const char *body, *says;
		int status;
	} rows[] = {
		{ "{\"bus\":\"rs232\",\"command\":\"start\"}", "there is no bus \\\"rs232", 404 },
		{ "{\"bus\":\"rs485\",\"command\":\"strat\"}", "did you mean", 404 },
		{ "{\"bus\":\"rs485\",\"command\":\"\"}", "has no command", 404 },
		{ "{\"bus\":\"old\",\"command\":\"start\"}", "-DWQ_MODBUS_WRITE=ON", 404 },
		{ "{\"bus\":\"rs485\"}", "are needed", 400 },
		{ "{\"bus\":\"rs485\",\"command\":\"start\",\"who\":\"boss\"}", "who asks is known", 400 },
	};
	struct main_bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct question q;
		begin(&q, b, "POST", "/v1/command", rows[i].body);
		expect_answer(&q, rows[i].status, rows[i].says);
		struct store_command record = land(b);
		assert_int_equal(record.outcome, STORE_DENIED);
		assert_string_equal(record.who, "anna");
		assert_int_equal(record.function, 0);
		assert_int_equal(sources[0]->command.state, COMMAND_NONE);
	}
}

/* One of a bus at a time; the same one again after its interval, whatever became of it, unless not a byte of it left. */
static void a_command_is_not_sent_too_often(void **state)
{
	struct main_bench *b = *state;
	struct question q, other;

	begin(&q, b, "POST", "/v1/command", START);
	begin(&other, b, "POST", "/v1/command", START);
	expect_answer(&other, 409, "start of this bus is under way");
	land(b);
	begin(&other, b, "POST", "/v1/command", STOP);
	expect_answer(&other, 409, "start of this bus is under way");
	became(b, WQ_COMMAND_UNKNOWN, "no whole answer");
	expect_answer(&q, 200, "\"unknown\"");
	hand_clock_pass(WQ_SECONDS(59));
	begin(&q, b, "POST", "/v1/command", START);
	expect_answer(&q, 409, "try again in 1 s");
	while (b->daemon.handover.writer->count > 0)
		main_bench_land(b);
	hand_clock_pass(WQ_SECONDS(1));
	begin(&q, b, "POST", "/v1/command", START);
	land(b);
	became(b, WQ_COMMAND_NOT_SENT, "there is nobody");
	expect_answer(&q, 200, "\"not sent\"");
	while (b->daemon.handover.writer->count > 0)
		main_bench_land(b);
	begin(&q, b, "POST", "/v1/command", START);
	land(b);
	became(b, WQ_COMMAND_DONE, "");
	expect_answer(&q, 200, "\"done\"");
}

static void what_cannot_be_recorded_in_time_is_not_sent(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	begin(&q, b, "POST", "/v1/command", START);
	hand_clock_pass(WQ_SECONDS(5)); /* the disk */
	land(b);
	assert_int_equal(sources[0]->command.state, COMMAND_NONE);
	expect_answer(&q, 200, "could not be recorded in time");
	assert_int_equal(land(b).outcome, STORE_NOT_SENT);
}

static void nobody_waits_for_ever(void **state)
{
	struct main_bench *b = *state;
	struct question q;

	begin(&q, b, "POST", "/v1/command", START);
	land(b);
	hand_clock_pass(WQ_SECONDS(8));
	api_commands_tick(&b->daemon);
	expect_answer(&q, 202, "under way");
	became(b, WQ_COMMAND_DONE, "");
	assert_int_equal(land(b).outcome, STORE_DONE);
}

static void whatever_is_asked_there_is_one_answer(void **state)
{
	static const char *const pieces[] = { "/v1/alarms/", "/acknowledge", "/close", "/v1/shelve", "/unshelve",
		"W20260305-007", "/v1/status", "..", "%00", "\xff", "{", "}", "\"who\"", ":", "\"",
		"[", "1e9", "\\u", "\n" };
	char path[200], body[200];

	srand(20260305);
	for (int round = 0; round < 2000; round++) {
		path[0] = body[0] = '\0';
		for (int i = rand() % 6; i > 0; i--)
			strcat(path, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		for (int i = rand() % 8; i > 0; i--)
			strcat(body, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		int status = status_of(*state, rand() % 2 == 0 ? "POST" : "GET", path, body);
		assert_true(status == 200 || status == 400 || status == 404);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(only_what_exists_is_answered),
		bench_test(a_body_that_is_no_json_object_changes_nothing),
		bench_test(the_state_of_an_alarm_says_who_acknowledged_it),
		bench_test(that_it_is_acknowledged_is_said_when_it_is_committed),
		bench_test(a_message_s_link_asks_no_more_when_somebody_answered_after_it),
		bench_test(who_did_it_is_who_says_so_or_who_the_kernel_knows),
		bench_test(a_closure_names_cause_and_measure),
		bench_test(a_closure_without_one_of_them_or_with_too_many_words_is_refused_whole),
		bench_test(a_cause_is_one_of_those_agreed_on),
		bench_test(the_engines_refusal_is_told_and_nothing_waits),
		bench_test(it_is_done_when_it_is_stored_and_not_before),
		bench_test(the_status_is_json_with_all_its_parts),
		bench_test(a_shelf_is_where_rule_station_and_parameter_say),
		bench_test(the_engine_knows_of_a_step_of_the_clock_before_it_is_asked),
		bench_test(a_shelf_the_engine_refuses_is_refused_with_its_words),
		bench_test(shelves_are_listed_with_their_end_and_reason),
		bench_test(a_profile_is_turned_by_name_for_a_reason),
		bench_test(profiles_are_listed_with_what_was_said),
		bench_test(a_maintenance_has_a_place_an_end_an_owner_and_a_reason),
		bench_test(what_a_body_says_and_nobody_understands_changes_nothing),
		bus_test(a_command_is_recorded_then_sent_then_its_outcome_is_recorded),
		bus_test(what_is_denied_is_recorded_too_and_nothing_is_sent),
		bus_test(a_command_is_not_sent_too_often),
		bus_test(what_cannot_be_recorded_in_time_is_not_sent),
		bus_test(nobody_waits_for_ever),
		bench_test(whatever_is_asked_there_is_one_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
