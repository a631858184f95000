/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of itself, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "duty/duty.h"
#include "selfwatch.h"

#include <string.h>

#define NOW ((wq_ms)1772640000000)

enum { NOTHING = -1, CLEAR = WQ_FINDING_CLEAR, RAISE = WQ_FINDING_RAISE };

static int judge(struct selfwatch *watch, enum config_self rule, const struct selfwatch_facts *facts, wq_ms boot,
	struct wq_verdict *verdict)
{
	return selfwatch_judge(watch, rule, facts, boot, NOW + boot, verdict) ? (int)verdict->finding : NOTHING;
}

static void a_stalled_store_raises_at_once_and_clears_at_once(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	struct selfwatch_facts facts = { .stalled = true };
	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_STORE, &facts, 10, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WARNING);
	assert_int_equal(verdict.series, WQ_NONE);
	assert_int_equal(verdict.at, NOW + 10);
	assert_string_equal(verdict.says, "历史库无法写入,读数暂存内存,通知先行发出");
	facts.stalled = false;
	assert_int_equal(judge(&watch, CONFIG_SELF_STORE, &facts, 20, &verdict), CLEAR);
}

static void a_roster_with_nobody_on_duty_is_told_until_somebody_is(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	struct selfwatch_facts facts = { .roster = "水质值班" };
	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_ROSTER, &facts, 10, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WATCH);
	assert_string_equal(verdict.says, "值班表「水质值班」现无人值班,有报警时通知表内全体人员");
	assert_string_equal(verdict.about, "水质值班");
	facts.roster = NULL;
	assert_int_equal(judge(&watch, CONFIG_SELF_ROSTER, &facts, 20, &verdict), CLEAR);
}

static void what_was_lost_is_counted_until_it_has_been_calm(void **state)
{
	static const struct {
		wq_ms boot;
		uint64_t shed;
		int finding;
		double value;
	} table[] = {
		{ 0, 0, NOTHING, 0 }, /* an alarm of the life before may still be open */
		{ SELFWATCH_CALM - 1, 0, NOTHING, 0 },
		{ SELFWATCH_CALM, 0, CLEAR, 0 },
		{ SELFWATCH_CALM + 1, 3, RAISE, 3 },
		{ SELFWATCH_CALM + 2, 3, RAISE, 3 },
		{ SELFWATCH_CALM + 3, 10, RAISE, 10 },
		{ 2 * SELFWATCH_CALM + 2, 10, RAISE, 10 },
		{ 2 * SELFWATCH_CALM + 3, 10, CLEAR, 0 },
		{ 2 * SELFWATCH_CALM + 4, 12, RAISE, 2 }, /* a new episode counts its own */
	};
	struct selfwatch watch;
	(void)state;
	selfwatch_init(&watch, 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct selfwatch_facts facts = { .shed = table[i].shed };
		struct wq_verdict verdict;
		int finding = judge(&watch, CONFIG_SELF_SHED, &facts, table[i].boot, &verdict);
		if (finding != table[i].finding || (finding == RAISE && verdict.value != table[i].value))
			fail_msg("row %zu: finding %d, value %g", i, finding, verdict.value);
	}
}

static void early_receipts_are_counted_apart_from_what_was_lost(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	const struct selfwatch_facts facts = { .not_durable = 5 };
	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_SHED, &facts, 1, &verdict), NOTHING);
	assert_int_equal(judge(&watch, CONFIG_SELF_RECEIPT, &facts, 1, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WATCH);
	assert_non_null(strstr(verdict.says, "5个读数"));
}

static void a_channel_is_told_of_only_when_it_stays_dead(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	struct selfwatch_facts facts = { .channels = 2, .channels_failing = 1 };
	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, 1000, &verdict), NOTHING);
	selfwatch_list(facts.channel, "modem");
	facts.channels_dead = 1;
	facts.channel_news = true;
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, SELFWATCH_CHANNEL, &verdict), RAISE);
	assert_string_equal(verdict.says, "通知通道modem不通已超过5分钟,通知改走其他通道");
	assert_true(verdict.news);
	assert_string_equal(verdict.about, "modem");
	facts.channels_failing = 2;
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, SELFWATCH_CHANNEL, &verdict), RAISE);
	assert_non_null(strstr(verdict.says, "无其他通道可用,请人工值守"));
	facts = (struct selfwatch_facts){ .channels_failing = 0 };
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, SELFWATCH_CHANNEL + 1, &verdict), NOTHING);
	facts.delivered = true;
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, SELFWATCH_CHANNEL + 1, &verdict), CLEAR);
	facts.delivered = false;
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, SELFWATCH_CALM, &verdict), CLEAR);
}

