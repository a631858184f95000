/* SPDX-License-Identifier: Apache-2.0 */
/* One request to one page; the test is main, or a main that does not answer. */
#include "answer.h"

#include "wq/alarm.h"
#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOON  WQ_MINUTES(29545000)
#define STATE "/v1/alarms/W20260305-007/state"
#define ACK   "/v1/alarms/W20260305-007/acknowledge"

static char folder[] = "/tmp/wq-answer-XXXXXX";
static const struct config_contact contacts[] = { { .id = "zhang", .name = "张三" } };
static const struct config_links section = { .url = "https://wq.example.org", .secret = "credential:links", .valid = WQ_HOURS(1) };
static const struct config config = { .contact_count = 1,
	.contacts = contacts,
	.links = &section,
	.paths = { .credentials = folder } };
static wq_ms now = NOON;

static wq_ms wall(void)
{
	return now;
}

static bool yes(void)
{
	return true;
}

static const struct links_clock hand = { wall, yes };
static struct links *links;
static char path[100]; /* of the link */

/* -- main's part -- */

struct turn {
	const char *path;
	int status; /* 0: no answer */
	const char *says;
};

static const struct turn *script; /* what is asked next, and what is answered */
static size_t asked;
static char last_body[1000];

static int main_answers(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	const struct turn *turn = &script[asked++];

	(void)owner;
	assert_non_null(turn->path);
	assert_string_equal(request->path, turn->path);
	assert_string_equal(request->method, strcmp(turn->path, ACK) == 0 ? "POST" : "GET");
	snprintf(last_body, sizeof last_body, "%s", request->body);
	reply->status = turn->status;
	reply->body = turn->says != NULL ? strdup(turn->says) : NULL;
	return turn->status == 0 ? WQ_E_TIMEOUT : 0;
}

#define OPEN                                                                                                                  \
	"{\"alarm\":\"W20260305-007\",\"station_name\":\"一干河\",\"level\":\"warning\",\"state\":\"active\",\"answered\":0,"     \
	"\"opened\":\"2026-03-05T16:00:00.000+08:00\",\"text\":\"总磷0.3mg/L\",\"device\":false,\"parameter_name\":\"总磷\"}"
#define ANSWERED(state, change)                                                                                               \
	"{\"alarm\":\"W20260305-007\",\"state\":\"" state "\",\"answered\":" change ",\"acknowledged_by\":\"李四\","              \
	"\"acknowledged_at\":\"2026-03-05T16:10:00.000+08:00\"}"
#define OVER "{\"alarm\":\"W20260305-007\",\"state\":\"normal\"}"

static enum page_kind ask(const char *method, const char *at, const char *body, const struct turn *turns, char page[PAGE_TEXT])
{
	const struct web_request request = { .method = method, .path = at, .body = body, .length = strlen(body), .form = true };
	size_t length = 0;

	script = turns;
	asked = 0;
	last_body[0] = '\0';
	enum page_kind kind = web_answer(links, main_answers, NULL, &request, page, &length);

	assert_int_equal(length, strlen(page));
	assert_null(script != NULL ? script[asked].path : NULL);
	return kind;
}

static int set_up(void **state)
{
	static const char key[] = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	struct wq_notice notice = { .alarm = 2026030500007, .number = 3, .created = NOON, .contact = "zhang" };
	char file[100], link[WQ_LINK_TEXT], why[LINKS_WHY];
	struct wq_err err;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(file, sizeof file, "%s/links", folder);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, key, sizeof key - 1) < 0)
		return -1;
	close(fd);
	links = links_new(&config, 7, &hand, &err);
	if (links == NULL || links_refresh(links, why))
		return -1;
	links_write(links, &notice, link);
	snprintf(path, sizeof path, "%s", strstr(link, "/a/"));
	return 0;
}

