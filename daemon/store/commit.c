/* SPDX-License-Identifier: Apache-2.0 */
/* Commits a group: one transaction, all of it or nothing. Here the samples; records.c does the
 * rest. */
#include "store_parts.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* The row that a sample meets: same series, same instant, newest revision. */
struct met {
	bool found;
	bool closed; /* it lies in `sample`, not in `sample_open` */
	bool same;   /* it says the same */
	int64_t revision;
};

static struct db_value key_of(const struct store *store, const struct wq_stored *s)
{
	return db_int(store->names.series[s->series]);
}

static int insert(struct store *store, const struct wq_stored *s, int64_t revision, int64_t repeats)
{
	int rc = db_run(store->statements[ST_SAMPLE_INSERT],
	        DB_VALUES(db_int(s->at), key_of(store, s), db_int(revision), db_real(s->value),
	                db_int(s->quality), db_int(s->stamp), db_field(s->flag, sizeof s->flag),
	                db_int(store->names.source[s->source]), db_int(s->received),
	                db_int(s->trusted), db_int((int64_t)s->sequence), db_int(repeats),
	                db_real(s->score), db_int(s->late), db_int(s->event),
	                db_int(s->test)));
	if (rc == SQLITE_OK && s->at > store->names.highest[s->series])
		store->names.highest[s->series] = s->at;
	return rc == SQLITE_OK ? forward_samples(store, s, 1) : rc;
}

static bool says_the_same(sqlite3_stmt *row, const struct wq_stored *s)
{
	bool none = sqlite3_column_type(row, 1) == SQLITE_NULL;
	if (none != (s->value != s->value))
		return false;
	double value = sqlite3_column_double(row, 1);
	if (!none && (value < s->value || value > s->value))
		return false;
	const char *flag = (const char *)sqlite3_column_text(row, 2);
	size_t length = strnlen(s->flag, sizeof s->flag);
	if (flag == NULL || strlen(flag) != length || memcmp(flag, s->flag, length) != 0)
		return false;
	/* What the engine calls a revision may differ by its quality alone. */
	return s->record != WQ_RECORD_REVISION || sqlite3_column_int(row, 3) == s->quality;
}

static int find(struct store *store, const struct wq_stored *s, struct met *met)
{
	sqlite3_stmt *row = store->statements[ST_SAMPLE_FIND];
	int rc = db_bind(row, DB_VALUES(db_int(s->at), key_of(store, s)));
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(row);
	*met = (struct met){ .found = rc == SQLITE_ROW };
	if (met->found) {
		met->revision = sqlite3_column_int64(row, 0);
		met->same = says_the_same(row, s);
		met->closed = sqlite3_column_int(row, 4) != 0;
	}
	int reset = sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? reset : rc;
}

static int repeat(struct store *store, const struct wq_stored *s, bool closed)
{
	return db_run(store->statements[closed ? ST_CLOSED_REPEAT : ST_OPEN_REPEAT],
	        DB_VALUES(db_int(s->at), key_of(store, s), db_int(s->received)));
}

/* Nothing met: revision 1. The same met: counted. Another value met: the next revision. */
static int decide(struct store *store, struct wq_stored *s)
{
	struct met met;
	int rc = find(store, s, &met);
	if (rc != SQLITE_OK)
		return rc;
	s->became = WQ_RECORD_NEW;
	if (!met.found)
		return insert(store, s, 1, 0);
	s->became = met.same || s->record == WQ_RECORD_REPEAT ? WQ_RECORD_REPEAT : WQ_RECORD_REVISION;
	if (s->became == WQ_RECORD_REPEAT)
		return repeat(store, s, met.closed);
	rc = db_run(store->statements[met.closed ? ST_CLOSED_SUPERSEDE : ST_OPEN_SUPERSEDE],
	        DB_VALUES(db_int(s->at), key_of(store, s)));
	return rc == SQLITE_OK ? insert(store, s, met.revision + 1, 0) : rc;
}

static int commit_sample(struct store *store, struct wq_stored *s)
{
	if (s->record == WQ_RECORD_REPEAT) {
		int rc = repeat(store, s, false);
		s->became = WQ_RECORD_REPEAT;
		if (rc != SQLITE_OK || sqlite3_changes(store->db) > 0)
			return rc;
	}
	return decide(store, s);
}