static void all_channels_that_fail_are_named_and_what_failed_newly_is_news(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	struct selfwatch_facts facts = { .channels = 9, .channels_failing = 2, .channels_dead = 2 };
	(void)state;
	selfwatch_init(&watch, 0);
	selfwatch_list(facts.channel, "sms2");
	selfwatch_list(facts.channel, "mail");
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, 10, &verdict), RAISE);
	assert_string_equal(verdict.says, "通知通道sms2、mail不通已超过5分钟,通知改走其他通道");
	assert_false(verdict.news);
	assert_true(selfwatch_names(verdict.says, "sms2"));
	assert_true(selfwatch_names(verdict.says, "mail"));
	assert_false(selfwatch_names(verdict.says, "sms"));
	assert_false(selfwatch_names(verdict.says, "s2"));
	assert_false(selfwatch_names(verdict.says, ""));
	facts.channels_dead = facts.channels_failing = 5;
	facts.stranded = 1;
	facts.stranded_name = "张三";
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, 10, &verdict), RAISE);
	assert_string_equal(verdict.says, "通知通道sms2、mail等5个不通已超过5分钟,张三无其他通道,请人工转告");
	assert_true(selfwatch_names(verdict.says, "mail"));
	facts.stranded = 3;
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, 10, &verdict), RAISE);
	assert_non_null(strstr(verdict.says, ",张三等3人无其他通道,请人工转告"));
}

/* Names as long as they come: the sentence stays whole. */
static void the_longest_list_of_names_fits(void **state)
{
	struct selfwatch watch;
	struct wq_verdict verdict;
	struct selfwatch_facts facts = { .drills = true, .drill_failed = 9, .channels = 9, .channels_failing = 8, .channels_dead = 8,
		.stranded = 3, .stranded_name = "012345678901234567890123456789" };
	(void)state;
	selfwatch_init(&watch, 0);
	for (int i = 0; i < SELFWATCH_NAMED; i++) {
		selfwatch_list(facts.channel, "012345678901234567890123456789");
		selfwatch_list(facts.drill, "012345678901234567890123456789/01234567890123456789");
	}
	assert_int_equal(judge(&watch, CONFIG_SELF_CHANNEL, &facts, 10, &verdict), RAISE);
	assert_non_null(strstr(verdict.says, "请人工转告"));
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 10, &verdict), RAISE);
	assert_non_null(strstr(verdict.says, "等"));
}

static void an_uplink_that_lags_is_told_and_cleared_when_all_are_calm(void **state)
{
	struct selfwatch watch;
	struct selfwatch_facts facts = { .uplink = "bureau", .uplink_lag = WQ_MINUTES(61) };
	struct wq_verdict verdict;

	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_UPLINK, &facts, 10, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WATCH);
	assert_non_null(strstr(verdict.says, "bureau已积压61分钟"));
	/* Between half of it and all of it: neither. */
	facts = (struct selfwatch_facts){ .uplinks_calm = false };
	assert_int_equal(judge(&watch, CONFIG_SELF_UPLINK, &facts, 20, &verdict), NOTHING);
	facts.uplinks_calm = true;
	assert_int_equal(judge(&watch, CONFIG_SELF_UPLINK, &facts, 30, &verdict), CLEAR);
}