static int tear_down(void **state)
{
	char file[100];

	(void)state;
	links_free(links);
	snprintf(file, sizeof file, "%s/links", folder);
	unlink(file);
	return rmdir(folder);
}

/* What main is asked, in this order, and the page. Not asked at all: nothing changes. */
static void each_answer_of_main_has_its_page(void **state)
{
	static const struct {
		const char *method;
		struct turn turns[5];
		enum page_kind kind;
	} rows[] = {
		{ "GET", { { STATE, 200, OPEN } }, PAGE_ASK },
		{ "HEAD", { { STATE, 200, OPEN } }, PAGE_ASK },
		{ "GET", { { STATE, 200, OVER } }, PAGE_OVER },
		{ "GET", { { STATE, 200, ANSWERED("acknowledged", "4") } }, PAGE_ANSWERED },
		{ "GET", { { STATE, 200, ANSWERED("acknowledged", "2") } }, PAGE_ANSWERED },
		{ "GET", { { STATE, 200, ANSWERED("active", "4") } }, PAGE_AGAIN },
		{ "GET", { { STATE, 200, ANSWERED("active", "3") } }, PAGE_AGAIN },
		{ "GET", { { STATE, 200, ANSWERED("active", "2") } }, PAGE_ASK },
		{ "GET", { { STATE, 200, ANSWERED("recovered", "2") } }, PAGE_ASK },
		{ "GET", { { STATE, 0, NULL } }, PAGE_BUSY },
		{ "GET", { { STATE, 503, "{\"error\":\"x\"}" } }, PAGE_BUSY },
		{ "GET", { { STATE, 200, "[]" } }, PAGE_BUSY },
		{ "GET", { { STATE, 200, NULL } }, PAGE_BUSY },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 200, "{}" } }, PAGE_DONE },
		{ "POST", { { STATE, 200, OVER } }, PAGE_OVER },
		{ "POST", { { STATE, 200, ANSWERED("acknowledged", "4") } }, PAGE_ANSWERED },
		{ "POST", { { STATE, 200, ANSWERED("active", "4") }, { STATE, 200, ANSWERED("active", "4") } }, PAGE_AGAIN },
		{ "POST", { { STATE, 0, NULL } }, PAGE_BUSY },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 0, NULL } }, PAGE_UNSURE },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 503, "{}" } }, PAGE_UNSURE },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 500, NULL } }, PAGE_UNSURE },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 409, "{}" }, { STATE, 200, ANSWERED("acknowledged", "4") } }, PAGE_ANSWERED },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 404, "{}" }, { STATE, 200, OVER } }, PAGE_OVER },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 409, "{}" }, { STATE, 0, NULL } }, PAGE_BUSY },
		{ "POST", { { STATE, 200, OPEN }, { ACK, 409, "{}" }, { STATE, 200, OPEN } }, PAGE_UNSURE },
		{ "PUT", { { NULL, 0, NULL } }, PAGE_METHOD },
		{ "get", { { NULL, 0, NULL } }, PAGE_METHOD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char page[PAGE_TEXT];
		enum page_kind kind = ask(rows[i].method, path, "", rows[i].turns, page);

		if (kind != rows[i].kind)
			fail_msg("row %zu: %d instead of %d", i, (int)kind, (int)rows[i].kind);
		assert_int_equal(strstr(page, "<button>") != NULL, kind == PAGE_ASK);
	}
}

static void who_note_and_change_go_to_main(void **state)
{
	static const struct turn turns[] = { { STATE, 200, OPEN }, { ACK, 200, "{}" }, { NULL, 0, NULL } };
	static const struct {
		const char *body, *note;
	} rows[] = {
		{ "", "链接确认" },
		{ "note=", "链接确认" },
		{ "note=%E5%B7%B2%E6%B4%BE%E4%BA%BA%22", "链接确认:已派人\"" },
	};
	char page[PAGE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ask("POST", path, rows[i].body, turns, page), PAGE_DONE);
		json_t *body = json_loads(last_body, 0, NULL);

		assert_string_equal(json_string_value(json_object_get(body, "who")), "张三");
		assert_string_equal(json_string_value(json_object_get(body, "note")), rows[i].note);
		assert_string_equal(json_string_value(json_object_get(body, "change")), "3");
		assert_int_equal(json_object_size(body), 3);
		json_decref(body);
	}
}