/* How many samples from the first on need no look at what is stored: each is later than everything
 * of its series, those before it included. */
static size_t run_of_new(struct store *store, struct wq_stored *samples, size_t count)
{
	wq_ms *highest = store->names.highest;
	size_t run = 0;
	for (; run < count; run++) {
		struct wq_stored *s = &samples[run];
		if (s->record != WQ_RECORD_NEW || s->at <= highest[s->series])
			break;
		/* Should it not be stored, then it is looked for the next time: slower, not wrong. */
		highest[s->series] = s->at;
		s->became = WQ_RECORD_NEW;
	}
	return run;
}

static int commit_run(struct store *store, const struct wq_stored *samples, size_t count)
{
	store->rows = (struct rows){ samples, count, &store->names };
	int rc = db_run(store->statements[ST_SAMPLE_ROWS], NULL, 0);
	store->rows = (struct rows){ 0 };
	return rc == SQLITE_OK ? forward_samples(store, samples, count) : rc;
}

static int check_samples(
        const struct store *store, const struct commit_group *group, struct wq_err *err)
{
	for (size_t i = 0; i < group->outcome.sample_count; i++) {
		const struct wq_stored *s = &group->outcome.samples[i];
		if (s->series >= store->site->series_count ||
		        s->source >= store->site->source_count)
			return wq_fail(err, WQ_E_INVALID,
			        "%s: sample %zu of a group has series %u of %zu, source %u of %zu",
			        store->path, i, s->series, store->site->series_count, s->source,
			        store->site->source_count);
	}
	return 0;
}

int commit_samples(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	struct wq_stored *samples = group->outcome.samples;
	size_t count = group->outcome.sample_count;
	int r = check_samples(store, group, err);
	for (size_t i = 0; r == 0 && i < count;) {
		size_t run = run_of_new(store, samples + i, count - i);
		int rc = run > 0 ? commit_run(store, samples + i, run)
		                 : commit_sample(store, &samples[i]);
		if (rc != SQLITE_OK)
			r = store_fail(store, rc, "cannot store a reading", err);
		i += run > 0 ? run : 1;
	}
	return r;
}

/* -- qualities that had to wait for a successor -- */

static int find_judged(struct store *store, const struct wq_judged *j, int64_t *revision, bool *closed)
{
	sqlite3_stmt *row = store->statements[ST_JUDGED_FIND];
	int rc = db_bind(row, DB_VALUES(db_int(j->at), db_int(store->names.series[j->series])));
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(row);
	*revision = 0;
	if (rc == SQLITE_ROW) {
		const double value = cell_real(row, 1);
		const bool meant = value >= j->value && value <= j->value;
		const bool other = sqlite3_column_int(row, 2) != j->quality || sqlite3_column_int(row, 3) != j->test;
		*closed = sqlite3_column_int(row, 4) != 0;
		if (meant && other)
			*revision = sqlite3_column_int64(row, 0);
	}
	int reset = sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? reset : rc;
}

static int commit_judged(struct store *store, const struct wq_judged *j)
{
	const struct db_value at = db_int(j->at), series = db_int(store->names.series[j->series]);
	int64_t revision;
	bool closed = false;
	int rc = find_judged(store, j, &revision, &closed);
	if (rc != SQLITE_OK || revision == 0)
		return rc;
	rc = db_run(store->statements[closed ? ST_CLOSED_SUPERSEDE : ST_OPEN_SUPERSEDE], DB_VALUES(at, series));
	if (rc == SQLITE_OK)
		rc = db_run(store->statements[ST_SAMPLE_JUDGED],
		        DB_VALUES(at, series, db_int(j->quality), db_int(j->test), db_int(j->received),
		                db_int((int64_t)j->sequence), db_int(revision)));
	const struct wq_stored told = { .series = j->series, .at = j->at, .sequence = j->sequence };
	return rc == SQLITE_OK ? forward_samples(store, &told, 1) : rc;
}

static int commit_all_judged(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	int rc = SQLITE_OK;
	for (size_t i = 0; rc == SQLITE_OK && i < group->outcome.judged_count; i++)
		if (group->outcome.judged[i].series < store->site->series_count)
			rc = commit_judged(store, &group->outcome.judged[i]);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot store a quality", err);
}

/* -- the answers to what the engine needs, read inside the transaction: a read that fails fails the
 * commit, so that no day stays unanswered -- */

