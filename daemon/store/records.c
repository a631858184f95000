/* SPDX-License-Identifier: Apache-2.0 */
/* Days, changes of alarms, notices, deliveries, outages, checks and commands of a commit group. */
#include "store_parts.h"

#include "wq/err.h"
#include "wq/rule.h"

#include <stdio.h>
#include <string.h>

/* notice.state */
enum { NOTICE_PENDING, NOTICE_DELIVERED, NOTICE_GIVEN_UP, NOTICE_HELD, NOTICE_FOLDED };

static struct db_value time_or_null(wq_ms at)
{
	return at == WQ_NO_TIME ? db_null() : db_int(at);
}

static struct db_value key_or_null(const int64_t *keys, uint32_t index)
{
	return index == WQ_NONE ? db_null() : db_int(keys[index]);
}

static int put_day(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct wq_day_row *d = item;
	const struct wq_site *site = store->site;
	if (d->station >= site->station_count ||
	        (d->parameter != WQ_NONE && d->parameter >= site->parameter_count))
		return wq_fail(err, WQ_E_INVALID, "%s: a day has station %u, parameter %u",
		        store->path, d->station, d->parameter);
	int64_t parameter = d->parameter == WQ_NONE ? 0 : store->names.parameter[d->parameter];
	int rc = d->parameter == WQ_NONE
	        ? db_run(store->statements[ST_DAY_TOLD],
	                  DB_VALUES(db_int(store->names.station[d->station]), db_int(d->day)))
	        : SQLITE_OK;
	if (rc == SQLITE_OK && d->parameter == WQ_NONE)
		rc = forward_day(store, d->station, d->day, commit_sequence(store, group));
	if (rc != SQLITE_OK)
		return rc;
	return db_run(store->statements[ST_DAY_INSERT],
	        DB_VALUES(db_int(store->names.station[d->station]), db_int(d->day),
	                db_int(parameter), db_int(d->revision), db_real(d->mean),
	                db_real(d->mean_raw), db_int(d->valid), db_int(d->expected),
	                db_int(d->class_), db_int(d->verdict), db_real(d->exceedance),
	                db_int(store->names.standard), db_int(d->below)));
}

/* A group's days are told before what it wants: a reading after them is not in them. */
static int put_need(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_need *need = item;
	if (need->station >= store->site->station_count)
		return wq_fail(err, WQ_E_INVALID, "%s: a day of station %u is wanted", store->path,
		        need->station);
	return db_run(store->statements[ST_DAY_WANTED],
	        DB_VALUES(db_int(store->names.station[need->station]), db_int(need->day)));
}

/* Where an alarm belongs, by keys, since indices move between configurations. */
static void place_of(const struct store *store, uint32_t rule, uint32_t place_index,
        struct db_value *station, struct db_value *series)
{
	const struct wq_site *site = store->site;
	const struct wq_rule_use *use = &site->rules[rule];
	uint32_t place = use->places[place_index];
	if (use->rule->scope == WQ_SCOPE_SERIES) {
		*station = db_int(store->names.station[site->series[place].station]);
		*series = db_int(store->names.series[place]);
	} else if (use->rule->scope == WQ_SCOPE_STATION) {
		*station = db_int(store->names.station[place]);
	}
}

static int check_change(const struct store *store, const struct wq_change *c, struct wq_err *err)
{
	const struct wq_site *site = store->site;
	if (c->rule >= site->rule_count || c->place >= site->rules[c->rule].place_count ||
	        (c->station != WQ_NONE && c->station >= site->station_count) ||
	        (c->series != WQ_NONE && c->series >= site->series_count))
		return wq_fail(err, WQ_E_INVALID,
		        "%s: a change has rule %u, place %u, station %u, series %u", store->path,
		        c->rule, c->place, c->station, c->series);
	return 0;
}

/* What a change makes of its alarm: open, over, or as it was. */
enum effect { STAYS, OPENS, ENDS };
static const enum effect effects[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = OPENS,
	[WQ_RAISED] = OPENS,
	[WQ_CLEARED] = ENDS,
	[WQ_CLOSED] = ENDS,
};