static void a_channel_that_fails_a_drill_is_named_until_one_passes_whole(void **state)
{
	struct selfwatch watch;
	struct selfwatch_facts facts = { .drills = true, .drill_passed = 3, .drill_failed = 1, .drill = "张三/modem" };
	struct wq_verdict verdict;

	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 10, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WATCH);
	assert_string_equal(verdict.says, "通道测试1项未通过:张三/modem");
	assert_string_equal(verdict.about, "张三/modem");
	assert_false(verdict.news);
	/* Later another one of the same drill. */
	facts.drill_failed = 2;
	facts.drill_news = true;
	facts.drill[0] = '\0';
	selfwatch_list(facts.drill, "李四/sms");
	selfwatch_list(facts.drill, "张三/modem");
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 15, &verdict), RAISE);
	assert_string_equal(verdict.says, "通道测试2项未通过:李四/sms、张三/modem");
	assert_true(verdict.news);
	assert_true(selfwatch_names(verdict.says, "李四/sms"));
	assert_true(selfwatch_names(verdict.says, "张三/modem"));
	/* The next one runs, and nobody knows yet. */
	facts = (struct selfwatch_facts){ .drills = true, .drill_passed = 3, .drill_under_way = 1 };
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 20, &verdict), NOTHING);
	facts.drill_under_way = 0;
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 30, &verdict), CLEAR);
	/* After a start that knows of none; and when no drill is configured any more. */
	facts = (struct selfwatch_facts){ .drills = true };
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 40, &verdict), NOTHING);
	facts.drills = false;
	assert_int_equal(judge(&watch, CONFIG_SELF_DRILL, &facts, 50, &verdict), CLEAR);
}

static void a_ping_that_fails_for_long_is_told_until_one_is_taken(void **state)
{
	struct selfwatch watch;
	struct selfwatch_facts facts = { .pings = true, .ping_failing = WQ_MINUTES(29), .ping = "hc-ping.example: HTTP 404" };
	struct wq_verdict verdict;

	(void)state;
	selfwatch_init(&watch, 0);
	assert_int_equal(judge(&watch, CONFIG_SELF_PING, &facts, 10, &verdict), NOTHING);
	facts.ping_failing = WQ_MINUTES(30);
	facts.ping_lasts = true;
	assert_int_equal(judge(&watch, CONFIG_SELF_PING, &facts, 20, &verdict), RAISE);
	assert_int_equal(verdict.level, WQ_LEVEL_WATCH);
	assert_non_null(strstr(verdict.says, "已失败30分钟(hc-ping.example: HTTP 404)"));
	facts = (struct selfwatch_facts){ .pings = true, .ping_good = true };
	assert_int_equal(judge(&watch, CONFIG_SELF_PING, &facts, 30, &verdict), CLEAR);
	facts = (struct selfwatch_facts){ .pings = false };
	assert_int_equal(judge(&watch, CONFIG_SELF_PING, &facts, 40, &verdict), CLEAR);
}

static void we_are_alive_only_while_we_do_our_work(void **state)
{
	static const struct {
		bool stored;
		wq_ms late;
		size_t channels, failing;
		const char *fault;
	} rows[] = {
		{ true, 0, 2, 0, NULL },
		{ true, 0, 2, 1, NULL },
		{ true, 0, 0, 0, NULL },
		{ true, WQ_SECONDS(5), 2, 1, NULL },
		{ false, 0, 2, 0, "nothing can be stored" },
		{ true, WQ_SECONDS(5) + 1, 2, 0, "the main loop is late" },
		{ true, 0, 2, 2, "no channel works" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *fault = alive_fault(rows[i].stored, rows[i].late, rows[i].channels, rows[i].failing);

		assert_int_equal(fault == NULL, rows[i].fault == NULL);
		if (fault != NULL)
			assert_string_equal(fault, rows[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stalled_store_raises_at_once_and_clears_at_once),
		cmocka_unit_test(a_roster_with_nobody_on_duty_is_told_until_somebody_is),
		cmocka_unit_test(what_was_lost_is_counted_until_it_has_been_calm),
		cmocka_unit_test(early_receipts_are_counted_apart_from_what_was_lost),
		cmocka_unit_test(a_channel_is_told_of_only_when_it_stays_dead),
		cmocka_unit_test(all_channels_that_fail_are_named_and_what_failed_newly_is_news),
		cmocka_unit_test(the_longest_list_of_names_fits),
		cmocka_unit_test(a_channel_that_fails_a_drill_is_named_until_one_passes_whole),
		cmocka_unit_test(a_ping_that_fails_for_long_is_told_until_one_is_taken),
		cmocka_unit_test(we_are_alive_only_while_we_do_our_work),
		cmocka_unit_test(an_uplink_that_lags_is_told_and_cleared_when_all_are_calm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