static void the_page_says_what_where_and_who(void **state)
{
	static const struct turn turns[] = { { STATE, 200, OPEN }, { NULL, 0, NULL } };
	static const char *const parts[] = { "一干河", "总磷0.3mg/L", "预警", "2026-03-05 16:00", "W20260305-007", "张三" };
	char page[PAGE_TEXT];

	(void)state;
	ask("GET", path, "", turns, page);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		assert_non_null(strstr(page, parts[i]));
}

/* All of them are one page, and main hears of none. */
static void what_is_no_link_of_ours_is_one_page(void **state)
{
	static const struct turn none[] = { { NULL, 0, NULL } };
	char first[PAGE_TEXT], page[PAGE_TEXT], changed[100], more[110], elsewhere[110];

	(void)state;
	snprintf(changed, sizeof changed, "%s", path);
	changed[20] = changed[20] == 'A' ? 'B' : 'A';
	snprintf(more, sizeof more, "%s/", path);
	snprintf(elsewhere, sizeof elsewhere, "/b/%s", path + 3);
	const char *const rows[] = { changed, more, elsewhere, "", "/", "/a", "/a/", "a/x", "/v1/status", STATE, "/a/../a/x",
		path + 1 + strlen("a/") };

	assert_int_equal(ask("GET", "/favicon.ico", "", none, first), PAGE_INVALID);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int post = 0; post < 2; post++) {
			assert_int_equal(ask(post ? "POST" : "GET", rows[i], "", none, page), PAGE_INVALID);
			assert_string_equal(page, first);
		}
}

static void a_proxy_may_put_something_before_it(void **state)
{
	static const struct turn turns[] = { { STATE, 200, OPEN }, { NULL, 0, NULL } };
	char page[PAGE_TEXT], longer[120];

	(void)state;
	snprintf(longer, sizeof longer, "/water/quality%s", path);
	assert_int_equal(ask("GET", longer, "", turns, page), PAGE_ASK);
}

static void an_old_link_is_too_old_and_asks_nothing(void **state)
{
	static const struct turn none[] = { { NULL, 0, NULL } };
	char page[PAGE_TEXT];

	(void)state;
	now = NOON + WQ_HOURS(1);
	assert_int_equal(ask("GET", path, "", none, page), PAGE_EXPIRED);
	assert_int_equal(ask("POST", path, "", none, page), PAGE_EXPIRED);
	assert_null(strstr(page, "W2026"));
	now = NOON;
}

static void a_body_that_is_no_form_changes_nothing(void **state)
{
	static const struct turn none[] = { { NULL, 0, NULL } };
	struct web_request request = { .method = "POST", .path = path, .body = "{}", .length = 2, .form = false };
	char page[PAGE_TEXT];
	size_t length;

	(void)state;
	script = none;
	asked = 0;
	assert_int_equal(web_answer(links, main_answers, NULL, &request, page, &length), PAGE_FORM);
	assert_int_equal(ask("POST", path, "note=%z", none, page), PAGE_FORM);
	assert_int_equal(asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_of_main_has_its_page),
		cmocka_unit_test(who_note_and_change_go_to_main),
		cmocka_unit_test(the_page_says_what_where_and_who),
		cmocka_unit_test(what_is_no_link_of_ours_is_one_page),
		cmocka_unit_test(a_proxy_may_put_something_before_it),
		cmocka_unit_test(an_old_link_is_too_old_and_asks_nothing),
		cmocka_unit_test(a_body_that_is_no_form_changes_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