static int put_change(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct wq_change *c = item;
	int rc = check_change(store, c, err);
	if (rc < 0)
		return rc;
	struct db_value station = db_null(), series = db_null();
	place_of(store, c->rule, c->place, &station, &series);
	rc = db_run(store->statements[ST_ALARM_INSERT],
	        DB_VALUES(db_int(c->alarm), db_int(store->names.rule[c->rule]), station, series,
	                db_int(c->time)));
	enum effect effect = (unsigned)c->kind < WQ_CHANGE_KINDS ? effects[c->kind] : STAYS;
	/* An alarm that late data opens begins with a correction. */
	if (c->kind == WQ_CORRECTED && c->number == 1)
		effect = OPENS;
	if (rc == SQLITE_OK && effect != STAYS)
		rc = db_run(store->statements[ST_ALARM_STATE],
		        DB_VALUES(db_int(c->alarm), db_int(effect == OPENS)));
	if (rc != SQLITE_OK)
		return rc;
	rc = db_run(store->statements[ST_CHANGE_INSERT],
	        DB_VALUES(db_int(c->alarm), db_int(c->number), db_int(c->kind),
	                key_or_null(store->names.station, c->station),
	                key_or_null(store->names.series, c->series), db_int(c->level),
	                db_int(c->time), db_int(c->decided), db_real(c->value), db_real(c->limit),
	                db_field(c->who, sizeof c->who), db_field(c->note, sizeof c->note),
	                db_field(c->says, sizeof c->says),
	                db_field(c->evidence, sizeof c->evidence), db_int(c->hush),
	                db_field(c->cause, sizeof c->cause), db_field(c->action, sizeof c->action)));
	return rc == SQLITE_OK ? forward_change(store, c->alarm, commit_sequence(store, group)) : rc;
}

/* Where a shelf or a delay belongs; 0 is no station, no series. */
static int place_keys(const struct store *store, uint32_t rule, uint32_t place,
        struct db_value keys[3], struct wq_err *err)
{
	const struct wq_site *site = store->site;
	if (rule >= site->rule_count || place >= site->rules[rule].place_count)
		return wq_fail(err, WQ_E_INVALID, "%s: there is no place %u of rule %u",
		        store->path, place, rule);
	keys[0] = db_int(store->names.rule[rule]);
	keys[1] = keys[2] = db_int(0);
	place_of(store, rule, place, &keys[1], &keys[2]);
	return SQLITE_OK;
}

static int put_shelf(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_shelf *s = item;
	struct db_value keys[3];
	int rc = place_keys(store, s->rule, s->place, keys, err);
	if (rc != SQLITE_OK)
		return rc;
	return db_run(store->statements[ST_SHELF_PUT],
	        DB_VALUES(keys[0], keys[1], keys[2], db_int(s->since), db_int(s->until),
	                time_or_null(s->ended), db_int(s->automatic),
	                db_field(s->who, sizeof s->who), db_field(s->reason, sizeof s->reason),
	                db_field(s->ended_by, sizeof s->ended_by)));
}

static int put_word(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_profile_word *w = item;
	if (w->profile >= store->site->profile_count)
		return wq_fail(err, WQ_E_INVALID, "%s: a word on profile %u of %zu", store->path, w->profile,
		        store->site->profile_count);
	return db_run(store->statements[ST_PROFILE_PUT],
	        DB_VALUES(db_text(store->site->profiles[w->profile].name), db_int(w->since), db_int(w->hand),
	                time_or_null(w->until), db_field(w->who, sizeof w->who),
	                db_field(w->reason, sizeof w->reason)));
}

static int put_maintenance(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_maintenance *m = item;
	const struct wq_site *site = store->site;
	if (m->station >= site->station_count || (m->series != WQ_NONE && m->series >= site->series_count))
		return wq_fail(err, WQ_E_INVALID, "%s: a maintenance has station %u, series %u", store->path,
		        m->station, m->series);
	return db_run(store->statements[ST_MAINTENANCE_PUT],
	        DB_VALUES(db_int(m->id), db_int(store->names.station[m->station]),
	                key_or_null(store->names.series, m->series), db_int(m->from), db_int(m->to),
	                time_or_null(m->ended), db_field(m->who, sizeof m->who),
	                db_field(m->reason, sizeof m->reason), db_field(m->ended_by, sizeof m->ended_by)));
}

static int put_delay(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_delay *d = item;
	struct db_value keys[3];
	int rc = place_keys(store, d->rule, d->place, keys, err);
	if (rc != SQLITE_OK)
		return rc;
	if (d->exceeds_since == WQ_NO_TIME && d->meets_since == WQ_NO_TIME)
		return db_run(store->statements[ST_DELAY_END],
		        DB_VALUES(keys[0], keys[1], keys[2]));
	return db_run(store->statements[ST_DELAY_PUT],
	        DB_VALUES(keys[0], keys[1], keys[2], time_or_null(d->exceeds_since),
	                time_or_null(d->meets_since)));
}

