/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm: every state with every event, against what docs/rules.md says, written here once more by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "life.h"

#include "wq/instant.h"

#include <string.h>

/* A letter a state and a letter a change. */
static const char state_letters[] = "NAEKCR";       /* normal active escalated acKnowledged corrected recovered */
static const char change_letters[] = "oreacxkvnsum"; /* as enum wq_change_kind: cleared c, closed x, corrected k, recovered v,
                                                       reopened n, reminded m */

/* "A:o": goes to active and is told as opened. "." nothing. "!": no such alarm. "?": already. */
static const struct {
	enum life_event event;
	const char *cells[WQ_LIFE_STATES]; /* N A E K C R */
} table[] = {
	{ LIFE_UNKNOWN, { ".", ".", ".", ".", ".", "." } },
	{ LIFE_HOLD, { ".", ".", ".", ".", ".", "." } },
	{ LIFE_EXCEEDING, { ".", ".", ".", ".", ".", "." } },
	{ LIFE_EXCEEDS, { "A:o", ".", ".", ".", "A:n", "A:n" } },
	{ LIFE_HIGHER, { "A:o", "A:r", "A:r", "A:r", "A:n", "A:n" } },
	{ LIFE_MEETING, { ".", ".", ".", ".", ".", "." } },
	{ LIFE_MEETS, { ".", "N:c", "N:c", "N:c", "N:c", "N:c" } },
	{ LIFE_MEETS_LATCHED, { ".", "R:v", "R:v", "N:c", "R:v", "." } },
	{ LIFE_LATE_EXCEEDS, { "C:k", ".", ".", ".", ".", "C:k" } },
	{ LIFE_LATE_HIGHER, { "C:k", "A:k", "E:k", "K:k", "C:k", "C:k" } },
	{ LIFE_LATE_MEETS, { ".", "N:kc", "N:kc", "N:kc", "N:kc", "N:c" } },
	{ LIFE_LATE_MEETS_LATCHED, { ".", "R:kv", "R:kv", "N:kc", "R:kv", "." } },
	{ LIFE_OVERDUE, { ".", "E:e", "E:e", ".", ".", "." } },
	{ LIFE_REMIND, { ".", "A:m", "E:m", "K:m", ".", "R:m" } },
	{ LIFE_ACKNOWLEDGE, { "!", "K:a", "K:a", "?", "K:a", "N:ac" } },
	{ LIFE_CLOSE, { "!", "N:x", "N:x", "N:x", "N:x", "N:x" } },
	{ LIFE_SHELVE, { ".", "A:s", "E:s", "K:s", "C:s", "R:s" } },
	{ LIFE_UNSHELVE, { ".", "A:u", "A:u", "K:u", "C:u", "R:u" } },
};

static void write_cell(enum wq_life_state state, const struct life_step *step, char out[8])
{
	size_t n = 0;
	if (step->refusal != LIFE_DONE) {
		strcpy(out, step->refusal == LIFE_NOT_OPEN ? "!" : "?");
		assert_int_equal(step->next, state);
		assert_int_equal(step->count, 0);
		return;
	}
	if (step->count == 0) {
		strcpy(out, ".");
		assert_int_equal(step->next, state);
		return;
	}
	out[n++] = state_letters[step->next];
	out[n++] = ':';
	for (size_t i = 0; i < step->count; i++)
		out[n++] = change_letters[step->changes[i]];
	out[n] = '\0';
}

static void every_state_takes_every_event_as_it_is_written(void **state)
{
	(void)state;
	assert_int_equal(sizeof table / sizeof *table, LIFE_EVENTS);
	assert_int_equal(sizeof change_letters - 1, WQ_CHANGE_KINDS);
	for (size_t e = 0; e < LIFE_EVENTS; e++)
		for (int s = 0; s < WQ_LIFE_STATES; s++) {
			char cell[8];
			assert_int_equal(table[e].event, e);
			write_cell((enum wq_life_state)s, life_step((enum wq_life_state)s, table[e].event), cell);
			if (strcmp(cell, table[e].cells[s]) != 0)
				fail_msg("%s, event %zu: '%s', not '%s'", wq_life_name((enum wq_life_state)s), e, cell,
					table[e].cells[s]);
		}
}

/* What a restart reads back is where the alarm was. */
static void the_changes_of_a_step_lead_where_the_step_leads(void **state)
{
	(void)state;
	for (int s = 0; s < WQ_LIFE_STATES; s++)
		for (int e = 0; e < LIFE_EVENTS; e++) {
			const struct life_step *step = life_step((enum wq_life_state)s, (enum life_event)e);
			struct wq_alarm alarm = { .state = (enum wq_life_state)s, .changes = 3 };
			for (size_t i = 0; i < step->count; i++)
				wq_alarm_follow(&alarm, (enum wq_change_kind)step->changes[i], WQ_LEVEL_WATCH, 1, 2,
					WQ_HUSH_NONE);
			assert_int_equal(alarm.state, step->next);
			assert_int_equal(alarm.changes, 3 + step->count);
			bool answers = step->count > 0 && step->changes[0] == WQ_ACKNOWLEDGED;
			assert_int_equal(alarm.answered, answers ? 4 : 0);
			assert_int_equal(alarm.answered_at, answers ? 2 : 0);
		}
}