struct answers {
	struct store_answer *items;
	size_t count;
};

static void answers_free(struct answers *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		free(answers->items[i].samples);
	free(answers->items);
	*answers = (struct answers){ 0 };
}

static size_t needs_now(const struct commit_group *group)
{
	size_t count = 0;
	for (size_t i = 0; i < group->outcome.need_count; i++)
		count += group->outcome.needs[i].now;
	return count;
}

static int answer_needs(struct store *store, const struct commit_group *group,
        struct answers *answers, struct wq_err *err)
{
	size_t wanted = needs_now(group);
	if (wanted == 0)
		return 0;
	answers->items = calloc(wanted, sizeof *answers->items);
	if (answers->items == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu days", wanted);
	for (size_t i = 0; i < group->outcome.need_count; i++) {
		if (!group->outcome.needs[i].now)
			continue;
		int r = need_answer(store, &group->outcome.needs[i], &answers->items[answers->count], err);
		if (r < 0)
			return r;
		answers->count++;
	}
	return 0;
}

/* Appends to the caller's array; takes the answers over. */
static int hand_over(
        struct answers *answers, struct store_answer **to, size_t *count, struct wq_err *err)
{
	if (answers->count == 0)
		return 0;
	struct store_answer *grown = realloc(*to, (*count + answers->count) * sizeof *grown);
	if (grown == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu days", answers->count);
	memcpy(grown + *count, answers->items, answers->count * sizeof *grown);
	*to = grown;
	*count += answers->count;
	free(answers->items);
	*answers = (struct answers){ 0 };
	return 0;
}

static wq_ms newest_arrival(const struct store *store, const struct commit_group *group)
{
	wq_ms newest = store->received;
	for (size_t i = 0; i < group->outcome.sample_count; i++)
		if (group->outcome.samples[i].received > newest)
			newest = group->outcome.samples[i].received;
	return newest;
}

uint64_t commit_sequence(const struct store *store, const struct commit_group *group)
{
	return group->last_sequence > store->sequence ? group->last_sequence : store->sequence;
}

static int put_meta(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	const struct store_clock *clock = &group->clock;
	int rc = db_run(store->statements[ST_META],
	        DB_VALUES(db_int((int64_t)commit_sequence(store, group)),
	                db_int(newest_arrival(store, group)), db_int(store->commits + 1), db_int(clock->wall),
	                db_int(clock->boot), db_field(clock->machine, sizeof clock->machine), db_int(clock->trusted)));
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot count the commit", err);
}

static int write_group(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	store->forwarded.sequence = -1; /* an earlier try may have been rolled back */
	int r = store_transaction(store, err);
	if (r == 0)
		r = commit_samples(store, group, err);
	if (r == 0)
		r = commit_all_judged(store, group, err);
	if (r == 0)
		r = commit_records(store, group, err);
	if (r == 0)
		r = commit_manuals(store, group, err);
	if (r == 0)
		r = put_meta(store, group, err);
	return r;
}

static int finish(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	store->doubt = group;
	int rc = db_run(store->statements[ST_COMMIT], NULL, 0);
	if (rc != SQLITE_OK)
		return store_fail(store, rc, "cannot commit", err);
	store->doubt = NULL;
	store->sequence = commit_sequence(store, group);
	store->received = newest_arrival(store, group);
	store->commits++;
	return 0;
}

int store_commit(struct store *store, const struct commit_group *group,
        struct store_answer **answers, size_t *answer_count, struct wq_err *err)
{
	struct answers found = { 0 };
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open since a failure", store->path);
	int r = mend_look(store, err);
	if (r < 0)
		return r;
	/* The COMMIT of this group failed, but the file has it: only the answers are missing. */
	bool landed = store->landed && store->doubt == group;
	store->landed = false;
	r = landed ? 0 : write_group(store, group, err);
	if (r == 0)
		r = answer_needs(store, group, &found, err);
	size_t handed = *answer_count;
	if (r == 0)
		r = hand_over(&found, answers, answer_count, err);
	if (r == 0 && landed)
		store->doubt = NULL;
	else if (r == 0)
		r = finish(store, group, err);
	if (r == 0)
		return 0;
	if (!landed)
		store_rollback(store);
	else
		store->landed = true;
	while (*answer_count > handed)
		free((*answers)[--*answer_count].samples);
	answers_free(&found);
	return r;
}