static int put_notice(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_notice *n = item;
	(void)err;
	return db_run(store->statements[ST_NOTICE_INSERT],
	        DB_VALUES(db_field(n->id, sizeof n->id), db_int(n->alarm), db_int(n->number),
	                db_int(n->kind), db_int(n->level), db_int(n->assist), db_int(n->time),
	                db_int(n->created), db_int(n->expires),
	                db_field(n->contact, sizeof n->contact),
	                db_field(n->channel, sizeof n->channel),
	                db_field(n->address, sizeof n->address), db_field(n->text, sizeof n->text),
	                db_field(n->data, sizeof n->data), db_int(n->deadline), db_int(n->topic),
	                db_int(n->hold), db_int(n->held),
	                db_int(n->hold != WQ_HOLD_NO ? NOTICE_HELD : NOTICE_PENDING)));
}

/* What was held back for a contact is told by the digest. */
static int put_fold(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct store_fold *f = item;
	(void)group;
	(void)err;
	return db_run(store->statements[ST_NOTICE_FOLD],
	        DB_VALUES(db_field(f->contact, sizeof f->contact), db_int(f->hold), db_int(f->upto), db_field(f->digest, sizeof f->digest)));
}

static int put_mark(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct store_mark *m = item;
	(void)group;
	(void)err;
	return db_run(store->statements[ST_MARK_PUT], DB_VALUES(db_field(m->name, sizeof m->name), db_int(m->at)));
}

static int put_owe(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct store_owe *o = item;
	(void)err;
	const struct db_value channel = db_field(o->channel, sizeof o->channel);
	/* Looks at all that the channel is owed: once a group, not with each of a rush. */
	bool last = o + 1 == group->owes + group->owe_count || strcmp(o[1].channel, o->channel) != 0;
	int rc = last ? db_run(store->statements[ST_OWED_OLD], DB_VALUES(channel, db_int(o->at - STORE_OWED))) : SQLITE_OK;
	if (rc != SQLITE_OK)
		return rc;
	return db_run(store->statements[ST_OWED_PUT], DB_VALUES(channel, db_field(o->id, sizeof o->id), db_int(o->at)));
}

static int put_wait(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct store_wait *w = item;
	(void)group;
	(void)err;
	return db_run(store->statements[ST_ALARM_WAIT], DB_VALUES(db_int(w->alarm), db_int(w->number), db_int(w->since)));
}

static int put_delivery(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct store_delivery *d = item;
	(void)err;
	int state = !d->done         ? NOTICE_PENDING
	        : d->kind == WQ_SENT ? NOTICE_DELIVERED
	                             : NOTICE_GIVEN_UP;
	int rc = db_run(store->statements[ST_DELIVERY_INSERT],
	        DB_VALUES(db_field(d->id, sizeof d->id), db_int(d->attempt),
	                db_field(d->channel, sizeof d->channel), db_int(d->at), db_int(d->kind),
	                db_int(d->done), db_field(d->text, sizeof d->text)));
	if (rc != SQLITE_OK)
		return rc;
	if (d->history)
		return !d->done ? rc : db_run(store->statements[ST_OWED_DONE],
			DB_VALUES(db_field(d->channel, sizeof d->channel), db_field(d->id, sizeof d->id)));
	return db_run(store->statements[ST_NOTICE_STATE],
	        DB_VALUES(db_field(d->id, sizeof d->id), db_int(d->attempt), db_int(state),
	                db_field(d->channel, sizeof d->channel)));
}

static int put_outage(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct store_outage *o = item;
	if (o->source >= store->site->source_count)
		return wq_fail(err, WQ_E_INVALID, "%s: an outage has source %u of %zu", store->path,
		        o->source, store->site->source_count);
	return db_run(store->statements[ST_OUTAGE_PUT],
	        DB_VALUES(db_int(store->names.source[o->source]), db_field(o->unit, sizeof o->unit),
	                db_int(o->from), time_or_null(o->to),
	                db_field(o->reason, sizeof o->reason)));
}

static int put_check(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct wq_check *c = item;
	(void)group;
	if (c->series >= store->site->series_count)
		return wq_fail(err, WQ_E_INVALID, "%s: a check has series %u of %zu", store->path, c->series,
		        store->site->series_count);
	return db_run(store->statements[ST_CHECK_PUT],
	        DB_VALUES(db_int(store->names.series[c->series]), db_int(c->kind), db_int(c->at),
	                db_real(c->value), db_real(c->reference), db_real(c->result),
	                db_field(c->flag, sizeof c->flag)));
}

