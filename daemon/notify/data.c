/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON object of a notice; the only file here that knows jansson. */
#include "data.h"

#include "text.h"

#include "wq/err.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define READINGS_LEAST 4

/* Fifteen digits: every decimal of a measurement comes back as it was written, 0.2 as 0.2. */
#define FORM (JSON_COMPACT | JSON_REAL_PRECISION(15))

static void put_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text != NULL ? json_string(text) : json_null());
}

static void put_number(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static json_t *station_object(const struct wq_station *station)
{
	json_t *object = json_object();

	if (station == NULL || object == NULL) {
		json_decref(object);
		return json_null();
	}
	put_text(object, "id", station->id);
	put_text(object, "name", station->name);
	if (station->english != NULL)
		put_text(object, "name_en", station->english);
	put_text(object, "kind", wq_station_kind_name(station->kind));
	put_text(object, "town", station->town);
	return object;
}

static json_t *parameter_object(const struct wq_parameter *parameter)
{
	json_t *object = json_object();

	if (parameter == NULL || object == NULL) {
		json_decref(object);
		return json_null();
	}
	put_text(object, "alias", parameter->alias);
	put_text(object, "code", parameter->code);
	put_text(object, "name", parameter->name);
	if (parameter->english != NULL)
		put_text(object, "name_en", parameter->english);
	put_text(object, "unit", parameter->unit);
	return object;
}

static void put_place(json_t *object, const struct wq_site *site, const struct wq_change *change)
{
	const struct wq_station *station = text_station(site, change);

	json_object_set_new(object, "station", station_object(station));
	if (station != NULL && station->flows_into < site->station_count)
		put_text(object, "flows_into", site->stations[station->flows_into].name);
	if (station != NULL && station->commissioning)
		json_object_set_new(object, "test", json_true());
	json_object_set_new(object, "parameter", parameter_object(text_parameter(site, change)));
}

static void put_judgement(
        json_t *object, const struct wq_site *site, const struct wq_change *change)
{
	json_object_set_new(object, "level", json_integer(change->level));
	put_text(object, "level_name", wq_level_name(change->level));
	put_number(object, "value", change->value);
	put_number(object, "limit", change->limit);
	put_text(object, "rule",
	        change->rule < site->rule_count ? site->rules[change->rule].name : NULL);
}

/* Prints the object into the notice; false when it does not fit. */
static bool print(const json_t *object, struct wq_notice *notice)
{
	size_t length = json_dumpb(object, notice->data, sizeof notice->data - 1, FORM);

	if (length == 0 || length >= sizeof notice->data) {
		snprintf(notice->data, sizeof notice->data, "{}");
		return false;
	}
	notice->data[length] = '\0';
	return true;
}

/* The evidence gets smaller: the farthest neighbour first, then readings, oldest first, of which a few must stay for it to be
 * worth anything. False: there is nothing left to take. */
static bool shrink(json_t *evidence)
{
	json_t *neighbours = json_object_get(evidence, "neighbours");
	json_t *readings = json_object_get(evidence, "readings");

	if (json_array_size(neighbours) > 0)
		return json_array_remove(neighbours, json_array_size(neighbours) - 1) == 0;
	if (json_array_size(readings) > READINGS_LEAST)
		return json_array_remove(readings, 0) == 0;
	return false;
}

/* What may be left out, the first first, until it fits. */
static void print_fitting(json_t *object, struct wq_notice *notice)
{
	static const char *const spare[] = { "evidence", "text", "note", "flows_into" };

	while (!print(object, notice) && shrink(json_object_get(object, "evidence")))
		;

	for (size_t i = 0; !print(object, notice) && i < sizeof spare / sizeof *spare; i++)
		json_object_del(object, spare[i]);
}

static void put_said(json_t *object, const char *key, const char *said)
{
	char clean[WQ_SAYS_TEXT];

	if (said[0] == '\0')
		return;
	text_clean(said, clean, sizeof clean);
	put_text(object, key, clean);
}

static void put_person(json_t *object, const struct wq_change *change)
{
	put_said(object, "who", change->who);
	put_said(object, "note", change->note);
	put_said(object, "cause", change->cause);
	put_said(object, "action", change->action);
}

int data_write(
        const struct config *config, const struct wq_change *change, struct wq_notice *notice)
{
	char name[WQ_ALARM_NAME], time[WQ_INSTANT_TEXT];
	json_t *object = json_object();

	snprintf(notice->data, sizeof notice->data, "{}");
	if (object == NULL)
		return WQ_E_MEMORY;
	put_text(object, "alarm", wq_alarm_name(change->alarm, name));
	put_text(object, "change", wq_change_name(change->kind));
	json_object_set_new(object, "number", json_integer(change->number));
	put_text(object, "time",
	        wq_instant_format(text_zone(&config->site, change), change->time, time));
	put_text(object, "opened",
	        wq_instant_format(text_zone(&config->site, change), change->opened, time));
	put_place(object, &config->site, change);
	put_judgement(object, &config->site, change);
	put_person(object, change);
	if (change->kind == WQ_SHELVED && change->until != WQ_NO_TIME)
		put_text(object, "until",
		        wq_instant_format(text_zone(&config->site, change), change->until, time));
	if (change->kind == WQ_ESCALATED && change->escalation > 0)
		json_object_set_new(object, "escalation", json_integer(change->escalation));
	if (change->kind == WQ_REMINDED)
		json_object_set_new(object, "reminder", json_integer(change->reminder));
	/* Somebody has answered: link.h asks nobody else. */
	if ((change->kind == WQ_REMINDED || change->kind == WQ_UNSHELVED) && change->state == WQ_LIFE_ACKNOWLEDGED)
		put_text(object, "state", wq_life_name(change->state));
	put_text(object, "text", notice->text);
	put_text(object, "contact", notice->contact);
	put_text(object, "role", notice->assist ? "assist" : "lead");
	json_t *evidence = json_loads(change->evidence, 0, NULL);

	if (json_is_object(evidence))
		json_object_set(object, "evidence", evidence);
	json_decref(evidence);
	print_fitting(object, notice);
	json_decref(object);
	return 0;
}

static void mark(struct wq_notice *notice, const char *key, json_t *value)
{
	json_t *object = json_loads(notice->data, 0, NULL);

	if (json_is_object(object)) {
		json_object_set_new(object, key, value);
		put_text(object, "text", notice->text);
		print_fitting(object, notice);
	}
	json_decref(object);
}

void data_mark_unstored(struct wq_notice *notice)
{
	mark(notice, "stored", json_false());
}

void data_mark_history(struct wq_notice *notice)
{
	mark(notice, "history", json_true());
}