/* No event opens or clears an alarm from what is not known, whatever the state. */
static void what_is_not_assessable_changes_nothing(void **state)
{
	static const struct wq_life lives[] = { { 0 }, { .on_delay = 1, .off_delay = 1, .hold = 1, .latch = true } };
	(void)state;
	for (int s = 0; s < WQ_LIFE_STATES; s++)
		for (size_t l = 0; l < 2; l++) {
			const struct wq_verdict verdict = { .finding = WQ_FINDING_UNKNOWN, .level = WQ_LEVEL_ALARM };
			assert_int_equal(life_event_of(&lives[l], (enum wq_life_state)s, WQ_LEVEL_WATCH, &verdict, 9, 9),
				LIFE_UNKNOWN);
			assert_int_equal(life_event_late(&lives[l], (enum wq_life_state)s, WQ_LEVEL_WATCH, &verdict),
				LIFE_UNKNOWN);
		}
}

static void the_delays_decide_what_a_verdict_means(void **state)
{
	static const struct wq_life life = { .on_delay = WQ_MINUTES(10), .off_delay = WQ_MINUTES(20), .hold = WQ_HOURS(1) };
	static const struct {
		enum wq_finding finding;
		enum wq_life_state state;
		wq_ms held, open;
		enum life_event event;
	} rows[] = {
		{ WQ_FINDING_RAISE, WQ_LIFE_NORMAL, WQ_MINUTES(10) - 1, 0, LIFE_EXCEEDING },
		{ WQ_FINDING_RAISE, WQ_LIFE_NORMAL, WQ_MINUTES(10), 0, LIFE_EXCEEDS },
		{ WQ_FINDING_RAISE, WQ_LIFE_RECOVERED, 0, 0, LIFE_EXCEEDING },
		{ WQ_FINDING_RAISE, WQ_LIFE_CORRECTED, WQ_MINUTES(10), 0, LIFE_HIGHER },
		/* Of an open alarm a higher level is told at once. */
		{ WQ_FINDING_RAISE, WQ_LIFE_ACTIVE, 0, 0, LIFE_HIGHER },
		{ WQ_FINDING_CLEAR, WQ_LIFE_ACTIVE, WQ_MINUTES(20) - 1, WQ_HOURS(2), LIFE_MEETING },
		{ WQ_FINDING_CLEAR, WQ_LIFE_ACTIVE, WQ_MINUTES(20), WQ_HOURS(1) - 1, LIFE_MEETING },
		{ WQ_FINDING_CLEAR, WQ_LIFE_ACTIVE, WQ_MINUTES(20), WQ_HOURS(1), LIFE_MEETS },
		{ WQ_FINDING_HOLD, WQ_LIFE_ACTIVE, WQ_DAYS(1), WQ_DAYS(1), LIFE_HOLD },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct wq_verdict verdict = { .finding = rows[i].finding, .level = WQ_LEVEL_ALARM };
		assert_int_equal(life_event_of(&life, rows[i].state, WQ_LEVEL_WATCH, &verdict, rows[i].held, rows[i].open),
			rows[i].event);
	}
}

static void no_delay_holds_up_a_correction(void **state)
{
	static const struct wq_life life = { .on_delay = 1000, .off_delay = 1000, .hold = 1000, .latch = true };
	const struct wq_verdict over = { .finding = WQ_FINDING_RAISE, .level = WQ_LEVEL_ALARM };
	const struct wq_verdict fine = { .finding = WQ_FINDING_CLEAR };
	(void)state;
	assert_int_equal(life_event_late(&life, WQ_LIFE_NORMAL, WQ_LEVEL_NONE, &over), LIFE_LATE_EXCEEDS);
	assert_int_equal(life_event_late(&life, WQ_LIFE_ACTIVE, WQ_LEVEL_WATCH, &over), LIFE_LATE_HIGHER);
	assert_int_equal(life_event_late(&life, WQ_LIFE_ACTIVE, WQ_LEVEL_ALARM, &over), LIFE_LATE_EXCEEDS);
	assert_int_equal(life_event_late(&life, WQ_LIFE_ACTIVE, WQ_LEVEL_ALARM, &fine), LIFE_LATE_MEETS_LATCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_takes_every_event_as_it_is_written),
		cmocka_unit_test(the_changes_of_a_step_lead_where_the_step_leads),
		cmocka_unit_test(what_is_not_assessable_changes_nothing),
		cmocka_unit_test(the_delays_decide_what_a_verdict_means),
		cmocka_unit_test(no_delay_holds_up_a_correction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