/* Values as "1,2,3". */
static void values_of(const struct store_command *c, char text[8 * WQ_COMMAND_VALUES])
{
	size_t length = 0;
	text[0] = '\0';
	for (size_t i = 0; i < c->count && i < WQ_COMMAND_VALUES; i++)
		length += (size_t)snprintf(text + length, 8, "%s%u", i > 0 ? "," : "", c->values[i]);
}

static int put_command(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	const struct store_command *c = item;
	bool known = c->function != 0;
	char values[8 * WQ_COMMAND_VALUES];
	(void)group;
	(void)err;
	values_of(c, values);
	return db_run(store->statements[ST_COMMAND_PUT],
	        DB_VALUES(db_int(c->id), db_int(c->at), db_field(c->who, sizeof c->who), db_field(c->bus, sizeof c->bus),
	                db_field(c->name, sizeof c->name), known ? db_int(c->unit) : db_null(),
	                known ? db_int(c->function) : db_null(), known ? db_int(c->address) : db_null(), db_text(values),
	                db_int(c->outcome), time_or_null(c->ended), db_field(c->text, sizeof c->text)));
}

static int put_uplink(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	(void)err;
	return forward_acknowledged(store, item);
}

/* One kind of record of a group. */
struct records {
	int (*put)(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err);
	const void *items;
	size_t count, size;
	const char *doing;
};

static int put_learnt(struct store *store, const struct commit_group *group, const void *item, struct wq_err *err)
{
	(void)group;
	const struct wq_learnt *l = item;
	if (l->series >= store->site->series_count || l->size > sizeof l->memory)
		return wq_fail(err, WQ_E_INVALID, "%s: what was learnt is of series %u, %zu bytes", store->path, l->series, l->size);
	return db_run(store->statements[ST_LEARNT_PUT],
	        DB_VALUES(db_int(store->names.series[l->series]), db_int(l->since), db_int(l->until), db_int(l->readings),
	                db_real(l->low), db_real(l->high), db_real(l->rate), db_blob(l->memory, l->size)));
}

int commit_records(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	const struct wq_outcome *o = &group->outcome;
	const struct records kinds[] = {
		{ put_day, o->days, o->day_count, sizeof *o->days, "cannot store a day" },
		{ put_learnt, o->learnt, o->learnt_count, sizeof *o->learnt, "cannot store what was learnt" },
		{ put_need, o->needs, o->need_count, sizeof *o->needs, "cannot remember a day" },
		{ put_change, o->changes, o->change_count, sizeof *o->changes,
		        "cannot store an alarm" },
		{ put_owe, group->owes, group->owe_count, sizeof *group->owes, "cannot store what a channel is told afterwards" },
		{ put_wait, group->waits, group->wait_count, sizeof *group->waits, "cannot store since when an alarm waits" },
		{ put_shelf, o->shelves, o->shelf_count, sizeof *o->shelves,
		        "cannot store a shelf" },
		{ put_word, o->words, o->word_count, sizeof *o->words,
		        "cannot store what was said of a profile" },
		{ put_maintenance, o->maintenances, o->maintenance_count, sizeof *o->maintenances,
		        "cannot store a maintenance" },
		{ put_delay, o->delays, o->delay_count, sizeof *o->delays, "cannot store a delay" },
		{ put_notice, group->notices, group->notice_count, sizeof *group->notices,
		        "cannot store a notice" },
		{ put_fold, group->folds, group->fold_count, sizeof *group->folds, "cannot store a digest" },
		{ put_mark, group->marks, group->mark_count, sizeof *group->marks, "cannot remember what was done" },
		{ put_delivery, group->deliveries, group->delivery_count, sizeof *group->deliveries,
		        "cannot store a delivery" },
		{ put_outage, group->outages, group->outage_count, sizeof *group->outages,
		        "cannot store an outage" },
		{ put_check, group->checks, group->check_count, sizeof *group->checks,
		        "cannot store the check of an analyser" },
		{ put_uplink, group->uplinks, group->uplink_count, sizeof *group->uplinks,
		        "cannot store what was forwarded" },
		{ put_command, group->commands, group->command_count, sizeof *group->commands,
		        "cannot store a command" },
	};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (size_t i = 0; i < kinds[k].count; i++) {
			const char *item = (const char *)kinds[k].items + i * kinds[k].size;
			int r = kinds[k].put(store, group, item, err);
			if (r < 0)
				return r;
			if (r != SQLITE_OK)
				return store_fail(store, r, kinds[k].doing, err);
		}
	}
	return 0;
}
