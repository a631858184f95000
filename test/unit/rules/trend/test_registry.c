/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every rule: its rows describe its settings, and its fallbacks pass its own checks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "view.h"

#include "wq/err.h"

static const size_t size_of[] = {
	[WQ_OPT_TEXT] = sizeof(const char *),
	[WQ_OPT_NUMBER] = sizeof(double),
	[WQ_OPT_INTEGER] = sizeof(int64_t),
	[WQ_OPT_SPAN] = sizeof(wq_ms),
	[WQ_OPT_CHOICE] = sizeof(int),
	[WQ_OPT_SWITCH] = sizeof(bool),
	[WQ_OPT_LIST] = sizeof(struct wq_list),
	[WQ_OPT_SECRET] = sizeof(const char *),
};

static void the_rules_are_there_once_each(void **state)
{
	static const char *const names[] = { "limit", "daily", "trend", "missing", "silent", "today", "fall",
		"month", "upstream", "network", "surge", "event", "health" };
	size_t count = 0;

	(void)state;
	while (wq_rules[count]) {
		size_t same = 0;

		for (size_t i = 0; wq_rules[i]; i++)
			same += strcmp(wq_rules[i]->name, wq_rules[count]->name) == 0;
		assert_int_equal(same, 1);
		count++;
	}
	assert_int_equal(count, sizeof names / sizeof *names);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(wq_rules[i]->name, names[i]);
}

static void every_key_is_explained_and_lies_within_the_settings(void **state)
{
	(void)state;
	for (size_t i = 0; wq_rules[i]; i++)
		for (const struct wq_option *o = wq_rules[i]->options; o->key; o++) {
			assert_true(o->help && o->help[0]);
			assert_true(o->offset + size_of[o->type] <= wq_rules[i]->settings_size);
			assert_int_equal(o->type == WQ_OPT_CHOICE, o->choices != NULL);
			for (const struct wq_option *p = o + 1; p->key; p++) {
				assert_string_not_equal(p->key, o->key);
				assert_true(p->offset >= o->offset + size_of[o->type] ||
				        o->offset >= p->offset + size_of[p->type]);
			}
		}
}

static void the_fallbacks_pass_the_checks_and_bound_memory_and_window(void **state)
{
	static struct fake_rule f;

	(void)state;
	for (size_t i = 0; wq_rules[i]; i++) {
		const struct wq_rule *rule = wq_rules[i];
		struct wq_err err = { 0 };

		fake_rule_open(&f, rule, "", WQ_RIVER, "tp");
		if (fake_rule_check(&f, &err))
			fail_msg("%s: %s", rule->name, err.text);
		if (rule->window)
			assert_true(rule->window(f.settings) <= WQ_WINDOW_MAX);
		assert_true(rule->on_batch || rule->on_time || rule->on_day);
	}
}

static void every_rule_says_nothing_before_there_is_anything(void **state)
{
	static struct fake_rule f;

	(void)state;
	for (size_t i = 0; wq_rules[i]; i++) {
		fake_rule_open(&f, wq_rules[i], "", WQ_RIVER, "tp");
		f.view.now = f.view.started = WQ_HOURS(1);
		assert_false(fake_rule_tick(&f, WQ_HOURS(1)));
		if (wq_rules[i]->on_batch)
			assert_false(wq_rules[i]->on_batch(f.state, f.settings, &f.view, &f.said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_are_there_once_each),
		cmocka_unit_test(every_key_is_explained_and_lies_within_the_settings),
		cmocka_unit_test(the_fallbacks_pass_the_checks_and_bound_memory_and_window),
		cmocka_unit_test(every_rule_says_nothing_before_there_is_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
